//! What settings hold, read from documents and written for people and programs.

use super::{ServiceUrl, schema::Takes};
use crypto::PublicKey;
use protocol::{Member as _, OrganisationId, Permission, Permissions, text::one_line};
use reqwest::Url;
use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, path::PathBuf};
use toml::Value;

/// Something a setting can hold. What is wrong with a value is said in `complaints`; without a result there is nothing of
/// use in it.
pub(super) trait Read: Clone + PartialEq + Serialize {
    fn read(value: &Value, takes: Takes, complaints: &mut Vec<String>) -> Option<Self>;
}

fn text<'a>(value: &'a Value, complaints: &mut Vec<String>) -> Option<&'a str> {
    let text = value.as_str();
    if text.is_none() {
        complaints.push("it must be a text in quotes".into());
    }
    text
}

/// What a value's own reader says.
fn parsed<T, E: ToString>(result: Result<T, E>, complaints: &mut Vec<String>) -> Option<T> {
    result.map_err(|error| complaints.push(error.to_string())).ok()
}

impl Read for ServiceUrl {
    fn read(value: &Value, _: Takes, complaints: &mut Vec<String>) -> Option<Self> {
        parsed(text(value, complaints)?.parse(), complaints)
    }
}

impl Read for PathBuf {
    fn read(value: &Value, _: Takes, complaints: &mut Vec<String>) -> Option<Self> {
        let path = Self::from(text(value, complaints)?);
        if !path.is_absolute() {
            complaints.push("it must be a whole path, from the root on".into());
            return None;
        }
        Some(path)
    }
}

impl Read for String {
    fn read(value: &Value, takes: Takes, complaints: &mut Vec<String>) -> Option<Self> {
        let text = text(value, complaints)?;
        match takes {
            Takes::Text(chars) => {
                let line = one_line(text, chars, "");
                if line != text {
                    complaints.push(format!("it must be one line of {chars} characters at most"));
                }
                Some(line).filter(|line| !line.is_empty())
            }
            _ if is_language(text) => Some(text.to_owned()),
            _ => {
                complaints.push("a language is written like de or pt-BR".into());
                None
            }
        }
    }
}

fn is_language(tag: &str) -> bool {
    (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What a version does not know cannot be granted by it either, so the known names of a list count.
impl Read for Permissions {
    fn read(value: &Value, _: Takes, complaints: &mut Vec<String>) -> Option<Self> {
        let Some(names) = value.as_array() else {
            complaints.push("it must be a list of permissions".into());
            return None;
        };
        let find = |name: &Value| {
            let found = Permission::ALL.iter().copied().find(|known| name.as_str() == Some(known.name()));
            if found.is_none() {
                complaints
                    .push(format!("there is no permission {:?}", name.as_str().unwrap_or("without quotes")));
            }
            found
        };
        Some(names.iter().filter_map(find).collect())
    }
}

impl Read for u32 {
    fn read(value: &Value, takes: Takes, complaints: &mut Vec<String>) -> Option<Self> {
        let Takes::Number(least, most) = takes else { return None };
        let Some(number) = value.as_integer() else {
            complaints.push("it must be a whole number".into());
            return None;
        };
        let within = number.clamp(least.into(), most.into());
        if within != number {
            complaints.push(format!("it must be {least} to {most}, and counts as {within}"));
        }
        Self::try_from(within).ok()
    }
}

impl Read for bool {
    fn read(value: &Value, _: Takes, complaints: &mut Vec<String>) -> Option<Self> {
        let read = value.as_bool();
        if read.is_none() {
            complaints.push("it must be true or false, without quotes".into());
        }
        read
    }
}

/// The keys of pinned organisations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys(pub(crate) BTreeMap<OrganisationId, PublicKey>);

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(id, key)| (id, key.to_string())))
    }
}

impl Read for Keys {
    fn read(value: &Value, _: Takes, complaints: &mut Vec<String>) -> Option<Self> {
        let Some(table) = value.as_table() else {
            complaints.push("it must be a table of organisation ids and keys".into());
            return None;
        };
        let read = |(id, key): (&String, &Value)| {
            let id = parsed(id.parse::<OrganisationId>(), complaints)?;
            Some((id, parsed(text(key, complaints)?.parse(), complaints)?))
        };
        Some(Self(table.iter().filter_map(read).collect()))
    }
}

/// Which organisations may be joined by a session code, the strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Organisations {
    /// None.
    Off,
    /// Those whose keys are set.
    Pinned,
    /// All.
    Any,
}

impl Read for Organisations {
    fn read(value: &Value, _: Takes, complaints: &mut Vec<String>) -> Option<Self> {
        match value.as_str() {
            Some("off") => Some(Self::Off),
            Some("pinned") => Some(Self::Pinned),
            Some("any") => Some(Self::Any),
            _ => {
                complaints.push("it must be off, pinned or any".into());
                None
            }
        }
    }
}

/// A proxy's address. Written out without its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProxyUrl(Url);

impl ProxyUrl {
    /// Nothing where `text` is no proxy's address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let url: Url = text.parse().ok()?;
        (["http", "https"].contains(&url.scheme()) && url.has_host()).then_some(Self(url))
    }

    /// As it was set, with its password.
    pub(crate) fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl std::fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut url = self.0.clone();
        if url.password().is_some() {
            // Cannot fail: an address that has a password can have another.
            let _ = url.set_password(Some("***"));
        }
        url.fmt(f)
    }
}

impl std::fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Serialize for ProxyUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Read for ProxyUrl {
    fn read(value: &Value, _: Takes, complaints: &mut Vec<String>) -> Option<Self> {
        let url = Self::parse(text(value, complaints)?);
        if url.is_none() {
            complaints.push("a proxy's address must look like http://proxy.example:3128".into());
        }
        url
    }
}
