//! The chat as a text to keep: copied, or saved into the user's Downloads.
//!
//! There is no file dialog: an operator who controls the desktop could steer one. A new file is written where the user's
//! browser puts files too, never over another one, and the window says its name.

use crate::clock;
use protocol::{Timestamp, event::MessageKind};
use session::{ChatLine, Speaker};
use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};
use texts::{Language, tr};

/// So many chats of the same minute can be saved.
const MOST_OF_A_NAME: u32 = 99;

/// The chat, line by line, with who said it and when.
pub(crate) fn transcript(language: Language, operator: &str, chat: &[ChatLine]) -> String {
    let mut text = String::new();
    for line in chat {
        let who = match (line.from, line.kind) {
            (Speaker::User, _) => tr!(language, "You").to_owned(),
            (Speaker::Operator, MessageKind::Note) => tr!(language, "Note from {}", operator),
            (Speaker::Operator, MessageKind::Chat) => operator.to_owned(),
        };
        // A further line of the same message must not pass for somebody else's.
        let said = line.text.replace(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n    ");
        text.push_str(&format!("[{}] {who}: {said}\n", clock::moment(line.at)));
    }
    text
}

/// Writes `text` into a new file in `folder`, which only the user can read. Gives the file's place.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn save(folder: &Path, language: Language, at: Timestamp, text: &str) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let name = tr!(language, "Chat {}", clock::for_a_file(at));
    for number in 1..=MOST_OF_A_NAME {
        let name = if number == 1 { format!("{name}.txt") } else { format!("{name} ({number}).txt") };
        let path = folder.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Where files go that come from elsewhere: Downloads, or the home folder where a system has no such folder.
pub(crate) fn folder() -> Option<PathBuf> {
    let folders = directories::UserDirs::new()?;
    Some(folders.download_dir().unwrap_or_else(|| folders.home_dir()).to_owned())
}

/// `path` as people write it: `~/Downloads`.
pub(crate) fn short(path: &Path) -> String {
    short_below(path, home().as_deref())
}

/// The user's home folder.
pub(crate) fn home() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|home| home.home_dir().to_owned())
}

/// The same where the home folder is this.
pub(crate) fn short_below(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) if rest.as_os_str().is_empty() => "~".into(),
        Some(rest) => Path::new("~").join(rest).display().to_string(),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use session::Delivery;

    fn line(from: Speaker, kind: MessageKind, text: &str) -> ChatLine {
        let at = "2026-03-01T14:05:00Z".parse().unwrap();
        ChatLine { from, kind, text: text.into(), at, delivery: Delivery::Arrived }
    }

    #[test]
    fn the_chat_is_kept_with_who_said_what() {
        let chat = [
            line(Speaker::Operator, MessageKind::Chat, "Hello!"),
            line(Speaker::User, MessageKind::Chat, "Hi."),
            line(Speaker::Operator, MessageKind::Note, "Restarting."),
        ];
        let text = transcript(Language::ENGLISH, "Olivia Example", &chat);
        let said: Vec<_> = text.lines().map(|line| line.split_once("] ").unwrap().1).collect();
        assert_eq!(said, ["Olivia Example: Hello!", "You: Hi.", "Note from Olivia Example: Restarting."]);
    }

    #[test]
    fn a_second_chat_of_the_same_minute_does_not_replace_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let at = "2026-03-01T14:05:00Z".parse().unwrap();
        let place = folder.path().join("Downloads");
        let first = save(&place, Language::ENGLISH, at, "one").unwrap();
        let second = save(&place, Language::ENGLISH, at, "two").unwrap();
        assert_ne!(first, second);
        assert_eq!(std::fs::read_to_string(first).unwrap(), "one");
        assert!(second.to_string_lossy().ends_with(" (2).txt"), "{second:?}");
    }
}
