//! What the resident is told: facts, and what is being done.

use line::FromAccess;
use protocol::{Action, Actions};
use session::AccessFact;
use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

/// Tells the resident. Whoever does something holds a [`Doing`] meanwhile; the set of all of them is what is reported.
#[derive(Clone)]
pub(super) struct Reporter(Arc<Mutex<State>>);

struct State {
    line: Box<dyn Write + Send>,
    /// Ends this process; gone once it was called.
    end: Option<Box<dyn FnOnce() + Send>>,
    doing: BTreeMap<Action, usize>,
}

/// Something is being done while this lives.
pub(super) struct Doing {
    reporter: Reporter,
    action: Action,
}

impl Reporter {
    /// Tells over `line`. Where it is broken nobody can be told, and `end` is called, once: it ends this process, and does
    /// not wait for whoever tells, who may hold the keyboard that is to be let go of.
    pub(super) fn new(line: impl Write + Send + 'static, end: impl FnOnce() + Send + 'static) -> Self {
        let (line, end) = (Box::new(line), Some(Box::new(end) as _));
        Self(Arc::new(Mutex::new(State { line, end, doing: BTreeMap::new() })))
    }

    /// Says something.
    pub(super) fn tell(&self, message: &FromAccess) {
        self.with(|state| state.tell(message));
    }

    /// Something happened.
    pub(super) fn fact(&self, fact: AccessFact) {
        self.tell(&FromAccess::Fact(fact));
    }

    /// Something is being done from now on; the resident knows before the operator gets anything of it.
    pub(super) fn begin(&self, action: Action) -> Doing {
        self.with(|state| {
            let count = state.doing.entry(action).or_default();
            *count += 1;
            if *count == 1 {
                state.tell_doing();
            }
        });
        Doing { reporter: self.clone(), action }
    }

    fn with(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl State {
    fn tell(&mut self, message: &FromAccess) {
        if let Err(error) = line::write(&mut self.line, message)
            && let Some(end) = self.end.take()
        {
            tracing::error!(%error, "the resident cannot be told what is done; the access process ends");
            end();
        }
    }

    fn tell_doing(&mut self) {
        let actions: Actions = self.doing.keys().copied().collect();
        self.tell(&FromAccess::Fact(AccessFact::Doing { actions }));
    }
}

impl Drop for Doing {
    fn drop(&mut self) {
        let action = self.action;
        self.reporter.with(|state| {
            if let Some(count) = state.doing.get_mut(&action) {
                *count -= 1;
                if *count == 0 {
                    state.doing.remove(&action);
                    state.tell_doing();
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::tests::Said;
    use std::{io, sync::mpsc};

    #[test]
    fn what_several_do_is_told_once_and_until_the_last_has_ended() {
        let said = Said::default();
        let reporter = said.reporter();
        let (one, two) = (reporter.begin(Action::Viewing), reporter.begin(Action::Viewing));
        let files = reporter.begin(Action::TransferringFiles);
        drop(one);
        drop(files);
        drop(two);
        let doing = |actions: &[Action]| AccessFact::Doing { actions: actions.iter().copied().collect() };
        assert_eq!(
            said.facts(),
            [
                doing(&[Action::Viewing]),
                doing(&[Action::Viewing, Action::TransferringFiles]),
                doing(&[Action::Viewing]),
                doing(&[])
            ]
        );
    }

    /// A line whose other end is gone.
    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_broken_line_ends_the_process_once_and_holds_up_nobody_who_has_to_let_go() {
        let (end, ended) = mpsc::channel();
        let reporter = Reporter::new(Broken, move || end.send(()).unwrap());
        drop(reporter.begin(Action::Controlling));
        reporter.tell(&FromAccess::Holding(input::Held::default()));
        assert_eq!(ended.try_iter().count(), 1);
    }
}
