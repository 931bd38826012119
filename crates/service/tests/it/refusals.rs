//! What is refused, and how.

use crate::support::{Agent, Stage, VIEW_AND_CHAT, approved, code, outcome};
use protocol::{
    Outcome, Permission, Permissions, RejectReason, UnansweredCause,
    operator::{CreateInvitation, InvitationState, InvitationView, RequestState, SessionView, Target},
    problem::{MEDIA_TYPE, ProblemCode},
    signed::{RECEIPT_TYP, REQUEST_TYP, ReceiptTerms},
};
use reqwest::header;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn wrong_taken_withdrawn_and_expired_codes_say_what_they_are() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let mut agent = Agent::new(&stage.running.url);
    let taken = olivia.invite().await;
    let taken = taken.session_code.unwrap();
    let wrong = if taken.digits() == "123456789" { "123456780" } else { "123456789" };
    assert_eq!(code(agent.join(&wrong.parse().unwrap()).await), ProblemCode::WrongCode);

    let first = agent.join(&taken).await.unwrap();
    let again = agent.join(&taken).await.unwrap();
    assert_eq!(first.invitation_id, again.invitation_id, "a lost answer costs nothing");
    assert_ne!(first.agent_token, again.agent_token);
    let mut late = Agent::new(&stage.running.url);
    assert_eq!(code(late.join(&taken).await), ProblemCode::InvitationTaken);

    let withdrawn = olivia.invite().await;
    olivia.delete(&format!("invitations/{}", withdrawn.id)).await.unwrap();
    assert_eq!(code(late.join(&withdrawn.session_code.unwrap()).await), ProblemCode::InvitationClosed);

    let short = CreateInvitation { expires_in_secs: Some(60), label: None };
    let short: InvitationView = olivia.post("invitations", &short).await.unwrap();
    stage.clock.advance(Duration::from_secs(61));
    assert_eq!(code(late.join(&short.session_code.unwrap()).await), ProblemCode::InvitationClosed);
    let (_, everything) = olivia.listen().await;
    let view = everything.invitations.iter().find(|view| view.id == short.id).unwrap();
    assert_eq!((view.state, view.session_code.as_ref()), (InvitationState::Expired, None));
    let too_long = CreateInvitation { expires_in_secs: Some(86_401), label: None };
    assert_eq!(code(olivia.post::<InvitationView>("invitations", &too_long).await), ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_not_taken_for_an_object() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let nothing: [Option<u32>; 2] = [None, None];
    assert_eq!(code(olivia.post::<InvitationView>("invitations", &nothing).await), ProblemCode::Invalid);
    let invitations: Vec<InvitationView> = olivia.get("invitations").await.unwrap();
    assert_eq!(invitations, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_agents_own_word_on_this_very_request_is_a_receipt() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, invitation) = stage.joined(&olivia).await;
    let (other, other_invitation) = stage.joined(&olivia).await;
    let request = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();
    let other_request = olivia.ask(Target::Invitation(other_invitation.id), VIEW_AND_CHAT).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    let other_event = other.snapshot().await.snapshot.unwrap().request.unwrap();
    let good = agent.terms(&event, approved(VIEW_AND_CHAT), 1);
    let sign = |terms: &ReceiptTerms| crypto::sign(&agent.key, RECEIPT_TYP, terms).unwrap();

    let receipt = sign(&good);
    let at = receipt.len() / 2;
    let mut changed = receipt.clone();
    let letter = if &receipt[at..=at] == "A" { "B" } else { "A" };
    changed.replace_range(at..=at, letter);
    let forged = [
        ("changed", changed),
        ("another agent's", other.receipt(&event, approved(VIEW_AND_CHAT), 1)),
        ("of another kind", crypto::sign(&agent.key, REQUEST_TYP, &good).unwrap()),
        ("more than asked", sign(&agent.terms(&event, approved(Permissions::all()), 1))),
        ("nothing granted", sign(&agent.terms(&event, approved(Permissions::EMPTY), 1))),
        ("of another request", sign(&agent.terms(&other_event, approved(VIEW_AND_CHAT), 1))),
        (
            "with another signed request",
            sign(&ReceiptTerms { signed_request: other_event.signed_request.clone(), ..good.clone() }),
        ),
        (
            "naming another key",
            sign(&ReceiptTerms { agent_public_key: other.key.public().to_string(), ..good.clone() }),
        ),
        ("of another version", sign(&ReceiptTerms { version: 2, ..good })),
        ("nonsense", "a.b.c".to_owned()),
    ];
    for (what, receipt) in forged {
        assert_eq!(code(agent.report(&request.id, &receipt).await), ProblemCode::ReceiptInvalid, "{what}");
    }
    let foreign = agent.receipt(&other_event, approved(VIEW_AND_CHAT), 1);
    assert_eq!(code(agent.report(&other_request.id, &foreign).await), ProblemCode::NotFound);
    assert!(olivia.get::<Vec<SessionView>>("sessions").await.unwrap().is_empty());
    assert!(agent.report(&request.id, &receipt).await.unwrap().session.is_some());
    let second = agent.receipt(&event, approved([Permission::View]), 2);
    assert_eq!(code(agent.report(&request.id, &second).await), ProblemCode::RequestClosed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_wins_over_a_later_approval() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, invitation) = stage.joined(&olivia).await;
    let request = olivia.ask(Target::Invitation(invitation.id.clone()), VIEW_AND_CHAT).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    olivia.delete(&format!("requests/{}", request.id)).await.unwrap();
    olivia.delete(&format!("requests/{}", request.id)).await.unwrap();
    let receipt = agent.receipt(&event, approved(VIEW_AND_CHAT), 1);
    assert_eq!(code(agent.report(&request.id, &receipt).await), ProblemCode::RequestClosed);
    assert_eq!(code(agent.note(&format!("requests/{}/shown", request.id)).await), ProblemCode::RequestClosed);
    let withdrawn = Outcome::Unanswered { cause: UnansweredCause::Withdrawn };
    let receipt = agent.receipt(&event, withdrawn, 1);
    assert_eq!(agent.report(&request.id, &receipt).await.unwrap().session, None);

    let next = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    let receipt = agent.receipt(&event, approved(VIEW_AND_CHAT), 2);
    agent.report(&next.id, &receipt).await.unwrap();
    assert_eq!(code(olivia.delete(&format!("requests/{}", next.id)).await), ProblemCode::RequestClosed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspicious_user_is_told_to_operators_as_a_plain_no() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    for (reason, told) in [
        (Some(RejectReason::Suspicious), None),
        (Some(RejectReason::NotNow), Some(RejectReason::NotNow)),
        (None, None),
    ] {
        let (agent, invitation) = stage.joined(&olivia).await;
        let request = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();
        let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
        let receipt = agent.receipt(&event, Outcome::Rejected { reason }, 1);
        assert_eq!(agent.report(&request.id, &receipt).await.unwrap().session, None);
        assert_eq!(olivia.request(&request.id).await.state, RequestState::Rejected { reason: told });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_request_runs_out() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (mut live, _) = olivia.listen().await;
    let (_never_polls, invitation) = stage.joined(&olivia).await;
    let (agent, other_invitation) = stage.joined(&olivia).await;
    let missed = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();
    let shown = olivia.ask(Target::Invitation(other_invitation.id), VIEW_AND_CHAT).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    agent.note(&format!("requests/{}/shown", shown.id)).await.unwrap();

    stage.clock.advance(Duration::from_secs(6));
    let mut state_of = async |id: &protocol::RequestId, wanted: RequestState| {
        live.until(|event| match event {
            protocol::operator::LiveEvent::Request(view) if view.id == *id && view.state == wanted => {
                Some(())
            }
            _ => None,
        })
        .await;
    };
    state_of(&missed.id, RequestState::NotReached).await;
    let expired = RequestState::Unanswered { cause: UnansweredCause::Expired };
    stage.clock.advance(Duration::from_secs(120));
    state_of(&missed.id, expired.clone()).await;
    assert_eq!(olivia.request(&shown.id).await.state, RequestState::Shown, "the user may ask for more time");
    stage.clock.advance(Duration::from_secs(540));
    state_of(&shown.id, expired).await;
    let receipt = agent.receipt(&event, approved(VIEW_AND_CHAT), 1);
    assert_eq!(code(agent.report(&shown.id, &receipt).await), ProblemCode::RequestClosed);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_no_is_a_problem_document() {
    let stage = Stage::new().await;
    let url = &stage.running.url;
    let client = reqwest::Client::new();
    let join = format!("{url}/agent/v1/join");
    let send = |body: String| client.post(&join).header(header::CONTENT_TYPE, "application/json").body(body);
    let large = format!("\"{}\"", "x".repeat(70 * 1024));
    let requests = [
        (404, ProblemCode::NotFound, client.get(format!("{url}/agent/v1/nothing"))),
        (405, ProblemCode::Invalid, client.get(&join)),
        (415, ProblemCode::Invalid, client.post(&join).body("{}")),
        (422, ProblemCode::Invalid, send("{".into())),
        (422, ProblemCode::Invalid, send(r#"{"session_code":"12"}"#.into())),
        (413, ProblemCode::TooLarge, send(large)),
        (401, ProblemCode::Unauthenticated, client.get(format!("{url}/agent/v1/events"))),
        (401, ProblemCode::Unauthenticated, client.get(format!("{url}/agent/v1/events")).bearer_auth("x")),
        (401, ProblemCode::Unauthenticated, client.get(format!("{url}/operator/v1/me"))),
    ];
    for (status, expected, request) in requests {
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE, "{expected:?}");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.status(), status);
        assert_eq!(code(outcome::<()>(response).await), expected);
    }
}
