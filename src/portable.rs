//! A copy that somebody downloaded and started, without an installer: what its file's name says, and what is left of it.
//!
//! The page of an invitation names the file after the service and the session code, as in
//! `ondemand-agent-support.example-123-456-789`. Both are only proposals: the user is shown the service before anything
//! is sent to it, and the code is filled in as if a link had brought it.

use crate::{
    history,
    places::Places,
    resident::local::{self, Answer, Question},
    settings::ServiceUrl,
};
use anyhow::Context as _;
use protocol::SessionCode;
use std::{
    ffi::OsStr,
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// What the name of a downloaded copy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// The service's host, with its port where it has one.
    pub(crate) host: Option<String>,
    /// The session code.
    pub(crate) code: Option<SessionCode>,
}

/// What the name of this program's file says, where it is that of a downloaded copy.
pub(crate) fn label() -> Option<Label> {
    read(std::env::current_exe().ok()?.file_name()?)
}

fn read(name: &OsStr) -> Option<Label> {
    let name = name.to_str()?;
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let rest = without_number(name).strip_prefix("ondemand-agent-")?;
    let parts: Vec<&str> = rest.split('-').collect();
    let is_group = |part: &&str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    let groups = parts.iter().rev().take(3).filter(|part| is_group(part)).count();
    let (host, code) = parts.split_at(if groups == 3 { parts.len() - 3 } else { parts.len() });
    let (host, code) = (host.join("-"), code.concat().parse().ok());
    Some(Label {
        // Without a dot, or with a version's last number, it says what the file is.
        host: host
            .contains('.')
            .then(|| host.replacen('_', ":", 1))
            .filter(|host| service(host).is_some() && (code.is_some() || ends_in_letters(host))),
        code,
    })
}

fn ends_in_letters(host: &str) -> bool {
    host.rsplit('.').next().is_some_and(|last| last.starts_with(|first: char| first.is_ascii_alphabetic()))
}

/// Browsers number files that are downloaded again: `name (1)`, `name(1)`.
fn without_number(name: &str) -> &str {
    let numbered = name.strip_suffix(')').and_then(|name| name.rsplit_once('('));
    match numbered {
        Some((name, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => name.trim_end(),
        _ => name,
    }
}

/// The service at an address as people write it.
pub(crate) fn service(address: &str) -> Option<ServiceUrl> {
    let address = address.trim();
    if address.contains("://") {
        return address.parse().ok();
    }
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let loopback = host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
    let scheme = if loopback { "http" } else { "https" };
    format!("{scheme}://{address}").parse().ok()
}

/// Fills the code in at an agent, installed or another copy, that runs and talks to the same service.
pub(crate) fn hand_over(label: &Label, places: &Places) -> bool {
    let Some(code) = label.code.clone() else { return false };
    let Ok(Answer::Status { status }) = local::ask(places, &Question::Status) else { return false };
    let running = status["service_url"].as_str().and_then(service);
    let proposed = label.host.as_deref().and_then(service);
    let same = running.is_some() && (proposed.is_none() || proposed == running);
    same && local::ask(places, &Question::Join { code }).is_ok()
}

/// Removes what the copy wrote, and keeps the history where somebody asked to connect: that is the user's. Returns where.
pub(crate) fn clean_up(places: &Places) -> anyhow::Result<Option<PathBuf>> {
    let kept = keep_history(places).context("failed to keep the history of this copy")?;
    for folder in places.folders() {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("failed to remove {}", folder.display()));
            }
            _ => {}
        }
        // The folder of all copies goes where nothing else is in it.
        if let Some(above) = folder.parent() {
            let _ = fs::remove_dir(above);
        }
    }
    Ok(kept)
}

fn keep_history(places: &Places) -> anyhow::Result<Option<PathBuf>> {
    let folder = places.journal();
    if !folder.is_dir() || history::load(folder)?.0.entries.is_empty() {
        return Ok(None);
    }
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let kept = places.history_of_copies().join(since_1970.to_string());
    crate::platform::private_folder(&kept)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_journal = name.to_str().is_some_and(|name| name.starts_with("journal-"));
        if is_journal && entry.file_type()?.is_file() {
            fs::rename(entry.path(), kept.join(&name))?;
        }
    }
    Ok(Some(kept))
}

/// Asks the user for the service, in a process that ends with its window. None where they cancelled.
pub(crate) fn ask_service(
    program: &Path,
    proposed: Option<&str>,
    language: Option<&str>,
) -> anyhow::Result<Option<ServiceUrl>> {
    let mut command = std::process::Command::new(program);
    command.arg("ask-service").env_clear().envs(crate::platform::environment_for_children());
    for (name, value) in [("--proposed", proposed), ("--language", language)] {
        command.args(value.map(|value| format!("{name}={value}")));
    }
    let asked =
        command.stderr(std::process::Stdio::inherit()).output().context("failed to ask for the service")?;
    anyhow::ensure!(asked.status.success(), "the window that asks for the service could not be opened");
    let answer = String::from_utf8_lossy(&asked.stdout);
    Ok(service(answer.trim()).filter(|_| !answer.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resident::Event;
    use std::{sync::mpsc, thread};

    fn label_of(name: &str) -> Option<(Option<String>, Option<String>)> {
        let Label { host, code } = read(OsStr::new(name))?;
        Some((host, code.map(|code| code.digits().to_owned())))
    }

    #[test]
    fn a_downloaded_copys_name_proposes_service_and_code() {
        let both = Some((Some("support.example".into()), Some("123456789".into())));
        for name in [
            "ondemand-agent-support.example-123-456-789",
            "ondemand-agent-support.example-123-456-789.exe",
            "ondemand-agent-support.example-123-456-789 (1).exe",
            "ondemand-agent-support.example-123-456-789(2)",
        ] {
            assert_eq!(label_of(name), both, "{name}");
        }
        let other = "ondemand-agent-help-desk.example_8443-123-456-789";
        assert_eq!(label_of(other), Some((Some("help-desk.example:8443".into()), Some("123456789".into()))));
        assert_eq!(label_of("ondemand-agent-support.example"), Some((Some("support.example".into()), None)));
        let address = label_of("ondemand-agent-192.0.2.7_8443-123-456-789");
        assert_eq!(address, Some((Some("192.0.2.7:8443".into()), Some("123456789".into()))));
        assert_eq!(label_of("ondemand-agent-123-456-789"), Some((None, Some("123456789".into()))));
    }

    #[test]
    fn a_name_that_says_nothing_proposes_nothing() {
        for made in [
            "ondemand-agent-linux-x86_64",
            "ondemand-agent-windows-x86_64.exe",
            "ondemand-agent-0.1.0-x86_64.exe",
            "ondemand-agent-0.1.0-x86_64 (1).exe",
            "ondemand-agent-1.2.345",
        ] {
            assert_eq!(label_of(made), Some((None, None)), "{made}");
        }
        assert_eq!(label_of("ondemand-agent-support.example@evil.example-12-34"), Some((None, None)));
        for name in ["ondemand-agent", "ondemand-agent.exe", "something-else-123-456-789"] {
            assert_eq!(label_of(name), None, "{name}");
        }
    }

    /// Answers as a resident of this service would, and collects what it is asked.
    fn answering(places: &Places, service_url: &'static str) -> mpsc::Receiver<Question> {
        places.prepare().unwrap();
        let (asked, questions) = mpsc::channel();
        let (listening, listens) = mpsc::channel();
        let places = places.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (events, mut received) = tokio::sync::mpsc::unbounded_channel();
                local::listen(&places, events).unwrap();
                listening.send(()).unwrap();
                while let Some(Event::Local(question, reply)) = received.recv().await {
                    let status = serde_json::json!({ "service_url": service_url });
                    let answer = match question {
                        Question::Status => Answer::Status { status },
                        _ => Answer::Done,
                    };
                    // The test may be over.
                    let _ = (asked.send(question), reply.send(answer));
                }
            });
        });
        listens.recv().unwrap();
        questions
    }

    #[test]
    fn a_code_is_handed_only_to_an_agent_of_its_own_service() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::all_in(folder.path()).of_copy();
        let label = |name: &str| read(OsStr::new(name)).unwrap();
        let (ours, others) = (
            label("ondemand-agent-support.example-123-456-789"),
            label("ondemand-agent-desk.example-987-654-321"),
        );
        assert!(!hand_over(&ours, &places), "nobody is there");
        let questions = answering(&places, "https://support.example/");
        assert!(!hand_over(&others, &places));
        assert!(hand_over(&ours, &places));
        let code = ours.code.unwrap();
        let asked = [Question::Status, Question::Status, Question::Join { code }];
        assert_eq!(questions.iter().take(3).collect::<Vec<_>>(), asked);
    }

    #[test]
    fn an_address_is_understood_as_people_write_it() {
        let url = |address| service(address).map(|url| url.to_string());
        assert_eq!(url(" support.example "), Some("https://support.example/".into()));
        assert_eq!(url("https://support.example:8443"), Some("https://support.example:8443/".into()));
        assert_eq!(url("127.0.0.1:8470"), Some("http://127.0.0.1:8470/".into()));
        assert_eq!(url("http://support.example"), None);
        assert_eq!(url("not an address"), None);
    }

    #[test]
    fn a_copy_that_nobody_used_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::all_in(&folder.path().join("user")).of_copy();
        places.prepare().unwrap();
        fs::write(places.key(), "key").unwrap();
        fs::write(places.log(), "log").unwrap();
        assert_eq!(clean_up(&places).unwrap(), None);
        let left = fs::read_dir(folder.path().join("user")).unwrap().count();
        assert_eq!(left, 0, "something is left");
    }
}
