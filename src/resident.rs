//! The resident process: owns the core, and lives from log-in to log-off.
//!
//! [`Resident::run`] is the only loop: one event becomes at most a few inputs, each input's effects are all carried out
//! before the next one, what is shown changes with the [`View`], and then it sleeps until the core's next deadline. Nothing
//! is decided here.

mod branding;
pub(crate) mod children;
mod countersigning;
pub(crate) mod credential;
mod disk;
mod effects;
mod events;
pub(crate) mod joining;
pub(crate) mod link;
pub(crate) mod local;
pub(crate) mod menu;
mod muted;
pub(crate) mod notifications;
mod outbox;
mod reading;
mod receipts;
mod record;
pub(crate) mod tray;
pub(crate) mod trust;
mod unseen;

use crate::{
    journal::Journal,
    places::Places,
    platform::{self, SystemFact},
    private,
    settings::Settings,
};
use anyhow::Context as _;
use branding::Looks;
use children::{Children, Said};
use credential::{Credential, Standing};
pub(crate) use disk::Disk;
use line::{FromAccess, FromWindow, WindowKind};
use link::{Poll, Polled, Service};
use menu::Choice;
use notifications::Notifications;
use outbox::{Delivered, Outbox};
use protocol::{
    OrganisationId, RequestId, Secret, SessionId, Timestamp,
    agent::{EnrolResponse, JoinResponse, LookupResponse},
};
use reading::ReadHistory;
use receipts::Receipts;
use session::{AccessFact, Agent, Input, JoinFailure, Now, PromptFact, Screen, View};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use texts::Language;
use tokio::sync::{
    mpsc::{UnboundedReceiver, UnboundedSender},
    oneshot,
};
use tray::{Face, ShowFace};
use trust::{Asked, Trust};
use unseen::Unseen;

/// What is still on its way to the service may take so long when the agent ends.
const GOODBYE_LIMIT: Duration = Duration::from_secs(3);
/// Letting go of what was pressed for an operator may take so long when the agent ends.
const LET_GO_LIMIT: Duration = Duration::from_millis(300);
/// This long after the start, a session or a poll, what only they needed is let go of.
const REST_AFTER: Duration = Duration::from_secs(15);
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
    /// The service was not reached to make the agent a device's; it is tried again.
    NotEnrolledYet(link::Error),
    /// The service made the agent a device's, or refused.
    Enrolled(Result<EnrolResponse, link::Error>),
    /// An outcome was written to the journal, or could not be.
    Recorded {
        /// Of this request.
        request_id: RequestId,
        /// Whether it is durable.
        durable: bool,
    },
    /// The settings were read, or not in time, for an input that the core decides by them.
    SettingsRead(Option<Box<session::Config>>, Box<Input>),
    /// The journal was read for the session window.
    HistoryRead(Box<line::History>),
    /// The organisation may look different again.
    LookRested,
    /// The organisation's logo came, or not.
    LogoFetched {
        /// Whose.
        organisation: OrganisationId,
        /// Its entity tag.
        tag: String,
        /// The picture.
        picture: Result<Vec<u8>, link::Error>,
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
    /// Whether it is one, or is to become one.
    pub(crate) is_device: bool,
}

/// The agent as the service knows it.
struct Known {
    credential: Credential,
    asked: Asked,
    /// How far its events were taken in by this run, which begins with a snapshot.
    cursor: Option<String>,
    poll: Option<Poll>,
    /// Forgotten as soon as everything that needs its token has arrived.
    leaving: bool,
}

/// A computer on its way to become a device.
struct Enrolling {
    token: Secret,
    /// The service called the agent's key a copy, and this is another.
    with_new_key: bool,
}

/// A code being looked up or an invitation being joined. Dropping it tells the work that nobody wants its result.
struct Joining {
    run: u64,
    _wanted: oneshot::Receiver<Infallible>,
}

/// The resident process.
struct Resident {
    agent: Agent,
    /// What it decides by.
    config: session::Config,
    clock: Clock,
    places: Places,
    events: UnboundedSender<Event>,
    service: Service,
    outbox: Outbox,
    receipts: Receipts,
    unseen: Unseen,
    journal: Journal,
    disk: Disk,
    trust: Trust,
    looks: Looks,
    children: Children,
    notifications: Notifications,
    /// Of what tray and notifications say.
    language: Language,
    show_face: ShowFace,
    known: Option<Known>,
    joining: Option<Joining>,
    /// The service has not answered yet whether this computer becomes a device.
    enrolling: Option<Enrolling>,
    /// Whether this computer is managed by whoever enrolled it, even when the device is retired meanwhile.
    is_device: bool,
    tickets: BTreeMap<SessionId, Secret>,
    /// How many session windows died in this session.
    windows_died: u32,
    history: ReadHistory,
    /// Shared with each thread that reads the settings.
    settings_readers: Arc<()>,
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
    (events, received): (UnboundedSender<Event>, UnboundedReceiver<Event>),
) -> anyhow::Result<()> {
    let (mut resident, open) = Resident::new(places, &settings, &options, show_face, events.clone())?;
    local::listen(&resident.places, events.clone())?;
    let tell = events.clone();
    platform::watch_system(move |fact| drop(tell.send(Event::System(fact))));
    tokio::spawn(async move {
        platform::terminated().await;
        drop(events.send(Event::Terminated));
    });
    resident.journal.tidy(&resident.disk, Timestamp::now());
    resident.start(open, options);
    resident.run(received).await;
    Ok(())
}

/// Whether this user's agent is a device's.
pub(crate) fn is_device(places: &Places) -> bool {
    let kept = private::read_json::<Credential>(&places.credential());
    matches!(kept, Ok(Some(Credential { standing: Standing::Device(_), .. })))
}

/// Lets go of what is not needed while nothing happens, once the start or a session is well over.
fn rest_soon() {
    tokio::spawn(async {
        tokio::time::sleep(REST_AFTER).await;
        platform::let_go_of_memory();
    });
}

/// Lets go of what a poll needed, once the next one is on its way. Not by a timer: one of some seconds wakes the program up
/// to three times, as the runtime finds its end more and more exactly.
fn rest() {
    /// The poll is handed on through so many tasks, twice over.
    const TURNS: u32 = 10;
    tokio::spawn(async {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        platform::let_go_of_memory();
    });
}

/// Whether something goes on that the user watches.
fn is_running(view: &View) -> bool {
    view.prompt.is_some() || matches!(view.screen, Screen::Session(_))
}

impl Resident {
    /// Reads what there is to read, and knows of nobody yet. Also what the journal shows to have been left open.
    fn new(
        places: Places,
        settings: &Settings,
        options: &Options,
        show_face: ShowFace,
        events: UnboundedSender<Event>,
    ) -> anyhow::Result<(Self, Vec<session::OpenThing>)> {
        let url = settings.service_url.value.clone().context(
            "no service is set: give one with --service-url, or as service_url in the settings file",
        )?;
        let service = Service::new(url, settings)?;
        let key = Arc::new(credential::key(&places)?);
        let (journal, found) = Journal::open(places.journal(), settings.journal_keep());
        let clock = Clock::start();
        let language = Language::choose(settings.language.value.as_deref());
        let config = settings.core_config(options.once);
        let resident = Self {
            agent: Agent::new(config.clone(), clock.now()),
            config,
            clock,
            outbox: Outbox::new(service.clone(), events.clone()),
            receipts: Receipts::new(
                key,
                found.last_receipt.as_deref(),
                found.last_counted,
                found.signed_requests,
            ),
            unseen: Unseen::default(),
            journal,
            disk: Disk::start()?,
            trust: Trust::load(&places, settings.organisation_keys.value.0.clone()),
            looks: Looks::load(places.look()),
            children: Children::new(options.program.clone(), settings.language.value.clone(), events.clone()),
            notifications: Notifications::new(events.clone(), language, settings.notifications.value),
            language,
            show_face,
            known: None,
            joining: None,
            enrolling: None,
            is_device: options.is_device,
            tickets: BTreeMap::new(),
            windows_died: 0,
            history: ReadHistory::default(),
            settings_readers: Arc::default(),
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
        Ok((resident, found.open))
    }

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
            // Requests would be meant for the key that is gone, and receipts would be refused.
            let own = self.receipts.public_key().fingerprint();
            let of_key = kept.agent_key.as_ref().is_none_or(|key| *key == own);
            if !of_key {
                tracing::warn!("the agent has a new key: what it was to the service is over");
            }
            same && of_key
        });
        let is_device = matches!(&kept, Some(kept) if matches!(kept.standing, Standing::Device(_)));
        self.known = kept.and_then(|credential| self.known(credential));
        self.show_look();
        self.input(Input::FoundMuted(muted::load(&self.places.muted())), now);
        if !open.is_empty() {
            self.input(Input::FoundOpen(open), now);
        }
        if is_device {
            self.take_up_device(now);
        } else {
            if self.known.is_some() {
                self.tell_leaving();
            }
            if let Some(token) = options.enrolment_token {
                self.enrol(Enrolling { token, with_new_key: false });
            }
            self.without_a_line(now);
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
            self.without_a_line(now);
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
        let running = is_running(&view);
        if !running && self.shown.as_ref().is_none_or(is_running) {
            rest_soon();
        }
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
        self.notifications.follow(&view);
        let face = Face::new(&view, self.language);
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
        self.write_counts(self.clock.now(), true);
        let deadline = tokio::time::Instant::now() + GOODBYE_LIMIT;
        while !self.outbox.is_empty() || self.children.is_holding() || self.children.is_owed_an_end() {
            match tokio::time::timeout_at(deadline, received.recv()).await {
                Ok(Some(Event::Delivered(delivered))) => self.outbox.delivered(&delivered.lane),
                Ok(Some(Event::Access { run, said })) => {
                    // Once, at the very end: nothing else is waiting for this thread.
                    let let_go = matches!(said, Said::Ended(_)).then(|| self.children.let_go(run));
                    self.access_said(run, said, self.clock.now());
                    let _ = let_go.map(|done| done.recv_timeout(LET_GO_LIMIT));
                }
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

    /// Where nothing is asked of the service, it cannot be known to be out of reach.
    fn without_a_line(&mut self, now: Now) {
        let polled = self.known.as_ref().is_some_and(|known| known.poll.is_some());
        if !polled && self.enrolling.is_none() {
            self.reached(now);
        }
    }

    /// The service did not answer.
    fn not_reached(&mut self, error: &link::Error, now: Now) {
        let trouble = error.trouble();
        let news = self.agent.view(now).link_trouble != Some(trouble);
        if !std::mem::replace(&mut self.offline, true) || news {
            tracing::warn!(error = %joining::Chain(error), "the service is not reached; the agent keeps trying");
            self.input(Input::LinkLost(trouble), now);
        }
    }

    /// What a credential means; nothing where its key is not one.
    fn known(&self, credential: Credential) -> Option<Known> {
        let organisation = &credential.organisation;
        let joined = organisation.public_key.parse().ok()?;
        let asked = Asked {
            audience: credential.standing.audience(),
            organisation_id: organisation.id.clone(),
            organisation_key: self.trust.newest_key(&organisation.id, &joined),
            agent_key: self.receipts.public_key().fingerprint(),
        };
        Some(Known { credential, asked, cursor: None, poll: None, leaving: false })
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
        let organisation = self.trust.responder(&known.credential.organisation, now.wall);
        self.input(Input::Joined(session::JoinedAs::Device { standing, organisation }), now);
        self.poll();
    }

    fn enrol(&mut self, enrolling: Enrolling) {
        let key = self.receipts.key();
        let token = self.enrolling.insert(enrolling).token.clone();
        let (service, events) = (self.service.clone(), self.events.clone());
        tokio::spawn(async move {
            let later = |error| drop(events.send(Event::NotEnrolledYet(error)));
            let enrolled = joining::enrol(&service, &key, &token, later).await;
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
