//! The demo tells the same story every time.

use crate::harness::{Home, Ran, mails_in, renewd};

fn play(home: &Home) -> Ran {
    let mut command = renewd();
    Ran::of(command.args(["demo", "--exit", "--data"]).arg(home.data())).ok()
}

#[test]
fn the_demo_is_a_snapshot_and_the_same_when_played_again() {
    let (first, second) = (Home::new(), Home::new());
    let (told, again) = std::thread::scope(|scope| {
        let again = scope.spawn(|| play(&second));
        (play(&first), again.join().expect("a demo"))
    });
    assert_eq!(told.out, again.out);
    insta::assert_snapshot!(told.out);
    let mails = mails_in(&first.data().join("mail"));
    let counted = format!("{:>5}  mails", mails.len());
    assert!(told.out.contains(&counted), "{counted}: {}", told.out);
    assert!(!first.socket().exists());
    // What is there is not played over.
    let mut command = renewd();
    let refused = Ran::of(command.args(["demo", "--exit", "--data"]).arg(first.data())).ended(1);
    assert!(refused.err.contains("holds a demo already"), "{refused:?}");
    let mut command = renewd();
    let checked = Ran::of(command.args(["check", "--data"]).arg(first.data())).ok();
    assert!(checked.out.contains("0 findings"), "{checked:?}");
}
