//! What goes over the clipboard: that something did, which way, and how long it was. The texts themselves come nowhere near.

use crate::Speaker;
use protocol::Timestamp;
use serde::{Deserialize, Serialize};

/// What the access process reports of the clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "clipboard", rename_all = "snake_case")]
pub enum ClipboardFact {
    /// A text went over it: the user's to the operator, at the user's word and reported before it does; or the operator's
    /// into the user's clipboard.
    Passed {
        /// Whose.
        from: Speaker,
        /// How long.
        characters: u64,
    },
    /// The user's text was not sent.
    NotSent {
        /// Why.
        why: NotSent,
    },
}

/// Why the user's text was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSent {
    /// Nothing was copied since the clipboard was allowed.
    NothingCopied,
    /// The program in which it was copied marks it as secret.
    Secret,
    /// It is no text.
    NoText,
    /// It is longer than a clipboard carries.
    TooLong,
    /// The program in which it was copied does not give it.
    NoAnswer,
    /// The operator does not see the desktop, and texts go along with its picture.
    NotViewed,
}

/// The texts of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// How many.
    pub texts: u64,
    /// How long, all together.
    pub characters: u64,
}

/// What went over the clipboard in a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipboardDone {
    /// What the user sent.
    #[serde(default)]
    pub by_user: Texts,
    /// What the operator put into the user's clipboard.
    #[serde(default)]
    pub by_operator: Texts,
}

impl ClipboardDone {
    /// Whether nothing did.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Counts a text.
    pub fn add(&mut self, from: Speaker, characters: u64) {
        let side = match from {
            Speaker::User => &mut self.by_user,
            Speaker::Operator => &mut self.by_operator,
        };
        side.texts = side.texts.saturating_add(1);
        side.characters = side.characters.saturating_add(characters);
    }
}

/// What the window shows of the clipboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipboardView {
    /// The user said to send what was copied, and that is being done.
    #[serde(default)]
    pub is_sending: bool,
    /// What happened last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<ClipboardNews>,
    /// All that went over it.
    #[serde(default)]
    pub done: ClipboardDone,
}

/// Something that happened with the clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipboardNews {
    /// What.
    #[serde(flatten)]
    pub fact: ClipboardFact,
    /// When, by the computer's clock.
    pub at: Timestamp,
}
