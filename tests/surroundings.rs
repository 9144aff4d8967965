//! Bad surroundings: a disk that is full or read-only, files in memory, a clock that steps. Each is said in one
//! sentence, and nothing that was there is lost.
//!
//! Disks are made of memory, in a namespace of a child's own (unshare). Where that is not allowed, those tests say that
//! they are skipped.

mod support;

use fathom::memory::Memory;
use fathom::replay::replay;
use fathom::run::{JournalDiary, RunError};
use hotpath::config::Config;
use hotpath::input::Input;
use hotpath::lines::{Lines, Place as LinePlace};
use hotpath::record::{Clock, Level, Line};
use hotpath::turn::Core;
use hotpath::venue::Frame;
use hotpath::venue::kraken::Kraken;
use journal::{
    Caveat, End, Folder, Item, Live, LiveSettings, Parts, Place, Refused, Retention, Run, Segment, Settings, Step,
    Writer, segment_path, segments,
};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{config, frames, synthetic};

/// Tells the child what to do, and on which disk.
const TASK: &str = "FATHOM_SURROUNDINGS_TASK";
const DISK: &str = "FATHOM_SURROUNDINGS_DISK";
/// The exit code of a shell that was not allowed to make a disk.
const NO_DISK: i32 = 77;
const DAY_NS: u64 = 86_400_000_000_000;
const YEAR_NS: u64 = 365 * DAY_NS;

const RUN: Run = Run { run_id: 1, salt: 2, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 };

/// Runs the child's task on a disk in memory with these mount options. Says so when that is not allowed.
fn on_a_disk(task: &str, options: &str) {
    let disk = tempfile::tempdir().expect("a folder");
    let script = format!("mount -t tmpfs -o {options} none \"$0\" || exit {NO_DISK}; exec \"$@\"");
    let ended = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .args([disk.path(), &std::env::current_exe().expect("this program")])
        .args(["--exact", "child", "--ignored", "--test-threads=1"])
        .env(TASK, task)
        .env(DISK, disk.path())
        .stderr(Stdio::null())
        .output();
    let Ok(ended) = ended else { return println!("skipped: there is no program unshare") };
    let said = String::from_utf8_lossy(&ended.stdout);
    if ended.status.code() == Some(NO_DISK) || !said.contains("running 1 test") {
        return println!("skipped: a namespace with a disk of its own is not allowed here");
    }
    assert!(ended.status.success(), "{task}: {said}");
}

#[test]
#[ignore = "the other tests start it"]
fn child() {
    let told = |name| std::env::var(name).expect("the other tests start this one, with its task");
    let disk = PathBuf::from(told(DISK));
    match told(TASK).as_str() {
        "full while running" => fills_up(&disk),
        "full at the start" => is_full_at_the_start(&disk),
        "read-only" => is_read_only(&disk),
        other => panic!("no task {other}"),
    }
}

fn begin(folder: &Path) -> journal::Result<Parts> {
    let settings = LiveSettings {
        run: RUN,
        capacity_bytes: 64 << 20,
        ring_lines: 1 << 12,
        reserved_lines: 16,
        sync_ns: 1_000_000,
        retention: Retention::default(),
    };
    Parts::begin(Folder::take(folder)?, settings)
}

/// One record of one line.
fn level(seq: u64) -> Vec<Line> {
    let mut memory = [Line::ZERO; 2];
    let mut lines = Lines::new(&mut memory);
    lines.begin(seq, seq, 0);
    let place = LinePlace { instrument: 0, flags: hotpath::record::flag::END_OF_STEP, exch_ns: 0 };
    lines.push(place, &Level { price_ticks: 1, qty_lots: 1, spare: 0 }).expect("room");
    lines.as_lines().to_vec()
}

/// The hot side first sees no disk left and goes on; when what was prepared is used up the journal stops.
fn fills_up(disk: &Path) {
    let Parts { mut feed, mut scribe, mut keeper, caveats, .. } = begin(disk).expect("room for the first windows");
    assert!(caveats.contains(&Caveat::Memory), "{caveats:?}");
    keeper.tick(0).expect("enough");
    assert_eq!(feed.push_lines(&level(0)), Ok(()));
    while scribe.step().expect("records that fit") == Step::Wrote {}
    keeper.tick(1_000_000_000).expect("a refusal is kept while there is room");
    assert_eq!((feed.disk_mib_free(), feed.is_stopped()), (0, false));
    let live = Live::start(scribe, keeper, false, |_| {}, || 0).expect("two threads");
    let mut seq = 1;
    loop {
        match feed.push_lines(&level(seq)) {
            Ok(()) => seq += 1,
            Err(Refused::Full { .. }) => std::thread::yield_now(),
            Err(Refused::Stopped) => break,
        }
    }
    let committed = feed.committed();
    let said = live.close(feed).expect_err("a full disk").to_string();
    let wanted =
        ["000000.bin: cannot grow the file at byte", "No space left", "free disk space or choose another disk"];
    assert!(wanted.iter().all(|part| said.contains(part)) && !said.contains('\n'), "{said}");
    let segment = Segment::open(&segment_path(disk, 0)).expect("the segment");
    let mut items = segment.items();
    let records = items.by_ref().filter(|item| matches!(item, Item::Record(_))).count() as u64;
    // The record that waited for room was never committed.
    assert_eq!((records, items.end()), (committed, Some(End::Unsealed)));
    assert!(committed > 50_000 && committed <= seq, "{committed} of {seq}");
}

fn is_full_at_the_start(disk: &Path) {
    let there = disk.join("there");
    std::fs::write(&there, b"before").expect("room for a little");
    let said = begin(disk).expect_err("a full disk").to_string();
    let wanted = [".bin: cannot grow the file at byte 0", "No space left", "free disk space or choose another disk"];
    assert!(wanted.iter().all(|part| said.contains(part)) && !said.contains('\n'), "{said}");
    assert_eq!(std::fs::read(there).expect("it"), b"before");
}

fn is_read_only(disk: &Path) {
    let said = begin(disk).expect_err("a read-only disk").to_string();
    let name = disk.join("lock").display().to_string();
    let wanted = [&name, "cannot create the lock file", "Read-only", "check the disk and the file system"];
    assert!(wanted.iter().all(|part| said.contains(part)) && !said.contains('\n'), "{said}");
}

#[test]
fn a_disk_that_fills_up_is_seen_before_it_stops_the_run_and_nothing_is_lost() {
    on_a_disk("full while running", "size=14m");
}

#[test]
fn a_full_disk_and_a_read_only_one_refuse_the_start_in_one_sentence() {
    on_a_disk("full at the start", "size=2m");
    on_a_disk("read-only", "size=1m,ro");
}

/// A run whose clock is read before each of these frames, and shows this then.
fn run_with_clock(config: &Config, bytes: &[u8], readings: &[(usize, u64)], folder: &Path) -> Result<(), RunError> {
    let place = Place::Folder(folder.to_owned());
    let writer = Writer::create(Settings { place, run: RUN, capacity_bytes: 1 << 26 }).expect("a segment");
    let (mut diary, mut memory) = (JournalDiary(writer), Memory::new());
    let mut core: Core<'_, Kraken> = memory.start(Kraken, config)?;
    for (index, (recv_ns, bytes)) in frames(bytes).into_iter().enumerate() {
        if index == 0 {
            core.open(recv_ns, &mut diary)?;
        }
        for (_, utc_ns) in readings.iter().filter(|(at, _)| *at == index) {
            let clock = Clock { mono_ns: recv_ns, utc_ns: *utc_ns, ..bytemuck::Zeroable::zeroed() };
            core.turn(recv_ns, &Input::Clock(clock), &mut diary)?;
        }
        let frame = Frame::received(0, 1, &bytes);
        core.turn(recv_ns, &Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true }, &mut diary)?;
    }
    diary.0.close()?;
    Ok(())
}

/// A clock that jumps ahead begins one new segment, as a new day does; one that jumps back begins none, also
/// when it goes on from there. Nothing is lost, and the run replays.
#[test]
fn a_clock_that_steps_by_a_year_neither_loops_nor_loses() {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let bytes = synthetic(4, 900, &loaded);
    let start = 20_000 * DAY_NS;
    for (readings, files) in [
        (vec![(0, start), (300, start + YEAR_NS), (600, start)], 2),
        (vec![(0, start), (300, start - YEAR_NS), (600, start)], 1),
        (vec![(0, start), (200, start - YEAR_NS), (400, start + YEAR_NS), (500, start), (600, start + YEAR_NS)], 2),
        (vec![(0, start), (100, 1), (200, u64::MAX), (300, start), (400, 0), (500, u64::MAX)], 2),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        run_with_clock(&loaded.config, &bytes, &readings, folder.path()).expect("no halt");
        let paths: Vec<_> = segments(folder.path()).expect("a folder").into_iter().map(|(_, path)| path).collect();
        assert_eq!(paths.len(), files, "{readings:?}");
        let reports = replay(&paths, None, None).expect("a replay");
        assert!(reports.iter().all(|report| report.is_match() && report.is_whole()), "{readings:?}");
        let taken: u64 = reports.iter().flat_map(|report| &report.outcomes).map(|outcome| outcome.frames).sum();
        assert_eq!(taken, 900, "{readings:?}");
    }
}
