//! The session window.

mod bar;
mod clipboard;
mod past;
mod process;
mod show;

pub use bar::BarUi;
pub(crate) use process::run;

use crate::{
    links, look,
    models::sync,
    talk::Tell,
    transcript,
    ui::{Action, Brand, Deed, Kept, Line, Page, Permission, SessionWindow, Theme, Transfer, left_to_right},
};
use line::{FromWindow, History, Look};
use protocol::{SessionCode, Timestamp};
use session::{ChatLine, UserInput, View};
use slint::{ComponentHandle as _, ModelRc, SharedString, VecModel};
use std::{
    cell::{Cell, RefCell},
    path::PathBuf,
    rc::Rc,
    time::Duration,
};
use texts::Language;

/// By how much *Prolong* prolongs.
const PROLONG_BY: Duration = Duration::from_secs(30 * 60);

/// What the window's callbacks share.
struct State {
    tell: Tell,
    home: Option<PathBuf>,
    /// The code's field as it was before the last key press.
    code: RefCell<String>,
    /// The code that came from outside last, put into the field once.
    last_offer: RefCell<Option<SessionCode>>,
    unread: Cell<u32>,
    /// Who the chat was with, and what was said.
    said: RefCell<(String, Vec<ChatLine>)>,
    language: Cell<Language>,
    brand: RefCell<look::Brand>,
    /// Whether the user has the window before them.
    active: Cell<bool>,
}

/// The session window and what it keeps.
pub struct SessionUi {
    window: SessionWindow,
    actions: Rc<VecModel<Action>>,
    granted: Rc<VecModel<Permission>>,
    chat: Rc<VecModel<Line>>,
    ended_granted: Rc<VecModel<Permission>>,
    ended_done: Rc<VecModel<Action>>,
    transfers: Rc<VecModel<Transfer>>,
    deeds: Rc<VecModel<Deed>>,
    state: Rc<State>,
}

impl SessionUi {
    /// Makes the window, not yet on the screen.
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
        let state = State {
            tell,
            home,
            code: RefCell::default(),
            last_offer: RefCell::default(),
            unread: Cell::new(0),
            said: RefCell::default(),
            language: Cell::default(),
            brand: RefCell::default(),
            active: Cell::new(true),
        };
        let ui = Self {
            window: SessionWindow::new()?,
            actions: Rc::default(),
            granted: Rc::default(),
            chat: Rc::default(),
            ended_granted: Rc::default(),
            ended_done: Rc::default(),
            transfers: Rc::default(),
            deeds: Rc::default(),
            state: Rc::new(state),
        };
        ui.window.set_actions(ModelRc::from(Rc::clone(&ui.actions)));
        ui.window.set_granted(ModelRc::from(Rc::clone(&ui.granted)));
        ui.window.set_chat(ModelRc::from(Rc::clone(&ui.chat)));
        ui.window.set_ended_granted(ModelRc::from(Rc::clone(&ui.ended_granted)));
        ui.window.set_ended_done(ModelRc::from(Rc::clone(&ui.ended_done)));
        ui.window.set_transfers(ModelRc::from(Rc::clone(&ui.transfers)));
        ui.window.set_deeds(ModelRc::from(Rc::clone(&ui.deeds)));
        ui.window.set_ended_deeds(ModelRc::from(Rc::clone(&ui.deeds)));
        ui.connect();
        ui.connect_chat();
        Ok(ui)
    }

    /// The window, for what is not its own business.
    pub fn window(&self) -> &SessionWindow {
        &self.window
    }

    /// Shows `view`.
    pub fn show_view(&self, view: &View) {
        show::show(self, view);
        self.state.say_seen(&self.window);
    }

    /// Shows the organisation's logo and colour.
    pub fn show_look(&self, look: &Look) {
        let brand = look::Brand::from(look);
        let global = self.window.global::<Brand>();
        global.set_has_logo(brand.logo.is_some());
        global.set_logo(brand.logo.clone().unwrap_or_default());
        self.state.brand.replace(brand);
        self.tint();
    }

    /// Fits the organisation's colour to light or dark.
    pub(crate) fn tint(&self) {
        let accent = self.state.brand.borrow().accent_on(self.window.global::<Theme>().get_surface());
        let global = self.window.global::<Brand>();
        global.set_has_accent(accent.is_some());
        global.set_accent(accent.unwrap_or_default());
    }

    /// Opens the history screen.
    pub fn show_history(&self, history: &History) {
        past::show(self, history);
    }

    /// The language of the texts that leave the window.
    pub fn set_language(&self, language: Language) {
        self.state.language.set(language);
    }

    /// Whether the user has the window before them: chat lines that come in then are seen.
    pub fn set_active(&self, active: bool) {
        self.state.active.set(active);
        self.state.say_seen(&self.window);
    }

    fn connect(&self) {
        let window = &self.window;
        self.on_press(|window, tell| window.on_end(move || tell(UserInput::End)));
        self.on_press(|window, tell| window.on_report(move || tell(UserInput::Report)));
        self.on_press(|window, tell| window.on_unmute(move || tell(UserInput::Unmute)));
        self.on_press(|window, tell| window.on_review(move || tell(UserInput::Review)));
        self.on_press(|window, tell| window.on_close_notice(move || tell(UserInput::CloseNotice)));
        self.on_press(|window, tell| window.on_confirm_join(move || tell(UserInput::ConfirmJoin)));
        self.on_press(|window, tell| window.on_cancel_join(move || tell(UserInput::CancelJoin)));
        self.on_press(|window, tell| window.on_withdraw_help(move || tell(UserInput::WithdrawHelp)));
        self.on_press(|window, tell| {
            window.on_do_not_disturb(move |on| tell(UserInput::DoNotDisturb { on }));
        });
        self.on_press(|window, tell| window.on_prolong(move || tell(UserInput::Prolong { by: PROLONG_BY })));
        self.on_press(|window, tell| {
            window
                .on_take_back(move |permission| tell(UserInput::TakeBack { permission: permission.into() }));
        });
        self.on_press(|window, tell| window.on_send_copied(move || tell(UserInput::SendCopied)));
        self.on_press(|window, tell| {
            window.on_cancel_transfer(move |id| {
                if let Ok(id) = id.parse() {
                    tell(UserInput::CancelTransfer { id });
                }
            });
        });
        self.on_press(|window, tell| window.on_close_summary(move || tell(UserInput::CloseSummary)));
        self.on_press(|window, tell| {
            window.on_ask_for_help(move |text| {
                if let Some(text) = written(&text, protocol::MAX_HELP_CHARS) {
                    tell(UserInput::AskForHelp { text });
                }
            });
        });
        self.on_press(|window, tell| {
            window.on_say(move |text| {
                if let Some(text) = written(&text, protocol::MAX_MESSAGE_CHARS) {
                    tell(UserInput::Say { text });
                }
            });
        });
        self.on_press(|window, tell| {
            let weak = window.as_weak();
            window.on_start(move || {
                let code = weak.upgrade().and_then(|window| window.get_code().parse().ok());
                if let Some(code) = code {
                    tell(UserInput::Start { code });
                }
            });
        });
        window.on_code_edited({
            let (state, window) = (Rc::clone(&self.state), window.as_weak());
            move |text| window.upgrade().map_or(0, |window| state.regroup(&window, &text))
        });
        window.on_tab_opened({
            let (state, window) = (Rc::clone(&self.state), window.as_weak());
            move || {
                if let Some(window) = window.upgrade() {
                    state.say_seen(&window);
                }
            }
        });
    }

    fn connect_chat(&self) {
        let window = &self.window;
        self.on_tell(|window, tell| window.on_show_history(move || tell(FromWindow::ShowHistory)));
        window.on_follow_link({
            let window = window.as_weak();
            move || {
                let Some(window) = window.upgrade() else { return };
                // What was asked about is read once more, and nothing but a web address is opened.
                let Some(link) = links::link(&window.get_link_address()) else { return };
                if let Err(error) = i_slint_core::open_url(&link.address, window.window()) {
                    eprintln!("the link could not be opened: {error}");
                }
            }
        });
        window.on_copy_chat({
            let (state, window) = (Rc::clone(&self.state), window.as_weak());
            move || {
                copy(&state.transcript());
                if let Some(window) = window.upgrade() {
                    window.set_kept(Kept::Copied);
                }
            }
        });
        window.on_save_chat({
            let (state, window) = (Rc::clone(&self.state), window.as_weak());
            move || {
                if let Some(window) = window.upgrade() {
                    state.save_chat(&window);
                }
            }
        });
        window.on_close_kept({
            let window = window.as_weak();
            move || {
                if let Some(window) = window.upgrade() {
                    window.set_kept(Kept::None);
                }
            }
        });
    }

    fn on_tell(&self, connect: impl FnOnce(&SessionWindow, Box<dyn Fn(FromWindow)>)) {
        let state = Rc::clone(&self.state);
        connect(&self.window, Box::new(move |message| (state.tell)(message)));
    }

    fn on_press(&self, connect: impl FnOnce(&SessionWindow, Box<dyn Fn(UserInput)>)) {
        let state = Rc::clone(&self.state);
        connect(&self.window, Box::new(move |input| (state.tell)(FromWindow::User(input))));
    }
}

impl State {
    /// Tells the resident that the chat is on screen, if there is anything new in it.
    fn say_seen(&self, window: &SessionWindow) {
        let on_screen = self.active.get() && window.get_page() == Page::Session && window.get_tab() == 0;
        if on_screen && self.unread.replace(0) > 0 {
            (self.tell)(FromWindow::User(UserInput::ChatSeen));
        }
    }

    fn transcript(&self) -> String {
        let said = self.said.borrow();
        transcript::transcript(self.language.get(), &said.0, &said.1)
    }

    fn save_chat(&self, window: &SessionWindow) {
        let saved =
            transcript::folder().ok_or_else(|| std::io::ErrorKind::NotFound.into()).and_then(|folder| {
                transcript::save(&folder, self.language.get(), Timestamp::now(), &self.transcript())
            });
        match saved {
            Ok(path) => {
                window.set_kept_name(left_to_right(&transcript::short(&path)).into());
                window.set_kept(Kept::Saved);
            }
            Err(error) => {
                eprintln!("the chat could not be saved: {error}");
                window.set_kept(Kept::Failed);
            }
        }
    }

    /// Groups the digits of the code's field three by three while it is typed. Gives where the cursor belongs.
    fn regroup(&self, window: &SessionWindow, text: &str) -> i32 {
        let (grouped, cursor) = regroup(&self.code.borrow(), text);
        self.put_code(window, grouped);
        window.set_code_offered(false);
        i32::try_from(cursor).unwrap_or(0)
    }

    fn put_code(&self, window: &SessionWindow, text: String) {
        window.set_code_complete(text.parse::<SessionCode>().is_ok());
        window.set_code(SharedString::from(&text));
        self.code.replace(text);
    }
}

/// Puts `text` into the clipboard.
fn copy(text: &str) {
    let refuse = || Err(slint::PlatformError::NoPlatform);
    let _ = i_slint_core::context::with_global_context(refuse, |context| {
        context.platform().set_clipboard_text(text, i_slint_core::platform::Clipboard::DefaultClipboard);
    });
}

/// What was written, cut to what may be sent; nothing where there is nothing to read.
fn written(text: &str, max_chars: usize) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(max_chars).collect())
}

/// `text` with its first nine digits in groups of three, and where the cursor (in bytes) belongs after `old` was edited
/// into `text`.
fn regroup(old: &str, text: &str) -> (String, usize) {
    // What stands before the edit and behind it is as it was. Of equal digits in a row the last is taken to be the new
    // one: that is right where people type.
    let before = old.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
    let behind = old.bytes().rev().zip(text.bytes().rev()).take_while(|(a, b)| a == b).count();
    let cursor = text.len() - behind.min(old.len().min(text.len()) - before);
    let mut digits_before = text.char_indices().filter(|&(at, c)| at < cursor && digit(c).is_some()).count();
    let mut digits: Vec<char> = text.chars().filter_map(digit).collect();
    // Where a dash was deleted, the digit before it was meant.
    let only_a_dash_went =
        old.len() == text.len() + 1 && old.chars().filter_map(digit).eq(digits.iter().copied());
    if only_a_dash_went && digits_before > 0 {
        digits_before -= 1;
        digits.remove(digits_before);
    }
    digits.truncate(9);
    let digits_before = digits_before.min(digits.len());
    let mut grouped = String::new();
    for (count, digit) in digits.iter().enumerate() {
        if count > 0 && count % 3 == 0 {
            grouped.push('-');
        }
        grouped.push(*digit);
    }
    let cursor = digits_before + digits_before.saturating_sub(1) / 3;
    (grouped, cursor)
}

/// The digit that `c` writes, in the scripts that the session code is read in.
fn digit(c: char) -> Option<char> {
    let value = match c {
        '0'..='9' => return Some(c),
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => c as u32 % 16,
        _ => return None,
    };
    char::from_digit(value, 10)
}

fn fill<T: Clone + PartialEq + 'static>(model: &VecModel<T>, rows: impl Iterator<Item = T>) {
    sync(model, rows.collect());
}

#[cfg(test)]
mod tests {
    use super::regroup;

    #[test]
    fn the_code_is_grouped_while_it_is_typed() {
        assert_eq!(regroup("12", "123"), ("123".into(), 3));
        assert_eq!(regroup("123", "1234"), ("123-4".into(), 5));
        assert_eq!(regroup("123-45", "123-456"), ("123-456".into(), 7));
        assert_eq!(regroup("123-456", "123-4567"), ("123-456-7".into(), 9));
        assert_eq!(regroup("123-456-789", "123-456-7890"), ("123-456-789".into(), 11));
    }

    #[test]
    fn equal_digits_in_a_row_keep_the_cursor_behind_what_was_typed() {
        let mut typed = String::new();
        for digit in "118-884-442".chars().filter(char::is_ascii_digit) {
            let (grouped, cursor) = regroup(&typed, &format!("{typed}{digit}"));
            assert_eq!(cursor, grouped.len(), "after {digit} in {grouped}");
            typed = grouped;
        }
        assert_eq!(typed, "118-884-442");
        assert_eq!(regroup("118", "11"), ("11".into(), 2));
    }

    #[test]
    fn a_pasted_code_is_read_in_any_writing() {
        for text in ["123456789", "123 456 789", " 123-456-789\n", "١٢٣٤٥٦٧٨٩", "Code: 123456789"] {
            assert_eq!(regroup("", text).0, "123-456-789", "{text}");
        }
    }

    #[test]
    fn the_cursor_stays_where_the_user_works() {
        assert_eq!(regroup("123-456-789", "13-456-789"), ("134-567-89".into(), 1));
        assert_eq!(regroup("134-567-89", "1234-567-89"), ("123-456-789".into(), 2));
        // Backspace on the dash takes the digit before it.
        assert_eq!(regroup("123-456", "123456"), ("124-56".into(), 2));
    }
}
