//! The finer stages: no time can be foretold, but which messages are timed can.

use super::session::session;
use super::{EUR, LED, REGIMES, latency, row, silent, text};
use crate::support::{config, imported_bytes, synthetic};
use crate::xml::assert_well_formed;
use serde_json::{Value, json};
use std::path::Path;

fn figures(path: &Path, more: &[&str]) -> Value {
    let output = latency(&[&[text(path), "--json"], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn every_message_is_run_again_on_the_levels_and_in_the_hours_that_were_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    session(folder.path(), LED, &REGIMES, &silent(4_000));
    let plain = figures(folder.path(), &[]);
    let (csv, page) = (folder.path().join("figures.csv"), folder.path().join("page.html"));
    let again = figures(folder.path(), &["--rerun", "--csv", text(&csv), "--html", text(&page)]);
    assert_eq!(again["latency"], plain["latency"], "the sum is what it was");
    let rerun = json!({ "latency": again["rerun"]["rows"] });
    assert_eq!(
        (&again["rerun"]["messages"], &again["rerun"]["label"]),
        (&4_000.into(), &"re-run on this machine".into())
    );
    let mut splits = 0;
    for of in plain["latency"].as_array().expect("rows").iter().filter(|of| of["stage"] == "read_to_taken") {
        let [split, level] = ["split", "level"].map(|name| of[name].as_str().expect("text"));
        let connection = of["connection"].as_u64().expect("a number") as u16;
        for stage in ["tls", "frame", "decode", "book", "regimes_and_connections"] {
            let counted = &row(&rerun, connection, split, level, stage)["count"];
            assert_eq!(*counted, of["count"], "{connection} {split} {level} {stage}");
        }
        splits += 1;
    }
    assert!(splits > 10);
    // Each message ends a read here, so each is decided on; a fair mid is made where a trusted book changed.
    let count = |stage: &str| row(&rerun, 0, "all", "all", stage)["count"].as_u64().expect("a number");
    assert_eq!(count("decision"), count("decode"));
    assert!((100..count("decision")).contains(&count("fair_mid")), "{}", count("fair_mid"));
    assert!(std::fs::read_to_string(csv).expect("a file").contains("\nrerun,kraken BTC/EUR,all,all,fair_mid,p50_ns,"));
    let page = std::fs::read_to_string(page).expect("a page");
    assert_well_formed(&page);
    assert!(page.contains("Finer stages: re-run on this machine") && page.contains("TLSv1_3"));
}

#[test]
fn a_journal_without_stamps_is_run_again_too() {
    let loaded = config(EUR, &[]);
    let (_folder, imported) = imported_bytes(&synthetic(3, 1_000, &loaded), &loaded);
    let again = figures(&imported.segments[0], &["--rerun"]);
    assert_eq!(again["rerun"]["messages"], imported.frames);
}
