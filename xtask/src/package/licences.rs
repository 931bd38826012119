//! The licences of what is inside a program, as one text: packages of it have to carry them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::linked::{Linked, text};
use crate::process::repository;

/// Every library in a package's program for a target, and the texts of their licences, each text once.
pub(crate) fn of(package: &str, target: &str) -> Result<String> {
    let mut libraries: Vec<Library> = Vec::new();
    for found in Linked::of(package, &[target])?.packages.values() {
        // Our own come without a source.
        if !found["source"].is_null() {
            libraries.push(Library::read(found)?);
        }
    }
    libraries.extend(in_console(package)?);
    libraries.sort();
    Ok(written(&libraries))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Library {
    name: String,
    version: String,
    licence: String,
    place: String,
    texts: Vec<String>,
}

impl Library {
    fn read(package: &Value) -> Result<Self> {
        let manifest = Path::new(text(&package["manifest_path"]));
        let folder = manifest.parent().context("a manifest is in no folder")?;
        Ok(Self {
            name: text(&package["name"]).to_owned(),
            version: text(&package["version"]).to_owned(),
            licence: text(&package["license"]).to_owned(),
            place: text(&package["repository"]).to_owned(),
            texts: texts_in(folder)?,
        })
    }
}

/// What the operators' console brings into the service's program.
fn in_console(package: &str) -> Result<Vec<Library>> {
    if package != "service" {
        return Ok(vec![]);
    }
    let folder = repository().join("crates/service/console");
    let described =
        fs::read_to_string(folder.join("package.json")).context("failed to read the console's")?;
    let described: Value = serde_json::from_str(&described)?;
    let mut libraries = Vec::new();
    for name in described["dependencies"].as_object().into_iter().flat_map(|names| names.keys()) {
        let place = folder.join("node_modules").join(name);
        // Without them there is no console in the program either.
        let Ok(manifest) = fs::read_to_string(place.join("package.json")) else { continue };
        let manifest: Value = serde_json::from_str(&manifest)?;
        let repository = &manifest["repository"];
        libraries.push(Library {
            name: name.clone(),
            version: text(&manifest["version"]).to_owned(),
            licence: text(&manifest["license"]).to_owned(),
            place: repository["url"].as_str().or(repository.as_str()).unwrap_or_default().to_owned(),
            texts: texts_in(&place)?,
        });
    }
    Ok(libraries)
}

fn texts_in(folder: &Path) -> Result<Vec<String>> {
    const BEGINNINGS: [&str; 6] = ["licen", "copying", "copyright", "notice", "unlicense", "ofl"];
    let mut texts = Vec::new();
    let mut folders = vec![folder.to_owned(), folder.join("LICENSES"), folder.join("licenses")];
    folders.dedup();
    for folder in folders {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let all = folder.file_name().is_some_and(|name| name.eq_ignore_ascii_case("licenses"));
            let fits = all || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
            if fits && !name.ends_with(".rs") && entry.file_type()?.is_file() {
                let bytes = fs::read(entry.path())?;
                texts.push(String::from_utf8_lossy(&bytes).replace("\r\n", "\n").trim_end().to_owned());
            }
        }
    }
    texts.sort();
    texts.dedup();
    Ok(texts)
}

fn written(libraries: &[Library]) -> String {
    let mut users: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut whole =
        String::from("Libraries inside this program, with their licences. The texts follow below.\n\n");
    for Library { name, version, licence, place, texts } in libraries {
        whole.push_str(format!("{name} {version}: {licence}  {place}").trim_end());
        whole.push('\n');
        for text in texts {
            users.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    let mut users: Vec<_> = users.into_iter().collect();
    users.sort_by(|(_, one), (_, other)| one.cmp(other));
    for (text, users) in users {
        whole.push_str(&format!(
            "\n{}\nThis text comes with {}:\n\n{text}\n",
            "=".repeat(78),
            users.join(", ")
        ));
    }
    whole
}
