//! The process that shows the session window until the user closes it or the resident goes.

use super::SessionUi;
use crate::{
    Opening,
    stage::{Stage, make_names_legible, report_events},
    talk::{self, Event, Sight, Watcher},
    ui::{AboutWindow, Theme},
};
use anyhow::Context as _;
use line::ToWindow;
use slint::{CloseRequestResponse, ComponentHandle as _, winit_030::WinitWindowAccessor as _};
use std::{cell::RefCell, rc::Rc};
use tokio::sync::mpsc::UnboundedReceiver;

/// Shows the session window until it is closed.
pub(crate) fn run(mut opening: Opening) -> anyhow::Result<()> {
    let (stage, queue) = Stage::set(&opening)?;
    let ui = SessionUi::new(talk::tell_resident()).context("failed to make the session window")?;
    stage.open(opening.language.as_deref(), opening.line)?;
    make_names_legible(&mut opening.view);
    ui.show_view(&opening.view);
    // The process is the window: closing it changes nothing, and tray and resident go on telling what there is.
    ui.window().window().on_close_requested(|| {
        let _ = slint::quit_event_loop();
        CloseRequestResponse::HideWindow
    });
    let about = Rc::new(RefCell::new(None));
    ui.window().on_about(move || {
        if let Err(error) = show_about(&about) {
            eprintln!("the About window could not be opened: {error}");
        }
    });
    slint::spawn_local(live(ui, stage, queue)).context("failed to start the event loop")?;
    slint::run_event_loop_until_quit().context("failed to run the event loop")
}

async fn live(ui: SessionUi, stage: Stage, mut queue: UnboundedReceiver<Event>) {
    stage.release();
    let window = ui.window();
    let paint = |dark| window.global::<Theme>().invoke_paint(dark);
    if let Some(dark) = stage.dark.wait() {
        paint(dark);
    }
    report_events(window.window(), Watcher { events: stage.events.clone(), number: 0 });
    ui.set_active(false);
    if let Err(error) = window.show() {
        eprintln!("the session window could not be shown: {error}");
        std::process::exit(i32::from(crate::EXIT_FAILED));
    }
    while let Some(event) = queue.recv().await {
        match event {
            Event::Told(ToWindow::View(mut view)) => {
                make_names_legible(&mut view);
                ui.show_view(&view);
            }
            Event::Told(ToWindow::Raise) => {
                window.window().with_winit_window(|window| {
                    window.set_minimized(false);
                    window.focus_window();
                });
            }
            Event::Told(ToWindow::Close | ToWindow::Hello { .. }) => std::process::exit(0),
            Event::Dark(dark) => paint(dark),
            Event::Window(_, Sight::Active(active)) => ui.set_active(active),
            // What only the popup needs to know.
            Event::Window(
                _,
                Sight::Painted | Sight::Visibility(_) | Sight::Moved | Sight::Buried | Sight::Pressed,
            ) => {}
        }
    }
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
