//! The process that shows the session window, or the bar in its place, until the user closes it or the resident goes.

use super::{BarUi, SessionUi, show::contact};
use crate::{
    Opening,
    platform::{self, Manner, Place},
    stage::{Stage, make_names_legible, report_events},
    talk::{self, Event, Sight, Tell, Watcher, Wish},
    ui::{AboutWindow, Page, Question, Theme, Ui},
};
use anyhow::Context as _;
use line::{Look, ToWindow};
use session::{Screen, View};
use slint::{
    CloseRequestResponse, ComponentHandle, LogicalPosition, PhysicalPosition, PhysicalSize, SharedString,
    Timer, winit_030::WinitWindowAccessor as _,
};
use std::{
    io::{BufReader, Stdin},
    time::{Duration, Instant},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// How long the bar says that the session ended before it goes.
const FAREWELL: Duration = Duration::from_secs(8);
/// The bar comes back from under other windows this often at most.
const UNBURY_SELDOM: Duration = Duration::from_secs(3);
/// How far an arrow key moves the bar.
const STEP: f32 = 40.0;

/// Shows the session window until it is closed.
pub(crate) fn run(opening: Opening) -> anyhow::Result<()> {
    let (stage, queue) = Stage::set(&opening)?;
    let tell = talk::tell_resident();
    let windows = Windows {
        window: None,
        tell,
        view: opening.view,
        session: None,
        look: opening.look,
        draft: Draft::default(),
        bar: None,
        about: None,
        opened: 0,
        unburied: None,
        dark: None,
        less_motion: false,
        stage,
    };
    windows.start(queue, opening.line)
}

/// The window or the bar in its place. The other one does not exist meanwhile: assistive technology would still read it.
struct Windows {
    window: Option<Opened<SessionUi>>,
    bar: Option<Opened<BarUi>>,
    about: Option<AboutWindow>,
    stage: Stage,
    tell: Tell,
    view: View,
    /// The newest view of a session: what was said in it can be saved after its end.
    session: Option<View>,
    look: Option<Box<Look>>,
    draft: Draft,
    /// How many windows there were: each is watched by its number.
    opened: u32,
    /// When a bar was brought back from under other windows last.
    unburied: Option<Instant>,
    dark: Option<bool>,
    less_motion: bool,
}

/// A window and the number by which it is watched.
struct Opened<T> {
    ui: T,
    number: u32,
    /// Past the window manager.
    is_unmanaged: bool,
}

/// What the user has begun in the window and finds again in the next one.
#[derive(Default)]
struct Draft {
    text: SharedString,
    tab: i32,
    place: Option<(PhysicalPosition, PhysicalSize)>,
}

impl Windows {
    fn start(mut self, queue: UnboundedReceiver<Event>, line: BufReader<Stdin>) -> anyhow::Result<()> {
        make_names_legible(&mut self.view);
        let ui = self.make().context("failed to make the session window")?;
        // Languages can be chosen once there is a window.
        self.stage.open(line)?;
        slint::spawn_local(self.live(ui, queue)).context("failed to start the event loop")?;
        slint::run_event_loop_until_quit().context("failed to run the event loop")
    }

    async fn live(mut self, ui: SessionUi, mut queue: UnboundedReceiver<Event>) {
        self.stage.release();
        self.dark = self.stage.dark.wait();
        self.keep_session();
        self.fill(&ui);
        if let Err(error) = self.open(ui).await {
            eprintln!("the session window could not be shown: {error}");
            std::process::exit(i32::from(crate::EXIT_FAILED));
        }
        while let Some(event) = queue.recv().await {
            self.handle(event).await;
        }
    }

    fn make(&self) -> Result<SessionUi, slint::PlatformError> {
        let ui = SessionUi::new(self.tell.clone())?;
        ui.set_language(self.stage.language);
        ui.window().set_has_keys(platform::has_keys());
        connect(&ui, &self.stage.events);
        Ok(ui)
    }

    /// Everything that the window would show if it had been there all the time.
    fn fill(&self, ui: &SessionUi) {
        self.paint_one(ui.window());
        if let Some(look) = &self.look {
            ui.show_look(look);
        }
        ui.set_active(false);
        if let Some(session) = &self.session {
            ui.show_view(session);
            ui.window().set_draft(self.draft.text.clone());
            ui.window().set_tab(self.draft.tab);
        }
        ui.show_view(&self.view);
    }

    async fn open(&mut self, ui: SessionUi) -> Result<(), slint::PlatformError> {
        let watcher = self.watcher();
        let number = watcher.number;
        report_events(ui.window().window(), watcher.clone());
        if let Some((_, size)) = self.draft.place {
            ui.window().window().set_size(size);
        }
        ui.window().show()?;
        if let Some((place, _)) = self.draft.place {
            ui.window().window().set_position(place);
        }
        if let Ok(handle) = ui.window().window().winit_window().await {
            platform::watch_minimised(&handle, watcher);
        }
        self.window = Some(Opened { ui, number, is_unmanaged: false });
        Ok(())
    }

    fn watcher(&mut self) -> Watcher {
        self.opened += 1;
        Watcher { events: self.stage.events.clone(), number: self.opened }
    }

    async fn handle(&mut self, event: Event) {
        match event {
            Event::Told(ToWindow::View(mut view)) => {
                make_names_legible(&mut view);
                self.show(*view);
            }
            Event::Told(ToWindow::History(history)) => {
                self.expand().await;
                if let Some(window) = &self.window {
                    window.ui.show_history(&history);
                }
            }
            Event::Told(ToWindow::Look(look)) => {
                if let Some(window) = &self.window {
                    window.ui.show_look(&look);
                }
                self.look = Some(look);
            }
            Event::Told(ToWindow::Raise) => self.expand().await,
            Event::Told(ToWindow::Close | ToWindow::Hello { .. }) => std::process::exit(0),
            Event::Dark(dark) => {
                self.dark = Some(dark);
                self.paint();
            }
            Event::LessMotion(less) => {
                self.less_motion = less;
                self.paint();
            }
            Event::Wish(Wish::Collapse) => self.collapse(Manner::Quiet).await,
            Event::Wish(Wish::Expand) => self.expand().await,
            Event::Wish(Wish::Move(x, y)) => self.move_bar(x, y),
            Event::Wish(Wish::MoveOn) => self.move_bar_on(),
            Event::Wish(Wish::About) => self.show_about(),
            Event::Wish(Wish::CloseAbout) => {
                if let Some(about) = self.about.take() {
                    let _ = about.hide();
                }
            }
            Event::Window(number, sight) => self.see(number, sight).await,
        }
    }

    async fn see(&mut self, number: u32, sight: Sight) {
        let window = self.window.as_ref().filter(|window| window.number == number);
        let bar = self.bar.as_ref().filter(|bar| bar.number == number);
        match sight {
            Sight::Active(active) => {
                if let Some(window) = window {
                    window.ui.set_active(active);
                }
            }
            Sight::Minimised if window.is_some() => self.collapse(Manner::Quiet).await,
            // Some window managers keep full-screen windows above everything they manage.
            Sight::Buried if bar.is_some() => {
                // Something that covers every new bar at once would keep this busy for nothing.
                let now = Instant::now();
                if self.unburied.is_none_or(|before| now.duration_since(before) >= UNBURY_SELDOM) {
                    self.unburied = Some(now);
                    self.collapse(Manner::Unmanaged).await;
                }
            }
            Sight::Pressed => {
                if let Some(bar) = bar.filter(|bar| bar.is_unmanaged) {
                    bar.ui.window().window().with_winit_window(platform::take_keyboard);
                }
            }
            Sight::Minimised | Sight::Buried | Sight::Painted | Sight::Moved | Sight::Visibility(_) => {}
        }
    }

    fn show(&mut self, view: View) {
        if let Some(window) = &self.window {
            window.ui.show_view(&view);
        }
        if let Some(Opened { ui: bar, .. }) = &self.bar {
            let ended_before = bar.says_ended();
            if !bar.show_view(&view) {
                let _ = slint::quit_event_loop();
            } else if bar.says_ended() && !ended_before {
                let weak = bar.window().as_weak();
                Timer::single_shot(FAREWELL, move || {
                    if weak.upgrade().is_some_and(|bar| bar.get_ended() && bar.window().is_visible()) {
                        let _ = slint::quit_event_loop();
                    }
                });
            }
        }
        self.view = view;
        self.keep_session();
    }

    fn keep_session(&mut self) {
        match &self.view.screen {
            Screen::Session(_) => self.session = Some(self.view.clone()),
            Screen::Ended(_) => {}
            Screen::Idle { .. } | Screen::Joining(_) | Screen::Waiting { .. } | Screen::Ready { .. } => {
                self.session = None;
                self.draft = Draft { place: self.draft.place, ..Draft::default() };
            }
        }
    }

    /// Shows the bar in the window's place, or in that of another bar. Where that fails, what is there stays.
    async fn collapse(&mut self, manner: Manner) {
        let is_session = matches!(self.view.screen, Screen::Session(_));
        if (self.window.is_some() && !is_session) || (self.bar.is_some() && manner == Manner::Quiet) {
            return;
        }
        if let Err(error) = self.show_bar(manner).await {
            eprintln!("the session bar could not be shown: {error}");
            return;
        }
        if let Some(Opened { ui, .. }) = self.window.take() {
            let window = ui.window();
            let place = (window.window().position(), window.window().size());
            self.draft = Draft { text: window.get_draft(), tab: window.get_tab(), place: Some(place) };
            let _ = window.hide();
        }
    }

    async fn show_bar(&mut self, manner: Manner) -> Result<(), slint::PlatformError> {
        self.stage.next_opens(manner);
        let bar = BarUi::new(self.tell.clone())?;
        self.stage.next_opens(Manner::Ordinary);
        bar.window().set_has_keys(platform::has_keys());
        bar.show_view(&self.view);
        connect_bar(&bar, &self.stage.events);
        let place = self.bar.as_ref().map(|bar| bar.ui.window().window().position());
        let watcher = self.watcher();
        let number = watcher.number;
        self.paint_one(bar.window());
        self.stage.show_quietly(bar.window(), Place::Top, watcher).await?;
        bar.window().show()?;
        if let Some(place) = place {
            bar.window().window().set_position(place);
        }
        let is_unmanaged = manner == Manner::Unmanaged;
        if let Some(before) = self.bar.replace(Opened { ui: bar, number, is_unmanaged }) {
            let _ = before.ui.window().hide();
        }
        Ok(())
    }

    /// Shows the window, in front and in the bar's place if there is one. Where that fails, the bar stays.
    async fn expand(&mut self) {
        if self.window.is_none() {
            let opened = match self.make() {
                Ok(ui) => {
                    self.fill(&ui);
                    self.open(ui).await
                }
                Err(error) => Err(error),
            };
            if let Err(error) = opened {
                return eprintln!("the session window could not be shown: {error}");
            }
            if let Some(bar) = self.bar.take() {
                let _ = bar.ui.window().hide();
            }
        }
        if let Some(window) = &self.window {
            window.ui.window().window().with_winit_window(|window| {
                window.set_minimized(false);
                window.focus_window();
            });
        }
    }

    fn move_bar(&self, x: f32, y: f32) {
        let Some(bar) = &self.bar else { return };
        let window = bar.ui.window().window();
        let scale = window.scale_factor();
        let at = window.position().to_logical(scale);
        window.set_position(LogicalPosition::new((at.x + x).max(0.0), (at.y + y).max(0.0)));
    }

    /// Left, in the middle, right, and again.
    fn move_bar_on(&self) {
        let Some(bar) = &self.bar else { return };
        let window = bar.ui.window().window();
        let screen = window
            .with_winit_window(|window| window.current_monitor().map(|it| (it.position(), it.size())))
            .flatten();
        let Some((origin, screen)) = screen else { return };
        let free = i32::try_from(screen.width.saturating_sub(window.size().width)).unwrap_or(0);
        let at = window.position().x - origin.x;
        let next = [0, free / 2, free].into_iter().find(|place| *place > at + 2).unwrap_or(0);
        window.set_position(PhysicalPosition::new(origin.x + next, window.position().y));
    }

    fn show_about(&mut self) {
        if let Err(error) = self.try_show_about() {
            eprintln!("the About window could not be opened: {error}");
        }
    }

    fn try_show_about(&mut self) -> Result<(), slint::PlatformError> {
        if self.about.is_none() {
            let about = AboutWindow::new()?;
            about.set_version(env!("CARGO_PKG_VERSION").into());
            let closing = self.stage.events.clone();
            about.on_closed(move || _ = closing.send(Event::Wish(Wish::CloseAbout)));
            let closing = self.stage.events.clone();
            about.window().on_close_requested(move || {
                let _ = closing.send(Event::Wish(Wish::CloseAbout));
                CloseRequestResponse::HideWindow
            });
            self.paint_one(&about);
            self.about = Some(about);
        }
        let Some(about) = &self.about else { return Ok(()) };
        about.set_managed(self.view.managed.by_policy);
        about.set_contact(contact(&self.view));
        about.show()?;
        about.window().with_winit_window(|window| window.focus_window());
        Ok(())
    }

    fn paint(&self) {
        if let Some(window) = &self.window {
            self.paint_one(window.ui.window());
            window.ui.tint();
        }
        if let Some(bar) = &self.bar {
            self.paint_one(bar.ui.window());
        }
        if let Some(about) = &self.about {
            self.paint_one(about);
        }
    }

    fn paint_one<C: ComponentHandle>(&self, component: &C)
    where
        for<'a> Theme<'a>: slint::Global<'a, C>,
        for<'a> Ui<'a>: slint::Global<'a, C>,
    {
        if let Some(dark) = self.dark {
            component.global::<Theme>().invoke_paint(dark);
        }
        component.global::<Ui>().set_motion(!self.less_motion);
    }
}

/// During a session the window asks before it closes, and what closes then is not the session.
fn connect(ui: &SessionUi, events: &UnboundedSender<Event>) {
    let (weak, closing) = (ui.window().as_weak(), events.clone());
    ui.window().window().on_close_requested(move || {
        let Some(window) = weak.upgrade().filter(|window| window.get_page() == Page::Session) else {
            // Closing changes nothing, and tray and resident go on telling what there is.
            let _ = slint::quit_event_loop();
            return CloseRequestResponse::HideWindow;
        };
        if window.get_question() == Question::Keep {
            window.set_question(Question::None);
            let _ = closing.send(Event::Wish(Wish::Collapse));
        } else {
            window.set_question(Question::Keep);
        }
        CloseRequestResponse::KeepWindowShown
    });
    let collapsing = events.clone();
    ui.window().on_collapse(move || _ = collapsing.send(Event::Wish(Wish::Collapse)));
    let about = events.clone();
    ui.window().on_about(move || _ = about.send(Event::Wish(Wish::About)));
}

fn connect_bar(bar: &BarUi, events: &UnboundedSender<Event>) {
    let wish = |wish: Wish| {
        let events = events.clone();
        move || _ = events.send(Event::Wish(wish))
    };
    bar.window().on_expand(wish(Wish::Expand));
    bar.window().on_move_on(wish(Wish::MoveOn));
    let moving = events.clone();
    bar.window().on_dragged(move |x, y| _ = moving.send(Event::Wish(Wish::Move(x, y))));
    let moving = events.clone();
    bar.window().on_step(move |x, y| {
        let _ = moving.send(Event::Wish(Wish::Move(x as f32 * STEP, y as f32 * STEP)));
    });
    // The bar has no way to be closed but the session's end; a window manager may have one.
    let expanding = events.clone();
    bar.window().window().on_close_requested(move || {
        let _ = expanding.send(Event::Wish(Wish::Expand));
        CloseRequestResponse::KeepWindowShown
    });
}
