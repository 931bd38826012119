//! Something to type into.

use anyhow::{Context, Result};
use rehearsal::wait_for;
use std::{
    fs,
    path::PathBuf,
    process::{Child, Stdio},
};
use virtual_desktop::{Desktop, Rect};

/// A terminal in which everything that is typed becomes a file.
pub(crate) struct Editor {
    pub(crate) file: PathBuf,
    pub(crate) rect: Rect,
    _terminal: Child,
}

impl Editor {
    pub(crate) fn open(desktop: &Desktop) -> Result<Self> {
        let file = desktop.folder().join("typed");
        let script = format!("cat > {}", file.display());
        let mut xterm = desktop.command("xterm");
        xterm
            .args(["-u8", "-geometry", "40x10+20+40", "-T", "an editor", "-e", "sh", "-c", &script])
            .stdout(Stdio::null());
        let terminal = desktop.spawn(&mut xterm)?;
        let rect = desktop.wait_for_title("an editor", rehearsal::DEADLINE)?.rect;
        Ok(Self { file, rect, _terminal: terminal })
    }

    pub(crate) fn holds(&self, text: &str) -> Result<()> {
        wait_for(&format!("{text:?} to be typed"), || {
            Ok((fs::read_to_string(&self.file).unwrap_or_default() == text).then_some(()))
        })
        .with_context(|| format!("typed: {:?}", fs::read_to_string(&self.file)))
    }
}
