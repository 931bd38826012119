//! Somebody in a session thinks that something is wrong.

use crate::joining;
use anyhow::{Context as _, Result, ensure};
use protocol::{
    EndReason, Permission, RejectReason,
    operator::{RequestState, Target},
};
use rehearsal::{POPUP, Stage, WINDOW, wait_for};
use serde_json::Value;

/// The newest entry of the history.
fn newest(stage: &Stage) -> Result<Value> {
    let history = stage.agent.run(&["history", "--json"], "")?;
    let history: Value = serde_json::from_slice(&history.stdout).context("no history")?;
    Ok(history["entries"][0].clone())
}

#[test]
fn a_session_in_which_something_is_wrong_is_ended_and_reported_and_nobody_asks_until_the_user_wants_it()
-> Result<()> {
    let mut stage = Stage::device()?;
    let session = stage.session([Permission::View, Permission::Control, Permission::Chat])?;
    stage.wait_for_access(true)?;
    stage.click("Something is wrong")?;
    stage.text("You may stop at any moment, whatever somebody told you.")?;
    stage.text("Hang up, and ask your IT department.")?;
    assert!(stage.access_process().is_some(), "nothing happens before the user says so");
    stage.click("End and report")?;
    stage.wait_for_access(false)?;
    stage.text("You ended and reported the session.")?;
    stage.text("are no longer shown on this computer")?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    assert_eq!(newest(&stage)?["suspicious"], true);
    let reports = stage.service.run(&["report", "list"])?;
    assert!(reports.contains("Olivia Example"), "{reports:?}");

    // Whose session it was is not heard any more, and learns nothing but a no: neither now nor after a restart.
    for restart in [false, true] {
        if restart {
            stage.agent.terminate();
            stage.agent.restart()?;
            stage.operator.wait_for_device()?;
        }
        let request = stage.ask([Permission::View])?;
        assert_eq!(stage.outcome(&request)?, RequestState::Rejected { reason: None::<RejectReason> });
        assert!(stage.desktop.windows()?.iter().all(|window| window.title != POPUP || !window.mapped));
    }
    ensure!(stage.agent.run(&["open"], "")?.status.success());
    stage.desktop.wait_for_title(WINDOW, rehearsal::DEADLINE)?;
    stage.text("are no longer shown on this computer")?;
    stage.click("Show them again")?;
    stage.agent.wait_for_status("nobody to be muted", |status| status["view"]["notice"].is_null())?;
    stage.ask([Permission::View])?;
    stage.popup()?;
    Ok(())
}

#[test]
fn who_notices_after_the_end_that_something_was_wrong_can_still_report_it() -> Result<()> {
    let (stage, invitation) = joining::on_demand(Vec::new())?;
    joining::join(&stage, &invitation)?;
    let session = stage.session([Permission::Chat])?;
    stage.operator.end(&session)?;
    stage.wait_for_screen("ended")?;
    stage.click("Something is wrong")?;
    stage.text("The operator does not learn of it.")?;
    ensure!(newest(&stage)?["suspicious"].as_bool() != Some(true), "nothing happens before the user says so");
    stage.click("Report the session")?;
    stage.text("You reported the session.")?;
    wait_for("whoever runs the service to read it", || {
        Ok(stage.service.run(&["report", "list"])?.contains("Olivia Example").then_some(()))
    })?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::Operator, "the operator reads what it was");
    wait_for("the history", || Ok((newest(&stage)?["suspicious"] == true).then_some(())))?;
    stage.click("Done")?;
    stage.wait_for_screen("idle")
}

#[test]
fn whoever_only_ends_the_session_reports_nobody() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::Chat])?;
    stage.click("Something is wrong")?;
    stage.click("Only end the session")?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    stage.text("You ended the session.")?;
    let reports = stage.service.run(&["report", "list"])?;
    assert!(!reports.contains("Olivia Example"), "{reports:?}");
    assert_ne!(newest(&stage)?["suspicious"], true);
    stage.ask([Permission::Chat])?;
    stage.popup()?;
    Ok(())
}

#[test]
fn a_request_for_more_that_looks_suspicious_is_rejected_reported_and_ends_the_session() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    stage.wait_for_access(true)?;
    let more = [Permission::Control, Permission::Chat];
    let request = stage.operator.ask(Target::Session(session.clone()), more)?.id;
    stage.popup()?;
    stage.button("Reject with a reason")?.activate()?;
    stage.button("Looks suspicious")?.activate()?;
    stage.text("The operator only learns that you said no.")?;
    stage.text("can no longer ask on this computer, and the service is told.")?;
    assert!(stage.access_process().is_some(), "nothing happens before the user says so");
    stage.button("Reject, report and end everything")?.activate()?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    stage.wait_for_access(false)?;
    assert_eq!(stage.outcome(&request)?, RequestState::Rejected { reason: None });
    stage.text("You ended the session.")?;
    stage.text("are no longer shown on this computer")?;
    wait_for("whoever runs the service to read it", || {
        Ok(stage.service.run(&["report", "list"])?.contains("Olivia Example").then_some(()))
    })?;
    let request = stage.ask([Permission::View])?;
    assert_eq!(stage.outcome(&request)?, RequestState::Rejected { reason: None });
    assert!(stage.desktop.windows()?.iter().all(|window| window.title != POPUP || !window.mapped));
    Ok(())
}
