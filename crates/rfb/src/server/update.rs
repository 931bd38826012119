//! What goes into an update.

use std::time::Duration;

use super::{News, Server};
use crate::abilities::{Abilities, number};
use crate::encode::{Job, head};
use crate::geometry::{Rect, Size};
use crate::pointer::Shown;

/// What was sent similar and did not change for so long is sent as it is. A viewer sees the difference in what stands
/// still, not in what moves.
const REFINE_AFTER: Duration = Duration::from_millis(300);
/// While something goes on moving, what has stopped beside it is refined no more often than this: each time costs an
/// update.
const REFINE_EVERY: Duration = Duration::from_millis(500);
/// An update counts its rectangles with 16 bits, and a tile is at most one of them.
const MOST_TILES: usize = 60_000;
/// What a tile is at most that nothing is lost of.
const TILE_BYTES: usize = 768;

/// Why the size is told, and what became of the wish, in the words of the extension.
const BY_SERVER: (u16, u16) = (0, 0);
const PROHIBITED: (u16, u16) = (1, 1);

impl Server {
    /// Writes what changed to the output, if the client waits for it and there is anything. `now` never goes back.
    pub fn update(&mut self, now: Duration) -> bool {
        if !self.is_waiting() {
            return false;
        }
        let told = self.tell_size() || self.show(now);
        if told {
            self.requested = None;
            if self.abilities.fence {
                self.fence_update(self.output.len(), now);
            }
            self.update_length = self.output.len();
        }
        told
    }

    /// When [`update`](Self::update) has something to do even if the screen does not change: a time, maybe past, on the
    /// clock of the other calls.
    pub fn poll_timeout(&self) -> Option<Duration> {
        if !self.is_waiting() {
            return None;
        }
        let area = self.wanted();
        if self.has_news() || self.shadow.has_changed(area) {
            return Some(Duration::ZERO);
        }
        let oldest = self.shadow.oldest_lossy(area).filter(|_| self.pace.is_idle());
        oldest.map(|sent_at| (sent_at + REFINE_AFTER).max(self.refines_from()))
    }

    /// From when on what has stopped may be refined: when nothing moves any more, or after a while.
    fn refines_from(&self) -> Duration {
        (self.changed_at + REFINE_AFTER).min(self.refined_at + REFINE_EVERY)
    }

    /// What the client wants to see, of what it has room for.
    fn wanted(&self) -> Rect {
        let area = self.requested.unwrap_or_default().union(self.continuous.unwrap_or_default());
        area.intersection(self.told.least(self.shadow.size()).rect())
    }

    fn has_news(&self) -> bool {
        let News { extended_key, extended_mouse, layout, size_refused } = self.news;
        let cursor = self.cursor_to_show() != self.pointer.shown();
        cursor || extended_key || extended_mouse || layout || size_refused || self.size_to_tell().is_some()
    }

    fn cursor_to_show(&self) -> Shown {
        self.pointer.to_show(self.view_only, self.abilities.cursor)
    }

    /// A size that the client does not know and can be told.
    fn size_to_tell(&self) -> Option<Size> {
        let Abilities { desktop_size, extended_desktop_size, .. } = self.abilities;
        let size = self.shadow.size();
        (size != self.told && (desktop_size || extended_desktop_size)).then_some(size)
    }

    /// An update that is about a new size and nothing else, because viewers make themselves a new picture at that.
    fn tell_size(&mut self) -> bool {
        let Some(size) = self.size_to_tell() else { return false };
        self.told = size;
        self.output.extend_from_slice(&[0, 0, 0, 1]);
        if self.abilities.extended_desktop_size {
            self.news.layout = false;
            self.screens.encode(size, BY_SERVER, &mut self.output);
        } else {
            head(size.rect(), number::DESKTOP_SIZE, &mut self.output);
        }
        true
    }

    /// An update with what is new and what changed; where nothing is, with what could be better.
    fn show(&mut self, now: Duration) -> bool {
        let area = self.wanted();
        self.output.extend_from_slice(&[0; 4]);
        let mut count = self.put_news() + self.put_cursor() + self.put_moves();
        let changed = self.shadow.changed(area, MOST_TILES);
        let quality = self.abilities.quality.map(|wanted| self.pace.quality(wanted));
        if !changed.is_empty() {
            self.changed_at = now;
        }
        count += self.put_rects(&changed, quality, now);
        if count == 0 && self.pace.is_idle() && now >= REFINE_AFTER.max(self.refines_from()) {
            // Not more than what may be on its way, so that what changes next need not wait for long.
            let most = self.pace.window() / TILE_BYTES * 3 / 4;
            let lossy = self.shadow.lossy(area, now - REFINE_AFTER, most.max(1));
            count += self.put_rects(&lossy, None, now);
            self.refined_at = now;
        }
        if count == 0 {
            self.output.clear();
            return false;
        }
        self.output[2..4].copy_from_slice(&count.to_be_bytes());
        true
    }

    fn put_news(&mut self) -> u16 {
        let News { extended_key, extended_mouse, layout, size_refused } = std::mem::take(&mut self.news);
        let mut count = 0;
        let layouts = [(layout, BY_SERVER), (size_refused, PROHIBITED)];
        for (_, why) in layouts.into_iter().filter(|(told, _)| *told) {
            self.screens.encode(self.told, why, &mut self.output);
            count += 1;
        }
        let known = [(extended_key, number::EXTENDED_KEY), (extended_mouse, number::EXTENDED_MOUSE)];
        for (_, number) in known.into_iter().filter(|(told, _)| *told) {
            head(Rect::default(), number, &mut self.output);
            count += 1;
        }
        count
    }

    /// The cursor's shape, where the client is to draw another one, and a place of it in the picture, where it has
    /// another one there.
    fn put_cursor(&mut self) -> u16 {
        let (before, now) = (self.pointer.shown(), self.cursor_to_show());
        if before.in_picture != now.in_picture {
            self.shadow.cover(self.pointer.cover(now, self.shadow.size()));
        }
        self.pointer.set_shown(now);
        let told = before.by_client != now.by_client && now.by_client.is_some();
        if told {
            self.pointer.encode(&self.converter, &mut self.output);
        }
        told.into()
    }

    fn put_moves(&mut self) -> u16 {
        let moves = self.shadow.take_moves();
        for moved in &moves {
            head(moved.to, number::COPY_RECT, &mut self.output);
            self.output.extend_from_slice(&moved.to.x.to_be_bytes());
            self.output.extend_from_slice(&moved.from_y.to_be_bytes());
        }
        moves.len() as u16
    }

    fn put_rects(&mut self, rects: &[Rect], quality: Option<u8>, now: Duration) -> u16 {
        if rects.is_empty() {
            return 0;
        }
        self.pieces.clear();
        let drawn = self.pointer.drawn().map(|(cursor, corner)| self.shadow.draw(cursor, corner));
        let mut job = Job {
            picture: self.shadow.picture(),
            converter: &self.converter,
            quality,
            pieces: &mut self.pieces,
            out: &mut self.output,
        };
        let room = self.told.rect();
        for rect in rects {
            self.encoder.encode(self.abilities.encoding, &mut job, rect.intersection(room));
        }
        if let Some(under) = drawn {
            self.shadow.put_back(&under);
        }
        self.pieces.iter().for_each(|&piece| self.shadow.mark_sent(piece, now));
        self.pieces.len() as u16
    }
}
