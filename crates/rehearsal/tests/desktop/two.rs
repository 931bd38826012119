//! Two operators at once.

use anyhow::Result;
use protocol::{Permission, operator::RequestState};
use rehearsal::{Operator, POPUP, Stage};
use std::fs;

/// Another operator of the organisation.
fn colleague(stage: &Stage) -> Result<Operator> {
    let (password, file) = ("another made-up password", stage.desktop.folder().join("password"));
    fs::write(&file, password)?;
    let organisation = stage.service.set_up.organisation.to_string();
    let file = file.to_string_lossy();
    let add =
        ["operator", "add", "--organisation", &organisation, "--login", "otto", "--name", "Otto Example"];
    stage.service.run(&[&add[..], &["--password-file", &file]].concat())?;
    Operator::sign_in(&stage.service.url(), "otto", password, None)
}

#[test]
fn who_asks_while_another_does_or_helps_is_told_so_and_the_user_is_left_alone() -> Result<()> {
    let stage = Stage::device()?;
    let colleague = colleague(&stage)?;
    let is_busy = || {
        let refused = colleague.ask(stage.target.clone(), [Permission::View]).map(|request| request.id);
        let error = refused.expect_err("another operator is first").to_string();
        assert!(error.contains("Another request or session is open there."), "{error}");
    };
    let request = stage.ask([Permission::Chat])?;
    stage.popup()?;
    is_busy();
    stage.operator.wait_for_state(&request, |state| *state == RequestState::Shown)?;

    stage.wait_until_approvable()?;
    stage.click("Approve")?;
    let session = stage.operator.wait_for_approval(&request)?;
    stage.wait_for_session_window()?;
    stage.wait_until_gone(POPUP)?;
    is_busy();
    stage.stays(
        || Ok(stage.desktop.windows()?.iter().all(|window| window.title != POPUP || !window.mapped)),
        rehearsal::A_MOMENT,
    )?;
    stage.operator.end(&session)?;
    stage.operator.wait_for_end(&session)?;
    colleague.ask(stage.target.clone(), [Permission::View])?;
    stage.popup()?;
    stage.text("Otto Example")?;
    Ok(())
}
