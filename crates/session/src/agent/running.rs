//! A session: what is granted, what is done, what is said.

use super::{
    Agent,
    files::Files,
    phase::{Access, Approval, Chat, Phase, Prompt, Reported, Session, Stage, Tunnel, shares_files},
    remember,
};
use crate::{
    AccessFact, ChatLine, ClipboardFact, ClipboardNews, ClipboardView, Delivery, Effect, NotSent,
    Notification, Now, Request, Send, SharedFolder, Speaker, Timer, effect::Entry,
};
use protocol::{
    Action, Actions, EndReason, MAX_MESSAGE_CHARS, MessageId, Permission, Permissions, RequestId, SessionId,
    event::MessageKind, text,
};
use std::{mem, time::Duration};
use tracing::debug;

/// So long after the last chat line, nobody is chatting.
const CHATTING: Duration = Duration::from_secs(30);
/// How many chat lines are kept for the window.
const CHAT_LINES: usize = 500;

impl Agent {
    pub(super) fn begin(
        &mut self,
        id: SessionId,
        request: Request,
        approval: Approval,
        folder: Option<SharedFolder>,
        now: Now,
    ) {
        let base = match mem::take(&mut self.phase) {
            Phase::Home(base) => base,
            other @ (Phase::Idle(_)
            | Phase::Joining(_)
            | Phase::Requested(..)
            | Phase::Active(..)
            | Phase::Ended(..)) => {
                self.phase = other;
                return;
            }
        };
        // The group may have been narrowed while the service took its time.
        let granted = approval.permissions.intersection(base.permissions());
        let session = Session {
            id: id.clone(),
            operator: request.operator,
            organisation: request.organisation,
            granted,
            ever_granted: granted,
            started: (now.boot, now.wall),
            limit: approval.limit,
            access: Access::None,
            asked: 0,
            hold: 0,
            tunnel: Tunnel::Coming,
            unsupported: Permissions::EMPTY,
            doing: Actions::EMPTY,
            chatting: false,
            recorded: Actions::EMPTY,
            done: Actions::EMPTY,
            reported: None,
            operator_present: true,
            asleep: false,
            chat: Chat::default(),
            folder,
            files: Files::default(),
            clipboard: ClipboardView::default(),
            more: None,
        };
        self.timers.stop(Timer::Waiting);
        self.timers.set(Timer::SessionLimit, now.boot + approval.limit);
        if self.locked {
            self.timers.set(Timer::SessionLocked, now.boot + super::SESSION_LOCKED_GRACE);
        }
        self.notice = None;
        let folder = session.grant().folder.map(|folder| folder.path);
        self.phase = Phase::Active(base, session);
        self.record(Entry::SessionStarted { session_id: id, request_id: request.id, granted, folder });
        self.start_access(now);
        self.watch_link(now);
        self.effects.push_back(Effect::Notify(Notification::SessionStarted));
        self.report(now);
    }

    pub(super) fn widen(
        &mut self,
        request_id: &RequestId,
        permissions: Permissions,
        folder: Option<SharedFolder>,
        now: Now,
    ) {
        let Phase::Active(base, session) = &mut self.phase else { return };
        if !shares_files(session.granted) {
            session.folder = folder;
        }
        session.granted = session.granted.union(permissions).intersection(base.permissions());
        session.ever_granted = session.ever_granted.union(session.granted);
        let (grant, running, granted) = (session.grant(), session.access != Access::None, session.granted);
        let session_id = session.id.clone();
        let folder = grant.folder.as_ref().map(|folder| folder.path.clone());
        self.record(Entry::SessionStarted { session_id, request_id: request_id.clone(), granted, folder });
        if running {
            self.effects.push_back(Effect::ChangeGrant(grant));
        } else {
            self.start_access(now);
        }
        self.report(now);
    }

    /// Starts the access process where something is granted that it serves.
    pub(super) fn start_access(&mut self, now: Now) {
        let paused = self.is_paused();
        let Phase::Active(_, session) = &mut self.phase else { return };
        if session.access == Access::None && session.needs_access() {
            session.access = Access::Running;
            session.tunnel = Tunnel::Coming;
            session.doing = Actions::EMPTY;
            self.effects.push_back(Effect::StartAccess(session.grant()));
            if paused {
                self.effects.push_back(Effect::Pause);
            }
            self.watch_link(now);
        }
    }

    /// A session ends where its operator has been out of reach for too long: the long poll is gone, or the tunnel of what
    /// is served.
    pub(super) fn watch_link(&mut self, now: Now) {
        let Phase::Active(_, session) = &self.phase else { return };
        if self.offline_since.is_none() && !session.lacks_tunnel() {
            self.timers.stop(Timer::SessionLink);
        } else if self.timers.get(Timer::SessionLink).is_none() {
            self.timers.set(Timer::SessionLink, now.boot + super::SESSION_LINK_GRACE);
        }
    }

    pub(super) fn is_paused(&self) -> bool {
        self.locked || self.offline_since.is_some()
    }

    pub(super) fn pause(&mut self, now: Now) {
        let Phase::Active(_, session) = &mut self.phase else { return };
        if session.access != Access::None {
            self.effects.push_back(Effect::Pause);
            self.ask_to_confirm(now);
        }
        self.report(now);
    }

    pub(super) fn resume(&mut self, now: Now) {
        let Phase::Active(_, session) = &mut self.phase else { return };
        if session.access != Access::None {
            self.effects.push_back(Effect::Resume);
        } else {
            self.start_access_again(now);
        }
        self.report(now);
    }

    /// After a request for more is settled: the operator's input goes through again.
    pub(super) fn let_input_through(&mut self, stage: Stage, now: Now) {
        let Phase::Active(_, session) = &mut self.phase else { return };
        match session.access {
            // Held, or about to be.
            Access::Held => self.effects.push_back(Effect::ResumeInput),
            Access::Running if stage == Stage::Holding => self.effects.push_back(Effect::ResumeInput),
            Access::Running => return,
            // Killed because it did not confirm in time, or never needed.
            Access::None => return self.start_access(now),
        }
        session.access = Access::Running;
    }

    /// Kills the access process. What it did before is heard all the same: see [`Agent::access_late`].
    pub(super) fn stop_access(&mut self, now: Now) {
        let Phase::Active(_, session) = &mut self.phase else { return };
        if session.access == Access::None {
            return;
        }
        session.access = Access::None;
        session.doing = Actions::EMPTY;
        self.timers.stop(Timer::Confirmed);
        if mem::take(&mut session.clipboard.is_sending) {
            let fact = ClipboardFact::NotSent { why: NotSent::NoAnswer };
            session.clipboard.last = Some(ClipboardNews { fact, at: now.wall });
        }
        self.effects.push_back(Effect::StopAccess);
        self.files_cut(now);
    }

    pub(super) fn access(&mut self, fact: AccessFact, now: Now) {
        let Phase::Active(_, session) = &mut self.phase else {
            debug!("fact about an access process that is gone ignored");
            return;
        };
        if session.access == Access::None {
            debug!("fact about an access process that was killed ignored");
            return;
        }
        match fact {
            AccessFact::Started => {}
            AccessFact::TunnelStands => {
                session.tunnel = Tunnel::Stands;
                self.watch_link(now);
            }
            AccessFact::TunnelLost => {
                session.tunnel = Tunnel::Lost;
                self.watch_link(now);
                self.actions_changed(now);
            }
            AccessFact::Unsupported { permission } => {
                session.unsupported = session.unsupported.union(Permissions::from([permission]));
                self.report(now);
            }
            AccessFact::Doing { actions } => {
                session.doing = actions;
                self.actions_changed(now);
            }
            AccessFact::Files(fact) => self.files_fact(fact, now),
            AccessFact::Clipboard(fact) => self.clipboard_fact(fact, now),
            AccessFact::Confirmed { number } => self.confirmed(number, now),
            AccessFact::Ended => self.end_session(EndReason::AccessFailed, now),
        }
    }

    /// Tells journal and service when what is being done has changed.
    pub(super) fn actions_changed(&mut self, now: Now) {
        let paused = self.is_paused();
        let Phase::Active(_, session) = &mut self.phase else { return };
        let actions = session.actions(paused);
        if session.recorded != actions {
            session.recorded = actions;
            session.done = session.done.union(actions);
            let session_id = session.id.clone();
            self.record(Entry::Actions { session_id, actions });
        }
        // What the service was told may differ: a pause is no entry of the journal.
        self.report(now);
    }

    /// Tells the service how the session stands, where it does not know yet.
    fn report(&mut self, now: Now) {
        let (paused, suspended) = (self.is_paused(), self.locked);
        let Phase::Active(_, session) = &mut self.phase else { return };
        let (actions, limit) = (session.actions(paused), session.limit);
        let unsupported = session.unsupported.intersection(session.granted);
        let reported = Reported { actions, suspended, unsupported, limit };
        if session.reported.replace(reported) == Some(reported) {
            return;
        }
        let remaining = session.remaining(now);
        let session_id = session.id.clone();
        let send = Send::Actions { session_id, actions, remaining, suspended, unsupported };
        self.send(send);
    }

    pub(super) fn take_back(&mut self, permission: Permission, now: Now) {
        let Phase::Active(_, session) = &self.phase else { return };
        if session.granted.contains(permission) {
            let session_id = session.id.clone();
            self.narrow_to(Permissions::all().difference(Permissions::from([permission])), now);
            self.record(Entry::TakenBack { session_id, permission });
        }
    }

    /// Narrows what is granted and what can still be granted. The access process learns it first.
    pub(super) fn narrow_to(&mut self, permissions: Permissions, now: Now) {
        if !matches!(self.phase, Phase::Active(..))
            && let Some(prompt) = self.prompt_mut()
        {
            prompt.offered = prompt.offered.intersection(permissions);
        }
        let Phase::Active(_, session) = &mut self.phase else { return };
        let granted = session.granted.intersection(permissions);
        if granted == session.granted {
            return;
        }
        session.granted = granted;
        session.clipboard.is_sending &= granted.contains(Permission::Clipboard);
        if session.access != Access::None {
            if session.needs_access() {
                self.effects.push_back(Effect::ChangeGrant(session.grant()));
                self.ask_to_confirm(now);
            } else {
                self.stop_access(now);
            }
        }
        self.watch_link(now);
        let Phase::Active(_, session) = &self.phase else { return };
        // The service intersects with this; an approval of more that is on its way must not be lost by it.
        let coming =
            session.more.as_ref().map_or(Permissions::EMPTY, Prompt::approved).intersection(permissions);
        let granted = Send::Granted { session_id: session.id.clone(), granted: granted.union(coming) };
        self.send(granted);
        if let Phase::Active(_, session) = &self.phase
            && session.access == Access::None
            && session.more.as_ref().is_some_and(|more| more.stage == Stage::Holding)
        {
            // Nothing is left that could inject anything.
            self.show_prompt(now);
        }
        self.actions_changed(now);
    }

    pub(super) fn prolong(&mut self, by: Duration, now: Now) {
        let longest = self.config.longest_session;
        let Phase::Active(_, session) = &mut self.phase else { return };
        let limit = session.limit.saturating_add(by).min(longest.max(session.limit));
        if limit == session.limit {
            return;
        }
        session.limit = limit;
        self.timers.set(Timer::SessionLimit, session.started.0 + limit);
        let entry = Entry::Prolonged { session_id: session.id.clone(), limit_secs: limit.as_secs() };
        self.record(entry);
        self.report(now);
    }

    pub(super) fn say(&mut self, said: &str, now: Now) {
        let said = text::lines(said.trim(), MAX_MESSAGE_CHARS);
        let Phase::Active(_, session) = &mut self.phase else { return };
        if said.is_empty() || !session.granted.contains(Permission::Chat) {
            return;
        }
        session.chat.sent += 1;
        let line = ChatLine {
            from: Speaker::User,
            kind: MessageKind::Chat,
            text: said.clone(),
            at: now.wall,
            delivery: Delivery::OnItsWay,
        };
        session.chat.push(Some(session.chat.sent), line);
        let message = Send::Message { session_id: session.id.clone(), number: session.chat.sent, text: said };
        self.send(message);
        self.chatted(now);
    }

    pub(super) fn message_received(
        &mut self,
        session_id: &SessionId,
        message_id: MessageId,
        kind: MessageKind,
        said: &str,
        now: Now,
    ) {
        let Phase::Active(_, session) = &mut self.phase else { return };
        let needed = match kind {
            MessageKind::Chat => Permission::Chat,
            MessageKind::Note => Permission::Messages,
        };
        let repeated = session.chat.seen.contains(&message_id);
        if session.id != *session_id || !session.granted.contains(needed) || repeated {
            debug!("message that is repeated, not granted or of another session ignored");
            return;
        }
        remember(&mut session.chat.seen, message_id);
        let text = text::lines(said, MAX_MESSAGE_CHARS);
        let delivery = Delivery::Arrived;
        session.chat.push(None, ChatLine { from: Speaker::Operator, kind, text, at: now.wall, delivery });
        session.chat.unread = session.chat.unread.saturating_add(1);
        self.effects.push_back(Effect::Notify(Notification::Message));
        if kind == MessageKind::Chat {
            self.chatted(now);
        }
    }

    /// What became of a message of the user's, which may come after the session's end.
    pub(super) fn message_settled(&mut self, session_id: &SessionId, number: u32, delivery: Delivery) {
        match &mut self.phase {
            Phase::Active(_, session) if session.id == *session_id => {
                let line = session.chat.lines.iter_mut().find(|(other, _)| *other == Some(number));
                if let Some((_, line)) = line {
                    line.delivery = delivery;
                }
            }
            Phase::Ended(_, summary) if summary.session_id == *session_id => {
                for (_, line) in summary.unsent.iter_mut().filter(|(other, _)| *other == number) {
                    line.delivery = delivery;
                }
                summary.unsent.retain(|(_, line)| line.delivery != Delivery::Arrived);
            }
            Phase::Idle(_)
            | Phase::Joining(_)
            | Phase::Home(_)
            | Phase::Requested(..)
            | Phase::Active(..)
            | Phase::Ended(..) => debug!("a message of a session that is gone"),
        }
    }

    fn chatted(&mut self, now: Now) {
        let Phase::Active(_, session) = &mut self.phase else { return };
        session.chatting = true;
        self.timers.set(Timer::Chatting, now.boot + CHATTING);
        self.actions_changed(now);
    }

    pub(super) fn chat_paused(&mut self, now: Now) {
        if let Phase::Active(_, session) = &mut self.phase {
            session.chatting = false;
            self.actions_changed(now);
        }
    }

    pub(super) fn chat_seen(&mut self) {
        if let Phase::Active(_, session) = &mut self.phase {
            session.chat.unread = 0;
        }
    }

    pub(super) fn operator_presence(&mut self, session_id: &SessionId, present: bool) {
        if let Phase::Active(_, session) = &mut self.phase
            && session.id == *session_id
            && mem::replace(&mut session.operator_present, present)
            && !present
        {
            self.effects.push_back(Effect::Notify(Notification::OperatorLeft));
        }
    }
}

impl Session {
    /// What is being done: as the access process says, as far as it is granted, and the chat.
    pub(super) fn actions(&self, paused: bool) -> Actions {
        // What the access process reported stays, because it reports changes: a pause that it never noticed is none.
        let hidden = paused || self.access == Access::None || self.lost_tunnel();
        let served = if hidden { Actions::EMPTY } else { self.doing };
        let chatting = if self.chatting { Actions::from([Action::Chatting]) } else { Actions::EMPTY };
        let served = served.difference(Actions::from([Action::Chatting]));
        served.union(chatting).iter().filter(|action| action.possible_with(self.granted)).collect()
    }

    pub(super) fn remaining(&self, now: Now) -> Duration {
        (self.started.0 + self.limit).saturating_sub(now.boot)
    }
}

impl Chat {
    fn push(&mut self, number: Option<u32>, line: ChatLine) {
        if self.lines.len() == CHAT_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back((number, line));
    }

    /// The user's lines that have not arrived.
    pub(super) fn unsent(self) -> Vec<(u32, ChatLine)> {
        let users = self.lines.into_iter().filter_map(|(number, line)| Some((number?, line)));
        users.filter(|(_, line)| line.delivery != Delivery::Arrived).collect()
    }
}
