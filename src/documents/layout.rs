//! Where everything stands on paper.

use super::fonts::{FontError, Fonts};
use super::sheet::{About, Lie, SHADE, Sheets, bold, regular};
use super::text::{Ink, Style};
use super::view::{Fact, Figure, Rank, Row, Sum, View, Who};

const SIDE: f32 = 48.0;
const TOP: f32 = 46.0;
/// Free below the last line, with the foot of the page in it.
const BOTTOM: f32 = 60.0;
/// Between columns.
const GAP: f32 = 11.0;
/// Above and below a line of the table.
const PAD: f32 = 4.5;
/// The grey of lines that part, and of lines that frame.
const HAIR: f32 = 0.83;
const FRAME: f32 = 0.1;

const LABEL: Style = bold(7.0, Ink::Muted);
const SMALL: Style = regular(7.0, Ink::Muted);

/// The narrowest column of descriptions that is still read well.
const DESCRIPTION_MIN: f32 = 128.0;
/// What a tax rate may widen its column to before it is broken into lines.
const RATE_MAX: f32 = 52.0;

/// The most lines that the label of a sum has.
const MOST: usize = 12;

/// From the most to the least readable: the first in which the figures leave the descriptions
/// enough room. Figures are never broken.
const FITS: [(Lie, f32); 6] = [
    (Lie::Portrait, 8.0),
    (Lie::Portrait, 7.25),
    (Lie::Landscape, 8.0),
    (Lie::Landscape, 7.0),
    (Lie::Landscape, 6.0),
    (Lie::Landscape, 5.0),
];

/// The columns of the table.
#[derive(Debug, Clone, Default)]
struct Plan {
    /// Of the text, in points.
    size: f32,
    description: f32,
    description_width: f32,
    /// Right edge and width of each column of figures.
    figures: Vec<(f32, f32)>,
}

impl Plan {
    fn text(&self) -> Style {
        regular(self.size, Ink::Black)
    }

    fn detail(&self) -> Style {
        regular(self.size * 0.86, Ink::Muted)
    }

    fn heading(&self) -> Style {
        bold(self.size * 0.88, Ink::Muted)
    }

    /// The last column is what the others lead to.
    fn figure(&self, column: usize, figure: &Figure) -> Style {
        let ink = if figure.is_reverse { Ink::Reverse } else { Ink::Black };
        if column + 1 == self.figures.len() {
            bold(self.size, ink)
        } else {
            regular(self.size, ink)
        }
    }
}

/// How a sum is set.
struct Place {
    label: Style,
    figure: Style,
    /// Free before it; in it above and below the text.
    before: f32,
    above: f32,
    below: f32,
}

impl Place {
    fn of(sum: &Sum) -> Self {
        let ink = if sum.figure.is_reverse { Ink::Reverse } else { Ink::Black };
        let (label, figure, before, above, below) = match sum.rank {
            Rank::Part => (regular(8.5, Ink::Black), regular(8.5, ink), 0.0, 2.0, 2.0),
            Rank::Sum => (bold(8.5, Ink::Black), bold(8.5, ink), 2.0, 5.0, 2.0),
            Rank::Result => (bold(10.0, Ink::Black), bold(10.0, ink), 3.0, 5.0, 5.0),
        };
        Self { label, figure, before, above, below }
    }
}

/// A page being filled from top to bottom.
struct Setter<'a, 'v> {
    sheets: Sheets<'a>,
    view: &'v View,
    plan: Plan,
    /// How far down the last page is full.
    y: f32,
    /// Do new pages begin with the headings of the table?
    in_table: bool,
}

/// Sets a document on pages, and makes a file of them.
pub(super) fn pdf(view: &View, fonts: &Fonts<'_>, about: &About<'_>) -> Result<Vec<u8>, FontError> {
    let mut sheets = Sheets::new(fonts)?;
    let plan = plan(&mut sheets, view);
    sheets.add_page();
    let mut setter = Setter { sheets, view, plan, y: TOP, in_table: false };
    setter.head();
    setter.summary();
    setter.table();
    setter.sums();
    setter.notes();
    setter.feet();
    setter.sheets.finish(about)
}

/// Chooses how the paper lies and how large the table is set, so that every figure fits.
fn plan(sheets: &mut Sheets<'_>, view: &View) -> Plan {
    let mut plan = Plan::default();
    for (lie, size) in FITS {
        sheets.lay(lie);
        plan.size = size;
        plan.figures = vec![(0.0, 0.0); view.columns.len()];
        let widths = figure_widths(sheets, view, &plan);
        let mut right = sheets.size().0 - SIDE;
        for (place, width) in plan.figures.iter_mut().zip(widths).rev() {
            *place = (right, width);
            right -= width + GAP;
        }
        let dates = view.rows.iter().map(|row| row.date.as_str());
        let text = plan.text();
        let date = dates.map(|date| sheets.measure(date, text)).fold(size * 5.8, f32::max);
        plan.description = SIDE + date + GAP;
        plan.description_width = right - plan.description;
        if plan.description_width >= DESCRIPTION_MIN {
            break;
        }
    }
    plan.description_width = plan.description_width.max(60.0);
    plan
}

fn figure_widths(sheets: &mut Sheets<'_>, view: &View, plan: &Plan) -> Vec<f32> {
    let mut widths: Vec<f32> =
        view.columns.iter().map(|heading| sheets.measure(heading, plan.heading())).collect();
    for row in &view.rows {
        for (column, (width, figure)) in widths.iter_mut().zip(&row.figures).enumerate() {
            let own = sheets.measure(&figure.text, plan.figure(column, figure));
            let note = sheets.measure(&figure.note, plan.detail()).min(RATE_MAX);
            *width = width.max(own).max(note);
        }
    }
    widths
}

impl Setter<'_, '_> {
    fn width(&self) -> f32 {
        self.sheets.size().0 - 2.0 * SIDE
    }

    fn right(&self) -> f32 {
        self.sheets.size().0 - SIDE
    }

    fn bottom(&self) -> f32 {
        self.sheets.size().1 - BOTTOM
    }

    /// Goes on on a new page if `height` more would not fit on this one.
    fn ensure(&mut self, height: f32) {
        if self.y + height > self.bottom() {
            self.turn();
        }
    }

    /// Like `ensure`, for what is higher than a page can be: that is broken where it has to be.
    fn keep(&mut self, height: f32) {
        if height <= self.bottom() - TOP - 60.0 {
            self.ensure(height);
        }
    }

    fn turn(&mut self) {
        self.sheets.add_page();
        let half = self.width() / 2.0 - GAP;
        let left = self.first_line(&self.view.seller.name, SMALL, half);
        let right = self.first_line(&self.view.name(), SMALL, half);
        self.sheets.text(&left, SMALL, SIDE, TOP);
        self.sheets.text_right(&right, SMALL, self.right(), TOP);
        self.y = TOP + 18.0;
        if self.in_table {
            self.headings();
        }
    }

    /// What of a text fits on one line.
    fn first_line(&mut self, text: &str, style: Style, width: f32) -> String {
        self.sheets.wrap(text, style, width).into_iter().next().unwrap_or_default()
    }

    /// Sets a text in lines from `y` down, `most` of them; where the next line would be. What
    /// would leave the page, or is more, is left out, visibly: a name of many hundred words must
    /// not push the rest off the page.
    fn lines(
        &mut self,
        text: &str,
        style: Style,
        (x, y): (f32, f32),
        width: f32,
        most: usize,
    ) -> f32 {
        let mut y = y;
        for line in self.fitting(text, style, y, width, most) {
            self.sheets.text(&line, style, x, y + style.size);
            y += style.leading();
        }
        y
    }

    /// The lines of a text that there is room for below `y`, at most so many.
    fn fitting(
        &mut self,
        text: &str,
        style: Style,
        y: f32,
        width: f32,
        most: usize,
    ) -> Vec<String> {
        let mut lines = self.sheets.wrap(text, style, width);
        let mut end = y;
        let fits = |_: &&String| {
            end += style.leading();
            end <= self.bottom()
        };
        let count = lines.iter().take(most).take_while(fits).count();
        if count < lines.len() {
            lines.truncate(count);
            if let Some(last) = lines.last_mut() {
                "…".clone_into(last);
            }
        }
        lines
    }

    fn lines_right(
        &mut self,
        text: &str,
        style: Style,
        (right, y): (f32, f32),
        width: f32,
        most: usize,
    ) -> f32 {
        let mut y = y;
        for line in self.fitting(text, style, y, width, most) {
            self.sheets.text_right(&line, style, right, y + style.size);
            y += style.leading();
        }
        y
    }

    /// Who, what, to whom, and the facts.
    fn head(&mut self) {
        let view = self.view;
        let half = self.width() / 2.0 - GAP;
        let seller = bold(11.0, Ink::Black);
        let left = self.lines(&view.seller.name, seller, (SIDE, TOP + 9.0), half, 4);
        let right = self.right();
        let title = self.lines_right(view.title, bold(20.0, Ink::Black), (right, TOP), half, 2);
        let muted = regular(10.0, Ink::Muted);
        let number = self.lines_right(&view.number, muted, (right, title + 1.0), half, 3);
        self.y = left.max(number) + 9.0;
        self.sheets.rule(SIDE, self.y, self.width(), 1.2, FRAME);
        self.y += 18.0;
        let gap = 22.0;
        let facts_width = self.width() * 0.36;
        let column = (self.width() - facts_width) / 2.0 - gap;
        let buyer = self.who(&view.buyer, SIDE, column);
        let from = self.who(&view.seller, SIDE + column + gap, column);
        let facts = self.facts(&view.facts, right - facts_width, facts_width);
        self.y = buyer.max(from).max(facts) + 18.0;
    }

    fn who(&mut self, who: &Who, x: f32, width: f32) -> f32 {
        let mut y = self.lines(who.label, LABEL, (x, self.y), width, 1) + 3.0;
        y = self.lines(&who.name, bold(9.0, Ink::Black), (x, y), width, 8);
        for line in &who.lines {
            y = self.lines(line, regular(8.5, Ink::Black), (x, y), width, 4);
        }
        y
    }

    fn facts(&mut self, facts: &[Fact], x: f32, width: f32) -> f32 {
        let value = regular(8.0, Ink::Black);
        let mut y = self.y - 1.0;
        for fact in facts {
            let label = self.sheets.measure(&fact.label, LABEL);
            self.sheets.text(&fact.label, LABEL, x, y + value.size);
            let room = width - label - GAP;
            y = self.lines_right(&fact.value, value, (x + width, y), room, 3).max(y + 11.0) + 2.0;
            self.sheets.rule(x, y, width, 0.5, HAIR);
            y += 2.5;
        }
        y
    }

    /// What it comes to, at first sight.
    fn summary(&mut self) {
        let view = self.view;
        let height = 40.0;
        self.ensure(height);
        self.sheets.fill(SIDE, self.y, self.width(), height, SHADE);
        let step = (self.width() - 24.0) / 3.0;
        let mut x = SIDE + 12.0;
        for sum in &view.summary {
            let ink = if sum.figure.is_reverse { Ink::Reverse } else { Ink::Black };
            let text = format!("{} {}", view.currency, sum.figure.text);
            let mut style = match sum.rank {
                Rank::Part | Rank::Sum => regular(11.0, ink),
                Rank::Result => bold(11.0, ink),
            };
            let long = self.sheets.measure(&text, style);
            style.size *= ((step - GAP) / long.max(1.0)).min(1.0);
            if sum.rank == Rank::Result {
                let right = self.right() - 12.0;
                self.sheets.text_right(&sum.label, LABEL, right, self.y + 14.0);
                self.sheets.text_right(&text, style, right, self.y + 30.0);
            } else {
                self.sheets.text(&sum.label, LABEL, x, self.y + 14.0);
                self.sheets.text(&text, style, x, self.y + 30.0);
            }
            x += step;
        }
        self.y += height + 20.0;
    }

    fn table(&mut self) {
        let view = self.view;
        self.ensure(70.0);
        self.headings();
        self.in_table = true;
        for row in &view.rows {
            self.row(row);
        }
        self.in_table = false;
        if view.rows.is_empty() {
            let style = self.plan.text();
            self.y =
                self.lines(view.words.no_items, style, (SIDE, self.y + PAD), self.width(), 1) + PAD;
            self.sheets.rule(SIDE, self.y, self.width(), 0.5, HAIR);
        }
    }

    fn headings(&mut self) {
        let view = self.view;
        let style = self.plan.heading();
        let y = self.y + style.size;
        self.sheets.text(view.words.date, style, SIDE, y);
        self.sheets.text(view.words.description, style, self.plan.description, y);
        for (heading, (right, _)) in view.columns.iter().zip(self.plan.figures.clone()) {
            self.sheets.text_right(heading, style, right, y);
        }
        self.y = y + 5.0;
        self.sheets.rule(SIDE, self.y, self.width(), 0.9, FRAME);
    }

    fn row(&mut self, row: &Row) {
        let (text, detail) = (self.plan.text(), self.plan.detail());
        let width = self.plan.description_width;
        let mut lines: Vec<(String, Style)> = Vec::new();
        for line in self.sheets.wrap(&row.description, text, width) {
            lines.push((line, text));
        }
        let details = self.packed(&row.details, detail, width);
        lines.extend(details.into_iter().map(|line| (line, detail)));
        let places = self.plan.figures.clone();
        // Each column from its first line down: the figure, then its small print.
        let mut columns: Vec<Vec<(String, Style)>> = Vec::new();
        for (column, (figure, (_, width))) in row.figures.iter().zip(&places).enumerate() {
            let mut set = vec![(figure.text.clone(), self.plan.figure(column, figure))];
            let notes = self.sheets.wrap(&figure.note, detail, *width);
            set.extend(notes.into_iter().map(|note| (note, detail)));
            columns.push(set);
        }
        let longest = columns.iter().map(Vec::len).max().unwrap_or(0).max(1);
        while lines.len() < longest {
            lines.push((String::new(), if lines.is_empty() { text } else { detail }));
        }
        let height: f32 = lines.iter().map(|(_, style)| style.leading()).sum();
        self.keep(height + 2.0 * PAD);
        self.y += PAD;
        for (number, (line, style)) in lines.iter().enumerate() {
            self.ensure(style.leading());
            let y = self.y + style.size;
            if number == 0 {
                self.sheets.text(&row.date, text, SIDE, y);
            }
            self.sheets.text(line, *style, self.plan.description, y);
            for (set, (right, _)) in columns.iter().zip(&places) {
                if let Some((text, style)) = set.get(number) {
                    self.sheets.text_right(text, *style, *right, y);
                }
            }
            self.y += style.leading();
        }
        self.y += PAD - 1.0;
        self.sheets.rule(SIDE, self.y, self.width(), 0.5, HAIR);
    }

    /// Facts in lines: each line takes as many as fit, and a fact is broken only where it is
    /// longer than a line.
    fn packed(&mut self, facts: &[String], style: Style, width: f32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for fact in facts {
            if let Some(last) = lines.last_mut() {
                let joined = format!("{last} · {fact}");
                if self.sheets.measure(&joined, style) <= width {
                    *last = joined;
                    continue;
                }
            }
            lines.extend(self.sheets.wrap(fact, style, width));
        }
        lines
    }

    /// The sums, on the right, together on one page.
    fn sums(&mut self) {
        let view = self.view;
        let width = (self.width() * 0.56).max(270.0);
        let left = self.right() - width;
        let widest = view
            .sums
            .iter()
            .map(|sum| self.sheets.measure(&sum.figure.text, bold(10.0, Ink::Black)))
            .fold(60.0, f32::max);
        let currency = self.right() - 8.0 - widest - 30.0;
        let room = currency - left - 8.0 - GAP;
        let mut set = Vec::new();
        let mut height = 0.0;
        for sum in &view.sums {
            let place = Place::of(sum);
            let lines = self.sheets.wrap(&sum.label, place.label, room);
            let text: f32 = lines.iter().take(MOST).map(|_| place.label.leading()).sum();
            height += place.before + place.above + text + place.below;
            set.push((sum, place, text));
        }
        self.y += 12.0;
        self.keep(height);
        for (sum, place, text) in set {
            let inner = place.above + text + place.below;
            self.ensure(place.before + inner);
            self.y += place.before;
            match sum.rank {
                Rank::Part => {}
                Rank::Sum => self.sheets.rule(left, self.y, width, 0.9, FRAME),
                Rank::Result => self.sheets.fill(left, self.y, width, inner, SHADE),
            }
            let y = self.y + place.above;
            let base = y + place.label.size;
            let code = regular(place.label.size, Ink::Muted);
            self.lines(&sum.label, place.label, (left + 8.0, y), room, MOST);
            self.sheets.text(view.currency, code, currency, base);
            self.sheets.text_right(&sum.figure.text, place.figure, self.right() - 8.0, base);
            self.y += inner;
        }
    }

    fn notes(&mut self) {
        let view = self.view;
        if view.notes.is_empty() {
            return;
        }
        let style = regular(8.0, Ink::Black);
        let width = self.width().min(430.0);
        self.y += 22.0;
        self.ensure(LABEL.leading() + 3.0 * style.leading());
        self.y = self.lines(view.words.notes, LABEL, (SIDE, self.y), width, 1) + 3.0;
        for note in &view.notes {
            for line in self.sheets.wrap(note, style, width) {
                self.ensure(style.leading());
                self.sheets.text(&line, style, SIDE, self.y + style.size);
                self.y += style.leading();
            }
            self.y += 4.0;
        }
    }

    /// The foot of every page, when it is known how many there are.
    fn feet(&mut self) {
        let view = self.view;
        let pages = self.sheets.count();
        let y = self.sheets.size().1 - 30.0;
        let name = format!("{} · {}", view.seller.name, view.name());
        let name = self.first_line(&name, SMALL, self.width() - 90.0);
        for page in 0..pages {
            let count = view
                .words
                .page
                .replace("{page}", &(page + 1).to_string())
                .replace("{pages}", &pages.to_string());
            let width = self.sheets.measure(&count, SMALL);
            self.sheets.text_on(page, &name, SMALL, SIDE, y);
            self.sheets.text_on(page, &count, SMALL, self.right() - width, y);
        }
    }
}
