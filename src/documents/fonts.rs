//! The fonts of printed documents: those that come with renewd, and what an operator adds for
//! names that these cannot write.
//!
//! Nothing is parsed before a document is printed, and nothing is kept after it: the built-in
//! fonts are part of the program, which the system reads in and drops as it likes.

use std::collections::BTreeMap;

use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId, Permissions};

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.ttf");

/// Stands, as text, for a character that no font has.
const REPLACEMENT: char = '\u{fffd}';
/// Stands for it on paper.
const BOX: char = '\u{25a1}';

/// A font file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FontError {
    /// It is not read as a font, or has no font of that index.
    #[error("not a font: {reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// Its outlines are neither TrueType nor CFF.
    #[error("a font whose outlines cannot be printed: TrueType (glyf) or CFF is needed")]
    Outlines,
    /// Its licence, as the file states it, forbids to embed it or a part of it.
    #[error("a font that forbids to be embedded")]
    Forbidden,
}

/// The fonts to print with: the built-in ones, and others for the characters that those lack.
///
/// The bytes are borrowed, so that whoever prints decides how long they are in memory: a file
/// with Chinese and Japanese is read when a document is printed, and dropped after it.
#[derive(Debug, Clone, Default)]
pub struct Fonts<'a> {
    fallbacks: Vec<(&'a [u8], u32)>,
}

impl<'a> Fonts<'a> {
    /// The fonts that come with renewd: Latin, Greek and Cyrillic.
    #[must_use]
    pub const fn built_in() -> Self {
        Self { fallbacks: Vec::new() }
    }

    /// Adds a TrueType or OpenType file for what all fonts before it lack; `index` is the place
    /// in a collection, 0 in a file of one font.
    ///
    /// Characters are set one by one from left to right: scripts that join or turn around, such
    /// as Arabic, are not set as they should be.
    pub fn with_fallback(mut self, file: &'a [u8], index: u32) -> Result<Self, FontError> {
        let face = parse(file, index)?;
        let restricted = face.permissions() == Some(Permissions::Restricted);
        if restricted || !face.is_subsetting_allowed() || !face.is_outline_embedding_allowed() {
            return Err(FontError::Forbidden);
        }
        let tables = face.tables();
        if tables.glyf.is_none() && tables.cff.is_none() {
            return Err(FontError::Outlines);
        }
        self.fallbacks.push((file, index));
        Ok(self)
    }
}

fn parse(file: &[u8], index: u32) -> Result<Face<'_>, FontError> {
    Face::parse(file, index).map_err(|error| FontError::Unreadable { reason: error.to_string() })
}

/// How heavy a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Where the shape of a character is.
#[derive(Debug, Clone, Copy)]
struct Glyph {
    font: usize,
    id: GlyphId,
    /// Is it the box for what no font has?
    is_missing: bool,
    /// In thousandths of the size.
    advance: f32,
}

/// A font of which a document uses some characters.
struct Used<'a> {
    file: &'a [u8],
    index: u32,
    face: Face<'a>,
    remapper: GlyphRemapper,
    /// Text and width of every glyph that is used, by its number in the document.
    glyphs: BTreeMap<u16, (char, f32)>,
}

/// The fonts while a document is printed.
pub(super) struct Shelf<'a> {
    /// Regular, bold, fallbacks.
    fonts: Vec<Used<'a>>,
    known: BTreeMap<(Weight, char), Option<Glyph>>,
}

/// A piece of text in one font, as a page names its glyphs.
pub(super) struct Run {
    pub(super) font: usize,
    pub(super) bytes: Vec<u8>,
}

/// What of a font goes into a file. Lengths are in thousandths of the size.
pub(super) struct Embedded {
    pub(super) name: String,
    pub(super) program: Vec<u8>,
    /// Is `program` CFF, or TrueType?
    pub(super) is_cff: bool,
    /// Text and width of its glyphs, by number.
    pub(super) glyphs: BTreeMap<u16, (char, f32)>,
    /// Left, bottom, right, top.
    pub(super) bounds: [f32; 4],
    pub(super) ascent: f32,
    pub(super) descent: f32,
    pub(super) cap_height: f32,
    /// The thickness of upright strokes.
    pub(super) stem: f32,
}

impl<'a> Shelf<'a> {
    pub(super) fn open(fonts: &Fonts<'a>) -> Result<Self, FontError> {
        let built_in: [(&'a [u8], u32); 2] = [(REGULAR, 0), (BOLD, 0)];
        let used = |(file, index): (&'a [u8], u32)| {
            let face = parse(file, index)?;
            Ok(Used { file, index, face, remapper: GlyphRemapper::new(), glyphs: BTreeMap::new() })
        };
        let fonts = built_in.into_iter().chain(fonts.fallbacks.iter().copied()).map(used);
        Ok(Self { fonts: fonts.collect::<Result<_, FontError>>()?, known: BTreeMap::new() })
    }

    /// How long a text is, in points.
    pub(super) fn width(&mut self, text: &str, weight: Weight, size: f32) -> f32 {
        text.chars().filter_map(|c| self.glyph(weight, c)).map(|glyph| glyph.advance).sum::<f32>()
            * size
            / 1000.0
    }

    /// The glyphs of a text, in runs of one font each.
    pub(super) fn runs(&mut self, text: &str, weight: Weight) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for c in text.chars() {
            let Some(glyph) = self.glyph(weight, c) else { continue };
            let Some(font) = self.fonts.get_mut(glyph.font) else { continue };
            let id = font.remapper.remap(glyph.id.0);
            let text = if glyph.is_missing { REPLACEMENT } else { as_copied(c) };
            font.glyphs.entry(id).or_insert((text, glyph.advance));
            match runs.last_mut() {
                Some(run) if run.font == glyph.font => run.bytes.extend(id.to_be_bytes()),
                _ => runs.push(Run { font: glyph.font, bytes: id.to_be_bytes().to_vec() }),
            }
        }
        runs
    }

    /// The first font that has the character; the empty box of the built-in one if none has.
    fn glyph(&mut self, weight: Weight, c: char) -> Option<Glyph> {
        if let Some(glyph) = self.known.get(&(weight, c)) {
            return *glyph;
        }
        let own = match weight {
            Weight::Regular => 0,
            Weight::Bold => 1,
        };
        let found = std::iter::once(own).chain(2..self.fonts.len()).find_map(|font| {
            let id = self.fonts.get(font)?.face.glyph_index(c).filter(|id| id.0 != 0)?;
            Some((font, id))
        });
        let (font, found) = found.map_or((own, None), |(font, id)| (font, Some(id)));
        let glyph = self.fonts.get(font).map(|used| {
            let id = found.or_else(|| used.face.glyph_index(BOX)).unwrap_or(GlyphId(0));
            let advance = used.face.glyph_hor_advance(id).unwrap_or(0);
            let advance = thousandths(&used.face, f32::from(advance));
            Glyph { font, id, is_missing: found.is_none(), advance }
        });
        self.known.insert((weight, c), glyph);
        glyph
    }

    /// What of each font was used, by the number that runs name it by.
    pub(super) fn embed(self) -> Result<Vec<(usize, Embedded)>, FontError> {
        self.fonts
            .into_iter()
            .enumerate()
            .filter(|(_, font)| !font.glyphs.is_empty())
            .map(|(number, font)| Ok((number, font.embed(number)?)))
            .collect()
    }
}

impl Used<'_> {
    fn embed(self, number: usize) -> Result<Embedded, FontError> {
        let unreadable = |reason: String| FontError::Unreadable { reason };
        // An operator's file may be damaged, and the subsetter was seen to panic on such a one.
        // That is a document that cannot be printed, not an end of whoever prints it.
        let cut = || subsetter::subset(self.file, self.index, &self.remapper);
        let subset = std::panic::catch_unwind(std::panic::AssertUnwindSafe(cut))
            .map_err(|_| unreadable("its outlines are damaged".to_owned()))?
            .map_err(|error| unreadable(error.to_string()))?;
        let is_cff = self.face.tables().cff.is_some();
        let program = if is_cff {
            let raw = ttf_parser::RawFace::parse(&subset, 0)
                .map_err(|error| unreadable(error.to_string()))?;
            let table = raw.table(ttf_parser::Tag::from_bytes(b"CFF "));
            table.ok_or_else(|| unreadable("the outlines are lost".to_owned()))?.to_vec()
        } else {
            subset
        };
        let face = &self.face;
        let scaled = |units: i16| thousandths(face, f32::from(units));
        let bounds = face.global_bounding_box();
        let weight = f32::from(face.weight().to_number());
        Ok(Embedded {
            // A subset is named with six letters before its font's name; the fonts of a file are
            // few, so that one of the six tells them apart.
            name: format!("RENEW{}+{}", letter(number), postscript_name(face)),
            program,
            is_cff,
            bounds: [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(scaled),
            ascent: scaled(face.ascender()),
            descent: scaled(face.descender()),
            cap_height: scaled(face.capital_height().unwrap_or(face.ascender())),
            // No font says it; what is usual for the weight.
            stem: 10.0 + 0.244 * (weight - 50.0),
            glyphs: self.glyphs,
        })
    }
}

/// What a reader gets who copies the character: amounts must be numbers where they are pasted.
fn as_copied(c: char) -> char {
    match c {
        super::words::MINUS => '-',
        '\u{a0}' | '\u{202f}' | '\u{2007}' => ' ',
        c => c,
    }
}

fn thousandths(face: &Face<'_>, units: f32) -> f32 {
    units * 1000.0 / f32::from(face.units_per_em().max(1))
}

fn letter(number: usize) -> char {
    u8::try_from(number % 26).map_or('A', |place| char::from(b'A' + place))
}

fn postscript_name(face: &Face<'_>) -> String {
    let names = face.names();
    let name = names
        .into_iter()
        .filter(|name| name.name_id == ttf_parser::name_id::POST_SCRIPT_NAME)
        .find_map(|name| name.to_string());
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let plain: String = name.unwrap_or_default().chars().filter(is_plain).take(63).collect();
    if plain.is_empty() { "Font".to_owned() } else { plain }
}
