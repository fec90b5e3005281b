//! Mails about the closing of an account, as people read them.

use super::fake::{about, account, at, usd};
use super::letters::letter;
use super::order_letters::in_german;
use crate::domain::calendar::Zone;
use crate::domain::effects::{About, Template};
use crate::domain::event::SealedRef;
use crate::domain::ids::WithdrawalId;

fn closure() -> About {
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

fn until(about: About) -> About {
    About { until: Some(at("2026-03-20T08:00:00Z")), ..about }
}

fn because(reason: &str) -> About {
    About { reason: Some(reason.to_owned()), ..closure() }
}

fn begun() -> About {
    About { note: Some(SealedRef(3)), ..closure() }
}

fn english(template: Template, about: About) -> String {
    letter(template, &about)
}

fn german(template: Template, about: About) -> String {
    letter(template, &in_german(about))
}

#[test]
fn d49_the_code_comes_with_what_it_does() {
    let about = || until(About { code: Some(SealedRef(3)), forfeit: None, ..closure() });
    insta::assert_snapshot!(english(Template::ClosureCode, about()), @r#"
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
    insta::assert_snapshot!(german(Template::ClosureCode, about()), @r"
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
    insta::assert_snapshot!(english(Template::ClosureApproval, about(None)), @r#"
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
    insta::assert_snapshot!(german(Template::ClosureApproval, about(None)), @r"
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
    insta::assert_snapshot!(english(Template::ClosureApproval, about(Some("operator"))), @r#"
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
    insta::assert_snapshot!(german(Template::ClosureApproval, about(Some("operator"))), @r"
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
    insta::assert_snapshot!(english(Template::ClosureBegun, until(begun())), @r#"
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
    insta::assert_snapshot!(german(Template::ClosureBegun, until(begun())), @r"
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
    let given_up = || About { forfeit: Some(true), ..begun() };
    insta::assert_snapshot!(english(Template::ClosureBegun, given_up()), @r#"
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
    insta::assert_snapshot!(german(Template::ClosureBegun, given_up()), @r"
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
    insta::assert_snapshot!(english(Template::ClosureSettling, until(closure())), @r#"
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
    insta::assert_snapshot!(german(Template::ClosureSettling, until(closure())), @r"
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
    insta::assert_snapshot!(english(Template::ClosureSettling, approved()), @r#"
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
    insta::assert_snapshot!(german(Template::ClosureSettling, approved()), @r"
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
    insta::assert_snapshot!(english(Template::ClosureQuiet, given_up()), @r#"
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
    insta::assert_snapshot!(german(Template::ClosureQuiet, given_up()), @r"
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
    let kept = english(Template::ClosureQuiet, until(closure()));
    assert!(!kept.contains("not paid out"), "{kept}");
}

#[test]
fn r8_6_money_that_turns_up_is_settled_first() {
    let late = || until(About { amount: Some(usd("4.50")), ..because("UnsettledUsage") });
    insta::assert_snapshot!(english(Template::ClosureReturned, late()), @r#"
    Subject: Your account is not closed yet: something is to be settled

    Hello Ada,

    Usage of your account was reported late, and is charged before the account
    is closed.

      To pay      4.50 USD
      Not before  20 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)

    What happens next
    Once everything is settled the quiet period begins anew, and at its end the
    account is closed.

    What to do
    Please pay what is owed, and withdraw what is yours. If you want to keep
    your account, you can still revoke the closing in your account.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::ClosureReturned, late()), @r"
    Subject: Ihr Konto ist noch nicht geschlossen: Es ist noch etwas abzurechnen

    Guten Tag Ada,

    Eine Nutzung Ihres Kontos wurde verspätet gemeldet und wird vor der
    Schließung abgerechnet.

      Zu zahlen  4,50 USD
      Nicht vor  20. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)

    Wie es weitergeht
    Sobald alles abgerechnet ist, beginnt die Ruhefrist von neuem; an ihrem Ende
    wird das Konto geschlossen.

    Was zu tun ist
    Bitte bezahlen Sie, was offen ist, und lassen Sie sich auszahlen, was Ihnen
    gehört. Wenn Sie Ihr Konto behalten möchten, können Sie die Schließung noch
    in Ihrem Konto widerrufen.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
    for (reason, words, in_german) in [
        ("PositiveCash", "Money came in for your account.", "ist Geld eingegangen"),
        ("OwedToCustomer", "Money is still to be settled", "noch Geld abzurechnen"),
    ] {
        let (mail, german) = (
            english(Template::ClosureReturned, until(because(reason))),
            german(Template::ClosureReturned, until(because(reason))),
        );
        assert!(mail.contains(words) && !mail.contains("To pay"), "{mail}");
        assert!(german.contains(in_german) && !german.contains("Zu zahlen"), "{german}");
    }
}

#[test]
fn r8_6_what_stood_in_the_way_is_named() {
    insta::assert_snapshot!(english(Template::ClosureInterrupted, because("Holding")), @r#"
    Subject: Your account was not closed: it is in service again

    Hello Ada,

    Another service still holds something for your account, such as a domain
    name, a user, a key or a link, so the account could not be closed.

      On  5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)

    What happens next
    Nothing is lost: your account is in service again, as it was before. It is
    not closed by itself later.

    What to do
    If you still want to leave, look at what stands in the way, deal with it,
    and ask for the closing again.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::ClosureInterrupted, because("Holding")), @r"
    Subject: Ihr Konto wurde nicht geschlossen und ist wieder in Betrieb

    Guten Tag Ada,

    Ein anderer Dienst hält noch etwas für Ihr Konto, etwa einen Domainnamen,
    einen Benutzer, einen Schlüssel oder eine Verknüpfung. Darum konnte das
    Konto nicht geschlossen werden.

      Am  5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)

    Wie es weitergeht
    Nichts ist verloren: Ihr Konto ist wieder in Betrieb, so wie zuvor. Es wird
    auch später nicht von selbst geschlossen.

    Was zu tun ist
    Wenn Sie weiterhin gehen möchten, sehen Sie nach, was im Weg steht,
    erledigen Sie es und beantragen Sie die Schließung noch einmal.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
    for (reason, words, in_german) in [
        ("LiveSubscription", "A subscription of your account", "Ein Abonnement"),
        ("UnreleasedResource", "A resource of your account", "Eine Ressource"),
        ("OpenOrder", "An order of your account", "Eine Bestellung"),
    ] {
        let mail = english(Template::ClosureInterrupted, because(reason));
        let german = german(Template::ClosureInterrupted, because(reason));
        assert!(mail.contains(words) && german.contains(in_german), "{mail}{german}");
    }
}

#[test]
fn d21_a_revoked_closing_leaves_the_account_open() {
    insta::assert_snapshot!(english(Template::ClosureRevoked, because("request")), @r#"
    Subject: Your account stays open

    Hello Ada,

    The closing of your account was revoked.

      On  5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)

    What happens next
    Your account is in service again, as it was before. What was switched off
    before, such as automatic renewal, stays off.

    What to do
    Nothing. If it was not you who did this, please change your password and
    write to us.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::ClosureRevoked, because("request")), @r"
    Subject: Ihr Konto bleibt bestehen

    Guten Tag Ada,

    Die Schließung Ihres Kontos wurde widerrufen.

      Am  5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)

    Wie es weitergeht
    Ihr Konto ist wieder in Betrieb, so wie zuvor. Was vorher abgeschaltet
    wurde, etwa die automatische Verlängerung, bleibt abgeschaltet.

    Was zu tun ist
    Nichts. Wenn nicht Sie das veranlasst haben, ändern Sie bitte Ihr Passwort
    und schreiben Sie uns.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
    for (reason, words, in_german) in [
        ("login", "You logged in", "Sie haben sich angemeldet"),
        ("code_missed", "Too many wrong codes", "zu viele falsche Codes"),
    ] {
        let mail = english(Template::ClosureRevoked, because(reason));
        let german = german(Template::ClosureRevoked, because(reason));
        assert!(mail.contains(words) && german.contains(in_german), "{mail}{german}");
    }
}

#[test]
fn r8_12_the_last_letter_says_what_goes_and_what_is_kept() {
    insta::assert_snapshot!(english(Template::AccountClosed, closure()), @r#"
    Subject: Your account is closed

    Hello Ada,

    Your account is closed. This is the last mail that we send you about it.

      Closed  5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)

    What happens next
    Your personal data is destroyed, and your coupons are void. Invoices and
    books are kept under the account's number for as long as the law asks. The
    account cannot be reopened; with the same e-mail address you can sign up
    again for a new one.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::AccountClosed, closure()), @r"
    Subject: Ihr Konto ist geschlossen

    Guten Tag Ada,

    Ihr Konto ist geschlossen. Das ist die letzte E-Mail, die wir Ihnen dazu
    senden.

      Geschlossen  5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)

    Wie es weitergeht
    Ihre persönlichen Daten werden vernichtet, und Ihre Gutscheine sind
    verfallen. Rechnungen und Bücher bewahren wir unter der Nummer des Kontos so
    lange auf, wie das Gesetz es verlangt. Das Konto lässt sich nicht wieder
    öffnen; mit derselben E-Mail-Adresse können Sie sich für ein neues anmelden.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
}

#[test]
fn a_withdrawal_that_was_reported_otherwise_before_is_explained() {
    let about = || About {
        amount: Some(usd("15.00")),
        available: Some(usd("-5.00")),
        withdrawal: Some(WithdrawalId::new(account(), 41)),
        ..because("after_all")
    };
    insta::assert_snapshot!(english(Template::WithdrawalPaid, about()), @r#"
    Subject: 15.00 USD was paid out to you

    Hello Ada,

    We had told you that this withdrawal failed. It was paid out after all, so
    what we had put back was taken from your balance again.

      Paid out       15.00 USD
      On             5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Balance now    3.07 USD
      Available now  -5.00 USD
      Withdrawal     wdr_938nkrkayd_41

    What happens next
    If your balance did not cover it, the rest is owed: please top up. It can
    take a few days until the money arrives.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::WithdrawalPaid, about()), @r"
    Subject: 15,00 USD wurden Ihnen ausgezahlt

    Guten Tag Ada,

    Wir hatten Ihnen geschrieben, dass diese Auszahlung fehlgeschlagen ist. Sie
    wurde doch ausgeführt; darum haben wir das Geld, das wir Ihnen
    gutgeschrieben hatten, wieder abgezogen.

      Ausgezahlt       15,00 USD
      Am               5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Guthaben jetzt   3,07 USD
      Verfügbar jetzt  -5,00 USD
      Auszahlung       wdr_938nkrkayd_41

    Wie es weitergeht
    Falls Ihr Guthaben nicht gereicht hat, sind Sie uns den Rest schuldig: Bitte
    laden Sie es auf. Bis das Geld ankommt, können einige Tage vergehen.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
    insta::assert_snapshot!(english(Template::WithdrawalFailed, about()), @r#"
    Subject: Your withdrawal of 15.00 USD failed

    Hello Ada,

    We had told you that this withdrawal was paid out. The money came back to
    us, and is in your balance again.

      Given back   15.00 USD
      On           5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Balance now  3.07 USD
      Withdrawal   wdr_938nkrkayd_41

    What to do
    Please ask for the withdrawal again, or write to us if it fails once more.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "#);
    insta::assert_snapshot!(german(Template::WithdrawalFailed, about()), @r"
    Subject: Ihre Auszahlung von 15,00 USD ist fehlgeschlagen

    Guten Tag Ada,

    Wir hatten Ihnen geschrieben, dass diese Auszahlung erledigt ist. Das Geld
    ist zu uns zurückgekommen und wieder in Ihrem Guthaben.

      Zurückgegeben   15,00 USD
      Am              5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Guthaben jetzt  3,07 USD
      Auszahlung      wdr_938nkrkayd_41

    Was zu tun ist
    Bitte beauftragen Sie die Auszahlung noch einmal, oder schreiben Sie uns,
    wenn sie wieder fehlschlägt.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    ");
}
