//! `journal latency`: how long messages take.

use super::{Ended, print_json, progress};
use crate::files::journal_files;
use crate::latency::{Files, Latency, print};
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Tells how long messages take, stage by stage, by regime and by hour.
///
/// From the kernel's stamp to the mapped file, as the run itself noted it; and from the exchange, above the least. No means:
/// percentiles, and none with fewer than ten values beyond it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  journal latency runs/kraken-btc-eur\n  journal latency journal.bin --json")]
pub struct LatencyArgs {
    /// Journals, or folders that hold them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the figures as one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &LatencyArgs) -> Result<Ended> {
    let files = journal_files(&args.files)?;
    progress("reading");
    let latency = Latency::of(&files, false);
    progress("");
    let latency = latency?;
    warn(&latency);
    let whole = latency.whole();
    if args.json {
        print_json(&json!(whole))?;
    } else {
        print(&whole, &mut std::io::stdout().lock())?;
    }
    Ok(if latency.is_whole() { Ended::Ok } else { Ended::Failed })
}

/// What keeps the figures from being the whole truth.
fn warn(latency: &Latency) {
    let Files { damage, left_out, records_missing_between: missing, .. } = latency.files();
    if !latency.is_whole() {
        eprintln!(
            "journal: {damage} damaged places, {missing} records missing between the files: figures are of the rest, `journal verify` says where"
        );
    }
    if *left_out > 0 {
        eprintln!("journal: a recovery left records out in {left_out} places: figures are of the rest");
    }
    if let Some(why) = latency.lacks() {
        eprintln!("journal: {why}");
    }
}
