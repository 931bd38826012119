//! Reading on while a write waits.
//!
//! yamux reads nothing as long as its answer to a ping waits to be written. Two ends that are both sending as fast as they
//! can, and are pinged at the same moment, would then each wait for the other to read.

use bytes::{Buf, BytesMut};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is read at a time.
const CHUNK: usize = 8 * 1024;

/// `io`, which is read ahead of its reader while it takes no bytes.
pub(crate) struct ReadAhead<I> {
    io: I,
    ahead: BytesMut,
    limit: usize,
    /// How reading ahead ended.
    end: Option<io::Result<()>>,
}

impl<I: AsyncRead + AsyncWrite + Unpin> ReadAhead<I> {
    /// Not more than `limit` bytes are kept: what the other end was allowed to send.
    pub(crate) fn new(io: I, limit: usize) -> Self {
        Self { io, ahead: BytesMut::new(), limit, end: None }
    }

    fn read_ahead(&mut self, context: &mut Context<'_>) {
        let mut chunk = [0; CHUNK];
        while self.end.is_none() && self.ahead.len() < self.limit {
            let mut chunk = ReadBuf::new(&mut chunk);
            match Pin::new(&mut self.io).poll_read(context, &mut chunk) {
                Poll::Ready(Ok(())) if chunk.filled().is_empty() => self.end = Some(Ok(())),
                Poll::Ready(Ok(())) => self.ahead.extend_from_slice(chunk.filled()),
                Poll::Ready(Err(error)) => self.end = Some(Err(error)),
                Poll::Pending => return,
            }
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for ReadAhead<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let count = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead[..count]);
            self.ahead.advance(count);
            return Poll::Ready(Ok(()));
        }
        match self.end.take() {
            Some(end) => {
                self.end = Some(Ok(()));
                Poll::Ready(end)
            }
            None => Pin::new(&mut self.io).poll_read(context, buffer),
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ReadAhead<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        if written.is_pending() {
            self.read_ahead(context);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(context);
        if flushed.is_pending() {
            self.read_ahead(context);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(context))?;
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use std::{future::poll_fn, pin::pin};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::timeout,
    };

    #[tokio::test]
    async fn both_ends_can_write_before_either_reads() {
        let (near, far) = duplex(16);
        let (mut near, mut far) = (ReadAhead::new(near, 1000), ReadAhead::new(far, 1000));
        let (sent, answered) = ([1; 600], [2; 700]);
        let (mut got_far, mut got_near) = ([0; 600], [0; 700]);
        let both = async {
            tokio::try_join!(
                async { (near.write_all(&sent).await?, near.read_exact(&mut got_near).await).1 },
                async { (far.write_all(&answered).await?, far.read_exact(&mut got_far).await).1 },
            )
        };
        timeout(Duration::from_secs(10), both).await.expect("each waits for the other").unwrap();
        assert_eq!((got_far, got_near), (sent, answered));
        drop(near);
        assert_eq!(far.read(&mut got_far).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn no_more_than_the_limit_is_kept() {
        let (near, mut far) = duplex(16);
        let mut near = ReadAhead::new(near, 100);
        {
            let mut write = pin!(near.write_all(&[0; 64]));
            let mut offered = pin!(far.write_all(&[7; 40_000]));
            let turn = |context: &mut Context<'_>| {
                for _ in 0..10_000 {
                    assert!(write.as_mut().poll(context).is_pending());
                    assert!(offered.as_mut().poll(context).is_pending());
                }
                Poll::Ready(())
            };
            poll_fn(turn).await;
        }
        assert!(near.ahead.len() >= 100 && near.ahead.len() < 100 + CHUNK);
    }
}
