//! How many files and connections the system lets this program have.

/// Takes as many as the system lets it take without being asked, and says how many that is. Many systems start programs with
/// 1,024, since some of old cannot deal with more.
#[cfg(unix)]
pub(crate) fn raise() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let now = if setrlimit(Resource::Nofile, raised).is_ok() { maximum } else { current };
    now.unwrap_or(u64::MAX)
}

/// There is no such limit here.
#[cfg(not(unix))]
pub(crate) fn raise() -> u64 {
    u64::MAX
}
