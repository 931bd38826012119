//! The way to the thread that has the clipboard.
//!
//! Other programs answer for what they copied, and may never do so: what waits for them is a thread of its own, and whoever
//! asks it goes on after [`LIMIT`].

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};

use crate::{Error, LIMIT};

/// What the thread is asked for.
pub(crate) enum Command {
    Copied(SyncSender<Result<String, Error>>),
    Put(String, SyncSender<Result<(), Error>>),
}

/// So many commands may wait for a thread that hangs.
pub(crate) const MOST_WAITING: usize = 4;

pub(crate) struct Front {
    commands: SyncSender<Command>,
    /// Has the thread look at its commands; dropped after them, so that it then sees their end.
    wake: Box<dyn Fn() + Send>,
}

impl Front {
    pub(crate) fn new(commands: SyncSender<Command>, wake: impl Fn() + Send + 'static) -> Self {
        Self { commands, wake: Box::new(wake) }
    }

    pub(crate) fn copied(&self) -> Result<String, Error> {
        self.ask(Command::Copied)
    }

    pub(crate) fn put(&self, text: String) -> Result<(), Error> {
        self.ask(|answer| Command::Put(text, answer))
    }

    fn ask<T>(&self, command: impl FnOnce(SyncSender<Result<T, Error>>) -> Command) -> Result<T, Error> {
        let (answer, answered) = sync_channel(1);
        // Full, it hangs; gone, the answer's other end is too.
        if let Err(std::sync::mpsc::TrySendError::Full(_)) = self.commands.try_send(command(answer)) {
            return Err(Error::NoAnswer);
        }
        (self.wake)();
        match answered.recv_timeout(LIMIT) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(Error::NoAnswer),
            Err(RecvTimeoutError::Disconnected) => Err(Error::Lost),
        }
    }
}
