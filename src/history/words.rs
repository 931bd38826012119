//! The history for people at a terminal.

use jiff::tz::TimeZone;
use line::{History, HistoryEntry, HistoryResult, Remark};
use protocol::{
    Action, EndReason, Member as _, Permission, Permissions, RejectReason, Timestamp, UnansweredCause,
};
use session::{ClipboardDone, FilesDone};

/// A line an entry, newest first, and what has to be said about the journal itself.
pub(crate) fn table(history: &History, zone: &TimeZone) -> String {
    let mut text: String =
        history.remarks.iter().map(|remark| format!("Note: {}\n", about(remark, zone))).collect();
    if history.entries.is_empty() {
        text.push_str("No operator has asked to connect yet.\n");
        return text;
    }
    let heading = ["WHEN", "WHO", "ORGANISATION", "LASTED", "GRANTED", "DONE", "OUTCOME"].map(String::from);
    let rows: Vec<[String; 7]> =
        std::iter::once(heading).chain(history.entries.iter().map(|entry| row(entry, zone))).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(entry: &HistoryEntry, zone: &TimeZone) -> [String; 7] {
    [
        time(entry.at, zone),
        entry.operator.name.clone(),
        entry.organisation_name.clone(),
        entry.lasted_secs.map_or_else(|| "—".into(), lasted),
        permissions(entry.granted, entry.taken_back),
        done(entry),
        outcome(entry),
    ]
}

pub(crate) fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

pub(crate) fn lasted(secs: u64) -> String {
    match (secs / 3600, secs / 60 % 60, secs % 60) {
        (0, 0, secs) => format!("{secs} s"),
        (0, minutes, secs) => format!("{minutes} min {secs} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

fn permissions(granted: Permissions, taken_back: Permissions) -> String {
    let name = |permission: Permission| {
        let name = permission.name();
        if taken_back.contains(permission) { format!("{name} (taken back)") } else { name.to_owned() }
    };
    or_dash(granted.iter().map(name).collect())
}

fn done(entry: &HistoryEntry) -> String {
    let actions = entry.done.iter().map(|action| match files(&entry.files) {
        files if action == Action::TransferringFiles && !files.is_empty() => {
            format!("transferring files ({files})")
        }
        _ => action.name().replace('_', " "),
    });
    or_dash(actions.chain(clipboard(entry.clipboard)).collect())
}

/// In numbers; names are for the window and for `--json`.
fn files(done: &FilesDone) -> String {
    let counts = [
        (done.downloads.files, "to the operator"),
        (done.uploads.files, "from the operator"),
        (done.changes, "changed"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    counts.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join("; ")
}

fn clipboard(done: ClipboardDone) -> Option<String> {
    let (sent, received) = (done.by_user.texts, done.by_operator.texts);
    (!done.is_empty()).then(|| format!("clipboard ({sent} sent, {received} received)"))
}

fn or_dash(names: Vec<String>) -> String {
    if names.is_empty() { "—".into() } else { names.join(", ") }
}

fn outcome(entry: &HistoryEntry) -> String {
    let text = match entry.result {
        HistoryResult::Open if entry.started_at.is_some() => "not ended yet",
        HistoryResult::Open => "not answered yet",
        HistoryResult::Ended { reason: EndReason::User } if entry.suspicious => {
            "you ended it: something was wrong"
        }
        HistoryResult::Ended { reason } if entry.suspicious => {
            return format!("{}; you reported it: something was wrong", ended(reason));
        }
        HistoryResult::Ended { reason } => ended(reason),
        HistoryResult::NotStarted { .. } => "approved, but no session came of it",
        HistoryResult::Rejected { reason } => rejected(reason),
        HistoryResult::Unanswered { cause } => unanswered(cause),
    };
    if entry.during_session { format!("asked for more; {text}") } else { text.into() }
}

fn ended(reason: EndReason) -> &'static str {
    match reason {
        EndReason::User => "you ended it",
        EndReason::Operator => "the operator ended it",
        EndReason::Service => "the service ended it",
        EndReason::OrganisationSuspended => "the service suspended the organisation",
        EndReason::Expired => "the agreed time was over",
        EndReason::LinkLost => "the connection was lost",
        EndReason::Locked => "the screen stayed locked",
        EndReason::Slept => "the computer slept",
        EndReason::AgentStopped => "you logged off or quit the agent",
        EndReason::AgentRestarted => "the agent was started again",
        EndReason::AccessFailed => "the process that serves the operator failed",
        EndReason::NotStarted => "no session came of it",
    }
}

pub(crate) fn rejected(reason: Option<RejectReason>) -> &'static str {
    match reason {
        None => "rejected",
        Some(RejectReason::NotNow) => "rejected: not now",
        Some(RejectReason::NotRequested) => "rejected: not asked for",
        Some(RejectReason::Suspicious) => "rejected: looks suspicious",
    }
}

pub(crate) fn unanswered(cause: UnansweredCause) -> &'static str {
    match cause {
        UnansweredCause::Expired => "not answered in time",
        UnansweredCause::Withdrawn => "the operator took it back",
        UnansweredCause::Busy => "told busy",
        UnansweredCause::Locked => "not shown: the screen was locked",
        UnansweredCause::PromptFailed => "not shown: the popup failed",
        UnansweredCause::NoDisplay => "not shown: no display",
        UnansweredCause::AgentRestarted => "the agent was started again",
        UnansweredCause::LinkLost => "the connection was lost",
        UnansweredCause::NotPermitted => "not shown: nothing of it can be granted",
        UnansweredCause::NotRecorded => "not granted: it could not be recorded",
    }
}

fn about(remark: &Remark, zone: &TimeZone) -> String {
    match remark {
        Remark::Deleted { at, through } => {
            format!(
                "entries up to {through} were deleted at {}, as they were kept for long enough.",
                time(*at, zone)
            )
        }
        Remark::Damaged { at, file, line } => {
            let line = line.map(|line| format!(", line {line},")).unwrap_or_default();
            let found = at.map(|at| format!(", found at {}", time(at, zone))).unwrap_or_default();
            format!("the journal is damaged: {file}{line} is not as it was written{found}.")
        }
        Remark::MoreUnseen { organisation_name, since, requests: 1 } => format!(
            "a request of {organisation_name} at {} was answered without being seen and is not listed.",
            time(*since, zone)
        ),
        Remark::MoreUnseen { organisation_name, since, requests } => format!(
            "{requests} requests of {organisation_name} since {} were answered without being seen and are not listed.",
            time(*since, zone)
        ),
        Remark::NotReadable => "the journal cannot be read.".into(),
        Remark::NotWritable => "the journal cannot be written. Nothing can be approved until it can.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_table_says_who_when_how_long_what_and_how_it_ended() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/journal-version-2");
        let (mut history, _) = super::super::load(&folder).unwrap();
        history.entries.drain(..2);
        let through = "2026-05".into();
        history.remarks = vec![Remark::Deleted { at: "2026-11-01T08:00:00Z".parse().unwrap(), through }];
        assert_eq!(
            table(&history, &TimeZone::UTC),
            "\
Note: entries up to 2026-05 were deleted at 2026-11-01 08:00, as they were kept for long enough.
WHEN              WHO             ORGANISATION     LASTED      GRANTED                           DONE                  OUTCOME
2026-10-22 10:00  Olivia Example  Example Support  —           —                                 —                     rejected: not asked for
2026-10-22 09:00  Olivia Example  Example Support  12 min 0 s  view, control (taken back), chat  viewing, controlling  you ended it
"
        );
    }

    #[test]
    fn the_texts_of_both_sides_are_counted() {
        let mut done = ClipboardDone::default();
        assert_eq!(clipboard(done), None);
        done.add(session::Speaker::User, 5);
        done.add(session::Speaker::Operator, 7);
        done.add(session::Speaker::Operator, 8);
        assert_eq!(clipboard(done).as_deref(), Some("clipboard (1 sent, 2 received)"));
    }

    #[test]
    fn without_history_it_says_so() {
        assert_eq!(table(&History::default(), &TimeZone::UTC), "No operator has asked to connect yet.\n");
    }
}
