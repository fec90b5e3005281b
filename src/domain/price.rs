//! What an order costs, line by line: list price, discount, coupon, tax. One rounding point a
//! line; lines sum to the whole (R5.9, R10.2, D19, D42).

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::ids::CouponId;
use super::money::{Currency, Money, Rounding};

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// The period, or in an alignment its whole months.
    Period,
    /// Days beyond the whole months of an alignment (R1.24).
    Days(u16),
    /// The dearer plan for the time that is left (R10.12).
    Upgrade,
    /// Money back for the time that is left.
    Refund,
}

/// A line of an order. What the customer pays for it is
/// `list - discount - coupon + tax`, or without the tax where prices include it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is for.
    pub item: Item,
    /// The list price, before tax.
    pub list: Money,
    /// What a promise or a lock takes off the list price (R2.17, D31).
    pub discount: Money,
    /// The coupon's share (R5.9).
    pub coupon: Money,
    /// The tax on what is left (D19).
    pub tax: Money,
    /// What is to be paid for it.
    pub payable: Money,
    /// Where prices include the tax: what it says on the label, before the coupon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Money>,
}

/// The coupon on an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Which.
    pub id: CouponId,
    /// What it takes off, before tax.
    pub amount: Money,
}

/// The tax on an order, by the rate in force when it was priced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// Its name on documents: `VAT`.
    pub name: String,
    /// Per cent.
    pub rate: Decimal,
    /// Do list prices include it?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inclusive: bool,
    /// How much, all lines together.
    pub amount: Money,
}

impl Tax {
    /// Its rate.
    #[must_use]
    pub fn rate(&self) -> Rate<'_> {
        Rate { name: &self.name, percent: self.rate, inclusive: self.inclusive }
    }
}

/// A line before coupon and tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gross {
    /// What it is for.
    pub item: Item,
    /// The list price; with the tax in it where prices include that.
    pub list: Money,
    /// What a promise or a lock takes off; likewise.
    pub discount: Money,
}

/// A whole price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Its lines, one at least.
    pub lines: Vec<Line>,
    /// The list prices together, before tax.
    pub list: Money,
    /// The discounts together, before tax.
    pub discount: Money,
    /// The coupon on it.
    pub coupon: Option<Applied>,
    /// The tax on it; none where none is due.
    pub tax: Option<Tax>,
    /// What is to be paid.
    pub payable: Money,
}

/// A rate of tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate<'a> {
    /// Its name on documents.
    pub name: &'a str,
    /// Per cent.
    pub percent: Decimal,
    /// Do list prices include it?
    pub inclusive: bool,
}

/// Lines of which the tax is known apart, so that a coupon can be held against them (D42).
#[derive(Debug, Clone)]
pub struct Pretax<'a> {
    currency: Currency,
    rate: Option<Rate<'a>>,
    lines: Vec<Line>,
}

impl<'a> Pretax<'a> {
    /// Takes the tax out of lines whose prices include it.
    #[must_use]
    pub fn of(gross: &[Gross], rate: Option<Rate<'a>>, currency: Currency) -> Self {
        let without_tax = |amount: Money| match &rate {
            Some(rate) if rate.inclusive => minus(amount, tax_within(amount, rate.percent)),
            Some(_) | None => amount,
        };
        let lines = gross
            .iter()
            .map(|gross| {
                // The rest is rounded, not its parts: a price that includes the tax is what it
                // says as long as nothing is taken off it.
                let net = without_tax(minus(gross.list, gross.discount));
                let list = if gross.discount.is_zero() { net } else { without_tax(gross.list) };
                Line {
                    item: gross.item,
                    list,
                    discount: minus(list, net),
                    coupon: Money::zero(currency),
                    tax: Money::zero(currency),
                    payable: net,
                    label: rate
                        .as_ref()
                        .filter(|rate| rate.inclusive)
                        .map(|_| minus(gross.list, gross.discount)),
                }
            })
            .collect();
        Self { currency, rate, lines }
    }

    /// Lines that were priced before, without the coupon that was on them.
    #[must_use]
    pub fn again(lines: Vec<Line>, tax: Option<&'a Tax>, currency: Currency) -> Self {
        let zero = Money::zero(currency);
        let net = |line: Line| Line {
            coupon: zero,
            tax: zero,
            payable: minus(line.list, line.discount),
            ..line
        };
        Self { currency, rate: tax.map(Tax::rate), lines: lines.into_iter().map(net).collect() }
    }

    /// The pretax amounts, line by line.
    pub fn amounts(&self) -> impl Iterator<Item = Money> {
        self.lines.iter().map(|line| line.payable)
    }

    /// The price with `coupon` taken off the lines for which `eligible` says so, and the tax on
    /// what is left.
    #[must_use]
    pub fn price(mut self, coupon: Option<Applied>, eligible: impl Fn(usize) -> bool) -> Price {
        let zero = Money::zero(self.currency);
        if let Some(applied) = &coupon {
            let weights: Vec<_> = self
                .lines
                .iter()
                .enumerate()
                .map(|(place, line)| if eligible(place) { line.payable } else { zero })
                .collect();
            for (line, share) in self.lines.iter_mut().zip(split(applied.amount, &weights)) {
                line.coupon = share;
            }
        }
        for line in &mut self.lines {
            let net = minus(line.payable, line.coupon);
            line.tax = match (&self.rate, line.label) {
                (None, _) => zero,
                // What it says on the label is kept to the cent.
                (Some(_), Some(label)) if line.coupon.is_zero() => minus(label, net),
                (Some(rate), _) => tax_on(net, rate.percent),
            };
            line.payable = plus(net, line.tax);
        }
        let total = |amount: fn(&Line) -> Money| {
            self.lines.iter().fold(zero, |sum, line| plus(sum, amount(line)))
        };
        Price {
            list: total(|line| line.list),
            discount: total(|line| line.discount),
            coupon,
            tax: self.rate.as_ref().map(|rate| Tax {
                name: rate.name.to_owned(),
                rate: rate.percent,
                inclusive: rate.inclusive,
                amount: total(|line| line.tax),
            }),
            payable: total(|line| line.payable),
            lines: self.lines,
        }
    }
}

/// `amount` in shares proportional to `weights`, each rounded down; the largest weight gets what
/// is left over (R5.9). The shares sum to the amount, and none is more than its weight as long as
/// the amount is no more than all of them.
#[must_use]
pub fn split(amount: Money, weights: &[Money]) -> Vec<Money> {
    let currency = amount.currency();
    let total: i128 = weights.iter().map(|weight| i128::from(weight.minor())).sum();
    if total <= 0 {
        return vec![Money::zero(currency); weights.len()];
    }
    let mut shares: Vec<i64> = weights
        .iter()
        .map(|weight| {
            let share = i128::from(amount.minor()) * i128::from(weight.minor()) / total;
            i64::try_from(share).unwrap_or_default()
        })
        .collect();
    let mut rest = amount.minor() - shares.iter().sum::<i64>();
    // Largest first; of equal ones the first.
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&place| (std::cmp::Reverse(weights[place].minor()), place));
    for place in order {
        let room = (weights[place].minor() - shares[place]).clamp(0, rest);
        shares[place] += room;
        rest -= room;
    }
    shares.into_iter().map(|minor| Money::from_minor(minor, currency)).collect()
}

/// The tax on a pretax amount, half up (D19).
fn tax_on(net: Money, percent: Decimal) -> Money {
    rounded(net, percent.checked_div(Decimal::ONE_HUNDRED))
}

/// The tax within an amount that includes it, half up.
fn tax_within(amount: Money, percent: Decimal) -> Money {
    rounded(amount, percent.checked_div(percent + Decimal::ONE_HUNDRED))
}

fn rounded(amount: Money, share: Option<Decimal>) -> Money {
    share
        .and_then(|share| amount.decimal().checked_mul(share))
        .and_then(|tax| Money::from_decimal(tax, amount.currency(), Rounding::HalfUp).ok())
        .unwrap_or_else(|| Money::zero(amount.currency()))
}

// Amounts of one order are of one currency and bounded by `MINOR_MAX` each, so these never fail;
// if they did, a wrong sum would be worse than a stop.
fn plus(a: Money, b: Money) -> Money {
    a.checked_add(b).unwrap_or_else(|| panic!("{a} and {b} are not of one order"))
}

fn minus(a: Money, b: Money) -> Money {
    plus(a, b.negated())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ids::AccountId;

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, "USD".parse().expect("a currency"))
    }

    fn gross(minor: i64) -> Gross {
        Gross { item: Item::Period, list: usd(minor), discount: usd(0) }
    }

    fn applied(minor: i64) -> Applied {
        Applied { id: CouponId::new(AccountId::from_bits(1), 1), amount: usd(minor) }
    }

    fn vat(percent: i64, inclusive: bool) -> Rate<'static> {
        Rate { name: "VAT", percent: Decimal::from(percent), inclusive }
    }

    #[test]
    fn v14_a_voucher_over_two_lines_is_split_in_proportion() {
        let lines = [gross(10_000), gross(20_000)];
        let price =
            Pretax::of(&lines, None, usd(0).currency()).price(Some(applied(9_000)), |_| true);
        let shares: Vec<_> = price.lines.iter().map(|line| line.coupon).collect();
        assert_eq!(shares, [usd(3_000), usd(6_000)]);
        assert_eq!(price.payable, usd(21_000));
    }

    #[test]
    fn d42_tax_is_on_what_the_coupon_leaves() {
        let price = Pretax::of(&[gross(10_000)], Some(vat(19, false)), usd(0).currency())
            .price(Some(applied(1_000)), |_| true);
        assert_eq!(price.tax.map(|tax| tax.amount), Some(usd(1_710)));
        assert_eq!(price.payable, usd(10_710));
    }

    #[test]
    fn a_price_that_includes_the_tax_is_what_it_says() {
        let rate = || Some(vat(19, true));
        let price = Pretax::of(&[gross(11_900)], rate(), usd(0).currency()).price(None, |_| true);
        assert_eq!((price.list, price.payable), (usd(10_000), usd(11_900)));
        let price = Pretax::of(&[gross(11_900)], rate(), usd(0).currency())
            .price(Some(applied(1_000)), |_| true);
        assert_eq!(price.payable, usd(10_710));
    }

    #[test]
    fn a_discount_is_told_apart_from_the_tax_that_it_includes() {
        let reduced = Gross { discount: usd(1_190), ..gross(11_900) };
        let price =
            Pretax::of(&[reduced], Some(vat(19, true)), usd(0).currency()).price(None, |_| true);
        assert_eq!((price.list, price.discount), (usd(10_000), usd(1_000)));
        assert_eq!(
            (price.tax.map(|tax| tax.amount), price.payable),
            (Some(usd(1_710)), usd(10_710))
        );
    }

    #[test]
    fn r5_9_what_is_left_over_stays_within_each_line() {
        assert_eq!(split(usd(5), &[usd(2), usd(2), usd(2)]), [usd(2), usd(2), usd(1)]);
    }

    proptest! {
        #[test]
        fn r5_9_shares_sum_to_the_whole_and_stay_within_their_lines(
            weights in proptest::collection::vec(0_i64..1_000_000, 1..8),
            part in 0_i64..=100,
        ) {
            let total: i64 = weights.iter().sum();
            let amount = usd(total * part / 100);
            let weights: Vec<_> = weights.into_iter().map(usd).collect();
            let shares = split(amount, &weights);
            prop_assert_eq!(shares.iter().map(|share| share.minor()).sum::<i64>(), amount.minor());
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(weight.covers(*share) && !share.is_negative());
            }
        }

        #[test]
        fn d19_lines_sum_to_the_total(
            lists in proptest::collection::vec(0_i64..1_000_000, 1..6),
            percent in 0_i64..30,
            inclusive in any::<bool>(),
            part in 0_i64..=100,
        ) {
            let lines: Vec<_> = lists.iter().map(|minor| gross(*minor)).collect();
            let pretax = Pretax::of(&lines, Some(vat(percent, inclusive)), usd(0).currency());
            let eligible: i64 = pretax.amounts().map(Money::minor).sum();
            let price = pretax.price(Some(applied(eligible * part / 100)), |_| true);
            let sum = |amount: fn(&Line) -> Money| {
                price.lines.iter().map(|line| amount(line).minor()).sum::<i64>()
            };
            prop_assert_eq!(sum(|line| line.payable), price.payable.minor());
            prop_assert_eq!(sum(|line| line.tax), price.tax.as_ref().map_or(0, |t| t.amount.minor()));
            for line in &price.lines {
                let parts = line.list.minor() - line.discount.minor() - line.coupon.minor();
                prop_assert_eq!(parts + line.tax.minor(), line.payable.minor());
                prop_assert!(!line.payable.is_negative());
            }
            if part == 0 && inclusive {
                prop_assert_eq!(price.payable.minor(), lists.iter().sum::<i64>());
            }
        }
    }
}
