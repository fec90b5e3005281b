//! Mails about orders and coupons as people read them.

use super::fake::{about, account, at, usd};
use super::letters::letter;
use crate::domain::effects::{About, Template};
use crate::domain::ids::CouponId;
use crate::domain::nouns::coupon::Scope;
use crate::domain::nouns::order::Kind;
use crate::domain::nouns::subscription::Mode;

pub(super) fn in_german(about: About) -> About {
    About { language: "de".into(), ..about }
}

/// An order with a coupon and tax: 70.00 - 10.00 - 10.00 + 19 % = 59.50.
pub(super) fn priced(kind: Kind) -> About {
    About {
        kind: Some(kind),
        deadline: Some(at("2026-03-12T08:00:00Z")),
        list: Some(usd("70.00")),
        discount: Some(usd("10.00")),
        coupon: Some(CouponId::new(account(), 21)),
        description: Some("Welcome".into()),
        coupon_amount: Some(usd("10.00")),
        coupon_expires_at: Some(at("2026-06-01T00:00:00Z")),
        tax: Some(usd("9.50")),
        tax_name: Some("VAT".into()),
        tax_rate: Some("19".parse().expect("a rate")),
        ..about()
    }
}

fn new_order() -> About {
    About {
        expires_at: None,
        suspends_at: None,
        releases_at: None,
        starts_at: None,
        ..priced(Kind::New)
    }
}

pub(super) fn upgrade() -> About {
    About { from_plan: Some("tiny".into()), ..priced(Kind::Upgrade) }
}

pub(super) fn downgrade() -> About {
    About {
        kind: Some(Kind::Downgrade),
        from_plan: Some("large".into()),
        amount: Some(usd("0.00")),
        refund: Some(usd("13.33")),
        due_at: Some(at("2026-03-05T08:00:00Z")),
        ..about()
    }
}

fn coupon() -> About {
    About {
        coupon: Some(CouponId::new(account(), 21)),
        description: Some("Welcome".into()),
        coupon_amount: Some(usd("10.00")),
        single_use: Some(false),
        scope: Some(Scope::default()),
        starts_at: Some(at("2026-03-05T08:00:00Z")),
        expires_at: Some(at("2026-06-01T00:00:00Z")),
        language: "en".into(),
        zone: about().zone,
        cash: about().cash,
        ..About::default()
    }
}

#[test]
fn an_order_shows_its_price_in_parts_and_keeps_its_coupon() {
    insta::assert_snapshot!(letter(Template::OrderUnpaid, &new_order()), @r##"
    Subject: Please pay 59.50 USD before 12 March 2026: Virtual server small (web-1)

    Hello Ada,

    Thank you for your order: Virtual server small (web-1) for 1 month. It waits
    to be paid.

      List price, before tax  70.00 USD
      Discount                -10.00 USD
      Coupon                  -10.00 USD (Welcome)
      VAT 19%                 9.50 USD
      To pay                  59.50 USD
      Your balance            1,240.50 USD
      Pay before              12 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Order                   ord_938nkrkayd_17
      Ordered                 5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Period                  1 month
      Product                 Virtual server, small
      Region                  eu-central
      Resource                web-1
      Subscription            sub_938nkrkayd_4

    What happens next
    The subscription starts as soon as the order is paid. If it is not paid
    before the deadline, the order is cancelled and nothing is charged.

    Your coupon Welcome is kept for this order until 12 March 2026, 09:00
    (Europe/Berlin; 08:00 UTC); nothing else can use it meanwhile. If the order
    is cancelled, you can use it again until 1 June 2026, 02:00 (Europe/Berlin;
    00:00 UTC).

    What to do
    Please pay the order before its deadline. If your balance does not cover it,
    top it up first. If you do not want it any more, you need not do anything.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
}

#[test]
fn r5_15_a_coupon_that_ends_before_the_deadline_counts_until_then() {
    let about = About { coupon_expires_at: Some(at("2026-03-08T00:00:00Z")), ..new_order() };
    let letter = letter(Template::OrderUnpaid, &about).replace('\n', " ");
    assert!(letter.contains("Its own time ends on 8 March 2026"), "{letter}");
    assert!(letter.contains("for this order it counts until the deadline all the same"));
    assert!(!letter.contains("you can use it again"));
}

#[test]
fn an_upgrade_waits() {
    let about = About { until: Some(at("2026-03-15T09:00:00Z")), ..upgrade() };
    insta::assert_snapshot!(letter(Template::OrderUnpaid, &about), @r##"
    Subject: Please pay 59.50 USD before 12 March 2026: Virtual server small (web-1)

    Hello Ada,

    Your order to change the plan from tiny to small waits to be paid.

      Price, before tax  70.00 USD
      Discount           -10.00 USD
      Coupon             -10.00 USD (Welcome)
      VAT 19%            9.50 USD
      To pay             59.50 USD
      Your balance       1,240.50 USD
      Pay before         12 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Order              ord_938nkrkayd_17
      Ordered            5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Plan now           tiny
      Plan ordered       small
      Changed until      15 March 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Product            Virtual server, small
      Region             eu-central
      Resource           web-1
      Subscription       sub_938nkrkayd_4
      Expires now        20 March 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Release            4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC)

    What happens next
    The plan changes as soon as the order is paid, and goes back to tiny on
    15 March 2026, 10:00 (Europe/Berlin; 09:00 UTC). The expiry stays as it is.
    If it is not paid before the deadline, the order is cancelled, nothing is
    charged, and the plan stays tiny.

    Your coupon Welcome is kept for this order until 12 March 2026, 09:00
    (Europe/Berlin; 08:00 UTC); nothing else can use it meanwhile. If the order
    is cancelled, you can use it again until 1 June 2026, 02:00 (Europe/Berlin;
    00:00 UTC).

    What to do
    Please pay the order before its deadline. If your balance does not cover it,
    top it up first. If you do not want it any more, you need not do anything.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
}

#[test]
fn the_last_reminder_says_what_is_missing_and_what_is_lost() {
    let about = About { amount: Some(usd("1259.50")), ..priced(Kind::Renew) };
    insta::assert_snapshot!(letter(Template::OrderTimingOut, &about), @r##"
    Subject: Last reminder: pay 1,259.50 USD before 12 March 2026: Virtual server small (web-1)

    Hello Ada,

    Your order to renew Virtual server small (web-1) for 1 month is still not
    paid. It will be cancelled on 12 March 2026, 09:00 (Europe/Berlin;
    08:00 UTC).

      List price, before tax  70.00 USD
      Discount                -10.00 USD
      Coupon                  -10.00 USD (Welcome)
      VAT 19%                 9.50 USD
      To pay                  1,259.50 USD
      Your balance            1,240.50 USD
      Missing                 19.00 USD
      Pay before              12 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Order                   ord_938nkrkayd_17
      Period                  1 month
      Period starts           20 February 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Product                 Virtual server, small
      Region                  eu-central
      Resource                web-1
      Subscription            sub_938nkrkayd_4
      Expires now             20 March 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Release                 4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC)

    What happens next
    Once it is paid, the subscription expires 1 month later than it does now. If
    it is not paid before the deadline, the order is cancelled, nothing is
    charged, and the subscription expires on 20 March 2026, 10:00
    (Europe/Berlin; 09:00 UTC).

    Your coupon Welcome is kept for this order until 12 March 2026, 09:00
    (Europe/Berlin; 08:00 UTC); nothing else can use it meanwhile. If the order
    is cancelled, you can use it again until 1 June 2026, 02:00 (Europe/Berlin;
    00:00 UTC).

    What to do
    Please top up your balance by at least 19.00 USD and pay the order before
    its deadline: topping up alone does not pay it. If you do not want it any
    more, you need not do anything.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
}

#[test]
fn a_cancelled_order_frees_its_coupon() {
    let about = About {
        reason: Some("timed_out".into()),
        due_at: Some(at("2026-03-12T08:00:00Z")),
        ..new_order()
    };
    insta::assert_snapshot!(letter(Template::OrderCancelled, &in_german(about.clone())), @r##"
    Subject: Bestellung storniert: Virtual server small (web-1)

    Guten Tag Ada,

    Ihre Bestellung wurde storniert, weil sie nicht fristgerecht bezahlt wurde.
    Es wurde nichts berechnet.

      Bestellung     ord_938nkrkayd_17
      Storniert      12. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Zahlungsfrist  12. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Betrag         59,50 USD
      Zeitraum       1 Monat
      Produkt        Virtual server, small
      Region         eu-central
      Ressource      web-1
      Abonnement     sub_938nkrkayd_4

    Ihr Gutschein
    Ihr Gutschein Welcome ist wieder frei: Sie können ihn bis zum 1. Juni 2026,
    02:00 Uhr (Europe/Berlin; 00:00 UTC) verwenden.

    Was zu tun ist
    Wenn Sie es weiterhin möchten, bestellen Sie es bitte noch einmal. Sonst ist
    nichts zu tun.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "##);
    let over = About { coupon_expires_at: Some(at("2026-03-08T00:00:00Z")), ..about };
    let letter = letter(Template::OrderCancelled, &over).replace('\n', " ");
    assert!(letter.contains("so it cannot be used any more"), "{letter}");
    assert!(!letter.contains("free again"));
}

#[test]
fn d41_what_is_paid_and_not_yet_delivered_has_a_deadline() {
    insta::assert_snapshot!(letter(Template::OrderProcessing, &new_order()), @r##"
    Subject: Paid, now being set up: Virtual server small (web-1)

    Hello Ada,

    Your order is paid and we are setting it up.

      List price, before tax  70.00 USD
      Discount                -10.00 USD
      Coupon                  -10.00 USD (Welcome)
      VAT 19%                 9.50 USD
      Paid                    59.50 USD
      Paid from               your balance; 1,240.50 USD is left
      Order                   ord_938nkrkayd_17
      Paid on                 5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Ready before            12 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Period                  1 month
      Product                 Virtual server, small
      Region                  eu-central
      Resource                web-1
      Subscription            sub_938nkrkayd_4

    What happens next
    The subscription starts when it is ready, and we write to you then. The time
    that you paid for counts from then, not from now. If it is not ready before
    12 March 2026, 09:00 (Europe/Berlin; 08:00 UTC), the order fails by itself
    and you get back everything that you paid for it, your coupon too.

    What to do
    Nothing. An order that is being set up cannot be cancelled or changed.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
}

#[test]
fn d41_a_new_subscription_waits_for_its_start_a_renewal_and_a_change_do_not() {
    let said = |about: &About| letter(Template::OrderProcessing, about).replace('\n', " ");
    assert!(said(&priced(Kind::Renew)).contains("follows the old one without a gap"));
    assert!(said(&upgrade()).contains("The plan changes when it is ready"));
    let downgrade = said(&downgrade());
    assert!(downgrade.contains("To be given back  13.33 USD"), "{downgrade}");
    assert!(!downgrade.contains("Paid"), "{downgrade}");
}

#[test]
fn r4_16_what_was_not_delivered_is_given_back() {
    let about = About {
        reason: Some("timed_out".into()),
        refund: Some(usd("59.50")),
        due_at: Some(at("2026-03-05T08:00:00Z")),
        ..new_order()
    };
    insta::assert_snapshot!(letter(Template::OrderFailed, &about), @r##"
    Subject: Not delivered, 59.50 USD given back: Virtual server small (web-1)

    Hello Ada,

    We are sorry: what you ordered was not ready in time, so the order was
    closed. We gave back everything that you paid for it, 59.50 USD, to your
    balance.

      Given back        59.50 USD
      Your balance now  1,240.50 USD
      Closed            5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Order             ord_938nkrkayd_17
      Period            1 month
      Product           Virtual server, small
      Region            eu-central
      Resource          web-1
      Subscription      sub_938nkrkayd_4

    What happens next
    The subscription does not start, and nothing more is charged for it. Your
    coupon Welcome is free again, with all that the order had taken from it.
    Should its own time have ended meanwhile, you get back the time for which
    the order held it.

    What to do
    If you still want it, please order it again, or write to us if it fails once
    more.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
    insta::assert_snapshot!(letter(Template::OrderFailed, &in_german(about)), @r##"
    Subject: Nicht geliefert, 59,50 USD erstattet: Virtual server small (web-1)

    Guten Tag Ada,

    Es tut uns leid: Was Sie bestellt haben, war nicht rechtzeitig bereit. Die
    Bestellung wurde geschlossen. Wir haben Ihnen alles erstattet, was Sie dafür
    bezahlt haben: 59,50 USD auf Ihr Guthaben.

      Erstattet       59,50 USD
      Guthaben jetzt  1.240,50 USD
      Geschlossen     5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Bestellung      ord_938nkrkayd_17
      Zeitraum        1 Monat
      Produkt         Virtual server, small
      Region          eu-central
      Ressource       web-1
      Abonnement      sub_938nkrkayd_4

    Wie es weitergeht
    Das Abonnement beginnt nicht, und es wird dafür nichts mehr berechnet. Ihr
    Gutschein Welcome ist wieder frei, mit allem, was die Bestellung davon
    genommen hatte. Sollte seine eigene Zeit inzwischen vorbei sein, erhalten
    Sie die Zeit zurück, in der er für die Bestellung vorgemerkt war.

    Was zu tun ist
    Wenn Sie es weiterhin möchten, bestellen Sie es bitte noch einmal. Scheitert
    es wieder, schreiben Sie uns bitte.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "##);
}

#[test]
fn a_failed_change_leaves_the_plan() {
    let about = About { reason: Some("reported".into()), refund: Some(usd("0.00")), ..upgrade() };
    let letter = letter(Template::OrderFailed, &about);
    assert!(letter.contains("The plan stays tiny"), "{letter}");
    assert!(letter.contains("Nothing was charged") && !letter.contains("0.00 USD"), "{letter}");
}

#[test]
fn a_receipt_shows_the_tax_by_its_name() {
    let about = About { mode: Some(Mode::AutoRenewal), ..priced(Kind::New) };
    let letter = letter(Template::Activated, &about);
    let parts: Vec<_> = letter.lines().skip_while(|line| !line.contains("List")).take(5).collect();
    insta::assert_snapshot!(parts.join("\n"), @r##"
    List price, before tax  70.00 USD
    Discount                -10.00 USD
    Coupon                  -10.00 USD (Welcome)
    VAT 19%                 9.50 USD
    Paid                    59.50 USD
    "##);
}

#[test]
fn a_coupon_says_what_it_is_good_for() {
    let scope = Scope {
        products: vec!["vm".into(), "db".into()],
        order_types: vec![Kind::New, Kind::Renew],
        min_spend: Some(usd("50.00")),
        min_period: Some("P3M".parse().expect("a period")),
        ..Scope::default()
    };
    let about = About {
        percent: Some("7.50".parse().expect("a percentage")),
        single_use: Some(true),
        scope: Some(scope),
        ..coupon()
    };
    insta::assert_snapshot!(letter(Template::CouponGranted, &about), @r##"
    Subject: A coupon for you, good until 1 June 2026: Welcome

    Hello Ada,

    You were granted a coupon.

      Says              Welcome
      Takes off         7.5%, at most 10.00 USD
      Good from         5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Good until        1 June 2026, 02:00 (Europe/Berlin; 00:00 UTC)
      From an order of  50.00 USD, before tax
      For               Virtual server, db
      To pay for        a new subscription, a renewal
      For periods from  3 months
      Coupon            cpn_938nkrkayd_21

    What happens next
    It can be used for one order. What it takes off more than the order comes to
    is not kept. An order that fits takes the coupon by itself; only one can be
    used for an order. While the order is not paid, it keeps the whole coupon;
    if the order is cancelled, the coupon is free again.

    What to do
    Use it before 1 June 2026, 02:00 (Europe/Berlin; 00:00 UTC): it cannot be
    prolonged, and it cannot be paid out.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
    insta::assert_snapshot!(letter(Template::CouponGranted, &in_german(about)), @r##"
    Subject: Ein Gutschein für Sie, gültig bis 1. Juni 2026: Welcome

    Guten Tag Ada,

    Sie haben einen Gutschein erhalten.

      Bezeichnung       Welcome
      Nachlass          7,5 %, höchstens 10,00 USD
      Gilt ab           5. März 2026, 09:00 Uhr (Europe/Berlin; 08:00 UTC)
      Gilt bis          1. Juni 2026, 02:00 Uhr (Europe/Berlin; 00:00 UTC)
      Ab Bestellwert    50,00 USD, ohne Steuer
      Für               Virtual server, db
      Zu verwenden für  ein neues Abonnement, eine Verlängerung
      Für Zeiträume ab  3 Monate
      Gutschein         cpn_938nkrkayd_21

    Wie es weitergeht
    Er lässt sich für eine Bestellung verwenden. Ist der Nachlass höher als ihr
    Betrag, verfällt der Rest. Eine Bestellung, zu der er passt, verwendet ihn
    von selbst; für eine Bestellung gilt nur ein Gutschein. Solange die
    Bestellung nicht bezahlt ist, ist der ganze Gutschein für sie vorgemerkt;
    wird sie storniert, ist er wieder frei.

    Was zu tun ist
    Bitte verwenden Sie ihn vor dem 1. Juni 2026, 02:00 Uhr (Europe/Berlin;
    00:00 UTC): Er lässt sich nicht verlängern und nicht auszahlen.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "##);
}

#[test]
fn d42_a_coupon_that_comes_back_says_why() {
    let about = About { reason: Some("again".into()), ..coupon() };
    let letter = letter(Template::CouponGranted, &about);
    assert!(letter.contains("You get a coupon again, because"), "{letter}");
}

#[test]
fn a_coupon_is_about_to_end() {
    insta::assert_snapshot!(letter(Template::CouponExpiring, &coupon()), @r##"
    Subject: Your coupon ends on 1 June 2026: Welcome

    Hello Ada,

    Your coupon has not been used up, and its time ends on 1 June 2026, 02:00
    (Europe/Berlin; 00:00 UTC).

      Says        Welcome
      Worth       10.00 USD
      Good from   5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Good until  1 June 2026, 02:00 (Europe/Berlin; 00:00 UTC)
      Coupon      cpn_938nkrkayd_21

    What happens next
    After that it is worth nothing: it cannot be prolonged, and it cannot be
    paid out. An order that holds it by then can still be paid with it until the
    order's deadline.

    What to do
    To use it, please place or renew an order that it fits before then. If you
    do not need it, there is nothing to do.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
}
