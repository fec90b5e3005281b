//! Open, start, stop, change and release pay-as-you-go resources, and what happens to them for
//! debt (R6.7–R6.14).

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{accrue, standing};
use crate::domain::account::Open;
use crate::domain::calendar::Timestamp;
use crate::domain::command::Answer;
use crate::domain::draft::Draft;
use crate::domain::ids::{ResourceId, SubscriptionId};
use crate::domain::money::{Currency, Money, Rounding};
use crate::domain::nouns::resource::{Event, Resource, Subject};
use crate::domain::nouns::wallet;
use crate::domain::rejection::Rejection;
use crate::domain::rules::{Aggregation, Model, Payg, Product, Rules, Timeline};

/// Open a resource; it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenResource {
    /// The product.
    pub product: String,
    /// Its plan.
    pub plan: String,
    /// The region.
    pub region: String,
    /// The provider's own name for it.
    pub external_id: Option<String>,
}

/// Start a resource, or stop it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPower {
    /// Which.
    pub resource: ResourceId,
    /// Is it to run?
    pub run: bool,
}

/// Give a resource another plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeResource {
    /// Which.
    pub resource: ResourceId,
    /// The plan.
    pub plan: String,
}

/// Release a resource. It is never undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseResource {
    /// Which.
    pub resource: ResourceId,
}

/// Opens it, with a deposit where the product asks for one (R6.7, R6.19).
pub fn open(draft: &mut Draft<'_>, command: &OpenResource) -> Result<Answer, Rejection> {
    let open = draft.in_good_standing()?;
    let (rules, product, payg) = product(draft.timeline, &command.product, draft.at)?;
    if !product.regions.contains(&command.region) {
        let (product, region) = (command.product.clone(), command.region.clone());
        return Err(Rejection::UnknownRegion { product, region });
    }
    check_plan(payg, &command.product, &command.plan, open.terms.currency)?;
    let available = open.wallet.available();
    let least = rules.payg.min_available.get(&open.terms.currency).copied().unwrap_or_default();
    if available.decimal() < least {
        let needed = Money::from_decimal(least, open.terms.currency, Rounding::HalfUp);
        let needed = needed.map_err(|_| Rejection::AmountTooLarge)?;
        return Err(Rejection::NotEnoughFunds { needed, available });
    }
    let deposit = deposit(payg, &command.plan, open.terms.currency)?;
    let spendable = open.wallet.spendable();
    if !spendable.covers(deposit) {
        return Err(Rejection::NotEnoughFunds { needed: deposit, available: spendable });
    }
    let id = ResourceId::new(open.id, open.next_number);
    let subject = Subject {
        external_id: command.external_id.clone(),
        product: command.product.clone(),
        region: command.region.clone(),
    };
    draft.push(Event::Opened { id, subject, plan: command.plan.clone(), at: draft.at });
    if !deposit.is_zero() {
        draft.push(wallet::Event::DepositHeld { resource: id, amount: deposit, at: draft.at });
    }
    answer(draft, id)
}

/// A subscription was released whose product has no recovery: further use is paid for after use
/// (R1.5), on the same plan if that is priced.
pub fn fall_back(draft: &mut Draft<'_>, id: SubscriptionId, at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let Some(live) = open.subscriptions.get(&id) else { return };
    let Some((_, payg)) = accrue::payg(draft.timeline, &live.subject.product, at) else { return };
    let plan = live.subject.plan.clone();
    if !payg.fallback || !payg.sells(&plan, open.terms.currency) {
        return;
    }
    let subject = Subject {
        external_id: live.subject.external_id.clone(),
        product: live.subject.product.clone(),
        region: live.subject.region.clone(),
    };
    let id = ResourceId::new(open.id, open.next_number);
    draft.push(Event::Opened { id, subject, plan, at });
}

/// Starts or stops it; one that does already is left alone. What was stopped for debt runs again
/// when the debt is paid, unless its owner stopped it too (R6.12).
pub fn set_power(draft: &mut Draft<'_>, set: SetPower) -> Result<Answer, Rejection> {
    let SetPower { resource: id, run } = set;
    draft.in_service()?;
    let resource = draft.resource(id)?;
    let at = draft.at;
    match (run, resource.stopped_at) {
        (true, Some(_)) => {
            draft.in_good_standing()?;
            draft.push(Event::Started { id, at });
        }
        (false, None) => draft.push(Event::Stopped { id, at }),
        (true, None) | (false, Some(_)) => {}
    }
    answer(draft, id)
}

/// Gives it another plan: what it uses from now on is a line of its own (R6.3).
pub fn change(draft: &mut Draft<'_>, change: &ChangeResource) -> Result<Answer, Rejection> {
    let open = draft.in_good_standing()?;
    let resource = draft.resource(change.resource)?;
    let name = &resource.subject.product;
    let (_, _, payg) = product(draft.timeline, name, draft.at)?;
    check_plan(payg, name, &change.plan, open.terms.currency)?;
    if resource.plan != change.plan {
        let (id, plan) = (change.resource, change.plan.clone());
        draft.push(Event::PlanChanged { id, plan, at: draft.at });
    }
    answer(draft, change.resource)
}

/// Releases it, also while the account is overdue, so that the debt stops growing (D18). What it
/// used is settled with its last cycle.
pub fn release(draft: &mut Draft<'_>, release: ReleaseResource) -> Result<Answer, Rejection> {
    draft.in_service()?;
    let id = draft.resource(release.resource)?.id;
    draft.push(Event::Released { id, at: draft.at, for_debt: false });
    answer(draft, id)
}

/// Stops it for debt: its time costs nothing from then on (R6.9).
pub fn halt(draft: &mut Draft<'_>, id: ResourceId, due_at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let Some(resource) = open.resources.get(&id) else { return };
    let releases_at = planned_release(draft.timeline, open, resource, due_at);
    let releases_at = releases_at.unwrap_or(due_at);
    draft.push(Event::Halted { id, due_at, releases_at });
}

/// Tells the owner that it will be released for debt. The release waits for as long as the notice
/// must be old (D38).
pub fn notice_release(draft: &mut Draft<'_>, id: ResourceId, due_at: Timestamp) {
    let Ok(open) = draft.open() else { return };
    let Some(resource) = open.resources.get(&id) else { return };
    let halted_at = resource.halted_at.unwrap_or(due_at);
    let planned = planned_release(draft.timeline, open, resource, halted_at).unwrap_or(due_at);
    let needed = notice_needed(draft.timeline, resource, planned);
    let releases_at = planned.max(draft.at.plus(needed));
    draft.push(Event::ReleaseNoticed { id, due_at, at: draft.at, releases_at });
}

/// Releases it for debt.
pub fn release_for_debt(draft: &mut Draft<'_>, id: ResourceId, due_at: Timestamp) {
    draft.push(Event::Released { id, at: due_at, for_debt: true });
}

/// When a resource of an overdue account is stopped.
#[must_use]
pub fn halts_at(timeline: &Timeline, open: &Open, resource: &Resource) -> Option<Timestamp> {
    let since = open.standing.overdue?.since;
    let preset = standing::dunning(timeline, &resource.subject.product, since)?;
    let (rules, _) = accrue::payg(timeline, &resource.subject.product, since)?;
    // One that was opened or restored later is not stopped before.
    Some(preset.stop.after(since, rules.bill.zone).max(resource.opened_at))
}

/// When a resource that was stopped for debt at `halted_at` would be released.
#[must_use]
pub fn planned_release(
    timeline: &Timeline,
    open: &Open,
    resource: &Resource,
    halted_at: Timestamp,
) -> Option<Timestamp> {
    let since = open.standing.overdue?.since;
    let preset = standing::dunning(timeline, &resource.subject.product, since)?;
    let (rules, _) = accrue::payg(timeline, &resource.subject.product, since)?;
    Some(preset.release_after_stop.after(halted_at, rules.bill.zone))
}

/// How old the notice of a release for debt must be.
#[must_use]
pub fn notice_needed(
    timeline: &Timeline,
    resource: &Resource,
    planned: Timestamp,
) -> std::time::Duration {
    let rules = accrue::payg(timeline, &resource.subject.product, planned);
    let needed = rules.map_or_else(Default::default, |(rules, _)| rules.overdue.release_notice.0);
    // A preset that gives less time gives all of it.
    resource.halted_at.map_or(needed, |halted_at| needed.min(planned.since(halted_at)))
}

/// Its present state.
pub fn answer(draft: &Draft<'_>, id: ResourceId) -> Result<Answer, Rejection> {
    let resource = draft.open()?.resources.get(&id);
    let resource = resource.ok_or(Rejection::ResourceNotFound { resource: id })?;
    Ok(Answer::Resource { resource: Box::new(resource.as_ref().clone()) })
}

/// A product that is sold after use.
fn product<'a>(
    timeline: &'a Timeline,
    name: &str,
    at: Timestamp,
) -> Result<(&'a Rules, &'a Product, &'a Payg), Rejection> {
    let unknown = || Rejection::UnknownProduct { product: name.to_owned() };
    let rules = timeline.in_force(at).map(|version| version.rules.as_ref()).ok_or_else(unknown)?;
    let product = rules.products.get(name).ok_or_else(unknown)?;
    let payg = product.payg.as_ref();
    let payg = payg.ok_or_else(|| Rejection::NotPayAsYouGo { product: name.to_owned() })?;
    Ok((rules, product, payg))
}

/// Is the plan priced by any meter, in the currency?
fn check_plan(payg: &Payg, product: &str, plan: &str, currency: Currency) -> Result<(), Rejection> {
    let of = || (product.to_owned(), plan.to_owned());
    if !payg.has_plan(plan) {
        let (product, plan) = of();
        return Err(Rejection::UnknownPlan { product, plan });
    }
    if !payg.sells(plan, currency) {
        let (product, plan) = of();
        return Err(Rejection::CurrencyNotOffered { product, plan, currency });
    }
    Ok(())
}

/// Some hours of running time at the list price (R6.19, D47).
fn deposit(payg: &Payg, plan: &str, currency: Currency) -> Result<Money, Rejection> {
    let hours = Decimal::from(payg.deposit_hours);
    let times = payg.meters.values().filter(|meter| meter.aggregation == Aggregation::Duration);
    let cost: Decimal = times
        .filter_map(|meter| Some((meter, meter.plans.get(plan)?.get(&currency)?)))
        .flat_map(|(meter, tariff)| {
            let unit = if tariff.model == Model::Hourly { Decimal::ONE } else { 3_600.into() };
            tariff.parts(meter.unit_seconds(), Decimal::ZERO, hours * unit)
        })
        .map(|part| part.amount)
        .sum();
    Money::from_decimal(cost, currency, Rounding::HalfUp).map_err(|_| Rejection::AmountTooLarge)
}
