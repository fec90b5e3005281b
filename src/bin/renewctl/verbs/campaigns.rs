//! Campaigns, and the redemption of their codes.

use renewd::admin::wire::{
    Campaign, CampaignIs, CampaignQuery, GrantMany, GrantedItem, GrantedMany, OpenCampaign,
    Receipt, Redeem, Redeemed,
};

use super::coupons::{benefit, good_for, scope, takes_off};
use super::{Desk, coupons, would};
use crate::cli::{CampaignVerb, Write};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, Output, or_nothing, yes};

/// About campaigns.
pub(super) async fn run(desk: &Desk, verb: &CampaignVerb) -> Result<(), Failure> {
    match verb {
        CampaignVerb::Open { name, gift, quota, per_account, starts, ends, code, write } => {
            let open = OpenCampaign {
                name: name.clone(),
                description: gift.description.clone(),
                benefit: benefit(gift),
                scope: scope(gift),
                quota: *quota,
                per_account: Some(*per_account),
                starts_at: starts.clone(),
                ends_at: ends.clone(),
                expires_at: gift.until.clone(),
                valid_days: gift.days,
                code: code.clone(),
            };
            let call = Call::post(&["v1", "campaigns"], write).json(&open)?;
            desk.ask(&call, |output, receipt| told(output, receipt, "is open")).await
        }
        CampaignVerb::List { name, running, slice } => {
            let filter =
                CampaignQuery { name: name.clone(), running: *running, ..CampaignQuery::default() };
            let call = Call::get(&["v1", "campaigns"]).filter(&filter)?;
            let columns =
                ["ID", "NAME", "TAKES OFF", "FOR", "STATE", ">TAKEN", ">LEFT", "CODE", "ENDS"];
            desk.list(&call, slice, &columns, row).await
        }
        CampaignVerb::Show { campaign } => {
            let call = Call::get(&["v1", "campaigns", campaign]);
            desk.ask(&call, |_, campaign: Campaign| Ok(output::card(&card(&campaign))?)).await
        }
        CampaignVerb::Grant { campaign, accounts, write } => {
            let grant = GrantMany { accounts: accounts.clone() };
            let path = ["v1", "campaigns", campaign, "grants"];
            grant_many(desk, &Call::post(&path, write).json(&grant)?).await
        }
        CampaignVerb::Close { campaign, write } => {
            let call = Call::post(&["v1", "campaigns", campaign, "close"], write);
            desk.ask(&call, |output, receipt| told(output, receipt, "is closed")).await
        }
    }
}

fn told(output: Output, receipt: Receipt<CampaignIs>, what: &str) -> Result<(), Failure> {
    let campaign = receipt.answer.campaign;
    output.say(&format!("{}{} {what}", would(receipt.dry_run), campaign.id));
    Ok(output::card(&card(&campaign))?)
}

/// Grants to many, and shows what each got. Accounts that could not take it are a failure.
async fn grant_many(desk: &Desk, call: &Call) -> Result<(), Failure> {
    let answer = desk.client.send(call).await?;
    let receipt: Receipt<GrantedMany> = answer.read()?;
    let GrantedMany { campaign, items } = receipt.answer;
    let refused = items.iter().filter(|item| item.problem.is_some()).count();
    if desk.output.json {
        output::line(&answer.text())?;
    } else {
        let left = campaign.left.map_or_else(|| "no end of".to_owned(), |left| left.to_string());
        desk.output.say(&format!(
            "{}{} of {} were taken, {left} are left",
            would(receipt.dry_run),
            items.len(),
            campaign.name
        ));
        let rows = items.into_iter().map(granted).collect();
        desk.output.table(&["ACCOUNT", "COUPON", "BECAUSE"], rows)?;
    }
    if refused > 0 { Err(Failure::PartlyRejected) } else { Ok(()) }
}

fn granted(item: GrantedItem) -> Vec<String> {
    let because = match item.problem {
        Some(problem) => format!("{}: {}", problem.code, problem.detail),
        None if item.pending => "it is on its way".to_owned(),
        None => String::new(),
    };
    vec![item.account, item.coupon.map(|coupon| coupon.id).unwrap_or_default(), because]
}

/// Redeems a code.
pub(super) async fn redeem(
    desk: &Desk,
    account: &str,
    code: &str,
    write: &Write,
) -> Result<(), Failure> {
    let redeem = Redeem { code: code.to_owned() };
    let call = Call::post(&["v1", "accounts", account, "redemptions"], write).json(&redeem)?;
    desk.ask(&call, |output, receipt: Receipt<Redeemed>| {
        let dry_run = would(receipt.dry_run);
        let Some(coupon) = receipt.answer.coupon else {
            output.say("it was redeemed: `renewctl coupon list ACCOUNT` shows the coupon");
            return Ok(());
        };
        output.say(&format!("{dry_run}{} is granted", coupon.id));
        Ok(output::card(&coupons::card(&coupon))?)
    })
    .await
}

fn row(campaign: Campaign) -> Vec<String> {
    vec![
        campaign.id,
        campaign.name,
        takes_off(&campaign.benefit),
        good_for(&campaign.scope),
        campaign.state,
        campaign.taken.to_string(),
        or_nothing(campaign.left.as_ref()),
        yes(campaign.has_code),
        campaign.ends_at,
    ]
}

fn card(campaign: &Campaign) -> Vec<(&'static str, String)> {
    let good = match (&campaign.expires_at, campaign.valid_days) {
        (Some(until), _) => format!("until {until}"),
        (None, Some(days)) => format!("for {days} days"),
        (None, None) => String::new(),
    };
    vec![
        ("campaign", campaign.id.clone()),
        ("name", campaign.name.clone()),
        ("description", or_nothing(campaign.description.as_ref())),
        ("takes off", takes_off(&campaign.benefit)),
        ("for", good_for(&campaign.scope)),
        ("state", campaign.state.clone()),
        ("quota", or_nothing(campaign.quota.as_ref())),
        ("taken", campaign.taken.to_string()),
        ("left", or_nothing(campaign.left.as_ref())),
        ("per account", campaign.per_account.to_string()),
        ("grants from", campaign.starts_at.clone()),
        ("grants until", campaign.ends_at.clone()),
        ("good", good),
        ("by code", yes(campaign.has_code)),
        ("opened", campaign.opened_at.clone()),
        ("closed", or_nothing(campaign.closed_at.as_ref())),
    ]
}
