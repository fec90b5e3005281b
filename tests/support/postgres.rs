//! A private PostgreSQL server for tests, made of the system's binaries: on a socket in a
//! directory of its own, gone with the process that started it, however that ends.
//!
//! Whoever runs as root has it run as the user `postgres`: the server refuses to be root.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Longer than any start on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// What it takes to be fast where nothing need survive; and texts are ordered by a language, so
/// that nothing leans on the order of bytes by chance.
const INITDB: [&str; 7] = [
    "--auth=trust",
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--locale-provider=icu",
    "--icu-locale=en",
    "--no-sync",
];
const SETTINGS: &str = "\
listen_addresses = ''
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_connections = 300
shared_buffers = 64MB
autovacuum = off
jit = off
";

/// Whatever says "postgres" to the client would to the server as well.
const SURROUNDINGS: [&str; 3] = ["PGDATA", "PGPORT", "PGHOST"];

/// Reads words from its input and does as they say; at the end of the input, which comes also if
/// the tests are killed, it stops the server and removes everything.
const KEEPER: &str = r#"
trap '' INT
dir=$1 bin=$2 server=
start() { "$bin/postgres" -D "$dir/data" -k "$dir" >>"$dir/log" 2>&1 </dev/null & server=$!; }
stop() { [ -z "$server" ] || { kill "-$1" "$server" 2>/dev/null; wait "$server"; server=; }; }
while read -r word; do
    case $word in
        start) start ;;
        stop) stop INT ;;
        crash) stop QUIT ;;
    esac
    echo done
done
stop QUIT
rm -rf "$dir"
"#;

/// Mounts a small disk where nobody else sees it, and has the server kept there.
const ON_SMALL_DISK: &str = r#"
place=$1 options=$2
shift 2
mount -t tmpfs -o "$options" none "$place" || exit
"$@"
umount "$place"
rm -rf "${place%/*}"
"#;

/// A server.
#[derive(Debug)]
pub(crate) struct Server {
    directory: PathBuf,
    binaries: PathBuf,
    keeper: Mutex<Keeper>,
}

#[derive(Debug)]
struct Keeper {
    // Closed first, so that waiting for the child comes to an end.
    words: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    child: Child,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.words = None;
        let _ = self.child.wait();
    }
}

/// The server that all tests of this process share. None where PostgreSQL is not installed, which
/// is said aloud; where `RENEWD_REQUIRE_POSTGRES` is set that is a failure.
pub(crate) fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED.get_or_init(Server::start).as_ref()
}

impl Server {
    /// Starts a server.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(|_| String::new())
    }

    /// Starts a server; `prepare` is given its data directory, and answers more settings.
    pub(crate) fn start_with(prepare: impl FnOnce(&Path) -> String) -> Option<Self> {
        Self::start_by(prepare, |_| as_server(Path::new("/bin/sh")))
    }

    /// Starts a server with a place `small` for databases, on a disk of so many kibibytes. None
    /// where this may not mount one, which is said aloud.
    pub(crate) fn start_with_small_disk(kibibytes: u32) -> Option<Self> {
        let mount = ["--mount", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt"];
        let mounts = Command::new("unshare").args(mount).stderr(Stdio::null()).status();
        let (Some((user, group)), true) = (server_ids(), mounts.is_ok_and(|it| it.success()))
        else {
            let told = "only root mounts a small disk: the test of a full one DID NOT RUN";
            let _ = writeln!(std::io::stderr(), "\n*** {told}. ***\n");
            return None;
        };
        let server = Self::start_by(
            |_| String::new(),
            |directory| {
                let place = directory.join("small");
                fs::create_dir(&place).expect("a directory");
                let options = format!("size={kibibytes}k,uid={user},gid={group},mode=0700");
                let mut command = Command::new("unshare");
                command.args(["--mount", "--propagation", "private", "/bin/sh"]);
                command.args(["-c", ON_SMALL_DISK, "disk"]).arg(place).arg(options);
                let server = as_server(Path::new("/bin/sh"));
                command.arg(server.get_program()).args(server.get_args());
                command
            },
        )?;
        let place = server.directory.join("small");
        server.sql("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", place.display()));
        Some(server)
    }

    /// Fills the small disk up to the last kibibytes.
    pub(crate) fn fill_disk(&self, left: u32) {
        // It is told when there is no more space.
        let fill = "dd if=/dev/zero of=\"$1/ballast\" bs=4k 2>/dev/null";
        self.on_small_disk(&format!("{fill}; truncate -s \"-{left}K\" \"$1/ballast\""));
    }

    /// Gives the space back.
    pub(crate) fn free_disk(&self) {
        self.on_small_disk("rm \"$1/ballast\"");
    }

    fn on_small_disk(&self, script: &str) {
        let keeper = self.keeper.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let there = format!("--mount=/proc/{}/ns/mnt", keeper.child.id());
        let done = Command::new("nsenter")
            .args([&there, "/bin/sh", "-c", script, "disk"])
            .arg(self.directory.join("small"))
            .output()
            .expect("nsenter");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Starts a server; `keeper` is the shell that keeps it, given its directory.
    fn start_by(
        prepare: impl FnOnce(&Path) -> String,
        keeper: impl FnOnce(&Path) -> Command,
    ) -> Option<Self> {
        let Some(binaries) = binaries() else {
            let required = std::env::var_os("RENEWD_REQUIRE_POSTGRES").is_some();
            assert!(!required, "PostgreSQL is not installed: run scripts/setup-test-tools");
            // Past the capture of a test's output.
            let _ = writeln!(
                std::io::stderr(),
                "\n*** PostgreSQL is not installed: its tests DID NOT RUN. \
                 scripts/setup-test-tools installs it. ***\n"
            );
            return None;
        };
        let directory = make_directory();
        let data = directory.join("data");
        let made = as_server(&binaries.join("initdb"))
            .args(INITDB)
            .arg("-D")
            .arg(&data)
            .current_dir(&directory)
            .output()
            .expect("initdb");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut settings = fs::OpenOptions::new()
            .append(true)
            .open(data.join("postgresql.conf"))
            .expect("settings");
        settings.write_all(SETTINGS.as_bytes()).expect("settings");
        settings.write_all(prepare(&data).as_bytes()).expect("settings");
        let mut keeper = keeper(&directory);
        for name in SURROUNDINGS {
            keeper.env_remove(name);
        }
        let mut child = keeper
            .args(["-c", KEEPER, "keeper"])
            .args([&directory, &binaries])
            .current_dir(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a keeper");
        let words = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let keeper = Mutex::new(Keeper { words, answers, child });
        let server = Self { directory, binaries, keeper };
        server.resume();
        Some(server)
    }

    /// Stops it in an orderly way; connections are cut.
    pub(crate) fn stop(&self) {
        self.say("stop");
    }

    /// Stops it as a power cut would.
    pub(crate) fn crash(&self) {
        self.say("crash");
    }

    /// Starts it again, and waits until it answers.
    pub(crate) fn resume(&self) {
        self.say("start");
        let began_at = Instant::now();
        while self.run("postgres", "SELECT 1").is_err() {
            assert!(began_at.elapsed() < PATIENCE, "{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A database of its own, as a copy of `template` if there is one.
    pub(crate) fn database(&self, template: Option<&Database<'_>>) -> Database<'_> {
        let template = template.map_or("template1", |template| &template.name);
        self.database_with(&format!("TEMPLATE {template}"))
    }

    /// An empty database on the small disk.
    pub(crate) fn small_database(&self) -> Database<'_> {
        self.database_with("TABLESPACE small")
    }

    fn database_with(&self, options: &str) -> Database<'_> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("book_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} {options}"));
        Database { server: self, name }
    }

    /// The directory of its socket.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Runs SQL, and answers what it prints: a row a line.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        self.run(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn run(&self, database: &str, sql: &str) -> Result<String, String> {
        let done = Command::new(self.binaries.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"])
            .arg(&self.directory)
            .args(["-d", database, "-c", sql])
            .env("PGCONNECT_TIMEOUT", "10")
            .output()
            .expect("psql");
        if done.status.success() {
            Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&done.stderr).into_owned())
        }
    }

    fn say(&self, word: &str) {
        let mut keeper = self.keeper.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        writeln!(keeper.words.as_ref().expect("a pipe"), "{word}").expect("a keeper");
        let mut answer = String::new();
        keeper.answers.read_line(&mut answer).expect("a keeper");
        assert_eq!(answer, "done\n", "{}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }
}

/// A database, dropped at the end.
#[derive(Debug)]
pub(crate) struct Database<'s> {
    server: &'s Server,
    name: String,
}

impl Database<'_> {
    /// Where it is.
    pub(crate) fn url(&self) -> String {
        let directory = self.server.directory.display();
        format!("postgres://postgres@localhost/{}?host={directory}", self.name)
    }

    /// What it is called there.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Runs SQL, and answers what it prints: a row a line.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.server.sql(&self.name, sql)
    }

    /// A copy of it, as soon as nobody is connected to it any more.
    pub(crate) fn copy(&self) -> Self {
        let asked = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = '";
        let (asked, began_at) = (format!("{asked}{}'", self.name), Instant::now());
        while self.server.sql("postgres", &asked) != "0" {
            assert!(began_at.elapsed() < PATIENCE, "somebody stays connected");
            std::thread::sleep(Duration::from_millis(20));
        }
        self.server.database(Some(self))
    }

    /// Cuts every connection to it.
    pub(crate) fn cut(&self) {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '";
        self.server.sql("postgres", &format!("{sql}{}'", self.name));
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // The server may be stopped; then the whole of it goes soon.
        let _ = self.server.run("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// The newest server that is installed.
fn binaries() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").ok()?;
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = installed.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(version)?;
    let binaries = newest.join("bin");
    let whole = ["initdb", "postgres", "psql"].iter().all(|name| binaries.join(name).exists());
    whole.then_some(binaries)
}

/// The user and group that the server runs as, where this is root.
fn server_ids() -> Option<(u32, u32)> {
    let id = |what: &[&str]| {
        let asked = Command::new("id").args(what).output().expect("id");
        String::from_utf8_lossy(&asked.stdout).trim().parse::<u32>().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let ids = (id(&["-u", "postgres"]), id(&["-g", "postgres"]));
    Some((ids.0.expect("a user postgres"), ids.1.expect("a group postgres")))
}

pub(crate) fn as_server(program: &Path) -> Command {
    let mut command = match server_ids() {
        Some((user, group)) => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", &user.to_string(), "--regid", &group.to_string()]);
            command.args(["--clear-groups", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    for name in SURROUNDINGS {
        command.env_remove(name);
    }
    command
}

/// Is there room in memory for the databases of a few tests at once? It spares the disk, which
/// other tests wait for.
fn has_room(place: &Path) -> bool {
    const WANTED_KB: u64 = 2_000_000;
    let asked = Command::new("df").args(["--output=avail", "-k"]).arg(place).output();
    let free = asked.ok().and_then(|asked| {
        let text = String::from_utf8(asked.stdout).ok()?;
        text.lines().nth(1)?.trim().parse::<u64>().ok()
    });
    free.is_some_and(|free| free > WANTED_KB)
}

/// A directory that the server's user owns. Its path is short: a socket's may have 107 bytes.
fn make_directory() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let ids = server_ids();
    let above = match ids {
        _ if has_room(Path::new("/dev/shm")) => PathBuf::from("/dev/shm"),
        // Not every directory for temporary files can be entered by another user.
        Some(_) => PathBuf::from("/tmp"),
        None => std::env::temp_dir(),
    };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let directory = above.join(format!("renewd-pg-{}-{number}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    fs::DirBuilder::new().mode(0o755).create(&directory).expect("a directory");
    if let Some((user, group)) = ids {
        chown(&directory, Some(user), Some(group)).expect("a directory of the server's");
    }
    directory
}
