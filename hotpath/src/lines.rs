//! A bounded buffer of records under construction.
//!
//! The caller lends the memory, so its bound is fixed at start. Sequence number and time are stamped
//! when a record is pushed; length and CRC of the head are the journal's to complete (`len` is set,
//! `crc` stays zero).

use crate::halt::Halt;
use crate::record::{
    BODY_BYTES, Body, Checkpoint, HEAD_BYTES, Head, Kind, LINE_BYTES, Line, NO_CONNECTION, PAYLOAD_BYTES_MAX,
    WIDE_BODY_BYTES, flag, padded,
};
use bytemuck::{Pod, Zeroable};

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
    #[inline]
    pub fn push<B: Body>(&mut self, place: Place, body: &B) -> Result<(), Halt> {
        let start = self.used;
        let rest = self.lines.get_mut(start..).ok_or(Halt::OutputsFull)?;
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
        // As values, so that each field is stored where it belongs and no record is made elsewhere first.
        if B::LINES == 1 {
            let target: &mut [Line; 1] = rest.first_chunk_mut().ok_or(Halt::OutputsFull)?;
            let body = bytemuck::try_cast(*body).map_err(|_| Halt::OutputsFull)?;
            *target = bytemuck::must_cast(Single { head, body });
        } else {
            let target: &mut [Line; 2] = rest.first_chunk_mut().ok_or(Halt::OutputsFull)?;
            let body = bytemuck::try_cast(*body).map_err(|_| Halt::OutputsFull)?;
            *target = bytemuck::must_cast(Double { head, body });
        }
        self.advance(start, start.wrapping_add(B::LINES));
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
        let (first, rest) = target.split_first_mut().ok_or(Halt::OutputsFull)?;
        *first = bytemuck::must_cast(Single { head, body: bytemuck::must_cast(*body) });
        pad(rest, payload);
        self.advance(start, end);
        Ok(())
    }

    /// Sets flags on the last record.
    pub fn flag_last(&mut self, flags: u16) {
        let line = self.last.and_then(|index| self.lines.get_mut(index));
        if let Some([low, high]) = line.and_then(|line| line.0.get_mut(FLAGS_AT..)?.first_chunk_mut::<2>()) {
            let [set_low, set_high] = flags.to_le_bytes();
            *low |= set_low;
            *high |= set_high;
        }
    }

    const fn advance(&mut self, start: usize, end: usize) {
        self.last = Some(start);
        self.used = end;
        self.seq = self.seq.wrapping_add(1);
    }
}

/// A record of one line.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Single {
    head: Head,
    body: [u8; BODY_BYTES],
}

/// A record of two lines.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Double {
    head: Head,
    body: [u8; WIDE_BODY_BYTES],
}

const FLAGS_AT: usize = HEAD_BYTES - 4;

/// Writes a payload over `target` and zeros the rest.
fn pad(target: &mut [Line], payload: &[u8]) {
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(target);
    if let Some((place, padding)) = bytes.split_at_mut_checked(payload.len()) {
        place.iter_mut().zip(payload).for_each(|(to, from)| *to = *from);
        padding.fill(0);
    }
}
