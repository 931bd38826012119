//! The server against a viewer of its own, which knows nothing of the server's code.

#![expect(clippy::unwrap_used, reason = "what does not hold here fails the test")]

#[path = "server/viewer.rs"]
mod viewer;

#[path = "server/scene.rs"]
mod scene;

#[path = "server/clients.rs"]
mod clients;
#[path = "server/clipboard.rs"]
mod clipboard;
#[path = "server/hostile.rs"]
mod hostile;
#[path = "server/input.rs"]
mod input;
#[path = "server/line.rs"]
mod line;
#[path = "server/pictures.rs"]
mod pictures;
