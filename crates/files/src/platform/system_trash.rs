//! The trash of Windows and macOS, which take paths and no handles.

use cap_std::fs::Dir;
use std::{io, path::Path};

/// The system's trash.
pub(crate) struct Trash(trash::TrashContext);

impl Trash {
    /// There is always one; what cannot be moved there is refused when it comes to it.
    #[expect(clippy::unnecessary_wraps, reason = "the same signature on every system")]
    pub(crate) fn find(_folder: &Path, _home: Option<&Path>) -> io::Result<Self> {
        #[cfg_attr(windows, expect(unused_mut, reason = "only macOS has a choice"))]
        let mut context = trash::TrashContext::new();
        #[cfg(target_os = "macos")]
        {
            use trash::macos::{DeleteMethod, TrashContextExtMacos as _};
            // The other way asks another program, with permissions of its own.
            context.set_delete_method(DeleteMethod::NsFileManager);
        }
        Ok(Self(context))
    }

    /// Moves what lies at `path`.
    pub(crate) fn put(&self, _dir: &Dir, _name: &str, path: &Path) -> io::Result<()> {
        self.0.delete(path).map_err(io::Error::other)
    }
}
