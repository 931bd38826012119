//! Injects, and decides what is injected.
//!
//! Between looking whose window is there and the press, another could come: Windows lets nobody stop that. The window of a
//! request is therefore shown only after the operator's input is held, and takes no press in its first second.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Instant,
};

use super::{
    events::{Events, button_mapping, on_desktop},
    keys::{self, Key},
    owner,
    watch::{Watch, user_holds_something},
};
use crate::{
    Display, Done, Error, Held, Options, Refusal,
    platform::{Report, buttons::Buttons, local::Local},
};

pub(crate) struct Injector {
    // Dropped first: it uses the other.
    _watch: Watch,
    shared: Arc<Shared>,
}

/// What the thread that watches the user shares with the injector.
struct Shared {
    hands: Mutex<Hands>,
    local: Local,
    /// Something is pressed, or about to be.
    holding: AtomicBool,
}

/// The operator's.
struct Hands {
    own: Vec<u32>,
    /// Symbol and key, in the order of their presses.
    keys: Vec<(u32, Key)>,
    buttons: Buttons,
    report: Report,
    reported: Held,
}

impl Injector {
    pub(crate) fn open(_display: &Display, options: Options, report: Report) -> Result<Self, Error> {
        let hands = Hands {
            own: options.own,
            keys: Vec::new(),
            buttons: Buttons::default(),
            report,
            reported: Held::default(),
        };
        let shared = Arc::new(Shared {
            hands: Mutex::new(hands),
            local: Local::new(options.pause),
            holding: AtomicBool::new(false),
        });
        let (watching, ending) = (shared.clone(), shared.clone());
        let note = move |action| {
            watching.local.note(action, Instant::now());
            if watching.holding.load(SeqCst) {
                // Where it fails the next call says so.
                let _ = watching.work(|hands, _| hands.let_go());
            }
        };
        let watch = Watch::start(note, move || ending.local.end())?;
        Ok(Self { _watch: watch, shared })
    }

    pub(crate) fn set_own(&mut self, own: Vec<u32>) {
        self.shared.lock().own = own;
    }

    pub(crate) fn key(&mut self, down: bool, symbol: u32) -> Result<Done, Error> {
        self.shared
            .work(|hands, local| if down { hands.press(symbol, local) } else { hands.let_key_go(symbol) })
    }

    pub(crate) fn pointer(&mut self, x: u16, y: u16, buttons: u16) -> Result<Done, Error> {
        self.shared.work(|hands, local| hands.point((x, y), buttons, local))
    }

    pub(crate) fn held(&self) -> Held {
        let hands = self.shared.lock();
        hands.held_with(&hands.pressed(), &hands.buttons.pressed())
    }

    pub(crate) fn release_all(&mut self) -> Result<(), Error> {
        self.shared.work(|hands, _| hands.let_go())
    }
}

impl Drop for Injector {
    fn drop(&mut self) {
        // Whoever comes after knows what was reported, and releases that.
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
        self.holding.store(!hands.keys.is_empty() || hands.buttons.is_pressed(), SeqCst);
        worked
    }
}

impl Hands {
    fn pressed(&self) -> Vec<Key> {
        self.keys.iter().map(|(_, key)| *key).collect()
    }

    fn held_with(&self, keys: &[Key], buttons: &[u8]) -> Held {
        Held {
            keys: keys.iter().map(|key| key.number()).collect(),
            buttons: buttons.iter().map(|button| u32::from(*button)).collect(),
            lent: Vec::new(),
        }
    }

    fn tell(&mut self, held: Held) {
        if held != self.reported {
            (self.report)(&held);
            self.reported = held;
        }
    }

    fn tell_what_is(&mut self) {
        self.tell(self.held_with(&self.pressed(), &self.buttons.pressed()));
    }

    fn user_comes_first(&self, local: &Local) -> Result<bool, Error> {
        local.comes_first(Instant::now(), || {
            Ok(user_holds_something(&self.pressed(), &self.buttons.pressed()))
        })
    }

    fn press(&mut self, wanted: u32, local: &Local) -> Result<Done, Error> {
        if keys::is_chooser(wanted) {
            return Ok(Done::Injected);
        }
        if self.user_comes_first(local)? {
            return Ok(Done::Refused(Refusal::LocalInput));
        }
        let mut pressed = self.pressed();
        // Keys repeat where the keyboard repeats them, and here that is the operator's.
        let again = self.keys.iter().find(|(symbol, _)| *symbol == wanted).map(|(_, key)| *key);
        let Some(key) = again.or_else(|| Key::find(wanted, &pressed)) else {
            return Ok(Done::Refused(Refusal::NoKey));
        };
        if !pressed.contains(&key) {
            pressed.push(key);
        }
        if keys::is_users(&pressed) {
            return Ok(Done::Refused(Refusal::GlobalKey));
        }
        if keys::is_systems(&pressed) {
            return Ok(Done::Refused(Refusal::SystemKey));
        }
        self.tell(self.held_with(&pressed, &self.buttons.pressed()));
        if owner::keys_reach(&self.own) {
            self.tell_what_is();
            return Ok(Done::Refused(Refusal::OwnWindow));
        }
        let mut events = Events::default();
        events.key(true, key);
        // Known before it is down, and where it fails to go down that does no harm.
        self.keys.retain(|(_, held)| *held != key);
        self.keys.push((wanted, key));
        events.send()?;
        self.tell_what_is();
        Ok(Done::Injected)
    }

    fn let_key_go(&mut self, symbol: u32) -> Result<Done, Error> {
        if let Some(place) = self.keys.iter().position(|(held, _)| *held == symbol) {
            let mut events = Events::default();
            events.key(false, self.keys[place].1);
            events.send()?;
            self.keys.remove(place);
            self.tell_what_is();
        }
        Ok(Done::Injected)
    }

    fn point(&mut self, at: (u16, u16), mask: u16, local: &Local) -> Result<Done, Error> {
        let new = self.buttons.take(mask);
        if self.user_comes_first(local)? {
            self.let_buttons_go()?;
            return Ok(Done::Refused(Refusal::LocalInput));
        }
        let dragged = self.buttons.is_pressed();
        let mut next = self.buttons.clone();
        let go = next.let_go();
        let press: Vec<u8> = new.iter().filter_map(|button| next.press(*button, &button_mapping())).collect();
        let either: Vec<u8> = self.buttons.pressed().into_iter().chain(press.iter().copied()).collect();
        self.tell(self.held_with(&self.pressed(), &either));

        let mut events = Events::default();
        if (dragged || !press.is_empty()) && owner::buttons_reach(on_desktop(at), &self.own) {
            if !dragged {
                events.motion(at);
                events.send()?;
            }
            self.let_buttons_go()?;
            return Ok(Done::Refused(Refusal::OwnWindow));
        }
        events.motion(at);
        go.iter().for_each(|button| events.button(false, *button));
        press.iter().for_each(|button| events.button(true, *button));
        events.send()?;
        self.buttons = next;
        self.tell_what_is();
        Ok(Done::Injected)
    }

    /// Lets go, where the pointer is, of what the operator does not hold any more.
    fn let_buttons_go(&mut self) -> Result<(), Error> {
        let mut events = Events::default();
        self.buttons.let_go().iter().for_each(|button| events.button(false, *button));
        events.send()?;
        self.tell_what_is();
        Ok(())
    }

    fn let_go(&mut self) -> Result<(), Error> {
        let mut events = Events::default();
        self.keys.iter().rev().for_each(|(_, key)| events.key(false, *key));
        self.buttons.pressed().iter().rev().for_each(|button| events.button(false, *button));
        events.send()?;
        self.keys.clear();
        self.buttons.clear();
        self.tell_what_is();
        Ok(())
    }
}

pub(crate) fn release(_display: &Display, held: &Held) -> Result<(), Error> {
    let mut events = Events::default();
    held.keys.iter().rev().filter_map(|key| Key::from_number(*key)).for_each(|key| events.key(false, key));
    let buttons = held.buttons.iter().rev().filter_map(|button| u8::try_from(*button).ok());
    buttons.for_each(|button| events.button(false, button));
    events.send()
}
