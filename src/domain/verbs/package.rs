//! Packages: what a plan prepays for each of its periods, drawn before usage is priced (R6.20).

use rust_decimal::Decimal;

use crate::domain::calendar::Timestamp;
use crate::domain::draft::Draft;
use crate::domain::ids::SubscriptionId;
use crate::domain::nouns::subscription::Paid;
use crate::domain::nouns::usage::{Event, Package};

/// A period was paid: it brings what its plan prepays, if it does.
pub fn fill(draft: &mut Draft<'_>, subscription: SubscriptionId, paid: &Paid, at: Timestamp) {
    let Ok(live) = draft.subscription(subscription) else { return };
    let (product, plan) = (&live.subject.product, live.renewed_plan());
    let Some(version) = draft.timeline.in_force(at) else { return };
    let Some((rules, product)) = draft.timeline.product(version, product) else { return };
    let package = product.plans.get(plan).and_then(|plan| plan.package.as_ref());
    let Some(package) = package else { return };
    let payg = rules.products.get(&package.product).and_then(|product| product.payg.as_ref());
    let Some(meter) = payg.and_then(|payg| payg.meters.get(&package.meter)) else { return };
    // Running time is counted in seconds.
    let seconds = Decimal::from(meter.unit_seconds().unwrap_or(1));
    let filled = Package {
        subscription,
        product: package.product.clone(),
        meter: package.meter.clone(),
        left: package.quantity * seconds,
        starts_at: paid.started_at,
        ends_at: paid.expires_at,
    };
    draft.push(Event::PackageFilled(filled));
}

/// What was paid for from `after` on was given back, or is over: so is what its packages have left.
pub fn drop_after(draft: &mut Draft<'_>, subscription: SubscriptionId, after: Timestamp) {
    let is_of_it = |package: &Package| package.subscription == subscription;
    let has_any = draft.open().is_ok_and(|open| {
        open.packages.iter().any(|package| is_of_it(package) && package.ends_at > after)
    });
    if has_any {
        draft.push(Event::PackageDropped { subscription, after });
    }
}
