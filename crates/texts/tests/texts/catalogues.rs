//! Every text is translated into every language, and nothing else is.

use crate::sources::{self, Text};
use rspolib::POFile;
use std::collections::{BTreeMap, BTreeSet};
use texts::Language;

const LANGUAGES: [&str; 6] = ["ar", "de", "es", "fr", "it", "ko"];

fn catalogues() -> Vec<(&'static str, POFile)> {
    LANGUAGES
        .map(|language| {
            let file = sources::root().join(format!("resources/locales/{language}/LC_MESSAGES/window.po"));
            (language, rspolib::pofile(file.to_str().unwrap()).unwrap())
        })
        .into()
}

/// The places for values in a text, `{}` counted through.
fn places(text: &str) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    let mut unnamed = 0;
    for part in text.split('{').skip(1) {
        let name = part.split('}').next().unwrap();
        if name.is_empty() {
            places.push(unnamed.to_string());
            unnamed += 1;
        } else {
            places.push(name.into());
        }
    }
    places.sort();
    places
}

#[test]
fn every_text_is_translated_and_every_translation_is_used() {
    let used: BTreeSet<Text> = sources::texts().into_keys().collect();
    assert!(used.len() > 150, "the sources are read: {}", used.len());
    for (language, catalogue) in catalogues() {
        let there: BTreeMap<Text, _> = catalogue
            .entries
            .iter()
            .filter(|entry| !entry.obsolete)
            .map(|entry| (Text { english: entry.msgid.clone(), plural: entry.msgid_plural.clone() }, entry))
            .collect();
        let missing: Vec<_> = used.iter().filter(|text| !there.contains_key(text)).collect();
        let unused: Vec<_> = there.keys().filter(|text| !used.contains(text)).collect();
        assert!(
            missing.is_empty() && unused.is_empty(),
            "{language} lacks {missing:#?} and has for nothing {unused:#?}; \
             `cargo run -p texts --example merge` brings the catalogues up to date"
        );
        let mut open = Vec::new();
        for (text, entry) in &there {
            let said = entry.msgstr.iter().chain(&entry.msgstr_plural);
            let whole = match text.plural {
                Some(_) => entry.msgstr_plural.len() == forms(&catalogue),
                None => entry.msgstr.is_some(),
            };
            if entry.fuzzy() || !whole || said.clone().any(String::is_empty) {
                open.push(&text.english);
            }
        }
        assert!(open.is_empty(), "{language}: not translated, or marked as fuzzy: {open:#?}");
    }
}

/// How many plural forms the language has.
fn forms(catalogue: &POFile) -> usize {
    let rule = &catalogue.metadata["Plural-Forms"];
    let number = rule.split(';').find_map(|part| part.trim().strip_prefix("nplurals="));
    number.unwrap().trim().parse().unwrap()
}

#[test]
fn translations_have_the_places_of_the_english() {
    for (language, catalogue) in catalogues() {
        for entry in &catalogue.entries {
            let expected = places(&entry.msgid);
            if let Some(text) = &entry.msgstr {
                assert_eq!(places(text), expected, "{language}: {text}");
            }
            // "One minute" needs no number in some languages, and in Arabic "two minutes" needs none either.
            let plural = entry.msgid_plural.as_deref().map(places).unwrap_or_default();
            for text in &entry.msgstr_plural {
                let places = places(text);
                let without_number: Vec<_> = plural.iter().filter(|place| *place != "n").cloned().collect();
                assert!(places == plural || places == without_number, "{language}: {text}");
            }
        }
    }
}

#[test]
fn translations_keep_the_edges_of_the_english() {
    let edges =
        |text: &str| (text.starts_with(' '), text.ends_with(' '), text.ends_with('…'), text.ends_with('\n'));
    for (language, catalogue) in catalogues() {
        for entry in &catalogue.entries {
            for text in entry.msgstr.iter().chain(&entry.msgstr_plural) {
                assert_eq!(edges(text), edges(&entry.msgid), "{language}: {text:?}");
            }
        }
    }
}

#[test]
fn texts_in_rust_are_found_in_every_language() {
    let in_rust = |files: &[String]| files.iter().any(|file| file.ends_with(".rs"));
    let texts = sources::texts().into_iter().filter(|(_, files)| in_rust(files));
    for (text, files) in texts {
        let english: &'static str = text.english.leak();
        for (tag, catalogue) in catalogues() {
            let entry = catalogue.entries.iter().find(|entry| entry.msgid == english).unwrap();
            let language = Language::choose(Some(tag));
            assert_eq!(Some(language.look_up(english)), entry.msgstr.as_deref(), "{tag}, {files:?}");
        }
    }
}

#[test]
fn only_right_to_left_languages_say_so() {
    for (language, catalogue) in catalogues() {
        let direction = catalogue.entries.iter().find(|entry| entry.msgid == "left-to-right").unwrap();
        let expected = if language == "ar" { "right-to-left" } else { "left-to-right" };
        assert_eq!(direction.msgstr.as_deref(), Some(expected), "{language}");
    }
}
