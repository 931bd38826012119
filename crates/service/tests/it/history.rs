//! The session history: search and pages.

use crate::support::{Agent, Operator, Stage, VIEW_AND_CHAT, approved, code};
use protocol::{
    EndReason, Permission, Permissions, SessionId,
    agent::{EnrolRequest, EnrolResponse, TakeBack},
    operator::{HistoryPage, Target},
    problem::ProblemCode,
};
use std::time::Duration;

/// A device of this computer and user, and a session on it that ended so.
async fn session_on(
    stage: &Stage,
    operator: &Operator,
    (computer, user): (&str, &str),
    permissions: impl Into<Permissions>,
    reason: EndReason,
) -> SessionId {
    let admin = stage.admin();
    let group = admin.add_group(&stage.organisation.id, "Office", Permissions::all(), false).unwrap();
    let mut agent = Agent::new(&stage.running.url);
    let token = admin.create_enrolment_token(&group, None, None).unwrap();
    let enrolment = agent.enrolment(&token, stage.clock.now());
    let body = EnrolRequest { computer: computer.into(), user: user.into(), ..enrolment };
    let answer: EnrolResponse = agent.post("enrol", &body).await.unwrap();
    answer.agent_token.expose().clone_into(&mut agent.token);
    let permissions = permissions.into();
    let request = operator.ask(Target::Device(answer.device.device_id), permissions).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    let receipt = agent.receipt(&event, approved(permissions), 1);
    let id = agent.report(&request.id, &receipt).await.unwrap().session.unwrap().session_id;
    let nothing = TakeBack { granted: Permissions::EMPTY };
    agent.post::<()>(&format!("sessions/{id}/permissions"), &nothing).await.unwrap();
    agent.end(&id, reason).await.unwrap();
    stage.clock.advance(Duration::from_secs(60));
    id
}

async fn found(operator: &Operator, query: &str) -> Vec<SessionId> {
    let page: HistoryPage = operator.get(&format!("session-history{query}")).await.unwrap();
    assert_eq!(page.next, None);
    page.sessions.into_iter().map(|session| session.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_found_by_computer_user_operator_permission_outcome_and_date() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let first = session_on(&stage, &olivia, ("DESK-7", "Ülkü Example"), VIEW_AND_CHAT, EndReason::User).await;
    let control = [Permission::View, Permission::Control];
    let second = session_on(&stage, &oscar, ("LAB_100%", "Una Example"), control, EndReason::Locked).await;

    assert_eq!(found(&olivia, "").await, [second.clone(), first.clone()], "newest first");
    let (first, second) = ([first], [second]);
    assert_eq!(found(&olivia, "?search=desk").await, first);
    assert_eq!(found(&olivia, "?search=%C3%BClk%C3%BC%20Desk").await, first, "each word, any case");
    assert_eq!(found(&olivia, "?search=OSCAR").await, second);
    assert_eq!(found(&olivia, "?search=b_1").await, second, "signs are signs");
    assert_eq!(found(&olivia, "?search=k_7").await, []);
    assert_eq!(found(&olivia, "?search=%25").await, second);
    assert_eq!(found(&olivia, &format!("?operator={}", oscar.me.operator.id)).await, second);
    assert_eq!(found(&olivia, "?permission=control").await, second, "also once it is taken back");
    assert_eq!(found(&olivia, "?permission=files_write").await, []);
    assert_eq!(found(&olivia, "?ended=locked").await, second);
    assert_eq!(found(&olivia, "?ended=user&search=example").await, first);

    let page: HistoryPage = olivia.get("session-history").await.unwrap();
    let start = page.sessions[0].started_at;
    assert_eq!(found(&olivia, &format!("?from={start}")).await, second);
    assert_eq!(found(&olivia, &format!("?until={start}")).await, first);
    for query in ["?limit=0", "?limit=101", "?after=x", "?ended=never", "?permission=fly", "?from=yesterday"]
    {
        let refused = olivia.get::<HistoryPage>(&format!("session-history{query}")).await;
        assert_eq!(code(refused), ProblemCode::Invalid, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_name_each_session_once_also_while_new_ones_begin() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        let (agent, id) = stage.session(&olivia, VIEW_AND_CHAT).await;
        agent.end(&id, EndReason::User).await.unwrap();
        expected.insert(0, id);
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page: HistoryPage = olivia.get(&format!("session-history?limit=2{after}")).await.unwrap();
        assert!(page.sessions.len() <= 2);
        seen.extend(page.sessions.into_iter().map(|session| session.id));
        let (_agent, _) = stage.session(&olivia, VIEW_AND_CHAT).await;
        let Some(next) = page.next else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, expected);
}
