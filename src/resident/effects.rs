//! Carries out what the core asks for. Drops nothing.

use super::{
    Event, Joining, Known, Resident, description, joining, muted,
    outbox::{Lane, Meaning, Post},
};
use crate::shared;
use line::ToAccess;
use protocol::{
    Outcome, SessionCode,
    agent::{
        AskForHelp, CancelRequest, EndSession, JoinRequest, OutcomeRequest, ReportActions, SendMessage,
        TakeBack,
    },
};
use reqwest::Method;
use serde::Serialize;
use session::{AccessFact, Effect, Exit, Grant, Notification, Now, PromptFact, Send};
use tokio::sync::oneshot;

impl Resident {
    pub(super) fn perform(&mut self, effect: Effect, now: Now) {
        match effect {
            Effect::Send(send) => self.tell(send, now),
            Effect::Record(entry) => self.record(entry, now),
            Effect::ShowPrompt(request_id) => {
                let view = self.agent.view(now);
                if let Err(error) = self.children.show_prompt(&request_id, &view) {
                    tracing::error!(%error, "the popup could not be started");
                    self.fact(request_id, PromptFact::Failed);
                }
            }
            Effect::ClosePrompt(request_id) => {
                let view = self.agent.view(now);
                self.children.close_prompt(&request_id, &view);
            }
            Effect::StartAccess(grant) => self.start_access(grant),
            Effect::ChangeGrant(grant) => self.children.tell_access(&ToAccess::Grant(grant)),
            Effect::HoldInput => self.children.tell_access(&ToAccess::HoldInput),
            Effect::ResumeInput => self.children.tell_access(&ToAccess::ResumeInput),
            Effect::SendCopied => self.children.tell_access(&ToAccess::SendCopied),
            Effect::CancelTransfer(id) => self.children.tell_access(&ToAccess::CancelTransfer { id }),
            Effect::Pause => self.children.tell_access(&ToAccess::Pause),
            Effect::Resume => self.children.tell_access(&ToAccess::Resume),
            Effect::Confirm(number) => self.children.tell_access(&ToAccess::Confirm { number }),
            Effect::StopAccess => self.children.stop_access(),
            Effect::StopListening => {
                if let Some(known) = &mut self.known {
                    known.poll = None;
                }
            }
            Effect::KeepMuted { organisation, muted } => {
                muted::keep(&self.disk, self.places.muted(), organisation, muted);
            }
            Effect::ForgetInvitation => {
                if let Some(known) = &mut self.known {
                    known.poll = None;
                    known.leaving = true;
                }
                self.forget_when_told();
            }
            Effect::Notify(notification) => {
                let view = self.agent.view(now);
                self.notifications.handle(&notification, &view);
                if notification == Notification::SessionStarted {
                    self.windows_died = 0;
                    self.open_window();
                }
            }
            Effect::ShowWindow => self.open_window(),
            Effect::Exit(Exit::Finished | Exit::Terminated) => self.leaving = true,
        }
    }

    /// Comes back as an input after the effects of this one: the core is never called from within.
    fn fact(&self, request_id: protocol::RequestId, fact: PromptFact) {
        drop(self.events.send(Event::PromptNotStarted(request_id, fact)));
    }

    fn start_access(&mut self, grant: Grant) {
        let Some(ticket) = self.tickets.get(&grant.session_id).cloned() else {
            tracing::error!("the session has no ticket for its tunnel");
            return drop(self.events.send(Event::AccessNotStarted(AccessFact::Ended)));
        };
        let (transport, excluded) = (self.service.transport().clone(), shared::excluded(&self.places));
        if let Err(error) = self.children.start_access(transport, ticket, excluded, grant) {
            tracing::error!(%error, "the access process could not be started");
            drop(self.events.send(Event::AccessNotStarted(AccessFact::Ended)));
        }
    }

    fn tell(&mut self, send: Send, now: Now) {
        match send {
            Send::LookUp(code) => self.look_up(code),
            Send::Join(code) => self.join(code),
            Send::StopJoining => self.joining = None,
            Send::Leave => self.tell_leaving(),
            Send::Shown(id) => {
                self.tell_seen(&id, now);
                let path = format!("agent/v1/requests/{id}/shown");
                self.post(Lane::Request(id), &path, Meaning::Told, None::<()>);
            }
            Send::Outcome { request_id: id, outcome, decided_at } => {
                let Some(receipt) = self.receipts.receipt(&id, &outcome, decided_at) else {
                    tracing::warn!(request_id = %id, "the request's signed terms are lost: no receipt is sent");
                    return;
                };
                let meaning = match outcome {
                    Outcome::Approved { .. } => Meaning::Approval(id.clone()),
                    Outcome::Rejected { .. } | Outcome::Unanswered { .. } => Meaning::No(id.clone()),
                };
                let path = format!("agent/v1/requests/{id}/outcome");
                self.post(Lane::Request(id), &path, meaning, Some(OutcomeRequest { receipt }));
            }
            Send::Cancel { request_id: id, reason } => {
                let path = format!("agent/v1/requests/{id}/cancel");
                self.post(Lane::Request(id), &path, Meaning::Told, Some(CancelRequest { reason }));
            }
            Send::Message { session_id: id, number, text } => {
                let path = format!("agent/v1/sessions/{id}/messages");
                let meaning = Meaning::Message(id.clone(), number);
                self.post(Lane::Chat(id), &path, meaning, Some(SendMessage { number, text }));
            }
            Send::Granted { session_id: id, granted } => {
                let path = format!("agent/v1/sessions/{id}/permissions");
                self.post(Lane::Session(id), &path, Meaning::Told, Some(TakeBack { granted }));
            }
            Send::Actions { session_id: id, actions, remaining, suspended, unsupported } => {
                let remaining_secs = u32::try_from(remaining.as_secs()).unwrap_or(u32::MAX);
                let path = format!("agent/v1/sessions/{id}/actions");
                let body = ReportActions { actions, remaining_secs, suspended, unsupported };
                self.post(Lane::Session(id), &path, Meaning::Newest, Some(body));
            }
            Send::End { session_id: id, reason, suspicious } => {
                let path = format!("agent/v1/sessions/{id}/end");
                self.post(Lane::Session(id), &path, Meaning::End, Some(EndSession { reason, suspicious }));
            }
            Send::AskForHelp { text } => {
                self.post(Lane::Help, "agent/v1/help", Meaning::Help, Some(AskForHelp { text }));
            }
            Send::WithdrawHelp => {
                self.push(Lane::Help, Method::DELETE, "agent/v1/help", Meaning::Told, None::<()>);
            }
        }
    }

    /// The invitation is over, as far as the user is concerned.
    pub(super) fn tell_leaving(&mut self) {
        self.post(Lane::Standing, "agent/v1/leave", Meaning::Told, None::<()>);
        if let Some(known) = &mut self.known {
            known.leaving = true;
        }
    }

    /// Forgets the credential of an invitation that is over, once nothing needs it any more.
    pub(super) fn forget_when_told(&mut self) {
        if self.outbox.is_empty() && self.known.as_ref().is_some_and(|known| known.leaving) {
            self.known = None;
            self.show_look();
            self.disk.remove(self.places.credential());
        }
    }

    fn post<B: Serialize>(&mut self, lane: Lane, path: &str, meaning: Meaning, body: Option<B>) {
        self.push(lane, Method::POST, path, meaning, body);
    }

    fn push<B: Serialize>(
        &mut self,
        lane: Lane,
        method: Method,
        path: &str,
        meaning: Meaning,
        body: Option<B>,
    ) {
        let Some(Known { credential, .. }) = &self.known else {
            tracing::debug!(path, "there is no service to tell this to any more");
            return;
        };
        let body = body.and_then(|body| serde_json::to_vec(&body).ok()).unwrap_or_default();
        let (path, token) = (path.to_owned(), credential.agent_token.clone());
        self.outbox.push(Post { lane, method, path, body, token, meaning });
    }

    fn look_up(&mut self, code: SessionCode) {
        let (run, mut wanted) = self.start_joining();
        let (service, events) = (self.service.clone(), self.events.clone());
        tokio::spawn(async move {
            let found = joining::look_up(&service, code, &mut wanted).await;
            drop(events.send(Event::LookedUp(run, found)));
        });
    }

    fn join(&mut self, session_code: SessionCode) {
        let (run, mut wanted) = self.start_joining();
        let (service, events) = (self.service.clone(), self.events.clone());
        let public_key = self.receipts.public_key().to_string();
        let request = JoinRequest { session_code, public_key, agent: description(), proof_of_work: None };
        tokio::spawn(async move {
            let joined = joining::join(&service, request, &mut wanted).await;
            drop(events.send(Event::Joined(run, joined)));
        });
    }

    fn start_joining(&mut self) -> (u64, joining::Wanted) {
        self.runs += 1;
        let (wanted, waiting) = oneshot::channel();
        self.joining = Some(Joining { run: self.runs, _wanted: waiting });
        (self.runs, wanted)
    }
}
