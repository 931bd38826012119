//! Somebody in a session thinks that something is wrong.

use anyhow::{Context as _, Result};
use protocol::{EndReason, Permission, RejectReason, operator::RequestState};
use rehearsal::{POPUP, Stage, WINDOW};
use serde_json::Value;

#[test]
fn a_session_in_which_something_is_wrong_is_ended_and_reported_and_its_operator_reads_of_an_end() -> Result<()>
{
    let stage = Stage::device()?;
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

    let history = stage.agent.run(&["history", "--json"], "")?;
    let history: Value = serde_json::from_slice(&history.stdout).context("no history")?;
    assert_eq!(history["entries"][0]["suspicious"], true);
    let reports = stage.service.run(&["report", "list"])?;
    assert!(reports.contains("Olivia Example"), "{reports:?}");

    // Whose session it was is not heard any more, and learns nothing but a no.
    let request = stage.ask([Permission::View])?;
    assert_eq!(stage.outcome(&request)?, RequestState::Rejected { reason: None::<RejectReason> });
    assert!(stage.desktop.windows()?.iter().all(|window| window.title != POPUP || !window.mapped));
    stage.desktop.wait_for_title(WINDOW, rehearsal::DEADLINE)?;
    Ok(())
}
