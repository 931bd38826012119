//! The whole story with real programs: the service as a process, an operator who is a script, the agent.
//!
//! For tests, demo and benchmark; never shipped. Everything listens on loopback addresses, keeps its files in a temporary
//! folder, and ends when it is dropped.

mod agent;
mod bridge;
#[cfg(target_os = "linux")]
mod browser;
mod files;
mod operator;
#[cfg(target_os = "linux")]
mod page;
mod service;
#[cfg(target_os = "linux")]
mod stage;
#[cfg(target_os = "linux")]
mod viewer;
mod wire;

pub use agent::{Agent, AgentOptions};
pub use bridge::Bridge;
#[cfg(target_os = "linux")]
pub use browser::browser;
pub use files::curl;
pub use operator::Operator;
#[cfg(target_os = "linux")]
pub use page::Page;
pub use service::{Service, ServiceOptions, SetUp};
#[cfg(target_os = "linux")]
pub use stage::{A_MOMENT, POPUP, Stage, WINDOW, environment};
#[cfg(target_os = "linux")]
pub use viewer::{Viewer, greet};
pub use wire::{Slowness, Wire};

use anyhow::{Context, Result, bail};
use std::{
    path::{Path, PathBuf},
    process::{Child, ExitStatus},
    time::{Duration, Instant},
};

/// How long anything here may take before it counts as not happening.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Where cargo put the programs of this build: beside the running test, demo or benchmark.
///
/// # Errors
///
/// When the program was not built.
pub fn program(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("failed to find the running program")?;
    let folders = own.ancestors().skip(1).take(2);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| format!("{name} is not built; `cargo build --workspace` builds it"))
}

/// Tries until `attempt` gives something; what is waited for is named in the error.
///
/// # Errors
///
/// When [`DEADLINE`] passes first, or an attempt fails for good.
pub fn wait_for<T>(what: &str, mut attempt: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let until = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = attempt().with_context(|| format!("while waiting for {what}"))? {
            return Ok(found);
        }
        if Instant::now() > until {
            bail!("waited {} s in vain for {what}", DEADLINE.as_secs());
        }
        // Seldom enough for the service's limit on requests from one operator.
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Tells a process to stop, and kills it when it does not.
fn stop(child: &mut Child) -> Option<ExitStatus> {
    signal(child, Signal::Terminate);
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Ok(Some(status)) => return Some(status),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    child.wait().ok()
}

/// What can be done to a process from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ask it to end, as Ctrl-C does.
    Interrupt,
    /// Ask it to end.
    Terminate,
    /// End it without asking.
    Kill,
    /// Let it stand still.
    Stop,
    /// Let it go on.
    Continue,
}

/// Sends a signal to a child that has not been waited for.
pub fn signal(child: &Child, signal: Signal) {
    #[expect(clippy::cast_possible_wrap, reason = "process ids are positive and below 2^22")]
    signal_pid(child.id() as i32, signal);
}

/// Sends a signal to a process by its id; one that is gone is left alone.
pub fn signal_pid(pid: i32, signal: Signal) {
    #[cfg(unix)]
    if let Some(pid) = rustix::process::Pid::from_raw(pid) {
        let signal = match signal {
            Signal::Interrupt => rustix::process::Signal::INT,
            Signal::Terminate => rustix::process::Signal::TERM,
            Signal::Kill => rustix::process::Signal::KILL,
            Signal::Stop => rustix::process::Signal::STOP,
            Signal::Continue => rustix::process::Signal::CONT,
        };
        let _ = rustix::process::kill_process(pid, signal);
    }
    #[cfg(not(unix))]
    let _ = (pid, signal);
}

/// The processes that `pid` started and that live.
pub fn children_of(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// A process's arguments.
pub fn arguments_of(pid: u32) -> Vec<String> {
    let bytes = std::fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline")).unwrap_or_default();
    bytes.split(|&byte| byte == 0).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}
