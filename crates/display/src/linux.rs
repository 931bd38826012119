//! Linux: the X server. Under Wayland there is nothing to be had without the desktop portal, which is not spoken here.

use x11rb::{
    connection::RequestConnection as _,
    errors::ReplyError,
    protocol::{
        randr::{self, ConnectionExt as _},
        xproto::{ConnectionExt as _, Window},
    },
    rust_connection::RustConnection,
};

/// Xwayland's own extension since version 23.1; before, its outputs were called so and numbered.
const XWAYLAND: &str = "XWAYLAND";

/// The display of a session, by the variables that name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Display {
    name: Option<String>,
    is_wayland: bool,
}

/// A connection to the X server of a display.
pub struct Connected {
    /// The connection.
    pub connection: RustConnection,
    /// Which of the server's screens.
    pub screen: usize,
    /// That screen's root window.
    pub root: Window,
}

/// Why a display cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A compositor is in charge; what an X server beside it shows is not the desktop.
    #[error("the desktop runs on Wayland")]
    Wayland,
    /// No display is named.
    #[error("there is no display")]
    NoDisplay,
    /// A display is named, and does not let this program in.
    #[error("the display cannot be reached")]
    Unreachable,
    /// It let this program in and then did not answer as it should.
    #[error("the display does not answer")]
    Broken(#[from] ReplyError),
}

impl Display {
    /// The display of this process.
    pub fn current() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// The display that these environment variables name.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            name: set("DISPLAY"),
            is_wayland: set("WAYLAND_DISPLAY").is_some()
                || set("XDG_SESSION_TYPE").is_some_and(|kind| kind == "wayland"),
        }
    }

    /// Connects, and makes sure that it is not the X server beside a Wayland desktop.
    ///
    /// # Errors
    ///
    /// Where it is, or there is none, or none that answers.
    pub fn connect(&self) -> Result<Connected, Unusable> {
        if self.is_wayland {
            return Err(Unusable::Wayland);
        }
        let name = self.name.as_deref().ok_or(Unusable::NoDisplay)?;
        let (connection, screen) = x11rb::connect(Some(name)).map_err(|_| Unusable::Unreachable)?;
        let setup = x11rb::connection::Connection::setup(&connection);
        let root = setup.roots.get(screen).ok_or(Unusable::Unreachable)?.root;
        if is_xwayland(&connection, root)? {
            return Err(Unusable::Wayland);
        }
        Ok(Connected { connection, screen, root })
    }
}

fn is_xwayland(connection: &RustConnection, root: Window) -> Result<bool, ReplyError> {
    if connection.query_extension(XWAYLAND.as_bytes())?.reply()?.present {
        return Ok(true);
    }
    if connection.extension_information(randr::X11_EXTENSION_NAME)?.is_some() {
        let version = connection.randr_query_version(1, 5)?.reply()?;
        if (version.major_version, version.minor_version) >= (1, 5) {
            for monitor in connection.randr_get_monitors(root, true)?.reply()?.monitors {
                if connection.get_atom_name(monitor.name)?.reply()?.name.starts_with(XWAYLAND.as_bytes()) {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unusable(variables: &[(&str, &str)]) -> Unusable {
        let display = Display::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        display.connect().err().unwrap()
    }

    #[test]
    fn a_wayland_session_is_one_even_with_an_x_server_beside_it() {
        for variables in [
            [("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "wayland")],
            [("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")],
        ] {
            assert!(matches!(unusable(&variables), Unusable::Wayland));
        }
    }

    #[test]
    fn a_display_that_is_not_named_or_not_there_is_none() {
        assert!(matches!(unusable(&[]), Unusable::NoDisplay));
        let empty = [("DISPLAY", ""), ("XDG_SESSION_TYPE", "tty")];
        assert!(matches!(unusable(&empty), Unusable::NoDisplay));
        for name in ["nonsense", "unix/nowhere:65000"] {
            assert!(matches!(unusable(&[("DISPLAY", name)]), Unusable::Unreachable));
        }
    }
}
