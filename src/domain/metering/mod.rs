//! What use costs: the running aggregate of a meter ([`Tally`]), the price of a quantity
//! ([`Part`]s of a tariff), and the cycles that use is settled in. No account is known here.
//!
//! Amounts are decimals of 12 places until a line of a bill rounds them, once:
//! `Money::from_decimal(total, currency, Rounding::Down)` of all that a resource and a meter have
//! come to, less what was billed before, so that the remainder carries (D19).

mod cycle;
mod quote;
mod tally;
mod tariff;

pub use self::quote::{Quote, Wanted, quote};
pub use self::tally::{Reading, Tally};
pub use self::tariff::{AMOUNT_DECIMALS, Part};
