//! From the core's view to what the session window shows.

use super::{SessionUi, clipboard, fill};
use crate::{
    clock, deeds, folders, links,
    ui::{
        Help, Hint, JoiningPage, Kept, Line, LineKind, NoticeKind, Page, Problem, Question, SessionWindow,
        Ui, telephone,
    },
};
use protocol::{Permission, event::MessageKind, text::isolated};
use session::{
    Delivery, EndedView, HelpStatus, IdleProblem, JoiningStage, LISTED_DEEDS, LinkTrouble, Notice,
    OrganisationView, PromptStage, PromptView, Screen, SessionView, Speaker, View,
};
use slint::{ComponentHandle as _, SharedString};

/// The number of the tab with the files.
const FILES_TAB: i32 = 2;

pub(super) fn show(ui: &SessionUi, view: &View) {
    let window = &ui.window;
    show_header(window, view);
    show_hint(window, view.prompt.as_ref());
    show_notice(window, view.notice.as_ref());
    window.set_managed(view.managed.by_policy);
    window.set_contact(contact(view));
    let page = match &view.screen {
        Screen::Idle { code, problem, retry_secs, codes_allowed } => {
            show_offered_code(ui, code.as_ref());
            window.set_problem(Problem::from(problem.as_ref()));
            let detail = match problem {
                Some(IdleProblem::Refused { detail } | IdleProblem::NotEnrolled { detail }) => {
                    isolated(detail)
                }
                _ => String::new(),
            };
            window.set_problem_detail(detail.into());
            window.set_retry_seconds(retry_secs.map_or(-1, clock::seconds));
            window.set_codes_allowed(*codes_allowed);
            Page::Idle
        }
        Screen::Joining(stage) => {
            show_joining(window, stage);
            Page::Joining
        }
        Screen::Waiting { expires_at } => {
            window.set_expires_at(clock::when(*expires_at).into());
            Page::Waiting
        }
        Screen::Ready { accepted, help } => {
            window.set_accepted(*accepted);
            show_help(window, help.as_ref());
            window.set_quiet_seconds(view.do_not_disturb_secs.map_or(-1, clock::seconds));
            Page::Ready
        }
        Screen::Session(session) => {
            show_session(ui, session);
            Page::Session
        }
        Screen::Ended(ended) => {
            show_ended(ui, ended);
            Page::Ended
        }
    };
    leave_behind(ui, page);
    window.set_page(page);
}

/// Whom to ask, where policy names somebody.
pub(super) fn contact(view: &View) -> SharedString {
    view.managed.contact.as_deref().map(isolated).unwrap_or_default().into()
}

/// What was being typed belongs to the page it was typed on.
fn leave_behind(ui: &SessionUi, page: Page) {
    let window = &ui.window;
    let before = window.get_page();
    if before == page {
        return;
    }
    window.set_question(Question::None);
    window.set_history_open(false);
    window.set_kept(Kept::None);
    if before == Page::Ended {
        fill(&ui.chat, std::iter::empty());
        ui.state.said.take();
    }
    if before == Page::Session {
        window.set_draft("".into());
        window.set_tab(0);
    }
    if before == Page::Idle && page != Page::Joining {
        ui.state.put_code(window, String::new());
        ui.state.last_offer.replace(None);
    }
    if before == Page::Ready {
        window.set_help_text("".into());
    }
}

fn show_header(window: &SessionWindow, view: &View) {
    let organisation =
        view.organisation.as_ref().map(|organisation| organisation.name.as_str()).unwrap_or_default();
    window.set_organisation(if organisation.is_empty() { "".into() } else { isolated(organisation).into() });
    let initial = organisation.chars().next().map(|c| c.to_uppercase().collect::<String>());
    window.set_organisation_initial(initial.unwrap_or_default().into());
    window.set_can_end(view.can_end());
    window.set_offline_since(view.offline_since.map(clock::when).unwrap_or_default().into());
    window.set_certificate_not_trusted(view.link_trouble == Some(LinkTrouble::CertificateNotTrusted));
}

fn show_hint(window: &SessionWindow, prompt: Option<&PromptView>) {
    let Some(prompt) = prompt else {
        window.set_hint(Hint::None);
        return;
    };
    window.set_hint_operator(isolated(&prompt.operator.name).into());
    window.set_hint_organisation(isolated(&prompt.organisation.name).into());
    window.set_hint_during_session(prompt.during_session);
    window.set_hint(match prompt.stage {
        PromptStage::Quiet => Hint::Quiet,
        PromptStage::Asking | PromptStage::Approving => Hint::Open,
    });
}

fn show_notice(window: &SessionWindow, notice: Option<&Notice>) {
    let (kind, operator, organisation) = match notice {
        None => (NoticeKind::None, None, None),
        Some(Notice::ToldBusy { operator_name, organisation_name }) => {
            (NoticeKind::ToldBusy, Some(operator_name), Some(organisation_name))
        }
        Some(Notice::Unanswered { operator_name, cause }) => {
            window.set_notice_cause((*cause).into());
            (NoticeKind::Unanswered, Some(operator_name), None)
        }
        Some(Notice::Rejected { operator_name }) => (NoticeKind::Rejected, Some(operator_name), None),
        Some(Notice::Muted { organisation_name, number_to_call, can_undo }) => {
            window.set_notice_can_undo(*can_undo);
            window.set_notice_number(number_to_call.as_deref().map(telephone).unwrap_or_default().into());
            (NoticeKind::Muted, None, Some(organisation_name))
        }
        Some(Notice::NotStarted { operator_name }) => (NoticeKind::NotStarted, Some(operator_name), None),
    };
    window.set_notice_operator(operator.map(String::as_str).map(isolated).unwrap_or_default().into());
    window.set_notice_organisation(organisation.map(String::as_str).map(isolated).unwrap_or_default().into());
    window.set_notice(kind);
}

/// A code from outside is put into the field once; from then on the field is the user's.
fn show_offered_code(ui: &SessionUi, code: Option<&protocol::SessionCode>) {
    let Some(code) = code else {
        ui.state.last_offer.replace(None);
        return;
    };
    if ui.state.last_offer.borrow().as_ref() == Some(code) {
        return;
    }
    ui.state.last_offer.replace(Some(code.clone()));
    ui.state.put_code(&ui.window, code.grouped());
    ui.window.set_code_offered(true);
}

fn show_joining(window: &SessionWindow, stage: &JoiningStage) {
    window.set_joining(match stage {
        JoiningStage::LookingUp => JoiningPage::LookingUp,
        JoiningStage::Confirm(organisation) => {
            show_join_question(window, organisation);
            JoiningPage::Confirm
        }
        JoiningStage::Entering => JoiningPage::Entering,
    });
}

fn show_join_question(window: &SessionWindow, organisation: &OrganisationView) {
    window.set_join_name(isolated(&organisation.name).into());
    window.set_join_domain(organisation.domain.as_deref().map(isolated).unwrap_or_default().into());
    window.set_join_trust(organisation.trust.into());
    window.set_join_before(organisation.last_session.map(clock::date).unwrap_or_default().into());
}

fn show_help(window: &SessionWindow, help: Option<&HelpStatus>) {
    window.set_help(match help {
        None => Help::None,
        Some(HelpStatus::Sending) => Help::Sending,
        Some(HelpStatus::Queued) => Help::Queued,
        Some(HelpStatus::Taken { operator_name }) => {
            window.set_helper(isolated(operator_name).into());
            Help::Taken
        }
        Some(HelpStatus::Failed) => Help::Failed,
    });
}

fn show_session(ui: &SessionUi, session: &SessionView) {
    let window = &ui.window;
    window.set_operator(isolated(&session.operator.name).into());
    window.set_operator_present(session.operator_present);
    window.set_unsupported_display(session.unsupported.contains(Permission::View));
    window.set_unsupported_control(session.unsupported.contains(Permission::Control));
    window.set_status(session.status.into());
    fill(&ui.actions, session.actions.iter().map(Into::into));
    fill(&ui.granted, session.granted.iter().map(Into::into));
    window.set_can_chat(session.granted.contains(Permission::Chat));
    window.set_clipboard(clipboard::shown(session));
    window.set_timer(clock::timer(session.elapsed_secs).into());
    let number = session.number_to_call.as_deref();
    window.set_number_to_call(number.map(telephone).unwrap_or_default().into());
    window.set_remaining_seconds(clock::seconds(session.remaining_secs));
    window.set_can_prolong(session.can_prolong);
    show_files(ui, session);
    show_chat(ui, session);
    window.set_unread(i32::try_from(session.unread).unwrap_or(i32::MAX));
    ui.state.unread.set(session.unread);
}

fn show_files(ui: &SessionUi, session: &SessionView) {
    let window = &ui.window;
    let folder = session.folder.as_deref();
    let shown = folder.map(|folder| folders::shown(folder, ui.state.home.as_deref()));
    let shown = SharedString::from(shown.unwrap_or_default());
    window.global::<Ui>().set_folder(shown.clone());
    window.set_folder(shown);
    let has_files = folder.is_some() || !session.transfers.is_empty() || !session.files.is_empty();
    window.set_has_files(has_files);
    if !has_files && window.get_tab() == FILES_TAB {
        window.set_tab(0);
    }
    fill(&ui.transfers, session.transfers.iter().map(deeds::transfer));
    fill(&ui.deeds, deeds::newest(&session.files, LISTED_DEEDS));
    window.set_more_deeds(deeds::more(&session.files, LISTED_DEEDS));
}

fn show_chat(ui: &SessionUi, session: &SessionView) {
    let mut said = ui.state.said.borrow_mut();
    if said.1 == session.chat {
        return;
    }
    *said = (session.operator.name.clone(), session.chat.clone());
    let mut rows = Vec::with_capacity(session.chat.len());
    for line in &session.chat {
        let mine = line.from == Speaker::User;
        let row = Line {
            kind: if line.kind == MessageKind::Note { LineKind::Note } else { LineKind::Chat },
            mine,
            text: isolated(&line.text).into(),
            time: clock::time_of_day(line.at).into(),
            address: "".into(),
            on_its_way: line.delivery == Delivery::OnItsWay,
            not_sent: line.delivery == Delivery::NotSent,
        };
        rows.push(row.clone());
        rows.extend(links::in_text(&line.text).into_iter().map(|link| Line {
            kind: LineKind::Link,
            text: link.host.into(),
            address: link.address.into(),
            ..row.clone()
        }));
    }
    fill(&ui.chat, rows.into_iter());
}

fn show_ended(ui: &SessionUi, ended: &EndedView) {
    let window = &ui.window;
    window.set_operator(isolated(&ended.operator.name).into());
    window.set_ended_organisation(isolated(&ended.organisation.name).into());
    window.set_ended_reason(ended.reason.into());
    window.set_ended_suspicious(ended.suspicious);
    let number = ended.number_to_call.as_deref();
    window.set_number_to_call(number.map(telephone).unwrap_or_default().into());
    window.set_ended_started(clock::when(ended.started_at).into());
    window.set_ended_seconds(clock::seconds(ended.lasted_secs));
    fill(&ui.ended_granted, ended.granted.iter().map(Into::into));
    fill(&ui.ended_done, ended.done.iter().map(Into::into));
    window.set_ended_clipboard(clipboard::count(ended.clipboard));
    window.set_ended_has_files(!ended.files.is_empty());
    window.set_ended_totals(deeds::totals(&ended.files, LISTED_DEEDS));
    fill(&ui.deeds, deeds::newest(&ended.files, LISTED_DEEDS));
    window.set_ended_unsent(i32::try_from(ended.unsent.len()).unwrap_or(i32::MAX));
}
