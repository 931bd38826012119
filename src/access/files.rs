//! The shared folder, for the operator's WebDAV client: served as it is granted, and reported as it is done.
//!
//! All connections share one thread of their own, so that a large file holds up neither the tunnel nor the picture. A
//! pause closes them, and what was cut can go on afterwards; what is taken back, `crates/files` cuts itself.

use super::{
    Allowed, Served,
    reporter::{Doing, Reporter},
};
use files::{Change, Folder, How, May, Rules, Transfer};
use protocol::{Action, Permission, Permissions, SessionId};
use session::{AccessFact, Direction, FileChange, FilesFact, SharedFolder, TransferEnd};
use std::{
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        watch,
    },
    task::{LocalSet, spawn_blocking, spawn_local},
    time::Instant,
};

/// So long after the last change or transfer, it is still what is being done: long enough to be seen.
const LINGER: Duration = Duration::from_secs(3);

/// What serves the folder.
#[derive(Clone)]
pub(super) struct Files(Arc<Inner>);

struct Inner {
    excluded: Vec<PathBuf>,
    origin: String,
    report: Report,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    granted: Option<SharedFolder>,
    open: Option<(SharedFolder, Arc<Folder>)>,
    /// The thread that serves.
    connections: Option<UnboundedSender<Connection>>,
}

type Connection = Box<dyn FnOnce() + Send>;

/// Why there is no folder.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("no folder is shared")]
    NotShared,
    #[error("the whole home folder may not be shared")]
    WholeHome,
    #[error(transparent)]
    Folder(#[from] files::Error),
    #[error("the folder cannot be served")]
    Io(#[from] io::Error),
}

impl Files {
    /// Serves nothing yet. What arrives is marked as coming from `origin`.
    pub(super) fn new(excluded: Vec<PathBuf>, origin: String, reporter: Reporter) -> Self {
        let report = Report { reporter, activity: Mutex::default(), changed: Notify::new() };
        Self(Arc::new(Inner { excluded, origin, report, state: Mutex::default() }))
    }

    /// Shares this folder from now on, and no other. Connections that still go on are cut by what is allowed.
    pub(super) fn share(&self, folder: Option<SharedFolder>, permissions: Permissions) {
        let mut state = self.lock();
        state.granted = folder;
        let open = match &state.open {
            Some((open, _)) if Some(open) != state.granted.as_ref() => state.open.take(),
            Some(open) if !permissions.contains(Permission::FilesWrite) => Some(open.clone()),
            Some(_) | None => None,
        };
        drop(state);
        if let Some((_, folder)) = open {
            // Where a drive hangs, nobody waits for it.
            spawn_blocking(move || folder.forget_uploads());
        }
    }

    /// Cuts a transfer, for the user.
    pub(super) fn cancel(&self, id: u64) {
        if let Some((_, folder)) = &self.lock().open {
            folder.cancel(id);
        }
    }

    /// Serves a connection of the operator's until it ends.
    pub(super) fn start(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        session_id: &SessionId,
        served: &Served,
    ) {
        let prefix = format!("/operator/v1/sessions/{session_id}/files");
        let (files, allowed) = (self.clone(), served.allowed.clone());
        let serve = move || drop(spawn_local(files.serve(stream, prefix, allowed)));
        let sent = self.connections().map(|connections| connections.send(Box::new(serve)));
        if let Err(error) = sent {
            tracing::error!(%error, "files cannot be served");
        }
    }

    async fn serve(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin,
        prefix: String,
        mut allowed: watch::Receiver<Allowed>,
    ) {
        let first = *allowed.borrow_and_update();
        if first.paused || !shares(first) {
            return;
        }
        let folder = match self.folder().await {
            Ok(folder) => folder,
            Err(error) => {
                return tracing::warn!("no folder is served: {:#}", anyhow::Error::from(error));
            }
        };
        let may = watch::Sender::new(may(first));
        let inner = self.0.clone();
        let tell = move |transfer| inner.report.tell(transfer);
        let serving = files::serve(stream, folder, may.subscribe(), &prefix, tell);
        let watching = async {
            while allowed.changed().await.is_ok() {
                let now = *allowed.borrow_and_update();
                if now.paused {
                    return;
                }
                may.send_replace(self::may(now));
            }
        };
        tokio::select! {
            // What is taken back is taken back before anything else happens.
            biased;
            () = watching => {}
            ended = serving => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection to the files ended");
                }
            }
        }
    }

    /// The folder, opened when somebody wants something of it. A drive that hangs holds up who wants it, and nobody else.
    async fn folder(&self) -> Result<Arc<Folder>, Error> {
        let granted = match &*self.lock() {
            State { open: Some((_, open)), .. } => return Ok(open.clone()),
            State { granted, .. } => granted.clone().ok_or(Error::NotShared)?,
        };
        let (files, wanted) = (self.clone(), granted.clone());
        let opened = spawn_blocking(move || files.open(&wanted)).await.map_err(io::Error::from)??;
        let mut state = self.lock();
        // It may not be what is shared any more.
        if state.granted.as_ref() != Some(&granted) {
            return Err(Error::NotShared);
        }
        // Another connection may have been faster.
        let (_, folder) = state.open.get_or_insert_with(|| (granted, Arc::new(opened)));
        Ok(folder.clone())
    }

    fn open(&self, granted: &SharedFolder) -> Result<Folder, Error> {
        // As a browser does with the folder for downloads; where it cannot be made, opening it says why.
        if !granted.path.exists() {
            drop(fs::create_dir(&granted.path));
        }
        let Inner { excluded, origin, .. } = &*self.0;
        let rules =
            Rules { excluded: excluded.clone(), origin: origin.clone(), trash: None, ..Rules::default() };
        let folder = Folder::open(&granted.path, rules)?;
        // By its real place: a link may lead there.
        if !granted.whole_home && home().is_some_and(|home| home.starts_with(folder.path())) {
            return Err(Error::WholeHome);
        }
        Ok(folder)
    }

    fn connections(&self) -> io::Result<UnboundedSender<Connection>> {
        let mut state = self.lock();
        if let Some(connections) = &state.connections {
            return Ok(connections.clone());
        }
        let (connections, queue) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let inner = self.0.clone();
        let work = move || {
            let serve = async {
                tokio::join!(take_all(queue), inner.report.fade());
            };
            LocalSet::new().block_on(&runtime, serve);
        };
        thread::Builder::new().name("files".into()).spawn(work)?;
        Ok(state.connections.insert(connections).clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the resident what is done.
struct Report {
    reporter: Reporter,
    activity: Mutex<Activity>,
    changed: Notify,
}

#[derive(Default)]
struct Activity {
    running: usize,
    last: Option<Instant>,
    doing: Option<Doing>,
}

impl Activity {
    /// When it is over, unless something else happens.
    fn over_at(&self) -> Option<Instant> {
        let over_at = self.last.map(|last| last + LINGER)?;
        (self.running == 0 && self.doing.is_some()).then_some(over_at)
    }
}

impl Report {
    /// The resident knows before the operator gets, or changes, anything.
    fn tell(&self, transfer: Transfer) {
        let mut activity = self.lock();
        match transfer {
            Transfer::Began { .. } => activity.running += 1,
            Transfer::Ended { .. } => activity.running = activity.running.saturating_sub(1),
            Transfer::Moved { .. } | Transfer::Changed(_) => {}
        }
        activity.last = Some(Instant::now());
        activity.doing.get_or_insert_with(|| self.reporter.begin(Action::TransferringFiles));
        self.reporter.fact(AccessFact::Files(fact(transfer)));
        self.changed.notify_one();
    }

    /// Ends what is being done a while after the last of it.
    async fn fade(&self) {
        loop {
            let over_at = self.lock().over_at();
            let over = async {
                match over_at {
                    Some(over_at) => tokio::time::sleep_until(over_at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = over => {
                    let mut activity = self.lock();
                    if activity.over_at().is_some_and(|over_at| over_at <= Instant::now()) {
                        activity.doing = None;
                    }
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Activity> {
        self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same in the core's words.
fn fact(transfer: Transfer) -> FilesFact {
    match transfer {
        Transfer::Began { id, name, size, offset, direction } => {
            let direction = match direction {
                files::Direction::Download => Direction::Download,
                files::Direction::Upload => Direction::Upload,
            };
            FilesFact::Began { id, name, size, offset, direction }
        }
        Transfer::Moved { id, bytes } => FilesFact::Moved { id, bytes },
        Transfer::Ended { id, bytes, how } => {
            let end = match how {
                How::Done => TransferEnd::Done,
                How::Cut => TransferEnd::Cut,
                How::Cancelled => TransferEnd::Cancelled,
                How::Failed => TransferEnd::Failed,
            };
            FilesFact::Ended { id, bytes, end }
        }
        Transfer::Changed(change) => FilesFact::Changed(match change {
            Change::Made(name) => FileChange::Made { name },
            Change::Renamed { from, to } => FileChange::Renamed { from, to },
            Change::Copied { from, to } => FileChange::Copied { from, to },
            Change::Deleted(name) => FileChange::Deleted { name },
        }),
    }
}

async fn take_all(mut queue: UnboundedReceiver<Connection>) {
    while let Some(start) = queue.recv().await {
        start();
    }
}

fn home() -> Option<PathBuf> {
    crate::shared::home().map(|home| home.canonicalize().unwrap_or(home))
}

fn shares(allowed: Allowed) -> bool {
    let may = may(allowed);
    may.read || may.write
}

/// Whether it is paused plays no part: what a pause cuts can go on.
fn may(allowed: Allowed) -> May {
    let Allowed { permissions, .. } = allowed;
    May {
        read: permissions.contains(Permission::FilesRead),
        write: permissions.contains(Permission::FilesWrite),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::tests::{Said, permitted};
    use protocol::Actions;
    use std::path::Path;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const SESSION: &str = "s1";
    const FILES: [Permission; 2] = [Permission::FilesRead, Permission::FilesWrite];

    struct Place {
        home: tempfile::TempDir,
        said: Said,
        files: Files,
    }

    impl Place {
        fn new() -> Self {
            let (home, said) = (tempfile::tempdir().unwrap(), Said::default());
            let reporter = said.reporter();
            let files =
                Files::new(vec![home.path().join("own")], "https://support.example/".into(), reporter);
            Self { home, said, files }
        }

        fn share(&self, path: &Path) {
            let folder = SharedFolder { path: path.to_owned(), whole_home: false };
            self.files.share(Some(folder), FILES.into());
        }

        /// What an operator's client gets for this request, which ends its connection.
        async fn answer(&self, allowed: Allowed, request: &str) -> String {
            let (mut client, stream) = tokio::io::duplex(64 * 1024);
            let (_allow, allowed) = watch::channel(allowed);
            let prefix = format!("/operator/v1/sessions/{SESSION}/files");
            let head = format!(
                "{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
                request.replace("/files", &prefix)
            );
            let ask = async {
                drop(client.write_all(head.as_bytes()).await);
                let mut got = Vec::new();
                drop(client.read_to_end(&mut got).await);
                got
            };
            let ((), got) = tokio::join!(self.files.clone().serve(stream, prefix.clone(), allowed), ask);
            String::from_utf8_lossy(&got).into_owned()
        }
    }

    #[tokio::test]
    async fn a_download_is_served_and_told_before_it_is() {
        let place = Place::new();
        let folder = place.home.path().join("Downloads");
        place.share(&folder);
        let allowed = permitted([Permission::FilesRead]);
        assert!(place.answer(allowed, "GET /files/a.txt").await.starts_with("HTTP/1.1 404"));
        fs::write(folder.join("a.txt"), "content").expect("the folder was made");
        assert!(place.answer(allowed, "GET /files/a.txt").await.ends_with("content"));
        let facts = place.said.facts();
        assert_eq!(facts[0], AccessFact::Doing { actions: Actions::from([Action::TransferringFiles]) });
        assert!(
            matches!(&facts[1], AccessFact::Files(FilesFact::Began { name, size: Some(7), .. }) if name == "a.txt")
        );
        let end = FilesFact::Ended { id: 0, bytes: 7, end: TransferEnd::Done };
        assert_eq!(facts[2..], [AccessFact::Files(end)]);
    }

    #[tokio::test]
    async fn what_was_done_is_shown_for_a_while_and_then_no_longer() {
        let place = Place::new();
        let report = &place.files.0.report;
        report.tell(Transfer::Changed(Change::Made("a".into())));
        let started = Instant::now();
        let faded = async {
            while place.said.facts().last() != Some(&AccessFact::Doing { actions: Actions::EMPTY }) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::select! {
            () = report.fade() => {}
            () = faded => {}
        }
        assert!(started.elapsed() >= LINGER, "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn without_permission_or_while_paused_nothing_is_answered() {
        let place = Place::new();
        place.share(&place.home.path().join("Downloads"));
        let none = permitted([Permission::View]);
        assert_eq!(place.answer(none, "GET /files/").await, "");
        let paused = Allowed { paused: true, ..permitted([Permission::FilesRead]) };
        assert_eq!(place.answer(paused, "GET /files/").await, "");
        let write = permitted([Permission::FilesWrite]);
        assert!(place.answer(write, "GET /files/a").await.contains("not_granted"));
        assert_eq!(place.said.facts(), []);
    }

    /// How many files are open that have no name in a folder.
    #[cfg(target_os = "linux")]
    fn nameless(folder: &Path) -> usize {
        let open =
            fs::read_dir("/proc/self/fd").unwrap().filter_map(|file| file.ok()?.path().read_link().ok());
        open.filter(|file| file.starts_with(folder) && file.to_string_lossy().ends_with("(deleted)")).count()
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_was_cut_of_an_upload_goes_with_the_permission_though_nobody_is_connected() {
        let place = Place::new();
        let path = place.home.path().join("Downloads");
        place.share(&path);
        let (mut client, stream) = tokio::io::duplex(64 * 1024);
        let (_allow, allowed) = watch::channel(permitted(FILES));
        client.write_all(b"PUT /f/a HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\ntext").await.unwrap();
        drop(client);
        place.files.clone().serve(stream, "/f".into(), allowed).await;
        assert_eq!(nameless(&path), 1, "it is kept for a while");
        let folder = SharedFolder { path: path.clone(), whole_home: false };
        place.files.share(Some(folder), [Permission::FilesRead].into());
        let forgotten = async {
            while nameless(&path) > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), forgotten).await.expect("it is forgotten");
    }

    #[tokio::test]
    async fn no_folder_is_served_that_was_not_approved_or_may_not_be() {
        let place = Place::new();
        let all = permitted([Permission::FilesRead, Permission::FilesWrite]);
        assert_eq!(place.answer(all, "OPTIONS /files/").await, "", "none was approved");
        place.share(&place.home.path().join("own"));
        fs::create_dir(place.home.path().join("own")).unwrap();
        assert_eq!(place.answer(all, "OPTIONS /files/").await, "", "it is the agent's own");
        let home = crate::shared::home().unwrap();
        place.share(&home);
        assert_eq!(place.answer(all, "OPTIONS /files/").await, "", "it is the whole home");
        #[cfg(unix)]
        {
            let link = place.home.path().join("link");
            std::os::unix::fs::symlink(&home, &link).unwrap();
            place.share(&link);
            assert_eq!(
                place.answer(all, "OPTIONS /files/").await,
                "",
                "it is the whole home by another name"
            );
        }
    }
}
