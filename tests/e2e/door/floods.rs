//! Clients that are slow, never done, or far too many: they are bounded, and nobody else waits for
//! them.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use serde_json::json;

use crate::harness::{Ask, Customer, Daemon, Home};

/// Opens a connection and sends what may be no whole request.
fn begin(socket: &Path, text: &str) -> UnixStream {
    let mut stream = UnixStream::connect(socket).expect("a connection");
    stream.write_all(text.as_bytes()).expect("a client that is heard");
    stream
}

/// What a connection is answered before it is closed.
fn end(mut stream: UnixStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset was closed as well.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8(bytes).expect("a text")
}

#[test]
fn whoever_is_slow_is_told_so_and_holds_nobody_up() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let socket = daemon.home.socket();
    let head = format!("POST {} HTTP/1.1\r\nhost: renewd\r\n", ada.path("/top-ups"));
    let body = format!("{head}content-type: application/json\r\ncontent-length: 100000\r\n\r\n{{");
    let heads: Vec<_> = (0..100).map(|_| begin(&socket, &head)).collect();
    let bodies: Vec<_> = (0..100).map(|_| begin(&socket, &body)).collect();
    for _ in 0..20 {
        ada.tops_up(&daemon, "1.00");
    }
    assert_eq!(ada.cash(&daemon), "20.00");
    for stream in heads {
        let answer = end(stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    for stream in bodies {
        let answer = end(stream);
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("\"code\":\"RequestTimeout\""), "{answer}");
    }
    assert_eq!(ada.cash(&daemon), "20.00");
}

#[test]
fn connections_beyond_what_is_served_wait_their_turn() {
    let home = Home::new();
    home.configure("daemon.connections_max = 8\n");
    let daemon = home.start();
    let socket = home.socket();
    let idle: Vec<_> = (0..8).map(|_| begin(&socket, "GET /v1/status HTTP/1.1\r\n")).collect();
    // It is answered once those that say nothing more were told to go.
    daemon.get("/v1/status").ok();
    for stream in idle {
        let answer = end(stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
}

#[test]
fn in_a_flood_every_answer_is_true() {
    let daemon = Daemon::start();
    let ada = Customer::open(&daemon, "ada");
    let (socket, path) = (daemon.home.socket(), ada.path("/top-ups"));
    let pours = |client: usize| {
        let (socket, path) = (socket.clone(), path.clone());
        thread::spawn(move || {
            let mut told = 0_u32;
            for number in 0..25 {
                let form = json!({
                    "amount": {"amount": "0.01", "currency": "USD"}, "method": "bank_transfer"
                });
                let ask = Ask::post(path.clone(), &form).token(&format!("{client}-{number}"));
                let answer = ask.send(&socket);
                if answer.status == 503 {
                    assert!(answer.header("retry-after").is_some(), "{answer:?}");
                } else {
                    answer.ok();
                    told += 1;
                }
            }
            told
        })
    };
    let clients: Vec<_> = (0..64).map(pours).collect();
    let told: u32 = clients.into_iter().map(|client| client.join().expect("a client")).sum();
    let cash = format!("{}.{:02}", told / 100, told % 100);
    assert_eq!(ada.cash(&daemon), cash, "what was said to be there is there, and nothing else");
    assert!(told > 0, "somebody is served in a flood");
    daemon.stop().run("check", &[]).ok();
}
