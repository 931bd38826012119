//! Every setting of the agent: its name, what it takes, who may set it, how what they say is combined, and what it is for.
//!
//! [`schema`] is what the agent reads by. [`templates`] makes of it what administrators set it with: `cargo xtask policy`
//! writes that into the tree, and a test compares. No setting is read here and nothing is decided.

pub mod schema;
pub mod templates;
