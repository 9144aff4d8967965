//! What `fathom soak` does: seconds of it over sockets, minutes in simulated time.

mod support;

use fathom::sim::{Happened, Plan, Simulated, simulate};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
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

/// Over sockets, for a few seconds.
fn soak(out: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fathom"));
    command.args(["soak", "--json", "--out"]).arg(out).args(more);
    command.output().expect("the program")
}

/// Every fault on, on both kinds of exchange at once.
#[test]
fn the_journal_of_a_run_over_sockets_is_judged_by_the_exchanges_log() {
    std::thread::scope(|scope| {
        for venue in ["kraken", "binance-perp"] {
            scope.spawn(move || {
                let folder = folder();
                let more = ["--seconds", "10", "--speed", "5", "--fault-seconds", "1", "--venue", venue];
                let Output { status, stdout, stderr } = soak(folder.path(), &more);
                let said = String::from_utf8_lossy(&stderr);
                assert_eq!(status.code(), Some(0), "{venue}: {said}");
                let told: Value = serde_json::from_slice(&stdout).expect("JSON");
                let run = &told["run"];
                assert!(run["books"].as_u64() > Some(50) && run["frames"].as_u64() > run["books"].as_u64(), "{told}");
                assert!(run["memory"]["first_half_kib"].as_u64() > Some(1_000), "{told}");
                let faults = run["faults"].as_object().expect("counts");
                let counted: u64 = faults.values().filter_map(Value::as_u64).sum();
                let log = std::fs::read_to_string(folder.path().join("exchange.jsonl")).expect("the exchange's log");
                let logged = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
                let logged = logged.filter(|line| !line["fault"].is_null()).count() as u64;
                assert!(counted == logged && counted > 0, "{counted} of {logged}: {told}");
                // What happened and what never did are all that can.
                let never = run["faults_never"].as_array().expect("names");
                assert!(never.iter().all(|name| !faults.contains_key(name.as_str().expect("a name"))), "{told}");
                let possible = if venue == "kraken" { 27 } else { 24 };
                assert_eq!(faults.len() + never.len(), possible, "{told}");
            });
        }
    });
}

/// What is wrong ends with 1 and a sentence, what cannot be begun with 2.
#[test]
fn a_run_over_sockets_that_fails_says_why() {
    let folder = folder();
    // The exchange describes the pair otherwise: the engine does not go on.
    let failed = soak(folder.path(), &["--seconds", "5", "--set", "venue.price_precision=2"]);
    let said = String::from_utf8_lossy(&failed.stderr);
    assert_eq!(failed.status.code(), Some(1), "{said}");
    assert!(said.contains("the engine ended by itself") && said.contains("engine.log"), "{said}");
    let told: Value = serde_json::from_slice(&failed.stdout).expect("JSON");
    assert_eq!(told["ok"], false);
    let file = folder.path().join("a-file");
    std::fs::write(&file, "mine").expect("a file");
    let refused = soak(&file, &["--seconds", "5"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        refused.status.code() == Some(2) && said.contains("a-file (") && said.contains("): name another"),
        "{said}"
    );
    for (more, words) in [
        (&["--set", "venue.depht=10"][..], "venue.depht"),
        (&["--seeds", "2"], "--simulate"),
        (&["--speed", "6"], "6"),
        (&["--simulate", "--venue", "kraken"], "cannot be used with"),
    ] {
        let refused = soak(folder.path(), more);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

/// Whatever goes wrong, connections are found by the exchange's log; and what is somebody's stays.
#[test]
fn a_run_over_sockets_in_good_weather_is_judged_too_and_harms_no_file() {
    let folder = folder();
    let calm = ["--seconds", "3", "--speed", "5", "--fault-seconds", "off"];
    let Output { status, stdout, stderr } = soak(folder.path(), &calm);
    assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(&stderr));
    let told: Value = serde_json::from_slice(&stdout).expect("JSON");
    assert!(told["run"]["books"].as_u64() > Some(50) && told["run"]["faults"] == serde_json::json!({}), "{told}");
    assert_eq!(told["run"]["faults_never"], serde_json::json!([]), "nothing was to happen");
    // In the same folder again, for people.
    let mut again = Command::new(env!("CARGO_BIN_EXE_fathom"));
    let again = again.args(["soak", "--out"]).arg(folder.path()).args(calm).output().expect("the program");
    let told = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && told.contains("\n  faults     none, as was asked for\n"), "{told}");
    assert!(told.contains(" KiB in the second (judged in runs of 900 s and more)\n"), "{told}");
    let (said, notes) = (folder.path().join("engine.log"), "my notes");
    std::fs::write(&said, notes).expect("a file");
    assert_eq!(soak(folder.path(), &calm).status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&said).expect("it is there"), notes);
}

/// In text as in JSON: the digest, and which faults never happened.
#[test]
fn a_simulated_run_tells_its_digest_and_what_never_happened() {
    let simulated = ["--simulate", "--seconds", "60", "--fault-seconds", "5", "--seed", "7"];
    let told = soak(folder().path(), &simulated);
    let told: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    let run = &told["runs"][0]["run"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_fathom"));
    let text = command.arg("soak").args(simulated).arg("--out").arg(folder().path()).output().expect("the program");
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    let digest = run["examined"]["digest"].as_str().expect("a digest");
    assert!(text.contains(&format!("  replayed   MATCH, verified, digest {digest}\n")), "{text}");
    let faults = run["faults"].as_object().expect("counts").len();
    let never: Vec<_> = run["faults_never"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    assert!(faults > 0 && !never.is_empty(), "{told}");
    let possible = faults + never.len();
    assert!(text.contains(&format!("\n  faults     {faults} of {possible} kinds: ")), "{text}");
    assert!(text.contains(&format!("\n  never      {}\n", never.join(", "))), "{text}");
}

/// The folder of a simulated run is removed when it was good: once with what somebody else had in it.
#[test]
fn a_simulated_run_begins_in_a_folder_of_its_own() {
    let folder = folder();
    let own = folder.path().join("seed-7");
    std::fs::create_dir(&own).expect("a folder");
    std::fs::write(own.join("thesis.txt"), "precious").expect("a file");
    let simulated = ["--simulate", "--seconds", "5", "--seed", "7"];
    let refused = soak(folder.path(), &simulated);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(2) && said.contains("seed-7 is there already"), "{said}");
    assert_eq!(std::fs::read_to_string(own.join("thesis.txt")).expect("it is there"), "precious");
    let last = u64::MAX.to_string();
    let told = soak(folder.path(), &["--simulate", "--seconds", "5", "--seed", &last]);
    let told: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    assert_eq!(told["runs"].as_array().map(Vec::len), Some(1), "{told}");
}
