//! A document as a page of HTML: one file that asks nothing of the network, for a browser, a
//! screen reader and a printer.

use super::view::{Fact, Figure, Rank, Row, Sum, View, Who};

/// How it looks, on a screen and on paper.
pub(super) const STYLE: &str = include_str!("page.css");

pub(super) fn html(view: &View) -> String {
    let words = view.words;
    let name = escape(&view.name());
    // The one style that has words in it.
    let footer = words
        .page
        .replace("{page}", "\" counter(page) \"")
        .replace("{pages}", "\" counter(pages) \"");
    format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}</title>\n<style>\n{STYLE}\
         @page {{ @bottom-right {{ content: \"{footer}\"; }} }}\n</style>\n</head>\n\
         <body>\n<main>\n{head}{summary}{table}{sums}{notes}</main>\n</body>\n</html>\n",
        tag = words.tag,
        head = head(view),
        summary = summary(view),
        table = table(view),
        sums = sums(view),
        notes = notes(view),
    )
}

fn head(view: &View) -> String {
    let facts: String = view.facts.iter().map(fact).collect();
    format!(
        "<header>\n<p class=\"seller\">{seller}</p>\n<div><h1>{title}</h1>\n\
         <p class=\"number\">{number}</p></div>\n</header>\n\
         <div class=\"head\">\n{buyer}{from}<dl>\n{facts}</dl>\n</div>\n",
        seller = escape(&view.seller.name),
        title = view.title,
        number = escape(&view.number),
        buyer = who(&view.buyer),
        from = who(&view.seller),
    )
}

fn summary(view: &View) -> String {
    let sum = |sum: &Sum| {
        let figure = &sum.figure;
        format!(
            "<div class=\"{}\"><dt>{}</dt><dd class=\"{}\">{} \
             <data value=\"{}\">{}</data></dd></div>\n",
            class(sum.rank),
            escape(&sum.label),
            direction(figure),
            view.currency,
            figure.plain,
            figure.text,
        )
    };
    let sums: String = view.summary.iter().map(sum).collect();
    format!("<dl class=\"summary\">\n{sums}</dl>\n")
}

fn direction(figure: &Figure) -> &'static str {
    if figure.is_reverse { "figure reverse" } else { "figure" }
}

fn class(rank: Rank) -> &'static str {
    match rank {
        Rank::Part => "part",
        Rank::Sum => "sum",
        Rank::Result => "result",
    }
}

fn who(who: &Who) -> String {
    let lines: String =
        who.lines.iter().map(|line| format!("<br>\n<bdi>{}</bdi>", escape(line))).collect();
    format!(
        "<section>\n<h2>{}</h2>\n<p><strong><bdi>{}</bdi></strong>{lines}</p>\n</section>\n",
        who.label,
        escape(&who.name),
    )
}

fn fact(fact: &Fact) -> String {
    format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(&fact.label), escape(&fact.value))
}

fn table(view: &View) -> String {
    let words = view.words;
    let headings: String = view
        .columns
        .iter()
        .map(|heading| format!("<th scope=\"col\" class=\"figure\">{heading}</th>"))
        .collect();
    let mut rows: String = view.rows.iter().map(row).collect();
    if view.rows.is_empty() {
        let columns = view.columns.len() + 2;
        rows = format!("<tr><td colspan=\"{columns}\">{}</td></tr>\n", words.no_items);
    }
    format!(
        "<table class=\"items\">\n<caption>{} ({})</caption>\n<thead>\n\
         <tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th>{headings}</tr>\n</thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n",
        words.items, view.currency, words.date, words.description,
    )
}

fn row(row: &Row) -> String {
    let details: Vec<String> =
        row.details.iter().map(|detail| format!("<bdi>{}</bdi>", escape(detail))).collect();
    let figures: String =
        row.figures.iter().map(|figure| format!("<td{}</td>", cell(figure))).collect();
    format!(
        "<tr><td><time>{}</time></td><th scope=\"row\"><bdi>{}</bdi><small>{}</small></th>\
         {figures}</tr>\n",
        escape(&row.date),
        escape(&row.description),
        details.join(" · "),
    )
}

/// The inside of a cell with an amount, from its class on. The amount stands there twice: a
/// program reads the value, which has neither groups nor a typographic minus.
fn cell(figure: &Figure) -> String {
    let class = direction(figure);
    let note = if figure.note.is_empty() {
        String::new()
    } else {
        format!("<small>{}</small>", escape(&figure.note))
    };
    format!(" class=\"{class}\"><data value=\"{}\">{}</data>{note}", figure.plain, figure.text)
}

fn sums(view: &View) -> String {
    let sum = |sum: &Sum| {
        format!(
            "<tr class=\"{}\"><th scope=\"row\">{}</th><td>{}</td><td{}</td></tr>\n",
            class(sum.rank),
            escape(&sum.label),
            view.currency,
            cell(&sum.figure),
        )
    };
    let sums: String = view.sums.iter().map(sum).collect();
    let caption = view.words.totals;
    format!(
        "<table class=\"sums\">\n<caption>{caption}</caption>\n<tbody>\n{sums}</tbody>\n</table>\n"
    )
}

fn notes(view: &View) -> String {
    if view.notes.is_empty() {
        return String::new();
    }
    let notes: String =
        view.notes.iter().map(|note| format!("<p>{}</p>\n", escape(note))).collect();
    format!("<section class=\"notes\">\n<h2>{}</h2>\n{notes}</section>\n", view.words.notes)
}

/// A text in which nothing is markup, between tags as in an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
