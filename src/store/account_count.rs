//! How many accounts there are. Counting them is a walk over the whole table, which nobody waits
//! for when a store is opened: it runs beside everything else, on the table as it was then, and
//! what is opened meanwhile is added.

use std::sync::Arc;

use tokio::sync::watch;

use super::StoreError;

/// The number of accounts, once it is known.
#[derive(Debug, Clone)]
pub(super) struct AccountCount(Arc<watch::Sender<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// How many times a count was begun: one that was overtaken is of no use.
    round: u64,
    /// What the last count found, unless it is under way.
    counted: Option<Result<u64, StoreError>>,
    /// Accounts that were opened since it began.
    opened: u64,
}

/// A count that is under way.
#[derive(Debug)]
pub(super) struct Counting {
    count: AccountCount,
    round: u64,
}

impl AccountCount {
    /// Nothing is known yet.
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Known::default())))
    }

    /// Begins to count the table as it is now: nothing may be written until whoever counts sees
    /// it so.
    pub(super) fn begin(&self) -> Counting {
        let mut round = 0;
        self.0.send_modify(|known| {
            round = known.round + 1;
            *known = Known { round, ..Known::default() };
        });
        Counting { count: self.clone(), round }
    }

    /// Adds accounts that were opened.
    pub(super) fn add(&self, opened: u64) {
        self.0.send_modify(|known| known.opened += opened);
    }

    /// Has the last count found nothing?
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.0.borrow().counted, Some(Err(_)))
    }

    /// How many there are, as soon as they are counted.
    pub(super) async fn get(&self) -> Result<u64, StoreError> {
        let mut known = self.0.subscribe();
        let known = known.wait_for(|known| known.counted.is_some()).await;
        let known = known.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        match &known.counted {
            Some(Ok(counted)) => Ok(counted + known.opened),
            Some(Err(error)) => Err(error.clone()),
            None => Err(StoreError::Unavailable("the accounts are not counted".to_owned())),
        }
    }
}

impl Counting {
    /// Says what was found, or why nothing was.
    pub(super) fn end(self, counted: Result<u64, StoreError>) {
        self.count.0.send_modify(|known| {
            if known.round == self.round {
                known.counted = Some(counted);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_is_opened_while_it_counts_is_added() {
        let count = AccountCount::new();
        let counting = count.begin();
        count.add(2);
        let waiting = tokio::time::timeout(Duration::from_millis(1), count.get()).await;
        assert!(waiting.is_err(), "it is known before it was counted: {waiting:?}");
        counting.end(Ok(40));
        count.add(1);
        assert_eq!(count.get().await.expect("counted"), 43);
    }

    #[tokio::test]
    async fn a_count_that_was_overtaken_says_nothing() {
        let count = AccountCount::new();
        let first = count.begin();
        count.add(7);
        let second = count.begin();
        first.end(Ok(1));
        second.end(Ok(8));
        assert_eq!(count.get().await.expect("counted"), 8);
    }

    #[tokio::test]
    async fn a_count_that_failed_says_why() {
        let count = AccountCount::new();
        count.begin().end(Err(StoreError::Unavailable("no disk".to_owned())));
        let error = count.get().await.expect_err("not counted");
        assert!(error.to_string().contains("no disk"), "{error}");
        assert!(count.has_failed());
        count.begin().end(Ok(3));
        assert!(!count.has_failed());
        assert_eq!(count.get().await.expect("counted"), 3);
    }
}
