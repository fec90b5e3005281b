//! Requests about pay-as-you-go resources.

use super::{Asked, external_id};
use crate::admin::problem::{Code, Problem};
use crate::admin::{fields, wire};
use crate::domain::command::Command;
use crate::domain::ids::ResourceId;
use crate::domain::verbs::resource::{ChangeResource, OpenResource, ReleaseResource};

/// A request to open a resource.
pub fn open_resource(asked: &wire::OpenResource) -> Result<Asked, Problem> {
    let named = asked.external_id.as_deref();
    let command = Command::OpenResource(OpenResource {
        product: fields::name("product", &asked.product)?,
        plan: fields::name("plan", &asked.plan)?,
        region: fields::name("region", &asked.region)?,
        external_id: named.map(|id| external_id("external_id", id)).transpose()?,
    });
    Ok(command.into())
}

/// A request to give a resource another plan.
pub fn change_resource(
    resource: ResourceId,
    asked: &wire::ChangeResource,
) -> Result<Asked, Problem> {
    let plan = fields::name("plan", &asked.plan)?;
    Ok(Command::ChangeResource(ChangeResource { resource, plan }).into())
}

/// A request to release a resource: what cannot be undone needs an explicit word (R8.4).
pub fn release_resource(resource: ResourceId, asked: &wire::ReleaseNow) -> Result<Asked, Problem> {
    if !asked.confirm {
        let detail = "its data are lost: send {\"confirm\": true} if that is meant";
        return Err(Problem::new(Code::ConfirmationRequired, detail).at("confirm"));
    }
    Ok(Command::ReleaseResource(ReleaseResource { resource }).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AccountId;

    #[test]
    fn a_resource_is_opened_by_names_of_the_catalogue() {
        let asked = wire::OpenResource {
            product: " vm ".into(),
            plan: "small".into(),
            region: "eu".into(),
            external_id: Some("web-1".into()),
        };
        let passed = open_resource(&asked).expect("a request").command;
        let Command::OpenResource(open) = passed else { panic!("{passed:?}") };
        assert_eq!((open.product.as_str(), open.external_id.as_deref()), ("vm", Some("web-1")));
        for (field, bad) in [
            ("product", wire::OpenResource { product: String::new(), ..asked.clone() }),
            ("plan", wire::OpenResource { plan: "a\nb".into(), ..asked.clone() }),
            ("external_id", wire::OpenResource { external_id: Some(" ".into()), ..asked.clone() }),
        ] {
            let refused = open_resource(&bad).expect_err(field);
            assert_eq!(refused.code(), "InvalidField");
            assert_eq!(refused.to_wire().values["field"], field);
        }
    }

    #[test]
    fn r8_4_a_release_needs_an_explicit_word() {
        let resource = ResourceId::new(AccountId::from_bits(7), 3);
        let refused = release_resource(resource, &wire::ReleaseNow { confirm: false });
        assert_eq!(refused.expect_err("no").code(), "ConfirmationRequired");
        let passed = release_resource(resource, &wire::ReleaseNow { confirm: true });
        let expected = Command::ReleaseResource(ReleaseResource { resource });
        assert_eq!(passed.expect("a request").command, expected);
    }
}
