//! Whether a whole record stands at a place.

use crc32fast::Hasher;
use hotpath::record::{HEAD_BYTES, Head, LINE_BYTES, LeftOut, Line, RECORD_BYTES_MAX, body_of, head_of};

/// How far a sequence number may lie ahead: more records than this fit in no segment.
pub(crate) const SEQ_AHEAD_MAX: u64 = 1 << 29;
/// Where the CRC of a record starts and ends.
const CRC_AT: std::ops::Range<usize> = 4..8;

/// The CRC of a record: CRC-32 (IEEE), started from `salt`, over its bytes but those of the CRC.
///
/// `first` is the record's first line (64 bytes), `rest` the bytes that follow, up to a line less
/// of which may be missing: zeros up to the next whole line take part.
#[must_use]
pub fn record_crc(salt: u32, first: &[u8], rest: &[u8]) -> u32 {
    const ZEROS: [u8; LINE_BYTES] = [0; LINE_BYTES];
    let missing = rest.len().wrapping_neg() % LINE_BYTES;
    let mut hasher = Hasher::new_with_initial(salt);
    hasher.update(&first[..CRC_AT.start]);
    hasher.update(&first[CRC_AT.end..]);
    hasher.update(rest);
    hasher.update(&ZEROS[..missing]);
    hasher.finalize()
}

/// The head of a record by its first line.
pub(crate) fn head_of_line(first: &Line) -> Head {
    bytemuck::pod_read_unaligned(&first.0[..HEAD_BYTES])
}

/// The bytes that the record at the start of `bytes` claims, when a record may have that length.
pub(crate) fn claimed_bytes(bytes: &[u8]) -> Option<usize> {
    let len = usize::try_from(head_of(bytes)?.len).ok()?;
    let possible = len % LINE_BYTES == 0 && (LINE_BYTES..=RECORD_BYTES_MAX).contains(&len);
    possible.then_some(len)
}

/// The record of `len` bytes at the start of `bytes`, when all of it is there and its CRC is right.
pub(crate) fn whole(bytes: &[u8], len: usize, salt: u32) -> Option<(Head, &[u8])> {
    let record = bytes.get(..len)?;
    let head = head_of(record)?;
    let (first, rest) = record.split_at_checked(LINE_BYTES)?;
    (record_crc(salt, first, rest) == head.crc).then_some((head, record))
}

/// The sequence number that follows a record, by its first line at least: a LEFT_OUT stands for all
/// that are missing.
pub(crate) fn next_seq(head: &Head, first: &[u8]) -> u64 {
    let stands_for = body_of::<LeftOut>(first).map_or(1, |body| body.records.clamp(1, SEQ_AHEAD_MAX));
    head.seq.saturating_add(stands_for)
}
