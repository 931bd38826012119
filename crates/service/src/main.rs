//! `ondemand-service`: the reference service's command line.
#![allow(rustdoc::bare_urls, reason = "comments on arguments are the help that people read in a terminal")]

mod commands;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use commands::{AuditCommand, Backup, OrganisationCommand, ReceiptCommand, ReportCommand, Restore};
use ipnet::IpNet;
use protocol::{GroupId, OrganisationId, Permission, Permissions, Secret, operator::Role};
use service::{Clock, Config, ConnectionLimits, Limits, TlsFiles, admin::Admin};
use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};
use tracing_subscriber::EnvFilter;

/// The service that On-demand Agents poll, with the operators' console.
///
/// Everything is kept in one database file. First steps:
///
///   ondemand-service organisation add --database support.db --name "Example Support"
///   ondemand-service operator add --database support.db --organisation ID --login olivia --name "Olivia Example" --password-file -
///   ondemand-service serve --database support.db
///
/// Then open http://127.0.0.1:8470 and sign in.
#[derive(Parser)]
#[command(name = "ondemand-service", version, verbatim_doc_comment)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service until it is told to stop (Ctrl-C or SIGTERM).
    Serve(Serve),
    /// Organisations: whose operators ask to connect.
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// Operators: the support technicians who sign in to the console.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Device groups: what may be asked for on enrolled computers.
    #[command(subcommand)]
    DeviceGroup(DeviceGroupCommand),
    /// Enrolment tokens: what IT deploys so that agents become devices of a group.
    #[command(subcommand)]
    EnrolmentToken(EnrolmentTokenCommand),
    /// Receipts: what users' agents signed, checked offline.
    #[command(subcommand)]
    Receipt(ReceiptCommand),
    /// Reports of users who found a request suspicious.
    #[command(subcommand)]
    Report(ReportCommand),
    /// The audit log: what operators did, and whoever runs the service.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Write a copy of the database, while the service runs.
    Backup(Backup),
    /// Make a database of a copy; the database must not exist. Everybody is signed out.
    Restore(Restore),
    /// Print the OpenAPI document of the service's interface.
    Openapi,
}

#[derive(Args)]
struct Database {
    /// The database file; made if it does not exist.
    #[arg(long, value_name = "FILE")]
    database: PathBuf,
}

#[derive(Args)]
struct Serve {
    #[command(flatten)]
    database: Database,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8470",
        env = "ONDEMAND_SERVICE_LISTEN"
    )]
    listen: SocketAddr,
    /// Where agents and browsers reach the service, if not at the listening address: https://support.example
    #[arg(long, value_name = "URL", env = "ONDEMAND_SERVICE_PUBLIC_URL")]
    public_url: Option<String>,
    /// Certificate chain in PEM form, the server's own first. Without it the service speaks plain HTTP, which agents
    /// accept from this very computer only.
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "ONDEMAND_SERVICE_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key in PEM form.
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "ONDEMAND_SERVICE_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// A proxy in front of the service, by its network as in 10.0.0.7/32: it is believed when it says for whom it speaks
    /// (X-Forwarded-For or Forwarded). May be given several times.
    #[arg(long, value_name = "NETWORK")]
    trusted_proxy: Vec<IpNet>,
    /// The DNS server to ask when an organisation proves a domain, if not the system's.
    #[arg(long, value_name = "ADDRESS:PORT")]
    dns_server: Option<SocketAddr>,
    /// The folder with the agents that users can download from an invitation's page, as `cargo xtask package portable`
    /// makes it.
    #[arg(long, value_name = "FOLDER", env = "ONDEMAND_SERVICE_DOWNLOADS")]
    downloads: Option<PathBuf>,
    /// How log lines are written to standard error; what is logged can be chosen with RUST_LOG.
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

#[derive(Subcommand)]
enum OperatorCommand {
    /// Add an operator; prints the operator's id.
    Add {
        #[command(flatten)]
        database: Database,
        /// The organisation's id.
        #[arg(long, value_name = "ID")]
        organisation: OrganisationId,
        /// The sign-in name, unique in this service.
        #[arg(long)]
        login: String,
        /// The name users see.
        #[arg(long)]
        name: String,
        /// A file with the password in its first line, or - for standard input.
        #[arg(long, value_name = "FILE")]
        password_file: PathBuf,
        /// What the operator may manage; if left out, an organisation's first operator is its administrator.
        #[arg(long, value_enum)]
        role: Option<RoleArgument>,
    },
    /// Change an operator: the way back when an organisation's administrators cannot sign in any more.
    Update {
        #[command(flatten)]
        database: Database,
        /// The sign-in name.
        #[arg(long)]
        login: String,
        /// What the operator may manage from now on.
        #[arg(long, value_enum)]
        role: Option<RoleArgument>,
        /// A file with a new password in its first line, or - for standard input.
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Enable the account again.
        #[arg(long)]
        enable: bool,
        /// Take the second factor away, whose app and recovery codes are lost.
        #[arg(long)]
        reset_second_factor: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleArgument {
    /// Manages operators, organisation settings and enrolment.
    Administrator,
    /// Helps users.
    Operator,
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Administrator => Self::Administrator,
            RoleArgument::Operator => Self::Operator,
        }
    }
}

#[derive(Subcommand)]
enum DeviceGroupCommand {
    /// Add a device group; prints its id.
    Add {
        #[command(flatten)]
        database: Database,
        /// The organisation's id.
        #[arg(long, value_name = "ID")]
        organisation: OrganisationId,
        /// The group's name.
        #[arg(long)]
        name: String,
        /// The most that may be asked for, separated by commas: view, control, files_read, files_write, clipboard, chat,
        /// messages.
        #[arg(long, value_name = "LIST", value_delimiter = ',', required = true, value_parser = permission)]
        permissions: Vec<Permission>,
        /// Have an operator accept each device before it can be reached.
        #[arg(long)]
        require_acceptance: bool,
    },
}

#[derive(Subcommand)]
enum EnrolmentTokenCommand {
    /// Make an enrolment token; prints it to standard output, once.
    Create {
        #[command(flatten)]
        database: Database,
        /// The device group's id.
        #[arg(long, value_name = "ID")]
        group: GroupId,
        /// How many devices it can enrol; no limit if left out.
        #[arg(long, value_name = "N")]
        uses: Option<u32>,
        /// For how many days it is good; no limit if left out.
        #[arg(long, value_name = "N")]
        expires_in_days: Option<u32>,
    },
}

fn permission(name: &str) -> Result<Permission, String> {
    serde_json::from_value(serde_json::Value::from(name.trim())).map_err(|_| "no such permission".to_owned())
}

fn main() -> Result<ExitCode> {
    let done = match Arguments::parse().command {
        Command::Receipt(command) => return commands::receipt(command),
        Command::Serve(serve) => run(serve),
        Command::Organisation(command) => commands::organisation(command),
        Command::Operator(command) => operator(command),
        Command::DeviceGroup(command) => device_group(command),
        Command::EnrolmentToken(command) => enrolment_token(command),
        Command::Report(command) => commands::report(command),
        Command::Audit(command) => commands::audit(command),
        Command::Backup(backup) => commands::backup(&backup),
        Command::Restore(restore) => commands::restore(&restore),
        Command::Openapi => {
            print!("{}", service::openapi().context("failed to write the OpenAPI document")?);
            Ok(())
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}

fn open(Database { database }: &Database) -> Result<Admin> {
    check_folder(database)?;
    Ok(Admin::open(database)?)
}

fn check_folder(database: &Path) -> Result<()> {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        bail!("the folder {} for the database does not exist; make it first", folder.display());
    }
    Ok(())
}

fn operator(command: OperatorCommand) -> Result<()> {
    let password_in = |file: &Path| read_secret(file).context("failed to read the password");
    match command {
        OperatorCommand::Add { database, organisation, login, name, password_file, role } => {
            let admin = open(&database)?;
            let password = password_in(&password_file)?;
            let role = role.map(Role::from);
            println!("id: {}", admin.add_operator_as(role, &organisation, &login, &name, &password)?);
        }
        OperatorCommand::Update { database, login, role, password_file, enable, reset_second_factor } => {
            let admin = open(&database)?;
            let password = password_file.as_deref().map(password_in).transpose()?;
            let role = role.map(Role::from);
            admin.update_operator(&login, role, password.as_ref(), enable, reset_second_factor)?;
        }
    }
    Ok(())
}

fn device_group(command: DeviceGroupCommand) -> Result<()> {
    let DeviceGroupCommand::Add { database, organisation, name, permissions, require_acceptance } = command;
    let permissions: Permissions = permissions.into_iter().collect();
    let id = open(&database)?.add_group(&organisation, &name, permissions, require_acceptance)?;
    println!("id: {id}");
    Ok(())
}

fn enrolment_token(command: EnrolmentTokenCommand) -> Result<()> {
    let EnrolmentTokenCommand::Create { database, group, uses, expires_in_days } = command;
    let token = open(&database)?.create_enrolment_token(&group, uses, expires_in_days)?;
    println!("{}", token.expose());
    Ok(())
}

/// The first line of a file, or of standard input.
fn read_secret(path: &Path) -> Result<Secret> {
    /// More than any password; the rest of a wrong file is not read.
    const MOST: u64 = 8 * 1024;
    let mut text = String::new();
    if path == Path::new("-") {
        if io::stdin().is_terminal() {
            eprintln!("Type the password and press Enter (it is shown while you type):");
            io::stdin().read_line(&mut text)?;
        } else {
            io::stdin().take(MOST).read_to_string(&mut text)?;
        }
    } else {
        let file = File::open(path).with_context(|| format!("failed to open {}", path.display()))?;
        file.take(MOST).read_to_string(&mut text)?;
    }
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        _ => bail!("the first line is empty"),
    }
}

#[tokio::main]
async fn run(serve: Serve) -> Result<()> {
    start_log(serve.log_format);
    check_folder(&serve.database.database)?;
    let tls = serve.tls_cert.zip(serve.tls_key);
    let running = service::start(Config {
        listen: serve.listen,
        database: serve.database.database,
        public_url: serve.public_url,
        tls: tls.map(|(certificate, key)| TlsFiles { certificate, key }),
        trusted_proxies: serve.trusted_proxy,
        dns_server: serve.dns_server,
        downloads: serve.downloads,
        limits: Limits::default(),
        connections: ConnectionLimits::of_this_program(),
        clock: Clock::system(),
    })
    .await?;
    // Before the ready line, since whoever reads it may send the signal at once.
    let stopped = stop_signal().context("failed to listen for the signal to stop")?;
    println!("listening on {}", running.listening_url());
    tracing::info!(address = %running.address, url = running.url, "ready");
    stopped.await;
    tracing::info!("stopping");
    running.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}

#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(windows)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows::{ctrl_c, ctrl_shutdown};
    let mut interrupt = ctrl_c()?;
    let mut shutdown = ctrl_shutdown()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_manual_says_what_the_command_line_does() {
        use clap::CommandFactory;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../installer/manual");
        manual::check(Arguments::command(), &folder).unwrap();
    }
}
