//! The user's history as it is shown: what the journal tells, one entry for each session and for each request that led
//! to none.
//!
//! It is no part of the core's [`View`](session::View): the resident reads the journal when the session window asks, and
//! what is sent is what stood there at that moment.

use protocol::{
    Actions, EndReason, Operator, Permissions, RejectReason, RequestId, SessionId, Timestamp, UnansweredCause,
};
use serde::{Deserialize, Serialize};
use session::{ClipboardDone, FilesDone};
use std::path::PathBuf;

/// The window shows so many entries at most.
pub const LONGEST_HISTORY: usize = 200;

/// What the journal tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Newest first.
    pub entries: Vec<HistoryEntry>,
    /// How many older entries the journal holds beside these.
    pub older: usize,
    /// What has to be said about the journal itself, newest first; empty in the usual case.
    pub remarks: Vec<Remark>,
}

/// A session, or a request that led to none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When the operator asked.
    pub at: Timestamp,
    /// Who; the name is made safe to show.
    pub operator: Operator,
    /// For whom; made safe to show.
    pub organisation_name: String,
    /// The request.
    pub request_id: RequestId,
    /// The session that came of it, or during which more was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// A request for more during a session, that was not granted. One that was is part of its session's entry.
    pub during_session: bool,
    /// What was asked for.
    pub asked: Permissions,
    /// What was granted in the session's course.
    pub granted: Permissions,
    /// What of it the user took back.
    pub taken_back: Permissions,
    /// What the operator did.
    pub done: Actions,
    /// Where files were shared last, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// What the operator did with files.
    #[serde(default, skip_serializing_if = "FilesDone::is_empty")]
    pub files: FilesDone,
    /// What went over the clipboard.
    #[serde(default, skip_serializing_if = "ClipboardDone::is_empty")]
    pub clipboard: ClipboardDone,
    /// When the session started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// How long it lasted, in seconds; unknown where the agent was stopped in its course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasted_secs: Option<u64>,
    /// Whether the user ended it because something was wrong.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspicious: bool,
    /// How it ended.
    #[serde(flatten)]
    pub result: HistoryResult,
}

/// How a request or session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum HistoryResult {
    /// Not yet: it waits for an answer, or the session runs.
    Open,
    /// A session ended.
    Ended {
        /// Why.
        reason: EndReason,
    },
    /// An approval came to nothing.
    NotStarted {
        /// Why.
        reason: EndReason,
    },
    /// The user said no.
    Rejected {
        /// Why, where the user said so. "Looks suspicious" is shown to the user alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<RejectReason>,
    },
    /// Nobody decided.
    Unanswered {
        /// What came in the way.
        cause: UnansweredCause,
    },
}

/// What has to be said about the journal itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "remark", rename_all = "snake_case")]
pub enum Remark {
    /// Months older than the journal is kept for were deleted.
    Deleted {
        /// When.
        at: Timestamp,
        /// The newest month that is gone, as in `2026-05`.
        through: String,
    },
    /// A part of the journal was found changed, cut or missing.
    Damaged {
        /// When that was found; absent where it was found just now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
        /// The file's name.
        file: String,
        /// The first line that is not as it was written, counted from 1; absent where the whole file is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u64>,
    },
    /// Requests that nobody saw were answered, beside those that have entries of their own.
    MoreUnseen {
        /// For whom; made safe to show.
        organisation_name: String,
        /// When the first of them came in.
        since: Timestamp,
        /// How many.
        requests: u64,
    },
    /// The journal cannot be read now.
    NotReadable,
    /// What happens now cannot be written: nothing can be approved until it can.
    NotWritable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_the_same_for_window_and_program() {
        let text = r#"{"at":"2026-11-22T10:00:00Z","operator":{"id":"op1","name":"Olivia Example"},"organisation_name":"Example Support","request_id":"r1","during_session":false,"asked":["view"],"granted":[],"taken_back":[],"done":[],"result":"rejected","reason":"not_now"}"#;
        let entry: HistoryEntry = serde_json::from_str(text).unwrap();
        assert_eq!(entry.result, HistoryResult::Rejected { reason: Some(RejectReason::NotNow) });
        assert_eq!(serde_json::to_string(&entry).unwrap(), text);
    }
}
