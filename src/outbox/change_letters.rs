//! Mails about changes and refunds as people read them.

use super::fake::{about, account, at, usd};
use super::letters::letter;
use super::order_letters::{downgrade, in_german, priced, upgrade};
use crate::domain::effects::{About, Template};
use crate::domain::ids::OrderId;
use crate::domain::nouns::order::Kind;
use crate::domain::nouns::subscription::Mode;

fn refund(reason: &str) -> About {
    About {
        kind: Some(Kind::Refund),
        amount: None,
        refund: Some(usd("13.33")),
        reason: Some(reason.into()),
        due_at: Some(at("2026-03-05T08:00:00Z")),
        ..about()
    }
}

#[test]
fn r10_8_who_unsubscribes_gets_back_what_is_left() {
    insta::assert_snapshot!(letter(Template::Refunded, &refund("unsubscribed")), @r##"
    Subject: 13.33 USD given back: Virtual server small (web-1)

    Hello Ada,

    You gave up this subscription before its end. We gave back what you paid for
    the time that is left.

      Given back      13.33 USD
      To              your balance; it is 1,240.50 USD now
      On              5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Refund order    ord_938nkrkayd_17
      Product         Virtual server, small
      Region          eu-central
      Resource        web-1
      Subscription    sub_938nkrkayd_4
      Was paid until  20 March 2026, 10:00 (Europe/Berlin; 09:00 UTC)

    What happens next
    The subscription is over: service has stopped, it cannot be renewed any
    more, and the resource and all data on it are deleted. Cash that you paid
    comes back. A coupon comes back only for a period that had not begun.

    What to do
    Nothing: the amount is in your balance, and you can pay other orders with
    it.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
    insta::assert_snapshot!(letter(Template::Refunded, &in_german(refund("unsubscribed"))), @r##"
    Subject: 13,33 USD erstattet: Virtual server small (web-1)

    Guten Tag Ada,

    Sie haben dieses Abonnement vor seinem Ende abbestellt. Wir haben Ihnen
    erstattet, was Sie für die restliche Zeit bezahlt haben.

      Erstattet           13,33 USD
      Auf                 Ihr Guthaben; es beträgt nun 1.240,50 USD
      Am                  5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Erstattungsauftrag  ord_938nkrkayd_17
      Produkt             Virtual server, small
      Region              eu-central
      Ressource           web-1
      Abonnement          sub_938nkrkayd_4
      War bezahlt bis     20. März 2026, 10:00 Uhr (Europe/Berlin; 09:00 UTC)

    Wie es weitergeht
    Das Abonnement ist beendet: Der Dienst ist eingestellt, es lässt sich nicht
    mehr verlängern, und die Ressource und alle Daten darauf werden gelöscht.
    Erstattet wird bezahltes Geld. Ein Gutschein kommt nur für einen Zeitraum
    zurück, der noch nicht begonnen hatte.

    Was zu tun ist
    Nichts: Der Betrag ist auf Ihrem Guthaben, und Sie können damit andere
    Bestellungen bezahlen.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "##);
}

#[test]
fn d43_who_unsubscribes_when_nothing_is_left_is_told_so() {
    let about = About { refund: Some(usd("0.00")), ..refund("unsubscribed") };
    let letter = letter(Template::Refunded, &about).replace('\n', " ");
    assert!(letter.starts_with("Subject: Unsubscribed: Virtual server small (web-1) "));
    assert!(letter.contains("no time that you paid for is left") && !letter.contains("0.00 USD"));
}

#[test]
fn a_refund_of_one_order_says_that_the_rest_goes_on() {
    let of = Some(OrderId::new(account(), 11));
    let about = About { refund_of: of, ..refund("period_cancelled") };
    insta::assert_snapshot!(letter(Template::Refunded, &about), @r##"
    Subject: 13.33 USD given back: Virtual server small (web-1)

    Hello Ada,

    A renewal that had not begun was taken back, and we gave back everything
    that you paid for it.

      Given back     13.33 USD
      To             your balance; it is 1,240.50 USD now
      On             5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Paid by order  ord_938nkrkayd_11
      Refund order   ord_938nkrkayd_17
      Product        Virtual server, small
      Region         eu-central
      Resource       web-1
      Subscription   sub_938nkrkayd_4
      Expires        20 March 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Release        4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC)

    What happens next
    The subscription runs until it expires on 20 March 2026, 10:00
    (Europe/Berlin; 09:00 UTC), unless it is renewed again. If it is not renewed
    before 4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC), it is released then:
    the resource and all data on it are deleted and cannot be brought back. Cash
    that you paid comes back. A coupon comes back only for a period that had not
    begun.

    What to do
    Nothing: the amount is in your balance, and you can pay other orders with
    it.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
    let part = letter(Template::Refunded, &About { refund_of: of, ..refund("part") });
    assert!(part.contains("Nothing changes for the subscription."), "{part}");
    assert!(part.contains("Paid by order  ord_938nkrkayd_11"), "{part}");
    assert!(!part.contains("is over") && !part.contains("A coupon"), "{part}");
}

#[test]
fn who_takes_back_a_renewal_is_told_that_the_next_comes_by_itself() {
    let said = |mode| {
        let about = About { mode: Some(mode), ..refund("period_cancelled") };
        letter(Template::Refunded, &about).contains("still set to automatic renewal")
    };
    assert!(said(Mode::AutoRenewal) && !said(Mode::ManualRenewal));
}

#[test]
fn what_is_ahead_is_told_in_parts_as_things_stand() {
    let about = About {
        mode: Some(Mode::AutoRenewal),
        list: Some(usd("60.00")),
        coupon_amount: Some(usd("10.00")),
        covered: Some(true),
        ..about()
    };
    let letter = letter(Template::RenewalAhead, &about);
    let parts: Vec<_> =
        letter.lines().skip_while(|line| !line.contains("Price ")).take(4).collect();
    insta::assert_snapshot!(parts.join("\n"), @r##"
    Price            60.00 USD
    Coupon           -10.00 USD
    Tax on the rest  9.50 USD
    Amount           59.50 USD
    "##);
    let letter = letter.replace('\n', " ");
    assert!(letter.contains("Coupon and tax are counted as they stand today"), "{letter}");
}

#[test]
fn every_refund_has_words_of_its_own_in_every_language() {
    for language in ["en", "de"] {
        let mut said = std::collections::BTreeSet::new();
        for reason in ["unsubscribed", "unsubscribed_in_full", "period_cancelled", "part"] {
            let about = About { language: language.into(), ..refund(reason) };
            let letter = letter(Template::Refunded, &about);
            // The code itself is not one of them.
            assert!(reason == "part" || !letter.contains(&format!(" {reason} ")), "{letter}");
            said.insert(letter);
        }
        assert_eq!(said.len(), 4);
    }
}

#[test]
fn an_upgrade_is_a_receipt() {
    let about = About { due_at: Some(at("2026-03-05T08:00:00Z")), deadline: None, ..upgrade() };
    insta::assert_snapshot!(letter(Template::PlanChanged, &about), @r##"
    Subject: Plan changed from tiny to small: Virtual server small (web-1)

    Hello Ada,

    Your subscription has another plan now, as ordered. This is your receipt.

      Plan now           small
      Plan before        tiny
      Changed            5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Price, before tax  70.00 USD
      Discount           -10.00 USD
      Coupon             -10.00 USD (Welcome)
      VAT 19%            9.50 USD
      Paid               59.50 USD
      Paid from          your balance; 1,240.50 USD is left
      Order              ord_938nkrkayd_17
      Expires            20 March 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Release            4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC)
      Renewal            by hand
      Product            Virtual server, small
      Region             eu-central
      Resource           web-1
      Subscription       sub_938nkrkayd_4

    What happens next
    The expiry stays as it is. A renewal continues the plan small, at its price
    then.

    What to do
    Nothing.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
    let free = About { amount: Some(usd("0.00")), ..about };
    let letter = letter(Template::PlanChanged, &free);
    assert!(letter.contains("0.00 USD: your coupon pays it all"), "{letter}");
    assert!(!letter.contains("Paid from"), "{letter}");
}

#[test]
fn r1_19_a_plan_for_a_while_says_when_it_ends() {
    let about = About { until: Some(at("2026-03-15T09:00:00Z")), ..upgrade() };
    let letter = letter(Template::PlanChanged, &about).replace('\n', " ");
    assert!(letter.contains("The plan goes back to tiny by itself on 15 March 2026"), "{letter}");
}

#[test]
fn r10_13_a_downgrade_gives_back() {
    insta::assert_snapshot!(letter(Template::PlanChanged, &in_german(downgrade())), @r##"
    Subject: Tarif gewechselt von large zu small: Virtual server small (web-1)

    Guten Tag Ada,

    Ihr Abonnement hat nun wie bestellt einen kleineren Tarif. Wir haben Ihnen
    erstattet, was Sie für die restliche Zeit zu viel bezahlt hatten.

      Tarif jetzt   small
      Tarif bisher  large
      Gewechselt    5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Erstattet     13,33 USD
      Auf           Ihr Guthaben; es beträgt nun 1.240,50 USD
      Bestellung    ord_938nkrkayd_17
      Läuft ab      20. März 2026, 10:00 Uhr (Europe/Berlin; 09:00 UTC)
      Löschung      4. April 2026, 10:00 Uhr (Europe/Berlin; 08:00 UTC)
      Verlängerung  von Hand
      Produkt       Virtual server, small
      Region        eu-central
      Ressource     web-1
      Abonnement    sub_938nkrkayd_4

    Wie es weitergeht
    Am Ablauf ändert sich nichts. Eine Verlängerung setzt den Tarif small fort,
    zu seinem dann gültigen Preis.

    Was zu tun ist
    Nichts.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "##);
}

#[test]
fn a_renewal_with_another_plan_says_from_when() {
    let about = About {
        from_plan: Some("tiny".into()),
        automatic: Some(false),
        starts_at: Some(at("2026-03-10T08:00:00Z")),
        due_at: Some(at("2026-03-05T08:00:00Z")),
        ..priced(Kind::Renew)
    };
    let ahead = letter(Template::Renewed, &about).replace('\n', " ");
    assert!(ahead.contains("The plan is small from the start of the new period on; until then it"));
    // One that had expired begins anew (R1.10).
    let about = About { starts_at: about.due_at, ..about };
    assert!(letter(Template::Renewed, &about).contains("The plan is small from now on."));
}
