//! An X server of the test's own, and what a test does and sees on it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use input::{Display, Held, Injector, Options};
use virtual_desktop::{Hands, wait_for};
use x11rb::{
    connection::Connection as _,
    protocol::{Event, xinput::ConnectionExt as _, xproto::*},
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
        // Two that start at the same moment may want the same number, and one of them gives up.
        (0..5).find_map(|_| Self::try_start()).expect("Xvfb starts")
    }

    /// It ends with its last client, and so with a test that is killed.
    fn try_start() -> Option<Self> {
        let screen = format!("{}x{}x24", SIZE.0, SIZE.1);
        let mut process = Command::new("Xvfb")
            .args(["-displayfd", "1", "-terminate", "-nolisten", "tcp", "-screen", "0", &screen])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let name = format!(":{}", line.trim());
        let Ok((connection, screen)) = x11rb::connect(Some(&name)) else {
            process.kill().unwrap();
            process.wait().unwrap();
            return None;
        };
        let root = connection.setup().roots[screen].root;
        let _ = connection.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
        Some(Self { process, connection, root, name })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn display(&self) -> Display {
        Display::from_variables(|variable| (variable == "DISPLAY").then(|| self.name.clone()))
    }

    /// An operator whom nothing is kept from.
    pub(crate) fn operator(&self) -> Injector {
        self.operator_with(Options::new(Vec::new()))
    }

    pub(crate) fn operator_with(&self, options: Options) -> Injector {
        Injector::open(&self.display(), options, |_| {}).unwrap()
    }

    /// An injector in a process of its own, which says on its output what it holds.
    pub(crate) fn spawn_injector(&self, arguments: &[&str]) -> Child {
        Command::new(std::env::current_exe().unwrap().with_file_name("../examples/hold"))
            .args(arguments)
            .env("DISPLAY", &self.name)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XDG_SESSION_TYPE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example is built along with the tests")
    }

    pub(crate) fn set_layout(&self, layout: &str) {
        let set = Command::new("setxkbmap").args(["-display", &self.name, layout]).status().unwrap();
        assert!(set.success());
    }

    pub(crate) fn sync(&self) {
        self.connection.sync().unwrap();
    }

    /// Opens a window past any window manager.
    pub(crate) fn open(&self, parent: Window, (x, y, width, height): (i16, i16, u16, u16)) -> Window {
        let id = self.connection.generate_id().unwrap();
        let events = EventMask::BUTTON_PRESS | EventMask::BUTTON_RELEASE | EventMask::KEY_PRESS;
        let look = CreateWindowAux::new()
            .override_redirect(1)
            .event_mask(events | EventMask::POINTER_MOTION | EventMask::KEY_RELEASE);
        let class = WindowClass::INPUT_OUTPUT;
        self.connection.create_window(0, id, parent, x, y, width, height, 0, class, 0, &look).unwrap();
        self.connection.map_window(id).unwrap();
        self.sync();
        id
    }

    pub(crate) fn focus(&self, window: Window) {
        self.connection.set_input_focus(InputFocus::NONE, window, x11rb::CURRENT_TIME).unwrap();
        self.sync();
    }

    /// What came to the windows of this connection, in order: `+` a key, `-` the key's release, `(` a button, `)` its
    /// release, each with its number.
    pub(crate) fn events(&self) -> Vec<(char, u8, Window)> {
        self.sync();
        let mut events = Vec::new();
        while let Some(event) = self.connection.poll_for_event().unwrap() {
            events.extend(match event {
                Event::KeyPress(event) => Some(('+', event.detail, event.event)),
                Event::KeyRelease(event) => Some(('-', event.detail, event.event)),
                Event::ButtonPress(event) => Some(('(', event.detail, event.event)),
                Event::ButtonRelease(event) => Some((')', event.detail, event.event)),
                _ => None,
            });
        }
        events
    }

    pub(crate) fn keyboard_mapping(&self) -> Vec<u32> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = self.connection.get_keyboard_mapping(first, last - first + 1).unwrap().reply().unwrap();
        // Keys of fewer levels are padded, and how many there are depends on all of them.
        let levels = usize::from(map.keysyms_per_keycode);
        map.keysyms.chunks(levels).flat_map(|symbols| symbols[..2.min(levels)].to_vec()).collect()
    }

    pub(crate) fn pressed_keys(&self) -> Vec<u8> {
        let keys = self.connection.query_keymap().unwrap().reply().unwrap().keys;
        (0..=255).filter(|code: &u8| keys[usize::from(code / 8)] >> (code % 8) & 1 == 1).collect()
    }

    /// Modifiers and buttons.
    pub(crate) fn mask(&self) -> u16 {
        self.connection.query_pointer(self.root).unwrap().reply().unwrap().mask.into()
    }

    pub(crate) fn pointer(&self) -> (i16, i16) {
        let pointer = self.connection.query_pointer(self.root).unwrap().reply().unwrap();
        (pointer.root_x, pointer.root_y)
    }

    pub(crate) fn wait_until_free(&self, injector: &Injector) {
        let free = || (injector.held() == Held::default()).then_some(());
        wait_for("everything to be let go of", SOON, free).unwrap();
        assert_eq!(self.pressed_keys(), [] as [u8; 0]);
        assert_eq!(self.mask(), 0);
    }

    /// The user's own mouse and keyboard.
    pub(crate) fn hands(&self) -> Hands {
        Hands::on(&self.name).unwrap()
    }
}

impl Drop for XServer {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Presses a key and lets it go.
pub(crate) fn tap(operator: &mut Injector, symbol: u32) {
    let pressed = loop {
        match operator.key(true, symbol).unwrap() {
            input::Done::Later(time) => std::thread::sleep(time),
            done => break done,
        }
    };
    assert_eq!(pressed, input::Done::Injected, "{symbol:#x}");
    operator.key(false, symbol).unwrap();
}

/// As viewers name characters.
pub(crate) fn symbol(character: char) -> u32 {
    match u32::from(character) {
        0x20ac => 0x20ac,
        code @ (0x20..=0x7e | 0xa0..=0xff) => code,
        code => 0x0100_0000 | code,
    }
}

pub(crate) fn type_text(operator: &mut Injector, text: &str) {
    text.chars().for_each(|character| tap(operator, symbol(character)));
}
