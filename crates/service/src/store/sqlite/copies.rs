//! Copies of the database: made while the service runs, and put back.

use super::{Sqlite, file, schema};
use crate::store::{Error, Result};
use rusqlite::{Connection, OpenFlags};
use std::{io::ErrorKind, path::Path, sync::PoisonError};

impl Sqlite {
    /// Writes a copy of the database as it is now to `path`, which must not exist; readable by its owner only. Others go on
    /// reading and writing meanwhile.
    ///
    /// # Errors
    ///
    /// When the file exists or cannot be written.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        copy(&connection, path)
    }

    /// Makes the database `path` of a copy, and voids what must not come back with it: sign-ins. The database must not exist,
    /// so that nothing is lost by mistake.
    ///
    /// # Errors
    ///
    /// When the copy is damaged or no database of this service, or the database exists or cannot be written.
    pub fn restore(from: &Path, path: &Path) -> Result<()> {
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| Error::Open { path: from.to_owned(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let source = Connection::open_with_flags(from, flags).map_err(|error| failed(error.into()))?;
        let sound: String = source
            .pragma_query_value(None, "integrity_check", |row| row.get(0))
            .map_err(|error| failed(error.into()))?;
        if sound != "ok" {
            return Err(failed(format!("it is damaged: {sound}").into()));
        }
        if schema::version(&source)? == 0 {
            return Err(failed("it is no database of this service".into()));
        }
        copy(&source, path)?;
        drop(source);
        let ready = Self::open(path).and_then(|restored| {
            let connection = restored.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Somebody may have signed out, or been signed out, since.
            connection.execute("DELETE FROM sign_in", [])?;
            Ok(())
        });
        // One of a later version, for instance; nobody is to start on it.
        ready.inspect_err(|_| drop(std::fs::remove_file(path)))
    }
}

fn copy(from: &Connection, path: &Path) -> Result<()> {
    let failed =
        |source: Box<dyn std::error::Error + Send + Sync>| Error::Open { path: path.to_owned(), source };
    let name = path.to_str().ok_or_else(|| failed("its name is no text".into()))?;
    // SQLite takes an empty file for one to be made, and leaves its rights as they are. A file or link that somebody else
    // put there has other rights, or lies elsewhere.
    file::make_new_private(path).map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => failed("it exists already".into()),
        _ => failed(source.into()),
    })?;
    let written = from.execute("VACUUM INTO ?1", [name]);
    // Half a copy looks like one.
    written.inspect_err(|_| drop(std::fs::remove_file(path)))?;
    Ok(())
}
