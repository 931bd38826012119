//! What the scenes are made of: people, organisations, sessions and files that do not exist.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use line::Look;
use protocol::{
    Action, Actions, EndReason, Operator, Permission, Permissions, Timestamp, TrustLevel, event::MessageKind,
};
use session::{
    ChatLine, Choice, ClipboardDone, ClipboardFact, ClipboardNews, ClipboardView, Delivery, Direction,
    EndedView, FileChange, FileDeed, FilesDone, FolderChoice, Managed, OrganisationView, PromptStage,
    PromptView, RunningTransfer, Screen, SessionStatus, SessionView, Speaker, TransferEnd, Transferred, View,
};
use std::path::Path;

pub(crate) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub(crate) fn operator(name: &str) -> Operator {
    Operator { id: "op-1".parse().unwrap(), name: name.into() }
}

pub(crate) fn organisation(trust: TrustLevel) -> OrganisationView {
    OrganisationView {
        name: "Example Support".into(),
        domain: Some("support.example".into()),
        trust,
        last_session: matches!(trust, TrustLevel::Known).then(|| at("2026-03-01T12:00:00Z")),
    }
}

pub(crate) fn view(screen: Screen) -> View {
    View {
        screen,
        prompt: None,
        organisation: Some(organisation(TrustLevel::Known)),
        offline_since: None,
        link_trouble: None,
        notice: None,
        do_not_disturb_secs: None,
        managed: session::Managed::default(),
    }
}

pub(crate) fn idle() -> Screen {
    Screen::Idle { code: None, problem: None, retry_secs: None, codes_allowed: true }
}

pub(crate) fn choice(permission: Permission, grantable: bool) -> Choice {
    Choice { permission, grantable, preselected: grantable }
}

pub(crate) fn prompt(trust: TrustLevel) -> PromptView {
    use Permission::{Chat, Clipboard, Control, FilesRead, FilesWrite, Messages, View};
    let all = [View, Control, FilesRead, FilesWrite, Clipboard, Chat, Messages];
    let grantable = |permission| match trust {
        TrustLevel::Pinned | TrustLevel::Known => true,
        TrustLevel::New => matches!(permission, View | Chat | Messages),
        TrustLevel::Changed => matches!(permission, View | Chat),
    };
    PromptView {
        request_id: "req-1".parse().unwrap(),
        operator: operator("Olivia Example"),
        organisation: organisation(trust),
        during_session: false,
        choices: all.map(|permission| choice(permission, grantable(permission))).into(),
        answer_secs: 105,
        more_time: true,
        stage: PromptStage::Asking,
        limits_secs: vec![900, 1800, 3600, 7200],
        limit_secs: 3600,
        approvable: true,
        number_to_call: Some("+44 20 7946 0000".into()),
        folder: Some(folder(Path::new(HOME))),
    }
}

/// The user's home folder, where pictures need none.
pub(crate) const HOME: &str = "/home/ursula";

/// Downloads, preset.
pub(crate) fn folder(home: &Path) -> FolderChoice {
    FolderChoice { path: home.join("Downloads"), can_change: true, whole_home: false }
}

/// What policy may have decided.
pub(crate) fn managed() -> Managed {
    Managed { by_policy: true, may_quit: false, contact: Some("Example Support, extension 4711".into()) }
}

/// The view whose popup shows `prompt`.
pub(crate) fn asking(prompt: PromptView) -> View {
    View { prompt: Some(prompt), ..view(Screen::Waiting { expires_at: at("2026-03-01T14:05:00Z") }) }
}

pub(crate) fn line(from: Speaker, kind: MessageKind, text: &str) -> ChatLine {
    ChatLine { from, kind, text: text.into(), at: at("2026-03-01T14:05:00Z"), delivery: Delivery::Arrived }
}

pub(crate) fn session() -> SessionView {
    use MessageKind::{Chat, Note};
    SessionView {
        operator: operator("Olivia Example"),
        granted: Permissions::all(),
        actions: Actions::from([Action::Viewing, Action::Controlling]),
        status: SessionStatus::Running,
        elapsed_secs: 725,
        remaining_secs: 2875,
        can_prolong: true,
        operator_present: true,
        unsupported: Permissions::EMPTY,
        chat: vec![
            line(Speaker::Operator, Chat, "Hello! I can see your screen now. Which printer is it about?"),
            line(Speaker::User, Chat, "The one in the hall, on the second floor."),
            line(Speaker::Operator, Note, "I will restart the print service. Your open documents stay open."),
            line(Speaker::User, Chat, "OK"),
        ],
        unread: 0,
        folder: None,
        transfers: Vec::new(),
        files: FilesDone::default(),
        clipboard: ClipboardView::default(),
        number_to_call: Some("+44 20 7946 0000".into()),
    }
}

pub(crate) fn clipboard(fact: ClipboardFact) -> ClipboardView {
    let last = Some(ClipboardNews { fact, at: at("2026-03-01T13:30:00Z") });
    ClipboardView { last, ..ClipboardView::default() }
}

pub(crate) fn ended() -> EndedView {
    EndedView {
        operator: operator("Olivia Example"),
        organisation: organisation(TrustLevel::Known),
        reason: EndReason::User,
        lasted_secs: 2725,
        started_at: at("2026-03-01T13:20:00Z"),
        granted: Permissions::from([Permission::View, Permission::Control, Permission::Chat]),
        done: Actions::from([Action::Viewing, Action::Controlling]),
        unsent: Vec::new(),
        files: FilesDone::default(),
        clipboard: ClipboardDone::default(),
        suspicious: false,
        number_to_call: Some("+44 20 7946 0000".into()),
    }
}

pub(crate) fn transferred(name: &str, direction: Direction, bytes: u64, end: TransferEnd) -> FileDeed {
    let size = Some(bytes);
    let (name, file, offset) = (name.into(), None, 0);
    FileDeed::Transferred(Transferred { name, file, direction, offset, size, bytes, end })
}

/// One of everything that can be done with files.
pub(crate) fn files_done() -> FilesDone {
    use Direction::{Download, Upload};
    use TransferEnd::{Cancelled, Cut, Done, Failed};
    let mut done = FilesDone::default();
    for deed in [
        transferred("drivers.log", Download, 812, Done),
        transferred("Reports/Quarterly figures, second version, corrected.xlsx", Download, 1_430_000, Done),
        transferred("printer-driver.zip", Upload, 48_200_000, Done),
        FileDeed::Changed(FileChange::Made { name: "Printer".into() }),
        FileDeed::Changed(FileChange::Renamed { from: "setup.txt".into(), to: "Printer/setup.txt".into() }),
        FileDeed::Changed(FileChange::Deleted { name: "old-driver".into() }),
        transferred("holiday.mp4", Download, 5_200_000_000, Cancelled),
        transferred("update.bin", Upload, 640_000, Cut),
        transferred("locked.dat", Download, 0, Failed),
    ] {
        done.add(deed);
    }
    done
}

pub(crate) fn running(id: u64, name: &str, direction: Direction, bytes: u64) -> RunningTransfer {
    let (name, size) = (name.into(), Some(3_400_000));
    RunningTransfer { id, name, direction, size, bytes, is_cancelled: false }
}

/// A session in which files are transferred.
pub(crate) fn transferring() -> SessionView {
    SessionView {
        actions: Actions::from([Action::TransferringFiles]),
        folder: Some(format!("{HOME}/Downloads").into()),
        transfers: vec![
            running(1, "report.pdf", Direction::Download, 1_240_000),
            RunningTransfer { is_cancelled: true, ..running(2, LONG, Direction::Upload, 3_000_000) },
        ],
        files: files_done(),
        ..session()
    }
}

/// How the sample organisation looks.
pub(crate) fn branded() -> Look {
    let logo = include_bytes!("../../../../resources/branding/sample-logo.png");
    Look { accent: Some([0x0b, 0x6e, 0x4f]), logo: Some(STANDARD.encode(logo)) }
}

/// A name as long as names are shown.
pub(crate) const LONG: &str = "Maximiliane-Katharina von Beispielhausen-Musterberg zu Exampleta";
/// What somebody may write into a name: markup, quotes, a change of direction. Made safe as the core gets it.
pub(crate) fn hostile() -> String {
    protocol::text::one_line("<b>\"Olivia\" &amp; 'IT'</b>\u{202e}elpmaxE%s{}", 64, "?")
}
/// In a script that none of the bundled fonts has.
pub(crate) const FOREIGN: &str = "\u{13a3}\u{13b3}\u{13a9} Example";
