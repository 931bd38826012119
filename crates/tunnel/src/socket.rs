//! A WebSocket as bytes: what comes in binary messages can be read, what is written goes out in them.
//!
//! Pings go out every [`PING_INTERVAL`](crate::PING_INTERVAL), and a line that stays silent all the same is an error after
//! [`LOST_AFTER`](crate::LOST_AFTER), as long as somebody reads. Where messages begin and end means nothing.

use crate::{CLOSE_LIMIT, Close, Error, LOST_AFTER, PING_INTERVAL, SENT_MESSAGE};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use std::{
    io,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Interval, MissedTickBehavior, interval_at, timeout},
};
use tokio_tungstenite::tungstenite;

/// How many pings in a row go unanswered when the line is lost. The first of them follows what came last by up to an
/// interval.
const SILENT_PINGS: u32 = (LOST_AFTER.as_secs() / PING_INTERVAL.as_secs()) as u32 - 1;

/// A WebSocket message, of whichever library.
pub trait Message: Sized {
    /// A binary message.
    fn binary(bytes: Bytes) -> Self;
    /// An empty ping.
    fn ping() -> Self;
    /// A farewell.
    fn close(close: &Close) -> Self;
    /// What one that came in says.
    fn received(self) -> Received;
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Bytes.
    Binary(Bytes),
    /// The other end closes; why, if it says so.
    Close(Option<Close>),
    /// Text.
    Text,
    /// Ping or pong.
    Pulse,
}

impl Message for tungstenite::Message {
    fn binary(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }

    fn ping() -> Self {
        Self::Ping(Bytes::new())
    }

    fn close(close: &Close) -> Self {
        let reason = close.reason.as_ref().into();
        Self::Close(Some(tungstenite::protocol::CloseFrame { code: close.code.into(), reason }))
    }

    fn received(self) -> Received {
        match self {
            Self::Binary(bytes) => Received::Binary(bytes),
            Self::Text(_) => Received::Text,
            Self::Close(frame) => Received::Close(frame.map(|frame| Close {
                code: frame.code.into(),
                reason: frame.reason.as_str().to_owned().into(),
            })),
            Self::Ping(_) | Self::Pong(_) | Self::Frame(_) => Received::Pulse,
        }
    }
}

#[cfg(feature = "axum")]
impl Message for axum::extract::ws::Message {
    fn binary(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }

    fn ping() -> Self {
        Self::Ping(Bytes::new())
    }

    fn close(close: &Close) -> Self {
        let reason = close.reason.as_ref().into();
        Self::Close(Some(axum::extract::ws::CloseFrame { code: close.code, reason }))
    }

    fn received(self) -> Received {
        match self {
            Self::Binary(bytes) => Received::Binary(bytes),
            Self::Text(_) => Received::Text,
            Self::Close(frame) => Received::Close(
                frame
                    .map(|frame| Close { code: frame.code, reason: frame.reason.as_str().to_owned().into() }),
            ),
            Self::Ping(_) | Self::Pong(_) => Received::Pulse,
        }
    }
}

/// A WebSocket as bytes; made by [`bytes()`].
///
/// One task reads and writes it. Where the other end closed with a code that is not an orderly end, reading gives an error
/// that converts to [`Error::Closed`].
#[derive(Debug)]
pub struct Socket<S, M> {
    messages: S,
    /// What is left of the message being read.
    received: Bytes,
    ended: bool,
    sending: BytesMut,
    unflushed: bool,
    /// The line takes no more at the moment.
    blocked: bool,
    pulse: Interval,
    ping_due: bool,
    /// Something came since the last ping, or the line took more again: the other end acknowledges, and a ping waits behind
    /// what fills a slow line.
    heard: bool,
    silent_pings: u32,
    complaint: Option<Close>,
    message: PhantomData<fn() -> M>,
}

/// Makes bytes of a WebSocket's messages, axum's or tokio-tungstenite's. To be called within a tokio runtime.
pub fn bytes<S, M, E>(messages: S) -> Socket<S, M>
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    M: Message,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut pulse = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
    // While nobody reads, silence says nothing.
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Socket {
        messages,
        received: Bytes::new(),
        ended: false,
        sending: BytesMut::new(),
        unflushed: false,
        blocked: false,
        pulse,
        ping_due: false,
        heard: true,
        silent_pings: 0,
        complaint: None,
        message: PhantomData,
    }
}

impl<S, M> Socket<S, M> {
    /// What to close with, where the other end broke the rules of the protocol.
    pub fn complaint(&self) -> Option<&Close> {
        self.complaint.as_ref()
    }
}

impl<S, M, E> Socket<S, M>
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    M: Message,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Closes the WebSocket, after what was written, and waits, up to [`CLOSE_LIMIT`], until the other end has read why.
    pub async fn close(mut self, close: &Close) {
        let farewell = async {
            if !self.sending.is_empty() {
                self.messages.feed(M::binary(self.sending.split().freeze())).await?;
            }
            self.messages.send(M::close(close)).await?;
            while self.messages.next().await.transpose()?.is_some() {}
            Ok::<_, E>(())
        };
        // The other end may be gone already.
        let _ = timeout(CLOSE_LIMIT, farewell).await;
    }

    fn broken(&mut self, error: E) -> io::Error {
        let error = error.into();
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&*error);
        while let Some(error) = cause {
            match error.downcast_ref() {
                Some(tungstenite::Error::Capacity(_)) => self.complaint = Some(Close::TOO_LARGE),
                Some(tungstenite::Error::Protocol(
                    tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
                )) => {}
                Some(tungstenite::Error::Protocol(_) | tungstenite::Error::Utf8(_)) => {
                    self.complaint = Some(Close::PROTOCOL_ERROR);
                }
                _ => {}
            }
            cause = error.source();
        }
        let kind = if self.complaint.is_some() {
            io::ErrorKind::InvalidData
        } else {
            io::ErrorKind::ConnectionReset
        };
        io::Error::new(kind, error)
    }

    /// Sends a ping when it is time, and finds out whether the line is lost.
    fn poll_pulse(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while self.pulse.poll_tick(context).is_ready() {
            self.silent_pings = if std::mem::take(&mut self.heard) { 0 } else { self.silent_pings + 1 };
            if self.silent_pings >= SILENT_PINGS {
                return Err(io::Error::new(io::ErrorKind::TimedOut, Error::Silent));
            }
            self.ping_due = true;
        }
        if self.ping_due && self.poll_start(context, M::ping)?.is_ready() {
            self.ping_due = false;
        }
        if self.unflushed {
            let _ = self.poll_out(context)?;
        }
        Ok(())
    }

    /// Hands over a message as soon as there is room for it.
    fn poll_start(&mut self, context: &mut Context<'_>, message: impl FnOnce() -> M) -> Poll<io::Result<()>> {
        let ready = self.messages.poll_ready_unpin(context);
        ready!(self.noting_progress(ready)).map_err(|error| self.broken(error))?;
        self.messages.start_send_unpin(message()).map_err(|error| self.broken(error))?;
        self.unflushed = true;
        Poll::Ready(Ok(()))
    }

    /// Has everything leave that was handed over.
    fn poll_out(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.messages.poll_flush_unpin(context);
        ready!(self.noting_progress(flushed)).map_err(|error| self.broken(error))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    fn noting_progress<T>(&mut self, poll: Poll<T>) -> Poll<T> {
        self.heard |= self.blocked && poll.is_ready();
        self.blocked = poll.is_pending();
        poll
    }

    fn take_in(&mut self, message: M) -> io::Result<()> {
        match message.received() {
            Received::Binary(bytes) => self.received = bytes,
            Received::Pulse => {}
            Received::Text => {
                self.complaint = Some(Close::BINARY_ONLY);
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a text message came"));
            }
            Received::Close(said) => {
                self.ended = true;
                if let Some(close) = said.filter(|close| close.code != Close::FINISHED.code) {
                    return Err(io::Error::new(io::ErrorKind::ConnectionAborted, Error::Closed(close)));
                }
            }
        }
        Ok(())
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.sending.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut sending = std::mem::take(&mut self.sending);
        let started = self.poll_start(context, || M::binary(sending.split().freeze()));
        // Whatever was not handed over, and room for what comes next.
        self.sending = sending;
        started
    }
}

impl<S, M, E> AsyncRead for Socket<S, M>
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    M: Message,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.received.is_empty() {
            if self.ended {
                return Poll::Ready(Ok(()));
            }
            let next = self.messages.poll_next_unpin(context);
            self.heard |= next.is_ready();
            self.poll_pulse(context)?;
            match ready!(next) {
                Some(Ok(message)) => {
                    let taken_in = self.take_in(message);
                    if self.ended {
                        // The answer to a farewell; who said it may have gone without waiting for it.
                        let _ = self.messages.poll_flush_unpin(context);
                    }
                    taken_in?;
                }
                Some(Err(error)) => return Poll::Ready(Err(self.broken(error))),
                None => self.ended = true,
            }
        }
        let count = self.received.len().min(buffer.remaining());
        buffer.put_slice(&self.received[..count]);
        self.received.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S, M, E> AsyncWrite for Socket<S, M>
where
    S: Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    M: Message,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.sending.len() >= SENT_MESSAGE {
            ready!(self.poll_send(context))?;
        }
        let count = bytes.len().min(SENT_MESSAGE - self.sending.len());
        self.sending.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        if self.unflushed { self.poll_out(context) } else { Poll::Ready(Ok(())) }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(context))?;
        self.messages.poll_close_unpin(context).map_err(|error| self.broken(error))
    }
}
