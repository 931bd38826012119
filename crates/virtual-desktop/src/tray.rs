//! Tray icons: what they say over the bus, and their icon and menu under a real pointer.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use crate::windows::Window;
use crate::{Button, Desktop, Error, Key, Point, Rect, Result, wait_for};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// The window class of the panel, and of the helper inside it that shows the icons and their menus.
const PANEL: &str = "Xfce4-panel";
const ICONS: &str = "Wrapper-2.0";
/// What the panel's theme puts above and below the entries of a menu, and the height of a line between them.
const MENU_PADDING: i32 = 4;
const MENU_LINE: i32 = 1;

/// How long a menu must have had the same entries before one of them is aimed at.
const MENU_SETTLES: Duration = Duration::from_millis(700);
/// A menu that takes longer to open, or to light an entry up, was replaced meanwhile.
const MENU_OPENS: Duration = Duration::from_secs(5);

/// The tray of a desktop.
pub struct Tray<'a> {
    desktop: &'a Desktop,
}

/// A tray icon, as it was when asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrayItem {
    /// The name under which the program registered it.
    pub id: String,
    /// What a screen reader calls it.
    pub title: String,
    /// `Active`, `Passive` or `NeedsAttention`.
    pub status: String,
    /// The icon's name in the icon theme, where it has one.
    pub icon_name: String,
    /// A number that is the same for the same picture; `None` where the icon has a name only.
    pub icon_hash: Option<u64>,
    /// The tooltip's first line.
    pub tooltip: String,
    /// What the tooltip says below it.
    pub tooltip_text: String,
    bus: String,
    menu: OwnedObjectPath,
}

/// An entry of a tray icon's menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuItem {
    /// The text, without the mark of an access key.
    pub label: String,
    /// Whether it can be chosen.
    pub enabled: bool,
    /// Whether it is shown.
    pub visible: bool,
    /// Whether it is ticked; `None` for an entry that cannot be.
    pub checked: Option<bool>,
    /// Whether it is only a line.
    pub separator: bool,
    /// The entries of its submenu.
    pub children: Vec<MenuItem>,
    number: i32,
}

type Properties = HashMap<String, OwnedValue>;

impl<'a> Tray<'a> {
    pub(crate) fn new(desktop: &'a Desktop) -> Self {
        Self { desktop }
    }

    /// Whether somebody shows tray icons.
    pub fn is_hosted(&self) -> Result<bool> {
        let hosted: OwnedValue = self.call(
            WATCHER,
            "/StatusNotifierWatcher",
            PROPERTIES,
            "Get",
            &(WATCHER, "IsStatusNotifierHostRegistered"),
        )?;
        Ok(bool::try_from(hosted)?)
    }

    /// All tray icons.
    pub fn items(&self) -> Result<Vec<TrayItem>> {
        let items: OwnedValue = self.call(
            WATCHER,
            "/StatusNotifierWatcher",
            PROPERTIES,
            "Get",
            &(WATCHER, "RegisteredStatusNotifierItems"),
        )?;
        let items = Vec::<String>::try_from(items)?;
        Ok(items.iter().filter_map(|address| self.read(address).ok()).collect())
    }

    /// Waits for a tray icon that fits.
    pub fn wait_for(
        &self,
        what: &str,
        within: Duration,
        fits: impl Fn(&TrayItem) -> bool,
    ) -> Result<TrayItem> {
        wait_for(what, within, || self.items().ok()?.into_iter().find(|item| fits(item)))
    }

    /// The item's menu.
    pub fn menu(&self, item: &TrayItem) -> Result<Vec<MenuItem>> {
        // Programs that build their menu when it is about to be shown do it now; the others may not know the call.
        let _: Result<bool> = self.call(&item.bus, item.menu.as_str(), MENU, "AboutToShow", &0i32);
        let everything: &[&str] = &[];
        let (_, (_, _, children)): (u32, (i32, Properties, Vec<OwnedValue>)) =
            self.call(&item.bus, item.menu.as_str(), MENU, "GetLayout", &(0i32, -1i32, everything))?;
        children.into_iter().map(menu_item).collect()
    }

    /// Chooses a menu entry over the bus, as a panel without a picture does.
    pub fn choose(&self, item: &TrayItem, label: &str) -> Result<()> {
        let menu = self.menu(item)?;
        let entry = find(&menu, label).ok_or_else(|| Error::NotThere(format!("menu entry {label:?}")))?;
        let body = (entry.number, "clicked", Value::I32(0), 0u32);
        self.call(&item.bus, item.menu.as_str(), MENU, "Event", &body)
    }

    /// Where the panel shows the item's icon.
    ///
    /// The panel tells nobody which icon is where, so this works while there is only one.
    pub fn icon_rect(&self, item: &TrayItem, within: Duration) -> Result<Rect> {
        wait_for(&format!("the icon of {:?}, alone in the panel", item.title), within, || {
            let items = self.items().ok()?;
            let panel = self.desktop.windows().ok()?.into_iter().find(|window| window.class == PANEL)?;
            let icons = self.desktop.x.inside(panel.id, ICONS).ok()??;
            let painted = icons.mapped && icons.rect.width > 1;
            (items.len() == 1 && items[0].bus == item.bus && painted).then_some(icons.rect)
        })
    }

    /// Where the panel shows an icon of the older kind: a small window of this class, inside the panel's.
    pub fn legacy_icon_rect(&self, class: &str, within: Duration) -> Result<Rect> {
        wait_for(&format!("a tray icon of {class:?}"), within, || {
            let panel = self.desktop.windows().ok()?.into_iter().find(|window| window.class == PANEL)?;
            let icon = self.desktop.x.inside(panel.id, class).ok()??;
            (icon.mapped && icon.rect.width > 1).then_some(icon.rect)
        })
    }

    /// Clicks the item's icon with the real pointer.
    pub fn click(&self, item: &TrayItem, button: Button, within: Duration) -> Result<()> {
        self.desktop.click_with(button, self.icon_rect(item, within)?.centre())
    }

    /// Opens the item's menu with the right button and waits until it is on screen.
    pub fn open_menu(&self, item: &TrayItem, within: Duration) -> Result<Window> {
        self.click(item, Button::Right, within)?;
        self.desktop.wait_for_window("the tray icon's menu", within, is_menu)
    }

    /// Opens the item's menu and clicks an entry of it, all with the real pointer; once more where the menu gets other
    /// entries meanwhile.
    pub fn click_menu(&self, item: &TrayItem, label: &str, within: Duration) -> Result<()> {
        let until = Instant::now() + within;
        loop {
            let entries = self.settled_menu(item, within)?;
            let is_it = |entry: &MenuItem| entry.label == label && entry.enabled;
            let Some(position) = entries.iter().position(is_it) else {
                return Err(Error::NotThere(format!("menu entry {label:?} to click")));
            };
            let hovered = self.hover(item, &entries, position);
            let same = numbers(&self.shown_menu(item)?) == numbers(&entries);
            match hovered {
                Ok(entry) if same => self.desktop.click(entry)?,
                Err(error) if same || Instant::now() > until => return Err(error),
                Ok(_) | Err(_) => self.desktop.press(Key::Escape)?,
            }
            wait_for("the tray icon's menu to close", within, || {
                self.desktop.windows().ok()?.iter().all(|window| !is_menu(window)).then_some(())
            })?;
            if same {
                return Ok(());
            }
        }
    }

    fn shown_menu(&self, item: &TrayItem) -> Result<Vec<MenuItem>> {
        Ok(self.menu(item)?.into_iter().filter(|entry| entry.visible).collect())
    }

    /// The menu, once it has had the same entries for a while. Their texts may change all the time.
    fn settled_menu(&self, item: &TrayItem, within: Duration) -> Result<Vec<MenuItem>> {
        let mut last = (Instant::now(), Vec::new());
        wait_for("a menu that stays as it is", within, || {
            let entries = self.shown_menu(item).ok()?;
            if numbers(&entries) != last.1 {
                last = (Instant::now(), numbers(&entries));
            }
            (last.0.elapsed() >= MENU_SETTLES).then_some(entries)
        })
    }

    /// Opens the menu, which has these entries, and moves the pointer to one of them.
    fn hover(&self, item: &TrayItem, entries: &[MenuItem], position: usize) -> Result<Point> {
        let within = MENU_OPENS;
        let before = self.desktop.picture()?;
        let menu = self.open_menu(item, within)?.rect;
        wait_for("the tray icon's menu to be painted", within, || {
            (self.desktop.picture().ok()?.part(menu) != before.part(menu)).then_some(())
        })?;
        let lines = |entries: &[MenuItem]| entries.iter().filter(|entry| entry.separator).count() as i32;
        let texts = |entries: &[MenuItem]| entries.len() as i32 - lines(entries);
        let painted = menu.height as i32 - 2 * MENU_PADDING - lines(entries) * MENU_LINE;
        if painted % texts(entries) != 0 {
            // A panel that has no menu for an icon shows its own.
            return Err(Error::NotThere(format!("menu of {:?}: the panel shows another one", item.title)));
        }
        let height = painted / texts(entries);
        let above = lines(&entries[..position]) * MENU_LINE + texts(&entries[..position]) * height;
        let entry = Point { x: menu.centre().x, y: menu.y + MENU_PADDING + above + height / 2 };

        // The entry under the pointer lights up, and only then does the menu take the click.
        let corner = Point { x: menu.x + MENU_PADDING, y: entry.y };
        let dark = self.desktop.picture()?.pixel(corner);
        self.desktop.move_pointer(entry)?;
        let label = &entries[position].label;
        wait_for(&format!("the menu entry {label:?} under the pointer"), within, || {
            (self.desktop.picture().ok()?.pixel(corner) != dark).then_some(())
        })?;
        Ok(entry)
    }

    fn read(&self, address: &str) -> Result<TrayItem> {
        let (bus, path) = match address.find('/') {
            Some(slash) => address.split_at(slash),
            None => (address, "/StatusNotifierItem"),
        };
        let mut properties: Properties = self.call(bus, path, PROPERTIES, "GetAll", &ITEM)?;
        let (tooltip, tooltip_text) = properties.remove("ToolTip").map(tooltip).unwrap_or_default();
        let text = |name: &str| -> String {
            properties
                .get(name)
                .and_then(|value| value.downcast_ref::<&str>().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let menu = properties.get("Menu").and_then(|menu| menu.try_clone().ok()?.try_into().ok());
        Ok(TrayItem {
            id: text("Id"),
            title: text("Title"),
            status: text("Status"),
            icon_name: text("IconName"),
            icon_hash: properties.get("IconPixmap").and_then(hash),
            tooltip,
            tooltip_text,
            bus: bus.to_owned(),
            menu: menu.unwrap_or_default(),
        })
    }

    fn call<Body, Answer>(
        &self,
        bus: &str,
        path: &str,
        interface: &str,
        method: &str,
        body: &Body,
    ) -> Result<Answer>
    where
        Body: Serialize + zbus::zvariant::DynamicType,
        Answer: DeserializeOwned + zbus::zvariant::Type,
    {
        let reply = self.desktop.session.call_method(Some(bus), path, Some(interface), method, body)?;
        Ok(reply.body().deserialize()?)
    }
}

fn numbers(entries: &[MenuItem]) -> Vec<i32> {
    entries.iter().map(|entry| entry.number).collect()
}

fn is_menu(window: &Window) -> bool {
    window.mapped && window.class == ICONS && window.kind == "POPUP_MENU"
}

/// Looks through a menu and its submenus for an entry with this label.
pub fn find<'a>(menu: &'a [MenuItem], label: &str) -> Option<&'a MenuItem> {
    menu.iter().find_map(|item| if item.label == label { Some(item) } else { find(&item.children, label) })
}

fn menu_item(value: OwnedValue) -> Result<MenuItem> {
    let (number, properties, children): (i32, Properties, Vec<OwnedValue>) = value.try_into()?;
    let text = |name: &str| properties.get(name).and_then(|value| value.downcast_ref::<&str>().ok());
    let yes = |name: &str| properties.get(name).and_then(|value| value.downcast_ref::<bool>().ok());
    let state = properties.get("toggle-state").and_then(|value| value.downcast_ref::<i32>().ok());
    let toggles = text("toggle-type").is_some_and(|kind| !kind.is_empty());
    Ok(MenuItem {
        // One underscore marks the access key, two stand for a real one.
        label: text("label").unwrap_or_default().replace("__", "\0").replace('_', "").replace('\0', "_"),
        enabled: yes("enabled").unwrap_or(true),
        visible: yes("visible").unwrap_or(true),
        checked: toggles.then_some(state == Some(1)),
        separator: text("type") == Some("separator"),
        children: children.into_iter().map(menu_item).collect::<Result<_>>()?,
        number,
    })
}

/// Icon name, pictures, first line, text: the two texts of a tooltip.
fn tooltip(value: OwnedValue) -> (String, String) {
    type Tooltip = (String, Vec<(i32, i32, Vec<u8>)>, String, String);
    Tooltip::try_from(value).map(|(_, _, line, text)| (line, text)).unwrap_or_default()
}

fn hash(pictures: &OwnedValue) -> Option<u64> {
    let pictures = Vec::<(i32, i32, Vec<u8>)>::try_from(pictures.try_clone().ok()?).ok()?;
    let mut hasher = DefaultHasher::new();
    pictures.hash(&mut hasher);
    (!pictures.is_empty()).then(|| hasher.finish())
}
