//! Installed, repaired, upgraded, removed: what is there afterwards, and what is not.

use crate::prefix::{Windows, package};
use anyhow::Result;
use std::{collections::BTreeSet, fs, path::Path, process::Command};

const SETTINGS: &str = r"HKLM\Software\ondemand-agent";
const SETUP: &str = r"HKLM\Software\ondemand-agent\Setup";
const RUN: &str = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Run";
/// What Windows calls 1603, of which a byte is left.
const FAILED: i32 = 1603 & 0xff;

fn added(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Vec<String> {
    after.difference(before).cloned().collect()
}

/// Searched for by the half that a person sees, it would be missing in the half that installs.
#[test]
fn what_was_set_before_is_searched_for_with_the_installers_rights() -> Result<()> {
    for package in [package("ONDEMAND_MSI")?, package("ONDEMAND_NEXT_MSI")?] {
        let actions = |table| -> Result<Vec<String>> {
            let rows = Command::new("msiinfo").arg("export").arg(&package).arg(table).output()?;
            let rows = String::from_utf8(rows.stdout)?;
            Ok(rows.lines().filter_map(|row| row.split('\t').next()).map(str::to_owned).collect())
        };
        let search = "AppSearch".to_owned();
        assert!(actions("InstallExecuteSequence")?.contains(&search));
        let seen = actions("InstallUISequence")?;
        assert!(seen.contains(&"CostFinalize".to_owned()) && !seen.contains(&search), "{seen:?}");
    }
    Ok(())
}

#[test]
fn what_is_installed_is_kept_over_upgrades_and_goes_without_a_trace() -> Result<()> {
    let windows = Windows::start()?;
    let (first, next) = (package("ONDEMAND_MSI")?, package("ONDEMAND_NEXT_MSI")?);
    let before = windows.everything()?;
    let value = |key: &str, name: &str| windows.registry(key, name);

    // Installed with properties, without a question.
    let properties = [
        "SERVICE_URL=https://support.example",
        "ENROLMENT_TOKEN=a-made-up-token",
        "ORGANISATION_KEY=org_1=a-made-up-key",
        "PROXY_URL=http://proxy.example:3128",
    ];
    assert_eq!(windows.msiexec("/i", &first, &properties)?, 0);
    assert_eq!(value(SETTINGS, "service_url")?.as_deref(), Some("https://support.example"));
    assert_eq!(value(SETTINGS, "organisation_keys")?.as_deref(), Some("org_1=a-made-up-key"));
    assert_eq!(value(SETTINGS, "proxy")?.as_deref(), Some("http://proxy.example:3128"));
    assert_eq!(value(SETTINGS, "extra_ca")?, None, "what was not given is not there");
    assert_eq!(value(SETUP, "enrolment_token")?.as_deref(), Some("a-made-up-token"));
    let run = value(RUN, "ondemand-agent")?;
    let started = r#""C:\Program Files\On-demand Agent\ondemand-agent.exe" run --background"#;
    assert_eq!(run.as_deref(), Some(started), "every user's agent starts at log-on");
    let link =
        windows.run(&["reg", "query", r"HKLM\Software\Classes\ondemand-agent\shell\open\command", "/ve"])?;
    assert!(String::from_utf8_lossy(&link.stdout).contains(r#"ondemand-agent.exe" join "%1""#), "{link:?}");
    let installed = windows.everything()?;
    assert!(added(&before, &installed).iter().any(|path| path.ends_with("/On-demand Agent.lnk")));

    // The agent reads it there, and takes nothing of the installer's own notes for a setting.
    let settings = windows.run(&[crate::prefix::PROGRAM, "settings"])?;
    let settings = String::from_utf8_lossy(&settings.stdout).into_owned();
    assert!(settings.contains("https://support.example"), "{settings}");
    assert!(!settings.contains("Setup"), "{settings}");

    // A damaged installation is repaired; any user can do that, so it changes no setting.
    let program = windows.drive().join("Program Files/On-demand Agent");
    fs::remove_file(program.join("agent.png"))?;
    let repair = ["REINSTALL=ALL", "REINSTALLMODE=amus", "SERVICE_URL=https://other.example", "AUTOSTART=0"];
    let repair = [&repair[..], &["ENROLMENT_TOKEN=-", "EXTRA_CA=C:\\other.pem"]].concat();
    assert_eq!(windows.msiexec("/i", &first, &repair)?, 0);
    assert!(program.join("agent.png").is_file());
    assert_eq!(value(SETTINGS, "service_url")?.as_deref(), Some("https://support.example"));
    assert_eq!(value(SETTINGS, "extra_ca")?, None);
    assert_eq!(value(SETUP, "enrolment_token")?.as_deref(), Some("a-made-up-token"));
    assert!(value(RUN, "ondemand-agent")?.is_some());

    // An upgrade keeps what it is not told anew, and forgets what it is told to.
    let properties = ["SERVICE_URL=https://help.example", "PROXY_URL=-", "AUTOSTART=0"];
    assert_eq!(windows.msiexec("/i", &next, &properties)?, 0);
    assert_eq!(value(SETTINGS, "service_url")?.as_deref(), Some("https://help.example"));
    assert_eq!(value(SETUP, "enrolment_token")?.as_deref(), Some("a-made-up-token"));
    assert_eq!(value(SETTINGS, "proxy")?, None);
    assert_eq!(value(RUN, "ondemand-agent")?, None);
    let later = value(SETUP, "version")?;

    // A downgrade is refused, and changes nothing.
    assert_eq!(windows.msiexec("/i", &first, &["SERVICE_URL=https://other.example"])?, FAILED);
    assert_eq!(value(SETUP, "version")?, later);
    assert_eq!(value(SETTINGS, "service_url")?.as_deref(), Some("https://help.example"));

    // Removed: nothing stays but what the user made.
    let own = user_data(&windows)?;
    assert_eq!(windows.msiexec("/x", &next, &[])?, 0);
    assert!(own.exists(), "a history is the user's");

    // Removed with a property: that goes too.
    assert_eq!(windows.msiexec("/i", &next, &[])?, 0);
    assert_eq!(windows.msiexec("/x", &next, &["REMOVE_USER_DATA=1"])?, 0);
    let left = added(&before, &windows.everything()?);
    assert!(left.is_empty(), "left behind: {left:#?}");
    Ok(())
}

/// A file as the agent of this user keeps it.
fn user_data(windows: &Windows) -> Result<std::path::PathBuf> {
    let user = windows.run(&["cmd", "/c", "echo", "%LOCALAPPDATA%"])?;
    let path = String::from_utf8_lossy(&user.stdout).trim().replace('\\', "/");
    let folder = windows.drive().join(Path::new(path.trim_start_matches("C:/"))).join("ondemand-agent/data");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("journal.jsonl"), "{}\n")?;
    Ok(folder)
}
