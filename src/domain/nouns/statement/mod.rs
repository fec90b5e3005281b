//! Bill lines, monthly statements, and the documents made of them: invoices and credit notes.
//!
//! A line is a reading of what happened to an order, or of what was used; it is numbered within
//! its account's month. A closed month gets no more lines, and a document is never edited: what is
//! given back after an invoice stands on a credit note (R10.7).

mod line;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use self::line::plus;
pub use self::line::{BillLine, Charged, ItemType, Runs, Totals, add_to_runs, has};
use super::order::{self, Order, Parts};
use super::subscription::Subscription;
use crate::domain::calendar::{Timestamp, Zone};
use crate::domain::ids::{DocumentId, DocumentKind, OrderId, SeriesId};
use crate::domain::money::{Currency, Money};
use crate::domain::month::Month;
use crate::domain::price::{Item, Line, Tax};

/// Where a monthly statement stands (R10.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Its month is not closed yet.
    Generating,
    /// Closed, and not paid in full.
    Uncleared,
    /// Closed and paid.
    Cleared,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Generating, Self::Uncleared, Self::Cleared];

    /// The rulebook's name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generating => "Generating",
            Self::Uncleared => "Uncleared",
            Self::Cleared => "Cleared",
        }
    }
}

/// A month of an account: as it is summed up so far, or as it was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The month.
    pub month: Month,
    /// How many lines it has.
    pub line_count: u32,
    /// What they come to.
    pub totals: Totals,
    /// What was paid of it after its lines were booked (D36).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaid: Option<Money>,
    /// When it was closed: its lines and what they come to never move again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// The lines that its next invoice covers: those that are on no document yet, but for what
    /// corrects a line of another month, which is never on an invoice.
    pub pending: Runs,
    /// What those come to.
    pub pending_totals: Totals,
}

impl Statement {
    /// A month without lines.
    #[must_use]
    pub const fn empty(month: Month, currency: Currency) -> Self {
        Self {
            month,
            line_count: 0,
            totals: Totals::zero(currency),
            repaid: None,
            closed_at: None,
            pending: Vec::new(),
            pending_totals: Totals::zero(currency),
        }
    }

    /// Takes what was paid of it since its lines were booked, below zero for what was lent. What
    /// was lent and paid back whole is nothing, as if neither had been.
    fn pay_later(&mut self, amount: Money) {
        let repaid = self.repaid.map_or(amount, |repaid| plus(repaid, amount));
        self.repaid = Some(repaid).filter(|repaid| !repaid.is_zero());
    }

    /// What its lines come to, with what was paid of them since they were booked.
    #[must_use]
    pub fn standing(&self) -> Totals {
        let paid = match self.repaid {
            Some(repaid) => plus(self.totals.paid, repaid),
            None => self.totals.paid,
        };
        Totals { paid, ..self.totals }
    }

    /// Is something of it still to be paid?
    #[must_use]
    pub fn is_owed(&self) -> bool {
        self.standing().outstanding().minor() > 0
    }

    /// Where it stands (R10.5).
    #[must_use]
    pub fn state(&self) -> State {
        match self.closed_at {
            None => State::Generating,
            Some(_) if self.is_owed() => State::Uncleared,
            Some(_) => State::Cleared,
        }
    }
}

/// An invoice or a credit note: a fixed set of lines of one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// The series that numbers it, which says what it is.
    pub series: SeriesId,
    /// The month of its lines.
    pub month: Month,
    /// Its lines.
    pub lines: Runs,
    /// What they come to; below zero for a credit note.
    pub totals: Totals,
    /// The invoice that a credit note corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<DocumentId>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Its number; none while its series has not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

/// What happened to statements and documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A month was closed: its figures never move again (R10.5).
    Closed {
        /// The month.
        month: Month,
        /// How many lines it has.
        line_count: u32,
        /// What they come to.
        totals: Totals,
        /// When that was due.
        due_at: Timestamp,
        /// Months up to here are forgotten: no document can be asked for any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        forgets_through: Option<Month>,
    },
    /// A document was issued; its series is asked for a number.
    DocumentIssued(Box<Document>),
    /// The series gave it its number.
    DocumentNumbered {
        /// Which.
        document: DocumentId,
        /// Its number, as it is printed.
        number: String,
        /// When.
        at: Timestamp,
    },
}

/// The orders whose lines can still be corrected: where they are billed, and on which invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The month of its lines.
    pub month: Month,
    /// The first of them.
    pub line: u32,
    /// The name of their tax, and per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<(String, Decimal)>,
    /// The invoice that they are on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<DocumentId>,
}

/// Everything billed in an account that can still change. Most accounts have one or two of each,
/// and a map keeps room for eleven: so they are boxed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bills {
    /// Months that have lines, until their documents are out of reach and nothing is owed of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub months: BTreeMap<Month, Box<Statement>>,
    /// Orders whose lines can still be corrected.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub charges: BTreeMap<OrderId, Box<Charge>>,
    /// Documents that wait for their number, and those that got it in the record at hand.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub documents: BTreeMap<DocumentId, Document>,
    /// The latest month that was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_through: Option<Month>,
    /// Lines that correct an invoice, until they are on a credit note in the same record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uncredited: Vec<Uncredited>,
    /// Lines that correct what is on no invoice yet, and is billed in another month.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    /// Lines of the record at hand.
    #[serde(skip)]
    pub fresh: Vec<BillLine>,
    /// Months that the record at hand closed, put on a document, or paid something of.
    #[serde(skip)]
    pub touched: Vec<Month>,
}

/// A line that corrects an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncredited {
    /// The invoice.
    pub invoice: DocumentId,
    /// The month of the line.
    pub month: Month,
    /// Its number there.
    pub number: u32,
    /// What it comes to.
    pub totals: Totals,
}

/// A line that corrects an order of another month which is on no invoice yet. It waits for that
/// invoice, and then is credited to it: on an invoice of its own month it would correct nothing
/// that anybody was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The order.
    pub order: OrderId,
    /// The month of the line.
    pub month: Month,
    /// Its number there.
    pub number: u32,
    /// What it comes to.
    pub totals: Totals,
}

impl Bills {
    /// Is there nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Bills what happened to an order, given the order after it.
    pub fn bill(&mut self, event: &order::Event, order: &Order, live: &Subscription) {
        match event {
            order::Event::Paid { starts_at, ends_at, at, cycle, .. } => {
                let time = (Some(*starts_at), Some(*ends_at));
                self.charge(&Origin { order, live, at: *at, cycle: *cycle }, time);
            }
            order::Event::Processing { at, cycle, .. } => {
                let time = (order.starts_at, order.ends_at);
                self.charge(&Origin { order, live, at: *at, cycle: *cycle }, time);
            }
            order::Event::Failed { at, cycle, .. } => {
                let origin = Origin { order, live, at: *at, cycle: *cycle };
                for line in order.lines() {
                    let line = negated(&origin.line(&line, order.tax.as_ref(), Some(order.id)));
                    self.add(BillLine { item_type: ItemType::Refund, ..line });
                }
            }
            order::Event::Refunded { parts, cuts, at, cycle, .. } => {
                let origin = Origin { order, live, at: *at, cycle: *cycle };
                if cuts.is_empty() {
                    self.give_back(&origin, order.refund_of, parts, (None, None));
                }
                for cut in cuts {
                    let time = (Some(cut.at), Some(cut.ends_at));
                    self.give_back(&origin, Some(cut.order), &cut.given, time);
                }
            }
            order::Event::Opened(_)
            | order::Event::Repriced { .. }
            | order::Event::Warned { .. }
            | order::Event::Provisioned { .. }
            | order::Event::Cancelled { .. }
            | order::Event::ReportedLate { .. } => {}
        }
    }

    fn charge(&mut self, origin: &Origin<'_>, time: (Option<Timestamp>, Option<Timestamp>)) {
        let order = origin.order;
        let mut first = None;
        for line in order.lines() {
            let line = origin.line(&line, order.tax.as_ref(), None);
            let (starts_at, ends_at) = time;
            let place = self.add(BillLine { starts_at, ends_at, ..line });
            first = first.or(Some(place));
        }
        if let Some((month, line)) = first {
            let tax = order.tax.as_ref().map(|tax| (tax.name.clone(), tax.rate));
            self.charges.insert(order.id, Box::new(Charge { month, line, tax, invoice: None }));
        }
    }

    fn give_back(
        &mut self,
        origin: &Origin<'_>,
        related: Option<OrderId>,
        parts: &Parts,
        (starts_at, ends_at): (Option<Timestamp>, Option<Timestamp>),
    ) {
        let zero = Money::zero(parts.cash.currency());
        if parts.cash.is_zero() && parts.coupon.is_none() {
            return;
        }
        let revenue = parts.revenue();
        let line = Line {
            item: Item::Refund,
            list: revenue,
            discount: zero,
            coupon: parts.coupon.unwrap_or(zero),
            tax: parts.tax.unwrap_or(zero),
            payable: parts.cash,
            label: None,
        };
        let charge = related.and_then(|order| self.charges.get(&order));
        let tax = charge.and_then(|charge| charge.tax.clone());
        let line = negated(&origin.line(&line, None, related));
        self.add(BillLine { item_type: ItemType::Refund, tax, starts_at, ends_at, ..line });
    }

    /// Bills what was used, and answers the place of the line: its month and its number there. What
    /// is not paid of it is owed, until [`Bills::repay`] says otherwise.
    pub fn add_usage(&mut self, line: BillLine) -> (Month, u32) {
        self.add(line)
    }

    /// Takes what credit paid of a month that is not closed: it is owed until it is paid back.
    pub fn lend(&mut self, month: Month, amount: Money) {
        let statement = self
            .months
            .entry(month)
            .or_insert_with(|| Box::new(Statement::empty(month, amount.currency())));
        statement.pay_later(amount.negated());
    }

    /// Takes what was paid of a month after its lines were booked.
    pub fn repay(&mut self, month: Month, amount: Money) {
        let Some(statement) = self.months.get_mut(&month) else {
            panic!("broken journal: {amount} was paid of {month}, which is not billed")
        };
        assert!(amount.minor() > 0, "broken journal: {amount} was paid of {month}");
        statement.pay_later(amount);
        self.touched.push(month);
    }

    /// Adds a line to its month, and answers its place there. What corrects a line of an invoice
    /// waits for its credit note, what corrects a line of another month for the invoice of that;
    /// everything else waits for the invoice of its own month.
    fn add(&mut self, line: BillLine) -> (Month, u32) {
        let currency = line.total.currency();
        let month = line.month;
        let statement =
            self.months.entry(month).or_insert_with(|| Box::new(Statement::empty(month, currency)));
        assert!(statement.closed_at.is_none(), "broken journal: {month} is closed, and {line:?}");
        statement.line_count += 1;
        let number = statement.line_count;
        let line = BillLine { number, ..line };
        statement.totals.add(&line);
        let mut totals = Totals::zero(currency);
        totals.add(&line);
        let corrected =
            line.related().and_then(|order| Some((order, self.charges.get(&order)?.as_ref())));
        match corrected {
            Some((_, Charge { invoice: Some(invoice), .. })) => {
                self.uncredited.push(Uncredited { invoice: *invoice, month, number, totals });
            }
            Some((order, charge)) if charge.month != month => {
                self.waiting.push(Waiting { order, month, number, totals });
            }
            Some(_) | None => {
                add_to_runs(&mut statement.pending, number);
                statement.pending_totals.add(&line);
            }
        }
        self.fresh.push(line);
        (month, number)
    }

    /// Changes what is billed by what happened to statements and documents.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Closed { month, line_count, totals, due_at, forgets_through } => {
                let Some(statement) = self.months.get_mut(month) else {
                    panic!("broken journal: {month} has no lines, and was closed")
                };
                let is_same = statement.line_count == *line_count && statement.totals == *totals;
                assert!(is_same, "broken journal: {month} was closed with other figures");
                statement.closed_at = Some(*due_at);
                self.closed_through = self.closed_through.max(Some(*month));
                self.touched.push(*month);
                if let Some(through) = forgets_through {
                    self.months.retain(|month, statement| month > through || statement.is_owed());
                    // What is never invoiced needs no credit.
                    let (months, charges) = (&self.months, &self.charges);
                    self.waiting.retain(|line| {
                        let charge = charges.get(&line.order);
                        charge.is_some_and(|charge| months.contains_key(&charge.month))
                    });
                }
            }
            Event::DocumentIssued(document) => {
                match document.series.kind {
                    DocumentKind::Invoice => self.invoiced(document),
                    DocumentKind::CreditNote if document.related.is_none() => {
                        self.invoiced(document);
                    }
                    DocumentKind::CreditNote => {
                        let is_on_it = |line: &Uncredited| {
                            line.month == document.month && has(&document.lines, line.number)
                        };
                        self.uncredited.retain(|line| !is_on_it(line));
                    }
                }
                self.documents.insert(document.id, document.as_ref().clone());
            }
            Event::DocumentNumbered { document, number, .. } => {
                let Some(document) = self.documents.get_mut(document) else {
                    panic!("broken journal: {document} waits for no number")
                };
                document.number = Some(number.clone());
            }
        }
    }

    fn invoiced(&mut self, document: &Document) {
        let Some(statement) = self.months.get_mut(&document.month) else {
            panic!("broken journal: nothing is billed for {document:?}")
        };
        assert!(
            statement.pending == document.lines,
            "broken journal: other lines for {document:?}"
        );
        statement.pending.clear();
        statement.pending_totals = Totals::zero(statement.totals.total.currency());
        for charge in self.charges.values_mut() {
            if charge.month == document.month && has(&document.lines, charge.line) {
                charge.invoice = Some(document.id);
            }
        }
        self.touched.push(document.month);
        for line in std::mem::take(&mut self.waiting) {
            let Waiting { order, month, number, totals } = line;
            match self.charges.get(&order).and_then(|charge| charge.invoice) {
                Some(invoice) => {
                    self.uncredited.push(Uncredited { invoice, month, number, totals });
                }
                None => self.waiting.push(line),
            }
        }
    }

    /// Lets go of what belongs to the record that is complete now.
    pub fn forget_fresh(&mut self) {
        self.fresh.clear();
        self.touched.clear();
        self.documents.retain(|_, document| document.number.is_none());
    }
}

/// Where lines come from.
struct Origin<'a> {
    order: &'a Order,
    live: &'a Subscription,
    at: Timestamp,
    /// The month that they are billed in, where it is not the one of the instant.
    cycle: Option<Month>,
}

impl Origin<'_> {
    /// A line without its number.
    fn line(&self, line: &Line, tax: Option<&Tax>, related: Option<OrderId>) -> BillLine {
        let Self { order, live, at, cycle } = self;
        let net = line.list.minor() - line.discount.minor() - line.coupon.minor();
        BillLine {
            month: cycle.unwrap_or_else(|| Month::of(*at, Zone::UTC)),
            number: 0,
            item_type: ItemType::SubscriptionOrder,
            at: *at,
            charged: Charged::Order {
                order: order.id,
                related,
                order_type: order.kind,
                item: line.item,
                subscription: order.subscription,
            },
            external_id: live.subject.external_id.clone(),
            product: order.product.clone(),
            plan: order.plan.clone(),
            region: live.subject.region.clone(),
            starts_at: None,
            ends_at: None,
            list: line.list,
            discount: line.discount,
            coupon: line.coupon,
            net: Money::from_minor(net, line.list.currency()),
            tax: tax.map(|tax| (tax.name.clone(), tax.rate)),
            tax_amount: line.tax,
            total: line.payable,
            paid: line.payable,
        }
    }
}

fn negated(line: &BillLine) -> BillLine {
    BillLine {
        list: line.list.negated(),
        discount: line.discount.negated(),
        coupon: line.coupon.negated(),
        net: line.net.negated(),
        tax_amount: line.tax_amount.negated(),
        total: line.total.negated(),
        paid: line.paid.negated(),
        ..line.clone()
    }
}
