//! Time as an argument, and the table of what is due when.

use protocol::Timestamp;
use std::time::Duration;

/// The time of a call, by two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since the computer started, counting time asleep (CLOCK_BOOTTIME or the system's equal). Drives every timer;
    /// never goes back.
    pub boot: Duration,
    /// What the clock on the wall says; only stamps records, and may jump.
    pub wall: Timestamp,
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Looking up or joining takes too long, or the question whether to join stays unanswered.
    Joining,
    /// After five wrong codes the next one may be tried.
    CodeRetry,
    /// Waiting for an operator ends: the invitation expires or two hours are over.
    Waiting,
    /// The popup must be on the screen.
    PromptShown,
    /// The access process must have confirmed that it holds the operator's input back.
    InputHeld,
    /// The access process must have confirmed that it serves no more than it may.
    Confirmed,
    /// From now on a press of *Approve* counts.
    Approvable,
    /// Silence becomes a no.
    Answer,
    /// The link is gone for too long for an open request.
    RequestLink,
    /// The service must have accepted the approval.
    Acceptance,
    /// The session's limit.
    SessionLimit,
    /// The link is gone for too long for a session.
    SessionLink,
    /// The screen is locked for too long for a session.
    SessionLocked,
    /// No chat line for a while: nobody is chatting any more.
    Chatting,
    /// What was done with files meanwhile is shown and written down.
    Files,
    /// The summary of an ended session closes by itself.
    Ended,
    /// The user wants to be asked again.
    DoNotDisturb,
}

impl Timer {
    const COUNT: usize = 17;

    /// What hangs on a request that is on the screen or being approved.
    pub(crate) const OF_A_PROMPT: [Self; 6] = [
        Self::Answer,
        Self::RequestLink,
        Self::PromptShown,
        Self::InputHeld,
        Self::Approvable,
        Self::Acceptance,
    ];

    /// In the order in which timers that are due at the same moment fire: an end before a yes, a no before a yes.
    const ALL: [Self; Self::COUNT] = [
        Self::SessionLimit,
        Self::SessionLink,
        Self::SessionLocked,
        Self::Answer,
        Self::RequestLink,
        Self::PromptShown,
        Self::InputHeld,
        Self::Confirmed,
        Self::Acceptance,
        Self::Waiting,
        Self::Joining,
        Self::CodeRetry,
        Self::Approvable,
        Self::Chatting,
        Self::Files,
        Self::Ended,
        Self::DoNotDisturb,
    ];
}

/// At most one deadline a [`Timer`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers([Option<Duration>; Timer::COUNT]);

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, at: Duration) {
        self.0[timer as usize] = Some(at);
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(crate) fn get(&self, timer: Timer) -> Option<Duration> {
        self.0[timer as usize]
    }

    /// The earliest deadline; of several at the same moment the first in [`Timer::ALL`].
    pub(crate) fn next(&self) -> Option<(Duration, Timer)> {
        let armed = Timer::ALL.into_iter().filter_map(|timer| Some((self.get(timer)?, timer)));
        armed.min_by_key(|&(at, _)| at)
    }

    /// Takes the earliest deadline out if it is due.
    pub(crate) fn take_due(&mut self, boot: Duration) -> Option<(Duration, Timer)> {
        let (at, timer) = self.next().filter(|&(at, _)| at <= boot)?;
        self.stop(timer);
        Some((at, timer))
    }
}
