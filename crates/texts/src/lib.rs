//! The texts that a person reads outside the windows' markup (tray, notifications, saved chats), and the language of all.
//!
//! Texts are English in the code; [`tr!`] looks them up in the catalogues of `resources/locales`, which are compiled in.
//! The markup's texts are in the same files and are looked up by the toolkit. There are no plural forms here: a text that
//! needs one belongs into the markup.

include!(concat!(env!("OUT_DIR"), "/catalogues.rs"));

/// What one language says.
#[derive(Debug)]
struct Catalogue {
    tag: &'static str,
    /// English and its translation, in the order of the English.
    texts: &'static [(&'static str, &'static str)],
}

/// A language that the program speaks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Language(Option<&'static Catalogue>);

impl Language {
    /// The language of the code.
    pub const ENGLISH: Self = Self(None);

    /// The language that was set, or else the first of the user's languages that the program speaks, or else English.
    pub fn choose(set: Option<&str>) -> Self {
        match set {
            Some(tag) => Self::among([tag]),
            None => Self::among(sys_locale::get_locales().collect::<Vec<_>>().iter().map(String::as_str)),
        }
    }

    /// Every language, English first.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::ENGLISH).chain(CATALOGUES.iter().map(|catalogue| Self(Some(catalogue))))
    }

    fn among<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let spoken = tags.into_iter().find_map(|tag| {
            let primary = tag.split(['-', '_', '.', '@']).next().unwrap_or(tag);
            Self::all().find(|language| language.tag().eq_ignore_ascii_case(primary))
        });
        spoken.unwrap_or_default()
    }

    /// Its name, as in BCP 47.
    pub fn tag(self) -> &'static str {
        self.0.map_or("en", |catalogue| catalogue.tag)
    }

    /// What `english` is in this language; see [`tr!`].
    pub fn look_up(self, english: &'static str) -> &'static str {
        let texts = self.0.map_or(&[][..], |catalogue| catalogue.texts);
        texts.binary_search_by_key(&english, |(from, _)| from).map_or(english, |found| texts[found].1)
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.tag() == other.tag()
    }
}
impl Eq for Language {}

/// The text in a language: `tr!(language, "Quit")`, or with values in the place of `{}`:
/// `tr!(language, "{} wants to connect", name)`. Translations may number the places, `{0}`, to change their order.
#[macro_export]
macro_rules! tr {
    ($language:expr, $english:literal) => {
        $language.look_up($english)
    };
    ($language:expr, $english:literal, $($value:expr),+ $(,)?) => {
        $crate::fill($language.look_up($english), &[$(&$value),+])
    };
}

/// Puts `values` into the places of `text`.
pub fn fill(text: &str, values: &[&dyn std::fmt::Display]) -> String {
    let mut filled = String::with_capacity(text.len() + 16 * values.len());
    let mut rest = text;
    let mut next = 0;
    while let Some((before, place)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((number, after)) = place.split_once('}') else {
            rest = place;
            break;
        };
        let index = number.parse().unwrap_or_else(|_| {
            next += 1;
            next - 1
        });
        if let Some(value) = values.get(index) {
            filled.push_str(&value.to_string());
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_where_the_translation_wants_them() {
        assert_eq!(fill("{} from {}", &[&"a", &"b"]), "a from b");
        assert_eq!(fill("{1}: {0}.", &[&"a", &"b"]), "b: a.");
        // What a value says is never read as a place.
        assert_eq!(fill("{} and {}", &[&"{}", &"{0}"]), "{} and {0}");
    }

    #[test]
    fn a_language_is_found_by_its_first_part_and_another_one_is_english() {
        assert_eq!(Language::choose(Some("de-AT")).tag(), "de");
        assert_eq!(Language::choose(Some("AR")).tag(), "ar");
        assert_eq!(Language::choose(Some("tlh")).tag(), "en");
        assert_eq!(Language::among(["tlh", "en_GB.UTF-8", "de"]).tag(), "en");
        assert_eq!(Language::among(["pt-BR", "it_IT@euro"]).tag(), "it");
    }
}
