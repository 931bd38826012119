//! What processes hold in memory.

use anyhow::{Context, Result};
use std::fs;

/// A line of the process's memory in sum, such as `Pss` (its share of everything) or `Pss_Anon` (the part of it that belongs
/// to no file), in bytes.
pub(crate) fn held(pid: u32, name: &str) -> Result<u64> {
    // The agent lets no other process look into it: only an administrator reads this.
    let readable = "run the tests as root: the agent hides its memory and files from other processes";
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context(readable)?;
    let found = rollup.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    Ok(found.context("no such line")?.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}
