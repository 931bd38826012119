//! The process that shows the popup: from the first view to the last.

use super::PromptUi;
use crate::{
    Opening,
    fonts::{self, Fonts},
    platform::{self, Manner, Place},
    stage::{Stage, make_names_legible, prompt_texts},
    talk::{self, Event, Sight, Tell, Watcher},
    ui::{Theme, Ui},
};
use anyhow::Context as _;
use line::{FromWindow, ToWindow, WindowKind};
use protocol::RequestId;
use session::{Assurance, PromptFact, Screen, View, Visibility};
use slint::{ComponentHandle as _, Timer, winit_030::WinitWindowAccessor as _};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

/// How long the popup says that its request is over before it goes.
const FAREWELL: Duration = Duration::from_secs(4);
/// How many pixels the session bar takes at the edge of the screen.
const BAR: i32 = 64;

/// Shows the popup until the request is over.
pub(crate) fn run(mut opening: Opening) -> anyhow::Result<()> {
    let (stage, queue) = Stage::set(&opening)?;
    let tell = talk::tell_resident();
    stage.next_opens(Manner::Quiet);
    let ui = PromptUi::new(tell.clone()).context("failed to make the popup")?;
    stage.open(opening.line)?;
    make_names_legible(&mut opening.view);
    if !ui.show_view(&opening.view) {
        return Ok(());
    }
    let is_test = opening.window == WindowKind::Test;
    ui.window().set_test(is_test);
    // The key is the resident's, which knows nothing of a test.
    ui.window().set_has_key(!is_test && platform::has_keys());
    let popup = Popup {
        place: Place::TrayCorner(if matches!(opening.view.screen, Screen::Session(_)) { BAR } else { 0 }),
        ui,
        tell,
        stage,
        shown_for: None,
        painted: false,
        visibility: None,
        proven: false,
        number: 0,
    };
    slint::spawn_local(popup.live(queue)).context("failed to start the event loop")?;
    slint::run_event_loop_until_quit().context("failed to run the event loop")
}

/// The popup and what it has reported of itself.
struct Popup {
    ui: PromptUi,
    place: Place,
    tell: Tell,
    stage: Stage,
    shown_for: Option<RequestId>,
    painted: bool,
    visibility: Option<Visibility>,
    /// Whether the system tells what covers the popup.
    proven: bool,
    /// How often it was reopened, past the window manager.
    number: u32,
}

impl Popup {
    async fn live(mut self, mut queue: UnboundedReceiver<Event>) {
        self.stage.release();
        if let Some(dark) = self.stage.dark.wait() {
            self.paint(dark);
        }
        self.open().await;
        while let Some(event) = queue.recv().await {
            self.handle(event).await;
        }
    }

    /// Puts the popup on the screen without taking the focus from anybody. A popup that cannot be shown is a no.
    async fn open(&mut self) {
        if let Err(error) = self.try_open().await {
            eprintln!("the popup could not be shown: {error}");
            std::process::exit(i32::from(crate::EXIT_FAILED));
        }
    }

    async fn try_open(&mut self) -> Result<(), slint::PlatformError> {
        let window = self.ui.window();
        let watcher = Watcher { events: self.stage.events.clone(), number: self.number };
        let dressed = self.stage.show_quietly(window, self.place, watcher).await?;
        if let Some(room) = dressed.room {
            window.set_room(room);
        }
        self.proven = dressed.proven;
        window.show()
    }

    async fn handle(&mut self, event: Event) {
        match event {
            Event::Told(ToWindow::View(view)) => self.show(*view),
            Event::Told(ToWindow::Raise) => {
                self.ui.window().window().with_winit_window(|window| window.focus_window());
            }
            Event::Told(ToWindow::History(_) | ToWindow::Look(_)) => {}
            Event::Told(ToWindow::Close | ToWindow::Hello { .. }) => std::process::exit(0),
            Event::Dark(dark) => self.paint(dark),
            Event::LessMotion(less) => self.ui.window().global::<Ui>().set_motion(!less),
            Event::Wish(_) => {}
            Event::Window(number, sight) if number == self.number => self.see(sight).await,
            Event::Window(..) => {}
        }
    }

    async fn see(&mut self, sight: Sight) {
        match sight {
            Sight::Painted => {
                self.painted = true;
                self.keep_size();
                if self.shown_for.is_some() { self.report_visibility() } else { self.report() }
            }
            Sight::Visibility(visibility) => {
                self.visibility = Some(visibility);
                if self.shown_for.is_some() { self.report_visibility() } else { self.report() }
            }
            Sight::Moved => self.moved(),
            Sight::Buried => self.surface().await,
            // An unmanaged window gets the keyboard from nobody else.
            Sight::Pressed if self.number > 0 => {
                self.ui.window().window().with_winit_window(platform::take_keyboard);
            }
            Sight::Pressed | Sight::Minimised => {}
            Sight::Active(active) => {
                self.ui.window().set_has_keyboard(active);
                self.active(active);
            }
        }
    }

    fn show(&mut self, mut view: View) {
        if self.stage.fonts == Fonts::Bundled && fonts::needed_for(prompt_texts(&view)) == Fonts::System {
            // A name that is drawn as nothing would be a lie, and this process cannot get at more fonts any more.
            eprintln!("another request needs other fonts than this popup has");
            std::process::exit(i32::from(crate::EXIT_FAILED));
        }
        make_names_legible(&mut view);
        if !self.ui.show_view(&view) {
            let _ = slint::quit_event_loop();
        } else if view.prompt.is_none() {
            Timer::single_shot(FAREWELL, || _ = slint::quit_event_loop());
        } else {
            self.report();
        }
    }

    fn paint(&self, dark: bool) {
        self.ui.window().global::<Theme>().invoke_paint(dark);
    }

    fn keep_size(&self) {
        let window = self.ui.window();
        let size = window.window().size().to_logical(window.window().scale_factor());
        window.set_fixed_height(size.height);
    }

    /// Says that a request is on the screen, once for each.
    fn report(&mut self) {
        let request_id = self.ui.request_id();
        let on_screen = self.painted && (self.visibility.is_some() || !self.proven);
        if !on_screen || request_id.is_none() || request_id == self.shown_for {
            return;
        }
        self.shown_for = request_id;
        self.fact(PromptFact::Shown);
        self.report_visibility();
    }

    fn report_visibility(&self) {
        if !self.painted {
            return;
        }
        if let Some(visibility) = self.visibility {
            self.fact(PromptFact::Visibility(visibility));
        }
    }

    /// A press that was meant for what lay here before must not count.
    fn moved(&self) {
        if matches!(self.visibility, Some(Visibility::Visible(_))) {
            self.fact(PromptFact::Visibility(Visibility::Covered));
            self.report_visibility();
        }
    }

    /// Where nobody tells what covers a window, the active one is taken for visible.
    fn active(&mut self, active: bool) {
        if !self.proven {
            let now = if active { Visibility::Visible(Assurance::Active) } else { Visibility::Covered };
            self.visibility = Some(now);
            self.report_visibility();
        }
    }

    fn fact(&self, fact: PromptFact) {
        if let Some(request_id) = self.shown_for.clone() {
            (self.tell)(FromWindow::Prompt { request_id, fact });
        }
    }

    /// Some window managers keep full-screen windows above everything they manage: reopens the popup unmanaged.
    async fn surface(&mut self) {
        if self.number > 0 || self.ui.request_id().is_none() {
            return;
        }
        self.stage.next_opens(Manner::Unmanaged);
        let Ok(reopened) = self.ui.reopened() else {
            return;
        };
        self.number += 1;
        self.painted = false;
        self.visibility = None;
        if self.shown_for.is_some() {
            self.fact(PromptFact::Visibility(Visibility::Covered));
        }
        let covered = std::mem::replace(&mut self.ui, reopened);
        let _ = covered.window().hide();
        drop(covered);
        self.open().await;
    }
}
