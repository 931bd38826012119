//! Session codes, invitations, devices, help.

use super::{
    Agent,
    phase::{Base, Joining, Phase},
};
use crate::{
    Effect, Exit, HelpStatus, IdleProblem, JoinFailure, JoinedAs, Now, OrganisationPolicy, Responder, Send,
    Timer,
};
use protocol::{
    EndReason, HelpId, InvitationId, Operator, Organisation, SessionCode, TrustLevel, UnansweredCause,
    agent::DeviceStanding,
};
use std::{mem, time::Duration};
use tracing::debug;

/// How long looking up and joining may take.
const JOINING_LIMIT: Duration = Duration::from_secs(30);
/// How long "Join *organisation*?" waits for an answer.
const CONFIRM_LIMIT: Duration = Duration::from_secs(2 * 60);
/// The longest wait for an operator, counted from the join.
const WAITING_LIMIT: Duration = Duration::from_secs(protocol::INVITATION_DEFAULT_SECS as u64);
/// How many wrong codes may be tried before a pause.
const FREE_TRIES: u32 = 5;
/// The first pause; it doubles with each further wrong code.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// Wrong codes in a row.
#[derive(Debug, Default)]
pub(super) struct Codes {
    wrong: u32,
}

impl Codes {
    /// The pause after one more wrong code.
    fn wrong(&mut self) -> Option<Duration> {
        self.wrong += 1;
        let doublings = self.wrong.checked_sub(FREE_TRIES)?;
        Some(FIRST_PAUSE.saturating_mul(1 << doublings.min(10)).min(LONGEST_PAUSE))
    }
}

impl Agent {
    pub(super) fn code_offered(&mut self, code: SessionCode, now: Now) {
        if matches!(self.phase, Phase::Ended(None, _)) {
            self.close_summary(now);
        }
        if let Phase::Idle(problem) = &mut self.phase {
            *problem = None;
            self.offered_code = Some(code);
        }
    }

    pub(super) fn start(&mut self, code: SessionCode, now: Now) {
        if matches!(self.phase, Phase::Ended(None, _)) {
            self.close_summary(now);
        }
        let paused = self.timers.get(Timer::CodeRetry).is_some();
        let allowed = self.config.organisations != OrganisationPolicy::Off;
        if !matches!(self.phase, Phase::Idle(_)) || paused || !allowed {
            debug!("start ignored");
            return;
        }
        self.offered_code = None;
        self.notice = None;
        self.timers.set(Timer::Joining, now.boot + JOINING_LIMIT);
        self.send(Send::LookUp(code.clone()));
        self.phase = Phase::Joining(Joining::LookingUp { code });
    }

    pub(super) fn looked_up(&mut self, organisation: Organisation, trust: TrustLevel, now: Now) {
        let Phase::Joining(Joining::LookingUp { code }) = &self.phase else {
            debug!("late lookup ignored");
            return;
        };
        let demanded = match self.config.organisations {
            OrganisationPolicy::Pinned | OrganisationPolicy::PinnedToJoin => true,
            OrganisationPolicy::Off | OrganisationPolicy::Any => false,
        };
        if demanded && trust != TrustLevel::Pinned {
            self.become_idle(Some(IdleProblem::NotAllowed));
            return;
        }
        self.timers.set(Timer::Joining, now.boot + CONFIRM_LIMIT);
        self.phase = Phase::Joining(Joining::Confirming { code: code.clone(), organisation, trust });
    }

    pub(super) fn confirm_join(&mut self, now: Now) {
        let Phase::Joining(Joining::Confirming { code, organisation, .. }) = &self.phase else {
            debug!("confirmation ignored");
            return;
        };
        let (code, organisation) = (code.clone(), organisation.clone());
        self.timers.set(Timer::Joining, now.boot + JOINING_LIMIT);
        self.send(Send::Join(code));
        self.phase = Phase::Joining(Joining::Entering { organisation });
    }

    pub(super) fn cancel_join(&mut self) {
        if matches!(self.phase, Phase::Joining(_)) {
            self.send(Send::StopJoining);
            self.become_idle(None);
        }
    }

    pub(super) fn joining_took_too_long(&mut self, _now: Now) {
        let problem = match &self.phase {
            Phase::Joining(Joining::Confirming { .. }) => None,
            Phase::Joining(Joining::LookingUp { .. } | Joining::Entering { .. }) => {
                Some(IdleProblem::Unreachable)
            }
            Phase::Idle(_) | Phase::Home(_) | Phase::Requested(..) | Phase::Active(..) | Phase::Ended(..) => {
                return;
            }
        };
        self.send(Send::StopJoining);
        self.become_idle(problem);
    }

    pub(super) fn join_failed(&mut self, failure: JoinFailure, now: Now) {
        if !matches!(self.phase, Phase::Joining(Joining::LookingUp { .. } | Joining::Entering { .. })) {
            debug!("late failure to join ignored");
            return;
        }
        let problem = match failure {
            JoinFailure::WrongCode => {
                if let Some(pause) = self.codes.wrong() {
                    self.timers.set(Timer::CodeRetry, now.boot + pause);
                }
                IdleProblem::WrongCode
            }
            JoinFailure::TooMany { retry_after } => {
                self.timers.set(Timer::CodeRetry, now.boot + retry_after.min(LONGEST_PAUSE));
                IdleProblem::TooMany
            }
            JoinFailure::Closed => IdleProblem::Closed,
            JoinFailure::Taken => IdleProblem::Taken,
            JoinFailure::Unreachable => IdleProblem::Unreachable,
            JoinFailure::CertificateNotTrusted => IdleProblem::CertificateNotTrusted,
            JoinFailure::Refused { detail } => IdleProblem::Refused { detail },
        };
        self.become_idle(Some(problem));
    }

    pub(super) fn joined(&mut self, joined: JoinedAs, now: Now) {
        match joined {
            JoinedAs::Invitation { invitation_id, organisation, expires_in } => {
                self.joined_invitation(invitation_id, organisation, expires_in, now);
            }
            JoinedAs::Device { standing, organisation } => self.joined_as_device(standing, organisation),
        }
    }

    fn joined_invitation(
        &mut self,
        id: InvitationId,
        organisation: Responder,
        expires_in: Duration,
        now: Now,
    ) {
        let expected = match &self.phase {
            Phase::Joining(Joining::Entering { organisation }) => Some(&organisation.id),
            Phase::Joining(Joining::LookingUp { .. } | Joining::Confirming { .. }) => None,
            // A repeated answer to the join that is in force.
            Phase::Home(Base::Invitation { id: current, .. })
            | Phase::Requested(Base::Invitation { id: current, .. }, _)
            | Phase::Active(Base::Invitation { id: current, .. }, _)
                if *current == id =>
            {
                return;
            }
            Phase::Idle(_) | Phase::Home(_) | Phase::Requested(..) | Phase::Active(..) | Phase::Ended(..) => {
                None
            }
        };
        if expected != Some(&organisation.id) {
            // Given up meanwhile, or not the organisation that the user agreed to.
            self.send(Send::Leave);
            if matches!(self.phase, Phase::Joining(_)) {
                self.effects.push_back(Effect::ForgetInvitation);
                self.become_idle(Some(IdleProblem::NotAllowed));
            }
            return;
        }
        self.codes = Codes::default();
        self.timers.stop(Timer::Joining);
        let waiting = expires_in.min(WAITING_LIMIT);
        self.timers.set(Timer::Waiting, now.boot + waiting);
        let wall = now.wall.saturating_add(jiff_span(waiting)).unwrap_or(now.wall);
        self.phase = Phase::Home(Base::Invitation { id, organisation, expires: (now.boot + waiting, wall) });
    }

    fn joined_as_device(&mut self, standing: DeviceStanding, organisation: Responder) {
        match &mut self.phase {
            Phase::Joining(_) => {
                self.cancel_join();
                self.phase = Phase::Home(Base::Device { standing, organisation, help: None });
            }
            Phase::Idle(_) => {
                self.offered_code = None;
                self.phase = Phase::Home(Base::Device { standing, organisation, help: None });
            }
            Phase::Home(_) | Phase::Requested(..) | Phase::Active(..) | Phase::Ended(..) => {
                debug!("already in use as something else");
            }
        }
    }

    pub(super) fn device_changed(&mut self, changed: DeviceStanding, now: Now) {
        let Some(Base::Device { standing, .. }) = self.base_mut() else { return };
        if standing.device_id != changed.device_id {
            debug!("another device's standing ignored");
            return;
        }
        let permissions = changed.permissions;
        *standing = changed;
        self.narrow_to(permissions, now);
    }

    pub(super) fn enrolment_refused(&mut self, detail: String) {
        // Whoever has gone on to a session code meanwhile is not interrupted.
        if matches!(self.phase, Phase::Idle(_)) {
            self.become_idle(Some(IdleProblem::NotEnrolled { detail }));
        }
    }

    /// The invitation was closed or the device retired: whatever is open is over, and the credential is void.
    pub(super) fn standing_lost(&mut self, now: Now) {
        if matches!(self.phase, Phase::Active(..)) {
            self.end_session(EndReason::Service, now);
        }
        self.close_prompt_as(UnansweredCause::Withdrawn, EndReason::Service, now);
        let problem = |base: &Base| match base {
            Base::Invitation { .. } => IdleProblem::InvitationClosed,
            Base::Device { .. } => IdleProblem::DeviceRetired,
        };
        match &mut self.phase {
            Phase::Home(base) => {
                let problem = problem(base);
                self.effects.push_back(Effect::ForgetInvitation);
                self.leave_for(problem);
            }
            Phase::Ended(base, _) => self.lost_as = base.take().as_ref().map(problem),
            Phase::Idle(_) | Phase::Joining(_) | Phase::Requested(..) | Phase::Active(..) => {}
        }
    }

    /// The user gives an invitation back.
    pub(super) fn leave(&mut self, _now: Now) {
        self.send(Send::Leave);
        self.effects.push_back(Effect::ForgetInvitation);
        self.become_idle(None);
        self.finish_if_once();
    }

    pub(super) fn waiting_is_over(&mut self, _now: Now) {
        // A request that is open may still be answered; `go_home` looks at the clock afterwards.
        if matches!(self.phase, Phase::Home(Base::Invitation { .. })) {
            self.send(Send::Leave);
            self.effects.push_back(Effect::ForgetInvitation);
            self.leave_for(IdleProblem::WaitedInVain);
        }
    }

    fn leave_for(&mut self, problem: IdleProblem) {
        self.become_idle(Some(problem));
        self.finish_if_once();
    }

    pub(super) fn finish_if_once(&mut self) {
        if self.config.once && !self.terminated {
            self.terminated = true;
            self.effects.push_back(Effect::Exit(Exit::Finished));
        }
    }

    pub(super) fn become_idle(&mut self, problem: Option<IdleProblem>) {
        self.timers.stop(Timer::Joining);
        self.timers.stop(Timer::Waiting);
        self.phase = Phase::Idle(problem);
    }

    pub(super) fn ask_for_help(&mut self, text: &str) {
        let text = protocol::text::lines(text, protocol::MAX_HELP_CHARS);
        let Some(Base::Device { standing, help, .. }) = self.base_mut() else { return };
        if !standing.accepted || text.trim().is_empty() {
            return;
        }
        *help = Some((None, HelpStatus::Sending));
        self.send(Send::AskForHelp { text });
    }

    pub(super) fn withdraw_help(&mut self) {
        let Some(Base::Device { help, .. }) = self.base_mut() else { return };
        if mem::take(help).is_some() {
            self.send(Send::WithdrawHelp);
        }
    }

    pub(super) fn help_asked(&mut self, help_id: HelpId) {
        match self.base_mut() {
            Some(Base::Device { help: Some(help), .. }) => *help = (Some(help_id), HelpStatus::Queued),
            // Withdrawn while it was on its way.
            Some(Base::Device { help: None, .. }) => self.send(Send::WithdrawHelp),
            Some(Base::Invitation { .. }) | None => {}
        }
    }

    pub(super) fn help_failed(&mut self) {
        if let Some(Base::Device { help: Some(help), .. }) = self.base_mut() {
            *help = (None, HelpStatus::Failed);
        }
    }

    pub(super) fn help_taken(&mut self, help_id: &HelpId, operator: &Operator) {
        if let Some(Base::Device { help: Some((id, status)), .. }) = self.base_mut()
            && id.as_ref() == Some(help_id)
        {
            let operator_name = super::show::operator_name(operator);
            *status = HelpStatus::Taken { operator_name };
        }
    }

    pub(super) fn help_closed(&mut self, help_id: &HelpId) {
        if let Some(Base::Device { help, .. }) = self.base_mut()
            && matches!(help, Some((Some(id), _)) if id == help_id)
        {
            *help = None;
        }
    }

    /// What the snapshot says about the help request: unknown there, it is gone; unknown here, the user asked in an
    /// earlier run and still waits.
    pub(super) fn help_synchronised(&mut self, help_id: Option<&HelpId>) {
        let Some(Base::Device { help, .. }) = self.base_mut() else { return };
        match (&help, help_id) {
            (Some((Some(_), _)), None) => *help = None,
            (None, Some(id)) => *help = Some((Some(id.clone()), HelpStatus::Queued)),
            (None, None) | (Some((None, _)), _) | (Some((Some(_), _)), Some(_)) => {}
        }
    }
}

fn jiff_span(duration: Duration) -> protocol::SignedDuration {
    protocol::SignedDuration::try_from(duration).unwrap_or_default()
}
