//! Plants mutants in a file: what is to be changed is wrapped, in its own line, so that it is as it
//! was unless its number is woken.

use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, BinOp, Block, Expr, ExprBinary, ExprConst, ExprIf, ExprMatch, ExprRepeat, ExprUnary,
    ExprWhile, ImplItemFn, ItemConst, ItemFn, ItemMod, ItemStatic, Pat, ReturnType, Signature,
    Stmt, Type, UnOp,
};

/// A change that a test should notice.
#[derive(Debug, Clone)]
pub struct Mutant {
    pub number: usize,
    pub file: String,
    pub line: usize,
    /// What is changed, in words.
    pub change: String,
    /// How many of its file before it say the same of themselves.
    pub alike: usize,
}

impl Mutant {
    /// What it is called in the book: not by its number or line, so that it is known again where
    /// something else was changed.
    pub fn name(&self) -> String {
        format!("{}\t{}\t{}", self.file, self.change, self.alike)
    }
}

/// Something in a file that is written otherwise.
struct Edit {
    range: Range<usize>,
    parts: Vec<Part>,
}

enum Part {
    Text(String),
    Source(Range<usize>),
}

struct Planter<'s> {
    file: &'s str,
    source: &'s str,
    edits: Vec<Edit>,
    mutants: &'s mut Vec<Mutant>,
    skipped: &'s dyn Fn(&Mutant) -> bool,
    function: String,
}

/// The file with its mutants; those for whom `skipped` is true are left out, and keep their number.
pub fn plant(
    file: &str,
    source: &str,
    mutants: &mut Vec<Mutant>,
    skipped: &dyn Fn(&Mutant) -> bool,
) -> String {
    let tree = syn::parse_file(source).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut planter =
        Planter { file, source, edits: Vec::new(), mutants, skipped, function: String::new() };
    planter.visit_file(&tree);
    let mut edits = planter.edits;
    // The outer before the inner.
    edits.sort_by_key(|edit| (edit.range.start, usize::MAX - edit.range.end));
    render(source, 0..source.len(), &edits)
}

fn render(source: &str, range: Range<usize>, edits: &[Edit]) -> String {
    let mut text = String::new();
    let mut at = range.start;
    for (place, edit) in edits.iter().enumerate() {
        let inside = edit.range.start >= at && edit.range.end <= range.end;
        if !inside {
            continue;
        }
        text.push_str(&source[at..edit.range.start]);
        for part in &edit.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Source(range) => {
                    text.push_str(&render(source, range.clone(), &edits[place + 1..]));
                }
            }
        }
        at = edit.range.end;
    }
    text.push_str(&source[at..range.end]);
    text
}

fn said(text: &str) -> Part {
    Part::Text(text.to_owned())
}

impl Planter<'_> {
    fn text(&self, span: Span) -> &str {
        &self.source[span.byte_range()]
    }

    /// The number of a new mutant, if it is to be planted.
    fn number(&mut self, span: Span, change: String) -> Option<usize> {
        let number = self.mutants.len() + 1;
        let short: String = change.split_whitespace().collect::<Vec<_>>().join(" ");
        let short = if short.chars().count() > 110 {
            short.chars().take(107).chain("...".chars()).collect()
        } else {
            short
        };
        let change = format!("{short} in {}", self.function);
        let (file, line) = (self.file.to_owned(), span.start().line);
        let is_alike = |other: &&Mutant| other.file == file && other.change == change;
        let alike = self.mutants.iter().filter(is_alike).count();
        let mutant = Mutant { number, file, line, change, alike };
        let is_planted = !(self.skipped)(&mutant);
        self.mutants.push(mutant);
        is_planted.then_some(number)
    }

    fn edit(&mut self, span: Span, parts: Vec<Part>) {
        self.edits.push(Edit { range: span.byte_range(), parts });
    }

    /// A condition that is turned round.
    fn turn(&mut self, condition: &Expr, what: &str) {
        let plain = matches!(
            condition,
            Expr::MethodCall(_) | Expr::Call(_) | Expr::Path(_) | Expr::Field(_) | Expr::Macro(_)
        );
        let change = format!("{what} {} turned round", self.text(condition.span()));
        if plain && let Some(n) = self.number(condition.span(), change) {
            let range = condition.span().byte_range();
            let head = format!("(crate::mutant::is({n}) ^ (");
            self.edit(condition.span(), vec![said(&head), Part::Source(range), said("))")]);
        }
    }

    /// A function that answers at once.
    fn answer(&mut self, signature: &Signature, block: &Block) {
        if signature.constness.is_some() || block.stmts.is_empty() {
            return;
        }
        for answer in answers(&signature.output) {
            let change = format!("the whole function answers {answer}");
            if let Some(n) = self.number(signature.ident.span(), change) {
                let start = block.brace_token.span.open().byte_range().end;
                let text = format!(" if crate::mutant::is({n}) {{ return {answer}; }}");
                self.edits.push(Edit { range: start..start, parts: vec![said(&text)] });
            }
        }
    }

    fn named(&mut self, signature: &Signature, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.function, signature.ident.to_string());
        // What is reckoned while compiling has no environment.
        if signature.constness.is_none() {
            walk(self);
        }
        self.function = outer;
    }
}

/// What a function could answer instead.
fn answers(output: &ReturnType) -> Vec<&'static str> {
    let ReturnType::Type(_, output) = output else { return vec!["()"] };
    let Type::Path(path) = output.as_ref() else { return Vec::new() };
    let Some(last) = path.path.segments.last() else { return Vec::new() };
    let inner = quote::ToTokens::to_token_stream(&last.arguments).to_string();
    match last.ident.to_string().as_str() {
        "bool" => vec!["true", "false"],
        "Option" => vec!["None"],
        "Result" if inner.starts_with("< ()") => vec!["Ok(())"],
        "Result" if path.path.segments.len() == 2 => vec!["Ok(())"],
        "Result" => vec!["Ok(Default::default())"],
        "Vec" | "String" | "BTreeMap" | "BTreeSet" | "Decimal" | "Duration" | "u8" | "u16"
        | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" => {
            vec!["Default::default()"]
        }
        _ => Vec::new(),
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = quote::ToTokens::to_token_stream(attribute).to_string();
        text.contains("test")
    })
}

/// Does a pattern take everything?
fn is_any(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        // A constant is written like a name.
        Pat::Ident(name) => {
            name.subpat.is_none() && name.ident.to_string().starts_with(char::is_lowercase)
        }
        Pat::Tuple(parts) => parts.elems.iter().all(is_any),
        _ => false,
    }
}

fn has_let(expression: &Expr) -> bool {
    struct Lets(bool);
    impl Visit<'_> for Lets {
        fn visit_expr_let(&mut self, _: &syn::ExprLet) {
            self.0 = true;
        }
    }
    let mut lets = Lets(false);
    match expression {
        Expr::Binary(binary) => {
            lets.visit_expr(&binary.left);
            lets.visit_expr(&binary.right);
        }
        Expr::Let(_) => lets.0 = true,
        _ => {}
    }
    lets.0
}

impl Visit<'_> for Planter<'_> {
    fn visit_item_mod(&mut self, item: &ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_const(&mut self, _: &ItemConst) {}

    fn visit_item_static(&mut self, _: &ItemStatic) {}

    fn visit_impl_item_const(&mut self, _: &syn::ImplItemConst) {}

    fn visit_type(&mut self, _: &Type) {}

    fn visit_pat(&mut self, _: &Pat) {}

    fn visit_item_fn(&mut self, item: &ItemFn) {
        if !is_test(&item.attrs) {
            self.named(&item.sig, |planter| {
                planter.answer(&item.sig, &item.block);
                visit::visit_item_fn(planter, item);
            });
        }
    }

    fn visit_impl_item_fn(&mut self, item: &ImplItemFn) {
        if !is_test(&item.attrs) {
            self.named(&item.sig, |planter| {
                planter.answer(&item.sig, &item.block);
                visit::visit_impl_item_fn(planter, item);
            });
        }
    }

    fn visit_expr_binary(&mut self, expression: &ExprBinary) {
        let (left, right) = (expression.left.span(), expression.right.span());
        let (a, b) = (Part::Source(left.byte_range()), Part::Source(right.byte_range()));
        let (a2, b2) = (Part::Source(left.byte_range()), Part::Source(right.byte_range()));
        let whole = expression.span();
        let shown = self.text(whole).to_owned();
        let plant = |planter: &mut Self, other: &str, parts: &dyn Fn(usize) -> Vec<Part>| {
            let change = format!("`{shown}` with {other}");
            if let Some(n) = planter.number(expression.op.span(), change) {
                let parts = parts(n);
                planter.edit(whole, parts);
            }
        };
        let again = |part: &Part| match part {
            Part::Text(text) => Part::Text(text.clone()),
            Part::Source(range) => Part::Source(range.clone()),
        };
        // What is copied must stand in one line.
        let one_line = left.start().line == right.end().line;
        let swapped = |op: &str, other: &str| {
            let (op, other) = (op.to_owned(), other.to_owned());
            let parts = [a, b, a2, b2];
            move |n: usize| {
                vec![
                    said(&format!("(if crate::mutant::is({n}) {{ (")),
                    again(&parts[0]),
                    said(&format!(") {other} (")),
                    again(&parts[1]),
                    said(") } else { ("),
                    again(&parts[2]),
                    said(&format!(") {op} (")),
                    again(&parts[3]),
                    said(") })"),
                ]
            }
        };
        let (l, r) = (left.byte_range(), right.byte_range());
        let compared = |name: &'static str| {
            let (l, r) = (l.clone(), r.clone());
            move |n: usize| {
                vec![
                    said(&format!("crate::mutant::{name}({n}, &(")),
                    Part::Source(l.clone()),
                    said("), &("),
                    Part::Source(r.clone()),
                    said("))"),
                ]
            }
        };
        let logical = |op: &'static str| {
            let (l, r) = (l.clone(), r.clone());
            move |n: usize| {
                let flip = format!("crate::mutant::is({n}) ^ (");
                vec![
                    said(&format!("({flip}({flip}")),
                    Part::Source(l.clone()),
                    said(&format!(")) {op} ({flip}")),
                    Part::Source(r.clone()),
                    said("))))"),
                ]
            }
        };
        match expression.op {
            BinOp::And(_) if !has_let(&Expr::Binary(expression.clone())) => {
                plant(self, "||", &logical("&&"));
            }
            BinOp::Or(_) => plant(self, "&&", &logical("||")),
            BinOp::Eq(_) => plant(self, "!=", &compared("eq")),
            BinOp::Ne(_) => plant(self, "==", &compared("ne")),
            BinOp::Lt(_) => plant(self, "<=", &compared("lt")),
            BinOp::Le(_) => plant(self, "<", &compared("le")),
            BinOp::Gt(_) => plant(self, ">=", &compared("gt")),
            BinOp::Ge(_) => plant(self, ">", &compared("ge")),
            BinOp::Add(_) if one_line => plant(self, "-", &swapped("+", "-")),
            BinOp::Sub(_) if one_line => plant(self, "+", &swapped("-", "+")),
            BinOp::Mul(_) if one_line => plant(self, "+", &swapped("*", "+")),
            BinOp::Div(_) if one_line => plant(self, "*", &swapped("/", "*")),
            BinOp::Rem(_) if one_line => plant(self, "/", &swapped("%", "/")),
            BinOp::AddAssign(_) if one_line => plant(self, "-=", &swapped("+=", "-=")),
            BinOp::SubAssign(_) if one_line => plant(self, "+=", &swapped("-=", "+=")),
            _ => {}
        }
        visit::visit_expr_binary(self, expression);
    }

    fn visit_expr_unary(&mut self, expression: &ExprUnary) {
        if matches!(expression.op, UnOp::Not(_)) {
            let change = format!("`{}` without !", self.text(expression.span()));
            if let Some(n) = self.number(expression.span(), change) {
                let inner = expression.expr.span().byte_range();
                let head = format!("(crate::mutant::is({n}) ^ !(");
                self.edit(expression.span(), vec![said(&head), Part::Source(inner), said("))")]);
            }
        }
        visit::visit_expr_unary(self, expression);
    }

    fn visit_expr_if(&mut self, expression: &ExprIf) {
        self.turn(&expression.cond, "if");
        visit::visit_expr_if(self, expression);
    }

    fn visit_expr_while(&mut self, expression: &ExprWhile) {
        self.turn(&expression.cond, "while");
        visit::visit_expr_while(self, expression);
    }

    fn visit_expr_match(&mut self, expression: &ExprMatch) {
        // Without an arm that takes everything, a match without one of its arms does not compile.
        let takes_all = expression.arms.iter().any(|arm| arm.guard.is_none() && is_any(&arm.pat));
        for arm in &expression.arms {
            match &arm.guard {
                Some((_, guard)) => self.turn(guard, "the guard"),
                None if takes_all && !is_any(&arm.pat) => {
                    let change = format!("without the arm {}", self.text(arm.pat.span()));
                    if let Some(n) = self.number(arm.pat.span(), change) {
                        let end = arm.pat.span().byte_range().end;
                        let text = format!(" if !crate::mutant::is({n})");
                        self.edits.push(Edit { range: end..end, parts: vec![said(&text)] });
                    }
                }
                None => {}
            }
        }
        visit::visit_expr_match(self, expression);
    }

    fn visit_expr_repeat(&mut self, expression: &ExprRepeat) {
        self.visit_expr(&expression.expr);
    }

    fn visit_expr_const(&mut self, _: &ExprConst) {}

    fn visit_stmt(&mut self, statement: &Stmt) {
        if let Stmt::Expr(expression, Some(_)) = statement
            && matches!(
                expression,
                Expr::MethodCall(_) | Expr::Call(_) | Expr::Assign(_) | Expr::Try(_)
            )
        {
            let change = format!("without `{}`", self.text(statement.span()));
            if let Some(n) = self.number(statement.span(), change) {
                let inner = statement.span().byte_range();
                let head = format!("if !crate::mutant::is({n}) {{ ");
                self.edit(statement.span(), vec![said(&head), Part::Source(inner), said(" }")]);
            }
        }
        visit::visit_stmt(self, statement);
    }
}
