//! A real desktop without a screen, for tests, the demo and measurements.
//!
//! [`Desktop::start`] brings up an X server of its own, a private session bus, a window manager, the accessibility
//! bus, a panel that shows tray icons and a notification daemon, everything in a folder that goes away with it.
//! Programs started with [`Desktop::spawn`] live in it; pointer and keyboard are real events of the X server, and
//! what a program shows is read from the picture, the window list, the accessibility tree and the bus.
//!
//! It knows nothing of the program under test.
//! Linux only: elsewhere the crate is empty.
#![cfg(target_os = "linux")]

pub mod accessibility;
pub mod clipboard;
mod desktop;
mod error;
mod geometry;
mod hands;
mod input;
mod keeper;
mod login;
pub mod notifications;
mod picture;
mod portal;
pub mod tools;
pub mod tray;
mod wait;
pub mod windows;

pub use desktop::{Desktop, NotificationDaemon, Options, Part, WindowManager};
pub use error::{Error, Result};
pub use geometry::{Point, Rect};
pub use hands::Hands;
pub use input::{Button, Key};
pub use login::LoginManager;
pub use picture::Picture;
pub use portal::SettingsPortal;
pub use tools::PACKAGES;
pub use wait::wait_for;
