//! Has the program built again when the console's build appears or changes.

use std::path::Path;

fn main() {
    // Naming a path that does not exist would build again every time.
    let watched =
        ["console/dist", "console", "src/console"].into_iter().find(|path| Path::new(path).exists());
    println!("cargo:rerun-if-changed={}", watched.unwrap_or("build.rs"));
}
