//! `cargo xtask policy`: what administrators set the agent's settings with, written from the code.

use std::fs;

use ::policy::templates::{self, Template};
use anyhow::{Context as _, Result};

use crate::process::repository;

const GUIDE: &str = "docs/deployment.md";

/// Write the templates for administrators, and the table of settings in the guide, from the agent's settings
#[derive(clap::Args)]
pub(crate) struct Arguments {}

/// A test of the crate `policy` fails where what is committed is something else.
pub(crate) fn run(_: &Arguments) -> Result<()> {
    let guide = fs::read_to_string(repository().join(GUIDE)).context("cannot read the guide")?;
    let text = templates::with_settings_table(&guide).context("the guide has no table of settings")?;
    for Template { path, text } in templates::all().into_iter().chain([Template { path: GUIDE, text }]) {
        let file = repository().join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        eprintln!("{path} is written");
    }
    Ok(())
}
