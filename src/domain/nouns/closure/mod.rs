//! The closure of an account: its stages, what stands in its way, and what the provider's other
//! systems hold for the account (R8.1–R8.11).

mod blocker;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::blocker::{Blocker, Claim, Holding, HoldingKind, Remedy};
use crate::domain::calendar::Timestamp;
use crate::domain::event::SealedRef;
use crate::domain::text::text_serde;

/// A hash of a one-time code that nobody can compute without the deployment's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeHash(pub [u8; 32]);

impl fmt::Display for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CodeHash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("{text:?} is not 64 hexadecimal digits");
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() || !text.is_ascii() {
            return Err(fault());
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            let digits = &text[2 * place..2 * place + 2];
            *byte = u8::from_str_radix(digits, 16).map_err(|_| fault())?;
        }
        Ok(Self(bytes))
    }
}

text_serde!(CodeHash);

/// Where a closure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It was asked for; the one-time code is awaited.
    Requested,
    /// The code was right, or an operator began it, and everything is checked: within one record.
    Checking,
    /// An operator is to approve it, on a document (R8.11).
    Approval,
    /// Final charges are waited for, until all of them are paid (R8.5).
    Settling,
    /// Everything is settled; it can still be revoked (R8.7).
    Quiet,
    /// Closed for good.
    Closed,
    /// It was refused, revoked or interrupted: the account is in service.
    Ended,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Checking,
        Self::Approval,
        Self::Settling,
        Self::Quiet,
        Self::Closed,
        Self::Ended,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Checking => "checking",
            Self::Approval => "approval",
            Self::Settling => "settling",
            Self::Quiet => "quiet",
            Self::Closed => "closed",
            Self::Ended => "ended",
        }
    }
}

/// A closure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// Where it stands.
    pub stage: Stage,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Did the owner give up, in so many words, the cash that is left at the end (R8.3)?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forfeit: bool,
    /// Why an operator began it; none if its owner asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_operator: Option<OnBehalf>,
    /// The one-time code, while it is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// When it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// The document on which an operator approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// When the stage ends at the earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When something last happened that may stand in its way, or no longer does.
    pub moved_at: Timestamp,
    /// When the account was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

/// Why an operator began it on the owner's behalf. Who did is told by the record's cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnBehalf {
    /// The reason, as its owner is told, sealed beside the journal.
    pub reason: SealedRef,
    /// A document that says so; nothing personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A one-time code that is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Its hash.
    pub hash: CodeHash,
    /// Until when it is good, excluded (D49).
    pub expires_at: Timestamp,
    /// How many more wrong ones end the request.
    pub tries_left: u32,
}

/// Who or what revoked a closure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokedBy {
    /// Somebody asked for it (D21).
    Request,
    /// The owner logged in, where that revokes (R8.9).
    Login,
    /// The code was not given in time (D49).
    CodeExpired,
    /// Too many wrong codes were given (D49).
    CodeMissed,
}

impl RevokedBy {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Login => "login",
            Self::CodeExpired => "code_expired",
            Self::CodeMissed => "code_missed",
        }
    }
}

/// What happened to a closure, and to what other systems hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was asked for, with the disclaimer acknowledged (R8.1).
    Requested {
        /// The hash of the one-time code.
        code: CodeHash,
        /// The code itself, sealed beside the journal for the mail.
        note: SealedRef,
        /// Until when it is good, excluded.
        expires_at: Timestamp,
        /// How many wrong ones end the request.
        tries: u32,
        /// Is the cash that is left at the end given up?
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        forfeit: bool,
        /// When.
        at: Timestamp,
    },
    /// An operator began it on the owner's behalf: no code is awaited.
    Begun {
        /// Why; with that the disclaimer is acknowledged.
        by_operator: OnBehalf,
        /// Is the cash that is left at the end given up?
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        forfeit: bool,
        /// When.
        at: Timestamp,
    },
    /// A wrong code was given.
    CodeMissed {
        /// How many more end the request.
        tries_left: u32,
        /// When.
        at: Timestamp,
    },
    /// The code was right.
    Confirmed {
        /// When.
        at: Timestamp,
    },
    /// An operator is asked to approve it (R8.11).
    ApprovalAsked {
        /// When.
        at: Timestamp,
    },
    /// An operator approved it.
    Approved {
        /// The document; nothing personal.
        reference: String,
        /// When.
        at: Timestamp,
    },
    /// Final charges are waited for.
    SettlingBegan {
        /// Until then at least (R8.5).
        until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Everything is settled.
    QuietBegan {
        /// Until when it can be revoked (R8.7).
        until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Money turned up that is to be settled first (R8.6).
    ReturnedToSettling {
        /// What.
        blockers: Vec<Blocker>,
        /// Until then at least.
        until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Something stood in the way once it was confirmed, or approved: the account is in service.
    Rejected {
        /// What.
        blockers: Vec<Blocker>,
        /// When.
        at: Timestamp,
    },
    /// It was revoked: the account is in service.
    Revoked {
        /// By whom or what.
        by: RevokedBy,
        /// When.
        at: Timestamp,
    },
    /// Something stood in the way later on: the account is in service (R8.6).
    Interrupted {
        /// What.
        blockers: Vec<Blocker>,
        /// When.
        at: Timestamp,
    },
    /// The account was closed for good.
    Closed {
        /// When.
        at: Timestamp,
    },
    /// Another system holds something for the account.
    HoldingReported(Holding),
    /// It no longer does.
    HoldingCleared {
        /// What it was.
        kind: HoldingKind,
        /// Its id over there.
        id: String,
        /// When.
        at: Timestamp,
    },
}

impl Closure {
    /// A closure that was just asked for.
    #[must_use]
    pub fn requested(code: Code, forfeit: bool, at: Timestamp) -> Self {
        Self { stage: Stage::Requested, code: Some(code), ..Self::new(forfeit, at) }
    }

    /// A closure that an operator just began.
    #[must_use]
    pub fn begun(by_operator: OnBehalf, forfeit: bool, at: Timestamp) -> Self {
        Self { by_operator: Some(by_operator), ..Self::new(forfeit, at) }
    }

    const fn new(forfeit: bool, at: Timestamp) -> Self {
        Self {
            stage: Stage::Checking,
            requested_at: at,
            forfeit,
            by_operator: None,
            code: None,
            confirmed_at: None,
            approval: None,
            until: None,
            moved_at: at,
            closed_at: None,
        }
    }

    /// Is it under way?
    #[must_use]
    pub const fn is_under_way(&self) -> bool {
        match self.stage {
            Stage::Requested
            | Stage::Checking
            | Stage::Approval
            | Stage::Settling
            | Stage::Quiet => true,
            Stage::Closed | Stage::Ended => false,
        }
    }

    /// Changes it by what happened.
    pub fn apply(&mut self, event: &Event) {
        let at = match event {
            Event::Requested { .. } | Event::Begun { .. } => {
                panic!("broken journal: a closure was begun twice")
            }
            Event::HoldingReported(holding) => holding.reported_at,
            Event::HoldingCleared { at, .. } => *at,
            Event::CodeMissed { tries_left, at } => {
                if let Some(code) = &mut self.code {
                    code.tries_left = *tries_left;
                }
                *at
            }
            Event::Confirmed { at } => {
                (self.code, self.confirmed_at) = (None, Some(*at));
                self.enter(Stage::Checking, None);
                *at
            }
            Event::ApprovalAsked { at } => {
                self.enter(Stage::Approval, None);
                *at
            }
            Event::Approved { reference, at } => {
                self.approval = Some(reference.clone());
                self.enter(Stage::Checking, None);
                *at
            }
            Event::SettlingBegan { until, at } | Event::ReturnedToSettling { until, at, .. } => {
                self.enter(Stage::Settling, Some(*until));
                *at
            }
            Event::QuietBegan { until, at } => {
                self.enter(Stage::Quiet, Some(*until));
                *at
            }
            Event::Rejected { at, .. }
            | Event::Revoked { at, .. }
            | Event::Interrupted { at, .. } => {
                self.enter(Stage::Ended, None);
                *at
            }
            Event::Closed { at } => {
                self.closed_at = Some(*at);
                self.enter(Stage::Closed, None);
                *at
            }
        };
        self.moved(at);
    }

    /// Something happened at `at` that may stand in its way, or no longer does.
    pub fn moved(&mut self, at: Timestamp) {
        self.moved_at = self.moved_at.max(at);
    }

    const fn enter(&mut self, stage: Stage, until: Option<Timestamp>) {
        (self.stage, self.until) = (stage, until);
    }
}
