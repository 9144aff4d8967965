//! Damage of every place of a small journal, and what is still read.

use crate::make::*;
use hotpath::record::{Kind, Misfit, RECORD_BYTES_MAX, flag};
use journal::{Cause, Damage, End, Fault, Header, Index, Item, valid_prefix};

/// A file whose frame carries whole records: one of the same segment, one of another salt.
fn with_embedded_records() -> (Vec<u8>, usize) {
    let plain = sealed(&small_run());
    let same_salt = plain[256..384].to_vec();
    let mut other_salt = plain[256..384].to_vec();
    let later = 3_u64.to_le_bytes();
    other_salt[8..16].copy_from_slice(&later);
    let crc = journal::record_crc(RUN.salt ^ 1, &other_salt[..64], &other_salt[64..]);
    other_salt[4..8].copy_from_slice(&crc.to_le_bytes());
    let payload = [same_salt, other_salt].concat();
    let lines = [opening(0), frame(2, 0, &payload), level(3, 0), level(4, flag::END_OF_STEP)].concat();
    let bytes = sealed(&lines);
    let frame_at = stream(&bytes)[2].0;
    (bytes, frame_at)
}

fn is_found(bytes: &[u8]) -> bool {
    let opened = Header::read(bytes).expect("a single bit never keeps a file from opening");
    let (items, end) = items(bytes);
    opened.copies < 2 || end != End::Sealed || items.iter().any(|item| matches!(item, Item::Damage(_)))
}

#[test]
fn a_whole_file_shows_no_damage() {
    let bytes = sealed(&small_run());
    assert!(!is_found(&bytes));
    assert_eq!(stream(&bytes).len(), 7);
    assert_eq!(valid_prefix(&bytes), bytes.len());
}

#[test]
fn every_flipped_bit_is_found_and_costs_one_record_at_most() {
    for whole in [sealed(&small_run()), with_embedded_records().0] {
        let records = stream(&whole);
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(is_found(&bytes), "bit {bit}");
            let left = stream(&bytes);
            assert!(left.len() + 1 >= records.len(), "bit {bit} costs more than a record");
            assert!(left.iter().all(|record| records.contains(record)), "bit {bit} makes a record up");
            let lost = records.iter().find(|record| !left.contains(record));
            if let Some((offset, _)) = lost {
                assert!((*offset..*offset + RECORD_BYTES_MAX).contains(&(bit / 8)), "bit {bit} costs another record");
                assert!(valid_prefix(&bytes) <= *offset, "bit {bit}");
            }
        }
    }
}

#[test]
fn every_truncation_keeps_the_records_before_it() {
    let whole = sealed(&small_run());
    let records = stream(&whole);
    let ends: Vec<usize> = records.iter().skip(1).map(|(offset, _)| *offset).collect();
    let stream_end = records.last().expect("records").0 + 64;
    for cut in 0..whole.len() {
        let bytes = &whole[..cut];
        if cut < 128 {
            assert_eq!(Header::read(bytes).expect_err("no copy is there"), Fault::Short);
            assert_eq!(valid_prefix(bytes), 0);
            continue;
        }
        let kept = ends.iter().filter(|end| **end <= cut).count() + usize::from(stream_end <= cut);
        assert_eq!(stream(bytes), records[..kept], "cut at {cut}");
        let (items, end) = items(bytes);
        assert!(items.iter().all(|item| matches!(item, Item::Record(_))), "a cut is no damage: {cut}");
        let between = cut <= 256 || ends.contains(&cut) || cut == stream_end || cut == whole.len() - 64;
        assert_eq!(end, if between { End::Unsealed } else { End::Truncated }, "cut at {cut}");
        let steps = [256, records[1].0, records[2].0, records[6].0, stream_end];
        let valid = steps.into_iter().filter(|step| *step <= cut).max().unwrap_or(cut);
        assert_eq!(valid_prefix(bytes), valid, "cut at {cut}");
    }
}

#[test]
fn a_record_inside_a_payload_is_not_taken_for_one() {
    let (whole, frame_at) = with_embedded_records();
    for byte in [0, 1, 4, 8, 33, 40, 64, 190] {
        let mut bytes = whole.clone();
        bytes[frame_at + byte] ^= 0x10;
        let seqs: Vec<u64> = stream(&bytes).iter().map(|(_, seq)| *seq).collect();
        assert_eq!(seqs, [0, 1, 3, 4], "byte {byte}");
    }
}

#[test]
fn a_damaged_frame_that_keeps_its_length_hides_even_a_later_record() {
    // A record of the same salt with a number still to come cannot have been there when the frame
    // was written. Should one be, the length of the damaged frame leads past it.
    let mut embedded = sealed(&level_run(4))[256..].to_vec();
    embedded.truncate(64);
    embedded[8..16].copy_from_slice(&4_u64.to_le_bytes());
    mend(&mut embedded, 0);
    let mut bytes = sealed(&[opening(0), frame(2, 0, &embedded), level(3, flag::END_OF_STEP)].concat());
    let frame_at = stream(&bytes)[2].0;
    bytes[frame_at + 16] ^= 1;
    let seqs: Vec<u64> = stream(&bytes).iter().map(|(_, seq)| *seq).collect();
    assert_eq!(seqs, [0, 1, 3]);
    assert_eq!(items(&bytes).1, End::Sealed);
}

fn level_run(count: u64) -> Vec<hotpath::record::Line> {
    (0..count).flat_map(|seq| level(seq, flag::END_OF_STEP)).collect()
}

#[test]
fn missing_records_are_damage_though_all_bytes_are_whole() {
    let mut bytes = sealed(&level_run(6));
    bytes.drain(256 + 2 * 64..256 + 4 * 64);
    let (items, end) = items(&bytes);
    let hole = Damage { offset: 384, bytes: 0, lost: Some(2), cause: Cause::Hole };
    assert_eq!(items[2], Item::Damage(hole));
    assert_eq!((items.len(), end), (7, End::Sealed), "four records, the hole, the index and its footer");
    assert_eq!(valid_prefix(&bytes), 384);
    let header = Header::read(&bytes).expect("a header").header;
    assert_eq!(Index::find(&bytes, &header).map(|index| index.records), Some(6), "the index tells what there was");
}

#[test]
fn records_in_the_middle_that_are_gone_are_counted() {
    let mut bytes = sealed(&level_run(6));
    bytes[320..448].fill(0);
    let (items, end) = items(&bytes);
    assert_eq!(items[1], Item::Damage(Damage { offset: 320, bytes: 128, lost: Some(2), cause: Cause::Bytes }));
    assert_eq!(end, End::Sealed);
}

#[test]
fn a_record_of_the_past_is_damage() {
    let mut bytes = sealed(&level_run(4));
    let second = bytes[320..384].to_vec();
    bytes.splice(384..384, second);
    let (items, end) = items(&bytes);
    assert_eq!(items[2], Item::Damage(Damage { offset: 384, bytes: 64, lost: Some(0), cause: Cause::Bytes }));
    assert_eq!((stream(&bytes).len(), end), (4, End::Sealed));
}

#[test]
fn a_whole_record_that_breaks_the_schema_is_damage() {
    let mut bytes = sealed(&level_run(3));
    bytes[320 + 34] = 9;
    mend(&mut bytes, 320);
    let damage = Damage { offset: 320, bytes: 64, lost: Some(1), cause: Cause::Misfit(Misfit::Instrument) };
    assert_eq!(items(&bytes).0[1], Item::Damage(damage));
    assert_eq!(valid_prefix(&bytes), 320);
}

#[test]
fn a_kind_of_a_later_version_is_passed_through() {
    let mut bytes = sealed(&level_run(3));
    bytes[320 + 32..320 + 34].copy_from_slice(&0x0777_u16.to_le_bytes());
    mend(&mut bytes, 320);
    let (items, end) = items(&bytes);
    assert!(matches!(items[1], Item::Record(record) if record.head.kind == Kind(0x0777)));
    assert_eq!(end, End::Sealed);
}

#[test]
fn a_crash_between_body_and_length_word_is_torn() {
    let mut bytes = crashed(&level_run(3));
    bytes[384..388].fill(0);
    assert_eq!(items(&bytes).1, End::Torn);
    assert_eq!(stream(&bytes).len(), 2);
    assert_eq!(valid_prefix(&bytes), 384);
}

#[test]
fn bytes_after_the_index_are_damage() {
    let mut bytes = sealed(&level_run(3));
    let length = bytes.len();
    bytes.extend([7; 64]);
    let (items, end) = items(&bytes);
    let damage = Damage { offset: length, bytes: 64, lost: None, cause: Cause::Bytes };
    assert_eq!((items.last(), end), (Some(&Item::Damage(damage)), End::Damaged));
    assert_eq!(valid_prefix(&bytes), 448);
}

/// A writer that dies after its index and before it cuts the file leaves zeros behind the footer. They
/// were called damage once, after a kill that damaged nothing.
#[test]
fn zeros_after_the_index_are_an_end_that_was_not_cut() {
    let whole = sealed(&level_run(3));
    let uncut = [whole.clone(), vec![0; 8192]].concat();
    let (found, end) = items(&uncut);
    assert_eq!((found, end), (items(&whole).0, End::Unsealed));
    assert_eq!(valid_prefix(&uncut), 448);
}

#[test]
fn the_valid_part_ends_with_a_step() {
    let lines = [level_run(2), level(2, 0), level(3, 0)].concat();
    assert_eq!(valid_prefix(&sealed(&lines)), 384, "sealed inside a step");
    assert_eq!(valid_prefix(&crashed(&lines)), 384, "crashed inside a step");
    assert_eq!(valid_prefix(&sealed(&[])), 320, "an empty segment is its header and its index");
    assert_eq!(valid_prefix(b"not a journal"), 0);
}
