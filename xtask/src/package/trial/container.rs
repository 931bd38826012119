//! The recipe of the service's container, tried without anything that makes containers: the steps of its last part are done
//! in the same fresh Debian, and the service is started as the recipe says.
//!
//! How console and program are built there is looked at only: that what is copied exists, and that what is run is what the
//! other stages run.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};

use super::System;
use crate::process::{repository, run as run_process};

const RECIPE: &str = "installer/service/Containerfile";

/// An instruction and what follows it.
type Step = (String, String);

pub(super) fn run(service: &Path) -> Result<()> {
    let parts = parts(&fs::read_to_string(repository().join(RECIPE)).context("no recipe")?);
    let [console, program, last] = parts.as_slice() else { bail!("the recipe has {} parts", parts.len()) };
    for (name, arguments) in console.iter().chain(program) {
        let from: Vec<_> = arguments.split(' ').collect();
        for path in from.iter().rev().skip(1).filter(|path| name == "COPY" && !path.starts_with("--")) {
            let is_there = path.starts_with('/') || repository().join(path).exists();
            ensure!(is_there, "the recipe copies {path}, which is not there");
        }
    }

    let system = System::fresh("container")?;
    let (mut user, mut variables, mut entry) = (String::new(), Vec::new(), Vec::new());
    for (name, arguments) in last {
        match name.as_str() {
            "FROM" | "VOLUME" | "EXPOSE" => {}
            "STOPSIGNAL" => ensure!(arguments == "SIGTERM", "the service stops at SIGTERM"),
            "RUN" => run_process(system.chroot().args(["sh", "-euc", arguments]))?,
            "COPY" => {
                let to = arguments.rsplit(' ').next().unwrap_or_default();
                fs::copy(service, system.root.join(to.trim_start_matches('/')))?;
            }
            "USER" => user.clone_from(arguments),
            "ENV" => {
                variables.extend(arguments.split_once('=').map(|(name, value)| (name.to_owned(), value)))
            }
            "ENTRYPOINT" | "CMD" => {
                let words: Vec<String> = serde_json::from_str(arguments).context("no list of arguments")?;
                entry.extend(words);
            }
            other => bail!("{other} is not tried"),
        }
    }
    ensure!(!user.is_empty() && user != "0", "the service is somebody of its own");

    let mut command = system.chroot();
    command.args(["setpriv", "--reuid", &user, "--regid", &user, "--clear-groups"]).args(entry);
    for (name, value) in variables {
        // Any port, as others may use the one in the recipe.
        command.env(name, value.replace(":8470", ":0"));
    }
    let mut child = command.stdout(Stdio::piped()).spawn().context("failed to start the service")?;
    let answered = (|| {
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("the service has no output")?).read_line(&mut line)?;
        let port = line.trim().rsplit(':').next().context("the service is not ready")?;
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).with_context(|| line.clone())?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: support.example\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        anyhow::Ok(())
    })();
    run_process(std::process::Command::new("kill").args(["-s", "TERM", &child.id().to_string()]))?;
    let ended = child.wait()?;
    answered?;
    ensure!(ended.success(), "the service did not stop as it should");
    let database = fs::metadata(system.root.join("data/service.db")).context("no database in the volume")?;
    ensure!(database.uid().to_string() == user, "the database belongs to somebody else");
    Ok(())
}

/// The recipe's parts, each from its `FROM` on.
fn parts(recipe: &str) -> Vec<Vec<Step>> {
    let joined = recipe.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut parts: Vec<Vec<Step>> = Vec::new();
    for line in lines {
        let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
        if name == "FROM" {
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push((name.to_owned(), arguments.trim().to_owned()));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_recipe_says_over_several_lines_is_one_step() {
        let parts = parts("# A recipe.\nFROM one AS first\nRUN a \\\n    && b\n\nFROM two\nUSER 7\n");
        let step = |name: &str, arguments: &str| (name.to_owned(), arguments.to_owned());
        assert_eq!(parts[0], [step("FROM", "one AS first"), step("RUN", "a      && b")]);
        assert_eq!(parts[1], [step("FROM", "two"), step("USER", "7")]);
    }
}
