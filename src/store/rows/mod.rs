//! The tables row by row: for each its columns, how a row is bound, and how it is read back, in
//! the same order. All databases have the same columns; what they are asked stands with each.

pub(super) mod beside;
pub(super) mod bills;
pub(super) mod nouns;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::domain::calendar::{Course, Timestamp};
use crate::domain::ids::{AccountId, CouponId, OrderId, StreamId, SubscriptionId};
use crate::domain::money::{Currency, Money};
use crate::domain::nouns::coupon::{Benefit, Coupon};
use crate::domain::nouns::order::Order;
use crate::domain::price::{Applied, Line, Tax};
use crate::domain::rows::{CouponRow, CoverageRow, PaidRow, SubscriptionRow};
use crate::store::{
    Delivery, Head, JobRun, LedgerRow, Loaded, OutboxRow, SealedRow, Snapshot, StoreError,
    StoredRecord, TokenRow, codec,
};

/// The values of rows, in the order of their columns.
pub(super) trait Values {
    /// One more number.
    fn int(&mut self, value: impl Into<i64>) -> &mut Self;

    /// One more yes or no.
    fn flag(&mut self, value: bool) -> &mut Self;

    /// One more text.
    fn text(&mut self, value: &str) -> &mut Self;

    /// One more blob.
    fn blob(&mut self, value: &[u8]) -> &mut Self;

    /// One more text: the JSON of what is not asked for in SQL.
    fn json(&mut self, value: &impl Serialize) -> &mut Self;
}

/// A row that is read column by column.
pub(super) trait Columns<'r> {
    fn int(&mut self) -> Result<i64, StoreError>;

    fn flag(&mut self) -> Result<bool, StoreError>;

    fn str(&mut self) -> Result<&'r str, StoreError>;

    fn blob(&mut self) -> Result<&'r [u8], StoreError>;

    fn natural<T: TryFrom<i64>>(&mut self) -> Result<T, StoreError> {
        codec::natural(self.int()?)
    }

    fn at(&mut self) -> Result<Timestamp, StoreError> {
        codec::instant(self.int()?)
    }

    fn string(&mut self) -> Result<String, StoreError> {
        self.str().map(str::to_owned)
    }

    fn stream(&mut self) -> Result<StreamId, StoreError> {
        codec::parsed(self.str()?)
    }
}

/// Of `streams`, without the columns of parking.
pub(in crate::store) const HEAD: &str =
    "stream, seq, at, digest, due_at, due_job, rules_version, summary";

pub(in crate::store) fn bind_head(values: &mut impl Values, stream: &str, head: &Head) {
    values
        .text(stream)
        .int(codec::whole(head.seq))
        .int(head.at.micros())
        .blob(&head.digest)
        .int(head.due_at.micros())
        .text(head.due_job.as_str())
        .int(head.rules_version)
        .text(&head.summary);
}

pub(in crate::store) fn head<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<(StreamId, Head), StoreError> {
    let stream = columns.stream()?;
    let head = Head {
        seq: columns.natural()?,
        at: columns.at()?,
        digest: codec::hash(columns.blob()?)?,
        due_at: columns.at()?,
        due_job: codec::job(columns.str()?)?,
        rules_version: columns.natural()?,
        summary: columns.string()?,
    };
    Ok((stream, head))
}

/// Of `streams` beside those of their `snapshots`: a stream as it is loaded, in one row, so that it
/// is of one moment, and few values are handed from thread to thread.
pub(in crate::store) const LOADED: &str = "streams.stream, streams.seq, streams.at, streams.digest, streams.due_at, \
     streams.due_job, streams.rules_version, streams.summary, \
     streams.parked_at, streams.parked_reason, \
     COALESCE(snapshots.seq, 0), COALESCE(snapshots.body, ''), \
     COALESCE((SELECT STRING_AGG(journal.body, '\n' ORDER BY journal.seq) FROM journal \
     WHERE journal.stream = streams.stream AND journal.seq > COALESCE(snapshots.seq, 0)), '')";

pub(in crate::store) fn loaded<'r>(
    columns: &mut impl Columns<'r>,
    build: &str,
) -> Result<(StreamId, Loaded), StoreError> {
    let (stream, head) = self::head(columns)?;
    let parked_at = codec::some_instant(columns.int()?)?;
    let reason = columns.str()?;
    let parked = parked_at.map(|_| reason.to_owned());
    let (seq, body) = (columns.natural()?, columns.str()?);
    let snapshot =
        (seq > 0).then(|| Snapshot { seq, build: build.to_owned(), body: body.to_owned() });
    Ok((stream, Loaded { head, snapshot, tail: columns.string()?, parked }))
}

/// Of `journal`.
pub(in crate::store) const RECORD: &str = "stream, seq, at, digest, body";

pub(in crate::store) fn bind_record(values: &mut impl Values, stream: &str, record: &StoredRecord) {
    values
        .text(stream)
        .int(codec::whole(record.seq))
        .int(record.at.micros())
        .blob(&record.digest)
        .text(&record.body);
}

pub(in crate::store) fn record<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<(StreamId, StoredRecord), StoreError> {
    let stream = columns.stream()?;
    let seq = columns.natural()?;
    let at = columns.at()?;
    let digest = codec::hash(columns.blob()?)?;
    Ok((stream, StoredRecord { seq, at, body: columns.string()?, digest }))
}

/// Of `snapshots`.
pub(in crate::store) const SNAPSHOT: &str = "stream, seq, build, body";

pub(in crate::store) fn bind_snapshot(values: &mut impl Values, stream: &str, snapshot: &Snapshot) {
    values.text(stream).int(codec::whole(snapshot.seq)).text(&snapshot.build).text(&snapshot.body);
}

/// Of `tokens`.
pub(in crate::store) const TOKEN: &str = "stream, token, fingerprint, seq, at, answer";

pub(in crate::store) fn bind_token(values: &mut impl Values, stream: &str, token: &TokenRow) {
    values
        .text(stream)
        .text(&token.token)
        .blob(&token.fingerprint)
        .int(codec::whole(token.seq))
        .int(token.at.micros())
        .text(&token.answer);
}

pub(in crate::store) fn token<'r>(columns: &mut impl Columns<'r>) -> Result<TokenRow, StoreError> {
    columns.str()?;
    Ok(TokenRow {
        token: columns.string()?,
        fingerprint: codec::hash(columns.blob()?)?,
        seq: columns.natural()?,
        at: columns.at()?,
        answer: columns.string()?,
    })
}

/// Of `sealed`.
pub(in crate::store) const SEALED: &str = "stream, number, sealed";

pub(in crate::store) fn bind_sealed(values: &mut impl Values, stream: &str, row: &SealedRow) {
    values.text(stream).int(row.number).blob(&row.sealed);
}

pub(in crate::store) fn sealed<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<SealedRow, StoreError> {
    columns.str()?;
    Ok(SealedRow { number: columns.natural()?, sealed: columns.blob()?.to_vec() })
}

/// Of `subscriptions`.
pub(in crate::store) const SUBSCRIPTION: &str = "stream, number, external_id, product, plan, region, zone, \
    state, mode, auto_period, muted, open_order, period_no, period, anchor, months_from_anchor, \
    weeks_from_anchor, started_at, expires_at, suspends_at, releases_at, price_minor, currency";

pub(in crate::store) fn bind_subscription(
    values: &mut impl Values,
    stream: &str,
    row: &SubscriptionRow,
) {
    values
        .text(stream)
        .int(row.id.number)
        .text(codec::text(row.external_id.as_deref()))
        .text(&row.product)
        .text(&row.plan)
        .text(&row.region)
        .text(row.zone.name())
        .text(row.state.as_str())
        .text(row.mode.as_str())
        .text(&row.auto_period.map(|period| period.to_string()).unwrap_or_default())
        .flag(row.muted)
        .int(codec::number(row.open_order.map(|order| order.number)));
    match &row.paid {
        Some(paid) => values
            .int(paid.period_no)
            .text(&paid.period.to_string())
            .int(codec::local_micros(paid.course.anchor))
            .int(paid.course.months_from_anchor)
            .int(paid.course.weeks_from_anchor)
            .int(paid.started_at.micros())
            .int(paid.expires_at.micros())
            .int(paid.suspends_at.micros())
            .int(paid.releases_at.micros())
            .int(paid.price.minor())
            .text(paid.price.currency().code()),
        None => values
            .int(codec::NO_NUMBER)
            .text("")
            .int(codec::NO_INSTANT)
            .int(codec::NO_NUMBER)
            .int(codec::NO_NUMBER)
            .int(codec::NO_INSTANT)
            .int(Timestamp::MAX.micros())
            .int(codec::NO_INSTANT)
            .int(codec::NO_INSTANT)
            .int(0)
            .text(""),
    };
}

pub(in crate::store) fn subscription<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<SubscriptionRow, StoreError> {
    let account = codec::account(columns.stream()?)?;
    Ok(SubscriptionRow {
        id: SubscriptionId::new(account, columns.natural()?),
        external_id: codec::some_text(columns.string()?),
        product: columns.string()?,
        plan: columns.string()?,
        region: columns.string()?,
        zone: codec::parsed(columns.str()?)?,
        state: codec::subscription_state(columns.str()?)?,
        mode: codec::mode(columns.str()?)?,
        auto_period: codec::some_parsed(columns.str()?)?,
        muted: columns.flag()?,
        open_order: codec::some_number(columns.int()?)?.map(|number| OrderId::new(account, number)),
        paid: paid(columns)?,
    })
}

fn paid<'r>(columns: &mut impl Columns<'r>) -> Result<Option<PaidRow>, StoreError> {
    let period_no = columns.int()?;
    let Some(period) = codec::some_parsed(columns.str()?)? else { return Ok(None) };
    let course = Course {
        anchor: codec::local(columns.int()?)?,
        months_from_anchor: columns.natural()?,
        weeks_from_anchor: columns.natural()?,
    };
    Ok(Some(PaidRow {
        period_no: codec::natural(period_no)?,
        period,
        course,
        started_at: columns.at()?,
        expires_at: columns.at()?,
        suspends_at: columns.at()?,
        releases_at: columns.at()?,
        price: codec::money(columns.int()?, columns.str()?)?,
    }))
}

/// Of `orders`.
pub(in crate::store) const ORDER: &str = "stream, number, kind, subscription, product, plan, from_plan, \
    period, period_no, starts_at, ends_at, aligned_to, until, list_minor, discount_minor, coupon, \
    coupon_minor, tax_name, tax_rate, tax_inclusive, tax_minor, lines, payable_minor, \
    refund_minor, refund_of, currency, rules_version, automatic, created_at, deadline, state, \
    warned, paid_at, deliver_until, closed_at, cancelled_for, failed_for, failed_detail";

pub(in crate::store) fn bind_order(values: &mut impl Values, stream: &str, order: &Order) {
    values
        .text(stream)
        .int(order.id.number)
        .text(order.kind.as_str())
        .int(order.subscription.number)
        .text(&order.product)
        .text(&order.plan)
        .text(codec::text(order.from_plan.as_deref()))
        .text(&order.period.to_string())
        .int(order.period_no)
        .int(codec::micros(order.starts_at))
        .int(codec::micros(order.ends_at))
        .int(codec::micros(order.aligned_to))
        .int(codec::micros(order.until))
        .int(order.list.minor())
        .int(codec::minor(order.discount))
        .int(codec::number(order.coupon.map(|coupon| coupon.id.number)))
        .int(order.coupon.map_or(0, |coupon| coupon.amount.minor()));
    match &order.tax {
        Some(tax) => values
            .text(&tax.name)
            .text(&tax.rate.to_string())
            .flag(tax.inclusive)
            .int(tax.amount.minor()),
        None => values.text("").text("").flag(false).int(0),
    };
    if order.lines.is_empty() {
        values.text("");
    } else {
        values.json(&order.lines);
    }
    let (failed_for, failed_detail) = codec::failure(order.failed_for.as_ref());
    values
        .int(order.payable.minor())
        .int(codec::minor(order.refund))
        .int(codec::number(order.refund_of.map(|order| order.number)))
        .text(order.payable.currency().code())
        .int(order.rules_version)
        .flag(order.automatic)
        .int(order.created_at.micros())
        .int(order.deadline.micros())
        .text(order.state.as_str())
        .flag(order.warned)
        .int(codec::micros(order.paid_at))
        .int(codec::micros(order.deliver_until))
        .int(codec::micros(order.closed_at))
        .text(codec::reason(order.cancelled_for))
        .text(failed_for)
        .text(failed_detail);
}

/// What an order says in numbers, until its currency is read.
struct Amounts {
    list: i64,
    discount: i64,
    coupon: Option<(CouponId, i64)>,
    tax: Option<(String, Decimal, bool, i64)>,
    lines: Vec<Line>,
    payable: i64,
    refund: i64,
}

pub(in crate::store) fn order<'r>(columns: &mut impl Columns<'r>) -> Result<Order, StoreError> {
    let account = codec::account(columns.stream()?)?;
    let id = OrderId::new(account, columns.natural()?);
    let kind = codec::order_kind(columns.str()?)?;
    let subscription = SubscriptionId::new(account, columns.natural()?);
    let product = columns.string()?;
    let plan = columns.string()?;
    let from_plan = codec::some_text(columns.string()?);
    let period = codec::parsed(columns.str()?)?;
    let period_no = columns.natural()?;
    let starts_at = codec::some_instant(columns.int()?)?;
    let ends_at = codec::some_instant(columns.int()?)?;
    let aligned_to = codec::some_instant(columns.int()?)?;
    let until = codec::some_instant(columns.int()?)?;
    let amounts = amounts(columns, account)?;
    let refund_of = codec::some_number(columns.int()?)?.map(|number| OrderId::new(account, number));
    let currency: Currency = codec::parsed(columns.str()?)?;
    let money = |minor| Money::from_minor(minor, currency);
    Ok(Order {
        id,
        kind,
        subscription,
        product,
        plan,
        from_plan,
        period,
        period_no,
        starts_at,
        ends_at,
        aligned_to,
        until,
        list: money(amounts.list),
        discount: codec::some_money(amounts.discount, currency),
        coupon: amounts.coupon.map(|(id, minor)| Applied { id, amount: money(minor) }),
        tax: amounts.tax.map(|(name, rate, inclusive, minor)| Tax {
            name,
            rate,
            inclusive,
            amount: money(minor),
        }),
        lines: amounts.lines,
        payable: money(amounts.payable),
        refund: codec::some_money(amounts.refund, currency),
        refund_of,
        rules_version: columns.natural()?,
        automatic: columns.flag()?,
        created_at: columns.at()?,
        deadline: columns.at()?,
        state: codec::order_state(columns.str()?)?,
        warned: columns.flag()?,
        paid_at: codec::some_instant(columns.int()?)?,
        deliver_until: codec::some_instant(columns.int()?)?,
        closed_at: codec::some_instant(columns.int()?)?,
        cancelled_for: codec::some_reason(columns.str()?)?,
        failed_for: codec::some_failure(columns.str()?, columns.string()?)?,
    })
}

fn amounts<'r>(columns: &mut impl Columns<'r>, account: AccountId) -> Result<Amounts, StoreError> {
    let (list, discount) = (columns.int()?, columns.int()?);
    let coupon = codec::some_number(columns.int()?)?.map(|number| CouponId::new(account, number));
    let coupon_minor = columns.int()?;
    let (name, rate) = (columns.string()?, codec::some_parsed(columns.str()?)?);
    let (inclusive, tax_minor) = (columns.flag()?, columns.int()?);
    let lines = columns.str()?;
    Ok(Amounts {
        list,
        discount,
        coupon: coupon.map(|id| (id, coupon_minor)),
        tax: rate.map(|rate| (name, rate, inclusive, tax_minor)),
        lines: if lines.is_empty() { Vec::new() } else { codec::from_json(lines)? },
        payable: columns.int()?,
        refund: columns.int()?,
    })
}

/// Of `coupons`.
pub(in crate::store) const COUPON: &str = "stream, number, campaign, again_for, description, type, benefit, \
    nominal_minor, balance_minor, currency, scope, granted_at, effective_at, expires_at, state, \
    frozen_by, frozen_at, held_until, reminded";

pub(in crate::store) fn bind_coupon(values: &mut impl Values, stream: &str, row: &CouponRow) {
    let coupon = &row.coupon;
    values
        .text(stream)
        .int(coupon.id.number)
        .text(&coupon.campaign.map(|id| id.to_string()).unwrap_or_default())
        .int(codec::number(coupon.again_for.map(|id| id.number)))
        .text(&coupon.description)
        .text(coupon.benefit.as_str())
        .json(&coupon.benefit)
        .int(codec::minor(coupon.benefit.nominal()))
        .int(codec::minor(coupon.balance))
        .text(coupon.benefit.currency().map_or("", Currency::code))
        .json(&coupon.scope)
        .int(coupon.granted_at.micros())
        .int(coupon.effective_at.micros())
        .int(coupon.expires_at.micros())
        .text(coupon.state.as_str())
        .int(codec::number(coupon.order.map(|id| id.number)))
        .int(codec::micros(coupon.frozen_at))
        .int(codec::micros(row.held_until))
        .flag(coupon.reminded);
}

pub(in crate::store) fn coupon<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<CouponRow, StoreError> {
    let account = codec::account(columns.stream()?)?;
    let id = CouponId::new(account, columns.natural()?);
    let campaign = codec::some_parsed(columns.str()?)?;
    let again_for = codec::some_number(columns.int()?)?;
    let description = columns.string()?;
    let kind = columns.str()?;
    let benefit: Benefit = codec::from_json(columns.str()?)?;
    let (nominal, balance) = (columns.int()?, columns.int()?);
    let currency: Option<Currency> = codec::some_parsed(columns.str()?)?;
    let meant = (benefit.as_str(), codec::minor(benefit.nominal()), benefit.currency());
    if meant != (kind, nominal, currency) {
        return Err(codec::corrupt(format_args!("{id} is worth something else than it says")));
    }
    let coupon = Coupon {
        id,
        campaign,
        again_for: again_for.map(|number| CouponId::new(account, number)),
        description,
        benefit,
        balance: currency.and_then(|currency| codec::some_money(balance, currency)),
        scope: codec::from_json(columns.str()?)?,
        granted_at: columns.at()?,
        effective_at: columns.at()?,
        expires_at: columns.at()?,
        state: codec::coupon_state(columns.str()?)?,
        order: codec::some_number(columns.int()?)?.map(|number| OrderId::new(account, number)),
        frozen_at: codec::some_instant(columns.int()?)?,
        reminded: false,
    };
    let held_until = codec::some_instant(columns.int()?)?;
    let reminded = columns.flag()?;
    Ok(CouponRow { coupon: Coupon { reminded, ..coupon }, held_until })
}

/// Of `coverages`.
pub(in crate::store) const COVERAGE: &str =
    "starts_at, stream, number, ends_at, product, revenue_minor, currency";

pub(in crate::store) fn bind_coverage(values: &mut impl Values, stream: &str, row: &CoverageRow) {
    values
        .int(row.starts_at.micros())
        .text(stream)
        .int(row.order.number)
        .int(row.ends_at.micros())
        .text(&row.product)
        .int(row.revenue.minor())
        .text(row.revenue.currency().code());
}

pub(in crate::store) fn coverage<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<CoverageRow, StoreError> {
    let starts_at = columns.at()?;
    let account = codec::account(columns.stream()?)?;
    Ok(CoverageRow {
        order: OrderId::new(account, columns.natural()?),
        starts_at,
        ends_at: columns.at()?,
        product: columns.string()?,
        revenue: codec::money(columns.int()?, columns.str()?)?,
    })
}

/// Of `ledger_entries`.
pub(in crate::store) const ENTRY: &str = "stream, seq, line, at, account, minor, currency";

pub(in crate::store) fn bind_entry(values: &mut impl Values, stream: &str, entry: &LedgerRow) {
    values
        .text(stream)
        .int(codec::whole(entry.seq))
        .int(entry.line)
        .int(entry.at.micros())
        .text(&entry.account)
        .int(entry.amount.minor())
        .text(entry.amount.currency().code());
}

pub(in crate::store) fn entry<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<(StreamId, LedgerRow), StoreError> {
    let stream = columns.stream()?;
    let row = LedgerRow {
        seq: columns.natural()?,
        line: columns.natural()?,
        at: columns.at()?,
        account: columns.string()?,
        amount: codec::money(columns.int()?, columns.str()?)?,
    };
    Ok((stream, row))
}

/// Of `outbox`.
pub(in crate::store) const DELIVERY: &str = "stream, seq, n, channel, endpoint, topic, worth_until, at, \
    body, state, attempts, next_at, outcome";

pub(in crate::store) fn bind_effect(values: &mut impl Values, stream: &str, row: &OutboxRow) {
    values
        .text(stream)
        .int(codec::whole(row.seq))
        .int(row.n)
        .text(row.channel.as_str())
        .text(&row.endpoint)
        .text(&row.topic)
        .int(row.worth_until.micros())
        .int(row.at.micros())
        .text(&row.body)
        .text("waiting")
        .int(0)
        .int(row.at.micros())
        .text("");
}

pub(in crate::store) fn delivery<'r>(
    columns: &mut impl Columns<'r>,
) -> Result<Delivery, StoreError> {
    let stream = columns.stream()?;
    let row = OutboxRow {
        seq: columns.natural()?,
        n: columns.natural()?,
        channel: codec::channel(columns.str()?)?,
        endpoint: columns.string()?,
        topic: columns.string()?,
        worth_until: columns.at()?,
        at: columns.at()?,
        body: columns.string()?,
    };
    Ok(Delivery {
        stream,
        row,
        state: codec::delivery_state(columns.str()?)?,
        attempts: columns.natural()?,
        next_at: columns.at()?,
        outcome: columns.string()?,
    })
}

/// Of `job_runs`, without the run's number.
pub(in crate::store) const RUN: &str = "job, at, took_ms, advanced_count, failed_count, steps";

pub(in crate::store) fn run<'r>(columns: &mut impl Columns<'r>) -> Result<JobRun, StoreError> {
    Ok(JobRun {
        job: codec::job(columns.str()?)?,
        at: columns.at()?,
        took_ms: columns.natural()?,
        advanced_count: columns.natural()?,
        failed_count: columns.natural()?,
        steps: serde_json::from_str(columns.str()?).map_err(codec::corrupt)?,
    })
}
