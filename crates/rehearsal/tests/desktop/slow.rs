//! Large files over a slow line: whole, and with flat memory. A small one in every run of the tests; with
//! `ONDEMAND_LONG_TESTS=1` one of 5 GB.

use crate::{files::Folder, memory, network::device_on};
use anyhow::{Context, Result, ensure};
use protocol::Permission;
use rehearsal::{Signal, Slowness, Stage, signal_pid};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

/// What agent's and service's memory may grow by while a file goes through, whatever its size: what is on its way in
/// windows and buffers of the tunnel, and what the allocator keeps of it.
const FLAT: u64 = 8 * 1024 * 1024;

#[test]
fn a_large_file_goes_through_a_slow_line_whole_and_memory_stays_flat() -> Result<()> {
    let long = std::env::var_os("ONDEMAND_LONG_TESTS").is_some_and(|value| value == "1");
    let (size, bits_per_second) = if long { (5_000_000_000, 250_000_000) } else { (30_000_000, 80_000_000) };
    let line = Slowness { delay: Duration::from_millis(30), bits_per_second };
    let (stage, _wire) = device_on(Some(line))?;
    let session = stage.session([Permission::FilesRead, Permission::FilesWrite])?;
    let folder = Folder::of(&stage, &session)?;
    // The first transfer brings what every one needs.
    folder.file("small.txt", "small")?;
    folder.ask("small.txt", &[])?;
    let source = stage.agent.home().join("source.bin");
    pattern(&source, size)?;
    let patience = ["--fail", "--max-time", "1800"];

    let source_name = source.to_str().context("it is text")?;
    let arguments = [&patience[..], &["--upload-file", source_name]].concat();
    let placed = folder.place.join("large.bin");
    passes(&stage, "up", size, folder.curl("large.bin", &arguments))?;
    same(&source, &placed)?;
    std::fs::remove_file(&source)?;

    let brought = stage.agent.home().join("brought.bin");
    let brought_name = brought.to_str().context("it is text")?;
    let arguments = [&patience[..], &["--output", brought_name]].concat();
    passes(&stage, "down", size, folder.curl("large.bin", &arguments))?;
    same(&placed, &brought)
}

/// Runs a transfer, in the middle of which the operator's program stands still for a while.
fn passes(stage: &Stage, way: &str, size: u64, mut curl: Command) -> Result<()> {
    let access = stage.access_process().context("it lives")?;
    let service = stage.service.pid().context("it lives")?;
    let now = || -> Result<[u64; 2]> {
        Ok([memory::held(access, "Pss_Anon")?, memory::held(service, "Pss_Anon")?])
    };
    let before = now()?;
    let began = Instant::now();
    let mut transfer = Running(curl.spawn()?);
    let mut most = before;
    let mut still = StandsStill::NotYet;
    let status = loop {
        if let Some(status) = transfer.0.try_wait()? {
            break status;
        }
        let held = now()?;
        most = [most[0].max(held[0]), most[1].max(held[1])];
        let pid = transfer.0.id().cast_signed();
        still = match still {
            StandsStill::NotYet if moved(stage)? > size / 3 => {
                signal_pid(pid, Signal::Stop);
                StandsStill::Since(Instant::now())
            }
            StandsStill::Since(since) if since.elapsed() > Duration::from_secs(2) => {
                signal_pid(pid, Signal::Continue);
                StandsStill::Over
            }
            same => same,
        };
        thread::sleep(Duration::from_millis(10));
    };
    ensure!(status.success(), "{way}: {status}");
    ensure!(matches!(still, StandsStill::Over), "{way}: it was over before it could stand still");
    let grown = [most[0].saturating_sub(before[0]), most[1].saturating_sub(before[1])];
    let rate = size as f64 / 1e6 / began.elapsed().as_secs_f64();
    println!(
        "{way}: {size} bytes, {rate:.1} MB/s; access process +{} KiB, service +{} KiB",
        grown[0] / 1024,
        grown[1] / 1024
    );
    ensure!(grown.iter().all(|&grown| grown < FLAT), "{way}: memory grew by {grown:?} bytes");
    Ok(())
}

enum StandsStill {
    NotYet,
    Since(Instant),
    Over,
}

/// Ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How far the transfer is, as the user sees it.
fn moved(stage: &Stage) -> Result<u64> {
    let status = stage.agent.status()?;
    Ok(status["view"]["screen"]["transfers"][0]["bytes"].as_u64().unwrap_or_default())
}

/// Writes so many bytes of which no two parts are alike.
fn pattern(path: &Path, size: u64) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for number in 0..size / 8 {
        file.write_all(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes())?;
    }
    Ok(file.flush()?)
}

fn same(first: &Path, second: &Path) -> Result<()> {
    let compared = Command::new("cmp").args([first, second]).output()?;
    ensure!(compared.status.success(), "{compared:?}");
    Ok(())
}
