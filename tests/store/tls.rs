//! The way to the server over the network: sealed, and only to whom it is meant for.

use std::fs;
use std::path::Path;

use renewd::store::postgres::PostgresStore;
use renewd::store::{Store, StoreError};

use crate::put;
use crate::samples::{account, commit};
use crate::server::{Server, as_server};

/// An address of this machine that no other test listens on.
fn own_address() -> String {
    let pid = std::process::id();
    format!("127.{}.{}.{}", 1 + pid / 62_500 % 250, 1 + pid / 250 % 250, 1 + pid % 250)
}

/// Runs openssl as the server's user, who must own its key.
fn openssl(directory: &Path, arguments: &str) {
    let done = as_server(Path::new("openssl"))
        .args(arguments.split_whitespace())
        .current_dir(directory)
        .output()
        .expect("openssl");
    assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Makes somebody who signs, somebody else, and a certificate for the server; connections by the
/// network must be sealed.
fn prepare(data: &Path, address: &str) -> String {
    let fresh = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for name in ["signer", "stranger"] {
        let out = format!("-keyout {name}.key -out {name}.crt");
        openssl(data, &format!("req -x509 {fresh} {out} -days 2 -subj /CN={name}"));
    }
    openssl(data, &format!("req {fresh} -keyout server.key -out server.csr -subj /CN=book"));
    let names = format!("subjectAltName=IP:{address}\nbasicConstraints=CA:FALSE\n");
    fs::write(data.join("names"), names).expect("names");
    let signed = "-CA signer.crt -CAkey signer.key -CAcreateserial -days 2 -extfile names";
    openssl(data, &format!("x509 -req -in server.csr {signed} -out server.crt"));
    let rules = "local all all trust\nhostssl all all 127.0.0.0/8 trust\n";
    fs::write(data.join("pg_hba.conf"), rules).expect("rules");
    format!("listen_addresses = '{address}'\nssl = on\n")
}

#[tokio::test]
async fn a_server_is_spoken_to_in_secret_and_known_by_its_certificate() {
    let address = own_address();
    let mut data = None;
    let server = Server::start_with(|directory| {
        // Certificates are public; the directory of the server is not.
        let settings = prepare(directory, &address);
        data = Some(["signer", "stranger"].map(|name| {
            let copy = std::env::temp_dir().join(format!("renewd-{address}-{name}.crt"));
            fs::copy(directory.join(format!("{name}.crt")), &copy).expect("a certificate");
            copy
        }));
        settings
    });
    let (Some(server), Some([signer, stranger])) = (server, data) else { return };
    let database = server.database(None);
    let url = |address: &str, rest: &str| {
        format!("postgres://postgres@{address}/{}?{rest}", database.name())
    };
    let verified = |root: &Path| format!("sslmode=verify-full&sslrootcert={}", root.display());
    for rest in [verified(&signer), "sslmode=require".to_owned(), String::new()] {
        let opened = PostgresStore::open(&url(&address, &rest), None).await;
        let store = opened.unwrap_or_else(|error| panic!("{rest}: {error}"));
        let seq = store.load_many(&[account(1)], "b").await.expect("read").remove(0);
        put(&store, &[commit(account(1), seq.map_or(0, |loaded| loaded.head.seq), 1)]).await;
        let in_clear = "SELECT COUNT(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
            WHERE client_addr IS NOT NULL AND NOT ssl";
        assert_eq!(database.sql(in_clear), "0", "{rest}");
        let sealed = "SELECT COUNT(*) > 0 FROM pg_stat_ssl WHERE ssl";
        assert_eq!(database.sql(sealed), "t", "{rest}");
        store.close().await;
    }
    for rest in [verified(&stranger), "sslmode=disable".to_owned()] {
        let refused = PostgresStore::open(&url(&address, &rest), None).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{rest}: {refused:?}");
    }
    for root in [signer, stranger] {
        let _ = fs::remove_file(root);
    }
}
