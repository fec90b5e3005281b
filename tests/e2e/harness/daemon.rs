//! The daemon itself, as a process on a directory of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http::{Answer, Ask};
use super::mail::{Mail, mails_in};
use super::server::{self, Database, Server};

/// When stories begin, unless they say otherwise.
const BEGINNING: &str = "2026-01-01T00:00:00Z";
/// The signal that nothing survives.
const SIGKILL: i32 = 9;
/// Numbers directories: a socket's path may have 108 bytes only, so their names are short.
static HOMES: AtomicU32 = AtomicU32::new(0);

/// A directory that goes with the test, holding configuration, database, socket and mail.
#[derive(Debug, Clone)]
pub(crate) struct Home(Arc<Rooms>);

#[derive(Debug)]
struct Rooms {
    path: PathBuf,
    database: Option<Database<'static>>,
}

impl Drop for Rooms {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::with(database())
    }

    /// With nothing in it: where others have the tables already, it has an empty database.
    pub(crate) fn bare() -> Self {
        Self::with(server_asked_for().map(|server| server.database(None)))
    }

    /// With its book in this database, wherever others have theirs.
    pub(crate) fn on(database: Database<'static>) -> Self {
        Self::with(Some(database))
    }

    /// With its book in a file, wherever others have theirs.
    pub(crate) fn in_file() -> Self {
        Self::with(None)
    }

    fn with(database: Option<Database<'static>>) -> Self {
        let number = HOMES.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("renewd-e2e-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        let home = Self(Arc::new(Rooms { path, database }));
        home.configure("");
        home
    }

    /// Writes the configuration. A sweep every five minutes would be most of the work when months
    /// are stepped through, so that stories sweep once a day.
    pub(crate) fn configure(&self, more: &str) {
        let text = format!("schedulers.housekeeping = \"30 0 3 * * *\"\n{more}");
        self.write("renewd.toml", &text);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path.join(name)
    }

    /// The database that the book is in, if it is in none of its files.
    pub(crate) fn database(&self) -> Option<&Database<'static>> {
        self.0.database.as_ref()
    }

    /// What tells `renewd` where the book is.
    pub(crate) fn store(&self) -> Vec<String> {
        let url = self.database().map(Database::url);
        url.map(|url| vec!["--store".to_owned(), url]).unwrap_or_default()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("data/renewd.sock")
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a file");
        path
    }

    /// `renewd VERB`, on this directory.
    pub(crate) fn renewd(&self, verb: &str) -> Command {
        let mut command = renewd();
        command.arg(verb).arg("--config").arg(self.path("renewd.toml"));
        command.arg("--data").arg(self.data()).args(self.store());
        command
    }

    /// Runs `renewd VERB` to its end.
    pub(crate) fn run(&self, verb: &str, more: &[&str]) -> Ran {
        Ran::of(self.renewd(verb).args(more))
    }

    /// Runs `renewctl` to its end.
    pub(crate) fn renewctl(&self, words: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_renewctl"));
        command.arg("--socket").arg(self.socket()).args(words).env("NO_COLOR", "1");
        Ran::of(&mut command)
    }

    pub(crate) fn start(&self) -> Daemon {
        self.start_at(BEGINNING)
    }

    pub(crate) fn start_at(&self, at: &str) -> Daemon {
        self.start_by(&format!("manual:{at}"))
    }

    /// Starts a daemon by the clock that `--clock` names.
    pub(crate) fn start_by(&self, clock: &str) -> Daemon {
        self.try_start(clock).unwrap_or_else(|ran| panic!("the daemon did not start: {ran:?}"))
    }

    /// Tries to start a daemon where none can: how it ended.
    pub(crate) fn refuses_at(&self, at: &str) -> Ran {
        self.try_start(&format!("manual:{at}")).expect_err("no daemon")
    }

    /// Starts a daemon none of whose files may grow beyond a size, as on a disk that is nearly full.
    pub(crate) fn start_with_files_of(&self, kibibytes: u32) -> Daemon {
        let daemon = self.renewd("serve");
        let mut limited = Command::new("bash");
        let script = format!("trap '' XFSZ; ulimit -S -f {kibibytes}; exec \"$0\" \"$@\"");
        limited.arg("-c").arg(script).arg(daemon.get_program()).args(daemon.get_args());
        let started = self.try_start_as(limited, &format!("manual:{BEGINNING}"));
        started.unwrap_or_else(|ran| panic!("the daemon did not start: {ran:?}"))
    }

    /// Starts a daemon whose log nobody reads once it is ready.
    pub(crate) fn start_unheard(&self) -> Daemon {
        let daemon = self.renewd("serve");
        let mut unheard = Command::new("bash");
        let script = "exec \"$0\" \"$@\" 2> >(exec sed -u '/\"ready\"/q' >&2)";
        unheard.arg("-c").arg(script).arg(daemon.get_program()).args(daemon.get_args());
        let started = self.try_start_as(unheard, &format!("manual:{BEGINNING}"));
        started.unwrap_or_else(|ran| panic!("the daemon did not start: {ran:?}"))
    }

    /// Tries to start a daemon that permissions bind, also where the tests run as root.
    pub(crate) fn refuses_bound_by_permissions(&self) -> Ran {
        let daemon = self.renewd("serve");
        let mut bound = Command::new("setpriv");
        if fs::metadata("/proc/self").expect("about this process").uid() == 0 {
            bound.arg("--bounding-set=-dac_override,-dac_read_search");
        }
        bound.arg(daemon.get_program()).args(daemon.get_args());
        self.try_start_as(bound, &format!("manual:{BEGINNING}")).expect_err("no daemon")
    }

    fn try_start(&self, clock: &str) -> Result<Daemon, Ran> {
        self.try_start_as(self.renewd("serve"), clock)
    }

    /// Starts a daemon by a command of its own; how it ended if it never was ready.
    pub(crate) fn try_start_as(&self, mut command: Command, clock: &str) -> Result<Daemon, Ran> {
        command.arg("--log-json").arg("--clock").arg(clock);
        command.env("RUST_LOG", "info").stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("renewd");
        let mut log = BufReader::new(child.stderr.take().expect("a log"));
        let mut said = String::new();
        loop {
            let begins = said.len();
            if log.read_line(&mut said).expect("a line of the log") == 0 {
                let status = child.wait().expect("an end");
                return Err(Ran { status, out: String::new(), err: said });
            }
            let line: Option<Value> = serde_json::from_str(&said[begins..]).ok();
            if line.is_some_and(|line| line["message"] == "ready") {
                break;
            }
        }
        let said = Arc::new(Mutex::new(said));
        let listening = {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                for line in log.lines().map_while(Result::ok) {
                    let mut said = said.lock().expect("a whole log");
                    said.push_str(&line);
                    said.push('\n');
                }
            })
        };
        Ok(Daemon { home: self.clone(), child, said, listening: Some(listening) })
    }
}

/// The server that books are on, where the stories are told on PostgreSQL. It is asked for by name,
/// so that nobody takes the absence of a server for a success.
fn server_asked_for() -> Option<&'static Server> {
    match std::env::var("RENEWD_TEST_STORE").as_deref() {
        Ok("postgres") => Some(server::shared().expect("a PostgreSQL server")),
        Ok("sqlite") | Err(_) => None,
        Ok(other) => panic!("RENEWD_TEST_STORE={other}"),
    }
}

/// A database for a book, with its tables.
fn database() -> Option<Database<'static>> {
    static TEMPLATE: OnceLock<Database<'static>> = OnceLock::new();
    let server = server_asked_for()?;
    // Looking for a book makes the tables.
    let template = TEMPLATE.get_or_init(|| {
        let database = server.database(None);
        Ran::of(renewd().args(["check", "--store"]).arg(database.url())).ended(1);
        database
    });
    Some(server.database(Some(template)))
}

/// `renewd`, without anything of the surroundings.
pub(crate) fn renewd() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_renewd"));
    command.env_remove("RENEWD_CONFIG");
    command.env_remove("RENEWD_DIE_AT").env_remove("RENEWD_COUNT_PASSES");
    command
}

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().expect("a program that runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self { status, out: text(stdout), err: text(stderr) }
    }

    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    /// Was it killed, as by a power cut?
    pub(crate) fn was_killed(&self) -> bool {
        self.status.signal() == Some(SIGKILL)
    }

    /// It did what it was asked.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.ended(0)
    }

    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }
}

/// A daemon that runs. It is stopped like any service when the story is over.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) home: Home,
    child: Child,
    said: Arc<Mutex<String>>,
    listening: Option<JoinHandle<()>>,
}

impl Daemon {
    /// A daemon on a directory of its own, at the beginning of 2026.
    pub(crate) fn start() -> Self {
        Home::new().start()
    }

    pub(crate) fn send(&self, ask: &Ask) -> Answer {
        ask.send(&self.home.socket())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(&Ask::get(path))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&Ask::post(path, body))
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(&Ask::put(path, body))
    }

    /// All items of a list, over its pages.
    #[track_caller]
    pub(crate) fn list(&self, path: &str) -> Vec<Value> {
        let join = if path.contains('?') { '&' } else { '?' };
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{join}limit=300{cursor}")).ok();
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            let Some(next) = page["next"].as_str() else { return items };
            cursor = format!("&cursor={next}");
        }
    }

    /// Moves the clock to an instant, through everything on the way.
    #[track_caller]
    pub(crate) fn until(&self, instant: &str) -> Value {
        self.post("/v1/clock", &json!({ "to": instant })).ok()
    }

    /// Imports lines; what became of each.
    #[track_caller]
    pub(crate) fn import(&self, query: &str, lines: &[String]) -> Vec<Value> {
        let ask = Ask::new("POST", format!("/v1/imports{query}"))
            .body("application/x-ndjson", lines.join("\n"));
        let answer = self.send(&ask);
        assert_eq!(answer.status, 200, "{answer:?}");
        let parsed = answer.text.lines().map(serde_json::from_str);
        parsed.collect::<Result<_, _>>().expect("a line of JSON for each line")
    }

    pub(crate) fn renewctl(&self, words: &[&str]) -> Ran {
        self.home.renewctl(words)
    }

    /// The mails that lie in the mail directory, oldest first.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        mails_in(&self.home.path("data/mail"))
    }

    /// Stops it as a service manager does, and waits for its end.
    pub(crate) fn stop(mut self) -> Home {
        self.signal("TERM");
        let ended = self.child.wait().expect("an end");
        assert!(ended.success(), "{ended}\n{}", self.log());
        self.home.clone()
    }

    /// Waits for the end of one that is being killed.
    #[track_caller]
    pub(crate) fn await_kill(&mut self) {
        let ended = self.child.wait().expect("an end");
        assert_eq!(ended.signal(), Some(SIGKILL), "{ended}\n{}", self.log());
    }

    /// Stops it, or finds it killed already: was it?
    #[track_caller]
    pub(crate) fn stop_or_find_killed(mut self) -> bool {
        // It may die before the signal comes; then there is nobody to send it to.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-s", "TERM", &id]).stderr(Stdio::null()).status();
        let ended = self.child.wait().expect("an end");
        let was_killed = ended.signal() == Some(SIGKILL);
        assert!(was_killed || ended.success(), "{ended}\n{}", self.log());
        was_killed
    }

    /// Kills it, as power cuts do.
    pub(crate) fn kill(mut self) -> Home {
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("an end");
        self.home.clone()
    }

    pub(crate) fn log(&self) -> String {
        self.said.lock().expect("a whole log").clone()
    }

    /// Its log once it says so: a line is read a moment after the answer that it belongs to.
    pub(crate) fn log_once(&self, says: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let log = self.log();
            if says(&log) {
                return log;
            }
            assert!(Instant::now() < end, "it never says so:\n{log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its files may grow again.
    pub(crate) fn frees_space(&self) {
        let id = self.child.id().to_string();
        let lifted = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status();
        assert!(lifted.expect("the command prlimit").success());
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.expect("the command kill").success(), "kill -s {signal} {id}");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            if std::thread::panicking() {
                let _ = self.child.kill();
            } else {
                self.signal("TERM");
            }
            let _ = self.child.wait();
        }
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
        if std::thread::panicking() {
            eprintln!("the log in {}:\n{}", self.home.path("").display(), self.log());
        }
    }
}
