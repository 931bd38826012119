//! A day with the agent: quiet, help, time, and a window that nobody closes by accident.

use anyhow::{Context as _, Result, ensure};
use protocol::{EndReason, Permission, operator::RequestState};
use rehearsal::{A_MOMENT, DEADLINE, POPUP, Signal, Stage, WINDOW, signal_pid, wait_for};
use std::time::{Duration, Instant};
use virtual_desktop::Key;

/// The title of the session bar.
const BAR: &str = "Session bar";

fn quiet_secs(stage: &Stage) -> Result<Option<u64>> {
    Ok(stage.agent.status()?["view"]["do_not_disturb_secs"].as_u64())
}

#[test]
fn quiet_is_asked_for_in_menu_and_window_and_help_comes_from_an_operator() -> Result<()> {
    let stage = Stage::device()?;
    stage.click_menu("Do not disturb")?;
    let secs = wait_for("an hour's quiet", || quiet_secs(&stage))?;
    ensure!((3500..=3600).contains(&secs), "{secs}");
    let request = stage.ask([Permission::View])?;
    stage.agent.wait_for_status("a quiet request", |status| status["view"]["prompt"]["stage"] == "quiet")?;
    let popup = |window: &virtual_desktop::windows::Window| window.mapped && window.title == POPUP;
    ensure!(!stage.desktop.windows()?.iter().any(popup), "the user is disturbed");

    // The line in the window leads to it all the same.
    stage.click_menu("Open window")?;
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    stage.text("Requests stay quiet for another")?;
    stage.click("Review")?;
    stage.popup()?;
    let left = || anyhow::Ok(stage.agent.status()?["view"]["prompt"]["answer_secs"].as_u64());
    ensure!(left()?.is_some_and(|secs| secs <= 120));
    stage.click("More time")?;
    wait_for("two minutes more", || Ok(left()?.filter(|secs| (121..=240).contains(secs))))?;
    stage.click("Reject")?;
    ensure!(matches!(stage.outcome(&request)?, RequestState::Rejected { .. }));
    stage.wait_until_gone(POPUP)?;

    let switch = stage.control("Do not disturb for an hour")?;
    stage.desktop.click(switch.rect()?.centre())?;
    wait_for("requests to ring again", || Ok(quiet_secs(&stage)?.is_none().then_some(())))?;

    stage.click_menu("Ask for help…")?;
    let field = stage.field("what do you need help with")?;
    stage.click_into(&field, WINDOW)?;
    stage.desktop.type_text("the printer")?;
    stage.desktop.press(Key::Enter)?;
    stage.text("You asked for help")?;
    let help = wait_for("the queue", || Ok(stage.operator.help()?.pop()))?;
    assert_eq!((help.text.as_str(), &help.taken_by), ("the printer", &None));
    stage.operator.take_help(&help.id)?;
    stage.text(" will help you")?;
    wait_for("the menu to say so", || {
        Ok(stage
            .menu()?
            .iter()
            .any(|line| line.contains("Olivia Example") && line.contains("will help you"))
            .then_some(()))
    })?;
    stage.click("Withdraw")?;
    wait_for("the queue to be empty", || Ok(stage.operator.help()?.is_empty().then_some(())))?;
    stage.field("what do you need help with")?;
    Ok(())
}

#[test]
fn a_session_is_prolonged_and_a_window_that_is_closed_twice_leaves_the_bar_which_says_how_it_ended()
-> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::Chat])?;
    let before = stage.operator.session(&session)?.remaining_secs;
    stage.click("Prolong by 30 minutes")?;
    wait_for("the operator to read it", || {
        Ok((stage.operator.session(&session)?.remaining_secs > before + 25 * 60).then_some(()))
    })?;

    let window = stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    stage.desktop.close_window(&window)?;
    stage.text("The session goes on")?;
    stage.desktop.close_window(&window)?;
    stage.desktop.wait_for_title(BAR, DEADLINE)?;
    stage.wait_until_gone(WINDOW)?;
    ensure!(stage.operator.session(&session)?.ended.is_none(), "closing ends nothing");

    let ended = Instant::now();
    stage.operator.end(&session)?;
    stage.text("Session ended · ")?;
    stage.wait_until_gone(BAR)?;
    ensure!(ended.elapsed() >= Duration::from_secs(8), "it was gone after {:?}", ended.elapsed());
    Ok(())
}

#[test]
fn a_window_that_dies_again_and_again_is_opened_three_times_and_the_menu_still_ends_the_session() -> Result<()>
{
    let stage = Stage::device()?;
    let session = stage.session([Permission::Chat])?;
    let mut seen = Vec::new();
    for death in 1..=4 {
        let window = wait_for("the window", || {
            Ok(stage.agent.children("window").into_iter().find(|pid| !seen.contains(pid)))
        })
        .with_context(|| format!("before death {death}"))?;
        seen.push(window);
        signal_pid(window.cast_signed(), Signal::Kill);
    }
    wait_for("the last window to be gone", || Ok(stage.agent.children("window").is_empty().then_some(())))?;
    stage.stays(|| Ok(stage.agent.children("window").is_empty()), A_MOMENT)?;
    stage.wait_for_screen("session")?;
    stage.click_menu("End Session")?;
    let end = stage.operator.wait_for_end(&session).with_context(|| stage.surroundings())?;
    assert_eq!(end, EndReason::User);
    Ok(())
}

#[test]
fn the_menu_leads_to_the_history_which_says_who_what_and_how_it_ended() -> Result<()> {
    let stage = Stage::device()?;
    stage.click_menu("Session history")?;
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    stage.text("Nothing yet")?;
    let window = stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    stage.desktop.close_window(&window)?;
    stage.wait_until_gone(WINDOW)?;

    let session = stage.session([Permission::View, Permission::Chat])?;
    stage.operator.end(&session)?;
    stage.wait_for_screen("ended")?;
    stage.click_menu("Session history")?;
    for said in ["Olivia Example", "Example Support", "The operator ended the session"] {
        stage.text(said)?;
    }
    Ok(())
}
