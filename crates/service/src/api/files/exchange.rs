//! One request and its answer over one stream, as far as it goes.
//!
//! A stream is used for one request only, so that what an agent says too much cannot be taken for another's answer. Bodies
//! are passed on piece by piece, each when the one before was taken.

use super::super::tunnel::LAST_WORD;
use axum::body::Body;
use hyper::{
    Request, Response,
    body::{Body as _, Bytes, Frame, Incoming, SizeHint},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use std::{
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
    time::{Instant, Sleep, sleep, timeout},
};
use tunnel::Close;

/// How long an answer may take to begin, after the last piece of the body went out. A folder is copied before the answer.
const HEAD_LIMIT: Duration = Duration::from_secs(120);
/// How long a body may stand still on its way from the operator: it holds one of the session's few turns, and can be sent
/// again from where it stopped.
const UPLOAD_STALL_LIMIT: Duration = Duration::from_secs(30);
/// How long an answer's body may stand still.
const STALL_LIMIT: Duration = Duration::from_secs(90);
/// The longest head of an answer.
const MAX_HEAD: usize = 64 * 1024;
/// The most headers in it.
const MAX_HEADERS: usize = 64;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may not go on, or the agent was lost.
    Over(Close),
    /// The agent took too long.
    Slow,
    /// The operator did.
    UploadStalled,
    /// What came is no answer.
    Odd,
}

/// Sends a request and waits for the answer's head. It goes on, with its body, until `over` is; that is dropped when all is
/// done.
pub(super) async fn exchange<I>(
    io: I,
    request: Request<Upload>,
    over: impl Future<Output = Close> + Send + 'static,
) -> Result<Response<Download>, Failure>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut http = http1::Builder::new();
    http.max_buf_size(MAX_HEAD).max_headers(MAX_HEADERS);
    let greeted = http.handshake(TokioIo::new(io)).await;
    let (mut sender, connection) = greeted.map_err(|_| Failure::Over(Close::AGENT_UNREACHABLE))?;
    let mut carrying = Carrying(tokio::spawn(async move {
        let mut over = pin!(over);
        tokio::select! {
            biased;
            close = &mut over => close,
            ended = connection => match ended {
                Ok(()) => Close::FINISHED,
                // What took the tunnel down may be about to end this too.
                Err(error) => match timeout(LAST_WORD, over).await {
                    Ok(close) => close,
                    Err(_) if error.is_parse() => Close::PROTOCOL_ERROR,
                    Err(_) => Close::AGENT_UNREACHABLE,
                },
            },
        }
    }));
    let moved = Arc::clone(&request.body().moved);
    let has_stalled = Arc::clone(&request.body().has_stalled);
    let mut answer = pin!(sender.send_request(request));
    let answer = loop {
        let before = moved.load(Ordering::Relaxed);
        match timeout(HEAD_LIMIT, &mut answer).await {
            Ok(answer) => break answer,
            Err(_) if moved.load(Ordering::Relaxed) != before => {}
            Err(_) => return Err(Failure::Slow),
        }
    };
    match answer {
        Ok(answer) => Ok(answer.map(|body| Download::new(body, carrying))),
        Err(_) if has_stalled.load(Ordering::Relaxed) => Err(Failure::UploadStalled),
        Err(error) => match (&mut carrying.0).await {
            Ok(close) if close != Close::FINISHED && close != Close::PROTOCOL_ERROR => {
                Err(Failure::Over(close))
            }
            _ if error.is_parse() => Err(Failure::Odd),
            _ => Err(Failure::Over(Close::AGENT_UNREACHABLE)),
        },
    }
}

/// What carries an exchange; dropped, it is broken off.
struct Carrying(JoinHandle<Close>);

impl Drop for Carrying {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A request's body on its way to the agent.
pub(super) struct Upload {
    body: Body,
    moved: Arc<AtomicU64>,
    /// Runs while the operator is waited for.
    stall: Stall,
    has_stalled: Arc<AtomicBool>,
}

impl Upload {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body,
            moved: Arc::default(),
            stall: Stall::new(UPLOAD_STALL_LIMIT),
            has_stalled: Arc::default(),
        }
    }
}

impl hyper::body::Body for Upload {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = data_of(Pin::new(&mut self.body), context);
        if frame.is_ready() {
            self.moved.fetch_add(1, Ordering::Relaxed);
            self.stall.moved();
            return frame;
        }
        self.stall.poll(context).map(|late| {
            self.has_stalled.store(true, Ordering::Relaxed);
            Some(Err(axum::Error::new(late)))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body on its way to the operator.
pub(super) struct Download {
    body: Incoming,
    /// None when the agent has said all.
    carrying: Option<Carrying>,
    /// Runs while the agent is waited for.
    stall: Stall,
}

impl Download {
    fn new(body: Incoming, carrying: Carrying) -> Self {
        let mut download = Self { body, carrying: Some(carrying), stall: Stall::new(STALL_LIMIT) };
        if download.body.is_end_stream() {
            download.finish();
        }
        download
    }

    /// Lets the exchange come to its end by itself.
    fn finish(&mut self) {
        if let Some(carrying) = self.carrying.take() {
            tokio::spawn(async move {
                let mut carrying = carrying;
                // The agent has nothing more to say, and no reason to keep the line.
                let _ = timeout(LAST_WORD, &mut carrying.0).await;
            });
        }
    }
}

impl hyper::body::Body for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        let frame = data_of(Pin::new(&mut this.body), context).map_err(io::Error::other);
        if frame.is_ready() {
            this.stall.moved();
            if let Poll::Ready(None) = frame {
                this.finish();
            }
            return frame;
        }
        this.stall.poll(context).map(|late| Some(Err(late)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How long a body has been waited for.
struct Stall {
    limit: Duration,
    over: Pin<Box<Sleep>>,
    is_waiting: bool,
}

impl Stall {
    fn new(limit: Duration) -> Self {
        Self { limit, over: Box::pin(sleep(limit)), is_waiting: false }
    }

    fn moved(&mut self) {
        self.is_waiting = false;
    }

    /// To be polled when nothing came: ready when that is so for too long.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        if !std::mem::replace(&mut self.is_waiting, true) {
            self.over.as_mut().reset(Instant::now() + self.limit);
        }
        self.over.as_mut().poll(context).map(|()| io::ErrorKind::TimedOut.into())
    }
}

/// The next piece of a body; trailers, which nobody looked at, are left out.
fn data_of<B: hyper::body::Body<Data = Bytes> + Unpin>(
    mut body: Pin<&mut B>,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
    loop {
        match body.as_mut().poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    fn get() -> Request<Upload> {
        let mut request = Request::new(Upload::new(Body::empty()));
        request.headers_mut().insert("host", "files".parse().unwrap());
        request
    }

    /// An agent that says this when it was asked.
    async fn says(far: &mut DuplexStream, text: &str) {
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(far.read_u8().await.unwrap());
        }
        // Who says too much is not listened to.
        let _ = far.write_all(text.as_bytes()).await;
    }

    async fn next(body: &mut Download) -> Option<io::Result<Bytes>> {
        let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
        frame.map(|frame| frame.map(|frame| frame.into_data().unwrap()))
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_that_says_nothing_is_not_waited_for_for_ever() {
        let (near, _far) = duplex(1024);
        let begun = Instant::now();
        let failure = exchange(near, get(), std::future::pending()).await.err();
        assert!(matches!(failure, Some(Failure::Slow)), "{failure:?}");
        assert_eq!(begun.elapsed().as_secs(), HEAD_LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_of_which_nothing_more_comes_gives_its_turn_back() {
        let (near, _far) = duplex(1024);
        let mut request = get();
        *request.method_mut() = hyper::Method::PUT;
        *request.body_mut() =
            Upload::new(Body::from_stream(futures_util::stream::pending::<io::Result<Bytes>>()));
        let begun = Instant::now();
        let failure = exchange(near, request, std::future::pending()).await.err();
        assert!(matches!(failure, Some(Failure::UploadStalled)), "{failure:?}");
        assert_eq!(begun.elapsed().as_secs(), UPLOAD_STALL_LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stands_still_is_given_up_and_one_that_is_not_fetched_is_kept() {
        let (near, mut far) = duplex(1024);
        let saying = says(&mut far, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n1");
        let (answer, ()) = tokio::join!(exchange(near, get(), std::future::pending()), saying);
        let mut body = answer.unwrap().into_body();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "1");
        sleep(2 * STALL_LIMIT).await;
        far.write_all(b"2").await.unwrap();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "2");
        let begun = Instant::now();
        assert_eq!(next(&mut body).await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), STALL_LIMIT.as_secs());
    }

    #[tokio::test]
    async fn the_head_of_an_answer_is_bounded() {
        for head in [
            "X: 1\r\n".repeat(MAX_HEADERS + 1),
            format!("X: {}\r\n", "1".repeat(2 * MAX_HEAD)),
            "\0: nonsense\r\n".to_owned(),
        ] {
            let (near, mut far) = duplex(1024);
            let head = format!("HTTP/1.1 200 OK\r\n{head}\r\n");
            let saying = says(&mut far, &head);
            let (answer, ()) = tokio::join!(exchange(near, get(), std::future::pending()), saying);
            assert!(matches!(answer.err(), Some(Failure::Odd)));
        }
    }

    #[tokio::test]
    async fn who_does_not_wait_for_the_answer_breaks_it_off() {
        let (near, mut far) = duplex(1024);
        let asking = tokio::spawn(async { exchange(near, get(), std::future::pending()).await.is_ok() });
        let mut head = [0; 16];
        far.read_exact(&mut head).await.unwrap();
        asking.abort();
        let mut rest = Vec::new();
        timeout(Duration::from_secs(10), far.read_to_end(&mut rest)).await.unwrap().unwrap();
    }
}
