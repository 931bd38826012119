//! Reads the journal, a line at a time, and checks that each line follows the one before.

use super::{
    line::{KnownDamage, Line, Own, ReceiptEnd, Record},
    segment::{self, Segment},
};
use crate::private;
use protocol::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

/// A longer line is none of the journal's, and is not collected.
const LONGEST_LINE: u64 = 8 * 1024 * 1024;

/// A damaged file is told from another by so much of it.
const MOST_HASHED: u64 = 64 * 1024 * 1024;

/// What the newest line was. Written after the line and not waited for: it may be older than the journal, never newer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// In this file.
    pub(super) segment: u32,
    /// Counted from 1.
    pub(super) line: u64,
    /// Its hash.
    pub(super) hash: String,
    /// The newest receipt, where it belongs to a request that is only counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) receipt: Option<ReceiptEnd>,
}

/// A part of the journal that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// The file.
    pub(crate) file: String,
    /// The first line that does not fit, counted from 1; absent where it is about the file as a whole.
    pub(crate) line: Option<u64>,
    /// What is wrong.
    pub(crate) kind: DamageKind,
    /// When it was found and written down; absent where it is found just now.
    pub(crate) known_since: Option<Timestamp>,
    /// As in [`KnownDamage`].
    pub(super) digest: Option<String>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DamageKind {
    /// The last line has no end.
    Cut,
    /// The line is not one of the journal's.
    NotALine,
    /// The line does not follow the one before.
    DoesNotFollow,
    /// Lines that were there are missing from here on.
    LinesMissing,
    /// The file is missing.
    FileMissing,
    /// The file cannot be read.
    NotReadable,
    /// What exactly was said when it was found.
    WrittenDown,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        match (self.kind, self.known_since) {
            (_, Some(since)) => write!(f, ": damaged; found at {since} and left as it is"),
            (DamageKind::Cut, _) => f.write_str(": the line has no end"),
            (DamageKind::NotALine, _) => f.write_str(": the line cannot be understood"),
            (DamageKind::DoesNotFollow, _) => f.write_str(
                ": the line does not follow the one before; one of them was changed, or lines were removed or moved",
            ),
            (DamageKind::LinesMissing, _) => f.write_str(": lines that were here are missing"),
            (DamageKind::FileMissing, _) => f.write_str(": the file is missing"),
            (DamageKind::NotReadable, _) => f.write_str(": the file cannot be read"),
            (DamageKind::WrittenDown, None) => f.write_str(": damaged"),
        }
    }
}

/// One file, as it was read.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) segment: Segment,
    /// Whole lines.
    pub(super) lines: u64,
    pub(super) bytes: u64,
    /// The hash of the last whole line.
    pub(super) last: Option<String>,
    /// What the first line says of when it was written.
    pub(super) opened: Option<Timestamp>,
    /// The latest time of all lines, whether or not the clock was right.
    pub(super) newest: Option<Timestamp>,
}

impl Seen {
    fn new(segment: Segment) -> Self {
        Self { segment, lines: 0, bytes: 0, last: None, opened: None, newest: None }
    }
}

/// The journal as it was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Read {
    /// Everything that is not as it was written, known before or not.
    pub(crate) damage: Vec<Damage>,
    pub(super) segments: Vec<Seen>,
    pub(super) head: Option<Head>,
}

impl Read {
    /// How many lines there are.
    pub(crate) fn lines(&self) -> u64 {
        self.segments.iter().map(|seen| seen.lines).sum()
    }

    /// How many files there are.
    pub(crate) fn files(&self) -> usize {
        self.segments.len()
    }

    /// The newest receipt of a request that was only counted, as far as it is remembered beside the lines.
    pub(crate) fn counted(&self) -> Option<&ReceiptEnd> {
        self.head.as_ref().and_then(|head| head.receipt.as_ref())
    }

    /// The hash of the newest line.
    pub(super) fn last(&self) -> Option<&String> {
        self.segments.iter().rev().find_map(|seen| seen.last.as_ref())
    }
}

/// Reads the journal and shows `visit` each line that can be understood. Writes nothing.
pub(crate) fn read(folder: &Path, visit: &mut dyn FnMut(Line)) -> io::Result<Read> {
    // Before the lines: it must not know of lines that were written meanwhile.
    let reader = Reader::begin(folder);
    Ok(reader.files(folder, segment::list(folder)?, visit))
}

/// As [`read()`], but only the newest files: as many as hold `requests` requests and `bytes` bytes. Of the others only what
/// their first lines say of damage is taken in.
pub(crate) fn read_newest(
    folder: &Path,
    requests: usize,
    bytes: u64,
    visit: &mut dyn FnMut(Line),
) -> io::Result<Read> {
    let mut reader = Reader::begin(folder);
    let mut older = segment::list(folder)?;
    let (mut newest, mut counted) = (Vec::new(), Count::default());
    while (counted.requests < requests || counted.bytes < bytes)
        && let Some(segment) = older.pop()
    {
        counted.add(&segment.path(folder));
        newest.push(segment);
    }
    newest.reverse();
    reader.from_the_middle = !older.is_empty();
    for segment in older {
        reader.first_line(&segment.path(folder));
    }
    (reader.lost, reader.previous) = (reader.from_the_middle, None);
    Ok(reader.files(folder, newest, visit))
}

/// How much some files hold.
#[derive(Debug, Default)]
struct Count {
    requests: usize,
    bytes: u64,
}

impl Count {
    /// A file that cannot be read holds nothing; reading it says so.
    fn add(&mut self, path: &Path) {
        let Ok(mut file) = segment::open(path) else { return };
        let mut line = Vec::new();
        while next_line(&mut file, &mut line).is_ok_and(|whole| whole) {
            self.bytes += line.len() as u64;
            let is_request = str::from_utf8(&line).is_ok_and(|line| line.contains(REQUEST_RECEIVED));
            self.requests += usize::from(is_request);
        }
    }
}

/// What only the line of a request holds: in a text the quotes would be escaped.
const REQUEST_RECEIVED: &str = r#""entry":"request_received""#;

/// Puts the next line with its end into `line`; false where there is none, or one without an end or too long, of which
/// only the beginning is kept.
fn next_line(file: &mut BufReader<File>, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    file.by_ref().take(LONGEST_LINE).read_until(b'\n', line)?;
    Ok(line.ends_with(b"\n"))
}

#[derive(Debug, Default)]
struct Reader {
    read: Read,
    /// There are older files that are not read.
    from_the_middle: bool,
    /// The hash of the line before.
    previous: Option<String>,
    /// Nothing is known of the line before.
    lost: bool,
    /// What the journal's first line says came before it.
    before_all: Option<String>,
    found: Vec<Damage>,
    known: Vec<(Timestamp, KnownDamage)>,
    /// Through which number files were deleted, and the hash of their last line.
    deleted: Vec<(u32, Option<String>)>,
    /// The hash of the line that the head is about.
    at_head: Option<String>,
}

impl Reader {
    fn begin(folder: &Path) -> Self {
        let head = private::read_json(&segment::head(folder)).ok().flatten();
        Self { read: Read { head, ..Read::default() }, ..Self::default() }
    }

    fn files(mut self, folder: &Path, segments: Vec<Segment>, visit: &mut dyn FnMut(Line)) -> Read {
        for segment in segments {
            self.expect(&segment);
            match segment::open(&segment.path(folder)) {
                Ok(file) => self.file(segment, file, visit),
                Err(_) => self.unreadable(segment),
            }
        }
        self.finish(folder)
    }

    /// What the first line of a file says of damage before it.
    fn first_line(&mut self, path: &Path) {
        let mut line = Vec::new();
        let whole = segment::open(path).and_then(|mut file| next_line(&mut file, &mut line));
        if whole.is_ok_and(|whole| whole)
            && let Ok(line) = serde_json::from_slice(&line)
        {
            self.take_in(&line);
        }
    }

    /// Sees that no file is missing before this one.
    fn expect(&mut self, segment: &Segment) {
        if let Some(last) = self.read.segments.last()
            && segment.number > last.segment.number + 1
        {
            let file = segment::missing(last.segment.number + 1);
            self.damaged(file, None, DamageKind::FileMissing);
            self.lost = true;
        }
    }

    fn unreadable(&mut self, segment: Segment) {
        self.damaged(segment.name.clone(), None, DamageKind::NotReadable);
        self.lost = true;
        self.read.segments.push(Seen::new(segment));
    }

    fn file(&mut self, segment: Segment, mut file: BufReader<File>, visit: &mut dyn FnMut(Line)) {
        let (mut seen, mut line) = (Seen::new(segment), Vec::new());
        loop {
            let number = seen.lines + 1;
            let damage = match next_line(&mut file, &mut line) {
                Ok(true) => None,
                Ok(false) if line.is_empty() => break,
                Ok(false) if line.len() as u64 == LONGEST_LINE => Some(DamageKind::NotALine),
                Ok(false) => Some(DamageKind::Cut),
                Err(_) => Some(DamageKind::NotReadable),
            };
            seen.bytes += line.len() as u64;
            if let Some(damage) = damage {
                self.damaged(seen.segment.name.clone(), Some(number), damage);
                break;
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let hash = crypto::hash(text);
            match serde_json::from_slice::<Line>(text) {
                Ok(line) => {
                    self.follow(&line, &seen);
                    self.take_in(&line);
                    if number == 1 {
                        seen.opened = Some(line.at);
                    }
                    seen.newest = seen.newest.max(Some(line.at));
                    visit(line);
                }
                Err(_) => self.damaged(seen.segment.name.clone(), Some(number), DamageKind::NotALine),
            }
            if self.read.head.as_ref().is_some_and(|h| (h.segment, h.line) == (seen.segment.number, number)) {
                self.at_head = Some(hash.clone());
            }
            (self.lost, self.previous) = (false, Some(hash.clone()));
            (seen.lines, seen.last) = (number, Some(hash));
        }
        self.read.segments.push(seen);
    }

    fn follow(&mut self, line: &Line, seen: &Seen) {
        if self.lost || line.previous == self.previous {
            return;
        }
        match self.read.segments.last() {
            _ if seen.lines > 0 => {
                let file = seen.segment.name.clone();
                self.damaged(file, Some(seen.lines + 1), DamageKind::DoesNotFollow);
            }
            // What the next file says of the end of this one is true.
            Some(before) => {
                let (file, lines) = (before.segment.name.clone(), before.lines);
                self.damaged(file, Some(lines.max(1)), DamageKind::DoesNotFollow);
            }
            None => self.before_all.clone_from(&line.previous),
        }
    }

    fn take_in(&mut self, line: &Line) {
        match &line.record {
            Record::Own(Own::SegmentOpened { damaged, .. }) => {
                self.known.extend(damaged.iter().map(|damage| (line.at, damage.clone())));
            }
            Record::Own(Own::SegmentsDeleted { through, last, .. }) => {
                self.deleted.push((*through, last.clone()));
            }
            Record::Session(_) | Record::Own(Own::MoreUnseen(_)) | Record::Later(_) => {}
        }
    }

    /// Only the first damage of a file is of use: what follows may be its consequence.
    fn damaged(&mut self, file: String, line: Option<u64>, kind: DamageKind) {
        if !self.found.iter().any(|damage| damage.file == file) {
            self.found.push(Damage { file, line, kind, known_since: None, digest: None });
        }
    }

    fn finish(mut self, folder: &Path) -> Read {
        self.check_start();
        self.check_end();
        for damage in &mut self.found {
            let file = segment::open(&folder.join(&damage.file)).map(|file| file.take(MOST_HASHED));
            damage.digest = file.and_then(crypto::hash_of).ok();
        }
        let known = self.known.into_iter().map(|(since, known)| Damage {
            file: known.file,
            line: known.line,
            kind: DamageKind::WrittenDown,
            known_since: Some(since),
            digest: known.digest,
        });
        let mut damage: Vec<Damage> = known.collect();
        for found in self.found {
            if !damage.iter().any(|known| (&known.file, &known.digest) == (&found.file, &found.digest)) {
                damage.push(found);
            }
        }
        Read { damage, ..self.read }
    }

    /// A journal that does not begin with its first line says that what came before was deleted.
    fn check_start(&mut self) {
        let Some(first) = self.read.segments.first().filter(|_| !self.from_the_middle) else { return };
        let before = first.segment.number.saturating_sub(1);
        if before == 0 && self.before_all.is_none() {
            return;
        }
        let fits = |(through, last): &(u32, Option<String>)| {
            *through > before || (*through == before && *last == self.before_all)
        };
        if !self.deleted.iter().any(fits) {
            self.damaged(segment::missing(before), None, DamageKind::FileMissing);
        }
    }

    /// Lines missing at the end leave the chain whole; the head knows of them.
    fn check_end(&mut self) {
        let Some(head) = self.read.head.clone() else { return };
        let of_head = self.read.segments.iter().find(|seen| seen.segment.number == head.segment);
        match of_head {
            Some(seen) => {
                let (file, lines) = (seen.segment.name.clone(), seen.lines);
                if lines < head.line {
                    self.damaged(file, Some(lines + 1), DamageKind::LinesMissing);
                } else if self.at_head.as_ref() != Some(&head.hash) {
                    self.damaged(file, Some(head.line), DamageKind::DoesNotFollow);
                }
            }
            None if self.read.segments.last().is_none_or(|last| last.segment.number < head.segment) => {
                self.damaged(segment::missing(head.segment), None, DamageKind::FileMissing);
            }
            None => {}
        }
    }
}
