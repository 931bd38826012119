//! Notifications of the desktop: a hint beside window and tray, never the only way. A failure is logged and nothing else.

use super::Event;
use crate::platform;
use protocol::{EndReason, RequestId, text::isolated};
use session::{Notification, Screen, View};
use texts::{Language, tr};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

/// What a notification says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// One line.
    pub(crate) title: String,
    /// A few words; plain text.
    pub(crate) text: String,
    /// What *Review* and *Reject* are called. Where there are answers, it is a request, and stays until it is withdrawn.
    pub(crate) answers: Option<Answers>,
}

/// The buttons of a request's notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answers {
    /// Brings the popup to the front.
    pub(crate) review: &'static str,
    /// Says no.
    pub(crate) reject: &'static str,
}

/// What the user chose in a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Show me the request.
    Review,
    /// No.
    Reject,
}

/// Shows notifications, and withdraws each when what it says is over.
pub(crate) struct Notifications {
    events: UnboundedSender<Event>,
    language: Language,
    /// Whether the settings let any be shown.
    wanted: bool,
    /// One of a kind at most. Dropping the sender withdraws.
    shown: Vec<(About, oneshot::Sender<()>)>,
}

/// What a notification that was shown is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum About {
    Request(RequestId),
    Session,
    Absence,
    Message,
    End,
}

impl About {
    fn of(notification: &Notification) -> Option<Self> {
        Some(match notification {
            Notification::Request(id) => Self::Request(id.clone()),
            Notification::WithdrawRequest(_) => return None,
            Notification::SessionStarted => Self::Session,
            Notification::OperatorLeft => Self::Absence,
            Notification::Message => Self::Message,
            Notification::SessionEnded(_) => Self::End,
        })
    }

    /// Whether it is true no longer, or was read.
    fn is_over(&self, view: &View) -> bool {
        let session = match &view.screen {
            Screen::Session(session) => Some(session),
            Screen::Idle { .. }
            | Screen::Joining(_)
            | Screen::Waiting { .. }
            | Screen::Ready { .. }
            | Screen::Ended(_) => None,
        };
        match self {
            Self::Request(id) => view.prompt.as_ref().is_none_or(|prompt| prompt.request_id != *id),
            Self::Session => session.is_none(),
            Self::Absence => session.is_none_or(|session| session.operator_present),
            Self::Message => session.is_none_or(|session| session.unread == 0),
            Self::End => !matches!(view.screen, Screen::Ended(_)),
        }
    }

    fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl Notifications {
    /// Shows nothing yet.
    pub(crate) fn new(events: UnboundedSender<Event>, language: Language, wanted: bool) -> Self {
        Self { events, language, wanted, shown: Vec::new() }
    }

    /// Withdraws what `view` says is over.
    pub(crate) fn follow(&mut self, view: &View) {
        self.shown.retain(|(about, _)| !about.is_over(view));
    }

    /// Shows or withdraws.
    pub(crate) fn handle(&mut self, notification: &Notification, view: &View) {
        if let Notification::WithdrawRequest(id) = notification {
            self.shown.retain(|(about, _)| *about != About::Request(id.clone()));
        }
        let (Some(about), Some(note)) = (About::of(notification), note(notification, view, self.language))
        else {
            return;
        };
        if !self.wanted {
            return;
        }
        let (keep, withdraw) = oneshot::channel();
        self.shown.retain(|(other, _)| !other.is_same_kind(&about));
        self.shown.push((about.clone(), keep));
        let events = self.events.clone();
        tokio::spawn(async move {
            match (platform::show_notification(note, withdraw).await, about) {
                (Ok(Some(answer)), About::Request(id)) => {
                    drop(events.send(Event::NotificationAnswered(id, answer)));
                }
                (Ok(_), _) => {}
                (Err(error), _) => tracing::info!(%error, "the desktop shows no notifications"),
            }
        });
    }
}

fn note(notification: &Notification, view: &View, language: Language) -> Option<Note> {
    let operator = match &view.screen {
        Screen::Session(session) => Some(&session.operator),
        Screen::Ended(ended) => Some(&ended.operator),
        Screen::Idle { .. } | Screen::Joining(_) | Screen::Waiting { .. } | Screen::Ready { .. } => None,
    };
    let operator = operator
        .map_or_else(|| tr!(language, "The operator").to_owned(), |operator| isolated(&operator.name));
    let (title, text) = match notification {
        Notification::Request(_) => {
            let prompt = view.prompt.as_ref()?;
            let (operator, organisation) = (&prompt.operator.name, &prompt.organisation.name);
            let who = format!("{} ({})", isolated(operator), isolated(organisation));
            if prompt.during_session {
                let text = tr!(language, "Review what is asked for, or reject it.");
                (tr!(language, "{} asks for more", who), text.into())
            } else {
                let text = tr!(language, "Nothing happens unless you approve.");
                (tr!(language, "{} wants to connect", who), text.into())
            }
        }
        Notification::WithdrawRequest(_) => return None,
        Notification::SessionStarted => (
            tr!(language, "{} is connected", operator),
            tr!(language, "You can end the session at any moment.").into(),
        ),
        Notification::OperatorLeft => (
            tr!(language, "{} left", operator),
            tr!(language, "The session goes on until you end it or its time is up.").into(),
        ),
        Notification::Message => {
            (tr!(language, "{} wrote to you", operator), tr!(language, "Open the window to read it.").into())
        }
        Notification::SessionEnded(reason) => {
            (tr!(language, "Session ended").into(), ended(*reason, &operator, language))
        }
    };
    let answers = matches!(notification, Notification::Request(_))
        .then(|| Answers { review: tr!(language, "Review"), reject: tr!(language, "Reject") });
    Some(Note { title, text, answers })
}

fn ended(reason: EndReason, operator: &str, language: Language) -> String {
    let text = match reason {
        EndReason::Operator => return tr!(language, "{} ended the session.", operator),
        EndReason::User => tr!(language, "You ended the session."),
        EndReason::Service => tr!(language, "The service ended the session."),
        EndReason::OrganisationSuspended => {
            tr!(language, "The service suspended this organisation and ended the session.")
        }
        EndReason::Expired => tr!(language, "The agreed time was over."),
        EndReason::LinkLost => tr!(language, "The connection was lost and did not come back."),
        EndReason::Locked => tr!(language, "Your screen stayed locked for too long."),
        EndReason::Slept => tr!(language, "Your computer slept for too long."),
        EndReason::AgentStopped => tr!(language, "The agent was closed."),
        EndReason::AgentRestarted => tr!(language, "The agent was started again."),
        EndReason::AccessFailed => tr!(language, "A part of the agent failed, so the session was ended."),
        EndReason::NotStarted => tr!(language, "The session did not start."),
    };
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resident::menu::tests::{session, view};

    #[test]
    fn what_is_over_or_read_is_withdrawn() {
        let with = |change: fn(&mut session::SessionView)| {
            let Screen::Session(mut session) = session(60) else { unreachable!() };
            change(&mut session);
            view(Screen::Session(session))
        };
        let over = view(Screen::Ready { accepted: true, help: None });
        let unread = with(|session| (session.unread, session.operator_present) = (1, false));
        let read = with(|_| {});
        let about = [About::Request("r1".parse().unwrap()), About::Session, About::Absence, About::Message];
        let is_over = |view: &View| about.clone().map(|about| about.is_over(view));
        assert_eq!(is_over(&unread), [true, false, false, false]);
        assert_eq!(is_over(&read), [true, false, true, true]);
        assert_eq!(is_over(&over), [true; 4]);
        assert!(About::End.is_over(&over) && About::End.is_over(&read));
    }

    #[test]
    fn a_message_is_announced_without_its_text() {
        let view = view(Screen::Ready { accepted: true, help: None });
        let shown = note(&Notification::Message, &view, Language::ENGLISH).unwrap();
        assert_eq!(
            shown,
            Note {
                title: "The operator wrote to you".into(),
                text: "Open the window to read it.".into(),
                answers: None,
            }
        );
    }
}
