//! The project's own commands, the same on every system: `cargo xtask demo`, `test`, `bench`, `check`, `openapi`, `package`,
//! `policy`, `release-manifest`.
//!
//! Each command is a file of its own and sets up what it needs first (`setup`), saying what it will install.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod check;
mod console;
mod demo;
mod interface;
mod openapi;
mod package;
mod policy;
mod process;
mod release_manifest;
mod setup;
mod test;
mod text_data;

/// Commands for working on ondemand-agent
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Test(test::Arguments),
    Bench(bench::Arguments),
    Check(check::Arguments),
    Openapi(openapi::Arguments),
    Package(package::Arguments),
    Policy(policy::Arguments),
    ReleaseManifest(release_manifest::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Openapi(arguments) => openapi::run(&arguments),
        Command::Package(arguments) => package::run(&arguments),
        Command::Policy(arguments) => policy::run(&arguments),
        Command::ReleaseManifest(arguments) => release_manifest::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
