//! Windows: the desktop is duplicated monitor by monitor (DXGI), which tells what has changed.

mod border;
mod capture;
mod outputs;
mod source;

pub(crate) use border::Border;
pub(crate) use capture::Capture;

use crate::{Error, Monitor, Reason};

/// The desktop of this process's session: Windows has one, and names it nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Display(());

impl Display {
    /// The display of this process.
    pub fn current() -> Self {
        Self(())
    }

    /// As [`current`](Self::current): no environment variable names a display here.
    pub fn from_variables(_variable: impl Fn(&str) -> Option<String>) -> Self {
        Self(())
    }
}

pub(crate) fn monitors(_display: &Display) -> Result<Vec<Monitor>, Error> {
    let monitors: Vec<_> = outputs::list()?.into_iter().map(|output| output.monitor).collect();
    if monitors.is_empty() { Err(Reason::NoDisplay.into()) } else { Ok(monitors) }
}

impl From<windows::core::Error> for Error {
    fn from(error: windows::core::Error) -> Self {
        Self::Refused(Box::new(error))
    }
}
