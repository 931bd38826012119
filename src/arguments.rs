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
journal is damaged; 10 to 25 what the doctor found, as docs/deployment.md lists it."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the agent, until you log off or quit it. Without a command this is what happens
    Run(Run),
    /// Fill in a session code; you still have to press Start
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
    /// The window process
    #[command(hide = true)]
    Window,
    /// The access process
    #[command(hide = true)]
    Access,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum HistoryAction {
    /// Check that nothing in the journal was changed, removed or cut
    Verify,
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
