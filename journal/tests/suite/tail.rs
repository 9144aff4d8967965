//! Power loss: what the tail file promises is there again, whatever became of the pages behind it.

use crate::make::*;
use hotpath::record::{Kind, Line, flag};
use journal::{Header, Item, RECORDS_AT, Recovered, TailSlot, recover, tail_path};
use std::collections::BTreeMap;

pub const PAGE_BYTES: usize = 4096;

/// Steps of one record each, of different lengths: 256 bytes of header, then eight pages of records.
fn run() -> Vec<u8> {
    let lines: Vec<Line> =
        (0..200).flat_map(|seq| frame(seq, flag::END_OF_STEP, &vec![b'a'; 37 * (seq as usize % 7)])).collect();
    crashed(&lines)
}

/// Where each record ends, by the number that follows it.
fn ends(bytes: &[u8]) -> BTreeMap<u64, usize> {
    let ends = items(bytes).0.into_iter().filter_map(|item| match item {
        Item::Record(record) => Some((record.next_seq(), record.offset + record.bytes.len())),
        Item::Damage(_) => None,
    });
    ends.chain([(0, RECORDS_AT)]).collect()
}

/// The slot that a writer leaves when `next_seq` is next.
fn slot(bytes: &[u8], next_seq: u64, generation: u64) -> TailSlot<'_> {
    let cursor = ends(bytes)[&next_seq];
    let start = cursor / PAGE_BYTES * PAGE_BYTES;
    TailSlot {
        run_id: RUN.run_id,
        segment: 0,
        generation,
        offset: start as u64,
        next_seq,
        slot_bytes: TailSlot::room_bytes(PAGE_BYTES) as u32,
        bytes: &bytes[start..cursor],
    }
}

fn tail_file(slots: &[TailSlot<'_>]) -> Vec<u8> {
    let mut file = vec![0; 2 * TailSlot::room_bytes(PAGE_BYTES)];
    let mut buffer = Vec::new();
    for slot in slots {
        slot.encode(RUN.salt, &mut buffer);
        file[slot.at() as usize..][..buffer.len()].copy_from_slice(&buffer);
    }
    file
}

/// Recovers `source` with a tail file beside it.
pub fn recovered_with(source: &[u8], tail: &[u8]) -> (Recovered, Vec<u8>) {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| folder());
    let (path, out) = (folder.path().join("000000.bin"), folder.path().join("clean.bin"));
    std::fs::write(&path, source).expect("written");
    std::fs::write(tail_path(&path), tail).expect("written");
    let told = recover(&path, &out).expect("recovered");
    assert!(std::fs::read(&path).expect("the source") == source, "the source was touched");
    (told, std::fs::read(out).expect("the new file"))
}

fn records(bytes: &[u8]) -> BTreeMap<u64, Vec<u8>> {
    let whole = items(bytes).0.into_iter().filter_map(|item| match item {
        Item::Record(record) if record.head.kind.class() != Kind::INDEX.class() => {
            Some((record.head.seq, record.bytes.to_vec()))
        }
        _ => None,
    });
    whole.collect()
}

/// All records before `next_seq` are there, and none that never was.
pub fn assert_holds(clean: &[u8], whole: &[u8], next_seq: u64, what: &str) {
    let (found, all) = (records(clean), records(whole));
    assert!((0..next_seq).all(|seq| found.contains_key(&seq)), "{what}: promised records are gone");
    assert!(found.iter().all(|(seq, bytes)| all.get(seq) == Some(bytes)), "{what}: a record was made up");
    assert!(items(clean).0.iter().all(|item| matches!(item, Item::Record(_))), "{what}: damage");
}

/// What became of a page that was not on the disk yet.
fn page(new: &[u8], start: usize, fate: usize, known: usize) -> Vec<u8> {
    let page = &new[start..(start + PAGE_BYTES).min(new.len())];
    let kept = match fate {
        0 => 0,
        1 => known.clamp(start, start + page.len()) - start,
        _ => page.len(),
    };
    let mut bytes = page[..kept].to_vec();
    bytes.resize(page.len(), 0);
    bytes
}

/// The pages before the slot's are on the disk; each later one is zero, as it was some time ago, or as it
/// was last. Every combination of four pages, for slots at different places of their page.
#[test]
fn all_up_to_the_slot_is_recovered_after_power_loss() {
    let whole = run();
    assert!(whole.len() > 8 * PAGE_BYTES, "{}", whole.len());
    let ends = ends(&whole);
    for next_seq in [1, 3, 40, 61, 80, 81] {
        let slot = slot(&whole, next_seq, 0);
        let tail = tail_file(&[slot]);
        let start = slot.offset as usize;
        for fates in 0..81 {
            let mut source = whole[..start].to_vec();
            let mut fate = fates;
            for place in (start..whole.len()).step_by(PAGE_BYTES) {
                source.extend(page(&whole, place, fate % 3, ends[&(next_seq - 1)]));
                fate /= 3;
            }
            let what = format!("next {next_seq}, fates {fates}");
            let (told, clean) = recovered_with(&source, &tail);
            assert_holds(&clean, &whole, next_seq, &what);
            assert_eq!(told.tail_used, !source[start..].starts_with(slot.bytes), "{what}");
        }
    }
}

#[test]
fn a_file_that_ends_before_the_slot_is_made_longer() {
    let whole = run();
    let slot = slot(&whole, 80, 0);
    let start = slot.offset as usize;
    for cut in [start, start + 1, start + slot.bytes.len() - 1] {
        let (told, clean) = recovered_with(&whole[..cut], &tail_file(&[slot]));
        assert_holds(&clean, &whole, 80, "cut");
        assert_eq!((told.tail_used, told.records, told.passed), (true, 80, vec![]), "cut at {cut}");
    }
}

/// Of two slots the newer counts; one that power loss tore gives way to the other, whatever bit is wrong.
#[test]
fn a_torn_slot_gives_way_to_the_one_before() {
    let whole = run();
    let header = Header::read(&whole).expect("a header").header;
    let slots = [slot(&whole, 80, 6), slot(&whole, 84, 7)];
    let file = tail_file(&slots);
    assert_eq!(TailSlot::newest(&file, Some(&header)), Some(slots[1]));
    for (place, other) in [(0, 1), (1, 0)] {
        let at = slots[place].at() as usize;
        for bit in 0..(64 + slots[place].bytes.len()) * 8 {
            let mut torn = file.clone();
            torn[at + bit / 8] ^= 1 << (bit % 8);
            assert_eq!(TailSlot::newest(&torn, Some(&header)), Some(slots[other]), "slot {place}, bit {bit}");
        }
    }
    assert_eq!(TailSlot::newest(&file[..40], Some(&header)), None);
}

#[test]
fn a_slot_of_another_run_or_segment_is_not_laid_over() {
    let whole = run();
    let own = slot(&whole, 80, 0);
    let mut source = whole.clone();
    source[own.offset as usize..].fill(0);
    let strangers = [TailSlot { run_id: 8, ..own }, TailSlot { segment: 1, ..own }];
    for stranger in strangers {
        assert!(!recovered_with(&source, &tail_file(&[stranger])).0.tail_used);
    }
    let mut buffer = Vec::new();
    own.encode(RUN.salt ^ 1, &mut buffer);
    assert!(!recovered_with(&source, &buffer).0.tail_used, "another salt");
    assert!(recovered_with(&source, &tail_file(&[own])).0.tail_used);
}

/// Until the first page is full, the segment's header itself is nowhere but in the slot.
#[test]
fn a_slot_with_the_beginning_brings_the_header_back() {
    let whole = run();
    let next_seq = ends(&whole).into_iter().take_while(|(_, end)| *end < PAGE_BYTES).last().expect("records").0;
    let slot = slot(&whole, next_seq, 3);
    assert_eq!(slot.offset, 0);
    let zeros = vec![0; whole.len()];
    for source in [&zeros[..], &[]] {
        let (told, clean) = recovered_with(source, &tail_file(&[slot]));
        assert_holds(&clean, &whole, next_seq, "all zero");
        assert_eq!((told.tail_used, told.records), (true, next_seq));
    }
}
