//! The little markup that mail templates are written in. A template is rendered to this, and this
//! to text and to HTML, so the two parts of a mail always say the same.
//!
//! ```text
//! A paragraph, over any number of lines, until an empty one.
//!
//! # A heading
//!
//! | Label | value            a row of facts; without a value it is left out
//!
//! - an item of a list
//!   that goes on here
//!
//! ~ small print
//! ```

use serde::Serialize;

/// Stands where a value was printed that is absent. A row with it is left out.
pub(super) const ABSENT: char = '\u{fffc}';
/// A space at which no line ends.
pub(super) const NO_BREAK: &str = "\u{a0}";
/// The longest line of a text.
pub(super) const WIDTH: usize = 76;

/// A piece of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Block {
    Heading { text: String },
    Paragraph { text: String },
    Rows { rows: Vec<Row> },
    List { items: Vec<String> },
    Small { text: String },
}

/// A fact with its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) value: String,
}

/// Reads the markup. Everything is readable: what has no mark is a paragraph.
pub(super) fn parse(source: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut fresh = true;
    for line in source.lines() {
        let text = squeezed(line);
        if text.is_empty() {
            fresh = true;
            continue;
        }
        let continues = !fresh;
        fresh = false;
        match (text.split_once(' '), blocks.last_mut()) {
            (Some(("#", text)), _) => {
                blocks.push(Block::Heading { text: text.to_owned() });
                fresh = true;
            }
            (Some(("|", fact)), last) => {
                let (label, value) = fact.split_once('|').unwrap_or((fact, ""));
                let row = Row { label: label.trim().to_owned(), value: value.trim().to_owned() };
                let absent = row.value.is_empty() || row.value.contains(ABSENT);
                match last {
                    _ if absent => {}
                    Some(Block::Rows { rows }) => rows.push(row),
                    _ => blocks.push(Block::Rows { rows: vec![row] }),
                }
            }
            (Some(("-", item)), Some(Block::List { items })) => items.push(item.to_owned()),
            (Some(("-", item)), _) => blocks.push(Block::List { items: vec![item.to_owned()] }),
            (Some(("~", small)), Some(Block::Small { text })) if continues => append(text, small),
            (Some(("~", small)), _) => blocks.push(Block::Small { text: small.to_owned() }),
            (_, Some(Block::Paragraph { text: last } | Block::Small { text: last }))
                if continues =>
            {
                append(last, &text);
            }
            (_, Some(Block::List { items })) if continues => {
                if let Some(item) = items.last_mut() {
                    append(item, &text);
                }
            }
            _ => blocks.push(Block::Paragraph { text }),
        }
    }
    blocks
}

fn append(text: &mut String, more: &str) {
    text.push(' ');
    text.push_str(more);
}

fn squeezed(line: &str) -> String {
    // Not at no-break spaces: they keep a date and an amount in one piece.
    line.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of a mail: wrapped, facts in columns.
pub(super) fn text(blocks: &[Block]) -> String {
    let mut out = String::new();
    for (place, block) in blocks.iter().enumerate() {
        let under_heading = matches!(
            place.checked_sub(1).and_then(|before| blocks.get(before)),
            Some(Block::Heading { .. })
        );
        if place > 0 && !under_heading {
            out.push('\n');
        }
        match block {
            Block::Heading { text } | Block::Paragraph { text } | Block::Small { text } => {
                wrap(&mut out, "", "", text);
            }
            Block::List { items } => items.iter().for_each(|item| wrap(&mut out, "- ", "  ", item)),
            Block::Rows { rows } => {
                let width = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0);
                let under = " ".repeat(width + 4);
                for row in rows {
                    let pad = width + 2 - row.label.chars().count();
                    let label = format!("  {}{}", row.label, " ".repeat(pad));
                    wrap(&mut out, &label, &under, &row.value);
                }
            }
        }
    }
    out
}

/// Writes `text` in lines of at most [`WIDTH`] columns; a longer word stays whole.
fn wrap(out: &mut String, first: &str, under: &str, text: &str) {
    let mut line = first.to_owned();
    let mut columns = first.chars().count();
    let mut is_empty = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if !is_empty && columns + 1 + length > WIDTH {
            end(out, &line);
            under.clone_into(&mut line);
            columns = under.chars().count();
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
            columns += 1;
        }
        line.push_str(word);
        columns += length;
        is_empty = false;
    }
    end(out, &line);
}

fn end(out: &mut String, line: &str) {
    out.push_str(&line.trim_end().replace(NO_BREAK, " "));
    out.push('\n');
}

impl Block {
    /// Does it print a value that is absent?
    pub(super) fn has_absent(&self) -> bool {
        match self {
            Self::Heading { text } | Self::Paragraph { text } | Self::Small { text } => {
                text.contains(ABSENT)
            }
            Self::List { items } => items.iter().any(|item| item.contains(ABSENT)),
            // Rows without a value were left out.
            Self::Rows { .. } => false,
        }
    }

    /// Without the marks of absent values: better a gap in a sentence than no mail.
    pub(super) fn without_absent(&self) -> Self {
        let clean = |text: &String| text.replace(ABSENT, "");
        match self {
            Self::Heading { text } => Self::Heading { text: clean(text) },
            Self::Paragraph { text } => Self::Paragraph { text: clean(text) },
            Self::Small { text } => Self::Small { text: clean(text) },
            Self::List { items } => Self::List { items: items.iter().map(clean).collect() },
            Self::Rows { .. } => self.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_markup_becomes_text() {
        let source = "Hello Ada,\n\nFirst line\nand second.\n\n\n| Paid | 1 USD\n| Region | \n\
                      | Balance left | \u{fffc} USD\n| When | today\n\n# Next\n\nDo this:\n\n- one\n  \
                      more\n- two\n\n~ small\n~ print";
        assert_eq!(
            text(&parse(source)),
            "Hello Ada,\n\nFirst line and second.\n\n  Paid  1 USD\n  When  today\n\nNext\nDo \
             this:\n\n- one more\n- two\n\nsmall print\n"
        );
    }

    #[test]
    fn lines_are_wrapped_but_dates_are_not_parted() {
        let date = format!("5{NO_BREAK}February{NO_BREAK}2026");
        let blocks = parse(&format!("| When | {} {date}", "word ".repeat(13)));
        let text = text(&blocks);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.ends_with("        5 February 2026\n"), "{text}");
    }

    #[test]
    fn a_value_cannot_pass_for_markup_inside_a_line() {
        let blocks = parse("Hello # | x - y ~ z,");
        assert_eq!(blocks, [Block::Paragraph { text: "Hello # | x - y ~ z,".to_owned() }]);
    }
}
