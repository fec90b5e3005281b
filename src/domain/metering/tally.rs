//! The running aggregate of one meter of one resource within one cycle.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::calendar::Timestamp;
use crate::domain::rules::Aggregation;

/// What a tally takes in of one reading. The door bounds it: no quantity beyond `QUANTITY_MAX`
/// either way of zero, none with more than `QUANTITY_DECIMALS` decimals. Within that all sums are
/// exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// When it was so.
    pub at: Timestamp,
    /// What tells it from all others: of two of one instant the one with the larger key is the
    /// later.
    pub key: u128,
    /// How much.
    pub quantity: Decimal,
    /// Which value it is, where different values are counted: a hash of it.
    pub value: u64,
}

/// A running aggregate. In which order readings come in, and in how many batches, changes
/// nothing. Each must be added once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tally {
    /// The sum so far.
    Sum(Decimal),
    /// The largest so far; nothing is below zero.
    Max(Decimal),
    /// The latest so far.
    Last {
        /// When it was so.
        at: Timestamp,
        /// Its key.
        #[serde(with = "hex")]
        key: u128,
        /// How much.
        quantity: Decimal,
    },
    /// The values so far.
    UniqueCount(BTreeSet<u64>),
}

impl Tally {
    /// The aggregate of no readings; none for a duration, which has none.
    #[must_use]
    pub fn new(aggregation: Aggregation) -> Option<Self> {
        match aggregation {
            Aggregation::Sum => Some(Self::Sum(Decimal::ZERO)),
            Aggregation::Max => Some(Self::Max(Decimal::ZERO)),
            Aggregation::Last => {
                Some(Self::Last { at: Timestamp::MIN, key: 0, quantity: Decimal::ZERO })
            }
            Aggregation::UniqueCount => Some(Self::UniqueCount(BTreeSet::new())),
            Aggregation::Duration => None,
        }
    }

    /// Takes in one reading.
    pub fn add(&mut self, reading: &Reading) {
        match self {
            Self::Sum(sum) => *sum = sum.saturating_add(reading.quantity),
            Self::Max(max) => *max = reading.quantity.max(*max),
            Self::Last { at, key, quantity } => {
                if (reading.at, reading.key) > (*at, *key) {
                    (*at, *key, *quantity) = (reading.at, reading.key, reading.quantity);
                }
            }
            Self::UniqueCount(values) => {
                values.insert(reading.value);
            }
        }
    }

    /// The quantity that the readings come to.
    #[must_use]
    pub fn quantity(&self) -> Decimal {
        match self {
            Self::Sum(quantity) | Self::Max(quantity) | Self::Last { quantity, .. } => *quantity,
            Self::UniqueCount(values) => Decimal::from(values.len()),
        }
    }
}

/// A key as text: numbers so large are not kept by everything that reads JSON.
mod hex {
    use std::num::ParseIntError;
    use std::str::FromStr;

    use serde::{Deserializer, Serializer};

    use crate::domain::text;

    struct Key(u128);

    impl FromStr for Key {
        type Err = ParseIntError;

        fn from_str(text: &str) -> Result<Self, ParseIntError> {
            u128::from_str_radix(text, 16).map(Self)
        }
    }

    pub(super) fn serialize<S: Serializer>(key: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        text::serialize(&format_args!("{key:x}"), serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<u128, D::Error> {
        let Key(key) = text::deserialize(deserializer)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const READ: [Aggregation; 4] =
        [Aggregation::Sum, Aggregation::Max, Aggregation::Last, Aggregation::UniqueCount];

    /// What the readings come to, straight from the meaning of the words.
    fn naive(aggregation: Aggregation, readings: &[Reading]) -> Decimal {
        match aggregation {
            Aggregation::Sum => {
                let billionths = |reading: &Reading| {
                    let mut quantity = reading.quantity;
                    quantity.rescale(9);
                    quantity.mantissa()
                };
                let sum: i128 = readings.iter().map(billionths).sum();
                Decimal::from_i128_with_scale(sum, 9)
            }
            Aggregation::Max => {
                let mut sorted: Vec<Decimal> = readings.iter().map(|r| r.quantity).collect();
                sorted.sort_unstable();
                sorted.pop().unwrap_or_default()
            }
            Aggregation::Last => {
                let mut sorted = readings.to_vec();
                sorted.sort_by_key(|reading| reading.key);
                sorted.sort_by_key(|reading| reading.at);
                sorted.pop().map(|reading| reading.quantity).unwrap_or_default()
            }
            Aggregation::UniqueCount => {
                let mut values: Vec<u64> = Vec::new();
                for reading in readings {
                    if !values.contains(&reading.value) {
                        values.push(reading.value);
                    }
                }
                Decimal::from(values.len())
            }
            Aggregation::Duration => Decimal::ZERO,
        }
    }

    /// Readings of few instants and few values, so that some are alike; keys are their own.
    fn readings() -> impl Strategy<Value = Vec<Reading>> {
        let reading = (0_i64..4, any::<u32>(), -9_i64..1_000_000_000_000, 0_u32..10, 0_u64..6);
        prop::collection::vec(reading, 0..30).prop_map(|rows| {
            rows.into_iter()
                .enumerate()
                .map(|(place, (at, key, digits, scale, value))| Reading {
                    at: Timestamp::from_micros((1_700_000_000 + at) * 1_000_000),
                    key: (u128::from(key) << 64) | u128::try_from(place).expect("few"),
                    quantity: Decimal::new(digits, scale),
                    value,
                })
                .collect()
        })
    }

    fn take_in(tally: &mut Tally, readings: &[Reading]) {
        for reading in readings {
            tally.add(reading);
        }
    }

    #[test]
    fn a_duration_has_no_readings() {
        assert_eq!(Tally::new(Aggregation::Duration), None);
        for aggregation in READ {
            assert_eq!(Tally::new(aggregation).map(|tally| tally.quantity()), Some(Decimal::ZERO));
        }
    }

    proptest! {
        #[test]
        fn an_aggregate_is_what_its_word_says(readings in readings()) {
            for aggregation in READ {
                let mut tally = Tally::new(aggregation).expect("read");
                // A meter of maxima has no readings below zero.
                let readings: Vec<Reading> = readings
                    .iter()
                    .filter(|reading| {
                        aggregation != Aggregation::Max || !reading.quantity.is_sign_negative()
                    })
                    .copied()
                    .collect();
                take_in(&mut tally, &readings);
                prop_assert_eq!(tally.quantity(), naive(aggregation, &readings));
            }
        }

        #[test]
        fn neither_order_nor_batches_matter(
            (readings, shuffled) in readings()
                .prop_flat_map(|readings| (Just(readings.clone()), Just(readings).prop_shuffle())),
            batch in 1_usize..7,
        ) {
            for aggregation in READ {
                let mut straight = Tally::new(aggregation).expect("read");
                take_in(&mut straight, &readings);
                let mut batched = Tally::new(aggregation).expect("read");
                for readings in shuffled.chunks(batch) {
                    take_in(&mut batched, readings);
                    // Between two batches it lies in the database.
                    let text = serde_json::to_string(&batched).expect("JSON");
                    batched = serde_json::from_str(&text).expect("a tally");
                }
                prop_assert_eq!(batched, straight);
            }
        }
    }
}
