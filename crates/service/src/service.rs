//! The service's core: runs each use case as one transaction and tells those concerned once it is durable.

use crate::{
    api::limits::{self, Buckets},
    clock::Clock,
    credentials::Credential,
    domains::Domains,
    error::{Error, Result},
    files::FilesCredentials,
    guessing::{Guessing, Limits},
    hub::{Hub, Live},
    passkeys::Passkeys,
    passwords::Passwords,
    quotas::Quotas,
    secrets::Secrets,
    store::{AgentKey, Store, Tx},
    tunnels::Tunnels,
    views,
};
use protocol::{
    DeviceId, HelpId, InvitationId, Operator, OperatorId, OrganisationId, RequestId, SessionId, Timestamp,
    event::Event,
    operator::{LiveEvent, MessageView},
};
use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Semaphore;

/// Everything a use case needs; shared by all routes.
pub(crate) struct Service {
    store: Box<dyn Store>,
    /// Held from a transaction's begin until its changes are told, so that they are told in the order in which they
    /// became true.
    order: Mutex<()>,
    pub(crate) hub: Hub,
    pub(crate) tunnels: Tunnels,
    pub(crate) files_credentials: FilesCredentials,
    pub(crate) clock: Clock,
    pub(crate) guessing: Guessing,
    /// How fast each agent and operator may call.
    pub(crate) credentials: Buckets<String>,
    pub(crate) passwords: Passwords,
    pub(crate) passkeys: Passkeys,
    pub(crate) quotas: Quotas,
    /// Pictures are unpacked one at a time.
    pub(crate) pictures: Semaphore,
    pub(crate) secrets: Secrets,
    pub(crate) domains: Domains,
    /// Where agents and browsers reach the service, without a slash at the end.
    pub(crate) public_url: String,
}

impl Service {
    pub(crate) fn new(
        store: Box<dyn Store>,
        clock: Clock,
        limits: Limits,
        dns: Option<SocketAddr>,
        public_url: String,
    ) -> Result<Self> {
        let key = store.run(|tx| tx.service_key())?;
        Ok(Self {
            store,
            order: Mutex::new(()),
            hub: Hub::new(),
            tunnels: Tunnels::new(),
            files_credentials: FilesCredentials::default(),
            clock,
            guessing: Guessing::new(limits),
            credentials: limits::per_credential(),
            passwords: Passwords::default(),
            passkeys: Passkeys::new(&public_url),
            quotas: Quotas::default(),
            pictures: Semaphore::new(1),
            secrets: Secrets::new(&key),
            domains: Domains::new(dns),
            public_url,
        })
    }

    /// Runs a use case as one transaction on a thread that may block; an error undoes it.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Work<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let service = Arc::clone(self);
        tokio::task::spawn_blocking(move || service.run_blocking(work))
            .await
            .unwrap_or(Err(Error::Broken("a use case panicked")))
    }

    /// Runs a use case for `who`, whose credential is looked at once more within its transaction: a request's body may have
    /// come slowly, and a password's check takes its time.
    pub(crate) async fn run_for<C: Credential, T: Send + 'static>(
        self: &Arc<Self>,
        who: C,
        work: impl FnOnce(&mut Work<'_>, &C) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.run(move |at_hand| {
            let who = who.again(at_hand)?;
            at_hand.actor = who.actor();
            work(at_hand, &who)
        })
        .await
    }

    fn run_blocking<T>(&self, work: impl FnOnce(&mut Work<'_>) -> Result<T>) -> Result<T> {
        let _in_order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let (value, announcements, woken) = self.store.run(|tx| {
            let now = self.clock.now();
            let mut work_at_hand =
                Work { tx, now, service: self, actor: None, changes: Vec::new(), woken: BTreeSet::new() };
            let value = work(&mut work_at_hand)?;
            let announcements = work_at_hand.announcements()?;
            Ok::<_, Error>((value, announcements, work_at_hand.woken))
        })?;
        for (organisation, live) in announcements {
            if let Live::Changed { event, .. } = &live
                && let LiveEvent::Session(session) = event.as_ref()
            {
                self.tunnels.session_changed(session);
                self.files_credentials.session_changed(session);
            }
            self.hub.publish(&organisation, live);
        }
        for agent in woken {
            self.hub.wake(agent);
        }
        Ok(value)
    }
}

/// Something operators are told of once the transaction is durable.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    Invitation(InvitationId),
    Device(DeviceId),
    DeviceRetired(DeviceId),
    Help(HelpId),
    HelpClosed(HelpId),
    Request(RequestId),
    Session(SessionId),
    /// Chat is between the user and the session's operator.
    Message(MessageView, OperatorId),
    SignedOut(String),
    /// More than is worth telling one by one.
    Everything,
}

/// An operator who does something that the audit log tells of.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) operator: Operator,
    pub(crate) organisation: OrganisationId,
    pub(crate) address: Option<IpAddr>,
}

/// One use case at work: its transaction, and whom to tell of it.
pub(crate) struct Work<'a> {
    pub(crate) tx: &'a mut dyn Tx,
    pub(crate) now: Timestamp,
    pub(crate) service: &'a Service,
    /// For whom it runs, where that is an operator.
    pub(crate) actor: Option<Actor>,
    changes: Vec<(OrganisationId, Change)>,
    woken: BTreeSet<AgentKey>,
}

impl Work<'_> {
    /// Appends an event for an agent.
    pub(crate) fn tell(&mut self, agent: AgentKey, event: &Event) -> Result<()> {
        self.tx.append_event(agent, event, self.now)?;
        self.woken.insert(agent);
        Ok(())
    }

    /// Lets an agent's open poll look again, as when its credential was closed.
    pub(crate) fn wake(&mut self, agent: AgentKey) {
        self.woken.insert(agent);
    }

    /// Has a change told to the organisation's operators, as it stands when the use case is done.
    pub(crate) fn changed(&mut self, organisation: &OrganisationId, change: Change) {
        let entry = (organisation.clone(), change);
        if !self.changes.contains(&entry) {
            self.changes.push(entry);
        }
    }

    fn announcements(&mut self) -> Result<Vec<(OrganisationId, Live)>> {
        let mut announcements = Vec::new();
        for (organisation, change) in std::mem::take(&mut self.changes) {
            let mut only = None;
            let event = match change {
                Change::Invitation(id) => LiveEvent::Invitation(views::invitation_by_id(self, &id)?),
                Change::Device(id) => LiveEvent::Device(views::device_by_id(self, &id)?),
                Change::DeviceRetired(id) => LiveEvent::DeviceRetired(id),
                Change::Help(id) => LiveEvent::Help(views::help_by_id(self, &id)?),
                Change::HelpClosed(id) => LiveEvent::HelpClosed(id),
                Change::Request(id) => LiveEvent::Request(views::request_by_id(self, &id)?),
                Change::Session(id) => LiveEvent::Session(views::session_by_id(self, &id)?),
                Change::Message(message, operator) => {
                    only = Some(operator);
                    LiveEvent::Message(message)
                }
                Change::SignedOut(token_hash) => {
                    announcements.push((organisation, Live::SignedOut { token_hash }));
                    continue;
                }
                Change::Everything => {
                    announcements.push((organisation, Live::Everything));
                    continue;
                }
            };
            announcements.push((organisation, Live::Changed { event: Arc::new(event), only }));
        }
        Ok(announcements)
    }
}
