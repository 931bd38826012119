//! The schema and its versions; `PRAGMA user_version` says which one a file has.

use super::{Error, Result};
use rusqlite::{Connection, TransactionBehavior};

/// Step *n* leads from version *n* to *n* + 1. Steps are added, never changed.
const STEPS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
];

/// Which version a file has; 0 for one that is not of this service.
pub(super) fn version(connection: &Connection) -> Result<u32> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(Error::Newer { found, known });
    }
    for step in STEPS.iter().skip(found as usize) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    if found == 0 {
        let key = crypto::random_bytes::<32>();
        transaction.execute("INSERT INTO service (only_row, key) VALUES (1, ?1)", [key.as_slice()])?;
    }
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_later_version_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let refused = migrate(&mut connection);
        assert!(matches!(refused, Err(Error::Newer { found: 99, known }) if known as usize == STEPS.len()));
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        let key = |connection: &Connection| {
            connection.query_row("SELECT key FROM service", [], |row| row.get::<_, Vec<u8>>(0)).unwrap()
        };
        migrate(&mut connection).unwrap();
        let first = key(&connection);
        migrate(&mut connection).unwrap();
        assert_eq!(key(&connection), first);
    }
}
