//! What both windows need to get onto the screen: fonts, toolkit, line, colours, events.

use crate::{
    Opening,
    fonts::{self, Fonts},
    platform::{self, Bus, Dressed, Manner, NextManner, Place},
    talk::{self, Event, Sight, Watcher},
    ui,
};
use anyhow::Context as _;
use line::WindowKind;
use session::{HelpStatus, JoiningStage, Notice, Screen, View};
use slint::{
    ComponentHandle, Timer,
    winit_030::{
        EventResult, WinitWindowAccessor as _,
        winit::event::{ElementState, WindowEvent},
    },
};
use std::{
    cell::Cell,
    io::{BufReader, Stdin},
    sync::mpsc::Receiver,
    time::Duration,
};
use texts::Language;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long the first picture waits for the settings portal, beyond what the start took anyway. A portal that hangs must
/// not delay the popup; one that answers usually has by then.
const PATIENCE: Duration = Duration::from_millis(10);

/// A toolkit that is ready for a window.
pub(crate) struct Stage {
    pub(crate) events: UnboundedSender<Event>,
    pub(crate) language: Language,
    next_manner: NextManner,
    pub(crate) fonts: Fonts,
    pub(crate) dark: FirstAnswer,
    bus: Bus,
}

/// Light or dark, when the desktop has said so.
pub(crate) struct FirstAnswer(Receiver<bool>);

impl FirstAnswer {
    /// The answer, if it comes at once.
    pub(crate) fn wait(&self) -> Option<bool> {
        self.0.recv_timeout(PATIENCE).ok()
    }
}

impl Stage {
    /// Starts the toolkit for the window that `opening` asks for.
    pub(crate) fn set(opening: &Opening) -> anyhow::Result<(Self, UnboundedReceiver<Event>)> {
        let kind = opening.window;
        let fonts = match kind {
            WindowKind::Prompt | WindowKind::Test => fonts::needed_for(prompt_texts(&opening.view)),
            // Whatever will be said in the chat has to be drawn.
            WindowKind::Session => Fonts::System,
        };
        let prepared = platform::prepare(kind, fonts);
        let (events, queue) = unbounded_channel();
        let dark = FirstAnswer(platform::follow_appearance(&prepared.bus, events.clone()));
        let next_manner = platform::start_toolkit()?;
        let language = Language::choose(opening.language.as_deref());
        fonts::install(fonts).context("failed to register the bundled fonts")?;
        Ok((Self { events, language, next_manner, fonts, dark, bus: prepared.bus }, queue))
    }

    /// To be called once a window has been made, since languages can be chosen only then.
    pub(crate) fn open(&self, line: BufReader<Stdin>) -> anyhow::Result<()> {
        ui::choose_language(self.language);
        talk::listen(line, self.events.clone()).context("failed to listen to the resident")
    }

    /// To be called before a component is made: how its window will open.
    pub(crate) fn next_opens(&self, manner: Manner) {
        self.next_manner.set(manner);
    }

    /// Puts `component`, made for a quiet manner, on the screen without taking the focus from anybody, above others, at `place`.
    pub(crate) async fn show_quietly<C: ComponentHandle>(
        &self,
        component: &C,
        place: Place,
        watcher: Watcher,
    ) -> Result<Dressed, slint::PlatformError> {
        report_events(component.window(), watcher.clone());
        // Shown and hidden at once, the window will be created hidden, and its manners are in place before it is seen.
        component.show()?;
        component.hide()?;
        let handle = component.window().winit_window().await?;
        Ok(platform::dress(&handle, place, watcher))
    }

    /// To be called when the event loop runs.
    pub(crate) fn release(&self) {
        platform::release(&self.bus);
    }
}

/// Marks what cannot be drawn in the names that `view` shows.
pub fn make_names_legible(view: &mut View) {
    let mut names: Vec<&mut String> = Vec::new();
    names.extend(view.organisation.as_mut().map(|organisation| &mut organisation.name));
    if let Some(prompt) = &mut view.prompt {
        names.extend([&mut prompt.operator.name, &mut prompt.organisation.name]);
    }
    match &mut view.screen {
        Screen::Joining(JoiningStage::Confirm(organisation)) => names.push(&mut organisation.name),
        Screen::Session(session) => names.push(&mut session.operator.name),
        Screen::Ended(ended) => names.extend([&mut ended.operator.name, &mut ended.organisation.name]),
        Screen::Ready { help: Some(HelpStatus::Taken { operator_name }), .. } => names.push(operator_name),
        Screen::Idle { .. } | Screen::Joining(_) | Screen::Waiting { .. } | Screen::Ready { .. } => {}
    }
    match &mut view.notice {
        Some(Notice::ToldBusy { operator_name, organisation_name }) => {
            names.extend([operator_name, organisation_name]);
        }
        Some(
            Notice::Unanswered { operator_name, .. }
            | Notice::Rejected { operator_name }
            | Notice::NotStarted { operator_name },
        ) => names.push(operator_name),
        Some(Notice::Muted { organisation_name, .. }) => names.push(organisation_name),
        None => {}
    }
    for name in names {
        if fonts::needed_for([name.as_str()]) == Fonts::System {
            *name = fonts::legible(name);
        }
    }
}

/// Every text of the network in the popup.
pub(crate) fn prompt_texts(view: &View) -> Vec<&str> {
    let Some(prompt) = &view.prompt else {
        return Vec::new();
    };
    let organisation = &prompt.organisation;
    let optional = organisation.domain.iter().chain(&prompt.number_to_call);
    [&prompt.operator.name, &organisation.name].into_iter().chain(optional).map(String::as_str).collect()
}

/// Reports what the window system says of `window`.
pub(crate) fn report_events(window: &slint::Window, watcher: Watcher) {
    let painted = Cell::new(false);
    window.on_winit_window_event(move |_, event| {
        match event {
            WindowEvent::RedrawRequested if !painted.replace(true) => {
                // Drawn once this event has been handled.
                let watcher = watcher.clone();
                Timer::single_shot(Duration::ZERO, move || _ = watcher.tell(Sight::Painted));
            }
            WindowEvent::Focused(active) => _ = watcher.tell(Sight::Active(*active)),
            WindowEvent::MouseInput { state: ElementState::Pressed, .. } => _ = watcher.tell(Sight::Pressed),
            // How Windows says that a window was minimised.
            WindowEvent::Resized(size) if size.width == 0 => _ = watcher.tell(Sight::Minimised),
            WindowEvent::Moved(_) => _ = watcher.tell(Sight::Moved),
            _ => {}
        }
        EventResult::Propagate
    });
}
