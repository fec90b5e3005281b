//! Mail: by SMTP, into a directory, or into memory. One Message-ID for each effect, for ever, so
//! that a repeat after a crash is recognised as one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{ContentType, Date, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::{self, AsyncSmtpTransportBuilder, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::sync::OnceCell;

use crate::config::{self, Config, MailBackend};
use crate::domain::calendar::Timestamp;
use crate::domain::effects::{About, Effect, Recipient, Template};
use crate::domain::event::SealedRef;
use crate::domain::ids::StreamId;
use crate::failpoint::{self, Point};
use crate::store::Delivery;

use super::files::{self, file_name, part_name};
use super::templates::Templates;
use super::values::{Subject, one_line};
use super::{Addresses, Names, OutboxError, Outcome, Profile, Receiver, SentMail};

/// Answers of a mail server that refuse us, not the mail: a wrong password must not kill a day's
/// notices.
const NOT_THE_MAIL: [u16; 5] = [521, 530, 534, 535, 538];

/// A mail as the memory backend keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The stream that caused it.
    pub stream: StreamId,
    /// Its template.
    pub template: Template,
    /// The recipient's address.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Its HTML.
    pub html: String,
    /// Its Message-ID.
    pub message_id: String,
    /// The whole message, as it would be sent; a [`Receiver`] gets none.
    pub message: Option<String>,
}

impl Kept {
    fn of(delivery: &Delivery, letter: Letter, message: Option<String>) -> Self {
        Self {
            stream: delivery.stream,
            template: letter.template,
            to: letter.to.email.to_string(),
            subject: letter.subject,
            text: letter.text,
            html: letter.html,
            message_id: letter.message_id,
            message,
        }
    }
}

/// Mails that were kept instead of sent, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Vec<Kept>>>);

impl Memory {
    /// What it keeps.
    #[must_use]
    pub fn mails(&self) -> Vec<Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it kept so far; it keeps nothing afterwards.
    #[must_use]
    pub fn take(&self) -> Vec<Kept> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many mails of each of these streams there are.
    fn count(&self, streams: &BTreeSet<StreamId>) -> BTreeMap<StreamId, u64> {
        let mut counts = BTreeMap::new();
        for kept in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if streams.contains(&kept.stream) {
                *counts.entry(kept.stream).or_default() += 1;
            }
        }
        counts
    }

    /// Lets go of the mails of these streams.
    fn forget(&self, streams: &BTreeSet<StreamId>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| !streams.contains(&kept.stream));
    }

    fn keep(&self, kept: Kept) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
    }
}

enum Backend {
    Smtp(Box<Smtp>),
    Directory(PathBuf),
    Memory(Memory),
    Receiver(Arc<dyn Receiver>),
}

/// An SMTP server. Its pool is made with the first mail: that needs a running executor.
struct Smtp {
    builder: AsyncSmtpTransportBuilder,
    transport: OnceCell<AsyncSmtpTransport<Tokio1Executor>>,
}

/// The sender of mail.
pub(super) struct Mailer {
    backend: Backend,
    /// Where mails lie or have lain, whatever the backend is today.
    directory: PathBuf,
    templates: Templates,
    addresses: Arc<dyn Addresses>,
    names: Names,
    from: Mailbox,
    operator: Option<Mailbox>,
    connections_max: u32,
}

/// A mail that is ready to go, but for its form on the wire.
struct Letter {
    to: Mailbox,
    template: Template,
    subject: String,
    text: String,
    html: String,
    /// Its effect, as it stands in its Message-ID.
    key: String,
    message_id: String,
    /// Its effect and its template, as they stand in a header.
    effect: String,
    at: Timestamp,
}

impl Mailer {
    pub(super) fn open(
        config: &Config,
        templates: Templates,
        addresses: Arc<dyn Addresses>,
        names: Names,
    ) -> Result<Self, OutboxError> {
        let mail = &config.mail;
        let operator = (!mail.operator.trim().is_empty())
            .then(|| mailbox("mail.operator", &mail.operator))
            .transpose()?;
        let backend = match mail.backend {
            MailBackend::Smtp => {
                Backend::Smtp(Box::new(Smtp::open(mail, config.outbox.timeout.0)?))
            }
            MailBackend::Directory => Backend::Directory(open_directory(config)?),
            MailBackend::Memory => Backend::Memory(Memory::default()),
        };
        Ok(Self {
            backend,
            directory: directory(config),
            templates,
            addresses,
            names,
            from: mailbox("mail.from", &mail.from)?,
            operator,
            connections_max: mail.connections_max.max(1),
        })
    }

    pub(super) fn memory(&self) -> Option<Memory> {
        match &self.backend {
            Backend::Memory(memory) => Some(memory.clone()),
            Backend::Smtp(_) | Backend::Directory(_) | Backend::Receiver(_) => None,
        }
    }

    /// The same, but its mails are handed to `receiver`.
    pub(super) fn to(self, receiver: Arc<dyn Receiver>) -> Self {
        Self { backend: Backend::Receiver(receiver), ..self }
    }

    /// Mails that are under way at once: the pool keeps connections, it doesn't limit them.
    pub(super) fn concurrency(&self) -> usize {
        usize::try_from(self.connections_max).unwrap_or(1)
    }

    /// How many mails of each of these streams are kept here.
    pub(super) async fn count(
        &self,
        streams: BTreeSet<StreamId>,
    ) -> io::Result<BTreeMap<StreamId, u64>> {
        if let Backend::Memory(memory) = &self.backend {
            return Ok(memory.count(&streams));
        }
        let directory = self.directory.clone();
        tokio::task::spawn_blocking(move || files::count(&directory, &streams))
            .await
            .map_err(io::Error::other)?
    }

    /// Deletes the mails of these streams, as far as they are kept here.
    pub(super) async fn forget(&self, streams: BTreeSet<StreamId>) -> io::Result<()> {
        if let Backend::Memory(memory) = &self.backend {
            memory.forget(&streams);
            return Ok(());
        }
        let directory = self.directory.clone();
        tokio::task::spawn_blocking(move || files::delete(&directory, &streams))
            .await
            .map_err(io::Error::other)?
    }

    pub(super) async fn deliver(&self, delivery: &Delivery) -> (Outcome, Option<SentMail>) {
        let letter = match self.write(delivery).await {
            Ok(letter) => letter,
            Err(outcome) => return (outcome, None),
        };
        let mail = SentMail {
            stream: delivery.stream.to_string(),
            at: delivery.row.at,
            template: letter.template,
            subject: letter.subject.clone(),
        };
        failpoint::pass(Point::MailBefore);
        let sent = self.send(delivery, letter).await;
        failpoint::pass(Point::MailAfter);
        match sent {
            Ok(outcome) => (outcome, Some(mail)),
            Err(outcome) => (outcome, None),
        }
    }

    async fn write(&self, delivery: &Delivery) -> Result<Letter, Outcome> {
        let (recipient, template, about) = match serde_json::from_str(&delivery.row.body) {
            Ok(Effect::Mail { to, template, about }) => (to, template, about),
            Ok(Effect::Webhook { .. } | Effect::Tell { .. }) => {
                return Err(Outcome::Dead("this is no mail".to_owned()));
            }
            Err(error) => return Err(Outcome::Dead(format!("the effect cannot be read: {error}"))),
        };
        let (to, name) = match recipient {
            Recipient::Operator => (self.operator()?, String::new()),
            Recipient::Customer => self.customer(delivery.stream).await?,
        };
        let code = self.unsealed(delivery.stream, about.code).await?;
        let note = self.unsealed(delivery.stream, about.note).await?;
        self.letter(delivery, (to, &name), template, &about, (code, note))
    }

    fn operator(&self) -> Result<Mailbox, Outcome> {
        self.operator
            .clone()
            .ok_or_else(|| Outcome::Void("no operator address configured".to_owned()))
    }

    async fn unsealed(
        &self,
        stream: StreamId,
        note: Option<SealedRef>,
    ) -> Result<Option<String>, Outcome> {
        let Some(note) = note else { return Ok(None) };
        match self.addresses.note(stream, note).await {
            Ok(Some(text)) => Ok(Some(text)),
            Ok(None) => Err(Outcome::Void("what it would say is erased".to_owned())),
            Err(error) => {
                Err(Outcome::Failed(format!("what it says cannot be looked up: {error}")))
            }
        }
    }

    async fn customer(&self, stream: StreamId) -> Result<(Mailbox, String), Outcome> {
        let Profile { name, email } = match self.addresses.profile(stream).await {
            Ok(Some(profile)) => profile,
            Ok(None) => return Err(Outcome::Void("the account has no address".to_owned())),
            Err(error) => {
                return Err(Outcome::Failed(format!("the address cannot be looked up: {error}")));
            }
        };
        let name = one_line(&name);
        let address = email
            .trim()
            .parse()
            .map_err(|_| Outcome::Dead("the account's address cannot be written to".to_owned()))?;
        let shown = (!name.is_empty()).then(|| name.clone());
        Ok((Mailbox::new(shown, address), name))
    }

    fn letter(
        &self,
        delivery: &Delivery,
        (to, name): (Mailbox, &str),
        template: Template,
        about: &About,
        (code, note): (Option<String>, Option<String>),
    ) -> Result<Letter, Outcome> {
        let (stream, row) = (delivery.stream, &delivery.row);
        let subject = Subject {
            template,
            about,
            name,
            code,
            note,
            stream,
            at: row.at,
            product: about.product.as_deref().and_then(|key| (self.names)(key)),
            products: products(about, &self.names),
        };
        // A wrong template is an operator's to mend: the mail waits for it.
        let page = self
            .templates
            .render(&subject)
            .map_err(|problem| Outcome::Failed(format!("the template failed: {problem}")))?;
        let key = format!("{stream}.{}.{}", row.seq, row.n);
        let message_id = format!("<{key}@{}>", self.from.email.domain());
        let effect = format!("{stream}/{}/{} {}", row.seq, row.n, template.as_str());
        Ok(Letter {
            to,
            template,
            subject: page.subject,
            text: page.text,
            html: page.html,
            key,
            message_id,
            effect,
            at: row.at,
        })
    }

    /// A letter in its form on the wire.
    fn message(&self, letter: &Letter) -> Result<Message, Outcome> {
        let part = |kind: ContentType, text: &str| {
            SinglePart::builder().header(kind).body(text.to_owned())
        };
        let parts = MultiPart::alternative()
            .boundary(format!("=_renewd.{}", letter.key))
            .singlepart(part(ContentType::TEXT_PLAIN, &letter.text))
            .singlepart(part(ContentType::TEXT_HTML, &letter.html));
        Message::builder()
            .from(self.from.clone())
            .to(letter.to.clone())
            .subject(letter.subject.clone())
            .header(Date::new(system_time(letter.at)))
            .message_id(Some(letter.message_id.clone()))
            .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(raw("X-Renewd-Effect", letter.effect.clone()))
            .multipart(parts)
            .map_err(|error| Outcome::Dead(format!("the mail cannot be written: {error}")))
    }

    async fn send(&self, delivery: &Delivery, letter: Letter) -> Result<Outcome, Outcome> {
        let to = masked(letter.to.email.as_ref());
        match &self.backend {
            Backend::Smtp(server) => server.send(self.message(&letter)?, &to).await,
            Backend::Directory(directory) => {
                let name = file_name(delivery, letter.template);
                write_file(directory, &name, self.message(&letter)?.formatted()).await
            }
            Backend::Memory(memory) => {
                let message = self.message(&letter)?.formatted();
                let message = String::from_utf8_lossy(&message).into_owned();
                memory.keep(Kept::of(delivery, letter, Some(message)));
                Ok(Outcome::Sent(format!("kept for {to}")))
            }
            Backend::Receiver(receiver) => match receiver.mail(Kept::of(delivery, letter, None)) {
                Ok(()) => Ok(Outcome::Sent(format!("taken for {to}"))),
                Err(error) => Err(Outcome::Unreachable(error)),
            },
        }
    }
}

impl Smtp {
    fn open(mail: &config::Mail, timeout: Duration) -> Result<Self, OutboxError> {
        // The URL may hold a password, so the error is told without it.
        let wrong = || {
            let message = "not smtp://user:password@host:port, smtps://…, with ?tls=required or \
                           ?tls=opportunistic";
            OutboxError::setting("mail.smtp_url", message)
        };
        let url = mail.smtp_url.as_str();
        if url.starts_with("smtp://") && url.contains('@') && !url.contains("tls=") {
            tracing::warn!("mail.smtp_url has a password and no ?tls=: it travels in the clear");
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| wrong())?
            .timeout(Some(timeout))
            .pool_config(PoolConfig::new().max_size(mail.connections_max.max(1)));
        Ok(Self { builder, transport: OnceCell::new() })
    }

    async fn send(&self, message: Message, to: &str) -> Result<Outcome, Outcome> {
        let build = || async { self.builder.clone().build::<Tokio1Executor>() };
        let transport = self.transport.get_or_init(build).await;
        let envelope: &Envelope = message.envelope();
        match transport.send_raw(envelope, &message.formatted()).await {
            Ok(response) => {
                let said: Vec<&str> = response.message().collect();
                let answer = without_addresses(&format!("{} {}", response.code(), said.join(" ")));
                Ok(Outcome::Sent(format!("{to}: {answer}")))
            }
            Err(error) => Err(refused(&error, to)),
        }
    }
}

/// What the products that a coupon is good for, or not, are called.
fn products(about: &About, names: &Names) -> BTreeMap<String, String> {
    let scope = about.scope.iter();
    let keys = scope.flat_map(|scope| scope.products.iter().chain(&scope.products_denied));
    keys.filter_map(|key| Some((key.clone(), names(key)?))).collect()
}

fn refused(error: &smtp::Error, to: &str) -> Outcome {
    let text = format!("{to}: {}", without_addresses(&chain(error)));
    let code = error.status().map(u16::from);
    if error.is_permanent() && code.is_none_or(|code| !NOT_THE_MAIL.contains(&code)) {
        Outcome::Dead(text)
    } else if error.is_transient() {
        Outcome::Failed(text)
    } else {
        Outcome::Unreachable(text)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

fn mailbox(key: &str, text: &str) -> Result<Mailbox, OutboxError> {
    text.parse().map_err(|error| OutboxError::setting(key, &format!("{text:?}: {error}")))
}

fn directory(config: &Config) -> PathBuf {
    if config.mail.directory.as_os_str().is_empty() {
        config.daemon.data.join("mail")
    } else {
        config.mail.directory.clone()
    }
}

fn open_directory(config: &Config) -> Result<PathBuf, OutboxError> {
    let directory = directory(config);
    // Names and addresses lie there: only its owner and group may look.
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.recursive(true).create(&directory).map_err(|error| {
        OutboxError::setting("mail.directory", &format!("{}: {error}", directory.display()))
    })?;
    Ok(directory)
}

/// Written beside its place and moved there, so that nobody ever reads half a mail.
async fn write_file(directory: &Path, name: &str, bytes: Vec<u8>) -> Result<Outcome, Outcome> {
    let (target, part) = (directory.join(name), directory.join(part_name(name)));
    let write = move || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&part)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        failpoint::pass(Point::MailBeforeRename);
        std::fs::rename(&part, &target)
    };
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(())) => Ok(Outcome::Sent(format!("written to {name}"))),
        Ok(Err(error)) => Err(Outcome::Unreachable(format!("not written: {error}"))),
        Err(error) => Err(Outcome::Failed(format!("not written: {error}"))),
    }
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

fn system_time(at: Timestamp) -> SystemTime {
    let seconds = u64::try_from(at.seconds()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// `ada@example.com` as a log may show it: `a…@example.com`.
#[must_use]
pub fn masked(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}…@{domain}")
        }
        None => "…".to_owned(),
    }
}

/// Servers repeat the address in their answers; what is written down must not.
fn without_addresses(text: &str) -> String {
    text.split_whitespace()
        .map(|word| if word.contains('@') { "…" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Ada, Fake, config, mail, names, now};
    use super::super::{Counts, Desk, Outbox};
    use super::*;
    use crate::store::DeliveryState;

    #[test]
    fn addresses_are_masked() {
        assert_eq!(masked("ada@example.com"), "a…@example.com");
        assert_eq!(masked("nonsense"), "…");
        assert_eq!(
            without_addresses("550 5.1.1 <ada@example.com>: user unknown"),
            "550 5.1.1 … user unknown"
        );
    }

    #[tokio::test]
    async fn mails_become_files_that_sort_by_time() {
        let directory = std::env::temp_dir().join(format!("renewd-eml-{}", std::process::id()));
        let mut config = config();
        config.mail.backend = MailBackend::Directory;
        config.mail.directory.clone_from(&directory);
        let fake = Arc::new(Fake::with([mail(12, 1), mail(12, 0)]));
        let desk: Arc<dyn Desk> = Arc::clone(&fake) as _;
        let outbox = Outbox::over(&config, desk, Arc::new(Ada), names()).expect("an outbox");
        let run = outbox.run_once(now()).await.expect("a run");
        assert_eq!(run.total(), Counts { sent: 2, ..Counts::default() });
        let mut files: Vec<String> = std::fs::read_dir(&directory)
            .expect("the directory")
            .map(|entry| entry.expect("a file").file_name().into_string().expect("UTF-8"))
            .collect();
        files.sort();
        assert_eq!(
            files,
            [
                "2026-02-05T080000Z_acc_938nkrkayd_renewed_12-0.eml",
                "2026-02-05T080000Z_acc_938nkrkayd_renewed_12-1.eml",
            ]
        );
        let eml = std::fs::read_to_string(directory.join(&files[0])).expect("a mail");
        assert!(eml.contains("Message-ID: <acc_938nkrkayd.12.0@example.com>\r\n"), "{eml}");
        assert_eq!(fake.all()[1].outcome, format!("written to {}", files[0]));

        // A directory that is gone fails for now, and is left alone after a few attempts.
        std::fs::remove_dir_all(&directory).expect("the directory");
        let fake = Arc::new(Fake::with((1..=50).map(|seq| mail(seq, 0))));
        let desk: Arc<dyn Desk> = Arc::clone(&fake) as _;
        std::fs::create_dir_all(&directory).expect("the directory");
        let outbox = Outbox::over(&config, desk, Arc::new(Ada), names()).expect("an outbox");
        std::fs::remove_dir_all(&directory).expect("the directory");
        let counts = outbox.run_once(now()).await.expect("a run").total();
        assert_eq!((counts.failed + counts.postponed, counts.sent), (50, 0));
        assert!(counts.failed < 10, "{counts:?}");
        assert!(fake.all().iter().all(|it| it.state == DeliveryState::Waiting));
    }
}
