//! `ondemand-agent receipt`: shown, exported, verified.

use crate::{
    NO_DISPLAY,
    operator::{Operator, Service, until},
    stdout,
    user::User,
};
use protocol::{DeviceId, Permissions, operator::Target};
use serde_json::Value;
use std::fs;

/// The exit code where something is wrong.
const FOUND: Option<i32> = Some(6);

fn rows(user: &User) -> Vec<Value> {
    serde_json::from_slice(&user.say(&["receipt", "show", "--json"]).stdout).unwrap()
}

/// So many requests are answered, and their receipts countersigned.
fn answered(user: &User, operator: &Operator, device: &DeviceId, requests: usize) {
    let known = rows(user).len();
    for _ in 0..requests {
        let request = operator.ask(Target::Device(device.clone()), Permissions::all());
        assert_eq!(operator.outcome(&request), NO_DISPLAY);
    }
    until("every receipt is countersigned", || {
        let rows = rows(user);
        let all = rows.iter().all(|row| row["countersigned_at"].is_string());
        (rows.len() == known + requests && all).then_some(())
    });
}

/// What `receipt verify` says of a file that `change` was done to.
fn verified(user: &User, change: impl FnOnce(&mut Value), arguments: &[&str]) -> (Option<i32>, Value) {
    let exported = user.say(&["receipt", "export", "-"]);
    let mut file: Value = serde_json::from_slice(&exported.stdout).unwrap();
    change(&mut file);
    let path = user.path("changed.json");
    fs::write(&path, file.to_string()).unwrap();
    let path = path.to_str().unwrap();
    let output = user.say(&[&["receipt", "verify", path, "--json"], arguments].concat());
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

fn kinds(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["kind"].as_str().unwrap()).collect()
}

#[test]
fn receipts_are_shown_exported_and_verified_and_every_damage_is_found() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    assert!(stdout(&user.say(&["receipt", "show"])).contains("There are no receipts yet."));
    assert!(user.say(&["receipt", "verify"]).status.success());
    let agent = user.start();
    let device = operator.present_device().id;
    answered(&user, &operator, &device, 3);
    drop(agent);

    let table = stdout(&user.say(&["receipt", "show"]));
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.contains("Olivia Example") && table.contains("not shown: no display"), "{table}");
    assert!(stdout(&user.say(&["receipt", "show", "2"])).starts_with("Receipt 2 of the key "));
    assert!(!user.say(&["receipt", "show", "9"]).status.success());
    let own = user.say(&["receipt", "verify"]);
    assert!(own.status.success(), "{}", stdout(&own));
    assert!(stdout(&own).contains("numbers 1 to 3, the whole chain; 3 countersigned"), "{}", stdout(&own));
    assert!(stdout(&own).ends_with("All 3 receipts are as they were signed.\n"));

    let file = user.path("receipts.json");
    let export = ["receipt", "export", file.to_str().unwrap()];
    assert!(user.say(&export).status.success());
    assert!(!user.say(&export).status.success(), "what is there is not written over");
    let organisation = service.organisation_key();
    let given = ["--organisation-key", &organisation];
    let (code, report) = verified(&user, |_| (), &given);
    assert_eq!((code, &report["sound"]), (Some(0), &Value::Bool(true)), "{report:#}");

    type Change = fn(&mut Vec<Value>);
    let damages: [(Change, &str); 6] = [
        (|receipts| drop(receipts.remove(1)), "missing"),
        (|receipts| drop(receipts.pop()), "cut"),
        (|receipts| receipts.swap(0, 2), "reordered"),
        (|receipts| receipts.push(receipts[0].clone()), "replayed"),
        (|receipts| receipts[0]["terms"]["decided_at"] = "2020-01-01T00:00:00Z".into(), "copy_differs"),
        (
            |receipts| {
                let text = receipts[1]["receipt"].as_str().unwrap();
                let (signed, _) = text.rsplit_once('.').unwrap();
                let other = receipts[0]["receipt"].as_str().unwrap().rsplit_once('.').unwrap().1;
                receipts[1]["receipt"] = format!("{signed}.{other}").into();
            },
            "changed",
        ),
    ];
    for (change, kind) in damages {
        let (code, report) = verified(&user, |file| change(file["receipts"].as_array_mut().unwrap()), &given);
        assert_eq!(code, FOUND, "{kind}: {report:#}");
        assert!(kinds(&report).contains(&kind), "{kind}: {report:#}");
    }
    let other = crypto::KeyPair::generate().0.public().to_string();
    for (argument, key) in [("--agent-key", &other), ("--organisation-key", &other)] {
        let (code, report) = verified(&user, |_| (), &[argument, key]);
        assert_eq!((code, kinds(&report)[0]), (FOUND, "foreign"), "{report:#}");
    }
    let (code, report) =
        verified(&user, |file| drop(file["receipts"].as_array_mut().unwrap().remove(1)), &["--excerpt"]);
    assert_eq!(code, Some(0), "{report:#}");
    let nonsense = user.path("nonsense");
    fs::write(&nonsense, "{}").unwrap();
    assert_eq!(user.say(&["receipt", "verify", nonsense.to_str().unwrap()]).status.code(), Some(1));
}

#[test]
fn a_lost_key_begins_a_new_chain_that_names_the_old_one() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    let agent = user.start();
    let device = operator.present_device().id;
    answered(&user, &operator, &device, 2);
    drop(agent);
    fs::remove_file(user.data("key.pk8")).unwrap();
    let _agent = user.start();
    let renewed = until("the new device is there", || {
        operator.devices().into_iter().map(|device| device.id).find(|id| *id != device)
    });
    answered(&user, &operator, &renewed, 1);
    let report = stdout(&user.say(&["receipt", "verify", "--json"]));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["sound"], true, "{report:#}");
    let chains = report["chains"].as_array().unwrap();
    let extent = |chain: &Value| (chain["first"].as_u64().unwrap(), chain["last"].as_u64().unwrap());
    assert_eq!(chains.iter().map(extent).collect::<Vec<_>>(), [(1, 2), (1, 1)]);
    let (code, report) =
        verified(&user, |file| drop(file["receipts"].as_array_mut().unwrap().remove(1)), &[]);
    assert_eq!((code, kinds(&report)), (FOUND, vec!["cut"]), "{report:#}");
}

#[test]
fn an_organisations_new_key_is_believed_because_the_old_one_says_so() {
    let service = Service::start();
    let operator = service.operator();
    let user = User::of(&service);
    let agent = user.start();
    let device = operator.present_device().id;
    answered(&user, &operator, &device, 1);
    let old = service.organisation_key();
    service.rotate_key();
    assert_ne!(service.organisation_key(), old);
    answered(&user, &operator, &device, 1);
    drop(agent);
    let credential: Value = serde_json::from_slice(&fs::read(user.data("credential.json")).unwrap()).unwrap();
    assert_eq!(credential["organisation"]["public_key"], service.organisation_key().as_str());
    // Also in the next run.
    let _agent = user.start();
    answered(&user, &operator, &device, 1);
    let verified = user.say(&["receipt", "verify", "--organisation-key", &old]);
    assert!(verified.status.success(), "{}", stdout(&verified));
    assert!(stdout(&verified).contains("numbers 1 to 3, the whole chain"));
}
