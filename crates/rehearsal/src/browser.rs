//! The browser of an operator or a user, on the virtual desktop.

use anyhow::{Context as _, Result};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};
use virtual_desktop::Desktop;

const KNOWN: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// Chromium with a new profile in the folder `profile`, asking nothing of its own; what to show is for the caller to add.
///
/// # Errors
///
/// When there is none, or the profile cannot be written.
pub fn browser(desktop: &Desktop, profile: &Path) -> Result<Command> {
    let program = KNOWN.into_iter().find(|path| Path::new(path).exists());
    let mut command = desktop.command(program.context("no Chromium is installed")?);
    // It would ask whether to save the password, before whatever is to be seen.
    fs::create_dir_all(profile.join("Default"))?;
    let preferences = r#"{"credentials_enable_service":false,"profile":{"password_manager_enabled":false}}"#;
    fs::write(profile.join("Default/Preferences"), preferences)?;
    command.args([
        "--no-sandbox",
        "--test-type",
        "--disable-gpu",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--password-store=basic",
        "--disable-features=Translate",
        "--force-renderer-accessibility",
    ]);
    command.arg(format!("--user-data-dir={}", profile.display()));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Ok(command)
}
