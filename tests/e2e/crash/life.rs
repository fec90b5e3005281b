//! The story told without a death, and each chapter of it told again with one or more.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::iter;
use std::path::Path;

use renewd::failpoint::Point;
use serde_json::json;

use super::kept::Kept;
use super::picture::{Names, Picture};
use super::story::{self, BEGINNING, Book, STEPS};
use crate::harness::{Answer, Ask, Daemon, Home, Receiver, mails_in};

/// A step as it went without a death.
struct Chapter {
    name: &'static str,
    /// Where the clock stands when it begins.
    begins: &'static str,
    answers: Vec<(u16, String)>,
    book: Picture,
    mails: Picture,
    hooks: Picture,
    /// What it begins with when it is told again: of a life in which the daemon was killed behind
    /// each chapter.
    before: Before,
}

#[derive(Default)]
struct Before {
    /// None for the first.
    kept: Option<Kept>,
    names: Names,
    /// How often each point is then passed.
    passes: BTreeMap<Point, u64>,
}

/// A death: in which chapter, at which point, at which of its passes, and what comes then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Death {
    pub(super) chapter: usize,
    pub(super) point: Point,
    pub(super) n: u64,
    pub(super) then: Then,
}

/// What becomes of the daemons that are started behind a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Then {
    /// The next one lives.
    Lives,
    /// The next one dies, too, at this pass of whatever point; the one behind it lives.
    DiesAt(u64),
    /// They die at their first pass, at their second, and so on until the chapter is told.
    DieOnAndOn,
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.chapter, self.point.name(), self.n)?;
        match self.then {
            Then::Lives => Ok(()),
            Then::DiesAt(n) => write!(f, "+{n}"),
            Then::DieOnAndOn => f.write_str("+on"),
        }
    }
}

impl Death {
    /// Where one daemon after the other dies, as their environment says it.
    fn each(self) -> Box<dyn Iterator<Item = String>> {
        let first = iter::once(format!("{}:{}", self.point.name(), self.n));
        match self.then {
            Then::Lives => Box::new(first),
            Then::DiesAt(n) => Box::new(first.chain(iter::once(format!("any:{n}")))),
            Then::DieOnAndOn => Box::new(first.chain((1..).map(|n| format!("any:{n}")))),
        }
    }
}

/// The story as it goes without a death.
pub(super) struct Told {
    home: Home,
    /// Where it is kept what chapters begin with.
    _shelf: Home,
    chapters: Vec<Chapter>,
}

/// How a chapter went with deaths in it.
pub(super) struct Relived {
    /// How many deaths it came to.
    pub(super) death_count: usize,
    /// What is not as it is without them.
    pub(super) differences: Vec<String>,
}

/// However long the receiver is kept from answering, a webhook is not tried twice for that.
fn configure(home: &Home, receiver: &Receiver) {
    home.configure(&format!("outbox.timeout = \"10m\"\n{}", receiver.config()));
    home.write("catalogue.toml", &story::catalogue());
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

/// Tells a chapter, in which nobody dies; what was answered.
fn tell(number: usize, daemon: &Daemon, names: &mut Names) -> Vec<(u16, String)> {
    let asks = asks(number, daemon, names);
    let answers: Vec<_> = asks.iter().map(|ask| daemon.send(ask)).collect();
    for (ask, answer) in asks.iter().zip(&answers) {
        assert!((200..300).contains(&answer.status), "{ask:?}: {answer:?}");
    }
    if let Some(step) = number.checked_sub(1).map(|step| &STEPS[step]) {
        daemon.send(&until(step.until)).ok();
    }
    names.learn(daemon);
    let answers = asks.iter().zip(&answers);
    answers.map(|(ask, answer)| answered(ask, answer, names)).collect()
}

/// An answer as it can be compared. What is known by other keys than tokens says how much of it was
/// known already, and so is told apart by what comes of it only.
fn answered(ask: &Ask, answer: &Answer, names: &Names) -> (u16, String) {
    let by_token = ask.has_token();
    (answer.status, if by_token { names.tell(&answer.text) } else { String::new() })
}

/// How often each point was passed, from the lines of a file.
fn passes(file: &Path) -> BTreeMap<Point, u64> {
    let mut passes = BTreeMap::new();
    for name in fs::read_to_string(file).expect("the passes").lines() {
        let point = Point::ALL.into_iter().find(|point| point.name() == name);
        *passes.entry(point.expect("a point")).or_insert(0) += 1;
    }
    passes
}

impl Told {
    /// Tells the story to its end by one daemon. Then it is told again, by a daemon for each chapter
    /// that is killed behind it: what that leaves is kept, and what is not as before is found.
    pub(super) fn new() -> (Self, Vec<String>) {
        let (home, receiver) = (Home::bare(), Receiver::start());
        configure(&home, &receiver);
        let daemon = start(&home, BEGINNING, None).expect("nothing kills it");
        let (mut chapters, mut names, mut hooked) = (Vec::new(), Names::default(), 0);
        let mut begins = BEGINNING;
        for number in 0..=STEPS.len() {
            let step = number.checked_sub(1).map(|step| &STEPS[step]);
            let answers = tell(number, &daemon, &mut names);
            let sent = daemon.list("/v1/deliveries?channel=webhook&state=sent").len();
            let hooks = receiver.await_hooks(sent.max(hooked));
            chapters.push(Chapter {
                name: step.map_or("a daemon starts", |step| step.name),
                begins,
                answers,
                book: Picture::of(&daemon, &names),
                mails: Picture::of_mails(&mails_in(&home.data().join("mail")), &names),
                hooks: Picture::of_hooks(&hooks[hooked..], &names).0,
                before: Before::default(),
            });
            begins = step.map_or(BEGINNING, |step| step.until);
            hooked = hooks.len();
        }
        let home = daemon.stop();
        let shelf = Home::bare();
        let mut told = Self { home, _shelf: shelf.clone(), chapters };
        let differences = told.keep(&shelf);
        (told, differences)
    }

    fn keep(&mut self, home: &Home) -> Vec<String> {
        let receiver = Receiver::start();
        configure(home, &receiver);
        let (mut names, mut differences) = (Names::default(), Vec::new());
        let mut hooks_right = Picture::default();
        for (number, chapter) in self.chapters.iter_mut().enumerate() {
            let kept = home.path(&format!("before-{number}"));
            chapter.before.kept = (number > 0).then(|| Kept::of(home, kept));
            chapter.before.names = names.clone();
            let counted = home.path(&format!("passes-{number}"));
            let counting = counted.to_str().expect("a path in UTF-8");
            let daemon = start(home, chapter.begins, Some(("RENEWD_COUNT_PASSES", counting)));
            let daemon = daemon.expect("nothing kills it");
            let answers = tell(number, &daemon, &mut names);
            if answers != chapter.answers {
                differences.push(format!("{}: answered {answers:?}", chapter.name));
            }
            let found = Picture::of(&daemon, &names).differences(&chapter.book);
            differences.extend(found.iter().map(|found| format!("{}: {found}", chapter.name)));
            chapter.before.passes = passes(&counted);
            // When it is told again, it ends with a daemon that is stopped.
            let closed = [(Point::StoreBeforeClose, 1), (Point::StoreAfterClose, 1)];
            chapter.before.passes.extend(closed);
            hooks_right.and(&chapter.hooks);
            daemon.kill();
        }
        let mails = Picture::of_mails(&mails_in(&home.data().join("mail")), &names);
        differences.extend(mails.differences(&self.chapters[self.last()].mails));
        differences.extend(hooks(&receiver, &names, &hooks_right, 0));
        differences
    }

    /// Every death that the story can come to, behind which the next daemon lives.
    pub(super) fn deaths(&self) -> Vec<Death> {
        let mut deaths = Vec::new();
        for (chapter, told) in self.chapters.iter().enumerate() {
            for (point, count) in &told.before.passes {
                let death = |n| Death { chapter, point: *point, n, then: Then::Lives };
                deaths.extend((1..=*count).map(death));
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

    /// Tells a chapter again with deaths in it, and those behind it up to another. What a daemon did
    /// not answer is asked again of the next one, as it was asked.
    pub(super) fn relive(&self, death: Death, last: usize) -> Relived {
        let chapter = &self.chapters[death.chapter];
        let receiver = Receiver::start();
        let home = chapter.before.kept.as_ref().map_or_else(Home::bare, Kept::home);
        configure(&home, &receiver);
        let mut life = Life::new(&home, chapter.begins, death);
        let mut names = chapter.before.names.clone();
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
        while daemon.stop_or_find_killed() {
            life.death_count += 1;
            daemon = life.start();
            book = Picture::of(&daemon, &names);
        }
        differences.extend(book.differences(&chapter.book));
        let mails = mails_in(&home.data().join("mail"));
        differences.extend(Picture::of_mails(&mails, &names).differences(&chapter.mails));
        differences.extend(unfinished(&home.data()));
        differences.extend(hooks(&receiver, &names, &hooks_right, life.death_count));
        let checked = home.run("check", &[]);
        if checked.code() != 0 {
            differences.push(format!("the check: {checked:?}"));
        }
        Relived { death_count: life.death_count, differences }
    }
}

/// What webhooks were not as they should be: each is sent, and at most once more for each death.
fn hooks(receiver: &Receiver, names: &Names, right: &Picture, deaths: usize) -> Vec<String> {
    // It is kept a moment after it is answered.
    receiver.await_hooks(right.count());
    let (seen, counts) = Picture::of_hooks(&receiver.hooks(), names);
    let mut differences = seen.differences(right);
    let more = counts.into_iter().filter(|(_, count)| *count > 1 + deaths);
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

/// A daemon that dies, and is started again.
struct Life<'a> {
    home: &'a Home,
    at: &'a str,
    deaths: Box<dyn Iterator<Item = String>>,
    /// Is the one that runs to die?
    is_doomed: bool,
    death_count: usize,
}

impl<'a> Life<'a> {
    fn new(home: &'a Home, at: &'a str, death: Death) -> Self {
        Self { home, at, deaths: death.each(), is_doomed: false, death_count: 0 }
    }

    fn start(&mut self) -> Daemon {
        loop {
            let death = self.deaths.next();
            self.is_doomed = death.is_some();
            let environment = death.as_deref().map(|death| ("RENEWD_DIE_AT", death));
            if let Some(daemon) = start(self.home, self.at, environment) {
                return daemon;
            }
            assert!(self.is_doomed, "nothing kills it");
            self.death_count += 1;
        }
    }

    /// Asks until it is answered.
    fn insist(&mut self, daemon: &mut Daemon, ask: &Ask) -> Answer {
        loop {
            if let Some(answer) = ask.try_send(&self.home.socket()) {
                return answer;
            }
            assert!(self.is_doomed, "nobody answers {ask:?}");
            daemon.await_kill();
            self.death_count += 1;
            *daemon = self.start();
        }
    }
}
