//! `cargo xtask bench`: what the agent costs, measured with the release programs.

use anyhow::Result;

use crate::console;
use crate::process::{cargo, run as run_process, target_dir};
use crate::setup::{self, Need};

/// Measure what the agent costs; writes target/bench/agent.json
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave the idle minutes out and play few sessions: to see that the benchmark works
    #[arg(long)]
    quick: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    setup::ensure(&[Need::Build, Need::Node, Need::Desktop])?;
    console::build_if_changed()?;
    // Each on its own: what is measured has the features that it is shipped with, not those of its neighbours.
    for package in ["ondemand-agent", "service", "rehearsal"] {
        run_process(&mut cargo(&["build", "--release", "--locked", "--package", package]))?;
    }
    let mut bench =
        cargo(&["run", "--release", "--quiet", "--locked", "--package", "rehearsal", "--bin", "bench", "--"]);
    bench.arg(target_dir().join("bench").join("agent.json"));
    if arguments.quick {
        bench.arg("--quick");
    }
    run_process(&mut bench)
}
