//! What a released program leaves out of Unicode's data. It makes the folder that the data crates of ICU4X ask for in
//! `ICU4X_DATA_DIR`; <https://docs.rs/icu> calls that custom compiled data.

use crate::process::target_dir;
use anyhow::{Context as _, Result};
use std::{fs, path::PathBuf};

/// The crates that look into the folder. All but one get their own data again.
const CRATES: [&str; 5] = [
    "icu_decimal_data",
    "icu_locale_fallback_data",
    "icu_normalizer_data",
    "icu_plurals_data",
    "icu_properties_data",
];

/// Makes the folder and says where it is. It is beside what is built, so that builds of several checkouts share it.
///
/// # Errors
///
/// When the folder cannot be written.
pub(crate) fn make() -> Result<PathBuf> {
    let folder = target_dir().join("text-data");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let by_crate = r#"include!(concat!(env!("ICU4X_DATA_DIR"), "/", env!("CARGO_PKG_NAME"), ".rs"));"#;
    let own = r#"include!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/mod.rs"));"#;
    let segmenter = include_str!("text_data/icu_segmenter_data.rs");
    let mut files = vec![("mod".to_owned(), by_crate), ("icu_segmenter_data".to_owned(), segmenter)];
    files.extend(CRATES.map(|name| (name.to_owned(), own)));
    for (name, text) in files {
        let file = folder.join(name).with_extension("rs");
        // Written anew, it would be taken for changed.
        if fs::read_to_string(&file).is_ok_and(|there| there == text) {
            continue;
        }
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(folder)
}
