//! The end of a session, and the summary that is left of it.

use super::{
    Agent,
    phase::{Base, Phase, Summary},
    remember,
};
use crate::{Effect, Notification, Now, Send, Timer, effect::Entry};
use protocol::{EndReason, Outcome, SessionId, UnansweredCause};
use std::{mem, time::Duration};
use tracing::debug;

/// How long the summary stays when nobody closes it.
const SUMMARY: Duration = Duration::from_secs(10 * 60);

impl Agent {
    pub(super) fn session_ended(&mut self, session_id: &SessionId, reason: EndReason, now: Now) {
        remember(&mut self.ended_sessions, session_id.clone());
        if matches!(&self.phase, Phase::Active(_, session) if session.id == *session_id) {
            // Everything else is the agent's own to say.
            let others = matches!(reason, EndReason::Operator | EndReason::OrganisationSuspended);
            let reason = if others { reason } else { EndReason::Service };
            self.end_session(reason, now);
        }
    }

    /// Ends the session in which something is wrong, or reports the one that is over, and mutes whose it is. Without a
    /// session there is nothing to report.
    pub(super) fn report_session(&mut self, now: Now) {
        let organisation = match &mut self.phase {
            Phase::Active(_, session) => {
                let organisation = session.organisation.clone();
                self.end_session_as(EndReason::User, true, now);
                organisation
            }
            Phase::Ended(_, summary) if !summary.suspicious => {
                summary.suspicious = true;
                let organisation = summary.organisation.clone();
                let session_id = summary.session_id.clone();
                let send =
                    Send::End { session_id: session_id.clone(), reason: EndReason::User, suspicious: true };
                self.send(send);
                self.record(Entry::Reported { session_id });
                organisation
            }
            Phase::Idle(_) | Phase::Joining(_) | Phase::Home(_) | Phase::Requested(..) | Phase::Ended(..) => {
                debug!("a report without a session, or of one that is reported, ignored");
                return;
            }
        };
        self.mute(organisation);
    }

    pub(super) fn end_session(&mut self, reason: EndReason, now: Now) {
        self.end_session_as(reason, false, now);
    }

    /// Ends the session, in this call: the access process first, everything else afterwards.
    fn end_session_as(&mut self, reason: EndReason, suspicious: bool, now: Now) {
        self.stop_access(now);
        let (base, mut session) = match mem::take(&mut self.phase) {
            Phase::Active(base, session) => (base, session),
            other @ (Phase::Idle(_)
            | Phase::Joining(_)
            | Phase::Home(_)
            | Phase::Requested(..)
            | Phase::Ended(..)) => {
                self.phase = other;
                return;
            }
        };
        let of_session =
            [Timer::SessionLimit, Timer::SessionLink, Timer::SessionLocked, Timer::Chatting, Timer::Files];
        for timer in of_session.into_iter().chain(Timer::OF_A_PROMPT) {
            self.timers.stop(timer);
        }
        remember(&mut self.ended_sessions, session.id.clone());
        if let Some(more) = session.more.take() {
            let request_id = more.request.id.clone();
            self.remember_settled(request_id.clone());
            self.effects.push_back(Effect::ClosePrompt(request_id.clone()));
            self.effects.push_back(Effect::Notify(Notification::WithdrawRequest(request_id.clone())));
            if more.is_approved() {
                self.send(Send::Cancel { request_id: request_id.clone(), reason });
                self.record(Entry::NotStarted { request_id, reason });
            } else {
                self.record_and_send_outcome(request_id, outcome_of_open_request(reason), now);
            }
        }
        if let Some(entry) = session.files.close(&session.id) {
            self.record(entry);
        }
        let lasted = now.boot.saturating_sub(session.started.0);
        if !matches!(reason, EndReason::Operator | EndReason::Service | EndReason::OrganisationSuspended) {
            self.send(Send::End { session_id: session.id.clone(), reason, suspicious });
        }
        self.record(Entry::SessionEnded {
            session_id: session.id.clone(),
            reason,
            lasted_secs: Some(lasted.as_secs()),
            suspicious,
        });
        self.effects.push_back(Effect::Notify(Notification::SessionEnded(reason)));
        let base = match base {
            // Forgotten with the summary: until then the user can report what they find wrong.
            Base::Invitation { .. } => {
                self.effects.push_back(Effect::StopListening);
                None
            }
            Base::Device { .. } => Some(base),
        };
        self.timers.set(Timer::Ended, now.boot + SUMMARY);
        self.phase = Phase::Ended(
            base,
            Summary {
                operator: session.operator,
                organisation: session.organisation,
                reason,
                lasted,
                started: session.started.1,
                granted: session.ever_granted,
                done: session.done,
                session_id: session.id,
                unsent: session.chat.unsent(),
                files: session.files.into_done(),
                clipboard: session.clipboard.done,
                suspicious,
            },
        );
    }

    pub(super) fn close_summary(&mut self, _now: Now) {
        match mem::take(&mut self.phase) {
            Phase::Ended(Some(base), _) => self.phase = Phase::Home(base),
            Phase::Ended(None, _) => {
                self.phase = Phase::Idle(self.lost_as.take());
                self.effects.push_back(Effect::ForgetInvitation);
                self.finish_if_once();
            }
            other @ (Phase::Idle(_)
            | Phase::Joining(_)
            | Phase::Home(_)
            | Phase::Requested(..)
            | Phase::Active(..)) => {
                self.phase = other;
                return;
            }
        }
        self.timers.stop(Timer::Ended);
    }
}

/// What becomes of a request for more when its session ends.
fn outcome_of_open_request(reason: EndReason) -> Outcome {
    let cause = match reason {
        EndReason::User => return Outcome::Rejected { reason: None },
        EndReason::Operator | EndReason::Service | EndReason::OrganisationSuspended => {
            UnansweredCause::Withdrawn
        }
        EndReason::Expired => UnansweredCause::Expired,
        EndReason::LinkLost | EndReason::Slept => UnansweredCause::LinkLost,
        EndReason::Locked => UnansweredCause::Locked,
        EndReason::AgentStopped | EndReason::AgentRestarted => UnansweredCause::AgentRestarted,
        EndReason::AccessFailed | EndReason::NotStarted => UnansweredCause::Busy,
    };
    Outcome::Unanswered { cause }
}
