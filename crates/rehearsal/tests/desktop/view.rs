//! The desktop as the operator gets it: through programs that nobody here wrote, and only for as long as it is granted.

use crate::{
    actions::wait_for_actions,
    console::FRAME,
    surroundings::{login, wait_for_session, with_login_manager},
    watcher::Watcher,
};
use anyhow::{Context, Result, ensure};
use protocol::{Action, EndReason, Permission};
use rehearsal::{DEADLINE, Signal, Stage, Viewer, signal_pid, wait_for};
use std::{
    process::Command,
    time::{Duration, Instant},
};
use virtual_desktop::{Picture, Point, Rect};

/// As soon as this the operator's page must say that it is over.
const A_SECOND: Duration = Duration::from_secs(1);

/// In a corner of this size a pointer is whole.
const CORNER: u32 = 64;

#[test]
fn whoever_only_views_sees_where_the_user_points() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    let bridge = stage.operator.desktop(&session)?;
    let mut watcher = Watcher::connect(&bridge)?;
    let window = stage.desktop.wait_for_title(rehearsal::WINDOW, DEADLINE)?.rect;
    let screen = stage.desktop.picture()?;
    // Places on the bare desktop, where only the pointer changes anything.
    let (width, height) = screen.size();
    let grid = (100..height as i32 - 100).step_by(60);
    let grid = grid.flat_map(|y| (100..width as i32 - 100).step_by(60).map(move |x| Point { x, y }));
    let is_bare = |place: &Point| {
        let part = screen.part(Rect { x: place.x - 40, y: place.y - 40, width: 80, height: 80 });
        let shifted = screen.part(Rect { x: place.x - 39, y: place.y - 39, width: 80, height: 80 });
        part.difference(&shifted).is_none() && !window.contains(*place)
    };
    let places: Vec<_> = grid.filter(is_bare).step_by(3).take(3).collect();
    assert_eq!(places.len(), 3, "there is room on the desktop");
    let deadline = Instant::now() + DEADLINE;
    for place in &places {
        stage.desktop.move_pointer(*place)?;
        let is_there_alone =
            |watcher: &Watcher| places.iter().all(|at| watcher.sees_pointer(*at, &screen) == (at == place));
        while !is_there_alone(&watcher) {
            ensure!(Instant::now() < deadline, "the pointer is not seen at {place:?} alone");
            watcher.update(true)?;
        }
    }
    Ok(())
}

#[test]
fn a_foreign_viewer_sees_the_screen_pixel_for_pixel() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    let bridge = stage.operator.desktop(&session)?;
    let file = stage.desktop.folder().join("seen.png");
    // The frame around the screen comes with the first viewer, and belongs to the picture.
    let viewer = Viewer::connect(&bridge)?;
    viewer.sees()?;
    wait_for_actions(&stage, &["viewing"])?;
    // The pointer is in what the operator sees and not in a picture of the screen: out of the way with it, to where
    // nothing answers it with a tooltip.
    let (width, height) = stage.desktop.picture()?.size();
    stage.desktop.move_pointer(Point { x: 0, y: 0 })?;
    let captured = Command::new("gvnccapture")
        .args(["--quiet", &format!("127.0.0.1:{}", bridge.display())])
        .arg(&file)
        .status()
        .context("failed to run gvnccapture")?;
    ensure!(captured.success(), "gvnccapture saw nothing");
    let seen = Picture::load(&file)?;
    let screen = stage.desktop.picture()?;
    assert_eq!(seen.size(), screen.size());
    let beside = Rect { x: CORNER as i32, y: 0, width: width - CORNER, height: CORNER };
    assert_eq!(seen.part(beside).difference(&screen.part(beside)), None);
    let below = Rect { x: 0, y: CORNER as i32, width, height: height - CORNER };
    let (seen, screen) = (seen.part(below), screen.part(below));
    // The session's timer goes on between the two.
    let window = stage.desktop.wait_for_title(rehearsal::WINDOW, DEADLINE)?.rect;
    if let Some(Rect { x, y, width, height }) = seen.difference(&screen) {
        let inside = x >= window.x
            && below.y + y >= window.y
            && x + width as i32 <= window.x + window.width as i32
            && below.y + y + height as i32 <= window.y + window.height as i32;
        assert!(inside, "{:?} differs outside {window:?}", seen.difference(&screen));
        assert!(width < window.width / 2 && height < window.height / 8, "more than the timer differs");
    }
    Ok(())
}

#[test]
fn whoever_views_is_shown_and_whoever_left_is_not() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    wait_for_actions(&stage, &[])?;
    stage.text("CONNECTED")?;
    let icon = stage.tray_icon()?.icon_hash;
    let is_framed = || -> Result<bool> {
        let picture = stage.desktop.picture()?;
        Ok((100..200).all(|x| picture.pixel(Point { x, y: 0 }) == FRAME))
    };
    ensure!(!is_framed()?);
    let bridge = stage.operator.desktop(&session)?;
    let viewer = Viewer::connect(&bridge)?;
    viewer.sees()?;
    ensure!(is_framed()?, "the frame is there before the first picture is");
    wait_for_actions(&stage, &["viewing"])?;
    stage.operator.wait_for_actions(&session, [Action::Viewing])?;
    stage.text("VIEWING")?;
    wait_for("another tray icon", || Ok((stage.tray_icon()?.icon_hash != icon).then_some(())))?;
    drop(bridge);
    wait_for_actions(&stage, &[])?;
    stage.text("CONNECTED")?;
    wait_for("the tray icon from before", || Ok((stage.tray_icon()?.icon_hash == icon).then_some(())))?;
    wait_for("the frame to go", || Ok((!is_framed()?).then_some(())))
}

#[test]
fn taking_view_back_stops_the_picture_at_once() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View, Permission::Chat])?;
    let bridge = stage.operator.desktop(&session)?;
    let viewer = Viewer::connect(&bridge)?;
    viewer.sees()?;
    stage.press("Permissions")?;
    let switch = stage.control("See your desktop")?;
    let taken = Instant::now();
    assert!(switch.activate()?);
    let gone = viewer.until_gone(taken)?;
    assert!(gone < A_SECOND, "after {gone:?}");
    assert!(Viewer::connect(&bridge).is_err(), "it is not to be had again");
    Ok(())
}

#[test]
fn an_end_closes_the_operators_picture_within_a_second() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    let bridge = stage.operator.desktop(&session)?;
    let viewer = Viewer::connect(&bridge)?;
    viewer.sees()?;
    stage.click_menu("End Session")?;
    let gone = viewer.until_gone(Instant::now())?;
    assert!(gone < A_SECOND, "after {gone:?}");
    assert!(stage.access_process().is_none());
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    assert!(Viewer::connect(&bridge).is_err());
    Ok(())
}

#[test]
fn without_the_permission_there_is_no_picture() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::Clipboard, Permission::Chat])?;
    stage.wait_for_access(true)?;
    let bridge = stage.operator.desktop(&session)?;
    assert!(Viewer::connect(&bridge).is_err());
    wait_for_actions(&stage, &[])
}

#[test]
fn an_access_process_that_is_killed_takes_the_picture_along() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    let bridge = stage.operator.desktop(&session)?;
    let viewer = Viewer::connect(&bridge)?;
    viewer.sees()?;
    let killed = Instant::now();
    signal_pid(stage.access_process().context("it lives")?.cast_signed(), Signal::Kill);
    let gone = viewer.until_gone(killed)?;
    assert!(gone < A_SECOND, "after {gone:?}");
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::AccessFailed);
    Ok(())
}

#[test]
fn a_second_view_in_the_same_session_needs_no_second_yes() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    let bridge = stage.operator.desktop(&session)?;
    for _ in 0..3 {
        let viewer = Viewer::connect(&bridge)?;
        viewer.sees()?;
    }
    wait_for("the last one to be gone", || {
        let status = stage.agent.status()?;
        Ok((status["view"]["screen"]["actions"] == serde_json::json!([])).then_some(()))
    })
}

#[test]
fn a_locked_screen_stops_the_picture_and_an_unlocked_one_gives_it_back() -> Result<()> {
    let stage = with_login_manager()?;
    let session = stage.session([Permission::View])?;
    let bridge = stage.operator.desktop(&session)?;
    let viewer = Viewer::connect(&bridge)?;
    viewer.sees()?;
    login(&stage).lock()?;
    let locked = Instant::now();
    let gone = viewer.until_gone(locked)?;
    assert!(gone < A_SECOND, "after {gone:?}");
    wait_for_session(&stage, "suspended")?;
    assert!(Viewer::connect(&bridge).is_err());
    login(&stage).unlock()?;
    wait_for_session(&stage, "running")?;
    Viewer::connect(&bridge)?.sees()
}

#[test]
fn a_service_that_is_back_within_a_minute_gets_the_picture_without_a_second_yes() -> Result<()> {
    let mut stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    let bridge = stage.operator.desktop(&session)?;
    let viewer = Viewer::connect(&bridge)?;
    viewer.sees()?;
    stage.service.kill();
    viewer.until_gone(Instant::now())?;
    wait_for_session(&stage, "reconnecting")?;
    wait_for_actions(&stage, &[])?;
    stage.service.serve()?;
    wait_for_session(&stage, "running")?;
    let bridge = stage.operator.desktop(&session)?;
    wait_for("the picture", || Ok(Viewer::connect(&bridge).ok().map(drop)))
}

#[test]
fn a_tunnel_that_goes_silent_is_noticed_by_the_user() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    let bridge = stage.operator.desktop(&session)?;
    Viewer::connect(&bridge)?.sees()?;
    let service = stage.service.pid().context("the service runs")?.cast_signed();
    signal_pid(service, Signal::Stop);
    let noticed = wait_for_session(&stage, "reconnecting");
    signal_pid(service, Signal::Continue);
    noticed?;
    wait_for_session(&stage, "running")
}
