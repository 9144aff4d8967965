//! The demo, as a newcomer starts it.

use fathom::files::journal_files;
use fathom::replay::replay;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn demo(folder: &Path, seconds: u64) -> (i32, Value, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_fathom"))
        .args(["demo", "--json", "--seconds", &seconds.to_string(), "--out"])
        .arg(folder)
        .output()
        .expect("the program");
    let told = String::from_utf8(stderr).expect("text");
    (status.code().unwrap_or(-1), serde_json::from_slice(&stdout).unwrap_or(Value::Null), told)
}

/// Twice in one folder: the second demo shows its own run, behind the first.
#[test]
fn the_demo_ends_in_a_match_and_a_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("made");
    let mut frames = 0;
    let mut pages = Vec::new();
    for _ in 0..2 {
        let (code, json, told) = demo(&out, 3);
        assert_eq!(code, 0, "{json} {told}");
        assert_eq!(
            (&json["match"], &json["verified"], &json["checksums_bad"]),
            (&true.into(), &true.into(), &0.into())
        );
        assert!(json["checksums_ok"].as_u64() > Some(0), "{json}");
        frames += json["frames"].as_u64().expect("a number");
        let page = std::fs::read_to_string(json["page"].as_str().expect("a path")).expect("the page");
        assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"));
        assert!(!page.contains("src=\"http") && !page.contains("href=\"http"), "nothing from outside");
        pages.push(page);
    }
    assert_ne!(pages[0], pages[1], "each run has its own page");
    // The folder holds both runs, and a newcomer's `replay` of it says the same.
    let files = journal_files(&[out.join("journal")]).expect("journals");
    let reports = replay(&files, None, None).expect("a replay");
    assert!(reports.iter().all(|report| report.is_match() && report.is_whole()));
    let held: u64 = reports.iter().flat_map(|report| &report.outcomes).map(|outcome| outcome.frames).sum();
    assert_eq!(held, frames);
}

#[test]
fn a_configuration_that_is_somebodys_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("kraken-btc-eur.toml");
    std::fs::write(&config, "mine").expect("a file");
    let (code, _, told) = demo(folder.path(), 1);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("kraken-btc-eur.toml"), "{told}");
    assert_eq!(std::fs::read_to_string(&config).expect("it"), "mine");
}
