//! `ondemand-service` as a process of its own, with a made-up organisation.

use crate::{Operator, stop};
use anyhow::{Context, Result, bail};
use protocol::{GroupId, OrganisationId};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

const LOGIN: &str = "olivia";
const PASSWORD: &str = "a made-up password for the rehearsal";

/// How the service is to be started.
#[derive(Clone, Debug, Default)]
pub struct ServiceOptions {
    /// Certificate and key files in PEM form; without them it serves `http://`.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// A folder with what users can download.
    pub downloads: Option<PathBuf>,
    /// Whether browsers are to reach it as `localhost`: passkeys belong to a name, and an IP address is none.
    pub by_name: bool,
}

/// The made-up organisation, its device group and an enrolment token.
#[derive(Clone, Debug)]
pub struct SetUp {
    /// "Example Support".
    pub organisation: OrganisationId,
    /// Its public key.
    pub public_key: String,
    /// A device group that allows everything.
    pub group: GroupId,
    /// A file with a token for devices of that group.
    pub enrolment_token_file: PathBuf,
}

/// The service, running.
#[derive(Debug)]
pub struct Service {
    program: PathBuf,
    options: ServiceOptions,
    child: Option<Child>,
    folder: TempDir,
    address: String,
    /// What it was set up with.
    pub set_up: SetUp,
}

impl Service {
    /// Sets up a fresh database and starts the service on a free port.
    ///
    /// # Errors
    ///
    /// When a step fails; the error holds what the program said.
    pub fn start(program: &Path, options: ServiceOptions) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let set_up = set_up(program, folder.path())?;
        let mut service = Self {
            program: program.into(),
            options,
            child: None,
            folder,
            address: "127.0.0.1:0".into(),
            set_up,
        };
        if service.options.by_name {
            // Its own address is among what it is told, so the port has to be known before.
            service.address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        }
        service.serve()?;
        Ok(service)
    }

    /// Where it listens, as in `http://127.0.0.1:8470`.
    pub fn url(&self) -> String {
        let scheme = if self.options.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where browsers reach it.
    pub fn console_url(&self) -> String {
        let url = self.url();
        if self.options.by_name { url.replace("127.0.0.1", "localhost") } else { url }
    }

    /// Its process.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Stops it; open polls are answered first.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            stop(&mut child);
        }
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same port with the same database.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn serve(&mut self) -> Result<()> {
        let mut command = Command::new(&self.program);
        command
            .args(["serve", "--listen", &self.address])
            .arg("--database")
            .arg(database(self.folder.path()));
        if let Some((certificate, key)) = &self.options.tls {
            command.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
        }
        if self.options.by_name {
            command.arg("--public-url").arg(self.console_url());
        }
        if let Some(folder) = &self.options.downloads {
            command.arg("--downloads").arg(folder);
        }
        let log = fs::File::create(self.folder.path().join("service.log"))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().context("failed to start the service")?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        self.child = Some(child);
        match line.trim().split_once("://") {
            Some((_, address)) => self.address = address.into(),
            None => bail!("the service did not start: {}", self.log()),
        }
        Ok(())
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("service.log")).unwrap_or_default()
    }

    /// Signs the made-up operator in.
    ///
    /// # Errors
    ///
    /// When that is refused.
    pub fn operator(&self) -> Result<Operator> {
        let authority = self.options.tls.as_ref().map(|(certificate, _)| certificate.as_path());
        Operator::sign_in(&self.url(), LOGIN, PASSWORD, authority)
    }

    /// Runs `ondemand-service` with these arguments on its database, as whoever runs it would. Gives what it prints.
    ///
    /// # Errors
    ///
    /// When the command fails.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        run(&self.program, self.folder.path(), arguments, "")
    }

    /// The made-up operator's sign-in name and password, for a browser.
    pub fn credentials(&self) -> (&'static str, &'static str) {
        (LOGIN, PASSWORD)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}

fn database(folder: &Path) -> PathBuf {
    folder.join("service.db")
}

fn run(program: &Path, folder: &Path, arguments: &[&str], input: &str) -> Result<String> {
    let mut command = Command::new(program);
    command.args(arguments).arg("--database").arg(database(folder));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("failed to start ondemand-service")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("ondemand-service {arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn set_up(program: &Path, folder: &Path) -> Result<SetUp> {
    let run = |arguments: &[&str], input: &str| run(program, folder, arguments, input);
    let organisation =
        run(&["organisation", "add", "--name", "Example Support", "--domain", "support.example"], "")?;
    let id = value_of("id", &organisation)?;
    let public_key = value_of("public key", &organisation)?;
    run(
        &[
            "operator",
            "add",
            "--organisation",
            id,
            "--login",
            LOGIN,
            "--name",
            "Olivia Example",
            "--password-file",
            "-",
        ],
        PASSWORD,
    )?;
    let permissions = "view,control,files_read,files_write,clipboard,chat,messages";
    let group = run(
        &["device-group", "add", "--organisation", id, "--name", "Front desk", "--permissions", permissions],
        "",
    )?;
    let group = value_of("id", &group)?;
    let token = run(&["enrolment-token", "create", "--group", group], "")?;
    let enrolment_token_file = folder.join("enrolment-token");
    fs::write(&enrolment_token_file, token.trim())?;
    Ok(SetUp {
        organisation: id.parse()?,
        public_key: public_key.into(),
        group: group.parse()?,
        enrolment_token_file,
    })
}

/// The value after `name: ` in what a command printed.
fn value_of<'a>(name: &str, output: &'a str) -> Result<&'a str> {
    let of_line = |line: &'a str| line.strip_prefix(name)?.strip_prefix(": ").map(str::trim);
    output.lines().find_map(of_line).with_context(|| format!("{name:?} is not in {output:?}"))
}
