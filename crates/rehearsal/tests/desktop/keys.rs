//! Two keys that count wherever the user is.

use anyhow::Result;
use protocol::{EndReason, Permission, operator::RequestState};
use rehearsal::{POPUP, Stage, wait_for};
use virtual_desktop::{Key, windows::WindowOptions};

#[test]
fn a_key_ends_the_session_while_the_window_is_elsewhere() -> Result<()> {
    let stage = Stage::device()?;
    let session = stage.session([Permission::View])?;
    stage.wait_for_access(true)?;
    let elsewhere = stage.desktop.open_window(&WindowOptions::default())?;
    stage.desktop.chord(&[Key::Control, Key::Alt, Key::Shift, Key::Escape])?;
    stage.wait_for_access(false)?;
    assert_eq!(stage.operator.wait_for_end(&session)?, EndReason::User);
    drop(elsewhere);
    Ok(())
}

#[test]
fn a_key_gives_the_popup_the_keyboard_and_approves_nothing() -> Result<()> {
    let stage = Stage::device()?;
    let request = stage.ask([Permission::View])?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    let focused = stage.desktop.focused()?;
    assert!(focused.is_none_or(|window| window.title != POPUP), "the popup took the keyboard by itself");
    stage.desktop.chord(&[Key::Control, Key::Alt, Key::Shift, Key::Space])?;
    wait_for("the popup to have the keyboard", || {
        Ok(stage.desktop.focused()?.filter(|window| window.title == POPUP).map(drop))
    })?;
    stage.stays_open(&request, rehearsal::A_MOMENT)?;
    stage.desktop.press(Key::Escape)?;
    assert!(matches!(stage.outcome(&request)?, RequestState::Rejected { .. }));
    Ok(())
}

#[test]
fn the_keys_are_other_programs_own_until_there_is_something_to_end() -> Result<()> {
    let stage = Stage::device()?;
    let window = stage.desktop.open_window(&WindowOptions::default())?;
    let chord = || stage.desktop.chord(&[Key::Control, Key::Alt, Key::Shift, Key::Space]);
    let spaces = || -> Result<usize> { Ok(window.typed()?.matches(' ').count()) };
    wait_for("the other window to have the keyboard", || {
        Ok(stage.desktop.focused()?.filter(|focused| focused.id == window.id()).map(drop))
    })?;
    chord()?;
    wait_for("the other window to get the key", || Ok((spaces()? == 1).then_some(())))?;

    stage.ask([Permission::Chat])?;
    stage.popup()?;
    stage.wait_until_approvable()?;
    chord()?;
    wait_for("the popup to have the keyboard", || {
        Ok(stage.desktop.focused()?.filter(|focused| focused.title == POPUP).map(drop))
    })?;
    assert_eq!(spaces()?, 1, "the other window got a key that was meant for the popup");
    Ok(())
}
