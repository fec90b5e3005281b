//! How an account is closed (R8.5, R8.7, R8.9, R8.11, D20, D49).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::units::{Length, Wait};
use crate::domain::account::Kind;

/// How an account is closed. With `settle = "0s"` and `quiet = "0s"` it is closed as soon as all
/// checks pass (S0).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Closure {
    /// How long after the last metered use final charges are waited for (R8.5).
    pub settle: Length,
    /// How long it can still be revoked once everything is settled (R8.7, D20).
    pub quiet: Wait,
    /// How long the one-time code is good (D49).
    pub code_ttl: Length,
    /// How many wrong codes end the request (D49).
    pub code_tries: u32,
    /// Does logging in revoke it (R8.9, D21)?
    pub revoke_on_login: bool,
    /// The kinds of accounts that an operator approves, on a document (R8.11).
    pub approval_for: Vec<Kind>,
}

impl Default for Closure {
    fn default() -> Self {
        Self {
            settle: Length(Duration::from_hours(48)),
            quiet: Wait::Days(15),
            code_ttl: Length(Duration::from_mins(10)),
            code_tries: 5,
            revoke_on_login: false,
            approval_for: vec![Kind::Corporate],
        }
    }
}

impl Closure {
    pub(super) fn faults(&self, path: &str, fault: &mut impl FnMut(String, String)) {
        if self.code_ttl.0.is_zero() {
            fault(format!("{path}.code_ttl"), "leaves no time to confirm".into());
        }
        if self.code_tries == 0 {
            fault(format!("{path}.code_tries"), "must be 1 at least".into());
        }
        let mut kinds = self.approval_for.iter();
        if kinds.by_ref().enumerate().any(|(place, kind)| self.approval_for[..place].contains(kind))
        {
            fault(format!("{path}.approval_for"), "must name each kind once".into());
        }
    }
}
