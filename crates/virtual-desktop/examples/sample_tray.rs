//! A program with nothing but a tray icon, for the tests of this crate: it prints what is chosen from its menu.

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use tray_icon::menu::{CheckMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem};
    use tray_icon::{Icon, TrayIconBuilder, TrayIconEvent};

    let menu = Menu::with_items(&[
        &MenuItem::with_id("state", "Nothing happens", false, None),
        &PredefinedMenuItem::separator(),
        &CheckMenuItem::with_id("quiet", "Do not disturb", true, true, None),
        &MenuItem::with_id("end", "End Session", true, None),
    ])?;
    let picture = [200, 30, 30, 255].repeat(32 * 32);
    let _tray = TrayIconBuilder::new()
        .with_id("sample-tray")
        .with_title("Sample tray")
        .with_tooltip("A sample icon")
        .with_icon(Icon::from_rgba(picture, 32, 32)?)
        .with_menu(Box::new(menu))
        .with_menu_on_left_click(false)
        .build()?;
    TrayIconEvent::set_event_handler(Some(|event| {
        if let TrayIconEvent::Click { .. } = event {
            println!("clicked");
        }
    }));
    let events = MenuEvent::receiver();
    while let Ok(event) = events.recv() {
        println!("chosen {}", event.id().as_ref());
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {}
