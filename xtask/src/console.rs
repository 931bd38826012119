//! Building the operators' console, which the service embeds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::Result;

use crate::process::{repository, run};

fn folder() -> PathBuf {
    repository().join("crates/service/console")
}

/// npm in the console's folder.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(arguments).current_dir(folder());
    command
}

/// Builds it when its sources, or the interface description that its types come from, are newer than what is there.
pub(crate) fn build_if_changed() -> Result<()> {
    let built = modified(&folder().join("dist/index.html"));
    let mut sources = vec![repository().join("docs/api/openapi.json")];
    for name in ["src", "scripts", "package-lock.json"] {
        collect(&folder().join(name), &mut sources);
    }
    let newest = sources.iter().filter_map(|path| modified(path)).max();
    if built.is_some() && built >= newest {
        return Ok(());
    }
    run(&mut npm(&["ci", "--no-audit", "--no-fund"]))?;
    run(&mut npm(&["run", "build"]))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    // What the build itself writes is not a source.
    if path.ends_with("generated") {
        return;
    }
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| collect(&entry.path(), files)),
        Err(_) => files.push(path.to_owned()),
    }
}
