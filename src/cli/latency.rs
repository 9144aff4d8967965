//! `journal latency`: how long messages take.

use super::{Ended, closed_journals, counted, progress};
use crate::files::write_over;
use crate::latency::{Compared, Exported, Figures, Files, Latency, Rerun, against, csv, export, newest, page, print};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Tells how long messages take, stage by stage, by regime and by hour.
///
/// From the kernel's stamp to the mapped file, as the run itself noted it; and from the exchange, above the least. No means:
/// percentiles, and none with fewer than ten values beyond it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  journal latency runs/kraken-btc-eur --html latency.html\n  journal latency runs/kraken-btc-eur --day days --against days\n  journal latency days/2026-08-02.json --against days/2026-08-01.json"
)]
pub struct LatencyArgs {
    /// Journals, or folders that hold them; or, with --against, the figures of a day.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the figures as CSV too, one number a line.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Make a page of the figures too, one file that needs no other; an older one is written over.
    #[arg(long, value_name = "PAGE")]
    html: Option<PathBuf>,
    /// Write the figures of each UTC day as DIR/YYYY-MM-DD.json and .csv; days of which more was known before stay.
    #[arg(long, value_name = "DIR")]
    day: Option<PathBuf>,
    /// Read only what reaches into the newest N days of UTC, of which the last is that in which the newest file begins.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    newest: Option<u64>,
    /// Hold each percentile (of the last day, with --day) against that of another: a file of --day or --json, or the day
    /// before in such a folder.
    #[arg(long, value_name = "DIR|FILE")]
    against: Option<PathBuf>,
    /// Run the journal through the engine again, and time TLS, frame, decoding, book, fair mid and decision on this machine.
    #[arg(long)]
    rerun: bool,
    /// Print the figures as one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &LatencyArgs) -> Result<Ended> {
    if let [file] = args.files.as_slice()
        && let Some("json" | "csv") = file.extension().and_then(OsStr::to_str)
    {
        return compare_only(args, file);
    }
    let files = closed_journals("journal", &args.files)?;
    progress("reading");
    let (files, from_day) = match args.newest {
        Some(days) => newest(files, days)?,
        None => (files, None),
    };
    let latency = Latency::of(&files, args.day.as_ref().map(|_| from_day.unwrap_or(0)));
    progress("");
    let latency = latency?;
    warn(&latency);
    let mut whole = latency.whole();
    if args.rerun {
        progress("running it again");
        let rerun = Rerun::of(&files);
        progress("");
        whole = whole.with(&latency, &rerun?);
    }
    let days = args.day.as_deref().map(|folder| export_days(folder, &latency)).transpose()?;
    // Of several days the last one is meant.
    let now = latency.days().last().map_or_else(|| json!(whole), |day| json!(day));
    let compared = args.against.as_deref().map(|path| compare(&now, path)).transpose()?.flatten();
    if let Some(path) = &args.csv {
        write_over(path, csv::MARK.as_bytes(), csv::csv(&whole).as_bytes())?;
    }
    if let Some(path) = &args.html {
        write_over(path, page::MARK.as_bytes(), page::page(&latency, &whole, compared.as_ref()).as_bytes())?;
    }
    tell(args, &whole, compared.as_ref(), days.as_deref())?;
    Ok(if latency.is_whole() { Ended::Ok } else { Ended::Failed })
}

fn tell(args: &LatencyArgs, whole: &Figures, compared: Option<&Compared>, days: Option<&[Exported]>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if args.json {
        let mut value = json!(whole);
        if args.against.is_some() {
            value["against"] = json!(compared);
        }
        if let Some(days) = days {
            value["days"] = json!(days);
        }
        writeln!(out, "{value}")?;
        return Ok(());
    }
    print(whole, &mut out)?;
    compared.map_or(Ok(()), |compared| against::print(compared, &mut out))?;
    let days = days.unwrap_or_default();
    days.iter()
        .filter(|day| !day.is_kept)
        .try_for_each(|day| writeln!(out, "{} -> {}", day.day, day.json.display()))?;
    Ok(())
}

fn export_days(folder: &Path, latency: &Latency) -> Result<Vec<Exported>> {
    let days = export(folder, latency.days())?;
    if days.is_empty() {
        bail!("the clocks were not read in these files, so they hold no day");
    }
    for Exported { json, .. } in days.iter().filter(|day| day.is_kept) {
        eprintln!("journal: {}: rests on more messages than these files hold, and stays as it is", json.display());
    }
    Ok(days)
}

/// Figures against those of a file, or of the day before in a folder. The first day of a folder has none before it, and that
/// is no failure.
fn compare(now: &Value, path: &Path) -> Result<Option<Compared>> {
    if !path.is_dir() {
        return against::compare(now, path).map(Some);
    }
    let before = against::day_before(path, now)?;
    if before.is_none() {
        eprintln!("journal: {} holds no day before these figures, so they are compared with nothing", path.display());
    }
    before.map(|file| against::compare(now, &file)).transpose()
}

/// Figures of a day against those of another.
fn compare_only(args: &LatencyArgs, file: &Path) -> Result<Ended> {
    if args.csv.is_some() || args.html.is_some() || args.day.is_some() || args.rerun {
        bail!(
            "{}: from figures there is only a comparison, with --against: a page, a CSV, a day and a second run need a journal",
            file.display()
        );
    }
    let path = args.against.as_deref();
    let path =
        path.with_context(|| format!("{}: figures can only be compared: say --against which", file.display()))?;
    let compared = compare(&against::read(file)?, path)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        let value: Value = json!({ "against": compared });
        writeln!(out, "{value}")?;
    } else {
        compared.iter().try_for_each(|compared| against::print(compared, &mut out))?;
    }
    Ok(Ended::Ok)
}

/// What keeps the figures from being the whole truth.
fn warn(latency: &Latency) {
    let Files { damage, left_out, records_missing_between: missing, .. } = latency.files();
    if !latency.is_whole() {
        let damaged = counted(*damage, "damaged place", "damaged places");
        let missing = counted(*missing, "record", "records");
        eprintln!(
            "journal: {damaged}, {missing} missing between the files: figures are of the rest, `journal verify` says where"
        );
    }
    if *left_out > 0 {
        let places = counted(*left_out, "place", "places");
        eprintln!("journal: a recovery left records out in {places}: figures are of the rest");
    }
    if let Some(why) = latency.lacks() {
        eprintln!("journal: {why}");
    }
}
