//! Every source of settings, merged into one validated [`Settings`].
//!
//! | setting | how its sources combine |
//! | --- | --- |
//! | permissions, preselected permissions | the intersection of all that say something |
//! | organisations that may be joined, longest session | the strictest of all |
//! | service, extra CA, organisation keys | policy, then installer; what the user sets counts only where neither speaks |
//! | number to call | policy, then installer |
//! | enrolment token's file | policy, command line, installer |
//! | language, proxy | policy, command line, environment, user, installer |

mod document;
mod service_url;

pub(crate) use document::Document;
pub(crate) use service_url::ServiceUrl;

use crate::{places::Places, platform};
use crypto::PublicKey;
use protocol::{OrganisationId, Permissions};
use serde::{Serialize, Serializer};
use session::OrganisationPolicy;
use std::{collections::BTreeMap, fs, io, path::PathBuf, time::Duration};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Setting<T> {
    /// The value in force.
    pub(crate) value: T,
    /// Where it comes from.
    pub(crate) source: Source,
}

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Settings {
    /// Where the service is.
    pub(crate) service_url: Setting<Option<ServiceUrl>>,
    /// A file with certificates to trust beside the system's.
    pub(crate) extra_ca: Setting<Option<PathBuf>>,
    /// The keys of pinned organisations.
    #[serde(serialize_with = "keys_as_text")]
    pub(crate) organisation_keys: Setting<BTreeMap<OrganisationId, PublicKey>>,
    /// The most that may be granted.
    pub(crate) permissions: Setting<Permissions>,
    /// The most that may start switched on in the popup.
    pub(crate) preselect: Setting<Permissions>,
    /// Which organisations may be joined by a session code.
    #[serde(serialize_with = "organisations_as_text")]
    pub(crate) organisations: Setting<OrganisationPolicy>,
    /// The longest session, in minutes.
    pub(crate) longest_session_minutes: Setting<u32>,
    /// Whom to call when something looks suspicious.
    pub(crate) number_to_call: Setting<Option<String>>,
    /// The file with the token that makes this agent a device's.
    pub(crate) enrolment_token_file: Setting<Option<PathBuf>>,
    /// The language of the texts; the system's where none is set.
    pub(crate) language: Setting<Option<String>>,
    /// The proxy; the system's where none is set.
    pub(crate) proxy: Setting<Option<String>>,
}

/// Why there are no valid settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file cannot be read.
    #[error("failed to read {path}", path = path.display())]
    Read {
        /// That file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{path} has a mistake", path = path.display())]
    Content {
        /// That file.
        path: PathBuf,
        /// What.
        source: toml::de::Error,
    },
}

/// A document with its source, strongest first in lists of them.
pub(crate) type Sourced = (Source, Document);

impl Settings {
    /// Reads every source. `command_line` holds what the command line sets.
    pub(crate) fn load(places: &Places, command_line: Document) -> Result<Self, Error> {
        let mut installer = Vec::new();
        let mut policy = Vec::new();
        for found in platform::machine_settings() {
            let Some(document) = read(&found.path)? else { continue };
            if found.is_policy {
                policy.push((Source::Policy(found.path), document));
            } else {
                installer.push((Source::Installer(found.path), document));
            }
        }
        // Of two policies that set the same the one whose name sorts last counts.
        policy.reverse();
        let path = places.user_settings();
        let user = read(&path)?.map(|document| (Source::User(path), document));
        let mut sources = policy;
        sources.push((Source::CommandLine, command_line));
        sources.extend(Document::from_environment());
        sources.extend(user);
        sources.extend(installer);
        Ok(Self::merge(&sources))
    }

    /// Merges documents, the strongest first: policy, command line, environment, user, installer.
    pub(crate) fn merge(sources: &[Sourced]) -> Self {
        let is_machine = |source: &Source| matches!(source, Source::Policy(_) | Source::Installer(_));
        let is_policy = |source: &Source| matches!(source, Source::Policy(_));
        let user_cannot = |source: &Source| !matches!(source, Source::User(_) | Source::Environment(_));
        Self {
            service_url: machine_first(sources, |document| document.service_url.clone()),
            extra_ca: machine_first(sources, |document| document.extra_ca.clone()),
            organisation_keys: required(
                machine_first(sources, |document| document.organisation_keys.clone()),
                BTreeMap::new,
            ),
            permissions: combined(sources, |_| true, |document| document.permissions, Permissions::all(), {
                Permissions::intersection
            }),
            preselect: combined(sources, is_machine, |document| document.preselect, Permissions::all(), {
                Permissions::intersection
            }),
            organisations: combined(
                sources,
                |_| true,
                |document| document.organisations.map(Into::into),
                OrganisationPolicy::Any,
                stricter,
            ),
            longest_session_minutes: combined(
                sources,
                |_| true,
                |document| document.longest_session_minutes,
                8 * 60,
                u32::min,
            ),
            number_to_call: first(sources, is_machine, |document| document.number_to_call.clone()),
            enrolment_token_file: first(sources, user_cannot, |document| {
                document.enrolment_token_file.clone()
            }),
            language: first(sources, |_| true, |document| document.language.clone()),
            proxy: {
                let by_policy = first(sources, is_policy, |document| document.proxy.clone());
                if by_policy.value.is_some() {
                    by_policy
                } else {
                    first(sources, |_| true, |d| d.proxy.clone())
                }
            },
        }
    }

    /// The part of the settings that the core decides by.
    pub(crate) fn core_config(&self, once: bool) -> session::Config {
        session::Config {
            permissions: self.permissions.value,
            preselect: self.preselect.value,
            organisations: self.organisations.value,
            longest_session: Duration::from_secs(u64::from(self.longest_session_minutes.value) * 60),
            once,
            number_to_call: self.number_to_call.value.clone(),
        }
    }

    /// For people: a setting a line, with its source.
    pub(crate) fn table(&self) -> String {
        fn text<T: ToString>(value: Option<&T>) -> String {
            value.map_or_else(|| "—".into(), T::to_string)
        }
        let path = |value: &Option<PathBuf>| text(value.as_ref().map(|path| path.display()).as_ref());
        let names = |set: Permissions| {
            let names: Vec<_> = set.iter().map(protocol_name).collect();
            if names.is_empty() { "nothing".into() } else { names.join(", ") }
        };
        let keys =
            self.organisation_keys.value.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let rows: [(&str, String, &Source); 11] = [
            ("service_url", text(self.service_url.value.as_ref()), &self.service_url.source),
            ("extra_ca", path(&self.extra_ca.value), &self.extra_ca.source),
            ("organisation_keys", keys, &self.organisation_keys.source),
            ("permissions", names(self.permissions.value), &self.permissions.source),
            ("preselect", names(self.preselect.value), &self.preselect.source),
            ("organisations", name_of(self.organisations.value).into(), &self.organisations.source),
            (
                "longest_session_minutes",
                self.longest_session_minutes.value.to_string(),
                &self.longest_session_minutes.source,
            ),
            ("number_to_call", text(self.number_to_call.value.as_ref()), &self.number_to_call.source),
            (
                "enrolment_token_file",
                path(&self.enrolment_token_file.value),
                &self.enrolment_token_file.source,
            ),
            ("language", text(self.language.value.as_ref()), &self.language.source),
            ("proxy", text(self.proxy.value.as_ref()), &self.proxy.source),
        ];
        rows.iter().map(|(name, value, source)| format!("{name:<24} {value:<40} {source}\n")).collect()
    }
}

fn read(path: &PathBuf) -> Result<Option<Document>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => match toml::from_str(&text) {
            Ok(document) => Ok(Some(document)),
            Err(source) => Err(Error::Content { path: path.clone(), source }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path: path.clone(), source }),
    }
}

/// The strongest of the sources that may speak.
fn first<T>(
    sources: &[Sourced],
    may_speak: impl Fn(&Source) -> bool,
    get: impl Fn(&Document) -> Option<T>,
) -> Setting<Option<T>> {
    let speaking = sources.iter().filter(|(source, _)| may_speak(source));
    let found = speaking.filter_map(|(source, document)| Some((source.clone(), get(document)?))).next();
    match found {
        Some((source, value)) => Setting { value: Some(value), source },
        None => Setting { value: None, source: Source::Default },
    }
}

/// Policy or installer; the user only where neither speaks.
fn machine_first<T>(sources: &[Sourced], get: impl Fn(&Document) -> Option<T>) -> Setting<Option<T>> {
    let machine = first(sources, |s| matches!(s, Source::Policy(_) | Source::Installer(_)), &get);
    if machine.value.is_some() { machine } else { first(sources, |_| true, get) }
}

fn required<T>(setting: Setting<Option<T>>, default: impl FnOnce() -> T) -> Setting<T> {
    Setting { value: setting.value.unwrap_or_else(default), source: setting.source }
}

/// What all sources that may speak agree on.
fn combined<T: Copy>(
    sources: &[Sourced],
    may_speak: impl Fn(&Source) -> bool,
    get: impl Fn(&Document) -> Option<T>,
    default: T,
    combine: impl Fn(T, T) -> T,
) -> Setting<T> {
    let speaking = sources.iter().filter(|(source, _)| may_speak(source));
    let said = speaking.filter_map(|(source, document)| Some((source.clone(), get(document)?)));
    let start = Setting { value: default, source: Source::Default };
    said.fold(start, |so_far, (source, value)| Setting {
        value: combine(so_far.value, value),
        source: if so_far.source == Source::Default { source } else { Source::Combined },
    })
}

fn stricter(a: OrganisationPolicy, b: OrganisationPolicy) -> OrganisationPolicy {
    use OrganisationPolicy::{Any, Off, Pinned};
    match (a, b) {
        (Off, _) | (_, Off) => Off,
        (Pinned, _) | (_, Pinned) => Pinned,
        (Any, Any) => Any,
    }
}

fn name_of(policy: OrganisationPolicy) -> &'static str {
    match policy {
        OrganisationPolicy::Off => "off",
        OrganisationPolicy::Pinned => "pinned",
        OrganisationPolicy::Any => "any",
    }
}

fn protocol_name(permission: protocol::Permission) -> String {
    serde_json::to_value(permission).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}

fn organisations_as_text<S: Serializer>(
    setting: &Setting<OrganisationPolicy>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Setting { value: name_of(setting.value), source: setting.source.clone() }.serialize(serializer)
}

fn keys_as_text<S: Serializer>(
    setting: &Setting<BTreeMap<OrganisationId, PublicKey>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let value: BTreeMap<_, _> = setting.value.iter().map(|(id, key)| (id, key.to_string())).collect();
    Setting { value, source: setting.source.clone() }.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Permission;

    fn policy(text: &str) -> Sourced {
        (Source::Policy("policy.toml".into()), toml::from_str(text).unwrap())
    }
    fn installer(text: &str) -> Sourced {
        (Source::Installer("settings.toml".into()), toml::from_str(text).unwrap())
    }
    fn user(text: &str) -> Sourced {
        (Source::User("user.toml".into()), toml::from_str(text).unwrap())
    }
    fn command_line(text: &str) -> Sourced {
        (Source::CommandLine, toml::from_str(text).unwrap())
    }
    fn service(settings: &Settings) -> String {
        settings.service_url.value.as_ref().unwrap().to_string()
    }

    #[test]
    fn nobody_overrides_the_service_that_the_installer_set() {
        let merged = Settings::merge(&[
            command_line("service_url = 'https://elsewhere.example'"),
            user("service_url = 'https://mine.example'"),
            installer("service_url = 'https://support.example'"),
        ]);
        assert_eq!(service(&merged), "https://support.example/");
        assert_eq!(merged.service_url.source, Source::Installer("settings.toml".into()));
        let merged = Settings::merge(&[command_line(""), user("service_url = 'https://mine.example'")]);
        assert_eq!(service(&merged), "https://mine.example/");
    }

    #[test]
    fn permissions_are_what_everybody_allows() {
        let merged = Settings::merge(&[
            policy("permissions = ['view', 'chat', 'control']"),
            user("permissions = ['view', 'files_read', 'chat']"),
        ]);
        assert_eq!(merged.permissions.value, Permissions::from([Permission::View, Permission::Chat]));
        assert_eq!(merged.permissions.source, Source::Combined);
    }

    #[test]
    fn the_user_can_be_stricter_than_policy_and_never_laxer() {
        let merged = |policy_says: &str, user_says: &str| {
            Settings::merge(&[policy(policy_says), user(user_says)]).organisations.value
        };
        assert_eq!(merged("organisations = 'pinned'", "organisations = 'any'"), OrganisationPolicy::Pinned);
        assert_eq!(merged("organisations = 'pinned'", "organisations = 'off'"), OrganisationPolicy::Off);
        assert_eq!(merged("", ""), OrganisationPolicy::Any);
    }

    #[test]
    fn the_user_chooses_the_language_unless_policy_does() {
        let mut sources = vec![user("language = 'de'"), installer("language = 'fr'")];
        assert_eq!(Settings::merge(&sources).language.value.as_deref(), Some("de"));
        sources.insert(0, policy("language = 'it'"));
        assert_eq!(Settings::merge(&sources).language.value.as_deref(), Some("it"));
    }

    #[test]
    fn a_misspelt_setting_is_a_mistake_and_not_ignored() {
        assert!(toml::from_str::<Document>("permisions = ['view']").is_err());
        assert!(toml::from_str::<Document>("permissions = ['veiw']").is_err());
    }

    #[test]
    fn everything_is_listed_with_its_source() {
        let table = Settings::merge(&[policy("longest_session_minutes = 30")]).table();
        assert_eq!(table.lines().count(), 11);
        assert!(table.contains("policy (policy.toml)"), "{table}");
    }
}
