//! What the service remembers, in the words of the domain.
//!
//! [`Store::transact`] runs one use case as one transaction; inside it, [`Tx`] reads and writes records. The rules of the
//! domain are not here: they are in the modules that use the store. [`sqlite`] is the implementation that ships; another
//! database implements the same traits.

mod security;
pub mod sqlite;

pub use security::{AuditFilter, AuditRecord, Countable, ReportRecord, SecondFactorRecord, Security};

use protocol::{
    Actions, DeviceId, EndReason, EnrolmentTokenId, GroupId, HelpId, InvitationId, MessageId, Operator,
    OperatorId, Organisation, OrganisationId, Permission, Permissions, RequestId, SessionCode, SessionId,
    Timestamp,
    agent::AgentDescription,
    event::{Event, MessageKind},
    operator::{GroupView, InvitationState, RequestState, Role, SessionEnd, Speaker, Target},
    signed::Audience,
};
use std::path::PathBuf;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database file cannot be opened or made.
    #[error("failed to open the database {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database was written by a later version of this program.
    #[error(
        "the database has schema version {found}, and this program knows versions up to {known}; use a newer program"
    )]
    Newer {
        /// What the file says.
        found: u32,
        /// What this program knows.
        known: u32,
    },
    /// A value that must be unique exists already.
    #[error("it exists already")]
    Exists,
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a store operation comes to.
pub type Result<T> = std::result::Result<T, Error>;

/// Whether a transaction's changes stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They stay, and are durable when `transact` returns.
    Commit,
    /// Nothing has happened.
    RollBack,
}

/// A database.
pub trait Store: Send + Sync {
    /// Runs `work` once, as a transaction that no other can interleave with.
    ///
    /// # Errors
    ///
    /// When the transaction cannot be started or committed; nothing has happened then.
    fn transact(&self, work: &mut dyn FnMut(&mut dyn Tx) -> Verdict) -> Result<()>;
}

impl dyn Store {
    /// Runs `work` as a transaction; an error undoes it.
    ///
    /// # Errors
    ///
    /// `work`'s own, or the store's.
    pub fn run<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut work = Some(work);
        let mut outcome = None;
        self.transact(&mut |tx| {
            outcome = work.take().map(|work| work(tx));
            if matches!(outcome, Some(Ok(_))) { Verdict::Commit } else { Verdict::RollBack }
        })?;
        outcome.unwrap_or_else(|| Err(Error::Database("the transaction did not run".into()).into()))
    }
}

/// Everything that can be done within a transaction.
pub trait Tx: Accounts + Reach + Agents + Sessions + Security {}
impl<T: Accounts + Reach + Agents + Sessions + Security> Tx for T {}

/// An agent in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentKey(pub i64);

/// An organisation and its signing key.
#[derive(Clone, Debug)]
pub struct OrganisationRecord {
    /// What agents and operators see of it.
    pub public: Organisation,
    /// The colour it wants, as `#rrggbb`.
    pub accent: Option<String>,
    /// Who says that the domain is the organisation's.
    pub domain_by: Option<DomainBy>,
    /// Whether all its operators need a second factor.
    pub second_factor_required: bool,
    /// Since when nothing can be asked of users.
    pub suspended_at: Option<Timestamp>,
    /// The key that signs its requests, PKCS #8.
    pub signing_key: Vec<u8>,
}

pub use protocol::operator::DomainBy;

/// An organisation's logo, drawn by this service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoRecord {
    /// Hash of the file.
    pub etag: String,
    /// The file.
    pub png: Vec<u8>,
}

/// An operator's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorRecord {
    /// What others see.
    pub public: Operator,
    /// Whose operator.
    pub organisation: OrganisationId,
    /// The sign-in name.
    pub login: String,
    /// argon2, PHC form.
    pub password_hash: String,
    /// What the operator may manage.
    pub role: Role,
    /// Since when signing in is impossible.
    pub disabled_at: Option<Timestamp>,
    /// Until when the password is good, if it is a one-time password.
    pub one_time_until: Option<Timestamp>,
    /// When the account was made, where that was noted.
    pub created_at: Option<Timestamp>,
    /// The latest sign-in.
    pub last_sign_in: Option<Timestamp>,
    /// Since when signing in takes a second factor; set with [`Security::set_second_factor`].
    pub second_factor_since: Option<Timestamp>,
}

/// Organisations, operators and their sign-ins.
pub trait Accounts {
    /// 32 random bytes that belong to this database and never leave it; made with it.
    fn service_key(&mut self) -> Result<[u8; 32]>;
    /// Adds an organisation.
    fn add_organisation(&mut self, organisation: &OrganisationRecord) -> Result<()>;
    /// Finds an organisation.
    fn organisation(&mut self, id: &OrganisationId) -> Result<Option<OrganisationRecord>>;
    /// Every organisation.
    fn organisations(&mut self) -> Result<Vec<Organisation>>;
    /// Sets what can change of an organisation: all but identifier and keys.
    fn update_organisation(&mut self, organisation: &OrganisationRecord) -> Result<()>;
    /// Gives an organisation another key, with the statement of its former one, whose private half is forgotten.
    fn replace_key(
        &mut self,
        of: &OrganisationId,
        public_key: &str,
        signing_key: &[u8],
        statement: &str,
    ) -> Result<()>;
    /// An organisation's logo.
    fn logo(&mut self, of: &OrganisationId) -> Result<Option<LogoRecord>>;
    /// The entity tag of an organisation's logo.
    fn logo_etag(&mut self, of: &OrganisationId) -> Result<Option<String>>;
    /// Replaces an organisation's logo, or takes it away.
    fn set_logo(&mut self, of: &OrganisationId, logo: Option<&LogoRecord>) -> Result<()>;
    /// Adds an operator; [`Error::Exists`] if the login is taken.
    fn add_operator(&mut self, operator: &OperatorRecord) -> Result<()>;
    /// Finds an operator by sign-in name.
    fn operator_by_login(&mut self, login: &str) -> Result<Option<OperatorRecord>>;
    /// Finds an operator.
    fn operator(&mut self, id: &OperatorId) -> Result<Option<OperatorRecord>>;
    /// An organisation's operators, by name.
    fn operators(&mut self, of: &OrganisationId) -> Result<Vec<OperatorRecord>>;
    /// Sets what can change of an operator: all but identifier, organisation and sign-in name.
    fn update_operator(&mut self, operator: &OperatorRecord) -> Result<()>;
    /// The hashes of an operator's sign-ins.
    fn sign_ins_of(&mut self, operator: &OperatorId) -> Result<Vec<String>>;
    /// Remembers a sign-in by the hash of its token.
    fn add_sign_in(&mut self, token_hash: &str, operator: &OperatorId, expires_at: Timestamp) -> Result<()>;
    /// The operator who signed in with this token, and until when it is good.
    fn sign_in(&mut self, token_hash: &str) -> Result<Option<(OperatorRecord, Timestamp)>>;
    /// Forgets a sign-in.
    fn delete_sign_in(&mut self, token_hash: &str) -> Result<()>;
    /// Forgets the sign-ins that are over.
    fn delete_sign_ins_before(&mut self, now: Timestamp) -> Result<()>;
}

/// An invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRecord {
    /// Its id.
    pub id: InvitationId,
    /// Whose.
    pub organisation: OrganisationId,
    /// Who made it.
    pub operator: Operator,
    /// The code in plain text, only while nobody has joined.
    pub code: Option<SessionCode>,
    /// A keyed hash of the code, by which late comers are told what became of it.
    pub code_mac: String,
    /// The operator's note.
    pub label: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires unless a session comes of it.
    pub expires_at: Timestamp,
    /// How it stands.
    pub state: InvitationState,
    /// When it was over.
    pub closed_at: Option<Timestamp>,
}

/// A device group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRecord {
    /// What operators see.
    pub public: GroupView,
    /// Whose.
    pub organisation: OrganisationId,
    /// Whether an operator accepts each device.
    pub requires_acceptance: bool,
}

/// An enrolment token, known by its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentTokenRecord {
    /// The token's hash.
    pub hash: String,
    /// The group its devices come into.
    pub group: GroupId,
    /// How many devices it can still enrol; no limit if absent.
    pub uses_left: Option<u32>,
    /// Until when it is good; no limit if absent.
    pub expires_at: Option<Timestamp>,
    /// What it is for.
    pub label: Option<String>,
    /// When it was made, where that was noted.
    pub created_at: Option<Timestamp>,
    /// Since when it enrols nothing.
    pub revoked_at: Option<Timestamp>,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Its id.
    pub id: DeviceId,
    /// Whose.
    pub organisation: OrganisationId,
    /// Its group.
    pub group: GroupView,
    /// The computer's name.
    pub computer: String,
    /// The user's name on it.
    pub user: String,
    /// False while it waits to be accepted.
    pub accepted: bool,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// Hash of the token it was enrolled with.
    pub token_hash: String,
    /// When it was retired.
    pub retired_at: Option<Timestamp>,
}

/// A help request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpRecord {
    /// Its id.
    pub id: HelpId,
    /// Whose user asks.
    pub device: DeviceId,
    /// What it is about.
    pub text: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Who took it up.
    pub taken_by: Option<Operator>,
}

/// How operators and users reach each other: invitations, devices, help requests.
pub trait Reach {
    /// Adds an invitation; [`Error::Exists`] if its code is in use.
    fn add_invitation(&mut self, invitation: &InvitationRecord) -> Result<()>;
    /// Finds an invitation.
    fn invitation(&mut self, id: &InvitationId) -> Result<Option<InvitationRecord>>;
    /// Finds an invitation by its code's keyed hash.
    fn invitation_by_code(&mut self, code_mac: &str) -> Result<Option<InvitationRecord>>;
    /// The open ones and those that closed after `since`, newest first.
    fn invitations(&mut self, of: &OrganisationId, since: Timestamp) -> Result<Vec<InvitationRecord>>;
    /// How many invitations can be joined now.
    fn count_open_invitations(&mut self) -> Result<u32>;
    /// Open or joined, and past their time.
    fn invitations_expired_by(&mut self, now: Timestamp) -> Result<Vec<InvitationRecord>>;
    /// Sets the state, and forgets the plain code unless the state is `Open`.
    fn set_invitation_state(
        &mut self,
        id: &InvitationId,
        state: InvitationState,
        closed_at: Option<Timestamp>,
    ) -> Result<()>;
    /// Forgets the keyed hashes of codes whose invitations closed before `time`.
    fn forget_codes_closed_before(&mut self, time: Timestamp) -> Result<()>;

    /// Adds a group.
    fn add_group(&mut self, group: &GroupRecord) -> Result<()>;
    /// Finds a group.
    fn group(&mut self, id: &GroupId) -> Result<Option<GroupRecord>>;
    /// An organisation's groups, by name.
    fn groups(&mut self, of: &OrganisationId) -> Result<Vec<GroupRecord>>;
    /// Sets name, permissions and acceptance.
    fn update_group(&mut self, group: &GroupRecord) -> Result<()>;
    /// A group's devices that are not retired.
    fn devices_in(&mut self, group: &GroupId) -> Result<Vec<DeviceRecord>>;
    /// A group's enrolment tokens, newest first, each with how many devices it enrolled that are not retired.
    fn enrolment_tokens(&mut self, of: &GroupId) -> Result<Vec<(EnrolmentTokenRecord, u32)>>;
    /// Voids a token; false if it was void already or there is none.
    fn revoke_enrolment_token(&mut self, id: &EnrolmentTokenId, at: Timestamp) -> Result<bool>;
    /// Adds an enrolment token.
    fn add_enrolment_token(&mut self, token: &EnrolmentTokenRecord) -> Result<()>;
    /// Finds an enrolment token.
    fn enrolment_token(&mut self, hash: &str) -> Result<Option<EnrolmentTokenRecord>>;
    /// Counts one use of a token whose uses are limited.
    fn use_enrolment_token(&mut self, hash: &str) -> Result<()>;

    /// Adds a device.
    fn add_device(&mut self, device: &DeviceRecord) -> Result<()>;
    /// Finds a device, retired or not.
    fn device(&mut self, id: &DeviceId) -> Result<Option<DeviceRecord>>;
    /// The device of this agent key that is not retired.
    fn device_by_key(&mut self, of: &OrganisationId, public_key: &str) -> Result<Option<DeviceRecord>>;
    /// An organisation's devices that are not retired, by computer name.
    fn devices(&mut self, of: &OrganisationId) -> Result<Vec<DeviceRecord>>;
    /// Sets what can change of a device: names, acceptance, retirement.
    fn update_device(&mut self, device: &DeviceRecord) -> Result<()>;

    /// Adds a help request.
    fn add_help(&mut self, help: &HelpRecord) -> Result<()>;
    /// Finds a help request that is not closed.
    fn help(&mut self, id: &HelpId) -> Result<Option<HelpRecord>>;
    /// A device's help request that is not closed.
    fn help_of(&mut self, device: &DeviceId) -> Result<Option<HelpRecord>>;
    /// An organisation's queue, oldest first.
    fn help_queue(&mut self, of: &OrganisationId) -> Result<Vec<HelpRecord>>;
    /// Sets text and taker.
    fn update_help(&mut self, help: &HelpRecord) -> Result<()>;
    /// Closes a help request.
    fn close_help(&mut self, id: &HelpId, at: Timestamp) -> Result<()>;
}

/// An agent: what joined an invitation, or a device's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRecord {
    /// The store's name for it.
    pub key: AgentKey,
    /// Whose operators reach it.
    pub organisation: OrganisationId,
    /// Its invitation or device.
    pub audience: Audience,
    /// Its Ed25519 public key, base64url.
    pub public_key: String,
    /// Version and operating system.
    pub description: AgentDescription,
    /// When it was last known to be there, if it is not there now.
    pub last_seen: Option<Timestamp>,
    /// Since when nothing new can start.
    pub closed_at: Option<Timestamp>,
    /// The number of its newest event; 0 before the first.
    pub last_event: i64,
    /// Events up to this one are no longer kept.
    pub pruned_through: i64,
    /// Which runs of it polled.
    pub runs: Runs,
}

/// The runs of an agent that polled last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// The one that polled last.
    pub latest: Option<String>,
    /// The one before it.
    pub before: Option<String>,
    /// How many times in a row one has come back after another had taken its place.
    pub returned: u32,
}

/// Agents and what they are told.
pub trait Agents {
    /// Adds an agent with the hash of its token.
    fn add_agent(
        &mut self,
        organisation: &OrganisationId,
        audience: &Audience,
        public_key: &str,
        description: &AgentDescription,
        token_hash: &str,
    ) -> Result<AgentKey>;
    /// Finds an agent.
    fn agent(&mut self, key: AgentKey) -> Result<Option<AgentRecord>>;
    /// Finds an agent by the hash of its token.
    fn agent_by_token(&mut self, token_hash: &str) -> Result<Option<AgentRecord>>;
    /// The agent of an invitation or device.
    fn agent_of(&mut self, audience: &Audience) -> Result<Option<AgentRecord>>;
    /// An organisation's agents that are not closed.
    fn open_agents(&mut self, of: &OrganisationId) -> Result<Vec<AgentKey>>;
    /// Gives an agent a new token and description.
    fn renew_agent(&mut self, key: AgentKey, description: &AgentDescription, token_hash: &str) -> Result<()>;
    /// From `at` on nothing new can start.
    fn close_agent(&mut self, key: AgentKey, at: Timestamp) -> Result<()>;
    /// Notes which runs of an agent polled.
    fn set_runs(&mut self, key: AgentKey, runs: &Runs) -> Result<()>;
    /// Notes when an agent was last there.
    fn set_last_seen(&mut self, key: AgentKey, at: Timestamp) -> Result<()>;

    /// Appends an event and gives its number, one more than that of the agent's last.
    fn append_event(&mut self, to: AgentKey, event: &Event, at: Timestamp) -> Result<i64>;
    /// At most `limit` events after number `after`, in order.
    fn events_after(&mut self, of: AgentKey, after: i64, limit: u32) -> Result<Vec<(i64, Event)>>;
    /// What tells an event from every other that has its number in some copy of this database; nothing where there is no such
    /// event.
    fn event_mark(&mut self, of: AgentKey, number: i64) -> Result<Option<String>>;
    /// Drops events older than `time`, remembering how far; each agent's newest stays.
    fn prune_events_before(&mut self, time: Timestamp) -> Result<()>;
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// Its id.
    pub id: RequestId,
    /// Whose.
    pub organisation: OrganisationId,
    /// Who asks.
    pub operator: Operator,
    /// Whose agent is asked.
    pub agent: AgentKey,
    /// What it is for.
    pub target: Target,
    /// What is asked.
    pub permissions: Permissions,
    /// The signed terms, as sent.
    pub signed: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when an answer is wanted.
    pub answer_until: Timestamp,
    /// Until when an answer is taken, *More time* included.
    pub expires_at: Timestamp,
    /// When it was first written into an answer to a poll.
    pub delivered_at: Option<Timestamp>,
    /// How it stands.
    pub state: RequestState,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub organisation: OrganisationId,
    /// Its operator.
    pub operator: Operator,
    /// The user's side.
    pub agent: AgentKey,
    /// The invitation or device it came of.
    pub target: Target,
    /// For the list.
    pub title: String,
    /// What is granted now.
    pub granted: Permissions,
    /// What is being done now.
    pub actions: Actions,
    /// Whether the user's screen is locked.
    pub suspended: bool,
    /// What is granted and cannot be done on the user's computer.
    pub unsupported: Permissions,
    /// When it started.
    pub started_at: Timestamp,
    /// Its limit.
    pub ends_at: Timestamp,
    /// How it ended.
    pub ended: Option<SessionEnd>,
}

/// Which sessions of the history are wanted; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Title or operator's name contain all of these, in upper or lower case.
    pub words: Vec<String>,
    /// Of this operator.
    pub operator: Option<OperatorId>,
    /// In which this was granted at some time.
    pub permission: Option<Permission>,
    /// That ended so.
    pub ended: Option<EndReason>,
    /// That started then or later.
    pub from: Option<Timestamp>,
    /// That started before then.
    pub until: Option<Timestamp>,
    /// That come after this place.
    pub after: Option<HistoryPlace>,
}

/// A session's place in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryPlace {
    /// When it started.
    pub started_at: Timestamp,
    /// Tells those apart that started together.
    pub number: i64,
}

/// A message of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRecord {
    /// Its id.
    pub id: MessageId,
    /// In this session.
    pub session: SessionId,
    /// Who said it.
    pub from: Speaker,
    /// The agent's number for it, if the user said it.
    pub number: Option<u32>,
    /// Chat or note.
    pub kind: MessageKind,
    /// What was said.
    pub text: String,
    /// When.
    pub sent_at: Timestamp,
}

/// A receipt as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRecord {
    /// The request it is about.
    pub request: RequestId,
    /// The compact JWS.
    pub receipt: String,
    /// When it came in.
    pub received_at: Timestamp,
    /// Where it stands in its key's chain; unknown for those that an earlier version of the service took in.
    pub place: Option<ReceiptPlace>,
    /// What the agent was answered.
    pub countersignature: Option<String>,
}

/// Where a receipt stands in its key's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptPlace {
    /// The agent's key, base64url.
    pub agent_public_key: String,
    /// Its number there.
    pub number: u64,
    /// The hash of its compact JWS.
    pub hash: String,
}

/// Requests, receipts, sessions and messages.
pub trait Sessions {
    /// Adds a request.
    fn add_request(&mut self, request: &RequestRecord) -> Result<()>;
    /// Finds a request.
    fn request(&mut self, id: &RequestId) -> Result<Option<RequestRecord>>;
    /// The agent's request that waits for an answer.
    fn open_request(&mut self, of: AgentKey) -> Result<Option<RequestRecord>>;
    /// The newest request for more during a session.
    fn last_request_during(&mut self, session: &SessionId) -> Result<Option<RequestRecord>>;
    /// Sets state and delivery.
    fn update_request(&mut self, request: &RequestRecord) -> Result<()>;
    /// Every request that waits for an answer.
    fn open_requests(&mut self) -> Result<Vec<RequestRecord>>;

    /// Keeps a receipt.
    fn add_receipt(&mut self, receipt: &ReceiptRecord) -> Result<()>;
    /// The receipt of a request.
    fn receipt(&mut self, of: &RequestId) -> Result<Option<ReceiptRecord>>;
    /// The receipts of an agent's key to an organisation with a number within `numbers`, in the order in which they came in.
    fn receipts_in_chain(
        &mut self,
        of: &OrganisationId,
        agent_public_key: &str,
        numbers: std::ops::RangeInclusive<u64>,
    ) -> Result<Vec<ReceiptRecord>>;
    /// The receipt of an agent's key to an organisation that has the highest number.
    fn chain_head(&mut self, of: &OrganisationId, agent_public_key: &str) -> Result<Option<ReceiptPlace>>;
    /// The receipts of the request that started a session and of those during it, oldest first.
    fn receipts(&mut self, of: &SessionId) -> Result<Vec<ReceiptRecord>>;

    /// Adds a session.
    fn add_session(&mut self, session: &SessionRecord) -> Result<()>;
    /// Finds a session.
    fn session(&mut self, id: &SessionId) -> Result<Option<SessionRecord>>;
    /// The agent's session that is running.
    fn running_session(&mut self, of: AgentKey) -> Result<Option<SessionRecord>>;
    /// Every session that is running.
    fn running_sessions(&mut self) -> Result<Vec<SessionRecord>>;
    /// The running ones and those that ended after `since`, newest first.
    fn sessions(&mut self, of: &OrganisationId, since: Timestamp) -> Result<Vec<SessionRecord>>;
    /// At most `limit` sessions, newest first, running or over, each with its place.
    fn history(
        &mut self,
        of: &OrganisationId,
        wanted: &HistoryFilter,
        limit: u32,
    ) -> Result<Vec<(HistoryPlace, SessionRecord)>>;
    /// Sets what can change of a session that is running: grant, actions, limit.
    fn update_session(&mut self, session: &SessionRecord) -> Result<()>;
    /// Ends a session; false if it was over already.
    fn end_session(&mut self, id: &SessionId, at: Timestamp, reason: EndReason) -> Result<bool>;

    /// Adds a message; false if the session has a message of this number already.
    fn add_message(&mut self, message: &MessageRecord) -> Result<bool>;
    /// A session's messages, oldest first.
    fn messages(&mut self, of: &SessionId) -> Result<Vec<MessageRecord>>;
}
