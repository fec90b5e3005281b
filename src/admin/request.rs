//! A request as it came in: what it asks of whom, under which token, and whether it is only a
//! question.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::{PayloadError, QueryPayloadError};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, BytesMut, Data, Query};
use actix_web::{FromRequest, HttpRequest};
use futures_util::{Stream, StreamExt as _};
use serde::de::DeserializeOwned;

use super::problem::{Code, Problem};
use super::{Admin, auth, fields, wire};
use crate::actors::{Lane, Request, Token};
use crate::config;
use crate::domain::command::Command;
use crate::domain::ids::{
    AccountId, CampaignId, CouponId, DocumentId, OrderId, ResourceId, SubscriptionId, WithdrawalId,
};
use crate::domain::month::Month;
use crate::domain::record::Cause;
use crate::domain::rejection::Rejection;
use crate::domain::verbs::channel::Through;

/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// JSON's media type.
pub const JSON: &str = "application/json";

/// A write as it came in.
#[derive(Debug)]
pub struct Asking {
    /// Who asks.
    pub cause: Cause,
    /// The token it came under.
    pub token: Option<Token>,
    /// The media type of the body, without its parameters.
    pub media_type: Option<String>,
    /// The body.
    pub body: Bytes,
    /// The channel that it was asked through.
    pub channel: Option<String>,
    query: String,
}

impl Asking {
    /// What stands behind the `?`.
    pub fn query<Q: DeserializeOwned>(&self) -> Result<Q, Problem> {
        query(&self.query)
    }

    /// The body as JSON; an empty one is read as `{}`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.body.is_empty() {
            return serde_json::from_str("{}").map_err(|error| Problem::malformed(&error));
        }
        media_type_is(self.media_type.as_deref(), &[JSON])?;
        serde_json::from_slice(&self.body).map_err(|error| Problem::malformed(&error))
    }

    /// The request that goes to the stream. One that only asks is under no token: nothing is
    /// remembered of it.
    #[must_use]
    pub fn request(&self, asked: super::door::Asked, dry_run: bool) -> Request {
        Request {
            command: match &self.channel {
                Some(channel) => {
                    let (channel, command) = (channel.clone(), Box::new(asked.command));
                    Command::Through(Through { channel, command })
                }
                None => asked.command,
            },
            cause: self.cause.clone(),
            token: self.token.clone().filter(|_| !dry_run),
            sidecar: asked.sidecar,
            claims: asked.claims,
            lane: Lane::People,
        }
    }
}

/// Reads what stands behind the `?`.
pub fn query<Q: DeserializeOwned>(text: &str) -> Result<Q, Problem> {
    Query::from_query(text).map(Query::into_inner).map_err(|error| {
        let detail = match &error {
            QueryPayloadError::Deserialize(error) => error.to_string(),
            other => other.to_string(),
        };
        Problem::new(Code::MalformedRequest, format!("in the query: {detail}"))
    })
}

/// Is the body of a type that is read here? One that says nothing is taken for it.
pub fn media_type_is(given: Option<&str>, read: &[&str]) -> Result<(), Problem> {
    match given {
        Some(given) if !read.contains(&given) => {
            let detail = format!("the body must be {}, not {given}", read.join(" or "));
            Err(Problem::new(Code::WrongContentType, detail))
        }
        Some(_) | None => Ok(()),
    }
}

/// The media type of a body, without its parameters.
pub fn media_type(request: &HttpRequest) -> Option<String> {
    let text = request.headers().get(CONTENT_TYPE)?.to_str().unwrap_or("unreadable");
    Some(text.split(';').next().unwrap_or(text).trim().to_ascii_lowercase())
}

/// The token of a request: printable ASCII, no longer than is remembered (R4.11).
pub fn token_text(
    request: &HttpRequest,
    tokens: &config::Tokens,
) -> Result<Option<String>, Problem> {
    let mut headers = request.headers().get_all("Idempotency-Key");
    let Some(header) = headers.next() else { return Ok(None) };
    let max = usize::try_from(tokens.max_len).unwrap_or(usize::MAX);
    let text = std::str::from_utf8(header.as_bytes()).unwrap_or_default().trim();
    let valid = (1..=max).contains(&text.len()) && text.bytes().all(|c| matches!(c, b' '..=b'~'));
    if valid && headers.next().is_none() {
        return Ok(Some(text.to_owned()));
    }
    let detail = format!("Idempotency-Key must be one of 1 to {max} printable ASCII characters");
    Err(Problem::new(Code::InvalidToken, detail))
}

/// What the door needs that stands in the application.
pub fn admin(request: &HttpRequest) -> Result<&Data<Admin>, Problem> {
    request.app_data().ok_or_else(|| Problem::broken("the application has no admin"))
}

/// Reads a body of at most `max` bytes.
pub async fn body(
    payload: &mut (impl Stream<Item = Result<Bytes, PayloadError>> + Unpin),
    max: usize,
) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    let read = async {
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| {
                Problem::new(Code::MalformedRequest, format!("the body broke off: {error}"))
            })?;
            if body.len() + chunk.len() > max {
                return Err(too_large(max));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(())
    };
    timeout(BODY_TIMEOUT, read)
        .await
        .map_err(|_| Problem::new(Code::RequestTimeout, "the body took too long"))??;
    Ok(body.freeze())
}

/// The problem of a body, or a line of an import, that is too large.
#[must_use]
pub fn too_large(max: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("more than {max} bytes are not read"))
        .with("bytes_max", max)
}

impl FromRequest for Asking {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let admin = admin(&request)?;
            let cause = auth::cause(&request)?;
            let text = token_text(&request, &admin.config.tokens)?;
            let max = usize::try_from(admin.config.daemon.body_max).unwrap_or(usize::MAX);
            let body = body(&mut payload, max).await?;
            let token = text.map(|text| {
                let what = format!("{} {}\n", request.method(), request.uri());
                let parameters = [what.as_bytes(), &body].concat();
                let fingerprint = admin.sealing.keyed_hash("request", &parameters);
                Token { text, fingerprint }
            });
            let media_type = media_type(&request);
            let query = request.query_string().to_owned();
            Ok(Self { cause, token, media_type, body, channel: None, query })
        })
    }
}

/// A write with a JSON body.
#[derive(Debug)]
pub struct Write<T> {
    /// The body.
    pub body: T,
    /// Only say what would happen?
    pub dry_run: bool,
    /// Who asks, under which token.
    pub asking: Asking,
}

impl<T: DeserializeOwned + 'static> FromRequest for Write<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let asking = Asking::from_request(request, payload);
        Box::pin(async move {
            let mut asking = asking.await?;
            let wire::WriteQuery { dry_run, channel } = asking.query()?;
            let channel = channel.as_deref().map(|name| fields::name("channel", name));
            asking.channel = channel.transpose()?;
            let body = asking.json()?;
            Ok(Self { body, dry_run, asking })
        })
    }
}

/// What stands behind the `?` of a read.
#[derive(Debug)]
pub struct Asks<Q>(pub Q);

impl<Q: DeserializeOwned> FromRequest for Asks<Q> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(query(request.query_string()).map(Self))
    }
}

/// The account that the path names.
#[derive(Debug, Clone, Copy)]
pub struct OfAccount(pub AccountId);

/// The order that the path names, of the account that it names.
#[derive(Debug, Clone, Copy)]
pub struct OfOrder(pub OrderId);

/// The subscription that the path names, of the account that it names.
#[derive(Debug, Clone, Copy)]
pub struct OfSubscription(pub SubscriptionId);

/// The pay-as-you-go resource that the path names.
#[derive(Debug, Clone, Copy)]
pub struct OfResource(pub ResourceId);

/// The coupon that the path names, of the account that it names.
#[derive(Debug, Clone, Copy)]
pub struct OfCoupon(pub CouponId);

/// The account and the month that the path names.
#[derive(Debug, Clone, Copy)]
pub struct OfMonth(pub (AccountId, Month));

/// The invoice or credit note that the path names, of the account that it names.
#[derive(Debug, Clone, Copy)]
pub struct OfDocument(pub DocumentId);

/// The withdrawal that the path names.
#[derive(Debug, Clone, Copy)]
pub struct OfWithdrawal(pub WithdrawalId);

/// The campaign that the path names.
#[derive(Debug, Clone, Copy)]
pub struct OfCampaign(pub CampaignId);

fn campaign(request: &HttpRequest) -> Result<CampaignId, Problem> {
    request.match_info().query("campaign").parse().map_err(|_| Rejection::CampaignNotFound.into())
}

fn account(request: &HttpRequest) -> Result<AccountId, Problem> {
    request.match_info().query("account").parse().map_err(|_| Rejection::AccountNotFound.into())
}

fn order(request: &HttpRequest) -> Result<OrderId, Problem> {
    let (account, text) = (account(request)?, request.match_info().query("order"));
    let Ok(order) = text.parse::<OrderId>() else {
        let unknown = Rejection::OrderNotFound { order: OrderId::new(account, 0) };
        let detail = format!("there is no order {text:?} in this account");
        return Err(Problem::from(unknown).with("order", text).saying(detail));
    };
    if order.account == account {
        Ok(order)
    } else {
        Err(Rejection::OrderNotFound { order }.into())
    }
}

fn subscription(request: &HttpRequest) -> Result<SubscriptionId, Problem> {
    let (account, text) = (account(request)?, request.match_info().query("subscription"));
    let Ok(subscription) = text.parse::<SubscriptionId>() else {
        let nothing = SubscriptionId::new(account, 0);
        let unknown = Rejection::SubscriptionNotFound { subscription: nothing };
        let detail = format!("there is no subscription {text:?} in this account");
        return Err(Problem::from(unknown).with("subscription", text).saying(detail));
    };
    if subscription.account == account {
        Ok(subscription)
    } else {
        Err(Rejection::SubscriptionNotFound { subscription }.into())
    }
}

fn resource(request: &HttpRequest) -> Result<ResourceId, Problem> {
    let text = request.match_info().query("resource");
    text.parse().map_err(|_| {
        let nothing = ResourceId::new(AccountId::from_bits(0), 0);
        let unknown = Rejection::ResourceNotFound { resource: nothing };
        let detail = format!("there is no resource {text:?}");
        Problem::from(unknown).with("resource", text).saying(detail)
    })
}

fn coupon(request: &HttpRequest) -> Result<CouponId, Problem> {
    let (account, text) = (account(request)?, request.match_info().query("coupon"));
    let Ok(coupon) = text.parse::<CouponId>() else {
        let unknown = Rejection::CouponNotFound { coupon: CouponId::new(account, 0) };
        let detail = format!("there is no coupon {text:?} in this account");
        return Err(Problem::from(unknown).with("coupon", text).saying(detail));
    };
    if coupon.account == account {
        Ok(coupon)
    } else {
        Err(Rejection::CouponNotFound { coupon }.into())
    }
}

fn withdrawal(request: &HttpRequest) -> Result<WithdrawalId, Problem> {
    let text = request.match_info().query("withdrawal");
    text.parse().map_err(|_| {
        let nothing = WithdrawalId::new(AccountId::from_bits(0), 0);
        let unknown = Rejection::WithdrawalNotFound { withdrawal: nothing };
        let detail = format!("there is no withdrawal {text:?}");
        Problem::from(unknown).with("withdrawal", text).saying(detail)
    })
}

fn month(request: &HttpRequest) -> Result<(AccountId, Month), Problem> {
    let month = fields::parse("month", request.match_info().query("month"));
    Ok((account(request)?, month?))
}

fn document(request: &HttpRequest) -> Result<DocumentId, Problem> {
    let (account, text) = (account(request)?, request.match_info().query("document"));
    let found = text.parse().ok().filter(|document: &DocumentId| document.account == account);
    found.ok_or_else(|| no_document(text))
}

/// There is no such document in the account that was named.
#[must_use]
pub fn no_document(document: &str) -> Problem {
    let detail = format!("there is no document {document:?} in this account");
    Problem::new(Code::DocumentNotFound, detail).with("document", document)
}

macro_rules! from_path {
    ($name:ident, $read:ident) => {
        impl FromRequest for $name {
            type Error = Problem;
            type Future = std::future::Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                std::future::ready($read(request).map(Self))
            }
        }
    };
}
from_path!(OfAccount, account);
from_path!(OfOrder, order);
from_path!(OfSubscription, subscription);
from_path!(OfResource, resource);
from_path!(OfCoupon, coupon);
from_path!(OfCampaign, campaign);
from_path!(OfWithdrawal, withdrawal);
from_path!(OfMonth, month);
from_path!(OfDocument, document);

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn token(values: &[&str]) -> Result<Option<String>, &'static str> {
        let mut request = TestRequest::default();
        for value in values {
            request = request.append_header(("Idempotency-Key", *value));
        }
        token_text(&request.to_http_request(), &config::Tokens::default())
            .map_err(|problem| problem.code())
    }

    #[test]
    fn a_token_is_64_printable_characters_at_the_most() {
        assert_eq!(token(&[]), Ok(None));
        assert_eq!(token(&["a b~"]), Ok(Some("a b~".into())));
        assert_eq!(token(&[&"x".repeat(64)]), Ok(Some("x".repeat(64))));
        for bad in ["", " ", &"x".repeat(65), "a\tb", "\u{e9}"] {
            assert_eq!(token(&[bad]), Err("InvalidToken"), "{bad:?}");
        }
        assert_eq!(token(&["a", "b"]), Err("InvalidToken"), "one request, one token");
    }

    #[test]
    fn a_parameter_that_is_not_known_is_refused() {
        assert_eq!(query("dry_run=true"), Ok(wire::WriteQuery { dry_run: true, channel: None }));
        assert_eq!(query(""), Ok(wire::WriteQuery::default()));
        let app = wire::WriteQuery { dry_run: false, channel: Some("app".to_owned()) };
        assert_eq!(query("channel=app"), Ok(app));
        for bad in ["dryrun=true", "dry_run", "dry_run=1", "dry_run=true&dry_run=true"] {
            let refused = query::<wire::WriteQuery>(bad).expect_err(bad);
            assert_eq!(refused.code(), "MalformedRequest", "{bad}");
        }
    }

    #[test]
    fn a_media_type_has_no_parameters() {
        let given = |text: &str| {
            let request = TestRequest::default().insert_header((CONTENT_TYPE, text));
            media_type(&request.to_http_request())
        };
        assert_eq!(given("Application/JSON; charset=utf-8").as_deref(), Some(JSON));
        assert!(media_type_is(None, &[JSON]).is_ok());
        let refused = media_type_is(Some("text/html"), &[JSON]).expect_err("another type");
        assert_eq!(refused.code(), "WrongContentType");
    }

    #[test]
    fn an_id_of_another_account_is_not_found_here() {
        let account = AccountId::from_bits(7);
        let found = |order: &str| {
            let request = TestRequest::default()
                .param("account", account.to_string())
                .param("order", order.to_owned());
            super::order(&request.to_http_request()).map_err(|problem| problem.code())
        };
        let own = OrderId::new(account, 3);
        assert_eq!(found(&own.to_string()), Ok(own));
        for other in [OrderId::new(AccountId::from_bits(8), 3).to_string(), "3".into()] {
            assert_eq!(found(&other), Err("OrderNotFound"));
        }
        let document = |text: String| {
            let request = TestRequest::default()
                .param("account", account.to_string())
                .param("document", text)
                .to_http_request();
            super::document(&request).map_err(|problem| problem.code())
        };
        let own = DocumentId::new(account, 3);
        assert_eq!(document(own.to_string()), Ok(own));
        for other in [DocumentId::new(AccountId::from_bits(8), 3).to_string(), "3".into()] {
            assert_eq!(document(other), Err("DocumentNotFound"));
        }
        let month = |text: &str| {
            let request = TestRequest::default()
                .param("account", account.to_string())
                .param("month", text.to_owned())
                .to_http_request();
            super::month(&request).map_err(|problem| problem.code())
        };
        assert_eq!(month("2026-04"), Ok((account, "2026-04".parse().expect("a month"))));
        for bad in ["2026-13", "2026-4", "april", "2026-04-01"] {
            assert_eq!(month(bad), Err("InvalidField"), "{bad}");
        }
        let request = TestRequest::default().param("account", "acc_x").to_http_request();
        assert_eq!(super::account(&request).map_err(|p| p.code()), Err("AccountNotFound"));
    }
}
