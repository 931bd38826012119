//! Compiles the window's markup, with its translations.

use slint_build::{CompilerConfiguration, DefaultTranslationContext};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let resources = "../../resources";
    let locales = format!("{resources}/locales");
    // Tests find elements by their names, which only the debug information keeps.
    let debug = std::env::var("PROFILE")? == "debug";
    let mut configuration = CompilerConfiguration::new()
        .with_style("fluent".into())
        .with_default_translation_context(DefaultTranslationContext::None)
        .with_debug_info(debug);
    // `resources/locales/<language>/LC_MESSAGES/window.po`; the compiler takes a folder without any for a mistake.
    if std::fs::read_dir(&locales)?.flatten().any(|entry| entry.path().join("LC_MESSAGES/window.po").exists())
    {
        configuration = configuration.with_bundled_translations(&locales);
    }
    slint_build::compile_with_config(format!("{resources}/ui/window.slint"), configuration)?;
    println!("cargo:rerun-if-changed={resources}/ui");
    println!("cargo:rerun-if-changed={resources}/icons");
    println!("cargo:rerun-if-changed={locales}");
    Ok(())
}
