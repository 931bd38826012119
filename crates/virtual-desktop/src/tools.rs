//! The programs a desktop is made of, and the packages that bring them.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The Debian and Ubuntu packages behind a desktop with everything switched on.
pub const PACKAGES: &[&str] = &[
    "xvfb",
    "x11-xkb-utils",
    "xkb-data",
    "dbus-daemon",
    "at-spi2-core",
    "openbox",
    "xfwm4",
    "xfconf",
    "xfce4-panel",
    "xfce4-notifyd",
    "dunst",
    "xterm",
    "adwaita-icon-theme",
    "hicolor-icon-theme",
    "fonts-dejavu-core",
    "fonts-noto-core",
    "fonts-noto-cjk",
    "gvncviewer",
    "tigervnc-viewer",
    "xclip",
    "xsel",
];

/// A program of the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Xvfb,
    DbusDaemon,
    AtSpi,
    Openbox,
    Xfwm4,
    Xfconf,
    Panel,
    XfceNotifyd,
    Dunst,
}

impl Tool {
    /// The program's file name and the package it comes from.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Xvfb => ("Xvfb", "xvfb"),
            Self::DbusDaemon => ("dbus-daemon", "dbus-daemon"),
            Self::AtSpi => ("at-spi-bus-launcher", "at-spi2-core"),
            Self::Openbox => ("openbox", "openbox"),
            Self::Xfwm4 => ("xfwm4", "xfwm4"),
            Self::Xfconf => ("xfconfd", "xfconf"),
            Self::Panel => ("xfce4-panel", "xfce4-panel"),
            Self::XfceNotifyd => ("xfce4-notifyd", "xfce4-notifyd"),
            Self::Dunst => ("dunst", "dunst"),
        }
    }

    /// The file name, which also names the log.
    pub(crate) fn name(self) -> &'static str {
        self.names().0
    }

    /// Where the program is, if it is installed.
    ///
    /// Daemons that a bus normally starts are not in `PATH` but in a folder that depends on the processor.
    pub(crate) fn find(self) -> Option<PathBuf> {
        let library = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
        let hidden = [
            "/usr/bin".to_owned(),
            "/usr/libexec".to_owned(),
            "/usr/lib/at-spi2-core".to_owned(),
            format!("{library}/xfce4/xfconf"),
            format!("{library}/xfce4/notifyd"),
            "/usr/lib/xfce4/xfconf".to_owned(),
            "/usr/lib/xfce4/notifyd".to_owned(),
        ];
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .chain(hidden.iter().map(PathBuf::from))
            .map(|folder| folder.join(self.name()))
            .find(|file| is_program(file))
    }
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Says which of the tools are missing, all at once.
pub(crate) fn check(tools: &[Tool]) -> Result<()> {
    let missing: Vec<_> =
        tools.iter().filter(|tool| tool.find().is_none()).map(|tool| tool.names()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let join = |part: fn(&(&'static str, &'static str)) -> &'static str, by: &str| {
        missing.iter().map(part).collect::<Vec<_>>().join(by)
    };
    Err(Error::ToolsMissing { missing: join(|names| names.0, ", "), packages: join(|names| names.1, " ") })
}
