//! What may be done through a channel, and paid by what: a table of channel, action and method
//! (R7.16). What comes through no channel comes from the provider's own systems, which may do
//! everything.

use serde::{Deserialize, Serialize};

use crate::domain::command::Command;
use crate::domain::draft::Draft;
use crate::domain::nouns::order::Kind;
use crate::domain::rejection::Rejection;
use crate::domain::rules::Channel;

/// What pays for orders: the balance, for now.
pub const BALANCE: &str = "balance";

/// The channel of those who run the provider.
pub const OPERATOR: &str = "operator";

/// The same, asked through a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Through {
    /// Which: `app`, `console`, …
    pub channel: String,
    /// What is asked.
    pub command: Box<Command>,
}

/// What is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A top-up.
    TopUp,
    /// An order that is no renewal.
    Purchase,
    /// A renewal.
    Renew,
}

impl Action {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TopUp => "top_up",
            Self::Purchase => "purchase",
            Self::Renew => "renew",
        }
    }

    fn methods(self, channel: &Channel) -> Option<&[String]> {
        match self {
            Self::TopUp => channel.top_up.as_deref(),
            Self::Purchase => channel.purchase.as_deref(),
            Self::Renew => channel.renew.as_deref(),
        }
    }

    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Renew => Self::Renew,
            Kind::New | Kind::Upgrade | Kind::Downgrade | Kind::Refund => Self::Purchase,
        }
    }
}

/// May `action` be paid by `method` through `channel`?
pub fn check_method(
    draft: &Draft<'_>,
    channel: &str,
    action: Action,
    method: &str,
) -> Result<(), Rejection> {
    let rules = draft.timeline.in_force(draft.at).map(|version| &version.rules);
    let Some(policy) = rules.and_then(|rules| rules.channels.get(channel)) else { return Ok(()) };
    let allowed = action.methods(policy);
    if Channel::allows(allowed, method) {
        return Ok(());
    }
    Err(Rejection::PaymentMethodNotAllowed {
        channel: channel.to_owned(),
        action,
        method: method.to_owned(),
        allowed: allowed.unwrap_or_default().to_vec(),
    })
}

/// May the mode of renewal be changed through `channel`?
fn check_mode(draft: &Draft<'_>, channel: &str) -> Result<(), Rejection> {
    let rules = draft.timeline.in_force(draft.at).map(|version| &version.rules);
    let policy = rules.and_then(|rules| rules.channels.get(channel));
    if policy.is_none_or(|policy| policy.set_mode) {
        return Ok(());
    }
    Err(Rejection::ChannelReadOnly { channel: channel.to_owned() })
}

/// May that be asked through its channel? What is only ordered is paid by nothing yet.
#[expect(clippy::wildcard_enum_match_arm, reason = "the few that pay, of all that can be asked")]
pub fn check(draft: &Draft<'_>, through: &Through) -> Result<(), Rejection> {
    draft.open()?;
    let channel = through.channel.as_str();
    let pays = |action| check_method(draft, channel, action, BALANCE);
    let kind = |order| draft.unpaid_order(order).map(|order| Action::of(order.kind));
    match through.command.as_ref() {
        Command::TopUp(top_up) => check_method(draft, channel, Action::TopUp, &top_up.method),
        Command::Purchase(purchase) if purchase.pay_now => pays(Action::Purchase),
        Command::Renew(renew) if renew.pay_now => pays(Action::Renew),
        Command::Change(change) if change.pay_now => pays(Action::Purchase),
        Command::Pay(pay) => pays(kind(pay.order)?),
        // Those that changed meanwhile are skipped and not paid.
        Command::PayTogether(pay) => {
            pay.orders.iter().filter_map(|order| kind(*order).ok()).try_for_each(pays)
        }
        Command::SetRenewalMode(_) => check_mode(draft, channel),
        Command::BeginClosure(_) if channel != OPERATOR => {
            Err(Rejection::OperatorOnly { channel: channel.to_owned() })
        }
        _ => Ok(()),
    }
}
