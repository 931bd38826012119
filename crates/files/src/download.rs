//! A file that is read: the next piece is read from the disk while the last one is sent.

use crate::{CHUNK, entry::Entry};
use bytes::Bytes;
use dav_server::fs::{DavFile, DavMetaData, FsError, FsFuture};
use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    sync::Arc,
};
use tokio::task::{JoinHandle, spawn_blocking};

/// A file that is open for reading.
#[derive(Debug)]
pub(crate) struct Download {
    file: Arc<File>,
    entry: Entry,
    /// What was read and not yet asked for.
    rest: Bytes,
    ahead: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Download {
    pub(crate) fn new(file: File, entry: Entry) -> Self {
        Self { file: Arc::new(file), entry, rest: Bytes::new(), ahead: None }
    }

    async fn read(&mut self, count: usize) -> io::Result<Bytes> {
        if self.rest.is_empty() {
            let read = match &mut self.ahead {
                Some(reading) => reading.await,
                None => self.ahead.insert(read_piece(self.file.clone())).await,
            };
            self.ahead = None;
            self.rest = read.map_err(io::Error::other)??;
            // A piece that is not full was the last one.
            if self.rest.len() == CHUNK {
                self.ahead = Some(read_piece(self.file.clone()));
            }
        }
        if self.rest.is_empty() && count > 0 {
            // It has become shorter while it was read; zeros in the place of what is missing would be a lie.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.rest.split_to(count.min(self.rest.len())))
    }
}

fn read_piece(file: Arc<File>) -> JoinHandle<io::Result<Bytes>> {
    spawn_blocking(move || {
        let mut piece = Vec::with_capacity(CHUNK);
        (&*file).take(CHUNK as u64).read_to_end(&mut piece)?;
        Ok(piece.into())
    })
}

impl DavFile for Download {
    fn metadata(&'_ mut self) -> FsFuture<'_, Box<dyn DavMetaData>> {
        let entry = Box::new(self.entry.clone()) as Box<dyn DavMetaData>;
        Box::pin(async move { Ok(entry) })
    }

    fn write_buf(&'_ mut self, _buf: Box<dyn bytes::Buf + Send>) -> FsFuture<'_, ()> {
        Box::pin(async { Err(FsError::NotImplemented) })
    }

    fn write_bytes(&'_ mut self, _buf: Bytes) -> FsFuture<'_, ()> {
        Box::pin(async { Err(FsError::NotImplemented) })
    }

    fn read_bytes(&'_ mut self, count: usize) -> FsFuture<'_, Bytes> {
        Box::pin(async move {
            self.read(count).await.map_err(|error| {
                tracing::warn!(%error, "a file cannot be read on");
                FsError::GeneralFailure
            })
        })
    }

    /// Only before the first piece is read.
    fn seek(&'_ mut self, pos: SeekFrom) -> FsFuture<'_, u64> {
        Box::pin(async move {
            if self.ahead.is_some() || !self.rest.is_empty() {
                return Err(FsError::GeneralFailure);
            }
            (&*self.file).seek(pos).map_err(|_| FsError::GeneralFailure)
        })
    }

    fn flush(&'_ mut self) -> FsFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
