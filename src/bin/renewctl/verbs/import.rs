//! Importing a book: in batches, so that a book of any size fits through the socket and the bar
//! moves.

use std::io::IsTerminal as _;
use std::ops::Range;

use indicatif::{ProgressBar, ProgressStyle};
use renewd::admin::wire::{ImportAnswer, ImportOutcome, ImportQuery, Problem};

use super::{Desk, contents, would};
use crate::cli::{Import, Write};
use crate::client::Call;
use crate::failure::Failure;
use crate::output;

const BATCH_LINES_MAX: usize = 256;
/// Well below the largest body that a daemon takes by default.
const BATCH_BYTES_MAX: usize = 256 * 1024;

/// Imports a book.
pub(super) async fn run(desk: &Desk, import: &Import) -> Result<(), Failure> {
    let book = contents(&import.file)?;
    let lines: Vec<&[u8]> = book.split(|&byte| byte == b'\n').collect();
    let bar = bar(desk, &lines);
    let query = ImportQuery { dry_run: import.write.dry_run, held: import.held };
    let write = Write { dry_run: false, ..import.write.clone() };
    let call = Call::post(&["v1", "imports"], &write).filter(&query)?;
    let mut counts = Counts::default();
    for batch in batches(&lines) {
        let answers = send(desk, &call, &lines, &batch).await?;
        for (line, answer) in answers {
            counts.take(desk, &bar, line, &answer)?;
        }
        bar.inc(lines[batch].iter().filter(|line| !is_blank(line)).count() as u64);
    }
    bar.finish_and_clear();
    desk.output.say(&format!(
        "{}{} imported, {} imported before, {} rejected",
        would(import.write.dry_run),
        counts.imported,
        counts.before,
        counts.rejected
    ));
    if counts.rejected > 0 { Err(Failure::PartlyRejected) } else { Ok(()) }
}

fn bar(desk: &Desk, lines: &[&[u8]]) -> ProgressBar {
    if desk.output.is_quiet() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(lines.iter().filter(|line| !is_blank(line)).count() as u64);
    let template = "{bar:40} {pos}/{len} accounts {per_sec} {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}

/// Consecutive lines that go out together.
fn batches(lines: &[&[u8]]) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, line) in lines.iter().enumerate() {
        let full = index - start >= BATCH_LINES_MAX || bytes + line.len() > BATCH_BYTES_MAX;
        if full && index > start {
            batches.push(start..index);
            (start, bytes) = (index, 0);
        }
        bytes += line.len() + 1;
    }
    if start < lines.len() {
        batches.push(start..lines.len());
    }
    batches.retain(|batch| !lines[batch.clone()].iter().all(|line| is_blank(line)));
    batches
}

/// Sends a batch; gives the answers with the numbers that their lines have in the file.
async fn send(
    desk: &Desk,
    call: &Call,
    lines: &[&[u8]],
    batch: &Range<usize>,
) -> Result<Vec<(usize, ImportAnswer)>, Failure> {
    let token = format!("{}.{}", call.token().unwrap_or_default(), batch.start + 1);
    let body = lines[batch.clone()].join(&b'\n');
    let call = call.clone().under(token).body("application/x-ndjson", body);
    match desk.client.send(&call).await {
        Ok(answer) => answer
            .text()
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| {
                let answer: ImportAnswer = serde_json::from_str(line)
                    .map_err(|error| Failure::Daemon(format!("an answer to no line: {error}")))?;
                let in_batch = usize::try_from(answer.line).unwrap_or(1).max(1);
                Ok((batch.start + in_batch, answer))
            })
            .collect(),
        // A line so long that it is refused on its own is a bad line like any other.
        Err(Failure::Rejected(problem)) if batch.len() == 1 => {
            Ok(vec![(batch.start + 1, rejected(*problem))])
        }
        Err(failure) => Err(failure),
    }
}

fn rejected(problem: Problem) -> ImportAnswer {
    ImportAnswer {
        line: 1,
        outcome: ImportOutcome::Rejected,
        external_id: None,
        account: None,
        subscriptions: Vec::new(),
        dry_run: false,
        problem: Some(problem),
    }
}

#[derive(Default)]
struct Counts {
    imported: u64,
    before: u64,
    rejected: u64,
}

impl Counts {
    /// Counts an answer, and prints it: all of them as JSON, else only the bad ones.
    fn take(
        &mut self,
        desk: &Desk,
        bar: &ProgressBar,
        line: usize,
        answer: &ImportAnswer,
    ) -> Result<(), Failure> {
        match answer.outcome {
            ImportOutcome::Imported => self.imported += 1,
            ImportOutcome::AlreadyImported => self.before += 1,
            ImportOutcome::Rejected => self.rejected += 1,
        }
        let printed = if desk.output.json {
            let numbered = ImportAnswer { line: line as u64, ..answer.clone() };
            Some(serde_json::to_string(&numbered).map_err(|e| Failure::local("an answer", &e))?)
        } else if answer.outcome == ImportOutcome::Rejected {
            Some(bad_line(line, answer))
        } else {
            None
        };
        match printed {
            // A bar and a line on the same terminal take turns.
            Some(text) if std::io::stdout().is_terminal() => {
                Ok(bar.suspend(|| output::line(&text))?)
            }
            Some(text) => Ok(output::line(&text)?),
            None => Ok(()),
        }
    }
}

fn bad_line(line: usize, answer: &ImportAnswer) -> String {
    let who = answer.external_id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    match &answer.problem {
        Some(problem) => format!("line {line}{who}: {}: {}", problem.code, problem.detail),
        None => format!("line {line}{who}: rejected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_cover_every_line_once_and_stay_small() {
        let short: &[u8] = b"{}";
        let long = vec![b'x'; BATCH_BYTES_MAX + 1];
        let mut lines = vec![short; 300];
        lines.push(&long);
        lines.extend([short; 2]);
        lines.push(b"");
        assert_eq!(batches(&lines), [0..256, 256..300, 300..301, 301..304]);
        assert_eq!(batches(&[b"", b" "]), Vec::<Range<usize>>::new());
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_with_its_reason() {
        let problem = Problem {
            kind: "about:blank".into(),
            title: "Unprocessable Entity".into(),
            status: 422,
            code: "OffAnchor".into(),
            detail: "expires_at does not fit".into(),
            values: std::collections::BTreeMap::new(),
        };
        let answer = ImportAnswer { external_id: Some("whmcs-812".into()), ..rejected(problem) };
        assert_eq!(bad_line(7, &answer), "line 7 (whmcs-812): OffAnchor: expires_at does not fit");
    }
}
