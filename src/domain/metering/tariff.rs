//! What a quantity costs under a tariff (R10.4, D19, D44).
//!
//! Everything is defined by what a month has come to: each tier's amount for the whole quantity
//! since the month began is computed exactly and rounded once, half to even, to
//! [`AMOUNT_DECIMALS`]; the parts of one settlement are the differences. So however a month is cut
//! into settlements, its parts sum to the same total, to the last decimal.
//!
//! Nothing here overflows: prices have at most `PRICE_DECIMALS` decimals and quantities at most
//! `QUANTITY_DECIMALS` (further ones are cut off), a month's quantity counts up to a million times
//! `QUANTITY_MAX`, and an amount stops at ten trillion units of the currency, above everything
//! that `Money` accepts.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::rules::{Model, PRICE_DECIMALS, QUANTITY_DECIMALS, QUANTITY_MAX, Tariff};

/// Decimals of an amount before it is billed.
pub const AMOUNT_DECIMALS: u32 = 12;

/// Where amounts stop, in units of 12 decimals: ten trillion units of the currency.
const AMOUNT_MAX: i128 = 10_i128.pow(13 + AMOUNT_DECIMALS);

/// What of a quantity falls into one tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// 0 is the allowance; tiers are numbered from 1, which is also all that a tariff without
    /// tiers has.
    pub tier: u32,
    /// The price of one unit (of durations: of the meter's unit), or of one package.
    pub price: Decimal,
    /// How much (of durations: seconds); below zero where use is taken back.
    pub quantity: Decimal,
    /// What it costs, before tax, in units of the currency, to 12 decimals.
    pub amount: Decimal,
}

/// How far the use of a month reaches into one tier.
#[derive(Clone, Copy)]
struct Reach {
    quantity: Decimal,
    amount: Decimal,
}

impl Tariff {
    /// What `quantity` costs more, where the same resource and meter had `before` of it in this
    /// calendar month: one part for each tier that changes.
    ///
    /// Durations are counted in seconds and `unit_seconds` is their meter's; hours of an hourly
    /// tariff are counted by the caller, in hours. A quantity below zero takes use back, never
    /// more than there was. Under a volume tariff a month that comes to another tier is taken back
    /// whole from the old one.
    #[must_use]
    pub fn parts(
        &self,
        unit_seconds: Option<u32>,
        before: Decimal,
        quantity: Decimal,
    ) -> Vec<Part> {
        let pricing = Pricing::of(self, unit_seconds);
        let after = bounded(before.saturating_add(quantity));
        let before = bounded(before);
        (0..=pricing.tiers_count())
            .filter_map(|tier| {
                let (from, to) = (pricing.reach(tier, before), pricing.reach(tier, after));
                let quantity = to.quantity - from.quantity;
                let amount = to.amount - from.amount;
                let changes = !quantity.is_zero() || !amount.is_zero();
                changes.then(|| Part {
                    tier,
                    price: pricing.price(tier),
                    quantity: quantity.normalize(),
                    amount: amount.normalize(),
                })
            })
            .collect()
    }

    /// What a month costs in which `quantity` was used.
    #[must_use]
    pub fn total(&self, unit_seconds: Option<u32>, quantity: Decimal) -> Decimal {
        let pricing = Pricing::of(self, unit_seconds);
        let quantity = bounded(quantity);
        (0..=pricing.tiers_count()).map(|tier| pricing.reach(tier, quantity).amount).sum()
    }

    /// What a cycle costs at the least in which anything was used; `None` if there is no such
    /// amount. In units of the currency.
    #[must_use]
    pub fn minimum(&self) -> Option<Decimal> {
        Some(self.minimum).filter(|minimum| !minimum.is_zero())
    }
}

/// A month's quantity as it is priced.
fn bounded(quantity: Decimal) -> Decimal {
    let most = QUANTITY_MAX.saturating_mul(Decimal::from(1_000_000));
    quantity.clamp(Decimal::ZERO, most).trunc_with_scale(QUANTITY_DECIMALS)
}

/// A tariff, and how many of what is counted make one unit.
struct Pricing<'a> {
    tariff: &'a Tariff,
    /// Seconds in a unit; 1 where no seconds are counted.
    per: u32,
}

impl<'a> Pricing<'a> {
    fn of(tariff: &'a Tariff, unit_seconds: Option<u32>) -> Self {
        let per = match tariff.model {
            // Its hours are counted.
            Model::Hourly => 1,
            Model::Flat | Model::Tiered | Model::Volume | Model::Package => {
                unit_seconds.unwrap_or(1).max(1)
            }
        };
        Self { tariff, per }
    }

    /// Units as they are counted.
    fn counted(&self, units: Decimal) -> Decimal {
        bounded(units.saturating_mul(Decimal::from(self.per)))
    }

    /// The last tier.
    fn tiers_count(&self) -> u32 {
        match self.tariff.model {
            Model::Flat | Model::Package | Model::Hourly => 1,
            Model::Tiered | Model::Volume => {
                u32::try_from(self.tariff.tiers.len()).unwrap_or(u32::MAX)
            }
        }
    }

    fn price(&self, tier: u32) -> Decimal {
        let price = match self.tariff.model {
            Model::Flat | Model::Package | Model::Hourly => self.tariff.price,
            Model::Tiered | Model::Volume => {
                let tier = place(tier).and_then(|place| self.tariff.tiers.get(place));
                tier.map(|tier| tier.price)
            }
        };
        // The allowance has none.
        price.filter(|_| tier > 0).unwrap_or_default().normalize()
    }

    /// Where a tier begins and ends, counted from the end of the allowance.
    fn edges(&self, tier: u32) -> (Decimal, Decimal) {
        let end =
            |place: Option<usize>| place.and_then(|place| self.tariff.tiers.get(place)?.up_to);
        let below = place(tier).and_then(|place| place.checked_sub(1));
        let start = end(below).map_or(Decimal::ZERO, |up_to| self.counted(up_to));
        (start, end(place(tier)).map_or(Decimal::MAX, |up_to| self.counted(up_to)))
    }

    /// How far `used`, the use of a month, reaches into `tier`.
    fn reach(&self, tier: u32, used: Decimal) -> Reach {
        let free = self.counted(self.tariff.included).min(used);
        if tier == 0 {
            return Reach { quantity: free, amount: Decimal::ZERO };
        }
        let charged = used - free;
        let price = self.price(tier);
        match self.tariff.model {
            Model::Flat | Model::Hourly => {
                Reach { quantity: charged, amount: amount(price, charged, self.per) }
            }
            Model::Tiered => {
                let (start, end) = self.edges(tier);
                let quantity = (charged.min(end) - start).max(Decimal::ZERO);
                Reach { quantity, amount: amount(price, quantity, self.per) }
            }
            Model::Volume => {
                let (start, end) = self.edges(tier);
                let lies = start < charged && charged <= end;
                let quantity = if lies { charged } else { Decimal::ZERO };
                Reach { quantity, amount: amount(price, quantity, self.per) }
            }
            Model::Package => {
                let size = self.tariff.size.map(|size| self.counted(size)).unwrap_or_default();
                Reach { quantity: charged, amount: amount(price, packages(charged, size), 1) }
            }
        }
    }
}

/// The place of a tier in the list of them; the allowance has none.
fn place(tier: u32) -> Option<usize> {
    usize::try_from(tier).ok()?.checked_sub(1)
}

/// How many packages of `size` are begun by `quantity`.
fn packages(quantity: Decimal, size: Decimal) -> Decimal {
    let smallest = |number: Decimal| {
        let scale = number.scale().min(QUANTITY_DECIMALS);
        number.trunc_with_scale(scale).mantissa() * 10_i128.pow(QUANTITY_DECIMALS - scale)
    };
    let (quantity, size) = (smallest(quantity), smallest(size).max(1));
    let count = (quantity + size - 1) / size;
    Decimal::try_from_i128_with_scale(count, 0).unwrap_or(Decimal::MAX)
}

/// `price · quantity / per`, rounded half to even to 12 decimals: the one rounding of an amount
/// before it is billed. Neither is below zero.
fn amount(price: Decimal, quantity: Decimal, per: u32) -> Decimal {
    // The product of two decimals may have more digits than a decimal holds, so it is made of
    // whole numbers. Where even those overflow, it lies above `AMOUNT_MAX` by far: with 12 and 9
    // decimals and 3,600 seconds 2^127 stands for more than that.
    let price = price.trunc_with_scale(PRICE_DECIMALS).normalize();
    let quantity = quantity.normalize();
    let scale = price.scale() + quantity.scale();
    let product = price.mantissa().checked_mul(quantity.mantissa());
    let (numerator, denominator) = match AMOUNT_DECIMALS.checked_sub(scale) {
        Some(missing) => (product.and_then(|product| product.checked_mul(10_i128.pow(missing))), 1),
        None => (product, 10_i128.pow(scale - AMOUNT_DECIMALS)),
    };
    let amount = numerator.map_or(AMOUNT_MAX, |numerator| {
        half_even(numerator, denominator * i128::from(per)).min(AMOUNT_MAX)
    });
    Decimal::try_from_i128_with_scale(amount, AMOUNT_DECIMALS).unwrap_or(Decimal::MAX)
}

/// A quotient of numbers that are not below zero.
fn half_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let up = match (rest * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 == 1,
        std::cmp::Ordering::Greater => true,
    };
    quotient + i128::from(up)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::money::{Money, Rounding};
    use crate::domain::rules::Tier;

    fn tariff(text: serde_json::Value) -> Tariff {
        serde_json::from_value(text).expect("a tariff")
    }

    fn number(text: &str) -> Decimal {
        text.parse().expect("a number")
    }

    /// `tier: quantity at price = amount`, one for each part.
    fn shown(parts: &[Part]) -> Vec<String> {
        let one = |part: &Part| {
            format!("{}: {} at {} = {}", part.tier, part.quantity, part.price, part.amount)
        };
        parts.iter().map(one).collect()
    }

    fn parts(tariff: &Tariff, before: &str, quantity: &str) -> Vec<String> {
        shown(&tariff.parts(None, number(before), number(quantity)))
    }

    #[test]
    fn v17_what_is_billed_by_the_hour_loses_nothing_in_a_month() {
        let usd = "USD".parse().expect("a currency");
        for (price, whole) in [("0.004", "2.88"), ("0.0199", "14.32")] {
            let tariff = tariff(json!({ "price": price }));
            let (mut used, mut unrounded, mut billed) =
                (Decimal::ZERO, Decimal::ZERO, Money::zero(usd));
            for _ in 0..720 {
                let hour = Decimal::from(3600);
                for part in tariff.parts(Some(3600), used, hour) {
                    unrounded += part.amount;
                }
                used += hour;
                let reached = Money::from_decimal(unrounded, usd, Rounding::Down).expect("money");
                let line = reached.checked_sub(billed).expect("one currency");
                billed = billed.checked_add(line).expect("one currency");
            }
            assert_eq!(billed.amount(), whole, "{price} an hour");
        }
    }

    #[test]
    fn r10_4_each_tier_has_a_part_of_its_own() {
        let tariff = tariff(json!({
            "model": "tiered", "included": "10",
            "tiers": [
                { "up_to": "100", "price": "0.5" }, { "up_to": "200", "price": "0.25" },
                { "price": "0.1" },
            ],
        }));
        assert_eq!(
            parts(&tariff, "0", "250"),
            ["0: 10 at 0 = 0", "1: 100 at 0.5 = 50", "2: 100 at 0.25 = 25", "3: 40 at 0.1 = 4"]
        );
        assert_eq!(parts(&tariff, "100", "20"), ["1: 10 at 0.5 = 5", "2: 10 at 0.25 = 2.5"]);
        assert_eq!(parts(&tariff, "120", "-20"), ["1: -10 at 0.5 = -5", "2: -10 at 0.25 = -2.5"]);
        assert_eq!(parts(&tariff, "12", "-40"), ["0: -10 at 0 = 0", "1: -2 at 0.5 = -1"]);
        assert_eq!(parts(&tariff, "12", "0"), [""; 0]);
    }

    #[test]
    fn d44_a_volume_price_is_that_of_the_whole_month() {
        let tariff = tariff(json!({
            "model": "volume",
            "tiers": [{ "up_to": "100", "price": "0.5" }, { "price": "0.25" }],
        }));
        assert_eq!(parts(&tariff, "0", "100"), ["1: 100 at 0.5 = 50"]);
        assert_eq!(parts(&tariff, "0", "101"), ["2: 101 at 0.25 = 25.25"]);
        assert_eq!(
            parts(&tariff, "100", "20"),
            ["1: -100 at 0.5 = -50", "2: 120 at 0.25 = 30"],
            "use that is told late takes the month to another tier"
        );
    }

    #[test]
    fn a_package_that_was_begun_is_paid_for_once() {
        let tariff = tariff(json!({ "model": "package", "price": "2", "size": "1000" }));
        assert_eq!(parts(&tariff, "0", "1"), ["1: 1 at 2 = 2"]);
        assert_eq!(parts(&tariff, "1", "999"), ["1: 999 at 2 = 0"]);
        assert_eq!(parts(&tariff, "1000", "1000.5"), ["1: 1000.5 at 2 = 4"]);
    }

    #[test]
    fn units_of_a_duration_are_hours_of_seconds() {
        let tiered = tariff(json!({
            "model": "tiered", "included": "1",
            "tiers": [{ "up_to": "10", "price": "0.36" }, { "price": "0.18" }],
        }));
        assert_eq!(
            shown(&tiered.parts(Some(3600), Decimal::ZERO, Decimal::from(12 * 3600))),
            ["0: 3600 at 0 = 0", "1: 36000 at 0.36 = 3.6", "2: 3600 at 0.18 = 0.18"]
        );
        let hourly = tariff(json!({ "model": "hourly", "price": "0.36", "included": "2" }));
        assert_eq!(
            shown(&hourly.parts(Some(3600), Decimal::ONE, Decimal::from(3))),
            ["0: 1 at 0 = 0", "1: 2 at 0.36 = 0.72"],
            "hours are counted by whom calls"
        );
    }

    #[test]
    fn no_quantity_and_no_price_is_too_large() {
        assert_eq!(QUANTITY_MAX, number("1000000000000"));
        let most = number("10000000000000");
        for price in [Decimal::MAX, number("99999999999999.999999999999"), number("10000")] {
            let tariff = tariff(json!({ "price": price }));
            assert_eq!(tariff.total(Some(3600), Decimal::MAX), most, "{price}");
            assert_eq!(tariff.parts(None, Decimal::ZERO, Decimal::MAX)[0].amount, most);
            assert_eq!(tariff.parts(None, Decimal::MAX, Decimal::MIN)[0].amount, -most);
        }
        let cheap = tariff(json!({ "price": "0.000000000001" }));
        assert_eq!(cheap.total(None, QUANTITY_MAX), Decimal::ONE);
        assert_eq!(cheap.total(None, number("0.5")), Decimal::ZERO, "half to even");
        assert_eq!(cheap.total(None, number("1.5")), number("0.000000000002"), "half to even");
    }

    /// How many hundredths of a unit fall into each tier, the allowance first, one hundredth
    /// after the other; and what each tier costs, in units of 12 decimals.
    fn naive(tariff: &Tariff, per: u32, hundredths: u32) -> Vec<(u32, i128)> {
        let hundredths_of =
            |units: Decimal| u32::try_from(units * Decimal::from(100 * per)).expect("few");
        let free = hundredths_of(tariff.included);
        let tiers = match tariff.model {
            Model::Tiered | Model::Volume => tariff.tiers.clone(),
            Model::Flat | Model::Hourly | Model::Package => {
                vec![Tier { up_to: None, price: tariff.price.expect("a price") }]
            }
        };
        let tier_of = |place: u32| {
            let lies = |tier: &Tier| tier.up_to.is_none_or(|up_to| place < hundredths_of(up_to));
            tiers.iter().position(lies).expect("the last has no end")
        };
        let mut counts = vec![0; tiers.len() + 1];
        let (mut packages, mut room) = (0, 0);
        for place in 0..hundredths {
            let Some(charged) = place.checked_sub(free) else {
                counts[0] += 1;
                continue;
            };
            counts[tier_of(charged) + 1] += 1;
            if tariff.model == Model::Volume {
                let all: u32 = counts[1..].iter().sum();
                counts[1..].fill(0);
                counts[tier_of(charged) + 1] = all;
            }
            if tariff.model == Model::Package {
                if room == 0 {
                    packages += 1;
                    room = hundredths_of(tariff.size.expect("a size"));
                }
                room -= 1;
            }
        }
        let amount = |tier: usize, count: u32| {
            let mut price = tier.checked_sub(1).map_or(Decimal::ZERO, |tier| tiers[tier].price);
            price.rescale(12);
            let (count, units) = match tariff.model {
                Model::Package => (packages, 1),
                Model::Flat | Model::Hourly | Model::Tiered | Model::Volume => {
                    (i128::from(count), i128::from(100 * per))
                }
            };
            let exact = price.mantissa() * count;
            // The nearest whole number, of two that are as near the even one.
            let nearest = (2 * exact + units) / (2 * units);
            let tied = (2 * exact + units) % (2 * units) == 0;
            if tied && nearest % 2 == 1 { nearest - 1 } else { nearest }
        };
        counts.iter().enumerate().map(|(tier, &count)| (count, amount(tier, count))).collect()
    }

    /// Every kind of tariff, with prices of up to 12 decimals.
    fn tariffs() -> impl Strategy<Value = Tariff> {
        let price = || {
            prop_oneof![
                (0_i64..1_000_000, 0_u32..=12),
                (0_i64..1_000_000_000_000_000, Just(12_u32)),
            ]
            .prop_map(|(digits, scale)| Decimal::new(digits, scale))
        };
        let models = prop::sample::select(vec![
            Model::Flat,
            Model::Tiered,
            Model::Volume,
            Model::Package,
            Model::Hourly,
        ]);
        let tiers = prop::collection::vec((1_i64..1_000, price()), 0..4);
        let included = prop_oneof![Just(0_i64), 0_i64..800];
        (models, price(), tiers, price(), 1_i64..700, included).prop_map(
            |(model, price, steps, last, size, included)| {
                let mut reached = 0;
                let mut tiers: Vec<Tier> = steps
                    .into_iter()
                    .map(|(step, price)| {
                        reached += step;
                        Tier { up_to: Some(Decimal::new(reached, 2)), price }
                    })
                    .collect();
                tiers.push(Tier { up_to: None, price: last });
                let by_tier = matches!(model, Model::Tiered | Model::Volume);
                Tariff {
                    model,
                    price: (!by_tier).then_some(price),
                    tiers: if by_tier { tiers } else { Vec::new() },
                    size: (model == Model::Package).then_some(Decimal::new(size, 2)),
                    included: Decimal::new(included, 2),
                    minimum: Decimal::ZERO,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn a_month_costs_what_counting_says_whatever_it_is_cut_into(
            tariff in tariffs(),
            seconds in prop::sample::select(vec![None, Some(1), Some(60)]),
            cuts in prop::collection::vec(-400_i64..900, 1..8),
        ) {
            // Hours of an hourly tariff are its units.
            let per = if tariff.model == Model::Hourly { 1 } else { seconds.unwrap_or(1) };
            let mut used = Decimal::ZERO;
            let mut sums = vec![(Decimal::ZERO, Decimal::ZERO); tariff.tiers.len().max(1) + 1];
            for cut in cuts {
                // Use may be taken back, but not more than there was.
                let cut = Decimal::new(cut, 2).max(-used);
                for part in tariff.parts(seconds, used, cut) {
                    let tier = usize::try_from(part.tier).expect("few");
                    sums[tier].0 += part.quantity;
                    sums[tier].1 += part.amount;
                }
                used += cut;
            }
            let hundredths = u32::try_from(used * Decimal::ONE_HUNDRED).expect("few");
            let expected: Vec<(Decimal, Decimal)> = naive(&tariff, per, hundredths)
                .into_iter()
                .map(|(count, amount)| {
                    (Decimal::new(i64::from(count), 2), Decimal::from_i128_with_scale(amount, 12))
                })
                .collect();
            prop_assert_eq!(&sums, &expected);
            let total: Decimal = sums.iter().map(|(_, amount)| *amount).sum();
            prop_assert_eq!(tariff.total(seconds, used), total);
        }

        #[test]
        fn parts_sum_to_the_total_at_every_size(
            tariff in tariffs(),
            before in (0_i64..i64::MAX, 0_u32..=9),
            quantity in (i64::MIN..i64::MAX, 0_u32..=9),
        ) {
            let before = Decimal::new(before.0, before.1);
            let quantity = Decimal::new(quantity.0, quantity.1);
            let parts: Decimal =
                tariff.parts(None, before, quantity).iter().map(|part| part.amount).sum();
            let total = tariff.total(None, before + quantity) - tariff.total(None, before);
            prop_assert_eq!(parts, total);
        }
    }
}
