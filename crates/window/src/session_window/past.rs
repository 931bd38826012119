//! The history screen: from the journal's entries to what is shown.

use super::{SessionUi, clipboard};
use crate::{
    clock, deeds,
    ui::{Action, Cause, EndReason, Past, PastRemark, PastResult, Permission, RemarkKind, left_to_right},
};
use line::{History, HistoryEntry, HistoryResult, Remark};
use protocol::{RejectReason, text::isolated};
use slint::{ModelRc, VecModel};

/// So many of a session's files are listed, the newest.
const FILES_OF_A_SESSION: usize = 10;

/// Opens the screen with what `history` tells.
pub(super) fn show(ui: &SessionUi, history: &History) {
    let window = &ui.window;
    window.set_history(model(history.entries.iter().map(past)));
    window.set_history_remarks(model(history.remarks.iter().map(remark)));
    window.set_history_older(i32::try_from(history.older).unwrap_or(i32::MAX));
    window.set_history_open(true);
}

fn model<T: Clone + 'static>(rows: impl Iterator<Item = T>) -> ModelRc<T> {
    ModelRc::new(rows.collect::<VecModel<T>>())
}

fn past(entry: &HistoryEntry) -> Past {
    let (result, reason, cause) = match entry.result {
        HistoryResult::Open => (PastResult::Open, None, None),
        HistoryResult::Ended { reason } if entry.suspicious => (PastResult::Reported, Some(reason), None),
        HistoryResult::Ended { reason } => (PastResult::Ended, Some(reason), None),
        HistoryResult::NotStarted { reason } => (PastResult::NotStarted, Some(reason), None),
        HistoryResult::Rejected { reason: None } => (PastResult::Rejected, None, None),
        HistoryResult::Rejected { reason: Some(RejectReason::NotNow) } => (PastResult::NotNow, None, None),
        HistoryResult::Rejected { reason: Some(RejectReason::NotRequested) } => {
            (PastResult::NotRequested, None, None)
        }
        HistoryResult::Rejected { reason: Some(RejectReason::Suspicious) } => {
            (PastResult::Suspicious, None, None)
        }
        HistoryResult::Unanswered { cause } => (PastResult::Unanswered, None, Some(cause)),
    };
    Past {
        operator: isolated(&entry.operator.name).into(),
        organisation: isolated(&entry.organisation_name).into(),
        when: clock::when(entry.started_at.unwrap_or(entry.at)).into(),
        during_session: entry.during_session,
        seconds: entry.lasted_secs.map_or(-1, clock::seconds),
        asked: model(entry.asked.iter().map(Permission::from)),
        granted: model(entry.granted.iter().map(Permission::from)),
        taken_back: model(entry.taken_back.iter().map(Permission::from)),
        done: model(entry.done.iter().map(Action::from)),
        has_files: !entry.files.is_empty(),
        totals: deeds::totals(&entry.files, FILES_OF_A_SESSION),
        deeds: model(deeds::newest(&entry.files, FILES_OF_A_SESSION)),
        clipboard: clipboard::count(entry.clipboard),
        result,
        reason: reason.map(EndReason::from).unwrap_or_default(),
        cause: cause.map(Cause::from).unwrap_or_default(),
    }
}

fn remark(remark: &Remark) -> PastRemark {
    match remark {
        Remark::Deleted { at, through } => PastRemark {
            kind: RemarkKind::Deleted,
            what: left_to_right(through).into(),
            when: clock::date(*at).into(),
            line: 0,
        },
        Remark::Damaged { at: _, file, line } => PastRemark {
            kind: RemarkKind::Damaged,
            what: left_to_right(file).into(),
            when: "".into(),
            line: line.map_or(0, clock::seconds),
        },
        Remark::MoreUnseen { organisation_name, since, requests } => PastRemark {
            kind: RemarkKind::MoreUnseen,
            what: isolated(organisation_name).into(),
            when: clock::when(*since).into(),
            line: clock::seconds(*requests),
        },
        Remark::NotWritable => plain(RemarkKind::NotWritable),
        Remark::NotReadable => plain(RemarkKind::NotReadable),
    }
}

fn plain(kind: RemarkKind) -> PastRemark {
    PastRemark { kind, what: "".into(), when: "".into(), line: 0 }
}
