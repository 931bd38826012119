//! Light or dark, as the settings portal says, without ever waiting for it.

use super::Bus;
use crate::talk::Event;
use std::sync::mpsc::{Receiver, channel};
use tokio::sync::mpsc::UnboundedSender;
use zbus::{
    blocking::{Proxy, connection::Builder},
    zvariant::OwnedValue,
};

const NAMESPACE: &str = "org.freedesktop.appearance";
const KEY: &str = "color-scheme";

/// Asks the portal and follows its changes, in a thread of its own. The first answer comes over the returned channel.
pub(crate) fn follow(bus: &Bus, events: UnboundedSender<Event>) -> Receiver<bool> {
    let (first, answer) = channel();
    let bus = bus.0.as_ref().and_then(|bus| bus.to_str()).map(str::to_owned);
    let follow = move || {
        // A desktop without a bus or portal is light.
        let _ = ask(bus, |dark| {
            let _ = first.send(dark);
            let _ = events.send(Event::Dark(dark));
        });
    };
    let _ = std::thread::Builder::new().name("appearance".into()).spawn(follow);
    answer
}

fn ask(bus: Option<String>, tell: impl Fn(bool)) -> zbus::Result<()> {
    let builder = match &bus {
        Some(address) => Builder::address(address.as_str())?,
        None => {
            let Some(folder) = std::env::var_os("XDG_RUNTIME_DIR") else {
                return Ok(());
            };
            Builder::address(format!("unix:path={}/bus", folder.display()).as_str())?
        }
    };
    let connection = builder.build()?;
    let portal = Proxy::new(
        &connection,
        "org.freedesktop.portal.Desktop",
        "/org/freedesktop/portal/desktop",
        "org.freedesktop.portal.Settings",
    )?;
    let changes = portal.receive_signal("SettingChanged")?;
    // Portals of before 2022 know only `Read`, which wraps its answer once more.
    let answer = match portal.call::<_, _, OwnedValue>("ReadOne", &(NAMESPACE, KEY)) {
        Ok(value) => Ok(value),
        Err(_) => portal.call::<_, _, OwnedValue>("Read", &(NAMESPACE, KEY)),
    };
    if let Ok(value) = answer {
        tell(is_dark(&value));
    }
    for change in changes {
        if let Ok((namespace, key, value)) = change.body().deserialize::<(String, String, OwnedValue)>()
            && namespace == NAMESPACE
            && key == KEY
        {
            tell(is_dark(&value));
        }
    }
    Ok(())
}

/// 1 means that the user prefers dark; 0 no preference, 2 light.
fn is_dark(value: &OwnedValue) -> bool {
    value.downcast_ref::<u32>().is_ok_and(|scheme| scheme == 1)
}
