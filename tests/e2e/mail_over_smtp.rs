//! A renewal's mail goes through a real SMTP server.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::harness::{Ask, Customer, Home, Mail, words};

/// aiosmtpd, with a Maildir.
struct Server {
    process: Child,
    port: u16,
    mails: PathBuf,
}

impl Server {
    fn start(maildir: &Path) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = source.join("target/test-tools/bin/python");
        assert!(python.exists(), "{} is missing: run scripts/setup-test-tools", python.display());
        let mut process = Command::new(python)
            .arg(source.join("tests/e2e/smtp_server.py"))
            .arg(maildir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python");
        let mut port = String::new();
        let mut out = BufReader::new(process.stdout.take().expect("its output"));
        out.read_line(&mut port).expect("a line");
        let port = port.trim().parse().unwrap_or_else(|error| {
            panic!("aiosmtpd does not start ({error}): run scripts/setup-test-tools")
        });
        Self { process, port, mails: maildir.join("new") }
    }

    fn mails(&self) -> Vec<Mail> {
        let Ok(files) = fs::read_dir(&self.mails) else { return Vec::new() };
        let read = |path| Mail::parse(&fs::read_to_string(path).expect("a mail"));
        let mut mails: Vec<Mail> = files.map(|file| read(file.expect("a file").path())).collect();
        mails.sort_by_key(|mail| (mail.seq, mail.n));
        mails
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn configuration(port: u16) -> String {
    format!(
        "[mail]\nbackend = \"smtp\"\nsmtp_url = \"smtp://127.0.0.1:{port}\"\n\
         from = \"Example Cloud <billing@provider.example>\"\nprovider = \"Example Cloud\"\n"
    )
}

#[test]
fn a_renewal_is_mailed_and_what_failed_is_sent_later_as_it_was() {
    let home = Home::new();
    let server = Server::start(&home.path("maildir"));
    home.configure(&configuration(server.port));
    let daemon = home.start();
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "36.00");
    ada.buys(&daemon, "AutoRenewal");
    daemon.until("2026-01-23T08:00:00Z");
    let mails = server.mails();
    assert_eq!(words(&mails), ["topped_up", "activated", "renewal_ahead", "renewed"]);
    let renewed = &mails[3];
    assert_eq!(
        renewed.message_id,
        format!("<{}.{}.{}@provider.example>", ada.id, renewed.seq, renewed.n)
    );
    assert!(renewed.to.contains("ada@customer.example"), "{renewed:?}");
    assert!(renewed.subject.contains("Renewed until 1 March 2026"), "{renewed:?}");
    assert!(renewed.text.contains("text/plain") && renewed.text.contains("text/html"));
    let deliveries = daemon.list("/v1/deliveries?channel=mail");
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "sent"), "{deliveries:?}");

    // The server goes away: the next mail waits, and goes out once when there is one again.
    drop(server);
    daemon.until("2026-02-14T09:00:10Z");
    let waiting = daemon.list("/v1/deliveries?channel=mail&state=waiting");
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert_eq!(waiting[0]["what"], "renewal_ahead");
    assert!(waiting[0]["attempts"].as_u64() >= Some(1), "{waiting:?}");
    let home = daemon.stop();
    let server = Server::start(&home.path("maildir"));
    home.configure(&configuration(server.port));
    let daemon = home.start_at("2026-02-14T09:00:10Z");
    daemon.until("2026-02-14T13:00:00Z");
    let mails = server.mails();
    assert_eq!(mails.len(), 5);
    assert_eq!(mails[4].template, "renewal_ahead");
    assert_eq!(daemon.list("/v1/deliveries?channel=mail&state=waiting").len(), 0);
}

/// Nobody can know whether a mail went out whose sending was cut short: it goes out again, once, as it
/// was and under its Message-ID, by which whoever has it already knows it.
#[test]
fn a_mail_that_was_cut_short_is_repeated_once_under_its_message_id() {
    let home = Home::new();
    let server = Server::start(&home.path("maildir"));
    home.configure(&format!("{}connections_max = 1\n", configuration(server.port)));
    let mut mortal = home.renewd("serve");
    mortal.env("RENEWD_DIE_AT", "mail.after:2");
    let daemon = home.try_start_as(mortal, "manual:2026-01-01T00:00:00Z");
    let mut daemon = daemon.expect("it dies later");
    let ada = Customer::open(&daemon, "ada");
    ada.tops_up(&daemon, "36.00");
    ada.buys(&daemon, "ManualRenewal");
    let minute = Ask::post("/v1/clock", &json!({"to": "2026-01-01T00:01:00Z"}));
    assert!(minute.try_send(&home.socket()).is_none());
    daemon.await_kill();
    let daemon = home.start();
    daemon.send(&minute).ok();
    let mails = server.mails();
    let mut told: Vec<_> =
        mails.iter().map(|mail| (&mail.message_id, &mail.subject, &mail.to)).collect();
    // One connection sends one after the other: both had gone out, and nothing had said so.
    assert_eq!(words(&mails), ["topped_up", "topped_up", "activated", "activated"]);
    told.dedup();
    assert_eq!(told.len(), 2, "{told:?}");
    daemon.until("2026-01-02T00:00:00Z");
    assert_eq!(server.mails().len(), 4, "not a third time");
    daemon.stop().run("check", &[]).ok();
}
