//! The bundled fonts: Latin, Greek, Cyrillic, Arabic, Hebrew, and the Hangul of the program's own texts.
//!
//! They are registered from memory, so that nothing is written anywhere and a system without any font is none the worse.
//! A text with other characters needs the system's fonts beside them, which cost the popup some 20 ms.

use i_slint_common::sharedfontique::{
    FALLBACK_FAMILIES,
    fontique::{
        Blob, Collection, CollectionOptions, FallbackKey, FamilyId, GenericFamily, QueryFamily, QueryStatus,
        Script, SourceCache,
    },
    skrifa::{FontRef, MetadataProvider as _, charmap::Charmap},
};
use std::sync::Arc;
use unicode_script::UnicodeScript as _;

const REGULAR: [&[u8]; 4] = [
    include_bytes!("../../../resources/fonts/NotoSans-Regular.ttf"),
    include_bytes!("../../../resources/fonts/NotoSansArabic-Regular.ttf"),
    include_bytes!("../../../resources/fonts/NotoSansHebrew-Regular.ttf"),
    include_bytes!("../../../resources/fonts/NotoSansKR-Regular.otf"),
];
const BOLD: [&[u8]; 4] = [
    include_bytes!("../../../resources/fonts/NotoSans-Bold.ttf"),
    include_bytes!("../../../resources/fonts/NotoSansArabic-Bold.ttf"),
    include_bytes!("../../../resources/fonts/NotoSansHebrew-Bold.ttf"),
    include_bytes!("../../../resources/fonts/NotoSansKR-Bold.otf"),
];

/// The smallest of them, for libraries that insist on a file.
#[cfg(target_os = "linux")]
pub(crate) const SMALLEST: &[u8] = REGULAR[2];

/// Whether a window needs more than the bundled fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fonts {
    /// They are enough.
    Bundled,
    /// The system's too.
    System,
}

/// Which fonts `texts` need.
pub(crate) fn needed_for<'a>(texts: impl IntoIterator<Item = &'a str>) -> Fonts {
    let fonts = charmaps();
    let drawn = |c: char| draws_nothing(c) || fonts.iter().any(|font| font.map(c).is_some());
    if texts.into_iter().flat_map(str::chars).all(drawn) { Fonts::Bundled } else { Fonts::System }
}

/// Characters that are not looked up in a font: line breaks and the marks that isolate a direction.
fn draws_nothing(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200c}'..='\u{200f}' | '\u{2066}'..='\u{2069}')
}

/// Registers the bundled fonts, before all others, where the toolkit keeps its own.
///
/// # Errors
///
/// When there is no toolkit to register them with.
pub(crate) fn install(fonts: Fonts) -> Result<(), slint::PlatformError> {
    let refuse = || Err(slint::PlatformError::NoPlatform);
    i_slint_core::context::with_global_context(refuse, |context| {
        let mut target = context.font_context().borrow_mut();
        if fonts == Fonts::Bundled {
            target.collection = Collection::new(CollectionOptions { shared: true, system_fonts: false });
            target.source_cache = SourceCache::new_shared();
        }
        let mut families: Vec<FamilyId> = Vec::new();
        for font in REGULAR.into_iter().chain(BOLD) {
            let registered = target.collection.register_fonts(Blob::new(Arc::new(font)), None);
            for (family, _) in registered {
                if !families.contains(&family) {
                    families.push(family);
                }
            }
        }
        for generic in
            FALLBACK_FAMILIES.into_iter().chain([GenericFamily::UiSansSerif, GenericFamily::Monospace])
        {
            let others: Vec<_> = target.collection.generic_families(generic).collect();
            target.collection.set_generic_families(generic, families.iter().copied().chain(others));
        }
        for (script, families) in
            [(*b"Arab", &families[1..2]), (*b"Hebr", &families[2..3]), (*b"Hang", &families[3..4])]
        {
            let key = FallbackKey::new(Script::from_bytes(script), None);
            target.collection.set_fallbacks(key, families.iter().copied());
        }
    })
}

/// `text` with a mark in place of every character that none of the installed fonts can draw: what is drawn as nothing
/// hides that there is something.
pub(crate) fn legible(text: &str) -> String {
    let bundled = charmaps();
    let refuse = || Err(slint::PlatformError::NoPlatform);
    let replaced = i_slint_core::context::with_global_context(refuse, |context| {
        let mut fonts = context.font_context().borrow_mut();
        let fonts = &mut **fonts;
        let mut drawn = |c: char| {
            draws_nothing(c)
                || bundled.iter().any(|font| font.map(c).is_some())
                || installed(&mut fonts.collection, &mut fonts.source_cache, c)
        };
        text.chars().map(|c| if drawn(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
    });
    replaced.unwrap_or_else(|_| text.to_owned())
}

/// Whether a font that the toolkit would ask for `c` can draw it.
fn installed(collection: &mut Collection, cache: &mut SourceCache, c: char) -> bool {
    let mut script = [0; 4];
    script.copy_from_slice(c.script().short_name().as_bytes());
    let families = FALLBACK_FAMILIES.into_iter().chain([GenericFamily::Emoji]);
    let mut query = collection.query(cache);
    query.set_families(families.map(QueryFamily::Generic));
    query.set_fallbacks(FallbackKey::new(Script::from_bytes(script), None));
    let mut found = false;
    query.matches_with(|font| {
        let font = FontRef::from_index(font.blob.as_ref(), font.index);
        found = font.is_ok_and(|font| font.charmap().map(c).is_some());
        if found { QueryStatus::Stop } else { QueryStatus::Continue }
    });
    found
}

fn charmaps() -> Vec<Charmap<'static>> {
    REGULAR.iter().filter_map(|font| FontRef::new(font).ok()).map(|font| font.charmap()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_bundled_scripts_need_no_other_font() {
        let names =
            ["Olivia Example", "Ольга Пример", "Ελένη", "عليا مثال", "דנה דוגמה", "Zoë Łukasz — „½“ …"];
        assert_eq!(needed_for(names), Fonts::Bundled);
        assert_eq!(needed_for(["\u{2068}Olivia\u{2069}\nExample"]), Fonts::Bundled);
    }

    #[test]
    fn the_programs_own_texts_need_no_other_font() {
        let locales = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources/locales");
        for language in ["ar", "de", "es", "fr", "it", "ko"] {
            let file = locales.join(language).join("LC_MESSAGES/window.po");
            let texts = std::fs::read_to_string(file).unwrap();
            let fonts = charmaps();
            let drawn = |c: char| draws_nothing(c) || fonts.iter().any(|font| font.map(c).is_some());
            let missing: String = texts.chars().filter(|&c| !drawn(c)).collect();
            assert_eq!(missing, "", "{language}: resources/fonts/README.md says how to add them");
        }
    }

    #[test]
    fn the_mark_for_what_cannot_be_drawn_can_be_drawn() {
        assert_eq!(needed_for(["\u{fffd}"]), Fonts::Bundled);
    }

    #[test]
    fn a_name_of_another_script_asks_for_the_fonts_of_the_system() {
        for name in ["山田太郎", "김지우", "ริน", "Olivia 🙂"] {
            assert_eq!(needed_for(["Example Support", name]), Fonts::System, "{name}");
        }
    }
}
