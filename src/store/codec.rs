//! How typed things become column values and come back. What does not read back is
//! [`StoreError::Corrupt`]: a database that holds it cannot be trusted.

use std::fmt::Display;

use chrono::{DateTime, NaiveDateTime};
use serde::de::DeserializeOwned;

use super::{Channel, ClaimKind, DeliveryState, Digest, ErasureStage, StoreError};
use crate::domain::agenda::Job;
use crate::domain::calendar::Timestamp;
use crate::domain::effects::Topic;
use crate::domain::ids::{AccountId, DocumentKind, StreamId};
use crate::domain::money::{Currency, Money};
use crate::domain::nouns::closure::Stage;
use crate::domain::nouns::coupon;
use crate::domain::nouns::order::{self, CancelReason, FailReason, Order};
use crate::domain::nouns::resource;
use crate::domain::nouns::statement::{self, BillLine, Document, ItemType};
use crate::domain::nouns::subscription::{self, Mode};
use crate::domain::nouns::withdrawal;
use crate::domain::price::Item;
use crate::domain::usage::UsageKey;

/// What the first record of a stream is digested after.
pub const GENESIS: Digest = [0; 32];

/// Runs of each scheduler that are kept.
pub const RUNS_KEPT: u32 = 1_000;

/// Rows that one chore forgets at the most, the oldest first, so that none holds up the writer;
/// the next one goes on.
pub const FORGOTTEN_MAX: u32 = 10_000;

/// Stands for "no instant": outside of everything that [`Timestamp`] can say.
pub(super) const NO_INSTANT: i64 = i64::MAX;

/// Stands for "none" where a number inside an account is stored, or an amount that is never below
/// zero.
pub(super) const NO_NUMBER: i64 = -1;

/// The digest of a record: SHA-256 over its predecessor's digest and its stored bytes.
#[must_use]
pub fn digest(previous: &Digest, body: &str) -> Digest {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(previous);
    context.update(body.as_bytes());
    let mut digest = GENESIS;
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

/// What a report of usage is known by: the first half of SHA-256 over its meter, its source and
/// its event id, each behind its length, so that no two of them can be cut differently (D34).
#[must_use]
pub fn report_key(meter: &str, source: &str, event: &str) -> UsageKey {
    let mut key = [0; 16];
    key.copy_from_slice(&hash_of(&[meter, source, event])[..16]);
    UsageKey(key)
}

/// What stands for a value where a meter counts different ones.
#[must_use]
pub fn value_hash(value: &str) -> u64 {
    hash_of(&[value]).iter().take(8).fold(0, |bits, byte| (bits << 8) | u64::from(*byte))
}

fn hash_of(texts: &[&str]) -> Digest {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for text in texts {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    let mut hash = GENESIS;
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The text of a topic; empty for none.
#[must_use]
pub fn topic(topic: Topic) -> String {
    match topic {
        Topic::None => String::new(),
        Topic::Reminders(id) => format!("reminders:{id}"),
        Topic::Losses(id) => format!("losses:{id}"),
        Topic::Order(id) => format!("order:{id}"),
        Topic::Coupon(id) => format!("coupon:{id}"),
        Topic::Closure => "closure".to_owned(),
        Topic::Debt => "debt".to_owned(),
        Topic::LowBalance => "low_balance".to_owned(),
    }
}

/// What the summary of an account says that is being closed: at this stage, or at any.
#[must_use]
pub(super) fn at_stage(stage: Option<Stage>) -> String {
    let word = stage.map_or(String::new(), |stage| format!("{}\"", stage.as_str()));
    format!("\"closure\":{{\"stage\":\"{word}")
}

/// The error for a value that cannot be true.
pub(super) fn corrupt(what: impl Display) -> StoreError {
    StoreError::Corrupt(what.to_string())
}

/// A count or a record's number. The gate lets none through that a column cannot hold.
pub(super) fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count or a record's number, read back.
pub(super) fn natural<T: TryFrom<i64>>(value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| corrupt(format_args!("{value} is no count")))
}

/// An instant, read back.
pub(super) fn instant(micros: i64) -> Result<Timestamp, StoreError> {
    let at = Timestamp::from_micros(micros);
    if at.micros() == micros {
        Ok(at)
    } else {
        Err(corrupt(format_args!("{micros} is no instant of whole seconds")))
    }
}

/// An instant or none.
pub(super) fn micros(at: Option<Timestamp>) -> i64 {
    at.map_or(NO_INSTANT, Timestamp::micros)
}

/// An instant or none, read back.
pub(super) fn some_instant(micros: i64) -> Result<Option<Timestamp>, StoreError> {
    if micros == NO_INSTANT { Ok(None) } else { instant(micros).map(Some) }
}

/// A local date and time.
pub(super) fn local_micros(local: NaiveDateTime) -> i64 {
    local.and_utc().timestamp_micros()
}

/// A local date and time, read back.
pub(super) fn local(micros: i64) -> Result<NaiveDateTime, StoreError> {
    DateTime::from_timestamp_micros(micros)
        .map(|at| at.naive_utc())
        .ok_or_else(|| corrupt(format_args!("{micros} is no local time")))
}

/// A number inside an account, or none.
pub(super) fn number(number: Option<u32>) -> i64 {
    number.map_or(NO_NUMBER, i64::from)
}

/// A number inside an account or none, read back.
pub(super) fn some_number(value: i64) -> Result<Option<u32>, StoreError> {
    if value == NO_NUMBER { Ok(None) } else { natural(value).map(Some) }
}

/// Yes or no, read back.
pub(super) fn flag(value: i64) -> Result<bool, StoreError> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(corrupt(format_args!("{other} is neither yes nor no"))),
    }
}

/// Thirty-two bytes, read back.
pub(super) fn hash(bytes: &[u8]) -> Result<Digest, StoreError> {
    bytes.try_into().map_err(|_| corrupt(format_args!("a digest of {} bytes", bytes.len())))
}

/// A text that something was written as, read back.
pub(super) fn parsed<T>(text: &str) -> Result<T, StoreError>
where
    T: std::str::FromStr<Err: Display>,
{
    text.parse().map_err(corrupt)
}

/// A text that something was written as, or an empty one for none, read back.
pub(super) fn some_parsed<T>(text: &str) -> Result<Option<T>, StoreError>
where
    T: std::str::FromStr<Err: Display>,
{
    if text.is_empty() { Ok(None) } else { parsed(text).map(Some) }
}

/// An optional text: an empty one is none.
pub(super) fn text(text: Option<&str>) -> &str {
    text.unwrap_or_default()
}

/// An optional text, read back.
pub(super) fn some_text(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Money, read back.
pub(super) fn money(minor: i64, currency: &str) -> Result<Money, StoreError> {
    Ok(Money::from_minor(minor, parsed(currency)?))
}

/// An amount that is never below zero, or none.
pub(super) fn minor(amount: Option<Money>) -> i64 {
    amount.map_or(NO_NUMBER, Money::minor)
}

/// An amount or none, read back.
pub(super) fn some_money(minor: i64, currency: Currency) -> Option<Money> {
    (minor != NO_NUMBER).then(|| Money::from_minor(minor, currency))
}

/// Something that was written as JSON, read back.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(corrupt)
}

/// A sum of many amounts.
pub(super) fn sum(minor: i128, currency: Currency, what: &str) -> Result<Money, StoreError> {
    i64::try_from(minor)
        .map(|minor| Money::from_minor(minor, currency))
        .map_err(|_| corrupt(format_args!("{what} comes to {minor} minor units of {currency}")))
}

/// The account of a stream, where only accounts can be.
pub(super) fn account(stream: StreamId) -> Result<AccountId, StoreError> {
    match stream {
        StreamId::Account(id) => Ok(id),
        StreamId::House | StreamId::Campaign(_) | StreamId::Series(_) => {
            Err(corrupt(format_args!("{stream} where an account must be")))
        }
    }
}

fn word<T: Copy>(all: &[T], as_str: fn(T) -> &'static str, text: &str) -> Result<T, StoreError> {
    all.iter()
        .copied()
        .find(|&one| as_str(one) == text)
        .ok_or_else(|| corrupt(format_args!("{text:?} is no word for it")))
}

/// What a claim is on, read back.
pub(super) fn claim_kind(text: &str) -> Result<ClaimKind, StoreError> {
    word(&[ClaimKind::Email, ClaimKind::ExternalId, ClaimKind::Code], ClaimKind::as_str, text)
}

/// The stage of an erasure, read back.
pub(super) fn stage(text: &str) -> Result<ErasureStage, StoreError> {
    word(&ErasureStage::ALL, ErasureStage::as_str, text)
}

/// A channel, read back.
pub(super) fn channel(text: &str) -> Result<Channel, StoreError> {
    word(&[Channel::Mail, Channel::Webhook, Channel::Tell], Channel::as_str, text)
}

/// A delivery's state, read back.
pub(super) fn delivery_state(text: &str) -> Result<DeliveryState, StoreError> {
    use DeliveryState::{Dead, Sent, Void, Waiting};
    word(&[Waiting, Sent, Void, Dead], DeliveryState::as_str, text)
}

/// A scheduler, read back.
pub(super) fn job(text: &str) -> Result<Job, StoreError> {
    parsed(text)
}

/// A subscription's state, read back.
pub(super) fn subscription_state(text: &str) -> Result<subscription::State, StoreError> {
    word(&subscription::State::ALL, subscription::State::as_str, text)
}

/// A way of renewal, read back. Aliases are for people: they are never stored.
pub(super) fn mode(text: &str) -> Result<Mode, StoreError> {
    word(&[Mode::AutoRenewal, Mode::ManualRenewal, Mode::NotRenewal], Mode::as_str, text)
}

/// An order's state, read back.
pub(super) fn order_state(text: &str) -> Result<order::State, StoreError> {
    word(&order::State::ALL, order::State::as_str, text)
}

/// What an order is for, read back.
pub(super) fn order_kind(text: &str) -> Result<order::Kind, StoreError> {
    word(&order::Kind::ALL, order::Kind::as_str, text)
}

/// Why an order was cancelled, or nothing.
pub(super) fn reason(reason: Option<CancelReason>) -> &'static str {
    reason.map_or("", CancelReason::as_str)
}

/// Why an order was cancelled, read back.
pub(super) fn some_reason(text: &str) -> Result<Option<CancelReason>, StoreError> {
    use CancelReason::{Released, Requested, TimedOut};
    if text.is_empty() {
        return Ok(None);
    }
    word(&[Requested, TimedOut, Released], CancelReason::as_str, text).map(Some)
}

/// Why an order failed, or nothing, and the words of whoever said so.
pub(super) fn failure(reason: Option<&FailReason>) -> (&'static str, &str) {
    let detail = match reason {
        Some(FailReason::Reported { detail }) => detail.as_deref(),
        Some(FailReason::TimedOut) | None => None,
    };
    (reason.map_or("", FailReason::as_str), text(detail))
}

/// Why an order failed, read back.
pub(super) fn some_failure(text: &str, detail: String) -> Result<Option<FailReason>, StoreError> {
    let reasons = [FailReason::Reported { detail: some_text(detail) }, FailReason::TimedOut];
    let known = text.is_empty() || reasons.iter().any(|reason| reason.as_str() == text);
    if known {
        Ok(reasons.into_iter().find(|reason| reason.as_str() == text))
    } else {
        Err(corrupt(format_args!("{text:?} is no word for it")))
    }
}

/// Makes of an order what can be stored of it: an empty text is none.
pub(super) fn storable(order: &mut Order) {
    order.from_plan = order.from_plan.take().filter(|plan| !plan.is_empty());
    if let Some(FailReason::Reported { detail }) = &mut order.failed_for {
        *detail = detail.take().filter(|detail| !detail.is_empty());
    }
}

/// What a bill line is, read back.
pub(super) fn item_type(text: &str) -> Result<ItemType, StoreError> {
    word(&ItemType::ALL, ItemType::as_str, text)
}

/// Where a closed month stands, read back.
pub(super) fn statement_state(text: &str) -> Result<statement::State, StoreError> {
    word(&statement::State::ALL, statement::State::as_str, text)
}

/// Where a withdrawal stands, read back.
pub(super) fn withdrawal_state(text: &str) -> Result<withdrawal::State, StoreError> {
    use withdrawal::State;
    word(&[State::Requested, State::Paid, State::Failed], State::as_str, text)
}

/// What a document is, read back.
pub(super) fn document_kind(text: &str) -> Result<DocumentKind, StoreError> {
    word(&[DocumentKind::Invoice, DocumentKind::CreditNote], DocumentKind::as_str, text)
}

/// The line of an order: a word, and the days that it counts.
pub(super) fn item(item: Item) -> (&'static str, Option<u32>) {
    match item {
        Item::Period => ("period", None),
        Item::Days(days) => ("days", Some(days.into())),
        Item::Upgrade => ("upgrade", None),
        Item::Refund => ("refund", None),
    }
}

/// The line of an order, read back.
pub(super) fn some_item(text: &str, days: i64) -> Result<Item, StoreError> {
    let days = some_number(days)?.map(|days| natural(days.into())).transpose()?;
    match (text, days) {
        ("period", None) => Ok(Item::Period),
        ("days", Some(days)) => Ok(Item::Days(days)),
        ("upgrade", None) => Ok(Item::Upgrade),
        ("refund", None) => Ok(Item::Refund),
        (text, _) => Err(corrupt(format_args!("{text:?} is no line of an order"))),
    }
}

/// Makes of a bill line what can be stored of it: an empty text is none.
pub(super) fn storable_line(line: &mut BillLine) {
    line.external_id = line.external_id.take().filter(|text| !text.is_empty());
}

/// What a report of usage is known by, read back.
pub(super) fn usage_key(bytes: &[u8]) -> Result<UsageKey, StoreError> {
    let key = bytes.try_into().map(UsageKey);
    key.map_err(|_| corrupt(format_args!("a usage key of {} bytes", bytes.len())))
}

/// What a report of usage counted, read back: nothing, or eight bytes.
pub(super) fn usage_value(bytes: &[u8]) -> Result<Option<u64>, StoreError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let value = bytes.try_into().map(u64::from_be_bytes).map(Some);
    value.map_err(|_| corrupt(format_args!("a counted value of {} bytes", bytes.len())))
}

/// Whether a resource runs, read back.
pub(super) fn resource_state(text: &str) -> Result<resource::State, StoreError> {
    word(&resource::State::ALL, resource::State::as_str, text)
}

/// What was paid later of a month, as it can be stored: an amount of nothing is none.
pub(super) fn repaid(amount: Option<Money>) -> Option<Money> {
    amount.filter(|amount| !amount.is_zero())
}

/// Makes of a document what can be stored of it: an empty text is none.
pub(super) fn storable_document(document: &mut Document) {
    document.number = document.number.take().filter(|number| !number.is_empty());
}

/// A coupon's state, read back.
pub(super) fn coupon_state(text: &str) -> Result<coupon::State, StoreError> {
    use coupon::State::{Available, Cancelled, Expired, Frozen, NotEffective, Used};
    let all = [NotEffective, Available, Frozen, Used, Expired, Cancelled];
    word(&all, coupon::State::as_str, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{OrderId, SubscriptionId};

    #[test]
    fn a_state_reads_back_as_it_was_written() {
        for state in subscription::State::ALL {
            assert_eq!(subscription_state(state.as_str()).ok(), Some(state));
        }
        for state in order::State::ALL {
            assert_eq!(order_state(state.as_str()).ok(), Some(state));
        }
        assert!(matches!(subscription_state("Lost"), Err(StoreError::Corrupt(_))));
    }

    #[test]
    fn a_report_is_known_by_its_meter_source_and_id() {
        let key = report_key("traffic", "dc1", "7");
        assert_eq!(key, report_key("traffic", "dc1", "7"));
        for other in [
            report_key("traffic", "dc17", ""),
            report_key("traffic", "dc", "17"),
            report_key("trafficdc1", "", "7"),
            report_key("traffic", "7", "dc1"),
        ] {
            assert_ne!(key, other);
        }
        // They are kept: a change of the hash would count everything again.
        assert_eq!(key.to_string(), "A15Ui3Li_bQkmzbIkSrPob");
        assert_eq!(value_hash("10.0.0.1"), 4_117_711_132_551_851_645);
        assert_ne!(value_hash("a"), value_hash("b"));
    }

    #[test]
    fn a_digest_covers_its_predecessor_and_every_byte() {
        let first = digest(&GENESIS, "{}");
        assert_ne!(first, digest(&GENESIS, "{} "));
        assert_ne!(digest(&first, "{}"), first);
        let hex: String = first.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "fb1634c4e6cd4b1f1afe3ce2d6ef080f7ac5d1f357d723ad4dfca782733b62db");
    }

    #[test]
    fn a_topic_names_what_it_is_about() {
        let account = AccountId::from_bits(7);
        assert_eq!(topic(Topic::None), "");
        assert_eq!(
            topic(Topic::Reminders(SubscriptionId::new(account, 4))),
            "reminders:sub_0000000007_4"
        );
        assert_eq!(
            topic(Topic::Losses(SubscriptionId::new(account, 4))),
            "losses:sub_0000000007_4"
        );
        assert_eq!(topic(Topic::Order(OrderId::new(account, 9))), "order:ord_0000000007_9");
    }

    #[test]
    fn nonsense_does_not_read_back() {
        assert!(instant(1).is_err(), "instants are whole seconds");
        assert!(instant(i64::MAX).is_err(), "none is not an instant");
        assert_eq!(some_instant(NO_INSTANT).ok(), Some(None));
        assert!(flag(2).is_err());
        assert!(hash(&[1, 2, 3]).is_err());
        assert!(mode("Normal").is_err(), "an alias is never stored");
        assert!(natural::<u32>(-1).is_err());
        assert!(money(1, "XXQ").is_err());
    }
}
