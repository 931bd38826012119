//! An agent of somebody who was given a session code, or a link.

use anyhow::{Context as _, Result, ensure};
use protocol::operator::{InvitationState, InvitationView, Target};
use rehearsal::{
    Agent, AgentOptions, DEADLINE, Service, ServiceOptions, Stage, WINDOW, environment, program, wait_for,
};
use std::fs;
use virtual_desktop::{Desktop, Options};

/// An agent that knows of nobody, and an invitation for it.
pub(crate) fn on_demand(arguments: Vec<String>) -> Result<(Stage, InvitationView)> {
    let desktop = Desktop::start(Options::default())?;
    let service = Service::start(&program("ondemand-service")?, ServiceOptions::default())?;
    let operator = service.operator()?;
    let invitation = operator.invite()?;
    let (service_url, environment) = (service.url(), environment(&desktop));
    let options = AgentOptions { service_url, environment, arguments, ..AgentOptions::default() };
    let agent = Agent::start(&program("ondemand-agent")?, options)?;
    let target = Target::Invitation(invitation.id.clone());
    let stage = Stage { agent, operator, service, desktop, target };
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    Ok((stage, invitation))
}

fn digits(invitation: &InvitationView) -> Result<&str> {
    Ok(invitation.session_code.as_ref().context("an open invitation has a code")?.digits())
}

/// The user joins it.
pub(crate) fn join(stage: &Stage, invitation: &InvitationView) -> Result<()> {
    ensure!(stage.agent.run(&["join", "-"], digits(invitation)?)?.status.success());
    stage.click("Start")?;
    stage.click("Join")?;
    stage.operator.wait_for_join(&invitation.id)
}

/// An agent that no test started as its child: it is told to end.
struct Started<'a>(&'a Agent);

impl Drop for Started<'_> {
    fn drop(&mut self) {
        let _ = self.0.run(&["quit"], "");
    }
}

#[test]
fn a_link_that_is_opened_while_no_agent_runs_starts_one_with_the_code_filled_in() -> Result<()> {
    let (mut stage, invitation) = on_demand(Vec::new())?;
    stage.agent.terminate();
    stage.wait_until_gone(WINDOW)?;
    // What the installer or the user set is all that a link leads to.
    let settings = stage.agent.home().join("config/ondemand-agent/settings.toml");
    fs::write(settings, format!("service_url = {:?}\n", stage.service.url()))?;

    let link = format!("ondemand-agent:join#{}", digits(&invitation)?);
    ensure!(stage.agent.run(&["join", &link], "")?.status.success());
    let _started = Started(&stage.agent);
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    let field = stage.field("session code")?;
    let grouped = invitation.session_code.as_ref().context("it has a code")?.grouped();
    wait_for("the code", || Ok((field.text()? == grouped).then_some(())))?;
    ensure!(stage.operator.invitation(&invitation.id)?.state == InvitationState::Open, "nothing is sent yet");
    stage.click("Start")?;
    stage.click("Join")?;
    stage.operator.wait_for_join(&invitation.id)
}

#[test]
fn a_wrong_code_says_so_and_after_five_the_next_try_waits() -> Result<()> {
    let (stage, invitation) = on_demand(Vec::new())?;
    let digits = digits(&invitation)?.to_owned();
    for number in 1..=5 {
        let wrong = format!("{:09}", (digits.parse::<u32>()? + number) % 1_000_000_000);
        ensure!(stage.agent.run(&["join", "-"], &wrong)?.status.success());
        let field = stage.field("session code")?;
        let grouped = format!("{}-{}-{}", &wrong[..3], &wrong[3..6], &wrong[6..]);
        wait_for("the code", || Ok((field.text()? == grouped).then_some(())))?;
        stage.click("Start")?;
        stage.text("No invitation has this code.")?;
        if number < 5 {
            stage.text("Check the nine digits with your operator and try again.")?;
        }
    }
    stage.text("You can try the next code in")?;
    ensure!(stage.agent.run(&["join", "-"], &digits)?.status.success());
    stage.button("Start")?.activate()?;
    stage.stays(
        || Ok(stage.operator.invitation(&invitation.id)?.state == InvitationState::Open),
        rehearsal::A_MOMENT,
    )
}

#[test]
fn who_cancels_at_the_organisations_name_has_joined_nothing() -> Result<()> {
    let (stage, invitation) = on_demand(Vec::new())?;
    ensure!(stage.agent.run(&["join", "-"], digits(&invitation)?)?.status.success());
    stage.click("Start")?;
    stage.text("Join \u{2068}Example Support\u{2069}")?;
    stage.click("Cancel")?;
    stage.wait_for_screen("idle")?;
    ensure!(stage.operator.invitation(&invitation.id)?.state == InvitationState::Open);
    // The code is still good.
    join(&stage, &invitation)
}
