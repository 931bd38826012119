//! The hands of whoever sits at the computer: events of the X server's own mouse and keyboard, and not of the test
//! extension's, through which remote control types and points as well.

use x11rb::connection::RequestConnection as _;
use x11rb::protocol::xinput::{self, ConnectionExt as _};
use x11rb::protocol::xtest::{ConnectionExt as _, FAKE_INPUT_REQUEST};

use crate::windows::Display;
use crate::{Desktop, Error, Point, Result};

/// Xvfb's own keyboard and mouse.
const MOUSE: &str = "Xvfb mouse";
const KEYBOARD: &str = "Xvfb keyboard";
/// Marks an event that is followed by the values of its axes.
const MORE_EVENTS: u8 = 0x80;

/// Mouse and keyboard of an Xvfb.
pub struct Hands(Display);

impl Hands {
    /// On the X server of this name, such as `:1`.
    pub fn on(display: &str) -> Result<Self> {
        Ok(Self(Display::open(display)?))
    }

    /// Moves the mouse, which takes the pointer there.
    pub fn move_mouse(&self, to: Point) -> Result<()> {
        let connection = &self.0.connection;
        let missing = || Error::NotThere("extension XTEST".to_owned());
        let xtest = connection.extension_information("XTEST")?.ok_or_else(missing)?;
        let (base, device) = (self.first_event()?, self.device(MOUSE)?);
        // The request with a device's axes, for which the library has no function.
        let mut request = [0; 68];
        (request[0], request[1], request[2]) = (xtest.major_opcode, FAKE_INPUT_REQUEST, 17);
        (request[4], request[35]) = (base + xinput::DEVICE_MOTION_NOTIFY_EVENT, device | MORE_EVENTS);
        (request[36], request[37], request[42]) = (base + xinput::DEVICE_VALUATOR_EVENT, device, 2);
        request[44..48].copy_from_slice(&to.x.to_ne_bytes());
        request[48..52].copy_from_slice(&to.y.to_ne_bytes());
        let request = [std::io::IoSlice::new(&request)];
        connection.send_request_without_reply(&request, Vec::new())?.check()?;
        Ok(())
    }

    /// Presses a button of the mouse, from 1, or lets it go.
    pub fn press_button(&self, down: bool, button: u8) -> Result<()> {
        let kind = if down { xinput::DEVICE_BUTTON_PRESS_EVENT } else { xinput::DEVICE_BUTTON_RELEASE_EVENT };
        self.press(kind, button, MOUSE)
    }

    /// Presses the key with this code, or lets it go.
    pub fn press_key(&self, down: bool, code: u8) -> Result<()> {
        let kind = if down { xinput::DEVICE_KEY_PRESS_EVENT } else { xinput::DEVICE_KEY_RELEASE_EVENT };
        self.press(kind, code, KEYBOARD)
    }

    fn press(&self, kind: u8, detail: u8, device: &str) -> Result<()> {
        let (kind, device) = (self.first_event()? + kind, self.device(device)?);
        let event = self.0.connection.xtest_fake_input(kind, detail, 0, self.0.root, 0, 0, device)?;
        event.check()?;
        Ok(())
    }

    fn first_event(&self) -> Result<u8> {
        let missing = || Error::NotThere("extension XInputExtension".to_owned());
        Ok(self.0.connection.extension_information("XInputExtension")?.ok_or_else(missing)?.first_event)
    }

    fn device(&self, name: &str) -> Result<u8> {
        let devices = self.0.connection.xinput_xi_query_device(0u16)?.reply()?.infos;
        let device = devices.iter().find(|known| known.name == name.as_bytes());
        let number = device.and_then(|device| u8::try_from(device.deviceid).ok());
        number.ok_or_else(|| Error::NotThere(format!("input device {name:?}")))
    }
}

impl Desktop {
    /// Mouse and keyboard of whoever sits at it.
    pub fn hands(&self) -> Result<Hands> {
        Ok(Hands(self.x.again()?))
    }
}
