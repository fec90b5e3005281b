//! Replies to what is asked of the machinery under a token: moving the clock, running a
//! scheduler. No stream records these, so their replies are kept here, in memory, until the
//! daemon stops; with it goes the manual clock as well.

use std::collections::VecDeque;
use std::future::Future;

use tokio::sync::Mutex;

use super::problem::Problem;
use crate::actors::Token;
use crate::domain::rejection::Rejection;

/// How many replies are kept.
const KEPT_MAX: usize = 256;

/// The latest replies, as JSON, oldest first.
#[derive(Debug, Default)]
pub struct Replies(Mutex<VecDeque<(Token, String)>>);

impl Replies {
    /// The reply that was given under this token before, or else the one that `work` comes to,
    /// and whether it is the old one. What comes under tokens is worked on one after the other,
    /// so a repeated request waits for the first one's reply. A problem is not kept.
    pub async fn once(
        &self,
        token: Option<&Token>,
        work: impl Future<Output = Result<String, Problem>>,
    ) -> Result<(String, bool), Problem> {
        let Some(token) = token else { return Ok((work.await?, false)) };
        let mut kept = self.0.lock().await;
        if let Some((before, reply)) = kept.iter().find(|(before, _)| before.text == token.text) {
            if before.fingerprint != token.fingerprint {
                return Err(Rejection::TokenMismatch.into());
            }
            return Ok((reply.clone(), true));
        }
        let reply = work.await?;
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((token.clone(), reply.clone()));
        Ok((reply, false))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::admin::problem::Code;

    #[actix_web::test]
    async fn what_came_under_a_token_is_done_once() {
        let replies = Replies::default();
        let token = Token { text: "t".into(), fingerprint: [1; 32] };
        let done = Cell::new(0);
        let work = || async {
            done.set(done.get() + 1);
            Ok(done.get().to_string())
        };
        assert_eq!(replies.once(Some(&token), work()).await, Ok(("1".into(), false)));
        assert_eq!(replies.once(Some(&token), work()).await, Ok(("1".into(), true)));
        assert_eq!(replies.once(None, work()).await, Ok(("2".into(), false)));
        let other = Token { fingerprint: [2; 32], ..token };
        let refused = replies.once(Some(&other), work()).await.expect_err("other parameters");
        assert_eq!(refused.code(), "IdempotenceParamNotMatch");
        assert_eq!(done.get(), 2);
    }

    #[actix_web::test]
    async fn a_problem_may_be_tried_again() {
        let replies = Replies::default();
        let token = Token { text: "t".into(), fingerprint: [1; 32] };
        let failed = async { Err(Problem::new(Code::ControlFailed, "not now")) };
        assert!(replies.once(Some(&token), failed).await.is_err());
        let works = async { Ok(String::new()) };
        assert_eq!(replies.once(Some(&token), works).await, Ok((String::new(), false)));
    }
}
