//! Who may do what on the operator side.

use crate::support::{Operator, PASSWORD, Stage, VIEW_AND_CHAT, code, outcome};
use protocol::{
    Secret,
    event::{Event, MessageKind},
    operator::{
        InvitationView, LiveEvent, Me, MessageView, PostMessage, ReceiptView, SessionView, SignIn, Target,
    },
    problem::ProblemCode,
};
use reqwest::Method;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_does_needs_the_token_and_the_services_own_page() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let url = format!("{}/operator/v1/invitations", stage.running.url);
    let token = olivia.me.csrf_token.expose();
    let post = || olivia.client.post(&url).json(&serde_json::json!({}));
    let forbidden = [
        ("no token", post()),
        ("wrong token", post().header("X-CSRF-Token", "x")),
        ("another site", post().header("X-CSRF-Token", token).header("Origin", "https://evil.example")),
        ("an opaque origin", post().header("X-CSRF-Token", token).header("Origin", "null")),
        ("a cross-site fetch", post().header("X-CSRF-Token", token).header("Sec-Fetch-Site", "cross-site")),
    ];
    for (what, request) in forbidden {
        let answer = outcome::<InvitationView>(request.send().await.unwrap()).await;
        assert_eq!(code(answer), ProblemCode::Forbidden, "{what}");
    }
    let own = post().header("X-CSRF-Token", token).header("Origin", &stage.running.url);
    outcome::<InvitationView>(own.send().await.unwrap()).await.unwrap();

    let body = SignIn { login: "olivia".into(), password: Secret::new(PASSWORD), code: None };
    let sign_in = olivia.client.post(format!("{}/operator/v1/sign-in", stage.running.url)).json(&body);
    let answer = outcome::<Me>(sign_in.header("Origin", "https://evil.example").send().await.unwrap()).await;
    assert_eq!(code(answer), ProblemCode::Forbidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_voids_the_cookie_and_ends_live_connections() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let elsewhere = stage.olivia().await;
    let (mut live, _) = olivia.listen().await;
    olivia.send::<()>(Method::POST, "sign-out", None::<&()>).await.unwrap();
    assert_eq!(live.next().await, None);
    assert_eq!(code(olivia.get::<Me>("me").await), ProblemCode::Unauthenticated);
    elsewhere.get::<Me>("me").await.unwrap();
    stage.clock.advance(Duration::from_secs(12 * 60 * 60));
    assert_eq!(code(elsewhere.get::<Me>("me").await), ProblemCode::Unauthenticated, "a sign-in wears out");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organisations_operator_sees_and_reaches_nothing() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let admin = stage.admin();
    let rival = admin.add_organisation("Other Support", None).unwrap();
    admin.add_operator(&rival.id, "otto", "Otto Example", &Secret::new(PASSWORD)).unwrap();
    let otto = Operator::sign_in(&stage.running.url, "otto").await;
    let (mut live, everything) = otto.listen().await;
    assert!(everything.invitations.is_empty());

    let (_agent, session_id) = stage.session(&olivia, VIEW_AND_CHAT).await;
    let (_other, invitation) = stage.joined(&olivia).await;
    let request = olivia.ask(Target::Invitation(invitation.id.clone()), VIEW_AND_CHAT).await.unwrap();
    assert!(otto.get::<Vec<InvitationView>>("invitations").await.unwrap().is_empty());
    assert!(otto.get::<Vec<SessionView>>("sessions").await.unwrap().is_empty());
    let not_found = [
        code(otto.get::<SessionView>(&format!("sessions/{session_id}")).await),
        code(otto.get::<Vec<MessageView>>(&format!("sessions/{session_id}/messages")).await),
        code(otto.get::<Vec<ReceiptView>>(&format!("sessions/{session_id}/receipts")).await),
        code(otto.send::<()>(Method::POST, &format!("sessions/{session_id}/end"), None::<&()>).await),
        code(otto.delete(&format!("invitations/{}", invitation.id)).await),
        code(otto.delete(&format!("requests/{}", request.id)).await),
        code(otto.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await),
        code(otto.ask(Target::Session(session_id), VIEW_AND_CHAT).await),
    ];
    assert_eq!(not_found, [ProblemCode::NotFound; 8]);
    let own = otto.invite().await;
    let first = live.next().await;
    assert_eq!(first, Some(LiveEvent::Invitation(own)), "nothing of the other organisation came before");
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_and_more_permissions_are_the_sessions_own_operators_and_ending_is_anybodys() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let (_agent, session_id) = stage.session(&olivia, VIEW_AND_CHAT).await;
    let messages = format!("sessions/{session_id}/messages");
    let said = PostMessage { kind: MessageKind::Chat, text: "Hello".into() };
    assert_eq!(code(oscar.post::<MessageView>(&messages, &said).await), ProblemCode::Forbidden);
    assert_eq!(code(oscar.get::<Vec<MessageView>>(&messages).await), ProblemCode::Forbidden);
    let more = oscar.ask(Target::Session(session_id.clone()), [protocol::Permission::Control]).await;
    assert_eq!(code(more), ProblemCode::Forbidden);
    oscar.send::<()>(Method::POST, &format!("sessions/{session_id}/end"), None::<&()>).await.unwrap();
    assert_eq!(code(olivia.post::<MessageView>(&messages, &said).await), ProblemCode::SessionEnded);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_is_told_when_the_operator_is_gone_and_back() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (live, _) = olivia.listen().await;
    let (agent, _) = stage.session(&olivia, VIEW_AND_CHAT).await;
    let mut cursor = agent.snapshot().await.cursor;
    let mut presence = async || {
        agent
            .until(&mut cursor, |event| match event {
                Event::OperatorPresence { present, .. } => Some(present),
                _ => None,
            })
            .await
    };
    drop(live);
    assert!(!presence().await);
    let _live = olivia.listen().await;
    assert!(presence().await);
}
