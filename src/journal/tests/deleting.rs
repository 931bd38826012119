//! What is old is deleted, and nothing else, whatever the clock says at one start.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn later(at: Timestamp, days: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

/// Starts of the agent on the three days before.
fn started_on_the_days_before(place: &Place, at: Timestamp) {
    for days in [-3, -2, -1] {
        place.start(later(at, days));
    }
}

/// What was said of it last.
fn deleted(place: &Place) -> Option<(u32, String)> {
    place.records().into_iter().rev().find_map(|record| match record {
        Record::Own(Own::SegmentsDeleted { through, month, .. }) => Some((through, month)),
        _ => None,
    })
}

const LAST: &str = "journal-0003-2026-11.jsonl";

#[test]
fn files_left_longer_ago_than_they_are_kept_are_deleted_and_that_is_written_down() {
    let place = three_months();
    let after_a_year = at("2027-11-25T10:00:00Z");
    started_on_the_days_before(&place, at("2027-11-20T10:00:00Z"));
    // The second file was left on 22 November.
    assert_eq!(place.names(), ["journal-0002-2026-10.jsonl", LAST]);
    started_on_the_days_before(&place, after_a_year);
    place.write(after_a_year, vec![received("r2")]);
    assert_eq!(place.names(), [LAST, "journal-0004-2027-11.jsonl"]);
    assert_eq!(place.read().damage, []);
    assert_eq!(deleted(&place), Some((2, "2026-10".into())));

    // A file more than was written down is missed.
    fs::remove_file(place.path(LAST)).unwrap();
    assert_eq!(place.read().damage.len(), 1);
}

#[test]
fn an_agent_that_runs_for_months_deletes_what_becomes_old() {
    let place = three_months();
    started_on_the_days_before(&place, november());
    let (mut writer, _) = place.open(november());
    writer.tidy(clocks(november()));
    assert_eq!(place.names().len(), 3);
    let days = 400;
    let now = later(november(), days);
    writer.write(now, Record::Session(received("r2")), Proof::default()).unwrap();
    writer.tidy(Now { boot: Duration::from_secs(24 * 60 * 60 * days as u64), wall: now });
    assert_eq!(place.names(), [LAST, "journal-0004-2027-12.jsonl"]);
}

#[test]
fn the_file_that_is_written_is_kept_however_old_it_is() {
    let place = Place::with_three_lines();
    for days in 4000..4004 {
        place.start(later(november(), days));
    }
    assert_eq!(place.names(), [NAME]);
}

#[test]
fn what_only_one_start_calls_old_is_kept() {
    let place = three_months();
    let ahead = at("2036-01-01T00:00:00Z");
    place.start(later(november(), 1));
    place.start(later(november(), 2));
    // With a clock that is years ahead, started several times in a row.
    for hours in 0..20 {
        let now = ahead.checked_add(SignedDuration::from_hours(hours)).unwrap();
        place.write(now, vec![received("r2"), expired("r2")]);
    }
    assert_eq!(deleted(&place), None);
    place.write(later(november(), 5), vec![received("r3")]);
    assert_eq!(place.names().len(), 5);
    assert_eq!(deleted(&place), None);
}

#[test]
fn what_was_written_with_a_clock_that_was_behind_is_as_young_as_it_is() {
    let place = three_months();
    place.start(later(november(), 1));
    place.write(at("1970-01-01T00:00:09Z"), vec![received("r2"), expired("r2")]);
    for days in 30..33 {
        place.write(later(november(), days), vec![received("r3")]);
    }
    assert_eq!(place.names().len(), 5);
    assert_eq!(deleted(&place), None);
    // What was left for it goes when what came after it is a year old, and so does it.
    for days in 370..374 {
        place.write(later(november(), days), vec![received("r4")]);
    }
    assert_eq!(deleted(&place), Some((2, "2026-10".into())));
    for days in 396..400 {
        place.write(later(november(), days), vec![received("r4")]);
    }
    assert_eq!(deleted(&place), Some((4, "2026-11".into())));
}

#[test]
fn what_was_written_with_a_clock_that_was_ahead_is_deleted_some_day() {
    let place = three_months();
    place.write(at("2099-01-01T00:00:00Z"), vec![received("r2"), expired("r2")]);
    place.write(later(november(), 30), vec![received("r3")]);
    for days in 396..400 {
        place.write(later(november(), days), vec![received("r4")]);
    }
    let (through, _) = deleted(&place).unwrap();
    assert_eq!(through, 4, "{:?}", place.names());
}

#[test]
fn where_it_is_not_known_when_the_agent_ran_nothing_is_old() {
    let place = three_months();
    for (index, start) in [400, 401, 402].into_iter().enumerate() {
        fs::write(place.path("journal-starts.json"), ["", "{", "{\"starts\":7}"][index]).unwrap();
        place.start(later(november(), start));
    }
    assert_eq!(place.names().len(), 3);
}

/// One start of the agent, so many days after the one before.
#[derive(Clone, Debug)]
struct Start {
    days: i64,
    /// What it writes.
    writes: bool,
    /// How long it runs before it writes.
    hours: i64,
}

fn starts() -> impl Strategy<Value = Vec<Start>> {
    let start = (1..20_i64, any::<bool>(), 0..20_i64);
    proptest::collection::vec(start.prop_map(|(days, writes, hours)| Start { days, writes, hours }), 4..40)
}

/// Which entries are there, by the number of their request.
fn requests(place: &Place) -> BTreeSet<usize> {
    let number = |record| match record {
        Record::Session(Entry::RequestReceived { request_id, .. }) => request_id.as_str().parse().ok(),
        _ => None,
    };
    place.records().into_iter().filter_map(number).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// The journal is kept for 60 days here. At one of the starts the clock is wrong by any time, ahead or behind.
    #[test]
    fn a_clock_that_is_wrong_at_one_start_loses_nothing(
        starts in starts(),
        wrong in any::<prop::sample::Index>(),
        wrong_by in prop_oneof![-40_000..40_000_i64, -100..100_i64],
    ) {
        let keep = Duration::from_secs(60 * 24 * 60 * 60);
        let place = Place::new();
        let wrong = wrong.index(starts.len());
        let mut truth = november();
        let mut written: Vec<(usize, Timestamp)> = Vec::new();
        for (index, start) in starts.iter().enumerate() {
            truth = later(truth, start.days);
            let clock = |at: Timestamp| if index == wrong { later(at, wrong_by) } else { at };
            let (mut writer, _) = Writer::open(place.folder(), keep, clocks(clock(truth)), &mut drop);
            writer.tidy(clocks(clock(truth)));
            let hours = SignedDuration::from_hours(start.hours);
            let now = Now {
                boot: Duration::try_from(hours).unwrap(),
                wall: clock(truth).checked_add(hours).unwrap(),
            };
            if start.writes {
                let entry = Record::Session(received(&index.to_string()));
                writer.write(now.wall, entry, Proof::default()).unwrap();
                written.push((index, truth));
            }
            writer.tidy(now);
            let there = requests(&place);
            for (number, at) in &written {
                let age = truth.duration_since(*at);
                prop_assert!(there.contains(number) || age > DAY * 60, "{number} is {age} old and gone");
            }
            prop_assert_eq!(&place.read().damage, &[]);
        }
        // Nothing is kept for ever because of it.
        for days in [200, 300, 301, 302] {
            let now = clocks(later(truth, days));
            let (mut writer, _) = Writer::open(place.folder(), keep, now, &mut drop);
            writer.write(now.wall, Record::Session(received("end")), Proof::default()).unwrap();
            writer.tidy(now);
        }
        prop_assert_eq!(requests(&place), BTreeSet::new());
    }
}
