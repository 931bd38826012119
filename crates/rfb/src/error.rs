//! Why a client is not served any longer.

/// Why a client is not served any longer. Every one of these is the client's doing, and the last word to it: the server
/// has released what the client held and takes no more bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What it said first is no RFB version.
    #[error("the client does not speak RFB")]
    NotRfb,
    /// It wants a kind of security that was not offered.
    #[error("the client chose security type {0}, which was not offered")]
    Security(u8),
    /// A message of a kind that is not known or was not agreed on, so its length is not known either.
    #[error("the client sent a message of the unknown kind {0}")]
    UnknownMessage(u8),
    /// A message longer than what is taken.
    #[error("the client sent a {0} that is too long")]
    TooLong(&'static str),
    /// A pixel format that no picture can be sent in.
    #[error("the client asked for a pixel format that makes no sense")]
    PixelFormat,
    /// A message that contradicts itself or what was agreed on.
    #[error("the client sent a {0} that makes no sense")]
    Malformed(&'static str),
    /// It asks without reading the answers.
    #[error("the client asks for more than it reads")]
    NotReading,
    /// An earlier error ended this.
    #[error("the connection is over")]
    Over,
}
