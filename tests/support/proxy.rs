//! A way to the server that breaks on request, at the one moment that matters.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::server::{Database, Server};

/// Where the way breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never hears of the commit.
    BeforeCommit,
    /// The server commits, and its answer is lost.
    BehindCommit,
}

type Wish = Arc<Mutex<Option<Cut>>>;

/// A way to a server.
pub(crate) struct Proxy {
    directory: PathBuf,
    wish: Wish,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Proxy {
    pub(crate) fn before(server: &Server) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("renewd-way-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).expect("a directory");
        let wish = Wish::default();
        let socket = server.directory().join(".s.PGSQL.5432");
        let listener = UnixListener::bind(directory.join(".s.PGSQL.5432")).expect("a socket");
        let wished = Arc::clone(&wish);
        // It ends with the process: nobody asks it any more.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                join(client, &socket, &wished);
            }
        });
        Self { directory, wish }
    }

    /// The way breaks at the next commit.
    pub(crate) fn cut_at_next(&self, cut: Cut) {
        *self.wish.lock().expect("a wish") = Some(cut);
    }

    pub(crate) fn url(&self, database: &Database<'_>) -> String {
        let url = database.url();
        let (place, _) = url.split_once('?').expect("a place");
        format!("{place}?host={}", self.directory.display())
    }
}

fn join(client: UnixStream, socket: &PathBuf, wish: &Wish) {
    let server = UnixStream::connect(socket).expect("a server");
    // What the server says next is swallowed, and then both ends are cut.
    let is_doomed = Arc::new(Mutex::new(false));
    let ends = || {
        let ends = (client.try_clone(), server.try_clone());
        (ends.0.expect("an end"), ends.1.expect("an end"))
    };
    let ((mut from, mut to), wish, doom) = (ends(), Arc::clone(wish), Arc::clone(&is_doomed));
    thread::spawn(move || {
        let mut bytes = [0; 8_192];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let said = &bytes[..count];
            if said.windows(7).any(|word| word == b"COMMIT\0") {
                match wish.lock().expect("a wish").take() {
                    Some(Cut::BeforeCommit) => break,
                    Some(Cut::BehindCommit) => *doom.lock().expect("a doom") = true,
                    None => {}
                }
            }
            if to.write_all(said).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
    let (mut to, mut from) = (client, server);
    thread::spawn(move || {
        let mut bytes = [0; 8_192];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            if *is_doomed.lock().expect("a doom") || to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}
