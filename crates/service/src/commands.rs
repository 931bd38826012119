//! What the command line does for whoever runs the service: organisations, reports, the audit log, copies.

use super::{Database, open};
use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use protocol::{OrganisationId, Timestamp};
use service::{
    admin::{self, Report},
    store::AuditFilter,
};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

#[derive(Subcommand)]
pub(super) enum OrganisationCommand {
    /// Add an organisation and make its signing key; prints its id and public key.
    Add {
        #[command(flatten)]
        database: Database,
        /// The name users see.
        #[arg(long)]
        name: String,
        /// The internet domain that users see beside the name, in ASCII form. You vouch for it.
        #[arg(long)]
        domain: Option<String>,
    },
    /// Change an organisation's name, which users go by.
    Update {
        #[command(flatten)]
        organisation: One,
        /// The name users see.
        #[arg(long)]
        name: String,
    },
    /// Show users this domain beside the organisation's name. You vouch for it; an organisation can also prove one through
    /// DNS in the console.
    ApproveDomain {
        #[command(flatten)]
        organisation: One,
        /// The internet domain in ASCII form.
        #[arg(long)]
        domain: String,
    },
    /// Show users no domain beside the organisation's name any more, however it came there.
    RemoveDomain {
        #[command(flatten)]
        organisation: One,
    },
    /// Keep an organisation from reaching users: its sessions, requests and invitations end, and nothing new is possible.
    /// Its operators can still sign in and read.
    Suspend {
        #[command(flatten)]
        organisation: One,
    },
    /// Let a suspended organisation reach users again.
    Resume {
        #[command(flatten)]
        organisation: One,
    },
    /// Give an organisation a new signing key; prints it. The former key signs that it takes its place, so agents that know
    /// or pinned the former one go on as before. Its private half is forgotten.
    RotateKey {
        #[command(flatten)]
        organisation: One,
        /// For how many days what the former key signed stays good.
        #[arg(long, value_name = "N", default_value_t = 30)]
        overlap_days: u32,
    },
    /// List the organisations with their ids and public keys, and what is special about them.
    List {
        #[command(flatten)]
        database: Database,
    },
}

#[derive(Args)]
pub(super) struct One {
    #[command(flatten)]
    database: Database,
    /// The organisation's id.
    #[arg(long, value_name = "ID")]
    organisation: OrganisationId,
}

pub(super) fn organisation(command: OrganisationCommand) -> Result<()> {
    use OrganisationCommand as Command;
    match command {
        Command::Add { database, name, domain } => {
            let organisation = open(&database)?.add_organisation(&name, domain.as_deref())?;
            println!("id: {}", organisation.id);
            println!("public key: {}", organisation.public_key);
        }
        Command::Update { organisation: One { database, organisation }, name } => {
            open(&database)?.rename_organisation(&organisation, &name)?;
        }
        Command::ApproveDomain { organisation: One { database, organisation }, domain } => {
            open(&database)?.approve_domain(&organisation, &domain)?;
        }
        Command::RemoveDomain { organisation: One { database, organisation } } => {
            open(&database)?.remove_domain(&organisation)?;
        }
        Command::Suspend { organisation: One { database, organisation } } => {
            open(&database)?.suspend(&organisation)?;
        }
        Command::Resume { organisation: One { database, organisation } } => {
            open(&database)?.resume(&organisation)?;
        }
        Command::RotateKey { organisation: One { database, organisation }, overlap_days } => {
            let (key, until) = open(&database)?.rotate_key(&organisation, overlap_days)?;
            println!("public key: {key}");
            println!("fingerprint: {}", key.fingerprint());
            println!("the former key stays good until: {until}");
        }
        Command::List { database } => {
            let admin = open(&database)?;
            for organisation in admin.organisations()? {
                let since = admin.suspended_since(&organisation.id)?;
                let suspended = since.map(|since| format!("  (suspended since {since})")).unwrap_or_default();
                println!(
                    "{}  {}  {}{suspended}",
                    organisation.id, organisation.public_key, organisation.name
                );
            }
        }
    }
    Ok(())
}

#[derive(Subcommand)]
pub(super) enum ReceiptCommand {
    /// Check that no receipt was changed, cut, moved, repeated or put in, with public keys alone: neither the service nor its
    /// database is asked. Exit codes: 0 nothing is wrong, 1 it could not be read, 6 something is wrong.
    Verify {
        /// A file as agent or console exports it, or a single receipt; `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        checks: receipts::Checks,
    },
}

pub(super) fn receipt(command: ReceiptCommand) -> Result<ExitCode> {
    let ReceiptCommand::Verify { file, checks } = command;
    let report = checks.run(&file)?;
    receipts::print(&report, checks.json)?;
    Ok(if report.sound { ExitCode::SUCCESS } else { ExitCode::from(receipts::FOUND) })
}

#[derive(Subcommand)]
pub(super) enum ReportCommand {
    /// List the reports, newest first: number, time, organisation, operator.
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Show one report, with the signed request and the signed answer.
    Show {
        #[command(flatten)]
        database: Database,
        /// The report's number.
        #[arg(value_name = "NUMBER")]
        number: i64,
    },
}

pub(super) fn report(command: ReportCommand) -> Result<()> {
    match command {
        ReportCommand::List { database } => {
            for it in open(&database)?.reports()? {
                println!(
                    "{}  {}  {} ({})  {} ({})",
                    it.number, it.at, it.organisation_name, it.organisation, it.operator.name, it.login
                );
            }
        }
        ReportCommand::Show { database, number } => {
            let Report { report, signed_request, receipt } = open(&database)?.report(number)?;
            println!("number: {}", report.number);
            println!("at: {}", report.at);
            println!("organisation: {} ({})", report.organisation_name, report.organisation);
            println!("operator: {} ({}, {})", report.operator.name, report.login, report.operator.id);
            println!("request: {}", report.request);
            println!("signed request: {signed_request}");
            println!("signed answer: {}", receipt.as_deref().unwrap_or("none"));
        }
    }
    Ok(())
}

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Print the audit log to standard output, oldest first, one JSON object a line.
    Export {
        #[command(flatten)]
        database: Database,
        /// Only this organisation's.
        #[arg(long, value_name = "ID")]
        organisation: Option<OrganisationId>,
        /// Only what was done then or later, as in 2026-03-04T00:00:00Z.
        #[arg(long, value_name = "TIME")]
        from: Option<Timestamp>,
        /// Only what was done before then.
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
    },
}

pub(super) fn audit(command: AuditCommand) -> Result<()> {
    let AuditCommand::Export { database, organisation, from, until } = command;
    let wanted = AuditFilter { organisation, from, until, ..AuditFilter::default() };
    let mut out = io::BufWriter::new(io::stdout().lock());
    open(&database)?.export_audit(&wanted, |organisation, entry| {
        let mut line = serde_json::to_value(&entry).context("failed to write a line as JSON")?;
        line["organisation_id"] = organisation.as_str().into();
        writeln!(out, "{line}").context("failed to write to standard output")
    })?;
    out.flush().context("failed to write to standard output")
}

#[derive(Args)]
pub(super) struct Backup {
    #[command(flatten)]
    database: Database,
    /// The copy; must not exist. It has all secrets of the service in it.
    #[arg(value_name = "FILE")]
    to: PathBuf,
}

pub(super) fn backup(Backup { database, to }: &Backup) -> Result<()> {
    super::check_folder(to)?;
    Ok(open(database)?.back_up(to)?)
}

#[derive(Args)]
pub(super) struct Restore {
    #[command(flatten)]
    database: Database,
    /// The copy that `backup` made.
    #[arg(value_name = "FILE")]
    from: PathBuf,
}

pub(super) fn restore(Restore { database, from }: &Restore) -> Result<()> {
    super::check_folder(&database.database)?;
    Ok(admin::restore(from, &database.database)?)
}
