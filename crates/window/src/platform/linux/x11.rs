//! X11: where the popup appears, how it behaves there, and whether anything covers it.
//!
//! Each function opens a connection of its own, which takes under a millisecond and keeps the toolkit's to the toolkit.
//! Whether the popup is covered is read from the order of the windows and not from visibility events, which a compositing
//! window manager never lets happen.

use crate::{
    platform::{
        Dressed, Place,
        area::{Area, Edge, Rect, Spot},
    },
    talk::{Sight, Watcher},
};
use session::{Assurance, Visibility};
use x11rb::{
    connection::{Connection, RequestConnection as _},
    errors::ReplyError,
    properties::{WmHints, WmSizeHints, WmSizeHintsSpecification},
    protocol::{
        Event as X11Event,
        composite::ConnectionExt as _,
        randr::{self, ConnectionExt as _},
        xproto::{
            AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Gravity, InputFocus,
            MapState, PropMode, QueryPointerReply, Window, WindowClass,
        },
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

/// What is kept free for the frame's title, in pixels.
const FRAME: i32 = 36;

x11rb::atom_manager! {
    /// The names of the window manager's protocol (EWMH).
    Atoms: AtomsCookie {
        _NET_WM_USER_TIME,
        _NET_WM_STATE,
        _NET_WM_STATE_ABOVE,
        _NET_WM_STATE_STICKY,
        _NET_WM_STATE_SKIP_TASKBAR,
        _NET_WM_STATE_HIDDEN,
        _NET_WM_DESKTOP,
        _NET_WORKAREA,
        _NET_WM_PID,
        _NET_WM_WINDOW_TYPE,
        _NET_WM_WINDOW_TYPE_NOTIFICATION,
    }
}

/// Gives the hidden window `id` its manners (no focus, above others, on every desktop, no task bar entry, urgent where it
/// asks something) and its place on the pointer's monitor, and has `watcher` told whether it can be seen whole.
///
/// Windows under Xwayland may be covered by windows that it does not know, so nothing is told there.
pub(super) fn dress(
    id: Window,
    size: (u32, u32),
    scale: f64,
    place: Place,
    watcher: Watcher,
) -> Result<Dressed, Box<dyn std::error::Error>> {
    let (connection, screen) = x11rb::connect(None)?;
    // Asked together: each answer that is waited for alone takes a change to the display server and back.
    connection.prefetch_extension_information(randr::X11_EXTENSION_NAME)?;
    let atoms = Atoms::new(&connection)?;
    let hints = WmHints::get(&connection, id)?;
    let normal = WmSizeHints::get_normal_hints(&connection, id)?;
    let pointer = connection.query_pointer(connection.setup().roots[screen].root)?;
    let xwayland = connection.query_extension(b"XWAYLAND")?;
    let atoms = atoms.reply()?;

    let cardinal = |property, value: u32| {
        connection.change_property32(PropMode::REPLACE, id, property, AtomEnum::CARDINAL, &[value])
    };
    // A user time of 0 asks not to be focused when mapped.
    cardinal(atoms._NET_WM_USER_TIME, 0)?;
    cardinal(atoms._NET_WM_DESKTOP, u32::MAX)?;
    let state = [atoms._NET_WM_STATE_ABOVE, atoms._NET_WM_STATE_STICKY, atoms._NET_WM_STATE_SKIP_TASKBAR];
    connection.change_property32(PropMode::REPLACE, id, atoms._NET_WM_STATE, AtomEnum::ATOM, &state)?;
    let mut hints = hints.reply()?.unwrap_or_default();
    hints.urgent = matches!(place, Place::TrayCorner(_));
    hints.set(&connection, id)?;

    let area = work_area(&connection, screen, &atoms, &pointer.reply()?)?;
    // The frame's height is not known before there is a frame.
    let size = (i32::try_from(size.0)?, i32::try_from(size.1)?);
    let Spot { x, y, edge, room } = area.spot(place, size, scale, FRAME);
    // What stays where it is when the window manager adds its frame.
    let gravity = match (place, edge) {
        (Place::Top, _) => Gravity::NORTH,
        (Place::TrayCorner(_), Edge::Top) => Gravity::NORTH_EAST,
        (Place::TrayCorner(_), Edge::Bottom) => Gravity::SOUTH_EAST,
    };
    let mut normal = normal.reply()?.unwrap_or_default();
    normal.position = Some((WmSizeHintsSpecification::UserSpecified, x, y));
    normal.win_gravity = Some(gravity);
    normal.set_normal_hints(&connection, id)?;
    connection.configure_window(id, &x11rb::protocol::xproto::ConfigureWindowAux::new().x(x).y(y))?;
    connection.sync()?;

    let xwayland = xwayland.reply()?.present;
    let watch = Watch::new(connection, atoms, screen, id);
    let proven = !xwayland
        && std::thread::Builder::new().name("visibility".into()).spawn(move || watch.run(&watcher)).is_ok();
    Ok(Dressed { room: Some((f64::from(room) / scale) as f32), proven })
}

/// What panels leave of the monitor the pointer is on.
fn work_area(
    connection: &RustConnection,
    screen: usize,
    atoms: &Atoms,
    pointer: &QueryPointerReply,
) -> Result<Area, ReplyError> {
    let root = &connection.setup().roots[screen];
    let whole = Rect { x: 0, y: 0, width: root.width_in_pixels.into(), height: root.height_in_pixels.into() };
    let at = Rect { x: pointer.root_x.into(), y: pointer.root_y.into(), width: 1, height: 1 };
    let free = connection.get_property(false, root.root, atoms._NET_WORKAREA, AtomEnum::CARDINAL, 0, 4)?;
    let monitors = connection.randr_get_monitors(root.root, true)?.reply().map(|reply| reply.monitors);
    let monitor = monitors
        .unwrap_or_default()
        .iter()
        .map(|m| Rect { x: m.x.into(), y: m.y.into(), width: m.width.into(), height: m.height.into() })
        .find(|monitor| monitor.contains(at))
        .unwrap_or(whole);
    let property = free.reply()?;
    let values: Vec<i32> =
        property.value32().into_iter().flatten().filter_map(|value| i32::try_from(value).ok()).collect();
    let free = match values[..] {
        [x, y, width, height] => {
            let (left, top) = (x.max(monitor.x), y.max(monitor.y));
            let (right, bottom) = ((x + width).min(monitor.right()), (y + height).min(monitor.bottom()));
            Rect { x: left, y: top, width: right - left, height: bottom - top }
        }
        _ => monitor,
    };
    Ok(Area { monitor, free: if free.width > 0 && free.height > 0 { free } else { monitor } })
}

/// Gives the keyboard to the override-redirect window `id`.
pub(super) fn take_keyboard(id: Window) {
    if let Ok((connection, _)) = x11rb::connect(None) {
        let _ = connection.set_input_focus(InputFocus::POINTER_ROOT, id, x11rb::CURRENT_TIME);
        let _ = connection.sync();
    }
}

/// Reports when the window `id` is minimised, in a thread of its own that sleeps until its state changes.
pub(super) fn watch_minimised(id: Window, watcher: Watcher) {
    let watch = move || -> Result<(), Box<dyn std::error::Error>> {
        let (connection, _) = x11rb::connect(None)?;
        let atoms = Atoms::new(&connection)?.reply()?;
        let mask = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        connection.change_window_attributes(id, &mask)?.check()?;
        loop {
            let X11Event::PropertyNotify(change) = connection.wait_for_event()? else { continue };
            if change.atom != atoms._NET_WM_STATE {
                continue;
            }
            let state =
                connection.get_property(false, id, atoms._NET_WM_STATE, AtomEnum::ATOM, 0, 64)?.reply()?;
            let hidden =
                state.value32().is_some_and(|mut states| states.any(|it| it == atoms._NET_WM_STATE_HIDDEN));
            if hidden && !watcher.tell(Sight::Minimised) {
                return Ok(());
            }
        }
    };
    let _ = std::thread::Builder::new().name("minimised".into()).spawn(move || drop(watch()));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cover {
    None,
    Partly,
    Wholly,
}

struct Watch {
    connection: RustConnection,
    atoms: Atoms,
    screen: usize,
    root: Window,
    whole: Rect,
    id: Window,
    /// The compositing manager's overlay: above everything, and never in the way.
    overlay: Option<Window>,
}

impl Watch {
    fn new(connection: RustConnection, atoms: Atoms, screen: usize, id: Window) -> Self {
        let setup = &connection.setup().roots[screen];
        let root = setup.root;
        let whole =
            Rect { x: 0, y: 0, width: setup.width_in_pixels.into(), height: setup.height_in_pixels.into() };
        Self { connection, atoms, screen, root, whole, id, overlay: None }
    }

    /// Tells until nobody listens any more; sleeps while nothing moves on the screen.
    fn run(mut self, watcher: &Watcher) {
        let mask = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        if self.connection.change_window_attributes(self.root, &mask).is_err() {
            return;
        }
        self.overlay = overlay(&self.connection, self.screen, self.root).unwrap_or_default();
        let mut last: Option<(Rect, Cover)> = None;
        loop {
            match self.look() {
                // Unmapped, or gone while it was looked at.
                Ok(None) | Err(ReplyError::X11Error(_)) => {
                    if last.take().is_some() && !watcher.tell(Sight::Visibility(Visibility::Covered)) {
                        return;
                    }
                }
                Err(ReplyError::ConnectionError(_)) => return,
                Ok(Some((place, cover))) => {
                    if last.is_some_and(|(old, _)| old != place) {
                        watcher.tell(Sight::Moved);
                    }
                    if last.is_none_or(|(_, old)| old != cover) {
                        let now = match cover {
                            Cover::None => Visibility::Visible(Assurance::Proven),
                            Cover::Partly | Cover::Wholly => Visibility::Covered,
                        };
                        if !watcher.tell(Sight::Visibility(now)) {
                            return;
                        }
                        if cover == Cover::Wholly {
                            watcher.tell(Sight::Buried);
                        }
                    }
                    last = Some((place, cover));
                }
            }
            if self.connection.wait_for_event().is_err() {
                return;
            }
            // One look for everything that happened meanwhile.
            while let Ok(Some(_)) = self.connection.poll_for_event() {}
        }
    }

    /// Where the window is and how much of it is covered, if it is on the screen.
    fn look(&self) -> Result<Option<(Rect, Cover)>, ReplyError> {
        if self.connection.get_window_attributes(self.id)?.reply()?.map_state != MapState::VIEWABLE {
            return Ok(None);
        }
        let size = self.connection.get_geometry(self.id)?.reply()?;
        let origin = self.connection.translate_coordinates(self.id, self.root, 0, 0)?.reply()?;
        let place = Rect {
            x: origin.dst_x.into(),
            y: origin.dst_y.into(),
            width: size.width.into(),
            height: size.height.into(),
        };
        let top = self.top_level()?;
        let children = self.connection.query_tree(self.root)?.reply()?.children;
        let above = children.iter().skip_while(|&&child| child != top).skip(1);
        let mut cover = if self.whole.contains(place) { Cover::None } else { Cover::Partly };
        for &other in above {
            match self.covering(other, place) {
                Ok(Some(rect)) if rect.contains(place) => return Ok(Some((place, Cover::Wholly))),
                Ok(Some(_)) => cover = Cover::Partly,
                // Windows come and go while they are looked at.
                Ok(None) | Err(ReplyError::X11Error(_)) => {}
                Err(error @ ReplyError::ConnectionError(_)) => return Err(error),
            }
        }
        Ok(Some((place, cover)))
    }

    /// The window itself, or the window manager's frame around it.
    fn top_level(&self) -> Result<Window, ReplyError> {
        let mut window = self.id;
        loop {
            let parent = self.connection.query_tree(window)?.reply()?.parent;
            if parent == self.root || parent == x11rb::NONE {
                return Ok(window);
            }
            window = parent;
        }
    }

    /// Where `other` covers `place`, unless it does not count.
    fn covering(&self, other: Window, place: Rect) -> Result<Option<Rect>, ReplyError> {
        if Some(other) == self.overlay {
            return Ok(None);
        }
        let attributes = self.connection.get_window_attributes(other)?;
        let geometry = self.connection.get_geometry(other)?;
        let attributes = attributes.reply()?;
        let geometry = geometry.reply()?;
        let border = 2 * i32::from(geometry.border_width);
        let rect = Rect {
            x: geometry.x.into(),
            y: geometry.y.into(),
            width: i32::from(geometry.width) + border,
            height: i32::from(geometry.height) + border,
        };
        let seen =
            attributes.map_state == MapState::VIEWABLE && attributes.class == WindowClass::INPUT_OUTPUT;
        Ok((seen && rect.overlaps(place) && !self.is_helper(other)?).then_some(rect))
    }

    /// Whether a window that lies over the popup helps to use it: an on-screen keyboard, a magnifier, a notification (the
    /// agent's own are drawn by the desktop), or a window of this process. A web page can imitate none of them; a program
    /// that runs as the user can, and is beyond what the popup can defend against.
    fn is_helper(&self, window: Window) -> Result<bool, ReplyError> {
        // In a frame of the window manager the program's own window is a child.
        let mut windows = vec![window];
        windows.extend(self.connection.query_tree(window)?.reply()?.children);
        for window in windows {
            let get =
                |property, kind: AtomEnum| self.connection.get_property(false, window, property, kind, 0, 64);
            let pid = get(self.atoms._NET_WM_PID, AtomEnum::CARDINAL)?;
            let kind = get(self.atoms._NET_WM_WINDOW_TYPE, AtomEnum::ATOM)?;
            let class = get(AtomEnum::WM_CLASS.into(), AtomEnum::STRING)?;
            let own = pid.reply()?.value32().and_then(|mut value| value.next()) == Some(std::process::id());
            let notification = kind.reply()?.value32().is_some_and(|mut kinds| {
                kinds.any(|kind| kind == self.atoms._NET_WM_WINDOW_TYPE_NOTIFICATION)
            });
            if own || notification || is_assistive(&class.reply()?.value) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a `WM_CLASS` (instance, NUL, class, NUL) is that of an on-screen keyboard or a magnifier.
fn is_assistive(class: &[u8]) -> bool {
    const NAMES: [&str; 11] = [
        "onboard",
        "florence",
        "xvkbd",
        "kvkbd",
        "svkbd",
        "matchbox-keyboard",
        "maliit-server",
        "magnus",
        "kmag",
        "xmag",
        "xzoom",
    ];
    let mut names = class.split(|&byte| byte == 0);
    names.any(|name| NAMES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())))
}

/// The overlay window, where a compositing manager runs. Asked for only there, since asking makes one.
fn overlay(connection: &RustConnection, screen: usize, root: Window) -> Result<Option<Window>, ReplyError> {
    let manager = connection.intern_atom(false, format!("_NET_WM_CM_S{screen}").as_bytes())?.reply()?.atom;
    if connection.get_selection_owner(manager)?.reply()?.owner == x11rb::NONE {
        return Ok(None);
    }
    connection.composite_query_version(0, 3)?.reply()?;
    let overlay = connection.composite_get_overlay_window(root)?.reply()?.overlay_win;
    connection.composite_release_overlay_window(root)?.check()?;
    Ok(Some(overlay))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_screen_keyboards_and_magnifiers_do_not_count_as_covering() {
        assert!(is_assistive(b"onboard\0Onboard\0"));
        assert!(is_assistive(b"kmag\0kmag\0"));
        assert!(!is_assistive(b"navigator\0firefox\0"));
        assert!(!is_assistive(b""));
    }

    #[test]
    fn windows_that_touch_do_not_overlap() {
        let popup = Rect { x: 100, y: 100, width: 50, height: 50 };
        assert!(!popup.overlaps(Rect { x: 150, y: 100, width: 10, height: 10 }));
        assert!(popup.overlaps(Rect { x: 149, y: 149, width: 10, height: 10 }));
        assert!(Rect { x: 0, y: 0, width: 500, height: 500 }.contains(popup));
        assert!(!Rect { x: 0, y: 101, width: 500, height: 500 }.contains(popup));
    }
}
