//! Typed ids, prefixed for people.
//!
//! An account's id is short and random and is guarded by a claim; everything inside an account
//! is numbered by the account's own counter, so deciding stays a function. The text form of an
//! inner id names its account (`sub_k3f9x2m7qd_4`), so it can be looked up from anywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::text_serde;

/// Crockford's alphabet in lower case: no `i`, `l`, `o`, `u`, so ids can be read aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// What each byte stands for in it.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut place = 0;
    while place < ALPHABET.len() {
        // The places of 32 characters.
        #[expect(clippy::cast_possible_truncation, reason = "below 32")]
        let digit = place as u8;
        digits[ALPHABET[place] as usize] = digit;
        place += 1;
    }
    digits
};
/// What stands for nothing.
const NO_DIGIT: u8 = u8::MAX;
/// Characters of an outer id after its prefix: 10 characters of 5 bits.
const ID_CHARS: usize = 10;
/// Bits of an outer id.
const ID_BITS: u32 = 50;

/// A text that is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind} id")]
pub struct IdError {
    /// What was asked for, in words.
    pub kind: &'static str,
    /// What was given.
    pub text: String,
}

macro_rules! outer_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The id made of the lowest 50 bits of `bits`; the door draws them at random.
            #[must_use]
            pub const fn from_bits(bits: u64) -> Self {
                Self(bits & ((1 << ID_BITS) - 1))
            }

            fn write_chars(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [b'0'; ID_CHARS];
                for (place, c) in text.iter_mut().rev().enumerate() {
                    let digit = (self.0 >> (5 * place)) & 31;
                    *c = ALPHABET[usize::try_from(digit).unwrap_or(0)];
                }
                f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }

            fn parse_chars(text: &str) -> Option<Self> {
                if text.len() != ID_CHARS {
                    return None;
                }
                text.bytes()
                    .try_fold(0_u64, |bits, c| {
                        let digit = DIGITS[usize::from(c)];
                        (digit != NO_DIGIT).then_some((bits << 5) | u64::from(digit))
                    })
                    .map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                self.write_chars(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(Self::parse_chars)
                    .ok_or_else(|| IdError { kind: $kind, text: text.to_owned() })
            }
        }

        text_serde!($name);
    };
}

/// What a numbered document is: each kind has number series of its own (R10.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// An invoice.
    Invoice,
    /// A credit note.
    CreditNote,
}

impl DocumentKind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }
}

/// A number series: documents of one kind and one year are numbered without gaps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId {
    /// What is numbered.
    pub kind: DocumentKind,
    /// The year of issue.
    pub year: u16,
}

impl fmt::Display for SeriesId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "series_{}_{:04}", self.kind.as_str(), self.year)
    }
}

impl fmt::Debug for SeriesId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SeriesId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let parse = || {
            let (kind, year) = text.strip_prefix("series_")?.rsplit_once('_')?;
            let kind = [DocumentKind::Invoice, DocumentKind::CreditNote]
                .into_iter()
                .find(|known| known.as_str() == kind)?;
            let plain = year.len() == 4 && year.bytes().all(|c| c.is_ascii_digit());
            Some(Self { kind, year: year.parse().ok().filter(|_| plain)? })
        };
        parse().ok_or_else(|| IdError { kind: "number series", text: text.to_owned() })
    }
}

/// A stream: what the journal is keyed by. An account, or one of the few things that accounts
/// share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamId {
    /// What all accounts share: the rules timeline, the brake, the closed months.
    House,
    /// One customer's account.
    Account(AccountId),
    /// A coupon campaign: its quota is shared by the accounts.
    Campaign(CampaignId),
    /// A number series of invoices or credit notes.
    Series(SeriesId),
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::House => f.write_str("house"),
            Self::Account(id) => fmt::Display::fmt(id, f),
            Self::Campaign(id) => fmt::Display::fmt(id, f),
            Self::Series(id) => fmt::Display::fmt(id, f),
        }
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for StreamId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text == "house" {
            return Ok(Self::House);
        }
        let account = text.parse().map(Self::Account);
        account
            .or_else(|_| text.parse().map(Self::Campaign))
            .or_else(|_: IdError| text.parse().map(Self::Series))
            .map_err(|_: IdError| IdError { kind: "stream", text: text.to_owned() })
    }
}

impl From<AccountId> for StreamId {
    fn from(id: AccountId) -> Self {
        Self::Account(id)
    }
}

macro_rules! inner_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            /// The account it lives in.
            pub account: AccountId,
            /// Its number there, never reused.
            pub number: u32,
        }

        impl $name {
            /// The id of number `number` in `account`.
            #[must_use]
            pub const fn new(account: AccountId, number: u32) -> Self {
                Self { account, number }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                self.account.write_chars(f)?;
                write!(f, "_{}", self.number)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let parse = || {
                    let (account, number) =
                        text.strip_prefix(concat!($prefix, "_"))?.split_once('_')?;
                    let plain = number.bytes().all(|c| c.is_ascii_digit())
                        && !(number.len() > 1 && number.starts_with('0'));
                    if !plain {
                        return None;
                    }
                    Some(Self::new(AccountId::parse_chars(account)?, number.parse().ok()?))
                };
                parse().ok_or_else(|| IdError { kind: $kind, text: text.to_owned() })
            }
        }

        text_serde!($name);
    };
}

text_serde!(StreamId, SeriesId);

outer_id!(
    /// An account: `acc_` and ten characters.
    AccountId, "acc", "account"
);
outer_id!(
    /// A coupon campaign: `cmp_` and ten characters.
    CampaignId, "cmp", "campaign"
);

inner_id!(
    /// A term subscription: `sub_`, its account, its number.
    SubscriptionId, "sub", "subscription"
);
inner_id!(
    /// An order: `ord_`, its account, its number.
    OrderId, "ord", "order"
);
inner_id!(
    /// A coupon: `cpn_`, its account, its number.
    CouponId, "cpn", "coupon"
);
inner_id!(
    /// A document, an invoice or a credit note: `doc_`, its account, its number. What it is
    /// called by people is the number that its series gives it.
    DocumentId, "doc", "document"
);

inner_id!(
    /// A pay-as-you-go resource: `res_`, its account, its number.
    ResourceId, "res", "resource"
);
inner_id!(
    /// A withdrawal of cash: `wdr_`, its account, its number.
    WithdrawalId, "wdr", "withdrawal"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let account = AccountId::from_bits(0x2_5a5a_1234_5678);
        assert_eq!(account.to_string().parse(), Ok(account));
        let order = OrderId::new(account, 17);
        assert_eq!(order.to_string().parse(), Ok(order));
        assert_eq!("house".parse(), Ok(StreamId::House));
        let series = SeriesId { kind: DocumentKind::CreditNote, year: 2026 };
        assert_eq!(series.to_string(), "series_credit_note_2026");
        assert_eq!(series.to_string().parse(), Ok(StreamId::Series(series)));
        let campaign = CampaignId::from_bits(0x3_1234_5678_9abc);
        assert_eq!(campaign.to_string().parse(), Ok(StreamId::Campaign(campaign)));
        assert_eq!(account.to_string().parse(), Ok(StreamId::Account(account)));
    }

    #[test]
    fn another_kind_of_id_is_refused() {
        let order = OrderId::new(AccountId::from_bits(7), 1).to_string();
        assert!(order.parse::<SubscriptionId>().is_err());
        assert!("acc_short".parse::<AccountId>().is_err());
        assert!("ord_0000000007_01".parse::<OrderId>().is_err(), "one text an id");
    }
}
