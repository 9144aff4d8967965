//! One run over several segments.

use crate::make::*;
use hotpath::record::{Line, flag};
use journal::{End, Header, Place, Settings, Writer, segment_path, valid_prefix};
use std::path::Path;

/// An opening pair of a checkpoint in two chunks each.
fn long_opening(seq: u64) -> Vec<Line> {
    let state = vec![b's'; 65_536 + 100];
    let (chunk, tail) = state.split_at(65_536);
    let total = state.len() as u32;
    let copy = |seq, flags| {
        let first = checkpoint(seq, flags | flag::CONTINUES, 0, chunk, total);
        [first, checkpoint(seq + 1, flags | flag::END_OF_STEP, 65_536, tail, total)].concat()
    };
    [copy(seq, flag::OPENING), copy(seq + 2, flag::OPENING | flag::TWIN)].concat()
}

fn write(folder: &Path, lines: &[Line]) {
    let mut writer = Writer::create(settings(folder)).expect("created");
    writer.append_lines(lines).expect("records");
    writer.close().expect("closed");
}

fn read(folder: &Path, number: u32) -> Vec<u8> {
    std::fs::read(segment_path(folder, number)).expect("a segment")
}

#[test]
fn an_opening_checkpoint_goes_on_in_the_next_segment() {
    let folder = folder();
    let later = checkpoint(3, flag::END_OF_STEP, 0, b"state", 5);
    write(
        folder.path(),
        &[opening(0), level(2, flag::END_OF_STEP), later, opening(4), level(6, flag::END_OF_STEP)].concat(),
    );
    let (first, second) = (read(folder.path(), 0), read(folder.path(), 1));
    let seqs = |bytes: &[u8]| stream(bytes).iter().map(|(_, seq)| *seq).collect::<Vec<_>>();
    assert_eq!((seqs(&first), seqs(&second)), (vec![0, 1, 2, 3], vec![4, 5, 6]));
    let header = Header::read(&second).expect("a header").header;
    assert_eq!((header.segment, header.first_seq, header.salt, header.run_id), (1, 4, RUN.salt, RUN.run_id));
    for bytes in [&first, &second] {
        assert_eq!(items(bytes).1, End::Sealed);
        assert_eq!(valid_prefix(bytes), bytes.len());
    }
    assert!(!segment_path(folder.path(), 2).exists());
}

#[test]
fn neither_a_later_chunk_nor_the_twin_switches() {
    let folder = folder();
    write(folder.path(), &[long_opening(0), level(4, flag::END_OF_STEP), long_opening(5)].concat());
    assert_eq!(stream(&read(folder.path(), 0)).len(), 5);
    assert_eq!(stream(&read(folder.path(), 1)).len(), 4);
}

#[test]
fn a_later_segment_is_regenerated_alone_from_its_own_header() {
    let folder = folder();
    let tail = [opening(3), features(5, flag::END_OF_STEP)].concat();
    write(folder.path(), &[opening(0), level(2, flag::END_OF_STEP), tail.clone()].concat());
    let original = read(folder.path(), 1);
    let run = Header::read(&original).expect("a header").header.run();
    let again = folder.path().join("again.bin");
    let mut writer =
        Writer::create(Settings { place: Place::File(again.clone()), run, capacity_bytes: 4 * MIB }).expect("created");
    writer.append_lines(&tail).expect("records");
    writer.close().expect("closed");
    assert_eq!(std::fs::read(again).expect("the file"), original);
}

#[test]
fn a_failed_switch_ends_the_run_and_says_so() {
    let folder = folder();
    let mut writer = Writer::create(settings(folder.path())).expect("created");
    writer.append_lines(&opening(0)).expect("records");
    std::fs::write(segment_path(folder.path(), 1), b"in the way").expect("written");
    let error = writer.append_lines(&opening(2)).expect_err("the next file exists");
    assert!(error.to_string().contains("000001.bin"), "{error}");
    let error = writer.append_lines(&level(2, 0)).expect_err("no segment is open");
    assert!(error.to_string().contains("start a new run"), "{error}");
    assert_eq!(items(&read(folder.path(), 0)).1, End::Sealed);
}
