//! Injects, and decides what is injected.
//!
//! A press is planned, reported, looked at once more with the server grabbed, and sent before the grab ends, so that no
//! window can come in between. The grab lasts for a few round trips; nothing is reported meanwhile, because whoever
//! listens may be slow.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread::JoinHandle,
    time::Instant,
};

use x11rb::{connection::Connection as _, protocol::xproto::ConnectionExt as _, wrapper::ConnectionExt as _};

use super::{
    keymap::{ALT, CONTROL, Keymap, SHIFT, State},
    keys::{Keys, Steps},
    server::{Server, is_layout},
    sight,
    spares::{Choice, Spares},
    symbol,
    watch::{News, Watch},
};
use crate::{
    Display, Done, Error, Held, Lent, Options, Refusal,
    platform::{Report, buttons::Buttons, local::Local},
};

/// How often a press is planned anew because the layout changed in between.
const ATTEMPTS: usize = 8;
/// The key with which the user answers a request: Ctrl+Alt+Shift and the space bar.
const USERS_MODIFIERS: u8 = CONTROL | ALT | SHIFT;
const SPACE: u32 = 0x20;

pub(crate) struct Injector {
    shared: Arc<Shared>,
    /// What the watching thread waits at.
    watched: Arc<Server>,
    watcher: Option<JoinHandle<()>>,
}

/// What the thread that watches the user shares with the injector.
struct Shared {
    hands: Mutex<Hands>,
    local: Local,
    /// Something is pressed, or about to be.
    holding: AtomicBool,
}

/// The operator's, on this keyboard and pointer.
struct Hands {
    server: Server,
    own: Vec<u32>,
    keyboard: u16,
    map: Keymap,
    map_changed: bool,
    state: State,
    keys: Keys,
    buttons: Buttons,
    spares: Spares,
    report: Report,
    reported: Held,
}

impl Injector {
    pub(crate) fn open(display: &Display, options: Options, report: Report) -> Result<Self, Error> {
        let server = Server::connect(display)?;
        sight::check(&server)?;
        let keyboard = server.injecting_keyboard()?;
        server.watch_layout(keyboard)?;
        let hands = Hands {
            map: server.keymap(keyboard)?,
            server,
            own: options.own,
            keyboard,
            map_changed: false,
            state: State::default(),
            keys: Keys::default(),
            buttons: Buttons::default(),
            spares: Spares::default(),
            report,
            reported: Held::default(),
        };
        let shared = Arc::new(Shared {
            hands: Mutex::new(hands),
            local: Local::new(options.pause),
            holding: AtomicBool::new(false),
        });
        let watched = Arc::new(Server::connect(display)?);
        let watch = Watch::start(watched.clone())?;
        let thread = std::thread::Builder::new().name("local input".into());
        let watching = shared.clone();
        let watcher = thread.spawn(move || watching.watch(watch)).map_err(Error::Thread)?;
        Ok(Self { shared, watched, watcher: Some(watcher) })
    }

    pub(crate) fn set_own(&mut self, own: Vec<u32>) {
        self.shared.lock().own = own;
    }

    pub(crate) fn key(&mut self, down: bool, symbol: u32) -> Result<Done, Error> {
        self.shared.work(
            |hands, local| {
                if down { hands.press(symbol, local) } else { hands.let_key_go(symbol) }
            },
        )
    }

    pub(crate) fn pointer(&mut self, x: u16, y: u16, buttons: u16) -> Result<Done, Error> {
        let coordinate = |value| i16::try_from(value).unwrap_or(i16::MAX);
        let at = (coordinate(x), coordinate(y));
        self.shared.work(|hands, local| hands.point(at, buttons, local))
    }

    pub(crate) fn held(&self) -> Held {
        let hands = self.shared.lock();
        hands.held_with(hands.keys.pressed(), &hands.buttons.pressed())
    }

    pub(crate) fn release_all(&mut self) -> Result<(), Error> {
        self.shared.work(|hands, _| hands.release_all())
    }
}

impl Drop for Injector {
    fn drop(&mut self) {
        self.watched.cut();
        if let Some(watcher) = self.watcher.take() {
            // A panic in `report` has been reported by the thread itself.
            let _ = watcher.join();
        }
        // A display that is gone holds nothing.
        let _ = self.release_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever watches the user sees that something may be pressed before it is asked what the user does: one of the
    /// two notices the other.
    fn work<T>(&self, work: impl FnOnce(&mut Hands, &Local) -> Result<T, Error>) -> Result<T, Error> {
        let mut hands = self.lock();
        self.holding.store(true, SeqCst);
        let worked = work(&mut hands, &self.local);
        self.holding.store(hands.holds(), SeqCst);
        worked
    }

    fn watch(&self, mut watch: Watch) {
        while let Ok(news) = watch.wait() {
            if let News::Local(action) = news {
                self.local.note(action, Instant::now());
            }
            if !self.holding.load(SeqCst) {
                continue;
            }
            // Where it fails the display is gone, and the next call says so.
            let _ = self.work(|hands, local| {
                if local.is_recent(Instant::now()) || hands.reaches_own()? { hands.let_go() } else { Ok(()) }
            });
        }
        self.local.end();
    }
}

impl Hands {
    fn holds(&self) -> bool {
        !self.keys.pressed().is_empty() || self.buttons.is_pressed()
    }

    fn held_with(&self, keys: &[u8], buttons: &[u8]) -> Held {
        let numbers = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).collect();
        Held { keys: numbers(keys), buttons: numbers(buttons), lent: self.spares.lent() }
    }

    fn tell(&mut self, held: Held) {
        if held != self.reported {
            (self.report)(&held);
            self.reported = held;
        }
    }

    /// Tells of what is pressed, once the server has let go of everything else.
    fn tell_what_is(&mut self) -> Result<(), Error> {
        let held = self.held_with(self.keys.pressed(), &self.buttons.pressed());
        if held != self.reported {
            self.server.connection.sync()?;
            self.tell(held);
        }
        Ok(())
    }

    /// Tells of the keys that are pressed and of those that will be.
    fn tell_of_keys(&mut self, next: &Keys) {
        let mut keys = self.keys.pressed().to_vec();
        keys.extend(next.pressed().iter().filter(|code| !self.keys.pressed().contains(code)));
        self.tell(self.held_with(&keys, &self.buttons.pressed()));
    }

    fn press(&mut self, wanted: u32, local: &Local) -> Result<Done, Error> {
        if self.keys.holds(wanted) {
            return Ok(Done::Injected);
        }
        for _ in 0..ATTEMPTS {
            self.follow_layout()?;
            if local.comes_first(Instant::now(), || self.server.user_holds_something())? {
                return Ok(Done::Refused(Refusal::LocalInput));
            }
            let held = self.keys.modifiers(&self.map);
            let Some(stroke) = self.map.find(wanted, self.state, held) else {
                match self.lend(wanted)? {
                    Choice::Key(_) => continue,
                    Choice::Wait(time) => return Ok(Done::Later(time)),
                    Choice::None => return Ok(Done::Refused(Refusal::NoKey)),
                }
            };
            let next = self.keys.after_press(wanted, stroke, &self.map);
            if self.is_users(&next) {
                return Ok(Done::Refused(Refusal::GlobalKey));
            }
            self.tell_of_keys(&next);
            let steps = next.steps_from(&self.keys, Some(stroke.code));
            match self.strike(&steps, local)? {
                Some(Done::Injected) => {
                    self.spares.note_use(stroke.code, Instant::now());
                    self.keys = next;
                    self.tell_what_is()?;
                    return Ok(Done::Injected);
                }
                Some(refused) => {
                    self.tell_what_is()?;
                    return Ok(refused);
                }
                None => {}
            }
        }
        self.tell_what_is()?;
        Ok(Done::Refused(Refusal::NoKey))
    }

    /// Sends the steps, unless they would reach one of the agent's windows; `None` where they would mean something
    /// else than planned.
    fn strike(&mut self, steps: &Steps, local: &Local) -> Result<Option<Done>, Error> {
        let grab = self.server.grab()?;
        let keyboard = sight::keyboard(&grab, &self.own)?;
        let mut changed = false;
        // What happened before the grab has been told before the answers.
        while let Some(event) = grab.connection.poll_for_event()? {
            changed |= is_layout(&event);
        }
        self.map_changed |= changed;
        if changed || keyboard.state != self.state {
            self.state = keyboard.state;
            return Ok(None);
        }
        if keyboard.reaches_own {
            return Ok(Some(Done::Refused(Refusal::OwnWindow)));
        }
        if local.is_recent(Instant::now()) {
            return Ok(Some(Done::Refused(Refusal::LocalInput)));
        }
        for (down, code) in steps {
            grab.key(*down, *code)?;
        }
        Ok(Some(Done::Injected))
    }

    fn let_key_go(&mut self, symbol: u32) -> Result<Done, Error> {
        if let Some(mut next) = self.keys.after_release(symbol, &self.map) {
            if self.is_users(&next) {
                next = next.without_new(&self.keys);
            }
            self.tell_of_keys(&next);
            for (down, code) in next.steps_from(&self.keys, None) {
                self.server.key(down, code)?;
            }
            self.server.flush()?;
            self.keys = next;
            self.tell_what_is()?;
        }
        Ok(Done::Injected)
    }

    /// Whether that would be the key with which the user answers a request.
    fn is_users(&self, keys: &Keys) -> bool {
        let modifiers = keys.pressed_modifiers(&self.map) | self.state.locked;
        modifiers & USERS_MODIFIERS == USERS_MODIFIERS
            && keys.pressed().iter().any(|code| self.map.gives(*code, SPACE))
    }

    /// Gives a key that means nothing the symbol, together with its other case.
    fn lend(&mut self, wanted: u32) -> Result<Choice, Error> {
        // Where a key is lent already and does not help, another does not either.
        if !symbol::is_text(wanted) || self.spares.have(wanted) {
            return Ok(Choice::None);
        }
        let choice = self.spares.choose(&self.map, self.keys.pressed(), Instant::now());
        if let Choice::Key(code) = choice {
            let symbols = symbol::pair(wanted).unwrap_or([wanted; 2]);
            if self.spares.take_back(code) {
                // What was reported holds until it is undone.
                self.server.give(code, None)?;
            }
            self.spares.lend(code, symbols[0], Instant::now());
            self.tell_what_is()?;
            self.server.give(code, Some(symbols))?;
            self.map_changed = true;
        }
        Ok(choice)
    }

    fn follow_layout(&mut self) -> Result<(), Error> {
        while let Some(event) = self.server.connection.poll_for_event()? {
            self.map_changed |= is_layout(&event);
        }
        if self.map_changed {
            self.map = self.server.keymap(self.keyboard)?;
            self.map_changed = false;
            self.spares.compare(&self.map);
        }
        Ok(())
    }

    fn point(&mut self, at: (i16, i16), mask: u16, local: &Local) -> Result<Done, Error> {
        let new = self.buttons.take(mask);
        if local.comes_first(Instant::now(), || self.server.user_holds_something())? {
            self.let_buttons_go()?;
            return Ok(Done::Refused(Refusal::LocalInput));
        }
        let dragged = self.buttons.is_pressed();
        if new.is_empty() && !dragged {
            self.server.motion(at)?;
            self.server.flush()?;
            return Ok(Done::Injected);
        }
        let mapping = self.server.connection.get_pointer_mapping()?.reply()?.map;
        let mut next = self.buttons.clone();
        let go: Vec<u8> = next.let_go();
        let press: Vec<u8> = new.iter().filter_map(|button| next.press(*button, &mapping)).collect();
        let either: Vec<u8> = self.buttons.pressed().into_iter().chain(press.iter().copied()).collect();
        self.tell(self.held_with(self.keys.pressed(), &either));

        let grab = self.server.grab()?;
        let own = sight::reaches_own(&grab, at, &self.own)?;
        let refusal = if own {
            Some(Refusal::OwnWindow)
        } else {
            local.is_recent(Instant::now()).then_some(Refusal::LocalInput)
        };
        if let Some(refusal) = refusal {
            if own && !dragged {
                grab.motion(at)?;
            }
            drop(grab);
            self.let_buttons_go()?;
            return Ok(Done::Refused(refusal));
        }
        grab.motion(at)?;
        for button in go {
            grab.button(false, button)?;
        }
        for button in press {
            grab.button(true, button)?;
        }
        drop(grab);
        self.buttons = next;
        self.tell_what_is()?;
        Ok(Done::Injected)
    }

    /// Lets go, where the pointer is, of what the operator does not hold any more.
    fn let_buttons_go(&mut self) -> Result<(), Error> {
        for button in self.buttons.let_go() {
            self.server.button(false, button)?;
        }
        self.server.flush()?;
        self.tell_what_is()
    }

    fn reaches_own(&self) -> Result<bool, Error> {
        let grab = self.server.grab()?;
        Ok(sight::keyboard(&grab, &self.own)?.reaches_own)
    }

    fn let_go(&mut self) -> Result<(), Error> {
        let keys = std::mem::take(&mut self.keys);
        for (down, code) in Keys::default().steps_from(&keys, None) {
            self.server.key(down, code)?;
        }
        for button in self.buttons.clear().into_iter().rev() {
            self.server.button(false, button)?;
        }
        self.server.flush()?;
        self.tell_what_is()
    }

    fn release_all(&mut self) -> Result<(), Error> {
        self.let_go()?;
        take_back(&self.server, &self.spares.lent())?;
        self.spares.clear();
        self.map_changed = true;
        self.tell_what_is()
    }
}

pub(crate) fn release(display: &Display, held: &Held) -> Result<(), Error> {
    let server = Server::connect(display)?;
    let numbers =
        |numbers: &[u32]| numbers.iter().rev().filter_map(|number| u8::try_from(*number).ok()).collect();
    let (keys, buttons): (Vec<u8>, Vec<u8>) = (numbers(&held.keys), numbers(&held.buttons));
    for code in keys {
        server.key(false, code)?;
    }
    for button in buttons {
        server.button(false, button)?;
    }
    take_back(&server, &held.lent)
}

/// Takes from keys the meaning that was lent to them, where they still have it.
fn take_back(server: &Server, lent: &[Lent]) -> Result<(), Error> {
    for Lent { key, symbol } in lent {
        if let Ok(code) = u8::try_from(*key)
            && server.first_symbol(code)? == Some(*symbol)
        {
            server.give(code, None)?;
        }
    }
    Ok(server.connection.sync()?)
}
