//! Webhooks to the provider's systems: Standard Webhooks, signed, never redirected. The client
//! for everything that renewd calls over HTTP lives here.

use std::collections::BTreeMap;
use std::sync::{Arc, Once};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook,
};

use crate::clock::Clock;
use crate::config;
use crate::domain::effects::Effect;
use crate::failpoint::{self, Point};
use crate::store::{Delivery, EffectKey};

use super::payload::Body;
use super::{OutboxError, Outcome, Receiver};

/// Makes ring the one provider of TLS. reqwest needs it to be chosen before a client is built;
/// doing it again does no harm.
pub fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that somebody chose already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

struct Endpoint {
    url: Url,
    key: Webhook,
}

/// A webhook as a [`Receiver`] gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Its effect: the webhook id derives from it.
    pub key: EffectKey,
    /// The endpoint's name.
    pub endpoint: String,
    /// The JSON that is posted.
    pub body: String,
}

/// The endpoints, and the client that reaches them.
pub(super) struct Webhooks {
    /// Takes what goes to any endpoint, where there is one.
    receiver: Option<Arc<dyn Receiver>>,
    endpoints: BTreeMap<String, Endpoint>,
    /// Built only if there is an endpoint: it reads the machine's certificates, which a small
    /// container may lack.
    client: Option<Client>,
    /// Receivers refuse a signature that is minutes old by the machine's clock, so that is what
    /// signs, even where a manual clock decides what is due.
    clock: Clock,
}

impl Webhooks {
    pub(super) fn open(
        endpoints: &BTreeMap<String, config::Webhook>,
        timeout: Duration,
    ) -> Result<Self, OutboxError> {
        let endpoints = endpoints
            .iter()
            .map(|(name, endpoint)| Ok((name.clone(), Endpoint::parse(name, endpoint)?)))
            .collect::<Result<BTreeMap<_, _>, OutboxError>>()?;
        let client = if endpoints.is_empty() { None } else { Some(client(timeout)?) };
        Ok(Self { receiver: None, endpoints, client, clock: Clock::System })
    }

    /// Everything goes to `receiver`.
    pub(super) fn to(receiver: Arc<dyn Receiver>) -> Self {
        let receiver = Some(receiver);
        Self { receiver, endpoints: BTreeMap::new(), client: None, clock: Clock::System }
    }

    pub(super) async fn deliver(&self, delivery: &Delivery) -> Outcome {
        if let Some(receiver) = &self.receiver {
            return hand_over(receiver.as_ref(), delivery);
        }
        let name = &delivery.row.endpoint;
        let (Some(endpoint), Some(client)) = (self.endpoints.get(name), &self.client) else {
            return Outcome::Dead(format!("the endpoint {name:?} is no longer configured"));
        };
        let body = match body(delivery) {
            Ok(body) => body,
            Err(outcome) => return outcome,
        };
        let id = webhook_id(delivery);
        let signed_at = self.clock.now().seconds();
        let Ok(signature) = endpoint.key.sign(&id, signed_at, body.as_bytes()) else {
            return Outcome::Dead("the body cannot be signed".to_owned());
        };
        let request = client
            .post(endpoint.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(HEADER_WEBHOOK_ID, id)
            .header(HEADER_WEBHOOK_TIMESTAMP, signed_at)
            .header(HEADER_WEBHOOK_SIGNATURE, signature)
            .body(body);
        failpoint::pass(Point::WebhookBefore);
        let answer = request.send().await;
        failpoint::pass(Point::WebhookAfter);
        match answer {
            Ok(response) => answered(response.status()),
            Err(error) => Outcome::Unreachable(reason(error)),
        }
    }
}

fn hand_over(receiver: &dyn Receiver, delivery: &Delivery) -> Outcome {
    let body = match body(delivery) {
        Ok(body) => body,
        Err(outcome) => return outcome,
    };
    let endpoint = delivery.row.endpoint.clone();
    match receiver.webhook(Posted { key: delivery.key(), endpoint, body }) {
        Ok(()) => Outcome::Sent("taken".to_owned()),
        Err(error) => Outcome::Unreachable(error),
    }
}

impl Endpoint {
    fn parse(name: &str, endpoint: &config::Webhook) -> Result<Self, OutboxError> {
        let url: Url = endpoint
            .url
            .parse()
            .map_err(|error| OutboxError::setting(format!("webhooks.{name}.url"), &error))?;
        if !matches!(url.scheme(), "http" | "https") {
            let key = format!("webhooks.{name}.url");
            return Err(OutboxError::setting(key, "neither http nor https"));
        }
        let key = format!("webhooks.{name}.secret");
        if !endpoint.secret.starts_with("whsec_") || endpoint.secret == "whsec_" {
            return Err(OutboxError::setting(key, "a secret is whsec_ and Base64"));
        }
        let webhook = Webhook::new(&endpoint.secret)
            .map_err(|_| OutboxError::setting(key, "a secret is whsec_ and Base64"))?;
        Ok(Self { url, key: webhook })
    }
}

fn client(timeout: Duration) -> Result<Client, OutboxError> {
    install_tls();
    Client::builder()
        .timeout(timeout)
        .redirect(Policy::none())
        .user_agent(concat!("renewd/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| OutboxError::setting("webhooks", &chain(&error)))
}

/// The id that a receiver tells repeats by. Without full stops: those part the signed text.
fn webhook_id(delivery: &Delivery) -> String {
    format!("msg_{}_{}_{}", delivery.stream, delivery.row.seq, delivery.row.n)
}

fn body(delivery: &Delivery) -> Result<String, Outcome> {
    let effect = serde_json::from_str(&delivery.row.body)
        .map_err(|error| Outcome::Dead(format!("the effect cannot be read: {error}")))?;
    let Effect::Webhook { hook, noun } = effect else {
        return Err(Outcome::Dead("this is no webhook".to_owned()));
    };
    let body = Body::new(hook, delivery.row.at, delivery.stream, delivery.row.seq, &noun);
    serde_json::to_string(&body)
        .map_err(|error| Outcome::Dead(format!("the body cannot be written: {error}")))
}

fn answered(status: StatusCode) -> Outcome {
    let text = format!("answered {}", status.as_u16());
    if status.is_success() {
        Outcome::Sent(text)
    } else if status == StatusCode::GONE {
        Outcome::Dead(format!("{text}: the endpoint is gone"))
    } else if status.is_redirection() {
        Outcome::Failed(format!("{text}: redirects are not followed"))
    } else if matches!(status.as_u16(), 429 | 502..=504) {
        // Not about this webhook: the whole endpoint is down or has had enough.
        Outcome::Unreachable(text)
    } else {
        Outcome::Failed(text)
    }
}

/// Why an endpoint was not reached, without its URL, which may carry a secret.
fn reason(error: reqwest::Error) -> String {
    if error.is_timeout() { "no answer in time".to_owned() } else { chain(&error.without_url()) }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Mutex;

    use reqwest::header::{HeaderMap, HeaderName};

    use super::super::fake::{Ada, Fake, SECRET, config, names, now, order_webhook, webhook};
    use super::super::{Counts, Desk, Outbox};
    use super::*;
    use crate::store::DeliveryState;

    #[derive(Debug, Clone)]
    struct Received {
        head: String,
        headers: HeaderMap,
        body: String,
    }

    type Log = Arc<Mutex<Vec<Received>>>;

    /// A server that answers requests with these status lines in turn, and the last one for ever.
    fn serve(answers: &[&'static str]) -> (String, Log) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hooks?token=hunter2", listener.local_addr().expect("local"));
        let log = Log::default();
        let (kept, answers) = (Arc::clone(&log), answers.to_vec());
        std::thread::spawn(move || {
            for (place, socket) in listener.incoming().enumerate() {
                let mut socket = socket.expect("a connection");
                let received = read(&mut socket);
                kept.lock().expect("the log").push(received);
                let status = answers[place.min(answers.len() - 1)];
                let answer = format!(
                    "HTTP/1.1 {status}\r\nlocation: /elsewhere\r\nconnection: close\r\n\
                     content-length: 0\r\n\r\n"
                );
                socket.write_all(answer.as_bytes()).expect("an answer");
            }
        });
        (url, log)
    }

    fn read(socket: &mut TcpStream) -> Received {
        let mut reader = BufReader::new(socket);
        let mut line = || {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            line.trim_end().to_owned()
        };
        let head = line();
        let mut headers = HeaderMap::new();
        loop {
            let line = line();
            let Some((name, value)) = line.split_once(": ") else { break };
            let name: HeaderName = name.parse().expect("a name");
            headers.insert(name, value.parse().expect("a value"));
        }
        let length = headers["content-length"].to_str().expect("a length").parse();
        let mut body = vec![0; length.expect("a length")];
        reader.read_exact(&mut body).expect("a body");
        Received { head, headers, body: String::from_utf8(body).expect("UTF-8") }
    }

    fn outbox(fake: &Arc<Fake>, url: &str) -> Outbox {
        let mut config = config();
        let endpoint = config::Webhook { url: url.to_owned(), secret: SECRET.to_owned() };
        config.webhooks.insert("panel".to_owned(), endpoint);
        let desk: Arc<dyn Desk> = Arc::clone(fake) as _;
        Outbox::over(&config, desk, Arc::new(Ada), names()).expect("an outbox")
    }

    #[tokio::test]
    async fn a_webhook_is_signed_and_says_how_things_stand() {
        let (url, log) = serve(&["204 No Content"]);
        let fake = Arc::new(Fake::with([webhook(12, "panel"), order_webhook(13, "panel")]));
        let run = outbox(&fake, &url).run_once(now()).await.expect("a run");
        assert_eq!(run.total(), Counts { sent: 2, ..Counts::default() });
        assert_eq!(fake.all()[0].outcome, "answered 204");

        let log = log.lock().expect("the log").clone();
        let [first, second] = log.as_slice() else { panic!("{log:?}") };
        assert_eq!(first.head, "POST /hooks?token=hunter2 HTTP/1.1");
        assert_eq!(first.headers["webhook-id"], "msg_acc_938nkrkayd_12_0");
        assert_eq!(first.headers["content-type"], "application/json");
        let verifier = Webhook::new(SECRET).expect("a secret");
        for received in &log {
            verifier.verify(received.body.as_bytes(), &received.headers).expect("a signature");
        }
        assert!(verifier.verify(b"{}", &first.headers).is_err());
        insta::assert_snapshot!(pretty(&first.body), @r##"
        {
          "data": {
            "account": "acc_938nkrkayd",
            "seq": 12,
            "subscription": {
              "expires_at": "2026-03-20T09:00:00Z",
              "expires_not_after": null,
              "external_id": "web-1",
              "id": "sub_938nkrkayd_4",
              "last_order": "ord_938nkrkayd_17",
              "next_plan": null,
              "open_order": null,
              "period": "P1M",
              "period_no": 2,
              "plan": "small",
              "price": {
                "amount": "59.50",
                "currency": "USD"
              },
              "product": "vm",
              "region": "eu-central",
              "releases_at": "2026-04-04T09:00:00Z",
              "renewal_mode": "AutoRenewal",
              "renewal_period": null,
              "started_at": "2026-02-20T09:00:00Z",
              "state": "Active",
              "suspends_at": "2026-03-20T09:00:00Z",
              "temporary": null,
              "zone": "UTC"
            }
          },
          "timestamp": "2026-02-05T08:00:00Z",
          "type": "subscription.renewed"
        }
        "##);
        let told: serde_json::Value = serde_json::from_str(&second.body).expect("JSON");
        assert_eq!(told["type"], "order.cancelled");
        assert_eq!(
            (&told["data"]["seq"], &told["data"]["order"]["state"]),
            (&13.into(), &"Cancelled".into())
        );
        assert_eq!(told["data"]["order"]["cancelled_for"], "timed_out");
    }

    fn pretty(body: &str) -> String {
        let value: serde_json::Value = serde_json::from_str(body).expect("JSON");
        serde_json::to_string_pretty(&value).expect("JSON")
    }

    #[tokio::test]
    async fn a_stream_keeps_its_order_over_failures() {
        let (url, log) = serve(&["500 Oops", "200 OK"]);
        let fake = Arc::new(Fake::with((1..=3).map(|seq| webhook(seq, "panel"))));
        let outbox = outbox(&fake, &url);
        let run = outbox.run_once(now()).await.expect("a run");
        assert_eq!(run.total(), Counts { failed: 1, ..Counts::default() });
        assert_eq!(fake.all()[0].outcome, "answered 500");
        // The other two wait behind it, though they are due on paper.
        let next_at = run.next_at.expect("a retry");
        assert!(next_at > now());
        assert!(outbox.run_once(now()).await.expect("a run").is_idle());
        let run = outbox.run_once(next_at).await.expect("a run");
        assert_eq!(run.total(), Counts { sent: 3, ..Counts::default() });
        let ids: Vec<String> = log
            .lock()
            .expect("the log")
            .iter()
            .map(|it| it.headers["webhook-id"].to_str().expect("an id").to_owned())
            .collect();
        let id = |seq: u64| format!("msg_acc_938nkrkayd_{seq}_0");
        assert_eq!(ids, [id(1), id(1), id(2), id(3)]);
    }

    #[tokio::test]
    async fn gone_is_dead_and_redirects_are_not_followed() {
        let (url, log) = serve(&["410 Gone", "307 Temporary Redirect"]);
        let fake = Arc::new(Fake::with((1..=2).map(|seq| webhook(seq, "panel"))));
        let run = outbox(&fake, &url).run_once(now()).await.expect("a run");
        assert_eq!(run.total(), Counts { failed: 1, dead: 1, ..Counts::default() });
        let all = fake.all();
        assert_eq!(all[0].state, DeliveryState::Dead);
        assert_eq!(all[0].outcome, "answered 410: the endpoint is gone");
        assert_eq!(all[1].outcome, "answered 307: redirects are not followed");
        assert_eq!(log.lock().expect("the log").len(), 2);
    }

    #[tokio::test]
    async fn a_dead_endpoint_is_left_alone_after_a_few_attempts() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/?token=hunter2", listener.local_addr().expect("local"));
        drop(listener);
        let streams = (0..100).map(|bits| {
            let mut delivery = webhook(1, "panel");
            delivery.stream = crate::domain::ids::AccountId::from_bits(bits).into();
            delivery
        });
        let fake = Arc::new(Fake::with(streams));
        let run = outbox(&fake, &url).run_once(now()).await.expect("a run");
        let counts = run.total();
        assert_eq!(counts.failed + counts.postponed, 100);
        assert!(counts.failed <= 20, "{counts:?}");
        for it in fake.all() {
            assert_eq!(it.state, DeliveryState::Waiting);
            assert!(it.next_at > now() && !it.outcome.contains("hunter2"), "{it:?}");
        }
    }
}
