//! The window and access processes: started with a line and next to no environment, and killed without mercy.
//!
//! A child that says anything else than `hello` first, that does not read what it is told, or that closes its line, is
//! killed. What that means (a *no*, or the end of a session) is for the core to say.

use super::Event;
use crate::platform::{self, LineEnds};
use input::{Display, Held};
use line::{FromAccess, FromWindow, Look, ToAccess, ToWindow, Transport, WindowKind};
use protocol::{RequestId, Secret, SessionId};
use serde::{Serialize, de::DeserializeOwned};
use session::{Grant, UserInput, View};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::PathBuf,
    process::{Child as Process, Command},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc::UnboundedSender, task::AbortHandle};

/// The window's exit code where there is no display.
pub(crate) const NO_DISPLAY: i32 = 3;
/// How many lines a child may leave unread.
const UNREAD_LINES: usize = 128;
/// How long a child may take to end after it closed its line.
const END_LIMIT: Duration = Duration::from_millis(500);
/// How long a popup may take to close.
const CLOSE_LIMIT: Duration = Duration::from_secs(6);

/// What came over a child's line.
#[derive(Debug)]
pub(crate) enum Said<T> {
    /// A message.
    Line(T),
    /// The line ended and the process with it; its exit code, where it has one.
    Ended(Option<i32>),
}

/// All child processes.
pub(crate) struct Children {
    program: PathBuf,
    language: Option<String>,
    events: UnboundedSender<Event>,
    runs: u64,
    prompt: Option<(RequestId, Child)>,
    window: Option<Child>,
    access: Option<Child>,
    /// For which session, and the sessions of those that were killed and have not ended.
    served: BTreeMap<u64, SessionId>,
    /// What each access process last said that it holds pressed for the operator.
    held: Arc<Mutex<BTreeMap<u64, Held>>>,
    look: Look,
}

impl Children {
    /// None yet. Children are further runs of `program`.
    pub(crate) fn new(program: PathBuf, language: Option<String>, events: UnboundedSender<Event>) -> Self {
        Self {
            program,
            language,
            events,
            runs: 0,
            prompt: None,
            window: None,
            access: None,
            served: BTreeMap::new(),
            held: Arc::default(),
            look: Look::default(),
        }
    }

    /// Shows the popup for a request.
    pub(crate) fn show_prompt(&mut self, request_id: &RequestId, view: &View) -> io::Result<()> {
        let child = self.start_window(WindowKind::Prompt, view)?;
        self.prompt = Some((request_id.clone(), child));
        Ok(())
    }

    /// Lets the popup end, if it is the one of this request. It is not listened to from now on; what there is to say
    /// about the request's end is in `view`, and it closes by itself.
    pub(crate) fn close_prompt(&mut self, request_id: &RequestId, view: &View) {
        if let Some((_, child)) = self.prompt.take_if(|(shown, _)| shown == request_id) {
            child.tell(&ToWindow::View(Box::new(view.clone())));
            tokio::spawn(async move {
                tokio::time::sleep(CLOSE_LIMIT).await;
                drop(child);
            });
        }
    }

    /// Opens the session window, or brings it to the front.
    pub(crate) fn open_window(&mut self, view: &View) -> io::Result<()> {
        match &self.window {
            Some(window) => window.tell(&ToWindow::Raise),
            None => self.window = Some(self.start_window(WindowKind::Session, view)?),
        }
        Ok(())
    }

    /// Opens the history screen of the session window, if there is one.
    pub(crate) fn show_history(&self, history: Box<line::History>) {
        if let Some(window) = &self.window {
            window.tell(&ToWindow::History(history));
        }
    }

    /// Whether this run is the session window that is open now.
    pub(crate) fn is_window(&self, kind: WindowKind, run: u64) -> bool {
        kind == WindowKind::Session && self.window.as_ref().is_some_and(|child| child.run == run)
    }

    /// Brings the popup to the front.
    pub(crate) fn raise_prompt(&self) {
        if let Some((_, child)) = &self.prompt {
            child.tell(&ToWindow::Raise);
        }
    }

    /// Lets the windows show something else.
    pub(crate) fn show(&self, view: &View) {
        let windows = self.prompt.iter().map(|(_, child)| child).chain(&self.window);
        for window in windows {
            window.tell(&ToWindow::View(Box::new(view.clone())));
        }
    }

    /// Lets the session window look so. The popup is always the same: nobody dresses up there.
    pub(crate) fn look(&mut self, look: Look) {
        if self.look != look {
            if let Some(window) = &self.window {
                window.tell(&ToWindow::Look(Box::new(look.clone())));
            }
            self.look = look;
        }
    }

    /// Asks the windows to close.
    pub(crate) fn close_windows(&mut self) {
        for window in self.prompt.take().map(|(_, child)| child).into_iter().chain(self.window.take()) {
            window.tell(&ToWindow::Close);
            window.detach();
        }
    }

    /// Starts the access process.
    pub(crate) fn start_access(
        &mut self,
        transport: Transport,
        ticket: Secret,
        excluded: Vec<PathBuf>,
        grant: Grant,
    ) -> io::Result<()> {
        let run = self.next_run();
        let proxies = platform::proxy_environment().collect();
        let held = self.held.clone();
        let event = move |said| match said {
            // Kept where it is, and not queued: an operator who types makes many of them, and an end is queued there too.
            Said::Line(FromAccess::Holding(now)) => {
                held.lock().unwrap_or_else(PoisonError::into_inner).insert(run, now);
                None
            }
            said => Some(Event::Access { run, said }),
        };
        let mut child = self.start("access", proxies, run, from_access, event)?;
        let (version, resident) = (line::VERSION, std::process::id());
        child.tell(&ToAccess::Hello { version, transport, tunnel_ticket: ticket, resident, excluded });
        self.served.insert(run, grant.session_id.clone());
        child.tell(&ToAccess::Grant(grant));
        child.say_there(line::encode(&ToAccess::There).map_err(io::Error::other)?);
        self.access = Some(child);
        Ok(())
    }

    /// Tells the access process, if there is one.
    pub(crate) fn tell_access(&self, message: &ToAccess) {
        if let Some(access) = &self.access {
            access.tell(message);
        }
    }

    /// Kills the access process; it is dead when this returns, or as good as. What it held is let go of when its end is
    /// told: until then the display may still do what it said last.
    pub(crate) fn stop_access(&mut self) {
        self.access = None;
    }

    /// Lets go of what an access process held that has ended. On a thread of its own, which tells when it is done: the
    /// display may be hung, and nothing waits for that.
    pub(crate) fn let_go(&mut self, run: u64) -> mpsc::Receiver<()> {
        let (done, wait) = mpsc::channel();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
        if let Some(held) = held.filter(|held| !held.is_empty()) {
            let release = move || {
                if let Err(error) = input::release(&Display::current(), &held) {
                    tracing::error!(%error, "keys or buttons may still be pressed");
                }
                let _ = done.send(());
            };
            drop(thread::Builder::new().name("release".into()).spawn(release));
        }
        wait
    }

    /// Whether something is still pressed for an operator whose access process has been killed.
    pub(crate) fn is_holding(&self) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().any(|held| !held.is_empty())
    }

    /// What the user did in a window, if that window may say so.
    pub(crate) fn allowed(&self, kind: WindowKind, run: u64, input: &UserInput) -> bool {
        match kind {
            WindowKind::Prompt => {
                let shown = self.prompt.as_ref().filter(|(_, child)| child.run == run);
                shown.is_some_and(|(shows, _)| may_prompt_say(shows, input))
            }
            WindowKind::Session => {
                self.window.as_ref().is_some_and(|child| child.run == run) && may_window_say(input)
            }
            // Only the doctor shows one, and hears what is pressed in it.
            WindowKind::Test => false,
        }
    }

    /// The request that this run of the window process shows, while it is the current one.
    pub(crate) fn prompted(&self, run: u64) -> Option<&RequestId> {
        self.prompt.as_ref().filter(|(_, child)| child.run == run).map(|(shows, _)| shows)
    }

    /// A window process ended. The request it showed, if it showed one that is still open.
    pub(crate) fn window_ended(&mut self, kind: WindowKind, run: u64) -> Option<RequestId> {
        match kind {
            WindowKind::Prompt => self.prompt.take_if(|(_, child)| child.run == run).map(|(shows, _)| shows),
            WindowKind::Session => {
                self.window.take_if(|child| child.run == run);
                None
            }
            WindowKind::Test => None,
        }
    }

    /// The session that this access process serves, or served until it was killed.
    pub(crate) fn served(&self, run: u64) -> Option<&SessionId> {
        self.served.get(&run)
    }

    /// Nothing more is heard of this access process.
    pub(crate) fn access_ended(&mut self, run: u64) {
        self.served.remove(&run);
    }

    /// Whether an access process was killed, and what it did before has not all been heard.
    pub(crate) fn is_owed_an_end(&self) -> bool {
        !self.served.is_empty()
    }

    /// Whether this is the access process that runs now.
    pub(crate) fn is_access(&self, run: u64) -> bool {
        self.access.as_ref().is_some_and(|child| child.run == run)
    }

    fn start_window(&mut self, kind: WindowKind, view: &View) -> io::Result<Child> {
        let run = self.next_run();
        let event = move |said| Some(Event::Window { kind, run, said });
        let child = self.start("window", Vec::new(), run, from_window, event)?;
        let language = self.language.clone();
        child.tell(&ToWindow::Hello { version: line::VERSION, window: kind, language });
        if kind == WindowKind::Session && self.look != Look::default() {
            child.tell(&ToWindow::Look(Box::new(self.look.clone())));
        }
        child.tell(&ToWindow::View(Box::new(view.clone())));
        Ok(child)
    }

    fn next_run(&mut self) -> u64 {
        self.runs += 1;
        self.runs
    }

    fn start<T: DeserializeOwned + Send + 'static>(
        &self,
        what: &'static str,
        environment: Vec<(OsString, OsString)>,
        run: u64,
        version: fn(&T) -> Option<u32>,
        event: impl Fn(Said<T>) -> Option<Event> + Send + 'static,
    ) -> io::Result<Child> {
        let LineEnds { mut reader, mut writer, stdin, stdout } = LineEnds::new()?;
        let process = {
            // The command keeps the child's ends open, so it must not outlive this block.
            let mut command = Command::new(&self.program);
            command
                .arg(what)
                .env_clear()
                .envs(platform::environment_for_children())
                .envs(environment)
                .stdin(stdin)
                .stdout(stdout);
            Arc::new(Mutex::new(command.spawn()?))
        };
        let (lines, queue) = mpsc::sync_channel::<Vec<u8>>(UNREAD_LINES);
        let child = Child { run, lines, process: Some(process.clone()), there: None };
        let events = self.events.clone();
        thread::Builder::new().name(format!("{what}-in")).spawn(move || {
            let greeting = line::read::<T>(&mut reader);
            if greeting.is_ok_and(|greeting| version(&greeting) == Some(line::VERSION)) {
                while let Ok(message) = line::read(&mut reader) {
                    if event(Said::Line(message)).is_some_and(|event| events.send(event).is_err()) {
                        break;
                    }
                }
            } else {
                tracing::error!(process = what, "the process did not greet as it should");
                kill(&process);
            }
            if let Some(event) = event(Said::Ended(wait(&process))) {
                drop(events.send(event));
            }
        })?;
        thread::Builder::new().name(format!("{what}-out")).spawn(move || {
            for line in queue {
                if io::Write::write_all(&mut writer, &line).is_err() {
                    break;
                }
            }
        })?;
        Ok(child)
    }
}

fn from_window(message: &FromWindow) -> Option<u32> {
    match message {
        FromWindow::Hello { version } => Some(*version),
        FromWindow::User(_) | FromWindow::ShowHistory | FromWindow::Prompt { .. } => None,
    }
}

fn from_access(message: &FromAccess) -> Option<u32> {
    match message {
        FromAccess::Hello { version } => Some(*version),
        FromAccess::Fact(_) | FromAccess::Holding(_) => None,
    }
}

/// What can be said in the popup: about the request that it shows, and an end of everything.
fn may_prompt_say(shows: &RequestId, input: &UserInput) -> bool {
    match input {
        UserInput::Approve { request_id, .. }
        | UserInput::Reject { request_id, .. }
        | UserInput::RejectAndEnd { request_id }
        | UserInput::MoreTime { request_id } => request_id == shows,
        UserInput::End
        | UserInput::Start { .. }
        | UserInput::ConfirmJoin
        | UserInput::CancelJoin
        | UserInput::Review
        | UserInput::TakeBack { .. }
        | UserInput::CancelTransfer { .. }
        | UserInput::SendCopied
        | UserInput::Prolong { .. }
        | UserInput::Say { .. }
        | UserInput::ChatSeen
        | UserInput::AskForHelp { .. }
        | UserInput::WithdrawHelp
        | UserInput::DoNotDisturb { .. }
        | UserInput::CloseSummary
        | UserInput::CloseNotice
        | UserInput::Report
        | UserInput::Unmute => false,
    }
}

/// What can be said in the session window: everything but a yes to a request.
fn may_window_say(input: &UserInput) -> bool {
    match input {
        UserInput::Approve { .. } | UserInput::RejectAndEnd { .. } | UserInput::MoreTime { .. } => false,
        UserInput::Start { .. }
        | UserInput::ConfirmJoin
        | UserInput::CancelJoin
        | UserInput::Reject { .. }
        | UserInput::Review
        | UserInput::TakeBack { .. }
        | UserInput::CancelTransfer { .. }
        | UserInput::SendCopied
        | UserInput::Prolong { .. }
        | UserInput::End
        | UserInput::Report
        | UserInput::Unmute
        | UserInput::Say { .. }
        | UserInput::ChatSeen
        | UserInput::AskForHelp { .. }
        | UserInput::WithdrawHelp
        | UserInput::DoNotDisturb { .. }
        | UserInput::CloseSummary
        | UserInput::CloseNotice => true,
    }
}

/// A process and its line. Dropping it kills the process.
#[derive(Debug)]
struct Child {
    run: u64,
    lines: mpsc::SyncSender<Vec<u8>>,
    process: Option<Arc<Mutex<Process>>>,
    there: Option<AbortHandle>,
}

impl Child {
    /// Says so from the loop that everything else goes through: who hears it knows that an end would be heard.
    fn say_there(&mut self, line: Vec<u8>) {
        let lines = self.lines.clone();
        let said = tokio::spawn(async move {
            loop {
                tokio::time::sleep(line::THERE_EVERY).await;
                // Behind what is unread already it says nothing new.
                if let Err(mpsc::TrySendError::Disconnected(_)) = lines.try_send(line.clone()) {
                    break;
                }
            }
        });
        self.there = Some(said.abort_handle());
    }

    /// Never waits: a child that leaves so much unread is hung, and is killed.
    fn tell<T: Serialize>(&self, message: &T) {
        let Ok(line) = line::encode(message) else { return };
        if let Err(mpsc::TrySendError::Full(_)) = self.lines.try_send(line)
            && let Some(process) = &self.process
        {
            tracing::error!("a process does not read what it is told; it is killed");
            kill(process);
        }
    }

    /// Lets the process go on without this handle; it ends when its line does.
    fn detach(mut self) {
        self.process = None;
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Some(there) = &self.there {
            there.abort();
        }
        if let Some(process) = &self.process {
            kill(process);
        }
    }
}

fn kill(process: &Mutex<Process>) {
    // An error means that it is dead already.
    let _ = process.lock().unwrap_or_else(PoisonError::into_inner).kill();
}

/// Waits for the end of a process whose line has ended, without keeping [`kill`] from it.
fn wait(process: &Mutex<Process>) -> Option<i32> {
    let started = Instant::now();
    loop {
        match process.lock().unwrap_or_else(PoisonError::into_inner).try_wait() {
            Ok(Some(status)) => return status.code(),
            Ok(None) => {}
            Err(_) => return None,
        }
        if started.elapsed() > END_LIMIT {
            kill(process);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Permissions;

    #[test]
    fn only_the_popup_of_a_request_can_approve_it() {
        let (one, two): (RequestId, RequestId) = ("r1".parse().unwrap(), "r2".parse().unwrap());
        let approve = |request_id: &RequestId| UserInput::Approve {
            request_id: request_id.clone(),
            permissions: Permissions::all(),
            limit: Duration::from_secs(60),
            given_by: None,
            folder: None,
        };
        assert!(may_prompt_say(&one, &approve(&one)));
        assert!(!may_prompt_say(&one, &approve(&two)));
        assert!(!may_window_say(&approve(&one)));
        assert!(!may_window_say(&UserInput::MoreTime { request_id: one.clone() }));
        assert!(!may_prompt_say(&one, &UserInput::ConfirmJoin));
        assert!(may_window_say(&UserInput::End) && !may_prompt_say(&one, &UserInput::End));
        let and_end = |request_id: &RequestId| UserInput::RejectAndEnd { request_id: request_id.clone() };
        assert!(may_prompt_say(&one, &and_end(&one)) && !may_prompt_say(&one, &and_end(&two)));
        assert!(may_window_say(&UserInput::Report) && !may_prompt_say(&one, &UserInput::Report));
    }

    /// `program` is run as `program window` or `program access`.
    fn children(program: &str) -> (Children, tokio::sync::mpsc::UnboundedReceiver<Event>) {
        let (events, received) = tokio::sync::mpsc::unbounded_channel();
        (Children::new(program.into(), None, events), received)
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_process_that_does_not_greet_is_no_window() {
        let (mut children, mut events) = children("/bin/echo");
        let view = crate::resident::menu::tests::view(session::Screen::Ready { accepted: true, help: None });
        let request: RequestId = "r1".parse().unwrap();
        children.show_prompt(&request, &view).unwrap();
        let Some(Event::Window { kind: WindowKind::Prompt, run, said: Said::Ended(_) }) = events.recv().await
        else {
            panic!("something else happened")
        };
        assert_eq!(children.window_ended(WindowKind::Prompt, run), Some(request));
        assert_eq!(children.window_ended(WindowKind::Prompt, run), None);
    }

    /// Cargo tells its tests a lot through their environment, and none of that is listed.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_child_gets_nothing_of_the_environment_but_what_is_listed() {
        use std::os::unix::fs::PermissionsExt as _;
        assert!(std::env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with("CARGO")));
        let folder = tempfile::tempdir().unwrap();
        let (program, seen) = (folder.path().join("program"), folder.path().join("seen"));
        std::fs::write(&program, format!("#!/bin/sh\n/usr/bin/env > {}\n", seen.display())).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let (mut children, mut events) = children(program.to_str().unwrap());
        let view = crate::resident::menu::tests::view(session::Screen::Ready { accepted: true, help: None });
        children.show_prompt(&"r1".parse().unwrap(), &view).unwrap();
        while !matches!(events.recv().await, Some(Event::Window { said: Said::Ended(_), .. })) {}
        let listed: Vec<OsString> = platform::environment_for_children().map(|(name, _)| name).collect();
        for line in std::fs::read_to_string(seen).unwrap().lines() {
            let name = line.split_once('=').map_or("", |(name, _)| name);
            // The shell's own.
            let of_shell = ["PWD", "_", "SHLVL", "OLDPWD", ""].contains(&name);
            assert!(of_shell || listed.contains(&name.into()), "{name} reaches the popup");
        }
    }
}
