//! The ring and the two threads behind it, driven by hand: no test waits for a thread to get its turn.

use crate::make::*;
use hotpath::record::{Line, end, flag};
use journal::{
    End, Event, Feed, Folder, Header, Keeper, Live, LiveSettings, Parts, Refused, Retention, Scribe, Step, TailSlot,
    Tick, segment_path, segments, tail_path,
};
use std::path::Path;
use tempfile::TempDir;

const SYNC_NS: u64 = 1_000;
const RING_LINES: usize = 4096;
const RESERVED_LINES: usize = 16;

pub fn live_settings() -> LiveSettings {
    LiveSettings {
        run: RUN,
        capacity_bytes: 4 * MIB,
        ring_lines: RING_LINES,
        reserved_lines: RESERVED_LINES,
        sync_ns: SYNC_NS,
        retention: Retention::default(),
    }
}

pub fn begin(folder: &Path, settings: LiveSettings) -> Parts {
    let folder = Folder::take(folder).expect("nobody else has it");
    Parts::begin(folder, settings).expect("a first segment")
}

/// Runs the scribe until nothing is left that it can do.
pub fn drain(scribe: &mut Scribe) -> Step {
    loop {
        match scribe.step().expect("records that fit") {
            Step::Wrote => {}
            step => return step,
        }
    }
}

/// Closes the run: everything that was pushed is sealed.
pub fn finish(feed: Feed, mut scribe: Scribe, mut keeper: Keeper, now_ns: u64) {
    drop(feed);
    while drain(&mut scribe) == Step::Starved {
        keeper.tick(now_ns).expect("a disk with room");
    }
    drop(scribe);
    while keeper.tick(now_ns).expect("a disk with room") != Tick::Over {}
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let files = segments(folder).expect("a folder").into_iter();
    files.map(|(_, path)| std::fs::read(path).expect("a segment")).collect()
}

/// What one thread writes of the same lines.
fn plainly_written(lines: &[Line]) -> Vec<Vec<u8>> {
    let folder = folder();
    let mut writer = writer(&folder);
    writer.append_lines(lines).expect("records");
    writer.close().expect("closed");
    files(folder.path())
}

fn three_segments() -> Vec<Line> {
    [small_run(), opening(7), features(9, flag::END_OF_STEP), opening(10), level(12, flag::END_OF_STEP)].concat()
}

#[test]
fn the_threads_write_what_one_thread_writes() {
    let folder = folder();
    let Parts { mut feed, scribe, keeper, .. } = begin(folder.path(), live_settings());
    let live = Live::start(scribe, keeper, false, |_| {}, || 0).expect("two threads");
    feed.push_lines(&three_segments()).expect("room");
    let totals = live.close(feed).expect("a clean close");
    let files = files(folder.path());
    assert_eq!(files, plainly_written(&three_segments()));
    assert_eq!((totals.segments, totals.bytes), (3, files.iter().map(|file| file.len() as u64).sum()));
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(left.len(), 4, "three segments and the lock: neither tails nor what was prepared");
}

/// A payload comes without its padding and wraps around the end of the ring again and again.
#[test]
fn records_of_any_length_wrap_around_the_ring() {
    let folder = folder();
    let Parts { mut feed, mut scribe, keeper, .. } = begin(folder.path(), live_settings());
    let mut all = opening(0);
    feed.push_lines(&all).expect("room");
    for seq in 2..600 {
        let payload = vec![seq as u8; seq as usize * 7 % 4_000];
        let record = frame(seq, flag::END_OF_STEP, &payload);
        feed.push(&record[0], &payload).expect("room");
        all.extend(record);
        drain(&mut scribe);
    }
    finish(feed, scribe, keeper, 0);
    assert!(all.len() > 4 * RING_LINES, "the ring was gone round several times");
    assert_eq!(files(folder.path()), plainly_written(&all));
}

#[test]
fn a_full_ring_takes_nothing_of_a_record_and_keeps_its_reserve() {
    let folder = folder();
    let Parts { mut feed, mut scribe, keeper, .. } = begin(folder.path(), live_settings());
    let room = feed.room();
    assert_eq!((room, feed.lines_free()), (RING_LINES - RESERVED_LINES, RING_LINES));
    feed.push_lines(&opening(0)).expect("room");
    let mut seq = 2;
    let refused = loop {
        match feed.push_lines(&features(seq, flag::END_OF_STEP)) {
            Ok(()) => seq += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, Refused::Full { lines: 2 });
    assert_eq!(feed.room(), 0);
    for _ in 0..RESERVED_LINES {
        feed.push_reserved(&level(seq, flag::END_OF_STEP)).expect("the reserve");
        seq += 1;
    }
    assert_eq!(feed.push_reserved(&level(seq, 0)), Err(Refused::Full { lines: 1 }));
    assert_eq!(drain(&mut scribe), Step::Empty);
    assert_eq!((feed.committed(), feed.room()), (seq, room));
    finish(feed, scribe, keeper, 0);
    let file = first_file(&folder);
    assert_eq!(stream(&file).len() as u64, seq);
}

#[test]
fn the_watermark_follows_the_sync_and_the_tail_holds_the_last_page() {
    let folder = folder();
    let Parts { mut feed, mut scribe, mut keeper, .. } = begin(folder.path(), live_settings());
    keeper.tick(0).expect("nothing to do");
    feed.push_lines(&small_run()).expect("room");
    drain(&mut scribe);
    assert_eq!((feed.committed(), feed.durable()), (7, 0));
    keeper.tick(SYNC_NS).expect("a sync");
    assert_eq!(feed.durable(), 7);
    // Beyond a page: whole pages go through the map, the rest again into the tail.
    for seq in 7..107 {
        feed.push_lines(&level(seq, flag::END_OF_STEP)).expect("room");
    }
    drain(&mut scribe);
    keeper.tick(SYNC_NS + 1).expect("not due yet");
    assert_eq!(feed.durable(), 7);
    keeper.tick(2 * SYNC_NS).expect("a sync");
    assert_eq!(feed.durable(), 107);
    let path = segment_path(folder.path(), 0);
    let (segment, tail) = (std::fs::read(&path).expect("it"), std::fs::read(tail_path(&path)).expect("the tail"));
    let header = Header::read(&segment).expect("a header").header;
    let slot = TailSlot::newest(&tail, Some(&header)).expect("a slot");
    let bytes = slot.bytes;
    let start = slot.offset as usize;
    assert_eq!((slot.next_seq, slot.segment, slot.run_id, slot.generation), (107, 0, RUN.run_id, 1));
    assert_eq!((start % 4096, &segment[start..start + bytes.len()]), (0, bytes));
    // Whole pages really went to the disk: what the watermark counts lies there or in the slot.
    assert_eq!(keeper.totals().synced_bytes, slot.offset);
    assert!(start > 0 && segment[start + bytes.len()..].iter().all(|byte| *byte == 0));
    finish(feed, scribe, keeper, 3 * SYNC_NS);
    assert!(!tail_path(&path).exists());
}

#[test]
fn the_lag_is_the_time_between_the_last_push_and_the_last_commit() {
    let folder = folder();
    let Parts { mut feed, mut scribe, .. } = begin(folder.path(), live_settings());
    assert_eq!(feed.lag_ns(), 0);
    feed.push_lines(&opening(0)).expect("room");
    assert_eq!(feed.lag_ns(), 0, "a run that has just begun does not lag since the beginning of time");
    feed.push_lines(&level(2, 0)).expect("room");
    assert_eq!(feed.lag_ns(), 2, "a nanosecond a record");
    drain(&mut scribe);
    assert_eq!(feed.lag_ns(), 0);
}

/// The same record, taken at another time.
fn at_time(mut lines: Vec<Line>, taken_ns: u64) -> Vec<Line> {
    lines[0].0[16..24].copy_from_slice(&taken_ns.to_le_bytes());
    lines
}

/// A record behind an idle second once counted as a second of lag, and a quiet market's quote was withdrawn for it.
#[test]
fn an_idle_time_is_no_lag() {
    const SECOND_NS: u64 = 1_000_000_000;
    let folder = folder();
    let Parts { mut feed, mut scribe, .. } = begin(folder.path(), live_settings());
    feed.push_lines(&opening(0)).expect("room");
    drain(&mut scribe);
    let later = |seq, taken_ns| at_time(level(seq, 0), taken_ns);
    feed.push_lines(&later(2, SECOND_NS)).expect("room");
    assert_eq!(feed.lag_ns(), 0, "nothing waited before it");
    feed.push_lines(&later(3, SECOND_NS + 5)).expect("room");
    assert_eq!(feed.lag_ns(), 5, "what comes behind it waits");
    feed.push_lines(&later(4, 3 * SECOND_NS)).expect("room");
    assert_eq!(feed.lag_ns(), 2 * SECOND_NS, "the time in which something waited is no idle one");
    drain(&mut scribe);
    assert_eq!(feed.lag_ns(), 0);
}

/// The keeper may be slow: the scribe waits for the next segment, and the ring holds what comes.
#[test]
fn a_switch_waits_for_the_keeper_and_loses_nothing() {
    let folder = folder();
    let Parts { mut feed, mut scribe, mut keeper, .. } = begin(folder.path(), live_settings());
    feed.push_lines(&three_segments()).expect("room");
    assert_eq!(drain(&mut scribe), Step::Starved, "one segment is prepared ahead, not two");
    assert_eq!(feed.committed(), 10);
    keeper.tick(0).expect("a sealed segment and a new one");
    assert_eq!(drain(&mut scribe), Step::Empty);
    assert_eq!(feed.committed(), 13);
    finish(feed, scribe, keeper, 0);
    assert_eq!(files(folder.path()), plainly_written(&three_segments()));
}

#[test]
fn a_record_out_of_order_stops_the_journal_and_what_was_committed_stays() {
    let folder = folder();
    let Parts { mut feed, scribe, keeper, .. } = begin(folder.path(), live_settings());
    let live = Live::start(scribe, keeper, false, |_| {}, || 0).expect("two threads");
    feed.push_lines(&small_run()).expect("room");
    feed.push_lines(&level(9, 0)).expect("the ring does not look inside");
    while !feed.is_stopped() {
        std::thread::yield_now();
    }
    assert_eq!(feed.push_lines(&level(7, 0)), Err(Refused::Stopped));
    let error = live.close(feed).expect_err("a hole in the sequence");
    assert!(error.to_string().contains("has seq 9 where 7 is next"), "{error}");
    let file = first_file(&folder);
    assert_eq!((stream(&file).len(), items(&file).1), (7, End::Unsealed));
}

#[test]
fn numbers_end_and_folders_are_no_segments() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("000007.bin")).expect("a folder");
    assert_eq!(Folder::take(folder.path()).expect("free").next_segment().expect("a number"), 0);
    std::fs::write(segment_path(folder.path(), u32::MAX), b"foreign").expect("written");
    let error = Folder::take(folder.path()).expect("free").next_segment().expect_err("none is left");
    assert!(error.to_string().contains("start a new folder"), "{error}");
}

#[test]
fn one_writer_a_folder_and_a_new_run_says_what_it_found() {
    let folder = folder();
    let Parts { mut feed, mut scribe, keeper, found, .. } = begin(folder.path(), live_settings());
    assert_eq!(found, None);
    let error = Folder::take(folder.path()).expect_err("somebody has it");
    assert!(error.to_string().contains("another writer holds this folder"), "{error}");
    feed.push_lines(&small_run()).expect("room");
    feed.push_lines(&level(7, 0)).expect("room");
    drain(&mut scribe);
    // As a crash: neither side ends its work.
    drop((feed, scribe, keeper));
    let crashed = first_file(&folder);
    let Parts { feed, scribe, keeper, found, .. } = begin(folder.path(), live_settings());
    let found = found.expect("a segment of the last run");
    assert_eq!((found.run_id, found.segment, found.end), (RUN.run_id, 0, end::UNSEALED));
    assert_eq!((found.records, found.last_seq, found.damaged), (8, 7, 0));
    assert_eq!(found.valid_bytes, journal::valid_prefix(&crashed) as u64);
    assert_eq!(found.file_bytes, crashed.len() as u64);
    finish(feed, scribe, keeper, 0);
    assert_eq!(first_file(&folder), crashed, "the last run's segment is left as it is");
    let numbers: Vec<_> = segments(folder.path()).expect("a folder").iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [0, 1], "what was only prepared is gone");
    let folder = Folder::take(folder.path()).expect("free again");
    let found = folder.found().expect("readable").expect("the second run's segment");
    assert_eq!((found.segment, found.end, found.records), (1, end::SEALED, 0));
}

/// Three segments of the first run in a folder, then a second run whose bounds make them surplus.
fn second_run(retention: Retention, utc_ns: u64) -> (TempDir, Parts) {
    let folder = folder();
    let settings = |created_utc_ns, retention| {
        let run = journal::Run { created_utc_ns, ..RUN };
        LiveSettings { run, retention, ..live_settings() }
    };
    let Parts { mut feed, mut scribe, mut keeper, .. } =
        begin(folder.path(), settings(1_000_000, Retention::default()));
    feed.push_lines(&three_segments()).expect("room");
    drain(&mut scribe);
    keeper.tick(0).expect("a sealed segment");
    drain(&mut scribe);
    finish(feed, scribe, keeper, 0);
    let parts = begin(folder.path(), settings(utc_ns, retention));
    (folder, parts)
}

fn numbers(folder: &TempDir) -> Vec<u32> {
    segments(folder.path()).expect("a folder").into_iter().map(|(number, _)| number).collect()
}

#[test]
fn what_is_surplus_goes_oldest_first_and_never_the_newest() {
    let by_age = Retention { keep_ns: Some(50), ..Retention::default() };
    let (folder, mut parts) = second_run(by_age.clone(), 1_000_050);
    (0..9).for_each(|_| _ = parts.keeper.tick(1).expect("a tick"));
    assert_eq!(numbers(&folder), [2, 3, 4], "the newest sealed one, the open one and the one prepared");
    let gone: Vec<_> = parts.events.try_iter().collect();
    let removed = |number| Event::Removed { path: segment_path(folder.path(), number) };
    assert_eq!(gone, [removed(0), removed(1)]);

    let (folder, mut parts) = second_run(by_age.clone(), 1_000_050);
    (0..9).for_each(|_| _ = parts.keeper.tick(0).expect("a tick"));
    assert_eq!(numbers(&folder), [0, 1, 2, 3, 4], "exactly as old as the bound is not too old");

    let (folder, mut parts) = second_run(by_age, u64::MAX / 2);
    (0..9).for_each(|_| _ = parts.keeper.tick(1).expect("a tick"));
    assert_eq!(numbers(&folder), [0, 1, 2, 3, 4], "a clock that is far ahead removes nothing");
    assert_eq!(parts.events.try_iter().collect::<Vec<_>>(), [Event::AgesDoubted]);

    // Two of the three closed ones, about a KiB each, beside the header of the open one.
    let two = 256 + files(folder.path())[1..3].iter().map(|file| file.len() as u64).sum::<u64>();
    for (keep_bytes, left) in [(two, vec![1, 2, 3, 4]), (two + 10_000, vec![0, 1, 2, 3, 4]), (1, vec![2, 3, 4])] {
        let by_size = Retention { keep_bytes: Some(keep_bytes), ..Retention::default() };
        let (folder, mut parts) = second_run(by_size, 1_000_051);
        (0..9).for_each(|_| _ = parts.keeper.tick(0).expect("a tick"));
        assert_eq!(numbers(&folder), left, "{keep_bytes} bytes are kept");
        assert!(parts.feed.disk_mib_free() > 0);
    }
}

/// The newest segment is never given up: when it alone is beyond the bound and what is being written, the hot
/// side is told that there is no disk.
#[test]
fn a_bound_that_cannot_be_kept_leaves_no_disk() {
    for (bytes, has_disk) in [(100_000, true), (200_000, false)] {
        let folder = folder();
        std::fs::write(segment_path(folder.path(), 0), vec![7; bytes]).expect("written");
        let retention = Retention { keep_bytes: Some(1), ..Retention::default() };
        let parts = begin(folder.path(), LiveSettings { capacity_bytes: 70_000, retention, ..live_settings() });
        assert_eq!(parts.feed.disk_mib_free() > 0, has_disk, "{bytes} bytes in the newest");
        assert_eq!(numbers(&folder), [0, 1, 2]);
    }
}

/// Ticks until the keeper has something to say.
fn told(parts: &mut Parts) -> Event {
    loop {
        parts.keeper.tick(1).expect("a tick");
        if let Ok(event) = parts.events.try_recv() {
            return event;
        }
        std::thread::yield_now();
    }
}

/// A command that hangs is ended after ten minutes, and with the run; the segment stays. The shell takes the segment's
/// path that is appended: `sleep` itself refuses it, and hung only as long as it took to say so.
#[test]
fn an_archive_command_that_hangs_is_ended() {
    const TEN_MINUTES_NS: u64 = 600_000_000_000;
    let archive = ["sh", "-c", "exec sleep 100000"].map(str::to_owned).to_vec();
    let bounds = Retention { keep_ns: Some(50), archive, ..Retention::default() };
    let (folder, mut parts) = second_run(bounds.clone(), 1_000_050);
    for now_ns in [1, 2, TEN_MINUTES_NS] {
        parts.keeper.tick(now_ns).expect("a tick");
        assert_eq!(parts.events.try_recv().ok(), None);
    }
    parts.keeper.tick(TEN_MINUTES_NS + 1).expect("a tick");
    let why = "it ran for ten minutes".to_owned();
    let path = segment_path(folder.path(), 0);
    assert_eq!(parts.events.try_recv(), Ok(Event::NotArchived { path: path.clone(), why }));
    assert!(path.exists());

    let (_folder, Parts { feed, scribe, mut keeper, events, .. }) = second_run(bounds, 1_000_050);
    keeper.tick(1).expect("a tick");
    finish(feed, scribe, keeper, 2);
    let ended =
        events.iter().filter(|event| matches!(event, Event::NotArchived { why, .. } if why.contains("run ended")));
    assert_eq!(ended.count(), 1);
}

/// Minor faults of this thread so far.
fn faults() -> u64 {
    let facts = std::fs::read_to_string("/proc/thread-self/stat").expect("a proc file system");
    let behind_name = facts.rsplit(')').next().expect("fields behind the name");
    behind_name.split_whitespace().nth(7).and_then(|field| field.parse().ok()).expect("a number")
}

/// The kernel protects pages that it writes back, here because the test asks for it: the next store faults,
/// unless the keeper has seen to the pages before.
#[test]
fn a_tick_makes_the_pages_that_the_scribe_is_in_writable_again() {
    let folder = folder();
    let Parts { mut feed, mut scribe, mut keeper, caveats, .. } = begin(folder.path(), live_settings());
    if !caveats.is_empty() {
        eprintln!("skipped: {caveats:?}: this file system protects no pages");
        return;
    }
    let file = std::fs::File::open(segment_path(folder.path(), 0)).expect("the segment");
    let mut written = |seqs: std::ops::Range<u64>| {
        seqs.for_each(|seq| feed.push_lines(&level(seq, flag::END_OF_STEP)).expect("room"));
        let before = faults();
        drain(&mut scribe);
        faults() - before
    };
    // Everything that a fault could come from but the pages of the file is met once before.
    written(0..200);
    keeper.tick(0).expect("a tick");
    written(200..400);
    file.sync_data().expect("written back");
    let protected = written(400..600);
    file.sync_data().expect("written back");
    keeper.tick(1).expect("a tick");
    let refreshed = written(600..800);
    assert!(protected > 0 && refreshed == 0, "{protected} faults without the tick, {refreshed} with it");
}

#[test]
fn a_segment_is_removed_only_after_it_was_archived() {
    let shell = |script: &str| ["sh", "-c", script, "sh"].map(str::to_owned).to_vec();
    let store = tempfile::tempdir().expect("a folder");
    let script = format!("cp \"$1\" '{}'", store.path().display());
    let bounds = Retention { keep_ns: Some(50), archive: shell(&script), ..Retention::default() };
    let (folder, mut parts) = second_run(bounds.clone(), 1_000_050);
    let first = std::fs::read(segment_path(folder.path(), 0)).expect("the first segment");
    assert_eq!(told(&mut parts), Event::Removed { path: segment_path(folder.path(), 0) });
    assert_eq!(std::fs::read(segment_path(store.path(), 0)).expect("a copy"), first);

    // A command that moves the segment away has removed it too.
    let script = format!("mv \"$1\" '{}'", store.path().display());
    let (folder, mut parts) = second_run(Retention { archive: shell(&script), ..bounds.clone() }, 1_000_050);
    for number in [0, 1] {
        assert_eq!(told(&mut parts), Event::Removed { path: segment_path(folder.path(), number) });
        assert!(segment_path(store.path(), number).exists());
    }

    for archive in [shell("exit 3"), vec!["no such program".to_owned()]] {
        let (folder, mut parts) = second_run(Retention { archive, ..bounds.clone() }, 1_000_050);
        let Event::NotArchived { path, .. } = told(&mut parts) else { panic!("it cannot have been archived") };
        assert_eq!(path, segment_path(folder.path(), 0));
        assert_eq!(numbers(&folder), [0, 1, 2, 3, 4]);
    }
}
