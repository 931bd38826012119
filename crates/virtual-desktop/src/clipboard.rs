//! Programs in which something was copied, among them some that no well-behaved program is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::JoinHandle,
};

use x11rb::{
    CURRENT_TIME, NONE,
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{
            AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConnectionExt as _, CreateWindowAux,
            EventMask, PropMode, Property, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent,
            SelectionRequestEvent, Window, WindowClass,
        },
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use crate::{Desktop, Error, Result};

x11rb::atom_manager! {
    Atoms: AtomsCookie {
        CLIPBOARD,
        INCR,
        TARGETS,
        UTF8_STRING,
        END: b"ONDEMAND_TEST_END",
        IMAGE: b"image/png",
        SECRET: b"x-kde-passwordManagerHint",
    }
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A text.
    Text(String),
    /// A text that comes in pieces of so many bytes.
    Pieces(String, usize),
    /// A text, marked as secret as password managers do.
    Secret(String),
    /// A picture, and no text.
    Picture,
    /// Something that the program never gives to anybody.
    Withheld,
    /// A text whose first piece the program gives, and no other.
    Broken,
}

/// A program in which something was copied; dropped, it ends, and what was copied goes with it.
pub struct Program {
    connection: Arc<RustConnection>,
    window: Window,
    end: u32,
    asked: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Program {
    /// Copies something on the display of this name.
    ///
    /// # Errors
    ///
    /// When the display cannot be reached.
    pub fn copy(display: &str, entry: Entry) -> Result<Self> {
        Self::copy_and(display, entry, || {})
    }

    /// The same, in a program that does something each time before it says what formats it has.
    ///
    /// # Errors
    ///
    /// When the display cannot be reached.
    pub fn copy_and(
        display: &str,
        entry: Entry,
        before_it_lists: impl Fn() + Send + 'static,
    ) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(display))?;
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id()?;
        let class = WindowClass::INPUT_ONLY;
        let look = CreateWindowAux::new();
        connection.create_window(0, window, root, -1, -1, 1, 1, 0, class, 0, &look)?;
        let atoms = Atoms::new(&connection)?.reply()?;
        connection.set_selection_owner(window, atoms.CLIPBOARD, CURRENT_TIME)?;
        connection.sync()?;
        let (connection, asked) = (Arc::new(connection), Arc::new(AtomicBool::new(false)));
        let before_it_lists = Box::new(before_it_lists);
        let serving =
            Serving { connection: connection.clone(), atoms, entry, asked: asked.clone(), before_it_lists };
        let thread = Some(std::thread::spawn(move || drop(serving.run())));
        Ok(Self { connection, window, end: atoms.END, asked, thread })
    }

    /// Whether any program has asked for the text itself.
    pub fn was_read(&self) -> bool {
        self.asked.load(SeqCst)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let end = ClientMessageEvent::new(32, self.window, self.end, [0; 5]);
        let told = self.connection.send_event(false, self.window, EventMask::NO_EVENT, end).is_ok()
            && self.connection.flush().is_ok();
        if let Some(thread) = self.thread.take().filter(|_| told) {
            let _ = thread.join();
        }
    }
}

struct Serving {
    connection: Arc<RustConnection>,
    atoms: Atoms,
    entry: Entry,
    asked: Arc<AtomicBool>,
    before_it_lists: Box<dyn Fn() + Send>,
}

impl Serving {
    fn run(&self) -> Result<()> {
        // What is still to be given of a text in pieces, and to whom.
        let mut rest: Option<(SelectionRequestEvent, Vec<Vec<u8>>)> = None;
        loop {
            match self.connection.wait_for_event()? {
                Event::ClientMessage(message) if message.type_ == self.atoms.END => return Ok(()),
                Event::SelectionRequest(request) => self.give(&request, &mut rest)?,
                Event::PropertyNotify(change) if change.state == Property::DELETE => {
                    if let Some((request, pieces)) = &mut rest
                        && change.atom == request.property
                        && !(self.entry == Entry::Broken && pieces.is_empty())
                    {
                        // An empty one is the last.
                        let piece = pieces.pop().unwrap_or_default();
                        self.set(request, self.atoms.UTF8_STRING, &piece)?;
                        if piece.is_empty() {
                            rest = None;
                        }
                        self.connection.flush()?;
                    }
                }
                _ => {}
            }
        }
    }

    fn give(
        &self,
        request: &SelectionRequestEvent,
        rest: &mut Option<(SelectionRequestEvent, Vec<Vec<u8>>)>,
    ) -> Result<()> {
        let Atoms { TARGETS, UTF8_STRING, IMAGE, SECRET, INCR, .. } = self.atoms;
        if self.entry == Entry::Withheld {
            return Ok(());
        }
        let mut property = request.property;
        if request.target == TARGETS {
            (self.before_it_lists)();
            let list = match self.entry {
                Entry::Picture => vec![TARGETS, IMAGE],
                Entry::Secret(_) => vec![TARGETS, SECRET, UTF8_STRING],
                _ => vec![TARGETS, UTF8_STRING],
            };
            let (mode, kind) = (PropMode::REPLACE, AtomEnum::ATOM);
            self.connection.change_property32(mode, request.requestor, property, kind, &list)?;
        } else if request.target == SECRET && matches!(self.entry, Entry::Secret(_)) {
            self.set(request, SECRET, b"secret")?;
        } else if request.target == UTF8_STRING {
            self.asked.store(true, SeqCst);
            match &self.entry {
                Entry::Text(text) | Entry::Secret(text) => self.set(request, UTF8_STRING, text.as_bytes())?,
                Entry::Pieces(text, size) => {
                    self.begin(request, INCR)?;
                    let pieces = text.as_bytes().chunks(*size).rev().map(<[u8]>::to_vec).collect();
                    *rest = Some((*request, pieces));
                }
                Entry::Broken => {
                    self.begin(request, INCR)?;
                    *rest = Some((*request, vec![b"the beginning".to_vec()]));
                }
                Entry::Picture | Entry::Withheld => property = NONE,
            }
        } else {
            property = NONE;
        }
        let answer = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property,
        };
        self.connection.send_event(false, request.requestor, EventMask::NO_EVENT, answer)?;
        Ok(self.connection.flush()?)
    }

    /// Says that pieces follow, and wants to know when each is taken.
    fn begin(&self, request: &SelectionRequestEvent, incr: u32) -> Result<()> {
        let changes = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        self.connection.change_window_attributes(request.requestor, &changes)?;
        let mode = PropMode::REPLACE;
        self.connection.change_property32(mode, request.requestor, request.property, incr, &[0])?;
        Ok(())
    }

    fn set(&self, request: &SelectionRequestEvent, kind: u32, bytes: &[u8]) -> Result<()> {
        let mode = PropMode::REPLACE;
        self.connection.change_property8(mode, request.requestor, request.property, kind, bytes)?;
        Ok(())
    }
}

impl Desktop {
    fn display(&self) -> &str {
        self.env().iter().find(|(name, _)| *name == "DISPLAY").map_or("", |(_, value)| value)
    }

    /// A program on this desktop in which something is copied now.
    ///
    /// # Errors
    ///
    /// When the display cannot be reached.
    pub fn copy(&self, entry: Entry) -> Result<Program> {
        Program::copy(self.display(), entry)
    }

    /// Whether any program of this desktop has something for others to paste.
    ///
    /// # Errors
    ///
    /// When the display cannot be reached.
    pub fn has_copied(&self) -> Result<bool> {
        let (connection, _) = x11rb::connect(Some(self.display()))?;
        let clipboard = Atoms::new(&connection)?.reply()?.CLIPBOARD;
        Ok(connection.get_selection_owner(clipboard)?.reply()?.owner != NONE)
    }

    /// What a program would paste now, as text; nothing where nobody has any, or gives it.
    ///
    /// # Errors
    ///
    /// When the program that pastes cannot be started.
    pub fn paste(&self) -> Result<Option<String>> {
        // On its own, `xclip` waits for ever for a program that was asked and then ended.
        let program = "timeout";
        let mut command = self.command(program);
        command.args(["5", "xclip", "-out", "-selection", "clipboard", "-target", "UTF8_STRING"]);
        let pasted = command.output().map_err(|source| Error::Start { program: program.into(), source })?;
        Ok(pasted.status.success().then(|| String::from_utf8_lossy(&pasted.stdout).into_owned()))
    }
}
