//! Streams over one connection.
//!
//! yamux with what it leaves open: what a stream is for, a limit that is an answer and not the end of the tunnel, and the
//! difference between the end of a stream and its loss.

use crate::{Error, Kind, MAX_STREAMS, OPEN_LIMIT, STREAM_WINDOW, read_ahead::ReadAhead};
use futures_util::{StreamExt, stream::FuturesUnordered};
use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};
use yamux::{Config, Connection, ConnectionError, FrameDecodeError, Mode};

/// yamux counts streams that are being taken down at either end, and takes one too many for the end of the connection.
const STREAMS_AND_REMAINS: usize = 2 * MAX_STREAMS;

/// What the other end may have on its way over all streams: no stream's window can grow.
const CONNECTION_WINDOW: usize = STREAMS_AND_REMAINS * STREAM_WINDOW;

type Line<I> = Connection<Compat<ReadAhead<I>>>;

fn connection<I: AsyncRead + AsyncWrite + Unpin>(io: I, mode: Mode) -> Line<I> {
    let mut config = Config::default();
    config.set_max_num_streams(STREAMS_AND_REMAINS);
    config.set_max_connection_receive_window(Some(CONNECTION_WINDOW));
    Connection::new(ReadAhead::new(io, CONNECTION_WINDOW).compat(), config, mode)
}

/// How a connection ended.
fn end(error: ConnectionError) -> Result<(), Error> {
    match error {
        ConnectionError::Closed => Ok(()),
        ConnectionError::Io(error) | ConnectionError::Decode(FrameDecodeError::Io(error)) => {
            Err(error.into())
        }
        other => Err(Error::Protocol(other.into())),
    }
}

/// Tells the streams of a connection that it is no more.
struct Lost(Arc<AtomicBool>);

impl Drop for Lost {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// The access process's side: streams come in as the service opens them.
///
/// The future carries them and ends with the connection; `Ok` if the other end closed it in an orderly way. A stream of an
/// unknown kind, or one too many, is reset.
pub fn accept<I>(io: I) -> (Incoming, impl Future<Output = Result<(), Error>>)
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let (arrived, incoming) = mpsc::channel(MAX_STREAMS);
    let lost = Lost(Arc::default());
    let places = Arc::new(Semaphore::new(MAX_STREAMS));
    let mut connection = connection(io, Mode::Server);
    let mut greetings = FuturesUnordered::new();
    let driving = async move {
        let turn = |context: &mut Context<'_>| loop {
            while let Poll::Ready(Some(greeted)) = greetings.poll_next_unpin(context) {
                // There is room for as many as there can be, so this fails only where nobody wants them any more.
                if let Some(greeted) = greeted
                    && arrived.try_send(greeted).is_err()
                {
                    tracing::debug!("a stream is not wanted");
                }
            }
            match ready!(connection.poll_next_inbound(context)) {
                Some(Ok(stream)) => match Arc::clone(&places).try_acquire_owned() {
                    Ok(place) => greetings.push(greet(Stream::new(stream, &lost, place))),
                    Err(_) => tracing::warn!("the service opens more streams than there can be"),
                },
                Some(Err(error)) => return Poll::Ready(end(error)),
                None => return Poll::Ready(Ok(())),
            }
        };
        poll_fn(turn).await
    };
    (Incoming(incoming), driving)
}

/// Finds out what a stream is for.
async fn greet(mut stream: Stream) -> Option<(Kind, Stream)> {
    match timeout(OPEN_LIMIT, stream.read_u8()).await {
        Ok(Ok(byte)) => match Kind::of_byte(byte) {
            Some(kind) => Some((kind, stream)),
            None => {
                tracing::warn!(byte, "the service opens a stream of an unknown kind");
                None
            }
        },
        Ok(Err(_)) => None,
        Err(_) => {
            tracing::warn!("the service opens a stream and does not say what for");
            None
        }
    }
}

/// Streams as the service opens them.
#[derive(Debug)]
pub struct Incoming(mpsc::Receiver<(Kind, Stream)>);

impl Incoming {
    /// The next stream; `None` when the connection has ended.
    pub async fn next(&mut self) -> Option<(Kind, Stream)> {
        self.0.recv().await
    }
}

/// The service's side: opens streams.
///
/// The future carries them and ends with the connection; `Ok` if the other end closed it in an orderly way.
pub fn open<I>(io: I) -> (Opener, impl Future<Output = Result<(), Error>>)
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let (requests, mut requested) = mpsc::channel::<oneshot::Sender<yamux::Stream>>(MAX_STREAMS);
    let lost = Lost(Arc::default());
    let opener =
        Opener { requests, places: Arc::new(Semaphore::new(MAX_STREAMS)), lost: Arc::clone(&lost.0) };
    let mut connection = connection(io, Mode::Client);
    let driving = async move {
        let _lost = lost;
        let mut wanted = None;
        let turn = |context: &mut Context<'_>| loop {
            if wanted.is_none()
                && let Poll::Ready(request) = requested.poll_recv(context)
            {
                wanted = request;
            }
            if wanted.is_some()
                && let Poll::Ready(opened) = connection.poll_new_outbound(context)
            {
                match opened {
                    // Whoever asked may have given up.
                    Ok(stream) => drop(wanted.take().map(|wanted| wanted.send(stream))),
                    Err(error) => return Poll::Ready(end(error)),
                }
                continue;
            }
            match ready!(connection.poll_next_inbound(context)) {
                Some(Ok(_)) => {
                    let complaint = "the agent opens a stream, which only the service does";
                    return Poll::Ready(Err(Error::Protocol(complaint.into())));
                }
                Some(Err(error)) => return Poll::Ready(end(error)),
                None => return Poll::Ready(Ok(())),
            }
        };
        poll_fn(turn).await
    };
    (opener, driving)
}

/// Opens streams; clones share the connection.
#[derive(Clone, Debug)]
pub struct Opener {
    requests: mpsc::Sender<oneshot::Sender<yamux::Stream>>,
    places: Arc<Semaphore>,
    lost: Arc<AtomicBool>,
}

impl Opener {
    /// Opens a stream. Whether the other end serves it shows when it is used.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyStreams`] leaves the tunnel as it is; after the others it is no more, or hangs.
    pub async fn open(&self, kind: Kind) -> Result<Stream, Error> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Error::TooManyStreams)?;
        let opening = async {
            let (answer, opened) = oneshot::channel();
            self.requests.send(answer).await.map_err(|_| Error::Ended)?;
            let stream = opened.await.map_err(|_| Error::Ended)?;
            let mut stream = Stream::with(stream, Arc::clone(&self.lost), place);
            stream.write_u8(kind.byte()).await.map_err(|_| Error::Ended)?;
            Ok(stream)
        };
        timeout(OPEN_LIMIT, opening).await.map_err(|_| Error::Slow)?
    }
}

/// One stream. Dropped before it was shut down, it is reset, which the other end sees as an error and not as its end; the
/// same happens to all streams when the tunnel is lost.
#[derive(Debug)]
pub struct Stream {
    inner: Compat<yamux::Stream>,
    lost: Arc<AtomicBool>,
    shut_down: bool,
    _place: OwnedSemaphorePermit,
}

impl Stream {
    fn new(stream: yamux::Stream, lost: &Lost, place: OwnedSemaphorePermit) -> Self {
        Self::with(stream, Arc::clone(&lost.0), place)
    }

    fn with(stream: yamux::Stream, lost: Arc<AtomicBool>, place: OwnedSemaphorePermit) -> Self {
        Self { inner: stream.compat(), lost, shut_down: false, _place: place }
    }

    /// Whether nothing more comes because of a loss. A stream that ended in an orderly way can still be written to.
    fn is_reset(&self) -> bool {
        self.lost.load(Ordering::Acquire) || (!self.shut_down && self.inner.get_ref().is_closed())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let ended = buffer.filled().len() == before && buffer.remaining() > 0;
        if ended && self.is_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, bytes));
        Poll::Ready(written.map_err(|_| io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.inner).poll_flush(context));
        Poll::Ready(flushed.map_err(|_| io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut_down = ready!(Pin::new(&mut self.inner).poll_shutdown(context));
        self.shut_down = true;
        Poll::Ready(shut_down.map_err(|_| io::ErrorKind::BrokenPipe.into()))
    }
}
