//! What is done with files, in the markup's words.

use crate::ui::{Deed, DeedKind, Totals, Transfer, TransferEnd};
use protocol::text::isolated;
use session::{Direction, FileChange, FileDeed, FilesDone, RunningTransfer, Transferred};

/// What is on its way.
pub(crate) fn transfer(transfer: &RunningTransfer) -> Transfer {
    Transfer {
        id: transfer.id.to_string().into(),
        name: isolated(&transfer.name).into(),
        upload: transfer.direction == Direction::Upload,
        bytes: transfer.bytes as f32,
        size: transfer.size.map_or(-1.0, |size| size as f32),
        cancelled: transfer.is_cancelled,
    }
}

/// The newest `most`, newest first.
pub(crate) fn newest(done: &FilesDone, most: usize) -> impl Iterator<Item = Deed> + '_ {
    done.deeds.iter().rev().take(most).map(deed)
}

/// How many there were beside the newest `most`.
pub(crate) fn more(done: &FilesDone, most: usize) -> i32 {
    let listed = done.deeds.len().min(most) as u64;
    count(done.all().saturating_sub(listed))
}

/// All of it in numbers.
pub(crate) fn totals(done: &FilesDone, most: usize) -> Totals {
    Totals {
        downloads: count(done.downloads.files),
        download_bytes: done.downloads.bytes as f32,
        uploads: count(done.uploads.files),
        upload_bytes: done.uploads.bytes as f32,
        changes: count(done.changes),
        more: more(done, most),
    }
}

fn count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn deed(deed: &FileDeed) -> Deed {
    match deed {
        FileDeed::Transferred(Transferred { name, direction, bytes, end, .. }) => Deed {
            upload: *direction == Direction::Upload,
            bytes: *bytes as f32,
            end: (*end).into(),
            ..change(DeedKind::Transferred, name, "")
        },
        FileDeed::Changed(FileChange::Made { name }) => change(DeedKind::Made, name, ""),
        FileDeed::Changed(FileChange::Renamed { from, to }) => change(DeedKind::Renamed, from, to),
        FileDeed::Changed(FileChange::Copied { from, to }) => change(DeedKind::Copied, from, to),
        FileDeed::Changed(FileChange::Deleted { name }) => change(DeedKind::Deleted, name, ""),
    }
}

fn change(kind: DeedKind, name: &str, to: &str) -> Deed {
    let (upload, bytes, end) = (false, 0.0, TransferEnd::Done);
    Deed { kind, name: isolated(name).into(), to: isolated(to).into(), upload, bytes, end }
}
