//! `cargo xtask package deb`: the .deb of the agent and that of the service.
//!
//! `dpkg-deb` and `dpkg-shlibdeps` make them, which every Debian has; docs/adr/0032 has the reasons.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Job;
use super::linux::{self, Layout, OPENED, REVISION, TRUSTED, Tree};
use crate::process::{output, repository, run as run_process};
use crate::setup::{self, Need};

const LAYOUT: Layout =
    Layout { zsh: "usr/share/zsh/vendor-completions", fish: "usr/share/fish/vendor_completions.d" };

/// What the two packages differ in.
struct Package {
    name: &'static str,
    /// The package that cargo knows.
    source: &'static str,
    section: &'static str,
    summary: &'static str,
    description: &'static str,
    depends: String,
    recommends: &'static str,
    configuration: &'static [&'static str],
}

/// Returns the files made, all in `job.output`.
pub(crate) fn run(job: &Job) -> Result<Vec<PathBuf>> {
    setup::ensure(&[Need::Build, Need::DebianPackages])?;
    let opened: Vec<_> = OPENED.iter().map(|library| library.debian).collect();
    let agent = Package {
        name: "ondemand-agent",
        source: "ondemand-agent",
        section: "net",
        summary: "remote support that does nothing without your approval",
        description: "\
A support technician asks to connect, and a small window says who asks and
what they could do. The person at the computer decides what to allow, sees
what is being done, and ends it at any moment.
.
There is no unattended access: each session begins with an approval.",
        depends: format!("{}, {TRUSTED}", opened.join(", ")),
        recommends: "libwayland-client0, default-dbus-session-bus | dbus-session-bus",
        configuration: &["/etc/xdg/autostart/ondemand-agent.desktop"],
    };
    let service = Package {
        name: "ondemand-service",
        source: "service",
        section: "net",
        summary: "service and web console for On-demand Agents",
        description: "\
What On-demand Agents poll, and where support technicians sign in to ask
people for a session. All data is in one database file.
.
It runs as a user of its own and listens on the loopback address until it is
told otherwise in /etc/default/ondemand-service.",
        depends: "init-system-helpers (>= 1.54), systemd | systemd-standalone-sysusers | systemd-sysusers"
            .to_owned(),
        recommends: "",
        configuration: &["/etc/default/ondemand-service"],
    };
    let agents = Tree::new(job.staging("deb-agent")?)?;
    linux::agent(job, &agents, &LAYOUT)?;
    agents.copy(
        &repository().join("installer/debian/ondemand-agent.lintian"),
        "usr/share/lintian/overrides/ondemand-agent",
    )?;
    let services = Tree::new(job.staging("deb-service")?)?;
    linux::service(job, &services, &LAYOUT, "lib/systemd/system")?;
    services.copy(
        &repository().join("installer/debian/ondemand-service.lintian"),
        "usr/share/lintian/overrides/ondemand-service",
    )?;
    Ok(vec![pack(job, &agents, &agent)?, pack(job, &services, &service)?])
}

fn pack(job: &Job, tree: &Tree, package: &Package) -> Result<PathBuf> {
    let Package { name, source, section, summary, description, depends, recommends, configuration } = package;
    let version = format!("{}-{REVISION}", job.version);
    let folder = format!("usr/share/doc/{name}");
    linux::documentation(job, tree, source, &folder)?;
    tree.write(&format!("{folder}/copyright"), copyright(source)?)?;
    let changes = fs::read(repository().join("CHANGELOG.md"))?;
    tree.gzip(job, &format!("{folder}/changelog"), changes)?;
    let date =
        output(job.tool("date").args(["--utc", "--rfc-email", "--date"]).arg(format!("@{}", job.epoch)))?;
    let entry = format!(
        "{name} ({version}) unstable; urgency=medium\n\n  * Version {}; the changes are in changelog.gz.\n\n \
         -- {}  {}\n",
        job.version,
        job.packager.maintainer,
        date.trim()
    );
    tree.gzip(job, &format!("{folder}/changelog.Debian"), entry)?;

    let architecture = output(job.tool("dpkg").arg("--print-architecture"))?;
    let size = installed_size(&tree.root)?;
    let linked = linked(job, &tree.root.join("usr/bin").join(name))?;
    let depends = format!("{linked}, {depends}");
    let mut control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {}\nMaintainer: {}\n\
         Installed-Size: {size}\nDepends: {depends}\n",
        architecture.trim(),
        job.packager.maintainer
    );
    if !recommends.is_empty() {
        control.push_str(&format!("Recommends: {recommends}\n"));
    }
    control.push_str(&format!("Section: {section}\nPriority: optional\nDescription: {summary}\n"));
    description.lines().for_each(|line| control.push_str(&format!(" {line}\n")));

    tree.write("DEBIAN/control", control)?;
    let listed: String = configuration.iter().map(|file| format!("{file}\n")).collect();
    tree.write("DEBIAN/conffiles", listed)?;
    tree.write("DEBIAN/md5sums", sums(&tree.root)?)?;
    for script in ["postinst", "prerm", "postrm"] {
        let from = repository().join("installer/debian").join(format!("{name}.{script}"));
        if from.is_file() {
            let file = tree.copy(&from, &format!("DEBIAN/{script}"))?;
            linux::set_mode(&file, 0o755)?;
        }
    }
    let file = job.output.join(format!("{name}_{version}_{}.deb", architecture.trim()));
    // More threads would cut the compressed data into other pieces.
    let compression = if job.quick { ["-Zgzip", "-z1"] } else { ["-Zxz", "-z9"] };
    let arguments = ["--root-owner-group", "--threads-max=1", "--build"];
    let mut build = job.tool("dpkg-deb");
    run_process(build.args(compression).args(arguments).arg(&tree.root).arg(&file))?;
    Ok(file)
}

/// The packages with what a program is linked with, in the versions that it needs.
fn linked(job: &Job, program: &Path) -> Result<String> {
    // It looks for a source package around it.
    let around = Tree::new(job.staging("shlibdeps")?)?;
    around
        .write("debian/control", "Source: ondemand-agent\n\nPackage: ondemand-agent\nArchitecture: any\n")?;
    let said = output(
        job.tool("dpkg-shlibdeps")
            .args(["--warnings=0", "-O"])
            .arg("-e")
            .arg(program)
            .current_dir(&around.root),
    )?;
    let linked = said.lines().find_map(|line| line.strip_prefix("shlibs:Depends="));
    Ok(linked.context("dpkg-shlibdeps names no package")?.to_owned())
}

/// In KiB, as policy counts: each file by itself, each folder as one.
fn installed_size(root: &Path) -> Result<u64> {
    let mut size = 0;
    for (path, is_folder) in entries(root)? {
        size += if is_folder { 1 } else { root.join(path).metadata()?.len().div_ceil(1024) };
    }
    Ok(size)
}

fn sums(root: &Path) -> Result<String> {
    let files =
        entries(root)?.into_iter().filter(|(path, is_folder)| !is_folder && !path.starts_with("DEBIAN"));
    let files = files.map(|(path, _)| path).filter(|path| !path.starts_with("etc"));
    output(std::process::Command::new("md5sum").args(files).current_dir(root))
}

/// Every file and folder below the root, sorted, and whether it is a folder.
fn entries(root: &Path) -> Result<Vec<(PathBuf, bool)>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            let is_folder = entry.file_type()?.is_dir();
            if is_folder {
                open.push(path.clone());
            }
            found.push((path, is_folder));
        }
    }
    found.sort();
    Ok(found)
}

/// In Debian's format.
fn copyright(source: &str) -> Result<String> {
    let text = |path: &str| {
        let text = fs::read_to_string(repository().join(path)).with_context(|| format!("no {path}"))?;
        anyhow::Ok(text)
    };
    let mit = text("LICENSE-MIT")?;
    let owner = mit.lines().find_map(|line| line.strip_prefix("Copyright (c) ")).context("LICENSE-MIT")?;
    let terms: Vec<_> = mit.lines().skip_while(|line| !line.starts_with("Permission")).collect();
    let mut whole = format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: ondemand-agent\n\
         Comment: The program contains libraries of others.\n \
         They and their licences are listed in third-party-licences.txt.gz beside this file.\n\n\
         Files: *\nCopyright: {owner}\nLicense: Expat or Apache-2.0\n\n\
         License: Expat\n{}\n\
         License: Apache-2.0\n On Debian systems the text of this licence is in\n \
         /usr/share/common-licenses/Apache-2.0.\n",
        indented(&terms)
    );
    if source == "ondemand-agent" {
        let ofl = text("resources/fonts/OFL.txt")?;
        let holders: Vec<_> = ofl.lines().filter_map(|line| line.strip_prefix("Copyright ")).collect();
        let terms: Vec<_> = ofl.lines().skip_while(|line| !line.starts_with("SIL OPEN FONT")).collect();
        whole.push_str(&format!(
            "\nFiles: resources/fonts/*\nCopyright: {}\nLicense: OFL-1.1\n{}",
            holders.join("\n           "),
            indented(&terms)
        ));
    }
    Ok(whole)
}

fn indented(lines: &[&str]) -> String {
    let line = |line: &&str| if line.trim().is_empty() { " .\n".to_owned() } else { format!(" {line}\n") };
    lines.iter().map(line).collect()
}
