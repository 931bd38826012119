//! What is inside a package, for whoever has to know whether a hole that was found somewhere is also in here: a software
//! bill of materials as CycloneDX has it, beside each package.
//!
//! Of the program it says what the lock file says for the target; beside the libraries it names the fonts that are drawn
//! with, and what the service's console brings into the operator's browser.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::Job;
use super::linked::{Linked, text};
use crate::process::repository;

/// What is appended to the package's own name.
const ENDING: &str = "cdx.json";
/// The licence of all bundled fonts, in `resources/fonts/OFL.txt`.
const FONT_LICENCE: &str = "OFL-1.1";
/// The console's desktop viewer brings it in its own folder, where no lock file names it.
const VENDORED: (&str, &str, &str) = ("pako", "@novnc/novnc", "MIT");

/// Writes one beside a package that holds `package`'s program for `targets`.
pub(crate) fn write_beside(job: &Job, made: &Path, package: &str, targets: &[&str]) -> Result<PathBuf> {
    let name = made.file_name().context("a package has no name")?.to_string_lossy().into_owned();
    let file = made.with_file_name(format!("{name}.{ENDING}"));
    let bill = bill(job.epoch, &job.version, package, targets)?;
    let text = format!("{}\n", serde_json::to_string_pretty(&bill)?);
    fs::write(&file, text).with_context(|| format!("failed to write {}", file.display()))?;
    Ok(file)
}

fn bill(epoch: u64, version: &str, package: &str, targets: &[&str]) -> Result<Value> {
    let linked = Linked::of(package, targets)?;
    let sums = sums(&fs::read_to_string(repository().join("Cargo.lock"))?)?;
    let mut components: Vec<Value> = Vec::new();
    for (id, found) in &linked.packages {
        if *id != linked.root {
            components.push(library(found, &sums));
        }
    }
    let mut others = match package {
        "service" => in_console()?,
        _ => fonts()?,
    };
    let beside: Vec<String> = others.iter().map(|other| text(&other["bom-ref"]).to_owned()).collect();
    components.append(&mut others);
    components.sort_by(|one, other| text(&one["bom-ref"]).cmp(text(&other["bom-ref"])));

    let product = match package {
        "service" => "ondemand-service",
        _ => package,
    };
    let root = format!("pkg:generic/{product}@{version}");
    let reference = |id: &str| {
        if id == linked.root { root.clone() } else { reference(&linked.packages[id]) }
    };
    let mut dependencies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, asked) in &linked.asks_for {
        dependencies.insert(reference(id), asked.iter().map(|id| reference(id)).collect());
    }
    dependencies.entry(root.clone()).or_default().extend(beside);
    let dependencies: Vec<Value> = dependencies
        .into_iter()
        .map(|(of, mut on)| {
            on.sort();
            json!({ "ref": of, "dependsOn": on })
        })
        .collect();

    let mut bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": Timestamp::from_second(i64::try_from(epoch)?)?.to_string(),
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": product,
                "version": version,
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
                "purl": root,
                "properties": targets.iter().map(|target| json!({ "name": "target", "value": target })).collect::<Vec<_>>(),
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    // The same content has the same number.
    bill["serialNumber"] = format!("urn:uuid:{}", uuid(bill.to_string().as_bytes())).into();
    Ok(bill)
}

/// One of the workspace's own is found by its name alone: nobody publishes it.
fn reference(package: &Value) -> String {
    let (name, version) = (text(&package["name"]), text(&package["version"]));
    match package["source"].is_null() {
        true => format!("pkg:generic/ondemand-agent/{name}@{version}"),
        false => format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")),
    }
}

fn library(package: &Value, sums: &BTreeMap<(String, String), String>) -> Value {
    let (name, version) = (text(&package["name"]), text(&package["version"]));
    let purl = reference(package);
    let mut component = json!({
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "scope": "required",
    });
    if let Some(licence) = package["license"].as_str() {
        // As older manifests put it.
        component["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    if let Some(sum) = sums.get(&(name.to_owned(), version.to_owned())) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    if let Some(place) = package["repository"].as_str() {
        component["externalReferences"] = json!([{ "type": "vcs", "url": place }]);
    }
    component
}

/// What the lock file says of each crate's archive.
fn sums(lock: &str) -> Result<BTreeMap<(String, String), String>> {
    let lock: toml::Table = lock.parse().context("failed to read Cargo.lock")?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let sum = |package: &toml::Value| {
        let word = |name| Some(package.get(name)?.as_str()?.to_owned());
        Some(((word("name")?, word("version")?), word("checksum")?))
    };
    Ok(packages.filter_map(sum).collect())
}

/// The fonts that the windows draw with.
fn fonts() -> Result<Vec<Value>> {
    let folder = repository().join("resources/fonts");
    let mut fonts = Vec::new();
    for entry in fs::read_dir(&folder).context("failed to list the fonts")? {
        let path = entry?.path();
        if !path.extension().is_some_and(|ending| ending == "ttf" || ending == "otf") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        fonts.push(json!({
            "type": "file",
            "bom-ref": format!("font:{name}"),
            "name": name,
            "hashes": [{ "alg": "SHA-256", "content": hex(digest(&SHA256, &fs::read(&path)?).as_ref()) }],
            "licenses": [{ "expression": FONT_LICENCE }],
        }));
    }
    Ok(fonts)
}

/// What the operators' console is made from and brings into the browser.
fn in_console() -> Result<Vec<Value>> {
    let folder = repository().join("crates/service/console");
    let lock =
        fs::read_to_string(folder.join("package-lock.json")).context("failed to read the console's")?;
    let lock: Value = serde_json::from_str(&lock)?;
    let mut libraries = Vec::new();
    for (place, package) in lock["packages"].as_object().into_iter().flatten() {
        let Some(name) = place.strip_prefix("node_modules/") else { continue };
        if package["dev"] == true {
            continue;
        }
        let (version, licence) = (text(&package["version"]), text(&package["license"]));
        let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
        let mut component = json!({
            "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
            "licenses": [{ "expression": licence }],
        });
        let sum = text(&package["integrity"]).strip_prefix("sha512-");
        if let Some(sum) = sum.and_then(|sum| BASE64_STANDARD.decode(sum).ok()) {
            component["hashes"] = json!([{ "alg": "SHA-512", "content": hex(&sum) }]);
        }
        if name == VENDORED.1 {
            component["components"] = json!([{
                "type": "library", "bom-ref": format!("{purl}#{}", VENDORED.0), "name": VENDORED.0,
                "licenses": [{ "expression": VENDORED.2 }],
            }]);
        }
        libraries.push(component);
    }
    Ok(libraries)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A number in the form of a UUID that is made of what it names (RFC 9562, version 8).
fn uuid(of: &[u8]) -> String {
    let sum = digest(&SHA256, of);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sum.as_ref()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex(&bytes);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use super::super::linked::list;
    use cyclonedx_bom::prelude::{Bom, SpecVersion, Validate as _};

    fn made(package: &str, targets: &[&str]) -> Value {
        let bill = bill(1_700_000_000, "1.2.3", package, targets).expect("a bill");
        let read = Bom::parse_from_json_v1_5(bill.to_string().as_bytes()).expect("it is CycloneDX");
        let valid = read.validate_version(SpecVersion::V1_5);
        assert!(valid.passed(), "{valid:?}");
        bill
    }

    fn names(bill: &Value) -> Vec<&str> {
        list(&bill["components"]).map(|component| text(&component["name"])).collect()
    }

    #[test]
    fn the_agents_names_what_is_linked_for_the_target_and_the_fonts() {
        let linux = made("ondemand-agent", &["x86_64-unknown-linux-gnu"]);
        let names_here = names(&linux);
        for name in ["rustls", "session", "ksni", "NotoSans-Regular.ttf", "NotoSansKR-Bold.otf"] {
            assert!(names_here.contains(&name), "{name} is missing");
        }
        // Asked for by other systems, by other programs of the workspace, and only while it is built.
        for name in ["windows-sys", "axum", "proptest", "serde_derive"] {
            assert!(!names_here.contains(&name), "{name} is in it");
        }
        let rustls = list(&linux["components"]).find(|found| found["name"] == "rustls").expect("rustls");
        assert!(text(&rustls["purl"]).starts_with("pkg:cargo/rustls@0."));
        assert_eq!(text(&rustls["hashes"][0]["content"]).len(), 64);
        assert_eq!(rustls["licenses"][0]["expression"], "Apache-2.0 OR ISC OR MIT");

        let windows = made("ondemand-agent", &["x86_64-pc-windows-gnu"]);
        assert!(names(&windows).contains(&"windows-sys") && !names(&windows).contains(&"ksni"));
    }

    #[test]
    fn the_services_names_what_reaches_the_operators_browser() {
        let bill = made("service", &["x86_64-unknown-linux-gnu"]);
        let names = names(&bill);
        assert!(["axum", "@novnc/novnc", "preact"].iter().all(|name| names.contains(name)), "{names:?}");
        assert!(bill.to_string().contains(r#""name":"pako""#));
        assert!(!names.contains(&"typescript"));
    }

    #[test]
    fn the_same_sources_give_the_same_bill() {
        let targets = ["aarch64-apple-darwin", "x86_64-apple-darwin"];
        assert_eq!(made("ondemand-agent", &targets), made("ondemand-agent", &targets));
    }

    #[test]
    fn each_part_is_named_once_and_everything_that_is_asked_for_is_a_part() {
        let bill = made("ondemand-agent", &["x86_64-unknown-linux-gnu"]);
        let mut refs: Vec<&str> = list(&bill["components"]).map(|found| text(&found["bom-ref"])).collect();
        refs.push(text(&bill["metadata"]["component"]["bom-ref"]));
        let all = refs.len();
        refs.sort_unstable();
        refs.dedup();
        assert_eq!(refs.len(), all);
        for of in list(&bill["dependencies"]) {
            let on: BTreeSet<&str> = list(&of["dependsOn"]).map(text).collect();
            assert_eq!(on.len(), list(&of["dependsOn"]).count(), "something is asked for twice");
            for on in on {
                assert!(refs.binary_search(&on).is_ok(), "{on} is asked for and not in it");
            }
        }
    }
}
