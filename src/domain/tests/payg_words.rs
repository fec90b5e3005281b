//! The words of scripts for pay-as-you-go, and how its events are told.

use super::scenario::{ACCOUNT, World, instant, short, usd};
use crate::domain::calendar::Timestamp;
use crate::domain::command::Command;
use crate::domain::ids::ResourceId;
use crate::domain::nouns::{resource, standing, usage};
use crate::domain::usage::UsageKey;
use crate::domain::verbs;
use crate::domain::verbs::record_usage::{RecordUsage, Reported};

/// `open-resource vm small`, `start #2`, `stop #2`, `plan #2 large`, `release-resource #2`,
/// `report #2 traffic 12.5 as e1 at 2026-03-01 10:15`, `alert 20`.
pub(super) fn command(at: Timestamp, verb: &str, args: &[&str]) -> Option<Command> {
    let command = match verb {
        "open-resource" => Command::OpenResource(verbs::resource::OpenResource {
            product: args[0].into(),
            plan: args[1].into(),
            region: "eu".into(),
            external_id: None,
        }),
        "start" | "stop" => Command::SetPower(verbs::resource::SetPower {
            resource: resource_id(args[0]),
            run: verb == "start",
        }),
        "plan" => Command::ChangeResource(verbs::resource::ChangeResource {
            resource: resource_id(args[0]),
            plan: args[1].into(),
        }),
        "release-resource" => Command::ReleaseResource(verbs::resource::ReleaseResource {
            resource: resource_id(args[0]),
        }),
        "alert" => {
            let below = (args[0] != "off").then(|| usd(args[0]));
            Command::SetAlert(verbs::standing::SetAlert { below })
        }
        "report" => {
            let place = args.iter().position(|word| *word == "at");
            let used = place.map_or(at, |place| instant(args[place + 1], args[place + 2]));
            let id = args.iter().position(|word| *word == "as").map(|place| args[place + 1]);
            let readings = vec![reported(args[0], args[1], args[2], id.unwrap_or(args[2]), used)];
            Command::RecordUsage(RecordUsage { readings })
        }
        _ => return None,
    };
    Some(command)
}

/// A reading whose key and value are its name.
pub(super) fn reported(
    resource: &str,
    meter: &str,
    quantity: &str,
    id: &str,
    at: Timestamp,
) -> Reported {
    let hash = |text: &str| {
        text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let (meters, ids) = (hash(meter).to_be_bytes(), hash(id).to_be_bytes());
    let mut key = [0; 16];
    key[..8].copy_from_slice(&meters);
    key[8..].copy_from_slice(&ids);
    Reported {
        key: UsageKey(key),
        resource: resource_id(resource),
        meter: meter.into(),
        quantity: quantity.parse().expect("a quantity"),
        value: Some(hash(id)),
        at,
    }
}

pub(super) fn resource_id(text: &str) -> ResourceId {
    let number = text.strip_prefix('#').and_then(|n| n.parse().ok()).expect("such as #3");
    ResourceId::new(ACCOUNT, number)
}

pub(super) fn resource_told(event: &resource::Event) -> String {
    let id = event.resource().number;
    let text = match event {
        resource::Event::Opened { subject, plan, .. } => {
            format!("opened {} {plan}", subject.product)
        }
        resource::Event::Started { .. } => "started".into(),
        resource::Event::Stopped { .. } => "stopped".into(),
        resource::Event::PlanChanged { plan, .. } => format!("has plan {plan}"),
        resource::Event::Halted { due_at, releases_at, .. } => {
            format!("halted due {}, released at {}", short(*due_at), short(*releases_at))
        }
        resource::Event::ReleaseNoticed { releases_at, .. } => {
            format!("will be released at {}", short(*releases_at))
        }
        resource::Event::Restored { .. } => "restored".into(),
        resource::Event::Released { for_debt, at, .. } => {
            let why = if *for_debt { " for debt" } else { "" };
            format!("released{why} at {}", short(*at))
        }
        resource::Event::Closed { .. } => "closed".into(),
    };
    format!("  resource #{id} {text}")
}

pub(super) fn usage_told(event: &usage::Event) -> String {
    match event {
        usage::Event::Recorded { batches, .. } => {
            let of = |batch: &usage::Batch| {
                let late = if batch.late.is_some() { " late" } else { "" };
                format!("{} {}{late} in {}", batch.readings.len(), batch.meter, short(batch.slot))
            };
            let batches: Vec<_> = batches.iter().map(of).collect();
            format!("  recorded {}", batches.join(", "))
        }
        usage::Event::Settled(settlement) => {
            let lines: Vec<_> = settlement.lines.iter().map(line).collect();
            let coupon = settlement
                .coupon
                .map_or(String::new(), |c| format!(", coupon #{} {}", c.id.number, c.amount));
            let owed = if settlement.owed.is_zero() {
                String::new()
            } else {
                format!(", {} owed", settlement.owed)
            };
            let (cash, due) = (settlement.cash, short(settlement.due_at));
            format!("  settled due {due}: {cash} paid{owed}{coupon} [{}]", lines.join("; "))
        }
        usage::Event::PackageFilled(package) => {
            format!(
                "  package of {} {} until {}",
                package.left,
                package.meter,
                short(package.ends_at)
            )
        }
        usage::Event::PackageDropped { subscription, .. } => {
            format!("  packages of #{} dropped", subscription.number)
        }
    }
}

fn line(line: &usage::UsageLine) -> String {
    let kind = if line.is_adjustment { "adjustment " } else { "" };
    let (resource, meter, plan) = (line.resource.number, &line.meter, &line.plan);
    let (quantity, unit, tier, price) = (line.quantity, &line.unit, line.tier, line.price);
    let (since, until, payable) = (short(line.since), short(line.until), line.payable);
    format!(
        "{kind}#{resource} {meter} {plan} {quantity} {unit} of tier {tier} at {price} \
         {since} to {until} = {payable}"
    )
}

pub(super) fn standing_told(event: &standing::Event) -> String {
    match event {
        standing::Event::FellOverdue { amount, available, .. } => {
            format!("  overdue: {amount} to pay, available {available}")
        }
        standing::Event::OverdueNoticed { amount, due_at, .. } => {
            format!("  overdue still: {amount} to pay, due {}", short(*due_at))
        }
        standing::Event::Recovered { .. } => "  in good standing".into(),
        standing::Event::AlertSet { below, armed, .. } => match below {
            Some(below) => format!("  alert below {below}{}", if *armed { "" } else { ", low" }),
            None => "  alert off".into(),
        },
        standing::Event::RanLow { available, .. } => format!("  ran low: {available}"),
        standing::Event::Refilled { .. } => "  refilled".into(),
        standing::Event::WillRunShort { needed, available, due_at } => {
            format!("  will run short: {needed} needed, {available} there, due {}", short(*due_at))
        }
    }
}

/// The resource as it stands.
pub(super) fn live(world: &World, number: u32) -> &resource::Resource {
    &world.open().resources[&ResourceId::new(ACCOUNT, number)]
}
