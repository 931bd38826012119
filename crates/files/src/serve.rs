//! One connection: HTTP/1.1, request after request, each of them allowed or not at the moment it comes, and cut off at the
//! moment it is allowed no longer.

use crate::{
    CHUNK, Error, IDLE_LIMIT, MAX_HEAD, MAX_XML, May,
    body::{Received, Sent, Stream, Waited},
    dav::{self, Files},
    folder::Folder,
    gate,
    io::Steady,
    refusal::Refusal,
    request::Request,
    transfer::{Direction, Ongoing, Tell, Transfer},
    xml,
};
use bytes::Bytes;
use dav_server::{DavHandler, DavMethod, DavMethodSet, body::Body};
use http::{Method, Response, StatusCode, header::CONTENT_LENGTH};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    task::spawn_blocking,
};

/// Serves a connection until it ends, or nothing of what it does is allowed any more.
///
/// Addresses begin with `prefix`, which is what the operator's WebDAV client sees before the folder's own part: what passes
/// requests on passes them on unchanged, because answers name addresses too. Whoever is told by `tell` is told before the
/// operator gets, or changes, anything.
///
/// # Errors
/// Where the connection breaks, or what comes is not HTTP.
pub async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin,
    folder: Arc<Folder>,
    mut may: watch::Receiver<May>,
    prefix: &str,
    tell: impl Fn(Transfer) + Send + Sync + 'static,
) -> Result<(), Error> {
    let server = Server::new(folder.clone(), may.clone(), prefix, Tell::new(tell));
    let service = service_fn(|request| {
        let server = &server;
        async move { Ok::<_, Infallible>(server.answer(request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(IDLE_LIMIT).max_buf_size(MAX_HEAD).max_headers(100);
    let connection = http.serve_connection(TokioIo::new(Steady::new(stream)), service);
    let ended = tokio::select! {
        biased;
        () = server.taken_back(&mut may) => Ok(()),
        () = server.tell.is_cut() => Ok(()),
        ended = connection => ended,
    };
    if !may.borrow().write {
        folder.uploads.forget(None);
    }
    Ok(ended?)
}

/// What is being done, or was done last.
#[derive(Clone, Copy, Debug, Default)]
enum Doing {
    /// Nothing that would need a permission of its own.
    #[default]
    Nothing,
    Reading,
    Changing,
}

impl Doing {
    fn is_allowed(self, may: May) -> bool {
        match self {
            Self::Nothing => may.read || may.write,
            Self::Reading => may.read,
            Self::Changing => may.write,
        }
    }
}

struct Server {
    folder: Arc<Folder>,
    may: watch::Receiver<May>,
    doing: Mutex<Doing>,
    prefix: String,
    tell: Tell,
    reading: DavHandler<Request>,
    writing: DavHandler<Request>,
}

impl Server {
    fn new(folder: Arc<Folder>, may: watch::Receiver<May>, prefix: &str, tell: Tell) -> Self {
        let prefix = prefix.trim_end_matches('/').to_owned();
        let handler = |methods| {
            let config = DavHandler::builder()
                .filesystem(Box::new(Files(folder.clone())))
                .locksystem(Box::new(folder.locks.clone()))
                .methods(methods)
                .strip_prefix(prefix.clone())
                .read_buf_size(CHUNK);
            config.build_handler()
        };
        let mut writing = DavMethodSet::all();
        for method in [DavMethod::Patch, DavMethod::Report, DavMethod::MkCalendar, DavMethod::MkAddressbook] {
            writing.remove(method);
        }
        Self {
            reading: handler(DavMethodSet::WEBDAV_RO),
            writing: handler(writing),
            doing: Mutex::default(),
            folder,
            may,
            prefix,
            tell,
        }
    }

    /// Waits until what is being done is not allowed any more.
    async fn taken_back(&self, may: &mut watch::Receiver<May>) {
        let is_over = |may: &May| !self.doing().is_allowed(*may);
        // Without anybody who could allow it, nothing is allowed.
        drop(may.wait_for(is_over).await);
    }

    fn doing(&self) -> MutexGuard<'_, Doing> {
        self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: hyper::Request<Incoming>) -> Response<Sent> {
        let (mut parts, body) = request.into_parts();
        // First this, then a look at what is allowed: so nothing is taken back unnoticed in between.
        *self.doing() = match parts.method {
            Method::OPTIONS => Doing::Nothing,
            ref method if gate::changes(method) => Doing::Changing,
            _ => Doing::Reading,
        };
        let may = *self.may.borrow();
        let checked = match gate::asks_for_offset(&parts) {
            Some(total) => {
                parts.headers.remove(http::header::CONTENT_RANGE);
                let asked = gate::check(&mut parts, may, &self.prefix, &self.tell);
                Err(asked.map(|request| self.folder.uploads.offset(request.way(), total)))
            }
            None => gate::check(&mut parts, may, &self.prefix, &self.tell).map_err(Err),
        };
        let request = match checked {
            Ok(request) => request,
            Err(Ok(offset)) => return unserved(gate::kept(offset)),
            Err(Err(refusal)) => return unserved(gate::refused(refusal)),
        };
        let waited = Waited(request.clone());
        if *request.method() == Method::GET || gate::changes(request.method()) {
            self.folder.keep_pace().await;
        }
        if self.is_cancelled(&request) {
            return unserved(gate::refused(Refusal::Cancelled));
        }
        match self.handle(http::Request::from_parts(parts, body), &request, may).await {
            Ok(response) => self.told(&request, response, waited),
            Err(refusal) => unserved(gate::refused(refusal)),
        }
    }

    /// Whether the user cancelled this very transfer just now.
    fn is_cancelled(&self, request: &Request) -> bool {
        let direction = match *request.method() {
            Method::GET => Direction::Download,
            Method::PUT => Direction::Upload,
            _ => return false,
        };
        self.folder.transfers.is_cancelled(request.way(), direction)
    }

    async fn handle(
        &self,
        asked: http::Request<Incoming>,
        request: &Request,
        may: May,
    ) -> Result<Response<Body>, Refusal> {
        let (parts, body) = asked.into_parts();
        let body = if *request.method() == Method::PUT {
            let upload = (self.folder.clone(), request.clone());
            Received::Stream(Box::new(Stream::new(body, Some(upload))))
        } else {
            let whole = Limited::new(Stream::new(body, None), MAX_XML).collect().await;
            let whole = whole.map_err(|_| Refusal::BadXml)?.to_bytes();
            // With any other method a body is a mistake, and refused as one.
            if ["PROPFIND", "PROPPATCH", "LOCK"].contains(&request.method().as_str()) {
                xml::check(&whole)?;
            }
            Received::Whole(Full::<Bytes>::new(whole))
        };
        if request.is("COPY") {
            let (folder, asking) = (self.folder.clone(), request.clone());
            let checked = spawn_blocking(move || dav::check_copy(&folder, &asking)).await;
            checked.map_err(|_| Refusal::Failed)??;
        }
        let handler = if may.write { &self.writing } else { &self.reading };
        let asked = http::Request::from_parts(parts, body);
        let response = handler.handle_guarded(asked, String::new(), request.clone()).await;
        let response = gate::complete(request, response);
        request.arrival().end_unfinished();
        Ok(response)
    }

    /// Tells what the answer brings, before it does.
    fn told(&self, request: &Request, response: Response<Body>, waited: Waited) -> Response<Sent> {
        let (parts, body) = response.into_parts();
        let sent = Sent::new(body, Some(waited));
        let brings_a_file = *request.method() == Method::GET
            && matches!(parts.status, StatusCode::OK | StatusCode::PARTIAL_CONTENT);
        let length = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let sent = match length.filter(|_| brings_a_file) {
            Some(length) => {
                let range = parts.headers.get(http::header::CONTENT_RANGE);
                let offset = range.and_then(|range| {
                    range.to_str().ok()?.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
                });
                let (all, way, offset) = (&self.folder.transfers, request.way(), offset.unwrap_or(0));
                let transfer =
                    Ongoing::begin(all, &self.tell, way, Some(length), offset, Direction::Download);
                sent.told(transfer, length)
            }
            None => sent,
        };
        Response::from_parts(parts, sent)
    }
}

/// An answer that brings nothing.
fn unserved(response: Response<Body>) -> Response<Sent> {
    gate::harden(response).map(|body| Sent::new(body, None))
}
