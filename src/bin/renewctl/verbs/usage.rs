//! Reporting usage, in batches, and what a resource has used.

use std::io::{BufRead, BufReader, IsTerminal as _};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use renewd::admin::wire::{ResourceUsage, UsageQuery, UsageResult, UsageTaken};

use super::{Desk, would};
use crate::cli::{UsageVerb, Write};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, money, or_nothing};

/// Events that go out together.
const BATCH_MAX: usize = 1_000;
/// Bytes that go out together: well below the largest body that a daemon takes by default.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// About usage.
pub(super) async fn run(desk: &Desk, verb: &UsageVerb) -> Result<(), Failure> {
    match verb {
        UsageVerb::Send { file, dry_run } => send(desk, file, *dry_run).await,
        UsageVerb::Show { resource } => {
            let call = Call::get(&["v1", "resources", resource, "usage"]);
            desk.ask(&call, show).await
        }
    }
}

fn show(output: output::Output, usage: ResourceUsage) -> Result<(), Failure> {
    output::card(&[
        ("resource", usage.resource.clone()),
        ("month", usage.month.clone()),
        ("settled up to", usage.settled_through.clone()),
        ("settled next", or_nothing(usage.settles_at.as_ref())),
        ("billed in its life", money(&usage.billed)),
    ])?;
    let rows = usage
        .meters
        .into_iter()
        .map(|on| vec![on.meter, on.aggregation, on.unit, on.settled, on.unsettled]);
    let columns = ["METER", "COUNTS", "UNIT", ">SETTLED THIS MONTH", ">NOT YET"];
    Ok(output.table(&columns, rows.collect())?)
}

/// Reads events as they come and reports them batch by batch, so that an endless stream needs no
/// more memory than a batch.
async fn send(desk: &Desk, file: &Path, dry_run: bool) -> Result<(), Failure> {
    let name = file.display().to_string();
    let no = |error: std::io::Error| Failure::local(&name, &error);
    let lines: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(std::fs::File::open(file).map_err(no)?))
    };
    let query = UsageQuery { results: None, dry_run };
    let call = Call::post(&["v1", "usage"], &Write::default()).filter(&query)?;
    let mut sending = Sending { desk, call, bar: bar(desk), sum: UsageTaken::default() };
    let mut batch = Batch::default();
    for (number, line) in (1..).zip(lines.split(b'\n')) {
        let line = line.map_err(no)?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        if batch.is_full_with(&line) {
            sending.batch(std::mem::take(&mut batch)).await?;
        }
        batch.push(number, &line);
    }
    if !batch.numbers.is_empty() {
        sending.batch(batch).await?;
    }
    sending.bar.finish_and_clear();
    sending.summary(dry_run)
}

/// Events that go out together, with the numbers of their lines.
#[derive(Debug, Default)]
struct Batch {
    numbers: Vec<u64>,
    body: Vec<u8>,
}

impl Batch {
    fn is_full_with(&self, line: &[u8]) -> bool {
        let is_full =
            self.numbers.len() >= BATCH_MAX || self.body.len() + line.len() > BATCH_BYTES_MAX;
        is_full && !self.numbers.is_empty()
    }

    fn push(&mut self, number: u64, line: &[u8]) {
        self.numbers.push(number);
        self.body.extend_from_slice(line);
        self.body.push(b'\n');
    }
}

fn bar(desk: &Desk) -> ProgressBar {
    if desk.output.is_quiet() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} events {per_sec}") {
        bar.set_style(style);
    }
    bar
}

struct Sending<'a> {
    desk: &'a Desk,
    call: Call,
    bar: ProgressBar,
    sum: UsageTaken,
}

impl Sending<'_> {
    async fn batch(&mut self, batch: Batch) -> Result<(), Failure> {
        let count = batch.numbers.len() as u64;
        let call = self.call.clone().body("application/x-ndjson", batch.body);
        let taken: UsageTaken = self.desk.client.send(&call).await?.read()?;
        self.sum.accepted_count += taken.accepted_count;
        self.sum.duplicate_count += taken.duplicate_count;
        self.sum.rejected_count += taken.rejected_count;
        self.sum.failed_count += taken.failed_count;
        for result in taken.results {
            let place = usize::try_from(result.index).unwrap_or(usize::MAX);
            let line = batch.numbers.get(place).copied().unwrap_or_default();
            self.told(line, result)?;
        }
        self.bar.inc(count);
        Ok(())
    }

    /// Names an event that is not counted: a duplicate is nothing to speak of.
    fn told(&mut self, line: u64, result: UsageResult) -> Result<(), Failure> {
        if result.outcome == "duplicate" {
            return Ok(());
        }
        if self.desk.output.json {
            self.sum.results.push(UsageResult {
                index: u32::try_from(line).unwrap_or(u32::MAX).saturating_sub(1),
                ..result
            });
            return Ok(());
        }
        let words = in_words(line, &result);
        // A bar and a line on the same terminal take turns.
        if std::io::stdout().is_terminal() {
            return Ok(self.bar.suspend(|| output::line(&words))?);
        }
        Ok(output::line(&words)?)
    }

    fn summary(&self, dry_run: bool) -> Result<(), Failure> {
        let UsageTaken { accepted_count, duplicate_count, rejected_count, failed_count, .. } =
            &self.sum;
        if self.desk.output.json {
            let sum = UsageTaken { dry_run, ..self.sum.clone() };
            let text = serde_json::to_string(&sum).map_err(|e| Failure::local("the sum", &e))?;
            output::line(&text)?;
        }
        let mut words = format!(
            "{}{accepted_count} counted, {duplicate_count} counted before, {rejected_count} refused",
            would(dry_run)
        );
        if *failed_count > 0 {
            words = format!("{words}, {failed_count} not taken for now: send them again");
        }
        self.desk.output.say(&words);
        if rejected_count + failed_count > 0 { Err(Failure::PartlyRejected) } else { Ok(()) }
    }
}

fn in_words(line: u64, result: &UsageResult) -> String {
    let who = result.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let code = result.code.as_deref().unwrap_or("refused");
    let detail = result.detail.as_deref().unwrap_or_default();
    format!("line {line}{who}: {code}: {detail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_a_thousand_events_or_as_many_as_fit() {
        let mut batch = Batch::default();
        let huge = vec![b'x'; BATCH_BYTES_MAX + 1];
        assert!(!batch.is_full_with(&huge), "one event always fits");
        batch.push(3, b"{}");
        assert!(batch.is_full_with(&huge) && !batch.is_full_with(b"{}"));
        for number in 4..=1_002 {
            batch.push(number, b"{}");
        }
        assert!(batch.is_full_with(b"{}"));
        assert_eq!((batch.numbers[0], batch.body.len()), (3, 3_000));
    }

    #[test]
    fn a_bad_event_is_named_by_its_line_with_its_reason() {
        let result = UsageResult {
            index: 4,
            id: Some("7-112".into()),
            outcome: "rejected".into(),
            code: Some("UsageTooLate".into()),
            detail: Some("it is older than usage may be reported".into()),
        };
        let expected = "line 7 (7-112): UsageTooLate: it is older than usage may be reported";
        assert_eq!(in_words(7, &result), expected);
    }
}
