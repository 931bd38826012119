//! Pictures of the windows, without a display.

use session::View;
use slint::{
    ComponentHandle, PhysicalSize, PlatformError, Rgba8Pixel, SharedPixelBuffer,
    platform::{
        Platform, WindowAdapter, WindowEvent,
        software_renderer::{MinimalSoftwareWindow, RepaintBufferType},
    },
};
use std::{path::Path, rc::Rc};
use window::{
    PromptUi, SessionUi,
    ui::{AboutWindow, Theme, Ui},
};

pub(crate) type Picture = SharedPixelBuffer<Rgba8Pixel>;

/// How a picture is to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub dark: bool,
    pub scale: f32,
    pub rtl: bool,
}

/// The looks that are worth a picture each.
pub(crate) const LOOKS: [Look; 4] = [
    Look { dark: false, scale: 1.0, rtl: false },
    Look { dark: true, scale: 1.0, rtl: false },
    Look { dark: false, scale: 2.0, rtl: false },
    Look { dark: false, scale: 1.0, rtl: true },
];

impl Look {
    pub(crate) fn name(self) -> String {
        let colours = if self.dark { "dark" } else { "light" };
        format!("{colours}-{}{}", self.scale, if self.rtl { "-rtl" } else { "" })
    }
}

struct NoDisplay;

impl Platform for NoDisplay {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, PlatformError> {
        Ok(MinimalSoftwareWindow::new(RepaintBufferType::NewBuffer))
    }
}

/// The toolkit, drawing into memory.
pub(crate) struct Pictures;

impl Pictures {
    /// To be called once a thread.
    pub(crate) fn new() -> Result<Self, Box<dyn std::error::Error>> {
        slint::platform::set_platform(Box::new(NoDisplay))?;
        window::use_bundled_fonts()?;
        Ok(Self)
    }

    pub(crate) fn prompt(&self, view: &View, look: Look) -> Result<Picture, PlatformError> {
        let ui = prepared_prompt(view, look)?;
        take(ui.window(), |window| (440.0, window.get_natural_height()), look)
    }

    pub(crate) fn reasons(&self, view: &View, look: Look) -> Result<Picture, PlatformError> {
        let ui = prepared_prompt(view, look)?;
        ui.window().set_reasons_open(true);
        take(ui.window(), |window| (440.0, window.get_natural_height()), look)
    }

    pub(crate) fn window(&self, view: &View, tab: i32, look: Look) -> Result<Picture, PlatformError> {
        let ui = SessionUi::new(Rc::new(|_| {}))?;
        ui.window().global::<Ui>().set_rtl(look.rtl);
        ui.window().global::<Theme>().invoke_paint(look.dark);
        ui.show_view(view);
        ui.window().set_tab(tab);
        take(ui.window(), |_| (420.0, 560.0), look)
    }

    pub(crate) fn about(&self, look: Look) -> Result<Picture, PlatformError> {
        let window = AboutWindow::new()?;
        window.global::<Ui>().set_rtl(look.rtl);
        window.global::<Theme>().invoke_paint(look.dark);
        window.set_version("0.1.0".into());
        take(&window, |window| (360.0, window.get_natural_height()), look)
    }
}

fn prepared_prompt(view: &View, look: Look) -> Result<PromptUi, PlatformError> {
    let ui = PromptUi::new(Rc::new(|_| {}))?;
    ui.window().global::<Ui>().set_rtl(look.rtl);
    ui.window().global::<Theme>().invoke_paint(look.dark);
    ui.show_view(view);
    Ok(ui)
}

/// Draws `component` in `size`.
fn take<C: ComponentHandle>(
    component: &C,
    size: impl Fn(&C) -> (f32, f32),
    look: Look,
) -> Result<Picture, PlatformError> {
    component.show()?;
    let window = component.window();
    window.dispatch_event(WindowEvent::ScaleFactorChanged { scale_factor: look.scale });
    let pixels = |length: f32| (length * look.scale).round() as u32;
    let resize = || {
        let (width, height) = size(component);
        window.set_size(PhysicalSize::new(pixels(width), pixels(height)));
        slint::platform::update_timers_and_animations();
    };
    resize();
    // What is conditional is made while the window is drawn, and only then the height is known.
    window.take_snapshot()?;
    resize();
    let picture = window.take_snapshot()?;
    component.hide()?;
    Ok(picture)
}

/// Writes `picture` as PNG.
pub(crate) fn write(picture: &Picture, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut encoder = png::Encoder::new(file, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(picture.as_bytes())?;
    Ok(())
}
