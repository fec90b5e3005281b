//! Mails at the end of closing an account, however it ends, and of reports on withdrawals that
//! contradict each other, as people read them.

use super::closure_letters::{because, closure, english, german, until};
use super::fake::{account, usd};
use crate::domain::effects::{About, Template};
use crate::domain::ids::WithdrawalId;

#[test]
fn r8_6_money_that_turns_up_is_settled_first() {
    let late = || until(About { amount: Some(usd("4.50")), ..because("UnsettledUsage") });
    insta::assert_snapshot!(english(Template::ClosureReturned, &late()), @r#"
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
    insta::assert_snapshot!(german(Template::ClosureReturned, &late()), @r"
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
        let (mail, brief) = (
            english(Template::ClosureReturned, &until(because(reason))),
            german(Template::ClosureReturned, &until(because(reason))),
        );
        assert!(mail.contains(words) && !mail.contains("To pay"), "{mail}");
        assert!(brief.contains(in_german) && !brief.contains("Zu zahlen"), "{brief}");
    }
}

#[test]
fn r8_6_what_stood_in_the_way_is_named() {
    insta::assert_snapshot!(english(Template::ClosureInterrupted, &because("Holding")), @r#"
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
    insta::assert_snapshot!(german(Template::ClosureInterrupted, &because("Holding")), @r"
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
        let mail = english(Template::ClosureInterrupted, &because(reason));
        let brief = german(Template::ClosureInterrupted, &because(reason));
        assert!(mail.contains(words) && brief.contains(in_german), "{mail}{brief}");
    }
}

#[test]
fn d21_a_revoked_closing_leaves_the_account_open() {
    insta::assert_snapshot!(english(Template::ClosureRevoked, &because("request")), @r#"
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
    insta::assert_snapshot!(german(Template::ClosureRevoked, &because("request")), @r"
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
        let mail = english(Template::ClosureRevoked, &because(reason));
        let brief = german(Template::ClosureRevoked, &because(reason));
        assert!(mail.contains(words) && brief.contains(in_german), "{mail}{brief}");
    }
}

#[test]
fn r8_12_the_last_letter_says_what_goes_and_what_is_kept() {
    insta::assert_snapshot!(english(Template::AccountClosed, &closure()), @r#"
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
    insta::assert_snapshot!(german(Template::AccountClosed, &closure()), @r"
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
    insta::assert_snapshot!(english(Template::WithdrawalPaid, &about()), @r#"
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
    insta::assert_snapshot!(german(Template::WithdrawalPaid, &about()), @r"
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
    insta::assert_snapshot!(english(Template::WithdrawalFailed, &about()), @r#"
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
    insta::assert_snapshot!(german(Template::WithdrawalFailed, &about()), @r"
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
