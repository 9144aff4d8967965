//! First pass over a segment: which parts may be replayed, and what is wrong with the rest.

use crate::left_out::Missing;
use hotpath::record::{Checkpoint, Kind, body_of, flag, head_of};
use journal::{Damage, End, Item, RECORDS_AT, Record, Segment};
use std::collections::BTreeMap;
use std::ops::Range;

/// A part of a file that replays by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Bytes from its checkpoint to its last end of a step.
    pub bytes: Range<usize>,
    /// Whether it is all of a closed file. Any other span may end where a checkpoint would stand.
    pub is_all: bool,
}

/// What a pass over a segment found.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Records by kind, the file's structure not counted.
    pub kinds: BTreeMap<Kind, u64>,
    /// Parts that replay; the first starts at the first record unless that is damaged.
    pub spans: Vec<Span>,
    /// What is wrong.
    pub damage: Vec<Damage>,
    /// What a recovery left out.
    pub left_out: Vec<Missing>,
    /// How the file ends.
    pub end: End,
    /// Sequence number of the last whole record, or of the last that a LEFT_OUT stands for.
    pub last_seq: Option<u64>,
}

impl Scan {
    /// Reads every record of a segment.
    #[must_use]
    pub fn of(segment: &Segment) -> Self {
        let mut items = segment.items();
        let mut scan = Self {
            kinds: BTreeMap::new(),
            spans: Vec::new(),
            damage: Vec::new(),
            left_out: Vec::new(),
            end: End::Unsealed,
            last_seq: None,
        };
        let mut open: Option<Range<usize>> = None;
        for item in items.by_ref() {
            match item {
                Item::Damage(damage) => {
                    scan.damage.push(damage);
                    scan.close(open.take());
                }
                Item::Record(record) if record.head.kind == Kind::INDEX => {}
                Item::Record(record) => match Missing::at(&record) {
                    Some(missing) => {
                        scan.left_out.push(missing);
                        scan.last_seq = Some(record.next_seq().saturating_sub(1));
                        scan.close(open.take());
                    }
                    None => scan.note(&record, &mut open),
                },
            }
        }
        scan.close(open);
        scan.end = items.end().unwrap_or(End::Unsealed);
        let complete = scan.is_complete();
        scan.spans.iter_mut().for_each(|span| span.is_all = complete);
        scan
    }

    /// Records, the file's structure not counted.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// Byte up to which the file may be trusted from its start.
    #[must_use]
    pub fn valid_end(&self, file_bytes: usize) -> usize {
        if self.is_complete() {
            return file_bytes;
        }
        self.spans.first().filter(|span| span.bytes.start == RECORDS_AT).map_or(RECORDS_AT, |span| span.bytes.end)
    }

    /// Whether the file was closed and nothing is wrong with it.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.is_whole() && self.end == End::Sealed
    }

    /// Whether the file was closed, nothing is wrong with it and nothing was left out.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_sealed() && self.left_out.is_empty()
    }

    /// Whether nothing is wrong: the file may still be unsealed, as after a crash.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damage.is_empty() && !matches!(self.end, End::Damaged)
    }

    fn note(&mut self, record: &Record<'_>, open: &mut Option<Range<usize>>) {
        *self.kinds.entry(record.head.kind).or_default() += 1;
        self.last_seq = Some(record.head.seq);
        if open.is_none() && starts_state(record) {
            *open = Some(record.offset..record.offset);
        }
        let end = record.offset + record.bytes.len();
        let Some(span) = open else { return };
        if record.head.has(flag::END_OF_STEP) {
            span.end = end;
        }
    }

    fn close(&mut self, span: Option<Range<usize>>) {
        if let Some(bytes) = span
            && !bytes.is_empty()
        {
            self.spans.push(Span { bytes, is_all: false });
        }
    }
}

/// Whether replay can start at a record: the first part of a checkpoint.
fn starts_state(record: &Record<'_>) -> bool {
    body_of::<Checkpoint>(record.bytes).is_some_and(|body| body.state_offset == 0)
}

/// The records of bytes that a scan has already proved whole.
pub fn records(bytes: &[u8], range: Range<usize>) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = range.start;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..range.end)?;
        let whole = usize::try_from(head_of(rest)?.len).ok()?;
        let record = rest.get(..whole).filter(|record| !record.is_empty())?;
        let offset = at;
        at += whole;
        Some((offset, record))
    })
}

/// The state that a checkpoint at the start of `range` carries, put together from its parts.
#[must_use]
pub fn state_at(bytes: &[u8], range: Range<usize>) -> Vec<u8> {
    let mut state = Vec::new();
    for (_, record) in records(bytes, range) {
        let Some(payload) = hotpath::record::payload_of(record) else { break };
        state.extend_from_slice(payload);
        if !head_of(record).is_some_and(|head| head.has(flag::CONTINUES)) {
            break;
        }
    }
    state
}

/// The state of the first checkpoint that is whole: the opening one, unless both copies are damaged.
#[must_use]
pub fn first_state(segment: &Segment) -> Option<Vec<u8>> {
    let start = segment.items().find_map(|item| match item {
        Item::Record(record) if starts_state(&record) => Some(record.offset),
        _ => None,
    })?;
    Some(state_at(segment.bytes(), start..segment.bytes().len()))
}
