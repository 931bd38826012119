//! The network between two programs of the stage: counted, as slow as wanted, and cut when wanted.

use anyhow::Result;
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// What is read at once.
const CHUNK: usize = 16 * 1024;
/// How many chunks are on their way in one direction: more than a line of 20 Mbit/s and 60 ms holds, so that it is the
/// line's rate that slows a sender down.
const UNDERWAY: usize = 32;

/// How soon a line that was silent is one that is not.
const A_LITTLE: Duration = Duration::from_millis(5);

/// How slow a line is.
#[derive(Clone, Copy, Debug)]
pub struct Slowness {
    /// From one end to the other.
    pub delay: Duration,
    /// In each direction.
    pub bits_per_second: u32,
}

/// A relay on loopback; its threads end with the program.
pub struct Wire {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    bytes: AtomicU64,
    is_cut: AtomicBool,
    is_silent: AtomicBool,
    /// Both ends of every connection that was made since the last cut.
    ends: Mutex<Vec<TcpStream>>,
}

impl Wire {
    /// Listens on a free port and passes everything on to `to`, at once.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub fn start(to: SocketAddr) -> Result<Self> {
        Self::with(to, None)
    }

    /// As [`start`](Self::start), and it takes its time.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub fn slow(to: SocketAddr, slowness: Slowness) -> Result<Self> {
        Self::with(to, Some(slowness))
    }

    fn with(to: SocketAddr, slowness: Option<Slowness>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let wire = Self { address: listener.local_addr()?, shared: Arc::default() };
        let shared = wire.shared.clone();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // An end that fails is a connection that fails, which whoever made it notices.
                let _ = shared.connect(near, to, slowness);
            }
        });
        Ok(wire)
    }

    /// Bytes so far, both directions together: TLS included, TCP and below not.
    pub fn bytes(&self) -> u64 {
        self.shared.bytes.load(SeqCst)
    }

    /// Breaks every connection, and every one that is tried from now on.
    pub fn cut(&self) {
        self.shared.is_cut.store(true, SeqCst);
        for end in self.shared.ends().drain(..) {
            // What is closed already needs no more.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Nothing arrives any more, in either direction, and nobody is told.
    pub fn silence(&self) {
        self.shared.is_silent.store(true, SeqCst);
    }

    /// Lets connections be made again, and what was held up arrive.
    pub fn mend(&self) {
        self.shared.is_cut.store(false, SeqCst);
        self.shared.is_silent.store(false, SeqCst);
    }
}

impl Shared {
    fn ends(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(self: &Arc<Self>, near: TcpStream, to: SocketAddr, slowness: Option<Slowness>) -> Result<()> {
        let mut ends = self.ends();
        // With the ends locked, a cut finds all of them.
        if self.is_cut.load(SeqCst) {
            return Ok(());
        }
        let far = TcpStream::connect(to)?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        for (from, to) in [(&near, &far), (&far, &near)] {
            let (from, to) = (from.try_clone()?, to.try_clone()?);
            let shared = self.clone();
            let (send, underway) = sync_channel(UNDERWAY);
            thread::spawn(move || shared.take(from, &send, slowness));
            let silence = self.clone();
            thread::spawn(move || deliver(to, &underway, &silence.is_silent));
        }
        ends.extend([near, far]);
        Ok(())
    }

    /// Takes what is sent, and says when it arrives.
    fn take(&self, mut from: TcpStream, send: &SyncSender<(Instant, Vec<u8>)>, slowness: Option<Slowness>) {
        let mut buffer = [0; CHUNK];
        let mut free = Instant::now();
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            self.bytes.fetch_add(length as u64, SeqCst);
            let mut arrives = Instant::now();
            if let Some(Slowness { delay, bits_per_second }) = slowness {
                let bits = length as f64 * 8.0;
                free = free.max(arrives) + Duration::from_secs_f64(bits / f64::from(bits_per_second));
                arrives = free + delay;
            }
            if send.send((arrives, buffer[..length].to_vec())).is_err() {
                break;
            }
        }
    }
}

fn deliver(mut to: TcpStream, underway: &Receiver<(Instant, Vec<u8>)>, is_silent: &AtomicBool) {
    while let Ok((arrives, bytes)) = underway.recv() {
        thread::sleep(arrives.saturating_duration_since(Instant::now()));
        while is_silent.load(SeqCst) {
            thread::sleep(A_LITTLE);
        }
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = to.shutdown(Shutdown::Write);
}
