//! `journal report`: one run as a page.

use super::{Ended, closed_journals, counted, grouped, print_json, progress};
use crate::report::{Report, Summary};
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Makes a page of one run that a person can show another: prices, spread, messages, health of the feed, delays,
/// gaps, requests.
///
/// The page is one file that needs no other. The same journal gives the same bytes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  journal report journal.bin --out page.html\n  journal report runs/kraken-btc-eur --run 38d42f9bcc82c109"
)]
pub struct ReportArgs {
    /// Journals of a run, or the folder that holds them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The page; an older one is written over [default: report-RUN.html in the current folder].
    #[arg(long, value_name = "PAGE")]
    out: Option<PathBuf>,
    /// The run, where the files hold several [default: the latest].
    #[arg(long, value_name = "RUN", value_parser = run_id)]
    run: Option<u64>,
    /// A sentence below the title.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Print the figures as one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

fn run_id(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text, 16)
        .map_err(|_| "write the run's sixteen hexadecimal digits, as `journal info` does".to_owned())
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &ReportArgs) -> Result<Ended> {
    let files = closed_journals("journal", &args.files)?;
    progress("reading");
    let report = Report::of(&files, args.run);
    progress("");
    let report = report?.noted(args.note.clone());
    let summary = report.summary();
    let named = || PathBuf::from(format!("report-{}.html", summary.run_id));
    let out = args.out.clone().unwrap_or_else(named);
    report.write(&out)?;
    tell(summary, &out, args.json)?;
    let is_whole = summary.damage == 0 && summary.records_missing_between == 0;
    Ok(if is_whole { Ended::Ok } else { Ended::Failed })
}

fn tell(summary: &Summary, out: &Path, as_json: bool) -> Result<()> {
    if summary.runs > 1 {
        eprintln!(
            "journal: the files hold {} runs; the page shows {}, --run names another",
            summary.runs, summary.run_id
        );
    }
    if summary.damage > 0 || summary.records_missing_between > 0 {
        eprintln!(
            "journal: {}, {} missing between the files: the page says so and shows the rest",
            counted(summary.damage, "damaged place", "damaged places"),
            counted(summary.records_missing_between, "record", "records")
        );
    }
    if as_json {
        let mut value = json!(summary);
        value["page"] = out.display().to_string().into();
        return print_json(&value);
    }
    let (proof, ok, bad) = summary.proof();
    writeln!(
        std::io::stdout(),
        "{}, {}, {proof} {} ok, {} bad, gaps {} -> {}",
        counted(summary.messages, "message", "messages"),
        counted(summary.records, "record", "records"),
        grouped(ok),
        grouped(bad),
        summary.gaps,
        out.display()
    )?;
    Ok(())
}
