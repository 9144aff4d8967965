//! The program `fathom` as its operators meet it: words, signals, time, a second run, a kill.

#[path = "support/venue.rs"]
mod venue;

mod support;

use fathom::files::journal_files;
use fathom::live::control;
use fathom::replay::replay;
use fathom::verify::verify;
use hotpath::record::{Close, Command as Word, Found, Host, Kind, body_of, close, command, end, host, source};
use journal::{Item, Segment, valid_prefix};
use serde_json::Value;
use std::net::TcpListener;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;
use tempfile::TempDir;
use venue::{Manner, PATIENCE, Peer, UPDATES, Venue};

const SIGKILL: i32 = 9;
/// Kills, unless the environment variable says how many.
const KILLS: u64 = 20;
const KILLS_VARIABLE: &str = "FATHOM_KILLS";
/// Turns of an empty loop before a kill, at most.
const TURNS_MAX: u64 = 3_000_000;

/// A venue that sends one update a moment, for ever: two that take each other back.
fn endless(peer: &mut Peer) {
    peer.serve_subscriptions();
    UPDATES.iter().for_each(|update| peer.send(update));
    while peer.is_there() {
        peer.send(UPDATES[3]);
        peer.send(UPDATES[4]);
    }
}

/// A venue that sends a few updates and is silent then: the journal keeps up on any machine, so a quote stands.
fn calm(peer: &mut Peer) {
    peer.serve_subscriptions();
    UPDATES.iter().for_each(|update| peer.send(update));
    peer.linger();
}

fn fathom(venue: &Venue, folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fathom"));
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/kraken-btc-eur.toml");
    command.arg("run").arg(config).arg("--out").arg(folder).arg("--json");
    command.args(["--set", &format!("venue.url={}", venue.url), "--set", "journal.segment_bytes=1048576"]);
    command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A socket that nobody reads, and the key that makes a run connect to it: no book ever comes.
fn deaf() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, format!("venue.url=ws://127.0.0.1:{port}"))
}

/// Asks until the answer is as wanted.
fn ask_until(folder: &Path, word: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let answer = control::ask(folder, word);
        if let Ok(answer) = &answer
            && wanted(answer)
        {
            return answer.clone();
        }
        assert!(start.elapsed() < PATIENCE, "{word}: {answer:?}");
        std::thread::yield_now();
    }
}

fn is_quoting(answer: &Value) -> bool {
    answer["trusted"] == true && answer["quote"].is_object()
}

/// A run that is killed when the test gives it up.
struct Running(Option<Child>);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(Some(command.spawn().expect("the program")))
    }

    fn id(&self) -> String {
        self.0.as_ref().map(|child| child.id().to_string()).unwrap_or_default()
    }

    fn kill(mut self) -> Option<i32> {
        let mut child = self.0.take()?;
        child.kill().expect("a signal");
        child.wait().expect("its end").signal()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}

fn ended(mut run: Running) -> (i32, Value, String) {
    let child = run.0.take().expect("it was not ended before");
    let Output { status, stdout, stderr } = child.wait_with_output().expect("its end");
    let told = String::from_utf8(stderr).expect("text");
    let json = serde_json::from_slice(&stdout).unwrap_or(Value::Null);
    (status.code().unwrap_or(-1), json, told)
}

fn bodies<B: hotpath::record::Body>(folder: &Path) -> Vec<B> {
    let files = journal_files(&[folder.to_owned()]).expect("a journal");
    let mut all = Vec::new();
    for path in files {
        let segment = Segment::open(&path).expect("a segment");
        all.extend(segment.items().filter_map(|item| match item {
            Item::Record(record) => body_of::<B>(record.bytes),
            _ => None,
        }));
    }
    all
}

#[test]
fn an_operator_is_obeyed_and_answered() {
    let venue = Venue::open(Manner::default(), calm);
    let folder = TempDir::new().expect("a folder");
    let child = Running::start(&mut fathom(&venue, folder.path(), &[]));
    ask_until(folder.path(), "status", is_quoting);
    let socket = std::fs::metadata(folder.path().join(control::SOCKET)).expect("the control socket");
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    let paused = control::ask(folder.path(), "pause").expect("an answer");
    assert_eq!((&paused["state"], &paused["quote"]), (&"paused".into(), &Value::Null));
    let refused = control::ask(folder.path(), "sell everything").expect("an answer");
    assert!(refused["error"].as_str().is_some_and(|why| why.contains("pause")), "{refused}");
    control::ask(folder.path(), "resume").expect("an answer");
    ask_until(folder.path(), "status", is_quoting);
    control::ask(folder.path(), "stop").expect("an answer");
    let (code, json, told) = ended(child);
    assert_eq!((code, &json["close"]), (0, &"stopped".into()), "{told}");
    assert!(!folder.path().join(control::SOCKET).exists(), "the socket is gone with the run");
    let words = bodies::<Word>(folder.path());
    assert!(words.iter().all(|word| word.source == source::OPERATOR));
    assert_eq!(words.iter().map(|word| word.serial).collect::<Vec<_>>(), (1..=words.len() as u64).collect::<Vec<_>>());
    let changes: Vec<_> = words.iter().map(|word| word.code).filter(|code| *code != command::STATUS).collect();
    assert_eq!(changes, [command::PAUSE, command::RESUME, command::STOP]);
    assert_eq!(json["state"]["records"].as_u64(), Some(count(folder.path())), "the run tells of its last record too");
}

/// The state does not show a pause before there is a connection; the answer does.
#[test]
fn a_pause_is_answered_while_the_engine_connects() {
    // It takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("venue.url=ws://{}/v2", silent.local_addr().expect("an address"));
    let venue = Venue::open(Manner::default(), calm);
    let folder = TempDir::new().expect("a folder");
    let child = Running::start(&mut fathom(&venue, folder.path(), &["--set", &url]));
    ask_until(folder.path(), "status", |answer| answer["state"] == "connecting");
    let ctl = |word: &str| {
        let asked = Command::new(env!("CARGO_BIN_EXE_fathom")).args(["ctl", word, "--out"]).arg(folder.path()).output();
        String::from_utf8(asked.expect("the program").stdout).expect("text")
    };
    let paused = ctl("pause");
    assert!(paused.starts_with("paused: once connected, quotes are withheld until `fathom ctl resume`\n"), "{paused}");
    assert!(paused.contains("\nstate      connecting, paused, run "), "{paused}");
    assert!(ctl("status").starts_with("state      connecting, paused, run "));
    let resumed = ctl("resume");
    assert!(resumed.starts_with("resumed: once connected, ") && !resumed.contains("connecting, paused"), "{resumed}");
    assert!(ctl("stop").starts_with("stopped: "));
    assert_eq!(ended(child).0, 1, "no book was ever trusted");
}

fn count(folder: &Path) -> u64 {
    let files = journal_files(&[folder.to_owned()]).expect("a journal");
    let reports = replay(&files, None, None).expect("a replay");
    assert!(reports.iter().all(|report| report.is_match() && report.is_whole()));
    reports.last().and_then(|report| report.scan.last_seq).map_or(0, |last| last + 1)
}

#[test]
fn a_signal_ends_the_run_in_order() {
    let venue = Venue::open(Manner::default(), calm);
    let folder = TempDir::new().expect("a folder");
    let child = Running::start(&mut fathom(&venue, folder.path(), &[]));
    ask_until(folder.path(), "status", is_quoting);
    let sent = Command::new("kill").args(["-TERM", &child.id()]).status().expect("kill");
    assert!(sent.success());
    let (code, json, told) = ended(child);
    assert_eq!((code, &json["close"]), (0, &"stopped".into()), "{told}");
    assert_eq!(
        bodies::<Word>(folder.path()).last().map(|word| (word.code, word.source)),
        Some((command::STOP, source::SIGNAL))
    );
    assert_eq!(bodies::<Close>(folder.path()).iter().map(|body| body.cause).collect::<Vec<_>>(), [close::STOPPED]);
}

#[test]
fn a_run_ends_when_its_time_is_over() {
    let venue = Venue::open(Manner::default(), endless);
    let folder = TempDir::new().expect("a folder");
    let child = Running::start(&mut fathom(&venue, folder.path(), &["--seconds", "1"]));
    let (code, json, told) = ended(child);
    assert_eq!((code, &json["close"]), (0, &"stopped".into()), "{told}");
    assert_eq!(json["state"]["checksums_bad"], 0, "{json}");
    assert_eq!(
        bodies::<Word>(folder.path()).last().map(|word| (word.code, word.source)),
        Some((command::STOP, source::TIME))
    );
    count(folder.path());
}

#[test]
fn a_folder_has_one_run_at_a_time_and_what_it_left_is_found() {
    let venue = Venue::open(Manner::default(), calm);
    let folder = TempDir::new().expect("a folder");
    let first = Running::start(&mut fathom(&venue, folder.path(), &[]));
    ask_until(folder.path(), "status", is_quoting);
    let (code, _, told) = ended(Running::start(&mut fathom(&venue, folder.path(), &[])));
    assert_eq!(code, 2, "{told}");
    ask_until(folder.path(), "status", is_quoting);
    control::ask(folder.path(), "stop").expect("the first run still answers");
    assert_eq!(ended(first).0, 0);
    // A run that ends before it could trust a book has failed at what it was asked for.
    let (_listener, deaf) = deaf();
    let (code, _, told) =
        ended(Running::start(&mut fathom(&venue, folder.path(), &["--seconds", "1", "--set", &deaf])));
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("closed"), "{told}");
    assert_eq!(bodies::<Found>(folder.path()).iter().map(|found| found.end).collect::<Vec<_>>(), [end::SEALED]);
}

/// Locked pages cannot be let go of, and the journal once took that for a broken disk.
#[test]
fn a_run_goes_on_with_its_memory_locked() {
    let venue = Venue::open(Manner::default(), calm);
    let folder = TempDir::new().expect("a folder");
    let more = ["--set", "host.lock_memory=true", "--set", "journal.sync_ms=1"];
    let child = Running::start(&mut fathom(&venue, folder.path(), &more));
    ask_until(folder.path(), "status", is_quoting);
    control::ask(folder.path(), "stop").expect("an answer");
    let (code, json, told) = ended(child);
    assert_eq!(code, 0, "{told}");
    assert!(json["syncs"].as_u64() > Some(0), "{json}");
    let rows = bodies::<Host>(folder.path());
    assert_eq!(
        rows.iter().filter(|row| row.option == host::LOCK_MEMORY).count(),
        1,
        "granted or refused, it is recorded"
    );
}

#[test]
fn what_cannot_be_used_is_said_in_one_sentence() {
    let cases = [
        (&["--set", "venue.url=wss://[/v2"][..], "venue.url"),
        (&["--set", "link.extra_ca=/nonexistent.pem"], "link.extra_ca"),
        (&["--set", "host.fifo=100"], "host.fifo"),
        (&["--set", "run.mode=trade"], "run.mode"),
        (&["--seconds", "0"], "--seconds"),
    ];
    let venue = Venue::open(Manner::default(), endless);
    for (more, named) in cases {
        let folder = TempDir::new().expect("a folder");
        let (code, _, told) = ended(Running::start(&mut fathom(&venue, folder.path(), more)));
        assert_eq!(code, 2, "{told}");
        assert!(told.contains(named) && told.lines().count() == 1, "{told}");
        assert!(std::fs::read_dir(folder.path()).expect("the folder").next().is_none(), "nothing was begun");
    }
    let nobody = TempDir::new().expect("a folder");
    let asked = Command::new(env!("CARGO_BIN_EXE_fathom")).args(["ctl", "status", "--out"]).arg(nobody.path()).output();
    let asked = asked.expect("the program");
    assert_eq!(asked.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&asked.stderr).contains("is a run on in that folder?"));
}

/// A step of the generator called splitmix64.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// All that was told of a killed run is there, replays, and is found by the next one.
fn kill_and_look(venue: &Venue, seed: u64) -> u64 {
    let mut state = seed;
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| TempDir::new()).expect("a folder");
    let child = Running::start(fathom(venue, folder.path(), &[]).stdout(Stdio::null()).stderr(Stdio::null()));
    ask_until(folder.path(), "status", |answer| answer["trusted"] == true);
    (0..random(&mut state) % TURNS_MAX).for_each(|_| std::hint::spin_loop());
    // What it tells of was read out of the journal, so it was committed.
    let told = control::ask(folder.path(), "status").expect("an answer")["records"].as_u64().expect("a number");
    assert_eq!(child.kill(), Some(SIGKILL), "seed {seed}");
    let files = journal_files(&[folder.path().to_owned()]).expect("a journal");
    for path in &files {
        let verified = verify(path).expect("it opens");
        assert!(verified.is_ok() && verified.counts.checksums_bad == 0, "seed {seed}: {verified:?}");
    }
    let held = count(folder.path());
    assert!(held >= told, "seed {seed}: {held} records of {told}");
    let last: &PathBuf = files.last().expect("a segment");
    let valid = valid_prefix(&std::fs::read(last).expect("it")) as u64;
    let next = Running::start(&mut fathom(venue, folder.path(), &[]));
    ask_until(folder.path(), "status", |_| true);
    control::ask(folder.path(), "stop").expect("an answer");
    let (code, _, said) = ended(next);
    assert!(code < 2, "seed {seed}: {said}");
    let found = bodies::<Found>(folder.path());
    assert_eq!(found.iter().map(|found| found.valid_bytes).collect::<Vec<_>>(), [valid], "seed {seed}: {said}");
    held
}

#[test]
fn a_killed_run_loses_nothing_that_it_told_of() {
    let kills = std::env::var(KILLS_VARIABLE).map_or(KILLS, |count| count.parse().expect("a number of kills"));
    let venue = Venue::open(Manner::default(), endless);
    let records: u64 = (0..kills).map(|seed| kill_and_look(&venue, seed)).sum();
    assert!(records > kills * 1_000, "{records} records in {kills} runs: the rate was low");
}

/// The kinds that make a run a run.
#[test]
fn a_run_begins_with_its_state_and_ends_with_a_close() {
    let venue = Venue::open(Manner::default(), endless);
    let folder = TempDir::new().expect("a folder");
    let (_listener, deaf) = deaf();
    let child = Running::start(&mut fathom(&venue, folder.path(), &["--seconds", "1", "--set", &deaf]));
    let (code, _, told) = ended(child);
    assert!(code == 1 && told.contains("before a book was ever trusted"), "{told}");
    let files = journal_files(&[folder.path().to_owned()]).expect("a journal");
    let segment = Segment::open(&files[0]).expect("a segment");
    let kinds: Vec<Kind> = segment
        .items()
        .filter_map(|item| match item {
            Item::Record(record) => Some(record.head.kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds[..3], [Kind::CHECKPOINT, Kind::CHECKPOINT, Kind::CLOCK]);
    let inputs: Vec<_> = kinds.iter().filter(|kind| kind.is_input()).collect();
    assert_eq!(inputs.last(), Some(&&Kind::CLOSE));
}
