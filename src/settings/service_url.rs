//! The service's address.

use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Where the service is: `https://`, or `http://` on this computer alone; ends with a slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ServiceUrl(Url);

/// Why a text is not a service's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidServiceUrl {
    /// It is no web address.
    #[error("the service's address must look like https://support.example")]
    NotAnAddress,
    /// It would send tokens and pictures in the clear.
    #[error("the service's address must start with https:// (http:// is for this computer alone)")]
    NotEncrypted,
    /// It carries something that an address of a service has no use for.
    #[error("the service's address must not contain a user name, a password, a query or a fragment")]
    Extra,
}

impl ServiceUrl {
    /// The address of a path, which is relative to the service's.
    pub(crate) fn join(&self, path: &str) -> Result<Url, InvalidServiceUrl> {
        self.0.join(path).map_err(|_| InvalidServiceUrl::NotAnAddress)
    }

    /// The name or address of its host.
    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// The port at which it listens.
    pub(crate) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// Whether what is said to it is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether the service runs on this computer.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

impl FromStr for ServiceUrl {
    type Err = InvalidServiceUrl;
    fn from_str(text: &str) -> Result<Self, InvalidServiceUrl> {
        let mut url: Url = text.trim().parse().map_err(|_| InvalidServiceUrl::NotAnAddress)?;
        if url.host_str().is_none() {
            return Err(InvalidServiceUrl::NotAnAddress);
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(InvalidServiceUrl::Extra);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(InvalidServiceUrl::NotEncrypted),
            _ => return Err(InvalidServiceUrl::NotAnAddress),
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self(url))
    }
}

/// Addresses only: what `localhost` means is for a name server to say.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl TryFrom<String> for ServiceUrl {
    type Error = InvalidServiceUrl;
    fn try_from(text: String) -> Result<Self, InvalidServiceUrl> {
        text.parse()
    }
}

impl From<ServiceUrl> for String {
    fn from(url: ServiceUrl) -> String {
        url.0.into()
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_computer_is_reached_without_encryption() {
        for good in ["https://support.example", "http://127.0.0.1:8470", "http://[::1]:8470/base"] {
            assert!(good.parse::<ServiceUrl>().is_ok(), "{good}");
        }
        for (bad, why) in [
            ("http://support.example", InvalidServiceUrl::NotEncrypted),
            ("http://localhost:8470", InvalidServiceUrl::NotEncrypted),
            ("http://127.0.0.1.support.example", InvalidServiceUrl::NotEncrypted),
            ("file:///etc/passwd", InvalidServiceUrl::NotAnAddress),
            ("support.example", InvalidServiceUrl::NotAnAddress),
            ("https://user:word@support.example", InvalidServiceUrl::Extra),
            ("https://support.example/?a=b", InvalidServiceUrl::Extra),
        ] {
            assert_eq!(bad.parse::<ServiceUrl>(), Err(why), "{bad}");
        }
    }

    #[test]
    fn paths_are_joined_below_the_services_own() {
        let url: ServiceUrl = "https://support.example/base".parse().unwrap();
        assert_eq!(url.join("agent/v1/join").unwrap().as_str(), "https://support.example/base/agent/v1/join");
    }
}
