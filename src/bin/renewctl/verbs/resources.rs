//! Pay-as-you-go resources.

use renewd::admin::wire::{
    ChangeResource, OpenResource, Receipt, ReleaseNow, Resource, ResourceIs, ResourceQuery,
    SetPower,
};

use super::{Desk, would};
use crate::cli::{ResourceVerb, Write};
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, or_nothing};

const COLUMNS: [&str; 7] = ["ID", "NAME", "ACCOUNT", "PRODUCT", "REGION", "STATE", "OPENED"];

/// About resources.
pub(super) async fn run(desk: &Desk, verb: &ResourceVerb) -> Result<(), Failure> {
    match verb {
        ResourceVerb::Open { account, product, plan, region, external_id, write } => {
            let open = OpenResource {
                product: product.clone(),
                plan: plan.clone(),
                region: region.clone(),
                external_id: external_id.clone(),
            };
            let call = Call::post(&["v1", "accounts", account, "resources"], write).json(&open)?;
            told(desk, &call, "is open").await
        }
        ResourceVerb::List { account, state, product, region, slice } => {
            let filter = ResourceQuery {
                state: state.clone(),
                product: product.clone(),
                region: region.clone(),
                ..ResourceQuery::default()
            };
            let call = match account {
                Some(account) => Call::get(&["v1", "accounts", account, "resources"]),
                None => Call::get(&["v1", "resources"]),
            };
            desk.list(&call.filter(&filter)?, slice, &COLUMNS, row).await
        }
        ResourceVerb::Show { resource } => {
            let call = Call::get(&["v1", "resources", resource]);
            desk.ask(&call, |_, resource: Resource| Ok(output::card(&card(&resource))?)).await
        }
        ResourceVerb::Start { resource, write } => {
            told(desk, &about(resource, "start", write).json(&SetPower {})?, "is started").await
        }
        ResourceVerb::Stop { resource, write } => {
            told(desk, &about(resource, "stop", write).json(&SetPower {})?, "is stopped").await
        }
        ResourceVerb::Change { resource, plan, write } => {
            let change = ChangeResource { plan: plan.clone() };
            told(desk, &about(resource, "change", write).json(&change)?, "is changed").await
        }
        ResourceVerb::Release { resource, confirm, write } => {
            let release = ReleaseNow { confirm: *confirm };
            told(desk, &about(resource, "release", write).json(&release)?, "is released").await
        }
    }
}

fn about(resource: &str, what: &str, write: &Write) -> Call {
    Call::post(&["v1", "resources", resource, what], write)
}

/// Says what became of a resource, and shows it.
async fn told(desk: &Desk, call: &Call, what: &str) -> Result<(), Failure> {
    desk.ask(call, |output, receipt: Receipt<ResourceIs>| {
        let resource = receipt.answer.resource;
        // Its owner's wish is kept, but a debt goes before it.
        let still = if resource.state == "halted" {
            ", but stopped for debt: it runs again once all due debt is paid"
        } else {
            ""
        };
        output.say(&format!("{}{} {what}{still}", would(receipt.dry_run), resource.id));
        Ok(output::card(&card(&resource))?)
    })
    .await
}

fn row(resource: Resource) -> Vec<String> {
    vec![
        resource.id,
        or_nothing(resource.external_id.as_ref()),
        resource.account,
        format!("{} {}", resource.product, resource.plan),
        resource.region,
        resource.state,
        resource.opened_at,
    ]
}

fn card(resource: &Resource) -> Vec<(&'static str, String)> {
    vec![
        ("resource", resource.id.clone()),
        ("name", or_nothing(resource.external_id.as_ref())),
        ("account", resource.account.clone()),
        ("product", format!("{} {}", resource.product, resource.plan)),
        ("region", resource.region.clone()),
        ("state", resource.state.clone()),
        ("opened", resource.opened_at.clone()),
        ("stopped", or_nothing(resource.stopped_at.as_ref())),
        ("stopped for debt", or_nothing(resource.halted_at.as_ref())),
        ("to be stopped", or_nothing(resource.halts_at.as_ref())),
        ("to be released", or_nothing(resource.releases_at.as_ref())),
        ("released", or_nothing(resource.released_at.as_ref())),
    ]
}
