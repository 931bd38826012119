//! The service, called in every way that the description of its interface allows, and in many that it rules out.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::process::{cargo, repository, run as run_process, target_dir};
use crate::setup;

/// How often each operation is called with values that are made up; further calls try each limit of a schema.
const EXAMPLES: &str = "20";
const EXAMPLES_LONG: &str = "500";

/// Drives a service that has something of everything in it with schemathesis.
pub(crate) fn run(long: bool) -> Result<()> {
    let schemathesis = setup::schemathesis()?;
    run_process(&mut cargo(&["build", "--locked", "--package", "service", "--example", "furnished"]))?;
    let service = Furnished::start()?;
    // What it writes down has no place beside what is committed.
    let folder = target_dir().join("schemathesis");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let given = repository().join(setup::SCHEMATHESIS);
    let mut command = Command::new(schemathesis);
    command.current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("SCHEMATHESIS_HOOKS", given.join("hooks.py")).env("FURNISHED", &service.said);
    command.arg("--config-file").arg(given.join("schemathesis.toml"));
    command.args(["run", &format!("{}/openapi.json", service.url)]);
    command.args(["--max-examples", if long { EXAMPLES_LONG } else { EXAMPLES }]);
    if !long {
        command.args(["--seed", "1"]);
    }
    run_process(&mut command)
}

/// A running service; it ends with this.
struct Furnished {
    child: Child,
    /// What it says of itself.
    said: String,
    url: String,
}

impl Furnished {
    fn start() -> Result<Self> {
        let name = format!("furnished{}", std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(target_dir().join("debug/examples").join(name));
        // What is tried and refused is no news.
        command.env("RUST_LOG", "off").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start the service")?;
        let mut said = String::new();
        let stdout = child.stdout.take().context("the service says nothing")?;
        BufReader::new(stdout).read_line(&mut said).context("cannot read what the service says")?;
        let url =
            serde_json::from_str(&said).ok().and_then(|said: Value| Some(said["url"].as_str()?.to_owned()));
        let mut service = Self { child, said, url: String::new() };
        let Some(url) = url else { bail!("the service did not start") };
        service.url = url;
        Ok(service)
    }
}

impl Drop for Furnished {
    fn drop(&mut self) {
        // The end of its input ends it, unless it hangs.
        drop(self.child.stdin.take());
        for _ in 0..50 {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
