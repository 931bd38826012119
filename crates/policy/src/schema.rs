//! The settings. What a document, a template for administrators or a check needs to know stands here and nowhere else.

use serde::{Serialize, Serializer};

/// One setting.
#[derive(Debug, Serialize)]
pub struct Definition {
    /// As it stands in files.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What holds where nobody says anything, in words.
    pub default: &'static str,
    /// Who may set it, the strongest first.
    pub sources: &'static [Kind],
    /// How what they say is combined.
    pub combine: Combine,
    /// What administrators see it called.
    #[serde(skip)]
    pub title: &'static str,
    /// What it is for, in a sentence.
    pub description: &'static str,
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `https://…`, or `http://` for this computer alone.
    ServiceUrl,
    /// The whole path of a file.
    File,
    /// A table of organisation ids and public keys.
    Keys,
    /// A list of permissions' names.
    Permissions,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A whole number in this range.
    Number(u32, u32),
    /// A line of text of at most so many characters.
    Text(usize),
    /// A language tag.
    Language,
    /// A proxy's address.
    Proxy,
    /// True or false.
    Switch,
}

impl std::fmt::Display for Takes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ServiceUrl => f.write_str("`https://…`; `http://` only for 127.0.0.1 and [::1]"),
            Self::File => f.write_str("the whole path of a file"),
            Self::Keys => f.write_str("a table: organisation id = public key"),
            Self::Permissions => f.write_str("a list of permissions"),
            Self::Choice(names) => {
                let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
                f.write_str(&names.join(", "))
            }
            Self::Number(least, most) => write!(f, "{least} to {most}"),
            Self::Text(chars) => write!(f, "text, {chars} characters at most"),
            Self::Language => f.write_str("as in `de`"),
            Self::Proxy => f.write_str("`http://…`, with name and password where it wants them"),
            Self::Switch => f.write_str("`true`, `false`"),
        }
    }
}

impl Serialize for Takes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Who can set something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Machine policy.
    Policy,
    /// The command line.
    CommandLine,
    /// An environment variable.
    Environment,
    /// The user's file.
    User,
    /// What the installer wrote.
    Installer,
}

impl Kind {
    /// Whether administrators alone can set it.
    pub fn is_machine(self) -> bool {
        matches!(self, Self::Policy | Self::Installer)
    }
}

/// How what several sources say is combined. Under the last three no source can allow what another forbids, and one
/// that cannot be understood forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// The strongest counts.
    Strongest,
    /// Policy or installer; the others only where neither says anything, not even something that cannot be understood.
    MachineFirst,
    /// What all of them allow.
    Intersection,
    /// The strictest counts.
    Strictest,
    /// The smallest counts.
    Smallest,
}

use Kind::{CommandLine, Environment, Installer, Policy, User};

const EVERYBODY: &[Kind] = &[Policy, User, Installer];

/// The service.
pub const SERVICE_URL: Definition = Definition {
    name: "service_url",
    title: "Service",
    takes: Takes::ServiceUrl,
    default: "none",
    sources: &[Policy, CommandLine, User, Installer],
    combine: Combine::MachineFirst,
    description: "The service that the agent talks to.",
};
/// Certificates to trust.
pub const EXTRA_CA: Definition = Definition {
    name: "extra_ca",
    title: "Additional certificates",
    takes: Takes::File,
    default: "none",
    sources: EVERYBODY,
    combine: Combine::MachineFirst,
    description: "A PEM file with certificates to trust beside the system's.",
};
/// Pinned organisations.
pub const ORGANISATION_KEYS: Definition = Definition {
    name: "organisation_keys",
    title: "Pinned organisations",
    takes: Takes::Keys,
    default: "none",
    sources: EVERYBODY,
    combine: Combine::MachineFirst,
    description: "Organisations that are pinned: the popup may call them verified.",
};
/// What may be granted.
pub const PERMISSIONS: Definition = Definition {
    name: "permissions",
    title: "Largest permissions",
    takes: Takes::Permissions,
    default: "all",
    sources: EVERYBODY,
    combine: Combine::Intersection,
    description: "The most that may be granted.",
};
/// What starts switched on.
pub const PRESELECT: Definition = Definition {
    name: "preselect",
    title: "Preselected permissions",
    takes: Takes::Permissions,
    default: "all",
    sources: &[Policy, Installer],
    combine: Combine::Intersection,
    description: "The most that starts switched on in the popup.",
};
/// Which organisations may be joined.
pub const ORGANISATIONS: Definition = Definition {
    name: "organisations",
    title: "Organisations that may be joined",
    takes: Takes::Choice(&["off", "pinned", "any"]),
    default: "any; `pinned` on a device",
    sources: EVERYBODY,
    combine: Combine::Strictest,
    description: "Which organisations may be joined by a session code; set to `pinned`, no other may ask at all.",
};
/// The longest session.
pub const LONGEST_SESSION_MINUTES: Definition = Definition {
    name: "longest_session_minutes",
    title: "Longest session",
    takes: Takes::Number(5, 480),
    default: "480",
    sources: EVERYBODY,
    combine: Combine::Smallest,
    description: "The longest session, in minutes.",
};
/// Whom to ask.
pub const CONTACT: Definition = Definition {
    name: "contact",
    title: "Contact",
    takes: Takes::Text(80),
    default: "none",
    sources: &[Policy, Installer],
    combine: Combine::Strongest,
    description: "Whom the user can ask about this program; shown in the window.",
};
/// Whom to call.
pub const NUMBER_TO_CALL: Definition = Definition {
    name: "number_to_call",
    title: "Number to call",
    takes: Takes::Text(40),
    default: "none",
    sources: &[Policy, Installer],
    combine: Combine::Strongest,
    description: "The number that is shown when something looks suspicious.",
};
/// Whether the agent can be quit.
pub const QUIT: Definition = Definition {
    name: "quit",
    title: "The agent can be quit",
    takes: Takes::Switch,
    default: "true",
    sources: &[Policy, Installer],
    combine: Combine::Strictest,
    description: "Whether the user may quit the agent. Ending a session is always possible.",
};
/// Whether it runs without being installed.
pub const PORTABLE: Definition = Definition {
    name: "portable",
    title: "The agent runs without being installed",
    takes: Takes::Switch,
    default: "true",
    sources: &[Policy, Installer],
    combine: Combine::Strictest,
    description: "Whether an agent that was downloaded and not installed may run on this computer.",
};
/// Whether the whole home folder may be shared.
pub const WHOLE_HOME: Definition = Definition {
    name: "whole_home",
    title: "The whole home folder can be shared",
    takes: Takes::Switch,
    default: "false",
    sources: &[Policy, Installer],
    combine: Combine::Strictest,
    description: "Whether the user may share the whole home folder, where files are approved.",
};
/// Makes the agent a device's.
pub const ENROLMENT_TOKEN_FILE: Definition = Definition {
    name: "enrolment_token_file",
    title: "File with the enrolment token",
    takes: Takes::File,
    default: "none",
    sources: &[Policy, Installer],
    combine: Combine::Strongest,
    description: "The file with the token that makes each user's agent a device, unless `run` names another.",
};
/// The language.
pub const LANGUAGE: Definition = Definition {
    name: "language",
    title: "Language",
    takes: Takes::Language,
    default: "the system's",
    sources: &[Policy, Environment, User, Installer],
    combine: Combine::Strongest,
    description: "The language of the texts.",
};
/// Whether notifications are shown.
pub const NOTIFICATIONS: Definition = Definition {
    name: "notifications",
    title: "Notifications",
    takes: Takes::Switch,
    default: "true",
    sources: EVERYBODY,
    combine: Combine::Strongest,
    description: "Whether the desktop's notifications are used beside window and tray.",
};
/// The proxy.
pub const PROXY: Definition = Definition {
    name: "proxy",
    title: "Proxy",
    takes: Takes::Proxy,
    default: "the system's",
    sources: EVERYBODY,
    combine: Combine::Strongest,
    description: "The proxy on the way to the service.",
};
/// How long the journal is kept.
pub const JOURNAL_KEEP_DAYS: Definition = Definition {
    name: "journal_keep_days",
    title: "Days of history",
    takes: Takes::Number(30, 3650),
    default: "365",
    sources: EVERYBODY,
    combine: Combine::Strongest,
    description: "How many days the user's history is kept; whole months are deleted after that.",
};

/// Whether newer versions are looked for.
pub const UPDATE_CHECK: Definition = Definition {
    name: "update_check",
    title: "Newer versions can be looked for",
    takes: Takes::Switch,
    default: "true",
    sources: EVERYBODY,
    combine: Combine::Strictest,
    description: "Whether `ondemand-agent update --check` asks for a newer version.",
};
/// Where newer versions are looked for.
pub const UPDATE_URL: Definition = Definition {
    name: "update_url",
    title: "Where newer versions are looked for",
    takes: Takes::ServiceUrl,
    default: "`downloads/` at the service",
    sources: EVERYBODY,
    combine: Combine::MachineFirst,
    description: "The folder with `update.json`, which says what the newest version is.",
};

/// Every setting, in the order in which people read them.
pub const ALL: [&Definition; 19] = [
    &SERVICE_URL,
    &EXTRA_CA,
    &ORGANISATION_KEYS,
    &PERMISSIONS,
    &PRESELECT,
    &ORGANISATIONS,
    &LONGEST_SESSION_MINUTES,
    &WHOLE_HOME,
    &CONTACT,
    &NUMBER_TO_CALL,
    &QUIT,
    &PORTABLE,
    &ENROLMENT_TOKEN_FILE,
    &LANGUAGE,
    &NOTIFICATIONS,
    &PROXY,
    &JOURNAL_KEEP_DAYS,
    &UPDATE_CHECK,
    &UPDATE_URL,
];
