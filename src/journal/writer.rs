//! Adds lines, each durable before anybody hears of it, and opens and deletes files.

use super::{
    line::{KnownDamage, Line, Own, Proof, ReceiptEnd, Record, VERSION},
    reader::{self, Head, Seen},
    segment::{self, Segment},
    starts::Starts,
};
use crate::{platform, private};
use protocol::{SignedDuration, Timestamp};
use session::Now;
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
    /// The head does not know of the newest line yet.
    behind: bool,
    /// The newest receipt of a request that is only counted.
    counted: Option<ReceiptEnd>,
    /// A file was opened, so there may be one too many.
    opened: bool,
    starts: Starts,
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
    /// The files that are not written any more, oldest first.
    closed: Vec<Closed>,
    /// The file that is being written.
    current: Option<Current>,
}

/// A file that is not written any more.
#[derive(Clone, Debug)]
struct Closed {
    segment: Segment,
    times: Times,
    /// The hash of its last line.
    last: Option<String>,
}

/// The times in a file, by the computer's clock.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    /// Of the first line.
    opened: Option<Timestamp>,
    /// The latest of all.
    newest: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Current {
    segment: Segment,
    times: Times,
    /// Whole lines.
    lines: u64,
    /// Bytes of whole lines.
    length: u64,
    /// A line may have been written in part.
    unclean: bool,
}

impl Writer {
    /// Reads the journal and writes down what damage is found; false where that cannot be written.
    pub(super) fn open(folder: &Path, keep: Duration, now: Now, visit: &mut dyn FnMut(Line)) -> (Self, bool) {
        let mut writer = Self {
            folder: folder.to_owned(),
            keep,
            end: None,
            behind: false,
            counted: None,
            opened: true,
            starts: Starts::load(folder, now),
        };
        let opened = writer.load(visit).and_then(|()| match &writer.end {
            Some(end) if !end.damaged.is_empty() => writer.open_segment(now.wall),
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

    /// Remembers the receipt of a request that is only counted: the next receipt goes on from it.
    pub(super) fn count(&mut self, at: Timestamp, receipt: ReceiptEnd) -> io::Result<()> {
        self.make_ready(at)?;
        self.counted = Some(receipt);
        let Some(head) = self.head() else { return Err(io::ErrorKind::NotFound.into()) };
        private::write_json_soon(&segment::head(&self.folder), &head).map_err(io::Error::other)?;
        self.behind = false;
        Ok(())
    }

    /// The newest receipt of a request that is only counted.
    pub(super) fn counted(&self) -> Option<&ReceiptEnd> {
        self.counted.as_ref()
    }

    /// What nobody waits for: deletes what is too old, and remembers the newest line and that the agent runs.
    pub(super) fn tidy(&mut self, now: Now) {
        self.starts.remember(now.wall);
        if std::mem::take(&mut self.opened)
            && let Err(error) = self.delete_old(now)
        {
            tracing::warn!(%error, "old files of the journal could not be deleted");
        }
        self.remember();
    }

    /// Remembers the newest line.
    fn remember(&mut self) {
        if std::mem::take(&mut self.behind)
            && let Some(head) = self.head()
            && let Err(error) = private::write_json_soon(&segment::head(&self.folder), &head)
        {
            tracing::warn!(%error, "the journal's newest line cannot be remembered");
        }
    }

    /// What there is to remember of the newest line.
    fn head(&self) -> Option<Head> {
        let End { previous: Some(hash), current: Some(current), .. } = self.end.as_ref()? else {
            return None;
        };
        let (segment, line) = (current.segment.number, current.lines);
        Some(Head { segment, line, hash: hash.clone(), receipt: self.counted.clone() })
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
            times: Times::of(seen),
            lines: seen.lines,
            length: seen.bytes,
            unclean: false,
        });
        let last = read.segments.last().map_or(0, |seen| seen.segment.number);
        let next = last.max(read.head.as_ref().map_or(0, |head| head.segment)) + 1;
        let previous = read.last().cloned();
        let mut closed: Vec<Closed> = read.segments.into_iter().map(Closed::from).collect();
        if current.is_some() {
            closed.pop();
        }
        self.counted = self.counted.take().or_else(|| read.head?.receipt);
        self.end = Some(End { previous, next, damaged, closed, current });
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
        let (times, last) = (Times::default(), end.previous.clone());
        let before = end.current.replace(Current { segment, times, lines: 0, length: 0, unclean: false });
        let written = self
            .append(at, Record::Own(opened), Proof::default())
            .and_then(|()| platform::sync_folder(&self.folder));
        let Some(end) = &mut self.end else { return written };
        if written.is_ok() {
            end.next += 1;
            end.damaged.clear();
            end.closed.extend(before.map(|Current { segment, times, .. }| Closed { segment, times, last }));
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
        current.times.add(at);
        *previous = Some(hash);
        self.behind = true;
        Ok(())
    }

    /// Deletes the files that were left for the next one longer ago than the journal is kept for, after writing down that
    /// it does.
    fn delete_old(&mut self, now: Now) -> io::Result<()> {
        let Some(believed) = self.starts.believed(now) else { return Ok(()) };
        let keep = SignedDuration::try_from(self.keep).unwrap_or(SignedDuration::MAX);
        let Ok(limit) = believed.checked_sub(keep) else { return Ok(()) };
        let Some(End { closed, current: Some(current), .. }) = &self.end else { return Ok(()) };
        let left = left_at(closed, current.times, believed);
        let old = left.iter().take_while(|left| left.is_some_and(|left| left < limit)).count();
        let closed = &closed[..old];
        let (Some(last), Some(&Some(left))) = (closed.last(), left[..old].last()) else { return Ok(()) };
        let newest =
            closed.iter().filter_map(|closed| closed.times.newest).filter(|time| *time <= left).max();
        let deleted = Own::SegmentsDeleted {
            through: last.segment.number,
            month: month(newest.unwrap_or(left)),
            last: closed.iter().rev().find_map(|closed| closed.last.clone()),
        };
        self.append(now.wall, Record::Own(deleted), Proof::default())?;
        let Some(end) = &mut self.end else { return Ok(()) };
        for closed in &end.closed[..old] {
            fs::remove_file(closed.segment.path(&self.folder))?;
        }
        end.closed.drain(..old);
        tracing::info!(files = old, "deleted old files of the journal");
        Ok(())
    }
}

/// When each file was left for the next one: the first time at which a later file was opened that is not before any time
/// written until then, because a clock that is behind says less than is true. Nothing where no such time is known.
fn left_at(closed: &[Closed], current: Times, believed: Timestamp) -> Vec<Option<Timestamp>> {
    // What has not come yet was written by a clock that was ahead.
    let possible = |time: Option<Timestamp>| time.filter(|time| *time <= believed);
    let mut left = vec![None; closed.len()];
    let (mut latest, mut first_open) = (None, 0);
    for (index, times) in closed.iter().map(|closed| closed.times).chain([current]).enumerate() {
        let opened = possible(times.opened);
        if opened.is_some() && opened >= latest {
            left[first_open..index].fill(opened);
            first_open = index;
        }
        latest = latest.max(opened).max(possible(times.newest));
    }
    left
}

impl Times {
    fn of(seen: &Seen) -> Self {
        Self { opened: seen.opened, newest: seen.newest }
    }

    fn add(&mut self, at: Timestamp) {
        self.opened = self.opened.or(Some(at));
        self.newest = self.newest.max(Some(at));
    }
}

impl From<Seen> for Closed {
    fn from(seen: Seen) -> Self {
        Self { times: Times::of(&seen), segment: seen.segment, last: seen.last }
    }
}

fn shorten(path: &Path, length: u64) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.set_len(length)
}

/// As in `2026-11`.
fn month(at: Timestamp) -> String {
    at.strftime("%Y-%m").to_string()
}
