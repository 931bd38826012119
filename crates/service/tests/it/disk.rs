//! A file system that is really full, and one that is really read-only, under the service's database.

use crate::{
    mount::Mount,
    support::{Agent, Operator, PASSWORD, VIEW_AND_CHAT, approved, code},
};
use protocol::{
    Secret,
    operator::{CreateInvitation, InvitationView, RequestState, SessionView, Target},
    problem::ProblemCode,
};
use service::{Config, admin::Admin};

#[tokio::test(flavor = "multi_thread")]
async fn without_room_nothing_is_taken_for_done_and_with_some_all_goes_on_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Mount::at(folder.path(), "4m") else { return };
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let database = folder.path().join("service.db");
    let admin = Admin::open(&database).unwrap();
    let organisation = admin.add_organisation("Example Support", Some("support.example")).unwrap();
    admin.add_operator(&organisation.id, "olivia", "Olivia Example", &Secret::new(PASSWORD)).unwrap();
    drop(admin);
    let running = service::start(Config::local(&database)).await.unwrap();
    let olivia = Operator::sign_in(&running.url, "olivia").await;
    let invitation = olivia.invite().await;
    let mut agent = Agent::new(&running.url);
    agent.join(invitation.session_code.as_ref().unwrap()).await.unwrap();
    let request = olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    let receipt = agent.receipt(&event, approved(VIEW_AND_CHAT), 1);

    disk.fill();
    // What is left of the log's last pages takes some more.
    let refused = loop {
        let invited: Result<InvitationView, _> =
            olivia.post("invitations", &CreateInvitation::default()).await;
        if let Err(problem) = invited {
            break problem;
        }
    };
    assert_eq!(refused.code, ProblemCode::Internal);
    let answer = agent.report(&event.request_id, &receipt).await;
    assert_eq!(code(answer), ProblemCode::Internal, "a yes that is not kept opens no session");
    assert_eq!(olivia.get::<Vec<SessionView>>("sessions").await.unwrap(), []);

    disk.empty();
    let answer = agent.report(&event.request_id, &receipt).await.unwrap();
    let session = answer.session.unwrap().session_id;
    let again = agent.report(&event.request_id, &receipt).await.unwrap();
    assert_eq!(again.session.unwrap().session_id, session, "once");
    assert!(matches!(olivia.request(&request.id).await.state, RequestState::Approved { .. }));
    running.shutdown().await;
    let running = service::start(Config::local(&database)).await.unwrap();
    let olivia = Operator { url: running.url.clone(), ..olivia };
    assert_eq!(olivia.get::<Vec<SessionView>>("sessions").await.unwrap().len(), 1);
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_what_cannot_be_written_it_does_not_start_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Mount::at(folder.path(), "4m") else { return };
    let database = folder.path().join("service.db");
    Admin::open(&database).unwrap().add_organisation("Example Support", None).unwrap();
    disk.make_read_only();
    let Err(error) = service::start(Config::local(&database)).await else { panic!("it started") };
    let said = format!("{:#}", anyhow::Error::from(error));
    assert!(said.to_lowercase().contains("read-only"), "{said}");
}
