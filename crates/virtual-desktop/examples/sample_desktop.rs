//! A desktop that stays until standard input ends, for the tests of this crate and for a look around by hand:
//! it prints the variables that put a program on it, the folder first.

#[cfg(target_os = "linux")]
fn main() -> virtual_desktop::Result<()> {
    let desktop = virtual_desktop::Desktop::start(virtual_desktop::Options::default())?;
    println!("{}", desktop.folder().display());
    for (name, value) in desktop.env() {
        println!("export {name}='{value}'");
    }
    // Any end of the input, an error too, is the end of the desktop.
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {}
