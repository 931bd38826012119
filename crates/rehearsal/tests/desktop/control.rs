//! Keyboard and mouse in the operator's hands: for as long as it is granted, and never on the agent's own windows.

use crate::{actions::wait_for_actions, editor::Editor};
use anyhow::{Context, Result, ensure};
use protocol::{
    EndReason, Permission,
    operator::{RequestState, Target},
};
use rehearsal::{A_MOMENT, Bridge, POPUP, Signal, Stage, Viewer, WINDOW, arguments_of, signal_pid, wait_for};
use std::{
    fs,
    process::{Child, Stdio},
    time::{Duration, Instant},
};
use virtual_desktop::{Desktop, Options, Point};

const CONTROL: [Permission; 2] = [Permission::View, Permission::Control];
/// The left Shift key, as X11 numbers it.
const SHIFT: u32 = 0xffe1;

fn wait_for_keyboard(stage: &Stage) -> Result<()> {
    wait_for("the editor to have the keyboard", || {
        Ok(stage.desktop.focused()?.filter(|focused| focused.title == "an editor").map(|_| ()))
    })
}

/// TigerVNC's viewer on the operator's desktop, once the place `there` looks as it does on the user's.
pub(crate) fn foreign_viewer(
    operators: &Desktop,
    stage: &Stage,
    bridge: &Bridge,
    there: Point,
) -> Result<Child> {
    let mut command = operators.command("xtigervncviewer");
    let server = format!("127.0.0.1::{}", bridge.address.port());
    command
        .args(["-FullScreen", "-RemoteResize=0", "-SecurityTypes=None", &server])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let viewer = operators.spawn(&mut command)?;
    wait_for("the picture at the operator", || {
        Ok((operators.picture()?.pixel(there) == stage.desktop.picture()?.pixel(there)).then_some(()))
    })?;
    Ok(viewer)
}

struct Scene {
    stage: Stage,
    session: protocol::SessionId,
    bridge: Bridge,
    editor: Editor,
    viewer: Viewer,
}

/// A session with control, and an editor that the operator clicked into.
fn scene() -> Result<Scene> {
    let stage = Stage::device()?;
    let session = stage.session(CONTROL)?;
    let editor = Editor::open(&stage.desktop)?;
    let bridge = stage.operator.desktop(&session)?;
    let mut viewer = Viewer::connect(&bridge)?;
    viewer.sees()?;
    viewer.click(editor.rect.centre())?;
    wait_for_keyboard(&stage)?;
    Ok(Scene { stage, session, bridge, editor, viewer })
}

#[test]
fn what_the_operator_types_arrives_letter_by_letter() -> Result<()> {
    let Scene { stage, editor, mut viewer, bridge: _bridge, .. } = scene()?;
    let text = "Grüße an Olivia: 100 € für A & B!\n";
    viewer.type_text(text)?;
    editor.holds(text)?;
    wait_for_actions(&stage, &["viewing", "controlling"])?;
    wait_for_actions(&stage, &["viewing"])
}

#[test]
fn a_foreign_viewer_controls_the_desktop() -> Result<()> {
    let Scene { stage, bridge, editor, viewer, .. } = scene()?;
    drop(viewer);
    let operators = Desktop::start(Options { tray_host: false, ..Options::default() })?;
    let there = editor.rect.centre();
    let _viewer = foreign_viewer(&operators, &stage, &bridge, there)?;
    operators.click(there)?;
    wait_for_keyboard(&stage)?;
    operators.type_text("Hello from far away\n")?;
    editor.holds("Hello from far away\n")
}

#[test]
fn whoever_may_only_look_moves_and_types_nothing() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View, Permission::Chat])?;
    let editor = Editor::open(&stage.desktop)?;
    stage.desktop.click(editor.rect.centre())?;
    wait_for_keyboard(&stage)?;
    let before = stage.desktop.pointer()?;
    let bridge = stage.operator.desktop(&session)?;
    let mut viewer = Viewer::connect(&bridge)?;
    viewer.sees()?;
    viewer.type_text("nothing\n")?;
    viewer.click(Point { x: 5, y: 5 })?;
    // What is asked for afterwards is answered, so what was said before has been read.
    viewer.sees()?;
    stage.stays(|| Ok(stage.desktop.pointer()? == before && fs::read(&editor.file)?.is_empty()), A_MOMENT)?;
    wait_for_actions(&stage, &["viewing"])
}

#[test]
fn the_agents_own_windows_are_not_the_operators_to_click() -> Result<()> {
    let Scene { stage, session, mut viewer, bridge: _bridge, .. } = scene()?;
    let end = stage.button("End Session")?.rect()?.centre();
    viewer.click(end)?;
    viewer.sees()?;
    stage.stays(|| Ok(stage.operator.session(&session)?.ended.is_none()), A_MOMENT)?;
    assert!(stage.desktop.windows()?.iter().any(|window| window.mapped && window.title == WINDOW));
    // The user can, of course.
    stage.click("End Session")?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    Ok(())
}

#[test]
fn while_a_request_is_on_the_screen_the_operators_hands_are_tied() -> Result<()> {
    let Scene { stage, session, editor, mut viewer, bridge: _bridge } = scene()?;
    viewer.key(true, SHIFT)?;
    wait_for("Shift to be pressed", || Ok(stage.desktop.is_anything_pressed()?.then_some(())))?;
    let request = stage.operator.ask(Target::Session(session.clone()), [Permission::Clipboard])?.id;
    stage.popup()?;
    assert!(!stage.desktop.is_anything_pressed()?, "it was let go of before the popup appeared");
    stage.wait_until_approvable()?;
    let approve = stage.button("Approve")?.rect()?.centre();
    let before = stage.desktop.pointer()?;
    viewer.click(approve)?;
    viewer.type_text("yes\n")?;
    viewer.sees()?;
    stage.stays_open(&request, Duration::from_secs(1))?;
    assert_eq!(stage.desktop.pointer()?, before);
    stage.click("Reject")?;
    assert_eq!(stage.outcome(&request)?, RequestState::Rejected { reason: None });
    stage.wait_until_gone(POPUP)?;
    viewer.click(editor.rect.centre())?;
    viewer.type_text("again\n")?;
    editor.holds("again\n")
}

#[test]
fn a_view_that_ends_takes_nothing_out_of_the_hands_of_another() -> Result<()> {
    let Scene { stage, session, bridge, mut viewer, .. } = scene()?;
    viewer.key(true, SHIFT)?;
    wait_for("Shift to be pressed", || Ok(stage.desktop.is_anything_pressed()?.then_some(())))?;
    let other = stage.operator.desktop(&session)?;
    let second = Viewer::connect(&other)?;
    second.sees()?;
    drop((second, other));
    stage.stays(|| Ok(stage.desktop.is_anything_pressed()?), A_MOMENT)?;
    drop((viewer, bridge));
    wait_for("nothing to be pressed", || Ok((!stage.desktop.is_anything_pressed()?).then_some(())))
}

#[test]
fn nothing_stays_pressed_however_control_ends() -> Result<()> {
    let ends: [fn(&mut Scene) -> Result<()>; 5] = [
        |scene| {
            scene.stage.press("Permissions")?;
            scene.stage.press("Use keyboard and mouse")?;
            Ok(())
        },
        |scene| {
            signal_pid(scene.stage.access_process().context("it lives")?.cast_signed(), Signal::Kill);
            Ok(())
        },
        |scene| {
            let access = scene.stage.access_process().context("it lives")?;
            signal_pid(scene.stage.agent.pid().cast_signed(), Signal::Kill);
            // The operator types on, of which the access process finds nobody to tell.
            wait_for("the access process to end", || {
                let _ = scene.viewer.type_text("abcdefgh");
                Ok(arguments_of(access).concat().is_empty().then_some(()))
            })
        },
        |scene| scene.stage.operator.end(&scene.session),
        |scene| {
            ensure!(scene.stage.agent.run(&["quit"], "")?.status.success());
            Ok(())
        },
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let mut scene = scene()?;
        scene.viewer.key(true, SHIFT)?;
        // A character for which the keyboard has no key.
        scene.viewer.key(true, 0x0100_20ac)?;
        scene.viewer.pointer(scene.editor.rect.centre(), 1)?;
        wait_for("Shift to be pressed", || Ok(scene.stage.desktop.is_anything_pressed()?.then_some(())))?;
        end(&mut scene)?;
        wait_for("nothing to be pressed", || Ok((!scene.stage.desktop.is_anything_pressed()?).then_some(())))
            .with_context(|| format!("after end {number}"))?;
    }
    Ok(())
}

#[test]
fn while_the_user_moves_the_own_mouse_the_operator_does_nothing_and_holds_nothing() -> Result<()> {
    let Scene { stage, editor, mut viewer, bridge: _bridge, .. } = scene()?;
    viewer.key(true, SHIFT)?;
    wait_for("the operator to hold a key", || Ok(stage.desktop.is_anything_pressed()?.then_some(())))?;

    let hands = stage.desktop.hands()?;
    let moved = Instant::now();
    hands.move_mouse(Point { x: 700, y: 500 })?;
    wait_for("it to be let go of", || Ok((!stage.desktop.is_anything_pressed()?).then_some(())))?;
    viewer.type_text("refused\n")?;
    viewer.pointer(Point { x: 5, y: 5 }, 0)?;
    // Typed again and again: what is written first is the first that was let through.
    let typed = wait_for("the operator's turn", || {
        viewer.type_text("typed\n")?;
        Ok(Some(fs::read_to_string(&editor.file).unwrap_or_default()).filter(|typed| !typed.is_empty()))
    })?;
    ensure!(!typed.contains("refused"), "{typed:?}");
    ensure!(moved.elapsed() >= Duration::from_secs(2), "after {:?}", moved.elapsed());
    Ok(())
}
