//! An X server of the test's own, and what a test does on it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use screen::{Display, Rect};
use virtual_desktop::wait_for;
use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        randr::{ConnectionExt as _, ModeInfo, MonitorInfo, Rotation, SetConfig},
        xproto::*,
        xtest::ConnectionExt as _,
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

pub(crate) const SOON: Duration = Duration::from_secs(10);
pub(crate) const SIZE: (u16, u16) = (640, 480);

pub(crate) struct XServer {
    process: Child,
    pub(crate) connection: RustConnection,
    pub(crate) root: Window,
    name: String,
}

impl XServer {
    pub(crate) fn start() -> Self {
        Self::start_with(24, &["-nolisten", "tcp"])
    }

    /// It ends with its last client, and so with a test that is killed.
    pub(crate) fn start_with(depth: u8, arguments: &[&str]) -> Self {
        let screen = format!("{}x{}x{depth}", SIZE.0, SIZE.1);
        let mut process = Command::new("Xvfb")
            .args(["-displayfd", "1", "-terminate", "-screen", "0", &screen])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let name = format!(":{}", line.trim());
        let (connection, screen) = x11rb::connect(Some(&name)).unwrap();
        let root = connection.setup().roots[screen].root;
        // Whoever does not ask is taken for a client of an older version.
        let _ = connection.randr_query_version(1, 5).unwrap().reply().unwrap();
        Self { process, connection, root, name }
    }

    pub(crate) fn display(&self) -> Display {
        display(&self.name)
    }

    /// The same display, reached over TCP.
    pub(crate) fn remote_display(&self) -> Display {
        display(&format!("127.0.0.1{}", self.name))
    }

    pub(crate) fn sync(&self) {
        self.connection.sync().unwrap();
    }

    /// Opens a plain window past any window manager.
    pub(crate) fn open(&self, rect: Rect, colour: u32) -> Window {
        let id = self.connection.generate_id().unwrap();
        let look = CreateWindowAux::new()
            .background_pixel(colour)
            .override_redirect(1)
            .event_mask(EventMask::BUTTON_PRESS);
        let (x, y) = (rect.x as i16, rect.y as i16);
        let class = WindowClass::INPUT_OUTPUT;
        self.connection
            .create_window(0, id, self.root, x, y, rect.width, rect.height, 0, class, 0, &look)
            .unwrap();
        self.connection.map_window(id).unwrap();
        self.sync();
        id
    }

    /// Fills a rectangle of the window or root window.
    pub(crate) fn fill(&self, window: Window, rect: Rect, colour: u32) {
        let gc = self.connection.generate_id().unwrap();
        self.connection.create_gc(gc, window, &CreateGCAux::new().foreground(colour)).unwrap();
        let Rect { x, y, width, height } = rect;
        let rect = Rectangle { x: x as i16, y: y as i16, width, height };
        self.connection.poly_fill_rectangle(window, gc, &[rect]).unwrap();
        self.connection.free_gc(gc).unwrap();
        self.sync();
    }

    /// Draws pixels from the window's top left corner on.
    pub(crate) fn draw(&self, window: Window, size: (u16, u16), pixels: &[u32]) {
        let gc = self.connection.generate_id().unwrap();
        self.connection.create_gc(gc, window, &CreateGCAux::new()).unwrap();
        let bytes: Vec<u8> = pixels.iter().flat_map(|pixel| pixel.to_ne_bytes()).collect();
        let format = ImageFormat::Z_PIXMAP;
        self.connection.put_image(format, window, gc, size.0, size.1, 0, 0, 0, 24, &bytes).unwrap();
        self.connection.free_gc(gc).unwrap();
        self.sync();
    }

    /// Makes the pointer over the root window a square of one colour.
    pub(crate) fn set_cursor(&self, side: u16, hot: (u16, u16), colour: (u16, u16, u16)) {
        let (pixmap, gc, cursor) = (self.id(), self.id(), self.id());
        self.connection.create_pixmap(1, pixmap, self.root, side, side).unwrap();
        self.connection.create_gc(gc, pixmap, &CreateGCAux::new().foreground(1)).unwrap();
        let all = Rectangle { x: 0, y: 0, width: side, height: side };
        self.connection.poly_fill_rectangle(pixmap, gc, &[all]).unwrap();
        let (red, green, blue) = colour;
        self.connection
            .create_cursor(cursor, pixmap, pixmap, red, green, blue, 0, 0, 0, hot.0, hot.1)
            .unwrap();
        let look = ChangeWindowAttributesAux::new().cursor(cursor);
        self.connection.change_window_attributes(self.root, &look).unwrap();
        self.sync();
    }

    fn id(&self) -> u32 {
        self.connection.generate_id().unwrap()
    }

    /// Calls a part of the screen a monitor, and not any more the part that was called so.
    pub(crate) fn set_monitor(&self, name: &str, rect: Rect) {
        let outputs = self.connection.randr_get_screen_resources(self.root).unwrap().reply().unwrap().outputs;
        let monitor = MonitorInfo {
            name: self.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom,
            primary: false,
            automatic: false,
            x: rect.x as i16,
            y: rect.y as i16,
            width: rect.width,
            height: rect.height,
            width_in_millimeters: 100,
            height_in_millimeters: 100,
            // The first has the one output there is, the others none.
            outputs: if rect.x == 0 { outputs } else { Vec::new() },
        };
        // Nobody is to see it missing.
        self.connection.grab_server().unwrap();
        // An error where there was none is no concern.
        self.connection.randr_delete_monitor(self.root, monitor.name).unwrap().ignore_error();
        let done = self.connection.randr_set_monitor(self.root, monitor).unwrap().check();
        self.connection.ungrab_server().unwrap();
        self.sync();
        done.unwrap();
    }

    pub(crate) fn delete_monitor(&self, name: &str) {
        let atom = self.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
        self.connection.randr_delete_monitor(self.root, atom).unwrap().check().unwrap();
    }

    /// Gives the screen and its one output another resolution.
    pub(crate) fn resize(&self, width: u16, height: u16) {
        let randr = &self.connection;
        let about = randr.randr_get_screen_resources(self.root).unwrap().reply().unwrap();
        let (crtc, output, then) = (about.crtcs[0], about.outputs[0], about.config_timestamp);
        let known = about.modes.iter().find(|mode| (mode.width, mode.height) == (width, height));
        let mode = known.map(|mode| mode.id).unwrap_or_else(|| {
            let name = format!("{width}x{height}");
            let (htotal, vtotal) = (width + 30, height + 30);
            let name_len = name.len() as u16;
            let mode = ModeInfo { width, height, htotal, vtotal, name_len, ..ModeInfo::default() };
            let mode =
                randr.randr_create_mode(self.root, mode, name.as_bytes()).unwrap().reply().unwrap().mode;
            randr.randr_add_output_mode(output, mode).unwrap().check().unwrap();
            mode
        });
        let set = |mode, outputs: &[u32]| {
            let upright = Rotation::ROTATE0;
            let now = x11rb::CURRENT_TIME;
            let reply = randr.randr_set_crtc_config(crtc, now, then, 0, 0, mode, upright, outputs);
            assert_eq!(reply.unwrap().reply().unwrap().status, SetConfig::SUCCESS);
        };
        set(0, &[]);
        randr.randr_set_screen_size(self.root, width, height, 100, 100).unwrap().check().unwrap();
        set(mode, &[output]);
    }

    /// Moves the pointer, as a mouse does.
    pub(crate) fn move_pointer(&self, x: i16, y: i16) {
        self.connection.xtest_fake_input(MOTION_NOTIFY_EVENT, 0, 0, self.root, x, y, 0).unwrap();
        self.sync();
    }

    /// Lets only the window hear of the pointer, as a menu does.
    pub(crate) fn grab_pointer(&self, window: Window) {
        let (mask, mode) = (EventMask::BUTTON_PRESS, GrabMode::ASYNC);
        let grab = self.connection.grab_pointer(false, window, mask, mode, mode, 0_u32, 0_u32, 0_u32);
        assert_eq!(grab.unwrap().reply().unwrap().status, GrabStatus::SUCCESS);
    }

    /// Clicks with the left button, as a mouse does.
    pub(crate) fn click(&self, x: i16, y: i16) {
        for (kind, detail) in [(MOTION_NOTIFY_EVENT, 0), (BUTTON_PRESS_EVENT, 1), (BUTTON_RELEASE_EVENT, 1)] {
            self.connection.xtest_fake_input(kind, detail, 0, self.root, x, y, 0).unwrap();
        }
        self.sync();
    }

    /// Waits for a click and returns the window that got it.
    pub(crate) fn clicked(&self) -> Window {
        wait_for("a click", SOON, || match self.connection.poll_for_event().unwrap()? {
            Event::ButtonPress(press) => Some(press.event),
            _ => None,
        })
        .unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

impl Drop for XServer {
    fn drop(&mut self) {
        // It may be dead already, that is what some tests are about.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn display(name: &str) -> Display {
    Display::from_variables(|variable| (variable == "DISPLAY").then(|| name.to_owned()))
}
