//! Puts what the catalogues say about texts in Rust into tables.

use std::{fmt::Write as _, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let locales = "../../resources/locales";
    println!("cargo:rerun-if-changed={locales}");
    let mut languages: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(locales)? {
        let entry = entry?;
        if entry.path().join("LC_MESSAGES/window.po").exists() {
            languages.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    languages.sort();

    let mut tables = String::from("const CATALOGUES: &[Catalogue] = &[\n");
    for language in languages {
        let file = format!("{locales}/{language}/LC_MESSAGES/window.po");
        let catalogue = rspolib::pofile(file.as_str())?;
        let mut texts: Vec<(&str, &str)> = Vec::new();
        for entry in &catalogue.entries {
            // The markup's texts are in the markup's own tables.
            let in_rust = entry.occurrences.iter().any(|(file, _)| file.ends_with(".rs"));
            if let (true, Some(text)) = (in_rust && !entry.fuzzy(), entry.msgstr.as_deref())
                && !text.is_empty()
            {
                texts.push((&entry.msgid, text));
            }
        }
        texts.sort_unstable();
        writeln!(tables, "    Catalogue {{ tag: {language:?}, texts: &{texts:?} }},")?;
    }
    tables.push_str("];\n");
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("catalogues.rs"), tables)?;
    Ok(())
}
