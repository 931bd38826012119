//! Brings the catalogues up to date with the sources: `cargo run -p texts --example merge`.
//!
//! New texts come in empty, texts that are no longer said go, and each names the files that say it. A test fails until the
//! new ones are translated.
#![expect(clippy::unwrap_used, reason = "the sources are read as the tests read them")]

#[path = "../tests/texts/sources.rs"]
mod sources;

use rspolib::POEntry;
use std::fmt::Write as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for language in std::fs::read_dir(sources::root().join("resources/locales"))? {
        let file = language?.path().join("LC_MESSAGES/window.po");
        if !file.exists() {
            continue;
        }
        let catalogue = rspolib::pofile(file.to_str().ok_or("a name that cannot be read")?)?;
        let mut out = String::from("msgid \"\"\nmsgstr \"\"\n");
        for key in ["Language", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Plural-Forms"] {
            if let Some(value) = catalogue.metadata.get(key) {
                writeln!(out, "\"{key}: {value}\\n\"")?;
            }
        }
        for (text, files) in sources::texts() {
            let old = catalogue
                .entries
                .iter()
                .find(|entry| entry.msgid == text.english && entry.msgid_plural == text.plural);
            write(&mut out, &text, &files, old)?;
        }
        std::fs::write(&file, out)?;
    }
    Ok(())
}

fn write(
    out: &mut String,
    text: &sources::Text,
    files: &[String],
    old: Option<&POEntry>,
) -> std::fmt::Result {
    out.push('\n');
    if let Some(comment) = old.and_then(|old| old.tcomment.as_ref()) {
        for line in comment.lines() {
            writeln!(out, "# {line}")?;
        }
    }
    for file in files {
        writeln!(out, "#: {file}")?;
    }
    if old.is_some_and(POEntry::fuzzy) {
        writeln!(out, "#, fuzzy")?;
    }
    writeln!(out, "msgid {}", quoted(&text.english))?;
    match &text.plural {
        None => {
            writeln!(out, "msgstr {}", quoted(old.and_then(|old| old.msgstr.as_deref()).unwrap_or_default()))
        }
        Some(plural) => {
            writeln!(out, "msgid_plural {}", quoted(plural))?;
            let forms = old.map(|old| old.msgstr_plural.as_slice()).unwrap_or_default();
            for (index, form) in forms.iter().enumerate() {
                writeln!(out, "msgstr[{index}] {}", quoted(form))?;
            }
            if forms.is_empty() { writeln!(out, "msgstr[0] \"\"") } else { Ok(()) }
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
