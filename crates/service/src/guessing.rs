//! Limits on guessing session codes and passwords.
//!
//! # The arithmetic
//!
//! A code has 9 digits: 10⁹ possibilities, drawn at random. With *n* invitations open, one guess hits with *n* / 10⁹; take
//! *n* = 1,000, a busy day of a large organisation: one in a million.
//!
//! - **Per agent key** 5 wrong codes in 15 minutes. A key costs an attacker nothing; this one stops an agent that repeats
//!   itself.
//! - **Per address** (an IPv4 address, an IPv6 /64, since a household is given at least that) 20 wrong codes in 15
//!   minutes: 1,920 a day, a hit within a day with a probability of 0.2 %. An office behind one address does not mistype
//!   twenty codes in a quarter of an hour.
//! - **Over all** a budget of 500 wrong codes an hour, which honest mistakes do not reach and a thousand addresses do in
//!   minutes. Beyond it every look at a code costs a proof of work: 18 bits (at three million hashes a second a tenth of
//!   a second of one core), one bit more for each doubling, 22 at most (a second and a half, which a person who types a
//!   code can bear). Nobody is turned away, and an attacker with 10,000 addresses, who could try 800,000 codes an hour,
//!   pays 2²² hashes for each: 300 cores, for a hit every 75 minutes.
//! - What a hit is worth: the attacker has joined as *user* of somebody's invitation and sees an operator's name. It opens
//!   no computer. The operator sees a foreign agent join, withdraws and makes a new invitation; a code is spent by its
//!   first use.
//!
//! Passwords: 10 failures in 15 minutes for a sign-in name from one address, 100 for a sign-in name from everywhere (so
//! that nobody can lock an operator out cheaply, and nobody has more than 9,600 guesses a day), 30 for an address.
//!
//! Codes of the second factor: three of a million are right at any time (half a minute, and one before and after it). 5 wrong
//! ones in 15 minutes for a sign-in name from one address, 20 for a sign-in name from everywhere: 1,920 a day, a hit
//! within a day with a probability of 0.6 %, for somebody who knows the password already; each failure stands in the
//! audit log.
//!
//! Counters live in memory: a restart forgets them, and only who runs the service can restart it.

use crate::{
    clock,
    error::{Error, Result},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use protocol::{
    Timestamp,
    agent::{ProofOfWork, ProofOfWorkChallenge},
};
use ring::hmac;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Failures are counted over this long, except for the budget.
const WINDOW_SECS: u32 = 15 * 60;
/// The budget's failures are counted over this long.
const BUDGET_WINDOW_SECS: u32 = 60 * 60;
/// A challenge can be answered this long.
const CHALLENGE_SECS: u32 = 5 * 60;

/// How many failures are borne; the arithmetic stands at the top of this module.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Wrong codes per agent key in 15 minutes.
    pub codes_per_key: u32,
    /// Wrong codes per address in 15 minutes.
    pub codes_per_address: u32,
    /// Wrong codes from everywhere in an hour, before proof of work is asked.
    pub codes_budget: u32,
    /// The first proof's difficulty in leading zero bits.
    pub proof_bits: u8,
    /// Wrong passwords per sign-in name and address in 15 minutes.
    pub passwords_per_login_and_address: u32,
    /// Wrong passwords per sign-in name in 15 minutes.
    pub passwords_per_login: u32,
    /// Wrong passwords per address in 15 minutes.
    pub passwords_per_address: u32,
    /// Wrong codes of the second factor per sign-in name and address in 15 minutes.
    pub second_factors_per_login_and_address: u32,
    /// Wrong codes of the second factor per sign-in name in 15 minutes.
    pub second_factors_per_login: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            codes_per_key: 5,
            codes_per_address: 20,
            codes_budget: 500,
            proof_bits: 18,
            passwords_per_login_and_address: 10,
            passwords_per_login: 100,
            passwords_per_address: 30,
            second_factors_per_login_and_address: 5,
            second_factors_per_login: 20,
        }
    }
}

/// The most leading zero bits that are ever asked for.
const MAX_PROOF_BITS: u8 = 22;

/// An address as the limits count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 => v4,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    CodesOfKey(String),
    CodesOf(Network),
    Codes,
    PasswordsOfLoginFrom(String, Network),
    PasswordsOfLogin(String),
    PasswordsFrom(Network),
    SecondFactorsOfLoginFrom(String, Network),
    SecondFactorsOfLogin(String),
}

impl Subject {
    fn window_secs(&self) -> u32 {
        if *self == Self::Codes { BUDGET_WINDOW_SECS } else { WINDOW_SECS }
    }
}

/// Failures within a window that starts with the first of them.
struct Failures {
    since: Timestamp,
    count: u32,
}

#[derive(Default)]
struct State {
    failures: HashMap<Subject, Failures>,
    /// Challenges that were solved, until they expire.
    spent: HashMap<String, Timestamp>,
}

/// Counts failures and says when it is enough.
pub(crate) struct Guessing {
    limits: Limits,
    /// Signs challenges; lives as long as the memory of which were spent.
    key: hmac::Key,
    state: Mutex<State>,
}

impl Guessing {
    pub(crate) fn new(limits: Limits) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &crypto::random_bytes::<32>());
        Self { limits, key, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another code may be tried from here, before it is looked at.
    pub(crate) fn may_try_code(
        &self,
        from: IpAddr,
        agent_key: Option<&str>,
        proof: Option<&ProofOfWork>,
        now: Timestamp,
    ) -> Result<()> {
        let mut state = self.lock();
        state.check(&Subject::CodesOf(from.into()), self.limits.codes_per_address, now)?;
        if let Some(key) = agent_key {
            state.check(&Subject::CodesOfKey(key.to_owned()), self.limits.codes_per_key, now)?;
        }
        let failures = state.count(&Subject::Codes, now);
        if failures < self.limits.codes_budget {
            return Ok(());
        }
        if proof.is_some_and(|proof| self.spend(&mut state, proof, now)) {
            return Ok(());
        }
        Err(Error::ProofOfWorkRequired(self.challenge(failures, now)))
    }

    /// A code was wrong.
    pub(crate) fn code_failed(&self, from: IpAddr, agent_key: Option<&str>, now: Timestamp) {
        let mut state = self.lock();
        state.fail(Subject::CodesOf(from.into()), now);
        state.fail(Subject::Codes, now);
        if let Some(key) = agent_key {
            state.fail(Subject::CodesOfKey(key.to_owned()), now);
        }
    }

    /// Whether another password may be tried. It counts as wrong until [`Guessing::password_succeeded`], so that many tries
    /// at once are not more than the limit.
    pub(crate) fn try_password(&self, login: &str, from: IpAddr, now: Timestamp) -> Result<()> {
        let mut state = self.lock();
        let subjects = self.password_subjects(login, from);
        for (subject, limit) in &subjects {
            state.check(subject, *limit, now)?;
        }
        for (subject, _) in subjects {
            state.fail(subject, now);
        }
        Ok(())
    }

    /// The password was right: this try does not count, and the mistakes made here before it are forgotten.
    pub(crate) fn password_succeeded(&self, login: &str, from: IpAddr) {
        let mut state = self.lock();
        let [(here, _), (login, _), (address, _)] = self.password_subjects(login, from);
        state.failures.remove(&here);
        for subject in [login, address] {
            if let Some(failures) = state.failures.get_mut(&subject) {
                failures.count = failures.count.saturating_sub(1);
            }
        }
    }

    /// Whether another code of the second factor may be tried. It counts as wrong until
    /// [`Guessing::second_factor_succeeded`].
    pub(crate) fn try_second_factor(&self, login: &str, from: IpAddr, now: Timestamp) -> Result<()> {
        let mut state = self.lock();
        let subjects = self.second_factor_subjects(login, from);
        for (subject, limit) in &subjects {
            state.check(subject, *limit, now)?;
        }
        for (subject, _) in subjects {
            state.fail(subject, now);
        }
        Ok(())
    }

    /// The code was right: the mistakes made here before it are forgotten, and those made elsewhere still count.
    pub(crate) fn second_factor_succeeded(&self, login: &str, from: IpAddr) {
        let mut state = self.lock();
        let [(here, _), (login, _)] = self.second_factor_subjects(login, from);
        state.failures.remove(&here);
        if let Some(failures) = state.failures.get_mut(&login) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    /// Whether another passkey may be tried from here. It counts as a wrong password until [`Guessing::passkey_succeeded`];
    /// once it is known whose it is, it counts for the sign-in name as a code does.
    pub(crate) fn try_passkey(&self, from: IpAddr, now: Timestamp) -> Result<()> {
        let mut state = self.lock();
        let subject = Subject::PasswordsFrom(from.into());
        state.check(&subject, self.limits.passwords_per_address, now)?;
        state.fail(subject, now);
        Ok(())
    }

    /// The passkey was right: this try does not count.
    pub(crate) fn passkey_succeeded(&self, from: IpAddr) {
        if let Some(failures) = self.lock().failures.get_mut(&Subject::PasswordsFrom(from.into())) {
            failures.count = failures.count.saturating_sub(1);
        }
    }

    fn second_factor_subjects(&self, login: &str, from: IpAddr) -> [(Subject, u32); 2] {
        let here = Subject::SecondFactorsOfLoginFrom(login.to_owned(), from.into());
        [
            (here, self.limits.second_factors_per_login_and_address),
            (Subject::SecondFactorsOfLogin(login.to_owned()), self.limits.second_factors_per_login),
        ]
    }

    fn password_subjects(&self, login: &str, from: IpAddr) -> [(Subject, u32); 3] {
        let limits = &self.limits;
        let here = Subject::PasswordsOfLoginFrom(login.to_owned(), from.into());
        [
            (here, limits.passwords_per_login_and_address),
            (Subject::PasswordsOfLogin(login.to_owned()), limits.passwords_per_login),
            (Subject::PasswordsFrom(from.into()), limits.passwords_per_address),
        ]
    }

    /// Forgets what no longer counts.
    pub(crate) fn forget(&self, now: Timestamp) {
        let mut state = self.lock();
        state.failures.retain(|subject, failures| clock::after(failures.since, subject.window_secs()) > now);
        state.spent.retain(|_, expires_at| *expires_at > now);
    }

    /// A challenge carries its expiry and difficulty and is signed, so that none has to be remembered before it is solved.
    fn challenge(&self, failures: u32, now: Timestamp) -> ProofOfWorkChallenge {
        let doublings = (failures / self.limits.codes_budget.max(1)).max(1).ilog2();
        let raised = self.limits.proof_bits.saturating_add(u8::try_from(doublings).unwrap_or(u8::MAX));
        let zero_bits = raised.min(MAX_PROOF_BITS.max(self.limits.proof_bits));
        let expires_at = clock::after(now, CHALLENGE_SECS).as_millisecond();
        let content = format!("{zero_bits}.{expires_at}.{}", crypto::random_id());
        let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, content.as_bytes()));
        ProofOfWorkChallenge { challenge: format!("{content}.{signature}"), zero_bits }
    }

    fn spend(&self, state: &mut State, proof: &ProofOfWork, now: Timestamp) -> bool {
        let Some((zero_bits, expires_at)) = self.read(&proof.challenge) else { return false };
        if expires_at <= now
            || state.spent.contains_key(&proof.challenge)
            || !crypto::solves(proof, zero_bits)
        {
            return false;
        }
        state.spent.insert(proof.challenge.clone(), expires_at);
        true
    }

    fn read(&self, challenge: &str) -> Option<(u8, Timestamp)> {
        let (content, signature) = challenge.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.key, content.as_bytes(), &signature).ok()?;
        let mut parts = content.split('.');
        let zero_bits = parts.next()?.parse().ok()?;
        let expires_at = Timestamp::from_millisecond(parts.next()?.parse().ok()?).ok()?;
        Some((zero_bits, expires_at))
    }
}

impl State {
    fn count(&self, subject: &Subject, now: Timestamp) -> u32 {
        let current = |failures: &&Failures| clock::after(failures.since, subject.window_secs()) > now;
        self.failures.get(subject).filter(current).map_or(0, |failures| failures.count)
    }

    fn check(&self, subject: &Subject, limit: u32, now: Timestamp) -> Result<()> {
        if self.count(subject, now) < limit {
            return Ok(());
        }
        let since = self.failures.get(subject).map_or(now, |failures| failures.since);
        let secs = clock::remaining_secs(clock::after(since, subject.window_secs()), now).max(1);
        Err(Error::TooManyAttempts { retry_after: Duration::from_secs(secs.into()) })
    }

    fn fail(&mut self, subject: Subject, now: Timestamp) {
        let count = self.count(&subject, now);
        let failures = self.failures.entry(subject).or_insert(Failures { since: now, count: 0 });
        if count == 0 {
            failures.since = now;
        }
        failures.count = count + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.0.2.1";

    fn at(secs: u32) -> Timestamp {
        clock::after("2026-01-01T00:00:00Z".parse().unwrap(), secs)
    }

    fn guessing(codes_budget: u32) -> Guessing {
        Guessing::new(Limits { codes_budget, proof_bits: 8, ..Limits::default() })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_that_guessed_too_often_waits_and_others_do_not() {
        let guessing = guessing(1000);
        for _ in 0..20 {
            guessing.may_try_code(address(HERE), None, None, at(0)).unwrap();
            guessing.code_failed(address(HERE), None, at(0));
        }
        let refused = guessing.may_try_code(address(HERE), None, None, at(100));
        let Err(Error::TooManyAttempts { retry_after }) = refused else { panic!("{refused:?}") };
        assert_eq!(retry_after.as_secs(), 800);
        guessing.may_try_code(address("192.0.2.2"), None, None, at(100)).unwrap();
        guessing.may_try_code(address(HERE), None, None, at(901)).unwrap();
    }

    #[test]
    fn a_household_with_ipv6_is_one_address() {
        let guessing = guessing(1000);
        for host in 0..20 {
            guessing.code_failed(address(&format!("2001:db8:1:2::{host:x}")), None, at(0));
        }
        assert!(guessing.may_try_code(address("2001:db8:1:2:ffff::1"), None, None, at(1)).is_err());
        guessing.may_try_code(address("2001:db8:1:3::1"), None, None, at(1)).unwrap();
        guessing.may_try_code(address("::ffff:192.0.2.9"), None, None, at(1)).unwrap();
    }

    #[test]
    fn an_agent_key_has_five_wrong_codes_wherever_it_is() {
        let guessing = guessing(1000);
        for host in 1..=5 {
            guessing.code_failed(address(&format!("192.0.2.{host}")), Some("key"), at(0));
        }
        assert!(guessing.may_try_code(address("192.0.2.9"), Some("key"), None, at(1)).is_err());
        guessing.may_try_code(address("192.0.2.9"), Some("other"), None, at(1)).unwrap();
    }

    #[test]
    fn beyond_the_budget_a_proof_opens_the_door_once_and_everybody_can_make_one() {
        let guessing = guessing(2);
        guessing.code_failed(address("192.0.2.1"), None, at(0));
        guessing.code_failed(address("192.0.2.2"), None, at(0));
        let asked = guessing.may_try_code(address("192.0.2.3"), None, None, at(1));
        let Err(Error::ProofOfWorkRequired(challenge)) = asked else { panic!("{asked:?}") };
        let proof = crypto::solve(&challenge);
        guessing.may_try_code(address("192.0.2.3"), None, Some(&proof), at(2)).unwrap();
        assert!(guessing.may_try_code(address("192.0.2.3"), None, Some(&proof), at(2)).is_err(), "spent");

        let late = crypto::solve(&guessing.challenge(2, at(0)));
        assert!(guessing.may_try_code(address("192.0.2.3"), None, Some(&late), at(301)).is_err(), "expired");
        let mut forged = crypto::solve(&guessing.challenge(2, at(0)));
        forged.challenge = forged.challenge.replacen("8.", "0.", 1);
        assert!(guessing.may_try_code(address("192.0.2.3"), None, Some(&forged), at(1)).is_err(), "forged");
        guessing.may_try_code(address("192.0.2.3"), None, None, at(3601)).unwrap();
    }

    #[test]
    fn the_proof_grows_with_the_attack_and_stays_bearable() {
        let guessing = Guessing::new(Limits::default());
        let bits = |failures| guessing.challenge(failures, at(0)).zero_bits;
        assert_eq!([bits(500), bits(1000), bits(4000), bits(1_000_000)], [18, 19, 21, 22]);
    }

    #[test]
    fn a_forgotten_password_does_not_lock_the_operator_out_elsewhere() {
        let guessing = guessing(1000);
        for _ in 0..10 {
            guessing.try_password("olivia", address(HERE), at(0)).unwrap();
        }
        assert!(guessing.try_password("olivia", address(HERE), at(1)).is_err());
        guessing.try_password("olivia", address("192.0.2.2"), at(1)).unwrap();
        guessing.try_password("oscar", address(HERE), at(1)).unwrap();
    }

    #[test]
    fn what_no_longer_counts_is_forgotten() {
        let guessing = guessing(1000);
        guessing.code_failed(address(HERE), Some("key"), at(0));
        guessing.forget(at(BUDGET_WINDOW_SECS));
        assert!(guessing.lock().failures.is_empty());
    }
}
