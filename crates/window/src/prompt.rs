//! The request popup.
//!
//! Whether a press of *Approve* counts is the core's decision; here the button only looks inert until then. What the user
//! has not sent yet (switches, length) is kept here and starts anew with each request.

mod process;

pub(crate) use process::run;

use crate::{
    clock,
    folders::{self, Browser},
    models::sync,
    talk::Tell,
    transcript,
    ui::{Asked, PromptPage, PromptWindow, Ui, telephone},
};
use line::FromWindow;
use protocol::{Permission, Permissions, RequestId, text::isolated};
use session::{Choice, Notice, PromptStage, PromptView, Screen, UserInput, View};
use slint::{CloseRequestResponse, ComponentHandle as _, ModelRc, SharedString, VecModel};
use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

/// What the user has chosen and not sent yet, for one request.
struct Choices {
    request_id: RequestId,
    on: Permissions,
    limit_secs: u64,
    /// The folder that the user chose in the place of the preset one.
    folder: Option<PathBuf>,
}

/// What the popup's callbacks share.
struct State {
    tell: Tell,
    choices: Option<Choices>,
    prompt: Option<PromptView>,
    home: Option<PathBuf>,
    /// While the user looks for another folder.
    browser: Option<Browser>,
    /// The user said no: nothing is left to be read when the request is over.
    rejected: bool,
}

/// The popup and what it keeps.
pub struct PromptUi {
    window: PromptWindow,
    asked: Rc<VecModel<Asked>>,
    limits: Rc<VecModel<i32>>,
    folders: Rc<VecModel<SharedString>>,
    state: Rc<RefCell<State>>,
}

impl PromptUi {
    /// Makes the popup, not yet on the screen.
    ///
    /// # Errors
    ///
    /// When the toolkit cannot make a window.
    pub fn new(tell: Tell) -> Result<Self, slint::PlatformError> {
        Self::at_home(tell, transcript::home())
    }

    /// The same for a user whose home folder is this.
    ///
    /// # Errors
    ///
    /// When the toolkit cannot make a window.
    pub fn at_home(tell: Tell, home: Option<PathBuf>) -> Result<Self, slint::PlatformError> {
        let state = State { tell, choices: None, prompt: None, home, browser: None, rejected: false };
        Self::with_state(Rc::new(RefCell::new(state)))
    }

    /// The same popup in another window, with what the user had chosen.
    pub(crate) fn reopened(&self) -> Result<Self, slint::PlatformError> {
        let ui = Self::with_state(Rc::clone(&self.state))?;
        ui.window.set_bare(true);
        ui.window.set_test(self.window.get_test());
        ui.window.set_has_key(self.window.get_has_key());
        ui.window.set_endable(self.window.get_endable());
        ui.window.set_suspicion_open(self.window.get_suspicion_open());
        ui.window.set_folder_open(self.window.get_folder_open());
        ui.show_folders();
        ui.refresh();
        Ok(ui)
    }

    fn with_state(state: Rc<RefCell<State>>) -> Result<Self, slint::PlatformError> {
        let window = PromptWindow::new()?;
        let (asked, limits, folders) = (Rc::default(), Rc::default(), Rc::default());
        let ui = Self { window, asked, limits, folders, state };
        ui.window.set_asked(ModelRc::from(Rc::clone(&ui.asked)));
        ui.window.set_limits(ModelRc::from(Rc::clone(&ui.limits)));
        ui.window.set_folders(ModelRc::from(Rc::clone(&ui.folders)));
        ui.connect();
        ui.connect_folders();
        Ok(ui)
    }

    /// The window, for what is not the popup's own business.
    pub fn window(&self) -> &PromptWindow {
        &self.window
    }

    /// The request on screen.
    pub(crate) fn request_id(&self) -> Option<RequestId> {
        self.state.borrow().prompt.as_ref().map(|prompt| prompt.request_id.clone())
    }

    /// Shows `view`. Returns false when nothing is left to be shown.
    pub fn show_view(&self, view: &View) -> bool {
        let Some(prompt) = &view.prompt else {
            return self.show_over(view);
        };
        let mut state = self.state.borrow_mut();
        if state.choices.as_ref().is_none_or(|choices| choices.request_id != prompt.request_id) {
            state.choices = Some(Choices::of(prompt));
            state.rejected = false;
            self.window.set_reasons_open(false);
            self.window.set_suspicion_open(false);
            self.window.set_folder_open(false);
        }
        state.prompt = Some(prompt.clone());
        drop(state);
        let joined = matches!(view.screen, Screen::Session(_) | Screen::Waiting { .. });
        self.window.set_endable(joined);
        self.refresh();
        true
    }

    /// The request is over: says why, unless the user knows.
    fn show_over(&self, view: &View) -> bool {
        let mut state = self.state.borrow_mut();
        let Some(prompt) = state.prompt.take() else {
            return false;
        };
        let Some(Notice::Unanswered { operator_name, cause }) = &view.notice else {
            return false;
        };
        if state.rejected || *operator_name != prompt.operator.name {
            return false;
        }
        self.window.set_cause((*cause).into());
        self.window.set_page(PromptPage::Over);
        true
    }

    fn refresh(&self) {
        let state = self.state.borrow();
        let (Some(prompt), Some(choices)) = (&state.prompt, &state.choices) else {
            return;
        };
        let window = &self.window;
        window.set_page(match prompt.stage {
            PromptStage::Quiet | PromptStage::Asking => PromptPage::Asking,
            PromptStage::Approving => PromptPage::Approving,
        });
        window.set_operator(isolated(&prompt.operator.name).into());
        window.set_organisation(isolated(&prompt.organisation.name).into());
        window.set_domain(prompt.organisation.domain.as_deref().map(isolated).unwrap_or_default().into());
        window.set_trust(prompt.organisation.trust.into());
        window.set_last_session(prompt.organisation.last_session.map(clock::date).unwrap_or_default().into());
        window.set_during_session(prompt.during_session);
        self.show_folder(prompt, choices, state.home.as_deref());
        let asked = prompt.choices.iter().map(|choice| Asked {
            permission: choice.permission.into(),
            grantable: choice.grantable,
            on: choices.on.contains(choice.permission),
        });
        sync(&self.asked, asked.collect());
        sync(&self.limits, prompt.limits_secs.iter().map(|&limit| clock::seconds(limit)).collect());
        window.set_granted_count(i32::try_from(choices.on.len()).unwrap_or(0));
        window.set_limit(clock::seconds(choices.limit_secs));
        window.set_answer_seconds(clock::seconds(prompt.answer_secs));
        window.set_more_time(prompt.more_time);
        window.set_approvable(prompt.approvable);
        window.set_number_to_call(prompt.number_to_call.as_deref().map(telephone).unwrap_or_default().into());
    }

    fn connect(&self) {
        let window = &self.window;
        let state = &self.state;
        window.on_approve({
            let state = Rc::clone(state);
            move |by| {
                let state = state.borrow();
                if let Some(choices) = &state.choices {
                    state.user(UserInput::Approve {
                        request_id: choices.request_id.clone(),
                        permissions: choices.on,
                        limit: Duration::from_secs(choices.limit_secs),
                        given_by: Some(by.into()),
                        folder: choices.folder.clone(),
                    });
                }
            }
        });
        window.on_reject({
            let state = Rc::clone(state);
            move || state.borrow_mut().reject(None)
        });
        window.on_reject_because({
            let state = Rc::clone(state);
            move |reason| state.borrow_mut().reject(Some(reason.into()))
        });
        window.on_reject_and_end({
            let state = Rc::clone(state);
            move || state.borrow_mut().say_no(|request_id| UserInput::RejectAndEnd { request_id })
        });
        window.on_ask_more_time({
            let state = Rc::clone(state);
            move || {
                let state = state.borrow();
                if let Some(choices) = &state.choices {
                    state.user(UserInput::MoreTime { request_id: choices.request_id.clone() });
                }
            }
        });
        // A popup that is closed is a no; the window stays until the core has taken it.
        window.window().on_close_requested({
            let state = Rc::clone(state);
            move || {
                let mut state = state.borrow_mut();
                if state.prompt.is_some() {
                    state.reject(None);
                    return CloseRequestResponse::KeepWindowShown;
                }
                CloseRequestResponse::HideWindow
            }
        });
        self.connect_choices();
    }

    fn show_folder(&self, prompt: &PromptView, choices: &Choices, home: Option<&Path>) {
        let folder = prompt.folder.as_ref();
        let path = folder.map(|folder| choices.folder.as_ref().unwrap_or(&folder.path));
        let shown = path.map(|path| folders::shown(path, home)).unwrap_or_default();
        let is_files =
            |choice: &&Choice| matches!(choice.permission, Permission::FilesRead | Permission::FilesWrite);
        let is_grantable = prompt.choices.iter().filter(is_files).any(|choice| choice.grantable);
        self.window.set_folder(if is_grantable { shown.as_str().into() } else { "".into() });
        self.window.set_folder_can_change(folder.is_some_and(|folder| folder.can_change));
        self.window.global::<Ui>().set_folder(shown.into());
    }

    /// Where the user is while looking for a folder.
    fn show_folders(&self) {
        let state = self.state.borrow();
        let Some(browser) = &state.browser else { return };
        let home = state.home.as_deref();
        let window = &self.window;
        window.set_folder_here(folders::shown(browser.here(), home).into());
        window.set_folder_above(
            browser.above().map(|above| folders::shown(above, home)).unwrap_or_default().into(),
        );
        sync(&self.folders, browser.names.iter().map(|name| isolated(name).into()).collect());
        let folder = state.prompt.as_ref().and_then(|prompt| prompt.folder.as_ref());
        let whole_home = folder.is_some_and(|folder| folder.whole_home);
        window.set_folder_shareable(whole_home || !browser.is_home());
    }

    fn connect_folders(&self) {
        let on = |change: fn(&mut State)| {
            let ui = self.weak();
            move || {
                if let Some(ui) = ui() {
                    change(&mut ui.state.borrow_mut());
                    ui.show_folders();
                }
            }
        };
        let looking = on(State::look_for_folder);
        let weak = self.window.as_weak();
        self.window.on_look_for_folder(move || {
            looking();
            if let Some(window) = weak.upgrade() {
                window.set_folder_open(true);
            }
        });
        self.window.on_folder_left(on(|state| {
            if let Some(browser) = &mut state.browser {
                browser.leave();
            }
        }));
        let ui = self.weak();
        self.window.on_folder_entered(move |index| {
            let (Some(ui), Ok(index)) = (ui(), usize::try_from(index)) else { return };
            if let Some(browser) = &mut ui.state.borrow_mut().browser {
                browser.enter(index);
            }
            ui.show_folders();
        });
        let ui = self.weak();
        self.window.on_folder_chosen(move || {
            let Some(ui) = ui() else { return };
            ui.state.borrow_mut().choose_folder();
            ui.window.set_folder_open(false);
            ui.refresh();
        });
    }

    /// For callbacks: the window owns them, and they must not own it.
    fn weak(&self) -> impl Fn() -> Option<Self> + use<> {
        let (window, state) = (self.window.as_weak(), Rc::clone(&self.state));
        let (asked, limits, folders) =
            (Rc::clone(&self.asked), Rc::clone(&self.limits), Rc::clone(&self.folders));
        move || {
            let (asked, limits, folders) = (Rc::clone(&asked), Rc::clone(&limits), Rc::clone(&folders));
            Some(Self { window: window.upgrade()?, asked, limits, folders, state: Rc::clone(&state) })
        }
    }

    fn connect_choices(&self) {
        self.window.on_switched({
            let (state, asked, window) =
                (Rc::clone(&self.state), Rc::clone(&self.asked), self.window.as_weak());
            move |index| {
                let (Some(window), Ok(index)) = (window.upgrade(), usize::try_from(index)) else {
                    return;
                };
                let on = state.borrow_mut().switch(index);
                if let Some(mut row) = slint::Model::row_data(&*asked, index) {
                    row.on = !row.on;
                    slint::Model::set_row_data(&*asked, index, row);
                }
                window.set_granted_count(i32::try_from(on.len()).unwrap_or(0));
            }
        });
        self.window.on_limit_chosen({
            let (state, window) = (Rc::clone(&self.state), self.window.as_weak());
            move |limit| {
                if let (Some(choices), Ok(secs)) = (&mut state.borrow_mut().choices, u64::try_from(limit)) {
                    choices.limit_secs = secs;
                }
                if let Some(window) = window.upgrade() {
                    window.set_limit(limit);
                }
            }
        });
    }
}

impl Choices {
    fn of(prompt: &PromptView) -> Self {
        let on = prompt.choices.iter().filter(|choice| choice.grantable && choice.preselected);
        Self {
            request_id: prompt.request_id.clone(),
            on: on.map(|choice| choice.permission).collect(),
            limit_secs: prompt.limit_secs,
            folder: None,
        }
    }
}

impl State {
    fn user(&self, input: UserInput) {
        (self.tell)(FromWindow::User(input));
    }

    fn reject(&mut self, reason: Option<protocol::RejectReason>) {
        self.say_no(|request_id| UserInput::Reject { request_id, reason });
    }

    fn say_no(&mut self, no: impl FnOnce(RequestId) -> UserInput) {
        if let Some(choices) = &self.choices {
            let request_id = choices.request_id.clone();
            self.rejected = true;
            self.user(no(request_id));
        }
    }

    fn look_for_folder(&mut self) {
        let (Some(prompt), Some(choices), Some(home)) = (&self.prompt, &self.choices, &self.home) else {
            return;
        };
        let chosen = choices.folder.as_ref().or(prompt.folder.as_ref().map(|folder| &folder.path));
        self.browser = chosen.map(|chosen| Browser::beside(home.clone(), chosen));
    }

    fn choose_folder(&mut self) {
        if let (Some(browser), Some(choices)) = (self.browser.take(), &mut self.choices) {
            choices.folder = Some(browser.here().to_owned());
        }
    }

    /// Switches one choice and returns what is on now.
    fn switch(&mut self, index: usize) -> Permissions {
        let choice = self.prompt.as_ref().and_then(|prompt| prompt.choices.get(index));
        let (Some(choice), Some(choices)) = (choice, &mut self.choices) else {
            return Permissions::EMPTY;
        };
        let one = Permissions::from([choice.permission]);
        if choice.grantable {
            choices.on = if choices.on.contains(choice.permission) {
                choices.on.difference(one)
            } else {
                choices.on.union(one)
            };
        }
        choices.on
    }
}
