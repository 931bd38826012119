//! What the desktop offers, for `ondemand-agent doctor`.

#[cfg(target_os = "linux")]
#[path = "desktop/linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "desktop/other.rs"]
mod system;

pub(crate) use system::desktop_facts;

/// What the desktop offers. Absent is what is no question on this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DesktopFacts {
    /// Which display there is, or why none.
    pub(crate) display: Result<String, String>,
    /// Whether there is a session bus, or why not.
    pub(crate) session_bus: Option<Result<(), String>>,
    /// Whether there is a place for a tray icon.
    pub(crate) tray_host: Option<bool>,
    /// Who shows notifications, or why nobody does.
    pub(crate) notifications: Option<Result<NotificationServer, String>>,
    /// Whether assistive technology is on, or why it cannot be.
    pub(crate) accessibility: Option<Result<bool, String>>,
    /// How many font files there are.
    pub(crate) fonts: Option<usize>,
}

impl Default for DesktopFacts {
    fn default() -> Self {
        Self {
            display: Ok("the system's".into()),
            session_bus: None,
            tray_host: None,
            notifications: None,
            accessibility: None,
            fonts: None,
        }
    }
}

/// Who shows notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotificationServer {
    /// Its name.
    pub(crate) name: String,
    /// Whether it shows buttons.
    pub(crate) actions: bool,
}
