//! Text in lines of a width.

use super::fonts::{Shelf, Weight};

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) weight: Weight,
    /// In points.
    pub(super) size: f32,
    pub(super) ink: Ink,
}

/// The colours there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Black,
    /// For what is said beside.
    Muted,
    /// For amounts that go the other way.
    Reverse,
}

impl Style {
    pub(super) const fn new(weight: Weight, size: f32, ink: Ink) -> Self {
        Self { weight, size, ink }
    }

    /// From one line to the next, in points.
    pub(super) fn leading(self) -> f32 {
        self.size * 1.38
    }
}

/// The text in lines that are no wider than `width` points: broken at spaces, after hyphens and
/// slashes, between ideographs, and within a word only where it would not fit otherwise.
pub(super) fn wrap(shelf: &mut Shelf<'_>, text: &str, style: Style, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0.0;
    for piece in pieces(text) {
        let seen = piece.trim_end_matches(' ');
        let seen_length = shelf.width(seen, style.weight, style.size);
        if !line.is_empty() && length + seen_length > width {
            push(&mut lines, &mut line);
            length = 0.0;
        }
        if seen_length > width {
            for c in piece.chars() {
                let step = shelf.width(c.encode_utf8(&mut [0; 4]), style.weight, style.size);
                if !line.is_empty() && c != ' ' && length + step > width {
                    push(&mut lines, &mut line);
                    length = 0.0;
                }
                line.push(c);
                length += step;
            }
        } else {
            line.push_str(piece);
            length += shelf.width(piece, style.weight, style.size);
        }
    }
    push(&mut lines, &mut line);
    lines
}

fn push(lines: &mut Vec<String>, line: &mut String) {
    let text = line.trim_end_matches(' ');
    if !text.is_empty() {
        lines.push(text.to_owned());
    }
    line.clear();
}

/// The text cut at all places where a line may end.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last: Option<char> = None;
    for (place, c) in text.char_indices() {
        if last.is_some_and(|last| is_break(last, c)) {
            pieces.push(&text[start..place]);
            start = place;
        }
        last = Some(c);
    }
    pieces.push(&text[start..]);
    pieces
}

/// May a line end between the two?
fn is_break(before: char, after: char) -> bool {
    if before == ' ' {
        return after != ' ';
    }
    // Not before a figure: `-5` and `1/2` stay whole.
    if matches!(before, '-' | '/' | '\u{2010}' | '\u{2013}' | '\u{2014}' | '_' | '@') {
        return after.is_alphabetic();
    }
    (is_ideograph(before) || is_ideograph(after)) && !is_closing(after) && !is_opening(before)
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// Does it never begin a line?
fn is_closing(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{a0}'
            | ','
            | '.'
            | ':'
            | ';'
            | '!'
            | '?'
            | ')'
            | ']'
            | '}'
            | '%'
            | '、'
            | '。'
            | '，'
            | '．'
            | '：'
            | '；'
            | '！'
            | '？'
            | '）'
            | '」'
            | '』'
            | '】'
            | '》'
            | '〉'
            | '・'
            | 'ー'
            | '々'
    )
}

/// Does it never end a line?
fn is_opening(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '（' | '「' | '『' | '【' | '《' | '〈' | '\u{a0}')
}
