//! File systems that are really full, and really read-only, where the agent keeps what must last.
#![cfg(target_os = "linux")]

use crate::{
    NO_DISPLAY,
    mount::Mount,
    operator::{Operator, Service, until},
    user::User,
};
use protocol::{DeviceId, Permissions, RequestId, operator::Target, signed::ReceiptTerms};
use std::fs;

fn ask(operator: &Operator<'_>, device: &DeviceId) -> RequestId {
    let request = operator.ask(Target::Device(device.clone()), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY);
    request.id
}

/// Number, predecessor and hash of each receipt in the journal, with its request.
fn receipts(user: &User) -> Vec<(RequestId, ReceiptTerms, String)> {
    let written = user.journal().into_iter().filter_map(|line| line["receipt"].as_str().map(str::to_owned));
    written
        .map(|receipt| {
            let terms: ReceiptTerms = crypto::peek(&receipt).unwrap();
            (terms.request_id.clone(), terms, crypto::hash(receipt.as_bytes()))
        })
        .collect()
}

#[test]
fn a_file_system_without_room_keeps_no_answer_back_and_the_receipts_go_on_when_there_is_some() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    for folder in [user.data(""), user.path(".local/state/ondemand-agent")] {
        fs::create_dir_all(folder).unwrap();
    }
    let Some(data) = Mount::at(&user.data(""), "256k") else { return };
    let state = Mount::at(&user.path(".local/state/ondemand-agent"), "64k").unwrap();
    let agent = user.start();
    let device = operator.present_device().id;
    let first = ask(&operator, &device);
    until("the first is written", || (receipts(&user).last()?.0 == first).then_some(()));

    data.fill();
    state.fill();
    // What is left of the journal's last page takes some more.
    let lost = until("nothing more can be written", || {
        let request = ask(&operator, &device);
        // The one after it is answered when this one was written, or was not.
        let next = ask(&operator, &device);
        let written = receipts(&user);
        let is_written = |id: &RequestId| written.iter().any(|(other, ..)| other == id);
        (!is_written(&request) && !is_written(&next)).then_some([request, next])
    });
    assert!(user.say(&["status"]).status.success());

    data.empty();
    state.empty();
    let next = ask(&operator, &device);
    until("it is written again", || receipts(&user).iter().any(|(id, ..)| *id == next).then_some(()));
    let written = receipts(&user);
    assert!(written.iter().all(|(id, ..)| !lost.contains(id)), "what was lost did not come back by itself");
    for pair in written.windows(2) {
        let [(_, before, hash), (_, after, _)] = pair else { unreachable!() };
        assert_eq!((after.number, after.previous.as_ref()), (before.number + 1, Some(hash)));
    }
    // And they still do after a restart.
    drop(agent);
    let _agent = user.start();
    operator.present_device();
    let last = ask(&operator, &device);
    until("it is written after a restart", || {
        receipts(&user).iter().any(|(id, ..)| *id == last).then_some(())
    });
    let journal = user.say(&["history", "verify"]);
    let said = String::from_utf8_lossy(&journal.stdout);
    assert_eq!(journal.status.code(), Some(0), "no line was left in part: {said}");
    // What only the service could keep had a place in the chain that another one has on this side: the one thing to find.
    let verified = user.say(&["receipt", "verify", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert!(
        !findings.is_empty() && findings.iter().all(|finding| finding["kind"] == "contradictory"),
        "{report:#}"
    );
}

#[test]
fn on_a_file_system_that_cannot_be_written_it_does_not_start_and_says_why() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    fs::create_dir_all(user.data("")).unwrap();
    let Some(data) = Mount::at(&user.data(""), "1m") else { return };
    let agent = user.start();
    let device = operator.present_device().id;
    let request = ask(&operator, &device);
    until("it is written", || (receipts(&user).last()?.0 == request).then_some(()));
    drop(agent);

    data.make_read_only();
    let run = user.say(&["run", "--background", "--service-url", &user.service_url]);
    let said = String::from_utf8(run.stderr).unwrap();
    assert!(!run.status.success() && said.contains("Read-only file system"), "{said}");
    assert!(said.contains(user.data("").to_str().unwrap()), "{said}");
    // What was there can be read.
    assert_eq!(user.say(&["history", "verify"]).status.code(), Some(0));
    let doctor = user.say(&["doctor", "--service-url", &user.service_url]);
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(!doctor.status.success() && said.contains("Nothing can be approved"), "{said}");
}
