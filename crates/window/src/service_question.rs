//! What is shown where there is no agent yet: which service to talk to, and why there will be none. The question is for a
//! process of its own, as its toolkit must not stay in the one that talks to the service.

use crate::{
    fonts::{self, Fonts},
    platform,
    talk::Event,
    ui::{self, RefusedWindow, ServiceWindow, Theme},
};
use anyhow::Context as _;
use line::WindowKind;
use slint::{CloseRequestResponse, ComponentHandle, PlatformError};
use std::{cell::RefCell, rc::Rc, time::Duration};
use texts::Language;

/// How long the first picture waits to learn of light or dark.
const PATIENCE: Duration = Duration::from_millis(10);

/// The address that the user chose; none where they cancelled. What is `understood` is for the caller to say.
///
/// # Errors
///
/// When no window can be opened.
pub fn ask_service(
    language: Option<&str>,
    proposed: Option<&str>,
    understood: impl Fn(&str) -> bool + 'static,
) -> anyhow::Result<Option<String>> {
    let answer = Rc::new(RefCell::new(None));
    let chosen = Rc::clone(&answer);
    show_alone(
        language,
        ServiceWindow::new,
        |window, dark| window.global::<Theme>().invoke_paint(dark),
        |window| {
            window.set_address(proposed.unwrap_or_default().into());
            window.set_proposed(proposed.is_some());
            let weak = window.as_weak();
            window.on_chosen(move || {
                let Some(window) = weak.upgrade() else { return };
                let address = window.get_address();
                if !understood(&address) {
                    return window.set_not_understood(true);
                }
                *chosen.borrow_mut() = Some(address.into());
                let _ = slint::quit_event_loop();
            });
            window.on_cancelled(|| drop(slint::quit_event_loop()));
        },
    )?;
    Ok(answer.take())
}

/// Why administrators do not let the program run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Only an installed one may.
    NotInstalled,
    /// What they set about the service cannot be used.
    UnusableService,
}

/// Says so, until the user closes the window. `contact` is whom to ask.
///
/// # Errors
///
/// When no window can be opened.
pub fn show_refusal(language: Option<&str>, refusal: Refusal, contact: Option<&str>) -> anyhow::Result<()> {
    show_alone(
        language,
        RefusedWindow::new,
        |window, dark| window.global::<Theme>().invoke_paint(dark),
        |window| {
            window.set_not_installed(refusal == Refusal::NotInstalled);
            window.set_contact(contact.unwrap_or_default().into());
            window.on_closed(|| drop(slint::quit_event_loop()));
        },
    )
}

/// Shows the only window of this process, until it is closed or quits the event loop.
fn show_alone<Made: ComponentHandle>(
    language: Option<&str>,
    make: impl FnOnce() -> Result<Made, PlatformError>,
    paint: impl FnOnce(&Made, bool),
    fill: impl FnOnce(&Made),
) -> anyhow::Result<()> {
    let prepared = platform::prepare(WindowKind::Session, Fonts::System);
    let (events, _queue) = tokio::sync::mpsc::unbounded_channel::<Event>();
    let dark = platform::follow_appearance(&prepared.bus, events);
    let _manner = platform::start_toolkit()?;
    fonts::install(Fonts::System).context("failed to register the bundled fonts")?;
    let window = make().context("failed to make the window")?;
    ui::choose_language(Language::choose(language));
    if let Ok(dark) = dark.recv_timeout(PATIENCE) {
        paint(&window, dark);
    }
    fill(&window);
    window.window().on_close_requested(|| {
        let _ = slint::quit_event_loop();
        CloseRequestResponse::HideWindow
    });
    window.show().context("failed to show the window")?;
    platform::release(&prepared.bus);
    slint::run_event_loop_until_quit().context("failed to run the event loop")
}
