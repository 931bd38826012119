//! The agent on a real desktop: what a person sees and presses, and what comes of it at the service.

#[path = "desktop/actions.rs"]
mod actions;
#[path = "desktop/chat.rs"]
mod chat;
#[path = "desktop/clipboard.rs"]
mod clipboard;
#[path = "desktop/console.rs"]
mod console;
#[path = "desktop/control.rs"]
mod control;
#[path = "desktop/day.rs"]
mod day;
#[path = "desktop/doctor.rs"]
mod doctor;
#[path = "desktop/editor.rs"]
mod editor;
#[path = "desktop/files.rs"]
mod files;
#[path = "desktop/joining.rs"]
mod joining;
#[path = "desktop/keys.rs"]
mod keys;
#[path = "desktop/kills.rs"]
mod kills;
#[path = "desktop/live_demo.rs"]
mod live_demo;
#[path = "desktop/managed.rs"]
mod managed;
#[path = "desktop/manners.rs"]
mod manners;
#[path = "desktop/memory.rs"]
mod memory;
#[path = "desktop/network.rs"]
mod network;
#[path = "desktop/portable.rs"]
mod portable;
#[path = "desktop/report.rs"]
mod report;
#[path = "desktop/slow.rs"]
mod slow;
#[path = "desktop/soak.rs"]
mod soak;
#[path = "desktop/stopped.rs"]
mod stopped;
#[path = "desktop/story.rs"]
mod story;
#[path = "desktop/surroundings.rs"]
mod surroundings;
#[path = "desktop/trouble.rs"]
mod trouble;
#[path = "desktop/two.rs"]
mod two;
#[path = "desktop/view.rs"]
mod view;
#[path = "desktop/walk.rs"]
mod walk;
#[path = "desktop/watcher.rs"]
mod watcher;
