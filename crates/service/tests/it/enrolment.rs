//! Device groups and enrolment tokens, managed by an administrator.

use crate::support::{Agent, Operator, Stage, VIEW_AND_CHAT, approved, code};
use protocol::{
    Permission, Permissions, Secret, Timestamp,
    agent::{EnrolRequest, EnrolResponse},
    event::Event,
    operator::{
        AddEnrolmentToken, AddGroup, ChangeGroup, DeviceView, EnrolmentTokenAdded, EnrolmentView,
        SessionView, Target,
    },
    problem::ProblemCode,
};
use std::time::Duration;

fn group(name: &str) -> AddGroup {
    AddGroup {
        name: name.into(),
        permissions: Permissions::from([Permission::View, Permission::Chat, Permission::Control]),
        requires_acceptance: false,
    }
}

/// A group with a token that is good without limits.
async fn office(olivia: &Operator) -> (EnrolmentView, Secret) {
    let office: EnrolmentView = olivia.post("device-groups", &group("Office")).await.unwrap();
    let tokens = format!("device-groups/{}/enrolment-tokens", office.group.id);
    let token: EnrolmentTokenAdded = olivia.post(&tokens, &AddEnrolmentToken::default()).await.unwrap();
    (office, token.enrolment_token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_enrols_as_many_devices_as_it_says_until_it_is_revoked_or_expires() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let office: EnrolmentView = olivia.post("device-groups", &group("Office")).await.unwrap();
    assert_eq!((office.group.name.as_str(), office.devices, office.tokens.len()), ("Office", 0, 0));
    let tokens = format!("device-groups/{}/enrolment-tokens", office.group.id);
    let wanted =
        AddEnrolmentToken { label: Some("Rollout\nspring".into()), uses: Some(1), expires_in_days: None };
    let once: EnrolmentTokenAdded = olivia.post(&tokens, &wanted).await.unwrap();
    assert_eq!(once.token.label.as_deref(), Some("Rollout spring"));

    let mut agent = Agent::new(&stage.running.url);
    agent.enrol(&once.enrolment_token).await.unwrap();
    let mut second = Agent::new(&stage.running.url);
    assert_eq!(code(second.enrol(&once.enrolment_token).await), ProblemCode::EnrolmentRefused, "used up");
    let short = AddEnrolmentToken { expires_in_days: Some(1), ..AddEnrolmentToken::default() };
    let short: EnrolmentTokenAdded = olivia.post(&tokens, &short).await.unwrap();
    second.enrol(&short.enrolment_token).await.unwrap();
    let open: EnrolmentTokenAdded = olivia.post(&tokens, &AddEnrolmentToken::default()).await.unwrap();

    let listed: Vec<EnrolmentView> = olivia.get("enrolment").await.unwrap();
    assert_eq!(listed[0].devices, 2);
    let seen: Vec<_> =
        listed[0].tokens.iter().map(|token| (token.id.clone(), token.devices, token.uses_left)).collect();
    let expected =
        [(open.token.id.clone(), 0, None), (short.token.id.clone(), 1, None), (once.token.id, 1, Some(0))];
    assert_eq!(seen, expected);

    olivia.delete(&format!("enrolment-tokens/{}", open.token.id)).await.unwrap();
    olivia.delete(&format!("enrolment-tokens/{}", open.token.id)).await.unwrap();
    let mut third = Agent::new(&stage.running.url);
    assert_eq!(code(third.enrol(&open.enrolment_token).await), ProblemCode::EnrolmentRefused, "revoked");
    stage.clock.advance(Duration::from_secs(24 * 60 * 60));
    let olivia = stage.olivia().await;
    assert_eq!(code(third.enrol(&short.enrolment_token).await), ProblemCode::EnrolmentRefused, "expired");
    let devices: Vec<DeviceView> = olivia.get("devices").await.unwrap();
    assert_eq!(devices.len(), 2, "what was enrolled stays");
    let listed: Vec<EnrolmentView> = olivia.get("enrolment").await.unwrap();
    assert!(listed[0].tokens[0].revoked_at.is_some());
    assert_eq!(code(olivia.delete("enrolment-tokens/nothing").await), ProblemCode::NotFound);
    for (uses, expires_in_days) in [(Some(0), None), (None, Some(0)), (None, Some(3651))] {
        let wanted = AddEnrolmentToken { label: None, uses, expires_in_days };
        assert_eq!(code(olivia.post::<EnrolmentTokenAdded>(&tokens, &wanted).await), ProblemCode::Invalid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_allows_less_takes_it_from_its_devices_and_their_sessions() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (office, token) = office(&olivia).await;
    let mut agent = Agent::new(&stage.running.url);
    let device = agent.enrol(&token).await.unwrap().device;
    let all = office.group.permissions;
    let request = olivia.ask(Target::Device(device.device_id.clone()), all).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    let receipt = agent.receipt(&event, approved(all), 1);
    let session = agent.report(&request.id, &receipt).await.unwrap().session.unwrap().session_id;
    let mut cursor = agent.snapshot().await.cursor;
    let (mut live, _) = olivia.listen().await;

    let path = format!("device-groups/{}", office.group.id);
    let less = ChangeGroup {
        name: Some("Front desk".into()),
        permissions: Some(VIEW_AND_CHAT.into()),
        requires_acceptance: Some(true),
    };
    let changed: EnrolmentView = olivia.patch(&path, &less).await.unwrap();
    assert_eq!((changed.group.permissions, changed.requires_acceptance), (VIEW_AND_CHAT.into(), true));
    let told = agent
        .until(&mut cursor, |event| match event {
            Event::DeviceChanged(standing) => Some(standing),
            _ => None,
        })
        .await;
    assert_eq!((told.permissions, told.group_name.as_str()), (VIEW_AND_CHAT.into(), "Front desk"));
    assert!(told.accepted, "a device that was accepted stays so");
    let narrowed: SessionView = olivia.get(&format!("sessions/{session}")).await.unwrap();
    assert_eq!(narrowed.granted, VIEW_AND_CHAT.into());
    let everything = live
        .until(|event| match event {
            protocol::operator::LiveEvent::Everything(everything) => Some(everything),
            _ => None,
        })
        .await;
    assert_eq!(everything.devices[0].group.name, "Front desk", "open consoles see it at once");
    let more = olivia.ask(Target::Session(session), [Permission::Control]).await;
    assert_eq!(code(more), ProblemCode::Invalid);
    let nothing = ChangeGroup { permissions: Some(Permissions::EMPTY), ..ChangeGroup::default() };
    assert_eq!(code(olivia.patch::<EnrolmentView>(&path, &nothing).await), ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_device_is_retired_and_its_key_enrols_nothing_more() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (_, token) = office(&olivia).await;
    let mut agent = Agent::new(&stage.running.url);
    let enrolled = agent.enrol(&token).await.unwrap();
    let polled = async |run: &str| {
        let url = format!("{}/agent/v1/events?run={run}", agent.url);
        let answer = agent.client.get(url).bearer_auth(&agent.token).send().await.unwrap();
        crate::support::outcome::<protocol::agent::EventsResponse>(answer).await
    };
    assert_eq!(code(polled("two%20words").await), ProblemCode::Invalid);
    for run in ["monday", "monday", "tuesday", "wednesday", "thursday", "wednesday", "thursday"] {
        let standing = polled(run).await.unwrap();
        assert!(!standing.events.contains(&Event::DeviceRetired {}), "{run}: starting again is no copy");
    }
    let told = polled("wednesday").await.unwrap();
    assert!(told.events.contains(&Event::DeviceRetired {}), "two that take turns are");
    assert_eq!(olivia.get::<Vec<DeviceView>>("devices").await.unwrap(), []);
    let log: protocol::operator::AuditPage = olivia.get("audit?action=device_copied").await.unwrap();
    assert_eq!(log.entries[0].about_id.as_deref(), Some(enrolled.device.device_id.as_str()));
    assert_eq!(log.entries[0].operator, None);

    assert_eq!(code(agent.enrol(&token).await), ProblemCode::KeyCloned);
    let mut anew = Agent::new(&stage.running.url);
    let anew = anew.enrol(&token).await.unwrap();
    assert_ne!(anew.device.device_id, enrolled.device.device_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_a_token_and_a_devices_public_key_is_not_that_device() {
    let stage = Stage::new().await;
    let admin = stage.admin();
    let group = admin.add_group(&stage.organisation.id, "Office", VIEW_AND_CHAT.into(), false).unwrap();
    let token = admin.create_enrolment_token(&group, None, None).unwrap();
    let other_token = admin.create_enrolment_token(&group, None, None).unwrap();
    let mut device = Agent::new(&stage.running.url);
    device.enrol(&token).await.unwrap();
    let thief = Agent::new(&stage.running.url);
    let key = device.key.public().to_string();
    let now = Timestamp::now();
    let hours = protocol::SignedDuration::from_hours;
    let own = device.enrolment(&token, now);
    for (refused, why) in [
        (EnrolRequest { public_key: key.clone(), ..thief.enrolment(&token, now) }, "another key signed"),
        (EnrolRequest { proof: String::new(), ..own.clone() }, "nothing is signed"),
        (EnrolRequest { proof: device.enrolment(&other_token, now).proof, ..own.clone() }, "another token's"),
        (device.enrolment(&token, now - hours(25)), "signed long ago"),
        (device.enrolment(&token, now + hours(25)), "signed in the future"),
    ] {
        let answer = thief.post::<EnrolResponse>("enrol", &refused).await;
        assert_eq!(code(answer), ProblemCode::Invalid, "{why}");
    }
    device.snapshot().await;
    thief.post::<EnrolResponse>("enrol", &device.enrolment(&token, now - hours(23))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_device_comes_back_only_with_a_token_that_is_made_afterwards() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let office: EnrolmentView = olivia.post("device-groups", &group("Office")).await.unwrap();
    let tokens = format!("device-groups/{}/enrolment-tokens", office.group.id);
    let make = async || -> EnrolmentTokenAdded {
        olivia.post(&tokens, &AddEnrolmentToken::default()).await.unwrap()
    };
    let (deployed, beside) = (make().await, make().await);
    let mut agent = Agent::new(&stage.running.url);
    let first = agent.enrol(&deployed.enrolment_token).await.unwrap().device.device_id;
    stage.clock.advance(Duration::from_secs(1));
    olivia.delete(&format!("devices/{first}")).await.unwrap();
    for token in [&deployed, &beside] {
        let answer = agent.enrol(&token.enrolment_token).await;
        assert_eq!(code(answer), ProblemCode::EnrolmentRefused);
    }
    assert_eq!(olivia.get::<Vec<DeviceView>>("devices").await.unwrap(), []);
    Agent::new(&stage.running.url).enrol(&deployed.enrolment_token).await.unwrap();

    stage.clock.advance(Duration::from_secs(1));
    let later = make().await;
    let again = agent.enrol(&later.enrolment_token).await.unwrap().device.device_id;
    assert_ne!(again, first);
    assert_eq!(agent.enrol(&later.enrolment_token).await.unwrap().device.device_id, again);
}
