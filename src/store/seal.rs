//! What is personal is sealed: under a key of its stream, which the deployment's key wraps.
//! Erasing a stream's key erases what was sealed there, in every backup. Claims and fingerprints
//! are keyed hashes, so that a copied database does not say who is in it.
//!
//! No key is ever printed.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hkdf, hmac};
use serde::{Deserialize, Serialize};

use super::{Claim, ClaimKind, Digest, Handle, Retained, StoreError, codec};
use crate::domain::ids::StreamId;
use crate::failpoint::{self, Point};

const KEY_LEN: usize = 32;
/// What follows the name of a key that is being made; the number of the process follows it.
const UNFINISHED: &str = ".new-";

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The file of the deployment's key could not be read or made.
    #[error("the key file {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file holds something else than a key.
    #[error("the key file {} holds {len} bytes where a key has {KEY_LEN}", path.display())]
    Size {
        /// Which.
        path: PathBuf,
        /// What it holds.
        len: usize,
    },
    /// The system gave no random numbers.
    #[error("the system gives no random numbers")]
    NoRandom,
    /// It is too large to be sealed.
    #[error("too large to be sealed")]
    TooLarge,
    /// It was sealed under another key, for another place, or was changed since.
    #[error("it does not open: another key, another place, or changed")]
    DoesNotOpen,
}

/// The key of one stream.
#[derive(Clone)]
pub struct StreamKey(LessSafeKey);

impl fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamKey")
    }
}

/// Seals, opens and hashes under the deployment's key.
#[derive(Clone)]
pub struct Sealer(Arc<Inner>);

struct Inner {
    random: SystemRandom,
    wrapping: LessSafeKey,
    root: hkdf::Prk,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// Reads the deployment's key from `path`; makes one there, durably and for its owner only,
    /// if there is no such file.
    pub fn load_or_create(path: impl AsRef<Path>) -> Result<Self, SealError> {
        let path = path.as_ref();
        let failed = |source| SealError::File { path: path.to_owned(), source };
        match fs::read(path) {
            Ok(bytes) => {
                remove_unfinished(path);
                Self::from_bytes(path, &bytes)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create_key(path, &random_key()?).map_err(failed)?;
                remove_unfinished(path);
                Self::from_bytes(path, &fs::read(path).map_err(failed)?)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Under a key that is known already.
    #[must_use]
    pub fn from_key(key: [u8; KEY_LEN]) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"renewd").extract(&key);
        let wrapping = LessSafeKey::new(expand(&root, &[b"wrap"], &CHACHA20_POLY1305));
        Self(Arc::new(Inner { random: SystemRandom::new(), wrapping, root }))
    }

    fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, SealError> {
        let key = bytes
            .try_into()
            .map_err(|_| SealError::Size { path: path.to_owned(), len: bytes.len() })?;
        Ok(Self::from_key(key))
    }

    /// A new key for a stream, and the form in which it is stored.
    pub fn new_key(&self) -> Result<(StreamKey, Vec<u8>), SealError> {
        let key = random_key()?;
        let wrapped = self.encrypt(&self.0.wrapping, b"stream key", &key)?;
        Ok((stream_key(&key)?, wrapped))
    }

    /// The key of a stream, from the form in which it is stored.
    pub fn unwrap_key(&self, wrapped: &[u8]) -> Result<StreamKey, SealError> {
        stream_key(&decrypt(&self.0.wrapping, b"stream key", wrapped)?)
    }

    /// Seals something under a stream's key, for one place in that stream only.
    pub fn seal(
        &self,
        key: &StreamKey,
        stream: StreamId,
        number: u32,
        plain: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        self.encrypt(&key.0, place(stream, number).as_bytes(), plain)
    }

    /// Opens what was sealed for this place.
    pub fn open(
        &self,
        key: &StreamKey,
        stream: StreamId,
        number: u32,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        decrypt(&key.0, place(stream, number).as_bytes(), sealed)
    }

    /// A hash that nobody can compute without the deployment's key; for each purpose another.
    #[must_use]
    pub fn keyed_hash(&self, purpose: &str, text: &[u8]) -> Digest {
        let key = expand(&self.0.root, &[b"hash:", purpose.as_bytes()], hmac::HMAC_SHA256);
        let mut hash = codec::GENESIS;
        hash.copy_from_slice(hmac::sign(&key, text).as_ref());
        hash
    }

    /// The claim on `text`, as the door makes it.
    #[must_use]
    pub fn claim(&self, kind: ClaimKind, text: &str) -> Claim {
        Claim { kind, hash: self.keyed_hash(kind.as_str(), text.as_bytes()) }
    }

    /// Sixty-four random bits.
    pub fn random_bits(&self) -> Result<u64, SealError> {
        let mut bytes = [0; 8];
        self.0.random.fill(&mut bytes).map_err(|_| SealError::NoRandom)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    /// The nonce is random and goes first: a stream's key seals far fewer than 2^32 things.
    fn encrypt(&self, key: &LessSafeKey, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        self.0.random.fill(&mut nonce).map_err(|_| SealError::NoRandom)?;
        let mut body = plain.to_vec();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            &mut body,
        )
        .map_err(|_| SealError::TooLarge)?;
        Ok([nonce.as_slice(), &body].concat())
    }
}

fn decrypt(key: &LessSafeKey, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError::DoesNotOpen)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::DoesNotOpen)?;
    let mut body = body.to_vec();
    let plain = key
        .open_in_place(nonce, Aad::from(aad), &mut body)
        .map_err(|_| SealError::DoesNotOpen)?
        .len();
    body.truncate(plain);
    Ok(body)
}

/// What a sealed thing is bound to, so that it cannot be moved elsewhere.
fn place(stream: StreamId, number: u32) -> String {
    format!("{stream}#{number}")
}

fn stream_key(bytes: &[u8]) -> Result<StreamKey, SealError> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, bytes).map_err(|_| SealError::DoesNotOpen)?;
    Ok(StreamKey(LessSafeKey::new(key)))
}

fn expand<T, L>(root: &hkdf::Prk, info: &[&[u8]], length: L) -> T
where
    L: hkdf::KeyType,
    T: for<'a> From<hkdf::Okm<'a, L>>,
{
    match root.expand(info, length) {
        Ok(okm) => T::from(okm),
        Err(_) => unreachable!("a key is far shorter than what a root can give"),
    }
}

fn random_key() -> Result<[u8; KEY_LEN], SealError> {
    let mut key = [0; KEY_LEN];
    SystemRandom::new().fill(&mut key).map_err(|_| SealError::NoRandom)?;
    Ok(key)
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// Removes what is left of a key that was being made when its maker died: a key under a name that
/// nobody guards. The key is there already, so that it is told and no more where that cannot be done.
fn remove_unfinished(path: &Path) {
    if let Err(error) = try_remove_unfinished(path) {
        let path = path.display();
        tracing::warn!(%path, %error, "it could not be seen to that no unfinished key is left");
    }
}

fn try_remove_unfinished(path: &Path) -> io::Result<()> {
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(UNFINISHED);
    for entry in fs::read_dir(directory_of(path))? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file that another process may have removed.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes the key beside `path` and links it there, so that the file is whole or absent and one
/// that another process made in the meantime is kept.
fn create_key(path: &Path, key: &[u8]) -> io::Result<()> {
    let directory = directory_of(path);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!("{UNFINISHED}{}", std::process::id()));
    let fresh = directory.join(name);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(key)?;
        file.sync_all()?;
        failpoint::pass(Point::KeyBeforeLink);
        match fs::hard_link(&fresh, path) {
            // Who has made one meanwhile may have removed this one as unfinished.
            Err(_) if path.exists() => Ok(()),
            linked => linked,
        }
    })();
    failpoint::pass(Point::KeyAfterLink);
    let removed = remove(&fresh);
    written?;
    removed?;
    File::open(directory)?.sync_all()
}

/// Who an account belongs to: what is sealed as number 1 of each account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The owner's name.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// The postal address for invoices, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<String>,
    /// The number that tax authorities know the owner under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
}

/// The number that an account's profile is sealed under.
pub const PROFILE_NUMBER: u32 = 1;

/// Who bought, as invoices must name them; where to write to is not among it (D49).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// The name.
    pub name: String,
    /// The postal address, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<String>,
    /// The number that tax authorities know the buyer under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
}

impl From<Profile> for Buyer {
    fn from(profile: Profile) -> Self {
        Self { name: profile.name, address: profile.address, tax_id: profile.tax_id }
    }
}

/// The number that the buyer is sealed under; what is sealed beside the journal counts from 1.
const BUYER_NUMBER: u32 = 0;

/// Opens what is sealed in the store.
#[derive(Clone)]
pub struct Vault {
    /// Where it is kept.
    pub store: Handle,
    /// What opens it.
    pub sealer: Sealer,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// What is sealed under these numbers, as text; what does not exist is left out.
    pub async fn open(
        &self,
        stream: StreamId,
        numbers: &[u32],
    ) -> Result<BTreeMap<u32, String>, StoreError> {
        let Some((wrapped, rows)) = self.store.sealed(stream, numbers).await? else {
            return Ok(BTreeMap::new());
        };
        let broken = |what: &dyn fmt::Display| codec::corrupt(format_args!("{stream}: {what}"));
        let key = self.sealer.unwrap_key(&wrapped).map_err(|error| broken(&error))?;
        rows.into_iter()
            .map(|row| {
                let plain = self
                    .sealer
                    .open(&key, stream, row.number, &row.sealed)
                    .map_err(|error| broken(&error))?;
                let text = String::from_utf8(plain)
                    .map_err(|_| broken(&"what is sealed there is no text"))?;
                Ok((row.number, text))
            })
            .collect()
    }

    /// Seals who bought under a retention key that is made for it.
    pub fn retain(&self, stream: StreamId, buyer: &Buyer) -> Result<Retained, SealError> {
        let (key, wrapped) = self.sealer.new_key()?;
        // It is made of texts, so this can't fail.
        let plain = serde_json::to_vec(buyer).unwrap_or_default();
        let sealed = self.sealer.seal(&key, stream, BUYER_NUMBER, &plain)?;
        Ok(Retained { wrapped, sealed })
    }

    /// Who bought, of a closed account whose invoices are kept.
    pub async fn buyer(&self, stream: StreamId) -> Result<Option<Buyer>, StoreError> {
        let Some(Retained { wrapped, sealed }) = self.store.retained(stream).await? else {
            return Ok(None);
        };
        let key = self.sealer.unwrap_key(&wrapped);
        let plain = key.and_then(|key| self.sealer.open(&key, stream, BUYER_NUMBER, &sealed));
        let plain = plain.map_err(|error| codec::corrupt(format_args!("{stream}: {error}")))?;
        // The error of the parser would quote what is personal.
        let buyer = serde_json::from_slice(&plain).ok();
        buyer.map(Some).ok_or_else(|| codec::corrupt(format_args!("{stream}: its buyer is none")))
    }

    /// The profile of an account; none if it has none.
    pub async fn profile(&self, stream: StreamId) -> Result<Option<Profile>, StoreError> {
        let mut opened = self.open(stream, &[PROFILE_NUMBER]).await?;
        opened
            .remove(&PROFILE_NUMBER)
            .map(|text| {
                // The error of the parser would quote what is personal.
                serde_json::from_str(&text).map_err(|_| {
                    codec::corrupt(format_args!("{stream}: its profile is no profile"))
                })
            })
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::domain::ids::AccountId;

    fn stream(bits: u64) -> StreamId {
        StreamId::Account(AccountId::from_bits(bits))
    }

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("renewd-seal-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a directory");
        path
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let sealer = Sealer::from_key([7; 32]);
        let (key, wrapped) = sealer.new_key().expect("a key");
        let sealed = sealer.seal(&key, stream(1), 2, b"Ada").expect("sealed");
        let key = sealer.unwrap_key(&wrapped).expect("the same key");
        assert_eq!(sealer.open(&key, stream(1), 2, &sealed).expect("opened"), b"Ada");
        assert!(sealer.open(&key, stream(1), 3, &sealed).is_err(), "another number");
        assert!(sealer.open(&key, stream(2), 2, &sealed).is_err(), "another stream");
        assert!(sealer.open(&key, stream(1), 2, &sealed[..5]).is_err(), "cut off");
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        assert!(sealer.open(&key, stream(1), 2, &changed).is_err(), "changed");
        let again = sealer.seal(&key, stream(1), 2, b"Ada").expect("sealed");
        assert_ne!(again, sealed, "nobody can see that two are alike");
    }

    #[test]
    fn another_deployment_cannot_open_it() {
        let (_, wrapped) = Sealer::from_key([7; 32]).new_key().expect("a key");
        assert!(Sealer::from_key([8; 32]).unwrap_key(&wrapped).is_err());
    }

    #[test]
    fn a_keyed_hash_depends_on_key_purpose_and_text() {
        let sealer = Sealer::from_key([7; 32]);
        let hash = sealer.keyed_hash("email", b"ada@example.com");
        assert_eq!(hash, Sealer::from_key([7; 32]).keyed_hash("email", b"ada@example.com"));
        assert_ne!(hash, sealer.keyed_hash("external_id", b"ada@example.com"));
        assert_ne!(hash, sealer.keyed_hash("email", b"eve@example.com"));
        assert_ne!(hash, Sealer::from_key([8; 32]).keyed_hash("email", b"ada@example.com"));
    }

    #[test]
    fn no_key_is_printed() {
        let sealer = Sealer::from_key([7; 32]);
        let (key, _) = sealer.new_key().expect("a key");
        assert_eq!(format!("{sealer:?} {key:?}"), "Sealer StreamKey");
    }

    #[test]
    fn the_deployment_key_is_made_once_for_its_owner_only() {
        let directory = scratch("made");
        let path = directory.join("deployment.key");
        let made = Sealer::load_or_create(&path).expect("made");
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let loaded = Sealer::load_or_create(&path).expect("loaded");
        assert_eq!(made.keyed_hash("a", b"b"), loaded.keyed_hash("a", b"b"));
        assert_eq!(fs::read_dir(&directory).expect("a directory").count(), 1, "nothing is left");
        let _ = fs::remove_dir_all(directory);
    }

    #[test]
    fn what_is_left_of_a_key_whose_maker_died_is_removed() {
        let directory = scratch("left");
        let path = directory.join("deployment.key");
        let left = directory.join("deployment.key.new-17");
        for _ in ["with the key that is made", "with the key that is there"] {
            fs::write(&left, [7; KEY_LEN]).expect("written");
            Sealer::load_or_create(&path).expect("a key");
            assert_ne!(fs::read(&path).expect("a key"), [7; KEY_LEN]);
            assert_eq!(fs::read_dir(&directory).expect("a directory").count(), 1);
        }
        let _ = fs::remove_dir_all(directory);
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_kept() {
        let directory = scratch("refused");
        let path = directory.join("deployment.key");
        fs::write(&path, "secret\n").expect("written");
        let refused = Sealer::load_or_create(&path).expect_err("refused");
        assert!(refused.to_string().ends_with("holds 7 bytes where a key has 32"), "{refused}");
        assert_eq!(fs::read(&path).expect("kept"), b"secret\n");
        let _ = fs::remove_dir_all(directory);
    }
}
