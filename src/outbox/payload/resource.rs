//! A pay-as-you-go resource, as webhooks show it.

use serde::Serialize;

use crate::domain::calendar::Timestamp;
use crate::domain::ids::ResourceId;
use crate::domain::nouns::resource;

#[derive(Debug, Serialize)]
pub(super) struct Resource {
    id: ResourceId,
    state: resource::State,
    product: String,
    plan: String,
    region: String,
    external_id: Option<String>,
    opened_at: Timestamp,
    /// Since when its owner keeps it stopped.
    stopped_at: Option<Timestamp>,
    /// Since when it is stopped for debt.
    halted_at: Option<Timestamp>,
    released_at: Option<Timestamp>,
}

impl From<&resource::Resource> for Resource {
    fn from(live: &resource::Resource) -> Self {
        Self {
            id: live.id,
            state: live.state(),
            product: live.subject.product.clone(),
            plan: live.plan.clone(),
            region: live.subject.region.clone(),
            external_id: live.subject.external_id.clone(),
            opened_at: live.opened_at,
            stopped_at: live.stopped_at,
            halted_at: live.halted_at,
            released_at: live.released_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fake::{account, at, now};
    use super::super::Body;
    use crate::domain::effects::{Hook, Noun};
    use crate::domain::ids::ResourceId;
    use crate::domain::nouns::resource::{self, Event, Subject};

    /// What a resource is told as after its opening and `events`.
    fn told(hook: Hook, events: &[Event]) -> String {
        let subject = Subject {
            external_id: Some("web-1".into()),
            product: "vm".into(),
            region: "eu-central".into(),
        };
        let mut live = resource::Resource::begin(id(), subject, "small".into(), now());
        for event in events {
            live.apply(event);
        }
        let body = Body::new(hook, now(), account().into(), 12, &Noun::Resource(live));
        serde_json::to_string_pretty(&serde_json::to_value(&body).expect("JSON")).expect("JSON")
    }

    fn id() -> ResourceId {
        ResourceId::new(account(), 31)
    }

    #[test]
    fn whoever_runs_a_resource_is_told_of_it_whole() {
        insta::assert_snapshot!(told(Hook::ResourceOpened, &[]), @r#"
        {
          "data": {
            "account": "acc_938nkrkayd",
            "resource": {
              "external_id": "web-1",
              "halted_at": null,
              "id": "res_938nkrkayd_31",
              "opened_at": "2026-02-05T08:00:00Z",
              "plan": "small",
              "product": "vm",
              "region": "eu-central",
              "released_at": null,
              "state": "running",
              "stopped_at": null
            },
            "seq": 12
          },
          "timestamp": "2026-02-05T08:00:00Z",
          "type": "resource.opened"
        }
        "#);
    }

    #[test]
    fn every_hook_says_what_the_resource_is_now() {
        let (at, due_at) = (at("2026-03-05T08:00:00Z"), at("2026-03-06T08:05:00Z"));
        let releases_at = due_at.plus(std::time::Duration::from_hours(15 * 24));
        let stopped = Event::Stopped { id: id(), at };
        let halted = Event::Halted { id: id(), due_at, releases_at };
        let restored = Event::Restored { id: id(), at: releases_at };
        let released = |for_debt| Event::Released { id: id(), at: releases_at, for_debt };
        let changed = Event::PlanChanged { id: id(), plan: "large".into(), at };
        let mut lines = Vec::new();
        for (hook, events) in [
            (Hook::ResourceStarted, vec![stopped.clone(), Event::Started { id: id(), at }]),
            (Hook::ResourceStopped, vec![stopped.clone()]),
            (Hook::ResourceChanged, vec![changed]),
            (Hook::ResourceHalted, vec![halted.clone()]),
            (Hook::ResourceRestored, vec![halted.clone(), restored.clone()]),
            // A stop by the owner outlasts the one for debt (R6.12).
            (Hook::ResourceRestored, vec![stopped, halted.clone(), restored]),
            (Hook::ResourceReleased, vec![halted, released(true)]),
            (Hook::ResourceReleased, vec![released(false)]),
        ] {
            let text = told(hook, &events);
            let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let of = |name: &str| value["data"]["resource"][name].to_string();
            assert_eq!(value["type"], hook.as_str());
            let (state, plan) = (of("state"), of("plan"));
            let (stopped, halted) = (of("stopped_at"), of("halted_at"));
            let gone = of("released_at");
            let hook = hook.as_str();
            lines.push(format!("{hook}: {state} {plan} {stopped} {halted} {gone}"));
        }
        insta::assert_snapshot!(lines.join("\n"), @r#"
        resource.started: "running" "small" null null null
        resource.stopped: "stopped" "small" "2026-03-05T08:00:00Z" null null
        resource.changed: "running" "large" null null null
        resource.halted: "halted" "small" null "2026-03-06T08:05:00Z" null
        resource.restored: "running" "small" null null null
        resource.restored: "stopped" "small" "2026-03-05T08:00:00Z" null null
        resource.released: "released" "small" null "2026-03-06T08:05:00Z" "2026-03-21T08:05:00Z"
        resource.released: "released" "small" null null "2026-03-21T08:05:00Z"
        "#);
    }
}
