//! Pointer and keyboard of somebody who is not at the computer, on every system behind the same few functions.
//!
//! [`Injector`] moves the pointer and presses buttons and keys as a real mouse and keyboard would. Three things come
//! before what the operator does: the person at the computer, whose own input holds the operator's back for a while;
//! the agent's own windows, which are never clicked nor typed into; and the end, at which nothing stays pressed, not
//! even where this process is killed ([`release`]).
//!
//! It knows no network and no viewer; nobody has asked it whether the person agreed.

mod error;
mod platform;

pub use error::{Error, Reason};
pub use platform::Display;

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What an [`Injector`] has to know beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Processes whose windows, and whose children's windows, are never touched.
    pub own: Vec<u32>,
    /// How long the operator's input is held back after the user's.
    pub pause: Duration,
}

impl Options {
    /// For these processes and their children, and a pause of two seconds.
    pub fn new(own: Vec<u32>) -> Self {
        Self { own, pause: Duration::from_secs(2) }
    }
}

/// What became of a press or motion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// The desktop has it; or there was nothing to do, as when a key is let go of that is not held.
    Injected,
    /// Nothing was injected, and nothing will be later.
    Refused(Refusal),
    /// Nothing was injected; to be asked for again after this time. Keys that the layout has not are lent one after the
    /// other, and each has to rest before it means something else.
    Later(Duration),
}

/// Why something was not injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It would reach a window of the agent.
    #[error("it would reach a window of the agent")]
    OwnWindow,
    /// The user moves, holds or types something, or did so a moment ago.
    #[error("the user is using mouse or keyboard")]
    LocalInput,
    /// It is the key with which the user answers a request.
    #[error("this key belongs to the user")]
    GlobalKey,
    /// It is a key that the system lets no program press: Ctrl+Alt+Del on Windows.
    #[error("the system keeps this key to itself")]
    SystemKey,
    /// No key gives this symbol, and none could be made to.
    #[error("the keyboard has no key for it")]
    NoKey,
}

/// What is pressed, and what was changed for it: all that has to be undone when the injecting process is gone.
///
/// The numbers are the system's own and mean nothing beyond this display.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Keys, in the order of their presses.
    pub keys: Vec<u32>,
    /// Buttons, in the order of their presses.
    pub buttons: Vec<u32>,
    /// Keys without a meaning of their own that were given one.
    pub lent: Vec<Lent>,
}

/// A key without a meaning of its own that was given one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lent {
    /// The key.
    pub key: u32,
    /// The symbol that it gives meanwhile.
    pub symbol: u32,
}

impl Held {
    /// Whether there is nothing to undo.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.buttons.is_empty() && self.lent.is_empty()
    }
}

/// The operator's pointer and keyboard, for one session; dropped, it lets go of everything.
pub struct Injector(platform::Injector);

impl Injector {
    /// Gets ready; nothing is injected.
    ///
    /// `report` gets what [`release`] would have to undo: before a press takes effect, so that there is no moment at
    /// which this process could be killed and leave something pressed that nobody knows of; and after a release.
    /// What it is told may be more than what is pressed, never less. It is called from the caller's thread and from
    /// one of the injector's own, must not call the injector, and must have passed the news on when it returns.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] where this display lets nobody inject, or does not tell whose a window is.
    pub fn open(
        display: &Display,
        options: Options,
        report: impl FnMut(&Held) + Send + 'static,
    ) -> Result<Self, Error> {
        platform::Injector::open(display, options, Box::new(report)).map(Self)
    }

    /// Changes [`Options::own`].
    pub fn set_own(&mut self, own: Vec<u32>) {
        self.0.set_own(own);
    }

    /// Presses a key or lets it go. `symbol` is what the key gives, as X11 and RFB number them: the characters of
    /// Latin-1 by their code, other characters by their code + 0x01000000, all others by name (0xff0d is Return).
    ///
    /// The keyboard's layout need not have the symbol. To press what is held repeats it only where the desktop does
    /// not repeat keys by itself. Letting go is never refused.
    ///
    /// Where many characters are typed that the layout has not, it is [`Done::Later`]: who waits may be told meanwhile
    /// to let go of everything, and decides how to wait.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] and [`Error::Refused`].
    pub fn key(&mut self, down: bool, symbol: u32) -> Result<Done, Error> {
        self.0.key(down, symbol)
    }

    /// Moves the pointer to a place of the whole desktop and presses buttons or lets them go.
    ///
    /// `buttons` are those held, as RFB counts them from bit 0: left, middle, right, wheel up, down, left and right,
    /// back, forward. A press that was refused counts only when pressed anew. While a button is held the pointer
    /// does not enter the agent's own windows; letting go is never refused.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] and [`Error::Refused`].
    pub fn pointer(&mut self, x: u16, y: u16, buttons: u16) -> Result<Done, Error> {
        self.0.pointer(x, y, buttons)
    }

    /// What is pressed at present.
    pub fn held(&self) -> Held {
        self.0.held()
    }

    /// Lets go of everything and makes the keyboard what it was.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] and [`Error::Refused`].
    pub fn release_all(&mut self) -> Result<(), Error> {
        self.0.release_all()
    }
}

/// An injector may be opened on one thread and used on another.
const _: () = {
    const fn is_send<T: Send>() {}
    is_send::<Injector>();
};

/// Undoes what a process has left that injected and is gone; `held` is the last it has reported.
///
/// # Errors
///
/// As [`Injector::open`], and [`Error::Lost`].
pub fn release(display: &Display, held: &Held) -> Result<(), Error> {
    platform::release(display, held)
}
