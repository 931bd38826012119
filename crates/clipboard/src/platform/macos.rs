//! macOS: the general pasteboard. The system counts its changes and tells nobody of them; nobody needs to be told, because
//! the count is looked at when the text is wanted.
//!
//! From macOS 15.4 on the system may ask the user before a program reads what another has copied; that comes when the
//! user has just said to send it.

use objc2_app_kit::{NSPasteboard, NSPasteboardTypeString};
use objc2_foundation::NSString;

use super::worker;
use crate::{Display, Error, LONGEST, front::Front};

/// What programs mark entries with that are not for others to keep, by the agreement of nspasteboard.org.
const SECRET: [&str; 3] =
    ["org.nspasteboard.ConcealedType", "org.nspasteboard.TransientType", "com.agilebits.onepassword"];

/// The count of changes at which the pasteboard holds nothing that the user has copied.
struct Pasteboard {
    seen: isize,
}

impl worker::Clipboard for Pasteboard {
    fn copied(&mut self) -> Result<String, Error> {
        let pasteboard = NSPasteboard::generalPasteboard();
        if pasteboard.changeCount() == self.seen {
            return Err(Error::Nothing);
        }
        let types = pasteboard.types().ok_or(Error::Nothing)?;
        if types.iter().any(|kind| SECRET.contains(&kind.to_string().as_str())) {
            return Err(Error::Secret);
        }
        // SAFETY: a constant of the system's.
        let text = pasteboard.stringForType(unsafe { NSPasteboardTypeString }).ok_or(Error::NoText)?;
        if text.length() > LONGEST {
            return Err(Error::TooLong);
        }
        let text = text.to_string();
        if text.len() > LONGEST { Err(Error::TooLong) } else { Ok(text) }
    }

    fn put(&mut self, text: &str) -> Result<(), Error> {
        let pasteboard = NSPasteboard::generalPasteboard();
        let count = pasteboard.clearContents();
        // SAFETY: a constant of the system's.
        let put = pasteboard.setString_forType(&NSString::from_str(text), unsafe { NSPasteboardTypeString });
        // Another program may have come in between: then this is not the count of what was put.
        self.seen = count;
        if put { Ok(()) } else { Err(Error::NoAnswer) }
    }
}

pub(crate) fn open(_display: &Display) -> Result<Front, Error> {
    let seen = NSPasteboard::generalPasteboard().changeCount();
    worker::start(move || Pasteboard { seen })
}
