//! `ondemand-agent run` as a process of its own, and its one-shot commands.

use crate::{Signal, arguments_of, children_of, signal, stop, wait_for};
use anyhow::{Context, Result};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
};
use tempfile::TempDir;

/// How the agent is to be started.
#[derive(Clone, Debug, Default)]
pub struct AgentOptions {
    /// The service; empty for an agent that was told of none.
    pub service_url: String,
    /// Makes it a device.
    pub enrolment_token_file: Option<PathBuf>,
    /// Variables of the desktop it runs on; none for an agent without one.
    pub environment: Vec<(String, String)>,
    /// Further arguments of `run`, such as `--background`.
    pub arguments: Vec<String>,
    /// A file with certificates to trust, for a service with TLS.
    pub extra_ca: Option<PathBuf>,
    /// An organisation's id and key: pinned, as if IT had deployed it.
    pub pinned: Option<(String, String)>,
}

/// The agent, running. Its files live in a folder of its own, which stays over [`Agent::restart`].
#[derive(Debug)]
pub struct Agent {
    program: PathBuf,
    options: AgentOptions,
    folder: TempDir,
    child: Child,
}

impl Agent {
    /// Starts the agent with an empty home folder.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(program: &Path, options: AgentOptions) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("run"))?;
        #[cfg(unix)]
        fs::set_permissions(folder.path().join("run"), std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        let child = spawn(program, &options, folder.path())?;
        Ok(Self { program: program.into(), options, folder, child })
    }

    /// Starts it again, as the same user with the same files, after it ended.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn restart(&mut self) -> Result<()> {
        self.child = spawn(&self.program, &self.options, self.folder.path())?;
        Ok(())
    }

    /// Sets or removes a variable for the next start.
    pub fn set_variable(&mut self, name: &str, value: Option<&str>) {
        self.options.environment.retain(|(other, _)| other != name);
        self.options.environment.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// The resident's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its home folder.
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `ondemand-agent` with these arguments as the same user; `input` goes to its standard input.
    ///
    /// # Errors
    ///
    /// When it cannot be started; a failure of the command is in the output.
    pub fn run(&self, arguments: &[&str], input: &str) -> Result<Output> {
        let mut command = command(&self.program, &self.options, self.folder.path());
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("failed to start ondemand-agent")?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        Ok(child.wait_with_output()?)
    }

    /// What `status --json` says.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub fn status(&self) -> Result<Value> {
        let output = self.run(&["status", "--json"], "")?;
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("no status: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Waits until `status --json` fits.
    ///
    /// # Errors
    ///
    /// When that does not happen in time.
    pub fn wait_for_status(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Result<Value> {
        let waited = wait_for(what, || Ok(self.status().ok().filter(&fits)));
        waited.with_context(|| {
            let status = self.status().map_or_else(|error| error.to_string(), |status| status.to_string());
            format!("the status is {status}\n{}", self.log())
        })
    }

    /// The living child process that was started as `window` or `access`.
    pub fn children(&self, kind: &str) -> Vec<u32> {
        let of_kind = |pid: &u32| arguments_of(*pid).get(1).is_some_and(|argument| argument == kind);
        children_of(self.pid()).into_iter().filter(of_kind).collect()
    }

    /// What it logged, all starts together.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("agent.log")).unwrap_or_default()
    }

    /// Kills it without warning.
    pub fn kill(&mut self) {
        signal(&self.child, Signal::Kill);
        let _ = self.child.wait();
    }

    /// Asks it to end, as a log-off does.
    pub fn terminate(&mut self) -> Option<ExitStatus> {
        stop(&mut self.child)
    }

    /// Waits until it ended by itself.
    ///
    /// # Errors
    ///
    /// When that does not happen in time.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        wait_for("the agent to end", || Ok(self.child.try_wait()?))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.terminate();
    }
}

fn command(program: &Path, options: &AgentOptions, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.envs(options.environment.iter().map(|(name, value)| (name, value)));
    command.env("HOME", home).env("USER", "ursula");
    for (variable, folder) in [
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CACHE_HOME", "cache"),
    ] {
        command.env(variable, home.join(folder));
    }
    // The desktop's own run-time folder where there is one: the accessibility bus and others are found through it.
    if !options.environment.iter().any(|(name, _)| name == "XDG_RUNTIME_DIR") {
        command.env("XDG_RUNTIME_DIR", home.join("run"));
    }
    command
}

fn spawn(program: &Path, options: &AgentOptions, home: &Path) -> Result<Child> {
    let log = fs::OpenOptions::new().create(true).append(true).open(home.join("agent.log"))?;
    let mut command = command(program, options, home);
    command.arg("run");
    if !options.service_url.is_empty() {
        command.args(["--service-url", &options.service_url]);
    }
    if let Some(file) = &options.enrolment_token_file {
        command.arg("--enrolment-token-file").arg(file);
    }
    let mut settings = String::new();
    if let Some(file) = &options.extra_ca {
        settings += &format!("extra_ca = {:?}\n", file.display().to_string());
    }
    if let Some((organisation, key)) = &options.pinned {
        settings += &format!("[organisation_keys]\n{organisation:?} = {key:?}\n");
    }
    let folder = home.join("config/ondemand-agent");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("settings.toml"), settings)?;
    command.args(&options.arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().context("failed to start ondemand-agent")
}
