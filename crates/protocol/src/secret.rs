//! Values that must not reach a log, and are wiped where they are dropped: tokens and session codes.

use serde::{Deserialize, Serialize, Serializer};
use std::{fmt, mem};
use zeroize::{Zeroize as _, Zeroizing};

/// A token or password. `Debug` hides it and there is no `Display`; [`Secret::expose`] is easy to search for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String))]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret into keeping.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that sends or hashes it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A text that is not a session code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a session code has 9 digits, like 123-456-789")]
pub struct InvalidSessionCode;

/// Nine digits that an operator tells the user; `Debug` hides them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[0-9]{9}$", example = "123456789"))]
#[serde(try_from = "String")]
pub struct SessionCode(String);

impl SessionCode {
    /// The nine digits.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The code as people read and say it: `123-456-789`.
    pub fn grouped(&self) -> String {
        format!("{}-{}-{}", &self.0[..3], &self.0[3..6], &self.0[6..])
    }
}

impl TryFrom<String> for SessionCode {
    type Error = InvalidSessionCode;
    fn try_from(text: String) -> Result<Self, InvalidSessionCode> {
        Zeroizing::new(text).parse()
    }
}

impl std::str::FromStr for SessionCode {
    type Err = InvalidSessionCode;
    /// Reads nine digits, of any script that has a decimal zero in common use, with spaces and dashes between them.
    fn from_str(text: &str) -> Result<Self, InvalidSessionCode> {
        // Wiped also where it is no code, and never more than there is room for, so that no copy is left behind.
        let mut digits = Zeroizing::new(String::with_capacity(9));
        for character in text.chars() {
            match character {
                '0'..='9' | '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' if digits.len() == 9 => {
                    return Err(InvalidSessionCode);
                }
                '0'..='9' => digits.push(character),
                // Arabic-Indic and extended Arabic-Indic digits, as Arabic and Persian keyboards type them.
                '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => {
                    digits.push(char::from(b'0' + (character as u32 % 16) as u8));
                }
                ' ' | '-' | '\u{a0}' | '\u{2010}'..='\u{2014}' | '\t' | '\r' | '\n' => {}
                _ => return Err(InvalidSessionCode),
            }
        }
        if digits.len() == 9 { Ok(Self(mem::take(&mut *digits))) } else { Err(InvalidSessionCode) }
    }
}

impl From<SessionCode> for String {
    fn from(mut code: SessionCode) -> String {
        mem::take(&mut code.0)
    }
}

impl Serialize for SessionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Drop for SessionCode {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SessionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        for text in ["123456789", " 123-456-789\n", "123 456 789", "١٢٣-٤٥٦-٧٨٩", "۱۲۳۴۵۶۷۸۹"]
        {
            assert_eq!(text.parse::<SessionCode>().unwrap().grouped(), "123-456-789", "{text}");
        }
        for text in ["", "12345678", "1234567890", "12345678x", "123456789/"] {
            assert_eq!(text.parse::<SessionCode>(), Err(InvalidSessionCode), "{text}");
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let shown = format!("{:?} {:?}", Secret::new("hunter2"), "123456789".parse::<SessionCode>().unwrap());
        assert!(!shown.contains("hunter2") && !shown.contains("123"), "{shown}");
    }
}
