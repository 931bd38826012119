//! `cargo xtask bench`: what the agent costs, measured with the release programs.

use std::process::Command;

use anyhow::Result;

use crate::console;
use crate::process::{build_release, run as run_process, target_dir};
use crate::setup::{self, Need};

/// Measure what the agent costs; writes target/bench/agent.json
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave the idle minutes out and play few sessions: to see that the benchmark works
    #[arg(long)]
    quick: bool,
    /// Leave only the idle minutes out
    #[arg(long, conflicts_with_all = ["quick", "access", "long_waits"])]
    sessions: bool,
    /// Measure what serving the desktop costs, beside two VNC servers; writes target/bench/access.json
    #[arg(long, conflicts_with = "long_waits")]
    access: bool,
    /// Measure only what waiting costs once the waits have grown to 15 minutes: takes three quarters of an hour
    #[arg(long, conflicts_with = "quick")]
    long_waits: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    setup::ensure(&[Need::Build, Need::Node, Need::Desktop])?;
    if arguments.access {
        setup::ensure(&[Need::VncClient, Need::VncServers])?;
    }
    console::build_if_changed()?;
    for package in ["ondemand-agent", "service", "rehearsal"] {
        build_release(package)?;
    }
    let mut bench = Command::new(target_dir().join("release").join("bench"));
    let name = match arguments {
        Arguments { access: true, .. } => "access.json",
        Arguments { long_waits: true, .. } => "long-waits.json",
        Arguments { sessions: true, .. } => "sessions.json",
        Arguments { .. } => "agent.json",
    };
    bench.arg(target_dir().join("bench").join(name));
    if arguments.access {
        bench.arg("--access");
    }
    if arguments.quick {
        bench.arg("--quick");
    }
    if arguments.sessions {
        bench.arg("--sessions");
    }
    if arguments.long_waits {
        bench.arg("--long-waits");
    }
    run_process(&mut bench)
}
