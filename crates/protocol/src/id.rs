//! Identifiers: opaque, made by the service, safe to put into a path.

use serde::{Deserialize, Serialize};

/// A text that cannot be an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identifier has 1 to 64 of the characters A-Z a-z 0-9 _ -")]
pub struct InvalidId;

fn check(text: &str) -> Result<(), InvalidId> {
    // Identifiers from the network end up in request paths, so nothing that means something in a URL may pass.
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=64).contains(&text.len()) && text.bytes().all(safe) { Ok(()) } else { Err(InvalidId) }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[A-Za-z0-9_-]{1,64}$"))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as it stands on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                check(&text).map(|()| Self(text))
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// An organisation whose operators ask to connect.
    OrganisationId,
    /// A support technician.
    OperatorId,
    /// One session code and its link.
    InvitationId,
    /// One user's agent on an enrolled computer.
    DeviceId,
    /// A device group; an enrolment token belongs to one.
    GroupId,
    /// An enrolment token; tells nothing about the token itself.
    EnrolmentTokenId,
    /// One of an operator's passkeys.
    PasskeyId,
    /// One request to connect, or for more during a session.
    RequestId,
    /// A session; exists from the moment the service accepted an approval.
    SessionId,
    /// A chat message or note.
    MessageId,
    /// A user's request for help.
    HelpId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_means_something_in_a_path_is_an_identifier() {
        for text in ["", "..", "a/b", "a?b", "a%2e", "ä", &"x".repeat(65)] {
            assert_eq!(text.parse::<RequestId>(), Err(InvalidId), "{text}");
        }
        assert_eq!("aZ0_-".parse::<RequestId>().unwrap().as_str(), "aZ0_-");
    }
}
