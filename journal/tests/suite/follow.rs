//! A follower sees a prefix at every moment.

use crate::make::*;
use hotpath::record::{Line, flag};
use journal::{Error, Fault, Follower, Poll, Settings, Writer, segment_path};
use proptest::prelude::*;
use std::os::unix::fs::FileExt;

/// Everything that is committed and not yet seen.
fn drain(follower: &mut Follower) -> (Vec<u8>, bool) {
    let mut seen = Vec::new();
    loop {
        match follower.poll().expect("an undamaged file") {
            Poll::Record(record) => seen.extend(record.bytes),
            Poll::Pending => return (seen, false),
            Poll::Sealed => return (seen, true),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_poll_gives_exactly_what_was_committed(sizes in proptest::collection::vec((0_usize..70_000, any::<bool>()), 1..40)) {
        let folder = folder();
        let mut writer = Writer::create(Settings { capacity_bytes: 16 * MIB, ..settings(folder.path()) }).expect("created");
        let path = segment_path(folder.path(), 0);
        let mut follower = Follower::open(&path).expect("a header");
        let mut seen = Vec::new();
        for ((size, polls), seq) in sizes.into_iter().zip(0..) {
            let lines = frame(seq, flag::END_OF_STEP, &vec![b'x'; size.min(65_536)]);
            writer.append_lines(&lines).expect("room");
            if polls {
                let (new, sealed) = drain(&mut follower);
                seen.extend(new);
                prop_assert!(!sealed);
                prop_assert_eq!(256 + seen.len() as u64, writer.offset());
            }
        }
        let end = writer.offset() as usize;
        writer.close().expect("closed");
        let (new, sealed) = drain(&mut follower);
        seen.extend(new);
        prop_assert!(sealed);
        prop_assert!(seen == first_file(&folder)[256..end]);
    }
}

#[test]
fn another_thread_sees_each_record_once_and_in_order() {
    const RECORDS: u64 = 30_000;
    let folder = folder();
    let mut writer = Writer::create(Settings { capacity_bytes: 64 * MIB, ..settings(folder.path()) }).expect("created");
    let mut follower = Follower::open(&segment_path(folder.path(), 0)).expect("a header");
    let writing = std::thread::spawn(move || {
        for seq in 0..RECORDS {
            let size = (seq as usize * 37) % 1500;
            writer.append_lines(&frame(seq, flag::END_OF_STEP, &vec![seq as u8; size])).expect("room");
        }
        writer.close().expect("closed");
    });
    let mut next = 0;
    loop {
        match follower.poll().expect("never half a record") {
            Poll::Record(record) => {
                let size = (next as usize * 37) % 1500;
                assert_eq!(record.head.seq, next);
                assert!(hotpath::record::payload_of(record.bytes).expect("a payload") == vec![next as u8; size]);
                next += 1;
            }
            Poll::Pending => std::thread::yield_now(),
            Poll::Sealed => break,
        }
    }
    assert_eq!(next, RECORDS);
    writing.join().expect("the writer ended well");
}

#[test]
fn a_damaged_committed_record_is_an_error_that_stays() {
    let folder = folder();
    let lines: Vec<Line> = (0..3).flat_map(|seq| level(seq, flag::END_OF_STEP)).collect();
    let mut writer = writer(&folder);
    writer.append_lines(&lines).expect("room");
    drop(writer);
    let path = segment_path(folder.path(), 0);
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("the file");
    file.write_all_at(b"x", 384 + 20).expect("damage");
    let mut follower = Follower::open(&path).expect("a header");
    assert_eq!(follower.header().run(), RUN);
    for _ in 0..2 {
        assert!(matches!(follower.poll(), Ok(Poll::Record(_))));
    }
    for _ in 0..2 {
        assert!(matches!(follower.poll(), Err(Error::Corrupt { offset: 384, .. })));
    }
}

#[test]
fn a_record_without_its_length_word_is_not_seen() {
    let folder = folder();
    drop(writer(&folder));
    let path = segment_path(folder.path(), 0);
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("the file");
    let whole = sealed(&level(0, flag::END_OF_STEP));
    file.write_all_at(&whole[260..320], 260).expect("all but the length");
    let mut follower = Follower::open(&path).expect("a header");
    assert_eq!(follower.poll().expect("no damage"), Poll::Pending);
    file.write_all_at(&whole[256..260], 256).expect("the length");
    assert!(matches!(follower.poll().expect("no damage"), Poll::Record(record) if record.head.seq == 0));
    assert_eq!(follower.poll().expect("no damage"), Poll::Pending);
}

#[test]
fn a_file_that_is_being_created_asks_to_try_again() {
    let folder = folder();
    let path = folder.path().join("new.bin");
    std::fs::write(&path, b"").expect("written");
    let error = Follower::open(&path).expect_err("no header yet");
    assert!(matches!(error, Error::Header { fault: Fault::Short, .. }), "{error}");
}
