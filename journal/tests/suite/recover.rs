//! Recovery: whatever happened to a file, what comes out is clean and made of the original's records.

use crate::make::*;
use hotpath::record::{Kind, LeftOut, Line, body_of, flag, left_out};
use journal::{End, Error, Header, Index, Item, Passed, Record, index_holds, recover, valid_prefix};
use std::collections::BTreeMap;

/// Eight steps of one or two records, checkpoints among them: less than 8 KiB with its index.
fn steps() -> Vec<Line> {
    let small =
        [small_run(), checkpoint(7, flag::END_OF_STEP, 0, b"later", 5), level(8, 0), level(9, flag::END_OF_STEP)];
    [small.concat(), frame(10, 0, &[b'x'; 300]), features(11, flag::END_OF_STEP)].concat()
}

fn records(bytes: &[u8]) -> Vec<Record<'_>> {
    let whole = items(bytes).0.into_iter().filter_map(|item| match item {
        Item::Record(record) if record.head.kind != Kind::INDEX => Some(record),
        _ => None,
    });
    whole.collect()
}

fn holes(bytes: &[u8]) -> Vec<(u64, LeftOut)> {
    records(bytes).iter().filter_map(|record| Some((record.head.seq, body_of(record.bytes)?))).collect()
}

fn hole(seq: u64, records: u64, bytes: u64, cause: u16) -> (u64, LeftOut) {
    (seq, LeftOut { records, bytes, cause, spare: [0; 3] })
}

/// No damage, both headers, the index of its records, and recovering it again changes nothing.
fn assert_clean(bytes: &[u8]) {
    let opened = Header::read(bytes).expect("a header");
    assert_eq!(opened.copies, 2);
    let (all, end) = items(bytes);
    assert!(all.iter().all(|item| matches!(item, Item::Record(_))), "damage in a recovered file");
    assert_eq!(end, End::Sealed);
    assert!(index_holds(bytes, &opened.header));
    let header = &opened.header;
    assert_eq!(Index::find(bytes, header).expect("an index"), Index::rebuild(bytes, header));
}

/// Recovers `broken` and holds what comes out against `whole`: the records that are still readable, each
/// with the bytes that it had, and every number that is not there announced, but for those at an open end.
/// Gives the records of the original that are gone.
fn assert_recovers(whole: &[u8], broken: &[u8], what: &str) -> u64 {
    let (told, clean) = recovered(broken);
    assert_clean(&clean);
    let originals: BTreeMap<u64, &[u8]> = records(whole).iter().map(|record| (record.head.seq, record.bytes)).collect();
    let mut next_seq = Header::read(whole).expect("a header").header.first_seq;
    let mut kept = 0;
    for record in records(&clean) {
        assert_eq!(record.head.seq, next_seq, "{what}");
        next_seq = record.next_seq();
        if record.head.kind != Kind::LEFT_OUT {
            assert_eq!(originals.get(&record.head.seq), Some(&record.bytes), "{what}");
            kept += 1;
        }
    }
    assert_eq!(told.records, kept, "{what}");
    assert_eq!(told.bytes, clean.len() as u64, "{what}");
    let readable = records(broken).len() as u64;
    let dropped_step = told.passed.last().is_some_and(|place| place.cause == left_out::UNFINISHED);
    assert!(kept == readable || (dropped_step && kept < readable), "{what}: {kept} of {readable}");
    assert!(clean[..256] == whole[..256], "{what}: another header");
    originals.len() as u64 - kept
}

#[test]
fn a_closed_file_comes_out_as_it_is() {
    for lines in [vec![], small_run(), steps(), [small_run(), level(7, 0)].concat()] {
        let whole = sealed(&lines);
        let (told, clean) = recovered(&whole);
        assert_eq!(clean, whole);
        assert_eq!((told.passed, told.header_mended, told.index_rebuilt), (vec![], false, false));
    }
}

#[test]
fn every_flipped_bit_costs_one_record_at_most_and_the_rest_is_recovered() {
    let whole = sealed(&steps());
    assert!(whole.len() < 8192);
    let index_at = records(&whole).last().map_or(0, |record| record.offset + record.bytes.len());
    for bit in 0..whole.len() * 8 {
        let mut broken = whole.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        let gone = assert_recovers(&whole, &broken, &format!("bit {bit}"));
        assert_eq!(gone, u64::from((256..index_at).contains(&(bit / 8))), "bit {bit}");
    }
}

#[test]
fn every_cut_is_recovered_up_to_its_last_whole_step() {
    let whole = sealed(&steps());
    let originals = records(&whole);
    let index_at = originals.last().map_or(0, |record| record.offset + record.bytes.len());
    for cut in 128..whole.len() {
        let broken = &whole[..cut];
        let what = format!("cut at {cut}");
        assert_recovers(&whole, broken, &what);
        let clean = recovered(broken).1;
        let end = originals
            .iter()
            .filter(|record| record.head.has(flag::END_OF_STEP))
            .map(|record| record.offset + record.bytes.len())
            .take_while(|end| *end <= cut)
            .last()
            .unwrap_or(256);
        assert!(clean.starts_with(&whole[..end]), "{what}");
        assert_eq!(valid_prefix(broken), end.min(cut), "{what}");
        // Less than a head of the index is not told from a record that was cut.
        let left_out = cut > 256 && (end < cut.min(index_at) || (index_at + 1..index_at + 40).contains(&cut));
        assert_eq!(holes(&clean).len(), usize::from(left_out), "{what}");
        assert_eq!(clean == whole, cut >= index_at && !left_out, "{what}");
    }
}

/// Forty damaged bits at once in a file of many records, from fixed seeds.
#[test]
fn forty_flipped_bits_are_all_found_and_cost_forty_records_at_most() {
    let lines: Vec<Line> = (0..3000)
        .flat_map(|step| {
            [frame(2 * step, 0, &vec![b'x'; (step % 700) as usize]), level(2 * step + 1, flag::END_OF_STEP)].concat()
        })
        .collect();
    let whole = sealed(&lines);
    let originals = records(&whole);
    let index_at = originals.last().map_or(0, |record| record.offset + record.bytes.len());
    for seed in 1..=12_u64 {
        let mut state = seed;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            256 + (state >> 33) as usize % (index_at - 256)
        };
        let places: Vec<usize> = (0..40).map(|_| draw()).collect();
        let mut broken = whole.clone();
        places.iter().for_each(|at| broken[*at] ^= 1 << (at % 8));
        let damaged: Vec<_> = items(&broken)
            .0
            .into_iter()
            .filter_map(|item| match item {
                Item::Damage(damage) => Some(damage.offset..damage.offset + damage.bytes),
                Item::Record(_) => None,
            })
            .collect();
        for at in places.iter().filter(|at| broken[**at] != whole[**at]) {
            assert!(damaged.iter().any(|range| range.contains(at)), "seed {seed}: byte {at} is not found");
        }
        let gone = assert_recovers(&whole, &broken, &format!("seed {seed}"));
        assert!((1..=40).contains(&gone), "seed {seed}: {gone} records are gone");
    }
}

#[test]
fn what_is_missing_is_said_where_it_is_missing() {
    let whole = sealed(&steps());
    let at: Vec<usize> = records(&whole).iter().map(|record| record.offset).collect();
    let of = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut broken = whole.clone();
        edit(&mut broken);
        let (told, clean) = recovered(&broken);
        assert_clean(&clean);
        (told.passed, holes(&clean))
    };
    let passed = |offset: usize, bytes, records, cause| vec![Passed { offset: offset as u64, bytes, records, cause }];
    let damaged = of(&|bytes| bytes[at[3] + 41] ^= 1);
    assert_eq!(damaged, (passed(at[3], 64, Some(1), left_out::DAMAGED), vec![hole(3, 1, 64, left_out::DAMAGED)]));
    let zeroed = of(&|bytes| bytes[at[3]..at[6]].fill(0));
    let bytes = (at[6] - at[3]) as u64;
    assert_eq!(zeroed, (passed(at[3], bytes, Some(3), left_out::DAMAGED), vec![hole(3, 3, bytes, left_out::DAMAGED)]));
    let missing = of(&|bytes| drop(bytes.drain(at[3]..at[5])));
    assert_eq!(missing, (passed(at[3], 0, Some(2), left_out::MISSING), vec![hole(3, 2, 0, left_out::MISSING)]));
    let misfit = of(&|bytes| {
        bytes[at[3] + 34] = 9;
        mend(bytes, at[3]);
    });
    assert_eq!(misfit, (passed(at[3], 64, Some(1), left_out::MISFIT), vec![hole(3, 1, 64, left_out::MISFIT)]));
    let last = of(&|bytes| bytes[at[11] + 41] ^= 1);
    assert_eq!(last, (passed(at[11], 128, Some(1), left_out::DAMAGED), vec![hole(11, 1, 128, left_out::DAMAGED)]));
}

#[test]
fn a_record_that_stands_twice_costs_nothing() {
    let whole = sealed(&steps());
    let at: Vec<usize> = records(&whole).iter().map(|record| record.offset).collect();
    let mut broken = whole.clone();
    let again = broken[at[3]..at[4]].to_vec();
    broken.splice(at[4]..at[4], again);
    let (told, clean) = recovered(&broken);
    assert_eq!(told.passed, [Passed { offset: at[4] as u64, bytes: 64, records: Some(0), cause: left_out::DAMAGED }]);
    assert!(clean == whole);
}

#[test]
fn a_step_that_is_not_finished_is_left_out() {
    let open = [small_run(), frame(7, 0, b"{}"), level(8, 0)].concat();
    let (told, clean) = recovered(&crashed(&open));
    assert_clean(&clean);
    assert_eq!((told.records, holes(&clean)), (7, vec![hole(7, 0, 192, left_out::UNFINISHED)]));
    // With the record that was being written: its length word is still 0.
    let mut torn = crashed(&[open, level(9, flag::END_OF_STEP)].concat());
    let at = records(&torn)[9].offset;
    torn[at..at + 4].fill(0);
    let (told, clean) = recovered(&torn);
    assert_eq!((told.records, holes(&clean)), (7, vec![hole(7, 0, 256, left_out::UNFINISHED)]));
    // Nothing is missing where the last step was finished.
    let (told, clean) = recovered(&crashed(&small_run()));
    assert_eq!((told.passed, told.index_rebuilt), (vec![], true));
    assert!(clean == sealed(&small_run()));
}

/// The bytes behind the damage may have held anything: how many records is not known.
#[test]
fn damage_at_the_end_leaves_the_number_open() {
    let mut broken = crashed(&small_run());
    let at = records(&broken)[6].offset;
    broken[at + 41] ^= 1;
    let clean = recovered(&broken).1;
    assert_clean(&clean);
    let found = holes(&clean);
    assert_eq!(found.iter().map(|(seq, body)| (*seq, body.records, body.cause)).collect::<Vec<_>>(), [(6, 0, 1)]);
}

#[test]
fn a_recovered_file_recovers_to_itself() {
    let mut broken = sealed(&steps());
    let (step, at) = (records(&broken)[2].offset, records(&broken)[4].offset);
    broken[at..at + 200].fill(0x5a);
    let cut = broken.len() - 300;
    for bytes in [&broken[..], &broken[..cut]] {
        let clean = recovered(bytes).1;
        let (told, again) = recovered(&clean);
        assert!(again == clean);
        assert_eq!((told.passed, told.index_rebuilt), (vec![], false));
        assert_eq!(valid_prefix(&clean), step, "the valid part ends before the step that lost something");
    }
}

#[test]
fn nothing_is_written_over() {
    let folder = folder();
    let (source, out) = (folder.path().join("a.bin"), folder.path().join("b.bin"));
    let whole = sealed(&steps());
    std::fs::write(&source, &whole).expect("written");
    std::fs::write(&out, b"dear diary").expect("written");
    for target in [&out, &source] {
        let error = recover(&source, target).expect_err("something stands there");
        assert!(matches!(error, Error::Io { .. }), "{error}");
        assert!(error.to_string().contains("never overwritten"), "{error}");
    }
    assert!(std::fs::read(&source).expect("the source") == whole);
    assert_eq!(std::fs::read(&out).expect("the letter"), b"dear diary");
    std::fs::write(&out, b"").expect("emptied");
    recover(&source, &out).expect("an empty file gives way");
    assert!(std::fs::read(&out).expect("the copy") == whole);
}
