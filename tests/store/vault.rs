//! What is sealed comes back through the vault only.

use std::sync::Arc;

use renewd::store::memory::MemoryStore;
use renewd::store::seal::{PROFILE_NUMBER, Profile, Sealer, Vault};
use renewd::store::{Handle, SealedRow, StoreError};

use crate::put;
use crate::samples::{account, commit};

async fn vault(number: u32, plain: &str) -> Vault {
    let store: Handle = Arc::new(MemoryStore::new());
    let sealer = Sealer::from_key([7; 32]);
    let (key, wrapped) = sealer.new_key().expect("a key");
    let mut first = commit(account(1), 0, 1);
    let sealed = sealer.seal(&key, account(1), number, plain.as_bytes()).expect("sealed");
    first.key = Some(wrapped);
    first.sealed = vec![SealedRow { number, sealed }];
    put(store.as_ref(), &[first]).await;
    Vault { store, sealer }
}

#[tokio::test]
async fn a_profile_opens() {
    let profile = Profile {
        name: "Ada".to_owned(),
        email: "ada@example.com".to_owned(),
        address: vec!["Lindenstra\u{df}e 12".to_owned(), "10969 Berlin".to_owned()],
        tax_id: Some("DE123456789".to_owned()),
    };
    let text = serde_json::to_string(&profile).expect("JSON");
    let vault = vault(PROFILE_NUMBER, &text).await;
    assert_eq!(vault.profile(account(1)).await.expect("opened"), Some(profile));
    assert_eq!(vault.profile(account(2)).await.expect("opened"), None);
    let opened = vault.open(account(1), &[PROFILE_NUMBER, 9]).await.expect("opened");
    assert_eq!(opened.into_iter().collect::<Vec<_>>(), [(PROFILE_NUMBER, text)]);
}

#[tokio::test]
async fn another_deployments_key_opens_nothing_and_says_so() {
    let vault = vault(PROFILE_NUMBER, "{}").await;
    let stranger = Vault { sealer: Sealer::from_key([8; 32]), ..vault };
    let refused = stranger.profile(account(1)).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
}

#[tokio::test]
async fn an_error_does_not_quote_what_is_personal() {
    let vault = vault(PROFILE_NUMBER, "{\"name\":7,\"email\":\"ada@example.com\"}").await;
    let refused = vault.profile(account(1)).await.expect_err("no profile");
    assert!(!format!("{refused} {refused:?}").contains("ada"), "{refused:?}");
}
