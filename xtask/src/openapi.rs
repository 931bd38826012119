//! `cargo xtask openapi`: the committed description of the service's interface.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::process::{cargo, output, repository};
use crate::setup::{self, Need};

/// Write the service's OpenAPI document from its code
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write nothing; fail if the committed document differs
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    setup::ensure(&[Need::Build])?;
    if arguments.check { check() } else { write() }
}

const PATH: &str = "docs/api/openapi.json";

fn generated() -> Result<String> {
    let text = output(&mut cargo(&["run", "--quiet", "--package", "service", "--", "openapi"]))?;
    Ok(format!("{}\n", text.trim_end()))
}

fn write() -> Result<()> {
    let path = repository().join(PATH);
    fs::write(&path, generated()?).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("{PATH} is written");
    Ok(())
}

/// Fails when the committed document is not what the code says.
pub(crate) fn check() -> Result<()> {
    let path = repository().join(PATH);
    let committed = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let generated = generated()?;
    let mut lines = committed.lines().zip(generated.lines()).enumerate();
    if let Some((number, (old, new))) = lines.find(|(_, (old, new))| old != new) {
        let (number, old, new) = (number + 1, old.trim(), new.trim());
        bail!(
            "{PATH} differs from the code in line {number}: `{old}` there, `{new}` here; \
             run `cargo xtask openapi` and commit what it writes"
        );
    }
    if committed != generated {
        bail!("{PATH} is shorter or longer than what the code says; run `cargo xtask openapi` and commit it");
    }
    Ok(())
}
