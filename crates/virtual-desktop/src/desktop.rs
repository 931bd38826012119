//! Starting and ending a desktop.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use zbus::blocking::{Connection, connection};

use crate::accessibility::Accessibility;
use crate::keeper::{Keeper, reap};
use crate::login::LoginManager;
use crate::portal::SettingsPortal;
use crate::tools::{self, Tool};
use crate::tray::Tray;
use crate::windows::Display;
use crate::{Error, Result, notifications, portal, wait_for};

/// How long a part of the desktop may take to come up: generous, because a test machine may be busy.
const START: Duration = Duration::from_secs(30);
/// How long any one call over a bus may take: a hung program must not hang its test.
const CALL: Duration = Duration::from_secs(10);

/// Which window manager runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WindowManager {
    /// Small, quick to start, strict about stacking.
    #[default]
    Openbox,
    /// Xfce's, a common desktop's behaviour.
    Xfwm4,
}

/// Which program shows notifications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NotificationDaemon {
    /// Xfce's: shows action buttons that can be clicked.
    #[default]
    Xfce,
    /// A minimal one without buttons: a click runs the default action.
    Dunst,
    /// Nobody shows them.
    None,
}

/// What of the desktop can die while programs run on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The session bus; it cannot be started again, because everything on it went along.
    SessionBus,
    /// The panel with the place for tray icons.
    TrayHost,
    /// Xfce's notification daemon.
    Notifications,
}

impl Part {
    fn tool(self) -> Tool {
        match self {
            Self::SessionBus => Tool::DbusDaemon,
            Self::TrayHost => Tool::Panel,
            Self::Notifications => Tool::XfceNotifyd,
        }
    }
}

/// What the desktop is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The window manager.
    pub window_manager: WindowManager,
    /// The notification daemon.
    pub notifications: NotificationDaemon,
    /// Whether a panel with a place for tray icons runs.
    pub tray_host: bool,
    /// Width and height of the screen in pixels.
    pub size: (u16, u16),
    /// 2.0 is a screen with twice the pixels an inch.
    pub scale: f32,
    /// How the desktop answers a program that asks for light or dark.
    pub settings_portal: SettingsPortal,
    /// Whether a login manager on a system bus of its own tells of sleep and lock.
    pub login_manager: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            window_manager: WindowManager::default(),
            notifications: NotificationDaemon::default(),
            tray_host: true,
            size: (1280, 800),
            scale: 1.0,
            settings_portal: SettingsPortal::default(),
            login_manager: false,
        }
    }
}

/// A running desktop; dropping it ends every program in it and removes its folder.
pub struct Desktop {
    // Dropped top-down: connections first, then the keeper ends the programs, and last their zombies are collected.
    pub(crate) x: Arc<Display>,
    pub(crate) session: Connection,
    accessibility: Accessibility,
    _portal: Option<Connection>,
    login_manager: Option<LoginManager>,
    environment: Vec<(&'static str, String)>,
    programs: Programs,
}

/// The programs that make up the desktop, in the order of their start.
struct Programs {
    keeper: Option<Keeper>,
    children: RefCell<Vec<(Tool, Child)>>,
}

impl Drop for Programs {
    fn drop(&mut self) {
        self.keeper = None;
        self.children.borrow_mut().iter_mut().for_each(|(_, child)| reap(child));
    }
}

impl Desktop {
    /// Starts a desktop and returns once everything in it is ready.
    pub fn start(options: Options) -> Result<Self> {
        tools::check(&needed(&options))?;
        let programs = Programs { keeper: Some(Keeper::start()?), children: RefCell::default() };
        let mut environment = folders(programs.folder())?;

        let display = programs.start_x(&options, &environment)?;
        environment.push(("DISPLAY", display.clone()));
        let x = Arc::new(Display::open(&display)?);
        x.set_scale(options.scale)?;
        x.set_background()?;

        let login_manager = match options.login_manager {
            true => {
                let address = programs.start_bus("system-bus", &environment)?;
                environment.push(("DBUS_SYSTEM_BUS_ADDRESS", address.clone()));
                Some(LoginManager::start(&address)?)
            }
            false => None,
        };
        let address = programs.start_bus("bus", &environment)?;
        environment.push(("DBUS_SESSION_BUS_ADDRESS", address.clone()));
        let session = connect(&address)?;
        let ready = |name: &str| -> Result<()> {
            wait_for(&format!("{name} on the bus"), START, || {
                owned(&session, name).unwrap_or(false).then_some(())
            })
        };

        let portal = portal::start(options.settings_portal, &address)?;
        let xfce = options.window_manager == WindowManager::Xfwm4
            || options.tray_host
            || options.notifications == NotificationDaemon::Xfce;
        if xfce {
            programs.start(Tool::Xfconf, &[], &environment)?;
            ready("org.xfce.Xfconf")?;
        }
        programs.start(Tool::AtSpi, &["--launch-immediately"], &environment)?;
        match options.window_manager {
            WindowManager::Openbox => programs.start(Tool::Openbox, &["--sm-disable"], &environment)?,
            WindowManager::Xfwm4 => programs.start(Tool::Xfwm4, &["--compositor=off"], &environment)?,
        }
        ready("org.a11y.Bus")?;
        let accessibility = Accessibility::switch_on(&session, CALL)?;
        wait_for("the window manager", START, || x.is_managed().unwrap_or(false).then_some(()))?;

        if options.tray_host {
            programs.start(Tool::Panel, &["--disable-wm-check"], &environment)?;
        }
        match options.notifications {
            NotificationDaemon::Xfce => programs.start(Tool::XfceNotifyd, &[], &environment)?,
            NotificationDaemon::Dunst => programs.start(Tool::Dunst, &[], &environment)?,
            NotificationDaemon::None => {}
        }
        if options.tray_host {
            ready("org.kde.StatusNotifierWatcher")?;
        }
        if options.notifications != NotificationDaemon::None {
            ready(notifications::NAME)?;
        }
        let desktop =
            Self { x, session, accessibility, _portal: portal, login_manager, environment, programs };
        if options.tray_host {
            wait_for("the panel", START, || desktop.tray().is_hosted().unwrap_or(false).then_some(()))?;
        }
        Ok(desktop)
    }

    /// The variables that put a program on this desktop; nothing else should be in its environment.
    pub fn env(&self) -> &[(&'static str, String)] {
        &self.environment
    }

    /// A command with this desktop's environment and no other, without standard input.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.home()).stdin(Stdio::null());
        command
    }

    /// Starts a program that ends with the desktop at the latest.
    pub fn spawn(&self, command: &mut Command) -> Result<Child> {
        let program = command.get_program().to_string_lossy().into_owned();
        self.programs.keeper().spawn(command).map_err(|source| Error::Start { program, source })
    }

    /// The folder of everything on this desktop; removed with it.
    pub fn folder(&self) -> &Path {
        self.programs.folder()
    }

    /// The home folder of the programs on this desktop.
    pub fn home(&self) -> PathBuf {
        self.folder().join("home")
    }

    /// What a program of the desktop (`xfce4-panel`, `openbox`, …) wrote, for a failed test to show.
    pub fn log(&self, program: &str) -> String {
        let bytes = fs::read(log_path(self.folder(), program)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The accessibility tree of all programs on this desktop.
    pub fn accessibility(&self) -> &Accessibility {
        &self.accessibility
    }

    /// The login manager, where [`Options::login_manager`] asks for one.
    pub fn login_manager(&self) -> Option<&LoginManager> {
        self.login_manager.as_ref()
    }

    /// Kills a part of the desktop, as a crash does.
    pub fn kill(&self, part: Part) {
        let of_part = |(tool, _): &&mut (Tool, Child)| *tool == part.tool();
        // The last one, where there are two: the session bus is started after the system bus.
        if let Some((_, child)) = self.programs.children.borrow_mut().iter_mut().rev().find(of_part) {
            let group = rustix::process::Pid::from_child(child);
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            reap(child);
        }
    }

    /// Starts a part of the desktop again that was killed, and returns once it is ready.
    pub fn start_again(&self, part: Part) -> Result<()> {
        let ready = |name: &str| {
            wait_for(&format!("{name} on the bus"), START, || {
                owned(&self.session, name).unwrap_or(false).then_some(())
            })
        };
        match part {
            Part::SessionBus => Err(Error::NotThere("a session bus that can be started again".to_owned())),
            Part::TrayHost => {
                self.programs.start(Tool::Panel, &["--disable-wm-check"], &self.environment)?;
                ready("org.kde.StatusNotifierWatcher")
            }
            Part::Notifications => {
                self.programs.start(Tool::XfceNotifyd, &[], &self.environment)?;
                ready(notifications::NAME)
            }
        }
    }

    /// The tray icons on this desktop.
    pub fn tray(&self) -> Tray<'_> {
        Tray::new(self)
    }

    /// The private session bus.
    pub fn session_bus(&self) -> &Connection {
        &self.session
    }

    /// The session bus's address, for further connections.
    pub(crate) fn session_address(&self) -> &str {
        let address = self.environment.iter().find(|(name, _)| *name == "DBUS_SESSION_BUS_ADDRESS");
        address.map_or("", |(_, value)| value)
    }
}

impl Programs {
    fn keeper(&self) -> &Keeper {
        self.keeper.as_ref().expect("the keeper stays until the drop")
    }

    fn folder(&self) -> &Path {
        self.keeper().folder()
    }

    fn start_x(&self, options: &Options, environment: &[(&str, String)]) -> Result<String> {
        let (width, height) = options.size;
        let dpi = (96.0 * options.scale).round();
        let mut command = self.command(Tool::Xvfb, environment)?;
        command
            .args(["-displayfd", "1", "-screen", "0", &format!("{width}x{height}x24")])
            .args(["-dpi", &dpi.to_string(), "-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped());
        let number = self.first_line(Tool::Xvfb, &mut command)?;
        Ok(format!(":{number}"))
    }

    fn start_bus(&self, name: &str, environment: &[(&str, String)]) -> Result<String> {
        let folder = self.folder();
        let path = folder.join(format!("{name}.conf"));
        let socket = folder.join("run").join(name);
        let text = include_str!("bus.conf").replace("@SOCKET@", &socket.to_string_lossy());
        fs::write(&path, text).map_err(|source| Error::File { path: path.clone(), source })?;
        let mut command = self.command(Tool::DbusDaemon, environment)?;
        command.arg(format!("--config-file={}", path.display()));
        command.args(["--nofork", "--nopidfile", "--print-address=1"]).stdout(Stdio::piped());
        self.first_line(Tool::DbusDaemon, &mut command)
    }

    /// Starts a program and returns the line that it prints when it is ready.
    fn first_line(&self, tool: Tool, command: &mut Command) -> Result<String> {
        let error = |source| Error::Start { program: tool.name().to_owned(), source };
        let mut child = self.keeper().spawn(command).map_err(error)?;
        let output = child.stdout.take();
        self.children.borrow_mut().push((tool, child));
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            if let Some(output) = output {
                let read = BufReader::new(output).read_line(&mut line);
                // Nobody listens any more when the deadline has passed.
                let _ = sender.send(read.map(|_| line));
            }
        });
        match receiver.recv_timeout(START) {
            Ok(Ok(line)) if line.ends_with('\n') => Ok(line.trim().to_owned()),
            _ => Err(Error::Timeout {
                what: format!("{} to be ready", tool.name()),
                seconds: START.as_secs_f32(),
                detail: format!(
                    "; it said: {}",
                    fs::read_to_string(log_path(self.folder(), tool.name())).unwrap_or_default()
                ),
            }),
        }
    }

    fn start(&self, tool: Tool, arguments: &[&str], environment: &[(&str, String)]) -> Result<()> {
        let child = self
            .keeper()
            .spawn(self.command(tool, environment)?.args(arguments))
            .map_err(|source| Error::Start { program: tool.name().to_owned(), source })?;
        self.children.borrow_mut().push((tool, child));
        Ok(())
    }

    /// A command whose output goes to a log file of the tool's name.
    fn command(&self, tool: Tool, environment: &[(&str, String)]) -> Result<Command> {
        let path = log_path(self.folder(), tool.name());
        let open = || fs::File::options().create(true).append(true).open(&path);
        let log = |source| Error::File { path: path.clone(), source };
        let mut command = Command::new(tool.find().unwrap_or_else(|| tool.name().into()));
        command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(open().map_err(log)?).stderr(open().map_err(log)?);
        command.current_dir(self.folder());
        Ok(command)
    }
}

fn log_path(folder: &Path, program: &str) -> PathBuf {
    folder.join("log").join(program)
}

/// Lays out the folder and returns the environment that names its parts.
fn folders(folder: &Path) -> Result<Vec<(&'static str, String)>> {
    let make = |name: &str| -> Result<String> {
        let path = folder.join(name);
        let made = fs::create_dir_all(&path)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o700)));
        made.map_err(|source| Error::File { path: path.clone(), source })?;
        Ok(path.to_string_lossy().into_owned())
    };
    make("log")?;
    let channels = make("home/.config/xfce4/xfconf/xfce-perchannel-xml")?;
    let panel = Path::new(&channels).join("xfce4-panel.xml");
    fs::write(&panel, include_str!("panel.xml")).map_err(|source| Error::File { path: panel, source })?;
    Ok(vec![
        ("HOME", make("home")?),
        ("XDG_CONFIG_HOME", make("home/.config")?),
        ("XDG_CACHE_HOME", make("home/.cache")?),
        ("XDG_DATA_HOME", make("home/.local/share")?),
        ("XDG_STATE_HOME", make("home/.local/state")?),
        ("XDG_RUNTIME_DIR", make("run")?),
        ("TMPDIR", make("tmp")?),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("XDG_SESSION_TYPE", "x11".to_owned()),
        ("XDG_CURRENT_DESKTOP", "XFCE".to_owned()),
        // Settings live and die with each program: no settings daemon to start or to tidy away.
        ("GSETTINGS_BACKEND", "memory".to_owned()),
    ])
}

fn needed(options: &Options) -> Vec<Tool> {
    let mut tools = vec![Tool::Xvfb, Tool::DbusDaemon, Tool::AtSpi];
    match options.window_manager {
        WindowManager::Openbox => tools.push(Tool::Openbox),
        WindowManager::Xfwm4 => tools.extend([Tool::Xfwm4, Tool::Xfconf]),
    }
    if options.tray_host {
        tools.extend([Tool::Panel, Tool::Xfconf]);
    }
    match options.notifications {
        NotificationDaemon::Xfce => tools.extend([Tool::XfceNotifyd, Tool::Xfconf]),
        NotificationDaemon::Dunst => tools.push(Tool::Dunst),
        NotificationDaemon::None => {}
    }
    tools
}

/// Connects to a bus so that no call can take for ever.
pub(crate) fn connect(address: &str) -> Result<Connection> {
    Ok(connection::Builder::address(address)?.method_timeout(CALL).build()?)
}

/// Whether somebody on the bus owns the name.
pub(crate) fn owned(bus: &Connection, name: &str) -> Result<bool> {
    let reply = bus.call_method(
        Some("org.freedesktop.DBus"),
        "/org/freedesktop/DBus",
        Some("org.freedesktop.DBus"),
        "NameHasOwner",
        &name,
    )?;
    Ok(reply.body().deserialize()?)
}
