//! A stream whose other end must take what is written to it in time, and is heard out at the end: whoever is still sending
//! what was refused would otherwise never read why.

use crate::{LINGER_LIMIT, STALL_LIMIT};
use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// `io`; a write that waits for longer than [`STALL_LIMIT`] is an error.
pub(crate) struct Steady<I> {
    io: I,
    limit: Pin<Box<Sleep>>,
    waiting: bool,
    /// Everything is said, and the other end may do the same.
    lingers: bool,
}

impl<I> Steady<I> {
    pub(crate) fn new(io: I) -> Self {
        Self { io, limit: Box::pin(sleep(STALL_LIMIT)), waiting: false, lingers: false }
    }

    fn limit<T>(&mut self, context: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.waiting = false;
            return poll;
        }
        if !self.waiting {
            self.waiting = true;
            self.limit.as_mut().reset(Instant::now() + STALL_LIMIT);
        }
        self.limit.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Steady<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Steady<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.limit(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(context);
        self.limit(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.lingers {
            let shut_down = Pin::new(&mut self.io).poll_shutdown(context);
            ready!(self.limit(context, shut_down))?;
            self.lingers = true;
            self.limit.as_mut().reset(Instant::now() + LINGER_LIMIT);
        }
        let mut unread = [MaybeUninit::uninit(); 8 * 1024];
        while self.limit.as_mut().poll(context).is_pending() {
            let mut unread = ReadBuf::uninit(&mut unread);
            match Pin::new(&mut self.io).poll_read(context, &mut unread) {
                Poll::Ready(Ok(())) if !unread.filled().is_empty() => {}
                Poll::Ready(_) => break,
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }
}
