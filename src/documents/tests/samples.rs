//! Documents to look at, with figures that agree.

use std::collections::BTreeMap;

use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::money::{Currency, Money};

use crate::documents::{
    Document, ItemType, Kind, Language, Line, Party, Span, State, TaxTotal, Totals,
};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) fn euro() -> Currency {
    "EUR".parse().expect("a currency")
}

/// A line whose other figures follow from three, in minor units, and a rate in percent.
pub(crate) fn line(description: &str, list: i64, off: (i64, i64), percent: i64) -> Line {
    let money = |minor| Money::from_minor(minor, euro());
    let net = list - off.0 - off.1;
    let tax = net * percent / 100;
    Line {
        at: at("2026-11-03T09:15:00Z"),
        description: description.to_owned(),
        details: vec!["sub_01JC7Q4V8K".to_owned(), "vm-4711".to_owned(), "eu-central-1".to_owned()],
        service: Some(Span { from: at("2026-11-02T23:00:00Z"), to: at("2026-12-02T23:00:00Z") }),
        order: Some("ord_01JC7Q4V8K".to_owned()),
        item_type: ItemType::SubscriptionOrder,
        list: money(list),
        discount: money(off.0),
        coupon: money(off.1),
        net: money(net),
        tax_rate: if percent == 0 { "reverse charge".to_owned() } else { format!("{percent} %") },
        tax: money(tax),
        total: money(net + tax),
    }
}

/// A document of lines, its totals summed, with `paid` minor units paid.
pub(crate) fn document(kind: Kind, language: Language, lines: Vec<Line>, paid: i64) -> Document {
    let sum = |of: fn(&Line) -> Money| {
        Money::from_minor(lines.iter().map(|line| of(line).minor()).sum(), euro())
    };
    let mut taxes: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for line in &lines {
        let entry = taxes.entry(line.tax_rate.clone()).or_default();
        entry.0 += line.net.minor();
        entry.1 += line.tax.minor();
    }
    let total = sum(|line| line.total);
    let totals = Totals {
        discount: sum(|line| line.discount),
        coupon: sum(|line| line.coupon),
        net: sum(|line| line.net),
        taxes: taxes
            .into_iter()
            .map(|(rate, (net, tax))| TaxTotal {
                rate,
                net: Money::from_minor(net, euro()),
                tax: Money::from_minor(tax, euro()),
            })
            .collect(),
        total,
        paid: Money::from_minor(paid, euro()),
        outstanding: Money::from_minor(total.minor() - paid, euro()),
    };
    Document {
        kind,
        language,
        zone: "Europe/Berlin".parse::<Zone>().expect("a zone"),
        number: Some("2026-000417".to_owned()),
        related: (kind == Kind::CreditNote).then(|| "2026-000398".to_owned()),
        issued_at: at("2026-12-01T07:00:00Z"),
        period: Some(Span { from: at("2026-10-31T23:00:00Z"), to: at("2026-11-30T23:00:00Z") }),
        state: (kind == Kind::Statement).then_some(State::Uncleared),
        seller: Party {
            name: "Example Cloud GmbH".to_owned(),
            address: vec!["Lindenstraße 12".into(), "10969 Berlin".into(), "Germany".into()],
            tax_id: Some("DE123456789".to_owned()),
            contact: vec!["billing@example.com".to_owned()],
        },
        buyer: Party {
            name: "Łukasiewicz & Söhne Maschinenbau Verwaltungsgesellschaft mbH".to_owned(),
            address: vec!["Πλατεία Συντάγματος 4".into(), "105 63 Αθήνα".into(), "Greece".into()],
            tax_id: Some("EL094259216".to_owned()),
            contact: Vec::new(),
        },
        account: "acc_01JC7Q2M3N".to_owned(),
        currency: euro(),
        lines,
        totals,
        notes: vec![
            "Payable without deduction within 14 days of the date of issue.".to_owned(),
            "Services are rendered in the region named with each item.".to_owned(),
        ],
    }
}

/// An invoice with discounts, a coupon and two rates.
pub(crate) fn invoice(language: Language) -> Document {
    let lines = vec![
        line("Compute instance c5.xlarge, 1 month", 12_900, (1_290, 500), 19),
        line(
            "Block storage 500 GB, replicated in three zones, with daily snapshots kept for \
              thirty days and encrypted under a key of the customer",
            4_550,
            (0, 0),
            19,
        ),
        line("Handbook, printed", 2_000, (0, 0), 7),
        Line {
            item_type: ItemType::PayAsYouGoBill,
            order: None,
            ..line("Traffic out, October", 123_456, (0, 0), 19)
        },
        Line {
            item_type: ItemType::Refund,
            ..line("Refund of unused days", -4_000, (-400, 0), 19)
        },
    ];
    document(Kind::Invoice, language, lines, 20_000)
}

/// A credit note: everything is below zero.
pub(crate) fn credit_note(language: Language) -> Document {
    let refund = |line: Line| Line { item_type: ItemType::Refund, ..line };
    let lines = vec![
        refund(line("Compute instance c5.xlarge, 17 of 30 days", -7_310, (-731, 0), 19)),
        refund(line("Block storage 500 GB", -2_578, (0, 0), 19)),
    ];
    document(Kind::CreditNote, language, lines, 0)
}

/// A statement of many lines.
pub(crate) fn statement(count: i64) -> Document {
    let lines = (0..count)
        .map(|number| line(&format!("Virtual machine {number:04}"), 1_000 + number, (0, 0), 19))
        .collect();
    document(Kind::Statement, Language::En, lines, 0)
}
