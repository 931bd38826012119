//! Why a text is not to be had, and why there is no clipboard.

/// Why a text was neither read nor put.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no clipboard that can be used; asking again does not help.
    #[error("the clipboard of this computer cannot be used: {reason}")]
    Unsupported {
        /// For the user and the operator.
        reason: Reason,
    },
    /// Nothing was copied since the clipboard was opened.
    #[error("nothing was copied")]
    Nothing,
    /// What was copied is marked as secret, and was not read.
    #[error("what was copied is marked as secret")]
    Secret,
    /// What was copied is a picture, a file or something else.
    #[error("what was copied is no text")]
    NoText,
    /// The text is longer than [`LONGEST`](crate::LONGEST).
    #[error("the text is longer than a clipboard carries")]
    TooLong,
    /// The program that holds the text, or the display, did not answer in time.
    #[error("the program that holds the text does not answer")]
    NoAnswer,
    /// The display went away.
    #[error("the connection to the display is lost")]
    Lost,
    /// The system is out of threads.
    #[error("no thread could be started for the clipboard")]
    Thread(#[from] std::io::Error),
}

/// What a display lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// A compositor gives the clipboard to the program in front only.
    #[error("the desktop runs on Wayland, where the clipboard is not possible yet")]
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
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self::Unsupported { reason }
    }
}
