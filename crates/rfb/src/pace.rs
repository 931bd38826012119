//! How much may be on its way to the client, and how good the picture can be.
//!
//! A fence follows each update, and the client answers it when it is done with the update, so an answer tells what
//! network and viewer took together. The shortest time seen is what the way takes when nothing queues on it. What comes on
//! top is queueing, and as much data as keeps that under [`QUEUE`] may be on its way: the amount that was on its way when
//! an update left, divided by the time it took, is what the line carries.
//!
//! The picture gets worse by a step when twice that time is exceeded in spite of it, which means that single updates are
//! too large for the line, and better by a step when it was not nearly reached for a while.

use std::collections::VecDeque;
use std::time::Duration;

/// More than this queueing is felt as lag.
const QUEUE: Duration = Duration::from_millis(40);
/// One is shown, one is on its way, one is being made.
const MAX_IN_FLIGHT: usize = 3;
/// A client that asks for each update may have more on its way; no more than this are kept in mind.
const MAX_REMEMBERED: usize = 32;
/// Bytes in flight, at first and in the extremes.
const FIRST_WINDOW: usize = 64 * 1024;
const LEAST_WINDOW: usize = 4 * 1024;
const LARGEST_WINDOW: usize = 4 * 1024 * 1024;
/// The shortest time seen is forgotten after one to two of these: ways through the network change.
const MEMORY: Duration = Duration::from_secs(15);
/// How often the picture may get worse by a step, and how long the line has to have room before it gets better.
const WORSE: Duration = Duration::from_millis(250);
const BETTER: Duration = Duration::from_millis(1500);
/// A picture below this is no help to anybody.
const LOWEST_QUALITY: u8 = 1;

#[derive(Debug)]
pub(crate) struct Pace {
    in_flight: VecDeque<Flight>,
    bytes_in_flight: usize,
    next: u32,
    window: usize,
    /// The shortest times of this and the last [`MEMORY`].
    least: [Duration; 2],
    least_since: Duration,
    /// Steps below what the client asked for.
    steps_down: u8,
    stepped_at: Duration,
    crowded_at: Duration,
}

#[derive(Debug)]
struct Flight {
    number: u32,
    sent_at: Duration,
    bytes: usize,
    /// With it, when it left.
    bytes_in_flight: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            in_flight: VecDeque::new(),
            bytes_in_flight: 0,
            next: 0,
            window: FIRST_WINDOW,
            least: [Duration::MAX; 2],
            least_since: Duration::ZERO,
            steps_down: 0,
            stepped_at: Duration::ZERO,
            crowded_at: Duration::ZERO,
        }
    }
}

impl Pace {
    /// Whether one more update may leave.
    pub(crate) fn has_room(&self) -> bool {
        let little = self.in_flight.is_empty() || self.bytes_in_flight < self.window;
        self.in_flight.len() < MAX_IN_FLIGHT && little
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Bytes that do not make anything else wait for long.
    pub(crate) fn window(&self) -> usize {
        self.window
    }

    /// The quality to use, where the client asked for `wanted`.
    pub(crate) fn quality(&self, wanted: u8) -> u8 {
        wanted.saturating_sub(self.steps_down).max(LOWEST_QUALITY.min(wanted))
    }

    /// An update leaves; the number goes into its fence.
    pub(crate) fn sent(&mut self, bytes: usize, now: Duration) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        if self.in_flight.len() == MAX_REMEMBERED
            && let Some(forgotten) = self.in_flight.pop_front()
        {
            self.bytes_in_flight -= forgotten.bytes;
        }
        self.bytes_in_flight += bytes;
        let bytes_in_flight = self.bytes_in_flight;
        self.in_flight.push_back(Flight { number, sent_at: now, bytes, bytes_in_flight });
        number
    }

    /// The client is done with the update of this number. Numbers that are not in flight mean nothing.
    pub(crate) fn acknowledged(&mut self, number: u32, now: Duration) {
        let Some(place) = self.in_flight.iter().position(|flight| flight.number == number) else {
            return;
        };
        let mut last = None;
        for flight in self.in_flight.drain(..=place) {
            self.bytes_in_flight -= flight.bytes;
            last = Some(flight);
        }
        if let Some(flight) = last {
            self.learn(&flight, now.saturating_sub(flight.sent_at), now);
        }
    }

    fn learn(&mut self, flight: &Flight, took: Duration, now: Duration) {
        if now.saturating_sub(self.least_since) > MEMORY {
            self.least = [Duration::MAX, self.least[0]];
            self.least_since = now;
        }
        self.least[0] = self.least[0].min(took);
        let least = self.least[0].min(self.least[1]);
        let queueing = took - least;

        if queueing > QUEUE {
            let carried = flight.bytes_in_flight as f64 / took.as_secs_f64();
            let window = carried * (least + QUEUE).as_secs_f64();
            self.window = (window as usize).clamp(LEAST_WINDOW, self.window);
        } else if flight.bytes_in_flight >= self.window / 2 {
            self.window = (self.window + self.window / 4).min(LARGEST_WINDOW);
        }

        if queueing > QUEUE / 2 {
            self.crowded_at = now;
        }
        let since_step = now.saturating_sub(self.stepped_at);
        if queueing > 2 * QUEUE && since_step >= WORSE && self.steps_down < 9 {
            self.steps_down += 1;
            self.stepped_at = now;
        } else if self.steps_down > 0 && since_step >= BETTER && now.saturating_sub(self.crowded_at) >= BETTER
        {
            self.steps_down -= 1;
            self.stepped_at = now;
        }
    }
}
