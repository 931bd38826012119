//! An X server of the test's own, and the programs that copy and paste on it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, OnceLock},
    time::Duration,
};

use clipboard::{Clipboard, Display};
use virtual_desktop::{
    clipboard::{Entry, Program},
    wait_for,
};

pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) struct XServer {
    process: Child,
    name: String,
}

impl XServer {
    pub(crate) fn start() -> Self {
        let mut process = Command::new("Xvfb")
            .args(["-displayfd", "1", "-noreset", "-nolisten", "tcp", "-screen", "0", "64x64x24"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, name: format!(":{}", line.trim()) }
    }

    pub(crate) fn open(&self) -> Clipboard {
        let name = |variable: &str| (variable == "DISPLAY").then(|| self.name.clone());
        Clipboard::open(&Display::from_variables(name)).unwrap()
    }

    /// In a program of the test's own.
    pub(crate) fn copy(&self, entry: Entry) -> Program {
        Program::copy(&self.name, entry).unwrap()
    }

    /// The same; while the program is asked what it has, something else is copied.
    pub(crate) fn copy_overtaken(&self, entry: Entry, by: Entry) -> (Program, Arc<OnceLock<Program>>) {
        let other = Arc::<OnceLock<Program>>::default();
        let (name, overtaking) = (self.name.clone(), other.clone());
        let overtake = move || {
            overtaking.get_or_init(|| Program::copy(&name, by.clone()).unwrap());
        };
        (Program::copy_and(&self.name, entry, overtake).unwrap(), other)
    }

    pub(crate) fn copy_text(&self, text: &str) -> Program {
        self.copy(Entry::Text(text.into()))
    }

    /// In a program of somebody else's, which stays until something else is copied.
    pub(crate) fn copy_elsewhere(&self, program: &str, text: &str) {
        let arguments: &[&str] = match program {
            "xclip" => &["-in", "-selection", "clipboard"],
            _ => &["--input", "--clipboard"],
        };
        let mut copying = self.command(program, arguments).stdin(Stdio::piped()).spawn().unwrap();
        copying.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(copying.wait().unwrap().success());
    }

    /// In a program of somebody else's.
    pub(crate) fn paste(&self, target: &str) -> Output {
        // On its own, `xclip` waits for ever for a program that was asked and then ended.
        let arguments = ["5", "xclip", "-out", "-selection", "clipboard", "-target", target];
        self.command("timeout", &arguments).stdout(Stdio::piped()).output().expect("xclip is installed")
    }

    pub(crate) fn pasted(&self) -> String {
        String::from_utf8(self.paste("UTF8_STRING").stdout).unwrap()
    }

    pub(crate) fn wait_for_nobody(&self) {
        let gone = || (!self.paste("TARGETS").status.success()).then_some(());
        wait_for("the clipboard to be nobody's", SOON, gone).unwrap();
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        // What stays in the background must not keep the test's own streams open.
        command.args(arguments).env("DISPLAY", &self.name).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for XServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
