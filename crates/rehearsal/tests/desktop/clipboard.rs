//! The clipboard between the user's programs and the operator's: at a word of either side, and only while it is granted.

use crate::actions::wait_for_actions;
use anyhow::{Result, ensure};
use protocol::{Permission, operator::Target};
use rehearsal::{Bridge, POPUP, Stage, Viewer, wait_for};
use std::{
    process::{Child, Stdio},
    time::{Duration, Instant},
};
use virtual_desktop::{Desktop, NotificationDaemon, Options, clipboard::Entry};

/// A text that goes takes a tenth of it.
const A_WHILE: Duration = Duration::from_secs(1);

/// An operator's desktop with a viewer of somebody else's on it, which hands over what is copied there by itself.
struct Operators {
    desktop: Desktop,
    _viewer: Child,
}

impl Operators {
    fn open(bridge: &Bridge) -> Result<Self> {
        let notifications = NotificationDaemon::None;
        let desktop = Desktop::start(Options { tray_host: false, notifications, ..Options::default() })?;
        let mut viewer = desktop.command("xtigervncviewer");
        let server = format!("127.0.0.1::{}", bridge.address.port());
        viewer.args(["-FullScreen", "-RemoteResize=0", "-SecurityTypes=None", "-SendPrimary=0", &server]);
        let viewer = desktop.spawn(viewer.stdout(Stdio::null()).stderr(Stdio::null()))?;
        Ok(Self { desktop, _viewer: viewer })
    }
}

fn text(text: &str) -> Entry {
    Entry::Text(text.into())
}

/// Waits until the clipboard's last news is this.
fn wait_for_news(stage: &Stage, kind: &str, value: &str) -> Result<()> {
    let fits = |news: &serde_json::Value| {
        news["clipboard"] == kind && (news["why"] == value || news["from"] == value)
    };
    stage
        .agent
        .wait_for_status(&format!("{kind}: {value}"), |status| {
            fits(&status["view"]["screen"]["clipboard"]["last"])
        })
        .map(drop)
}

fn wait_for_paste(desktop: &Desktop, expected: Option<&str>) -> Result<()> {
    wait_for(&format!("{expected:?} to be pasted"), || {
        Ok((desktop.paste()?.as_deref() == expected).then_some(()))
    })
}

#[test]
fn texts_go_either_way_at_a_word_and_secrets_and_what_was_there_before_stay() -> Result<()> {
    let stage = Stage::device()?;
    let user = &stage.desktop;
    let _before = user.copy(text("before"))?;
    let session = stage.session([Permission::View, Permission::Clipboard])?;
    let bridge = stage.operator.desktop(&session)?;
    let operators = Operators::open(&bridge)?;
    let operator = &operators.desktop;
    wait_for_actions(&stage, &["viewing"])?;

    stage.click("Send what I copied")?;
    wait_for_news(&stage, "not_sent", "nothing_copied")?;
    stage.text("Not sent: nothing was copied since you allowed it. Copy the text again, then send it.")?;
    let secret = user.copy(Entry::Secret("a password".into()))?;
    stage.click("Send what I copied")?;
    wait_for_news(&stage, "not_sent", "secret")?;
    stage.text("Not sent: the program that you copied it in marks it as secret.")?;
    let _copied = user.copy(text("Grüße, 世界"))?;
    stage.stays(|| Ok(operator.paste()?.is_none()), A_WHILE)?;
    stage.click("Send what I copied")?;
    wait_for_news(&stage, "passed", "user")?;
    wait_for_paste(operator, Some("Grüße, 世界"))?;
    ensure!(!secret.was_read(), "the secret was asked for");

    let _theirs = operator.copy(text("from far away"))?;
    wait_for_paste(user, Some("from far away"))?;
    wait_for_news(&stage, "passed", "operator")?;

    stage.press("Permissions")?;
    stage.press("Exchange the clipboard")?;
    // What the operator put there goes with the permission, and nothing comes after it.
    wait_for_paste(user, None)?;
    let _theirs = operator.copy(text("once more"))?;
    stage.stays(|| Ok(user.paste()?.is_none()), A_WHILE)
}

#[test]
fn without_the_permission_nothing_arrives_and_at_the_end_nobody_waits_for_what_did() -> Result<()> {
    let stage = Stage::device()?;
    let user = &stage.desktop;
    let session = stage.session([Permission::View, Permission::Control])?;
    let bridge = stage.operator.desktop(&session)?;
    let mut viewer = Viewer::connect(&bridge)?;
    viewer.send_text("not asked for")?;
    viewer.sees()?;
    viewer.sees()?;
    stage.operator.ask(Target::Session(session.clone()), [Permission::Clipboard])?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    ensure!(user.paste()?.is_none(), "a text came before it was allowed");
    stage.click("Approve")?;
    stage.wait_until_gone(POPUP)?;
    stage.button("Send what I copied")?;
    ensure!(user.paste()?.is_none(), "a text came late");
    viewer.send_text("a number to type in: 42")?;
    wait_for_paste(user, Some("a number to type in: 42"))?;
    stage.click("End Session")?;
    stage.wait_for_access(false)?;
    // The display learns of a process's end a moment after its parent does, and would have it asked until then.
    wait_for("what was copied to be nobody's", || Ok((!user.has_copied()?).then_some(())))?;
    let asked = Instant::now();
    ensure!(user.paste()?.is_none());
    ensure!(asked.elapsed() < A_WHILE, "whoever pastes waits");
    Ok(())
}
