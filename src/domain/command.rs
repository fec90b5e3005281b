//! Commands: what can be asked of a stream, and the answers. One verb each.

use serde::{Deserialize, Serialize};

use super::calendar::{Period, Timestamp};
use super::facts::Question;
use super::ids::{AccountId, OrderId, SubscriptionId};
use super::money::Money;
use super::nouns::closure::Closure;
use super::nouns::coupon::Coupon;
use super::nouns::order::Order;
use super::nouns::resource::Resource;
use super::nouns::statement::Document;
use super::nouns::subscription::Subscription;
use super::nouns::withdrawal::Withdrawal;
use super::rows::CampaignRow;
use super::verbs::pricing::CouponChoice;
use super::verbs::record_usage::Outcome;
use super::verbs::{
    align, apply_rules, bill, brake, campaign, cancel, change, channel, closure, coupons,
    credit_limit, deliver, hold, import, open, pay, purchase, record_usage, refund, renew,
    resource, set_renewal_mode, standing, top_up, transfer, withdraw,
};

/// A request to a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Open an account.
    Open(open::Open),
    /// Bring an existing account along, with its balance and its live subscriptions.
    Import(import::Import),
    /// Credit cash that was received.
    TopUp(top_up::TopUp),
    /// Order a new subscription.
    Purchase(purchase::Purchase),
    /// Pay an unpaid order from the balance.
    Pay(pay::Pay),
    /// Close an unpaid order.
    Cancel(cancel::Cancel),
    /// Pay several unpaid orders together.
    PayTogether(pay::PayTogether),
    /// Choose another coupon for an unpaid order.
    SetCoupon(coupons::SetCoupon),
    /// The provider's system delivered an order.
    Provisioned(deliver::Provisioned),
    /// The provider's system could not deliver an order.
    ProvisionFailed(deliver::ProvisionFailed),
    /// Order one more period.
    Renew(renew::Renew),
    /// Change the plan of a subscription.
    Change(change::Change),
    /// Give a subscription up before its end.
    Unsubscribe(refund::Unsubscribe),
    /// Release a suspended subscription at once.
    Release(refund::Release),
    /// Give money back for an order.
    Refund(refund::Refund),
    /// Choose the day that renewals can be aligned to.
    SetUnifiedDay(align::SetUnifiedDay),
    /// Grant a coupon.
    GrantCoupon(coupons::Grant),
    /// Take a coupon back.
    CancelCoupon(coupons::CancelCoupon),
    /// Choose how a subscription is renewed.
    SetRenewalMode(set_renewal_mode::SetRenewalMode),
    /// Open a pay-as-you-go resource.
    OpenResource(resource::OpenResource),
    /// Start a resource, or stop it.
    SetPower(resource::SetPower),
    /// Give a resource another plan.
    ChangeResource(resource::ChangeResource),
    /// Release a resource.
    ReleaseResource(resource::ReleaseResource),
    /// Record reported usage.
    RecordUsage(record_usage::RecordUsage),
    /// Withdraw cash.
    Withdraw(withdraw::Withdraw),
    /// The provider paid a withdrawal.
    WithdrawalPaid(withdraw::WithdrawalPaid),
    /// The provider could not pay a withdrawal.
    WithdrawalFailed(withdraw::WithdrawalFailed),
    /// Transfer cash to another account.
    Transfer(transfer::Transfer),
    /// Another account transfers cash to this one.
    TakeTransfer(transfer::TakeTransfer),
    /// Another account took what was transferred, or declined it.
    TransferAnswered(transfer::TransferAnswered),
    /// Set the credit limit.
    SetCreditLimit(credit_limit::SetCreditLimit),
    /// Set the low-balance alert.
    SetAlert(standing::SetAlert),
    /// Hold an account: nothing happens to it by itself.
    Hold(hold::Hold),
    /// Let a held account go.
    LetGo(hold::LetGo),
    /// Ask for the account to be closed.
    RequestClosure(closure::RequestClosure),
    /// Begin closing the account on its owner's behalf.
    BeginClosure(closure::BeginClosure),
    /// Confirm that by the one-time code.
    ConfirmClosure(closure::ConfirmClosure),
    /// Approve it, on a document.
    ApproveClosure(closure::ApproveClosure),
    /// Revoke it.
    RevokeClosure(closure::RevokeClosure),
    /// The owner was seen to log in.
    LoginSeen(closure::LoginSeen),
    /// Another system holds something for the account.
    ReportHolding(closure::ReportHolding),
    /// Another system no longer holds something for the account.
    ClearHolding(closure::ClearHolding),
    /// One of these, asked through a channel.
    Through(channel::Through),
    /// Settle what is due; nothing more.
    Advance,
    /// To a campaign: open it.
    OpenCampaign(campaign::OpenCampaign),
    /// To a campaign: take coupons from its quota for accounts.
    Take(campaign::Take),
    /// To a campaign: an account could not take a coupon.
    GiveBack(campaign::GiveBack),
    /// To a campaign: close it before its end.
    CloseCampaign(campaign::CloseCampaign),
    /// Issue an invoice for a month.
    IssueInvoice(bill::IssueInvoice),
    /// A series gave a document its number.
    AssignNumber(bill::AssignNumber),
    /// To a series: a document asks for a number.
    Number(bill::Number),
    /// To the house: seal a month.
    SealMonth(bill::SealMonth),
    /// To the house: close a month for everybody.
    CloseMonth(bill::CloseMonth),
    /// To the house: add a version of the rules.
    ApplyRules(apply_rules::ApplyRules),
    /// To the house: hold back suspensions, releases and closings.
    EngageBrake(brake::Engage),
    /// To the house: let them go ahead.
    ReleaseBrake(brake::Release),
}

impl Command {
    /// Gives what comes sealed with the command its numbers in the stream: references count from
    /// 0 at the door, from `base` in the journal.
    pub fn number_sealed(&mut self, base: u32) {
        match self {
            Self::Open(open) => open.profile.0 += base,
            Self::Import(import) => import.open.profile.0 += base,
            Self::Through(through) => through.command.number_sealed(base),
            Self::RequestClosure(request) => request.note.0 += base,
            Self::BeginClosure(begin) => begin.by_operator.reason.0 += base,
            Self::TopUp(top_up) => {
                if let Some(reference) = &mut top_up.reference {
                    reference.0 += base;
                }
            }
            Self::Purchase(_)
            | Self::Pay(_)
            | Self::PayTogether(_)
            | Self::SetCoupon(_)
            | Self::Provisioned(_)
            | Self::ProvisionFailed(_)
            | Self::Cancel(_)
            | Self::Renew(_)
            | Self::Change(_)
            | Self::Unsubscribe(_)
            | Self::Release(_)
            | Self::Refund(_)
            | Self::SetUnifiedDay(_)
            | Self::GrantCoupon(_)
            | Self::CancelCoupon(_)
            | Self::SetRenewalMode(_)
            | Self::OpenResource(_)
            | Self::SetPower(_)
            | Self::ChangeResource(_)
            | Self::ReleaseResource(_)
            | Self::RecordUsage(_)
            | Self::Withdraw(_)
            | Self::WithdrawalPaid(_)
            | Self::WithdrawalFailed(_)
            | Self::Transfer(_)
            | Self::TakeTransfer(_)
            | Self::TransferAnswered(_)
            | Self::SetCreditLimit(_)
            | Self::SetAlert(_)
            | Self::ConfirmClosure(_)
            | Self::ApproveClosure(_)
            | Self::RevokeClosure(_)
            | Self::LoginSeen(_)
            | Self::ReportHolding(_)
            | Self::ClearHolding(_)
            | Self::Hold(_)
            | Self::LetGo(_)
            | Self::Advance
            | Self::OpenCampaign(_)
            | Self::Take(_)
            | Self::GiveBack(_)
            | Self::CloseCampaign(_)
            | Self::IssueInvoice(_)
            | Self::AssignNumber(_)
            | Self::Number(_)
            | Self::SealMonth(_)
            | Self::CloseMonth(_)
            | Self::ApplyRules(_)
            | Self::EngageBrake(_)
            | Self::ReleaseBrake(_) => {}
        }
    }

    /// What is asked, whatever the channel: none of what accounts share is limited by it.
    #[must_use]
    pub fn asked(&self) -> &Self {
        if let Self::Through(through) = self { through.command.asked() } else { self }
    }

    /// What must be looked up before it can be decided.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        let with_coupon = |coupon: &CouponChoice, question: Option<Question>| {
            let asked = match coupon {
                CouponChoice::This(id) => Some(Question::Coupon(*id)),
                CouponChoice::Auto | CouponChoice::Decline => None,
            };
            question.into_iter().chain(asked).collect()
        };
        let order = |order: OrderId| vec![Question::Order(order)];
        let subscription = |subscription| Some(Question::Subscription(subscription));
        match self {
            Self::Through(through) => through.command.questions(),
            Self::Pay(pay) => order(pay.order),
            Self::PayTogether(pay) => pay.orders.iter().copied().map(Question::Order).collect(),
            Self::Cancel(cancel) => order(cancel.order),
            Self::Provisioned(report) => order(report.order),
            Self::ProvisionFailed(report) => order(report.order),
            Self::Refund(refund) => order(refund.order),
            Self::SetCoupon(set) => with_coupon(&set.coupon, Some(Question::Order(set.order))),
            Self::Purchase(purchase) => with_coupon(&purchase.coupon, None),
            Self::Renew(renew) => with_coupon(&renew.coupon, subscription(renew.subscription)),
            Self::Change(change) => with_coupon(&change.coupon, subscription(change.subscription)),
            Self::SetRenewalMode(set) => vec![Question::Subscription(set.subscription)],
            Self::Unsubscribe(given_up) => vec![Question::Subscription(given_up.subscription)],
            Self::Release(release) => vec![Question::Subscription(release.subscription)],
            Self::CancelCoupon(cancel) => vec![Question::Coupon(cancel.coupon)],
            Self::SetPower(set) => vec![Question::Resource(set.resource)],
            Self::ChangeResource(change) => vec![Question::Resource(change.resource)],
            Self::ReleaseResource(release) => vec![Question::Resource(release.resource)],
            Self::Transfer(transfer) => vec![Question::Account(transfer.to)],
            Self::WithdrawalPaid(report) => vec![Question::Withdrawal(report.withdrawal)],
            Self::WithdrawalFailed(report) => vec![Question::Withdrawal(report.withdrawal)],
            Self::RecordUsage(record) => record
                .readings
                .iter()
                .map(|reading| Question::Usage(reading.resource.account, reading.key))
                .collect(),
            Self::Take(take) => take.accounts.iter().copied().map(Question::Account).collect(),
            Self::Open(_)
            | Self::Import(_)
            | Self::TopUp(_)
            | Self::SetUnifiedDay(_)
            | Self::GrantCoupon(_)
            | Self::OpenResource(_)
            | Self::Withdraw(_)
            | Self::TakeTransfer(_)
            | Self::TransferAnswered(_)
            | Self::SetCreditLimit(_)
            | Self::SetAlert(_)
            | Self::RequestClosure(_)
            | Self::BeginClosure(_)
            | Self::ConfirmClosure(_)
            | Self::ApproveClosure(_)
            | Self::RevokeClosure(_)
            | Self::LoginSeen(_)
            | Self::ReportHolding(_)
            | Self::ClearHolding(_)
            | Self::Hold(_)
            | Self::LetGo(_)
            | Self::Advance
            | Self::OpenCampaign(_)
            | Self::GiveBack(_)
            | Self::CloseCampaign(_)
            | Self::IssueInvoice(_)
            | Self::AssignNumber(_)
            | Self::Number(_)
            | Self::SealMonth(_)
            | Self::CloseMonth(_)
            | Self::ApplyRules(_)
            | Self::EngageBrake(_)
            | Self::ReleaseBrake(_) => Vec::new(),
        }
    }
}

/// An order that was not paid with the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Which.
    pub order: OrderId,
    /// Why not, as a rejection's code.
    pub code: String,
}

/// What a command is answered with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The account is open.
    Opened {
        /// Its id.
        account: AccountId,
    },
    /// The account was brought along.
    Imported {
        /// Its id.
        account: AccountId,
        /// Its subscriptions, in the order given.
        subscriptions: Vec<SubscriptionId>,
    },
    /// The cash was credited.
    ToppedUp {
        /// How much.
        amount: Money,
        /// The cash afterwards.
        cash: Money,
    },
    /// An order was made, paid or cancelled.
    Ordered {
        /// As it stands.
        order: Box<Order>,
        /// Its subscription as it stands.
        subscription: Box<Subscription>,
        /// The cash afterwards.
        cash: Money,
    },
    /// A withdrawal, as it stands.
    Withdrawal {
        /// The withdrawal.
        withdrawal: Box<Withdrawal>,
        /// The cash afterwards.
        cash: Money,
    },
    /// Cash is on its way to another account.
    Transferred {
        /// The number of the transfer.
        number: u32,
        /// To which account.
        to: AccountId,
        /// How much.
        amount: Money,
        /// The cash afterwards.
        cash: Money,
    },
    /// What was transferred was taken, or declined.
    TransferDecided {
        /// Why it was declined, as a rejection's code; none if it was taken.
        declined: Option<String>,
    },
    /// The closure of the account, as it stands.
    Closure {
        /// The closure.
        closure: Box<Closure>,
    },
    /// A wrong code was given; after the last try the closure is over.
    ClosureCodeMissed {
        /// How many more are taken.
        tries_left: u32,
    },
    /// A resource, as it stands.
    Resource {
        /// The resource.
        resource: Box<Resource>,
    },
    /// What became of each reading, in the order given.
    UsageRecorded {
        /// One for each.
        outcomes: Vec<Outcome>,
    },
    /// Orders were paid together.
    PaidTogether {
        /// Those that were paid, as they stand.
        paid: Vec<Order>,
        /// Those that were not, because their status had changed (R4.15).
        skipped: Vec<Skipped>,
        /// The cash afterwards.
        cash: Money,
    },
    /// The report came after the order was closed: it is recorded, and nothing changed.
    ReportedLate {
        /// Which order.
        order: OrderId,
    },
    /// A coupon, as it stands.
    Coupon {
        /// The coupon.
        coupon: Box<Coupon>,
    },
    /// The account cannot take the coupon; its campaign is told.
    CouponDeclined {
        /// Why.
        fault: String,
    },
    /// A campaign, as it stands.
    Campaign {
        /// The campaign.
        campaign: Box<CampaignRow>,
    },
    /// The subscription was released.
    Released {
        /// As it stands.
        subscription: Box<Subscription>,
    },
    /// The expiry had moved already (D26): nothing was done.
    AlreadyRenewed {
        /// The order that moved it; none if it was imported so.
        order: Option<OrderId>,
        /// Where it is now.
        expires_at: Timestamp,
    },
    /// The renewal mode stands.
    ModeSet {
        /// The subscription as it stands.
        subscription: Box<Subscription>,
        /// The next automatic attempt, if there will be one.
        next_attempt_at: Option<Timestamp>,
    },
    /// A document was issued.
    Document {
        /// As it stands; its number follows.
        document: Box<Document>,
    },
    /// Done; there is nothing to add.
    Done,
    /// A version of the rules stands on the timeline.
    RulesApplied {
        /// Its number.
        version: u32,
        /// From when it is in force.
        effective_at: Timestamp,
    },
}

/// The period that auto-renewal derives from a purchase: bought in weeks, one week; in months,
/// one month; in years, one year (R2.13).
#[must_use]
pub const fn derived_auto_period(bought: Period) -> Period {
    Period::new(1, bought.unit())
}
