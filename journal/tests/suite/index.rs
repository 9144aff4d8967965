//! The index: what a writer stores is what a reader rebuilds.

use crate::make::*;
use hotpath::record::{Kind, Line, flag};
use journal::{CHECKPOINTS_MAX, Header, Index, Segment, Settings, Writer, index_holds, record_crc, segment_path};

fn header() -> Header {
    Header::new(&RUN)
}

fn both(bytes: &[u8]) -> (Option<Index>, Index) {
    (Index::find(bytes, &header()), Index::rebuild(bytes, &header()))
}

fn large(frames: u64) -> Vec<u8> {
    let folder = folder();
    let mut writer = Writer::create(Settings { capacity_bytes: 16 * MIB, ..settings(folder.path()) }).expect("created");
    writer.append_lines(&opening(0)).expect("room");
    let payload = vec![b'x'; 60_000];
    for seq in 2..frames {
        let flags = flag::END_OF_STEP;
        let lines = if seq % 50 == 0 { checkpoint(seq, flags, 0, b"s", 1) } else { frame(seq, flags, &payload) };
        writer.append_lines(&lines).expect("room");
    }
    writer.close().expect("closed");
    first_file(&folder)
}

#[test]
fn an_entry_stands_for_each_checkpoint_and_each_mebibyte() {
    let bytes = large(120);
    let (found, rebuilt) = both(&bytes);
    assert_eq!(found.as_ref(), Some(&rebuilt));
    assert_eq!((rebuilt.records, rebuilt.last_seq), (120, 119));
    let records = stream(&bytes);
    let expected: Vec<u64> = records
        .iter()
        .enumerate()
        .filter(|(place, (offset, seq))| {
            let before = place.checked_sub(1).map(|place| records[place].0 / MIB as usize);
            before != Some(offset / MIB as usize) || *seq < 2 || seq % 50 == 0
        })
        .map(|(_, (_, seq))| *seq)
        .collect();
    assert_eq!(rebuilt.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), expected);
    for entry in &rebuilt.entries {
        assert!(records.contains(&(entry.offset as usize, entry.seq)));
        assert_eq!(entry.taken_ns, 1000 + entry.seq);
        let checkpoint = entry.seq < 2 || entry.seq % 50 == 0;
        assert_eq!(entry.kind == Kind::CHECKPOINT, checkpoint);
    }
}

#[test]
fn only_the_first_chunk_of_a_checkpoint_has_an_entry() {
    let first = checkpoint(0, flag::CONTINUES, 0, b"first", 9);
    let last = checkpoint(1, flag::END_OF_STEP, 5, b"last", 9);
    let index = Index::rebuild(&sealed(&[first, last].concat()), &header());
    assert_eq!(index.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [0]);
}

#[test]
fn a_long_index_is_continued_and_checkpoints_are_bounded() {
    let count = CHECKPOINTS_MAX as u64 + 100;
    let lines: Vec<Line> = (0..count).flat_map(|seq| checkpoint(seq, flag::END_OF_STEP, 0, &[], 0)).collect();
    let bytes = sealed(&lines);
    let (found, rebuilt) = both(&bytes);
    assert_eq!(found.as_ref(), Some(&rebuilt));
    assert_eq!((rebuilt.entries.len(), rebuilt.records), (CHECKPOINTS_MAX, count));
    let index_records = items(&bytes).0.len() as u64 - count;
    assert_eq!(index_records, 3, "two full records of 2,048 entries and the footer");
}

#[test]
fn an_empty_segment_has_an_empty_index() {
    let (found, rebuilt) = both(&sealed(&[]));
    assert_eq!(found, Some(Index::default()));
    assert_eq!(rebuilt, Index::default());
}

#[test]
fn a_file_without_a_whole_index_gets_a_rebuilt_one() {
    let whole = large(60);
    let expected = Index::find(&whole, &header()).expect("an index");
    let mut damaged = whole.clone();
    let last_entry = whole.len() - 64 - 1;
    damaged[last_entry] ^= 1;
    let folder = folder();
    let path = segment_path(folder.path(), 0);
    for bytes in [&damaged[..], &whole[..whole.len() - 64], &whole[..whole.len() - 1]] {
        assert_eq!(Index::find(bytes, &header()), None);
        std::fs::write(&path, bytes).expect("written");
        assert_eq!(index_of(&Segment::open(&path).expect("opens")), expected);
    }
}

#[test]
fn a_payload_that_looks_like_a_footer_does_not_hide_the_real_one() {
    let footer = sealed(&small_run());
    let footer = &footer[footer.len() - 64..];
    let bytes = sealed(&frame(0, flag::END_OF_STEP, footer));
    assert_eq!(both(&bytes).0.map(|index| index.records), Some(1));
    let unsealed = &bytes[..256 + 128];
    assert_eq!(unsealed[320..384], *footer, "the file now ends with what looks like a footer");
    assert_eq!(Index::find(unsealed, &header()), None);
}

/// An index that is whole but not the one that the records give is found out.
#[test]
fn another_index_does_not_hold() {
    let mut bytes = sealed(&[checkpoint(0, flag::END_OF_STEP, 0, b"first", 5)].concat());
    assert!(index_holds(&bytes, &header()));
    let at = bytes.len() - 64 - 128;
    let entry_seq_at = at + 64 + 8;
    bytes[entry_seq_at] ^= 1;
    let crc = record_crc(RUN.salt, &bytes[at..at + 64], &bytes[at + 64..at + 128]);
    bytes[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
    assert!(Index::find(&bytes, &header()).is_some(), "the block is whole");
    assert!(!index_holds(&bytes, &header()));
}

/// Reading on from an indexed place gives what reading all gives from there; without an index, all.
#[test]
fn reading_starts_at_the_last_place_before_what_is_wanted() {
    let folder = folder();
    let path = folder.path().join("large.bin");
    for bytes in [large(120), large(120)[..3 * MIB as usize].to_vec()] {
        let sealed = Index::find(&bytes, &header()).is_some();
        std::fs::write(&path, &bytes).expect("written");
        let segment = Segment::open(&path).expect("opens");
        let all: Vec<_> = segment.items().collect();
        for wanted in [0, 1, 17, 60, 119] {
            let part: Vec<_> = segment.items_from(|entry| entry.seq <= wanted).collect();
            assert!(all.ends_with(&part));
            let skipped = all.len() - part.len();
            assert!(skipped as u64 <= wanted, "{skipped} {wanted}");
            assert_eq!(skipped > 0, sealed && wanted > 0, "{wanted}");
        }
    }
}
