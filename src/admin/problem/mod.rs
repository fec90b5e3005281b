//! Everything that goes wrong, as problem+json (RFC 9457).

mod code;
mod values;

use std::collections::BTreeMap;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde_json::Value;
use utoipa::IntoResponses;
use utoipa::openapi::{self, Content, Ref, RefOr, ResponseBuilder};

pub use self::code::{Code, status_of};
use super::{convert, wire};
use crate::actors::ExecuteError;
use crate::domain::rejection::Rejection;
use crate::store::StoreError;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// How soon a client may try again what could not be done for now.
const RETRY_AFTER_SECONDS: u32 = 1;

/// What went wrong, on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    values: BTreeMap<String, Value>,
    retry: bool,
    allow: Option<String>,
}

impl Problem {
    /// A problem with a code of the door's.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            status: code.status(),
            code: code.as_str(),
            detail: detail.into(),
            values: BTreeMap::new(),
            retry: code.status() == StatusCode::SERVICE_UNAVAILABLE,
            allow: None,
        }
    }

    /// A value of a request that cannot be used.
    #[must_use]
    pub fn field(field: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self::new(Code::InvalidField, detail.to_string()).at(field)
    }

    /// A body that serde could not read.
    #[must_use]
    pub fn malformed(error: &serde_json::Error) -> Self {
        let problem = Self::new(Code::MalformedRequest, error.to_string());
        if error.line() == 0 {
            return problem;
        }
        problem.with("line", error.line()).with("column", error.column())
    }

    /// A method that is not served at this path; `allow` are those that are.
    #[must_use]
    pub fn method_not_allowed(allow: String) -> Self {
        let detail = format!("at this path there is only {allow}");
        Self { allow: Some(allow), ..Self::new(Code::MethodNotAllowed, detail) }
    }

    /// A bug: what is printed to the log stays there.
    #[must_use]
    pub fn broken(what: impl fmt::Display) -> Self {
        tracing::error!("the control socket cannot answer: {what}");
        Self::new(Code::InternalError, "this is a bug; the log says more")
    }

    /// Names the field that it is about.
    #[must_use]
    pub fn at(self, field: impl Into<String>) -> Self {
        self.with("field", field.into())
    }

    /// Adds a value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// Says it in other words.
    #[must_use]
    pub fn saying(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// Its code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// In words.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Is it the daemon that could not, whatever was asked?
    #[must_use]
    pub fn is_server_error(&self) -> bool {
        self.status.is_server_error()
    }

    /// As it goes out.
    #[must_use]
    pub fn to_wire(&self) -> wire::Problem {
        wire::Problem {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or_default().to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.clone(),
            values: self.values.clone(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.content_type(MEDIA_TYPE);
        if self.retry {
            response.insert_header((RETRY_AFTER, RETRY_AFTER_SECONDS.to_string()));
        }
        if let Some(allow) = &self.allow {
            response.insert_header((ALLOW, allow.as_str()));
        }
        response.body(serde_json::to_vec(&self.to_wire()).unwrap_or_default())
    }
}

impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new()
            .description("Something went wrong; `code` says what")
            .content(MEDIA_TYPE, content)
            .build();
        BTreeMap::from([("default".to_owned(), response.into())])
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Self {
            status: status_of(&rejection),
            code: rejection.code(),
            detail: detail(&rejection),
            values: values::of(&rejection),
            retry: false,
            allow: None,
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!("the control socket was refused by the store: {error}");
        Self::new(Code::StoreUnavailable, "the store cannot do this for now; the log says more")
    }
}

impl From<ExecuteError> for Problem {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Rejected(rejection) => rejection.into(),
            ExecuteError::Store(error) => error.into(),
            ExecuteError::Busy => Self::new(Code::Busy, error.to_string()),
            ExecuteError::OutcomeUnknown => Self::new(Code::OutcomeUnknown, error.to_string()),
            ExecuteError::Parked(ref reason) => {
                Self::new(Code::AccountParked, error.to_string()).with("reason", reason.as_str())
            }
        }
    }
}

/// A rejection in words; every predicate of a coupon that does not hold is said (R5.17).
fn detail(rejection: &Rejection) -> String {
    if let Rejection::CouponNotUsable { unmet, .. } = rejection {
        let unmet: Vec<String> = unmet.iter().map(convert::in_words).collect();
        return format!("{rejection}: {}", unmet.join("; "));
    }
    rejection.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::ids::{AccountId, CouponId, OrderId};
    use crate::domain::money::Money;
    use crate::domain::nouns::coupon::Unmet;

    #[test]
    fn a_problem_carries_its_values_in_the_forms_of_the_wire() {
        let usd = "USD".parse().expect("a currency");
        let problem = Problem::from(Rejection::NotEnoughFunds {
            needed: Money::from_minor(1200, usd),
            available: Money::from_minor(5, usd),
        });
        let expected = json!({
            "type": "about:blank",
            "title": "Payment Required",
            "status": 402,
            "code": "NotEnoughFunds",
            "detail": "12.00 USD is needed, 0.05 USD is there",
            "needed": {"amount": "12.00", "currency": "USD"},
            "available": {"amount": "0.05", "currency": "USD"},
        });
        assert_eq!(serde_json::to_value(problem.to_wire()).expect("JSON"), expected);
        assert_eq!(problem.error_response().status(), 402);
    }

    #[test]
    fn every_predicate_that_a_coupon_misses_is_said_with_its_values() {
        let usd = "USD".parse().expect("a currency");
        let account = AccountId::from_bits(7);
        let problem = Problem::from(Rejection::CouponNotUsable {
            coupon: CouponId::new(account, 3),
            unmet: vec![
                Unmet::Frozen { order: OrderId::new(account, 2) },
                Unmet::MinSpend {
                    needed: Money::from_minor(5000, usd),
                    eligible: Money::from_minor(1800, usd),
                },
                Unmet::OrderType,
            ],
        });
        let told = problem.to_wire();
        let (coupon, order) = (CouponId::new(account, 3), OrderId::new(account, 2));
        let frozen = format!("{order} holds it: pay that order or cancel it");
        let spend = "50.00 USD must be reached, and 18.00 USD counts";
        let kind = "it is not good for this type of order";
        assert_eq!(
            told.detail,
            format!("{coupon} cannot be used for this order: {frozen}; {spend}; {kind}")
        );
        let expected = json!([
            {"code": "frozen", "detail": frozen, "order": order},
            {
                "code": "min_spend", "detail": spend,
                "needed": {"amount": "50.00", "currency": "USD"},
                "eligible": {"amount": "18.00", "currency": "USD"}
            },
            {"code": "order_type", "detail": kind}
        ]);
        assert_eq!(told.values["unmet"], expected);
    }

    #[test]
    fn what_may_succeed_later_says_when_to_try_again() {
        for error in [
            ExecuteError::Busy,
            ExecuteError::OutcomeUnknown,
            ExecuteError::Store(StoreError::Unavailable("a secret path".into())),
        ] {
            let problem = Problem::from(error);
            let response = problem.error_response();
            assert_eq!(response.status(), 503);
            assert!(response.headers().contains_key(RETRY_AFTER));
            assert!(!problem.detail.contains("secret"), "what the store said stays in the log");
        }
        let parked = Problem::from(ExecuteError::Parked("three panics".into()));
        assert_eq!((parked.code(), parked.status_code().as_u16()), ("AccountParked", 409));
    }

    #[test]
    fn a_malformed_body_is_told_where() {
        let error = serde_json::from_str::<wire::MoveClock>("{\n  \"advanc\": 1}").expect_err("no");
        let problem = Problem::malformed(&error).to_wire();
        assert_eq!((problem.code.as_str(), problem.status), ("MalformedRequest", 400));
        assert!(problem.detail.starts_with("unknown field `advanc`"), "{}", problem.detail);
        assert_eq!((&problem.values["line"], &problem.values["column"]), (&2.into(), &10.into()));
    }
}
