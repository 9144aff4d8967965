//! `journal play`: a recording at its own pace, through the threads of a live journal.

use super::recording::default_config;
use super::{Ended, grouped, print_json};
use crate::config;
use crate::play::{Begun, Pace, Played, play};
use anyhow::{Context, Result, anyhow};
use clap::Args;
use hotpath::record::{Found, end};
use journal::Event;
use serde_json::json;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Plays a recording at its own pace into a folder of runs, as a live run would write it.
///
/// The clock, the ring, the journaling and the housekeeping thread are those of a live run: follow it
/// from another terminal, kill it, recover what it left. Interrupt it to end it in order.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  journal play demo/recording.cbcap --folder runs & sleep 1; journal cat runs --follow --kind QUOTE\n  journal play demo/recording.cbcap --folder runs --pace max && replay runs"
)]
pub struct PlayArgs {
    /// The recording.
    #[arg(value_name = "FILE")]
    recording: PathBuf,
    /// The folder of runs: a new run goes on behind the last one. Made when missing.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// How many times as fast as it was recorded, or `max`.
    #[arg(long, value_name = "TIMES", default_value = "1", value_parser = pace)]
    pace: Pace,
    /// The configuration [default: configs/VENUE-SYMBOL.toml of the recording's market].
    #[arg(long, value_name = "CONFIG")]
    config: Option<PathBuf>,
    /// Change one key of the configuration; may be given several times.
    #[arg(long = "set", value_name = "KEY.PATH=VALUE")]
    sets: Vec<String>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub(super) fn pace(text: &str) -> Result<Pace> {
    if text == "max" {
        return Ok(Pace::Max);
    }
    let times = text.parse().ok().filter(|times: &f64| times.is_finite() && *times > 0.0);
    times.map(Pace::Times).ok_or_else(|| anyhow!("write a number above 0, or `max`"))
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &PlayArgs) -> Result<Ended> {
    let config = match &args.config {
        Some(config) => config.clone(),
        None => default_config(&args.recording)?,
    };
    let loaded = config::load(&config, &args.sets)?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot take interrupts")?;
    }
    let folder = args.folder.clone();
    let begun = |begun: &Begun| announce(begun, &folder);
    let played = play(&args.recording, &loaded, &args.folder, args.pace, &stop, begun, tell)?;
    if let Some(halt) = played.halt {
        eprintln!("journal: the engine halted ({halt:?}) after {} frames; replay the folder to see why", played.frames);
    }
    if args.json {
        print_json(&to_json(&played))?;
    } else {
        print(&played)?;
    }
    Ok(if played.halt.is_none() { Ended::Ok } else { Ended::Failed })
}

fn announce(begun: &Begun, folder: &std::path::Path) {
    for caveat in &begun.caveats {
        eprintln!("journal: {}: {caveat}", folder.display());
    }
    if !begun.spins {
        eprintln!("journal: fewer than three cores: the journal's threads yield instead of spinning");
    }
    if let Some(found) = &begun.found {
        eprintln!("journal: {}", what_was_found(found));
    }
}

fn what_was_found(found: &Found) -> String {
    let Found { segment, run_id, records, last_seq, .. } = *found;
    let end = end::name(found.end).unwrap_or("unknown");
    let held = format!("segment {segment} of run {run_id:016x} holds {records} records up to seq {last_seq}");
    match found.end {
        end::SEALED => format!("{held}; closed"),
        _ => format!("{held}; not closed ({end}): this run goes on behind it, `journal recover` makes it whole"),
    }
}

fn tell(event: Event) {
    match event {
        Event::Sealed { .. } => {}
        Event::AgesDoubted => eprintln!(
            "journal: the clock lies further beyond the newest segment than `journal.keep_days`: nothing is removed for its age in this run; check the clock"
        ),
        Event::Removed { path } => eprintln!("journal: {}: surplus, removed", path.display()),
        Event::NotArchived { path, why } => {
            eprintln!(
                "journal: {}: the archive command failed ({why}): the segment stays, mend the command",
                path.display()
            );
        }
    }
}

fn to_json(played: &Played) -> serde_json::Value {
    json!({
        "frames": played.frames,
        "records": played.records,
        "cut": played.is_cut,
        "seconds": played.took_ns as f64 / 1e9,
        "segments": played.totals.segments,
        "bytes": played.totals.bytes,
        "syncs": played.totals.syncs,
        "ring_lines_free_min": played.ring_lines_free_min,
        "lag_ns_max": played.lag_ns_max,
    })
}

fn print(played: &Played) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let Played { frames, records, totals, ring_lines_free_min, lag_ns_max, took_ns, .. } = played;
    let end = if played.is_cut { "stopped" } else { "played to the end" };
    writeln!(
        out,
        "{end}: {} frames, {} records in {:.3} s",
        grouped(*frames),
        grouped(*records),
        *took_ns as f64 / 1e9
    )?;
    writeln!(
        out,
        "  journal  {} segments, {} bytes, {} syncs",
        grouped(totals.segments),
        grouped(totals.bytes),
        grouped(totals.syncs)
    )?;
    writeln!(
        out,
        "  ring     fewest free lines {}, longest lag {:.3} ms, at samples once a second and at the end",
        grouped(*ring_lines_free_min),
        *lag_ns_max as f64 / 1e6
    )?;
    Ok(())
}
