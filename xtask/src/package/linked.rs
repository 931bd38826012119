//! What a program is linked from: cargo's account of the lock file, for a target.
//!
//! What runs only while it is built is not in it, nor is what another program of the workspace asks for.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process::{cargo, output};

/// All that is linked into a package's program, itself too.
pub(crate) struct Linked {
    /// As `cargo metadata` describes them, by their ids.
    pub(crate) packages: BTreeMap<String, Value>,
    /// Which of them each of them asks for.
    pub(crate) asks_for: BTreeMap<String, BTreeSet<String>>,
    /// The program's own package.
    pub(crate) root: String,
}

impl Linked {
    /// Of a package of the workspace; where there are several targets, of all of them together.
    pub(crate) fn of(package: &str, targets: &[&str]) -> Result<Self> {
        let names = named(package, targets)?;
        let mut arguments = vec!["metadata", "--format-version", "1", "--locked"];
        arguments.extend(targets.iter().flat_map(|target| ["--filter-platform", target]));
        let metadata: Value = serde_json::from_str(&output(&mut cargo(&arguments))?)?;
        let is_in = |found: &&Value| {
            let name = (text(&found["name"]).to_owned(), text(&found["version"]).to_owned());
            names.contains(&name)
        };
        let packages: BTreeMap<String, Value> = list(&metadata["packages"])
            .filter(is_in)
            .map(|found| (text(&found["id"]).to_owned(), found.clone()))
            .collect();
        let root = packages.iter().find(|(_, found)| found["name"] == package && found["source"].is_null());
        let root = root.with_context(|| format!("no package {package}"))?.0.clone();
        let asks_for = list(&metadata["resolve"]["nodes"])
            .filter(|node| packages.contains_key(text(&node["id"])))
            .map(|node| (text(&node["id"]).to_owned(), asked_for(node, &packages)))
            .collect();
        Ok(Self { packages, asks_for, root })
    }
}

fn asked_for(node: &Value, packages: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let runs = |of: &&Value| list(&of["dep_kinds"]).any(|kind| kind["kind"].is_null());
    let ids = list(&node["deps"]).filter(runs).map(|of| text(&of["pkg"]).to_owned());
    ids.filter(|id| packages.contains_key(id)).collect()
}

/// Names and versions. `cargo metadata` gives each package the features that any program of the workspace asks for, and with
/// them what those need; `cargo tree` gives it those of the one program.
fn named(package: &str, targets: &[&str]) -> Result<BTreeSet<(String, String)>> {
    let edges = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
    let mut names = BTreeSet::new();
    for target in targets {
        let mut command = cargo(&["tree", "--locked", "--package", package, "--target", target]);
        for line in output(command.args(edges))?.lines() {
            let mut words = line.split(' ');
            if let (Some(name), Some(version)) = (words.next(), words.next()) {
                names.insert((name.to_owned(), version.trim_start_matches('v').to_owned()));
            }
        }
    }
    Ok(names)
}

pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
