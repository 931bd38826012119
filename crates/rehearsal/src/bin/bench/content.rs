//! What is on the screen while the desktop is measured: the same for every server, drawn by a process of its own.

use anyhow::{Context, Result, bail};
use std::{io::Write, time::Duration};
use x11rb::{
    connection::Connection,
    protocol::xproto::{
        ConnectionExt as _, CreateGCAux, CreateWindowAux, Gcontext, ImageFormat, Rectangle, Window,
        WindowClass,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

/// Where the moving content is.
pub(crate) const AREA: (i16, i16, u16, u16) = (200, 80, 640, 480);
/// Where the square that flips is, and how large.
pub(crate) const FLIP: (i16, i16, u16) = (300, 300, 120);

/// `bench content scroll` draws until it is killed; `bench content flip N MS` flips a square N times and writes when.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (display, screen) = x11rb::connect(None)?;
    let canvas = Canvas::new(display, screen)?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["scroll"] => canvas.scroll(),
        ["flip", count, pause] => canvas.flip(count.parse()?, Duration::from_millis(pause.parse()?)),
        _ => bail!("usage: bench content scroll | flip COUNT MILLISECONDS"),
    }
}

struct Canvas {
    display: RustConnection,
    root: Window,
    depth: u8,
    pen: Gcontext,
}

/// Good enough to look like noise, and the same in every run.
pub(crate) struct Noise(pub(crate) u32);

impl Noise {
    pub(crate) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }
}

impl Canvas {
    fn new(display: RustConnection, screen: usize) -> Result<Self> {
        let found = &display.setup().roots[screen];
        let (root, depth) = (found.root, found.root_depth);
        let (font, pen) = (display.generate_id()?, display.generate_id()?);
        display.open_font(font, b"fixed")?.check().context("the X server has no fixed font")?;
        display.create_gc(pen, root, &CreateGCAux::new().font(font).graphics_exposures(0))?.check()?;
        Ok(Self { display, root, depth, pen })
    }

    fn window(&self, x: i16, y: i16, width: u16, height: u16) -> Result<Window> {
        let window = self.display.generate_id()?;
        let looks = CreateWindowAux::new().override_redirect(1).background_pixel(0x0020_2020);
        self.display.create_window(
            0,
            window,
            self.root,
            x,
            y,
            width,
            height,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &looks,
        )?;
        self.display.map_window(window)?;
        self.display.sync()?;
        Ok(window)
    }

    fn fill(&self, on: u32, colour: u32, x: i16, y: i16, width: u16, height: u16) -> Result<()> {
        self.display.change_gc(self.pen, &x11rb::protocol::xproto::ChangeGCAux::new().foreground(colour))?;
        self.display.poly_fill_rectangle(on, self.pen, &[Rectangle { x, y, width, height }])?;
        Ok(())
    }

    /// Text that scrolls on the left, a block of noise that moves on the right, 25 times a second.
    fn scroll(&self) -> Result<()> {
        const LINE: u16 = 13;
        const TEXT_WIDTH: u16 = 400;
        const BLOCK: (u16, u16) = (160, 120);
        let (x, y, width, height) = AREA;
        let window = self.window(x, y, width, height)?;
        // Shown in one go, as a toolkit would.
        let page = self.display.generate_id()?;
        self.display.create_pixmap(self.depth, page, window, width, height)?;
        self.fill(page, 0x0020_2020, 0, 0, width, height)?;
        let mut noise = Noise(1);
        for frame in 0_u32.. {
            let (last, rest) = (height - LINE, height - LINE);
            self.display.copy_area(page, page, self.pen, 0, LINE as i16, 0, 0, TEXT_WIDTH, rest)?;
            self.fill(page, 0x0020_2020, 0, last as i16, TEXT_WIDTH, LINE)?;
            let id = noise.next();
            let said = if id & 1 == 0 { "ok" } else { "retry" };
            let text = format!("{frame:06}  log line {id:06x}  status={said} code={}", id % 512);
            self.display.change_gc(
                self.pen,
                &x11rb::protocol::xproto::ChangeGCAux::new().foreground(0x00d0_d0d0).background(0x0020_2020),
            )?;
            self.display.image_text8(page, self.pen, 4, height as i16 - 3, text.as_bytes())?;

            let mut block = Vec::with_capacity(usize::from(BLOCK.0) * usize::from(BLOCK.1) * 4);
            for row in 0..u32::from(BLOCK.1) {
                for column in 0..u32::from(BLOCK.0) {
                    let grain = noise.next() & 15;
                    let red = column * 255 / 160 + frame * 3 + grain;
                    let green = row * 255 / 120 + frame * 2 + grain;
                    let blue = column + row + frame * 5 + grain;
                    block.extend_from_slice(&[blue as u8, green as u8, red as u8, 0]);
                }
            }
            self.fill(page, 0x0030_3050, TEXT_WIDTH as i16, 0, width - TEXT_WIDTH, height)?;
            let (left, top) = (TEXT_WIDTH as i16 + (frame * 2 % 80) as i16, (frame * 4 % 360) as i16);
            let (format, depth) = (ImageFormat::Z_PIXMAP, self.depth);
            self.display.put_image(format, page, self.pen, BLOCK.0, BLOCK.1, left, top, 0, depth, &block)?;
            self.display.copy_area(page, window, self.pen, 0, 0, 0, 0, width, height)?;
            self.display.sync()?;
            std::thread::sleep(Duration::from_millis(40));
        }
        Ok(())
    }

    fn flip(&self, count: u32, pause: Duration) -> Result<()> {
        let (x, y, side) = FLIP;
        let window = self.window(x, y, side, side)?;
        let mut noise = Noise(7);
        let mut out = std::io::stdout();
        for number in 0..count {
            // Not in step with anything.
            std::thread::sleep(pause + Duration::from_millis(u64::from(noise.next() % 40)));
            let colour = if number % 2 == 0 { 0x0020_d020 } else { 0x00d0_2020 };
            self.fill(window, colour, 0, 0, side, side)?;
            self.display.sync()?;
            writeln!(out, "{} {colour:06x}", crate::costs::now().as_secs_f64())?;
            out.flush()?;
        }
        // The last one is to be seen as long as the others.
        std::thread::sleep(pause);
        Ok(())
    }
}
