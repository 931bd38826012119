//! Why something is not done, in words for the operator and with a code for their program.

use dav_server::fs::FsError;
use http::StatusCode;
use std::io;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotGranted,
    Cancelled,
    NotFound,
    Exists,
    Hidden,
    Excluded,
    HoldsExcluded,
    Root,
    BadName,
    TooLong,
    Elsewhere,
    OtherHost,
    IntoItself,
    NotAFile,
    AFolder,
    ReadOnly,
    Denied,
    NoTrash,
    Full,
    TooMuch,
    WrongOffset { have: u64 },
    BadRange,
    BadXml,
    NotOffered,
    Failed,
}

impl Refusal {
    /// What it says in an answer.
    pub(crate) fn answer(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotGranted => (
                StatusCode::FORBIDDEN,
                "not_granted",
                "The user has not allowed this. Ask for the permission.",
            ),
            Self::Cancelled => (
                StatusCode::FORBIDDEN,
                "cancelled",
                "The user cancelled this file. Ask the user before you try again in a minute.",
            ),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "There is no such file or folder."),
            Self::Exists => {
                (StatusCode::METHOD_NOT_ALLOWED, "exists", "There is something of this name already.")
            }
            Self::Hidden => (
                StatusCode::FORBIDDEN,
                "hidden",
                "Names that begin with a dot are those of hidden files, and these are not shared. Choose another name.",
            ),
            Self::Excluded => (
                StatusCode::FORBIDDEN,
                "excluded",
                "This place is never shared: it belongs to the agent itself, or starts programs.",
            ),
            Self::HoldsExcluded => (
                StatusCode::FORBIDDEN,
                "holds_excluded",
                "There is something in this folder that is never shared, so it stays where it is.",
            ),
            Self::Root => (StatusCode::FORBIDDEN, "root", "The shared folder itself stays as it is."),
            Self::BadName => (
                StatusCode::BAD_REQUEST,
                "bad_name",
                "A file on this computer cannot have this name. Choose another one.",
            ),
            Self::TooLong => {
                (StatusCode::URI_TOO_LONG, "too_long", "The name is too long, or the folders lie too deep.")
            }
            Self::Elsewhere => {
                (StatusCode::NOT_FOUND, "elsewhere", "This is not an address of the shared folder.")
            }
            Self::OtherHost => {
                (StatusCode::BAD_GATEWAY, "other_host", "The destination does not lie in the shared folder.")
            }
            Self::IntoItself => (
                StatusCode::FORBIDDEN,
                "into_itself",
                "A folder can neither be placed in itself nor replace what it lies in.",
            ),
            Self::NotAFile => {
                (StatusCode::FORBIDDEN, "not_a_file", "Only files and folders are shared; this is neither.")
            }
            Self::AFolder => {
                (StatusCode::METHOD_NOT_ALLOWED, "a_folder", "This is a folder; it can be listed.")
            }
            Self::ReadOnly => {
                (StatusCode::FORBIDDEN, "read_only", "The user has protected this file from changes.")
            }
            Self::Denied => (StatusCode::FORBIDDEN, "denied", "The user's computer does not allow this."),
            Self::NoTrash => (
                StatusCode::FORBIDDEN,
                "no_trash",
                "There is no trash that this could be moved to, and nothing is deleted for good.",
            ),
            Self::Full => (
                StatusCode::INSUFFICIENT_STORAGE,
                "disk_full",
                "There is not enough space on the user's computer.",
            ),
            Self::TooMuch => (
                StatusCode::FORBIDDEN,
                "too_much",
                "This folder has too much in it to be copied at once. Copy what is in it part by part.",
            ),
            Self::WrongOffset { .. } => (
                StatusCode::CONFLICT,
                "wrong_offset",
                "The upload goes on where Upload-Offset says, or begins anew.",
            ),
            Self::BadRange => (
                StatusCode::BAD_REQUEST,
                "bad_range",
                "The request's Content-Range is not `bytes first-last/length`.",
            ),
            Self::BadXml => {
                (StatusCode::BAD_REQUEST, "bad_xml", "The request's XML is not what WebDAV uses.")
            }
            Self::NotOffered => (
                StatusCode::METHOD_NOT_ALLOWED,
                "not_offered",
                "The agent does not offer this way of access.",
            ),
            Self::Failed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "failed",
                "The user's computer could not do this. Try again, or ask the user.",
            ),
        }
    }

    /// The same for `dav-server`, which knows fewer words.
    pub(crate) fn in_dav(self) -> FsError {
        match self {
            Self::NotFound => FsError::NotFound,
            Self::Exists => FsError::Exists,
            Self::Full => FsError::InsufficientStorage,
            Self::TooLong => FsError::PathTooLong,
            Self::Failed => FsError::GeneralFailure,
            _ => FsError::Forbidden,
        }
    }

    /// For looking at something: what must not be looked at is not there.
    pub(crate) fn unseen(self) -> Self {
        match self {
            Self::Hidden | Self::Excluded | Self::NotAFile => Self::NotFound,
            other => other,
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind;
        match error.kind() {
            // What is no folder has nothing in it, and another file system is not there.
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::CrossesDevices => Self::NotFound,
            ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty | ErrorKind::IsADirectory => Self::Exists,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::Full,
            ErrorKind::InvalidFilename => Self::BadName,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::Denied,
            kind => {
                tracing::warn!(?kind, "the file system fails");
                Self::Failed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_full_quota_are_told_as_such() {
        use io::ErrorKind;
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge] {
            let refusal = Refusal::from(io::Error::from(kind));
            assert_eq!((refusal, refusal.in_dav()), (Refusal::Full, FsError::InsufficientStorage));
        }
    }
}
