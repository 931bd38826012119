//! A popup that asks for nothing and can grant nothing: the real window process, with this program in the resident's place.

use super::{Check, Finding};
use crate::{
    platform::{self, LineEnds},
    resident::children::NO_DISPLAY,
};
use line::{FromWindow, ToWindow, WindowKind};
use protocol::{Operator, TrustLevel};
use session::{OrganisationView, PromptFact, PromptStage, PromptView, Screen, UserInput, View, Visibility};
use std::{
    io,
    process::{Child, Command},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// How long the user may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// How the popup fared.
#[derive(Debug, Default)]
struct Fared {
    shown: bool,
    visible: bool,
    answered: bool,
    exit_code: Option<i32>,
}

/// Shows the popup and waits for an answer.
pub(super) fn show(language: Option<String>) -> Finding {
    match try_show(language) {
        Err(error) => Finding::error(
            Check::Popup,
            format!("The popup could not be started: {error}."),
            "Install the agent again; its own program file cannot be run.",
        ),
        Ok(Fared { shown: false, exit_code: Some(NO_DISPLAY), .. }) => Finding::error(
            Check::Popup,
            "The popup could not be shown: there is no display that lets this user in.",
            "Run this inside the user's desktop session.",
        ),
        Ok(Fared { shown: false, .. }) => Finding::error(
            Check::Popup,
            "The popup did not appear. Every request would be a no.",
            "Look for what standard error says above.",
        ),
        Ok(Fared { answered: true, visible: true, .. }) => {
            Finding::fine(Check::Popup, "The test popup became visible and was answered.")
        }
        Ok(Fared { answered: true, visible: false, .. }) => Finding::warning(
            Check::Popup,
            "The test popup was answered, but it was covered or not active all the time: *Approve* would not count.",
            "Look for a window that stays above all others.",
        ),
        Ok(Fared { visible, .. }) => Finding::warning(
            Check::Popup,
            format!(
                "The test popup {}, but nobody answered it within {} seconds.",
                if visible { "became visible" } else { "appeared, but was covered or not active" },
                ANSWER_LIMIT.as_secs()
            ),
            "Run this again and press a button in the popup.",
        ),
    }
}

fn try_show(language: Option<String>) -> io::Result<Fared> {
    let LineEnds { mut reader, mut writer, stdin, stdout } = LineEnds::new()?;
    let mut process = {
        // The command keeps the child's ends open, so it must not outlive this block.
        let mut command = Command::new(platform::own_program()?);
        command.arg("window").env_clear().envs(platform::environment_for_children());
        command.stdin(stdin).stdout(stdout).spawn()?
    };
    let (said, hears) = mpsc::channel::<FromWindow>();
    thread::Builder::new().name("window-in".into()).spawn(move || {
        while let Ok(message) = line::read(&mut reader) {
            if said.send(message).is_err() {
                break;
            }
        }
    })?;
    let mut tell = |message: &ToWindow| line::write(&mut writer, message).is_ok();
    tell(&ToWindow::Hello { version: line::VERSION, window: WindowKind::Test, language });
    let started = Instant::now();
    let mut fared = Fared::default();
    let mut left = ANSWER_LIMIT.as_secs();
    let mut show = |left| tell(&ToWindow::View(Box::new(view(left)?))).then_some(());
    let mut open = show(left).is_some();
    while open && !fared.answered && left > 0 {
        match hears.recv_timeout(Duration::from_millis(200)) {
            Ok(message) => take_in(&mut fared, &message),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let now_left = ANSWER_LIMIT.saturating_sub(started.elapsed()).as_secs();
        if std::mem::replace(&mut left, now_left) != now_left {
            open = show(left).is_some();
        }
    }
    tell(&ToWindow::Close);
    fared.exit_code = end(&mut process);
    Ok(fared)
}

fn take_in(fared: &mut Fared, message: &FromWindow) {
    match message {
        FromWindow::Prompt { fact: PromptFact::Shown, .. } => fared.shown = true,
        FromWindow::Prompt { fact: PromptFact::Visibility(Visibility::Visible(_)), .. } => {
            fared.visible = true
        }
        // Whatever is pressed: nobody asked, so nothing can come of it.
        FromWindow::User(UserInput::Approve { .. } | UserInput::Reject { .. }) => fared.answered = true,
        FromWindow::User(_)
        | FromWindow::Prompt { .. }
        | FromWindow::Hello { .. }
        | FromWindow::ShowHistory => {}
    }
}

/// Waits for the window's end, and no longer than it may take.
fn end(process: &mut Child) -> Option<i32> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(5) {
        match process.try_wait() {
            Ok(None) => thread::sleep(Duration::from_millis(10)),
            Ok(Some(status)) => return status.code(),
            Err(_) => return None,
        }
    }
    // It is dead already where this fails.
    let _ = process.kill();
    let _ = process.wait();
    None
}

/// A request that names nobody, asks for nothing, and that no press could approve.
fn view(answer_secs: u64) -> Option<View> {
    let prompt = PromptView {
        request_id: "test".parse().ok()?,
        operator: Operator { id: "test".parse().ok()?, name: "TEST".into() },
        organisation: OrganisationView {
            name: "nobody (this is only a test: press Reject)".into(),
            domain: None,
            trust: TrustLevel::New,
            last_session: None,
        },
        during_session: false,
        choices: Vec::new(),
        answer_secs,
        more_time: false,
        stage: PromptStage::Asking,
        limits_secs: Vec::new(),
        limit_secs: 0,
        approvable: false,
        number_to_call: None,
        folder: None,
    };
    let screen = Screen::Idle { code: None, problem: None, retry_secs: None, codes_allowed: false };
    Some(View {
        screen,
        prompt: Some(prompt),
        organisation: None,
        offline_since: None,
        link_trouble: None,
        notice: None,
        do_not_disturb_secs: None,
        managed: session::Managed::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_popup_asks_for_nothing_and_can_grant_nothing() {
        let prompt = view(60).unwrap().prompt.unwrap();
        assert!(prompt.choices.is_empty() && prompt.limits_secs.is_empty() && !prompt.approvable);
        assert!(prompt.operator.name.contains("TEST"));
    }
}
