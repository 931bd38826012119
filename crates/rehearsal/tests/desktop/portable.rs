//! Somebody without an agent, and without the right to install one: from the page of an invitation to the end of a session.

use anyhow::{Context as _, Result, ensure};
use protocol::{
    EndReason, Permission,
    operator::{InvitationState, Target},
};
use rehearsal::{A_MOMENT, DEADLINE, Operator, POPUP, Service, ServiceOptions, WINDOW, program, wait_for};
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    os::unix::{fs::PermissionsExt as _, net::UnixDatagram},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};
use virtual_desktop::{Desktop, Options, accessibility::Element};

/// Where the browser keeps what is its own.
const BROWSER: &str = "home/browser";

#[test]
fn from_the_invitations_page_to_the_end_of_a_session_and_only_the_history_is_left() -> Result<()> {
    let desktop = Desktop::start(Options::default())?;
    let service = Service::start(
        &program("ondemand-service")?,
        ServiceOptions { downloads: Some(downloads(desktop.folder())?), ..ServiceOptions::default() },
    )?;
    let operator = service.operator()?;
    let invitation = operator.invite()?;
    let link = invitation.link.clone().context("an open invitation has a link")?;

    let file = download(&desktop, &link)?;
    let host = service.url().trim_start_matches("http://").to_owned();
    let digits = invitation.session_code.as_ref().context("it has a code")?.digits().to_owned();
    let code = format!("{}-{}-{}", &digits[..3], &digits[3..6], &digits[6..]);
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    assert_eq!(name, format!("ondemand-agent-{}-{code}", host.replace(':', "_")));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o700))?;
    fs::create_dir(desktop.folder().join("journald"))?;
    let before = files(desktop.folder())?;

    // Started by a click: it says whose service that is, and sends nothing yet.
    let (mut copy, log) = start(&desktop, &file)?;
    find(&desktop, "Connect to this support service?", &[])?;
    find(&desktop, "This copy of the program was downloaded for the address below.", &[])?;
    assert_eq!(find(&desktop, "Address of the support service", FIELD)?.text()?, host);
    assert_eq!(operator.invitation(&invitation.id)?.state, InvitationState::Open);
    click(&desktop, "Connect")?;

    // The code is filled in, and still nothing is sent.
    let field = find(&desktop, "Session code", FIELD)?;
    wait_for("the code in its field", || Ok((field.text()? == code).then_some(())))?;
    assert_eq!(operator.invitation(&invitation.id)?.state, InvitationState::Open);
    click(&desktop, "Start")?;
    find(&desktop, "Join \u{2068}Example Support", &[])?;
    click(&desktop, "Join")?;
    operator.wait_for_join(&invitation.id)?;

    let request = operator.ask(Target::Invitation(invitation.id.clone()), [Permission::Chat])?.id;
    desktop.wait_for_title(POPUP, DEADLINE)?;
    let session = approve(&desktop, &operator, &request)?;
    operator.say(&session, "Good day")?;
    find(&desktop, "Good day", &[])?;
    click(&desktop, "End Session")?;
    assert_eq!(operator.wait_for_end(&session)?, EndReason::User);

    click(&desktop, "Done")?;
    let ended = wait_for("the copy to end", || Ok(copy.try_wait()?))?;
    assert_eq!(ended.code(), Some(0));
    wait_for("everything that the copy started to end", || Ok(running(&file)?.is_empty().then_some(())))?;
    let mut left = files(desktop.folder())?;
    left.retain(|path| !before.contains(path) && !path.starts_with("journald"));
    let history = Path::new("home/.local/share/ondemand-agent/portable-history");
    let is_of_history = |path: &PathBuf| match path.strip_prefix(history) {
        Ok(below) => {
            let name = below.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            below.components().count() < 2 || name.starts_with("journal-")
        }
        Err(_) => history.starts_with(path),
    };
    assert!(left.iter().all(is_of_history), "left behind: {left:#?}");
    assert!(left.iter().any(|path| path.starts_with(history)), "whom one let in is worth knowing later");
    if let Some(log) = log {
        let told = "request_received request_approved session_started session_ended";
        assert_eq!(events(&log)?, ["100", "101", "110", "111"], "the system's log has not {told}");
    }
    Ok(())
}

#[test]
fn where_policy_forbids_a_copy_whoever_starts_it_reads_so_and_nothing_is_left() -> Result<()> {
    let desktop = Desktop::start(Options::default())?;
    let file = desktop.home().join("ondemand-agent-support.example-123-456-789");
    fs::copy(program("ondemand-agent")?, &file)?;
    let before = files(desktop.folder())?;
    let policy = "portable = false\ncontact = 'Example Helpdesk'\n";
    let Some(mut copy) = start_under(&desktop, policy, &file)? else { return Ok(()) };
    find(&desktop, "On-demand Agent cannot run here", &[])?;
    find(&desktop, "On this computer your organisation lets only an installed copy", &[])?;
    find(&desktop, "Ask your IT department how to get help.", &[])?;
    click(&desktop, "Close")?;
    let ended = wait_for("the copy to end", || Ok(copy.try_wait()?))?;
    assert_eq!(ended.code(), Some(1));
    let left: Vec<_> = files(desktop.folder())?.difference(&before).cloned().collect();
    assert!(left.is_empty(), "left behind: {left:#?}");
    Ok(())
}

/// Another copy of what was downloaded, named after this service and code.
fn copy_named(desktop: &Desktop, host: &str, code: &str) -> Result<PathBuf> {
    let file = desktop.home().join(format!("ondemand-agent-{}-{code}", host.replace(':', "_")));
    fs::copy(program("ondemand-agent")?, &file)?;
    Ok(file)
}

#[test]
fn a_second_copy_gives_its_code_to_the_one_that_runs_only_where_both_talk_to_the_same_service() -> Result<()>
{
    let desktop = Desktop::start(Options::default())?;
    let service = Service::start(&program("ondemand-service")?, ServiceOptions::default())?;
    let host = service.url().trim_start_matches("http://").to_owned();
    let first = copy_named(&desktop, &host, "111-111-111")?;
    let mut first = desktop.spawn(desktop.command(&first).stdout(Stdio::null()))?;
    click(&desktop, "Connect")?;
    let field = find(&desktop, "Session code", FIELD)?;
    wait_for("the code in its field", || Ok((field.text()? == "111-111-111").then_some(())))?;

    let same = copy_named(&desktop, &host, "222-222-222")?;
    let mut same = desktop.spawn(desktop.command(&same).stdout(Stdio::null()))?;
    wait_for(
        "the second's code in the first's field",
        || Ok((field.text()? == "222-222-222").then_some(())),
    )?;
    wait_for("the second to end", || Ok(same.try_wait()?))?;

    let other = copy_named(&desktop, "support.example", "333-333-333")?;
    let mut other = desktop.spawn(desktop.command(&other).stdout(Stdio::null()))?;
    wait_for("the third to end", || Ok(other.try_wait()?))?;
    assert_eq!(field.text()?, "222-222-222");
    assert!(!desktop.accessibility().outline().contains("support.example"), "its address is asked for");
    assert!(first.try_wait()?.is_none(), "the first goes on");
    Ok(())
}

const FIELD: &[&str] = &["entry", "text"];
const BUTTON: &[&str] = &["button"];

/// Something of one of these kinds whose name starts so; where none is named, anything that says so.
fn find(desktop: &Desktop, name: &str, kinds: &[&str]) -> Result<Element> {
    let fits = |element: &Element| match (element.name(), kinds) {
        (Ok(found), []) => found.contains(name),
        (Ok(found), _) => {
            let is_of_kind = |role: String| kinds.iter().any(|kind| role.contains(kind));
            found.starts_with(name) && element.role().is_ok_and(is_of_kind)
        }
        (Err(_), _) => false,
    };
    let found = wait_for(&format!("{name:?}"), || {
        let programs = desktop.accessibility().programs()?;
        Ok(programs.iter().find_map(|program| program.find_where(fits)))
    });
    found.with_context(|| desktop.accessibility().outline())
}

/// With the real pointer, once it stands still.
fn click(desktop: &Desktop, name: &str) -> Result<()> {
    let mut last = None;
    let place = wait_for(&format!("the button {name:?} to stand still"), || {
        let place = find(desktop, name, BUTTON)?.rect()?;
        Ok((last.replace(place) == Some(place)).then_some(place))
    })?;
    Ok(desktop.click(place.centre())?)
}

/// A press counts only once the popup was there to be read for a while; one that was too early is done again.
fn approve(
    desktop: &Desktop,
    operator: &Operator,
    request: &protocol::RequestId,
) -> Result<protocol::SessionId> {
    wait_for("an approval that counts", || {
        if desktop.windows()?.iter().any(|window| window.mapped && window.title == POPUP) {
            click(desktop, "Approve")?;
        }
        let until = Instant::now() + A_MOMENT;
        while Instant::now() < until {
            if matches!(operator.request(request)?.state, protocol::operator::RequestState::Approved { .. }) {
                return Ok(Some(()));
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Ok(None)
    })?;
    let session = operator.wait_for_approval(request)?;
    desktop.wait_for_title(WINDOW, DEADLINE)?;
    Ok(session)
}

/// A folder with what the service offers: the program as it is handed out, and what lies beside it when it is made.
fn downloads(within: &Path) -> Result<PathBuf> {
    let folder = within.join("downloads");
    fs::create_dir(&folder)?;
    let agent = folder.join("ondemand-agent-linux-x86_64");
    let stripped = Command::new("strip").arg("-o").arg(&agent).arg(program("ondemand-agent")?).status()?;
    ensure!(stripped.success(), "the program could not be stripped");
    fs::write(folder.join("ondemand-agent-linux-x86_64.cdx.json"), "{}")?;
    Ok(folder)
}

/// Opens the invitation's page in a browser and saves the program for this system, as a person does.
fn download(desktop: &Desktop, link: &str) -> Result<PathBuf> {
    let mut command = rehearsal::browser(desktop, &desktop.folder().join(BROWSER))?;
    let mut browser = desktop.spawn(command.arg(link))?;
    let offered = find(desktop, "Download for Linux", &["link"])?;
    let page = desktop.accessibility().outline();
    assert_eq!(page.matches("link \"Download for ").count(), 1, "one program is offered: {page}");
    ensure!(offered.activate()?, "the link cannot be pressed");
    let file = wait_for("the file", || {
        let files = fs::read_dir(desktop.home().join("Downloads")).into_iter().flatten().flatten();
        let mut whole = files
            .map(|entry| entry.path())
            .filter(|path| {
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ondemand-agent-"))
            })
            .filter(|path| path.extension().is_none_or(|ending| ending != "crdownload"));
        Ok(whole.next())
    })?;
    browser.kill()?;
    browser.wait()?;
    Ok(file)
}

/// Starts the copy where this test is the system's log; with none where this computer lets no test be that.
fn start(desktop: &Desktop, file: &Path) -> Result<(Child, Option<UnixDatagram>)> {
    let log = desktop.folder().join("journald");
    let script = "mount -t tmpfs none /run\nmkdir -p /run/systemd/journal\n\
                  mount --bind \"$FOLDER/journald\" /run/systemd/journal\nexec \"$PROGRAM\"";
    match apart(desktop, script, &[("FOLDER", desktop.folder().as_ref()), ("PROGRAM", file.as_ref())])? {
        Some(mut command) => {
            let socket = UnixDatagram::bind(log.join("socket"))?;
            Ok((desktop.spawn(command.stdout(Stdio::null()))?, Some(socket)))
        }
        None => Ok((desktop.spawn(desktop.command(file).stdout(Stdio::null()))?, None)),
    }
}

/// The numbers of the events that came.
fn events(log: &UnixDatagram) -> Result<Vec<String>> {
    log.set_nonblocking(true)?;
    let mut bytes = [0; 4096];
    let mut events = Vec::new();
    while let Ok(length) = log.recv(&mut bytes) {
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let number = text.lines().find_map(|line| line.strip_prefix("ONDEMAND_AGENT_EVENT="));
        events.push(number.context("an event without a number")?.to_owned());
    }
    Ok(events)
}

/// Starts the copy under this policy; nothing where this computer lets no test have one.
fn start_under(desktop: &Desktop, policy: &str, file: &Path) -> Result<Option<Child>> {
    let script = "mount -t tmpfs none /etc\nmkdir -p /etc/ondemand-agent/policy.d\n\
                  printf %s \"$POLICY\" > /etc/ondemand-agent/policy.d/50-policy.toml\nexec \"$PROGRAM\"";
    let command = apart(desktop, script, &[("POLICY", policy.as_ref()), ("PROGRAM", file.as_ref())])?;
    Ok(command.map(|mut command| desktop.spawn(command.stdout(Stdio::null()))).transpose()?)
}

/// A command of the same user that sees other folders of the system than everybody else.
fn apart(desktop: &Desktop, script: &str, variables: &[(&str, &OsStr)]) -> Result<Option<Command>> {
    let command = |script: &str| {
        let mut command = desktop.command("unshare");
        command.args(["--map-current-user", "--keep-caps", "--mount", "sh", "-euc", script]);
        command.envs(variables.iter().copied());
        command
    };
    if !command("mount -t tmpfs none /run").output()?.status.success() {
        eprintln!("not tried: this computer lets no test have folders of its own in the system's place");
        return Ok(None);
    }
    Ok(Some(command(script)))
}

/// Every file and folder below, without those of browser and desktop that come and go.
fn files(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if path == Path::new(BROWSER) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                open.push(path.clone());
            }
            found.insert(path);
        }
    }
    Ok(found)
}

/// The processes whose program is this file.
fn running(file: &Path) -> Result<Vec<PathBuf>> {
    let processes = fs::read_dir("/proc")?.flatten().map(|entry| entry.path());
    Ok(processes.filter(|process| fs::read_link(process.join("exe")).is_ok_and(|exe| exe == file)).collect())
}
