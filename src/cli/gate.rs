//! `fathom gate`: go or no-go.

use super::{Ended, FilesArgs, print_json, tell_held};
use crate::gate::{Check, Given, Shares, Wanted, capture, data, holds};
use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;
use std::io::Write;

/// Says whether the next stage may begin: a table of checks over journals, exit code 0 when all hold, 1 when one does not.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fathom gate capture runs/kraken-btc-eur\n  fathom gate capture demo/journal --hours 0.001 --uptime 95\n  fathom gate data demo/journal --json"
)]
pub struct GateArgs {
    #[command(subcommand)]
    gate: Gate,
}

#[derive(Debug, Subcommand)]
enum Gate {
    /// The capture can be trusted: up for long enough, nothing changed without a word, every gap accounted for.
    Capture(CaptureArgs),
    /// Research can stand on the data: decoded the same again; gaps, heartbeats and connections there and consistent.
    Data(DataArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fathom gate capture demo/journal --hours 0.001 --uptime 95")]
struct CaptureArgs {
    #[command(flatten)]
    of: FilesArgs,
    /// Least time from the first frame to the last.
    #[arg(long, value_name = "HOURS", default_value_t = 24.0, value_parser = positive)]
    hours: f64,
    /// The book is trusted for more than this share of it.
    #[arg(long, value_name = "PERCENT", default_value_t = 99.0, value_parser = percent)]
    uptime: f64,
    /// The book of each leader is trusted for more than this share of it; 0: leaders are not asked for.
    #[arg(long, value_name = "PERCENT", default_value_t = 90.0, value_parser = percent)]
    leader_uptime: f64,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fathom gate data demo/journal --json")]
struct DataArgs {
    #[command(flatten)]
    of: FilesArgs,
    /// The book is trusted for more than this share of the runs' time.
    #[arg(long, value_name = "PERCENT", default_value_t = 90.0, value_parser = percent)]
    uptime: f64,
    /// The book of each leader is trusted for more than this share of it; 0: leaders are not asked for.
    #[arg(long, value_name = "PERCENT", default_value_t = 90.0, value_parser = percent)]
    leader_uptime: f64,
}

/// More than 100 % can never be.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| (0.0..100.0).contains(number));
    number.ok_or_else(|| "give a number from 0 to below 100".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "give a number from 0 on".to_owned())
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &GateArgs) -> Result<Ended> {
    let (name, of, checks) = match &args.gate {
        Gate::Capture(args) => {
            let shares = Shares { own_percent: args.uptime, leader_percent: args.leader_uptime };
            let wanted = Wanted { hours: args.hours, shares };
            ("capture", &args.of, capture(&given(&args.of)?, &wanted)?)
        }
        Gate::Data(args) => {
            let shares = Shares { own_percent: args.uptime, leader_percent: args.leader_uptime };
            ("data", &args.of, data(&given(&args.of)?, &shares)?)
        }
    };
    let is_open = holds(&checks);
    if of.json {
        print_json(&json!({ "gate": name, "go": is_open, "checks": checks }))?;
    } else {
        print(name, &checks, is_open)?;
    }
    Ok(if is_open { Ended::Ok } else { Ended::Failed })
}

/// The journals that are meant; what a writer holds is told.
fn given(of: &FilesArgs) -> Result<Given> {
    let given = Given::of(&of.files)?;
    tell_held("fathom", &given.held);
    Ok(given)
}

fn print(name: &str, checks: &[Check], is_open: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    for Check { name, wanted, found, holds } in checks {
        let verdict = if *holds { "ok  " } else { "FAIL" };
        writeln!(out, "{verdict}  {name:width$}  {found}")?;
        if !holds {
            writeln!(out, "      {:width$}  wanted: {wanted}", "")?;
        }
    }
    writeln!(out, "{}: {name}", if is_open { "GO" } else { "NO-GO" })?;
    Ok(())
}
