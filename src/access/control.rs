//! The operator's keyboard and pointer: let through while they are granted, not held back, and nothing is paused.
//!
//! All views of a session share one. Whoever closes the gate has everything let go of before it returns, so that what is
//! said about it afterwards is true.

use super::reporter::{Doing, Reporter};
use input::{Display, Done, Injector, Options};
use line::FromAccess;
use protocol::{Action, Permission};
use session::AccessFact;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// So long after the last key or movement nobody is controlling.
const CONTROLLING: Duration = Duration::from_secs(5);
/// How long a key may wait until it can be pressed, and how often it is looked whether it still may.
const LATEST: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(10);

/// The gate, and what lies behind it.
#[derive(Clone)]
pub(super) struct Control(Arc<Inner>);

struct Inner {
    /// Looked at before and after the state is locked: whoever closes the gate does not wait for its turn.
    open: AtomicBool,
    /// The tunnel stands. What came through it before it was lost is not the operator's hand any more.
    connected: AtomicBool,
    state: Mutex<State>,
    began: Notify,
    reporter: Reporter,
    display: Display,
    /// The resident, whose windows and whose children's windows are never touched.
    resident: u32,
}

/// One view's hand on keyboard and pointer; the last one that is dropped lets go of everything.
pub(super) struct Hand(Control);

#[derive(Default)]
struct State {
    /// How many views have a hand on it.
    hands: usize,
    injector: Option<Injector>,
    /// The display was tried in vain; trying again would not help.
    unsupported: bool,
    doing: Option<(Doing, Instant)>,
}

impl Control {
    /// Closed.
    pub(super) fn new(display: Display, resident: u32, reporter: Reporter) -> Self {
        let state = Mutex::new(State::default());
        let (open, connected) = (AtomicBool::new(false), AtomicBool::new(false));
        Self(Arc::new(Inner { open, connected, state, began: Notify::new(), reporter, display, resident }))
    }

    /// Opens or closes the gate. Closed, nothing stays pressed.
    pub(super) fn set_open(&self, open: bool) {
        self.0.open.store(open, SeqCst);
        if !open {
            self.let_go();
        }
    }

    /// The tunnel stands, or is lost; then nothing stays pressed.
    pub(super) fn set_connected(&self, connected: bool) {
        self.0.connected.store(connected, SeqCst);
        if !connected {
            self.let_go();
        }
    }

    fn is_open(&self) -> bool {
        self.0.open.load(SeqCst) && self.0.connected.load(SeqCst)
    }

    /// For a view, as long as it lasts.
    pub(super) fn hand(&self) -> Hand {
        self.lock().hands += 1;
        Hand(self.clone())
    }

    /// Lets go of everything.
    fn let_go(&self) {
        let mut state = self.lock();
        // Dropped, it lets go.
        state.injector = None;
        state.doing = None;
    }

    /// Notices when nobody is controlling any more. Never ends.
    pub(super) async fn watch(&self) {
        loop {
            let last = self.lock().doing.as_ref().map(|(_, last)| *last);
            match last.map(|last| last + CONTROLLING) {
                None => self.0.began.notified().await,
                Some(over) if over > Instant::now() => tokio::time::sleep_until(over.into()).await,
                Some(_) => self.lock().doing = None,
            }
        }
    }

    /// How long to wait until it can be tried again, where it cannot be done now.
    fn inject(&self, act: impl FnOnce(&mut Injector) -> Result<Done, input::Error>) -> Option<Duration> {
        if !self.is_open() {
            return None;
        }
        let mut state = self.lock();
        if !self.is_open() {
            return None;
        }
        if state.injector.is_none() && !state.unsupported {
            self.open(&mut state);
        }
        let State { injector: Some(injector), doing, .. } = &mut *state else { return None };
        // Before it takes effect, so that there is no moment of it that is not shown.
        match doing {
            Some((_, last)) => *last = Instant::now(),
            None => {
                *doing = Some((self.0.reporter.begin(Action::Controlling), Instant::now()));
                self.0.began.notify_one();
            }
        }
        match act(injector) {
            Ok(Done::Injected) => {}
            Ok(Done::Later(time)) => return Some(time),
            Ok(Done::Refused(refusal)) => tracing::debug!(%refusal, "the operator's input is refused"),
            Err(error) => {
                tracing::warn!(%error, "the operator's input cannot be injected");
                state.injector = None;
            }
        }
        None
    }

    fn open(&self, state: &mut State) {
        let reporter = self.0.reporter.clone();
        let report = move |held: &input::Held| reporter.tell(&FromAccess::Holding(held.clone()));
        match Injector::open(&self.0.display, Options::new(vec![self.0.resident]), report) {
            Ok(injector) => state.injector = Some(injector),
            Err(error) => {
                tracing::warn!(%error, "there is no control on this display");
                if !matches!(error, input::Error::Unsupported { .. }) {
                    return;
                }
                state.unsupported = true;
                self.0.reporter.fact(AccessFact::Unsupported { permission: Permission::Control });
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hand {
    /// A key of the operator's. Where it has to wait, nothing else does that may close the gate meanwhile.
    pub(super) fn key(&self, down: bool, symbol: u32) {
        let started = Instant::now();
        while let Some(time) = self.0.inject(|injector| injector.key(down, symbol)) {
            let until = Instant::now() + time;
            if until > started + LATEST {
                return tracing::debug!("the operator types more characters than there are keys for");
            }
            while let Some(left) = until.checked_duration_since(Instant::now()).filter(|_| self.0.is_open()) {
                std::thread::sleep(left.min(LOOK));
            }
        }
    }

    /// The operator's pointer, on the whole desktop, and all the buttons that are held.
    pub(super) fn pointer(&self, x: u16, y: u16, buttons: u16) {
        // A pointer never waits.
        self.0.inject(|injector| injector.pointer(x, y, buttons));
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.hands -= 1;
        if state.hands == 0 {
            state.injector = None;
            state.doing = None;
        }
    }
}
