//! What a run promises, over a desk in memory.

use std::sync::Arc;
use std::time::Duration;

use super::fake::{Ada, Fake, Nobody, about, config, mail, mail_of, names, now, tell, webhook};
use super::*;
use crate::domain::effects::{About, Recipient, Template};
use crate::domain::rejection::Rejection;

fn outbox(config: &Config, fake: &Arc<Fake>) -> Outbox {
    let desk: Arc<dyn Desk> = Arc::clone(fake) as _;
    Outbox::over(config, desk, Arc::new(Ada), names()).expect("an outbox")
}

async fn run(config: &Config, fake: &Arc<Fake>) -> Run {
    outbox(config, fake).run_once(now()).await.expect("a run")
}

#[tokio::test]
async fn mail_is_sent_and_settled() {
    let fake = Arc::new(Fake::with((1..=300).map(|seq| mail(seq, 0))));
    let outbox = outbox(&config(), &fake);
    let run = outbox.run_once(now()).await.expect("a run");
    assert_eq!(run.total(), Counts { sent: 300, ..Counts::default() });
    assert_eq!(run.next_at, None);
    assert_eq!(run.mails.len(), 300);
    assert_eq!(run.mails[0].template, Template::Renewed);
    assert_eq!(run.mails[0].subject, "Renewed until 20 March 2026: Virtual server small (web-1)");
    assert!(fake.all().iter().all(|it| it.state == DeliveryState::Sent && it.attempts == 1));
    assert_eq!(fake.all()[0].outcome, "kept for a…@example.com");
    assert!(outbox.run_once(now()).await.expect("a run").is_idle());
}

#[tokio::test]
async fn a_kept_mail_is_whole() {
    let fake = Arc::new(Fake::with([mail(12, 3)]));
    let outbox = outbox(&config(), &fake);
    outbox.run_once(now()).await.expect("a run");
    let kept = outbox.memory().expect("the memory").take();
    let [kept] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!(kept.to, "ada@example.com");
    assert_eq!(kept.message_id, "<acc_938nkrkayd.12.3@example.com>");
    let message = kept.message.as_deref().expect("its form on the wire");
    for header in [
        "From: \"Example Cloud\" <billing@example.com>\r\n",
        "To: \"Ada Lovelace\" <ada@example.com>\r\n",
        "Date: Thu, 05 Feb 2026 08:00:00 +0000\r\n",
        "Message-ID: <acc_938nkrkayd.12.3@example.com>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "X-Renewd-Effect: acc_938nkrkayd/12/3 renewed\r\n",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Content-Type: text/html; charset=utf-8\r\n",
    ] {
        assert!(message.contains(header), "{header} is not in {message}");
    }
    assert!(outbox.memory().expect("the memory").mails().is_empty());
}

#[tokio::test]
async fn what_is_useless_by_now_is_void() {
    let mut late = mail(1, 0);
    late.row.worth_until = now().minus(Duration::from_secs(1));
    let mut just = mail(2, 0);
    just.row.worth_until = now();
    let fake = Arc::new(Fake::with([late, just]));
    let run = run(&config(), &fake).await;
    assert_eq!(run.total(), Counts { sent: 1, void: 1, ..Counts::default() });
    let all = fake.all();
    assert_eq!((all[0].state, all[0].attempts), (DeliveryState::Void, 0));
    assert_eq!(all[0].outcome, "useless after 2026-02-05T07:59:59Z");
}

#[tokio::test]
async fn mail_for_an_operator_needs_an_address() {
    let brake = || {
        let about = About { count: Some(41), due_at: Some(now()), ..About::default() };
        mail_of(1, 0, Recipient::Operator, Template::BrakeEngaged, about)
    };
    let fake = Arc::new(Fake::with([brake()]));
    run(&config(), &fake).await;
    assert_eq!(fake.all()[0].state, DeliveryState::Void);
    assert_eq!(fake.all()[0].outcome, "no operator address configured");

    let fake = Arc::new(Fake::with([brake()]));
    let mut config = config();
    config.mail.operator = "Ops <ops@example.com>".into();
    let outbox = outbox(&config, &fake);
    outbox.run_once(now()).await.expect("a run");
    assert_eq!(outbox.memory().expect("the memory").mails()[0].to, "ops@example.com");
}

#[tokio::test]
async fn an_account_without_a_profile_gets_no_mail() {
    let fake = Arc::new(Fake::with([mail(1, 0)]));
    let desk: Arc<dyn Desk> = Arc::clone(&fake) as _;
    let outbox = Outbox::over(&config(), desk, Arc::new(Nobody), names()).expect("an outbox");
    outbox.run_once(now()).await.expect("a run");
    assert_eq!(fake.all()[0].state, DeliveryState::Void);
}

#[tokio::test]
async fn what_cannot_be_read_is_dead() {
    let mut broken = mail(1, 0);
    broken.row.body = "{".into();
    let fake = Arc::new(Fake::with([broken]));
    assert_eq!(run(&config(), &fake).await.total().dead, 1);
    assert_eq!(fake.all()[0].state, DeliveryState::Dead);
}

#[tokio::test]
async fn a_result_that_is_not_written_does_not_send_for_ever() {
    let fake = Fake { is_forgetful: true, ..Fake::with([mail(1, 0)]) };
    let fake = Arc::new(fake);
    assert_eq!(run(&config(), &fake).await.total().sent, 1);
}

#[tokio::test]
async fn a_command_is_told_under_its_token() {
    let fake = Arc::new(Fake::with([tell(7)]));
    fake.answers.lock().expect("answers").push_back(Ok(fake::receipt()));
    run(&config(), &fake).await;
    let requests = fake.requests.lock().expect("requests").clone();
    let [(to, request)] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(*to, StreamId::House);
    let token = request.token.as_ref().expect("a token");
    assert_eq!(token.text, "acc_938nkrkayd/7/0");
    assert_eq!(fake.all()[0].outcome, "house took it in record 9");
}

#[tokio::test]
async fn a_rejection_is_an_answer_and_a_crash_is_not() {
    let fake = Arc::new(Fake::with([tell(7)]));
    let answers = [
        Err(ExecuteError::OutcomeUnknown),
        Err(ExecuteError::Busy),
        Err(ExecuteError::Store(StoreError::Unavailable("away".into()))),
        Err(ExecuteError::Rejected(Rejection::AccountNotFound)),
    ];
    fake.answers.lock().expect("answers").extend(answers);
    let outbox = outbox(&config(), &fake);
    let mut at = now();
    for attempts in 1..=3 {
        let run = outbox.run_once(at).await.expect("a run");
        assert_eq!(run.total().failed, 1);
        assert_eq!(
            (fake.all()[0].state, fake.all()[0].attempts),
            (DeliveryState::Waiting, attempts)
        );
        at = run.next_at.expect("a retry");
    }
    assert_eq!(outbox.run_once(at).await.expect("a run").total().sent, 1);
    assert_eq!(fake.all()[0].outcome, "house rejected it: AccountNotFound");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_from_the_configuration_is_dead() {
    let fake = Arc::new(Fake::with([webhook(1, "gone")]));
    run(&config(), &fake).await;
    assert_eq!(fake.all()[0].state, DeliveryState::Dead);
    assert_eq!(fake.all()[0].outcome, "the endpoint \"gone\" is no longer configured");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_once() {
    let refused = |change: fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        let error = Outbox::over(&config, Arc::new(Fake::default()), Arc::new(Ada), names())
            .expect_err("an error");
        error.to_string()
    };

    assert!(refused(|it| it.mail.from = "nobody".into()).starts_with("mail.from: "));
    assert!(refused(|it| it.mail.operator = "@".into()).starts_with("mail.operator: "));
    let smtp = refused(|it| {
        it.mail.backend = crate::config::MailBackend::Smtp;
        it.mail.smtp_url = "http://user:hunter2@host".into();
    });
    assert!(smtp.starts_with("mail.smtp_url: ") && !smtp.contains("hunter2"), "{smtp}");
    let url = refused(|it| {
        let endpoint =
            crate::config::Webhook { url: "ftp://x".into(), secret: "whsec_QQ==".into() };
        it.webhooks.insert("a".into(), endpoint);
    });
    assert_eq!(url, "webhooks.a.url: neither http nor https");
    let secret = refused(|it| {
        let endpoint = crate::config::Webhook { url: "http://x".into(), secret: "hunter2".into() };
        it.webhooks.insert("a".into(), endpoint);
    });
    assert_eq!(secret, "webhooks.a.secret: a secret is whsec_ and Base64");
    assert!(refused(|it| it.mail.templates = "/nowhere".into()).starts_with("mail.templates: "));
}

#[tokio::test]
async fn every_mail_can_be_sent_in_every_language() {
    let rows = ["en", "de", "de-AT", "fr"].into_iter().zip(1..).flat_map(|(language, seq)| {
        Template::ALL.into_iter().zip(0..).map(move |(template, n)| {
            let about = About { language: language.into(), ..about() };
            mail_of(seq, n, Recipient::Customer, template, about)
        })
    });
    let fake = Arc::new(Fake::with(rows));
    let sent = run(&config(), &fake).await.total().sent;
    assert_eq!(usize::try_from(sent), Ok(4 * Template::ALL.len()));
}
