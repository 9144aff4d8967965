//! `journal cat`: records as text or JSON lines, filtered.

use super::printer::{Printer, Wanted};
use super::{Ended, closed_journals, counted, follow};
use anyhow::Result;
use clap::Args;
use journal::{Damage, Item, Segment};
use std::path::{Path, PathBuf};

/// Prints records, one a line.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  journal cat journal.bin --kind QUOTE --kind GAP_OPEN\n  journal cat journal.bin --from 2026-08-02T03:36:00Z --json | head\n  journal cat run --follow --kind QUOTE"
)]
pub struct CatArgs {
    /// Journals, or folders that hold them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What of them, and how.
    #[command(flatten)]
    wanted: Wanted,
    /// Go on with what is written from now on, in this run and the ones after it: one folder, from its
    /// newest segment on, or one file and what comes behind it.
    #[arg(long)]
    follow: bool,
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &CatArgs) -> Result<Ended> {
    let mut printer = Printer::of(&args.wanted)?;
    if args.follow {
        return follow::run(&args.files, printer);
    }
    let mut ended = Ended::Ok;
    for path in closed_journals("journal", &args.files)? {
        if print(&path, &mut printer)? == Ended::Failed {
            ended = Ended::Failed;
        }
    }
    printer.flush()?;
    Ok(ended)
}

/// Prints one file.
fn print(path: &Path, printer: &mut Printer) -> Result<Ended> {
    let segment = Segment::open(path)?;
    let mut ended = Ended::Ok;
    for item in printer.begin(&segment) {
        if printer.is_done() {
            break;
        }
        match item {
            Item::Record(record) => printer.print(&record)?,
            Item::Damage(Damage { offset, bytes, .. }) => {
                let bytes = counted(bytes as u64, "byte", "bytes");
                eprintln!("journal: {}: damaged at byte {offset}: {bytes} passed over", path.display());
                ended = Ended::Failed;
            }
        }
    }
    Ok(ended)
}
