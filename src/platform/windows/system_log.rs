//! The Windows event log: source `ondemand-agent` in *Application*, which the installer registers with the system's own
//! message file for plain texts.

use crate::system_log::{Event, Severity};
use std::{io, ptr};
use windows_sys::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE,
    RegisterEventSourceW, ReportEventW,
};

/// Writes an event down.
pub(crate) fn tell_system_log(event: &Event) -> io::Result<()> {
    let wide = |text: &str| text.encode_utf16().chain([0]).collect::<Vec<u16>>();
    let (source, line) = (wide("ondemand-agent"), wide(&event.line()));
    let kind = match event.kind.severity {
        Severity::Error => EVENTLOG_ERROR_TYPE,
        Severity::Warning => EVENTLOG_WARNING_TYPE,
        Severity::Information => EVENTLOG_INFORMATION_TYPE,
    };
    // SAFETY: no server means this computer; `source` is a text that ends with zero.
    let log = unsafe { RegisterEventSourceW(ptr::null(), source.as_ptr()) };
    if log.is_null() {
        return Err(io::Error::last_os_error());
    }
    let lines = [line.as_ptr()];
    // SAFETY: `log` was just opened; `lines` holds the one text that is announced, which ends with zero; there is no user
    // and no raw data.
    let written = unsafe {
        ReportEventW(log, kind, 0, event.kind.id.into(), ptr::null_mut(), 1, 0, lines.as_ptr(), ptr::null())
    };
    let result = if written == 0 { Err(io::Error::last_os_error()) } else { Ok(()) };
    // SAFETY: `log` is open and not used any more.
    unsafe { DeregisterEventSource(log) };
    result
}
