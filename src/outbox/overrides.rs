//! Templates of an operator's own, right and wrong.

use std::path::{Path, PathBuf};

use super::OutboxError;
use super::fake::about;
use super::letters::page;
use super::templates::Templates;
use crate::config::Mail;
use crate::domain::effects::{About, Template};

/// A directory of an operator's templates, gone when dropped.
struct Overrides(PathBuf);

impl Overrides {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let root = std::env::temp_dir().join(format!("renewd-{name}-{}", std::process::id()));
        for (file, source) in files {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, source).expect("a file");
        }
        Self(root)
    }

    fn load(&self) -> Result<Templates, OutboxError> {
        let templates: &Path = &self.0;
        Templates::load(&Mail { templates: templates.to_owned(), ..Mail::default() })
    }
}

impl Drop for Overrides {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_override_wins_and_may_add_a_language() {
    let files = [
        ("en/renewed.txt", "Subject: Thanks, {{ name }}\n\n{% include \"_terms.txt\" %}\n"),
        ("en/_terms.txt", "Paid: {{ amount|money }}\n"),
        ("fr/topped_up.txt", "Subject: Merci\n\nReçu: {{ amount|money }}, le {{ at|day }}\n"),
        ("en/released.html", "<p>{{ item }} & gone</p>"),
    ];
    let overrides = Overrides::new("wins", &files);
    let templates = overrides.load().expect("templates");
    assert_eq!(templates.check(), []);
    assert_eq!(templates.languages().into_iter().collect::<Vec<_>>(), ["de", "en", "fr"]);

    let renewed = page(&templates, Template::Renewed, &about());
    assert_eq!(renewed.subject, "Thanks, Ada");
    assert!(renewed.text.contains("Paid: 59.50 USD"), "{}", renewed.text);
    let french = About { language: "fr-CA".into(), ..about() };
    let topped_up = page(&templates, Template::ToppedUp, &french);
    assert!(topped_up.text.contains("Reçu: 59.50 USD, le 5 March 2026"), "{}", topped_up.text);
    assert_eq!(page(&templates, Template::Expired, &french).language, "en");
    let released = page(&templates, Template::Released, &about());
    assert_eq!(released.html, "<p>Virtual server small (web-1) & gone</p>");
}

#[test]
fn wrong_overrides_are_found_before_a_customer_does() {
    let files = [
        ("en/renewed.txt", "Subject: {{ nope }}\n\nHello\n"),
        ("en/expired.txt", "No subject\n"),
        ("en/suspended.txt", "Subject: Stopped\n\n{% if %}\n"),
        ("en/released.txt", "Subject: Released\n\n{{ due_at|money }}\n"),
        ("en/activated.txt", "Subject: Active\n\nMind the {{ count }}\n"),
        ("de/renewd.txt", "Subject: Misspelt\n"),
        ("de/words.json", "{}"),
        ("de/.expired.txt.swp", "left behind by an editor"),
    ];
    let overrides = Overrides::new("wrong", &files);
    let problems = overrides.load().expect("templates").check();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @r##"
    de/renewd.txt: no mail has this name; files to be included begin with _
    de/words.json: missing field `months` at line 1 column 2
    en/activated.txt: a sentence prints a value that is absent
    en/expired.txt: the first line is not `Subject: …`
    en/released.txt: line 3: 2026-03-01T08:00:00Z is nothing that the filter money can write
    en/renewed.txt: line 1: `nope` is undefined
    en/suspended.txt: line 3: unexpected end of block
    en/suspended.txt: template "en/suspended.txt" does not exist
    "##);
}
