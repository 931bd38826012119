//! A zlib stream that goes on from rectangle to rectangle.

use flate2::{Compress, Compression, FlushCompress};

/// A zlib stream that goes on for as long as the connection.
///
/// Nothing is kept of it before its first use, because most clients use few of the streams there are.
pub(crate) struct Deflate {
    stream: Option<Compress>,
    level: u32,
}

impl Deflate {
    pub(crate) const fn new(level: u32) -> Self {
        Self { stream: None, level }
    }

    /// Appends `data` to the stream, and what that gives to `out`, so that the client can inflate all of it.
    #[expect(clippy::expect_used, reason = "deflating fails only for a stream that was used wrongly")]
    pub(crate) fn deflate(&mut self, mut data: &[u8], out: &mut Vec<u8>) {
        let level = self.level;
        let stream = self.stream.get_or_insert_with(|| Compress::new(Compression::new(level), true));
        loop {
            out.reserve(data.len() / 4 + 256);
            let before = stream.total_in();
            stream.compress_vec(data, out, FlushCompress::Sync).expect("the stream is used rightly");
            data = &data[(stream.total_in() - before) as usize..];
            // Room that is left says that nothing is held back.
            if data.is_empty() && out.len() < out.capacity() {
                return;
            }
        }
    }
}
