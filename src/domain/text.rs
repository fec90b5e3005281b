//! What JSON holds as its text: ids, instants, amounts. Every record has dozens of them, so that a
//! text is read where it stands and written at once, without a string of its own.

use std::fmt::{self, Write as _};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserializer, Serializer, de};

/// Writes a value as its text.
pub(super) fn serialize<T, S>(value: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: fmt::Display + ?Sized,
    S: Serializer,
{
    let mut short = Short { bytes: [0; SHORT_MAX], len: 0 };
    let written = write!(short, "{value}").ok();
    match written.and_then(|()| str::from_utf8(&short.bytes[..short.len]).ok()) {
        Some(text) => serializer.serialize_str(text),
        None => serializer.collect_str(value),
    }
}

/// Reads a value from its text.
pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(Parse(PhantomData))
}

/// Bytes of the longest text that is written without a string of its own.
const SHORT_MAX: usize = 64;

/// A text of few bytes.
struct Short {
    bytes: [u8; SHORT_MAX],
    len: usize,
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

struct Parse<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for Parse<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Makes a type that is written as its text and read from it serde's own.
macro_rules! text_serde {
    ($($name:ident),+) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::domain::text::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::domain::text::deserialize(deserializer)
            }
        }
    )+};
}
pub(super) use text_serde;

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    /// Written as itself, whatever its length.
    #[derive(Debug, PartialEq)]
    struct Word(String);

    impl fmt::Display for Word {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.chars().try_for_each(|c| f.write_char(c))
        }
    }

    impl FromStr for Word {
        type Err = String;

        fn from_str(text: &str) -> Result<Self, String> {
            if text.is_empty() { Err("empty".to_owned()) } else { Ok(Self(text.to_owned())) }
        }
    }

    text_serde!(Word);

    #[test]
    fn a_text_of_any_length_is_written_whole_and_read_back() {
        for length in [1, SHORT_MAX - 1, SHORT_MAX, SHORT_MAX + 1, 1_000] {
            for letter in ["a", "ß", "\"", "\n"] {
                let word = Word(letter.repeat(length));
                let json = serde_json::to_string(&word).expect("written");
                assert_eq!(json, serde_json::to_string(&word.0).expect("written"));
                assert_eq!(serde_json::from_str::<Word>(&json).expect("read"), word);
                let value = serde_json::to_value(&word).expect("written");
                assert_eq!(serde_json::from_value::<Word>(value).expect("read"), word);
            }
        }
    }

    #[test]
    fn what_is_no_text_is_refused_and_so_is_one_that_does_not_parse() {
        let read = |json: &str| serde_json::from_str::<Word>(json).map_err(|e| e.to_string());
        assert_eq!(read("\"\""), Err("empty at line 1 column 2".to_owned()));
        assert_eq!(
            read("7"),
            Err("invalid type: integer `7`, expected a string at line 1 column 1".to_owned())
        );
        let ip: Result<IpAddr, _> = deserialize(&mut serde_json::Deserializer::from_str("\"::1\""));
        assert_eq!(ip.expect("read").to_string(), "::1");
    }
}
