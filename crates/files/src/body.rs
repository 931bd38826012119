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
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};
use tokio::time::{Instant, Sleep, sleep};

/// An upload as it is told about: from the moment at which the file system wants its first byte.
#[derive(Clone, Default)]
pub(crate) struct Arrival(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    transfer: Option<Ongoing>,
    cut: bool,
}

impl Arrival {
    /// It is over, one way or the other.
    pub(crate) fn end(&self, done: bool) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let how = match (done, state.cut) {
            (true, _) => How::Done,
            (false, true) => How::Cut,
            (false, false) => How::Failed,
        };
        if let Some(transfer) = state.transfer.take() {
            transfer.end(how);
        }
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
    /// What it is as a transfer.
    told: Option<(Arc<Folder>, Request, Arrival)>,
}

impl Stream {
    pub(crate) fn new(body: Incoming, told: Option<(Arc<Folder>, Request, Arrival)>) -> Self {
        Self { body, limit: Box::pin(sleep(STALL_LIMIT)), told }
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
        let mut state = this.told.as_ref().map(|(folder, request, arrival)| {
            let mut state = arrival.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.transfer.get_or_insert_with(|| {
                let size = this.body.size_hint().exact();
                let start = request.part().map_or(0, |part| part.start);
                let (all, way) = (&folder.transfers, request.way());
                Ongoing::begin(all, request.teller(), way, size, start, Direction::Upload)
            });
            state
        });
        let frame = match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(frame) => frame.map(|frame| frame.map_err(io::Error::other)),
            Poll::Pending => {
                ready!(this.limit.as_mut().poll(context));
                Some(Err(io::ErrorKind::TimedOut.into()))
            }
        };
        this.limit.as_mut().reset(Instant::now() + STALL_LIMIT);
        if let Some(state) = &mut state {
            match &frame {
                Some(Ok(frame)) => {
                    let bytes = frame.data_ref().map_or(0, Bytes::len);
                    if let Some(transfer) = &mut state.transfer {
                        transfer.moved(bytes);
                    }
                }
                Some(Err(_)) => state.cut = true,
                None => {}
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
