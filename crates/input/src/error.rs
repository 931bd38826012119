//! What can go wrong, and why nothing can be injected into a display.

/// Why nothing was injected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing can be injected into this display; asking again does not help.
    #[error("this computer cannot be controlled: {reason}")]
    Unsupported {
        /// For the user and the operator.
        reason: Reason,
    },
    /// The display went away or does not speak to this program any more.
    #[error("the connection to the display is lost")]
    Lost(#[source] Source),
    /// The display answered a request with an error.
    #[error("the display refused a request")]
    Refused(#[source] Source),
    /// The system is out of threads.
    #[error("no thread could be started to watch for the user's input")]
    Thread(#[source] std::io::Error),
}

/// An error of the system underneath.
pub(crate) type Source = Box<dyn std::error::Error + Send + Sync>;

/// What a display lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// A compositor lets no other program inject without its own consent.
    #[error("the desktop runs on Wayland, where control is not possible yet")]
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
    /// The agent's own windows could not be kept from the operator.
    #[error("the display does not tell which program a window belongs to")]
    Owners,
    /// The user's own input could not come first.
    #[error("the display does not tell what the user types and clicks")]
    LocalInput,
    /// The system has no way that is known to be safe.
    #[error("control is not possible on this system yet")]
    System,
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self::Unsupported { reason }
    }
}
