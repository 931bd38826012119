//! The clipboard: the user's word sends what was copied, and everything that goes over it is written down and shown.

use super::{
    Agent,
    phase::{Access, Phase},
};
use crate::{ClipboardFact, ClipboardNews, Effect, Now, Speaker, effect::Entry};
use protocol::{Permission, SessionId};
use tracing::debug;

impl Agent {
    pub(super) fn send_copied(&mut self) {
        let paused = self.is_paused();
        let Phase::Active(_, session) = &mut self.phase else { return };
        let served = session.access != Access::None && !paused && !session.lost_tunnel();
        let possible = session.granted.difference(session.unsupported).contains(Permission::Clipboard);
        if served && possible && !session.clipboard.is_sending {
            session.clipboard.is_sending = true;
            self.effects.push_back(Effect::SendCopied);
        } else {
            debug!("a text that cannot be sent now is not");
        }
    }

    /// What went over it before the access process was killed, and is heard only now.
    pub(super) fn clipboard_late(&mut self, session_id: &SessionId, fact: ClipboardFact, now: Now) {
        let ClipboardFact::Passed { from, characters } = fact else { return };
        if matches!(&self.phase, Phase::Active(_, session) if session.id == *session_id) {
            return self.clipboard_fact(fact, now);
        }
        if let Phase::Ended(_, summary) = &mut self.phase
            && summary.session_id == *session_id
        {
            summary.clipboard.add(from, characters);
        }
        self.record(Entry::Clipboard { session_id: session_id.clone(), from, characters });
    }

    pub(super) fn clipboard_fact(&mut self, fact: ClipboardFact, now: Now) {
        let Phase::Active(_, session) = &mut self.phase else { return };
        let clipboard = &mut session.clipboard;
        clipboard.last = Some(ClipboardNews { fact, at: now.wall });
        match fact {
            ClipboardFact::Passed { from, characters } => {
                clipboard.is_sending &= from != Speaker::User;
                clipboard.done.add(from, characters);
                let session_id = session.id.clone();
                self.record(Entry::Clipboard { session_id, from, characters });
            }
            ClipboardFact::NotSent { .. } => clipboard.is_sending = false,
        }
    }
}
