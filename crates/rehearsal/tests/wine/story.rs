//! The main job with the installed program: from log-on to the end of a session.

use crate::{
    prefix::{PROGRAM, START},
    stage::Stage,
};
use anyhow::Result;
use protocol::{EndReason, InputMethod, Permission, operator::RequestState, operator::Target};
use rehearsal::{WINDOW, wait_for};

#[test]
fn a_person_approves_with_the_pointer_and_ends_from_the_tray_menu() -> Result<()> {
    let (stage, _agent) = Stage::start()?;
    let Stage { windows, operator, device, .. } = &stage;
    let icon = stage.tray_icon()?;
    let idle = windows.desktop.picture()?.part(icon);

    // An operator asks.
    let wanted = [Permission::View, Permission::Chat];
    let request = operator.ask(Target::Device(device.id.clone()), wanted)?.id;
    let popup = stage.popup()?;
    let screen = windows.desktop.picture()?;
    assert!(screen.part(icon) != idle, "a request changes the tray icon");
    let (width, height) = screen.size();
    let beside = width as i32 - popup.x - popup.width as i32;
    let below = height as i32 - popup.y - popup.height as i32;
    assert!((400..450).contains(&beside) && below < 50, "{popup:?} of {width} x {height}");
    stage.approve(&request)?;
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

    stage.end_from_the_tray_menu()?;
    assert_eq!(operator.wait_for_end(&session)?, EndReason::User);

    // Its output reaches who started it, and so does its exit code.
    assert!(windows.run(&[PROGRAM, "quit"])?.status.success());
    wait_for("the agent to be gone", || {
        Ok((windows.run(&[PROGRAM, "status"])?.status.code() == Some(4)).then_some(()))
    })?;

    // Who logs off during a session ends it, and the operator is told at once.
    let _agent = stage.log_on()?;
    let request = operator.ask(Target::Device(device.id.clone()), [Permission::Chat])?.id;
    stage.popup()?;
    stage.approve(&request)?;
    let session = operator.wait_for_approval(&request)?;
    windows.log_off()?;
    assert_eq!(operator.wait_for_end(&session)?, EndReason::AgentStopped);
    Ok(())
}
