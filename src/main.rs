//! The agent: arguments become one of its three processes, or a one-shot command.
// Without this, Windows would open a console with the program; see `platform::borrow_console`.
#![windows_subsystem = "windows"]

mod access;
mod arguments;
mod doctor;
mod history;
mod journal;
mod logging;
mod places;
mod platform;
mod portable;
mod private;
mod receipt;
mod resident;
mod settings;
mod shared;
mod system_log;
mod transport;
mod update;

use anyhow::{Context as _, bail};
use arguments::{Arguments, Command, HistoryAction, Run};
use clap::Parser as _;
use places::Places;
use portable::Label;
use protocol::{Secret, SessionCode};
use resident::{
    Event,
    local::{self, Answer, AskError, Question},
};
use settings::{ServiceUrl, Settings};
use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _, Write as _},
    path::Path,
    process::{ExitCode, Stdio},
};
use texts::Language;
use tokio::sync::mpsc;

/// Nothing answers: no agent is running.
const NOT_RUNNING: u8 = 4;
/// The journal is not as it was written.
const JOURNAL_DAMAGED: u8 = 5;

fn main() -> ExitCode {
    platform::borrow_console();
    let command = Arguments::parse().command;
    // A downloaded copy is started by a click, which says nothing.
    let copy = command.is_none().then(portable::label).flatten();
    let command = command.unwrap_or_default();
    // The children say nothing but what belongs on their line, and end when it does.
    match command {
        Command::Window => {
            platform::harden(platform::Role::Window);
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
            platform::harden(platform::Role::Access);
            logging::start(None);
            return access::run();
        }
        Command::AskService { proposed, language } => {
            return ask_service(proposed.as_deref(), language.as_deref());
        }
        Command::Run(_)
        | Command::Join { .. }
        | Command::Open
        | Command::End
        | Command::Status { .. }
        | Command::Quit
        | Command::RemoveUserData
        | Command::History { .. }
        | Command::Receipt { .. }
        | Command::Settings { .. }
        | Command::Doctor { .. }
        | Command::Update { .. } => {}
    }
    match perform(command, copy) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ondemand-agent: {error:#}");
            if is_not_running(&error) { ExitCode::from(NOT_RUNNING) } else { ExitCode::FAILURE }
        }
    }
}

fn perform(command: Command, copy: Option<Label>) -> anyhow::Result<ExitCode> {
    let places = Places::of_user()?;
    match command {
        Command::Run(run) => reside(places, run, copy)?,
        Command::Join { code_or_link } => {
            let code = code(&code_or_link)?;
            match tell(&places, &Question::Join { code: code.clone() }) {
                // Who follows a link sees no terminal.
                Err(error) if code_or_link != "-" && is_not_running(&error) => start_with(&code)?,
                told => told?,
            }
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
        Command::Receipt { action } => return receipt::perform(&places, action),
        Command::Settings { json } => {
            let settings = Settings::load(&places, None, resident::is_device(&places));
            match json {
                true => println!("{}", serde_json::to_string_pretty(settings.report())?),
                false => print!("{}", settings.report().table()),
            }
        }
        Command::Doctor { json, popup, service_url } => {
            return examine(&places, service_url.as_ref(), json, popup);
        }
        Command::Update { check: _, json } => return look_for_update(&places, json),
        Command::RemoveUserData => platform::remove_user_data().context("failed to remove everything")?,
        Command::Window | Command::Access | Command::AskService { .. } => {}
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

fn look_for_update(places: &Places, json: bool) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(places, None, resident::is_device(places));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(update::check(&settings));
    match json {
        true => println!("{}", serde_json::to_string_pretty(&report)?),
        false => println!("{}", report.words()),
    }
    runtime.shutdown_background();
    Ok(ExitCode::from(report.exit_code()))
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
    if local::ask(places, question)? == Answer::NotAllowed {
        bail!("your organisation's policy does not allow that; ending a session is always possible");
    }
    Ok(())
}

fn is_not_running(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(AskError::NotRunning))
}

/// Starts the agent with a code to fill in, and does not wait for it.
fn start_with(code: &SessionCode) -> anyhow::Result<()> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.args(["run", "--session-code-on-stdin"]).stdin(Stdio::piped());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut agent = command.spawn().context("failed to start the agent")?;
    let mut stdin = agent.stdin.take().context("the agent was started without standard input")?;
    Ok(stdin.write_all(code.digits().as_bytes())?)
}

/// The process that asks for the service.
fn ask_service(proposed: Option<&str>, language: Option<&str>) -> ExitCode {
    platform::harden(platform::Role::Window);
    logging::start(None);
    let understood = |address: &str| portable::service(address).is_some();
    match window::ask_service(language, proposed, understood) {
        Ok(answer) => {
            println!("{}", answer.unwrap_or_default());
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::from(window::exit_code(&error))
        }
    }
}

/// Becomes the resident, unless this user has one.
fn reside(places: Places, mut run: Run, copy: Option<Label>) -> anyhow::Result<()> {
    platform::leave_console();
    platform::save_memory();
    platform::harden(platform::Role::Parent);
    let code = match run.session_code_on_stdin {
        true => Some(code("-")?),
        false => copy.as_ref().and_then(|label| label.code.clone()),
    };
    let places = match &copy {
        Some(label) if portable::hand_over(label, &places) => return Ok(()),
        Some(_) => places.of_copy(),
        None => places,
    };
    run.once |= copy.is_some();
    let Some(lock) = lock(&places, code.as_ref())? else { return Ok(()) };
    let ended = live(places.clone(), run, code, copy.as_ref());
    // Wine does not unlock; the lock goes with the file.
    drop(File::unlock(&lock));
    drop(lock);
    if copy.is_some()
        && let Some(kept) = portable::clean_up(&places)?
    {
        println!("The history of this copy is in {}.", kept.display());
    }
    ended
}

/// What only one resident of a user holds; none where another does, which then shows itself.
fn lock(places: &Places, code: Option<&SessionCode>) -> anyhow::Result<Option<File>> {
    places.prepare()?;
    let path = places.lock();
    let lock = private::append(&path)
        .with_context(|| format!("failed to open {}; let this user write there", path.display()))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => {
            let question = code.cloned().map_or(Question::Open, |code| Question::Join { code });
            local::ask(places, &question)?;
            println!("The agent is running already; its window is open.");
            Ok(None)
        }
        Err(TryLockError::Error(error)) => Err(error).context("failed to lock the agent's lock"),
    }
}

/// The resident's life.
fn live(places: Places, run: Run, code: Option<SessionCode>, copy: Option<&Label>) -> anyhow::Result<()> {
    logging::start(Some(&places.log()));
    let installed_token = platform::installed_token();
    let is_device =
        run.enrolment_token_file.is_some() || installed_token.is_some() || resident::is_device(&places);
    let settings = Settings::load(&places, run.service_url.as_ref(), is_device);
    for mistake in &settings.report().mistakes {
        tracing::error!(%mistake, "a setting is not what it should be; see `ondemand-agent settings`");
        system_log::Event::of_mistake(mistake).tell();
    }
    let program = std::env::current_exe().context("failed to find the agent's own program file")?;
    if !settings.portable.value && !platform::is_installed(&program) {
        bail!(
            "your organisation's policy lets only an installed agent run on this computer; ask your IT department"
        );
    }
    let settings = match settings.service_url.value {
        Some(_) => settings,
        None if run.background => {
            tracing::info!("no service is set, so there is nothing to wait for");
            return Ok(());
        }
        None => {
            let proposed = copy.and_then(|label| label.host.as_deref());
            let asked = portable::ask_service(&program, proposed, settings.language.value.as_deref());
            let chosen = asked.context(
                "no service is set: give one with --service-url, or as service_url in the settings file",
            )?;
            let Some(chosen) = chosen else { return Ok(()) };
            Settings::load(&places, Some(&chosen), is_device)
        }
    };
    let token_file = run.enrolment_token_file.or_else(|| settings.enrolment_token_file.value.clone());
    let options = resident::Options {
        once: run.once,
        program: platform::own_program().context("failed to find the agent's own program file")?,
        open_window: !run.background,
        is_device: is_device || token_file.is_some(),
        enrolment_token: match &token_file {
            Some(file) => Some(enrolment_token(file)?),
            None => installed_token.map(Secret::new),
        },
    };
    let (events, received) = mpsc::unbounded_channel();
    if let Some(code) = code {
        // As if a link had brought it: the user still has to press Start.
        let (answer, _) = tokio::sync::oneshot::channel();
        events.send(Event::Local(Question::Join { code }, answer))?;
    }
    let to = events.clone();
    let chosen = move |choice| drop(to.send(Event::Menu(choice)));
    platform::with_tray(chosen, move |show_face| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ended = runtime.block_on(resident::run(places, settings, options, show_face, (events, received)));
        // A name lookup or proof of work that is under way must not keep the agent from ending.
        runtime.shutdown_background();
        ended
    })
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
