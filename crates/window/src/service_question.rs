//! Asks which service to talk to, before there is an agent: a process of its own, as its toolkit must not stay in the one
//! that does.

use crate::{
    fonts::{self, Fonts},
    platform,
    talk::Event,
    ui::{self, ServiceWindow, Theme},
};
use anyhow::Context as _;
use line::WindowKind;
use slint::{CloseRequestResponse, ComponentHandle};
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
    let prepared = platform::prepare(WindowKind::Session, Fonts::System);
    let (events, _queue) = tokio::sync::mpsc::unbounded_channel::<Event>();
    let dark = platform::follow_appearance(&prepared.bus, events);
    let _manner = platform::start_toolkit()?;
    fonts::install(Fonts::System).context("failed to register the bundled fonts")?;
    let window = ServiceWindow::new().context("failed to make the window")?;
    ui::choose_language(Language::choose(language));
    if let Ok(dark) = dark.recv_timeout(PATIENCE) {
        window.global::<Theme>().invoke_paint(dark);
    }
    window.set_address(proposed.unwrap_or_default().into());
    window.set_proposed(proposed.is_some());

    let answer = Rc::new(RefCell::new(None));
    let (weak, chosen) = (window.as_weak(), Rc::clone(&answer));
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
    window.window().on_close_requested(|| {
        let _ = slint::quit_event_loop();
        CloseRequestResponse::HideWindow
    });
    window.show().context("failed to show the window")?;
    platform::release(&prepared.bus);
    slint::run_event_loop_until_quit().context("failed to run the event loop")?;
    Ok(answer.take())
}
