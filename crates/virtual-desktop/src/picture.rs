//! Pictures of the screen.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};

use crate::{Desktop, Error, Point, Rect, Result};

/// What the screen showed at one moment.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    /// Three bytes a pixel: red, green, blue.
    pixels: Vec<u8>,
}

impl Picture {
    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Red, green and blue at a point; black outside.
    pub fn pixel(&self, point: Point) -> [u8; 3] {
        let inside = Rect { x: 0, y: 0, width: self.width, height: self.height }.contains(point);
        if !inside {
            return [0; 3];
        }
        let start = (point.y as usize * self.width as usize + point.x as usize) * 3;
        [self.pixels[start], self.pixels[start + 1], self.pixels[start + 2]]
    }

    /// The part inside the rectangle, as a picture of its own: one window, for example.
    pub fn part(&self, rect: Rect) -> Self {
        let rows = rect.y..rect.y + rect.height as i32;
        let points = rows.flat_map(|y| (rect.x..rect.x + rect.width as i32).map(move |x| Point { x, y }));
        let pixels = points.flat_map(|point| self.pixel(point)).collect();
        Self { width: rect.width, height: rect.height, pixels }
    }

    /// The smallest rectangle around everything that differs; `None` where nothing does.
    pub fn difference(&self, other: &Self) -> Option<Rect> {
        let points = (0..self.height as i32)
            .flat_map(|y| (0..self.width as i32).map(move |x| Point { x, y }))
            .filter(|&point| self.pixel(point) != other.pixel(point));
        let bounds = points.fold(None, |bounds: Option<(Point, Point)>, point| {
            let (low, high) = bounds.unwrap_or((point, point));
            Some((
                Point { x: low.x.min(point.x), y: low.y.min(point.y) },
                Point { x: high.x.max(point.x), y: high.y.max(point.y) },
            ))
        });
        bounds.map(|(low, high)| Rect {
            x: low.x,
            y: low.y,
            width: (high.x - low.x + 1) as u32,
            height: (high.y - low.y + 1) as u32,
        })
    }

    /// Reads a PNG of 8 bits a colour; what it says about transparency is left out.
    pub fn load(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        let mut reader = png::Decoder::new(BufReader::new(file)).read_info()?;
        let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
        let info = reader.next_frame(&mut pixels)?;
        let per_pixel = info.color_type.samples();
        let colours = pixels.chunks_exact(per_pixel).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]);
        Ok(Self { width: info.width, height: info.height, pixels: colours.collect() })
    }

    /// Writes it as PNG.
    pub fn save(&self, path: &Path) -> Result<()> {
        let file = File::create(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        Ok(writer.finish()?)
    }
}

impl Desktop {
    /// Takes a picture of the whole screen.
    pub fn picture(&self) -> Result<Picture> {
        let screen = self.x.screen();
        let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
        let image = self
            .x
            .connection
            .get_image(ImageFormat::Z_PIXMAP, self.x.root, 0, 0, width, height, !0)?
            .reply()?;
        // The screen has 24 bits a pixel, which X stores as blue, green, red and a byte of nothing.
        let pixels = image.data.chunks_exact(4).flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]).collect();
        Ok(Picture { width: width.into(), height: height.into(), pixels })
    }

    /// Takes a picture of the whole screen and writes it as PNG.
    pub fn screenshot(&self, path: &Path) -> Result<()> {
        self.picture()?.save(path)
    }
}
