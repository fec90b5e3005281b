//! What holds in every world. One law a file; each looks through what a world left behind, and
//! each has a test in which something is broken on purpose that it must find.

pub(crate) mod coupons;
pub(crate) mod due;
pub(crate) mod effects;
pub(crate) mod forecast;
pub(crate) mod ledger;
pub(crate) mod missed;
pub(crate) mod money;
pub(crate) mod once;
pub(crate) mod reminders;
pub(crate) mod restart;
pub(crate) mod sleep;

use crate::history::History;

/// A law: what of a history breaks it, in words.
pub(crate) type Law = fn(&History) -> Vec<String>;

/// All laws over one world, by name.
pub(crate) const LAWS: [(&str, Law); 9] = [
    ("money", money::broken),
    ("ledger", ledger::broken),
    ("once", once::broken),
    ("missed", missed::broken),
    ("coupons", coupons::broken),
    ("due", due::broken),
    ("reminders", reminders::broken),
    ("effects", effects::broken),
    ("restart", restart::broken),
];

/// What breaks which law.
pub(crate) fn broken(history: &History) -> Vec<String> {
    let of = |(name, law): &(&str, Law)| {
        law(history).into_iter().map(|what| format!("{name}: {what}")).collect::<Vec<_>>()
    };
    LAWS.iter().flat_map(of).collect()
}

/// Breaking something on purpose.
#[cfg(test)]
pub(crate) mod breaking {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use renewd::domain::event::Event;

    use super::Law;
    use crate::history::History;
    use crate::world::{Setting, World};

    /// Quiet worlds that are looked through for something to break.
    pub(crate) const WORLDS: u64 = 60;

    /// What a quiet world leaves behind. All tests look through the same ones, lived once.
    pub(crate) fn quiet(seed: u64, social: bool) -> History {
        static LIVED: Mutex<BTreeMap<(u64, bool), History>> = Mutex::new(BTreeMap::new());
        let mut lived = LIVED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let setting = Setting { hostile: false, social, ..Setting::of(seed) };
        lived.entry((seed, social)).or_insert_with(|| World::live(setting).history).clone()
    }

    /// Breaks what `breaks` finds in the first world that has it, and asks whether `law` finds it.
    pub(crate) fn is_found(law: Law, mut breaks: impl FnMut(&mut History) -> bool) {
        for seed in 1..=WORLDS {
            let mut history = quiet(seed, true);
            assert_eq!(law(&history), Vec::<String>::new(), "seed {seed}, unbroken");
            if breaks(&mut history) {
                assert_ne!(law(&history), Vec::<String>::new(), "seed {seed}, broken");
                return;
            }
        }
        panic!("no world has what is to be broken");
    }

    /// The first event that `is` one: its stream's records are changed by `change` there, given
    /// the record's place and the event's.
    pub(crate) fn change_event(
        history: &mut History,
        is: impl Fn(&Event) -> bool,
        change: impl FnOnce(&mut Vec<renewd::domain::record::Record>, usize, usize),
    ) -> bool {
        for stream in history.streams.values_mut() {
            let found = stream.records.iter().enumerate().find_map(|(place, record)| {
                record.events.iter().position(&is).map(|event| (place, event))
            });
            if let Some((place, event)) = found {
                change(&mut stream.records, place, event);
                return true;
            }
        }
        false
    }
}
