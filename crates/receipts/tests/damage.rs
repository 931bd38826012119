//! Every way to damage a chain of receipts, and what is said of it.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "damage/support.rs"]
mod support;

use proptest::prelude::*;
use protocol::{
    Outcome, Permission, Permissions, RejectReason,
    signed::{CHAIN_TYP, COUNTERSIGNATURE_TYP, ChainTerms, RECEIPT_TYP, REQUEST_TYP},
};
use receipts::{Entry, Expected, File, Kind, verify};
use std::collections::BTreeSet;
use support::{Agent, Organisation, file, statement};

fn kinds(file: &File, expected: &Expected) -> BTreeSet<Kind> {
    verify(file, expected).findings.into_iter().map(|finding| finding.kind).collect()
}

fn found(file: &File) -> BTreeSet<Kind> {
    kinds(file, &Expected::default())
}

fn excerpt() -> Expected {
    Expected { excerpt: true, ..Expected::default() }
}

/// A chain of so many receipts, as an agent exports it.
fn whole(receipts: usize) -> (Agent, Organisation, File) {
    let (mut agent, organisation) = (Agent::new(), Organisation::new("org1"));
    for _ in 0..receipts {
        agent.answers(&organisation);
    }
    let file = file(&[&agent], &[&organisation]);
    (agent, organisation, file)
}

#[test]
fn a_whole_chain_is_sound_and_says_whose_it_is() {
    let (agent, organisation, file) = whole(3);
    let expected = Expected {
        agent_keys: vec![agent.key.public().fingerprint()],
        organisation_keys: vec![organisation.key.public().to_string()],
        excerpt: false,
    };
    let report = verify(&file, &expected);
    assert!(report.sound, "{report}");
    let [chain] = &report.chains[..] else { panic!("{report}") };
    assert_eq!((chain.first, chain.last, chain.whole, chain.countersigned), (1, 3, true, 3));
    assert!(chain.key_was_given && report.organisations[0].key_was_given);
    let report = verify(&file, &Expected::default());
    assert!(report.sound && !report.chains[0].key_was_given, "the file's own word is said to be that");
    let read = File::read(&serde_json::to_vec(&file).unwrap()).unwrap();
    assert_eq!(read, file);
}

#[test]
fn a_receipt_that_was_changed_is_found() {
    let (_, _, mut file) = whole(3);
    let receipt = &mut file.receipts[1];
    let (signed, signature) = receipt.receipt.rsplit_once('.').unwrap();
    let other = crypto::sign(&Agent::new().key, RECEIPT_TYP, &"x").unwrap();
    let forged = other.rsplit_once('.').unwrap().1;
    assert_ne!(signature, forged);
    *receipt = Entry::new(format!("{signed}.{forged}"), None);
    let report = verify(&file, &Expected::default());
    let [finding] = &report.findings[..] else { panic!("{report}") };
    assert_eq!((finding.kind, finding.receipt, finding.number), (Kind::Changed, Some(2), Some(2)));
    assert!(finding.to_string().starts_with("Receipt 2 of the file (number 2): its signature does not fit"));
}

#[test]
fn a_receipt_that_was_signed_anew_with_the_right_key_is_found() {
    let (agent, organisation, mut file) = whole(3);
    let mut other = agent.copied_after(1);
    other.answers(&organisation);
    file.receipts[1] = Entry::new(other.receipts[0].0.clone(), Some(other.receipts[0].1.clone()));
    assert_eq!(found(&file), [Kind::Contradictory].into());
    // The countersignature of the first one does not fit it.
    file.receipts[1] = Entry::new(other.receipts[0].0.clone(), Some(agent.receipts[1].1.clone()));
    assert!(found(&file).contains(&Kind::Countersignature));
}

#[test]
fn receipts_that_were_taken_out_are_found_wherever_they_were() {
    let (_, _, file) = whole(5);
    for (at, kind) in [(0, Kind::Missing), (2, Kind::Missing), (4, Kind::Cut)] {
        let mut cut = file.clone();
        cut.receipts.remove(at);
        assert_eq!(found(&cut), [kind].into(), "{at}");
        let report = verify(&cut, &Expected::default());
        assert!(report.notes.iter().any(|note| note.contains("--excerpt")), "{report}");
        assert_eq!(kinds(&cut, &excerpt()), BTreeSet::new(), "{at}");
    }
}

#[test]
fn an_end_that_nobody_vouches_for_is_said() {
    let (_, _, mut file) = whole(3);
    file.chains.clear();
    assert_eq!(found(&file), [Kind::NoEnd].into());
    // A countersignature knows how far the chain went, when the agent's own word was taken out.
    file.receipts.truncate(2);
    assert_eq!(found(&file), [Kind::NoEnd].into());
    let mut late = whole(1);
    late.1.head = Some(7);
    late.0.answers(&late.1);
    let mut file = support::file(&[&late.0], &[&late.1]);
    file.chains.clear();
    assert_eq!(found(&file), [Kind::NoEnd, Kind::Cut].into());
}

#[test]
fn receipts_in_another_order_or_twice_are_found() {
    let (_, _, file) = whole(4);
    let mut swapped = file.clone();
    swapped.receipts.swap(1, 2);
    assert!(found(&swapped).contains(&Kind::Reordered));
    let mut twice = file.clone();
    twice.receipts.insert(2, twice.receipts[0].clone());
    assert_eq!(found(&twice), [Kind::Replayed].into());
    assert_eq!(kinds(&twice, &excerpt()), [Kind::Replayed].into());
}

#[test]
fn a_request_that_is_answered_twice_is_found() {
    let (mut agent, organisation) = (Agent::new(), Organisation::new("org1"));
    let request = organisation.asks(&agent, Permissions::all());
    agent.answer(&organisation, &request, Outcome::Rejected { reason: None });
    agent.answer(&organisation, &request, Outcome::Rejected { reason: Some(RejectReason::NotNow) });
    assert_eq!(found(&file(&[&agent], &[&organisation])), [Kind::Replayed].into());
}

#[test]
fn another_agents_receipts_are_foreign_also_where_no_key_was_given() {
    let (agent, organisation, mut file) = whole(2);
    let mut other = Agent::new();
    other.answers(&organisation);
    file.receipts.push(Entry::new(other.receipts[0].0.clone(), None));
    assert_eq!(kinds(&file, &excerpt()), [Kind::Foreign].into());
    let expected = Expected { agent_keys: vec![agent.key.public().to_string()], ..Expected::default() };
    assert_eq!(kinds(&file, &expected), [Kind::Foreign].into());
}

#[test]
fn a_request_for_another_agent_or_of_another_organisation_is_foreign() {
    let organisation = Organisation::new("org1");
    let mut agent = Agent::new();
    let request = organisation.asks(&Agent::new(), Permissions::all());
    agent.answer(&organisation, &request, Outcome::Rejected { reason: None });
    assert!(found(&file(&[&agent], &[&organisation])).contains(&Kind::Foreign));

    let (_, _, mut known) = whole(1);
    known.organisations.clear();
    assert!(found(&known).contains(&Kind::Foreign), "nobody vouches for the organisation");
    let (_, _, known) = whole(1);
    let other = Expected {
        organisation_keys: vec![Organisation::new("org1").key.public().to_string()],
        ..Expected::default()
    };
    assert!(kinds(&known, &other).contains(&Kind::Foreign));
}

#[test]
fn more_granted_than_asked_is_not_valid() {
    let organisation = Organisation::new("org1");
    let mut agent = Agent::new();
    let request = organisation.asks(&agent, [Permission::View].into());
    let yes = Outcome::Approved { permissions: Permissions::all(), limit_secs: 60, given_by: None };
    agent.answer(&organisation, &request, yes);
    assert_eq!(found(&file(&[&agent], &[&organisation])), [Kind::NotValid].into());
}

#[test]
fn a_changed_text_for_people_is_found() {
    let (_, _, mut file) = whole(1);
    file.receipts[0].terms.as_mut().unwrap()["outcome"] = "approved".into();
    assert_eq!(found(&file), [Kind::CopyDiffers].into());
    let (_, _, mut file) = whole(1);
    file.receipts[0].request.as_mut().unwrap()["operator"]["name"] = "Oscar Example".into();
    assert_eq!(found(&file), [Kind::CopyDiffers].into());
}

#[test]
fn a_countersignature_of_another_receipt_or_somebody_else_is_found() {
    let (agent, organisation, file) = whole(2);
    let mut moved = file.clone();
    moved.receipts[0].countersignature = Some(agent.receipts[1].1.clone());
    assert_eq!(found(&moved), [Kind::Countersignature].into());
    let mut forged = file.clone();
    let terms: serde_json::Value = crypto::peek(&agent.receipts[0].1).unwrap();
    let by_another = crypto::sign(&Agent::new().key, COUNTERSIGNATURE_TYP, &terms).unwrap();
    forged.receipts[0].countersignature = Some(by_another);
    assert_eq!(found(&forged), [Kind::Countersignature].into());
    let mut other_kind = file.clone();
    other_kind.receipts[0].countersignature =
        Some(crypto::sign(&organisation.key, REQUEST_TYP, &terms).unwrap());
    assert_eq!(found(&other_kind), [Kind::Countersignature].into());
}

#[test]
fn what_the_service_found_contradictory_is_told() {
    let (mut agent, mut organisation) = (Agent::new(), Organisation::new("org1"));
    organisation.contradicts = true;
    agent.answers(&organisation);
    assert_eq!(found(&file(&[&agent], &[&organisation])), [Kind::Contradictory].into());
}

#[test]
fn what_the_agent_does_not_keep_is_no_gap_if_the_agent_says_so() {
    let (agent, _, mut file) = whole(6);
    file.receipts.drain(2..4);
    file.receipts.remove(0);
    assert_eq!(found(&file), [Kind::Missing].into());
    let sign = |key: &crypto::KeyPair, not_kept: Vec<(u64, u64)>| {
        let terms = ChainTerms { not_kept, ..crypto::peek(&file.chains[0]).unwrap() };
        crypto::sign(key, CHAIN_TYP, &terms).unwrap()
    };
    let saying = |chain: String| {
        let mut file = file.clone();
        file.chains = vec![chain];
        found(&file)
    };
    assert_eq!(saying(sign(&agent.key, vec![(4, 4), (1, 1), (3, 3)])), BTreeSet::new());
    assert_eq!(saying(sign(&agent.key, vec![(1, 1), (3, 3)])), [Kind::Missing].into());
    let by_another = saying(sign(&Agent::new().key, vec![(1, 4)]));
    assert!(by_another.is_superset(&[Kind::Missing, Kind::Changed].into()));
}

#[test]
fn a_new_key_goes_on_where_the_old_one_ended() {
    let organisation = Organisation::new("org1");
    let mut old = Agent::new();
    old.answers(&organisation);
    old.answers(&organisation);
    let mut new = Agent::after(&old);
    new.answers(&organisation);
    // The old key is lost: only the new one says something of its chain.
    let mut rolled = file(&[&old, &new], &[&organisation]);
    rolled.chains.remove(0);
    let report = verify(&rolled, &Expected::default());
    assert!(report.sound, "{report}");
    assert_eq!(report.chains.len(), 2);

    let mut cut = rolled.clone();
    cut.receipts.remove(1);
    assert_eq!(found(&cut), [Kind::Cut].into());
    let mut without = rolled.clone();
    without.receipts.drain(..2);
    let report = verify(&without, &Expected::default());
    assert!(report.sound && report.notes.iter().any(|note| note.contains("follows number 2")), "{report}");

    old.answers(&organisation);
    let mut used_again = file(&[&old, &new], &[&organisation]);
    used_again.chains.remove(0);
    assert_eq!(found(&used_again), [Kind::Contradictory].into());
}

#[test]
fn a_change_of_the_organisations_key_is_followed_as_long_as_the_old_one_was_good() {
    let mut agent = Agent::new();
    let mut first = Organisation::new("org1");
    agent.answers(&first);
    let second = Organisation { at: 2_000, ..Organisation::new("org1") };
    agent.answers(&second);
    let mut rotated = file(&[&agent], &[&first]);
    assert!(found(&rotated).contains(&Kind::Foreign), "nothing says that the new key is the organisation's");
    rotated.organisations[0].key_successions.push(statement(&first.key, &second.key, 1_500));
    let given = Expected { organisation_keys: vec![first.key.public().to_string()], ..Expected::default() };
    let report = verify(&rotated, &given);
    assert!(report.sound, "{report}");
    assert_eq!(report.organisations.len(), 2);

    // After its time the old key is no longer good.
    first.at = 3_000;
    agent.answers(&first);
    let mut late = file(&[&agent], &[&first]);
    late.organisations[0].key_successions = rotated.organisations[0].key_successions.clone();
    assert!(kinds(&late, &given).contains(&Kind::Foreign));
}

#[test]
fn an_earlier_key_is_found_in_the_statement_that_it_signed() {
    let mut agent = Agent::new();
    let first = Organisation::new("org1");
    agent.answers(&first);
    let second = Organisation { at: 2_000, ..Organisation::new("org1") };
    agent.answers(&second);
    // As the console exports it: the newest key, and how it came to that.
    let mut exported = file(&[&agent], &[&second]);
    exported.organisations[0].key_successions.push(statement(&first.key, &second.key, 1_500));
    let report = verify(&exported, &Expected::default());
    assert!(report.sound, "{report}");
    assert!(report.organisations.iter().all(|organisation| !organisation.key_was_given));
}

#[test]
fn the_largest_numbers_are_no_panic() {
    let (mut agent, organisation) = (Agent::new(), Organisation::new("org1"));
    for number in [u64::MAX - 1, u64::MAX, 0, u64::MAX] {
        agent.number = number.wrapping_sub(1);
        agent.answers(&organisation);
    }
    assert!(found(&file(&[&agent], &[&organisation])).contains(&Kind::NotValid));
}

#[test]
fn a_receipt_that_stands_alone_is_read() {
    let (agent, organisation, _) = whole(1);
    let file = File::read(format!("{}\n", agent.receipts[0].0).as_bytes()).unwrap();
    let expected = Expected { organisation_keys: vec![organisation.key.public().to_string()], ..excerpt() };
    assert_eq!(kinds(&file, &expected), BTreeSet::new());
    assert!(File::read(b"").is_err() && File::read(b"{}").is_err());
    let later = br#"{"format":"ondemand-receipts","version":2,"receipts":[]}"#;
    assert!(File::read(later).unwrap_err().to_string().contains("later version"));
}

/// What can be done to a file by somebody who holds no key.
#[derive(Clone, Debug)]
enum Damage {
    Remove(usize),
    Swap(usize, usize),
    Repeat(usize, usize),
    Letter(usize, usize),
    Countersign(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<usize>().prop_map(Damage::Remove),
        any::<(usize, usize)>().prop_map(|(a, b)| Damage::Swap(a, b)),
        any::<(usize, usize)>().prop_map(|(a, b)| Damage::Repeat(a, b)),
        any::<(usize, usize)>().prop_map(|(a, b)| Damage::Letter(a, b)),
        any::<(usize, usize)>().prop_map(|(a, b)| Damage::Countersign(a, b)),
    ]
}

#[test]
fn whatever_stands_in_a_file_is_a_finding_or_an_error() {
    bolero::check!().for_each(|bytes: &[u8]| {
        if let Ok(file) = File::read(bytes) {
            // An empty file states nothing, and so nothing wrong.
            assert!(!verify(&file, &Expected::default()).sound || file.receipts.is_empty());
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_damage_goes_unnoticed(receipts in 1usize..7, damages in proptest::collection::vec(damage(), 1..4)) {
        let (_, _, original) = whole(receipts);
        let mut file = original.clone();
        for damage in damages {
            let count = file.receipts.len();
            if count == 0 {
                break;
            }
            match damage {
                Damage::Remove(at) => drop(file.receipts.remove(at % count)),
                Damage::Swap(a, b) => file.receipts.swap(a % count, b % count),
                Damage::Repeat(at, to) => file.receipts.insert(to % (count + 1), file.receipts[at % count].clone()),
                Damage::Letter(at, letter) => {
                    let text = &mut file.receipts[at % count].receipt;
                    let place = letter % text.len();
                    let new = if &text[place..=place] == "A" { "B" } else { "A" };
                    text.replace_range(place..=place, new);
                }
                Damage::Countersign(at, from) => {
                    file.receipts[at % count].countersignature = file.receipts[from % count].countersignature.clone();
                }
            }
        }
        let report = verify(&file, &Expected::default());
        prop_assert_eq!(report.sound, file == original, "{}", report);
    }

    #[test]
    fn foreign_bytes_are_an_error_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(File::read(&bytes).is_err());
    }

    #[test]
    fn foreign_texts_in_a_file_are_findings_and_never_a_panic(
        receipt in "\\PC{0,80}", countersignature in "\\PC{0,80}", chain in "\\PC{0,80}",
    ) {
        let (_, _, mut file) = whole(1);
        file.receipts.push(Entry::new(receipt, Some(countersignature)));
        file.chains.push(chain);
        prop_assert!(!verify(&file, &Expected::default()).sound);
    }
}
