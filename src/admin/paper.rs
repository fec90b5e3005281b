//! What is printed: bill lines, with who sells and who buys, as a billing document.
//!
//! Nothing is decided here: the figures are those of the record, and the printer refuses them if
//! the lines do not make them. Names of products and plans are those of the rules in force when a
//! line was booked, so that a document reads the same whenever it is printed. Who buys is unsealed
//! for the caller, and goes nowhere else (D50).

use std::collections::BTreeMap;

use super::ports::Profile;
use crate::config::Config;
use crate::documents::{
    Document, ItemType, Kind, Language, Line, Party, Span, State, TaxTotal, Totals,
};
use crate::domain::account::Open;
use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::ids::DocumentKind;
use crate::domain::money::{Currency, Money};
use crate::domain::nouns::order;
use crate::domain::nouns::statement::{self, BillLine, Statement};
use crate::domain::price::Item;
use crate::domain::rules::Timeline;
use crate::domain::verbs::bill;

/// What is printed.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A month of an account.
    Statement {
        /// As it is summed up, or was closed.
        statement: &'a Statement,
        /// When it is printed: the date of one that is not closed yet.
        now: Timestamp,
    },
    /// An invoice or a credit note.
    Document {
        /// Which.
        document: &'a statement::Document,
        /// The number of the invoice that it corrects, or that this has none yet.
        related: Option<&'a str>,
    },
}

/// Who sells, who buys, and what things are called.
#[derive(Debug, Clone, Copy)]
pub struct Paper<'a> {
    /// Who sells.
    pub config: &'a Config,
    /// What products and plans are called, and the zone of bills.
    pub timeline: &'a Timeline,
    /// Who buys, as far as the journal knows.
    pub account: &'a Open,
    /// Who buys, as far as it is sealed; none if it is not known, or no longer.
    pub buyer: Option<&'a Profile>,
}

impl Paper<'_> {
    /// The document of `subject`, whose lines these are.
    #[must_use]
    pub fn document(&self, subject: Subject<'_>, lines: &[BillLine]) -> Document {
        let words = Words::of(Language::of(&self.account.terms.language));
        let currency = self.account.terms.currency;
        let (month, sums) = match subject {
            Subject::Statement { statement, .. } => (statement.month, statement.totals),
            Subject::Document { document, .. } => (document.month, document.totals),
        };
        let (kind, number, related, issued_at, state) = match subject {
            Subject::Statement { statement, now } => {
                let issued_at = statement.closed_at.unwrap_or(now);
                let number = Some(statement.month.to_string());
                (Kind::Statement, number, None, issued_at, Some(state(statement.state())))
            }
            Subject::Document { document, related } => {
                let kind = match document.series.kind {
                    DocumentKind::Invoice => Kind::Invoice,
                    DocumentKind::CreditNote => Kind::CreditNote,
                };
                let related = related.map(str::to_owned);
                (kind, document.number.clone(), related, document.issued_at, None)
            }
        };
        let zone = bill::settings(self.timeline, month.next().starts_at(Zone::UTC)).zone;
        let lines: Vec<Line> = lines.iter().map(|line| self.line(line, words)).collect();
        Document {
            kind,
            language: words.language,
            zone,
            number,
            related,
            issued_at,
            period: Some(Span { from: month.starts_at(zone), to: month.next().starts_at(zone) }),
            state,
            seller: self.seller(),
            buyer: self.buyer(),
            account: self.account.id.to_string(),
            currency,
            totals: totals(&lines, &sums, currency),
            lines,
            notes: self.config.seller.notes.clone(),
        }
    }

    fn seller(&self) -> Party {
        let seller = &self.config.seller;
        let name = if seller.name.is_empty() { &self.config.mail.provider } else { &seller.name };
        Party {
            name: name.clone(),
            address: seller.address.clone(),
            tax_id: Some(seller.tax_id.clone()).filter(|tax_id| !tax_id.is_empty()),
            contact: seller.contact.clone(),
        }
    }

    /// Who buys. Of an owner who is not known, or no longer, the account stands for the name.
    fn buyer(&self) -> Party {
        let country = self.account.terms.country.clone();
        let Some(profile) = self.buyer else {
            let name = self.account.id.to_string();
            return Party { name, address: country.into_iter().collect(), ..Party::default() };
        };
        Party {
            name: profile.name.clone(),
            address: profile.address.iter().cloned().chain(country).collect(),
            tax_id: profile.tax_id.clone(),
            contact: vec![profile.email.clone()],
        }
    }

    fn line(&self, line: &BillLine, words: &Words) -> Line {
        let mut details = vec![line.subscription.to_string()];
        details.extend(line.external_id.clone());
        details.push(line.region.clone());
        details.extend(line.related.map(|related| format!("{} {related}", words.corrects)));
        let service = line.starts_at.zip(line.ends_at);
        Line {
            at: line.at,
            description: self.description(line, words),
            details,
            service: service.map(|(from, to)| Span { from, to }),
            order: Some(line.order.to_string()),
            item_type: item_type(line.item_type),
            list: line.list,
            discount: line.discount,
            coupon: line.coupon,
            net: line.net,
            tax_rate: tax_rate(line, words),
            tax: line.tax_amount,
            total: line.total,
        }
    }

    /// `ApsaraDB RDS, Small: renewal`.
    fn description(&self, line: &BillLine, words: &Words) -> String {
        let version = self.timeline.in_force(line.at);
        let known = version.and_then(|version| self.timeline.product(version, &line.product));
        let product = known.map(|(_, product)| product);
        let plan = product.and_then(|product| product.plans.get(&line.plan)?.name.as_deref());
        let product = product.map_or(line.product.as_str(), |product| product.name.as_str());
        let plan = plan.unwrap_or(&line.plan);
        let what = match line.order_type {
            order::Kind::New => words.purchase,
            order::Kind::Renew => words.renewal,
            order::Kind::Upgrade => words.upgrade,
            order::Kind::Downgrade => words.downgrade,
            order::Kind::Refund => words.refund,
        };
        match line.item {
            Item::Days(days) => {
                let days = words.days.replace("{}", &days.to_string());
                format!("{product}, {plan}: {what}, {days}")
            }
            Item::Period | Item::Upgrade | Item::Refund => format!("{product}, {plan}: {what}"),
        }
    }
}

/// The month of a statement, or the number of a document, as the name of a file.
#[must_use]
pub fn file_name(subject: Subject<'_>) -> String {
    let name = match subject {
        Subject::Statement { statement, .. } => format!("statement-{}", statement.month),
        Subject::Document { document, .. } => {
            document.number.clone().unwrap_or_else(|| document.id.to_string())
        }
    };
    // A number is of the operator's making.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect()
}

const fn state(state: statement::State) -> State {
    match state {
        statement::State::Generating => State::Generating,
        statement::State::Uncleared => State::Uncleared,
        statement::State::Cleared => State::Cleared,
    }
}

const fn item_type(item: statement::ItemType) -> ItemType {
    match item {
        statement::ItemType::SubscriptionOrder => ItemType::SubscriptionOrder,
        statement::ItemType::PayAsYouGoBill => ItemType::PayAsYouGoBill,
        statement::ItemType::Refund => ItemType::Refund,
        statement::ItemType::Adjustment => ItemType::Adjustment,
    }
}

/// `VAT 19 %`; of a rate of nothing the name says it all: `reverse charge`.
fn tax_rate(line: &BillLine, words: &Words) -> String {
    match &line.tax {
        Some((name, rate)) if rate.is_zero() => name.clone(),
        Some((name, rate)) => {
            let rate = rate.normalize().to_string().replace('.', words.decimal);
            format!("{name} {rate}\u{a0}%")
        }
        None if line.tax_amount.is_zero() => words.no_tax.to_owned(),
        None => words.rate_of_order.to_owned(),
    }
}

/// What is larger than any amount is not added: the printer refuses the sum.
fn plus(sum: Money, amount: Money) -> Money {
    sum.checked_add(amount).unwrap_or(sum)
}

/// The sums: those of the record, and of the lines what the record does not sum up.
fn totals(lines: &[Line], sums: &statement::Totals, currency: Currency) -> Totals {
    let sum = |amount: fn(&Line) -> Money| {
        lines.iter().fold(Money::zero(currency), |sum, line| plus(sum, amount(line)))
    };
    let mut taxes: Vec<TaxTotal> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        let place = *places.entry(&line.tax_rate).or_insert(taxes.len());
        if place == taxes.len() {
            let zero = Money::zero(currency);
            taxes.push(TaxTotal { rate: line.tax_rate.clone(), net: zero, tax: zero });
        }
        let total = &mut taxes[place];
        total.net = plus(total.net, line.net);
        total.tax = plus(total.tax, line.tax);
    }
    Totals {
        discount: sum(|line| line.discount),
        coupon: sum(|line| line.coupon),
        net: sums.net,
        taxes,
        total: sums.total,
        paid: sums.paid,
        outstanding: sums.outstanding(),
    }
}

/// The words of descriptions; all others are the printer's.
#[derive(Debug)]
struct Words {
    language: Language,
    decimal: &'static str,
    purchase: &'static str,
    renewal: &'static str,
    upgrade: &'static str,
    downgrade: &'static str,
    refund: &'static str,
    /// `{}` is where their number stands.
    days: &'static str,
    /// Before the order that a line gives money back for.
    corrects: &'static str,
    no_tax: &'static str,
    /// Of a line whose rate stands with the order that it corrects.
    rate_of_order: &'static str,
}

static ENGLISH: Words = Words {
    language: Language::En,
    decimal: ".",
    purchase: "purchase",
    renewal: "renewal",
    upgrade: "upgrade",
    downgrade: "downgrade",
    refund: "refund",
    days: "{} days",
    corrects: "Corrects",
    no_tax: "none",
    rate_of_order: "as ordered",
};

static GERMAN: Words = Words {
    language: Language::De,
    decimal: ",",
    purchase: "Kauf",
    renewal: "Verl\u{e4}ngerung",
    upgrade: "Wechsel auf einen gr\u{f6}\u{df}eren Tarif",
    downgrade: "Wechsel auf einen kleineren Tarif",
    refund: "Erstattung",
    days: "{} Tage",
    corrects: "Berichtigt",
    no_tax: "keine",
    rate_of_order: "wie bestellt",
};

impl Words {
    const fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &ENGLISH,
            Language::De => &GERMAN,
        }
    }
}
