//! `cargo xtask package windows`: the agent's program and its installer for Windows, from Debian or its relatives.
//!
//! The program goes to `downloads`, under the name by which the service offers it: without the installer it is a copy.
//! `installer/windows/agent.wxs` says what the installer does. `wixl` builds it, and what `wixl` has no words for is
//! added here to the tables of its result.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{Job, sign};
use crate::check;
use crate::process::{cargo, output, repository, run as run_process, set_release_flags, target_dir};
use crate::setup::{self, Need};

/// Names the products that replace each other; it must be the one in `agent.wxs`.
const UPGRADE_CODE: &str = "{8C3B0C53-2A65-4D7E-9D0B-6E2E6E4B9A10}";

/// Properties that reach the elevated half of an installation. None that tell what was set before (`WAS_…`): those are
/// searched for there, and nobody else has a say in them.
const SECURE: &str = "WIX_DOWNGRADE_DETECTED;WIX_UPGRADE_DETECTED;SERVICE_URL;ENROLMENT_TOKEN;ORGANISATION_KEY;PROXY_URL;\
                      EXTRA_CA;AUTOSTART;REMOVE_USER_DATA";

/// Properties that no log shows; a proxy's address may hold a password.
const HIDDEN: &str = "ENROLMENT_TOKEN;WAS_ENROLMENT_TOKEN;PROXY_URL;WAS_PROXY_URL";

/// Components that are installed only where their condition holds, decided anew at each installation and repair.
const CONDITIONS: [(&str, &str); 6] = [
    ("Autostart", "NOT AUTOSTART = \"0\""),
    ("EnrolmentToken", "ENROLMENT_TOKEN AND ENROLMENT_TOKEN <> \"-\""),
    ("ServiceUrl", "SERVICE_URL AND SERVICE_URL <> \"-\""),
    ("OrganisationKey", "ORGANISATION_KEY AND ORGANISATION_KEY <> \"-\""),
    ("ProxyUrl", "PROXY_URL AND PROXY_URL <> \"-\""),
    ("ExtraCa", "EXTRA_CA AND EXTRA_CA <> \"-\""),
];

/// A program in a folder (34) whose failure is no failure of the installation (64).
const PROGRAM: u32 = 34 + 64;
/// It runs between the installer's own steps (1024), with the installer's rights (2048).
const AS_INSTALLER: u32 = 1024 + 2048;
/// Nobody waits for its end (128, beside the 64 of `PROGRAM`).
const LEFT_RUNNING: u32 = 128;

/// A program that runs during an installation.
struct Step {
    name: &'static str,
    kind: u32,
    folder: &'static str,
    command: &'static str,
    condition: &'static str,
    place: u32,
}

const STEPS: [Step; 4] = [
    // The agent of who installs ends its session as that person would have.
    Step {
        name: "QuitAgent",
        kind: PROGRAM,
        folder: "INSTALLDIR",
        command: "\"[INSTALLDIR]ondemand-agent.exe\" quit",
        condition: "Installed OR WIX_UPGRADE_DETECTED",
        place: 1100,
    },
    // Those of others on the same computer have no say: a file in use would ask for a restart.
    Step {
        name: "StopAgents",
        kind: PROGRAM + AS_INSTALLER,
        folder: "System64Folder",
        command: "\"[System64Folder]taskkill.exe\" /F /IM ondemand-agent.exe",
        condition: "Installed",
        place: 1510,
    },
    Step {
        name: "RemoveUserData",
        kind: PROGRAM + AS_INSTALLER,
        folder: "INSTALLDIR",
        command: "\"[INSTALLDIR]ondemand-agent.exe\" remove-user-data",
        condition: "REMOVE = \"ALL\" AND REMOVE_USER_DATA = \"1\" AND NOT UPGRADINGPRODUCTCODE",
        place: 1520,
    },
    // Only where a person installs by hand: the account that deploys is nobody's desktop.
    Step {
        name: "StartAgent",
        kind: PROGRAM + LEFT_RUNNING,
        folder: "INSTALLDIR",
        command: "\"[INSTALLDIR]ondemand-agent.exe\" run --background",
        condition: "UILevel > 2 AND NOT REMOVE AND NOT AUTOSTART = \"0\" AND UserSID <> \"S-1-5-18\"",
        place: 6610,
    },
];

/// Returns the files made, all in `job.output`.
pub(crate) fn run(job: &Job) -> Result<Vec<PathBuf>> {
    setup::ensure(&[Need::WindowsInstaller])?;
    let downloads = job.output.join("downloads");
    fs::create_dir_all(&downloads).with_context(|| format!("failed to create {}", downloads.display()))?;
    let program = downloads.join("ondemand-agent-windows-x86_64.exe");
    fs::copy(agent(job)?, &program).context("failed to copy the agent")?;
    sign::authenticode(&program)?;
    let installer = job.output.join(format!("ondemand-agent-{}-x86_64.msi", job.version));
    pack(job, &program, &installer)?;
    sign::authenticode(&installer)?;
    Ok(vec![program, installer])
}

/// The agent for Windows, cross-built as it is shipped where none was given.
pub(crate) fn agent(job: &Job) -> Result<PathBuf> {
    match &job.given_agent {
        Some(given) => Ok(given.clone()),
        None => build("release"),
    }
}

fn build(profile: &str) -> Result<PathBuf> {
    setup::ensure(&[Need::Build, Need::Cross])?;
    let target = check::Target::Windows;
    // In a folder of its own, as checks by another compiler would build everything anew in turns.
    let folder = target_dir().join("windows");
    let mut command =
        if check::has_standard_library(target) { cargo(&["build"]) } else { check::debian_cargo("build")? };
    command.args([
        "--locked",
        "--package",
        "ondemand-agent",
        "--profile",
        profile,
        "--target",
        target.triple(),
    ]);
    command.arg("--target-dir").arg(&folder);
    set_release_flags(&mut command, &[])?;
    // Nothing is looked up in a program that is tried and thrown away.
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_DEV_STRIP", "symbols");
    run_process(&mut command)?;
    let name = if profile == "dev" { "debug" } else { profile };
    Ok(folder.join(target.triple()).join(name).join("ondemand-agent.exe"))
}

/// Builds installers of two versions with a program that was not optimised, signs them with keys that are thrown away, and
/// tries them in Wine.
pub(crate) fn try_in_wine() -> Result<()> {
    let program = build("dev")?;
    let folder = target_dir().join("wine");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("failed to empty {}", folder.display()))?;
    }
    let mut installers = Vec::new();
    for (version, name) in [(env!("CARGO_PKG_VERSION"), "first"), ("99.0.0", "next")] {
        let job = Job::for_test(&program, &folder.join(name), version)?;
        installers.push(run(&job)?.into_iter().next_back().context("no installer was made")?);
    }
    let again = Job::for_test(&program, &folder.join("again"), env!("CARGO_PKG_VERSION"))?;
    let again = run(&again)?.into_iter().next_back().context("no installer was made")?;
    if fs::read(&again)? != fs::read(&installers[0])? {
        bail!("two installers made of the same are not the same");
    }
    let signed = folder.join("signed");
    fs::create_dir_all(&signed)?;
    sign::rehearse(&program, &installers[0], &signed)?;

    run_process(&mut cargo(&["build", "--locked", "--package", "service"]))?;
    let tests = ["test", "--locked", "--package", "rehearsal", "--features", "wine-tests", "--test", "wine"];
    let mut command = cargo(&tests);
    command.env("ONDEMAND_MSI", &installers[0]).env("ONDEMAND_NEXT_MSI", &installers[1]);
    run_process(&mut command)
}

fn pack(job: &Job, program: &Path, installer: &Path) -> Result<()> {
    let staging = job.staging("windows")?;
    let sources = repository();
    let files = [
        (program.to_owned(), "ondemand-agent.exe"),
        (sources.join("installer/windows/agent.wxs"), "agent.wxs"),
        (sources.join("resources/icons/agent.ico"), "agent.ico"),
        (sources.join("resources/icons/agent.png"), "agent.png"),
        (sources.join("LICENSE-MIT"), "LICENSE-MIT.txt"),
        (sources.join("LICENSE-APACHE"), "LICENSE-APACHE.txt"),
        (sources.join("resources/fonts/OFL.txt"), "LICENSE-FONTS.txt"),
    ];
    let mut sums = String::new();
    for (from, name) in files {
        let to = staging.join(name);
        fs::copy(&from, &to).with_context(|| format!("failed to copy {}", from.display()))?;
        run_process(Command::new("touch").arg(format!("--date=@{}", job.epoch)).arg(&to))?;
        sums += &output(Command::new("sha256sum").arg(name).current_dir(&staging))?;
    }
    let amendments = amendments(&job.version);
    // What differs in anything is another product and another package, what is the same the same one.
    let sums = format!("{}\n{sums}{}", job.version, amendments.join("\n"));
    let product = guid(&staging, &format!("product\n{sums}"))?;
    let package = guid(&staging, &format!("package\n{sums}"))?;

    let built = staging.join("agent.msi");
    let mut wixl = job.tool("wixl");
    wixl.args(["--arch", "x64", "--define", &format!("Version={}", job.version)]);
    wixl.args(["--define", &format!("ProductCode={}", product.trim_matches(['{', '}']))]);
    wixl.args(["--output", "agent.msi", "agent.wxs"]).current_dir(&staging);
    run_process(&mut wixl)?;
    let mut amend = job.tool("msibuild");
    amend.arg(&built).args(amendments.iter().flat_map(|query| ["-q", query]));
    run_process(&mut amend)?;
    let listing = output(job.tool("msiinfo").arg("suminfo").arg(&built))?;
    let mut bytes = fs::read(&built)?;
    stamp(&mut bytes, &listing, &package, job.epoch)?;
    fs::write(installer, bytes).with_context(|| format!("failed to write {}", installer.display()))
}

/// What is changed in the installer's tables that its description cannot say.
fn amendments(version: &str) -> Vec<String> {
    let mut queries = vec![
        format!("UPDATE `Property` SET `Value` = '{SECURE}' WHERE `Property` = 'SecureCustomProperties'"),
        format!("INSERT INTO `Property` (`Property`, `Value`) VALUES ('MsiHiddenProperties', '{HIDDEN}')"),
        // The same version built anew replaces the one before, too: 1 keeps the features, 512 includes the version.
        "DELETE FROM `Upgrade` WHERE `ActionProperty` = 'WIX_UPGRADE_DETECTED'".into(),
        format!(
            "INSERT INTO `Upgrade` (`UpgradeCode`, `VersionMax`, `Attributes`, `ActionProperty`) \
             VALUES ('{UPGRADE_CODE}', '{version}', 513, 'WIX_UPGRADE_DETECTED')"
        ),
        format!("UPDATE `File` SET `Version` = '{version}.0', `Language` = '1033' WHERE `File` = 'AgentExe'"),
        // Searched for where a person installs by hand, it would not be searched for again where it is needed.
        "DELETE FROM `InstallUISequence` WHERE `Action` = 'AppSearch'".into(),
    ];
    for (component, condition) in CONDITIONS {
        // 256: for 64 bits; 64: decided anew each time; 4: a registry value is what it is known by.
        queries.push(format!(
            "UPDATE `Component` SET `Condition` = '{condition}', `Attributes` = 324 WHERE `Component` = '{component}'"
        ));
    }
    for Step { name, kind, folder, command, condition, place } in STEPS {
        queries.push(format!(
            "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) \
             VALUES ('{name}', {kind}, '{folder}', '{command}')"
        ));
        queries.push(format!(
            "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) \
             VALUES ('{name}', '{condition}', {place})"
        ));
    }
    queries
}

/// Puts the package's code and date in place of a random code and the time of the build.
fn stamp(bytes: &mut [u8], listing: &str, package: &str, epoch: u64) -> Result<()> {
    let code = listing.lines().find_map(|line| line.strip_prefix("Revision number (UUID): "));
    let code = code.context("the installer has no code")?.trim();
    if code.len() != package.len() {
        bail!("the installer's code is no GUID: {code}");
    }
    let found = positions(bytes, code.as_bytes());
    let [at] = found[..] else { bail!("the installer's code is there {} times", found.len()) };
    bytes[at..at + package.len()].copy_from_slice(package.as_bytes());

    // Windows counts in tenths of a microsecond from 1601 on, and marks such a date by 64.
    let windows = |unix: u64| (unix + 11_644_473_600) * 10_000_000;
    let mark = 64_u32.to_le_bytes();
    let (start, end) = (at.saturating_sub(1024), bytes.len().min(at + 1024));
    let mut dates = 0;
    for place in start..end.saturating_sub(12) {
        let (kind, date) = bytes[place..place + 12].split_at_mut(4);
        let mut value = [0; 8];
        value.copy_from_slice(date);
        let value = u64::from_le_bytes(value);
        if kind == mark && (windows(1_500_000_000)..windows(5_000_000_000)).contains(&value) {
            date.copy_from_slice(&windows(epoch).to_le_bytes());
            dates += 1;
        }
    }
    if dates == 2 { Ok(()) } else { bail!("the installer has {dates} dates and not two") }
}

fn positions(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(wanted.len()).enumerate();
    windows.filter(|(_, window)| *window == wanted).map(|(at, _)| at).collect()
}

/// A GUID of the eighth kind, which is whatever its maker wants: here what identifies `text`.
fn guid(folder: &Path, text: &str) -> Result<String> {
    let file = folder.join("identity");
    fs::write(&file, text)?;
    let sum = output(Command::new("sha256sum").arg("--").arg(&file))?;
    let digits = sum.get(..32).context("sha256sum printed no sum")?.to_uppercase();
    Ok(format!(
        "{{{}-{}-8{}-A{}-{}}}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_dates_of_an_installer_are_those_of_its_content() {
        let code = "{11111111-2222-4333-8444-555555555555}";
        let now = (1_790_000_000_u64 + 11_644_473_600) * 10_000_000;
        let mut bytes = vec![7; 64];
        for _ in 0..2 {
            bytes.extend(64_u32.to_le_bytes());
            bytes.extend(now.to_le_bytes());
        }
        bytes.extend(code.as_bytes());
        bytes.extend([7; 32]);
        let package = "{AAAAAAAA-BBBB-8CCC-ADDD-EEEEEEEEEEEE}";
        let listing = format!("Template: x64;1033\nRevision number (UUID): {code}\n");
        let before = bytes.clone();
        stamp(&mut bytes, &listing, package, 1_700_000_000).unwrap();
        assert_eq!(positions(&bytes, package.as_bytes()).len(), 1);
        assert!(positions(&bytes, &now.to_le_bytes()).is_empty());
        assert_eq!(bytes.len(), before.len());
        assert!(
            stamp(&mut [0; 64], &listing, package, 0).is_err(),
            "an installer of another make is refused"
        );
    }

    #[test]
    fn the_description_and_this_file_mean_the_same_product() {
        let description = include_str!("../../../installer/windows/agent.wxs");
        assert!(description.contains(&format!("UpgradeCode=\"{}\"", UPGRADE_CODE.trim_matches(['{', '}']))));
        for (component, _) in CONDITIONS {
            assert!(description.contains(&format!("<Component Id=\"{component}\"")), "{component}");
        }
        for property in HIDDEN.split(';') {
            assert!(description.contains(property), "{property}");
        }
    }

    #[test]
    fn a_repair_that_any_user_can_start_takes_no_setting_from_its_command_line() {
        let description = include_str!("../../../installer/windows/agent.wxs");
        let kept: Vec<_> = description.lines().filter(|line| line.contains("Custom Action=\"Keep")).collect();
        assert_eq!(kept.len(), CONDITIONS.len());
        assert!(kept.iter().all(|line| line.contains(">Installed OR NOT ")), "{kept:#?}");
        assert!(!SECURE.contains("WAS_"));
    }
}
