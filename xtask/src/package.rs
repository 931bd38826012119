//! `cargo xtask package`: what people and IT departments install, into `target/packages` with checksums.
//!
//! Each kind of package is a file of its own.
//! The same sources give the same bytes, wherever a format allows: every date in a package is that of the last commit,
//! unless `SOURCE_DATE_EPOCH` says another, and every list in it is sorted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;

use packager::Packager;

use crate::process::{build_release, output, repository, target_dir};

mod deb;
mod licences;
mod linked;
mod linux;
mod macos;
mod materials;
mod packager;
mod portable;
mod rpm;
mod sign;
#[cfg(target_os = "linux")]
pub(crate) mod trial;
pub(crate) mod windows;

/// The list of checksums; its signature has the same name and an ending.
const CHECKSUMS: &str = "SHA256SUMS";

/// Build what is installed, into target/packages
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    kind: Kind,
    #[command(flatten)]
    choices: Choices,
}

#[derive(Clone, Copy, Subcommand)]
enum Kind {
    /// The agent's .exe and .msi
    Windows,
    /// The agent's .pkg
    Macos,
    /// The .deb of the agent and of the service
    Deb,
    /// The agent's .rpm
    Rpm,
    /// What a user in need downloads and starts
    Portable,
}

impl Kind {
    /// For which its programs are made.
    fn targets(self) -> &'static [&'static str] {
        match self {
            Self::Windows => &["x86_64-pc-windows-gnu"],
            Self::Macos => &["aarch64-apple-darwin", "x86_64-apple-darwin"],
            Self::Deb | Self::Rpm | Self::Portable if cfg!(target_arch = "aarch64") => {
                &["aarch64-unknown-linux-gnu"]
            }
            Self::Deb | Self::Rpm | Self::Portable => &["x86_64-unknown-linux-gnu"],
        }
    }
}

/// The package of the workspace whose program is in a file that was made.
fn inside(made: &Path) -> &'static str {
    let name = made.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with("ondemand-service") { "service" } else { "ondemand-agent" }
}

#[derive(clap::Args)]
struct Choices {
    /// Pack this agent, already built, instead of building it
    #[arg(long, value_name = "FILE", global = true)]
    agent: Option<PathBuf>,
    /// Pack this service, already built, instead of building it
    #[arg(long, value_name = "FILE", global = true)]
    service: Option<PathBuf>,
    /// Where the packages go
    #[arg(long, value_name = "FOLDER", global = true)]
    output: Option<PathBuf>,
    /// Say that it is this version, to try an upgrade
    #[arg(long, value_name = "VERSION", global = true)]
    package_version: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let job = Job::new(&arguments.choices)?;
    if matches!(arguments.kind, Kind::Deb | Kind::Rpm) {
        job.packager.say_what_is_missing();
    }
    let made = match arguments.kind {
        Kind::Windows => windows::run(&job),
        Kind::Macos => macos::run(&job),
        Kind::Deb => deb::run(&job),
        Kind::Rpm => rpm::run(&job),
        Kind::Portable => portable::run(&job),
    }?;
    for file in &made {
        materials::write_beside(&job, file, inside(file), arguments.kind.targets())?;
    }
    write_checksums(&job.output)?;
    sign::checksums(&job.output.join(CHECKSUMS))?;
    for file in made {
        println!("{}", file.display());
    }
    Ok(())
}

/// What every kind of package is made from.
pub(crate) struct Job {
    /// The version that the packages say, as in `0.1.0`.
    pub(crate) version: String,
    /// The date of everything in them, in seconds since 1970.
    pub(crate) epoch: u64,
    /// Where they go; it exists.
    pub(crate) output: PathBuf,
    /// An agent that is already built, for whatever system the package is for.
    pub(crate) given_agent: Option<PathBuf>,
    given_service: Option<PathBuf>,
    /// Whether making it soon counts for more than its size: it is tried and thrown away.
    pub(crate) quick: bool,
    /// Who answers for them.
    pub(crate) packager: Packager,
}

impl Job {
    fn new(choices: &Choices) -> Result<Self> {
        let version = choices.package_version.clone();
        let version = version.unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned());
        if version.is_empty() || !version.chars().all(|c| c.is_ascii_digit() || c == '.') {
            bail!("`{version}` is no version as in 0.1.0");
        }
        let output = choices.output.clone().unwrap_or_else(|| target_dir().join("packages"));
        fs::create_dir_all(&output).with_context(|| format!("failed to create {}", output.display()))?;
        Ok(Self {
            version,
            epoch: epoch()?,
            output: output.canonicalize()?,
            given_agent: absolute(choices.agent.as_deref())?,
            given_service: absolute(choices.service.as_deref())?,
            quick: false,
            packager: Packager::from_environment()?,
        })
    }

    /// A job that packs a given program as some version, for a test.
    fn for_test(agent: &Path, output: &Path, version: &str) -> Result<Self> {
        Self::new(&Choices {
            agent: Some(agent.to_owned()),
            service: None,
            output: Some(output.to_owned()),
            package_version: Some(version.to_owned()),
        })
    }

    /// The agent for this system, built as it is shipped where none was given.
    pub(crate) fn agent(&self) -> Result<PathBuf> {
        program(self.given_agent.as_deref(), "ondemand-agent", "ondemand-agent")
    }

    /// The service for this system, built as it is shipped where none was given.
    pub(crate) fn service(&self) -> Result<PathBuf> {
        program(self.given_service.as_deref(), "service", "ondemand-service")
    }

    /// An empty folder to put a package together in.
    pub(crate) fn staging(&self, name: &str) -> Result<PathBuf> {
        // Outside the folder of what is made, so that this holds nothing but packages.
        let folder = target_dir().join("packing").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("failed to empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
        Ok(folder.canonicalize()?)
    }

    /// A command that dates what it writes with the packages' date, and not with today's.
    pub(crate) fn tool(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SOURCE_DATE_EPOCH", self.epoch.to_string()).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        command
    }
}

fn program(given: Option<&Path>, package: &str, name: &str) -> Result<PathBuf> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    build_release(package)?;
    Ok(target_dir().join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

fn absolute(path: Option<&Path>) -> Result<Option<PathBuf>> {
    let absolute = |path: &Path| path.canonicalize().with_context(|| format!("no file {}", path.display()));
    path.map(absolute).transpose()
}

fn epoch() -> Result<u64> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => output(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(repository()))
            .context("without a git checkout, SOURCE_DATE_EPOCH has to say the packages' date")?,
    };
    text.trim().parse().context("SOURCE_DATE_EPOCH is not a number of seconds")
}

/// Lists every package in the folder, those of earlier commands too, as `sha256sum --check` reads it.
fn write_checksums(folder: &Path) -> Result<()> {
    let mut names = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        for entry in fs::read_dir(folder.join(&below))? {
            let entry = entry?;
            let name = below.join(entry.file_name());
            match entry.file_type()?.is_dir() {
                true => open.push(name),
                false if !name.to_string_lossy().starts_with(CHECKSUMS) => names.push(name),
                false => {}
            }
        }
    }
    names.sort_unstable();
    let sums = output(Command::new("sha256sum").arg("--").args(names).current_dir(folder))?;
    fs::write(folder.join(CHECKSUMS), sums).context("failed to write the checksums")
}
