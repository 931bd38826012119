//! Turns what happened outside into the core's inputs.

use super::{
    Event, Resident,
    children::{NO_DISPLAY, Said},
    credential::{Credential, Standing},
    joining::{self, Chain},
    link::Polled,
    local,
    menu::Choice,
    notifications,
    outbox::{Delivered, Lane, Meaning, Post},
    trust::{Refusal, Verified},
};
use crate::platform::SystemFact;
use line::{FromAccess, FromWindow, WindowKind};
use protocol::{
    Timestamp,
    agent::{EnrolResponse, EventsResponse, HelpAsked, JoinResponse, OutcomeResponse, Snapshot},
    event::{Event as Told, RequestEvent},
    problem::ProblemCode,
};
use session::{Accepted, AccessFact, Input, JoinFailure, JoinedAs, Now, PromptFact, UserInput};
use std::time::Duration;

/// A session window that dies is opened again so many times a session: then there is something wrong that another window
/// does not mend, and the tray still ends the session.
const MOST_WINDOW_DEATHS: u32 = 3;

/// While so many answers have not arrived, further requests only fill the memory.
const MOST_UNTOLD: usize = 64;

impl Resident {
    pub(super) fn handle(&mut self, event: Event, now: Now) {
        match event {
            Event::Menu(choice) => self.chosen(choice, now),
            Event::NotificationAnswered(id, notifications::Answer::Reject) => {
                self.input(Input::RejectedElsewhere(id), now);
            }
            Event::NotificationAnswered(_, notifications::Answer::Review) => {
                self.input(Input::User(UserInput::Review), now);
                self.children.raise_prompt();
            }
            Event::Window { kind, run, said: Said::Line(message) } => {
                self.window_said(kind, run, message, now)
            }
            Event::Window { kind, run, said: Said::Ended(code) } => self.window_ended(kind, run, code, now),
            Event::PromptNotStarted(id, fact) => self.input(Input::Prompt(id, fact), now),
            Event::Access { run, said } => self.access_said(run, said, now),
            Event::AccessNotStarted(fact) => self.input(Input::Access(fact), now),
            Event::Polled(run, polled) => self.polled(run, polled, now),
            Event::Delivered(delivered) => self.delivered(delivered, now),
            Event::LookedUp(run, found) => self.looked_up(run, found, now),
            Event::Joined(run, joined) => self.joined(run, joined, now),
            Event::NotEnrolledYet(error) => {
                if self.known.is_none() {
                    self.not_reached(&error, now);
                }
            }
            Event::Enrolled(Ok(enrolled)) => {
                self.enrolling = None;
                self.enrolled(enrolled, now);
            }
            Event::Enrolled(Err(error)) => {
                tracing::error!(error = %Chain(&error), "the service refuses to enrol this device");
                if let Some(refused) = self.enrolling.take()
                    && error.code() == Some(ProblemCode::KeyCloned)
                {
                    self.renew_key(refused);
                } else {
                    self.input(Input::EnrolmentRefused { detail: joining::said(&error) }, now);
                }
            }
            Event::Recorded { request_id, durable: true } => {
                self.receipts.recorded(&request_id);
                self.input(Input::Recorded(request_id), now);
            }
            Event::Recorded { request_id, durable: false } => {
                self.receipts.not_recorded(&request_id);
                self.input(Input::RecordFailed(request_id), now);
            }
            Event::SettingsRead(config, input) => self.settings_read(config, *input, now),
            Event::HistoryRead(history) => {
                self.children.show_history(history);
                if std::mem::take(&mut self.history).is_asked_for_again {
                    self.show_history();
                }
            }
            Event::LookRested => self.look_rested(),
            Event::LogoFetched { organisation, tag, picture } => {
                self.logo_fetched(&organisation, &tag, picture);
            }
            Event::Local(question, reply) => self.asked(&question, reply, now),
            Event::System(fact) => self.system(fact, now),
            Event::Terminated => self.input(Input::Terminating, now),
        }
    }

    fn chosen(&mut self, choice: Choice, now: Now) {
        match choice {
            Choice::OpenWindow | Choice::AskForHelp | Choice::EnterCode | Choice::About => self.open_window(),
            // The key for it counts during a session too, when there is only the window to be brought to the front.
            Choice::Review if self.agent.view(now).prompt.is_none() => self.open_window(),
            Choice::Review => {
                self.input(Input::User(UserInput::Review), now);
                self.children.raise_prompt();
            }
            Choice::History => {
                self.open_window();
                self.show_history();
            }
            Choice::End => self.input(Input::User(UserInput::End), now),
            Choice::DoNotDisturb => {
                let on = self.agent.view(now).do_not_disturb_secs.is_none();
                self.input(Input::User(UserInput::DoNotDisturb { on }), now);
            }
            Choice::Quit if self.config.may_quit => self.input(Input::Terminating, now),
            Choice::Quit => tracing::info!("policy does not let the agent be quit"),
        }
    }

    fn window_said(&mut self, kind: WindowKind, run: u64, message: FromWindow, now: Now) {
        match message {
            FromWindow::User(input) if self.children.allowed(kind, run, &input) => {
                if matches!(input, UserInput::Start { .. }) {
                    self.input_with_settings(Input::User(input), now);
                } else {
                    self.input(Input::User(input), now);
                }
            }
            FromWindow::Prompt { request_id, fact } if self.children.prompted(run) == Some(&request_id) => {
                self.input(Input::Prompt(request_id, fact), now);
            }
            FromWindow::ShowHistory if self.children.is_window(kind, run) => self.show_history(),
            FromWindow::User(_)
            | FromWindow::ShowHistory
            | FromWindow::Prompt { .. }
            | FromWindow::Hello { .. } => {
                tracing::debug!("a window that is closed, or that may not say this, is not heard");
            }
        }
    }

    pub(super) fn access_said(&mut self, run: u64, said: Said<FromAccess>, now: Now) {
        let ended = matches!(said, Said::Ended(_));
        let fact = match said {
            Said::Line(FromAccess::Fact(fact)) => fact,
            Said::Line(FromAccess::Hello { .. } | FromAccess::Holding(_)) => return,
            Said::Ended(_) => AccessFact::Ended,
        };
        if self.children.is_access(run) {
            if ended {
                self.children.stop_access();
            }
            self.input(Input::Access(fact), now);
        } else if let Some(session_id) = self.children.served(run).cloned() {
            // Killed, and what it did before has still been said.
            self.input(Input::AccessLate { session_id, fact }, now);
        }
        if ended {
            self.children.access_ended(run);
            drop(self.children.let_go(run));
        }
    }

    fn window_ended(&mut self, kind: WindowKind, run: u64, code: Option<i32>, now: Now) {
        let no_display = code == Some(NO_DISPLAY);
        if no_display {
            tracing::error!("there is no display to show a window on; requests are answered \"no display\"");
        }
        let died = self.children.is_window(kind, run) && code != Some(0);
        if let Some(request_id) = self.children.window_ended(kind, run) {
            let fact = if no_display { PromptFact::NoDisplay } else { PromptFact::Failed };
            self.input(Input::Prompt(request_id, fact), now);
        }
        let in_session = matches!(self.agent.view(now).screen, session::Screen::Session(_));
        if died && in_session && !no_display && self.windows_died < MOST_WINDOW_DEATHS {
            tracing::error!("the session window died; it is opened again");
            self.windows_died += 1;
            self.open_window();
        }
    }

    fn polled(&mut self, run: u64, polled: Polled, now: Now) {
        let current = self.known.as_ref().and_then(|known| known.poll.as_ref());
        if !current.is_some_and(|poll| poll.is(run)) {
            return;
        }
        match polled {
            Polled::Answer(answer, taken) => {
                self.reached(now);
                self.take_in(*answer, now);
                // Its other end is gone where one of the events ended the poll.
                let _ = taken.send(());
                super::rest();
            }
            Polled::Failed(error) => self.not_reached(&error, now),
            Polled::Refused => {
                tracing::error!("the service does not know this agent any more");
                self.standing_lost(now);
            }
        }
    }

    fn take_in(&mut self, answer: EventsResponse, now: Now) {
        let EventsResponse { cursor, service_time, snapshot, events } = answer;
        if let Some(snapshot) = snapshot {
            self.take_in_snapshot(snapshot, service_time, now);
        }
        let mut branding = None;
        for event in events {
            match event {
                // However many there are, the last one counts.
                Told::BrandingChanged(changed) => branding = Some(changed),
                event => self.take_in_event(event, service_time, now),
            }
        }
        if let Some(branding) = branding {
            self.branding(&branding);
        }
        if let Some(known) = &mut self.known {
            known.cursor = Some(cursor);
        }
    }

    fn take_in_snapshot(&mut self, snapshot: Snapshot, service_time: Timestamp, now: Now) {
        let Snapshot { standing, branding, request, session_id, help_id, .. } = snapshot;
        if let protocol::agent::Standing::Device(standing) = standing {
            self.device_changed(standing, now);
        }
        self.branding(&branding);
        let request_id = request.as_ref().map(|request| request.request_id.clone());
        self.input(Input::Synchronised { request_id, session_id, help_id }, now);
        if let Some(request) = request {
            self.requested(request, service_time, now);
        }
    }

    fn take_in_event(&mut self, event: Told, service_time: Timestamp, now: Now) {
        let input = match event {
            Told::Request(request) => return self.requested(request, service_time, now),
            Told::DeviceChanged(standing) => return self.device_changed(standing, now),
            Told::InvitationClosed {} | Told::DeviceRetired {} => return self.standing_lost(now),
            Told::BrandingChanged(_) => return,
            Told::Unknown => return tracing::info!("an event of a later version is ignored"),
            Told::RequestWithdrawn { request_id } => Input::RequestWithdrawn(request_id),
            Told::SessionEnded { session_id, reason } => Input::SessionEnded { session_id, reason },
            Told::Message(message) => Input::MessageReceived {
                session_id: message.session_id,
                message_id: message.message_id,
                kind: message.kind,
                text: message.text,
            },
            Told::OperatorPresence { session_id, present } => Input::OperatorPresence { session_id, present },
            Told::HelpTaken { help_id, operator } => Input::HelpTaken { help_id, operator },
            Told::HelpClosed { help_id } => Input::HelpClosed(help_id),
        };
        self.input(input, now);
    }

    fn requested(&mut self, event: RequestEvent, service_time: Timestamp, now: Now) {
        let Some(known) = &self.known else { return };
        if self.outbox.lanes() >= MOST_UNTOLD {
            tracing::warn!("the service takes no answers; its requests are not taken in");
            return;
        }
        let asked = &known.asked;
        let (id, key) = (&asked.organisation_id, &asked.organisation_key);
        self.trust.learn(&self.disk, id, Some(key), &event.key_successions);
        let verified = self.trust.verify(&event, asked, service_time, now.wall);
        self.trust.keep(&self.disk);
        self.take_over_key();
        match verified {
            Ok(Verified::New(request)) => {
                self.receipts.keep_request(&request.id, event.signed_request);
                self.input_with_settings(Input::RequestReceived(*request), now);
            }
            Ok(Verified::Repeated) => {}
            Err(refusal @ Refusal::Time) => tracing::info!(%refusal, "a request is not shown"),
            Err(refusal) => tracing::warn!(%refusal, "a request is not shown"),
        }
    }

    fn device_changed(&mut self, standing: protocol::agent::DeviceStanding, now: Now) {
        if let Some(known) = &mut self.known {
            let standing = Standing::Device(standing.clone());
            if known.credential.standing != standing {
                known.credential.standing = standing;
                self.disk.write_json(self.places.credential(), known.credential.clone());
            }
        }
        self.input(Input::DeviceChanged(standing), now);
    }

    fn standing_lost(&mut self, now: Now) {
        if let Some(known) = &mut self.known {
            known.poll = None;
            known.leaving = true;
        }
        self.input(Input::StandingLost, now);
        self.forget_when_told();
        self.reached(now);
    }

    fn delivered(&mut self, Delivered { lane, meaning, answer }: Delivered, now: Now) {
        self.outbox.delivered(&lane);
        if let Err(error) = &answer {
            tracing::info!(error = %Chain(error), ?lane, "the service refuses what it was told");
        }
        if let (Meaning::No(request_id) | Meaning::Approval(request_id), Ok(answer)) = (&meaning, &answer) {
            self.keep_countersignature(request_id, answer, now);
        }
        match meaning {
            Meaning::Told | Meaning::Newest | Meaning::End => {}
            Meaning::Message(session_id, number) => {
                let input = match answer {
                    Ok(_) => Input::MessageDelivered { session_id, number },
                    Err(_) => Input::MessageRefused { session_id, number },
                };
                self.input(input, now);
            }
            Meaning::No(request_id) => self.receipts.forget(&request_id),
            Meaning::Approval(request_id) => {
                self.receipts.forget(&request_id);
                let session =
                    |answer: Vec<u8>| serde_json::from_slice::<OutcomeResponse>(&answer).ok()?.session;
                match answer.map(session) {
                    Ok(Some(session)) => {
                        self.tickets.insert(session.session_id.clone(), session.tunnel_ticket);
                        let accepted = Accepted { request_id, session_id: session.session_id };
                        self.input(Input::ApprovalAccepted(accepted), now);
                    }
                    // The service may have started a session all the same: the core's patience runs out and ends it.
                    Ok(None) => tracing::warn!("the answer to an approval means nothing"),
                    Err(_) => self.input(Input::ApprovalRefused(request_id), now),
                }
            }
            Meaning::Help => {
                let asked = answer.ok().and_then(|answer| serde_json::from_slice::<HelpAsked>(&answer).ok());
                let input = asked.map_or(Input::HelpFailed, |asked| Input::HelpAsked(asked.help_id));
                self.input(input, now);
            }
        }
        self.forget_when_told();
    }

    fn looked_up(&mut self, run: u64, found: Result<protocol::agent::LookupResponse, JoinFailure>, now: Now) {
        if self.joining.as_ref().is_none_or(|joining| joining.run != run) {
            return;
        }
        self.joining = None;
        let input = match found {
            Ok(found) => {
                let organisation = &found.organisation;
                self.trust.learn(&self.disk, &organisation.id, None, &organisation.key_successions);
                let trust = self.trust.level(&organisation.id, &organisation.public_key, now.wall);
                Input::LookedUp { organisation: found.organisation, trust }
            }
            Err(failure) => Input::JoinFailed(failure),
        };
        self.input(input, now);
    }

    fn joined(&mut self, run: u64, joined: Result<JoinResponse, JoinFailure>, now: Now) {
        let wanted = self.joining.take_if(|joining| joining.run == run).is_some();
        let joined = match joined {
            Ok(joined) if wanted => joined,
            Ok(joined) => {
                // The user changed their mind while the service was taking the code.
                self.outbox.push(Post {
                    lane: Lane::Standing,
                    method: reqwest::Method::POST,
                    path: "agent/v1/leave".into(),
                    body: Vec::new(),
                    token: joined.agent_token,
                    meaning: Meaning::Told,
                });
                return;
            }
            Err(failure) if wanted => return self.input(Input::JoinFailed(failure), now),
            Err(_) => return,
        };
        let credential = Credential {
            service_url: self.service.url().clone(),
            agent_token: joined.agent_token,
            organisation: joined.organisation,
            standing: Standing::Invitation { invitation_id: joined.invitation_id.clone() },
            agent_key: Some(self.receipts.public_key().fingerprint()),
        };
        let known = &credential.organisation;
        self.trust.learn(&self.disk, &known.id, None, &known.key_successions);
        let organisation = self.trust.responder(known, now.wall);
        let Some(known) = self.known(credential.clone()) else {
            let detail = "the organisation's key is damaged".into();
            return self.input(Input::JoinFailed(JoinFailure::Refused { detail }), now);
        };
        self.known = Some(known);
        self.show_look();
        self.disk.write_json(self.places.credential(), credential);
        let expires_in = Duration::from_secs(joined.expires_in_secs.into());
        let invitation_id = joined.invitation_id;
        self.input(Input::Joined(JoinedAs::Invitation { invitation_id, organisation, expires_in }), now);
        self.poll();
    }

    fn enrolled(&mut self, enrolled: EnrolResponse, now: Now) {
        let invited = |known: &super::Known| matches!(known.credential.standing, Standing::Invitation { .. });
        if self.known.as_ref().is_some_and(invited) {
            // The invitation's answers and ends must go out as the invitation's; enrolling again is the same device.
            tracing::info!("this computer's agent becomes a device at its next start, after the invitation");
            return;
        }
        let credential = Credential {
            service_url: self.service.url().clone(),
            agent_token: enrolled.agent_token,
            organisation: enrolled.organisation,
            standing: Standing::Device(enrolled.device),
            agent_key: Some(self.receipts.public_key().fingerprint()),
        };
        let organisation = &credential.organisation;
        self.trust.learn(&self.disk, &organisation.id, None, &organisation.key_successions);
        let Some(known) = self.known(credential.clone()) else {
            return tracing::error!("the organisation's key is damaged; this device is not enrolled");
        };
        tracing::info!("this computer's agent is a device now");
        self.is_device = true;
        self.known = Some(known);
        self.show_look();
        self.disk.write_json(self.places.credential(), credential);
        self.take_up_device(now);
    }

    fn asked(
        &mut self,
        question: &local::Question,
        reply: tokio::sync::oneshot::Sender<local::Answer>,
        now: Now,
    ) {
        let answer = match question {
            local::Question::Join { code } => {
                self.input(Input::CodeOffered(code.clone()), now);
                self.open_window();
                local::Answer::Done
            }
            local::Question::Open => {
                self.open_window();
                local::Answer::Done
            }
            local::Question::End => {
                self.input(Input::User(UserInput::End), now);
                local::Answer::Done
            }
            local::Question::Status => local::Answer::Status { status: self.status(now) },
            local::Question::Quit if !self.config.may_quit => local::Answer::NotAllowed,
            local::Question::Quit => {
                self.quitting.push(reply);
                return self.input(Input::Terminating, now);
            }
        };
        // The program that asked may be gone.
        let _ = reply.send(answer);
    }

    /// The view with version and service beside it. A code that waits to be started is nobody else's business.
    fn status(&self, now: Now) -> serde_json::Value {
        let mut view = self.agent.view(now);
        let tray = view.tray_state();
        if let session::Screen::Idle { code, .. } = &mut view.screen {
            *code = None;
        }
        if let session::Screen::Session(session) = &mut view.screen {
            session.chat.clear();
        }
        let (version, service) = (env!("CARGO_PKG_VERSION"), self.service.url());
        serde_json::json!({ "version": version, "service_url": service, "tray": tray, "view": view })
    }

    fn system(&mut self, fact: SystemFact, now: Now) {
        match fact {
            SystemFact::ScreenLocked => self.input(Input::ScreenLocked, now),
            SystemFact::ScreenUnlocked => self.input(Input::ScreenUnlocked, now),
            SystemFact::Suspending => {
                self.offline = true;
                self.input(Input::Suspending, now);
            }
            // How long it slept was told before this was looked at; the poll finds out whether the line still stands.
            SystemFact::Awake => self.reconnect(),
            SystemFact::NoTray => {
                tracing::warn!("this desktop has no place for a tray icon; the window stands in for it");
                self.open_window();
            }
        }
    }

    /// A line that stood before a sleep is most likely dead.
    fn reconnect(&mut self) {
        self.outbox.hurry();
        if self.known.as_ref().is_some_and(|known| known.poll.is_some()) {
            self.poll();
        }
    }
}
