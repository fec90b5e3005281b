//! What is given to an account's owner, what holds its erasure up, and what certifies it.

use std::io::Write as _;
use std::path::Path;

use renewd::admin::wire::{ClosureCertificate, ErasedItem, KeptItem, LegalHold, SetLegalHold};

use super::Desk;
use crate::cli::Once;
use crate::client::Call;
use crate::failure::Failure;
use crate::output::{self, or_nothing, yes};

/// Writes what is answered into a file, or on stdout.
pub(super) async fn save(desk: &Desk, call: &Call, file: Option<&Path>) -> Result<(), Failure> {
    let answer = desk.client.send(call).await?;
    match file.filter(|file| *file != Path::new("-")) {
        Some(file) => {
            let name = file.display().to_string();
            std::fs::write(file, answer.bytes()).map_err(|error| Failure::local(&name, &error))?;
            desk.output.say(&format!("written into {name}"));
            Ok(())
        }
        None => Ok(std::io::stdout().lock().write_all(answer.bytes())?),
    }
}

/// Shows, sets or lifts a legal hold.
pub(super) async fn legal_hold(
    desk: &Desk,
    account: &str,
    reason: Option<&String>,
    lift: bool,
    once: &Once,
) -> Result<(), Failure> {
    let path = ["v1", "accounts", account, "legal-hold"];
    let call = if lift || reason.is_some() {
        let set = SetLegalHold { held: !lift, reason: reason.cloned() };
        Call::put(&path, &once.into()).json(&set)?
    } else {
        Call::get(&path)
    };
    desk.ask(&call, |_, hold: LegalHold| {
        let held = if hold.held { "yes" } else { "no" };
        Ok(output::card(&[
            ("held", held.to_owned()),
            ("since", or_nothing(hold.held_at.as_ref())),
            ("by user", or_nothing(hold.uid.as_ref())),
            ("reason", or_nothing(hold.reason.as_ref())),
        ])?)
    })
    .await
}

/// Shows or prints the certificate of a closed account.
pub(super) async fn certificate(
    desk: &Desk,
    account: &str,
    html: bool,
    file: Option<&Path>,
) -> Result<(), Failure> {
    let call = Call::get(&["v1", "accounts", account, "closure", "certificate"]);
    if html {
        return save(desk, &call.query("format", Some("html")), file).await;
    }
    desk.ask(&call, |output, certificate: ClosureCertificate| {
        output::card(&[
            ("account", certificate.account),
            ("closed", certificate.closed_at),
            ("stage", certificate.stage),
            ("erased", or_nothing(certificate.erased_at.as_ref())),
            ("swept", or_nothing(certificate.swept_at.as_ref())),
            ("waiting", certificate.waiting_count.to_string()),
            ("legal hold", yes(certificate.legal_hold.held)),
        ])?;
        let erased = certificate.erased.into_iter().map(erased).collect();
        output.table(&["ERASED", ">COUNT", "AT"], erased)?;
        let kept = certificate.kept.into_iter().map(kept).collect();
        Ok(output.table(&["KEPT", ">COUNT", "UNTIL", "WHY"], kept)?)
    })
    .await
}

fn erased(item: ErasedItem) -> Vec<String> {
    vec![item.what, or_nothing(item.count.as_ref()), or_nothing(item.at.as_ref())]
}

fn kept(item: KeptItem) -> Vec<String> {
    vec![item.what, item.count.to_string(), item.until, item.why]
}
