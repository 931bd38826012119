//! Making foreign text safe to show.

/// The longest name shown, in characters.
pub const MAX_NAME_CHARS: usize = 64;

/// `text` on one line, without control and bidirectional formatting characters, at most `max_chars` characters long
/// (an ellipsis marks a cut), and never empty: nothing visible becomes `fallback`.
///
/// ```
/// use protocol::text::one_line;
/// assert_eq!(one_line("Ali\u{202e}ce\n<b>", 64, "?"), "Alice <b>");
/// assert_eq!(one_line("\u{200b}\u{202e}", 64, "unnamed operator"), "unnamed operator");
/// ```
pub fn one_line(text: &str, max_chars: usize, fallback: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|&c| !is_invisible(c)).collect();
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    shorten(&mut line, max_chars);
    // Joiners alone draw nothing either.
    if line.chars().all(|c| matches!(c, '\u{200c}' | '\u{200d}' | ' ')) { fallback.to_owned() } else { line }
}

/// `text` with its line breaks, without other control and bidirectional formatting characters, cut as in [`one_line`].
pub fn lines(text: &str, max_chars: usize) -> String {
    let mut kept: String =
        text.chars().filter(|&c| c == '\n' || c == '\t' || !(c.is_control() || is_invisible(c))).collect();
    shorten(&mut kept, max_chars);
    kept
}

/// `text` between U+2068 and U+2069, so that its direction cannot reorder the sentence around it (Unicode UAX #9).
pub fn isolated(text: &str) -> String {
    format!("\u{2068}{text}\u{2069}")
}

fn shorten(text: &mut String, max_chars: usize) {
    if text.chars().count() > max_chars {
        *text = text.chars().take(max_chars.saturating_sub(1)).collect();
        text.push('…');
    }
}

/// Characters that draw nothing or change how others are drawn. U+200C and U+200D stay: Persian, Hindi and emoji
/// sequences are misspelt without them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_marked() {
        assert_eq!(one_line(&"x".repeat(100), 5, "?"), "xxxx…");
        assert_eq!(one_line("exact", 5, "?"), "exact");
        assert_eq!(one_line("\u{200d} \u{200c}", 5, "?"), "?");
    }

    #[test]
    fn a_chat_text_keeps_its_lines_and_loses_its_tricks() {
        assert_eq!(lines("a\r\nb\u{1b}[31m\u{2066}c", 100), "a\nb[31mc");
    }

    #[test]
    fn joiners_that_words_need_are_kept() {
        assert_eq!(one_line("می\u{200c}خواهم", 64, "?"), "می\u{200c}خواهم");
    }
}
