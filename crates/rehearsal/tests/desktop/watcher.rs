//! A VNC viewer that keeps the picture and asks for what changes.

use anyhow::{Context, Result, ensure};
use rehearsal::{Bridge, DEADLINE, greet};
use std::{
    io::{Read, Write},
    net::TcpStream,
};
use virtual_desktop::{Picture, Point};

/// It has the picture, without a cursor of its own.
pub(crate) struct Watcher {
    line: TcpStream,
    size: [u8; 4],
    width: usize,
    /// Four bytes a pixel: blue, green, red and nothing.
    pixels: Vec<[u8; 4]>,
}

impl Watcher {
    /// Connects and has the whole picture.
    pub(crate) fn connect(bridge: &Bridge) -> Result<Self> {
        let (line, size) = greet(bridge)?;
        line.set_read_timeout(Some(DEADLINE))?;
        let [width, height] = [[size[0], size[1]], [size[2], size[3]]].map(u16::from_be_bytes);
        let pixels = vec![[0; 4]; usize::from(width) * usize::from(height)];
        let mut watcher = Self { line, size, width: width.into(), pixels };
        watcher.update(false)?;
        Ok(watcher)
    }

    /// Waits for the next update.
    pub(crate) fn update(&mut self, incremental: bool) -> Result<()> {
        let mut question = vec![3, incremental.into(), 0, 0, 0, 0];
        question.extend_from_slice(&self.size);
        self.line.write_all(&question)?;
        let mut head = [0; 4];
        self.line.read_exact(&mut head).context("nothing new comes")?;
        ensure!(head[..2] == [0, 0], "not an update: {head:?}");
        for _ in 0..u16::from_be_bytes([head[2], head[3]]) {
            let mut head = [0; 12];
            self.line.read_exact(&mut head)?;
            ensure!(head[8..] == [0; 4], "an encoding that nobody asked for: {head:?}");
            let [x, y, width, height] =
                [0, 2, 4, 6].map(|at| usize::from(u16::from_be_bytes([head[at], head[at + 1]])));
            let mut bytes = vec![0; width * height * 4];
            self.line.read_exact(&mut bytes)?;
            for (row, bytes) in bytes.chunks_exact(width * 4).enumerate() {
                let start = (y + row) * self.width + x;
                self.pixels[start..start + width].copy_from_slice(bytes.as_chunks().0);
            }
        }
        Ok(())
    }

    /// Whether it sees something at the place that a picture without the pointer does not have.
    pub(crate) fn sees_pointer(&self, place: Point, screen: &Picture) -> bool {
        let rows = place.y..place.y + 8;
        let mut points = rows.flat_map(|y| (place.x..place.x + 8).map(move |x| Point { x, y }));
        points.any(|point| {
            let [blue, green, red, _] = self.pixels[point.y as usize * self.width + point.x as usize];
            [red, green, blue] != screen.pixel(point)
        })
    }
}
