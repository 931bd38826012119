//! What the access process was told to stop it confirms. One that does not is killed, so that what was taken back is gone
//! whatever state it is in.
//!
//! Confirmations are numbered: one that is late must not be taken for the answer to something that was said since.

use super::{
    Agent,
    phase::{Access, Phase, Stage},
};
use crate::{Effect, Now, Timer};
use std::time::Duration;

/// How long the access process may take to stop serving what it was told to stop.
const CONFIRM_LIMIT: Duration = Duration::from_secs(1);

impl Agent {
    /// Has the access process say when everything that it was told is carried out.
    pub(super) fn ask_to_confirm(&mut self, now: Now) -> u64 {
        let Phase::Active(_, session) = &mut self.phase else { return 0 };
        session.asked += 1;
        let number = session.asked;
        self.effects.push_back(Effect::Confirm(number));
        // What is said meanwhile does not make it later.
        if self.timers.get(Timer::Confirmed).is_none() {
            self.timers.set(Timer::Confirmed, now.boot + CONFIRM_LIMIT);
        }
        number
    }

    pub(super) fn confirmed(&mut self, number: u64, now: Now) {
        let Phase::Active(_, session) = &mut self.phase else { return };
        if number >= session.asked {
            self.timers.stop(Timer::Confirmed);
        } else if self.timers.get(Timer::Confirmed).is_some() {
            self.timers.set(Timer::Confirmed, now.boot + CONFIRM_LIMIT);
        }
        let holding = session.more.as_ref().is_some_and(|more| more.stage == Stage::Holding);
        if holding && number >= session.hold {
            session.access = Access::Held;
            self.show_prompt(now);
        }
    }

    /// Kills the access process, and starts another that knows no more than what is granted now.
    pub(super) fn not_confirmed(&mut self, due: Duration, now: Now) {
        if now.boot.saturating_sub(due) > CONFIRM_LIMIT {
            // The computer slept, and the access process with it.
            return self.timers.set(Timer::Confirmed, now.boot + CONFIRM_LIMIT);
        }
        self.stop_access(now);
        self.watch_link(now);
        let Phase::Active(_, session) = &self.phase else { return };
        if session.more.as_ref().is_some_and(|more| more.stage == Stage::Holding) {
            self.show_prompt(now);
        }
        self.start_access_again(now);
        self.actions_changed(now);
    }

    /// Starts it anew after it was killed, unless something is in the way that starts it when it is over: a pause, or a
    /// request on the screen.
    pub(super) fn start_access_again(&mut self, now: Now) {
        let Phase::Active(_, session) = &self.phase else { return };
        let asking = session.more.as_ref().is_some_and(|more| more.stage != Stage::Quiet);
        if !asking && !self.is_paused() {
            self.start_access(now);
        }
    }
}
