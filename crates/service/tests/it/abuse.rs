//! The abuse desk: reports, and organisations that are suspended.

use crate::support::{Agent, Operator, Stage, VIEW_AND_CHAT, code};
use protocol::{
    EndReason, Outcome, Permission, Permissions, RejectReason,
    agent::EndSession,
    event::Event,
    operator::{CreateInvitation, InvitationState, InvitationView, LiveEvent, Me, RequestState, Target},
    problem::ProblemCode,
    signed::ReceiptTerms,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_suspicious_reaches_who_runs_the_service_and_no_operator() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, invitation) = stage.joined(&olivia).await;
    let request = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    let no = Outcome::Rejected { reason: Some(RejectReason::Suspicious) };
    let receipt = agent.receipt(&event, no, 1);
    agent.report(&request.id, &receipt).await.unwrap();
    agent.report(&request.id, &receipt).await.unwrap();
    assert_eq!(olivia.request(&request.id).await.state, RequestState::Rejected { reason: None });

    let reports = stage.admin().reports().unwrap();
    let [report] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!((&report.request, report.login.as_str()), (&request.id, "olivia"));
    assert_eq!(report.organisation_name, "Example Support");
    let whole = stage.admin().report(report.number).unwrap();
    assert_eq!(whole.signed_request, event.signed_request);
    assert_eq!(whole.receipt, Some(receipt));
    assert!(stage.admin().report(report.number + 1).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawing_a_request_in_time_is_no_way_out_of_a_report() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, invitation) = stage.joined(&olivia).await;
    let request = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    olivia.delete(&format!("requests/{}", request.id)).await.unwrap();
    let no = Outcome::Rejected { reason: Some(RejectReason::Suspicious) };
    agent.report(&request.id, &agent.receipt(&event, no, 1)).await.unwrap();
    assert_eq!(stage.admin().reports().unwrap()[0].request, request.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_more_that_looks_suspicious_is_reported_too() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, session) = stage.session(&olivia, VIEW_AND_CHAT).await;
    let more = olivia.ask(Target::Session(session), Permissions::from([Permission::Control])).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    let no = Outcome::Rejected { reason: Some(RejectReason::Suspicious) };
    agent.report(&more.id, &agent.receipt(&event, no, 2)).await.unwrap();
    assert_eq!(stage.admin().reports().unwrap()[0].request, more.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_which_something_was_wrong_is_reported_and_its_operator_reads_of_a_plain_end() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, session) = stage.session(&olivia, VIEW_AND_CHAT).await;
    let wrong = EndSession { reason: EndReason::User, suspicious: true };
    agent.post::<()>(&format!("sessions/{session}/end"), &wrong).await.unwrap();
    agent.post::<()>(&format!("sessions/{session}/end"), &wrong).await.unwrap();
    let seen = olivia.get::<serde_json::Value>(&format!("sessions/{session}")).await.unwrap();
    assert_eq!(seen["ended"]["reason"], "user");
    assert!(!seen.to_string().contains("suspicious"));

    let reports = stage.admin().reports().unwrap();
    let [report] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!(report.login, "olivia");
    let whole = stage.admin().report(report.number).unwrap();
    let terms: ReceiptTerms = crypto::peek(&whole.receipt.unwrap()).unwrap();
    assert!(matches!(terms.outcome, Outcome::Approved { .. }), "the yes that the session came of");
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_a_session_in_time_is_no_way_out_of_a_report() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, session) = stage.session(&olivia, VIEW_AND_CHAT).await;
    olivia.post::<()>(&format!("sessions/{session}/end"), &()).await.unwrap();
    let wrong = EndSession { reason: EndReason::User, suspicious: true };
    agent.post::<()>(&format!("sessions/{session}/end"), &wrong).await.unwrap();
    assert_eq!(stage.admin().reports().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_organisation_reaches_nobody_until_it_is_resumed() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (in_session, session) = stage.session(&olivia, VIEW_AND_CHAT).await;
    let (asked, joined) = stage.joined(&olivia).await;
    let request = olivia.ask(Target::Invitation(joined.id.clone()), VIEW_AND_CHAT).await.unwrap();
    let open = olivia.invite().await;
    let admin = stage.admin();
    let group = admin.add_group(&stage.organisation.id, "Office", VIEW_AND_CHAT.into(), false).unwrap();
    let token = admin.create_enrolment_token(&group, None, None).unwrap();
    let mut device = Agent::new(&stage.running.url);
    let enrolled = device.enrol(&token).await.unwrap();
    let mut cursors = [in_session.snapshot().await.cursor, asked.snapshot().await.cursor];
    let (mut live, _) = olivia.listen().await;

    admin.suspend(&stage.organisation.id).unwrap();
    let end = |event| match event {
        Event::SessionEnded { session_id, reason } => Some((session_id, reason)),
        _ => None,
    };
    let told = in_session.until(&mut cursors[0], end).await;
    assert_eq!(told, (session.clone(), EndReason::OrganisationSuspended));
    asked.until(&mut cursors[1], |event| matches!(event, Event::InvitationClosed {}).then_some(())).await;
    let everything = |event| matches!(event, LiveEvent::Everything(_)).then_some(());
    live.until(everything).await;
    let over = |event| match event {
        LiveEvent::Invitation(it) if it.id == open.id => Some(it.state),
        _ => None,
    };
    assert_eq!(live.until(over).await, InvitationState::Withdrawn);
    assert!(matches!(olivia.request(&request.id).await.state, RequestState::Unanswered { .. }));

    assert!(olivia.get::<Me>("me").await.unwrap().suspended_since.is_some(), "reading is still possible");
    let suspended = ProblemCode::OrganisationSuspended;
    let target = Target::Device(enrolled.device.device_id);
    assert_eq!(code(olivia.ask(target.clone(), VIEW_AND_CHAT).await), suspended);
    let invite = olivia.post::<InvitationView>("invitations", &CreateInvitation::default()).await;
    assert_eq!(code(invite), suspended);
    let mut newcomer = Agent::new(&stage.running.url);
    assert_eq!(code(newcomer.enrol(&token).await), suspended);
    let late = newcomer.join(open.session_code.as_ref().unwrap()).await;
    assert_eq!(code(late), ProblemCode::InvitationClosed);
    Operator::sign_in(&stage.running.url, "olivia").await;

    admin.resume(&stage.organisation.id).unwrap();
    live.until(everything).await;
    assert_eq!(olivia.get::<Me>("me").await.unwrap().suspended_since, None, "open consoles look again");
    olivia.ask(target, VIEW_AND_CHAT).await.unwrap();
}
