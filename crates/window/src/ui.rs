//! What the markup in `resources/ui` compiles to, and the core's names in the markup's words.

mod words;

#[expect(missing_docs, unreachable_pub, reason = "generated code; the markup documents itself")]
#[expect(clippy::unwrap_used, clippy::todo, reason = "generated code")]
mod markup {
    slint::include_modules!();
}

pub use markup::*;

/// `text` between U+2066 and U+2069: numbers, dates and addresses are written from the left in every language.
pub(crate) fn left_to_right(text: &str) -> String {
    format!("\u{2066}{text}\u{2069}")
}

/// A telephone number, on one line.
pub(crate) fn telephone(number: &str) -> String {
    left_to_right(&number.replace(' ', "\u{a0}"))
}

/// Chooses the language of the texts, once a window has been made. The direction follows: it is a text that translations
/// of right-to-left languages translate.
pub fn choose_language(language: texts::Language) {
    // All of these languages are compiled in.
    let _ = slint::select_bundled_translation(language.tag());
}
