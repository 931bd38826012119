//! What the service is told: in order for each request and session, tried again until it arrived or was refused for good.

use super::{
    Event,
    link::{Backoff, Error, Retry, Service},
};
use protocol::{RequestId, Secret, SessionId};
use reqwest::Method;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, mpsc::UnboundedSender};

/// What is told in order. Different lanes do not wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    /// About a request.
    Request(RequestId),
    /// About a session.
    Session(SessionId),
    /// What the user says in a session: nothing waits behind it.
    Chat(SessionId),
    /// The request for help.
    Help,
    /// The invitation or device itself.
    Standing,
}

/// What the answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nothing depends on it.
    Told,
    /// How a session stands; a newer one or its end makes it pointless.
    Newest,
    /// The session is over: what it has of [`Meaning::Newest`] does not hold it up.
    End,
    /// What the user said in a session, by its number.
    Message(SessionId, u32),
    /// An approval: the answer starts a session.
    Approval(RequestId),
    /// A no.
    No(RequestId),
    /// A request for help: the answer names it.
    Help,
}

impl Meaning {
    /// Whether only the service itself may refuse it. The rest is given up where something in between says no.
    fn must_arrive(&self) -> bool {
        match self {
            Self::Told | Self::Newest | Self::End | Self::Approval(_) | Self::No(_) => true,
            Self::Message(..) | Self::Help => false,
        }
    }
}

/// Something to tell.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) lane: Lane,
    pub(crate) method: Method,
    pub(crate) path: String,
    /// JSON, or nothing.
    pub(crate) body: Vec<u8>,
    pub(crate) token: Secret,
    pub(crate) meaning: Meaning,
}

/// What became of a [`Post`].
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) lane: Lane,
    pub(crate) meaning: Meaning,
    /// The answer, or why the service refused for good.
    pub(crate) answer: Result<Vec<u8>, Error>,
}

/// Keeps what has not arrived.
pub(crate) struct Outbox {
    service: Service,
    events: UnboundedSender<Event>,
    /// A lane is here while something of it is on its way.
    lanes: BTreeMap<Lane, Queue>,
    hurry: Arc<Notify>,
}

/// What is told in one lane.
#[derive(Debug, Default)]
struct Queue {
    /// Behind what is on its way.
    waiting: VecDeque<Post>,
    on_its_way: Arc<OnItsWay>,
}

/// What there is to know of something that is on its way.
#[derive(Debug, Default)]
struct OnItsWay {
    /// Something newer waits behind it: it is not tried again.
    pointless: AtomicBool,
    /// What waits behind it must not be held up.
    over: Notify,
}

impl Outbox {
    /// An empty one.
    pub(crate) fn new(service: Service, events: UnboundedSender<Event>) -> Self {
        Self { service, events, lanes: BTreeMap::new(), hurry: Arc::default() }
    }

    /// Sends, or waits behind what is on its way in the same lane.
    pub(crate) fn push(&mut self, mut post: Post) {
        if let Some(queue) = self.lanes.get_mut(&post.lane) {
            if matches!(post.meaning, Meaning::Newest | Meaning::End) {
                queue.waiting.retain(|older| older.meaning != Meaning::Newest);
                queue.on_its_way.pointless.store(true, Ordering::Relaxed);
            }
            if post.meaning == Meaning::End {
                queue.on_its_way.over.notify_one();
            }
        }
        // The end of a session closes its open requests at the service: an answer that came after it would be lost.
        if post.meaning == Meaning::End
            && let Some(request) = self.lanes.keys().find(|lane| matches!(lane, Lane::Request(_)))
        {
            post.lane = request.clone();
        }
        match self.lanes.get_mut(&post.lane) {
            Some(queue) => queue.waiting.push_back(post),
            None => {
                let queue = Queue::default();
                let on_its_way = Arc::clone(&queue.on_its_way);
                self.lanes.insert(post.lane.clone(), queue);
                self.start(post, on_its_way);
            }
        }
    }

    /// Something arrived or was refused: the lane's next is sent.
    pub(crate) fn delivered(&mut self, lane: &Lane) {
        let Some(queue) = self.lanes.get_mut(lane) else { return };
        queue.on_its_way = Arc::default();
        let on_its_way = Arc::clone(&queue.on_its_way);
        match queue.waiting.pop_front() {
            Some(next) => self.start(next, on_its_way),
            None => drop(self.lanes.remove(lane)),
        }
    }

    /// How many lanes something is on its way in.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// Whether everything has arrived.
    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// The service is reached again: nothing waits any longer.
    pub(crate) fn hurry(&self) {
        self.hurry.notify_waiters();
    }

    fn start(&self, post: Post, on_its_way: Arc<OnItsWay>) {
        let (service, events, hurry) = (self.service.clone(), self.events.clone(), Arc::clone(&self.hurry));
        tokio::spawn(async move {
            let answer = deliver(&service, &post, &hurry, &on_its_way).await;
            drop(events.send(Event::Delivered(Delivered { lane: post.lane, meaning: post.meaning, answer })));
        });
    }
}

async fn deliver(
    service: &Service,
    post: &Post,
    hurry: &Notify,
    on_its_way: &OnItsWay,
) -> Result<Vec<u8>, Error> {
    let newest = post.meaning == Meaning::Newest;
    let mut backoff = Backoff::default();
    loop {
        let sent = service.send(post.method.clone(), &post.path, Some(&post.token), post.body.clone());
        let answer = tokio::select! {
            answer = sent => answer,
            () = on_its_way.over.notified(), if newest => return Ok(Vec::new()),
        };
        let error = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let least = match error.retry() {
            _ if post.meaning.must_arrive() => error.pause_for_what_must_arrive(),
            Retry::After(least) => Some(least),
            Retry::Never | Retry::JoinAgain => None,
        };
        let Some(least) = least else { return Err(error) };
        tokio::select! {
            () = tokio::time::sleep(backoff.next(least)) => {}
            // A pause that the service asks for is kept.
            () = hurry.notified(), if least == Duration::ZERO => {}
            () = on_its_way.over.notified(), if newest => return Ok(Vec::new()),
        }
        if newest && on_its_way.pointless.load(Ordering::Relaxed) {
            return Ok(Vec::new());
        }
    }
}
