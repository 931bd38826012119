//! The frame: four narrow windows a monitor, above all others, without input, and left out of every capture.

use std::{sync::mpsc, thread::Builder};

use windows::{
    Win32::{
        Foundation::{COLORREF, HWND, LPARAM, LRESULT, RECT, WPARAM},
        Graphics::Gdi::{CreateSolidBrush, DeleteObject},
        System::Threading::GetCurrentThreadId,
        UI::WindowsAndMessaging::{
            CreateWindowExW, DefWindowProcW, DestroyWindow, DispatchMessageW, GetMessageW, LWA_ALPHA, MSG,
            PostThreadMessageW, RegisterClassW, SW_SHOWNOACTIVATE, SetLayeredWindowAttributes,
            SetWindowDisplayAffinity, ShowWindow, UnregisterClassW, WDA_EXCLUDEFROMCAPTURE, WM_APP,
            WM_DISPLAYCHANGE, WM_QUIT, WNDCLASSW, WS_EX_LAYERED, WS_EX_NOACTIVATE, WS_EX_TOOLWINDOW,
            WS_EX_TOPMOST, WS_EX_TRANSPARENT, WS_POPUP,
        },
    },
    core::{HSTRING, PCWSTR},
};

use super::{Display, outputs};
use crate::{Area, Error};

/// Wide enough to be noticed, too narrow to hide what is being worked on.
const WIDTH: i32 = 4;
/// To the frame's own thread: the monitors are arranged anew.
const ARRANGED: u32 = WM_APP;

pub(crate) struct Border {
    /// The thread that the windows belong to; they go with it.
    thread: u32,
}

struct Frame {
    area: Area,
    class: HSTRING,
    /// Never shown: the one that hears of a new arrangement also while no monitor has a frame.
    listener: Option<HWND>,
    monitors: Vec<RECT>,
    strips: Vec<HWND>,
}

impl Border {
    pub(crate) fn show(_display: &Display, area: Area, colour: u32) -> Result<Self, Error> {
        let (tell, told) = mpsc::channel();
        let run = move || outputs::in_real_pixels(|| show(area, colour, &tell));
        Builder::new().name("border".into()).spawn(run).map_err(Error::Thread)?;
        let shown = told.recv().map_err(|error| Error::Lost(Box::new(error)))?;
        shown.map(|thread| Self { thread })
    }
}

impl Drop for Border {
    fn drop(&mut self) {
        // SAFETY: the message carries no pointer. It fails only where the thread has ended already.
        let _ = unsafe { PostThreadMessageW(self.thread, WM_QUIT, WPARAM(0), LPARAM(0)) };
    }
}

/// Shows the frame and says so, then keeps it until the thread is told to quit.
fn show(area: Area, colour: u32, tell: &mpsc::Sender<Result<u32, Error>>) {
    // SAFETY: the function has no arguments.
    let thread = unsafe { GetCurrentThreadId() };
    // A class of its own for each frame, since the colour belongs to the class.
    let class = HSTRING::from(format!("ondemand-agent border {thread}"));
    let [_, red, green, blue] = colour.to_be_bytes();
    // SAFETY: the call takes a number. The system's order of colours is the other way round.
    let brush = unsafe { CreateSolidBrush(COLORREF(u32::from_le_bytes([red, green, blue, 0]))) };
    let about = WNDCLASSW {
        lpfnWndProc: Some(handle),
        hbrBackground: brush,
        lpszClassName: PCWSTR(class.as_ptr()),
        ..WNDCLASSW::default()
    };
    // SAFETY: the class's name and brush live until it is unregistered below.
    unsafe { RegisterClassW(&about) };
    let mut frame = Frame { area, class, listener: None, monitors: Vec::new(), strips: Vec::new() };
    let shown = frame.start();
    let is_shown = shown.is_ok();
    // Whoever asked may have gone; then the frame goes too.
    if tell.send(shown.map(|()| thread)).is_ok() && is_shown {
        frame.keep();
    }
    frame.strips.extend(frame.listener);
    frame.close();
    // SAFETY: no window of the class is left, and the brush belongs to nobody else.
    unsafe {
        let _ = UnregisterClassW(&frame.class, None);
        let _ = DeleteObject(brush.into());
    }
}

impl Frame {
    fn start(&mut self) -> Result<(), Error> {
        self.listener = Some(self.open(RECT::default())?);
        self.follow()
    }

    /// Puts the strips where the monitors are at present.
    fn follow(&mut self) -> Result<(), Error> {
        let found = outputs::of(self.area);
        let monitors: Vec<_> = match &found {
            Ok((outputs, _)) => outputs.iter().map(|output| output.place).collect(),
            Err(_) => Vec::new(),
        };
        if monitors != self.monitors {
            self.close();
            for strip in monitors.iter().flat_map(|monitor| strips(*monitor)) {
                let window = self.open(strip)?;
                // SAFETY: the window belongs to this thread.
                let _ = unsafe { ShowWindow(window, SW_SHOWNOACTIVATE) };
                self.strips.push(window);
            }
            self.monitors = monitors;
        }
        found.map(drop)
    }

    /// Makes a window that is not shown yet.
    fn open(&self, strip: RECT) -> Result<HWND, Error> {
        let manners = WS_EX_LAYERED | WS_EX_TRANSPARENT | WS_EX_TOPMOST | WS_EX_TOOLWINDOW | WS_EX_NOACTIVATE;
        let RECT { left, top, right, bottom } = strip;
        let (title, width, height) = (PCWSTR::null(), right - left, bottom - top);
        let class = &self.class;
        // SAFETY: the class is registered, and the window belongs to this thread, which destroys it.
        unsafe {
            let window = CreateWindowExW(
                manners, class, title, WS_POPUP, left, top, width, height, None, None, None, None,
            )?;
            SetLayeredWindowAttributes(window, COLORREF(0), u8::MAX, LWA_ALPHA)?;
            // Before Windows 10 2004 it cannot be left out; then it is part of the picture.
            let _ = SetWindowDisplayAffinity(window, WDA_EXCLUDEFROMCAPTURE);
            Ok(window)
        }
    }

    fn keep(&mut self) {
        let mut message = MSG::default();
        // SAFETY: the message is alive. 0 says quit, and less than 0 that there is no queue.
        while unsafe { GetMessageW(&mut message, None, 0, 0) }.0 > 0 {
            if message.message == ARRANGED && message.hwnd.is_invalid() {
                // A monitor that is gone has no frame until it is back.
                let _ = self.follow();
            }
            // SAFETY: the message was filled in above.
            unsafe { DispatchMessageW(&message) };
        }
    }

    fn close(&mut self) {
        for strip in self.strips.drain(..) {
            // SAFETY: the window belongs to this thread.
            let _ = unsafe { DestroyWindow(strip) };
        }
    }
}

/// Every window is told of a new arrangement; the thread hears of it after that.
extern "system" fn handle(window: HWND, message: u32, first: WPARAM, second: LPARAM) -> LRESULT {
    // SAFETY: called by the system on the window's own thread, whose queue exists; the arguments are passed on as
    // they came.
    unsafe {
        if message == WM_DISPLAYCHANGE {
            let _ = PostThreadMessageW(GetCurrentThreadId(), ARRANGED, WPARAM(0), LPARAM(0));
        }
        DefWindowProcW(window, message, first, second)
    }
}

/// The edges of a monitor.
fn strips(monitor: RECT) -> [RECT; 4] {
    let RECT { left, top, right, bottom } = monitor;
    [
        RECT { bottom: top + WIDTH, ..monitor },
        RECT { top: bottom - WIDTH, ..monitor },
        RECT { left, top: top + WIDTH, right: left + WIDTH, bottom: bottom - WIDTH },
        RECT { left: right - WIDTH, top: top + WIDTH, right, bottom: bottom - WIDTH },
    ]
}
