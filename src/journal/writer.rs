//! Adds lines, each durable before anybody hears of it, and opens and deletes files.

use super::{
    line::{KnownDamage, Line, Own, Proof, Record, VERSION},
    reader::{self, Head},
    segment::{self, Segment},
};
use crate::{platform, private};
use protocol::{SignedDuration, Timestamp};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

/// Writes the journal. The caller holds the resident's lock; that another program writes too is noticed all the same.
#[derive(Debug)]
pub(super) struct Writer {
    folder: PathBuf,
    keep: Duration,
    /// Absent while the journal could not be read.
    end: Option<End>,
    /// The newest line, where the head does not know of it yet.
    head: Option<Head>,
    /// A file was opened, so there may be one too many.
    opened: bool,
}

/// Where the journal ends.
#[derive(Debug, Default)]
struct End {
    /// The hash of the newest line.
    previous: Option<String>,
    /// The number of the next file.
    next: u32,
    /// Found and not written down yet.
    damaged: Vec<KnownDamage>,
    /// The file that is being written.
    current: Option<Current>,
}

#[derive(Clone, Debug)]
struct Current {
    segment: Segment,
    /// Whole lines.
    lines: u64,
    /// Bytes of whole lines.
    length: u64,
    /// A line may have been written in part.
    unclean: bool,
}

impl Writer {
    /// Reads the journal and writes down what damage is found; false where that cannot be written.
    pub(super) fn open(
        folder: &Path,
        keep: Duration,
        now: Timestamp,
        visit: &mut dyn FnMut(Line),
    ) -> (Self, bool) {
        let mut writer = Self { folder: folder.to_owned(), keep, end: None, head: None, opened: true };
        let opened = writer.load(visit).and_then(|()| match &writer.end {
            Some(end) if !end.damaged.is_empty() => writer.open_segment(now),
            Some(_) | None => Ok(()),
        });
        if let Err(error) = &opened {
            tracing::error!(%error, "the journal cannot be written: nothing can be approved until it can");
        }
        (writer, opened.is_ok())
    }

    /// Adds a line; it is durable when this returns.
    pub(super) fn write(&mut self, at: Timestamp, record: Record, proof: Proof) -> io::Result<()> {
        self.make_ready(at)?;
        self.append(at, record, proof)
    }

    /// What nobody waits for: deletes what is too old and remembers the newest line.
    pub(super) fn tidy(&mut self, now: Timestamp) {
        if std::mem::take(&mut self.opened)
            && let Err(error) = self.delete_old(now)
        {
            tracing::warn!(%error, "old files of the journal could not be deleted");
        }
        self.remember();
    }

    /// Remembers the newest line.
    fn remember(&mut self) {
        if let Some(head) = self.head.take()
            && let Err(error) = private::write_json_soon(&segment::head(&self.folder), &head)
        {
            tracing::warn!(%error, "the journal's newest line cannot be remembered");
        }
    }

    fn load(&mut self, visit: &mut dyn FnMut(Line)) -> io::Result<()> {
        self.remember();
        self.end = None;
        let read = reader::read(&self.folder, visit)?;
        let fresh = read.damage.iter().filter(|damage| damage.known_since.is_none());
        let damaged: Vec<KnownDamage> = fresh
            .map(|damage| {
                tracing::error!(%damage, "the journal is damaged; it goes on in another file");
                let (file, line, digest) = (damage.file.clone(), damage.line, damage.digest.clone());
                KnownDamage { file, line, digest }
            })
            .collect();
        let newest = read.segments.last().filter(|seen| seen.segment.number > 0 && damaged.is_empty());
        let current = newest.map(|seen| Current {
            segment: seen.segment.clone(),
            lines: seen.lines,
            length: seen.bytes,
            unclean: false,
        });
        let last = read.segments.last().map_or(0, |seen| seen.segment.number);
        let next = last.max(read.head.as_ref().map_or(0, |head| head.segment)) + 1;
        self.end = Some(End { previous: read.last().cloned(), next, damaged, current });
        Ok(())
    }

    /// Sees to it that the right file is open and is as it was left.
    fn make_ready(&mut self, at: Timestamp) -> io::Result<()> {
        if let Some(current) = self.end.as_mut().and_then(|end| end.current.as_mut()) {
            let path = current.segment.path(&self.folder);
            if current.unclean {
                current.unclean = shorten(&path, current.length).is_err();
            }
            let found = fs::metadata(path).map(|found| found.len());
            if !found.is_ok_and(|length| length == current.length) {
                tracing::error!("somebody else changed the journal");
                self.load(&mut drop)?;
            }
        } else if self.end.is_none() {
            self.load(&mut drop)?;
        }
        if self.is_current(at) {
            return Ok(());
        }
        match self.open_segment(at) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                tracing::error!("somebody else writes the journal");
                self.load(&mut drop)?;
                if self.is_current(at) { Ok(()) } else { self.open_segment(at) }
            }
            opened => opened,
        }
    }

    /// Whether the file of this month is being written.
    fn is_current(&self, at: Timestamp) -> bool {
        let current = self.end.as_ref().and_then(|end| end.current.as_ref());
        current.is_some_and(|current| current.segment.month() == Some(&month(at)))
    }

    /// Opens the next file; its first line names the one before and says what damage was found.
    fn open_segment(&mut self, at: Timestamp) -> io::Result<()> {
        let Some(end) = &mut self.end else { return Err(io::ErrorKind::NotFound.into()) };
        let segment = Segment::new(end.next, &month(at));
        let path = segment.path(&self.folder);
        private::append_new(&path)?;
        let opened = Own::SegmentOpened { number: segment.number, damaged: end.damaged.clone() };
        let before = end.current.replace(Current { segment, lines: 0, length: 0, unclean: false });
        let written = self
            .append(at, Record::Own(opened), Proof::default())
            .and_then(|()| platform::sync_folder(&self.folder));
        let Some(end) = &mut self.end else { return written };
        if written.is_ok() {
            end.next += 1;
            end.damaged.clear();
            self.opened = true;
        } else {
            // Best effort: a file without lines does no harm.
            let _ = fs::remove_file(&path);
            end.current = before;
        }
        written
    }

    fn append(&mut self, at: Timestamp, record: Record, proof: Proof) -> io::Result<()> {
        let Some(End { previous, current: Some(current), .. }) = &mut self.end else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let line = Line { version: VERSION, at, previous: previous.clone(), record, proof };
        let mut bytes = serde_json::to_vec(&line)?;
        let hash = crypto::hash(&bytes);
        bytes.push(b'\n');
        let path = current.segment.path(&self.folder);
        let mut file = OpenOptions::new().append(true).open(&path)?;
        if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_data()) {
            // Half a line would swallow the next one.
            current.unclean = shorten(&path, current.length).is_err();
            return Err(error);
        }
        current.length += bytes.len() as u64;
        current.lines += 1;
        *previous = Some(hash.clone());
        self.head = Some(Head { segment: current.segment.number, line: current.lines, hash });
        Ok(())
    }

    /// Deletes the files whose newest line is older than the journal is kept for, after writing down that it does.
    fn delete_old(&mut self, at: Timestamp) -> io::Result<()> {
        let Some(current) = self.end.as_ref().and_then(|end| Some(end.current.as_ref()?.segment.number))
        else {
            return Ok(());
        };
        let keep = SignedDuration::try_from(self.keep).unwrap_or(SignedDuration::MAX);
        let Ok(limit) = at.checked_sub(keep) else { return Ok(()) };
        let read = reader::read(&self.folder, &mut drop)?;
        let before = read.segments.iter().take_while(|seen| seen.segment.number != current);
        // A file without a line that tells goes with the next one that has.
        let candidates: Vec<_> =
            before.take_while(|seen| seen.newest.is_none_or(|newest| newest < limit)).collect();
        let Some(last) = candidates.iter().rposition(|seen| seen.newest.is_some()) else { return Ok(()) };
        let old = &candidates[..=last];
        let newest = old[last];
        let month = newest.newest.map(month).unwrap_or_default();
        let hash = old.iter().rev().find_map(|seen| seen.last.clone());
        let deleted = Own::SegmentsDeleted { through: newest.segment.number, month, last: hash };
        self.append(at, Record::Own(deleted), Proof::default())?;
        for seen in old {
            fs::remove_file(seen.segment.path(&self.folder))?;
        }
        tracing::info!(files = old.len(), "deleted old files of the journal");
        Ok(())
    }
}

fn shorten(path: &Path, length: u64) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.set_len(length)
}

/// As in `2026-11`.
fn month(at: Timestamp) -> String {
    at.strftime("%Y-%m").to_string()
}
