//! How much is read, and what is not waited for.

use super::*;

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_damage_and_not_waited_for() {
    let place = three_months();
    let path = place.path("journal-0002-2026-10.jsonl");
    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let [damage] = &place.read().damage[..] else { panic!("nothing is found") };
    assert_eq!((damage.kind, damage.digest.clone()), (DamageKind::NotReadable, None));
    place.write(november(), vec![received("r2")]);
    assert_eq!(place.names().len(), 4);
}

#[test]
fn a_line_without_end_is_not_collected() {
    let place = Place::with_three_lines();
    let file = fs::File::options().append(true).open(place.path(NAME)).unwrap();
    // Takes no room on the disk.
    file.set_len(1 << 33).unwrap();
    let mut lines = 0;
    let read = read_newest(place.folder(), 200, 0, &mut |_| lines += 1).unwrap();
    assert_eq!(lines, 3);
    let [damage] = &read.damage[..] else { panic!("nothing is found") };
    assert_eq!((damage.kind, damage.line), (DamageKind::NotALine, Some(4)));
}

/// Which requests are read when so many are wanted, and what is found damaged.
fn newest(place: &Place, requests: usize) -> (Vec<String>, Vec<Damage>) {
    let mut read = Vec::new();
    let found = read_newest(place.folder(), requests, 0, &mut |line| {
        if let Record::Session(Entry::RequestReceived { request_id, .. }) = line.record {
            read.push(request_id.as_str().to_owned());
        }
    });
    (read, found.unwrap().damage)
}

#[test]
fn only_as_many_files_are_read_as_are_wanted_and_the_newest_first() {
    let place = Place::new();
    for (month, id) in [("09", "r1"), ("10", "r2"), ("11", "r3")] {
        place.write(at(&format!("2026-{month}-22T10:00:00Z")), vec![received(id), expired(id)]);
    }
    assert_eq!(newest(&place, 1), (vec!["r3".into()], vec![]));
    assert_eq!(newest(&place, 2), (vec!["r2".into(), "r3".into()], vec![]));
    assert_eq!(newest(&place, 9).0.len(), 3);

    // A pipe further back is none of it, and what was found before is known.
    let text = fs::read_to_string(place.path(NAME_OF_OCTOBER)).unwrap();
    fs::write(place.path(NAME_OF_OCTOBER), text.replacen("Olivia", "Oliver", 1)).unwrap();
    place.write(november(), vec![received("r4")]);
    place.write(at("2026-12-22T10:00:00Z"), vec![received("r5")]);
    let (read, damage) = newest(&place, 1);
    assert_eq!(read, ["r5"]);
    assert_eq!(damage.len(), 1);
    assert_eq!((damage[0].file.as_str(), damage[0].known_since), (NAME_OF_OCTOBER, Some(november())));
}

const NAME_OF_OCTOBER: &str = "journal-0002-2026-10.jsonl";

/// What stood there before the agent was started is read, told apart from what it wrote itself, and left as it is.
#[test]
fn whatever_stands_in_a_file_is_lines_or_damage_and_stays_as_it_is() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let place = Place::new();
        fs::write(place.path(NAME), bytes).unwrap();
        let mut lines = 0;
        let read = read(place.folder(), &mut |_| lines += 1).unwrap();
        let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
        assert!(lines <= ends && read.lines() <= ends as u64);
        assert!(
            bytes.is_empty() || bytes.ends_with(b"\n") || !read.damage.is_empty(),
            "a cut line is not found"
        );
        place.write(november(), vec![received("r9")]);
        assert!(fs::read(place.path(NAME)).unwrap().starts_with(bytes));
        let found = place.open(november()).1.open;
        assert!(found.contains(&OpenThing::Request("r9".parse().unwrap())), "{found:?}");
    });
}
