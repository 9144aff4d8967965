//! `journal play`: a recording at its own pace, through the threads of a live journal.

use super::recording::default_config;
use super::told::{known_before, say, sentence, take_interrupts};
use super::{Ended, counted, grouped, print_json};
use crate::config;
use crate::play::{Begun, Pace, Played, play};
use anyhow::{Result, anyhow};
use clap::Args;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

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
    let stop = take_interrupts()?;
    let folder = args.folder.clone();
    let begun = |begun: &Begun| {
        let known = known_before(&folder, &begun.caveats, begun.found.as_ref(), begun.spins);
        known.into_iter().for_each(|text| say("journal", text));
    };
    let tell = |event| {
        if let Some(what) = sentence(event) {
            say("journal", what);
        }
    };
    let played = play(&args.recording, &loaded, &args.folder, args.pace, &stop, begun, tell)?;
    if let Some(halt) = played.halt {
        let frames = counted(played.frames, "frame", "frames");
        eprintln!("journal: the engine halted ({halt:?}) after {frames}; replay the folder to see why");
    }
    if args.json {
        print_json(&to_json(&played))?;
    } else {
        print(&played)?;
    }
    Ok(if played.halt.is_none() { Ended::Ok } else { Ended::Failed })
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
        "ring_lines_free_min": played.load.ring_lines_free_min,
        "lag_ns_max": played.load.lag_ns_max,
    })
}

fn print(played: &Played) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let Played { frames, records, totals, load, took_ns, .. } = played;
    let end = if played.is_cut { "stopped" } else { "played to the end" };
    writeln!(
        out,
        "{end}: {}, {} in {:.3} s",
        counted(*frames, "frame", "frames"),
        counted(*records, "record", "records"),
        *took_ns as f64 / 1e9
    )?;
    writeln!(
        out,
        "  journal  {}, {}, {}",
        counted(totals.segments, "segment", "segments"),
        counted(totals.bytes, "byte", "bytes"),
        counted(totals.syncs, "sync", "syncs")
    )?;
    writeln!(
        out,
        "  ring     fewest free lines {}, longest lag {:.3} ms, at samples once a second and at the end",
        grouped(load.ring_lines_free_min),
        load.lag_ns_max as f64 / 1e6
    )?;
    Ok(())
}
