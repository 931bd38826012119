//! The store in one SQLite file: nothing to install, one writer, durable when a call returns.

mod accounts;
mod agents;
mod copies;
mod file;
mod passkeys;
mod reach;
mod schema;
mod security;
mod sessions;

use super::{Error, Result, Store, Tx, Verdict};
use protocol::Timestamp;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, Row, ToSql, TransactionBehavior,
    functions::FunctionFlags,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The database file.
pub struct Sqlite(Mutex<Connection>);

impl Sqlite {
    /// Opens the database at `path`, making it (readable by its owner only) or bringing its schema up to date if need be.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or is of a later version.
    pub fn open(path: &Path) -> Result<Self> {
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| Error::Open { path: path.to_owned(), source };
        file::make_private(path).map_err(|source| failed(source.into()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(path, flags).map_err(|source| failed(source.into()))?;
        prepare(&connection).map_err(|source| failed(source.into()))?;
        schema::migrate(&mut connection)?;
        Ok(Self(Mutex::new(connection)))
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    // The command line adds operators while the service runs on the same file.
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A receipt that was acknowledged must survive a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(128);
    // SQLite's own `lower` knows the letters of English only.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("fold", 1, flags, |text| Ok(text.get::<String>(0)?.to_lowercase()))
}

impl Store for Sqlite {
    fn transact(&self, work: &mut dyn FnMut(&mut dyn Tx) -> Verdict) -> Result<()> {
        // A panic inside a transaction rolls it back, so what a poisoned lock protects is sound.
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match work(&mut Records(&transaction)) {
            Verdict::Commit => transaction.commit()?,
            Verdict::RollBack => transaction.rollback()?,
        }
        Ok(())
    }
}

/// One transaction.
struct Records<'a>(&'a Connection);

impl Records<'_> {
    fn execute(&self, sql: &str, values: &[&dyn ToSql]) -> Result<usize> {
        Ok(self.0.prepare_cached(sql)?.execute(values)?)
    }

    fn first<T>(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        Ok(rows.next()?.map(read).transpose()?)
    }

    fn all<T>(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(values, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation)
                if error.sqlite_error().is_some_and(|error| {
                    matches!(
                        error.extended_code,
                        rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                    )
                }) =>
            {
                Self::Exists
            }
            _ => Self::Database(error.into()),
        }
    }
}

/// A value kept as it stands on the wire: a bare word or number where its JSON is a string, JSON text otherwise.
struct Wire<T>(T);

impl<T: Serialize> ToSql for Wire<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = serde_json::to_value(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(match value {
            Value::String(text) => text.into(),
            Value::Null => rusqlite::types::Null.into(),
            other => other.to_string().into(),
        })
    }
}

impl<T: DeserializeOwned> FromSql for Wire<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let value = match value {
            ValueRef::Null => Value::Null,
            value => {
                let text = value.as_str()?;
                if text.starts_with(['{', '[']) {
                    serde_json::from_str(text).map_err(|error| FromSqlError::Other(error.into()))?
                } else {
                    Value::String(text.to_owned())
                }
            }
        };
        serde_json::from_value(value).map(Self).map_err(|error| FromSqlError::Other(error.into()))
    }
}

/// A point in time, kept as milliseconds since 1970.
struct Millis(Timestamp);

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_millisecond().into())
    }
}

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let milliseconds = value.as_i64()?;
        Timestamp::from_millisecond(milliseconds)
            .map(Self)
            .map_err(|_| FromSqlError::OutOfRange(milliseconds))
    }
}

/// A column kept as [`Wire`].
fn wire<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    row.get::<_, Wire<T>>(column).map(|wire| wire.0)
}

/// A column kept as [`Millis`].
fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    row.get::<_, Millis>(column).map(|millis| millis.0)
}

/// A column kept as [`Millis`], or nothing.
fn maybe_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<Millis>>(column).map(|millis| millis.map(|millis| millis.0))
}

/// The columns `operator_id` and `operator_name` of a joined row.
fn operator(row: &Row<'_>) -> rusqlite::Result<protocol::Operator> {
    Ok(protocol::Operator { id: wire(row, "operator_id")?, name: row.get("operator_name")? })
}
