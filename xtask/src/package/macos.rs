//! `cargo xtask package macos`: a flat package with the agent's application, for every user of the computer.
//!
//! Nothing here links for macOS. Given a program that was linked on a Mac (`--agent FILE`; `installer/macos/release.sh`
//! does that), it makes what is shipped; without one, a package of the same make with a stand-in that says what it is.

mod bom;
mod xar;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::{Job, sign};
use crate::process::repository;

/// The name of application, package and managed preferences.
const IDENTIFIER: &str = "org.ondemand-agent";
const APPLICATION: &str = "./Applications/On-demand Agent.app/Contents";

/// What is installed: a folder or a file.
struct Item {
    /// From the root of the disk, which is `.`.
    path: String,
    kind: Kind,
    content: Vec<u8>,
    date: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
}

impl Item {
    /// The kind and who may do what: programs and scripts can be run.
    fn mode(&self) -> u32 {
        let runs = self.path.contains("/MacOS/") || self.content.starts_with(b"#!");
        match self.kind {
            Kind::Folder => 0o040_755,
            Kind::File if runs => 0o100_755,
            Kind::File => 0o100_644,
        }
    }
}

/// Returns the files made, all in `job.output`.
pub(crate) fn run(job: &Job) -> Result<Vec<PathBuf>> {
    let (program, name) = match &job.given_agent {
        Some(program) => {
            let bytes = fs::read(program).with_context(|| format!("failed to read {}", program.display()))?;
            if !is_mac_program(&bytes) {
                bail!("{} is no program for macOS", program.display());
            }
            (bytes, format!("ondemand-agent-{}.pkg", job.version))
        }
        None => (
            include_bytes!("../../../installer/macos/stand-in.sh").to_vec(),
            format!("ondemand-agent-{}-stand-in.pkg", job.version),
        ),
    };
    let file = job.output.join(name);
    fs::write(&file, package(job, program)?)
        .with_context(|| format!("failed to write {}", file.display()))?;
    sign::apple_package(&file)?;
    Ok(vec![file])
}

/// Whether this is a program for one processor, or for several.
fn is_mac_program(bytes: &[u8]) -> bool {
    [[0xcf, 0xfa, 0xed, 0xfe], [0xca, 0xfe, 0xba, 0xbe]].iter().any(|magic| bytes.starts_with(magic))
}

fn package(job: &Job, program: Vec<u8>) -> Result<Vec<u8>> {
    let folder = repository().join("installer/macos");
    let text = |name: &str| -> Result<Vec<u8>> {
        let path = folder.join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
        Ok(text.replace("@VERSION@", &job.version).into_bytes())
    };
    let file = |path: &str| -> Result<Vec<u8>> {
        fs::read(repository().join(path)).with_context(|| format!("failed to read {path}"))
    };
    let items = with_folders(
        vec![
            (format!("{APPLICATION}/Info.plist"), text("Info.plist")?),
            (format!("{APPLICATION}/MacOS/ondemand-agent"), program),
            (format!("{APPLICATION}/PkgInfo"), b"APPL????".to_vec()),
            (format!("{APPLICATION}/Resources/LICENSE-APACHE.txt"), file("LICENSE-APACHE")?),
            (format!("{APPLICATION}/Resources/LICENSE-FONTS.txt"), file("resources/fonts/OFL.txt")?),
            (format!("{APPLICATION}/Resources/LICENSE-MIT.txt"), file("LICENSE-MIT")?),
            (format!("{APPLICATION}/Resources/agent.icns"), file("resources/icons/agent.icns")?),
            (format!("{APPLICATION}/Resources/uninstall.sh"), text("uninstall.sh")?),
            (format!("./Library/LaunchAgents/{IDENTIFIER}.plist"), text("launch-agent.plist")?),
        ],
        job.epoch,
    );
    let scripts = vec![
        ("./postinstall".to_owned(), text("postinstall.sh")?),
        ("./preinstall".to_owned(), text("preinstall.sh")?),
    ];
    let scripts = with_folders(scripts, job.epoch);
    let bytes: usize = items.iter().map(|item| item.content.len()).sum();
    let information = String::from_utf8(text("PackageInfo.xml")?)?
        .replace("@FILES@", &items.len().to_string())
        .replace("@KILOBYTES@", &bytes.div_ceil(1024).to_string());
    let entry = |name: &str, content| xar::Entry { name: name.into(), content };
    let entries = [
        entry("Distribution", text("Distribution.xml")?),
        entry("agent.pkg/Bom", bom::bill(&items)),
        entry("agent.pkg/PackageInfo", information.into_bytes()),
        entry("agent.pkg/Payload", packed(bom::cpio(&items))?),
        entry("agent.pkg/Scripts", packed(bom::cpio(&scripts))?),
    ];
    let date = crate::process::output(
        Command::new("date").args(["--utc", "+%Y-%m-%dT%H:%M:%SZ"]).arg(format!("--date=@{}", job.epoch)),
    )?;
    Ok(xar::archive(&entries, date.trim()))
}

/// The files, each behind the folders that it is in.
fn with_folders(files: Vec<(String, Vec<u8>)>, date: u64) -> Vec<Item> {
    let mut items = vec![Item { path: ".".into(), kind: Kind::Folder, content: vec![], date }];
    for (path, content) in files {
        let folders: Vec<&Path> = Path::new(&path).ancestors().skip(1).collect();
        for folder in folders.into_iter().rev().filter(|folder| !folder.as_os_str().is_empty()) {
            let folder = folder.display().to_string();
            if items.iter().all(|item| item.path != folder) {
                items.push(Item { path: folder, kind: Kind::Folder, content: vec![], date });
            }
        }
        items.push(Item { path, kind: Kind::File, content, date });
    }
    items
}

/// Packed by gzip, without name and date.
fn packed(bytes: Vec<u8>) -> Result<Vec<u8>> {
    let mut gzip = Command::new("gzip")
        .args(["--no-name", "--best"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start gzip")?;
    let mut input = gzip.stdin.take().context("gzip takes no input")?;
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = gzip.wait_with_output()?;
    writer.join().map_err(|_| anyhow::anyhow!("the input of gzip was not written"))??;
    if !output.status.success() {
        bail!("gzip failed with {}", output.status);
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_before_what_is_in_them_and_once() {
        let items =
            with_folders(vec![("./a/b/c".into(), vec![1]), ("./a/d".into(), b"#!/bin/sh".to_vec())], 7);
        let paths: Vec<_> = items.iter().map(|item| (item.path.as_str(), item.mode())).collect();
        let (folder, file, script) = (0o040_755, 0o100_644, 0o100_755);
        let expected =
            [(".", folder), ("./a", folder), ("./a/b", folder), ("./a/b/c", file), ("./a/d", script)];
        assert_eq!(paths, expected);
    }

    /// A part of the package, by what its entry in the table of contents says.
    fn part<'a>(package: &'a [u8], contents: &str, heap: usize, name: &str) -> &'a [u8] {
        let entry = contents.split(&format!("<name>{name}</name>")).nth(1).expect("the part is listed");
        let number = |tag: &str| -> usize {
            let text = entry.split(&format!("<{tag}>")).nth(1).and_then(|rest| rest.split('<').next());
            text.and_then(|text| text.parse().ok()).expect("its place is said")
        };
        &package[heap + number("offset")..][..number("length")]
    }

    fn names_in(payload: &[u8]) -> Vec<(String, u32)> {
        let mut rest = payload;
        let mut names = Vec::new();
        loop {
            let octal = |from: usize, to: usize| {
                usize::from_str_radix(std::str::from_utf8(&rest[from..to]).unwrap(), 8).unwrap()
            };
            assert_eq!(&rest[..6], b"070707");
            let (mode, name, size) = (octal(18, 24), octal(59, 65), octal(65, 76));
            let path = std::str::from_utf8(&rest[76..76 + name - 1]).unwrap().to_owned();
            if path == "TRAILER!!!" {
                return names;
            }
            names.push((path, mode as u32));
            rest = &rest[76 + name + size..];
        }
    }

    fn unpacked(bytes: &[u8]) -> Vec<u8> {
        let folder = std::env::temp_dir().join(format!("ondemand-payload-{}", std::process::id()));
        fs::write(&folder, bytes).unwrap();
        let output =
            Command::new("gzip").arg("-dc").stdin(fs::File::open(&folder).unwrap()).output().unwrap();
        fs::remove_file(folder).unwrap();
        output.stdout
    }

    #[test]
    fn a_package_read_again_has_what_was_put_into_it_and_comes_out_the_same_twice() {
        let job = Job {
            version: "1.2.3".into(),
            epoch: 1_700_000_000,
            output: std::env::temp_dir(),
            given_agent: None,
            given_service: None,
            quick: false,
            packager: super::super::packager::Packager::new(None, None).unwrap(),
        };
        let made = package(&job, b"#!/bin/sh\n".to_vec()).unwrap();
        assert_eq!(made, package(&job, b"#!/bin/sh\n".to_vec()).unwrap());

        assert_eq!(&made[..8], b"xar!\0\x1c\0\x01");
        let length = u64::from_be_bytes(made[8..16].try_into().unwrap()) as usize;
        let heap = 28 + length;
        // Zlib's format, not made smaller: five bytes before each part, of which there is one here.
        let contents = std::str::from_utf8(&made[28 + 7..heap - 4]).unwrap();
        let sum = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &made[28..heap]);
        assert_eq!(sum.as_ref(), &made[heap..heap + 20]);

        let information = String::from_utf8_lossy(part(&made, contents, heap, "PackageInfo")).into_owned();
        assert!(information.contains("version=\"1.2.3\"") && !information.contains('@'), "{information}");
        let installed = names_in(&unpacked(part(&made, contents, heap, "Payload")));
        let mode = |path: &str| installed.iter().find(|(name, _)| name == path).map(|&(_, mode)| mode);
        assert_eq!(mode(&format!("{APPLICATION}/MacOS/ondemand-agent")), Some(0o100_755));
        assert_eq!(mode(&format!("{APPLICATION}/Resources/uninstall.sh")), Some(0o100_755));
        assert_eq!(mode("./Library/LaunchAgents/org.ondemand-agent.plist"), Some(0o100_644));
        assert_eq!(mode("./Applications"), Some(0o040_755));
        let scripts = names_in(&unpacked(part(&made, contents, heap, "Scripts")));
        assert!(scripts.contains(&("./postinstall".into(), 0o100_755)), "{scripts:?}");
        let bill = part(&made, contents, heap, "Bom");
        for (path, _) in &installed {
            let name = path.rsplit('/').next().unwrap_or(path);
            assert!(
                bill.windows(name.len() + 1).any(|part| part == [name.as_bytes(), b"\0"].concat()),
                "{name}"
            );
        }
    }

    #[test]
    fn only_programs_of_macs_are_packed() {
        assert!(is_mac_program(&[0xcf, 0xfa, 0xed, 0xfe, 0, 0]));
        assert!(!is_mac_program(b"\x7fELF") && !is_mac_program(b"MZ"));
    }
}
