//! Every source of settings, merged into one validated [`Settings`].
//!
//! [`schema`] says of each setting who may set it and how what they say is combined. Nothing that is wrong in a source
//! stops the agent: it falls to the safe side and is said, in the log, by `ondemand-agent settings` and by `doctor`.

mod document;
#[cfg(any(windows, test))]
pub(crate) mod registry;
mod service_url;
mod value;

pub(crate) use service_url::ServiceUrl;
pub(crate) use value::{Keys, Organisations, ProxyUrl};

use crate::{places::Places, platform, shared};
pub(crate) use policy::schema;

use document::Document;
use protocol::Permissions;
use schema::{Combine, Definition, Kind};
use serde::{Serialize, Serializer};
use session::OrganisationPolicy;
use std::{path::PathBuf, time::Duration};
use value::Read;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Built in.
    Default,
    /// What the installer wrote.
    Installer(PathBuf),
    /// The user's file.
    User(PathBuf),
    /// An environment variable.
    Environment(&'static str),
    /// The command line.
    CommandLine,
    /// Machine policy.
    Policy(PathBuf),
    /// Several sources that were combined.
    Combined,
}

impl Source {
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Policy(_) => Some(Kind::Policy),
            Self::CommandLine => Some(Kind::CommandLine),
            Self::Environment(_) => Some(Kind::Environment),
            Self::User(_) => Some(Kind::User),
            Self::Installer(_) => Some(Kind::Installer),
            Self::Default | Self::Combined => None,
        }
    }
}

impl Source {
    /// Whether administrators alone can write it.
    pub(crate) fn is_machine(&self) -> bool {
        self.kind().is_some_and(Kind::is_machine)
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Installer(path) => write!(f, "installer ({})", path.display()),
            Self::User(path) => write!(f, "user ({})", path.display()),
            Self::Environment(name) => write!(f, "environment ({name})"),
            Self::CommandLine => f.write_str("command line"),
            Self::Policy(path) => write!(f, "policy ({})", path.display()),
            Self::Combined => f.write_str("several, combined"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting<T> {
    /// The value in force.
    pub(crate) value: T,
    /// Where it comes from.
    pub(crate) source: Source,
}

/// All settings.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Where the service is.
    pub(crate) service_url: Setting<Option<ServiceUrl>>,
    /// A file with certificates to trust beside the system's.
    pub(crate) extra_ca: Setting<Option<PathBuf>>,
    /// The keys of pinned organisations.
    pub(crate) organisation_keys: Setting<Keys>,
    /// The most that may be granted.
    pub(crate) permissions: Setting<Permissions>,
    /// The most that may start switched on in the popup.
    pub(crate) preselect: Setting<Permissions>,
    /// Which organisations may be joined by a session code.
    pub(crate) organisations: Setting<Organisations>,
    /// The longest session, in minutes.
    pub(crate) longest_session_minutes: Setting<u32>,
    /// Whether the user may share the whole home folder.
    pub(crate) whole_home: Setting<bool>,
    /// Whom the user can ask.
    pub(crate) contact: Setting<Option<String>>,
    /// Whom to call when something looks suspicious.
    pub(crate) number_to_call: Setting<Option<String>>,
    /// Whether the user may quit the agent.
    pub(crate) quit: Setting<bool>,
    /// Whether the agent may run without being installed.
    pub(crate) portable: Setting<bool>,
    /// The file with the token that makes this agent a device's.
    pub(crate) enrolment_token_file: Setting<Option<PathBuf>>,
    /// The language of the texts; the system's where none is set.
    pub(crate) language: Setting<Option<String>>,
    /// Whether the desktop's notifications are used.
    pub(crate) notifications: Setting<bool>,
    /// The proxy; the system's where none is set.
    pub(crate) proxy: Setting<Option<ProxyUrl>>,
    /// How many days the journal is kept.
    pub(crate) journal_keep_days: Setting<u32>,
    /// Whether newer versions are looked for.
    pub(crate) update_check: Setting<bool>,
    /// Where; below the service where nothing is set.
    pub(crate) update_url: Setting<Option<ServiceUrl>>,
    report: Report,
}

/// How the settings came about.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Whether machine policy says anything.
    pub(crate) managed: bool,
    /// In the order of [`schema::ALL`].
    pub(crate) settings: Vec<Row>,
    /// What is wrong in which source.
    pub(crate) mistakes: Vec<Mistake>,
}

/// One setting, for people and programs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    #[serde(flatten)]
    definition: &'static Definition,
    value: serde_json::Value,
    source: Source,
    /// What was said and does not count, or not wholly.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overruled: Vec<Overruled>,
}

/// Something that was said and does not count, or not wholly.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Overruled {
    source: Source,
    value: serde_json::Value,
}

/// Something that is wrong in a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Mistake {
    /// Where.
    pub(crate) source: Source,
    /// In this setting; absent where it is about the source as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) setting: Option<&'static str>,
    /// What.
    pub(crate) what: String,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.setting {
            Some(setting) => write!(f, "{}: {setting}: {}", self.source, self.what),
            None => write!(f, "{}: {}", self.source, self.what),
        }
    }
}

impl Settings {
    /// Reads every source. `service_url` is what the command line says; whether the agent is a device's, the caller knows.
    pub(crate) fn load(places: &Places, service_url: Option<&ServiceUrl>, is_device: bool) -> Self {
        let mut installer = Vec::new();
        let mut policy = Vec::new();
        for found in platform::machine_settings() {
            if found.is_policy {
                policy.extend(Document::of_machine(found));
            } else {
                installer.extend(Document::of_machine(found));
            }
        }
        // Of two policies that set the same the one whose name sorts last counts.
        policy.reverse();
        let mut documents = policy;
        documents.extend(service_url.map(|url| {
            Document::single(Source::CommandLine, schema::SERVICE_URL.name, String::from(url.clone()))
        }));
        documents.extend(Document::from_environment());
        let path = places.user_settings();
        documents.extend(Document::read(&path, Source::User(path.clone())));
        documents.extend(installer);
        Self::merge(&documents, is_device)
    }

    /// Merges documents, the strongest first: policy, command line, environment, user, installer.
    fn merge(documents: &[Document], is_device: bool) -> Self {
        let whole = documents.iter().filter_map(|document| {
            let what = document.mistake.clone()?;
            Some(Mistake { source: document.source.clone(), setting: None, what })
        });
        let report = Report {
            managed: documents.iter().any(|document| document.source.kind() == Some(Kind::Policy)),
            mistakes: whole.collect(),
            ..Report::default()
        };
        let mut merger = Merger { documents, report };
        let all = Permissions::all();
        let names_token = documents.iter().any(|document| {
            document.source.is_machine() && document.values.contains_key(schema::ENROLMENT_TOKEN_FILE.name)
        });
        let organisations = if is_device || names_token { Organisations::Pinned } else { Organisations::Any };
        let and = |a, b| a && b;
        Self {
            service_url: merger.optional(&schema::SERVICE_URL),
            extra_ca: merger.optional(&schema::EXTRA_CA),
            organisation_keys: merger.chosen(&schema::ORGANISATION_KEYS, Keys::default()),
            permissions: merger
                .restricted(&schema::PERMISSIONS, all, Permissions::EMPTY, |a, b| a.intersection(b)),
            preselect: merger
                .restricted(&schema::PRESELECT, all, Permissions::EMPTY, |a, b| a.intersection(b)),
            organisations: merger.restricted(
                &schema::ORGANISATIONS,
                organisations,
                Organisations::Off,
                Ord::min,
            ),
            longest_session_minutes: merger.restricted(
                &schema::LONGEST_SESSION_MINUTES,
                LONGEST_SESSION_MINUTES,
                SHORTEST_SESSION_MINUTES,
                Ord::min,
            ),
            whole_home: merger.restricted(&schema::WHOLE_HOME, false, false, and),
            contact: merger.optional(&schema::CONTACT),
            number_to_call: merger.optional(&schema::NUMBER_TO_CALL),
            quit: merger.restricted(&schema::QUIT, true, false, and),
            portable: merger.restricted(&schema::PORTABLE, true, false, and),
            enrolment_token_file: merger.optional(&schema::ENROLMENT_TOKEN_FILE),
            language: merger.optional(&schema::LANGUAGE),
            notifications: merger.chosen(&schema::NOTIFICATIONS, true),
            proxy: merger.optional(&schema::PROXY),
            journal_keep_days: merger.chosen(&schema::JOURNAL_KEEP_DAYS, JOURNAL_KEEP_DAYS),
            update_check: merger.restricted(&schema::UPDATE_CHECK, true, false, and),
            update_url: merger.optional(&schema::UPDATE_URL),
            report: merger.report,
        }
    }

    /// How they came about.
    pub(crate) fn report(&self) -> &Report {
        &self.report
    }

    /// The part of the settings that the core decides by.
    pub(crate) fn core_config(&self, once: bool) -> session::Config {
        session::Config {
            permissions: self.permissions.value,
            preselect: self.preselect.value,
            organisations: match (self.organisations.value, &self.organisations.source) {
                (Organisations::Off, _) => OrganisationPolicy::Off,
                // Whoever enrolled the computer may ask, whether or not the key came with the installation.
                (Organisations::Pinned, Source::Default) => OrganisationPolicy::PinnedToJoin,
                (Organisations::Pinned, _) => OrganisationPolicy::Pinned,
                (Organisations::Any, _) => OrganisationPolicy::Any,
            },
            longest_session: Duration::from_secs(u64::from(self.longest_session_minutes.value) * 60),
            once,
            number_to_call: self.number_to_call.value.clone(),
            contact: self.contact.value.clone(),
            managed: self.report.managed,
            may_quit: self.quit.value,
            whole_home: self.whole_home.value,
            folder: shared::preset(),
            home: shared::home(),
        }
    }

    /// How long the journal is kept.
    pub(crate) fn journal_keep(&self) -> Duration {
        Duration::from_secs(u64::from(self.journal_keep_days.value) * 24 * 60 * 60)
    }
}

const LONGEST_SESSION_MINUTES: u32 = 480;
const SHORTEST_SESSION_MINUTES: u32 = 5;
const JOURNAL_KEEP_DAYS: u32 = 365;

impl Report {
    /// For people: a setting a line, what does not count below it, and what is wrong at the end.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        if self.managed {
            text.push_str("managed by your organisation: nobody overrides what policy says\n");
        }
        for row in &self.settings {
            let Row { definition, value, source, overruled } = row;
            text.push_str(&format!("{:<24} {:<40} {source}\n", definition.name, in_words(value)));
            for Overruled { source, value } in overruled {
                text.push_str(&format!("{:<24} overruled: {} from {source}\n", "", in_words(value)));
            }
        }
        for mistake in &self.mistakes {
            text.push_str(&format!("mistake in {mistake}\n"));
        }
        text
    }
}

fn in_words(value: &serde_json::Value) -> String {
    use serde_json::Value;
    let list = |names: Vec<String>| if names.is_empty() { "nothing".into() } else { names.join(", ") };
    match value {
        Value::Null => "—".into(),
        Value::String(text) => text.clone(),
        Value::Array(values) => list(values.iter().map(in_words).collect()),
        Value::Object(table) => list(table.keys().cloned().collect()),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// What a source says about a setting.
struct Said<T> {
    source: Source,
    /// Nothing where it cannot be understood.
    value: Option<T>,
}

struct Merger<'a> {
    documents: &'a [Document],
    report: Report,
}

impl Merger<'_> {
    /// What everybody who may says, the strongest first.
    fn said<T: Read>(&mut self, definition: &'static Definition) -> Vec<Said<T>> {
        let mut said = Vec::new();
        for document in self.documents {
            let source = document.source.clone();
            let may_set = source.kind().is_some_and(|kind| definition.sources.contains(&kind));
            let mut mistake = |what| {
                let setting = Some(definition.name);
                self.report.mistakes.push(Mistake { source: source.clone(), setting, what });
            };
            match document.values.get(definition.name) {
                Some(_) if !may_set => mistake("it cannot be set here and does not count".into()),
                Some(value) => {
                    let mut complaints = Vec::new();
                    let value = T::read(value, definition.takes, &mut complaints);
                    complaints.into_iter().for_each(&mut mistake);
                    said.push(Said { source, value });
                }
                None if may_set && document.may_forbid() => said.push(Said { source, value: None }),
                None => {}
            }
        }
        said
    }

    /// The one that counts.
    fn optional<T: Read>(&mut self, definition: &'static Definition) -> Setting<Option<T>> {
        let said = self.said::<T>(definition);
        let is_machine = |said: &&Said<T>| said.source.is_machine();
        let strongest = || said.iter().find(|said| said.value.is_some());
        let counts = match definition.combine {
            // Where administrators said something nobody else is asked, even where it cannot be understood.
            Combine::MachineFirst if said.iter().any(|said| is_machine(&said)) => {
                let machine = said.iter().filter(is_machine);
                machine.clone().find(|said| said.value.is_some()).or_else(|| machine.clone().next())
            }
            Combine::MachineFirst
            | Combine::Strongest
            | Combine::Intersection
            | Combine::Strictest
            | Combine::Smallest => strongest(),
        };
        let setting = match counts {
            Some(said) => Setting { value: said.value.clone(), source: said.source.clone() },
            None => Setting { value: None, source: Source::Default },
        };
        let overruled = said.into_iter().filter(|said| said.source != setting.source);
        self.row(definition, &setting, overruled);
        setting
    }

    /// The one that counts, or the default.
    fn chosen<T: Read>(&mut self, definition: &'static Definition, default: T) -> Setting<T> {
        let Setting { value, source } = self.optional(definition);
        let value = value.unwrap_or(default);
        if let Some(row) = self.report.settings.last_mut() {
            row.value = serde_json::to_value(&value).unwrap_or_default();
        }
        Setting { value, source }
    }

    /// What is left when everybody who may has forbidden what they forbid. Who cannot be understood leaves `safe`.
    fn restricted<T: Read>(
        &mut self,
        definition: &'static Definition,
        default: T,
        safe: T,
        combine: impl Fn(T, T) -> T,
    ) -> Setting<T> {
        let said = self.said::<T>(definition);
        // What administrators leave at its default, others can only restrict.
        let by_machine = said.iter().any(|said| said.source.is_machine());
        let start = (!by_machine).then(|| Setting { value: default.clone(), source: Source::Default });
        let setting = said.iter().fold(start, |so_far, said| {
            let wanted = said.value.clone().unwrap_or_else(|| safe.clone());
            let Some(Setting { value, source }) = so_far else {
                return Some(Setting { value: wanted, source: said.source.clone() });
            };
            let value = combine(value, wanted.clone());
            let source = match source {
                Source::Default if value == wanted => said.source.clone(),
                Source::Default => Source::Default,
                _ => Source::Combined,
            };
            Some(Setting { value, source })
        });
        let setting = setting.unwrap_or(Setting { value: default, source: Source::Default });
        let value = Some(setting.value.clone());
        let overruled = said.into_iter().filter(|said| said.value != value);
        self.row(definition, &setting, overruled);
        setting
    }

    fn row<T: Serialize, U: Serialize>(
        &mut self,
        definition: &'static Definition,
        setting: &Setting<U>,
        overruled: impl Iterator<Item = Said<T>>,
    ) {
        let json = |value: &T| serde_json::to_value(value).unwrap_or_default();
        let overruled = overruled
            .filter_map(|Said { source, value }| Some(Overruled { source, value: json(value.as_ref()?) }));
        self.report.settings.push(Row {
            definition,
            overruled: overruled.collect(),
            value: serde_json::to_value(&setting.value).unwrap_or_default(),
            source: setting.source.clone(),
        });
    }
}

#[cfg(test)]
mod tests;
