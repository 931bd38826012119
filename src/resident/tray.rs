//! The tray icon: shows a [`Face`] and passes clicks on. Lives on one thread and is asked for nothing.

use super::menu::{self, Choice, Item};
use anyhow::Context as _;
use session::{TrayState, View};
use std::time::{Duration, Instant};
use texts::Language;
use tray_icon::{
    Icon, MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent,
    menu::{CheckMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem},
};

/// All that the tray icon shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Face {
    state: TrayState,
    tooltip: String,
    menu: Vec<Item>,
}

impl Face {
    /// What the icon tells of `view`.
    pub(crate) fn new(view: &View, language: Language) -> Self {
        Self {
            state: view.tray_state(),
            tooltip: menu::tooltip(view, language),
            menu: menu::menu(view, language),
        }
    }

    /// Whether there is something that the user could end.
    pub(crate) fn offers_end(&self) -> bool {
        self.menu.iter().any(|item| matches!(item, Item::Action(Choice::End, _)))
    }
}

/// How long a menu stays before one with other lines takes its place. Panels that read menus through libdbusmenu (Xfce,
/// MATE, Ubuntu) drop a change that is told while they still fetch the one before, and then have no menu at all until the
/// next change, which may be the session's end. They fetch it within a tenth of a second even on a busy computer.
const MENU_REST: Duration =
    if cfg!(target_os = "linux") { Duration::from_millis(500) } else { Duration::ZERO };

/// Lets the tray icon show something else, from any thread.
pub(crate) type ShowFace = Box<dyn Fn(Face) + Send>;

/// Sends every click to `chosen`.
pub(crate) fn forward_clicks(chosen: impl Fn(Choice) + Clone + Send + Sync + 'static) {
    let clicked = chosen.clone();
    MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
        if let Some(choice) = Choice::ALL.into_iter().find(|choice| choice.id() == event.id.0) {
            chosen(choice);
        }
    }));
    TrayIconEvent::set_event_handler(Some(move |event| {
        if let TrayIconEvent::Click {
            button: MouseButton::Left, button_state: MouseButtonState::Up, ..
        } = event
        {
            clicked(Choice::OpenWindow);
        }
    }));
}

/// The tray icon.
pub(crate) struct Tray {
    icon: TrayIcon,
    /// What it shows; the menu may be late.
    shown: Face,
    lines: Vec<Line>,
    /// When the menu got other lines.
    changed: Instant,
}

/// A line of the menu as the desktop knows it.
enum Line {
    Item(MenuItem),
    Check(CheckMenuItem),
    Separator,
}

impl Tray {
    /// Puts the icon into the tray.
    ///
    /// # Errors
    ///
    /// When there is no session bus. A bus without a tray is no error: the icon appears once there is one.
    pub(crate) fn new(face: &Face) -> Result<Self, tray_icon::Error> {
        let (menu, lines) = build(&face.menu);
        let icon = TrayIconBuilder::new()
            .with_id("ondemand-agent")
            .with_title("On-demand Agent")
            .with_tooltip(&face.tooltip)
            .with_icon(icon(face.state))
            .with_menu(Box::new(menu))
            .build()?;
        Ok(Self { icon, shown: face.clone(), lines, changed: Instant::now() })
    }

    /// Changes what differs. Wants to be called again at the time it gives, with what is to be shown then.
    pub(crate) fn show(&mut self, face: &Face) -> Option<Instant> {
        if face.state != self.shown.state
            && let Err(error) = self.icon.set_icon(Some(icon(face.state)))
        {
            tracing::warn!(%error, "the tray icon could not be changed");
        }
        if face.tooltip != self.shown.tooltip
            && let Err(error) = self.icon.set_tooltip(Some(&face.tooltip))
        {
            tracing::warn!(%error, "the tray icon's tooltip could not be changed");
        }
        self.shown.state = face.state;
        self.shown.tooltip.clone_from(&face.tooltip);
        let step = step(&self.shown.menu, self.changed, &face.menu, Instant::now());
        match step {
            Step::InPlace => {
                for (line, item) in self.lines.iter().zip(&face.menu) {
                    match (line, item) {
                        (Line::Item(line), Item::Text(text)) => line.set_text(text),
                        (Line::Check(line), Item::Check(_, _, checked)) => line.set_checked(*checked),
                        (Line::Item(_) | Line::Check(_) | Line::Separator, _) => {}
                    }
                }
                self.shown.menu.clone_from(&face.menu);
                None
            }
            Step::Rebuild(items) => {
                let (menu, lines) = build(items);
                self.icon.set_menu(Some(Box::new(menu)));
                self.lines = lines;
                self.changed = Instant::now();
                self.shown.menu = items.to_vec();
                (self.shown.menu != face.menu).then(|| self.changed + MENU_REST)
            }
            Step::Wait(until) => Some(until),
        }
    }
}

/// How the menu comes nearer to the one that is wanted.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    /// By changing texts and check marks: a menu that is open while the timer runs stays open.
    InPlace,
    /// By showing these lines instead.
    Rebuild(&'a [Item]),
    /// Not before then.
    Wait(Instant),
}

fn step<'a>(shown: &[Item], changed: Instant, wanted: &'a [Item], now: Instant) -> Step<'a> {
    if same_shape(shown, wanted) {
        Step::InPlace
    } else if now < changed + MENU_REST {
        Step::Wait(changed + MENU_REST)
    } else if cfg!(target_os = "linux") && shown.len() == wanted.len() {
        // On this bus as many lines as before are the same lines with other words, and a panel cannot turn a line between
        // groups into an entry. So the last line, which is *Quit* or *About*, comes a moment later.
        Step::Rebuild(&wanted[..wanted.len() - 1])
    } else {
        Step::Rebuild(wanted)
    }
}

/// Whether one menu can become the other by changing texts and check marks.
fn same_shape(old: &[Item], new: &[Item]) -> bool {
    old.len() == new.len()
        && old.iter().zip(new).all(|pair| match pair {
            (Item::Text(_), Item::Text(_)) => true,
            (Item::Check(old, ..), Item::Check(new, ..)) => old == new,
            (old, new) => old == new,
        })
}

fn build(items: &[Item]) -> (Menu, Vec<Line>) {
    let menu = Menu::new();
    let mut lines = Vec::with_capacity(items.len());
    for item in items {
        let (added, line) = match item {
            Item::Text(text) => {
                let line = MenuItem::new(text, false, None);
                (menu.append(&line), Line::Item(line))
            }
            Item::Action(choice, label) => {
                let line = MenuItem::with_id(choice.id(), label, true, None);
                (menu.append(&line), Line::Item(line))
            }
            Item::Check(choice, label, checked) => {
                let line = CheckMenuItem::with_id(choice.id(), label, true, *checked, None);
                (menu.append(&line), Line::Check(line))
            }
            Item::Separator => (menu.append(&PredefinedMenuItem::separator()), Line::Separator),
        };
        if let Err(error) = added {
            tracing::warn!(%error, "a line of the tray's menu is missing");
        }
        lines.push(line);
    }
    (menu, lines)
}

/// The picture for a state; each differs in shape and colour.
fn icon(state: TrayState) -> Icon {
    macro_rules! picture {
        ($state:literal) => {
            include_bytes!(concat!("../../resources/icons/tray-", $state, "@2x.png")).as_slice()
        };
    }
    let picture = match state {
        TrayState::Offline => picture!("offline"),
        TrayState::Idle => picture!("idle"),
        TrayState::Ready => picture!("ready"),
        TrayState::Request => picture!("request"),
        TrayState::Viewing => picture!("viewing"),
        TrayState::Controlling => picture!("controlling"),
        TrayState::Files => picture!("files"),
        TrayState::Connected => picture!("connected"),
        TrayState::Suspended => picture!("suspended"),
    };
    #[expect(clippy::expect_used, reason = "a test reads all of them")]
    pixels(picture).expect("the bundled pictures can be read")
}

fn pixels(picture: &[u8]) -> anyhow::Result<Icon> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().context("the picture is too large")?];
    let frame = reader.next_frame(&mut pixels)?;
    anyhow::ensure!(frame.color_type == png::ColorType::Rgba, "the picture is not in RGBA");
    Ok(Icon::from_rgba(pixels, frame.width, frame.height)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_picture() {
        for state in [
            TrayState::Offline,
            TrayState::Idle,
            TrayState::Ready,
            TrayState::Request,
            TrayState::Viewing,
            TrayState::Controlling,
            TrayState::Files,
            TrayState::Connected,
            TrayState::Suspended,
        ] {
            icon(state);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_menu_with_other_lines_waits_until_panels_have_fetched_the_one_before() {
        let now = Instant::now();
        let two = vec![Item::Text("Connecting…".into()), Item::Separator];
        let three = vec![
            Item::Text("Session in progress".into()),
            Item::Separator,
            Item::Action(Choice::End, "End Session"),
        ];
        assert_eq!(step(&two, now, &three, now), Step::Wait(now + MENU_REST));
        assert_eq!(step(&two, now, &three, now + MENU_REST), Step::Rebuild(&three));
        let timer = [Item::Text("Session suspended".into()), Item::Separator];
        assert_eq!(step(&two, now, &timer, now), Step::InPlace);
        let as_many = [Item::Separator, Item::Text("Session in progress".into())];
        assert_eq!(step(&two, now, &as_many, now + MENU_REST), Step::Rebuild(&as_many[..1]));
        assert_eq!(step(&as_many[..1], now, &as_many, now + MENU_REST), Step::Rebuild(&as_many));
    }

    #[test]
    fn a_menu_is_rebuilt_only_when_its_lines_are_others() {
        let timer = |text: &str| vec![Item::Text(text.into()), Item::Separator];
        assert!(same_shape(&timer("0:01"), &timer("0:02")));
        let check = |on| vec![Item::Check(Choice::DoNotDisturb, "Do not disturb", on)];
        assert!(same_shape(&check(true), &check(false)));
        assert!(!same_shape(&timer("0:01"), &check(true)));
        assert!(!same_shape(
            &[Item::Action(Choice::End, "End Session")],
            &[Item::Action(Choice::Quit, "Quit")]
        ));
    }
}
