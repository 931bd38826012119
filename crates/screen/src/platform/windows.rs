//! Windows: the desktop is duplicated monitor by monitor (DXGI), which tells what has changed; a monitor that cannot be
//! duplicated is copied (GDI) and compared.

mod border;
mod capture;
mod copied;
mod cursor;
mod duplicated;
mod outputs;

pub(crate) use border::Border;
pub(crate) use capture::Capture;

use crate::{Display, Error, Monitor, Reason};

pub(crate) fn monitors(_display: &Display) -> Result<Vec<Monitor>, Error> {
    let monitors: Vec<_> = outputs::list()?.into_iter().map(|output| output.monitor).collect();
    if monitors.is_empty() { Err(Reason::NoDisplay.into()) } else { Ok(monitors) }
}

impl From<windows::core::Error> for Error {
    fn from(error: windows::core::Error) -> Self {
        Self::Refused(Box::new(error))
    }
}
