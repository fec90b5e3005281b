//! Values of a request, each read or refused by the name of its field.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::de::value::{Error as NameError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use super::problem::{Code, Problem};
use super::wire;
use crate::domain::money::{Currency, Money, MoneyError};
use crate::domain::rejection::Rejection;
use crate::domain::rules::{QUANTITY_DECIMALS, QUANTITY_MAX};

/// Characters in a name of the catalogue, a method, a channel.
const NAME_MAX: usize = 100;
/// Characters in an e-mail address (RFC 5321).
const EMAIL_MAX: usize = 254;
/// Characters before the `@`.
const EMAIL_LOCAL_MAX: usize = 64;

/// Reads a value that is written as a text.
pub fn parse<T: FromStr<Err: Display>>(field: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error| Problem::field(field, error))
}

/// Reads a value that may be absent.
pub fn parse_some<T: FromStr<Err: Display>>(
    field: &str,
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    text.map(|text| parse(field, text)).transpose()
}

/// Reads a word out of a closed set, by the names that the domain gives them.
pub fn word<T: DeserializeOwned>(field: &str, text: &str) -> Result<T, Problem> {
    let text: StrDeserializer<'_, NameError> = text.into_deserializer();
    T::deserialize(text).map_err(|error| Problem::field(field, error))
}

/// Reads words with commas between them; none if absent.
pub fn words<T: DeserializeOwned>(field: &str, text: Option<&str>) -> Result<Vec<T>, Problem> {
    text.map_or_else(
        || Ok(Vec::new()),
        |text| text.split(',').map(|text| word(field, text.trim())).collect(),
    )
}

/// A text that is shown: not empty, at most `max` characters, nothing that moves a cursor.
pub fn line(field: &str, text: &str, max: usize) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::field(field, "it is empty"));
    }
    if text.chars().count() > max {
        return Err(Problem::field(field, format!("it is longer than {max} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::field(field, "it has control characters"));
    }
    Ok(text.to_owned())
}

/// Lines that are shown, `count_max` at the most.
pub fn lines(
    field: &str,
    lines: &[String],
    count_max: usize,
    max: usize,
) -> Result<Vec<String>, Problem> {
    if lines.len() > count_max {
        return Err(Problem::field(field, format!("there are more than {count_max} lines")));
    }
    let lines = lines.iter().enumerate();
    lines.map(|(place, text)| line(&format!("{field}[{place}]"), text, max)).collect()
}

/// A name that machines know: of a product, a method, a channel.
pub fn name(field: &str, text: &str) -> Result<String, Problem> {
    line(field, text, NAME_MAX)
}

/// An e-mail address in lower case, so that two spellings of one address are one.
pub fn email(field: &str, text: &str) -> Result<String, Problem> {
    let address = text.trim().to_lowercase();
    let (local, domain) = address.rsplit_once('@').unwrap_or_default();
    let plain = |c: u8| c.is_ascii_graphic() && !b"@<>()[],;:\\\"".contains(&c);
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let valid = address.len() <= EMAIL_MAX
        && (1..=EMAIL_LOCAL_MAX).contains(&local.len())
        && local.bytes().all(plain)
        && !local.split('.').any(str::is_empty)
        && domain.contains('.')
        && domain.split('.').all(label);
    if valid { Ok(address) } else { Err(Problem::field(field, "it is not an e-mail address")) }
}

/// A country: two capital letters.
pub fn country(field: &str, text: &str) -> Result<String, Problem> {
    if text.len() == 2 && text.bytes().all(|c| c.is_ascii_uppercase()) {
        Ok(text.to_owned())
    } else {
        Err(Problem::field(field, format!("{text:?} is not a country such as DE")))
    }
}

/// A language: `en`, `pt-BR`.
pub fn language(field: &str, text: &str) -> Result<String, Problem> {
    let mut parts = text.split('-');
    let main = parts.next().is_some_and(|main| {
        matches!(main.len(), 2 | 3) && main.bytes().all(|c| c.is_ascii_lowercase())
    });
    let rest = parts.all(|part| {
        (2..=8).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_alphanumeric())
    });
    if main && rest && text.len() <= 35 {
        Ok(text.to_owned())
    } else {
        Err(Problem::field(field, format!("{text:?} is not a language such as en")))
    }
}

/// A currency.
pub fn currency(field: &str, text: &str) -> Result<Currency, Problem> {
    text.parse().map_err(|error| no_money(field, &error))
}

/// An amount with its currency.
pub fn money(field: &str, money: &wire::Money) -> Result<Money, Problem> {
    let currency = currency(&format!("{field}.currency"), &money.currency)?;
    amount(&format!("{field}.amount"), &money.amount, currency)
}

/// An amount in a currency that is known already.
pub fn amount(field: &str, text: &str, currency: Currency) -> Result<Money, Problem> {
    Money::parse(text, currency).map_err(|error| no_money(field, &error))
}

/// A quantity of use: a decimal number within what is counted exactly.
pub fn quantity(field: &str, text: &str) -> Result<Decimal, Problem> {
    let quantity = Decimal::from_str_exact(text.trim())
        .map_err(|_| Problem::field(field, format!("{text:?} is not a decimal number")))?
        .normalize();
    if quantity.abs() > QUANTITY_MAX {
        return Err(Problem::field(field, format!("it is above {QUANTITY_MAX}")));
    }
    if quantity.scale() > QUANTITY_DECIMALS {
        let detail = format!("it has more than {QUANTITY_DECIMALS} decimals");
        return Err(Problem::field(field, detail));
    }
    Ok(quantity)
}

fn no_money(field: &str, error: &MoneyError) -> Problem {
    match error {
        MoneyError::UnknownCurrency { .. } => {
            Problem::new(Code::UnknownCurrency, error.to_string()).at(field)
        }
        MoneyError::TooPrecise { exponent, .. } => {
            Problem::new(Code::AmountTooPrecise, error.to_string())
                .at(field)
                .with("decimals_max", *exponent)
        }
        MoneyError::TooLarge { .. } => Problem::from(Rejection::AmountTooLarge).at(field),
        MoneyError::NotANumber { .. } => Problem::field(field, error),
    }
}

/// An exact length: ISO 8601 without months and years (`P15D`, `P2W`, `PT6H30M`), or as people
/// write it (`15d`, `6h`, `30m`, `10s`, `2w`).
pub fn length(field: &str, text: &str) -> Result<Duration, Problem> {
    let seconds = match text.strip_prefix('P') {
        Some(rest) => iso_seconds(rest),
        None => plain_seconds(text),
    };
    seconds.map(Duration::from_secs).ok_or_else(|| {
        Problem::field(field, format!("{text:?} is not an exact length such as P15D or 15d"))
    })
}

fn plain_seconds(text: &str) -> Option<u64> {
    let unit = text.chars().next_back()?;
    let unit_seconds = match unit {
        'w' => 7 * 86_400,
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        's' => 1,
        _ => return None,
    };
    count(&text[..text.len() - unit.len_utf8()])?.checked_mul(unit_seconds)
}

fn iso_seconds(text: &str) -> Option<u64> {
    let (days, clock) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((days, clock)) => (days, clock),
        None if text.is_empty() => return None,
        None => (text, ""),
    };
    let days = parts(days, &[('W', 7 * 86_400), ('D', 86_400)])?;
    days.checked_add(parts(clock, &[('H', 3_600), ('M', 60), ('S', 1)])?)
}

/// The sum of counts with their units, each unit at most once and in order.
fn parts(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut sum = 0_u64;
    for (unit, seconds) in units {
        if let Some((digits, rest)) = text.split_once(*unit) {
            sum = sum.checked_add(count(digits)?.checked_mul(*seconds)?)?;
            text = rest;
        }
    }
    text.is_empty().then_some(sum)
}

fn count(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nouns::subscription::State;

    #[test]
    fn an_address_is_one_whatever_its_spelling() {
        assert_eq!(email("email", " Ops@Ada.Example ").as_deref(), Ok("ops@ada.example"));
        for bad in [
            "",
            "ops",
            "ops@",
            "@ada.example",
            "ops@ada",
            "ops@ada..example",
            "o ps@ada.example",
            "a@b@ada.example",
            "ops@-ada.example",
            "ops@ada.example\r\nBcc: x@y.z",
            "<o@ada.example>",
            "o..p@ada.example",
            "\u{f6}ps@ada.example",
        ] {
            let refused = email("email", bad).expect_err(bad);
            assert_eq!(refused.code(), "InvalidField", "{bad:?}");
        }
    }

    #[test]
    fn a_length_is_written_by_machines_or_by_people() {
        let seconds = |text| length("advance", text).map(|length| length.as_secs());
        assert_eq!(seconds("P15D"), Ok(15 * 86_400));
        assert_eq!(seconds("15d"), seconds("P15D"));
        assert_eq!(seconds("P1W1DT1H1M1S"), Ok(8 * 86_400 + 3_661));
        assert_eq!(seconds("PT90M"), Ok(5_400));
        assert_eq!(seconds("2w"), Ok(14 * 86_400));
        for bad in [
            "", "P", "PT", "P1M", "P1Y", "15", "d", "-1d", "P-1D", "P1D1W", "1.5h", "P1DT",
            "9\u{e9}",
        ] {
            assert!(length("advance", bad).is_err(), "{bad:?}");
        }
        assert!(length("advance", "99999999999999999999d").is_err(), "too many");
        assert!(length("advance", "P999999999999999999W").is_err(), "too long");
    }

    #[test]
    fn an_amount_is_refused_for_its_own_reason() {
        let code = |amount: &str, currency: &str| {
            let money = wire::Money { amount: amount.into(), currency: currency.into() };
            super::money("amount", &money).expect_err("refused").code()
        };
        assert_eq!(code("1.005", "USD"), "AmountTooPrecise");
        assert_eq!(code("1", "XXX"), "UnknownCurrency");
        assert_eq!(code("1e3", "USD"), "InvalidField");
        assert_eq!(code("99999999999999", "USD"), "AmountTooLarge");
    }

    #[test]
    fn a_quantity_is_counted_exactly_or_refused() {
        let number = |text: &str| quantity("quantity", text).map(|number| number.to_string());
        assert_eq!(number(" 1.500 ").as_deref(), Ok("1.5"));
        assert_eq!(number("-1000000000000").as_deref(), Ok("-1000000000000"));
        assert_eq!(number("0.0000000010").as_deref(), Ok("0.000000001"));
        let bad = ["", "NaN", "inf", "1e3", "0x1", "1,5", "1000000000001", "0.0000000001"];
        for text in bad {
            assert_eq!(number(text).expect_err(text).code(), "InvalidField", "{text:?}");
        }
    }

    #[test]
    fn words_have_the_names_of_the_rulebook() {
        assert_eq!(
            words("state", Some("Grace, Suspended")),
            Ok(vec![State::Grace, State::Suspended])
        );
        assert_eq!(words::<State>("state", None), Ok(Vec::new()));
        assert!(words::<State>("state", Some("grace")).is_err());
    }

    #[test]
    fn countries_languages_and_texts_have_bounds() {
        assert!(country("country", "DE").is_ok());
        assert!(country("country", "de").is_err());
        assert!(country("country", "\u{dc}").is_err());
        assert!(language("language", "pt-BR").is_ok());
        assert!(language("language", "../en").is_err());
        assert_eq!(line("name", "  Ada Ltd ", 200).as_deref(), Ok("Ada Ltd"));
        assert!(line("name", " ", 200).is_err());
        assert!(line("name", &"x".repeat(201), 200).is_err());
        assert!(line("name", "a\nb", 200).is_err());
    }
}
