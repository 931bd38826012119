//! Whatever dies, at whatever moment: a no or an end, and said so.

use anyhow::{Context as _, Result};
use protocol::{EndReason, Permission, UnansweredCause, operator::RequestState};
use rehearsal::{DEADLINE, POPUP, Signal, Stage, WINDOW, arguments_of, signal_pid, wait_for};
use std::path::Path;

#[test]
fn a_popup_that_is_killed_is_a_no() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    for pid in stage.agent.children("window") {
        signal_pid(pid.cast_signed(), Signal::Kill);
    }
    let expected = RequestState::Unanswered { cause: UnansweredCause::PromptFailed };
    assert_eq!(stage.outcome(&request)?, expected);
    Ok(())
}

#[test]
fn a_session_window_that_is_killed_comes_back_and_the_session_goes_on() -> Result<()> {
    let stage = Stage::device()?;
    stage.session([Permission::Chat])?;
    stage.wait_for_session_window()?;
    let killed = stage.agent.children("window");
    for pid in &killed {
        signal_pid(pid.cast_signed(), Signal::Kill);
    }
    wait_for("another session window", || {
        Ok(stage.agent.children("window").iter().any(|pid| !killed.contains(pid)).then_some(()))
    })?;
    stage.wait_for_session_window()?;
    stage.wait_for_screen("session")
}

#[test]
fn an_access_process_that_is_killed_ends_the_session() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    stage.wait_for_access(true)?;
    signal_pid(stage.access_process().expect("it lives").cast_signed(), Signal::Kill);
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::AccessFailed);
    Ok(())
}

#[test]
fn an_access_process_that_stands_still_is_killed_by_an_end() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    stage.wait_for_access(true)?;
    signal_pid(stage.access_process().expect("it lives").cast_signed(), Signal::Stop);
    assert!(stage.agent.run(&["end"], "")?.status.success());
    stage.wait_for_access(false)?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    Ok(())
}

#[test]
fn an_agent_that_is_killed_while_ready_is_back_after_its_restart() -> Result<()> {
    let mut stage = Stage::device()?;
    stage.agent.kill();
    stage.agent.restart()?;
    stage.wait_for_screen("ready")?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.operator.wait_for_state(&request, |state| *state == RequestState::Shown)?;
    Ok(())
}

#[test]
fn an_agent_that_is_killed_with_a_request_on_screen_shows_nothing_afterwards() -> Result<()> {
    let mut stage = Stage::device()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.operator.wait_for_state(&request, |state| *state == RequestState::Shown)?;
    stage.agent.kill();
    stage.wait_until_gone(POPUP)?;
    stage.agent.restart()?;
    let expected = RequestState::Unanswered { cause: UnansweredCause::AgentRestarted };
    assert_eq!(stage.outcome(&request)?, expected);
    stage.wait_for_screen("ready")?;
    let shown = stage.desktop.windows()?.iter().any(|window| window.mapped && window.title == POPUP);
    assert!(!shown);
    Ok(())
}

#[test]
fn an_agent_that_is_killed_in_a_session_takes_the_access_process_along_and_resumes_nothing() -> Result<()> {
    let mut stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    stage.wait_for_access(true)?;
    let access = stage.access_process().expect("it lives");
    stage.agent.kill();
    wait_for("the access process to die with its parent", || {
        Ok((!std::path::Path::new(&format!("/proc/{access}/fd/0")).exists()).then_some(()))
    })?;
    stage.agent.restart()?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::AgentRestarted);
    stage.wait_for_screen("ready")?;
    assert!(stage.access_process().is_none());
    Ok(())
}

/// A log-off or SIGTERM: the agent says that all is well, and nothing of it is left, neither process nor window.
fn ends_well(stage: &mut Stage) -> Result<()> {
    let of_kind = ["window", "access"].map(|kind| stage.agent.children(kind));
    let ended = stage.agent.terminate();
    assert_eq!(ended.and_then(|status| status.code()), Some(0), "{}", stage.agent.log());
    for pid in of_kind.into_iter().flatten() {
        wait_for("a child of the agent to end", || {
            // One that ended and was not collected by whoever inherited it has no arguments any more.
            Ok(arguments_of(pid).iter().all(String::is_empty).then_some(()))
        })?;
    }
    for title in [POPUP, WINDOW] {
        stage.wait_until_gone(title)?;
    }
    Ok(())
}

#[test]
fn a_log_off_while_ready_leaves_nothing_behind() -> Result<()> {
    let mut stage = Stage::device()?;
    assert!(stage.agent.run(&["open"], "")?.status.success());
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    ends_well(&mut stage)
}

#[test]
fn a_log_off_with_a_request_on_screen_is_a_no_and_says_so() -> Result<()> {
    let mut stage = Stage::device()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.operator.wait_for_state(&request, |state| *state == RequestState::Shown)?;
    ends_well(&mut stage)?;
    let expected = RequestState::Unanswered { cause: UnansweredCause::AgentRestarted };
    assert_eq!(stage.outcome(&request)?, expected);
    Ok(())
}

#[test]
fn a_log_off_ends_the_session_and_says_so() -> Result<()> {
    let mut stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    stage.wait_for_access(true)?;
    ends_well(&mut stage)?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::AgentStopped);
    Ok(())
}

#[test]
fn a_service_that_is_started_again_finds_the_agent_waiting() -> Result<()> {
    let mut stage = Stage::device()?;
    stage.service.kill();
    stage.agent.wait_for_status("offline", |status| !status["view"]["offline_since"].is_null())?;
    stage.service.serve()?;
    stage.operator = stage.service.operator()?;
    stage.operator.wait_for_device()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.operator.wait_for_state(&request, |state| *state == RequestState::Shown)?;
    Ok(())
}

#[test]
fn who_quits_the_agent_ends_the_session_first() -> Result<()> {
    let mut stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    stage.wait_for_access(true)?;
    let access = stage.access_process().context("nothing serves")?;
    stage.click_menu("Quit")?;
    let left = stage.agent.wait()?;
    assert_eq!(left.code(), Some(0), "{}", stage.agent.log());
    assert!(!Path::new(&format!("/proc/{access}")).exists(), "it still serves");
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::AgentStopped);
    Ok(())
}
