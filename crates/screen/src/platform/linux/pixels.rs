//! How pixels come out of the X server: through memory shared with it, or through the connection.

use memmap2::MmapRaw;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use x11rb::{
    connection::Connection as _,
    errors::ReplyError,
    protocol::{
        shm::{self, ConnectionExt as _},
        xproto::{ConnectionExt as _, ImageFormat},
    },
};

use super::server::Server;
use crate::{Error, Rect, Size};

/// Pixels that come through the connection are converted in pieces of this many at most (a row is never cut).
const PIECE: usize = 64 * 1024;
const ALL_PLANES: u32 = !0;

pub(super) enum Pixels {
    Shared(Shared),
    Plain,
}

/// Memory with room for every pixel of an area, which the server writes to when it is asked to.
pub(super) struct Shared {
    segment: shm::Seg,
    map: MmapRaw,
}

impl Pixels {
    /// Makes room for an area of this size.
    ///
    /// Memory is shared only with a server on this computer; from all others the pixels are sent.
    pub(super) fn new(server: &Server, size: Size) -> Result<Self, Error> {
        if !server.has(shm::X11_EXTENSION_NAME)? {
            return Ok(Self::Plain);
        }
        let version = server.connection.shm_query_version()?.reply()?;
        if (version.major_version, version.minor_version) < (1, 2) {
            return Ok(Self::Plain);
        }
        let Some((file, map)) = memory(size) else { return Ok(Self::Plain) };
        let segment = server.connection.generate_id()?;
        match server.connection.shm_attach_fd(segment, file, false)?.check() {
            Ok(()) => Ok(Self::Shared(Shared { segment, map })),
            Err(ReplyError::X11Error(_)) => Ok(Self::Plain),
            Err(error) => Err(error.into()),
        }
    }

    /// Lets the memory go, on both sides.
    pub(super) fn free(&mut self, server: &Server) -> Result<(), Error> {
        if let Self::Shared(shared) = std::mem::replace(self, Self::Plain) {
            server.connection.shm_detach(shared.segment)?;
        }
        Ok(())
    }

    /// Fetches rectangles of the area `origin`, all in one round trip.
    ///
    /// Together they have no more pixels than the area.
    pub(super) fn fetch(
        &mut self,
        server: &Server,
        origin: Rect,
        rects: &[Rect],
        take: &mut dyn FnMut(Rect, &[u32], usize),
    ) -> Result<(), Error> {
        match self {
            Self::Shared(shared) => shared.fetch(server, origin, rects, take),
            Self::Plain => fetch_plain(server, origin, rects, take),
        }
    }
}

/// An unnamed file of the size in memory, mapped; `None` where that cannot be had or addressed by the server.
fn memory(size: Size) -> Option<(std::os::fd::OwnedFd, MmapRaw)> {
    let bytes = u32::try_from(size.pixels().checked_mul(size_of::<u32>())?).ok()?;
    let file = memfd_create("screen", MemfdFlags::CLOEXEC).ok()?;
    ftruncate(&file, bytes.into()).ok()?;
    let map = memmap2::MmapOptions::new().len(bytes as usize).map_raw(&file).ok()?;
    Some((file, map))
}

impl Shared {
    fn fetch(
        &mut self,
        server: &Server,
        origin: Rect,
        rects: &[Rect],
        take: &mut dyn FnMut(Rect, &[u32], usize),
    ) -> Result<(), Error> {
        let room = self.map.len() / size_of::<u32>();
        let mut start = 0;
        let mut asked = Vec::with_capacity(rects.len());
        for &rect in rects {
            let end = start + rect.pixels();
            assert!(end <= room, "more pixels are fetched than the area has");
            let (x, y) = on_root(origin, rect);
            let format = ImageFormat::Z_PIXMAP.into();
            let offset = (start * size_of::<u32>()) as u32;
            let (root, segment) = (server.root, self.segment);
            let cookie = server.connection.shm_get_image(
                root,
                x,
                y,
                rect.width,
                rect.height,
                ALL_PLANES,
                format,
                segment,
                offset,
            )?;
            asked.push((rect, start, cookie));
            start = end;
        }
        for (rect, start, cookie) in asked {
            cookie.reply()?;
            // SAFETY: `start` and the rectangle's pixels lie within the mapping (asserted above), which is aligned to
            // a page and lives as long as `self`. The server writes to this part only for the request that has just
            // been answered: the other requests name other parts, and it serves one after the other.
            let pixels = unsafe {
                std::slice::from_raw_parts(self.map.as_ptr().cast::<u32>().add(start), rect.pixels())
            };
            take(rect, pixels, rect.width.into());
        }
        Ok(())
    }
}

fn fetch_plain(
    server: &Server,
    origin: Rect,
    rects: &[Rect],
    take: &mut dyn FnMut(Rect, &[u32], usize),
) -> Result<(), Error> {
    let mut asked = Vec::new();
    for piece in rects.iter().flat_map(|rect| pieces(*rect)) {
        let (x, y) = on_root(origin, piece);
        let format = ImageFormat::Z_PIXMAP;
        let (root, width, height) = (server.root, piece.width, piece.height);
        asked.push((piece, server.connection.get_image(format, root, x, y, width, height, ALL_PLANES)?));
    }
    let mut pixels = Vec::new();
    for (piece, cookie) in asked {
        let reply = cookie.reply()?;
        pixels.clear();
        pixels.extend(reply.data.as_chunks().0.iter().map(|bytes| u32::from_ne_bytes(*bytes)));
        if pixels.len() < piece.pixels() {
            return Err(Error::Refused("the X server sent fewer pixels than were asked for".into()));
        }
        take(piece, &pixels, piece.width.into());
    }
    Ok(())
}

/// Where a rectangle of the area is on the root window. X's coordinates have 15 bits.
fn on_root(origin: Rect, rect: Rect) -> (i16, i16) {
    let coordinate =
        |start: u16, offset: u16| i16::try_from(start.saturating_add(offset)).unwrap_or(i16::MAX);
    (coordinate(origin.x, rect.x), coordinate(origin.y, rect.y))
}

/// The rectangle in strips of whole rows.
fn pieces(rect: Rect) -> impl Iterator<Item = Rect> {
    let rows = (PIECE / usize::from(rect.width.max(1))).max(1);
    (0..rect.height).step_by(rows).map(move |start| {
        let height = usize::from(rect.height - start).min(rows) as u16;
        Rect { y: rect.y + start, height, ..rect }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_small_and_leave_nothing_out() {
        for rect in [
            Rect { x: 3, y: 5, width: 1920, height: 1080 },
            Rect { x: 0, y: 0, width: u16::MAX, height: 40 },
            Rect { x: 9, y: 9, width: 1, height: 1 },
            Rect { x: 9, y: 0, width: 1, height: u16::MAX },
        ] {
            let mut next = rect.y;
            for piece in pieces(rect) {
                assert_eq!((piece.x, piece.y, piece.width), (rect.x, next, rect.width));
                assert!(piece.pixels() <= PIECE || piece.height == 1);
                next += piece.height;
            }
            assert_eq!(next, rect.y + rect.height);
        }
    }
}
