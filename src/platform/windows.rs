//! Windows.

#[path = "windows/console.rs"]
mod console;
#[path = "windows/key_store.rs"]
mod key_store;
#[path = "windows/registry.rs"]
mod registry;
#[path = "windows/system_log.rs"]
mod system_log;
#[path = "windows/user_data.rs"]
mod user_data;

pub(crate) use key_store::KeyStore;
pub(crate) use registry::installed_token;
pub(crate) use system_log::tell_system_log;
pub(crate) use user_data::remove_user_data;

pub(crate) use console::{borrow_console, leave_console};

pub(crate) use super::event_loop::{
    let_go_of_memory, notice_dead_lines, save_memory, show_notification, watch_system, with_tray,
};
use super::{MachineSettings, Role};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, BufReader, PipeReader, PipeWriter},
    os::windows::ffi::OsStringExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    ptr, slice,
    time::Duration,
};
use tao::event_loop::EventLoop;
use tokio::{
    net::windows::named_pipe::{NamedPipeServer, ServerOptions},
    signal::windows::{ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown},
};
use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::{
        Authorization::{ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
        PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
    },
    System::{Com::CoTaskMemFree, SystemInformation::GetTickCount64},
    UI::Shell::{FOLDERID_ProgramFiles, SHGetKnownFolderPath},
};

/// What a child may know of this process's environment.
pub(super) const CHILD_ENVIRONMENT: &[&str] = &[
    "SystemRoot",
    "SystemDrive",
    "windir",
    "TEMP",
    "TMP",
    "USERNAME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PATH",
];

/// Both ends of a line to a child: two anonymous pipes, of which the child inherits its own ends alone.
pub(crate) struct LineEnds {
    /// What the child says.
    pub(crate) reader: BufReader<PipeReader>,
    /// What the child is told.
    pub(crate) writer: PipeWriter,
    /// For the child.
    pub(crate) stdin: Stdio,
    /// For the child.
    pub(crate) stdout: Stdio,
}

impl LineEnds {
    /// A fresh pair.
    pub(crate) fn new() -> io::Result<Self> {
        let (from_child, childs_output) = io::pipe()?;
        let (childs_input, to_child) = io::pipe()?;
        Ok(Self {
            reader: BufReader::new(from_child),
            writer: to_child,
            stdin: Stdio::from(childs_input),
            stdout: Stdio::from(childs_output),
        })
    }
}

/// Since the computer started, time asleep included.
pub(crate) fn boot_time() -> Duration {
    // SAFETY: takes nothing, cannot fail.
    Duration::from_millis(unsafe { GetTickCount64() })
}

/// Windows lets a user's processes look into each other; a child ends with its line, which ends with its parent.
pub(crate) fn harden(_role: Role) {}

/// The program that runs now. Windows does not let its file be replaced meanwhile.
pub(crate) fn own_program() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// What installer and administrators set in the registry, and in files beside the installed program: only they can write
/// either. They count for every program of the agent, wherever it runs from.
pub(crate) fn machine_settings() -> Vec<MachineSettings> {
    let folder = program_files().map(|folder| folder.join("On-demand Agent"));
    // Nobody else than administrators can write below that folder, unless one of them changed it.
    let in_files = |folder: &Path| super::machine_settings_in(folder, |_| Ok(None));
    let mut settings = folder.as_deref().map(in_files).unwrap_or_default();
    settings.extend(registry::settings());
    settings
}

/// Where installers put programs.
pub(super) fn program_folders() -> Vec<PathBuf> {
    program_files().into_iter().collect()
}

/// As the system knows it: the environment is whatever the user makes it.
fn program_files() -> Option<PathBuf> {
    let mut path = ptr::null_mut();
    // SAFETY: the identifier is valid, no token is needed for a folder of all users, and `path` a valid place for the answer.
    let found = unsafe { SHGetKnownFolderPath(&FOLDERID_ProgramFiles, 0, ptr::null_mut(), &raw mut path) };
    let folder = (found == 0 && !path.is_null()).then(|| {
        // SAFETY: the call succeeded, so `path` is a text that ends with zero.
        let text = unsafe {
            let length = (0..).take_while(|&at| *path.add(at) != 0).count();
            slice::from_raw_parts(path, length)
        };
        PathBuf::from(OsString::from_wide(text))
    });
    // SAFETY: allocated by the call above for us to free, or null, and nothing refers to it any more.
    unsafe { CoTaskMemFree(path.cast()) };
    folder
}

/// What a newer version is installed with.
pub(crate) const HOW_TO_UPDATE: &str = "Install it as this one was installed: by your organisation's software distribution, or with the new installer.";

/// The user's profile lets no other user in, and what is made there inherits that.
pub(crate) fn private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Makes a folder in the user's profile; see [`private_file`].
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// What is made in the profile is the user's and the administrators'.
pub(crate) fn foreign_access(path: &Path) -> io::Result<Option<String>> {
    fs::metadata(path)?;
    Ok(None)
}

/// NTFS makes a rename durable with its log.
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on other systems")]
pub(crate) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// This computer's name.
pub(crate) fn computer_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "computer".into())
}

/// This user's name on this computer.
pub(crate) fn user_name() -> String {
    std::env::var("USERNAME").unwrap_or_else(|_| "user".into())
}

/// Waits until the user logs off, the computer is shut down, or somebody presses Ctrl-C.
pub(crate) async fn terminated() {
    let (Ok(mut pressed), Ok(mut closed), Ok(mut logged_off), Ok(mut shut_down)) =
        (ctrl_c(), ctrl_close(), ctrl_logoff(), ctrl_shutdown())
    else {
        tracing::error!("the end of the log-in session cannot be listened to");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = pressed.recv() => {}
        _ = closed.recv() => {}
        _ = logged_off.recv() => {}
        _ = shut_down.recv() => {}
    }
}

/// Where a user's programs reach the resident: a named pipe that its owner alone can open, from this computer alone.
#[derive(Debug)]
pub(crate) struct LocalListener {
    name: String,
    next: NamedPipeServer,
}

/// A program of the same user.
pub(crate) type LocalStream = NamedPipeServer;

/// Listens under a name that belongs to `path`, which lies in the user's profile.
pub(crate) fn listen_local(path: &Path) -> io::Result<LocalListener> {
    let name = pipe_name(path);
    let next = pipe(&name, true)?;
    Ok(LocalListener { name, next })
}

impl LocalListener {
    /// The next program that connects.
    pub(crate) async fn accept(&mut self) -> io::Result<LocalStream> {
        self.next.connect().await?;
        let next = pipe(&self.name, false)?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

/// Connects to the resident of this user.
pub(crate) fn connect_local(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(pipe_name(path))
}

fn pipe_name(path: &Path) -> String {
    format!(r"\\.\pipe\ondemand-agent-{}", crypto::hash(path.as_os_str().as_encoded_bytes()))
}

fn pipe(name: &str, is_first: bool) -> io::Result<NamedPipeServer> {
    // Nobody but the owner, inherited from nowhere.
    let rule: Vec<u16> = "D:P(A;;GA;;;OW)\0".encode_utf16().collect();
    let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
    // SAFETY: `rule` is a text that ends with zero, and `descriptor` a valid place for the answer.
    let made = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            rule.as_ptr(),
            SDDL_REVISION_1,
            &raw mut descriptor,
            ptr::null_mut(),
        )
    };
    if made == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: descriptor,
        bInheritHandle: 0,
    };
    // SAFETY: `attributes` and the descriptor it points to are valid until after the call.
    let pipe = unsafe {
        ServerOptions::new()
            .first_pipe_instance(is_first)
            .reject_remote_clients(true)
            .create_with_security_attributes_raw(name, (&raw mut attributes).cast())
    };
    // SAFETY: the descriptor was allocated by the call above for us to free, and nothing refers to it any more.
    unsafe { LocalFree(descriptor) };
    pipe
}

/// There is nothing to prepare.
pub(super) fn prepare<T>(_event_loop: &mut EventLoop<T>) {}

/// Shows it under the agent's own name and picture where the installer registered them; nothing is shown under a name that
/// is not registered.
pub(super) fn sign_notification(notification: &mut notify_rust::Notification) {
    let name = "ondemand-agent";
    if windows_registry::LOCAL_MACHINE.open(format!(r"Software\Classes\AppUserModelId\{name}")).is_ok() {
        notification.app_id(name);
    }
}
