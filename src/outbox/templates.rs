//! Mail templates: embedded for English and German, replaced or added to by an operator.
//!
//! A mail is one template, `<language>/<name>.txt`, in the small markup of [`super::markup`]; its
//! first line is `Subject: …`. Text and HTML are both made from it, so they always say the same.
//! Shared pieces lie beside it: `frame.txt` around every mail, what others include, `layout.html`
//! for how it looks, `words.json` for dates and units. Whoever wants full control of a mail's
//! HTML adds `<name>.html`, which then takes the place of the layout.
//!
//! Files are looked for in the account's language, then in its base (`de` for `de-AT`), then in
//! English; in each of them the operator's directory goes before what is embedded.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{
    AutoEscape, Environment, State, UndefinedBehavior, Value, context, escape_formatter,
};

use crate::config;
use crate::domain::calendar::{Period, Zone};
use crate::domain::effects::{About, Template};
use crate::domain::nouns::subscription::Mode;

use super::OutboxError;
use super::embedded::EMBEDDED;
use super::markup::{self, ABSENT, Block};
use super::samples;
use super::values::{one_line, preview, values};
use super::words::Words;

pub use super::values::Subject;

/// The language that everything falls back to.
const BASE: &str = "en";

/// A mail as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its subject.
    pub subject: String,
    /// Its text, in lines of at most 76 columns.
    pub text: String,
    /// Its HTML.
    pub html: String,
    /// The language that its template was found in.
    pub language: String,
}

/// A template that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Which file: `de/renewed.txt`.
    pub file: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}

impl std::error::Error for Problem {}

type Vocabulary = Arc<BTreeMap<String, Words>>;

/// All templates, read once.
pub struct Templates {
    read: Arc<Read>,
    provider: String,
    /// Of accounts that name no language.
    language: String,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").field("files", &self.read.files).finish_non_exhaustive()
    }
}

/// Templates as they were read.
struct Read {
    environment: Environment<'static>,
    files: Arc<BTreeSet<String>>,
    /// What could not be read at all.
    problems: Vec<Problem>,
}

impl Read {
    /// Reads what is embedded, and what is put in its place.
    fn of(overrides: BTreeMap<String, String>) -> Result<Self, OutboxError> {
        let mut sources: BTreeMap<String, String> = EMBEDDED
            .iter()
            .map(|(file, source)| ((*file).to_owned(), (*source).to_owned()))
            .collect();
        sources.extend(overrides);
        let mut problems = Vec::new();
        let vocabulary = Arc::new(vocabulary(&sources, &mut problems));
        let files = Arc::new(sources.keys().cloned().collect::<BTreeSet<_>>());
        let mut environment = environment(&files, &vocabulary)?;
        for (file, source) in sources.into_iter().filter(|(file, _)| ending(file) != "json") {
            if let Err(error) = environment.add_template_owned(file.clone(), source) {
                problems.push(Problem { file, message: told(&error) });
            }
        }
        Ok(Self { environment, files, problems })
    }

    /// What is embedded, and nothing else: it is the same for every house of this process.
    fn embedded() -> Result<Arc<Self>, OutboxError> {
        static EMBEDDED_ONLY: OnceLock<Arc<Read>> = OnceLock::new();
        if let Some(read) = EMBEDDED_ONLY.get() {
            return Ok(Arc::clone(read));
        }
        let read = Arc::new(Self::of(BTreeMap::new())?);
        Ok(Arc::clone(EMBEDDED_ONLY.get_or_init(|| read)))
    }
}

impl Templates {
    /// Reads the embedded templates and the operator's. Files that are wrong are kept for
    /// [`Templates::check`]; only a directory that cannot be read is an error here.
    pub fn load(mail: &config::Mail) -> Result<Self, OutboxError> {
        let overrides = overrides(mail)?;
        let read =
            if overrides.is_empty() { Read::embedded()? } else { Arc::new(Read::of(overrides)?) };
        Ok(Self { read, provider: mail.provider.clone(), language: mail.language.clone() })
    }

    /// Writes a mail.
    pub fn render(&self, subject: &Subject<'_>) -> Result<Page, Problem> {
        let (page, _) = self.rendered(subject)?;
        Ok(page)
    }

    /// The mail, and whether a sentence of it prints a value that is absent.
    fn rendered(&self, subject: &Subject<'_>) -> Result<(Page, bool), Problem> {
        let asked = match subject.about.language.as_str() {
            "" => self.language.as_str(),
            language => language,
        };
        let name = subject.template.as_str();
        let file = self.find(asked, &format!("{name}.txt"))?;
        let language = file.split_once('/').map_or(BASE, |(language, _)| language).to_owned();
        // All files print from these: they are made what a template reads once.
        let values = Value::from(Serde(values(subject, &language, &self.provider)));
        let source = self.fill(&file, values.clone())?;
        let (first, body) = source.trim_start().split_once('\n').unwrap_or((&source, ""));
        let title = first.strip_prefix("Subject:").ok_or_else(|| Problem {
            file: file.clone(),
            message: "the first line is not `Subject: …`".to_owned(),
        })?;
        let has_gap = title.contains(ABSENT);
        let title = one_line(&title.replace(ABSENT, ""));
        let values = context! { body => body.trim(), ..values };
        let framed = self.fill(&self.find(&language, "frame.txt")?, values.clone())?;
        let blocks = markup::parse(&framed);
        let has_gap = has_gap || blocks.iter().any(Block::has_absent);
        let shown: Vec<Block> = blocks.iter().map(Block::without_absent).collect();
        let values = context! {
            subject => title.as_str(),
            preview => preview(&shown),
            blocks => Serde(&shown),
            ..values
        };
        let layout = self
            .find(&language, &format!("{name}.html"))
            .or_else(|_| self.find(&language, "layout.html"))?;
        let html = self.fill(&layout, values)?.replace(ABSENT, "");
        let page = Page { subject: title, text: markup::text(&shown), html, language };
        Ok((page, has_gap))
    }

    /// Everything that is wrong with the templates: each mail is written in each language, with
    /// all values and with few.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems: BTreeSet<Problem> = self.read.problems.iter().cloned().collect();
        problems.extend(self.strangers());
        for language in self.languages() {
            for template in Template::ALL {
                for about in samples::of(template, &language) {
                    problems.extend(self.faults(template, &about));
                }
            }
        }
        problems.into_iter().collect()
    }

    /// The languages that there is a file of.
    #[must_use]
    pub fn languages(&self) -> BTreeSet<String> {
        let of = |file: &String| file.split_once('/').map(|(language, _)| language.to_owned());
        self.read.files.iter().filter_map(of).collect()
    }

    fn faults(&self, template: Template, about: &About) -> Vec<Problem> {
        let subject = Subject {
            template,
            about,
            name: "Ada",
            code: about.code.map(|_| "042917".to_owned()),
            note: about.note.map(|_| "As agreed on the phone.".to_owned()),
            stream: samples::stream(template),
            at: samples::now(),
            product: None,
            products: BTreeMap::new(),
        };
        let (page, has_gap) = match self.rendered(&subject) {
            Ok(rendered) => rendered,
            Err(problem) => return vec![problem],
        };
        let fault = |message: &str| Problem {
            file: format!("{}/{}.txt", page.language, template.as_str()),
            message: message.to_owned(),
        };
        let mut faults = Vec::new();
        if page.subject.is_empty() {
            faults.push(fault("the subject is empty"));
        }
        if has_gap && samples::is_complete(template, about) {
            faults.push(fault("a sentence prints a value that is absent"));
        }
        faults
    }

    /// Files that nothing would ever read: a name misspelt is an override that silently isn't.
    fn strangers(&self) -> Vec<Problem> {
        let is_known = |name: &str| {
            let stem = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".html"));
            Template::ALL.iter().any(|template| stem == Some(template.as_str()))
                || EMBEDDED.iter().any(|(file, _)| file.ends_with(&format!("/{name}")))
        };
        let strange = self.read.files.iter().filter(|file| {
            let name = file.rsplit('/').next().unwrap_or(file);
            // What an operator's templates include begins with `_`.
            !name.starts_with('_') && !is_known(name)
        });
        strange
            .map(|file| Problem {
                file: file.clone(),
                message: "no mail has this name; files to be included begin with _".to_owned(),
            })
            .collect()
    }

    fn find(&self, language: &str, name: &str) -> Result<String, Problem> {
        find(&self.read.files, language, name).ok_or_else(|| Problem {
            file: format!("{language}/{name}"),
            message: "there is no such template".to_owned(),
        })
    }

    fn fill(&self, file: &str, values: Value) -> Result<String, Problem> {
        let problem = |error: minijinja::Error| Problem {
            file: error.name().unwrap_or(file).to_owned(),
            message: told(&error),
        };
        let template = self.read.environment.get_template(file).map_err(problem)?;
        template.render(values).map_err(problem)
    }
}

/// Exact language, its base, English.
fn chain(language: &str) -> impl Iterator<Item = &str> {
    let base = language.split(['-', '_']).next().unwrap_or(language);
    [language, base, BASE].into_iter()
}

fn find(files: &BTreeSet<String>, language: &str, name: &str) -> Option<String> {
    chain(language)
        .map(|language| format!("{}/{name}", language.to_ascii_lowercase().replace('_', "-")))
        .find(|file| files.contains(file))
}

fn words<'a>(vocabulary: &'a BTreeMap<String, Words>, language: &str) -> Option<&'a Words> {
    chain(language).find_map(|language| vocabulary.get(language))
}

/// What the operator's directory holds: `<language>/<file>`.
fn overrides(mail: &config::Mail) -> Result<BTreeMap<String, String>, OutboxError> {
    let mut found = BTreeMap::new();
    if mail.templates.as_os_str().is_empty() {
        return Ok(found);
    }
    let wrong = |path: &std::path::Path, error: &dyn fmt::Display| {
        OutboxError::setting("mail.templates", &format!("{}: {error}", path.display()))
    };
    let list = |path: &std::path::Path| -> Result<Vec<std::path::PathBuf>, OutboxError> {
        std::fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
            .map_err(|error| wrong(path, &error))
    };
    let name =
        |path: &std::path::Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    for directory in list(&mail.templates)?.into_iter().filter(|path| path.is_dir()) {
        let Some(language) = name(&directory) else { continue };
        for file in list(&directory)? {
            let Some(name) = name(&file).filter(|name| is_ours(name)) else { continue };
            let source = std::fs::read_to_string(&file).map_err(|error| wrong(&file, &error))?;
            found.insert(format!("{}/{name}", language.to_ascii_lowercase()), source);
        }
    }
    Ok(found)
}

/// Editors leave other files behind.
fn is_ours(name: &str) -> bool {
    matches!(ending(name), "txt" | "html" | "json") && !name.starts_with('.')
}

fn ending(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn vocabulary(
    sources: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Words> {
    let mut vocabulary = BTreeMap::new();
    for (file, source) in sources {
        let Some((language, "words.json")) = file.split_once('/') else { continue };
        match serde_json::from_str(source) {
            Ok(words) => {
                vocabulary.insert(language.to_owned(), words);
            }
            Err(error) => {
                problems.push(Problem { file: file.clone(), message: error.to_string() });
            }
        }
    }
    vocabulary
}

fn environment(
    files: &Arc<BTreeSet<String>>,
    vocabulary: &Vocabulary,
) -> Result<Environment<'static>, OutboxError> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .map_err(|error| OutboxError::setting("mail.templates", &error))?;
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        if ending(name) == "html" { AutoEscape::Html } else { AutoEscape::None }
    });
    // A value that is absent leaves a mark, so that its row can be left out.
    environment.set_formatter(|out, state, value| {
        if value.is_none() {
            out.write_str(ABSENT.encode_utf8(&mut [0; 4])).map_err(minijinja::Error::from)
        } else {
            escape_formatter(out, state, value)
        }
    });
    let known = Arc::clone(files);
    environment.set_path_join_callback(move |name, parent| {
        let language = parent.split_once('/').map_or(BASE, |(language, _)| language);
        find(&known, language, name).unwrap_or_else(|| format!("{language}/{name}")).into()
    });
    add_filters(&mut environment, vocabulary);
    Ok(environment)
}

fn add_filters(environment: &mut Environment<'static>, vocabulary: &Vocabulary) {
    let mut add = |name: &'static str, write: fn(&Words, Zone, &str) -> Option<String>| {
        let vocabulary = Arc::clone(vocabulary);
        environment.add_filter(name, move |state: &State, value: Value| {
            written(state, &vocabulary, name, &value, write)
        });
    };
    add("when", |words, zone, text| Some(words.moment(text.parse().ok()?, zone)));
    add("day", |words, zone, text| Some(words.day(text.parse().ok()?, zone)));
    add("money", |words, _, text| words.money(text));
    add("percent", |words, _, text| Some(words.percent(text)));
    add("period", |words, _, text| Some(words.period(text.parse::<Period>().ok()?)));
    add("mode", |words, _, text| Some(words.mode(text.parse::<Mode>().ok()?)));
    let vocabulary = Arc::clone(vocabulary);
    environment.add_filter("count", move |state: &State, value: Value, unit: &str| {
        let write = |n: i64| {
            let words = words(&vocabulary, &text_of(state, "language")).ok_or_else(no_words)?;
            Ok(Value::from(words.count(n.unsigned_abs(), unit)))
        };
        if value.is_none() { Ok(value) } else { i64::try_from(value).and_then(write) }
    });
}

/// A value in the words of the mail's language; nothing of nothing.
fn written(
    state: &State,
    vocabulary: &Vocabulary,
    filter: &str,
    value: &Value,
    write: fn(&Words, Zone, &str) -> Option<String>,
) -> Result<Value, minijinja::Error> {
    if value.is_none() {
        return Ok(value.clone());
    }
    let words = words(vocabulary, &text_of(state, "language")).ok_or_else(no_words)?;
    let zone = text_of(state, "zone").parse().unwrap_or(Zone::UTC);
    let text = value.as_str().and_then(|text| write(words, zone, text));
    text.map(Value::from).ok_or_else(|| {
        let message = format!("{value} is nothing that the filter {filter} can write");
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, message)
    })
}

fn no_words() -> minijinja::Error {
    minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, "there is no words.json")
}

fn text_of(state: &State, key: &str) -> String {
    state.lookup(key).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// An error of a template, with its line.
fn told(error: &minijinja::Error) -> String {
    let place = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    format!("{place}{detail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded() -> Templates {
        Templates::load(&config::Mail { provider: "Example Cloud".into(), ..Default::default() })
            .expect("templates")
    }

    #[test]
    fn the_embedded_templates_are_right() {
        assert_eq!(embedded().check(), []);
    }
}
