//! Windows and macOS: display, tray, notifications and assistive technology are parts of the system there.

use super::DesktopFacts;

/// The system's own.
pub(crate) async fn desktop_facts() -> DesktopFacts {
    DesktopFacts::default()
}
