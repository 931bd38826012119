//! `receipt verify`, the same in both programs.

use crate::{Expected, File, MAX_BYTES, Report, verify};
use anyhow::{Context as _, bail};
use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
};

/// The exit code where something is wrong with the receipts.
pub const FOUND: u8 = 6;

/// What is known beforehand, and how the result is told.
#[derive(Debug, clap::Args)]
pub struct Checks {
    /// The agent's public key or its fingerprint; receipts of others are foreign. Without it the file's word is taken
    #[arg(long = "agent-key", value_name = "KEY")]
    pub agent_keys: Vec<String>,
    /// The organisation's public key; keys that took its place are followed. Without it the file's word is taken
    #[arg(long = "organisation-key", value_name = "KEY")]
    pub organisation_keys: Vec<String>,
    /// The file is meant to hold only some receipts, such as those of one session
    #[arg(long)]
    pub excerpt: bool,
    /// For programs
    #[arg(long)]
    pub json: bool,
}

impl Checks {
    /// Reads a file, or standard input where the path is `-`, and verifies it.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is none.
    pub fn run(&self, path: &Path) -> anyhow::Result<Report> {
        let file = File::read(&read(path)?).with_context(|| format!("failed to read {}", path.display()))?;
        Ok(self.verify(&file))
    }

    /// Verifies a file.
    pub fn verify(&self, file: &File) -> Report {
        // A receipt that stands alone says nothing of others.
        let alone = file.chains.is_empty() && file.organisations.is_empty() && file.receipts.len() == 1;
        let expected = Expected {
            agent_keys: self.agent_keys.clone(),
            organisation_keys: self.organisation_keys.clone(),
            excerpt: self.excerpt || alone,
        };
        verify(file, &expected)
    }
}

/// Prints a report, for people or for programs.
///
/// # Errors
///
/// When it cannot be written.
pub fn print(report: &Report, json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limited =
        |source: &mut dyn io::Read, bytes: &mut Vec<u8>| source.take(MAX_BYTES + 1).read_to_end(bytes);
    if path == Path::new("-") {
        limited(&mut io::stdin().lock(), &mut bytes).context("failed to read the receipts")?;
    } else {
        let mut file = fs::File::open(path).with_context(|| format!("failed to open {}", path.display()))?;
        limited(&mut file, &mut bytes).with_context(|| format!("failed to read {}", path.display()))?;
    }
    if bytes.len() as u64 > MAX_BYTES {
        bail!("{} is larger than any file of receipts", path.display());
    }
    Ok(bytes)
}
