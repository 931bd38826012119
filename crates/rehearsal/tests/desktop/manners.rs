//! How the popup behaves towards a person who is doing something else.

use anyhow::Result;
use protocol::{Permission, operator::RequestState};
use rehearsal::{A_MOMENT, POPUP, Stage, wait_for};
use std::{
    fs,
    process::{Command, Stdio},
};
use virtual_desktop::{Button, Key, Options, Rect, WindowManager, windows::WindowOptions};

#[test]
fn typing_elsewhere_while_the_popup_appears_loses_no_letter() -> Result<()> {
    for window_manager in [WindowManager::Openbox, WindowManager::Xfwm4] {
        let stage = Stage::device_on(Options { window_manager, ..Options::default() })?;
        let typed = stage.desktop.home().join("typed");
        let script = format!("stty -icanon; exec cat > {}", typed.display());
        let mut xterm = stage.desktop.command("xterm");
        xterm.args(["-T", "somewhere else", "-e", "sh", "-c", &script]).stdout(Stdio::null());
        let _xterm = stage.desktop.spawn(&mut xterm)?;
        let window = stage.desktop.wait_for_title("somewhere else", rehearsal::DEADLINE)?;
        stage.desktop.click(window.rect.centre())?;
        wait_for("xterm to have the focus", || {
            Ok(stage.desktop.focused()?.filter(|focused| focused.title == "somewhere else").map(|_| ()))
        })?;
        wait_for("the shell in it", || Ok(typed.exists().then_some(())))?;

        let request = stage.ask([Permission::View])?;
        let mut letters = 0;
        let mut after_popup = 0;
        // Keys that could press a button are among them.
        while after_popup < 20 {
            stage.desktop.type_text(if letters % 5 == 4 { " " } else { "a" })?;
            letters += 1;
            if stage.desktop.windows()?.iter().any(|window| window.mapped && window.title == POPUP) {
                after_popup += 1;
            }
            assert!(letters < 2000, "the popup never came");
        }
        wait_for("all letters", || Ok((fs::read(&typed)?.len() == letters).then_some(())))?;
        let shown = stage.operator.wait_for_state(&request, |state| *state != RequestState::Sent)?;
        assert_eq!(shown, RequestState::Shown, "{window_manager:?}");
        stage.stays_open(&request, A_MOMENT)?;
    }
    Ok(())
}

#[test]
fn a_press_in_the_first_second_does_not_count() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    let approve = stage.button("Approve")?;
    if stage.agent.status()?["view"]["prompt"]["approvable"] == false {
        approve.activate()?;
        stage.desktop.click(approve.rect()?.centre())?;
    }
    stage.stays_open(&request, A_MOMENT)?;
    // Later the same press does.
    stage.wait_until_approvable()?;
    stage.click("Approve")?;
    stage.operator.wait_for_approval(&request)?;
    Ok(())
}

#[test]
fn a_covered_popup_cannot_be_approved_until_it_was_seen_again() -> Result<()> {
    let stage = Stage::device()?;
    stage.ask([Permission::View])?;
    let popup = stage.popup()?;
    stage.wait_until_approvable()?;
    let cover = stage.desktop.open_window(&WindowOptions {
        rect: popup.rect,
        override_redirect: true,
        ..WindowOptions::default()
    })?;
    stage.agent.wait_for_status("the popup to be covered", |status| {
        status["view"]["prompt"]["approvable"] == false
    })?;
    drop(cover);
    stage.wait_until_approvable()?;
    Ok(())
}

#[test]
fn escape_in_the_popup_is_a_no() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask([Permission::View])?;
    let popup = stage.popup()?;
    // Into an empty part of the popup: it has the keyboard from now on.
    let corner = virtual_desktop::Point { x: popup.rect.x + 6, y: popup.rect.y + 6 };
    stage.desktop.click(corner)?;
    wait_for("the popup to have the keyboard", || {
        Ok(stage.desktop.focused()?.filter(|focused| focused.title == POPUP).map(|_| ()))
    })?;
    stage.desktop.press(Key::Escape)?;
    assert!(matches!(stage.outcome(&request)?, RequestState::Rejected { .. }));
    Ok(())
}

#[test]
fn an_approve_line_that_does_not_come_from_the_popup_is_not_listened_to() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    // Another program of the same user tries to write into the line of a child.
    for pid in stage.agent.children("window") {
        for descriptor in [0, 1] {
            let path = format!("/proc/{pid}/fd/{descriptor}");
            let line = format!(
                r#"{{"tell":"user","user":"approve","request_id":"{request}","permissions":["view"],"limit":{{"secs":60,"nanos":0}},"given_by":null}}"#
            );
            let _ = Command::new("sh")
                .args(["-c", &format!("echo '{line}' > {path}")])
                .stderr(Stdio::null())
                .status();
        }
    }
    stage.stays_open(&request, A_MOMENT)?;
    assert!(stage.access_process().is_none());
    Ok(())
}

#[test]
fn nothing_that_is_said_on_the_session_bus_approves() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    let bus = stage.desktop.session_bus();
    let (path, interface) = ("/org/freedesktop/Notifications", "org.freedesktop.Notifications");
    for id in 0..50_u32 {
        for key in ["approve", "Approve", "yes", "default", "review", "inline-reply", ""] {
            bus.emit_signal(None::<&str>, path, interface, "ActionInvoked", &(id, key))?;
            bus.emit_signal(None::<&str>, path, interface, "NotificationReplied", &(id, key))?;
        }
    }
    let icon = stage.tray_icon()?;
    for entry in stage.desktop.tray().menu(&icon)? {
        // Ends are meant to be heard from anywhere.
        if entry.enabled && !entry.separator && !["End Session", "Quit"].contains(&entry.label.as_str()) {
            stage.desktop.tray().choose(&icon, &entry.label)?;
        }
    }
    stage.stays_open(&request, A_MOMENT)?;
    assert!(stage.access_process().is_none());
    Ok(())
}

#[test]
fn a_second_request_within_a_minute_comes_in_quietly_and_can_be_reviewed_from_the_menu() -> Result<()> {
    let stage = Stage::device()?;
    let first = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.click("Reject")?;
    stage.outcome(&first)?;
    stage.wait_until_gone(POPUP)?;
    let second = stage.ask([Permission::View])?;
    stage.agent.wait_for_status("a quiet request", |status| status["view"]["prompt"]["stage"] == "quiet")?;
    let popup = |window: &virtual_desktop::windows::Window| window.mapped && window.title == POPUP;
    assert!(!stage.desktop.windows()?.iter().any(popup));
    stage.click_menu("Review request")?;
    stage.popup()?;
    stage.operator.wait_for_state(&second, |state| *state == RequestState::Shown)?;
    Ok(())
}

#[test]
fn the_popup_opens_at_the_trays_corner_and_leaves_its_notification_room() -> Result<()> {
    for window_manager in [WindowManager::Openbox, WindowManager::Xfwm4] {
        let stage = Stage::device_on(Options { window_manager, ..Options::default() })?;
        let (width, height) = stage.desktop.picture()?.size();
        stage.ask([Permission::View])?;
        let popup = stage.popup()?.rect;
        let beside = width as i32 - popup.x - popup.width as i32;
        let below = height as i32 - popup.y - popup.height as i32;
        assert!(
            (400..450).contains(&beside) && below < 70,
            "{window_manager:?}: {popup:?}, {width} x {height}"
        );
    }
    Ok(())
}

#[test]
fn over_a_full_screen_window_the_popup_is_seen_and_answered() -> Result<()> {
    for window_manager in [WindowManager::Openbox, WindowManager::Xfwm4] {
        let stage = Stage::device_on(Options { window_manager, ..Options::default() })?;
        let film =
            stage.desktop.open_window(&WindowOptions { full_screen: true, ..WindowOptions::default() })?;
        wait_for("the film to fill the screen", || {
            let is_it = |window: &virtual_desktop::windows::Window| {
                window.id == film.id() && window.states.iter().any(|state| state == "FULLSCREEN")
            };
            Ok(stage.desktop.windows()?.iter().any(is_it).then_some(()))
        })?;
        let request = stage.ask([Permission::View])?;
        stage.popup()?;
        stage.wait_until_approvable()?;
        stage.click("Reject")?;
        assert!(matches!(stage.outcome(&request)?, RequestState::Rejected { .. }), "{window_manager:?}");
    }
    Ok(())
}

#[test]
fn looks_suspicious_says_what_follows_before_anything_is_sent() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.click("Reject with a reason")?;
    stage.click("Looks suspicious")?;
    stage.text("The operator only learns that you said no.")?;
    stage.stays_open(&request, A_MOMENT)?;
    stage.click("Reject and report")?;
    assert!(matches!(stage.outcome(&request)?, RequestState::Rejected { .. }));
    Ok(())
}

/// The title of the session bar.
const BAR: &str = "Session bar";

#[test]
fn a_closed_session_window_asks_and_becomes_a_bar_that_ends_the_session() -> Result<()> {
    for window_manager in [WindowManager::Openbox, WindowManager::Xfwm4] {
        let stage = Stage::device_on(Options { window_manager, ..Options::default() })?;
        let session = stage.session([Permission::View, Permission::Control])?;
        let window = stage.desktop.wait_for_title(rehearsal::WINDOW, rehearsal::DEADLINE)?;
        stage.desktop.close_window(&window)?;
        stage.text("The session goes on")?;
        stage.click("Keep it in the bar")?;
        let bar = stage.desktop.wait_for_title(BAR, rehearsal::DEADLINE)?;
        stage.wait_until_gone(rehearsal::WINDOW)?;
        assert!(bar.states.iter().any(|state| state == "ABOVE"), "{window_manager:?}: {bar:?}");
        assert!(bar.rect.y < 100, "{window_manager:?}: at the top of the screen: {bar:?}");
        let middle = bar.rect.centre();
        let end = virtual_desktop::Point { x: middle.x + (middle.x - bar.rect.x) - 60, y: middle.y };
        stage.desktop.click(end)?;
        assert_eq!(stage.operator.wait_for_end(&session)?, protocol::EndReason::User);
        stage.text("You ended the session.")?;
    }
    Ok(())
}

#[test]
fn the_bar_takes_no_letter_and_opens_the_window_again() -> Result<()> {
    let stage = Stage::device()?;
    stage.session([Permission::View])?;
    let elsewhere = stage.desktop.open_window(&WindowOptions {
        rect: Rect { x: 40, y: 300, width: 300, height: 200 },
        ..WindowOptions::default()
    })?;
    stage.button("Collapse to the bar")?.activate()?;
    stage.desktop.wait_for_title(BAR, rehearsal::DEADLINE)?;
    stage.desktop.click(virtual_desktop::Point { x: 100, y: 400 })?;
    wait_for("the other window to have the keyboard", || {
        Ok(stage.desktop.focused()?.filter(|focused| focused.id == elsewhere.id()).map(drop))
    })?;
    stage.desktop.type_text("abc")?;
    wait_for("the letters", || Ok((elsewhere.typed()? == "abc").then_some(())))?;
    stage.button("Open window")?.activate()?;
    stage.desktop.wait_for_title(rehearsal::WINDOW, rehearsal::DEADLINE)?;
    stage.wait_until_gone(BAR)?;

    // The tray icon and a key do the same.
    let icon = || -> Result<()> {
        Ok(stage.desktop.tray().click(&stage.tray_icon()?, Button::Left, rehearsal::DEADLINE)?)
    };
    let key =
        || -> Result<()> { Ok(stage.desktop.chord(&[Key::Control, Key::Alt, Key::Shift, Key::Space])?) };
    for way in [&icon as &dyn Fn() -> Result<()>, &key] {
        stage.button("Collapse to the bar")?.activate()?;
        stage.desktop.wait_for_title(BAR, rehearsal::DEADLINE)?;
        stage.wait_until_gone(rehearsal::WINDOW)?;
        way()?;
        stage.desktop.wait_for_title(rehearsal::WINDOW, rehearsal::DEADLINE)?;
        stage.wait_until_gone(BAR)?;
    }
    Ok(())
}

#[test]
fn a_minimised_session_window_becomes_the_bar() -> Result<()> {
    for window_manager in [WindowManager::Openbox, WindowManager::Xfwm4] {
        let stage = Stage::device_on(Options { window_manager, ..Options::default() })?;
        stage.session([Permission::View])?;
        // It shows the session.
        stage.button("Collapse to the bar")?;
        let window = stage.desktop.wait_for_title(rehearsal::WINDOW, rehearsal::DEADLINE)?;
        stage.desktop.minimise_window(&window)?;
        stage.desktop.wait_for_title(BAR, rehearsal::DEADLINE)?;
        stage.button("Open window")?.activate()?;
        stage.desktop.wait_for_title(rehearsal::WINDOW, rehearsal::DEADLINE)?;
        stage.wait_until_gone(BAR)?;
    }
    Ok(())
}

#[test]
fn the_bar_is_moved_by_pointer_button_and_arrow_keys_and_never_off_the_screen() -> Result<()> {
    let stage = Stage::device()?;
    stage.session([Permission::View])?;
    stage.button("Collapse to the bar")?.activate()?;
    let rect = || anyhow::Ok(stage.desktop.wait_for_title(BAR, rehearsal::DEADLINE)?.rect);
    let moved = |from: Rect| {
        wait_for(&format!("the bar to move from {from:?}"), || {
            let now = rect()?;
            Ok((now != from).then_some(now))
        })
    };
    // Two looks in a row that agree: it does not move any more.
    let settled = || {
        let mut last = None;
        wait_for("the bar to stand still", || {
            let now = rect()?;
            Ok((last.replace(now) == Some(now)).then_some(now))
        })
    };
    let screen = Options::default().size;
    let is_on_screen = |bar: Rect| {
        bar.x >= 0
            && bar.y >= 0
            && bar.x + bar.width as i32 <= i32::from(screen.0)
            && bar.y + bar.height as i32 <= i32::from(screen.1)
    };

    let start = settled()?;
    stage.click("Move the bar")?;
    let moved_by_button = moved(start)?;
    assert!(is_on_screen(moved_by_button), "{moved_by_button:?}");

    // The button has the keyboard now.
    let before = settled()?;
    stage.desktop.press(Key::Down)?;
    let below = moved(before)?;
    assert!(is_on_screen(below), "{below:?}");

    let before = settled()?;
    let grip = virtual_desktop::Point { x: before.x + 3, y: before.y + 3 };
    stage.desktop.move_pointer(grip)?;
    stage.desktop.press_button(virtual_desktop::Button::Left, true)?;
    for step in 1..=20 {
        stage.desktop.move_pointer(virtual_desktop::Point { x: grip.x - 3 * step, y: grip.y + 10 * step })?;
    }
    stage.desktop.press_button(virtual_desktop::Button::Left, false)?;
    let dragged = moved(before)?;
    assert!(dragged.y > before.y && is_on_screen(dragged), "{before:?} to {dragged:?}");
    Ok(())
}
