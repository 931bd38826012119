//! `ondemand-agent update --check`: whether there is a newer version, as a signed manifest says.
//!
//! Reads one small file and its signature, from the service's host or where the settings say, and changes nothing on this
//! computer: installing is left to the system's package tools. Nothing of the file is looked at before its signature is
//! checked with a key that is compiled in.

use crate::{
    platform,
    settings::{ServiceUrl, Settings, Source},
    transport,
};
use minisign_verify::{PublicKey, Signature};
use protocol::{
    SignedDuration, Timestamp,
    release::{FILE, LONGEST_DAYS, Manifest, PRODUCT, SIGNATURE_FILE, Version},
};
use reqwest::{Client, StatusCode, redirect};
use serde::Serialize;
use std::time::Duration;

/// What is compiled in: the key that signs, and the next one, for when that is replaced. Minisign's public keys, as in the
/// second line of their files.
const KEYS: [Option<&str>; 2] =
    [option_env!("ONDEMAND_AGENT_UPDATE_KEY"), option_env!("ONDEMAND_AGENT_NEXT_UPDATE_KEY")];
/// A larger manifest or signature is none.
const LARGEST: usize = 16 * 1024;
/// How long both files may take together.
const LIMIT: Duration = Duration::from_secs(30);
/// Manifests may be so much younger than this computer's clock.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

/// What came of looking for a newer version.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The version that runs.
    version: &'static str,
    #[serde(flatten)]
    finding: Finding,
    /// The same for people.
    what: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Finding {
    /// There is no newer one.
    Newest,
    /// There is.
    Newer { newest: Version },
    /// It could not be found out, or what was found is not to be believed.
    Unknown,
    /// It may not be looked for.
    SwitchedOff,
}

/// Why it is not known whether there is a newer version.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("looking for newer versions is switched off by {0}")]
    SwitchedOff(Source),
    #[error("this program was built without a key for updates; ask where you have it from")]
    NoKey,
    #[error("no service is set; set `service_url` or `update_url`")]
    NoAddress,
    #[error("the way there cannot be used: {0:#}")]
    Way(anyhow::Error),
    #[error("{0} cannot be reached")]
    NotReached(String, #[source] reqwest::Error),
    #[error("{0} was not there in time")]
    TooSlow(String),
    #[error("{0} is not to be had: the answer is {1}")]
    Status(String, StatusCode),
    #[error("{0} is somewhere else now, and redirects are not followed; set `update_url`")]
    Redirected(String),
    #[error("{0} is larger than {LARGEST} bytes and is not read")]
    TooLarge(String),
    #[error(
        "the manifest is not signed with a key that this program knows: do not install what it announces"
    )]
    NotSigned,
    #[error("the manifest is signed, and cannot be understood")]
    Broken,
    #[error("the manifest is another product's")]
    OtherProduct,
    #[error("the manifest expired at {0}: whoever keeps it forgot to renew it, or holds back a newer one")]
    Expired(Timestamp),
    #[error("the manifest is from the future ({0}); is this computer's clock right?")]
    FromTheFuture(Timestamp),
    #[error("the manifest says that it holds for more than {LONGEST_DAYS} days, and is not believed")]
    TooLong,
    #[error(
        "the manifest announces {0}, which is older than what runs: nothing is to be done, and somebody should look"
    )]
    Older(Version),
}

impl Report {
    /// 0 where there is no newer version; the others are in the guide for administrators.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.finding {
            Finding::Newest => 0,
            Finding::Newer { .. } => 30,
            Finding::Unknown => 31,
            Finding::SwitchedOff => 32,
        }
    }

    /// For people.
    pub(crate) fn words(&self) -> &str {
        &self.what
    }
}

/// Looks for a newer version.
pub(crate) async fn check(settings: &Settings) -> Report {
    let keys: Vec<&str> = KEYS.into_iter().flatten().filter(|key| !key.is_empty()).collect();
    let running = env!("CARGO_PKG_VERSION").parse().unwrap_or_default();
    let found = newest(settings, &keys, running, Timestamp::now()).await;
    let (finding, what) = match found {
        Ok(newest) if newest > running => {
            let how = platform::HOW_TO_UPDATE;
            (Finding::Newer { newest }, format!("There is a newer version, {newest}. {how}"))
        }
        Ok(newest) => (Finding::Newest, format!("{newest} is the newest version.")),
        Err(refusal) => {
            let finding = match refusal {
                Refusal::SwitchedOff(_) => Finding::SwitchedOff,
                _ => Finding::Unknown,
            };
            let what = crate::resident::joining::Chain(&refusal).to_string();
            (finding, format!("It is not known whether there is a newer version: {what}."))
        }
    };
    Report { version: env!("CARGO_PKG_VERSION"), finding, what }
}

/// The newest version, at least the one that runs.
async fn newest(
    settings: &Settings,
    keys: &[&str],
    running: Version,
    now: Timestamp,
) -> Result<Version, Refusal> {
    if !settings.update_check.value {
        return Err(Refusal::SwitchedOff(settings.update_check.source.clone()));
    }
    if keys.is_empty() {
        return Err(Refusal::NoKey);
    }
    let folder = folder(settings)?;
    let transport = transport::of(&folder, settings).map_err(Refusal::Way)?;
    let http = transport::client(&transport, &folder).map_err(Refusal::Way)?;
    let http = http.redirect(redirect::Policy::none()).build().map_err(|error| Refusal::Way(error.into()))?;
    let fetched = async {
        let manifest = fetch(&http, &folder, FILE).await?;
        Ok::<_, Refusal>((manifest, fetch(&http, &folder, SIGNATURE_FILE).await?))
    };
    let (manifest, signature) =
        tokio::time::timeout(LIMIT, fetched).await.map_err(|_| Refusal::TooSlow(folder.to_string()))??;
    believe(&manifest, &signature, keys, running, now)
}

fn folder(settings: &Settings) -> Result<ServiceUrl, Refusal> {
    // Set to something that cannot be used, it is not replaced by a guess.
    if settings.update_url.source != Source::Default {
        return settings.update_url.value.clone().ok_or(Refusal::NoAddress);
    }
    let service = settings.service_url.value.as_ref().ok_or(Refusal::NoAddress)?;
    let folder = service.join("downloads/").map_err(|_| Refusal::NoAddress)?;
    folder.as_str().parse().map_err(|_| Refusal::NoAddress)
}

async fn fetch(http: &Client, folder: &ServiceUrl, name: &str) -> Result<Vec<u8>, Refusal> {
    let url = folder.join(name).map_err(|_| Refusal::NoAddress)?;
    let shown = url.to_string();
    let not_reached = |error| Refusal::NotReached(shown.clone(), error);
    let mut answer = http.get(url).send().await.map_err(not_reached)?;
    if answer.status().is_redirection() {
        return Err(Refusal::Redirected(shown));
    }
    if answer.status() != StatusCode::OK {
        return Err(Refusal::Status(shown, answer.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(not_reached)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            return Err(Refusal::TooLarge(shown));
        }
    }
    Ok(bytes)
}

/// What a manifest says, if it is to be believed.
fn believe(
    manifest: &[u8],
    signature: &[u8],
    keys: &[&str],
    running: Version,
    now: Timestamp,
) -> Result<Version, Refusal> {
    let signature = std::str::from_utf8(signature).ok().and_then(|text| Signature::decode(text).ok());
    let signature = signature.ok_or(Refusal::NotSigned)?;
    let signed_with = |key: &&str| {
        PublicKey::from_base64(key.trim()).is_ok_and(|key| key.verify(manifest, &signature, false).is_ok())
    };
    if !keys.iter().any(signed_with) {
        return Err(Refusal::NotSigned);
    }
    let manifest: Manifest = serde_json::from_slice(manifest).map_err(|_| Refusal::Broken)?;
    let Manifest { product, version, published, expires } = manifest;
    if product != PRODUCT {
        return Err(Refusal::OtherProduct);
    }
    if expires <= now {
        return Err(Refusal::Expired(expires));
    }
    if published.duration_since(now) > CLOCK_TOLERANCE {
        return Err(Refusal::FromTheFuture(published));
    }
    if expires.duration_since(published).as_hours() > i64::from(LONGEST_DAYS) * 24 {
        return Err(Refusal::TooLong);
    }
    if version < running {
        return Err(Refusal::Older(version));
    }
    Ok(version)
}

#[cfg(test)]
mod tests;
