//! The window process: the request popup or the session window.
//!
//! It shows the core's [`View`] and reports what the user did; it decides nothing and remembers nothing
//! but what the user has not sent yet: switches, a chosen length, texts being typed, the tab that is open. The line to the
//! resident is standard input and output; where it ends, the process ends.
//!
//! [`run`] fails only before a window is open. [`exit_code`] says how to leave then; the reason goes to standard error.

mod clock;
mod deeds;
mod folders;
mod fonts;
mod links;
mod look;
mod models;
mod platform;
mod prompt;
mod service_question;
mod session_window;
mod stage;
mod talk;
mod transcript;

pub mod ui;

pub use prompt::PromptUi;
pub use service_question::{Refusal, ask_service, show_refusal};
pub use session_window::{BarUi, SessionUi};
pub use stage::make_names_legible;
pub use talk::Tell;

use anyhow::{Context as _, bail};
use line::{FromWindow, Look, ToWindow, VERSION, WindowKind};
use session::View;
use std::io::{BufReader, Stdin};

/// The exit code where there is no display, or none that lets this user in.
pub const EXIT_NO_DISPLAY: u8 = 3;
/// The exit code where a window could not be opened for any other reason.
pub const EXIT_FAILED: u8 = 4;

/// There is no display to open a window on.
#[derive(Debug)]
pub(crate) struct NoDisplay(String);

impl std::fmt::Display for NoDisplay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no display to open a window on: {}", self.0)
    }
}
impl std::error::Error for NoDisplay {}

/// The exit code for an error of [`run`]: [`EXIT_NO_DISPLAY`] or [`EXIT_FAILED`].
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<NoDisplay>() { EXIT_NO_DISPLAY } else { EXIT_FAILED }
}

/// Forgets the computer's fonts and time zone, so that pictures come out the same everywhere. To be called once the toolkit
/// has been set up, in each thread that draws.
///
/// # Errors
///
/// When the toolkit has not been set up.
pub fn forget_surroundings() -> Result<(), slint::PlatformError> {
    clock::use_utc();
    fonts::install(fonts::Fonts::Bundled)
}

/// What the resident said first.
pub(crate) struct Opening {
    pub(crate) window: WindowKind,
    pub(crate) language: Option<String>,
    pub(crate) view: View,
    /// How the organisation wants its session window to look, where it says so.
    pub(crate) look: Option<Box<Look>>,
    pub(crate) line: BufReader<Stdin>,
}

/// Runs one window until it is closed, by the user, the resident, or the end of the line.
///
/// # Errors
///
/// When the resident speaks another version, or no window can be opened.
pub fn run() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    line::write(&mut out, &FromWindow::Hello { version: VERSION }).context("failed to greet the resident")?;
    let opening = read_opening()?;
    match opening.window {
        WindowKind::Prompt | WindowKind::Test => prompt::run(opening),
        WindowKind::Session => session_window::run(opening),
    }
}

/// The first view decides which fonts are needed, so nothing is opened before it.
fn read_opening() -> anyhow::Result<Opening> {
    let mut line = BufReader::new(std::io::stdin());
    let hello = line::read(&mut line).context("failed to read the resident's greeting")?;
    let ToWindow::Hello { version, window, language } = hello else {
        bail!("the resident did not greet first");
    };
    if version != VERSION {
        bail!("the resident speaks version {version} and this program {VERSION}; start the agent again");
    }
    let mut look = None;
    loop {
        match line::read(&mut line).context("failed to read the first view")? {
            ToWindow::View(view) => return Ok(Opening { window, language, view: *view, look, line }),
            ToWindow::Look(told) => look = Some(told),
            ToWindow::Raise | ToWindow::History(_) => {}
            ToWindow::Close => std::process::exit(0),
            ToWindow::Hello { .. } => bail!("the resident greeted twice"),
        }
    }
}
