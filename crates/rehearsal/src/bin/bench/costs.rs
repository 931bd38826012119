//! What processes cost, as the kernel tells.

use anyhow::{Context, Result};
use std::{fs, time::Duration};

/// Proportional memory (PSS) in bytes.
pub(crate) fn memory(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss in smaps_rollup")?;
    let kib: u64 = line.split_whitespace().next().context("no number")?.parse()?;
    Ok(kib * 1024)
}

/// Voluntary switches of all threads: how often the process woke up to do something and went to sleep again.
pub(crate) fn wake_ups(pid: u32) -> Result<u64> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let status = fs::read_to_string(task?.path().join("status")).unwrap_or_default();
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sum += count.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(sum)
}

/// How often a process waited for a page of a file that the kernel did not have in memory (major faults).
pub(crate) fn pages_from_disk(pid: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let mut fields = stat.rsplit(')').next().context("no fields")?.split_whitespace();
    // proc(5): the 12th; two stand before the parenthesis.
    fields.nth(9).context("no such field")?.parse().context("not a number")
}

/// Processor seconds that a process has used, all its threads together; counted in hundredths.
pub(crate) fn processor(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().context("no fields")?.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0);
    // proc(5): utime and stime are the 14th and 15th; two stand before the parenthesis. Linux tells 100 ticks a second.
    Ok((ticks(11) + ticks(12)) as f64 / 100.0)
}

/// Whether a process is gone; one that waits to be collected has nothing left that could run.
pub(crate) fn is_dead(pid: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}

/// CLOCK_MONOTONIC, the clock of the window watcher.
pub(crate) fn now() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The value below which 95 of 100 lie.
pub(crate) fn percentile_95(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len() * 95 / 100).min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// The middle of several values.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.is_empty() {
        f64::NAN
    } else if values.len() % 2 == 1 {
        values[middle]
    } else {
        (values[middle - 1] + values[middle]) / 2.0
    }
}
