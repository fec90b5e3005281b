//! What a configuration must fulfil beyond its types. Cron lines are checked where they are read,
//! by the schedulers.

use super::{Config, MailBackend, Webhook};

const TOKEN_KEEP_HOURS_MIN: u64 = 24;

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
        let Self { daemon, schedulers, brake, tokens, mail, outbox, .. } = self;
        must(!daemon.data.as_os_str().is_empty(), "daemon.data: names no directory");
        must(daemon.live_accounts_max >= 1, "daemon.live_accounts_max: must be at least 1");
        must(daemon.body_max >= 1024, "daemon.body_max: must be at least 1024 bytes");
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
        for (name, webhook) in &self.webhooks {
            webhook.problems(name, &mut must);
        }
        problems
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
        config.schedulers.concurrency = 0;
        config.brake.share_percent = 101;
        config.tokens.keep = Length::default();
        config.mail.backend = MailBackend::Smtp;
        config.mail.from = "nobody".to_owned();
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
                "schedulers.concurrency",
                "brake.share_percent",
                "tokens.keep",
                "mail.smtp_url",
                "mail.from",
                "webhooks.panel.url",
                "webhooks.panel.secret",
            ]
        );
    }
}
