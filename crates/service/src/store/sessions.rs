//! Requests, receipts, sessions and messages.

use super::{AgentKey, Result};
use protocol::{
    Actions, EndReason, MessageId, Operator, OperatorId, OrganisationId, Permission, Permissions, RequestId,
    SessionId, Timestamp,
    event::MessageKind,
    operator::{RequestState, SessionEnd, Speaker, Target},
};

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
    /// The request that a session came of.
    fn request_of_session(&mut self, session: &SessionId) -> Result<Option<RequestRecord>>;
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
