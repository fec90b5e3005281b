//! The words of printed documents, and how a language writes an amount.

use crate::domain::calendar::Zone;
use crate::domain::money::Money;

use super::document::{ItemType, Kind, Language, Span, State};

/// A space at which no line ends.
pub(super) const NO_BREAK: char = '\u{a0}';
/// The sign of a negative amount: wider than a hyphen, and as high as the figures.
pub(super) const MINUS: char = '\u{2212}';

/// The words of a language. `{}` is where a value stands.
#[derive(Debug)]
pub(super) struct Words {
    /// Its tag, for `lang`.
    pub(super) tag: &'static str,
    /// Between whole and parts.
    decimal: char,
    /// Between thousands.
    group: char,
    statement: &'static str,
    invoice: &'static str,
    credit_note: &'static str,
    pub(super) number_pending: &'static str,
    /// Of the document that a credit note is about.
    pub(super) related: &'static str,
    pub(super) issued: &'static str,
    pub(super) period: &'static str,
    /// `{from}` and `{to}`.
    span: &'static str,
    pub(super) state: &'static str,
    generating: &'static str,
    uncleared: &'static str,
    cleared: &'static str,
    pub(super) account: &'static str,
    pub(super) currency: &'static str,
    pub(super) zone: &'static str,
    pub(super) seller: &'static str,
    pub(super) buyer: &'static str,
    pub(super) tax_id: &'static str,
    pub(super) items: &'static str,
    pub(super) no_items: &'static str,
    pub(super) date: &'static str,
    pub(super) description: &'static str,
    pub(super) service: &'static str,
    pub(super) order: &'static str,
    subscription_order: &'static str,
    pay_as_you_go_bill: &'static str,
    refund: &'static str,
    adjustment: &'static str,
    pub(super) list: &'static str,
    pub(super) discount: &'static str,
    pub(super) coupon: &'static str,
    pub(super) net: &'static str,
    pub(super) tax: &'static str,
    pub(super) total: &'static str,
    pub(super) totals: &'static str,
    /// `{rate}` and `{net}`.
    pub(super) tax_on: &'static str,
    pub(super) grand_total: &'static str,
    paid: &'static str,
    refunded: &'static str,
    pub(super) outstanding: &'static str,
    pub(super) notes: &'static str,
    /// `{page}` and `{pages}`.
    pub(super) page: &'static str,
}

static ENGLISH: Words = Words {
    tag: "en",
    decimal: '.',
    group: ',',
    statement: "Monthly statement",
    invoice: "Invoice",
    credit_note: "Credit note",
    number_pending: "number pending",
    related: "For invoice",
    issued: "Issued",
    period: "Period",
    span: "{from} to {to}",
    state: "Status",
    generating: "Generating",
    uncleared: "Uncleared",
    cleared: "Cleared",
    account: "Account",
    currency: "Currency",
    zone: "Time zone",
    seller: "From",
    buyer: "Billed to",
    tax_id: "Tax ID",
    items: "Items",
    no_items: "There are no items in this period.",
    date: "Date",
    description: "Description",
    service: "Service",
    order: "Order",
    subscription_order: "Subscription order",
    pay_as_you_go_bill: "Pay-as-you-go bill",
    refund: "Refund",
    adjustment: "Adjustment",
    list: "List price",
    discount: "Discount",
    coupon: "Coupon",
    net: "Net",
    tax: "Tax",
    total: "Total",
    totals: "Totals",
    tax_on: "Tax {rate} on {net}",
    grand_total: "Total",
    paid: "Paid",
    refunded: "Refunded",
    outstanding: "Outstanding",
    notes: "Notes",
    page: "Page {page} of {pages}",
};

static GERMAN: Words = Words {
    tag: "de",
    decimal: ',',
    group: '.',
    statement: "Monatsabrechnung",
    invoice: "Rechnung",
    // Not „Gutschrift“, which in tax law is an invoice that the buyer writes.
    credit_note: "Rechnungskorrektur",
    number_pending: "Nummer folgt",
    related: "Zu Rechnung",
    issued: "Ausgestellt",
    period: "Zeitraum",
    span: "{from} bis {to}",
    state: "Status",
    generating: "Läuft noch",
    uncleared: "Offen",
    cleared: "Ausgeglichen",
    account: "Konto",
    currency: "Währung",
    zone: "Zeitzone",
    seller: "Von",
    buyer: "Rechnungsempfänger",
    tax_id: "USt-IdNr.",
    items: "Posten",
    no_items: "In diesem Zeitraum gibt es keine Posten.",
    date: "Datum",
    description: "Beschreibung",
    service: "Leistung",
    order: "Bestellung",
    subscription_order: "Abonnement",
    pay_as_you_go_bill: "Nutzungsabrechnung",
    refund: "Erstattung",
    adjustment: "Korrektur",
    list: "Listenpreis",
    discount: "Rabatt",
    coupon: "Gutschein",
    net: "Netto",
    tax: "Steuer",
    total: "Gesamt",
    totals: "Summen",
    tax_on: "Steuer {rate} auf {net}",
    grand_total: "Gesamtbetrag",
    paid: "Bezahlt",
    refunded: "Erstattet",
    outstanding: "Offener Betrag",
    notes: "Hinweise",
    page: "Seite {page} von {pages}",
};

impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &ENGLISH,
            Language::De => &GERMAN,
        }
    }

    pub(super) fn kind(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Statement => self.statement,
            Kind::Invoice => self.invoice,
            Kind::CreditNote => self.credit_note,
        }
    }

    pub(super) fn state_of(&self, state: State) -> &'static str {
        match state {
            State::Generating => self.generating,
            State::Uncleared => self.uncleared,
            State::Cleared => self.cleared,
        }
    }

    pub(super) fn item_type(&self, item: ItemType) -> &'static str {
        match item {
            ItemType::SubscriptionOrder => self.subscription_order,
            ItemType::PayAsYouGoBill => self.pay_as_you_go_bill,
            ItemType::Refund => self.refund,
            ItemType::Adjustment => self.adjustment,
        }
    }

    /// What is paid of a demand is refunded of a credit.
    pub(super) fn settled(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Statement | Kind::Invoice => self.paid,
            Kind::CreditNote => self.refunded,
        }
    }

    /// First and last day: `2026-11-01 to 2026-11-30`.
    pub(super) fn span(&self, span: Span, zone: Zone) -> String {
        let (from, to) = days(span, zone);
        self.span.replace("{from}", &from).replace("{to}", &to)
    }

    /// The amount, exact, in the groups of the language: `−1,234.50`.
    pub(super) fn amount(&self, amount: Money) -> String {
        let text = amount.amount();
        let (sign, digits) =
            text.strip_prefix('-').map_or((None, text.as_str()), |digits| (Some(MINUS), digits));
        let (whole, parts) = digits.split_once('.').unwrap_or((digits, ""));
        let mut written: String = sign.into_iter().collect();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                written.push(self.group);
            }
            written.push(digit);
        }
        if !parts.is_empty() {
            written.push(self.decimal);
            written.push_str(parts);
        }
        written
    }
}

/// First and last day of a span.
pub(super) fn days(span: Span, zone: Zone) -> (String, String) {
    let last = span.to.minus(std::time::Duration::from_secs(1)).max(span.from);
    (zone.date(span.from).to_string(), zone.date(last).to_string())
}
