//! A document as it is read, all in words: what HTML and PDF both show, so that they always say
//! the same.

use crate::domain::money::Money;

use super::document::{Document, Line, Party};
use super::words::{NO_BREAK, Words};

/// An amount as it is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figure {
    /// As people read it: `−1,234.50`.
    pub(super) text: String,
    /// As programs read it: `-1234.50`.
    pub(super) plain: String,
    /// Does it go the other way, as what is given back does? What is merely taken off does not.
    pub(super) is_reverse: bool,
    /// Small print under it.
    pub(super) note: String,
}

/// A fact with its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) label: String,
    pub(super) value: String,
}

/// Seller or buyer.
#[derive(Debug)]
pub(super) struct Who {
    pub(super) label: &'static str,
    pub(super) name: String,
    pub(super) lines: Vec<String>,
}

/// A line of the table.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) date: String,
    pub(super) description: String,
    /// Small print under the description, one fact each.
    pub(super) details: Vec<String>,
    /// One for each of [`View::columns`].
    pub(super) figures: Vec<Figure>,
}

/// How much a sum matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    Part,
    Sum,
    /// What is left to be done.
    Result,
}

/// A sum under the table.
#[derive(Debug)]
pub(super) struct Sum {
    pub(super) label: String,
    pub(super) figure: Figure,
    pub(super) rank: Rank,
}

/// All of a document.
#[derive(Debug)]
pub(super) struct View {
    pub(super) words: &'static Words,
    /// `Invoice`.
    pub(super) title: &'static str,
    /// Its number, or that it has none yet.
    pub(super) number: String,
    pub(super) seller: Who,
    pub(super) buyer: Who,
    pub(super) facts: Vec<Fact>,
    /// The currency's code.
    pub(super) currency: &'static str,
    /// The headings of the figures.
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
    pub(super) sums: Vec<Sum>,
    /// Total, paid and outstanding: what is looked for first.
    pub(super) summary: [Sum; 3],
    pub(super) notes: Vec<String>,
}

impl View {
    pub(super) fn of(document: &Document) -> Self {
        let words = Words::of(document.language);
        let columns = columns(document, words);
        let rows = document.lines.iter().map(|line| row(document, words, &columns, line)).collect();
        Self {
            words,
            title: words.kind(document.kind),
            number: document
                .number
                .as_deref()
                .map(clean)
                .filter(|number| !number.is_empty())
                .unwrap_or_else(|| words.number_pending.to_owned()),
            seller: who(words.seller, &document.seller, words),
            buyer: who(words.buyer, &document.buyer, words),
            facts: facts(document, words),
            currency: document.currency.code(),
            columns: columns.iter().map(|column| column.heading).collect(),
            rows,
            sums: sums(document, words),
            summary: summary(document, words),
            notes: document
                .notes
                .iter()
                .map(|note| clean(note))
                .filter(|note| !note.is_empty())
                .collect(),
        }
    }

    /// Title and number, for a window and the foot of a page.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.title, self.number)
    }
}

/// A column of figures.
struct Column {
    heading: &'static str,
    amount: fn(&Line) -> Money,
    role: Role,
}

/// What a column's figures are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Amount,
    /// What is taken off: it stands with the sign that it has in the sum.
    Deduction,
    Tax,
}

/// The columns that say something: where nothing is taken off, the net price is the list price.
fn columns(document: &Document, words: &Words) -> Vec<Column> {
    let is_used = |of: fn(&Line) -> Money| document.lines.iter().any(|line| !of(line).is_zero());
    let plain = |heading, amount| Column { heading, amount, role: Role::Amount };
    let off = |heading, amount| Column { heading, amount, role: Role::Deduction };
    let discounts = is_used(|line| line.discount);
    let coupons = is_used(|line| line.coupon);
    let mut columns = Vec::new();
    if discounts || coupons {
        columns.push(plain(words.list, |line| line.list));
    }
    if discounts {
        columns.push(off(words.discount, |line| line.discount));
    }
    if coupons {
        columns.push(off(words.coupon, |line| line.coupon));
    }
    columns.push(plain(words.net, |line| line.net));
    columns.push(Column { heading: words.tax, amount: |line| line.tax, role: Role::Tax });
    columns.push(plain(words.total, |line| line.total));
    columns
}

fn row(document: &Document, words: &Words, columns: &[Column], line: &Line) -> Row {
    let mut details = vec![words.item_type(line.item_type).to_owned()];
    if let Some(span) = line.service {
        details.push(format!("{} {}", words.service, words.span(span, document.zone)));
    }
    if let Some(order) = &line.order {
        details.push(format!("{} {}", words.order, clean(order)));
    }
    details.extend(line.details.iter().map(|detail| clean(detail)));
    details.retain(|detail| !detail.is_empty());
    let figure = |column: &Column| {
        let amount = (column.amount)(line);
        match column.role {
            Role::Amount => figure(words, amount),
            Role::Deduction => deduction(words, amount),
            Role::Tax => Figure { note: clean(&line.tax_rate), ..figure(words, amount) },
        }
    };
    Row {
        date: document.zone.date(line.at).to_string(),
        description: clean(&line.description),
        details,
        figures: columns.iter().map(figure).collect(),
    }
}

fn who(label: &'static str, party: &Party, words: &Words) -> Who {
    let mut lines: Vec<String> = party.address.iter().map(|line| clean(line)).collect();
    lines.extend(party.tax_id.iter().map(|id| format!("{}: {}", words.tax_id, clean(id))));
    lines.extend(party.contact.iter().map(|line| clean(line)));
    lines.retain(|line| !line.is_empty());
    Who { label, name: clean(&party.name), lines }
}

fn facts(document: &Document, words: &Words) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |label: &str, value: String| {
        facts.push(Fact { label: label.to_owned(), value });
    };
    if let Some(related) = &document.related {
        add(words.related, clean(related));
    }
    add(words.issued, document.zone.date(document.issued_at).to_string());
    if let Some(period) = document.period {
        add(words.period, words.span(period, document.zone));
    }
    if let Some(state) = document.state {
        add(words.state, words.state_of(state).to_owned());
    }
    add(words.account, clean(&document.account));
    add(words.currency, document.currency.code().to_owned());
    add(words.zone, document.zone.name().to_owned());
    facts
}

fn sums(document: &Document, words: &Words) -> Vec<Sum> {
    let totals = &document.totals;
    let mut sums = Vec::new();
    let mut add = |label: String, figure: Figure, rank: Rank| {
        sums.push(Sum { label, figure, rank });
    };
    if !totals.discount.is_zero() || !totals.coupon.is_zero() {
        let list = totals
            .net
            .checked_add(totals.discount)
            .and_then(|amount| amount.checked_add(totals.coupon));
        // Its sum was looked at before anything is printed, so it is there.
        if let Some(list) = list {
            add(words.list.to_owned(), figure(words, list), Rank::Part);
        }
        if !totals.discount.is_zero() {
            add(words.discount.to_owned(), deduction(words, totals.discount), Rank::Part);
        }
        if !totals.coupon.is_zero() {
            add(words.coupon.to_owned(), deduction(words, totals.coupon), Rank::Part);
        }
    }
    add(words.net.to_owned(), figure(words, totals.net), Rank::Part);
    for tax in &totals.taxes {
        let net = format!("{}{NO_BREAK}{}", document.currency, words.amount(tax.net));
        let label = words.tax_on.replace("{net}", &net).replace("{rate}", &clean(&tax.rate));
        add(label, figure(words, tax.tax), Rank::Part);
    }
    let [total, paid, outstanding] = summary(document, words);
    let paid = Sum { figure: deduction(words, totals.paid), ..paid };
    sums.extend([total, paid, outstanding]);
    sums
}

fn summary(document: &Document, words: &Words) -> [Sum; 3] {
    let totals = &document.totals;
    let sum = |label: &str, amount, rank| Sum {
        label: label.to_owned(),
        figure: figure(words, amount),
        rank,
    };
    [
        sum(words.grand_total, totals.total, Rank::Sum),
        sum(words.settled(document.kind), totals.paid, Rank::Part),
        sum(words.outstanding, totals.outstanding, Rank::Result),
    ]
}

/// What is taken off, with the sign that it has in the sum.
fn deduction(words: &Words, amount: Money) -> Figure {
    Figure { is_reverse: false, ..figure(words, amount.negated()) }
}

fn figure(words: &Words, amount: Money) -> Figure {
    Figure {
        text: words.amount(amount),
        plain: amount.amount(),
        is_reverse: amount.is_negative(),
        note: String::new(),
    }
}

/// A text from outside in one line, without what would not be seen: controls, and marks that
/// turn the direction of what follows, with which a text can be made to read as another.
pub(super) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        let is_space = c.is_whitespace() && c != NO_BREAK && c != '\u{202f}' && c != '\u{2007}';
        if is_space {
            if !cleaned.is_empty() && !cleaned.ends_with(' ') {
                cleaned.push(' ');
            }
        } else if !c.is_control() && !is_hidden(c) {
            cleaned.push(c);
        }
    }
    cleaned.truncate(cleaned.trim_end_matches(' ').len());
    cleaned
}

/// Is it a character without a shape of its own?
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
