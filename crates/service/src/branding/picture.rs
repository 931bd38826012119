//! Uploaded pictures: what is not plainly a PNG or JPEG is refused, and what is gets drawn anew, so that no byte of an
//! upload ever reaches an agent.

use crate::error::{Error, Result};
use image::{
    DynamicImage, ExtendedColorType, GenericImageView, ImageDecoder, ImageEncoder, ImageError, ImageFormat,
    ImageReader, Limits,
    codecs::png::{CompressionType, FilterType, PngEncoder},
    error::LimitErrorKind,
    imageops,
};
use std::io::Cursor;

/// The largest upload.
pub(crate) const MAX_UPLOAD_BYTES: usize = 3 * 1024 * 1024;
/// Agents show a logo in 312 × 79; twice that is sharp on a screen at 200 %.
const BOX: (u32, u32) = (624, 158);
/// Smaller is an icon and no logo; larger takes too much memory to unpack.
const SIDES: std::ops::RangeInclusive<u32> = 16..=4096;
/// What unpacking may take: 4096 × 4096 with four bytes a pixel.
const MAX_UNPACKED_BYTES: u64 = 4 * 4096 * 4096;

const PNG_START: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG_START: &[u8] = b"\xff\xd8\xff";
const JPEG_END: &[u8] = b"\xff\xd9";

/// The uploaded picture as a PNG of at most 624 × 158 pixels, drawn anew from its pixels.
pub(crate) fn redrawn(upload: &[u8]) -> Result<Vec<u8>> {
    let format = format_of(upload)?;
    let mut reader = ImageReader::with_format(Cursor::new(upload), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(*SIDES.end());
    limits.max_image_height = Some(*SIDES.end());
    limits.max_alloc = Some(MAX_UNPACKED_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| refused(&error))?;
    let (width, height) = decoder.dimensions();
    if !SIDES.contains(&width) || !SIDES.contains(&height) || decoder.total_bytes() > MAX_UNPACKED_BYTES {
        return Err(Error::LogoDimensions);
    }
    // Cameras turn the picture by a note beside it.
    let orientation = decoder.orientation().map_err(|error| refused(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    picture.apply_orientation(orientation);
    encoded(&fitted(picture))
}

/// PNG or JPEG, by what the bytes say from the first to the last: a picture that goes on after its end is something else
/// as well.
fn format_of(upload: &[u8]) -> Result<ImageFormat> {
    if upload.starts_with(PNG_START) {
        return png_ends_with_its_bytes(upload).map(|()| ImageFormat::Png);
    }
    if upload.starts_with(JPEG_START) {
        let end = upload.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if upload[..end].ends_with(JPEG_END) {
            return Ok(ImageFormat::Jpeg);
        }
        // One that stops short has no end mark at all; one with more behind it does.
        let has_end = upload.windows(2).any(|pair| pair == JPEG_END);
        return Err(if has_end { Error::LogoFormat } else { Error::LogoDamaged });
    }
    Err(Error::LogoFormat)
}

fn png_ends_with_its_bytes(upload: &[u8]) -> Result<()> {
    let mut rest = &upload[PNG_START.len()..];
    loop {
        let Some((head, after)) = rest.split_first_chunk::<8>() else { return Err(Error::LogoDamaged) };
        let [a, b, c, d, kind @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        // Four bytes of checksum follow the data.
        let chunk = length.checked_add(4).filter(|chunk| *chunk <= after.len());
        let Some(chunk) = chunk else { return Err(Error::LogoDamaged) };
        rest = &after[chunk..];
        if &kind == b"IEND" {
            return if rest.is_empty() { Ok(()) } else { Err(Error::LogoFormat) };
        }
    }
}

fn refused(error: &ImageError) -> Error {
    match error {
        ImageError::Limits(limit) => match limit.kind() {
            LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory => Error::LogoDimensions,
            _ => Error::LogoDamaged,
        },
        ImageError::Unsupported(_) => Error::LogoFormat,
        _ => Error::LogoDamaged,
    }
}

fn fitted(picture: DynamicImage) -> DynamicImage {
    let (width, height) = picture.dimensions();
    if width <= BOX.0 && height <= BOX.1 {
        return picture;
    }
    picture.resize(BOX.0, BOX.1, imageops::FilterType::Lanczos3)
}

fn encoded(picture: &DynamicImage) -> Result<Vec<u8>> {
    let pixels = picture.to_rgba8();
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive);
    encoder
        .write_image(pixels.as_raw(), pixels.width(), pixels.height(), ExtendedColorType::Rgba8)
        .map_err(|_| Error::Broken("a logo cannot be written"))?;
    Ok(png)
}
