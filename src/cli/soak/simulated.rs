//! In simulated time.

use super::{SoakArgs, listed, print_faults};
use crate::cli::{Ended, counted, grouped, print_json};
use crate::config;
use crate::sim::{Plan, Simulated, simulate};
use crate::starter;
use anyhow::{Result, ensure};
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// Runs each seed.
pub(super) fn run(args: &SoakArgs) -> Result<Ended> {
    let written = starter::write(&args.out, starter::MARKETS[0])?;
    // Power does not fail in a simulation: waiting for the disk would prove nothing.
    let mut sets = vec!["journal.sync_ms=1000".to_owned(), "journal.segment_bytes=33554432".to_owned()];
    sets.extend(args.sets.iter().cloned());
    let loaded = config::load(&written.config, &sets)?;
    let (seconds, fault_seconds) = (args.seconds(), args.fault_seconds());
    let mut runs = Vec::new();
    for seed in (0..args.seeds.unwrap_or(1)).map(|number| args.seed.wrapping_add(number)) {
        let folder = args.out.join(format!("seed-{seed}"));
        ensure_empty(&folder)?;
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
                eprintln!(
                    "seed {seed}: {error:#}; the journal is in {}\nthe same again: {}",
                    folder.display(),
                    again(args, seed)
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

/// The folder is removed after a good run: it must be ours alone.
fn ensure_empty(folder: &Path) -> Result<()> {
    let is_used = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file();
    ensure!(
        !is_used,
        "{} is there already and is not empty: remove it, or name another folder with --out",
        folder.display()
    );
    Ok(())
}

/// The command that makes a run again.
fn again(args: &SoakArgs, seed: u64) -> String {
    let faults = args.fault_seconds().map_or_else(|| "off".to_owned(), |seconds| seconds.to_string());
    let sets: String = args.sets.iter().map(|set| format!(" --set '{set}'")).collect();
    let (seconds, out) = (args.seconds(), args.out.display());
    format!("fathom soak --simulate --seconds {seconds} --fault-seconds {faults} --seed {seed} --out {out}-again{sets}")
}

fn print(seed: u64, simulated: &Simulated) -> Result<()> {
    let Simulated { examined, happened, faults, faults_never, frames, segments, bytes, .. } = simulated;
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
    writeln!(out, "  replayed   MATCH, verified, digest {}", examined.digest)?;
    writeln!(out, "  checksums  {} ok, {} bad", grouped(ok), grouped(bad))?;
    writeln!(out, "  books      {} trusted, each the exchange's own", grouped(examined.books))?;
    writeln!(out, "  gaps       {}", listed(&examined.gaps, "none"))?;
    print_faults(&mut out, faults, faults_never)?;
    writeln!(out, "  weather    {happened}")?;
    Ok(())
}
