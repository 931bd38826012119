//! The agent: arguments become one of its three processes, or a one-shot command.

mod access;
mod arguments;
mod doctor;
mod history;
mod journal;
mod logging;
mod places;
mod platform;
mod private;
mod resident;
mod settings;
mod transport;

use anyhow::{Context as _, bail};
use arguments::{Arguments, Command, HistoryAction, Run};
use clap::Parser as _;
use places::Places;
use protocol::{Secret, SessionCode};
use resident::{
    Event,
    local::{self, Answer, AskError, Question},
};
use settings::{ServiceUrl, Settings};
use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _},
    path::Path,
    process::ExitCode,
};
use texts::Language;
use tokio::sync::mpsc;

/// Nothing answers: no agent is running.
const NOT_RUNNING: u8 = 4;
/// The journal is not as it was written.
const JOURNAL_DAMAGED: u8 = 5;

fn main() -> ExitCode {
    let command = Arguments::parse().command.unwrap_or_default();
    // The children say nothing but what belongs on their line, and end when it does.
    match command {
        Command::Window => {
            platform::harden(true);
            logging::start(None);
            return window::run().map_or_else(
                |error| {
                    tracing::error!("{error:#}");
                    ExitCode::from(window::exit_code(&error))
                },
                |()| ExitCode::SUCCESS,
            );
        }
        Command::Access => {
            platform::harden(true);
            logging::start(None);
            return access::run();
        }
        Command::Run(_)
        | Command::Join { .. }
        | Command::Open
        | Command::End
        | Command::Status { .. }
        | Command::Quit
        | Command::History { .. }
        | Command::Settings { .. }
        | Command::Doctor { .. } => {}
    }
    match perform(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ondemand-agent: {error:#}");
            let not_running = matches!(error.downcast_ref(), Some(AskError::NotRunning));
            if not_running { ExitCode::from(NOT_RUNNING) } else { ExitCode::FAILURE }
        }
    }
}

fn perform(command: Command) -> anyhow::Result<ExitCode> {
    let places = Places::of_user()?;
    match command {
        Command::Run(run) => reside(places, run)?,
        Command::Join { code_or_link } => {
            let code = code(&code_or_link)?;
            tell(&places, &Question::Join { code })?;
        }
        Command::Open => tell(&places, &Question::Open)?,
        Command::End => tell(&places, &Question::End)?,
        Command::Quit => tell(&places, &Question::Quit)?,
        Command::Status { json } => {
            let Answer::Status { status } = local::ask(&places, &Question::Status)? else {
                bail!("the running agent is of another version; quit it and start it again");
            };
            println!("{}", if json { format!("{status:#}") } else { in_words(&status) });
        }
        Command::History { json, action: None } => show_history(&places, json)?,
        Command::History { action: Some(HistoryAction::Verify), .. } => return verify_history(&places),
        Command::Settings { json } => {
            let settings = Settings::load(&places, None);
            match json {
                true => println!("{}", serde_json::to_string_pretty(settings.report())?),
                false => print!("{}", settings.report().table()),
            }
        }
        Command::Doctor { json, popup, service_url } => {
            return examine(&places, service_url.as_ref(), json, popup);
        }
        Command::Window | Command::Access => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn show_history(places: &Places, json: bool) -> anyhow::Result<()> {
    let (history, _) = history::load(places.journal()).context("failed to read the journal")?;
    match json {
        true => println!("{}", serde_json::to_string_pretty(&history)?),
        false => print!("{}", history::table(&history, &jiff::tz::TimeZone::system())),
    }
    Ok(())
}

fn examine(
    places: &Places,
    service_url: Option<&ServiceUrl>,
    json: bool,
    popup: bool,
) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let findings = runtime.block_on(doctor::examine(places, service_url, popup));
    match json {
        true => println!("{}", serde_json::to_string_pretty(&findings)?),
        false => print!("{}", findings.table()),
    }
    // A name lookup that hangs must not keep the program from ending.
    runtime.shutdown_background();
    Ok(ExitCode::from(findings.exit_code()))
}

fn verify_history(places: &Places) -> anyhow::Result<ExitCode> {
    let (_, read) = history::load(places.journal()).context("failed to read the journal")?;
    for damage in &read.damage {
        println!("{damage}");
    }
    if read.damage.is_empty() {
        println!("The journal is as it was written: {} lines in {} files.", read.lines(), read.files());
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(JOURNAL_DAMAGED))
}

fn tell(places: &Places, question: &Question) -> anyhow::Result<()> {
    local::ask(places, question)?;
    Ok(())
}

/// Becomes the resident, unless this user has one.
fn reside(places: Places, run: Run) -> anyhow::Result<()> {
    platform::save_memory();
    platform::harden(false);
    places.prepare()?;
    let path = places.lock();
    let lock = private::append(&path)
        .with_context(|| format!("failed to open {}; let this user write there", path.display()))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            local::ask(&places, &Question::Open)?;
            println!("The agent is running already; its window is open.");
            return Ok(());
        }
        Err(TryLockError::Error(error)) => return Err(error).context("failed to lock the agent's lock"),
    }
    logging::start(Some(&places.log()));
    let settings = Settings::load(&places, run.service_url.as_ref());
    for mistake in &settings.report().mistakes {
        tracing::error!(%mistake, "a setting is not what it should be; see `ondemand-agent settings`");
    }
    let token_file = run.enrolment_token_file.or_else(|| settings.enrolment_token_file.value.clone());
    let options = resident::Options {
        once: run.once,
        program: platform::own_program().context("failed to find the agent's own program file")?,
        open_window: !run.background,
        enrolment_token: token_file.as_deref().map(enrolment_token).transpose()?,
    };
    let (events, received) = mpsc::unbounded_channel();
    let to = events.clone();
    let chosen = move |choice| drop(to.send(Event::Menu(choice)));
    let ended = platform::with_tray(chosen, move |show_face| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ended = runtime.block_on(resident::run(places, settings, options, show_face, (events, received)));
        // A name lookup or proof of work that is under way must not keep the agent from ending.
        runtime.shutdown_background();
        ended
    });
    File::unlock(&lock).context("failed to unlock the agent's lock")?;
    ended
}

/// Reads the token from a file, or from standard input where the file is `-`.
fn enrolment_token(path: &Path) -> anyhow::Result<Secret> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().take(4096).read_to_string(&mut text).context("failed to read the enrolment token")?;
        text
    } else {
        fs::read_to_string(path)
            .with_context(|| format!("failed to read the enrolment token's file, {}", path.display()))?
    };
    match text.trim() {
        "" => bail!("the enrolment token is empty"),
        token => Ok(Secret::new(token)),
    }
}

/// The code in a link that the desktop passes, or on standard input where the argument is `-`. A bare code as an argument
/// is refused: every program on the computer can read command lines, and shells remember them.
fn code(code_or_link: &str) -> anyhow::Result<SessionCode> {
    if code_or_link == "-" {
        let mut text = String::new();
        io::stdin().take(256).read_to_string(&mut text).context("failed to read the session code")?;
        return Ok(text.parse()?);
    }
    match code_or_link.strip_prefix("ondemand-agent:join#") {
        Some(code) => Ok(code.parse()?),
        None => bail!("give `-` and enter the code, or a link that starts with ondemand-agent:join#"),
    }
}

/// A line or two about how it stands.
fn in_words(status: &serde_json::Value) -> String {
    match serde_json::from_value::<session::View>(status["view"].clone()) {
        Ok(view) => resident::menu::tooltip(&view, Language::ENGLISH).replace(['\u{2068}', '\u{2069}'], ""),
        Err(_) => "the running agent is of another version".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_code_is_not_taken_from_the_command_line() {
        assert!(code("123-456-789").is_err());
        assert_eq!(code("ondemand-agent:join#123-456-789").unwrap().digits(), "123456789");
        assert!(code("ondemand-agent:join?123456789").is_err());
        assert!(code("https://support.example/join#123456789").is_err());
    }
}
