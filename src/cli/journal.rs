//! The `journal` program.

use super::cat::{self, CatArgs};
use super::gaps;
use super::import;
use super::latency::{self, LatencyArgs};
use super::play::{self, PlayArgs};
use super::recording::first_line;
use super::recover::{self, RecoverArgs};
use super::report::{self, ReportArgs};
use super::seal::{self, SealArgs};
use super::{Ended, FilesArgs, closed_journals, counted, grouped, print_json, progress};
use crate::config;
use crate::import::Source;
use crate::info::Info;
use crate::left_out::Missing;
use crate::replay::target::is_replaceable;
use crate::sample;
use crate::verify::{Verified, missing_between, verify};
use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Makes, checks and shows journals.
///
/// Exit codes: 0 done, 1 the check failed, 2 bad usage, configuration or file.
#[derive(Debug, Parser)]
#[command(
    name = "journal",
    version,
    after_help = "Example:\n  journal import recording.cbcap --config configs/kraken-btc-usd.toml --out journal.bin"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(import::ImportArgs),
    Sample(SampleArgs),
    /// Shows what a journal is and holds: run, market, span, records and bytes by kind.
    #[command(after_help = "Example:\n  journal info journal.bin")]
    Info(FilesArgs),
    /// Checks CRCs, sequence and schema, and recomputes every book with its checksums, chain and touches.
    #[command(after_help = "Example:\n  journal verify journal.bin --json")]
    Verify(FilesArgs),
    Cat(CatArgs),
    Play(PlayArgs),
    /// Lists when and why the book could not be trusted.
    #[command(after_help = "Example:\n  journal gaps journal.bin")]
    Gaps(FilesArgs),
    Latency(LatencyArgs),
    Report(ReportArgs),
    Recover(RecoverArgs),
    Seal(SealArgs),
}

/// Makes a synthetic recording of the configuration's market and its journal: something to try
/// everything on.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  journal sample demo && replay demo/journal.bin")]
struct SampleArgs {
    /// Folder for recording.cbcap and journal.bin; made when missing.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Seed of the market; the same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Frames to make.
    #[arg(long, default_value_t = 50_000)]
    frames: usize,
    /// The configuration.
    #[arg(long, value_name = "CONFIG", default_value = "configs/kraken-btc-eur.toml")]
    config: PathBuf,
    /// Change one key of the configuration; may be given several times.
    #[arg(long = "set", value_name = "KEY.PATH=VALUE")]
    sets: Vec<String>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Runs the program.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(cli: &Cli) -> Result<Ended> {
    match &cli.command {
        Command::Import(args) => import::run(args),
        Command::Sample(args) => run_sample(args),
        Command::Info(args) => run_info(args),
        Command::Verify(args) => run_verify(args),
        Command::Cat(args) => cat::run(args),
        Command::Play(args) => play::run(args),
        Command::Gaps(args) => gaps::run(args),
        Command::Latency(args) => latency::run(args),
        Command::Report(args) => report::run(args),
        Command::Recover(args) => recover::run(args),
        Command::Seal(args) => seal::run(args),
    }
}

fn run_sample(args: &SampleArgs) -> Result<Ended> {
    let loaded = config::load(&args.config, &args.sets)?;
    std::fs::create_dir_all(&args.folder)
        .with_context(|| format!("cannot make the folder {}", args.folder.display()))?;
    let (recording, journal) = (args.folder.join("recording.cbcap"), args.folder.join("journal.bin"));
    let readable = std::fs::Permissions::from_mode(0o644);
    let file = tempfile::Builder::new()
        .permissions(readable)
        .tempfile_in(&args.folder)
        .with_context(|| format!("cannot write in the folder {}", args.folder.display()))?;
    let mut writer = BufWriter::new(file);
    progress("making the recording");
    sample::cbcap(args.seed, args.frames, &loaded, &mut writer)?;
    let file = writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    // Another sample begins with the same line; anything else is somebody's file.
    let is_sample = !recording.exists() || first_line(&recording)? == first_line(file.path())?;
    for (path, ours) in [(&recording, is_sample), (&journal, !journal.exists() || is_replaceable(&journal))] {
        if !ours {
            bail!("{} exists and no sample wrote it: choose another folder", path.display());
        }
    }
    file.persist(&recording).with_context(|| format!("cannot write {}", recording.display()))?;
    import::import_and_tell(&[Source::own(&recording)], &loaded, &journal, args.json)
}

fn run_info(args: &FilesArgs) -> Result<Ended> {
    let files = closed_journals("journal", &args.files)?;
    let infos = files.iter().map(|path| Info::of(path)).collect::<Result<Vec<_>>>()?;
    if args.json {
        let mut values: Vec<Value> = infos.iter().map(Info::to_json).collect();
        print_json(&if values.len() == 1 { values.remove(0) } else { json!({ "files": values }) })?;
    } else {
        let mut out = std::io::stdout().lock();
        infos.iter().try_for_each(|info| info.print(&mut out))?;
    }
    Ok(Ended::Ok)
}

fn run_verify(args: &FilesArgs) -> Result<Ended> {
    let files = closed_journals("journal", &args.files)?;
    let mut all = Vec::new();
    for path in &files {
        progress(&format!("verifying {}", path.display()));
        all.push(verify(path)?);
        progress("");
    }
    let missing = missing_between(&all);
    let ok = missing == 0 && all.iter().all(Verified::is_ok);
    if missing > 0 {
        let missing = counted(missing, "record is", "records are");
        eprintln!("journal: {missing} missing between the files of a run: give the segments between");
    }
    if args.json {
        print_json(&verify_json(&files, &all))?;
    } else {
        let mut out = std::io::stdout().lock();
        files.iter().zip(&all).try_for_each(|(path, verified)| print_verified(&mut out, path, verified))?;
    }
    Ok(if ok { Ended::Ok } else { Ended::Failed })
}

fn verify_json(files: &[PathBuf], all: &[Verified]) -> Value {
    let sum = |count: fn(&Verified) -> u64| all.iter().map(count).sum::<u64>();
    let offsets = |verified: &Verified| verified.damaged_at.clone();
    let ends = |verified: &Verified| format!("{:?}", verified.scan.end).to_lowercase();
    json!({
        "ok": missing_between(all) == 0 && all.iter().all(Verified::is_ok),
        "records_missing_between": missing_between(all),
        "records": sum(|verified| verified.scan.records()),
        "records_damaged": sum(|verified| verified.records_damaged),
        "records_unchecked": sum(|verified| verified.records_unchecked),
        "offsets_damaged": all.iter().flat_map(offsets).collect::<Vec<_>>(),
        "checksums_ok": sum(|verified| verified.counts.checksums_ok),
        "checksums_bad": sum(|verified| verified.counts.checksums_bad),
        "checksums_unverifiable": sum(|verified| verified.counts.unverifiable),
        "touches_ok": sum(|verified| verified.counts.touches_ok),
        "touches_bad": sum(|verified| verified.counts.touches_bad),
        "gaps": sum(|verified| verified.gaps),
        "disagreements": all.iter().flat_map(|verified| verified.disagreements.clone()).collect::<Vec<_>>(),
        "files": files.iter().zip(all).map(|(path, verified)| json!({
            "file": path.display().to_string(),
            "ok": verified.is_ok(),
            "records_unchecked": verified.records_unchecked,
            "end": ends(verified),
            "offsets_damaged": offsets(verified),
            "left_out": verified.scan.left_out.iter().map(Missing::to_json).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

/// The proofs that the exchange gave: where it states touches and sends no checksum, of checksums nothing is said.
fn print_proofs(out: &mut impl Write, verified: &Verified) -> std::io::Result<()> {
    let counts = &verified.counts;
    let has_touches = counts.touches_ok + counts.touches_bad > 0;
    if !has_touches || counts.checksums_ok + counts.checksums_bad + counts.unverifiable > 0 {
        writeln!(
            out,
            "  checksums  {} ok, {} bad, {} without a snapshot before them",
            grouped(counts.checksums_ok),
            grouped(counts.checksums_bad),
            grouped(counts.unverifiable)
        )?;
    }
    if has_touches {
        writeln!(out, "  touches    {} ok, {} bad", grouped(counts.touches_ok), grouped(counts.touches_bad))?;
    }
    Ok(())
}

fn print_verified(out: &mut impl Write, path: &Path, verified: &Verified) -> std::io::Result<()> {
    let name = path.display();
    writeln!(out, "{name}: {}", if verified.is_ok() { "OK" } else { "FAILED" })?;
    writeln!(
        out,
        "  records    {}, damaged or missing {}",
        grouped(verified.scan.records()),
        grouped(verified.records_damaged)
    )?;
    if verified.records_unchecked > 0 {
        let unchecked = counted(verified.records_unchecked, "record", "records");
        writeln!(
            out,
            "  unchecked  {unchecked}: no book is made behind what is damaged or left out up to the next checkpoint, nor of an \
             unfinished step"
        )?;
    }
    print_proofs(out, verified)?;
    writeln!(out, "  gaps       {}", grouped(verified.gaps))?;
    if verified.scan.end != journal::End::Sealed {
        writeln!(out, "  end        not closed ({}): the writer crashed or still writes", verified.scan.end)?;
    }
    for missing in &verified.scan.left_out {
        writeln!(out, "  recovered  {missing}")?;
    }
    for offset in &verified.damaged_at {
        writeln!(out, "  damaged at byte {offset}")?;
    }
    for offset in &verified.disagreements {
        writeln!(
            out,
            "  byte {offset}: the recorded verdict on a book, or its touch, is not the recomputed one: replay to see where the \
             engine differs"
        )?;
    }
    Ok(())
}
