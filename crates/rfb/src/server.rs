//! The connection with one client.

mod clipboard;
mod update;

use std::collections::VecDeque;
use std::time::Duration;

use crate::abilities::Abilities;
use crate::clipboard as text;
use crate::encode::{Cursor, Encoder, Piece};
use crate::error::Error;
use crate::geometry::{Rect, Size};
use crate::held::Held;
use crate::message::{self, Message};
use crate::pace::Pace;
use crate::pixel::{self, Converter, PixelFormat};
use crate::pointer::Pointer;
use crate::screens::{Screen, Screens};
use crate::shadow::Shadow;

/// So many bytes of answers may wait in the output beyond one update: whoever asks on without reading is not served.
pub const MAX_UNREAD: usize = 4 * 1024 * 1024;

/// The input that is kept between calls shrinks to this after a long message.
const USUAL_INPUT: usize = 16 * 1024;

/// A client that holds something and has said nothing for so long is asked whether it is there, and after the second time
/// counts as gone. The answer has to wait for what a slow line still carries, which pacing keeps to less than a second.
const ASK_AFTER: Duration = Duration::from_secs(1);
const LET_GO_AFTER: Duration = Duration::from_secs(4);

const VERSION_LENGTH: usize = 12;
const NO_SECURITY: u8 = 1;

/// What a [`Server`] begins with.
#[derive(Clone, Debug)]
pub struct Options {
    /// What viewers show as the title.
    pub name: String,
    /// The size of the picture.
    pub size: Size,
    /// See [`Server::set_view_only`].
    pub view_only: bool,
}

/// What a client did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is connected and may be shown the picture.
    Ready {
        /// It does not mind other clients.
        shared: bool,
    },
    /// It pressed a key, held it down long enough for it to repeat, or let go of it.
    Key {
        /// Pressed or repeated.
        down: bool,
        /// What the key means, as X names it.
        keysym: u32,
        /// Which key it is, as the XT keyboard counts them, where the client knows.
        scancode: Option<u32>,
    },
    /// It moved the pointer or pressed or let go of a button.
    Pointer {
        /// The column, inside the picture.
        x: u16,
        /// The row, inside the picture.
        y: u16,
        /// All that are pressed: left, middle, right, wheel up, down, left, right, back, forward, from the lowest bit.
        buttons: u16,
    },
    /// It has a text for the clipboard, which [`Server::request_clipboard`] asks for.
    ClipboardOffered,
    /// Its text for the clipboard, with line breaks as `\n`; a newer one replaces one that was not polled yet.
    Clipboard(String),
    /// It has a text for the clipboard that is longer than [`MAX_CLIPBOARD`](crate::MAX_CLIPBOARD). It was passed over.
    ClipboardTooLong,
}

/// An RFB server for one client.
///
/// The owner moves bytes and pixels, one thing after the other:
///
/// 1. What arrives goes into [`handle_bytes`](Self::handle_bytes), and then all events out of
///    [`poll_event`](Self::poll_event).
/// 2. When [`is_waiting`](Self::is_waiting) says so and the screen has changed, pixels are grabbed and go into
///    [`take_in`](Self::take_in), and then [`update`](Self::update) is called. It is also called when the time of
///    [`poll_timeout`](Self::poll_timeout) has come.
/// 3. What stands in [`output`](Self::output) is sent. Until all of it is, the client waits for nothing; so a slow line
///    makes the picture older, not the memory larger.
///
/// When it is over, for whichever reason, `set_view_only(true)` has everything let go of that the client holds.
pub struct Server {
    name: String,
    phase: Phase,
    /// The beginning of a message.
    input: Vec<u8>,
    output: Vec<u8>,
    /// How much of the output was there after the last update.
    update_length: usize,
    events: VecDeque<Event>,
    view_only: bool,
    held: Held,
    /// When the client said something last, and whether it was asked since whether it is there.
    heard_at: Duration,
    asked: bool,
    /// Whether texts go either way.
    clipboard: bool,
    /// How much is still to come of a text that is passed over.
    passed_over: u32,
    /// The message with the text that the client may fetch. It is made once, because a client can ask as often as it likes,
    /// and making it takes longer than asking.
    offered: Option<Vec<u8>>,
    abilities: Abilities,
    converter: Converter,
    encoder: Encoder,
    pieces: Vec<Piece>,
    pace: Pace,
    shadow: Shadow,
    pointer: Pointer,
    screens: Screens,
    /// The size that the client knows.
    told: Size,
    news: News,
    /// When something that had changed was sent last, and when something was refined.
    changed_at: Duration,
    refined_at: Duration,
    /// The area that the client asked for.
    requested: Option<Rect>,
    /// The area of which it wants everything without asking.
    continuous: Option<Rect>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Version,
    Security { result: bool },
    Init,
    Running,
    Over,
}

/// What the next update tells besides pixels.
#[derive(Debug, Default)]
struct News {
    extended_key: bool,
    extended_mouse: bool,
    layout: bool,
    /// The client asked for another size and does not get it.
    size_refused: bool,
}

impl Server {
    /// A server for a client that has just connected, over a stream that has been found to be the right one.
    pub fn new(options: Options) -> Self {
        let Options { name, size, view_only } = options;
        Self {
            name,
            phase: Phase::Version,
            input: Vec::new(),
            output: b"RFB 003.008\n".to_vec(),
            update_length: 0,
            events: VecDeque::new(),
            view_only,
            held: Held::default(),
            heard_at: Duration::ZERO,
            asked: false,
            clipboard: false,
            passed_over: 0,
            offered: None,
            abilities: Abilities::default(),
            converter: Converter::native(),
            encoder: Encoder::default(),
            pieces: Vec::new(),
            pace: Pace::default(),
            shadow: Shadow::new(size),
            pointer: Pointer::default(),
            screens: Screens::default(),
            told: size,
            news: News::default(),
            changed_at: Duration::ZERO,
            refined_at: Duration::ZERO,
            requested: None,
            continuous: None,
        }
    }

    /// Takes what the client sent, cut anywhere.
    ///
    /// # Errors
    ///
    /// When the client is not to be served any longer.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Duration) -> Result<(), Error> {
        if self.phase == Phase::Over {
            return Err(Error::Over);
        }
        (self.heard_at, self.asked) = (now, false);
        let mut input = std::mem::take(&mut self.input);
        input.extend_from_slice(bytes);
        let mut rest = input.as_slice();
        let result = loop {
            match self.step(rest, now) {
                Ok(0) => break Ok(()),
                Ok(length) => rest = &rest[length..],
                Err(error) => break Err(error),
            }
        };
        let done = input.len() - rest.len();
        input.drain(..done);
        input.shrink_to(USUAL_INPUT);
        self.input = input;
        if result.is_err() {
            self.phase = Phase::Over;
            self.input = Vec::new();
            self.events.extend(self.held.release());
        }
        result
    }

    /// What the client did, one by one.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The bytes to send. Whoever sends them takes them out, from the front.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Whether the client would take an update now: it is done with enough of those before, and all output is sent.
    pub fn is_waiting(&self) -> bool {
        let wants = match self.continuous {
            Some(_) => self.pace.has_room(),
            None => self.requested.is_some(),
        };
        self.phase == Phase::Running && wants && self.output.is_empty()
    }

    /// Takes in new pixels, which stand at `rect` in the picture: rows of `0x00RRGGBB` (the top byte may be anything), of
    /// which each begins `stride` pixels after the one before. What lies outside the picture is left out, and so are
    /// rows that there are not enough pixels for.
    pub fn take_in(&mut self, rect: Rect, pixels: &[u32], stride: usize) {
        let moves =
            self.phase == Phase::Running && self.abilities.copy_rect && self.told == self.shadow.size();
        self.shadow.take_in(rect, pixels, stride, moves);
    }

    /// Whether keys and pointer of the client count for nothing.
    ///
    /// While it is set, no such event comes out. Setting it has events come out that
    /// let go of each key and button which the client holds, the last one first. What it still holds when this ends
    /// counts only after being let go of and pressed anew.
    pub fn set_view_only(&mut self, view_only: bool) {
        self.view_only = view_only;
        if view_only {
            self.events.extend(self.held.release());
            self.pointer.taken_from_client();
        }
    }

    /// When [`check_hold`](Self::check_hold) has something to do: a time, maybe past, on the clock of the other calls.
    pub fn hold_timeout(&self) -> Option<Duration> {
        // Who knows no fences cannot be asked.
        let is_watched = self.abilities.fence && self.held.is_anything_down();
        let after = if self.asked { LET_GO_AFTER } else { ASK_AFTER };
        is_watched.then_some(self.heard_at + after)
    }

    /// A client that holds a key or button and says nothing is asked whether it is there, and without an answer, events
    /// come out that let go of everything: on a line that has gone silent nobody lets go, and a held key repeats itself.
    pub fn check_hold(&mut self, now: Duration) {
        if self.hold_timeout().is_none_or(|due| now < due) {
            return;
        }
        if self.asked {
            self.events.extend(self.held.release());
        } else {
            self.asked = true;
            // Without a number: it follows no update.
            put_fence(&mut self.output, FENCE_REQUEST, &[]);
        }
    }

    /// The picture has another size from now on, and nothing is known of it until it is taken in.
    ///
    /// A client that cannot be told goes on with the part of it that its picture has room for.
    pub fn resize(&mut self, size: Size) {
        if size != self.shadow.size() {
            self.shadow = Shadow::new(size);
            self.pointer.wiped_out();
            if self.phase != Phase::Running {
                self.told = size;
            }
        }
    }

    /// The cursor has another shape from now on. One whose pixels are not as many as its size says is passed over.
    pub fn set_cursor(&mut self, cursor: Cursor) {
        if cursor.is_whole() {
            self.pointer.set_shape(cursor);
        }
    }

    /// Where in the picture the pointer is from now on, and `None` while it is elsewhere.
    ///
    /// Clients draw the cursor where their own pointer is, so it is drawn into the picture and their own is hidden: while
    /// view-only, when the pointer is not where the client has put it, and for clients that cannot be told a shape.
    /// As long as no place was ever told, the cursor is left to the client.
    pub fn set_pointer(&mut self, place: Option<(u16, u16)>) {
        self.pointer.moved(place);
    }

    /// The screens that the picture is made of, which clients can show alone; as long as none are known, or none lies in
    /// the picture, it is one. A client is told of 255 at most.
    pub fn set_screens(&mut self, screens: &[Screen]) {
        if self.screens.set(screens) {
            self.news.layout = self.abilities.extended_desktop_size;
        }
    }

    /// Handles what the bytes begin with and says how long it is; 0 as long as it is not complete.
    fn step(&mut self, bytes: &[u8], now: Duration) -> Result<usize, Error> {
        if self.output.len() > self.update_length + MAX_UNREAD {
            return Err(Error::NotReading);
        }
        match self.phase {
            Phase::Version => self.version(bytes),
            Phase::Security { result } => match *bytes {
                [] => Ok(0),
                [NO_SECURITY, ..] => {
                    if result {
                        self.output.extend_from_slice(&0_u32.to_be_bytes());
                    }
                    self.phase = Phase::Init;
                    Ok(1)
                }
                [other, ..] => Err(Error::Security(other)),
            },
            Phase::Init => {
                let Some(&shared) = bytes.first() else { return Ok(0) };
                self.init(shared != 0);
                Ok(1)
            }
            Phase::Running if self.passed_over > 0 => {
                let length = bytes.len().min(self.passed_over as usize);
                self.passed_over -= length as u32;
                Ok(length)
            }
            Phase::Running => {
                let Some((message, length)) = message::read(bytes)? else { return Ok(0) };
                self.message(message, now)?;
                Ok(length)
            }
            Phase::Over => Err(Error::Over),
        }
    }

    /// Versions that never were are taken for the last before them that was.
    fn version(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let known = bytes.len().min(4);
        if bytes[..known] != b"RFB "[..known] {
            return Err(Error::NotRfb);
        }
        let Some(&[_, _, _, _, a, b, c, b'.', d, e, f, b'\n']) = bytes.first_chunk::<VERSION_LENGTH>() else {
            return if bytes.len() < VERSION_LENGTH { Ok(0) } else { Err(Error::NotRfb) };
        };
        if ![a, b, c, d, e, f].iter().all(u8::is_ascii_digit) {
            return Err(Error::NotRfb);
        }
        let version = ([a, b, c], [d, e, f]);
        if version < (*b"003", *b"003") {
            return Err(Error::NotRfb);
        }
        if version < (*b"003", *b"007") {
            self.output.extend_from_slice(&u32::from(NO_SECURITY).to_be_bytes());
            self.phase = Phase::Init;
        } else {
            self.output.extend_from_slice(&[1, NO_SECURITY]);
            self.phase = Phase::Security { result: version >= (*b"003", *b"008") };
        }
        Ok(VERSION_LENGTH)
    }

    fn init(&mut self, shared: bool) {
        self.phase = Phase::Running;
        self.told = self.shadow.size();
        self.output.extend_from_slice(&self.told.width.to_be_bytes());
        self.output.extend_from_slice(&self.told.height.to_be_bytes());
        self.output.extend_from_slice(&PixelFormat::NATIVE.to_wire());
        self.output.extend_from_slice(&(self.name.len() as u32).to_be_bytes());
        self.output.extend_from_slice(self.name.as_bytes());
        self.events.push_back(Event::Ready { shared });
    }

    fn message(&mut self, message: Message<'_>, now: Duration) -> Result<(), Error> {
        match message {
            Message::SetPixelFormat(format) => {
                self.converter = Converter::new(format)?;
                if !format.true_colour {
                    pixel::put_colour_map(&mut self.output);
                }
            }
            Message::SetEncodings(list) => self.set_abilities(Abilities::from_wire(list), now),
            Message::UpdateRequested { incremental, area } => {
                if !incremental {
                    self.shadow.mark_changed(area);
                    self.news.layout |= self.abilities.extended_desktop_size;
                }
                self.requested = Some(self.requested.unwrap_or_default().union(area));
            }
            Message::Key { down, keysym, scancode } => {
                self.events.extend(self.held.key(self.view_only, down, keysym, scancode));
            }
            Message::Pointer { x, y, buttons } => {
                let event = self.held.pointer(self.view_only, x, y, buttons, self.shadow.size());
                if let Some(Event::Pointer { x, y, .. }) = event {
                    self.pointer.moved_by_client((x, y));
                }
                self.events.extend(event);
            }
            Message::CutText(text) => {
                if self.clipboard {
                    self.clipboard_arrived(text::from_latin1(text));
                }
            }
            Message::LongCutText(length) => {
                self.passed_over = length;
                self.clipboard_too_long();
            }
            Message::ExtendedCutText(message) => self.extended_clipboard(message)?,
            Message::ContinuousUpdates { enable, area } => {
                if enable && !self.abilities.continuous_updates {
                    return Err(Error::Malformed("wish for updates without asking"));
                }
                self.continuous = enable.then_some(area);
                if !enable {
                    self.output.push(message::CONTINUOUS_UPDATES);
                }
            }
            Message::Fence { flags, payload } => self.fence(flags, payload, now),
            Message::SetDesktopSize => self.news.size_refused = self.abilities.extended_desktop_size,
        }
        Ok(())
    }

    fn set_abilities(&mut self, abilities: Abilities, now: Duration) {
        let before = std::mem::replace(&mut self.abilities, abilities);
        if abilities.fence && !before.fence {
            // Also tells the client that fences are known here, and what the way to it takes.
            self.fence_update(0, now);
        }
        if abilities.continuous_updates && !before.continuous_updates {
            self.output.push(message::CONTINUOUS_UPDATES);
        }
        if abilities.extended_clipboard && !before.extended_clipboard {
            text::put_caps(&mut self.output);
        }
        if !abilities.continuous_updates {
            self.continuous = None;
        }
        if !abilities.copy_rect {
            self.shadow.forget_moves();
        }
        let told = |news: &mut bool, before: bool, now: bool| *news = now && (*news || !before);
        self.news.size_refused &= abilities.extended_desktop_size;
        told(&mut self.news.layout, before.extended_desktop_size, abilities.extended_desktop_size);
        told(&mut self.news.extended_key, before.extended_key, abilities.extended_key);
        told(&mut self.news.extended_mouse, before.extended_mouse, abilities.extended_mouse);
    }

    /// Everything is done in order here, so what the flags ask for is always so.
    fn fence(&mut self, flags: u32, payload: &[u8], now: Duration) {
        if flags & FENCE_REQUEST != 0 {
            put_fence(&mut self.output, flags & FENCE_KNOWN, payload);
        } else if let Ok(number) = payload.try_into() {
            self.pace.acknowledged(u32::from_be_bytes(number), now);
        }
    }

    /// Has the client say when it is done with what was sent before, `bytes` of it since the last time.
    fn fence_update(&mut self, bytes: usize, now: Duration) {
        let number = self.pace.sent(bytes, now).to_be_bytes();
        put_fence(&mut self.output, FENCE_REQUEST | FENCE_BLOCK_BEFORE, &number);
    }
}

/// `payload` has at most 64 bytes.
fn put_fence(output: &mut Vec<u8>, flags: u32, payload: &[u8]) {
    output.extend_from_slice(&[message::FENCE, 0, 0, 0]);
    output.extend_from_slice(&flags.to_be_bytes());
    output.push(payload.len() as u8);
    output.extend_from_slice(payload);
}

const FENCE_REQUEST: u32 = 1 << 31;
const FENCE_BLOCK_BEFORE: u32 = 1;
/// Before, after, and with the next message.
const FENCE_KNOWN: u32 = 0b111;
