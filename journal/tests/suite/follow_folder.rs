//! A follower of a folder sees every segment of every run, and knows when nobody writes any more.

use crate::make::*;
use hotpath::record::{Close, Line, NO_INSTRUMENT, flag};
use journal::{Error, FolderFollower, FolderPoll, Place, Run, Settings, Writer, segment_path};
use std::fs::{OpenOptions, write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use tempfile::TempDir;

/// What polls give until there is nothing more: bytes of records, the runs and segments begun, and why
/// there is no more.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    bytes: Vec<u8>,
    begun: Vec<(u64, u32)>,
    end: &'static str,
}

fn drain(follower: &mut FolderFollower) -> Seen {
    let mut seen = Seen::default();
    loop {
        match follower.poll().expect("undamaged files") {
            FolderPoll::Begun(header) => seen.begun.push((header.run_id, header.segment)),
            FolderPoll::Record(record) => seen.bytes.extend(record.bytes),
            FolderPoll::Pending => return Seen { end: "pending", ..seen },
            FolderPoll::Closed => return Seen { end: "closed", ..seen },
            FolderPoll::Abandoned => return Seen { end: "abandoned", ..seen },
        }
    }
}

fn follow(path: &Path) -> FolderFollower {
    FolderFollower::open(path).expect("a segment that is begun")
}

fn end_of_run(seq: u64) -> Vec<Line> {
    record(seq, NO_INSTRUMENT, flag::END_OF_STEP, &Close { cause: 2, spare: [0; 11] })
}

/// A writer of run 8, whose first segment has this number.
fn next_run(folder: &Path, segment: u32) -> Writer {
    let run = Run { run_id: 8, segment, ..RUN };
    Writer::create(Settings { place: Place::Folder(folder.to_owned()), run, capacity_bytes: 4 * MIB }).expect("created")
}

/// A process that another test is just starting may hold the lock of a dropped writer for a moment.
fn until_released(path: &Path) {
    let file = std::fs::File::open(path).expect("the file");
    while file.try_lock_shared().is_err() {
        std::thread::yield_now();
    }
    file.unlock().expect("the lock goes");
}

/// The stream bytes of a segment file.
fn stream_bytes(folder: &TempDir, number: u32) -> Vec<u8> {
    let bytes = std::fs::read(segment_path(folder.path(), number)).expect("a segment");
    let records = stream(&bytes).into_iter().map(|(offset, _)| offset);
    let len = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
    records.flat_map(|at| bytes[at..at + len(at)].to_vec()).collect()
}

/// The writer is seen after each record, over three segments, and to its end.
#[test]
fn it_goes_from_segment_to_segment_as_they_are_written() {
    let folder = folder();
    let mut writer = writer(&folder);
    let mut follower = follow(folder.path());
    let mut seen = Seen::default();
    let mut look = |follower: &mut FolderFollower, end: &str| {
        let new = drain(follower);
        assert_eq!(new.end, end);
        seen.bytes.extend(new.bytes);
        seen.begun.extend(new.begun);
        (seen.bytes.len(), seen.begun.len())
    };
    assert_eq!(look(&mut follower, "pending"), (0, 1));
    let mut bytes = 0;
    for segment in 0..3 {
        for lines in [opening(10 * segment), (2..10).flat_map(|seq| level(10 * segment + seq, 2)).collect()] {
            writer.append_lines(&lines).expect("records");
            bytes += size_of_val(&lines[..]);
            assert_eq!(look(&mut follower, "pending"), (bytes, segment as usize + 1));
        }
    }
    writer.append_lines(&end_of_run(30)).expect("a record");
    assert_eq!(look(&mut follower, "pending"), (bytes + 64, 3));
    writer.close().expect("closed");
    assert_eq!(look(&mut follower, "closed"), (bytes + 64, 3));
    assert_eq!(look(&mut follower, "closed"), (bytes + 64, 3));
    assert_eq!(seen.begun, [(7, 0), (7, 1), (7, 2)]);
    assert!(seen.bytes == [0, 1, 2].map(|number| stream_bytes(&folder, number)).concat());
}

/// A next segment is prepared as zeros. Its header is stored behind the switch, the second copy first:
/// until one is whole, there is nothing to read.
#[test]
fn a_segment_that_is_prepared_and_not_begun_is_awaited() {
    let folder = folder();
    let mut writer = writer(&folder);
    writer.append_lines(&opening(0)).expect("records");
    writer.close().expect("sealed, and the run goes on");
    let later = tempfile::tempdir().expect("a folder");
    let mut next = next_run(later.path(), 1);
    next.append_lines(&opening(0)).expect("records");
    next.close().expect("closed");
    let whole = std::fs::read(segment_path(later.path(), 1)).expect("a segment");

    let mut follower = follow(folder.path());
    assert_eq!(drain(&mut follower).end, "pending");
    let path = segment_path(folder.path(), 1);
    for prepared in [Vec::new(), vec![0; 100], vec![0; 1 << 16]] {
        write(&path, prepared).expect("a prepared segment");
        assert_eq!(drain(&mut follower), Seen { end: "pending", ..Seen::default() });
    }
    let file = OpenOptions::new().write(true).open(&path).expect("the file");
    file.write_all_at(&whole[128..160], 128).expect("a part of the second copy");
    assert_eq!(drain(&mut follower), Seen { end: "pending", ..Seen::default() });
    file.write_all_at(&whole[160..256], 160).expect("the rest of it");
    file.try_lock().expect("a writer's lock");
    assert_eq!(drain(&mut follower), Seen { begun: vec![(8, 1)], bytes: vec![], end: "pending" });
    file.write_all_at(&whole, 0).expect("the rest");
    assert_eq!(drain(&mut follower).bytes, stream_bytes(&later, 1));
}

#[test]
fn a_writer_that_goes_without_closing_is_noticed() {
    let folder = folder();
    let mut writer = writer(&folder);
    writer.append_lines(&[opening(0), level(2, 2)].concat()).expect("records");
    let mut follower = follow(folder.path());
    assert_eq!(drain(&mut follower).end, "pending");
    writer.append_lines(&level(3, 2)).expect("a record");
    drop(writer);
    until_released(follower.path());
    let last = drain(&mut follower);
    assert_eq!((last.bytes.len(), last.end), (64, "abandoned"), "what it wrote last is seen first");
    assert_eq!(drain(&mut follower).end, "abandoned");
    assert_eq!((follower.path(), follower.offset()), (&*segment_path(folder.path(), 0), 256 + 4 * 64 + 2 * 64));

    // The question leaves no lock behind, and a new run is followed.
    let file = std::fs::File::open(follower.path()).expect("the file");
    file.try_lock().expect("nobody holds it");
    file.unlock().expect("the lock goes");
    let next = next_run(folder.path(), 1);
    assert_eq!(drain(&mut follower), Seen { begun: vec![(8, 1)], bytes: vec![], end: "pending" });
    drop(next);
}

/// A run that was closed ends the following, unless another is begun already.
#[test]
fn it_goes_on_with_the_run_behind() {
    let folder = folder();
    let mut first = writer(&folder);
    first.append_lines(&[opening(0), end_of_run(2)].concat()).expect("records");
    first.close().expect("closed");
    let mut follower = follow(&segment_path(folder.path(), 0));
    let alone = drain(&mut follower);
    assert_eq!((&alone.begun[..], alone.end), (&[(7, 0)][..], "closed"));
    // The run before left a prepared segment behind.
    write(segment_path(folder.path(), 1), [0; 4096]).expect("a prepared segment");
    assert_eq!(drain(&mut follower).end, "closed");
    let mut second = next_run(folder.path(), 2);
    second.append_lines(&opening(0)).expect("records");
    assert_eq!(drain(&mut follower), Seen { begun: vec![(8, 2)], bytes: stream_bytes(&folder, 2), end: "pending" });
    assert_eq!(drain(&mut follow(folder.path())).begun, [(8, 2)], "a folder starts at its newest");
    let all = drain(&mut follow(&segment_path(folder.path(), 0)));
    assert_eq!(all.begun, [(7, 0), (8, 2)]);
}

#[test]
fn a_folder_without_a_begun_segment_is_refused() {
    let folder = folder();
    write(segment_path(folder.path(), 0), [0; 4096]).expect("a prepared segment");
    let error = FolderFollower::open(folder.path()).expect_err("nothing is begun");
    assert!(error.to_string().contains("no segment is begun there"), "{error}");
    let mut damaged = sealed(&opening(0));
    damaged[20] ^= 1;
    damaged[148] ^= 1;
    write(segment_path(folder.path(), 1), damaged).expect("a damaged segment");
    let error = FolderFollower::open(folder.path()).expect_err("records without a header");
    assert!(matches!(error, Error::Header { .. }), "{error}");
}

/// A file of another name has no next one: sealed is the end, whether the run was closed or not.
#[test]
fn a_single_file_ends_when_it_is_sealed() {
    let folder = folder();
    let path = folder.path().join("journal.bin");
    let settings = Settings { place: Place::File(path.clone()), ..settings(folder.path()) };
    let mut writer = Writer::create(settings).expect("created");
    let mut follower = follow(&path);
    writer.append_lines(&opening(0)).expect("records");
    assert_eq!(drain(&mut follower).end, "pending");
    writer.close().expect("closed");
    assert_eq!(drain(&mut follower), Seen { end: "closed", ..Seen::default() });
}

/// The writer is on another thread and switches as fast as it can.
#[test]
fn another_threads_segments_are_all_seen() {
    const SEGMENTS: u64 = 40;
    let folder = folder();
    let mut writer = writer(&folder);
    let mut follower = follow(folder.path());
    let writing = std::thread::spawn(move || {
        for segment in 0..SEGMENTS {
            let first = segment * 100;
            let levels = (first + 2..first + 100).flat_map(|seq| level(seq, flag::END_OF_STEP));
            writer.append_lines(&[opening(first), levels.collect()].concat()).expect("records");
        }
        writer.append_lines(&end_of_run(SEGMENTS * 100)).expect("a record");
        writer.close().expect("closed");
    });
    let (mut next_seq, mut segments) = (0, 0);
    loop {
        match follower.poll().expect("undamaged files") {
            FolderPoll::Begun(header) => {
                assert_eq!((u64::from(header.segment), header.first_seq), (segments, next_seq));
                segments += 1;
            }
            FolderPoll::Record(record) => {
                assert_eq!(record.head.seq, next_seq);
                next_seq += 1;
            }
            FolderPoll::Pending => std::thread::yield_now(),
            FolderPoll::Closed => break,
            FolderPoll::Abandoned => panic!("the writer is there"),
        }
    }
    assert_eq!((segments, next_seq), (SEGMENTS, SEGMENTS * 100 + 1));
    writing.join().expect("the writer ended well");
}
