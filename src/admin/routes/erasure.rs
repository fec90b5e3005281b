//! What is given to an account's owner, what holds its erasure up, and what certifies it.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, put};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{accounts, statements, time};
use crate::admin::format::{Format, Print};
use crate::admin::problem::{Code, Problem};
use crate::admin::request::{Asks, OfAccount, Write};
use crate::admin::{Admin, convert, paper, wire};
use crate::documents::{Certificate, Gone, Kept, Language, Matter};
use crate::domain::calendar::Timestamp;
use crate::domain::ids::{AccountId, StreamId};
use crate::domain::nouns::order::Order;
use crate::domain::nouns::statement::{Document, Statement};
use crate::domain::record::Cause;
use crate::domain::rows::{ResourceRow, SubscriptionRow};
use crate::store::seal::PROFILE_NUMBER;
use crate::store::{
    Channel, Chore, Delivery, DeliveryQuery, DeliveryState, DocumentQuery, Erasure, ErasureStage,
    LegalHold, OrderQuery, ResourceQuery, StatementQuery, SubscriptionQuery,
};

/// Rows that are read at once where all are.
const READ_AT_ONCE: u32 = 500;
/// Characters in the reason of a hold.
const REASON_MAX: usize = 200;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(show_legal_hold)
        .service(set_legal_hold)
        .service(export_account)
        .service(show_certificate);
}

/// Says whether anything of an account may be erased.
#[utoipa::path(
    tag = "closures",
    params(("account" = String, Path, description = "The account's id")),
    responses((status = 200, description = "As it stands", body = wire::LegalHold), Problem)
)]
#[get("/v1/accounts/{account}/legal-hold")]
async fn show_legal_hold(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
) -> Result<Json<wire::LegalHold>, Problem> {
    admin.must_exist(id).await?;
    let hold = admin.store.legal_hold(id.into()).await?;
    Ok(Json(convert::legal_hold(hold.as_ref())))
}

/// Holds up what a closed account, or one that is going to be closed, would erase; or lets it go
/// on. Closing itself is not held up.
#[utoipa::path(
    tag = "closures",
    params(
        ("account" = String, Path, description = "The account's id"),
        wire::WriteQuery,
        wire::WriteHeaders
    ),
    request_body = wire::SetLegalHold,
    responses((status = 200, description = "Done", body = wire::LegalHold), Problem)
)]
#[put("/v1/accounts/{account}/legal-hold")]
async fn set_legal_hold(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
    write: Write<wire::SetLegalHold>,
) -> Result<HttpResponse, Problem> {
    time::must_be_meant(write.dry_run)?;
    let hold = asked_hold(&write, admin.clock.now())?;
    let stream = StreamId::from(id);
    let work = async {
        admin.must_exist(id).await?;
        let set = Chore::SetLegalHold { stream, hold: hold.clone() };
        admin.accounts.chores(vec![set]).await?;
        tracing::info!(account.id = %id, held = hold.is_some(), "the legal hold was set");
        serde_json::to_string(&convert::legal_hold(hold.as_ref())).map_err(Problem::broken)
    };
    let (done, replayed) = admin.replies.once(write.asking.token.as_ref(), work).await?;
    Ok(time::answered(done, replayed))
}

fn asked_hold(
    write: &Write<wire::SetLegalHold>,
    now: Timestamp,
) -> Result<Option<LegalHold>, Problem> {
    let reason = write.body.reason.as_deref().map(str::trim);
    match (write.body.held, reason) {
        (false, None) => Ok(None),
        (false, Some(_)) => Err(Problem::field("reason", "only a hold has one")),
        (true, reason) => {
            let reason = reason.unwrap_or_default();
            let is_line = (1..=REASON_MAX).contains(&reason.chars().count())
                && !reason.chars().any(char::is_control);
            if !is_line {
                let detail = format!("a hold needs one, in a line of 1 to {REASON_MAX} characters");
                return Err(Problem::field("reason", detail));
            }
            let Cause::Operator { uid } = write.asking.cause else {
                return Err(Problem::broken("nobody asks at the socket but operators"));
            };
            Ok(Some(LegalHold { held_at: now, uid, reason: reason.to_owned() }))
        }
    }
}

/// Gives everything that is known of an account's owner: who that is, what was noted, bought and
/// billed, and which mails went out.
#[utoipa::path(
    tag = "accounts",
    params(("account" = String, Path, description = "The account's id")),
    responses((status = 200, description = "As it stands", body = wire::Export), Problem)
)]
#[get("/v1/accounts/{account}/export")]
async fn export_account(
    admin: Data<Admin>,
    OfAccount(id): OfAccount,
) -> Result<HttpResponse, Problem> {
    let (open, seq) = admin.account(id).await?;
    let account = accounts::shown(&admin, &open, seq).await?;
    let numbers: Vec<u32> = (PROFILE_NUMBER + 1..open.next_sealed).collect();
    let profile = admin.profiles.profile(id.into()).await;
    let mails = all_mails(&admin, id).await?;
    let export = wire::Export {
        at: admin.clock.now().to_string(),
        account,
        profile: profile.map(|profile| wire::ExportedProfile {
            name: profile.name,
            email: profile.email,
            address: profile.address,
            tax_id: profile.tax_id,
        }),
        notes: admin.profiles.notes(id.into(), &numbers).await?,
        orders: all_orders(&admin, id).await?.iter().map(convert::order).collect(),
        subscriptions: all_subscriptions(&admin, id)
            .await?
            .iter()
            .map(convert::subscription)
            .collect(),
        resources: all_resources(&admin, id).await?.iter().map(convert::resource_row).collect(),
        statements: all_statements(&admin, id)
            .await?
            .iter()
            .map(|statement| statements::shown(&admin, id, statement))
            .collect(),
        documents: all_documents(&admin, id).await?.iter().map(convert::document).collect(),
        mails: mails.iter().map(convert::delivery).collect::<Result<_, _>>()?,
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, no-store")).json(export))
}

/// Certifies what of a closed account was erased, and what is kept, why, and until when.
#[utoipa::path(
    tag = "closures",
    params(("account" = String, Path, description = "The account's id"), wire::CertificateQuery),
    responses(
        (status = 200, description = "As it stands", content(
            (wire::ClosureCertificate = "application/json"),
            (String = "text/html")
        )),
        Problem
    )
)]
#[get("/v1/accounts/{account}/closure/certificate")]
async fn show_certificate(
    admin: Data<Admin>,
    request: HttpRequest,
    OfAccount(id): OfAccount,
    Asks(query): Asks<wire::CertificateQuery>,
) -> Result<HttpResponse, Problem> {
    let format = Format::of(query.format.as_deref(), &request)?;
    let Some(erasure) = admin.store.erasure(id.into()).await? else {
        admin.must_exist(id).await?;
        return Err(Problem::new(Code::AccountNotClosed, "the account is not closed"));
    };
    let hold = admin.store.legal_hold(id.into()).await?;
    let certificate = certificate(&admin, id, &erasure, hold.is_some()).await?;
    match format {
        Format::Json => {
            let waiting = all_deliveries(&admin, id, None, Some(DeliveryState::Waiting)).await?;
            let shown =
                convert::certificate(&certificate, &erasure, count(&waiting), hold.as_ref());
            Ok(HttpResponse::Ok().json(shown))
        }
        Format::Printed(Print::Html) => {
            let name = format!("inline; filename=\"erasure-{id}.html\"");
            Ok(HttpResponse::Ok()
                .content_type(Print::Html.media_type())
                .insert_header((CONTENT_DISPOSITION, name))
                .insert_header((CACHE_CONTROL, "private, no-store"))
                .body(certificate.html()))
        }
        Format::Printed(Print::Pdf) => {
            Err(Problem::field("format", "a certificate is json or html; a browser prints it"))
        }
    }
}

async fn certificate(
    admin: &Admin,
    id: AccountId,
    erasure: &Erasure,
    is_held: bool,
) -> Result<Certificate, Problem> {
    let (open, _) = admin.account(id).await?;
    let destroyed = |matter, count| Gone {
        matter,
        count: erasure.destroyed_at.map(|_| count),
        at: erasure.destroyed_at,
    };
    let mut gone = vec![
        Gone {
            matter: Matter::Claims,
            count: Some(erasure.claim_count),
            at: Some(erasure.closed_at),
        },
        destroyed(Matter::PersonalData, erasure.sealed_count),
        destroyed(Matter::Deliveries, erasure.delivery_count),
        Gone {
            matter: Matter::Mails,
            count: erasure.erased_at.map(|_| erasure.mail_count),
            at: erasure.erased_at,
        },
    ];
    let until = admin.config.retention.until(erasure.closed_at);
    let documents = count(&all_documents(admin, id).await?);
    let mut kept: Vec<Kept> = [
        (Matter::Journal, journal_length(admin, id).await?),
        (Matter::Ledger, ledger_length(admin, id).await?),
        (Matter::Orders, count(&all_orders(admin, id).await?)),
        (Matter::Statements, count(&all_statements(admin, id).await?)),
        (Matter::Documents, documents),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(matter, count)| Kept { matter, count, until })
    .collect();
    match erasure.stage {
        ErasureStage::Waiting | ErasureStage::Scrubbing | ErasureStage::Erased if documents > 0 => {
            kept.push(Kept { matter: Matter::Buyer, count: 1, until });
        }
        ErasureStage::Sweeping | ErasureStage::Swept if documents > 0 => {
            gone.push(Gone { matter: Matter::Buyer, count: Some(1), at: erasure.swept_at });
        }
        ErasureStage::Waiting
        | ErasureStage::Scrubbing
        | ErasureStage::Erased
        | ErasureStage::Sweeping
        | ErasureStage::Swept => {}
    }
    Ok(Certificate {
        language: Language::of(&open.terms.language),
        zone: open.terms.zone,
        seller: paper::seller(&admin.config),
        account: id.to_string(),
        closed_at: erasure.closed_at,
        erased_at: erasure.erased_at,
        is_held,
        gone,
        kept,
    })
}

fn count<T>(rows: &[T]) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}

async fn journal_length(admin: &Admin, id: AccountId) -> Result<u64, Problem> {
    let loaded = admin.store.load_many(&[id.into()], "").await?;
    Ok(loaded.into_iter().flatten().next().map_or(0, |loaded| loaded.head.seq))
}

async fn ledger_length(admin: &Admin, id: AccountId) -> Result<u64, Problem> {
    let (mut length, mut after) = (0, None);
    loop {
        let page = admin.store.ledger(id.into(), after, READ_AT_ONCE).await?;
        length += count(&page);
        match page.last() {
            Some(last) => after = Some((last.seq, last.line)),
            None => return Ok(length),
        }
    }
}

async fn all_orders(admin: &Admin, id: AccountId) -> Result<Vec<Order>, Problem> {
    let mut all: Vec<Order> = Vec::new();
    loop {
        let before = all.last().map(|order| (order.created_at, order.id));
        let query =
            OrderQuery { account: Some(id), before, limit: READ_AT_ONCE, ..OrderQuery::default() };
        let page = admin.store.orders(query).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn all_subscriptions(admin: &Admin, id: AccountId) -> Result<Vec<SubscriptionRow>, Problem> {
    let mut all: Vec<SubscriptionRow> = Vec::new();
    loop {
        let expiry = |row: &SubscriptionRow| {
            row.paid.as_ref().map_or(Timestamp::MAX, |paid| paid.expires_at)
        };
        let query = SubscriptionQuery {
            account: Some(id),
            after: all.last().map(|row| (expiry(row), row.id)),
            limit: READ_AT_ONCE,
            ..SubscriptionQuery::default()
        };
        let page = admin.store.subscriptions(query).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn all_resources(admin: &Admin, id: AccountId) -> Result<Vec<ResourceRow>, Problem> {
    let mut all: Vec<ResourceRow> = Vec::new();
    loop {
        let query = ResourceQuery {
            account: Some(id),
            after: all.last().map(|row| row.id),
            limit: READ_AT_ONCE,
            ..ResourceQuery::default()
        };
        let page = admin.store.resources(query).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn all_statements(admin: &Admin, id: AccountId) -> Result<Vec<Statement>, Problem> {
    let mut all: Vec<Statement> = Vec::new();
    loop {
        let query = StatementQuery {
            account: Some(id),
            after: all.last().map(|statement| (statement.month, id)),
            limit: READ_AT_ONCE,
            ..StatementQuery::default()
        };
        let page = admin.store.statements(query).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page.into_iter().map(|(_, statement)| statement));
    }
}

async fn all_documents(admin: &Admin, id: AccountId) -> Result<Vec<Document>, Problem> {
    let mut all: Vec<Document> = Vec::new();
    loop {
        let before = all.last().map(|document| document.id.number);
        let query = DocumentQuery { account: id, month: None, before, limit: READ_AT_ONCE };
        let page = admin.store.documents(query).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn all_mails(admin: &Admin, id: AccountId) -> Result<Vec<Delivery>, Problem> {
    all_deliveries(admin, id, Some(Channel::Mail), None).await
}

async fn all_deliveries(
    admin: &Admin,
    id: AccountId,
    channel: Option<Channel>,
    state: Option<DeliveryState>,
) -> Result<Vec<Delivery>, Problem> {
    let mut all: Vec<Delivery> = Vec::new();
    loop {
        let query = DeliveryQuery {
            stream: Some(id.into()),
            channel,
            state,
            before: all.last().map(|delivery| (delivery.row.at, delivery.key())),
            limit: READ_AT_ONCE,
        };
        let page = admin.store.deliveries(query).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
