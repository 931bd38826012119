//! The audit log.

use crate::support::{Operator, Stage, VIEW_AND_CHAT, code};
use protocol::{
    Permissions,
    event::MessageKind,
    operator::{AuditAction, AuditEntry, AuditPage, CreateInvitation, InvitationView, PostMessage},
    problem::ProblemCode,
};
use rusqlite::Connection;
use service::store::AuditFilter;
use std::{convert::Infallible, time::Duration};

async fn log(olivia: &Operator, query: &str) -> Vec<AuditEntry> {
    olivia.get::<AuditPage>(&format!("audit?{query}")).await.unwrap().entries
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operators_do_is_there_with_who_when_about_what_and_from_where() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let wanted = CreateInvitation { label: Some("Ursula, printer".into()), ..CreateInvitation::default() };
    let invitation: InvitationView = olivia.post("invitations", &wanted).await.unwrap();
    let (agent, session) = stage.session(&olivia, VIEW_AND_CHAT).await;
    let said = PostMessage { kind: MessageKind::Chat, text: "a word in confidence".into() };
    olivia.post::<serde_json::Value>(&format!("sessions/{session}/messages"), &said).await.unwrap();
    olivia.delete(&format!("invitations/{}", invitation.id)).await.unwrap();
    olivia.post::<()>(&format!("sessions/{session}/end"), &()).await.unwrap();
    olivia.post::<()>(&format!("sessions/{session}/end"), &()).await.unwrap();

    let entries = log(&olivia, "").await;
    let actions: Vec<_> = entries.iter().map(|entry| entry.action).collect();
    let expected = [
        AuditAction::SessionEnded,
        AuditAction::InvitationWithdrawn,
        AuditAction::RequestMade,
        AuditAction::InvitationMade,
        AuditAction::InvitationMade,
        AuditAction::SignedIn,
        AuditAction::OperatorAdded,
        AuditAction::OrganisationAdded,
    ];
    assert_eq!(actions, expected, "newest first, and an end that changed nothing is none");
    assert_eq!(entries[1].about.as_deref(), Some("Ursula, printer"));
    assert_eq!(entries[1].about_id.as_deref(), Some(invitation.id.as_str()));
    assert_eq!(entries[2].permissions, Some(Permissions::from(VIEW_AND_CHAT)));
    assert_eq!(entries[2].operator.as_ref(), Some(&olivia.me.operator));
    assert_eq!(entries[2].address.as_deref(), Some("127.0.0.1"));
    for entry in &entries[6..] {
        assert_eq!((&entry.operator, &entry.address), (&None, &None), "whoever runs the service");
    }
    assert_eq!(entries[6].about.as_ref(), Some(&olivia.me.operator.name));

    let all = serde_json::to_string(&entries).unwrap();
    let invitation_code = invitation.session_code.unwrap();
    for secret in ["confidence", invitation_code.digits(), agent.token.as_str(), crate::support::PASSWORD] {
        assert!(!all.contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_a_line_with_its_fingerprint() {
    let stage = Stage::new().await;
    let (key, _) = stage.admin().rotate_key(&stage.organisation.id, 30).unwrap();
    let newest = &log(&stage.olivia().await, "action=key_rotated").await[0];
    assert_eq!((newest.about.as_ref(), &newest.operator), (Some(&key.fingerprint()), &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_searched_and_read_page_by_page_by_administrators_of_the_organisation_alone() {
    let stage = Stage::new().await;
    let (olivia, oscar) = (stage.olivia().await, stage.oscar().await);
    for name in ["Ursula", "Udo", "Una"] {
        let wanted = CreateInvitation { label: Some(name.into()), ..CreateInvitation::default() };
        oscar.post::<InvitationView>("invitations", &wanted).await.unwrap();
    }
    let found = log(&olivia, "search=oscar%20URS").await;
    assert_eq!(found.iter().map(|entry| entry.about.as_deref()).collect::<Vec<_>>(), [Some("Ursula")]);
    let oscars = format!("operator={}&action=invitation_made", oscar.me.operator.id);
    assert_eq!(log(&olivia, &oscars).await.len(), 3);
    assert_eq!(log(&olivia, "until=2020-01-01T00:00:00Z").await, []);
    let whole = log(&olivia, "").await;
    let mut pages = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let page: AuditPage = olivia.get(&format!("audit?{query}")).await.unwrap();
        pages.extend(page.entries);
        let Some(next) = page.next else { break };
        query = format!("limit=2&after={next}");
    }
    assert_eq!(pages, whole);
    assert_eq!(code(olivia.get::<AuditPage>("audit?limit=101").await), ProblemCode::Invalid);
    assert_eq!(code(oscar.get::<AuditPage>("audit").await), ProblemCode::Forbidden);

    let admin = stage.admin();
    let other = admin.add_organisation("Sample Care", None).unwrap();
    let password = protocol::Secret::new(crate::support::PASSWORD);
    admin.add_operator(&other.id, "otto", "Otto Example", &password).unwrap();
    let otto = Operator::sign_in(&stage.running.url, "otto").await;
    let theirs = log(&otto, "").await;
    assert!(theirs.iter().all(|entry| entry.operator.as_ref().is_none_or(|it| it.name == "Otto Example")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_tried_by_who_is_signed_in_is_a_line_too() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let guess =
        protocol::operator::BeginSecondFactor { current_password: protocol::Secret::new("not this one") };
    let refused = olivia.post::<serde_json::Value>("me/second-factor", &guess).await;
    assert_eq!(code(refused), ProblemCode::WrongPassword);
    let newest = &log(&olivia, "").await[0];
    assert_eq!((newest.action, newest.address.as_deref()), (AuditAction::SignInFailed, Some("127.0.0.1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_a_line_and_after_a_year_it_goes() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let changed = Connection::open(stage.database()).unwrap().execute("UPDATE audit SET about = 'else'", []);
    assert!(changed.unwrap_err().to_string().contains("only added to"));
    let count = || {
        let mut lines = 0;
        let every = AuditFilter::default();
        let counted = stage.admin().export_audit(&every, |_, _| {
            lines += 1;
            Ok::<_, service::admin::Error>(())
        });
        counted.unwrap();
        lines
    };
    assert_eq!(count(), 3);
    drop(olivia);
    stage.clock.advance(Duration::from_secs(366 * 24 * 60 * 60));
    let pruned = async {
        while count() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok::<_, Infallible>(())
    };
    tokio::time::timeout(crate::support::PATIENCE, pruned).await.unwrap().unwrap();
}
