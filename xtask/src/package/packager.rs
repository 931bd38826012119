//! Who answers for the packages, as the environment says: the project itself has neither address nor domain.
//!
//! | variable | what it says | without it |
//! | --- | --- | --- |
//! | `ONDEMAND_MAINTAINER` | who answers for the packages, as in `Example Support <packages@support.example>` | an address that cannot exist |
//! | `ONDEMAND_APPSTREAM_ID` | the agent's name in software centres: a domain of the packager's turned round, as in `example.support.ondemand_agent` | a name that belongs to no domain |

use anyhow::{Result, ensure};

const MAINTAINER: &str = "The ondemand-agent authors <packages@ondemand-agent.invalid>";
const APPSTREAM_ID: &str = "ondemand-agent.desktop";

/// What packages say of who made them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packager {
    /// Name and address.
    pub(crate) maintainer: String,
    /// The agent's name in software centres.
    pub(crate) appstream_id: String,
}

impl Packager {
    pub(crate) fn from_environment() -> Result<Self> {
        let variable = |name| std::env::var(name).ok();
        Self::new(variable("ONDEMAND_MAINTAINER"), variable("ONDEMAND_APPSTREAM_ID"))
    }

    pub(crate) fn new(maintainer: Option<String>, appstream_id: Option<String>) -> Result<Self> {
        let maintainer = maintainer.unwrap_or_else(|| MAINTAINER.to_owned());
        let is_plain = |text: &str| !text.trim().is_empty() && !text.contains(['<', '>', '\n', '\r', '@']);
        let is_address = |text: &str| {
            text.split_once('@')
                .is_some_and(|(user, host)| is_plain(user) && is_plain(host) && host.contains('.'))
        };
        let parts =
            maintainer.split_once(" <").and_then(|(name, rest)| Some((name, rest.strip_suffix('>')?)));
        ensure!(
            parts.is_some_and(|(name, address)| is_plain(name) && is_address(address)),
            "ONDEMAND_MAINTAINER is not like `Example Support <packages@support.example>`: {maintainer}"
        );
        if let Some(id) = &appstream_id {
            let is_part = |part: &str| {
                part.starts_with(|first: char| first.is_ascii_alphabetic())
                    && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            };
            ensure!(
                id.split('.').count() >= 3 && id.split('.').all(is_part),
                "ONDEMAND_APPSTREAM_ID is not like `example.support.ondemand_agent`: {id}"
            );
        }
        Ok(Self { maintainer, appstream_id: appstream_id.unwrap_or_else(|| APPSTREAM_ID.to_owned()) })
    }

    /// Without the address.
    pub(crate) fn name(&self) -> &str {
        self.maintainer.split_once(" <").map_or(&self.maintainer, |(name, _)| name)
    }

    /// The file that tells software centres of the agent.
    pub(crate) fn metainfo(&self) -> String {
        format!("{}.metainfo.xml", self.appstream_id.trim_end_matches(".desktop"))
    }

    /// Says what nobody set.
    pub(crate) fn say_what_is_missing(&self) {
        if self.maintainer == MAINTAINER {
            eprintln!("the packages name nobody who can be written to: ONDEMAND_MAINTAINER is not set");
        }
        if self.appstream_id == APPSTREAM_ID {
            eprintln!("software centres may leave the agent out: ONDEMAND_APPSTREAM_ID is not set");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packager(maintainer: &str, id: Option<&str>) -> Result<Packager> {
        Packager::new(Some(maintainer.to_owned()), id.map(str::to_owned))
    }

    #[test]
    fn packages_name_who_made_them_and_else_an_address_that_cannot_be_anybodys() {
        let nobody = Packager::new(None, None).expect("the default");
        assert!(nobody.maintainer.ends_with(".invalid>"));
        assert_eq!(nobody.metainfo(), "ondemand-agent.metainfo.xml");
        let made =
            packager("Example Support <packages@support.example>", Some("example.support.ondemand_agent"));
        let made = made.expect("both are in order");
        assert_eq!(made.name(), "Example Support");
        assert_eq!(made.metainfo(), "example.support.ondemand_agent.metainfo.xml");
    }

    #[test]
    fn what_would_break_a_packages_own_description_is_refused() {
        for maintainer in
            ["", "Example Support", "<a@support.example>", "Example <support.example>", "A <a@b.c>\nX: y"]
        {
            assert!(packager(maintainer, None).is_err(), "{maintainer}");
        }
        for id in
            ["ondemand", "support.agent", "example.support.on demand", "example..agent", "example.support.2"]
        {
            assert!(packager("A <a@support.example>", Some(id)).is_err(), "{id}");
        }
    }
}
