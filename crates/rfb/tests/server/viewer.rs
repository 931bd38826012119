//! A small viewer: it decodes everything the server may send, and panics at anything else.

use std::collections::BTreeMap;
use std::time::Duration;

use flate2::{Decompress, FlushDecompress};
use rfb::{Event, Options, Rect, Server, Size};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;

pub(crate) const RAW: i32 = 0;
pub(crate) const COPY_RECT: i32 = 1;
pub(crate) const TIGHT: i32 = 7;
pub(crate) const ZRLE: i32 = 16;
pub(crate) const QUALITY_0: i32 = -32;
pub(crate) const DESKTOP_SIZE: i32 = -223;
pub(crate) const CURSOR: i32 = -239;
pub(crate) const EXTENDED_KEY: i32 = -258;
pub(crate) const EXTENDED_DESKTOP_SIZE: i32 = -308;
pub(crate) const FENCE: i32 = -312;
pub(crate) const CONTINUOUS_UPDATES: i32 = -313;
pub(crate) const ALPHA_CURSOR: i32 = -314;
pub(crate) const EXTENDED_MOUSE: i32 = -316;
pub(crate) const VMWARE_CURSOR: i32 = 0x574D_5664;
pub(crate) const EXTENDED_CLIPBOARD: i32 = 0xC0A1_E5CE_u32 as i32;

pub(crate) const FENCE_REQUEST: u32 = 1 << 31;

/// A pixel format, as a viewer would choose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) bits: u8,
    pub(crate) depth: u8,
    pub(crate) big_endian: bool,
    pub(crate) max: [u16; 3],
    pub(crate) shift: [u8; 3],
}

pub(crate) const NATIVE: Format =
    Format { bits: 32, depth: 24, big_endian: false, max: [255; 3], shift: [16, 8, 0] };
pub(crate) const RGB565: Format =
    Format { bits: 16, depth: 16, big_endian: false, max: [31, 63, 31], shift: [11, 5, 0] };
pub(crate) const BGR233: Format =
    Format { bits: 8, depth: 8, big_endian: false, max: [7, 7, 3], shift: [0, 3, 6] };

impl Format {
    pub(crate) const ALL: [Self; 8] = [
        NATIVE,
        Self { big_endian: true, ..NATIVE },
        Self { shift: [24, 16, 8], ..NATIVE },
        Self { big_endian: true, shift: [8, 16, 24], ..NATIVE },
        Self { depth: 30, max: [1023; 3], shift: [20, 10, 0], ..NATIVE },
        RGB565,
        Self { big_endian: true, max: [31; 3], depth: 15, shift: [0, 5, 10], ..RGB565 },
        BGR233,
    ];

    fn message(self) -> Vec<u8> {
        let mut message = vec![0, 0, 0, 0, self.bits, self.depth, self.big_endian.into(), 1];
        message.extend(self.max.iter().flat_map(|max| max.to_be_bytes()));
        message.extend(self.shift);
        message.extend([0; 3]);
        message
    }

    /// What of a colour is left in this format.
    pub(crate) fn colours(self, pixel: u32) -> [u16; 3] {
        let component = |place: usize| {
            let value = (pixel >> (16 - 8 * place) & 0xFF) as f64;
            (value * f64::from(self.max[place]) / 255.0).round() as u16
        };
        [component(0), component(1), component(2)]
    }

    fn is_888(self) -> bool {
        self.bits == 32 && self.depth == 24 && self.max == [255; 3]
    }
}

/// What arrived besides pixels.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) width: u16,
    pub(crate) height: u16,
    pub(crate) hot: (u16, u16),
    pub(crate) bytes: Vec<u8>,
}

pub(crate) struct Viewer {
    pub(crate) server: Server,
    pub(crate) now: Duration,
    pub(crate) size: Size,
    pub(crate) format: Format,
    /// Red, green and blue of each pixel, as large as the format has them.
    pub(crate) pixels: Vec<[u16; 3]>,
    /// How many rectangles of each encoding arrived.
    pub(crate) rects: BTreeMap<i32, usize>,
    pub(crate) updates: usize,
    /// Bytes received.
    pub(crate) bytes: usize,
    /// Fences that ask and wait for an answer.
    pub(crate) fences: Vec<Vec<u8>>,
    pub(crate) fence_answers: Vec<(u32, Vec<u8>)>,
    pub(crate) continuous_ended: usize,
    /// Clipboard messages, whole.
    pub(crate) cut_texts: Vec<(bool, Vec<u8>)>,
    pub(crate) colour_map: Vec<u8>,
    pub(crate) cursor: Option<(i32, Shape)>,
    /// Reason, result and size of each.
    pub(crate) layouts: Vec<(u16, u16, Size)>,
    /// Those of the last layout.
    pub(crate) screens: Vec<(u32, Rect)>,
    /// JPEG files seen.
    pub(crate) photos: usize,
    tight: [Option<Decompress>; 4],
    zrle: Option<Decompress>,
}

impl Viewer {
    /// A viewer that speaks 3.8 and is past the greeting.
    pub(crate) fn connect(size: Size, encodings: &[i32]) -> Self {
        Self::connect_with(size, encodings, false)
    }

    pub(crate) fn connect_with(size: Size, encodings: &[i32], view_only: bool) -> Self {
        let mut server = Server::new(Options { name: "Test ✓".into(), size, view_only });
        server.set_clipboard(true);
        let mut viewer = Self::beside(server);
        assert_eq!(viewer.take(), b"RFB 003.008\n");
        viewer.send(b"RFB 003.008\n");
        assert_eq!(viewer.take(), [1, 1]);
        viewer.send(&[1]);
        assert_eq!(viewer.take(), [0; 4]);
        viewer.send(&[1]);
        assert_eq!(viewer.server.poll_event(), Some(Event::Ready { shared: true }));
        viewer.server_init();
        viewer.set_encodings(encodings);
        viewer
    }

    pub(crate) fn beside(server: Server) -> Self {
        Self {
            server,
            now: Duration::from_secs(1),
            size: Size::default(),
            format: NATIVE,
            pixels: Vec::new(),
            rects: BTreeMap::new(),
            updates: 0,
            bytes: 0,
            fences: Vec::new(),
            fence_answers: Vec::new(),
            continuous_ended: 0,
            cut_texts: Vec::new(),
            colour_map: Vec::new(),
            cursor: None,
            layouts: Vec::new(),
            screens: Vec::new(),
            photos: 0,
            tight: [const { None }; 4],
            zrle: None,
        }
    }

    pub(crate) fn server_init(&mut self) {
        let init = self.take();
        let mut bytes = Bytes(&init);
        self.size = Size { width: bytes.u16(), height: bytes.u16() };
        assert_eq!(bytes.take(16), [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]);
        let length = bytes.u32() as usize;
        assert_eq!(bytes.take(length), "Test ✓".as_bytes());
        assert!(bytes.0.is_empty());
        self.new_picture();
    }

    fn new_picture(&mut self) {
        self.pixels = vec![[0; 3]; usize::from(self.size.width) * usize::from(self.size.height)];
    }

    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.server.output())
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.server.handle_bytes(bytes, self.now).unwrap();
    }

    pub(crate) fn set_encodings(&mut self, encodings: &[i32]) {
        let mut message = vec![2, 0];
        message.extend((encodings.len() as u16).to_be_bytes());
        message.extend(encodings.iter().flat_map(|encoding| encoding.to_be_bytes()));
        self.send(&message);
        self.receive();
    }

    pub(crate) fn set_format(&mut self, format: Format) {
        self.format = format;
        self.send(&format.message());
    }

    pub(crate) fn request(&mut self, incremental: bool) {
        self.request_area(incremental, Rect { x: 0, y: 0, width: self.size.width, height: self.size.height });
    }

    pub(crate) fn request_area(&mut self, incremental: bool, area: Rect) {
        self.send(&area_message(3, incremental, area));
    }

    pub(crate) fn enable_continuous(&mut self) {
        let area = Rect { x: 0, y: 0, width: self.size.width, height: self.size.height };
        self.send(&area_message(150, true, area));
    }

    /// Answers the oldest fence that asks; no if there is none.
    pub(crate) fn answer_fence(&mut self) -> bool {
        if self.fences.is_empty() {
            return false;
        }
        let payload = self.fences.remove(0);
        let mut message = vec![248, 0, 0, 0, 0, 0, 0, 1, payload.len() as u8];
        message.extend(payload);
        self.send(&message);
        true
    }

    /// Whether an update came.
    pub(crate) fn update(&mut self) -> bool {
        self.receive();
        let updated = self.server.update(self.now);
        self.receive();
        updated
    }

    /// Decodes all that the server has put out, which is whole messages.
    pub(crate) fn receive(&mut self) {
        let output = self.take();
        self.decode(&output);
    }

    pub(crate) fn decode(&mut self, output: &[u8]) {
        self.bytes += output.len();
        let mut bytes = Bytes(output);
        while !bytes.0.is_empty() {
            match bytes.u8() {
                0 => {
                    assert_eq!(bytes.u8(), 0);
                    let count = bytes.u16();
                    (0..count).for_each(|_| self.rect(&mut bytes));
                    self.updates += 1;
                }
                1 => {
                    bytes.take(5);
                    self.colour_map = bytes.take(256 * 6).to_vec();
                }
                3 => {
                    bytes.take(3);
                    let length = bytes.u32() as i32;
                    let text = bytes.take(length.unsigned_abs() as usize).to_vec();
                    self.cut_texts.push((length < 0, text));
                }
                150 => self.continuous_ended += 1,
                248 => {
                    bytes.take(3);
                    let flags = bytes.u32();
                    let length = bytes.u8();
                    let payload = bytes.take(length.into()).to_vec();
                    if flags & FENCE_REQUEST == 0 {
                        self.fence_answers.push((flags, payload));
                    } else {
                        self.fences.push(payload);
                    }
                }
                kind => panic!("the server sent a message of kind {kind}"),
            }
        }
    }

    fn rect(&mut self, bytes: &mut Bytes<'_>) {
        let rect = Rect { x: bytes.u16(), y: bytes.u16(), width: bytes.u16(), height: bytes.u16() };
        let encoding = bytes.u32() as i32;
        *self.rects.entry(encoding).or_default() += 1;
        let shape =
            |bytes: Vec<u8>| Shape { width: rect.width, height: rect.height, hot: (rect.x, rect.y), bytes };
        let area = usize::from(rect.width) * usize::from(rect.height);
        match encoding {
            RAW => {
                let pixels: Vec<_> = (0..area).map(|_| self.pixel(bytes)).collect();
                self.put(rect, &pixels);
            }
            COPY_RECT => {
                let (x, y) = (bytes.u16(), bytes.u16());
                let pixels = self.get(Rect { x, y, ..rect });
                self.put(rect, &pixels);
            }
            TIGHT => self.tight(rect, bytes),
            ZRLE => {
                let length = bytes.u32() as usize;
                let data = bytes.take(length);
                let stream = self.zrle.get_or_insert_with(|| Decompress::new(true));
                let inflated = inflate(stream, data, area * 4 + area + 1024);
                self.zrle(rect, &inflated);
            }
            CURSOR => {
                let row = usize::from(rect.width).div_ceil(8) * usize::from(rect.height);
                let data = bytes.take(area * usize::from(self.format.bits / 8) + row);
                self.cursor = Some((CURSOR, shape(data.to_vec())));
            }
            VMWARE_CURSOR => {
                assert_eq!(bytes.take(2), [1, 0]);
                self.cursor = Some((VMWARE_CURSOR, shape(bytes.take(area * 4).to_vec())));
            }
            ALPHA_CURSOR => {
                assert_eq!(bytes.u32(), 0);
                self.cursor = Some((ALPHA_CURSOR, shape(bytes.take(area * 4).to_vec())));
            }
            DESKTOP_SIZE => self.resize(rect),
            EXTENDED_DESKTOP_SIZE => {
                let count = bytes.u8();
                assert_eq!(bytes.take(3), [0; 3]);
                let mut screen = || {
                    let id = bytes.u32();
                    let rect =
                        Rect { x: bytes.u16(), y: bytes.u16(), width: bytes.u16(), height: bytes.u16() };
                    assert_eq!(bytes.u32(), 0);
                    (id, rect)
                };
                self.screens = (0..count).map(|_| screen()).collect();
                self.layouts.push((rect.x, rect.y, Size { width: rect.width, height: rect.height }));
                if rect.y == 0 {
                    self.resize(rect);
                }
            }
            EXTENDED_KEY | EXTENDED_MOUSE => {}
            other => panic!("the server sent the unknown encoding {other}"),
        }
    }

    fn resize(&mut self, rect: Rect) {
        let size = Size { width: rect.width, height: rect.height };
        if size != self.size {
            self.size = size;
            self.new_picture();
        }
    }

    fn pixel(&self, bytes: &mut Bytes<'_>) -> [u16; 3] {
        let raw = bytes.take(usize::from(self.format.bits / 8));
        self.components(raw)
    }

    fn components(&self, raw: &[u8]) -> [u16; 3] {
        let value = if self.format.big_endian {
            raw.iter().fold(0, |value, &byte| value << 8 | u32::from(byte))
        } else {
            raw.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte))
        };
        [0, 1, 2].map(|place| (value >> self.format.shift[place]) as u16 & self.format.max[place])
    }

    /// Without the byte that no colour uses, where there is one.
    fn compact_pixel(&self, bytes: &mut Bytes<'_>) -> [u16; 3] {
        let used = [0, 1, 2]
            .map(|place| u64::from(self.format.max[place]) << self.format.shift[place])
            .iter()
            .sum::<u64>();
        if self.format.bits != 32 || self.format.depth > 24 || used > 0xFF_FFFF && used & 0xFF != 0 {
            return self.pixel(bytes);
        }
        let three = bytes.take(3);
        let low = used <= 0xFF_FFFF;
        let raw = match (low, self.format.big_endian) {
            (true, false) | (false, true) => [three[0], three[1], three[2], 0],
            (true, true) | (false, false) => [0, three[0], three[1], three[2]],
        };
        self.components(&raw)
    }

    fn tight_pixel(&self, bytes: &mut Bytes<'_>) -> [u16; 3] {
        if self.format.is_888() {
            bytes.take(3).iter().map(|&byte| byte.into()).collect::<Vec<u16>>().try_into().unwrap()
        } else {
            self.pixel(bytes)
        }
    }

    fn tight(&mut self, rect: Rect, bytes: &mut Bytes<'_>) {
        assert!(rect.width <= 2048, "viewers give up at {rect:?}");
        let area = usize::from(rect.width) * usize::from(rect.height);
        let control = bytes.u8();
        assert_eq!(control & 0xF, 0, "streams go on");
        match control >> 4 {
            8 => {
                let pixel = self.tight_pixel(bytes);
                self.put(rect, &vec![pixel; area]);
            }
            9 => {
                assert!(self.format.bits > 8);
                let length = bytes.compact_length();
                let pixels = self.photo(rect, bytes.take(length));
                self.photos += 1;
                self.put(rect, &pixels);
            }
            basic => {
                assert_eq!(basic & 8, 0);
                let filter = if basic & 4 == 0 { 0 } else { bytes.u8() };
                let stream = usize::from(basic & 3);
                let pixel_bytes = if self.format.is_888() { 3 } else { usize::from(self.format.bits / 8) };
                let pixels = match filter {
                    0 => {
                        let data = self.tight_data(stream, area * pixel_bytes, bytes);
                        let mut data = Bytes(&data);
                        (0..area).map(|_| self.tight_pixel(&mut data)).collect::<Vec<_>>()
                    }
                    1 => {
                        let colours = usize::from(bytes.u8()) + 1;
                        let palette: Vec<_> = (0..colours).map(|_| self.tight_pixel(bytes)).collect();
                        let (width, height) = (usize::from(rect.width), usize::from(rect.height));
                        if colours == 2 {
                            let row = width.div_ceil(8);
                            let data = self.tight_data(stream, row * height, bytes);
                            let bit = |x: usize, y: usize| data[y * row + x / 8] >> (7 - x % 8) & 1;
                            let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
                            places.map(|(x, y)| palette[usize::from(bit(x, y))]).collect()
                        } else {
                            let data = self.tight_data(stream, area, bytes);
                            data.iter().map(|&index| palette[usize::from(index)]).collect()
                        }
                    }
                    other => panic!("the server used filter {other}"),
                };
                self.put(rect, &pixels);
            }
        }
    }

    fn tight_data(&mut self, stream: usize, length: usize, bytes: &mut Bytes<'_>) -> Vec<u8> {
        if length < 12 {
            return bytes.take(length).to_vec();
        }
        let compressed = bytes.compact_length();
        let stream = self.tight[stream].get_or_insert_with(|| Decompress::new(true));
        let data = inflate(stream, bytes.take(compressed), length + 1);
        assert_eq!(data.len(), length);
        data
    }

    fn photo(&self, rect: Rect, file: &[u8]) -> Vec<[u16; 3]> {
        let mut decoder = JpegDecoder::new(ZCursor::new(file));
        let pixels = decoder.decode().unwrap();
        assert_eq!(decoder.dimensions(), Some((rect.width.into(), rect.height.into())));
        let pixel = |rgb: &[u8; 3]| u32::from_be_bytes([0, rgb[0], rgb[1], rgb[2]]);
        pixels.as_chunks::<3>().0.iter().map(|rgb| self.format.colours(pixel(rgb))).collect()
    }

    fn zrle(&mut self, rect: Rect, data: &[u8]) {
        let mut data = Bytes(data);
        for y in (0..rect.height).step_by(64) {
            for x in (0..rect.width).step_by(64) {
                let width = (rect.width - x).min(64);
                let height = (rect.height - y).min(64);
                let tile = Rect { x: rect.x + x, y: rect.y + y, width, height };
                let pixels = self.zrle_tile(tile, &mut data);
                self.put(tile, &pixels);
            }
        }
        assert!(data.0.is_empty(), "{} bytes are too many", data.0.len());
    }

    fn zrle_tile(&self, tile: Rect, data: &mut Bytes<'_>) -> Vec<[u16; 3]> {
        let (width, height) = (usize::from(tile.width), usize::from(tile.height));
        let area = width * height;
        let kind = data.u8();
        let colours = usize::from(kind & 0x7F);
        let palette: Vec<_> = (0..colours).map(|_| self.compact_pixel(data)).collect();
        let mut pixels = Vec::new();
        match kind {
            0 => pixels.extend((0..area).map(|_| self.compact_pixel(data))),
            1 => pixels.resize(area, palette[0]),
            2..=16 => {
                let bits = [1, 2, 4][usize::from(kind > 2) + usize::from(kind > 4)];
                for _ in 0..height {
                    let row = data.take((width * bits).div_ceil(8));
                    let index = |x: usize| row[x * bits / 8] >> (8 - bits - x * bits % 8) & ((1 << bits) - 1);
                    pixels.extend((0..width).map(|x| palette[usize::from(index(x))]));
                }
            }
            128 | 130..=255 => {
                while pixels.len() < area {
                    let (pixel, run) = if kind == 128 {
                        (self.compact_pixel(data), true)
                    } else {
                        let index = data.u8();
                        (palette[usize::from(index & 0x7F)], index & 0x80 != 0)
                    };
                    let length = if run { data.run() } else { 1 };
                    pixels.extend(std::iter::repeat_n(pixel, length));
                }
                assert_eq!(pixels.len(), area);
            }
            other => panic!("the server used the tile encoding {other}"),
        }
        pixels
    }

    fn get(&self, rect: Rect) -> Vec<[u16; 3]> {
        let width = usize::from(self.size.width);
        let row = |y: u16| usize::from(rect.y + y) * width + usize::from(rect.x);
        (0..rect.height).flat_map(|y| &self.pixels[row(y)..][..usize::from(rect.width)]).copied().collect()
    }

    fn put(&mut self, rect: Rect, pixels: &[[u16; 3]]) {
        let width = usize::from(self.size.width);
        assert!(u32::from(rect.x) + u32::from(rect.width) <= self.size.width.into(), "{rect:?} is outside");
        for (y, row) in (usize::from(rect.y)..).zip(pixels.chunks(usize::from(rect.width))) {
            self.pixels[y * width + usize::from(rect.x)..][..row.len()].copy_from_slice(row);
        }
    }
}

pub(crate) fn area_message(kind: u8, flag: bool, area: Rect) -> Vec<u8> {
    let mut message = vec![kind, flag.into()];
    for value in [area.x, area.y, area.width, area.height] {
        message.extend(value.to_be_bytes());
    }
    message
}

fn inflate(stream: &mut Decompress, data: &[u8], room: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(room);
    let before = stream.total_in();
    stream.decompress_vec(data, &mut out, FlushDecompress::Sync).unwrap();
    assert_eq!(stream.total_in() - before, data.len() as u64, "all of it can be inflated at once");
    out
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn u8(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.take(2).try_into().unwrap())
    }

    fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().unwrap())
    }

    fn run(&mut self) -> usize {
        let mut length = 1;
        loop {
            let byte = self.u8();
            length += usize::from(byte);
            if byte != 255 {
                return length;
            }
        }
    }

    fn compact_length(&mut self) -> usize {
        let mut length = 0;
        for place in 0..3 {
            let byte = usize::from(self.u8());
            if place == 2 {
                return length | byte << 14;
            }
            length |= (byte & 0x7F) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
        length
    }
}
