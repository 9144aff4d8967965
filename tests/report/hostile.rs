//! Journals whose records are whole and whose fields are anything: no arithmetic of a page may trust them.

use super::live::{GAPS, live};
use super::xml::assert_well_formed;
use fathom::report::Report;
use hotpath::record::{HEAD_BYTES, Kind, LINE_BYTES, head_of};
use journal::{Header, RECORDS_AT, record_crc};
use std::path::Path;

/// Journals that are tried.
const ROUNDS: u64 = 100;
/// Where in the head `taken_ns`, `exch_ns`, `instrument` and `connection` stand.
const FIELDS: [(usize, usize); 4] = [(16, 8), (24, 8), (34, 2), (38, 2)];
/// Values that arithmetic stumbles over.
const EDGES: [u64; 6] = [0, 1, u64::MAX, i64::MAX as u64, i64::MIN as u64, 1 << 46];

/// SplitMix64.
fn roll(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Where records start and end.
fn places(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let mut at = RECORDS_AT;
    while let Some(head) = bytes.get(at..).and_then(head_of).filter(|head| head.len > 0) {
        places.push((at, at + head.len as usize));
        at += head.len as usize;
    }
    places
}

/// Puts an edge, or chance, into one field of a record, and makes its CRC right again.
fn change(record: &mut [u8], salt: u32, state: &mut u64) {
    let Some(head) = head_of(record).filter(|head| !matches!(head.kind, Kind::CHECKPOINT | Kind::INDEX)) else {
        return;
    };
    let value = EDGES.get(roll(state) as usize % (EDGES.len() + 1)).copied().unwrap_or_else(|| roll(state));
    // The body's first field may be the length of a payload, which must stay.
    let first = HEAD_BYTES + if head.kind == Kind::FRAME { 8 } else { 0 };
    let end = if head.kind == Kind::FRAME { LINE_BYTES } else { record.len() };
    let (at, length) = match roll(state) % 3 {
        0 => FIELDS[roll(state) as usize % FIELDS.len()],
        _ => (first + 8 * (roll(state) as usize % ((end - first) / 8)), 8),
    };
    record[at..at + length].copy_from_slice(&value.to_le_bytes()[..length]);
    mend(record, salt);
}

fn mend(record: &mut [u8], salt: u32) {
    let (first, rest) = record.split_at(LINE_BYTES);
    let crc = record_crc(salt, first, rest);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
}

fn tried(whole: &[u8], path: &Path, seed: u64) -> bool {
    let mut bytes = whole.to_vec();
    let salt = Header::read(whole).expect("a header").header.salt;
    let mut state = seed;
    let places = places(whole);
    for _ in 0..=roll(&mut state) % 40 {
        let (from, to) = places[roll(&mut state) as usize % places.len()];
        change(&mut bytes[from..to], salt, &mut state);
    }
    std::fs::write(path, bytes).expect("a journal");
    let Ok(report) = Report::of(&[path.to_owned()], None) else { return false };
    assert_well_formed(&report.page());
    true
}

#[test]
fn any_field_of_any_record_gives_a_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("000000.bin");
    live(&path, 60);
    let whole = std::fs::read(&path).expect("a journal");
    let paged = (0..ROUNDS).filter(|seed| tried(&whole, &path, *seed)).count();
    assert!(paged as u64 == ROUNDS, "{paged} pages: only a journal without a record has none");
}

/// The durations of gaps were added up without a bound, and the last frame was taken for the latest: two gaps without an
/// end, or a frame before the first one, ended `journal gaps` and the page with a panic.
#[test]
fn endless_gaps_and_a_time_that_runs_back_are_added_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("000000.bin");
    live(&path, 60);
    let mut bytes = std::fs::read(&path).expect("a journal");
    let salt = Header::read(&bytes).expect("a header").header.salt;
    let places = places(&bytes);
    let kind_of = |bytes: &[u8], at: usize| head_of(&bytes[at..]).expect("a head").kind;
    let last_frame = places.iter().rev().find(|place| kind_of(&bytes, place.0) == Kind::FRAME).expect("a frame").0;
    for (from, to) in places {
        let (field, value) = match kind_of(&bytes, from) {
            Kind::GAP_CLOSE => (from + 56, u64::MAX),
            Kind::FRAME if from == last_frame => (from + 16, 1),
            _ => continue,
        };
        bytes[field..field + 8].copy_from_slice(&value.to_le_bytes());
        mend(&mut bytes[from..to], salt);
    }
    std::fs::write(&path, bytes).expect("a journal");
    let report = Report::of(&[path], None).expect("a page");
    assert_eq!((report.summary().gaps, report.summary().damage), (GAPS, 0));
}
