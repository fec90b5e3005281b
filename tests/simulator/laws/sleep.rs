//! Slept through is stepped: a daemon that looks every minute and one that wakes only when somebody
//! asks for something come to the same money, periods, states and terms (D25, D30, R3.7).
//!
//! Where a release needs its notice, it is later for whoever slept, and what many lose at once waits
//! for an operator, both by design (D38); in these worlds it needs none, and there is no brake. And
//! accounts do not speak to each other in them: what another stream says comes when somebody is awake
//! to bring it. Nor does a house that sleeps close months: what was held until its month was closed is
//! billed in the next (R10.5) by whoever was awake, and in its own by whoever slept.

use renewd::domain::account::Open;
use renewd::domain::event::Event;
use renewd::domain::ids::AccountId;
use renewd::domain::nouns::{coupon, order, resource, standing, statement, subscription};

use crate::history::{History, Stream};
use crate::world::{Days, Setting, World};

/// Lives one world awake and once more asleep; answers what differs, and how many account-days that
/// were.
pub(crate) fn broken_in(of: Setting) -> (Vec<String>, Days) {
    let setting = Setting { hostile: false, social: false, ..of };
    let awake = World::live(setting);
    let asleep = World::sleep(setting, &awake.script);
    let mut days = awake.days;
    days += asleep.days;
    let mut broken = compare(&awake.history, &asleep.history);
    broken.extend(super::forecast::broken(&awake.history));
    (broken, days)
}

fn compare(awake: &History, asleep: &History) -> Vec<String> {
    let mut broken = Vec::new();
    for (id, stream) in awake.accounts() {
        let Some(other) = asleep.streams.get(&id.into()) else {
            broken.push(format!("{id} never came to be for whoever slept"));
            continue;
        };
        let late = is_billed_late(stream);
        let (one, two) = (essence(stream, late), essence(other, late));
        let place = one.iter().zip(&two).position(|(one, two)| one != two);
        if let Some(place) = place {
            let (one, two) = (&one[place], &two[place]);
            broken.push(format!("{id}: awake: {one:?}\n  asleep: {two:?}"));
        } else if one.len() != two.len() {
            let more = one.get(two.len()).or_else(|| two.get(one.len()));
            broken.push(format!("{id}: {} and {} events, then {more:?}", one.len(), two.len()));
        }
        if ends(awake, id) != ends(asleep, id) {
            broken.push(format!(
                "{id}: awake: {:?}\n  asleep: {:?}",
                ends(awake, id),
                ends(asleep, id)
            ));
        }
    }
    broken
}

/// Is something of it billed in a later month than its own?
fn is_billed_late(stream: &Stream) -> bool {
    let is_late = |event: &Event| {
        matches!(
            event,
            Event::Order(
                order::Event::Paid { cycle: Some(_), .. }
                    | order::Event::Processing { cycle: Some(_), .. }
                    | order::Event::Failed { cycle: Some(_), .. }
                    | order::Event::Refunded { cycle: Some(_), .. }
            )
        )
    };
    stream.events().any(|(_, event)| is_late(event))
}

/// The event, billed in the month in which it happened.
fn in_its_month(event: &Event) -> Event {
    let mut event = event.clone();
    if let Event::Order(
        order::Event::Paid { cycle, .. }
        | order::Event::Processing { cycle, .. }
        | order::Event::Failed { cycle, .. }
        | order::Event::Refunded { cycle, .. },
    ) = &mut event
    {
        *cycle = None;
    }
    event
}

/// What must be the same: everything that moves money, gives or ends a period, or fails to, with
/// its due instants. Not compared are notices, which collapse, and months, where some are `late`.
fn essence(stream: &Stream, late: bool) -> Vec<Essence<'_>> {
    stream.events().filter_map(|(_, event)| Essence::of(event, late)).collect()
}

#[derive(Debug, Clone, PartialEq)]
enum Essence<'a> {
    Event(&'a Event),
    /// Of what is billed late the month is no part.
    Late(Box<Event>),
    /// Whether a failure was told or superseded is no part of it.
    Failed(&'a subscription::Failure, renewd::domain::calendar::Timestamp),
}

impl<'a> Essence<'a> {
    fn of(event: &'a Event, late: bool) -> Option<Self> {
        match event {
            Event::Notice(_)
            | Event::Coupon(coupon::Event::Reminded { .. })
            | Event::Resource(resource::Event::ReleaseNoticed { .. })
            | Event::Statement(statement::Event::DocumentNumbered { .. })
            | Event::Standing(
                standing::Event::OverdueNoticed { .. }
                | standing::Event::RanLow { .. }
                | standing::Event::Refilled { .. }
                | standing::Event::WillRunShort { .. },
            ) => None,
            Event::Statement(statement::Event::Closed { .. }) if late => None,
            Event::Order(_) if late => Some(Self::Late(Box::new(in_its_month(event)))),
            Event::Subscription(subscription::Event::AttemptFailed { due_at, failure, .. }) => {
                Some(Self::Failed(failure, *due_at))
            }
            Event::Account(_)
            | Event::Wallet(_)
            | Event::Withdrawal(_)
            | Event::Order(_)
            | Event::Subscription(_)
            | Event::Coupon(_)
            | Event::Resource(_)
            | Event::Usage(_)
            | Event::Standing(_)
            | Event::Closure(_)
            | Event::Statement(_)
            | Event::House(_)
            | Event::Campaign(_)
            | Event::Series(_) => Some(Self::Event(event)),
        }
    }
}

/// How an account stands in the end.
fn ends(history: &History, id: AccountId) -> Option<impl PartialEq + std::fmt::Debug> {
    let open: &Open = history.books(id)?;
    let subscriptions: Vec<_> = open
        .subscriptions
        .values()
        .map(|live| {
            let mut live = live.as_ref().clone();
            // Who was told of what, and when, differs.
            (live.told_in_period, live.release_noticed_at) = (0, None);
            live
        })
        .collect();
    Some((open.wallet.clone(), subscriptions, open.orders.clone(), open.coupons.clone()))
}

#[test]
fn a_renewal_that_only_one_of_them_made_is_found() {
    for seed in 1..=super::breaking::WORLDS {
        let awake = super::breaking::quiet(seed, false);
        assert_eq!(compare(&awake, &awake), Vec::<String>::new());
        let mut asleep = awake.clone();
        let is = |event: &Event| {
            matches!(
                event,
                Event::Subscription(subscription::Event::Renewed { automatic: true, .. })
            )
        };
        let found = super::breaking::change_event(&mut asleep, is, |records, place, event| {
            drop(records[place].events.remove(event));
        });
        if found {
            assert_ne!(compare(&awake, &asleep), Vec::<String>::new());
            return;
        }
    }
    panic!("nothing is renewed by itself in any world");
}
