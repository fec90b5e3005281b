//! The last look before a document is printed: do its lines make its totals?

use std::collections::BTreeMap;

use crate::domain::money::{Currency, Money};

use super::document::{Document, Line};

/// Figures that contradict each other. A document with such figures is never printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SumError {
    /// An amount is in another currency than the document.
    #[error("{place}: {amount} is not in {currency}")]
    Currency {
        /// Which amount: `line 3, tax`.
        place: String,
        /// The amount.
        amount: Money,
        /// The document's currency.
        currency: Currency,
    },
    /// A figure is not what the others make.
    #[error("{place} is {given}, but the others make {sum}")]
    Mismatch {
        /// Which figure: `total`, `line 3, net`.
        place: String,
        /// What it says.
        given: Money,
        /// What it should be.
        sum: Money,
    },
    /// The totals lack the tax of a rate that lines have, or have one twice or for no line.
    #[error("the totals do not have the tax rate {rate:?} exactly once, as the lines do")]
    Rate {
        /// The rate.
        rate: String,
    },
    /// A sum is larger than any amount.
    #[error("{place} is larger than any amount")]
    TooLarge {
        /// Which sum.
        place: String,
    },
}

/// Refuses figures that contradict each other.
pub(super) fn check(document: &Document) -> Result<(), SumError> {
    let currency = document.currency;
    for (index, line) in document.lines.iter().enumerate() {
        check_line(&format!("line {}", index + 1), line, currency)?;
    }
    let totals = &document.totals;
    let lines = &document.lines;
    let column = |place: &str, given: Money, of: fn(&Line) -> Money| {
        expect(place, given, sum(place, currency, lines.iter().map(of))?)
    };
    column("discount", totals.discount, |line| line.discount)?;
    column("coupon", totals.coupon, |line| line.coupon)?;
    column("net", totals.net, |line| line.net)?;
    column("total", totals.total, |line| line.total)?;
    check_taxes(document)?;
    let taxes = totals.taxes.iter().map(|tax| tax.tax);
    expect("total", totals.total, sum("total", currency, [totals.net].into_iter().chain(taxes))?)?;
    same_currency("paid", totals.paid, currency)?;
    expect("outstanding", totals.outstanding, less("outstanding", totals.total, &[totals.paid])?)?;
    // Not given, but printed.
    sum("list", currency, lines.iter().map(|line| line.list))?;
    Ok(())
}

fn check_line(place: &str, line: &Line, currency: Currency) -> Result<(), SumError> {
    let amounts = [
        ("list", line.list),
        ("discount", line.discount),
        ("coupon", line.coupon),
        ("net", line.net),
        ("tax", line.tax),
        ("total", line.total),
    ];
    for (name, amount) in amounts {
        same_currency(&format!("{place}, {name}"), amount, currency)?;
    }
    let net = format!("{place}, net");
    expect(&net, line.net, less(&net, line.list, &[line.discount, line.coupon])?)?;
    let total = format!("{place}, total");
    expect(&total, line.total, sum(&total, currency, [line.net, line.tax])?)
}

/// Every rate of the lines once, with what its lines make, and no other.
fn check_taxes(document: &Document) -> Result<(), SumError> {
    let mut rates: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in &document.lines {
        rates.entry(&line.tax_rate).or_default().push(line);
    }
    for tax in &document.totals.taxes {
        let lines = rates
            .remove(tax.rate.as_str())
            .ok_or_else(|| SumError::Rate { rate: tax.rate.clone() })?;
        let place = format!("tax {}", tax.rate);
        let net = format!("net at {}", tax.rate);
        let all = |place: &str, of: fn(&Line) -> Money| {
            sum(place, document.currency, lines.iter().map(|line| of(line)))
        };
        expect(&net, tax.net, all(&net, |line| line.net)?)?;
        expect(&place, tax.tax, all(&place, |line| line.tax)?)?;
    }
    match rates.keys().next() {
        Some(rate) => Err(SumError::Rate { rate: (*rate).to_owned() }),
        None => Ok(()),
    }
}

fn same_currency(place: &str, amount: Money, currency: Currency) -> Result<(), SumError> {
    if amount.currency() != currency {
        return Err(SumError::Currency { place: place.to_owned(), amount, currency });
    }
    // The one amount that has no negative.
    if amount.minor() == i64::MIN {
        return Err(SumError::TooLarge { place: place.to_owned() });
    }
    Ok(())
}

fn expect(place: &str, given: Money, sum: Money) -> Result<(), SumError> {
    same_currency(place, given, sum.currency())?;
    if given == sum {
        return Ok(());
    }
    Err(SumError::Mismatch { place: place.to_owned(), given, sum })
}

fn sum(
    place: &str,
    currency: Currency,
    amounts: impl IntoIterator<Item = Money>,
) -> Result<Money, SumError> {
    let mut sum = Money::zero(currency);
    for amount in amounts {
        same_currency(place, amount, currency)?;
        sum = sum
            .checked_add(amount)
            .ok_or_else(|| SumError::TooLarge { place: place.to_owned() })?;
    }
    Ok(sum)
}

fn less(place: &str, from: Money, amounts: &[Money]) -> Result<Money, SumError> {
    let mut left = from;
    for amount in amounts {
        same_currency(place, *amount, from.currency())?;
        left = left
            .checked_sub(*amount)
            .ok_or_else(|| SumError::TooLarge { place: place.to_owned() })?;
    }
    Ok(left)
}
