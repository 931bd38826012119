//! A VNC viewer that a test holds in its hand.

use crate::{Bridge, DEADLINE};
use anyhow::{Context, Result, ensure};
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};
use virtual_desktop::Point;

/// The smallest VNC viewer: it asks for picture after picture and counts bytes.
#[derive(Debug)]
pub struct Viewer {
    line: TcpStream,
    /// How many bytes came at a time; ends with the connection.
    received: Receiver<usize>,
}

impl Viewer {
    /// Connects, and asks for picture after picture from then on.
    ///
    /// # Errors
    ///
    /// As [`greet`].
    pub fn connect(bridge: &Bridge) -> Result<Self> {
        let (line, size) = greet(bridge)?;
        let (say, received) = mpsc::channel();
        let (viewer, mut line) = (line.try_clone()?, line);
        thread::spawn(move || {
            let mut everything = vec![3_u8, 0, 0, 0, 0, 0];
            everything.extend_from_slice(&size);
            let mut bytes = vec![0; 1 << 20];
            while line.write_all(&everything).is_ok() {
                match line.read(&mut bytes) {
                    Ok(count) if count > 0 && say.send(count).is_ok() => {}
                    Ok(_) | Err(_) => break,
                }
            }
        });
        Ok(Self { line: viewer, received })
    }

    /// Waits for something of the picture.
    ///
    /// # Errors
    ///
    /// When nothing comes.
    pub fn sees(&self) -> Result<()> {
        self.received.recv_timeout(DEADLINE).map(drop).context("no picture comes")
    }

    /// Presses a key or lets it go; `symbol` as X11 numbers them.
    ///
    /// # Errors
    ///
    /// When the connection has ended.
    pub fn key(&mut self, down: bool, symbol: u32) -> Result<()> {
        let mut message = vec![4, u8::from(down), 0, 0];
        message.extend_from_slice(&symbol.to_be_bytes());
        Ok(self.line.write_all(&message)?)
    }

    /// Types, one key after the other.
    ///
    /// # Errors
    ///
    /// When the connection has ended.
    pub fn type_text(&mut self, text: &str) -> Result<()> {
        for character in text.chars() {
            let symbol = match u32::from(character) {
                0x0a => 0xff0d,
                latin @ 0x20..=0xff => latin,
                other => 0x0100_0000 + other,
            };
            self.key(true, symbol)?;
            self.key(false, symbol)?;
        }
        Ok(())
    }

    /// Moves the pointer, with these buttons held: 1 is the left one.
    ///
    /// # Errors
    ///
    /// When the connection has ended.
    pub fn pointer(&mut self, at: Point, buttons: u8) -> Result<()> {
        let (x, y) = (u16::try_from(at.x)?, u16::try_from(at.y)?);
        let mut message = vec![5, buttons];
        message.extend_from_slice(&x.to_be_bytes());
        message.extend_from_slice(&y.to_be_bytes());
        Ok(self.line.write_all(&message)?)
    }

    /// Sends a text for the clipboard.
    ///
    /// # Errors
    ///
    /// When the connection has ended.
    pub fn send_text(&mut self, text: &str) -> Result<()> {
        let mut message = vec![6, 0, 0, 0];
        message.extend_from_slice(&u32::try_from(text.len())?.to_be_bytes());
        message.extend_from_slice(text.as_bytes());
        Ok(self.line.write_all(&message)?)
    }

    /// Presses and lets go of the left button.
    ///
    /// # Errors
    ///
    /// When the connection has ended.
    pub fn click(&mut self, at: Point) -> Result<()> {
        self.pointer(at, 0)?;
        self.pointer(at, 1)?;
        self.pointer(at, 0)
    }

    /// Waits for the connection's end and says how long it took.
    ///
    /// # Errors
    ///
    /// When the connection does not end.
    pub fn until_gone(&self, since: Instant) -> Result<Duration> {
        loop {
            match self.received.recv_timeout(DEADLINE) {
                Ok(_) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(since.elapsed()),
                Err(mpsc::RecvTimeoutError::Timeout) => anyhow::bail!("the picture goes on"),
            }
        }
    }
}

/// Connects, up to the first question of either side, and returns the size of the picture as it is on the wire.
///
/// # Errors
///
/// When whoever answers is no VNC server that asks for no password.
pub fn greet(bridge: &Bridge) -> Result<(TcpStream, [u8; 4])> {
    let mut line = TcpStream::connect(bridge.address)?;
    let mut greeting = [0; 12];
    line.read_exact(&mut greeting).context("no greeting")?;
    ensure!(&greeting == b"RFB 003.008\n", "another greeting: {greeting:?}");
    line.write_all(&greeting)?;
    let mut kinds = [0; 2];
    line.read_exact(&mut kinds)?;
    ensure!(kinds == [1, 1], "another list of kinds of security: {kinds:?}");
    line.write_all(&[1])?;
    // The result is fine, and then: shared, yes.
    line.read_exact(&mut [0; 4])?;
    line.write_all(&[1])?;
    let mut init = [0; 24];
    line.read_exact(&mut init)?;
    line.read_exact(&mut vec![0; usize::from(init[23])])?;
    Ok((line, [init[0], init[1], init[2], init[3]]))
}
