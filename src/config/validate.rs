//! What a configuration must fulfil beyond its types. Cron lines are checked where they are read,
//! by the schedulers.

use super::{Book, Config, MailBackend, Seller, Webhook};

const TOKEN_KEEP_HOURS_MIN: u64 = 24;
/// Connections that write; a server has a hundred for all, unless it is told otherwise.
const WRITERS_MAX: u32 = 64;
/// Characters in a line about the seller.
const SELLER_LINE_MAX: usize = 200;
/// Characters in a note under the sums.
const SELLER_NOTE_MAX: usize = 1_000;
/// Lines of the seller's address, and of ways to reach it.
const SELLER_LINES_MAX: usize = 8;

impl Config {
    /// Everything that is wrong with it, all at once, each with its key; nothing if it can be
    /// used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut must = |holds: bool, problem: &str| {
            if !holds {
                problems.push(problem.to_owned());
            }
        };
        let Self { daemon, store, schedulers, brake, tokens, mail, outbox, .. } = self;
        must(!daemon.data.as_os_str().is_empty(), "daemon.data: names no directory");
        must(
            store.url.is_empty() || Book::at(&store.url).is_some(),
            "store.url: is neither postgres://… nor sqlite: and a path",
        );
        must(
            store.url.is_empty() || store.path.as_os_str().is_empty(),
            "store.url: store.path names another place",
        );
        match self.book() {
            Book::Server(_) => {
                must(store.writers <= WRITERS_MAX, "store.writers: must be at most 64");
            }
            Book::File(_) => must(
                store.writers <= 1,
                "store.writers: a file has one writer; a server may have several",
            ),
        }
        must(daemon.live_accounts_max >= 1, "daemon.live_accounts_max: must be at least 1");
        must(daemon.connections_max >= 1, "daemon.connections_max: must be at least 1");
        must(daemon.body_max >= 1024, "daemon.body_max: must be at least 1024 bytes");
        must(daemon.usage_batch_max >= 1, "daemon.usage_batch_max: must be at least 1");
        must(daemon.usage_body_max >= 1024, "daemon.usage_body_max: must be at least 1024 bytes");
        must(schedulers.concurrency >= 1, "schedulers.concurrency: must be at least 1");
        must(brake.share_percent <= 100, "brake.share_percent: must be at most 100");
        must(tokens.max_len >= 1, "tokens.max_len: must be at least 1");
        must(
            tokens.keep.0.as_secs() >= TOKEN_KEEP_HOURS_MIN * 3600,
            "tokens.keep: must be at least 24h",
        );
        must(mail.connections_max >= 1, "mail.connections_max: must be at least 1");
        must(!mail.language.is_empty(), "mail.language: is empty");
        if mail.backend == MailBackend::Smtp {
            let known = ["smtp://", "smtps://"].iter().any(|way| mail.smtp_url.starts_with(way));
            must(known, "mail.smtp_url: the smtp backend needs smtp://… or smtps://…");
            must(mail.from.contains('@'), "mail.from: the smtp backend needs a sender");
        }
        must(!outbox.retry_first.0.is_zero(), "outbox.retry_first: must be longer than 0s");
        must(
            outbox.retry_max >= outbox.retry_first,
            "outbox.retry_max: must not be shorter than outbox.retry_first",
        );
        must(!outbox.timeout.0.is_zero(), "outbox.timeout: must be longer than 0s");
        must(!outbox.every.0.is_zero(), "outbox.every: must be longer than 0s");
        let years = self.retention.retention_years;
        must((1..=100).contains(&years), "retention.retention_years: must be from 1 to 100");
        self.seller.problems(&mut must);
        for (name, webhook) in &self.webhooks {
            webhook.problems(name, &mut must);
        }
        problems
    }
}

impl Seller {
    fn problems(&self, must: &mut impl FnMut(bool, &str)) {
        let prints = |text: &str, max: usize| {
            !text.trim().is_empty()
                && text.chars().count() <= max
                && !text.chars().any(char::is_control)
        };
        let line = |text: &str| prints(text, SELLER_LINE_MAX);
        let lines = |lines: &[String]| {
            lines.len() <= SELLER_LINES_MAX && lines.iter().all(|text| line(text))
        };
        let is = "one line of 1 to 200 characters";
        must(self.name.is_empty() || line(&self.name), &format!("seller.name: must be {is}"));
        must(lines(&self.address), &format!("seller.address: must be at most 8, each {is}"));
        must(self.tax_id.is_empty() || line(&self.tax_id), &format!("seller.tax_id: must be {is}"));
        must(lines(&self.contact), &format!("seller.contact: must be at most 8, each {is}"));
        let notes = self.notes.len() <= SELLER_LINES_MAX
            && self.notes.iter().all(|note| prints(note, SELLER_NOTE_MAX));
        must(notes, "seller.notes: must be at most 8, each one line of 1 to 1000 characters");
    }
}

impl Webhook {
    fn problems(&self, name: &str, must: &mut impl FnMut(bool, &str)) {
        let host = self.url.strip_prefix("https://").or_else(|| self.url.strip_prefix("http://"));
        let named = host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'));
        must(named, &format!("webhooks.{name}.url: is no http:// or https:// address"));
        let key = self.secret.strip_prefix("whsec_").unwrap_or_default();
        must(!key.is_empty(), &format!("webhooks.{name}.secret: must start with whsec_"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::Length;

    #[test]
    fn the_defaults_can_be_used() {
        assert_eq!(Config::default().problems(), Vec::<String>::new());
    }

    #[test]
    fn all_problems_are_named_at_once() {
        let mut config = Config::default();
        config.store.url = "mysql://db/book".to_owned();
        config.store.path = "book.db".into();
        config.store.writers = 2;
        config.schedulers.concurrency = 0;
        config.brake.share_percent = 101;
        config.tokens.keep = Length::default();
        config.mail.backend = MailBackend::Smtp;
        config.mail.from = "nobody".to_owned();
        config.seller.name = " ".to_owned();
        config.seller.address = vec!["Lindenstra\u{df}e 12\nBerlin".to_owned()];
        config.seller.tax_id = "x".repeat(201);
        config.seller.contact = vec!["x".to_owned(); 9];
        config.seller.notes = vec![String::new()];
        let webhook = Webhook { url: "ftp://x".to_owned(), secret: "s3cret".to_owned() };
        config.webhooks.insert("panel".to_owned(), webhook);
        let keys: Vec<String> = config
            .problems()
            .iter()
            .filter_map(|problem| Some(problem.split_once(':')?.0.to_owned()))
            .collect();
        assert_eq!(
            keys,
            [
                "store.url",
                "store.url",
                "store.writers",
                "schedulers.concurrency",
                "brake.share_percent",
                "tokens.keep",
                "mail.smtp_url",
                "mail.from",
                "seller.name",
                "seller.address",
                "seller.tax_id",
                "seller.contact",
                "seller.notes",
                "webhooks.panel.url",
                "webhooks.panel.secret",
            ]
        );
    }
}
