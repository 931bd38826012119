//! The diagnostic log: to standard error, and to a file that does not grow without end.
//!
//! INFO is what a user would notice. Tokens, chat, file contents and session codes are never logged.

use crate::private;
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use tracing::{Level, Metadata, callsite::Identifier};
use tracing_subscriber::{
    Layer as _,
    filter::Targets,
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Chooses what is logged, as in `debug` or `session=debug,info`.
const VARIABLE: &str = "ONDEMAND_AGENT_LOG";
/// A file that has grown beyond this becomes the old one, and the old one is gone.
const MAX_BYTES: u64 = 1024 * 1024;
/// So many lines of one kind are written within [`WHILE`], unless somebody asked for more: a service or an operator who
/// brings lines about at will must not wash the others out of the file.
const MOST_OF_A_KIND: u32 = 20;
const WHILE: Duration = Duration::from_mins(10);
/// Follows the last of them.
const LEFT_OUT: &[u8] = b"  more lines like this one are left out for some minutes\n";

/// Logs from now on; also to the file at `path`, where one is given.
pub(crate) fn start(path: Option<&Path>) {
    let chosen = std::env::var(VARIABLE).ok().and_then(|chosen| chosen.parse::<Targets>().ok());
    // What libraries say is of interest to whoever looks for a fault, and to nobody else.
    let ours = ["ondemand_agent", "session", "window", "line"].map(|name| (name, Level::INFO));
    let usual = || Targets::new().with_default(Level::WARN).with_targets(ours);
    let is_limited = chosen.is_none();
    let targets = chosen.unwrap_or_else(usual);
    let to_stderr = fmt::layer().with_writer(Limited::new(io::stderr, is_limited)).with_target(false);
    let to_file = path.map(|path| {
        let file = Mutex::new(Rotated { path: path.to_owned(), open: None });
        fmt::layer().with_ansi(false).with_writer(Limited::new(file, is_limited))
    });
    tracing_subscriber::registry().with(to_stderr.and_then(to_file).with_filter(targets)).init();
}

/// Writes no more than so many lines of each kind within a while. A kind is a place in the program.
struct Limited<M> {
    inner: M,
    /// When the while began, and how many lines there were in it; `None` where all are written.
    kinds: Option<Mutex<HashMap<Identifier, (Instant, u32)>>>,
}

impl<M> Limited<M> {
    fn new(inner: M, is_limited: bool) -> Self {
        Self { inner, kinds: is_limited.then(Mutex::default) }
    }

    /// How many lines of this kind there are in this while, this one included.
    fn count(&self, kind: Identifier, now: Instant) -> u32 {
        let Some(kinds) = &self.kinds else { return 0 };
        let mut kinds = kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, lines) = kinds.entry(kind).or_insert((now, 0));
        if now.duration_since(*began) >= WHILE {
            (*began, *lines) = (now, 0);
        }
        *lines = lines.saturating_add(1);
        *lines
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Limited<M> {
    type Writer = Line<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line::Whole(self.inner.make_writer())
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Self::Writer {
        match self.count(about.callsite(), Instant::now()) {
            ..MOST_OF_A_KIND => Line::Whole(self.inner.make_writer_for(about)),
            MOST_OF_A_KIND => Line::Last(self.inner.make_writer_for(about)),
            _ => Line::LeftOut,
        }
    }
}

/// Where one line goes.
enum Line<W> {
    Whole(W),
    Last(W),
    LeftOut,
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Whole(inner) => inner.write(bytes),
            Self::Last(inner) => {
                inner.write_all(&[bytes, LEFT_OUT].concat())?;
                Ok(bytes.len())
            }
            Self::LeftOut => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Whole(inner) | Self::Last(inner) => inner.flush(),
            Self::LeftOut => Ok(()),
        }
    }
}

/// A file that is opened when it is first needed and set aside when it is full.
struct Rotated {
    path: PathBuf,
    open: Option<(File, u64)>,
}

impl Rotated {
    fn file(&mut self) -> io::Result<&mut (File, u64)> {
        if matches!(self.open, Some((_, length)) if length >= MAX_BYTES) {
            self.open = None;
            fs::rename(&self.path, self.path.with_extension("log.old"))?;
        }
        if self.open.is_none() {
            let file = private::append(&self.path)?;
            let length = file.metadata()?.len();
            self.open = Some((file, length));
        }
        self.open.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Write for Rotated {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (file, length) = self.file()?;
        let written = file.write(bytes)?;
        *length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_brings_lines_about_at_will_washes_no_others_out() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for is_limited in [true, false] {
            let log = Limited::new(Mutex::new(file.reopen().unwrap()), is_limited);
            let log = fmt::Subscriber::builder().with_ansi(false).with_writer(log).finish();
            file.as_file().set_len(0).unwrap();
            tracing::subscriber::with_default(log, || {
                for number in 0..1000 {
                    tracing::warn!(number, "an operator's doing");
                }
                tracing::warn!("another thing");
            });
            let log = fs::read_to_string(file.path()).unwrap();
            let lines = log.lines().filter(|line| line.contains("an operator's doing")).count();
            assert_eq!(lines, if is_limited { MOST_OF_A_KIND as usize } else { 1000 }, "{log}");
            assert_eq!(log.matches("are left out").count(), usize::from(is_limited), "{log}");
            assert!(log.contains("another thing"), "{log}");
        }
    }

    #[test]
    fn after_a_while_lines_are_written_again() {
        let log = Limited::new((), true);
        let kind = tracing::callsite!(name: "a kind", kind: tracing::metadata::Kind::EVENT, fields:);
        let kind = tracing::Callsite::metadata(kind).callsite();
        let now = Instant::now();
        assert_eq!((1..=3).map(|_| log.count(kind.clone(), now)).last(), Some(3));
        assert_eq!(log.count(kind, now + WHILE), 1);
    }

    #[test]
    fn the_log_takes_two_files_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.log");
        let mut log = Rotated { path: path.clone(), open: None };
        let half = vec![b'x'; MAX_BYTES as usize / 2];
        for _ in 0..7 {
            log.write_all(&half).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        assert_eq!(fs::metadata(&path).unwrap().len(), MAX_BYTES / 2);
    }
}
