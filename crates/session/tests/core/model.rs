//! The reference model: what the design promises, kept as plain bookkeeping beside the core. It knows nothing of phases;
//! it watches what goes in and what comes out, and says which promise was broken.

use crate::sim::secs;
use protocol::{
    EndReason, OrganisationId, Outcome, Permission, Permissions, RejectReason, RequestId, SessionId,
    TrustLevel,
};
use session::{
    AccessFact, ClipboardFact, Config, Effect, Entry, FilesFact, Input, JoinedAs, Now, PromptFact,
    PromptStage, Request, Screen, Send, UserInput, View, Visibility,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

#[derive(Default)]
pub(crate) struct Model {
    requests: BTreeMap<RequestId, Asked>,
    /// Whose popup is up, and since when it has been wholly visible.
    popup: Option<(RequestId, Option<(Duration, Duration)>)>,
    offline: bool,
    locked: bool,
    /// What the person's approvals, minus what was taken back, allow an operator in each session.
    sessions: BTreeMap<SessionId, Permissions>,
    over: Vec<SessionId>,
    /// The access process, as far as the effects say: its grant, whether it is paused, whether its input is held.
    access: Option<Access>,
    rang: BTreeMap<OrganisationId, Vec<Duration>>,
    /// Since when the session has been without a link, or locked.
    unlinked: Option<Duration>,
    /// Since when the access process has been without its tunnel.
    untunnelled: Option<Duration>,
    locked_since: Option<Duration>,
    group: Option<Permissions>,
    /// What was begun or done with files, and how much of it was written down, in each session.
    files: BTreeMap<SessionId, (usize, usize)>,
    /// Of which session the access process is that runs, and that which was killed last.
    served: Option<SessionId>,
    late: Option<SessionId>,
    /// How much of `files` was said by that one, and need not be written before it has ended.
    unheard: usize,
    /// Whose end is in the journal.
    ended: BTreeSet<SessionId>,
    /// Whose sessions they are, and whom the user wants to hear of no more.
    whose: BTreeMap<SessionId, OrganisationId>,
    muted: BTreeSet<OrganisationId>,
    terminated: bool,
}

struct Asked {
    request: Request,
    group: Permissions,
    answer_by: Duration,
    received: Duration,
    yes: Option<Permissions>,
    durable: bool,
    outcomes: u32,
    approval_sent: bool,
}

#[derive(Clone, Copy)]
struct Access {
    granted: Permissions,
    paused: bool,
    held: bool,
    /// It was told to hold, and the number that confirms it.
    holds: bool,
    hold: Option<u64>,
}

impl Model {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// What goes in, before the core sees it; `before` is what was on screen.
    pub(crate) fn input(&mut self, input: &Input, config: &Config, now: Now) {
        match input {
            Input::User(UserInput::Approve { request_id, permissions, .. })
                if self.press_counts(request_id, now) && !self.offline && !self.locked =>
            {
                let asked = self.requests.get_mut(request_id).expect("a popup shows a known request");
                let allowed = permissions.intersection(allowed(&asked.request, asked.group, config));
                if !allowed.is_empty() && asked.yes.is_none() && asked.outcomes == 0 {
                    asked.yes = Some(allowed);
                }
            }
            Input::User(UserInput::MoreTime { request_id }) => {
                if let Some(asked) = self.requests.get_mut(request_id)
                    && asked.answer_by > now.boot
                {
                    asked.answer_by = (asked.answer_by + secs(120)).min(asked.received + secs(600));
                }
            }
            Input::FoundMuted(organisations) => self.muted.extend(organisations.iter().cloned()),
            Input::User(UserInput::TakeBack { permission }) => {
                for granted in self.sessions.values_mut() {
                    *granted = granted.difference(Permissions::from([*permission]));
                }
            }
            Input::RequestReceived(request) => {
                let answer = request.answer_within.clamp(secs(30), secs(300));
                self.requests.entry(request.id.clone()).or_insert_with(|| Asked {
                    request: request.clone(),
                    group: self.group.unwrap_or(Permissions::all()),
                    answer_by: now.boot + answer,
                    received: now.boot,
                    yes: None,
                    durable: false,
                    outcomes: 0,
                    approval_sent: false,
                });
            }
            Input::Prompt(request_id, PromptFact::Visibility(visibility)) => {
                if let Some((shown, since)) = &mut self.popup
                    && shown == request_id
                {
                    *since = match visibility {
                        Visibility::Covered => None,
                        Visibility::Visible(assurance) => {
                            let inert = match assurance {
                                session::Assurance::Proven => secs(1),
                                session::Assurance::Active => secs(2),
                            };
                            Some(since.filter(|&(_, before)| before == inert).unwrap_or((now.boot, inert)))
                        }
                    };
                }
            }
            Input::Prompt(request_id, PromptFact::NoDisplay) => {
                if let Some(asked) = self.requests.get(request_id) {
                    self.rang.get_mut(&asked.request.organisation.id).map(Vec::pop);
                }
            }
            Input::Recorded(request_id) => {
                if let Some(asked) = self.requests.get_mut(request_id) {
                    asked.durable |= asked.yes.is_some();
                }
            }
            Input::ApprovalAccepted(accepted) => {
                if let Some(asked) = self.requests.get(&accepted.request_id)
                    && asked.approval_sent
                    && !self.over.contains(&accepted.session_id)
                {
                    let yes = asked.yes.expect("an approval is sent after a yes");
                    let organisation = asked.request.organisation.id.clone();
                    self.rang.remove(&organisation);
                    self.whose.entry(accepted.session_id.clone()).or_insert(organisation);
                    let granted = self.sessions.entry(accepted.session_id.clone()).or_default();
                    *granted = granted.union(yes);
                }
            }
            Input::Joined(JoinedAs::Device { standing, .. }) if self.group.is_none() => {
                self.group = Some(standing.permissions);
            }
            Input::LinkLost(_) | Input::Suspending => {
                self.offline = true;
                self.unlinked.get_or_insert(now.boot);
            }
            Input::LinkRestored => {
                self.offline = false;
                self.unlinked = None;
            }
            Input::ScreenLocked => {
                self.locked = true;
                self.locked_since.get_or_insert(now.boot);
            }
            Input::ScreenUnlocked => {
                self.locked = false;
                self.locked_since = None;
            }
            Input::Access(AccessFact::Confirmed { number }) => {
                if let Some(access) = &mut self.access
                    && access.hold.is_some_and(|hold| hold <= *number)
                {
                    access.held = true;
                }
            }
            Input::Access(AccessFact::Files(FilesFact::Began { .. } | FilesFact::Changed(_)))
                if self.access.is_some() =>
            {
                let session_id = self.served.clone().expect("it runs for a session");
                self.files.entry(session_id).or_default().0 += 1;
            }
            Input::AccessLate {
                session_id,
                fact: AccessFact::Files(FilesFact::Began { .. } | FilesFact::Changed(_)),
            } if self.late.as_ref() == Some(session_id) => {
                self.files.entry(session_id.clone()).or_default().0 += 1;
                self.unheard += 1;
            }
            Input::Access(AccessFact::TunnelStands) => self.untunnelled = None,
            Input::Access(AccessFact::TunnelLost) if self.access.is_some() => {
                self.untunnelled.get_or_insert(now.boot);
            }
            Input::SessionEnded { session_id, .. } => self.over.push(session_id.clone()),
            _ => {}
        }
    }

    /// What came out of one call.
    pub(crate) fn effects(&mut self, input: Option<&Input>, effects: &[Effect], now: Now) {
        let is_late = matches!(input, Some(Input::AccessLate { .. }));
        let only_recorded = effects.iter().all(|effect| matches!(effect, Effect::Record(_)));
        assert!(
            !is_late || only_recorded,
            "a process that was killed brings about more than entries: {effects:?}"
        );
        assert!(
            !self.terminated || effects.is_empty() || is_late,
            "something is done after the end: {effects:?}"
        );
        let reported = matches!(input, Some(Input::User(UserInput::Report)));
        let ends = matches!(
            input,
            Some(Input::User(UserInput::End | UserInput::RejectAndEnd { .. }) | Input::Terminating)
        );
        if (reported || ends) && self.access.is_some() {
            assert!(
                effects.contains(&Effect::StopAccess),
                "an end leaves the access process alive: {effects:?}"
            );
        }
        let presented =
            effects.iter().any(|effect| matches!(effect, Effect::ShowPrompt(_) | Effect::HoldInput));
        if let (Some(Input::RequestReceived(request)), true) = (input, presented) {
            assert!(
                !self.muted.contains(&request.organisation.id),
                "somebody asks who is not heard any more"
            );
            self.rings(request, now);
        }
        for effect in effects {
            match effect {
                Effect::Send(Send::Outcome {
                    request_id,
                    outcome: Outcome::Approved { permissions, .. },
                    ..
                }) => {
                    let asked =
                        self.requests.get_mut(request_id).expect("an approval of something that was asked");
                    assert!(asked.durable, "an approval is sent that is not durable");
                    assert_eq!(asked.yes, Some(*permissions), "what is sent is not what the person said");
                    asked.approval_sent = true;
                    asked.outcomes += 1;
                }
                Effect::Send(Send::Outcome { request_id, outcome, .. }) => {
                    let asked =
                        self.requests.get_mut(request_id).expect("an outcome of something that was asked");
                    asked.outcomes += 1;
                    if *outcome == (Outcome::Rejected { reason: Some(RejectReason::Suspicious) }) {
                        self.muted.insert(asked.request.organisation.id.clone());
                    }
                }
                Effect::Send(Send::Cancel { request_id, .. }) => {
                    // An approval that was neither sent nor will be: the cancel is its outcome.
                    let asked =
                        self.requests.get_mut(request_id).expect("a cancel of something that was asked");
                    assert!(asked.yes.is_some(), "a cancel of something that was not approved");
                    asked.outcomes = 1;
                }
                Effect::Send(Send::End { session_id, reason, suspicious })
                    if *reason != EndReason::NotStarted =>
                {
                    self.over.push(session_id.clone());
                    assert_eq!(*suspicious, reported, "a report is what the user says, and all of it");
                    self.muted.extend(self.whose.get(session_id).filter(|_| reported).cloned());
                }
                Effect::StartAccess(grant) | Effect::ChangeGrant(grant) => {
                    let allowed = self.sessions.get(&grant.session_id).copied().unwrap_or_default();
                    assert!(!self.over.contains(&grant.session_id), "a session that is over is served");
                    assert!(
                        grant.permissions.is_subset(allowed),
                        "{:?} is served and {allowed:?} was approved",
                        grant.permissions
                    );
                    let started = matches!(effect, Effect::StartAccess(_));
                    assert_eq!(
                        started,
                        self.access.is_none(),
                        "access is started twice or changed while absent"
                    );
                    let before = self.access.unwrap_or(Access {
                        granted: Permissions::EMPTY,
                        paused: false,
                        held: false,
                        holds: false,
                        hold: None,
                    });
                    self.access = Some(Access { granted: grant.permissions, ..before });
                    if started {
                        self.untunnelled = Some(now.boot);
                        self.served = Some(grant.session_id.clone());
                    }
                }
                Effect::StopAccess => {
                    (self.access, self.untunnelled) = (None, None);
                    (self.late, self.unheard) = (self.served.take(), 0);
                }
                Effect::Pause => self.with_access(|access| access.paused = true),
                Effect::Resume => self.with_access(|access| access.paused = false),
                Effect::ResumeInput => self.with_access(|access| {
                    (access.held, access.holds, access.hold) = (false, false, None);
                }),
                Effect::HoldInput => self.with_access(|access| access.holds = true),
                Effect::Confirm(number) => self.with_access(|access| {
                    if access.holds {
                        access.hold.get_or_insert(*number);
                    }
                }),
                Effect::SendCopied => {
                    let access = self.access.expect("nothing could send anything");
                    assert!(access.granted.contains(protocol::Permission::Clipboard) && !access.paused);
                    assert!(matches!(input, Some(Input::User(UserInput::SendCopied))), "nobody said so");
                }
                Effect::CancelTransfer(_) => {
                    assert!(self.access.is_some(), "nothing transfers anything");
                    assert!(matches!(input, Some(Input::User(UserInput::CancelTransfer { .. }))));
                }
                Effect::Record(Entry::Files { session_id, deeds }) => {
                    self.files.entry(session_id.clone()).or_default().1 += deeds.len();
                }
                Effect::Record(Entry::SessionEnded { suspicious, session_id, .. }) => {
                    assert_eq!(
                        *suspicious, reported,
                        "the journal says something else than the service hears"
                    );
                    self.ended.insert(session_id.clone());
                }
                Effect::KeepMuted { organisation, muted } => {
                    let asked_for = matches!(input, Some(Input::User(UserInput::Unmute)));
                    assert_eq!(*muted, !asked_for, "only who says so hears of an organisation again");
                    if *muted {
                        self.muted.insert(organisation.clone());
                    } else {
                        self.muted.remove(organisation);
                    }
                }
                Effect::ShowPrompt(request_id) => self.popup = Some((request_id.clone(), None)),
                Effect::ClosePrompt(request_id) => {
                    if self.popup.as_ref().is_some_and(|(shown, _)| shown == request_id) {
                        self.popup = None;
                    }
                }
                Effect::Exit(_) => self.terminated = true,
                Effect::Send(_)
                | Effect::Record(_)
                | Effect::StopListening
                | Effect::ForgetInvitation
                | Effect::ShowWindow
                | Effect::Notify(_) => {}
            }
        }
        if let Some(Input::AccessLate { session_id, fact }) = input
            && self.late.as_ref() == Some(session_id)
        {
            match fact {
                AccessFact::Ended => self.unheard = 0,
                AccessFact::Clipboard(ClipboardFact::Passed { .. }) => assert!(
                    matches!(effects, [Effect::Record(Entry::Clipboard { .. })]),
                    "what went over the clipboard is written nowhere"
                ),
                _ => {}
            }
        }
        for session_id in &self.ended {
            let (done, written) = self.files.get(session_id).copied().unwrap_or_default();
            let unheard = if self.late.as_ref() == Some(session_id) { self.unheard } else { 0 };
            assert!(
                (written..=written + unheard).contains(&done),
                "of {done} things done with files {written} are written"
            );
        }
    }

    /// What is shown after one call.
    pub(crate) fn view(&self, view: &View, deadline: Option<Duration>, config: &Config, now: Now) {
        if self.terminated {
            return;
        }
        let free = matches!(view.screen, Screen::Idle { .. } | Screen::Ready { .. }) && view.prompt.is_none();
        assert!(free || deadline.is_some(), "a phase without a deadline: {view:?}");
        assert!(deadline.is_none_or(|due| due > now.boot), "a deadline that has passed");

        let session = match &view.screen {
            Screen::Session(session) => Some(session),
            _ => None,
        };
        if let Some(session) = session {
            assert!(
                Duration::from_secs(session.elapsed_secs) < config.longest_session,
                "a session without end"
            );
            assert!(
                self.unlinked.is_none_or(|since| now.boot < since + secs(60)) || session.elapsed_secs < 60
            );
            assert!(
                self.untunnelled.is_none_or(|since| now.boot < since + secs(60)),
                "a session goes on whose operator is out of reach"
            );
            assert!(
                self.locked_since.is_none_or(|since| now.boot < since + secs(300))
                    || session.elapsed_secs < 300
            );
            let allowed = self.sessions.values().fold(Permissions::EMPTY, |all, granted| all.union(*granted));
            assert!(session.granted.is_subset(allowed), "more is shown as granted than was approved");
            assert!(
                session.transfers.is_empty() || self.access.is_some(),
                "a transfer is shown that nothing carries out"
            );
        }
        assert!(session.is_some() || self.access.is_none(), "access is served without a session");
        if let Some(access) = self.access {
            assert!(
                access.paused || !(self.offline || self.locked),
                "the operator is served offline or on a locked screen"
            );
            let popup_up = self.popup.as_ref().is_some_and(|(id, _)| self.requests[id].outcomes == 0);
            let controls = access.granted.contains(Permission::Control);
            assert!(
                !(popup_up && controls) || access.held,
                "the operator's input goes on while a request is on screen"
            );
        }
        let open = view.prompt.as_ref().map(|prompt| &prompt.request_id);
        for (id, asked) in &self.requests {
            if Some(id) == open {
                assert!(
                    asked.outcomes == 0 || asked.approval_sent,
                    "a request that has an outcome is still open"
                );
                let approving =
                    view.prompt.as_ref().is_some_and(|prompt| prompt.stage == PromptStage::Approving);
                assert_eq!(
                    approving,
                    asked.yes.is_some(),
                    "an approval the person did not give, or one that was lost"
                );
                assert!(approving || now.boot < asked.answer_by, "silence is not a no");
            } else {
                assert!(asked.outcomes >= 1, "{id} is gone without an outcome");
            }
            assert!(asked.outcomes <= 2, "{id} has {} outcomes", asked.outcomes);
        }
    }

    fn press_counts(&self, request_id: &RequestId, now: Now) -> bool {
        let Some((shown, Some((since, inert)))) = &self.popup else { return false };
        let in_time = self.requests.get(request_id).is_some_and(|asked| now.boot < asked.answer_by);
        shown == request_id && in_time && now.boot >= *since + *inert
    }

    /// An organisation rings at most once a minute and five times in ten, unless the person said yes to it meanwhile.
    fn rings(&mut self, request: &Request, now: Now) {
        let organisation = request.organisation.id.clone();
        let rang = self.rang.entry(organisation).or_default();
        let since_last = rang.last().map(|&last| now.boot - last);
        assert!(since_last.is_none_or(|since| since >= secs(60)), "rang again after {since_last:?}");
        rang.retain(|&then| now.boot < then + secs(600));
        assert!(rang.len() < 5, "rang a sixth time: {rang:?}");
        rang.push(now.boot);
    }

    fn with_access(&mut self, change: impl FnOnce(&mut Access)) {
        if let Some(access) = &mut self.access {
            change(access);
        }
    }
}

/// Requested ∩ machine policy ∩ device group ∩ trust.
fn allowed(request: &Request, group: Permissions, config: &Config) -> Permissions {
    let trusted: &[Permission] = match (request.organisation.trust, request.session_id.is_some()) {
        (TrustLevel::Pinned | TrustLevel::Known, _) | (TrustLevel::New, true) => {
            return request.permissions.intersection(group).intersection(config.permissions);
        }
        (TrustLevel::New, false) => &[Permission::View, Permission::Chat, Permission::Messages],
        (TrustLevel::Changed, _) => &[Permission::View, Permission::Chat],
    };
    request
        .permissions
        .intersection(group)
        .intersection(config.permissions)
        .intersection(trusted.iter().copied().collect())
}
