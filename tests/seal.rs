//! Compressed journals through the programs: every tool reads them as it reads the originals.

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::{config, imported_bytes, synthetic};
use tempfile::TempDir;

const JOURNAL: &str = env!("CARGO_BIN_EXE_journal");
const REPLAY: &str = env!("CARGO_BIN_EXE_replay");

/// The folder of a run of several segments.
fn session() -> (TempDir, PathBuf) {
    let loaded = config("kraken-btc-eur.toml", &["journal.segment_bytes=262144"]);
    let (folder, imported) = imported_bytes(&synthetic(4, 1_500, &loaded), &loaded);
    assert!(imported.segments.len() > 2, "{} segments", imported.segments.len());
    let run = imported.segments[0].parent().expect("a folder").to_owned();
    (folder, run)
}

fn run(program: &str, args: &[&str], code: i32) -> (String, String) {
    let Output { status, stdout, stderr } = Command::new(program).args(args).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let (out, err) = (text(stdout), text(stderr));
    assert_eq!(status.code(), Some(code), "{args:?}: {out}{err}");
    (out, err)
}

fn json(program: &str, args: &[&str]) -> Value {
    serde_json::from_str(&run(program, args, 0).0).expect("JSON")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("plain text")
}

fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = entries
        .map(|path| (text(Path::new(path.file_name().expect("a name"))).to_owned(), fs::read(&path).expect("a file")))
        .collect();
    files.sort();
    files
}

#[test]
fn every_tool_reads_a_compressed_run_as_the_original() {
    let (folder, journals) = session();
    let name = text(&journals);
    let before = contents(&journals);
    let tools = |command: &str| run(JOURNAL, &[command, name, "--json"], 0).0.replace(".bin.zst", ".bin");
    let told: Vec<String> = ["verify", "cat", "gaps"].map(tools).to_vec();
    let digest = json(REPLAY, &[name, "--json"])["digest"].clone();
    let sealed = json(JOURNAL, &["seal", name, "--level", "1", "--json"]);
    assert_eq!(sealed["files"].as_array().map(Vec::len), Some(before.len()));
    assert!(contents(&journals).iter().all(|(file, _)| file.ends_with(".bin.zst")), "the originals are gone");
    let again = folder.path().join("again");
    let replayed = json(REPLAY, &[name, "--out", text(&again), "--json"]);
    assert_eq!((&replayed["digest"], &replayed["match"]), (&digest, &true.into()));
    assert!(contents(&again) == before, "what is regenerated is the originals, under their names");
    assert_eq!(["verify", "cat", "gaps"].map(tools).to_vec(), told);
    let info = json(JOURNAL, &["info", name, "--json"]);
    let (first, original) = (&info["files"][0], before[0].1.len());
    assert_eq!(
        (&first["bytes"], &first["compressed_bytes"]),
        (&original.into(), &sealed["files"][0]["compressed_bytes"])
    );
    assert!(run(JOURNAL, &["info", name], 0).0.contains("bytes on the disk"));
    // Nothing is left to do, and it says so, whatever of them is named.
    let all = format!("{} files are sealed already\n", before.len());
    assert_eq!(run(JOURNAL, &["seal", name], 0).0, all);
    assert_eq!(json(JOURNAL, &["seal", name, "--json"])["sealed_before"], before.len());
    for file in ["000000.bin", "000000.bin.zst"].map(|file| journals.join(file)) {
        assert_eq!(run(JOURNAL, &["seal", text(&file)], 0).0, "1 file is sealed already\n");
    }
    fs::write(journals.join("no.bin.zst"), "no journal").expect("a file");
    run(JOURNAL, &["seal", text(&journals.join("no.bin.zst"))], 2);
    run(JOURNAL, &["seal", text(&journals.join("nowhere.bin"))], 2);
}

#[test]
fn a_journal_that_is_there_twice_is_refused() {
    let (_folder, journals) = session();
    let first = journals.join("000000.bin");
    run(JOURNAL, &["seal", text(&first), "--keep"], 0);
    assert!(first.exists());
    for command in ["info", "verify", "cat", "gaps"] {
        let err = run(JOURNAL, &[command, text(&journals)], 2).1;
        assert!(err.contains("000000.bin and") && err.contains("have the same number"), "{err}");
    }
    run(REPLAY, &[text(&journals)], 2);
    // Sealing goes on where it was stopped.
    run(JOURNAL, &["seal", text(&first)], 0);
    assert!(!first.exists());
    run(REPLAY, &[text(&journals)], 0);
}

#[test]
fn what_is_not_closed_stays_and_does_not_keep_the_others() {
    let (_folder, journals) = session();
    let last = journals.join(&contents(&journals).last().expect("a segment").0);
    let bytes = fs::read(&last).expect("a segment");
    fs::write(&last, &bytes[..bytes.len() - 64]).expect("cut");
    let err = run(JOURNAL, &["seal", text(&journals), "--level", "1"], 2).1;
    assert!(err.contains("recover it first") && err.contains("1 of "), "{err}");
    let left: Vec<_> = contents(&journals).into_iter().filter(|(name, _)| name.ends_with(".bin")).collect();
    assert!(left.len() == 1 && left[0].1 == bytes[..bytes.len() - 64]);
}
