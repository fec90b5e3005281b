//! The demo tells the same story every time, and stays up to be looked at.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::harness::{Home, Ran, mails_in, renewd};

/// A demo that ends after its summary.
fn play(home: &Home) -> Ran {
    let mut command = renewd();
    Ran::of(command.args(["demo", "--exit", "--data"]).arg(home.data()).args(home.store()))
}

/// A demo that stays up, visited with `renewctl` and stopped; what it told.
fn play_and_visit(home: &Home) -> String {
    let mut command = renewd();
    command.args(["demo", "--data"]).arg(home.data()).args(home.store()).stdout(Stdio::piped());
    let mut demo = command.spawn().expect("renewd");
    let mut told = String::new();
    let mut lines = BufReader::new(demo.stdout.take().expect("its output"));
    while !told.ends_with("Stop it with Ctrl-C.\n") {
        assert_ne!(lines.read_line(&mut told).expect("a line"), 0, "it stays up: {told}");
    }
    // It says so before it opens its socket, which is there when renewctl finds somebody.
    while home.renewctl(&["clock", "show"]).code() == 3 {
        std::thread::yield_now();
    }
    for words in [
        &["status"][..],
        &["subscription", "urgent"],
        &["account", "list"],
        &["clock", "advance", "15d"],
    ] {
        let visited = home.renewctl(words).ok();
        assert!(told.contains(&format!("renewctl {}", words.join(" "))), "{visited:?}");
    }
    let id = demo.id().to_string();
    Command::new("kill").args(["-s", "INT", &id]).status().expect("the command kill");
    assert!(demo.wait().expect("an end").success());
    assert!(!home.socket().exists());
    told
}

#[test]
fn the_machine_that_outruns_its_balance_is_a_snapshot() {
    let home = Home::new();
    let mut command = renewd();
    let ran = Ran::of(
        command.args(["demo", "--payg", "--exit", "--data"]).arg(home.data()).args(home.store()),
    )
    .ok();
    insta::assert_snapshot!(ran.out);
    let counted = format!("{:>5}  mails", mails_in(&home.data().join("mail")).len());
    assert!(ran.out.contains(&counted), "{counted}");
    let mut command = renewd();
    let checked =
        Ran::of(command.args(["check", "--data"]).arg(home.data()).args(home.store())).ok();
    assert!(checked.out.contains("0 findings"), "{checked:?}");
}

#[test]
fn the_demo_is_a_snapshot_and_the_same_when_played_again() {
    let (first, second) = (Home::new(), Home::new());
    let (told, stayed) = std::thread::scope(|scope| {
        let stayed = scope.spawn(|| play_and_visit(&second));
        (play(&first).ok().out, stayed.join().expect("a demo"))
    });
    insta::assert_snapshot!(told);
    assert_eq!(
        stayed.split_once("\n\nThe mails lie in").map(|(told, _)| told),
        Some(told.trim_end())
    );
    let counted = format!("{:>5}  mails", mails_in(&first.data().join("mail")).len());
    assert!(told.contains(&counted), "{counted}");
    // What is there is not played over.
    let refused = play(&first).ended(1);
    assert!(refused.err.contains("holds a demo already"), "{refused:?}");
    for home in [&first, &second] {
        let mut command = renewd();
        let checked =
            Ran::of(command.args(["check", "--data"]).arg(home.data()).args(home.store())).ok();
        assert!(checked.out.contains("0 findings"), "{checked:?}");
    }
}
