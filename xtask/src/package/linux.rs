//! What the packages for Linux hold, put together as a tree of files; `deb` and `rpm` wrap it up.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Job, licences};
use crate::process::{output, repository, run};

/// The packages' own count of the same program.
pub(crate) const REVISION: &str = "1";

/// Libraries that a window opens when it is shown: no list of what the program is linked with has them.
pub(crate) struct Opened {
    pub(crate) debian: &'static str,
    pub(crate) soname: &'static str,
}

pub(crate) const OPENED: [Opened; 7] = [
    Opened { debian: "libfontconfig1", soname: "libfontconfig.so.1" },
    Opened { debian: "libx11-6", soname: "libX11.so.6" },
    Opened { debian: "libx11-xcb1", soname: "libX11-xcb.so.1" },
    Opened { debian: "libxcursor1", soname: "libXcursor.so.1" },
    Opened { debian: "libxi6", soname: "libXi.so.6" },
    Opened { debian: "libxkbcommon-x11-0", soname: "libxkbcommon-x11.so.0" },
    Opened { debian: "libxkbcommon0", soname: "libxkbcommon.so.0" },
];

/// The certificates of authorities, without which no service could be trusted and the agent does not start.
pub(crate) const TRUSTED: &str = "ca-certificates";

/// Where distributions differ.
pub(crate) struct Layout {
    pub(crate) zsh: &'static str,
    pub(crate) fish: &'static str,
}

/// A folder that becomes the root of what is installed.
pub(crate) struct Tree {
    pub(crate) root: PathBuf,
}

impl Tree {
    pub(crate) fn new(root: PathBuf) -> Result<Self> {
        set_mode(&root, 0o755)?;
        Ok(Self { root })
    }

    /// Writes a file, readable by everybody.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let file = self.root.join(path);
        let written = || {
            self.folder(Path::new(path).parent().unwrap_or(Path::new("")))?;
            fs::write(&file, content)?;
            set_mode(&file, 0o644)
        };
        written().with_context(|| format!("failed to write {}", file.display()))?;
        Ok(file)
    }

    pub(crate) fn copy(&self, from: &Path, path: &str) -> Result<PathBuf> {
        let content = fs::read(from).with_context(|| format!("failed to read {}", from.display()))?;
        self.write(path, content)
    }

    /// A program, without what only helps in finding mistakes in it.
    pub(crate) fn program(&self, job: &Job, from: &Path, path: &str) -> Result<PathBuf> {
        let file = self.copy(from, path)?;
        run(job.tool("strip").args(["--strip-all", "--remove-section=.comment"]).arg(&file))?;
        set_mode(&file, 0o755)?;
        Ok(file)
    }

    pub(crate) fn gzip(&self, job: &Job, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let file = self.write(path, content)?;
        run(job.tool("gzip").args(["-9", "--no-name", "--force"]).arg(file))
    }

    pub(crate) fn folder(&self, path: &Path) -> Result<()> {
        let mut folder = self.root.clone();
        for part in path {
            folder.push(part);
            if !folder.is_dir() {
                fs::create_dir(&folder)?;
            }
            set_mode(&folder, 0o755)?;
        }
        Ok(())
    }
}

/// The bits are the same whatever the mask of whoever packs.
#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_path: &Path, _mode: u32) -> Result<()> {
    anyhow::bail!("packages for Linux are made on Linux")
}

/// Everything of the agent but its documentation.
pub(crate) fn agent(job: &Job, tree: &Tree, layout: &Layout) -> Result<()> {
    const NAME: &str = "ondemand-agent";
    tree.program(job, &job.agent()?, "usr/bin/ondemand-agent")?;
    let linux = repository().join("installer/linux");
    for (from, to) in [
        ("ondemand-agent.desktop", "usr/share/applications/ondemand-agent.desktop"),
        ("ondemand-agent-link.desktop", "usr/share/applications/ondemand-agent-link.desktop"),
        ("ondemand-agent-autostart.desktop", "etc/xdg/autostart/ondemand-agent.desktop"),
    ] {
        tree.copy(&linux.join(from), to)?;
    }
    let date = output(job.tool("date").args(["--utc", "+%F", "--date"]).arg(format!("@{}", job.epoch)))?;
    let metainfo = fs::read_to_string(linux.join("ondemand-agent.metainfo.xml"))?;
    let metainfo = metainfo.replace("@VERSION@", &job.version).replace("@DATE@", date.trim());
    let metainfo = metainfo.replace("@ID@", &job.packager.appstream_id);
    let metainfo = metainfo.replace("@DEVELOPER@", &in_xml(job.packager.name()));
    tree.write(&format!("usr/share/metainfo/{}", job.packager.metainfo()), metainfo)?;
    let icons = repository().join("resources/icons");
    tree.copy(&icons.join("agent.svg"), "usr/share/icons/hicolor/scalable/apps/ondemand-agent.svg")?;
    tree.copy(&icons.join("agent.png"), "usr/share/icons/hicolor/128x128/apps/ondemand-agent.png")?;
    tree.folder(Path::new("etc/ondemand-agent/policy.d"))?;
    manual(job, tree, layout, NAME, "usr/share/man/man1")
}

fn in_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Everything of the service but its documentation.
pub(crate) fn service(job: &Job, tree: &Tree, layout: &Layout, units: &str) -> Result<()> {
    const NAME: &str = "ondemand-service";
    tree.program(job, &job.service()?, "usr/bin/ondemand-service")?;
    let service = repository().join("installer/service");
    let unit = format!("{units}/ondemand-service.service");
    for (from, to) in [
        ("ondemand-service.service", unit.as_str()),
        ("ondemand-service.sysusers", "usr/lib/sysusers.d/ondemand-service.conf"),
        ("ondemand-service.environment", "etc/default/ondemand-service"),
    ] {
        tree.copy(&service.join(from), to)?;
    }
    manual(job, tree, layout, NAME, "usr/share/man/man1")
}

fn manual(job: &Job, tree: &Tree, layout: &Layout, name: &str, folder: &str) -> Result<()> {
    let manual = repository().join("installer/manual");
    let page = fs::read(manual.join(format!("{name}.1")))?;
    tree.gzip(job, &format!("{folder}/{name}.1"), page)?;
    let Layout { zsh, fish } = layout;
    for (from, to) in [
        (format!("{name}.bash"), format!("usr/share/bash-completion/completions/{name}")),
        (format!("_{name}"), format!("{zsh}/_{name}")),
        (format!("{name}.fish"), format!("{fish}/{name}.fish")),
    ] {
        tree.copy(&manual.join(from), &to)?;
    }
    Ok(())
}

/// Licences, changes and an example of settings, below a folder of the tree.
pub(crate) fn documentation(job: &Job, tree: &Tree, package: &str, folder: &str) -> Result<()> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let licences = licences::of(package, &target)?;
    tree.gzip(job, &format!("{folder}/third-party-licences.txt"), licences)?;
    if package == "ondemand-agent" {
        let example = repository().join("installer/linux/settings.toml");
        tree.copy(&example, &format!("{folder}/examples/settings.toml"))?;
    }
    Ok(())
}
