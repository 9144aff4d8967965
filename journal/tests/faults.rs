//! A process that dies between any two stores or calls: at each place of a session in turn.
//!
//! The test starts itself again as the child that writes, kills it at place 0, 1, 2 and so on, and looks
//! at what it left. The child reports what it has committed before it goes on, so nothing less may be there.

#[path = "suite/make.rs"]
#[expect(dead_code, reason = "this program uses a part of it")]
mod make;

use bytemuck::Zeroable;
use hotpath::record::{Found, Kind, LINE_BYTES, Line, end, flag, head_of};
use journal::{
    End, Error, Fault, Feed, Folder, Item, Keeper, LiveSettings, Parts, Place, Retention, Run, Scribe, Segment,
    Settings, Step, Tick, Writer, recover, segments, tail_path, valid_prefix,
};
use make::{RUN, frame, items, level, opening, small_run};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// Tells the child what to do: the session, the place to die at, the folder and the file for its reports.
const SESSION: &str = "FATHOM_FAULTS_SESSION";
const PLACE: &str = "FATHOM_FAULTS_PLACE";
const FOLDER: &str = "FATHOM_FAULTS_FOLDER";
const REPORT: &str = "FATHOM_FAULTS_REPORT";

const CAPACITY_BYTES: u64 = 70_000;
const SYNC_NS: u64 = 1_000;
const SIGKILL: i32 = 9;
const RUN_IDS: [u64; 2] = [7, 8];

fn run(run_id: u64) -> Run {
    Run { run_id, salt: RUN.salt ^ run_id as u32, ..RUN }
}

/// What the first run of a session writes before it is left as by a crash.
fn first_run() -> Vec<Line> {
    [small_run(), level(7, 0)].concat()
}

/// Four segments, and in the first more than a page. The third is begun before the second is sealed.
fn second_run() -> Vec<Line> {
    [
        small_run(),
        frame(7, flag::END_OF_STEP, &[b'x'; 4_500]),
        level(8, 0),
        level(9, flag::END_OF_STEP),
        opening(10),
        level(12, flag::END_OF_STEP),
        opening(13),
        frame(15, flag::END_OF_STEP, &[b'y'; 100]),
        opening(16),
        level(18, 0),
    ]
    .concat()
}

/// The records of lines, one after another.
fn records(lines: &[Line]) -> Vec<&[Line]> {
    let (mut records, mut rest) = (Vec::new(), lines);
    while let Some(first) = rest.first() {
        let count = head_of(&first.0).map_or(1, |head| head.len as usize / LINE_BYTES);
        let (record, after) = rest.split_at(count);
        records.push(record);
        rest = after;
    }
    records
}

/// What the child says of itself: for each run the sequence number after the last record committed, and
/// at the end the places it passed.
struct Report(File);

impl Report {
    const PASSED_AT: u64 = 8 * RUN_IDS.len() as u64;

    fn committed(&self, index: usize, next_seq: u64) {
        self.0.write_all_at(&next_seq.to_le_bytes(), 8 * index as u64).expect("a report");
    }

    fn read(path: &Path) -> [u64; RUN_IDS.len() + 1] {
        let bytes = std::fs::read(path).expect("the report");
        let word =
            |index: usize| bytes.get(8 * index..8 * index + 8).map_or([0; 8], |word| word.try_into().expect("8"));
        std::array::from_fn(|index| u64::from_le_bytes(word(index)))
    }
}

/// The child. Its last words are the places that it passed, when none of them was fatal.
#[test]
#[ignore = "the other tests start it"]
fn child() {
    let told = |name| std::env::var(name).unwrap_or_else(|_| panic!("the other tests start this one, with {name}"));
    let (folder, report) = (PathBuf::from(told(FOLDER)), PathBuf::from(told(REPORT)));
    let report = Report(File::options().write(true).open(report).expect("the file for reports"));
    journal::faults::arm(told(PLACE).parse().expect("a number"));
    match told(SESSION).as_str() {
        "threads" => live_session(&folder, &report),
        "writer" => writer_session(&folder, &report),
        other => panic!("no session {other}"),
    }
    report.0.write_all_at(&journal::faults::passed().to_le_bytes(), Report::PASSED_AT).expect("a report");
}

fn writer_session(folder: &Path, report: &Report) {
    let place = Place::Folder(folder.to_owned());
    let settings = Settings { place, run: run(RUN_IDS[1]), capacity_bytes: CAPACITY_BYTES };
    let mut writer = Writer::create(settings).expect("a first segment");
    for record in records(&second_run()) {
        writer.append_lines(record).expect("room");
        report.committed(1, writer.next_seq());
    }
    writer.close().expect("closed");
}

fn begin(folder: &Path, run_id: u64) -> Parts {
    let settings = LiveSettings {
        run: run(run_id),
        capacity_bytes: CAPACITY_BYTES,
        ring_lines: 4_096,
        reserved_lines: 16,
        sync_ns: SYNC_NS,
        retention: Retention::default(),
    };
    Parts::begin(Folder::take(folder).expect("nobody else has it"), settings).expect("a first segment")
}

/// A run that is left as by a crash, then one that syncs, switches, waits for the keeper and ends.
fn live_session(folder: &Path, report: &Report) {
    let Parts { mut feed, mut scribe, keeper, .. } = begin(folder, RUN_IDS[0]);
    for record in records(&first_run()) {
        feed.push_lines(record).expect("room");
        step(&mut scribe);
        report.committed(0, feed.committed());
    }
    drop((feed, scribe, keeper));
    let Parts { mut feed, mut scribe, mut keeper, .. } = begin(folder, RUN_IDS[1]);
    let mut now_ns = 0;
    for (index, record) in records(&second_run()).into_iter().enumerate() {
        feed.push_lines(record).expect("room");
        while step(&mut scribe) == Step::Starved {
            keeper.tick(now_ns).expect("a disk with room");
        }
        report.committed(1, feed.committed());
        // Not after each record: switches are to meet what was not synced, and nothing prepared.
        if index % 3 == 2 {
            now_ns += SYNC_NS;
            keeper.tick(now_ns).expect("a disk with room");
        }
    }
    finish(feed, scribe, keeper, now_ns);
}

fn step(scribe: &mut Scribe) -> Step {
    scribe.step().expect("records that fit")
}

fn finish(feed: Feed, mut scribe: Scribe, mut keeper: Keeper, now_ns: u64) {
    drop(feed);
    while step(&mut scribe) != Step::Over {
        keeper.tick(now_ns).expect("a disk with room");
    }
    drop(scribe);
    while keeper.tick(now_ns).expect("a disk with room") != Tick::Over {}
}

/// A folder in memory, if there is one. What a killed process leaves is what the page cache holds, so it is as
/// good as a disk, and much faster.
fn quick_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder")
}

/// What a child left.
struct Left {
    folder: TempDir,
    status: ExitStatus,
    reported: [u64; RUN_IDS.len() + 1],
}

fn run_child(session: &str, place: u64) -> Left {
    let folder = quick_folder();
    let report = tempfile::NamedTempFile::new().expect("a file");
    let status = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
        .envs([(SESSION, session), (PLACE, &place.to_string())])
        .envs([(FOLDER, folder.path()), (REPORT, report.path())])
        .stdout(Stdio::null())
        .status()
        .expect("this program once more");
    Left { folder, status, reported: Report::read(report.path()) }
}

/// The records of a file without their CRCs, and how it ends. Damage of any kind fails.
fn read(bytes: &[u8], what: &str) -> (Vec<Vec<u8>>, End) {
    let (items, end) = items(bytes);
    let record = |item| match item {
        Item::Record(record) => record,
        Item::Damage(damage) => panic!("{what}: {damage:?}"),
    };
    let stream = items.into_iter().map(record).filter(|record| record.head.kind != Kind::INDEX);
    (stream.map(|record| [&record.bytes[..4], &[0; 4], &record.bytes[8..]].concat()).collect(), end)
}

/// Records up to the last end of a step, and where in the file they end.
fn whole_steps(records: &[Vec<u8>]) -> (usize, usize) {
    let ends = |record: &Vec<u8>| head_of(record).is_some_and(|head| head.has(flag::END_OF_STEP));
    let count = records.iter().rposition(ends).map_or(0, |last| last + 1);
    (count, journal::RECORDS_AT + records[..count].iter().map(Vec::len).sum::<usize>())
}

/// What stands in a folder that a child left, checked file by file.
struct Survey {
    /// Records of each run.
    runs: BTreeMap<u64, Vec<Vec<u8>>>,
    /// What the next run must find.
    found: Option<Found>,
}

fn survey(folder: &Path, what: &str) -> Survey {
    let mut survey = Survey { runs: BTreeMap::new(), found: None };
    for (number, path) in segments(folder).expect("a folder") {
        let what = format!("{what}, segment {number}");
        let segment = match Segment::open(&path) {
            Ok(segment) => segment,
            Err(Error::Header { fault: Fault::Unbegun, .. }) => continue,
            Err(Error::Header { fault: Fault::Short, .. }) if is_empty(&path) => continue,
            Err(error) => panic!("{what}: {error}"),
        };
        let (bytes, header) = (segment.bytes(), segment.header());
        let (records, end) = read(bytes, &what);
        assert_eq!((segment.header_copies(), header.segment), (2, number), "{what}");
        let (whole, whole_bytes) = whole_steps(&records);
        let valid_bytes = if end == End::Sealed && whole == records.len() { bytes.len() } else { whole_bytes };
        assert_eq!(valid_prefix(bytes), valid_bytes, "{what}");
        assert_recovers(&path, &records, end, &what);
        survey.found = Some(Found {
            run_id: header.run_id,
            last_seq: records.last().and_then(|record| head_of(record)).map_or(0, |head| head.seq),
            records: records.len() as u64,
            // Of a closed file the index is believed, and nothing is read.
            valid_bytes: if end == End::Sealed { bytes.len() } else { valid_bytes } as u64,
            file_bytes: bytes.len() as u64,
            segment: number,
            end: match end {
                End::Sealed => end::SEALED,
                End::Unsealed => end::UNSEALED,
                End::Torn => end::TORN,
                other => panic!("{what}: {other:?}"),
            },
            ..Found::zeroed()
        });
        survey.runs.entry(header.run_id).or_default().extend(records);
    }
    survey
}

/// The recovered file is closed and holds the whole steps; of a closed one it is a copy.
fn assert_recovers(path: &Path, records: &[Vec<u8>], end: End, what: &str) {
    let folder = quick_folder();
    let out = folder.path().join("clean.bin");
    recover(path, &out).unwrap_or_else(|error| panic!("{what}: {error}"));
    let clean = std::fs::read(&out).expect("the new file");
    if end == End::Sealed {
        assert!(clean == std::fs::read(path).expect("the source"), "{what}");
        return;
    }
    let (mut kept, clean_end) = read(&clean, what);
    kept.retain(|record| head_of(record).is_some_and(|head| head.kind != Kind::LEFT_OUT));
    assert_eq!(clean_end, End::Sealed, "{what}");
    // A record of the index says that the stream ended there, be it inside a step.
    let source = std::fs::read(path).expect("the source");
    let is_index = |item: &Item<'_>| matches!(item, Item::Record(record) if record.head.kind == Kind::INDEX);
    let count = if items(&source).0.iter().any(is_index) { records.len() } else { whole_steps(records).0 };
    assert!(kept == records[..count], "{what}: {} records recovered", kept.len());
}

/// All that was reported is there, in order, and nothing that was never pushed.
fn assert_kept(survey: &Survey, reported: &[u64], what: &str) {
    for (index, lines) in [first_run(), second_run()].iter().enumerate() {
        let pushed: Vec<&[u8]> = records(lines).into_iter().map(bytemuck::cast_slice).collect();
        let kept = survey.runs.get(&RUN_IDS[index]).map_or(&[][..], Vec::as_slice);
        let (count, reported) = (kept.len() as u64, reported[index]);
        assert!(count == reported || count == reported + 1, "{what}, run {index}: {count} of {reported} records");
        assert!(kept.iter().zip(&pushed).all(|(kept, pushed)| kept == pushed), "{what}, run {index}");
    }
}

/// The next run goes on behind what was begun, says what it found, and leaves no file that no run needs.
fn assert_next_run(folder: &Path, found: Option<Found>, what: &str) {
    let held = |folder: &Path| -> Vec<PathBuf> {
        let begun = |path: &PathBuf| Segment::open(path).is_ok();
        segments(folder).expect("a folder").into_iter().map(|(_, path)| path).filter(begun).collect()
    };
    let before = held(folder);
    let parts = begin(folder, 9);
    assert_eq!(parts.found, found, "{what}");
    let next = found.map_or(0, |found| found.segment + 1);
    let numbers: Vec<_> = segments(folder).expect("a folder").iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..next + 2).collect::<Vec<_>>(), "{what}");
    finish(parts.feed, parts.scribe, parts.keeper, 0);
    let after = held(folder);
    assert_eq!((&after[..before.len()], after.len()), (&before[..], before.len() + 1), "{what}");
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let is_tail = path.extension().is_some_and(|ending| ending == "tail");
        let needed = before.iter().any(|segment| tail_path(segment) == path && !is_sealed(segment));
        assert!(!is_tail || needed, "{what}: {} is left over", path.display());
    }
}

fn is_empty(path: &Path) -> bool {
    std::fs::metadata(path).expect("a file").len() == 0
}

fn is_sealed(path: &Path) -> bool {
    items(&std::fs::read(path).expect("a segment")).1 == End::Sealed
}

fn dies_everywhere(session: &str, places_min: u64) {
    let whole = run_child(session, u64::MAX);
    assert!(whole.status.success(), "{session}: {}", whole.status);
    let places = whole.reported[RUN_IDS.len()];
    assert!(places >= places_min, "{session}: {places} places");
    assert_kept(&survey(whole.folder.path(), session), &whole.reported, session);
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= places {
                return;
            }
            let what = format!("{session}, place {place} of {places}");
            let left = run_child(session, place);
            assert_eq!(left.status.signal(), Some(SIGKILL), "{what}: {}", left.status);
            let survey = survey(left.folder.path(), &what);
            assert_kept(&survey, &left.reported, &what);
            assert_next_run(left.folder.path(), survey.found, &what);
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| _ = scope.spawn(work)));
}

#[test]
fn a_run_that_dies_at_any_place_keeps_what_was_committed() {
    dies_everywhere("threads", 150);
}

#[test]
fn a_writer_that_dies_at_any_place_keeps_what_was_committed() {
    dies_everywhere("writer", 80);
}
