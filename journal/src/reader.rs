//! Reads segments of any origin: whole, cut, damaged or hostile.
//!
//! [`Items`] is a pure function of bytes. It never panics, allocates nothing and takes linear time.

use crate::segment::{Header, Opened, RECORDS_AT};
use crate::whole::{SEQ_AHEAD_MAX, claimed_bytes, next_seq, whole};
use hotpath::record::{Head, Kind, LINE_BYTES, Misfit, RECORD_BYTES_MAX, check, flag, head_of};
use std::fmt;

/// Bytes that checks of CRCs may waste at once before anything was passed.
const WASTE_BYTES_START: usize = 16 * RECORD_BYTES_MAX;
/// Bytes that they may waste more for each byte passed.
const WASTE_PER_BYTE: usize = 4;

/// A record and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Byte offset in the file.
    pub offset: usize,
    /// Its head.
    pub head: Head,
    /// All its bytes, padding included.
    pub bytes: &'a [u8],
}

impl Record<'_> {
    /// The sequence number of the record that follows: the next one, but after a LEFT_OUT the first
    /// that is not missing.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        next_seq(&self.head, self.bytes)
    }
}

/// Why a part of a file was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No whole record stands there.
    Bytes,
    /// Nothing is wrong with the bytes, but records are missing before them.
    Hole,
    /// The record is whole, but not as its kind must be.
    Misfit(Misfit),
}

/// A part of a file that was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Byte offset in the file.
    pub offset: usize,
    /// Bytes skipped; 0 for a hole.
    pub bytes: usize,
    /// Records that are missing; `None` when no record follows to count from.
    pub lost: Option<u64>,
    /// Why.
    pub cause: Cause,
}

/// What [`Items`] yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A whole record; its kind may be unknown to this version.
    Record(Record<'a>),
    /// Something that is none.
    Damage(Damage),
}

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With its index: it was closed.
    Sealed,
    /// After a record, or with zeros: it grows still, or its writer stopped without closing it.
    Unsealed,
    /// With a record that was being written: bytes, but no length word yet.
    Torn,
    /// Inside a record: the file was cut.
    Truncated,
    /// With bytes that no record explains; they were yielded as damage.
    Damaged,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sealed => "sealed",
            Self::Unsealed => "unsealed",
            Self::Torn => "torn",
            Self::Truncated => "truncated",
            Self::Damaged => "damaged",
        })
    }
}

/// Walks the records of a segment, damage included, those of the index too.
///
/// Time is linear in the bytes whatever they hold: a place is looked at again only by a check of a
/// CRC, and checks that fail draw on an allowance, [`RECORD_BYTES_MAX`] times 16 at first and four
/// bytes for each byte passed. A place that cannot be afforded counts as no record. Honest damage
/// does not come near it; a record of one or two lines is always affordable in a search.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    bytes: &'a [u8],
    salt: u32,
    markets: u16,
    /// Where the next item starts.
    at: usize,
    /// The sequence number that stands there in a whole file.
    expected: u64,
    /// Bytes that failing checks may still waste.
    allowance: usize,
    /// Whether the index's footer was passed.
    sealed: bool,
    end: Option<End>,
}

impl<'a> Items<'a> {
    /// Starts at the first record of `bytes`, a whole file with `header`.
    #[must_use]
    pub fn new(bytes: &'a [u8], header: &Header) -> Self {
        Self {
            bytes,
            salt: header.salt,
            markets: header.markets,
            at: RECORDS_AT.min(bytes.len()),
            expected: header.first_seq,
            allowance: WASTE_BYTES_START,
            sealed: false,
            end: None,
        }
    }

    /// Starts at a place of the file's index; what lies before it is not looked at.
    #[must_use]
    pub fn starting_at(bytes: &'a [u8], header: &Header, offset: u64, seq: u64) -> Self {
        let at = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        Self { at, expected: seq, ..Self::new(bytes, header) }
    }

    /// How the file ends; known once the last item was taken.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    /// Takes a whole record that stands at the cursor and is not of the past.
    fn accept(&mut self, head: Head, bytes: &'a [u8]) -> Item<'a> {
        let offset = self.at;
        let lost = head.seq - self.expected;
        if lost > 0 {
            self.expected = head.seq;
            return Item::Damage(Damage { offset, bytes: 0, lost: Some(lost), cause: Cause::Hole });
        }
        self.pass(bytes.len());
        self.expected = next_seq(&head, bytes);
        self.sealed = head.kind == Kind::INDEX && !head.has(flag::CONTINUES);
        match check(bytes, self.markets) {
            Ok(()) | Err(Misfit::Kind) => Item::Record(Record { offset, head, bytes }),
            Err(misfit) => {
                let cause = Cause::Misfit(misfit);
                Item::Damage(Damage { offset, bytes: bytes.len(), lost: Some(1), cause })
            }
        }
    }

    /// Goes from a place that holds no record to the next one, or to the end.
    fn resync(&mut self) -> Option<Item<'a>> {
        let offset = self.at;
        let Some((to, seq)) = self.after_claimed().or_else(|| self.search()) else {
            return self.finish(offset);
        };
        let lost = Some(seq - self.expected);
        self.at = to;
        self.expected = seq;
        Some(Item::Damage(Damage { offset, bytes: to - offset, lost, cause: Cause::Bytes }))
    }

    /// The record right after the bytes that the damaged one claims, if it is the very next one:
    /// what lies inside a damaged payload is then not even looked at.
    fn after_claimed(&mut self) -> Option<(usize, u64)> {
        let claimed = claimed_bytes(self.bytes.get(self.at..)?)?;
        let to = self.at.checked_add(claimed)?;
        let seq = self.candidate(to)?;
        if seq > self.expected.saturating_add(1) {
            return None;
        }
        self.pass(claimed);
        Some((to, seq))
    }

    /// The next record on any line.
    fn search(&mut self) -> Option<(usize, u64)> {
        while self.at < self.bytes.len() {
            self.pass(LINE_BYTES);
            if let Some(seq) = self.candidate(self.at) {
                return Some((self.at, seq));
            }
        }
        None
    }

    /// The sequence number of the record at `offset`, if a search may believe in it.
    fn candidate(&mut self, offset: usize) -> Option<u64> {
        let head = head_of(self.bytes.get(offset..)?)?;
        if !(1..=5).contains(&head.kind.class()) || !self.follows(head.seq) {
            return None;
        }
        self.whole_at(offset).map(|(head, _)| head.seq)
    }

    /// The whole record at `offset`, if looking can be afforded.
    fn whole_at(&mut self, offset: usize) -> Option<(Head, &'a [u8])> {
        let bytes = self.bytes.get(offset..)?;
        let len = claimed_bytes(bytes).filter(|len| *len <= bytes.len() && *len <= self.allowance)?;
        let found = whole(bytes, len, self.salt);
        if found.is_none() {
            self.allowance -= len;
        }
        found
    }

    fn follows(&self, seq: u64) -> bool {
        seq.checked_sub(self.expected).is_some_and(|ahead| ahead <= SEQ_AHEAD_MAX)
    }

    fn pass(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
        self.allowance = self.allowance.saturating_add(bytes.saturating_mul(WASTE_PER_BYTE));
    }

    /// Ends the walk; `from` is where the last record ended.
    fn finish(&mut self, from: usize) -> Option<Item<'a>> {
        let tail = self.bytes.get(from..).unwrap_or_default();
        let end = self.classify(tail);
        self.at = self.bytes.len();
        self.end = Some(end);
        let damage = Damage { offset: from, bytes: tail.len(), lost: None, cause: Cause::Bytes };
        (end == End::Damaged).then_some(Item::Damage(damage))
    }

    fn classify(&self, tail: &[u8]) -> End {
        if self.sealed && tail.is_empty() {
            return End::Sealed;
        }
        // Zeros behind the index: its writer died before it cut the file.
        if tail.iter().all(|byte| *byte == 0) {
            return End::Unsealed;
        }
        let Some(head) = head_of(tail).filter(|_| tail.len() >= LINE_BYTES) else {
            return if self.sealed { End::Damaged } else { End::Truncated };
        };
        match claimed_bytes(tail) {
            _ if self.sealed => End::Damaged,
            None if head.len == 0 => End::Torn,
            Some(len) if len > tail.len() && head.seq == self.expected => End::Truncated,
            _ => End::Damaged,
        }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.end.is_some() {
            return None;
        }
        if self.sealed || self.at >= self.bytes.len() {
            return self.finish(self.at);
        }
        match self.whole_at(self.at) {
            Some((head, bytes)) if self.follows(head.seq) => Some(self.accept(head, bytes)),
            _ => self.resync(),
        }
    }
}

/// Bytes of the part of a file that replay may trust: up to the last end of a step before the first
/// damage or LEFT_OUT, and the whole file when it is sealed and has neither; 0 when it does not open.
#[must_use]
pub fn valid_prefix(bytes: &[u8]) -> usize {
    let Ok(Opened { header, .. }) = Header::read(bytes) else {
        return 0;
    };
    let mut items = Items::new(bytes, &header);
    let mut valid = RECORDS_AT.min(bytes.len());
    let mut inside_step = false;
    for item in items.by_ref() {
        match item {
            Item::Damage(_) => return valid,
            Item::Record(record) if record.head.kind == Kind::LEFT_OUT => return valid,
            Item::Record(record) if record.head.kind == Kind::INDEX => {}
            Item::Record(record) => {
                inside_step = !record.head.has(flag::END_OF_STEP);
                if !inside_step {
                    valid = record.offset + record.bytes.len();
                }
            }
        }
    }
    if items.end() == Some(End::Sealed) && !inside_step { bytes.len() } else { valid }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::Run;

    /// A line that claims to be the next record, as long as records get, with a wrong CRC.
    fn bait(seq: u64) -> [u8; LINE_BYTES] {
        let mut line = [0; LINE_BYTES];
        line[..4].copy_from_slice(&(RECORD_BYTES_MAX as u32).to_le_bytes());
        line[8..16].copy_from_slice(&seq.to_le_bytes());
        line[32..34].copy_from_slice(&Kind::FRAME.0.to_le_bytes());
        line
    }

    #[test]
    fn hostile_bytes_waste_four_times_their_length_and_the_start_at_most() {
        let run = Run { run_id: 1, salt: 1, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 };
        let lines = 40_000;
        let mut bytes = vec![0; RECORDS_AT];
        (0..lines).for_each(|_| bytes.extend(bait(0)));
        let mut items = Items::new(&bytes, &Header::new(&run));
        assert_eq!(items.by_ref().count(), 1);
        // What was wasted is what was granted less what is left; nothing is granted twice.
        let granted = WASTE_BYTES_START + WASTE_PER_BYTE * (bytes.len() - RECORDS_AT + LINE_BYTES);
        assert!(items.allowance <= granted);
        let naive = (lines - 1025) * RECORD_BYTES_MAX;
        assert!((granted - items.allowance) * 100 < naive, "the bait was taken too often");
        assert!(granted - items.allowance > WASTE_BYTES_START, "the bait was not even tasted");
    }
}
