//! A monitor that the graphics adapter duplicates: it tells what has changed.

use std::{
    ffi::c_void,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
};

use windows::{
    Win32::{
        Foundation::{E_ACCESSDENIED, HMODULE, RECT},
        Graphics::{
            Direct3D::D3D_DRIVER_TYPE_UNKNOWN,
            Direct3D11::{
                D3D11_BOX, D3D11_CPU_ACCESS_READ, D3D11_CREATE_DEVICE_FLAG, D3D11_MAP_READ,
                D3D11_MAPPED_SUBRESOURCE, D3D11_SDK_VERSION, D3D11_TEXTURE2D_DESC, D3D11_USAGE_STAGING,
                D3D11CreateDevice, ID3D11Device, ID3D11DeviceContext, ID3D11Texture2D,
            },
            Dxgi::{
                Common::{
                    DXGI_FORMAT_B8G8R8A8_UNORM, DXGI_MODE_ROTATION_ROTATE90, DXGI_MODE_ROTATION_ROTATE180,
                    DXGI_MODE_ROTATION_ROTATE270, DXGI_SAMPLE_DESC,
                },
                DXGI_ERROR_ACCESS_LOST, DXGI_ERROR_SESSION_DISCONNECTED, DXGI_ERROR_WAIT_TIMEOUT,
                DXGI_OUTDUPL_FRAME_INFO, DXGI_OUTDUPL_MOVE_RECT, DXGI_OUTDUPL_POINTER_POSITION,
                DXGI_OUTDUPL_POINTER_SHAPE_INFO, DXGI_OUTDUPL_POINTER_SHAPE_TYPE_COLOR,
                DXGI_OUTDUPL_POINTER_SHAPE_TYPE_MONOCHROME, IDXGIAdapter1, IDXGIOutput1,
                IDXGIOutputDuplication, IDXGIResource,
            },
        },
    },
    core::{Interface as _, Result},
};

use crate::{
    Cursor, Error, Reason, Rect, Size,
    platform::{
        canvas::{Canvas, Frame, Turn},
        shape::{self, Kind},
    },
};

/// How long a monitor on which nothing moves keeps its thread from noticing the end, in milliseconds.
const LONGEST_WAIT: u32 = 1000;

pub(super) struct Duplicated {
    /// On the canvas.
    place: Rect,
    turn: Turn,
    /// Before it is turned.
    size: Size,
    context: ID3D11DeviceContext,
    duplication: IDXGIOutputDuplication,
    /// A texture of the monitor's size that the processor can read.
    readable: ID3D11Texture2D,
    /// The first picture is taken whole.
    has_begun: bool,
    /// What of the cursor's shape points, from its top left corner.
    hot: (u16, u16),
}

impl Duplicated {
    /// # Errors
    ///
    /// [`Error::Hidden`]; anything else says that this adapter does not duplicate this monitor.
    pub(super) fn open(
        adapter: &IDXGIAdapter1,
        output: &IDXGIOutput1,
        place: Rect,
    ) -> std::result::Result<Self, Error> {
        let (device, context) = device(adapter)?;
        // SAFETY: the device is alive, and made from the adapter that the output belongs to.
        let duplication = unsafe { output.DuplicateOutput(&device) }.map_err(|error| match error.code() {
            // The lock screen and the question for a password are on a desktop of their own.
            E_ACCESSDENIED | DXGI_ERROR_ACCESS_LOST | DXGI_ERROR_SESSION_DISCONNECTED => Error::Hidden,
            _ => Reason::System.into(),
        })?;
        // SAFETY: the duplication is alive; the function only returns values.
        let about = unsafe { duplication.GetDesc() };
        let side = |length: u32| u16::try_from(length).map_err(|_| Reason::System);
        let size = Size { width: side(about.ModeDesc.Width)?, height: side(about.ModeDesc.Height)? };
        let turn = match about.Rotation {
            DXGI_MODE_ROTATION_ROTATE90 => Turn::Right,
            DXGI_MODE_ROTATION_ROTATE180 => Turn::UpsideDown,
            DXGI_MODE_ROTATION_ROTATE270 => Turn::Left,
            _ => Turn::Upright,
        };
        let readable = readable(&device, size)?;
        Ok(Self { place, turn, size, context, duplication, readable, has_begun: false, hot: (0, 0) })
    }

    /// Puts what changes onto the canvas, until the duplication ends, `over` is set or nobody looks any more.
    pub(super) fn run(mut self, canvas: &Canvas, over: &AtomicBool) {
        let mut holds = false;
        while canvas.wait_until_taken() && !over.load(SeqCst) {
            // Held until the next one is wanted, what happens meanwhile is only counted up and not copied.
            // SAFETY: the frame that is released was acquired, and nothing of it is in use.
            if std::mem::take(&mut holds) && unsafe { self.duplication.ReleaseFrame() }.is_err() {
                return;
            }
            let (mut info, mut resource) = (DXGI_OUTDUPL_FRAME_INFO::default(), None);
            // SAFETY: both places are alive and written to before the function returns.
            match unsafe { self.duplication.AcquireNextFrame(LONGEST_WAIT, &mut info, &mut resource) } {
                Ok(()) => holds = true,
                Err(error) if error.code() == DXGI_ERROR_WAIT_TIMEOUT => continue,
                // Another resolution, another desktop, another full-screen program: everything is opened anew.
                Err(_) => return,
            }
            if self.take(canvas, &info, resource.as_ref()).is_err() {
                return;
            }
        }
    }

    fn take(
        &mut self,
        canvas: &Canvas,
        info: &DXGI_OUTDUPL_FRAME_INFO,
        resource: Option<&IDXGIResource>,
    ) -> Result<()> {
        if info.PointerShapeBufferSize > 0
            && let Some(cursor) = self.cursor(info.PointerShapeBufferSize)?
        {
            self.hot = (cursor.hot_x, cursor.hot_y);
            canvas.set_cursor(cursor);
        }
        if info.LastMouseUpdateTime != 0 {
            canvas.set_pointer(self.place, self.pointer(&info.PointerPosition));
        }
        // Without a present only the pointer has moved, and a first picture is still black.
        let (Some(resource), 1..) = (resource, info.LastPresentTime) else { return Ok(()) };
        let texture: ID3D11Texture2D = resource.cast()?;
        let rects = if self.has_begun { self.changed(info)? } else { vec![self.size.rect()] };
        for rect in &rects {
            let (left, top) = (u32::from(rect.x), u32::from(rect.y));
            let (right, bottom) = (left + u32::from(rect.width), top + u32::from(rect.height));
            let part = D3D11_BOX { left, top, front: 0, right, bottom, back: 1 };
            let part = Some(std::ptr::from_ref(&part));
            // SAFETY: both textures are alive, of one device and one size, within which the rectangle lies.
            unsafe {
                self.context.CopySubresourceRegion(&self.readable, 0, left, top, 0, &texture, 0, part);
            }
        }
        let mut mapped = D3D11_MAPPED_SUBRESOURCE::default();
        // SAFETY: the texture was made to be read, and the place for the answer is alive.
        unsafe { self.context.Map(&self.readable, 0, D3D11_MAP_READ, 0, Some(&mut mapped)) }?;
        let stride = mapped.RowPitch as usize / size_of::<u32>();
        let length = stride * usize::from(self.size.height).saturating_sub(1) + usize::from(self.size.width);
        // SAFETY: until it is unmapped, the memory holds the texture's rows one pitch apart, four bytes a pixel, and
        // is aligned for the graphics adapter, which asks for more than four bytes.
        let pixels = unsafe { std::slice::from_raw_parts(mapped.pData.cast::<u32>(), length) };
        let frame = Frame { place: self.place, turn: self.turn, size: self.size, pixels, stride };
        canvas.put(&frame, rects);
        // SAFETY: it was mapped above, and `pixels` is not used any more.
        unsafe { self.context.Unmap(&self.readable, 0) };
        self.has_begun = true;
        Ok(())
    }

    /// Where the picture differs from the one before: what was moved and what was drawn.
    fn changed(&self, info: &DXGI_OUTDUPL_FRAME_INFO) -> Result<Vec<Rect>> {
        let room = info.TotalMetadataBufferSize;
        let mut moves =
            vec![DXGI_OUTDUPL_MOVE_RECT::default(); room as usize / size_of::<DXGI_OUTDUPL_MOVE_RECT>()];
        let mut drawn = vec![RECT::default(); room as usize / size_of::<RECT>()];
        let (mut moves_used, mut drawn_used) = (0, 0);
        let moves_room = size_of_val(moves.as_slice()) as u32;
        let drawn_room = size_of_val(drawn.as_slice()) as u32;
        // SAFETY: the system is told how many bytes each place has, and how many it used is read back.
        unsafe {
            self.duplication.GetFrameMoveRects(moves_room, moves.as_mut_ptr(), &mut moves_used)?;
            self.duplication.GetFrameDirtyRects(drawn_room, drawn.as_mut_ptr(), &mut drawn_used)?;
        }
        let moves = moves.iter().take(moves_used as usize / size_of::<DXGI_OUTDUPL_MOVE_RECT>());
        let drawn = drawn.iter().take(drawn_used as usize / size_of::<RECT>());
        let all = moves.map(|moved| &moved.DestinationRect).chain(drawn);
        let all = all.filter_map(|rect| Rect::between(rect.left, rect.top, rect.right, rect.bottom));
        Ok(all.filter_map(|rect| rect.within(self.size.rect())).collect())
    }

    /// Where on the canvas the pointer is, of which the system tells where its shape begins on the upright monitor.
    fn pointer(&self, about: &DXGI_OUTDUPL_POINTER_POSITION) -> Option<(u16, u16)> {
        let along = |corner: i32, hot: u16, start: u16, length: u16| {
            let at = u16::try_from(corner.checked_add(hot.into())?).ok().filter(|&at| at < length)?;
            start.checked_add(at)
        };
        let (place, corner) = (self.place, about.Position);
        let x = along(corner.x, self.hot.0, place.x, place.width);
        let y = along(corner.y, self.hot.1, place.y, place.height);
        x.zip(y).filter(|_| about.Visible.as_bool())
    }

    fn cursor(&self, room: u32) -> Result<Option<Cursor>> {
        let mut bytes = vec![0u8; room as usize];
        let (mut used, mut about) = (0, DXGI_OUTDUPL_POINTER_SHAPE_INFO::default());
        // SAFETY: the system is told how many bytes there are, and all places are alive.
        unsafe {
            let start = bytes.as_mut_ptr().cast::<c_void>();
            self.duplication.GetFramePointerShape(room, start, &mut used, &mut about)?;
        }
        const MASKS: u32 = DXGI_OUTDUPL_POINTER_SHAPE_TYPE_MONOCHROME.0 as u32;
        const COLOURS: u32 = DXGI_OUTDUPL_POINTER_SHAPE_TYPE_COLOR.0 as u32;
        let (kind, height) = match about.Type {
            MASKS => (Kind::Masks, about.Height / 2),
            COLOURS => (Kind::Colours, about.Height),
            _ => (Kind::MaskedColours, about.Height),
        };
        let sides = (about.Width as usize, height as usize);
        let pixels = shape::pixels(kind, sides, about.Pitch as usize, &bytes);
        let side = |length: u32| u16::try_from(length).ok();
        let hot = |position: i32| u16::try_from(position).unwrap_or_default();
        Ok(pixels.zip(side(about.Width).zip(side(height))).map(|(pixels, (width, height))| Cursor {
            size: Size { width, height },
            hot_x: hot(about.HotSpot.x),
            hot_y: hot(about.HotSpot.y),
            pixels,
        }))
    }
}

fn device(adapter: &IDXGIAdapter1) -> Result<(ID3D11Device, ID3D11DeviceContext)> {
    let (mut device, mut context) = (None, None);
    // SAFETY: the adapter is alive, and the places for the answers are.
    unsafe {
        D3D11CreateDevice(
            adapter,
            D3D_DRIVER_TYPE_UNKNOWN,
            HMODULE::default(),
            D3D11_CREATE_DEVICE_FLAG::default(),
            None,
            D3D11_SDK_VERSION,
            Some(&mut device),
            None,
            Some(&mut context),
        )
    }?;
    device.zip(context).ok_or_else(|| windows::Win32::Foundation::E_POINTER.into())
}

fn readable(device: &ID3D11Device, size: Size) -> Result<ID3D11Texture2D> {
    let about = D3D11_TEXTURE2D_DESC {
        Width: size.width.into(),
        Height: size.height.into(),
        MipLevels: 1,
        ArraySize: 1,
        Format: DXGI_FORMAT_B8G8R8A8_UNORM,
        SampleDesc: DXGI_SAMPLE_DESC { Count: 1, Quality: 0 },
        Usage: D3D11_USAGE_STAGING,
        BindFlags: 0,
        CPUAccessFlags: D3D11_CPU_ACCESS_READ.0 as u32,
        MiscFlags: 0,
    };
    let mut texture = None;
    // SAFETY: the description and the place for the answer are alive.
    unsafe { device.CreateTexture2D(&about, None, Some(&mut texture)) }?;
    texture.ok_or_else(|| windows::Win32::Foundation::E_POINTER.into())
}
