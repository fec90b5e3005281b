//! Mails as they lie in the mail directory.

use std::fs;
use std::path::Path;

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) message_id: String,
    /// The stream that caused it: an account, or `house`.
    pub(crate) stream: String,
    /// The record that caused it, and its number there.
    pub(crate) seq: u64,
    pub(crate) n: u64,
    pub(crate) template: String,
    pub(crate) text: String,
}

impl Mail {
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let head = text.split("\n\n").next().unwrap_or_default().replace("\n ", " ");
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let mut found = lines.filter(|(given, _)| given.eq_ignore_ascii_case(name));
            let value = found.next().map(|(_, value)| value.trim().to_owned());
            value.unwrap_or_else(|| panic!("no {name} in\n{head}"))
        };
        let effect = header("X-Renewd-Effect");
        let (key, template) = effect.split_once(' ').expect("a key and a template");
        let [stream, seq, n] = key.split('/').collect::<Vec<_>>()[..] else { panic!("{effect}") };
        Self {
            to: header("To"),
            subject: header("Subject"),
            message_id: header("Message-ID"),
            stream: stream.to_owned(),
            seq: seq.parse().expect("a record's number"),
            n: n.parse().expect("an effect's number"),
            template: template.to_owned(),
            text,
        }
    }
}

/// The mails in a directory, by stream and record.
pub(crate) fn mails_in(directory: &Path) -> Vec<Mail> {
    let Ok(files) = fs::read_dir(directory) else { return Vec::new() };
    let mut mails: Vec<Mail> = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .map(|path| Mail::parse(&fs::read_to_string(path).expect("a mail")))
        .collect();
    mails.sort_by(|a, b| (&a.stream, a.seq, a.n).cmp(&(&b.stream, b.seq, b.n)));
    mails
}

/// The templates of mails, in order.
pub(crate) fn words(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.template.as_str()).collect()
}
