//! One source's settings, as they stand in a file.

use super::{Source, schema};
use crate::platform::{Content, MachineSettings};
use std::{fs, io, path::Path};
use toml::{Table, Value};

/// A larger settings file is none.
const LARGEST: u64 = 1024 * 1024;

/// What one source says.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// Which source.
    pub(super) source: Source,
    /// By name.
    pub(super) values: Table,
    /// Why the whole of it cannot be understood.
    pub(super) mistake: Option<String>,
}

impl Document {
    /// What administrators set; nothing where nothing is. A policy that was listed and is gone is one that cannot be read.
    pub(super) fn of_machine(MachineSettings { place, is_policy, content }: MachineSettings) -> Option<Self> {
        let source = match is_policy {
            true => Source::Policy(place.clone()),
            false => Source::Installer(place.clone()),
        };
        match content {
            Content::File => Self::read(&place, source.clone()).or_else(|| {
                is_policy.then(|| Self::unreadable(source, &io::Error::from(io::ErrorKind::NotFound)))
            }),
            Content::Values(values) => Some(Self::of_values(source, values)),
            Content::Unreadable(error) => Some(Self::unreadable(source, &error)),
            Content::Foreign(why) => Some(Self {
                mistake: Some(format!(
                    "others than administrators could have written it ({why}); make it root's alone to write, \
                     and look whether it says what you mean"
                )),
                values: Table::new(),
                source,
            }),
        }
    }

    fn unreadable(source: Source, error: &io::Error) -> Self {
        Self { source, values: Table::new(), mistake: Some(format!("it cannot be read: {error}")) }
    }

    /// Reads a file; nothing where there is none.
    pub(super) fn read(path: &Path, source: Source) -> Option<Self> {
        match read_ordinary(path) {
            Ok(text) => Some(Self::parse(source, &text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => Some(Self::unreadable(source, &error)),
        }
    }

    pub(super) fn parse(source: Source, text: &str) -> Self {
        match text.parse::<Table>() {
            Ok(values) => Self::of_values(source, values),
            Err(error) => {
                let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
                let mistake = Some(format!("line {line}: {}", error.message()));
                Self { source, values: Table::new(), mistake }
            }
        }
    }

    /// These values, wherever they stood.
    pub(super) fn of_values(source: Source, values: Table) -> Self {
        let known = |name: &str| schema::ALL.iter().any(|definition| definition.name == name);
        let unknown: Vec<&str> = values.keys().map(String::as_str).filter(|name| !known(name)).collect();
        let mistake = (!unknown.is_empty()).then(|| format!("there is no setting {}", unknown.join(", ")));
        Self { source, values, mistake }
    }

    /// A single setting.
    pub(super) fn single(source: Source, name: &str, value: String) -> Self {
        Self::of_values(source, Table::from_iter([(name.to_owned(), Value::String(value))]))
    }

    /// What environment variables set.
    pub(super) fn from_environment() -> Option<Self> {
        const LANGUAGE: &str = "ONDEMAND_AGENT_LANGUAGE";
        let language = std::env::var(LANGUAGE).ok().filter(|tag| !tag.is_empty())?;
        Some(Self::single(Source::Environment(LANGUAGE), schema::LANGUAGE.name, language))
    }

    /// Whether something in it may have been meant to forbid what nobody else forbids. A misspelt name in a user's own file
    /// is said and has no other consequence.
    pub(super) fn may_forbid(&self) -> bool {
        self.mistake.is_some() && (self.source.is_machine() || self.values.is_empty())
    }
}

/// A settings file is an ordinary file of a sane size: a pipe would be waited for, for ever.
fn read_ordinary(path: &Path) -> io::Result<String> {
    let found = fs::metadata(path)?;
    if !found.is_file() || found.len() > LARGEST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no ordinary file, or larger than 1 MiB",
        ));
    }
    fs::read_to_string(path)
}
