//! What the threads of this process took of the processors, as the system counts it.

use std::fs;
use std::time::Duration;

/// What each thread took so far.
pub(super) struct Processors(Vec<Thread>);

struct Thread {
    id: String,
    name: String,
    ran: Duration,
}

impl Processors {
    /// What they took up to now; nothing where the system does not tell.
    pub(super) fn now() -> Self {
        let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        Self(
            threads
                .filter_map(|thread| Thread::read(&thread.file_name().to_string_lossy()))
                .collect(),
        )
    }

    /// What was taken from then until now by threads of the name, or by all. Threads that ended
    /// meanwhile are not counted.
    pub(super) fn taken_since(&self, name: Option<&str>) -> Duration {
        let before = |id: &str| {
            let known = self.0.iter().find(|thread| thread.id == id);
            known.map_or(Duration::ZERO, |thread| thread.ran)
        };
        let now = Self::now().0.into_iter();
        now.filter(|thread| name.is_none_or(|name| thread.name == name))
            .map(|thread| thread.ran.saturating_sub(before(&thread.id)))
            .sum()
    }
}

impl Thread {
    fn read(id: &str) -> Option<Self> {
        let told = |what: &str| fs::read_to_string(format!("/proc/self/task/{id}/{what}")).ok();
        let ran = told("schedstat")?.split_whitespace().next()?.parse().ok()?;
        let name = told("comm")?.trim_end().to_owned();
        Some(Self { id: id.to_owned(), name, ran: Duration::from_nanos(ran) })
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_a_thread_takes_is_told_by_its_name() {
        let before = Processors::now();
        let busy = thread::Builder::new().name("busy".to_owned()).spawn(move || {
            let until = Instant::now() + Duration::from_millis(20);
            while Instant::now() < until {}
            // The thread must still be there.
            (before.taken_since(Some("busy")), before.taken_since(None))
        });
        let (busy, all) = busy.expect("a thread").join().expect("its figures");
        assert!(busy > Duration::ZERO && all >= busy, "{busy:?} of {all:?}");
        assert_eq!(Processors::now().taken_since(Some("nobody")), Duration::ZERO);
    }
}
