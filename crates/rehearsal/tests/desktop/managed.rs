//! A computer on which policy has a say.

use anyhow::{Context as _, Result, ensure};
use protocol::{
    EndReason, Permission,
    operator::{InvitationState, RequestState, Target},
};
use rehearsal::{
    A_MOMENT, Agent, AgentOptions, DEADLINE, POPUP, Service, ServiceOptions, Stage, WINDOW, environment,
    program,
};
use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};
use virtual_desktop::{Desktop, Options};

/// A program that is the agent under this policy; nothing where this computer lets no test have one, or where the user
/// is not root, whom alone an agent takes a policy from.
fn under(desktop: &Desktop, policy: &str) -> Result<Option<PathBuf>> {
    let own_etc = "mount -t tmpfs none /etc && test \"$(id -u)\" = 0";
    if !desktop.command("unshare").args(["--mount", "sh", "-euc", own_etc]).output()?.status.success() {
        eprintln!("not tried: this computer lets no test have an /etc of its own");
        return Ok(None);
    }
    let [etc, file, script] = ["etc", "policy.toml", "managed-agent"].map(|name| desktop.folder().join(name));
    fs::create_dir(&etc)?;
    fs::write(&file, policy)?;
    let agent = program("ondemand-agent")?;
    fs::write(
        &script,
        format!(
            "#!/bin/sh\nexec unshare --mount sh -euc 'mount --rbind /etc \"{0}\"\n\
             mount -t tmpfs none /etc\nln -s \"{0}\"/* /etc/\nrm -f /etc/ondemand-agent\n\
             mkdir -p /etc/ondemand-agent/policy.d\n\
             cat \"{1}\" > /etc/ondemand-agent/policy.d/50-policy.toml\n\
             exec \"{2}\" \"$@\"' sh \"$@\"\n",
            etc.display(),
            file.display(),
            agent.display()
        ),
    )?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    Ok(Some(script))
}

#[test]
fn the_user_reads_who_manages_the_agent_cannot_quit_it_and_sees_no_notification() -> Result<()> {
    let desktop = Desktop::start(Options::default())?;
    let policy = "quit = false\nnotifications = false\ncontact = 'Example Helpdesk, extension 4711'\n\
                  longest_session_minutes = 5\n";
    let Some(agent) = under(&desktop, policy)? else { return Ok(()) };
    let service = Service::start(&program("ondemand-service")?, ServiceOptions::default())?;
    let options = AgentOptions { arguments: vec!["--background".into()], ..<_>::default() };
    let mut stage = Stage::with_device_of(&agent, desktop, service, options)?;
    let managed = "Managed by your organisation. Questions: ";

    let menu = stage.menu()?;
    ensure!(
        menu.iter().any(|entry| entry == "About") && !menu.iter().any(|entry| entry == "Quit"),
        "{menu:?}"
    );
    let quit = stage.agent.run(&["quit"], "")?;
    let said = String::from_utf8_lossy(&quit.stderr).into_owned();
    ensure!(!quit.status.success() && said.contains("policy does not allow that"), "{said}");
    stage.wait_for_screen("ready")?;

    stage.click_menu("About")?;
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    let foot = stage.text(managed)?.name()?;
    ensure!(foot.contains("Example Helpdesk, extension 4711"), "{foot}");
    let said = || stage.desktop.accessibility().outline().matches("Example Helpdesk, extension 4711").count();
    let in_window = said();
    stage.click("About On-demand Agent")?;
    stage.text("Version ")?;
    rehearsal::wait_for("About to say so too", || Ok((said() > in_window).then_some(())))
        .with_context(|| stage.desktop.accessibility().outline())?;
    stage.click("Close")?;

    let notifications = stage.desktop.watch_notifications()?;
    let icon = stage.tray_icon()?.icon_hash;
    let request = stage.ask([Permission::Chat])?;
    stage.popup()?;
    stage.operator.wait_for_state(&request, |state| *state == RequestState::Shown)?;
    rehearsal::wait_for("the tray to tell", || Ok((stage.tray_icon()?.icon_hash != icon).then_some(())))?;
    stage.wait_until_approvable()?;
    stage.click("Approve")?;
    let session = stage.operator.wait_for_approval(&request)?;
    stage.wait_until_gone(POPUP)?;
    stage.wait_for_session_window()?;
    // The longest session that policy allows is short enough for this.
    stage.text("The session ends in")?;
    stage.stays(|| Ok(notifications.seen().is_empty()), A_MOMENT)?;

    let ended = stage.agent.terminate();
    assert_eq!(ended.and_then(|status| status.code()), Some(0), "log-off ends it: {}", stage.agent.log());
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::AgentStopped);
    Ok(())
}

/// The agent under this policy, started by somebody, and what there is around it.
fn started_under(policy: &str) -> Result<Option<(Desktop, Service, Agent)>> {
    let desktop = Desktop::start(Options::default())?;
    let Some(agent) = under(&desktop, policy)? else { return Ok(None) };
    let service = Service::start(&program("ondemand-service")?, ServiceOptions::default())?;
    let (service_url, environment) = (service.url(), environment(&desktop));
    let agent = Agent::start(&agent, AgentOptions { service_url, environment, ..AgentOptions::default() })?;
    Ok(Some((desktop, service, agent)))
}

#[test]
fn where_session_codes_are_switched_off_the_window_says_so_and_whom_to_ask() -> Result<()> {
    let policy = "organisations = 'off'\ncontact = 'Example Helpdesk, extension 4711'\n";
    let Some((desktop, service, agent)) = started_under(policy)? else { return Ok(()) };
    let operator = service.operator()?;
    let invitation = operator.invite()?;
    let target = Target::Invitation(invitation.id.clone());
    let stage = Stage { agent, operator, service, desktop, target };
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    stage.text("Session codes are switched off on this computer.")?;
    stage.text("Example Helpdesk, extension 4711")?;
    let code = invitation.session_code.context("an open invitation has a code")?;
    stage.agent.run(&["join", "-"], code.digits())?;
    stage
        .stays(|| Ok(stage.operator.invitation(&invitation.id)?.state == InvitationState::Open), A_MOMENT)?;
    ensure!(!stage.desktop.accessibility().outline().contains("button \"Start\""), "a code can be started");
    ensure!(!stage.menu()?.iter().any(|entry| entry.starts_with("Enter session code")));
    Ok(())
}

#[test]
fn where_policy_about_the_service_cannot_be_used_a_window_says_so_and_nobody_is_asked_for_one() -> Result<()>
{
    let Some((desktop, service, mut agent)) = started_under("service_url = 'not an address'\n")? else {
        return Ok(());
    };
    let operator = service.operator()?;
    let target = Target::Session("none".parse()?);
    desktop.wait_for_title(WINDOW, DEADLINE).ok();
    let seen = rehearsal::wait_for("the window", || {
        let outline = desktop.accessibility().outline();
        Ok(outline
            .contains("What your organisation set about the support service cannot be used.")
            .then_some(outline))
    })
    .with_context(|| format!("{}\n{}", desktop.accessibility().outline(), agent.log()))?;
    ensure!(!seen.contains("Address of the support service"), "{seen}");
    drop((operator, target));
    let log = agent.log();
    ensure!(log.contains("service_url"), "the mistake is not named: {log}");
    agent.terminate();
    Ok(())
}
