//! The journal's files and what their names say.

use std::{
    fs::{self, File},
    io::{self, BufReader},
    path::{Path, PathBuf},
};

/// The one file of the format's first version.
const FIRST_VERSION: &str = "journal.jsonl";
/// What the newest line was, so that lines missing at the end are noticed.
const HEAD: &str = "journal-head.json";
/// What the clock said at the last starts.
const STARTS: &str = "journal-starts.json";

/// The numbers a file can have; a file a month is far from the last.
const NUMBERS: std::ops::Range<u32> = 1..1_000_000;

/// One file of the journal. Numbers order the files, whatever clocks said when they were made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    /// Counts from 1; the first version's file is 0.
    pub(super) number: u32,
    /// Its name.
    pub(super) name: String,
}

impl Segment {
    /// The name of a file to be made, as in `journal-0012-2026-11.jsonl`.
    pub(super) fn new(number: u32, month: &str) -> Self {
        Self { number, name: format!("journal-{number:04}-{month}.jsonl") }
    }

    fn from_name(name: &str) -> Option<Self> {
        if name == FIRST_VERSION {
            return Some(Self { number: 0, name: name.into() });
        }
        let (number, month) = name.strip_prefix("journal-")?.strip_suffix(".jsonl")?.split_once('-')?;
        let number = number.parse().ok().filter(|number| NUMBERS.contains(number))?;
        // A file that was copied or renamed is none of the journal's.
        (Self::new(number, month).name == name && is_month(month)).then(|| Self { number, name: name.into() })
    }

    /// The month in its name, as in `2026-11`.
    pub(super) fn month(&self) -> Option<&str> {
        let (_, month) = self.name.strip_prefix("journal-")?.strip_suffix(".jsonl")?.split_once('-')?;
        Some(month)
    }

    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(&self.name)
    }
}

fn is_month(text: &str) -> bool {
    let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-').is_some_and(|(year, month)| digits(year, 4) && digits(month, 2))
}

/// What a missing file is called: its month is not known.
pub(super) fn missing(number: u32) -> String {
    format!("journal-{number:04}")
}

/// The files in the order in which they were made.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Segment>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut segments: Vec<Segment> = names.filter_map(|name| Segment::from_name(&name)).collect();
    segments.sort();
    Ok(segments)
}

/// Opens a file for reading. Only an ordinary one: a pipe in its place would be waited for, for ever.
pub(super) fn open(path: &Path) -> io::Result<BufReader<File>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no ordinary file"));
    }
    File::open(path).map(BufReader::new)
}

/// Where the newest line is remembered.
pub(super) fn head(folder: &Path) -> PathBuf {
    folder.join(HEAD)
}

/// Where the last starts are remembered.
pub(super) fn starts(folder: &Path) -> PathBuf {
    folder.join(STARTS)
}
