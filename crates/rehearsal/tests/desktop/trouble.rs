//! What the user reads when service, organisation or disk fail in earnest.

use anyhow::{Context as _, Result, ensure};
use protocol::{EndReason, Permission, UnansweredCause, operator::RequestState};
use rehearsal::{
    Agent, AgentOptions, DEADLINE, Service, ServiceOptions, Stage, WINDOW, environment, program, wait_for,
};
use std::{fs, path::PathBuf, process::Command};
use virtual_desktop::{Desktop, Options};

const LOOK_AND_TALK: [Permission; 2] = [Permission::View, Permission::Chat];

#[test]
fn a_service_whose_certificate_nobody_trusts_is_told_nothing_and_the_user_reads_why() -> Result<()> {
    let desktop = Desktop::start(Options::default())?;
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    let files = ["service.pem", "service-key.pem"].map(|name| desktop.folder().join(name));
    fs::write(&files[0], made.cert.pem())?;
    fs::write(&files[1], made.signing_key.serialize_pem())?;
    let [certificate, key] = files;
    let options = ServiceOptions { tls: Some((certificate, key)), ..ServiceOptions::default() };
    let service = Service::start(&program("ondemand-service")?, options)?;
    let operator = service.operator()?;
    let invitation = operator.invite()?;
    let options = AgentOptions {
        service_url: service.url(),
        environment: environment(&desktop),
        ..AgentOptions::default()
    };
    let agent = Agent::start(&program("ondemand-agent")?, options)?;
    let target = protocol::operator::Target::Invitation(invitation.id.clone());
    let stage = Stage { agent, operator, service, desktop, target };
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    let code = invitation.session_code.clone().context("an open invitation has a code")?;
    ensure!(stage.agent.run(&["join", "-"], code.digits())?.status.success());
    stage.click("Start")?;
    stage.text("The service could not prove who it is.")?;
    stage.text("may be reading along. Ask your IT department.")?;
    let state = stage.operator.invitation(&invitation.id)?.state;
    ensure!(state == protocol::operator::InvitationState::Open, "{state:?}");
    let outline = stage.desktop.accessibility().outline();
    ensure!(!outline.contains("anyway") && !outline.contains("Join "), "there is a way round: {outline}");
    Ok(())
}

#[test]
fn a_suspended_organisations_session_is_over_and_the_user_reads_why() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session(LOOK_AND_TALK)?;
    let id = stage.service.set_up.organisation.to_string();
    stage.service.run(&["organisation", "suspend", "--organisation", &id])?;
    stage.wait_for_access(false)?;
    stage.text("The service suspended this organisation and ended the session.")?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::OrganisationSuspended);
    Ok(())
}

/// A folder of which everybody may read what is there, and nobody may write.
struct ReadOnly(PathBuf);

impl ReadOnly {
    /// Only root may, and not everywhere; everybody else is told that the test tries nothing.
    fn make(folder: PathBuf) -> Result<Option<Self>> {
        let mount = |arguments: &[&str]| Command::new("mount").args(arguments).arg(&folder).status();
        let path = folder.to_string_lossy();
        if !mount(&["--bind", &path])?.success() {
            eprintln!("left out: it has to be run by who may mount");
            return Ok(None);
        }
        let made = Self(folder.clone());
        ensure!(mount(&["-o", "remount,bind,ro"])?.success());
        Ok(Some(made))
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn while_the_journal_cannot_be_written_no_yes_counts_and_an_end_does() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::Chat])?;
    let data = stage.agent.home().join("data/ondemand-agent");
    let Some(read_only) = ReadOnly::make(data)? else { return Ok(()) };

    stage.click("End Session")?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    stage.click("Done")?;
    stage.wait_for_screen("ready")?;
    let request = stage.ask(LOOK_AND_TALK)?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    stage.click("Approve")?;
    let state = stage.outcome(&request)?;
    assert_eq!(state, RequestState::Unanswered { cause: UnansweredCause::NotRecorded });
    stage.text("could not be recorded on this computer, so the answer was no.")?;
    ensure!(stage.access_process().is_none());
    stage.click("Session history")?;
    stage.text("The history cannot be written now. Nothing can be approved until it can.")?;

    drop(read_only);
    let request = stage.ask([Permission::Chat])?;
    // Nobody is rung for twice within a minute.
    stage.click_menu("Review request")?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    stage.click("Approve")?;
    let session = stage.operator.wait_for_approval(&request)?;
    stage.wait_for_session_window()?;
    wait_for("the timer", || Ok(stage.menu()?.iter().any(|line| line.contains(" · 0:0")).then_some(())))?;
    stage.operator.end(&session)
}
