//! The program: its one line, its files, its exit codes.

use crate::client::{Client, book, is_book};
use crate::support::{config, synthetic};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exchange"));
    command.args(arguments);
    command
}

/// The program, and the line with which it says that it is ready.
struct Program {
    child: Child,
    line: String,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        Self { child, line: line.trim_end().to_owned() }
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.child.id() as i32);
        kill(id, signal).expect("it lives");
    }

    /// What else it printed, how it ended, and what it told people.
    fn end(mut self) -> (String, Option<i32>, String) {
        let (mut printed, mut told) = (String::new(), String::new());
        self.child.stdout.take().expect("a pipe").read_to_string(&mut printed).expect("text");
        self.child.stderr.take().expect("a pipe").read_to_string(&mut told).expect("text");
        (printed, self.child.wait().expect("it ends").code(), told)
    }
}

fn recording(folder: &Path, frames: usize) -> PathBuf {
    let path = folder.join("recording.cbcap");
    std::fs::write(&path, synthetic(5, frames, &config("kraken-btc-eur.toml", &[]))).expect("a file");
    path
}

#[test]
fn it_says_where_it_listens_and_ends_when_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = recording(folder.path(), 200);
    let path = path.to_str().expect("text");
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let program = Program::start(&["--replay", path]);
        let mut client = Client::connect(&program.line, None).expect("a connection");
        assert!(program.line.starts_with("ws://127.0.0.1:") && client.next().contains("status"));
        program.signal(signal);
        assert_eq!(client.end(), Some(1001));
        let (printed, code, told) = program.end();
        assert_eq!((printed.as_str(), code), ("", Some(0)), "{told}");
        assert_eq!(told, "exchange: ended; connections 1, messages 1\n");
    }
}

#[test]
fn the_authority_and_the_truth_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = recording(folder.path(), 300);
    let (ca, truth) = (folder.path().join("ca.pem"), folder.path().join("truth.jsonl"));
    let [path, ca, truth] = [&path, &ca, &truth].map(|path| path.to_str().expect("text"));
    let program =
        Program::start(&["--tls", "--ca", ca, "--json", "--truth", truth, "--replay", path, "--speed", "max"]);
    let line: serde_json::Value = serde_json::from_str(&program.line).expect("JSON");
    assert_eq!(line["ca"], ca);
    let url = line["url"].as_str().expect("a URL");
    let mut client = Client::connect(url, Some(&std::fs::read_to_string(ca).expect("PEM"))).expect("a connection");
    client.say(&book("subscribe", "BTC/EUR", 10));
    let books: Vec<_> = (0..250).map(|_| client.next_that(is_book)).collect();
    program.signal(Signal::SIGTERM);
    assert_eq!(program.end().1, Some(0));
    let lines = std::fs::read_to_string(truth).expect("text");
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.len() >= books.len(), "{} lines", lines.len());
    for (line, book) in lines.iter().zip(&books) {
        let message: serde_json::Value = serde_json::from_str(book).expect("JSON");
        let data = &message["data"][0];
        assert_eq!(
            (&line["type"], &line["checksum"], &line["timestamp"]),
            (&message["type"], &data["checksum"], &data["timestamp"])
        );
        assert_eq!((&line["connection"], &line["depth"], &line["symbol"]), (&1.into(), &10.into(), &"BTC/EUR".into()));
        assert_eq!(
            (line["bids"].as_array().map(Vec::len), line["asks"].as_array().map(Vec::len)),
            (Some(10), Some(10))
        );
    }
    assert!(books[0].contains(&format!(
        r#""bids":[{{"price":{},"qty":{}}}"#,
        lines[0]["bids"][0][0].as_str().unwrap(),
        lines[0]["bids"][0][1].as_str().unwrap()
    )));
}

#[test]
fn it_ends_when_its_time_is_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = recording(folder.path(), 100);
    let program = Program::start(&["--seconds", "1", "--replay", path.to_str().expect("text")]);
    let mut client = Client::connect(&program.line, None).expect("a connection");
    assert_eq!(client.end(), Some(1001));
    assert_eq!(program.end().1, Some(0));
}

#[test]
fn wrong_use_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = recording(folder.path(), 100);
    let missing = folder.path().join("missing.cbcap");
    let nothing = folder.path().join("nothing.cbcap");
    std::fs::write(&nothing, "CBCAP1 kraken BTC/EUR 5\n").expect("a file");
    let foreign = folder.path().join("foreign.bin");
    std::fs::write(&foreign, "something else").expect("a file");
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let [path, missing, nothing, foreign, empty] =
        [&path, &missing, &nothing, &foreign, &empty].map(|path| path.to_str().expect("text").to_owned());
    let cases: [(&[&str], &str); 9] = [
        (&["--replay", &missing], "cannot read"),
        (&["--replay", &nothing], "the recording holds no book snapshot of BTC/EUR"),
        (&["--replay", &foreign], "foreign.bin"),
        (&["--replay", &empty], "holds no .bin"),
        (&["--replay", &path, "--symbol", "ETH/EUR"], "no book snapshot of ETH/EUR"),
        (&["--replay", &path, "--listen", &address], "cannot listen on"),
        (&["--replay", &path, "--truth", "/nowhere/truth"], "cannot write /nowhere/truth"),
        (&["--replay", &path, "--tls", "--ca", "/nowhere/ca"], "cannot write /nowhere/ca"),
        (&["--speed", "max"], "--speed max is for recordings"),
    ];
    for (arguments, sentence) in cases {
        let Output { status, stdout, stderr } = command(arguments).output().expect("it runs");
        let told = String::from_utf8(stderr).expect("text");
        assert_eq!((status.code(), stdout.as_slice()), (Some(2), &b""[..]), "{arguments:?}: {told}");
        assert!(
            told.starts_with("exchange: ") && told.contains(sentence) && told.lines().count() == 1,
            "{arguments:?}: {told}"
        );
    }
    for arguments in [
        &["--ca", "x"][..],
        &["--speed", "0"],
        &["--listen", "here"],
        &["--seconds", "-1"],
        &["--seed", "1", "--replay", "x"],
    ] {
        assert_eq!(command(arguments).output().expect("it runs").status.code(), Some(2), "{arguments:?}");
    }
}

/// A minute of the market is too short for its bounds: the table says so, and so does the exit code.
#[test]
fn the_market_is_measured() {
    let Output { status, stdout, .. } =
        command(&["--fit", "--seconds", "60", "--seed", "3"]).output().expect("it runs");
    let table = String::from_utf8(stdout).expect("text");
    assert!(table.starts_with("60 s of the market with seed 3\n") && table.contains("updates/s, depth 10"), "{table}");
    assert_eq!(status.code(), Some(i32::from(table.contains("FAIL"))));
    let Output { stdout, .. } =
        command(&["--fit", "--seconds", "60", "--seed", "3", "--json"]).output().expect("it runs");
    let figures: serde_json::Value = serde_json::from_slice(&stdout).expect("JSON");
    let rows = figures["rows"].as_array().expect("rows");
    let passed = rows.iter().filter(|row| row["ok"] == true).count();
    assert_eq!(table.lines().filter(|line| line.starts_with("ok ")).count(), passed);
    assert_eq!(figures["ok"], passed == rows.len());
}

/// The same seed trades the same: two programs, word for word but for the times.
#[test]
fn a_made_up_market_follows_from_its_seed() {
    let session = |seed: &str| -> Vec<String> {
        let program = Program::start(&["--seed", seed, "--speed", "50"]);
        let mut client = Client::connect(&program.line, None).expect("a connection");
        client.say(&book("subscribe", "BTC/EUR", 25));
        let texts = (0..100).map(|_| client.next_that(is_book)).collect();
        program.signal(Signal::SIGTERM);
        assert_eq!(program.end().1, Some(0));
        texts
    };
    let timeless = |texts: Vec<String>| -> Vec<String> {
        texts.iter().map(|text| text.split(r#","timestamp""#).next().expect("a start").to_owned()).collect()
    };
    let [one, same, other] = ["7", "7", "8"].map(|seed| timeless(session(seed)));
    assert!(one == same && one != other);
}

/// Each fault is a line that names the message as its client has it.
#[test]
fn what_went_wrong_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("faults.jsonl");
    let path = log.to_str().expect("text");
    let program = Program::start(&["--speed", "50", "--fault", "channel@0", "--fault", "close@1", "--fault-log", path]);
    let mut client = Client::connect(&program.line, None).expect("a connection");
    let mut messages = vec![client.next()];
    client.say(&book("subscribe", "BTC/EUR", 10));
    while !messages.last().is_some_and(|text| text.contains("novelty")) {
        messages.push(client.next());
    }
    let channel = messages.len();
    client.end();
    program.signal(Signal::SIGTERM);
    assert_eq!(program.end().1, Some(0));
    let written = std::fs::read_to_string(&log).expect("a log");
    let lines: Vec<serde_json::Value> =
        written.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    let crc32 = |place: usize| crc32fast::hash(messages[place - 1].as_bytes());
    assert_eq!(lines.len(), 3, "{written}");
    for (line, (fault, message)) in lines.iter().zip([(None, 1), (Some("channel"), channel)]) {
        assert_eq!((line["connection"].as_u64(), line["fault"].as_str()), (Some(1), fault), "{line}");
        assert_eq!(line["message"].as_u64(), Some(message as u64), "{line}");
        assert_eq!(line["crc32"].as_u64(), Some(crc32(message).into()), "{line}");
        assert_eq!(line["symbol"], "BTC/EUR");
    }
    let close = &lines[2];
    assert!(close["fault"] == "close" && close["message"].as_u64() > Some(channel as u64), "{close}");
    assert!(close["crc32"].is_null() && close["market_ns"].as_u64() >= Some(1_000_000_000), "{close}");
}
