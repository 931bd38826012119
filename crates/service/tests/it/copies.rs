//! Copies of the database: made while the service runs, and put back.

use crate::support::{Agent, Operator, Stage, VIEW_AND_CHAT, code};
use protocol::{
    event::Event,
    operator::{DeviceView, Me, Target},
    problem::ProblemCode,
};
use service::{Config, admin};

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_the_service_runs_is_put_back_and_no_agent_misses_an_event() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let admin = stage.admin();
    let group = admin.add_group(&stage.organisation.id, "Office", VIEW_AND_CHAT.into(), false).unwrap();
    let token = admin.create_enrolment_token(&group, None, None).unwrap();
    let mut agent = Agent::new(&stage.running.url);
    let device = agent.enrol(&token).await.unwrap().device.device_id;
    let target = Target::Device(device.clone());
    olivia.ask(target.clone(), VIEW_AND_CHAT).await.unwrap();
    let kept = agent.snapshot().await.cursor;

    let folder = tempfile::tempdir().unwrap();
    let (copy, restored) = (folder.path().join("copy.db"), folder.path().join("restored.db"));
    admin.back_up(&copy).unwrap();
    assert!(admin.back_up(&copy).is_err(), "nothing is written over");
    let refused = admin::restore(&copy, &stage.database()).unwrap_err();
    assert!(format!("{:#}", anyhow::Error::from(refused)).contains("exists already"));

    // What happens after the copy is lost with it.
    let last = agent.poll(Some(&kept), 0).await.unwrap();
    olivia.delete(&format!("requests/{}", agent_request(&olivia, &device).await)).await.unwrap();
    let lost = agent.poll(Some(&last.cursor), 0).await.unwrap();
    assert!(lost.events.iter().any(|event| matches!(event, Event::RequestWithdrawn { .. })));

    let url = stage.running.url.clone();
    stage.running.shutdown().await;
    admin::restore(&copy, &restored).unwrap();
    let running = service::start(Config::local(&restored)).await.unwrap();
    agent.url.clone_from(&running.url);
    let answer = agent.poll(Some(&lost.cursor), 0).await;
    assert_eq!(code(answer), ProblemCode::CursorExpired, "that event never was");
    assert!(agent.poll(Some(&kept), 0).await.is_ok(), "what was told before the copy still counts");
    assert!(agent.snapshot().await.snapshot.unwrap().request.is_some());
    let before = Operator { url: running.url.clone(), ..olivia };
    assert_eq!(code(before.get::<Me>("me").await), ProblemCode::Unauthenticated, "everybody is signed out");
    let again = Operator::sign_in(&running.url, "olivia").await;
    assert_eq!(again.get::<Vec<DeviceView>>("devices").await.unwrap().len(), 1);
    assert_ne!(url, running.url);
    running.shutdown().await;
}

async fn agent_request(olivia: &Operator, device: &protocol::DeviceId) -> protocol::RequestId {
    let devices: Vec<DeviceView> = olivia.get("devices").await.unwrap();
    let device = devices.into_iter().find(|it| it.id == *device).unwrap();
    device.agent.request.unwrap().id
}

#[test]
fn what_is_no_copy_is_not_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("service.db");
    let [missing, text, other, newer] =
        ["none.db", "text.db", "other.db", "newer.db"].map(|name| folder.path().join(name));
    admin::Admin::open(&newer).unwrap();
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    std::fs::write(&text, "this is no database, only a text that is long enough").unwrap();
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE it (a)").unwrap();
    for from in [missing, text, other, newer] {
        assert!(admin::restore(&from, &target).is_err(), "{}", from.display());
        assert!(!target.exists(), "{}", from.display());
    }
}

#[cfg(unix)]
#[test]
fn a_copy_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (database, copy) = (folder.path().join("service.db"), folder.path().join("copy.db"));
    admin::Admin::open(&database).unwrap().back_up(&copy).unwrap();
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
