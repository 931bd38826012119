//! Many sessions on one agent: nothing may pile up. A few in every run of the tests; with `ONDEMAND_LONG_TESTS=1` a thousand.

use crate::memory;
use anyhow::{Context, Result, ensure};
use protocol::{EndReason, Permission};
use rehearsal::{DEADLINE, POPUP, Stage, WINDOW, children_of, wait_for};
use std::{
    fmt, fs,
    time::{Duration, Instant},
};

/// Memory may differ by so much without anything being kept: the allocator gives back in steps.
const NOISE_BYTES: u64 = 512 * 1024;
/// What a session may leave behind in memory at the very most.
const BYTES_A_SESSION: u64 = 1024;

/// What the agent holds while nothing is going on.
#[derive(Clone, Copy)]
struct Held {
    /// Proportional memory (PSS).
    memory: u64,
    /// The part of it that belongs to no file: the rest is the program's, and depends on how many processes share it.
    own_memory: u64,
    files: usize,
    threads: usize,
    children: usize,
    windows: usize,
}

impl Held {
    fn now(stage: &Stage) -> Result<Self> {
        let proc = format!("/proc/{}", stage.agent.pid());
        Ok(Self {
            memory: memory::held(stage.agent.pid(), "Pss")?,
            own_memory: memory::held(stage.agent.pid(), "Pss_Anon")?,
            files: fs::read_dir(format!("{proc}/fd"))?.count(),
            threads: fs::read_dir(format!("{proc}/task"))?.count(),
            children: children_of(stage.agent.pid()).len(),
            windows: stage
                .desktop
                .windows()?
                .iter()
                .filter(|window| [POPUP, WINDOW].contains(&&*window.title))
                .count(),
        })
    }
}

impl Held {
    /// Once nothing is left to be done: what was held at rest before.
    fn at_rest(stage: &Stage, before: &Self) -> Result<Self> {
        let counts = |held: &Self| [held.files, held.threads, held.children, held.windows];
        let mut last = *before;
        let rest = wait_for("the agent to hold no more than before", || {
            last = Self::now(stage)?;
            let more = counts(&last).iter().zip(counts(before)).any(|(now, before)| *now > before);
            Ok((!more).then_some(last))
        });
        rest.with_context(|| format!("before: {before}, now: {last}"))
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, own_memory, files, threads, children, windows } = self;
        let (memory, own) = (memory / 1024, own_memory / 1024);
        write!(
            f,
            "{memory} KiB (own {own}), {files} files, {threads} threads, {children} children, {windows} windows"
        )
    }
}

/// One session from the request to the end, and back to where nothing is going on.
fn play(stage: &Stage, number: u32) -> Result<()> {
    let request = stage.ask([Permission::View, Permission::Chat])?;
    stage.wait_until_approvable()?;
    stage.button("Approve")?.activate()?;
    let session = stage.operator.wait_for_approval(&request)?;
    stage.wait_for_access(true)?;
    stage.operator.say(&session, "Good day")?;
    let reason = if number.is_multiple_of(2) {
        stage.operator.end(&session)?;
        EndReason::Operator
    } else {
        assert!(stage.agent.run(&["end"], "")?.status.success());
        EndReason::User
    };
    assert_eq!(stage.operator.wait_for_end(&session)?, reason);
    stage.wait_for_screen("ended")?;
    stage.wait_for_access(false)?;
    stage.wait_until_gone(POPUP)
}

#[test]
fn many_sessions_leave_nothing_behind() -> Result<()> {
    let long = std::env::var_os("ONDEMAND_LONG_TESTS").is_some_and(|value| value == "1");
    let (warm, sessions, report) = if long { (10, 1000, 50) } else { (5, 15, 5) };
    let stage = Stage::device()?;
    assert!(stage.agent.run(&["open"], "")?.status.success());
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    play(&stage, 1)?;
    // What starts with the first session and stays, such as threads for a while, is there or gone when nothing changes any
    // more.
    let first = settled(&stage)?;
    // Otherwise each thread keeps what it frees: more and more for hundreds of sessions, which is too long for this test.
    let set =
        |pid| fs::read(format!("/proc/{pid}/environ")).map(|set| String::from_utf8_lossy(&set).into_owned());
    let none_for_threads = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0\0";
    assert!(set(stage.agent.pid())?.contains(none_for_threads), "{}", stage.agent.log());
    for child in children_of(stage.agent.pid()) {
        assert!(!set(child)?.contains("GLIBC_TUNABLES"));
    }
    let mut before = first;
    for number in 2..=sessions {
        play(&stage, number).with_context(|| format!("in session {number}"))?;
        if number % report == 0 {
            println!("after {number:>4} sessions: {}", Held::now(&stage)?);
        }
        if number == warm {
            before = Held::at_rest(&stage, &first)?;
            println!("at rest after {number} sessions: {before}");
        }
    }
    let after = Held::at_rest(&stage, &first)?;
    println!("at rest after {sessions} sessions: {after}");
    let allowed = NOISE_BYTES + u64::from(sessions - warm) * BYTES_A_SESSION;
    assert!(after.own_memory <= before.own_memory + allowed, "before: {before}, after: {after}");

    let verified = stage.agent.run(&["history", "verify"], "")?;
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{said}{}", String::from_utf8_lossy(&verified.stderr));
    println!("{}", said.trim());
    Ok(())
}

/// What is held when nothing has changed for longer than any thread waits for more to do. Some things are let go of only ten
/// seconds after a session.
fn settled(stage: &Stage) -> Result<Held> {
    let until = Instant::now() + 2 * DEADLINE;
    let (mut held, mut since) = (Held::now(stage)?, Instant::now());
    while since.elapsed() < Duration::from_secs(11) {
        ensure!(Instant::now() < until, "the agent does not come to rest: {held}");
        std::thread::sleep(Duration::from_millis(50));
        let now = Held::now(stage)?;
        if (now.files, now.threads) != (held.files, held.threads) {
            since = Instant::now();
        }
        held = now;
    }
    Ok(held)
}
