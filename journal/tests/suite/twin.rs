//! Writer and reader against a list in memory.

use crate::make::*;
use hotpath::record::{Kind, LINE_BYTES, Line, Misfit, flag};
use journal::{End, Item, Segment, Settings, Writer, segment_path};
use proptest::prelude::*;

/// What one call hands in; `skew` is added to the sequence number that is due.
#[derive(Clone, Debug)]
struct Call {
    shape: Shape,
    flags: u16,
    skew: u64,
}

#[derive(Clone, Debug)]
enum Shape {
    Level,
    Features,
    Frame(Vec<u8>),
    Checkpoint(bool),
    Unknown,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let shape = prop_oneof![
        4 => Just(Shape::Level),
        2 => Just(Shape::Features),
        3 => proptest::collection::vec(any::<u8>(), 0..300).prop_map(Shape::Frame),
        2 => any::<bool>().prop_map(Shape::Checkpoint),
        1 => Just(Shape::Unknown),
    ];
    let skew = prop_oneof![9 => Just(0_u64), 1 => 1_u64..3];
    let flags = prop_oneof![Just(0), Just(flag::END_OF_STEP)];
    let call = (shape, flags, skew).prop_map(|(shape, flags, skew)| Call { shape, flags, skew });
    proptest::collection::vec(call, 0..60)
}

fn lines(call: &Call, due: u64) -> Vec<Line> {
    let seq = due + call.skew;
    match &call.shape {
        Shape::Level => level(seq, call.flags),
        Shape::Features => features(seq, call.flags),
        Shape::Frame(payload) => frame(seq, call.flags, payload),
        Shape::Checkpoint(opens) => {
            let opening = if *opens { flag::OPENING } else { 0 };
            checkpoint(seq, call.flags | opening, 0, b"some state", 10)
        }
        Shape::Unknown => {
            let mut lines = level(seq, call.flags);
            lines[0].0[32] = 0xee;
            lines
        }
    }
}

/// The same in the plainest way: segments as lists of records.
#[derive(Default)]
struct Twin {
    segments: Vec<Vec<Vec<u8>>>,
    due: u64,
}

impl Twin {
    fn append(&mut self, call: &Call, lines: &[Line]) -> bool {
        if call.skew != 0 || matches!(call.shape, Shape::Unknown) {
            return false;
        }
        let last = self.segments.last();
        let switches = matches!(call.shape, Shape::Checkpoint(true)) && last.is_some_and(|records| !records.is_empty());
        if switches || self.segments.is_empty() {
            self.segments.push(Vec::new());
        }
        let record = bytemuck::cast_slice::<Line, u8>(lines).to_vec();
        self.segments.last_mut().expect("a segment").push(record);
        self.due += 1;
        true
    }
}

/// A record as the caller produced it: without the CRC that the journal filled in.
fn without_crc(record: &[u8]) -> Vec<u8> {
    let mut bytes = record.to_vec();
    bytes[4..8].fill(0);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn a_run_reads_back_as_the_list_that_was_accepted(calls in calls(), closes in any::<bool>()) {
        let folder = folder();
        let mut writer = Writer::create(Settings { capacity_bytes: MIB, ..settings(folder.path()) }).expect("created");
        let mut twin = Twin::default();
        for call in &calls {
            let lines = lines(call, twin.due);
            let rest = &bytemuck::cast_slice::<Line, u8>(&lines)[LINE_BYTES..];
            let outcome = match &call.shape {
                Shape::Frame(payload) => writer.append(&lines[0], payload),
                _ => writer.append(&lines[0], rest),
            };
            prop_assert_eq!(outcome.is_ok(), twin.append(call, &lines));
            prop_assert_eq!(writer.next_seq(), twin.due);
        }
        if closes {
            writer.close().expect("closed");
        } else {
            drop(writer);
        }
        for (number, records) in (0..).zip(&twin.segments) {
            let segment = Segment::open(&segment_path(folder.path(), number)).expect("a segment");
            let mut walk = segment.items();
            let mut read = Vec::new();
            for item in walk.by_ref() {
                match item {
                    Item::Record(record) if record.head.kind == Kind::INDEX => {}
                    Item::Record(record) => read.push(without_crc(record.bytes)),
                    Item::Damage(damage) => panic!("{damage:?}"),
                }
            }
            prop_assert_eq!(&read, records);
            let last = number as usize + 1 == twin.segments.len();
            prop_assert_eq!(walk.end(), Some(if closes || !last { End::Sealed } else { End::Unsealed }));
            prop_assert_eq!(index_of(&segment).records, records.len() as u64);
        }
    }
}

#[test]
fn the_twin_refuses_what_the_schema_refuses() {
    let unknown = lines(&Call { shape: Shape::Unknown, flags: 0, skew: 0 }, 0);
    assert_eq!(hotpath::record::check(&unknown[0].0, 2), Err(Misfit::Kind));
}
