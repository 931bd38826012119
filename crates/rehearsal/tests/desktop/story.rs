//! The main job, from the request to the end.

use anyhow::{Context, Result};
use protocol::{
    EndReason, InputMethod, Permission, RejectReason, UnansweredCause,
    operator::{RequestState, Speaker, Target},
};
use rehearsal::{
    Agent, AgentOptions, POPUP, Service, ServiceOptions, Stage, WINDOW, environment, program, wait_for,
};
use virtual_desktop::{Desktop, Options, Point, Rect};

const ALL: [Permission; 3] = [Permission::View, Permission::Control, Permission::Chat];

#[test]
fn a_person_approves_with_the_pointer_and_ends_from_the_tray_menu() -> Result<()> {
    let stage = Stage::device()?;
    let idle_icon = stage.tray_icon()?.icon_hash;
    let notifications = stage.desktop.watch_notifications()?;

    let request = stage.ask(ALL)?;
    stage.popup()?;
    stage.operator.wait_for_state(&request, |state| *state == RequestState::Shown)?;
    let words = stage.desktop.accessibility().outline();
    for expected in
        ["Olivia Example", "Example Support", "See your desktop", "Use keyboard and mouse", "Chat with you"]
    {
        assert!(words.contains(expected), "the popup does not say {expected:?}:\n{words}");
    }
    notifications.wait_for("the notification", rehearsal::DEADLINE, |shown| {
        shown.summary.contains("Olivia Example") || shown.body.contains("Olivia Example")
    })?;
    assert_ne!(stage.tray_icon()?.icon_hash, idle_icon, "a request changes the tray icon");
    assert!(stage.access_process().is_none(), "nothing is served before an approval");

    stage.wait_until_approvable()?;
    stage.click("Approve")?;
    let session = stage.operator.wait_for_approval(&request)?;
    match stage.operator.request(&request)?.state {
        RequestState::Approved { permissions, given_by, .. } => {
            assert_eq!((permissions, given_by), (ALL.into(), Some(InputMethod::Pointer)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(stage.operator.receipts(&session)?.len(), 1, "the service has the receipt");
    stage.wait_until_gone(POPUP)?;
    stage.wait_for_access(true)?;
    stage.wait_for_session_window()?;

    // The timer runs in tooltip, menu and window.
    let line = |label: &String| label.contains("Olivia Example") && label.contains("· 0:0");
    wait_for("the timer in the menu", || Ok(stage.menu()?.iter().any(line).then_some(())))?;
    let timer = |stage: &Stage| stage.menu().map(|menu| menu.into_iter().find(line));
    let first = timer(&stage)?;
    wait_for("the timer to move", || Ok((timer(&stage)? != first).then_some(())))?;
    let tooltip = stage.tray_icon()?;
    assert!(format!("{}{}", tooltip.tooltip, tooltip.tooltip_text).contains("Olivia Example"), "{tooltip:?}");
    assert_ne!(tooltip.icon_hash, idle_icon);

    stage.click_menu("End Session")?;
    stage.wait_for_access(false)?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    Ok(())
}

#[test]
fn a_person_approves_through_the_accessibility_tree() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask([Permission::Chat])?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    assert!(stage.button("Approve")?.activate()?);
    let session = stage.operator.wait_for_approval(&request)?;
    let outcome = stage.outcome(&request)?;
    let by = Some(InputMethod::Accessibility);
    assert!(matches!(outcome, RequestState::Approved { given_by, .. } if given_by == by), "{outcome:?}");
    assert!(stage.access_process().is_none(), "a chat alone starts no access process");
    stage.operator.say(&session, "Good day")?;
    // A click on the tray icon brings the session window to the front.
    stage.desktop.tray().click(&stage.tray_icon()?, virtual_desktop::Button::Left, rehearsal::DEADLINE)?;
    stage.text("Good day")?;
    stage.operator.end(&session)?;
    stage.wait_for_screen("ended")?;
    Ok(())
}

#[test]
fn a_person_joins_with_a_code_typed_into_the_window_and_chats() -> Result<()> {
    let desktop = Desktop::start(Options::default())?;
    let service = Service::start(&program("ondemand-service")?, ServiceOptions::default())?;
    let operator = service.operator()?;
    let invitation = operator.invite()?;
    let code = invitation.session_code.clone().expect("an open invitation has a code");
    let options = AgentOptions {
        service_url: service.url(),
        environment: environment(&desktop),
        ..AgentOptions::default()
    };
    let agent = Agent::start(&program("ondemand-agent")?, options)?;
    let stage =
        Stage { agent, operator, service, desktop, target: Target::Invitation(invitation.id.clone()) };

    stage.desktop.wait_for_title(WINDOW, rehearsal::DEADLINE)?;
    let field = wait_for("the field for the code", || {
        let found = stage.desktop.accessibility().programs()?;
        Ok(found.iter().find_map(|program| {
            program.find_where(|element| element.name().is_ok_and(|name| name.starts_with("Session code")))
        }))
    })?;
    stage.click_into(&field, WINDOW)?;
    stage.desktop.type_text(code.digits())?;
    wait_for("the code in groups of three", || Ok((field.text()? == code.grouped()).then_some(())))
        .with_context(|| format!("the field says {:?} and not {}", field.text(), code.grouped()))?;
    stage.click("Start")?;
    stage.wait_for_screen("joining")?;
    stage.click("Join")?;
    stage.operator.wait_for_join(&invitation.id)?;
    stage.wait_for_screen("waiting")?;

    // New to this computer: the desktop can be granted, and is not unless the person switches it on.
    let request = stage.ask(ALL)?;
    stage.popup()?;
    let words = stage.desktop.accessibility().outline();
    assert!(words.contains("We cannot confirm who this is"), "{words}");
    stage.wait_until_approvable()?;
    stage.click("Approve")?;
    let session = stage.operator.wait_for_approval(&request)?;
    assert_eq!(stage.operator.session(&session)?.granted, [Permission::Chat].into());

    let entry = stage.field("message")?;
    stage.click_into(&entry, WINDOW)?;
    stage.desktop.type_text("hello there")?;
    stage.click("Send")?;
    wait_for("the user's message at the operator", || {
        let said = stage.operator.messages(&session)?;
        Ok(said.iter().any(|line| line.from == Speaker::User && line.text == "hello there").then_some(()))
    })?;
    stage.click("End Session")?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    Ok(())
}

#[test]
fn the_organisations_logo_is_in_the_window_and_never_in_the_popup() -> Result<()> {
    let stage = Stage::device()?;
    stage.operator.set_logo(include_bytes!("../../../../resources/branding/sample-logo.png").to_vec())?;
    assert!(stage.agent.run(&["open"], "")?.status.success());
    let logo = stage.text("Logo of")?;
    assert!(logo.name()?.contains("Example Support"));
    // The green of the sample, wherever in it.
    let green = |rect: Rect| -> Result<bool> {
        let seen = stage.desktop.picture()?.part(rect);
        let (width, height) = seen.size();
        let points = (0..height as i32).flat_map(|y| (0..width as i32).map(move |x| Point { x, y }));
        Ok(points.filter(|&point| seen.pixel(point) == [0x0b, 0x6e, 0x4f]).count() > 500)
    };
    wait_for("the logo to be drawn", || Ok(green(logo.rect()?)?.then_some(())))?;
    stage.ask(ALL)?;
    let popup = stage.popup()?;
    assert!(!green(popup.rect)?);
    stage.click("Reject")?;
    stage.wait_until_gone(POPUP)?;

    // A window that is opened later looks the same from the start.
    let window = stage.desktop.wait_for_title(rehearsal::WINDOW, rehearsal::DEADLINE)?;
    stage.desktop.close_window(&window)?;
    stage.wait_until_gone(rehearsal::WINDOW)?;
    assert!(stage.agent.run(&["open"], "")?.status.success());
    let logo = stage.text("Logo of")?;
    wait_for("the logo to be drawn again", || Ok(green(logo.rect()?)?.then_some(())))
}

#[test]
fn a_no_reaches_the_operator() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask(ALL)?;
    stage.popup()?;
    stage.click("Reject")?;
    assert_eq!(stage.outcome(&request)?, RequestState::Rejected { reason: None });
    stage.wait_until_gone(POPUP)?;
    assert!(stage.access_process().is_none());
    Ok(())
}

#[test]
fn a_no_with_a_reason_reaches_the_operator_with_it() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask(ALL)?;
    stage.popup()?;
    stage.click("Reject with a reason")?;
    stage.text("Not now")?;
    stage.click("Not now")?;
    assert_eq!(stage.outcome(&request)?, RequestState::Rejected { reason: Some(RejectReason::NotNow) });
    Ok(())
}

#[test]
fn silence_is_a_no() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.operator.ask_within(stage.target.clone(), ALL, 30)?.id;
    stage.popup()?;
    let until = std::time::Instant::now() + std::time::Duration::from_secs(40);
    let state = loop {
        match stage.operator.request(&request)?.state {
            RequestState::Shown | RequestState::Sent if std::time::Instant::now() < until => {
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
            state => break state,
        }
    };
    assert_eq!(state, RequestState::Unanswered { cause: UnansweredCause::Expired });
    stage.wait_until_gone(POPUP)?;
    Ok(())
}

#[test]
fn a_request_that_is_withdrawn_disappears() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask(ALL)?;
    stage.popup()?;
    stage.operator.withdraw(&request)?;
    stage.text("took the request back")?;
    stage.wait_until_gone(POPUP)?;
    assert_eq!(stage.outcome(&request)?, RequestState::Unanswered { cause: UnansweredCause::Withdrawn });
    Ok(())
}

#[test]
fn an_end_by_the_operator_kills_the_access_process_and_is_shown() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session(ALL)?;
    stage.wait_for_access(true)?;
    stage.operator.end(&session)?;
    stage.wait_for_access(false)?;
    stage.wait_for_screen("ended")?;
    Ok(())
}
