//! Cursors: where a page ended, as an opaque text. Each list reads only its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::problem::{Code, Problem};

/// Rows on a page, if nothing is said.
const LIMIT_DEFAULT: u32 = 20;
/// Rows on a page, at the most (R2.24).
const LIMIT_MAX: u32 = 300;

/// Writes the cursor of `list` behind a row that is known by `fields`.
#[must_use]
pub fn write(list: &str, fields: &[String]) -> String {
    let text = std::iter::once(list).chain(fields.iter().map(String::as_str));
    URL_SAFE_NO_PAD.encode(text.collect::<Vec<_>>().join("|"))
}

/// Reads a cursor of `list` by `row`, which gets its fields.
pub fn read<T>(
    list: &str,
    cursor: Option<&str>,
    row: impl FnOnce(&[&str]) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.as_deref()
        .map(|text| text.split('|').collect::<Vec<_>>())
        .and_then(|fields| row(fields.strip_prefix(&[list])?))
        .map(Some)
        .ok_or_else(|| {
            Problem::new(Code::InvalidCursor, "this is no cursor of this list; start without one")
        })
}

/// How many rows a page holds.
pub fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    match asked {
        None => Ok(LIMIT_DEFAULT),
        Some(limit @ 1..=LIMIT_MAX) => Ok(limit),
        Some(limit) => {
            Err(Problem::field("limit", format!("{limit} is not between 1 and {LIMIT_MAX}")))
        }
    }
}

/// A page of `rows`, which were asked for with one more than `limit`, and its next cursor.
pub fn page<R, T>(
    mut rows: Vec<R>,
    limit: u32,
    cursor: impl FnOnce(&R) -> String,
    show: impl Fn(R) -> Result<T, Problem>,
) -> Result<super::wire::Page<T>, Problem> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(cursor) } else { None };
    let items = rows.into_iter().map(show).collect::<Result<_, _>>()?;
    Ok(super::wire::Page { items, next, window: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_in_its_own_list_only() {
        let cursor = write("orders", &["17".to_owned()]);
        let number = |fields: &[&str]| match fields {
            [number] => number.parse::<u32>().ok(),
            _ => None,
        };
        assert_eq!(read("orders", Some(&cursor), number), Ok(Some(17)));
        assert_eq!(read("orders", None, number), Ok(None));
        for (list, cursor) in [("journal", cursor.as_str()), ("orders", "17"), ("orders", "\u{e9}")]
        {
            let refused = read(list, Some(cursor), number).expect_err("not of this list");
            assert_eq!(refused.code(), "InvalidCursor");
        }
    }

    #[test]
    fn a_page_is_20_rows_and_at_most_300() {
        assert_eq!(limit(None), Ok(20));
        assert_eq!(limit(Some(300)), Ok(300));
        assert!(limit(Some(0)).is_err());
        assert!(limit(Some(301)).is_err());
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let page_of = |count: u32| {
            page((0..count).collect(), 2, |row: &u32| write("n", &[row.to_string()]), Ok)
                .expect("a page")
        };
        assert_eq!(page_of(2).next, None);
        assert_eq!(page_of(3).next, Some(write("n", &["1".to_owned()])));
        assert_eq!(page_of(3).items, [0, 1]);
    }
}
