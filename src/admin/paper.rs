//! What is printed: bill lines, with who sells and who buys, as a billing document.
//!
//! Nothing is decided here: the figures are those of the record, and the printer refuses them if
//! the lines do not make them. Names of products and plans are those of the rules in force when a
//! line was booked, so that a document reads the same whenever it is printed. Who buys is unsealed
//! for the caller, and goes nowhere else (D50).

use std::collections::BTreeMap;

use rust_decimal::Decimal;

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
use crate::domain::nouns::statement::{self, BillLine, Charged, Statement};
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
            Subject::Statement { statement, .. } => (statement.month, statement.standing()),
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
            seller: seller(self.config),
            buyer: self.buyer(),
            account: self.account.id.to_string(),
            currency,
            totals: totals(&lines, &sums, currency),
            lines,
            notes: self.config.seller.notes.clone(),
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
            contact: Some(profile.email.clone()).filter(|to| !to.is_empty()).into_iter().collect(),
        }
    }

    fn line(&self, line: &BillLine, words: &Words) -> Line {
        let (of, order) = match line.charged {
            Charged::Order { order, subscription, .. } => (subscription.to_string(), Some(order)),
            Charged::Usage { resource, .. } => (resource.to_string(), None),
        };
        let mut details = vec![of];
        details.extend(line.external_id.clone());
        details.push(line.region.clone());
        details.extend(line.related().map(|related| format!("{} {related}", words.corrects)));
        details.extend(measured(line, words));
        let service = line.starts_at.zip(line.ends_at);
        Line {
            at: line.at,
            description: self.description(line, words),
            details,
            service: service.map(|(from, to)| Span { from, to }),
            order: order.map(|order| order.to_string()),
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

    /// `ApsaraDB RDS, Small: renewal`, or of usage `ApsaraDB RDS, Small: traffic`.
    fn description(&self, line: &BillLine, words: &Words) -> String {
        let version = self.timeline.in_force(line.at);
        let known = version.and_then(|version| self.timeline.product(version, &line.product));
        let product = known.map(|(_, product)| product);
        let plan = product.and_then(|product| product.plans.get(&line.plan)?.name.as_deref());
        let product = product.map_or(line.product.as_str(), |product| product.name.as_str());
        let plan = plan.unwrap_or(&line.plan);
        let (what, item) = match &line.charged {
            Charged::Order { order_type, item, .. } => (words.order(*order_type), *item),
            Charged::Usage { meter, .. } => return format!("{product}, {plan}: {meter}"),
        };
        match item {
            Item::Days(days) => {
                let days = words.days.replace("{}", &days.to_string());
                format!("{product}, {plan}: {what}, {days}")
            }
            Item::Period | Item::Upgrade | Item::Refund => format!("{product}, {plan}: {what}"),
        }
    }
}

/// Who sells.
#[must_use]
pub fn seller(config: &Config) -> Party {
    let seller = &config.seller;
    let name = if seller.name.is_empty() { &config.mail.provider } else { &seller.name };
    Party {
        name: name.clone(),
        address: seller.address.clone(),
        tax_id: Some(seller.tax_id.clone()).filter(|tax_id| !tax_id.is_empty()),
        contact: seller.contact.clone(),
    }
}

/// `120.5 GB × 0.004 USD`; of the higher tiers of a price also which.
fn measured(line: &BillLine, words: &Words) -> Vec<String> {
    let Charged::Usage { unit, quantity, price, tier, .. } = &line.charged else {
        return Vec::new();
    };
    let currency = line.total.currency();
    let (quantity, price) = (words.number(*quantity), words.number(*price));
    let mut measured = vec![format!("{quantity} {unit} \u{d7} {price} {currency}")];
    if *tier > 1 {
        measured.push(words.tier.replace("{}", &tier.to_string()));
    }
    measured
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
            let rate = words.number(*rate);
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
    /// `{}` is where its number stands.
    tier: &'static str,
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
    tier: "tier {}",
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
    tier: "Stufe {}",
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

    const fn order(&self, kind: order::Kind) -> &'static str {
        match kind {
            order::Kind::New => self.purchase,
            order::Kind::Renew => self.renewal,
            order::Kind::Upgrade => self.upgrade,
            order::Kind::Downgrade => self.downgrade,
            order::Kind::Refund => self.refund,
        }
    }

    fn number(&self, number: Decimal) -> String {
        number.normalize().to_string().replace('.', self.decimal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::documents::{self, DocumentError, Fonts};
    use crate::domain::account::{self, Terms};
    use crate::domain::event::{Event, SealedRef};
    use crate::domain::ids::{
        AccountId, DocumentId, OrderId, ResourceId, SeriesId, StreamId, SubscriptionId,
    };
    use crate::domain::nouns::statement::Runs;
    use crate::domain::price::{Applied, Gross, Pretax, Rate};
    use crate::domain::stream;

    const CATALOGUE: &str = include_str!("../../config/catalogue.toml");

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn eur(minor: i64) -> Money {
        Money::from_minor(minor, "EUR".parse().expect("a currency"))
    }

    fn account() -> AccountId {
        AccountId::from_bits(7)
    }

    fn open(language: &str) -> Open {
        let terms = Terms {
            kind: account::Kind::Corporate,
            currency: eur(0).currency(),
            country: Some("DE".to_owned()),
            zone: Zone::UTC,
            language: language.to_owned(),
        };
        let mut state = stream::State::empty(StreamId::Account(account()));
        let at = at("2026-01-01T00:00:00Z");
        state.apply(&Event::Account(account::Event::Opened { terms, profile: SealedRef(1), at }));
        state.account().and_then(|account| account.open()).expect("an account").clone()
    }

    /// The lines that an order of these prices is billed with, as `Bills` makes them.
    fn billed(gross: &[Gross], rate: Option<Rate<'_>>, coupon: i64) -> Vec<BillLine> {
        let order = OrderId::new(account(), 2);
        let id = crate::domain::ids::CouponId::new(account(), 9);
        let coupon = (coupon > 0).then(|| Applied { id, amount: eur(coupon) });
        let price = Pretax::of(gross, rate, eur(0).currency()).price(coupon, |_| true);
        let line = |(line, number): (&crate::domain::price::Line, u32)| BillLine {
            month: "2026-04".parse().expect("a month"),
            number,
            item_type: statement::ItemType::SubscriptionOrder,
            at: at("2026-04-10T09:00:00Z"),
            charged: Charged::Order {
                order,
                related: None,
                order_type: order::Kind::New,
                item: line.item,
                subscription: SubscriptionId::new(account(), 1),
            },
            external_id: Some("vm-4711".to_owned()),
            product: "rds".to_owned(),
            plan: "basic".to_owned(),
            region: "eu-central-1".to_owned(),
            starts_at: Some(at("2026-04-10T00:00:00Z")),
            ends_at: Some(at("2026-05-10T00:00:00Z")),
            list: line.list,
            discount: line.discount,
            coupon: line.coupon,
            net: eur(line.list.minor() - line.discount.minor() - line.coupon.minor()),
            tax: price.tax.as_ref().map(|tax| (tax.name.clone(), tax.rate)),
            tax_amount: line.tax,
            total: line.payable,
            paid: line.payable,
        };
        price.lines.iter().zip(1..).map(line).collect()
    }

    fn gross(list: i64, discount: i64) -> Gross {
        Gross { item: Item::Period, list: eur(list), discount: eur(discount) }
    }

    fn vat(inclusive: bool) -> Rate<'static> {
        Rate { name: "VAT", percent: Decimal::new(190, 1), inclusive }
    }

    fn back(line: &BillLine) -> BillLine {
        let Charged::Order { order, subscription, .. } = line.charged else { panic!("an order") };
        BillLine {
            item_type: statement::ItemType::Refund,
            charged: Charged::Order {
                order,
                related: Some(order),
                order_type: order::Kind::Refund,
                item: Item::Refund,
                subscription,
            },
            list: line.list.negated(),
            discount: line.discount.negated(),
            coupon: line.coupon.negated(),
            net: line.net.negated(),
            tax_amount: line.tax_amount.negated(),
            total: line.total.negated(),
            paid: line.paid.negated(),
            ..line.clone()
        }
    }

    fn summed(lines: &[BillLine]) -> statement::Totals {
        let mut totals = statement::Totals::zero(eur(0).currency());
        for line in lines {
            totals.add(line);
        }
        totals
    }

    fn statement(lines: &[BillLine], closed_at: Option<Timestamp>) -> Statement {
        Statement {
            line_count: u32::try_from(lines.len()).expect("a few"),
            totals: summed(lines),
            closed_at,
            ..Statement::empty("2026-04".parse().expect("a month"), eur(0).currency())
        }
    }

    fn issued(kind: DocumentKind, number: Option<&str>, lines: &[BillLine]) -> statement::Document {
        statement::Document {
            id: DocumentId::new(account(), 11),
            series: SeriesId { kind, year: 2026 },
            month: "2026-04".parse().expect("a month"),
            lines: Runs::from([(1, u32::try_from(lines.len()).expect("a few"))]),
            totals: summed(lines),
            related: None,
            issued_at: at("2026-05-04T09:00:00Z"),
            number: number.map(str::to_owned),
        }
    }

    fn profile(name: &str) -> Profile {
        Profile {
            name: name.to_owned(),
            email: "ops@ada.example".to_owned(),
            address: vec!["Lindenstra\u{df}e 12".to_owned(), "10969 Berlin".to_owned()],
            tax_id: Some("DE812345678".to_owned()),
        }
    }

    fn drawn(
        language: &str,
        buyer: Option<&Profile>,
        subject: Subject<'_>,
        lines: &[BillLine],
    ) -> Document {
        let mut config = Config::default();
        config.mail.provider = "Example Cloud".to_owned();
        config.seller.tax_id = "DE999999999".to_owned();
        let timeline = Timeline::of(config::parse_rules(CATALOGUE).expect("a catalogue"));
        let account = open(language);
        let paper = Paper { config: &config, timeline: &timeline, account: &account, buyer };
        paper.document(subject, lines)
    }

    fn month(lines: &[BillLine]) -> Document {
        let statement = statement(lines, None);
        let now = at("2026-04-20T00:00:00Z");
        drawn("en", None, Subject::Statement { statement: &statement, now }, lines)
    }

    #[test]
    fn prices_with_the_tax_in_them_add_up() {
        // Of 9.99 the tax is 1.60 (19/119), and of what the coupon leaves it is counted anew.
        for coupon in [0, 250] {
            let lines = billed(&[gross(999, 0), gross(333, 33)], Some(vat(true)), coupon);
            let document = month(&lines);
            let html = documents::html(&document).expect("figures that agree");
            assert!(html.contains("VAT 19\u{a0}%"), "{html}");
            assert_eq!(document.totals.taxes.len(), 1);
            assert_eq!(document.totals.coupon, eur(coupon));
            assert!(coupon > 0 || document.totals.total == eur(999 + 300), "what the label says");
        }
    }

    #[test]
    fn every_rate_is_summed_up_for_itself() {
        let reverse = Rate { name: "reverse charge", percent: Decimal::ZERO, inclusive: false };
        let half = Rate { name: "VAT", percent: Decimal::new(75, 1), inclusive: false };
        let mut lines = billed(&[gross(1_000, 100)], Some(vat(false)), 0);
        lines.extend(billed(&[gross(500, 0)], Some(reverse), 0));
        lines.extend(billed(&[gross(200, 0)], None, 0));
        lines.extend(billed(&[gross(300, 0)], Some(half), 0));
        lines.extend(billed(&[gross(100, 0)], Some(vat(false)), 0));
        let document = month(&lines);
        documents::html(&document).expect("figures that agree");
        let taxes: Vec<String> = document
            .totals
            .taxes
            .iter()
            .map(|tax| format!("{} {} {}", tax.rate, tax.net.amount(), tax.tax.amount()))
            .collect();
        assert_eq!(
            taxes,
            [
                "VAT 19\u{a0}% 10.00 1.90",
                "reverse charge 5.00 0.00",
                "none 2.00 0.00",
                "VAT 7.5\u{a0}% 3.00 0.23"
            ]
        );
    }

    #[test]
    fn figures_that_contradict_each_other_are_not_printed() {
        let lines = billed(&[gross(1_000, 0), gross(500, 0)], Some(vat(false)), 0);
        let whole = statement(&lines, None);
        let now = at("2026-04-20T00:00:00Z");
        let document =
            drawn("en", None, Subject::Statement { statement: &whole, now }, &lines[..1]);
        let refused = documents::html(&document).expect_err("a line is missing");
        assert!(matches!(refused, DocumentError::Sums(_)), "{refused}");
        assert!(documents::pdf(&document, &Fonts::built_in()).is_err());
    }

    #[test]
    fn what_was_used_is_printed_with_how_much_of_it() {
        let mut lines = billed(&[gross(1_000, 0)], Some(vat(false)), 0);
        let order = lines[0].clone();
        for (quantity, tier) in [("12000.50", 1), ("7.000", 2)] {
            lines.push(BillLine {
                item_type: statement::ItemType::PayAsYouGoBill,
                charged: Charged::Usage {
                    resource: ResourceId::new(account(), 5),
                    meter: "traffic".to_owned(),
                    unit: "GB".to_owned(),
                    quantity: quantity.parse().expect("a quantity"),
                    price: "0.00400".parse().expect("a price"),
                    tier,
                },
                paid: eur(0),
                ..order.clone()
            });
        }
        let owed = Statement { repaid: Some(eur(190)), ..statement(&lines, None) };
        let subject = Subject::Statement { statement: &owed, now: at("2026-04-20T00:00:00Z") };
        let document = drawn("de", None, subject, &lines);
        assert_eq!(document.totals.outstanding, eur(2 * 1_190 - 190));
        assert_eq!(document.lines.iter().filter(|line| line.order.is_some()).count(), 1);
        let html = documents::html(&document).expect("figures that agree");
        let resource = ResourceId::new(account(), 5).to_string();
        let first = "12000,5 GB \u{d7} 0,004 EUR";
        let words = [": traffic", "Nutzungsabrechnung", &resource, first, "7 GB", "Stufe 2"];
        for words in words {
            assert!(html.contains(words), "{words} is not in {html}");
        }
        assert!(!html.contains("Stufe 1"), "most prices have one");
        documents::pdf(&document, &Fonts::built_in()).expect("a file");
    }

    #[test]
    fn a_credit_note_names_its_invoice() {
        let mut lines: Vec<BillLine> =
            billed(&[gross(1_000, 0)], Some(vat(false)), 100).iter().map(back).collect();
        // The rate of this one stands with the order that it corrects.
        lines.push(BillLine { tax: None, ..lines[0].clone() });
        let note = issued(DocumentKind::CreditNote, Some("CN-2026-000001"), &lines);
        let subject = Subject::Document { document: &note, related: Some("INV-2026-000007") };
        let document = drawn("en", Some(&profile("Ada Ltd")), subject, &lines);
        assert_eq!(document.totals.outstanding, eur(0), "all of it was paid out");
        let html = documents::html(&document).expect("figures that agree");
        for words in [
            "CN-2026-000001",
            "INV-2026-000007",
            "Credit note",
            "Ada Ltd",
            "Lindenstra\u{df}e 12",
            "DE812345678",
            "Example Cloud",
            "DE999999999",
            "ApsaraDB RDS",
            "vm-4711",
            "Corrects ord_",
            "as ordered",
            "2026-04-01 to 2026-04-30",
        ] {
            assert!(html.contains(words), "{words} is not in {html}");
        }
        assert_eq!(file_name(subject), "CN-2026-000001");
    }

    #[test]
    fn a_document_waits_for_its_number_and_says_so() {
        let lines = billed(&[gross(1_000, 0)], None, 0);
        let invoice = issued(DocumentKind::Invoice, None, &lines);
        let subject = Subject::Document { document: &invoice, related: None };
        let html = documents::html(&drawn("en", None, subject, &lines)).expect("a page");
        assert!(html.contains("number pending"), "{html}");
        assert!(html.contains(&account().to_string()), "whose owner is not known");
        assert_eq!(file_name(subject), invoice.id.to_string());
        let odd = issued(DocumentKind::Invoice, Some("A/2026\"\r\nx: \u{fc}"), &lines);
        let odd = file_name(Subject::Document { document: &odd, related: None });
        assert_eq!(odd, "A-2026---x---");
    }

    #[test]
    fn names_of_all_the_world_are_printed() {
        let lines = billed(&[gross(1_000, 0)], Some(vat(false)), 0);
        let invoice = issued(DocumentKind::Invoice, Some("INV-2026-000001"), &lines);
        let subject = Subject::Document { document: &invoice, related: None };
        let name = "\u{682a}\u{5f0f}\u{4f1a}\u{793e}\u{30a8}\u{30fc}\u{30c0}";
        let document = drawn("de", Some(&profile(name)), subject, &lines);
        let html = documents::html(&document).expect("a page");
        for words in [name, "Rechnung", "Kauf", "10,00"] {
            assert!(html.contains(words), "{words} is not in {html}");
        }
        let file = documents::pdf(&document, &Fonts::built_in()).expect("boxes where no font is");
        assert!(file.starts_with(b"%PDF"));
    }

    #[test]
    fn a_month_is_marked_as_what_it_is() {
        let lines = billed(&[gross(1_000, 0)], None, 0);
        let printed = |statement: &Statement| {
            let subject = Subject::Statement { statement, now: at("2026-04-20T00:00:00Z") };
            let document = drawn("en", None, subject, &lines);
            (document.state, document.issued_at, document.number)
        };
        let number = Some("2026-04".to_owned());
        let running = statement(&lines, None);
        let now = at("2026-04-20T00:00:00Z");
        assert_eq!(printed(&running), (Some(State::Generating), now, number.clone()));
        let closed_at = at("2026-05-03T12:00:00Z");
        let closed = statement(&lines, Some(closed_at));
        assert_eq!(printed(&closed), (Some(State::Cleared), closed_at, number));
    }
}
