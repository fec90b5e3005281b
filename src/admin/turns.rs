//! Who claims the same goes one after the other: of two lines of a book with one e-mail address the
//! earlier has it, however many are carried out at once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::rc::Rc;

use futures_util::FutureExt as _;
use futures_util::future::{Shared, join_all};
use tokio::sync::oneshot;

use crate::store::Claim;

/// Ends, without a word, when a turn is over.
type End = Shared<oneshot::Receiver<Infallible>>;

/// The turns of some requests.
#[derive(Debug, Clone, Default)]
pub struct Turns(Rc<RefCell<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    count: u64,
    /// The last turn that claims something.
    last: HashMap<Claim, (u64, End)>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    number: u64,
    claims: Vec<Claim>,
    _over: oneshot::Sender<Infallible>,
}

impl Turns {
    /// Takes the next turn, and waits until all before it are over that claim something of this.
    pub(super) async fn take(&self, claims: &[Claim]) -> Turn {
        let (over, end) = oneshot::channel();
        let end = end.shared();
        let mut earlier = Vec::new();
        let turn = {
            let mut taken = self.0.borrow_mut();
            taken.count += 1;
            let number = taken.count;
            for claim in claims {
                let last = taken.last.insert(claim.clone(), (number, end.clone()));
                earlier.extend(last.filter(|(last, _)| *last != number).map(|(_, end)| end));
            }
            Turn { turns: self.clone(), number, claims: claims.to_vec(), _over: over }
        };
        join_all(earlier).await;
        turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = self.turns.0.borrow_mut();
        for claim in &self.claims {
            if taken.last.get(claim).is_some_and(|(last, _)| *last == self.number) {
                taken.last.remove(claim);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{self, StreamExt as _};

    use super::*;
    use crate::store::ClaimKind;

    #[actix_web::test]
    async fn who_claims_the_same_goes_in_order_and_nobody_else_waits() {
        let claim = |hash| Claim { kind: ClaimKind::Email, hash: [hash; 32] };
        let (turns, done) = (Turns::default(), RefCell::new(Vec::new()));
        // The earlier, the longer it takes.
        let lines = [vec![1], vec![1, 2], vec![3, 3], vec![2], vec![], vec![1]];
        stream::iter(lines.into_iter().enumerate())
            .map(|(line, claims)| {
                let (turns, done) = (&turns, &done);
                async move {
                    let claims: Vec<_> = claims.into_iter().map(claim).collect();
                    let _turn = turns.take(&claims).await;
                    for _ in line..10 {
                        tokio::task::yield_now().await;
                    }
                    done.borrow_mut().push(line);
                }
            })
            .buffered(6)
            .collect::<Vec<()>>()
            .await;
        let done = done.into_inner();
        let place = |line| done.iter().position(|done| *done == line);
        assert!(place(0) < place(1) && place(1) < place(3) && place(1) < place(5), "{done:?}");
        assert_eq!(place(4), Some(0), "it claims nothing: {done:?}");
        assert!(turns.0.borrow().last.is_empty());
    }
}
