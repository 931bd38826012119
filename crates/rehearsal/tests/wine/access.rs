//! What the operator gets of a Windows computer: its picture, its keyboard and mouse, its
//! clipboard, its files, and nothing afterwards.

use crate::{
    prefix::{START, Windows},
    stage::Stage,
};
use anyhow::{Context, Result, ensure};
use protocol::{
    Action, EndReason, Permission,
    operator::{FilesCredential, Target},
};
use rehearsal::{Bridge, Viewer, WINDOW, curl, wait_for};
use std::{
    fs,
    process::{Command, Output},
    time::Instant,
};
use virtual_desktop::{Key, Picture, Point, Rect, windows::Window};

/// The left control key, as X11 numbers it.
const CONTROL: u32 = 0xffe3;
/// What Wine says an editor's window is of.
const EDITOR: &str = "notepad.exe";
/// A file that begins so is text of all characters to the editor.
const BYTE_ORDER_MARK: &str = "\u{feff}";

#[test]
fn an_operator_sees_types_and_brings_texts_and_files_until_the_end() -> Result<()> {
    let (stage, _agent) = Stage::start()?;
    let Stage { windows, operator, device, .. } = &stage;
    let typed = windows.drive().join("typed.txt");
    fs::write(&typed, BYTE_ORDER_MARK)?;
    let log = windows.desktop.folder().join("editor.log");
    let _editor = windows.spawn(&["notepad", r"C:\typed.txt"], &log)?;
    let editor = windows.desktop.wait_for_window("the editor", START, |window| {
        window.class == EDITOR && window.title.contains("typed")
    })?;
    wait_for("the editor to be in front", || {
        Ok(windows.desktop.focused()?.filter(|focused| focused.class == EDITOR).map(|_| ()))
    })?;

    let wanted = [
        Permission::View,
        Permission::Control,
        Permission::Clipboard,
        Permission::FilesRead,
        Permission::FilesWrite,
    ];
    let request = operator.ask(Target::Device(device.id.clone()), wanted)?.id;
    // Wine knows of such keys only while one of its windows has the keyboard, and the editor has it.
    stage.popup_brought_by(|_| windows.desktop.chord(&[Key::Control, Key::Alt, Key::Shift, Key::Space]))?;
    stage.approve(&request)?;
    let session = operator.wait_for_approval(&request)?;
    windows.desktop.wait_for_title(WINDOW, START)?;

    // The picture.
    let bridge = operator.desktop(&session)?;
    let mut viewer = Viewer::connect(&bridge)?;
    viewer.sees()?;
    operator.wait_for_actions(&session, [Action::Viewing])?;
    sees_the_menu_of(&editor, windows, &bridge)?;

    // The mouse, once the user has let go of theirs for some seconds, and the keyboard. Beside the agent's own window,
    // which is not the operator's to press. Wine does not tell the display what an injected press activates.
    let beside = Point { x: editor.rect.x + editor.rect.width as i32 - 80, ..editor.rect.centre() };
    wait_for("the operator to have control", || {
        viewer.click(beside)?;
        let status = windows.status()?;
        let actions = status["view"]["screen"]["actions"].as_array();
        Ok(actions.filter(|actions| actions.contains(&"controlling".into())).map(|_| ()))
    })
    .with_context(|| stage.log())?;
    let text = "Grüße an Olivia: 100 € für A & B!";
    viewer.type_text(text)?;
    viewer.key(true, CONTROL)?;
    viewer.type_text("s")?;
    viewer.key(false, CONTROL)?;
    let holds = || fs::read_to_string(&typed).unwrap_or_default();
    wait_for("the text to be saved", || Ok((holds() == format!("{BYTE_ORDER_MARK}{text}")).then_some(())))
        .with_context(|| format!("saved: {:?}", holds()))?;

    // The clipboard.
    viewer.send_text("from far away")?;
    wait_for("the operator's text in the clipboard", || {
        Ok((windows.desktop.paste()?.as_deref() == Some("from far away")).then_some(()))
    })?;

    // The files.
    let folder = operator.files(&session)?;
    let content = "for the user\n".repeat(100_000);
    let brought = windows.desktop.folder().join("brought.txt");
    fs::write(&brought, &content)?;
    let put = ask(&folder, "brought.txt", &["--fail", "--upload-file", &brought.display().to_string()])?;
    ensure!(put.status.success(), "{put:?}");
    let there = windows.downloads()?.join("brought.txt");
    assert_eq!(fs::read_to_string(&there).with_context(|| format!("{there:?}"))?, content);
    assert_eq!(ask(&folder, "brought.txt", &["--fail"])?.stdout, content.as_bytes());
    let listed = ask(&folder, "", &["--fail", "--request", "PROPFIND", "--header", "Depth: 1"])?;
    assert!(String::from_utf8_lossy(&listed.stdout).contains("brought.txt"), "{listed:?}");
    for escape in [r"..\..\..\windows\win.ini", "..%5c..%5c..%5cwindows%5cwin.ini", "C:%5cwindows%5cwin.ini"]
    {
        let refused = ask(&folder, escape, &["--fail"])?;
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{escape}: {refused:?}");
    }

    // The end, wherever the user is.
    windows.desktop.click(beside)?;
    windows.desktop.chord(&[Key::Control, Key::Alt, Key::Shift, Key::Escape])?;
    assert_eq!(operator.wait_for_end(&session)?, EndReason::User);
    viewer.until_gone(Instant::now())?;
    assert!(!ask(&folder, "brought.txt", &["--fail"])?.status.success());
    Ok(())
}

/// What a foreign viewer gets of the editor's menu is what the screen shows of it: nothing blinks there.
fn sees_the_menu_of(editor: &Window, windows: &Windows, bridge: &Bridge) -> Result<()> {
    let file = windows.desktop.folder().join("seen.png");
    let address = format!("127.0.0.1:{}", bridge.display());
    let menu = Rect { height: 20, ..editor.rect };
    wait_for("the editor's menu in the picture", || {
        let captured = Command::new("gvnccapture").args(["--quiet", &address]).arg(&file).status()?;
        ensure!(captured.success(), "gvnccapture saw nothing");
        let (seen, screen) = (Picture::load(&file)?.part(menu), windows.desktop.picture()?.part(menu));
        let first = screen.pixel(Point { x: 0, y: 0 });
        let shows = (0..menu.width as i32).any(|x| screen.pixel(Point { x, y: 10 }) != first);
        Ok((shows && seen.difference(&screen).is_none()).then_some(()))
    })
}

fn ask(folder: &FilesCredential, path: &str, arguments: &[&str]) -> Result<Output> {
    // The certificate is the service's own, and it is asked on this computer.
    curl(folder, path).arg("--insecure").args(arguments).output().context("failed to run curl")
}
