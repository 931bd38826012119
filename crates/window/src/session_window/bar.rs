//! The session bar: the session window, collapsed.

use crate::{
    clock,
    models::sync,
    talk::Tell,
    ui::{Action, SessionBar, Status},
};
use line::FromWindow;
use protocol::text::isolated;
use session::{Screen, SessionStatus, UserInput, View};
use slint::{ModelRc, VecModel};
use std::rc::Rc;

/// The bar and what it keeps.
pub struct BarUi {
    window: SessionBar,
    actions: Rc<VecModel<Action>>,
}

impl BarUi {
    /// Makes the bar, not yet on the screen.
    ///
    /// # Errors
    ///
    /// When the toolkit cannot make a window.
    pub fn new(tell: Tell) -> Result<Self, slint::PlatformError> {
        let bar = Self { window: SessionBar::new()?, actions: Rc::default() };
        bar.window.set_actions(ModelRc::from(Rc::clone(&bar.actions)));
        bar.window.on_end(move || tell(FromWindow::User(UserInput::End)));
        Ok(bar)
    }

    /// The window, for what is not its own business.
    pub fn window(&self) -> &SessionBar {
        &self.window
    }

    /// Shows `view`. Returns false where there is no session to be shown, running or just ended.
    pub fn show_view(&self, view: &View) -> bool {
        let window = &self.window;
        match &view.screen {
            Screen::Session(session) => {
                window.set_ended(false);
                window.set_operator(isolated(&session.operator.name).into());
                window.set_status(session.status.into());
                window.set_timer(clock::timer(session.elapsed_secs).into());
                window.set_unread(i32::try_from(session.unread).unwrap_or(i32::MAX));
                window.set_controlled(session.actions.contains(protocol::Action::Controlling));
                sync(&self.actions, session.actions.iter().map(Into::into).collect());
                true
            }
            Screen::Ended(ended) => {
                window.set_ended_reason(ended.reason.into());
                window.set_ended(true);
                true
            }
            Screen::Idle { .. } | Screen::Joining(_) | Screen::Waiting { .. } | Screen::Ready { .. } => false,
        }
    }

    /// Whether it says that the session ended.
    pub(crate) fn says_ended(&self) -> bool {
        self.window.get_ended()
    }
}

impl From<SessionStatus> for Status {
    fn from(status: SessionStatus) -> Self {
        match status {
            SessionStatus::Running => Self::Running,
            SessionStatus::Reconnecting => Self::Reconnecting,
            SessionStatus::Suspended => Self::Suspended,
        }
    }
}
