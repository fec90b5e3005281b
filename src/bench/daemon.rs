//! A second process of this very program that serves a book, as seen by whoever starts it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::config::Config;

/// How long a start may take before it is given up.
const PATIENCE: Duration = Duration::from_mins(5);
/// How often the socket is tried.
const TRIED_EVERY: Duration = Duration::from_micros(200);

/// The process. Dropped, it is killed.
pub(super) struct Daemon {
    child: Child,
    socket: PathBuf,
    /// When it was started.
    pub started: Instant,
}

impl Daemon {
    /// Starts it over the book that `config` names. What it says goes to a file beside the book.
    pub(super) fn start(config: &Config) -> anyhow::Result<Self> {
        let log = std::fs::File::create(config.daemon.data.join("serve.log"))?;
        let mut command = program()?;
        command.arg("serve").arg("--data").arg(&config.daemon.data);
        if !config.store.url.is_empty() {
            command.args(["--store", &config.store.url]);
        }
        let started = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        Ok(Self { child, socket: config.socket_path(), started })
    }

    /// A connection to it, as soon as it takes any.
    pub(super) fn connect(&mut self) -> anyhow::Result<Client> {
        loop {
            if let Ok(stream) = UnixStream::connect(&self.socket) {
                return Client::new(stream);
            }
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("the daemon ended by itself: {status}");
            }
            anyhow::ensure!(self.started.elapsed() < PATIENCE, "the daemon does not answer");
            std::thread::sleep(TRIED_EVERY);
        }
    }

    /// Its resident set, in MiB.
    pub(super) fn rss_mib(&self) -> f64 {
        super::status_mib(&self.child.id().to_string(), "VmRSS:")
    }

    /// Kills it, as a power cut would.
    pub(super) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already; that is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// This program, with no settings from around it.
pub(super) fn program() -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("this program")?);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RENEWD_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// Keeps a connection open and asks one thing after the other.
pub(super) struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    fn new(stream: UnixStream) -> anyhow::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Reads something.
    pub(super) fn get(&mut self, path: &str) -> anyhow::Result<String> {
        self.ask("GET", path, "")
    }

    /// Asks for something to be done.
    pub(super) fn post(&mut self, path: &str, body: &str) -> anyhow::Result<String> {
        self.ask("POST", path, body)
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: renewd\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length) = (String::new(), 0);
        self.stream.read_line(&mut status)?;
        loop {
            let mut line = String::new();
            anyhow::ensure!(self.stream.read_line(&mut line)? > 0, "{method} {path}: no answer");
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer)?;
        let answer = String::from_utf8(answer)?;
        anyhow::ensure!(status.contains(" 20"), "{method} {path}: {}{answer}", status.trim());
        Ok(answer)
    }
}

/// How large the write-ahead log of a book in a file is, in MiB.
pub(super) fn wal_mib(book: &Path) -> f64 {
    let mut name = book.as_os_str().to_owned();
    name.push("-wal");
    let length = std::fs::metadata(PathBuf::from(name)).map_or(0, |file| file.len());
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    let length = length as f64;
    length / f64::from(1 << 20)
}
