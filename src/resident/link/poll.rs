//! The long poll: asks for what happened, hands it over, and asks again once it was taken in.

use super::{Backoff, Error, Retry, Service};
use crate::resident::Event;
use protocol::{
    MAX_WAIT_SECS, Secret,
    agent::{EventsQuery, EventsResponse},
    problem::ProblemCode,
};
use std::time::{Duration, Instant};
use tokio::{
    sync::{mpsc::UnboundedSender, oneshot, watch},
    task::JoinHandle,
};

/// What the long poll has to tell.
#[derive(Debug)]
pub(crate) enum Polled {
    /// An answer; the next poll waits until it was taken in, which the channel tells.
    Answer(Box<EventsResponse>, oneshot::Sender<()>),
    /// The service was not reached.
    Failed(Error),
    /// The credential is void.
    Refused,
}

/// A running long poll; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Poll {
    run: u64,
    attentive: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Poll {
    /// Starts after `cursor`; without one the first answer is a snapshot. Everything it tells carries `run`.
    pub(crate) fn start(
        run: u64,
        service: Service,
        token: Secret,
        cursor: Option<String>,
        events: UnboundedSender<Event>,
    ) -> Self {
        let (attentive, watched) = watch::channel(false);
        let task = tokio::spawn(poll(run, service, token, cursor, events, watched));
        Self { run, attentive, task }
    }

    /// Whether this poll told what carries `run`.
    pub(crate) fn is(&self, run: u64) -> bool {
        self.run == run
    }

    /// While something goes on, short waits make a line that is dead known soon.
    pub(crate) fn attend(&self, attentive: bool) {
        self.attentive.send_if_modified(|before| std::mem::replace(before, attentive) != attentive);
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn poll(
    run: u64,
    service: Service,
    token: Secret,
    mut after: Option<String>,
    events: UnboundedSender<Event>,
    mut attentive: watch::Receiver<bool>,
) {
    let (mut pace, mut backoff) = (Pace::default(), Backoff::default());
    // A poll that is held says nothing for a long time, so the first one after a failure is answered at once.
    let mut reached = false;
    loop {
        let wait_secs = match (*attentive.borrow_and_update(), reached) {
            (_, false) => 0,
            (true, true) => Pace::ATTENTIVE,
            (false, true) => pace.wait_secs,
        };
        let query = EventsQuery { after: after.clone(), wait_secs, run: Some(service.run().to_owned()) };
        let asked = Instant::now();
        let answer = tokio::select! {
            answer = service.events(&token, &query) => answer,
            // The newest poll wins at the service, so the one under way can simply be dropped.
            _ = attentive.changed() => continue,
        };
        let held = asked.elapsed();
        let pause = match answer {
            Ok(answer) => {
                let empty = answer.events.is_empty() && answer.snapshot.is_none();
                if empty && wait_secs == pace.wait_secs && held.as_secs() + 1 >= wait_secs.into() {
                    pace.came_back_whole();
                }
                after = Some(answer.cursor.clone());
                let (taken, done) = oneshot::channel();
                if events.send(Event::Polled(run, Polled::Answer(Box::new(answer), taken))).is_err()
                    || done.await.is_err()
                {
                    return;
                }
                // Something that answers at once and says nothing must not be asked in a loop.
                let checked = !std::mem::replace(&mut reached, true);
                if empty && !checked && held < Duration::from_secs(1) {
                    Some(backoff.next(Duration::ZERO))
                } else {
                    backoff.reset();
                    None
                }
            }
            Err(error) if error.code() == Some(ProblemCode::CursorExpired) && after.is_some() => {
                after = None;
                Some(backoff.next(Duration::ZERO))
            }
            Err(error) => {
                pace.was_cut(held);
                reached = false;
                let least = match error.retry() {
                    Retry::After(least) => least,
                    Retry::JoinAgain => {
                        drop(events.send(Event::Polled(run, Polled::Refused)));
                        return;
                    }
                    // Nothing this agent can do about it; somebody may put the service right.
                    Retry::Never => Duration::from_secs(60),
                };
                if events.send(Event::Polled(run, Polled::Failed(error))).is_err() {
                    return;
                }
                Some(backoff.next(least))
            }
        };
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
}

/// How long the service is asked to hold a poll back. Every proxy survives 55 s; longer waits are tried, and given up
/// where something cuts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pace {
    wait_secs: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { wait_secs: 55 }
    }
}

impl Pace {
    /// The wait while a request or session is on.
    const ATTENTIVE: u32 = 22;
    const SHORTEST: u32 = 15;

    fn came_back_whole(&mut self) {
        self.wait_secs = (self.wait_secs * 2).min(MAX_WAIT_SECS);
    }

    /// A poll that fails after it was held for a while was cut by something in between; one that fails at once says
    /// nothing about waits.
    fn was_cut(&mut self, held: Duration) {
        if held >= Duration::from_secs(10) {
            self.wait_secs = (self.wait_secs / 2).max(Self::SHORTEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_quarter_of_an_hour_and_shrink_when_cut() {
        let mut pace = Pace::default();
        let mut waits = Vec::new();
        for _ in 0..6 {
            waits.push(pace.wait_secs);
            pace.came_back_whole();
        }
        assert_eq!(waits, [55, 110, 220, 440, 880, 900]);
        pace.was_cut(Duration::from_millis(3));
        assert_eq!(pace.wait_secs, 900);
        pace.was_cut(Duration::from_secs(300));
        assert_eq!(pace.wait_secs, 450);
        for _ in 0..9 {
            pace.was_cut(Duration::from_secs(20));
        }
        assert_eq!(pace.wait_secs, Pace::SHORTEST);
    }
}
