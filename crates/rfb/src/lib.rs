//! An RFB (VNC) server for one client, as a state machine: bytes in, bytes and events out.
//!
//! It follows RFC 6143 and the extensions that viewers of today share: Tight, ZRLE and CopyRect, cursor shapes, desktop
//! size and screens, continuous updates, fences, the extended clipboard, keys with scan codes and more than seven buttons.
//! [`Server`] says how it is driven.
//!
//! It opens no socket, reads no clock (time is an argument) and knows no screen: whoever owns it grabs pixels and hands
//! them in. There is no authentication and no encryption; the stream it is given has both. A picture goes to one
//! client; two clients are two servers.
//!
//! What it holds for a client is bounded, whatever the client sends: one picture of the size it was told, [`MAX_MESSAGE`]
//! of a message that is not complete, one clipboard text each way of [`MAX_CLIPBOARD`], and answers up to
//! [`MAX_UNREAD`] beyond one update.

#![forbid(unsafe_code)]

mod abilities;
mod clipboard;
mod encode;
mod error;
mod geometry;
mod held;
mod message;
mod pace;
mod pixel;
mod pointer;
mod refusal;
mod screens;
mod scroll;
mod server;
mod shadow;

pub use clipboard::MAX_CLIPBOARD;
pub use encode::Cursor;
pub use error::Error;
pub use geometry::{Rect, Size};
pub use message::MAX_MESSAGE;
pub use refusal::refusal;
pub use screens::Screen;
pub use server::{Event, MAX_UNREAD, Options, Server};
