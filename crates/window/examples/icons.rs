//! Draws the icons of tray, windows and programs from their SVG sources: `cargo run -p window --example icons`.

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
            std::fs::write(folder.join(format!("{name}.ico")), ico(&tree)?)?;
            std::fs::write(folder.join(format!("{name}.icns")), icns(&tree)?)?;
        }
    }
    Ok(())
}

/// An icon file of Windows: a table of contents, then a PNG for each size.
fn ico(tree: &Tree) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    const SIDES: [u32; 7] = [16, 20, 24, 32, 48, 64, 256];
    let mut contents = vec![0, 0, 1, 0, SIDES.len() as u8, 0];
    let mut pictures = Vec::new();
    for side in SIDES {
        let picture = draw(tree, side).encode_png()?;
        // A zero stands for 256.
        let byte = (side % 256) as u8;
        contents.extend([byte, byte, 0, 0, 1, 0, 32, 0]);
        contents.extend((picture.len() as u32).to_le_bytes());
        contents.extend((6 + 16 * SIDES.len() as u32 + pictures.len() as u32).to_le_bytes());
        pictures.extend(picture);
    }
    contents.extend(pictures);
    Ok(contents)
}

/// An icon file of macOS: a PNG for each size, behind its kind and length.
fn icns(tree: &Tree) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let kinds =
        [(b"ic11", 32), (b"ic12", 64), (b"ic07", 128), (b"ic08", 256), (b"ic09", 512), (b"ic10", 1024)];
    let mut body = Vec::new();
    for (kind, side) in kinds {
        let picture = draw(tree, side).encode_png()?;
        body.extend(kind);
        body.extend((picture.len() as u32 + 8).to_be_bytes());
        body.extend(picture);
    }
    let mut file = b"icns".to_vec();
    file.extend((body.len() as u32 + 8).to_be_bytes());
    file.extend(body);
    Ok(file)
}

fn draw(tree: &Tree, side: u32) -> Pixmap {
    let mut pixmap = Pixmap::new(side, side).expect("icons are not empty");
    let scale = side as f32 / tree.size().width();
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap
}
