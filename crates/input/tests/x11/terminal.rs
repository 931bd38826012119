//! A terminal, which writes down what is typed into it: a program that knows nothing of the injector.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use virtual_desktop::wait_for;
use x11rb::protocol::xproto::ConnectionExt as _;

use crate::server::{SOON, XServer};

pub(crate) struct Terminal {
    process: Child,
    folder: PathBuf,
}

impl Terminal {
    /// Opens it over the whole screen; it has the keyboard because the pointer is in it.
    pub(crate) fn open(server: &XServer) -> Self {
        let folder =
            std::env::temp_dir().join(format!("input-test-{}-{}", std::process::id(), &server.name()[1..]));
        fs::create_dir_all(&folder).unwrap();
        let written = folder.join("typed");
        let script = "stty raw -echo; : > \"$0\"; exec cat >> \"$0\"";
        let process = Command::new("xterm")
            .args(["-display", server.name(), "-geometry", "100x40+0+0", "-e", "sh", "-c", script])
            .arg(&written)
            .env("LANG", "C.UTF-8")
            .env_remove("XMODIFIERS")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("xterm is installed");
        let ready = || {
            let windows = server.connection.query_tree(server.root).unwrap().reply().unwrap().children;
            (written.exists() && !windows.is_empty()).then_some(())
        };
        wait_for("the terminal", SOON, ready).unwrap();
        Self { process, folder }
    }

    pub(crate) fn typed(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("typed")).unwrap()).into_owned()
    }

    /// Waits until so much was typed, and returns all that was.
    pub(crate) fn wait_for_text(&self, expected: &str) {
        let enough = || (self.typed().len() >= expected.len()).then_some(());
        let waited = wait_for("the text", SOON, enough);
        assert_eq!(self.typed(), expected);
        waited.unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
