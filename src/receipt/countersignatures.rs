//! What services said of receipts that they took in: a line each, only added to.
//!
//! A line that a power failure cut is passed over, and costs no other.

use crate::private;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

/// A file that is longer is cut to the newer half when something is added: some ten thousand of them.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// A receipt that was countersigned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Countersigned {
    /// The hash of its compact JWS.
    pub(crate) receipt: String,
    /// The service's compact JWS.
    pub(crate) countersignature: String,
}

/// Every countersignature, by the hash of its receipt; of several the newest.
pub(crate) fn read(path: &Path) -> Result<BTreeMap<String, String>, private::Error> {
    let bytes = private::read(path)?.unwrap_or_default();
    let lines = bytes.split(|byte| *byte == b'\n');
    let read = lines.filter_map(|line| serde_json::from_slice::<Countersigned>(line).ok());
    Ok(read.map(|line| (line.receipt, line.countersignature)).collect())
}

/// Adds one, and returns when it is sure to last.
pub(crate) fn add(path: &Path, line: &Countersigned) -> Result<(), private::Error> {
    add_within(path, line, MOST_BYTES)
}

fn add_within(path: &Path, line: &Countersigned, most: u64) -> Result<(), private::Error> {
    let failed = |source| private::Error::Write { path: path.to_owned(), source };
    let mut text = serde_json::to_vec(line)
        .map_err(|source| private::Error::Content { path: path.to_owned(), source })?;
    text.push(b'\n');
    let mut file = private::append(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > most {
        return private::write(path, &[newer_half(&mut file, length).map_err(failed)?, text].concat());
    }
    if length > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).map_err(failed)?;
        if last != *b"\n" {
            text.insert(0, b'\n');
        }
    }
    file.write_all(&text).and_then(|()| file.sync_data()).map_err(failed)
}

/// The whole lines in the second half.
fn newer_half(file: &mut std::fs::File, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(length / 2))?;
    let mut reader = BufReader::new(file);
    reader.read_until(b'\n', &mut Vec::new())?;
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest)?;
    if rest.last().is_some_and(|last| *last != b'\n') {
        rest.push(b'\n');
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn line(number: usize) -> Countersigned {
        Countersigned { receipt: format!("receipt {number}"), countersignature: format!("word {number}") }
    }

    #[test]
    fn a_file_that_was_cut_anywhere_loses_no_whole_line_and_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("countersignatures.jsonl");
        assert_eq!(read(&path).unwrap(), BTreeMap::new());
        add(&path, &line(1)).unwrap();
        add(&path, &line(2)).unwrap();
        let whole = fs::read(&path).unwrap();
        let second = whole.len() / 2;
        for cut in second..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            add(&path, &line(3)).unwrap();
            let read = read(&path).unwrap();
            assert_eq!(read["receipt 1"], "word 1", "{cut}");
            assert_eq!(read["receipt 3"], "word 3", "{cut}");
        }
    }

    #[test]
    fn a_file_that_is_too_long_keeps_the_newer_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("countersignatures.jsonl");
        for number in 0..200 {
            add_within(&path, &line(number), 4096).unwrap();
        }
        assert!(fs::metadata(&path).unwrap().len() < 4096 + 100);
        let read = read(&path).unwrap();
        assert!(read.contains_key("receipt 199") && read.contains_key("receipt 170"), "{read:?}");
        assert!(!read.contains_key("receipt 0"));
    }
}
