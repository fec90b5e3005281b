//! House rules as tests: imports point down, every third-party crate has one home, no file grows
//! into a drawer.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of the house by floor. A room may use rooms of lower floors only; rooms of one floor
/// are strangers.
const FLOORS: &[&[&str]] = &[
    &["domain", "failpoint"],
    &["catalogue", "clock", "config", "documents", "store"],
    &["actors"],
    &["admin", "outbox", "scheduler"],
    &["eraser"],
    &["stepper"],
    &["app", "check"],
    &["serve"],
    &["bench", "demo"],
];

/// Where a third-party crate may be named. What is not listed is free (serde, chrono, tracing,
/// thiserror and their like).
const HOMES: &[(&str, &[&str])] = &[
    ("actix", &["src/actors/", "src/scheduler/", "src/outbox/sender.rs", "src/eraser.rs"]),
    ("actix_rt", &["src/app.rs", "src/main.rs", "src/bench/", "src/serve.rs", "src/admin/"]),
    ("actix_web", &["src/admin/"]),
    (
        "anyhow",
        &["src/main.rs", "src/app.rs", "src/serve.rs", "src/demo/", "src/bench/", "src/bin/"],
    ),
    ("clap", &["src/main.rs", "src/bin/", "src/bench/arguments.rs"]),
    ("clap_complete", &["src/bin/"]),
    ("clap_mangen", &["src/bin/"]),
    ("comfy_table", &["src/bin/"]),
    ("cron", &["src/scheduler/cron.rs"]),
    ("figment", &["src/config/"]),
    ("indicatif", &["src/main.rs", "src/bin/", "src/bench/arguments.rs"]),
    ("iso_currency", &["src/domain/money.rs"]),
    ("lettre", &["src/outbox/mailer.rs"]),
    ("minijinja", &["src/outbox/"]),
    ("miniz_oxide", &["src/documents/sheet.rs", "src/documents/tests/"]),
    ("pdf_writer", &["src/documents/sheet.rs"]),
    ("reqwest", &["src/outbox/webhooks.rs", "src/bin/"]),
    ("ring", &["src/store/"]),
    ("rusqlite", &["src/bench/"]),
    ("rustix", &["src/failpoint/armed.rs"]),
    ("rustls", &["src/outbox/webhooks.rs", "src/bin/", "src/main.rs"]),
    ("sqlx", &["src/store/postgres/", "src/store/sqlite/", "src/bench/server.rs"]),
    ("standardwebhooks", &["src/outbox/webhooks.rs"]),
    ("subsetter", &["src/documents/fonts.rs"]),
    ("tracing_subscriber", &["src/main.rs"]),
    ("ttf_parser", &["src/documents/fonts.rs"]),
    ("utoipa", &["src/admin/"]),
    ("utoipa_actix_web", &["src/admin/"]),
];

/// Lines a file may have before it is no longer one room, tests included.
const LINES_MAX: usize = 700;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(&root().join("src"), &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("readable source");
            let name = path.strip_prefix(root()).expect("below the root");
            (name.to_string_lossy().into_owned(), text)
        })
        .collect()
}

/// The code without its comments, so that words in prose are no imports.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn room_of(file: &str) -> &str {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
}

/// The names that follow `crate::` in a text, nested imports included.
fn rooms_used(code: &str) -> BTreeSet<String> {
    let name = |rest: &str| {
        rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
    };
    let mut rooms = BTreeSet::new();
    for (place, _) in code.match_indices("crate::") {
        let before = code[..place].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[place + "crate::".len()..];
        if let Some(nested) = rest.strip_prefix('{') {
            rooms.extend(nested.split('}').next().unwrap_or("").split(',').map(|n| name(n.trim())));
        } else {
            rooms.insert(name(rest));
        }
    }
    rooms.remove("");
    rooms
}

#[test]
fn imports_point_down() {
    let floor_of: BTreeMap<&str, usize> = FLOORS
        .iter()
        .enumerate()
        .flat_map(|(floor, rooms)| rooms.iter().map(move |room| (*room, floor)))
        .collect();
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let room = room_of(&file);
        if ["lib", "main", "bin"].contains(&room) {
            continue;
        }
        let Some(floor) = floor_of.get(room) else {
            wrong.push(format!("{file}: the room {room:?} is on no floor"));
            continue;
        };
        for used in rooms_used(&code(&text)) {
            match floor_of.get(used.as_str()) {
                Some(below) if below < floor || used == room => {}
                _ => wrong.push(format!("{file} uses {used:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn renewctl_sees_only_the_wire() {
    for (file, text) in sources() {
        if !file.starts_with("src/bin/renewctl") {
            continue;
        }
        for (place, _) in code(&text).match_indices("renewd::") {
            let rest = &code(&text)[place..];
            assert!(
                rest.starts_with("renewd::admin::wire"),
                "{file}: {}",
                &rest[..40.min(rest.len())]
            );
        }
    }
}

#[test]
fn a_third_party_crate_has_one_home() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        // A test may dress up as the outside world.
        let code = code(&text);
        let code = code.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
        for (name, homes) in HOMES {
            let used = code.match_indices(&format!("{name}::")).any(|(place, _)| {
                let before = code[..place].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
            });
            if used && !homes.iter().any(|home| file.starts_with(home)) {
                wrong.push(format!("{file} uses {name}, whose home is {homes:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_is_pure() {
    let forbidden = [
        "Utc::now",
        "Local::now",
        "SystemTime",
        "Instant::now",
        "std::fs",
        "std::net",
        "std::env",
        "tokio::",
        "HashMap",
        "HashSet",
        "f32",
        "f64",
        "thread::",
        "async fn",
    ];
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        if !file.starts_with("src/domain/") {
            continue;
        }
        let code = code(&text);
        let code = code.split("#[cfg(test)]").next().unwrap_or("");
        for word in forbidden {
            if code.contains(word) {
                wrong.push(format!("{file} says {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A release build has nothing that reads the environment to kill itself.
#[test]
fn fail_points_are_in_no_release_build() {
    let room = fs::read_to_string(root().join("src/failpoint/mod.rs")).expect("fail points");
    let guarded = |line: &str| format!("#[cfg(debug_assertions)]\n{line}\n");
    for line in ["mod armed;", "    armed::pass(point);"] {
        assert_eq!(room.matches(line).count(), 1, "{line}");
        assert!(room.contains(&guarded(line)), "{line} is not behind debug assertions");
    }
    for (file, text) in sources() {
        let is_armed = file == "src/failpoint/armed.rs";
        for word in ["RENEWD_DIE_AT", "RENEWD_COUNT_PASSES", "rustix::", "armed::"] {
            let is_guard = file == "src/failpoint/mod.rs" && word == "armed::";
            assert!(is_armed || is_guard || !code(&text).contains(word), "{file} says {word}");
        }
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let release = manifest.split("\n[").find(|section| section.starts_with("profile.release]"));
    assert!(!release.expect("a profile").contains("debug-assertions"), "the profile has them");
}

#[test]
fn no_file_is_a_drawer() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(file, text)| (file, text.lines().count()))
        // Tables of cases may be longer: nobody reads them from end to end.
        .filter(|(file, lines)| *lines > LINES_MAX && !file.contains("/tests/"))
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn nothing_is_left_half_done() {
    let marks = ["todo!(", "unimplemented!(", "dbg!(", "FIXME", "#[ignore", "#[allow("];
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        for mark in marks {
            if text.contains(mark) {
                wrong.push(format!("{file} says {mark}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn migrations_are_numbered_alike_in_every_dialect() {
    let mut dialects = BTreeMap::new();
    for dialect in fs::read_dir(root().join("migrations")).expect("migrations") {
        let folder = dialect.expect("a dialect").path();
        let names: BTreeSet<_> = fs::read_dir(&folder)
            .expect("a dialect's folder")
            .map(|entry| entry.expect("a migration").file_name().to_string_lossy().into_owned())
            .collect();
        dialects.insert(folder, names);
    }
    let mut all = dialects.values();
    let first = all.next().expect("at least one dialect");
    assert!(!first.is_empty(), "there is a first migration");
    assert!(all.all(|names| names == first), "{dialects:?}");
}

#[test]
fn dependencies_stand_in_order() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let names: Vec<&str> = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" =").map(|(name, _)| name))
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(names, sorted);
}
