//! Every screen in every language, light and dark, at 100 % and 200 %, is drawn as it was drawn before, bit for bit.
//!
//! Some pictures are committed, for people to look at; of the others a fingerprint is. What differs is written to a folder
//! that the failure names; `BLESS_PICTURES=1 cargo test -p window --test window drawing` takes it over.

use crate::{
    pictures::{Look, Picture, Pictures},
    scenes,
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use texts::Language;

/// Committed as pictures: all in English, light; of the dark ones, the language with the longest words, the one that is
/// mirrored, and 200 %, what shows most.
fn committed_as_picture(name: &str, look: Look) -> bool {
    const MOST: [&str; 13] = [
        "prompt-test",
        "session-wrong",
        "ended-reported",
        "prompt-changed",
        "prompt-reasons",
        "prompt-suspicion",
        "session-all-actions",
        "session-permissions",
        "session-links",
        "history-damaged",
        "ready-queued",
        "bar",
        "bar-all-actions",
    ];
    match (look.language.tag(), look.dark, look.scale) {
        ("en", false, 1) => true,
        ("en", true, 1) | ("de" | "ar", false, 1) => MOST.contains(&name),
        ("en", false, 2) => ["prompt-new", "session", "bar", "history"].contains(&name),
        _ => false,
    }
}

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures")
}

fn every_screen_in(tag: &str) {
    let bless = std::env::var_os("BLESS_PICTURES").is_some();
    let differing = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    let language = Language::all().find(|language| language.tag() == tag).unwrap();
    let pictures = Pictures::new().unwrap();
    let file = committed().join(format!("{tag}.txt"));
    let known: BTreeMap<String, String> = fs::read_to_string(&file)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, print)| (name.into(), print.into()))
        .collect();
    let mut prints = BTreeMap::new();
    let mut kept = Vec::new();
    let mut differ = Vec::new();
    for (name, scene) in scenes::all() {
        for (look, picture) in pictures.draw(&scene, language).unwrap() {
            let folder = committed().join(look.name());
            let full = format!("{name}-{}", look.name());
            let same = if committed_as_picture(name, look) {
                let path = folder.join(format!("{name}.png"));
                kept.push(path.clone());
                let same = is_same(&picture, &path);
                if !same && bless {
                    fs::create_dir_all(&folder).unwrap();
                    write(&picture, &path);
                }
                same
            } else {
                let print = fingerprint(&picture);
                let same = known.get(&full) == Some(&print);
                prints.insert(full.clone(), print);
                same
            };
            if !same {
                fs::create_dir_all(&differing).unwrap();
                write(&picture, &differing.join(format!("{full}.png")));
                differ.push(full);
            }
        }
    }
    if bless {
        let lines: String = prints.iter().map(|(name, print)| format!("{name} {print}\n")).collect();
        fs::create_dir_all(committed()).unwrap();
        fs::write(&file, lines).unwrap();
        return;
    }
    let stale: Vec<_> = known.keys().filter(|name| !prints.contains_key(*name)).collect();
    assert!(differ.is_empty(), "look at them in {}: {differ:#?}", differing.display());
    assert!(stale.is_empty(), "no longer drawn: {stale:#?}");
    for look in Look::all(language) {
        for entry in fs::read_dir(committed().join(look.name())).into_iter().flatten() {
            let path = entry.unwrap().path();
            assert!(kept.contains(&path), "no longer drawn: {}", path.display());
        }
    }
}

macro_rules! languages {
    ($($test:ident: $tag:literal),* $(,)?) => {
        $(#[test] fn $test() { every_screen_in($tag); })*
    };
}

languages! {
    every_screen_in_english: "en",
    every_screen_in_german: "de",
    every_screen_in_spanish: "es",
    every_screen_in_french: "fr",
    every_screen_in_italian: "it",
    every_screen_in_korean: "ko",
    every_screen_in_arabic: "ar",
}

/// FNV-1a in steps of two pixels, over size and pixels: pictures that differ by accident have different ones, and that is all it is for.
fn fingerprint(picture: &Picture) -> String {
    let size = [picture.width().to_le_bytes(), picture.height().to_le_bytes()].concat();
    let mut print = 0xcbf2_9ce4_8422_2325_u64;
    for eight in size.as_chunks::<8>().0.iter().chain(picture.as_bytes().as_chunks::<8>().0) {
        print = (print ^ u64::from_le_bytes(*eight)).wrapping_mul(0x0100_0000_01b3);
        print ^= print >> 29;
    }
    format!("{print:016x}")
}

fn write(picture: &Picture, path: &Path) {
    let file = std::io::BufWriter::new(fs::File::create(path).unwrap());
    let mut encoder = png::Encoder::new(file, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    // Large areas of one colour: what differs from the left is nothing.
    encoder.set_filter(png::Filter::Sub);
    encoder.write_header().unwrap().write_image_data(picture.as_bytes()).unwrap();
}

fn is_same(picture: &Picture, path: &Path) -> bool {
    let Ok(file) = fs::File::open(path) else { return false };
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut data).unwrap();
    (frame.width, frame.height) == (picture.width(), picture.height()) && data == picture.as_bytes()
}

#[test]
fn the_committed_icons_come_from_their_sources() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources/icons");
    for state in
        ["offline", "idle", "ready", "request", "viewing", "controlling", "files", "connected", "suspended"]
    {
        let source = fs::read(folder.join(format!("tray-{state}.svg"))).unwrap();
        let tree = resvg::usvg::Tree::from_data(&source, &resvg::usvg::Options::default()).unwrap();
        for (side, suffix) in [(32, ""), (64, "@2x")] {
            let mut drawn = resvg::tiny_skia::Pixmap::new(side, side).unwrap();
            let scale = side as f32 / tree.size().width();
            let scale = resvg::tiny_skia::Transform::from_scale(scale, scale);
            resvg::render(&tree, scale, &mut drawn.as_mut());
            let committed = fs::read(folder.join(format!("tray-{state}{suffix}.png"))).unwrap();
            let committed = resvg::tiny_skia::Pixmap::decode_png(&committed).unwrap();
            assert!(
                drawn.data() == committed.data(),
                "run the example `icons` after changing tray-{state}.svg"
            );
        }
    }
}
