//! Requests: who may ring, what can be granted, and the one way to a yes.

use super::{
    Agent,
    phase::{Access, Approval, Base, Phase, Prompt, Session, Stage, shares_files},
};
use crate::{
    Accepted, Assurance, Effect, Notice, Notification, Now, OrganisationPolicy, PromptFact, Request,
    Responder, Send, SharedFolder, Timer, Visibility, effect::Entry,
};
use protocol::{
    ANSWER_RANGE_SECS, EndReason, InputMethod, Outcome, Permission, Permissions, RejectReason, RequestId,
    TrustLevel, UnansweredCause,
};
use std::{
    mem,
    path::{Component, Path, PathBuf},
    time::Duration,
};
use tracing::debug;

/// What *More time* adds.
const MORE_TIME: Duration = Duration::from_secs(120);
/// How long a request can be kept open by *More time*.
const LONGEST_ANSWER: Duration = Duration::from_secs(10 * 60);
/// How long the popup may take to appear.
const SHOW_LIMIT: Duration = Duration::from_secs(10);
/// How long the access process may take to confirm that input is held back.
const HOLD_LIMIT: Duration = Duration::from_millis(100);
/// How long the service may take to accept an approval.
const ACCEPTANCE_LIMIT: Duration = Duration::from_secs(10);
/// The shortest session that can be agreed on.
const SHORTEST_SESSION: Duration = Duration::from_secs(60);

/// How long the popup must have been wholly visible before a press counts.
fn inert_for(assurance: Assurance) -> Duration {
    match assurance {
        Assurance::Proven => Duration::from_secs(1),
        Assurance::Active => Duration::from_secs(2),
    }
}

/// What the user said with *Approve*.
pub(super) struct Yes {
    pub(super) permissions: Permissions,
    pub(super) limit: Duration,
    pub(super) given_by: Option<InputMethod>,
    pub(super) folder: Option<PathBuf>,
}

impl Agent {
    pub(super) fn request_received(&mut self, request: Request, now: Now) {
        let open = self.prompt().is_some_and(|prompt| prompt.request.id == request.id);
        if open || self.settled.contains(&request.id) {
            debug!(request_id = %request.id, "repeated request ignored");
            return;
        }
        if matches!(self.phase, Phase::Ended(Some(_), _)) {
            self.close_summary(now);
        }
        let base = match &self.phase {
            Phase::Home(base) if request.session_id.is_none() => base,
            Phase::Active(base, session) if session.may_ask_for_more(&request) => base,
            Phase::Idle(_)
            | Phase::Joining(_)
            | Phase::Home(_)
            | Phase::Requested(..)
            | Phase::Active(..)
            | Phase::Ended(..) => {
                self.notice = Some(Notice::ToldBusy {
                    operator_name: request.operator.name.clone(),
                    organisation_name: request.organisation.name.clone(),
                });
                return self.answer_unseen(
                    &request,
                    Outcome::Unanswered { cause: UnansweredCause::Busy },
                    now,
                );
            }
        };
        let foreign = request.organisation.id != base.organisation().id;
        let offered = if foreign { Permissions::EMPTY } else { self.offered(&request, base) };
        if self.rings.is_muted(&request.organisation.id) {
            // The user's standing no; the operator learns nothing more than from any other.
            return self.answer_unseen(&request, Outcome::Rejected { reason: None }, now);
        }
        if offered.is_empty() {
            return self.answer_unseen(
                &request,
                Outcome::Unanswered { cause: UnansweredCause::NotPermitted },
                now,
            );
        }
        if self.locked {
            return self.answer_unseen(&request, Outcome::Unanswered { cause: UnansweredCause::Locked }, now);
        }
        self.ask(request, offered, now);
    }

    /// What of a request can be granted at all.
    fn offered(&self, request: &Request, base: &Base) -> Permissions {
        let by_trust = match request.organisation.trust {
            TrustLevel::Pinned | TrustLevel::Known => Permissions::all(),
            TrustLevel::New if request.session_id.is_some() => Permissions::all(),
            TrustLevel::New => Permissions::from([Permission::View, Permission::Chat, Permission::Messages]),
            TrustLevel::Changed => Permissions::from([Permission::View, Permission::Chat]),
        };
        let demanded = self.config.organisations == OrganisationPolicy::Pinned;
        if demanded && request.organisation.trust != TrustLevel::Pinned {
            return Permissions::EMPTY;
        }
        request
            .permissions
            .intersection(self.config.permissions)
            .intersection(base.permissions())
            .intersection(by_trust)
    }

    fn ask(&mut self, request: Request, offered: Permissions, now: Now) {
        let answer_within = request.answer_within.clamp(
            Duration::from_secs((*ANSWER_RANGE_SECS.start()).into()),
            Duration::from_secs((*ANSWER_RANGE_SECS.end()).into()),
        );
        let entry = received(&request);
        let organisation_id = request.organisation.id.clone();
        let disturb = self.timers.get(Timer::DoNotDisturb).is_none();
        let ring = disturb && self.rings.may_ring(&organisation_id, now.boot);
        let folder = self.preset_folder();
        let stage = Stage::Quiet;
        let prompt = Prompt { request, offered, received: now.boot, stage, visible: None, folder };
        self.notice = None;
        self.timers.set(Timer::Answer, now.boot + answer_within);
        self.phase = match mem::take(&mut self.phase) {
            Phase::Home(base) => Phase::Requested(base, prompt),
            Phase::Active(base, session) => Phase::Active(base, Session { more: Some(prompt), ..session }),
            other @ (Phase::Idle(_) | Phase::Joining(_) | Phase::Requested(..) | Phase::Ended(..)) => other,
        };
        if ring {
            self.rings.rang(&organisation_id, now.boot);
            self.present(now);
        }
        self.record(entry);
    }

    /// Brings the popup up, after the operator's input is held back where there is any.
    fn present(&mut self, now: Now) {
        if let Phase::Active(_, session) = &mut self.phase
            && session.access == Access::Running
            && session.granted.contains(Permission::Control)
        {
            if let Some(prompt) = &mut session.more {
                prompt.stage = Stage::Holding;
            }
            self.timers.set(Timer::InputHeld, now.boot + HOLD_LIMIT);
            self.effects.push_back(Effect::HoldInput);
            let asked = self.ask_to_confirm(now);
            if let Phase::Active(_, session) = &mut self.phase {
                session.hold = asked;
            }
        } else {
            self.show_prompt(now);
        }
    }

    pub(super) fn show_prompt(&mut self, now: Now) {
        let Some(prompt) = self.prompt_mut() else { return };
        prompt.stage = Stage::Asking;
        let request_id = prompt.request.id.clone();
        self.timers.stop(Timer::InputHeld);
        self.timers.set(Timer::PromptShown, now.boot + SHOW_LIMIT);
        self.effects.push_back(Effect::ShowPrompt(request_id));
    }

    pub(super) fn review(&mut self, now: Now) {
        if self.prompt().is_some_and(|prompt| prompt.stage == Stage::Quiet) {
            self.present(now);
        }
    }

    pub(super) fn prompt_fact(&mut self, request_id: &RequestId, fact: PromptFact, now: Now) {
        let Some(prompt) = self.prompt_mut().filter(|prompt| prompt.request.id == *request_id) else {
            debug!(%request_id, "fact about a prompt that is gone ignored");
            return;
        };
        let asking = prompt.stage == Stage::Asking;
        match fact {
            PromptFact::Shown if asking => {
                if self.timers.get(Timer::PromptShown).is_some() {
                    self.timers.stop(Timer::PromptShown);
                    self.send(Send::Shown(request_id.clone()));
                    self.effects.push_back(Effect::Notify(Notification::Request(request_id.clone())));
                }
            }
            PromptFact::Visibility(Visibility::Visible(assurance)) if asking => {
                if prompt.visible.is_none_or(|(_, before)| before != assurance) {
                    prompt.visible = Some((now.boot, assurance));
                    self.timers.set(Timer::Approvable, now.boot + inert_for(assurance));
                }
            }
            PromptFact::Visibility(Visibility::Covered) => {
                prompt.visible = None;
                self.timers.stop(Timer::Approvable);
            }
            PromptFact::Failed if asking => {
                self.settle(Outcome::Unanswered { cause: UnansweredCause::PromptFailed }, now);
            }
            PromptFact::NoDisplay if asking => {
                if let Some(organisation) = self.prompt().map(|prompt| prompt.request.organisation.id.clone())
                {
                    self.rings.unseen(&organisation);
                }
                self.settle(Outcome::Unanswered { cause: UnansweredCause::NoDisplay }, now);
            }
            // A popup that dies after the yes takes nothing back: the yes was given.
            PromptFact::Shown | PromptFact::Visibility(_) | PromptFact::Failed | PromptFact::NoDisplay => {}
        }
    }

    /// Whether a press of *Approve* would count now.
    pub(super) fn approvable(&self, now: Now) -> bool {
        self.offline_since.is_none()
            && !self.locked
            && self.prompt().is_some_and(|prompt| {
                let visible = |(since, assurance)| now.boot >= since + inert_for(assurance);
                prompt.stage == Stage::Asking && prompt.visible.is_some_and(visible)
            })
    }

    pub(super) fn approve(
        &mut self,
        request_id: &RequestId,
        Yes { permissions, limit, given_by, folder }: Yes,
        now: Now,
    ) {
        let approvable = self.approvable(now);
        let longest = self.config.longest_session;
        let may_choose = self.may_choose_folder();
        let folder = folder.filter(|_| may_choose).map(|path| self.shared(path));
        if folder.as_ref().is_some_and(|folder| !self.may_share(&folder.path)) {
            debug!(%request_id, "an approval of a folder that may not be shared ignored");
            return;
        }
        let Some(prompt) = self.prompt_mut().filter(|prompt| prompt.request.id == *request_id && approvable)
        else {
            debug!(%request_id, "a press that does not count ignored");
            return;
        };
        let permissions = permissions.intersection(prompt.offered);
        if permissions.is_empty() {
            debug!(%request_id, "an approval of nothing ignored");
            return;
        }
        let limit = limit.min(longest).max(SHORTEST_SESSION.min(longest));
        let approval = Approval { permissions, limit, given_by, decided_at: now.wall };
        prompt.stage = Stage::Approved { approval, recorded: false };
        if folder.is_some() {
            prompt.folder = folder;
        }
        for timer in [Timer::Answer, Timer::RequestLink, Timer::PromptShown, Timer::Approvable] {
            self.timers.stop(timer);
        }
        self.timers.set(Timer::Acceptance, now.boot + ACCEPTANCE_LIMIT);
        self.record(Entry::Outcome { request_id: request_id.clone(), outcome: approval.outcome() });
        self.effects.push_back(Effect::Notify(Notification::WithdrawRequest(request_id.clone())));
    }

    pub(super) fn recorded(&mut self, request_id: &RequestId, _now: Now) {
        let Some(prompt) = self.prompt_mut().filter(|prompt| prompt.request.id == *request_id) else {
            return;
        };
        if let Stage::Approved { approval, recorded: recorded @ false } = &mut prompt.stage {
            *recorded = true;
            let approval = *approval;
            let outcome = approval.outcome();
            let decided_at = approval.decided_at;
            self.send(Send::Outcome { request_id: request_id.clone(), outcome, decided_at });
        }
    }

    pub(super) fn record_failed(&mut self, request_id: &RequestId, now: Now) {
        if matches!(self.prompt(), Some(Prompt { request, stage: Stage::Approved { recorded: false, .. }, .. })
                if request.id == *request_id)
        {
            self.close_with(Outcome::Unanswered { cause: UnansweredCause::NotRecorded }, now);
            self.effects.push_back(Effect::ShowWindow);
        }
    }

    pub(super) fn approval_accepted(&mut self, accepted: Accepted, now: Now) {
        let approved = match self.prompt() {
            Some(Prompt { request, stage: Stage::Approved { approval, recorded: true }, .. })
                if request.id == accepted.request_id =>
            {
                Some(*approval)
            }
            Some(_) | None => None,
        };
        let known = matches!(&self.phase, Phase::Active(_, session) if session.id == accepted.session_id);
        let Some(approval) = approved else {
            // An approval that was given up meanwhile; a repeat of the answer that started this session is harmless.
            if !known {
                let (session_id, reason) = (accepted.session_id, EndReason::NotStarted);
                self.send(Send::End { session_id, reason, suspicious: false });
            }
            return;
        };
        // The service may have ended the session before its answer arrived; and more of this session cannot be another.
        let over = self.ended_sessions.contains(&accepted.session_id);
        if over || (matches!(self.phase, Phase::Active(..)) && !known) {
            self.approval_came_to_nothing(EndReason::NotStarted, !over, now);
            return;
        }
        let Some(prompt) = self.remove_prompt(now) else { return };
        self.rings.yes(&prompt.request.organisation.id);
        self.effects.push_back(Effect::ClosePrompt(prompt.request.id.clone()));
        if known {
            self.widen(&prompt.request.id, approval.permissions, prompt.folder, now);
        } else {
            self.begin(accepted.session_id, prompt.request, approval, prompt.folder, now);
        }
    }

    pub(super) fn approval_refused(&mut self, request_id: &RequestId, now: Now) {
        let sent = |prompt: &Prompt| matches!(prompt.stage, Stage::Approved { recorded: true, .. });
        if self.prompt().is_some_and(|prompt| sent(prompt) && prompt.request.id == *request_id) {
            self.approval_came_to_nothing(EndReason::NotStarted, false, now);
        }
    }

    pub(super) fn reject(&mut self, request_id: &RequestId, reason: Option<RejectReason>, now: Now) {
        let Some(prompt) = self.prompt().filter(|prompt| prompt.request.id == *request_id) else {
            debug!(%request_id, "a no to a request that is gone ignored");
            return;
        };
        let organisation = prompt.request.organisation.clone();
        let approved = prompt.is_approved();
        if approved {
            self.approval_came_to_nothing(EndReason::User, true, now);
        } else {
            self.settle(Outcome::Rejected { reason }, now);
        }
        if reason == Some(RejectReason::Suspicious) {
            self.mute(organisation);
        }
    }

    /// What this organisation asks for from now on is a no that nobody sees.
    pub(super) fn mute(&mut self, organisation: Responder) {
        self.rings.mute(&organisation.id);
        self.effects.push_back(Effect::KeepMuted { organisation: organisation.id, muted: true });
        self.notice = Some(Notice::Muted {
            organisation_name: organisation.name,
            number_to_call: self.config.number_to_call.clone(),
            can_undo: false,
        });
    }

    /// Whose invitation or device this is, where the user does not want to hear of it.
    pub(super) fn muted_home(&self) -> Option<&Responder> {
        let (Phase::Home(base) | Phase::Requested(base, _)) = &self.phase else { return None };
        Some(base.organisation()).filter(|organisation| self.rings.is_muted(&organisation.id))
    }

    pub(super) fn unmute(&mut self) {
        let Some(organisation) = self.muted_home().map(|organisation| organisation.id.clone()) else {
            debug!("nobody is muted who could ask");
            return;
        };
        self.rings.unmute(&organisation);
        self.notice = None;
        self.effects.push_back(Effect::KeepMuted { organisation, muted: false });
    }

    pub(super) fn more_time(&mut self, request_id: &RequestId) {
        let Some(prompt) = self.prompt().filter(|prompt| prompt.request.id == *request_id) else { return };
        if let Some(due) = self.timers.get(Timer::Answer) {
            self.timers.set(Timer::Answer, (due + MORE_TIME).min(prompt.received + LONGEST_ANSWER));
        }
    }

    /// Whether *More time* still adds something.
    pub(super) fn more_time_left(&self) -> bool {
        let due = self.timers.get(Timer::Answer);
        self.prompt().is_some_and(|prompt| due.is_some_and(|due| due < prompt.received + LONGEST_ANSWER))
    }

    pub(super) fn request_withdrawn(&mut self, request_id: &RequestId, now: Now) {
        let Some(prompt) = self.prompt().filter(|prompt| prompt.request.id == *request_id) else {
            // Withdrawn before it was seen: it must not ask when it comes after all.
            self.remember_settled(request_id.clone());
            return;
        };
        if prompt.is_approved() {
            self.approval_came_to_nothing(EndReason::Operator, true, now);
        } else {
            self.settle(Outcome::Unanswered { cause: UnansweredCause::Withdrawn }, now);
        }
    }

    /// The access process did not confirm in time: killed, nothing can be injected any more.
    pub(super) fn input_not_held(&mut self, now: Now) {
        if matches!(self.phase, Phase::Active(..)) {
            self.stop_access(now);
            self.watch_link(now);
            self.actions_changed(now);
            self.show_prompt(now);
        }
    }

    /// Answers the request on screen with a no. An approval is past that; see [`Agent::approval_came_to_nothing`].
    pub(super) fn settle(&mut self, outcome: Outcome, now: Now) {
        if self.prompt().is_some_and(|prompt| !prompt.is_approved()) {
            self.close_with(outcome, now);
        }
    }

    /// A prompt that cannot stay, approved or not.
    pub(super) fn close_prompt_as(&mut self, cause: UnansweredCause, reason: EndReason, now: Now) {
        self.settle(Outcome::Unanswered { cause }, now);
        self.approval_came_to_nothing(reason, true, now);
    }

    /// An approval that will not lead to anything; `cancel` tells the service, unless the service said so itself.
    pub(super) fn approval_came_to_nothing(&mut self, reason: EndReason, cancel: bool, now: Now) {
        if !self.prompt().is_some_and(Prompt::is_approved) {
            return;
        }
        let Some(prompt) = self.remove_prompt(now) else { return };
        let request_id = prompt.request.id;
        self.effects.push_back(Effect::ClosePrompt(request_id.clone()));
        if cancel {
            self.send(Send::Cancel { request_id: request_id.clone(), reason });
        }
        self.record(Entry::NotStarted { request_id, reason });
        self.notice = Some(Notice::NotStarted { operator_name: prompt.request.operator.name });
        if reason != EndReason::User {
            self.effects.push_back(Effect::ShowWindow);
        }
        self.go_home(now);
    }

    fn close_with(&mut self, outcome: Outcome, now: Now) {
        let Some(prompt) = self.remove_prompt(now) else { return };
        let request = prompt.request;
        if prompt.stage == Stage::Asking {
            self.effects.push_back(Effect::ClosePrompt(request.id.clone()));
            self.effects.push_back(Effect::Notify(Notification::WithdrawRequest(request.id.clone())));
        }
        let operator_name = request.operator.name;
        match &outcome {
            Outcome::Rejected { .. } => {
                self.rings.no(&request.organisation.id, now.boot);
                self.notice = Some(Notice::Rejected { operator_name });
            }
            Outcome::Unanswered { cause } => {
                if *cause == UnansweredCause::Expired {
                    self.rings.no(&request.organisation.id, now.boot);
                }
                self.notice = Some(Notice::Unanswered { operator_name, cause: *cause });
            }
            Outcome::Approved { .. } => {}
        }
        self.record_and_send_outcome(request.id, outcome, now);
        self.go_home(now);
    }

    /// Where files would be shared unless the user says something else: where they are shared already.
    fn preset_folder(&self) -> Option<SharedFolder> {
        match &self.phase {
            Phase::Active(_, session) if shares_files(session.granted) => session.folder.clone(),
            Phase::Idle(_)
            | Phase::Joining(_)
            | Phase::Home(_)
            | Phase::Requested(..)
            | Phase::Active(..)
            | Phase::Ended(..) => self.config.folder.clone().map(|path| self.shared(path)),
        }
    }

    /// Whether the user can choose the folder. One is shared at a time, and not another from one moment to the next.
    pub(super) fn may_choose_folder(&self) -> bool {
        !matches!(&self.phase, Phase::Active(_, session) if shares_files(session.granted))
    }

    fn shared(&self, path: PathBuf) -> SharedFolder {
        SharedFolder { path, whole_home: self.config.whole_home }
    }

    /// Whether policy lets this folder be shared, by its name. What links make of it, whoever opens it looks at.
    fn may_share(&self, path: &Path) -> bool {
        let is_whole = self.config.home.as_ref().is_some_and(|home| home.starts_with(path));
        let is_plain = path.components().all(|part| part != Component::ParentDir);
        path.is_absolute() && is_plain && (self.config.whole_home || !is_whole)
    }

    /// Takes the prompt out, with everything that hangs on it.
    fn remove_prompt(&mut self, now: Now) -> Option<Prompt> {
        for timer in Timer::OF_A_PROMPT {
            self.timers.stop(timer);
        }
        let prompt = match mem::take(&mut self.phase) {
            Phase::Requested(base, prompt) => {
                self.phase = Phase::Home(base);
                Some(prompt)
            }
            Phase::Active(base, mut session) => {
                let prompt = session.more.take();
                self.phase = Phase::Active(base, session);
                prompt
            }
            other @ (Phase::Idle(_) | Phase::Joining(_) | Phase::Home(_) | Phase::Ended(..)) => {
                self.phase = other;
                None
            }
        }?;
        self.remember_settled(prompt.request.id.clone());
        self.let_input_through(prompt.stage, now);
        Some(prompt)
    }

    /// After a request is settled: back to waiting, unless waiting has become too long meanwhile.
    fn go_home(&mut self, now: Now) {
        if matches!(&self.phase, Phase::Home(Base::Invitation { expires, .. }) if now.boot >= expires.0) {
            self.waiting_is_over(now);
        }
    }

    /// Answers a request that is not shown.
    fn answer_unseen(&mut self, request: &Request, outcome: Outcome, now: Now) {
        self.record(received(request));
        self.remember_settled(request.id.clone());
        self.record_and_send_outcome(request.id.clone(), outcome, now);
    }

    /// A no waits for nothing: it is sent and recorded at once, each on its own.
    pub(super) fn record_and_send_outcome(&mut self, request_id: RequestId, outcome: Outcome, now: Now) {
        self.record(Entry::Outcome { request_id: request_id.clone(), outcome: outcome.clone() });
        self.send(Send::Outcome { request_id, outcome, decided_at: now.wall });
    }

    pub(super) fn prompt(&self) -> Option<&Prompt> {
        match &self.phase {
            Phase::Requested(_, prompt) => Some(prompt),
            Phase::Active(_, session) => session.more.as_ref(),
            Phase::Idle(_) | Phase::Joining(_) | Phase::Home(_) | Phase::Ended(..) => None,
        }
    }

    pub(super) fn prompt_mut(&mut self) -> Option<&mut Prompt> {
        match &mut self.phase {
            Phase::Requested(_, prompt) => Some(prompt),
            Phase::Active(_, session) => session.more.as_mut(),
            Phase::Idle(_) | Phase::Joining(_) | Phase::Home(_) | Phase::Ended(..) => None,
        }
    }
}

impl Session {
    fn may_ask_for_more(&self, request: &Request) -> bool {
        let Responder { id, .. } = &self.organisation;
        self.more.is_none()
            && request.session_id.as_ref() == Some(&self.id)
            && request.operator.id == self.operator.id
            && request.organisation.id == *id
    }
}

fn received(request: &Request) -> Entry {
    Entry::RequestReceived {
        request_id: request.id.clone(),
        operator: request.operator.clone(),
        organisation_name: request.organisation.name.clone(),
        permissions: request.permissions,
        session_id: request.session_id.clone(),
    }
}
