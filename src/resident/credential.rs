//! The agent's key, and what the agent is to the service, kept between runs.

use crate::{places::Places, private, settings::ServiceUrl};
use anyhow::Context as _;
use crypto::KeyPair;
use protocol::{InvitationId, Organisation, Secret, agent::DeviceStanding, signed::Audience};
use serde::{Deserialize, Serialize};

/// What the agent is to the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Credential {
    /// The service that gave the token; it is sent to no other.
    pub(crate) service_url: ServiceUrl,
    /// Proves it.
    pub(crate) agent_token: Secret,
    /// Whose operators may ask.
    pub(crate) organisation: Organisation,
    /// What.
    pub(crate) standing: Standing,
}

/// What an agent can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Standing {
    /// The agent of an invitation; kept only to close what a killed run left open.
    Invitation {
        /// That invitation.
        invitation_id: InvitationId,
    },
    /// A device's agent.
    Device(DeviceStanding),
}

impl Standing {
    /// How signed requests name this agent.
    pub(crate) fn audience(&self) -> Audience {
        match self {
            Self::Invitation { invitation_id } => Audience::Invitation(invitation_id.clone()),
            Self::Device(standing) => Audience::Device(standing.device_id.clone()),
        }
    }
}

/// The agent's key, made at the first start.
pub(crate) fn key(places: &Places) -> anyhow::Result<KeyPair> {
    let path = places.key();
    match private::read(&path)? {
        Some(bytes) => KeyPair::from_pkcs8(&bytes).with_context(|| {
            format!("{} is damaged; remove it to let the agent make a new key", path.display())
        }),
        None => {
            let (key, bytes) = KeyPair::generate();
            private::write(&path, &bytes)?;
            tracing::info!(fingerprint = key.public().fingerprint(), "made a key for this agent");
            Ok(key)
        }
    }
}
