//! The control socket on a port of the loopback, for tools that speak TCP only.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;

/// Opens a port that leads to the socket, for as long as the test runs; its number.
pub(crate) fn open(socket: &Path) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let socket = socket.to_owned();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let socket = socket.clone();
            // A connection that breaks is the client's to tell.
            thread::spawn(move || drop(join(&client, &socket)));
        }
    });
    port
}

fn join(client: &TcpStream, socket: &PathBuf) -> io::Result<()> {
    let daemon = UnixStream::connect(socket)?;
    let (mut to, mut from) = (daemon.try_clone()?, client.try_clone()?);
    let up = thread::spawn(move || {
        let done = io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Write).and(done)
    });
    let down = io::copy(&mut &daemon, &mut &*client);
    client.shutdown(Shutdown::Both)?;
    drop(up.join());
    down.map(|_| ())
}
