//! Linux: the X server's selection CLIPBOARD. The X server keeps no text: the program in which something was copied gives it
//! to whoever asks, for as long as it runs.
//!
//! Under Wayland a program without a window in front gets nothing, and the X server beside it is not the clipboard.

mod lineage;
mod server;
mod worker;

use std::{io::Write as _, os::unix::net::UnixStream, sync::mpsc::sync_channel, thread};

use display::Unusable;

use self::{server::Server, worker::Worker};
use crate::{
    Display, Error, Reason,
    front::{Front, MOST_WAITING},
};

pub(crate) fn open(display: &Display) -> Result<Front, Error> {
    let server = Server::connect(display)?;
    let (commands, told) = sync_channel(MOST_WAITING);
    let (wake, woken) = UnixStream::pair()?;
    // Neither a wake-up that is still to be seen nor one that nobody waits for may stop anybody.
    wake.set_nonblocking(true)?;
    woken.set_nonblocking(true)?;
    let mut worker = Worker::new(server, told, woken)?;
    thread::Builder::new().name("clipboard".into()).spawn(move || worker.run())?;
    Ok(Front::new(commands, move || drop((&wake).write(&[0]))))
}

impl From<Unusable> for Error {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Wayland => Reason::Wayland.into(),
            Unusable::NoDisplay => Reason::NoDisplay.into(),
            Unusable::Unreachable => Reason::Unreachable.into(),
            Unusable::Broken(_) => Self::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wayland_session_is_unsupported_even_with_an_x_server_beside_it() {
        let variables = [("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")];
        let display = Display::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        assert!(matches!(open(&display), Err(Error::Unsupported { reason: Reason::Wayland })));
    }
}
