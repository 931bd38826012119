//! What every store must do, written against the trait.

use protocol::{
    Actions, EndReason, InvitationId, OperatorId, Organisation, OrganisationId, Permissions, RequestId,
    SessionId, Timestamp,
    agent::AgentDescription,
    event::{Event, MessageKind},
    operator::{GroupView, InvitationState, RequestState, Role, SessionEnd, Speaker, Target},
    signed::Audience,
};
use service::store::{
    AgentKey, Countable, EnrolmentTokenRecord, Error, GroupRecord, HistoryFilter, InvitationRecord,
    LogoRecord, MessageRecord, OperatorRecord, OrganisationRecord, RequestRecord, SessionRecord, Store, Tx,
    sqlite::Sqlite,
};

/// Every implementation is put through the same tests.
fn stores() -> Vec<(tempfile::TempDir, Box<dyn Store>)> {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(&folder.path().join("store.db")).unwrap();
    vec![(folder, Box::new(sqlite))]
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + secs).unwrap()
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn operator() -> protocol::Operator {
    protocol::Operator { id: id("olivia"), name: "Olivia Example".into() }
}

fn description() -> AgentDescription {
    AgentDescription { version: "1.2.3".into(), operating_system: "linux".into() }
}

/// An organisation, an operator, and an agent that joined an invitation.
fn set_up(tx: &mut dyn Tx) -> Result<AgentKey, Error> {
    let organisation: OrganisationId = id("org");
    let public = Organisation {
        key_successions: Vec::new(),
        id: organisation.clone(),
        name: "Example Support".into(),
        domain: None,
        display_text: None,
        public_key: "key".into(),
    };
    tx.add_organisation(&OrganisationRecord {
        public,
        accent: None,
        domain_by: None,
        second_factor_required: false,
        suspended_at: None,
        signing_key: vec![1],
    })?;
    tx.add_operator(&OperatorRecord {
        public: operator(),
        organisation: organisation.clone(),
        login: "olivia".into(),
        password_hash: "hash".into(),
        role: Role::Administrator,
        disabled_at: None,
        one_time_until: None,
        created_at: Some(at(0)),
        last_sign_in: None,
        second_factor_since: None,
    })?;
    tx.add_invitation(&invitation("one", "mac-one"))?;
    let audience = Audience::Invitation(id("one"));
    tx.add_agent(&organisation, &audience, "public key", &description(), "token hash")
}

fn invitation(name: &str, code_mac: &str) -> InvitationRecord {
    InvitationRecord {
        id: id(name),
        organisation: id("org"),
        operator: operator(),
        code: Some(id("123456789")),
        code_mac: code_mac.into(),
        label: Some("Printer".into()),
        created_at: at(0),
        expires_at: at(7200),
        state: InvitationState::Open,
        closed_at: None,
    }
}

fn request(name: &str, agent: AgentKey, target: Target) -> RequestRecord {
    RequestRecord {
        id: id(name),
        organisation: id("org"),
        operator: operator(),
        agent,
        target,
        permissions: Permissions::all(),
        signed: "a.b.c".into(),
        created_at: at(1),
        answer_until: at(121),
        expires_at: at(661),
        delivered_at: None,
        state: RequestState::Sent,
    }
}

fn session(name: &str, agent: AgentKey) -> SessionRecord {
    SessionRecord {
        id: id(name),
        organisation: id("org"),
        operator: operator(),
        agent,
        target: Target::Invitation(id("one")),
        title: "Printer".into(),
        granted: Permissions::all(),
        actions: Actions::EMPTY,
        suspended: false,
        unsupported: Permissions::EMPTY,
        started_at: at(10),
        ends_at: at(3610),
        ended: None,
    }
}

#[test]
fn an_error_undoes_the_whole_transaction() {
    for (_folder, store) in stores() {
        let failed: Result<(), Error> = store.run(|tx| {
            set_up(tx)?;
            Err(Error::Exists)
        });
        assert!(matches!(failed, Err(Error::Exists)));
        let operator = store.run(|tx| tx.operator_by_login("olivia")).unwrap();
        assert!(operator.is_none());
        store.run(|tx| set_up(tx)).unwrap();
    }
}

#[test]
fn what_must_be_unique_is() {
    for (_folder, store) in stores() {
        let agent = store.run(|tx| set_up(tx)).unwrap();
        let exists = |result: Result<(), Error>| assert!(matches!(result, Err(Error::Exists)), "{result:?}");
        exists(store.run(|tx| tx.add_invitation(&invitation("two", "mac-one"))));
        exists(store.run(|tx| {
            let operator = tx.operator_by_login("olivia")?.unwrap();
            let public = protocol::Operator { id: id::<OperatorId>("other"), ..operator.public };
            tx.add_operator(&OperatorRecord { public, ..operator })
        }));
        let target = Target::Invitation(id("one"));
        store.run(|tx| tx.add_request(&request("r1", agent, target.clone()))).unwrap();
        exists(store.run(|tx| tx.add_request(&request("r2", agent, target.clone()))));
        store.run(|tx| tx.add_session(&session("s1", agent))).unwrap();
        exists(store.run(|tx| tx.add_session(&session("s2", agent))));
    }
}

#[test]
fn a_code_in_plain_text_is_gone_when_the_invitation_is_no_longer_open() {
    for (_folder, store) in stores() {
        store.run(|tx| set_up(tx)).unwrap();
        let one: InvitationId = id("one");
        let found = store.run(|tx| tx.invitation_by_code("mac-one")).unwrap().unwrap();
        assert_eq!(found, invitation("one", "mac-one"));
        store.run(|tx| tx.set_invitation_state(&one, InvitationState::Joined, None)).unwrap();
        let joined = store.run(|tx| tx.invitation(&one)).unwrap().unwrap();
        assert_eq!((joined.code, joined.state), (None, InvitationState::Joined));
        store.run(|tx| tx.set_invitation_state(&one, InvitationState::Expired, Some(at(100)))).unwrap();
        store.run(|tx| tx.forget_codes_closed_before(at(100))).unwrap();
        assert!(store.run(|tx| tx.invitation_by_code("mac-one")).unwrap().is_some());
        store.run(|tx| tx.forget_codes_closed_before(at(101))).unwrap();
        assert!(store.run(|tx| tx.invitation_by_code("mac-one")).unwrap().is_none());
    }
}

#[test]
fn events_are_numbered_per_agent_and_pruning_is_remembered() {
    for (_folder, store) in stores() {
        let agent = store.run(|tx| set_up(tx)).unwrap();
        for secs in 0..5 {
            let event = Event::InvitationClosed {};
            let number = store.run(|tx| tx.append_event(agent, &event, at(secs))).unwrap();
            assert_eq!(number, secs + 1);
        }
        let numbers = |after, limit| -> Vec<i64> {
            let events = store.run(|tx| tx.events_after(agent, after, limit)).unwrap();
            events.into_iter().map(|(number, _)| number).collect()
        };
        assert_eq!(numbers(1, 2), [2, 3]);
        store.run(|tx| tx.prune_events_before(at(3))).unwrap();
        assert_eq!(numbers(0, 10), [4, 5]);
        let record = store.run(|tx| tx.agent(agent)).unwrap().unwrap();
        assert_eq!((record.pruned_through, record.last_event), (3, 5));
        let mark = |number| store.run(|tx| tx.event_mark(agent, number)).unwrap();
        assert_eq!((mark(0), mark(3), mark(6)), (None, None, None));
        assert!(mark(4).is_some() && mark(5).is_some() && mark(4) != mark(5));
        store.run(|tx| tx.prune_events_before(at(1000))).unwrap();
        let record = store.run(|tx| tx.agent(agent)).unwrap().unwrap();
        assert_eq!((record.pruned_through, record.last_event), (4, 5), "the newest stays");
        assert!(mark(4).is_none() && mark(5).is_some());
        let unknown = store.run(|tx| tx.append_event(AgentKey(99), &Event::InvitationClosed {}, at(0)));
        assert!(unknown.is_err());
    }
}

#[test]
fn a_request_is_found_open_by_its_agent_and_afterwards_by_its_session() {
    for (_folder, store) in stores() {
        let agent = store.run(|tx| set_up(tx)).unwrap();
        let target = Target::Invitation(id("one"));
        let asked = request("r1", agent, target);
        store.run(|tx| tx.add_request(&asked)).unwrap();
        assert_eq!(store.run(|tx| tx.open_request(agent)).unwrap(), Some(asked.clone()));
        let session_id: SessionId = id("s1");
        let state = RequestState::Approved {
            permissions: Permissions::all(),
            session_id: session_id.clone(),
            given_by: None,
        };
        let answered = RequestRecord { state, delivered_at: Some(at(2)), ..asked };
        store.run(|tx| tx.update_request(&answered)).unwrap();
        assert_eq!(store.run(|tx| tx.open_request(agent)).unwrap(), None);
        let found: RequestId = id("r1");
        assert_eq!(store.run(|tx| tx.request(&found)).unwrap(), Some(answered));
        let receipt = service::store::ReceiptRecord {
            request: found,
            receipt: "x.y.z".into(),
            received_at: at(3),
            place: None,
            countersignature: None,
        };
        store.run(|tx| tx.add_receipt(&receipt)).unwrap();
        assert_eq!(store.run(|tx| tx.receipts(&session_id)).unwrap(), [receipt]);
    }
}

#[test]
fn the_first_end_of_a_session_stays() {
    for (_folder, store) in stores() {
        let agent = store.run(|tx| set_up(tx)).unwrap();
        let running = session("s1", agent);
        store.run(|tx| tx.add_session(&running)).unwrap();
        assert_eq!(store.run(|tx| tx.running_session(agent)).unwrap(), Some(running.clone()));
        assert!(store.run(|tx| tx.end_session(&running.id, at(20), EndReason::User)).unwrap());
        assert!(!store.run(|tx| tx.end_session(&running.id, at(30), EndReason::Operator)).unwrap());
        let ended = store.run(|tx| tx.session(&running.id)).unwrap().unwrap().ended.unwrap();
        assert_eq!((ended.at, ended.reason), (at(20), EndReason::User));
        let organisation: OrganisationId = id("org");
        assert_eq!(store.run(|tx| tx.sessions(&organisation, at(19))).unwrap().len(), 1);
        assert_eq!(store.run(|tx| tx.sessions(&organisation, at(20))).unwrap().len(), 0);
    }
}

#[test]
fn a_message_with_the_same_number_is_the_same_message() {
    for (_folder, store) in stores() {
        let agent = store.run(|tx| set_up(tx)).unwrap();
        store.run(|tx| tx.add_session(&session("s1", agent))).unwrap();
        let message = |name: &str, number: Option<u32>| MessageRecord {
            id: id(name),
            session: id("s1"),
            from: if number.is_some() { Speaker::User } else { Speaker::Operator },
            number,
            kind: MessageKind::Chat,
            text: "Hello".into(),
            sent_at: at(11),
        };
        let add = |message: MessageRecord| store.run(|tx| tx.add_message(&message)).unwrap();
        assert!(add(message("m1", Some(1))));
        assert!(!add(message("m2", Some(1))));
        assert!(add(message("m3", None)) && add(message("m4", None)));
        let all = store.run(|tx| tx.messages(&id("s1"))).unwrap();
        assert_eq!(all, [message("m1", Some(1)), message("m3", None), message("m4", None)]);
    }
}

#[test]
fn the_history_is_in_order_and_goes_on_where_a_page_ended() {
    for (_folder, store) in stores() {
        let agent = store.run(|tx| set_up(tx)).unwrap();
        let add = |name: &str, started_at| {
            let ended = Some(SessionEnd { at: at(500), reason: EndReason::User });
            let record = SessionRecord { started_at, ended, ..session(name, agent) };
            store.run(|tx| tx.add_session(&record)).unwrap();
        };
        // Two begin together; the later one was added last.
        for (name, started_at) in [("s1", at(10)), ("s2", at(30)), ("s3", at(20)), ("s4", at(20))] {
            add(name, started_at);
        }
        let organisation: OrganisationId = id("org");
        let mut after = None;
        let mut seen = Vec::new();
        loop {
            let filter = HistoryFilter { after, ..HistoryFilter::default() };
            let page = store.run(|tx| tx.history(&organisation, &filter, 1)).unwrap();
            let Some((place, session)) = page.into_iter().next() else { break };
            seen.push(session.id.to_string());
            after = Some(place);
        }
        assert_eq!(seen, ["s2", "s4", "s3", "s1"]);
        let other: OrganisationId = id("other");
        assert!(store.run(|tx| tx.history(&other, &HistoryFilter::default(), 9)).unwrap().is_empty());
    }
}

#[test]
fn a_logo_is_replaced_and_taken_away() {
    for (_folder, store) in stores() {
        store.run(|tx| set_up(tx)).unwrap();
        let organisation: OrganisationId = id("org");
        assert_eq!(store.run(|tx| tx.logo(&organisation)).unwrap(), None);
        for etag in ["one", "two"] {
            let logo = LogoRecord { etag: etag.into(), png: vec![1, 2, 3] };
            store.run(|tx| tx.set_logo(&organisation, Some(&logo))).unwrap();
            assert_eq!(store.run(|tx| tx.logo(&organisation)).unwrap(), Some(logo));
            assert_eq!(store.run(|tx| tx.logo_etag(&organisation)).unwrap().as_deref(), Some(etag));
        }
        store.run(|tx| tx.set_logo(&organisation, None)).unwrap();
        assert_eq!(store.run(|tx| tx.logo_etag(&organisation)).unwrap(), None);
    }
}

#[test]
fn what_there_is_a_limited_number_of_is_counted() {
    for (_folder, store) in stores() {
        let work = |tx: &mut dyn Tx| {
            set_up(tx)?;
            let organisation: OrganisationId = id("org");
            let public =
                GroupView { id: id("office"), name: "Office".into(), permissions: Permissions::all() };
            let group =
                GroupRecord { public, organisation: organisation.clone(), requires_acceptance: false };
            tx.add_group(&group)?;
            let token = |hash: &str, uses_left, expires_at, revoked_at| EnrolmentTokenRecord {
                hash: hash.into(),
                group: id("office"),
                uses_left,
                expires_at,
                label: None,
                created_at: Some(at(0)),
                revoked_at,
            };
            tx.add_enrolment_token(&token("for ever", None, None, None))?;
            tx.add_enrolment_token(&token("for a while", Some(2), Some(at(60)), None))?;
            tx.add_enrolment_token(&token("used up", Some(0), None, None))?;
            tx.add_enrolment_token(&token("expired", None, Some(at(10)), None))?;
            tx.add_enrolment_token(&token("revoked", None, None, Some(at(5))))?;
            let counts = [
                (Countable::Operators, 1),
                (Countable::Groups, 1),
                (Countable::TokensInForce, 2),
                (Countable::Devices, 0),
                (Countable::OpenInvitations, 1),
            ];
            for (what, expected) in counts {
                assert_eq!(tx.count(what, &organisation, at(10))?, expected, "{what:?}");
                assert_eq!(tx.count(what, &id("another"), at(10))?, 0, "{what:?}");
            }
            Ok::<_, Error>(())
        };
        store.run(work).unwrap();
    }
}
