//! Linux: X11 with good manners, Wayland as far as it lets a window know about itself.

mod appearance;
mod x11;

pub(crate) use appearance::follow as follow_appearance;

use super::{Dressed, Manner, Place};
use crate::{
    fonts::{self, Fonts},
    talk::Watcher,
};
use line::WindowKind;
use slint::winit_030::winit::{
    platform::x11::WindowAttributesExtX11 as _,
    raw_window_handle::{HasWindowHandle as _, RawWindowHandle},
    window::{Window, WindowAttributes},
};
use std::ffi::OsString;
use tempfile::TempDir;

const BUS: &str = "DBUS_SESSION_BUS_ADDRESS";
const FONTS: &str = "FONTCONFIG_FILE";
const FONTS_ROOT: &str = "FONTCONFIG_SYSROOT";

/// What the environment said before [`prepare`]: where the session bus is, and the system's fonts.
pub(crate) struct Bus([(&'static str, Option<OsString>); 3]);

impl Bus {
    fn address(&self) -> Option<&OsString> {
        self.0[0].1.as_ref()
    }
}

/// What [`prepare`] changed.
pub(crate) struct Prepared {
    pub(crate) bus: Bus,
    /// What the toolkit's libraries are to read while it starts; gone when this is dropped.
    _short_cuts: Option<TempDir>,
}

/// Spares the process what would delay its window. To be called before any thread is started; what it returns is to be
/// kept until the toolkit has started.
pub(crate) fn prepare(kind: WindowKind, fonts: Fonts) -> Prepared {
    let before = [BUS, FONTS, FONTS_ROOT].map(|name| (name, std::env::var_os(name)));
    let short_cuts = take_short_cuts(kind, fonts).ok();
    // The toolkit holds the first window back for half a second where the settings portal hangs. It is kept from the
    // bus while it looks for the portal; `follow_appearance` asks the portal without anybody waiting.
    set_variable(BUS, &"none".into());
    // Links are opened with the desktop's own program, which has to be found.
    set_variable("PATH", &"/usr/local/bin:/usr/bin:/bin".into());
    Prepared { bus: Bus(before), _short_cuts: short_cuts }
}

/// Gives the toolkit's libraries files of our own to read while they start.
///
/// - The toolkit aborts where fontconfig knows no font at all, so it knows one of ours.
/// - Listing the system's fonts takes 20 ms, for nothing where the bundled ones are enough. There fontconfig reads its
///   templates in any case, unless it is told of a root without any; its older releases look for a font once with that
///   root before the path and once without it.
/// - The table of compose keys takes 10 ms to read, for nothing where nothing is typed.
fn take_short_cuts(kind: WindowKind, fonts: Fonts) -> std::io::Result<TempDir> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, Into::into);
    let folder = tempfile::Builder::new().prefix("ondemand-agent-").tempdir_in(folder)?;
    let path = folder.path().canonicalize()?;

    let others = match fonts {
        Fonts::Bundled => {
            let mirrored = path.join(path.strip_prefix("/").unwrap_or(&path));
            std::fs::create_dir_all(mirrored.parent().unwrap_or(&path))?;
            std::os::unix::fs::symlink(&path, mirrored)?;
            set_variable(FONTS_ROOT, &path.clone().into());
            String::new()
        }
        Fonts::System => {
            let given = std::env::var(FONTS).unwrap_or_else(|_| "/etc/fonts/fonts.conf".into());
            format!("<include ignore_missing=\"yes\">{}</include>", escaped(&given))
        }
    };
    let own = escaped(&path.display().to_string());
    let configuration = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\
         <fontconfig>{others}<dir>{own}/fonts</dir><cachedir>{own}</cachedir></fontconfig>"
    );
    std::fs::create_dir(path.join("fonts"))?;
    std::fs::write(path.join("fonts/font.ttf"), fonts::SMALLEST)?;
    std::fs::write(path.join("fonts.conf"), configuration)?;
    set_variable(FONTS, &path.join("fonts.conf").into());

    if kind != WindowKind::Session {
        std::fs::write(path.join("compose"), "<dead_acute> <dead_acute> : \"´\"\n")?;
        set_variable("XCOMPOSEFILE", &path.join("compose").into());
    }
    Ok(folder)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// Gives back what was hidden: assistive technologies are reached over the session bus, and a browser that opens a link
/// needs the system's fonts.
pub(crate) fn release(Bus(before): &Bus) {
    for (name, value) in before {
        match value {
            Some(value) => set_variable(name, value),
            // SAFETY: as in `set_variable`.
            None => unsafe { std::env::remove_var(name) },
        }
    }
}

fn set_variable(name: &str, value: &OsString) {
    // SAFETY: the other threads of this process (the appearance's, until the event loop runs) read the environment
    // through the standard library, which holds a lock meanwhile; C libraries that read it run on this thread.
    unsafe { std::env::set_var(name, value) }
}

/// The window's attributes before it is made.
pub(crate) fn attributes(attributes: WindowAttributes, manner: Manner) -> WindowAttributes {
    let attributes = attributes.with_name("ondemand-agent", "ondemand-agent");
    match manner {
        Manner::Ordinary => attributes,
        // Opaque, or a compositor would have to blend it.
        Manner::Quiet => attributes.with_transparent(false),
        Manner::Unmanaged => attributes.with_transparent(false).with_override_redirect(true),
    }
}

/// Gives a window that is not on the screen yet the manners of a quiet one, and its place, and reports whether it can be
/// seen, as far as the system tells.
pub(crate) fn dress(window: &Window, place: Place, watcher: Watcher) -> Dressed {
    let Some(id) = x11_id(window) else { return Dressed::default() };
    let (size, scale) = (window.inner_size().into(), window.scale_factor());
    x11::dress(id, size, scale, place, watcher).unwrap_or_else(|error| {
        eprintln!("the window could not be placed: {error}");
        Dressed::default()
    })
}

/// Reports when the window is minimised.
pub(crate) fn watch_minimised(window: &Window, watcher: Watcher) {
    if let Some(id) = x11_id(window) {
        x11::watch_minimised(id, watcher);
    }
}

/// Whether the agent's keys (Ctrl+Alt+Shift with Escape, and with the space bar) count everywhere on this screen.
/// Wayland's compositors give programs no such keys.
pub(crate) fn has_keys() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    set("DISPLAY") && !set("WAYLAND_DISPLAY")
}

/// Gives the keyboard to a window that no window manager looks after.
pub(crate) fn take_keyboard(window: &Window) {
    if let Some(id) = x11_id(window) {
        x11::take_keyboard(id);
    }
}

fn x11_id(window: &Window) -> Option<u32> {
    match window.window_handle().ok()?.as_raw() {
        RawWindowHandle::Xlib(handle) => u32::try_from(handle.window).ok(),
        RawWindowHandle::Xcb(handle) => Some(handle.window.get()),
        _ => None,
    }
}
