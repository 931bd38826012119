//! Pictures of photographs, smaller than they are.

use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};

use super::Picture;
use crate::geometry::Rect;

/// What viewers' ten levels mean to the encoder. TigerVNC and TurboVNC read them so, and a level should look alike with
/// every server.
const LEVELS: [(u8, SamplingFactor); 10] = [
    (15, SamplingFactor::F_2_2),
    (29, SamplingFactor::F_2_2),
    (41, SamplingFactor::F_2_2),
    (42, SamplingFactor::F_2_1),
    (62, SamplingFactor::F_2_1),
    (77, SamplingFactor::F_2_1),
    (79, SamplingFactor::F_1_1),
    (86, SamplingFactor::F_1_1),
    (92, SamplingFactor::F_1_1),
    (100, SamplingFactor::F_1_1),
];

/// Below this many pixels the tables that every JPEG file begins with outweigh what it saves.
pub(super) const LEAST_PIXELS: usize = 1024;

#[derive(Default)]
pub(super) struct Jpeg {
    pixels: Vec<u8>,
    file: Vec<u8>,
}

impl Jpeg {
    /// The rectangle as a JPEG file. A rectangle without pixels has none.
    pub(super) fn encode(
        &mut self,
        picture: Picture<'_>,
        rect: Rect,
        level: u8,
    ) -> Result<&[u8], EncodingError> {
        self.pixels.clear();
        for row in picture.rows(rect) {
            self.pixels.extend(row.iter().flat_map(|pixel| pixel.to_le_bytes()));
        }
        self.file.clear();
        let (quality, sampling) = LEVELS[usize::from(level).min(LEVELS.len() - 1)];
        let mut encoder = Encoder::new(&mut self.file, quality);
        encoder.set_sampling_factor(sampling);
        encoder.encode(&self.pixels, rect.width, rect.height, ColorType::Bgra)?;
        Ok(&self.file)
    }
}
