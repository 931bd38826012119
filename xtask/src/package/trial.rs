//! The packages for Linux, tried: looked at by the distributions' own checks, and installed, started, upgraded, removed and
//! purged in a fresh Debian that lives in a folder.
//!
//! The fresh system has no init: what systemd would do is done by hand from the same unit, and the agent is started from
//! its autostart entry on a virtual desktop.
//! There is no Fedora here: the .rpm goes into rpm's own database in the same Debian, its dependencies unasked.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use virtual_desktop::{Desktop, Options, wait_for};

mod container;

use super::linux::{OPENED, TRUSTED};
use super::packager::Packager;
use super::{Job, deb, portable, rpm};
use crate::process::{cache_dir, cargo, output, repository, run as run_process, succeeds, target_dir};

const LIMIT: Duration = Duration::from_secs(30);
/// What comes before the version that is tried.
const BEFORE: &str = "0.0.9";
/// How exposed the service may be, as systemd counts: 0 is not at all, 100 wholly.
const EXPOSURE: &str = "20";
/// The oldest glibc that the programs run with: RHEL 9's.
const OLDEST_GLIBC: [u32; 2] = [2, 34];

/// Builds the programs as tests do, packs them, and tries the packages.
pub(crate) fn run() -> Result<()> {
    for package in ["ondemand-agent", "service"] {
        run_process(&mut cargo(&["build", "--locked", "--package", package]))?;
    }
    let programs = target_dir().join("debug");
    try_programs(&programs.join("ondemand-agent"), &programs.join("ondemand-service"))
}

fn try_programs(agent: &Path, service: &Path) -> Result<()> {
    ask_for_old_glibc(agent)?;
    ask_for_old_glibc(service)?;
    let folder = target_dir().join("package-trial");
    let made = |name: &str, version: &str, packager: Packager| {
        let mut job = Job::for_test(agent, &folder.join(name), version)?;
        job.given_service = Some(service.to_owned());
        job.quick = true;
        job.packager = packager;
        let mut files = deb::run(&job)?;
        look_at_description(&job.packager)?;
        files.extend(rpm::run(&job)?);
        files.extend(portable::run(&job)?);
        <[PathBuf; 4]>::try_from(files).ok().context("four files were to be made")
    };
    let version = env!("CARGO_PKG_VERSION");
    let somebody = || {
        let maintainer = "Example Support <packages@support.example>".to_owned();
        Packager::new(Some(maintainer), Some("example.support.ondemand_agent".to_owned()))
    };
    let before = made("before", BEFORE, Packager::new(None, None)?)?;
    let now = made("now", version, somebody()?)?;
    for (one, other) in now.iter().zip(made("again", version, somebody()?)?) {
        ensure!(fs::read(one)? == fs::read(other)?, "{} came out different", one.display());
    }
    let [agent_package, service_package, rpm, portable] = &now;
    look_at(agent_package, service_package, rpm)?;
    install_debs(&before, &now)?;
    start_portable(portable, service_package)?;
    install_rpm(&before[2], rpm)?;
    container::run(service)
}

/// What software centres read. Only under a name that nobody chose it may lack a domain.
fn look_at_description(packager: &Packager) -> Result<()> {
    let metainfo = target_dir().join("packing/deb-agent/usr/share/metainfo").join(packager.metainfo());
    let mut command = Command::new("appstreamcli");
    command.args(["validate", "--no-net"]);
    if *packager == Packager::new(None, None)? {
        command.args(["--override=cid-desktopapp-is-not-rdns=info"]);
    }
    run_process(command.arg(metainfo))
}

/// A program that asks for a newer function does not start at all on a system that lacks it.
fn ask_for_old_glibc(program: &Path) -> Result<()> {
    let symbols = output(Command::new("objdump").arg("--dynamic-syms").arg(program))?;
    for symbol in symbols.lines() {
        let Some((_, version)) = symbol.split_once("GLIBC_") else { continue };
        let parts = version.split([')', ' ', '\t']).next().unwrap_or_default().split('.');
        let parts: Vec<u32> = parts.map_while(|part| part.parse().ok()).collect();
        ensure!(parts.as_slice() <= OLDEST_GLIBC.as_slice(), "{} needs {symbol}", program.display());
    }
    Ok(())
}

/// The distributions' own checks.
fn look_at(agent: &Path, service: &Path, rpm: &Path) -> Result<()> {
    let installer = repository().join("installer");
    run_process(Command::new("lintian").args(["--fail-on", "error,warning"]).args([agent, service]))?;
    run_process(Command::new("rpmlint").arg("-c").arg(installer.join("rpm/rpmlint.toml")).arg(rpm))?;
    let linux = installer.join("linux");
    for name in ["ondemand-agent", "ondemand-agent-link", "ondemand-agent-autostart"] {
        run_process(Command::new("desktop-file-validate").arg(linux.join(name).with_extension("desktop")))?;
    }
    let unit = installer.join("service/ondemand-service.service");
    let threshold = format!("--threshold={EXPOSURE}");
    let rating = output(
        Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager", &threshold])
            .arg(unit),
    )?;
    println!("{}", rating.lines().last().unwrap_or_default());
    Ok(())
}

fn install_debs(before: &[PathBuf; 4], now: &[PathBuf; 4]) -> Result<()> {
    let system = System::fresh("debian")?;
    let untouched = system.files()?;
    system.dpkg("--install", &before[..2])?;
    ensure!(system.version("ondemand-agent")?.starts_with(BEFORE), "the older version is not installed");

    // What an administrator sets.
    let service = Service::start(&system)?;
    system.write("etc/ondemand-agent/settings.toml", &format!("service_url = \"{}\"\n", service.url))?;
    let environment = system.root.join("etc/default/ondemand-service");
    fs::write(&environment, fs::read_to_string(&environment)? + "# Ours.\n")?;

    let desktop = Desktop::start(Options::default())?;
    let _shared = system.share(&desktop)?;
    let entry = system.exec_of("etc/xdg/autostart/ondemand-agent.desktop")?;
    let agent = system.spawn(&desktop, &entry)?;
    let is_ours = |id: &str| id.contains("ondemand");
    desktop.tray().wait_for("the agent's tray icon", LIMIT, |item| is_ours(&item.id))?;
    ensure!(window(&desktop).is_none(), "at log-in no window opens");

    // A link fills a code in, at the agent that runs.
    let link = system.exec_of("usr/share/applications/ondemand-agent-link.desktop")?;
    let link = link.replace("%u", "ondemand-agent:join#123-456-789");
    run_process(&mut system.command(&desktop, &link))?;
    wait_for("the agent's window", LIMIT, || window(&desktop))?;

    system.dpkg("--install", &now[..2])?;
    ensure!(!system.version("ondemand-agent")?.starts_with(BEFORE), "the version is still the older one");
    ensure!(system.is_running(agent.id()), "an upgrade ended the agent that runs");
    ensure!(system.root.join("etc/ondemand-agent/settings.toml").is_file(), "an upgrade removed settings");
    ensure!(fs::read_to_string(&environment)?.contains("# Ours."), "an upgrade took back a change");

    service.stop()?;
    system.dpkg("--remove", &["ondemand-agent", "ondemand-service"])?;
    wait_for("the agent to end, now that it is removed", LIMIT, || {
        (!system.is_running(agent.id())).then_some(())
    })?;
    ensure!(system.root.join("var/lib/ondemand-service/service.db").is_file(), "removing removed data");
    system.dpkg("--purge", &["ondemand-agent", "ondemand-service"])?;
    fs::remove_file(system.root.join("etc/ondemand-agent/settings.toml"))?;
    let _ = fs::remove_dir(system.root.join("etc/ondemand-agent"));
    compare(&untouched, &system.files()?)
}

/// A user in need starts what they downloaded, and leaves it again.
fn start_portable(program: &Path, service: &Path) -> Result<()> {
    let system = System::fresh("portable")?;
    system.dpkg("--install", &[service])?;
    let service = Service::start(&system)?;
    let untouched = system.files()?;
    let desktop = Desktop::start(Options::default())?;
    let _shared = system.share(&desktop)?;
    let host = service.url.trim_start_matches("http://").replace(':', "_");
    let name = format!("root/ondemand-agent-{host}-123-456-789");
    fs::copy(program, system.root.join(&name))?;
    let mut agent = system.spawn(&desktop, &format!("/{name}"))?;

    let find = |words: &str| {
        let programs = desktop.accessibility().programs().ok()?;
        programs
            .iter()
            .find_map(|program| program.find_where(|element| element.name().is_ok_and(|name| name == words)))
    };
    wait_for("the question for the service", LIMIT, || find("Connect to this support service?"))?;
    let connect = wait_for("its button", LIMIT, || find("Connect"))?;
    connect.activate()?;
    wait_for("the code's field", LIMIT, || find("Enter your session code"))?;
    system.signal(agent.id())?;
    wait_for("the copy to end", LIMIT, || agent.try_wait().ok().flatten())?;
    ensure!(
        fs::read_dir(desktop.home())?.all(|entry| entry.is_ok_and(|entry| !left_by_agent(&entry.path())))
    );
    fs::remove_file(system.root.join(&name))?;
    drop(service);
    compare(&untouched, &system.files()?)
}

fn left_by_agent(folder: &Path) -> bool {
    folder.to_string_lossy().contains("ondemand")
        || fs::read_dir(folder).is_ok_and(|below| below.flatten().any(|entry| left_by_agent(&entry.path())))
}

fn install_rpm(before: &Path, now: &Path) -> Result<()> {
    let system = System::fresh("rpm")?;
    let rpm = |arguments: &[&str], package: &Path| {
        let mut command = Command::new("rpm");
        command.arg("--root").arg(&system.root).args(["--dbpath", "/var/lib/rpm", "--nodeps"]);
        run_process(command.args(arguments).arg(package))
    };
    // rpm's database is there before the package.
    fs::create_dir_all(system.root.join("var/lib/rpm"))?;
    let files = || {
        let mut files = system.files()?;
        // Fedora's own packages have the folders that ours shares, and here nobody has them.
        files.retain(|_, what| what != "folder");
        anyhow::Ok(files)
    };
    let untouched = files()?;
    rpm(&["--install"], before)?;
    for library in &OPENED {
        let libraries = system.root.join("usr/lib/x86_64-linux-gnu");
        ensure!(
            !libraries.is_dir() || libraries.join(library.soname).exists(),
            "{} is not what the libraries are called",
            library.soname
        );
    }
    run_process(system.chroot().args(["/usr/bin/ondemand-agent", "--version"]))?;
    rpm(&["--upgrade"], now)?;
    run_process(system.chroot().args(["/usr/bin/ondemand-agent", "--version"]))?;
    rpm(&["--erase"], Path::new("ondemand-agent"))?;
    ensure!(!system.root.join("etc/ondemand-agent").exists(), "a folder of ours stayed");
    compare(&untouched, &files()?)
}

/// Any window of the agent.
fn window(desktop: &Desktop) -> Option<()> {
    let windows = desktop.windows().ok()?;
    windows.iter().any(|window| window.title.contains("On-demand Agent")).then_some(())
}

/// A Debian in a folder; unmounted when it goes.
struct System {
    root: PathBuf,
}

impl System {
    /// Unpacks the system that was made once, with what the packages depend on and nothing else.
    fn fresh(name: &str) -> Result<Self> {
        let archive = cache_dir()?.join("tools").join("bookworm.tar");
        if !archive.is_file() {
            let parts: Vec<_> =
                OPENED.iter().map(|library| library.debian).chain([TRUSTED, "systemd"]).collect();
            eprintln!("to be put together in {}: a fresh Debian", archive.display());
            fs::create_dir_all(archive.parent().context("no folder for it")?)?;
            let include = format!("--include={}", parts.join(","));
            let unfinished = archive.with_extension("unfinished.tar");
            let mut make = Command::new("mmdebstrap");
            // Without a mirror it takes Debian's own.
            make.args(["--quiet", "--variant=minbase", &include, "bookworm"]);
            run_process(make.arg(&unfinished))?;
            fs::rename(&unfinished, &archive)?;
        }
        let root = target_dir().join("package-trial").join(name);
        if root.exists() {
            ensure!(
                !succeeds(Command::new("mountpoint").arg(root.join("proc"))),
                "{} is in use",
                root.display()
            );
            fs::remove_dir_all(&root).with_context(|| format!("failed to empty {}", root.display()))?;
        }
        fs::create_dir_all(&root)?;
        run_process(
            Command::new("tar").arg("--extract").arg("--file").arg(&archive).arg("--directory").arg(&root),
        )?;
        let system = Self { root: root.canonicalize()? };
        run_process(Command::new("mount").args(["--types", "proc", "proc"]).arg(system.root.join("proc")))?;
        Ok(system)
    }

    fn chroot(&self) -> Command {
        let mut command = Command::new("/usr/sbin/chroot");
        command.arg(&self.root).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
        command
    }

    /// Passes files in, and names as they are.
    fn dpkg(&self, action: &str, what: &[impl AsRef<Path>]) -> Result<()> {
        let mut command = self.chroot();
        command.args(["dpkg", action]);
        for what in what {
            let what = what.as_ref();
            match what.is_file() {
                true => {
                    let inside = Path::new("tmp").join(what.file_name().context("no file name")?);
                    fs::copy(what, self.root.join(&inside))?;
                    command.arg(Path::new("/").join(inside));
                }
                false => drop(command.arg(what)),
            }
        }
        run_process(&mut command)
    }

    fn version(&self, package: &str) -> Result<String> {
        output(self.chroot().args(["dpkg-query", "--show", "--showformat=${Version}", package]))
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        fs::write(self.root.join(path), text).with_context(|| format!("failed to write {path}"))
    }

    /// What a desktop entry starts.
    fn exec_of(&self, entry: &str) -> Result<String> {
        let text = fs::read_to_string(self.root.join(entry)).with_context(|| format!("no {entry}"))?;
        let exec = text.lines().find_map(|line| line.strip_prefix("Exec="));
        Ok(exec.with_context(|| format!("{entry} starts nothing"))?.to_owned())
    }

    /// Makes the desktop's folder, with its sockets, part of the system.
    fn share(&self, desktop: &Desktop) -> Result<Mounted> {
        let inside = self.root.join(desktop.folder().strip_prefix("/")?);
        fs::create_dir_all(&inside)?;
        run_process(Command::new("mount").arg("--bind").arg(desktop.folder()).arg(&inside))?;
        Ok(Mounted(inside))
    }

    fn command(&self, desktop: &Desktop, exec: &str) -> Command {
        let mut command = desktop.command("/usr/sbin/chroot");
        command.current_dir("/").arg(&self.root).args(exec.split(' '));
        command
    }

    fn spawn(&self, desktop: &Desktop, exec: &str) -> Result<Child> {
        Ok(desktop.spawn(&mut self.command(desktop, exec))?)
    }

    fn is_running(&self, pid: u32) -> bool {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        !status.is_empty() && !status.contains("State:\tZ")
    }

    fn signal(&self, pid: u32) -> Result<()> {
        run_process(Command::new("kill").args(["-s", "TERM", &pid.to_string()]))
    }

    /// Every file that packages can leave behind, with what is in it.
    fn files(&self) -> Result<BTreeMap<PathBuf, String>> {
        /// Where the package managers themselves keep books, and what holds no files.
        const BOOKS: [&str; 8] =
            ["proc", "dev", "tmp", "run", "var/lib/dpkg", "var/log", "var/lib/rpm", "var/cache"];
        let mut files = BTreeMap::new();
        let mut open = vec![PathBuf::new()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(self.root.join(&folder))? {
                let entry = entry?;
                let path = folder.join(entry.file_name());
                let kind = entry.file_type()?;
                if BOOKS.iter().any(|book| path == Path::new(book)) {
                    continue;
                }
                let what = if kind.is_dir() {
                    open.push(path.clone());
                    "folder".to_owned()
                } else if kind.is_file() {
                    format!("{:?}", fs::read(entry.path()).map(|bytes| (bytes.len(), sum(&bytes)))?)
                } else {
                    "other".to_owned()
                };
                files.insert(path, what);
            }
        }
        Ok(files)
    }
}

impl Drop for System {
    fn drop(&mut self) {
        succeeds(Command::new("umount").arg(self.root.join("proc")));
    }
}

/// Ends with the sharing.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        succeeds(Command::new("umount").args(["--lazy"]).arg(&self.0));
    }
}

/// Enough to notice a change.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(14_695_981_039_346_656_037, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(1_099_511_628_211)
    })
}

fn compare(before: &BTreeMap<PathBuf, String>, after: &BTreeMap<PathBuf, String>) -> Result<()> {
    // The user of the service stays, as Debian has it: its number must not become somebody else's.
    let accounts = ["passwd", "group", "shadow", "gshadow"];
    let is_account = |path: &Path| {
        let name = path.to_string_lossy();
        let name = name.trim_end_matches('-');
        accounts.iter().any(|account| name == format!("etc/{account}")) || name == "etc/.pwd.lock"
    };
    let left = after.iter().filter(|(path, what)| before.get(*path) != Some(*what));
    let gone = before.keys().filter(|path| !after.contains_key(*path));
    let different: Vec<_> = left.map(|(path, _)| path).chain(gone).filter(|path| !is_account(path)).collect();
    if !different.is_empty() {
        bail!("not as before: {different:?}");
    }
    Ok(())
}

/// The service, started as its unit says.
struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start(system: &System) -> Result<Self> {
        const USER: &str = "ondemand-service";
        let unit = fs::read_to_string(system.root.join("lib/systemd/system/ondemand-service.service"))?;
        let value =
            |name: &str| unit.lines().find_map(|line| line.strip_prefix(name)).context("no such line");
        let state = format!("/var/lib/{}", value("StateDirectory=")?);
        let own = ["install", "--directory", "--owner", USER, "--group", USER, "--mode", "0700"];
        run_process(system.chroot().args(own).arg(&state))?;
        let mut command = system.chroot();
        command.args(["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"]);
        command.args(value("ExecStart=")?.split(' ')).env("ONDEMAND_SERVICE_LISTEN", "127.0.0.1:0");
        let mut child = command.stdout(Stdio::piped()).spawn().context("failed to start the service")?;
        let stdout = child.stdout.take().context("the service has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let url = line.trim().strip_prefix("listening on ").context("the service is not ready")?.to_owned();
        Ok(Self { child, url })
    }

    fn stop(mut self) -> Result<()> {
        run_process(Command::new("kill").args(["-s", "TERM", &self.child.id().to_string()]))?;
        ensure!(self.child.wait()?.success(), "the service did not stop as it should");
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
