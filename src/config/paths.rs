//! Where everything lies that is not set otherwise: in the data directory.

use std::path::{Path, PathBuf};

use super::Config;

impl Config {
    /// The control socket.
    #[must_use]
    pub fn socket_path(&self) -> PathBuf {
        self.or_in_data(&self.daemon.socket, "renewd.sock")
    }

    /// The database file.
    #[must_use]
    pub fn db_path(&self) -> PathBuf {
        self.or_in_data(&self.store.path, "renewd.db")
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
    fn everything_lies_in_the_data_directory_unless_it_is_set() {
        let mut config = Config::default();
        config.daemon.data = PathBuf::from("/var/lib/renewd");
        config.store.path = PathBuf::from("/srv/book.db");
        assert_eq!(config.socket_path(), Path::new("/var/lib/renewd/renewd.sock"));
        assert_eq!(config.db_path(), Path::new("/srv/book.db"));
        assert_eq!(config.key_path(), Path::new("/var/lib/renewd/deployment.key"));
        assert_eq!(config.mail_dir(), Path::new("/var/lib/renewd/mail"));
    }
}
