//! The tray icon: shows a [`Face`] and passes clicks on. Lives on one thread and is asked for nothing.

use super::menu::{self, Choice, Item};
use anyhow::Context as _;
use session::{TrayState, View};
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
    lines: Vec<Line>,
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
        Ok(Self { icon, lines })
    }

    /// Changes what differs.
    pub(crate) fn show(&mut self, old: &Face, new: &Face) {
        if new.state != old.state
            && let Err(error) = self.icon.set_icon(Some(icon(new.state)))
        {
            tracing::warn!(%error, "the tray icon could not be changed");
        }
        if new.tooltip != old.tooltip
            && let Err(error) = self.icon.set_tooltip(Some(&new.tooltip))
        {
            tracing::warn!(%error, "the tray icon's tooltip could not be changed");
        }
        if new.menu == old.menu {
            return;
        }
        // A menu that is open while the timer runs stays open only when its lines are changed in place.
        if same_shape(&old.menu, &new.menu) {
            for (line, item) in self.lines.iter().zip(&new.menu) {
                match (line, item) {
                    (Line::Item(line), Item::Text(text)) => line.set_text(text),
                    (Line::Check(line), Item::Check(_, _, checked)) => line.set_checked(*checked),
                    (Line::Item(_) | Line::Check(_) | Line::Separator, _) => {}
                }
            }
        } else {
            let (menu, lines) = build(&new.menu);
            self.icon.set_menu(Some(Box::new(menu)));
            self.lines = lines;
        }
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
