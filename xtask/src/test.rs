//! `cargo xtask test`: everything CI runs, with the minutes of each stage.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::check::{self, Target};
use crate::console::npm;
use crate::interface;
use crate::openapi;
use crate::package;
use crate::process::{cargo, output, repository, run as run_process, target_dir};
use crate::setup::{self, Need};

/// Run every test and check there is; what is missing for it is installed
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Add the runs that are too long for every change: more random cases, soak and stress, packages
    #[arg(long)]
    long: bool,
    /// Run only this stage; may be given several times
    #[arg(long, value_enum, value_name = "STAGE")]
    only: Vec<Stage>,
}

/// In the order in which they run: what is quick and fails often comes first, and what a stage needs from another
/// comes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// The source is formatted
    Format,
    /// Licences, advisories, banned crates and sources
    Deny,
    /// The console's types and its build
    Console,
    /// Lints of the whole workspace
    Clippy,
    /// Unit and integration tests
    Tests,
    /// The committed interface description is what the code says
    Openapi,
    /// The service answers as its interface description says, whatever it is asked
    Interface,
    /// The documentation has no dead links
    Docs,
    /// The console in a real browser against the real service
    Browser,
    /// The agent on a real desktop
    Desktop,
    /// The packages for Linux, installed and removed in a fresh system
    LinuxPackage,
    /// The agent's installer for Windows, and the agent that it installs, in Wine
    WindowsPackage,
    /// The code compiles for Windows
    Windows,
    /// The code compiles for macOS
    Macos,
}

impl Stage {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn needs(self) -> &'static [Need] {
        match self {
            Self::Format => &[],
            Self::Deny | Self::Clippy | Self::Openapi | Self::Docs => &[Need::Build],
            Self::Tests => &[Need::Build, Need::VncClient, Need::WebdavClients],
            Self::Interface => &[Need::Build, Need::Python],
            Self::Console => &[Need::Node],
            Self::Browser => &[Need::Build, Need::Node, Need::Browser],
            Self::Desktop => &[Need::Build, Need::Desktop, Need::Browser],
            Self::LinuxPackage => {
                &[Need::Build, Need::Desktop, Need::DebianPackages, Need::RpmPackages, Need::PackageChecks]
            }
            Self::WindowsPackage => {
                &[Need::Build, Need::Desktop, Need::Cross, Need::WindowsInstaller, Need::Wine, Need::Signing]
            }
            Self::Windows | Self::Macos => &[Need::Build, Need::Cross],
        }
    }

    /// Whether it is left out unless it is asked for.
    fn is_long(self) -> bool {
        matches!(self, Self::WindowsPackage)
    }

    /// Runs it; a text tells what a pass does not cover this time.
    fn run(self, long: bool) -> Result<Option<&'static str>> {
        match self {
            Self::Deny => return deny(),
            Self::Format => run_process(&mut cargo(&["fmt", "--all", "--check"])),
            Self::Console => console(),
            Self::Clippy => {
                let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--locked"];
                run_process(cargo(&arguments).args(["--", "--deny", "warnings"]))
            }
            Self::Tests => tests(long),
            Self::Openapi => openapi::check(),
            Self::Interface => interface::run(long),
            Self::Docs => {
                let mut command = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
                run_process(command.env("RUSTDOCFLAGS", "--deny warnings"))
            }
            Self::Browser => browser(long),
            Self::Desktop => desktop(long),
            Self::LinuxPackage => return linux_package(),
            Self::WindowsPackage => package::windows::try_in_wine(),
            Self::Windows => check::check(Target::Windows, false),
            Self::Macos => check::check(Target::Macos, false),
        }?;
        Ok(None)
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let chosen = |stage: &&Stage| match arguments.only.as_slice() {
        [] => arguments.long || !stage.is_long(),
        only => only.contains(stage),
    };
    let stages: Vec<Stage> = Stage::value_variants().iter().filter(chosen).copied().collect();
    let mut needs: Vec<Need> = Vec::new();
    for &need in stages.iter().flat_map(|stage| stage.needs()) {
        if !needs.contains(&need) {
            needs.push(need);
        }
    }
    setup::ensure(&needs)?;

    let start = Instant::now();
    let mut done = Vec::new();
    for stage in stages {
        eprintln!("\n=== {} ===", stage.name());
        let start = Instant::now();
        let result = stage.run(arguments.long);
        let words = match &result {
            Ok(None) => "ok",
            Ok(Some(note)) => note,
            Err(error) => {
                eprintln!("error: {error:#}");
                "FAILED"
            }
        };
        eprintln!("=== {}: {} ===", stage.name(), minutes(start.elapsed()));
        done.push((stage, result.is_ok(), words.to_owned(), start.elapsed()));
    }

    eprintln!();
    for (stage, _, words, took) in &done {
        eprintln!("{:>9}  {:<8}  {words}", minutes(*took), stage.name());
    }
    eprintln!("{:>9}  in all", minutes(start.elapsed()));
    let failed = done.iter().filter(|(_, passed, ..)| !passed).map(|(stage, ..)| stage.name());
    let failed: Vec<_> = failed.collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn minutes(duration: Duration) -> String {
    format!("{:.1} min", duration.as_secs_f32() / 60.0)
}

/// Tells the tests that there is time: property tests read the first, soak and stress tests the second.
fn lengthen(command: &mut Command, long: bool) -> &mut Command {
    if long {
        command.env("PROPTEST_CASES", "20000").env("ONDEMAND_LONG_TESTS", "1");
        // A second in a usual run.
        command.env("BOLERO_RANDOM_TEST_TIME_MS", "60000").env("BOLERO_RANDOM_ITERATIONS", "1000000000");
    }
    command
}

/// What is known against the dependencies changes without us, and its database may be out of reach; then that is
/// said, because a change is not to blame for it.
fn deny() -> Result<Option<&'static str>> {
    let program = setup::cargo_deny()?;
    let deny = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.arg("--locked").args(arguments).current_dir(repository());
        command
    };
    let fetched = run_process(&mut deny(&["fetch", "db"])).is_ok();
    let checks = ["check", "--hide-inclusion-graph", "bans", "licenses", "sources", "advisories"];
    run_process(&mut deny(if fetched { &checks } else { &checks[..checks.len() - 1] }))?;
    Ok((!fetched).then_some("ok, but the database of advisories could not be reached"))
}

fn console() -> Result<()> {
    run_process(&mut npm(&["ci", "--no-audit", "--no-fund"]))?;
    run_process(&mut npm(&["run", "check"]))?;
    run_process(&mut npm(&["run", "build"]))
}

fn browser(long: bool) -> Result<()> {
    let mut command = npm(&["test"]);
    command.env("ONDEMAND_SERVICE", build("service", "ondemand-service")?);
    // The agent's side of the files.
    run_process(&mut cargo(&["build", "--locked", "--package", "files", "--example", "folder"]))?;
    let folder = format!("folder{}", std::env::consts::EXE_SUFFIX);
    command.env("ONDEMAND_FOLDER", target_dir().join("debug/examples").join(folder));
    if let Some(browser) = setup::browser() {
        command.env("ONDEMAND_CHROMIUM", browser);
    }
    run_process(lengthen(&mut command, long))
}

fn tests(long: bool) -> Result<()> {
    run_process(lengthen(&mut cargo(&["test", "--workspace", "--locked"]), long))?;
    // What needs programs of somebody else's is off, so that a plain `cargo test` passes without.
    for (package, feature, test) in
        [("rfb", "foreign-decoder", "foreign_decoder"), ("files", "foreign-clients", "foreign")]
    {
        let arguments = ["test", "--locked", "--package", package, "--features", feature, "--test", test];
        run_process(lengthen(&mut cargo(&arguments), long))?;
    }
    Ok(())
}

/// The tests that need a virtual desktop have a feature of that name, so that a plain `cargo test` passes without.
fn desktop(long: bool) -> Result<()> {
    for package in ["service", "ondemand-agent"] {
        run_process(&mut cargo(&["build", "--locked", "--package", package]))?;
    }
    let tests = ["test", "--locked", "--features", "desktop-tests", "--tests"];
    let examples =
        ["build", "--locked", "--package", "virtual-desktop", "--examples", "--features", "desktop-tests"];
    run_process(&mut cargo(&examples))?;
    for package in ["virtual-desktop", "screen", "input", "clipboard", "rehearsal"] {
        run_process(lengthen(cargo(&tests).args(["--package", package]), long))?;
    }
    Ok(())
}

/// Packages are installed in a fresh system, which only root can make.
#[cfg(target_os = "linux")]
fn linux_package() -> Result<Option<&'static str>> {
    if output(Command::new("id").arg("-u"))?.trim() != "0" {
        return Ok(Some("left out: it has to be run as root"));
    }
    package::trial::run()?;
    Ok(None)
}

#[cfg(not(target_os = "linux"))]
fn linux_package() -> Result<Option<&'static str>> {
    bail!("packages for Linux are tried on Linux")
}

/// Builds a program of the workspace and returns where it is.
fn build(package: &str, program: &str) -> Result<PathBuf> {
    run_process(&mut cargo(&["build", "--locked", "--package", package]))?;
    Ok(target_dir().join("debug").join(format!("{program}{}", std::env::consts::EXE_SUFFIX)))
}
