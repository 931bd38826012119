//! What a key of the Windows registry means as settings, as the administrative templates and the installer write it.
//!
//! Switches are numbers, lists of permissions a key with a number a permission (1: in the list) or a `REG_MULTI_SZ`, tables a
//! key with a text an entry. What is written otherwise is passed on as what it is, for the settings to complain of.

use super::schema::{self, Takes};
use std::collections::BTreeMap;
use toml::Table;

/// A key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) keys: BTreeMap<String, Key>,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// `REG_DWORD`
    Number(u32),
    /// `REG_SZ`
    Text(String),
    /// `REG_MULTI_SZ`
    List(Vec<String>),
    /// Something that is no setting.
    Other,
}

/// The settings that a key holds.
pub(crate) fn table(key: Key) -> Table {
    let values = key.values.into_iter().map(|(name, value)| {
        let name = known(name);
        let value = in_toml(&name, value);
        (name, value)
    });
    let keys = key.keys.into_iter().map(|(name, key)| {
        let name = known(name);
        let value = match takes(&name) {
            Some(Takes::Permissions) => {
                toml::Value::Array(key.values.into_iter().filter_map(listed).collect())
            }
            _ => {
                let entries = key.values.into_iter().map(|(name, value)| (name, plain(value)));
                toml::Value::Table(entries.collect())
            }
        };
        (name, value)
    });
    // Of a value and a key of the same name the key counts: it is what the templates write.
    values.chain(keys).filter(|(name, _)| !name.is_empty()).collect()
}

/// What the installer keeps for itself, in a key below the settings.
pub(crate) const SETUP: &str = "Setup";

/// The settings that the installer wrote: it has one line for the keys of organisations, `ID=KEY` with a semicolon between
/// two, and its own notes are no setting.
pub(crate) fn installed(mut key: Key) -> Table {
    let keys = schema::ORGANISATION_KEYS.name;
    key.keys.remove(SETUP);
    if let Some(Value::Text(line)) = key.values.remove(keys) {
        let entries = line.split(';').map(|entry| {
            let (id, public_key) = entry.split_once('=').unwrap_or((entry, ""));
            (id.trim().to_owned(), Value::Text(public_key.trim().to_owned()))
        });
        key.keys.entry(keys.into()).or_default().values.extend(entries);
    }
    table(key)
}

/// The registry does not tell upper from lower case.
fn known(name: String) -> String {
    let known = schema::ALL.into_iter().find(|setting| setting.name.eq_ignore_ascii_case(&name));
    known.map_or(name, |setting| setting.name.to_owned())
}

fn takes(name: &str) -> Option<Takes> {
    schema::ALL.into_iter().find(|setting| setting.name == name).map(|setting| setting.takes)
}

fn in_toml(name: &str, value: Value) -> toml::Value {
    match (takes(name), value) {
        (Some(Takes::Switch), Value::Number(number @ (0 | 1))) => toml::Value::Boolean(number == 1),
        (_, value) => plain(value),
    }
}

fn plain(value: Value) -> toml::Value {
    match value {
        Value::Number(number) => toml::Value::Integer(number.into()),
        Value::Text(text) => toml::Value::String(text),
        Value::List(list) => toml::Value::Array(list.into_iter().map(toml::Value::String).collect()),
        Value::Other => toml::Value::Table(Table::new()),
    }
}

/// A permission of a list, or nothing where it is left out of it; something that is no permission where it is neither.
fn listed((name, value): (String, Value)) -> Option<toml::Value> {
    match value {
        Value::Number(0) => None,
        Value::Number(1) => Some(toml::Value::String(name)),
        Value::Number(_) | Value::Text(_) | Value::List(_) | Value::Other => Some(plain(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key<const N: usize>(values: [(&str, Value); N]) -> Key {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Key { values, keys: BTreeMap::new() }
    }

    #[test]
    fn what_the_templates_write_is_what_a_file_would_say() {
        let mut policy = key([
            ("organisations", Value::Text("pinned".into())),
            ("Longest_Session_Minutes", Value::Number(30)),
            ("quit", Value::Number(0)),
        ]);
        let listed = [("view", Value::Number(1)), ("control", Value::Number(0)), ("chat", Value::Number(1))];
        policy.keys.insert("permissions".into(), key(listed));
        policy.keys.insert("organisation_keys".into(), key([("org1", Value::Text("key".into()))]));
        let file = "organisations = 'pinned'\nlongest_session_minutes = 30\nquit = false\n\
                    permissions = ['chat', 'view']\n[organisation_keys]\norg1 = 'key'";
        assert_eq!(table(policy), file.parse::<Table>().unwrap());
    }

    #[test]
    fn what_the_installer_wrote_in_a_line_is_a_table() {
        let mut set_up = key([
            ("service_url", Value::Text("https://support.example".into())),
            ("organisation_keys", Value::Text("org1=key1; org2=key2".into())),
        ]);
        set_up.keys.insert(SETUP.into(), key([("version", Value::Text("0.1.0".into()))]));
        let file =
            "service_url = 'https://support.example'\n[organisation_keys]\norg1 = 'key1'\norg2 = 'key2'";
        assert_eq!(installed(set_up), file.parse::<Table>().unwrap());
    }

    #[test]
    fn a_list_can_also_be_a_text_of_several_lines() {
        let policy = key([("permissions", Value::List(vec!["view".into(), "chat".into()]))]);
        assert_eq!(table(policy), "permissions = ['view', 'chat']".parse::<Table>().unwrap());
    }

    #[test]
    fn a_list_with_nothing_in_it_lets_nothing_be_granted() {
        let mut policy = Key::default();
        policy.keys.insert("permissions".into(), Key::default());
        assert_eq!(table(policy), "permissions = []".parse::<Table>().unwrap());
    }

    #[test]
    fn what_is_of_the_wrong_kind_stays_wrong() {
        let mut policy = key([("quit", Value::Number(7)), ("organisations", Value::Other)]);
        policy.keys.insert("permissions".into(), key([("view", Value::Text("1".into()))]));
        let source = super::super::Source::Policy("policy".into());
        let document = super::super::document::Document::of_values(source, table(policy));
        let merged = super::super::Settings::merge(&[document], false);
        assert!(!merged.quit.value && merged.permissions.value.is_empty());
        assert_eq!(merged.organisations.value, super::super::Organisations::Off);
        assert_eq!(merged.report().mistakes.len(), 3);
    }

    /// As somebody who looks at a registry would write it down: `[name]` begins a key below, `name=number`, `name="text"`,
    /// `name=text;text` and `name=?` are values.
    fn written_down(text: &str) -> Key {
        let mut whole = Key::default();
        let mut below: Option<&str> = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                below = Some(name);
                continue;
            }
            let (name, value) = line.split_once('=').unwrap_or((line, "?"));
            let value = match (value.parse(), value.strip_prefix('"')) {
                (Ok(number), _) => Value::Number(number),
                (_, Some(text)) => Value::Text(text.trim_end_matches('"').into()),
                _ if value == "?" => Value::Other,
                _ => Value::List(value.split(';').map(str::to_owned).collect()),
            };
            let key = match below {
                Some(name) => whole.keys.entry(name.into()).or_default(),
                None => &mut whole,
            };
            key.values.insert(name.into(), value);
        }
        whole
    }

    #[test]
    fn whatever_stands_in_a_registry_grants_nothing_that_is_not_named_there() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            for read in [table, installed] {
                let source = super::super::Source::Policy("policy".into());
                let values = read(written_down(&text));
                let lists = values.contains_key(schema::PERMISSIONS.name);
                let document = super::super::document::Document::of_values(source, values);
                let merged = super::super::Settings::merge(&[document], false);
                for permission in merged.permissions.value.iter().filter(|_| lists) {
                    let name = serde_json::to_string(&permission).unwrap();
                    assert!(text.contains(name.trim_matches('"')), "{name} is granted");
                }
            }
        });
    }
}
