//! Requests about the closure of an account. The one-time code is drawn here: its hash goes into the
//! command, and the code itself is sealed for the mail (D49).

use super::orders::check_count;
use super::{Asked, Door, EXTERNAL_ID_MAX, TEXT_MAX};
use crate::admin::problem::Problem;
use crate::admin::{fields, wire};
use crate::domain::command::Command;
use crate::domain::event::SealedRef;
use crate::domain::ids::AccountId;
use crate::domain::nouns::closure::{CodeHash, OnBehalf};
use crate::domain::rejection::Rejection;
use crate::domain::verbs::closure::{
    ApproveClosure, BeginClosure, ClearHolding, ConfirmClosure, ReportHolding, RequestClosure,
};

/// Digits of a one-time code.
const CODE_DIGITS: usize = 6;
/// How many codes there are.
const CODES: u64 = 1_000_000;

/// Accounts in one request.
const ACCOUNTS_MAX: usize = 1_000;

/// What is asked of one of many accounts, by the name that it was given.
pub type Begin = (String, Result<(AccountId, Asked), Problem>);

impl Door<'_> {
    /// A request to close an account, with a fresh code; or, by an operator, with a reason.
    pub fn request_closure(
        &self,
        account: AccountId,
        asked: &wire::RequestClosure,
    ) -> Result<Asked, Problem> {
        if let Some(by_operator) = &asked.by_operator {
            return begin_closure(by_operator, asked.forfeit);
        }
        let code = format!("{:0CODE_DIGITS$}", self.sealing.random_bits() % CODES);
        let command = Command::RequestClosure(RequestClosure {
            disclaimer: asked.disclaimer,
            forfeit: asked.forfeit,
            code: self.code_hash(account, &code),
            note: SealedRef(0),
        });
        Ok(Asked { command, sidecar: vec![code], claims: Vec::new() })
    }

    /// A request to confirm it by a code.
    pub fn confirm_closure(
        &self,
        account: AccountId,
        asked: &wire::ConfirmClosure,
    ) -> Result<Asked, Problem> {
        let code = asked.code.trim();
        if code.len() != CODE_DIGITS || !code.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(Problem::field("code", format!("it is not {CODE_DIGITS} digits")));
        }
        let code = self.code_hash(account, code);
        Ok(Command::ConfirmClosure(ConfirmClosure { code }).into())
    }

    /// Without the deployment's key nobody can try the million codes on it, and the same code of
    /// another account has another hash.
    fn code_hash(&self, account: AccountId, code: &str) -> CodeHash {
        let text = format!("{account}/{code}");
        CodeHash(self.sealing.keyed_hash("closure-code", text.as_bytes()))
    }
}

/// A request to begin it on the owner's behalf.
fn begin_closure(asked: &wire::OnBehalf, forfeit: bool) -> Result<Asked, Problem> {
    let reason = fields::line("by_operator.reason", &asked.reason, TEXT_MAX)?;
    let reference = asked.reference.as_deref();
    let reference =
        reference.map(|text| fields::line("by_operator.reference", text, TEXT_MAX)).transpose()?;
    let by_operator = OnBehalf { reason: SealedRef(0), reference };
    let command = Command::BeginClosure(BeginClosure { by_operator, forfeit });
    Ok(Asked { command, sidecar: vec![reason], claims: Vec::new() })
}

/// Requests to begin it for many accounts: for each its name, and what is asked of it.
pub fn begin_closures(asked: &wire::BeginClosures) -> Result<Vec<Begin>, Problem> {
    check_count("accounts", asked.accounts.len(), ACCOUNTS_MAX)?;
    // What is wrong for all of them is said once.
    begin_closure(&asked.by_operator, asked.forfeit)?;
    let begin = |text: &String| {
        let account = text.trim().parse().map_err(|_| Rejection::AccountNotFound.into());
        let asked = begin_closure(&asked.by_operator, asked.forfeit);
        (text.clone(), account.and_then(|account| Ok((account, asked?))))
    };
    Ok(asked.accounts.iter().map(begin).collect())
}

/// A request to approve it.
pub fn approve_closure(asked: &wire::ApproveClosure) -> Result<Asked, Problem> {
    let reference = fields::line("reference", &asked.reference, TEXT_MAX)?;
    Ok(Command::ApproveClosure(ApproveClosure { reference }).into())
}

/// The report of what another system holds.
pub fn report_holding(asked: &wire::ReportHolding) -> Result<Asked, Problem> {
    let label = asked.label.as_deref();
    let command = Command::ReportHolding(ReportHolding {
        kind: fields::word("kind", &asked.kind)?,
        id: fields::line("id", &asked.id, EXTERNAL_ID_MAX)?,
        label: label.map(|label| fields::line("label", label, TEXT_MAX)).transpose()?,
    });
    Ok(command.into())
}

/// The report that it is no longer held.
pub fn clear_holding(asked: &wire::ClearHolding) -> Result<Asked, Problem> {
    let command = Command::ClearHolding(ClearHolding {
        kind: fields::word("kind", &asked.kind)?,
        id: fields::line("id", &asked.id, EXTERNAL_ID_MAX)?,
    });
    Ok(command.into())
}

#[cfg(test)]
mod tests {
    use super::super::tests::Plain;
    use super::*;
    use crate::config::Config;

    #[test]
    fn d49_the_code_is_sealed_and_only_its_hash_goes_in() {
        let config = Config::default();
        let door = Door { sealing: &Plain, config: &config };
        let account = AccountId::from_bits(7);
        let wish = wire::RequestClosure { disclaimer: true, forfeit: false, by_operator: None };
        let asked = door.request_closure(account, &wish).expect("a request");
        assert_eq!(asked.sidecar, ["000042"], "six digits");
        let Command::RequestClosure(request) = asked.command else { panic!("{asked:?}") };
        assert!(!serde_json::to_string(&request).expect("JSON").contains("000042"));
        let confirm = |account, code: &str| {
            let asked = wire::ConfirmClosure { code: code.to_owned() };
            door.confirm_closure(account, &asked).map(|asked| asked.command)
        };
        let right = Command::ConfirmClosure(ConfirmClosure { code: request.code });
        assert_eq!(confirm(account, " 000042"), Ok(right.clone()));
        assert_ne!(confirm(account, "000043"), Ok(right.clone()));
        assert_ne!(confirm(AccountId::from_bits(8), "000042"), Ok(right));
        for bad in ["42", "0000420", "00004x", ""] {
            assert!(confirm(account, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_operator_s_reason_is_sealed_and_its_document_is_not() {
        let config = Config::default();
        let door = Door { sealing: &Plain, config: &config };
        let begin = |reason: &str| {
            let on_behalf =
                wire::OnBehalf { reason: reason.to_owned(), reference: Some("letter-118".into()) };
            let by_operator = Some(on_behalf);
            let wish = wire::RequestClosure { disclaimer: false, forfeit: true, by_operator };
            door.request_closure(AccountId::from_bits(7), &wish)
        };
        let asked = begin(" Ada Ltd was dissolved ").expect("a request");
        assert_eq!(asked.sidecar, ["Ada Ltd was dissolved"]);
        let Command::BeginClosure(begun) = &asked.command else { panic!("{asked:?}") };
        assert!(begun.forfeit && begun.by_operator.reference.as_deref() == Some("letter-118"));
        assert!(!serde_json::to_string(&asked.command).expect("JSON").contains("dissolved"));
        let refused = begin(" ").expect_err("no reason");
        assert_eq!(refused.code(), "InvalidField");
    }
}
