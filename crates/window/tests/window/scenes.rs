//! Everything the windows can show, as views.

use protocol::{
    Action, Actions, EndReason, Operator, Permission, Permissions, Timestamp, TrustLevel, UnansweredCause,
    event::MessageKind,
};
use session::{
    ChatLine, Choice, EndedView, HelpStatus, IdleProblem, JoiningStage, Notice, OrganisationView,
    PromptStage, PromptView, Screen, SessionStatus, SessionView, Speaker, View,
};

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
        notice: None,
        do_not_disturb_secs: None,
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
    }
}

/// The view whose popup shows `prompt`.
pub(crate) fn asking(prompt: PromptView) -> View {
    View { prompt: Some(prompt), ..view(Screen::Waiting { expires_at: at("2026-03-01T14:05:00Z") }) }
}

fn line(from: Speaker, kind: MessageKind, text: &str) -> ChatLine {
    ChatLine { from, kind, text: text.into(), at: at("2026-03-01T14:05:00Z") }
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
        chat: vec![
            line(Speaker::Operator, Chat, "Hello! I can see your screen now. Which printer is it about?"),
            line(Speaker::User, Chat, "The one in the hall, on the second floor."),
            line(Speaker::Operator, Note, "I will restart the print service. Your open documents stay open."),
            line(Speaker::User, Chat, "OK"),
        ],
        unread: 0,
    }
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
    }
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
        operator: operator("Maximiliane-Katharina von Beispielhausen-Musterberg zu Exa"),
        organisation: OrganisationView {
            name: "Example Support for Schools, Libraries and Other Public Places".into(),
            ..organisation(TrustLevel::New)
        },
        ..prompt(TrustLevel::New)
    };
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
    let waiting = || view(Screen::Waiting { expires_at: at("2026-03-01T16:05:00Z") });
    let withdrawn =
        Notice::Unanswered { operator_name: "Olivia Example".into(), cause: UnansweredCause::Withdrawn };
    let muted = Notice::Muted {
        organisation_name: "Example Support".into(),
        number_to_call: Some("+44 20 7946 0000".into()),
    };
    let confirm = |trust| alone(Screen::Joining(JoiningStage::Confirm(organisation(trust))));
    vec![
        ("idle", alone(idle())),
        ("idle-offered", alone(offered)),
        ("idle-wrong-code", alone(problem(IdleProblem::WrongCode))),
        ("idle-locked-out", alone(locked_out)),
        ("idle-refused", alone(problem(refused))),
        ("idle-certificate", alone(problem(IdleProblem::CertificateNotTrusted))),
        ("idle-switched-off", alone(switched_off)),
        ("idle-offline", View { offline_since: Some(at("2026-03-01T14:05:00Z")), ..alone(idle()) }),
        ("joining-looking-up", alone(Screen::Joining(JoiningStage::LookingUp))),
        ("joining-confirm-new", confirm(TrustLevel::New)),
        ("joining-confirm-changed", confirm(TrustLevel::Changed)),
        ("joining-entering", alone(Screen::Joining(JoiningStage::Entering))),
        ("waiting", waiting()),
        ("waiting-withdrawn", View { notice: Some(withdrawn), ..waiting() }),
        ("waiting-muted", View { notice: Some(muted), ..waiting() }),
        ("waiting-request", asking(prompt(TrustLevel::Known))),
        ("ready", ready(None)),
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
        ("ended", view(Screen::Ended(ended()))),
    ]
}
