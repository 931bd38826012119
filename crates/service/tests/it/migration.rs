//! Databases of earlier versions, brought up to date.

use protocol::{Permission, Timestamp, operator::Role};
use rusqlite::{Connection, types::Value};
use service::store::{Error, HistoryFilter, Store, sqlite::Sqlite};
use std::collections::BTreeMap;

const TABLES: [&str; 13] = [
    "service",
    "organisation",
    "operator",
    "sign_in",
    "invitation",
    "device_group",
    "enrolment_token",
    "device",
    "help",
    "agent",
    "event",
    "request",
    "receipt",
];

/// Every row of every table, in the columns that this version had.
fn rows(connection: &Connection, columns: &BTreeMap<&str, Vec<String>>) -> BTreeMap<String, Vec<Vec<Value>>> {
    let of = |table: &&str| {
        let wanted = columns[table].join(", ");
        let mut statement =
            connection.prepare(&format!("SELECT {wanted} FROM {table} ORDER BY 1, 2")).unwrap();
        let width = columns[table].len();
        let read = statement.query_map([], |row| (0..width).map(|at| row.get(at)).collect()).unwrap();
        ((*table).to_owned(), read.collect::<Result<_, _>>().unwrap())
    };
    TABLES.iter().chain(&["session", "message"]).map(of).collect()
}

fn columns(connection: &Connection) -> BTreeMap<&'static str, Vec<String>> {
    let of = |table: &&'static str| {
        let mut statement = connection.prepare(&format!("PRAGMA table_info({table})")).unwrap();
        let names = statement.query_map([], |row| row.get(1)).unwrap();
        (*table, names.collect::<Result<_, _>>().unwrap())
    };
    TABLES.iter().chain(&["session", "message"]).map(of).collect()
}

#[test]
fn a_database_of_version_1_is_brought_up_to_date_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("service.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../src/store/sqlite/schema.sql")).unwrap();
    old.execute("INSERT INTO service VALUES (1, ?1)", [[7_u8; 32].as_slice()]).unwrap();
    old.execute_batch(include_str!("samples/version_1.sql")).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    let known = columns(&old);
    let before = rows(&old, &known);
    assert!(before.values().all(|rows| !rows.is_empty()), "the sample has a row in each table");
    drop(old);

    let store = Sqlite::open(&path).unwrap();
    let new = Connection::open(&path).unwrap();
    assert_eq!(rows(&new, &known), before);
    assert_eq!(new.pragma_query_value(None, "user_version", |row| row.get(0)), Ok(7));
    drop(new);

    let store: &dyn Store = &store;
    store
        .run(|tx| {
            let role = |login: &str, tx: &mut dyn service::store::Tx| {
                tx.operator_by_login(login).unwrap().unwrap().role
            };
            assert_eq!(
                role("olivia", tx),
                Role::Administrator,
                "an organisation's first operator manages it"
            );
            assert_eq!(role("oscar", tx), Role::Operator);
            assert_eq!(role("otto", tx), Role::Administrator);
            let (operator, _) = tx.sign_in("sign-in-1")?.unwrap();
            assert_eq!(
                (operator.login.as_str(), operator.disabled_at, operator.one_time_until),
                ("olivia", None, None)
            );
            let organisation = tx.organisation(&operator.organisation)?.unwrap();
            assert_eq!((organisation.accent, tx.logo_etag(&operator.organisation)?), (None, None));
            let tokens = tx.enrolment_tokens(&"grp-1".parse().unwrap())?;
            let seen: Vec<_> = tokens.iter().map(|(token, devices)| (token.uses_left, *devices)).collect();
            assert_eq!(seen, [(None, 0), (Some(3), 1)]);
            let viewed = HistoryFilter { permission: Some(Permission::View), ..HistoryFilter::default() };
            let found = tx.history(&operator.organisation, &viewed, 10)?;
            assert_eq!(found.iter().map(|(_, session)| session.id.as_str()).collect::<Vec<_>>(), ["ses-1"]);
            assert_eq!(found[0].0.started_at, Timestamp::from_millisecond(1_790_000_012_000).unwrap());
            Ok::<_, Error>(())
        })
        .unwrap();
}
