//! The network goes away and comes back, in every phase.

use crate::{
    control::foreign_viewer,
    editor::Editor,
    files::{Folder, ended, large, names},
    surroundings::wait_for_session,
};
use anyhow::{Context, Result, ensure};
use protocol::{
    EndReason, Permission,
    operator::{RequestState, Speaker, Target},
};
use rehearsal::{
    A_MOMENT, Agent, AgentOptions, POPUP, Service, ServiceOptions, Slowness, Stage, Viewer, WINDOW, Wire,
    environment, program, wait_for,
};
use std::time::{Duration, Instant};
use virtual_desktop::{Button, Desktop, Options};

const LOOK_AND_TALK: [Permission; 2] = [Permission::View, Permission::Chat];

/// A service, and the one way to it that an agent has.
fn service(slowness: Option<Slowness>) -> Result<(Service, Wire, String)> {
    let service = Service::start(&program("ondemand-service")?, ServiceOptions::default())?;
    let url = service.url();
    let (scheme, address) = url.split_once("://").context("no scheme")?;
    let to = address.parse()?;
    let wire = slowness.map_or_else(|| Wire::start(to), |slowness| Wire::slow(to, slowness))?;
    let url = format!("{scheme}://{}", wire.address);
    Ok((service, wire, url))
}

fn device() -> Result<(Stage, Wire)> {
    device_on(None)
}

/// A device whose line to the service is as slow as this.
pub(crate) fn device_on(slowness: Option<Slowness>) -> Result<(Stage, Wire)> {
    let (service, wire, service_url) = service(slowness)?;
    let arguments = vec!["--background".into()];
    let options = AgentOptions { service_url, arguments, ..AgentOptions::default() };
    Ok((Stage::with_device(Desktop::start(Options::default())?, service, options)?, wire))
}

fn wait_until_offline(stage: &Stage) -> Result<()> {
    let is_offline = |status: &serde_json::Value| !status["view"]["offline_since"].is_null();
    stage.agent.wait_for_status("to be offline", is_offline).map(drop)
}

#[test]
fn while_a_code_is_typed_in_it_is_tried_again_until_the_service_answers() -> Result<()> {
    let (service, wire, service_url) = service(None)?;
    let desktop = Desktop::start(Options::default())?;
    let operator = service.operator()?;
    let invitation = operator.invite()?;
    let code = invitation.session_code.clone().context("an open invitation has a code")?;
    wire.cut();
    let options = AgentOptions { service_url, environment: environment(&desktop), ..AgentOptions::default() };
    let agent = Agent::start(&program("ondemand-agent")?, options)?;
    let target = Target::Invitation(invitation.id.clone());
    let stage = Stage { agent, operator, service, desktop, target };
    stage.desktop.wait_for_title(WINDOW, rehearsal::DEADLINE)?;
    ensure!(stage.agent.run(&["join", "-"], code.digits())?.status.success());
    stage.click("Start")?;
    stage.text("Looking up the code")?;
    wire.mend();
    stage.click("Join")?;
    stage.operator.wait_for_join(&invitation.id)
}

#[test]
fn while_ready_it_is_said_and_the_next_request_arrives_when_the_network_is_back() -> Result<()> {
    let (stage, wire) = device()?;
    wire.cut();
    wait_until_offline(&stage)?;
    let request = stage.ask(LOOK_AND_TALK)?;
    wire.mend();
    stage.popup()?;
    stage.operator.wait_for_state(&request, |state| *state == RequestState::Shown).map(drop)
}

#[test]
fn with_a_request_on_screen_a_short_break_loses_nothing_and_approves_nothing() -> Result<()> {
    let (stage, wire) = device()?;
    let request = stage.ask(LOOK_AND_TALK)?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    wire.cut();
    wait_until_offline(&stage)?;
    stage.click("Approve")?;
    wire.mend();
    stage.wait_until_approvable()?;
    ensure!(stage.access_process().is_none(), "what was pressed meanwhile does not count");
    stage.click("Approve")?;
    let session = stage.operator.wait_for_approval(&request)?;
    stage.wait_for_session_window()?;
    ensure!(stage.operator.session(&session)?.granted == LOOK_AND_TALK.into());
    Ok(())
}

#[test]
fn with_a_request_on_screen_a_long_break_is_a_no() -> Result<()> {
    let (stage, wire) = device()?;
    let request = stage.ask(LOOK_AND_TALK)?;
    stage.popup()?;
    wire.cut();
    stage.wait_until_gone(POPUP)?;
    wire.mend();
    let outcome = stage.outcome(&request)?;
    ensure!(matches!(outcome, RequestState::Unanswered { .. }), "{outcome:?}");
    stage.stays(|| Ok(stage.access_process().is_none()), A_MOMENT)
}

#[test]
fn a_session_says_that_it_reconnects_and_what_was_said_meanwhile_arrives() -> Result<()> {
    let (stage, wire) = device()?;
    let session = stage.session(LOOK_AND_TALK)?;
    wire.cut();
    wait_for_session(&stage, "reconnecting")?;
    stage.text("Reconnecting")?;
    let entry = stage.field("message")?;
    stage.click_into(&entry, WINDOW)?;
    stage.desktop.type_text("still here")?;
    stage.click("Send")?;
    stage.text("sending")?;
    wire.mend();
    wait_for_session(&stage, "running")?;
    wait_for("the user's message at the operator", || {
        let said = stage.operator.messages(&session)?;
        let arrived: Vec<_> = said.iter().filter(|line| line.from == Speaker::User).collect();
        Ok((arrived.len() == 1 && arrived[0].text == "still here").then_some(()))
    })
}

#[test]
fn a_session_is_ended_without_the_network_and_the_operator_reads_it_later() -> Result<()> {
    let (stage, wire) = device()?;
    let session = stage.session(LOOK_AND_TALK)?;
    wire.cut();
    wait_for_session(&stage, "reconnecting")?;
    stage.click("End Session")?;
    stage.wait_for_access(false)?;
    stage.wait_for_screen("ended")?;
    ensure!(stage.operator.session(&session)?.ended.is_none(), "nobody could tell the operator");
    wire.mend();
    ensure!(stage.operator.wait_for_end(&session)? == EndReason::User);
    Ok(())
}

#[test]
fn on_a_line_that_breaks_or_goes_silent_nothing_stays_pressed() -> Result<()> {
    // Silence is what the tunnel itself notices after fifteen seconds.
    for (silent, at_most) in [(false, Duration::from_secs(2)), (true, Duration::from_secs(7))] {
        let (stage, wire) = device()?;
        let session = stage.session([Permission::View, Permission::Control])?;
        let editor = Editor::open(&stage.desktop)?;
        let bridge = stage.operator.desktop(&session)?;
        let operators = Desktop::start(Options { tray_host: false, ..Options::default() })?;
        let there = editor.rect.centre();
        let _viewer = foreign_viewer(&operators, &stage, &bridge, there)?;
        operators.move_pointer(there)?;
        operators.press_button(Button::Left, true)?;
        let is_pressed = || Ok(stage.desktop.is_anything_pressed()?);
        wait_for("the button to be pressed", || Ok(is_pressed()?.then_some(())))?;
        stage.stays(is_pressed, Duration::from_secs(6)).context("on a line that is well")?;
        if silent {
            wire.silence()
        } else {
            wire.cut()
        }
        let ended = Instant::now();
        wait_for("nothing to be pressed", || Ok((!is_pressed()?).then_some(())))?;
        ensure!(ended.elapsed() < at_most, "it was let go of after {:?}", ended.elapsed());
    }
    Ok(())
}

#[test]
fn a_picture_and_a_transfer_end_with_the_line_and_begin_anew_without_a_second_yes() -> Result<()> {
    let (stage, wire) = device()?;
    let session = stage.session([Permission::View, Permission::FilesRead, Permission::FilesWrite])?;
    let folder = Folder::of(&stage, &session)?;
    let upload = folder.start(&stage, "large.bin", &["--upload-file", &large(&stage)?])?;
    let bridge = stage.operator.desktop(&session)?;
    let viewer = Viewer::connect(&bridge)?;
    viewer.sees()?;
    wire.cut();
    let cut = Instant::now();
    viewer.until_gone(cut)?;
    let (after, whole) = ended(upload, cut)?;
    ensure!(after < Duration::from_secs(2) && !whole, "after {after:?}");
    wait_for_session(&stage, "reconnecting")?;
    wait_for("no half file to be there", || Ok(names(&folder.place)?.is_empty().then_some(())))?;
    wire.mend();
    wait_for_session(&stage, "running")?;
    Viewer::connect(&stage.operator.desktop(&session)?)?.sees()?;
    folder.file("small.txt", "small")?;
    ensure!(folder.ask("small.txt", &[])?.body == b"small");
    Ok(())
}

#[test]
fn a_yes_that_the_service_does_not_hear_starts_nothing_and_the_user_reads_so() -> Result<()> {
    let (stage, wire) = device()?;
    let request = stage.ask(LOOK_AND_TALK)?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    wire.silence();
    stage.click("Approve")?;
    stage.text("Connecting…")?;
    stage.wait_until_gone(POPUP)?;
    stage.desktop.wait_for_title(WINDOW, rehearsal::DEADLINE).with_context(|| stage.surroundings())?;
    stage.text("did not start. Your approval has lapsed.")?;
    ensure!(stage.access_process().is_none());
    wire.mend();
    stage.stays(|| Ok(stage.access_process().is_none()), A_MOMENT)?;
    let is_over = |state: &RequestState| match state {
        RequestState::Approved { session_id, .. } => {
            stage.operator.session(session_id).is_ok_and(|session| session.ended.is_some())
        }
        RequestState::Sent | RequestState::NotReached | RequestState::Shown => false,
        RequestState::Rejected { .. } | RequestState::Unanswered { .. } => true,
    };
    stage.operator.wait_for_state(&request, is_over).map(drop)
}
