//! Things to store: every field with a value of its own, so that none can be lost or swapped
//! unseen.

use renewd::domain::agenda::Job;
use renewd::domain::calendar::{Course, Timestamp, Zone};
use renewd::domain::event::SealedRef;
use renewd::domain::ids::{
    AccountId, CampaignId, CouponId, DocumentId, DocumentKind, OrderId, ResourceId, SeriesId,
    StreamId, SubscriptionId, WithdrawalId,
};
use renewd::domain::money::{MINOR_MAX, Money};
use renewd::domain::month::Month;
use renewd::domain::nouns::coupon::{self, Benefit, Billing, Coupon, Scope};
use renewd::domain::nouns::order::{self, CancelReason, FailReason, Order};
use renewd::domain::nouns::resource;
use renewd::domain::nouns::statement::{BillLine, Charged, Document, ItemType, Statement, Totals};
use renewd::domain::nouns::subscription::{Mode, State};
use renewd::domain::nouns::wallet::{Origin, Taken};
use renewd::domain::nouns::withdrawal::{self, Part, Route, Withdrawal};
use renewd::domain::price::{Applied, Item, Line, Tax};
use renewd::domain::rows::{CouponRow, CoverageRow, PaidRow, ResourceRow, Row, SubscriptionRow};
use renewd::domain::usage::{Seen, UsageKey};
use renewd::store::codec::{self, GENESIS};
use renewd::store::{
    Channel, Claim, ClaimKind, Commit, Digest, Head, LedgerRow, OutboxRow, SealedRow, Snapshot,
    StoredRecord, TokenRow,
};

pub(crate) fn id(bits: u64) -> AccountId {
    AccountId::from_bits(bits)
}

pub(crate) fn account(bits: u64) -> StreamId {
    StreamId::Account(id(bits))
}

/// So many seconds into the test's world.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((1_800_000_000 + seconds) * 1_000_000)
}

pub(crate) fn usd(minor: i64) -> Money {
    money(minor, "USD")
}

pub(crate) fn money(minor: i64, currency: &str) -> Money {
    Money::from_minor(minor, currency.parse().expect("a currency"))
}

pub(crate) fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

pub(crate) fn totals(net: i64, tax: i64, total: i64, paid: i64) -> Totals {
    Totals { net: usd(net), tax: usd(tax), total: usd(total), paid: usd(paid) }
}

pub(crate) fn hash(byte: u8) -> Digest {
    let mut hash = [byte; 32];
    hash[31] = byte.wrapping_add(1);
    hash
}

pub(crate) fn claim(byte: u8) -> Claim {
    Claim { kind: ClaimKind::Email, hash: hash(byte) }
}

/// A commit of `count` records after `expected`, and nothing else.
pub(crate) fn commit(stream: StreamId, expected: u64, count: u64) -> Commit {
    let mut last = if expected == 0 { GENESIS } else { hash(u8::try_from(expected).unwrap_or(9)) };
    let records: Vec<_> = (expected + 1..=expected + count)
        .map(|seq| {
            let body = format!("{{\"seq\": {seq},  \"text\":\"äöü \\u0000 {stream}\"}}");
            last = codec::digest(&last, &body);
            StoredRecord { seq, at: at(i64::try_from(seq).unwrap_or(0)), body, digest: last }
        })
        .collect();
    let seq = expected + count;
    Commit {
        stream,
        expected_seq: expected,
        head: Head {
            seq,
            at: at(i64::try_from(seq).unwrap_or(0)),
            digest: last,
            due_at: Timestamp::MAX,
            due_job: Job::Lifecycle,
            rules_version: 1,
            summary: format!("{{\"of\":\"{stream}\"}}"),
        },
        records,
        claims: Vec::new(),
        tokens: Vec::new(),
        key: None,
        sealed: Vec::new(),
        seen: Vec::new(),
        rows: Vec::new(),
        entries: Vec::new(),
        voids: Vec::new(),
        outbox: Vec::new(),
        snapshot: None,
        erase: false,
    }
}

/// The first commit of a stream that is due.
pub(crate) fn due(stream: StreamId, job: Job, due_at: Timestamp) -> Commit {
    let mut commit = commit(stream, 0, 1);
    commit.head.due_at = due_at;
    commit.head.due_job = job;
    commit
}

pub(crate) fn token(text: &str, seq: u64) -> TokenRow {
    TokenRow {
        token: text.to_owned(),
        fingerprint: hash(40),
        seq,
        at: at(41),
        answer: "{\"done\":  null}".to_owned(),
    }
}

/// Two ledger lines that balance, from `line` on.
pub(crate) fn pair(seq: u64, line: u32, minor: i64) -> [LedgerRow; 2] {
    [entry(seq, line, minor), entry(seq, line + 1, -minor)]
}

pub(crate) fn entry(seq: u64, line: u32, minor: i64) -> LedgerRow {
    LedgerRow { seq, line, at: at(42), account: format!("unearned:vm-{line}"), amount: usd(minor) }
}

pub(crate) fn effect(seq: u64, n: u32, channel: Channel, topic: &str) -> OutboxRow {
    OutboxRow {
        seq,
        n,
        channel,
        endpoint: if channel == Channel::Webhook { "crm".to_owned() } else { String::new() },
        topic: topic.to_owned(),
        worth_until: at(9_000 + i64::from(n)),
        at: at(i64::try_from(seq).unwrap_or(0)),
        body: format!("{{\"effect\":  {n}}}"),
    }
}

/// An order in which nothing is absent, however little the parts have to do with each other.
pub(crate) fn full_order(account: AccountId, number: u32) -> Order {
    Order {
        id: OrderId::new(account, number),
        kind: order::Kind::Upgrade,
        subscription: SubscriptionId::new(account, 77),
        product: "vm".to_owned(),
        plan: "vm-large".to_owned(),
        from_plan: Some("vm-small".to_owned()),
        period: "P3M".parse().expect("a period"),
        period_no: 5,
        starts_at: Some(at(50)),
        ends_at: Some(at(51)),
        aligned_to: Some(at(55)),
        until: Some(at(56)),
        list: usd(5950),
        discount: Some(usd(1)),
        coupon: Some(Applied { id: CouponId::new(account, 66), amount: usd(595) }),
        tax: Some(Tax {
            name: "MwSt. \u{e4}'\"".to_owned(),
            rate: "8.125".parse().expect("a rate"),
            inclusive: true,
            amount: usd(17),
        }),
        lines: vec![line(Item::Period, None), line(Item::Days(9), Some(usd(6)))],
        payable: usd(5355),
        refund: Some(usd(0)),
        refund_of: Some(OrderId::new(account, 0)),
        rules_version: 6,
        automatic: true,
        created_at: at(52),
        deadline: at(53),
        state: order::State::Failed,
        warned: true,
        paid_at: Some(at(57)),
        deliver_until: Some(at(58)),
        closed_at: Some(at(54)),
        cancelled_for: Some(CancelReason::TimedOut),
        failed_for: Some(FailReason::Reported { detail: Some("no_quota".to_owned()) }),
    }
}

fn line(item: Item, label: Option<Money>) -> Line {
    Line {
        item,
        list: usd(1),
        discount: usd(2),
        coupon: usd(3),
        tax: usd(4),
        payable: usd(MINOR_MAX),
        label,
    }
}

/// An order in which everything is absent that can be.
pub(crate) fn bare_order(account: AccountId, number: u32) -> Order {
    Order {
        kind: order::Kind::New,
        from_plan: None,
        starts_at: None,
        ends_at: None,
        aligned_to: None,
        until: None,
        discount: None,
        coupon: None,
        tax: None,
        lines: Vec::new(),
        refund: None,
        refund_of: None,
        automatic: false,
        state: order::State::Unpaid,
        warned: false,
        paid_at: None,
        deliver_until: None,
        closed_at: None,
        cancelled_for: None,
        failed_for: None,
        ..full_order(account, number)
    }
}

/// A coupon in which nothing is absent.
pub(crate) fn full_coupon(account: AccountId, number: u32) -> CouponRow {
    let coupon = Coupon {
        id: CouponId::new(account, number),
        campaign: Some(CampaignId::from_bits(9)),
        description: "Welcome, \u{e4}'\" 50 % off".to_owned(),
        benefit: Benefit::Cash { value: usd(500) },
        balance: Some(usd(0)),
        scope: Scope {
            products: vec!["vm".to_owned(), "disk".to_owned()],
            products_denied: vec!["gpu".to_owned()],
            order_types: vec![order::Kind::New, order::Kind::Upgrade],
            billing: Some(Billing::Subscription),
            min_spend: Some(usd(10)),
            min_period: Some("P1M".parse().expect("a period")),
            max_period: Some("P3Y".parse().expect("a period")),
        },
        granted_at: at(80),
        effective_at: at(81),
        expires_at: at(82),
        state: coupon::State::Frozen,
        order: Some(OrderId::new(account, 88)),
        frozen_at: Some(at(83)),
        again_for: Some(CouponId::new(account, 65)),
        reminded: true,
    };
    CouponRow { coupon, held_until: Some(at(84)) }
}

/// A coupon in which everything is absent that can be, the currency too.
pub(crate) fn bare_coupon(account: AccountId, number: u32) -> CouponRow {
    let coupon = Coupon {
        campaign: None,
        description: String::new(),
        benefit: Benefit::Discount { percent: "12.5".parse().expect("per cent"), cap: None },
        balance: None,
        scope: Scope::default(),
        state: coupon::State::Available,
        order: None,
        frozen_at: None,
        again_for: None,
        reminded: false,
        ..full_coupon(account, number).coupon
    };
    CouponRow { coupon, held_until: None }
}

/// What order `number` paid for a time that starts and ends so many seconds into the test's world.
pub(crate) fn coverage(
    account: AccountId,
    number: u32,
    (starts, ends): (i64, i64),
    minor: i64,
) -> CoverageRow {
    CoverageRow {
        order: OrderId::new(account, number),
        product: "vm".to_owned(),
        starts_at: at(starts),
        ends_at: at(ends),
        revenue: usd(minor),
    }
}

/// A subscription in which nothing is absent.
pub(crate) fn full_subscription(account: AccountId, number: u32) -> SubscriptionRow {
    let zone: Zone = "Europe/Berlin".parse().expect("a zone");
    SubscriptionRow {
        id: SubscriptionId::new(account, number),
        external_id: Some("i-0042".to_owned()),
        product: "vm".to_owned(),
        plan: "vm-small".to_owned(),
        region: "fra1".to_owned(),
        zone,
        state: State::Grace,
        mode: Mode::AutoRenewal,
        auto_period: Some("P2W".parse().expect("a period")),
        muted: true,
        open_order: Some(OrderId::new(account, 88)),
        paid: Some(PaidRow {
            period_no: 3,
            period: "P1M".parse().expect("a period"),
            course: Course {
                anchor: zone.local(at(60)),
                months_from_anchor: 4,
                weeks_from_anchor: 0,
            },
            started_at: at(61),
            expires_at: at(62),
            suspends_at: at(63),
            releases_at: at(64),
            price: usd(65),
        }),
    }
}

/// A subscription in which everything is absent that can be.
pub(crate) fn bare_subscription(account: AccountId, number: u32) -> SubscriptionRow {
    SubscriptionRow {
        external_id: None,
        state: State::PendingPayment,
        mode: Mode::ManualRenewal,
        auto_period: None,
        muted: false,
        open_order: None,
        paid: None,
        ..full_subscription(account, number)
    }
}

/// A subscription that expires at `expires_at`.
pub(crate) fn expiring(account: AccountId, number: u32, expires_at: Timestamp) -> SubscriptionRow {
    let mut row = full_subscription(account, number);
    if let Some(paid) = &mut row.paid {
        paid.expires_at = expires_at;
    }
    row
}

/// A resource in which nothing is absent, however little the parts have to do with each other.
pub(crate) fn full_resource(account: AccountId, number: u32) -> ResourceRow {
    ResourceRow {
        id: ResourceId::new(account, number),
        external_id: Some("i-\u{e4}'\"42".to_owned()),
        product: "vm".to_owned(),
        plan: "vm-large".to_owned(),
        region: "fra1".to_owned(),
        state: resource::State::Halted,
        opened_at: at(131),
        stopped_at: Some(at(132)),
        halted_at: Some(at(133)),
        released_at: Some(at(134)),
    }
}

/// A resource in which everything is absent that can be.
pub(crate) fn bare_resource(account: AccountId, number: u32) -> ResourceRow {
    ResourceRow {
        external_id: None,
        state: resource::State::Running,
        stopped_at: None,
        halted_at: None,
        released_at: None,
        ..full_resource(account, number)
    }
}

pub(crate) fn resource_row(row: &ResourceRow) -> Row {
    Row::Resource(Box::new(row.clone()))
}

/// A bill line in which nothing is absent, however little the parts have to do with each other.
pub(crate) fn full_bill_line(account: AccountId, text: &str, number: u32) -> BillLine {
    BillLine {
        month: month(text),
        number,
        item_type: ItemType::Refund,
        at: at(100),
        charged: Charged::Order {
            order: OrderId::new(account, 101),
            related: Some(OrderId::new(account, 102)),
            order_type: order::Kind::Downgrade,
            item: Item::Days(17),
            subscription: SubscriptionId::new(account, 103),
        },
        external_id: Some("i-\u{e4}'\"42".to_owned()),
        product: "vm".to_owned(),
        plan: "vm-large".to_owned(),
        region: "fra1".to_owned(),
        starts_at: Some(at(104)),
        ends_at: Some(at(105)),
        list: usd(-106),
        discount: usd(-1),
        coupon: usd(-107),
        net: usd(-108),
        tax: Some(("USt \"VAT\"".to_owned(), "19.50".parse().expect("per cent"))),
        tax_amount: usd(-109),
        total: usd(-MINOR_MAX),
        paid: usd(-110),
    }
}

/// A bill line in which everything is absent that can be.
pub(crate) fn bare_bill_line(account: AccountId, text: &str, number: u32) -> BillLine {
    BillLine {
        item_type: ItemType::SubscriptionOrder,
        charged: Charged::Order {
            order: OrderId::new(account, 101),
            related: None,
            order_type: order::Kind::New,
            item: Item::Period,
            subscription: SubscriptionId::new(account, 103),
        },
        external_id: None,
        starts_at: None,
        ends_at: None,
        tax: None,
        ..full_bill_line(account, text, number)
    }
}

/// A bill line of usage.
pub(crate) fn usage_bill_line(account: AccountId, text: &str, number: u32) -> BillLine {
    BillLine {
        item_type: ItemType::Adjustment,
        charged: Charged::Usage {
            resource: ResourceId::new(account, 127),
            meter: "traffic \u{e4}'\"".to_owned(),
            unit: "GB".to_owned(),
            quantity: "-120.500".parse().expect("a quantity"),
            price: "0.000000400".parse().expect("a price"),
            tier: u32::MAX,
        },
        ..full_bill_line(account, text, number)
    }
}

/// A closed month with lines that are on no document yet.
pub(crate) fn full_statement(text: &str) -> Statement {
    Statement {
        month: month(text),
        line_count: u32::MAX,
        totals: totals(111, -1, 113, 104),
        repaid: Some(usd(10)),
        closed_at: Some(at(115)),
        pending: vec![(1, 3), (5, u32::MAX)],
        pending_totals: totals(-116, 117, -118, -119),
    }
}

/// A month in which nothing waits, and that is not closed.
pub(crate) fn bare_statement(text: &str) -> Statement {
    let pending_totals = totals(0, 0, 0, 0);
    Statement {
        repaid: None,
        closed_at: None,
        pending: Vec::new(),
        pending_totals,
        ..full_statement(text)
    }
}

/// A document in which nothing is absent.
pub(crate) fn full_document(account: AccountId, number: u32) -> Document {
    Document {
        id: DocumentId::new(account, number),
        series: SeriesId { kind: DocumentKind::CreditNote, year: 2026 },
        month: month("2025-12"),
        lines: vec![(2, 4), (6, 6)],
        totals: totals(-120, -121, -122, -123),
        related: Some(DocumentId::new(account, 124)),
        issued_at: at(125),
        number: Some("CN-2026/000'126".to_owned()),
    }
}

/// A document in which everything is absent that can be.
pub(crate) fn bare_document(account: AccountId, number: u32) -> Document {
    let series = SeriesId { kind: DocumentKind::Invoice, year: 2027 };
    let lines = Vec::new();
    Document { series, lines, related: None, number: None, ..full_document(account, number) }
}

/// A withdrawal with everything that it can have.
pub(crate) fn full_withdrawal(account: AccountId, number: u32) -> Withdrawal {
    let origin = Origin::TopUp { method: "card's".to_owned(), reference: Some(SealedRef(7)) };
    let first = Taken { amount: usd(500), at: Some(at(90)), origin };
    let second = Taken { amount: usd(250), at: None, origin: Origin::Import };
    Withdrawal {
        id: WithdrawalId::new(account, number),
        amount: usd(750),
        parts: vec![
            Part { taken: first, route: Route::Original },
            Part { taken: second, route: Route::Operator },
        ],
        state: withdrawal::State::Failed,
        requested_at: at(100),
        settled_at: Some(at(110)),
        reason: Some("account's closed".to_owned()),
    }
}

/// A withdrawal in which everything is absent that can be.
pub(crate) fn bare_withdrawal(account: AccountId, number: u32) -> Withdrawal {
    let (state, parts) = (withdrawal::State::Requested, Vec::new());
    let full = full_withdrawal(account, number);
    Withdrawal { state, parts, settled_at: None, reason: None, ..full }
}

pub(crate) fn withdrawal_row(row: &Withdrawal) -> Row {
    Row::Withdrawal(Box::new(row.clone()))
}

pub(crate) fn bill_line_row(account: AccountId, line: &BillLine) -> Row {
    Row::BillLine(account, Box::new(line.clone()))
}

pub(crate) fn statement_row(account: AccountId, statement: &Statement) -> Row {
    Row::Statement(account, Box::new(statement.clone()))
}

pub(crate) fn document_row(document: &Document) -> Row {
    Row::Document(Box::new(document.clone()))
}

pub(crate) fn subscription_row(row: &SubscriptionRow) -> Row {
    Row::Subscription(Box::new(row.clone()))
}

pub(crate) fn coupon_row(row: &CouponRow) -> Row {
    Row::Coupon(Box::new(row.clone()))
}

pub(crate) fn coverage_row(row: &CoverageRow) -> Row {
    Row::Coverage(Box::new(row.clone()))
}

pub(crate) fn order_row(order: &Order) -> Row {
    Row::Order(Box::new(order.clone()))
}

/// What a report of usage is known by, in the order of the numbers.
pub(crate) fn usage_key(number: u32) -> UsageKey {
    let mut key = [255; 16];
    key[..4].copy_from_slice(&number.to_be_bytes());
    UsageKey(key)
}

/// What a report of usage said; every third counted something.
pub(crate) fn seen(account: AccountId, number: u32) -> Seen {
    let quantities = ["-1.50", "0", "79228162514264337593543950335"];
    let index = number as usize % quantities.len();
    Seen {
        resource: ResourceId::new(account, number),
        quantity: quantities[index].parse().expect("a quantity"),
        value: [None, Some(0), Some(u64::MAX)][index],
        at: at(130),
    }
}

/// A first commit that writes to every table.
pub(crate) fn everything(bits: u64) -> Commit {
    let mut commit = commit(account(bits), 0, 2);
    commit.head.due_at = at(70);
    commit.head.due_job = Job::Renewals;
    commit.head.rules_version = 71;
    let byte = u8::try_from(bits % 200).unwrap_or(0);
    commit.claims = vec![claim(byte), Claim { kind: ClaimKind::ExternalId, hash: hash(byte) }];
    commit.tokens = vec![token("open", 1), token("open/1", 2)];
    commit.key = Some(vec![1, 0, 2]);
    commit.sealed = vec![
        SealedRow { number: 1, sealed: vec![9, 0, 8] },
        SealedRow { number: 2, sealed: Vec::new() },
    ];
    commit.seen = (1..=3).map(|number| (usage_key(number), seen(id(bits), number))).collect();
    commit.rows = vec![
        order_row(&full_order(id(bits), 1)),
        order_row(&bare_order(id(bits), 2)),
        withdrawal_row(&full_withdrawal(id(bits), 5)),
        withdrawal_row(&bare_withdrawal(id(bits), 6)),
        subscription_row(&full_subscription(id(bits), 3)),
        subscription_row(&bare_subscription(id(bits), 4)),
        resource_row(&full_resource(id(bits), 9)),
        resource_row(&bare_resource(id(bits), 10)),
        coupon_row(&full_coupon(id(bits), 5)),
        coupon_row(&bare_coupon(id(bits), 6)),
        coverage_row(&coverage(id(bits), 1, (90, 91), 5338)),
        coverage_row(&coverage(id(bits), 1, (91, 91), 0)),
        bill_line_row(id(bits), &full_bill_line(id(bits), "2026-04", 1)),
        bill_line_row(id(bits), &bare_bill_line(id(bits), "2026-04", 2)),
        bill_line_row(id(bits), &usage_bill_line(id(bits), "2026-04", 3)),
        statement_row(id(bits), &full_statement("2026-04")),
        statement_row(id(bits), &bare_statement("2026-05")),
        document_row(&full_document(id(bits), 7)),
        document_row(&bare_document(id(bits), 8)),
    ];
    commit.entries = [pair(1, 0, 100), pair(2, 0, 7)].concat();
    commit.outbox = vec![
        effect(1, 0, Channel::Mail, "reminders:sub_1"),
        effect(1, 1, Channel::Webhook, ""),
        effect(2, 0, Channel::Tell, "losses:sub_1"),
    ];
    commit.snapshot =
        Some(Snapshot { seq: 1, build: "b1".to_owned(), body: "{\"state\":  1}".to_owned() });
    commit
}
