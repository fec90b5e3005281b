//! Lists of the money side over one account and over all; coupons and coverages from their first
//! row to their last; what the ledger comes to.

use renewd::domain::calendar::Timestamp;
use renewd::domain::ids::{CampaignId, CouponId, OrderId, StreamId, SubscriptionId};
use renewd::domain::money::Money;
use renewd::domain::nouns::coupon::{Benefit, State};
use renewd::domain::nouns::coverage;
use renewd::domain::nouns::order::{self, FailReason, Order};
use renewd::domain::rows::{CouponRow, CoverageRow};
use renewd::domain::trial_balance::{Balance, Earned, TrialBalance};
use renewd::store::{
    ChartFilter, Commit, CouponQuery, EntryQuery, LedgerRow, OrderQuery, Store, StoreError, Written,
};

use crate::samples::{
    account, at, bare_coupon, bare_order, commit, coupon_row, coverage, coverage_row, entry,
    full_coupon, full_order, id, order_row, pair, usd,
};
use crate::{promises, put, write};

promises!(
    orders_are_filtered,
    orders_are_read_in_pages_by_account_and_over_all,
    an_order_is_replaced_by_a_later_one,
    an_empty_detail_is_none,
    coupons_are_filtered,
    coupons_are_read_in_pages_by_id_and_by_expiry,
    a_coupon_is_followed_through_its_life,
    a_coverage_is_cut_and_has_a_rest,
    coverages_are_read_in_pages_as_far_as_they_began,
    entries_are_filtered,
    entries_are_read_in_pages,
    a_ledger_that_does_not_balance_is_refused,
    rows_that_contradict_themselves_are_refused,
    balances_are_sums_by_account_and_currency,
    balances_are_the_same_however_long_the_ledger,
    a_trial_balance_moves_what_is_earned_and_sums_to_zero,
);

fn eur(minor: i64) -> Money {
    Money::from_minor(minor, "EUR".parse().expect("a currency"))
}

/// What is asked, what it means, how many there are.
type Orders<'a> = (OrderQuery, &'a dyn Fn(&Order) -> bool, usize);

/// Orders of two accounts, made in another order than they are numbered over all.
fn book() -> Vec<Order> {
    use order::State::{Cancelled, Failed, Paid, Processing, Refunded, Unpaid};

    let made = |bits: u64, number: u32, seconds: i64, state: order::State| Order {
        created_at: at(seconds),
        state,
        kind: order::Kind::ALL[number as usize % 5],
        subscription: SubscriptionId::new(id(bits), number % 2),
        product: if number == 7 { "disk" } else { "vm" }.to_owned(),
        ..if number.is_multiple_of(2) {
            full_order(id(bits), number)
        } else {
            bare_order(id(bits), number)
        }
    };
    vec![
        made(1, 1, 10, Paid),
        made(2, 2, 10, Unpaid),
        made(1, 3, 20, Unpaid),
        made(1, 4, 20, Cancelled),
        made(2, 5, 15, Processing),
        made(2, 6, 30, Failed),
        made(1, 7, 40, Refunded),
        made(2, 8, 40, Unpaid),
    ]
}

/// Writes rows of accounts 1 and 2.
async fn shelve_orders(store: &dyn Store, orders: &[Order]) {
    let commits: Vec<_> = (1..=2)
        .map(|bits| {
            let mut commit = commit(account(bits), 0, 1);
            let own = orders.iter().filter(|order| order.id.account == id(bits));
            commit.rows = own.map(order_row).collect();
            commit
        })
        .collect();
    put(store, &commits).await;
}

fn every_order() -> OrderQuery {
    OrderQuery { limit: 99, ..OrderQuery::default() }
}

fn newest_first(mut orders: Vec<Order>, query: &OrderQuery) -> Vec<Order> {
    match query.of_account() {
        Some(_) => orders.sort_by_key(|order| std::cmp::Reverse(order.id.number)),
        None => orders.sort_by_key(|order| std::cmp::Reverse((order.created_at, order.id))),
    }
    orders
}

async fn orders_are_filtered(store: &dyn Store) {
    let book = book();
    shelve_orders(store, &book).await;
    let of = |bits: u64| OrderQuery { account: Some(id(bits)), ..every_order() };
    let subscription = SubscriptionId::new(id(1), 1);
    let cases: [Orders<'_>; 15] = [
        (every_order(), &|_| true, 8),
        (of(1), &|order| order.id.account == id(1), 4),
        (
            OrderQuery { subscription: Some(subscription), ..every_order() },
            &|order| order.subscription == subscription,
            3,
        ),
        (OrderQuery { subscription: Some(subscription), ..of(2) }, &|_| false, 0),
        (
            OrderQuery { state: Some(order::State::Unpaid), ..every_order() },
            &|order| order.state == order::State::Unpaid,
            3,
        ),
        (
            OrderQuery { state: Some(order::State::Unpaid), ..of(2) },
            &|order| order.state == order::State::Unpaid && order.id.account == id(2),
            2,
        ),
        (
            OrderQuery { state: Some(order::State::Processing), ..every_order() },
            &|order| order.state == order::State::Processing,
            1,
        ),
        (
            OrderQuery { state: Some(order::State::Refunded), ..every_order() },
            &|order| order.state == order::State::Refunded,
            1,
        ),
        (
            OrderQuery { kind: Some(order::Kind::Refund), ..every_order() },
            &|order| order.kind == order::Kind::Refund,
            1,
        ),
        (
            OrderQuery { product: Some("disk".to_owned()), ..every_order() },
            &|order| order.product == "disk",
            1,
        ),
        (
            OrderQuery { created_from: Some(at(15)), ..every_order() },
            &|order| order.created_at >= at(15),
            6,
        ),
        (
            OrderQuery { created_before: Some(at(20)), ..every_order() },
            &|order| order.created_at < at(20),
            3,
        ),
        (
            OrderQuery {
                created_from: Some(at(10)),
                created_before: Some(at(40)),
                state: Some(order::State::Unpaid),
                ..every_order()
            },
            &|order| order.state == order::State::Unpaid && order.created_at < at(40),
            2,
        ),
        (
            OrderQuery { created_from: Some(at(20)), created_before: Some(at(40)), ..of(1) },
            &|order| order.id.account == id(1) && order.created_at == at(20),
            2,
        ),
        (OrderQuery { product: Some("' OR 1".to_owned()), ..every_order() }, &|_| false, 0),
    ];
    for (query, wanted, count) in cases {
        let expected: Vec<_> = book.iter().filter(|order| wanted(order)).cloned().collect();
        assert_eq!(expected.len(), count, "{query:?}");
        let expected = newest_first(expected, &query);
        assert_eq!(store.orders(query.clone()).await.expect("read"), expected, "{query:?}");
    }
}

async fn orders_are_read_in_pages_by_account_and_over_all(store: &dyn Store) {
    shelve_orders(store, &book()).await;
    let of_one = OrderQuery { account: Some(id(1)), ..every_order() };
    let open = OrderQuery { state: Some(order::State::Unpaid), ..every_order() };
    for all in [every_order(), of_one, open] {
        let whole = store.orders(all.clone()).await.expect("read");
        assert!(whole.len() > 2);
        for limit in 1..=3 {
            let mut query = OrderQuery { limit, ..all.clone() };
            let mut read = Vec::new();
            loop {
                let page = store.orders(query.clone()).await.expect("read");
                let Some(last) = page.last() else { break };
                assert!(page.len() <= limit as usize);
                query.before = Some((last.created_at, last.id));
                read.extend(page);
            }
            assert_eq!(read, whole);
        }
    }
}

/// It leaves the list of those that wait, and every column says what the later one says.
async fn an_order_is_replaced_by_a_later_one(store: &dyn Store) {
    let waiting = bare_order(id(1), 1);
    shelve_orders(store, std::slice::from_ref(&waiting)).await;
    let open = OrderQuery { state: Some(order::State::Unpaid), ..every_order() };
    assert_eq!(store.orders(open.clone()).await.expect("read"), [waiting]);
    for later in [full_order(id(1), 1), bare_order(id(1), 1), full_order(id(1), 1)] {
        let seq = store.journal(account(1), 0, 99).await.expect("read").len() as u64;
        let mut next = commit(account(1), seq, 1);
        next.rows = vec![order_row(&later)];
        put(store, &[next]).await;
        assert_eq!(store.order(later.id).await.expect("read"), Some(later.clone()));
        assert_eq!(store.orders(every_order()).await.expect("read"), [later]);
    }
    assert_eq!(store.orders(open).await.expect("read"), []);
}

async fn an_empty_detail_is_none(store: &dyn Store) {
    let mut order = full_order(id(1), 1);
    order.failed_for = Some(FailReason::Reported { detail: Some(String::new()) });
    shelve_orders(store, &[order.clone()]).await;
    let read = store.order(order.id).await.expect("read").expect("found");
    assert_eq!(read.failed_for, Some(FailReason::Reported { detail: None }));
    order.failed_for = Some(FailReason::TimedOut);
    let mut next = commit(account(1), 1, 1);
    next.rows = vec![order_row(&order)];
    put(store, &[next]).await;
    assert_eq!(store.order(order.id).await.expect("read"), Some(order));
}

/// What is asked, what it means, how many there are.
type Coupons<'a> = (CouponQuery, &'a dyn Fn(&CouponRow) -> bool, usize);

/// Coupons of two accounts in every state.
fn drawer() -> Vec<CouponRow> {
    let granted = |bits: u64, number: u32, seconds: i64, state: State| {
        let mut row = if number.is_multiple_of(2) {
            full_coupon(id(bits), number)
        } else {
            bare_coupon(id(bits), number)
        };
        row.coupon.expires_at = at(seconds);
        row.coupon.state = state;
        row
    };
    vec![
        granted(1, 1, 50, State::Available),
        granted(1, 2, 20, State::Frozen),
        granted(1, 3, 30, State::Used),
        granted(1, 4, 30, State::NotEffective),
        granted(2, 1, 20, State::Available),
        granted(2, 2, 10, State::Expired),
        granted(2, 3, 60, State::Cancelled),
        granted(2, 10, 5, State::Available),
    ]
}

async fn shelve_coupons(store: &dyn Store, rows: &[CouponRow]) {
    let commits: Vec<_> = (1..=2)
        .map(|bits| {
            let mut commit = commit(account(bits), 0, 1);
            let own = rows.iter().filter(|row| row.coupon.id.account == id(bits));
            commit.rows = own.map(coupon_row).collect();
            commit
        })
        .collect();
    put(store, &commits).await;
}

fn every_coupon() -> CouponQuery {
    CouponQuery { limit: 99, ..CouponQuery::default() }
}

async fn coupons_are_filtered(store: &dyn Store) {
    let drawer = drawer();
    shelve_coupons(store, &drawer).await;
    let is = |states: &'static [State]| move |row: &CouponRow| states.contains(&row.coupon.state);
    let live = [State::NotEffective, State::Available, State::Frozen];
    let states = |states: &[State]| CouponQuery { states: states.to_vec(), ..every_coupon() };
    let cases: [Coupons<'_>; 10] = [
        (every_coupon(), &|_| true, 8),
        (
            CouponQuery { account: Some(id(2)), ..every_coupon() },
            &|row| row.coupon.id.account == id(2),
            4,
        ),
        (states(&live), &is(&[State::NotEffective, State::Available, State::Frozen]), 5),
        (states(&[State::Available]), &is(&[State::Available]), 3),
        (states(&[State::Frozen]), &is(&[State::Frozen]), 1),
        (states(&[State::Used, State::Available]), &is(&[State::Used, State::Available]), 4),
        (
            CouponQuery { account: Some(id(1)), ..states(&[State::Available]) },
            &|row| row.coupon.id.account == id(1) && row.coupon.state == State::Available,
            1,
        ),
        (
            CouponQuery { campaign: Some(CampaignId::from_bits(9)), ..every_coupon() },
            &|row| row.coupon.campaign == Some(CampaignId::from_bits(9)),
            4,
        ),
        (
            CouponQuery { expires_before: Some(at(30)), ..states(&live) },
            &|row| row.coupon.expires_at < at(30) && row.coupon.state != State::Expired,
            3,
        ),
        (
            CouponQuery { expires_before: Some(at(30)), ..every_coupon() },
            &|row| row.coupon.expires_at < at(30),
            4,
        ),
    ];
    for (query, wanted, count) in cases {
        let mut expected: Vec<_> = drawer.iter().filter(|row| wanted(row)).cloned().collect();
        assert_eq!(expected.len(), count, "{query:?}");
        if query.is_by_expiry() {
            expected.sort_by_key(|row| (row.coupon.expires_at, row.coupon.id));
        } else {
            expected.sort_by_key(|row| row.coupon.id);
        }
        assert_eq!(store.coupons(query.clone()).await.expect("read"), expected, "{query:?}");
    }
}

async fn coupons_are_read_in_pages_by_id_and_by_expiry(store: &dyn Store) {
    shelve_coupons(store, &drawer()).await;
    let live = vec![State::Available, State::Frozen];
    let by_expiry = CouponQuery { states: live, ..every_coupon() };
    assert!(by_expiry.is_by_expiry() && !every_coupon().is_by_expiry());
    let of_one = CouponQuery { account: Some(id(1)), ..every_coupon() };
    for all in [every_coupon(), by_expiry, of_one] {
        let whole = store.coupons(all.clone()).await.expect("read");
        assert!(whole.len() > 3);
        for limit in 1..=3 {
            let mut query = CouponQuery { limit, ..all.clone() };
            let mut read = Vec::new();
            loop {
                let page = store.coupons(query.clone()).await.expect("read");
                let Some(last) = page.last() else { break };
                query.after = Some((last.coupon.expires_at, last.coupon.id));
                read.extend(page);
            }
            assert_eq!(read, whole);
        }
    }
}

/// Granted, frozen, thawed with more time, used: each row replaces the last one whole, in the list
/// of the live ones too.
async fn a_coupon_is_followed_through_its_life(store: &dyn Store) {
    let mut granted = bare_coupon(id(1), 3);
    granted.coupon.benefit = Benefit::Cash { value: usd(500) };
    granted.coupon.balance = Some(usd(500));
    let mut frozen = granted.clone();
    frozen.coupon.state = State::Frozen;
    frozen.coupon.order = Some(OrderId::new(id(1), 8));
    frozen.coupon.frozen_at = Some(at(85));
    frozen.held_until = Some(at(86));
    let mut thawed = granted.clone();
    thawed.coupon.expires_at = at(99);
    thawed.coupon.balance = Some(usd(1));
    thawed.coupon.reminded = true;
    let mut used = thawed.clone();
    used.coupon.balance = Some(usd(0));
    used.coupon.state = State::Used;
    let states = vec![State::NotEffective, State::Available, State::Frozen];
    let live = CouponQuery { states, ..every_coupon() };
    for (seq, row) in (0..).zip([granted, frozen, thawed, used]) {
        let mut commit = commit(account(1), seq, 1);
        commit.rows = vec![coupon_row(&row)];
        put(store, &[commit]).await;
        assert_eq!(store.coupon(row.coupon.id).await.expect("read").as_ref(), Some(&row));
        let listed = store.coupons(live.clone()).await.expect("read");
        let expected = if row.coupon.is_final() { vec![] } else { vec![row] };
        assert_eq!(listed, expected);
    }
    assert_eq!(store.coupons(every_coupon()).await.expect("read").len(), 1);
    assert_eq!(store.coupon(CouponId::new(id(2), 3)).await.expect("read"), None);
}

/// A refund cuts what an order paid for: what was consumed replaces the whole, what is left begins
/// where that ends.
async fn a_coverage_is_cut_and_has_a_rest(store: &dyn Store) {
    let whole = coverage(id(1), 4, (100, 200), 1_000);
    let other = coverage(id(1), 5, (100, 200), 7);
    let mut first = commit(account(1), 0, 1);
    first.rows = vec![coverage_row(&whole), coverage_row(&other)];
    let consumed = coverage(id(1), 4, (100, 130), 300);
    let rest = coverage(id(1), 4, (130, 200), 350);
    let mut second = commit(account(1), 1, 1);
    second.rows = vec![coverage_row(&consumed), coverage_row(&rest)];
    put(store, &[first, second]).await;
    let places = [(at(130), whole.order), (at(100), whole.order), (at(131), whole.order)];
    let found = store.coverages_at(&places).await.expect("read");
    assert_eq!(found, [consumed.clone(), rest.clone()]);
    let all = store.coverages(Timestamp::MAX, None, 9).await.expect("read");
    assert_eq!(all, [consumed, other, rest]);
}

async fn coverages_are_read_in_pages_as_far_as_they_began(store: &dyn Store) {
    // By start, then by account and number; the numbers run against it.
    let spans = [(1, 9, 50), (1, 8, 60), (2, 7, 50), (2, 6, 55), (1, 5, 50), (2, 4, 70)];
    let rows: Vec<_> = spans
        .iter()
        .map(|(bits, number, starts)| coverage(id(*bits), *number, (*starts, 90), 10))
        .collect();
    let commits: Vec<_> = (1..=2)
        .map(|bits| {
            let mut commit = commit(account(bits), 0, 1);
            let own = rows.iter().filter(|row| row.order.account == id(bits));
            commit.rows = own.map(coverage_row).collect();
            commit
        })
        .collect();
    put(store, &commits).await;
    let place = |row: &CoverageRow| (row.starts_at, row.order);
    for (began_by, count) in [(49, 0), (50, 3), (55, 4), (69, 5), (70, 6)] {
        let mut expected: Vec<_> =
            rows.iter().filter(|row| row.starts_at <= at(began_by)).cloned().collect();
        expected.sort_by_key(place);
        assert_eq!(expected.len(), count);
        for limit in [1, 2, 9] {
            let mut read = Vec::new();
            let mut after = None;
            loop {
                let page = store.coverages(at(began_by), after, limit).await.expect("read");
                let Some(last) = page.last() else { break };
                after = Some(place(last));
                read.extend(page);
            }
            assert_eq!(read, expected);
        }
    }
}

fn line(seq: u64, line: u32, seconds: i64, account: &str, amount: Money) -> LedgerRow {
    LedgerRow { seq, line, at: at(seconds), account: account.to_owned(), amount }
}

/// A ledger of two accounts and the house.
fn ledger() -> Vec<(StreamId, Vec<LedgerRow>)> {
    vec![
        (
            account(1),
            vec![
                line(1, 0, 10, "clearing:bank", usd(900)),
                line(1, 1, 10, "customer_cash", usd(-900)),
                line(2, 0, 20, "customer_cash", usd(500)),
                line(2, 1, 20, "unearned:vm", usd(-460)),
                line(2, 2, 20, "tax", usd(-40)),
            ],
        ),
        (
            account(2),
            vec![
                line(1, 0, 15, "clearing:bank", eur(100)),
                line(1, 1, 15, "customer_cash", eur(-100)),
                line(2, 0, 20, "customer_cash", eur(30)),
                line(2, 1, 20, "promotions:vm", eur(5)),
                line(2, 2, 20, "unearned:vm", eur(-35)),
                line(2, 3, 20, "customer_cash", usd(1)),
                line(2, 4, 20, "unearned:disk", usd(-1)),
            ],
        ),
        (
            StreamId::House,
            vec![line(1, 0, 30, "Unearned:vm", usd(3)), line(1, 1, 30, "unearnedx", usd(-3))],
        ),
    ]
}

async fn shelve_ledger(store: &dyn Store) -> Vec<(StreamId, LedgerRow)> {
    let ledger = ledger();
    let commits: Vec<_> = ledger
        .iter()
        .map(|(stream, entries)| {
            let mut commit = commit(*stream, 0, 2);
            commit.entries.clone_from(entries);
            commit
        })
        .collect();
    put(store, &commits).await;
    let each = |(stream, entries): (StreamId, Vec<LedgerRow>)| {
        entries.into_iter().map(move |entry| (stream, entry))
    };
    ledger.into_iter().flat_map(each).collect()
}

fn every_entry() -> EntryQuery {
    EntryQuery { limit: 99, ..EntryQuery::default() }
}

/// What is asked, what it means, how many there are.
type Entries<'a> = (EntryQuery, &'a dyn Fn(&StreamId, &LedgerRow) -> bool, usize);

async fn entries_are_filtered(store: &dyn Store) {
    let ledger = shelve_ledger(store).await;
    let under = |prefix: &str| Some(ChartFilter::Under(prefix.to_owned()));
    let exactly = |account: &str| Some(ChartFilter::Account(account.to_owned()));
    let either = ["customer_cash", "tax"].map(str::to_owned).to_vec();
    let cases: [Entries<'_>; 11] = [
        (every_entry(), &|_, _| true, 14),
        (
            EntryQuery { stream: Some(account(2)), ..every_entry() },
            &|stream, _| *stream == account(2),
            7,
        ),
        (
            EntryQuery { chart: exactly("customer_cash"), ..every_entry() },
            &|_, entry| entry.account == "customer_cash",
            5,
        ),
        (
            EntryQuery { chart: Some(ChartFilter::OneOf(either)), ..every_entry() },
            &|_, entry| ["customer_cash", "tax"].contains(&entry.account.as_str()),
            6,
        ),
        (EntryQuery { chart: exactly("unearned:"), ..every_entry() }, &|_, _| false, 0),
        (
            EntryQuery { chart: under("unearned:"), ..every_entry() },
            &|_, entry| entry.account.starts_with("unearned:"),
            3,
        ),
        (EntryQuery { chart: under("%"), ..every_entry() }, &|_, _| false, 0),
        (EntryQuery { chart: under(""), ..every_entry() }, &|_, _| true, 14),
        (EntryQuery { from: Some(at(15)), ..every_entry() }, &|_, entry| entry.at >= at(15), 12),
        (EntryQuery { before: Some(at(20)), ..every_entry() }, &|_, entry| entry.at < at(20), 4),
        (
            EntryQuery {
                stream: Some(account(2)),
                chart: under("unearned:"),
                from: Some(at(20)),
                before: Some(at(21)),
                ..every_entry()
            },
            &|stream, entry| *stream == account(2) && entry.account.starts_with("unearned:"),
            2,
        ),
    ];
    for (query, wanted, count) in cases {
        let expected: Vec<_> =
            ledger.iter().filter(|(stream, entry)| wanted(stream, entry)).cloned().collect();
        assert_eq!(expected.len(), count, "{query:?}");
        assert_eq!(store.entries(query.clone()).await.expect("read"), expected, "{query:?}");
        let backwards = EntryQuery { newest_first: true, ..query };
        let expected: Vec<_> = expected.into_iter().rev().collect();
        assert_eq!(store.entries(backwards).await.expect("read"), expected);
    }
}

async fn entries_are_read_in_pages(store: &dyn Store) {
    shelve_ledger(store).await;
    let of_one = EntryQuery { stream: Some(account(2)), ..every_entry() };
    let cash = Some(ChartFilter::Account("customer_cash".to_owned()));
    let backwards = EntryQuery { newest_first: true, ..of_one.clone() };
    let all_backwards = EntryQuery { newest_first: true, ..every_entry() };
    let of_cash = EntryQuery { chart: cash, ..every_entry() };
    for all in [every_entry(), of_one, of_cash, backwards, all_backwards] {
        let whole = store.entries(all.clone()).await.expect("read");
        assert!(whole.len() > 4);
        for limit in 1..=4 {
            let mut query = EntryQuery { limit, ..all.clone() };
            let mut read = Vec::new();
            loop {
                let page = store.entries(query.clone()).await.expect("read");
                let Some((stream, last)) = page.last() else { break };
                query.after = Some((*stream, last.seq, last.line));
                read.extend(page);
            }
            assert_eq!(read, whole);
        }
    }
}

/// By record and by currency: two faults that cancel each other out are two faults.
async fn a_ledger_that_does_not_balance_is_refused(store: &dyn Store) {
    let with = |entries: Vec<LedgerRow>| {
        let mut commit = commit(account(1), 0, 2);
        commit.entries = entries;
        commit
    };
    let refused = [
        with(vec![entry(1, 0, 1)]),
        with(vec![entry(1, 0, 1), entry(2, 0, -1)]),
        with(vec![line(1, 0, 1, "tax", usd(1)), line(1, 1, 1, "tax", eur(-1))]),
        with(vec![entry(1, 0, i64::MAX), entry(1, 1, i64::MAX), entry(1, 2, 2)]),
    ];
    let written = write(store, &refused).await;
    assert_eq!(written, vec![Written::Refused; refused.len()]);
    assert_eq!(store.entries(every_entry()).await.expect("read"), []);
    let both = [
        line(1, 0, 1, "tax", usd(1)),
        line(1, 1, 1, "tax", eur(2)),
        line(1, 2, 1, "tax", eur(-2)),
        line(1, 3, 1, "tax", usd(-1)),
    ];
    put(store, &[with([both.to_vec(), pair(2, 0, 5).to_vec()].concat())]).await;
}

/// A row has one currency and one account; what says otherwise could not be read back.
async fn rows_that_contradict_themselves_are_refused(store: &dyn Store) {
    let with_order = |change: &dyn Fn(&mut Order)| -> Commit {
        let mut order = full_order(id(1), 1);
        change(&mut order);
        let mut commit = commit(account(1), 0, 1);
        commit.rows = vec![order_row(&order)];
        commit
    };
    let with_coupon = |change: &dyn Fn(&mut CouponRow)| -> Commit {
        let mut row = full_coupon(id(1), 1);
        change(&mut row);
        let mut commit = commit(account(1), 0, 1);
        commit.rows = vec![coupon_row(&row)];
        commit
    };
    let with_coverage = |row: CoverageRow| -> Commit {
        let mut commit = commit(account(1), 0, 1);
        commit.rows = vec![coverage_row(&row)];
        commit
    };
    let other = id(2);
    let batch = [
        with_order(&|order| order.list = eur(1)),
        with_order(&|order| order.discount = Some(eur(1))),
        with_order(&|order| order.discount = Some(usd(-1))),
        with_order(&|order| order.refund = Some(eur(1))),
        with_order(&|order| order.refund = Some(usd(-1))),
        with_order(&|order| order.tax.as_mut().expect("a tax").amount = eur(1)),
        with_order(&|order| order.coupon.as_mut().expect("a coupon").amount = eur(1)),
        with_order(&|order| {
            order.coupon.as_mut().expect("a coupon").id = CouponId::new(other, 66);
        }),
        with_order(&|order| order.refund_of = Some(OrderId::new(other, 1))),
        with_order(&|order| order.subscription = SubscriptionId::new(other, 1)),
        with_coupon(&|row| row.coupon.id = CouponId::new(other, 1)),
        with_coupon(&|row| row.coupon.order = Some(OrderId::new(other, 1))),
        with_coupon(&|row| row.coupon.again_for = Some(CouponId::new(other, 1))),
        with_coupon(&|row| row.coupon.balance = Some(eur(1))),
        with_coupon(&|row| row.coupon.balance = Some(usd(-1))),
        with_coverage(coverage(other, 1, (1, 2), 3)),
        with_coverage(coverage(id(1), 1, (2, 1), 3)),
    ];
    let written = write(store, &batch).await;
    assert_eq!(written, vec![Written::Refused; batch.len()]);
    assert_eq!(store.account_count().await.expect("read"), 0);
}

fn balance(account: &str, amount: Money) -> Balance {
    Balance { account: account.to_owned(), amount }
}

async fn balances_are_sums_by_account_and_currency(store: &dyn Store) {
    shelve_ledger(store).await;
    let by_then = store.balances(at(15)).await.expect("read");
    assert_eq!(
        by_then,
        [
            balance("clearing:bank", eur(100)),
            balance("customer_cash", eur(-100)),
            balance("clearing:bank", usd(900)),
            balance("customer_cash", usd(-900)),
        ]
    );
    let in_the_end = store.balances(Timestamp::MAX).await.expect("read");
    assert_eq!(
        in_the_end,
        [
            balance("clearing:bank", eur(100)),
            balance("customer_cash", eur(-70)),
            balance("promotions:vm", eur(5)),
            balance("unearned:vm", eur(-35)),
            balance("Unearned:vm", usd(3)),
            balance("clearing:bank", usd(900)),
            balance("customer_cash", usd(-399)),
            balance("tax", usd(-40)),
            balance("unearned:disk", usd(-1)),
            balance("unearned:vm", usd(-460)),
            balance("unearnedx", usd(-3)),
        ]
    );
    assert_eq!(store.balances(at(9)).await.expect("read"), []);
}

/// More lines than are summed at once, of records that a step may fall into.
async fn balances_are_the_same_however_long_the_ledger(store: &dyn Store) {
    let streams: [u32; 3] = [12_000, 41, 9_000];
    let commits: Vec<_> = (1..)
        .zip(streams)
        .map(|(bits, count)| {
            let mut commit = commit(account(bits), 0, 1);
            let lines = (0..count).flat_map(|n| {
                [
                    line(1, 2 * n, 10, "tax", usd(3)),
                    line(1, 2 * n + 1, 10, "customer_cash", usd(-3)),
                ]
            });
            commit.entries = lines.collect();
            commit
        })
        .collect();
    put(store, &commits).await;
    let total: u32 = streams.iter().sum();
    assert!(2 * total > 40_000, "three steps and more");
    let sum = 3 * i64::from(total);
    let read = store.balances(at(10)).await.expect("read");
    assert_eq!(read, [balance("customer_cash", usd(-sum)), balance("tax", usd(sum))]);
}

/// What is earned is the domain's reading of each coverage, and moves from what is unearned.
async fn a_trial_balance_moves_what_is_earned_and_sums_to_zero(store: &dyn Store) {
    let mut rows = vec![
        coverage(id(1), 1, (20, 23), 460),
        coverage(id(1), 2, (100, 107), 1_000),
        coverage(id(1), 3, (21, 21), 40),
    ];
    for row in coverage_of_two() {
        rows.push(row);
    }
    shelve_ledger(store).await;
    for bits in [1, 2] {
        let mut next = commit(account(bits), 2, 1);
        let own = rows.iter().filter(|row| row.order.account == id(bits));
        next.rows = own.map(coverage_row).collect();
        put(store, &[next]).await;
    }
    for seconds in [0, 15, 20, 21, 22, 23, 24, 100, 103, 106, 107, 9_999] {
        let shown = store.trial_balance(at(seconds)).await.expect("a trial balance");
        assert_eq!(shown.as_of(), at(seconds));
        let find = |account: &str, currency: Money| {
            let same = |line: &&Balance| {
                line.account == account && line.amount.currency() == currency.currency()
            };
            shown.balances().iter().find(same).map_or(0, |line| line.amount.minor())
        };
        for currency in [usd(0), eur(0)] {
            let lines = shown.balances().iter();
            let same = lines.filter(|line| line.amount.currency() == currency.currency());
            assert_eq!(same.map(|line| line.amount.minor()).sum::<i64>(), 0, "{shown:?}");
        }
        for (product, currency) in [("vm", usd(0)), ("vm", eur(0)), ("disk", usd(0))] {
            let earned: i64 = rows
                .iter()
                .filter(|row| {
                    row.product == product && row.revenue.currency() == currency.currency()
                })
                .map(|row| coverage::earned(row.revenue, row.starts_at, row.ends_at, at(seconds)))
                .map(Money::minor)
                .sum();
            assert_eq!(find(&format!("earned:{product}"), currency), -earned);
            let balances = store.balances(at(seconds)).await.expect("read");
            let unearned = balances.iter().find(|line| {
                line.account == format!("unearned:{product}")
                    && line.amount.currency() == currency.currency()
            });
            let unearned = unearned.map_or(0, |line| line.amount.minor());
            assert_eq!(find(&format!("unearned:{product}"), currency), unearned + earned);
        }
    }
    // To the cent, by hand: a third, two thirds, all.
    for (seconds, earned) in [(21, 153 + 40), (22, 306 + 40), (23, 460 + 40)] {
        let shown = store.trial_balance(at(seconds)).await.expect("a trial balance");
        let line = balance("earned:vm", usd(-earned));
        assert!(shown.balances().contains(&line), "{seconds}: {shown:?}");
    }
}

fn coverage_of_two() -> Vec<CoverageRow> {
    let mut euros = coverage(id(2), 1, (22, 29), 0);
    euros.revenue = eur(35);
    let mut disk = coverage(id(2), 2, (20, 30), 1);
    disk.product = "disk".to_owned();
    vec![euros, disk]
}

/// The type cannot hold what does not balance, whatever a store says.
#[test]
fn there_is_no_trial_balance_of_a_ledger_that_does_not_balance() {
    let crooked = [balance("tax", usd(1)), balance("customer_cash", eur(-1))];
    let refused = TrialBalance::new(&crooked, &Earned::by(at(0))).expect_err("refused");
    let said = StoreError::Corrupt(refused.to_string()).to_string();
    assert!(said.contains("does not sum to zero in EUR: -1 minor units"), "{said}");
}
