//! A run is killed at random moments, again and again: nothing that was committed is lost.
//!
//! The test starts itself once more as the child that runs the engine over the live journal at full rate, in
//! small segments. The child says how far the commit cursor has come; the test kills it behind a random
//! place and a random while later, and looks at what is there with every tool.

mod support;

use fathom::files::journal_files;
use fathom::import::recording::Recording;
use fathom::memory::Memory;
use fathom::replay::replay;
use fathom::verify::verify;
use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{Clock, Found, Line, Link, Timer, end, link};
use hotpath::turn::Core;
use hotpath::venue::Frame;
use hotpath::venue::kraken::Kraken;
use journal::{
    End, Feed, Folder, Live, LiveSettings, Parts, Refused, Retention, Run, Segment, recover, segments, valid_prefix,
};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use support::{config, synthetic};
use tempfile::TempDir;

/// Kills, unless the environment variable says how many.
const KILLS: u64 = 200;
const KILLS_VARIABLE: &str = "FATHOM_KILLS";
/// Tells the child its folder.
const FOLDER: &str = "FATHOM_CRASH_FOLDER";
const FRAMES: usize = 600;
/// A child is killed after at most this many commits and turns of an empty loop.
const COMMITS_MAX: u64 = 4_000;
const TURNS_MAX: u64 = 100_000;
/// Inputs from one report to the next.
const REPORT_INPUTS: usize = 4;
const REPORT: &str = "committed ";
const SIGKILL: i32 = 9;
const RUN_ID: u64 = 77;

fn settings(run_id: u64) -> LiveSettings {
    LiveSettings {
        run: Run { run_id, salt: 0x00c0_ffee, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 },
        capacity_bytes: 1 << 20,
        ring_lines: 1 << 14,
        reserved_lines: 16,
        sync_ns: 5_000_000,
        retention: Retention::default(),
    }
}

/// The ring as a diary: a full one is waited for.
struct Ring(Feed);

/// Why the child's run ended, which it never should.
#[derive(Debug)]
struct Ended(#[expect(dead_code, reason = "printed when the child fails")] String);

impl From<Halt> for Ended {
    fn from(halt: Halt) -> Self {
        Self(format!("{halt:?}"))
    }
}

fn wait(mut push: impl FnMut() -> Result<(), Refused>) -> Result<(), Ended> {
    loop {
        match push() {
            Ok(()) => return Ok(()),
            Err(Refused::Full { .. }) => std::thread::yield_now(),
            Err(Refused::Stopped) => return Err(Ended(Refused::Stopped.to_string())),
        }
    }
}

impl Diary for Ring {
    type Error = Ended;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), Ended> {
        wait(|| self.0.push(first, payload))
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Ended> {
        wait(|| self.0.push_lines(lines))
    }
}

/// The child: the recording again and again, each time as a new connection, until it is killed.
#[test]
#[ignore = "the other test starts it"]
fn child() {
    let folder = std::env::var(FOLDER).expect("the other test starts this one, with its folder");
    let loaded = config("kraken-btc-eur.toml", &["journal.segment_bytes=65536"]);
    let bytes = synthetic(5, FRAMES, &loaded);
    let frames = Recording::read(&bytes[..]).expect("a recording");
    let frames: Vec<_> = frames.map(|frame| frame.expect("a whole frame")).collect();
    let (first_ns, last_ns) = (frames[0].recv_ns, frames[FRAMES - 1].recv_ns);
    let folder = Folder::take(Path::new(&folder)).expect("nobody else has it");
    let Parts { feed, scribe, keeper, .. } = Parts::begin(folder, settings(RUN_ID)).expect("a first segment");
    let _live = Live::start(scribe, keeper, false, |_| {}, || 0).expect("two threads");
    let mut memory = Memory::new();
    let mut core = memory.start(Kraken, &loaded.config).expect("a legal configuration");
    let mut ring = Ring(feed);
    core.open(first_ns, &mut ring).expect("an opening");
    let clock = Clock { mono_ns: first_ns, utc_ns: first_ns, ..bytemuck::Zeroable::zeroed() };
    core.turn(first_ns, &Input::Clock(clock), &mut ring).expect("no halt");
    for lap in 0.. {
        let later_ns = lap * (last_ns - first_ns + 1_000_000_000);
        connect(&mut core, first_ns + later_ns, &mut ring);
        for (index, frame) in frames.iter().enumerate() {
            take(&mut core, frame.recv_ns + later_ns, &frame.bytes, &mut ring);
            if index % REPORT_INPUTS == 0 {
                report(ring.0.committed());
            }
        }
    }
}

fn connect(core: &mut Core<'_, Kraken>, ns: u64, ring: &mut Ring) {
    for (up, cause) in [(0, link::OVERSIZED), (1, link::CONNECTED)] {
        let change = Link { up, cause, close_code: 0, spare: 0, recv_ns: ns, spare_tail: 0 };
        core.turn(ns.max(core.progress().taken_ns), &Input::Link(0, change), ring).expect("no halt");
    }
}

fn take(core: &mut Core<'_, Kraken>, recv_ns: u64, bytes: &[u8], ring: &mut Ring) {
    while core.engine().deadline_ns() <= recv_ns {
        let due_ns = core.engine().deadline_ns();
        let taken_ns = due_ns.max(core.progress().taken_ns);
        core.turn(taken_ns, &Input::Timer(Timer { due_ns, spare: [0; 2] }), ring).expect("no halt");
    }
    let frame = Frame::received(0, 1, bytes);
    let input = Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true };
    core.turn(recv_ns.max(core.progress().taken_ns), &input, ring).expect("no halt");
}

fn report(committed: u64) {
    std::io::stdout().lock().write_all(format!("{REPORT}{committed}\n").as_bytes()).expect("the other test reads");
}

/// A step of the generator called splitmix64.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Runs a child and kills it. Gives the last commit cursor that it told.
fn killed(folder: &Path, seed: u64) -> u64 {
    let mut state = seed;
    let (commits, turns) = (random(&mut state) % COMMITS_MAX, random(&mut state) % TURNS_MAX);
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program once more");
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    let mut committed = 0;
    while committed < commits {
        committed = next_report(&mut out).expect("the child ended by itself").unwrap_or(committed);
    }
    (0..turns).for_each(|_| std::hint::spin_loop());
    child.kill().expect("a signal");
    let status = child.wait().expect("its end");
    assert_eq!(status.signal(), Some(SIGKILL), "seed {seed}: {status}");
    while let Some(report) = next_report(&mut out) {
        committed = report.unwrap_or(committed);
    }
    committed
}

/// The next line of a child: `None` at the end, and nothing of a line that is no whole report.
fn next_report(out: &mut impl BufRead) -> Option<Option<u64>> {
    let mut line = String::new();
    let got = out.read_line(&mut line).expect("text");
    let number = line.strip_prefix(REPORT).and_then(|rest| rest.strip_suffix('\n'));
    (got > 0).then(|| number.and_then(|digits| digits.parse().ok()))
}

/// A folder in memory, if there is one. What a killed process leaves is what the page cache holds, so it is as
/// good as a disk, and much faster.
fn quick_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| TempDir::new()).expect("a folder")
}

/// Segments that were begun, by the library and by what the programs make of the folder.
fn begun(folder: &Path) -> Vec<PathBuf> {
    let all = segments(folder).expect("a folder").into_iter().map(|(_, path)| path);
    let begun: Vec<_> = all.filter(|path| Segment::open(path).is_ok()).collect();
    assert_eq!(journal_files(&[folder.to_owned()]).unwrap_or_default(), begun, "what was only prepared is left out");
    begun
}

/// Everything is there, in order, undamaged and regenerated byte for byte up to the last whole step.
fn assert_whole(files: &[PathBuf], committed: u64, what: &str) {
    for path in files {
        let verified = verify(path).expect("it opens");
        assert!(verified.is_ok() && verified.counts.checksums_bad == 0, "{what}: {verified:?}");
    }
    let again = quick_folder();
    let reports = replay(files, Some(again.path()), None).expect("a replay");
    let good = reports.iter().all(|report| report.is_match() && report.is_whole());
    assert!(good, "{what}: {:?}", reports.iter().find_map(|report| report.divergence()));
    let next_seq = reports.last().and_then(|report| report.scan.last_seq).map_or(0, |last| last + 1);
    assert!(next_seq >= committed, "{what}: {next_seq} of {committed} records");
    assert_eq!(reports.first().map_or(0, |report| report.first_seq), 0, "{what}");
    for path in files {
        let bytes = std::fs::read(path).expect("it");
        let again = std::fs::read(again.path().join(path.file_name().expect("a name"))).expect("regenerated");
        assert!(again == bytes[..valid_prefix(&bytes)], "{what}: {} is regenerated otherwise", path.display());
    }
}

fn assert_recovers(path: &Path, what: &str) {
    let folder = quick_folder();
    let clean = folder.path().join("clean.bin");
    recover(path, &clean).unwrap_or_else(|error| panic!("{what}: {error}"));
    let reports = replay(std::slice::from_ref(&clean), None, None).expect("a replay");
    assert!(reports[0].is_match() && reports[0].is_whole() && reports[0].scan.end == End::Sealed, "{what}");
    assert!(reports[0].outcomes.len() <= 1, "{what}: nothing is missing but at the end");
}

/// The next run goes on behind the last segment and says how far that came.
fn assert_found(folder: &Path, last: Option<&PathBuf>, what: &str) {
    let taken = Folder::take(folder).expect("nobody has it any more");
    let Parts { found, .. } = Parts::begin(taken, settings(RUN_ID + 1)).expect("a next run");
    let numbers: Vec<_> = segments(folder).expect("a folder").into_iter().map(|(number, _)| number).collect();
    let Some(last) = last else {
        return assert_eq!((found, &numbers[..]), (None, &[0, 1][..]), "{what}");
    };
    let bytes = std::fs::read(last).expect("it");
    let Found { run_id, segment, damaged, valid_bytes, file_bytes, end, .. } = found.expect("a segment");
    assert_eq!((run_id, damaged, file_bytes), (RUN_ID, 0, bytes.len() as u64), "{what}");
    assert_eq!(valid_bytes, valid_prefix(&bytes) as u64, "{what}");
    assert!([end::SEALED, end::UNSEALED, end::TORN].contains(&end), "{what}: end {end}");
    assert_eq!(numbers, (0..segment + 3).collect::<Vec<_>>(), "{what}");
}

fn kill_and_look(seed: u64) -> usize {
    let what = format!("seed {seed}");
    let folder = quick_folder();
    let committed = killed(folder.path(), seed);
    let files = begun(folder.path());
    if files.is_empty() {
        assert_eq!(committed, 0, "{what}");
    } else {
        assert_whole(&files, committed, &what);
    }
    if let Some(last) = files.last() {
        assert_recovers(last, &what);
    }
    assert_found(folder.path(), files.last(), &what);
    files.len()
}

#[test]
fn a_run_killed_at_any_moment_loses_nothing_that_was_committed() {
    let kills = std::env::var(KILLS_VARIABLE).map_or(KILLS, |count| count.parse().expect("a number of kills"));
    let (next, files) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= kills {
                return;
            }
            files.fetch_add(kill_and_look(seed) as u64, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| _ = scope.spawn(work)));
    let files = files.into_inner();
    assert!(files > 2 * kills, "{files} segments in {kills} runs: rotations were hardly met");
}
