//! Draws the PNG icons of tray and windows from their SVG sources: `cargo run -p window --example icons`.

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources/icons");
    for entry in std::fs::read_dir(&folder)? {
        let source = entry?.path();
        if source.extension().is_none_or(|extension| extension != "svg") {
            continue;
        }
        let name = source.file_stem().ok_or("a file without a name")?.to_string_lossy().into_owned();
        let tree = Tree::from_data(&std::fs::read(&source)?, &Options::default())?;
        if name.starts_with("tray-") {
            draw(&tree, 32).save_png(folder.join(format!("{name}.png")))?;
            draw(&tree, 64).save_png(folder.join(format!("{name}@2x.png")))?;
        } else {
            draw(&tree, 128).save_png(folder.join(format!("{name}.png")))?;
        }
    }
    Ok(())
}

fn draw(tree: &Tree, side: u32) -> Pixmap {
    let mut pixmap = Pixmap::new(side, side).expect("icons are not empty");
    let scale = side as f32 / tree.size().width();
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap
}
