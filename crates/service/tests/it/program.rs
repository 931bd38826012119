//! The program `ondemand-service` as an administrator uses it.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Output, Stdio},
};

fn program(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ondemand-service"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have refused its arguments and gone before it reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn value(output: &Output, name: &str) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap().to_owned()
}

fn add_organisation(database: &str) -> String {
    let arguments = ["organisation", "add", "--database", database, "--name", "Example Support"];
    value(&program(&arguments, ""), "id")
}

#[test]
fn set_up_takes_secrets_from_standard_input_and_prints_what_is_needed_next() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("service.db");
    let database = database.to_str().unwrap();
    let organisation = add_organisation(database);
    let operator =
        ["operator", "add", "--database", database, "--organisation", &organisation, "--login", "olivia"];
    let operator = [&operator[..], &["--name", "Olivia Example", "--password-file", "-"]].concat();
    for (password, complaint) in [("", "first line is empty"), ("short\n", "at least 12 characters")] {
        let refused = program(&operator, password);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains(complaint), "{said}");
    }
    value(&program(&operator, "correct horse battery\n"), "id");
    let again = program(&operator, "correct horse battery\n");
    assert!(String::from_utf8(again.stderr).unwrap().contains("exists already"));

    let group =
        ["device-group", "add", "--database", database, "--organisation", &organisation, "--name", "Office"];
    let unknown = program(&[&group[..], &["--permissions", "view,fly"]].concat(), "");
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("no such permission"));
    let group = value(&program(&[&group[..], &["--permissions", "view,chat"]].concat(), ""), "id");
    let token = program(&["enrolment-token", "create", "--database", database, "--group", &group], "");
    assert_eq!(String::from_utf8(token.stdout).unwrap().trim().len(), 43);
}

#[test]
fn a_missing_folder_is_said_plainly() {
    let database = Path::new("no-such-folder").join("service.db");
    let said = program(&["serve", "--database", database.to_str().unwrap()], "").stderr;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("the folder no-such-folder for the database does not exist"), "{said}");
}

#[cfg(unix)]
#[test]
fn it_says_when_it_is_ready_and_stops_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("service.db");
    let mut child = Command::new(env!("CARGO_BIN_EXE_ondemand-service"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--database"])
        .arg(&database)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert!(ready.starts_with("listening on http://127.0.0.1:"), "{ready}");
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    for line in String::from_utf8(output.stderr).unwrap().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn an_organisation_and_its_operators_can_be_put_right_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("service.db");
    let database = database.to_str().unwrap();
    let organisation = add_organisation(database);
    let rename = ["organisation", "update", "--database", database, "--organisation", &organisation];
    let good = program(&[&rename[..], &["--name", "Sample Care", "--domain", "care.example"]].concat(), "");
    assert!(good.status.success());
    let bad = program(&[&rename[..], &["--domain", "Care Example"]].concat(), "");
    assert!(String::from_utf8(bad.stderr).unwrap().contains("not an internet domain"));
    let list = program(&["organisation", "list", "--database", database], "");
    assert!(String::from_utf8(list.stdout).unwrap().contains("Sample Care"));

    let update = ["operator", "update", "--database", database, "--login", "olivia"];
    let unknown = program(&update, "");
    assert!(
        String::from_utf8(unknown.stderr).unwrap().contains("no operator with the sign-in name `olivia`")
    );
    let add =
        ["operator", "add", "--database", database, "--organisation", &organisation, "--login", "olivia"];
    let add =
        [&add[..], &["--name", "Olivia Example", "--role", "operator", "--password-file", "-"]].concat();
    value(&program(&add, "correct horse battery\n"), "id");
    let change = ["--role", "administrator", "--enable", "--password-file", "-"];
    let weak = program(&[&update[..], &change[..]].concat(), "olivia-olivia\n");
    assert!(String::from_utf8(weak.stderr).unwrap().contains("too easy to guess"));
    assert!(program(&[&update[..], &change[..]].concat(), "another horse battery\n").status.success());
}
