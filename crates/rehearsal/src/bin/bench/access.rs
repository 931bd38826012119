//! What serving the desktop costs, beside two VNC servers that everybody can install: the same screen, the same content,
//! the same viewer, one after the other. Ours goes the whole way, through tunnel, TLS and the service's relay.

use crate::{
    content::{AREA, FLIP},
    costs,
    files::Files,
    run::{certificate, write},
    viewer::{Dump, Viewer},
};
use anyhow::{Context, Result, ensure};
use protocol::{Permission, SessionId};
use rehearsal::{
    AgentOptions, Bridge, Service, ServiceOptions, Signal, Slowness, Stage, Wire, program, signal_pid,
    wait_for,
};
use serde_json::{Map, Value, json};
use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use virtual_desktop::{Desktop, Options, Point};

/// How long moving content is watched.
const MOTION: Duration = Duration::from_secs(20);
/// How long a screen is watched on which nothing moves.
const STILL: Duration = Duration::from_secs(10);
/// After this long nothing that moved is on its way any more, and what was sent coarse has been refined.
const SETTLED: Duration = Duration::from_secs(3);
/// So much longer than a picture takes to the viewer may it wait before it leaves, as servers keep to so many a second.
/// Not longer: x0vncserver refines what stood still for 50 ms, and what is asked is how motion looks.
const LEAVING: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(20);
/// A line as many a home office has it.
const SLOW: Slowness = Slowness { delay: Duration::from_millis(30), bits_per_second: 20_000_000 };
/// How large the files are that go each way, in megabytes: to see that it works, on a slow line, and as fast as can be.
const MEGABYTES: [usize; 3] = [16, 20, 512];
/// The quality that the viewer asks for, on VNC's scale of 0 to 9; what viewers ask for unless told otherwise.
const QUALITY: u8 = 8;

/// Measures and writes the figures to `output`.
pub(crate) fn run(output: &Path, quick: bool) -> Result<()> {
    let folder = tempfile::tempdir()?;
    Viewer::build(folder.path())?;
    let mut figures = Map::new();
    let usual = (1280, 720);
    let runs: &[_] =
        if quick { &[(usual, None)] } else { &[(usual, None), ((1920, 1080), None), (usual, Some(SLOW))] };
    for &(size, slowness) in runs {
        let line = slowness.map_or("", |_| ", 20 Mbit/s, 60 ms there and back");
        let key = format!("{}x{}{line}", size.0, size.1);
        println!("{key}");
        figures.insert(key, Value::Object(measure(size, slowness, folder.path(), quick)?));
    }
    write(output, &figures)
}

fn measure(
    size: (u16, u16),
    slowness: Option<Slowness>,
    folder: &Path,
    quick: bool,
) -> Result<Map<String, Value>> {
    let tls = certificate(folder)?;
    let desktop = Desktop::start(Options { size, ..Options::default() })?;
    let options = ServiceOptions { tls: Some(tls.clone()), ..ServiceOptions::default() };
    let service = Service::start(&program("ondemand-service")?, options)?;
    let options = AgentOptions {
        service_url: service.url(),
        extra_ca: Some(tls.0.clone()),
        arguments: vec!["--background".into()],
        ..AgentOptions::default()
    };
    let stage = Stage::with_device(desktop, service, options)?;
    let bench = Bench { stage: &stage, folder, quick, slowness };
    let mut figures = Map::new();
    if slowness.is_none() {
        let mut first = Vec::new();
        for _ in 0..if quick { 2 } else { 11 } {
            first.push(bench.approve_to_picture()?);
        }
        figures.insert("ours_approve_to_first_picture_ms_median".into(), json!(costs::median(&mut first)));
    }

    let session = stage.session([Permission::View, Permission::FilesRead, Permission::FilesWrite])?;
    stage.wait_for_access(true)?;
    let bridge = stage.operator.desktop(&session)?;
    let access = stage.access_process().context("there is no access process")?;
    let mut ours = bench.server("ours", access, bridge.address)?;
    // Beside theirs stands what they do as well.
    let files = bench.files(&session, &tls.0, bridge.address.port())?;
    drop(bridge);
    for (name, mut command) in others(&stage.desktop)? {
        let other = Other::start(&mut command)?;
        let theirs = bench.server(name, other.process.id(), other.address)?;
        for (what, value) in &ours {
            if let (Some(ours), Some(theirs)) = (value.as_f64(), theirs[what].as_f64())
                && theirs > 0.0
            {
                figures.insert(format!("ours_to_{name}_{what}_ratio"), json!(ours / theirs));
            }
        }
        figures.extend(theirs.into_iter().map(|(what, value)| (format!("{name}_{what}"), value)));
    }
    ours.extend(files);
    figures.extend(ours.into_iter().map(|(what, value)| (format!("ours_{what}"), value)));
    stage.operator.end(&session)?;
    Ok(figures)
}

/// Two servers for X11 that distributions ship, as they come.
fn others(desktop: &Desktop) -> Result<Vec<(&'static str, Command)>> {
    let display = desktop.env().iter().find(|(name, _)| *name == "DISPLAY");
    let display = &display.context("the desktop has no display")?.1;
    let mut x0vncserver = desktop.command("X0tigervnc");
    x0vncserver.args(["-display", display, "-SecurityTypes", "None", "-localhost"]);
    let mut x11vnc = desktop.command("x11vnc");
    x11vnc.args(["-display", display, "-localhost", "-nopw", "-forever", "-shared", "-quiet"]);
    Ok(vec![("x0vncserver", x0vncserver), ("x11vnc", x11vnc)])
}

struct Other {
    process: Child,
    address: SocketAddr,
}

impl Other {
    fn start(command: &mut Command) -> Result<Self> {
        // Free a moment ago, and nobody else here is looking for one.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        command.args(["-rfbport", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn()?;
        let other = Self { process, address };
        wait_for("the other server to listen", || Ok(TcpStream::connect(address).ok().map(drop)))?;
        Ok(other)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // An error means that it is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Bench<'a> {
    stage: &'a Stage,
    folder: &'a Path,
    quick: bool,
    /// Of the line between a server and its viewer.
    slowness: Option<Slowness>,
}

impl Bench<'_> {
    fn server(&self, name: &str, pid: u32, address: SocketAddr) -> Result<Map<String, Value>> {
        let mut figures = Map::new();
        let mut note = |what: &str, value: f64| {
            println!("  {name:<12} {what:<44} {value:.2}");
            figures.insert(what.into(), json!(value));
        };
        let wire = || match self.slowness {
            Some(slowness) => Wire::slow(address, slowness),
            None => Wire::start(address),
        };
        let slow = self.slowness.map(|_| wire()).transpose()?;
        let port = slow.as_ref().map_or(address, |wire| wire.address).port();
        let connect = |probe| Viewer::connect(self.folder, port, QUALITY, probe);

        let mut first = Vec::new();
        for _ in 0..if self.quick { 3 } else { 11 } {
            let viewer = connect((0, 0))?;
            first.push(milliseconds(viewer.connecting, viewer.next(PATIENCE)?.at));
        }
        note("connect_to_first_picture_ms_median", costs::median(&mut first));

        let (x, y, side) = FLIP;
        let middle = (u32::from(x.unsigned_abs() + side / 2), u32::from(y.unsigned_abs() + side / 2));
        let viewer = connect(middle)?;
        viewer.next(PATIENCE)?;
        std::thread::sleep(SETTLED);
        let mut latencies = self.flip(&viewer)?;
        note("pixel_to_client_ms_median", costs::median(&mut latencies));
        let latency = costs::percentile_95(&mut latencies);
        note("pixel_to_client_ms_p95", latency);
        drop(viewer);

        // Through a wire that counts.
        let wire = wire()?;
        let mut viewer = Viewer::connect(self.folder, wire.address.port(), QUALITY, (0, 0))?;
        viewer.next(PATIENCE)?;
        std::thread::sleep(SETTLED);
        let still = if self.quick { SETTLED } else { STILL };
        let before = costs::processor(pid)?;
        std::thread::sleep(still);
        note("still_processor_percent", (costs::processor(pid)? - before) / still.as_secs_f64() * 100.0);

        let content = self.content(&["scroll"], Stdio::null())?;
        std::thread::sleep(SETTLED);
        viewer.so_far()?;
        let (used, bytes) = (costs::processor(pid)?, wire.bytes());
        let motion = if self.quick { SETTLED } else { MOTION };
        std::thread::sleep(motion);
        let seconds = motion.as_secs_f64();
        let updates = viewer.so_far()?.len() as f64;
        note("motion_processor_seconds_per_20_s", (costs::processor(pid)? - used) / seconds * 20.0);
        note("motion_updates_per_second", updates / seconds);
        note("motion_kilobytes_per_second", (wire.bytes() - bytes) as f64 / 1000.0 / seconds);
        note("memory_pss_megabytes", costs::memory(pid)? as f64 / 1e6);

        let mut during = Vec::new();
        for _ in 0..5 {
            signal_pid(content.0.id().cast_signed(), Signal::Stop);
            std::thread::sleep(LEAVING + Duration::from_secs_f64(latency.min(1000.0) / 1000.0));
            during.push(self.fidelity(&mut viewer)?);
            signal_pid(content.0.id().cast_signed(), Signal::Continue);
            // Not in step with the content.
            std::thread::sleep(Duration::from_millis(730));
        }
        note("during_motion_psnr_db_median", costs::median(&mut during));
        signal_pid(content.0.id().cast_signed(), Signal::Stop);
        std::thread::sleep(SETTLED);
        note("after_motion_psnr_db", self.fidelity(&mut viewer)?);
        Ok(figures)
    }

    /// Files each way, and, on a line that is not slow, what the picture notices of it.
    fn files(&self, session: &SessionId, authority: &Path, desktop: u16) -> Result<Map<String, Value>> {
        let mut figures = Map::new();
        let mut note = |what: &str, value: f64| {
            println!("  {:<12} {what:<44} {value:.2}", "ours");
            figures.insert(what.into(), json!(value));
        };
        let megabytes = MEGABYTES[if self.quick { 0 } else { 2 - usize::from(self.slowness.is_some()) }];
        let service = self.stage.service.url();
        let service = service.rsplit('/').next().context("no address")?.parse()?;
        let wire = self.slowness.map(|slowness| Wire::slow(service, slowness)).transpose()?;
        let credential = self.stage.operator.files(session)?;
        let place = self.stage.agent.home().join("Downloads");
        let bytes = megabytes * 1_000_000;
        let files = Files::new(credential, authority, place, self.folder, bytes, wire.as_ref())?;
        note("download_megabytes_per_second", files.download()?);
        note("upload_megabytes_per_second", files.upload()?);
        if self.slowness.is_some() {
            return Ok(figures);
        }
        let (x, y, side) = FLIP;
        let middle = (u32::from(x.unsigned_abs() + side / 2), u32::from(y.unsigned_abs() + side / 2));
        for (upload, what) in [(false, "download"), (true, "upload")] {
            let viewer = Viewer::connect(self.folder, desktop, QUALITY, middle)?;
            viewer.next(PATIENCE)?;
            let _beside = Killed(files.keep_on(upload)?);
            std::thread::sleep(SETTLED);
            let mut latencies = self.flip(&viewer)?;
            note(&format!("pixel_to_client_beside_{what}_ms_p95"), costs::percentile_95(&mut latencies));
        }
        Ok(figures)
    }

    fn content(&self, arguments: &[&str], out: Stdio) -> Result<Killed> {
        let mut command = self.stage.desktop.command(std::env::current_exe()?);
        let child = command.arg("content").args(arguments).stdout(out).spawn()?;
        Ok(Killed(child))
    }

    /// How long each flip took to reach the viewer, in milliseconds; what was never seen counts as for ever.
    fn flip(&self, viewer: &Viewer) -> Result<Vec<f64>> {
        let count = if self.quick { 10 } else { 100 };
        viewer.so_far()?;
        let mut content = self.content(&["flip", &count.to_string(), "60"], Stdio::piped())?;
        let mut flips = Vec::new();
        for line in BufReader::new(content.0.stdout.take().context("no pipe")?).lines() {
            let line = line?;
            let (at, colour) = line.split_once(' ').context("no colour")?;
            flips.push((Duration::from_secs_f64(at.parse()?), u32::from_str_radix(colour, 16)?));
        }
        ensure!(flips.len() == count, "the content drew {} of {count} flips", flips.len());
        let updates = viewer.so_far()?;
        let latency = |&(at, colour): &(Duration, u32)| {
            let seen = updates.iter().find(|update| update.at > at && is_close(update.pixel, colour));
            seen.map_or(f64::INFINITY, |update| milliseconds(at, update.at))
        };
        Ok(flips.iter().map(latency).collect())
    }

    /// The likeness of what the viewer shows to what is on the screen, where the content is; 99 where they are the same.
    fn fidelity(&self, viewer: &mut Viewer) -> Result<f64> {
        let Dump { width, pixels } = viewer.dump(&self.folder.join("dump"))?;
        let screen = self.stage.desktop.picture()?;
        let (left, top, across, down) = AREA;
        let mut sum = 0.0;
        for y in top..top + down.cast_signed() {
            for x in left..left + across.cast_signed() {
                let shown = pixels[usize::from(y.unsigned_abs()) * width + usize::from(x.unsigned_abs())];
                let real = screen.pixel(Point { x: x.into(), y: y.into() });
                for (shift, real) in [16, 8, 0].into_iter().zip(real) {
                    let shown = (shown >> shift & 0xff) as f64;
                    sum += (shown - f64::from(real)).powi(2);
                }
            }
        }
        let mean = sum / (f64::from(across) * f64::from(down) * 3.0);
        Ok(if mean == 0.0 { 99.0 } else { 10.0 * (255.0 * 255.0 / mean).log10() })
    }

    /// One session, from the press of *Approve* to the first picture at a viewer that connects as soon as it can.
    fn approve_to_picture(&self) -> Result<f64> {
        let stage = self.stage;
        let request = stage.ask([Permission::View])?;
        stage.popup()?;
        stage.wait_until_approvable()?;
        let approve = stage.button("Approve")?;
        let pressed = costs::now();
        approve.activate()?;
        let session = stage.operator.wait_for_approval(&request)?;
        let bridge: Bridge = stage.operator.desktop(&session)?;
        let viewer = Viewer::connect(self.folder, bridge.address.port(), QUALITY, (0, 0))?;
        let seen = viewer.next(PATIENCE)?.at;
        drop((viewer, bridge));
        stage.operator.end(&session)?;
        stage.wait_for_screen("ended")?;
        Ok(milliseconds(pressed, seen))
    }
}

/// Whether it is the colour, or nearly: a coarse picture comes close before a fine one is it.
fn is_close(pixel: u32, colour: u32) -> bool {
    let parts = pixel.to_le_bytes().into_iter().zip(colour.to_le_bytes());
    parts.take(3).all(|(one, other)| one.abs_diff(other) < 24)
}

/// A process that is killed when it is not needed any more.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // An error means that it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn milliseconds(from: Duration, to: Duration) -> f64 {
    to.saturating_sub(from).as_secs_f64() * 1000.0
}
