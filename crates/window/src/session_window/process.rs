//! The process that shows the session window, or the bar in its place, until the user closes it or the resident goes.

use super::{BarUi, SessionUi};
use crate::{
    Opening,
    platform::{self, Manner, Place},
    stage::{Stage, make_names_legible, report_events},
    talk::{self, Event, Sight, Tell, Watcher, Wish},
    ui::{AboutWindow, Page, Question, Theme, Ui},
};
use anyhow::Context as _;
use line::ToWindow;
use session::View;
use slint::{
    CloseRequestResponse, ComponentHandle, LogicalPosition, Timer, winit_030::WinitWindowAccessor as _,
};
use std::{
    cell::RefCell,
    rc::Rc,
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
pub(crate) fn run(mut opening: Opening) -> anyhow::Result<()> {
    let (stage, queue) = Stage::set(&opening)?;
    let tell = talk::tell_resident();
    let ui = SessionUi::new(tell.clone()).context("failed to make the session window")?;
    stage.open(opening.line)?;
    ui.set_language(stage.language);
    make_names_legible(&mut opening.view);
    ui.show_view(&opening.view);
    connect(&ui, &stage.events);
    let about = Rc::new(RefCell::new(None));
    ui.window().on_about(move || {
        if let Err(error) = show_about(&about) {
            eprintln!("the About window could not be opened: {error}");
        }
    });
    ui.window().set_has_keys(platform::has_keys());
    let windows = Windows {
        ui,
        stage,
        tell,
        view: opening.view,
        bar: None,
        bars: 0,
        unburied: None,
        dark: None,
        less_motion: false,
    };
    slint::spawn_local(windows.live(queue)).context("failed to start the event loop")?;
    slint::run_event_loop_until_quit().context("failed to run the event loop")
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
}

/// The window, and the bar while there is one.
struct Windows {
    ui: SessionUi,
    stage: Stage,
    tell: Tell,
    view: View,
    bar: Option<BarUi>,
    /// How many bars there were: each is watched by its number.
    bars: u32,
    /// When a bar was brought back from under other windows last.
    unburied: Option<Instant>,
    dark: Option<bool>,
    less_motion: bool,
}

impl Windows {
    async fn live(mut self, mut queue: UnboundedReceiver<Event>) {
        self.stage.release();
        self.dark = self.stage.dark.wait();
        self.paint();
        let watcher = Watcher { events: self.stage.events.clone(), number: 0 };
        report_events(self.ui.window().window(), watcher.clone());
        self.ui.set_active(false);
        if let Err(error) = self.ui.window().show() {
            eprintln!("the session window could not be shown: {error}");
            std::process::exit(i32::from(crate::EXIT_FAILED));
        }
        if let Ok(handle) = self.ui.window().window().winit_window().await {
            platform::watch_minimised(&handle, watcher);
        }
        while let Some(event) = queue.recv().await {
            self.handle(event).await;
        }
    }

    async fn handle(&mut self, event: Event) {
        match event {
            Event::Told(ToWindow::View(mut view)) => {
                make_names_legible(&mut view);
                self.show(*view);
            }
            Event::Told(ToWindow::History(history)) => {
                self.expand();
                self.ui.show_history(&history);
            }
            Event::Told(ToWindow::Look(look)) => {
                self.ui.show_look(&look);
            }
            Event::Told(ToWindow::Raise) => self.expand(),
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
            Event::Wish(Wish::Expand) => self.expand(),
            Event::Wish(Wish::Move(x, y)) => self.move_bar(x, y),
            Event::Wish(Wish::MoveOn) => self.move_bar_on(),
            Event::Window(0, Sight::Active(active)) => self.ui.set_active(active),
            Event::Window(0, Sight::Minimised) if self.running() => self.collapse(Manner::Quiet).await,
            // Some window managers keep full-screen windows above everything they manage.
            Event::Window(number, Sight::Buried) if number > 0 && number == self.bars => {
                // Something that covers every new bar at once would keep this busy for nothing.
                let now = Instant::now();
                if self.unburied.is_none_or(|before| now.duration_since(before) >= UNBURY_SELDOM) {
                    self.unburied = Some(now);
                    self.collapse(Manner::Unmanaged).await;
                }
            }
            Event::Window(number, Sight::Pressed) if number > 1 && number == self.bars => {
                if let Some(bar) = &self.bar {
                    bar.window().window().with_winit_window(platform::take_keyboard);
                }
            }
            Event::Window(..) => {}
        }
    }

    fn show(&mut self, view: View) {
        self.ui.show_view(&view);
        if let Some(bar) = &self.bar {
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
    }

    fn running(&self) -> bool {
        self.ui.window().get_page() == Page::Session
    }

    /// Shows the bar in the window's place. Where that fails, the window stays.
    async fn collapse(&mut self, manner: Manner) {
        if !self.running() || (self.bar.is_some() && manner == Manner::Quiet) {
            return;
        }
        if let Err(error) = self.show_bar(manner).await {
            eprintln!("the session bar could not be shown: {error}");
            return;
        }
        let _ = self.ui.window().hide();
        self.ui.set_active(false);
    }

    async fn show_bar(&mut self, manner: Manner) -> Result<(), slint::PlatformError> {
        self.stage.next_opens(manner);
        let bar = BarUi::new(self.tell.clone())?;
        self.stage.next_opens(Manner::Ordinary);
        bar.window().set_has_keys(self.ui.window().get_has_keys());
        bar.show_view(&self.view);
        connect_bar(&bar, &self.stage.events);
        let place = self.bar.as_ref().map(|bar| bar.window().window().position());
        self.bars += 1;
        let watcher = Watcher { events: self.stage.events.clone(), number: self.bars };
        self.paint_one(bar.window());
        self.stage.show_quietly(bar.window(), Place::Top, watcher).await?;
        bar.window().show()?;
        if let Some(place) = place {
            bar.window().window().set_position(place);
        }
        if let Some(before) = self.bar.replace(bar) {
            let _ = before.window().hide();
        }
        Ok(())
    }

    /// Shows the window, in front and in the bar's place if there is one.
    fn expand(&mut self) {
        if let Some(bar) = self.bar.take() {
            let _ = bar.window().hide();
            if let Err(error) = self.ui.window().show() {
                eprintln!("the session window could not be shown: {error}");
                std::process::exit(i32::from(crate::EXIT_FAILED));
            }
        }
        self.ui.window().window().with_winit_window(|window| {
            window.set_minimized(false);
            window.focus_window();
        });
    }

    fn move_bar(&self, x: f32, y: f32) {
        let Some(bar) = &self.bar else { return };
        let window = bar.window().window();
        let scale = window.scale_factor();
        let at = window.position().to_logical(scale);
        window.set_position(LogicalPosition::new((at.x + x).max(0.0), (at.y + y).max(0.0)));
    }

    /// Left, in the middle, right, and again.
    fn move_bar_on(&self) {
        let Some(bar) = &self.bar else { return };
        let window = bar.window().window();
        let screen = window
            .with_winit_window(|window| window.current_monitor().map(|it| (it.position(), it.size())))
            .flatten();
        let Some((origin, screen)) = screen else { return };
        let free = i32::try_from(screen.width.saturating_sub(window.size().width)).unwrap_or(0);
        let at = window.position().x - origin.x;
        let next = [0, free / 2, free].into_iter().find(|place| *place > at + 2).unwrap_or(0);
        window.set_position(slint::PhysicalPosition::new(origin.x + next, window.position().y));
    }

    fn paint(&self) {
        self.paint_one(self.ui.window());
        self.ui.tint();
        if let Some(bar) = &self.bar {
            self.paint_one(bar.window());
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

fn show_about(about: &Rc<RefCell<Option<AboutWindow>>>) -> Result<(), slint::PlatformError> {
    let mut about = about.borrow_mut();
    let window = match about.take() {
        Some(window) => window,
        None => {
            let window = AboutWindow::new()?;
            window.set_version(env!("CARGO_PKG_VERSION").into());
            let weak = window.as_weak();
            window.on_closed(move || {
                if let Some(window) = weak.upgrade() {
                    let _ = window.hide();
                }
            });
            window
        }
    };
    window.show()?;
    window.window().with_winit_window(|window| window.focus_window());
    *about = Some(window);
    Ok(())
}
