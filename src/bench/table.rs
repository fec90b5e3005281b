//! All measures in one table. Each runs in a process of its own, so that none has the memory of
//! those before it.

use std::fmt::Write as _;
use std::process::Stdio;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::arguments::{Common, Size};
use super::daemon;

/// A line of the table.
#[derive(Debug, Serialize)]
struct Line {
    /// What was measured, and in which unit.
    measure: String,
    /// What the daemon did.
    ours: f64,
    /// What the floor did.
    floor: Option<f64>,
    /// How near to the floor it comes: 0.5 takes twice as long.
    ratio: Option<f64>,
    /// What else there is to know.
    note: String,
}

/// What is run, with its flags.
fn benches(size: Size) -> [(&'static str, Vec<(&'static str, u64)>); 7] {
    let of = |small, moderate, large| match size {
        Size::Small => small,
        Size::Moderate => moderate,
        Size::Large => large,
    };
    let clients = of(8, 64, 64);
    [
        ("renewals", vec![("accounts", of(300, 20_000, 100_000))]),
        (
            "commands",
            vec![
                ("clients", clients),
                ("commands", of(400, 20_000, 50_000)),
                ("accounts", of(50, 5_000, 10_000)),
            ],
        ),
        (
            "orders",
            vec![
                ("clients", clients),
                ("orders", of(200, 8_000, 20_000)),
                ("accounts", of(50, 2_000, 5_000)),
            ],
        ),
        (
            "usage",
            vec![
                ("accounts", of(50, 5_000, 10_000)),
                ("events", of(2_000, 100_000, 200_000)),
                ("settled", of(50, 20_000, 100_000)),
                ("hours", of(3, 5, 10)),
            ],
        ),
        ("recovery", vec![("accounts", of(600, 20_000, 100_000)), ("months", of(1, 3, 3))]),
        ("start", vec![("accounts", of(1_000, 100_000, 1_000_000))]),
        ("large-account", vec![("subscriptions", of(100, 10_000, 10_000))]),
    ]
}

/// Runs all, one after the other, and prints the table.
pub(super) fn run(size: Size, common: &Common) -> anyhow::Result<()> {
    let mut measured = serde_json::Map::new();
    for (name, flags) in benches(size) {
        let flags: Vec<String> =
            flags.into_iter().map(|(flag, value)| format!("--{flag}={value}")).collect();
        eprintln!("bench {name} {}", flags.join(" "));
        let mut bench = daemon::program()?;
        bench.args(["bench", name, "--json", "--dir"]).arg(&common.dir).args(flags);
        if let Some(store) = &common.store {
            bench.args(["--store", store]);
        }
        let done = bench.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
        anyhow::ensure!(done.status.success(), "bench {name} failed: {}", done.status);
        let value: Value = serde_json::from_slice(&done.stdout).with_context(|| name)?;
        measured.insert(name.to_owned(), value);
    }
    let lines = lines(&Measured(Value::Object(measured)))?;
    if common.json {
        println!("{}", json!({ "lines": lines }));
    } else {
        print!("{}", drawn(&lines));
    }
    Ok(())
}

/// What all benches printed.
struct Measured(Value);

impl Measured {
    fn number(&self, place: &str) -> anyhow::Result<f64> {
        let value = self.0.pointer(place).and_then(Value::as_f64);
        value.with_context(|| format!("no figure {place}"))
    }

    /// A line of rates: what `place` says of itself, its floor and its ratio.
    fn rate(&self, measure: &str, place: &str, rate: &str, note: String) -> anyhow::Result<Line> {
        Ok(Line {
            measure: measure.to_owned(),
            ours: self.number(&format!("{place}/{rate}"))?,
            floor: Some(self.number(&format!("{place}/floor_per_s"))?),
            ratio: Some(self.number(&format!("{place}/ratio"))?),
            note,
        })
    }

    /// What a renewal takes of the processors: where they are few, that is what bounds the rate.
    fn processor_time(&self) -> anyhow::Result<Line> {
        let figure = |name: &str| self.number(&format!("/renewals/{name}"));
        let (ours, floor) = (figure("processor_us")?, figure("floor_processor_us")?);
        let by_sqlite = figure("sqlite_us")?;
        Ok(Line {
            measure: "the same in time of processors, µs each".to_owned(),
            ours,
            floor: Some(floor),
            ratio: Some(floor / ours),
            note: if by_sqlite > 0.0 {
                format!("{by_sqlite:.0} of it on the thread that SQLite writes on")
            } else {
                "the server's not counted".to_owned()
            },
        })
    }

    fn start(&self, measure: &str, kind: &str) -> anyhow::Result<Line> {
        let figure = |name: &str| self.number(&format!("/start/{kind}/{name}"));
        let counted = figure("status_ms")?;
        let log = if kind == "killed" {
            format!("; write-ahead log of {:.0} MiB", self.number("/start/wal_mib")?)
        } else {
            String::new()
        };
        Ok(Line {
            measure: measure.to_owned(),
            ours: figure("read_ms")?,
            floor: Some(figure("floor_ms")?),
            ratio: Some(figure("ratio")?),
            note: format!(
                "book of {}; counted after {counted:.0} ms{log}",
                self.number("/start/accounts")?
            ),
        })
    }
}

/// The table, line by line.
fn lines(of: &Measured) -> anyhow::Result<Vec<Line>> {
    let figure = |place: &str| of.number(place);
    let mut lines = Vec::new();
    let note = format!(
        "{:.0} a commit; meanwhile a command takes {:.1} ms, 99 % of them {:.1} ms or less",
        figure("/renewals/commits_per_batch")?,
        figure("/renewals/p50_ms")?,
        figure("/renewals/p99_ms")?,
    );
    lines.push(of.rate("renewals in one slot, a second", "/renewals", "renewals_per_s", note)?);
    lines.push(of.processor_time()?);
    for (measure, name) in
        [("commands, a second", "commands"), ("commands of orders, a second", "orders")]
    {
        let place = format!("/{name}");
        let mut note = format!(
            "{} clients, {:.0} a commit",
            figure(&format!("{place}/clients"))?,
            figure(&format!("{place}/commits_per_batch"))?,
        );
        let answered = if name == "commands" { "" } else { "create_" };
        let p50 = figure(&format!("{place}/{answered}p50_ms"))?;
        let p99 = figure(&format!("{place}/{answered}p99_ms"))?;
        write!(note, "; answered in {p50:.1} ms, 99 % in {p99:.1} ms")?;
        lines.push(of.rate(measure, &place, "commands_per_s", note)?);
    }
    for (batch, words) in [
        ("1", "one by one"),
        ("100", "batches of 100"),
        ("1000", "batches of 1,000"),
        ("1000_scattered", "1,000 accounts a batch"),
    ] {
        let place = format!("/usage/batches/{batch}");
        let bytes = figure(&format!("{place}/bytes_per_event"))?;
        let measure = format!("usage events, {words}, a second");
        let note = format!("{bytes} bytes an event");
        lines.push(of.rate(&measure, &place, "events_per_s", note)?);
    }
    let note = format!("{:.2} bill lines each", figure("/usage/settlement/lines_per_hour")?);
    let place = "/usage/settlement";
    lines.push(of.rate("resource-hours settled, a second", place, "hours_per_s", note)?);
    let note = format!(
        "{:.0} KiB of journal and snapshot each; 100,000 in {:.1} s",
        figure("/recovery/bytes_per_account")? / 1024.0,
        figure("/recovery/seconds_per_100000")?,
    );
    lines.push(of.rate("accounts read back, a second", "/recovery", "accounts_per_s", note)?);
    lines.push(of.start("cold start to an account read, ms", "closed")?);
    lines.push(of.start("the same after a kill, ms", "killed")?);
    let note = format!(
        "{:.2} times as long as one of {} subscriptions; a reminder {:.2} times",
        figure("/large-account/renewal_growth")?,
        figure("/large-account/small/subscriptions")?,
        figure("/large-account/reminder_growth")?,
    );
    lines.push(Line {
        measure: format!(
            "a renewal of {} in one account, µs",
            figure("/large-account/large/subscriptions")?
        ),
        ours: figure("/large-account/large/renewal_us")?,
        floor: Some(figure("/large-account/large/floor_us")?),
        ratio: Some(figure("/large-account/large/ratio")?),
        note,
    });
    lines.push(Line {
        measure: "a command on that account, ms".to_owned(),
        ours: figure("/large-account/large/command_ms")?,
        floor: None,
        ratio: None,
        note: format!(
            "read back after a restart in {:.0} ms",
            figure("/large-account/large/read_back_ms")?
        ),
    });
    let memory = |measure: &str, ours, note| Line {
        measure: measure.to_owned(),
        ours,
        floor: None,
        ratio: None,
        note,
    };
    lines.push(memory(
        "memory after a start, MiB",
        figure("/start/rss_start_mib")?,
        format!("book of {}", figure("/start/accounts")?),
    ));
    lines.push(memory(
        "memory of a live account, bytes",
        figure("/start/bytes_per_live_account")?,
        format!("{} of them live", figure("/start/live_accounts")?),
    ));
    lines.push(memory(
        "memory at its most while renewing, MiB",
        figure("/renewals/peak_rss_mib")?,
        format!(
            "of it the bench, and what was live before: {:.0}",
            figure("/renewals/rss_before_mib")?
        ),
    ));
    Ok(lines)
}

/// A figure with as many places as people read.
fn shown(figure: f64) -> String {
    let places = usize::from(figure.abs() < 100.0) + usize::from(figure.abs() < 10.0);
    format!("{figure:.places$}")
}

/// The table as text.
fn drawn(lines: &[Line]) -> String {
    let optional = |figure: Option<f64>| figure.map_or_else(|| "–".to_owned(), shown);
    let mut rows = vec![["measure", "ours", "floor", "ratio", "note"].map(str::to_owned)];
    rows.extend(lines.iter().map(|line| {
        let ratio = line.ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
        let figures = [shown(line.ours), optional(line.floor), ratio];
        let [ours, floor, ratio] = figures;
        [line.measure.clone(), ours, floor, ratio, line.note.clone()]
    }));
    let width = |place: usize| rows.iter().map(|row| row[place].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    let mut text = String::new();
    for [measure, ours, floor, ratio, note] in &rows {
        let [first, second, third, fourth] = widths;
        // A string grows.
        let _ = writeln!(
            text,
            "{measure:<first$}  {ours:>second$}  {floor:>third$}  {ratio:>fourth$}  {note}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_below_each_other() {
        let line = |measure: &str, ours, floor| Line {
            measure: measure.to_owned(),
            ours,
            floor,
            ratio: floor.map(|floor| ours / floor),
            note: "a note".to_owned(),
        };
        let lines = [line("commands, a second", 12_345.6, Some(20_000.0)), line("µs", 4.0, None)];
        let expected = "\
measure              ours  floor  ratio  note
commands, a second  12346  20000   0.62  a note
µs                   4.00      –      –  a note
";
        assert_eq!(drawn(&lines), expected);
    }
}
