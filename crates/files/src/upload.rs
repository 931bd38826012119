//! A file that arrives: written aside in large pieces while the next ones come in, and put in its place when it is whole.

use crate::{
    CHUNK, KEPT_FOR,
    entry::Entry,
    folder::Folder,
    refusal::Refusal,
    request::Request,
    temp::Temp,
    transfer::{Direction, How},
    uploads::Kept,
    way::Way,
};
use bytes::{Buf, Bytes};
use cap_std::fs::Metadata;
use dav_server::fs::{DavFile, DavMetaData, FsError, FsFuture};
use std::{
    fmt,
    fs::File,
    io::{self, IoSlice, SeekFrom, Write as _},
    mem,
    sync::Arc,
};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::sleep,
};

/// So many pieces are gathered at most, however small: each takes memory beside its bytes.
const MAX_PIECES: usize = 1024;

/// An upload while it lasts. Dropped before it is whole, it is kept for a while.
pub(crate) struct Upload {
    folder: Arc<Folder>,
    request: Request,
    way: Way,
    must_be_new: bool,
    /// Where this part begins.
    start: u64,
    /// How long the whole file is, if the client said so.
    total: Option<u64>,
    /// Nothing once it is in its place.
    temp: Option<Temp>,
    file: Arc<File>,
    /// With what is being written and what is gathered.
    received: u64,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    writing: Option<JoinHandle<io::Result<()>>>,
    failed: bool,
}

impl fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Upload")
            .field("way", &self.way)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

impl Upload {
    /// Begins one, or goes on with one that was cut. `size` is how long the request's body is.
    pub(crate) fn begin(
        folder: Arc<Folder>,
        request: Request,
        way: Way,
        size: Option<u64>,
        must_be_new: bool,
    ) -> Result<Self, Refusal> {
        let part = request.part();
        let total = part.map(|part| part.total).or(size);
        let start = part.map_or(0, |part| part.start);
        let kept = match part {
            Some(part) if part.start > 0 => Some(folder.uploads.take(&way, part.total, part.start)?),
            _ => None,
        };
        let missing = total.map_or(0, |total| total - start);
        if folder.space().is_ok_and(|space| space.available < missing) {
            return Err(Refusal::Full);
        }
        let (temp, writing) = match kept {
            Some(kept) => (kept.temp, kept.writing),
            None => {
                let temp = folder.begin(&way)?;
                folder.uploads.forget(Some(&way));
                (temp, None)
            }
        };
        Ok(Self {
            file: temp.file.clone(),
            temp: Some(temp),
            received: start,
            gathered: Vec::new(),
            gathered_bytes: 0,
            failed: false,
            folder,
            request,
            way,
            must_be_new,
            start,
            total,
            writing,
        })
    }

    async fn take(&mut self, bytes: Bytes) -> Result<(), Refusal> {
        self.received += bytes.len() as u64;
        self.gathered_bytes += bytes.len();
        self.gathered.push(bytes);
        let is_enough = self.gathered_bytes >= CHUNK || self.gathered.len() >= MAX_PIECES;
        if is_enough { self.write().await } else { Ok(()) }
    }

    /// Waits for what is being written, and lets what is gathered be written after it.
    async fn write(&mut self) -> Result<(), Refusal> {
        self.written().await?;
        if self.gathered_bytes > 0 {
            self.gathered_bytes = 0;
            self.writing = Some(self.spawn_write());
        }
        Ok(())
    }

    fn spawn_write(&mut self) -> JoinHandle<io::Result<()>> {
        let (file, gathered) = (self.file.clone(), mem::take(&mut self.gathered));
        spawn_blocking(move || write_all(&file, &gathered))
    }

    async fn written(&mut self) -> Result<(), Refusal> {
        let Some(writing) = &mut self.writing else { return Ok(()) };
        let written = writing.await;
        self.writing = None;
        let written = written.map_err(|_| Refusal::Failed).and_then(|written| Ok(written?));
        if let Err(refusal) = written {
            self.failed = true;
            self.request.refuse(refusal);
        }
        written
    }

    async fn finish(&mut self) -> Result<(), Refusal> {
        self.write().await?;
        self.written().await?;
        if !self.request.arrival().is_whole() {
            // It is longer than was said, and what was said is there: of that nothing appears either.
            self.failed = true;
            return Err(Refusal::Failed);
        }
        match (self.request.part(), self.total) {
            (Some(part), _) if self.received != part.end + 1 => return Err(Refusal::Failed),
            (Some(part), _) if self.received < part.total => {
                self.request.keep(self.received);
                self.request.arrival().end(How::Cut);
                return Ok(());
            }
            (None, Some(total)) if self.received != total => return Err(Refusal::Failed),
            _ => {}
        }
        let Some(temp) = self.temp.take() else { return Ok(()) };
        let (folder, request, way) = (self.folder.clone(), self.request.clone(), self.way.clone());
        let must_be_new = self.must_be_new;
        let finish = move || {
            // It may have waited for a free thread, and been cut meanwhile.
            if request.is_given_up() {
                return Err(Refusal::Failed);
            }
            folder.finish(temp, &way, must_be_new)?;
            request.arrival().end(How::Done);
            Ok(())
        };
        spawn_blocking(finish).await.map_err(|_| Refusal::Failed)?
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let (Some(temp), Some(total)) = (self.temp.take(), self.total) else { return };
        let is_cancelled = self.folder.transfers.is_cancelled(&self.way, Direction::Upload);
        if self.failed || is_cancelled || self.received == 0 || self.received > total {
            return;
        }
        // What is gathered goes with it, unless something before it is still being written.
        let writing = match self.writing.take() {
            Some(writing) => {
                self.received -= self.gathered_bytes as u64;
                Some(writing)
            }
            None if self.gathered_bytes > 0 && tokio::runtime::Handle::try_current().is_ok() => {
                Some(self.spawn_write())
            }
            None => None,
        };
        self.folder.uploads.keep(self.way.clone(), Kept { temp, total, received: self.received, writing });
        // Nobody may come for it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let folder = Arc::downgrade(&self.folder);
            runtime.spawn(async move {
                sleep(KEPT_FOR).await;
                if let Some(folder) = folder.upgrade() {
                    folder.uploads.sweep();
                }
            });
        }
    }
}

impl DavFile for Upload {
    fn metadata(&'_ mut self) -> FsFuture<'_, Box<dyn DavMetaData>> {
        Box::pin(async move {
            let metadata = Metadata::from_file(&self.file).ok();
            let entry = metadata.as_ref().and_then(Entry::of).ok_or(FsError::GeneralFailure)?;
            Ok(Box::new(entry) as Box<dyn DavMetaData>)
        })
    }

    fn write_buf(&'_ mut self, mut buf: Box<dyn Buf + Send>) -> FsFuture<'_, ()> {
        let bytes = buf.copy_to_bytes(buf.remaining());
        self.write_bytes(bytes)
    }

    fn write_bytes(&'_ mut self, buf: Bytes) -> FsFuture<'_, ()> {
        Box::pin(async move { self.take(buf).await.map_err(Refusal::in_dav) })
    }

    fn read_bytes(&'_ mut self, _count: usize) -> FsFuture<'_, Bytes> {
        Box::pin(async { Err(FsError::NotImplemented) })
    }

    fn seek(&'_ mut self, pos: SeekFrom) -> FsFuture<'_, u64> {
        let start = self.start;
        Box::pin(
            async move { if pos == SeekFrom::Start(start) { Ok(start) } else { Err(FsError::Forbidden) } },
        )
    }

    fn flush(&'_ mut self) -> FsFuture<'_, ()> {
        Box::pin(async move {
            self.finish().await.map_err(|refusal| {
                self.request.refuse(refusal);
                refusal.in_dav()
            })
        })
    }
}

fn write_all(mut file: &File, pieces: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
    let mut slices = slices.as_mut_slice();
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut slices, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
