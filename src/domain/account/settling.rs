//! Usage, applied: what was reported, what settlements made of it, and their lines on a bill.

use std::sync::Arc;
use std::time::Duration;

use super::Open;
use crate::domain::money::Money;
use crate::domain::nouns::statement::{BillLine, Charged, ItemType};
use crate::domain::nouns::usage::Package;
use crate::domain::nouns::{resource, usage};
use crate::domain::rules::LATE_DAYS_MAX;

impl Open {
    pub(super) fn apply_usage(&mut self, event: &usage::Event) {
        match event {
            usage::Event::Recorded { batches, .. } => {
                for batch in batches {
                    Arc::make_mut(self.resource_mut(batch.resource)).record(batch);
                }
            }
            usage::Event::Settled(settlement) => self.settle(settlement),
            usage::Event::PackageFilled(package) => self.packages.push(package.clone()),
            usage::Event::PackageDropped { subscription, after } => {
                let is_of_it = |package: &Package| package.subscription == *subscription;
                self.packages.retain(|package| !is_of_it(package) || package.starts_at < *after);
                // What was used before is settled yet.
                for package in self.packages.iter_mut().filter(|package| is_of_it(package)) {
                    package.ends_at = package.ends_at.min(*after);
                }
            }
        }
    }

    /// Takes over a settlement: what accrued, what it cost, and its lines.
    fn settle(&mut self, settlement: &usage::Settlement) {
        let due_at = settlement.due_at;
        // What goes back pays for the other lines as cash does.
        let back = settlement.lines.iter().map(|line| line.payable.minor().min(0)).sum::<i64>();
        let mut paying = settlement.cash.minor() - back;
        for line in &settlement.lines {
            let paid = line.payable.minor().min(paying);
            paying -= paid.max(0);
            let subject = &self.resource_mut(line.resource).subject;
            let line = bill_line(settlement, line, paid, subject);
            self.bills.add_usage(line);
        }
        for accrual in &settlement.accruals {
            Arc::make_mut(self.resource_mut(accrual.resource)).settle(accrual, due_at);
            if accrual.is_over {
                self.ended.resources.push(accrual.resource);
            }
        }
        for draw in &settlement.draws {
            let package = self.packages.iter_mut().find(|package| {
                package.subscription == draw.subscription && package.starts_at == draw.starts_at
            });
            if let Some(package) = package {
                package.left -= draw.quantity;
            }
        }
        // Nothing that was used before is settled after.
        self.packages.retain(|package| package.ends_at.plus(PACKAGE_REACH) > due_at);
        if settlement.cash.is_negative() {
            self.wallet.give_back(settlement.cash.negated());
        } else {
            self.wallet.draw(settlement.cash);
        }
        self.wallet.owe(settlement.month, settlement.owed);
        let cost = settlement.cash.checked_add(settlement.owed).unwrap_or(settlement.cash);
        self.standing.burn(due_at, cost);
    }
}

/// How long a package is kept after its end: for usage of its time that is reported late. Longer
/// than that is accepted, and no rule.
const PACKAGE_REACH: Duration = Duration::from_hours(24 * (LATE_DAYS_MAX + 1));

/// A line of usage as it stands on a bill.
fn bill_line(
    settlement: &usage::Settlement,
    line: &usage::UsageLine,
    paid: i64,
    subject: &resource::Subject,
) -> BillLine {
    let zero = Money::zero(line.list.currency());
    let net = line.list.checked_sub(line.coupon).unwrap_or(line.list);
    BillLine {
        month: settlement.month,
        number: 0,
        item_type: if line.is_adjustment { ItemType::Adjustment } else { ItemType::PayAsYouGoBill },
        at: settlement.due_at,
        charged: Charged::Usage {
            resource: line.resource,
            meter: line.meter.clone(),
            unit: line.unit.clone(),
            quantity: line.quantity,
            price: line.price,
            tier: line.tier,
        },
        external_id: subject.external_id.clone(),
        product: line.product.clone(),
        plan: line.plan.clone(),
        region: subject.region.clone(),
        starts_at: Some(line.since),
        ends_at: Some(line.until),
        list: line.list,
        discount: zero,
        coupon: line.coupon,
        net,
        tax: settlement.tax.clone(),
        tax_amount: line.tax,
        total: line.payable,
        paid: Money::from_minor(paid, zero.currency()),
    }
}
