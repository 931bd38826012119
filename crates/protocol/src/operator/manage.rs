//! What administrators manage: accounts, how the organisation looks, device groups and enrolment tokens.

use super::GroupView;
use crate::{Branding, EnrolmentTokenId, Operator, Organisation, Permissions, Secret, Timestamp};
use serde::{Deserialize, Serialize};

/// What an operator may manage. Helping users takes neither more nor less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Operators, organisation settings, device groups and enrolment tokens.
    Administrator,
    /// Nothing of these.
    Operator,
}

/// An operator's account as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccountView {
    /// The operator.
    pub operator: Operator,
    /// The sign-in name.
    pub login: String,
    /// What the operator may manage.
    pub role: Role,
    /// Whether signing in is possible.
    pub disabled: bool,
    /// Whether signing in takes a second factor.
    #[serde(default)]
    pub second_factor: bool,
    /// Present while the password is a one-time password that was not replaced: until when it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_until: Option<Timestamp>,
    /// When the account was made, where that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// The latest sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sign_in: Option<Timestamp>,
}

/// `POST /operator/v1/operators`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AddOperator {
    /// The sign-in name, unique in the service.
    pub login: String,
    /// The name users see.
    pub name: String,
    /// What the operator may manage.
    pub role: Role,
}

/// An account with a fresh one-time password, which is told this once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccountWithPassword {
    /// The account.
    pub account: AccountView,
    /// Good for one sign-in within 7 days, at which an own one is chosen.
    pub one_time_password: Secret,
}

/// `PATCH /operator/v1/operators/{id}`: what is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChangeOperator {
    /// The name users see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the operator may manage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether signing in is impossible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// An organisation's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OrganisationSettings {
    /// Name, domain and key are in the keeping of whoever runs the service.
    pub organisation: Organisation,
    /// How it looks on users' screens.
    pub branding: Branding,
    /// Whether all its operators need a second factor.
    #[serde(default)]
    pub second_factor_required: bool,
    /// Who says that the domain is the organisation's; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_by: Option<DomainBy>,
}

/// Who says that a domain is the organisation's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DomainBy {
    /// A record in the domain's DNS.
    Dns,
    /// Whoever runs the service.
    Administrator,
}

/// `PUT /operator/v1/organisation/policy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChangePolicy {
    /// Whether all operators need a second factor.
    pub second_factor_required: bool,
}

/// `POST /operator/v1/organisation/domain-record` and `…/domain`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProveDomain {
    /// The domain in ASCII form, as in `support.example`.
    pub domain: String,
}

/// What shows that a domain is the organisation's. The same for as long as organisation and domain are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DomainRecord {
    /// The domain.
    pub domain: String,
    /// The name of the TXT record.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// `PUT /operator/v1/organisation/branding`: what is absent is taken away. The logo has its own route.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChangeBranding {
    /// One line of at most 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_text: Option<String>,
    /// A colour as `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
}

/// A device group with what administrators manage of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolmentView {
    /// The group.
    pub group: GroupView,
    /// Whether each device waits until an operator accepts it.
    pub requires_acceptance: bool,
    /// How many devices it has.
    pub devices: u32,
    /// Its enrolment tokens, newest first; those that are over for more than 30 days are left out.
    pub tokens: Vec<EnrolmentTokenView>,
}

/// An enrolment token, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolmentTokenView {
    /// The token's identifier.
    pub id: EnrolmentTokenId,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it was made, where that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Until when it is good; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// How many devices it can still enrol; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_left: Option<u32>,
    /// How many devices were enrolled with it and are not retired.
    pub devices: u32,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// `POST /operator/v1/device-groups`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AddGroup {
    /// Its name.
    pub name: String,
    /// The most that may be asked for on its devices; at least one.
    pub permissions: Permissions,
    /// Whether each device waits until an operator accepts it.
    #[serde(default)]
    pub requires_acceptance: bool,
}

/// `PATCH /operator/v1/device-groups/{id}`: what is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChangeGroup {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The most that may be asked for on its devices; at least one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
    /// Whether each new device waits until an operator accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_acceptance: Option<bool>,
}

/// `POST /operator/v1/device-groups/{id}/enrolment-tokens`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AddEnrolmentToken {
    /// What it is for; only operators see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How many devices it can enrol; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// For how many days it is good, 3650 at most; no limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

/// A fresh enrolment token, which is told this once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EnrolmentTokenAdded {
    /// What administrators see of it from now on.
    pub token: EnrolmentTokenView,
    /// What IT deploys.
    pub enrolment_token: Secret,
}
