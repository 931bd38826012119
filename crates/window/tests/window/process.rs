//! The process around a window: how it starts, and how it fails to.

use line::{FromWindow, ToWindow, VERSION, WindowKind};
use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// Runs the window process without a display, telling it `messages` and then nothing more.
fn run(messages: &[ToWindow]) -> Output {
    // Cargo builds the examples beside the tests.
    let tests = std::env::current_exe().unwrap();
    let program: PathBuf = tests.ancestors().nth(2).unwrap().join("examples").join("window");
    let mut process = Command::new(program)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    for message in messages {
        // A process that has already left reads nothing.
        let _ = input.write_all(&line::encode(message).unwrap());
    }
    drop(input);
    process.wait_with_output().unwrap()
}

fn hello(version: u32) -> ToWindow {
    ToWindow::Hello { version, window: WindowKind::Prompt, language: None }
}

#[test]
fn a_window_greets_first_with_its_version() {
    let output = run(&[]);
    let greeting = line::read::<FromWindow>(&mut output.stdout.as_slice()).unwrap();
    assert_eq!(greeting, FromWindow::Hello { version: VERSION });
}

#[test]
fn a_resident_of_another_version_is_not_talked_to() {
    let output = run(&[hello(VERSION + 1)]);
    assert_eq!(output.status.code(), Some(i32::from(window::EXIT_FAILED)));
    assert!(String::from_utf8_lossy(&output.stderr).contains("start the agent again"));
}

#[test]
fn a_line_that_ends_before_the_first_view_opens_nothing() {
    let output = run(&[hello(VERSION)]);
    assert_eq!(output.status.code(), Some(i32::from(window::EXIT_FAILED)));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the line ended"));
}

#[test]
fn a_resident_that_thinks_better_of_it_is_obeyed() {
    assert!(run(&[hello(VERSION), ToWindow::Close]).status.success());
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_display_the_exit_code_says_so() {
    let view = crate::samples::asking(crate::samples::prompt(protocol::TrustLevel::Known));
    let output = run(&[hello(VERSION), ToWindow::View(Box::new(view))]);
    assert_eq!(output.status.code(), Some(i32::from(window::EXIT_NO_DISPLAY)));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no display"));
}
