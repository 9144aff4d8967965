//! Any interleaving of hot side, scribe, keeper, compression and readers gives every reader a prefix of
//! what was pushed, and at least what was committed.

use crate::live::{begin, drain, finish, live_settings};
use crate::make::*;
use hotpath::record::{Kind, Line, flag};
use journal::{
    Feed, FolderFollower, FolderPoll, Follower, Item, Items, Keeper, LiveSettings, Parts, Poll, Scribe, Segment,
    compress, segment_path, segments,
};
use proptest::prelude::*;
use std::path::Path;

#[derive(Clone, Debug)]
enum Act {
    /// Pushes frames with payloads of these sizes.
    Push(Vec<usize>),
    /// Pushes the pair that opens the next segment.
    Rotate,
    /// Lets the scribe commit up to 64 records.
    Scribe,
    /// Lets the keeper do a tick, this much later.
    Keeper(u64),
    /// Compresses the oldest segment that is sealed and not compressed.
    Compress,
    /// Lets the reader that follows the folder read so many records.
    Follow(usize),
    /// Lets a reader come anew and read all files.
    Read,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => proptest::collection::vec(0_usize..5_000, 1..8).prop_map(Act::Push),
        2 => Just(Act::Rotate),
        4 => Just(Act::Scribe),
        3 => (0_u64..3_000).prop_map(Act::Keeper),
        1 => Just(Act::Compress),
        3 => (0_usize..40).prop_map(Act::Follow),
        2 => Just(Act::Read),
    ]
}

/// The records of a stream, each by its bytes but the CRC, which the ring does not have yet.
fn records(lines: &[Line]) -> Vec<Vec<u8>> {
    let bytes: &[u8] = bytemuck::cast_slice(lines);
    let mut records = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let len = u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
        records.push(without_crc(&bytes[at..at + len]));
        at += len;
    }
    records
}

fn without_crc(record: &[u8]) -> Vec<u8> {
    [&record[..4], &record[8..]].concat()
}

/// What is open, what was pushed, and what the two kinds of readers have seen.
struct World {
    folder: tempfile::TempDir,
    feed: Feed,
    scribe: Scribe,
    keeper: Keeper,
    now_ns: u64,
    truth: Vec<Vec<u8>>,
    follower: FolderFollower,
    followed: Vec<Vec<u8>>,
}

impl World {
    fn new() -> Self {
        let folder = folder();
        // Small segments: the keeper prepares and seals often. The sizes below never fill one.
        let settings = LiveSettings { capacity_bytes: 4 * MIB, ring_lines: 2048, ..live_settings() };
        let Parts { feed, scribe, keeper, .. } = begin(folder.path(), settings);
        let follower = FolderFollower::open(&segment_path(folder.path(), 0)).expect("a segment that is begun");
        let (truth, followed) = (Vec::new(), Vec::new());
        let mut world = Self { folder, feed, scribe, keeper, now_ns: 0, truth, follower, followed };
        world.push(&opening(0));
        world
    }

    fn push(&mut self, lines: &[Line]) {
        // A full ring takes nothing; then nothing was pushed.
        if self.feed.push_lines(lines).is_ok() {
            self.truth.extend(records(lines));
        }
    }

    fn perform(&mut self, act: Act) {
        match act {
            Act::Push(sizes) => sizes.into_iter().for_each(|size| {
                let seq = self.truth.len() as u64;
                self.push(&frame(seq, flag::END_OF_STEP, &vec![seq as u8; size]));
            }),
            Act::Rotate => self.push(&opening(self.truth.len() as u64)),
            Act::Scribe => _ = self.scribe.step().expect("records that fit"),
            Act::Keeper(later_ns) => {
                self.now_ns += later_ns;
                self.keeper.tick(self.now_ns).expect("a disk with room");
            }
            Act::Compress => self.compress(),
            Act::Follow(limit) => self.follow(limit),
            Act::Read => self.read(),
        }
    }

    fn compress(&self) {
        let sealed = segments(self.folder.path()).expect("a folder").into_iter().map(|(_, path)| path);
        let plain = sealed.filter(|path| path.extension().is_some_and(|ending| ending == "bin"));
        for path in plain {
            // The open segment and the prepared one are held by their writer.
            if let Ok(compressed) = compress(&path, 1) {
                compressed.remove_source().expect("removed");
                return;
            }
        }
    }

    fn follow(&mut self, limit: usize) {
        let wanted = self.followed.len() + limit;
        while self.followed.len() < wanted {
            match self.follower.poll().expect("an undamaged run") {
                FolderPoll::Record(record) => self.followed.push(without_crc(record.bytes)),
                FolderPoll::Begun(_) => {}
                FolderPoll::Pending => break,
                end => panic!("the run goes on, and the follower says {end:?}"),
            }
        }
        assert!(self.truth.starts_with(&self.followed), "the follower saw something else");
    }

    fn read(&self) {
        let committed = self.feed.committed() as usize;
        let seen = read_all(self.folder.path());
        assert!(self.truth.starts_with(&seen), "a reader saw something else");
        assert!(seen.len() >= committed, "{} of {committed} committed records were seen", seen.len());
        assert!(self.feed.durable() <= self.feed.committed(), "nothing is durable before it is committed");
    }
}

/// All records of a folder, as a program reads that comes now: sealed files through a map, growing ones
/// by what their bytes say.
fn read_all(folder: &Path) -> Vec<Vec<u8>> {
    let mut seen = Vec::new();
    for (_, path) in segments(folder).expect("a folder") {
        match Segment::open(&path) {
            Ok(segment) => seen.extend(records_of(segment.items())),
            Err(journal::Error::Live { .. }) => {
                let bytes = std::fs::read(&path).expect("readable");
                let Ok(opened) = journal::Header::read(&bytes) else { continue };
                seen.extend(records_of(Items::new(&bytes, &opened.header)));
                // The other way to read a growing file sees as much.
                let mut follower = Follower::open(&path).expect("a header");
                let mut count = 0;
                while let Poll::Record(_) = follower.poll().expect("an undamaged file") {
                    count += 1;
                }
                assert_eq!(count, records_of(Items::new(&bytes, &opened.header)).len());
            }
            Err(error) => panic!("{error}"),
        }
    }
    seen
}

fn records_of(items: Items<'_>) -> Vec<Vec<u8>> {
    let record = |item| match item {
        Item::Record(record) if record.head.kind == Kind::INDEX => None,
        Item::Record(record) => Some(without_crc(record.bytes)),
        Item::Damage(damage) => panic!("nobody damaged anything: {damage:?}"),
    };
    items.filter_map(record).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_reader_sees_a_prefix_of_the_truth(acts in proptest::collection::vec(act(), 1..60)) {
        let mut world = World::new();
        acts.into_iter().for_each(|act| world.perform(act));
        world.read();
        let World { folder, feed, mut scribe, keeper, now_ns, truth, mut follower, mut followed } = world;
        drain(&mut scribe);
        finish(feed, scribe, keeper, now_ns);
        prop_assert!(read_all(folder.path()) == truth);
        while let FolderPoll::Record(_) | FolderPoll::Begun(_) = {
            let found = follower.poll().expect("an undamaged run");
            if let FolderPoll::Record(record) = found {
                followed.push(without_crc(record.bytes));
            }
            found
        } {}
        prop_assert!(followed == truth);
    }
}
