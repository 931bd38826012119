//! One thread that writes and waits for the disk, so that the loop never does.

use crate::private;
use anyhow::Context as _;
use serde::Serialize;
use std::{
    path::PathBuf,
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

type Work = Box<dyn FnOnce() + Send>;

/// Does work in the order in which it is given.
#[derive(Debug)]
pub(crate) struct Disk {
    work: mpsc::Sender<Work>,
    thread: JoinHandle<()>,
}

impl Disk {
    /// Starts the thread.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let (work, queue) = mpsc::channel::<Work>();
        let run = move || queue.into_iter().for_each(|work| work());
        let thread = thread::Builder::new().name("disk".into()).spawn(run);
        Ok(Self { work, thread: thread.context("failed to start the thread that writes files")? })
    }

    /// Queues some work.
    pub(crate) fn run(&self, work: impl FnOnce() + Send + 'static) {
        // The thread lives as long as this sender.
        drop(self.work.send(Box::new(work)));
    }

    /// Replaces a file; that it cannot be written is logged.
    pub(crate) fn write_json<T: Serialize + Send + 'static>(&self, path: PathBuf, value: T) {
        self.run(move || {
            if let Err(error) = private::write_json(&path, &value) {
                tracing::error!(%error, "a file could not be written: is the disk full?");
            }
        });
    }

    /// Removes a file.
    pub(crate) fn remove(&self, path: PathBuf) {
        self.run(move || {
            if let Err(error) = private::remove(&path) {
                tracing::error!(%error, "a file could not be removed");
            }
        });
    }

    /// Waits until everything is written, but not for long: a disk that hangs must not keep the agent from ending.
    pub(crate) fn finish(self, limit: Duration) {
        drop(self.work);
        let started = Instant::now();
        while !self.thread.is_finished() && started.elapsed() < limit {
            thread::sleep(Duration::from_millis(5));
        }
    }
}
