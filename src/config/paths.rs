//! Where everything lies that is not set otherwise: in the data directory.

use std::path::{Path, PathBuf};

use serde::Serializer;

use super::Config;

/// Where the book is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Book {
    /// In this file.
    File(PathBuf),
    /// In the database at this URL.
    Server(String),
}

impl Book {
    /// Reads `postgres://…`, `sqlite:` and a path. None for anything else.
    #[must_use]
    pub fn at(url: &str) -> Option<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return (!path.is_empty()).then(|| Self::File(PathBuf::from(path)));
        }
        let is_server = ["postgres://", "postgresql://"].iter().any(|way| url.starts_with(way));
        is_server.then(|| Self::Server(url.to_owned()))
    }
}

/// Writes a URL as it may be shown: a password in it is stars.
pub(super) fn without_password<S: Serializer>(url: &str, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&starred(url))
}

fn starred(url: &str) -> String {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let hidden = place.split_once("://").and_then(|(scheme, rest)| {
        let (user, host) = rest.rsplit_once('@')?;
        let (name, _) = user.split_once(':')?;
        Some(format!("{scheme}://{name}:***@{host}"))
    });
    let star = |pair: &str| match pair.split_once('=') {
        Some(("password", _)) => "password=***".to_owned(),
        Some(_) | None => pair.to_owned(),
    };
    let query: Vec<_> = query.split('&').map(star).collect();
    let mark = if url.contains('?') { "?" } else { "" };
    format!("{}{mark}{}", hidden.unwrap_or_else(|| place.to_owned()), query.join("&"))
}

impl Config {
    /// The control socket.
    #[must_use]
    pub fn socket_path(&self) -> PathBuf {
        self.or_in_data(&self.daemon.socket, "renewd.sock")
    }

    /// Where the book is kept.
    #[must_use]
    pub fn book(&self) -> Book {
        let file = || Book::File(self.or_in_data(&self.store.path, "renewd.db"));
        Book::at(&self.store.url).unwrap_or_else(file)
    }

    /// The key that account keys are wrapped under.
    #[must_use]
    pub fn key_path(&self) -> PathBuf {
        self.or_in_data(&self.daemon.key, "deployment.key")
    }

    /// The directory of `.eml` files.
    #[must_use]
    pub fn mail_dir(&self) -> PathBuf {
        self.or_in_data(&self.mail.directory, "mail")
    }

    fn or_in_data(&self, set: &Path, name: &str) -> PathBuf {
        if set.as_os_str().is_empty() { self.daemon.data.join(name) } else { set.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_is_in_a_file_or_on_a_server() {
        let mut config = Config::default();
        assert_eq!(config.book(), Book::File("renewd-data/renewd.db".into()));
        config.store.url = "sqlite:/srv/book.db".to_owned();
        assert_eq!(config.book(), Book::File("/srv/book.db".into()));
        config.store.url = "postgres://renewd@db.internal/book".to_owned();
        assert_eq!(config.book(), Book::Server(config.store.url.clone()));
        for wrong in ["", "sqlite:", "mysql://a/b", "/srv/book.db"] {
            assert_eq!(Book::at(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        let shown = [
            ("", ""),
            ("sqlite:/srv/book.db", "sqlite:/srv/book.db"),
            (
                "postgres://renewd@db/book?sslmode=require",
                "postgres://renewd@db/book?sslmode=require",
            ),
            ("postgres://renewd:s3cr@t@db/book", "postgres://renewd:***@db/book"),
            (
                "postgres://db/book?user=a&password=b&port=1",
                "postgres://db/book?user=a&password=***&port=1",
            ),
        ];
        for (url, expected) in shown {
            assert_eq!(starred(url), expected);
        }
        let mut config = Config::default();
        config.store.url = "postgres://renewd:s3cret@db/book".to_owned();
        let text = serde_json::to_string(&config).expect("JSON");
        assert!(text.contains("renewd:***@db") && !text.contains("s3cret"), "{text}");
    }

    #[test]
    fn everything_lies_in_the_data_directory_unless_it_is_set() {
        let mut config = Config::default();
        config.daemon.data = PathBuf::from("/var/lib/renewd");
        config.store.path = PathBuf::from("/srv/book.db");
        assert_eq!(config.socket_path(), Path::new("/var/lib/renewd/renewd.sock"));
        assert_eq!(config.book(), Book::File("/srv/book.db".into()));
        assert_eq!(config.key_path(), Path::new("/var/lib/renewd/deployment.key"));
        assert_eq!(config.mail_dir(), Path::new("/var/lib/renewd/mail"));
    }
}
