//! Desktops that lack something, and computers that are locked or go to sleep.

use anyhow::{Context as _, Result};
use protocol::{
    EndReason, Permission, UnansweredCause,
    operator::{RequestState, Target},
};
use rehearsal::{
    Agent, AgentOptions, POPUP, Service, ServiceOptions, Stage, WINDOW, environment, program, wait_for,
};
use std::{fs, time::Instant};
use virtual_desktop::{Desktop, LoginManager, Options, SettingsPortal};

#[test]
fn without_a_tray_host_the_window_takes_over() -> Result<()> {
    let stage = Stage::device_on(Options { tray_host: false, ..Options::default() })?;
    stage.desktop.wait_for_title(WINDOW, rehearsal::DEADLINE)?;
    let session = stage.session([Permission::View])?;
    stage.click("End Session")?;
    stage.operator.wait_for_end(&session)?;
    Ok(())
}

#[test]
fn without_a_display_a_request_is_answered_with_no_display() -> Result<()> {
    let mut stage = Stage::device()?;
    // The display is gone from the next start on.
    stage.agent.terminate();
    stage.agent.set_variable("DISPLAY", None);
    stage.agent.restart()?;
    stage.operator.wait_for_device()?;
    let request = stage.ask([Permission::View])?;
    assert_eq!(stage.outcome(&request)?, RequestState::Unanswered { cause: UnansweredCause::NoDisplay });
    Ok(())
}

#[test]
fn a_settings_portal_that_hangs_does_not_hold_up_the_popup() -> Result<()> {
    let stage = Stage::device_on(Options { settings_portal: SettingsPortal::Hung, ..Options::default() })?;
    let asked = Instant::now();
    stage.ask([Permission::View])?;
    stage.popup()?;
    assert!(asked.elapsed().as_secs() < 3, "{:?}", asked.elapsed());
    Ok(())
}

#[test]
fn without_any_font_on_the_system_the_popup_still_speaks() -> Result<()> {
    let mut stage = Stage::device()?;
    let empty = stage.desktop.home().join("no-fonts.conf");
    fs::write(
        &empty,
        "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig></fontconfig>",
    )?;
    stage.agent.terminate();
    stage.agent.set_variable("FONTCONFIG_FILE", Some(&empty.to_string_lossy()));
    stage.agent.restart()?;
    stage.operator.wait_for_device()?;
    stage.session([Permission::View])?;
    Ok(())
}

#[test]
fn a_second_start_opens_the_window_of_the_first() -> Result<()> {
    let stage = Stage::device()?;
    let second = stage.agent.run(&["run", "--service-url", &stage.service.url()], "")?;
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    stage.desktop.wait_for_title(WINDOW, rehearsal::DEADLINE)?;
    Ok(())
}

#[test]
fn where_no_service_is_set_the_user_is_asked_and_nothing_is_sent_before_connect() -> Result<()> {
    let desktop = Desktop::start(Options::default())?;
    let service = Service::start(&program("ondemand-service")?, ServiceOptions::default())?;
    let options = AgentOptions { environment: environment(&desktop), ..AgentOptions::default() };
    let agent = Agent::start(&program("ondemand-agent")?, options)?;
    let target = Target::Session("none".parse()?);
    let stage = Stage { agent, operator: service.operator()?, service, desktop, target };
    stage.text("Connect to this support service?")?;
    let field = stage.field("address of the support service")?;
    stage.click_into(&field, WINDOW)?;
    stage.desktop.type_text("no address")?;
    stage.click("Connect")?;
    stage.text("This is not an address like support.example.")?;
    for _ in 0.."no address".len() {
        stage.desktop.press(virtual_desktop::Key::Backspace)?;
    }
    stage.desktop.type_text(&stage.service.url())?;
    stage.click("Connect")?;
    stage.text("Enter your session code")?;
    stage.wait_for_screen("idle")
}

#[test]
fn about_says_which_version_it_is_and_is_gone_when_it_is_closed() -> Result<()> {
    let stage = Stage::device()?;
    assert!(stage.agent.run(&["open"], "")?.status.success());
    for closing in ["Close", "Esc"] {
        stage.click("About On-demand Agent")?;
        stage.text("Version ")?;
        match closing {
            "Close" => stage.click("Close")?,
            _ => stage.desktop.press(virtual_desktop::Key::Escape)?,
        }
        wait_for("About to leave the tree", || {
            Ok((!stage.desktop.accessibility().outline().contains("Version ")).then_some(()))
        })?;
    }
    Ok(())
}

const LOCKED: RequestState = RequestState::Unanswered { cause: UnansweredCause::Locked };

pub(crate) fn with_login_manager() -> Result<Stage> {
    Stage::device_on(Options { login_manager: true, ..Options::default() })
}

pub(crate) fn login(stage: &Stage) -> &LoginManager {
    stage.desktop.login_manager().expect("the desktop has one")
}

pub(crate) fn wait_for_session(stage: &Stage, status: &str) -> Result<()> {
    let is_so = |found: &serde_json::Value| found["view"]["screen"]["status"] == status;
    stage.agent.wait_for_status(&format!("a session that is {status}"), is_so).map(drop)
}

/// What takes the screen from the user, or gives it back.
type Change = fn(&LoginManager) -> virtual_desktop::Result<()>;

#[test]
fn on_a_locked_screen_nobody_is_asked_and_the_operator_reads_why() -> Result<()> {
    let asked: (Change, Change) = (LoginManager::lock, LoginManager::unlock);
    let told: (Change, Change) = (|login| login.set_locked_hint(true), |login| login.set_locked_hint(false));
    for (lock, unlock) in [asked, told] {
        let stage = with_login_manager()?;
        let request = stage.ask([Permission::View])?;
        stage.popup()?;
        lock(login(&stage))?;
        assert_eq!(stage.outcome(&request)?, LOCKED);
        stage.wait_until_gone(POPUP)?;
        let request = stage.ask([Permission::View])?;
        assert_eq!(stage.outcome(&request)?, LOCKED);

        unlock(login(&stage))?;
        // The agent may hear of the next request before it hears of the unlocking.
        wait_for("a request that reaches the user", || {
            let request = stage.ask([Permission::View])?;
            wait_for("the agent", || {
                let shown = stage.agent.status()?["view"]["prompt"]["request_id"] == request.as_str();
                let over = stage.operator.request(&request)?.state == LOCKED;
                Ok(if shown { Some(Some(())) } else { over.then_some(None) })
            })
        })?;
    }
    Ok(())
}

#[test]
fn an_agent_that_is_started_behind_a_lock_screen_knows() -> Result<()> {
    let mut stage = with_login_manager()?;
    stage.agent.terminate();
    login(&stage).set_locked_hint(true)?;
    stage.agent.restart()?;
    stage.operator.wait_for_device()?;
    let request = stage.ask([Permission::View])?;
    assert_eq!(stage.outcome(&request)?, LOCKED);
    Ok(())
}

#[test]
fn a_locked_screen_suspends_the_session_and_an_unlocked_one_goes_on() -> Result<()> {
    let stage = with_login_manager()?;
    let session = stage.session([Permission::View])?;
    let suspended = |so: bool| {
        wait_for("the operator to read it", || {
            Ok((stage.operator.session(&session)?.suspended == so).then_some(()))
        })
    };
    let asked: (Change, Change) = (LoginManager::lock, LoginManager::unlock);
    let told: (Change, Change) = (|login| login.set_locked_hint(true), |login| login.set_locked_hint(false));
    for (lock, unlock) in [asked, told] {
        lock(login(&stage))?;
        wait_for_session(&stage, "suspended")?;
        suspended(true)?;
        unlock(login(&stage))?;
        wait_for_session(&stage, "running")?;
        suspended(false)?;
    }
    stage.operator.end(&session)?;
    stage.wait_for_screen("ended")?;
    Ok(())
}

#[test]
fn a_computer_that_is_about_to_sleep_interrupts_the_session_until_it_is_awake() -> Result<()> {
    let stage = with_login_manager()?;
    let session = stage.session([Permission::View])?;
    login(&stage).prepare_for_sleep(true)?;
    wait_for_session(&stage, "reconnecting")?;
    login(&stage).prepare_for_sleep(false)?;
    wait_for_session(&stage, "running")?;
    assert!(stage.agent.run(&["end"], "")?.status.success());
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    Ok(())
}

#[test]
fn an_agent_for_one_session_leaves_after_it() -> Result<()> {
    let desktop = Desktop::start(Options::default())?;
    let service = Service::start(&program("ondemand-service")?, ServiceOptions::default())?;
    let operator = service.operator()?;
    let invitation = operator.invite()?;
    let code = invitation.session_code.clone().expect("an open invitation has a code");
    let options = AgentOptions {
        service_url: service.url(),
        environment: environment(&desktop),
        arguments: vec!["--once".into()],
        ..AgentOptions::default()
    };
    let agent = Agent::start(&program("ondemand-agent")?, options)?;
    let target = Target::Invitation(invitation.id.clone());
    let mut stage = Stage { agent, operator, service, desktop, target };
    stage.desktop.wait_for_title(WINDOW, rehearsal::DEADLINE)?;
    assert!(stage.agent.run(&["join", "-"], code.digits())?.status.success());
    stage.click("Start")?;
    stage.click("Join")?;
    stage.operator.wait_for_join(&invitation.id)?;

    let session = stage.session([Permission::Chat])?;
    stage.operator.end(&session)?;
    stage.wait_for_screen("ended")?;
    stage.click("Done")?;
    assert_eq!(stage.agent.wait()?.code(), Some(0), "{}", stage.agent.log());
    stage.wait_until_gone(WINDOW)?;
    Ok(())
}

#[test]
fn window_tray_popup_and_notifications_speak_the_systems_language() -> Result<()> {
    let mut stage = Stage::device()?;
    stage.agent.terminate();
    stage.agent.set_variable("LANG", Some("de_DE.UTF-8"));
    stage.agent.restart()?;
    stage.operator.wait_for_device()?;
    let notifications = stage.desktop.watch_notifications()?;
    let request = stage.ask([Permission::Chat])?;
    stage.text("möchte sich mit Ihrem Computer verbinden")?;
    stage.wait_until_approvable()?;
    stage.click("Zustimmen")?;
    stage.operator.wait_for_approval(&request)?;
    stage.text("Sitzung läuft")?;
    wait_for("the notification", || {
        Ok(notifications.seen().iter().any(|note| note.summary.ends_with("ist verbunden")).then_some(()))
    })
    .with_context(|| format!("{:#?}", notifications.seen()))?;
    stage.click_menu("Sitzung beenden")?;
    stage.text("Sie haben die Sitzung beendet.")?;
    Ok(())
}
