//! Installed, repaired, upgraded, removed: what is there afterwards, and what is not.

use crate::prefix::{PROGRAM, Windows, package};
use anyhow::{Context as _, Result};
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

/// What Windows Installer writes into its log is what it is not told to leave out.
#[test]
fn secrets_stay_out_of_the_installers_log() -> Result<()> {
    for package in [package("ONDEMAND_MSI")?, package("ONDEMAND_NEXT_MSI")?] {
        let rows = Command::new("msiinfo").arg("export").arg(&package).arg("Property").output()?;
        let rows = String::from_utf8(rows.stdout)?;
        let hidden = rows.lines().find_map(|row| row.strip_prefix("MsiHiddenProperties\t"));
        let hidden: BTreeSet<_> = hidden.unwrap_or_default().trim().split(';').collect();
        // A proxy's address may hold a name and password.
        for secret in ["ENROLMENT_TOKEN", "PROXY_URL"] {
            assert!(hidden.contains(secret), "{secret} is not among {hidden:?}");
        }
    }
    Ok(())
}

const POLICY: &str = r"HKLM\Software\Policies\ondemand-agent";

#[test]
fn policy_in_the_registry_counts_before_everything_and_a_mistake_in_it_forbids() -> Result<()> {
    let windows = Windows::start()?;
    let properties = ["SERVICE_URL=https://installer.example", "EXTRA_CA=C:\\example.pem", "AUTOSTART=0"];
    assert_eq!(windows.msiexec("/i", &package("ONDEMAND_MSI")?, &properties)?, 0);
    let settings = || -> Result<serde_json::Value> {
        let said = windows.run(&[PROGRAM, "settings", "--json"])?;
        serde_json::from_slice(&said.stdout).with_context(|| format!("{said:?}"))
    };
    let add = |key: &str, name: &str, kind: &str, value: &str| -> Result<()> {
        let added = windows.run(&["reg", "add", key, "/v", name, "/t", kind, "/d", value, "/f"])?;
        anyhow::ensure!(added.status.success(), "{added:?}");
        Ok(())
    };
    let before = settings()?;
    assert_eq!(before["managed"], false, "{before:#}");
    assert_eq!(windows.registry(SETTINGS, "extra_ca")?.as_deref(), Some(r"C:\example.pem"));
    assert_eq!(windows.registry(RUN, "ondemand-agent")?, None, "it is not to start by itself");

    // As the templates for group policies write it.
    add(POLICY, "service_url", "REG_SZ", "https://policy.example")?;
    add(&format!(r"{POLICY}\permissions"), "view", "REG_DWORD", "1")?;
    add(&format!(r"{POLICY}\permissions"), "chat", "REG_DWORD", "1")?;
    add(POLICY, "quit", "REG_DWORD", "0")?;
    let said = settings()?;
    assert_eq!(said["managed"], true, "{said:#}");
    let text = windows.run(&[PROGRAM, "settings"])?;
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    let line = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default();
    assert!(line("service_url").contains("https://policy.example"), "{text}");
    assert!(line("permissions").contains("view, chat") && line("permissions").contains("policy"), "{text}");
    assert!(line("quit").contains("false"), "{text}");

    // With a name that is spelt wrongly it forbids all that it does not allow itself. That is said, and the doctor's exit code tells a fleet.
    add(POLICY, "quitt", "REG_DWORD", "0")?;
    let text = windows.run(&[PROGRAM, "settings"])?;
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("there is no setting quitt"), "the mistake is not named: {text}");
    let line = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default();
    assert!(line("organisations").contains("off") && line("portable").contains("false"), "{text}");
    assert_eq!(windows.run(&[PROGRAM, "doctor"])?.status.code(), Some(10));

    // An upgrade keeps what the installer was told, and leaves policy alone.
    assert_eq!(windows.msiexec("/i", &package("ONDEMAND_NEXT_MSI")?, &[])?, 0);
    assert_eq!(windows.registry(SETTINGS, "extra_ca")?.as_deref(), Some(r"C:\example.pem"));
    assert_eq!(windows.registry(RUN, "ondemand-agent")?, None);
    assert_eq!(windows.registry(POLICY, "service_url")?.as_deref(), Some("https://policy.example"));
    Ok(())
}

#[test]
fn the_installed_program_is_one_for_windows_and_says_what_it_is() -> Result<()> {
    let windows = Windows::start()?;
    assert_eq!(windows.msiexec("/i", &package("ONDEMAND_MSI")?, &[])?, 0);
    let program = fs::read(windows.drive().join("Program Files/On-demand Agent/ondemand-agent.exe"))?;
    // The header's place stands at 0x3c; the subsystem 0x5c behind it (PE format, "Optional Header").
    let number = |at: usize| u32::from_le_bytes(program[at..at + 4].try_into().unwrap()) as usize;
    let header = number(0x3c);
    assert_eq!(&program[header..header + 4], b"PE\0\0");
    assert_eq!(program[header + 0x5c], 2, "without a console of its own");
    let holds = |text: &[u8]| program.windows(text.len()).any(|window| window == text);
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    assert!(holds(b"PerMonitorV2"), "each monitor has its own scale");
    for text in ["FileVersion", "ProductName", "On-demand Agent"] {
        assert!(holds(&wide(text)), "{text}");
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
    let settings = windows.run(&[PROGRAM, "settings"])?;
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
