//! Managed preferences: what device management forces. What a user writes into the same domain is not forced, and is not read.

use crate::platform::{Content, MachineSettings};
use core_foundation::{
    array::CFArray,
    base::{CFType, TCFType as _},
    boolean::CFBoolean,
    dictionary::CFDictionary,
    number::CFNumber,
    string::{CFString, CFStringRef},
};
use core_foundation_sys::{base::Boolean, preferences::CFPreferencesCopyAppValue};
use policy::{schema, templates::PREFERENCES};
use std::path::PathBuf;
use toml::{Table, Value};

#[link(name = "CoreFoundation", kind = "framework")]
unsafe extern "C" {
    fn CFPreferencesAppValueIsForced(key: CFStringRef, application: CFStringRef) -> Boolean;
}

/// What is forced; nothing where nothing is.
pub(super) fn managed() -> Option<MachineSettings> {
    let forced = schema::ALL.into_iter().filter_map(|setting| Some((setting.name, forced(setting.name)?)));
    let values: Table = forced.map(|(name, value)| (name.to_owned(), in_toml(&value))).collect();
    let place = PathBuf::from(format!("managed preferences, {PREFERENCES}"));
    (!values.is_empty()).then_some(MachineSettings {
        place,
        is_policy: true,
        content: Content::Values(values),
    })
}

fn forced(name: &str) -> Option<CFType> {
    let (key, domain) = (CFString::new(name), CFString::new(PREFERENCES));
    // SAFETY: both texts live until after the call.
    let is_forced =
        unsafe { CFPreferencesAppValueIsForced(key.as_concrete_TypeRef(), domain.as_concrete_TypeRef()) };
    if is_forced == 0 {
        return None;
    }
    // SAFETY: as above; what comes back is null or belongs to the caller.
    unsafe {
        let value = CFPreferencesCopyAppValue(key.as_concrete_TypeRef(), domain.as_concrete_TypeRef());
        (!value.is_null()).then(|| CFType::wrap_under_create_rule(value))
    }
}

/// What cannot be written in TOML becomes an empty table, which no setting but the keys takes: it is a mistake, and is said.
fn in_toml(value: &CFType) -> Value {
    if let Some(text) = value.downcast::<CFString>() {
        return Value::String(text.to_string());
    }
    if let Some(is) = value.downcast::<CFBoolean>() {
        return Value::Boolean(is.into());
    }
    if let Some(number) = value.downcast::<CFNumber>().and_then(|number| number.to_i64()) {
        return Value::Integer(number);
    }
    if let Some(list) = value.downcast::<CFArray>() {
        let list = list.iter().map(|item| {
            // SAFETY: property lists hold nothing but Core Foundation's own types, and the list keeps its items.
            in_toml(&unsafe { CFType::wrap_under_get_rule(*item) })
        });
        return Value::Array(list.collect());
    }
    let mut table = Table::new();
    if let Some(dictionary) = value.downcast::<CFDictionary>() {
        let (keys, values) = dictionary.get_keys_and_values();
        for (key, value) in keys.into_iter().zip(values) {
            // SAFETY: as above.
            let (key, value) =
                unsafe { (CFType::wrap_under_get_rule(key), CFType::wrap_under_get_rule(value)) };
            if let Some(key) = key.downcast::<CFString>() {
                table.insert(key.to_string(), in_toml(&value));
            }
        }
    }
    Value::Table(table)
}
