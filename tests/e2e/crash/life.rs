//! The story told without a death, and each chapter of it told again with one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use renewd::failpoint::Point;
use serde_json::json;

use super::picture::{Names, Picture};
use super::story::{self, BEGINNING, Book, STEPS};
use crate::harness::{Answer, Ask, Daemon, Home, Receiver, mails_in};

/// A step as it went without a death.
struct Chapter {
    name: &'static str,
    /// Where the clock stands when it begins.
    begins: &'static str,
    /// The directory as it is when it begins; none for the first.
    copy: Option<PathBuf>,
    names: Names,
    /// How often each point was passed in it.
    passes: BTreeMap<Point, u64>,
    answers: Vec<(u16, String)>,
    book: Picture,
    mails: Picture,
    hooks: Picture,
}

/// A death: in which chapter, at which point, at which of its passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Death {
    pub(super) chapter: usize,
    pub(super) point: Point,
    pub(super) n: u64,
}

/// The story as it goes without a death.
pub(super) struct Told {
    home: Home,
    chapters: Vec<Chapter>,
}

/// How a chapter went with a death in it.
pub(super) struct Relived {
    /// Did it come to the death?
    pub(super) died: bool,
    /// What is not as it is without it.
    pub(super) differences: Vec<String>,
}

fn configure(home: &Home, receiver: &Receiver) {
    home.configure(&receiver.config());
    home.write("catalogue.toml", &story::catalogue());
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("a file");
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        let name = name.to_string_lossy();
        // What only a process has that runs.
        if [".sock", ".lock", "-shm"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        if entry.file_type().expect("a file").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// Starts a daemon, with something in its environment; none if it was killed before it was ready.
fn start(home: &Home, at: &str, environment: Option<(&str, &str)>) -> Option<Daemon> {
    let mut command = home.renewd("serve");
    command.arg("--catalogue").arg(home.path("catalogue.toml"));
    if let Some((name, value)) = environment {
        command.env(name, value);
    }
    match home.try_start_as(command, &format!("manual:{at}")) {
        Ok(daemon) => Some(daemon),
        Err(ran) if ran.was_killed() => None,
        Err(ran) => panic!("it did not start: {ran:?}"),
    }
}

fn until(instant: &str) -> Ask {
    Ask::post("/v1/clock", &json!({ "to": instant }))
}

fn asks(chapter: usize, daemon: &Daemon, names: &Names) -> Vec<Ask> {
    let Some(step) = chapter.checked_sub(1).map(|step| &STEPS[step]) else { return Vec::new() };
    let accounts = |name: &str| names.account(name);
    (step.asks)(&Book { daemon, accounts: &accounts })
}

/// An answer as it can be compared. What is known by other keys than tokens says how much of it was
/// known already, and so is told apart by what comes of it only.
fn answered(ask: &Ask, answer: &Answer, names: &Names) -> (u16, String) {
    let by_token = ask.has_token();
    (answer.status, if by_token { names.tell(&answer.text) } else { String::new() })
}

impl Told {
    /// Tells the story to its end, and keeps the directory as it is between its steps.
    pub(super) fn new() -> Self {
        let (home, receiver) = (Home::new(), Receiver::start());
        configure(&home, &receiver);
        let passes = home.path("passes");
        let counting = passes.to_str().expect("a path in UTF-8");
        let daemon = start(&home, BEGINNING, Some(("RENEWD_COUNT_PASSES", counting)));
        let daemon = daemon.expect("nothing kills it");
        let (mut chapters, mut names) = (Vec::<Chapter>::new(), Names::default());
        let (mut passed, mut hooked) = (0, 0);
        for number in 0..=STEPS.len() {
            let step = number.checked_sub(1).map(|step| &STEPS[step]);
            let before = names.clone();
            let kept = step.map(|_| {
                let kept = home.path(&format!("before-{number}"));
                copy(&home.data(), &kept);
                kept
            });
            let asks = asks(number, &daemon, &names);
            let answers: Vec<_> = asks.iter().map(|ask| daemon.send(ask)).collect();
            for (ask, answer) in asks.iter().zip(&answers) {
                assert!((200..300).contains(&answer.status), "{ask:?}: {answer:?}");
            }
            if let Some(step) = step {
                daemon.send(&until(step.until)).ok();
            }
            names.learn(&daemon);
            let lines = fs::read_to_string(&passes).expect("the passes");
            let mut in_it = BTreeMap::new();
            for name in lines.lines().skip(passed) {
                let point = Point::ALL.into_iter().find(|point| point.name() == name);
                *in_it.entry(point.expect("a point")).or_insert(0) += 1;
            }
            passed = lines.lines().count();
            // Each chapter ends with a daemon that is stopped, when it is told again.
            in_it.extend([(Point::StoreBeforeClose, 1), (Point::StoreAfterClose, 1)]);
            let sent = daemon.list("/v1/deliveries?channel=webhook&state=sent").len();
            let hooks = receiver.await_hooks(sent.max(hooked));
            let answers = asks.iter().zip(&answers);
            let answers = answers.map(|(ask, answer)| answered(ask, answer, &names)).collect();
            let before_it = chapters.last().map_or(BEGINNING, |_| STEPS[number.max(2) - 2].until);
            chapters.push(Chapter {
                name: step.map_or("a daemon starts", |step| step.name),
                begins: if number < 2 { BEGINNING } else { before_it },
                copy: kept,
                names: before,
                passes: in_it,
                answers,
                book: Picture::of(&daemon, &names),
                mails: Picture::of_mails(&mails_in(&home.data().join("mail")), &names),
                hooks: Picture::of_hooks(&hooks[hooked..], &names).0,
            });
            hooked = hooks.len();
        }
        let home = daemon.stop();
        Self { home, chapters }
    }

    /// Every death that the story can come to.
    pub(super) fn deaths(&self) -> Vec<Death> {
        let mut deaths = Vec::new();
        for (chapter, told) in self.chapters.iter().enumerate() {
            for (point, count) in &told.passes {
                deaths.extend((1..=*count).map(|n| Death { chapter, point: *point, n }));
            }
        }
        deaths
    }

    /// What a chapter is called.
    pub(super) fn name(&self, chapter: usize) -> &'static str {
        self.chapters[chapter].name
    }

    /// The book passes the daemon's own check.
    pub(super) fn is_whole(&self) -> bool {
        self.home.run("check", &[]).out.contains(" 0 findings")
    }

    /// The last chapter.
    pub(super) fn last(&self) -> usize {
        self.chapters.len() - 1
    }

    /// Tells a chapter again with a death in it, and those behind it up to another. What a daemon
    /// did not answer is asked again of the next one, as it was asked.
    pub(super) fn relive(&self, death: Death, last: usize) -> Relived {
        let chapter = &self.chapters[death.chapter];
        let (home, receiver) = (Home::new(), Receiver::start());
        configure(&home, &receiver);
        if let Some(kept) = &chapter.copy {
            copy(kept, &home.data());
        }
        let mut life = Life {
            home: &home,
            at: chapter.begins,
            death: Some(format!("{}:{}", death.point.name(), death.n)),
            died: false,
        };
        let mut names = chapter.names.clone();
        let mut daemon = life.start();
        let mut differences = Vec::new();
        let mut hooks_right = Picture::default();
        for (number, chapter) in self.chapters.iter().enumerate().take(last + 1) {
            if number < death.chapter {
                continue;
            }
            life.at = chapter.begins;
            let asks = asks(number, &daemon, &names);
            let answers: Vec<_> = asks.iter().map(|ask| life.insist(&mut daemon, ask)).collect();
            if let Some(step) = number.checked_sub(1).map(|step| &STEPS[step]) {
                life.insist(&mut daemon, &until(step.until)).ok();
                life.at = step.until;
            }
            names.learn(&daemon);
            for ((ask, answer), told) in asks.iter().zip(&answers).zip(&chapter.answers) {
                let answer = answered(ask, answer, &names);
                if answer != *told {
                    differences.push(format!("{ask:?} was answered {answer:?}, not {told:?}"));
                }
            }
            hooks_right.and(&chapter.hooks);
        }
        let chapter = &self.chapters[last];
        let mut book = Picture::of(&daemon, &names);
        if daemon.stop_or_find_killed() {
            life.died = true;
            let daemon = life.start();
            book = Picture::of(&daemon, &names);
            daemon.stop();
        }
        differences.extend(book.differences(&chapter.book));
        let mails = mails_in(&home.data().join("mail"));
        differences.extend(Picture::of_mails(&mails, &names).differences(&chapter.mails));
        differences.extend(unfinished(&home.data()));
        differences.extend(hooks(&receiver, &names, &hooks_right, life.died));
        let checked = home.run("check", &[]);
        if checked.code() != 0 {
            differences.push(format!("the check: {checked:?}"));
        }
        Relived { died: life.died, differences }
    }
}

/// What webhooks were not as they should be: each is sent, and at most once more after a death.
fn hooks(receiver: &Receiver, names: &Names, right: &Picture, died: bool) -> Vec<String> {
    // It is kept a moment after it is answered.
    receiver.await_hooks(right.count());
    let most = if died { 2 } else { 1 };
    let (seen, counts) = Picture::of_hooks(&receiver.hooks(), names);
    let mut differences = seen.differences(right);
    let more = counts.into_iter().filter(|(_, count)| *count > most);
    differences.extend(more.map(|(at, count)| format!("{at}: came {count} times")));
    differences
}

/// Files that nobody wrote to their end.
fn unfinished(data: &Path) -> Vec<String> {
    let mut left = Vec::new();
    for directory in [data.to_owned(), data.join("mail")] {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || name.contains(".new-") {
                left.push(format!("{name} is left"));
            }
        }
    }
    left
}

/// A daemon that dies once, and is started again.
struct Life<'a> {
    home: &'a Home,
    at: &'a str,
    death: Option<String>,
    died: bool,
}

impl Life<'_> {
    fn start(&mut self) -> Daemon {
        if let Some(death) = self.death.take() {
            if let Some(daemon) = start(self.home, self.at, Some(("RENEWD_DIE_AT", &death))) {
                return daemon;
            }
            self.died = true;
        }
        start(self.home, self.at, None).expect("it dies once")
    }

    /// Asks until it is answered.
    fn insist(&mut self, daemon: &mut Daemon, ask: &Ask) -> Answer {
        if let Some(answer) = ask.try_send(&self.home.socket()) {
            return answer;
        }
        assert!(!self.died, "nobody answers {ask:?}");
        daemon.await_kill();
        self.died = true;
        *daemon = self.start();
        daemon.send(ask)
    }
}
