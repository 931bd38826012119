//! The table of settings in the guide for administrators.

use crate::schema::{ALL, Combine, Definition, Kind};

/// The lines over the rows.
pub(super) const TABLE_HEAD: &str = "\
| setting | what for | value | default | who may set it | how its sources combine |
| --- | --- | --- | --- | --- | --- |
";

/// A row a setting.
pub fn settings_table() -> String {
    ALL.into_iter().map(row).collect()
}

fn row(definition: &Definition) -> String {
    let names: Vec<&str> = definition.sources.iter().map(|kind| kind_in_words(*kind)).collect();
    let combine = match definition.combine {
        Combine::Strongest => "the first that says something",
        Combine::MachineFirst => "policy, then installer; others only where neither says anything",
        Combine::Intersection => "what all of them allow",
        Combine::Strictest => "the strictest",
        Combine::Smallest => "the smallest",
    };
    let Definition { name, takes, default, description, .. } = definition;
    format!("| `{name}` | {description} | {takes} | {default} | {} | {combine} |\n", names.join(", "))
}

fn kind_in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Policy => "policy",
        Kind::CommandLine => "command line",
        Kind::Environment => "environment",
        Kind::User => "user",
        Kind::Installer => "installer",
    }
}
