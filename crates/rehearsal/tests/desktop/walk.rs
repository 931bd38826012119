//! Through every screen with the accessibility tree and the keyboard alone, as with a screen reader: no pointer, no look at
//! the picture.

use anyhow::{Context, Result};
use protocol::{
    EndReason, Permission, Permissions,
    operator::{RequestState, Speaker, Target},
};
use rehearsal::{
    Agent, AgentOptions, DEADLINE, POPUP, Service, ServiceOptions, Stage, WINDOW, environment, program,
    wait_for,
};
use virtual_desktop::{Desktop, Key, Options};

/// Moves the focus there as a screen reader does, and types.
fn fill_in(stage: &Stage, name: &str, text: &str) -> Result<()> {
    let field = stage.named(name, &["entry", "text"])?;
    wait_for("the field to have the focus", || {
        field.focus()?;
        Ok(stage.desktop.focused()?.filter(|focused| focused.title == WINDOW).map(|_| ()))
    })?;
    stage.desktop.type_text(text)?;
    Ok(())
}

fn on_demand() -> Result<(Stage, String)> {
    let desktop = Desktop::start(Options::default())?;
    let service = Service::start(&program("ondemand-service")?, ServiceOptions::default())?;
    let operator = service.operator()?;
    let invitation = operator.invite()?;
    let code = invitation.session_code.clone().context("an open invitation has a code")?;
    let options = AgentOptions {
        service_url: service.url(),
        environment: environment(&desktop),
        ..AgentOptions::default()
    };
    let agent = Agent::start(&program("ondemand-agent")?, options)?;
    let stage = Stage { agent, operator, service, desktop, target: Target::Invitation(invitation.id) };
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    Ok((stage, code.digits().to_owned()))
}

#[test]
fn from_the_code_to_the_summary_without_pointer_or_picture() -> Result<()> {
    let (stage, code) = on_demand()?;
    fill_in(&stage, "Session code", &code)?;
    stage.press("Start")?;
    stage.press("Join")?;
    stage.text("Waiting for operator")?;

    // A no.
    let request = stage.ask([Permission::Chat])?;
    stage.popup()?;
    let said = stage.text("wants to connect to your computer")?.name()?;
    assert!(said.contains("Olivia Example") && said.contains("Example Support"), "{said:?}");
    stage.press("Reject")?;
    let RequestState::Rejected { .. } = stage.outcome(&request)? else { panic!("no rejection") };
    stage.wait_until_gone(POPUP)?;

    // A yes. Asked again so soon the request waits quietly, and a line in the window offers it.
    let request = stage.ask([Permission::Chat, Permission::View])?;
    stage.agent.wait_for_status("a quiet request", |status| status["view"]["prompt"]["stage"] == "quiet")?;
    stage.press("Review")?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    stage.press("See your desktop")?;
    stage.press("Approve")?;
    let session = stage.operator.wait_for_approval(&request)?;
    stage.wait_until_gone(POPUP)?;

    stage.operator.say(&session, "Good day")?;
    stage.text("Good day")?;
    fill_in(&stage, "Message", "Hello")?;
    stage.desktop.press(Key::Enter)?;
    wait_for("the line at the operator", || {
        let said = stage.operator.messages(&session)?;
        Ok(said.iter().any(|line| line.from == Speaker::User && line.text == "Hello").then_some(()))
    })?;
    stage.press("Permissions")?;
    stage.press("See your desktop")?;
    wait_for("the operator to read it", || {
        Ok((stage.operator.session(&session)?.granted == Permissions::from([Permission::Chat])).then_some(()))
    })?;
    stage.press("End Session")?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    stage.text("You ended the session")?;
    Ok(())
}
