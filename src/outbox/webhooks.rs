//! Webhooks to the provider's systems: Standard Webhooks, signed, never redirected. The client
//! for everything that renewd calls over HTTP lives here.

use std::collections::BTreeMap;
use std::sync::Once;
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
use crate::store::Delivery;

use super::payload::Body;
use super::{OutboxError, Outcome};

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

/// The endpoints, and the client that reaches them.
pub(super) struct Webhooks {
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
        Ok(Self { endpoints, client, clock: Clock::System })
    }

    pub(super) async fn deliver(&self, delivery: &Delivery) -> Outcome {
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
        match request.send().await {
            Ok(response) => answered(response.status()),
            Err(error) => Outcome::Unreachable(reason(error)),
        }
    }
}

impl Endpoint {
    fn parse(name: &str, endpoint: &config::Webhook) -> Result<Self, OutboxError> {
        let url: Url = endpoint
            .url
            .parse()
            .map_err(|error| OutboxError::setting(format!("webhooks.{name}.url"), error))?;
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
        .map_err(|error| OutboxError::setting("webhooks", chain(&error)))
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
