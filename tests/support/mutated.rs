//! Journals whose records are whole and whose fields are anything.

use hotpath::record::{HEAD_BYTES, Kind, LINE_BYTES, head_of};
use journal::{Header, RECORDS_AT, record_crc};

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
pub fn places(bytes: &[u8]) -> Vec<(usize, usize)> {
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

/// Makes the CRC of a record right again.
pub fn mend(record: &mut [u8], salt: u32) {
    let (first, rest) = record.split_at(LINE_BYTES);
    let crc = record_crc(salt, first, rest);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
}

/// The journal with up to forty fields changed, other ones for each seed.
pub fn mutated(whole: &[u8], seed: u64) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let salt = Header::read(whole).expect("a header").header.salt;
    let mut state = seed;
    let places = places(whole);
    for _ in 0..=roll(&mut state) % 40 {
        let (from, to) = places[roll(&mut state) as usize % places.len()];
        change(&mut bytes[from..to], salt, &mut state);
    }
    bytes
}
