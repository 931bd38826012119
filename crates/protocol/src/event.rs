//! What the service tells an agent.

use crate::{
    Branding, EndReason, HelpId, MessageId, Operator, RequestId, SessionId, Timestamp, agent::DeviceStanding,
};
use serde::{Deserialize, Serialize};

/// One event of the long poll. Events come in order, at least once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// An operator asks to connect, or for more during a session.
    Request(RequestEvent),
    /// An operator took a request back, or its time ran out at the service.
    RequestWithdrawn {
        /// That request.
        request_id: RequestId,
    },
    /// A session is over.
    SessionEnded {
        /// That session.
        session_id: SessionId,
        /// `operator` or `service`.
        reason: EndReason,
    },
    /// The session's operator said something.
    Message(MessageEvent),
    /// The operator's page was closed, or came back.
    OperatorPresence {
        /// In this session.
        session_id: SessionId,
        /// Whether the operator is there.
        present: bool,
    },
    /// The invitation is over: it expired or an operator withdrew it; with a snapshot, also since its user left or its
    /// session ended.
    InvitationClosed {},
    /// The device was accepted, or its group's permissions changed.
    DeviceChanged(DeviceStanding),
    /// The organisation changed how it wants to look; this replaces all of it.
    BrandingChanged(Branding),
    /// The device was retired; its token is void.
    DeviceRetired {},
    /// An operator took up the help request.
    HelpTaken {
        /// That help request.
        help_id: HelpId,
        /// Who took it.
        operator: Operator,
    },
    /// An operator closed the help request.
    HelpClosed {
        /// That help request.
        help_id: HelpId,
    },
    /// A type this version does not know; ignored.
    #[serde(other)]
    Unknown,
}

/// An operator asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RequestEvent {
    /// The request; the signed terms repeat it.
    pub request_id: RequestId,
    /// A compact JWS over [`RequestTerms`](crate::signed::RequestTerms), signed with the organisation's key.
    pub signed_request: String,
    /// Seconds left to answer; the agent keeps it within 30 to 300.
    pub answer_within_secs: u32,
    /// As in [`Organisation`](crate::Organisation): an agent that holds an earlier key learns the one that signed here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_successions: Vec<String>,
}

/// The session's operator said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MessageEvent {
    /// In this session.
    pub session_id: SessionId,
    /// The message; the same id may come twice.
    pub message_id: MessageId,
    /// Chat or note.
    pub kind: MessageKind,
    /// At most 4000 characters.
    pub text: String,
    /// The service's clock when it was sent.
    pub sent_at: Timestamp,
}

/// The two things an operator can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A line of the chat; needs `chat`.
    Chat,
    /// A note that is shown; needs `messages`.
    Note,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agent::{EnrolResponse, EventsResponse, JoinResponse, OutcomeResponse},
        problem::Problem,
        text,
    };

    #[test]
    fn whatever_a_service_answers_is_read_or_an_error_and_shown_without_harm() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let _ = serde_json::from_slice::<EventsResponse>(bytes);
            let _ = serde_json::from_slice::<JoinResponse>(bytes);
            let _ = serde_json::from_slice::<EnrolResponse>(bytes);
            let _ = serde_json::from_slice::<OutcomeResponse>(bytes);
            let _ = serde_json::from_slice::<Problem>(bytes);
            let shown = text::one_line(&String::from_utf8_lossy(bytes), 40, "unnamed");
            assert!(!shown.is_empty() && shown.chars().count() <= 40);
            assert!(shown.chars().all(|c| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c)));
        });
    }

    #[test]
    fn an_event_of_a_later_version_is_unknown_and_not_an_error() {
        let event: Event = serde_json::from_str(r#"{"type":"teleport","to":{"x":1}}"#).unwrap();
        assert_eq!(event, Event::Unknown);
        let event: Event =
            serde_json::from_str(r#"{"type":"invitation_closed","why":"later field"}"#).unwrap();
        assert_eq!(event, Event::InvitationClosed {});
    }
}
