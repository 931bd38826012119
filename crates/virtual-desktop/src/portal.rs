//! The settings portal, which programs ask whether the desktop is light or dark.

use std::collections::HashMap;

use zbus::blocking::{Connection, connection};
use zbus::zvariant::{OwnedValue, Value};

use crate::Result;

/// How the desktop answers a program that asks for its colour scheme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SettingsPortal {
    /// There is no portal.
    #[default]
    None,
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// There is one, but it never answers.
    Hung,
}

const APPEARANCE: &str = "org.freedesktop.appearance";
const COLOUR_SCHEME: &str = "color-scheme";

/// Starts the portal inside this process; it ends with the connection.
pub(crate) fn start(portal: SettingsPortal, address: &str) -> Result<Option<Connection>> {
    let scheme = match portal {
        SettingsPortal::None => return Ok(None),
        SettingsPortal::Dark => Some(1),
        SettingsPortal::Light => Some(2),
        SettingsPortal::Hung => None,
    };
    let connection = connection::Builder::address(address)?
        .serve_at("/org/freedesktop/portal/desktop", Settings { scheme })?
        .name("org.freedesktop.portal.Desktop")?
        .build()?;
    Ok(Some(connection))
}

struct Settings {
    /// Never answers without one.
    scheme: Option<u32>,
}

impl Settings {
    async fn scheme(&self) -> u32 {
        match self.scheme {
            Some(scheme) => scheme,
            None => std::future::pending().await,
        }
    }

    async fn value(&self, namespace: &str, key: &str) -> zbus::fdo::Result<u32> {
        let scheme = self.scheme().await;
        if (namespace, key) == (APPEARANCE, COLOUR_SCHEME) {
            return Ok(scheme);
        }
        Err(zbus::fdo::Error::Failed("no such setting".to_owned()))
    }
}

#[zbus::interface(name = "org.freedesktop.portal.Settings")]
impl Settings {
    async fn read(&self, namespace: &str, key: &str) -> zbus::fdo::Result<OwnedValue> {
        // The old method wraps the value twice, and its callers rely on it.
        let value = Value::new(Value::U32(self.value(namespace, key).await?));
        value.try_into().map_err(|error: zbus::zvariant::Error| zbus::fdo::Error::Failed(error.to_string()))
    }

    async fn read_one(&self, namespace: &str, key: &str) -> zbus::fdo::Result<OwnedValue> {
        Ok(self.value(namespace, key).await?.into())
    }

    async fn read_all(&self, _namespaces: Vec<String>) -> HashMap<String, HashMap<String, OwnedValue>> {
        let scheme = self.scheme().await;
        HashMap::from([(APPEARANCE.to_owned(), HashMap::from([(COLOUR_SCHEME.to_owned(), scheme.into())]))])
    }

    #[zbus(property, name = "version")]
    async fn version(&self) -> u32 {
        self.scheme().await;
        2
    }
}
