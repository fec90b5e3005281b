//! Bars in the terminal: what each hour cost, and what is left ahead.

use std::fmt::Write as _;

use renewd::admin::wire::AmountAt;

use crate::output::money;

/// Rows of a chart.
const HEIGHT: usize = 8;
/// Eighths of a row, from none to all.
const EIGHTHS: [char; 9] = [
    ' ', '\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}',
    '\u{2588}',
];
/// Columns of a bar, and of the blank behind it.
const BAR: usize = 2;

/// What was used up hour by hour, and the balance ahead.
pub(super) fn draw(hourly: &[AmountAt], projection: &[AmountAt]) -> String {
    let mut text = String::new();
    section(&mut text, "settled in each of the last 24 hours", hourly);
    if projection.is_empty() {
        text.push_str("\nnothing was used up within the last day\n");
    } else {
        section(&mut text, "available credit, if it goes on like that", projection);
    }
    text
}

/// One chart under its title; nothing if there is no point.
pub(super) fn section(text: &mut String, title: &str, points: &[AmountAt]) {
    let amounts: Vec<u64> = points.iter().map(|point| size(&point.amount.amount)).collect();
    let Some((highest, most)) = points.iter().zip(&amounts).max_by_key(|(_, amount)| **amount)
    else {
        return;
    };
    let label = money(&highest.amount);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n{title}");
    for row in (0..HEIGHT).rev() {
        let name = match row {
            0 => "0",
            row if row + 1 == HEIGHT => &label,
            _ => "",
        };
        let bars: String = amounts.iter().map(|amount| cell(*amount, *most, row)).collect();
        let _ = writeln!(text, "{name:>width$} |{}", bars.trim_end(), width = label.len());
    }
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        let width =
            (points.len() * (BAR + 1)).saturating_sub(first.at.len()).max(last.at.len() + 1);
        let _ = writeln!(text, "{:>1$}{2}{3:>width$}", "", label.len() + 2, first.at, last.at);
    }
}

/// The part of a bar that stands in a row, counted from below.
fn cell(amount: u64, most: u64, row: usize) -> String {
    let eighths = (EIGHTHS.len() - 1) * HEIGHT;
    let scaled = u128::from(amount) * eighths as u128;
    // What is there at all is seen.
    let filled = scaled.div_ceil(u128::from(most.max(1)));
    let filled = usize::try_from(filled).unwrap_or(eighths);
    let inside = filled.saturating_sub(row * (EIGHTHS.len() - 1)).min(EIGHTHS.len() - 1);
    let mut bar = String::from(EIGHTHS[inside]).repeat(BAR);
    bar.push(' ');
    bar
}

/// An amount as a number to compare it by: all are in one currency, with as many decimals. What is
/// below zero has no bar.
fn size(amount: &str) -> u64 {
    let digits: String = amount.chars().filter(|c| *c != '.').collect();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use renewd::admin::wire::Money;

    use super::*;

    fn points(amounts: &[&str]) -> Vec<AmountAt> {
        let point = |(hour, amount): (usize, &&str)| AmountAt {
            at: format!("2026-11-01T{hour:02}:00:00Z"),
            amount: Money { amount: (*amount).to_owned(), currency: "USD".to_owned() },
        };
        amounts.iter().enumerate().map(point).collect()
    }

    #[test]
    fn bars_are_as_high_as_what_they_stand_for() {
        let hourly = points(&["0.00", "0.01", "0.50", "1.00", "-0.20", "0.75"]);
        let ahead = points(&["8.00", "6.00", "4.00", "2.00", "0.00"]);
        insta::assert_snapshot!(draw(&hourly, &ahead), @r"

        settled in each of the last 24 hours
        1.00 USD |         ██
                 |         ██
                 |         ██    ██
                 |         ██    ██
                 |      ██ ██    ██
                 |      ██ ██    ██
                 |      ██ ██    ██
               0 |   ▁▁ ██ ██    ██
                  2026-11-01T00:00:00Z 2026-11-01T05:00:00Z

        available credit, if it goes on like that
        8.00 USD |██
                 |██
                 |██ ██
                 |██ ██
                 |██ ██ ██
                 |██ ██ ██
                 |██ ██ ██ ██
               0 |██ ██ ██ ██
                  2026-11-01T00:00:00Z 2026-11-01T04:00:00Z
        ");
    }

    #[test]
    fn nothing_used_is_nothing_to_project() {
        let text = draw(&points(&["0.00", "0.00"]), &[]);
        assert!(text.contains("nothing was used up"), "{text}");
        assert!(!text.contains(EIGHTHS[1]), "{text}");
    }
}
