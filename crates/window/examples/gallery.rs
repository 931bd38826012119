//! Writes every screen as a picture: `cargo run -p window --example gallery -- FOLDER`.
//!
//! Light and dark, at scale 1 and 2, with the bundled fonts and the software renderer, so that two runs write the same.
#![expect(clippy::unwrap_used, reason = "the scenes are those of the tests")]

#[path = "../tests/window/pictures.rs"]
mod pictures;
#[path = "../tests/window/scenes.rs"]
mod scenes;

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("which folder?")?);
    std::fs::create_dir_all(&folder)?;
    let pictures = pictures::Pictures::new()?;
    for look in pictures::LOOKS {
        for (name, view) in scenes::prompts() {
            pictures::write(
                &pictures.prompt(&view, look)?,
                &folder.join(format!("{name}-{}.png", look.name())),
            )?;
        }
        for (name, view) in scenes::windows() {
            pictures::write(
                &pictures.window(&view, 0, look)?,
                &folder.join(format!("{name}-{}.png", look.name())),
            )?;
        }
        for (name, picture) in [
            ("prompt-reasons", pictures.reasons(&scenes::prompts()[1].1, look)?),
            (
                "session-permissions",
                pictures.window(&scenes::view(session::Screen::Session(scenes::session())), 1, look)?,
            ),
            ("about", pictures.about(look)?),
        ] {
            pictures::write(&picture, &folder.join(format!("{name}-{}.png", look.name())))?;
        }
    }
    Ok(())
}
