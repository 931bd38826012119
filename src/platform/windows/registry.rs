//! What administrators and installer set in the registry: always in the 64-bit view, whatever this program was built for.

use crate::{
    platform::{Content, MachineSettings},
    settings::registry::{Key, SETUP, Value, installed, table},
};
use policy::templates::{REGISTRY_INSTALLER, REGISTRY_POLICY};
use std::{io, path::PathBuf};
use windows_registry::{LOCAL_MACHINE, Type};
use windows_sys::Win32::System::Registry::KEY_WOW64_64KEY;

/// `ERROR_FILE_NOT_FOUND`, as an `HRESULT`.
const NOT_FOUND: u32 = 0x8007_0002;

/// What the installer set, and then machine policy.
pub(super) fn settings() -> impl Iterator<Item = MachineSettings> {
    [(REGISTRY_INSTALLER, false), (REGISTRY_POLICY, true)].into_iter().filter_map(|(path, is_policy)| {
        let place = PathBuf::from(format!(r"HKEY_LOCAL_MACHINE\{path}"));
        let content = match open(LOCAL_MACHINE, path) {
            // Only this says that there is none: a key below that is gone while it is read says nothing.
            Err(error) if error.code().0.cast_unsigned() == NOT_FOUND => return None,
            opened => opened.and_then(|opened| read(&opened)),
        };
        let content = match content {
            Ok(key) => Content::Values(if is_policy { table(key) } else { installed(key) }),
            Err(error) => Content::Unreadable(io::Error::other(error.to_string())),
        };
        Some(MachineSettings { place, is_policy, content })
    })
}

/// The token that the installer was given, for the first start of each user's agent.
pub(crate) fn installed_token() -> Option<String> {
    let setup = open(LOCAL_MACHINE, &format!(r"{REGISTRY_INSTALLER}\{SETUP}"));
    setup.ok()?.get_string("enrolment_token").ok().filter(|token| !token.trim().is_empty())
}

fn open(parent: &windows_registry::Key, path: &str) -> windows_registry::Result<windows_registry::Key> {
    parent.options().read().access(KEY_WOW64_64KEY).open(path)
}

fn read(opened: &windows_registry::Key) -> windows_registry::Result<Key> {
    let mut key = Key::default();
    for (name, value) in opened.values()? {
        let value = match value.ty() {
            Type::U32 => u32::try_from(value).map(Value::Number),
            Type::String => String::try_from(value).map(Value::Text),
            Type::MultiString => Vec::<String>::try_from(value).map(Value::List),
            Type::U64 | Type::ExpandString | Type::Bytes | Type::Other(_) => Ok(Value::Other),
        };
        key.values.insert(name, value.unwrap_or(Value::Other));
    }
    for name in opened.keys()? {
        let below = read(&open(opened, &name)?)?;
        key.keys.insert(name, below);
    }
    Ok(key)
}
