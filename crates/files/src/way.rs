//! The way from the folder to a file in it: names, each of them checked, none of which can lead anywhere but down.

use crate::{MAX_ADDRESS, MAX_DEPTH, platform, refusal::Refusal};
use dav_server::davpath::DavPath;
use percent_encoding::percent_decode_str;
use std::fmt;

/// The longest name of one file, in bytes; no file system that matters allows more.
const MAX_NAME: usize = 255;

/// The names from the folder down. Empty, it is the folder itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Way(Vec<String>);

impl Way {
    /// Reads the path of an address below `prefix`, percent-encoded as it came. It is decoded once, so that what was encoded
    /// twice is a strange name and no way out.
    pub(crate) fn of_address(path: &str, prefix: &str) -> Result<Self, Refusal> {
        if path.len() > MAX_ADDRESS {
            return Err(Refusal::TooLong);
        }
        let below = path.strip_prefix(prefix.trim_end_matches('/')).ok_or(Refusal::Elsewhere)?;
        if !below.is_empty() && !below.starts_with('/') {
            return Err(Refusal::Elsewhere);
        }
        Self::of_segments(below.split('/').map(|segment| percent_decode_str(segment).collect()))
    }

    /// Reads what `dav-server` made of an address.
    pub(crate) fn of_dav(path: &DavPath) -> Result<Self, Refusal> {
        Self::of_segments(path.as_bytes().split(|byte| *byte == b'/').map(<[u8]>::to_vec))
    }

    fn of_segments(segments: impl Iterator<Item = Vec<u8>>) -> Result<Self, Refusal> {
        let mut names = Vec::new();
        for segment in segments.filter(|segment| !segment.is_empty()) {
            let name = String::from_utf8(segment).map_err(|_| Refusal::BadName)?;
            check(&name)?;
            names.push(name);
        }
        if names.len() > MAX_DEPTH {
            return Err(Refusal::TooLong);
        }
        Ok(Self(names))
    }

    /// The names.
    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    /// The way to what it lies in, and its name there; nothing for the folder itself.
    pub(crate) fn split(&self) -> Option<(&[String], &str)> {
        self.0.split_last().map(|(name, parent)| (parent, name.as_str()))
    }

    /// The way to what has this name there.
    pub(crate) fn below(&self, name: &str) -> Result<Self, Refusal> {
        check(name)?;
        Ok(Self(self.0.iter().cloned().chain([name.to_owned()]).collect()))
    }

    /// Whether this is `other` or leads there.
    pub(crate) fn leads_to(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The same for a system that takes `a` and `A` for the same name.
    pub(crate) fn folded(&self) -> Vec<String> {
        fold(&self.0)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("/"))
    }
}

/// Names for comparing them where `a` and `A` may be the same.
pub(crate) fn fold(names: &[String]) -> Vec<String> {
    names.iter().map(|name| name.to_lowercase()).collect()
}

/// Whether a file with this name is a hidden one wherever it lies. Some file systems take no notice of letters that cannot be
/// seen, so these do not make another name of it.
pub(crate) fn is_hidden(name: &str) -> bool {
    let unseen = |letter: char| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    name.trim_start_matches(unseen).starts_with('.')
}

/// Whether this is one name, of a file that this system can have. What looks like several names to any system is none here.
pub(crate) fn check(name: &str) -> Result<(), Refusal> {
    if name.len() > MAX_NAME {
        return Err(Refusal::TooLong);
    }
    let strange = name.chars().any(|letter| matches!(letter, '/' | '\\') || letter.is_control());
    if name.is_empty() || name == "." || name == ".." || strange || !platform::is_name(name) {
        return Err(Refusal::BadName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_leads_out_of_the_folder() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let address = String::from_utf8_lossy(bytes);
            for prefix in ["", "/files/"] {
                let Ok(way) = Way::of_address(&format!("{prefix}{address}"), prefix) else { continue };
                for name in way.names() {
                    assert!(!name.is_empty() && name != "." && name != "..", "{address:?}");
                    assert!(!name.contains(['/', '\\', '\0']), "{address:?}");
                }
            }
        });
    }
    use proptest::prelude::*;
    use std::path::{Component, Path};

    fn way(address: &str) -> Result<String, Refusal> {
        Way::of_address(address, "").map(|way| way.to_string())
    }

    #[test]
    fn an_address_is_decoded_once() {
        assert_eq!(way("/a%20b//c/").unwrap(), "a b/c");
        assert_eq!(way("/%252e%252e/x").unwrap(), "%2e%2e/x");
        assert_eq!(way("/").unwrap(), "");
    }

    #[test]
    fn nothing_leads_up_or_elsewhere() {
        for address in
            ["/..", "/a/../b", "/%2e%2e/x", "/a/%2E./b", "/.", "/a%2fb", "/a%5Cb", "/a%00", "/a%0a"]
        {
            assert!(matches!(way(address), Err(Refusal::BadName)), "{address}");
        }
        assert!(matches!(way("/%ff"), Err(Refusal::BadName)), "not UTF-8");
    }

    #[test]
    fn long_names_long_addresses_and_deep_folders_are_refused() {
        let too_long = [format!("/{}", "a".repeat(256)), format!("/{}", "a/".repeat(5000)), "/a".repeat(65)];
        for address in too_long {
            assert!(matches!(way(&address), Err(Refusal::TooLong)));
        }
        assert!(way(&format!("/{}", "a".repeat(255))).is_ok());
    }

    #[test]
    fn letters_that_cannot_be_seen_hide_no_dot() {
        assert!(is_hidden(".a") && is_hidden("\u{200c}.a") && is_hidden("\u{feff}\u{202e}.a"));
        assert!(!is_hidden("a.b") && !is_hidden("\u{200c}a"));
    }

    #[test]
    fn only_what_lies_below_the_prefix_is_meant() {
        let under = |address| Way::of_address(address, "/session/files/").map(|way| way.to_string());
        assert_eq!(under("/session/files/a").unwrap(), "a");
        assert_eq!(under("/session/files").unwrap(), "");
        for address in ["/session/filesystem", "/a", "/session/files/../x"] {
            assert!(under(address).is_err(), "{address}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_asked_for_every_name_is_an_ordinary_one(address in "(/|%2[ef]|%5c|\\.|[a-z]|%[0-9a-f]{2}){0,40}") {
            if let Ok(way) = Way::of_address(&address, "") {
                for name in way.names() {
                    let components: Vec<_> = Path::new(name).components().collect();
                    prop_assert!(matches!(components[..], [Component::Normal(only)] if only == name.as_str()));
                }
            }
        }
    }
}
