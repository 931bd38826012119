//! How operators and users reach each other: invitations, devices, help requests.

use super::Result;
use protocol::{
    DeviceId, EnrolmentTokenId, GroupId, HelpId, InvitationId, Operator, OrganisationId, SessionCode,
    Timestamp,
    operator::{GroupView, InvitationState},
};

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
    /// Adds an invitation; [`Error::Exists`](super::Error::Exists) if its code is in use.
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
    /// When a device of this agent key was last retired.
    fn key_retired_at(&mut self, of: &OrganisationId, public_key: &str) -> Result<Option<Timestamp>>;
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
