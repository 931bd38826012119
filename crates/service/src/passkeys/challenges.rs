//! Challenges that wait for an answer. They live in memory: after a restart one begins anew.

use crate::{clock, guessing::Network};
use protocol::Timestamp;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};
use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyRegistration};

/// As long as the browser is told to wait; people have to find a key and a PIN.
const CHALLENGE_SECS: u32 = 5 * 60;
/// Anybody can ask for challenges: an address that asks for more loses its oldest.
const MOST_OF_NETWORK: usize = 20;
/// Beyond this everybody's oldest goes.
const MOST: usize = 10_000;

/// What an answer is for.
pub(super) enum Asked {
    /// A new passkey for who is signed in with this.
    Adding { token_hash: String, state: Box<PasskeyRegistration> },
    /// Signing in; by this operator where the password was shown.
    SigningIn { operator: Option<protocol::OperatorId>, state: Box<DiscoverableAuthentication> },
}

struct Open {
    asked: Asked,
    from: Network,
    until: Timestamp,
    number: u64,
}

#[derive(Default)]
struct State {
    open: HashMap<String, Open>,
    next_number: u64,
}

#[derive(Default)]
pub(super) struct Challenges(Mutex<State>);

impl Challenges {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what was asked, and gives the name under which it is found once.
    pub(super) fn open(&self, asked: Asked, from: IpAddr, now: Timestamp) -> String {
        let mut state = self.lock();
        let from = Network::from(from);
        state.open.retain(|_, open| open.until > now);
        if state.open.values().filter(|open| open.from == from).count() >= MOST_OF_NETWORK {
            state.forget_oldest(|open| open.from == from);
        } else if state.open.len() >= MOST {
            state.forget_oldest(|_| true);
        }
        let name = crypto::random_token();
        let number = state.next_number;
        state.next_number += 1;
        let until = clock::after(now, CHALLENGE_SECS);
        state.open.insert(name.clone(), Open { asked, from, until, number });
        name
    }

    /// What was asked, unless that was too long ago; nobody finds it again.
    pub(super) fn take(&self, name: &str, now: Timestamp) -> Option<Asked> {
        self.lock().open.remove(name).filter(|open| open.until > now).map(|open| open.asked)
    }
}

impl State {
    fn forget_oldest(&mut self, among: impl Fn(&Open) -> bool) {
        let oldest = self.open.iter().filter(|(_, open)| among(open)).min_by_key(|(_, open)| open.number);
        if let Some(name) = oldest.map(|(name, _)| name.clone()) {
            self.open.remove(&name);
        }
    }
}
