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
use settings::{ServiceUrl, Settings, Source};
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
    let Some(lock) = lock(&places)? else { return leave_it_to_another(&places, code, copy.as_ref()) };
    let ended = live(places.clone(), run, code, copy.as_ref());
    // Until everything is removed no other copy may begin to write there, if that can be.
    let _lock = (copy.is_some() && platform::REMOVES_OPEN_FILES).then_some(lock);
    if copy.is_some()
        && let Some(kept) = portable::clean_up(&places)?
    {
        println!("The history of this copy is in {}.", kept.display());
    }
    ended
}

/// What only one resident of a user holds; none where another does.
fn lock(places: &Places) -> anyhow::Result<Option<File>> {
    let path = places.lock();
    loop {
        places.prepare()?;
        let lock = private::append(&path)
            .with_context(|| format!("failed to open {}; let this user write there", path.display()))?;
        match lock.try_lock() {
            Ok(()) if path.exists() => return Ok(Some(lock)),
            // A copy that was just ending removed it in between.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error).context("failed to lock the agent's lock"),
        }
    }
}

/// The resident that runs shows itself and takes the code, unless a copy's code is another service's.
fn leave_it_to_another(
    places: &Places,
    code: Option<SessionCode>,
    copy: Option<&Label>,
) -> anyhow::Result<()> {
    let question = match (copy, code) {
        (Some(label), Some(_)) if portable::hand_over(label, places) => return Ok(()),
        (Some(_), Some(_)) => {
            // It may not be so far as to answer.
            let _ = local::ask(places, &Question::Open);
            bail!("another downloaded copy of the agent is running; quit it, and start this one again");
        }
        (None, Some(code)) => Question::Join { code },
        (_, None) => Question::Open,
    };
    local::ask(places, &question)?;
    println!("The agent is running already; its window is open.");
    Ok(())
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
        show_refusal(&run, &settings, window::Refusal::NotInstalled);
        bail!(
            "your organisation's policy lets only an installed agent run on this computer; ask your IT department"
        );
    }
    if let Some(why) = unusable_service(&settings) {
        show_refusal(&run, &settings, window::Refusal::UnusableService);
        bail!("what your organisation says of the service cannot be used; ask your IT department: {why}");
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
    let enrolment_token = match copy {
        // It is gone after one session: nothing that an organisation could keep as a device.
        Some(_) => None,
        None => token_to_enrol(run.enrolment_token_file.as_deref(), installed_token, &settings)?,
    };
    let options = resident::Options {
        once: run.once,
        program: platform::own_program().context("failed to find the agent's own program file")?,
        open_window: !run.background,
        is_device: copy.is_none() && (is_device || enrolment_token.is_some()),
        enrolment_token,
    };
    let (events, received) = mpsc::unbounded_channel();
    if let Some(code) = code {
        // As if a link had brought it: the user still has to press Start.
        let (answer, _) = tokio::sync::oneshot::channel();
        events.send(Event::Local(Question::Join { code }, answer))?;
    }
    let to = events.clone();
    let tell = move |event| drop(to.send(event));
    platform::with_tray(tell, move |show_face| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ended = runtime.block_on(resident::run(places, settings, options, show_face, (events, received)));
        // A name lookup or proof of work that is under way must not keep the agent from ending.
        runtime.shutdown_background();
        ended
    })
}

/// Who started the program by a click reads no standard error. At log-in nobody asked for it, and nothing is shown.
fn show_refusal(run: &Run, settings: &Settings, refusal: window::Refusal) {
    if run.background {
        return;
    }
    let (language, contact) = (settings.language.value.as_deref(), settings.contact.value.as_deref());
    if let Err(error) = window::show_refusal(language, refusal, contact) {
        tracing::warn!("why this program may not run could not be shown: {error:#}");
    }
}

/// What is wrong with the service that administrators set, where it cannot be used: an answer of the user's would not count.
fn unusable_service(settings: &Settings) -> Option<String> {
    let source = &settings.service_url.source;
    if settings.service_url.value.is_some() || *source == Source::Default {
        return None;
    }
    let mistakes = settings.report().mistakes.iter().filter(|mistake| mistake.source == *source);
    Some(mistakes.map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// The token that makes this agent a device's. One that came with the installation goes to the service that administrators
/// set, and to none that somebody typed.
fn token_to_enrol(
    file: Option<&Path>,
    installed: Option<String>,
    settings: &Settings,
) -> anyhow::Result<Option<Secret>> {
    let deployed = settings.enrolment_token_file.value.as_deref();
    if let Some(file) = file {
        return enrolment_token(file).map(Some);
    }
    if deployed.is_none() && installed.is_none() {
        return Ok(None);
    }
    if !settings.service_url.source.is_machine() {
        tracing::warn!(
            "neither policy nor installer set the service, so it is not given their enrolment token"
        );
        return Ok(None);
    }
    match deployed {
        Some(file) => enrolment_token(file).map(Some),
        None => Ok(installed.map(Secret::new)),
    }
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
    local::code_in_link(code_or_link)
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
    use settings::Setting;

    #[test]
    fn a_deployed_token_goes_to_the_deployed_service_alone() {
        let folder = tempfile::tempdir().unwrap();
        let [deployed, named] = ["deployed", "named"].map(|name| {
            let path = folder.path().join(name);
            fs::write(&path, name).unwrap();
            path
        });
        let typed = "https://support.example".parse().unwrap();
        let mut settings = Settings::load(&Places::all_in(folder.path()), Some(&typed), true);
        let token = |settings: &Settings, file: Option<&Path>, installed: Option<&str>| {
            let token = token_to_enrol(file, installed.map(str::to_owned), settings).unwrap();
            token.map(|token| token.expose().to_owned())
        };
        assert_eq!(token(&settings, None, Some("installed")), None);
        settings.enrolment_token_file.value = Some(deployed);
        assert_eq!(token(&settings, None, None), None);
        assert_eq!(token(&settings, Some(&named), None).as_deref(), Some("named"), "who starts it says so");

        settings.service_url.source = Source::Installer("settings.toml".into());
        assert_eq!(token(&settings, None, Some("installed")).as_deref(), Some("deployed"));
        settings.enrolment_token_file.value = None;
        assert_eq!(token(&settings, None, Some("installed")).as_deref(), Some("installed"));
    }

    #[test]
    fn the_user_is_asked_for_a_service_only_where_the_answer_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::load(&Places::all_in(folder.path()), None, false);
        settings.service_url = Setting { value: None, source: Source::Default };
        assert_eq!(unusable_service(&settings), None);
        settings.service_url.source = Source::Policy("50-damaged.toml".into());
        assert!(unusable_service(&settings).is_some());
        settings.service_url.value = Some("https://support.example".parse().unwrap());
        assert_eq!(unusable_service(&settings), None);
    }

    #[test]
    fn one_copy_takes_the_lock_and_a_folder_that_was_removed_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::all_in(folder.path()).of_copy();
        let held = lock(&places).unwrap();
        assert!(held.is_some());
        assert!(lock(&places).unwrap().is_none());
        portable::clean_up(&places).unwrap();
        drop(held);
        let _held = lock(&places).unwrap().unwrap();
        assert!(places.lock().exists());
    }

    #[test]
    fn a_bare_code_is_not_taken_from_the_command_line() {
        assert!(code("123-456-789").is_err());
        assert_eq!(code("ondemand-agent:join#123-456-789").unwrap().digits(), "123456789");
        assert!(code("ondemand-agent:join?123456789").is_err());
        assert!(code("https://support.example/join#123456789").is_err());
    }
}
