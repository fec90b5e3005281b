//! A provisioning system: it receives webhooks, verifies their signatures, and keeps them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::Value;
use standardwebhooks::Webhook;

/// What both sides know.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A webhook as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) data: Value,
    /// Was its signature right?
    pub(crate) is_signed: bool,
}

/// The receiver, on a port of its own until the process ends.
#[derive(Debug)]
pub(crate) struct Receiver {
    address: SocketAddr,
    hooks: Arc<(Mutex<Vec<Hook>>, Condvar)>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        Self::start_with_failures(0)
    }

    /// One that fails so many times before it takes anything.
    pub(crate) fn start_with_failures(mut failures: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let hooks = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let kept = Arc::clone(&hooks);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let is_taken = failures == 0;
                failures = failures.saturating_sub(1);
                // Who sends it may die in the middle of it.
                let hook = receive(&stream.expect("a connection"), is_taken);
                let Some(hook) = hook.filter(|_| is_taken) else { continue };
                kept.0.lock().expect("whole hooks").push(hook);
                kept.1.notify_all();
            }
        });
        Self { address, hooks }
    }

    /// What the daemon's configuration says of it.
    pub(crate) fn config(&self) -> String {
        format!(
            "webhooks.panel = {{ url = \"http://{}/\", secret = \"{SECRET}\" }}\n",
            self.address
        )
    }

    pub(crate) fn hooks(&self) -> Vec<Hook> {
        self.hooks.0.lock().expect("whole hooks").clone()
    }

    /// Waits until so many have come in.
    pub(crate) fn await_hooks(&self, count: usize) -> Vec<Hook> {
        let patience = Duration::from_secs(30);
        let (hooks, came_in) = (&self.hooks.0, &self.hooks.1);
        let hooks = hooks.lock().expect("whole hooks");
        let waited = came_in.wait_timeout_while(hooks, patience, |hooks| hooks.len() < count);
        let (hooks, waited) = waited.expect("whole hooks");
        assert!(!waited.timed_out(), "{count} webhooks, not {hooks:?}");
        hooks.clone()
    }

    /// The types that came in of what begins with `word`, in the order in which they came in.
    pub(crate) fn whats(&self, word: &str) -> Vec<String> {
        let hooks = self.hooks().into_iter().map(|hook| hook.what);
        hooks.filter(|what| what.starts_with(word)).collect()
    }
}

fn receive(mut stream: &TcpStream, is_taken: bool) -> Option<Hook> {
    let mut reader = BufReader::new(stream);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ") {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    let length: usize = headers["content-length"].parse().expect("a length");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let status = if is_taken { "204 No Content" } else { "503 Service Unavailable" };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes());
    let is_signed = is_signed(&headers, &body);
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    Some(Hook {
        id: headers["webhook-id"].clone(),
        what: body["type"].as_str().expect("a type").to_owned(),
        data: body["data"].clone(),
        is_signed,
    })
}

/// Is the signature the one of the secret, over id, time and body?
fn is_signed(headers: &BTreeMap<String, String>, body: &[u8]) -> bool {
    let webhook = Webhook::new(SECRET).expect("a secret");
    let time = headers["webhook-timestamp"].parse().expect("seconds");
    let right = webhook.sign(&headers["webhook-id"], time, body).expect("a signature");
    headers["webhook-signature"] == right
}
