//! Linux: everything is found over the session bus and in the environment.

use super::{DesktopFacts, NotificationServer};
use std::{
    fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};
use zbus::zvariant::OwnedValue;

/// How long any one program on the bus may take to answer.
const LIMIT: Duration = Duration::from_secs(5);
/// More files than these are not counted.
const ENOUGH_FONTS: usize = 1;

/// What this desktop offers.
pub(crate) async fn desktop_facts() -> DesktopFacts {
    let facts = DesktopFacts { display: display(), fonts: Some(fonts()), ..DesktopFacts::default() };
    let connecting = async { zbus::connection::Builder::session()?.build().await };
    let bus = match within(connecting).await {
        Ok(bus) => bus,
        Err(why) => {
            let without_bus = Some(Err("there is no session bus".into()));
            return DesktopFacts {
                session_bus: Some(Err(why)),
                tray_host: Some(false),
                notifications: Some(Err("there is no session bus".into())),
                accessibility: without_bus,
                ..facts
            };
        }
    };
    DesktopFacts {
        session_bus: Some(Ok(())),
        tray_host: Some(within(tray_host(&bus)).await.unwrap_or(false)),
        notifications: Some(within(notifications(&bus)).await),
        accessibility: Some(within(accessibility(&bus)).await),
        ..facts
    }
}

async fn within<T>(asking: impl Future<Output = zbus::Result<T>>) -> Result<T, String> {
    match tokio::time::timeout(LIMIT, asking).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} seconds", LIMIT.as_secs())),
    }
}

async fn tray_host(bus: &zbus::Connection) -> zbus::Result<bool> {
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    property(bus, WATCHER, "/StatusNotifierWatcher", WATCHER, "IsStatusNotifierHostRegistered").await
}

async fn notifications(bus: &zbus::Connection) -> zbus::Result<NotificationServer> {
    const NAME: &str = "org.freedesktop.Notifications";
    let call =
        |method| bus.call_method(Some(NAME), "/org/freedesktop/Notifications", Some(NAME), method, &());
    let answer = call("GetServerInformation").await?;
    let (name, _, version, _): (String, String, String, String) = answer.body().deserialize()?;
    let capabilities: Vec<String> = call("GetCapabilities").await?.body().deserialize()?;
    let actions = capabilities.iter().any(|capability| capability == "actions");
    Ok(NotificationServer { name: format!("{name} {version}"), actions })
}

async fn accessibility(bus: &zbus::Connection) -> zbus::Result<bool> {
    const BUS: &str = "org.a11y.Bus";
    bus.call_method(Some(BUS), "/org/a11y/bus", Some(BUS), "GetAddress", &()).await?;
    property(bus, BUS, "/org/a11y/bus", "org.a11y.Status", "IsEnabled").await
}

async fn property(
    bus: &zbus::Connection,
    name: &str,
    path: &str,
    interface: &str,
    property: &str,
) -> zbus::Result<bool> {
    let properties = Some("org.freedesktop.DBus.Properties");
    let answer = bus.call_method(Some(name), path, properties, "Get", &(interface, property)).await?;
    let value: OwnedValue = answer.body().deserialize()?;
    Ok(bool::try_from(&value)?)
}

/// Whether somebody listens where the environment says that a display is.
fn display() -> Result<String, String> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(wayland) = variable("WAYLAND_DISPLAY") {
        let folder = variable("XDG_RUNTIME_DIR").unwrap_or_default();
        // A whole path stays as it is.
        let socket = Path::new(&folder).join(&wayland);
        if UnixStream::connect(socket).is_ok() {
            return Ok(format!("Wayland, {wayland}"));
        }
    }
    let Some(display) = variable("DISPLAY") else {
        return Err("neither DISPLAY nor WAYLAND_DISPLAY leads to one".into());
    };
    let Some((host, number)) = display.rsplit_once(':') else {
        return Err(format!("DISPLAY is {display}, which is no display"));
    };
    let number = number.split('.').next().unwrap_or_default();
    if !host.is_empty() && host != "unix" {
        return Ok(format!("X11 on another computer, {display}"));
    }
    match UnixStream::connect(format!("/tmp/.X11-unix/X{number}")) {
        Ok(_) => Ok(format!("X11, {display}")),
        Err(error) => Err(format!("nobody answers at DISPLAY {display}: {error}")),
    }
}

/// How many font files there are where desktops keep them; counting ends early.
fn fonts() -> usize {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let data = std::env::var_os("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from);
    let folders =
        ["/usr/share/fonts".into(), "/usr/local/share/fonts".into(), data.join("fonts"), home.join(".fonts")];
    folders.into_iter().map(|folder| count_fonts(&folder, 4)).sum()
}

fn count_fonts(folder: &Path, depth: usize) -> usize {
    let mut found = 0;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_font =
            |extension: &std::ffi::OsStr| ["ttf", "otf", "ttc"].iter().any(|known| extension == *known);
        if path.extension().is_some_and(is_font) {
            found += 1;
        } else if depth > 0 && path.is_dir() {
            found += count_fonts(&path, depth - 1);
        }
        if found >= ENOUGH_FONTS {
            break;
        }
    }
    found
}
