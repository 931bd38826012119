//! The login manager, `org.freedesktop.login1`, on a private system bus: tells programs that the screen is locked or the
//! computer is about to sleep, without either happening.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zbus::blocking::{Connection, connection};
use zbus::zvariant::{ObjectPath, OwnedObjectPath, Value};

use crate::Result;

const NAME: &str = "org.freedesktop.login1";
const MANAGER: &str = "/org/freedesktop/login1";
const SESSION: &str = "/org/freedesktop/login1/session/c1";
const OF_SESSION: &str = "org.freedesktop.login1.Session";

/// The login manager; everybody belongs to its one session.
pub struct LoginManager {
    bus: Connection,
    locked: Arc<AtomicBool>,
}

impl LoginManager {
    pub(crate) fn start(address: &str) -> Result<Self> {
        let locked = Arc::new(AtomicBool::new(false));
        let bus = connection::Builder::address(address)?
            .serve_at(MANAGER, Manager)?
            .serve_at(SESSION, Session { locked: Arc::clone(&locked) })?
            .name(NAME)?
            .build()?;
        Ok(Self { bus, locked })
    }

    /// Tells that the computer is about to sleep, or that it is awake again.
    pub fn prepare_for_sleep(&self, about_to: bool) -> Result<()> {
        self.signal(MANAGER, "org.freedesktop.login1.Manager", "PrepareForSleep", &about_to)
    }

    /// Asks the session's programs to lock the screen, as `loginctl lock-session` does.
    pub fn lock(&self) -> Result<()> {
        self.signal(SESSION, OF_SESSION, "Lock", &())
    }

    /// Asks them to unlock it.
    pub fn unlock(&self) -> Result<()> {
        self.signal(SESSION, OF_SESSION, "Unlock", &())
    }

    /// What a screen locker tells when it has locked or unlocked the screen.
    pub fn set_locked_hint(&self, locked: bool) -> Result<()> {
        self.locked.store(locked, Ordering::SeqCst);
        let changed = HashMap::from([("LockedHint", Value::from(locked))]);
        let body = (OF_SESSION, changed, Vec::<&str>::new());
        self.signal(SESSION, "org.freedesktop.DBus.Properties", "PropertiesChanged", &body)
    }

    fn signal<B>(&self, path: &str, interface: &str, name: &str, body: &B) -> Result<()>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        Ok(self.bus.emit_signal(None::<&str>, path, interface, name, body)?)
    }
}

struct Manager;

#[zbus::interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    #[zbus(name = "GetSessionByPID")]
    fn get_session_by_pid(&self, _pid: u32) -> OwnedObjectPath {
        ObjectPath::from_static_str_unchecked(SESSION).into()
    }
}

struct Session {
    locked: Arc<AtomicBool>,
}

#[zbus::interface(name = "org.freedesktop.login1.Session")]
impl Session {
    #[zbus(property)]
    fn locked_hint(&self) -> bool {
        self.locked.load(Ordering::SeqCst)
    }

    #[zbus(property)]
    fn active(&self) -> bool {
        true
    }
}
