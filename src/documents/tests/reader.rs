//! Reads back what was printed, as a program does that copies or searches its text. It knows just
//! enough of the format for the files that are written here.

use std::collections::BTreeMap;

/// A text on a page, with where its base line begins, in points from the bottom left.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) x: f32,
    pub(crate) y: f32,
}

/// The pages of a file.
pub(crate) fn pages(file: &[u8]) -> Vec<Vec<Piece>> {
    let objects = objects(file);
    let dictionary = |id: &i32| objects[id].0.as_str();
    let pages = objects.keys().filter(|id| dictionary(id).contains("/Type /Page\n"));
    pages
        .map(|page| {
            let fonts: BTreeMap<String, BTreeMap<u16, char>> = (0..9)
                .filter_map(|number| {
                    let id = reference(dictionary(page), &format!("/F{number}"))?;
                    let text = reference(dictionary(&id), "/ToUnicode").expect("a text of glyphs");
                    Some((format!("/F{number}"), glyphs(&objects[&text].1)))
                })
                .collect();
            let content = reference(dictionary(page), "/Contents").expect("a content");
            pieces(&objects[&content].1, &fonts)
        })
        .collect()
}

/// The texts of a page, one a line.
pub(crate) fn text(page: &[Piece]) -> String {
    page.iter().map(|piece| format!("{}\n", piece.text)).collect()
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(what.len()).position(|w| w == what).map(|place| place + from)
}

/// Every object by its number: its dictionary, and its stream unpacked.
fn objects(file: &[u8]) -> BTreeMap<i32, (String, Vec<u8>)> {
    let mut objects = BTreeMap::new();
    let mut place = 0;
    while let Some(mark) = find(file, b" 0 obj", place) {
        let line = file[..mark].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let id = String::from_utf8_lossy(&file[line..mark]).parse().expect("a number");
        let end = find(file, b"endobj", mark).expect("an end");
        let stream = find(file, b"\nstream\n", mark).filter(|start| *start < end);
        let dictionary = String::from_utf8_lossy(&file[mark..stream.unwrap_or(end)]).into_owned();
        let mut data = Vec::new();
        place = end;
        if let Some(start) = stream {
            let length: usize = word_after(&dictionary, "/Length ").parse().expect("a length");
            let start = start + b"\nstream\n".len();
            data = miniz_oxide::inflate::decompress_to_vec_zlib(&file[start..start + length])
                .expect("a packed stream");
            place = start + length;
        }
        objects.insert(id, (dictionary + "\n", data));
    }
    objects
}

fn word_after<'a>(text: &'a str, key: &str) -> &'a str {
    let (_, rest) = text.split_once(key).unwrap_or_default();
    rest.split_whitespace().next().unwrap_or_default()
}

fn reference(dictionary: &str, key: &str) -> Option<i32> {
    word_after(dictionary, &format!("{key} ")).parse().ok()
}

/// What the glyphs of a font mean: lines of `<0001> <0041>`.
fn glyphs(cmap: &[u8]) -> BTreeMap<u16, char> {
    let hex = |text: &str| u16::from_str_radix(text.trim_matches(['<', '>']), 16).ok();
    String::from_utf8_lossy(cmap)
        .lines()
        .filter_map(|line| {
            let (glyph, c) = line.split_once(' ')?;
            Some((hex(glyph)?, char::from_u32(u32::from(hex(c)?))?))
        })
        .collect()
}

fn pieces(content: &[u8], fonts: &BTreeMap<String, BTreeMap<u16, char>>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let (mut font, mut place) = (None, 0);
    while place < content.len() {
        match content[place] {
            b'(' | b'<' => {
                let (bytes, end) = string(content, place);
                place = end;
                let font: &BTreeMap<u16, char> = font.expect("a font");
                let pairs = bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
                pieces.last_mut().expect("a place").text.extend(pairs.map(|glyph| font[&glyph]));
            }
            c if c.is_ascii_whitespace() => place += 1,
            _ => {
                let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'(' | b'<');
                let end = content[place..].iter().position(is_end);
                let end = end.map_or(content.len(), |length| place + length);
                let word = String::from_utf8_lossy(&content[place..end]).into_owned();
                let number = |back: usize| words[words.len() - back].parse().expect("a number");
                match word.as_str() {
                    "Td" => {
                        let (x, y) = (number(2), number(1));
                        pieces.push(Piece { text: String::new(), x, y });
                    }
                    "Tf" => font = Some(&fonts[&words[words.len() - 2]]),
                    _ => {}
                }
                words.push(word);
                place = end;
            }
        }
    }
    pieces
}

/// The bytes of a string that begins at `place`, and where it ends.
fn string(content: &[u8], place: usize) -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    if content[place] == b'<' {
        let end = find(content, b">", place).expect("an end");
        let digits = String::from_utf8_lossy(&content[place + 1..end]);
        for pair in digits.as_bytes().chunks(2) {
            let pair = std::str::from_utf8(pair).expect("digits");
            bytes.push(u8::from_str_radix(pair, 16).expect("a byte"));
        }
        return (bytes, end + 1);
    }
    let (mut place, mut depth) = (place + 1, 0);
    loop {
        match content[place] {
            b'\\' => {
                let digits = String::from_utf8_lossy(&content[place + 1..place + 4]);
                if let Ok(byte) = u8::from_str_radix(&digits, 8) {
                    bytes.push(byte);
                    place += 3;
                } else {
                    place += 1;
                    bytes.push(match content[place] {
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'b' => 8,
                        b'f' => 12,
                        byte => byte,
                    });
                }
            }
            b')' if depth == 0 => return (bytes, place + 1),
            byte => {
                depth += i32::from(byte == b'(') - i32::from(byte == b')');
                bytes.push(byte);
            }
        }
        place += 1;
    }
}
