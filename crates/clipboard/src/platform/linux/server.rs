//! The connection to the X server, with a window of its own that selections come to.

use std::{
    os::fd::AsFd,
    time::{Duration, Instant},
};

use display::Connected;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use x11rb::{
    connection::{Connection as _, RequestConnection as _},
    errors::{ConnectionError, ReplyError, ReplyOrIdError},
    protocol::{
        Event,
        xfixes::{self, ConnectionExt as _, SelectionEventMask},
        xproto::*,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use crate::{Display, Error, Reason};

x11rb::atom_manager! {
    /// The names that are used.
    pub(crate) Atoms: AtomsCookie {
        CLIPBOARD,
        INCR,
        TARGETS,
        TIMESTAMP,
        UTF8_STRING,
        TEXT_PLAIN_UTF8: b"text/plain;charset=utf-8",
        // What password managers put beside what they copy; its value is "secret" with all that are known, and its
        // presence is enough here.
        SECRET: b"x-kde-passwordManagerHint",
        // Properties of the window.
        TRANSFER: b"ONDEMAND_AGENT_CLIPBOARD",
        CLOCK: b"ONDEMAND_AGENT_TIME",
    }
}

pub(crate) struct Server {
    pub(crate) connection: RustConnection,
    pub(crate) window: Window,
    pub(crate) atoms: Atoms,
}

impl Server {
    /// Connects, and has the X server tell of new owners from now on.
    pub(crate) fn connect(display: &Display) -> Result<Self, Error> {
        let Connected { connection, root, .. } = display.connect()?;
        if connection.extension_information(xfixes::X11_EXTENSION_NAME)?.is_none() {
            return Err(Reason::Extension("XFIXES").into());
        }
        connection.xfixes_query_version(5, 0)?.reply()?;
        let atoms = Atoms::new(&connection)?.reply()?;
        let window = connection.generate_id()?;
        let look = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        let class = WindowClass::INPUT_ONLY;
        connection.create_window(0, window, root, -1, -1, 1, 1, 0, class, 0, &look)?;
        let events = SelectionEventMask::SET_SELECTION_OWNER
            | SelectionEventMask::SELECTION_WINDOW_DESTROY
            | SelectionEventMask::SELECTION_CLIENT_CLOSE;
        connection.xfixes_select_selection_input(window, atoms.CLIPBOARD, events)?.check()?;
        Ok(Self { connection, window, atoms })
    }

    pub(crate) fn owner(&self) -> Result<Window, Error> {
        Ok(self.connection.get_selection_owner(self.atoms.CLIPBOARD)?.reply()?.owner)
    }

    /// Has everything happen that was asked for, and everything arrive that has happened.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        Ok(self.connection.sync()?)
    }

    /// The next event, if one comes by then; with a second stream it returns without one, too, when that has something to
    /// read.
    pub(crate) fn next(
        &self,
        until: Option<Instant>,
        beside: Option<impl AsFd>,
    ) -> Result<Option<Event>, Error> {
        loop {
            self.connection.flush()?;
            if let Some(event) = self.connection.poll_for_event()? {
                return Ok(Some(event));
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(None);
            }
            let readable = |stream| PollFd::from_borrowed_fd(stream, PollFlags::IN);
            let mut streams = vec![readable(self.connection.stream().as_fd())];
            streams.extend(beside.as_ref().map(|beside| readable(beside.as_fd())));
            let left = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut streams, left.as_ref()) {
                Ok(_) if streams.get(1).is_some_and(|beside| !beside.revents().is_empty()) => {
                    return Ok(None);
                }
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Error::Thread(error.into())),
            }
        }
    }
}

impl From<ConnectionError> for Error {
    fn from(_: ConnectionError) -> Self {
        Self::Lost
    }
}

impl From<ReplyError> for Error {
    fn from(_: ReplyError) -> Self {
        Self::Lost
    }
}

impl From<ReplyOrIdError> for Error {
    fn from(_: ReplyOrIdError) -> Self {
        Self::Lost
    }
}
