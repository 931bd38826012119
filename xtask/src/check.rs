//! `cargo xtask check`: whether the code compiles for Windows and macOS, from Linux.
//!
//! It checks and does not link: linking for macOS needs Apple's frameworks.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::process::{self, cargo, repository, succeeds, target_dir};
use crate::setup::{self, Need};

/// Check that the code compiles for another system
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The system; both when not given
    #[arg(long, value_enum)]
    target: Option<Target>,
    /// Check the tests too, and not only what is shipped
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    Windows,
    Macos,
}

/// What people install, and the libraries in it.
const SHIPPED: &[&str] = &[
    "ondemand-agent",
    "window",
    "line",
    "session",
    "crypto",
    "receipts",
    "protocol",
    "display",
    "screen",
    "clipboard",
    "input",
    "files",
    "rfb",
    "tunnel",
    "service",
];

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match arguments.target {
        Some(target) => check(target, arguments.all),
        None => check(Target::Windows, arguments.all).and_then(|()| check(Target::Macos, arguments.all)),
    }
}

impl Target {
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::Windows => "x86_64-pc-windows-gnu",
            Self::Macos => "aarch64-apple-darwin",
        }
    }
}

/// Runs clippy for the target, or only the compiler where a toolchain of another version has to stand in.
pub(crate) fn check(target: Target, all: bool) -> Result<()> {
    setup::ensure(&[Need::Build, Need::Cross])?;
    let pinned = has_standard_library(target);
    let mut command = if pinned { cargo(&["clippy"]) } else { debian_check()? };
    command.args(["--locked", "--target", target.triple()]);
    for package in SHIPPED {
        command.args(["--package", package]);
    }
    if all {
        command.arg("--all-targets");
    }
    if target == Target::Macos {
        compile_c_for_macos(&mut command)?;
    }
    if pinned {
        command.args(["--", "--deny", "warnings"]);
    }
    process::run(&mut command)
}

/// Whether the pinned toolchain has the target's standard library, or can get it.
pub(crate) fn has_standard_library(target: Target) -> bool {
    let mut rustup = Command::new("rustup");
    succeeds(rustup.args(["target", "add", target.triple()]).current_dir(repository()))
}

/// A check by the compiler that Debian keeps for its browsers, which builds the standard library along.
///
/// Its version moves, so its lints are left alone and only the compiler's warnings are errors.
/// It has a target folder of its own: two compilers in one would build everything anew in turns.
fn debian_check() -> Result<Command> {
    let mut command = debian_cargo("check")?;
    command.args(["-Z", "warnings", "--target-dir"]).arg(target_dir().join("cross"));
    command.env("CARGO_BUILD_WARNINGS", "deny");
    Ok(command)
}

/// The cargo that Debian keeps for its browsers; it builds the standard library along.
pub(crate) fn debian_cargo(subcommand: &str) -> Result<Command> {
    setup::ensure(&[Need::CrossStandardLibrary])?;
    let mut command = Command::new("/usr/bin/cargo");
    command.args([subcommand, "-Z", "build-std=std,panic_abort"]).current_dir(repository());
    // What rustup put there for its own compiler must not reach this one.
    for name in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTUP_HOME", "LD_LIBRARY_PATH", "RUSTFLAGS", "RUSTDOC"] {
        command.env_remove(name);
    }
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("RUSTC", "/usr/bin/rustc");
    command.env("RUSTC_BOOTSTRAP", "1");
    Ok(command)
}

/// Lets Zig compile the C code among the dependencies.
fn compile_c_for_macos(command: &mut Command) -> Result<()> {
    let folder = setup::zig()?;
    let tool = |name: &str| folder.join("bin").join(name);
    let (python, empty) = (tool("python").display().to_string(), folder.join("empty.c"));
    let (compiler, archiver) = (tool("zigcc"), tool("zigar"));
    fs::write(&empty, "").with_context(|| format!("cannot write {}", empty.display()))?;
    let wrapper = include_str!("check/zigcc.sh").replace("@PYTHON@", &python);
    script(&compiler, &wrapper.replace("@EMPTY@", &empty.display().to_string()))?;
    script(&archiver, &format!("#!/bin/sh\nexec '{python}' -m ziglang ar \"$@\"\n"))?;
    command.env("CC_aarch64_apple_darwin", compiler).env("AR_aarch64_apple_darwin", archiver);
    // Any folder will do: it keeps build scripts from asking Apple's tools for one.
    command.env("SDKROOT", folder);
    Ok(())
}

fn script(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    make_executable(path).with_context(|| format!("cannot make {} a program", path.display()))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every system; here any file can be run")]
fn make_executable(_path: &Path) -> std::io::Result<()> {
    Ok(())
}
