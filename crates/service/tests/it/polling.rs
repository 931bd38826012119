//! Events, cursors, presence.

use crate::support::{Agent, PATIENCE, Stage, VIEW_AND_CHAT, code};
use protocol::{
    agent::{EventsResponse, Standing},
    event::Event,
    operator::{LiveEvent, Presence, Target},
    problem::ProblemCode,
};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

fn requests(answer: &EventsResponse) -> usize {
    answer.events.iter().filter(|event| matches!(event, Event::Request(_))).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_in_order_and_again_until_the_cursor_moves() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, invitation) = stage.joined(&olivia).await;
    let start = agent.snapshot().await.cursor;
    let quiet = agent.poll(Some(&start), 0).await.unwrap();
    assert!(quiet.events.is_empty() && quiet.snapshot.is_none());
    assert_eq!(quiet.cursor, start);

    let request = olivia.ask(Target::Invitation(invitation.id.clone()), VIEW_AND_CHAT).await.unwrap();
    let first = agent.poll(Some(&start), 5).await.unwrap();
    let again = agent.poll(Some(&start), 5).await.unwrap();
    assert_eq!((requests(&first), requests(&again)), (1, 1));
    assert_eq!(first.cursor, again.cursor);
    assert!(agent.poll(Some(&first.cursor), 0).await.unwrap().events.is_empty());

    olivia.delete(&format!("requests/{}", request.id)).await.unwrap();
    olivia.delete(&format!("invitations/{}", invitation.id)).await.unwrap();
    let rest = agent.poll(Some(&start), 5).await.unwrap();
    let expected = [Event::RequestWithdrawn { request_id: request.id }, Event::InvitationClosed {}];
    assert_eq!(rest.events, expected, "a request that is over is not shown any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_is_too_old_or_unknown_is_gone() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let admin = stage.admin();
    let group = admin.add_group(&stage.organisation.id, "Office", VIEW_AND_CHAT.into(), false).unwrap();
    let mut agent = Agent::new(&stage.running.url);
    let device =
        agent.enrol(&admin.create_enrolment_token(&group, None, None).unwrap()).await.unwrap().device;
    let start = agent.snapshot().await.cursor;
    for text in ["nonsense", "e999", "e999.", "e0.other"] {
        assert_eq!(code(agent.poll(Some(text), 0).await), ProblemCode::CursorExpired);
    }
    let request = olivia.ask(Target::Device(device.device_id), VIEW_AND_CHAT).await.unwrap();
    olivia.delete(&format!("requests/{}", request.id)).await.unwrap();
    let newest = agent.snapshot().await.cursor;
    stage.clock.advance(Duration::from_secs(25 * 60 * 60));
    let deadline = Instant::now() + PATIENCE;
    loop {
        match agent.poll(Some(&start), 0).await {
            Err(problem) => {
                assert_eq!((problem.code, problem.status), (ProblemCode::CursorExpired, 410));
                break;
            }
            Ok(_) => assert!(Instant::now() < deadline, "old events are kept for ever"),
        }
    }
    assert!(agent.poll(Some(&newest), 0).await.unwrap().events.is_empty(), "who missed nothing goes on");
    let fresh = agent.snapshot().await;
    assert!(matches!(fresh.snapshot.unwrap().standing, Standing::Device(standing) if standing.accepted));
    assert!(agent.poll(Some(&fresh.cursor), 0).await.unwrap().events.is_empty());
}

/// The number of an event that was lost with the database is given once more, and its cursor is not taken for the new one's.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_backup_was_restored_no_event_is_skipped() {
    let stage = Stage::new().await;
    let mut olivia = stage.olivia().await;
    let (mut agent, invitation) = stage.joined(&olivia).await;
    let target = Target::Invitation(invitation.id);
    let known = agent.snapshot().await.cursor;
    let backup = tempfile::tempdir().unwrap();
    let copy = backup.path().join("copy.db");
    let copy_file = |from: &Path, to: &Path| assert!(std::fs::copy(from, to).unwrap() > 0);
    let stage = stage.restart_after(|database| copy_file(database, &copy)).await;
    agent.url.clone_from(&stage.running.url);
    olivia.url.clone_from(&stage.running.url);
    let lost = olivia.ask(target.clone(), VIEW_AND_CHAT).await.unwrap();
    let ahead = agent.poll(Some(&known), 5).await.unwrap();
    assert_eq!(requests(&ahead), 1, "a cursor stays good over a restart");

    let stage = stage.restart_after(|database| copy_file(&copy, database)).await;
    agent.url.clone_from(&stage.running.url);
    olivia.url.clone_from(&stage.running.url);
    let request = olivia.ask(target, VIEW_AND_CHAT).await.unwrap();
    assert_ne!(request.id, lost.id);
    assert_eq!(code(agent.poll(Some(&ahead.cursor), 0).await), ProblemCode::CursorExpired);
    let fresh = agent.snapshot().await;
    assert_eq!(fresh.snapshot.unwrap().request.unwrap().request_id, request.id);
    assert!(agent.poll(Some(&fresh.cursor), 0).await.unwrap().events.is_empty());
    assert_eq!(requests(&agent.poll(Some(&known), 0).await.unwrap()), 1, "what the copy knew stays known");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_poll_wins_and_the_older_is_answered_at_once() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (mut live, _) = olivia.listen().await;
    let (agent, invitation) = stage.joined(&olivia).await;
    let cursor = agent.snapshot().await.cursor;
    let agent = Arc::new(agent);
    let open = |agent: &Arc<Agent>| {
        let (agent, cursor) = (Arc::clone(agent), cursor.clone());
        tokio::spawn(async move { agent.poll(Some(&cursor), 300).await.unwrap() })
    };
    let mut older = open(&agent);
    let mut newer = open(&agent);
    // Which of the two came in first is not known; the one that did is answered, without events.
    let (answer, other) = tokio::select! {
        answer = &mut older => (answer.unwrap(), newer),
        answer = &mut newer => (answer.unwrap(), older),
        () = tokio::time::sleep(PATIENCE) => panic!("both polls are held"),
    };
    assert!(answer.events.is_empty());
    assert_eq!(answer.cursor, cursor);
    olivia.ask(Target::Invitation(invitation.id.clone()), VIEW_AND_CHAT).await.unwrap();
    assert_eq!(requests(&other.await.unwrap()), 1);
    live.until(|event| match event {
        LiveEvent::Invitation(view) => view.agent.filter(|agent| agent.presence.present).map(|_| ()),
        _ => None,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_an_agent_come_and_go() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, invitation) = stage.joined(&olivia).await;
    let (mut live, everything) = olivia.listen().await;
    let before = everything.invitations[0].agent.clone().unwrap().presence;
    assert_eq!(before, Presence { present: false, last_seen: None });
    let mut presence = async || {
        live.until(|event| match event {
            LiveEvent::Invitation(view) if view.id == invitation.id => view.agent.map(|agent| agent.presence),
            _ => None,
        })
        .await
    };
    let cursor = agent.snapshot().await.cursor;
    assert!(presence().await.present);
    agent.poll(Some(&cursor), 0).await.unwrap();
    stage.clock.advance(Duration::from_secs(16));
    let gone = presence().await;
    assert!(!gone.present && gone.last_seen.is_some());
    agent.poll(Some(&cursor), 0).await.unwrap();
    assert!(presence().await.present);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_agent_stays_away_ends() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (mut live, _) = olivia.listen().await;
    let (_agent, _) = stage.session(&olivia, VIEW_AND_CHAT).await;
    stage.clock.advance(Duration::from_secs(16));
    live.until(|event| match event {
        LiveEvent::Session(view) if !view.presence.present && view.ended.is_none() => Some(()),
        _ => None,
    })
    .await;
    stage.clock.advance(Duration::from_secs(120));
    let end = live
        .until(|event| match event {
            LiveEvent::Session(view) => view.ended,
            _ => None,
        })
        .await;
    assert_eq!(end.reason, protocol::EndReason::LinkLost);
}
