//! What is measured, in which order.

use crate::costs;
use anyhow::{Context, Result, bail};
use protocol::{Permission, Timestamp};
use rehearsal::{
    AgentOptions, DEADLINE, POPUP, Service, ServiceOptions, Signal, Stage, Wire, program, signal_pid,
    wait_for,
};
use serde_json::{Map, Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use virtual_desktop::{Desktop, Options};

/// How long after being ready memory is read.
const SETTLE: Duration = Duration::from_secs(60);
/// After this long the agent has let go of what a session needed, and its windows are gone.
const REST: Duration = Duration::from_secs(20);
/// From [`SETTLE`] on, the end of exactly one wait lies within this: the first lasts 55 s, the second 110 s.
const IDLE: Duration = Duration::from_secs(110);
/// Polls a minute where every wait is the first one again, as something on the way that cuts longer ones makes it.
const POLLS_A_MINUTE: f64 = 60.0 / 55.0;
/// The waits double after each poll that comes back whole: 55, 110, 220 and 440 s; from then on they last 15 minutes. Half
/// a minute more is well inside the first of those.
const GROWING: Duration = Duration::from_secs(55 + 110 + 220 + 440 + 30);
/// Two whole waits of 15 minutes.
const GROWN_IDLE: Duration = Duration::from_secs(2 * 15 * 60);
/// Memory is read after this session, when all that starts with a session has started, and each hundred later.
const FIRST: u32 = 10;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// Few sessions and no idle minutes.
    Quick,
    /// Idle at the first wait, and enough sessions for a maximum.
    Usual,
    /// Only the sessions.
    Sessions,
    /// Only the three quarters of an hour that idle takes with the longest waits.
    LongWaits,
}

/// `bench OUTPUT [--quick | --sessions | --long-waits | --access [--quick]]`, and `bench content …`, which it starts itself.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (output, extent) = match arguments {
        [content, what @ ..] if content == "content" => return crate::content::run(what),
        [output, access] if access == "--access" => return crate::access::run(Path::new(output), false),
        [output, access, quick] if access == "--access" && quick == "--quick" => {
            return crate::access::run(Path::new(output), true);
        }
        [output] => (PathBuf::from(output), Extent::Usual),
        [output, quick] if quick == "--quick" => (output.into(), Extent::Quick),
        [output, sessions] if sessions == "--sessions" => (output.into(), Extent::Sessions),
        [output, long] if long == "--long-waits" => (output.into(), Extent::LongWaits),
        _ => bail!("usage: bench OUTPUT [--quick | --sessions | --long-waits | --access [--quick]]"),
    };
    let certificates = tempfile::tempdir()?;
    let tls = certificate(certificates.path())?;
    let desktop = Desktop::start(Options::default())?;
    let options = ServiceOptions { tls: Some(tls.clone()), ..ServiceOptions::default() };
    let service = Service::start(&program("ondemand-service")?, options)?;
    let address = service.url().rsplit('/').next().context("no address")?.parse()?;
    let wire = Wire::start(address)?;
    let options = AgentOptions {
        service_url: format!("https://{}", wire.address),
        extra_ca: Some(tls.0),
        arguments: vec!["--background".into()],
        ..AgentOptions::default()
    };
    let stage = Stage::with_device(desktop, service, options)?;
    let mut figures = Map::new();
    let mut note = |name: &str, value: Value| {
        println!("{name:<44} {value}");
        figures.insert(name.into(), value);
    };
    note("agent_program_bytes", json!(fs::metadata(program("ondemand-agent")?)?.len()));

    let pid = stage.agent.pid();
    // Neither sleep waits for a condition: what is measured is how things are after, and over, this long.
    let idle = |after: Duration, over: Duration| -> Result<Idle> {
        std::thread::sleep(after);
        let before = Idle::until_now(pid, &wire)?;
        std::thread::sleep(over);
        let now = Idle::until_now(pid, &wire)?;
        Ok(Idle(std::array::from_fn(|index| now.0[index] - before.0[index])))
    };
    if extent == Extent::LongWaits {
        let cost = idle(GROWING, GROWN_IDLE)?;
        for (what, count) in Idle::NAMES.iter().zip(cost.0) {
            let minutes = GROWN_IDLE.as_secs_f64() / 60.0;
            note(&format!("idle_at_900_s_waits_{what}_per_minute"), json!(count as f64 / minutes));
        }
        return write(&output, &figures);
    }
    if extent == Extent::Usual {
        std::thread::sleep(SETTLE);
        note("resident_pss_60_s_after_ready_bytes", json!(costs::memory(pid)?));
        let cost = idle(Duration::ZERO, IDLE)?;
        for (what, count) in Idle::NAMES.iter().zip(cost.0) {
            note(&format!("idle_at_55_s_waits_{what}_per_minute"), json!(count as f64 * POLLS_A_MINUTE));
        }
    }

    let at_rest = || -> Result<u64> {
        std::thread::sleep(REST);
        costs::memory(pid)
    };
    let sessions = if extent == Extent::Quick { 12 } else { 210 };
    let mut popup = Vec::new();
    let mut receipt = Vec::new();
    let mut dead = Vec::new();
    let mut dead_when_stopped = Vec::new();
    let mut memory = Vec::new();
    for number in 1..=sessions {
        let times = play(&stage, number % 10 == 0)?;
        popup.push(times.popup);
        receipt.push(times.receipt);
        if number % 10 == 0 { &mut dead_when_stopped } else { &mut dead }.push(times.dead);
        if number % 100 == FIRST {
            memory.push(at_rest()?);
        }
    }
    if let [_, _, now] = memory[..] {
        note("resident_pss_after_210_sessions_bytes", json!(now));
        for (sessions, pair) in ["10_to_110", "110_to_210"].iter().zip(memory.windows(2)) {
            let growth = i128::from(pair[1]) - i128::from(pair[0]);
            note(&format!("resident_pss_growth_session_{sessions}_bytes"), json!(growth));
        }
    }
    let maximum = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    note("sessions", json!(sessions));
    note("request_sent_to_popup_mapped_ms_maximum", json!(maximum(&popup)));
    note("request_sent_to_popup_mapped_ms_median", json!(costs::median(&mut popup)));
    note("approve_to_receipt_at_service_ms_median", json!(costs::median(&mut receipt)));
    note("end_to_access_process_dead_ms_maximum", json!(maximum(&dead)));
    note("end_to_access_process_dead_ms_median", json!(costs::median(&mut dead)));
    note("end_to_stopped_access_process_dead_ms_maximum", json!(maximum(&dead_when_stopped)));

    write(&output, &figures)
}

pub(crate) fn write(output: &Path, figures: &Map<String, Value>) -> Result<()> {
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(output, serde_json::to_string_pretty(figures)? + "\n")?;
    println!("{}", output.display());
    Ok(())
}

/// What waiting cost.
struct Idle([u64; 3]);

impl Idle {
    /// The last are among the first: a page of the program that the kernel had taken back is waited for.
    const NAMES: [&str; 3] = ["wake_ups", "payload_bytes", "wake_ups_for_pages_from_disk"];

    fn until_now(pid: u32, wire: &Wire) -> Result<Self> {
        Ok(Self([costs::wake_ups(pid)?, wire.bytes(), costs::pages_from_disk(pid)?]))
    }
}

/// Milliseconds.
struct Times {
    popup: f64,
    receipt: f64,
    dead: f64,
}

/// One session from request to end; with `stopped` the access process stands still when the end comes.
fn play(stage: &Stage, stopped: bool) -> Result<Times> {
    let maps = stage.desktop.watch_maps()?;
    let asked = costs::now();
    let request = stage.ask([Permission::View, Permission::Chat])?;
    let mapped = maps.next("the popup", DEADLINE, |window| window.title == POPUP)?;
    stage.wait_until_approvable()?;
    let approve = stage.button("Approve")?;
    let pressed = Timestamp::now();
    approve.activate()?;
    let session = stage.operator.wait_for_approval(&request)?;
    // The service's own stamp, from the same clock: asking for it would take longer than what is measured.
    let receipts = stage.operator.receipts(&session)?;
    let received = receipts.first().context("an approval leaves a receipt")?.received_at;
    stage.wait_for_access(true)?;
    let access = stage.access_process().context("the access process is gone")?;
    if stopped {
        signal_pid(access.cast_signed(), Signal::Stop);
    }
    stage.wait_until_gone(POPUP)?;
    let icon = stage.tray_icon()?;
    let ended = costs::now();
    stage.desktop.tray().choose(&icon, "End Session")?;
    while !costs::is_dead(access) {
        std::thread::sleep(Duration::from_micros(200));
        if costs::now() - ended > DEADLINE {
            bail!("the access process outlived the session");
        }
    }
    let dead = costs::now();
    wait_for("the agent to be ready again", || {
        let screen = stage.agent.status()?["view"]["screen"]["screen"].clone();
        Ok((screen == "ended").then_some(()))
    })?;
    // The next request is refused while the service still believes in this session.
    stage.operator.wait_for_end(&session)?;
    let ms = |from: Duration, to: Duration| (to.saturating_sub(from)).as_secs_f64() * 1000.0;
    Ok(Times {
        popup: ms(asked, mapped.at),
        receipt: received.duration_since(pressed).as_secs_f64() * 1000.0,
        dead: ms(ended, dead),
    })
}

/// A certificate authority that is its own only certificate, for 127.0.0.1.
pub(crate) fn certificate(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    fs::write(&certificate, made.cert.pem())?;
    fs::write(&key, made.signing_key.serialize_pem())?;
    Ok((certificate, key))
}
