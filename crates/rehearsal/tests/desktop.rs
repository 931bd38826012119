//! The agent on a real desktop: what a person sees and presses, and what comes of it at the service.

#[path = "desktop/kills.rs"]
mod kills;
#[path = "desktop/manners.rs"]
mod manners;
#[path = "desktop/story.rs"]
mod story;
#[path = "desktop/surroundings.rs"]
mod surroundings;
