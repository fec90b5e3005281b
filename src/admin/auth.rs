//! Who may speak at the control socket: root, the daemon's own user, and those that the
//! configuration names. The socket's mode and group have decided before.

use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::rt::net::UnixStream;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest};

use super::problem::{Code, Problem};
use crate::config;
use crate::domain::record::Cause;

/// The user at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its user id.
    pub uid: u32,
    /// Its main group.
    pub gid: u32,
}

/// Who may speak.
#[derive(Debug, Clone)]
pub struct Access {
    own_uid: u32,
    uids: Vec<u32>,
    gids: Vec<u32>,
}

impl Access {
    /// Root, the daemon's own user, and whom the configuration names.
    #[must_use]
    pub fn new(own_uid: u32, config: &config::Daemon) -> Self {
        Self { own_uid, uids: config.allow_uids.clone(), gids: config.allow_gids.clone() }
    }

    /// May this one?
    #[must_use]
    pub fn allows(&self, peer: Peer) -> bool {
        peer.uid == 0
            || peer.uid == self.own_uid
            || self.uids.contains(&peer.uid)
            || self.gids.contains(&peer.gid)
    }
}

/// Notes the peer of a new connection.
pub fn note_peer(stream: &dyn std::any::Any, connection: &mut Extensions) {
    let credentials = stream.downcast_ref::<UnixStream>().map(UnixStream::peer_cred);
    if let Some(Ok(peer)) = credentials {
        connection.insert(Peer { uid: peer.uid(), gid: peer.gid() });
    }
}

/// Lets a request through if its peer may speak.
pub async fn check<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let peer = request.conn_data::<Peer>().copied();
    let access = request.app_data::<Data<Access>>();
    match peer.zip(access) {
        Some((peer, access)) if access.allows(peer) => {
            request.extensions_mut().insert(peer);
            next.call(request).await
        }
        _ => Err(not_allowed(peer).into()),
    }
}

/// Who asks, for the journal.
pub fn cause(request: &HttpRequest) -> Result<Cause, Problem> {
    let peer = request.extensions().get::<Peer>().copied();
    peer.map(|peer| Cause::Operator { uid: peer.uid }).ok_or_else(|| not_allowed(None))
}

fn not_allowed(peer: Option<Peer>) -> Problem {
    let problem = Problem::new(Code::PeerNotAllowed, "this socket is not for this user");
    match peer {
        Some(peer) => problem.with("uid", peer.uid).with("gid", peer.gid),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_the_daemon_and_those_named_may_speak() {
        let config = config::Daemon {
            allow_uids: vec![1001],
            allow_gids: vec![50],
            ..config::Daemon::default()
        };
        let access = Access::new(999, &config);
        let allows = |uid, gid| access.allows(Peer { uid, gid });
        assert!(allows(0, 0) && allows(999, 1) && allows(1001, 1) && allows(1002, 50));
        assert!(!allows(1002, 1) && !allows(50, 999) && !allows(1002, 0));
    }
}
