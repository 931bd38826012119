//! Gives the program for Windows its icon, version and manifest, which other systems keep beside the program; and keeps out
//! of the one for Linux what only unwinding needs.

use std::{env, error::Error, fs, path::PathBuf, process::Command};

const FOLDER: &str = "installer/windows";
const ICON: &str = "resources/icons/agent.ico";
const LINKER_SCRIPT: &str = "installer/linux/release.ld";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={FOLDER}/agent.rc");
    println!("cargo:rerun-if-changed={FOLDER}/agent.manifest");
    println!("cargo:rerun-if-changed={ICON}");
    println!("cargo:rerun-if-changed={LINKER_SCRIPT}");
    let system = env::var("CARGO_CFG_TARGET_OS")?;
    // Where a panic aborts, which cargo tells no build script: in what is released.
    if system == "linux" && env::var("PROFILE")? == "release" {
        // A copy, as what is built outlives the checkout that it was first built from, where several share it.
        let script = PathBuf::from(env::var("OUT_DIR")?).join("release.ld");
        fs::copy(LINKER_SCRIPT, &script)?;
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{},--no-eh-frame-hdr", script.display());
    }
    if system != "windows" {
        return Ok(());
    }
    if env::var("CARGO_CFG_TARGET_ENV")? != "gnu" {
        println!(
            "cargo:warning=without icon, version and manifest: these are made for windows-gnu, which is shipped"
        );
        return Ok(());
    }
    // A date in the file would make two builds of the same sources differ.
    println!("cargo:rustc-link-arg-bins=-Wl,--no-insert-timestamp");
    let version = env::var("CARGO_PKG_VERSION")?;
    let numbers: Vec<&str> = version.split(['.', '-']).take(3).collect();
    let output = PathBuf::from(env::var("OUT_DIR")?);
    let script = fs::read_to_string(format!("{FOLDER}/agent.rc"))?;
    let script =
        script.replace("@VERSION@", &version).replace("@NUMBERS@", &format!("{},0", numbers.join(",")));
    fs::write(output.join("agent.rc"), script)?;
    let tool = match env::var("HOST")?.contains("windows") {
        true => "windres",
        false => "x86_64-w64-mingw32-windres",
    };
    let resources = output.join("resources.o");
    let mut windres = Command::new(tool);
    windres.arg(output.join("agent.rc")).arg(&resources).args(["--output-format=coff", "--codepage=65001"]);
    // The paths in the script begin at the top of the checkout.
    windres.args(["--include-dir", "."]);
    // A check links nothing, so that it needs no tool for it either.
    match windres.status() {
        Ok(status) if status.success() => println!("cargo:rustc-link-arg-bins={}", resources.display()),
        Ok(status) => return Err(format!("{tool} failed with {status}").into()),
        Err(error) => {
            println!("cargo:warning=without icon, version and manifest: cannot start {tool}: {error}")
        }
    }
    Ok(())
}
