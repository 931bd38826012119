//! What an operator does with the user's files: as the access process reports it, as the journal keeps it, and as the
//! windows show it.

use protocol::text;
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, path::PathBuf};

/// So many deeds are listed, the newest; of older ones only the numbers are kept.
pub const LISTED_DEEDS: usize = 50;
/// A part of a file belongs to what was done with the file so many deeds before, at most.
const PARTS_WITHIN: usize = 8;
/// A name is shortened to so many characters.
const MAX_PATH_CHARS: usize = 120;

/// The folder that is shared with the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedFolder {
    /// Where.
    pub path: PathBuf,
    /// Whether policy lets it be the whole home folder, or what that lies in.
    pub whole_home: bool,
}

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From this computer to the operator.
    Download,
    /// From the operator to this computer.
    Upload,
}

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferEnd {
    /// Whole; an upload is there under its name.
    Done,
    /// By the operator, the connection, an end, or because a permission was taken back. Of an upload nothing is there.
    Cut,
    /// By the user's *Cancel*. Of an upload nothing is there.
    Cancelled,
    /// The computer could not do it. Of an upload nothing is there.
    Failed,
}

/// What was changed at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum FileChange {
    /// A folder, or an empty file, was made.
    Made {
        /// It.
        name: String,
    },
    /// Renamed, or moved within the folder.
    Renamed {
        /// What it was.
        from: String,
        /// What it is.
        to: String,
    },
    /// Copied within the folder, with everything in it.
    Copied {
        /// What.
        from: String,
        /// The copy.
        to: String,
    },
    /// Moved to the trash, with everything in it.
    Deleted {
        /// What.
        name: String,
    },
}

impl FileChange {
    /// The same with names that are safe to show.
    pub(crate) fn made_safe(self) -> Self {
        match self {
            Self::Made { name } => Self::Made { name: safe_path(&name) },
            Self::Renamed { from, to } => Self::Renamed { from: safe_path(&from), to: safe_path(&to) },
            Self::Copied { from, to } => Self::Copied { from: safe_path(&from), to: safe_path(&to) },
            Self::Deleted { name } => Self::Deleted { name: safe_path(&name) },
        }
    }
}

/// What the access process reports of the files. Names are paths from the shared folder on, as they came from the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "files", rename_all = "snake_case")]
pub enum FilesFact {
    /// A file begins to be transferred; said before any byte of it is.
    Began {
        /// The same in what follows.
        id: u64,
        /// The file.
        name: String,
        /// How many bytes are to be transferred, where that is known.
        size: Option<u64>,
        /// Where in the file it begins: not at 0 where it is a part, or goes on with what was cut.
        offset: u64,
        /// Which way.
        direction: Direction,
    },
    /// So many bytes of it have been transferred by now.
    Moved {
        /// Which.
        id: u64,
        /// In all.
        bytes: u64,
    },
    /// It is over.
    Ended {
        /// Which.
        id: u64,
        /// In all.
        bytes: u64,
        /// How it ended.
        end: TransferEnd,
    },
    /// Something was changed at once.
    Changed(FileChange),
}

/// Something that was done with a file, and is over. Names are safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum FileDeed {
    /// A file was transferred, or a part of it.
    Transferred(Transferred),
    /// Something was changed.
    Changed(FileChange),
}

/// A transfer that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transferred {
    /// The file.
    pub name: String,
    /// Tells it from other files where the name is not the whole path, and is the same for all parts of it in a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<u64>,
    /// Which way.
    pub direction: Direction,
    /// Where in the file it began.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offset: u64,
    /// How many bytes were to be transferred, where that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// How many were.
    pub bytes: u64,
    /// How it ended.
    pub end: TransferEnd,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A transfer that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningTransfer {
    /// For [`UserInput::CancelTransfer`](crate::UserInput::CancelTransfer).
    pub id: u64,
    /// The file; safe to show.
    pub name: String,
    /// Which way.
    pub direction: Direction,
    /// How many bytes are to be transferred, where that is known.
    pub size: Option<u64>,
    /// How many have been.
    pub bytes: u64,
    /// Whether the user pressed *Cancel*.
    pub is_cancelled: bool,
}

/// What was done with files in a session's course.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesDone {
    /// Files that went to the operator, wholly or in part, and their bytes.
    pub downloads: Count,
    /// Files that came from the operator, wholly or in part, and their bytes.
    pub uploads: Count,
    /// What was changed at once.
    pub changes: u64,
    /// The newest [`LISTED_DEEDS`], oldest first.
    pub deeds: VecDeque<FileDeed>,
}

/// So many files with so many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Files.
    pub files: u64,
    /// Bytes that were transferred.
    pub bytes: u64,
}

impl FilesDone {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.all() == 0
    }

    /// How many there were, listed or not.
    pub fn all(&self) -> u64 {
        self.downloads.files.saturating_add(self.uploads.files).saturating_add(self.changes)
    }

    /// Adds one. A further part of a file is one with the parts before.
    pub fn add(&mut self, deed: FileDeed) {
        if let FileDeed::Transferred(part) = &deed {
            let count = self.count_mut(part.direction);
            count.bytes = count.bytes.saturating_add(part.bytes);
            if merge(&mut self.deeds, part) {
                return;
            }
            let count = self.count_mut(part.direction);
            count.files = count.files.saturating_add(1);
        } else {
            self.changes = self.changes.saturating_add(1);
        }
        if self.deeds.len() == LISTED_DEEDS {
            self.deeds.pop_front();
        }
        self.deeds.push_back(deed);
    }

    fn count_mut(&mut self, direction: Direction) -> &mut Count {
        match direction {
            Direction::Download => &mut self.downloads,
            Direction::Upload => &mut self.uploads,
        }
    }
}

/// Makes a part of a file one with a part before it. False where it is none, or there is none.
pub(crate) fn merge(deeds: &mut VecDeque<FileDeed>, part: &Transferred) -> bool {
    if part.offset == 0 {
        return false;
    }
    let before = deeds.iter_mut().rev().take(PARTS_WITHIN).find_map(|deed| match deed {
        FileDeed::Transferred(before) => {
            let is_same =
                (&before.name, before.file, before.direction) == (&part.name, part.file, part.direction);
            is_same.then_some(before)
        }
        FileDeed::Changed(_) => None,
    });
    let Some(before) = before else { return false };
    before.bytes = before.bytes.saturating_add(part.bytes);
    before.size = match (before.end, before.size, part.size) {
        // What was cut goes on: together they are what it was to be.
        (TransferEnd::Done, Some(before), Some(part)) => Some(before.saturating_add(part)),
        (TransferEnd::Done, ..) => None,
        (TransferEnd::Cut | TransferEnd::Cancelled | TransferEnd::Failed, size, _) => size,
    };
    before.end = part.end;
    true
}

/// A path from the network, safe to show; its end, where files say what they are, stays.
pub fn safe_path(path: &str) -> String {
    let path = text::one_line(path, usize::MAX, "unnamed file");
    let chars = path.chars().count();
    if chars <= MAX_PATH_CHARS {
        return path;
    }
    let (first, last) = (MAX_PATH_CHARS / 2 - 1, MAX_PATH_CHARS / 2);
    let from = |index: usize| path.char_indices().nth(index).map_or(path.len(), |(at, _)| at);
    format!("{}…{}", &path[..from(first)], &path[from(chars - last)..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transferred(name: &str, offset: u64, size: u64, end: TransferEnd) -> FileDeed {
        let bytes = if end == TransferEnd::Done { size } else { size / 2 };
        let (name, direction) = (name.into(), Direction::Download);
        FileDeed::Transferred(Transferred {
            name,
            file: None,
            direction,
            offset,
            size: Some(size),
            bytes,
            end,
        })
    }

    #[test]
    fn the_parts_of_a_file_are_one_file() {
        let mut done = FilesDone::default();
        done.add(transferred("film.mp4", 0, 100, TransferEnd::Done));
        done.add(transferred("notes.txt", 0, 10, TransferEnd::Done));
        done.add(transferred("film.mp4", 100, 60, TransferEnd::Done));
        assert_eq!(done.downloads, Count { files: 2, bytes: 170 });
        assert_eq!(done.deeds[0], transferred("film.mp4", 0, 160, TransferEnd::Done));
        assert_eq!(done.deeds.len(), 2);
    }

    #[test]
    fn what_was_cut_and_goes_on_is_whole_in_the_end() {
        let mut done = FilesDone::default();
        done.add(transferred("film.mp4", 0, 100, TransferEnd::Cut));
        done.add(transferred("film.mp4", 50, 50, TransferEnd::Done));
        assert_eq!(done.deeds, [transferred("film.mp4", 0, 100, TransferEnd::Done)]);
    }

    #[test]
    fn the_same_file_once_more_is_told_once_more() {
        let mut done = FilesDone::default();
        done.add(transferred("film.mp4", 0, 100, TransferEnd::Done));
        done.add(transferred("film.mp4", 0, 100, TransferEnd::Done));
        assert_eq!((done.all(), done.deeds.len()), (2, 2));
    }

    #[test]
    fn many_are_counted_and_the_newest_listed() {
        let mut done = FilesDone::default();
        for number in 0..LISTED_DEEDS + 5 {
            done.add(FileDeed::Changed(FileChange::Made { name: number.to_string() }));
        }
        assert_eq!((done.all(), done.deeds.len()), (LISTED_DEEDS as u64 + 5, LISTED_DEEDS));
        assert_eq!(done.deeds[0], FileDeed::Changed(FileChange::Made { name: "5".into() }));
    }

    #[test]
    fn a_name_cannot_change_direction_and_a_long_one_keeps_its_end() {
        assert_eq!(safe_path("a\u{202e}fdp.exe"), "afdp.exe");
        let long = safe_path(&format!("{}.pdf.exe", "invoice".repeat(60)));
        assert_eq!(long.chars().count(), MAX_PATH_CHARS);
        assert!(long.starts_with("invoice") && long.ends_with(".pdf.exe"), "{long}");
    }
}
