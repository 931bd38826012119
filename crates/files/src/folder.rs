//! The folder, and how something in it is found: from handle to handle, one name at a time.

use crate::{
    Error,
    entry::Entry,
    locks::Locks,
    pace::{Pace, Pacer},
    platform::{self, Identity, Trash},
    protected::Protected,
    refusal::Refusal,
    temp::{Names, Temp},
    transfer::Transfers,
    uploads::Uploads,
    way::{self, Way},
};
use cap_std::{
    ambient_authority,
    fs::{Dir, Metadata},
};
use dav_server::fs::DavMetaData as _;
use std::{
    fmt,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// For how long it is believed where the excluded places are.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What holds for a folder besides the permissions.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Files and folders that are never listed, reached, moved or replaced, wherever they are: the agent's own data, and
    /// places from which programs start by themselves. They need not exist yet.
    pub excluded: Vec<PathBuf>,
    /// Where files come from, as an address: arriving files are marked with it.
    pub origin: String,
    /// Where the user's trash lies, on Linux; where the environment says when not given.
    pub trash: Option<PathBuf>,
    /// How fast an operator may go through files.
    pub pace: Pace,
}

/// A folder that is shared: a handle to it, and what holds in it. Locks and uploads that were cut belong to it too, so
/// that all connections of a session share one.
pub struct Folder {
    root: Dir,
    path: PathBuf,
    device: Option<u64>,
    rules: Rules,
    protected: Mutex<Option<(Instant, Arc<Protected>)>>,
    names: Arc<Names>,
    pub(crate) locks: Locks,
    pub(crate) uploads: Uploads,
    pub(crate) transfers: Arc<Transfers>,
    pacer: Pacer,
}

impl fmt::Debug for Folder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Folder").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Folder {
    /// Opens the folder at `path`, which may be a link to it: the user chose it.
    ///
    /// # Errors
    /// Where it cannot be opened, or lies in an excluded place.
    pub fn open(path: &Path, rules: Rules) -> Result<Self, Error> {
        let failed = |source| Error::Open { path: path.to_owned(), source };
        let real = path.canonicalize().map_err(failed)?;
        let root = Dir::open_ambient_dir(&real, ambient_authority()).map_err(failed)?;
        let identity = platform::dir_identity(&root).map_err(failed)?;
        for place in real.ancestors() {
            let own = platform::identity_of(place);
            let is_excluded = |excluded: &PathBuf| own.is_some() && platform::identity_of(excluded) == own;
            if rules.excluded.iter().any(is_excluded) {
                return Err(Error::Excluded(path.to_owned()));
            }
        }
        Ok(Self {
            root,
            path: real,
            device: identity.map(Identity::device),
            rules,
            protected: Mutex::default(),
            names: Arc::default(),
            locks: Locks::default(),
            uploads: Uploads::default(),
            transfers: Arc::default(),
            pacer: Pacer::default(),
        })
    }

    /// Where it is, without links: for showing it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Cuts a transfer that goes on, for the user. What arrived of an upload is not kept, and for a while the file is not
    /// transferred that way again.
    pub fn cancel(&self, id: u64) {
        self.transfers.cancel(id);
    }

    /// Forgets the uploads that were cut. May wait for the disk.
    pub fn forget_uploads(&self) {
        self.uploads.forget(None);
    }

    /// Waits until one more transfer or change may be made.
    pub(crate) async fn keep_pace(&self) {
        self.pacer.wait(self.rules.pace).await;
    }

    /// How much there is, and how much of it free.
    pub(crate) fn space(&self) -> io::Result<platform::Space> {
        platform::free_space(&self.root, &self.path)
    }

    /// Opens the folder that these names lead to.
    pub(crate) fn dir(&self, names: &[String]) -> Result<Dir, Refusal> {
        let mut dir = self.root.try_clone()?;
        let protected = self.protected();
        for (depth, name) in names.iter().enumerate() {
            allow(&protected, &names[..=depth])?;
            let next = platform::open_dir(&dir, name)?;
            self.allow_identity(&protected, platform::dir_identity(&next)?)?;
            if platform::is_hidden(&dir, name, &next.dir_metadata()?) {
                return Err(Refusal::Hidden);
            }
            dir = next;
        }
        Ok(dir)
    }

    /// Opens what `way` lies in.
    pub(crate) fn parent<'a>(&self, way: &'a Way) -> Result<(Dir, &'a str), Refusal> {
        let (parent, name) = way.split().ok_or(Refusal::Root)?;
        let dir = self.dir(parent)?;
        allow(&self.protected(), way.names())?;
        Ok((dir, name))
    }

    /// What is known of the file or folder there.
    pub(crate) fn entry(&self, way: &Way) -> Result<Entry, Refusal> {
        match way.split() {
            Some(_) => {
                let (dir, name) = self.parent(way)?;
                let entry = self.entry_in(&dir, way.names(), name)?;
                if entry.is_dir() {
                    // Only opening it tells whether it is another file system.
                    self.dir(way.names())?;
                }
                Ok(entry)
            }
            None => Entry::of(&self.root.dir_metadata()?).ok_or(Refusal::NotFound),
        }
    }

    fn entry_in(&self, dir: &Dir, names: &[String], name: &str) -> Result<Entry, Refusal> {
        let metadata = dir.symlink_metadata(name)?;
        let protected = self.protected();
        allow(&protected, names)?;
        if platform::is_hidden(dir, name, &metadata) {
            return Err(Refusal::Hidden);
        }
        let entry = Entry::of(&metadata).ok_or(Refusal::NotAFile)?;
        self.allow_identity(&protected, entry.identity)?;
        Ok(entry)
    }

    /// What `name` in `dir` is, and may be seen; `names` lead to it. For lists: nothing is opened.
    pub(crate) fn listed(&self, dir: &Dir, names: &[String], name: &str) -> Option<Entry> {
        way::check(name).ok()?;
        self.entry_in(dir, names, name).ok()
    }

    /// Opens the file there for reading.
    pub(crate) fn file(&self, way: &Way) -> Result<(File, Entry), Refusal> {
        let (dir, name) = self.parent(way)?;
        // Before it is opened, because opening a device does something.
        let entry = self.entry_in(&dir, way.names(), name)?;
        if entry.is_dir() {
            return Err(Refusal::NotAFile);
        }
        let file = platform::open_file(&dir, name)?;
        let identity = platform::file_identity(&file)?;
        self.allow_identity(&self.protected(), identity)?;
        let opened = Metadata::from_file(&file)?;
        let entry = Entry::of(&opened).filter(|entry| !entry.is_dir()).ok_or(Refusal::NotAFile)?;
        Ok((file, entry))
    }

    /// Begins a file that is to appear at `way`.
    pub(crate) fn begin(&self, way: &Way) -> Result<Temp, Refusal> {
        let (parent, _) = way.split().ok_or(Refusal::Root)?;
        let (dir, name) = self.parent(way)?;
        let place = self.path.join(parent.iter().collect::<PathBuf>());
        let temp = Temp::new(dir.try_clone()?, &place, self.names.clone(), &self.rules.origin)?;
        if let Some(replaced) = self.replaceable(&dir, way, name)? {
            platform::same_mode(&temp.file, &replaced)?;
        }
        Ok(temp)
    }

    /// Lets it appear.
    pub(crate) fn finish(&self, temp: Temp, way: &Way, must_be_new: bool) -> Result<(), Refusal> {
        let (dir, name) = self.parent(way)?;
        let replace = self.replaceable(&dir, way, name)?.is_some();
        if replace && must_be_new {
            return Err(Refusal::Exists);
        }
        Ok(temp.appear(dir, name, replace)?)
    }

    /// The file that would be replaced, if there is one.
    fn replaceable(&self, dir: &Dir, way: &Way, name: &str) -> Result<Option<Metadata>, Refusal> {
        let metadata = match dir.symlink_metadata(name) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let entry = self.entry_in(dir, way.names(), name)?;
        if entry.is_dir() {
            return Err(Refusal::NotAFile);
        }
        if entry.read_only {
            return Err(Refusal::ReadOnly);
        }
        Ok(Some(metadata))
    }

    /// Makes a folder.
    pub(crate) fn make_dir(&self, way: &Way) -> Result<(), Refusal> {
        let (dir, name) = self.parent(way).map_err(|refusal| match refusal {
            Refusal::Root => Refusal::Exists,
            other => other,
        })?;
        Ok(dir.create_dir(name)?)
    }

    /// Renames; nothing may have the new name, unless only capitals differ.
    pub(crate) fn rename(&self, from: &Way, to: &Way) -> Result<(), Refusal> {
        if from.leads_to(to) || to.leads_to(from) {
            return Err(Refusal::IntoItself);
        }
        let (dir, name) = self.movable(from)?;
        let (to_dir, to_name) = self.parent(to)?;
        // What is in it would come to lie in an excluded place.
        if self.protected().is_holding(to, None) && self.entry(from)?.is_dir() {
            return Err(Refusal::HoldsExcluded);
        }
        if self.is_same(from, to) {
            return Ok(dir.rename(name, &to_dir, to_name)?);
        }
        Ok(platform::rename_new(&dir, name, &to_dir, to_name)?)
    }

    /// Whether both are names of one file, on a system that takes capitals for the same.
    pub(crate) fn is_same(&self, one: &Way, other: &Way) -> bool {
        one != other
            && one.folded() == other.folded()
            && matches!((self.entry(one), self.entry(other)), (Ok(one), Ok(other)) if one.identity == other.identity)
    }

    /// Moves a file, or a folder with all that is in it, to the trash.
    pub(crate) fn discard(&self, way: &Way) -> Result<(), Refusal> {
        let (dir, name) = self.movable(way)?;
        let trash = Trash::find(&self.path, self.rules.trash.as_deref());
        let trash = trash.inspect_err(|error| tracing::warn!(%error, "there is no trash"));
        let path = self.path.join(way.names().iter().collect::<PathBuf>());
        trash.map_err(|_| Refusal::NoTrash)?.put(&dir, name, &path).map_err(|error| match error.kind() {
            io::ErrorKind::CrossesDevices | io::ErrorKind::Other => Refusal::NoTrash,
            _ => error.into(),
        })
    }

    /// Finds what is to be taken away from where it is.
    fn movable<'a>(&self, way: &'a Way) -> Result<(Dir, &'a str), Refusal> {
        let (dir, name) = self.parent(way)?;
        let entry = self.entry(way)?;
        let identity = match entry.identity {
            None if entry.is_dir() => platform::dir_identity(&self.dir(way.names())?)?,
            known => known,
        };
        if self.protected().is_holding(way, identity) {
            return Err(Refusal::HoldsExcluded);
        }
        Ok((dir, name))
    }

    fn allow_identity(&self, protected: &Protected, identity: Option<Identity>) -> Result<(), Refusal> {
        if protected.excludes_identity(identity) {
            return Err(Refusal::Excluded);
        }
        // Another file system, which may be anything, and may never answer.
        if identity.is_some_and(|identity| Some(identity.device()) != self.device) {
            return Err(Refusal::NotFound);
        }
        Ok(())
    }

    fn protected(&self) -> Arc<Protected> {
        let mut known = self.protected.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((looked, protected)) if looked.elapsed() < LOOK_AGAIN => protected.clone(),
            _ => {
                let protected = Arc::new(Protected::look(&self.path, &self.rules.excluded));
                *known = Some((Instant::now(), protected.clone()));
                protected
            }
        }
    }
}

/// What names alone tell.
fn allow(protected: &Protected, names: &[String]) -> Result<(), Refusal> {
    if names.last().is_some_and(|name| way::is_hidden(name)) {
        return Err(Refusal::Hidden);
    }
    if protected.excludes(names) { Err(Refusal::Excluded) } else { Ok(()) }
}
