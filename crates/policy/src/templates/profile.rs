//! A sample of a configuration profile for macOS: managed preferences that nobody but the device management changes.

use super::{PREFERENCES, escaped, json_schema::example};
use crate::schema::ALL;
use serde_json::Value;

/// The profile. Its identifiers are made up and stay the same, so that a changed profile replaces an earlier one.
pub(super) fn sample() -> String {
    let values: String = ALL
        .into_iter()
        .filter_map(|definition| {
            let value = plist(&example(definition)?);
            Some(format!("\t\t\t<key>{}</key>\n\t\t\t{value}\n", definition.name))
        })
        .collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadDisplayName</key>
			<string>On-demand Agent</string>
			<key>PayloadIdentifier</key>
			<string>{PREFERENCES}.settings.example</string>
			<key>PayloadType</key>
			<string>{PREFERENCES}</string>
			<key>PayloadUUID</key>
			<string>6C0E5D4B-2C65-4C0B-9E0B-5B9A36B0E1A1</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
{values}		</dict>
	</array>
	<key>PayloadDisplayName</key>
	<string>On-demand Agent (sample)</string>
	<key>PayloadIdentifier</key>
	<string>{PREFERENCES}.example</string>
	<key>PayloadOrganization</key>
	<string>Example Support</string>
	<key>PayloadScope</key>
	<string>System</string>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadUUID</key>
	<string>0B7C9C0E-8C43-4F0D-8A9E-1F3B7C2D6E5A</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
</dict>
</plist>
"#
    )
}

fn plist(value: &Value) -> String {
    match value {
        Value::Bool(is) => format!("<{is}/>"),
        Value::Number(number) => format!("<integer>{number}</integer>"),
        Value::String(text) => format!("<string>{}</string>", escaped(text)),
        Value::Array(values) => format!("<array>{}</array>", values.iter().map(plist).collect::<String>()),
        // The sample sets neither.
        Value::Object(_) | Value::Null => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_a_property_list_that_sets_settings_in_the_agents_domain() {
        let text = sample();
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let profile = roxmltree::Document::parse_with_options(&text, options).unwrap();
        let settings = profile.descendants().find(|node| {
            node.has_tag_name("dict")
                && node
                    .children()
                    .any(|child| child.text() == Some(PREFERENCES) && child.has_tag_name("string"))
        });
        let keys = settings.unwrap().children().filter(|node| node.has_tag_name("key"));
        let names: Vec<_> =
            keys.filter_map(|key| key.text()).filter(|key| !key.starts_with("Payload")).collect();
        assert!(names.len() > 5, "{names:?}");
        for name in names {
            assert!(ALL.into_iter().any(|definition| definition.name == name), "there is no setting {name}");
        }
        // Every key is followed by a value, as property lists want it.
        for dict in profile.descendants().filter(|node| node.has_tag_name("dict")) {
            let children: Vec<_> = dict.children().filter(roxmltree::Node::is_element).collect();
            for pair in children.chunks(2) {
                assert!(pair[0].has_tag_name("key") && pair.len() == 2 && !pair[1].has_tag_name("key"));
            }
        }
    }
}
