//! A folder with something in it, and a client that asks for it.

use bytes::Bytes;
use files::{Folder, May, Pace, Rules, Transfer};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{DuplexStream, duplex},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

/// How long anything may take here.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) const READ: May = May { read: true, write: false };
pub(crate) const WRITE: May = May { read: true, write: true };

pub(crate) struct Stage {
    pub(crate) home: TempDir,
    pub(crate) root: PathBuf,
    pub(crate) folder: Arc<Folder>,
    pub(crate) allow: watch::Sender<May>,
    pub(crate) told: Arc<Mutex<Vec<Transfer>>>,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Why something was refused.
    pub(crate) fn code(&self) -> String {
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        problem["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Stage {
    pub(crate) fn new(may: May) -> Self {
        Self::with(may, |_| Vec::new())
    }

    /// With excluded places, which are named below the shared folder.
    pub(crate) fn with(may: May, excluded: impl FnOnce(&Path) -> Vec<PathBuf>) -> Self {
        // Tests try more at once than anybody who works.
        Self::of(may, excluded, Pace { burst: 100_000, ..Pace::default() })
    }

    pub(crate) fn at_pace(may: May, pace: Pace) -> Self {
        Self::of(may, |_| Vec::new(), pace)
    }

    fn of(may: May, excluded: impl FnOnce(&Path) -> Vec<PathBuf>, pace: Pace) -> Self {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("Downloads");
        fs::create_dir(&root).unwrap();
        let trash = Some(home.path().join("data/Trash"));
        let origin = "https://support.example/".to_owned();
        let rules = Rules { excluded: excluded(&root), origin, trash, pace };
        let folder = Arc::new(Folder::open(&root, rules).unwrap());
        Self { home, root, folder, allow: watch::Sender::new(may), told: Arc::default() }
    }

    /// Places a file there, as the user would.
    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    /// Everything in the folder, hidden or not.
    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.root)
    }

    /// The folder that the shared one lies in.
    pub(crate) fn outside(&self) -> &Path {
        self.home.path()
    }

    /// What is in the trash.
    pub(crate) fn trash(&self) -> Vec<String> {
        names(&self.home.path().join("data/Trash/files"))
    }

    pub(crate) fn told(&self) -> Vec<Transfer> {
        self.told.lock().unwrap().clone()
    }

    /// Serves one end of a stream.
    pub(crate) fn serve(&self, stream: DuplexStream) -> JoinHandle<Result<(), files::Error>> {
        let (folder, may, told) = (self.folder.clone(), self.allow.subscribe(), self.told.clone());
        let tell = move |transfer| told.lock().unwrap().push(transfer);
        tokio::spawn(async move { files::serve(stream, folder, may, "/files", tell).await })
    }

    /// A connection; what is sent waits for the other end after `window` bytes.
    pub(crate) async fn connect(&self, window: usize) -> SendRequest<Full<Bytes>> {
        let (near, far) = duplex(window);
        drop(self.serve(far));
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(near)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    pub(crate) async fn start(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> hyper::Response<Incoming> {
        let mut sender = self.connect(64 * 1024).await;
        let request = request(method, path, headers, body);
        timeout(LIMIT, sender.send_request(request)).await.expect("no answer").unwrap()
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let response = self.start(method, path, headers, body).await;
        timeout(LIMIT, whole(response)).await.expect("the answer does not end")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    pub(crate) async fn put(&self, path: &str, content: impl Into<Bytes>) -> Answer {
        self.ask("PUT", path, &[], content).await
    }

    pub(crate) async fn list(&self, path: &str) -> Answer {
        self.ask("PROPFIND", path, &[("depth", "1")], "").await
    }

    /// `MOVE` or `COPY`.
    pub(crate) async fn take(&self, method: &str, path: &str, to: &str) -> Answer {
        self.ask(method, path, &[("destination", to)], "").await
    }

    /// What is listed of a folder, apart from itself.
    pub(crate) async fn listed(&self, path: &str) -> Vec<String> {
        let text = self.list(path).await.text();
        let hrefs = text.split("<D:href>").skip(1).map(|rest| rest.split("</D:href>").next().unwrap());
        let names =
            hrefs.skip(1).map(|href| href.trim_end_matches('/').rsplit('/').next().unwrap().to_owned());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// The same where time is paused, and passes as soon as nothing else happens.
    pub(crate) async fn until_told_while_time_passes(&self, fits: impl Fn(&[Transfer]) -> bool) {
        for _ in 0..600 {
            if fits(&self.told()) {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("only this was told: {:?}", self.told());
    }

    /// Waits until what was told fits.
    pub(crate) async fn until_told(&self, fits: impl Fn(&[Transfer]) -> bool) {
        let wait = async {
            while !fits(&self.told()) {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, wait).await.unwrap_or_else(|_| panic!("only this was told: {:?}", self.told()));
    }
}

pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Request<Full<Bytes>> {
    let method: Method = method.parse().unwrap();
    let mut request =
        Request::builder().method(method).uri(format!("/files{path}")).header("host", "support.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body.into())).unwrap()
}

pub(crate) async fn whole(response: hyper::Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

fn names(path: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
