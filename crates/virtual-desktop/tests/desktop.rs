//! The desktop itself, before anything else is tested on it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "in a helper of a test, too, a surprise is a failed test")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use virtual_desktop::windows::WindowOptions;
use virtual_desktop::{
    Button, Desktop, Key, NotificationDaemon, Options, Point, Rect, SettingsPortal, WindowManager, tray,
    wait_for,
};

const SOON: Duration = Duration::from_secs(15);

fn desktop() -> Desktop {
    Desktop::start(Options::default()).expect("a desktop")
}

/// Cargo builds the examples before it runs the tests, into a folder beside theirs.
fn sample(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples").join(name)
}

fn start_sample_tray(desktop: &Desktop) -> (Child, Receiver<String>) {
    let mut child = desktop.spawn(desktop.command(sample("sample_tray")).stdout(Stdio::piped())).unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, receiver) = channel();
    std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
    (child, receiver)
}

/// Processes that carry the folder in their environment.
fn inhabitants(folder: &Path) -> usize {
    let wanted = format!("{}/", folder.display());
    let environments = std::fs::read_dir("/proc").unwrap().flatten();
    environments
        .filter_map(|entry| std::fs::read(entry.path().join("environ")).ok())
        .filter(|environment| String::from_utf8_lossy(environment).contains(&wanted))
        .count()
}

#[test]
fn a_terminal_appears_takes_the_focus_and_hears_what_is_typed() {
    for window_manager in [WindowManager::Openbox, WindowManager::Xfwm4] {
        let desktop = Desktop::start(Options { window_manager, ..Options::default() }).unwrap();
        let maps = desktop.watch_maps().unwrap();
        let file = desktop.home().join("typed.txt");
        let script = format!("read line; printf %s \"$line\" > '{}'; sleep 60", file.display());
        let mut terminal = desktop.command("xterm");
        terminal.args(["-title", "A terminal", "-e", "/bin/sh", "-c", &script]);
        let mut terminal = desktop.spawn(&mut terminal).unwrap();

        let mapped = maps.next("the terminal", SOON, |window| window.title == "A terminal").unwrap();
        assert!(mapped.at > Duration::ZERO);
        let window = desktop.wait_for_title("A terminal", SOON).unwrap();
        assert_eq!(window.pid, Some(terminal.id()));
        desktop.click(window.rect.centre()).unwrap();
        wait_for("the focus", SOON, || (desktop.focused().ok()??.id == window.id).then_some(())).unwrap();

        desktop.type_text("Hello, World! {42}").unwrap();
        desktop.press(Key::Enter).unwrap();
        wait_for("what was typed", SOON, || {
            (std::fs::read_to_string(&file).ok()? == "Hello, World! {42}").then_some(())
        })
        .unwrap();

        desktop.close_window(&window).unwrap();
        wait_for("the terminal to close", SOON, || terminal.try_wait().unwrap()).unwrap();
    }
}

#[test]
fn a_tray_icon_is_read_over_the_bus_and_clicked_with_the_pointer() {
    let desktop = desktop();
    let before = desktop.picture().unwrap();
    let (mut program, said) = start_sample_tray(&desktop);
    let tray = desktop.tray();
    let item = tray.wait_for("the sample", SOON, |item| item.title == "Sample tray").unwrap();
    assert_eq!((item.tooltip_text.as_str(), item.status.as_str()), ("A sample icon", "Active"));
    assert!(item.icon_hash.is_some());

    let menu = tray.menu(&item).unwrap();
    assert!(!tray::find(&menu, "Nothing happens").unwrap().enabled);
    assert_eq!(tray::find(&menu, "Do not disturb").unwrap().checked, Some(true));
    assert!(tray::find(&menu, "End Session").unwrap().enabled);
    assert!(menu[1].separator);

    tray.choose(&item, "End Session").unwrap();
    assert_eq!(said.recv_timeout(SOON).unwrap(), "chosen end");

    let icon = tray.icon_rect(&item, SOON).unwrap();
    let red = |point| desktop.picture().unwrap().pixel(point) == [200, 30, 30];
    wait_for("the red icon", SOON, || red(icon.centre()).then_some(())).unwrap();
    assert!(before.difference(&desktop.picture().unwrap()).is_some());
    tray.click(&item, Button::Left, SOON).unwrap();
    assert_eq!(said.recv_timeout(SOON).unwrap(), "clicked");

    tray.click_menu(&item, "Do not disturb", SOON).unwrap();
    wait_for("the choice", SOON, || (said.recv_timeout(SOON).ok()? == "chosen quiet").then_some(())).unwrap();
    wait_for("the tick to go", SOON, || {
        (tray::find(&tray.menu(&item).ok()?, "Do not disturb")?.checked == Some(false)).then_some(())
    })
    .unwrap();
    program.kill().unwrap();
    program.wait().unwrap();
    wait_for("the icon to go", SOON, || tray.items().ok()?.is_empty().then_some(())).unwrap();
}

#[test]
fn a_notification_is_overheard_and_its_button_clicked() {
    let desktop = desktop();
    let watcher = desktop.watch_notifications().unwrap();
    let hints = std::collections::HashMap::<&str, zbus::zvariant::Value<'_>>::new();
    let actions = ["review", "Review", "reject", "Reject"];
    let show = |summary: &str| {
        let body = ("sample", 0u32, "", summary, "wants to connect", &actions[..], &hints, 60_000i32);
        let (name, path) = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications");
        desktop.session_bus().call_method(Some(name), path, Some(name), "Notify", &body).unwrap();
    };
    show("Olivia Example");
    let seen = watcher.wait_for("the notification", SOON, |seen| seen.number.is_some()).unwrap();
    assert_eq!((seen.summary.as_str(), seen.body.as_str()), ("Olivia Example", "wants to connect"));
    assert_eq!(seen.actions[1], ("reject".to_owned(), "Reject".to_owned()));
    desktop.click_notification("Reject", SOON).unwrap();
    watcher.wait_for("it to close", SOON, |seen| seen.closed).unwrap();
}

#[test]
fn a_desktop_without_tray_and_notifications_has_neither() {
    let options = Options { tray_host: false, notifications: NotificationDaemon::None, ..Options::default() };
    let desktop = Desktop::start(options).unwrap();
    assert!(desktop.tray().items().is_err());
    assert_eq!(desktop.windows().unwrap(), []);
}

#[test]
fn a_picture_shows_the_colour_that_was_put_there() {
    // No panel: its clock would count as a difference.
    let bare = Options { tray_host: false, notifications: NotificationDaemon::None, ..Options::default() };
    let desktop = Desktop::start(bare).unwrap();
    let rect = Rect { x: 200, y: 150, width: 300, height: 200 };
    let options =
        WindowOptions { rect, colour: [10, 120, 230], override_redirect: true, ..Default::default() };
    let before = desktop.picture().unwrap();
    let window = desktop.open_window(&options).unwrap();
    let shown =
        |desktop: &Desktop| desktop.picture().unwrap().pixel(Point { x: 350, y: 250 }) == [10, 120, 230];
    wait_for("the colour", SOON, || shown(&desktop).then_some(())).unwrap();
    assert_eq!(before.difference(&desktop.picture().unwrap()), Some(rect));
    assert_eq!(desktop.window_at(rect.centre()).unwrap().unwrap().id, window.id());
    let file = desktop.folder().join("picture.png");
    desktop.screenshot(&file).unwrap();
    assert!(std::fs::read(file).unwrap().starts_with(b"\x89PNG"));
    drop(window);
    wait_for("the colour to go", SOON, || (!shown(&desktop)).then_some(())).unwrap();
}

#[test]
fn a_full_screen_window_covers_all_and_loses_no_letter() {
    for window_manager in [WindowManager::Openbox, WindowManager::Xfwm4] {
        let desktop = Desktop::start(Options { window_manager, ..Options::default() }).unwrap();
        let options = WindowOptions { full_screen: true, colour: [0, 90, 0], ..Default::default() };
        let window = desktop.open_window(&options).unwrap();
        let screen = Rect { x: 0, y: 0, width: 1280, height: 800 };
        let full = |window: &virtual_desktop::windows::Window| {
            window.rect == screen && window.states.contains(&"FULLSCREEN".to_owned())
        };
        desktop.wait_for_window("a full screen", SOON, full).unwrap();
        desktop.click(screen.centre()).unwrap();
        wait_for("the focus", SOON, || (desktop.focused().ok()??.id == window.id()).then_some(())).unwrap();
        desktop.type_text("forty letters typed while something maps").unwrap();
        wait_for("the letters", SOON, || {
            (window.typed().ok()? == "forty letters typed while something maps").then_some(())
        })
        .unwrap();
    }
}

#[test]
fn the_scale_and_the_portal_are_what_was_asked_for() {
    let ask = |desktop: &Desktop| -> zbus::Result<u32> {
        let (name, path) = ("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop");
        let (interface, body) =
            ("org.freedesktop.portal.Settings", ("org.freedesktop.appearance", "color-scheme"));
        let reply = desktop.session_bus().call_method(Some(name), path, Some(interface), "ReadOne", &body)?;
        let value: zbus::zvariant::OwnedValue = reply.body().deserialize()?;
        Ok(u32::try_from(value)?)
    };
    let bare = Options { tray_host: false, notifications: NotificationDaemon::None, ..Options::default() };
    for (settings_portal, answer) in [(SettingsPortal::Dark, Some(1)), (SettingsPortal::None, None)] {
        let desktop = Desktop::start(Options { settings_portal, ..bare.clone() }).unwrap();
        assert_eq!(ask(&desktop).ok(), answer);
    }
    let hung = Options { settings_portal: SettingsPortal::Hung, size: (2560, 1600), scale: 2.0, ..bare };
    let desktop = Desktop::start(hung).unwrap();
    let answer = ask(&desktop).unwrap_err();
    assert!(answer.to_string().contains("timed out"), "{answer}");
    assert_eq!(desktop.picture().unwrap().size(), (2560, 1600));
}

#[test]
fn nothing_survives_a_desktop() {
    let desktop = desktop();
    let folder = desktop.folder().to_owned();
    // A program that ignores the polite request, starts another out of its group, and clears its environment.
    let mut stubborn = desktop.command("/bin/sh");
    stubborn.args(["-c", "trap '' TERM; setsid sleep 600 & exec env -i /bin/sh -c 'sleep 600; true'"]);
    let mut stubborn = desktop.spawn(&mut stubborn).unwrap();
    let (mut tray, _) = start_sample_tray(&desktop);
    wait_for("the sleeper", SOON, || (inhabitants(&folder) > 8).then_some(())).unwrap();
    drop(desktop);
    assert_eq!(inhabitants(&folder), 0);
    assert!(!folder.exists());
    // Both are our own children, so they are zombies until asked.
    wait_for("the stubborn program's end", SOON, || stubborn.try_wait().unwrap()).unwrap();
    wait_for("the tray's end", SOON, || tray.try_wait().unwrap()).unwrap();
}

#[test]
fn nothing_survives_the_death_of_the_program_that_made_the_desktop() {
    let mut program = std::process::Command::new(sample("sample_desktop"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut folder = String::new();
    BufReader::new(program.stdout.take().unwrap()).read_line(&mut folder).unwrap();
    let folder = PathBuf::from(folder.trim());
    assert!(inhabitants(&folder) > 5);
    program.kill().unwrap();
    program.wait().unwrap();
    wait_for("everything to end", SOON, || (inhabitants(&folder) == 0 && !folder.exists()).then_some(()))
        .unwrap();
}
