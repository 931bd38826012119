//! A program of Windows with windows of its own has no console; the one it is started from can be borrowed.

use std::ptr;
use windows_sys::Win32::{
    Foundation::{GENERIC_READ, GENERIC_WRITE, HANDLE, INVALID_HANDLE_VALUE},
    Storage::FileSystem::{CreateFileW, FILE_SHARE_READ, FILE_SHARE_WRITE, OPEN_EXISTING},
    System::Console::{
        ATTACH_PARENT_PROCESS, AttachConsole, FreeConsole, GetStdHandle, STD_ERROR_HANDLE, STD_HANDLE,
        STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, SetStdHandle,
    },
};

const STANDARD: [(STD_HANDLE, &str); 3] =
    [(STD_INPUT_HANDLE, "CONIN$\0"), (STD_OUTPUT_HANDLE, "CONOUT$\0"), (STD_ERROR_HANDLE, "CONOUT$\0")];

/// Lets what is printed reach the console that this program was started from, if there is one. What goes to a file or a
/// pipe stays as it is. To be called before anything is printed.
pub(crate) fn borrow_console() {
    let missing = STANDARD.into_iter().filter(|&(which, _)| !is_set(which));
    let missing: Vec<_> = missing.collect();
    // SAFETY: takes a plain number.
    if missing.is_empty() || unsafe { AttachConsole(ATTACH_PARENT_PROCESS) } == 0 {
        return;
    }
    for (which, device) in missing {
        if let Some(handle) = open(device) {
            // SAFETY: the handle was just opened and is never closed but with the process.
            unsafe { SetStdHandle(which, handle) };
        }
    }
}

/// Gives the console back: who goes on running must neither end with it nor by a Ctrl-C that is meant for another.
pub(crate) fn leave_console() {
    // SAFETY: both take plain numbers; printing to a handle that is not there is no error.
    unsafe {
        if FreeConsole() != 0 {
            for (which, _) in STANDARD.into_iter().filter(|&(which, _)| !is_file_or_pipe(which)) {
                SetStdHandle(which, ptr::null_mut());
            }
        }
    }
}

fn is_set(which: STD_HANDLE) -> bool {
    // SAFETY: takes a plain number.
    let handle = unsafe { GetStdHandle(which) };
    !handle.is_null() && handle != INVALID_HANDLE_VALUE
}

fn is_file_or_pipe(which: STD_HANDLE) -> bool {
    use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_DISK, FILE_TYPE_PIPE, GetFileType};
    // SAFETY: takes a handle, of which any value will do.
    let kind = unsafe { GetFileType(GetStdHandle(which)) };
    kind == FILE_TYPE_DISK || kind == FILE_TYPE_PIPE
}

fn open(device: &str) -> Option<HANDLE> {
    let name: Vec<u16> = device.encode_utf16().collect();
    // SAFETY: the name ends with zero and lives until after the call; nothing else is a pointer.
    let handle = unsafe {
        CreateFileW(
            name.as_ptr(),
            GENERIC_READ | GENERIC_WRITE,
            FILE_SHARE_READ | FILE_SHARE_WRITE,
            ptr::null(),
            OPEN_EXISTING,
            0,
            ptr::null_mut(),
        )
    };
    (handle != INVALID_HANDLE_VALUE).then_some(handle)
}
