//! Tells of the user's own input.
//!
//! The server tells of every key, button and motion of a real device; whoever waits sleeps until then.

use std::sync::Arc;

use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        xinput::{ConnectionExt as _, EventMask as DeviceMask, XIEventMask},
        xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask},
    },
};

use super::server::Server;
use crate::{Error, platform::local::Action};

const ALL_DEVICES: u16 = 0;
const ALL_MASTERS: u16 = 1;

/// What there is to know.
pub(super) enum News {
    /// The user does something.
    Local(Action),
    /// Another window is active.
    Active,
}

/// Tells of the user's input, on a connection of its own.
pub(super) struct Watch {
    server: Arc<Server>,
    active_window: u32,
    /// The devices through which programs inject.
    injecting: Vec<u16>,
}

impl Watch {
    /// From here on nothing is missed. Cutting the connection ends it.
    pub(super) fn start(server: Arc<Server>) -> Result<Self, Error> {
        let raw = XIEventMask::RAW_KEY_PRESS
            | XIEventMask::RAW_KEY_RELEASE
            | XIEventMask::RAW_BUTTON_PRESS
            | XIEventMask::RAW_BUTTON_RELEASE
            | XIEventMask::RAW_MOTION
            | XIEventMask::RAW_TOUCH_BEGIN
            | XIEventMask::RAW_TOUCH_UPDATE
            | XIEventMask::RAW_TOUCH_END;
        let masks = [
            DeviceMask { deviceid: ALL_MASTERS, mask: vec![raw] },
            DeviceMask { deviceid: ALL_DEVICES, mask: vec![XIEventMask::HIERARCHY] },
        ];
        server.connection.xinput_xi_select_events(server.root, &masks)?.check()?;
        let mask = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        server.connection.change_window_attributes(server.root, &mask)?.check()?;
        let active_window = server.connection.intern_atom(false, b"_NET_ACTIVE_WINDOW")?.reply()?.atom;
        let injecting = server.injecting_devices()?;
        Ok(Self { server, active_window, injecting })
    }

    /// Sleeps until there is news; an error is the end.
    pub(super) fn wait(&mut self) -> Result<News, Error> {
        loop {
            match self.server.connection.wait_for_event()? {
                Event::XinputHierarchy(_) => self.injecting = self.server.injecting_devices()?,
                Event::PropertyNotify(event) if event.atom == self.active_window => return Ok(News::Active),
                event => {
                    if let Some((device, action)) = action(&event)
                        && !self.injecting.contains(&device)
                    {
                        return Ok(News::Local(action));
                    }
                }
            }
        }
    }
}

/// The device behind an event, and what was done with it.
fn action(event: &Event) -> Option<(u16, Action)> {
    Some(match event {
        Event::XinputRawKeyPress(event) | Event::XinputRawKeyRelease(event) => {
            (event.sourceid, Action::Press)
        }
        Event::XinputRawButtonPress(event) | Event::XinputRawButtonRelease(event) => {
            (event.sourceid, Action::Press)
        }
        Event::XinputRawMotion(event) => (event.sourceid, Action::Motion),
        Event::XinputRawTouchBegin(event)
        | Event::XinputRawTouchUpdate(event)
        | Event::XinputRawTouchEnd(event) => (event.sourceid, Action::Motion),
        _ => return None,
    })
}
