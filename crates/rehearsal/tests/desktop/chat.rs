//! What is written in a session: its links, its copies, and the notifications of it.

use anyhow::{Context as _, Result, ensure};
use protocol::Permission;
use rehearsal::{DEADLINE, Stage, WINDOW, wait_for};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};
use virtual_desktop::{
    Key,
    notifications::{Notification, NotificationWatcher},
};

const CHAT: [Permission; 2] = [Permission::Chat, Permission::Messages];
const BAR: &str = "Session bar";
/// A browser that was started would have written its address by then.
const A_WHILE: Duration = Duration::from_secs(1);

/// A browser of the user's, set as the one that opens links. It writes down the address, and where it finds fonts.
struct Browser {
    opened: PathBuf,
}

impl Browser {
    fn set_up(home: &Path) -> Result<Self> {
        let (program, opened) = (home.join("browser"), home.join("opened"));
        let write = format!(
            "#!/bin/sh\nprintf '%s %s' \"$1\" \"$FONTCONFIG_FILE\" > {0}.new\nmv {0}.new {0}\n",
            opened.display()
        );
        fs::write(&program, write)?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        let entries = home.join("data/applications");
        fs::create_dir_all(&entries)?;
        let entry = format!(
            "[Desktop Entry]\nType=Application\nName=Browser\nExec={} %u\nMimeType=x-scheme-handler/http;x-scheme-handler/https;\n",
            program.display()
        );
        fs::write(entries.join("test-browser.desktop"), entry)?;
        fs::create_dir_all(home.join("config"))?;
        let name = "test-browser.desktop";
        let defaults = format!(
            "[Default Applications]\nx-scheme-handler/http={name}\nx-scheme-handler/https={name}\ntext/html={name}\n"
        );
        fs::write(home.join("config/mimeapps.list"), defaults)?;
        Ok(Self { opened })
    }

    fn has_opened(&self) -> bool {
        self.opened.exists()
    }
}

#[test]
fn a_link_is_opened_after_asking_and_by_the_users_browser() -> Result<()> {
    let stage = Stage::device()?;
    let browser = Browser::set_up(stage.agent.home())?;
    let session = stage.session(CHAT)?;
    stage.operator.say(&session, "Please read https://support.example/help?id=1&from=chat first.")?;
    for answer in ["Do not open", "Open in browser"] {
        stage.click("Open support.example")?;
        stage.text("Open support.example?")?;
        stage.text("https://support.example/help?id=1&from=chat")?;
        ensure!(!browser.has_opened(), "the browser was opened without a word of the user's");
        stage.click(answer)?;
        if answer == "Do not open" {
            stage.stays(|| Ok(!browser.has_opened()), A_WHILE)?;
        }
    }
    wait_for("the browser", || Ok(browser.has_opened().then_some(())))?;
    let opened = fs::read_to_string(&browser.opened)?;
    let (address, fonts) = opened.split_once(' ').context("both")?;
    assert_eq!(address, "https://support.example/help?id=1&from=chat");
    ensure!(fonts.is_empty() || Path::new(fonts).exists(), "the browser finds no fonts: {fonts}");
    Ok(())
}

#[test]
fn the_chat_is_copied_and_saved_as_it_was_said() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session(CHAT)?;
    stage.operator.say(&session, "Good day")?;
    stage.text("Good day")?;
    let entry = stage.field("message")?;
    stage.click_into(&entry, WINDOW)?;
    stage.desktop.type_text("hello there")?;
    stage.desktop.press(Key::Enter)?;
    stage.text("hello there")?;
    let as_said = |text: &str| {
        let lines: Vec<_> = text.lines().filter_map(|line| Some(line.split_once("] ")?.1)).collect();
        lines == ["Olivia Example: Good day", "You: hello there"]
    };
    ensure!(stage.desktop.paste()?.is_none(), "nothing is copied before the user says so");
    stage.click("Copy the chat")?;
    let pasted = wait_for("the chat in the clipboard", || stage.desktop.paste().map_err(Into::into))?;
    ensure!(as_said(&pasted), "{pasted}");

    stage.click("Save the chat")?;
    let shown = stage.text("The chat was saved as")?.name()?;
    let home = stage.agent.home();
    let is_it =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("Chat "));
    let places = [home.to_owned(), home.join("Downloads")];
    let files: Vec<PathBuf> = places
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()).filter(is_it).collect::<Vec<_>>())
        .collect();
    let [file] = &files[..] else { anyhow::bail!("{files:?}") };
    ensure!(as_said(&fs::read_to_string(file)?));
    ensure!(shown.contains(&*file.file_name().context("it has one")?.to_string_lossy()), "{shown}");
    assert_eq!(fs::metadata(file)?.permissions().mode() & 0o777, 0o600, "it is the user's alone");
    Ok(())
}

fn wait_until_withdrawn(notifications: &NotificationWatcher, words: &str) -> Result<()> {
    wait_for(&format!("{words:?} to be withdrawn"), || {
        let seen = notifications.seen();
        Ok(seen.iter().filter(|it| it.summary.contains(words)).all(|it| it.withdrawn).then_some(()))
    })
    .with_context(|| format!("{:#?}", notifications.seen()))
}

fn wait_for_open(notifications: &NotificationWatcher, words: &str) -> Result<()> {
    let open = |it: &Notification| it.summary.contains(words) && !it.closed;
    notifications.wait_for(words, DEADLINE, open)?;
    Ok(())
}

#[test]
fn what_notifications_say_goes_when_it_was_read_or_is_over() -> Result<()> {
    let stage = Stage::device()?;
    // None goes by itself, however long this takes.
    let mut for_ever = stage.desktop.command("xfconf-query");
    for_ever.args(["-c", "xfce4-notifyd", "-p", "/expire-timeout", "-n", "-t", "int", "-s", "-1"]);
    ensure!(for_ever.status()?.success());
    let notifications = stage.desktop.watch_notifications()?;
    let session = stage.session(CHAT)?;
    stage.button("Collapse to the bar")?.activate()?;
    stage.desktop.wait_for_title(BAR, DEADLINE)?;
    stage.operator.say(&session, "Are you there?")?;
    wait_for_open(&notifications, "wrote to you")?;
    stage.click("Open window")?;
    stage.text("Are you there?")?;
    wait_until_withdrawn(&notifications, "wrote to you")?;

    stage.button("Collapse to the bar")?.activate()?;
    stage.desktop.wait_for_title(BAR, DEADLINE)?;
    stage.operator.say(&session, "Once more")?;
    wait_for_open(&notifications, "wrote to you")?;
    stage.operator.end(&session)?;
    wait_for_open(&notifications, "Session ended")?;
    wait_until_withdrawn(&notifications, "wrote to you")?;
    wait_until_withdrawn(&notifications, "is connected")?;
    stage.agent.run(&["open"], "")?;
    stage.click("Done")?;
    wait_until_withdrawn(&notifications, "Session ended")
}

#[test]
fn beside_the_bar_no_screen_reader_finds_the_window_and_what_was_typed_is_there_again() -> Result<()> {
    let stage = Stage::device()?;
    stage.session(CHAT)?;
    let entry = stage.field("message")?;
    stage.click_into(&entry, WINDOW)?;
    stage.desktop.type_text("half a")?;
    stage.click("Collapse to the bar")?;
    stage.desktop.wait_for_title(BAR, DEADLINE)?;
    stage.button("Open window")?;
    wait_for("the window to leave the tree", || {
        let words = stage.desktop.accessibility().outline();
        Ok((!words.contains("Collapse to the bar") && !words.contains("Permissions")).then_some(()))
    })
    .with_context(|| stage.desktop.accessibility().outline())?;
    stage.click("Open window")?;
    stage.desktop.wait_for_title(WINDOW, DEADLINE)?;
    wait_for("what was typed", || Ok((stage.field("message")?.text()? == "half a").then_some(())))?;
    stage.wait_until_gone(BAR)
}
