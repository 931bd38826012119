//! The thread that has the clipboard: it gives what was put there to programs that paste, and fetches what was copied.

use std::{
    hash::{BuildHasher as _, RandomState},
    io::Read as _,
    os::unix::net::UnixStream,
    sync::mpsc::{Receiver, TryRecvError},
    time::{Duration, Instant},
};

use x11rb::{
    NONE,
    connection::{Connection as _, RequestConnection as _},
    protocol::{
        Event,
        xfixes::SelectionEvent,
        xproto::{
            Atom, AtomEnum, ConnectionExt as _, GetPropertyReply, PropMode, Property, SELECTION_NOTIFY_EVENT,
            SelectionNotifyEvent, SelectionRequestEvent, Timestamp,
        },
    },
    wrapper::ConnectionExt as _,
};

use super::{lineage::Lineage, server::Server};
use crate::{Error, LONGEST, front::Command};

/// How long the program that holds a text has for all of it.
const GIVEN_WITHIN: Duration = Duration::from_secs(2);
/// The same for what lies there at the beginning: whoever asks for something meanwhile waits for it.
const RECOGNISED_WITHIN: Duration = Duration::from_secs(1);
/// A list of formats is not longer.
const LONGEST_LIST: usize = 16 * 1024;
/// What stands around the bytes of a property in the request that sets it.
const AROUND: usize = 64;

pub(super) struct Worker {
    server: Server,
    told: Receiver<Command>,
    woken: UnixStream,
    lineage: Lineage,
    /// How often its owner has changed.
    changes: u64,
    /// What lay there at the beginning, to be recognised and not to be known.
    old: Option<u64>,
    hasher: RandomState,
    /// What was put there, for as long as it is the clipboard's, and since when.
    ours: Option<(String, Timestamp)>,
}

/// What a property holds.
struct Given {
    kind: Atom,
    format: u8,
    bytes: Vec<u8>,
}

impl Worker {
    pub(super) fn new(server: Server, told: Receiver<Command>, woken: UnixStream) -> Result<Self, Error> {
        let lineage = if server.owner()? == NONE { Lineage::Nothing } else { Lineage::Old };
        let hasher = RandomState::new();
        Ok(Self { server, told, woken, lineage, changes: 0, old: None, hasher, ours: None })
    }

    /// Runs until whoever has the clipboard drops it, or the display goes away.
    pub(super) fn run(&mut self) {
        if self.lineage == Lineage::Old {
            // What is copied meanwhile is not what lay there.
            let text = self.text(Instant::now() + RECOGNISED_WITHIN).ok().flatten();
            self.old = text.map(|text| self.hasher.hash_one(text));
        }
        // Whoever waits for an answer sees the end of the thread.
        while let Ok(true) = self.turn() {}
    }

    fn turn(&mut self) -> Result<bool, Error> {
        loop {
            match self.told.try_recv() {
                // Whoever asked may not wait for the answer any more.
                Ok(Command::Copied(answer)) => drop(answer.try_send(self.copied())),
                Ok(Command::Put(text, answer)) => drop(answer.try_send(self.put(text))),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return self.leave().map(|()| false),
            }
        }
        match self.server.next(None, Some(&self.woken))? {
            Some(event) => self.take(&event)?,
            None => {
                let mut wakes = [0; 64];
                // The commands' end shows by itself.
                let _ = (&self.woken).read(&mut wakes);
            }
        }
        Ok(true)
    }

    fn copied(&mut self) -> Result<String, Error> {
        let until = Instant::now() + GIVEN_WITHIN;
        loop {
            self.catch_up()?;
            let may_be_old = match self.lineage {
                Lineage::Old | Lineage::OldGone | Lineage::Ours | Lineage::Nothing => {
                    return Err(Error::Nothing);
                }
                Lineage::Copied => false,
                Lineage::Unclear => true,
            };
            let Some(text) = self.text(until)? else { continue };
            let is_old = || self.old.is_none_or(|old| old == self.hasher.hash_one(&text));
            return if may_be_old && is_old() { Err(Error::Nothing) } else { Ok(text) };
        }
    }

    fn put(&mut self, text: String) -> Result<(), Error> {
        let now = self.now()?;
        let Server { connection, window, atoms } = &self.server;
        connection.set_selection_owner(*window, atoms.CLIPBOARD, now)?;
        self.ours = Some((text, now));
        if self.server.owner()? != self.server.window {
            self.ours = None;
            return Err(Error::NoAnswer);
        }
        self.catch_up()
    }

    /// Lets go of the clipboard. Whoever asked before that is answered, and does not wait for one that is gone.
    fn leave(&mut self) -> Result<(), Error> {
        if let Some((_, since)) = &self.ours {
            self.server.connection.set_selection_owner(NONE, self.server.atoms.CLIPBOARD, *since)?;
        }
        self.catch_up()
    }

    /// Takes in everything that has happened so far.
    fn catch_up(&mut self) -> Result<(), Error> {
        self.server.sync()?;
        while let Some(event) = self.server.connection.poll_for_event()? {
            self.take(&event)?;
        }
        Ok(())
    }

    fn take(&mut self, event: &Event) -> Result<(), Error> {
        match event {
            Event::XfixesSelectionNotify(change) => {
                self.changes += 1;
                let is_set = change.subtype == SelectionEvent::SET_SELECTION_OWNER && change.owner != NONE;
                self.lineage = match is_set {
                    true if change.owner == self.server.window => Lineage::Ours,
                    true => self.lineage.owned_by_other(),
                    false => self.lineage.gone(),
                };
                if self.lineage != Lineage::Ours {
                    self.ours = None;
                }
            }
            Event::SelectionRequest(request) => self.give(request)?,
            _ => {}
        }
        Ok(())
    }

    /// Gives what was put there to a program that pastes.
    fn give(&self, request: &SelectionRequestEvent) -> Result<(), Error> {
        let Server { connection, atoms, .. } = &self.server;
        // Programs of long ago name no property and mean the target's name.
        let property = if request.property == NONE { request.target } else { request.property };
        let (requestor, target) = (request.requestor, request.target);
        let mut given = true;
        match &self.ours {
            Some((text, since)) if request.selection == atoms.CLIPBOARD => {
                let (atom, integer) = (AtomEnum::ATOM, AtomEnum::INTEGER);
                let room = connection.maximum_request_bytes().saturating_sub(AROUND);
                if target == atoms.TARGETS {
                    let list = [
                        atoms.TARGETS,
                        atoms.TIMESTAMP,
                        atoms.UTF8_STRING,
                        atoms.TEXT_PLAIN_UTF8,
                        AtomEnum::STRING.into(),
                    ];
                    connection.change_property32(PropMode::REPLACE, requestor, property, atom, &list)?;
                } else if target == atoms.TIMESTAMP {
                    connection.change_property32(
                        PropMode::REPLACE,
                        requestor,
                        property,
                        integer,
                        &[*since],
                    )?;
                } else if target == atoms.UTF8_STRING || target == atoms.TEXT_PLAIN_UTF8 {
                    given = text.len() <= room;
                    if given {
                        let text = text.as_bytes();
                        connection.change_property8(PropMode::REPLACE, requestor, property, target, text)?;
                    }
                } else if target == Atom::from(AtomEnum::STRING) {
                    let latin1: Vec<u8> =
                        text.chars().map(|char| u8::try_from(char).unwrap_or(b'?')).collect();
                    given = latin1.len() <= room;
                    if given {
                        connection.change_property8(
                            PropMode::REPLACE,
                            requestor,
                            property,
                            target,
                            &latin1,
                        )?;
                    }
                } else {
                    given = false;
                }
            }
            _ => given = false,
        }
        let answer = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor,
            selection: request.selection,
            target,
            property: if given { property } else { NONE },
        };
        // A program that has gone meanwhile is an error that comes as an event and means nothing.
        connection.send_event(false, requestor, x11rb::protocol::xproto::EventMask::NO_EVENT, answer)?;
        Ok(connection.flush()?)
    }

    /// The text that lies in the clipboard, whoever's it is; nothing where something else was copied meanwhile.
    fn text(&mut self, until: Instant) -> Result<Option<String>, Error> {
        let changes = self.changes;
        let text = self.text_after(changes, until);
        // What was asked of one owner may have been answered by the next, whose list nobody has seen.
        self.catch_up()?;
        if self.changes == changes {
            return text.map(Some);
        }
        if Instant::now() < until { Ok(None) } else { Err(Error::NoAnswer) }
    }

    /// The same, of the owner that there is after so many changes.
    fn text_after(&mut self, changes: u64, until: Instant) -> Result<String, Error> {
        let atoms = self.server.atoms;
        // A program that does not even list what it has would not say either that it is secret.
        let list = self.fetch(atoms.TARGETS, LONGEST_LIST, until)?;
        let offered: Vec<Atom> = match list.format {
            32 => list.bytes.as_chunks().0.iter().map(|atom| Atom::from_ne_bytes(*atom)).collect(),
            _ => return Err(Error::NoText),
        };
        if offered.contains(&atoms.SECRET) {
            return Err(Error::Secret);
        }
        let known = [atoms.UTF8_STRING, atoms.TEXT_PLAIN_UTF8, AtomEnum::STRING.into()];
        let target = known.into_iter().find(|known| offered.contains(known)).ok_or(Error::NoText)?;
        self.catch_up()?;
        if self.changes != changes {
            return Err(Error::NoAnswer);
        }
        let given = self.fetch(target, LONGEST, until)?;
        if given.format != 8 {
            return Err(Error::NoText);
        }
        let text = if given.kind == Atom::from(AtomEnum::STRING) && target != atoms.UTF8_STRING {
            given.bytes.into_iter().map(char::from).collect()
        } else {
            String::from_utf8_lossy(&given.bytes).into_owned()
        };
        if text.len() > LONGEST { Err(Error::TooLong) } else { Ok(text) }
    }

    /// Asks the owner for what it has in one format, and waits for all of it.
    fn fetch(&mut self, target: Atom, longest: usize, until: Instant) -> Result<Given, Error> {
        // The time is part of the answer, and tells it from one to an earlier question.
        let now = self.now()?;
        let Server { connection, window, atoms } = &self.server;
        let (window, atoms) = (*window, *atoms);
        connection.delete_property(window, atoms.TRANSFER)?;
        connection.convert_selection(window, atoms.CLIPBOARD, target, atoms.TRANSFER, now)?;
        let property = self.wait(until, |event| match event {
            Event::SelectionNotify(answer) => {
                (answer.requestor == window && answer.target == target && answer.time == now)
                    .then_some(answer.property)
            }
            _ => None,
        })?;
        if property != atoms.TRANSFER {
            return Err(Error::NoText);
        }
        let first = self.take_property(longest)?;
        if first.type_ != atoms.INCR {
            return Ok(Given { kind: first.type_, format: first.format, bytes: first.value });
        }
        // In pieces, each when the one before has been taken away, and an empty one at the end.
        let mut given = Given { kind: NONE, format: 8, bytes: Vec::new() };
        loop {
            self.wait(until, |event| match event {
                Event::PropertyNotify(change) => (change.window == window
                    && change.atom == atoms.TRANSFER
                    && change.state == Property::NEW_VALUE)
                    .then_some(()),
                _ => None,
            })?;
            let piece = self.take_property(longest - given.bytes.len())?;
            if piece.value.is_empty() {
                return Ok(given);
            }
            (given.kind, given.format) = (piece.type_, piece.format);
            given.bytes.extend_from_slice(&piece.value);
        }
    }

    /// Takes a value away, unless it is longer than that.
    fn take_property(&self, longest: usize) -> Result<GetPropertyReply, Error> {
        let Server { connection, window, atoms } = &self.server;
        // In units of four bytes.
        let length = u32::try_from(longest.div_ceil(4) + 1).unwrap_or(u32::MAX);
        let any = AtomEnum::ANY;
        let value = connection.get_property(true, *window, atoms.TRANSFER, any, 0, length)?.reply()?;
        if value.bytes_after > 0 || value.value.len() > longest {
            connection.delete_property(*window, atoms.TRANSFER)?;
            return Err(Error::TooLong);
        }
        Ok(value)
    }

    /// The X server's time.
    fn now(&mut self) -> Result<Timestamp, Error> {
        let Server { connection, window, atoms } = &self.server;
        let (window, clock) = (*window, atoms.CLOCK);
        connection.change_property8(PropMode::APPEND, window, clock, AtomEnum::STRING, &[])?;
        self.wait(Instant::now() + GIVEN_WITHIN, |event| match event {
            Event::PropertyNotify(change) => (change.atom == clock).then_some(change.time),
            _ => None,
        })
    }

    /// Waits for an event; programs that paste are not kept waiting meanwhile.
    fn wait<T>(&mut self, until: Instant, mut wanted: impl FnMut(&Event) -> Option<T>) -> Result<T, Error> {
        loop {
            let event = self.server.next(Some(until), None::<UnixStream>)?.ok_or(Error::NoAnswer)?;
            if let Some(wanted) = wanted(&event) {
                return Ok(wanted);
            }
            self.take(&event)?;
        }
    }
}

/// With an X server.
#[cfg(all(test, feature = "desktop-tests"))]
mod tests {
    use super::*;
    use crate::Display;
    use std::{
        io::{BufRead as _, BufReader},
        process::{Child, Command as Program, Stdio},
        sync::mpsc::sync_channel,
    };

    struct XServer(Child);

    impl Drop for XServer {
        fn drop(&mut self) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }

    #[test]
    fn who_asked_before_the_end_is_answered() {
        let program = Program::new("Xvfb")
            .args(["-displayfd", "1", "-noreset", "-nolisten", "tcp", "-screen", "0", "64x64x24"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut display = XServer(program.expect("Xvfb is installed"));
        let mut number = String::new();
        BufReader::new(display.0.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let name = format!(":{}", number.trim());
        let display = Display::from_variables(|variable| (variable == "DISPLAY").then(|| name.clone()));
        let (commands, told) = sync_channel(1);
        let (_wake, woken) = UnixStream::pair().unwrap();
        let mut worker = Worker::new(Server::connect(&display).unwrap(), told, woken).unwrap();
        worker.put("a text".into()).unwrap();

        let Server { connection, window, atoms } = Server::connect(&display).unwrap();
        let (clipboard, kind) = (atoms.CLIPBOARD, atoms.UTF8_STRING);
        connection.convert_selection(window, clipboard, kind, atoms.TRANSFER, x11rb::CURRENT_TIME).unwrap();
        connection.sync().unwrap();
        drop(commands);
        while let Ok(true) = worker.turn() {}
        let owner = connection.get_selection_owner(clipboard).unwrap().reply().unwrap().owner;
        assert_eq!(owner, NONE, "who asks from here on does not wait");
        let events = std::iter::from_fn(|| connection.poll_for_event().unwrap());
        let answers: Vec<Atom> = events
            .filter_map(|event| match event {
                Event::SelectionNotify(answer) => Some(answer.property),
                _ => None,
            })
            .collect();
        assert_eq!(answers, [atoms.TRANSFER]);
    }
}
