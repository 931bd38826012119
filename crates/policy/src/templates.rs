//! What administrators set the settings with, made from the schema: for Windows, macOS and Linux, and for people.

mod group_policy;
mod guide;
mod json_schema;
mod profile;
mod words;

pub use guide::settings_table;

/// Where machine policy stands in the Windows registry, under `HKEY_LOCAL_MACHINE`.
pub const REGISTRY_POLICY: &str = r"Software\Policies\ondemand-agent";
/// Where the installer writes in the Windows registry, under `HKEY_LOCAL_MACHINE`.
pub const REGISTRY_INSTALLER: &str = r"Software\ondemand-agent";
/// The domain of managed preferences on macOS.
pub const PREFERENCES: &str = "org.ondemand-agent";

/// A file in the tree that is made from the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// From the top of the tree.
    pub path: &'static str,
    /// What it holds.
    pub text: String,
}

/// Every file that is made wholly from the schema.
pub fn all() -> Vec<Template> {
    let template = |path, text| Template { path, text };
    vec![
        template("installer/policy/ondemand-agent.admx", group_policy::definitions()),
        template("installer/policy/en-US/ondemand-agent.adml", group_policy::words(&words::ENGLISH)),
        template("installer/policy/de-DE/ondemand-agent.adml", group_policy::words(&words::GERMAN)),
        template("installer/policy/ondemand-agent.mobileconfig", profile::sample()),
        template("installer/policy/settings.schema.json", json_schema::schema()),
        template("installer/policy/policy.toml", json_schema::sample()),
    ]
}

/// `guide` with the table of settings as the schema has it; nothing where it has no place for one.
pub fn with_settings_table(guide: &str) -> Option<String> {
    let (before, rest) = guide.split_once(guide::TABLE_HEAD)?;
    let after = rest.find("\n\n").map_or("", |end| &rest[end + 1..]);
    Some(format!("{before}{}{}{after}", guide::TABLE_HEAD, settings_table()))
}

/// Text as it stands in XML, between tags or in an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    #[test]
    fn what_is_committed_is_what_the_schema_says() {
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for Template { path, text } in all() {
            let committed = fs::read_to_string(tree.join(path)).unwrap_or_default();
            assert!(committed == text, "{path} is not what the schema says: run `cargo xtask policy`");
        }
        let guide = fs::read_to_string(tree.join("docs/deployment.md")).unwrap();
        let table = with_settings_table(&guide).expect("a place for the table");
        assert!(guide == table, "docs/deployment.md is not what the schema says: run `cargo xtask policy`");
    }
}
