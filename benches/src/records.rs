//! Records as a run makes them, without an engine: for what only moves bytes.

use anyhow::{Result, ensure};
use bytemuck::bytes_of;
use hotpath::record::{
    Body, BookEnd, Checkpoint, Features, Frame, HEAD_BYTES, Head, Kind, LINE_BYTES, Level, Line, NO_INSTRUMENT, flag,
    padded,
};
use journal::{Item, Run, Segment, segments};
use std::path::Path;

/// Payload of the frame of a step: about what a book update takes.
pub const UPDATE_BYTES: usize = 200;
/// Where sequence number and time stand in a head.
const SEQ_AT: usize = 8;
const TAKEN_AT: usize = 16;

/// A run whose files say nothing of a market.
#[must_use]
pub fn run() -> Run {
    Run { run_id: 1, salt: 0x5eed_cafe, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 }
}

/// Whole records, one after another, that are pushed again and again with other numbers.
#[derive(Clone, Debug)]
pub struct Template {
    lines: Vec<Line>,
    /// Where each record starts.
    firsts: Vec<usize>,
}

impl Template {
    /// One record of 64 bytes: a level.
    #[must_use]
    pub fn line() -> Self {
        Self::of(&[record(0, 0, &Level { price_ticks: 5_000_000, qty_lots: 12, spare: 0 })])
    }

    /// One record of 128 bytes: features.
    #[must_use]
    pub fn wide() -> Self {
        Self::of(&[record(0, 0, &<Features as bytemuck::Zeroable>::zeroed())])
    }

    /// One frame with a payload.
    #[must_use]
    pub fn frame(payload_bytes: usize) -> Self {
        Self::of(&[frame(&vec![b'x'; payload_bytes])])
    }

    /// `count` records of 64 bytes.
    #[must_use]
    pub fn lines_of(count: usize) -> Self {
        let line = Self::line();
        Self::of(&vec![line.lines; count])
    }

    /// What one book update makes: its frame, two levels, the end of the book, features. Five records in
    /// ten lines.
    #[must_use]
    pub fn step() -> Self {
        let level = |flags, price_ticks| record(0, flags, &Level { price_ticks, qty_lots: 12, spare: 0 });
        let end = BookEnd { checksum: 3_310_070_434, levels: 2, update_id: 0, spare: 0 };
        let features = record(0, flag::END_OF_STEP, &<Features as bytemuck::Zeroable>::zeroed());
        let book_end = record(0, flag::CHECKSUM, &end);
        Self::of(&[frame(&[b'x'; UPDATE_BYTES]), level(0, 5_000_000), level(flag::ASK, 5_000_001), book_end, features])
    }

    /// The pair of checkpoints that opens a segment.
    #[must_use]
    pub fn opening() -> Self {
        let state = b"state";
        let bytes = state.len() as u32;
        let body = Checkpoint {
            payload_bytes: bytes,
            engine_version: 1,
            state_bytes: bytes,
            state_offset: 0,
            markets: 1,
            spare: [0; 3],
        };
        let flags = flag::OPENING | flag::END_OF_STEP;
        Self::of(&[with_payload(flags, &body, state), with_payload(flags | flag::TWIN, &body, state)])
    }

    fn of(records: &[Vec<Line>]) -> Self {
        let starts = |at: &mut usize, record: &Vec<Line>| Some(std::mem::replace(at, *at + record.len()));
        Self { lines: records.concat(), firsts: records.iter().scan(0, starts).collect() }
    }

    /// Gives the records their numbers and time; the number that follows.
    pub fn stamp(&mut self, seq: u64, taken_ns: u64) -> u64 {
        let Self { lines, firsts } = self;
        let mut next = seq;
        for first in firsts {
            let head = &mut lines[*first].0;
            head[SEQ_AT..SEQ_AT + 8].copy_from_slice(&next.to_le_bytes());
            head[TAKEN_AT..TAKEN_AT + 8].copy_from_slice(&taken_ns.to_le_bytes());
            next += 1;
        }
        next
    }

    /// All of it.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Its records.
    #[must_use]
    pub fn records(&self) -> usize {
        self.firsts.len()
    }

    /// The first line of the first record, and all bytes after it.
    #[must_use]
    pub fn split(&self) -> (&Line, &[u8]) {
        (&self.lines[0], bytemuck::cast_slice(&self.lines[1..]))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.lines)
    }
}

/// Records of the stream in all segments of a folder.
///
/// # Errors
/// When a segment does not open, is damaged, or a number is missing.
pub fn count_records(folder: &Path) -> Result<u64> {
    let mut next = 0;
    for (_, path) in segments(folder)? {
        for item in Segment::open(&path)?.items() {
            let Item::Record(record) = item else { anyhow::bail!("{} is damaged", path.display()) };
            if record.head.kind != Kind::INDEX {
                ensure!(record.head.seq == next, "{} lacks record {next}", path.display());
                next += 1;
            }
        }
    }
    Ok(next)
}

fn record<B: Body>(instrument: u16, flags: u16, body: &B) -> Vec<Line> {
    lines_of(B::KIND, instrument, flags, bytes_of(body), B::LINES * LINE_BYTES, &[])
}

fn frame(payload: &[u8]) -> Vec<Line> {
    let payload_bytes = payload.len() as u32;
    with_payload(
        flag::END_OF_READ,
        &Frame { payload_bytes, opcode: 1, chunk: 0, recv_ns: 0, kernel_utc_ns: 0 },
        payload,
    )
}

fn with_payload<B: Body>(flags: u16, body: &B, payload: &[u8]) -> Vec<Line> {
    lines_of(B::KIND, NO_INSTRUMENT, flags, bytes_of(body), LINE_BYTES + padded(payload.len()), payload)
}

fn lines_of(kind: Kind, instrument: u16, flags: u16, body: &[u8], len: usize, payload: &[u8]) -> Vec<Line> {
    let mut lines = vec![Line::ZERO; len / LINE_BYTES];
    let head =
        Head { len: len as u32, crc: 0, seq: 0, taken_ns: 0, exch_ns: 0, kind, instrument, flags, connection: 0 };
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut lines);
    bytes[..HEAD_BYTES].copy_from_slice(bytes_of(&head));
    bytes[HEAD_BYTES..HEAD_BYTES + body.len()].copy_from_slice(body);
    bytes[LINE_BYTES..][..payload.len()].copy_from_slice(payload);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotpath::record::head_of;

    #[test]
    fn a_step_is_five_records_in_ten_lines_with_numbers_that_follow() {
        let mut step = Template::step();
        assert_eq!((step.records(), step.lines().len(), step.stamp(7, 9)), (5, 10, 12));
        let heads: Vec<_> = step.firsts.iter().filter_map(|first| head_of(&step.lines[*first].0)).collect();
        assert_eq!(heads.iter().map(|head| head.seq).collect::<Vec<_>>(), [7, 8, 9, 10, 11]);
        assert!(heads.iter().all(|head| head.taken_ns == 9));
    }
}
