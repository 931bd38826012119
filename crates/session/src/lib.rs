//! The sans-IO core: decides about consent, session and timers.
//!
//! [`Agent`] opens no socket, reads no clock, draws nothing and cannot fail. Its owner calls
//! [`Agent::handle_input`] and [`Agent::handle_timeout`], drains [`Agent::poll_effect`] after each of them, and sleeps
//! until [`Agent::poll_timeout`]. Time is an argument, [`Now`].
#![forbid(unsafe_code)]
// A new input or phase must be thought of everywhere.
#![warn(clippy::wildcard_enum_match_arm)]

mod agent;
mod clipboard;
mod config;
mod effect;
mod files;
mod input;
mod timer;
mod view;

pub use agent::Agent;
pub use clipboard::{ClipboardDone, ClipboardFact, ClipboardNews, ClipboardView, NotSent, Texts};
pub use config::{Config, OrganisationPolicy};
pub use effect::{Effect, Entry, Exit, Grant, Notification, Send};
pub use files::{
    Count, Direction, FileChange, FileDeed, FilesDone, FilesFact, LISTED_DEEDS, RunningTransfer,
    SharedFolder, TransferEnd, Transferred, safe_path,
};
pub use input::{
    Accepted, AccessFact, Assurance, Input, JoinFailure, JoinedAs, OpenThing, PromptFact, Request, Responder,
    UserInput, Visibility,
};
pub use timer::{Now, Timer};
pub use view::{
    ChatLine, Choice, Delivery, EndedView, FolderChoice, HelpStatus, IdleProblem, JoiningStage, LinkTrouble,
    Managed, Notice, OrganisationView, PromptStage, PromptView, Screen, SessionStatus, SessionView, Speaker,
    TrayState, View,
};
