//! Every screen can be drawn, and two drawings of the same are the same.

use crate::{
    pictures::{LOOKS, Look, Picture, Pictures, write},
    scenes,
};
use std::path::Path;

#[test]
fn every_screen_is_drawn_and_drawn_the_same_twice() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let pictures = Pictures::new().unwrap();
    let mut drawn = 0;
    let mut keep = |name: &str, look: Look, draw: &dyn Fn() -> Picture| {
        let name = format!("{name}-{}", look.name());
        let (picture, again) = (draw(), draw());
        assert!(picture.as_bytes() == again.as_bytes(), "{name} differs");
        write(&picture, &folder.join(format!("{name}.png"))).unwrap();
        drawn += 1;
    };
    let [light, _, large, rtl] = LOOKS;
    for (name, view) in scenes::windows() {
        keep(name, light, &|| pictures.window(&view, 0, light).unwrap());
    }
    for (name, view) in scenes::prompts() {
        keep(name, rtl, &|| pictures.prompt(&view, rtl).unwrap());
    }
    let popup = &scenes::prompts()[0].1;
    keep("prompt-reasons", large, &|| pictures.reasons(popup, large).unwrap());
    keep("about", large, &|| pictures.about(large).unwrap());
    assert_eq!(drawn, scenes::windows().len() + scenes::prompts().len() + 2);
}

#[test]
fn the_committed_icons_come_from_their_sources() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources/icons");
    for state in
        ["offline", "idle", "ready", "request", "viewing", "controlling", "files", "connected", "suspended"]
    {
        let source = std::fs::read(folder.join(format!("tray-{state}.svg"))).unwrap();
        let tree = resvg::usvg::Tree::from_data(&source, &resvg::usvg::Options::default()).unwrap();
        for (side, suffix) in [(32, ""), (64, "@2x")] {
            let mut drawn = resvg::tiny_skia::Pixmap::new(side, side).unwrap();
            let scale = side as f32 / tree.size().width();
            let scale = resvg::tiny_skia::Transform::from_scale(scale, scale);
            resvg::render(&tree, scale, &mut drawn.as_mut());
            let committed = std::fs::read(folder.join(format!("tray-{state}{suffix}.png"))).unwrap();
            let committed = resvg::tiny_skia::Pixmap::decode_png(&committed).unwrap();
            assert!(
                drawn.data() == committed.data(),
                "run the example `icons` after changing tray-{state}.svg"
            );
        }
    }
}
