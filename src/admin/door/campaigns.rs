//! Requests about campaigns.

use super::orders::check_count;
use super::{Asked, Door, coupons};
use crate::admin::problem::Problem;
use crate::admin::{fields, wire};
use crate::domain::calendar::Timestamp;
use crate::domain::command::Command;
use crate::domain::ids::{AccountId, CampaignId};
use crate::domain::nouns::campaign::Terms;
use crate::domain::verbs::campaign::{OpenCampaign, Take};
use crate::store::ClaimKind;

/// Accounts in one grant.
const ACCOUNTS_MAX: usize = 1_000;
/// Characters in a redemption code.
const CODE_MAX: usize = 64;

impl Door<'_> {
    /// A request to open a campaign, and the id that it will have. Like an account's it derives
    /// from the token, so a repeated request meets the campaign that the first one opened.
    pub fn open_campaign(
        &self,
        asked: &wire::OpenCampaign,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<(CampaignId, Asked), Problem> {
        let id = CampaignId::from_bits(match token {
            Some(token) => self.derived("campaign-of-token", token),
            None => self.sealing.random_bits(),
        });
        let code = asked.code.as_deref().map(code).transpose()?;
        let terms = Terms {
            name: fields::name("name", &asked.name)?,
            description: coupons::description(asked.description.as_deref())?,
            benefit: coupons::benefit("benefit", &asked.benefit)?,
            scope: coupons::scope("scope", &asked.scope)?,
            quota: asked.quota,
            per_account: asked.per_account.unwrap_or(1),
            starts_at: fields::parse_some("starts_at", asked.starts_at.as_deref())?.unwrap_or(now),
            ends_at: fields::parse("ends_at", &asked.ends_at)?,
            validity: coupons::validity("", asked.expires_at.as_deref(), asked.valid_days)?,
            has_code: code.is_some(),
        };
        let claims = code.iter().map(|code| self.claim(ClaimKind::Code, code)).collect();
        let command = Command::OpenCampaign(OpenCampaign { terms });
        Ok((id, Asked { command, sidecar: Vec::new(), claims }))
    }
}

/// A redemption code: it is typed, so it has no blanks; upper and lower case matter (R5.2).
pub fn code(text: &str) -> Result<String, Problem> {
    let code = fields::line("code", text, CODE_MAX)?;
    if code.bytes().all(|c| c.is_ascii_graphic()) {
        Ok(code)
    } else {
        Err(Problem::field("code", "it has letters, digits and signs only, without blanks"))
    }
}

/// A request to grant coupons of a campaign to accounts.
pub fn take(asked: &wire::GrantMany) -> Result<Take, Problem> {
    check_count("accounts", asked.accounts.len(), ACCOUNTS_MAX)?;
    let accounts = asked.accounts.iter().enumerate();
    let accounts: Result<Vec<AccountId>, _> =
        accounts.map(|(place, text)| fields::parse(&format!("accounts[{place}]"), text)).collect();
    Ok(Take { accounts: accounts? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_code_is_typed() {
        assert_eq!(code(" Spring-2027 "), Ok("Spring-2027".to_owned()));
        for bad in ["", "two words", "\u{fc}ber", &"x".repeat(65)] {
            assert_eq!(code(bad).expect_err("no code").code(), "InvalidField", "{bad:?}");
        }
    }

    #[test]
    fn a_grant_names_1_to_1000_accounts() {
        let account = AccountId::from_bits(7).to_string();
        let take = |accounts: Vec<&str>| {
            let asked = serde_json::from_value(json!({ "accounts": accounts })).expect("a request");
            take(&asked).map(|take| take.accounts.len()).map_err(|problem| problem.code())
        };
        assert_eq!(take(vec![&account, &account]), Ok(2), "one that is named twice gets two");
        assert_eq!(take(Vec::new()), Err("InvalidField"));
        assert_eq!(take(vec![&account; 1001]), Err("TooManyItems"));
        assert_eq!(take(vec![&account, "acc_"]), Err("InvalidField"));
    }
}
