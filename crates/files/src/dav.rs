//! The folder as `dav-server` sees it.

use crate::{
    CHUNK, MAX_COPIED, MAX_DEPTH, download::Download, entry::Entry, folder::Folder, refusal::Refusal,
    request::Request, transfer::Change, upload::Upload, way::Way,
};
use cap_std::fs::{Dir, ReadDir};
use dav_server::{
    davpath::DavPath,
    fs::{
        DavDirEntry, DavFile, DavMetaData, DavProp, FsError, FsFuture, FsResult, FsStream, GuardedFileSystem,
        OpenOptions, ReadDirMeta,
    },
};
use futures_util::{StreamExt as _, stream};
use http::{Method, StatusCode};
use std::{
    io::{self, Read as _},
    sync::Arc,
};
use tokio::task::spawn_blocking;

/// How many entries of a list are looked at without letting anybody else work.
const LISTED_AT_ONCE: usize = 256;

/// How much of a file is copied before it is asked whether anybody waits for it still.
const COPIED_AT_ONCE: u64 = 32 * CHUNK as u64;

/// The folder, for one connection.
#[derive(Clone)]
pub(crate) struct Files(pub(crate) Arc<Folder>);

impl Files {
    /// Does what waits for the disk, and notes why it is refused.
    async fn work<T: Send + 'static>(
        &self,
        request: &Request,
        work: impl FnOnce(&Arc<Folder>) -> Result<T, Refusal> + Send + 'static,
    ) -> FsResult<T> {
        let (folder, asked) = (self.0.clone(), request.clone());
        let work = move || {
            // It may have waited for others while what it was asked under was taken back.
            if asked.is_given_up() { Err(Refusal::Failed) } else { work(&folder) }
        };
        let done = spawn_blocking(work).await.unwrap_or(Err(Refusal::Failed));
        done.map_err(|refusal| note(request, refusal))
    }
}

fn note(request: &Request, refusal: Refusal) -> FsError {
    if refusal != Refusal::NotFound {
        request.refuse(refusal);
    }
    refusal.in_dav()
}

fn way(request: &Request, path: &DavPath) -> FsResult<Way> {
    Way::of_dav(path).map_err(|refusal| note(request, refusal))
}

impl GuardedFileSystem<Request> for Files {
    fn open<'a>(
        &'a self,
        path: &'a DavPath,
        options: OpenOptions,
        request: &'a Request,
    ) -> FsFuture<'a, Box<dyn DavFile>> {
        Box::pin(async move {
            let way = way(request, path)?;
            if !options.write {
                let open = move |folder: &Arc<Folder>| folder.file(&way).map_err(Refusal::unseen);
                let (file, entry) = self.work(request, open).await?;
                return Ok(Box::new(Download::new(file, entry)) as Box<dyn DavFile>);
            }
            // A lock on what is not there makes an empty file.
            let is_lock = request.is("LOCK");
            let (asking, must_be_new) = (request.clone(), options.create_new || is_lock);
            let begin = move |folder: &Arc<Folder>| {
                match folder.entry(&way) {
                    Ok(_) if must_be_new => return Err(Refusal::Exists),
                    Err(Refusal::NotFound) if !options.create => return Err(Refusal::NotFound),
                    _ => {}
                }
                if is_lock {
                    let temp = folder.begin(&way)?;
                    folder.finish(temp, &way, true)?;
                    asking.tell(Change::Made(way.to_string()));
                }
                Upload::begin(folder.clone(), asking, way, options.size, must_be_new)
            };
            Ok(Box::new(self.work(request, begin).await?) as Box<dyn DavFile>)
        })
    }

    fn read_dir<'a>(
        &'a self,
        path: &'a DavPath,
        _meta: ReadDirMeta,
        request: &'a Request,
    ) -> FsFuture<'a, FsStream<Box<dyn DavDirEntry>>> {
        Box::pin(async move {
            let way = way(request, path)?;
            // What is replaced is emptied one by one otherwise; it goes to the trash as it is.
            if request.destination() == Some(&way) {
                return Ok(Box::pin(stream::empty()) as FsStream<_>);
            }
            let names = way.names().to_vec();
            let open = move |folder: &Arc<Folder>| {
                let dir = folder.dir(&names).map_err(Refusal::unseen)?;
                let entries = dir.entries()?;
                Ok(List { folder: folder.clone(), dir, names, entries })
            };
            let list = self.work(request, open).await?;
            let pieces = stream::unfold(Some(list), |list| async move {
                spawn_blocking(move || list.map(List::go_on)).await.ok().flatten()
            });
            Ok(Box::pin(pieces.flat_map(stream::iter)) as FsStream<_>)
        })
    }

    fn metadata<'a>(&'a self, path: &'a DavPath, request: &'a Request) -> FsFuture<'a, Box<dyn DavMetaData>> {
        Box::pin(async move {
            let way = way(request, path)?;
            let is_page = *request.method() == Method::GET && *request.way() == way;
            let look = move |folder: &Arc<Folder>| {
                let entry = folder.entry(&way).map_err(Refusal::unseen)?;
                // A folder is no page, not even an empty one.
                if is_page && entry.is_dir() { Err(Refusal::AFolder) } else { Ok(entry) }
            };
            Ok(Box::new(self.work(request, look).await?) as Box<dyn DavMetaData>)
        })
    }

    fn create_dir<'a>(&'a self, path: &'a DavPath, request: &'a Request) -> FsFuture<'a, ()> {
        Box::pin(async move {
            let (way, asking) = (way(request, path)?, request.clone());
            let make = move |folder: &Arc<Folder>| {
                folder.make_dir(&way)?;
                if asking.is("COPY") {
                    asking.tell_copy();
                } else {
                    asking.tell(Change::Made(way.to_string()));
                }
                Ok(())
            };
            self.work(request, make).await
        })
    }

    fn remove_dir<'a>(&'a self, path: &'a DavPath, request: &'a Request) -> FsFuture<'a, ()> {
        self.remove_file(path, request)
    }

    fn remove_file<'a>(&'a self, path: &'a DavPath, request: &'a Request) -> FsFuture<'a, ()> {
        Box::pin(async move {
            let (way, asking) = (way(request, path)?, request.clone());
            let discard = move |folder: &Arc<Folder>| {
                // Only capitals change: what is replaced is what is renamed.
                if !folder.is_same(asking.way(), &way) {
                    folder.discard(&way)?;
                    asking.tell(Change::Deleted(way.to_string()));
                }
                Ok(())
            };
            self.work(request, discard).await
        })
    }

    fn rename<'a>(&'a self, from: &'a DavPath, to: &'a DavPath, request: &'a Request) -> FsFuture<'a, ()> {
        Box::pin(async move {
            let (from, to, asking) = (way(request, from)?, way(request, to)?, request.clone());
            let rename = move |folder: &Arc<Folder>| {
                folder.rename(&from, &to)?;
                asking.tell(Change::Renamed { from: from.to_string(), to: to.to_string() });
                Ok(())
            };
            self.work(request, rename).await
        })
    }

    fn copy<'a>(&'a self, from: &'a DavPath, to: &'a DavPath, request: &'a Request) -> FsFuture<'a, ()> {
        Box::pin(async move {
            let (from, to, asking) = (way(request, from)?, way(request, to)?, request.clone());
            self.work(request, move |folder| copy(folder, &from, &to, &asking)).await
        })
    }

    /// Properties that mean nothing here are not kept.
    fn patch_props<'a>(
        &'a self,
        _path: &'a DavPath,
        patch: Vec<(bool, DavProp)>,
        _request: &'a Request,
    ) -> FsFuture<'a, Vec<(StatusCode, DavProp)>> {
        let refused = patch.into_iter().map(|(_, property)| (StatusCode::FORBIDDEN, property)).collect();
        Box::pin(async move { Ok(refused) })
    }

    fn get_quota<'a>(&'a self, request: &'a Request) -> FsFuture<'a, (u64, Option<u64>)> {
        Box::pin(async move {
            let space = self.work(request, |folder| Ok(folder.space()?)).await?;
            let used = space.total.saturating_sub(space.available);
            Ok((used, Some(space.total)))
        })
    }
}

fn copy(folder: &Folder, from: &Way, to: &Way, request: &Request) -> Result<(), Refusal> {
    let (file, entry) = folder.file(from)?;
    if folder.space().is_ok_and(|space| space.available < entry.len()) {
        return Err(Refusal::Full);
    }
    let temp = folder.begin(to)?;
    while io::copy(&mut (&file).take(COPIED_AT_ONCE), &mut &*temp.file)? > 0 {
        if request.is_given_up() {
            return Err(Refusal::Failed);
        }
    }
    folder.finish(temp, to, false)?;
    request.tell_copy();
    Ok(())
}

/// Refuses to copy more at once than anybody can want to.
pub(crate) fn check_copy(folder: &Folder, request: &Request) -> Result<(), Refusal> {
    let (mut count, mut bytes) = (1, 0_u64);
    let mut left = vec![request.way().clone()];
    while let Some(way) = left.pop() {
        if request.is_given_up() {
            return Err(Refusal::Failed);
        }
        let entry = folder.entry(&way).map_err(Refusal::unseen)?;
        bytes = bytes.saturating_add(entry.len());
        if !entry.is_dir() {
            continue;
        }
        if way.names().len() == MAX_DEPTH {
            return Err(Refusal::TooMuch);
        }
        for found in folder.dir(way.names())?.entries()?.flatten() {
            let below = found.file_name().to_str().and_then(|name| way.below(name).ok());
            if let Some(below) = below.filter(|below| folder.entry(below).is_ok()) {
                left.push(below);
                count += 1;
            }
            if count > MAX_COPIED {
                return Err(Refusal::TooMuch);
            }
        }
    }
    if folder.space().is_ok_and(|space| space.available < bytes) { Err(Refusal::Full) } else { Ok(()) }
}

/// What is in a folder, while it is read.
struct List {
    folder: Arc<Folder>,
    dir: Dir,
    names: Vec<String>,
    entries: ReadDir,
}

type Listed = FsResult<Box<dyn DavDirEntry>>;

impl List {
    /// Reads on; what may not be seen is left out.
    fn go_on(mut self) -> (Vec<Listed>, Option<Self>) {
        let (mut listed, mut seen) = (Vec::new(), 0);
        for entry in self.entries.by_ref().take(LISTED_AT_ONCE) {
            seen += 1;
            let Some(name) = entry.ok().and_then(|entry| entry.file_name().into_string().ok()) else {
                continue;
            };
            self.names.push(name);
            if let Some(name) = self.names.last()
                && let Some(entry) = self.folder.listed(&self.dir, &self.names, name)
            {
                listed.push(Ok(Box::new(ListEntry { name: name.clone(), entry }) as Box<dyn DavDirEntry>));
            }
            self.names.pop();
        }
        (listed, (seen == LISTED_AT_ONCE).then_some(self))
    }
}

struct ListEntry {
    name: String,
    entry: Entry,
}

impl DavDirEntry for ListEntry {
    fn name(&self) -> Vec<u8> {
        self.name.clone().into_bytes()
    }

    fn metadata(&'_ self) -> FsFuture<'_, Box<dyn DavMetaData>> {
        let entry = Box::new(self.entry.clone()) as Box<dyn DavMetaData>;
        Box::pin(async move { Ok(entry) })
    }
}

/// On Linux only: elsewhere the trash is the user's own, and no test may fill it.
#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Direction, How, Rules, Transfer,
        body::Came,
        transfer::{Ongoing, Tell},
    };
    use bytes::Bytes;
    use std::{fs, sync::mpsc, time::Duration};

    struct Place {
        home: tempfile::TempDir,
        files: Files,
        tell: Tell,
        told: mpsc::Receiver<Transfer>,
    }

    impl Place {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            let root = home.path().join("Downloads");
            fs::create_dir(&root).unwrap();
            let trash = Some(home.path().join("Trash"));
            let folder = Arc::new(Folder::open(&root, Rules { trash, ..Rules::default() }).unwrap());
            let (tell, told) = mpsc::channel();
            Self { home, files: Files(folder), tell: Tell::new(move |it| tell.send(it).unwrap()), told }
        }

        fn request(&self, method: &str, name: &str, to: Option<&str>) -> Request {
            let way = |name: &str| Way::default().below(name).unwrap();
            Request::new(method.parse().unwrap(), way(name), to.map(way), None, self.tell.clone())
        }

        fn next(&self) -> Transfer {
            self.told.recv_timeout(Duration::from_secs(20)).expect("it is told")
        }
    }

    fn path(name: &str) -> DavPath {
        DavPath::new(&format!("/{name}")).unwrap()
    }

    /// Lets it begin, as a client does that goes away then.
    fn begin<T>(mut work: FsFuture<'_, T>) {
        drop(futures_util::FutureExt::now_or_never(&mut work));
    }

    #[tokio::test]
    async fn a_change_whose_asker_goes_away_is_told_all_the_same() {
        let place = Place::new();
        begin(place.files.create_dir(&path("a"), &place.request("MKCOL", "a", None)));
        assert_eq!(place.next(), Transfer::Changed(Change::Made("a".into())));
        begin(place.files.rename(&path("a"), &path("b"), &place.request("MOVE", "a", Some("b"))));
        let (from, to) = ("a".into(), "b".into());
        assert_eq!(place.next(), Transfer::Changed(Change::Renamed { from, to }));
        begin(place.files.create_dir(&path("c"), &place.request("COPY", "b", Some("c"))));
        let (from, to) = ("b".into(), "c".into());
        assert_eq!(place.next(), Transfer::Changed(Change::Copied { from, to }));
        begin(place.files.remove_file(&path("b"), &place.request("DELETE", "b", None)));
        assert_eq!(place.next(), Transfer::Changed(Change::Deleted("b".into())));
    }

    #[tokio::test]
    async fn an_upload_whose_sender_goes_away_when_all_has_come_is_told_as_what_becomes_of_it() {
        let place = Place::new();
        let (request, way) = (place.request("PUT", "a", None), Way::default().below("a").unwrap());
        let folder = place.files.0.clone();
        let mut upload = Upload::begin(folder.clone(), request.clone(), way.clone(), Some(4), false).unwrap();
        let (all, direction) = (&folder.transfers, Direction::Upload);
        request.arrival().begin(|| Ongoing::begin(all, &place.tell, &way, Some(4), 0, direction));
        upload.write_bytes(Bytes::from_static(b"text")).await.unwrap();
        request.arrival().came(Came::Whole);
        // As far as the moment at which it is put in its place.
        let mut flushing = upload.flush();
        let appeared = place.home.path().join("Downloads/a");
        while !appeared.exists() {
            let _ = futures_util::FutureExt::now_or_never(&mut flushing);
            tokio::task::yield_now().await;
        }
        drop(flushing);
        drop((upload, request));
        assert!(matches!(place.next(), Transfer::Began { .. }));
        assert!(matches!(place.next(), Transfer::Ended { how: How::Done, .. }));
    }
}
