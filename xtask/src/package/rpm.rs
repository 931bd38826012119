//! `cargo xtask package rpm`: the agent's .rpm, made by `rpmbuild` from the same tree as the .deb.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::Job;
use super::linux::{self, Layout, OPENED, REVISION, Tree};
use crate::process::{output, repository, run as run_process};
use crate::setup::{self, Need};

const LAYOUT: Layout =
    Layout { zsh: "usr/share/zsh/site-functions", fish: "usr/share/fish/vendor_completions.d" };

/// Returns the file made, in `job.output`.
pub(crate) fn run(job: &Job) -> Result<Vec<PathBuf>> {
    setup::ensure(&[Need::Build, Need::RpmPackages])?;
    let tree = Tree::new(job.staging("rpm-agent")?)?;
    linux::agent(job, &tree, &LAYOUT)?;
    linux::documentation(job, &tree, "ondemand-agent", "usr/share/doc/ondemand-agent")?;
    tree.copy(&repository().join("CHANGELOG.md"), "usr/share/doc/ondemand-agent/CHANGELOG.md")?;
    for (from, to) in
        [("LICENSE-MIT", "MIT"), ("LICENSE-APACHE", "APACHE"), ("resources/fonts/OFL.txt", "OFL-fonts")]
    {
        tree.copy(&repository().join(from), &format!("usr/share/licenses/ondemand-agent/{to}"))?;
    }

    let work = job.staging("rpmbuild")?;
    let spec = work.join("ondemand-agent.spec");
    let template = fs::read_to_string(repository().join("installer/rpm/ondemand-agent.spec"))?;
    let date =
        output(job.tool("date").args(["--utc", "+%a %b %d %Y", "--date"]).arg(format!("@{}", job.epoch)))?;
    let requires = OPENED.iter().fold(String::new(), |mut lines, library| {
        // As rpm itself writes what a 64-bit program is linked with.
        let _ = writeln!(lines, "Requires: {}()(64bit)", library.soname);
        lines
    });
    let filled = template
        .replace("@VERSION@", &job.version)
        .replace("@REVISION@", REVISION)
        .replace("@MAINTAINER@", &job.packager.maintainer.replace('%', "%%"))
        .replace("@VENDOR@", &job.packager.name().replace('%', "%%"))
        .replace("@DATE@", date.trim())
        .replace("@REQUIRES@", requires.trim_end())
        .replace("@TREE@", tree.root.to_str().context("the folder's name is not text")?);
    fs::write(&spec, filled).context("failed to write the .spec file")?;

    let mut build = job.tool("rpmbuild");
    for definition in [
        format!("_topdir {}", work.display()),
        "_buildhost ondemand-agent".to_owned(),
        "use_source_date_epoch_as_buildtime 1".to_owned(),
        "clamp_mtime_to_source_date_epoch 1".to_owned(),
        format!("_binary_payload {}", if job.quick { "w0.ufdio" } else { "w7.xzdio" }),
        // Nothing is compressed, stripped or byte-compiled behind our back.
        "__os_install_post %{nil}".to_owned(),
        "debug_package %{nil}".to_owned(),
        "_build_id_links none".to_owned(),
    ] {
        build.arg("--define").arg(definition);
    }
    run_process(build.arg("-bb").arg("--quiet").arg(&spec))?;

    let architecture = output(job.tool("rpm").args(["--eval", "%{_target_cpu}"]))?;
    let architecture = architecture.trim();
    let name = format!("ondemand-agent-{}-{REVISION}.{architecture}.rpm", job.version);
    let file = job.output.join(&name);
    fs::copy(work.join("RPMS").join(architecture).join(&name), &file).context("rpmbuild made no package")?;
    Ok(vec![file])
}
