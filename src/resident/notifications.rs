//! Notifications of the desktop: a hint beside window and tray, never the only way. A failure is logged and nothing else.

use super::Event;
use crate::platform;
use protocol::{EndReason, RequestId, text::isolated};
use session::{Notification, Screen, View};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

/// What a notification says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// One line.
    pub(crate) title: String,
    /// A few words; plain text.
    pub(crate) text: String,
    /// Offers *Review* and *Reject*, and stays until it is withdrawn.
    pub(crate) is_request: bool,
}

/// What the user chose in a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Show me the request.
    Review,
    /// No.
    Reject,
}

/// Shows notifications and remembers which to withdraw.
pub(crate) struct Notifications {
    events: UnboundedSender<Event>,
    request: Option<(RequestId, oneshot::Sender<()>)>,
}

impl Notifications {
    /// Shows nothing yet.
    pub(crate) fn new(events: UnboundedSender<Event>) -> Self {
        Self { events, request: None }
    }

    /// Shows or withdraws.
    pub(crate) fn handle(&mut self, notification: &Notification, view: &View) {
        match notification {
            Notification::WithdrawRequest(id) => {
                if self.request.as_ref().is_some_and(|(shown, _)| shown == id) {
                    self.request = None;
                }
            }
            Notification::Request(id) => {
                let Some(note) = note(notification, view) else { return };
                // Dropping the sender withdraws; so does the next request.
                let (keep, withdraw) = oneshot::channel();
                self.request = Some((id.clone(), keep));
                let (events, id) = (self.events.clone(), id.clone());
                tokio::spawn(async move {
                    match platform::show_notification(note, withdraw).await {
                        Ok(Some(answer)) => drop(events.send(Event::NotificationAnswered(id, answer))),
                        Ok(None) => {}
                        Err(error) => tracing::info!(%error, "the desktop shows no notifications"),
                    }
                });
            }
            Notification::SessionStarted
            | Notification::OperatorLeft
            | Notification::Message
            | Notification::SessionEnded(_) => {
                let Some(note) = note(notification, view) else { return };
                tokio::spawn(async move {
                    let (_keep, withdraw) = oneshot::channel();
                    if let Err(error) = platform::show_notification(note, withdraw).await {
                        tracing::info!(%error, "the desktop shows no notifications");
                    }
                });
            }
        }
    }
}

fn note(notification: &Notification, view: &View) -> Option<Note> {
    let operator = match &view.screen {
        Screen::Session(session) => Some(&session.operator),
        Screen::Ended(ended) => Some(&ended.operator),
        Screen::Idle { .. } | Screen::Joining(_) | Screen::Waiting { .. } | Screen::Ready { .. } => None,
    };
    let operator = operator.map_or_else(|| "The operator".into(), |operator| isolated(&operator.name));
    let (title, text) = match notification {
        Notification::Request(_) => {
            let prompt = view.prompt.as_ref()?;
            let (operator, organisation) = (&prompt.operator.name, &prompt.organisation.name);
            let who = format!("{} ({})", isolated(operator), isolated(organisation));
            if prompt.during_session {
                (format!("{who} asks for more"), "Review what is asked for, or reject it.".into())
            } else {
                (format!("{who} wants to connect"), "Nothing happens unless you approve.".into())
            }
        }
        Notification::WithdrawRequest(_) => return None,
        Notification::SessionStarted => {
            (format!("{operator} is connected"), "You can end the session at any moment.".into())
        }
        Notification::OperatorLeft => {
            (format!("{operator} left"), "The session goes on until you end it or its time is up.".into())
        }
        Notification::Message => (format!("{operator} wrote to you"), "Open the window to read it.".into()),
        Notification::SessionEnded(reason) => ("Session ended".into(), ended(*reason, &operator)),
    };
    Some(Note { title, text, is_request: matches!(notification, Notification::Request(_)) })
}

fn ended(reason: EndReason, operator: &str) -> String {
    match reason {
        EndReason::User => "You ended the session.".into(),
        EndReason::Operator => format!("{operator} ended the session."),
        EndReason::Service => "The service ended the session.".into(),
        EndReason::Expired => "The agreed time is up.".into(),
        EndReason::LinkLost => "The connection did not come back.".into(),
        EndReason::Locked => "The screen stayed locked.".into(),
        EndReason::Slept => "The computer slept.".into(),
        EndReason::AgentStopped => "The agent was stopped.".into(),
        EndReason::AgentRestarted => "The agent was started again.".into(),
        EndReason::AccessFailed => "The part that serves the operator stopped working.".into(),
        EndReason::NotStarted => "The session could not be started.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resident::menu::tests::view;

    #[test]
    fn a_message_is_announced_without_its_text() {
        let view = view(Screen::Ready { accepted: true, help: None });
        let shown = note(&Notification::Message, &view).unwrap();
        assert_eq!(
            shown,
            Note {
                title: "The operator wrote to you".into(),
                text: "Open the window to read it.".into(),
                is_request: false,
            }
        );
    }
}
