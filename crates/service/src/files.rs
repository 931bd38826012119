//! Passwords for WebDAV clients: one for a session, for its own operator.
//!
//! Each is good for as long as the session and the sign-in that asked for it, and until another is asked for. They are kept
//! in memory only, and hashed: who held one asks for another after the service was started again.

use crate::{
    credentials::SignedIn,
    error::Result,
    service::{Service, Work},
    tunnels,
};
use protocol::{
    Secret, SessionId,
    operator::{FilesCredential, SessionView},
};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// Where a session's folder is.
pub(crate) fn path(session: &SessionId) -> String {
    format!("/operator/v1/sessions/{session}/files")
}

/// A new password in the place of an older.
pub(crate) fn make_credential(
    work: &mut Work<'_>,
    who: &SignedIn,
    id: &SessionId,
) -> Result<FilesCredential> {
    let session = tunnels::with_files(work, &who.operator, id)?;
    let password = crypto::random_token();
    let held = Held {
        password_hash: crypto::hash(password.as_bytes()),
        who: who.clone(),
        in_force: watch::Sender::new(()),
    };
    let Service { files_credentials, public_url, .. } = work.service;
    files_credentials.lock().insert(session.id.clone(), held);
    tracing::info!(session = %session.id, "a password for the files was made");
    let url = format!("{public_url}{}/", path(&session.id));
    Ok(FilesCredential { url, user_name: session.id.to_string(), password: Secret::new(password) })
}

/// Every session's, by session.
#[derive(Default)]
pub(crate) struct FilesCredentials(Mutex<HashMap<SessionId, Held>>);

struct Held {
    password_hash: String,
    who: SignedIn,
    in_force: watch::Sender<()>,
}

impl FilesCredentials {
    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose it is, if user name and password are the session's. Whether the sign-in is still good is not looked at here.
    pub(crate) fn find(
        &self,
        session: &SessionId,
        user_name: &str,
        password: &str,
    ) -> Option<(SignedIn, InForce)> {
        // Hashes are compared, so that the time taken tells nothing about the password.
        let sent = crypto::hash(password.as_bytes());
        let all = self.lock();
        let held = all.get(session).filter(|_| user_name == session.as_str())?;
        (held.password_hash == sent).then(|| (held.who.clone(), InForce(held.in_force.subscribe())))
    }

    /// Voids the password of a session that is over.
    pub(crate) fn session_changed(&self, session: &SessionView) {
        if session.ended.is_some() {
            self.lock().remove(&session.id);
        }
    }
}

/// A password that was good when it came.
pub(crate) struct InForce(watch::Receiver<()>);

impl InForce {
    /// Waits until it is good no longer.
    pub(crate) async fn over(&mut self) {
        // Nothing is ever said; the sender goes with the password.
        while self.0.changed().await.is_ok() {}
    }
}
