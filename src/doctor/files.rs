//! Settings, folders, journal, and the agent that runs.

use super::{Check, Finding};
use crate::{
    history,
    places::Places,
    platform,
    resident::local::{self, Answer, AskError, Question},
    settings::Settings,
};
use std::{fs, io, path::Path};

/// What is wrong in which source of settings.
pub(super) fn settings(settings: &Settings) -> Vec<Finding> {
    let mut findings: Vec<Finding> = settings
        .report()
        .mistakes
        .iter()
        .map(|mistake| {
            let what = format!("A setting cannot be used: {mistake}.");
            let to_do = "Correct it; `ondemand-agent settings` shows what holds meanwhile.";
            if mistake.source.is_machine() {
                Finding::error(Check::Settings, what, to_do)
            } else {
                Finding::warning(Check::Settings, what, to_do)
            }
        })
        .collect();
    if settings.permissions.value.is_empty() {
        let what = "The settings let nothing be granted: every request is declined.";
        let to_do = "If that is not meant, look at `permissions` in `ondemand-agent settings`.";
        findings.push(Finding::error(Check::Settings, what, to_do));
    }
    if findings.is_empty() {
        findings.push(Finding::fine(Check::Settings, "Every setting can be understood."));
    }
    if settings.report().managed {
        let what = "This computer's agent is managed by its organisation: policy sets what nobody overrides.";
        findings.push(Finding::note(Check::Settings, what));
    }
    findings
}

/// Who can enter the folders and read the secrets, and whether files can be written.
pub(super) fn places(places: &Places) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in places.folders() {
        match platform::foreign_access(folder) {
            Ok(None) => findings.extend(not_writable(folder)),
            Ok(Some(why)) => findings.push(Finding::error(
                Check::Files,
                format!("{} is not this user's alone: {why}.", folder.display()),
                "Give it to the user and take all rights from others (mode 0700).",
            )),
            Err(error) if error.kind() == io::ErrorKind::NotFound => findings.push(Finding::note(
                Check::Files,
                format!("{} does not exist yet; the agent makes it when it starts.", folder.display()),
            )),
            Err(error) => findings.push(Finding::error(
                Check::Files,
                format!("{} cannot be looked at: {error}.", folder.display()),
                "Let the user enter it.",
            )),
        }
    }
    for secret in [places.key(), places.credential()] {
        if let Ok(Some(why)) = platform::foreign_access(&secret) {
            findings.push(Finding::error(
                Check::Files,
                format!("{} can be read by others: {why}.", secret.display()),
                "Take all rights from others (mode 0600); if others may have read it, remove it, so that the agent \
                 makes a new one.",
            ));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::fine(
            Check::Files,
            "Folders and secrets are this user's alone and can be written.",
        ));
    }
    findings
}

fn not_writable(folder: &Path) -> Option<Finding> {
    let path = folder.join(format!("doctor-{}", crypto::random_id()));
    let tried = fs::write(&path, "x").and_then(|()| fs::remove_file(&path));
    let error = tried.err()?;
    let what = format!(
        "{} cannot be written: {error}. Nothing can be approved, as it could not be recorded.",
        folder.display()
    );
    Some(Finding::error(Check::Files, what, "Make room on the disk, or let the user write there."))
}

/// Whether the journal is whole.
pub(super) fn journal(places: &Places) -> Finding {
    match history::load(places.journal()) {
        Ok((_, read)) => match read.damage.first() {
            None => Finding::fine(
                Check::Journal,
                format!("The journal is as it was written: {} lines.", read.lines()),
            ),
            Some(damage) => Finding::error(
                Check::Journal,
                match read.damage.len() - 1 {
                    0 => format!("The journal is damaged: {damage}."),
                    more => format!("The journal is damaged: {damage}; and in {more} other files."),
                },
                "Find out who changed it or whether the disk fails; `ondemand-agent history verify` lists all. The \
                 agent goes on in a new file.",
            ),
        },
        Err(error) => Finding::error(
            Check::Journal,
            format!("The journal cannot be read: {error}."),
            "Let the user read and write the folder of the agent's data.",
        ),
    }
}

/// Whether the agent runs.
pub(super) fn agent(places: &Places) -> Finding {
    match local::ask(places, &Question::Status) {
        Ok(Answer::Status { status }) => {
            let version = status["version"].as_str().unwrap_or("unknown");
            Finding::fine(Check::Agent, format!("The agent runs, version {version}."))
        }
        Err(AskError::NotRunning) => {
            Finding::note(Check::Agent, "The agent does not run; nobody can ask to connect.")
        }
        Ok(Answer::Done | Answer::NotAllowed) | Err(AskError::NoAnswer(_) | AskError::Content(_)) => {
            Finding::error(
                Check::Agent,
                "The agent that runs does not answer as it should.",
                "Quit it and start it again.",
            )
        }
    }
}
