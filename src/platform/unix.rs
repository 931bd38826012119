//! What Linux and macOS have in common.

use std::{
    ffi::CStr,
    fs::{self, File, OpenOptions},
    io::{self, BufReader},
    os::{
        fd::OwnedFd,
        unix::{
            fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
            net::UnixStream as StdUnixStream,
        },
    },
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::{
    net::{UnixListener, UnixStream},
    signal::unix::{SignalKind, signal},
};

/// Both ends of a line to a child: an unnamed socket pair, which no other process can open.
pub(crate) struct LineEnds {
    /// What the child says.
    pub(crate) reader: BufReader<StdUnixStream>,
    /// What the child is told.
    pub(crate) writer: StdUnixStream,
    /// For the child.
    pub(crate) stdin: Stdio,
    /// For the child.
    pub(crate) stdout: Stdio,
}

impl LineEnds {
    /// A fresh pair.
    pub(crate) fn new() -> io::Result<Self> {
        let (ours, childs) = StdUnixStream::pair()?;
        Ok(Self {
            reader: BufReader::new(ours.try_clone()?),
            writer: ours,
            stdin: Stdio::from(OwnedFd::from(childs.try_clone()?)),
            stdout: Stdio::from(OwnedFd::from(childs)),
        })
    }
}

/// Lets only the user read and write a file that is made.
pub(crate) fn private_file(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Makes a folder that only the user can enter, and takes others' rights from one that exists.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let found = fs::metadata(path)?;
    if found.uid() != effective_uid() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the folder belongs to another user"));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Who else than the user can do something with this file or folder; nothing where nobody can.
pub(crate) fn foreign_access(path: &Path) -> io::Result<Option<String>> {
    let found = fs::metadata(path)?;
    if found.uid() != effective_uid() {
        return Ok(Some(format!("it belongs to the user with the number {}", found.uid())));
    }
    let mode = found.mode() & 0o777;
    Ok((mode & 0o077 != 0).then(|| format!("its mode is {mode:04o}")))
}

/// Who else than administrators can write this file or folder; nothing where nobody can.
pub(crate) fn foreign_writers(path: &Path) -> io::Result<Option<String>> {
    let found = fs::metadata(path)?;
    Ok(writers_beside_root(found.uid(), found.gid(), found.mode()))
}

/// Groups that stand for administrators themselves: root's, and on macOS `admin`.
const ADMINISTRATORS: &[u32] = if cfg!(target_os = "macos") { &[0, 80] } else { &[0] };

fn writers_beside_root(owner: u32, group: u32, mode: u32) -> Option<String> {
    let mode = mode & 0o777;
    if owner != 0 {
        return Some(format!("it belongs to the user with the number {owner}"));
    }
    if mode & 0o002 != 0 {
        return Some(format!("its mode is {mode:04o}"));
    }
    let by_group = mode & 0o020 != 0 && !ADMINISTRATORS.contains(&group);
    by_group.then(|| format!("its mode is {mode:04o} and its group has the number {group}"))
}

/// Makes a rename in this folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn effective_uid() -> u32 {
    // SAFETY: takes nothing, cannot fail.
    unsafe { libc::geteuid() }
}

/// A clock of the system.
pub(crate) fn clock(id: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer; the clocks asked for exist on every supported system.
    unsafe { libc::clock_gettime(id, &raw mut time) };
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Leaves no memory image behind when the process crashes.
pub(crate) fn no_core_dumps() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `none` outlives the call, which only reads it. Lowering a limit cannot fail.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
}

/// This computer's name.
pub(crate) fn computer_name() -> String {
    let mut name = [0_u8; 256];
    // SAFETY: the buffer is valid for one byte less than its length, which keeps the last one zero.
    let failed = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) } != 0;
    let name = CStr::from_bytes_until_nul(&name).map(CStr::to_string_lossy);
    name.ok().filter(|name| !failed && !name.is_empty()).map_or_else(|| "computer".into(), Into::into)
}

/// This user's name on this computer.
pub(crate) fn user_name() -> String {
    let from = |name| std::env::var(name).ok().filter(|name| !name.is_empty());
    from("USER").or_else(|| from("LOGNAME")).unwrap_or_else(|| format!("user {}", effective_uid()))
}

/// Where a user's programs reach the resident.
#[derive(Debug)]
pub(crate) struct LocalListener(UnixListener);

/// A program of the same user.
pub(crate) type LocalStream = UnixStream;

/// Listens at `path`. The caller holds the resident's lock, so a socket that is there is a leftover.
pub(crate) fn listen_local(path: &Path) -> io::Result<LocalListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    // The folder is the user's alone already; this is the second bolt.
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(LocalListener(listener))
}

impl LocalListener {
    /// The next program that connects and runs as this user; others are turned away.
    pub(crate) async fn accept(&mut self) -> io::Result<LocalStream> {
        loop {
            let (stream, _) = self.0.accept().await?;
            if stream.peer_cred()?.uid() == effective_uid() {
                return Ok(stream);
            }
            tracing::warn!("a program of another user was turned away");
        }
    }
}

/// Connects to the resident of this user.
pub(crate) fn connect_local(path: &Path) -> io::Result<StdUnixStream> {
    StdUnixStream::connect(path)
}

/// Waits for a signal that asks this process to end, or for the end of the log-in session that sends one.
pub(crate) async fn terminated() {
    let signals = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
    let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hang_up)] = signals else {
        tracing::error!("signals cannot be listened to");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
    }
}

/// A program prints where it is told to; only Windows tells programs with windows nothing.
pub(crate) fn borrow_console() {}

/// There is nothing to give back.
pub(crate) fn leave_console() {}

/// Here the installer names a file with the token among its settings.
pub(crate) fn installed_token() -> Option<String> {
    None
}

/// Here the packages' own scripts do it.
pub(crate) fn remove_user_data() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_root_alone_can_write_is_administrators() {
        for (owner, group, mode) in
            [(0, 0, 0o100_644), (0, 0, 0o100_664), (0, 4, 0o100_640), (0, 4, 0o40_755)]
        {
            assert_eq!(writers_beside_root(owner, group, mode), None, "{owner}:{group} {mode:o}");
        }
        for (owner, group, mode) in
            [(1000, 0, 0o100_644), (0, 0, 0o100_666), (0, 0, 0o41_777), (0, 4, 0o100_664)]
        {
            assert!(writers_beside_root(owner, group, mode).is_some(), "{owner}:{group} {mode:o}");
        }
    }
}
