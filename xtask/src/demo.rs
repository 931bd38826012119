//! `cargo xtask demo`: service, agent and console, running together.

use anyhow::Result;

use crate::console;
use crate::process::{cargo, run as run_process, target_dir};
use crate::setup::{self, Need};

/// Show the whole thing: on this desktop until Ctrl-C, or as a story in pictures
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Play the story on a virtual desktop and leave numbered pictures in target/demo
    #[arg(long)]
    headless: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut needs = vec![Need::Build, Need::Node];
    if arguments.headless {
        needs.extend([Need::Desktop, Need::Browser]);
    }
    setup::ensure(&needs)?;
    // The service embeds the console while it is compiled.
    console::build_if_changed()?;
    run_process(&mut cargo(&[
        "build",
        "--locked",
        "--package",
        "service",
        "--package",
        "ondemand-agent",
        "--package",
        "rehearsal",
    ]))?;
    let mut demo = cargo(&["run", "--quiet", "--locked", "--package", "rehearsal", "--bin", "demo"]);
    if arguments.headless {
        demo.args(["--", "--headless"]).arg(target_dir().join("demo"));
    }
    run_process(&mut demo)
}
