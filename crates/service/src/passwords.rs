//! Passwords: argon2id, checked a few at a time.

use crate::error::{Error, Result};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use protocol::Secret;
use std::sync::Arc;
use tokio::sync::{OnceCell, Semaphore};

/// The longest password; hashing takes time with its length.
pub(crate) const MAX_PASSWORD_BYTES: usize = 1024;
/// Each check takes 19 MB and some tens of milliseconds; two at a time leave the machine usable under attack.
const AT_A_TIME: usize = 2;

/// Checks passwords.
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    /// Checked where no such operator exists, so that the answer takes as long.
    nobody: OnceCell<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)), nobody: OnceCell::new() }
    }
}

impl Passwords {
    /// Whether `password` fits `hash`; without a hash it never does, and takes as long to say so.
    pub(crate) async fn verify(&self, password: Secret, hash: Option<String>) -> Result<bool> {
        let _turn = self.turns.acquire().await.map_err(|_| Error::ShuttingDown)?;
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => self.nobody.get_or_try_init(made_up).await?.clone(),
        };
        let fits = tokio::task::spawn_blocking(move || fits(password.expose(), &hash)).await;
        Ok(fits.map_err(|_| Error::Broken("a password check panicked"))? && known)
    }
}

impl Passwords {
    /// Hashes a password, a few at a time.
    pub(crate) async fn hash(&self, password: Secret) -> Result<String> {
        let _turn = self.turns.acquire().await.map_err(|_| Error::ShuttingDown)?;
        let hash = tokio::task::spawn_blocking(move || hash(password.expose())).await;
        hash.map_err(|_| Error::Broken("hashing a password panicked"))?
    }
}

/// A random password of 99 bits that can be read aloud: four groups of five, no letter that looks like another.
pub(crate) fn readable() -> String {
    const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut password = String::new();
    while password.len() < 23 {
        if matches!(password.len(), 5 | 11 | 17) {
            password.push('-');
        }
        // Taking the remainder of any byte would favour the first letters.
        let [byte] = crypto::random_bytes::<1>();
        if let Some(letter) = LETTERS.get(usize::from(byte & 31)) {
            password.push(char::from(*letter));
        }
    }
    password
}

async fn made_up() -> Result<String> {
    let hash = tokio::task::spawn_blocking(|| hash(&crypto::random_token())).await;
    hash.map_err(|_| Error::Broken("hashing a password panicked"))?
}

/// argon2id with the parameters that OWASP recommends, in PHC form.
pub(crate) fn hash(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|_| Error::Broken("the password cannot be hashed"))
}

fn fits(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_fits_its_hash() {
        let hash = hash("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(fits("correct horse", &hash));
        assert!(!fits("correct house", &hash));
        assert!(!fits("", "not a hash"));
    }

    #[test]
    fn a_readable_password_has_four_groups_and_comes_once() {
        let passwords: std::collections::BTreeSet<_> = (0..100).map(|_| readable()).collect();
        assert_eq!(passwords.len(), 100);
        for password in passwords {
            let groups: Vec<_> = password.split('-').collect();
            assert_eq!(
                groups.iter().map(|group| group.len()).collect::<Vec<_>>(),
                [5, 5, 5, 5],
                "{password}"
            );
        }
    }

    #[tokio::test]
    async fn where_there_is_no_operator_no_password_fits() {
        assert!(!Passwords::default().verify(Secret::new("anything"), None).await.unwrap());
    }
}
