//! Places and processes that all commands share.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::text_data;

/// The top of the checkout.
///
/// Asked for at run time: checkouts may share a target folder, and with it this program, which then still knows the one
/// that it was built in.
pub(crate) fn repository() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let mut folder = PathBuf::from(manifest);
    folder.pop();
    folder
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => repository().join(folder),
        None => repository().join("target"),
    }
}

/// Where tools are kept between runs and between checkouts.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .or_else(|| set("LOCALAPPDATA"));
    Ok(cache.context("neither XDG_CACHE_HOME nor HOME says where tools can be kept")?.join("ondemand-agent"))
}

/// The cargo that runs this program, in the checkout.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(repository());
    command
}

/// Builds a package's programs as they are shipped.
pub(crate) fn build_release(package: &str) -> Result<()> {
    // Each on its own: what is shipped has the features that it asks for, not those of its neighbours.
    let mut command = cargo(&["build", "--release", "--locked", "--package", package]);
    let own: &[&str] = if cfg!(target_os = "linux") {
        // Code that came out the same for several types is kept once; this needs Rust's own linker.
        &["-Clink-arg=-Wl,--icf=all"]
    } else {
        &[]
    };
    set_release_flags(&mut command, own)?;
    run(&mut command)
}

/// Gives the compiler flags, those by which a program does not tell where it was built and comes out the same wherever
/// that is, and less of Unicode's data.
pub(crate) fn set_release_flags(command: &mut Command, own: &[&str]) -> Result<()> {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let cargo_home = cargo_home.context("neither CARGO_HOME nor HOME says where cargo keeps crates")?;
    let places = [(repository(), "ondemand-agent"), (target_dir(), "target"), (cargo_home, "cargo")];
    let places = places.map(|(place, name)| format!("--remap-path-prefix={}={name}", place.display()));
    let flags: Vec<&str> = own.iter().copied().chain(places.iter().map(String::as_str)).collect();
    // With this separator, as a folder's name may hold a blank.
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    command.env("ICU4X_DATA_DIR", text_data::make()?);
    Ok(())
}

/// Runs a command, its output going where ours goes, and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    eprintln!("$ {}", shown(command));
    let status =
        command.status().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !status.success() {
        bail!("`{}` failed with {status}", shown(command));
    }
    Ok(())
}

/// Runs a command and returns what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    command.stderr(Stdio::inherit());
    let output =
        command.output().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!("`{}` failed with {}", shown(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed no text", shown(command)))
}

/// Whether a command runs and succeeds; nothing of it is shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The program of this name in `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args()).map(OsStr::to_string_lossy);
    words.collect::<Vec<_>>().join(" ")
}
