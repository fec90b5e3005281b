//! What can go wrong, how it is said, and the exit code that it gives.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use renewd::admin::wire::Problem;
use serde_json::Value;

/// Why a verb was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The daemon said no.
    Rejected(Box<Problem>),
    /// Some parts of it were refused; what and why was said already.
    PartlyRejected,
    /// Something on this side: a file, a terminal.
    Local(String),
    /// Nobody answers on the socket.
    Unreachable {
        /// Where it was looked for.
        socket: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The connection was lost, so nobody knows whether it was done.
    Lost {
        /// What happened.
        reason: String,
        /// The token to ask again with.
        token: Option<String>,
    },
    /// The daemon failed.
    Daemon(String),
    /// What was printed could not be written.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Failure {
    /// Something on this side.
    pub(crate) fn local(what: &str, error: &dyn std::fmt::Display) -> Self {
        Self::Local(format!("{what}: {error}"))
    }

    /// The exit code.
    fn code(&self) -> u8 {
        match self {
            // A reader that has seen enough is no failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Rejected(_) | Self::PartlyRejected => 1,
            Self::Local(_) | Self::Output(_) => 2,
            Self::Unreachable { .. } | Self::Lost { .. } => 3,
            Self::Daemon(_) => 4,
        }
    }

    /// The words for it: the first line says what, others what to do about it.
    fn words(&self) -> Option<String> {
        Some(match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return None,
            Self::PartlyRejected => return None,
            Self::Rejected(problem) => {
                let mut words = format!("{}: {}", problem.code, problem.detail);
                for hint in hints(problem) {
                    let _ = write!(words, "\nhint: {hint}");
                }
                words
            }
            Self::Local(reason) => reason.clone(),
            Self::Unreachable { socket, reason } => format!(
                "no daemon answers at {}: {reason}\nhint: start one with `renewd serve`, or name \
                 its socket with --socket or RENEWCTL_SOCKET",
                socket.display()
            ),
            Self::Lost { reason, token } => {
                let mut words = format!("the connection was lost: {reason}");
                if let Some(token) = token {
                    let _ = write!(
                        words,
                        "\nhint: whether it was done is unknown; ask again with --token {token}, \
                         which never does it twice"
                    );
                }
                words
            }
            Self::Daemon(reason) => format!("the daemon failed: {reason}"),
            Self::Output(error) => format!("stdout: {error}"),
        })
    }

    /// Says it on stderr, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if let Some(words) = self.words() {
            let mut stderr = io::stderr().lock();
            let colour = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let (on, off) = if colour { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
            let _ = writeln!(stderr, "{on}error:{off} {words}");
        }
        ExitCode::from(self.code())
    }
}

/// What to do about a rejection, by its code.
fn hints(problem: &Problem) -> Vec<String> {
    let value = |name: &str| problem.values.get(name);
    let text = |name: &str| match value(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let hint = match problem.code.as_str() {
        "NotEnoughFunds" => "credit what was received with `renewctl top-up`, then try again",
        "AccountHeld" => "let it go with `renewctl account let-go ACCOUNT`",
        "AccountNotFound" => "`renewctl account list` shows what there is",
        "UnpaidOrder" => "`renewctl order pay` or `renewctl order cancel` settles it",
        "SubscriptionNotFound" => "`renewctl subscription of ACCOUNT` shows them",
        "ResourceNotFound" => "`renewctl resource list` shows them",
        "NotPayAsYouGo" => "it is sold by subscription: `renewctl order buy`",
        "AccountOverdue" => "credit what is owed with `renewctl top-up`, then try again",
        "OrderNotFound" => "`renewctl order list ACCOUNT` shows them",
        "UnknownProduct" | "UnknownPlan" | "UnknownRegion" | "CurrencyNotOffered" => {
            "`renewctl catalogue show` lists what is sold, where, and at which price"
        }
        "UnknownMeter" => "`renewctl meter list` shows what is metered, and at which price",
        "AccountParked" => "take it back with `renewctl account unpark ACCOUNT`",
        "CatalogueNotFound" => "`renewctl catalogue apply FILE` sets the first rules",
        "PeerNotAllowed" => {
            "ask as root, as the daemon's user, or as one of its daemon.allow_uids or allow_gids"
        }
        "ClockNotManual" => "`renewd serve --clock manual:INSTANT` starts one that can be moved",
        "PeriodRequired" => "name it with --period",
        "PeriodInPast" => return vec![format!("renew by at least {}", text("minimum"))],
        "EffectiveInPast" => {
            return vec![format!("the earliest is --effective-at {}", text("earliest"))];
        }
        "LastOrderProcessing" => {
            "`renewctl order provisioned` or `order provision-failed` reports how it went"
        }
        "OrderNotPaid" => "`renewctl order pay` pays it; only what is paid is delivered",
        "CouponNotFound" => "`renewctl coupon list ACCOUNT` shows them",
        "CouponNotUsable" => {
            "`renewctl coupon list ACCOUNT --for-order ORDER` shows which can be used, and why not"
        }
        "CouponHeld" => "`renewctl order cancel` or `renewctl order coupon` frees it",
        "CampaignNotFound" => "`renewctl campaign list` shows them",
        "ConfirmationRequired" => "say --confirm if that is meant",
        "PriceChanged" => "ask again with --dry-run, and with --expect for what it costs now",
        "NotLatestPeriod" => {
            return vec![format!("`renewctl order refund ACCOUNT {}` first", text("latest"))];
        }
        "NothingToRefund" => {
            "a part is given back with --amount; what runs with `renewctl subscription unsubscribe`"
        }
        "ExpiredForAlignment" => "renew it by a period first, or leave it out",
        "BrakeNotEngaged" => "`renewctl brake show` tells how it stands",
        "IdempotenceParamNotMatch" => "another request used this token; leave --token out",
        "InvalidRules" => {
            let faults = value("faults").and_then(Value::as_array).cloned().unwrap_or_default();
            return faults
                .iter()
                .filter_map(|fault| {
                    let path = fault.get("path")?.as_str()?;
                    Some(format!("{path}: {}", fault.get("detail")?.as_str()?))
                })
                .collect();
        }
        _ => return Vec::new(),
    };
    vec![hint.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(json: &str) -> Failure {
        Failure::Rejected(serde_json::from_str(json).expect("a problem"))
    }

    #[test]
    fn a_rejection_is_said_with_its_code_and_what_to_do() {
        let failure = rejected(
            r#"{"type":"about:blank","title":"Conflict","status":409,"code":"PeriodInPast",
                "detail":"the new period would be over already","minimum":"P2M"}"#,
        );
        insta::assert_snapshot!(failure.words().expect("words"), @r"
        PeriodInPast: the new period would be over already
        hint: renew by at least P2M
        ");
        assert_eq!(failure.code(), 1);
    }

    #[test]
    fn every_fault_of_the_rules_is_said() {
        let failure = rejected(
            r#"{"type":"about:blank","title":"Unprocessable","status":422,"code":"InvalidRules",
                "detail":"the rules have 2 faults","faults":[
                {"path":"products.ecs.regions","detail":"is empty"},
                {"path":"products.rds.lifecycle","detail":"there is no preset \"x\""}]}"#,
        );
        insta::assert_snapshot!(failure.words().expect("words"), @r#"
        InvalidRules: the rules have 2 faults
        hint: products.ecs.regions: is empty
        hint: products.rds.lifecycle: there is no preset "x"
        "#);
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let failure = Failure::Output(io::ErrorKind::BrokenPipe.into());
        assert_eq!((failure.code(), failure.words()), (0, None));
        assert_eq!(Failure::Output(io::ErrorKind::StorageFull.into()).code(), 2);
    }

    #[test]
    fn a_lost_connection_names_the_token_to_ask_again_with() {
        let failure = Failure::Lost { reason: "reset".into(), token: Some("t-1".into()) };
        assert!(failure.words().expect("words").contains("--token t-1"));
        assert_eq!(failure.code(), 3);
    }
}
