//! The diary of a replay: every regenerated record is held against the recorded one.

use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::record::{Head, LINE_BYTES, Line, head_of, padded};
use hotpath::turn::records;
use journal::Writer;

/// The length word and what follows the CRC: all of a first line that the engine regenerates.
const CRC: std::ops::Range<usize> = 4..8;

/// The first record that is not as recorded.
#[derive(Clone, Debug)]
pub struct Divergence {
    /// Byte offset in the file.
    pub offset: usize,
    /// What is recorded there; empty when the valid part ends there.
    pub expected: Vec<u8>,
    /// What the engine makes of the inputs; empty when it makes nothing there.
    pub found: Vec<u8>,
}

impl Divergence {
    /// Where in the record the two differ first: a byte that is not the CRC's.
    #[must_use]
    pub fn first_byte(&self) -> usize {
        let differs = |(at, (expected, found)): &(usize, (&u8, &u8))| expected != found && !CRC.contains(at);
        let both = self.expected.iter().zip(&self.found).enumerate();
        both.into_iter().find(differs).map_or(self.expected.len().min(self.found.len()), |(at, _)| at)
    }
}

/// Why a replay stopped.
#[derive(Debug)]
pub enum Stop {
    /// The engine halted. Its HALT record was compared like any other.
    Halt(Halt),
    /// A record is not as recorded.
    Diverged(Box<Divergence>),
    /// The regenerated journal could not be written.
    Output(journal::Error),
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// Compares with recorded bytes, and writes what it has compared.
pub struct Compare<'a> {
    recorded: &'a [u8],
    at: usize,
    /// Records before this one are regenerated but were damaged in the file.
    first_seq: u64,
    records: u64,
    out: Option<&'a mut Writer>,
}

impl<'a> Compare<'a> {
    /// Compares with `recorded` from byte `at` on; records before `first_seq` are passed over.
    pub fn new(recorded: &'a [u8], at: usize, first_seq: u64, out: Option<&'a mut Writer>) -> Self {
        Self { recorded, at, first_seq, records: 0, out }
    }

    /// Byte up to which everything was regenerated.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Records that were regenerated and are as recorded.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The divergence at the cursor when the engine makes nothing there.
    pub fn extra(&self) -> Divergence {
        Divergence { offset: self.at, expected: self.recorded_here().to_vec(), found: Vec::new() }
    }

    fn recorded_here(&self) -> &'a [u8] {
        let rest = self.recorded.get(self.at..).unwrap_or_default();
        let whole = head_of(rest).map_or(0, |head| head.len as usize);
        rest.get(..whole).unwrap_or_default()
    }

    fn compare(&mut self, first: &Line, payload: &[u8]) -> Result<(), Stop> {
        if head(first).seq < self.first_seq {
            return Ok(());
        }
        let recorded = self.recorded_here();
        if !is_same(recorded, first, payload) {
            let mut found = first.0.to_vec();
            found.extend_from_slice(payload);
            found.resize(padded(found.len()), 0);
            return Err(Stop::Diverged(Box::new(Divergence { offset: self.at, expected: recorded.to_vec(), found })));
        }
        self.at += recorded.len();
        self.records += 1;
        match &mut self.out {
            Some(writer) => writer.append(first, payload).map_err(Stop::Output),
            None => Ok(()),
        }
    }
}

impl Diary for Compare<'_> {
    type Error = Stop;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), Stop> {
        self.compare(first, payload)
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Stop> {
        for record in records(lines) {
            let (first, payload) = record.split_at(LINE_BYTES);
            self.compare(bytemuck::from_bytes(first), payload)?;
        }
        Ok(())
    }
}

fn head(first: &Line) -> Head {
    bytemuck::pod_read_unaligned(&first.0[..size_of::<Head>()])
}

/// Whether a recorded record is the regenerated one: every byte but the CRC, which the reader has
/// proved and which follows from the others.
fn is_same(recorded: &[u8], first: &Line, payload: &[u8]) -> bool {
    let Some((line, rest)) = recorded.split_at_checked(LINE_BYTES) else { return false };
    let Some((body, padding)) = rest.split_at_checked(payload.len()) else { return false };
    rest.len() == padded(payload.len())
        && line[..CRC.start] == first.0[..CRC.start]
        && line[CRC.end..] == first.0[CRC.end..]
        && body == payload
        && padding.iter().all(|byte| *byte == 0)
}
