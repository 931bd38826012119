//! What stands still, and what of the desktop dies while the agent runs on it.

use anyhow::{Context as _, Result};
use protocol::{EndReason, Permission, UnansweredCause, operator::RequestState};
use rehearsal::{A_MOMENT, DEADLINE, POPUP, Signal, Stage, WINDOW, signal_pid, wait_for};
use std::{path::Path, thread, time::Duration};
use virtual_desktop::Part;

fn stop(pid: u32) {
    signal_pid(pid.cast_signed(), Signal::Stop);
}

/// Stops the next window process before it shows anything.
fn stop_next_window(stage: &Stage, known: &[u32]) -> Result<u32> {
    let until = std::time::Instant::now() + DEADLINE;
    loop {
        if let Some(next) = stage.agent.children("window").into_iter().find(|pid| !known.contains(pid)) {
            stop(next);
            return Ok(next);
        }
        anyhow::ensure!(std::time::Instant::now() < until, "no window is started");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_popup_that_stands_still_before_it_is_seen_is_a_no() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask([Permission::View])?;
    let popup = stop_next_window(&stage, &[])?;
    let failed = RequestState::Unanswered { cause: UnansweredCause::PromptFailed };
    assert_eq!(stage.outcome(&request)?, failed);
    wait_for("the popup's process to be dead", || {
        Ok((!stage.agent.children("window").contains(&popup)).then_some(()))
    })?;
    Ok(())
}

#[test]
fn a_popup_that_stands_still_on_the_screen_goes_with_its_request_and_approves_nothing() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    let approve = stage.button("Approve")?.rect()?.centre();
    stage.agent.children("window").into_iter().for_each(stop);
    stage.desktop.click(approve)?;
    stage.stays_open(&request, A_MOMENT)?;
    assert!(stage.agent.run(&["end"], "")?.status.success());
    assert!(matches!(stage.outcome(&request)?, RequestState::Rejected { .. }));
    stage.wait_until_gone(POPUP)
}

#[test]
fn behind_a_window_that_stands_still_a_request_is_shown_and_the_tray_ends_what_comes_of_it() -> Result<()> {
    let stage = Stage::device()?;
    assert!(stage.agent.run(&["open"], "")?.status.success());
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    let windows = stage.agent.children("window");
    windows.iter().copied().for_each(stop);
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    // The accessibility tree waits for whoever stands still.
    windows.iter().for_each(|pid| signal_pid(pid.cast_signed(), Signal::Continue));
    let approve = stage.button("Approve")?.rect()?.centre();
    windows.iter().copied().for_each(stop);
    stage.desktop.click(approve)?;
    let session = stage.operator.wait_for_approval(&request)?;
    stage.wait_for_access(true)?;
    stage.desktop.tray().choose(&stage.tray_icon()?, "End Session")?;
    stage.wait_for_access(false)?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    Ok(())
}

#[test]
fn where_the_agent_stands_still_nothing_is_served_and_it_says_so_when_it_goes_on() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    stage.wait_for_access(true)?;
    let access = stage.access_process().context("it lives")?;
    stop(stage.agent.pid());
    wait_for("the access process to end by itself", || {
        // Nobody collects it while its parent stands still.
        let gone = !Path::new(&format!("/proc/{access}/fd/0")).exists();
        Ok(gone.then_some(()))
    })?;
    signal_pid(stage.agent.pid().cast_signed(), Signal::Continue);
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::AccessFailed);
    stage.wait_for_screen("ended")
}

/// A device that has found its tray: for some seconds after a start it does not count on one.
fn with_tray() -> Result<Stage> {
    let stage = Stage::device()?;
    stage.tray_icon()?;
    let no_window =
        || Ok(stage.desktop.windows()?.iter().all(|window| !(window.mapped && window.title == WINDOW)));
    stage.stays(no_window, Duration::from_secs(6))?;
    Ok(stage)
}

#[test]
fn without_its_bus_the_agent_goes_on_and_asks_and_ends() -> Result<()> {
    let stage = with_tray()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.operator.wait_for_state(&request, |state| *state == RequestState::Shown)?;
    stage.desktop.kill(Part::SessionBus);
    // The window stands in for the icon.
    stage.desktop.wait_for_title(WINDOW, DEADLINE).with_context(|| stage.agent.log())?;
    stage.stays_open(&request, A_MOMENT)?;
    assert!(stage.agent.run(&["end"], "")?.status.success());
    assert!(matches!(stage.outcome(&request)?, RequestState::Rejected { .. }));
    stage.wait_until_gone(POPUP)?;
    assert!(stage.agent.status().is_ok(), "{}", stage.agent.log());
    Ok(())
}

#[test]
fn a_tray_and_notifications_that_die_and_come_back_are_used_again() -> Result<()> {
    let stage = with_tray()?;
    let notifications = stage.desktop.watch_notifications()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    for part in [Part::TrayHost, Part::Notifications] {
        stage.desktop.kill(part);
    }
    // The icon's stand-in.
    stage.desktop.wait_for_title(WINDOW, DEADLINE).with_context(|| stage.agent.log())?;
    stage.stays_open(&request, A_MOMENT)?;
    for part in [Part::TrayHost, Part::Notifications] {
        stage.desktop.start_again(part)?;
    }
    assert!(stage.menu()?.iter().any(|entry| entry == "Review request"), "{:?}", stage.menu()?);

    let before = notifications.seen().len();
    stage.wait_until_approvable()?;
    stage.button("Approve")?.activate()?;
    let session = stage.operator.wait_for_approval(&request)?;
    let is_shown = || notifications.seen()[before..].iter().any(|note| note.number.is_some());
    wait_for("a notification that is shown", || Ok(is_shown().then_some(())))?;
    stage.wait_for_screen("session")?;
    stage.desktop.tray().choose(&stage.tray_icon()?, "End Session")?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    Ok(())
}
