//! The window process by itself, to be driven over standard input and output.

fn main() -> std::process::ExitCode {
    match window::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            std::process::ExitCode::from(window::exit_code(&error))
        }
    }
}
