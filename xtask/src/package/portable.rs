//! `cargo xtask package portable`: what a user in need downloads and starts, without installing anything.
//!
//! One file for each system, in a folder that `ondemand-service serve --downloads` serves.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::{Job, linux};
use crate::process::run as run_process;

/// Returns the file made, below `job.output`.
pub(crate) fn run(job: &Job) -> Result<Vec<PathBuf>> {
    let folder = job.output.join("downloads");
    fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
    let file = folder.join(format!("ondemand-agent-linux-{}", std::env::consts::ARCH));
    fs::copy(job.agent()?, &file).with_context(|| format!("failed to write {}", file.display()))?;
    run_process(job.tool("strip").args(["--strip-all", "--remove-section=.comment"]).arg(&file))?;
    linux::set_mode(&file, 0o755)?;
    Ok(vec![file])
}
