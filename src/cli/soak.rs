//! `fathom soak`: the whole system for long, under everything that goes wrong.

use super::{Ended, grouped, print_json};
use crate::config;
use crate::sim::{Plan, Simulated, simulate};
use crate::starter;
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// Runs exchange and engine in simulated time, in bad weather, and examines every segment of the journal.
///
/// The loop, the exchange and the journal are those that work in earnest; the clock, the cable between them and the turns of the journal's
/// threads are simulated, on one thread, from one seed. Things go wrong: threads that do not run for seconds, connections that break, freeze or
/// become slow, connects that fail, UTC that is set; and the exchange does what `exchange --fault` makes it do. Each segment is verified by a second implementation, replayed to the same bytes, and
/// every trusted book in it held against the exchange's own; then it is removed. What is wrong ends the command with exit code 1, the segment
/// stays, and the same seed makes the same run again.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fathom soak --seconds 3600\n  fathom soak --seconds 86400 --seed 7 --seeds 3\n  fathom soak --seconds 600 --fault-seconds off --json"
)]
pub struct SoakArgs {
    /// How long each run is, seconds of its own time.
    #[arg(long, value_name = "N", default_value_t = 3_600, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seconds: u64,
    /// The seed of the first run.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Runs, each with the next seed.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: u64,
    /// Mean time between two things that go wrong, seconds; or `off`.
    #[arg(long, value_name = "N|off", default_value = "60", value_parser = fault_seconds)]
    fault_seconds: FaultSeconds,
    /// The folder for configuration and journal; made when missing.
    #[arg(long, value_name = "DIR", default_value = "soak")]
    out: PathBuf,
    /// Change one key of the configuration; may be given several times.
    #[arg(long = "set", value_name = "KEY.PATH=VALUE")]
    sets: Vec<String>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Mean seconds between two faults; none when nothing goes wrong.
#[derive(Clone, Copy, Debug)]
struct FaultSeconds(Option<u64>);

fn fault_seconds(text: &str) -> Result<FaultSeconds, String> {
    if text == "off" {
        return Ok(FaultSeconds(None));
    }
    let seconds = text.parse().ok().filter(|seconds| (1..=1_000_000).contains(seconds));
    seconds
        .map(|seconds| FaultSeconds(Some(seconds)))
        .ok_or_else(|| "give seconds from 1 to 1000000, or `off`".to_owned())
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &SoakArgs) -> Result<Ended> {
    let written = starter::write(&args.out, starter::MARKETS[0])?;
    // Power does not fail in a simulation: waiting for the disk would prove nothing.
    let mut sets = vec!["journal.sync_ms=1000".to_owned(), "journal.segment_bytes=33554432".to_owned()];
    sets.extend(args.sets.iter().cloned());
    let loaded = config::load(&written.config, &sets)?;
    let mut runs = Vec::new();
    for seed in args.seed..args.seed.saturating_add(args.seeds) {
        let folder = args.out.join(format!("seed-{seed}"));
        let plan =
            Plan { loaded: &loaded, folder: &folder, seed, seconds: args.seconds, fault_seconds: args.fault_seconds.0 };
        match simulate(&plan) {
            Ok(simulated) => {
                std::fs::remove_dir_all(&folder)?;
                if !args.json {
                    print(seed, &simulated)?;
                }
                runs.push(json!({ "seed": seed, "ok": true, "run": simulated }));
            }
            Err(error) => {
                eprintln!(
                    "seed {seed}: {error:#}\nthe same again: fathom soak --seconds {} --seed {seed}",
                    args.seconds
                );
                runs.push(json!({ "seed": seed, "ok": false, "error": format!("{error:#}") }));
                if args.json {
                    print_json(&json!({ "ok": false, "runs": runs }))?;
                }
                return Ok(Ended::Failed);
            }
        }
    }
    if args.json {
        print_json(&json!({ "ok": true, "runs": runs }))?;
    }
    Ok(Ended::Ok)
}

fn print(seed: u64, simulated: &Simulated) -> Result<()> {
    let Simulated { examined, happened, faults, frames, segments, bytes, .. } = simulated;
    let mut out = std::io::stdout().lock();
    let (ok, bad) = examined.checksums;
    writeln!(out, "OK seed {seed}")?;
    writeln!(
        out,
        "  messages   {}, {} records in {segments} segments, {} bytes",
        grouped(*frames),
        grouped(examined.records),
        grouped(*bytes)
    )?;
    writeln!(out, "  replayed   MATCH, verified, checksums {} ok, {} bad", grouped(ok), grouped(bad))?;
    writeln!(out, "  books      {} trusted, each the exchange's own", grouped(examined.books))?;
    let gaps: Vec<String> = examined.gaps.iter().map(|(cause, count)| format!("{count} {cause}")).collect();
    writeln!(out, "  gaps       {}", if gaps.is_empty() { "none".to_owned() } else { gaps.join(", ") })?;
    let faults: Vec<String> = faults.iter().map(|(fault, count)| format!("{count} {fault}")).collect();
    writeln!(out, "  exchange   {}", if faults.is_empty() { "no fault".to_owned() } else { faults.join(", ") })?;
    writeln!(out, "  weather    {happened}")?;
    Ok(())
}
