//! The tray's menu and tooltip as a function of the [`View`]: plain data, so that whole menus can be compared in tests.

use protocol::{EndReason, text::isolated};
use session::{HelpStatus, JoiningStage, LinkTrouble, PromptStage, Screen, SessionStatus, SessionView, View};
use texts::{Language, tr};

/// What a menu entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Opens the session window.
    OpenWindow,
    /// Shows the popup of the request that waits.
    Review,
    /// Opens the session window, where help is asked for.
    AskForHelp,
    /// Opens the session window, where codes are entered.
    EnterCode,
    /// Ends whatever there is.
    End,
    /// Switches *Do not disturb* on or off.
    DoNotDisturb,
    /// Opens the session window with the history.
    History,
    /// Opens the session window, where *About* is.
    About,
    /// Ends the program.
    Quit,
}

impl Choice {
    /// Every choice.
    pub(crate) const ALL: [Self; 9] = [
        Self::OpenWindow,
        Self::Review,
        Self::AskForHelp,
        Self::EnterCode,
        Self::End,
        Self::DoNotDisturb,
        Self::History,
        Self::About,
        Self::Quit,
    ];

    /// Its name inside the program; assistive technology and tests see it too.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::OpenWindow => "open-window",
            Self::Review => "review",
            Self::AskForHelp => "ask-for-help",
            Self::EnterCode => "enter-code",
            Self::End => "end-session",
            Self::DoNotDisturb => "do-not-disturb",
            Self::History => "history",
            Self::About => "about",
            Self::Quit => "quit",
        }
    }
}

/// One line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// Says something and does nothing.
    Text(String),
    /// Does something.
    Action(Choice, &'static str),
    /// Switches something.
    Check(Choice, &'static str, bool),
    /// A line between groups.
    Separator,
}

/// The menu, from the top.
pub(crate) fn menu(view: &View, language: Language) -> Vec<Item> {
    let mut items = vec![Item::Text(state_line(view, language))];
    if let Some(line) = session_line(view) {
        items.push(Item::Text(line));
    }
    items.push(Item::Separator);
    if view.prompt.is_some() {
        items.push(Item::Action(Choice::Review, tr!(language, "Review request")));
    }
    items.push(Item::Action(Choice::OpenWindow, tr!(language, "Open window")));
    match &view.screen {
        Screen::Ready { accepted: true, .. } => {
            items.push(Item::Action(Choice::AskForHelp, tr!(language, "Ask for help…")));
        }
        Screen::Idle { codes_allowed: true, .. } => {
            items.push(Item::Action(Choice::EnterCode, tr!(language, "Enter session code…")));
        }
        Screen::Idle { .. }
        | Screen::Joining(_)
        | Screen::Waiting { .. }
        | Screen::Ready { .. }
        | Screen::Session(_)
        | Screen::Ended(_) => {}
    }
    if view.can_end() {
        items.push(Item::Action(Choice::End, tr!(language, "End Session")));
    }
    if matches!(view.screen, Screen::Ready { .. }) || view.do_not_disturb_secs.is_some() {
        let on = view.do_not_disturb_secs.is_some();
        items.push(Item::Check(Choice::DoNotDisturb, tr!(language, "Do not disturb"), on));
    }
    items.push(Item::Separator);
    items.push(Item::Action(Choice::History, tr!(language, "Session history")));
    items.push(Item::Action(Choice::About, tr!(language, "About")));
    if view.managed.may_quit {
        items.push(Item::Action(Choice::Quit, tr!(language, "Quit")));
    }
    items
}

/// The tray icon's tooltip: what goes on, and with whom for how long.
pub(crate) fn tooltip(view: &View, language: Language) -> String {
    match session_line(view) {
        Some(line) => format!("{}\n{line}", state_line(view, language)),
        None => state_line(view, language),
    }
}

fn state_line(view: &View, language: Language) -> String {
    if let Some(prompt) = &view.prompt {
        let name = isolated(&prompt.operator.name);
        return match (prompt.stage, prompt.during_session) {
            (PromptStage::Approving, _) => tr!(language, "Connecting {}…", name),
            (PromptStage::Quiet | PromptStage::Asking, false) => tr!(language, "{} wants to connect", name),
            (PromptStage::Quiet | PromptStage::Asking, true) => tr!(language, "{} asks for more", name),
        };
    }
    if let Screen::Joining(JoiningStage::Confirm(organisation)) = &view.screen
        && view.offline_since.is_none()
    {
        return tr!(language, "Join {}?", isolated(&organisation.name));
    }
    if let Screen::Ready { accepted: true, help: Some(HelpStatus::Taken { operator_name }) } = &view.screen
        && view.offline_since.is_none()
    {
        return tr!(language, "{} will help you", isolated(operator_name));
    }
    plain_state(view, language).into()
}

/// What goes on, where no name is in it.
fn plain_state(view: &View, language: Language) -> &'static str {
    match &view.screen {
        Screen::Session(session) => match session.status {
            SessionStatus::Running => tr!(language, "Session in progress"),
            SessionStatus::Reconnecting => tr!(language, "Session interrupted: reconnecting…"),
            SessionStatus::Suspended => tr!(language, "Session suspended: the screen is locked"),
        },
        Screen::Ended(ended) => match ended.reason {
            EndReason::Operator => tr!(language, "The operator ended the session"),
            EndReason::User
            | EndReason::Service
            | EndReason::OrganisationSuspended
            | EndReason::Expired
            | EndReason::LinkLost
            | EndReason::Locked
            | EndReason::Slept
            | EndReason::AgentStopped
            | EndReason::AgentRestarted
            | EndReason::AccessFailed
            | EndReason::NotStarted => tr!(language, "Session ended"),
        },
        Screen::Idle { .. } | Screen::Joining(_) | Screen::Waiting { .. } | Screen::Ready { .. }
            if view.offline_since.is_some() =>
        {
            match view.link_trouble {
                Some(LinkTrouble::CertificateNotTrusted) => {
                    tr!(language, "Offline: the service's certificate is not trusted")
                }
                Some(LinkTrouble::Unreachable) | None => {
                    tr!(language, "Offline: the service cannot be reached")
                }
            }
        }
        Screen::Idle { .. } => tr!(language, "No session"),
        Screen::Joining(_) => tr!(language, "Joining…"),
        Screen::Waiting { .. } => tr!(language, "Waiting for operator…"),
        Screen::Ready { accepted: false, .. } => {
            tr!(language, "Waiting to be accepted by your organisation")
        }
        Screen::Ready { help: Some(HelpStatus::Sending | HelpStatus::Queued), .. } => {
            tr!(language, "Help is on its way")
        }
        Screen::Ready { help: None | Some(HelpStatus::Failed | HelpStatus::Taken { .. }), .. } => {
            match view.do_not_disturb_secs {
                Some(_) => tr!(language, "Do not disturb"),
                None => tr!(language, "On-demand Agent ready"),
            }
        }
    }
}

fn session_line(view: &View) -> Option<String> {
    let Screen::Session(session) = &view.screen else { return None };
    let SessionView { operator, elapsed_secs, .. } = session;
    Some(format!("{} · {}", isolated(&operator.name), timer(*elapsed_secs)))
}

/// `4:05`, and `1:04:05` after an hour.
fn timer(secs: u64) -> String {
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours == 0 { format!("{minutes}:{secs:02}") } else { format!("{hours}:{minutes:02}:{secs:02}") }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use protocol::{Action, Actions, Operator, Permissions, TrustLevel};
    use session::{OrganisationView, PromptView};

    pub(crate) fn view(screen: Screen) -> View {
        View {
            screen,
            prompt: None,
            organisation: None,
            offline_since: None,
            link_trouble: None,
            notice: None,
            do_not_disturb_secs: None,
            managed: session::Managed::default(),
        }
    }

    pub(crate) fn session(elapsed_secs: u64) -> Screen {
        Screen::Session(SessionView {
            operator: Operator { id: "op1".parse().unwrap(), name: "Olivia Example".into() },
            granted: Permissions::all(),
            actions: Actions::from([Action::Viewing]),
            status: SessionStatus::Running,
            elapsed_secs,
            remaining_secs: 60,
            can_prolong: true,
            operator_present: true,
            unsupported: Permissions::EMPTY,
            chat: Vec::new(),
            unread: 0,
            folder: None,
            transfers: Vec::new(),
            files: session::FilesDone::default(),
            clipboard: session::ClipboardView::default(),
            number_to_call: None,
        })
    }

    #[test]
    fn an_idle_agent_offers_to_enter_a_code_and_nothing_to_end() {
        let screen = Screen::Idle { code: None, problem: None, retry_secs: None, codes_allowed: true };
        assert_eq!(
            menu(&view(screen), Language::ENGLISH),
            [
                Item::Text("No session".into()),
                Item::Separator,
                Item::Action(Choice::OpenWindow, "Open window"),
                Item::Action(Choice::EnterCode, "Enter session code…"),
                Item::Separator,
                Item::Action(Choice::History, "Session history"),
                Item::Action(Choice::About, "About"),
                Item::Action(Choice::Quit, "Quit"),
            ]
        );
    }

    #[test]
    fn a_device_can_ask_for_help_and_for_quiet() {
        let mut view = view(Screen::Ready { accepted: true, help: None });
        view.do_not_disturb_secs = Some(3000);
        assert_eq!(
            menu(&view, Language::ENGLISH),
            [
                Item::Text("Do not disturb".into()),
                Item::Separator,
                Item::Action(Choice::OpenWindow, "Open window"),
                Item::Action(Choice::AskForHelp, "Ask for help…"),
                Item::Check(Choice::DoNotDisturb, "Do not disturb", true),
                Item::Separator,
                Item::Action(Choice::History, "Session history"),
                Item::Action(Choice::About, "About"),
                Item::Action(Choice::Quit, "Quit"),
            ]
        );
    }

    #[test]
    fn a_session_shows_who_and_how_long_and_can_be_ended() {
        let view = view(session(3845));
        assert_eq!(
            menu(&view, Language::ENGLISH)[..5],
            [
                Item::Text("Session in progress".into()),
                Item::Text("\u{2068}Olivia Example\u{2069} · 1:04:05".into()),
                Item::Separator,
                Item::Action(Choice::OpenWindow, "Open window"),
                Item::Action(Choice::End, "End Session"),
            ]
        );
        assert_eq!(
            tooltip(&view, Language::ENGLISH),
            "Session in progress\n\u{2068}Olivia Example\u{2069} · 1:04:05"
        );
    }

    #[test]
    fn a_request_can_be_reviewed_and_ended_and_never_approved() {
        let mut view = view(Screen::Ready { accepted: true, help: None });
        view.prompt = Some(prompt(PromptStage::Quiet));
        let labels = |view: &View| -> Vec<&'static str> {
            let action = |item| if let Item::Action(_, label) = item { Some(label) } else { None };
            menu(view, Language::ENGLISH).into_iter().filter_map(action).collect()
        };
        let expected = [
            "Review request",
            "Open window",
            "Ask for help…",
            "End Session",
            "Session history",
            "About",
            "Quit",
        ];
        assert_eq!(labels(&view), expected);
        assert_eq!(
            menu(&view, Language::ENGLISH)[0],
            Item::Text("\u{2068}Olivia Example\u{2069} wants to connect".into())
        );
        // A menu with other lines right before the session's would be one too many for some panels.
        view.prompt = Some(prompt(PromptStage::Approving));
        assert_eq!(labels(&view), expected);
    }

    fn prompt(stage: PromptStage) -> PromptView {
        PromptView {
            request_id: "r1".parse().unwrap(),
            operator: Operator { id: "op1".parse().unwrap(), name: "Olivia Example".into() },
            organisation: OrganisationView {
                name: "Example Support".into(),
                domain: None,
                trust: TrustLevel::Pinned,
                last_session: None,
            },
            during_session: false,
            choices: Vec::new(),
            answer_secs: 120,
            more_time: true,
            stage,
            limits_secs: Vec::new(),
            limit_secs: 3600,
            approvable: false,
            number_to_call: None,
            folder: None,
        }
    }

    #[test]
    fn policy_can_take_quit_out_of_the_menu_and_nothing_that_ends() {
        let mut view = view(session(5));
        view.managed.may_quit = false;
        let items = menu(&view, Language::ENGLISH);
        let has = |wanted: Choice| {
            items.iter().any(|item| matches!(item, Item::Action(choice, _) if *choice == wanted))
        };
        assert!(has(Choice::End) && !has(Choice::Quit));
    }

    #[test]
    fn menu_and_tooltip_speak_the_users_language() {
        let view = view(session(65));
        let german = Language::choose(Some("de"));
        assert_eq!(tooltip(&view, german), "Sitzung läuft\n\u{2068}Olivia Example\u{2069} · 1:05");
        assert!(menu(&view, german).contains(&Item::Action(Choice::End, "Sitzung beenden")));
    }

    #[test]
    fn the_timer_reads_like_a_clock() {
        assert_eq!([0, 65, 3599, 3600].map(timer), ["0:00", "1:05", "59:59", "1:00:00"]);
    }
}
