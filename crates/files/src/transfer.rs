//! What is being done in the folder, for those who are to know: the user.

use crate::folder::Folder;
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

/// How often it is told how far a transfer is.
const TOLD_EVERY: Duration = Duration::from_millis(250);

/// Something is done with the user's files. Names are paths from the folder on, as they came from the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// A file begins to be transferred; told before any byte of it is.
    Began {
        /// The same in what follows; no other transfer in this folder has it.
        id: u64,
        /// The file.
        name: String,
        /// How many bytes are to be transferred, where that is known.
        size: Option<u64>,
        /// Where in the file it begins: not at 0 where a part is asked for, or an upload is resumed.
        offset: u64,
        /// Which way.
        direction: Direction,
    },
    /// This many bytes of it have been transferred by now.
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
        how: How,
    },
    /// Something was changed at once.
    Changed(Change),
}

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the computer to the operator.
    Download,
    /// From the operator to the computer.
    Upload,
}

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Whole; an upload is there under its name.
    Done,
    /// By either side, by the connection, or by standing still. Of an upload nothing is there.
    Cut,
    /// The computer could not do it. Of an upload nothing is there.
    Failed,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A folder, or an empty file, was made.
    Made(String),
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
    Deleted(String),
}

/// Who is told.
pub(crate) type Tell = Arc<dyn Fn(Transfer) + Send + Sync>;

/// A transfer that goes on; unless its end is told, it was cut.
pub(crate) struct Ongoing {
    tell: Tell,
    id: u64,
    bytes: u64,
    told: Instant,
    ended: bool,
}

impl Ongoing {
    pub(crate) fn begin(
        folder: &Folder,
        tell: &Tell,
        name: String,
        size: Option<u64>,
        offset: u64,
        direction: Direction,
    ) -> Self {
        let id = folder.transfers.fetch_add(1, Ordering::Relaxed);
        tell(Transfer::Began { id, name, size, offset, direction });
        Self { tell: tell.clone(), id, bytes: 0, told: Instant::now(), ended: false }
    }

    pub(crate) fn moved(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        if self.told.elapsed() >= TOLD_EVERY {
            self.told = Instant::now();
            (self.tell)(Transfer::Moved { id: self.id, bytes: self.bytes });
        }
    }

    pub(crate) fn end(mut self, how: How) {
        self.tell_end(how);
    }

    fn tell_end(&mut self, how: How) {
        if !self.ended {
            self.ended = true;
            (self.tell)(Transfer::Ended { id: self.id, bytes: self.bytes, how });
        }
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.tell_end(How::Cut);
    }
}
