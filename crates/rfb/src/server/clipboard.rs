//! The texts that go over the clipboard.

use super::{Event, Phase, Server};
use crate::clipboard::{self, Extended, MAX_CLIPBOARD};
use crate::error::Error;

impl Server {
    /// Whether texts go over the clipboard; no, to begin with.
    ///
    /// While they do not, no event of a text comes out, and the client gets none, not even one that it was offered before.
    pub fn set_clipboard(&mut self, clipboard: bool) {
        self.clipboard = clipboard;
        if !clipboard {
            self.offered = None;
            self.events.retain(|event| {
                !matches!(event, Event::Clipboard(_) | Event::ClipboardOffered | Event::ClipboardTooLong)
            });
        }
    }

    /// Offers the client a text for its clipboard, in place of any before; no if it cannot be: while
    /// [`set_clipboard`](Self::set_clipboard) forbids it, before the client is ready, or when the text is longer than [`MAX_CLIPBOARD`].
    ///
    /// Clients with the extended clipboard fetch it when they like; others are sent it at once, as far as it is Latin-1.
    pub fn offer_clipboard(&mut self, text: &str) -> bool {
        if !self.clipboard || self.phase != Phase::Running || text.len() > MAX_CLIPBOARD {
            return false;
        }
        if self.abilities.extended_clipboard {
            let mut message = Vec::new();
            clipboard::put_provide(text, &mut message);
            self.offered = Some(message);
            clipboard::put_notify(true, &mut self.output);
        } else {
            clipboard::put_plain(text, &mut self.output);
        }
        true
    }

    /// Asks the client for the text that it offered; it comes as [`Event::Clipboard`].
    pub fn request_clipboard(&mut self) {
        if self.clipboard && self.phase == Phase::Running && self.abilities.extended_clipboard {
            clipboard::put_request(&mut self.output);
        }
    }

    pub(super) fn clipboard_too_long(&mut self) {
        if self.clipboard {
            self.events.push_back(Event::ClipboardTooLong);
        }
    }

    pub(super) fn clipboard_arrived(&mut self, text: String) {
        if text.len() > MAX_CLIPBOARD {
            return self.clipboard_too_long();
        }
        self.events.retain(|event| !matches!(event, Event::Clipboard(_)));
        self.events.push_back(Event::Clipboard(text));
    }

    pub(super) fn extended_clipboard(&mut self, message: &[u8]) -> Result<(), Error> {
        if !self.abilities.extended_clipboard {
            return Err(Error::Malformed("clipboard message"));
        }
        if !self.clipboard {
            return Ok(());
        }
        match clipboard::read(message)? {
            Extended::Request => {
                if let Some(message) = &self.offered {
                    self.output.extend_from_slice(message);
                }
            }
            Extended::Peek => clipboard::put_notify(self.offered.is_some(), &mut self.output),
            Extended::Notify { text: true } => self.events.push_back(Event::ClipboardOffered),
            Extended::Provide(text) => self.clipboard_arrived(text),
            Extended::TooLong => self.clipboard_too_long(),
            Extended::Notify { text: false } | Extended::Other => {}
        }
        Ok(())
    }
}
