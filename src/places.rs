//! Where the agent keeps its files.
//!
//! | what | Linux | macOS | Windows |
//! | --- | --- | --- | --- |
//! | the user's settings | `~/.config/ondemand-agent` | `~/Library/Application Support/ondemand-agent` | `%APPDATA%\ondemand-agent\config` |
//! | key, credential, journal, countersignatures, remembered organisations with their keys and looks, those that are muted, lock | `~/.local/share/ondemand-agent` | as above | `%LOCALAPPDATA%\ondemand-agent\data` |
//! | a downloaded copy's, until it ends | `portable` beside them | as above | as above |
//! | log | `~/.local/state/ondemand-agent` | as above | as the key |
//! | socket | `$XDG_RUNTIME_DIR/ondemand-agent` | as the key | a named pipe |
//! | installer's settings and machine policy | `/etc/ondemand-agent` | `/Library/Application Support/ondemand-agent` | `C:\Program Files\On-demand Agent` |
//!
//! Nothing of it is kept in a roaming profile except the user's settings, which hold no secret.

use crate::platform;
use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// The folder of a copy, in those of an agent that is installed.
const COPY: &str = "portable";

/// The folders of one user.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
    runtime: PathBuf,
}

impl Places {
    /// The folders of the user who runs this program. Makes none of them.
    pub(crate) fn of_user() -> anyhow::Result<Self> {
        let dirs = directories::ProjectDirs::from("", "", "ondemand-agent")
            .context("this user has no home folder, so the agent has no place for its files")?;
        let data = dirs.data_local_dir().to_owned();
        Ok(Self {
            config: dirs.config_dir().to_owned(),
            state: dirs.state_dir().unwrap_or(&data).to_owned(),
            runtime: dirs.runtime_dir().map_or_else(|| data.join("run"), Path::to_owned),
            data,
        })
    }

    /// The folders of a copy that was downloaded, apart from those of an agent that is installed.
    pub(crate) fn of_copy(self) -> Self {
        let data = self.data.join(COPY);
        Self { state: data.clone(), runtime: self.runtime.join(COPY), data, ..self }
    }

    /// Whether they are those of a copy.
    pub(crate) fn is_copy(&self) -> bool {
        self.data.ends_with(COPY)
    }

    /// Where the history of downloaded copies is kept when they are gone.
    pub(crate) fn history_of_copies(&self) -> PathBuf {
        self.data.with_file_name("portable-history")
    }

    /// All folders in one, for tests.
    #[cfg(test)]
    pub(crate) fn all_in(folder: &Path) -> Self {
        Self {
            config: folder.join("config"),
            data: folder.join("data"),
            state: folder.join("state"),
            runtime: folder.join("runtime"),
        }
    }

    /// Makes the folders that are written to, private to the user.
    pub(crate) fn prepare(&self) -> anyhow::Result<()> {
        for folder in self.folders() {
            platform::private_folder(folder).with_context(|| {
                format!("failed to make the folder {}; let this user write there", folder.display())
            })?;
        }
        Ok(())
    }

    /// The folders that are written to.
    pub(crate) fn folders(&self) -> [&Path; 3] {
        [&self.data, &self.state, &self.runtime]
    }

    /// What the user set.
    pub(crate) fn user_settings(&self) -> PathBuf {
        self.config.join("settings.toml")
    }

    /// The agent's key pair, PKCS #8.
    pub(crate) fn key(&self) -> PathBuf {
        self.data.join("key.pk8")
    }

    /// What the agent is to the service, with its token.
    pub(crate) fn credential(&self) -> PathBuf {
        self.data.join("credential.json")
    }

    /// The keys of organisations with which a session was finished.
    pub(crate) fn organisations(&self) -> PathBuf {
        self.data.join("organisations.json")
    }

    /// The keys under which organisations asked.
    pub(crate) fn organisation_keys(&self) -> PathBuf {
        self.data.join("organisation-keys.json")
    }

    /// What services said of receipts that they took in.
    pub(crate) fn countersignatures(&self) -> PathBuf {
        self.data.join("countersignatures.jsonl")
    }

    /// How the agent's organisation looks.
    pub(crate) fn look(&self) -> PathBuf {
        self.data.join("look.json")
    }

    /// The organisations of which the user does not want to hear, in whichever agent of theirs they said so.
    pub(crate) fn muted(&self) -> PathBuf {
        let name = "muted.json";
        if self.is_copy() { self.data.with_file_name(name) } else { self.data.join(name) }
    }

    /// The folder of the user's history.
    pub(crate) fn journal(&self) -> &Path {
        &self.data
    }

    /// The diagnostic log.
    pub(crate) fn log(&self) -> PathBuf {
        self.state.join("agent.log")
    }

    /// Held by the one resident of this user; beside what only one may write.
    pub(crate) fn lock(&self) -> PathBuf {
        self.data.join("agent.lock")
    }

    /// Where the resident listens for this user's other programs.
    pub(crate) fn socket(&self) -> PathBuf {
        self.runtime.join("agent.sock")
    }
}
