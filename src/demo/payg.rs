//! `renewd demo --payg`: a machine that is paid for by use outruns its balance, is stopped, and
//! comes back.

use std::io::Write;

use super::{begin, end, heard, mail_count, play};
use crate::actors::{Lane, Request};
use crate::app::App;
use crate::config::Config;
use crate::domain::calendar::Timestamp;
use crate::domain::command::{Answer, Command};
use crate::domain::ids::{AccountId, ResourceId};
use crate::domain::money::Money;
use crate::domain::record::Cause;
use crate::domain::rules::Rules;
use crate::domain::verbs::record_usage::{RecordUsage, Reported};
use crate::domain::verbs::resource::OpenResource;
use crate::domain::verbs::top_up::TopUp;
use crate::store::codec;

/// Its one customer, with money for a few days.
const BOOK: &str = r#"{"external_id":"payg-1","account":{"name":"Kite Labs","email":"ops@kite.example","kind":"corporate","country":"DE","currency":"USD","time_zone":"UTC","language":"en"},"cash":"12.00","subscriptions":[]}"#;

/// When it sends more than its plan includes.
const BUSY: &str = "2026-01-03T12:00:00Z";
/// When it pays.
const PAYS: &str = "2026-01-24T10:00:00Z";
/// When the demo ends.
const ENDS: &str = "2026-02-01T00:10:00Z";

/// Starts the demo on an empty directory, plays it, and sums up; then stays up until it is
/// stopped, unless `exit` is set.
pub async fn run(
    config: &Config,
    rules: Rules,
    exit: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (busy, pays, ends): (Timestamp, Timestamp, Timestamp) =
        (BUSY.parse()?, PAYS.parse()?, ENDS.parse()?);
    let (app, mut story) = begin(config, rules, BOOK).await?;
    let account = story.owners().next();
    let account = account.ok_or_else(|| anyhow::anyhow!("the sample book has no account"))?;
    writeln!(
        out,
        "Kite Labs has 12.00 USD and opens a virtual machine that is paid for by use. renewd meters\n\
         it by the second and settles it every hour.\n",
    )?;
    let mut feed = app.accounts.ports().watch();
    let machine = opens(&app, account).await?;
    for line in heard(&mut feed, &mut story) {
        writeln!(out, "{line}")?;
    }
    play(&app, &mut story, busy, out).await?;
    let gigabytes = 1_030;
    uses(&app, machine, gigabytes, busy).await?;
    writeln!(out, "\nThe machine sends {gigabytes} GB; 1000 a month are included.\n")?;
    play(&app, &mut story, pays, out).await?;
    let amount = Money::parse("80.00", "USD".parse()?)?;
    writeln!(out, "\nKite Labs pays {amount}.\n")?;
    let mut feed = app.accounts.ports().watch();
    tops_up(&app, account, amount).await?;
    for line in heard(&mut feed, &mut story) {
        writeln!(out, "{line}")?;
    }
    play(&app, &mut story, ends, out).await?;
    writeln!(out, "\nA month later, on {}:", ends.utc().format("%-d %B %Y"))?;
    for line in story.summary() {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "  {:>5}  mails", mail_count(&app).await?)?;
    let visits = [
        format!("resource show {machine}"),
        format!("usage show {machine}"),
        format!("statement show {account} 2026-01"),
        format!("notices {account}"),
    ];
    end(config, app, ends, &visits, exit, out).await
}

async fn asks(app: &App, account: AccountId, command: Command) -> anyhow::Result<Answer> {
    let request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
    Ok(app.accounts.execute(account.into(), request).await?.answer)
}

async fn opens(app: &App, account: AccountId) -> anyhow::Result<ResourceId> {
    let open = OpenResource {
        product: "compute".to_owned(),
        plan: "large".to_owned(),
        region: "eu-central-1".to_owned(),
        external_id: Some("kite-sim".to_owned()),
    };
    match asks(app, account, Command::OpenResource(open)).await? {
        Answer::Resource { resource } => Ok(resource.id),
        other => anyhow::bail!("this is no answer to an opening: {other:?}"),
    }
}

async fn uses(app: &App, machine: ResourceId, gigabytes: u32, at: Timestamp) -> anyhow::Result<()> {
    let meter = "traffic";
    let reading = Reported {
        key: codec::report_key(meter, "demo", "1"),
        resource: machine,
        meter: meter.to_owned(),
        quantity: gigabytes.into(),
        value: None,
        at,
    };
    let report = RecordUsage { readings: vec![reading] };
    asks(app, machine.account, Command::RecordUsage(report)).await.map(drop)
}

async fn tops_up(app: &App, account: AccountId, amount: Money) -> anyhow::Result<()> {
    let top_up = TopUp {
        amount,
        method: "bank_transfer".to_owned(),
        channel: "operator".to_owned(),
        reference: None,
    };
    asks(app, account, Command::TopUp(top_up)).await.map(drop)
}
