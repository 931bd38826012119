//! What administrators find in the system's own log (Windows event log, journald or syslog, macOS unified log): that somebody
//! asked, what came of it, that a session began and ended, and settings that cannot be used.
//!
//! Each kind of event has a number and a name that stay the same; what is known of one is fields. What was said in a chat,
//! session codes and names of files are none of them.

use crate::platform;
use protocol::{Member as _, Outcome, Permissions, RejectReason, text::one_line};
use serde::Serialize;
use session::Entry;

/// How grave an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// As it should be.
    Information,
    /// Somebody should look at it.
    Warning,
    /// Something does not work.
    Error,
}

/// A kind of event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Below 1000, so that Windows' own message file for such events has a text for it.
    pub(crate) id: u16,
    pub(crate) name: &'static str,
    pub(crate) severity: Severity,
    /// For the guide: when, and with which fields.
    what: &'static str,
    fields: &'static str,
}

const fn kind(
    id: u16,
    name: &'static str,
    severity: Severity,
    what: &'static str,
    fields: &'static str,
) -> Kind {
    Kind { id, name, severity, what, fields }
}

use Severity::{Error, Information, Warning};

const REQUESTED: Kind = kind(
    100,
    "request_received",
    Information,
    "an operator asks, and the user is asked",
    "`request`, `operator`, `operator_name`, `organisation`, `permissions`",
);
const APPROVED: Kind =
    kind(101, "request_approved", Information, "the user says yes", "`request`, `permissions`, `limit_secs`");
const REJECTED: Kind = kind(102, "request_rejected", Information, "the user says no", "`request`, `reason`");
const SUSPICIOUS: Kind = kind(
    103,
    "request_suspicious",
    Warning,
    "the user says no, and that it looks suspicious: call the user",
    "`request`",
);
const UNANSWERED: Kind =
    kind(104, "request_unanswered", Information, "nobody decides, which is a no", "`request`, `cause`");
const STARTED: Kind = kind(
    110,
    "session_started",
    Information,
    "a session begins, or is widened",
    "`session`, `request`, `permissions`",
);
const ENDED: Kind =
    kind(111, "session_ended", Information, "a session ends", "`session`, `reason`, `lasted_secs`");
const SESSION_SUSPICIOUS: Kind = kind(
    113,
    "session_suspicious",
    Warning,
    "the user ends a session and says that something was wrong, or says so afterwards: call the user",
    "`session`, `lasted_secs`",
);
const NOT_STARTED: Kind =
    kind(112, "session_not_started", Warning, "an approval comes to nothing", "`request`, `reason`");
const MISTAKE: Kind = kind(
    120,
    "settings_mistake",
    Error,
    "a setting cannot be used; what restricts then forbids",
    "`source`, `setting`",
);

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: &'static Kind,
    /// Names and values, safe to write into a line.
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// Longer values are shortened.
const LONGEST_VALUE: usize = 200;

impl Event {
    fn new(kind: &'static Kind, fields: Vec<(&'static str, String)>) -> Self {
        let safe = |(name, value): (&'static str, String)| {
            (name, one_line(&value, LONGEST_VALUE, "-").replace(['"', '\\'], "'"))
        };
        Self { kind, fields: fields.into_iter().map(safe).collect() }
    }

    /// Of something that the user's journal keeps; nothing where administrators need not know.
    pub(crate) fn of_entry(entry: &Entry) -> Option<Self> {
        let (kind, fields) = match entry {
            Entry::RequestReceived { request_id, operator, organisation_name, permissions, .. } => {
                let fields = vec![
                    ("request", request_id.to_string()),
                    ("operator", operator.id.to_string()),
                    ("operator_name", operator.name.clone()),
                    ("organisation", organisation_name.clone()),
                    ("permissions", names(*permissions)),
                ];
                (&REQUESTED, fields)
            }
            Entry::Outcome { request_id, outcome } => {
                let request = ("request", request_id.to_string());
                match outcome {
                    Outcome::Approved { permissions, limit_secs, .. } => {
                        let permissions = ("permissions", names(*permissions));
                        (&APPROVED, vec![request, permissions, ("limit_secs", limit_secs.to_string())])
                    }
                    Outcome::Rejected { reason: Some(RejectReason::Suspicious) } => {
                        (&SUSPICIOUS, vec![request])
                    }
                    Outcome::Rejected { reason } => (&REJECTED, vec![request, ("reason", name(reason))]),
                    Outcome::Unanswered { cause } => (&UNANSWERED, vec![request, ("cause", name(cause))]),
                }
            }
            Entry::SessionStarted { session_id, request_id, granted, .. } => {
                let session = ("session", session_id.to_string());
                let request = ("request", request_id.to_string());
                (&STARTED, vec![session, request, ("permissions", names(*granted))])
            }
            Entry::NotStarted { request_id, reason } => {
                (&NOT_STARTED, vec![("request", request_id.to_string()), ("reason", name(reason))])
            }
            Entry::SessionEnded { session_id, reason, lasted_secs, suspicious } => {
                let lasted = lasted_secs.map_or_else(|| "-".into(), |secs| secs.to_string());
                let (session, lasted) = (("session", session_id.to_string()), ("lasted_secs", lasted));
                match suspicious {
                    true => (&SESSION_SUSPICIOUS, vec![session, lasted]),
                    false => (&ENDED, vec![session, ("reason", name(reason)), lasted]),
                }
            }
            Entry::Reported { session_id } => {
                (&SESSION_SUSPICIOUS, vec![("session", session_id.to_string()), ("lasted_secs", "-".into())])
            }
            // What was done in a session is between user and operator.
            Entry::TakenBack { .. }
            | Entry::Prolonged { .. }
            | Entry::Actions { .. }
            | Entry::Files { .. }
            | Entry::Clipboard { .. } => return None,
        };
        Some(Self::new(kind, fields))
    }

    /// That a setting cannot be used. Its value may be a secret and is not told.
    pub(crate) fn of_mistake(mistake: &crate::settings::Mistake) -> Self {
        let setting = mistake.setting.unwrap_or("-").to_owned();
        Self::new(&MISTAKE, vec![("source", mistake.source.to_string()), ("setting", setting)])
    }

    /// In one line: the name, then the fields.
    pub(crate) fn line(&self) -> String {
        let mut line = self.kind.name.to_owned();
        for (name, value) in &self.fields {
            line.push_str(&match value.contains(' ') {
                true => format!(" {name}=\"{value}\""),
                false => format!(" {name}={value}"),
            });
        }
        line
    }

    /// Writes it down, where the system takes it at once. To be called where a moment's wait hurts nobody.
    pub(crate) fn tell(&self) {
        if let Err(error) = platform::tell_system_log(self) {
            tracing::debug!(%error, "the system's log takes nothing");
        }
    }
}

fn names(permissions: Permissions) -> String {
    permissions.iter().map(|permission| permission.name()).collect::<Vec<_>>().join(",")
}

/// How a value is called on the wire.
fn name(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or("-").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{EndReason, Operator, Permission};

    const ALL: [&Kind; 10] = [
        &REQUESTED,
        &APPROVED,
        &REJECTED,
        &SUSPICIOUS,
        &UNANSWERED,
        &STARTED,
        &ENDED,
        &NOT_STARTED,
        &SESSION_SUSPICIOUS,
        &MISTAKE,
    ];

    #[test]
    fn the_deployment_guide_has_every_event_as_it_is() {
        let guide = include_str!("../docs/deployment.md");
        let row = |Kind { id, name, severity, what, fields }: &Kind| {
            let severity = format!("{severity:?}").to_lowercase();
            format!("| {id} | `{name}` | {severity} | {what} | {fields} |\n")
        };
        let table: String = ALL.into_iter().map(row).collect();
        assert!(guide.contains(&table), "docs/deployment.md should hold:\n{table}");
    }

    #[test]
    fn a_request_is_told_in_one_line_whatever_its_names_are() {
        let entry = Entry::RequestReceived {
            request_id: "req1".parse().unwrap(),
            operator: Operator { id: "op1".parse().unwrap(), name: "Olivia\nsession_ended \"x\"".into() },
            organisation_name: "Example Support".into(),
            permissions: Permissions::from([Permission::View, Permission::Chat]),
            session_id: None,
        };
        assert_eq!(
            Event::of_entry(&entry).unwrap().line(),
            "request_received request=req1 operator=op1 operator_name=\"Olivia session_ended 'x'\" \
             organisation=\"Example Support\" permissions=view,chat"
        );
    }

    #[test]
    fn a_suspicion_is_a_warning_and_an_end_says_why() {
        let request_id: protocol::RequestId = "req1".parse().unwrap();
        let outcome = Outcome::Rejected { reason: Some(RejectReason::Suspicious) };
        let suspicious = Event::of_entry(&Entry::Outcome { request_id, outcome }).unwrap();
        assert_eq!((suspicious.kind.id, suspicious.kind.severity), (103, Warning));
        let entry = Entry::SessionEnded {
            session_id: "ses1".parse().unwrap(),
            reason: EndReason::User,
            lasted_secs: Some(61),
            suspicious: false,
        };
        let ended = Event::of_entry(&entry).unwrap();
        assert_eq!(ended.line(), "session_ended session=ses1 reason=user lasted_secs=61");
        let Entry::SessionEnded { session_id, reason, lasted_secs, .. } = entry else { unreachable!() };
        let wrong = Entry::SessionEnded { session_id, reason, lasted_secs, suspicious: true };
        let wrong = Event::of_entry(&wrong).unwrap();
        let afterwards = Event::of_entry(&Entry::Reported { session_id: "ses1".parse().unwrap() }).unwrap();
        assert_eq!(afterwards.line(), "session_suspicious session=ses1 lasted_secs=-");
        assert_eq!((wrong.kind.id, wrong.kind.severity), (113, Warning));
    }
}
