//! What is sent: one call, one sequence that no other input comes into.

use windows::Win32::UI::{
    Input::KeyboardAndMouse::{
        INPUT, INPUT_0, INPUT_KEYBOARD, INPUT_MOUSE, KEYBD_EVENT_FLAGS, KEYBDINPUT, KEYEVENTF_EXTENDEDKEY,
        KEYEVENTF_KEYUP, KEYEVENTF_UNICODE, MAPVK_VK_TO_VSC, MOUSE_EVENT_FLAGS, MOUSEEVENTF_ABSOLUTE,
        MOUSEEVENTF_HWHEEL, MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP, MOUSEEVENTF_MIDDLEDOWN,
        MOUSEEVENTF_MIDDLEUP, MOUSEEVENTF_MOVE, MOUSEEVENTF_RIGHTDOWN, MOUSEEVENTF_RIGHTUP,
        MOUSEEVENTF_VIRTUALDESK, MOUSEEVENTF_WHEEL, MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP, MOUSEINPUT,
        MapVirtualKeyExW, SendInput, VIRTUAL_KEY,
    },
    WindowsAndMessaging::{
        GetSystemMetrics, SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN, SM_SWAPBUTTON, SM_XVIRTUALSCREEN,
        SM_YVIRTUALSCREEN, WHEEL_DELTA, XBUTTON1, XBUTTON2,
    },
};

use super::{in_real_pixels, keys::Key};
use crate::Error;

/// Goes with everything that is injected here, and comes back with it to who watches.
pub(super) const MARK: u32 = 0x6f64_6167;

/// What the system makes of 65536 steps across the whole desktop.
const STEPS: i32 = 0xffff;

/// A sequence, in the making.
#[derive(Default)]
pub(super) struct Events(Vec<INPUT>);

/// Left, top, width and height of the whole desktop in pixels; never empty.
fn desktop() -> [i32; 4] {
    let metrics = [SM_XVIRTUALSCREEN, SM_YVIRTUALSCREEN, SM_CXVIRTUALSCREEN, SM_CYVIRTUALSCREEN];
    // SAFETY: the function takes a number.
    let [left, top, width, height] =
        in_real_pixels(|| metrics.map(|metric| unsafe { GetSystemMetrics(metric) }));
    [left, top, width.max(2), height.max(2)]
}

/// The place in the system's coordinates.
pub(super) fn on_desktop((x, y): (u16, u16)) -> (i32, i32) {
    let [left, top, width, height] = desktop();
    (left + i32::from(x).min(width - 1), top + i32::from(y).min(height - 1))
}

/// Which button does what, from the first one on: a left-handed user's are swapped.
pub(super) fn button_mapping() -> [u8; 9] {
    // SAFETY: the function takes a number.
    let swapped = unsafe { GetSystemMetrics(SM_SWAPBUTTON) } != 0;
    let [left, right] = if swapped { [3, 1] } else { [1, 3] };
    [left, 2, right, 4, 5, 6, 7, 8, 9]
}

impl Events {
    pub(super) fn motion(&mut self, (x, y): (u16, u16)) {
        let [_, _, width, height] = desktop();
        let step = |at: u16, size: i32| {
            let at = i64::from(at).min(i64::from(size) - 1);
            ((at * i64::from(STEPS) + i64::from(size) / 2) / (i64::from(size) - 1)) as i32
        };
        let flags = MOUSEEVENTF_MOVE | MOUSEEVENTF_ABSOLUTE | MOUSEEVENTF_VIRTUALDESK;
        self.mouse(flags, step(x, width), step(y, height), 0);
    }

    /// A button as X11 numbers them; a wheel has no release.
    pub(super) fn button(&mut self, down: bool, button: u8) {
        let either = |pressed, released| if down { pressed } else { released };
        let notch = WHEEL_DELTA as i32;
        let (flags, data) = match button {
            1 => (either(MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP), 0),
            2 => (either(MOUSEEVENTF_MIDDLEDOWN, MOUSEEVENTF_MIDDLEUP), 0),
            3 => (either(MOUSEEVENTF_RIGHTDOWN, MOUSEEVENTF_RIGHTUP), 0),
            4 if down => (MOUSEEVENTF_WHEEL, notch),
            5 if down => (MOUSEEVENTF_WHEEL, -notch),
            6 if down => (MOUSEEVENTF_HWHEEL, -notch),
            7 if down => (MOUSEEVENTF_HWHEEL, notch),
            8 => (either(MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP), i32::from(XBUTTON1)),
            9 => (either(MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP), i32::from(XBUTTON2)),
            _ => return,
        };
        self.mouse(flags, 0, 0, data);
    }

    fn mouse(&mut self, flags: MOUSE_EVENT_FLAGS, x: i32, y: i32, data: i32) {
        let mouse = MOUSEINPUT {
            dx: x,
            dy: y,
            mouseData: data as u32,
            dwFlags: flags,
            time: 0,
            dwExtraInfo: MARK as usize,
        };
        self.0.push(INPUT { r#type: INPUT_MOUSE, Anonymous: INPUT_0 { mi: mouse } });
    }

    pub(super) fn key(&mut self, down: bool, key: Key) {
        let up = if down { KEYBD_EVENT_FLAGS(0) } else { KEYEVENTF_KEYUP };
        match key {
            Key::Virtual(code) => {
                let extended = Key::is_extended(code);
                let flags = if extended { up | KEYEVENTF_EXTENDEDKEY } else { up };
                // SAFETY: the function takes numbers.
                let scan = unsafe { MapVirtualKeyExW(code.into(), MAPVK_VK_TO_VSC, None) };
                self.keyboard(VIRTUAL_KEY(code), scan as u16, flags);
            }
            Key::Character(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    self.keyboard(VIRTUAL_KEY(0), *unit, up | KEYEVENTF_UNICODE);
                }
            }
        }
    }

    fn keyboard(&mut self, key: VIRTUAL_KEY, scan: u16, flags: KEYBD_EVENT_FLAGS) {
        let keyboard =
            KEYBDINPUT { wVk: key, wScan: scan, dwFlags: flags, time: 0, dwExtraInfo: MARK as usize };
        self.0.push(INPUT { r#type: INPUT_KEYBOARD, Anonymous: INPUT_0 { ki: keyboard } });
    }

    /// Sends it.
    pub(super) fn send(self) -> Result<(), Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        // SAFETY: the events are complete, and the size is that of one.
        let sent = unsafe { SendInput(&self.0, size_of::<INPUT>() as i32) };
        if sent as usize == self.0.len() { Ok(()) } else { Err(windows::core::Error::from_thread().into()) }
    }
}
