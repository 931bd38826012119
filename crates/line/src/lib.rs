//! What the resident and its child processes say to each other, one JSON line a message.
//!
//! A child's standard input and output are the two directions of its line (on Unix the same socket pair, which other
//! processes of the user cannot open). The first line each way is `hello` with [`VERSION`]; a child or resident that says
//! anything else is not talked to, which is a *no*. A line that ends is an end.

mod history;
mod look;

pub use history::{History, HistoryEntry, HistoryResult, LONGEST_HISTORY, Remark};
pub use look::{LARGEST_LOGO, LARGEST_LOGO_BYTES, Look};

use input::Held;
use protocol::{RequestId, Secret};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use session::{AccessFact, Grant, PromptFact, UserInput, View};
use std::{
    io::{self, BufRead, Read, Write},
    path::PathBuf,
    time::Duration,
};

/// The version of the lines. Both ends come from one program file, so another version means that the file was replaced
/// while the resident ran.
pub const VERSION: u32 = 1;

/// A longer line is not read to its end: the longest message is a view with 500 chat lines.
pub const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// The resident tells the window process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "snake_case")]
pub enum ToWindow {
    /// First.
    Hello {
        /// [`VERSION`].
        version: u32,
        /// Which window this run is.
        window: WindowKind,
        /// The language of the texts, as a BCP 47 tag; the system's where absent.
        language: Option<String>,
    },
    /// How the organisation looks, from now on.
    Look(Box<Look>),
    /// What to show from now on, whole.
    View(Box<View>),
    /// Open the history screen of the session window with this; the answer to [`FromWindow::ShowHistory`], and what follows
    /// *Session history* in the tray's menu.
    History(Box<History>),
    /// Come to the front: the user asked for the window.
    Raise,
    /// Close and end.
    Close,
}

/// Which window a run of the window process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// The request popup.
    Prompt,
    /// The session window.
    Session,
    /// A popup in which nobody asks for anything, to see whether popups can be seen.
    Test,
}

/// The window process tells the resident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "snake_case")]
pub enum FromWindow {
    /// First.
    Hello {
        /// [`VERSION`].
        version: u32,
    },
    /// The user did something.
    User(UserInput),
    /// The user wants to see the history. Closing it again is the window's own business.
    ShowHistory,
    /// The popup reports about itself.
    Prompt {
        /// The request it shows.
        request_id: RequestId,
        /// What.
        fact: PromptFact,
    },
}

/// How often the resident tells the access process that it is there.
pub const THERE_EVERY: Duration = Duration::from_secs(3);

/// The resident tells the access process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "snake_case")]
pub enum ToAccess {
    /// The resident is there; said every [`THERE_EVERY`].
    There,
    /// First.
    Hello {
        /// [`VERSION`].
        version: u32,
        /// The way to the service.
        transport: Transport,
        /// Opens the session's tunnel and nothing else.
        tunnel_ticket: Secret,
        /// The resident's process id: its windows, and those of its children, are not the operator's to touch.
        resident: u32,
        /// What of the user's files is never shared.
        excluded: Vec<PathBuf>,
    },
    /// Serve exactly this from now on.
    Grant(Grant),
    /// Hold the operator's input back, release what is pressed.
    HoldInput,
    /// Let the operator's input through again.
    ResumeInput,
    /// Cut this transfer, and keep nothing of it.
    CancelTransfer {
        /// Which.
        id: u64,
    },
    /// Send the operator what was copied last; answered by what became of it.
    SendCopied,
    /// Answer `Confirmed` with this number: everything that was told before is carried out.
    Confirm {
        /// Which.
        number: u64,
    },
    /// Input released and held, picture and transfers stopped.
    Pause,
    /// Go on.
    Resume,
}

/// How the service is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transport {
    /// Its address.
    pub service_url: String,
    /// The address of the proxy that is set, with its password if it has one.
    pub proxy: Option<Secret>,
    /// Certificates in PEM form that are trusted beside the system's.
    pub extra_ca: Option<String>,
}

/// The access process tells the resident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "snake_case")]
pub enum FromAccess {
    /// First.
    Hello {
        /// [`VERSION`].
        version: u32,
    },
    /// What happened.
    Fact(AccessFact),
    /// What is pressed from now on for the operator, said before it is: where this process is killed, the resident lets
    /// go of it.
    Holding(Held),
}

/// Why a line cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The other end is gone.
    #[error("the line ended")]
    Ended,
    /// Reading or writing failed.
    #[error("the line broke")]
    Io(#[from] io::Error),
    /// The message is longer than [`MAX_LINE_BYTES`].
    #[error("the message is too long")]
    TooLong,
    /// The message means nothing.
    #[error("the message cannot be read")]
    Message(#[from] serde_json::Error),
}

/// Writes one message and its line break, and flushes.
///
/// # Errors
///
/// When the other end is gone.
pub fn write<T: Serialize>(to: &mut impl Write, message: &T) -> Result<(), Error> {
    to.write_all(&encode(message)?)?;
    Ok(to.flush()?)
}

/// One message with its line break, for writers that are not [`Write`].
///
/// # Errors
///
/// When the message cannot be written as JSON.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, Error> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

/// Reads one message.
///
/// # Errors
///
/// [`Error::Ended`] when the other end is gone, even in the middle of a line; otherwise what does not fit.
pub fn read<T: DeserializeOwned>(from: &mut impl BufRead) -> Result<T, Error> {
    let mut line = Vec::new();
    from.take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
    match line.last() {
        Some(b'\n') => Ok(serde_json::from_slice(&line)?),
        _ if line.len() as u64 == MAX_LINE_BYTES => Err(Error::TooLong),
        _ => Err(Error::Ended),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use session::{Direction, FileChange, FilesFact, SharedFolder, TransferEnd};

    #[test]
    fn a_message_that_was_cut_is_an_end_and_not_a_message() {
        let mut bytes = Vec::new();
        write(&mut bytes, &FromWindow::User(UserInput::End)).unwrap();
        assert_eq!(read::<FromWindow>(&mut bytes.as_slice()).unwrap(), FromWindow::User(UserInput::End));
        assert!(matches!(read::<FromWindow>(&mut &bytes[..bytes.len() - 1]), Err(Error::Ended)));
    }

    #[test]
    fn whatever_is_said_on_a_line_is_a_message_or_an_error() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let _ = read::<FromWindow>(&mut &*bytes);
            let _ = read::<FromAccess>(&mut &*bytes);
            let _ = read::<ToWindow>(&mut &*bytes);
            let _ = read::<ToAccess>(&mut &*bytes);
        });
    }

    fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(message: T) {
        let bytes = encode(&message).unwrap();
        assert_eq!(read::<T>(&mut bytes.as_slice()).unwrap(), message, "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn what_is_said_of_files_comes_as_it_was_said() {
        let name = || "Reports/\"q1\"\n.xlsx".to_owned();
        let began = FilesFact::Began {
            id: u64::MAX,
            name: name(),
            size: Some(u64::MAX),
            offset: 1,
            direction: Direction::Upload,
        };
        for fact in [
            began,
            FilesFact::Moved { id: 0, bytes: 7 },
            FilesFact::Ended { id: 0, bytes: 9, end: TransferEnd::Cancelled },
            FilesFact::Changed(FileChange::Renamed { from: name(), to: "b".into() }),
        ] {
            comes_back(FromAccess::Fact(AccessFact::Files(fact)));
        }
        comes_back(ToAccess::CancelTransfer { id: u64::MAX });
        comes_back(FromWindow::User(UserInput::CancelTransfer { id: 3 }));
        let folder = Some(SharedFolder { path: "/home/ursula/Zufällig".into(), whole_home: true });
        let session_id = "s1".parse().unwrap();
        comes_back(ToAccess::Grant(Grant { session_id, permissions: protocol::Permissions::all(), folder }));
    }
}
