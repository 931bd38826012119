//! Whose windows a press would reach.

use windows::Win32::{
    Foundation::{CloseHandle, HWND, POINT},
    System::Diagnostics::ToolHelp::{
        CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
    },
    UI::WindowsAndMessaging::{
        GA_ROOT, GA_ROOTOWNER, GUITHREADINFO, GetAncestor, GetForegroundWindow, GetGUIThreadInfo,
        GetWindowThreadProcessId, WindowFromPoint,
    },
};

use super::in_real_pixels;

/// Whether a key would reach one of these processes, or a child of theirs.
pub(super) fn keys_reach(own: &[u32]) -> bool {
    let mut about = GUITHREADINFO { cbSize: size_of::<GUITHREADINFO>() as u32, ..GUITHREADINFO::default() };
    // SAFETY: the functions are given windows of the system's, which may be gone, and a structure with its size.
    let foreground = unsafe {
        let foreground = GetForegroundWindow();
        let thread = GetWindowThreadProcessId(foreground, None);
        // Where it fails there is nothing with the keyboard.
        let _ = GetGUIThreadInfo(thread, &mut about);
        foreground
    };
    [foreground, about.hwndFocus, about.hwndCapture, about.hwndMenuOwner]
        .iter()
        .any(|window| is_own(*window, own))
}

/// Whether a button would.
pub(super) fn buttons_reach((x, y): (i32, i32), own: &[u32]) -> bool {
    // SAFETY: the function takes numbers.
    is_own(in_real_pixels(|| unsafe { WindowFromPoint(POINT { x, y }) }), own)
}

/// Whether the window, what it lies in, or what has opened it, is one of these processes'.
fn is_own(window: HWND, own: &[u32]) -> bool {
    if window.is_invalid() {
        return false;
    }
    // SAFETY: a window that is gone has no relatives.
    let relatives = unsafe { [window, GetAncestor(window, GA_ROOT), GetAncestor(window, GA_ROOTOWNER)] };
    let mut processes = relatives.iter().filter_map(|window| {
        let mut process = 0;
        // SAFETY: the number outlives the call; a window that is gone has no process.
        unsafe { GetWindowThreadProcessId(*window, Some(&raw mut process)) };
        (process != 0).then_some(process)
    });
    processes
        .any(|process| own.contains(&process) || parent(process).is_none_or(|parent| own.contains(&parent)))
}

fn parent(process: u32) -> Option<u32> {
    let mut entry =
        PROCESSENTRY32W { dwSize: size_of::<PROCESSENTRY32W>() as u32, ..PROCESSENTRY32W::default() };
    let mut found = None;
    // SAFETY: the structure has its size and outlives the calls, and the snapshot is closed once.
    unsafe {
        let snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0).ok()?;
        let mut more = Process32FirstW(snapshot, &mut entry).is_ok();
        while more && found.is_none() {
            found = (entry.th32ProcessID == process).then_some(entry.th32ParentProcessID);
            more = Process32NextW(snapshot, &mut entry).is_ok();
        }
        let _ = CloseHandle(snapshot);
    }
    found
}
