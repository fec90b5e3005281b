//! An account is closed over the socket: what stands in the way, the code by mail, the approval,
//! the quiet period, and what is left of it.

use serde_json::json;

use crate::harness::{Customer, Daemon, Home, Receiver};

#[test]
fn a_company_leaves_and_nothing_of_its_owner_is_left() {
    let (home, panel) = (Home::new(), Receiver::start());
    home.configure(&panel.config());
    let daemon = home.start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "20.00");
    let resource = daemon
        .post(
            &ada.path("/resources"),
            &json!({"product": "compute", "plan": "small", "region": "eu-central-1"}),
        )
        .ok()["resource"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let (closure, ask) = (ada.path("/closure"), json!({"disclaimer": true, "forfeit": true}));
    let blockers = daemon.get(&ada.path("/closure/eligibility")).ok();
    let codes = |of: &serde_json::Value| {
        let all = of.as_array().expect("a list").iter();
        all.map(|one| one["code"].as_str().expect("a code").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&blockers["blockers"]), ["UnreleasedResource", "PositiveCash"]);
    let refused = daemon.post(&closure, &ask).refused(409, "ClosureBlocked");
    assert_eq!(codes(&refused["blockers"]), ["UnreleasedResource"], "cash is given up");
    daemon.post(&format!("/v1/resources/{resource}/release"), &json!({"confirm": true})).ok();
    daemon.post(&closure, &json!({"disclaimer": false})).refused(422, "DisclaimerRequired");
    daemon.post(&closure, &ask).ok();
    daemon
        .post(&ada.path("/orders"), &Customer::order("ManualRenewal", true))
        .refused(409, "AccountClosing");
    daemon.until("2026-01-01T00:02:00Z");
    let mails = daemon.mails();
    let letter = mails.iter().find(|mail| mail.template == "closure_code").expect("a letter");
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|c| c.is_ascii_digit());
    let code = letter.text.split_whitespace().find(digits).expect("a code").to_owned();
    let other = if code == "000000" { "111111" } else { "000000" };
    let confirm = ada.path("/closure/confirm");
    daemon.post(&confirm, &json!({"code": other})).refused(422, "WrongCode");
    assert_eq!(daemon.post(&confirm, &json!({"code": code})).ok()["stage"], "approval");
    let approved = daemon.post(&ada.path("/closure/approve"), &json!({"reference": "form-118"}));
    assert_eq!(approved.ok()["stage"], "settling");
    // Two days after the last use, and fifteen more.
    daemon.until("2026-01-03T00:01:00Z");
    assert_eq!(daemon.get(&closure).ok()["stage"], "quiet");
    daemon.until("2026-01-20T00:00:00Z");
    assert_eq!(daemon.list("/v1/closures")[0]["stage"], "closed");
    ada.refuses_everything(&daemon, &resource);
    let certificate = daemon.get(&ada.path("/closure/certificate")).ok();
    assert_eq!(certificate["stage"], "erased");
    assert!(daemon.mails().iter().all(|mail| !mail.text.contains("ada")), "no mail is left");
    let again = Customer::open(&daemon, "ada");
    assert_ne!(again.id, ada.id, "the address may sign up again");
    assert!(panel.whats("closure").len() >= 3, "the provider's site was told");
    let checked = daemon.stop().run("check", &[]).ok();
    assert!(checked.out.contains("0 findings"), "{checked:?}");
}

impl Customer {
    /// A closed account takes no money, no orders, and no usage.
    fn refuses_everything(&self, daemon: &Daemon, resource: &str) {
        let top_up = json!({
            "amount": {"amount": "1.00", "currency": "USD"},
            "method": "bank_transfer", "channel": "operator"
        });
        daemon.post(&self.path("/top-ups"), &top_up).refused(409, "AccountClosed");
        let report = json!([{
            "id": "1", "source": "dc1", "resource": resource, "meter": "traffic",
            "quantity": "1", "at": "2026-01-01T00:00:30Z"
        }]);
        let taken = daemon.post("/v1/usage", &report).ok();
        assert_eq!(taken["results"][0]["code"], "AccountClosed", "{taken}");
    }
}
