//! The program `ondemand-service` as an administrator uses it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Output, Stdio},
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

/// The service on a free port, which ends with the test however that ends.
#[cfg(unix)]
struct Serving {
    child: Child,
    address: SocketAddr,
}

#[cfg(unix)]
impl Serving {
    /// Returns once it says that it is ready.
    fn start(folder: &Path, log: Stdio) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_ondemand-service"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--database"])
            .arg(folder.join("service.db"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        // What goes wrong from here on ends it too.
        let mut serving = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut ready = String::new();
        BufReader::new(serving.child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let address = ready.trim().strip_prefix("listening on http://").expect(&ready);
        serving.address = address.parse().unwrap();
        assert!(serving.address.ip().is_loopback());
        serving
    }

    /// Tells it to stop, as the system does.
    fn stop(&mut self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        assert!(self.child.wait().unwrap().success());
    }
}

#[cfg(unix)]
impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
    let mut serving = Serving::start(folder.path(), Stdio::piped());
    let log = serving.child.stderr.take().unwrap();
    serving.stop();
    for line in std::io::read_to_string(log).unwrap().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

/// What the process has in memory, in KiB.
#[cfg(target_os = "linux")]
fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn thousands_of_slow_connections_cost_little_memory_and_keep_nobody_out() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use std::net::TcpStream;

    // Many shells allow a thousand files.
    let allowed = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: allowed.maximum, ..allowed }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path(), Stdio::null());
    let (address, process) = (serving.address, serving.child.id());
    let page = || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    page();
    let before = memory(process);

    // Each says much, and stops within the lines before the body or within the body.
    let head = "POST /operator/v1/sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
    let within_head = format!("{head}X-Filler: {}", "a".repeat(8000));
    let within_body = format!("{head}Content-Length: 60000\r\n\r\n\"{}", "a".repeat(8000));
    let mut crowd = Vec::new();
    for number in 0..2000 {
        let mut stream = TcpStream::connect(address).unwrap();
        let sent = if number % 2 == 0 { &within_head } else { &within_body };
        // It may have been displaced already.
        let _ = stream.write_all(sent.as_bytes());
        crowd.push(stream);
        // Served, and so what came before it was read.
        if number % 100 == 99 {
            page();
        }
    }
    let grown = memory(process).saturating_sub(before);
    println!("{before} KiB before, {grown} KiB more with the crowd");
    assert!(grown < 64 * 1024, "{grown} KiB");
    drop(crowd);
    page();
    serving.stop();
}

#[test]
fn an_organisation_and_its_operators_can_be_put_right_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("service.db");
    let database = database.to_str().unwrap();
    let organisation = add_organisation(database);
    let of = |command| ["organisation", command, "--database", database, "--organisation", &organisation];
    assert!(program(&[&of("update")[..], &["--name", "Sample Care"]].concat(), "").status.success());
    assert!(
        program(&[&of("approve-domain")[..], &["--domain", "care.example"]].concat(), "").status.success()
    );
    let bad = program(&[&of("approve-domain")[..], &["--domain", "Care Example"]].concat(), "");
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

#[test]
fn whoever_runs_the_service_suspends_reads_the_log_and_makes_copies() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["service.db", "copy.db", "restored.db"].map(|name| folder.path().join(name));
    let [database, copy, restored] = paths.each_ref().map(|path| path.to_str().unwrap());
    let organisation = add_organisation(database);
    let said = |arguments: &[&str]| {
        let output = program(arguments, "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let of = |command| ["organisation", command, "--database", database, "--organisation", &organisation];
    said(&of("suspend"));
    assert!(said(&["organisation", "list", "--database", database]).contains("suspended since"));
    said(&["backup", "--database", database, copy]);
    said(&of("resume"));
    said(&of("remove-domain"));

    let log = said(&["audit", "export", "--database", database, "--organisation", &organisation]);
    let actions: Vec<String> = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .inspect(|line| assert_eq!(line["organisation_id"], organisation.as_str()))
        .map(|line| line["action"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(actions, ["organisation_added", "organisation_suspended", "organisation_resumed"]);
    assert_eq!(said(&["audit", "export", "--database", database, "--until", "2020-01-01T00:00:00Z"]), "");
    assert_eq!(said(&["report", "list", "--database", database]), "");
    let none = program(&["report", "show", "--database", database, "1"], "");
    assert!(String::from_utf8(none.stderr).unwrap().contains("there is no report 1"));

    said(&["restore", "--database", restored, copy]);
    assert!(said(&["organisation", "list", "--database", restored]).contains("suspended since"));
    assert!(!program(&["restore", "--database", restored, copy], "").status.success());
}

#[test]
fn receipts_are_verified_without_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let verify = |file: &str, more: &[&str]| program(&[&["receipt", "verify", file], more].concat(), "");
    assert_eq!(verify(&path("none"), &[]).status.code(), Some(1));
    fs::write(path("nonsense"), "{}").unwrap();
    let refused = verify(&path("nonsense"), &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("not a file of receipts"));

    // A receipt that nobody signed rightly, alone as the console saves it.
    fs::write(path("receipt.jws"), "e30.e30.e30").unwrap();
    let found = verify(&path("receipt.jws"), &["--json"]);
    assert_eq!(found.status.code(), Some(6));
    let report: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!((&report["sound"], &report["findings"][0]["kind"]), (&false.into(), &"unreadable".into()));
    let words = String::from_utf8(verify(&path("receipt.jws"), &[]).stdout).unwrap();
    assert!(words.starts_with("Receipt 1 of the file: it cannot be read as a receipt"), "{words}");
    let empty = r#"{"format":"ondemand-receipts","version":1,"receipts":[]}"#;
    let from_input = program(&["receipt", "verify", "-"], empty);
    assert!(from_input.status.success());
    assert_eq!(String::from_utf8(from_input.stdout).unwrap(), "There are no receipts.\n");
}

#[test]
fn an_organisations_key_is_changed_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("service.db");
    let database = database.to_str().unwrap();
    let organisation = add_organisation(database);
    let listed =
        || String::from_utf8(program(&["organisation", "list", "--database", database], "").stdout).unwrap();
    let before = listed();
    let rotate = ["organisation", "rotate-key", "--database", database, "--organisation", &organisation];
    let key = value(&program(&rotate, ""), "public key");
    assert!(listed().contains(&key) && !before.contains(&key));
    let refused = program(&[&rotate[..], &["--overlap-days", "400"]].concat(), "");
    assert!(String::from_utf8(refused.stderr).unwrap().contains("1 to 365 days"));
    assert!(listed().contains(&key));
}
