//! Money: integer minor units and a currency. No floats, no operators, no mixing.
//!
//! Decimals are for prices, rates and percentages; [`Money::from_decimal`] is the one way from
//! one to the other, and its rounding is named.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};

use super::text::text_serde;

/// The largest amount in minor units that is taken from outside (ten billion of a currency with
/// two decimals), so that no sum of amounts can overflow.
pub const MINOR_MAX: i64 = 1_000_000_000_000;

/// A currency that can be billed in: an ISO 4217 code with a known number of decimals.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Its three letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimals of its smallest unit: 2 for USD, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn exponent(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(0))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

/// Looked for first: the whole list is long, and every amount that is read back names one.
const COMMON: [iso_currency::Currency; 4] = [
    iso_currency::Currency::USD,
    iso_currency::Currency::EUR,
    iso_currency::Currency::CNY,
    iso_currency::Currency::GBP,
];

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let common = COMMON.into_iter().find(|currency| currency.code() == text);
        common
            .or_else(|| iso_currency::Currency::from_code(text))
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency { code: text.to_owned() })
    }
}

text_serde!(Currency);

/// Why a text or a number is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The code is not an ISO 4217 currency that can be billed in.
    #[error("{code:?} is not a currency that can be billed in")]
    UnknownCurrency {
        /// What was given.
        code: String,
    },
    /// The text is not a decimal number.
    #[error("{text:?} is not a decimal amount")]
    NotANumber {
        /// What was given.
        text: String,
    },
    /// The amount has more decimals than the currency.
    #[error("{currency} has {exponent} decimals; {text} has more")]
    TooPrecise {
        /// What was given.
        text: String,
        /// The currency asked for.
        currency: Currency,
        /// Its decimals.
        exponent: u32,
    },
    /// The amount is larger than [`MINOR_MAX`].
    #[error("{text} is larger than any amount that is accepted")]
    TooLarge {
        /// What was given.
        text: String,
    },
}

/// How a decimal becomes whole minor units (D19).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Towards zero: an order's payable, in the customer's favour.
    Down,
    /// Half away from zero: tax lines.
    HalfUp,
    /// Half to even: refunds.
    HalfEven,
}

/// An amount in minor units of one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// `minor` smallest units of `currency`.
    #[must_use]
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// A decimal number as written by people, exact: more decimals than the currency has are an
    /// error, never rounded.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let number = Decimal::from_str_exact(text.trim())
            .map_err(|_| MoneyError::NotANumber { text: text.to_owned() })?;
        Self::exact(number, currency)
    }

    /// `number`, which must be a whole number of minor units.
    pub fn exact(number: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let exponent = currency.exponent();
        let number = number.normalize();
        if number.scale() > exponent {
            return Err(MoneyError::TooPrecise { text: number.to_string(), currency, exponent });
        }
        Self::from_decimal(number, currency, Rounding::Down)
    }

    /// `number` rounded to whole minor units by `rounding`: the only way from a price, a rate or
    /// a share to money.
    pub fn from_decimal(
        number: Decimal,
        currency: Currency,
        rounding: Rounding,
    ) -> Result<Self, MoneyError> {
        let too_large = || MoneyError::TooLarge { text: number.to_string() };
        let strategy = match rounding {
            Rounding::Down => RoundingStrategy::ToZero,
            Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Rounding::HalfEven => RoundingStrategy::MidpointNearestEven,
        };
        let minor = number
            .checked_mul(Decimal::from(10_i64.pow(currency.exponent())))
            .ok_or_else(too_large)?
            .round_dp_with_strategy(0, strategy);
        let minor = i64::try_from(minor).map_err(|_| too_large())?;
        // The least number has no absolute value among those of its own type.
        if minor.unsigned_abs() > MINOR_MAX.unsigned_abs() {
            return Err(too_large());
        }
        Ok(Self { minor, currency })
    }

    /// The amount in smallest units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// Its currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount as a decimal number in units of the currency.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    /// Both together; `None` if the currencies differ or the sum overflows.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self { minor: self.minor.checked_add(other.minor)?, currency: self.currency })
    }

    /// What is left after `other` is taken; `None` if the currencies differ or it overflows.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(other.negated())
    }

    /// The same amount the other way round.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self { minor: -self.minor, currency: self.currency }
    }

    /// Is it below zero?
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// Is it exactly nothing?
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Does it cover `other`, in the same currency?
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.currency == other.currency && self.minor >= other.minor
    }

    /// The decimal text without the currency: `59.50`.
    #[must_use]
    pub fn amount(self) -> String {
        let exponent = self.currency.exponent() as usize;
        // At least one digit stands before the point.
        let mut digits = self.minor.unsigned_abs().to_string();
        while digits.len() <= exponent {
            digits.insert(0, '0');
        }
        if exponent > 0 {
            digits.insert(digits.len() - exponent, '.');
        }
        if self.minor < 0 {
            digits.insert(0, '-');
        }
        digits
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.amount())?;
        f.write_str(" ")?;
        fmt::Display::fmt(&self.currency, f)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads what [`fmt::Display`] writes: `59.50 USD`.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (amount, currency) =
            text.split_once(' ').ok_or_else(|| MoneyError::NotANumber { text: text.to_owned() })?;
        Self::parse(amount, currency.parse()?)
    }
}

text_serde!(Money);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().expect("a known currency")
    }

    #[test]
    fn an_amount_is_exact_or_refused() {
        let usd = currency("USD");
        assert_eq!(Money::parse("59.50", usd).map(Money::minor), Ok(5950));
        assert_eq!(Money::parse("-0.05", usd).map(|m| m.to_string()), Ok("-0.05 USD".into()));
        assert!(matches!(Money::parse("1.005", usd), Err(MoneyError::TooPrecise { .. })));
        assert!(matches!(Money::parse("1e9", usd), Err(MoneyError::NotANumber { .. })));
        assert!(matches!(Money::parse("99999999999999", usd), Err(MoneyError::TooLarge { .. })));
        assert_eq!(Money::parse("1.000", usd).map(Money::minor), Ok(100), "zeros add nothing");
        let most = Money::from_minor(MINOR_MAX, usd);
        assert_eq!(Money::parse("10000000000.00", usd), Ok(most));
        assert_eq!(Money::parse("-10000000000.00", usd), Ok(most.negated()));
        for beyond in ["10000000000.01", "-10000000000.01", "-92233720368547758.08"] {
            assert!(matches!(Money::parse(beyond, usd), Err(MoneyError::TooLarge { .. })));
        }
    }

    #[test]
    fn a_currency_brings_its_own_decimals() {
        assert_eq!(
            Money::parse("1500", currency("JPY")).map(|m| m.to_string()),
            Ok("1500 JPY".into())
        );
        assert_eq!(Money::parse("1.234", currency("KWD")).map(Money::minor), Ok(1234));
        assert!("XAU".parse::<Currency>().is_err(), "gold has no smallest unit");
        assert!("usd".parse::<Currency>().is_err());
    }

    #[test]
    fn d19_a_payable_is_floored() {
        let usd = currency("USD");
        let payable = Decimal::from_str_exact("8.4915").expect("a number");
        assert_eq!(Money::from_decimal(payable, usd, Rounding::Down).map(Money::minor), Ok(849));
        assert_eq!(Money::from_decimal(payable, usd, Rounding::HalfUp).map(Money::minor), Ok(849));
    }

    #[test]
    fn currencies_do_not_mix() {
        let dollars = Money::from_minor(1, currency("USD"));
        let euros = Money::from_minor(1, currency("EUR"));
        assert_eq!(dollars.checked_add(euros), None);
        assert!(!dollars.covers(euros));
    }

    proptest! {
        #[test]
        fn an_amount_reads_back_as_it_was_written(
            minor in -MINOR_MAX..=MINOR_MAX,
            code in prop::sample::select(vec!["USD", "JPY", "KWD", "EUR", "CNY"]),
        ) {
            let money = Money::from_minor(minor, currency(code));
            prop_assert_eq!(money.to_string().parse::<Money>(), Ok(money));
        }
    }
}
