//! How a language writes dates, amounts, lengths and modes. Data, one small file a language
//! (`words.json`), so that an operator can add a language without a new build.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::calendar::{Period, Timestamp, Unit, Zone};
use crate::domain::nouns::subscription::Mode;

use super::markup::NO_BREAK;

/// The words of a language.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    /// Names of the twelve months, as they stand in a date.
    months: [String; 12],
    /// `{day} {month} {year}`
    date: String,
    /// `{date}, {time}`
    moment: String,
    /// Between whole and parts.
    decimal: String,
    /// Between thousands.
    group: String,
    /// `{n}%`
    #[serde(default = "percent")]
    percent: String,
    /// One and many of each unit: `["1 month", "{n} months"]`.
    units: BTreeMap<String, [String; 2]>,
    /// The renewal modes, by the rulebook's names.
    modes: BTreeMap<String, String>,
}

fn percent() -> String {
    "{n}%".to_owned()
}

impl Words {
    /// The local day: `5 February 2026`.
    pub(super) fn day(&self, at: Timestamp, zone: Zone) -> String {
        use chrono::Datelike as _;
        let date = zone.date(at);
        let month = self.months.get(date.month0() as usize).map_or("", String::as_str);
        self.date
            .replace("{day}", &date.day().to_string())
            .replace("{month}", month)
            .replace("{year}", &date.year().to_string())
            .replace(' ', NO_BREAK)
    }

    /// The instant on the wall of `zone`, and in UTC: `5 February 2026, 09:00 (Europe/Berlin;
    /// 08:00 UTC)`.
    pub(super) fn moment(&self, at: Timestamp, zone: Zone) -> String {
        if zone == Zone::UTC {
            return format!("{}{NO_BREAK}UTC", self.local(at, zone));
        }
        let utc = if zone.date(at) == Zone::UTC.date(at) {
            time(at, Zone::UTC)
        } else {
            self.local(at, Zone::UTC)
        };
        format!("{} ({zone}; {utc}{NO_BREAK}UTC)", self.local(at, zone))
    }

    fn local(&self, at: Timestamp, zone: Zone) -> String {
        self.moment.replace("{date}", &self.day(at, zone)).replace("{time}", &time(at, zone))
    }

    /// An amount: `1,234.50 USD`. `text` is as the domain writes it: `1234.50 USD`.
    pub(super) fn money(&self, text: &str) -> Option<String> {
        let (amount, currency) = text.split_once(' ')?;
        let (whole, parts) = match amount.split_once('.') {
            Some((whole, parts)) => (whole, format!("{}{parts}", self.decimal)),
            None => (amount, String::new()),
        };
        let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
        let count = digits.chars().count();
        let mut grouped = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (count - place).is_multiple_of(3) {
                grouped.push_str(&self.group);
            }
            grouped.push(digit);
        }
        Some(format!("{sign}{grouped}{parts}{NO_BREAK}{currency}"))
    }

    /// A share: `7.5%`. `text` is as the domain writes it: `7.5`.
    pub(super) fn percent(&self, text: &str) -> String {
        self.percent.replace("{n}", &text.replace('.', &self.decimal)).replace(' ', NO_BREAK)
    }

    /// A length: `1 month`, `2 years`.
    pub(super) fn period(&self, period: Period) -> String {
        let unit = match period.unit() {
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Year => "year",
        };
        self.count(u64::from(period.count()), unit)
    }

    /// So many of a unit: `3 days`.
    pub(super) fn count(&self, n: u64, unit: &str) -> String {
        self.units.get(unit).map_or_else(
            || n.to_string(),
            |[one, many]| {
                (if n == 1 { one } else { many })
                    .replace("{n}", &n.to_string())
                    .replace(' ', NO_BREAK)
            },
        )
    }

    /// What a renewal mode is called.
    pub(super) fn mode(&self, mode: Mode) -> String {
        self.modes.get(mode.as_str()).cloned().unwrap_or_else(|| mode.as_str().to_owned())
    }
}

/// Seconds only where there are any.
fn time(at: Timestamp, zone: Zone) -> String {
    let time = zone.local(at).time();
    let format = if at.seconds() % 60 == 0 { "%H:%M" } else { "%H:%M:%S" };
    time.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(language: &str) -> Words {
        let text = match language {
            "de" => include_str!("templates/de/words.json"),
            _ => include_str!("templates/en/words.json"),
        };
        serde_json::from_str(text).expect("words")
    }

    fn plain(text: &str) -> String {
        text.replace(NO_BREAK, " ")
    }

    #[test]
    fn an_instant_is_told_in_its_zone_and_in_utc() {
        let berlin = "Europe/Berlin".parse().expect("a zone");
        let at = |text: &str| text.parse().expect("an instant");
        let en = |text: &str, zone| plain(&words("en").moment(at(text), zone));
        assert_eq!(
            en("2026-02-05T08:00:00Z", berlin),
            "5 February 2026, 09:00 (Europe/Berlin; 08:00 UTC)"
        );
        assert_eq!(
            en("2026-07-31T22:30:07Z", berlin),
            "1 August 2026, 00:30:07 (Europe/Berlin; 31 July 2026, 22:30:07 UTC)"
        );
        assert_eq!(en("2026-02-05T08:00:00Z", Zone::UTC), "5 February 2026, 08:00 UTC");
        assert_eq!(
            plain(&words("de").moment(at("2026-03-05T08:00:00Z"), berlin)),
            "5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)"
        );
    }

    #[test]
    fn amounts_are_grouped_as_the_language_does() {
        let of = |language: &str, text: &str| words(language).money(text).map(|text| plain(&text));
        assert_eq!(of("en", "1234567.05 USD").as_deref(), Some("1,234,567.05 USD"));
        assert_eq!(of("de", "1234567.05 USD").as_deref(), Some("1.234.567,05 USD"));
        assert_eq!(of("en", "-123.00 EUR").as_deref(), Some("-123.00 EUR"));
        assert_eq!(of("en", "59500 JPY").as_deref(), Some("59,500 JPY"));
        assert_eq!(of("en", "nonsense"), None);
    }

    #[test]
    fn shares_are_written_as_the_language_does() {
        assert_eq!(words("en").percent("7.5"), "7.5%");
        assert_eq!(plain(&words("de").percent("7.5")), "7,5 %");
    }

    #[test]
    fn lengths_and_modes_have_words() {
        let period = |text: &str| text.parse().expect("a period");
        assert_eq!(plain(&words("en").period(period("P1M"))), "1 month");
        assert_eq!(plain(&words("en").period(period("P2Y"))), "2 years");
        assert_eq!(plain(&words("de").period(period("P3W"))), "3 Wochen");
        assert_eq!(words("de").mode(Mode::NotRenewal), "keine");
    }
}
