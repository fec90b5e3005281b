//! The door: what comes in over the wire becomes a command, what is personal becomes a sealed
//! sidecar, and what must be unique becomes a claim.
//!
//! Nothing is decided here. What the door refuses could not be a command at all: a text that is
//! no address, an amount that is no amount, an id that is of another account.

mod balance;
mod campaigns;
mod closure;
mod coupons;
mod orders;
mod resources;
mod usage;

use super::fields;
use super::ports::{Profile, Sealing};
use super::problem::Problem;
use super::wire;
use crate::config::Config;
use crate::domain::account::Terms;
use crate::domain::command::Command;
use crate::domain::event::SealedRef;
use crate::domain::ids::{AccountId, SubscriptionId};
use crate::domain::nouns::subscription::Mode;
use crate::domain::rejection::Rejection;
use crate::domain::verbs::import::{Import, Imported};
use crate::domain::verbs::open::Open;
use crate::domain::verbs::set_renewal_mode::SetRenewalMode;
use crate::domain::verbs::top_up::TopUp;
use crate::store::{Claim, ClaimKind};

pub use self::balance::{fail_withdrawal, set_alert, set_credit_limit, transfer, withdraw};
pub use self::campaigns::{code, take};
pub use self::closure::{Begin, approve_closure, begin_closures, clear_holding, report_holding};
pub use self::coupons::grant_coupon;
pub use self::orders::{
    change, fail_provision, pay_together, place, refund, release, renew, renew_many, set_coupon,
    set_unified_day, unsubscribe,
};
pub use self::resources::{change_resource, open_resource, release_resource};
pub use self::usage::{Event, Refused, usage};

/// Characters in an owner's name, and in a payer's reference.
const TEXT_MAX: usize = 200;
/// Lines of a postal address.
const ADDRESS_LINES_MAX: usize = 8;
/// Characters in a tax id.
const TAX_ID_MAX: usize = 50;
/// Characters in an external id.
const EXTERNAL_ID_MAX: usize = 128;
/// Subscriptions on one line of an import.
const IMPORTED_MAX: usize = 10_000;

/// What passed the door.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The command.
    pub command: Command,
    /// What is to be sealed; the command refers to it by its place.
    pub sidecar: Vec<String>,
    /// What must be free.
    pub claims: Vec<Claim>,
}

impl From<Command> for Asked {
    fn from(command: Command) -> Self {
        Self { command, sidecar: Vec::new(), claims: Vec::new() }
    }
}

/// The door, with what it needs to hash and to fill in.
#[derive(Clone, Copy)]
pub struct Door<'a> {
    /// Hashes, and chance.
    pub sealing: &'a dyn Sealing,
    /// What stands where nothing is said.
    pub config: &'a Config,
}

impl Door<'_> {
    /// A request to open an account, and the id it will have. The id derives from the token, so a
    /// repeated request meets the stream that the first one opened; without a token it is drawn.
    pub fn open(
        &self,
        asked: &wire::OpenAccount,
        token: Option<&str>,
    ) -> Result<(AccountId, Asked), Problem> {
        let id = match token {
            Some(token) => AccountId::from_bits(self.derived("account-of-token", token)),
            None => AccountId::from_bits(self.sealing.random_bits()),
        };
        let (open, profile) = self.opening(id, asked, "")?;
        let claims = vec![self.claim(ClaimKind::Email, &profile.email)];
        let sidecar = vec![sealed(&profile)?];
        Ok((id, Asked { command: Command::Open(open), sidecar, claims }))
    }

    /// A line of an import, and the id that its account will have. The id derives from the
    /// external id, so the same line again meets the same stream.
    pub fn import(
        &self,
        line: &wire::ImportLine,
        held: bool,
    ) -> Result<(AccountId, Asked), Problem> {
        let external_id = external_id("external_id", &line.external_id)?;
        let id = AccountId::from_bits(self.derived("account-of-external-id", &external_id));
        let (open, profile) = self.opening(id, &line.account, "account.")?;
        let currency = open.terms.currency;
        let cash = line.cash.as_deref();
        let cash = cash.map(|cash| fields::amount("cash", cash, currency)).transpose()?;
        if line.subscriptions.len() > IMPORTED_MAX {
            let detail = format!("there are more than {IMPORTED_MAX}");
            return Err(Problem::field("subscriptions", detail));
        }
        let mut subscriptions = Vec::with_capacity(line.subscriptions.len());
        for (place, imported) in line.subscriptions.iter().enumerate() {
            let field = |name: &str| format!("subscriptions[{place}].{name}");
            let price = imported.price.as_deref();
            subscriptions.push(Imported {
                external_id: self::external_id(&field("external_id"), &imported.external_id)?,
                product: fields::name(&field("product"), &imported.product)?,
                plan: fields::name(&field("plan"), &imported.plan)?,
                region: fields::name(&field("region"), &imported.region)?,
                anchor: fields::parse_some(&field("anchor"), imported.anchor.as_deref())?,
                expires_at: fields::parse(&field("expires_at"), &imported.expires_at)?,
                period: fields::parse(&field("period"), &imported.period)?,
                mode: mode(&field("mode"), imported.mode.as_deref())?,
                price: price
                    .map(|price| fields::amount(&field("price"), price, currency))
                    .transpose()?,
            });
        }
        let claims = vec![
            self.claim(ClaimKind::Email, &profile.email),
            self.claim(ClaimKind::ExternalId, &external_id),
        ];
        let sidecar = vec![sealed(&profile)?];
        let command = Command::Import(Import { open, cash, subscriptions, held });
        Ok((id, Asked { command, sidecar, claims }))
    }

    /// The claim on an external id of the import.
    #[must_use]
    pub fn external_id_claim(&self, external_id: &str) -> Claim {
        self.claim(ClaimKind::ExternalId, external_id.trim())
    }

    fn claim(&self, kind: ClaimKind, text: &str) -> Claim {
        Claim { kind, hash: self.sealing.keyed_hash(kind.as_str(), text.as_bytes()) }
    }

    fn derived(&self, purpose: &str, text: &str) -> u64 {
        let hash = self.sealing.keyed_hash(purpose, text.as_bytes());
        hash.iter().take(8).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte))
    }

    fn opening(
        &self,
        account: AccountId,
        asked: &wire::OpenAccount,
        within: &str,
    ) -> Result<(Open, Profile), Problem> {
        let field = |name: &str| format!("{within}{name}");
        let profile = Profile {
            name: fields::line(&field("name"), &asked.name, TEXT_MAX)?,
            email: fields::email(&field("email"), &asked.email)?,
            address: fields::lines(&field("address"), &asked.address, ADDRESS_LINES_MAX, TEXT_MAX)?,
            tax_id: asked
                .tax_id
                .as_deref()
                .map(|tax_id| fields::line(&field("tax_id"), tax_id, TAX_ID_MAX))
                .transpose()?,
        };
        let terms = Terms {
            kind: fields::word(&field("kind"), &asked.kind)?,
            currency: fields::currency(&field("currency"), &asked.currency)?,
            country: asked
                .country
                .as_deref()
                .map(|country| fields::country(&field("country"), country))
                .transpose()?,
            zone: fields::parse_some(&field("time_zone"), asked.time_zone.as_deref())?
                .unwrap_or(self.config.time.billing_tz),
            language: asked.language.as_deref().map_or_else(
                || Ok(self.config.mail.language.clone()),
                |language| fields::language(&field("language"), language),
            )?,
        };
        Ok((Open { account, terms, profile: SealedRef(0) }, profile))
    }
}

fn sealed(profile: &Profile) -> Result<String, Problem> {
    serde_json::to_string(profile).map_err(Problem::broken)
}

/// A request to credit cash.
pub fn top_up(asked: &wire::TopUp) -> Result<Asked, Problem> {
    let reference = asked
        .reference
        .as_deref()
        .map(|reference| fields::line("reference", reference, TEXT_MAX))
        .transpose()?;
    let top_up = TopUp {
        amount: fields::money("amount", &asked.amount)?,
        method: fields::name("method", &asked.method)?,
        channel: fields::name("channel", asked.channel.as_deref().unwrap_or("operator"))?,
        reference: reference.as_ref().map(|_| SealedRef(0)),
    };
    let sidecar = reference.into_iter().collect();
    Ok(Asked { command: Command::TopUp(top_up), sidecar, claims: Vec::new() })
}

/// A request to choose the renewal mode.
pub fn set_renewal_mode(
    subscription: SubscriptionId,
    asked: &wire::SetRenewalMode,
) -> Result<Asked, Problem> {
    let command = Command::SetRenewalMode(SetRenewalMode {
        subscription,
        mode: fields::parse("mode", &asked.mode)?,
        period: fields::parse_some("period", asked.period.as_deref())?,
        muted: asked.muted,
    });
    Ok(command.into())
}

fn mode(field: &str, text: Option<&str>) -> Result<Mode, Problem> {
    Ok(fields::parse_some(field, text)?.unwrap_or_default())
}

fn external_id(field: &str, text: &str) -> Result<String, Problem> {
    fields::line(field, text, EXTERNAL_ID_MAX)
}

/// A subscription of this account: another's is not found here.
fn own_subscription(
    field: &str,
    account: AccountId,
    text: &str,
) -> Result<SubscriptionId, Problem> {
    let subscription: SubscriptionId = fields::parse(field, text)?;
    if subscription.account == account {
        Ok(subscription)
    } else {
        Err(Problem::from(Rejection::SubscriptionNotFound { subscription }).at(field))
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    use serde_json::{Value, json};

    use super::*;

    /// Hashes that everybody can compute.
    pub(super) struct Plain;

    impl Sealing for Plain {
        fn random_bits(&self) -> u64 {
            42
        }

        fn keyed_hash(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
            let mut hash = [0; 32];
            for (place, slot) in hash.iter_mut().enumerate() {
                let mut hasher = DefaultHasher::new();
                (place, purpose, text).hash(&mut hasher);
                [*slot, ..] = hasher.finish().to_be_bytes();
            }
            hash
        }
    }

    fn ada() -> Value {
        json!({
            "name": "Ada Ltd", "email": "ops@ada.example", "kind": "corporate", "country": "DE",
            "currency": "USD", "time_zone": "Europe/Berlin", "language": "en"
        })
    }

    fn open(body: Value, token: Option<&str>) -> Result<(AccountId, Asked), Problem> {
        let config = Config::default();
        let asked: wire::OpenAccount = serde_json::from_value(body).expect("a request");
        Door { sealing: &Plain, config: &config }.open(&asked, token)
    }

    fn import(line: &Value) -> Result<(AccountId, Asked), Problem> {
        let config = Config::default();
        let asked: wire::ImportLine = serde_json::from_value(line.clone()).expect("a request");
        Door { sealing: &Plain, config: &config }.import(&asked, true)
    }

    fn refused<T: std::fmt::Debug>(result: Result<T, Problem>) -> (&'static str, Value) {
        let problem = result.expect_err("refused");
        (problem.code(), problem.to_wire().values.remove("field").unwrap_or_default())
    }

    #[test]
    fn what_is_personal_does_not_reach_the_command() {
        let (id, asked) = open(ada(), None).expect("an account");
        assert_eq!(id, AccountId::from_bits(42));
        let command = serde_json::to_string(&asked.command).expect("JSON");
        assert!(!command.contains("Ada") && !command.contains("ada"), "{command}");
        assert_eq!(asked.sidecar, [r#"{"name":"Ada Ltd","email":"ops@ada.example"}"#]);
        assert_eq!(asked.claims.len(), 1);
    }

    #[test]
    fn two_spellings_of_an_address_are_one_claim() {
        let mut other = ada();
        other["email"] = " OPS@Ada.Example".into();
        let claims = |body| open(body, None).expect("an account").1.claims;
        assert_eq!(claims(ada()), claims(other));
    }

    #[test]
    fn the_same_token_meets_the_same_account() {
        let id = |token| open(ada(), Some(token)).expect("an account").0;
        assert_eq!(id("t-1"), id("t-1"));
        assert_ne!(id("t-1"), id("t-2"));
        assert_ne!(id("whmcs-812"), import(&line()).expect("an account").0);
    }

    #[test]
    fn what_is_not_said_is_the_house_s() {
        let body = json!({
            "name": "Bo", "email": "bo@x.example", "kind": "individual", "currency": "JPY"
        });
        let (_, asked) = open(body, None).expect("an account");
        let Command::Open(open) = asked.command else { panic!("{asked:?}") };
        assert_eq!((open.terms.zone.name(), open.terms.language.as_str()), ("UTC", "en"));
        assert_eq!(open.terms.country, None);
    }

    #[test]
    fn a_bad_field_is_named() {
        for (field, value, code) in [
            ("name", "  ", "InvalidField"),
            ("email", "ops@ada", "InvalidField"),
            ("kind", "company", "InvalidField"),
            ("country", "Germany", "InvalidField"),
            ("currency", "XXX", "UnknownCurrency"),
            ("time_zone", "Berlin", "InvalidField"),
            ("language", "english", "InvalidField"),
        ] {
            let mut body = ada();
            body[field] = value.into();
            assert_eq!(refused(open(body, None)), (code, field.into()));
        }
    }

    fn line() -> Value {
        json!({
            "external_id": "whmcs-812", "account": ada(), "cash": "120.00",
            "subscriptions": [{
                "external_id": "srv-9", "product": "ecs", "plan": "small",
                "region": "eu-central-1", "anchor": "2025-08-31T00:00:00Z",
                "expires_at": "2026-11-30T00:00:00Z", "period": "P1M", "mode": "AutoRenewal",
                "price": "12.00"
            }]
        })
    }

    #[test]
    fn a_line_of_an_import_claims_its_external_id() {
        let (id, asked) = import(&line()).expect("an account");
        assert_eq!(import(&line()).expect("an account").0, id, "the same line, the same account");
        let kinds: Vec<ClaimKind> = asked.claims.iter().map(|claim| claim.kind).collect();
        assert_eq!(kinds, [ClaimKind::Email, ClaimKind::ExternalId]);
        let config = Config::default();
        let door = Door { sealing: &Plain, config: &config };
        assert_eq!(asked.claims[1], door.external_id_claim("whmcs-812"));
        let Command::Import(import) = asked.command else { panic!("{asked:?}") };
        assert_eq!((import.held, import.open.account), (true, id));
        assert_eq!(import.cash.map(|cash| cash.to_string()).as_deref(), Some("120.00 USD"));
        assert_eq!(import.subscriptions[0].mode, Mode::AutoRenewal);
    }

    #[test]
    fn a_bad_field_of_a_line_is_named_by_its_path() {
        let mut bad = line();
        bad["account"]["email"] = "nobody".into();
        assert_eq!(refused(import(&bad)), ("InvalidField", "account.email".into()));
        let mut bad = line();
        bad["subscriptions"][0]["price"] = "1.234".into();
        assert_eq!(refused(import(&bad)), ("AmountTooPrecise", "subscriptions[0].price".into()));
    }

    #[test]
    fn a_reference_is_sealed() {
        let asked = json!({
            "amount": {"amount": "59.50", "currency": "USD"}, "method": "bank_transfer",
            "channel": "operator", "reference": "2026-118"
        });
        let mut asked: wire::TopUp = serde_json::from_value(asked).expect("a request");
        let passed = top_up(&asked).expect("a top-up");
        assert_eq!(passed.sidecar, ["2026-118"]);
        let Command::TopUp(command) = passed.command else { panic!("{passed:?}") };
        assert_eq!(command.reference, Some(SealedRef(0)));
        asked.reference = None;
        assert!(top_up(&asked).expect("a top-up").sidecar.is_empty());
    }

    #[test]
    fn an_order_is_for_a_new_subscription_or_for_one_of_this_account() {
        let account = AccountId::from_bits(7);
        let order = |body: Value| {
            let asked: wire::PlaceOrder = serde_json::from_value(body).expect("a request");
            place(account, &asked)
        };
        let body = json!({
            "kind": "new", "product": "ecs", "plan": "small", "region": "eu-central-1",
            "period": "P1M"
        });
        let passed = order(body).expect("an order");
        let Command::Purchase(purchase) = passed.command else { panic!("{passed:?}") };
        assert_eq!((purchase.renewal_mode, purchase.pay_now), (Mode::ManualRenewal, false));
        let renewal = |account: u64| {
            let subscription = SubscriptionId::new(AccountId::from_bits(account), 1);
            order(json!({"kind": "renew", "subscription": subscription, "period": "P1Y"}))
        };
        assert!(matches!(renewal(7).expect("an order").command, Command::Renew(_)));
        assert_eq!(refused(renewal(8)), ("SubscriptionNotFound", "subscription".into()));
    }
}
