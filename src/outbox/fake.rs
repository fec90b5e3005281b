//! A desk for tests: a handful of deliveries in memory, and commands that are answered as told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;

use crate::actors::{ExecuteError, Receipt, Request};
use crate::config::{Config, MailBackend};
use crate::domain::calendar::{Course, Period, Timestamp, Unit, Zone};
use crate::domain::command::{Answer, Command};
use crate::domain::effects::{About, Effect, Hook, Noun, Ordered, Recipient, Template};
use crate::domain::event::SealedRef;
use crate::domain::ids::{AccountId, OrderId, StreamId, SubscriptionId};
use crate::domain::money::Money;
use crate::domain::nouns::order;
use crate::domain::nouns::subscription::{Mode, Paid, Renewal, State, Subject, Subscription};
use crate::domain::rules::Terms;
use crate::store::{
    Channel, Chore, Delivery, DeliveryQuery, DeliveryState, OutboxDepth, OutboxRow, StoreError,
};

use super::{Addresses, Desk, Names, Profile};

pub(super) const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

#[derive(Default)]
pub(super) struct Fake {
    pub(super) deliveries: Mutex<Vec<Delivery>>,
    pub(super) answers: Mutex<VecDeque<Result<Receipt, ExecuteError>>>,
    pub(super) requests: Mutex<Vec<(StreamId, Request)>>,
    /// Chores are accepted and forgotten.
    pub(super) is_forgetful: bool,
}

impl Fake {
    pub(super) fn with(deliveries: impl IntoIterator<Item = Delivery>) -> Self {
        Self { deliveries: Mutex::new(deliveries.into_iter().collect()), ..Self::default() }
    }

    pub(super) fn all(&self) -> Vec<Delivery> {
        self.deliveries.lock().expect("deliveries").clone()
    }

    fn waiting(&self, channel: Channel) -> Vec<Delivery> {
        let mut waiting: Vec<Delivery> = self
            .all()
            .into_iter()
            .filter(|it| it.state == DeliveryState::Waiting && it.row.channel == channel)
            .collect();
        waiting.sort_by_key(|it| (it.row.at, it.key()));
        waiting
    }
}

#[async_trait(?Send)]
impl Desk for Fake {
    async fn ready(
        &self,
        channel: Channel,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut waiting = self.waiting(channel);
        if channel == Channel::Webhook {
            let mut seen = std::collections::BTreeSet::new();
            waiting.retain(|it| seen.insert((it.row.endpoint.clone(), it.stream)));
        }
        waiting.retain(|it| it.next_at <= now);
        waiting.truncate(limit as usize);
        Ok(waiting)
    }

    async fn deliveries(&self, query: DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        let mut page = self.waiting(query.channel.expect("a channel"));
        page.reverse();
        page.retain(|it| query.before.is_none_or(|before| (it.row.at, it.key()) < before));
        page.truncate(query.limit as usize);
        Ok(page)
    }

    async fn depth(&self) -> Result<BTreeMap<Channel, OutboxDepth>, StoreError> {
        let of = |channel| {
            let waiting = self.waiting(channel);
            let depth = OutboxDepth {
                waiting_count: waiting.len() as u64,
                next_at: waiting.iter().map(|it| it.next_at).min(),
                ..OutboxDepth::default()
            };
            (channel, depth)
        };
        Ok([Channel::Mail, Channel::Webhook, Channel::Tell].into_iter().map(of).collect())
    }

    async fn chores(&self, chores: Vec<Chore>) -> Result<(), ExecuteError> {
        if self.is_forgetful {
            return Ok(());
        }
        let mut deliveries = self.deliveries.lock().expect("deliveries");
        for chore in chores {
            let Chore::Delivery { key, state, attempts, next_at, outcome } = chore else {
                panic!("{chore:?} from the outbox");
            };
            let it = deliveries.iter_mut().find(|it| it.key() == key).expect("a delivery");
            assert_eq!(it.state, DeliveryState::Waiting, "settled twice: {it:?}");
            (it.state, it.attempts, it.next_at, it.outcome) = (state, attempts, next_at, outcome);
        }
        Ok(())
    }

    async fn execute(&self, stream: StreamId, request: Request) -> Result<Receipt, ExecuteError> {
        self.requests.lock().expect("requests").push((stream, request));
        self.answers.lock().expect("answers").pop_front().expect("an answer")
    }
}

pub(super) struct Ada;

#[async_trait]
impl Addresses for Ada {
    async fn profile(&self, _: StreamId) -> Result<Option<Profile>, StoreError> {
        Ok(Some(Profile { name: "Ada Lovelace".into(), email: "ada@example.com".into() }))
    }

    async fn note(&self, _: StreamId, _: SealedRef) -> Result<Option<String>, StoreError> {
        Ok(Some("042917".into()))
    }
}

pub(super) struct Nobody;

#[async_trait]
impl Addresses for Nobody {
    async fn profile(&self, _: StreamId) -> Result<Option<Profile>, StoreError> {
        Ok(None)
    }

    async fn note(&self, _: StreamId, _: SealedRef) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
}

pub(super) fn names() -> Names {
    std::sync::Arc::new(|key| (key == "vm").then(|| "Virtual server".to_owned()))
}

pub(super) fn config() -> Config {
    let mut config = Config::default();
    config.mail.backend = MailBackend::Memory;
    config.mail.from = "Example Cloud <billing@example.com>".into();
    config.mail.provider = "Example Cloud".into();
    config
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(super) fn now() -> Timestamp {
    at("2026-02-05T08:00:00Z")
}

pub(super) fn account() -> AccountId {
    AccountId::from_bits(0x1_2345_6789_abcd)
}

pub(super) fn usd(text: &str) -> Money {
    Money::parse(text, "USD".parse().expect("a currency")).expect("an amount")
}

pub(super) fn about() -> About {
    About {
        language: "en".into(),
        zone: Some("Europe/Berlin".parse().expect("a zone")),
        subscription: Some(SubscriptionId::new(account(), 4)),
        external_id: Some("web-1".into()),
        product: Some("vm".into()),
        plan: Some("small".into()),
        region: Some("eu-central".into()),
        mode: Some(Mode::ManualRenewal),
        period: Some(Period::new(1, Unit::Month)),
        starts_at: Some(at("2026-02-20T09:00:00Z")),
        expires_at: Some(at("2026-03-20T09:00:00Z")),
        suspends_at: Some(at("2026-03-20T09:00:00Z")),
        releases_at: Some(at("2026-04-04T08:00:00Z")),
        order: Some(OrderId::new(account(), 17)),
        amount: Some(usd("59.50")),
        cash: Some(usd("1240.50")),
        ..About::default()
    }
}

fn row(seq: u64, n: u32, channel: Channel, effect: &Effect) -> Delivery {
    Delivery {
        stream: account().into(),
        row: OutboxRow {
            seq,
            n,
            channel,
            endpoint: String::new(),
            topic: String::new(),
            worth_until: Timestamp::MAX,
            at: now(),
            body: serde_json::to_string(effect).expect("JSON"),
        },
        state: DeliveryState::Waiting,
        attempts: 0,
        next_at: now(),
        outcome: String::new(),
    }
}

pub(super) fn mail(seq: u64, n: u32) -> Delivery {
    mail_of(seq, n, Recipient::Customer, Template::Renewed, about())
}

pub(super) fn mail_of(
    seq: u64,
    n: u32,
    to: Recipient,
    template: Template,
    about: About,
) -> Delivery {
    row(seq, n, Channel::Mail, &Effect::Mail { to, template, about: Box::new(about) })
}

pub(super) fn tell(seq: u64) -> Delivery {
    let command = Box::new(Command::Advance);
    row(seq, 0, Channel::Tell, &Effect::Tell { to: StreamId::House, command })
}

pub(super) fn webhook(seq: u64, endpoint: &str) -> Delivery {
    let noun = Box::new(Noun::Subscription(subscription()));
    let mut delivery =
        row(seq, 0, Channel::Webhook, &Effect::Webhook { hook: Hook::Renewed, noun });
    endpoint.clone_into(&mut delivery.row.endpoint);
    delivery
}

/// A renewal that waits to be paid.
pub(super) fn order() -> order::Order {
    let (id, live) = (OrderId::new(account(), 17), SubscriptionId::new(account(), 4));
    let month = Period::new(1, Unit::Month);
    let (kind, currency) = (order::Kind::Renew, usd("1.00").currency());
    order::Order {
        list: usd("70.00"),
        payable: usd("59.50"),
        rules_version: 3,
        deadline: at("2026-02-06T08:00:00Z"),
        ..order::Order::new(id, kind, live, ("vm", "small"), (month, 2), now(), currency)
    }
}

pub(super) fn ordered(order: order::Order) -> Noun {
    Noun::Order(Ordered { order, subject: Some(subject()) })
}

pub(super) fn order_webhook(seq: u64, endpoint: &str) -> Delivery {
    let order = order::Order {
        state: order::State::Cancelled,
        closed_at: Some(at("2026-02-06T08:00:00Z")),
        cancelled_for: Some(order::CancelReason::TimedOut),
        ..order()
    };
    let noun = Box::new(ordered(order));
    let mut delivery =
        row(seq, 0, Channel::Webhook, &Effect::Webhook { hook: Hook::OrderCancelled, noun });
    endpoint.clone_into(&mut delivery.row.endpoint);
    delivery
}

fn subject() -> Subject {
    Subject {
        product: "vm".into(),
        plan: "small".into(),
        region: "eu-central".into(),
        zone: Zone::UTC,
        external_id: Some("web-1".into()),
        expires_not_after: None,
    }
}

pub(super) fn subscription() -> Subscription {
    let course =
        Course::starting(at("2026-01-20T09:00:00Z"), Zone::UTC).plus(Period::new(2, Unit::Month));
    Subscription {
        id: SubscriptionId::new(account(), 4),
        subject: subject(),
        state: State::Active,
        renewal: Renewal { mode: Mode::AutoRenewal, period: None, muted: false },
        mode_set_at: now(),
        paid: Some(Paid {
            period_no: 2,
            period: Period::new(1, Unit::Month),
            course,
            started_at: at("2026-02-20T09:00:00Z"),
            expires_at: at("2026-03-20T09:00:00Z"),
            terms: Terms { price: usd("59.50"), grace_days: 0, recovery_days: 15, lead_days: 15 },
        }),
        open_order: None,
        last_order: Some(OrderId::new(account(), 17)),
        noticed_through: now(),
        attempted_through: now(),
        quote: None,
        earlier_quote: None,
        release_noticed_at: None,
        told_in_period: 0,
        processing: false,
        coverages: Vec::new(),
        earlier: Vec::new(),
        last_period_no: None,
        next_plan: None,
        temporary: None,
        downgrades: 0,
        locked: None,
    }
}

pub(super) fn receipt() -> Receipt {
    Receipt {
        stream: StreamId::House,
        seq: 9,
        at: now(),
        answer: Answer::Done,
        replayed: false,
        steps: BTreeMap::new(),
    }
}
