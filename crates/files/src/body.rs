//! What goes through a connection: requests' bodies that must not stand still, answers' bodies that are counted.

use crate::{
    STALL_LIMIT,
    folder::Folder,
    request::Request,
    transfer::{Direction, How, Ongoing},
};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::time::{Instant, Sleep, sleep};

/// An upload as it is told about: from the moment at which the file system wants its first byte, and until it is known what
/// became of it. Unless that is told, it was cut.
#[derive(Default)]
pub(crate) struct Arrival(Mutex<State>);

#[derive(Default)]
struct State {
    transfer: Option<Ongoing>,
    came: Came,
}

/// How much of the body has come.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Came {
    #[default]
    Partly,
    Whole,
    Cut,
}

impl Arrival {
    /// It begins, unless it has.
    pub(crate) fn begin(&self, transfer: impl FnOnce() -> Ongoing) {
        self.lock().transfer.get_or_insert_with(transfer);
    }

    fn moved(&self, bytes: usize) {
        if let Some(transfer) = &mut self.lock().transfer {
            transfer.moved(bytes);
        }
    }

    pub(crate) fn came(&self, came: Came) {
        self.lock().came = came;
    }

    /// Whether the body has come to its end, whatever was said of its length.
    pub(crate) fn is_whole(&self) -> bool {
        self.lock().came == Came::Whole
    }

    /// It is over.
    pub(crate) fn end(&self, how: How) {
        if let Some(transfer) = self.lock().transfer.take() {
            transfer.end(how);
        }
    }

    /// It is over, and came to nothing unless something else was told before.
    pub(crate) fn end_unfinished(&self) {
        let was_cut = self.lock().came == Came::Cut;
        self.end(if was_cut { How::Cut } else { How::Failed });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request's body.
pub(crate) enum Received {
    /// What was read as a whole.
    Whole(Full<Bytes>),
    /// What is read bit by bit.
    Stream(Box<Stream>),
}

/// A body that arrives in time or not at all.
pub(crate) struct Stream {
    body: Incoming,
    limit: Pin<Box<Sleep>>,
    /// Whose upload it is.
    upload: Option<(Arc<Folder>, Request)>,
}

impl Stream {
    pub(crate) fn new(body: Incoming, upload: Option<(Arc<Folder>, Request)>) -> Self {
        Self { body, limit: Box::pin(sleep(STALL_LIMIT)), upload }
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        if let Some((folder, request)) = &this.upload {
            request.arrival().begin(|| {
                // A part that is not the last is not all that is to come.
                let missing = request.part().map(|part| part.total - part.start);
                let size = missing.or_else(|| this.body.size_hint().exact());
                let start = request.part().map_or(0, |part| part.start);
                let (all, way) = (&folder.transfers, request.way());
                Ongoing::begin(all, request.teller(), way, size, start, Direction::Upload)
            });
        }
        let frame = match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(frame) => frame.map(|frame| frame.map_err(io::Error::other)),
            Poll::Pending => {
                ready!(this.limit.as_mut().poll(context));
                Some(Err(io::ErrorKind::TimedOut.into()))
            }
        };
        this.limit.as_mut().reset(Instant::now() + STALL_LIMIT);
        if let Some((_, request)) = &this.upload {
            match &frame {
                Some(Ok(frame)) => request.arrival().moved(frame.data_ref().map_or(0, Bytes::len)),
                Some(Err(_)) => request.arrival().came(Came::Cut),
                None => request.arrival().came(Came::Whole),
            }
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Stream(body) => Pin::new(body).poll_frame(context),
        }
    }
}

/// Lets what takes long stop when nobody waits for the answer any more.
pub(crate) struct Waited(pub(crate) Request);

impl Drop for Waited {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// An answer's body.
pub(crate) struct Sent {
    body: dav_server::body::Body,
    /// With how many bytes are left of it.
    transfer: Option<(Ongoing, u64)>,
    _waited: Option<Waited>,
}

impl Sent {
    pub(crate) fn new(body: dav_server::body::Body, waited: Option<Waited>) -> Self {
        Self { body, transfer: None, _waited: waited }
    }

    /// Tells about it; there are `bytes` to send.
    pub(crate) fn told(mut self, transfer: Ongoing, bytes: u64) -> Self {
        if bytes == 0 {
            transfer.end(How::Done);
        } else {
            self.transfer = Some((transfer, bytes));
        }
        self
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let Some((mut transfer, left)) = self.transfer.take() else { return Poll::Ready(frame) };
        match &frame {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                transfer.moved(bytes);
                // Nobody asks for more when it was all.
                match left.saturating_sub(bytes as u64) {
                    0 => transfer.end(How::Done),
                    left => self.transfer = Some((transfer, left)),
                }
            }
            // The file became shorter meanwhile, or cannot be read.
            Some(Err(_)) | None => transfer.end(How::Failed),
        }
        Poll::Ready(frame)
    }
}
