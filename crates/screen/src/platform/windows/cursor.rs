//! The shape of a cursor that the system names by its handle.

use windows::Win32::{
    Graphics::Gdi::{
        BI_RGB, BITMAP, BITMAPINFO, BITMAPINFOHEADER, CreateCompatibleDC, DIB_RGB_COLORS, DeleteDC,
        DeleteObject, GetDIBits, GetObjectW, HBITMAP, RGBQUAD,
    },
    UI::WindowsAndMessaging::{GetIconInfo, HCURSOR, ICONINFO},
};

use crate::{
    Cursor, Size,
    platform::shape::{self, Kind},
};

/// What a cursor looks like; `None` where the system does not say, for example as it has just been destroyed.
pub(super) fn of(cursor: HCURSOR) -> Option<Cursor> {
    if cursor.is_invalid() {
        return None;
    }
    let mut about = ICONINFO::default();
    // SAFETY: the place for the answer is alive; a handle of a cursor that is gone is refused.
    unsafe { GetIconInfo(cursor.into(), &mut about) }.ok()?;
    let (mask, colours) = (Owned(about.hbmMask), Owned(about.hbmColor));
    let (width, mask_height) = mask.size()?;
    let hot = |at: u32| u16::try_from(at).unwrap_or_default();
    let side = |length: usize| u16::try_from(length).ok();
    // Without colours the mask holds both masks, one below the other.
    let height = if colours.0.is_invalid() { mask_height / 2 } else { mask_height };
    let pixels = if colours.0.is_invalid() {
        shape::pixels(Kind::Masks, (width, height), pitch(width, 1), &mask.rows((width, mask_height), 1)?)
    } else {
        let mut colours = colours.rows((width, height), 32)?;
        // Without any alpha it is the mask that says where the cursor is.
        let kind = if colours.iter().skip(3).step_by(4).all(|&alpha| alpha == 0) {
            let mask = mask.rows((width, height), 1)?;
            for (n, pixel) in colours.chunks_exact_mut(4).enumerate() {
                let byte = mask.get(n / width * pitch(width, 1) + n % width / 8)?;
                pixel[3] = if byte & 0x80 >> (n % width % 8) == 0 { 0 } else { 0xff };
            }
            Kind::MaskedColours
        } else {
            Kind::Colours
        };
        shape::pixels(kind, (width, height), pitch(width, 32), &colours)
    };
    Some(Cursor {
        size: Size { width: side(width)?, height: side(height)? },
        hot_x: hot(about.xHotspot),
        hot_y: hot(about.yHotspot),
        pixels: pixels?,
    })
}

/// Bytes from one row to the next: whole words of 32 bits.
fn pitch(width: usize, bits: usize) -> usize {
    (width * bits).div_ceil(32) * 4
}

/// A bitmap that the system made for whoever asked.
struct Owned(HBITMAP);

impl Owned {
    fn size(&self) -> Option<(usize, usize)> {
        let mut about = BITMAP::default();
        let place = std::ptr::from_mut(&mut about).cast();
        // SAFETY: the place for the answer is alive and as long as is said.
        let used = unsafe { GetObjectW(self.0.into(), size_of::<BITMAP>() as i32, Some(place)) };
        let side = |length: i32| usize::try_from(length).ok().filter(|&length| length > 0);
        side(about.bmWidth).zip(side(about.bmHeight)).filter(|_| used != 0)
    }

    /// Its rows from the top downwards, with so many bits a pixel.
    fn rows(&self, (width, height): (usize, usize), bits: usize) -> Option<Vec<u8>> {
        /// A description with room for the two colours that are written behind it for a mask.
        #[repr(C)]
        struct Description(BITMAPINFO, RGBQUAD);
        let header = BITMAPINFOHEADER {
            biSize: size_of::<BITMAPINFOHEADER>() as u32,
            biWidth: i32::try_from(width).ok()?,
            biHeight: -i32::try_from(height).ok()?,
            biPlanes: 1,
            biBitCount: bits as u16,
            biCompression: BI_RGB.0,
            ..BITMAPINFOHEADER::default()
        };
        let about = BITMAPINFO { bmiHeader: header, ..BITMAPINFO::default() };
        let mut about = Description(about, RGBQUAD::default());
        let mut rows = vec![0; pitch(width, bits).checked_mul(height)?];
        // SAFETY: the place has room for so many rows, each of whole words, and the description for both colours.
        let copied = unsafe {
            let context = CreateCompatibleDC(None);
            let place = Some(rows.as_mut_ptr().cast());
            let about = std::ptr::from_mut(&mut about).cast();
            let copied = GetDIBits(context, self.0, 0, height as u32, place, about, DIB_RGB_COLORS);
            let _ = DeleteDC(context);
            copied
        };
        (usize::try_from(copied) == Ok(height)).then_some(rows)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if !self.0.is_invalid() {
            // SAFETY: the bitmap was made for this caller and is used by nobody else.
            let _ = unsafe { DeleteObject(self.0.into()) };
        }
    }
}
