//! What the programs say and do when they are handed something wrong: exit codes, one sentence, and
//! nobody's file touched.

use hotpath::record::{LINE_BYTES, head_of};
use journal::{Header, RECORDS_AT, Run, origin, valid_prefix};
use nix::sys::stat::Mode;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const JOURNAL: &str = env!("CARGO_BIN_EXE_journal");
const REPLAY: &str = env!("CARGO_BIN_EXE_replay");
const EXCHANGE: &str = env!("CARGO_BIN_EXE_exchange");
const EUR: &str = "configs/kraken-btc-eur.toml";
const USD: &str = "configs/kraken-btc-usd.toml";
/// Places of a file that are tried with a flipped bit, and lengths that it is cut to.
const FLIPS: usize = 60;
const CUTS: usize = 60;

/// A program that ended.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    /// Exit code 2, nothing on standard output, one line on standard error that holds all of `words`.
    #[track_caller]
    fn refuses(&self, words: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{}", self.err);
        assert_eq!(self.err.trim_end().lines().count(), 1, "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in {:?}", self.err);
        }
    }

    #[track_caller]
    fn ends(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self
    }

    /// Standard output, which must be one JSON value in one line.
    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{}", self.out);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// Runs a program in the repository's folder, where the shipped configurations are.
fn run(program: &str, args: &[&str]) -> Ran {
    let Output { status, stdout, stderr } =
        Command::new(program).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran { code: status.code(), out: text(stdout), err: text(stderr) }
}

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The path as an argument.
    fn arg(&self, name: &str) -> String {
        self.path(name).to_str().expect("a path of plain text").to_owned()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.path(name), bytes).expect("a file");
        self.arg(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A recording and its journal.
    fn sample(frames: usize, sets: &[&str]) -> Self {
        let desk = Self::new();
        let (folder, frames) = (desk.arg("."), frames.to_string());
        let mut args = vec!["sample", &folder, "--frames", &frames];
        sets.iter().for_each(|set| args.extend(["--set", set]));
        run(JOURNAL, &args).ends(0);
        desk
    }
}

/// Places spread over `size` bytes, the same in every run, none on a regular grid.
fn spread(size: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |index| size * index / count + index * 7919 % (size / count).max(1))
}

/// Every record of a whole file: where it starts and ends.
fn records(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut records = Vec::new();
    let mut at = RECORDS_AT;
    while let Some(head) = bytes.get(at..).and_then(head_of) {
        let end = at + head.len as usize;
        assert!(end > at && end <= bytes.len(), "the sample itself is whole");
        records.push((at, end));
        at = end;
    }
    records
}

#[test]
fn a_missing_file_is_named() {
    let desk = Desk::new();
    let missing = desk.arg("nobody.bin");
    for command in ["info", "verify", "cat", "gaps", "report"] {
        run(JOURNAL, &[command, &missing]).refuses(&["nobody.bin", "check the path"]);
    }
    run(REPLAY, &[&missing]).refuses(&["nobody.bin", "check the path"]);
    run(JOURNAL, &["import", &missing, "--config", EUR]).refuses(&["nobody.bin", "No such file"]);
    run(JOURNAL, &["import", &missing]).refuses(&["nobody.bin", "No such file"]);
    run(REPLAY, &[&desk.arg(".")]).refuses(&["holds no .bin or .bin.zst file"]);
}

#[test]
fn what_is_no_journal_is_refused() {
    let desk = Desk::new();
    let (text, short) =
        (desk.write("text.bin", &b"no journal at all\n".repeat(100)), desk.write("short.bin", b"FATHOMJ\n"));
    let empty = desk.write("empty.bin", b"");
    let pipe = desk.arg("pipe.bin");
    nix::unistd::mkfifo(Path::new(&pipe), Mode::S_IRWXU).expect("a pipe");
    // One without a writer would be waited for.
    let _writer = fs::File::options().read(true).write(true).open(&pipe).expect("a pipe");
    let journals = [(&text, "not a Fathom journal"), (&short, "shorter than"), (&empty, "empty.bin")];
    for (file, word) in journals.into_iter().chain([(&pipe, "not a regular file")]) {
        for command in ["info", "verify", "cat", "gaps", "report"] {
            run(JOURNAL, &[command, file]).refuses(&[word, file]);
        }
        run(REPLAY, &[file]).refuses(&[word, file]);
    }
    run(JOURNAL, &["import", &text, "--config", EUR]).refuses(&["not a recording", "byte 0"]);
}

#[test]
fn a_damaged_header_needs_both_copies() {
    let desk = Desk::sample(50, &[]);
    let mut bytes = desk.read("journal.bin");
    bytes[40] ^= 1;
    bytes[168] ^= 1;
    let file = desk.write("both.bin", &bytes);
    run(REPLAY, &[&file]).refuses(&["both copies", "both.bin"]);
    bytes[8] ^= 1;
    bytes[136] ^= 1;
    run(JOURNAL, &["verify", &desk.write("both.bin", &bytes)]).refuses(&["both copies"]);
}

#[test]
fn usage_is_refused_by_name() {
    let desk = Desk::sample(50, &[]);
    let file = desk.arg("journal.bin");
    for args in [&["nonsense"][..], &["info"], &["cat", &file, "--limit", "-1"], &["import"]] {
        assert_eq!(run(JOURNAL, args).ends(2).out, "");
    }
    assert_eq!(run(REPLAY, &[&file, "--threads", "0"]).ends(2).out, "");
    run(JOURNAL, &["cat", &file, "--kind", "QUOTES"]).refuses(&["did you mean `QUOTE`?"]);
    run(JOURNAL, &["cat", &file, "--from", "yesterday"]).refuses(&["`yesterday` is no time"]);
}

#[test]
fn an_unknown_key_comes_with_the_one_that_was_meant() {
    let desk = Desk::new();
    let recording = desk.write("a.cbcap", b"CBCAP1 kraken BTC/EUR 5\n");
    let out = desk.arg("a.bin");
    let import = |config: &str, set: &str| {
        run(JOURNAL, &["import", &recording, "--config", config, "--set", set, "--out", &out])
    };
    import(EUR, "venue.dept=25").refuses(&["unknown key `venue.dept`", "did you mean `venue.depth`?"]);
    import(EUR, "venue.depth").refuses(&["has no `=`"]);
    import(EUR, "venue.depth=11").refuses(&["venue.depth", "one of 10, 25, 100, 500, 1000"]);
    import("configs/nowhere.toml", "venue.depth=25").refuses(&["configs/nowhere.toml", "cannot be read"]);
    import(&desk.write("b.toml", b"[venue\n"), "venue.depth=25").refuses(&["b.toml:1:", "is not TOML"]);
    assert!(!desk.path("a.bin").exists(), "a journal came of a refused configuration");
}

#[test]
fn another_market_is_refused() {
    let desk = Desk::sample(50, &[]);
    let (recording, out) = (desk.arg("recording.cbcap"), desk.arg("usd.bin"));
    run(JOURNAL, &["import", &recording, "--config", USD, "--out", &out]).refuses(&[
        "kraken BTC/EUR",
        "kraken BTC/USD",
        "--config",
    ]);
    assert!(!desk.path("usd.bin").exists());
    let other = desk.write("other.cbcap", b"CBCAP1 kraken DOGE/EUR 5\n");
    run(JOURNAL, &["import", &other]).refuses(&["configs/kraken-doge-eur.toml", "give --config"]);
    let lines = desk.write("lines", b"7 {\"stream\":\"a\"}\n");
    run(JOURNAL, &["import", &lines]).refuses(&["lines does not name its market", "give --config"]);
}

#[test]
fn a_broken_recording_is_imported_up_to_the_break() {
    let desk = Desk::sample(300, &[]);
    let recording = desk.read("recording.cbcap");
    for cut in spread(recording.len(), 8).skip(1) {
        let file = desk.write("broken.cbcap", &recording[..cut]);
        let out = desk.arg("broken.bin");
        let ran = run(JOURNAL, &["import", &file, "--config", EUR, "--out", &out, "--json"]);
        let json = ran.json();
        let Some(broken_at) = json["broken_at"].as_u64() else {
            ran.ends(0);
            continue;
        };
        ran.ends(1);
        let frames = json["frames"].as_u64().expect("a count");
        assert!(broken_at <= cut as u64, "byte {broken_at} of {cut}");
        assert!(ran.err.contains(&format!("byte {broken_at}: expected ")), "{}", ran.err);
        assert!(ran.err.contains(&format!("the {frames} frames before it")), "{}", ran.err);
        let replayed = run(REPLAY, &[&out, "--json"]);
        replayed.ends(0);
        assert_eq!((&replayed.json()["match"], &replayed.json()["frames"]), (&true.into(), &frames.into()));
        fs::remove_file(out).expect("the journal");
    }
}

#[test]
fn json_is_all_there_is_on_standard_output() {
    let desk = Desk::sample(50, &[]);
    let (journal, recording) = (desk.arg("journal.bin"), desk.arg("recording.cbcap"));
    for command in ["info", "verify", "gaps"] {
        assert!(run(JOURNAL, &[command, &journal, "--json"]).ends(0).json().is_object());
        assert!(run(JOURNAL, &[command, &desk.arg("nobody.bin"), "--json"]).ends(2).out.is_empty());
    }
    assert!(run(REPLAY, &[&journal, "--json"]).ends(0).json().is_object());
    assert!(run(JOURNAL, &["import", &recording, "--out", &journal, "--json"]).ends(0).json().is_object());
    assert!(run(JOURNAL, &["sample", &desk.arg("."), "--frames", "50", "--json"]).ends(0).json().is_object());
    let lines = run(JOURNAL, &["cat", &journal, "--json"]);
    assert!(lines.ends(0).out.lines().count() > 50);
    for line in lines.out.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object()), "{line}");
    }
}

/// The journal as a run on the exchange would have written it: nothing could write it again.
fn as_if_live(mut bytes: Vec<u8>) -> Vec<u8> {
    let run = Header::read(&bytes).expect("a header").header.run();
    let header = [Header::new(&Run { origin: origin::LIVE, ..run }); 2];
    bytes[..RECORDS_AT].copy_from_slice(bytemuck::cast_slice(&header));
    bytes
}

/// What a recording gives again may be written over, and so may an empty file.
#[test]
fn an_import_and_an_empty_file_may_be_replaced() {
    let desk = Desk::sample(50, &[]);
    let other = Desk::sample(60, &[]);
    let (journal, recording) = (desk.arg("journal.bin"), desk.arg("recording.cbcap"));
    for (name, bytes) in [("other.bin", other.read("journal.bin")), ("empty.bin", Vec::new())] {
        let out = desk.write(name, &bytes);
        run(REPLAY, &[&journal, "--out", &out]).ends(0);
        assert!(desk.read(name) == desk.read("journal.bin"));
        desk.write(name, &bytes);
        run(JOURNAL, &["import", &recording, "--config", EUR, "--out", &out]).ends(0);
        assert!(desk.read(name) == desk.read("journal.bin"));
    }
}

#[test]
fn somebody_elses_file_stays_as_it_was() {
    let desk = Desk::sample(50, &[]);
    let other = Desk::sample(60, &[]);
    let (journal, recording) = (desk.arg("journal.bin"), desk.arg("recording.cbcap"));
    let foreign = [("letter.txt", b"dear diary".to_vec()), ("live.bin", as_if_live(other.read("journal.bin")))];
    for (name, bytes) in &foreign {
        let out = desk.write(name, bytes);
        run(REPLAY, &[&journal, "--out", &out]).refuses(&[name, "choose another --out"]);
        run(JOURNAL, &["import", &recording, "--out", &out]).refuses(&[name, "choose another --out"]);
        assert!(desk.read(name) == *bytes, "{name} was touched");
    }
    // The input itself, under its own name and under another.
    let before = desk.read("journal.bin");
    std::os::unix::fs::symlink(desk.path("journal.bin"), desk.path("alias.bin")).expect("a link");
    for out in [&journal, &desk.arg("alias.bin")] {
        run(REPLAY, &[&journal, "--out", out]).refuses(&["choose another --out"]);
    }
    run(JOURNAL, &["import", &recording, "--out", &recording]).refuses(&["choose another --out"]);
    assert!(desk.read("journal.bin") == before);
    // A folder with something else in it.
    let folder = desk.path("folder");
    fs::create_dir(&folder).expect("a folder");
    desk.write("folder/letter.txt", b"dear diary");
    run(JOURNAL, &["import", &recording, "--out", &desk.arg("folder")]).refuses(&["letter.txt", "empty folder"]);
    assert_eq!(desk.read("folder/letter.txt"), b"dear diary");
}

#[test]
fn the_same_import_gives_the_same_bytes() {
    let desk = Desk::sample(300, &[]);
    let first = desk.read("journal.bin");
    let recording = desk.arg("recording.cbcap");
    run(JOURNAL, &["import", &recording, "--out", &desk.arg("again.bin")]).ends(0);
    assert!(desk.read("again.bin") == first, "another import differs");
    run(JOURNAL, &["import", &recording, "--out", &desk.arg("again.bin")]).ends(0);
    assert!(desk.read("again.bin") == first, "an import over its own journal differs");
    assert_eq!(fs::read_dir(desk.0.path()).expect("the folder").count(), 3, "something was left behind");
}

#[test]
fn one_flipped_bit_costs_one_record() {
    let desk = Desk::sample(120, &[]);
    let whole = desk.read("journal.bin");
    let records = records(&whole);
    for at in spread(whole.len() - RECORDS_AT, FLIPS).map(|place| RECORDS_AT + place) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let file = desk.write("flipped.bin", &bytes);
        let (start, _) = *records.iter().find(|(start, end)| (*start..*end).contains(&at)).expect("a record");
        let verified = run(JOURNAL, &["verify", &file, "--json"]);
        let json = verified.ends(1).json();
        assert_eq!(json["offsets_damaged"][0], start, "bit {at}: {json}");
        assert!(json["records_damaged"].as_u64().is_some_and(|count| count <= 1), "bit {at}: {json}");
        let told = run(JOURNAL, &["verify", &file]);
        assert!(told.ends(1).out.contains(&format!("damaged at byte {start}")), "{}", told.out);
        let replayed = run(REPLAY, &[&file, "--out", &desk.arg("again.bin"), "--json"]);
        // What is left of the file is as the engine makes it.
        assert_eq!(replayed.ends(1).json()["match"], true, "bit {at}");
        let again = desk.read("again.bin");
        assert!(bytes.starts_with(&again), "bit {at}: what is written is no part of the file");
        assert_eq!(again.len(), valid_prefix(&bytes), "bit {at}");
        assert!(start >= again.len(), "bit {at}: damage was regenerated");
        fs::remove_file(desk.path("again.bin")).expect("the output");
    }
}

#[test]
fn one_flipped_bit_in_the_header_costs_nothing() {
    let desk = Desk::sample(50, &[]);
    let whole = desk.read("journal.bin");
    for at in spread(RECORDS_AT, 16) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let file = desk.write("flipped.bin", &bytes);
        let json = run(JOURNAL, &["verify", &file, "--json"]).ends(1).json();
        let copy = at / (RECORDS_AT / 2) * (RECORDS_AT / 2);
        assert_eq!((&json["offsets_damaged"], &json["records_damaged"]), (&vec![copy].into(), &0.into()), "bit {at}");
        let replayed = run(REPLAY, &[&file, "--out", &desk.arg("again.bin"), "--json"]);
        assert_eq!(replayed.ends(1).json()["match"], true, "bit {at}");
        assert!(desk.read("again.bin") == whole, "bit {at}: the header was not written whole");
        fs::remove_file(desk.path("again.bin")).expect("the output");
    }
}

#[test]
fn a_cut_file_replays_to_its_last_whole_step() {
    let desk = Desk::sample(120, &[]);
    let whole = desk.read("journal.bin");
    let (_, opened) = records(&whole)[0];
    // Inside the header a copy of it may be whole; behind it lies a run that died before its first step.
    let near_the_start = [RECORDS_AT / 2 - 1, RECORDS_AT / 2, RECORDS_AT - 1, RECORDS_AT, opened - 1, opened];
    for length in spread(whole.len(), CUTS).chain(near_the_start) {
        let bytes = &whole[..length];
        let file = desk.write("cut.bin", bytes);
        let replayed = run(REPLAY, &[&file, "--out", &desk.arg("again.bin"), "--json"]);
        if length < RECORDS_AT / 2 {
            replayed.refuses(&["cut.bin"]);
            continue;
        }
        if length < RECORDS_AT {
            assert_eq!(replayed.ends(1).json()["records"], 0, "cut to {length}");
            continue;
        }
        let json = replayed.ends(0).json();
        let valid = valid_prefix(bytes);
        assert_eq!(
            (&json["match"], &json["files"][0]["valid_bytes"]),
            (&true.into(), &valid.into()),
            "cut to {length}"
        );
        let again = desk.read("again.bin");
        assert_eq!(again.len(), valid, "cut to {length}");
        assert!(bytes.starts_with(&again), "cut to {length}: what is written is no part of the file");
        let once_more = run(REPLAY, &[&desk.arg("again.bin"), "--json"]);
        assert_eq!(once_more.ends(0).json()["records"], (records(&again).len()), "cut to {length}");
        fs::remove_file(desk.path("again.bin")).expect("the output");
    }
    assert!(whole.len().is_multiple_of(LINE_BYTES));
}

#[test]
fn several_segments_replay_in_any_order_to_one_digest() {
    let desk = Desk::sample(2_000, &["journal.segment_bytes=65536"]);
    let folder = desk.path("journal.bin");
    let mut files: Vec<_> =
        fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() > 3, "{} segments", files.len());
    let mut args: Vec<_> = files.iter().map(|path| path.to_str().expect("plain text")).collect();
    let folder = folder.to_str().expect("plain text");
    let first = run(REPLAY, &[folder, "--json"]).ends(0).json();
    assert_eq!((&first["match"], &first["segments"]), (&true.into(), &files.len().into()));
    for threads in ["1", "2"] {
        args.rotate_left(2);
        args.swap(0, 1);
        let mut args = args.clone();
        args.extend(["--json", "--threads", threads]);
        assert_eq!(run(REPLAY, &args).ends(0).json()["digest"], first["digest"], "{args:?}");
    }
    run(REPLAY, &[folder, "--out", &desk.arg("again")]).ends(0);
    let names = |folder: &Path| {
        let mut names: Vec<_> =
            fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    let again = desk.path("again");
    assert_eq!(names(&again), names(Path::new(folder)));
    for name in names(&again) {
        let same = fs::read(again.join(&name)).expect("a copy") == fs::read(Path::new(folder).join(&name)).expect("it");
        assert!(same, "{} differs", name.display());
    }
}

/// Once, an engine without a timer and a frame at the last nanosecond made the importer fire timers
/// until the disk was full.
#[test]
fn a_recording_at_the_end_of_time_ends() {
    let desk = Desk::new();
    let frame = format!("{} 23\n{{\"channel\":\"heartbeat\"}}\n", u64::MAX);
    let recording = desk.write("a.cbcap", format!("CBCAP1 kraken BTC/EUR 5\n{frame}{frame}").as_bytes());
    // The shell bounds the journal, so that the old fault fails instead of filling the disk.
    let out = desk.arg("a.bin");
    let bounded = format!("ulimit -f 65536; exec {JOURNAL} import {recording} --config {EUR} --out {out} --json");
    let ran = run("sh", &["-c", &bounded]);
    assert_eq!(ran.ends(1).json()["frames"], 2);
    assert!(ran.err.contains("was never trusted"), "{}", ran.err);
    run(REPLAY, &[&out]).ends(0);
}

/// Once, text for people to a closed pipe was a panic.
#[test]
fn a_reader_that_leaves_is_no_fault() {
    let desk = Desk::sample(50, &[]);
    let journal = desk.arg("journal.bin");
    let journal = journal.as_str();
    let commands: [(&str, &[&str]); 6] = [
        (JOURNAL, &["info", journal]),
        (JOURNAL, &["verify", journal]),
        (JOURNAL, &["gaps", journal]),
        (JOURNAL, &["cat", journal]),
        (REPLAY, &[journal]),
        (REPLAY, &[journal, "--json"]),
    ];
    for (program, args) in commands {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let Output { status, stderr, .. } =
            Command::new(program).args(args).stdout(writer).stderr(Stdio::piped()).output().expect("the program runs");
        assert_eq!((status.code(), String::from_utf8_lossy(&stderr).as_ref()), (Some(0), ""), "{args:?}");
    }
}

/// A fault that is none or cannot happen is named, and what to write instead is said.
#[test]
fn a_rule_of_a_fault_that_cannot_be_is_named() {
    let desk = Desk::sample(50, &[]);
    let played = desk.arg("recording.cbcap");
    for (rule, words) in [
        ("fire=0.1", &["--fault fire=0.1: no such fault; there are checksum, drop,", "maintenance"][..]),
        ("drop", &["--fault drop: write NAME=RATE, as drop=0.001", "NAME@SECONDS, as drop@30"]),
        ("drop=2", &["--fault drop=2: a rate is a probability from 0 to 1"]),
        ("drop=often", &["--fault drop=often: often is not a number"]),
        ("close@-1", &["--fault close@-1: a second is from 0"]),
    ] {
        run(EXCHANGE, &["--fault", rule]).refuses(words);
    }
    run(EXCHANGE, &["--fault", "tls=0.1"]).refuses(&["fault tls", "add --tls"]);
    run(EXCHANGE, &["--venue", "binance-spot", "--fault", "checksum=0.1"]).refuses(&["fault checksum", "leave it out"]);
    let paceless = ["--replay", &played, "--speed", "max", "--fault", "drop=0.1"];
    run(EXCHANGE, &paceless).refuses(&["fault drop", "give --speed as a number"]);
    let letter = desk.write("letter.txt", b"Dear");
    run(EXCHANGE, &["--fault", "drop=0.1", "--fault-log", &letter]).refuses(&["letter.txt"]);
    assert_eq!(desk.read("letter.txt"), b"Dear");
}

/// Every fault that there is can be found where people look for it.
#[test]
fn every_fault_is_named_in_the_help() {
    let help = run(EXCHANGE, &["--help"]).ends(0).out.replace('\n', " ");
    let readme = fs::read_to_string("src/exchange/README.md").expect("a table");
    for fault in fathom::exchange::Fault::ALL {
        let name = fault.name();
        assert!(help.split([' ', ',', '.', ';']).any(|word| word == name), "{name} is not in the help");
        assert!(readme.contains(&format!("| `{name}` |")), "{name} is not in the table");
    }
}
