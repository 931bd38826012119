//! The command line.
#![allow(rustdoc::bare_urls, reason = "comments on arguments are the help that people read in a terminal")]

use crate::settings::ServiceUrl;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Lets a support technician see or use this computer, when you approve it and for as long as you want.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Exit codes: 0 done; 1 failed, and standard error says why; 2 the command line is wrong; 4 no agent is running; 5 the \
journal is damaged; 6 something is wrong with receipts; 10 to 25 what the doctor found, 30 to 32 what came of looking for a newer version, as docs/deployment.md lists it."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the agent, until you log off or quit it. Without a command this is what happens
    Run(Run),
    /// Fill in a session code; you still have to press Start. A link starts the agent where none runs
    Join {
        /// `-` to read the code from standard input, or a link that starts with ondemand-agent:join#
        code_or_link: String,
    },
    /// Open the window of the running agent
    Open,
    /// End whatever the running agent is doing
    End,
    /// Say how it stands
    Status {
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// End the running agent
    Quit,
    /// Show who asked to connect, when, for how long, and what came of it
    History {
        /// For programs
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        action: Option<HistoryAction>,
    },
    /// What this computer's agent signed about requests: shown, exported, and checked with public keys alone
    Receipt {
        #[command(subcommand)]
        action: ReceiptAction,
    },
    /// Show every setting, and where it comes from
    Settings {
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Look for what keeps the agent from working, and say what to do about it
    Doctor {
        /// For programs
        #[arg(long)]
        json: bool,
        /// Also show a popup that asks for nothing, to see whether it can be seen and answered
        #[arg(long)]
        popup: bool,
        /// The service, where `run` is given one
        #[arg(long, value_name = "URL")]
        service_url: Option<ServiceUrl>,
    },
    /// Look whether there is a newer version; nothing is installed
    Update {
        /// Ask for it, which is all that this command does
        #[arg(long, required = true)]
        check: bool,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Remove what the agents of all users keep, for the uninstaller
    #[command(hide = true)]
    RemoveUserData,
    /// The window process
    #[command(hide = true)]
    Window,
    /// The access process
    #[command(hide = true)]
    Access,
    /// Ask the user which service to talk to
    #[command(hide = true)]
    AskService {
        /// An address to begin with
        #[arg(long)]
        proposed: Option<String>,
        /// The language of the question
        #[arg(long)]
        language: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum HistoryAction {
    /// Check that nothing in the journal was changed, removed or cut
    Verify,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptAction {
    /// List the receipts, or show one
    Show {
        /// Only the receipt with this number
        number: Option<u64>,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Write all receipts to a file, with everything that is needed to check them
    Export {
        /// A file that does not exist yet; `-` for standard output
        file: PathBuf,
    },
    /// Check that no receipt was changed, cut, moved, repeated or put in; nothing is asked of a service
    Verify {
        /// A file as agent or console exports it, or a single receipt; `-` for standard input. Without it what this
        /// computer keeps
        file: Option<PathBuf>,
        #[command(flatten)]
        checks: receipts::Checks,
    },
}

impl Default for Command {
    fn default() -> Self {
        Self::Run(Run::default())
    }
}

#[derive(Debug, Default, Args)]
pub(crate) struct Run {
    /// End after one session
    #[arg(long)]
    pub(crate) once: bool,
    /// Where the service is, as in https://support.example; what the installer or policy say comes first
    #[arg(long, value_name = "URL")]
    pub(crate) service_url: Option<ServiceUrl>,
    /// Make this user's agent a device, with the token in this file (`-` for standard input)
    #[arg(long, value_name = "FILE")]
    pub(crate) enrolment_token_file: Option<PathBuf>,
    /// Keep the window closed until it is asked for, as at log-in
    #[arg(long, alias = "no-window")]
    pub(crate) background: bool,
    /// Fill in the session code on standard input: a command line can be read by everybody on the computer
    #[arg(long, hide = true)]
    pub(crate) session_code_on_stdin: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_manual_says_what_the_command_line_does() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("installer/manual");
        manual::check(Arguments::command(), &folder).unwrap();
    }
}
