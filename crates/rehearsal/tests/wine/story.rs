//! The main job with the installed program: from log-on to the end of a session.

use crate::{
    authority::Authority,
    prefix::{PROGRAM, START, Windows, package},
};
use anyhow::{Context, Result};
use protocol::{EndReason, InputMethod, Permission, operator::RequestState, operator::Target};
use rehearsal::{POPUP, Service, ServiceOptions, WINDOW, program, wait_for};
use std::fs;
use virtual_desktop::{Button, Point, Rect};

#[test]
fn a_person_approves_with_the_pointer_and_ends_from_the_tray_menu() -> Result<()> {
    let windows = Windows::start()?;
    let authority = Authority::start(windows.desktop.folder())?;
    windows.trust(&authority.certificate)?;
    let service = Service::start(
        &program("ondemand-service")?,
        ServiceOptions { tls: Some(authority.service.clone()), ..ServiceOptions::default() },
    )?;
    let operator = service.operator()?;
    let set_up = &service.set_up;

    // Deployed as an administrator would.
    let token = fs::read_to_string(&set_up.enrolment_token_file)?;
    let properties = [
        // Wine compares no addresses with those in a certificate.
        format!("SERVICE_URL={}", service.url().replace("127.0.0.1", "localhost")),
        format!("ENROLMENT_TOKEN={}", token.trim()),
        format!("ORGANISATION_KEY={}={}", set_up.organisation, set_up.public_key),
    ];
    let properties: Vec<&str> = properties.iter().map(String::as_str).collect();
    assert_eq!(windows.msiexec("/i", &package("ONDEMAND_MSI")?, &properties)?, 0);

    // A user logs on.
    let log = windows.desktop.folder().join("agent.log");
    let _agent = windows.spawn(&[PROGRAM, "run", "--background"], &log)?;
    let device = operator.wait_for_device().with_context(|| {
        format!("{:?}\n{}", windows.status(), fs::read_to_string(&log).unwrap_or_default())
    })?;
    windows.wait_for_status("a device that is ready", |status| status["tray"] == "ready")?;
    let icon = windows.desktop.tray().legacy_icon_rect("explorer.exe", START)?;
    let idle = windows.desktop.picture()?.part(icon);

    // An operator asks.
    let wanted = [Permission::View, Permission::Chat];
    let request = operator.ask(Target::Device(device.id.clone()), wanted)?.id;
    let popup = popup(&windows)?;
    assert!(windows.desktop.picture()?.part(icon) != idle, "a request changes the tray icon");
    windows.desktop.click(approve(&windows, popup)?)?;
    let session = operator.wait_for_approval(&request)?;
    match operator.request(&request)?.state {
        RequestState::Approved { permissions, given_by, .. } => {
            assert_eq!((permissions, given_by), (wanted.into(), Some(InputMethod::Pointer)));
        }
        other => panic!("{other:?}"),
    }
    windows.desktop.wait_for_title(WINDOW, START)?;

    // The time runs.
    let elapsed = |status: &serde_json::Value| status["view"]["screen"]["elapsed_secs"].as_u64();
    windows.wait_for_status("the time to run", |status| elapsed(status).is_some_and(|secs| secs > 2))?;

    // *End Session* is in the middle of the menu, between three entries and a line on either side.
    windows.desktop.click_with(Button::Right, icon.centre())?;
    let is_menu = |window: &virtual_desktop::windows::Window| {
        window.override_redirect && window.class == "ondemand-agent.exe" && window.rect.height > 100
    };
    let menu = windows.desktop.wait_for_window("the tray icon's menu", START, is_menu)?;
    windows.desktop.click(menu.rect.centre())?;
    assert_eq!(operator.wait_for_end(&session)?, EndReason::User);

    // Its output reaches who started it, and so does its exit code.
    assert!(windows.run(&[PROGRAM, "quit"])?.status.success());
    wait_for("the agent to be gone", || {
        Ok((windows.run(&[PROGRAM, "status"])?.status.code() == Some(4)).then_some(()))
    })?;

    // Who logs off during a session ends it, and the operator is told at once.
    let _agent = windows.spawn(&[PROGRAM, "run", "--background"], &log)?;
    windows.wait_for_status("the device to be ready again", |status| status["tray"] == "ready")?;
    let request = operator.ask(Target::Device(device.id), [Permission::Chat])?.id;
    let popup = self::popup(&windows)?;
    windows.desktop.click(approve(&windows, popup)?)?;
    let session = operator.wait_for_approval(&request)?;
    windows.log_off()?;
    assert_eq!(operator.wait_for_end(&session)?, EndReason::AgentStopped);
    Ok(())
}

/// The popup, once it takes a press: only while it is the active window, as nothing here tells what covers it.
fn popup(windows: &Windows) -> Result<Rect> {
    let popup = windows.desktop.wait_for_title(POPUP, START)?.rect;
    windows.desktop.click(Point { x: popup.x + 8, y: popup.y + 8 })?;
    windows.wait_for_status("a popup that can be approved", |status| {
        status["view"]["prompt"]["approvable"] == true
    })?;
    Ok(popup)
}

/// The middle of *Approve*: of what has its blue in the popup, the rows with the most of it.
fn approve(windows: &Windows, popup: Rect) -> Result<Point> {
    const BLUE: [u8; 3] = [0x1f, 0x5f, 0xbf];
    let seen = windows.desktop.picture()?;
    let columns = |y: i32| -> Vec<i32> {
        (popup.x..popup.x + popup.width as i32).filter(|&x| seen.pixel(Point { x, y }) == BLUE).collect()
    };
    let rows: Vec<(i32, Vec<i32>)> =
        (popup.y..popup.y + popup.height as i32).map(|y| (y, columns(y))).collect();
    let widest = rows.iter().map(|(_, columns)| columns.len()).max().unwrap_or_default();
    let mut button = rows.into_iter().filter(|(_, columns)| columns.len() == widest);
    let (y, columns) = button.next().filter(|_| widest > 0).context("nothing in the popup is blue")?;
    Ok(Point { x: columns[widest / 2], y: y + 4 })
}
