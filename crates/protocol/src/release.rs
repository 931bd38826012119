//! What the newest version is: `update.json`, with a detached minisign signature in `update.json.minisig` beside it.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// The file's name.
pub const FILE: &str = "update.json";
/// The name of its signature's file.
pub const SIGNATURE_FILE: &str = "update.json.minisig";
/// The product that is meant: a key may sign for several.
pub const PRODUCT: &str = "ondemand-agent";
/// A manifest that says it holds for longer is none: an old one must not be useful for long to whoever replays it.
pub const LONGEST_DAYS: u16 = 90;

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`PRODUCT`].
    pub product: String,
    /// The newest version, as in 1.2.3.
    pub version: Version,
    /// When this was signed.
    pub published: Timestamp,
    /// Until when it holds; [`LONGEST_DAYS`] later at most.
    pub expires: Timestamp,
}

/// A released version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version([u32; 3]);

/// A text is not the version of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version must look like 1.2.3")]
pub struct InvalidVersion;

impl std::str::FromStr for Version {
    type Err = InvalidVersion;
    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let number = |part: &str| {
            let plain = part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| plain).ok_or(InvalidVersion)
        };
        let parts: Vec<u32> = text.split('.').map(number).collect::<Result<_, _>>()?;
        parts.try_into().map(Self).map_err(|_| InvalidVersion)
    }
}

impl TryFrom<String> for Version {
    type Error = InvalidVersion;
    fn try_from(text: String) -> Result<Self, InvalidVersion> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        let version = |text: &str| text.parse::<Version>();
        assert!(version("1.10.0").unwrap() > version("1.9.12").unwrap());
        for bad in ["1.2", "1.2.3.4", "1.2.3-beta", "1.+2.3", "", "1..3", "a.b.c"] {
            assert_eq!(version(bad), Err(InvalidVersion), "{bad}");
        }
    }
}
