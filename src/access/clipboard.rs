//! The clipboard, both ways: what the user says to send goes to every view that is open, and what the operator sends is put
//! into the user's clipboard. Nothing else is read or written, and nothing at all while it is not granted or paused.
//!
//! Other programs answer for what was copied in them and may take their time, so a thread of its own waits for them; what
//! is taken back meanwhile does not go out when they have answered.

use super::{Allowed, allowance::Allowance, reporter::Reporter};
use clipboard::{Clipboard, Display, Error};
use protocol::Permission;
use session::{AccessFact, ClipboardFact, NotSent, Speaker};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};
use tokio::sync::watch;

/// So many texts may wait to be put or sent; more than that nobody does by hand.
const MOST_WAITING: usize = 8;

/// The text that the operator's programs are given.
pub(super) type Offer = Option<Arc<str>>;

/// The session's clipboard. All views share it.
#[derive(Clone)]
pub(super) struct Texts(Arc<Inner>);

struct Inner {
    gate: Mutex<Gate>,
    orders: Sender<Order>,
    offer: watch::Sender<Offer>,
    reporter: Reporter,
}

#[derive(Debug, Default)]
struct Gate {
    granted: bool,
    open: bool,
    /// Counts the times that it was closed: what was begun before is not finished after.
    closed: u64,
    /// How many texts wait to be put or sent.
    waiting: usize,
}

enum Order {
    /// Take notice from now on of what is copied.
    Open(Display),
    /// Let go of the clipboard, and of what was put there.
    Close,
    /// Send what was copied, unless the gate was closed since.
    Send(u64),
    /// Put the operator's text there, unless the gate was closed since.
    Put(u64, String),
}

impl Texts {
    /// Closed.
    pub(super) fn new(reporter: Reporter) -> anyhow::Result<Self> {
        let (orders, told) = channel();
        let offer = watch::Sender::new(None);
        let gate = Mutex::default();
        let inner = Arc::new(Inner { gate, orders, offer, reporter });
        let worker = Worker { texts: Arc::downgrade(&inner), clipboard: None, puts: Allowance::new() };
        thread::Builder::new().name("texts".into()).spawn(move || worker.run(&told))?;
        Ok(Self(inner))
    }

    /// Opens or closes the gate. Closed, nothing goes to the operator any more when this returns, and nothing that comes
    /// from there is taken; a text that is being put into the clipboard at that very moment may still arrive, and says so.
    pub(super) fn set(&self, allowed: Allowed, display: impl FnOnce() -> Display) {
        let (granted, open) =
            (allowed.permissions.contains(Permission::Clipboard), allowed.permits(Permission::Clipboard));
        let mut gate = self.0.lock();
        if gate.open && !open {
            gate.closed += 1;
            self.0.offer.send_replace(None);
        }
        gate.open = open;
        if gate.granted != granted {
            gate.granted = granted;
            let order = if granted { Order::Open(display()) } else { Order::Close };
            let _ = self.0.orders.send(order);
        }
    }

    /// The user says to send what was copied. What becomes of it is reported.
    pub(super) fn send_copied(&self) {
        let mut gate = self.0.lock();
        if !gate.open || !self.0.order(&mut gate, Order::Send) {
            self.0.not_sent(NotSent::NoAnswer);
        }
    }

    /// A text of the operator's.
    pub(super) fn put(&self, text: String) {
        let mut gate = self.0.lock();
        if gate.open && !self.0.order(&mut gate, |closed| Order::Put(closed, text)) {
            tracing::warn!("the operator sends more texts than anybody can paste");
        }
    }

    /// What is to be given to the operator's program from now on, for as long as its view lasts.
    pub(super) fn offers(&self) -> watch::Receiver<Offer> {
        self.0.offer.subscribe()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has something done about a text, unless too much waits already.
    fn order(&self, gate: &mut Gate, order: impl FnOnce(u64) -> Order) -> bool {
        if gate.waiting == MOST_WAITING || self.orders.send(order(gate.closed)).is_err() {
            return false;
        }
        gate.waiting += 1;
        true
    }

    fn report(&self, fact: ClipboardFact) {
        self.reporter.fact(AccessFact::Clipboard(fact));
    }

    fn not_sent(&self, why: NotSent) {
        self.report(ClipboardFact::NotSent { why });
    }

    fn passed(&self, from: Speaker, text: &str) {
        let characters = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        self.report(ClipboardFact::Passed { from, characters });
    }

    /// Gives a text to all views, if the gate was not closed since.
    fn publish(&self, closed: u64, text: String) {
        let gate = self.lock();
        if !gate.open || gate.closed != closed {
            return self.not_sent(NotSent::NoAnswer);
        }
        if self.offer.receiver_count() == 0 {
            return self.not_sent(NotSent::NotViewed);
        }
        self.passed(Speaker::User, &text);
        self.offer.send_replace(Some(text.into()));
    }

    fn is_open_since(&self, closed: u64) -> bool {
        let gate = self.lock();
        gate.open && gate.closed == closed
    }
}

/// What the thread has.
struct Worker {
    texts: std::sync::Weak<Inner>,
    clipboard: Option<Clipboard>,
    puts: Allowance,
}

impl Worker {
    fn run(mut self, told: &Receiver<Order>) {
        while let Ok(order) = told.recv() {
            let Some(texts) = self.texts.upgrade() else { return };
            match order {
                Order::Open(display) => self.open(&display, &texts),
                Order::Close => self.clipboard = None,
                Order::Send(closed) => {
                    match self.copied() {
                        Ok(text) => texts.publish(closed, text),
                        Err(why) => texts.not_sent(why),
                    }
                    texts.lock().waiting -= 1;
                }
                Order::Put(closed, text) => {
                    self.put(text, closed, &texts);
                    texts.lock().waiting -= 1;
                }
            }
        }
    }

    fn open(&mut self, display: &Display, texts: &Inner) {
        match Clipboard::open(display) {
            Ok(clipboard) => self.clipboard = Some(clipboard),
            Err(error) => {
                tracing::warn!(%error, "there is no clipboard on this display");
                if matches!(error, Error::Unsupported { .. }) {
                    let permission = Permission::Clipboard;
                    texts.reporter.fact(AccessFact::Unsupported { permission });
                }
            }
        }
    }

    fn copied(&self) -> Result<String, NotSent> {
        let clipboard = self.clipboard.as_ref().ok_or(NotSent::NoAnswer)?;
        match clipboard.copied() {
            Ok(text) if text.is_empty() => Err(NotSent::NothingCopied),
            Ok(text) => Ok(text),
            Err(Error::Nothing) => Err(NotSent::NothingCopied),
            Err(Error::Secret) => Err(NotSent::Secret),
            Err(Error::NoText) => Err(NotSent::NoText),
            Err(Error::TooLong) => Err(NotSent::TooLong),
            Err(Error::Unsupported { .. } | Error::NoAnswer | Error::Lost | Error::Thread(_)) => {
                Err(NotSent::NoAnswer)
            }
        }
    }

    fn put(&mut self, text: String, closed: u64, texts: &Inner) {
        let text = for_people(text);
        let Some(clipboard) = &self.clipboard else { return };
        if text.is_empty() || !texts.is_open_since(closed) {
            return;
        }
        if !self.puts.take() {
            return tracing::warn!("the operator sends more texts than anybody can paste");
        }
        match clipboard.put(text.clone()) {
            Ok(()) => texts.passed(Speaker::Operator, &text),
            Err(error) => tracing::warn!(%error, "the operator's text is not put into the clipboard"),
        }
    }
}

/// Without the characters that move a terminal's cursor or end a text: it is pasted by a person who sees what it says.
fn for_people(mut text: String) -> String {
    text.retain(|character| !character.is_control() || matches!(character, '\n' | '\t'));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::tests::{Said, permitted};

    fn nowhere() -> Display {
        Display::from_variables(|_| None)
    }

    fn facts(said: &Said, count: usize) -> Vec<AccessFact> {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while said.facts().len() < count && std::time::Instant::now() < deadline {
            thread::yield_now();
        }
        said.facts()
    }

    fn not_sent(why: NotSent) -> AccessFact {
        AccessFact::Clipboard(ClipboardFact::NotSent { why })
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn where_there_is_no_clipboard_both_sides_are_told() {
        let said = Said::default();
        let texts = Texts::new(said.reporter()).unwrap();
        texts.set(permitted([Permission::Clipboard]), nowhere);
        let unsupported = AccessFact::Unsupported { permission: Permission::Clipboard };
        assert_eq!(facts(&said, 1), [unsupported]);
    }

    #[test]
    fn without_the_permission_nothing_is_opened_and_nothing_sent() {
        let said = Said::default();
        let texts = Texts::new(said.reporter()).unwrap();
        texts.set(permitted([Permission::View, Permission::Control]), || panic!("no display is looked for"));
        texts.put("a text".into());
        texts.send_copied();
        assert_eq!(facts(&said, 1), [not_sent(NotSent::NoAnswer)]);
    }

    #[test]
    fn what_was_begun_before_a_take_back_is_not_finished_after_it_nor_after_a_second_grant() {
        let said = Said::default();
        let texts = Texts::new(said.reporter()).unwrap();
        let _view = texts.offers();
        texts.0.lock().open = true;
        let begun = texts.0.lock().closed;
        texts.set(Allowed::default(), nowhere);
        texts.0.publish(begun, "a text".into());
        texts.0.lock().open = true;
        texts.0.publish(begun, "a text".into());
        assert_eq!(said.facts(), [not_sent(NotSent::NoAnswer), not_sent(NotSent::NoAnswer)]);
        assert!(texts.0.offer.borrow().is_none());
    }

    #[test]
    fn a_text_is_reported_before_a_view_has_it_and_gone_with_the_permission() {
        let said = Said::default();
        let texts = Texts::new(said.reporter()).unwrap();
        texts.0.lock().open = true;
        texts.0.publish(0, "Größe".into());
        assert_eq!(said.facts(), [not_sent(NotSent::NotViewed)], "nobody is there to have it");
        let view = texts.offers();
        texts.0.publish(0, "Größe".into());
        let passed = ClipboardFact::Passed { from: Speaker::User, characters: 5 };
        assert_eq!(said.facts()[1..], [AccessFact::Clipboard(passed)]);
        assert_eq!(view.borrow().as_deref(), Some("Größe"));
        texts.set(Allowed::default(), nowhere);
        assert!(view.borrow().is_none());
    }

    #[test]
    fn what_moves_a_cursor_is_no_part_of_a_text() {
        assert_eq!(for_people("one\r\n\ttwo\u{1b}[2J\0 é\u{9b}".into()), "one\n\ttwo[2J é");
    }
}
