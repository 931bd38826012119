//! What is known of a request while it is answered, and what comes to light meanwhile.

use crate::{
    body::Arrival,
    refusal::Refusal,
    transfer::{Change, Tell, Transfer},
    way::Way,
};
use http::Method;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// A part of a file that is uploaded: from which byte on, and how long the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) total: u64,
}

/// A request; copies are the same request.
#[derive(Clone)]
pub(crate) struct Request(Arc<Inner>);

struct Inner {
    method: Method,
    way: Way,
    destination: Option<Way>,
    part: Option<Part>,
    tell: Tell,
    refused: Mutex<Option<Refusal>>,
    /// How much of an upload is there that is not whole yet.
    kept: Mutex<Option<u64>>,
    arrival: Arrival,
    is_copy_told: AtomicBool,
    given_up: AtomicBool,
}

impl Request {
    pub(crate) fn new(
        method: Method,
        way: Way,
        destination: Option<Way>,
        part: Option<Part>,
        tell: Tell,
    ) -> Self {
        Self(Arc::new(Inner {
            method,
            way,
            destination,
            part,
            tell,
            refused: Mutex::default(),
            kept: Mutex::default(),
            arrival: Arrival::default(),
            is_copy_told: AtomicBool::default(),
            given_up: AtomicBool::default(),
        }))
    }

    pub(crate) fn method(&self) -> &Method {
        &self.0.method
    }

    /// Whether the method is this one, which `http` has no name for.
    pub(crate) fn is(&self, method: &str) -> bool {
        self.0.method.as_str() == method
    }

    pub(crate) fn way(&self) -> &Way {
        &self.0.way
    }

    pub(crate) fn destination(&self) -> Option<&Way> {
        self.0.destination.as_ref()
    }

    pub(crate) fn part(&self) -> Option<Part> {
        self.0.part
    }

    /// What becomes of it, where it is an upload.
    pub(crate) fn arrival(&self) -> &Arrival {
        &self.0.arrival
    }

    /// Tells what was changed, from where it was: whoever asked may be gone before the answer, and the change is made.
    pub(crate) fn tell(&self, change: Change) {
        self.0.tell.tell(Transfer::Changed(change));
    }

    /// Tells of a copy when the first of it is there; it may get no further.
    pub(crate) fn tell_copy(&self) {
        if let Some(to) = self.destination()
            && !self.0.is_copy_told.swap(true, Ordering::Relaxed)
        {
            self.tell(Change::Copied { from: self.way().to_string(), to: to.to_string() });
        }
    }

    pub(crate) fn teller(&self) -> &Tell {
        &self.0.tell
    }

    /// Notes why it is refused, in more words than `dav-server` has.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        *self.0.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }

    pub(crate) fn refused(&self) -> Option<Refusal> {
        *self.0.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn keep(&self, bytes: u64) {
        *self.0.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
    }

    pub(crate) fn kept(&self) -> Option<u64> {
        *self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody waits for it any more; what takes long stops.
    pub(crate) fn give_up(&self) {
        self.0.given_up.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.0.given_up.load(Ordering::Relaxed)
    }
}
