//! The server: a Unix socket that only its user and group can open, and whose peers are known.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig};

use super::auth::{self, Access};
use super::{Admin, routes};

/// The socket's mode: its user and its group may speak.
const MODE: u32 = 0o660;
/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long requests may still take once the server is told to stop, in seconds.
const STOP_SECONDS: u64 = 10;
/// Threads that serve; the accounts have their own.
const WORKERS: usize = 1;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// A daemon answers there.
    #[error("a daemon answers at {} already", path.display())]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// Something else than a socket is there.
    #[error("{} is no socket; it is left alone", path.display())]
    NotASocket {
        /// What is there.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("no socket at {}", path.display())]
    Refused {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A socket that is listened on. It goes with whoever listens: a daemon that does not come up
/// leaves none behind.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    place: Place,
    uid: u32,
}

/// The file of a socket, removed when dropped if it is still the one that was made.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    file: (u64, u64),
}

impl Drop for Place {
    fn drop(&mut self) {
        let there = fs::symlink_metadata(&self.path);
        if there.is_ok_and(|now| (now.dev(), now.ino()) == self.file)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(socket = %self.path.display(), %error, "the socket stays behind");
        }
    }
}

impl Socket {
    /// Binds it. A socket that nobody answers at any more is removed first.
    pub fn bind(path: &Path) -> Result<Self, BindError> {
        let refused = |source| BindError::Refused { path: path.to_owned(), source };
        match fs::symlink_metadata(path) {
            Ok(there) if !there.file_type().is_socket() => {
                return Err(BindError::NotASocket { path: path.to_owned() });
            }
            Ok(_) if UnixStream::connect(path).is_ok() => {
                return Err(BindError::InUse { path: path.to_owned() });
            }
            Ok(_) => fs::remove_file(path).map_err(refused)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused(error)),
        }
        let listener = UnixListener::bind(path).map_err(refused)?;
        fs::set_permissions(path, fs::Permissions::from_mode(MODE)).map_err(refused)?;
        let ours = fs::symlink_metadata(path).map_err(refused)?;
        let place = Place { path: path.to_owned(), file: (ours.dev(), ours.ino()) };
        Ok(Self { listener, place, uid: ours.uid() })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.place.path
    }
}

/// The server of the control socket.
pub struct Server {
    running: actix_web::dev::Server,
    place: Place,
}

/// Stops a server from elsewhere.
#[derive(Debug, Clone)]
pub struct Stopper(ServerHandle);

impl Stopper {
    /// Takes no more connections, lets what is under way come to its end, and is back when
    /// nothing is left of it.
    pub async fn stop(&self) {
        self.0.stop(true).await;
    }
}

impl Server {
    /// Serves on `socket`. It must be called within the actor system; signals are the shell's.
    pub fn start(socket: Socket, admin: Admin) -> io::Result<Self> {
        let access = Access::new(socket.uid, &admin.config.daemon);
        let connections =
            usize::try_from(admin.config.daemon.connections_max).unwrap_or(usize::MAX);
        let admin = Data::new(admin);
        Self::listen(socket, access, connections, move |config| {
            config.app_data(admin.clone());
        })
    }

    fn listen(
        socket: Socket,
        access: Access,
        connections: usize,
        equip: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let Socket { listener, place, .. } = socket;
        let access = Data::new(access);
        let factory = move || {
            let app = routes::app().0.configure(|config| equip(config));
            app.app_data(access.clone()).wrap(from_fn(auth::check))
        };
        let running = HttpServer::new(factory)
            .workers(WORKERS)
            .max_connections(connections)
            .on_connect(auth::note_peer)
            .client_request_timeout(HEAD_TIMEOUT)
            .keep_alive(KEEP_ALIVE)
            .shutdown_timeout(STOP_SECONDS)
            .disable_signals()
            .listen_uds(listener)?
            .run();
        Ok(Self { running, place })
    }

    /// What stops it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.running.handle())
    }

    /// Runs until it is stopped, and removes its socket.
    pub async fn run(self) -> io::Result<()> {
        let Self { running, place } = self;
        let ended = running.await;
        drop(place);
        ended
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;
    use crate::config;

    /// A directory that goes with the test.
    struct Room(PathBuf);

    impl Room {
        fn new(name: &str) -> Self {
            let room = std::env::temp_dir().join(format!("renewd-{}-{name}", std::process::id()));
            fs::create_dir_all(&room).expect("a directory");
            Self(room)
        }

        fn socket(&self) -> PathBuf {
            self.0.join("renewd.sock")
        }
    }

    impl Drop for Room {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).expect("it was there");
        }
    }

    #[test]
    fn a_socket_that_nobody_answers_at_is_replaced() {
        let room = Room::new("stale");
        drop(UnixListener::bind(room.socket()).expect("a socket"));
        let socket = Socket::bind(&room.socket()).expect("the stale one is gone");
        let mode = fs::metadata(socket.path()).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
    }

    #[test]
    fn a_socket_that_is_answered_at_is_refused() {
        let room = Room::new("in-use");
        let _listener = UnixListener::bind(room.socket()).expect("a socket");
        assert!(matches!(Socket::bind(&room.socket()), Err(BindError::InUse { .. })));
        assert!(room.socket().exists());
    }

    #[test]
    fn what_is_no_socket_is_left_alone() {
        let room = Room::new("file");
        fs::write(room.socket(), "mine").expect("a file");
        assert!(matches!(Socket::bind(&room.socket()), Err(BindError::NotASocket { .. })));
        assert_eq!(fs::read_to_string(room.socket()).expect("the file"), "mine");
        let nowhere = room.0.join("no/such/directory");
        assert!(matches!(Socket::bind(&nowhere), Err(BindError::Refused { .. })));
    }

    fn ask(path: &Path, request: &str) -> String {
        let mut stream = UnixStream::connect(path).expect("a connection");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("a response");
        response
    }

    #[actix_web::test]
    async fn it_serves_its_own_user_and_leaves_no_socket_behind() {
        let room = Room::new("serves");
        let socket = Socket::bind(&room.socket()).expect("a socket");
        let access = Access::new(socket.uid, &config::Daemon::default());
        let server = Server::listen(socket, access, 16, |_| {}).expect("a server");
        let stopper = server.stopper();
        let path = room.socket();
        let client = actix_web::web::block(move || {
            ask(&path, "GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        });
        let visit = async {
            let response = client.await.expect("an answer");
            stopper.stop().await;
            response
        };
        let (ended, response) = futures_util::future::join(server.run(), visit).await;
        ended.expect("a good end");
        assert!(response.starts_with("HTTP/1.1 200 OK"), "{response:.100}");
        assert!(!room.socket().exists());
    }

    #[actix_web::test]
    async fn a_peer_that_is_not_known_is_not_let_in() {
        use actix_web::test::{TestRequest, init_service, try_call_service};
        let access = Data::new(Access::new(0, &config::Daemon::default()));
        let app = routes::app().0.app_data(access).wrap(from_fn(auth::check));
        let service = init_service(app).await;
        let request = TestRequest::get().uri("/openapi.json").to_request();
        let refused = try_call_service(&service, request).await.expect_err("nobody is known");
        assert_eq!(refused.as_response_error().status_code(), 403);
        assert_eq!(refused.to_string(), "PeerNotAllowed: this socket is not for this user");
    }
}
