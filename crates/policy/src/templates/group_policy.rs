//! Administrative templates for Windows: the definitions (ADMX), and their words in a language (ADML).
//!
//! What a definition writes is read by the agent's registry source: texts and choices as `REG_SZ`, numbers and switches as
//! `REG_DWORD`, lists of permissions as a key with a `REG_DWORD` a permission, organisations' keys as a key with a `REG_SZ`
//! an organisation.

use super::{REGISTRY_POLICY, escaped, words::Words};
use crate::schema::{ALL, Definition, Takes};
use protocol::{Member as _, Permission};
use std::fmt::Write as _;

/// Longer addresses, paths and proxies are none.
const LONGEST_TEXT: usize = 1024;

/// The definitions. The order of elements is the one that Microsoft's schema asks for.
pub(super) fn definitions() -> String {
    let policies: String = ALL.into_iter().map(policy).collect();
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<policyDefinitions xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions" revision="1.0" schemaVersion="1.0">
  <policyNamespaces>
    <target prefix="ondemand" namespace="OndemandAgent.Policies.Agent" />
    <using prefix="windows" namespace="Microsoft.Policies.Windows" />
  </policyNamespaces>
  <resources minRequiredRevision="1.0" />
  <supportedOn>
    <definitions>
      <definition name="every_version" displayName="$(string.every_version)" />
    </definitions>
  </supportedOn>
  <categories>
    <category name="agent" displayName="$(string.agent)" explainText="$(string.agent_help)" />
  </categories>
  <policies>
{policies}  </policies>
</policyDefinitions>
"#
    )
}

fn policy(definition: &Definition) -> String {
    let Definition { name, takes, .. } = definition;
    let shown = if *takes == Takes::Switch {
        format!(r#" valueName="{name}""#)
    } else {
        format!(r#" presentation="$(presentation.{name})""#)
    };
    let id = format!(r#"id="{name}" valueName="{name}""#);
    let body = match takes {
        Takes::Switch => String::from(
            "      <enabledValue><decimal value=\"1\" /></enabledValue>\n      <disabledValue><decimal value=\"0\" /></disabledValue>\n",
        ),
        Takes::ServiceUrl | Takes::File | Takes::Proxy => text(&id, LONGEST_TEXT),
        Takes::Language => text(&id, 35),
        Takes::Text(chars) => text(&id, *chars),
        Takes::Number(least, most) => elements(&format!(
            r#"        <decimal {id} required="true" minValue="{least}" maxValue="{most}" />"#
        )),
        Takes::Choice(names) => {
            let item = |name: &&str| {
                format!(
                    "          <item displayName=\"$(string.choice_{name})\"><value><string>{name}</string></value></item>\n"
                )
            };
            let items: String = names.iter().map(item).collect();
            elements(&format!("        <enum {id} required=\"true\">\n{items}        </enum>"))
        }
        Takes::Permissions => {
            let key = format!(r"{REGISTRY_POLICY}\{name}");
            let list: Vec<String> = Permission::ALL
                .iter()
                .map(|permission| {
                    let permission = permission.name();
                    format!(
                        "        <boolean id=\"{name}_{permission}\" key=\"{key}\" valueName=\"{permission}\">\n          \
                         <trueValue><decimal value=\"1\" /></trueValue>\n          \
                         <falseValue><decimal value=\"0\" /></falseValue>\n        </boolean>"
                    )
                })
                .collect();
            elements(&list.join("\n"))
        }
        Takes::Keys => elements(&format!(
            r#"        <list id="{name}" key="{REGISTRY_POLICY}\{name}" explicitValue="true" />"#
        )),
    };
    format!(
        r#"    <policy name="{name}" class="Machine" displayName="$(string.{name})" explainText="$(string.{name}_help)" key="{REGISTRY_POLICY}"{shown}>
      <parentCategory ref="agent" />
      <supportedOn ref="every_version" />
{body}    </policy>
"#
    )
}

fn text(id: &str, longest: usize) -> String {
    elements(&format!(r#"        <text {id} required="true" maxLength="{longest}" />"#))
}

fn elements(list: &str) -> String {
    format!("      <elements>\n{list}\n      </elements>\n")
}

/// The words of one language, and how the elements are laid out.
pub(super) fn words(words: &Words) -> String {
    let mut strings = String::new();
    let mut presentations = String::new();
    let mut string = |id: &str, text: &str| {
        // Writing to a text cannot fail.
        let _ = writeln!(strings, "      <string id=\"{id}\">{}</string>", escaped(text));
    };
    string("agent", "On-demand Agent");
    string("agent_help", words.about);
    string("every_version", words.every_version);
    for definition in ALL {
        let Definition { name, takes, .. } = definition;
        let (title, help) = words.of(definition);
        string(name, title);
        string(&format!("{name}_help"), &format!("{help} {}", combined(definition, words)));
        if let Takes::Choice(names) = takes {
            for name in *names {
                string(&format!("choice_{name}"), words.choice(name));
            }
        }
        if let Some(shown) = presentation(definition, title, words) {
            let _ =
                write!(presentations, "      <presentation id=\"{name}\">\n{shown}      </presentation>\n");
        }
    }
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<policyDefinitionResources xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions" revision="1.0" schemaVersion="1.0">
  <displayName>On-demand Agent</displayName>
  <description>{}</description>
  <resources>
    <stringTable>
{strings}    </stringTable>
    <presentationTable>
{presentations}    </presentationTable>
  </resources>
</policyDefinitionResources>
"#,
        escaped(words.about)
    )
}

fn combined<'a>(definition: &Definition, words: &'a Words) -> &'a str {
    use crate::schema::Combine;
    match definition.combine {
        Combine::Intersection | Combine::Strictest | Combine::Smallest => words.can_be_stricter,
        Combine::Strongest | Combine::MachineFirst => words.cannot_be_changed,
    }
}

fn presentation(definition: &Definition, title: &str, words: &Words) -> Option<String> {
    let Definition { name, takes, default, .. } = definition;
    let title = escaped(title);
    Some(match takes {
        Takes::Switch => return None,
        Takes::ServiceUrl | Takes::File | Takes::Proxy | Takes::Language | Takes::Text(_) => {
            format!("        <textBox refId=\"{name}\"><label>{title}</label></textBox>\n")
        }
        Takes::Number(..) => {
            format!(
                "        <decimalTextBox refId=\"{name}\" defaultValue=\"{default}\">{title}</decimalTextBox>\n"
            )
        }
        Takes::Choice(_) => {
            format!(
                "        <dropdownList refId=\"{name}\" noSort=\"true\" defaultItem=\"0\">{title}</dropdownList>\n"
            )
        }
        Takes::Permissions => Permission::ALL
            .iter()
            .map(|permission| {
                let (id, words) = (permission.name(), escaped(words.permission(*permission)));
                format!(
                    "        <checkBox refId=\"{name}_{id}\" defaultChecked=\"false\">{words}</checkBox>\n"
                )
            })
            .collect(),
        Takes::Keys => format!("        <listBox refId=\"{name}\">{title}</listBox>\n"),
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::words::{ENGLISH, GERMAN},
        *,
    };
    use roxmltree::{Document, Node};
    use std::collections::BTreeSet;

    fn children<'a>(node: Node<'a, 'a>) -> Vec<Node<'a, 'a>> {
        node.children().filter(Node::is_element).collect()
    }
    fn names<'a>(node: Node<'a, 'a>) -> Vec<&'a str> {
        children(node).iter().map(|child| child.tag_name().name()).collect()
    }
    fn ids(document: &Document<'_>, tag: &str) -> BTreeSet<String> {
        let nodes = document.descendants().filter(|node| node.tag_name().name() == tag);
        nodes.map(|node| node.attribute("id").unwrap().to_owned()).collect()
    }

    #[test]
    fn the_definitions_have_the_shape_that_the_editor_asks_for() {
        let text = definitions();
        let document = Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!(names(root), ["policyNamespaces", "resources", "supportedOn", "categories", "policies"]);
        let policies = children(children(root)[4]);
        assert_eq!(policies.len(), ALL.len());
        for policy in policies {
            assert_eq!(policy.attribute("class"), Some("Machine"));
            let name = policy.attribute("name").unwrap();
            let content: Vec<_> = names(policy).split_off(2);
            assert_eq!(names(policy)[..2], ["parentCategory", "supportedOn"]);
            match content[..] {
                ["enabledValue", "disabledValue"] => assert_eq!(policy.attribute("valueName"), Some(name)),
                ["elements"] => assert!(policy.attribute("presentation").is_some()),
                _ => panic!("{name}: {content:?}"),
            }
        }
        for element in document.descendants().filter(|node| node.tag_name().name() == "elements") {
            for part in children(element) {
                assert!(part.attribute("id").is_some());
                let kind = part.tag_name().name();
                assert!(["boolean", "decimal", "text", "enum", "list"].contains(&kind), "{kind}");
                assert_eq!(part.attribute("valueName").is_some(), kind != "list");
            }
        }
    }

    #[test]
    fn every_reference_is_resolved_in_every_language_and_nothing_is_left_over() {
        let definitions = definitions();
        let definitions = Document::parse(&definitions).unwrap();
        let (mut strings, mut presentations) = (BTreeSet::new(), BTreeSet::new());
        for node in definitions.descendants() {
            for attribute in node.attributes() {
                let value = attribute.value();
                if let Some(id) = value.strip_prefix("$(string.") {
                    strings.insert(id.trim_end_matches(')').to_owned());
                } else if let Some(id) = value.strip_prefix("$(presentation.") {
                    presentations.insert(id.trim_end_matches(')').to_owned());
                }
            }
        }
        for language in [&ENGLISH, &GERMAN] {
            let text = words(language);
            let words = Document::parse(&text).unwrap();
            assert_eq!(ids(&words, "string"), strings);
            assert_eq!(ids(&words, "presentation"), presentations);
            assert!(
                words
                    .descendants()
                    .filter(|node| node.tag_name().name() == "string")
                    .all(|node| { node.text().is_some_and(|text| !text.trim().is_empty()) })
            );
            // What is shown of a policy refers to its elements, each once.
            for shown in words.descendants().filter(|node| node.tag_name().name() == "presentation") {
                let policy =
                    definitions.descendants().find(|node| node.attribute("name") == shown.attribute("id"));
                let elements =
                    policy.unwrap().children().find(|node| node.tag_name().name() == "elements").unwrap();
                let wanted: Vec<_> = children(elements).iter().map(|part| part.attribute("id")).collect();
                let given: Vec<_> = children(shown).iter().map(|part| part.attribute("refId")).collect();
                assert_eq!(given, wanted);
            }
        }
    }

    #[test]
    fn german_says_something_of_its_own_of_everything() {
        for definition in ALL {
            assert_ne!(GERMAN.of(definition), ENGLISH.of(definition), "{}", definition.name);
        }
    }
}
