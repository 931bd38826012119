//! Windows and macOS: the system keeps the clipboard, so a thread is needed only while one waits for it.

use std::{
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use crate::{
    Error,
    front::{Command, Front, MOST_WAITING},
};

/// The system's clipboard.
pub(crate) trait Clipboard {
    /// What was copied since this was made.
    fn copied(&mut self) -> Result<String, Error>;
    fn put(&mut self, text: &str) -> Result<(), Error>;
}

/// Starts the thread; `open` says what lies in the clipboard already, which is not waited for.
pub(crate) fn start<C: Clipboard>(open: impl FnOnce() -> C + Send + 'static) -> Result<Front, Error> {
    let (commands, told) = sync_channel(MOST_WAITING);
    thread::Builder::new().name("clipboard".into()).spawn(move || serve(&mut open(), &told))?;
    Ok(Front::new(commands, || {}))
}

/// Whoever asked may not wait for the answer any more.
fn serve(clipboard: &mut impl Clipboard, told: &Receiver<Command>) {
    while let Ok(command) = told.recv() {
        match command {
            Command::Copied(answer) => drop(answer.try_send(clipboard.copied())),
            Command::Put(text, answer) => drop(answer.try_send(clipboard.put(&text))),
        }
    }
}
