//! The unified log, which takes in what is written by `syslog`.

use crate::system_log::{Event, Severity};
use std::{ffi::CString, io};

/// Writes an event down.
pub(crate) fn tell_system_log(event: &Event) -> io::Result<()> {
    let priority = match event.kind.severity {
        Severity::Error => libc::LOG_ERR,
        Severity::Warning => libc::LOG_WARNING,
        // Lesser ones are not kept on disk.
        Severity::Information => libc::LOG_NOTICE,
    };
    let line = CString::new(format!("{} {}", event.kind.id, event.line()))?;
    // SAFETY: the format takes one text, and `line` is one that ends with zero.
    unsafe { libc::syslog(priority | libc::LOG_USER, c"%s".as_ptr(), line.as_ptr()) };
    Ok(())
}
