//! A user of a computer without a display: a home folder, and the agent's program in it.

use crate::operator::{Service, until};
use serde_json::Value;
use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

/// One user's home, with the agent's program in it.
pub(crate) struct User {
    home: tempfile::TempDir,
    pub(crate) service_url: String,
    environment: Vec<(String, String)>,
}

/// A running agent; dropping it kills it as a power cut would.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl User {
    /// Of a computer that IT enrolled with this service.
    pub(crate) fn of(service: &Service) -> Self {
        Self::through(service, &service.url())
    }

    /// The same, where the service is reached at another address than its own.
    pub(crate) fn through(service: &Service, service_url: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let user = Self { home, service_url: service_url.into(), environment: Vec::new() };
        fs::create_dir(user.path("run")).unwrap();
        fs::write(user.path("token"), service.enrolment_token.expose()).unwrap();
        user
    }

    /// Adds a variable to the agent's environment.
    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Writes the user's settings.
    pub(crate) fn with_settings(self, text: &str) -> Self {
        let folder = self.path(".config/ondemand-agent");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("settings.toml"), text).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Where the agent keeps what must last.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.path(".local/share/ondemand-agent").join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.run(Command::new(env!("CARGO_BIN_EXE_ondemand-agent")), arguments)
    }

    fn run(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).env_clear().stdin(Stdio::null());
        command.env("HOME", self.home.path()).env("XDG_RUNTIME_DIR", self.path("run"));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the agent as a device's, and waits until it answers.
    pub(crate) fn start(&self) -> Running {
        self.start_by(Command::new(env!("CARGO_BIN_EXE_ondemand-agent")))
    }

    /// The same through another program, which takes the agent's arguments.
    pub(crate) fn start_by(&self, program: Command) -> Running {
        let token = self.path("token");
        let arguments = [
            "run",
            "--background",
            "--service-url",
            &self.service_url,
            "--enrolment-token-file",
            token.to_str().unwrap(),
        ];
        let log = fs::File::options().create(true).append(true).open(self.path("stderr")).unwrap();
        let running = Running(self.run(program, &arguments).stderr(log).spawn().unwrap());
        until("the agent answers", || self.say(&["status"]).status.success().then_some(()));
        running
    }

    pub(crate) fn say(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub(crate) fn status(&self) -> Value {
        serde_json::from_slice(&self.say(&["status", "--json"]).stdout).unwrap()
    }

    /// Waits until the tray icon would tell this.
    pub(crate) fn until_tray(&self, state: &str) {
        until(&format!("the agent is {state}"), || (self.status()["tray"] == state).then_some(()));
    }

    /// Every line of the journal.
    pub(crate) fn journal(&self) -> Vec<Value> {
        let names = fs::read_dir(self.data("")).unwrap().map(|entry| entry.unwrap().path());
        let is_journal = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("journal-") && name.ends_with(".jsonl")
        };
        let mut files: Vec<_> = names.filter(is_journal).collect();
        files.sort();
        let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        // The last line may be being written.
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Proves to the service that one is this user's agent.
    pub(crate) fn agent_token(&self) -> String {
        let credential: Value =
            serde_json::from_slice(&fs::read(self.data("credential.json")).unwrap()).unwrap();
        credential["agent_token"].as_str().unwrap().to_owned()
    }
}
