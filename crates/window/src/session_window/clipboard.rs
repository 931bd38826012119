//! What the session window shows of the clipboard.

use crate::{
    clock,
    ui::{Clipboard, ClipboardCount, ClipboardNews},
};
use protocol::Permission;
use session::{ClipboardDone, ClipboardFact, NotSent, SessionView, Speaker};

/// During a session.
pub(super) fn shown(session: &SessionView) -> Clipboard {
    let last = session.clipboard.last;
    let (news, characters) = match last.map(|last| last.fact) {
        None => (ClipboardNews::None, 0),
        Some(ClipboardFact::Passed { from: Speaker::User, characters }) => {
            (ClipboardNews::ByUser, characters)
        }
        Some(ClipboardFact::Passed { from: Speaker::Operator, characters }) => {
            (ClipboardNews::ByOperator, characters)
        }
        Some(ClipboardFact::NotSent { why }) => (why.into(), 0),
    };
    Clipboard {
        granted: session.granted.contains(Permission::Clipboard),
        unsupported: session.unsupported.contains(Permission::Clipboard),
        sending: session.clipboard.is_sending,
        news,
        characters: clock::seconds(characters),
        time: last.map(|last| clock::time_of_day(last.at)).unwrap_or_default().into(),
    }
}

/// Afterwards.
pub(super) fn count(done: ClipboardDone) -> ClipboardCount {
    ClipboardCount {
        by_user: clock::seconds(done.by_user.texts),
        by_operator: clock::seconds(done.by_operator.texts),
    }
}

impl From<NotSent> for ClipboardNews {
    fn from(why: NotSent) -> Self {
        match why {
            NotSent::NothingCopied => Self::NothingCopied,
            NotSent::Secret => Self::Secret,
            NotSent::NoText => Self::NoText,
            NotSent::TooLong => Self::TooLong,
            NotSent::NoAnswer => Self::NoAnswer,
            NotSent::NotViewed => Self::NotViewed,
        }
    }
}
