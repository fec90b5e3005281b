//! The routes, by resource. A route is registered together with its description, so
//! `/openapi.json` says what there is, no more and no less.

mod accounts;
mod balance;
mod campaigns;
mod catalogue;
mod closures;
mod coupons;
mod documents;
mod erasure;
mod forecast;
mod house;
mod imports;
mod ledger;
mod lists;
mod many_closures;
mod meters;
mod orders;
mod renewals;
mod resources;
mod statements;
mod subscriptions;
mod time;
mod transfers;
mod usage;
mod withdrawals;

use std::collections::BTreeMap;

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, Error, HttpRequest, HttpResponse, get};
use utoipa::OpenApi as _;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{Content, OpenApi, PathItem, RefOr, Required, Schema};
use utoipa_actix_web::AppExt as _;
use utoipa_actix_web::service_config::ServiceConfig;

use super::problem::{Code, Problem};
use super::wire;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "renewd control socket",
        description = "Accounts, prepaid money, term subscriptions. HTTP over a Unix socket. \
            Instants are RFC 3339 in UTC, periods ISO 8601, money a decimal string with its \
            currency, ids opaque strings. Every write takes an `Idempotency-Key` and \
            `?dry_run=true`; everything that goes wrong is answered as problem+json."
    ),
    components(schemas(wire::Problem, wire::CatalogueDifference))
)]
struct Description;

fn configure(config: &mut ServiceConfig<'_>) {
    config
        .configure(accounts::configure)
        .configure(balance::configure)
        .configure(forecast::configure)
        .configure(withdrawals::configure)
        .configure(transfers::configure)
        .configure(closures::configure)
        .configure(many_closures::configure)
        .configure(orders::configure)
        .configure(renewals::configure)
        .configure(coupons::configure)
        .configure(campaigns::configure)
        .configure(ledger::configure)
        .configure(statements::configure)
        .configure(documents::configure)
        .configure(erasure::configure)
        .configure(subscriptions::configure)
        .configure(resources::configure)
        .configure(usage::configure)
        .configure(lists::configure)
        .configure(catalogue::configure)
        .configure(meters::configure)
        .configure(time::configure)
        .configure(imports::configure)
        .configure(house::configure)
        .service(show_description);
}

/// The application with all routes, and their description.
pub fn app() -> (
    App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse,
            Error = Error,
            InitError = (),
        >,
    >,
    OpenApi,
) {
    let (app, mut description) = App::new()
        .into_utoipa_app()
        .openapi(Description::openapi())
        .configure(configure)
        .split_for_parts();
    complete(&mut description);
    let served = Data::new(Served::of(&description));
    let app = app.app_data(served).default_service(web::to(nothing_here));
    (app, description)
}

/// Says of requests what the derives do not: those in variants have no other fields than theirs,
/// as those without; and a form in which nothing is required need not be sent at all.
fn complete(description: &mut OpenApi) {
    let Some(components) = &mut description.components else { return };
    for name in ["PlaceOrder", "Benefit"] {
        let Some(RefOr::T(Schema::OneOf(schema))) = components.schemas.get_mut(name) else {
            continue;
        };
        for variant in &mut schema.items {
            if let RefOr::T(Schema::Object(variant)) = variant {
                let none = AdditionalProperties::FreeForm(false);
                variant.additional_properties = Some(Box::new(none));
            }
        }
    }
    let may_be_absent = |content: &RefOr<Content>| {
        let RefOr::T(Content { schema: Some(RefOr::Ref(form)), .. }) = content else {
            return false;
        };
        let name = form.ref_location.rsplit('/').next().unwrap_or_default();
        let form = components.schemas.get(name);
        matches!(form, Some(RefOr::T(Schema::Object(form))) if form.required.is_empty())
    };
    for path in description.paths.paths.values_mut() {
        for write in [&mut path.post, &mut path.put, &mut path.delete].into_iter().flatten() {
            if let Some(RefOr::T(form)) = &mut write.request_body
                && form.content.values().all(may_be_absent)
            {
                form.required = Some(Required::False);
            }
        }
    }
}

/// What is kept of the description: its text, and the methods of each path. The description itself
/// is a tree of many megabytes, which an idle daemon need not hold.
struct Served {
    text: Bytes,
    methods: BTreeMap<String, Vec<&'static str>>,
}

impl Served {
    fn of(description: &OpenApi) -> Self {
        let paths = description.paths.paths.iter();
        Self {
            // It is made of texts and tables keyed by texts, so this can't fail.
            text: serde_json::to_vec(description).unwrap_or_default().into(),
            methods: paths.map(|(path, item)| (path.clone(), methods(item))).collect(),
        }
    }
}

/// This description.
#[utoipa::path(tag = "house", responses((status = 200, description = "OpenAPI 3.1")))]
#[get("/openapi.json")]
async fn show_description(served: Data<Served>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(served.text.clone())
}

/// There is nothing at this path, or not under this method.
async fn nothing_here(request: HttpRequest, served: Data<Served>) -> Result<HttpResponse, Problem> {
    let known = request
        .resource_map()
        .match_pattern(request.path())
        .and_then(|pattern| served.methods.get(&pattern));
    Err(match known {
        Some(methods) => Problem::method_not_allowed(methods.join(", ")),
        None => Problem::new(Code::NoSuchRoute, "there is nothing at this path; see /openapi.json"),
    })
}

/// The methods that are served at a path.
fn methods(item: &PathItem) -> Vec<&'static str> {
    [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post), ("DELETE", &item.delete)]
        .into_iter()
        .filter_map(|(method, operation)| operation.as_ref().map(|_| method))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use actix_web::http::{Method, StatusCode};
    use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
    use serde_json::Value;
    use utoipa::openapi::RefOr;

    use super::*;

    fn header<'a>(response: &'a ServiceResponse, name: &str) -> &'a str {
        response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a list of all paths")]
    fn the_description_names_every_path_of_the_promise() {
        let (_, description) = app();
        let described: BTreeSet<String> = description
            .paths
            .paths
            .iter()
            .flat_map(|(path, item)| {
                methods(item).into_iter().map(move |method| format!("{method} {path}"))
            })
            .collect();
        let described: Vec<String> = described.into_iter().collect();
        insta::assert_snapshot!(described.join("\n"), @r"
        DELETE /v1/accounts/{account}/closure
        DELETE /v1/accounts/{account}/holdings
        GET /openapi.json
        GET /v1/accounts
        GET /v1/accounts/{account}
        GET /v1/accounts/{account}/balance
        GET /v1/accounts/{account}/closure
        GET /v1/accounts/{account}/closure/certificate
        GET /v1/accounts/{account}/closure/eligibility
        GET /v1/accounts/{account}/coupons
        GET /v1/accounts/{account}/coupons/{coupon}
        GET /v1/accounts/{account}/documents
        GET /v1/accounts/{account}/documents/{document}
        GET /v1/accounts/{account}/export
        GET /v1/accounts/{account}/forecast
        GET /v1/accounts/{account}/holdings
        GET /v1/accounts/{account}/journal
        GET /v1/accounts/{account}/ledger
        GET /v1/accounts/{account}/legal-hold
        GET /v1/accounts/{account}/movements
        GET /v1/accounts/{account}/notices
        GET /v1/accounts/{account}/orders
        GET /v1/accounts/{account}/orders/{order}
        GET /v1/accounts/{account}/resources
        GET /v1/accounts/{account}/statements
        GET /v1/accounts/{account}/statements/{month}
        GET /v1/accounts/{account}/subscriptions
        GET /v1/accounts/{account}/subscriptions/{subscription}
        GET /v1/accounts/{account}/withdrawals
        GET /v1/brake
        GET /v1/campaigns
        GET /v1/campaigns/{campaign}
        GET /v1/catalogue
        GET /v1/clock
        GET /v1/closures
        GET /v1/coupons
        GET /v1/deliveries
        GET /v1/forecast
        GET /v1/ledger/entries
        GET /v1/ledger/trial-balance
        GET /v1/meters
        GET /v1/orders
        GET /v1/parked
        GET /v1/resources
        GET /v1/resources/{resource}
        GET /v1/resources/{resource}/usage
        GET /v1/schedulers
        GET /v1/statements
        GET /v1/status
        GET /v1/subscriptions
        POST /v1/accounts
        POST /v1/accounts/{account}/closure
        POST /v1/accounts/{account}/closure/approve
        POST /v1/accounts/{account}/closure/confirm
        POST /v1/accounts/{account}/closure/login-seen
        POST /v1/accounts/{account}/coupons
        POST /v1/accounts/{account}/coupons/{coupon}/cancel
        POST /v1/accounts/{account}/hold
        POST /v1/accounts/{account}/holdings
        POST /v1/accounts/{account}/let-go
        POST /v1/accounts/{account}/orders
        POST /v1/accounts/{account}/orders/{order}/cancel
        POST /v1/accounts/{account}/orders/{order}/pay
        POST /v1/accounts/{account}/orders/{order}/provision-failed
        POST /v1/accounts/{account}/orders/{order}/provisioned
        POST /v1/accounts/{account}/orders/{order}/refunds
        POST /v1/accounts/{account}/payments
        POST /v1/accounts/{account}/redemptions
        POST /v1/accounts/{account}/renewals
        POST /v1/accounts/{account}/resources
        POST /v1/accounts/{account}/statements/{month}/invoice
        POST /v1/accounts/{account}/subscriptions/{subscription}/changes
        POST /v1/accounts/{account}/subscriptions/{subscription}/release
        POST /v1/accounts/{account}/subscriptions/{subscription}/renewals
        POST /v1/accounts/{account}/subscriptions/{subscription}/unsubscribe
        POST /v1/accounts/{account}/top-ups
        POST /v1/accounts/{account}/transfers
        POST /v1/accounts/{account}/unpark
        POST /v1/accounts/{account}/withdrawals
        POST /v1/brake/release
        POST /v1/campaigns
        POST /v1/campaigns/{campaign}/close
        POST /v1/campaigns/{campaign}/grants
        POST /v1/clock
        POST /v1/closures
        POST /v1/imports
        POST /v1/meters/quote
        POST /v1/resources/{resource}/change
        POST /v1/resources/{resource}/release
        POST /v1/resources/{resource}/start
        POST /v1/resources/{resource}/stop
        POST /v1/schedulers/{job}/run
        POST /v1/usage
        POST /v1/withdrawals/{withdrawal}/failed
        POST /v1/withdrawals/{withdrawal}/paid
        PUT /v1/accounts/{account}/balance-alert
        PUT /v1/accounts/{account}/credit-limit
        PUT /v1/accounts/{account}/legal-hold
        PUT /v1/accounts/{account}/orders/{order}/coupon
        PUT /v1/accounts/{account}/subscriptions/{subscription}/renewal-mode
        PUT /v1/accounts/{account}/unified-day
        PUT /v1/catalogue
        ");
    }

    #[test]
    fn the_description_is_whole() {
        let (_, description) = app();
        let text = description.to_json().expect("JSON");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap_or_default();
            assert!(value.pointer(pointer).is_some(), "{pointer} is not in the description");
        }
        for (path, item) in &description.paths.paths {
            for operation in [&item.get, &item.put, &item.post, &item.delete].into_iter().flatten()
            {
                for (status, response) in &operation.responses.responses {
                    let RefOr::T(response) = response else { continue };
                    assert!(!response.description.is_empty(), "{path} {status} says nothing");
                }
            }
        }
        let ids: Vec<&str> = text
            .split("\"operationId\":\"")
            .skip(1)
            .filter_map(|id| id.split('"').next())
            .collect();
        let unique: BTreeSet<&&str> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "operation ids repeat: {ids:?}");
    }

    #[actix_web::test]
    async fn an_unknown_path_and_an_unserved_method_are_told_apart() {
        let service = init_service(app().0).await;
        for (method, path, status, code) in [
            (Method::GET, "/v2/accounts", StatusCode::NOT_FOUND, "NoSuchRoute"),
            (Method::GET, "/v1/accounts/", StatusCode::NOT_FOUND, "NoSuchRoute"),
            (Method::DELETE, "/v1/accounts", StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
            (Method::PATCH, "/v1/accounts/x", StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
        ] {
            let request = TestRequest::with_uri(path).method(method.clone()).to_request();
            let response = call_service(&service, request).await;
            assert_eq!(response.status(), status, "{method} {path}");
            assert_eq!(header(&response, "content-type"), "application/problem+json");
            let has_allow = response.headers().contains_key("allow");
            assert_eq!(has_allow, status == StatusCode::METHOD_NOT_ALLOWED);
            let problem: wire::Problem = read_body_json(response).await;
            assert_eq!((problem.code.as_str(), problem.status), (code, status.as_u16()));
        }
        let request = TestRequest::delete().uri("/v1/catalogue").to_request();
        let response = call_service(&service, request).await;
        assert_eq!(header(&response, "allow"), "GET, PUT");
    }

    #[actix_web::test]
    async fn the_description_is_served() {
        let service = init_service(app().0).await;
        let request = TestRequest::get().uri("/openapi.json").to_request();
        let description: Value = read_body_json(call_service(&service, request).await).await;
        assert_eq!(description["openapi"], "3.1.0");
        assert!(description["paths"]["/v1/status"]["get"].is_object());
        assert_eq!(
            description["components"]["schemas"]["OpenAccount"]["additionalProperties"],
            Value::Bool(false)
        );
    }
}
