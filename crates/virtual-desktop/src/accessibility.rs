//! The accessibility tree: what a screen reader finds, reads and presses.
//!
//! Names of roles are those that programs report ("label", "check box", "menu item"), with "push button" read as
//! "button", because toolkits do not agree on it.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::blocking::Connection;
use zbus::names::OwnedBusName;
use zbus::zvariant::{DynamicType, OwnedObjectPath, OwnedValue, Type, Value};

use crate::desktop::connect;
use crate::{Rect, Result, wait_for};

const ACCESSIBLE: &str = "org.a11y.atspi.Accessible";
/// More elements than a window under test has; a tree that grows while it is walked must end somewhere.
const MOST_ELEMENTS: usize = 20_000;

/// What an element is like at the moment; the numbers are AT-SPI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "AT-SPI's own words")]
pub enum State {
    Active = 1,
    Checked = 4,
    Editable = 7,
    Enabled = 8,
    Focusable = 11,
    Focused = 12,
    Modal = 16,
    Pressed = 20,
    Selected = 23,
    Sensitive = 24,
    Showing = 25,
    Visible = 30,
}

/// All programs on a desktop, as a screen reader sees them.
pub struct Accessibility {
    connection: Connection,
}

/// An element of a program: a window, a button, a text.
#[derive(Clone)]
pub struct Element {
    connection: Connection,
    program: OwnedBusName,
    path: OwnedObjectPath,
}

impl Accessibility {
    /// Tells the desktop that a screen reader runs, so that toolkits build their trees, and joins its bus.
    pub(crate) fn switch_on(session: &Connection, within: Duration) -> Result<Self> {
        for property in ["IsEnabled", "ScreenReaderEnabled"] {
            session.call_method(
                Some("org.a11y.Bus"),
                "/org/a11y/bus",
                Some("org.freedesktop.DBus.Properties"),
                "Set",
                &("org.a11y.Status", property, Value::Bool(true)),
            )?;
        }
        let address = wait_for("the accessibility bus", within, || {
            let reply = session
                .call_method(Some("org.a11y.Bus"), "/org/a11y/bus", Some("org.a11y.Bus"), "GetAddress", &())
                .ok()?;
            reply.body().deserialize::<String>().ok().filter(|address| !address.is_empty())
        })?;
        Ok(Self { connection: connect(&address)? })
    }

    /// The programs that expose a tree.
    pub fn programs(&self) -> Result<Vec<Element>> {
        let registry = Element {
            connection: self.connection.clone(),
            program: OwnedBusName::try_from("org.a11y.atspi.Registry")?,
            path: OwnedObjectPath::try_from("/org/a11y/atspi/accessible/root")?,
        };
        registry.children()
    }

    /// The program with this process number, if it exposes a tree.
    pub fn program_of(&self, pid: u32) -> Result<Option<Element>> {
        Ok(self.programs()?.into_iter().find(|program| program.pid().is_ok_and(|found| found == pid)))
    }

    /// The first showing element of any program with this role and name.
    pub fn find(&self, role: &str, name: &str) -> Result<Option<Element>> {
        Ok(self.programs()?.into_iter().find_map(|program| program.find(role, name)))
    }

    /// Waits for a showing element with this role and name; the error lists what was there instead.
    pub fn wait_for(&self, role: &str, name: &str, within: Duration) -> Result<Element> {
        let what = format!("the {role} {name:?}");
        wait_for(&what, within, || self.find(role, name).ok().flatten()).map_err(|error| match error {
            crate::Error::Timeout { what, seconds, .. } => {
                crate::Error::Timeout { what, seconds, detail: format!("; there was:\n{}", self.outline()) }
            }
            other => other,
        })
    }

    /// The whole tree as text, an element a line, for a failed test to show.
    pub fn outline(&self) -> String {
        self.programs().unwrap_or_default().iter().map(Element::outline).collect()
    }
}

impl Element {
    /// What kind of element it is.
    pub fn role(&self) -> Result<String> {
        let role: String = self.call(ACCESSIBLE, "GetRoleName", &()).unwrap_or_default();
        if role.is_empty() {
            // Not every toolkit names roles; every one numbers them.
            let number: u32 = self.call(ACCESSIBLE, "GetRole", &())?;
            return Ok(role_name(number));
        }
        Ok(if role == "push button" { "button".to_owned() } else { role })
    }

    /// What a screen reader calls it.
    pub fn name(&self) -> Result<String> {
        self.property(ACCESSIBLE, "Name")
    }

    /// What a screen reader says beyond the name.
    pub fn description(&self) -> Result<String> {
        self.property(ACCESSIBLE, "Description")
    }

    /// Whether the state holds now.
    pub fn is(&self, state: State) -> Result<bool> {
        let words: Vec<u32> = self.call(ACCESSIBLE, "GetState", &())?;
        let number = state as u32;
        Ok(words.get((number / 32) as usize).is_some_and(|word| word & 1 << (number % 32) != 0))
    }

    /// The text in it; an error for an element without text.
    pub fn text(&self) -> Result<String> {
        self.call("org.a11y.atspi.Text", "GetText", &(0i32, -1i32))
    }

    /// Replaces the text in it, as dictation software does.
    pub fn set_text(&self, text: &str) -> Result<bool> {
        self.call("org.a11y.atspi.EditableText", "SetTextContents", &text)
    }

    /// Its value, where it is a number: a slider, a progress bar.
    pub fn value(&self) -> Result<f64> {
        self.property("org.a11y.atspi.Value", "CurrentValue")
    }

    /// Where it is on the screen.
    pub fn rect(&self) -> Result<Rect> {
        const SCREEN: u32 = 0;
        let (x, y, width, height): (i32, i32, i32, i32) =
            self.call("org.a11y.atspi.Component", "GetExtents", &SCREEN)?;
        Ok(Rect { x, y, width: width.max(0) as u32, height: height.max(0) as u32 })
    }

    /// Does what a press on it does, without the pointer.
    pub fn activate(&self) -> Result<bool> {
        self.call("org.a11y.atspi.Action", "DoAction", &0i32)
    }

    /// Moves the keyboard focus to it.
    pub fn focus(&self) -> Result<bool> {
        self.call("org.a11y.atspi.Component", "GrabFocus", &())
    }

    /// What is in it, in reading order.
    pub fn children(&self) -> Result<Vec<Self>> {
        let children: Vec<(String, OwnedObjectPath)> = self.call(ACCESSIBLE, "GetChildren", &())?;
        // An element that is just going away has no program or the null path.
        let real = children
            .into_iter()
            .filter(|(program, path)| !program.is_empty() && path.as_str() != "/org/a11y/atspi/null");
        real.map(|(program, path)| {
            let program = OwnedBusName::try_from(program)?;
            Ok(Self { connection: self.connection.clone(), program, path })
        })
        .collect()
    }

    /// The process it belongs to.
    pub fn pid(&self) -> Result<u32> {
        let reply = self.connection.call_method(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            Some("org.freedesktop.DBus"),
            "GetConnectionUnixProcessID",
            &self.program.as_str(),
        )?;
        Ok(reply.body().deserialize()?)
    }

    /// The first showing element in it with this role and name.
    pub fn find(&self, role: &str, name: &str) -> Option<Self> {
        self.find_where(|element| {
            element.name().is_ok_and(|found| found == name)
                && element.role().is_ok_and(|found| found == role)
                && element.is(State::Showing).unwrap_or(false)
        })
    }

    /// The first element in it, itself included, that fits.
    ///
    /// Elements that go away during the search are passed over.
    pub fn find_where(&self, fits: impl Fn(&Self) -> bool) -> Option<Self> {
        let mut found = None;
        self.walk(&mut |element, _| {
            let fitting = fits(element);
            if fitting {
                found = Some(element.clone());
            }
            !fitting
        });
        found
    }

    /// The tree below it as text, an element a line.
    pub fn outline(&self) -> String {
        let mut lines = String::new();
        self.walk(&mut |element, depth| {
            let role = element.role().unwrap_or_default();
            let name = element.name().unwrap_or_default();
            let hidden = if element.is(State::Showing).unwrap_or(false) { "" } else { " (not showing)" };
            lines.push_str(&format!("{}{role} {name:?}{hidden}\n", "  ".repeat(depth)));
            true
        });
        lines
    }

    /// Visits it and everything in it in reading order until `visit` says no.
    fn walk(&self, visit: &mut impl FnMut(&Self, usize) -> bool) {
        let mut waiting = vec![(self.clone(), 0)];
        for _ in 0..MOST_ELEMENTS {
            let Some((element, depth)) = waiting.pop() else { return };
            if !visit(&element, depth) {
                return;
            }
            let children = element.children().unwrap_or_default();
            waiting.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
        }
    }

    fn call<Body, Answer>(&self, interface: &str, method: &str, body: &Body) -> Result<Answer>
    where
        Body: Serialize + DynamicType,
        Answer: DeserializeOwned + Type,
    {
        let reply =
            self.connection.call_method(Some(&self.program), &self.path, Some(interface), method, body)?;
        Ok(reply.body().deserialize()?)
    }

    fn property<T>(&self, interface: &str, name: &str) -> Result<T>
    where
        T: TryFrom<OwnedValue>,
        crate::Error: From<T::Error>,
    {
        let value: OwnedValue = self.call("org.freedesktop.DBus.Properties", "Get", &(interface, name))?;
        Ok(T::try_from(value)?)
    }
}

/// The name of a role, by its number in AT-SPI's `AtspiRole`.
fn role_name(number: u32) -> String {
    let name = match number {
        7 => "check box",
        16 => "dialog",
        23 => "frame",
        29 => "label",
        31 => "list",
        32 => "list item",
        37 => "page tab",
        38 => "page tab list",
        39 => "panel",
        43 => "button",
        44 => "radio button",
        61 => "text",
        62 => "toggle button",
        67 => "unknown",
        69 => "window",
        75 => "application",
        79 => "entry",
        98 => "list box",
        130 => "switch",
        _ => return format!("role {number}"),
    };
    name.to_owned()
}
