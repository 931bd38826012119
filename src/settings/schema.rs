//! Every setting: its name, what it takes, who may set it, how what they say is combined, and what it is for. What a
//! document, a template for administrators or a check needs to know stands here and nowhere else.

use serde::{Serialize, Serializer};

/// One setting.
#[derive(Debug, Serialize)]
pub(crate) struct Definition {
    /// As it stands in files.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) takes: Takes,
    /// What holds where nobody says anything, in words.
    pub(crate) default: &'static str,
    /// Who may set it, the strongest first.
    pub(crate) sources: &'static [Kind],
    /// How what they say is combined.
    pub(crate) combine: Combine,
    /// What it is for, in a sentence.
    pub(crate) description: &'static str,
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
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
pub(crate) enum Kind {
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
    pub(crate) fn is_machine(self) -> bool {
        matches!(self, Self::Policy | Self::Installer)
    }
}

/// How what several sources say is combined. Under the last three no source can allow what another forbids, and one
/// that cannot be understood forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Combine {
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
pub(crate) const SERVICE_URL: Definition = Definition {
    name: "service_url",
    takes: Takes::ServiceUrl,
    default: "none",
    sources: &[Policy, CommandLine, User, Installer],
    combine: Combine::MachineFirst,
    description: "The service that the agent talks to.",
};
/// Certificates to trust.
pub(crate) const EXTRA_CA: Definition = Definition {
    name: "extra_ca",
    takes: Takes::File,
    default: "none",
    sources: EVERYBODY,
    combine: Combine::MachineFirst,
    description: "A PEM file with certificates to trust beside the system's.",
};
/// Pinned organisations.
pub(crate) const ORGANISATION_KEYS: Definition = Definition {
    name: "organisation_keys",
    takes: Takes::Keys,
    default: "none",
    sources: EVERYBODY,
    combine: Combine::MachineFirst,
    description: "Organisations that are pinned: the popup may call them verified.",
};
/// What may be granted.
pub(crate) const PERMISSIONS: Definition = Definition {
    name: "permissions",
    takes: Takes::Permissions,
    default: "all",
    sources: EVERYBODY,
    combine: Combine::Intersection,
    description: "The most that may be granted.",
};
/// What starts switched on.
pub(crate) const PRESELECT: Definition = Definition {
    name: "preselect",
    takes: Takes::Permissions,
    default: "all",
    sources: &[Policy, Installer],
    combine: Combine::Intersection,
    description: "The most that starts switched on in the popup.",
};
/// Which organisations may be joined.
pub(crate) const ORGANISATIONS: Definition = Definition {
    name: "organisations",
    takes: Takes::Choice(&["off", "pinned", "any"]),
    default: "any",
    sources: EVERYBODY,
    combine: Combine::Strictest,
    description: "Which organisations may be joined by a session code.",
};
/// The longest session.
pub(crate) const LONGEST_SESSION_MINUTES: Definition = Definition {
    name: "longest_session_minutes",
    takes: Takes::Number(5, 480),
    default: "480",
    sources: EVERYBODY,
    combine: Combine::Smallest,
    description: "The longest session, in minutes.",
};
/// Whom to call.
pub(crate) const NUMBER_TO_CALL: Definition = Definition {
    name: "number_to_call",
    takes: Takes::Text(40),
    default: "none",
    sources: &[Policy, Installer],
    combine: Combine::Strongest,
    description: "The number that is shown when something looks suspicious.",
};
/// Makes the agent a device's.
pub(crate) const ENROLMENT_TOKEN_FILE: Definition = Definition {
    name: "enrolment_token_file",
    takes: Takes::File,
    default: "none",
    sources: &[Policy, Installer],
    combine: Combine::Strongest,
    description: "The file with the token that makes each user's agent a device, unless `run` names another.",
};
/// The language.
pub(crate) const LANGUAGE: Definition = Definition {
    name: "language",
    takes: Takes::Language,
    default: "the system's",
    sources: &[Policy, Environment, User, Installer],
    combine: Combine::Strongest,
    description: "The language of the texts.",
};
/// The proxy.
pub(crate) const PROXY: Definition = Definition {
    name: "proxy",
    takes: Takes::Proxy,
    default: "the system's",
    sources: EVERYBODY,
    combine: Combine::Strongest,
    description: "The proxy on the way to the service.",
};
/// How long the journal is kept.
pub(crate) const JOURNAL_KEEP_DAYS: Definition = Definition {
    name: "journal_keep_days",
    takes: Takes::Number(30, 3650),
    default: "365",
    sources: EVERYBODY,
    combine: Combine::Strongest,
    description: "How many days the user's history is kept; whole months are deleted after that.",
};

/// Every setting, in the order in which people read them.
pub(crate) const ALL: [&Definition; 12] = [
    &SERVICE_URL,
    &EXTRA_CA,
    &ORGANISATION_KEYS,
    &PERMISSIONS,
    &PRESELECT,
    &ORGANISATIONS,
    &LONGEST_SESSION_MINUTES,
    &NUMBER_TO_CALL,
    &ENROLMENT_TOKEN_FILE,
    &LANGUAGE,
    &PROXY,
    &JOURNAL_KEEP_DAYS,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn row(definition: &Definition) -> String {
        let names: Vec<String> = definition
            .sources
            .iter()
            .map(|kind| match kind {
                Policy => "policy".into(),
                CommandLine => "command line".into(),
                Environment => "environment".into(),
                User => "user".into(),
                Installer => "installer".into(),
            })
            .collect();
        let combine = match definition.combine {
            Combine::Strongest => "the first that says something",
            Combine::MachineFirst => "policy, then installer; others only where neither says anything",
            Combine::Intersection => "what all of them allow",
            Combine::Strictest => "the strictest",
            Combine::Smallest => "the smallest",
        };
        let Definition { name, takes, default, description, .. } = definition;
        format!("| `{name}` | {description} | {takes} | {default} | {} | {combine} |\n", names.join(", "))
    }

    #[test]
    fn the_deployment_guide_has_every_setting_as_it_is() {
        let guide = include_str!("../../docs/deployment.md");
        let table: String = ALL.into_iter().map(row).collect();
        assert!(guide.contains(&table), "docs/deployment.md should hold:\n{table}");
    }
}
