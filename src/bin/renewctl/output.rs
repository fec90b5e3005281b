//! What is printed: tables for people, JSON for pipes; data on stdout, words on stderr.

use std::io::{self, IsTerminal, Write as _};

use comfy_table::presets::{ASCII_FULL_CONDENSED, UTF8_FULL_CONDENSED};
use comfy_table::{CellAlignment, Table};
use renewd::admin::wire::Money;
use serde_json::Value;

use crate::cli::Cli;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// JSON instead of tables.
    pub(crate) json: bool,
    quiet: bool,
    utf8: bool,
}

impl Output {
    /// As the command line and the terminal have it.
    pub(crate) fn new(cli: &Cli) -> Self {
        Self { json: cli.json, quiet: cli.quiet, utf8: io::stdout().is_terminal() }
    }

    /// Is nothing to be said beside the data?
    pub(crate) const fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Says something beside the data.
    pub(crate) fn say(self, words: &str) {
        if !self.quiet {
            // Who closed stderr does not want to hear it.
            let _ = writeln!(io::stderr().lock(), "{words}");
        }
    }

    /// Prints a table; names of columns that start with `>` are numbers and stand to the right.
    pub(crate) fn table(self, columns: &[&str], rows: Vec<Vec<String>>) -> io::Result<()> {
        line(&self.drawn(columns, rows))
    }

    fn drawn(self, columns: &[&str], rows: Vec<Vec<String>>) -> String {
        let mut table = Table::new();
        table.load_style(if self.utf8 { UTF8_FULL_CONDENSED } else { ASCII_FULL_CONDENSED });
        table.set_header(columns.iter().map(|name| name.trim_start_matches('>')));
        table.add_rows(rows);
        for (index, name) in columns.iter().enumerate() {
            if let Some(column) = table.column_mut(index).filter(|_| name.starts_with('>')) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt()
    }
}

/// Prints one line of data.
pub(crate) fn line(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{}", line.trim_end())
}

/// Prints names and values of one thing, without what is empty.
pub(crate) fn card(fields: &[(&str, String)]) -> io::Result<()> {
    let shown = || fields.iter().filter(|(_, value)| !value.is_empty());
    let width = shown().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut out = io::stdout().lock();
    for (name, value) in shown() {
        writeln!(out, "{name:width$}  {value}")?;
    }
    Ok(())
}

/// `12.00 USD`.
pub(crate) fn money(money: &Money) -> String {
    format!("{} {}", money.amount, money.currency)
}

/// What is there, or nothing.
pub(crate) fn or_nothing<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// `yes`, or nothing.
pub(crate) fn yes(value: bool) -> String {
    if value { "yes".to_owned() } else { String::new() }
}

/// Seconds as people say them: `3d 4h`, `12m 5s`, `0s`.
pub(crate) fn length(seconds: u64) -> String {
    let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];
    let mut rest = seconds;
    let parts: Vec<String> = units
        .into_iter()
        .filter_map(|(size, unit)| {
            let count = rest / size;
            rest %= size;
            (count > 0).then(|| format!("{count}{unit}"))
        })
        .take(2)
        .collect();
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// The name of a tagged value: `order.opened` for `{"order": {"opened": {…}}}`, and with
/// the value where it is a plain one: `job renewals`.
pub(crate) fn tag(value: &Value, depth: usize) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(table) if table.len() == 1 => match table.iter().next() {
            Some((name, Value::String(inner))) if depth > 0 => format!("{name} {inner}"),
            Some((name, inner @ Value::Object(_))) if depth > 1 => {
                format!("{name}.{}", tag(inner, depth - 1))
            }
            Some((name, _)) => name.clone(),
            None => String::new(),
        },
        Value::Object(table) => match table.get("type").or_else(|| table.get("kind")) {
            Some(Value::String(kind)) => kind.clone(),
            _ => table.keys().cloned().collect::<Vec<_>>().join(","),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lengths_are_said_in_two_units() {
        let said = [0, 59, 3_600, 90_061, 1_209_600].map(length);
        assert_eq!(said, ["0s", "59s", "1h", "1d 1h", "14d"]);
    }

    #[test]
    fn a_tagged_value_is_known_by_its_name() {
        assert_eq!(tag(&json!({"order": {"opened": {"id": 1}}}), 2), "order.opened");
        assert_eq!(tag(&json!({"job": "renewals"}), 1), "job renewals");
        assert_eq!(tag(&json!({"operator": {"uid": 0}}), 1), "operator");
        assert_eq!(tag(&json!("house"), 2), "house");
    }

    #[test]
    fn tables_are_plain_where_nobody_looks() {
        let rows = vec![
            vec!["acc_1".to_owned(), "9.50 USD".to_owned()],
            vec!["acc_2".to_owned(), "120.00 USD".to_owned()],
        ];
        let output = Output { json: false, quiet: false, utf8: false };
        insta::assert_snapshot!(output.drawn(&["ID", ">CASH"], rows.clone()), @r"
        +-------+------------+
        | ID    |       CASH |
        +====================+
        | acc_1 |   9.50 USD |
        | acc_2 | 120.00 USD |
        +-------+------------+
        ");
        let output = Output { utf8: true, ..output };
        insta::assert_snapshot!(output.drawn(&["ID", ">CASH"], rows), @r"
        ┌───────┬────────────┐
        │ ID    ┆       CASH │
        ╞═══════╪════════════╡
        │ acc_1 ┆   9.50 USD │
        │ acc_2 ┆ 120.00 USD │
        └───────┴────────────┘
        ");
    }
}
