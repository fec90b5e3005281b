//! Requests made up from the description of the API, against a book in which everything that it
//! names is there. Whatever is sent, the answer is one that the description promises, and no 5xx.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::bridge;
use crate::harness::{Ask, Customer, Daemon, Home};

/// Where generated requests begin: the same ones in every run.
const SEED: &str = "20260101";

#[test]
fn every_operation_answers_as_it_is_described() {
    let tool = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin/schemathesis");
    assert!(tool.exists(), "scripts/setup-test-tools installs what this test needs");
    let home = Home::new();
    let daemon = home.start();
    let settings = home.write("schemathesis.toml", &named(&daemon));
    let hooks = home.write("hooks.py", include_str!("hooks.py"));
    let port = bridge::open(&home.socket());
    let mut command = Command::new(tool);
    command.arg("--config-file").arg(settings).arg("run");
    command.arg(format!("http://127.0.0.1:{port}/openapi.json"));
    command.args(["--url", &format!("http://127.0.0.1:{port}")]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "5"]);
    command.args(["--seed", SEED, "--continue-on-failure"]);
    command.env("SCHEMATHESIS_HOOKS", hooks).env("NO_COLOR", "1").current_dir(home.path(""));
    let output = command.output().expect("schemathesis");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The settings of the tool: names of what is there, so that requests come further than `404`.
fn named(daemon: &Daemon) -> String {
    let ada = Customer::open(daemon, "ada");
    ada.tops_up(daemon, "500.00");
    let subscription = ada.buys(daemon, "AutoRenewal").id;
    let made = |path: &str, form: &Value, noun: &str| {
        let answer = daemon.post(path, form).ok();
        answer[noun]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let order = made(&ada.path("/orders"), &Customer::order("ManualRenewal", false), "order");
    let usd = |amount: &str| json!({"amount": amount, "currency": "USD"});
    let benefit = json!({"type": "cash", "value": usd("5.00")});
    let granted = json!({"benefit": benefit, "scope": {}, "valid_days": 30});
    let coupon = made(&ada.path("/coupons"), &granted, "coupon");
    let machine = json!({"product": "compute", "plan": "small", "region": "eu-central-1"});
    let resource = made(&ada.path("/resources"), &machine, "resource");
    let withdrawal = made(&ada.path("/withdrawals"), &json!({"amount": usd("5.00")}), "withdrawal");
    let campaign = json!({
        "name": "spring", "code": "Spring-2026", "quota": 10, "benefit": benefit, "scope": {},
        "valid_days": 30, "ends_at": "2026-12-01T00:00:00Z"
    });
    let campaign = made("/v1/campaigns", &campaign, "campaign");
    let issued = Ask::post(ada.path("/statements/2026-01/invoice"), &json!({}));
    let document = daemon.send(&issued).ok()["document"]["id"].as_str().expect("an id").to_owned();
    let names = format!(
        "[parameters]\n\"path.account\" = \"{}\"\n\"path.order\" = \"{order}\"\n\
         \"path.subscription\" = \"{subscription}\"\n\"path.coupon\" = \"{coupon}\"\n\
         \"path.resource\" = \"{resource}\"\n\"path.withdrawal\" = \"{withdrawal}\"\n\
         \"path.campaign\" = \"{campaign}\"\n\"path.document\" = \"{document}\"\n\
         \"path.month\" = \"2026-01\"\n\"path.job\" = \"expiry\"\n",
        ada.id
    );
    format!("{}\n{names}", include_str!("schemathesis.toml"))
}
