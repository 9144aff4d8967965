//! In simulated time.

use super::{SoakArgs, listed};
use crate::cli::{Ended, counted, grouped, print_json};
use crate::config;
use crate::sim::{Plan, Simulated, simulate};
use crate::starter;
use anyhow::Result;
use serde_json::json;
use std::io::Write;

/// Runs each seed.
pub(super) fn run(args: &SoakArgs) -> Result<Ended> {
    let written = starter::write(&args.out, starter::MARKETS[0])?;
    // Power does not fail in a simulation: waiting for the disk would prove nothing.
    let mut sets = vec!["journal.sync_ms=1000".to_owned(), "journal.segment_bytes=33554432".to_owned()];
    sets.extend(args.sets.iter().cloned());
    let loaded = config::load(&written.config, &sets)?;
    let (seconds, fault_seconds) = (args.seconds(), args.fault_seconds());
    let mut runs = Vec::new();
    for seed in args.seed..args.seed.saturating_add(args.seeds.unwrap_or(1)) {
        let folder = args.out.join(format!("seed-{seed}"));
        let plan = Plan { loaded: &loaded, folder: &folder, seed, seconds, fault_seconds };
        match simulate(&plan) {
            Ok(simulated) => {
                std::fs::remove_dir_all(&folder)?;
                if !args.json {
                    print(seed, &simulated)?;
                }
                runs.push(json!({ "seed": seed, "ok": true, "run": simulated }));
            }
            Err(error) => {
                let faults = fault_seconds.map_or_else(|| "off".to_owned(), |seconds| seconds.to_string());
                eprintln!(
                    "seed {seed}: {error:#}\nthe same again: fathom soak --simulate --seconds {seconds} --fault-seconds {faults} --seed {seed}"
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
        "  messages   {}, {} records in {}, {} bytes",
        grouped(*frames),
        grouped(examined.records),
        counted(*segments, "segment", "segments"),
        grouped(*bytes)
    )?;
    writeln!(out, "  replayed   MATCH, verified, checksums {} ok, {} bad", grouped(ok), grouped(bad))?;
    writeln!(out, "  books      {} trusted, each the exchange's own", grouped(examined.books))?;
    writeln!(out, "  gaps       {}", listed(&examined.gaps, "none"))?;
    writeln!(out, "  exchange   {}", listed(faults, "no fault"))?;
    writeln!(out, "  weather    {happened}")?;
    Ok(())
}
