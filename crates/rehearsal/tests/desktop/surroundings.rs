//! Desktops that lack something.

use anyhow::Result;
use protocol::{Permission, UnansweredCause, operator::RequestState};
use rehearsal::{Stage, WINDOW};
use std::{fs, time::Instant};
use virtual_desktop::{Options, SettingsPortal};

#[test]
fn without_a_tray_host_the_window_takes_over() -> Result<()> {
    let stage = Stage::device_on(Options { tray_host: false, ..Options::default() })?;
    stage.desktop.wait_for_title(WINDOW, rehearsal::DEADLINE)?;
    let session = stage.session([Permission::View])?;
    stage.click("End Session")?;
    stage.operator.wait_for_end(&session)?;
    Ok(())
}

#[test]
fn without_a_display_a_request_is_answered_with_no_display() -> Result<()> {
    let mut stage = Stage::device()?;
    // The display is gone from the next start on.
    stage.agent.terminate();
    stage.agent.set_variable("DISPLAY", None);
    stage.agent.restart()?;
    stage.operator.wait_for_device()?;
    let request = stage.ask([Permission::View])?;
    assert_eq!(stage.outcome(&request)?, RequestState::Unanswered { cause: UnansweredCause::NoDisplay });
    Ok(())
}

#[test]
fn a_settings_portal_that_hangs_does_not_hold_up_the_popup() -> Result<()> {
    let stage = Stage::device_on(Options { settings_portal: SettingsPortal::Hung, ..Options::default() })?;
    let asked = Instant::now();
    stage.ask([Permission::View])?;
    stage.popup()?;
    assert!(asked.elapsed().as_secs() < 3, "{:?}", asked.elapsed());
    Ok(())
}

#[test]
fn without_any_font_on_the_system_the_popup_still_speaks() -> Result<()> {
    let mut stage = Stage::device()?;
    let empty = stage.desktop.home().join("no-fonts.conf");
    fs::write(
        &empty,
        "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig></fontconfig>",
    )?;
    stage.agent.terminate();
    stage.agent.set_variable("FONTCONFIG_FILE", Some(&empty.to_string_lossy()));
    stage.agent.restart()?;
    stage.operator.wait_for_device()?;
    stage.session([Permission::View])?;
    Ok(())
}

#[test]
fn a_second_start_opens_the_window_of_the_first() -> Result<()> {
    let stage = Stage::device()?;
    let second = stage.agent.run(&["run", "--service-url", &stage.service.url()], "")?;
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    stage.desktop.wait_for_title(WINDOW, rehearsal::DEADLINE)?;
    Ok(())
}
