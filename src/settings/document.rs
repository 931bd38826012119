//! One source's settings, as they stand in a file.

use super::{ServiceUrl, Source, Sourced};
use crypto::PublicKey;
use protocol::{OrganisationId, Permission, Permissions};
use serde::{Deserialize, Deserializer, de::Error as _};
use session::OrganisationPolicy;
use std::{collections::BTreeMap, path::PathBuf};

/// What one source says; all of it may be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Document {
    pub(crate) service_url: Option<ServiceUrl>,
    pub(crate) extra_ca: Option<PathBuf>,
    #[serde(deserialize_with = "keys")]
    pub(crate) organisation_keys: Option<BTreeMap<OrganisationId, PublicKey>>,
    #[serde(deserialize_with = "permissions")]
    pub(crate) permissions: Option<Permissions>,
    #[serde(deserialize_with = "permissions")]
    pub(crate) preselect: Option<Permissions>,
    pub(crate) organisations: Option<Organisations>,
    pub(crate) longest_session_minutes: Option<u32>,
    pub(crate) number_to_call: Option<String>,
    pub(crate) enrolment_token_file: Option<PathBuf>,
    #[serde(deserialize_with = "language")]
    pub(crate) language: Option<String>,
    pub(crate) proxy: Option<String>,
}

/// [`OrganisationPolicy`] as it is written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Organisations {
    Off,
    Pinned,
    Any,
}

impl From<Organisations> for OrganisationPolicy {
    fn from(written: Organisations) -> Self {
        match written {
            Organisations::Off => Self::Off,
            Organisations::Pinned => Self::Pinned,
            Organisations::Any => Self::Any,
        }
    }
}

impl Document {
    /// What environment variables set.
    pub(crate) fn from_environment() -> Option<Sourced> {
        const LANGUAGE: &str = "ONDEMAND_AGENT_LANGUAGE";
        let language = std::env::var(LANGUAGE).ok().filter(|tag| is_language(tag))?;
        Some((Source::Environment(LANGUAGE), Self { language: Some(language), ..Self::default() }))
    }
}

/// A name that policy writes and this version does not know would silently forbid something else than meant.
fn permissions<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Permissions>, D::Error> {
    Ok(Some(Vec::<Permission>::deserialize(from)?.into_iter().collect()))
}

fn keys<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BTreeMap<OrganisationId, PublicKey>>, D::Error> {
    let written = BTreeMap::<OrganisationId, String>::deserialize(from)?;
    let read = written.into_iter().map(|(id, key)| Ok((id, key.parse().map_err(D::Error::custom)?)));
    read.collect::<Result<_, _>>().map(Some)
}

fn language<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let tag = String::deserialize(from)?;
    if is_language(&tag) {
        Ok(Some(tag))
    } else {
        Err(D::Error::custom("a language is written like de or pt-BR"))
    }
}

fn is_language(tag: &str) -> bool {
    (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
