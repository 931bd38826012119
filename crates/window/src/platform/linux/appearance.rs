//! Light or dark, and how much movement, as the settings portal says, without ever waiting for it.

use super::Bus;
use crate::talk::Event;
use std::sync::mpsc::{Receiver, channel};
use tokio::sync::mpsc::UnboundedSender;
use zbus::{
    blocking::{Proxy, connection::Builder},
    zvariant::OwnedValue,
};

const NAMESPACE: &str = "org.freedesktop.appearance";
const COLOURS: &str = "color-scheme";
const REDUCED: &str = "reduced-motion";
/// Where one desktop says the latter, from before there was a common name for it.
const GNOME: &str = "org.gnome.desktop.interface";
const ANIMATIONS: &str = "enable-animations";

/// Asks the portal and follows its changes, in a thread of its own. The first answer comes over the returned channel.
pub(crate) fn follow(bus: &Bus, events: UnboundedSender<Event>) -> Receiver<bool> {
    let (first, answer) = channel();
    let bus = bus.address().and_then(|bus| bus.to_str()).map(str::to_owned);
    let follow = move || {
        // A desktop without a bus or portal is light.
        let tell = |fact: Event| {
            if let Event::Dark(dark) = fact {
                let _ = first.send(dark);
            }
            let _ = events.send(fact);
        };
        let _ = ask(bus, tell);
    };
    let _ = std::thread::Builder::new().name("appearance".into()).spawn(follow);
    answer
}

fn ask(bus: Option<String>, tell: impl Fn(Event)) -> zbus::Result<()> {
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
    for (namespace, key) in [(NAMESPACE, COLOURS), (GNOME, ANIMATIONS), (NAMESPACE, REDUCED)] {
        // Portals of before 2022 know only `Read`, which wraps its answer once more.
        let answer = match portal.call::<_, _, OwnedValue>("ReadOne", &(namespace, key)) {
            Ok(value) => Ok(value),
            Err(_) => portal.call::<_, _, OwnedValue>("Read", &(namespace, key)),
        };
        answer.ok().and_then(|value| fact(namespace, key, &value)).into_iter().for_each(&tell);
    }
    for change in changes {
        if let Ok((namespace, key, value)) = change.body().deserialize::<(String, String, OwnedValue)>() {
            fact(&namespace, &key, &value).into_iter().for_each(&tell);
        }
    }
    Ok(())
}

fn fact(namespace: &str, key: &str, value: &OwnedValue) -> Option<Event> {
    match (namespace, key) {
        (NAMESPACE, COLOURS) => Some(Event::Dark(is_dark(value))),
        (GNOME, ANIMATIONS) => Some(Event::LessMotion(value.downcast_ref::<bool>().is_ok_and(|on| !on))),
        (NAMESPACE, REDUCED) => {
            Some(Event::LessMotion(value.downcast_ref::<u32>().is_ok_and(|one| one == 1)))
        }
        _ => None,
    }
}

/// 1 means that the user prefers dark; 0 no preference, 2 light.
fn is_dark(value: &OwnedValue) -> bool {
    value.downcast_ref::<u32>().is_ok_and(|scheme| scheme == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zbus::zvariant::Value;

    #[test]
    fn every_way_to_ask_for_less_movement_is_understood() {
        let less = |namespace, key, value: Value<'_>| {
            let value = OwnedValue::try_from(value).unwrap();
            match fact(namespace, key, &value) {
                Some(Event::LessMotion(less)) => Some(less),
                _ => None,
            }
        };
        assert_eq!(less(NAMESPACE, REDUCED, Value::U32(1)), Some(true));
        assert_eq!(less(NAMESPACE, REDUCED, Value::U32(0)), Some(false));
        assert_eq!(less(GNOME, ANIMATIONS, Value::Bool(false)), Some(true));
        assert_eq!(less(GNOME, ANIMATIONS, Value::Bool(true)), Some(false));
        assert_eq!(less(GNOME, "cursor-size", Value::U32(1)), None);
    }
}
