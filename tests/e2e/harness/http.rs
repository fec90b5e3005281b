//! HTTP over a Unix socket, by hand: one connection a request, read to its end.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::new("POST", path).body("application/json", body.to_string())
    }

    pub(crate) fn put(path: impl Into<String>, body: &Value) -> Self {
        Self::new("PUT", path).body("application/json", body.to_string())
    }

    pub(crate) fn body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self.header("content-type", media_type) }
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("Idempotency-Key", token)
    }

    /// Is it sent under a token?
    pub(crate) fn has_token(&self) -> bool {
        self.headers.iter().any(|(name, _)| name == "Idempotency-Key")
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends it to the daemon that answers at `socket`.
    pub(crate) fn send(&self, socket: &Path) -> Answer {
        let answer = self.try_send(socket);
        answer.unwrap_or_else(|| panic!("{} {}: no answer", self.method, self.path))
    }

    /// Sends it; nothing if the daemon went away before it answered.
    pub(crate) fn try_send(&self, socket: &Path) -> Option<Answer> {
        let mut stream = UnixStream::connect(socket).ok()?;
        let length = self.body.len();
        let mut head = format!(
            "{} {} HTTP/1.1\r\nhost: renewd\r\nconnection: close\r\ncontent-length: {length}\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        // A daemon that refuses a body need not read it all: what it answers is what counts.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&self.body));
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let asked = format!(
            "{} {} {}",
            self.method,
            self.path,
            String::from_utf8_lossy(&self.body[..length.min(400)])
        );
        Answer::parse(asked, &bytes)
    }
}

/// What the daemon answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    asked: String,
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    /// The body; empty where it is no text.
    pub(crate) text: String,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// Reads an answer; nothing if it breaks off.
    fn parse(asked: String, bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).expect("a head in ASCII");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let body = &bytes[end + 4..];
        let length = headers.iter().find(|(name, _)| name == "content-length");
        if length.is_some_and(|(_, length)| length.parse() != Ok(body.len())) {
            return None;
        }
        let chunked =
            headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let body = if chunked { unchunk(body)? } else { body.to_vec() };
        let is_text = !headers
            .iter()
            .any(|(name, value)| name == "content-type" && value == "application/pdf");
        let text = if is_text { body.clone() } else { Vec::new() };
        let text = String::from_utf8(text).expect("a body in UTF-8");
        let status = status.parse().expect("a number");
        Some(Self { asked, status, headers, text, bytes: body })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(given, _)| given == name);
        header.map(|(_, value)| value.as_str())
    }

    /// Was it answered from memory?
    pub(crate) fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    /// What was answered, by a daemon that did what it was asked.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}\n{} {}", self.asked, self.status, self.text);
        self.json()
    }

    /// The problem that it was refused with.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let told = format!("{}\n{} {}", self.asked, self.status, self.text);
        assert_eq!(self.status, status, "{told}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{told}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{told}");
        assert_eq!(problem["status"], status, "{told}");
        problem
    }
}

/// Puts chunks together; nothing if the last does not come.
fn unchunk(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&body[..end]).expect("a size in ASCII");
        let size = usize::from_str_radix(size.trim(), 16).expect("a size in hexadecimal");
        body = &body[end + 2..];
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(body.get(..size)?);
        body = body.get(size + 2..)?;
    }
}
