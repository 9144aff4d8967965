//! Runs in simulated time: what `fathom soak` does, for a few minutes of it.

mod support;

use fathom::sim::{Happened, Plan, Simulated, simulate};
use std::collections::BTreeSet;
use std::path::Path;
use support::config;

/// A run of some minutes, with something going wrong each few seconds.
fn run(folder: &Path, seed: u64, seconds: u64, sets: &[&str], fault_seconds: Option<u64>) -> Simulated {
    let loaded = config("kraken-btc-eur.toml", sets);
    let plan = Plan { loaded: &loaded, folder, seed, seconds, fault_seconds };
    simulate(&plan).unwrap_or_else(|error| panic!("seed {seed}: {error:#}"))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The same seed makes the same journal, to the byte; another one another.
#[test]
fn a_seed_makes_a_run() {
    let runs = [1, 1, 2].map(|seed| run(folder().path(), seed, 60, &[], Some(5)));
    let digests = runs.each_ref().map(|run| &run.examined.digest);
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
    assert_eq!(runs[0].happened, runs[1].happened);
}

/// In good weather nothing is ever wrong.
#[test]
fn good_weather_has_no_gaps() {
    let run = run(folder().path(), 3, 120, &[], None);
    assert!(run.examined.gaps.is_empty(), "{:?}", run.examined.gaps);
    assert!(run.faults.is_empty(), "{:?}", run.faults);
    assert!(run.examined.books > 1_500 && run.examined.checksums.1 == 0, "{:?}", run.examined);
}

/// In bad weather, segment by segment, at several depths and over the end of a day.
#[test]
fn bad_weather_costs_gaps_and_nothing_else() {
    let (mut happened, mut faults) = (Vec::new(), BTreeSet::new());
    for (seed, depth) in [(11, "venue.depth=10"), (12, "venue.depth=100"), (13, "venue.depth=1000")] {
        let run = run(folder().path(), seed, 200, &[depth, "journal.segment_bytes=524288"], Some(3));
        assert!(run.examined.segments > 2 && run.is_trusted, "{run:?}");
        assert!(run.examined.books > 1_000 && !run.examined.gaps.is_empty(), "{run:?}");
        happened.push(run.happened);
        faults.extend(run.faults.into_keys());
    }
    assert!(faults.len() > 12, "{faults:?}");
    // All that can happen did, or this proves less than it says.
    let counts: [fn(&Happened) -> u64; 9] = [
        |of| of.host_stalls,
        |of| of.scribe_stalls,
        |of| of.keeper_stalls,
        |of| of.disk_shortages,
        |of| of.utc_steps,
        |of| of.cuts,
        |of| of.freezes,
        |of| of.slowdowns,
        |of| of.failed_connects,
    ];
    for count in counts {
        assert!(happened.iter().map(count).sum::<u64>() > 0, "{happened:?}");
    }
}
