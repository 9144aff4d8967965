//! What a writer refuses, and what it leaves behind.

use crate::make::*;
use hotpath::record::{Kind, Line, Misfit, NO_INSTRUMENT, flag};
use journal::{
    CAPACITY_BYTES_MAX, End, Error, Fault, HEADER_BYTES, Header, Place, RECORDS_AT, Segment, Settings, Writer,
    segment_path,
};

#[test]
fn a_record_out_of_sequence_is_refused_and_leaves_no_trace() {
    let folder = folder();
    let mut writer = writer(&folder);
    writer.append_lines(&opening(0)).expect("in sequence");
    for wrong in [level(1, 0), level(3, 0)] {
        let error = writer.append_lines(&wrong).expect_err("2 is next");
        assert!(matches!(error, Error::Sequence { expected: 2, offset: 512, .. }), "{error}");
    }
    writer.append_lines(&level(2, 0)).expect("the refusals changed nothing");
    writer.close().expect("closed");
    assert_eq!(first_file(&folder), sealed(&[opening(0), level(2, 0)].concat()));
}

#[test]
fn a_misfit_is_refused_and_leaves_no_trace() {
    let folder = folder();
    let mut writer = writer(&folder);
    let mut longer = level(0, 0);
    longer[0].0[..4].copy_from_slice(&128_u32.to_le_bytes());
    longer.push(Line::ZERO);
    let mut unknown = level(0, 0);
    unknown[0].0[32..34].copy_from_slice(&0x02ff_u16.to_le_bytes());
    let mut foreign = level(0, 0);
    foreign[0].0[34..36].copy_from_slice(&2_u16.to_le_bytes());
    let mut everywhere = level(0, 0);
    everywhere[0].0[34..36].copy_from_slice(&NO_INSTRUMENT.to_le_bytes());
    let mut structure = level(0, 0);
    structure[0].0[32..34].copy_from_slice(&Kind::INDEX.0.to_le_bytes());
    let mut unclean = frame(0, 0, b"payload");
    unclean[1].0[7] = 1;
    let cut = &frame(0, 0, b"payload")[..1];
    let cases: [(&[Line], Misfit); 7] = [
        (&longer, Misfit::Length),
        (&unknown, Misfit::Kind),
        (&foreign, Misfit::Instrument),
        (&everywhere, Misfit::Instrument),
        (&structure, Misfit::Kind),
        (&unclean, Misfit::Padding),
        (cut, Misfit::Length),
    ];
    for (lines, expected) in cases {
        match writer.append_lines(lines) {
            Err(Error::Misfit { misfit, offset: 256, .. }) => assert_eq!(misfit, expected),
            other => panic!("{expected:?} expected, not {other:?}"),
        }
    }
    writer.append_lines(&small_run()).expect("the refusals changed nothing");
    writer.close().expect("closed");
    assert_eq!(first_file(&folder), sealed(&small_run()));
}

#[test]
fn a_payload_from_the_callers_buffer_is_padded_with_zeros() {
    for length in [0, 1, 63, 64, 65, 65_535, 65_536] {
        let payload = vec![b'x'; length];
        let lines = frame(0, flag::END_OF_STEP, &payload);
        let folder = folder();
        let mut writer = writer(&folder);
        writer.append(&lines[0], &payload).expect("a frame");
        writer.close().expect("closed");
        assert_eq!(first_file(&folder), sealed(&lines), "payload of {length}");
    }
}

#[test]
fn a_payload_of_another_length_than_announced_is_refused() {
    let folder = folder();
    let mut writer = writer(&folder);
    let lines = frame(0, 0, &[b'x'; 65]);
    for length in [0, 64, 66, 127, 129, 192] {
        let error = writer.append(&lines[0], &vec![0; length]).expect_err("65 were announced");
        assert!(matches!(error, Error::Misfit { misfit: Misfit::Length, .. }), "{error}");
    }
}

#[test]
fn a_full_segment_refuses_and_can_still_be_closed() {
    let folder = folder();
    let capacity_bytes = 65_856;
    let mut writer = Writer::create(Settings { capacity_bytes, ..settings(folder.path()) }).expect("least capacity");
    writer.append_lines(&frame(0, flag::END_OF_STEP, &vec![b'x'; 65_536])).expect("fits exactly");
    let error = writer.append_lines(&level(1, 0)).expect_err("full");
    assert!(matches!(error, Error::Full { offset: 65_856, bytes: 64, .. }), "{error}");
    writer.append_lines(&opening(1)).expect("the next segment has room");
    writer.close().expect("closed");
    assert_eq!(items(&first_file(&folder)).1, End::Sealed);
}

#[test]
fn a_capacity_out_of_bounds_is_refused() {
    let folder = folder();
    for capacity_bytes in [0, 65_855, CAPACITY_BYTES_MAX + 1] {
        let error = Writer::create(Settings { capacity_bytes, ..settings(folder.path()) }).expect_err("out of bounds");
        assert!(matches!(error, Error::Capacity { bytes, .. } if bytes == capacity_bytes), "{error}");
    }
    assert!(!segment_path(folder.path(), 0).exists());
}

#[test]
fn a_journal_is_never_overwritten() {
    let folder = folder();
    drop(writer(&folder));
    let before = first_file(&folder);
    let error = Writer::create(settings(folder.path())).expect_err("the file exists");
    assert!(error.to_string().contains("000000.bin: cannot create the file at byte 0"), "{error}");
    assert!(error.to_string().contains("never overwritten"), "{error}");
    assert_eq!(first_file(&folder), before);
}

#[test]
fn a_file_under_a_writer_is_not_mapped() {
    let folder = folder();
    let path = segment_path(folder.path(), 0);
    let writer = writer(&folder);
    let error = Segment::open(&path).expect_err("a writer holds it");
    assert!(matches!(error, Error::Live { .. }), "{error}");
    writer.close().expect("closed");
    let segment = Segment::open(&path).expect("nobody writes");
    assert_eq!((segment.header().run(), segment.header_copies()), (RUN, 2));
    assert_eq!(index_of(&segment).records, 0);
}

#[test]
fn a_dropped_writer_leaves_its_records_and_zeros() {
    let folder = folder();
    let mut writer = writer(&folder);
    writer.append_lines(&small_run()).expect("records");
    let used = writer.offset() as usize;
    drop(writer);
    let bytes = first_file(&folder);
    assert!(bytes.len() > used);
    assert_eq!(items(&bytes).1, End::Unsealed);
    assert_eq!(stream(&bytes), stream(&sealed(&small_run())));
    assert_eq!(journal::valid_prefix(&bytes), used);
}

#[test]
fn preparing_changes_no_byte_and_growth_crosses_windows() {
    let (with, without) = (folder(), folder());
    let payload = vec![b'p'; 65_000];
    for (folder, prepares) in [(&with, true), (&without, false)] {
        let capacity_bytes = 16 * MIB;
        let mut writer = Writer::create(Settings { capacity_bytes, ..settings(folder.path()) }).expect("created");
        for seq in 0..150 {
            if prepares {
                writer.prepare().expect("room");
            }
            writer.append_lines(&frame(seq, flag::END_OF_STEP, &payload)).expect("room");
        }
        writer.close().expect("closed");
    }
    let bytes = first_file(&with);
    assert!(bytes == first_file(&without) && bytes.len() > 9_000_000);
    assert_eq!(stream(&bytes).len(), 150);
}

#[test]
fn room_for_the_index_is_taken_before_a_record_is() {
    let folder = folder();
    let capacity_bytes = 5 * MIB;
    let mut writer = Writer::create(Settings { capacity_bytes, ..settings(folder.path()) }).expect("created");
    let path = segment_path(folder.path(), 0);
    let allocated = || std::fs::metadata(&path).expect("the file").len();
    let mut grew_early = false;
    for seq in 0..70_000 {
        writer.append_lines(&level(seq, flag::END_OF_STEP)).expect("room");
        // One entry a MiB: at most six, which take 256 bytes, and the footer.
        let closed = writer.offset() + 256 + 64;
        assert!(closed <= allocated(), "a full disk would prevent closing at {closed}");
        grew_early |= allocated() == 8 * MIB && writer.offset() < 4 * MIB;
    }
    assert!(grew_early);
}

#[test]
fn a_place_that_is_one_file_is_that_file() {
    let folder = folder();
    let path = folder.path().join("again.bin");
    let mut writer =
        Writer::create(Settings { place: Place::File(path.clone()), ..settings(folder.path()) }).expect("created");
    assert_eq!(writer.path(), Some(path.as_path()));
    writer.append_lines(&small_run()).expect("records");
    assert_eq!(writer.next_seq(), 7);
    writer.close().expect("closed");
    assert_eq!(std::fs::read(path).expect("the file"), sealed(&small_run()));
}

#[test]
fn files_that_are_no_segments_are_refused_in_one_sentence() {
    let folder = folder();
    let path = folder.path().join("x.bin");
    let whole = sealed(&small_run());
    let mut future = whole.clone();
    for copy in [0, 128] {
        future[copy + 8] = 7;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&future[copy..copy + 12]);
        hasher.update(&future[copy + 16..copy + 128]);
        future[copy + 12..copy + 16].copy_from_slice(&hasher.finalize().to_le_bytes());
    }
    let mut damaged = whole.clone();
    damaged[20] ^= 1;
    damaged[200] ^= 1;
    let cases: [(&[u8], &str); 5] = [
        (b"", "shorter than the 256 bytes"),
        (&whole[..127], "shorter than the 256 bytes"),
        (&[b'{'; 600], "not a Fathom journal"),
        (&future, "format version 7 at byte 8, and this program reads version 1"),
        (&damaged, "both copies of the segment header (bytes 0 to 256) are damaged"),
    ];
    for (bytes, expected) in cases {
        std::fs::write(&path, bytes).expect("written");
        let text = Segment::open(&path).expect_err(expected).to_string();
        assert!(text.contains(expected) && text.contains("x.bin: ") && !text.contains('\n'), "{text}");
    }
}

/// What a writer leaves that dies while it begins a segment: after each of its four stores.
#[test]
fn a_header_that_is_half_stored_is_no_damage() {
    let whole = sealed(&[]);
    let mut bytes = vec![0; 4096];
    let copies = |bytes: &[u8]| Header::read(bytes).map(|opened| opened.copies);
    assert_eq!(copies(&bytes), Err(Fault::Unbegun));
    // Each copy without its first word, then that word.
    let stores = [HEADER_BYTES + 4..RECORDS_AT, HEADER_BYTES..HEADER_BYTES + 4, 4..HEADER_BYTES, 0..4];
    for (place, found) in stores.into_iter().zip([Err(Fault::Unbegun), Ok(2), Ok(2), Ok(2)]) {
        bytes[place.clone()].copy_from_slice(&whole[place]);
        assert_eq!(copies(&bytes), found);
    }
    bytes[9] ^= 1;
    assert_eq!(copies(&bytes), Ok(1), "a damaged copy is told");
}
