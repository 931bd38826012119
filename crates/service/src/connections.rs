//! How many connections there may be, so that nobody takes the place of everybody else by opening many and asking little.
//!
//! Only strangers are counted by their address: ten thousand agents of one company may come from one, and each holds a
//! connection while it waits. Whoever has shown a credential is counted by that instead. A stranger who comes when the places
//! are taken displaces the one who has been one for longest: who means to ask something has asked by then, while slow senders,
//! slow readers and those who say nothing get old.
//!
//! A trusted proxy speaks for many over a few connections. Those are its own business; the requests that come over them are counted
//! by whom they are for, and a request cannot be displaced, so the one too many is refused.

use crate::{descriptors, guessing::Network};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    convert::Infallible,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// How often the log says that places ran out: an attack must not fill the disk.
const SAID_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// How many connections are kept.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Of strangers at one address (an IPv4 address, an IPv6 /64).
    pub strangers_per_address: usize,
    /// Of strangers altogether.
    pub strangers: usize,
    /// With one credential. An operator with several tabs, each with a desktop and files, has less than half of it.
    pub per_credential: usize,
}

impl ConnectionLimits {
    /// What fits this program, which takes as many descriptors as the system lets it.
    pub fn of_this_program() -> Self {
        Self::within(descriptors::raise())
    }

    /// What fits a program that may have this many descriptors: three quarters are left for those who are known.
    fn within(descriptors: u64) -> Self {
        let strangers = usize::try_from(descriptors / 4).unwrap_or(usize::MAX).clamp(32, 4096);
        Self { strangers_per_address: strangers / 4, strangers, per_credential: 64 }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self::within(u64::MAX)
    }
}

/// Who holds a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Stranger(Network),
    /// By the credential's hash.
    Known(String),
}

struct Taken {
    holder: Holder,
    /// Dropped to tell that the place is another's now.
    _kept: oneshot::Sender<Infallible>,
}

#[derive(Default)]
struct State {
    next_number: u64,
    /// The lower a number, the longer ago it came.
    taken: BTreeMap<u64, Taken>,
    by_holder: HashMap<Holder, BTreeSet<u64>>,
    /// Connections of strangers; requests through a proxy are not among them.
    strangers: BTreeSet<u64>,
    said: Option<Instant>,
}

/// Every connection's place.
pub(crate) struct Connections {
    limits: ConnectionLimits,
    state: Mutex<State>,
}

impl Default for Connections {
    fn default() -> Self {
        Self::new(ConnectionLimits::default())
    }
}

impl Connections {
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection, and what fails when it is another's.
    pub(crate) fn enter(self: &Arc<Self>, from: IpAddr) -> (ConnectionPlace, oneshot::Receiver<Infallible>) {
        let network = Network::from(from);
        let holder = Holder::Stranger(network);
        let mut state = self.state();
        let of_address = state.count(&holder) >= self.limits.strangers_per_address;
        if of_address || state.strangers.len() >= self.limits.strangers {
            let oldest = if of_address { state.oldest(&holder) } else { state.strangers.first().copied() };
            state.remove(oldest);
            state.say(of_address.then_some(from));
        }
        let (number, displaced) = state.insert(holder);
        state.strangers.insert(number);
        (ConnectionPlace { all: Arc::clone(self), number }, displaced)
    }

    /// A place for one request that a proxy passes on; nothing when there is none.
    pub(crate) fn enter_through_proxy(self: &Arc<Self>, from: IpAddr) -> Option<ConnectionPlace> {
        let holder = Holder::Stranger(Network::from(from));
        let mut state = self.state();
        if state.count(&holder) >= self.limits.strangers_per_address {
            state.say(Some(from));
            return None;
        }
        let (number, _) = state.insert(holder);
        Some(ConnectionPlace { all: Arc::clone(self), number })
    }
}

impl State {
    fn count(&self, holder: &Holder) -> usize {
        self.by_holder.get(holder).map_or(0, BTreeSet::len)
    }

    fn oldest(&self, holder: &Holder) -> Option<u64> {
        self.by_holder.get(holder)?.first().copied()
    }

    fn insert(&mut self, holder: Holder) -> (u64, oneshot::Receiver<Infallible>) {
        let number = self.next_number;
        self.next_number += 1;
        let (kept, displaced) = oneshot::channel();
        self.by_holder.entry(holder.clone()).or_default().insert(number);
        self.taken.insert(number, Taken { holder, _kept: kept });
        (number, displaced)
    }

    fn remove(&mut self, number: Option<u64>) {
        let Some((number, taken)) = number.and_then(|number| Some((number, self.taken.remove(&number)?)))
        else {
            return;
        };
        self.forget(&taken.holder, number);
    }

    fn forget(&mut self, holder: &Holder, number: u64) {
        self.strangers.remove(&number);
        if let Some(numbers) = self.by_holder.get_mut(holder) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.by_holder.remove(holder);
            }
        }
    }

    fn say(&mut self, from: Option<IpAddr>) {
        let now = Instant::now();
        if self.said.is_some_and(|said| now.saturating_duration_since(said) < SAID_AGAIN_AFTER) {
            return;
        }
        self.said = Some(now);
        match from {
            Some(address) => tracing::warn!(%address, "an address has more connections than it may"),
            None => tracing::warn!("there are more connections of strangers than there may be"),
        }
    }
}

/// A place that is free again when this is dropped.
pub(crate) struct ConnectionPlace {
    all: Arc<Connections>,
    number: u64,
}

impl ConnectionPlace {
    /// Whoever holds the place has shown a valid credential. The first one counts: it is what the connection was opened for.
    pub(crate) fn known_by(&self, token_hash: &str) {
        let most = self.all.limits.per_credential;
        let mut state = self.all.state();
        let Some(taken) = state.taken.get_mut(&self.number) else { return };
        if matches!(taken.holder, Holder::Known(_)) {
            return;
        }
        let holder = Holder::Known(token_hash.to_owned());
        let before = std::mem::replace(&mut taken.holder, holder.clone());
        state.forget(&before, self.number);
        if state.count(&holder) >= most {
            let oldest = state.oldest(&holder);
            state.remove(oldest);
        }
        state.by_holder.entry(holder).or_default().insert(self.number);
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.all.state().remove(Some(self.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.0.2.1";
    const THERE: &str = "198.51.100.7";

    fn connections() -> Arc<Connections> {
        let limits = ConnectionLimits { strangers_per_address: 2, strangers: 3, per_credential: 2 };
        Arc::new(Connections::new(limits))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn is_displaced(place: &mut oneshot::Receiver<Infallible>) -> bool {
        matches!(place.try_recv(), Err(oneshot::error::TryRecvError::Closed))
    }

    fn is_empty(all: &Connections) -> bool {
        let state = all.state();
        state.taken.is_empty() && state.by_holder.is_empty() && state.strangers.is_empty()
    }

    #[test]
    fn one_address_too_many_displaces_its_own_oldest() {
        let all = connections();
        let (_there, mut there) = all.enter(address(THERE));
        let mut places: Vec<_> = (0..5).map(|_| all.enter(address(HERE))).collect();
        let displaced: Vec<bool> = places.iter_mut().map(|(_, place)| is_displaced(place)).collect();
        assert_eq!(displaced, [true, true, true, false, false]);
        assert!(!is_displaced(&mut there));
    }

    #[test]
    fn many_addresses_displace_the_oldest_stranger() {
        let all = connections();
        let (known, mut kept) = all.enter(address("192.0.2.200"));
        known.known_by("a token");
        let mut places: Vec<_> =
            (0..6).map(|number| all.enter(address(&format!("192.0.2.{number}")))).collect();
        let displaced: Vec<bool> = places.iter_mut().map(|(_, place)| is_displaced(place)).collect();
        assert_eq!(displaced, [true, true, true, false, false, false]);
        assert!(!is_displaced(&mut kept));
    }

    #[test]
    fn agents_behind_one_address_are_counted_by_their_tokens() {
        let all = connections();
        let mut agents = Vec::new();
        for number in 0..100 {
            let (place, displaced) = all.enter(address(HERE));
            place.known_by(&format!("token {number}"));
            agents.push((place, displaced));
        }
        assert!(agents.iter_mut().all(|(_, place)| !is_displaced(place)));
        let mut stolen: Vec<_> = (0..5).map(|_| all.enter(address(THERE))).collect();
        stolen.clear();
        for _ in 0..5 {
            let (place, displaced) = all.enter(address(THERE));
            place.known_by("a stolen token");
            place.known_by("another token");
            stolen.push((place, displaced));
        }
        let displaced: Vec<bool> = stolen.iter_mut().map(|(_, place)| is_displaced(place)).collect();
        assert_eq!(displaced, [true, true, true, false, false]);
        drop((agents, stolen));
        assert!(is_empty(&all));
    }

    #[test]
    fn what_a_proxy_passes_on_is_counted_by_whom_it_is_for() {
        let all = connections();
        let places: Vec<_> = (0..3).map(|_| all.enter_through_proxy(address(HERE))).collect();
        assert_eq!(places.iter().flatten().count(), 2);
        assert!(all.enter_through_proxy(address(THERE)).is_some());
        let known = places.into_iter().flatten().next().unwrap();
        known.known_by("a token");
        assert!(all.enter_through_proxy(address(HERE)).is_some());
        drop(known);
        assert!(is_empty(&all));
    }

    #[test]
    fn few_descriptors_leave_room_for_those_who_are_known() {
        let limits = ConnectionLimits::within(1024);
        assert_eq!((limits.strangers_per_address, limits.strangers), (64, 256));
    }
}
