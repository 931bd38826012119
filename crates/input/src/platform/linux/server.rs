//! A connection to the X server, and the requests that more than one part makes.

use std::ops::Deref;

use display::{Connected, Display, Unusable};
use x11rb::{
    connection::{Connection as _, RequestConnection as _},
    errors::{ConnectionError, ReplyError, ReplyOrIdError},
    protocol::{
        Event,
        res::{self, ConnectionExt as _},
        xinput::{self, ConnectionExt as _, DeviceType},
        xkb::{self, ConnectionExt as _},
        xproto::{
            BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
            MOTION_NOTIFY_EVENT, Window,
        },
        xtest::{self, ConnectionExt as _},
    },
    rust_connection::RustConnection,
};

use super::keymap::Keymap;
use crate::{Error, Reason};

/// What marks the devices through which programs inject.
const XTEST_DEVICE: &str = "XTEST Device";
const ALL_DEVICES: u16 = 0;
/// The types of keys that every keyboard has.
const ONE_LEVEL: u8 = 0;
const ALPHABETIC: u8 = 2;

pub(super) struct Server {
    pub(super) connection: RustConnection,
    pub(super) root: Window,
    xtest_device: u32,
}

impl Server {
    /// Connects, and makes sure that all is there.
    pub(super) fn connect(display: &Display) -> Result<Self, Error> {
        let Connected { connection, root, .. } = display.connect()?;
        for extension in [
            xtest::X11_EXTENSION_NAME,
            xinput::X11_EXTENSION_NAME,
            xkb::X11_EXTENSION_NAME,
            res::X11_EXTENSION_NAME,
        ] {
            if connection.extension_information(extension)?.is_none() {
                return Err(Reason::Extension(extension).into());
            }
        }
        if !connection.xkb_use_extension(1, 0)?.reply()?.supported {
            return Err(Reason::Extension(xkb::X11_EXTENSION_NAME).into());
        }
        // From 2.1 on the server tells of the user's input even while a program has grabbed it.
        let version = connection.xinput_xi_query_version(2, 2)?.reply()?;
        if (version.major_version, version.minor_version) < (2, 1) {
            return Err(Reason::LocalInput.into());
        }
        let version = connection.res_query_version(1, 2)?.reply()?;
        if (version.server_major, version.server_minor) < (1, 2) {
            return Err(Reason::Owners.into());
        }
        let xtest_device = connection.intern_atom(false, XTEST_DEVICE.as_bytes())?.reply()?.atom;
        Ok(Self { connection, root, xtest_device })
    }

    /// Every device that sends events, and whether programs inject through it.
    fn devices(&self) -> Result<Vec<(xinput::XIDeviceInfo, bool)>, Error> {
        let mut devices = self.connection.xinput_xi_query_device(ALL_DEVICES)?.reply()?.infos;
        devices.retain(|device| {
            device.type_ != DeviceType::MASTER_POINTER && device.type_ != DeviceType::MASTER_KEYBOARD
        });
        let marked = devices.iter().map(|device| {
            self.connection.xinput_xi_get_property(device.deviceid, false, self.xtest_device, 0, 0, 1)
        });
        let marked: Vec<_> = marked.collect::<Result<_, _>>()?;
        let mut known = Vec::new();
        for (device, cookie) in devices.into_iter().zip(marked) {
            match cookie.reply() {
                Ok(property) => known.push((device, property.type_ != x11rb::NONE)),
                // Unplugged in between.
                Err(ReplyError::X11Error(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(known)
    }

    /// The devices through which programs inject.
    pub(super) fn injecting_devices(&self) -> Result<Vec<u16>, Error> {
        let devices = self.devices()?.into_iter().filter(|(_, injects)| *injects);
        Ok(devices.map(|(device, _)| device.deviceid).collect())
    }

    /// The keyboard that types what is injected: its layout is what counts, whatever the user's own keyboards have.
    pub(super) fn injecting_keyboard(&self) -> Result<u16, Error> {
        let pointer = self.connection.xinput_xi_get_client_pointer(x11rb::NONE)?.reply()?.deviceid;
        let pointer = self.connection.xinput_xi_query_device(pointer)?.reply()?;
        let keyboard = pointer.infos.first().map(|pointer| pointer.attachment);
        let injects = |(device, injects): &(xinput::XIDeviceInfo, bool)| {
            *injects && device.type_ == DeviceType::SLAVE_KEYBOARD && Some(device.attachment) == keyboard
        };
        let found = self.devices()?.into_iter().find(injects);
        Ok(found.ok_or(Reason::Extension(xtest::X11_EXTENSION_NAME))?.0.deviceid)
    }

    /// Whether the user holds a key or button.
    pub(super) fn user_holds_something(&self) -> Result<bool, Error> {
        let mut asked = Vec::new();
        for (device, injects) in self.devices()? {
            if let (false, Ok(id)) = (injects, u8::try_from(device.deviceid)) {
                asked.push(self.connection.xinput_query_device_state(id)?);
            }
        }
        let mut holds = false;
        for cookie in asked {
            match cookie.reply() {
                Ok(state) => holds |= state.classes.iter().any(|class| is_down(&class.data)),
                // Unplugged in between, or nothing that can be held.
                Err(ReplyError::X11Error(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(holds)
    }

    /// Asks to be told when the layout changes; [`is_layout`] knows the events.
    pub(super) fn watch_layout(&self, keyboard: u16) -> Result<(), Error> {
        let events = xkb::EventType::MAP_NOTIFY | xkb::EventType::NEW_KEYBOARD_NOTIFY;
        let (none, all) = (xkb::EventType::from(0u16), xkb::MapPart::from(0xff_u16));
        let no_details = xkb::SelectEventsAux::new();
        for device in [xkb::ID::USE_CORE_KBD.into(), keyboard] {
            self.connection.xkb_select_events(device, none, events, all, all, &no_details)?.check()?;
        }
        Ok(())
    }

    /// The layout.
    pub(super) fn keymap(&self, keyboard: u16) -> Result<Keymap, Error> {
        let parts = xkb::MapPart::KEY_TYPES | xkb::MapPart::KEY_SYMS | xkb::MapPart::MODIFIER_MAP;
        let (nothing, no_modifiers) = (xkb::MapPart::from(0u16), xkb::VMod::from(0u16));
        let asked = self.connection.xkb_get_map(
            keyboard,
            parts,
            nothing,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            no_modifiers,
            0,
            0,
            0,
            0,
            0,
            0,
        )?;
        Ok(Keymap::new(asked.reply()?))
    }

    /// Gives a key a small and a capital symbol, or takes from it what it has.
    ///
    /// It is made a letter's key, whatever it gives: Caps Lock counts for such a key alone, and not for what programs
    /// make of the symbol.
    pub(super) fn give(&self, code: u8, symbols: Option<[u32; 2]>) -> Result<(), Error> {
        let syms = symbols.map_or_else(Vec::new, Vec::from);
        let (count, has) = (syms.len() as u8, u8::from(symbols.is_some()));
        let kind = if symbols.is_some() { ALPHABETIC } else { ONE_LEVEL };
        let key = xkb::KeySymMap { kt_index: [kind; 4], group_info: has, width: count, syms };
        let values = xkb::SetMapAux::new().syms(vec![key]);
        let setup = self.connection.setup();
        let (core, no_flags) = (xkb::ID::USE_CORE_KBD.into(), xkb::SetMapFlags::from(0u16));
        let done = self.connection.xkb_set_map(
            core,
            no_flags,
            setup.min_keycode,
            setup.max_keycode,
            0,
            0,
            code,
            1,
            count.into(),
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            xkb::VMod::from(0u16),
            &values,
        )?;
        Ok(done.check()?)
    }

    /// The first symbol of a key.
    pub(super) fn first_symbol(&self, code: u8) -> Result<Option<u32>, Error> {
        Ok(self.connection.get_keyboard_mapping(code, 1)?.reply()?.keysyms.first().copied())
    }

    pub(super) fn key(&self, down: bool, code: u8) -> Result<(), Error> {
        self.fake(if down { KEY_PRESS_EVENT } else { KEY_RELEASE_EVENT }, code)
    }

    pub(super) fn button(&self, down: bool, button: u8) -> Result<(), Error> {
        self.fake(if down { BUTTON_PRESS_EVENT } else { BUTTON_RELEASE_EVENT }, button)
    }

    fn fake(&self, kind: u8, detail: u8) -> Result<(), Error> {
        self.connection.xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, x11rb::NONE, 0, 0, 0)?;
        Ok(())
    }

    pub(super) fn motion(&self, (x, y): (i16, i16)) -> Result<(), Error> {
        let now = x11rb::CURRENT_TIME;
        self.connection.xtest_fake_input(MOTION_NOTIFY_EVENT, 0, now, self.root, x, y, 0)?;
        Ok(())
    }

    pub(super) fn flush(&self) -> Result<(), Error> {
        Ok(self.connection.flush()?)
    }

    /// Keeps every other program from changing anything until the grab is dropped.
    pub(super) fn grab(&self) -> Result<Grab<'_>, Error> {
        self.connection.grab_server()?;
        Ok(Grab(self))
    }

    /// Cuts the connection: whoever waits at it returns, even where the server hangs.
    pub(super) fn cut(&self) {
        // It fails only where the server has cut it before.
        let _ = rustix::net::shutdown(self.connection.stream(), rustix::net::Shutdown::Both);
    }
}

/// The server, for nobody else.
pub(super) struct Grab<'a>(&'a Server);

impl Deref for Grab<'_> {
    type Target = Server;

    fn deref(&self) -> &Server {
        self.0
    }
}

impl Drop for Grab<'_> {
    fn drop(&mut self) {
        // A connection that is lost has lost its grab.
        let _ = self.0.connection.ungrab_server().map(|cookie| cookie.ignore_error());
        let _ = self.0.connection.flush();
    }
}

pub(super) fn is_layout(event: &Event) -> bool {
    matches!(event, Event::XkbMapNotify(_) | Event::XkbNewKeyboardNotify(_) | Event::MappingNotify(_))
}

fn is_down(state: &xinput::InputStateData) -> bool {
    let any = |bits: &[u8]| bits.iter().any(|bits| *bits != 0);
    match state {
        xinput::InputStateData::Key(keys) => any(&keys.keys),
        xinput::InputStateData::Button(buttons) => any(&buttons.buttons),
        _ => false,
    }
}

impl From<Unusable> for Error {
    fn from(error: Unusable) -> Self {
        match error {
            Unusable::Wayland => Reason::Wayland.into(),
            Unusable::NoDisplay => Reason::NoDisplay.into(),
            Unusable::Unreachable => Reason::Unreachable.into(),
            Unusable::Broken(error) => error.into(),
        }
    }
}

impl From<ConnectionError> for Error {
    fn from(error: ConnectionError) -> Self {
        Self::Lost(Box::new(error))
    }
}

impl From<ReplyError> for Error {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(_) => Self::Refused(Box::new(error)),
        }
    }
}

impl From<ReplyOrIdError> for Error {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::ConnectionError(error) => error.into(),
            ReplyOrIdError::IdsExhausted | ReplyOrIdError::X11Error(_) => Self::Refused(Box::new(error)),
        }
    }
}
