//! What the desktop offers.

use super::{Check, Finding};
use crate::platform::{DesktopFacts, NotificationServer};

pub(super) fn findings(facts: &DesktopFacts) -> Vec<Finding> {
    let DesktopFacts { display, session_bus, tray_host, notifications, accessibility, fonts } = facts;
    let mut findings = vec![match display {
        Ok(display) => Finding::fine(Check::Display, format!("There is a display: {display}.")),
        Err(why) => Finding::error(
            Check::Display,
            format!("There is no display: {why}. Every request is answered \"no display\"."),
            "Run the agent inside the user's desktop session.",
        ),
    }];
    if let Some(bus) = session_bus {
        findings.push(match bus {
            Ok(()) => Finding::fine(Check::SessionBus, "There is a session bus."),
            Err(why) => Finding::warning(
                Check::SessionBus,
                format!("There is no session bus: {why}. Tray icon, notifications, screen lock and sleep are out of reach."),
                "Start the agent from the desktop, or set DBUS_SESSION_BUS_ADDRESS.",
            ),
        });
    }
    if let Some(there) = tray_host {
        findings.push(if *there {
            Finding::fine(Check::TrayHost, "The desktop has a place for a tray icon.")
        } else {
            Finding::warning(
                Check::TrayHost,
                "The desktop has no place for a tray icon. Window and session bar take over what it would show.",
                "Nothing has to be done; a panel or extension for status icons (StatusNotifierItem) brings one.",
            )
        });
    }
    if let Some(server) = notifications {
        findings.push(notification_finding(server));
    }
    if let Some(bus) = accessibility {
        findings.push(match bus {
            Ok(true) => {
                Finding::fine(Check::Accessibility, "Assistive technology is on and can read the windows.")
            }
            Ok(false) => Finding::fine(
                Check::Accessibility,
                "Assistive technology can read the windows once it is on.",
            ),
            Err(why) => Finding::warning(
                Check::Accessibility,
                format!("There is no accessibility bus: {why}. Screen readers cannot read the windows."),
                "Install at-spi2-core.",
            ),
        });
    }
    if let Some(files) = fonts {
        findings.push(if *files > 0 {
            Finding::fine(Check::Fonts, "There are fonts beside the bundled ones.")
        } else {
            Finding::warning(
                Check::Fonts,
                "There are no fonts beside the bundled ones: names in other scripts are drawn as boxes.",
                "Install fonts for the scripts that people here write, such as Noto.",
            )
        });
    }
    findings
}

fn notification_finding(server: &Result<NotificationServer, String>) -> Finding {
    match server {
        Ok(NotificationServer { name, actions: true }) => {
            Finding::fine(Check::Notifications, format!("Notifications are shown by {name}, with buttons."))
        }
        Ok(NotificationServer { name, actions: false }) => Finding::note(
            Check::Notifications,
            format!("Notifications are shown by {name}, without buttons."),
        ),
        Err(why) => Finding::warning(
            Check::Notifications,
            format!("Nobody shows notifications: {why}. The popup and the window appear all the same."),
            "Install a notification daemon.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;

    #[test]
    fn what_a_desktop_lacks_is_told_with_what_to_do() {
        let nothing = DesktopFacts {
            display: Err("DISPLAY is not set".into()),
            session_bus: Some(Err("no address".into())),
            tray_host: Some(false),
            notifications: Some(Err("no such name".into())),
            accessibility: Some(Err("no such name".into())),
            fonts: Some(0),
        };
        let findings = findings(&nothing);
        assert_eq!(findings.len(), 6);
        assert!(
            findings.iter().all(|finding| finding.severity >= Severity::Warning && finding.to_do.is_some())
        );
    }

    #[test]
    fn a_system_without_such_parts_is_not_asked_for_them() {
        let other = DesktopFacts { display: Ok("the system's".into()), ..DesktopFacts::default() };
        assert_eq!(findings(&other).len(), 1);
    }
}
