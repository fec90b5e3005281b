//! Mails on the way to the closing of an account, as people read them.

use super::fake::{about, at, usd};
use super::letters::letter;
use super::order_letters::in_german;
use crate::domain::calendar::Zone;
use crate::domain::effects::{About, Template};
use crate::domain::event::SealedRef;

pub(super) fn closure() -> About {
    let plain = about();
    About {
        language: plain.language,
        zone: plain.zone,
        cash: Some(usd("3.07")),
        due_at: Some(at("2026-03-05T08:00:00Z")),
        forfeit: Some(false),
        ..About::default()
    }
}

pub(super) fn until(about: About) -> About {
    About { until: Some(at("2026-03-20T08:00:00Z")), ..about }
}

pub(super) fn because(reason: &str) -> About {
    About { reason: Some(reason.to_owned()), ..closure() }
}

fn begun() -> About {
    About { note: Some(SealedRef(3)), ..closure() }
}

pub(super) fn english(template: Template, about: &About) -> String {
    letter(template, about)
}

pub(super) fn german(template: Template, about: &About) -> String {
    letter(template, &in_german(about.clone()))
}

#[test]
fn d49_the_code_comes_with_what_it_does() {
    let about = || until(About { code: Some(SealedRef(3)), forfeit: None, ..closure() });
    insta::assert_snapshot!(english(Template::ClosureCode, &about()), @r#"
    Subject: Your code to close your account

    Hello Ada,

    Somebody asked for your account to be closed. If that was you, confirm it by
    entering this code where you asked for it. Give it to nobody else: we never
    ask for it.

      Code        042917
      Good until  20 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)

    What happens next
    Once it is confirmed we wait for your final charges, and for a while in
    which you can change your mind. Then the account is closed: it cannot be
    reopened, and your coupons are void.

    What to do
    If you did not ask for this, do nothing: without the code nothing happens.
    Please change your password all the same.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::ClosureCode, &about()), @r"
    Subject: Ihr Code zur Schließung Ihres Kontos

    Guten Tag Ada,

    Jemand hat die Schließung Ihres Kontos beantragt. Wenn Sie das waren,
    bestätigen Sie es, indem Sie diesen Code dort eingeben, wo Sie sie beantragt
    haben. Geben Sie ihn niemandem sonst: Wir fragen nie danach.

      Code        042917
      Gültig bis  20. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)

    Wie es weitergeht
    Nach der Bestätigung warten wir auf Ihre letzten Kosten und auf eine Frist,
    in der Sie es sich anders überlegen können. Dann wird das Konto geschlossen:
    Es lässt sich nicht wieder öffnen, und Ihre Gutscheine verfallen.

    Was zu tun ist
    Wenn Sie das nicht waren, müssen Sie nichts tun: Ohne den Code geschieht
    nichts. Bitte ändern Sie trotzdem Ihr Passwort.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
}

#[test]
fn r8_11_an_operator_is_asked_to_approve() {
    let about = |reason: Option<&str>| About {
        zone: Some(Zone::UTC),
        cash: None,
        reason: reason.map(str::to_owned),
        ..closure()
    };
    insta::assert_snapshot!(english(Template::ClosureApproval, &about(None)), @r#"
    Subject: An account waits for approval to be closed: acc_938nkrkayd

    Hello Ada,

    The owner of an account confirmed that it is to be closed. Accounts of this
    kind are closed only when you approve it, on a document.

      Account  acc_938nkrkayd
      Since    5 March 2026, 08:00 UTC

    What to do
    Please check the document, and approve the closing with its reference, or
    revoke it, with renewctl.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::ClosureApproval, &about(None)), @r"
    Subject: Ein Konto wartet auf die Genehmigung seiner Schließung: acc_938nkrkayd

    Guten Tag Ada,

    Der Inhaber eines Kontos hat bestätigt, dass es geschlossen werden soll.
    Konten dieser Art werden nur geschlossen, wenn Sie das anhand eines
    Dokuments genehmigen.

      Konto  acc_938nkrkayd
      Seit   5. März 2026, 08:00 Uhr UTC

    Was zu tun ist
    Bitte prüfen Sie das Dokument und genehmigen Sie die Schließung mit seiner
    Nummer, oder widerrufen Sie sie, mit renewctl.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
    insta::assert_snapshot!(english(Template::ClosureApproval, &about(Some("operator"))), @r#"
    Subject: An account waits for approval to be closed: acc_938nkrkayd

    Hello Ada,

    An operator began to close an account on its owner's behalf. Accounts of
    this kind are closed only when you approve it, on a document.

      Account  acc_938nkrkayd
      Since    5 March 2026, 08:00 UTC

    What to do
    Please check the document, and approve the closing with its reference, or
    revoke it, with renewctl.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::ClosureApproval, &about(Some("operator"))), @r"
    Subject: Ein Konto wartet auf die Genehmigung seiner Schließung: acc_938nkrkayd

    Guten Tag Ada,

    Ein Betreiber hat für den Inhaber eines Kontos begonnen, es zu schließen.
    Konten dieser Art werden nur geschlossen, wenn Sie das anhand eines
    Dokuments genehmigen.

      Konto  acc_938nkrkayd
      Seit   5. März 2026, 08:00 Uhr UTC

    Was zu tun ist
    Bitte prüfen Sie das Dokument und genehmigen Sie die Schließung mit seiner
    Nummer, oder widerrufen Sie sie, mit renewctl.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
}

#[test]
fn what_an_operator_began_is_told_with_its_reason_and_how_to_stop_it() {
    insta::assert_snapshot!(english(Template::ClosureBegun, &until(begun())), @r#"
    Subject: We have begun to close your account

    Hello Ada,

    We have begun to close your account on your behalf: you need not confirm it.
    You can stop it at any time until the account is closed.

      Reason               The company was dissolved
      Begun                5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Final charges until  20 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Balance now          3.07 USD

    What happens next
    What you used last is charged first. Once everything is paid, a quiet period
    begins; at its end the account is closed for good.

    A closed account cannot be opened again: your personal data is destroyed,
    and your coupons are void. Invoices and books are kept for as long as the
    law asks. Until then you can pay, withdraw and release, but you cannot buy
    anything.

    What to do
    If the account is to be closed, nothing. If you want to keep it, revoke the
    closing in your account, or write to us: it is in service again at once, as
    it was before.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::ClosureBegun, &until(begun())), @r"
    Subject: Wir haben begonnen, Ihr Konto zu schließen

    Guten Tag Ada,

    Wir haben für Sie begonnen, Ihr Konto zu schließen: Sie müssen das nicht
    bestätigen. Bis das Konto geschlossen ist, können Sie es jederzeit
    aufhalten.

      Grund              The company was dissolved
      Begonnen           5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Letzte Kosten bis  20. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Guthaben jetzt     3,07 USD

    Wie es weitergeht
    Was Sie zuletzt genutzt haben, wird zuerst abgerechnet. Sobald alles bezahlt
    ist, beginnt eine Ruhefrist; an ihrem Ende wird das Konto endgültig
    geschlossen.

    Ein geschlossenes Konto lässt sich nicht wieder öffnen: Ihre persönlichen
    Daten werden vernichtet, und Ihre Gutscheine verfallen. Rechnungen und
    Bücher bewahren wir so lange auf, wie das Gesetz es verlangt. Bis dahin
    können Sie zahlen, sich Geld auszahlen lassen und freigeben, aber nichts
    kaufen.

    Was zu tun ist
    Wenn das Konto geschlossen werden soll, nichts. Wenn Sie es behalten
    möchten, widerrufen Sie die Schließung in Ihrem Konto, oder schreiben Sie
    uns: Es ist dann sofort wieder in Betrieb, so wie zuvor.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
}

#[test]
fn r8_3_what_waits_for_approval_says_so_and_what_is_given_up() {
    let given_up = || About { forfeit: Some(true), ..begun() };
    insta::assert_snapshot!(english(Template::ClosureBegun, &given_up()), @r#"
    Subject: We have begun to close your account

    Hello Ada,

    We have begun to close your account on your behalf: you need not confirm it.
    You can stop it at any time until the account is closed.

      Reason       The company was dissolved
      Begun        5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Balance now  3.07 USD

    What happens next
    First the closing has to be approved. Then what you used last is charged.
    Once everything is paid, a quiet period begins; at its end the account is
    closed for good.

    A closed account cannot be opened again: your personal data is destroyed,
    and your coupons are void. Invoices and books are kept for as long as the
    law asks. Until then you can pay, withdraw and release, but you cannot buy
    anything.

    What is left of your balance when the account is closed is not paid out. If
    you want to have it, withdraw it before.

    What to do
    If the account is to be closed, nothing. If you want to keep it, revoke the
    closing in your account, or write to us: it is in service again at once, as
    it was before.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::ClosureBegun, &given_up()), @r"
    Subject: Wir haben begonnen, Ihr Konto zu schließen

    Guten Tag Ada,

    Wir haben für Sie begonnen, Ihr Konto zu schließen: Sie müssen das nicht
    bestätigen. Bis das Konto geschlossen ist, können Sie es jederzeit
    aufhalten.

      Grund           The company was dissolved
      Begonnen        5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Guthaben jetzt  3,07 USD

    Wie es weitergeht
    Zuerst muss die Schließung genehmigt werden. Dann wird abgerechnet, was Sie
    zuletzt genutzt haben. Sobald alles bezahlt ist, beginnt eine Ruhefrist; an
    ihrem Ende wird das Konto endgültig geschlossen.

    Ein geschlossenes Konto lässt sich nicht wieder öffnen: Ihre persönlichen
    Daten werden vernichtet, und Ihre Gutscheine verfallen. Rechnungen und
    Bücher bewahren wir so lange auf, wie das Gesetz es verlangt. Bis dahin
    können Sie zahlen, sich Geld auszahlen lassen und freigeben, aber nichts
    kaufen.

    Was von Ihrem Guthaben bei der Schließung noch da ist, wird nicht
    ausgezahlt. Wenn Sie es haben möchten, lassen Sie es sich vorher auszahlen.

    Was zu tun ist
    Wenn das Konto geschlossen werden soll, nichts. Wenn Sie es behalten
    möchten, widerrufen Sie die Schließung in Ihrem Konto, oder schreiben Sie
    uns: Es ist dann sofort wieder in Betrieb, so wie zuvor.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
}

#[test]
fn r8_5_final_charges_are_waited_for() {
    insta::assert_snapshot!(english(Template::ClosureSettling, &until(closure())), @r#"
    Subject: Your account is being closed

    Hello Ada,

    You confirmed that your account is to be closed. First we wait for your
    final charges.

      Final charges until  20 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Balance now          3.07 USD

    What happens next
    What you used last is charged within this time. Once everything is paid, a
    quiet period begins; at its end the account is closed for good. Until then
    you can pay, withdraw and release, but you cannot buy anything.

    What to do
    Nothing, unless a final charge is not covered: then please pay it. If you
    want to keep your account, revoke the closing in your account, or write to
    us.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::ClosureSettling, &until(closure())), @r"
    Subject: Ihr Konto wird geschlossen

    Guten Tag Ada,

    Sie haben bestätigt, dass Ihr Konto geschlossen werden soll. Zuerst warten
    wir auf Ihre letzten Kosten.

      Letzte Kosten bis  20. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Guthaben jetzt     3,07 USD

    Wie es weitergeht
    Was Sie zuletzt genutzt haben, wird in dieser Zeit abgerechnet. Sobald alles
    bezahlt ist, beginnt eine Ruhefrist; an ihrem Ende wird das Konto endgültig
    geschlossen. Bis dahin können Sie zahlen, sich Geld auszahlen lassen und
    freigeben, aber nichts kaufen.

    Was zu tun ist
    Nichts, es sei denn, letzte Kosten sind nicht gedeckt: Dann bezahlen Sie sie
    bitte. Wenn Sie Ihr Konto behalten möchten, widerrufen Sie die Schließung in
    Ihrem Konto, oder schreiben Sie uns.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
    let approved = || until(About { forfeit: Some(true), ..because("operator") });
    insta::assert_snapshot!(english(Template::ClosureSettling, &approved()), @r#"
    Subject: Your account is being closed

    Hello Ada,

    The closing of your account, which we began on your behalf, was approved.
    First we wait for your final charges.

      Final charges until  20 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Balance now          3.07 USD

    What happens next
    What you used last is charged within this time. Once everything is paid, a
    quiet period begins; at its end the account is closed for good. Until then
    you can pay, withdraw and release, but you cannot buy anything.

    What is left of your balance when the account is closed is not paid out. If
    you want to have it after all, withdraw it before.

    What to do
    Nothing, unless a final charge is not covered: then please pay it. If you
    want to keep your account, revoke the closing in your account, or write to
    us.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::ClosureSettling, &approved()), @r"
    Subject: Ihr Konto wird geschlossen

    Guten Tag Ada,

    Die Schließung Ihres Kontos, die wir für Sie begonnen haben, wurde
    genehmigt. Zuerst warten wir auf Ihre letzten Kosten.

      Letzte Kosten bis  20. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Guthaben jetzt     3,07 USD

    Wie es weitergeht
    Was Sie zuletzt genutzt haben, wird in dieser Zeit abgerechnet. Sobald alles
    bezahlt ist, beginnt eine Ruhefrist; an ihrem Ende wird das Konto endgültig
    geschlossen. Bis dahin können Sie zahlen, sich Geld auszahlen lassen und
    freigeben, aber nichts kaufen.

    Was von Ihrem Guthaben bei der Schließung noch da ist, wird nicht
    ausgezahlt. Wenn Sie es doch haben möchten, lassen Sie es sich vorher
    auszahlen.

    Was zu tun ist
    Nichts, es sei denn, letzte Kosten sind nicht gedeckt: Dann bezahlen Sie sie
    bitte. Wenn Sie Ihr Konto behalten möchten, widerrufen Sie die Schließung in
    Ihrem Konto, oder schreiben Sie uns.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
}

#[test]
fn r8_7_the_quiet_period_names_its_end() {
    let given_up = || until(About { forfeit: Some(true), ..closure() });
    insta::assert_snapshot!(english(Template::ClosureQuiet, &given_up()), @r#"
    Subject: Your account will be closed on 20 March 2026

    Hello Ada,

    Everything is settled. Your account will be closed for good at the end of
    the quiet period.

      Closed       20 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Balance now  3.07 USD

    What happens next
    When the account is closed, your personal data is destroyed and your coupons
    are void. Invoices and books are kept for as long as the law asks. It cannot
    be undone.

    What is left of your balance by then is not paid out. If you want to have it
    after all, withdraw it before.

    What to do
    Download the invoices that you still need. If you want to keep your account,
    revoke the closing in your account, or write to us, before then.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::ClosureQuiet, &given_up()), @r"
    Subject: Ihr Konto wird am 20. März 2026 geschlossen

    Guten Tag Ada,

    Alles ist abgerechnet. Am Ende der Ruhefrist wird Ihr Konto endgültig
    geschlossen.

      Schließung      20. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Guthaben jetzt  3,07 USD

    Wie es weitergeht
    Mit der Schließung werden Ihre persönlichen Daten vernichtet, und Ihre
    Gutscheine verfallen. Rechnungen und Bücher bewahren wir so lange auf, wie
    das Gesetz es verlangt. Das lässt sich nicht rückgängig machen.

    Was von Ihrem Guthaben dann noch da ist, wird nicht ausgezahlt. Wenn Sie es
    doch haben möchten, lassen Sie es sich vorher auszahlen.

    Was zu tun ist
    Laden Sie die Rechnungen herunter, die Sie noch brauchen. Wenn Sie Ihr Konto
    behalten möchten, widerrufen Sie die Schließung vorher in Ihrem Konto, oder
    schreiben Sie uns.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
    let kept = english(Template::ClosureQuiet, &until(closure()));
    assert!(!kept.contains("not paid out"), "{kept}");
}
