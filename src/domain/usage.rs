//! Which reports of usage an account has had: what tells a report from its repetition (D34).

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::calendar::Timestamp;
use super::ids::{IdError, ResourceId};
use super::text::text_serde;

/// The digits of a key: those of URLs and file names.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Digits of a key: 22 of 6 bits.
const LENGTH: usize = 22;

/// What a report of usage is known by within its account: a hash of meter, source and event id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageKey(pub [u8; 16]);

impl fmt::Display for UsageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from_be_bytes(self.0);
        (0..LENGTH).rev().try_for_each(|place| {
            let digit = usize::try_from((bits >> (6 * place)) & 63).unwrap_or(0);
            fmt::Write::write_char(f, char::from(DIGITS[digit]))
        })
    }
}

impl fmt::Debug for UsageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for UsageKey {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let digit = |c: u8| match c {
            b'A'..=b'Z' => Some(c - b'A'),
            b'a'..=b'z' => Some(c - b'a' + 26),
            b'0'..=b'9' => Some(c - b'0' + 52),
            b'-' => Some(62),
            b'_' => Some(63),
            _ => None,
        };
        // The first digit holds the two bits that are left of 128.
        let fits = text.len() == LENGTH && matches!(text.as_bytes()[0], b'A'..=b'D');
        let bits = text.bytes().filter(|_| fits).try_fold(0_u128, |bits, c| {
            let digit = digit(c)?;
            Some((bits << 6) | u128::from(digit))
        });
        match bits {
            Some(bits) if fits => Ok(Self(bits.to_be_bytes())),
            Some(_) | None => Err(IdError { kind: "usage", text: text.to_owned() }),
        }
    }
}

text_serde!(UsageKey);

/// What a report said that was counted. It is remembered for as long as usage may be reported
/// (D44): after that its repetition is refused as too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The resource that used.
    pub resource: ResourceId,
    /// How much.
    pub quantity: Decimal,
    /// What was counted, hashed, where the meter counts different things.
    pub value: Option<u64>,
    /// When it was used.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_as_it_was_written() {
        for bits in [0, 1, 63, 1 << 127, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let key = UsageKey(bits.to_be_bytes());
            assert_eq!(key.to_string().parse(), Ok(key));
            let json = serde_json::to_string(&key).expect("JSON");
            assert_eq!(json.len(), LENGTH + 2, "a journal holds millions of these");
            assert_eq!(serde_json::from_str::<UsageKey>(&json).expect("a key"), key);
        }
        assert_eq!(UsageKey([255; 16]).to_string(), "D_____________________");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let texts = ["", "A", "E_____________________", "AAAAAAAAAAAAAAAAAAAAA=", "\u{e4}"];
        for text in texts {
            assert!(text.parse::<UsageKey>().is_err(), "{text}");
        }
    }
}
