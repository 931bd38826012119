//! What is encoded here, decoded by libvncclient.
//!
//! The viewer is a small C program, because that is what the library is made for; it is built when the tests run.

#![cfg(feature = "foreign-decoder")]
#![expect(clippy::unwrap_used, reason = "what does not hold here fails the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rfb::{Cursor, Options, Rect, Screen, Server, Size};
use scene::{Change, Scene};
use tempfile::TempDir;

#[path = "server/scene.rs"]
#[expect(dead_code, reason = "the random part of it is for the other tests")]
mod scene;

const SIZE: Size = Size { width: 330, height: 250 };
const PATIENCE: Duration = Duration::from_secs(10);

/// The viewer and the server that it is connected to.
struct Pair {
    server: Server,
    stream: TcpStream,
    start: Instant,
    viewer: Child,
    pictures: BufReader<ChildStdout>,
    scene: Scene,
    /// Where the user's pointer is to be seen.
    pointer: Option<(Cursor, (u16, u16))>,
    _folder: TempDir,
}

/// A picture as the viewer has it.
struct Shown {
    size: Size,
    max: [u32; 3],
    pixels: Vec<[u32; 3]>,
    /// How many pixels of its own cursor can be seen, if it was told a shape.
    cursor: Option<u32>,
}

impl Pair {
    fn new(bytes_per_pixel: u8, encodings: &str, quality: Option<u8>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = build(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut command = Command::new(program);
        command.args([listener.local_addr().unwrap().port().to_string(), bytes_per_pixel.to_string()]);
        command.arg(encodings).args(quality.map(|quality| quality.to_string()));
        let mut viewer = command.stdout(Stdio::piped()).spawn().unwrap();
        let pictures = BufReader::new(viewer.stdout.take().unwrap());
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let server = Server::new(Options { name: "Test".into(), size: SIZE, view_only: true });
        let scene = Scene::new(SIZE);
        let (start, pointer) = (Instant::now(), None);
        let mut pair = Self { server, stream, start, viewer, pictures, scene, pointer, _folder: folder };
        pair.grab(pair.scene.all());
        pair
    }

    fn grab(&mut self, rect: Rect) {
        let width = self.scene.width();
        self.server.take_in(rect, self.scene.from(rect), width);
    }

    fn change(&mut self, change: &Change) {
        self.scene.apply(change);
        self.grab(change.rect());
    }

    /// Sends updates when the viewer asks for them, and returns what it shows when there is no more to tell.
    fn show(&mut self) -> Shown {
        let mut shown = None;
        loop {
            let more = self.server.poll_timeout().is_some_and(|at| at <= self.start.elapsed());
            if self.server.is_waiting()
                && !more
                && let Some(shown) = shown
            {
                return shown;
            }
            let updated = self.server.update(self.start.elapsed());
            self.stream.write_all(self.server.output()).unwrap();
            self.server.output().clear();
            if updated {
                shown = Some(self.shown());
            }
            let mut bytes = [0; 4096];
            let length = self.stream.read(&mut bytes).unwrap();
            assert!(length > 0, "the viewer went away");
            self.server.handle_bytes(&bytes[..length], self.start.elapsed()).unwrap();
        }
    }

    fn shown(&mut self) -> Shown {
        let mut head = String::new();
        self.pictures.read_line(&mut head).unwrap();
        let (format, cursor) = head.trim().rsplit_once(' ').unwrap();
        let numbers: Vec<u32> = format.split(' ').map(|number| number.parse().unwrap()).collect();
        let [width, height, bytes, red, green, blue, red_shift, green_shift, blue_shift] = numbers[..] else {
            panic!("the viewer says {head:?}");
        };
        let cursor = cursor.parse::<i32>().unwrap().try_into().ok();
        let (max, shift) = ([red, green, blue], [red_shift, green_shift, blue_shift]);
        let mut raw = vec![0; (width * height * bytes) as usize];
        self.pictures.read_exact(&mut raw).unwrap();
        let value = |pixel: &[u8]| pixel.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte));
        let colours = |value: u32| [0, 1, 2].map(|place: usize| value >> shift[place] & max[place]);
        let pixels = raw.chunks(bytes as usize).map(|pixel| colours(value(pixel))).collect();
        Shown { size: Size { width: width as u16, height: height as u16 }, max, pixels, cursor }
    }

    /// What the viewer should show, where nothing is lost but what its pixels have no room for.
    fn expected(&self, shown: &Shown) -> Vec<[u32; 3]> {
        let colour = |pixel: u32, place: usize| (pixel >> (16 - 8 * place) & 0xFF) * shown.max[place];
        let round = |value: u32| (value + 127) / 255;
        let pixels = match &self.pointer {
            Some((cursor, place)) => self.scene.with_cursor(cursor, *place),
            None => self.scene.pixels.clone(),
        };
        let pixels = pixels.iter();
        pixels.map(|&pixel| [0, 1, 2].map(|place| round(colour(pixel, place)))).collect()
    }

    fn assert_exact(&self, shown: &Shown) {
        assert_eq!(shown.size, self.scene.size);
        let expected = self.expected(shown);
        let wrong = expected.iter().zip(&shown.pixels).position(|(expected, seen)| expected != seen);
        if let Some(place) = wrong {
            let (x, y) = (place % self.scene.width(), place / self.scene.width());
            panic!("{x}, {y}: {:?} instead of {:?}", shown.pixels[place], expected[place]);
        }
    }

    fn fidelity(&self, shown: &Shown) -> f64 {
        let expected = self.expected(shown);
        let pairs = expected.iter().flatten().zip(shown.pixels.iter().flatten());
        let error: f64 = pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
        10.0 * (255.0 * 255.0 / (error / (3 * expected.len()) as f64)).log10()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // It ends by itself when the connection does; where it hangs, it does not.
        self.viewer.kill().ok();
        self.viewer.wait().ok();
    }
}

fn build(folder: &Path) -> PathBuf {
    let program = folder.join("viewer");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/viewer.c");
    let built = Command::new("cc").arg("-o").arg(&program).arg(source).arg("-lvncclient").status();
    assert!(built.unwrap().success(), "it takes a C compiler and the package libvncserver-dev");
    program
}

/// Some of everything, changing.
fn story() -> Vec<Change> {
    let rect = |x, y, width, height| Rect { x, y, width, height };
    vec![
        Change::Text(rect(10, 10, 250, 200)),
        Change::Fill(rect(0, 0, 330, 40), 0x30_6090),
        Change::Photo(rect(170, 60, 130, 110)),
        Change::Scroll(rect(10, 40, 160, 200), 13),
        Change::Text(rect(10, 227, 160, 13)),
        Change::Fill(rect(200, 100, 1, 1), 0xFF_FFFF),
        Change::Scroll(rect(0, 0, 330, 250), -30),
        Change::Photo(rect(0, 0, 330, 250)),
        Change::Fill(rect(0, 0, 330, 250), 0),
        Change::Text(rect(329, 0, 1, 250)),
    ]
}

#[test]
fn without_jpeg_it_shows_every_pixel_as_it_is() {
    for encodings in ["raw", "tight", "copyrect tight", "zrle", "copyrect zrle"] {
        for bytes_per_pixel in [4, 2, 1] {
            let mut pair = Pair::new(bytes_per_pixel, encodings, None);
            let shown = pair.show();
            pair.assert_exact(&shown);
            for (step, change) in story().iter().enumerate() {
                eprintln!("{encodings}, {bytes_per_pixel} bytes a pixel, step {step}: {change:?}");
                pair.change(change);
                let shown = pair.show();
                pair.assert_exact(&shown);
            }
        }
    }
}

#[test]
fn with_jpeg_it_is_close_and_becomes_exact() {
    for (quality, least) in [(2, 20.0), (5, 22.0), (6, 30.0), (9, 42.0)] {
        let mut pair = Pair::new(4, "copyrect tight", Some(quality));
        pair.show();
        pair.change(&Change::Photo(Rect { x: 3, y: 5, width: 300, height: 200 }));
        let shown = pair.show();
        let fidelity = pair.fidelity(&shown);
        assert!(fidelity > least, "{fidelity} dB at quality {quality}");
        // The clock goes on, and nothing else happens.
        pair.start -= Duration::from_secs(1);
        let shown = pair.show();
        pair.assert_exact(&shown);
    }
}

#[test]
fn it_follows_a_new_size() {
    let mut pair = Pair::new(4, "copyrect tight", None);
    pair.show();
    let size = Size { width: 200, height: 300 };
    pair.server.resize(size);
    pair.scene = Scene::new(size);
    pair.scene.apply(&Change::Text(pair.scene.all()));
    pair.grab(pair.scene.all());
    let shown = pair.show();
    pair.assert_exact(&shown);
}

#[test]
fn it_shows_the_users_pointer_and_no_second_one() {
    let shape = scene::cursor(Size { width: 24, height: 30 }, (3, 5), 7);
    for (encodings, quality) in
        [("copyrect tight", None), ("copyrect zrle", None), ("copyrect tight", Some(6))]
    {
        let mut pair = Pair::new(4, encodings, quality);
        pair.server.set_cursor(shape.clone());
        let visible = pair.show().cursor;
        assert!(visible > Some(0), "as long as nobody says where the pointer is, it is the viewer's");
        let places = [(100, 100), (0, 0), (329, 249), (60, 60)];
        for (change, &place) in story().iter().zip(places.iter().cycle()) {
            pair.server.set_pointer(Some(place));
            pair.pointer = Some((shape.clone(), place));
            pair.change(change);
            pair.show();
            // So that there is something to show where nothing is to be refined.
            pair.change(&Change::Fill(Rect { x: 329, y: 0, width: 1, height: 1 }, u32::from(place.0) + 1));
            let mut shown = pair.show();
            while pair.server.poll_timeout().is_some() {
                pair.start -= Duration::from_secs(1);
                shown = pair.show();
            }
            pair.assert_exact(&shown);
            assert_eq!(shown.cursor, Some(0));
        }
    }
}

#[test]
fn it_follows_a_new_size_of_several_screens() {
    let mut pair = Pair::new(4, "copyrect tight", None);
    pair.show();
    let size = Size { width: 300, height: 100 };
    let screen =
        |id: u32, x| Screen { id: id.try_into().unwrap(), rect: Rect { x, y: 0, width: 150, height: 100 } };
    pair.server.resize(size);
    pair.server.set_screens(&[screen(5, 0), screen(6, 150)]);
    pair.scene = Scene::new(size);
    pair.scene.apply(&Change::Text(pair.scene.all()));
    pair.grab(pair.scene.all());
    let shown = pair.show();
    pair.assert_exact(&shown);
}
