//! The diagnostic log: to standard error, and to a file that does not grow without end.
//!
//! INFO is what a user would notice. Tokens, chat, file contents and session codes are never logged.

use crate::private;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};
use tracing::Level;
use tracing_subscriber::{
    Layer as _, filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Chooses what is logged, as in `debug` or `session=debug,info`.
const VARIABLE: &str = "ONDEMAND_AGENT_LOG";
/// A file that has grown beyond this becomes the old one, and the old one is gone.
const MAX_BYTES: u64 = 1024 * 1024;

/// Logs from now on; also to the file at `path`, where one is given.
pub(crate) fn start(path: Option<&Path>) {
    let chosen = std::env::var(VARIABLE).ok().and_then(|chosen| chosen.parse::<Targets>().ok());
    // What libraries say is of interest to whoever looks for a fault, and to nobody else.
    let ours = ["ondemand_agent", "session", "window", "line"].map(|name| (name, Level::INFO));
    let usual = || Targets::new().with_default(Level::WARN).with_targets(ours);
    let targets = chosen.unwrap_or_else(usual);
    let to_stderr = fmt::layer().with_writer(io::stderr).with_target(false);
    let to_file = path.map(|path| {
        let file = Mutex::new(Rotated { path: path.to_owned(), open: None });
        fmt::layer().with_ansi(false).with_writer(file)
    });
    tracing_subscriber::registry().with(to_stderr.and_then(to_file).with_filter(targets)).init();
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
