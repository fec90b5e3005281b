mod reader;
mod samples;

use crate::domain::money::{Currency, Money};

use super::*;
use reader::{Piece, pages, text};
use samples::{credit_note, document, euro, invoice, line, statement};

fn printed(document: &Document) -> Vec<Vec<Piece>> {
    pages(&pdf(document, &Fonts::built_in()).expect("a file"))
}

fn all_text(document: &Document) -> String {
    printed(document).iter().map(|page| text(page)).collect()
}

fn has_line(text: &str, line: &str) -> bool {
    text.lines().any(|other| other == line)
}

fn is_refused(document: &Document) -> bool {
    let refused = matches!(html(document), Err(DocumentError::Sums(_)));
    assert_eq!(
        refused,
        matches!(pdf(document, &Fonts::built_in()), Err(DocumentError::Sums(_))),
        "both or none"
    );
    refused
}

#[test]
fn an_invoice_says_everything_in_both_forms() {
    let document = invoice(Language::En);
    let (pdf, html) = (all_text(&document), html(&document).expect("a page"));
    for line in [
        "Invoice",
        "2026-000417",
        "Example Cloud GmbH",
        "Πλατεία Συντάγματος 4",
        "Tax ID: DE123456789",
        "2026-11-01 to 2026-11-30",
        "Europe/Berlin",
        "Compute instance c5.xlarge, 1 month",
        "1,469.12",
        "Tax 19 % on EUR 1,355.16",
        "EUR 1,434.02",
        "Payable without deduction within 14 days of the date of issue.",
    ] {
        assert!(has_line(&pdf, line), "{line}\n{pdf}");
        let figure = line.strip_prefix("EUR ").unwrap_or(line);
        assert!(html.replace('\u{a0}', " ").contains(figure), "{line}");
    }
    assert!(pdf.contains("Service 2026-11-03 to 2026-12-02"), "{pdf}");
    assert!(pdf.contains("Order ord_01JC7Q4V8K"), "{pdf}");
    // Copied out of the file, an amount is a number.
    assert!(has_line(&pdf, "-42.84"), "{pdf}");
    assert!(html.contains("<data value=\"-42.84\">−42.84</data>"));
}

#[test]
fn html_is_one_page_that_asks_for_nothing() {
    let html = html(&invoice(Language::De)).expect("a page");
    assert!(html.starts_with("<!doctype html>\n<html lang=\"de\">"));
    assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("url("));
    assert!(!html.contains("<script") && !html.contains("<link") && !html.contains("<img"));
    assert!(html.contains("<th scope=\"col\">Datum</th>"));
    assert!(html.contains("<th scope=\"row\">"));
    assert!(html.contains("Seite \" counter(page) \" von \" counter(pages) \""));
    for name in ["table", "tr", "th", "td", "div", "section", "dl", "small", "bdi", "data"] {
        let opened =
            html.matches(&format!("<{name} ")).count() + html.matches(&format!("<{name}>")).count();
        assert_eq!(opened, html.matches(&format!("</{name}>")).count(), "{name}");
    }
}

#[test]
fn nothing_from_outside_is_markup() {
    let evil = "<img src=x onerror='alert(1)'>&\"</style><script>";
    let document = saying(evil);
    let html = html(&document).expect("a page");
    assert!(!html.contains("<img") && !html.contains("<script"));
    assert_eq!(html.matches("</style>").count(), 1);
    assert!(html.contains(
        "&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;&quot;&lt;/style&gt;&lt;script&gt;"
    ));
}

#[test]
fn what_is_not_seen_is_not_printed() {
    assert_eq!(view::clean("  a\u{202e}b\r\n\tc\0\u{200b}d  "), "ab cd");
    assert_eq!(view::clean("\u{1b}[31m\u{feff}"), "[31m");
}

#[test]
fn figures_that_contradict_each_other_are_refused() {
    let right = invoice(Language::En);
    assert!(!is_refused(&right));
    let more = |amount: &mut Money| {
        *amount = Money::from_minor(amount.minor() + 1, amount.currency());
    };
    let changes: [fn(&mut Document) -> &mut Money; 15] = [
        |document| &mut document.lines[0].list,
        |document| &mut document.lines[0].discount,
        |document| &mut document.lines[0].coupon,
        |document| &mut document.lines[0].net,
        |document| &mut document.lines[0].tax,
        |document| &mut document.lines[0].total,
        |document| &mut document.totals.discount,
        |document| &mut document.totals.coupon,
        |document| &mut document.totals.net,
        |document| &mut document.totals.taxes[0].net,
        |document| &mut document.totals.taxes[0].tax,
        |document| &mut document.totals.taxes[1].tax,
        |document| &mut document.totals.total,
        |document| &mut document.totals.paid,
        |document| &mut document.totals.outstanding,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut wrong = right.clone();
        more(change(&mut wrong));
        assert!(is_refused(&wrong), "change {number}");
        let mut foreign = right.clone();
        let dollars: Currency = "USD".parse().expect("a currency");
        let amount = change(&mut foreign);
        *amount = Money::from_minor(amount.minor(), dollars);
        assert!(is_refused(&foreign), "change {number} to another currency");
        let mut huge = right.clone();
        *change(&mut huge) = Money::from_minor(i64::MIN, euro());
        assert!(is_refused(&huge), "change {number} to the smallest number");
    }
    let dropped = Document { lines: right.lines[1..].to_vec(), ..right.clone() };
    assert!(is_refused(&dropped));
}

#[test]
fn every_rate_is_in_the_totals_once() {
    let right = invoice(Language::En);
    let rate = |rate: &str| DocumentError::Sums(SumError::Rate { rate: rate.to_owned() });
    let mut wrong = right.clone();
    wrong.lines[2].tax_rate = "reduced".to_owned();
    assert!(is_refused(&wrong));
    let mut twice = right.clone();
    let nothing = Money::zero(euro());
    twice.totals.taxes.push(TaxTotal { rate: "19 %".to_owned(), net: nothing, tax: nothing });
    assert_eq!(html(&twice), Err(rate("19 %")));
    let mut free = right;
    let more = line("Free of tax, and of charge", 0, (0, 0), 0);
    free.lines.push(more);
    assert_eq!(html(&free), Err(rate("reverse charge")));
}

#[test]
fn a_mismatch_says_where_it_is() {
    let mut wrong = invoice(Language::En);
    wrong.totals.total = Money::from_minor(163_403, euro());
    let error = html(&wrong).expect_err("a wrong total");
    assert_eq!(
        error.to_string(),
        "the figures of the document contradict each other: \
         total is 1634.03 EUR, but the others make 1634.02 EUR"
    );
}

#[test]
fn five_hundred_lines_are_on_pages_with_headings() {
    let pages = printed(&statement(500));
    let count = pages.len();
    assert!((20..60).contains(&count), "{count} pages");
    let texts: Vec<String> = pages.iter().map(|page| text(page)).collect();
    let mut seen = Vec::new();
    for (number, page) in texts.iter().enumerate() {
        assert!(has_line(page, &format!("Page {} of {count}", number + 1)));
        let machines = page.lines().filter(|line| line.starts_with("Virtual machine"));
        let before = seen.len();
        seen.extend(machines.map(str::to_owned));
        if seen.len() > before {
            assert_eq!(page.lines().filter(|line| *line == "Description").count(), 1, "{page}");
        }
    }
    let all: Vec<String> = (0..500).map(|number| format!("Virtual machine {number:04}")).collect();
    assert_eq!(seen, all, "each line once and in order");
    assert!(has_line(&texts[count - 1], "Outstanding"));
}

#[test]
fn nothing_stands_outside_the_paper() {
    let long = "an uncommonly long description ".repeat(300);
    let lines = vec![
        line(&long, 1_000, (100, 0), 19),
        line(&"x".repeat(2_000), 1_000, (0, 0), 19),
        line("last", 1_000, (0, 0), 7),
    ];
    let document = document(Kind::Invoice, Language::En, lines, 0);
    stays_on_paper(&document);
    let pages = printed(&document);
    let text: String = pages.iter().map(|page| text(page)).collect();
    assert_eq!(text.matches("uncommonly").count(), 300);
    let is_long = |line: &&str| !line.is_empty() && line.chars().all(|c| c == 'x');
    assert_eq!(text.lines().filter(is_long).map(str::len).sum::<usize>(), 2_000);
}

/// A document that says `text` wherever a text can stand.
fn saying(text: &str) -> Document {
    let mut document = invoice(Language::En);
    let text = || text.to_owned();
    (document.number, document.related) = (Some(text()), Some(text()));
    document.account = text();
    document.notes = vec![text(), text()];
    for party in [&mut document.seller, &mut document.buyer] {
        let (address, contact) = (vec![text(); 3], vec![text(); 2]);
        *party = Party { name: text(), address, tax_id: Some(text()), contact };
    }
    for line in &mut document.lines {
        (line.description, line.order) = (text(), Some(text()));
        line.details = vec![text(); 2];
        line.tax_rate = text();
    }
    // One rate is left, for all lines.
    let totals = &mut document.totals;
    let tax = totals.total.checked_sub(totals.net).expect("the same currency");
    totals.taxes = vec![TaxTotal { rate: text(), net: totals.net, tax }];
    document
}

fn stays_on_paper(document: &Document) {
    for piece in printed(document).iter().flatten() {
        assert!(piece.x >= 47.9 && piece.x < 548.0, "{piece:?}");
        assert!(piece.y > 25.0 && piece.y < 800.0, "{piece:?}");
    }
}

#[test]
fn no_text_is_too_long_or_too_strange() {
    for text in
        ["", " ", "\u{0}", "x", "many words ", "日本", "e\u{301}", "🧾", "\u{202e}", "-", "()\\"]
    {
        for times in [1, 40, 500] {
            let document = saying(&text.repeat(times));
            stays_on_paper(&document);
            assert!(html(&document).expect("a page").ends_with("</html>\n"));
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 32, ..Default::default() })]

    #[test]
    fn any_text_is_printed(text in "\\PC{0,200}") {
        stays_on_paper(&saying(&text));
    }
}

#[test]
fn figures_end_at_the_same_place() {
    let lines = vec![line("small", 100, (0, 0), 19), line("large", 123_456_700, (0, 0), 19)];
    let page = printed(&document(Kind::Invoice, Language::En, lines, 0)).swap_remove(0);
    let x = |text: &str| page.iter().find(|piece| piece.text == text).expect("a figure").x;
    // Tabular figures: nine characters more of 0.648 em at most, and commas.
    let shift = x("1.00") - x("1,234,567.00");
    assert!((8.0 * 5.1..9.0 * 5.3).contains(&(shift + 10.0)), "{shift}");
}

#[test]
fn wide_figures_turn_the_paper_and_stay_whole() {
    let lines = vec![line("wide", 999_999_999_999, (99_999_999_999, 1_000_000_001), 19)];
    let document = document(Kind::Invoice, Language::De, lines, 0);
    let file = pdf(&document, &Fonts::built_in()).expect("a file");
    let pages = pages(&file);
    assert!(pages[0].iter().any(|piece| piece.x > 700.0), "landscape");
    let text: String = pages.iter().map(|page| text(page)).collect();
    assert!(has_line(&text, "9.999.999.999,99") && has_line(&text, "-10.000.000,01"), "{text}");
}

#[test]
fn the_same_document_is_the_same_bytes() {
    for document in [invoice(Language::En), credit_note(Language::De), statement(40)] {
        let fonts = Fonts::built_in();
        assert_eq!(pdf(&document, &fonts), pdf(&document, &fonts));
        assert_eq!(html(&document), html(&document));
    }
    let file = pdf(&invoice(Language::En), &Fonts::built_in()).expect("a file");
    let file = String::from_utf8_lossy(&file);
    assert!(file.contains("/Title (Invoice 2026-000417)"));
    assert!(file.contains("/CreationDate (D:20261201070000"));
    assert!(file.contains("/Lang (en)"));
}

#[test]
fn german_has_its_own_words_and_groups() {
    let text = all_text(&invoice(Language::De));
    for line in ["Rechnung", "Listenpreis", "1.469,12", "Steuer 19 % auf EUR 1.355,16"] {
        assert!(has_line(&text, line), "{line}\n{text}");
    }
    assert!(text.contains("Seite 1 von "));
    assert_eq!(Language::of("de-AT"), Language::De);
    assert_eq!(Language::of("DE"), Language::De);
    assert_eq!(Language::of("fr"), Language::En);
}

#[test]
fn a_credit_note_is_negative_throughout() {
    let document = credit_note(Language::En);
    let text = all_text(&document);
    for line in ["Credit note", "For invoice", "2026-000398", "-78.29", "EUR -108.96", "Refunded"] {
        assert!(has_line(&text, line), "{line}\n{text}");
    }
    let html = html(&document).expect("a page");
    assert!(html.contains("<td class=\"figure reverse\"><data value=\"-108.96\">−108.96</data>"));
}

#[test]
fn a_document_without_number_or_lines_says_so() {
    let mut empty = document(Kind::Statement, Language::En, Vec::new(), 0);
    empty.number = None;
    let text = all_text(&empty);
    assert!(has_line(&text, "number pending"), "{text}");
    assert!(has_line(&text, "There are no items in this period."), "{text}");
    assert!(has_line(&text, "Uncleared"), "{text}");
    assert!(html(&empty).expect("a page").contains("number pending"));
}

#[test]
fn a_character_that_no_font_has_is_replaced() {
    let mut document = invoice(Language::En);
    document.buyer.name = "日本 K.K.".to_owned();
    assert!(has_line(&all_text(&document), "\u{fffd}\u{fffd} K.K."));
    assert!(html(&document).expect("a page").contains("日本 K.K."));

    let file = include_bytes!("fallback.otf");
    let fonts = Fonts::built_in().with_fallback(file, 0).expect("a font");
    let pages = pages(&pdf(&document, &fonts).expect("a file"));
    assert!(has_line(&text(&pages[0]), "日本 K.K."));
}

#[test]
fn a_file_that_is_no_font_is_refused() {
    let refused =
        |file: &'static [u8], index| Fonts::built_in().with_fallback(file, index).is_err();
    assert!(refused(b"", 0));
    assert!(refused(b"OTTO and then nothing of a font", 0));
    let whole: &'static [u8] = include_bytes!("fallback.otf");
    assert!(refused(&whole[..whole.len() / 2], 0) || !refused(whole, 0));
    assert!(!refused(whole, 0));
}

#[test]
fn lines_break_where_they_may() {
    let fonts = Fonts::built_in();
    let mut shelf = fonts::Shelf::open(&fonts).expect("fonts");
    let style = sheet::regular(10.0, text::Ink::Black);
    let mut wrap = |text: &str, width| text::wrap(&mut shelf, text, style, width);
    assert_eq!(wrap("one two", 1_000.0), ["one two"]);
    assert_eq!(wrap("one two", 25.0), ["one", "two"]);
    assert_eq!(wrap("eu-central-1", 45.0), ["eu-", "central-1"]);
    assert_eq!(wrap("東京都、千代田区", 36.0).concat(), "東京都、千代田区");
    assert!(wrap("東京都、千代田区", 25.0).iter().all(|line| !line.starts_with('、')));
    assert_eq!(wrap("abcdefghij", 1.0).len(), 10, "a letter a line at the least");
    assert_eq!(wrap("", 10.0), Vec::<String>::new());
}

#[test]
fn amounts_are_exact_in_every_currency() {
    let amount = |language, minor, code: &str| {
        let currency = code.parse().expect("a currency");
        words::Words::of(language).amount(Money::from_minor(minor, currency))
    };
    assert_eq!(amount(Language::En, 123_456_705, "USD"), "1,234,567.05");
    assert_eq!(amount(Language::De, -123_456_705, "USD"), "−1.234.567,05");
    assert_eq!(amount(Language::En, 59_500, "JPY"), "59,500");
    assert_eq!(amount(Language::De, 1_234, "KWD"), "1,234");
    assert_eq!(amount(Language::En, -5, "EUR"), "−0.05");
}
