//! Recovered journals through the whole system: `recover`, then every tool on what it wrote.

mod support;

use fathom::gaps::Gaps;
use fathom::info::Info;
use fathom::replay::replay;
use fathom::replay::report::SegmentReport;
use fathom::verify::verify;
use hotpath::record::{Checkpoint, Kind, body_of};
use journal::{End, Item, Segment, recover};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::{config, imported_bytes, synthetic};
use tempfile::TempDir;

const JOURNAL: &str = env!("CARGO_BIN_EXE_journal");
const REPLAY: &str = env!("CARGO_BIN_EXE_replay");

/// A session with a checkpoint each two seconds.
fn session(sets: &[&str]) -> (TempDir, Vec<PathBuf>) {
    let loaded = config("kraken-btc-eur.toml", sets);
    let (folder, imported) = imported_bytes(&synthetic(9, 2_000, &loaded), &loaded);
    (folder, imported.segments)
}

fn checkpoints(path: &Path) -> Vec<usize> {
    let segment = Segment::open(path).expect("a journal");
    let starts = segment.items().filter_map(|item| match item {
        Item::Record(record) if body_of::<Checkpoint>(record.bytes)?.state_offset == 0 => Some(record.offset),
        _ => None,
    });
    starts.collect()
}

/// Flips a bit of the record of `kind` that stands first behind byte `from`.
fn damage(path: &Path, from: usize, kind: Kind) {
    let segment = Segment::open(path).expect("a journal");
    let found = segment.items().find_map(|item| match item {
        Item::Record(record) if record.offset >= from && record.head.kind == kind => Some(record.offset),
        _ => None,
    });
    drop(segment);
    let mut bytes = fs::read(path).expect("a journal");
    bytes[found.expect("a record of the kind") + 45] ^= 4;
    fs::write(path, bytes).expect("a journal");
}

fn run(program: &str, args: &[&str], code: i32) -> (String, String) {
    let Output { status, stdout, stderr } = Command::new(program).args(args).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let (out, err) = (text(stdout), text(stderr));
    assert_eq!(status.code(), Some(code), "{out}{err}");
    (out, err)
}

fn only(reports: Vec<SegmentReport>) -> SegmentReport {
    assert_eq!(reports.len(), 1);
    reports.into_iter().next().expect("one")
}

/// What no replay reaches, no book was made of either: `verify` must say how much that is.
fn assert_unchecked(file: &Path, code: i32, report: &SegmentReport) {
    let name = file.to_str().expect("plain text");
    let told: Value = serde_json::from_str(&run(JOURNAL, &["verify", name, "--json"], code).0).expect("JSON");
    let replayed: u64 = report.outcomes.iter().map(|outcome| outcome.records).sum();
    let unchecked = report.scan.records() - replayed;
    assert!(unchecked > 50, "{unchecked}");
    assert_eq!(
        (&told["records_unchecked"], &told["files"][0]["records_unchecked"]),
        (&unchecked.into(), &unchecked.into())
    );
    let out = run(JOURNAL, &["verify", name], code).0;
    assert!(out.contains("\n  unchecked  ") && out.contains(" up to the next checkpoint"), "{out}");
}

/// Damage in the middle: replay goes on at the next checkpoint, every tool says what is missing, and
/// none calls it a failure.
#[test]
fn every_tool_says_what_was_left_out() {
    let (folder, files) = session(&["journal.checkpoint_s=2"]);
    let starts = checkpoints(&files[0]);
    assert!(starts.len() > 5, "{} checkpoints", starts.len());
    damage(&files[0], starts[3], Kind::LEVEL);
    let whole = only(replay(&files, None, None).expect("a replay"));
    let clean = folder.path().join("clean.bin");
    let told = recover(&files[0], &clean).expect("recovered");
    assert_eq!((told.passed.len(), told.passed[0].records), (1, Some(1)));
    let report = only(replay(std::slice::from_ref(&clean), None, None).expect("a replay"));
    assert!(report.is_match() && report.is_whole() && report.index_holds);
    assert_eq!((report.scan.end, report.scan.left_out.len(), report.outcomes.len()), (End::Sealed, 1, 2));
    let records = |report: &SegmentReport| report.outcomes.iter().map(|outcome| outcome.records).collect::<Vec<_>>();
    assert_eq!(records(&report), records(&whole), "what replays of the damaged file replays of the recovered one");
    for (file, code, report) in [(&files[0], 1, &whole), (&clean, 0, &report)] {
        assert_unchecked(file, code, report);
    }
    let name = clean.to_str().expect("plain text");
    let resumed = format!("resumes at the CHECKPOINT at byte {}", report.scan.spans[1].bytes.start);
    let left_out = format!("the record seq {} was left out at byte", report.scan.left_out[0].seq);
    let out = run(REPLAY, &[name], 0).0;
    assert!(out.contains(&resumed) && out.contains(&left_out) && out.contains("\nMATCH of what"), "{out}");
    for command in ["verify", "info"] {
        let out = run(JOURNAL, &[command, name], 0).0;
        assert!(out.contains(&left_out), "{out}");
    }
    assert!(run(JOURNAL, &["gaps", name], 0).1.contains(&left_out));
    let cat = run(JOURNAL, &["cat", name, "--kind", "left_out", "--json"], 0).0;
    let record: Value = serde_json::from_str(&cat).expect("one record");
    assert_eq!((&record["records"], &record["cause_name"]), (&1.into(), &"damaged".into()));
    let again = folder.path().join("again.bin");
    run(REPLAY, &[name, "--out", again.to_str().expect("plain text")], 0);
    let bytes = fs::read(&clean).expect("the clean file");
    let again = fs::read(&again).expect("the part before the damage");
    assert_eq!(again.len(), journal::valid_prefix(&bytes));
    assert!(bytes.starts_with(&again));
}

#[test]
fn a_recovered_journal_is_verified_like_any_other() {
    let (folder, files) = session(&["journal.checkpoint_s=2"]);
    let starts = checkpoints(&files[0]);
    let before = verify(&files[0]).expect("verified");
    damage(&files[0], starts[4], Kind::FRAME);
    let clean = folder.path().join("clean.bin");
    recover(&files[0], &clean).expect("recovered");
    let verified = verify(&clean).expect("verified");
    assert!(verified.is_ok() && !verify(&files[0]).expect("verified").is_ok());
    assert_eq!(verified.scan.records() + 1, before.scan.records());
    assert!(verified.counts.checksums_ok > before.counts.checksums_ok / 2);
    assert!(before.records_unchecked == 0 && verified.records_unchecked > 0);
    assert_eq!(Gaps::of(std::slice::from_ref(&clean)).expect("gaps").left_out.len(), 1);
    assert_eq!(Info::of(&clean).expect("info").to_json()["left_out"][0]["records"], 1);
}

/// A folder is recovered segment by segment; what comes out joins as the originals did.
#[test]
fn a_folder_is_recovered_into_a_folder() {
    let (folder, files) = session(&["journal.segment_bytes=262144"]);
    assert!(files.len() > 2, "{} segments", files.len());
    let last = files.last().expect("a segment");
    let bytes = fs::read(last).expect("a segment");
    fs::write(last, &bytes[..bytes.len() / 2]).expect("cut");
    let (source, out) = (files[0].parent().expect("a folder"), folder.path().join("clean"));
    let args = ["recover", source.to_str().expect("text"), "--out", out.to_str().expect("text"), "--json"];
    let told: Value = serde_json::from_str(&run(JOURNAL, &args, 0).0).expect("JSON");
    assert_eq!((told["files"].as_array().map(Vec::len), &told["failed"]), (Some(files.len()), &0.into()));
    for file in &files[..files.len() - 1] {
        let copy = out.join(file.file_name().expect("a name"));
        assert!(fs::read(file).expect("it") == fs::read(copy).expect("its copy"), "a whole segment is copied");
    }
    assert!(run(REPLAY, &[out.to_str().expect("text")], 0).0.contains("(unfinished step, "));
    // Again into the same folder: nothing is written over.
    let err = run(JOURNAL, &args, 2).1;
    assert!(err.contains("never overwritten"), "{err}");
}

/// With one file that is none: the others are recovered, and the exit code says that one was not.
#[test]
fn a_file_that_is_no_journal_does_not_keep_the_others() {
    let (folder, files) = session(&[]);
    let letter = folder.path().join("letter.bin");
    fs::write(&letter, [b'x'; 300]).expect("a letter");
    let out = folder.path().join("clean");
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    let err = run(JOURNAL, &["recover", &text(&letter), &text(&files[0]), "--out", &text(&out)], 2).1;
    assert!(err.contains("letter.bin") && err.contains("1 of 2 files could not be recovered"), "{err}");
    assert!(fs::read(out.join("journal.bin")).expect("the other") == fs::read(&files[0]).expect("its source"));
}
