//! HTTP over the control socket.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use renewd::admin::wire::Problem;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cli::Write;
use crate::failure::Failure;

/// The longest wait before a second attempt.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(5);
const RETRY_WAIT: Duration = Duration::from_millis(200);

/// A request in the making.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    path: Vec<String>,
    query: Vec<(String, String)>,
    body: Option<(&'static str, Vec<u8>)>,
    token: Option<String>,
}

impl Call {
    fn new(method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|&part| part.to_owned()).collect();
        Self { method, path, query: Vec::new(), body: None, token: None }
    }

    /// Reads what stands at this path under `/v1`.
    pub(crate) fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    /// Asks for something to be done at this path under `/v1`.
    pub(crate) fn post(path: &[&str], write: &Write) -> Self {
        Self::new(Method::POST, path).written(write)
    }

    /// Sets what stands at this path under `/v1`.
    pub(crate) fn put(path: &[&str], write: &Write) -> Self {
        Self::new(Method::PUT, path).written(write)
    }

    /// Takes away what stands at this path under `/v1`.
    pub(crate) fn delete(path: &[&str], write: &Write) -> Self {
        Self::new(Method::DELETE, path).written(write)
    }

    /// Every write has a token, so that it can be repeated and is never done twice.
    fn written(mut self, write: &Write) -> Self {
        self.token = Some(write.token.clone().unwrap_or_else(random_token));
        self.query("dry_run", write.dry_run.then_some("true"))
            .query("channel", write.channel.as_ref())
    }

    /// The same under another token.
    pub(crate) fn under(mut self, token: String) -> Self {
        self.token = Some(token);
        self
    }

    /// The token that it goes out under.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Adds a parameter, if there is a value.
    pub(crate) fn query(mut self, name: &str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name.to_owned(), value.to_string())));
        self
    }

    /// Adds what a list is filtered by, or a write told.
    pub(crate) fn filter(mut self, filter: &impl Serialize) -> Result<Self, Failure> {
        let no = |error: serde_json::Error| Failure::local("the request", &error);
        let filter = serde_json::to_value(filter).map_err(no)?;
        for (name, value) in filter.as_object().into_iter().flatten() {
            match value {
                Value::Null | Value::Bool(false) => {}
                Value::String(text) => self.query.push((name.clone(), text.clone())),
                Value::Bool(true) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    self.query.push((name.clone(), value.to_string()));
                }
            }
        }
        Ok(self)
    }

    /// With a JSON body.
    pub(crate) fn json(self, body: &impl Serialize) -> Result<Self, Failure> {
        let bytes =
            serde_json::to_vec(body).map_err(|error| Failure::local("the request", &error))?;
        Ok(self.body("application/json", bytes))
    }

    /// With a body of another type.
    pub(crate) fn body(mut self, content_type: &'static str, bytes: Vec<u8>) -> Self {
        self.body = Some((content_type, bytes));
        self
    }

    fn url(&self) -> Result<Url, Failure> {
        let bad = |reason: &str| Failure::Local(format!("the address: {reason}"));
        let mut url = Url::parse("http://renewd/").map_err(|error| bad(&error.to_string()))?;
        {
            let mut path = url.path_segments_mut().map_err(|()| bad("takes no path"))?;
            path.clear().extend(&self.path);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

/// A body that was answered with success.
#[derive(Debug)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
}

impl Answer {
    /// As it came.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As text.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Reads it.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.bytes)
            .map_err(|error| Failure::Daemon(format!("an answer that can't be read: {error}")))
    }
}

/// The daemon behind a socket.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    socket: PathBuf,
}

impl Client {
    /// The daemon behind `socket`; nothing is sent yet.
    pub(crate) fn new(socket: &Path) -> Result<Self, Failure> {
        // reqwest wants to know its cryptography before it speaks plain HTTP. An error here means
        // that it knows already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .unix_socket(socket)
            .user_agent(concat!("renewctl/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::local("the client", &error))?;
        Ok(Self { http, socket: socket.to_owned() })
    }

    /// Sends a call, and once more if the daemon is busy or the connection is lost: the same
    /// token keeps it from being done twice.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, Failure> {
        match self.attempt(call).await? {
            Outcome::Answer(answer) => Ok(answer),
            Outcome::Again { wait, failure: first } => {
                tokio::time::sleep(wait).await;
                match self.attempt(call).await {
                    Ok(Outcome::Answer(answer)) => Ok(answer),
                    // Who took it first may have done it before it went away.
                    Err(Failure::Unreachable { .. }) => Err(first),
                    Ok(Outcome::Again { failure, .. }) | Err(failure) => Err(failure),
                }
            }
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Outcome, Failure> {
        let mut request = self.http.request(call.method.clone(), call.url()?);
        if let Some(token) = &call.token {
            request = request.header("Idempotency-Key", token);
        }
        if let Some((content_type, bytes)) = &call.body {
            request = request.header(CONTENT_TYPE, *content_type).body(bytes.clone());
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                let reason = root(&error);
                return Err(Failure::Unreachable { socket: self.socket.clone(), reason });
            }
            Err(error) => return Ok(Outcome::lost(call, &error)),
        };
        let status = response.status();
        let wait = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map_or(RETRY_WAIT, Duration::from_secs)
            .min(RETRY_WAIT_MAX);
        let answer = match response.bytes().await {
            Ok(bytes) => Answer { bytes: bytes.into() },
            Err(error) => return Ok(Outcome::lost(call, &error)),
        };
        if status.is_success() {
            return Ok(Outcome::Answer(answer));
        }
        let failure = refused(status, &answer.text());
        if status != StatusCode::SERVICE_UNAVAILABLE {
            return Err(failure);
        }
        let failure = match (failure, call.token()) {
            (Failure::Daemon(reason), Some(token)) => Failure::Daemon(format!(
                "{reason}\nhint: ask again with --token {token}, which never does it twice"
            )),
            (failure, _) => failure,
        };
        Ok(Outcome::Again { wait, failure })
    }
}

enum Outcome {
    Answer(Answer),
    /// It may be tried once more.
    Again {
        wait: Duration,
        failure: Failure,
    },
}

impl Outcome {
    fn lost(call: &Call, error: &reqwest::Error) -> Self {
        let failure = Failure::Lost { reason: root(error), token: call.token.clone() };
        Self::Again { wait: RETRY_WAIT, failure }
    }
}

/// What an answer without success means.
fn refused(status: StatusCode, text: &str) -> Failure {
    let problem = serde_json::from_str::<Problem>(text).ok();
    match problem {
        Some(problem) if status.is_client_error() => Failure::Rejected(Box::new(problem)),
        Some(problem) => Failure::Daemon(format!("{}: {}", problem.code, problem.detail)),
        None => {
            let start: String = text.chars().take(200).collect();
            Failure::Daemon(format!("{status} {start}").trim_end().to_owned())
        }
    }
}

/// The innermost reason: the outer ones only say that there was one.
fn root(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// A token that nobody has used: 128 random bits.
fn random_token() -> String {
    let mut bytes = [0_u8; 16];
    let random =
        std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    if random.is_err() {
        // Without the device, what the standard library seeds its tables with.
        use std::hash::{BuildHasher as _, RandomState};
        for half in bytes.chunks_mut(8) {
            half.copy_from_slice(&RandomState::new().hash_one(std::process::id()).to_le_bytes());
        }
    }
    let mut token = String::from("ctl-");
    for byte in bytes {
        use std::fmt::Write as _;
        let _ = write!(token, "{byte:02x}");
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encoded_part_by_part() {
        let call = Call::get(&["v1", "accounts", "a/b c"])
            .query("expires_within", Some("15d"))
            .query("mode", None::<String>)
            .query("at", Some("2026-01-01T00:00:00+01:00"));
        assert_eq!(
            call.url().expect("an address").as_str(),
            "http://renewd/v1/accounts/a%2Fb%20c?expires_within=15d&at=2026-01-01T00%3A00%3A00%2B01%3A00"
        );
    }

    #[test]
    fn every_write_has_a_token_of_its_own() {
        let write = Write { token: None, dry_run: true, channel: None };
        let [one, other] = [(); 2].map(|()| Call::post(&["v1", "accounts"], &write));
        assert_ne!(one.token, other.token);
        assert!(one.token().is_some_and(|token| token.len() <= 64 && token.is_ascii()));
        assert!(one.url().expect("an address").as_str().ends_with("?dry_run=true"));
    }

    #[test]
    fn an_answer_without_a_problem_is_the_daemon_s_failure() {
        let text = r#"{"type":"about:blank","title":"","status":404,"code":"AccountNotFound","detail":"no"}"#;
        assert!(matches!(refused(StatusCode::NOT_FOUND, text), Failure::Rejected(_)));
        assert!(matches!(refused(StatusCode::BAD_GATEWAY, text), Failure::Daemon(_)));
        assert!(matches!(refused(StatusCode::NOT_FOUND, "<html>"), Failure::Daemon(_)));
    }
}
