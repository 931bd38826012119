//! The agent's key, and what the agent is to the service, kept between runs.

use crate::{places::Places, platform, private, settings::ServiceUrl};
use anyhow::{Context as _, ensure};
use crypto::KeyPair;
use protocol::{InvitationId, Organisation, Secret, agent::DeviceStanding, signed::Audience};
use serde::{Deserialize, Serialize};
use std::{fmt::Display, io, path::Path};
use zeroize::Zeroizing;

/// What the agent is to the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Credential {
    /// The service that gave the token; it is sent to no other.
    pub(crate) service_url: ServiceUrl,
    /// Proves it.
    pub(crate) agent_token: Secret,
    /// Whose operators may ask.
    pub(crate) organisation: Organisation,
    /// What.
    pub(crate) standing: Standing,
    /// The fingerprint of the agent's key that the service knows it by; absent in what an earlier version wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) agent_key: Option<String>,
}

/// What an agent can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Standing {
    /// The agent of an invitation; kept only to close what a killed run left open.
    Invitation {
        /// That invitation.
        invitation_id: InvitationId,
    },
    /// A device's agent.
    Device(DeviceStanding),
}

impl Standing {
    /// How signed requests name this agent.
    pub(crate) fn audience(&self) -> Audience {
        match self {
            Self::Invitation { invitation_id } => Audience::Invitation(invitation_id.clone()),
            Self::Device(standing) => Audience::Device(standing.device_id.clone()),
        }
    }
}

/// The agent's key, made at the first start.
///
/// It is in the system's key store where that is used, and otherwise in a private file. A key in a file moves into the
/// store; the file goes only after the store gave back the same key, so that at each step one of them holds it.
pub(crate) fn key(places: &Places) -> anyhow::Result<KeyPair> {
    key_in(places, &store(places))
}

/// The agent's key, where there is one.
pub(crate) fn existing_key(places: &Places) -> anyhow::Result<Option<KeyPair>> {
    existing_key_in(places, &store(places))
}

/// Puts a new key in the place of the agent's, and gives it. Where that fails, the old one is the only one as before.
pub(crate) fn renew_key(places: &Places) -> anyhow::Result<KeyPair> {
    renew_key_in(places, &store(places))
}

/// None for a copy: its key goes with its files, and is not that of an installed agent.
fn store(places: &Places) -> Option<platform::KeyStore> {
    (!places.is_copy()).then(|| platform::KeyStore::new(&places.key()))
}

/// Where the system keeps secrets for a user.
pub(crate) trait KeepsSecrets {
    /// Whether it is used at all.
    fn is_used(&self) -> bool;
    /// The key, where it was stored.
    fn get(&self) -> io::Result<Option<Vec<u8>>>;
    /// Stores the key.
    fn put(&self, secret: &[u8]) -> io::Result<()>;
}

impl<S: KeepsSecrets> KeepsSecrets for Option<S> {
    fn is_used(&self) -> bool {
        self.as_ref().is_some_and(S::is_used)
    }

    fn get(&self) -> io::Result<Option<Vec<u8>>> {
        self.as_ref().map_or(Ok(None), S::get)
    }

    fn put(&self, secret: &[u8]) -> io::Result<()> {
        self.as_ref().map_or(Err(io::ErrorKind::Unsupported.into()), |store| store.put(secret))
    }
}

fn key_in<S: KeepsSecrets>(places: &Places, store: &S) -> anyhow::Result<KeyPair> {
    let path = places.key();
    let Found { stored, in_file } = find(&path, store)?;
    match (stored, in_file) {
        (Some(stored), in_file) => {
            let key = read_key(&stored, STORE)?;
            match in_file {
                Some(in_file) if in_file == stored => private::remove(&path)?,
                Some(_) => {
                    tracing::warn!(file = %path.display(), "the key in the key store is used, and another one in a file is not");
                }
                None => {}
            }
            Ok(key)
        }
        (None, Some(bytes)) => {
            let key = read_key(&bytes, &path.display())?;
            if into_store(store, &bytes) {
                private::remove(&path)?;
                tracing::info!("the agent's key is in the system's key store from now on");
            }
            Ok(key)
        }
        (None, None) => {
            let (key, bytes) = generate();
            if !into_store(store, &bytes) {
                private::write(&path, &bytes)?;
            }
            tracing::info!(fingerprint = key.public().fingerprint(), "made a key for this agent");
            Ok(key)
        }
    }
}

fn existing_key_in<S: KeepsSecrets>(places: &Places, store: &S) -> anyhow::Result<Option<KeyPair>> {
    let path = places.key();
    let Found { stored, in_file } = find(&path, store)?;
    match (stored, in_file) {
        (Some(stored), _) => read_key(&stored, STORE).map(Some),
        (None, Some(bytes)) => read_key(&bytes, &path.display()).map(Some),
        (None, None) => Ok(None),
    }
}

const STORE: &&str = &"the system's key store";

fn renew_key_in<S: KeepsSecrets>(places: &Places, store: &S) -> anyhow::Result<KeyPair> {
    let path = places.key();
    let stored = store.get().context("failed to read the system's key store")?;
    let (key, bytes) = generate();
    if into_store(store, &bytes) {
        private::remove(&path)?;
    } else {
        // In a file beside it, it would be a second key: not used while the store can be read, and used as soon as it cannot.
        ensure!(stored.is_none(), "the system's key store keeps the old key and takes no other");
        private::write(&path, &bytes)?;
    }
    Ok(key)
}

fn generate() -> (KeyPair, Zeroizing<Vec<u8>>) {
    let (key, bytes) = KeyPair::generate();
    (key, Zeroizing::new(bytes))
}

/// What the two places of the key hold.
struct Found {
    stored: Option<Zeroizing<Vec<u8>>>,
    in_file: Option<Zeroizing<Vec<u8>>>,
}

fn find<S: KeepsSecrets>(path: &Path, store: &S) -> anyhow::Result<Found> {
    let in_file = private::read(path)?.map(Zeroizing::new);
    let stored = match store.get() {
        Ok(stored) => stored.map(Zeroizing::new),
        // The key was not moved yet, or its file was put back: better than none.
        Err(error) if in_file.is_some() => {
            tracing::warn!(%error, "the system's key store cannot be read; the agent's key stays in its file");
            None
        }
        // It may hold the key: a new one would lose that.
        Err(error) => {
            return Err(error).context(
                "failed to read the agent's key from the system's key store; unlock it and try again",
            );
        }
    };
    Ok(Found { stored, in_file })
}

/// Whether the store holds the key now, for sure.
fn into_store<S: KeepsSecrets>(store: &S, bytes: &[u8]) -> bool {
    if !store.is_used() {
        return false;
    }
    let stored = store.put(bytes).and_then(|()| store.get());
    match stored.map(|read| read.map(Zeroizing::new)) {
        Ok(Some(read)) if *read == bytes => true,
        Ok(_) => {
            tracing::warn!(
                "the system's key store does not give back what it was given; the key stays in a file"
            );
            false
        }
        Err(error) => {
            tracing::warn!(%error, "the system's key store takes no key; it stays in a file");
            false
        }
    }
}

fn read_key(bytes: &[u8], place: &impl Display) -> anyhow::Result<KeyPair> {
    KeyPair::from_pkcs8(bytes).with_context(|| {
        format!("the agent's key in {place} is damaged; remove it to let the agent make a new key")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        cell::{Cell, RefCell},
        fs,
    };

    /// A key store that fails on demand.
    #[derive(Default)]
    struct Store {
        held: RefCell<Option<Vec<u8>>>,
        locked: Cell<bool>,
        forgets: Cell<bool>,
        full: Cell<bool>,
    }

    impl KeepsSecrets for Store {
        fn is_used(&self) -> bool {
            true
        }
        fn get(&self) -> io::Result<Option<Vec<u8>>> {
            if self.locked.get() {
                return Err(io::Error::other("locked"));
            }
            Ok(self.held.borrow().clone().filter(|_| !self.forgets.get()))
        }
        fn put(&self, secret: &[u8]) -> io::Result<()> {
            if self.locked.get() || self.full.get() {
                return Err(io::Error::other("it does not take it"));
            }
            *self.held.borrow_mut() = Some(secret.to_vec());
            Ok(())
        }
    }

    fn places() -> (tempfile::TempDir, Places) {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::all_in(folder.path());
        places.prepare().unwrap();
        (folder, places)
    }

    fn public(key: &KeyPair) -> String {
        key.public().to_string()
    }

    #[test]
    fn a_copys_key_is_with_its_files_and_another_than_the_installed_agents() {
        let (_folder, places) = places();
        let copy = places.clone().of_copy();
        copy.prepare().unwrap();
        assert!(store(&places).is_some() && store(&copy).is_none());
        let key = key(&copy).unwrap();
        assert!(copy.key().exists());
        assert_ne!(public(&key), public(&super::key(&places).unwrap()));
    }

    #[test]
    fn a_new_key_is_in_the_store_alone_and_stays_the_same() {
        let (_folder, places) = places();
        let store = Store::default();
        assert!(existing_key_in(&places, &store).unwrap().is_none());
        let key = key_in(&places, &store).unwrap();
        assert!(!places.key().exists());
        assert_eq!(public(&key_in(&places, &store).unwrap()), public(&key));
        assert_eq!(public(&existing_key_in(&places, &store).unwrap().unwrap()), public(&key));
    }

    #[test]
    fn a_key_moves_from_its_file_into_the_store_and_is_never_in_neither() {
        let (_folder, places) = places();
        let (key, bytes) = KeyPair::generate();
        private::write(&places.key(), &bytes).unwrap();
        let store = Store::default();
        for trouble in [&store.locked, &store.full, &store.forgets] {
            trouble.set(true);
            assert_eq!(public(&key_in(&places, &store).unwrap()), public(&key));
            assert_eq!(fs::read(places.key()).unwrap(), bytes);
            trouble.set(false);
            *store.held.borrow_mut() = None;
        }
        // Stopped after the store took it and before the file was removed.
        store.put(&bytes).unwrap();
        for _ in 0..2 {
            assert_eq!(public(&key_in(&places, &store).unwrap()), public(&key));
            assert!(!places.key().exists());
        }
    }

    #[test]
    fn where_the_store_is_locked_no_new_key_takes_the_place_of_the_one_in_it() {
        let (_folder, places) = places();
        let store = Store::default();
        let key = key_in(&places, &store).unwrap();
        store.locked.set(true);
        let error = format!("{:#}", key_in(&places, &store).unwrap_err());
        assert!(error.contains("unlock it and try again"), "{error}");
        assert!(!places.key().exists());
        store.locked.set(false);
        assert_eq!(public(&key_in(&places, &store).unwrap()), public(&key));
    }

    #[test]
    fn a_damaged_key_is_an_error_and_stays_where_it_is() {
        let (_folder, places) = places();
        let store = Store::default();
        private::write(&places.key(), b"nonsense").unwrap();
        assert!(key_in(&places, &store).is_err());
        assert!(places.key().exists() && store.held.borrow().is_none());
        fs::remove_file(places.key()).unwrap();
        store.put(b"nonsense").unwrap();
        assert!(key_in(&places, &store).is_err());
        assert_eq!(store.held.borrow().as_deref(), Some(b"nonsense".as_slice()));
    }

    #[test]
    fn a_key_that_is_on_two_computers_is_renewed_wherever_it_is() {
        let (_folder, places) = places();
        let store = Store::default();
        let key = key_in(&places, &store).unwrap();
        let renewed = renew_key_in(&places, &store).unwrap();
        assert_ne!(public(&renewed), public(&key));
        assert_eq!(public(&key_in(&places, &store).unwrap()), public(&renewed));
        for trouble in [&store.full, &store.locked] {
            trouble.set(true);
            assert!(renew_key_in(&places, &store).is_err());
            assert!(!places.key().exists(), "a key that is not used lies in a file");
            trouble.set(false);
            assert_eq!(public(&key_in(&places, &store).unwrap()), public(&renewed));
        }
        // In a file, where there is no store.
        let (_folder, places) = self::places();
        let key = self::key(&places).unwrap();
        let renewed = renew_key(&places).unwrap();
        assert_ne!(public(&renewed), public(&key));
        assert_eq!(public(&self::key(&places).unwrap()), public(&renewed));
    }

    #[test]
    fn two_different_keys_are_both_kept_and_the_stores_counts() {
        let (_folder, places) = places();
        let store = Store::default();
        let key = key_in(&places, &store).unwrap();
        let (_, other) = KeyPair::generate();
        private::write(&places.key(), &other).unwrap();
        assert_eq!(public(&key_in(&places, &store).unwrap()), public(&key));
        assert_eq!(fs::read(places.key()).unwrap(), other);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn on_linux_the_key_is_in_a_private_file() {
        let (_folder, places) = places();
        let made = key(&places).unwrap();
        assert_eq!(public(&existing_key(&places).unwrap().unwrap()), public(&made));
        assert!(places.key().exists());
    }
}
