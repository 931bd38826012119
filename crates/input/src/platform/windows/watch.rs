//! Tells of the user's own input: all raw input that does not carry the mark of what is injected here.

use std::{sync::mpsc, thread::JoinHandle};

use windows::{
    Win32::{
        Foundation::{LPARAM, WPARAM},
        System::Threading::GetCurrentThreadId,
        UI::{
            Input::{
                GetRawInputData, HRAWINPUT, KeyboardAndMouse::GetAsyncKeyState, MOUSE_MOVE_ABSOLUTE,
                RAWINPUT, RAWINPUTDEVICE, RAWINPUTHEADER, RID_INPUT, RIDEV_INPUTSINK, RIM_TYPEMOUSE,
                RegisterRawInputDevices,
            },
            WindowsAndMessaging::{
                CreateWindowExW, DispatchMessageW, GetMessageW, GetSystemMetrics, HWND_MESSAGE, MSG,
                PostThreadMessageW, SM_REMOTESESSION, WINDOW_EX_STYLE, WINDOW_STYLE, WM_INPUT, WM_QUIT,
            },
        },
    },
    core::w,
};

use super::{events::MARK, keys::Key};
use crate::{Error, Reason, platform::local::Action};

/// Mouse and keyboard among the devices that people sit at.
const GENERIC_DESKTOP: u16 = 1;
const MOUSE: u16 = 2;
const KEYBOARD: u16 = 6;
/// Keys without a side, which are down when one of either side is, and the one that stands for characters.
const NO_KEYS: [u16; 4] = [0x10, 0x11, 0x12, 0xe7];

/// A thread that sleeps until the user does something.
pub(super) struct Watch {
    thread: u32,
    handle: Option<JoinHandle<()>>,
}

impl Watch {
    /// `note` is called on that thread, and `end` when nothing is noticed any more.
    pub(super) fn start(
        note: impl Fn(Action) + Send + 'static,
        end: impl FnOnce() + Send + 'static,
    ) -> Result<Self, Error> {
        // SAFETY: the function takes a number.
        if unsafe { GetSystemMetrics(SM_REMOTESESSION) } != 0 {
            // The user's input comes over the network then, and has no device either.
            return Err(Reason::LocalInput.into());
        }
        let (tell, told) = mpsc::channel();
        let run = move || {
            let listening = listen();
            let listens = listening.is_ok();
            if tell.send(listening).is_ok() && listens {
                keep(&note);
            }
            end();
        };
        let handle =
            std::thread::Builder::new().name("local input".into()).spawn(run).map_err(Error::Thread)?;
        let thread = told.recv().map_err(|error| Error::Lost(Box::new(error)))??;
        Ok(Self { thread, handle: Some(handle) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // SAFETY: the message carries no pointer. It fails only where the thread has ended already.
        let _ = unsafe { PostThreadMessageW(self.thread, WM_QUIT, WPARAM(0), LPARAM(0)) };
        if let Some(handle) = self.handle.take() {
            // A panic has been reported by the thread itself.
            let _ = handle.join();
        }
    }
}

/// Opens a window that is never shown, to which the system sends what devices do. It goes with its thread.
fn listen() -> Result<u32, Error> {
    // SAFETY: the class is one of the system's own, and the structures have their sizes.
    unsafe {
        let (look, style) = (WINDOW_EX_STYLE(0), WINDOW_STYLE(0));
        let window = CreateWindowExW(
            look,
            w!("STATIC"),
            None,
            style,
            0,
            0,
            0,
            0,
            Some(HWND_MESSAGE),
            None,
            None,
            None,
        )?;
        let devices = [MOUSE, KEYBOARD].map(|usage| RAWINPUTDEVICE {
            usUsagePage: GENERIC_DESKTOP,
            usUsage: usage,
            dwFlags: RIDEV_INPUTSINK,
            hwndTarget: window,
        });
        RegisterRawInputDevices(&devices, size_of::<RAWINPUTDEVICE>() as u32)?;
        Ok(GetCurrentThreadId())
    }
}

fn keep(note: &impl Fn(Action)) {
    let mut message = MSG::default();
    let mut marks = Marks::default();
    // SAFETY: the structure outlives the calls, and messages go to the window of this thread.
    while unsafe { GetMessageW(&mut message, None, 0, 0) }.0 > 0 {
        if message.message == WM_INPUT
            && let Some(action) = marks.action(HRAWINPUT(message.lParam.0 as _))
        {
            note(action);
        }
        // SAFETY: as above; the system frees what it has told of.
        unsafe { DispatchMessageW(&message) };
    }
}

/// Which kinds of input have come back with the mark.
///
/// Neither what is injected nor a precision touchpad names a device. So input without one is the user's only where what
/// is injected is known to come back marked.
#[derive(Default)]
struct Marks {
    mouse: bool,
    keyboard: bool,
}

impl Marks {
    /// What the user did; `None` where it was not the user.
    fn action(&mut self, input: HRAWINPUT) -> Option<Action> {
        let mut event = RAWINPUT::default();
        let mut size = size_of::<RAWINPUT>() as u32;
        let to = (&raw mut event).cast();
        let head = size_of::<RAWINPUTHEADER>();
        // SAFETY: mouse and keyboard fit into the structure, whose size is told; anything longer is refused.
        let got = unsafe { GetRawInputData(input, RID_INPUT, Some(to), &mut size, head as u32) };
        if got == u32::MAX || (got as usize) < head {
            return None;
        }
        let is_mouse = event.header.dwType == RIM_TYPEMOUSE.0;
        // SAFETY: the header says which of them it is; only these two were asked for, and all bits of both mean something.
        let (mouse, keyboard) = unsafe { (event.data.mouse, event.data.keyboard) };
        let (mark, told) = if is_mouse {
            (mouse.ulExtraInformation, &mut self.mouse)
        } else {
            (keyboard.ExtraInformation, &mut self.keyboard)
        };
        if mark == MARK {
            *told = true;
            return None;
        }
        if event.header.hDevice.is_invalid() && !*told {
            return None;
        }
        // SAFETY: as above.
        let buttons = unsafe { mouse.Anonymous.Anonymous.usButtonFlags };
        if !is_mouse || buttons != 0 {
            return Some(Action::Press);
        }
        // Where a program has moved the pointer, Wine reports a device that moved by nothing.
        let is_relative = mouse.usFlags.0 & MOUSE_MOVE_ABSOLUTE.0 == 0;
        let moved = !is_relative || (mouse.lLastX, mouse.lLastY) != (0, 0);
        moved.then_some(Action::Motion)
    }
}

/// Whether a key or button is down that the operator does not hold.
pub(super) fn user_holds_something(held: &[Key], buttons: &[u8]) -> bool {
    // By the system's numbers: left, right, middle and the two at the side.
    let mouse = [(1, 1), (2, 3), (4, 2), (5, 8), (6, 9)];
    let own_button = |code| mouse.iter().any(|(key, button)| *key == code && buttons.contains(button));
    (1..=0xfe_u16).any(|code| {
        // SAFETY: the function takes a number.
        let down = unsafe { GetAsyncKeyState(code.into()) } < 0;
        down && !NO_KEYS.contains(&code) && !held.contains(&Key::Virtual(code)) && !own_button(code)
    })
}
