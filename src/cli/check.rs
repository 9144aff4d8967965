//! `fathom check`: the configuration in force, and whether the host is fit for it.

use super::{Ended, print_json};
use crate::config::{self, Loaded};
use crate::host::{Finding, fitness};
use crate::live::access;
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;

/// Prints the configuration in force with its hash, and whether this host is fit for a live run.
///
/// The hash is that of what the engine gets: two runs with the same hash and the same inputs decide alike.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fathom check configs/kraken-btc-eur.toml\n  fathom check configs/kraken-btc-eur.toml --set host.core=3 --strict"
)]
pub struct CheckArgs {
    /// The configuration.
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    /// Change one key of the configuration; may be given several times.
    #[arg(long = "set", value_name = "KEY.PATH=VALUE")]
    sets: Vec<String>,
    /// End with exit code 1 when something about the host is not fit.
    #[arg(long)]
    strict: bool,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &CheckArgs) -> Result<Ended> {
    let loaded = config::load(&args.config, &args.sets)?;
    // What a run would refuse at its start.
    for feed in &loaded.feeds {
        access(feed, &loaded)?;
    }
    let findings = fitness(&loaded);
    if args.json {
        print_json(&to_json(&loaded, &findings))?;
    } else {
        print(&loaded, &findings)?;
    }
    let is_unfit = findings.iter().any(|finding| finding.is_wanted && finding.is_fit == Some(false));
    Ok(if args.strict && is_unfit { Ended::Failed } else { Ended::Ok })
}

fn print(loaded: &Loaded, findings: &[Finding]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "configuration {}", config::hash_of(&loaded.config))?;
    let width = loaded.effective.iter().map(|row| row.key.len()).max().unwrap_or(0);
    for row in &loaded.effective {
        let place = if row.place.starts_with("override") { "  (override)" } else { "" };
        writeln!(out, "  {:<width$}  {}{place}", row.key, row.value)?;
    }
    writeln!(out, "host")?;
    for Finding { what, found, is_fit, is_wanted, advice } in findings {
        let verdict = match (is_fit, is_wanted) {
            (Some(true), _) => "ok",
            (Some(false), true) => "unfit",
            (Some(false), false) => "optional",
            (None, _) => "unknown",
        };
        writeln!(out, "  {verdict:<8} {what:<15} {found}")?;
        if *is_fit == Some(false) {
            writeln!(out, "  {:24} to do: {advice}", "")?;
        }
    }
    Ok(())
}

fn to_json(loaded: &Loaded, findings: &[Finding]) -> Value {
    let keys: serde_json::Map<_, _> = loaded
        .effective
        .iter()
        .map(|row| (row.key.to_owned(), json!({ "value": row.value, "place": row.place })))
        .collect();
    let host: Vec<_> = findings
        .iter()
        .map(|row| json!({ "what": row.what, "found": row.found, "fit": row.is_fit, "wanted": row.is_wanted, "advice": row.advice }))
        .collect();
    json!({ "hash": config::hash_of(&loaded.config), "keys": keys, "host": host })
}
