//! Requests about the closure of an account. The one-time code is drawn here: its hash goes into the
//! command, and the code itself is sealed for the mail (D49).

use super::{Asked, Door, EXTERNAL_ID_MAX, TEXT_MAX};
use crate::admin::problem::Problem;
use crate::admin::{fields, wire};
use crate::domain::command::Command;
use crate::domain::event::SealedRef;
use crate::domain::ids::AccountId;
use crate::domain::nouns::closure::CodeHash;
use crate::domain::verbs::closure::{
    ApproveClosure, ClearHolding, ConfirmClosure, ReportHolding, RequestClosure,
};

/// Digits of a one-time code.
const CODE_DIGITS: usize = 6;
/// How many codes there are.
const CODES: u64 = 1_000_000;

impl Door<'_> {
    /// A request to close an account, with a fresh code.
    #[must_use]
    pub fn request_closure(&self, account: AccountId, asked: &wire::RequestClosure) -> Asked {
        let code = format!("{:0CODE_DIGITS$}", self.sealing.random_bits() % CODES);
        let command = Command::RequestClosure(RequestClosure {
            disclaimer: asked.disclaimer,
            forfeit: asked.forfeit,
            code: self.code_hash(account, &code),
            note: SealedRef(0),
        });
        Asked { command, sidecar: vec![code], claims: Vec::new() }
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
        let wish = wire::RequestClosure { disclaimer: true, forfeit: false };
        let asked = door.request_closure(account, &wish);
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
}
