//! Coupons: cash vouchers, spend-and-save, percentages; what each is good for, and what became
//! of it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::order;
use crate::domain::calendar::{Period, Timestamp};
use crate::domain::ids::{CampaignId, CouponId, OrderId};
use crate::domain::money::{Currency, MINOR_MAX, Money, Rounding};

/// What a coupon takes off (R5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Benefit {
    /// Stored value: used until it is spent or expires.
    Cash {
        /// What it was worth when it was granted.
        value: Money,
    },
    /// From a threshold on, a fixed amount off, once.
    SpendAndSave {
        /// The pretax amount of eligible lines that must be reached (R5.4, D42).
        threshold: Money,
        /// What is taken off.
        off: Money,
    },
    /// A percentage off, once.
    Discount {
        /// Per cent taken off: above 0, at most 100.
        percent: Decimal,
        /// The most that is taken off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cap: Option<Money>,
    },
}

impl Benefit {
    /// The word for its type.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Cash { .. } => "cash",
            Self::SpendAndSave { .. } => "spend_and_save",
            Self::Discount { .. } => "discount",
        }
    }

    /// Its currency; a percentage without a cap has none.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        match self {
            Self::Cash { value } => Some(value.currency()),
            Self::SpendAndSave { off, .. } => Some(off.currency()),
            Self::Discount { cap, .. } => cap.map(Money::currency),
        }
    }

    /// What it is worth at the most: the balance of a cash voucher, what a spend-and-save takes
    /// off, the cap of a percentage.
    #[must_use]
    pub fn nominal(&self) -> Option<Money> {
        match self {
            Self::Cash { value } => Some(*value),
            Self::SpendAndSave { off, .. } => Some(*off),
            Self::Discount { cap, .. } => *cap,
        }
    }

    /// What is wrong with it, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let is_amount = |amount: Money| amount.minor() > 0 && amount.minor() <= MINOR_MAX;
        match self {
            Self::Cash { value } if !is_amount(*value) => Some("its value must be above zero"),
            Self::SpendAndSave { off, .. } if !is_amount(*off) => {
                Some("what it takes off must be above zero")
            }
            Self::SpendAndSave { threshold, off } if !threshold.covers(*off) => {
                Some("its threshold must be at least what it takes off, in the same currency")
            }
            Self::Discount { percent, .. }
                if *percent <= Decimal::ZERO || *percent > Decimal::ONE_HUNDRED =>
            {
                Some("its percentage must be above 0 and at most 100")
            }
            Self::Discount { cap: Some(cap), .. } if !is_amount(*cap) => {
                Some("its cap must be above zero")
            }
            Self::Cash { .. } | Self::SpendAndSave { .. } | Self::Discount { .. } => None,
        }
    }
}

/// How what is bought is billed (R5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// Ahead, for a term.
    Subscription,
    /// After use.
    Payg,
}

/// What a coupon may be used for: all predicates must hold (R5.3). What is empty does not bind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Products that it is good for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// Products that it is not good for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products_denied: Vec<String>,
    /// Order types that it is good for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order_types: Vec<order::Kind>,
    /// The billing method that it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing: Option<Billing>,
    /// The pretax amount of eligible lines that must be reached (R5.4, D42).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_spend: Option<Money>,
    /// The shortest period that it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_period: Option<Period>,
    /// The longest period that it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_period: Option<Period>,
}

impl Scope {
    /// Is it good for `product`?
    #[must_use]
    pub fn allows_product(&self, product: &str) -> bool {
        (self.products.is_empty() || self.products.iter().any(|allowed| allowed == product))
            && !self.products_denied.iter().any(|denied| denied == product)
    }
}

/// Where a coupon stands (R5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Granted, and good only later.
    NotEffective,
    /// Good now.
    Available,
    /// Held whole by an order that is not done yet (R4.7, D12).
    Frozen,
    /// Spent; final.
    Used,
    /// Its time passed; final.
    Expired,
    /// Taken back; final.
    Cancelled,
}

impl State {
    /// The rulebook's name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotEffective => "NotEffective",
            Self::Available => "Available",
            Self::Frozen => "Frozen",
            Self::Used => "Used",
            Self::Expired => "Expired",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// A coupon (R5.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// Its id.
    pub id: CouponId,
    /// The campaign that it came from; none if it was granted singly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// What it says to people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it takes off.
    pub benefit: Benefit,
    /// What is left of a cash voucher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Money>,
    /// What it may be used for.
    #[serde(default)]
    pub scope: Scope,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// From when it is good.
    pub effective_at: Timestamp,
    /// Until when, excluded.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub state: State,
    /// The order that holds it while it is frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// Since when it is frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_at: Option<Timestamp>,
    /// The coupon that it was granted again for (D42).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_for: Option<CouponId>,
    /// Was its owner told that it is about to expire?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reminded: bool,
}

/// What happened to a coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was granted.
    Granted(Box<Coupon>),
    /// Its time began.
    BecameEffective {
        /// Which.
        id: CouponId,
        /// When it was due.
        due_at: Timestamp,
    },
    /// An order holds it.
    Frozen {
        /// Which.
        id: CouponId,
        /// The order.
        order: OrderId,
        /// When.
        at: Timestamp,
    },
    /// The order that held it was closed, and nothing was taken from it.
    Unfrozen {
        /// Which.
        id: CouponId,
        /// When.
        at: Timestamp,
        /// Until when it is good now: it expired while a delivery was tried, and gets the time
        /// back for which it was frozen (D42).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    /// It took something off an order.
    Redeemed {
        /// Which.
        id: CouponId,
        /// The order.
        order: OrderId,
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// A cash voucher paid a part of a usage bill (R5.10).
    Spent {
        /// Which.
        id: CouponId,
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// A cash voucher got back what an order had taken, because nothing was delivered (R5.14).
    Restored {
        /// Which.
        id: CouponId,
        /// The order.
        order: OrderId,
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// Its owner was told that it is about to expire.
    Reminded {
        /// Which.
        id: CouponId,
        /// When that was due.
        due_at: Timestamp,
        /// It expired before anybody could be told (D25).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        superseded: bool,
    },
    /// Its time passed.
    Expired {
        /// Which.
        id: CouponId,
        /// When it was due.
        due_at: Timestamp,
    },
    /// It was taken back.
    Cancelled {
        /// Which.
        id: CouponId,
        /// When.
        at: Timestamp,
    },
}

impl Event {
    /// The coupon that it happened to.
    #[must_use]
    pub fn coupon(&self) -> CouponId {
        match self {
            Self::Granted(coupon) => coupon.id,
            Self::BecameEffective { id, .. }
            | Self::Frozen { id, .. }
            | Self::Unfrozen { id, .. }
            | Self::Redeemed { id, .. }
            | Self::Spent { id, .. }
            | Self::Restored { id, .. }
            | Self::Reminded { id, .. }
            | Self::Expired { id, .. }
            | Self::Cancelled { id, .. } => *id,
        }
    }
}

/// What a coupon is held against: an order as far as it is priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basket<'a> {
    /// What the order is for.
    pub kind: order::Kind,
    /// How it is billed.
    pub billing: Billing,
    /// The length ordered, for subscriptions.
    pub period: Option<Period>,
    /// The product and the pretax amount of each line.
    pub lines: Vec<(&'a str, Money)>,
    /// The currency of the account.
    pub currency: Currency,
    /// Does what is ordered exclude coupons, a promotion for example (R5.17)?
    pub excludes_coupons: bool,
    /// The order that already holds a coupon, if the basket is one's that is open.
    pub order: Option<OrderId>,
}

/// A predicate that does not hold (R5.17).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmet {
    /// It is good only later.
    NotEffective {
        /// From when.
        effective_at: Timestamp,
    },
    /// Another order holds it.
    Frozen {
        /// Which.
        order: OrderId,
    },
    /// It is spent.
    Used,
    /// Its time has passed.
    Expired {
        /// When.
        expires_at: Timestamp,
    },
    /// It was taken back.
    Cancelled,
    /// It is of another currency.
    Currency,
    /// It is not good for what is ordered.
    Product,
    /// It is not good for this type of order.
    OrderType,
    /// It is not good for this billing method.
    Billing,
    /// The eligible lines do not reach its minimum spend or threshold.
    MinSpend {
        /// What must be reached, before tax.
        needed: Money,
        /// What the eligible lines come to.
        eligible: Money,
    },
    /// The period is shorter than it is good for.
    MinPeriod {
        /// The shortest.
        shortest: Period,
    },
    /// The period is longer than it is good for.
    MaxPeriod {
        /// The longest.
        longest: Period,
    },
    /// What is ordered takes no coupons.
    Excluded,
    /// There is nothing that it could take off.
    NothingToDeduct,
}

impl Unmet {
    /// A stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotEffective { .. } => "not_effective",
            Self::Frozen { .. } => "frozen",
            Self::Used => "used",
            Self::Expired { .. } => "expired",
            Self::Cancelled => "cancelled",
            Self::Currency => "currency",
            Self::Product => "product",
            Self::OrderType => "order_type",
            Self::Billing => "billing",
            Self::MinSpend { .. } => "min_spend",
            Self::MinPeriod { .. } => "min_period",
            Self::MaxPeriod { .. } => "max_period",
            Self::Excluded => "excluded",
            Self::NothingToDeduct => "nothing_to_deduct",
        }
    }
}

impl Coupon {
    /// Is there nothing more that can happen to it?
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self.state, State::Used | State::Expired | State::Cancelled)
    }

    /// Is it used up by one order (R5.1)?
    #[must_use]
    pub const fn is_single_use(&self) -> bool {
        !matches!(self.benefit, Benefit::Cash { .. })
    }

    /// What eligible lines must come to before tax: its threshold, or the minimum spend of its
    /// scope if that is more (R5.4, D42).
    #[must_use]
    pub fn min_spend(&self) -> Option<Money> {
        let threshold = match self.benefit {
            Benefit::SpendAndSave { threshold, .. } => Some(threshold),
            Benefit::Cash { .. } | Benefit::Discount { .. } => None,
        };
        [self.scope.min_spend, threshold].into_iter().flatten().max_by_key(|m| m.minor())
    }

    /// The pretax amount of the lines of `basket` that it is good for (R5.4).
    #[must_use]
    pub fn eligible(&self, basket: &Basket<'_>) -> Money {
        let minor = basket
            .lines
            .iter()
            .filter(|(product, _)| self.scope.allows_product(product))
            .map(|(_, amount)| amount.minor())
            .sum();
        Money::from_minor(minor, basket.currency)
    }

    /// What it takes off `basket`, whether or not its predicates hold: never more than the
    /// eligible lines come to. What is left after a percentage is floored (D19).
    #[must_use]
    pub fn deductible(&self, basket: &Basket<'_>) -> Money {
        let eligible = self.eligible(basket);
        let most = match self.benefit {
            Benefit::Cash { value } => self.balance.unwrap_or(value),
            Benefit::SpendAndSave { off, .. } => off,
            Benefit::Discount { percent, cap } => {
                let left = Decimal::ONE - percent / Decimal::ONE_HUNDRED;
                let left = eligible
                    .decimal()
                    .checked_mul(left)
                    .and_then(|left| {
                        Money::from_decimal(left, eligible.currency(), Rounding::Down).ok()
                    })
                    .unwrap_or(eligible);
                let off = eligible.checked_sub(left).unwrap_or(left);
                cap.filter(|cap| off.covers(*cap)).unwrap_or(off)
            }
        };
        if eligible.covers(most) { most } else { eligible }
    }

    /// Every predicate that does not hold for `basket` at `at`; none if it can be used. A frozen
    /// coupon is honoured past its expiry by the order that holds it (R5.15).
    #[must_use]
    pub fn unmet(&self, basket: &Basket<'_>, at: Timestamp) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        let is_held_by_it = self.order.is_some() && self.order == basket.order;
        match self.state {
            State::Frozen if !is_held_by_it => {
                unmet.extend(self.order.map(|order| Unmet::Frozen { order }));
            }
            State::Used => unmet.push(Unmet::Used),
            State::Cancelled => unmet.push(Unmet::Cancelled),
            State::NotEffective | State::Available | State::Frozen | State::Expired => {}
        }
        if self.effective_at > at {
            unmet.push(Unmet::NotEffective { effective_at: self.effective_at });
        }
        if self.state == State::Expired || (self.expires_at <= at && !is_held_by_it) {
            unmet.push(Unmet::Expired { expires_at: self.expires_at });
        }
        if self.benefit.currency().is_some_and(|currency| currency != basket.currency) {
            unmet.push(Unmet::Currency);
            return unmet;
        }
        let scope = &self.scope;
        let is_product = basket.lines.iter().any(|(product, _)| scope.allows_product(product));
        if !is_product {
            unmet.push(Unmet::Product);
        }
        if !scope.order_types.is_empty() && !scope.order_types.contains(&basket.kind) {
            unmet.push(Unmet::OrderType);
        }
        if scope.billing.is_some_and(|billing| billing != basket.billing) {
            unmet.push(Unmet::Billing);
        }
        let eligible = self.eligible(basket);
        if let Some(needed) = self.min_spend().filter(|needed| !eligible.covers(*needed)) {
            unmet.push(Unmet::MinSpend { needed, eligible });
        }
        if let (Some(period), Some(shortest)) = (basket.period, scope.min_period)
            && period.days_about() < shortest.days_about()
        {
            unmet.push(Unmet::MinPeriod { shortest });
        }
        if let (Some(period), Some(longest)) = (basket.period, scope.max_period)
            && period.days_about() > longest.days_about()
        {
            unmet.push(Unmet::MaxPeriod { longest });
        }
        if basket.excludes_coupons {
            unmet.push(Unmet::Excluded);
        }
        if is_product && self.deductible(basket).is_zero() {
            unmet.push(Unmet::NothingToDeduct);
        }
        unmet
    }

    /// Can `event` happen to it as it stands? The state machine of the rulebook, section 14.
    #[must_use]
    pub fn allows(&self, event: &Event) -> bool {
        match event {
            Event::Granted(_) => false,
            Event::BecameEffective { .. } => self.state == State::NotEffective,
            Event::Frozen { .. } => self.state == State::Available,
            Event::Unfrozen { .. } => self.state == State::Frozen,
            Event::Redeemed { order, .. } => match self.state {
                State::Available => true,
                State::Frozen => self.order == Some(*order),
                State::NotEffective | State::Used | State::Expired | State::Cancelled => false,
            },
            Event::Spent { .. } => !self.is_single_use() && self.state == State::Available,
            Event::Restored { .. } => {
                !self.is_single_use() && matches!(self.state, State::Available | State::Frozen)
            }
            Event::Reminded { .. } | Event::Expired { .. } => {
                matches!(self.state, State::NotEffective | State::Available)
            }
            Event::Cancelled { .. } => !self.is_final(),
        }
    }

    /// Changes the coupon by what happened after it was granted. What cannot follow is a broken
    /// journal.
    pub fn apply(&mut self, event: &Event) {
        assert!(self.allows(event), "broken journal: {event:?} cannot happen to {self:?}");
        match event {
            Event::Granted(_) => {}
            Event::BecameEffective { .. } => self.state = State::Available,
            Event::Frozen { order, at, .. } => {
                self.state = State::Frozen;
                self.order = Some(*order);
                self.frozen_at = Some(*at);
            }
            Event::Unfrozen { expires_at, .. } => {
                self.thaw();
                self.expires_at = expires_at.unwrap_or(self.expires_at);
            }
            Event::Redeemed { amount, .. } => {
                self.thaw();
                self.change(amount.negated());
                if self.is_single_use() || self.balance.is_some_and(Money::is_zero) {
                    self.state = State::Used;
                }
            }
            Event::Spent { amount, .. } => {
                self.change(amount.negated());
                if self.balance.is_some_and(Money::is_zero) {
                    self.state = State::Used;
                }
            }
            Event::Restored { amount, .. } => self.change(*amount),
            Event::Reminded { .. } => self.reminded = true,
            Event::Expired { .. } => self.state = State::Expired,
            Event::Cancelled { .. } => {
                self.thaw();
                self.state = State::Cancelled;
            }
        }
    }

    fn thaw(&mut self) {
        self.state = State::Available;
        self.order = None;
        self.frozen_at = None;
    }

    fn change(&mut self, amount: Money) {
        if let Some(balance) = &mut self.balance {
            *balance = balance
                .checked_add(amount)
                .filter(|balance| !balance.is_negative())
                .unwrap_or_else(|| panic!("broken journal: {amount} does not fit {balance}"));
        }
    }
}
