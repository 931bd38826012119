//! Everything the windows can show.

use crate::samples::{
    FOREIGN, HOME, LONG, asking, at, branded, choice, clipboard, ended, files_done, hostile, idle, line,
    managed, operator, organisation, prompt, session, transferring, view,
};
use line::{History, HistoryEntry, HistoryResult, Look, Remark};
use protocol::{
    Action, Actions, EndReason, Permission, Permissions, RejectReason, TrustLevel, UnansweredCause,
    event::MessageKind,
};
use session::{
    ClipboardDone, ClipboardFact, Count, Delivery, EndedView, FilesDone, HelpStatus, IdleProblem,
    JoiningStage, LinkTrouble, Managed, NotSent, Notice, OrganisationView, PromptStage, PromptView, Screen,
    SessionStatus, SessionView, Speaker, Texts, View,
};
use window::{Refusal, ui::Kept};

/// One thing to be drawn.
#[derive(Clone, Debug)]
pub(crate) enum Scene {
    Prompt(View),
    PromptReasons(View),
    PromptSuspicion(View),
    /// In which nobody asks.
    PromptTest(View),
    /// The request is over, as the second view says.
    PromptOver(Box<(View, View)>),
    /// While another folder is looked for.
    PromptFolder(View),
    /// The session window with a tab open.
    Window(View, i32),
    WindowKept(View, Kept),
    /// With an organisation's logo and colour.
    WindowLook(View, Look),
    /// Closing it during a session, and opening a link.
    Keep(View),
    Link(View),
    /// Something is wrong in the session.
    Wrong(View),
    History(History),
    Bar(View),
    About(Managed),
    /// Which service to talk to; whether the address came with the program's file, and cannot be read.
    Service(bool, bool),
    /// Administrators do not let the program run, and whom to ask.
    Refused(Refusal, Managed),
}

/// Everything that is worth a picture, by name.
pub(crate) fn all() -> Vec<(&'static str, Scene)> {
    let mut all: Vec<(&'static str, Scene)> = Vec::new();
    all.extend(prompts().into_iter().map(|(name, view)| (name, Scene::Prompt(view))));
    all.extend(windows().into_iter().map(|(name, view)| (name, Scene::Window(view, 0))));
    all.extend(bars().into_iter().map(|(name, view)| (name, Scene::Bar(view))));
    all.extend(histories().into_iter().map(|(name, history)| (name, Scene::History(history))));
    let running = || view(Screen::Session(session()));
    let new = || asking(prompt(TrustLevel::New));
    let unnumbered = SessionView { number_to_call: None, ..session() };
    let withdrawn =
        Notice::Unanswered { operator_name: "Olivia Example".into(), cause: UnansweredCause::Withdrawn };
    let over = View { prompt: None, notice: Some(withdrawn), ..new() };
    let shared = SessionView { folder: Some(format!("{HOME}/Downloads").into()), ..session() };
    all.extend([
        ("prompt-reasons", Scene::PromptReasons(new())),
        ("prompt-suspicion", Scene::PromptSuspicion(new())),
        ("session-permissions", Scene::Window(running(), 1)),
        ("session-files", Scene::Window(view(Screen::Session(transferring())), 2)),
        ("session-no-files", Scene::Window(view(Screen::Session(shared)), 2)),
        ("session-transferring", Scene::Window(view(Screen::Session(transferring())), 0)),
        ("prompt-folder", Scene::PromptFolder(asking(prompt(TrustLevel::Known)))),
        ("session-copied", Scene::WindowKept(running(), Kept::Copied)),
        ("session-saved", Scene::WindowKept(running(), Kept::Saved)),
        ("session-not-saved", Scene::WindowKept(running(), Kept::Failed)),
        ("session-branded", Scene::WindowLook(running(), branded())),
        ("waiting-branded", Scene::WindowLook(view(Screen::Ready { accepted: true, help: None }), branded())),
        ("session-closing", Scene::Keep(running())),
        ("session-link", Scene::Link(running())),
        ("session-wrong", Scene::Wrong(running())),
        ("session-wrong-no-number", Scene::Wrong(view(Screen::Session(unnumbered)))),
        ("ended-wrong", Scene::Wrong(view(Screen::Ended(ended())))),
        ("prompt-test", Scene::PromptTest(asking(PromptView { answer_secs: 58, ..prompt(TrustLevel::New) }))),
        ("prompt-over", Scene::PromptOver(Box::new((new(), over)))),
        ("about", Scene::About(Managed::default())),
        ("about-managed", Scene::About(managed())),
        ("service", Scene::Service(false, false)),
        ("service-proposed", Scene::Service(true, true)),
        ("refused", Scene::Refused(Refusal::NotInstalled, managed())),
        ("refused-service", Scene::Refused(Refusal::UnusableService, Managed::default())),
    ]);
    all
}

pub(crate) fn bars() -> Vec<(&'static str, View)> {
    let running = |change: &dyn Fn(&mut SessionView)| {
        let mut session = session();
        change(&mut session);
        view(Screen::Session(session))
    };
    vec![
        ("bar", running(&|_| {})),
        (
            "bar-viewing-unread",
            running(&|it| {
                it.actions = Actions::from([Action::Viewing]);
                it.unread = 3;
            }),
        ),
        ("bar-all-actions", running(&|it| it.actions = Actions::all())),
        ("bar-connected", running(&|it| it.actions = Actions::EMPTY)),
        ("bar-reconnecting", running(&|it| it.status = SessionStatus::Reconnecting)),
        ("bar-suspended", running(&|it| it.status = SessionStatus::Suspended)),
        ("bar-long-name", running(&|it| it.operator = operator(LONG))),
        ("bar-ended", view(Screen::Ended(ended()))),
    ]
}

fn entry(result: HistoryResult) -> HistoryEntry {
    HistoryEntry {
        at: at("2026-03-01T13:19:00Z"),
        operator: operator("Olivia Example"),
        organisation_name: "Example Support".into(),
        request_id: "req-1".parse().unwrap(),
        session_id: None,
        during_session: false,
        asked: Permissions::from([Permission::View, Permission::Control, Permission::Chat]),
        granted: Permissions::EMPTY,
        taken_back: Permissions::EMPTY,
        done: Actions::EMPTY,
        folder: None,
        files: FilesDone::default(),
        clipboard: ClipboardDone::default(),
        started_at: None,
        lasted_secs: None,
        suspicious: false,
        result,
    }
}

pub(crate) fn histories() -> Vec<(&'static str, History)> {
    let session = HistoryEntry {
        granted: Permissions::from([Permission::View, Permission::Control, Permission::Chat]),
        taken_back: Permissions::from([Permission::Control]),
        done: Actions::from([Action::Viewing, Action::Chatting]),
        started_at: Some(at("2026-03-01T13:20:00Z")),
        lasted_secs: Some(2725),
        ..entry(HistoryResult::Ended { reason: EndReason::User })
    };
    let suspicious = HistoryEntry {
        operator: operator(&hostile()),
        ..entry(HistoryResult::Rejected { reason: Some(RejectReason::Suspicious) })
    };
    let long = HistoryEntry {
        operator: operator(LONG),
        during_session: true,
        ..entry(HistoryResult::Unanswered { cause: UnansweredCause::Expired })
    };
    let mut counted = files_done();
    counted.downloads = Count { files: 412, bytes: 96_000_000 };
    let files = HistoryEntry {
        done: Actions::from([Action::TransferringFiles]),
        granted: Permissions::from([Permission::FilesRead, Permission::FilesWrite]),
        files: counted,
        ..session.clone()
    };
    let files = History { entries: vec![files], ..History::default() };
    let started = HistoryEntry { lasted_secs: None, result: HistoryResult::Open, ..session.clone() };
    let not_started = entry(HistoryResult::NotStarted { reason: EndReason::NotStarted });
    let reported = HistoryEntry { suspicious: true, ..session.clone() };
    let others = History { entries: vec![started, not_started, reported], ..History::default() };
    let entries = vec![session, suspicious, long];
    let unseen = Remark::MoreUnseen {
        organisation_name: "Example Support".into(),
        since: at("2026-03-01T13:00:00Z"),
        requests: 250,
    };
    let remarks = vec![
        Remark::Damaged { at: None, file: "2026-02.jsonl".into(), line: Some(17) },
        Remark::Deleted { at: at("2026-03-01T00:00:00Z"), through: "2025-02".into() },
    ];
    vec![
        ("history", History { entries: entries.clone(), older: 3, remarks: Vec::new() }),
        ("history-more-unseen", History { entries: entries.clone(), older: 0, remarks: vec![unseen] }),
        ("history-empty", History::default()),
        ("history-damaged", History { entries, older: 0, remarks }),
        ("history-not-writable", History { remarks: vec![Remark::NotWritable], ..History::default() }),
        ("history-files", files),
        ("history-others", others),
    ]
}

/// Every popup that is worth a picture.
pub(crate) fn prompts() -> Vec<(&'static str, View)> {
    let known = || prompt(TrustLevel::Known);
    let more = PromptView {
        during_session: true,
        choices: vec![choice(Permission::Control, true), choice(Permission::FilesRead, true)],
        limits_secs: vec![],
        ..known()
    };
    let mut fewer = known();
    fewer.choices[2].preselected = false;
    fewer.choices[3].preselected = false;
    let long = PromptView {
        operator: operator(LONG),
        organisation: OrganisationView {
            name: "Example Support for Schools, Libraries and Other Public Places".into(),
            ..organisation(TrustLevel::New)
        },
        ..prompt(TrustLevel::New)
    };
    let hostile = PromptView { operator: operator(&hostile()), ..prompt(TrustLevel::New) };
    let foreign = PromptView { operator: operator(FOREIGN), ..prompt(TrustLevel::Known) };
    let mixed = PromptView {
        operator: operator("عليا مثال"),
        organisation: OrganisationView {
            name: "דוגמה Support".into(), ..organisation(TrustLevel::Pinned)
        },
        ..prompt(TrustLevel::Pinned)
    };
    vec![
        ("prompt-pinned", asking(prompt(TrustLevel::Pinned))),
        ("prompt-known", asking(known())),
        ("prompt-new", asking(prompt(TrustLevel::New))),
        ("prompt-changed", asking(prompt(TrustLevel::Changed))),
        ("prompt-fewer", asking(fewer)),
        ("prompt-inert", asking(PromptView { approvable: false, answer_secs: 9, ..known() })),
        ("prompt-during-session", asking(more)),
        ("prompt-approving", asking(PromptView { stage: PromptStage::Approving, ..known() })),
        ("prompt-long-names", asking(long)),
        ("prompt-mixed-scripts", asking(mixed)),
        ("prompt-hostile-name", asking(hostile)),
        ("prompt-foreign-script", asking(foreign)),
    ]
}

/// Every state of the session window that is worth a picture.
pub(crate) fn windows() -> Vec<(&'static str, View)> {
    let problem = |problem| match idle() {
        Screen::Idle { code, retry_secs, codes_allowed, .. } => {
            Screen::Idle { code, problem: Some(problem), retry_secs, codes_allowed }
        }
        other => other,
    };
    let alone = |screen| View { organisation: None, ..view(screen) };
    let ready = |help| view(Screen::Ready { accepted: true, help });
    let running = |change: fn(&mut SessionView)| {
        let mut session = session();
        change(&mut session);
        view(Screen::Session(session))
    };
    let quiet = PromptView { stage: PromptStage::Quiet, ..prompt(TrustLevel::Known) };
    let offered = Screen::Idle {
        code: Some("123456789".parse().unwrap()),
        problem: None,
        retry_secs: None,
        codes_allowed: true,
    };
    let locked_out = Screen::Idle {
        code: None,
        problem: Some(IdleProblem::TooMany),
        retry_secs: Some(95),
        codes_allowed: true,
    };
    let switched_off = Screen::Idle { code: None, problem: None, retry_secs: None, codes_allowed: false };
    let refused =
        IdleProblem::Refused { detail: "The service is closed for maintenance until 15:00.".into() };
    let not_enrolled = IdleProblem::NotEnrolled {
        detail: "This enrolment token is used up. Ask whoever gave it to you for another one.".into(),
    };
    let waiting = || view(Screen::Waiting { expires_at: at("2026-03-01T16:05:00Z") });
    let withdrawn =
        Notice::Unanswered { operator_name: "Olivia Example".into(), cause: UnansweredCause::Withdrawn };
    let muted = |can_undo| Notice::Muted {
        organisation_name: "Example Support".into(),
        number_to_call: Some("+44 20 7946 0000".into()),
        can_undo,
    };
    let busy = Notice::ToldBusy {
        operator_name: LONG.into(),
        organisation_name: "Example Support for Schools, Libraries and Other Public Places".into(),
    };
    let not_started = Notice::NotStarted { operator_name: "Olivia Example".into() };
    let rejected = Notice::Rejected { operator_name: "Olivia Example".into() };
    let confirm = |trust| alone(Screen::Joining(JoiningStage::Confirm(organisation(trust))));
    vec![
        ("idle", alone(idle())),
        ("idle-offered", alone(offered)),
        ("idle-wrong-code", alone(problem(IdleProblem::WrongCode))),
        ("idle-locked-out", alone(locked_out)),
        ("idle-refused", alone(problem(refused))),
        ("idle-certificate", alone(problem(IdleProblem::CertificateNotTrusted))),
        ("idle-taken", alone(problem(IdleProblem::Taken))),
        ("idle-waited-in-vain", alone(problem(IdleProblem::WaitedInVain))),
        ("idle-retired", alone(problem(IdleProblem::DeviceRetired))),
        ("idle-not-enrolled", alone(problem(not_enrolled))),
        ("idle-managed", View { managed: managed(), ..alone(idle()) }),
        ("idle-switched-off", alone(switched_off)),
        ("idle-offline", View { offline_since: Some(at("2026-03-01T14:05:00Z")), ..alone(idle()) }),
        (
            "idle-certificate-link",
            View {
                offline_since: Some(at("2026-03-01T14:05:00Z")),
                link_trouble: Some(LinkTrouble::CertificateNotTrusted),
                ..alone(idle())
            },
        ),
        ("joining-looking-up", alone(Screen::Joining(JoiningStage::LookingUp))),
        ("joining-confirm-new", confirm(TrustLevel::New)),
        ("joining-confirm-pinned", confirm(TrustLevel::Pinned)),
        ("joining-confirm-changed", confirm(TrustLevel::Changed)),
        ("joining-entering", alone(Screen::Joining(JoiningStage::Entering))),
        ("waiting", waiting()),
        ("waiting-withdrawn", View { notice: Some(withdrawn), ..waiting() }),
        ("waiting-told-busy", View { notice: Some(busy), ..waiting() }),
        ("waiting-not-started", View { notice: Some(not_started), ..waiting() }),
        ("waiting-rejected", View { notice: Some(rejected), ..waiting() }),
        ("waiting-muted", View { notice: Some(muted(true)), ..waiting() }),
        ("waiting-request", asking(prompt(TrustLevel::Known))),
        ("ready", ready(None)),
        ("ready-sending", ready(Some(HelpStatus::Sending))),
        ("ready-queued", ready(Some(HelpStatus::Queued))),
        ("ready-taken", ready(Some(HelpStatus::Taken { operator_name: "Olivia Example".into() }))),
        ("ready-failed", ready(Some(HelpStatus::Failed))),
        ("ready-quiet-request", View { prompt: Some(quiet), do_not_disturb_secs: Some(3000), ..ready(None) }),
        ("ready-not-accepted", view(Screen::Ready { accepted: false, help: None })),
        ("session", running(|_| {})),
        (
            "session-connected",
            running(|session| {
                session.actions = Actions::EMPTY;
                session.chat.clear();
            }),
        ),
        ("session-all-actions", running(|session| session.actions = Actions::all())),
        (
            "session-reconnecting",
            running(|session| {
                session.status = SessionStatus::Reconnecting;
                session.actions = Actions::EMPTY;
            }),
        ),
        (
            "session-suspended",
            running(|session| {
                session.status = SessionStatus::Suspended;
                session.actions = Actions::EMPTY;
            }),
        ),
        (
            "session-unsupported-display",
            running(|session| {
                session.unsupported = Permissions::from([Permission::View, Permission::Control]);
                session.actions = Actions::EMPTY;
            }),
        ),
        (
            "session-clipboard-sent",
            running(|session| {
                session.clipboard = clipboard(ClipboardFact::Passed { from: Speaker::User, characters: 42 });
            }),
        ),
        (
            "session-clipboard-received",
            running(|session| {
                session.clipboard =
                    clipboard(ClipboardFact::Passed { from: Speaker::Operator, characters: 1 });
            }),
        ),
        (
            "session-clipboard-secret",
            running(|session| {
                session.clipboard = clipboard(ClipboardFact::NotSent { why: NotSent::Secret });
            }),
        ),
        (
            "session-operator-left",
            running(|session| {
                session.operator_present = false;
                session.actions = Actions::EMPTY;
            }),
        ),
        (
            "session-no-chat",
            running(|session| {
                session.granted = Permissions::from([Permission::View]);
                session.chat.clear();
            }),
        ),
        (
            "session-links",
            running(|session| {
                session.chat = vec![
                    line(
                        Speaker::Operator,
                        MessageKind::Chat,
                        "Please read https://support.example/help?id=1 first.",
                    ),
                    line(Speaker::User, MessageKind::Chat, "This one? http://intranet.example/wiki"),
                ];
            }),
        ),
        (
            "session-undelivered",
            running(|session| {
                session.chat.truncate(1);
                let mut mine = line(Speaker::User, MessageKind::Chat, "The one in the hall.");
                mine.delivery = Delivery::OnItsWay;
                session.chat.push(mine.clone());
                mine.delivery = Delivery::NotSent;
                session.chat.push(mine);
            }),
        ),
        ("session-soon-over", running(|session| session.remaining_secs = 95)),
        ("session-long-name", running(|session| session.operator = operator(LONG))),
        ("session-hostile-name", running(|session| session.operator = operator(&hostile()))),
        ("session-foreign-script", running(|session| session.operator = operator(FOREIGN))),
        ("ended", view(Screen::Ended(ended()))),
        (
            "ended-reported",
            View {
                notice: Some(muted(false)),
                ..view(Screen::Ended(EndedView { suspicious: true, ..ended() }))
            },
        ),
        (
            "ended-files",
            view(Screen::Ended(EndedView {
                done: Actions::from([Action::TransferringFiles]),
                granted: Permissions::from([Permission::FilesRead, Permission::FilesWrite]),
                files: files_done(),
                ..ended()
            })),
        ),
        (
            "ended-clipboard",
            view(Screen::Ended(EndedView {
                clipboard: ClipboardDone {
                    by_user: Texts { texts: 1, characters: 42 },
                    by_operator: Texts { texts: 3, characters: 120 },
                },
                ..ended()
            })),
        ),
        (
            "ended-unsent",
            view(Screen::Ended(EndedView {
                unsent: vec![line(Speaker::User, MessageKind::Chat, "Thank you!")],
                reason: EndReason::LinkLost,
                ..ended()
            })),
        ),
    ]
}
