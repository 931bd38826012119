//! The viewer of the access benchmark, a process that everything is measured with alike.

use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::Duration,
};

/// One update as the viewer had it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update {
    /// CLOCK_MONOTONIC.
    pub(crate) at: Duration,
    /// The pixel that is watched, `0xRRGGBB`.
    pub(crate) pixel: u32,
}

/// A running viewer; dropped, it is gone.
pub(crate) struct Viewer {
    process: Child,
    tell: ChildStdin,
    said: Receiver<String>,
    /// When it began to connect, on CLOCK_MONOTONIC.
    pub(crate) connecting: Duration,
}

/// A picture, `0x00RRGGBB` a pixel.
pub(crate) struct Dump {
    pub(crate) width: usize,
    pub(crate) pixels: Vec<u32>,
}

impl Viewer {
    /// Builds the viewer's program.
    pub(crate) fn build(folder: &Path) -> Result<()> {
        let source = folder.join("viewer.c");
        fs::write(&source, include_str!("viewer.c"))?;
        let built = Command::new("cc")
            .arg("-O2")
            .arg(&source)
            .arg("-o")
            .arg(folder.join("viewer"))
            .arg("-lvncclient")
            .status()
            .context("failed to run cc")?;
        ensure!(built.success(), "the viewer was not built; it needs the package libvncserver-dev");
        Ok(())
    }

    /// Connects to a port of this computer, and watches a pixel.
    pub(crate) fn connect(folder: &Path, port: u16, quality: u8, probe: (u32, u32)) -> Result<Self> {
        let mut process = Command::new(folder.join("viewer"))
            .args([port.to_string(), quality.to_string(), probe.0.to_string(), probe.1.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (tell, said) = (process.stdin.take(), process.stdout.take());
        let (tell, said) = tell.zip(said).context("the viewer has no pipes")?;
        let (say, hear) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    break;
                }
            }
        });
        let line = hear.recv_timeout(Duration::from_secs(10)).context("the viewer does not start")?;
        let connecting = line.strip_prefix("connecting ").context("the viewer says something else")?;
        let connecting = Duration::from_secs_f64(connecting.parse()?);
        Ok(Self { process, tell, said: hear, connecting })
    }

    /// The next update.
    pub(crate) fn next(&self, within: Duration) -> Result<Update> {
        let line = self.said.recv_timeout(within).context("the viewer sees nothing new")?;
        update(&line)
    }

    /// Every update that came so far.
    pub(crate) fn so_far(&self) -> Result<Vec<Update>> {
        self.said.try_iter().map(|line| update(&line)).collect()
    }

    /// The picture as it is now.
    pub(crate) fn dump(&mut self, file: &Path) -> Result<Dump> {
        writeln!(self.tell, "dump {}", file.display())?;
        loop {
            let line = self.said.recv_timeout(Duration::from_secs(10)).context("no picture was written")?;
            let mut words = line.split(' ');
            if words.next() == Some("dumped") {
                let width = words.next().context("no width")?.parse()?;
                let bytes = fs::read(file)?;
                let pixels = bytes.as_chunks().0.iter().map(|pixel| u32::from_le_bytes(*pixel) & 0x00ff_ffff);
                return Ok(Dump { width, pixels: pixels.collect() });
            }
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        // An error means that it is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn update(line: &str) -> Result<Update> {
    let words: Vec<&str> = line.split(' ').collect();
    let ["update", at, pixel] = words[..] else { bail!("the viewer says {line:?}") };
    Ok(Update { at: Duration::from_secs_f64(at.parse()?), pixel: u32::from_str_radix(pixel, 16)? })
}
