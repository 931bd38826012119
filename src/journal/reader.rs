//! Reads the whole journal and checks that each line follows the one before.

use super::{
    line::{KnownDamage, Line, Own, Record},
    segment::{self, Segment},
};
use crate::private;
use protocol::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fs, io, path::Path};

/// What the newest line was. Written after the line and not waited for: it may be older than the journal, never newer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// In this file.
    pub(super) segment: u32,
    /// Counted from 1.
    pub(super) line: u64,
    /// Its hash.
    pub(super) hash: String,
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
    /// When the newest line was written.
    pub(super) newest: Option<Timestamp>,
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

    /// The hash of the newest line.
    pub(super) fn last(&self) -> Option<&String> {
        self.segments.iter().rev().find_map(|seen| seen.last.as_ref())
    }
}

/// Reads the journal and shows `visit` each line that can be understood. Writes nothing.
pub(crate) fn read(folder: &Path, visit: &mut dyn FnMut(Line)) -> io::Result<Read> {
    // Before the lines: it must not know of lines that were written meanwhile.
    let head = private::read_json(&segment::head(folder)).ok().flatten();
    let mut reader = Reader { read: Read { head, ..Read::default() }, ..Reader::default() };
    for segment in segment::list(folder)? {
        reader.expect(&segment);
        match fs::read(segment.path(folder)) {
            Ok(bytes) => reader.file(segment, &bytes, visit),
            Err(_) => reader.unreadable(segment),
        }
    }
    Ok(reader.finish(folder))
}

#[derive(Debug, Default)]
struct Reader {
    read: Read,
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
        self.read.segments.push(Seen { segment, lines: 0, bytes: 0, last: None, newest: None });
    }

    fn file(&mut self, segment: Segment, bytes: &[u8], visit: &mut dyn FnMut(Line)) {
        let mut seen = Seen { segment, lines: 0, bytes: bytes.len() as u64, last: None, newest: None };
        for bytes in bytes.split_inclusive(|&byte| byte == b'\n') {
            let number = seen.lines + 1;
            let Some((b'\n', text)) = bytes.split_last() else {
                self.damaged(seen.segment.name.clone(), Some(number), DamageKind::Cut);
                break;
            };
            let hash = crypto::hash(text);
            match serde_json::from_slice::<Line>(text) {
                Ok(line) => {
                    self.follow(&line, &seen);
                    self.take_in(&line);
                    seen.newest = Some(line.at);
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
            Record::Session(_) | Record::Later(_) => {}
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
            damage.digest = fs::read(folder.join(&damage.file)).ok().map(|bytes| crypto::hash(&bytes));
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
        let Some(first) = self.read.segments.first() else { return };
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
