//! The main job from end to end, and its smaller sisters.

use crate::support::{Stage, VIEW_AND_CHAT, approved, code};
use protocol::{
    Action, Actions, EndReason, Permission, Permissions, UnansweredCause,
    agent::{
        AskForHelp, HelpAsked, LookupRequest, LookupResponse, ReportActions, SendMessage, Standing, TakeBack,
    },
    event::{Event, MessageKind},
    operator::{
        DeviceView, HelpView, InvitationState, LiveEvent, MessageView, PostMessage, ReceiptView,
        RequestState, SessionView, Speaker, Target,
    },
    problem::ProblemCode,
    signed::Audience,
};
use reqwest::Method;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_asks_a_user_approves_they_chat_and_the_user_ends_it() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (mut live, everything) = olivia.listen().await;
    assert!(everything.invitations.is_empty());

    let invitation = olivia.invite().await;
    let session_code = invitation.session_code.clone().unwrap();
    let link = invitation.link.clone().unwrap();
    assert_eq!(link, format!("{}/join#{}", stage.running.url, session_code.digits()));

    let mut agent = crate::support::Agent::new(&stage.running.url);
    let wanted = LookupRequest { session_code: session_code.clone(), proof_of_work: None };
    let found: LookupResponse = agent.post("lookup", &wanted).await.unwrap();
    assert_eq!(found.organisation, stage.organisation);
    let joined = agent.join(&session_code).await.unwrap();
    assert_eq!(joined.organisation, stage.organisation);
    assert!((7100..=7200).contains(&joined.expires_in_secs));
    let shown = live
        .until(|event| match event {
            LiveEvent::Invitation(view) if view.state == InvitationState::Joined => Some(view),
            _ => None,
        })
        .await;
    assert_eq!(shown.session_code, None, "a code is gone once it is used");
    assert_eq!(shown.agent.unwrap().description, crate::support::description());

    let start = agent.snapshot().await;
    let standing = start.snapshot.unwrap().standing;
    assert!(matches!(standing, Standing::Invitation { invitation_id, .. } if invitation_id == invitation.id));
    let mut cursor = start.cursor;

    let request = olivia.ask(Target::Invitation(invitation.id.clone()), VIEW_AND_CHAT).await.unwrap();
    let event = agent
        .until(&mut cursor, |event| match event {
            Event::Request(request) => Some(request),
            _ => None,
        })
        .await;
    assert!((118..=120).contains(&event.answer_within_secs));
    let terms = agent.verify(&event, &stage.organisation);
    assert_eq!(terms.permissions, Permissions::from(VIEW_AND_CHAT));
    assert_eq!(terms.operator, olivia.me.operator);
    assert_eq!(terms.organisation_domain.as_deref(), Some("support.example"));
    assert_eq!(terms.audience, Audience::Invitation(invitation.id.clone()));
    assert_eq!(terms.expires_at.duration_since(terms.issued_at).as_secs(), 660);

    agent.note(&format!("requests/{}/shown", request.id)).await.unwrap();
    live.until(|event| match event {
        LiveEvent::Request(view) if view.state == RequestState::Shown => Some(()),
        _ => None,
    })
    .await;

    let receipt = agent.receipt(&event, approved(VIEW_AND_CHAT), 1);
    let answer = agent.report(&request.id, &receipt).await.unwrap();
    let start = answer.session.clone().unwrap();
    assert_eq!(start.tunnel_ticket.expose().len(), 43, "256 bits");
    assert_eq!(agent.report(&request.id, &receipt).await.unwrap(), answer, "a repeat gets the same answer");
    let session = live
        .until(|event| match event {
            LiveEvent::Session(view) => Some(view),
            _ => None,
        })
        .await;
    assert_eq!(session.id, start.session_id);
    assert_eq!(session.granted, Permissions::from(VIEW_AND_CHAT));

    let path = format!("sessions/{}", start.session_id);
    let said = SendMessage { number: 1, text: "Hello, it is the printer".into() };
    for _ in 0..2 {
        agent.post::<()>(&format!("{path}/messages"), &said).await.unwrap();
    }
    let heard = live
        .until(|event| match event {
            LiveEvent::Message(view) => Some(view),
            _ => None,
        })
        .await;
    assert_eq!((heard.from, heard.text.as_str()), (Speaker::User, "Hello, it is the printer"));
    let reply = PostMessage { kind: MessageKind::Chat, text: "Let me have a look".into() };
    let posted: MessageView = olivia.post(&format!("{path}/messages"), &reply).await.unwrap();
    let message = agent
        .until(&mut cursor, |event| match event {
            Event::Message(message) => Some(message),
            _ => None,
        })
        .await;
    assert_eq!((message.message_id, message.text.as_str()), (posted.id, "Let me have a look"));
    let all: Vec<MessageView> = olivia.get(&format!("{path}/messages")).await.unwrap();
    assert_eq!(all.len(), 2, "a repeated message is one message");

    let doing = Actions::from([Action::Viewing, Action::Controlling]);
    let unsupported = Permissions::from([Permission::View, Permission::Control]);
    let report = ReportActions { actions: doing, remaining_secs: 1800, suspended: false, unsupported };
    agent.post::<()>(&format!("{path}/actions"), &report).await.unwrap();
    let view: SessionView = olivia.get(&path).await.unwrap();
    assert_eq!(view.actions, Actions::from([Action::Viewing]), "nobody controls without `control`");
    assert_eq!(
        view.unsupported,
        Permissions::from([Permission::View]),
        "what is not granted does not matter"
    );
    assert!((1790..=1800).contains(&view.remaining_secs));

    let less = TakeBack { granted: Permissions::from([Permission::View, Permission::Control]) };
    agent.post::<()>(&format!("{path}/permissions"), &less).await.unwrap();
    let view: SessionView = olivia.get(&path).await.unwrap();
    assert_eq!(view.granted, Permissions::from([Permission::View]), "taking back can only narrow");
    let refused = olivia.post::<MessageView>(&format!("{path}/messages"), &reply).await;
    assert_eq!(code(refused), ProblemCode::NotGranted);

    let meanwhile = olivia.ask(Target::Invitation(invitation.id.clone()), VIEW_AND_CHAT).await;
    assert_eq!(code(meanwhile), ProblemCode::AgentBusy);
    agent.end(&start.session_id, EndReason::User).await.unwrap();
    let ended = live
        .until(|event| match event {
            LiveEvent::Session(view) => view.ended,
            _ => None,
        })
        .await;
    assert_eq!(ended.reason, EndReason::User);
    agent.end(&start.session_id, EndReason::LinkLost).await.unwrap();
    let view: SessionView = olivia.get(&path).await.unwrap();
    assert_eq!(view.ended.unwrap().reason, EndReason::User, "the first end wins");

    let receipts: Vec<ReceiptView> = olivia.get(&format!("{path}/receipts")).await.unwrap();
    assert_eq!(receipts.len(), 1);
    assert_eq!(receipts[0].receipt, receipt);
    let again = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await;
    assert_eq!(code(again), ProblemCode::InvitationClosed, "one invitation, one session");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_more_widens_the_session_and_a_late_cancel_undoes_just_that() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, session_id) = stage.session(&olivia, [Permission::View]).await;
    let target = Target::Session(session_id.clone());
    let known = olivia.ask(target.clone(), [Permission::View]).await;
    assert_eq!(code(known), ProblemCode::Invalid, "it is granted already");

    let more = [Permission::View, Permission::Control];
    let request = olivia.ask(target, more).await.unwrap();
    assert_eq!(request.permissions, Permissions::from([Permission::Control]));
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    assert_eq!(agent.verify(&event, &stage.organisation).session_id, Some(session_id.clone()));
    let receipt = agent.receipt(&event, approved([Permission::Control]), 2);
    let answer = agent.report(&request.id, &receipt).await.unwrap();
    assert_eq!(answer.session.unwrap().session_id, session_id);
    let path = format!("sessions/{session_id}");
    let view: SessionView = olivia.get(&path).await.unwrap();
    assert_eq!(view.granted, Permissions::from(more));
    assert_eq!(olivia.get::<Vec<ReceiptView>>(&format!("{path}/receipts")).await.unwrap().len(), 2);

    agent.cancel(&request.id, EndReason::NotStarted).await.unwrap();
    let view: SessionView = olivia.get(&path).await.unwrap();
    assert_eq!(view.granted, Permissions::from([Permission::View]));
    assert_eq!(view.ended, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_cancel_ends_the_session_or_keeps_it_from_starting() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, invitation) = stage.joined(&olivia).await;
    let request = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    let receipt = agent.receipt(&event, approved(VIEW_AND_CHAT), 1);
    let start = agent.report(&request.id, &receipt).await.unwrap().session.unwrap();
    agent.cancel(&request.id, EndReason::NotStarted).await.unwrap();
    let view: SessionView = olivia.get(&format!("sessions/{}", start.session_id)).await.unwrap();
    assert_eq!(view.ended.unwrap().reason, EndReason::NotStarted);

    let (agent, invitation) = stage.joined(&olivia).await;
    let request = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    agent.cancel(&request.id, EndReason::NotStarted).await.unwrap();
    let receipt = agent.receipt(&event, approved(VIEW_AND_CHAT), 1);
    assert_eq!(code(agent.report(&request.id, &receipt).await), ProblemCode::RequestClosed);
    assert!(
        olivia.get::<Vec<SessionView>>("sessions").await.unwrap().iter().all(|view| view.ended.is_some())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_operator_ends_the_session_the_user_is_told_and_the_invitation_is_over() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, session_id) = stage.session(&olivia, VIEW_AND_CHAT).await;
    let mut cursor = agent.snapshot().await.cursor;
    olivia.send::<()>(Method::POST, &format!("sessions/{session_id}/end"), None::<&()>).await.unwrap();
    let reason = agent
        .until(&mut cursor, |event| match event {
            Event::SessionEnded { reason, .. } => Some(reason),
            _ => None,
        })
        .await;
    assert_eq!(reason, EndReason::Operator);
    assert_eq!(agent.snapshot().await.events, [Event::InvitationClosed {}]);
    stage.clock.advance(Duration::from_secs(15 * 60 + 1));
    assert_eq!(code(agent.poll(None, 0).await), ProblemCode::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_enrolled_accepted_helped_and_retired() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let allowed = Permissions::from(VIEW_AND_CHAT);
    let admin = stage.admin();
    let group = admin.add_group(&stage.organisation.id, "Office", allowed, true).unwrap();
    let token = admin.create_enrolment_token(&group, Some(1), Some(7)).unwrap();

    let mut agent = crate::support::Agent::new(&stage.running.url);
    let first = agent.enrol(&token).await.unwrap();
    assert!(!first.device.accepted);
    let again = agent.enrol(&token).await.unwrap();
    assert_eq!(again.device.device_id, first.device.device_id, "the same key is the same device");
    let mut other = crate::support::Agent::new(&stage.running.url);
    assert_eq!(code(other.enrol(&token).await), ProblemCode::EnrolmentRefused, "the token is used up");

    let id = first.device.device_id;
    let target = Target::Device(id.clone());
    assert_eq!(code(olivia.ask(target.clone(), allowed).await), ProblemCode::DevicePending);
    let plea = AskForHelp { text: "No sound".into() };
    assert_eq!(code(agent.post::<HelpAsked>("help", &plea).await), ProblemCode::DevicePending);
    let mut cursor = agent.snapshot().await.cursor;
    olivia.send::<()>(Method::POST, &format!("devices/{id}/accept"), None::<&()>).await.unwrap();
    let standing = agent
        .until(&mut cursor, |event| match event {
            Event::DeviceChanged(standing) => Some(standing),
            _ => None,
        })
        .await;
    assert!(standing.accepted);

    let asked: HelpAsked = agent.post("help", &plea).await.unwrap();
    let changed = AskForHelp { text: "No sound at all".into() };
    assert_eq!(agent.post::<HelpAsked>("help", &changed).await.unwrap().help_id, asked.help_id);
    let queue: Vec<HelpView> = olivia.get("help").await.unwrap();
    assert_eq!((queue.len(), queue[0].text.as_str()), (1, "No sound at all"));
    let take = format!("help/{}/take", asked.help_id);
    let taken: HelpView = olivia.send(Method::POST, &take, None::<&()>).await.unwrap();
    assert_eq!(taken.taken_by, Some(olivia.me.operator.clone()));
    let taker = agent
        .until(&mut cursor, |event| match event {
            Event::HelpTaken { operator, .. } => Some(operator),
            _ => None,
        })
        .await;
    assert_eq!(taker, olivia.me.operator);

    let too_much = olivia.ask(target.clone(), [Permission::Control]).await;
    assert_eq!(code(too_much), ProblemCode::Invalid, "the group does not allow it");
    let request = olivia.ask(target.clone(), allowed).await.unwrap();
    assert_eq!(code(olivia.ask(target, allowed).await), ProblemCode::AgentBusy);

    olivia.delete(&format!("devices/{id}")).await.unwrap();
    let seen = agent.poll(Some(&cursor), 5).await.unwrap().events;
    let retired = seen.contains(&Event::DeviceRetired {});
    assert!(
        retired && seen.contains(&Event::RequestWithdrawn { request_id: request.id.clone() }),
        "{seen:?}"
    );
    let withdrawn = RequestState::Unanswered { cause: UnansweredCause::Withdrawn };
    assert_eq!(olivia.request(&request.id).await.state, withdrawn);
    assert!(olivia.get::<Vec<DeviceView>>("devices").await.unwrap().is_empty());
    assert!(olivia.get::<Vec<HelpView>>("help").await.unwrap().is_empty());
    assert_eq!(code(agent.post::<HelpAsked>("help", &plea).await), ProblemCode::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_leaves_closes_the_invitation() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, invitation) = stage.joined(&olivia).await;
    let (mut live, _) = olivia.listen().await;
    agent.note("leave").await.unwrap();
    agent.note("leave").await.unwrap();
    let state = live
        .until(|event| match event {
            LiveEvent::Invitation(view) => Some(view.state),
            _ => None,
        })
        .await;
    assert_eq!(state, InvitationState::Left);
    let asked = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await;
    assert_eq!(code(asked), ProblemCode::InvitationClosed);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_agent_keeps_a_session_open_for_longer_than_the_longest() {
    const LONGEST_SECS: u32 = 8 * 60 * 60;
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, session) = stage.session(&olivia, VIEW_AND_CHAT).await;
    stage.clock.advance(Duration::from_secs(60));
    let path = format!("sessions/{session}");
    let (actions, unsupported) = (Actions::from([Action::Viewing]), Permissions::from([]));
    let report = ReportActions { actions, remaining_secs: u32::MAX, suspended: false, unsupported };
    agent.post::<()>(&format!("{path}/actions"), &report).await.unwrap();
    let view: SessionView = olivia.get(&path).await.unwrap();
    assert!((LONGEST_SECS - 70..=LONGEST_SECS - 60).contains(&view.remaining_secs), "{view:?}");
}
