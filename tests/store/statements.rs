//! Bills: their lines, closed months, documents, and what everybody was billed in a month.

use renewd::domain::ids::{DocumentId, DocumentKind, OrderId, SeriesId, StreamId, SubscriptionId};
use renewd::domain::month::Month;
use renewd::domain::nouns::house::MonthSum;
use renewd::domain::nouns::statement::{BillLine, Charged, Document, ItemType, State, Statement};
use renewd::domain::price::Item;
use renewd::domain::rows::Row;
use renewd::store::{
    BillLineQuery, Chore, Commit, DocumentQuery, StatementQuery, Store, TokenRow, Written,
};

use crate::samples::{
    account, at, bare_bill_line, bare_document, bare_statement, bill_line_row, commit,
    document_row, full_bill_line, full_document, full_statement, id, money, month, statement_row,
    token, totals, usage_bill_line, usd,
};
use crate::{chores, promises, put, write};

promises!(
    bills_read_back_as_they_were_written,
    more_bill_rows_than_a_statement_takes_read_back,
    every_item_and_type_of_a_line_reads_back,
    nothing_on_a_bill_is_none,
    rows_of_bills_are_replaced_whole,
    what_was_never_billed_is_not_found,
    lines_are_listed_by_number,
    months_that_are_billed_are_listed_once,
    a_month_is_summed_by_currency,
    a_large_month_is_summed_whole,
    statements_are_listed_by_month_and_account,
    statements_are_filtered,
    statements_are_read_in_pages,
    documents_are_listed_the_last_issued_first,
    documents_are_read_in_pages,
    a_bill_row_that_contradicts_itself_is_refused,
    tokens_of_a_series_are_never_forgotten,
);

fn of(bits: u64, rows: Vec<Row>) -> Commit {
    let mut commit = commit(account(bits), 0, 1);
    commit.rows = rows;
    commit
}

async fn lines(store: &dyn Store, bits: u64, text: &str) -> Vec<BillLine> {
    let query = BillLineQuery { account: id(bits), month: month(text), after: None, limit: 9_999 };
    store.bill_lines(query).await.expect("read")
}

async fn statements(store: &dyn Store, query: StatementQuery) -> Vec<(u64, String)> {
    let rows = store.statements(query).await.expect("read");
    let bits = |account| (1..9).find(|bits| id(*bits) == account).expect("one of these");
    rows.into_iter().map(|(account, row)| (bits(account), row.month.to_string())).collect()
}

fn every() -> StatementQuery {
    StatementQuery { limit: 999, ..StatementQuery::default() }
}

fn documents_of(bits: u64) -> DocumentQuery {
    DocumentQuery { account: id(bits), month: None, before: None, limit: 999 }
}

async fn numbers(store: &dyn Store, query: DocumentQuery) -> Vec<u32> {
    let documents = store.documents(query).await.expect("read");
    documents.iter().map(|document| document.id.number).collect()
}

async fn bills_read_back_as_they_were_written(store: &dyn Store) {
    let rows = vec![
        bill_line_row(id(1), &full_bill_line(id(1), "2026-04", 1)),
        bill_line_row(id(1), &bare_bill_line(id(1), "2026-04", 2)),
        bill_line_row(id(1), &usage_bill_line(id(1), "2026-04", 3)),
        bill_line_row(id(1), &full_bill_line(id(1), "2026-05", u32::MAX)),
        statement_row(id(1), &full_statement("2026-04")),
        statement_row(id(1), &bare_statement("2026-05")),
        document_row(&full_document(id(1), 7)),
        document_row(&bare_document(id(1), 8)),
    ];
    put(store, &[of(1, rows)]).await;
    let april = [
        full_bill_line(id(1), "2026-04", 1),
        bare_bill_line(id(1), "2026-04", 2),
        usage_bill_line(id(1), "2026-04", 3),
    ];
    assert_eq!(lines(store, 1, "2026-04").await, april);
    assert_eq!(lines(store, 1, "2026-05").await, [full_bill_line(id(1), "2026-05", u32::MAX)]);
    for statement in [full_statement("2026-04"), bare_statement("2026-05")] {
        let found = store.statement(id(1), statement.month).await.expect("read");
        assert_eq!(found, Some(statement));
    }
    for document in [full_document(id(1), 7), bare_document(id(1), 8)] {
        assert_eq!(store.document(document.id).await.expect("read"), Some(document));
    }
}

async fn more_bill_rows_than_a_statement_takes_read_back(store: &dyn Store) {
    let mut rows = Vec::new();
    let mut written = Vec::new();
    for number in 1..=300_u32 {
        let line = full_bill_line(id(1), "2026-04", number);
        rows.push(bill_line_row(id(1), &line));
        rows.push(document_row(&full_document(id(1), number)));
        let year = 1000 + number;
        rows.push(statement_row(id(1), &full_statement(&format!("{year}-12"))));
        written.push(line);
    }
    put(store, &[of(1, rows)]).await;
    assert_eq!(lines(store, 1, "2026-04").await, written);
    let documents = store.documents(documents_of(1)).await.expect("read");
    let expected: Vec<_> = (1..=300).rev().map(|number| full_document(id(1), number)).collect();
    assert_eq!(documents, expected);
    assert_eq!(store.statements(every()).await.expect("read").len(), 300);
}

async fn every_item_and_type_of_a_line_reads_back(store: &dyn Store) {
    let items = [Item::Period, Item::Days(0), Item::Days(u16::MAX), Item::Upgrade, Item::Refund];
    let mut expected = Vec::new();
    for (number, item) in (1..).zip(items) {
        let item_type = ItemType::ALL[number as usize % ItemType::ALL.len()];
        let mut line = bare_bill_line(id(1), "2026-04", number);
        if let Charged::Order { item: of_order, .. } = &mut line.charged {
            *of_order = item;
        }
        expected.push(BillLine { item_type, ..line });
    }
    let rows = expected.iter().map(|line| bill_line_row(id(1), line)).collect();
    put(store, &[of(1, rows)]).await;
    assert_eq!(lines(store, 1, "2026-04").await, expected);
}

/// An empty text, and an amount of nothing that was paid later.
async fn nothing_on_a_bill_is_none(store: &dyn Store) {
    let bare = bare_bill_line(id(1), "2026-04", 1);
    let line = BillLine { external_id: Some(String::new()), ..bare.clone() };
    let document = Document { number: Some(String::new()), ..bare_document(id(1), 7) };
    let statement = Statement { repaid: Some(usd(0)), ..bare_statement("2026-04") };
    let rows = vec![
        bill_line_row(id(1), &line),
        document_row(&document),
        statement_row(id(1), &statement),
    ];
    put(store, &[of(1, rows)]).await;
    let found = store.statement(id(1), statement.month).await.expect("read");
    assert_eq!(found, Some(bare_statement("2026-04")));
    assert_eq!(lines(store, 1, "2026-04").await, [bare]);
    let found = store.document(document.id).await.expect("read");
    assert_eq!(found, Some(bare_document(id(1), 7)));
}

async fn rows_of_bills_are_replaced_whole(store: &dyn Store) {
    let rows = |line: &BillLine, statement: &Statement, document: &Document| {
        vec![bill_line_row(id(1), line), statement_row(id(1), statement), document_row(document)]
    };
    let (bare, full) = (bare_bill_line(id(1), "2026-04", 1), full_bill_line(id(1), "2026-04", 1));
    let month = (bare_statement("2026-04"), full_statement("2026-04"));
    let document = (bare_document(id(1), 7), full_document(id(1), 7));
    let first = of(1, rows(&full, &month.1, &document.1));
    let mut second = commit(account(1), 1, 1);
    second.rows = rows(&bare, &month.0, &document.0);
    put(store, &[first, second]).await;
    assert_eq!(lines(store, 1, "2026-04").await, [bare]);
    let found = store.statement(id(1), month.0.month).await.expect("read");
    assert_eq!(found, Some(month.0));
    let found = store.document(document.0.id).await.expect("read");
    assert_eq!(found, Some(document.0));
    let mut third = commit(account(1), 2, 1);
    third.rows = rows(&full, &month.1, &document.1);
    put(store, &[third]).await;
    assert_eq!(lines(store, 1, "2026-04").await, [full]);
    assert_eq!(store.statements(every()).await.expect("read"), [(id(1), month.1)]);
    assert_eq!(store.documents(documents_of(1)).await.expect("read"), [document.1]);
}

async fn what_was_never_billed_is_not_found(store: &dyn Store) {
    let rows = vec![
        bill_line_row(id(1), &full_bill_line(id(1), "2026-04", 1)),
        statement_row(id(1), &full_statement("2026-04")),
        document_row(&full_document(id(1), 7)),
    ];
    put(store, &[of(1, rows)]).await;
    assert_eq!(lines(store, 2, "2026-04").await, []);
    assert_eq!(lines(store, 1, "2026-03").await, []);
    assert_eq!(store.statement(id(2), month("2026-04")).await.expect("read"), None);
    assert_eq!(store.statement(id(1), month("2026-05")).await.expect("read"), None);
    assert_eq!(store.document(DocumentId::new(id(2), 7)).await.expect("read"), None);
    assert_eq!(store.document(DocumentId::new(id(1), 8)).await.expect("read"), None);
    assert_eq!(store.documents(documents_of(2)).await.expect("read"), []);
    assert_eq!(store.month_sums(month("2026-05")).await.expect("read"), []);
}

async fn lines_are_listed_by_number(store: &dyn Store) {
    let order = [10, 2, 9, 1, 3, 11];
    let rows = order.map(|number| bill_line_row(id(1), &full_bill_line(id(1), "2026-04", number)));
    let other = bill_line_row(id(2), &full_bill_line(id(2), "2026-04", 4));
    put(store, &[of(1, rows.to_vec()), of(2, vec![other])]).await;
    for limit in 1..=4 {
        let (account, month) = (id(1), month("2026-04"));
        let mut read = Vec::new();
        let mut after = None;
        loop {
            let query = BillLineQuery { account, month, after, limit };
            let page = store.bill_lines(query).await.expect("read");
            let Some(last) = page.last() else { break };
            assert!(page.len() <= limit as usize);
            after = Some(last.number);
            read.extend(page.iter().map(|line| line.number));
        }
        assert_eq!(read, [1, 2, 3, 9, 10, 11]);
    }
}

async fn months_that_are_billed_are_listed_once(store: &dyn Store) {
    assert_eq!(store.billed_months().await.expect("read"), []);
    let line =
        |bits, text, number| bill_line_row(id(bits), &bare_bill_line(id(bits), text, number));
    let first = vec![line(1, "2026-10", 1), line(1, "2026-02", 1), line(1, "2026-02", 2)];
    let second = vec![line(2, "2026-02", 1), line(2, "2025-12", 1)];
    put(store, &[of(1, first), of(2, second)]).await;
    let months: Vec<_> =
        store.billed_months().await.expect("read").iter().map(Month::to_string).collect();
    assert_eq!(months, ["2025-12", "2026-02", "2026-10"]);
}

/// A line that comes to so much in a currency.
fn worth(bits: u64, number: u32, currency: &str, net: i64, tax: i64) -> Row {
    let amount = |minor| money(minor, currency);
    let line = BillLine {
        list: amount(net),
        discount: amount(0),
        coupon: amount(0),
        net: amount(net),
        tax_amount: amount(tax),
        total: amount(net + tax),
        paid: amount(1),
        ..bare_bill_line(id(bits), "2026-04", number)
    };
    bill_line_row(id(bits), &line)
}

async fn a_month_is_summed_by_currency(store: &dyn Store) {
    let other = bill_line_row(id(1), &full_bill_line(id(1), "2026-05", 1));
    let first = vec![worth(1, 1, "USD", 100, 7), worth(1, 2, "USD", -30, -2), other];
    let second = vec![worth(2, 1, "USD", 5, 0), worth(2, 2, "EUR", -9, -1)];
    let third = vec![worth(3, 1, "JPY", 0, 0)];
    put(store, &[of(1, first), of(2, second), of(3, third)]).await;
    let sum = |currency, line_count, account_count, net, tax| MonthSum {
        line_count,
        account_count,
        net: money(net, currency),
        tax: money(tax, currency),
        total: money(net + tax, currency),
    };
    let expected = [sum("EUR", 1, 1, -9, -1), sum("JPY", 1, 1, 0, 0), sum("USD", 3, 2, 75, 5)];
    assert_eq!(store.month_sums(month("2026-04")).await.expect("read"), expected);
}

/// More lines than are read at once, in accounts of very different sizes.
async fn a_large_month_is_summed_whole(store: &dyn Store) {
    let commits: Vec<_> = [1, 20_500, 1, 19_998, 2, 1]
        .into_iter()
        .zip(1..)
        .map(|(count, bits)| of(bits, (1..=count).map(|n| worth(bits, n, "USD", 3, 1)).collect()))
        .collect();
    put(store, &commits).await;
    let line_count = 1 + 20_500 + 1 + 19_998 + 2 + 1;
    let minor = |each| usd(each * i64::try_from(line_count).expect("few"));
    let expected =
        MonthSum { line_count, account_count: 6, net: minor(3), tax: minor(1), total: minor(4) };
    assert_eq!(store.month_sums(month("2026-04")).await.expect("read"), [expected]);
}

/// Closed months of three accounts: one is not paid in full, one is not closed.
fn closed() -> Vec<Commit> {
    let cleared = |text: &str| full_statement(text);
    // 11 and 10 were paid of the total of 22.
    let uncleared = Statement { totals: totals(20, 2, 22, 11), ..full_statement("2026-03") };
    assert_eq!(uncleared.state(), State::Uncleared);
    assert_eq!(cleared("2026-03").state(), State::Cleared);
    assert_eq!(bare_statement("2026-05").state(), State::Generating);
    let rows = |bits: u64, statements: Vec<Statement>| {
        of(bits, statements.iter().map(|one| statement_row(id(bits), one)).collect())
    };
    vec![
        rows(1, vec![cleared("2026-10"), cleared("2026-03"), cleared("2025-12")]),
        rows(2, vec![uncleared, cleared("2026-04")]),
        rows(3, vec![cleared("2026-03"), bare_statement("2026-05")]),
    ]
}

async fn statements_are_listed_by_month_and_account(store: &dyn Store) {
    put(store, &closed()).await;
    let all = statements(store, every()).await;
    let all: Vec<_> = all.iter().map(|(bits, month)| (*bits, month.as_str())).collect();
    let expected = [
        (1, "2025-12"),
        (1, "2026-03"),
        (2, "2026-03"),
        (3, "2026-03"),
        (2, "2026-04"),
        (3, "2026-05"),
        (1, "2026-10"),
    ];
    assert_eq!(all, expected);
}

async fn statements_are_filtered(store: &dyn Store) {
    put(store, &closed()).await;
    let said = async |query| {
        let rows = statements(store, query).await;
        rows.into_iter().map(|(bits, month)| format!("{bits} {month}")).collect::<Vec<_>>()
    };
    let of = StatementQuery { account: Some(id(2)), ..every() };
    assert_eq!(said(of).await, ["2 2026-03", "2 2026-04"]);
    let march = StatementQuery { month: Some(month("2026-03")), ..every() };
    assert_eq!(said(march).await, ["1 2026-03", "2 2026-03", "3 2026-03"]);
    let state = |state| StatementQuery { state: Some(state), ..every() };
    assert_eq!(said(state(State::Uncleared)).await, ["2 2026-03"]);
    assert_eq!(said(state(State::Generating)).await, ["3 2026-05"]);
    assert_eq!(said(state(State::Cleared)).await.len(), 5);
    let both = StatementQuery { month: march.month, ..state(State::Cleared) };
    assert_eq!(said(both).await, ["1 2026-03", "3 2026-03"]);
    let none = StatementQuery { account: Some(id(1)), ..state(State::Uncleared) };
    assert_eq!(said(none).await, [""; 0]);
    let one = StatementQuery { account: Some(id(2)), ..both };
    assert_eq!(said(one).await, [""; 0]);
}

async fn statements_are_read_in_pages(store: &dyn Store) {
    put(store, &closed()).await;
    let of_one = StatementQuery { account: Some(id(1)), ..every() };
    let march = StatementQuery { month: Some(month("2026-03")), ..every() };
    let cleared = StatementQuery { state: Some(State::Cleared), ..every() };
    let uncleared = StatementQuery { state: Some(State::Uncleared), ..every() };
    for asked in [every(), of_one, march, cleared, uncleared] {
        let all = store.statements(asked).await.expect("read");
        assert!(!all.is_empty());
        for limit in 1..=3 {
            let mut query = StatementQuery { limit, ..asked };
            let mut read = Vec::new();
            loop {
                let page = store.statements(query).await.expect("read");
                let Some((account, last)) = page.last() else { break };
                assert!(page.len() <= limit as usize);
                query.after = Some((last.month, *account));
                read.extend(page);
            }
            assert_eq!(read, all);
        }
    }
}

/// Documents of two accounts, those of the first in two months.
async fn file(store: &dyn Store) {
    let document = |bits, number, text: &str| {
        document_row(&Document { month: month(text), ..full_document(id(bits), number) })
    };
    let first = vec![
        document(1, 9, "2026-04"),
        document(1, 10, "2026-03"),
        document(1, 2, "2026-04"),
        document(1, 30, "2026-04"),
    ];
    put(store, &[of(1, first), of(2, vec![document(2, 11, "2026-04")])]).await;
}

async fn documents_are_listed_the_last_issued_first(store: &dyn Store) {
    file(store).await;
    assert_eq!(numbers(store, documents_of(1)).await, [30, 10, 9, 2]);
    assert_eq!(numbers(store, documents_of(2)).await, [11]);
    let april = DocumentQuery { month: Some(month("2026-04")), ..documents_of(1) };
    assert_eq!(numbers(store, april).await, [30, 9, 2]);
    assert_eq!(numbers(store, DocumentQuery { before: Some(9), ..april }).await, [2]);
}

async fn documents_are_read_in_pages(store: &dyn Store) {
    file(store).await;
    let april = DocumentQuery { month: Some(month("2026-04")), ..documents_of(1) };
    for asked in [documents_of(1), april] {
        let all = numbers(store, asked).await;
        for limit in 1..=3 {
            let mut query = DocumentQuery { limit, ..asked };
            let mut read = Vec::new();
            loop {
                let page = numbers(store, query).await;
                let Some(last) = page.last() else { break };
                query.before = Some(*last);
                read.extend(page);
            }
            assert_eq!(read, all);
        }
    }
}

async fn a_bill_row_that_contradicts_itself_is_refused(store: &dyn Store) {
    let line = || full_bill_line(id(1), "2026-04", 1);
    let eur = || money(1, "EUR");
    let mixed = Statement {
        pending_totals: renewd::domain::nouns::statement::Totals::zero(eur().currency()),
        ..full_statement("2026-04")
    };
    let charged = |change: fn(&mut OrderId, &mut Option<OrderId>, &mut SubscriptionId)| {
        let mut line = line();
        if let Charged::Order { order, related, subscription, .. } = &mut line.charged {
            change(order, related, subscription);
        }
        bill_line_row(id(1), &line)
    };
    let mut document = full_document(id(1), 7);
    document.totals.paid = eur();
    let wrong = [
        bill_line_row(id(2), &full_bill_line(id(2), "2026-04", 1)),
        charged(|order, _, _| order.account = id(2)),
        charged(|_, related, _| *related = Some(OrderId::new(id(2), 1))),
        charged(|_, _, subscription| subscription.account = id(2)),
        bill_line_row(
            id(1),
            &BillLine { charged: usage_bill_line(id(2), "2026-04", 1).charged, ..line() },
        ),
        bill_line_row(id(1), &BillLine { paid: eur(), ..line() }),
        statement_row(id(2), &full_statement("2026-04")),
        statement_row(id(1), &mixed),
        statement_row(id(1), &Statement { repaid: Some(eur()), ..full_statement("2026-04") }),
        document_row(&full_document(id(2), 7)),
        document_row(&Document {
            related: Some(DocumentId::new(id(2), 1)),
            ..full_document(id(1), 7)
        }),
        document_row(&document),
    ];
    for row in wrong {
        let refused = of(1, vec![row.clone()]);
        assert_eq!(write(store, &[refused]).await, [Written::Refused], "{row:?}");
    }
    let twice = vec![bill_line_row(id(1), &line()), bill_line_row(id(1), &line())];
    assert_eq!(write(store, &[of(1, twice)]).await, [Written::Refused]);
    assert_eq!(store.billed_months().await.expect("read"), []);
    assert_eq!(store.statements(every()).await.expect("read"), []);
    assert_eq!(store.documents(documents_of(1)).await.expect("read"), []);
}

/// A number is given once for each token, however late it is asked for again (R10.6).
async fn tokens_of_a_series_are_never_forgotten(store: &dyn Store) {
    let series = StreamId::Series(SeriesId { kind: DocumentKind::CreditNote, year: 2026 });
    let campaign = StreamId::Campaign(renewd::domain::ids::CampaignId::from_bits(1));
    let old = TokenRow { at: at(1), ..token("a", 1) };
    let streams = [series, campaign, StreamId::House, account(1)];
    let commits = streams.map(|stream| {
        let mut commit = commit(stream, 0, 1);
        commit.tokens = vec![old.clone()];
        commit
    });
    put(store, &commits).await;
    chores(store, vec![Chore::ForgetTokens { before: at(10) }]).await;
    let mut kept = Vec::new();
    for stream in streams {
        kept.push(store.tokens(stream, &["a".to_owned()]).await.expect("read").len());
    }
    assert_eq!(kept, [1, 0, 0, 0]);
}
