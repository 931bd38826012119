//! Receipts at the service: countersigned once, and judged by their place in the agent's chain.

use crate::support::{Agent, Operator, Stage, VIEW_AND_CHAT, approved, code};
use protocol::{
    InputMethod, Organisation, Outcome, Permission, RejectReason, RequestId,
    agent::OutcomeResponse,
    event::RequestEvent,
    operator::{ReceiptView, RequestState, Target},
    problem::ProblemCode,
    signed::{COUNTERSIGNATURE_TYP, ChainEnd, CountersignatureTerms, FormerChain, RECEIPT_TYP, ReceiptTerms},
};
use receipts::{Entry, Expected, File, KnownOrganisation};

const NO: Outcome = Outcome::Rejected { reason: None };

/// An invitation's agent that is asked again and again.
struct Asked {
    olivia: Operator,
    agent: Agent,
    target: Target,
}

impl Asked {
    async fn new(stage: &Stage) -> Self {
        let olivia = stage.olivia().await;
        let (agent, invitation) = stage.joined(&olivia).await;
        Self { olivia, agent, target: Target::Invitation(invitation.id) }
    }

    async fn ask(&self) -> RequestEvent {
        self.olivia.ask(self.target.clone(), VIEW_AND_CHAT).await.unwrap();
        self.agent.snapshot().await.snapshot.unwrap().request.unwrap()
    }

    fn sign(&self, event: &RequestEvent, outcome: Outcome, number: u64, previous: Option<&str>) -> String {
        let terms = ReceiptTerms {
            previous: previous.map(|previous| crypto::hash(previous.as_bytes())),
            ..self.agent.terms(event, outcome, number)
        };
        crypto::sign(&self.agent.key, RECEIPT_TYP, &terms).unwrap()
    }

    /// Is asked, and says no with this receipt; what the organisation says of that.
    async fn refuse(
        &self,
        organisation: &Organisation,
        number: u64,
        previous: Option<&str>,
    ) -> (String, CountersignatureTerms) {
        let event = self.ask().await;
        let receipt = self.sign(&event, NO, number, previous);
        let answer = self.agent.report(&event.request_id, &receipt).await.unwrap();
        (receipt, countersigned(&answer, organisation))
    }
}

fn countersigned(answer: &OutcomeResponse, organisation: &Organisation) -> CountersignatureTerms {
    let key = organisation.public_key.parse().unwrap();
    crypto::verify(answer.countersignature.as_ref().unwrap(), COUNTERSIGNATURE_TYP, &key).unwrap()
}

fn end(number: u64, receipt: &str) -> ChainEnd {
    ChainEnd { number, receipt: crypto::hash(receipt.as_bytes()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_countersigned_with_time_chain_and_key_and_a_repeat_gets_the_same_answer() {
    let stage = Stage::new().await;
    let asked = Asked::new(&stage).await;
    let (first, said) = asked.refuse(&stage.organisation, 1, None).await;
    assert_eq!(said.organisation_id, stage.organisation.id);
    assert_eq!(said.agent_key, asked.agent.key.public().fingerprint());
    assert_eq!((&said.receipt, &said.head), (&end(1, &first), &end(1, &first)));
    assert_eq!(said.contradicts, None);

    let event = asked.ask().await;
    let second = asked.sign(&event, approved(VIEW_AND_CHAT), 2, Some(&first));
    let answer = asked.agent.report(&event.request_id, &second).await.unwrap();
    assert!(answer.session.is_some());
    assert_eq!(countersigned(&answer, &stage.organisation).head, end(2, &second));
    stage.clock.advance(std::time::Duration::from_secs(60));
    let again = asked.agent.report(&event.request_id, &second).await.unwrap();
    assert_eq!(again, answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_that_come_late_or_with_gaps_are_no_contradiction() {
    let stage = Stage::new().await;
    let asked = Asked::new(&stage).await;
    let events = {
        let early = asked.ask().await;
        asked.olivia.delete(&format!("requests/{}", early.request_id)).await.unwrap();
        [early, asked.ask().await]
    };
    let first = asked.sign(&events[0], NO, 1, None);
    let second = asked.sign(&events[1], NO, 2, Some(&first));
    let of_second = asked.agent.report(&events[1].request_id, &second).await.unwrap();
    let of_first = asked.agent.report(&events[0].request_id, &first).await.unwrap();
    for (answer, number, receipt) in [(of_second, 2, &second), (of_first, 1, &first)] {
        let said = countersigned(&answer, &stage.organisation);
        assert_eq!((said.receipt, said.contradicts), (end(number, receipt), None));
        assert_eq!(said.head, end(2, &second), "the head is the newest, whichever comes last");
    }
    // The receipts between were for other organisations.
    let (_, said) = asked.refuse(&stage.organisation, 9, Some("one for somebody else")).await;
    assert_eq!(said.contradicts, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_signs_two_histories_is_told_so_and_can_still_say_no() {
    let stage = Stage::new().await;
    let asked = Asked::new(&stage).await;
    let (first, _) = asked.refuse(&stage.organisation, 1, None).await;
    let (second, _) = asked.refuse(&stage.organisation, 2, Some(&first)).await;
    // The same number once more, as after a backup was put back.
    let (_, said) = asked.refuse(&stage.organisation, 2, Some(&first)).await;
    assert_eq!(said.contradicts, Some(crypto::hash(second.as_bytes())));
    // One that names another receipt before it.
    let (_, said) = asked.refuse(&stage.organisation, 3, Some("another second")).await;
    assert!(said.contradicts.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_is_contradicted_too() {
    let stage = Stage::new().await;
    let asked = Asked::new(&stage).await;
    let (third, _) = asked.refuse(&stage.organisation, 3, Some("the second")).await;
    let (_, said) = asked.refuse(&stage.organisation, 2, Some("the first")).await;
    assert_eq!(said.contradicts, Some(crypto::hash(third.as_bytes())));
}

#[tokio::test(flavor = "multi_thread")]
async fn replayed_foreign_and_impossible_receipts_are_refused_and_not_countersigned() {
    let stage = Stage::new().await;
    let asked = Asked::new(&stage).await;
    let (first, _) = asked.refuse(&stage.organisation, 1, None).await;
    let event = asked.ask().await;
    let report = |receipt: String| {
        let (agent, id) = (&asked.agent, &event.request_id);
        async move { code(agent.report(id, &receipt).await) }
    };
    assert_eq!(report(first.clone()).await, ProblemCode::ReceiptInvalid, "an answer to another request");
    let other = Asked::new(&stage).await;
    let foreign = other.sign(&event, NO, 1, None);
    assert_eq!(report(foreign).await, ProblemCode::ReceiptInvalid, "another agent's word");
    let follows = FormerChain { agent_key: "x".into(), end: end(1, &first) };
    let good = asked.agent.terms(&event, NO, 2);
    for (what, terms) in [
        ("number 0", ReceiptTerms { number: 0, previous: None, ..good.clone() }),
        ("a second without a first", ReceiptTerms { previous: None, ..good.clone() }),
        ("a first after another", ReceiptTerms { number: 1, ..good.clone() }),
        ("a second of a new chain", ReceiptTerms { follows: Some(follows), ..good.clone() }),
    ] {
        let receipt = crypto::sign(&asked.agent.key, RECEIPT_TYP, &terms).unwrap();
        assert_eq!(report(receipt).await, ProblemCode::ReceiptInvalid, "{what}");
    }
    let state = |id: RequestId| {
        let olivia = &asked.olivia;
        async move { olivia.request(&id).await.state }
    };
    assert!(!matches!(state(event.request_id.clone()).await, RequestState::Rejected { .. }));
    let receipt = asked.sign(&event, NO, 2, Some(&first));
    asked.agent.report(&event.request_id, &receipt).await.unwrap();
    let contradictory = asked.sign(&event, approved(VIEW_AND_CHAT), 3, Some(&receipt));
    assert_eq!(code(asked.agent.report(&event.request_id, &contradictory).await), ProblemCode::RequestClosed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operators_export_is_verified_with_public_keys_alone() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, session) = stage.session(&olivia, VIEW_AND_CHAT).await;
    let views: Vec<ReceiptView> = olivia.get(&format!("sessions/{session}/receipts")).await.unwrap();
    let entries = views.iter().map(|view| Entry::new(view.receipt.clone(), view.countersignature.clone()));
    let file = File::new(Vec::new(), Vec::new(), entries.collect());
    let expected = Expected {
        agent_keys: vec![agent.key.public().fingerprint()],
        organisation_keys: vec![stage.organisation.public_key.clone()],
        excerpt: true,
    };
    let report = receipts::verify(&file, &expected);
    assert!(report.sound && report.chains[0].countersigned == 1, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_the_yes_was_given_reaches_operators_and_their_export() {
    let stage = Stage::new().await;
    for (by, name) in [
        (InputMethod::Pointer, "pointer"),
        (InputMethod::Keyboard, "keyboard"),
        (InputMethod::Accessibility, "accessibility"),
    ] {
        let asked = Asked::new(&stage).await;
        let event = asked.ask().await;
        let yes =
            Outcome::Approved { permissions: [Permission::View].into(), limit_secs: 60, given_by: Some(by) };
        let receipt = asked.sign(&event, yes, 1, None);
        let answer = asked.agent.report(&event.request_id, &receipt).await.unwrap();
        let state = asked.olivia.request(&event.request_id).await.state;
        assert!(matches!(state, RequestState::Approved { given_by, .. } if given_by == Some(by)));
        let path = format!("sessions/{}/receipts", answer.session.unwrap().session_id);
        let views: Vec<ReceiptView> = asked.olivia.get(&path).await.unwrap();
        let exported = Entry::new(views[0].receipt.clone(), views[0].countersignature.clone());
        assert_eq!(exported.terms.unwrap()["given_by"], name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn suspicion_is_not_shown_to_the_operator_it_may_be_about() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let (agent, session) = stage.session(&oscar, VIEW_AND_CHAT).await;
    oscar.ask(Target::Session(session.clone()), [Permission::Control]).await.unwrap();
    let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
    let suspicious = Outcome::Rejected { reason: Some(RejectReason::Suspicious) };
    agent.report(&event.request_id, &agent.receipt(&event, suspicious, 2)).await.unwrap();
    let path = format!("sessions/{session}/receipts");
    assert_eq!(oscar.get::<Vec<ReceiptView>>(&path).await.unwrap().len(), 1);
    assert_eq!(olivia.get::<Vec<ReceiptView>>(&path).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_changes_of_keys_agents_are_told_the_latest() {
    let stage = Stage::new().await;
    let asked = Asked::new(&stage).await;
    let admin = stage.admin();
    let keys: Vec<_> = (0..40).map(|_| admin.rotate_key(&stage.organisation.id, 30).unwrap().0).collect();
    let told = asked.ask().await.key_successions;
    let line = crypto::successors(&stage.organisation.id, &keys[40 - 33], &told);
    assert_eq!(line.iter().map(|next| next.key).collect::<Vec<_>>(), keys[40 - 32..]);
    assert_eq!(told.len(), 32);
    let whole = stage.olivia().await.me.organisation.key_successions;
    assert_eq!(whole.len(), 40, "who checks receipts of long ago needs them all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_of_the_organisation_signs_at_once_and_comes_with_the_old_ones_word() {
    let stage = Stage::new().await;
    let asked = Asked::new(&stage).await;
    let (first, said) = asked.refuse(&stage.organisation, 1, None).await;
    let before = Entry::new(first.clone(), None);
    assert_eq!(said.receipt.number, 1);
    let admin = stage.admin();
    let (key, _) = admin.rotate_key(&stage.organisation.id, 30).unwrap();
    assert!(admin.rotate_key(&stage.organisation.id, 0).is_err(), "an overlap of no time");

    let event = asked.ask().await;
    assert_eq!(event.key_successions.len(), 1);
    let old = stage.organisation.public_key.parse().unwrap();
    let line = crypto::successors(&stage.organisation.id, &old, &event.key_successions);
    assert_eq!(line.iter().map(|next| next.key).collect::<Vec<_>>(), [key]);
    let renewed = Organisation { public_key: key.to_string(), ..stage.organisation.clone() };
    asked.agent.verify(&event, &renewed);
    let receipt = asked.sign(&event, NO, 2, Some(&first));
    let answer = asked.agent.report(&event.request_id, &receipt).await.unwrap();
    countersigned(&answer, &renewed);

    // Who joins afterwards is told the whole way, and who checks needs the first key only.
    let mut late = Agent::new(&stage.running.url);
    let joined = late.join(&asked.olivia.invite().await.session_code.unwrap()).await.unwrap();
    assert_eq!(joined.organisation.public_key, key.to_string());
    assert_eq!(joined.organisation.key_successions, event.key_successions);
    let known = KnownOrganisation {
        id: stage.organisation.id.clone(),
        name: None,
        domain: None,
        public_key: key.to_string(),
        key_successions: event.key_successions,
    };
    let entries = vec![before, Entry::new(receipt, answer.countersignature)];
    let expected = Expected {
        organisation_keys: vec![stage.organisation.public_key.clone()],
        excerpt: true,
        ..Expected::default()
    };
    let report = receipts::verify(&File::new(vec![known], Vec::new(), entries), &expected);
    assert!(report.sound, "{report}");
}
