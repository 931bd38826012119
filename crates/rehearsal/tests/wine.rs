//! The agent's installer for Windows and the agent that it installs, in Wine on a virtual desktop.
//!
//! `ONDEMAND_MSI` names an installer and `ONDEMAND_NEXT_MSI` one of a later version; `cargo xtask test --only windows-package`
//! builds both and runs this. What Wine lacks of Windows is made up for in `prefix`, for these tests alone.

#[path = "wine/access.rs"]
mod access;
#[path = "wine/authority.rs"]
mod authority;
#[path = "wine/installer.rs"]
mod installer;
#[path = "wine/prefix.rs"]
mod prefix;
#[path = "wine/stage.rs"]
mod stage;
#[path = "wine/story.rs"]
mod story;
