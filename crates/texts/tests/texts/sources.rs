//! Every text of the program, as the sources name it: `@tr(…)` in the markup and `tr!(…)` in Rust.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// A text and, where it counts something, its plural.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text {
    pub english: String,
    pub plural: Option<String>,
}

/// The folder of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every text, with the files that say it, in a fixed order.
pub(crate) fn texts() -> BTreeMap<Text, Vec<String>> {
    let mut texts: BTreeMap<Text, Vec<String>> = BTreeMap::new();
    let root = root();
    for (folder, extension, marker) in
        [("resources/ui", "slint", "@tr("), ("src", "rs", "tr!("), ("crates/window/src", "rs", "tr!(")]
    {
        let mut files = Vec::new();
        collect(&root.join(folder), extension, &mut files).unwrap();
        files.sort();
        for file in files {
            let source = fs::read_to_string(&file).unwrap();
            let name = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            for text in texts_in(&source, marker) {
                let files = texts.entry(text).or_default();
                if !files.contains(&name) {
                    files.push(name.clone());
                }
            }
        }
    }
    texts
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, extension, files)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    Ok(())
}

fn texts_in(source: &str, marker: &str) -> Vec<Text> {
    let mut texts = Vec::new();
    for (at, _) in source.match_indices(marker) {
        let line = source[..at].rsplit('\n').next().unwrap_or_default();
        // `include_str!(` is none.
        let other = line.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if other || line.trim_start().starts_with("//") {
            continue;
        }
        let mut rest = source[at + marker.len()..].trim_start();
        // In Rust the language comes first.
        if marker == "tr!(" {
            let Some((_, text)) = rest.split_once(',') else { continue };
            rest = text.trim_start();
        }
        let Some((english, rest)) = literal(rest) else { continue };
        let plural = rest.trim_start().strip_prefix('|').and_then(|plural| literal(plural.trim_start()));
        texts.push(Text { english, plural: plural.map(|(plural, _)| plural) });
    }
    texts
}

/// The string literal that `source` starts with, and what follows it.
fn literal(source: &str) -> Option<(String, &str)> {
    let inner = source.strip_prefix('"')?;
    let mut text = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((text, &inner[at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => text.push('\n'),
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
    None
}
