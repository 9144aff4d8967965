//! `journal play`: the built programs on a run that is written through the ring and its threads.

use journal::{Place, Run, Settings, Writer};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const FRAMES: &str = "3000";

fn journal(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_journal"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).stdin(Stdio::null());
    command
}

fn done(command: &mut Command) -> Output {
    let output = command.output().expect("a program");
    assert!(output.status.success(), "{output:?}");
    output
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

fn replay(folder: &Path) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_replay"));
    json(&done(command.arg(folder).arg("--json")))
}

/// A sample's recording and the journal of its import.
fn sample(folder: &Path) -> (PathBuf, PathBuf) {
    done(&mut journal(&["sample", &folder.display().to_string(), "--frames", FRAMES]));
    (folder.join("recording.cbcap"), folder.join("journal.bin"))
}

/// Kinds and flags of what the engine made of the frames: times are others in every run.
fn decisions(paths: &[&Path]) -> Vec<(Value, Value)> {
    let mut command = journal(&["cat", "--json"]);
    command.args(["--kind", "BOOK_END", "--kind", "TRADE", "--kind", "SNAPSHOT", "--kind", "LEVEL"]);
    let output = done(command.args(paths));
    let lines = output.stdout.lines().map(|line| serde_json::from_str::<Value>(&line.expect("text")).expect("JSON"));
    lines.map(|line| (line["kind"].clone(), line["body"].clone())).collect()
}

#[test]
fn a_play_is_a_run_like_any_other_and_the_next_one_goes_on_behind_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (recording, imported) = sample(folder.path());
    let runs = folder.path().join("runs");
    let play = || {
        let mut command = journal(&["play", "--pace", "max", "--json", "--set", "journal.segment_bytes=262144"]);
        done(command.arg(&recording).arg("--folder").arg(&runs))
    };
    let first = json(&play());
    assert_eq!((&first["frames"], &first["cut"]), (&Value::from(3000), &Value::from(false)));
    let segments = first["segments"].as_u64().expect("a number");
    assert!(segments > 2, "several segments: {first}");
    let again = play();
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(told.contains(&format!("segment {} of run", segments - 1)) && told.contains("; closed"), "{told}");
    let found = done(journal(&["cat", "--kind", "FOUND", "--json"]).arg(&runs));
    assert_eq!(found.stdout.iter().filter(|byte| **byte == b'\n').count(), 1, "the second run's first input");
    let report = replay(&runs);
    assert_eq!((&report["match"], &report["frames"]), (&Value::from(true), &Value::from(6000)), "{report}");
    let halves = decisions(&[&runs]);
    let (one, other) = halves.split_at(halves.len() / 2);
    assert!(one == other && one == decisions(&[&imported]), "live or imported, a frame means the same");
}

/// Once, a recorder's clock that ran back behind the first frame ended the program.
#[test]
fn a_clock_that_ran_back_is_no_wait() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recording.cbcap");
    let frame = |recv_ns: u64| format!("{recv_ns} 23\n{{\"channel\":\"heartbeat\"}}\n");
    let text = format!("CBCAP1 kraken BTC/EUR 5\n{}{}{}", frame(u64::MAX), frame(3), frame(4));
    std::fs::write(&path, text).expect("a file");
    let runs = folder.path().join("runs");
    let played = json(&done(journal(&["play", "--json"]).arg(&path).arg("--folder").arg(&runs)));
    assert_eq!((&played["frames"], &played["cut"]), (&Value::from(3), &Value::from(false)));
}

/// A program that is killed when the test ends early.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a play that takes for ever, and waits until a reader beside it has seen its first records.
fn playing(recording: &Path, runs: &Path) -> Running {
    let mut command = journal(&["play", "--pace", "0.0001", "--json"]);
    command.arg(recording).arg("--folder").arg(runs).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().expect("a program"));
    let mut told = BufReader::new(running.0.stderr.take().expect("a pipe"));
    // Until it has taken the folder it says nothing of it; the first record comes right after.
    while !runs.join("000000.bin").exists() {
        assert!(running.0.try_wait().expect("a child").is_none(), "it ended: {:?}", told.fill_buf());
        std::thread::yield_now();
    }
    loop {
        let followed = journal(&["cat", "--follow", "--limit", "3"]).arg(runs).output().expect("a program");
        if followed.status.success() {
            assert_eq!(followed.stdout.iter().filter(|byte| **byte == b'\n').count(), 3);
            return running;
        }
        assert!(running.0.try_wait().expect("a child").is_none(), "it ended: {:?}", told.fill_buf());
    }
}

#[test]
fn an_interrupted_play_closes_its_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let (recording, _) = sample(folder.path());
    let runs = folder.path().join("runs");
    let mut running = playing(&recording, &runs);
    let second = journal(&["play"]).arg(&recording).arg("--folder").arg(&runs).output().expect("a program");
    let told = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(2));
    assert!(told.contains("another writer holds this folder"), "{told}");
    let until = done(journal(&["cat", "--follow", "--to-seq", "2"]).arg(&runs));
    assert_eq!(
        until.stdout.iter().filter(|byte| **byte == b'\n').count(),
        3,
        "it ends by itself while the run goes on"
    );
    let pid = running.0.id().to_string();
    done(Command::new("kill").args(["-INT", &pid]));
    assert_eq!(running.0.wait().expect("a child").code(), Some(0));
    let report = replay(&runs);
    assert_eq!(report["match"], Value::from(true), "{report}");
    let closed = done(journal(&["cat", "--kind", "CLOSE"]).arg(&runs));
    assert!(String::from_utf8_lossy(&closed.stdout).contains("stopped"), "{closed:?}");
    let left = std::fs::read_dir(&runs).expect("a folder").count();
    assert_eq!(left, 2, "the segment and the lock");
}

#[test]
fn a_killed_play_replays_and_recovers() {
    let folder = tempfile::tempdir().expect("a folder");
    let (recording, _) = sample(folder.path());
    let runs = folder.path().join("runs");
    let mut running = playing(&recording, &runs);
    running.0.kill().expect("a kill");
    running.0.wait().expect("a child");
    assert_eq!(replay(&runs)["match"], Value::from(true));
    let clean = folder.path().join("clean");
    done(journal(&["recover"]).arg(&runs).arg("--out").arg(&clean));
    assert_eq!(replay(&clean)["match"], Value::from(true));
    let mut next = journal(&["play", "--pace", "max"]);
    let next = done(next.arg(&recording).arg("--folder").arg(&runs));
    let told = String::from_utf8_lossy(&next.stderr).into_owned();
    assert!(told.contains("not closed (unsealed)") && told.contains("this run goes on behind it"), "{told}");
    assert_eq!(replay(&runs)["match"], Value::from(true));
}

/// A journal that was begun and holds no record is none that matches.
#[test]
fn of_nothing_replay_says_that_it_is_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = Run { run_id: 1, salt: 2, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 };
    let place = Place::Folder(folder.path().to_owned());
    let writer = Writer::create(Settings { place, run, capacity_bytes: 1 << 20 }).expect("created");
    writer.close().expect("closed");
    let told = done(Command::new(env!("CARGO_BIN_EXE_replay")).arg(folder.path()));
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("NOTHING TO REPLAY") && !told.contains("MATCH"), "{told}");
    // No checkpoint says which version wrote it, and none is to blame.
    assert!(told.contains("000000.bin: holds no record\n") && !told.contains("version"), "{told}");
}

#[test]
fn a_pace_that_is_none_is_refused() {
    for pace in ["0", "-1", "nan", "inf", "fast"] {
        let refused = journal(&["play", "x", "--folder", "y", &format!("--pace={pace}")]).output().expect("a program");
        assert_eq!(refused.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("write a number above 0, or `max`"));
    }
}
