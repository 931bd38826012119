//! `ondemand-agent receipt`: what this computer's agent signed, shown, exported and checked.
//!
//! Reads only, and works whether or not the agent runs. `docs/api/receipts.md` describes the file that is exported.

pub(crate) mod countersignatures;
mod kept;
mod words;

use crate::{arguments::ReceiptAction, places::Places, private};
use anyhow::{Context as _, bail};
use jiff::tz::TimeZone;
use kept::Kept;
use receipts::{Checks, File};
use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

/// Does what the command line asks.
pub(crate) fn perform(places: &Places, action: ReceiptAction) -> anyhow::Result<ExitCode> {
    match action {
        ReceiptAction::Show { number, json } => show(&kept(places)?.file()?, number, json)?,
        ReceiptAction::Export { file } => export(&kept(places)?.file()?, &file)?,
        ReceiptAction::Verify { file: Some(file), checks } => return report(&checks.run(&file)?, &checks),
        ReceiptAction::Verify { file: None, mut checks } => {
            let kept = kept(places)?;
            if checks.agent_keys.is_empty() {
                checks.agent_keys = kept.own_keys();
            }
            return report(&checks.verify(&kept.file()?), &checks);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is kept; what is wrong with the journal is said beside it.
fn kept(places: &Places) -> anyhow::Result<Kept> {
    let kept = Kept::read(places)?;
    for damage in &kept.damage {
        eprintln!("ondemand-agent: the journal, which holds the receipts, is damaged: {damage}");
    }
    Ok(kept)
}

fn report(report: &receipts::Report, checks: &Checks) -> anyhow::Result<ExitCode> {
    receipts::print(report, checks.json)?;
    Ok(if report.sound { ExitCode::SUCCESS } else { ExitCode::from(receipts::FOUND) })
}

fn show(file: &File, number: Option<u64>, json: bool) -> anyhow::Result<()> {
    let mut rows = words::rows(file);
    if let Some(number) = number {
        rows.retain(|row| row.number == number);
        if rows.is_empty() {
            bail!(
                "there is no receipt with number {number}; `ondemand-agent receipt show` lists those there are"
            );
        }
    }
    let text = match (json, number) {
        (true, _) => serde_json::to_string_pretty(&rows)? + "\n",
        (false, Some(_)) => rows.iter().map(|row| row.in_full(&TimeZone::system())).collect(),
        (false, None) => words::table(&rows, &TimeZone::system()),
    };
    print(&text)
}

fn export(file: &File, to: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(file)? + "\n";
    if to == Path::new("-") {
        return print(&text);
    }
    if to.exists() {
        bail!("{} exists already; choose another name, or remove it first", to.display());
    }
    let to = std::path::absolute(to).context("failed to find the folder for the file")?;
    private::write(&to, text.as_bytes())?;
    println!("{} receipts are in {}.", file.receipts.len(), to.display());
    Ok(())
}

fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().lock().write_all(text.as_bytes()).context("failed to write to standard output")
}
