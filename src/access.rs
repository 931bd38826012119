//! The access process: serves exactly what was granted, for as long as its line to the resident stands.
//!
//! It is started by an approval and killed by an end. What may be served arrives on its line and nowhere else; it reaches
//! the service with a ticket that opens this session's tunnel and nothing more. What is being done it reports itself, so
//! that no operator can hide it.

mod allowance;
mod clipboard;
mod connection;
mod control;
mod desktop;
mod files;
mod pace;
mod reporter;

use clipboard::Texts;
use control::Control;
use files::Files;
use line::{FromAccess, ToAccess};
use protocol::{Permission, Permissions};
use reporter::Reporter;
use session::AccessFact;
use std::{
    io, process,
    process::ExitCode,
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::Duration,
};
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, unbounded_channel},
        watch,
    },
    task::AbortHandle,
};

/// What may be served now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Allowed {
    permissions: Permissions,
    /// Nothing is served: the screen is locked, or the link is lost.
    paused: bool,
    /// The operator's input is held back while a request is on the screen.
    input_held: bool,
}

impl Allowed {
    fn permits(self, permission: Permission) -> bool {
        !self.paused && self.permissions.contains(permission)
    }

    fn lets_input_through(self) -> bool {
        self.permits(Permission::Control) && !self.input_held
    }
}

/// What a stream of the tunnel needs to be served.
#[derive(Clone)]
struct Served {
    allowed: watch::Receiver<Allowed>,
    reporter: Reporter,
    control: Control,
    files: Files,
    texts: Texts,
}

/// How many times in a row the resident may be missing. Times are counted and not the clock, which may have gone on while
/// the computer slept.
const MISSED_AT_MOST: u32 = 5;
/// How long letting go of keys and buttons may take at the end.
const LET_GO_LIMIT: Duration = Duration::from_millis(300);

/// Runs until the line ends, or the resident stands still: then nobody could end what is served here.
pub(crate) fn run() -> ExitCode {
    let (say, told) = unbounded_channel();
    let control: Arc<OnceLock<Control>> = Arc::default();
    let [at_end, at_silence, at_break] = [(); 3].map(|()| control.clone());
    let reporter = Reporter::new(io::stdout(), move || drop(thread::spawn(move || leave(&at_break))));
    let (there, hear) = mpsc::channel();
    let watching = thread::Builder::new().name("watch".into()).spawn(move || {
        if stands_still(&hear, line::THERE_EVERY) {
            tracing::error!("the resident stands still; the access process ends");
            leave(&at_silence);
        }
    });
    // On a thread of its own, so that the line's end is noticed whatever else goes on.
    let reading = thread::Builder::new().name("line".into()).spawn(move || {
        let mut from = io::stdin().lock();
        loop {
            match line::read(&mut from) {
                Ok(message) => {
                    // Nobody watches any more when the process ends.
                    let _ = there.send(());
                    drop(say.send(message));
                }
                Err(error) => {
                    if !matches!(error, line::Error::Ended) {
                        tracing::error!(%error, "the access process ends");
                    }
                    leave(&at_end)
                }
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served = watching.and(reading).and(runtime).map_err(anyhow::Error::from).and_then(|runtime| {
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, serve(told, &reporter, &control))
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns when the other side has been missing for too long, or with `false` when nothing is sent from here any more.
fn stands_still(hear: &mpsc::Receiver<()>, every: Duration) -> bool {
    let mut missed = 0;
    while missed < MISSED_AT_MOST {
        match hear.recv_timeout(every) {
            Ok(()) => missed = 0,
            Err(mpsc::RecvTimeoutError::Timeout) => missed += 1,
            Err(mpsc::RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

/// Lets go of what the operator holds, and ends.
fn leave(control: &OnceLock<Control>) -> ! {
    if let Some(control) = control.get() {
        let_go(control.clone());
    }
    process::exit(0)
}

/// Lets go of what the operator holds, as far as the display answers.
fn let_go(control: Control) {
    let (done, wait) = mpsc::channel();
    // The display may be hung, and the process ends all the same.
    thread::spawn(move || {
        control.set_open(false);
        let _ = done.send(());
    });
    let _ = wait.recv_timeout(LET_GO_LIMIT);
}

async fn serve(
    mut told: UnboundedReceiver<ToAccess>,
    reporter: &Reporter,
    control: &OnceLock<Control>,
) -> anyhow::Result<()> {
    reporter.tell(&FromAccess::Hello { version: line::VERSION });
    let Some(ToAccess::Hello { version: line::VERSION, transport, tunnel_ticket, resident, excluded }) =
        told.recv().await
    else {
        anyhow::bail!("the resident is of another version");
    };
    let way = connection::Way::new(&transport, tunnel_ticket)?;
    let control = control.get_or_init(|| Control::new(input::Display::current(), resident, reporter.clone()));
    let files = Files::new(excluded, transport.service_url.clone(), reporter.clone());
    let texts = Texts::new(reporter.clone())?;
    let watched = control.clone();
    tokio::task::spawn_local(async move { watched.watch().await });
    let (change, allowed) = watch::channel(Allowed::default());
    let allow = |by: &dyn Fn(&mut Allowed)| {
        let mut next = *change.borrow();
        by(&mut next);
        change.send_replace(next);
        texts.set(next, ::clipboard::Display::current);
        // Closed, it has let go of everything when this returns.
        control.set_open(next.lets_input_through());
    };
    let mut connection: Option<AbortHandle> = None;
    while let Some(message) = told.recv().await {
        match message {
            ToAccess::Grant(grant) => {
                files.share(grant.folder, grant.permissions);
                allow(&|allowed| allowed.permissions = grant.permissions);
                if connection.is_none() {
                    reporter.fact(AccessFact::Started);
                    let served = Served {
                        allowed: allowed.clone(),
                        reporter: reporter.clone(),
                        control: control.clone(),
                        files: files.clone(),
                        texts: texts.clone(),
                    };
                    let kept = connection::keep(way.clone(), grant.session_id, served);
                    connection = Some(tokio::task::spawn_local(kept).abort_handle());
                }
            }
            ToAccess::HoldInput => allow(&|allowed| allowed.input_held = true),
            // What was told before has been carried out when this is read.
            ToAccess::Confirm { number } => reporter.fact(AccessFact::Confirmed { number }),
            ToAccess::There => {}
            ToAccess::SendCopied => texts.send_copied(),
            ToAccess::CancelTransfer { id } => files.cancel(id),
            ToAccess::ResumeInput => allow(&|allowed| allowed.input_held = false),
            ToAccess::Pause => allow(&|allowed| allowed.paused = true),
            ToAccess::Resume => allow(&|allowed| allowed.paused = false),
            ToAccess::Hello { .. } => anyhow::bail!("the resident says hello twice"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use session::Grant;
    use std::sync::Mutex;

    /// What the resident hears.
    #[derive(Clone, Default)]
    pub(super) struct Said(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Said {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Said {
        /// Tells over a line that holds.
        pub(super) fn reporter(&self) -> Reporter {
            Reporter::new(self.clone(), || unreachable!("the line holds"))
        }

        pub(super) fn messages(&self) -> Vec<FromAccess> {
            let bytes = self.0.lock().unwrap().clone();
            let mut bytes = bytes.as_slice();
            std::iter::from_fn(|| line::read(&mut bytes).ok()).collect()
        }

        pub(super) fn facts(&self) -> Vec<AccessFact> {
            let fact = |message| match message {
                FromAccess::Fact(fact) => Some(fact),
                FromAccess::Hello { .. } | FromAccess::Holding(_) => None,
            };
            self.messages().into_iter().filter_map(fact).collect()
        }
    }

    pub(super) fn permitted<const N: usize>(permissions: [Permission; N]) -> Allowed {
        Allowed { permissions: permissions.into(), ..Allowed::default() }
    }

    fn hello(version: u32) -> ToAccess {
        let service_url = "https://support.example/".into();
        let transport = line::Transport { service_url, proxy: None, extra_ca: None };
        let tunnel_ticket = protocol::Secret::new("ticket");
        let (resident, excluded) = (process::id(), Vec::new());
        ToAccess::Hello { version, transport, tunnel_ticket, resident, excluded }
    }

    async fn answers(told: Vec<ToAccess>) -> Vec<FromAccess> {
        let said = Said::default();
        let (say, hear) = unbounded_channel();
        for message in told {
            say.send(message).unwrap();
        }
        drop(say);
        let reporter = said.reporter();
        drop(tokio::task::LocalSet::new().run_until(serve(hear, &reporter, &OnceLock::new())).await);
        said.messages()
    }

    #[tokio::test]
    async fn it_starts_once_and_confirms_with_the_number_that_it_is_asked_with() {
        let session_id: protocol::SessionId = "s1".parse().unwrap();
        // What needs no display to begin with.
        let permissions = [Permission::View, Permission::Control].into();
        let grant = Grant { session_id, permissions, folder: None };
        let told = vec![
            hello(line::VERSION),
            ToAccess::Grant(grant.clone()),
            ToAccess::Grant(grant),
            ToAccess::HoldInput,
            ToAccess::Confirm { number: 7 },
        ];
        assert_eq!(
            answers(told).await,
            [
                FromAccess::Hello { version: line::VERSION },
                FromAccess::Fact(AccessFact::Started),
                FromAccess::Fact(AccessFact::Confirmed { number: 7 })
            ]
        );
    }

    #[test]
    fn a_resident_that_stands_still_is_noticed_and_one_that_is_late_is_not() {
        let (there, hear) = mpsc::channel();
        let moment = Duration::from_millis(1);
        assert!(stands_still(&hear, moment));
        for _ in 0..1000 {
            there.send(()).unwrap();
        }
        drop(there);
        assert!(!stands_still(&hear, moment));
    }

    #[tokio::test]
    async fn it_serves_no_resident_of_another_version() {
        assert_eq!(answers(vec![hello(line::VERSION + 1), ToAccess::HoldInput]).await.len(), 1);
    }
}
