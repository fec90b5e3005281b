//! The templates that come with renewd.

macro_rules! embedded {
    ($($file:literal),+ $(,)?) => {
        /// Every embedded file, by its language and name.
        pub(super) const EMBEDDED: &[(&str, &str)] =
            &[$(($file, include_str!(concat!("templates/", $file)))),+];
    };
}

embedded![
    "en/layout.html",
    "en/words.json",
    "en/frame.txt",
    "en/facts.txt",
    "en/dates.txt",
    "en/loss.txt",
    "en/topped_up.txt",
    "en/order_unpaid.txt",
    "en/order_cancelled.txt",
    "en/activated.txt",
    "en/renewed.txt",
    "en/expiring.txt",
    "en/expired_for.txt",
    "en/renewal_ahead.txt",
    "en/top_up.txt",
    "en/renewal_failed.txt",
    "en/expired.txt",
    "en/suspended.txt",
    "en/release_ahead.txt",
    "en/released.txt",
    "en/brake_engaged.txt",
    "de/words.json",
    "de/frame.txt",
    "de/facts.txt",
    "de/dates.txt",
    "de/loss.txt",
    "de/topped_up.txt",
    "de/order_unpaid.txt",
    "de/order_cancelled.txt",
    "de/activated.txt",
    "de/renewed.txt",
    "de/expiring.txt",
    "de/expired_for.txt",
    "de/renewal_ahead.txt",
    "de/top_up.txt",
    "de/renewal_failed.txt",
    "de/expired.txt",
    "de/suspended.txt",
    "de/release_ahead.txt",
    "de/released.txt",
    "de/brake_engaged.txt",
];
