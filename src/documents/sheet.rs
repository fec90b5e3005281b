//! Sheets of paper: text and lines at places, and the file that they become.
//!
//! Lengths are points, a 72nd of an inch, and places are counted from the top left corner.

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Date, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use chrono::{Datelike as _, Timelike as _};

use crate::domain::calendar::Timestamp;

use super::fonts::{Embedded, FontError, Fonts, Shelf, Weight};
use super::text::{Ink, Style, wrap};

/// A4, the short side.
pub(super) const A4_SHORT: f32 = 595.276;
/// A4, the long side.
pub(super) const A4_LONG: f32 = 841.89;

/// Which way a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    Portrait,
    Landscape,
}

/// What a viewer is told of a document.
#[derive(Debug)]
pub(super) struct About<'a> {
    pub(super) title: String,
    pub(super) author: &'a str,
    pub(super) language: &'a str,
    pub(super) at: Timestamp,
}

/// A grey that fills.
pub(super) const SHADE: f32 = 0.957;

const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The pages of a document that is being set.
pub(super) struct Sheets<'a> {
    shelf: Shelf<'a>,
    width: f32,
    height: f32,
    pages: Vec<Content>,
}

impl<'a> Sheets<'a> {
    pub(super) fn new(fonts: &Fonts<'a>) -> Result<Self, FontError> {
        let shelf = Shelf::open(fonts)?;
        Ok(Self { shelf, width: A4_SHORT, height: A4_LONG, pages: Vec::new() })
    }

    /// Turns all pages.
    pub(super) fn lay(&mut self, lie: Lie) {
        (self.width, self.height) = match lie {
            Lie::Portrait => (A4_SHORT, A4_LONG),
            Lie::Landscape => (A4_LONG, A4_SHORT),
        };
    }

    pub(super) fn size(&self) -> (f32, f32) {
        (self.width, self.height)
    }

    pub(super) fn add_page(&mut self) {
        self.pages.push(Content::new());
    }

    pub(super) fn count(&self) -> usize {
        self.pages.len()
    }

    pub(super) fn measure(&mut self, text: &str, style: Style) -> f32 {
        self.shelf.width(text, style.weight, style.size)
    }

    pub(super) fn wrap(&mut self, text: &str, style: Style, width: f32) -> Vec<String> {
        wrap(&mut self.shelf, text, style, width)
    }

    /// Writes on the last page, with the left end of the base line at `x`, `y`.
    pub(super) fn text(&mut self, text: &str, style: Style, x: f32, y: f32) {
        let page = self.pages.len().saturating_sub(1);
        self.text_on(page, text, style, x, y);
    }

    /// Writes on the last page, with the right end of the base line at `x`, `y`.
    pub(super) fn text_right(&mut self, text: &str, style: Style, x: f32, y: f32) {
        let width = self.measure(text, style);
        self.text(text, style, x - width, y);
    }

    /// Writes on a page, the first being 0.
    pub(super) fn text_on(&mut self, page: usize, text: &str, style: Style, x: f32, y: f32) {
        let runs = self.shelf.runs(text, style.weight);
        let up = self.height - y;
        let Some(content) = self.pages.get_mut(page) else { return };
        match style.ink {
            Ink::Black => content.set_fill_rgb(0.086, 0.098, 0.114),
            Ink::Muted => content.set_fill_rgb(0.357, 0.392, 0.439),
            Ink::Reverse => content.set_fill_rgb(0.631, 0.071, 0.071),
        };
        content.begin_text();
        content.next_line(cut(x), cut(up));
        for run in runs {
            content.set_font(Name(font_name(run.font).as_bytes()), style.size);
            content.show(Str(&run.bytes));
        }
        content.end_text();
    }

    /// Draws a level line on the last page. `gray` goes from 0, black, to 1.
    pub(super) fn rule(&mut self, x: f32, y: f32, width: f32, thickness: f32, gray: f32) {
        self.fill(x, y - thickness / 2.0, width, thickness, gray);
    }

    /// Fills a box on the last page, `x` and `y` being its top left corner.
    pub(super) fn fill(&mut self, x: f32, y: f32, width: f32, height: f32, gray: f32) {
        let bottom = self.height - y - height;
        let Some(content) = self.pages.last_mut() else { return };
        content.set_fill_gray(gray);
        content.rect(cut(x), cut(bottom), cut(width), cut(height));
        content.fill_nonzero();
    }

    /// The file. The same pages make the same bytes.
    pub(super) fn finish(self, about: &About<'_>) -> Result<Vec<u8>, FontError> {
        let mut ids = Ids(0);
        let (catalog, tree, info) = (ids.next(), ids.next(), ids.next());
        let mut pdf = Pdf::new();
        pdf.set_version(1, 7);
        let mut writer = pdf.catalog(catalog);
        writer.pages(tree).lang(TextStr(about.language));
        writer.viewer_preferences().display_doc_title(true);
        writer.finish();
        pdf.document_info(info)
            .title(TextStr(&about.title))
            .author(TextStr(about.author))
            .producer(TextStr("renewd"))
            .creation_date(date(about.at))
            .modified_date(date(about.at));

        let fonts = self.shelf.embed()?;
        let mut names = Vec::new();
        for (number, font) in &fonts {
            let id = ids.next();
            names.push((font_name(*number), id));
            embed(&mut pdf, &mut ids, id, font);
        }
        let mut kids = Vec::new();
        for content in self.pages {
            let (id, stream) = (ids.next(), ids.next());
            kids.push(id);
            let mut page = pdf.page(id);
            page.parent(tree).contents(stream);
            page.media_box(Rect::new(0.0, 0.0, self.width, self.height));
            let mut resources = page.resources();
            let mut dictionary = resources.fonts();
            for (name, font) in &names {
                dictionary.pair(Name(name.as_bytes()), *font);
            }
            dictionary.finish();
            resources.finish();
            page.finish();
            let bytes = pack(&content.finish());
            pdf.stream(stream, &bytes).filter(Filter::FlateDecode);
        }
        pdf.pages(tree).count(i32::try_from(kids.len()).unwrap_or(i32::MAX)).kids(kids);
        Ok(pdf.finish())
    }
}

/// Numbers of objects, from 1 on.
struct Ids(i32);

impl Ids {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

fn font_name(number: usize) -> String {
    format!("F{number}")
}

/// A hundredth of a point is finer than any printer: the rest would only be longer to write.
fn cut(length: f32) -> f32 {
    (length * 100.0).round() / 100.0
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, 6)
}

fn embed(pdf: &mut Pdf, ids: &mut Ids, id: Ref, font: &Embedded) {
    let (cid, descriptor, program, text) = (ids.next(), ids.next(), ids.next(), ids.next());
    let name = Name(font.name.as_bytes());
    let full = if font.is_cff { format!("{}-Identity-H", font.name) } else { font.name.clone() };
    pdf.type0_font(id)
        .base_font(Name(full.as_bytes()))
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(text);

    let mut writer = pdf.cid_font(cid);
    writer
        .subtype(if font.is_cff { CidFontType::Type0 } else { CidFontType::Type2 })
        .base_font(name)
        .system_info(IDENTITY)
        .font_descriptor(descriptor)
        .default_width(0.0);
    if !font.is_cff {
        writer.cid_to_gid_map_predefined(Name(b"Identity"));
    }
    let mut widths = writer.widths();
    for (glyph, (_, width)) in &font.glyphs {
        widths.same(*glyph, *glyph, cut(*width));
    }
    widths.finish();
    writer.finish();

    let [left, bottom, right, top] = font.bounds;
    let mut writer = pdf.font_descriptor(descriptor);
    writer
        .name(name)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(font.ascent)
        .descent(font.descent)
        .cap_height(font.cap_height)
        .stem_v(font.stem);
    if font.is_cff {
        writer.font_file3(program);
    } else {
        writer.font_file2(program);
    }
    writer.finish();

    let packed = pack(&font.program);
    let mut stream = pdf.stream(program, &packed);
    stream.filter(Filter::FlateDecode);
    if font.is_cff {
        stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
    } else {
        stream.pair(Name(b"Length1"), i32::try_from(font.program.len()).unwrap_or(i32::MAX));
    }
    stream.finish();

    let mut cmap = UnicodeCmap::new(Name(b"Custom"), IDENTITY);
    for (glyph, (c, _)) in &font.glyphs {
        cmap.pair(*glyph, *c);
    }
    pdf.cmap(text, &pack(&cmap.finish())).filter(Filter::FlateDecode);
}

/// The instant as a file states it, in UTC.
fn date(at: Timestamp) -> Date {
    let at = at.utc();
    let small = |number: u32| u8::try_from(number).unwrap_or(0);
    Date::new(u16::try_from(at.year()).unwrap_or(0))
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

/// A style of the regular weight.
pub(super) const fn regular(size: f32, ink: Ink) -> Style {
    Style::new(Weight::Regular, size, ink)
}

/// A style of the bold weight.
pub(super) const fn bold(size: f32, ink: Ink) -> Style {
    Style::new(Weight::Bold, size, ink)
}
