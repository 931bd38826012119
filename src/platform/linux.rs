//! Linux.

#[path = "linux/glibc.rs"]
mod glibc;
#[path = "linux/key_store.rs"]
mod key_store;
#[path = "linux/keys.rs"]
mod keys;
#[path = "linux/memory.rs"]
mod memory;
#[path = "linux/system_log.rs"]
mod system_log;

pub(crate) use key_store::KeyStore;
pub(crate) use memory::{let_go_of_memory, save_memory};
pub(crate) use system_log::tell_system_log;

pub(crate) use super::unix::{
    LineEnds, LocalStream, borrow_console, computer_name, connect_local, foreign_access, installed_token,
    leave_console, listen_local, private_file, private_folder, remove_user_data, sync_folder, terminated,
    user_name,
};
use super::{MachineSettings, Role, SystemFact};
use crate::resident::{
    Event,
    notifications::{Answer, Note},
    tray::{Face, ShowFace, Tray, forward_clicks},
};
use keys::Keys;
use notify_rust::{NotificationResponse, Timeout, Urgency};
use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use zbus::{
    MatchRule, MessageStream,
    export::futures_core::Stream as _,
    message::Type,
    zvariant::{OwnedObjectPath, OwnedValue},
};

/// How long a panel may take to start after the agent.
const PANEL_START: Duration = Duration::from_secs(5);
/// The name on the session bus of whoever shows tray icons.
const TRAY_HOST: &str = "org.kde.StatusNotifierWatcher";

/// What a child may know of this process's environment.
pub(super) const CHILD_ENVIRONMENT: &[&str] = &[
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_*",
    "DBUS_SESSION_BUS_ADDRESS",
    "AT_SPI_BUS_ADDRESS",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TMPDIR",
    "FONTCONFIG_FILE",
    "FONTCONFIG_PATH",
    "SLINT_SCALE_FACTOR",
    "WINIT_X11_SCALE_FACTOR",
];

/// Since the computer started, time asleep included.
pub(crate) fn boot_time() -> Duration {
    super::unix::clock(libc::CLOCK_BOOTTIME)
}

/// Keeps other processes of the user from looking into this one, and lets no child outlive its parent.
pub(crate) fn harden(role: Role) {
    extern "C" fn die_in_a_second(_: libc::c_int) {
        // SAFETY: it is made for signal handlers. What it sends kills, because nobody handles it.
        unsafe { libc::alarm(1) };
    }
    super::unix::no_core_dumps();
    let at_parents_death = match role {
        Role::Parent => None,
        Role::Window => Some(libc::SIGKILL),
        Role::Access => Some(libc::SIGUSR1),
    };
    // SAFETY: these options of `prctl` take plain numbers, and one a text that lives as long as the program; the handler
    // calls nothing but what signal handlers may.
    unsafe {
        libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
        if role == Role::Access {
            libc::signal(libc::SIGUSR1, die_in_a_second as *const () as libc::sighandler_t);
        }
        if let Some(signal) = at_parents_death {
            // Started through `/proc/self/exe`, it would be called `exe` in every list of processes.
            libc::prctl(libc::PR_SET_NAME, c"ondemand-agent".as_ptr(), 0, 0, 0);
            libc::prctl(libc::PR_SET_PDEATHSIG, signal, 0, 0, 0);
        }
    }
}

/// The program that runs now, even when its file was replaced meanwhile.
pub(crate) fn own_program() -> std::io::Result<PathBuf> {
    Ok(PathBuf::from("/proc/self/exe"))
}

/// The documents under `/etc/ondemand-agent`, where administrators alone can write.
pub(crate) fn machine_settings() -> Vec<MachineSettings> {
    super::machine_settings_in(Path::new("/etc/ondemand-agent"), super::unix::foreign_writers)
}

/// Where packages put programs.
pub(super) fn program_folders() -> Vec<PathBuf> {
    ["/usr", "/opt", "/nix/store"].map(PathBuf::from).into()
}

/// What a newer version is installed with.
pub(crate) const HOW_TO_UPDATE: &str = "Install it with the system's package tools: `apt install --only-upgrade ondemand-agent` or `dnf upgrade ondemand-agent`.";

/// Runs `driver` on this thread, with a tray icon that lives on a thread of its own: a panel that hangs must not hold up
/// anything else. `tell` learns what the user chooses in its menu or by key.
pub(crate) fn with_tray<T: Send + 'static>(
    tell: impl Fn(Event) + Clone + Send + Sync + 'static,
    driver: impl FnOnce(ShowFace) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let (show, faces) = mpsc::channel::<Face>();
    let chosen = move |choice| tell(Event::Menu(choice));
    forward_clicks(chosen.clone());
    let mut keys = Keys::new(chosen);
    let spawned = thread::Builder::new().name("tray".into()).spawn(move || {
        let Ok(mut face) = faces.recv() else { return };
        let mut tray = Tray::new(&face).inspect_err(|error| {
            tracing::warn!(%error, "no tray icon: the desktop offers no place for it");
        });
        let mut again: Option<Instant> = None;
        loop {
            let next = match again {
                Some(at) => faces.recv_timeout(at.saturating_duration_since(Instant::now())),
                None => faces.recv().map_err(RecvTimeoutError::from),
            };
            match next {
                // Only the newest counts.
                Ok(next) => face = faces.try_iter().last().unwrap_or(next),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            keys.hold(face.offers_end());
            again = tray.as_mut().ok().and_then(|tray| tray.show(&face));
        }
    });
    if let Err(error) = spawned {
        tracing::warn!(%error, "no tray icon: its thread could not be started");
    }
    driver(Box::new(move |face| drop(show.send(face))))
}

/// Shows a notification, answers what the user chose in it, and withdraws it when `withdraw` fires.
pub(crate) async fn show_notification(
    note: Note,
    withdraw: oneshot::Receiver<()>,
) -> anyhow::Result<Option<Answer>> {
    let mut notification = notify_rust::Notification::new();
    notification.appname("On-demand Agent").summary(&note.title).body(&escape(&note.text));
    if let Some(answers) = note.answers {
        notification
            .action("review", answers.review)
            .action("reject", answers.reject)
            .urgency(Urgency::Critical)
            .timeout(Timeout::Never);
    }
    let handle = notification.show_async().await?;
    let mut answer = None;
    let chosen = handle.wait_for_action_async(|response: &NotificationResponse| {
        answer = match response {
            NotificationResponse::Default => Some(Answer::Review),
            NotificationResponse::Action(action) if action == "review" => Some(Answer::Review),
            NotificationResponse::Action(action) if action == "reject" => Some(Answer::Reject),
            _ => None,
        };
    });
    tokio::select! {
        () = chosen => {}
        _ = withdraw => handle.close_async().await,
    }
    Ok(answer)
}

/// The notification servers read the text as markup.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Listens to the login manager and the screen saver, and looks for a tray. Nothing is asked repeatedly; without a bus
/// nothing is told.
pub(crate) fn watch_system(tell: impl Fn(SystemFact) + Clone + Send + Sync + 'static) {
    let lock = Arc::new(Lock::default());
    let (system, of_session) = (tell.clone(), Arc::clone(&lock));
    tokio::spawn(async move {
        if let Err(error) = watch_login_manager(&of_session, system).await {
            tracing::info!(%error, "the login manager does not tell about sleep and lock");
        }
    });
    tokio::spawn(async move {
        match watch_desktop(&lock, &tell).await {
            Ok(()) => tracing::warn!("the session bus is gone, and with it tray and screen lock"),
            Err(error) => tracing::info!(%error, "the desktop does not tell about its screen lock"),
        }
        tell(SystemFact::NoTray);
    });
}

/// A connection that is driven by the agent's own loop and not by a thread of its own.
async fn connect(bus: zbus::connection::Builder<'_>) -> zbus::Result<zbus::Connection> {
    let bus = bus.internal_executor(false).build().await?;
    let executor = bus.executor().clone();
    tokio::spawn(async move {
        while !executor.is_empty() {
            executor.tick().await;
        }
    });
    Ok(bus)
}

async fn watch_login_manager(lock: &Lock, tell: impl Fn(SystemFact)) -> zbus::Result<()> {
    const LOGIN: &str = "org.freedesktop.login1";
    let bus = connect(zbus::connection::Builder::system()?).await?;
    let manager = "org.freedesktop.login1.Manager";
    let found = bus
        .call_method(Some(LOGIN), "/org/freedesktop/login1", Some(manager), "GetSessionByPID", &0_u32)
        .await;
    let mut rules = vec![signals_of(LOGIN, manager)?.member("PrepareForSleep")?.build()];
    // A process that belongs to no log-in session still wants to know about sleep.
    if let Ok(found) = found {
        let session: OwnedObjectPath = found.body().deserialize()?;
        rules.push(signals_of(LOGIN, "org.freedesktop.login1.Session")?.path(session.clone())?.build());
        rules.push(signals_of(LOGIN, "org.freedesktop.DBus.Properties")?.path(session.clone())?.build());
        // The agent may be started behind a lock screen.
        let of_session = &"org.freedesktop.login1.Session";
        let all = "org.freedesktop.DBus.Properties";
        let state = bus.call_method(Some(LOGIN), session, Some(all), "GetAll", of_session).await?;
        let state: Properties = state.body().deserialize()?;
        tell(lock.change(|reasons| reasons.take_in(&state)));
    }
    for_each_signal(&bus, rules, |message| {
        let header = message.header();
        let fact = match header.member().map(|member| member.as_str()) {
            Some("PrepareForSleep") => match message.body().deserialize() {
                Ok(true) => SystemFact::Suspending,
                Ok(false) => SystemFact::Awake,
                Err(_) => return,
            },
            Some("Lock") => lock.change(|reasons| reasons.asked = true),
            Some("Unlock") => lock.change(|reasons| reasons.asked = false),
            Some("PropertiesChanged") => match session_change(message) {
                Some(properties) => lock.change(|reasons| reasons.take_in(&properties)),
                None => return,
            },
            _ => return,
        };
        tell(fact);
    })
    .await
}

fn signals_of(
    sender: &'static str,
    interface: &'static str,
) -> zbus::Result<zbus::match_rule::Builder<'static>> {
    MatchRule::builder().msg_type(Type::Signal).sender(sender)?.interface(interface)
}

async fn for_each_signal(
    bus: &zbus::Connection,
    rules: Vec<MatchRule<'_>>,
    handle: impl Fn(&zbus::Message),
) -> zbus::Result<()> {
    // One stream of all messages costs less than one a rule.
    let mut messages = MessageStream::from(bus);
    let daemon = zbus::fdo::DBusProxy::new(bus).await?;
    for rule in rules {
        daemon.add_match_rule(rule).await?;
    }
    while let Some(message) = next(&mut messages).await {
        let message = message?;
        if message.message_type() == Type::Signal {
            handle(&message);
        }
    }
    Ok(())
}

async fn next(messages: &mut MessageStream) -> Option<zbus::Result<zbus::Message>> {
    std::future::poll_fn(|context| Pin::new(&mut *messages).poll_next(context)).await
}

type Properties = HashMap<String, OwnedValue>;

/// What changed of the login session's properties.
fn session_change(message: &zbus::Message) -> Option<Properties> {
    let (_, changed, _): (String, Properties, Vec<String>) = message.body().deserialize().ok()?;
    Some(changed)
}

/// Why the screen is not the user's. One reason that goes says nothing about the others.
#[derive(Debug, Default)]
struct Reasons {
    /// The login manager's `LockedHint`.
    hint: bool,
    /// Another user's session is in front.
    away: bool,
    /// Locking was asked for; not every locker sets the hint.
    asked: bool,
    /// The screen savers that are active, by their names on the bus: only who said so can take it back.
    savers: BTreeSet<String>,
}

impl Reasons {
    fn take_in(&mut self, properties: &Properties) {
        let flag = |name: &str| properties.get(name).and_then(|value| bool::try_from(value).ok());
        if let Some(locked) = flag("LockedHint") {
            self.hint = locked;
            self.asked &= locked;
        }
        if let Some(active) = flag("Active") {
            self.away = !active;
        }
    }

    fn fact(&self) -> SystemFact {
        if self.hint || self.away || self.asked || !self.savers.is_empty() {
            SystemFact::ScreenLocked
        } else {
            SystemFact::ScreenUnlocked
        }
    }
}

/// The [`Reasons`], told by login manager and desktop.
#[derive(Debug, Default)]
struct Lock(Mutex<Reasons>);

impl Lock {
    fn change(&self, change: impl FnOnce(&mut Reasons)) -> SystemFact {
        let mut reasons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut reasons);
        reasons.fact()
    }
}

async fn watch_desktop(
    lock: &Lock,
    tell: &(impl Fn(SystemFact) + Clone + Send + Sync + 'static),
) -> zbus::Result<()> {
    let bus = connect(zbus::connection::Builder::session()?).await?;
    let look_for_tray = || {
        let (host, missing) = (bus.clone(), tell.clone());
        tokio::spawn(async move {
            // At log-in the panel may be slower than the agent, and one that died is mostly started again.
            tokio::time::sleep(PANEL_START).await;
            if !has_tray_host(&host).await.unwrap_or(false) {
                missing(SystemFact::NoTray);
            }
        });
    };
    look_for_tray();
    // GNOME, Cinnamon, MATE and the others speak of themselves under different names with the same signal.
    let savers = MatchRule::builder().msg_type(Type::Signal).member("ActiveChanged")?.build();
    let daemon = "org.freedesktop.DBus";
    let host = signals_of(daemon, daemon)?.member("NameOwnerChanged")?.arg(0, TRAY_HOST)?.build();
    for_each_signal(&bus, vec![savers, host], |message| {
        let header = message.header();
        if header.member().is_some_and(|member| member == "NameOwnerChanged") {
            let change = message.body().deserialize::<(String, String, String)>();
            if change.is_ok_and(|(name, _, owner)| name == TRAY_HOST && owner.is_empty()) {
                look_for_tray();
            }
            return;
        }
        let of_screen_saver = header.interface().is_some_and(|name| name.as_str().ends_with(".ScreenSaver"));
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        if let (true, Ok(active)) = (of_screen_saver, message.body().deserialize::<bool>()) {
            tell(lock.change(|reasons| {
                if active {
                    reasons.savers.insert(sender)
                } else {
                    reasons.savers.remove(&sender)
                };
            }));
        }
    })
    .await
}

async fn has_tray_host(bus: &zbus::Connection) -> zbus::Result<bool> {
    let daemon = zbus::fdo::DBusProxy::new(bus).await?;
    Ok(daemon.name_has_owner(TRAY_HOST.try_into()?).await?)
}

/// A line that is dead without saying so is given up after half a minute without an acknowledgement.
pub(crate) fn notice_dead_lines(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tcp_user_timeout(Duration::from_secs(30))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(list: &[(&str, bool)]) -> Properties {
        list.iter().map(|(name, value)| ((*name).to_owned(), OwnedValue::from(*value))).collect()
    }

    #[test]
    fn the_screen_is_unlocked_only_when_no_reason_is_left() {
        let lock = Lock::default();
        let take = |list: &[(&str, bool)]| lock.change(|reasons| reasons.take_in(&properties(list)));
        assert_eq!(take(&[("LockedHint", true)]), SystemFact::ScreenLocked);
        // Somebody switches users and comes back to the lock screen.
        assert_eq!(take(&[("Active", false)]), SystemFact::ScreenLocked);
        assert_eq!(take(&[("Active", true)]), SystemFact::ScreenLocked);
        // Any program of the user may say that its screen saver ended.
        let ended = |reasons: &mut Reasons| _ = reasons.savers.remove(":1.7");
        assert_eq!(lock.change(ended), SystemFact::ScreenLocked);
        assert_eq!(lock.change(|reasons| reasons.asked = false), SystemFact::ScreenLocked);
        assert_eq!(take(&[("LockedHint", false)]), SystemFact::ScreenUnlocked);
    }

    #[test]
    fn a_screen_saver_is_over_when_the_one_that_started_says_so() {
        let lock = Lock::default();
        lock.change(|reasons| _ = reasons.savers.insert(":1.7".into()));
        assert_eq!(lock.change(|reasons| _ = reasons.savers.remove(":1.8")), SystemFact::ScreenLocked);
        assert_eq!(lock.change(|reasons| _ = reasons.savers.remove(":1.7")), SystemFact::ScreenUnlocked);
    }
}
