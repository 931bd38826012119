//! The state machine: dispatch, link, lock, timers. What belongs to joining, requests, sessions and the view is in the
//! modules below.

mod clipboard;
mod confirming;
mod ending;
mod files;
mod join;
mod phase;
mod request;
mod rings;
mod running;
mod show;

use crate::{
    Config, Delivery, Effect, Exit, IdleProblem, Input, LinkTrouble, Notice, Now, OpenThing, Send, Timer,
    UserInput, effect::Entry, timer::Timers,
};
use phase::{Base, Phase, Prompt, Stage};
use protocol::{
    EndReason, Outcome, RejectReason, RequestId, SessionCode, SessionId, Timestamp, UnansweredCause,
};
use request::Yes;
use rings::Rings;
use std::{collections::VecDeque, mem, time::Duration};
use tracing::debug;

/// How long an open request survives a lost link.
const REQUEST_LINK_GRACE: Duration = Duration::from_secs(10);
/// How long a session survives a lost link, or sleep.
const SESSION_LINK_GRACE: Duration = Duration::from_secs(60);
/// How long a session survives a locked screen.
const SESSION_LOCKED_GRACE: Duration = Duration::from_secs(5 * 60);
/// How long *Do not disturb* lasts.
const DO_NOT_DISTURB: Duration = Duration::from_secs(60 * 60);
/// How many settled requests, ended sessions and seen messages are remembered: events may come twice or late.
const REMEMBERED: usize = 256;

/// The state machine.
///
/// After every `handle_*` call, drain [`Agent::poll_effect`] before the next one.
#[derive(Debug)]
pub struct Agent {
    config: Config,
    phase: Phase,
    timers: Timers,
    effects: VecDeque<Effect>,
    /// Since when the link has been lost.
    offline_since: Option<Timestamp>,
    link_trouble: Option<LinkTrouble>,
    locked: bool,
    rings: Rings,
    codes: join::Codes,
    offered_code: Option<SessionCode>,
    notice: Option<Notice>,
    /// What is to be said once the summary is closed.
    lost_as: Option<IdleProblem>,
    settled: VecDeque<RequestId>,
    /// Sessions the service ended, newest last: their start may be told after their end.
    ended_sessions: VecDeque<SessionId>,
    /// Of the access process that was killed last.
    late: Option<files::Late>,
    latest: Duration,
    terminated: bool,
}

impl Agent {
    /// Starts in `Idle`, offline, with the screen unlocked.
    pub fn new(config: Config, now: Now) -> Self {
        Self {
            config,
            phase: Phase::default(),
            timers: Timers::default(),
            effects: VecDeque::new(),
            offline_since: Some(now.wall),
            link_trouble: None,
            locked: false,
            rings: Rings::default(),
            codes: join::Codes::default(),
            offered_code: None,
            notice: None,
            lost_as: None,
            settled: VecDeque::new(),
            ended_sessions: VecDeque::new(),
            late: None,
            latest: now.boot,
            terminated: false,
        }
    }

    /// Decides by other settings from now on. A request or session goes on under those it began with: then nothing happens
    /// and false comes back.
    pub fn set_config(&mut self, config: Config) -> bool {
        match self.phase {
            Phase::Idle(_) | Phase::Joining(_) | Phase::Home(_) | Phase::Ended(..) => {
                self.config = config;
                true
            }
            Phase::Requested(..) | Phase::Active(..) => false,
        }
    }

    /// Takes in what happened. What is due by now happens first, so that a late yes loses.
    pub fn handle_input(&mut self, input: Input, now: Now) {
        let now = self.forward(now);
        self.handle_timeout(now);
        // What an access process did before the end is written down though it is heard after it.
        if self.terminated && !matches!(input, Input::AccessLate { .. }) {
            debug!("input after the end ignored");
            return;
        }
        match input {
            Input::User(input) => self.user(input, now),
            Input::CodeOffered(code) => self.code_offered(code, now),
            Input::RejectedElsewhere(request_id) => self.reject(&request_id, None, now),
            Input::FoundOpen(things) => things.into_iter().for_each(|thing| self.found_open(thing, now)),
            Input::FoundMuted(organisations) => organisations.iter().for_each(|id| self.rings.mute(id)),
            Input::LookedUp { organisation, trust } => self.looked_up(organisation, trust, now),
            Input::Joined(joined) => self.joined(joined, now),
            Input::JoinFailed(failure) => self.join_failed(failure, now),
            Input::StandingLost => self.standing_lost(now),
            Input::EnrolmentRefused { detail } => self.enrolment_refused(detail),
            Input::DeviceChanged(standing) => self.device_changed(standing, now),
            Input::LinkLost(trouble) => {
                self.link_trouble = Some(trouble);
                self.link_lost(false, now);
            }
            Input::Suspending => self.link_lost(true, now),
            Input::LinkRestored => self.link_restored(now),
            Input::RequestReceived(request) => self.request_received(request, now),
            Input::RequestWithdrawn(request_id) => self.request_withdrawn(&request_id, now),
            Input::Synchronised { request_id, session_id, help_id } => {
                self.synchronised(request_id.as_ref(), session_id.as_ref(), help_id.as_ref(), now);
            }
            Input::ApprovalAccepted(accepted) => self.approval_accepted(accepted, now),
            Input::ApprovalRefused(request_id) => self.approval_refused(&request_id, now),
            Input::SessionEnded { session_id, reason } => self.session_ended(&session_id, reason, now),
            Input::MessageReceived { session_id, message_id, kind, text } => {
                self.message_received(&session_id, message_id, kind, &text, now);
            }
            Input::MessageDelivered { session_id, number } => {
                self.message_settled(&session_id, number, Delivery::Arrived);
            }
            Input::MessageRefused { session_id, number } => {
                self.message_settled(&session_id, number, Delivery::NotSent);
            }
            Input::OperatorPresence { session_id, present } => self.operator_presence(&session_id, present),
            Input::HelpAsked(help_id) => self.help_asked(help_id),
            Input::HelpFailed => self.help_failed(),
            Input::HelpTaken { help_id, operator } => self.help_taken(&help_id, &operator),
            Input::HelpClosed(help_id) => self.help_closed(&help_id),
            Input::Prompt(request_id, fact) => self.prompt_fact(&request_id, fact, now),
            Input::Access(fact) => self.access(fact, now),
            Input::AccessLate { session_id, fact } => self.access_late(&session_id, fact, now),
            Input::Recorded(request_id) => self.recorded(&request_id, now),
            Input::RecordFailed(request_id) => self.record_failed(&request_id, now),
            Input::ScreenLocked => self.screen_locked(now),
            Input::ScreenUnlocked => self.screen_unlocked(now),
            Input::Resumed { asleep } => self.resumed(asleep, now),
            Input::Terminating => self.terminating(now),
        }
    }

    /// Does what is due. Spurious calls are harmless.
    pub fn handle_timeout(&mut self, now: Now) {
        let now = self.forward(now);
        while let Some((due, timer)) = self.timers.take_due(now.boot) {
            debug!(?timer, "due");
            match timer {
                Timer::Joining => self.joining_took_too_long(now),
                Timer::CodeRetry | Timer::Approvable | Timer::DoNotDisturb => {} // the view tells
                Timer::Waiting => self.waiting_is_over(now),
                Timer::PromptShown => {
                    self.settle(Outcome::Unanswered { cause: UnansweredCause::PromptFailed }, now)
                }
                Timer::InputHeld => self.input_not_held(now),
                Timer::Confirmed => self.not_confirmed(due, now),
                Timer::Answer => self.settle(Outcome::Unanswered { cause: UnansweredCause::Expired }, now),
                Timer::RequestLink => {
                    self.settle(Outcome::Unanswered { cause: UnansweredCause::LinkLost }, now)
                }
                Timer::Acceptance => self.approval_came_to_nothing(EndReason::NotStarted, true, now),
                Timer::SessionLimit => self.end_session(EndReason::Expired, now),
                Timer::SessionLink => {
                    let asleep = matches!(&self.phase, Phase::Active(_, session) if session.asleep);
                    self.end_session(if asleep { EndReason::Slept } else { EndReason::LinkLost }, now);
                }
                Timer::SessionLocked => self.end_session(EndReason::Locked, now),
                Timer::Chatting => self.chat_paused(now),
                Timer::Files => self.tell_files(now),
                Timer::Ended => self.close_summary(now),
            }
        }
    }

    /// The next thing to do, if any.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Agent::handle_timeout`] is to be called at the latest, by the boot clock, and why.
    pub fn poll_timeout(&self) -> Option<(Duration, Timer)> {
        self.timers.next()
    }

    /// Timers run on a clock that never goes back; a caller whose clock does is kept from undoing anything.
    fn forward(&mut self, now: Now) -> Now {
        self.latest = self.latest.max(now.boot);
        Now { boot: self.latest, ..now }
    }

    fn user(&mut self, input: UserInput, now: Now) {
        match input {
            UserInput::Start { code } => self.start(code, now),
            UserInput::ConfirmJoin => self.confirm_join(now),
            UserInput::CancelJoin => self.cancel_join(),
            UserInput::Approve { request_id, permissions, limit, given_by, folder } => {
                self.approve(&request_id, Yes { permissions, limit, given_by, folder }, now);
            }
            UserInput::Reject { request_id, reason } => self.reject(&request_id, reason, now),
            UserInput::RejectAndEnd { request_id } => {
                self.reject(&request_id, Some(RejectReason::Suspicious), now);
                self.end(now);
            }
            UserInput::MoreTime { request_id } => self.more_time(&request_id),
            UserInput::Review => self.review(now),
            UserInput::TakeBack { permission } => self.take_back(permission, now),
            UserInput::CancelTransfer { id } => self.cancel_transfer(id, now),
            UserInput::SendCopied => self.send_copied(),
            UserInput::Prolong { by } => self.prolong(by, now),
            UserInput::End => self.end(now),
            UserInput::Report => self.report_session(now),
            UserInput::Unmute => self.unmute(),
            UserInput::Say { text } => self.say(&text, now),
            UserInput::ChatSeen => self.chat_seen(),
            UserInput::AskForHelp { text } => self.ask_for_help(&text),
            UserInput::WithdrawHelp => self.withdraw_help(),
            UserInput::DoNotDisturb { on: true } => {
                self.timers.set(Timer::DoNotDisturb, now.boot + DO_NOT_DISTURB)
            }
            UserInput::DoNotDisturb { on: false } => self.timers.stop(Timer::DoNotDisturb),
            UserInput::CloseSummary => self.close_summary(now),
            UserInput::CloseNotice => self.notice = None,
        }
    }

    /// Ends whatever there is, in this call.
    fn end(&mut self, now: Now) {
        match &self.phase {
            Phase::Idle(_) | Phase::Home(Base::Device { .. }) => {}
            Phase::Joining(_) => self.cancel_join(),
            Phase::Home(Base::Invitation { .. }) => self.leave(now),
            Phase::Requested(_, prompt) => {
                let request_id = prompt.request.id.clone();
                self.reject(&request_id, None, now);
                if matches!(self.phase, Phase::Home(Base::Invitation { .. })) {
                    self.leave(now);
                }
            }
            Phase::Active(..) => self.end_session(EndReason::User, now),
            Phase::Ended(..) => self.close_summary(now),
        }
    }

    fn terminating(&mut self, now: Now) {
        if matches!(self.phase, Phase::Active(..)) {
            self.end_session(EndReason::AgentStopped, now);
        }
        self.close_prompt_as(UnansweredCause::AgentRestarted, EndReason::AgentStopped, now);
        match self.phase {
            Phase::Joining(_) => self.cancel_join(),
            Phase::Home(Base::Invitation { .. }) => self.leave(now),
            Phase::Ended(None, _) => self.effects.push_back(Effect::ForgetInvitation),
            Phase::Idle(_)
            | Phase::Home(Base::Device { .. })
            | Phase::Requested(..)
            | Phase::Active(..)
            | Phase::Ended(..) => {}
        }
        self.timers = Timers::default();
        self.phase = Phase::default();
        self.terminated = true;
        self.effects.push_back(Effect::Exit(Exit::Terminated));
    }

    /// What was open when the agent last stopped is over; nothing is shown or resumed.
    fn found_open(&mut self, thing: OpenThing, now: Now) {
        match thing {
            OpenThing::Request(request_id) => {
                self.remember_settled(request_id.clone());
                let outcome = Outcome::Unanswered { cause: UnansweredCause::AgentRestarted };
                self.record_and_send_outcome(request_id.clone(), outcome, now);
                // It may have been approved and accepted just before; then the service has a session that must end.
                self.send(Send::Cancel { request_id, reason: EndReason::AgentRestarted });
            }
            OpenThing::Session(session_id) => {
                let reason = EndReason::AgentRestarted;
                self.give_up_session(session_id.clone());
                self.record(Entry::SessionEnded { session_id, reason, lasted_secs: None, suspicious: false });
            }
        }
    }

    fn link_lost(&mut self, asleep: bool, now: Now) {
        let news = self.offline_since.is_none();
        if news {
            self.offline_since = Some(now.wall);
            if self.prompt().is_some_and(|prompt| !prompt.is_approved()) {
                self.timers.set(Timer::RequestLink, now.boot + REQUEST_LINK_GRACE);
            }
        }
        if let Phase::Active(_, session) = &mut self.phase {
            session.asleep |= asleep;
            if news {
                self.watch_link(now);
                if !self.locked {
                    self.pause(now);
                }
            }
        }
    }

    fn link_restored(&mut self, now: Now) {
        self.link_trouble = None;
        if self.offline_since.take().is_none() {
            return;
        }
        self.timers.stop(Timer::RequestLink);
        self.watch_link(now);
        if let Phase::Active(_, session) = &mut self.phase {
            session.asleep = false;
            if !self.locked {
                self.resume(now);
            }
        }
    }

    fn resumed(&mut self, asleep: Duration, now: Now) {
        if asleep > SESSION_LINK_GRACE && matches!(self.phase, Phase::Active(..)) {
            self.end_session(EndReason::Slept, now);
        }
    }

    fn screen_locked(&mut self, now: Now) {
        if mem::replace(&mut self.locked, true) {
            return;
        }
        self.settle(Outcome::Unanswered { cause: UnansweredCause::Locked }, now);
        if matches!(self.phase, Phase::Active(..)) {
            self.timers.set(Timer::SessionLocked, now.boot + SESSION_LOCKED_GRACE);
            if self.offline_since.is_none() {
                self.pause(now);
            }
        }
    }

    fn screen_unlocked(&mut self, now: Now) {
        if !mem::replace(&mut self.locked, false) {
            return;
        }
        self.timers.stop(Timer::SessionLocked);
        if matches!(self.phase, Phase::Active(..)) && self.offline_since.is_none() {
            self.resume(now);
        }
    }

    /// The snapshot after a gap. What is open here and missing there is over; what is open there and given up here is
    /// answered with an end.
    fn synchronised(
        &mut self,
        request_id: Option<&RequestId>,
        session_id: Option<&SessionId>,
        help_id: Option<&protocol::HelpId>,
        now: Now,
    ) {
        let stale = |prompt: &Prompt| !prompt.is_approved() && Some(&prompt.request.id) != request_id;
        if self.prompt().is_some_and(stale) {
            self.settle(Outcome::Unanswered { cause: UnansweredCause::Withdrawn }, now);
        }
        let approved = self.prompt().is_some_and(Prompt::is_approved);
        match (&self.phase, session_id) {
            (Phase::Active(_, session), Some(id)) if session.id == *id => {}
            (Phase::Active(..), _) => self.end_session(EndReason::Service, now),
            // The answer to the approval is still on its way and will tell.
            (Phase::Requested(..), Some(_)) if approved => {}
            (
                Phase::Idle(_) | Phase::Joining(_) | Phase::Home(_) | Phase::Requested(..) | Phase::Ended(..),
                Some(id),
            ) => {
                // The end of one that was given up before may still be on its way.
                if !self.ended_sessions.contains(id) {
                    let session_id = id.clone();
                    self.give_up_session(session_id);
                }
            }
            (
                Phase::Idle(_) | Phase::Joining(_) | Phase::Home(_) | Phase::Requested(..) | Phase::Ended(..),
                None,
            ) => {}
        }
        self.help_synchronised(help_id);
    }

    /// A session that this run of the agent does not have, and never will.
    fn give_up_session(&mut self, session_id: SessionId) {
        remember(&mut self.ended_sessions, session_id.clone());
        self.send(Send::End { session_id, reason: EndReason::AgentRestarted, suspicious: false });
    }

    fn base_mut(&mut self) -> Option<&mut Base> {
        match &mut self.phase {
            Phase::Home(base)
            | Phase::Requested(base, _)
            | Phase::Active(base, _)
            | Phase::Ended(Some(base), _) => Some(base),
            Phase::Idle(_) | Phase::Joining(_) | Phase::Ended(None, _) => None,
        }
    }

    fn send(&mut self, send: Send) {
        self.effects.push_back(Effect::Send(send));
    }

    fn record(&mut self, entry: Entry) {
        self.effects.push_back(Effect::Record(entry));
    }

    fn remember_settled(&mut self, request_id: RequestId) {
        remember(&mut self.settled, request_id);
    }
}

/// Adds to a memory of the last [`REMEMBERED`].
fn remember<T>(memory: &mut VecDeque<T>, item: T) {
    if memory.len() == REMEMBERED {
        memory.pop_front();
    }
    memory.push_back(item);
}

impl Prompt {
    fn is_approved(&self) -> bool {
        matches!(self.stage, Stage::Approved { .. })
    }

    /// What was approved and is not granted yet.
    fn approved(&self) -> protocol::Permissions {
        match self.stage {
            Stage::Approved { approval, .. } => approval.permissions,
            Stage::Holding | Stage::Quiet | Stage::Asking => protocol::Permissions::EMPTY,
        }
    }
}
