//! Bytes of any origin: no panic, an end, and every byte accounted for once.

use crate::make::*;
use hotpath::record::flag;
use journal::{Header, Index, Item, Items, RECORDS_AT, valid_prefix};
use proptest::prelude::*;

/// Items must tile the file without overlap; trailing zeros and cut records may stay unnamed.
fn assert_tiles(bytes: &[u8]) {
    let header = Header::new(&RUN);
    let mut walk = Items::new(bytes, &header);
    let mut at = RECORDS_AT.min(bytes.len());
    for item in walk.by_ref() {
        let (offset, length) = match item {
            Item::Record(record) => (record.offset, record.bytes.len()),
            Item::Damage(damage) => (damage.offset, damage.bytes),
        };
        assert_eq!(offset, at);
        at += length;
    }
    assert!(at <= bytes.len());
    assert!(walk.end().is_some() && walk.next().is_none());
    assert!(Index::rebuild(bytes, &header).entries.len() * 64 <= bytes.len());
    assert!(Index::find(bytes, &header).is_none_or(|index| index.entries.len() * 32 <= bytes.len()));
    assert!(valid_prefix(bytes) <= bytes.len());
}

#[derive(Clone, Debug)]
enum Edit {
    Set(usize, u8),
    Fill(usize, usize, u8),
    Copy(usize, usize, usize),
    Drop(usize, usize),
    Mend(usize),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = 0_usize..4096;
    let length = 0_usize..300;
    let edit = prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, value)| Edit::Set(at, value)),
        (at.clone(), length.clone(), any::<u8>()).prop_map(|(at, length, value)| Edit::Fill(at, length, value)),
        (at.clone(), at.clone(), length.clone()).prop_map(|(from, to, length)| Edit::Copy(from, to, length)),
        (at.clone(), length).prop_map(|(at, length)| Edit::Drop(at, length)),
        at.prop_map(|at| Edit::Mend(at & !63)),
    ];
    proptest::collection::vec(edit, 0..12)
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    let size = bytes.len();
    let range = |at: usize, length: usize| at.min(size)..(at + length).min(size);
    match *edit {
        Edit::Set(at, value) => bytes[range(at, 1)].fill(value),
        Edit::Fill(at, length, value) => bytes[range(at, length)].fill(value),
        Edit::Copy(from, to, length) => {
            let copied = bytes[range(from, length)].to_vec();
            for (to, from) in bytes[range(to, length)].iter_mut().zip(copied) {
                *to = from;
            }
        }
        Edit::Drop(at, length) => drop(bytes.drain(range(at, length))),
        Edit::Mend(at) => {
            let claimed = bytes.get(at..at + 4).map_or(0, |word| word[0] as usize + 256 * word[1] as usize);
            if claimed >= 64 && at + claimed <= size && bytes[at + 2..at + 4] == [0, 0] {
                mend(bytes, at);
            }
        }
    }
}

proptest! {
    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        assert_tiles(&bytes);
    }

    #[test]
    fn edited_journals(edits in edits()) {
        let lines = [small_run(), frame(7, 0, &[b'x'; 700]), level(8, flag::END_OF_STEP)].concat();
        let mut bytes = sealed(&lines);
        edits.iter().for_each(|edit| apply(&mut bytes, edit));
        assert_tiles(&bytes);
    }
}
