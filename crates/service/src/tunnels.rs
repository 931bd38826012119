//! Tunnels to access processes, and the operators' connections that lead through them: who may, and when that is over.
//!
//! Only running sessions have any, and only in memory. Nothing is relayed here; `api::tunnel` and `api::files` do that
//! with what they get here, and stop when they are told to. Places are taken within the transaction that decided it, and what a later
//! transaction makes of the session reaches them when it is durable, so that neither can slip past the other.

use crate::{
    error::{Error, Result},
    service::Work,
    sessions,
    store::{OperatorRecord, SessionRecord},
};
use protocol::{EndReason, Permission, Permissions, SessionId, operator::SessionView};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, oneshot, watch},
    time::timeout,
};
use tunnel::{Close, Kind, Opener, Stream};

/// How many connections to the desktop a session can have: the page, one that is being loaded again, and two more for
/// programs of the operator's own. The newest push out the oldest.
const MAX_DESKTOPS: usize = 4;
/// How many requests for files a session can have under way; others wait for their turn.
const MAX_FILE_REQUESTS: usize = 8;

/// Every session's, by session; clones share them.
#[derive(Clone)]
pub(crate) struct Tunnels {
    lines: Arc<Mutex<HashMap<SessionId, Line>>>,
    /// How many places are taken.
    taken: watch::Sender<usize>,
}

/// One session's.
struct Line {
    places: BTreeMap<u64, Taken>,
    next_number: u64,
    /// The newest tunnel, with the number of its place.
    tunnel: watch::Sender<Option<(u64, Opener)>>,
    file_requests: Arc<Semaphore>,
}

struct Taken {
    role: Role,
    revoke: Option<oneshot::Sender<Close>>,
}

impl Taken {
    fn revoke(&mut self, close: Close) {
        if let Some(revoke) = self.revoke.take() {
            // It may be over already.
            let _ = revoke.send(close);
        }
    }
}

/// What a place is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Tunnel,
    Desktop,
    Files(FilesUse),
}

/// What a request for files does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FilesUse {
    /// It asks what can be done.
    Ask,
    Read,
    Write,
}

impl Role {
    /// One of these must be granted.
    fn needs(self) -> Permissions {
        match self {
            Self::Tunnel => Permission::served_by_access(),
            Self::Desktop => Permissions::from([Permission::View]),
            Self::Files(FilesUse::Ask) => Permissions::from([Permission::FilesRead, Permission::FilesWrite]),
            Self::Files(FilesUse::Read) => Permissions::from([Permission::FilesRead]),
            Self::Files(FilesUse::Write) => Permissions::from([Permission::FilesWrite]),
        }
    }

    fn is_possible_with(self, granted: Permissions) -> bool {
        !self.needs().intersection(granted).is_empty()
    }
}

/// An agent's tunnel, if `ticket` is the session's and there is something to serve in it.
pub(crate) fn enter_with_ticket(work: &mut Work<'_>, ticket: &str, id: &SessionId) -> Result<Place> {
    let expected = work.service.secrets.tunnel_ticket(id);
    // Hashes are compared, so that the time taken tells nothing about the ticket. Whether there is such a session is told
    // to who holds its ticket only.
    if crypto::hash(ticket.as_bytes()) != crypto::hash(expected.expose().as_bytes()) {
        return Err(Error::Unauthenticated);
    }
    let session = work.tx.session(id)?.ok_or(Error::Unauthenticated)?;
    enter(work, &session, Role::Tunnel)
}

/// A connection to the desktop, for the session's own operator.
pub(crate) fn enter_desktop(work: &mut Work<'_>, by: &OperatorRecord, id: &SessionId) -> Result<Place> {
    let session = sessions::own(work, by, id)?;
    if session.operator.id != by.public.id {
        return Err(Error::Forbidden("only the session's own operator can see the desktop"));
    }
    enter(work, &session, Role::Desktop)
}

/// A request for files, of the session's own operator.
pub(crate) fn enter_files(
    work: &mut Work<'_>,
    by: &OperatorRecord,
    id: &SessionId,
    wanted: FilesUse,
) -> Result<Place> {
    let session = with_files(work, by, id)?;
    enter(work, &session, Role::Files(wanted))
}

/// A session of the operator's own in which files can be asked for.
pub(crate) fn with_files(work: &mut Work<'_>, by: &OperatorRecord, id: &SessionId) -> Result<SessionRecord> {
    let session = sessions::own(work, by, id)?;
    if session.operator.id != by.public.id {
        return Err(Error::Forbidden("only the session's own operator can reach the files"));
    }
    check(&session, Role::Files(FilesUse::Ask))?;
    Ok(session)
}

fn enter(work: &mut Work<'_>, session: &SessionRecord, role: Role) -> Result<Place> {
    check(session, role)?;
    Ok(work.service.tunnels.take(&session.id, role))
}

fn check(session: &SessionRecord, role: Role) -> Result<()> {
    if session.ended.is_some() {
        return Err(Error::SessionEnded);
    }
    if !role.is_possible_with(session.granted) {
        return Err(Error::NotGranted);
    }
    Ok(())
}

impl Tunnels {
    pub(crate) fn new() -> Self {
        Self { lines: Arc::default(), taken: watch::Sender::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, session: &SessionId, role: Role) -> Place {
        let mut lines = self.lock();
        let line = lines.entry(session.clone()).or_insert_with(|| Line {
            places: BTreeMap::new(),
            next_number: 0,
            tunnel: watch::Sender::new(None),
            file_requests: Arc::new(Semaphore::new(MAX_FILE_REQUESTS)),
        });
        let number = line.next_number;
        line.next_number += 1;
        let (revoke, revoked) = oneshot::channel();
        line.places.insert(number, Taken { role, revoke: Some(revoke) });
        let desktops = line.places.values_mut().filter(|place| place.role == Role::Desktop);
        for oldest in desktops.rev().skip(MAX_DESKTOPS) {
            oldest.revoke(Close::REPLACED);
        }
        self.taken.send_modify(|taken| *taken += 1);
        let tunnel = line.tunnel.subscribe();
        let file_requests = Arc::clone(&line.file_requests);
        Place { tunnels: self.clone(), session: session.clone(), number, revoked, tunnel, file_requests }
    }

    /// Closes what the session, as it is now, does not allow any more.
    pub(crate) fn session_changed(&self, session: &SessionView) {
        let mut lines = self.lock();
        let Some(line) = lines.get_mut(&session.id) else { return };
        for place in line.places.values_mut() {
            if let Some(end) = &session.ended {
                place.revoke(ended(end.reason));
            } else if !place.role.is_possible_with(session.granted) {
                place.revoke(Close::NOT_GRANTED);
            }
        }
    }

    /// Waits until no place is taken.
    pub(crate) async fn empty(&self) {
        // The sender is here, so waiting cannot fail.
        let _ = self.taken.subscribe().wait_for(|taken| *taken == 0).await;
    }
}

/// The farewell after a session's end, with the reason's word on the wire.
fn ended(reason: EndReason) -> Close {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(word)) => Close::SESSION_ENDED.because(&word),
        _ => Close::SESSION_ENDED,
    }
}

/// A tunnel or a connection through one, as long as it is allowed; given back when dropped.
pub(crate) struct Place {
    tunnels: Tunnels,
    session: SessionId,
    number: u64,
    revoked: oneshot::Receiver<Close>,
    tunnel: watch::Receiver<Option<(u64, Opener)>>,
    file_requests: Arc<Semaphore>,
}

impl Place {
    /// Whose it is.
    pub(crate) fn session(&self) -> &SessionId {
        &self.session
    }

    /// Waits until it is over, and says why. Not to be called again after that.
    pub(crate) async fn revoked(&mut self) -> Close {
        match (&mut self.revoked).await {
            Ok(close) => close,
            // The other end of this lives as long as the place.
            Err(_) => std::future::pending().await,
        }
    }

    /// From now on this is the session's tunnel; an older one is closed.
    pub(crate) fn attach(&self, opener: Opener) {
        if let Some(line) = self.tunnels.lock().get_mut(&self.session) {
            for (number, place) in &mut line.places {
                if place.role == Role::Tunnel && *number < self.number {
                    place.revoke(Close::REPLACED);
                }
            }
            let newest = |current: &mut Option<(u64, Opener)>| {
                let newer = current.as_ref().is_none_or(|(number, _)| *number < self.number);
                if newer {
                    *current = Some((self.number, opener));
                }
                newer
            };
            line.tunnel.send_if_modified(newest);
        }
    }

    /// From now on this is not the session's tunnel.
    pub(crate) fn detach(&self) {
        if let Some(line) = self.tunnels.lock().get(&self.session) {
            line.tunnel
                .send_if_modified(|current| current.take_if(|(number, _)| *number == self.number).is_some());
        }
    }

    /// Where a request for files waits for its turn.
    pub(crate) fn queue(&self) -> Arc<Semaphore> {
        Arc::clone(&self.file_requests)
    }

    /// The way through the session's tunnel.
    pub(crate) fn way(&self) -> Way {
        Way(self.tunnel.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.detach();
        let mut lines = self.tunnels.lock();
        if let Some(line) = lines.get_mut(&self.session) {
            line.places.remove(&self.number);
            if line.places.is_empty() {
                lines.remove(&self.session);
            }
        }
        self.tunnels.taken.send_modify(|taken| *taken -= 1);
    }
}

/// The way through a session's tunnel, whichever is the newest.
pub(crate) struct Way(watch::Receiver<Option<(u64, Opener)>>);

impl Way {
    /// Opens a stream, and waits up to `patience` for a tunnel that it can go through.
    pub(crate) async fn open(mut self, kind: Kind, patience: Duration) -> Option<Stream> {
        let opening = async {
            loop {
                let (number, opener) = self.0.wait_for(Option::is_some).await.ok()?.clone()?;
                match opener.open(kind).await {
                    Ok(stream) => return Some(stream),
                    Err(tunnel::Error::TooManyStreams) => return None,
                    Err(error) => tracing::debug!(%error, "a tunnel is lost that was just there"),
                }
                let other = |tunnel: &Option<(u64, Opener)>| {
                    tunnel.as_ref().is_none_or(|(newest, _)| *newest != number)
                };
                self.0.wait_for(other).await.ok()?;
            }
        };
        timeout(patience, opening).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_the_end_is_a_word_of_the_protocol() {
        assert_eq!(ended(EndReason::LinkLost).reason, "session_ended:link_lost");
    }

    #[tokio::test]
    async fn the_newest_desktops_push_out_the_oldest() {
        let tunnels = Tunnels::new();
        let session: SessionId = "one".parse().unwrap();
        let _tunnel = tunnels.take(&session, Role::Tunnel);
        let mut places: Vec<_> = (0..=MAX_DESKTOPS).map(|_| tunnels.take(&session, Role::Desktop)).collect();
        let _other = tunnels.take(&"two".parse().unwrap(), Role::Desktop);
        assert_eq!(places[0].revoked().await, Close::REPLACED);
        for place in &mut places[1..] {
            assert!(place.revoked.try_recv().is_err());
        }
    }

    #[tokio::test]
    async fn nothing_is_left_of_places_that_were_given_back() {
        let tunnels = Tunnels::new();
        let session: SessionId = "one".parse().unwrap();
        let places = [tunnels.take(&session, Role::Tunnel), tunnels.take(&session, Role::Desktop)];
        drop(places);
        tunnels.empty().await;
        assert!(tunnels.lock().is_empty());
    }
}
