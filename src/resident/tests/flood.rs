//! A service that sends more requests than anybody can see.

use super::*;
use crate::journal;
use credential::Credential;
use protocol::{Operator, Organisation, Outcome, signed::ReceiptTerms};
use session::Entry;

/// What an hour of requests that nobody sees may add to the journal.
const AT_MOST: u64 = 512 * 1024;

fn resident(folder: &Path) -> (Resident, mpsc::UnboundedReceiver<Event>) {
    let places = Places::all_in(folder);
    places.prepare().unwrap();
    let url: crate::settings::ServiceUrl = "http://127.0.0.1:9".parse().unwrap();
    let settings = Settings::load(&places, Some(&url), false);
    let program = folder.join("program");
    let options =
        Options { once: false, program, open_window: false, enrolment_token: None, is_device: false };
    let (events, received) = mpsc::unbounded_channel();
    let (mut resident, _) = Resident::new(places, &settings, &options, Box::new(drop), events).unwrap();
    let organisation = Organisation {
        key_successions: Vec::new(),
        id: "org1".parse().unwrap(),
        name: "Example Support".into(),
        domain: None,
        display_text: None,
        public_key: crypto::KeyPair::generate().0.public().to_string(),
    };
    let standing = Standing::Invitation { invitation_id: "i1".parse().unwrap() };
    let agent_token = Secret::new("token");
    let credential = Credential { service_url: url, agent_token, organisation, standing, agent_key: None };
    resident.known = resident.known(credential);
    (resident, received)
}

/// A request comes in and is answered unseen, and the answer arrives at the service.
fn answer_unseen(resident: &mut Resident, number: u32, bytes: usize) -> ReceiptTerms {
    let now = resident.clock.now();
    let request_id: RequestId = format!("r{number}").parse().unwrap();
    let outcome = Outcome::Unanswered { cause: UnansweredCause::Busy };
    resident.receipts.keep_request(&request_id, "x".repeat(bytes));
    let received = Entry::RequestReceived {
        request_id: request_id.clone(),
        operator: Operator { id: "o".repeat(64).parse().unwrap(), name: "\u{1f600}".repeat(64) },
        organisation_name: "\u{1f600}".repeat(64),
        permissions: Permissions::all(),
        session_id: None,
    };
    resident.record(received, now);
    resident.record(Entry::Outcome { request_id: request_id.clone(), outcome: outcome.clone() }, now);
    let receipt = resident.receipts.receipt(&request_id, &outcome, now.wall).unwrap();
    resident.receipts.forget(&request_id);
    crypto::peek(&receipt).unwrap()
}

/// Everything is written.
fn end(mut resident: Resident) -> u64 {
    let now = resident.clock.now();
    resident.write_counts(now, true);
    let folder = resident.places.journal().to_owned();
    resident.disk.finish(Duration::from_secs(60));
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    files
        .filter(|file| file.file_name().to_string_lossy().starts_with("journal-"))
        .map(|file| file.metadata().unwrap().len())
        .sum()
}

#[tokio::test]
async fn ten_thousand_requests_that_nobody_saw_are_counted_and_all_have_receipts() {
    let folder = tempfile::tempdir().unwrap();
    let (mut resident, mut events) = resident(folder.path());
    let requests = 10_000;
    for number in 1..=requests {
        // The first are as long as they may be.
        let terms = answer_unseen(&mut resident, number, if number < 30 { 16 * 1024 } else { 100 });
        assert_eq!(terms.number, u64::from(number));
        while let Ok(Event::Recorded { request_id, durable }) = events.try_recv() {
            assert!(durable);
            resident.receipts.recorded(&request_id);
        }
    }
    let journal = resident.places.journal().to_owned();
    let bytes = end(resident);
    assert!(bytes <= AT_MOST, "{bytes} bytes");
    let (mut in_full, mut counted) = (0, 0);
    let read = journal::read(&journal, &mut |line| match line.record {
        journal::Record::Session(Entry::RequestReceived { .. }) => in_full += 1,
        journal::Record::Own(journal::Own::MoreUnseen(more)) => counted = more.requests,
        _ => {}
    });
    assert_eq!(read.unwrap().damage, []);
    assert_eq!((in_full, counted), (unseen::IN_FULL, u64::from(requests - unseen::IN_FULL)));

    // The next run goes on with the receipts where this one ended.
    let (mut next, _events) = self::resident(folder.path());
    assert_eq!(answer_unseen(&mut next, 1, 100).number, u64::from(requests) + 1);
    // Nothing is written any more when the folder goes.
    end(next);
}

#[tokio::test]
async fn receipts_go_on_after_a_run_that_was_killed_while_it_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (mut first, _events) = resident(folder.path());
    let last = (1..=30).map(|number| answer_unseen(&mut first, number, 100)).last().unwrap();
    // What is written at its end is not.
    first.disk.finish(Duration::from_secs(60));
    let (mut next, _events) = resident(folder.path());
    let terms = answer_unseen(&mut next, 31, 100);
    assert_eq!((last.number, terms.number), (30, 31));
    end(next);
}

#[tokio::test]
async fn a_request_that_the_user_saw_is_told_however_many_there_were() {
    let folder = tempfile::tempdir().unwrap();
    let (mut resident, _events) = resident(folder.path());
    for number in 1..=20 {
        answer_unseen(&mut resident, number, 100);
    }
    let now = resident.clock.now();
    let request_id: RequestId = "seen".parse().unwrap();
    resident.receipts.keep_request(&request_id, "signed".into());
    let operator = Operator { id: "op1".parse().unwrap(), name: "Olivia Example".into() };
    let received = Entry::RequestReceived {
        request_id: request_id.clone(),
        operator,
        organisation_name: "Example Support".into(),
        permissions: Permissions::all(),
        session_id: None,
    };
    resident.record(received, now);
    resident.perform(session::Effect::Send(session::Send::Shown(request_id.clone())), now);
    resident.record(Entry::Outcome { request_id, outcome: Outcome::Rejected { reason: None } }, now);
    let journal = resident.places.journal().to_owned();
    end(resident);
    let mut of_it = 0;
    journal::read(&journal, &mut |line| match line.record {
        journal::Record::Session(
            Entry::RequestReceived { request_id, .. } | Entry::Outcome { request_id, .. },
        ) if request_id.as_str() == "seen" => of_it += 1,
        _ => {}
    })
    .unwrap();
    assert_eq!(of_it, 2);
}
