//! What the markup in `resources/ui` compiles to, and the core's names in the markup's words.

mod words;

#[expect(missing_docs, unreachable_pub, reason = "generated code; the markup documents itself")]
#[expect(clippy::unwrap_used, clippy::todo, reason = "generated code")]
mod markup {
    slint::include_modules!();
}

pub use markup::*;

/// Chooses the language of the texts; without one, the toolkit has already chosen the system's. The direction follows:
/// it is a text that translations of right-to-left languages translate.
pub(crate) fn choose_language(language: Option<&str>) {
    // A language without a translation is shown in English.
    if let Some(language) = language
        && slint::select_bundled_translation(language).is_err()
        && let Some((primary, _)) = language.split_once('-')
    {
        let _ = slint::select_bundled_translation(primary);
    }
}
