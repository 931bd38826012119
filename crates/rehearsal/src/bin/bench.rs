//! The benchmark: the release programs over TLS with a certificate authority of its own, on a virtual desktop. Prints what
//! it measures and writes it as JSON to the file named on the command line. `cargo xtask bench` builds what is needed and
//! runs this.

#[cfg(target_os = "linux")]
#[path = "bench/access.rs"]
mod access;
#[cfg(target_os = "linux")]
#[path = "bench/content.rs"]
mod content;
#[cfg(target_os = "linux")]
#[path = "bench/costs.rs"]
mod costs;
#[cfg(target_os = "linux")]
#[path = "bench/files.rs"]
mod files;
#[cfg(target_os = "linux")]
#[path = "bench/run.rs"]
mod run;
#[cfg(target_os = "linux")]
#[path = "bench/viewer.rs"]
mod viewer;

fn main() -> std::process::ExitCode {
    #[cfg(target_os = "linux")]
    let result = run::run(&std::env::args().skip(1).collect::<Vec<_>>());
    #[cfg(not(target_os = "linux"))]
    let result: anyhow::Result<()> =
        Err(anyhow::anyhow!("the benchmark needs a virtual desktop, and that needs Linux"));
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
