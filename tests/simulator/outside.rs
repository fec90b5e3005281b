//! The hostile outside: a mail server that is down for days, endpoints that do not answer, and a
//! provider's system that says twice and late what it did.

use std::sync::{Mutex, MutexGuard, PoisonError};

use renewd::outbox::Receiver;
use renewd::outbox::mailer::Kept;
use renewd::outbox::webhooks::Posted;
use renewd::store::EffectKey;

/// What came through to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Got {
    /// A mail: by its Message-ID, with a digest of what it says.
    Mail { message_id: String, subject: String, text: String },
    /// A webhook.
    Webhook { key: EffectKey, endpoint: String, body: String },
}

#[derive(Debug, Default)]
struct Inside {
    mail_is_down: bool,
    hooks_are_down: bool,
    got: Vec<Got>,
    refused: u64,
}

/// Everything that is not the house.
#[derive(Debug, Default)]
pub(crate) struct Outside(Mutex<Inside>);

impl Outside {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_mail_down(&self, down: bool) {
        self.inside().mail_is_down = down;
    }

    pub(crate) fn set_hooks_down(&self, down: bool) {
        self.inside().hooks_are_down = down;
    }

    /// What came since the last time.
    pub(crate) fn take(&self) -> Vec<Got> {
        std::mem::take(&mut self.inside().got)
    }
}

impl Receiver for Outside {
    fn mail(&self, mail: Kept) -> Result<(), String> {
        let mut inside = self.inside();
        if inside.mail_is_down {
            inside.refused += 1;
            return Err("the mail server is down".to_owned());
        }
        let Kept { message_id, subject, text, .. } = mail;
        inside.got.push(Got::Mail { message_id, subject, text });
        Ok(())
    }

    fn webhook(&self, webhook: Posted) -> Result<(), String> {
        let mut inside = self.inside();
        if inside.hooks_are_down {
            inside.refused += 1;
            return Err("the endpoint is down".to_owned());
        }
        let Posted { key, endpoint, body } = webhook;
        inside.got.push(Got::Webhook { key, endpoint, body });
        Ok(())
    }
}
