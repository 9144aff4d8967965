//! A bounded buffer of records under construction.
//!
//! The caller lends the memory, so its bound is fixed at start. Sequence number and time are stamped
//! when a record is pushed; length and CRC of the head are the journal's to complete (`len` is set,
//! `crc` stays zero).

use crate::halt::Halt;
use crate::record::{
    Body, Checkpoint, HEAD_BYTES, Head, Kind, LINE_BYTES, Line, NO_CONNECTION, PAYLOAD_BYTES_MAX, flag, padded,
};

/// Lines for the events of one frame: a snapshot of 5,000 levels a side and more.
pub const EVENT_LINES: usize = 16 * 1024;
/// Lines for the outputs of one step: two checkpoints of full books and what a step may say besides.
/// `turn` holds it against what that can be.
pub const OUTPUT_LINES: usize = 84 * 1024;

/// Where a record belongs: what varies beside kind and body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    /// Index into the market table or [`crate::record::NO_INSTRUMENT`].
    pub instrument: u16,
    /// Bits of [`flag`].
    pub flags: u16,
    /// The exchange's time, or 0.
    pub exch_ns: u64,
}

/// Records in lines, with the stamps that the next one gets.
#[derive(Debug)]
pub struct Lines<'a> {
    lines: &'a mut [Line],
    used: usize,
    last: Option<usize>,
    seq: u64,
    taken_ns: u64,
    connection: u16,
}

impl<'a> Lines<'a> {
    /// An empty buffer over `lines`.
    #[must_use]
    pub const fn new(lines: &'a mut [Line]) -> Self {
        Self { lines, used: 0, last: None, seq: 0, taken_ns: 0, connection: NO_CONNECTION }
    }

    /// Empties the buffer; the next record gets `seq`, all get `taken_ns` and `connection`.
    pub const fn begin(&mut self, seq: u64, taken_ns: u64, connection: u16) {
        self.used = 0;
        self.last = None;
        self.seq = seq;
        self.taken_ns = taken_ns;
        self.connection = connection;
    }

    /// The next records are about this connection.
    pub const fn set_connection(&mut self, connection: u16) {
        self.connection = connection;
    }

    /// The sequence number that the next record gets.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.seq
    }

    /// Whether nothing was pushed since [`Lines::begin`].
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// Lines used.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.used
    }

    /// What was pushed, record after record.
    #[must_use]
    pub fn as_lines(&self) -> &[Line] {
        self.lines.get(..self.used).unwrap_or_default()
    }

    /// Drops what was pushed after the buffer held `used` lines and `seq` was next.
    pub fn rollback(&mut self, used: usize, seq: u64) {
        self.used = self.used.min(used);
        self.seq = seq;
        self.last = None;
    }

    /// Pushes a record of one or two lines.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`] when the bound is reached; nothing was pushed then.
    pub fn push<B: Body>(&mut self, place: Place, body: &B) -> Result<(), Halt> {
        let start = self.used;
        let end = start.wrapping_add(B::LINES);
        let target = self.lines.get_mut(start..end).ok_or(Halt::OutputsFull)?;
        let head = Head {
            len: if B::LINES == 1 { 64 } else { 128 },
            crc: 0,
            seq: self.seq,
            taken_ns: self.taken_ns,
            exch_ns: place.exch_ns,
            kind: B::KIND,
            instrument: place.instrument,
            flags: place.flags,
            connection: self.connection,
        };
        write(target, head, bytemuck::bytes_of(body)).ok_or(Halt::OutputsFull)?;
        self.advance(start, end);
        Ok(())
    }

    /// Pushes `state` as one checkpoint, continued over as many records as it needs.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`] when the bound is reached.
    pub fn push_checkpoint(
        &mut self,
        flags: u16,
        body: Checkpoint,
        state: &[Line],
        state_bytes: usize,
    ) -> Result<(), Halt> {
        let bytes: &[u8] = bytemuck::cast_slice(state);
        let mut rest = bytes.get(..state_bytes).ok_or(Halt::OutputsFull)?;
        let mut offset = 0_u32;
        loop {
            let (chunk, tail) = rest.split_at_checked(PAYLOAD_BYTES_MAX).unwrap_or((rest, &[]));
            let more = if tail.is_empty() { 0 } else { flag::CONTINUES };
            let payload_bytes = u32::try_from(chunk.len()).map_err(|_| Halt::OutputsFull)?;
            self.push_payload(flags | more, &Checkpoint { payload_bytes, state_offset: offset, ..body }, chunk)?;
            offset = offset.wrapping_add(payload_bytes);
            rest = tail;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    fn push_payload(&mut self, flags: u16, body: &Checkpoint, payload: &[u8]) -> Result<(), Halt> {
        let start = self.used;
        let whole = padded(payload.len()).wrapping_add(LINE_BYTES);
        let end = start.wrapping_add(whole / LINE_BYTES);
        let target = self.lines.get_mut(start..end).ok_or(Halt::OutputsFull)?;
        let head = Head {
            len: u32::try_from(whole).map_err(|_| Halt::OutputsFull)?,
            crc: 0,
            seq: self.seq,
            taken_ns: self.taken_ns,
            exch_ns: 0,
            kind: Kind::CHECKPOINT,
            instrument: crate::record::NO_INSTRUMENT,
            flags,
            connection: NO_CONNECTION,
        };
        let (first, rest) = target.split_at_mut_checked(1).ok_or(Halt::OutputsFull)?;
        write(first, head, bytemuck::bytes_of(body)).ok_or(Halt::OutputsFull)?;
        pad(rest, payload);
        self.advance(start, end);
        Ok(())
    }

    /// Sets flags on the last record.
    pub fn flag_last(&mut self, flags: u16) {
        if let Some(line) = self.last.and_then(|index| self.lines.get_mut(index)) {
            let bytes = &mut line.0;
            if let Some(place) = bytes.get_mut(FLAGS_AT..FLAGS_AT + 2) {
                for (byte, bits) in place.iter_mut().zip(flags.to_le_bytes()) {
                    *byte |= bits;
                }
            }
        }
    }

    const fn advance(&mut self, start: usize, end: usize) {
        self.last = Some(start);
        self.used = end;
        self.seq = self.seq.wrapping_add(1);
    }
}

const FLAGS_AT: usize = HEAD_BYTES - 4;

/// Writes a head and a body that fills the rest of `target`.
fn write(target: &mut [Line], head: Head, body: &[u8]) -> Option<()> {
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(target);
    let (head_place, body_place) = bytes.split_first_chunk_mut::<HEAD_BYTES>()?;
    *head_place = bytemuck::must_cast(head);
    body_place.iter_mut().zip(body).for_each(|(to, from)| *to = *from);
    Some(())
}

/// Writes a payload over `target` and zeros the rest.
fn pad(target: &mut [Line], payload: &[u8]) {
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(target);
    if let Some((place, padding)) = bytes.split_at_mut_checked(payload.len()) {
        place.iter_mut().zip(payload).for_each(|(to, from)| *to = *from);
        padding.fill(0);
    }
}
