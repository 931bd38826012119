//! What is being done in the folder, for those who are to know: the user.

use crate::{CANCELLED_FOR, way::Way};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

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
    /// By [`Folder::cancel`](crate::Folder::cancel). Of an upload nothing is there, and nothing is kept.
    Cancelled,
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

/// Who is told of what a connection does, and how it is cut.
#[derive(Clone)]
pub(crate) struct Tell {
    to: Arc<dyn Fn(Transfer) + Send + Sync>,
    cut: Arc<Notify>,
}

impl Tell {
    pub(crate) fn new(to: impl Fn(Transfer) + Send + Sync + 'static) -> Self {
        Self { to: Arc::new(to), cut: Arc::default() }
    }

    pub(crate) fn tell(&self, transfer: Transfer) {
        (self.to)(transfer);
    }

    /// Waits until the connection is to be cut.
    pub(crate) async fn is_cut(&self) {
        self.cut.notified().await;
    }
}

/// The transfers that go on, and what was cancelled a short while ago.
#[derive(Debug, Default)]
pub(crate) struct Transfers(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    running: HashMap<u64, Running>,
    cancelled: Vec<(What, Instant)>,
}

/// A file that goes one way; by its folded names, because what differs in capitals only may be the same file.
type What = (Vec<String>, Direction);

#[derive(Debug)]
struct Running {
    what: What,
    cut: Arc<Notify>,
    is_cancelled: bool,
}

impl Running {
    fn cancel(&mut self) {
        self.is_cancelled = true;
        self.cut.notify_one();
    }
}

impl State {
    fn is_cancelled(&self, what: &What) -> bool {
        self.cancelled.iter().any(|(other, since)| other == what && since.elapsed() < CANCELLED_FOR)
    }
}

impl Transfers {
    /// Cuts a transfer and all others of the same file that way, with their connections. For a while the file is not
    /// transferred that way again: clients try again by themselves.
    pub(crate) fn cancel(&self, id: u64) {
        let mut state = self.lock();
        let Some(what) = state.running.get(&id).map(|running| running.what.clone()) else { return };
        state.running.values_mut().filter(|running| running.what == what).for_each(Running::cancel);
        state.cancelled.retain(|(_, since)| since.elapsed() < CANCELLED_FOR);
        state.cancelled.push((what, Instant::now()));
    }

    /// Whether this was cancelled a short while ago.
    pub(crate) fn is_cancelled(&self, way: &Way, direction: Direction) -> bool {
        self.lock().is_cancelled(&(way.folded(), direction))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transfer that goes on; unless its end is told, it was cut.
pub(crate) struct Ongoing {
    all: Arc<Transfers>,
    tell: Tell,
    id: u64,
    bytes: u64,
    told: Instant,
    ended: bool,
}

impl Ongoing {
    pub(crate) fn begin(
        all: &Arc<Transfers>,
        tell: &Tell,
        way: &Way,
        size: Option<u64>,
        offset: u64,
        direction: Direction,
    ) -> Self {
        let id = {
            let mut state = all.lock();
            let id = state.next;
            state.next += 1;
            let (what, cut) = ((way.folded(), direction), tell.cut.clone());
            let mut running = Running { what, cut, is_cancelled: false };
            // Since it was asked for.
            if state.is_cancelled(&running.what) {
                running.cancel();
            }
            state.running.insert(id, running);
            id
        };
        tell.tell(Transfer::Began { id, name: way.to_string(), size, offset, direction });
        Self { all: all.clone(), tell: tell.clone(), id, bytes: 0, told: Instant::now(), ended: false }
    }

    pub(crate) fn moved(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        if self.told.elapsed() >= TOLD_EVERY {
            self.told = Instant::now();
            self.tell.tell(Transfer::Moved { id: self.id, bytes: self.bytes });
        }
    }

    pub(crate) fn end(mut self, how: How) {
        self.tell_end(how);
    }

    fn tell_end(&mut self, how: How) {
        if !self.ended {
            self.ended = true;
            let running = self.all.lock().running.remove(&self.id);
            let is_cancelled = how != How::Done && running.is_some_and(|running| running.is_cancelled);
            let how = if is_cancelled { How::Cancelled } else { how };
            self.tell.tell(Transfer::Ended { id: self.id, bytes: self.bytes, how });
        }
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.tell_end(How::Cut);
    }
}
