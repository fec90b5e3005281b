//! Mails about what is paid for by use, and about debt, as people read them.

use super::fake::{about, account, at, usd};
use super::letters::letter;
use super::order_letters::in_german;
use crate::domain::effects::{About, Template};
use crate::domain::ids::ResourceId;

/// An account that owes 104.58 USD (V9).
fn standing() -> About {
    About {
        language: "en".into(),
        zone: about().zone,
        amount: Some(usd("104.58")),
        available: Some(usd("-104.58")),
        cash: Some(usd("0.00")),
        due_at: Some(at("2026-03-05T08:05:00Z")),
        ..About::default()
    }
}

fn resource() -> About {
    About {
        resource: Some(ResourceId::new(account(), 31)),
        external_id: Some("web-1".into()),
        product: Some("vm".into()),
        plan: Some("small".into()),
        region: Some("eu-central".into()),
        releases_at: Some(at("2026-04-04T08:05:00Z")),
        ..standing()
    }
}

fn in_both(template: Template, about: &About) -> String {
    format!("{}\n=====\n{}", letter(template, about), letter(template, &in_german(about.clone())))
}

#[test]
fn r6_16_a_balance_that_dropped_below_its_alert() {
    let about = About { amount: Some(usd("20.00")), available: Some(usd("19.40")), ..standing() };
    insta::assert_snapshot!(in_both(Template::LowBalance, &about), @r#"
    Subject: Your balance is low: 19.40 USD available

    Hello Ada,

    Your available credit has dropped below 20.00 USD. You asked us to tell you.

      Available credit  19.40 USD
      Your alert        20.00 USD
      Your balance      0.00 USD
      On                5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)

    What happens next
    Everything goes on running. What you use is paid from your balance as it is
    settled; once your available credit is below zero, your account is overdue.

    What to do
    Please top up your balance in time. We tell you again only after it has been
    above 20.00 USD in between.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.

    =====
    Subject: Ihr Guthaben wird knapp: 19,40 USD verfügbar

    Guten Tag Ada,

    Ihr verfügbarer Betrag ist unter 20,00 USD gefallen. Sie haben uns gebeten,
    Ihnen das zu sagen.

      Verfügbar      19,40 USD
      Ihre Schwelle  20,00 USD
      Ihr Guthaben   0,00 USD
      Am             5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)

    Wie es weitergeht
    Alles läuft weiter. Was Sie nutzen, wird bei jeder Abrechnung aus Ihrem
    Guthaben bezahlt; fällt Ihr verfügbarer Betrag unter null, ist Ihr Konto im
    Rückstand.

    Was zu tun ist
    Bitte laden Sie Ihr Guthaben rechtzeitig auf. Wir schreiben Ihnen erst
    wieder, wenn es zwischendurch über 20,00 USD lag.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "#);
}

#[test]
fn r6_18_a_balance_that_will_not_cover_the_next_day() {
    let about = About { amount: Some(usd("30.00")), available: Some(usd("19.40")), ..standing() };
    insta::assert_snapshot!(in_both(Template::WillRunShort, &about), @r#"
    Subject: Your balance will not cover the next day: 10.60 USD missing

    Hello Ada,

    Going by what you used in the last 24 hours, and by the automatic renewals
    that come next, the coming day needs about 30.00 USD. Your available credit
    is 19.40 USD.

      Needed            30.00 USD
      Available credit  19.40 USD
      Missing           10.60 USD
      Your balance      0.00 USD
      Reckoned          5 March 2026, 09:05 (Europe/Berlin; 08:05 UTC)

    What happens next
    Nothing is stopped for now. If your available credit falls below zero, your
    account is overdue: then nothing can be bought or renewed, and what is paid
    for by use is stopped in the end.

    What to do
    Please top up your balance by at least 10.60 USD, or stop what you do not
    need.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.

    =====
    Subject: Ihr Guthaben reicht nicht für den nächsten Tag: Es fehlen 10,60 USD

    Guten Tag Ada,

    Nach dem, was Sie in den letzten 24 Stunden genutzt haben, und nach den
    automatischen Verlängerungen, die anstehen, braucht der kommende Tag etwa
    30,00 USD. Verfügbar sind 19,40 USD.

      Benötigt      30,00 USD
      Verfügbar     19,40 USD
      Es fehlen     10,60 USD
      Ihr Guthaben  0,00 USD
      Stand         5. März 2026, 09:05 Uhr (Europe/Berlin; 08:05 UTC)

    Wie es weitergeht
    Vorerst wird nichts angehalten. Fällt Ihr verfügbarer Betrag unter null, ist
    Ihr Konto im Rückstand: Dann lässt sich nichts mehr bestellen oder
    verlängern, und was nach Nutzung bezahlt wird, wird am Ende angehalten.

    Was zu tun ist
    Bitte laden Sie Ihr Guthaben um mindestens 10,60 USD auf, oder halten Sie
    an, was Sie nicht brauchen.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "#);
}

#[test]
fn r6_8_an_account_that_fell_overdue() {
    insta::assert_snapshot!(in_both(Template::Overdue, &standing()), @r#"
    Subject: Your account is overdue: please pay 104.58 USD

    Hello Ada,

    Your account is overdue: what you owe is not covered by your funds.

      To pay            104.58 USD
      Available credit  -104.58 USD
      Your balance      0.00 USD
      As of             5 March 2026, 09:05 (Europe/Berlin; 08:05 UTC)

    What happens next
    What is paid for by use goes on running for now, and goes on costing. As
    long as debt is due, it is stopped after a while, and later released: then
    it and all data on it are deleted. We write to you before anything is
    released.

    Until the debt is paid, nothing can be bought, upgraded or renewed.
    Subscriptions that are paid for run on until they expire.

    What to do
    Please top up your balance by at least 104.58 USD. What is due is then paid
    by itself, the oldest first, and your account is in good standing again. If
    you do not need a resource any more, release it: then it costs nothing
    further.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.

    =====
    Subject: Ihr Konto ist im Rückstand: Bitte zahlen Sie 104,58 USD

    Guten Tag Ada,

    Ihr Konto ist im Rückstand: Was Sie schulden, ist nicht durch Ihre Mittel
    gedeckt.

      Zu zahlen     104,58 USD
      Verfügbar     -104,58 USD
      Ihr Guthaben  0,00 USD
      Stand         5. März 2026, 09:05 Uhr (Europe/Berlin; 08:05 UTC)

    Wie es weitergeht
    Was nach Nutzung bezahlt wird, läuft vorerst weiter und kostet weiter.
    Solange der Rückstand besteht, wird es nach einiger Zeit angehalten und
    später gelöscht, mit allen Daten darauf. Vor einer Löschung schreiben wir
    Ihnen.

    Bis der Rückstand bezahlt ist, lässt sich nichts bestellen, erweitern oder
    verlängern. Abonnements, die bezahlt sind, laufen bis zu ihrem Ablauf
    weiter.

    Was zu tun ist
    Bitte laden Sie Ihr Guthaben um mindestens 104,58 USD auf. Was fällig ist,
    wird dann von selbst bezahlt, das Älteste zuerst, und Ihr Konto ist wieder
    in Ordnung. Wenn Sie eine Ressource nicht mehr brauchen, löschen Sie sie:
    Dann kostet sie nichts mehr.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "#);
}

#[test]
fn r6_12_a_debt_that_was_paid() {
    let about = About { available: Some(usd("0.00")), amount: None, ..standing() };
    insta::assert_snapshot!(in_both(Template::DebtSettled, &about), @r#"
    Subject: Thank you: your account is in good standing again

    Hello Ada,

    All due debt is paid, and your account is in good standing again. Thank you.

      Paid              5 March 2026, 09:05 (Europe/Berlin; 08:05 UTC)
      Available credit  0.00 USD
      Your balance      0.00 USD

    What happens next
    You can buy, upgrade and renew again. What was stopped for debt runs again,
    and we write to you about each resource. What you stopped yourself stays
    stopped, and what was released cannot be brought back.

    What to do
    Nothing. To hear of it in time, you can set an alert on your balance.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.

    =====
    Subject: Vielen Dank: Ihr Konto ist wieder in Ordnung

    Guten Tag Ada,

    Alles, was fällig war, ist bezahlt, und Ihr Konto ist wieder in Ordnung.
    Vielen Dank.

      Bezahlt       5. März 2026, 09:05 Uhr (Europe/Berlin; 08:05 UTC)
      Verfügbar     0,00 USD
      Ihr Guthaben  0,00 USD

    Wie es weitergeht
    Sie können wieder bestellen, erweitern und verlängern. Was wegen des
    Rückstands angehalten wurde, läuft wieder; zu jeder Ressource schreiben wir
    Ihnen. Was Sie selbst angehalten haben, bleibt angehalten, und was gelöscht
    wurde, lässt sich nicht wiederherstellen.

    Was zu tun ist
    Nichts. Wenn Sie künftig rechtzeitig davon hören möchten, setzen Sie eine
    Schwelle für Ihr Guthaben.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "#);
}

#[test]
fn r6_9_a_resource_that_was_stopped_for_debt() {
    insta::assert_snapshot!(in_both(Template::ResourceHalted, &resource()), @r#"
    Subject: Stopped until 104.58 USD is paid: Virtual server small (web-1)

    Hello Ada,

    We stopped your resource because your account is overdue. Its data are kept
    for now, and from now on its running time costs nothing.

      Stopped           5 March 2026, 09:05 (Europe/Berlin; 08:05 UTC)
      Release           4 April 2026, 10:05 (Europe/Berlin; 08:05 UTC)
      To pay            104.58 USD
      Available credit  -104.58 USD
      Product           Virtual server, small
      Region            eu-central
      Resource          web-1
      Id                res_938nkrkayd_31

    What happens next
    If the debt is not paid before 4 April 2026, 10:05 (Europe/Berlin;
    08:05 UTC), the resource is released: it and all data on it are deleted and
    cannot be brought back. We write to you again before that.

    What to do
    Please top up your balance by at least 104.58 USD. What is due is then paid
    by itself, and the resource runs again at once, unless you stopped it
    yourself.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.

    =====
    Subject: Angehalten, bis 104,58 USD bezahlt sind: Virtual server small (web-1)

    Guten Tag Ada,

    Wir haben Ihre Ressource angehalten, weil Ihr Konto im Rückstand ist. Ihre
    Daten bleiben vorerst erhalten, und die Laufzeit kostet ab jetzt nichts
    mehr.

      Angehalten  5. März 2026, 09:05 Uhr (Europe/Berlin; 08:05 UTC)
      Löschung    4. April 2026, 10:05 Uhr (Europe/Berlin; 08:05 UTC)
      Zu zahlen   104,58 USD
      Verfügbar   -104,58 USD
      Produkt     Virtual server, small
      Region      eu-central
      Ressource   web-1
      Kennung     res_938nkrkayd_31

    Wie es weitergeht
    Wird der Rückstand nicht vor dem 4. April 2026, 10:05 Uhr (Europe/Berlin;
    08:05 UTC) bezahlt, so wird die Ressource gelöscht, mit allen Daten darauf;
    das lässt sich nicht rückgängig machen. Vorher schreiben wir Ihnen noch
    einmal.

    Was zu tun ist
    Bitte laden Sie Ihr Guthaben um mindestens 104,58 USD auf. Was fällig ist,
    wird dann von selbst bezahlt, und die Ressource läuft sofort wieder, wenn
    Sie sie nicht selbst angehalten haben.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "#);
}

#[test]
fn d38_a_release_for_debt_is_told_ahead() {
    insta::assert_snapshot!(in_both(Template::ResourceReleaseAhead, &resource()), @r#"
    Subject: All data will be deleted on 4 April 2026: Virtual server small (web-1)

    Hello Ada,

    Your resource will be released on 4 April 2026, 10:05 (Europe/Berlin;
    08:05 UTC), because your account is overdue. It and all data on it are then
    deleted and cannot be brought back, by you or by us.

      Release           4 April 2026, 10:05 (Europe/Berlin; 08:05 UTC)
      To pay            104.58 USD
      Available credit  -104.58 USD
      Your balance      0.00 USD
      Product           Virtual server, small
      Region            eu-central
      Resource          web-1
      Id                res_938nkrkayd_31

    What to do
    To keep it, please top up your balance by at least 104.58 USD before then.
    What is due is then paid by itself, and the resource runs again. After the
    release no payment brings it back.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.

    =====
    Subject: Alle Daten werden am 4. April 2026 gelöscht: Virtual server small (web-1)

    Guten Tag Ada,

    Ihre Ressource wird am 4. April 2026, 10:05 Uhr (Europe/Berlin; 08:05 UTC)
    gelöscht, weil Ihr Konto im Rückstand ist, mit allen Daten darauf. Weder Sie
    noch wir können sie danach wiederherstellen.

      Löschung      4. April 2026, 10:05 Uhr (Europe/Berlin; 08:05 UTC)
      Zu zahlen     104,58 USD
      Verfügbar     -104,58 USD
      Ihr Guthaben  0,00 USD
      Produkt       Virtual server, small
      Region        eu-central
      Ressource     web-1
      Kennung       res_938nkrkayd_31

    Was zu tun ist
    Wenn Sie sie behalten möchten, laden Sie Ihr Guthaben bitte vorher um
    mindestens 104,58 USD auf. Was fällig ist, wird dann von selbst bezahlt, und
    die Ressource läuft wieder. Nach der Löschung holt keine Zahlung sie zurück.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "#);
}

#[test]
fn r6_12_a_resource_that_was_released_for_debt() {
    insta::assert_snapshot!(in_both(Template::ResourceReleased, &resource()), @r#"
    Subject: Released: Virtual server small (web-1)

    Hello Ada,

    Your account is overdue, and your resource has now been released. It and all
    data on it are deleted and cannot be brought back.

      Released          5 March 2026, 09:05 (Europe/Berlin; 08:05 UTC)
      Available credit  -104.58 USD
      Product           Virtual server, small
      Region            eu-central
      Resource          web-1
      Id                res_938nkrkayd_31

    What happens next
    This resource costs nothing any more. What it cost before is still owed, and
    your account stays overdue until it is paid.

    What to do
    Please pay what is due, so that you can buy and renew again. If you need the
    product again, please open a new resource.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.

    =====
    Subject: Gelöscht: Virtual server small (web-1)

    Guten Tag Ada,

    Ihr Konto ist im Rückstand, und Ihre Ressource ist nun gelöscht. Sie und
    alle Daten darauf lassen sich nicht wiederherstellen.

      Gelöscht   5. März 2026, 09:05 Uhr (Europe/Berlin; 08:05 UTC)
      Verfügbar  -104,58 USD
      Produkt    Virtual server, small
      Region     eu-central
      Ressource  web-1
      Kennung    res_938nkrkayd_31

    Wie es weitergeht
    Diese Ressource kostet nichts mehr. Was sie vorher gekostet hat, ist weiter
    offen, und Ihr Konto bleibt im Rückstand, bis es bezahlt ist.

    Was zu tun ist
    Bitte zahlen Sie, was fällig ist, damit Sie wieder bestellen und verlängern
    können. Wenn Sie das Produkt wieder brauchen, eröffnen Sie bitte eine neue
    Ressource.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "#);
}

#[test]
fn r6_12_a_resource_that_runs_again() {
    let about = About { available: Some(usd("5.00")), amount: None, ..resource() };
    insta::assert_snapshot!(in_both(Template::ResourceRestored, &about), @r#"
    Subject: No longer stopped: Virtual server small (web-1)

    Hello Ada,

    All due debt is paid. Your resource is no longer stopped for it: it runs
    again, with all its data.

      On                5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Available credit  5.00 USD
      Your balance      0.00 USD
      Product           Virtual server, small
      Region            eu-central
      Resource          web-1
      Id                res_938nkrkayd_31

    What happens next
    From now on its time costs again. If you had stopped it yourself, it stays
    stopped until you start it.

    What to do
    Nothing. If you do not need it any more, release it.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.

    =====
    Subject: Nicht mehr angehalten: Virtual server small (web-1)

    Guten Tag Ada,

    Alles, was fällig war, ist bezahlt. Ihre Ressource ist deshalb nicht mehr
    angehalten: Sie läuft wieder, mit allen Daten.

      Am            5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Verfügbar     5,00 USD
      Ihr Guthaben  0,00 USD
      Produkt       Virtual server, small
      Region        eu-central
      Ressource     web-1
      Kennung       res_938nkrkayd_31

    Wie es weitergeht
    Ihre Zeit kostet ab jetzt wieder. Hatten Sie sie selbst angehalten, so
    bleibt sie angehalten, bis Sie sie starten.

    Was zu tun ist
    Nichts. Wenn Sie sie nicht mehr brauchen, löschen Sie sie.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "#);
}

#[test]
fn a_resource_without_a_name_is_known_by_its_id() {
    let about = About { external_id: None, ..resource() };
    let letter = letter(Template::ResourceReleased, &about);
    assert!(letter.starts_with("Subject: Released: Virtual server small (res_938nkrkayd_31)\n"));
}
