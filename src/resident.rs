//! The resident process: owns the core, and lives from log-in to log-off.
//!
//! [`Resident::run`] is the only loop: one event becomes at most a few inputs, each input's effects are all carried out
//! before the next one, what is shown changes with the [`View`], and then it sleeps until the core's next deadline. Nothing
//! is decided here.

pub(crate) mod children;
mod credential;
mod disk;
mod effects;
mod events;
mod joining;
mod journal;
mod link;
pub(crate) mod local;
pub(crate) mod menu;
pub(crate) mod notifications;
mod outbox;
mod receipts;
pub(crate) mod tray;
mod trust;

use crate::{
    places::Places,
    platform::{self, SystemFact},
    private,
    settings::Settings,
};
use anyhow::Context as _;
use children::{Children, Said};
use credential::{Credential, Cursor, Standing};
use disk::Disk;
use journal::Journal;
use line::{FromAccess, FromWindow, WindowKind};
use link::{Poll, Polled, Service};
use menu::Choice;
use notifications::Notifications;
use outbox::{Delivered, Outbox};
use protocol::{
    RequestId, Secret, SessionId, Timestamp,
    agent::{EnrolRequest, EnrolResponse, JoinResponse, LookupResponse},
};
use receipts::Receipts;
use session::{AccessFact, Agent, Input, JoinFailure, Now, PromptFact, Screen, View};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::sync::{
    mpsc::{self, UnboundedReceiver, UnboundedSender},
    oneshot,
};
use tray::{Face, ShowFace};
use trust::{Asked, Trust};

/// What is still on its way to the service may take so long when the agent ends.
const GOODBYE_LIMIT: Duration = Duration::from_secs(3);
/// The clocks may differ by so much without the computer having slept.
const NOT_SLEEP: Duration = Duration::from_secs(2);

/// Something happened outside the core.
#[derive(Debug)]
pub(crate) enum Event {
    /// The tray's menu or icon was clicked.
    Menu(Choice),
    /// The user chose something in a notification.
    NotificationAnswered(RequestId, notifications::Answer),
    /// A window process said something.
    Window {
        /// Which window.
        kind: WindowKind,
        /// Which run of it.
        run: u64,
        /// What.
        said: Said<FromWindow>,
    },
    /// The popup could not be started.
    PromptNotStarted(RequestId, PromptFact),
    /// An access process said something.
    Access {
        /// Which run of it.
        run: u64,
        /// What.
        said: Said<FromAccess>,
    },
    /// The access process could not be started.
    AccessNotStarted(AccessFact),
    /// A long poll has something to tell.
    Polled(u64, Polled),
    /// Something was delivered to the service, or refused for good.
    Delivered(Delivered),
    /// The service told whose a code is, or did not.
    LookedUp(u64, Result<LookupResponse, JoinFailure>),
    /// The service let the agent join, or did not.
    Joined(u64, Result<JoinResponse, JoinFailure>),
    /// The service made the agent a device's, or refused.
    Enrolled(Result<EnrolResponse, link::Error>),
    /// An outcome was written to the journal, or could not be.
    Recorded {
        /// Of this request.
        request_id: RequestId,
        /// Whether it is durable.
        durable: bool,
    },
    /// Another program of this user asks.
    Local(local::Question, oneshot::Sender<local::Answer>),
    /// The operating system tells something.
    System(SystemFact),
    /// Log-off, or a signal to end.
    Terminated,
}

/// How to run.
#[derive(Debug)]
pub(crate) struct Options {
    /// Leave after one session.
    pub(crate) once: bool,
    /// The agent's program file; children are further runs of it.
    pub(crate) program: PathBuf,
    /// Open the session window at once.
    pub(crate) open_window: bool,
    /// Makes this agent a device's.
    pub(crate) enrolment_token: Option<Secret>,
}

/// The agent as the service knows it.
struct Known {
    credential: Credential,
    asked: Asked,
    /// How far its events were taken in.
    cursor: Option<String>,
    poll: Option<Poll>,
    /// Forgotten as soon as everything that needs its token has arrived.
    leaving: bool,
}

/// A code being looked up or an invitation being joined. Dropping it tells the work that nobody wants its result.
struct Joining {
    run: u64,
    _wanted: oneshot::Receiver<Infallible>,
}

/// The resident process.
struct Resident {
    agent: Agent,
    clock: Clock,
    places: Places,
    events: UnboundedSender<Event>,
    service: Service,
    outbox: Outbox,
    receipts: Receipts,
    journal: Journal,
    disk: Disk,
    trust: Trust,
    children: Children,
    notifications: Notifications,
    show_face: ShowFace,
    known: Option<Known>,
    joining: Option<Joining>,
    tickets: BTreeMap<SessionId, Secret>,
    runs: u64,
    offline: bool,
    shown: Option<View>,
    face: Option<Face>,
    next_tick: Option<Duration>,
    leaving: bool,
    /// Who waits for the end.
    quitting: Vec<oneshot::Sender<local::Answer>>,
}

/// Runs the resident until it is told to end. Holds `places`' lock meanwhile; the caller has taken it.
pub(crate) async fn run(
    places: Places,
    settings: Settings,
    options: Options,
    show_face: ShowFace,
) -> anyhow::Result<()> {
    let url =
        settings.service_url.value.clone().context(
            "no service is set: give one with --service-url, or as service_url in the settings file",
        )?;
    let (events, received) = mpsc::unbounded_channel();
    let service = Service::new(url, &settings)?;
    let key = Rc::new(credential::key(&places)?);
    let (journal, found) = Journal::open(&places.journal())?;
    tray::forward_clicks(&events);
    local::listen(&places, events.clone())?;
    let tell = events.clone();
    platform::watch_system(move |fact| drop(tell.send(Event::System(fact))));
    let tell = events.clone();
    tokio::spawn(async move {
        platform::terminated().await;
        drop(tell.send(Event::Terminated));
    });

    let clock = Clock::start();
    let mut resident = Resident {
        agent: Agent::new(settings.core_config(options.once), clock.now()),
        clock,
        outbox: Outbox::new(service.clone(), events.clone()),
        receipts: Receipts::new(key, found.last_receipt.as_deref(), found.signed_requests),
        journal,
        disk: Disk::start()?,
        trust: Trust::load(&places, settings.organisation_keys.value.clone()),
        children: Children::new(options.program.clone(), settings.language.value.clone(), events.clone()),
        notifications: Notifications::new(events.clone()),
        show_face,
        known: None,
        joining: None,
        tickets: BTreeMap::new(),
        runs: 0,
        offline: true,
        shown: None,
        face: None,
        next_tick: None,
        leaving: false,
        quitting: Vec::new(),
        places,
        events,
        service,
    };
    resident.start(found.open, options);
    resident.run(received).await;
    Ok(())
}

impl Resident {
    /// Takes up what earlier runs left, and shows itself.
    fn start(&mut self, open: Vec<session::OpenThing>, options: Options) {
        let now = self.clock.now();
        let kept = private::read_json::<Credential>(&self.places.credential()).unwrap_or_else(|error| {
            tracing::error!(%error, "the agent does not know any more what it is to the service");
            None
        });
        let kept = kept.filter(|kept| {
            let same = kept.service_url == *self.service.url();
            if !same {
                tracing::warn!("the credential is another service's and is not used");
            }
            same
        });
        let is_device = matches!(&kept, Some(kept) if matches!(kept.standing, Standing::Device(_)));
        self.known = kept.and_then(|credential| self.known(credential));
        if !open.is_empty() {
            self.input(Input::FoundOpen(open), now);
        }
        if is_device {
            self.take_up_device(now);
        } else {
            if self.known.is_some() {
                self.tell_leaving();
            }
            // Nothing is polled, so nothing can be known to be out of reach.
            self.reached(now);
            if let Some(token) = options.enrolment_token {
                self.enrol(token);
            }
        }
        self.render(now);
        if options.open_window {
            self.open_window();
        }
    }

    async fn run(mut self, mut received: UnboundedReceiver<Event>) {
        while !self.leaving {
            let event = tokio::select! {
                event = received.recv() => event,
                () = tokio::time::sleep(self.until_next()) => None,
            };
            let now = self.clock.now();
            if let Some(asleep) = self.clock.slept() {
                self.input(Input::Resumed { asleep }, now);
            }
            match event {
                Some(event) => self.handle(event, now),
                None => {
                    self.agent.handle_timeout(now);
                    self.drain(now);
                }
            }
            if self.known.as_ref().is_none_or(|known| known.poll.is_none()) {
                // Nothing is polled, so nothing can be known to be out of reach.
                self.reached(now);
            }
            self.render(now);
        }
        self.say_goodbye(received).await;
    }

    /// Hands the core one input and carries out everything that comes of it.
    fn input(&mut self, input: Input, now: Now) {
        self.agent.handle_input(input, now);
        self.drain(now);
    }

    fn drain(&mut self, now: Now) {
        while let Some(effect) = self.agent.poll_effect() {
            self.perform(effect, now);
        }
    }

    /// Until the core's next deadline, or the next second where one is being counted on screen.
    fn until_next(&self) -> Duration {
        let due = self.agent.poll_timeout().map(|(due, _)| due);
        let next = due.into_iter().chain(self.next_tick).min();
        // A day is as good as for ever.
        next.map_or(Duration::from_secs(24 * 60 * 60), |next| next.saturating_sub(platform::boot_time()))
    }

    /// Shows what changed.
    fn render(&mut self, now: Now) {
        let view = self.agent.view(now);
        let running = view.prompt.is_some() || matches!(view.screen, Screen::Session(_));
        let counting = running || matches!(view.screen, Screen::Idle { retry_secs: Some(_), .. });
        self.next_tick = match self.next_tick {
            Some(next) if counting && next > now.boot => Some(next),
            _ if counting => Some(now.boot + Duration::from_secs(1)),
            _ => None,
        };
        if let Some(poll) = self.known.as_ref().and_then(|known| known.poll.as_ref()) {
            poll.attend(running);
        }
        if self.shown.as_ref() == Some(&view) {
            return;
        }
        self.children.show(&view);
        let face = Face::from(&view);
        if self.face.as_ref() != Some(&face) {
            (self.show_face)(face.clone());
            self.face = Some(face);
        }
        self.shown = Some(view);
    }

    fn open_window(&mut self) {
        let view = self.agent.view(self.clock.now());
        if let Err(error) = self.children.open_window(&view) {
            tracing::error!(%error, "the window could not be opened");
        }
    }

    /// What is on its way is given a moment to arrive; then the windows close and everything is written.
    async fn say_goodbye(mut self, mut received: UnboundedReceiver<Event>) {
        self.children.stop_access();
        self.children.close_windows();
        let deadline = tokio::time::Instant::now() + GOODBYE_LIMIT;
        while !self.outbox.is_empty() {
            match tokio::time::timeout_at(deadline, received.recv()).await {
                Ok(Some(Event::Delivered(delivered))) => self.outbox.delivered(&delivered.lane),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => {
                    tracing::warn!("the service could not be told everything before the end");
                    break;
                }
            }
        }
        if self.outbox.is_empty() && self.known.as_ref().is_some_and(|known| known.leaving) {
            self.disk.remove(self.places.credential());
        }
        self.disk.finish(GOODBYE_LIMIT);
    }

    /// The service answered.
    fn reached(&mut self, now: Now) {
        if std::mem::replace(&mut self.offline, false) {
            self.outbox.hurry();
            self.input(Input::LinkRestored, now);
        }
    }

    /// The service did not answer.
    fn not_reached(&mut self, error: &link::Error, now: Now) {
        if !std::mem::replace(&mut self.offline, true) {
            tracing::warn!(error = %joining::Chain(error), "the service is not reached; the agent keeps trying");
            self.input(Input::LinkLost, now);
        }
    }

    /// What a credential means; nothing where its key is not one.
    fn known(&self, credential: Credential) -> Option<Known> {
        let asked = Asked {
            audience: credential.standing.audience(),
            organisation_id: credential.organisation.id.clone(),
            organisation_key: credential.organisation.public_key.parse().ok()?,
            agent_key: self.receipts.public_key().fingerprint(),
        };
        let cursor = private::read_json::<Cursor>(&self.places.cursor()).ok().flatten();
        let cursor = cursor.filter(|cursor| cursor.audience == asked.audience).map(|cursor| cursor.after);
        Some(Known { credential, asked, cursor, poll: None, leaving: false })
    }

    /// Starts to poll, after what was taken in already.
    fn poll(&mut self) {
        self.runs += 1;
        let Some(known) = &mut self.known else { return };
        let token = known.credential.agent_token.clone();
        let after = known.cursor.clone();
        known.poll = Some(Poll::start(self.runs, self.service.clone(), token, after, self.events.clone()));
    }

    fn take_up_device(&mut self, now: Now) {
        let Some(known) = &self.known else { return };
        let Standing::Device(standing) = known.credential.standing.clone() else { return };
        let organisation = self.trust.responder(&known.credential.organisation);
        self.input(Input::Joined(session::JoinedAs::Device { standing, organisation }), now);
        self.poll();
    }

    fn enrol(&self, enrolment_token: Secret) {
        let request = EnrolRequest {
            enrolment_token,
            public_key: self.receipts.public_key().to_string(),
            agent: description(),
            computer: platform::computer_name(),
            user: platform::user_name(),
        };
        let (service, events) = (self.service.clone(), self.events.clone());
        tokio::spawn(async move {
            let enrolled = joining::enrol(&service, &request).await;
            drop(events.send(Event::Enrolled(enrolled)));
        });
    }
}

/// All that the service learns of this computer before an approval.
fn description() -> protocol::agent::AgentDescription {
    protocol::agent::AgentDescription {
        version: env!("CARGO_PKG_VERSION").into(),
        operating_system: platform::OPERATING_SYSTEM.into(),
    }
}

/// Tells the time, and how long the computer slept.
struct Clock {
    boot: Duration,
    awake: Instant,
}

impl Clock {
    fn start() -> Self {
        Self { boot: platform::boot_time(), awake: Instant::now() }
    }

    fn now(&self) -> Now {
        Now { boot: platform::boot_time(), wall: Timestamp::now() }
    }

    /// How long the computer slept since the last call: only one of the clocks went on meanwhile.
    fn slept(&mut self) -> Option<Duration> {
        let (boot, awake) = (platform::boot_time(), Instant::now());
        let asleep = (boot.saturating_sub(self.boot)).saturating_sub(awake - self.awake);
        (self.boot, self.awake) = (boot, awake);
        (asleep > NOT_SLEEP).then_some(asleep)
    }
}

#[cfg(test)]
mod tests;
