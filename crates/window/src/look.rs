//! The organisation's looks: its logo unpacked within limits, its colour with contrast kept.
//!
//! The bytes are an organisation's own and may be anything. What cannot be unpacked is not shown, and a window looks as it
//! does without.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use line::{LARGEST_LOGO, LARGEST_LOGO_BYTES, Look};
use slint::{Color, Image, Rgba8Pixel, SharedPixelBuffer};
use std::io::Cursor;

/// What a picture of the largest size takes unpacked, with room for one line more of the decoder's own.
const MAX_UNPACKED: usize = 624 * 159 * 4;
/// A line of colour is a graphical object: WCAG 2.2, success criterion 1.4.11.
const LEAST_CONTRAST: f32 = 3.0;

/// What the windows can show.
#[derive(Default)]
pub(crate) struct Brand {
    /// The logo.
    pub(crate) logo: Option<Image>,
    /// The colour as chosen.
    accent: Option<[u8; 3]>,
}

impl From<&Look> for Brand {
    fn from(look: &Look) -> Self {
        Self { logo: look.logo.as_deref().and_then(unpack).map(Image::from_rgba8), accent: look.accent }
    }
}

impl Brand {
    /// The organisation's colour, made darker or lighter until it can be seen on `background`.
    pub(crate) fn accent_on(&self, background: Color) -> Option<Color> {
        let [red, green, blue] = self.accent?;
        let chosen = Color::from_rgb_u8(red, green, blue);
        let towards = if luminance(background) > 0.5 { Color::from_rgb_u8(0, 0, 0) } else { WHITE };
        // The ends differ from every background by more than is asked, so the search ends.
        (0..=10u8)
            .map(|step| towards.mix(&chosen, f32::from(step) / 10.0))
            .find(|colour| contrast(*colour, background) >= LEAST_CONTRAST)
    }
}

const WHITE: Color = Color::from_rgb_u8(255, 255, 255);

fn unpack(base64: &str) -> Option<SharedPixelBuffer<Rgba8Pixel>> {
    let bytes = (base64.len() <= LARGEST_LOGO_BYTES / 3 * 4 + 4).then(|| STANDARD.decode(base64).ok())??;
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: MAX_UNPACKED });
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = reader.info().size();
    let size = reader.output_buffer_size().filter(|size| *size <= MAX_UNPACKED)?;
    if width == 0 || height == 0 || width > LARGEST_LOGO.0 || height > LARGEST_LOGO.1 {
        return None;
    }
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).ok()?;
    let pixels = &pixels[..frame.buffer_size()];
    let mut picture = SharedPixelBuffer::<Rgba8Pixel>::new(width, height);
    let to = picture.make_mut_slice().iter_mut();
    match frame.color_type {
        png::ColorType::Rgba => to.zip(pixels.chunks_exact(4)).for_each(|(pixel, from)| {
            *pixel = Rgba8Pixel::new(from[0], from[1], from[2], from[3]);
        }),
        png::ColorType::GrayscaleAlpha => to.zip(pixels.chunks_exact(2)).for_each(|(pixel, from)| {
            *pixel = Rgba8Pixel::new(from[0], from[0], from[0], from[1]);
        }),
        // The transformations leave nothing else.
        png::ColorType::Rgb | png::ColorType::Grayscale | png::ColorType::Indexed => return None,
    }
    Some(picture)
}

/// WCAG 2.2's relative luminance.
fn luminance(colour: Color) -> f32 {
    let linear = |part: u8| {
        let part = f32::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(colour.red()) + 0.7152 * linear(colour.green()) + 0.0722 * linear(colour.blue())
}

/// WCAG 2.2's contrast ratio, from 1 to 21.
fn contrast(one: Color, other: Color) -> f32 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, colour: png::ColorType) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(colour);
        let data = vec![0x80; (width * height) as usize * colour.samples()];
        encoder.write_header().unwrap().write_image_data(&data).unwrap();
        bytes
    }

    fn look(picture: &[u8]) -> Brand {
        Brand::from(&Look { accent: None, logo: Some(STANDARD.encode(picture)) })
    }

    #[test]
    fn a_logo_of_any_kind_of_png_is_unpacked() {
        for colour in [
            png::ColorType::Rgba,
            png::ColorType::Rgb,
            png::ColorType::Grayscale,
            png::ColorType::GrayscaleAlpha,
        ] {
            let logo = look(&png(624, 158, colour)).logo;
            assert_eq!(logo.map(|logo| logo.size()), Some((624u32, 158u32).into()), "{colour:?}");
        }
    }

    #[test]
    fn whatever_is_said_to_be_a_logo_is_a_picture_within_the_limits_or_none() {
        bolero::check!().for_each(|bytes: &[u8]| {
            if let Some(logo) = look(bytes).logo {
                assert!(logo.size().width <= LARGEST_LOGO.0 && logo.size().height <= LARGEST_LOGO.1);
            }
        });
    }

    #[test]
    fn what_cannot_be_unpacked_within_the_limits_is_not_shown_and_harms_nothing() {
        let good = png(40, 20, png::ColorType::Rgba);
        assert!(look(&good).logo.is_some());
        for cut in 0..good.len() - 12 {
            assert!(look(&good[..cut]).logo.is_none(), "cut after {cut} bytes");
        }
        for wrong in [png(625, 1, png::ColorType::Rgb), png(1, 159, png::ColorType::Rgb), b"GIF89a".to_vec()]
        {
            assert!(look(&wrong).logo.is_none());
        }
        // The header promises four thousand million pixels.
        let mut bomb = good;
        bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        assert!(look(&bomb).logo.is_none());
        assert!(Brand::from(&Look { accent: None, logo: Some("no base64".into()) }).logo.is_none());
    }

    #[test]
    fn every_colour_can_be_seen_on_every_background() {
        for background in [WHITE, Color::from_rgb_u8(32, 35, 41), Color::from_rgb_u8(128, 128, 128)] {
            for accent in [[255, 255, 255], [0, 0, 0], [255, 255, 0], [32, 35, 41], [0x1a, 0x56, 0xe8]] {
                let brand = Brand { logo: None, accent: Some(accent) };
                let shown = brand.accent_on(background).expect("a colour that can be seen");
                assert!(contrast(shown, background) >= LEAST_CONTRAST, "{accent:?} on {background:?}");
            }
        }
        let blue = Brand { logo: None, accent: Some([0x1a, 0x56, 0xe8]) };
        assert_eq!(blue.accent_on(WHITE), Some(Color::from_rgb_u8(0x1a, 0x56, 0xe8)), "seen as it is");
    }
}
