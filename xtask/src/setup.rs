//! What a command needs besides cargo, installed when it is missing and announced before.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process::{cache_dir, cargo, find, output, repository, run, succeeds};

/// Something that a command needs of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// A C compiler, for the few dependencies with C in them.
    Build,
    /// A virtual desktop, and the libraries that a window finds on any real one.
    Desktop,
    /// A browser for the console.
    Browser,
    /// A library of others' that decodes what is encoded here.
    VncClient,
    /// Others' WebDAV clients.
    WebdavClients,
    /// Others' VNC servers to measure beside.
    VncServers,
    /// Node and npm, for building the console.
    Node,
    /// What makes packages for Debian and its relatives.
    DebianPackages,
    /// What makes packages for Fedora and its relatives.
    RpmPackages,
    /// What looks at packages, and installs them in a fresh system.
    PackageChecks,
    /// What makes and signs installers for Windows.
    WindowsInstaller,
    /// Windows, as far as Debian has it.
    Wine,
    /// Keys that are made and thrown away.
    Signing,
    /// Python, for programs that are written in it.
    Python,
    /// C compilers for Windows and, through Python, macOS.
    Cross,
    /// Compilers that can build Rust's standard library for another system.
    CrossStandardLibrary,
}

const CARGO_DENY: &str = "0.20.2";
const OLDEST_NODE: u32 = 18;

impl Need {
    fn reason(self) -> &'static str {
        match self {
            Self::Build => "to build",
            Self::Desktop => "for the virtual desktop",
            Self::Browser => "to look at the console",
            Self::VncClient | Self::VncServers => "to compare with other VNC programs",
            Self::WebdavClients => "to be used by other WebDAV programs",
            Self::Node => "to build the console",
            Self::Python => "to try the service's interface",
            Self::DebianPackages | Self::RpmPackages => "to make packages",
            Self::PackageChecks => "to check packages",
            Self::WindowsInstaller => "to make the installer for Windows",
            Self::Wine => "to try the installer for Windows",
            Self::Signing => "to try signatures",
            Self::Cross | Self::CrossStandardLibrary => "to check the code for Windows and macOS",
        }
    }

    fn packages(self) -> Vec<&'static str> {
        match self {
            Self::Build => vec!["gcc", "libc6-dev"],
            Self::Desktop => {
                let libraries = [
                    "libfontconfig1",
                    "libx11-6",
                    "libx11-xcb1",
                    "libxcursor1",
                    "libxi6",
                    "libxkbcommon-x11-0",
                    "libxkbcommon0",
                ];
                virtual_desktop_packages().iter().copied().chain(libraries).collect()
            }
            Self::Browser if browser().is_some() => vec![],
            Self::Browser if is_ubuntu() => vec!["chromium-browser"],
            Self::Browser => vec!["chromium", "fonts-dejavu-core"],
            Self::VncClient => vec!["libvncserver-dev"],
            Self::WebdavClients => vec!["cadaver", "litmus", "rclone"],
            Self::VncServers => vec!["tigervnc-scraping-server", "x11vnc"],
            Self::Node if has_node() => vec![],
            Self::Node => vec!["nodejs", "npm"],
            Self::DebianPackages => vec!["binutils", "dpkg-dev"],
            Self::RpmPackages => vec!["binutils", "rpm"],
            Self::PackageChecks => {
                vec!["appstream", "desktop-file-utils", "lintian", "man-db", "mmdebstrap", "rpmlint"]
            }
            Self::WindowsInstaller => vec!["msitools", "osslsigncode", "wixl"],
            Self::Wine => vec!["wine", "wine64"],
            Self::Signing => vec!["gpg", "gpg-agent", "openssl"],
            Self::Python => vec!["python3-venv"],
            Self::Cross => vec!["gcc-mingw-w64-x86-64-win32", "python3-venv"],
            Self::CrossStandardLibrary => {
                vec!["rustc-web", "cargo-web", "rust-web-src", "libstd-rust-web-dev"]
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn virtual_desktop_packages() -> &'static [&'static str] {
    virtual_desktop::PACKAGES
}

#[cfg(not(target_os = "linux"))]
fn virtual_desktop_packages() -> &'static [&'static str] {
    &[]
}

/// Installs what is missing of these needs.
///
/// Only Debian and its relatives are set up; elsewhere a missing program says so itself when it is needed.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    if find("dpkg-query").is_none() || find("apt-get").is_none() {
        return Ok(());
    }
    let mut wanted = Vec::new();
    for need in needs {
        let missing = missing(&need.packages())?;
        if !missing.is_empty() {
            eprintln!("to be installed {}: {}", need.reason(), missing.join(" "));
            wanted.extend(missing);
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    wanted.sort_unstable();
    wanted.dedup();
    let by_hand = format!("apt-get install --no-install-recommends {}", wanted.join(" "));
    run(apt_get()?.arg("update")).with_context(|| format!("install by hand with: {by_hand}"))?;
    run(apt_get()?.args(["install", "-y", "--no-install-recommends"]).args(&wanted))
        .with_context(|| format!("install by hand with: {by_hand}"))
}

fn missing(packages: &[&'static str]) -> Result<Vec<&'static str>> {
    if packages.is_empty() {
        return Ok(vec![]);
    }
    // It fails as soon as one package is unknown, and still lists the others.
    let listed = Command::new("dpkg-query")
        .args(["-W", "-f", "${Package} ${db:Status-Status}\n"])
        .args(packages)
        .output()
        .context("cannot start dpkg-query")?;
    let listed = String::from_utf8_lossy(&listed.stdout);
    let installed: Vec<_> = listed.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    Ok(packages.iter().copied().filter(|package| !installed.contains(package)).collect())
}

fn apt_get() -> Result<Command> {
    let root = output(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command = if root {
        Command::new("apt-get")
    } else if find("sudo").is_some() {
        let mut command = Command::new("sudo");
        command.args(["--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
        command
    } else {
        bail!("packages can be installed by root only, and there is no sudo");
    };
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-o", "DPkg::Lock::Timeout=600"]);
    Ok(command)
}

/// A browser that tests can drive without a screen.
pub(crate) fn browser() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find)
}

fn is_ubuntu() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=ubuntu"))
}

fn has_node() -> bool {
    let version = Command::new("node").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let major = version.ok().and_then(|text| text.trim().strip_prefix('v')?.split('.').next()?.parse().ok());
    find("npm").is_some() && major.is_some_and(|major: u32| major >= OLDEST_NODE)
}

/// The path of cargo-deny, built into the cache when it is not there.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let root = cache_dir()?.join("tools");
    let program = root.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    let wanted = format!("cargo-deny {CARGO_DENY}");
    let there = program.is_file() && output(Command::new(&program).arg("--version"))?.trim() == wanted;
    if !there {
        eprintln!("to be built into {}: {wanted}", root.display());
        let install = ["install", "--locked", "--quiet", "--version", CARGO_DENY, "cargo-deny", "--root"];
        // A target folder of its own would be thrown away; ours keeps what an interrupted build has done.
        run(cargo(&install).arg(&root))?;
    }
    Ok(program)
}

/// A folder with Zig's C compiler for macOS in it, as `zigcc` and `zigar`.
///
/// Zig brings the headers of macOS's C library, which are all that the C code among the dependencies needs.
pub(crate) fn zig() -> Result<PathBuf> {
    const VERSION: &str = "0.17.1";
    let folder = cache_dir()?.join("tools").join(format!("zig-{VERSION}"));
    let python = folder.join("bin").join("python");
    if !succeeds(Command::new(&python).args(["-m", "ziglang", "version"])) {
        eprintln!("to be installed into {}: ziglang {VERSION} from PyPI", folder.display());
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let package = format!("ziglang=={VERSION}");
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", &package]))?;
    }
    Ok(folder)
}

/// What schemathesis is given, and which versions of it and of what it needs.
pub(crate) const SCHEMATHESIS: &str = "crates/service/tests/schemathesis";

/// The path of schemathesis, installed into the cache when it is not there.
pub(crate) fn schemathesis() -> Result<PathBuf> {
    let folder = cache_dir()?.join("tools").join("schemathesis");
    let wanted = repository().join(SCHEMATHESIS).join("requirements.txt");
    let installed = folder.join("requirements.txt");
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let program = folder.join("bin").join("schemathesis");
    if !program.is_file() || read(&installed) != read(&wanted) {
        eprintln!("to be installed into {}: schemathesis from PyPI", folder.display());
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut install = Command::new(folder.join("bin").join("python"));
        install.args(["-m", "pip", "install", "--quiet", "--no-deps", "--requirement"]);
        run(install.arg(&wanted))?;
        // Last, so that what was interrupted is begun anew.
        fs::copy(&wanted, &installed).context("cannot note what is installed")?;
    }
    Ok(program)
}
