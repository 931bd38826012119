//! The demo, on the desktop that one sits at, here a virtual one, and as a story in pictures.

use anyhow::{Context, Result};
use rehearsal::{DEADLINE, Signal, WINDOW, arguments_of, children_of, signal, wait_for};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};
use virtual_desktop::{Desktop, Options};

#[test]
fn the_demo_opens_the_console_signed_in_and_ctrl_c_leaves_nothing_behind() -> Result<()> {
    let desktop = Desktop::start(Options::default())?;
    let tools = desktop.folder().join("tools");
    fs::create_dir(&tools)?;
    let open = tools.join("xdg-open");
    fs::write(&open, opener()?)?;
    fs::set_permissions(&open, fs::Permissions::from_mode(0o700))?;
    let mut command = desktop.command(env!("CARGO_BIN_EXE_demo"));
    command.env("PATH", format!("{}:/usr/bin:/bin", tools.display())).stdout(Stdio::piped());
    let demo = desktop.spawn(&mut command)?;

    desktop.wait_for_title(WINDOW, DEADLINE)?;
    wait_for("the console, signed in", || {
        let programs = desktop.accessibility().programs()?;
        let asks = |program: &virtual_desktop::accessibility::Element| {
            program
                .find_where(|element| element.name().is_ok_and(|name| name.starts_with("Ask to connect to")))
        };
        Ok(programs.iter().find_map(asks).map(drop))
    })
    .with_context(|| desktop.accessibility().outline())?;

    // The browser is the person's own and stays.
    let ours = |pid: &u32| arguments_of(*pid).first().is_some_and(|program| program.contains("ondemand-"));
    let started: Vec<u32> = children_of(demo.id()).into_iter().filter(ours).collect();
    assert_eq!(started.len(), 2, "the demo runs a service and an agent");
    signal(&demo, Signal::Interrupt);
    let output = demo.wait_with_output()?;
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("All is over"));
    wait_for("everything the demo started to be gone", || {
        Ok(started.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists()).then_some(()))
    })?;
    let titles: Vec<_> = desktop.windows()?.into_iter().map(|window| window.title).collect();
    assert!(!titles.contains(&WINDOW.to_owned()), "{titles:?}");
    Ok(())
}

#[test]
fn the_story_is_played_to_its_end_and_leaves_its_pictures() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let pictures = folder.path().join("pictures");
    let demo = Command::new(env!("CARGO_BIN_EXE_demo")).arg("--headless").arg(&pictures).output()?;
    assert!(demo.status.success(), "{demo:?}");
    let mut names: Vec<_> =
        fs::read_dir(&pictures)?.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
    names.sort();
    let story = [
        "01-console-sign-in.png",
        "02-console-overview.png",
        "03-console-request.png",
        "04-request-popup.png",
        "05-desktop.png",
        "06-session.png",
        "07-tray-menu.png",
        "08-ended.png",
        "09-console-request.png",
        "10-declined.png",
        "11-invitation.png",
    ];
    assert_eq!(names, story);
    Ok(())
}

/// What opens addresses on this desktop: a browser that says over the accessibility tree what it shows.
fn opener() -> Result<String> {
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let browser =
        known.into_iter().find(|path| Path::new(path).exists()).context("no Chromium is installed")?;
    Ok(format!(
        "#!/bin/sh\nexec {browser} --no-sandbox --test-type --disable-gpu --no-first-run --disable-sync \
         --disable-background-networking --password-store=basic --force-renderer-accessibility \
         --user-data-dir=\"$HOME/browser\" \"$1\" >/dev/null 2>&1\n"
    ))
}
