//! A JSON schema of settings files, for editors and for tools that fill in macOS preferences, and a sample of a policy.

use crate::schema::{ALL, Definition, Takes};
use protocol::{Member as _, Permission};
use serde_json::{Value, json};

/// The schema, draft 2020-12.
pub(super) fn schema() -> String {
    let properties: serde_json::Map<String, Value> =
        ALL.into_iter().map(|definition| (definition.name.to_owned(), property(definition))).collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "On-demand Agent",
        "description": "Settings of On-demand Agent. A policy that names anything else is refused as a whole.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    format!("{schema:#}\n")
}

fn property(definition: &Definition) -> Value {
    let mut property = match definition.takes {
        Takes::ServiceUrl => json!({ "type": "string", "format": "uri", "pattern": "^https?://[^?#@]+$" }),
        Takes::File => json!({ "type": "string", "minLength": 2 }),
        Takes::Keys => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Takes::Permissions => {
            let names: Vec<_> = Permission::ALL.iter().map(|permission| permission.name()).collect();
            json!({ "type": "array", "uniqueItems": true, "items": { "enum": names } })
        }
        Takes::Choice(names) => json!({ "enum": names }),
        Takes::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Takes::Text(chars) => json!({ "type": "string", "minLength": 1, "maxLength": chars }),
        Takes::Language => json!({ "type": "string", "pattern": "^[A-Za-z0-9-]{2,35}$" }),
        Takes::Proxy => json!({ "type": "string", "pattern": "^https?://" }),
        Takes::Switch => json!({ "type": "boolean" }),
    };
    property["title"] = definition.title.into();
    property["description"] = definition.description.into();
    property
}

/// A policy that sets everything which is worth setting, for administrators to take from.
pub(super) fn sample() -> String {
    let mut text = String::from(
        "#:schema settings.schema.json\n\
         # A sample of a policy, for /etc/ondemand-agent/policy.d/50-example.toml.\n\
         # What is left out is not set; what the agent does not know makes the whole file forbid.\n",
    );
    for definition in ALL {
        let Some(value) = example(definition) else { continue };
        text.push_str(&format!("\n# {}\n{} = {value}\n", definition.description, definition.name));
    }
    text
}

/// What the samples set; nothing for what is different on every computer or best left to the user.
pub(super) fn example(definition: &Definition) -> Option<Value> {
    let example = match definition.name {
        "service_url" => json!("https://support.example"),
        "permissions" => json!(["view", "control", "chat", "messages"]),
        "organisations" => json!("pinned"),
        "longest_session_minutes" => json!(120),
        "whole_home" | "portable" | "update_check" | "quit" => json!(false),
        "contact" => json!("Example Support, extension 4711"),
        "number_to_call" => json!("+1 555 0100"),
        _ => return None,
    };
    Some(example)
}
