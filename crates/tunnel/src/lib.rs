//! Many streams over one WebSocket: what lies between the access process and the service.
//!
//! The access process makes the WebSocket; [`bytes()`] makes bytes of its messages, and yamux makes streams of the bytes. The
//! service [`open`]s streams, the access process [`accept`]s them, and the first byte of each says what it is for
//! ([`Kind`]). Each of the two gives a future that carries everything: dropped, or at its end, every stream is reset.
//! `docs/api/tunnel.md` describes all of it for those who write the other end themselves.
//!
//! What is being transferred is none of this crate's business, and neither is who may: the service decides before it opens
//! a stream, and the access process once more before it serves one.

mod read_ahead;
mod socket;
mod streams;

pub use socket::{Message, Received, Socket, bytes};
pub use streams::{Incoming, Opener, Stream, accept, open};

use std::{borrow::Cow, fmt, io, time::Duration};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The WebSocket subprotocol; a change that an older end cannot follow gets another number.
pub const SUBPROTOCOL: &str = "ondemand-tunnel.v1";

/// The most streams at a time: some views of the desktop, and what a browser or a WebDAV client opens side by side.
pub const MAX_STREAMS: usize = 32;

/// How much of a stream may be on its way and not yet read. It stays what yamux begins with and does not grow with the
/// line, because what one stream has on its way the others wait behind: on a line of 20 Mbit/s these are 100 ms.
pub const STREAM_WINDOW: usize = 256 * 1024;

/// The largest WebSocket message that is taken; what is sent is never larger than [`SENT_MESSAGE`].
pub const MAX_MESSAGE: usize = 1024 * 1024;

/// What is sent at a time.
pub const SENT_MESSAGE: usize = 32 * 1024;

/// How often each end pings the other.
pub const PING_INTERVAL: Duration = Duration::from_secs(5);

/// A line over which nothing came for this long, although it was pinged, is lost. The operator is told so, and the user
/// sees "reconnecting", before either gives up on the other; a busy mobile network pauses for less.
pub const LOST_AFTER: Duration = Duration::from_secs(15);

/// How long opening a stream may take, and how long the other end may leave open what it is for.
pub const OPEN_LIMIT: Duration = Duration::from_secs(10);

/// How long the other end has to answer a farewell.
pub const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// What a stream is for; its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The desktop, as RFB: the access process speaks first.
    Desktop,
    /// Files, as WebDAV over HTTP/1.1: the service asks.
    Files,
}

impl Kind {
    /// The byte, a letter that can be told in a dump.
    pub fn byte(self) -> u8 {
        match self {
            Self::Desktop => b'D',
            Self::Files => b'F',
        }
    }

    /// The kind with this byte.
    pub fn of_byte(byte: u8) -> Option<Self> {
        [Self::Desktop, Self::Files].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// What a WebSocket is configured with at either end. Messages go out as they are handed over.
pub fn websocket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(SENT_MESSAGE)
        .write_buffer_size(0)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

/// Why a WebSocket is closed: a code, and a word that says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// RFC 6455; from 4000 on the meaning is the tunnel's own.
    pub code: u16,
    /// The word; after a colon there may be another that says more.
    pub reason: Cow<'static, str>,
}

impl Close {
    /// What was being transferred is over.
    pub const FINISHED: Self = Self::new(1000, "finished");
    /// The service stops; it is there again soon.
    pub const SHUTTING_DOWN: Self = Self::new(1001, "shutting_down");
    /// What came is not the protocol.
    pub const PROTOCOL_ERROR: Self = Self::new(1002, "protocol_error");
    /// A text message came.
    pub const BINARY_ONLY: Self = Self::new(1003, "binary_only");
    /// A message was larger than [`MAX_MESSAGE`].
    pub const TOO_LARGE: Self = Self::new(1009, "too_large");
    /// The session is over; the second word is its end's reason.
    pub const SESSION_ENDED: Self = Self::new(4000, "session_ended");
    /// The user took back what this needs.
    pub const NOT_GRANTED: Self = Self::new(4001, "not_granted");
    /// The operator's sign-in is over.
    pub const SIGNED_OUT: Self = Self::new(4002, "signed_out");
    /// A newer one took its place.
    pub const REPLACED: Self = Self::new(4003, "replaced");
    /// The session goes on, but nothing reaches its access process just now.
    pub const AGENT_UNREACHABLE: Self = Self::new(4004, "agent_unreachable");

    const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason: Cow::Borrowed(reason) }
    }

    /// With a second word.
    #[must_use]
    pub fn because(self, word: &str) -> Self {
        Self { reason: format!("{}:{word}", self.reason).into(), ..self }
    }
}

impl fmt::Display for Close {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.reason, self.code)
    }
}

/// Why a tunnel or a stream in it is no more.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The other end closed it and said why.
    #[error("the other end closed the tunnel: {0}")]
    Closed(Close),
    /// Nothing came for [`LOST_AFTER`], not even answers to pings.
    #[error("the tunnel has gone silent")]
    Silent,
    /// It has ended, or is not being driven any more.
    #[error("the tunnel has ended")]
    Ended,
    /// There are [`MAX_STREAMS`] already.
    #[error("the tunnel has as many streams as it can have")]
    TooManyStreams,
    /// A stream was not opened within [`OPEN_LIMIT`].
    #[error("opening a stream took too long")]
    Slow,
    /// What came is not the protocol.
    #[error("the other end does not speak the tunnel's protocol")]
    Protocol(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection broke.
    #[error("the tunnel's connection broke")]
    Io(#[source] io::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(said) => said,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Self::Protocol(error.into()),
            Err(error) => Self::Io(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_bytes() {
        for kind in [Kind::Desktop, Kind::Files] {
            assert_eq!(Kind::of_byte(kind.byte()), Some(kind));
        }
        assert_eq!(Kind::of_byte(0), None);
    }

    #[test]
    fn a_close_fits_its_frame_and_says_a_word() {
        let close = Close::SESSION_ENDED.because("agent_restarted");
        assert_eq!(close.to_string(), "session_ended:agent_restarted (4000)");
        assert!(close.reason.len() <= 123);
    }
}
