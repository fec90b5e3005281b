//! Mails as people read them. A changed word is seen here in review.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::fake::{about, account, at, usd};
use super::markup::{ABSENT, WIDTH};
use super::samples;
use super::templates::{Page, Templates};
use super::values::Subject;
use crate::config::Mail;
use crate::domain::effects::{About, Template};
use crate::domain::ids::StreamId;
use crate::domain::nouns::subscription::Mode;

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| {
    Templates::load(&Mail { provider: "Example Cloud".into(), ..Mail::default() })
        .expect("templates")
});

fn stream(template: Template) -> StreamId {
    if template == Template::BrakeEngaged { StreamId::House } else { account().into() }
}

pub(super) fn page(templates: &Templates, template: Template, about: &About) -> Page {
    let subject = Subject {
        template,
        about,
        name: "Ada",
        code: about.code.map(|_| "042917".to_owned()),
        note: about.note.map(|_| "The company was dissolved".to_owned()),
        stream: stream(template),
        at: at("2026-03-05T08:00:00Z"),
        product: Some("Virtual server".into()),
        products: [("vm".to_owned(), "Virtual server".to_owned())].into(),
    };
    templates.render(&subject).expect("a mail")
}

pub(super) fn letter(template: Template, about: &About) -> String {
    let page = page(&TEMPLATES, template, about);
    format!("Subject: {}\n\n{}", page.subject, page.text)
}

#[test]
fn a_receipt_says_that_the_mode_stays_and_how_to_switch() {
    let about =
        About { automatic: Some(false), due_at: Some(at("2026-03-05T08:00:00Z")), ..about() };
    insta::assert_snapshot!(letter(Template::Renewed, &about), @r##"
    Subject: Renewed until 20 March 2026: Virtual server small (web-1)

    Hello Ada,

    Your subscription was renewed, as ordered. This is your receipt.

      Paid           59.50 USD
      Paid from      your balance; 1,240.50 USD is left
      Order          ord_938nkrkayd_17
      Renewed        5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Period         1 month
      Period starts  20 February 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Expires        20 March 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Release        4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC)
      Renewal        by hand
      Product        Virtual server, small
      Region         eu-central
      Resource       web-1
      Subscription   sub_938nkrkayd_4

    What happens next
    This renewal does not change the renewal mode: it stays at "by hand". We
    remind you before the subscription expires.

    If it is not renewed before 4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC),
    it is released then: the resource and all data on it are deleted and cannot
    be brought back.

    What to do
    To have it renewed by itself, set the renewal mode of sub_938nkrkayd_4 to
    automatic (AutoRenewal) before it expires.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
}

#[test]
fn a_receipt_of_an_automatic_renewal_has_nothing_to_do() {
    let about = About {
        automatic: Some(true),
        mode: Some(Mode::AutoRenewal),
        due_at: Some(at("2026-03-05T08:00:00Z")),
        ..about()
    };
    let letter = letter(Template::Renewed, &about);
    assert!(letter.contains("was renewed automatically") && !letter.contains("What to do"));
}

#[test]
fn a_receipt_of_not_renewal_tells_how_to_get_reminders() {
    let about = About { mode: Some(Mode::NotRenewal), ..about() };
    let letter = letter(Template::Renewed, &about);
    assert!(
        letter.contains("it stays at \"none\"") && letter.contains("(ManualRenewal)"),
        "{letter}"
    );
}

#[test]
fn a_reminder_names_expiry_and_release() {
    let about = About {
        expires_at: Some(at("2026-03-08T09:00:00Z")),
        suspends_at: Some(at("2026-03-15T09:00:00Z")),
        amount: None,
        ..about()
    };
    insta::assert_snapshot!(letter(Template::Expiring, &about), @r##"
    Subject: Expires on 8 March 2026: Virtual server small (web-1)

    Hello Ada,

    Your subscription expires in 3 days. It is set to be renewed by hand, so it
    does not renew by itself.

      Expires        8 March 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Service stops  15 March 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Release        4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC)
      Your balance   1,240.50 USD
      Renewal        by hand
      Product        Virtual server, small
      Region         eu-central
      Resource       web-1
      Subscription   sub_938nkrkayd_4

    What happens next
    If it is not renewed, it still serves until 15 March 2026, 10:00
    (Europe/Berlin; 09:00 UTC); then service stops. If it is not renewed before
    4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC), it is released then: the
    resource and all data on it are deleted and cannot be brought back.

    What to do
    Please renew it before it expires. The new period counts from the old
    expiry, so renewing early loses no time. To have it renewed by itself from
    now on, switch on automatic renewal.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
}

#[test]
fn renewal_ahead_says_that_the_funds_fall_short() {
    let about = About {
        mode: Some(Mode::AutoRenewal),
        amount: Some(usd("1259.50")),
        covered: Some(false),
        attempt_at: Some(at("2026-03-11T08:00:00Z")),
        ..about()
    };
    insta::assert_snapshot!(letter(Template::RenewalAhead, &about), @r##"
    Subject: Top up: Renewal of Virtual server small (web-1) before 20 March 2026

    Hello Ada,

    Your subscription is set to automatic renewal. We will renew it on
    11 March 2026, 09:00 (Europe/Berlin; 08:00 UTC).

    The renewal costs 1,259.50 USD. Your balance of 1,240.50 USD does not cover
    it: as things stand, the renewal will fail.

      Amount        1,259.50 USD
      Your balance  1,240.50 USD
      Missing       19.00 USD
      Expires       20 March 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Release       4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC)
      Renewal       automatic
      Product       Virtual server, small
      Region        eu-central
      Resource      web-1
      Subscription  sub_938nkrkayd_4

    What happens next
    We take the amount from your balance, all of it or nothing, and send you a
    receipt. The amount in this mail holds for the coming period, even if prices
    change meanwhile. If the balance does not cover it, nothing is taken and we
    tell you. If it is not renewed by then, the subscription expires. If it is
    not renewed before 4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC), it is
    released then: the resource and all data on it are deleted and cannot be
    brought back.

    What to do
    Please top up your balance by at least 19.00 USD before then. Other renewals
    that are due before this one are paid from the same balance. If you do not
    want it renewed, choose another renewal mode before the attempt.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
}

#[test]
fn a_failure_tells_the_reason() {
    let about = About {
        mode: Some(Mode::AutoRenewal),
        amount: Some(usd("1259.50")),
        due_at: Some(at("2026-03-05T07:00:00Z")),
        reason: Some("NotEnoughFunds".into()),
        ..about()
    };
    insta::assert_snapshot!(letter(Template::RenewalFailed, &about), @r##"
    Subject: Renewal failed: Virtual server small (web-1)

    Hello Ada,

    We tried to renew your subscription automatically, and it did not work.
    Nothing was charged.

    The reason: the renewal costs 1,259.50 USD, but your balance is
    1,240.50 USD.

      Attempted     5 March 2026, 08:00 (Europe/Berlin; 07:00 UTC)
      Amount        1,259.50 USD
      Your balance  1,240.50 USD
      Missing       19.00 USD
      Expires       20 March 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Release       4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC)
      Product       Virtual server, small
      Region        eu-central
      Resource      web-1
      Subscription  sub_938nkrkayd_4

    What happens next
    The subscription runs until it expires on 20 March 2026, 10:00
    (Europe/Berlin; 09:00 UTC). If further attempts are due before it is
    released, we make them and write to you each time. If it is not renewed
    before 4 April 2026, 10:00 (Europe/Berlin; 08:00 UTC), it is released then:
    the resource and all data on it are deleted and cannot be brought back.

    What to do
    Please top up your balance by at least 19.00 USD. You can also renew it by
    hand at once.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
}

#[test]
fn the_last_warning_speaks_of_the_loss() {
    let about = About {
        expires_at: Some(at("2026-02-20T09:00:00Z")),
        releases_at: Some(at("2026-03-06T23:30:00Z")),
        ..about()
    };
    insta::assert_snapshot!(letter(Template::ReleaseAhead, &about), @r##"
    Subject: All data will be deleted on 7 March 2026: Virtual server small (web-1)

    Hello Ada,

    Your subscription will be released on 7 March 2026, 00:30 (Europe/Berlin;
    6 March 2026, 23:30 UTC). The resource and all data on it are then deleted
    and cannot be brought back, by you or by us.

      Release       7 March 2026, 00:30 (Europe/Berlin; 6 March 2026, 23:30 UTC)
      Expired       20 February 2026, 10:00 (Europe/Berlin; 09:00 UTC)
      Your balance  1,240.50 USD
      Renewal       by hand
      Product       Virtual server, small
      Region        eu-central
      Resource      web-1
      Subscription  sub_938nkrkayd_4

    You get this notice because the subscription was not renewed.

    What to do
    To keep it, please renew it by hand before then. If your balance does not
    cover the renewal, top it up first. After the release it cannot be renewed
    any more.

    Example Cloud

    Account acc_938nkrkayd. "Expires" always means the end of the time that is
    paid for. Times are given on the clock of the zone that is named with them,
    and in UTC.
    "##);
}

#[test]
fn an_order_waits() {
    let about = About {
        expires_at: None,
        suspends_at: None,
        releases_at: None,
        starts_at: None,
        external_id: None,
        deadline: Some(at("2026-03-06T08:00:00Z")),
        ..about()
    };
    insta::assert_snapshot!(letter(Template::OrderUnpaid, &about), @r##"
    Subject: Please pay 59.50 USD before 6 March 2026: Virtual server small (sub_938nkrkayd_4)

    Hello Ada,

    Thank you for your order: Virtual server small (sub_938nkrkayd_4) for
    1 month. It waits to be paid.

      To pay        59.50 USD
      Your balance  1,240.50 USD
      Pay before    6 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Order         ord_938nkrkayd_17
      Ordered       5 March 2026, 09:00 (Europe/Berlin; 08:00 UTC)
      Period        1 month
      Product       Virtual server, small
      Region        eu-central
      Subscription  sub_938nkrkayd_4

    What happens next
    The subscription starts as soon as the order is paid. If it is not paid
    before the deadline, the order is cancelled and nothing is charged.

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
fn the_operator_is_told_of_the_brake() {
    let about =
        About { count: Some(41), due_at: Some(at("2026-03-05T08:00:00Z")), ..About::default() };
    insta::assert_snapshot!(letter(Template::BrakeEngaged, &about), @r##"
    Subject: The brake holds back 41 suspensions, releases and closings

    Hello Ada,

    More suspensions, releases and closings of accounts came due at once than is
    usual after a gap, an import or a change of the rules. To be safe they are
    held back until you say so. Everything else goes on: payments, renewals,
    reminders.

      Held back  41
      Since      5 March 2026, 08:00 UTC

    What happens next
    Nothing is suspended, released or closed until you release the brake.
    Customers go on using what they would otherwise lose.

    What to do
    Please look at what is due, with renewctl. If it is right, release the
    brake; if it is not, mend the rules or the import first.

    Example Cloud

    You get this mail because your address is set as the operator of this
    renewd.
    "##);
}

#[test]
fn german_for_austria_is_german() {
    let about = About {
        language: "de-AT".into(),
        expires_at: Some(at("2026-02-20T09:00:00Z")),
        due_at: Some(at("2026-02-20T09:00:00Z")),
        amount: None,
        ..about()
    };
    insta::assert_snapshot!(letter(Template::Suspended, &about), @r##"
    Subject: Angehalten, Daten bleiben bis 4. April 2026: Virtual server small (web-1)

    Guten Tag Ada,

    Der Dienst wurde angehalten, weil Ihr Abonnement abgelaufen ist und nicht
    verlängert wurde. Ihre Daten bleiben vorerst erhalten.

      Angehalten    20. Februar 2026, 10:00 Uhr (Europe/Berlin; 09:00 UTC)
      Abgelaufen    20. Februar 2026, 10:00 Uhr (Europe/Berlin; 09:00 UTC)
      Löschung      4. April 2026, 10:00 Uhr (Europe/Berlin; 08:00 UTC)
      Ihr Guthaben  1.240,50 USD
      Verlängerung  von Hand
      Produkt       Virtual server, small
      Region        eu-central
      Ressource     web-1
      Abonnement    sub_938nkrkayd_4

    Wie es weitergeht
    Wird es nicht vor dem Löschtermin am 4. April 2026, 10:00 Uhr
    (Europe/Berlin; 08:00 UTC) verlängert, werden die Ressource und alle Daten
    darauf gelöscht und lassen sich nicht wiederherstellen. Vorher schreiben wir
    Ihnen noch einmal.

    Was zu tun ist
    Wenn Sie es weiter nutzen möchten, verlängern Sie es bitte von Hand, bevor
    es gelöscht wird: Dann läuft es wieder. Reicht Ihr Guthaben nicht, laden Sie
    es bitte vorher auf. Wenn Sie es nicht mehr brauchen, ist nichts zu tun.

    Example Cloud

    Konto acc_938nkrkayd. „Läuft ab“ meint immer das Ende der bezahlten Zeit.
    Zeiten sind in der jeweils genannten Zeitzone und in UTC angegeben.
    "##);
}

#[test]
fn every_failure_has_words_in_every_language() {
    for language in ["en", "de"] {
        let mut said = std::collections::BTreeSet::new();
        for reason in [
            "NotEnoughFunds",
            "UnpaidOrder",
            "PlanRetired",
            "PeriodNotOffered",
            "InvalidPeriod.ExceededMaximumExpirationDate",
            "InvalidPeriod.ExceededDedicatedHost",
            "PeriodInPast",
        ] {
            let about = About { language: language.into(), reason: Some(reason.into()), ..about() };
            let page = page(&TEMPLATES, Template::RenewalFailed, &about);
            assert!(!page.text.contains(reason), "{reason} has no words in {language}");
            said.insert(page.text);
        }
        assert_eq!(said.len(), 7);
    }
}

#[test]
fn html_says_the_same_and_escapes_values() {
    let about = About { external_id: Some("<b>web & 1</b>".into()), ..about() };
    let page = page(&TEMPLATES, Template::Renewed, &about);
    assert!(page.text.contains("  Resource       <b>web & 1</b>\n"), "{}", page.text);
    assert!(page.html.contains("&lt;b&gt;web &amp; 1&lt;"), "{}", page.html);
    assert!(!page.html.contains("<b>web"));
    assert!(page.html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    assert!(page.html.contains("59.50\u{a0}USD"));
}

#[test]
fn a_value_cannot_begin_a_line_or_another_header() {
    let about = About { external_id: Some("x\n\n# Heading\r\nBcc: all".into()), ..about() };
    let page = page(&TEMPLATES, Template::Released, &about);
    assert_eq!(page.subject, "Released: Virtual server small (x # Heading Bcc: all)");
    assert!(page.text.contains("  Resource      x # Heading Bcc: all\n"), "{}", page.text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is known and whatever is not, a mail can be written, in columns, without gaps
    /// that show.
    #[test]
    fn every_mail_can_be_written(mask in any::<u32>(), days in -40_i32..400, language in 0..3_usize) {
            let language = ["en", "de-CH", "xx"][language];
        for template in Template::ALL {
            let about = thinned(template, mask, days, language);
            let page = page(&TEMPLATES, template, &about);
            for line in page.text.lines() {
                prop_assert!(line.chars().count() <= WIDTH, "{line}");
            }
            for text in [&page.subject, &page.text, &page.html] {
                prop_assert!(!text.contains(ABSENT) && !text.contains("none\n"), "{text}");
            }
            prop_assert!(!page.subject.is_empty());
        }
    }
}

/// A sample with some of its values taken away.
fn thinned(template: Template, mask: u32, days: i32, language: &str) -> About {
    let all = samples::of(template, language);
    let about = all[days.unsigned_abs() as usize % all.len()].clone();
    let keep = |bit: u32| mask & (1 << bit) == 0;
    About {
        zone: about.zone.filter(|_| keep(0)),
        subscription: about.subscription.filter(|_| keep(1)),
        external_id: about.external_id.filter(|_| keep(2)),
        product: about.product.filter(|_| keep(3)),
        plan: about.plan.filter(|_| keep(4)),
        region: about.region.filter(|_| keep(5)),
        mode: about.mode.filter(|_| keep(6)),
        period: about.period.filter(|_| keep(7)),
        starts_at: about.starts_at.filter(|_| keep(8)),
        expires_at: about.expires_at.filter(|_| keep(9)),
        suspends_at: about.suspends_at.filter(|_| keep(10)),
        releases_at: about.releases_at.filter(|_| keep(11)),
        order: about.order.filter(|_| keep(12)),
        deadline: about.deadline.filter(|_| keep(13)),
        amount: about.amount.filter(|_| keep(14)),
        cash: about.cash.filter(|_| keep(15)),
        covered: about.covered.filter(|_| keep(16)),
        automatic: about.automatic.filter(|_| keep(17)),
        due_at: about.due_at.filter(|_| keep(18)),
        reason: about.reason.filter(|_| keep(19)),
        kind: about.kind.filter(|_| keep(20)),
        refund_of: about.refund_of.filter(|_| keep(21)),
        from_plan: about.from_plan.filter(|_| keep(22)),
        refund: about.refund.filter(|_| keep(23)),
        coupon: about.coupon.filter(|_| keep(24)),
        description: about.description.filter(|_| keep(25)),
        coupon_amount: about.coupon_amount.filter(|_| keep(26)),
        coupon_expires_at: about.coupon_expires_at.filter(|_| keep(27)),
        list: about.list.filter(|_| keep(28)),
        tax: about.tax.filter(|_| keep(29)),
        tax_name: about.tax_name.filter(|_| keep(30)),
        tax_rate: about.tax_rate.filter(|_| keep(31)),
        ..about
    }
}
