//! What can go wrong, and why a display cannot be captured.

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This display cannot be captured; asking again does not help.
    #[error("this screen cannot be captured: {reason}")]
    Unsupported {
        /// For the user and the operator.
        reason: Reason,
    },
    /// The area has another size than before.
    #[error("what is captured has a new size")]
    Resized,
    /// The chosen monitor is not connected, or not any more.
    #[error("the chosen monitor is not connected")]
    NoSuchMonitor,
    /// The system shows something that no program may see: the lock screen, its question for a password.
    #[error("the system hides what is on the screen")]
    Hidden,
    /// The display went away or does not speak to this program any more.
    #[error("the connection to the display is lost")]
    Lost(#[source] Source),
    /// The display answered a request with an error.
    #[error("the display refused a request")]
    Refused(#[source] Source),
    /// The system is out of threads.
    #[error("no thread could be started to watch the display")]
    Thread(#[source] std::io::Error),
}

/// An error of the system underneath.
pub(crate) type Source = Box<dyn std::error::Error + Send + Sync>;

/// What a display lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// A compositor keeps the picture to itself; what the X server beside it shows would be black.
    #[error("the desktop runs on Wayland, where the picture cannot be had yet")]
    Wayland,
    /// No display is named.
    #[error("there is no display")]
    NoDisplay,
    /// A display is named, and does not let this program in.
    #[error("the display cannot be reached")]
    Unreachable,
    /// The X server was built or started without a part that is needed.
    #[error("the X server lacks its extension {0}")]
    Extension(&'static str),
    /// The screen's pixels are not 24 bits of red, green and blue.
    #[error("the screen does not show 24-bit colours")]
    Colours,
    /// The system's settings do not let this program record the screen.
    #[error("the system's settings do not allow this program to record the screen")]
    NotAllowed,
    /// The system lets this program draw no frame around what is viewed.
    #[error("no frame can be drawn on this system")]
    Frame,
    /// The system has no way to capture what is shown at present.
    #[error("the system gives no picture of this screen")]
    System,
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self::Unsupported { reason }
    }
}
