//! Notifications: what programs asked to show, overheard on the bus, and the real one under the pointer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use zbus::blocking::{Connection, MessageIterator};
use zbus::message::Type;

use crate::desktop::connect;
use crate::{Desktop, Error, Result, wait_for};

/// The name and interface of every notification daemon.
pub(crate) const NAME: &str = "org.freedesktop.Notifications";

/// Why a notification was closed: because its program said so.
const TAKEN_OFF: u32 = 3;

/// A notification that a program asked to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The program's name for itself.
    pub app: String,
    /// The first line.
    pub summary: String,
    /// The text.
    pub body: String,
    /// Key and label of each action.
    pub actions: Vec<(String, String)>,
    /// The daemon's number for it; `None` until it answered.
    pub number: Option<u32>,
    /// Whether it is off the screen again: withdrawn, dismissed or run out.
    pub closed: bool,
    /// Whether its program itself took it off.
    pub withdrawn: bool,
    call: u32,
    sender: String,
}

/// Overhears the notifications of a desktop, from its making to its drop.
pub struct NotificationWatcher {
    connection: Connection,
    seen: Arc<Mutex<Vec<Notification>>>,
}

impl NotificationWatcher {
    fn start(address: &str) -> Result<Self> {
        let connection = connect(address)?;
        let rules = [
            format!("type='method_call',interface='{NAME}'"),
            format!("type='signal',interface='{NAME}'"),
            format!("type='method_return',sender='{NAME}'"),
        ];
        let messages = MessageIterator::from(&connection);
        connection.call_method(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            Some("org.freedesktop.DBus.Monitoring"),
            "BecomeMonitor",
            &(&rules[..], 0u32),
        )?;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&seen);
        std::thread::spawn(move || {
            for message in messages.flatten() {
                if let Ok(mut seen) = writer.lock() {
                    // What does not have the expected shape is no notification.
                    let _ = note(&message, &mut seen);
                }
            }
        });
        Ok(Self { connection, seen })
    }

    /// Everything shown so far, the oldest first.
    pub fn seen(&self) -> Vec<Notification> {
        self.seen.lock().map(|seen| seen.clone()).unwrap_or_default()
    }

    /// Waits for a notification that fits.
    pub fn wait_for(
        &self,
        what: &str,
        within: Duration,
        fits: impl Fn(&Notification) -> bool,
    ) -> Result<Notification> {
        wait_for(what, within, || self.seen().into_iter().find(|notification| fits(notification))).map_err(
            |error| match error {
                Error::Timeout { what, seconds, .. } => {
                    Error::Timeout { what, seconds, detail: format!("; there was {:?}", self.seen()) }
                }
                other => other,
            },
        )
    }
}

impl Drop for NotificationWatcher {
    fn drop(&mut self) {
        // Ends the thread as well; a bus that is gone has done so already.
        let _ = self.connection.clone().close();
    }
}

fn note(message: &zbus::Message, seen: &mut Vec<Notification>) -> Result<()> {
    type Hints = std::collections::HashMap<String, zbus::zvariant::OwnedValue>;
    type Notify = (String, u32, String, String, String, Vec<String>, Hints, i32);
    let (header, body) = (message.header(), message.body());
    match (message.message_type(), header.member().map(|member| member.as_str())) {
        (Type::MethodCall, Some("Notify")) => {
            let (app, replaces, _, summary, text, actions, _, _): Notify = body.deserialize()?;
            let pairs = actions.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
            seen.iter_mut().filter(|old| old.number == Some(replaces)).for_each(|old| old.closed = true);
            seen.push(Notification {
                app,
                summary,
                body: text,
                actions: pairs.collect(),
                number: None,
                closed: false,
                withdrawn: false,
                call: message.primary_header().serial_num().get(),
                sender: header.sender().map(ToString::to_string).unwrap_or_default(),
            });
        }
        (Type::MethodReturn, _) => {
            let (call, caller) = (header.reply_serial(), header.destination().map(ToString::to_string));
            let asked = seen.iter_mut().find(|notification| {
                Some(notification.call) == call.map(std::num::NonZero::get)
                    && Some(&notification.sender) == caller.as_ref()
            });
            if let Some(notification) = asked {
                notification.number = Some(body.deserialize()?);
            }
        }
        (Type::Signal, Some("NotificationClosed")) => {
            let (number, reason): (u32, u32) = body.deserialize()?;
            for old in seen.iter_mut().filter(|old| old.number == Some(number)) {
                (old.closed, old.withdrawn) = (true, reason == TAKEN_OFF);
            }
        }
        _ => {}
    }
    Ok(())
}

impl Desktop {
    /// Starts to overhear notifications.
    pub fn watch_notifications(&self) -> Result<NotificationWatcher> {
        NotificationWatcher::start(self.session_address())
    }

    /// Clicks the button with this label on a notification on screen, with the real pointer.
    ///
    /// Works with Xfce's daemon, whose notifications have buttons.
    pub fn click_notification(&self, label: &str, within: Duration) -> Result<()> {
        let button = wait_for(&format!("a notification with the button {label:?}"), within, || {
            let programs = self.accessibility().programs().ok()?;
            let daemon = programs
                .into_iter()
                .find(|program| program.name().is_ok_and(|name| name == "xfce4-notifyd"))?;
            daemon.find("button", label)
        })?;
        self.click(button.rect()?.centre())
    }
}
