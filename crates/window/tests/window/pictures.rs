//! Pictures of the windows, without a display.

use crate::scenes::Scene;
use session::View;
use slint::{
    ComponentHandle, PhysicalSize, PlatformError, Rgba8Pixel, SharedPixelBuffer,
    platform::{
        Platform, WindowAdapter, WindowEvent,
        software_renderer::{MinimalSoftwareWindow, RepaintBufferType},
    },
};
use std::{rc::Rc, time::Duration};
use texts::Language;
use window::{
    BarUi, PromptUi, Refusal, SessionUi,
    ui::{self, AboutWindow, Kept, Question, RefusedWindow, ServiceWindow, Theme, Ui},
};

pub(crate) type Picture = SharedPixelBuffer<Rgba8Pixel>;

/// How a picture is to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub language: Language,
    pub dark: bool,
    pub scale: u8,
}

impl Look {
    /// Light and dark, at 100 % and 200 %.
    pub(crate) fn all(language: Language) -> [Self; 4] {
        [(false, 1), (true, 1), (false, 2), (true, 2)].map(|(dark, scale)| Self { language, dark, scale })
    }

    pub(crate) fn name(self) -> String {
        let colours = if self.dark { "dark" } else { "light" };
        format!("{}-{colours}-{}", self.language.tag(), self.scale)
    }
}

type Drawn = Result<Vec<(Look, Picture)>, PlatformError>;

fn prepare<C: ComponentHandle>(component: &C, language: Language)
where
    for<'a> Ui<'a>: slint::Global<'a, C>,
{
    ui::choose_language(language);
    let ui = component.global::<Ui>();
    ui.set_motion(false);
}

struct NoDisplay;

impl Platform for NoDisplay {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer))
    }

    /// Time stands still: a text cursor blinks, and a machine that is busy would draw it at another moment.
    fn duration_since_start(&self) -> Duration {
        Duration::ZERO
    }
}

/// The toolkit, drawing into memory.
pub(crate) struct Pictures;

impl Pictures {
    /// To be called once a thread.
    pub(crate) fn new() -> Result<Self, Box<dyn std::error::Error>> {
        slint::platform::set_platform(Box::new(NoDisplay))?;
        window::forget_surroundings()?;
        Ok(Self)
    }

    /// `scene` in every look of a language.
    pub(crate) fn draw(&self, scene: &Scene, look: Language) -> Result<Vec<(Look, Picture)>, PlatformError> {
        match scene {
            Scene::Prompt(view) => prompt(view, look, |_| {}),
            Scene::PromptReasons(view) => prompt(view, look, |ui| ui.window().set_reasons_open(true)),
            Scene::PromptSuspicion(view) => prompt(view, look, |ui| ui.window().set_suspicion_open(true)),
            Scene::PromptTest(view) => prompt(view, look, |ui| {
                ui.window().set_test(true);
                ui.window().set_has_key(false);
            }),
            Scene::PromptOver(views) => prompt(&views.0, look, |ui| _ = ui.show_view(&views.1)),
            Scene::PromptFolder(view) => prompt(view, look, |ui| {
                let window = ui.window();
                window.set_folder_here("\u{2066}~\u{2069}".into());
                let names = ["Desktop", "Documents", "Downloads", "Music", "Pictures"].map(Into::into);
                window.set_folders(slint::ModelRc::from(names));
                window.set_folder_open(true);
            }),
            Scene::Window(view, tab) => session(view, look, |ui| ui.window().set_tab(*tab)),
            Scene::WindowKept(view, kept) => session(view, look, |ui| {
                ui.window().set_kept_name("~/Downloads/Chat 2026-03-01 14.05.txt".into());
                ui.window().set_kept(*kept);
            }),
            Scene::WindowLook(view, brand) => session(view, look, |ui| ui.show_look(brand)),
            Scene::Keep(view) => session(view, look, |ui| ui.window().set_question(Question::Keep)),
            Scene::Link(view) => session(view, look, |ui| {
                ui.window().set_link_host("support.example".into());
                ui.window().set_link_address(
                    "https://support.example/articles/printing?article=1729&from=chat".into(),
                );
                ui.window().set_question(Question::Link);
            }),
            Scene::Wrong(view) => session(view, look, |ui| ui.window().set_question(Question::Wrong)),
            Scene::History(history) => {
                let idle = crate::samples::view(crate::samples::idle());
                session(&idle, look, |ui| ui.show_history(history))
            }
            Scene::Bar(view) => {
                let bar = BarUi::new(Rc::new(|_| {}))?;
                prepare(bar.window(), look);
                bar.show_view(&legible(view));
                take(bar.window(), |window| (window.get_natural_width(), 52.0), look)
            }
            Scene::Service(proposed, not_understood) => {
                let window = ServiceWindow::new()?;
                prepare(&window, look);
                window.set_address("support.example".into());
                window.set_proposed(*proposed);
                window.set_not_understood(*not_understood);
                take(&window, |window| (400.0, window.get_natural_height()), look)
            }
            Scene::Refused(refusal, managed) => {
                let window = RefusedWindow::new()?;
                prepare(&window, look);
                window.set_not_installed(*refusal == Refusal::NotInstalled);
                window.set_contact(managed.contact.as_deref().unwrap_or_default().into());
                take(&window, |window| (400.0, window.get_natural_height()), look)
            }
            Scene::About(managed) => {
                let window = AboutWindow::new()?;
                prepare(&window, look);
                window.set_version("0.1.0".into());
                window.set_managed(managed.by_policy);
                window.set_contact(managed.contact.as_deref().unwrap_or_default().into());
                take(&window, |window| (360.0, window.get_natural_height()), look)
            }
        }
    }
}

fn legible(view: &View) -> View {
    let mut view = view.clone();
    window::make_names_legible(&mut view);
    view
}

fn prompt(view: &View, look: Language, change: impl Fn(&PromptUi)) -> Drawn {
    let ui = PromptUi::at_home(Rc::new(|_| {}), Some(crate::samples::HOME.into()))?;
    prepare(ui.window(), look);
    ui.show_view(&legible(view));
    ui.window().set_has_key(true);
    change(&ui);
    take(ui.window(), |window| (440.0, window.get_natural_height()), look)
}

fn session(view: &View, look: Language, change: impl Fn(&SessionUi)) -> Drawn {
    let ui = SessionUi::at_home(Rc::new(|_| {}), Some(crate::samples::HOME.into()))?;
    prepare(ui.window(), look);
    ui.show_view(&legible(view));
    ui.window().set_has_keys(true);
    ui.window().set_kept(Kept::None);
    change(&ui);
    let needed = std::cell::Cell::new(0.0_f32);
    let size = |window: &ui::SessionWindow| {
        needed.set(needed.get().max(window.get_needed_height()));
        (420.0, 560.0)
    };
    let drawn = take(ui.window(), size, look)?;
    assert!(needed.get() <= 560.0, "{} px are needed in {}: {:?}", needed.get(), look.tag(), view.screen);
    Ok(drawn)
}

/// Draws `component` in every look of `language`, in `size`.
fn take<C: ComponentHandle>(component: &C, size: impl Fn(&C) -> (f32, f32), language: Language) -> Drawn
where
    for<'a> Theme<'a>: slint::Global<'a, C>,
{
    component.show()?;
    let window = component.window();
    let mut drawn = Vec::new();
    for scale in [1_u8, 2] {
        window.dispatch_event(WindowEvent::ScaleFactorChanged { scale_factor: f32::from(scale) });
        let resize = || {
            let (width, height) = size(component);
            let pixels = |length: f32| (length * f32::from(scale)).round() as u32;
            window.set_size(PhysicalSize::new(pixels(width), pixels(height)));
            slint::platform::update_timers_and_animations();
        };
        // What is conditional is made while the window is drawn, and only then the size is known.
        for _ in 0..2 / scale {
            resize();
            window.take_snapshot()?;
        }
        resize();
        for dark in [false, true] {
            component.global::<Theme>().invoke_paint(dark);
            let look = Look { language, dark, scale };
            drawn.push((look, window.take_snapshot()?));
        }
    }
    component.hide()?;
    Ok(drawn)
}
