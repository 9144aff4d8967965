//! Writes a clean, closed file from a damaged or unfinished one.
//!
//! Records are copied as they stand, so each keeps its number and its CRC. Where some are missing, a
//! LEFT_OUT says so. The index is made anew.

use crate::draft::{Draft, nameless};
use crate::error::{Error, Result};
use crate::file::Segment;
use crate::frames::is_compressed;
use crate::index::{Builder, IndexBody, index_holds};
use crate::map::ReadMap;
use crate::reader::{Cause, Damage, End, Item, Record};
use crate::segment::{Header, RECORDS_AT};
use crate::tail::{self, TailSlot, tail_path};
use crate::whole::{head_of_line, record_crc};
use hotpath::record::{
    HEAD_BYTES, Head, Kind, LINE_BYTES, LeftOut, Line, NO_CONNECTION, NO_INSTRUMENT, body_of, flag, head_of, left_out,
};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// What a recovery kept and what it left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Records of the stream that were kept.
    pub records: u64,
    /// Places of the source that were passed over, ascending; those of its index are not listed.
    pub passed: Vec<Passed>,
    /// Whether the tail file beside the source held what the source had lost.
    pub tail_used: bool,
    /// Whether a header copy was damaged.
    pub header_mended: bool,
    /// Whether the source did not end with the index that its records give.
    pub index_rebuilt: bool,
    /// Bytes of the file that was written.
    pub bytes: u64,
}

/// A place of the source that was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Byte offset in the source.
    pub offset: u64,
    /// Bytes that were passed over.
    pub bytes: u64,
    /// Records that are missing there; `None` when no record follows to count from. 0 when the
    /// bytes were none of the stream's: nothing is missing then, and no LEFT_OUT stands for them.
    pub records: Option<u64>,
    /// One of [`left_out`].
    pub cause: u16,
}

/// Writes to `out` a closed segment with every whole record of `source`, in order, and a LEFT_OUT
/// where records are missing. A step that is not finished at the end is left out. A closed and
/// undamaged file comes out as it is. The newest whole slot of a tail file beside the source is laid
/// over it first, where the source's own bytes are others or end before.
///
/// `out` gets its name once all of it lies on the disk.
///
/// # Errors
/// Those of [`Segment::open`]; [`Error::Io`] when `out` exists and is not empty, or cannot be written.
pub fn recover(source: &Path, out: &Path) -> Result<Recovered> {
    let laid_over = with_tail(source, out)?;
    let tail_used = laid_over.is_some();
    let segment = laid_over.map_or_else(|| Segment::open(source), Ok)?;
    let draft = Draft::create(out)?;
    let plan = Plan::of(&segment);
    let refused = |source| Error::io(out, 0, "write the file", source);
    let bytes = write(&plan, &segment, BufWriter::new(draft.file())).map_err(refused)?;
    draft.sync()?;
    draft.publish()?;
    Ok(Recovered {
        records: plan.records,
        passed: plan.places,
        tail_used,
        header_mended: segment.header_copies() < 2,
        index_rebuilt: !index_holds(segment.bytes(), segment.header()),
        bytes,
    })
}

/// The source with the newest slot of its tail file laid over it, when that says more than the source.
fn with_tail(source: &Path, out: &Path) -> Result<Option<Segment>> {
    let path = tail_path(source);
    let tail = tail::read(&path).map_err(|fault| Error::io(&path, 0, "read the file", fault))?;
    if tail.is_empty() {
        return Ok(None);
    }
    let stored = ReadMap::open(source)?;
    let header = Header::read(stored.bytes()).ok().map(|opened| opened.header);
    let newest = TailSlot::newest(&tail, header.as_ref());
    let Some(slot) = newest.filter(|slot| !is_compressed(stored.bytes()) && !slot.is_in(stored.bytes())) else {
        return Ok(None);
    };
    let laid = nameless(out).and_then(|mut file| {
        io::copy(&mut File::open(source)?, &mut file)?;
        file.write_all_at(slot.bytes, slot.offset)?;
        Ok(file)
    });
    let file = laid.map_err(|fault| Error::io(source, slot.offset as usize, "copy the file", fault))?;
    Segment::of_file(file, source).map(Some)
}

/// A part of the new file.
#[derive(Debug)]
enum Part {
    /// Records of the source, by their bytes.
    Kept(Range<usize>),
    /// A LEFT_OUT with this number.
    LeftOut(u64, LeftOut),
}

/// Where a step began that has not ended yet.
#[derive(Clone, Copy, Debug)]
struct Step {
    offset: usize,
    seq: u64,
    /// Records kept before it.
    records: u64,
}

/// What to keep and what to leave out, from one pass over the source.
#[derive(Debug)]
struct Plan {
    parts: Vec<Part>,
    places: Vec<Passed>,
    records: u64,
    /// The number that the next record has when none is missing.
    next_seq: u64,
    /// Where the last record kept ends.
    at: usize,
    /// Bytes passed over since then; what is missing there shows with the next record.
    passed: Option<Passed>,
    step: Option<Step>,
    /// Whether a record of the index was met: the stream ends before it.
    is_ended: bool,
}

impl Plan {
    fn of(segment: &Segment) -> Self {
        let mut plan = Self {
            parts: Vec::new(),
            places: Vec::new(),
            records: 0,
            next_seq: segment.header().first_seq,
            at: RECORDS_AT,
            passed: None,
            step: None,
            is_ended: false,
        };
        let mut items = segment.items();
        for item in items.by_ref() {
            match item {
                Item::Damage(damage) => plan.pass(&damage),
                Item::Record(record) if record.head.kind == Kind::INDEX => plan.end(&record, segment.header()),
                Item::Record(record) => plan.keep(&record),
            }
        }
        plan.finish(items.end(), segment.bytes());
        plan
    }

    fn pass(&mut self, damage: &Damage) {
        let cause = match damage.cause {
            Cause::Bytes => left_out::DAMAGED,
            Cause::Hole => left_out::MISSING,
            Cause::Misfit(_) => left_out::MISFIT,
        };
        let place = Passed { offset: damage.offset as u64, bytes: 0, records: None, cause };
        self.passed.get_or_insert(place).bytes += damage.bytes as u64;
    }

    fn keep(&mut self, record: &Record<'_>) {
        self.settle(record.head.seq, record.offset);
        if record.head.has(flag::END_OF_STEP) {
            self.step = None;
        } else {
            let Record { offset, head: Head { seq, .. }, .. } = *record;
            self.step.get_or_insert(Step { offset, seq, records: self.records });
        }
        let end = record.offset + record.bytes.len();
        match self.parts.last_mut() {
            Some(Part::Kept(range)) if range.end == record.offset => range.end = end,
            _ => self.parts.push(Part::Kept(record.offset..end)),
        }
        self.records += u64::from(record.head.kind != Kind::LEFT_OUT);
        self.next_seq = record.next_seq();
        self.at = end;
    }

    /// Says what is missing before `seq`, whose record stands at `offset`.
    fn settle(&mut self, seq: u64, offset: usize) {
        let passed = self.passed.take();
        let missing = seq.saturating_sub(self.next_seq);
        if missing > 0 {
            let hole = Passed { offset: offset as u64, bytes: 0, records: None, cause: left_out::MISSING };
            self.leave_out(passed.unwrap_or(hole), Some(missing));
        } else if let Some(passed) = passed {
            self.places.push(Passed { records: Some(0), ..passed });
        }
    }

    fn leave_out(&mut self, place: Passed, records: Option<u64>) {
        let Passed { bytes, cause, .. } = place;
        self.parts
            .push(Part::LeftOut(self.next_seq, LeftOut { records: records.unwrap_or(0), bytes, cause, spare: [0; 3] }));
        self.places.push(Passed { records, ..place });
        self.next_seq = self.next_seq.saturating_add(records.unwrap_or(1));
        self.step = None;
    }

    /// The index tells where the stream ended. Damage inside the index costs nothing of the stream.
    fn end(&mut self, record: &Record<'_>, header: &Header) {
        if let Some(body) = body_of::<IndexBody>(record.bytes).filter(|_| !self.is_ended) {
            let after_last = if body.records == 0 { header.first_seq } else { body.last_seq.saturating_add(1) };
            let ended_at = after_last.min(record.head.seq);
            if ended_at > self.next_seq {
                self.settle(ended_at, record.offset);
            }
        }
        self.passed = None;
        self.is_ended = true;
    }

    /// The end of a file without a whole record of the index.
    fn finish(&mut self, end: Option<End>, bytes: &[u8]) {
        if self.is_ended {
            return;
        }
        if let Some(passed) = self.passed.take() {
            return self.leave_out(passed, None);
        }
        let rest = bytes.get(self.at..).unwrap_or_default();
        let is_cut = matches!(end, Some(End::Torn | End::Truncated)) && !self.begins_index(rest);
        if self.step.is_some() || is_cut {
            let used = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let used = used.next_multiple_of(LINE_BYTES).min(rest.len());
            self.drop_step(self.at + used);
        }
    }

    /// Whether a file that was cut ends inside the first record of its index, after a finished step.
    fn begins_index(&self, rest: &[u8]) -> bool {
        let is_index = |head: Head| head.kind == Kind::INDEX && head.seq == self.next_seq;
        self.step.is_none() && head_of(rest).is_some_and(is_index)
    }

    /// Leaves out the step at the end, if one is open, and all that follows up to byte `end`.
    fn drop_step(&mut self, end: usize) {
        let open = Step { offset: self.at, seq: self.next_seq, records: self.records };
        let Step { offset, seq, records } = self.step.unwrap_or(open);
        while let Some(Part::Kept(range)) = self.parts.last_mut()
            && range.end > offset
        {
            range.end = offset;
            if range.start >= offset {
                self.parts.pop();
            }
        }
        (self.next_seq, self.records) = (seq, records);
        let bytes = (end - offset) as u64;
        let place = Passed { offset: offset as u64, bytes, records: None, cause: left_out::UNFINISHED };
        self.leave_out(place, None);
    }
}

/// Writes the planned file; gives its bytes.
fn write(plan: &Plan, segment: &Segment, mut writer: impl Write) -> io::Result<u64> {
    writer.write_all(bytemuck::cast_slice(&[*segment.header(); 2]))?;
    let salt = segment.header().salt;
    let mut output = Output { writer, salt, at: RECORDS_AT, index: Builder::default() };
    for part in &plan.parts {
        match part {
            Part::Kept(range) => output.keep(segment.bytes().get(range.clone()).unwrap_or_default())?,
            Part::LeftOut(seq, body) => output.leave_out(*seq, body)?,
        }
    }
    let index = std::mem::take(&mut output.index);
    for (first, payload) in index.block(plan.next_seq) {
        output.put(first, payload)?;
    }
    output.writer.flush()?;
    Ok(output.at as u64)
}

struct Output<W> {
    writer: W,
    salt: u32,
    at: usize,
    index: Builder,
}

impl<W: Write> Output<W> {
    /// Copies whole records.
    fn keep(&mut self, records: &[u8]) -> io::Result<()> {
        let mut rest = records;
        while let Some(head) = head_of(rest) {
            self.index.note(self.at, &head, rest);
            self.at += head.len as usize;
            rest = rest.get(head.len as usize..).unwrap_or_default();
        }
        self.writer.write_all(records)
    }

    fn leave_out(&mut self, seq: u64, body: &LeftOut) -> io::Result<()> {
        let head = Head {
            len: LINE_BYTES as u32,
            crc: 0,
            seq,
            taken_ns: self.index.last_taken_ns(),
            exch_ns: 0,
            kind: Kind::LEFT_OUT,
            instrument: NO_INSTRUMENT,
            flags: flag::END_OF_STEP,
            connection: NO_CONNECTION,
        };
        let mut line = Line::ZERO;
        line.0[..HEAD_BYTES].copy_from_slice(bytemuck::bytes_of(&head));
        line.0[HEAD_BYTES..].copy_from_slice(bytemuck::bytes_of(body));
        self.index.note(self.at, &head, &line.0);
        self.put(line, &[])
    }

    fn put(&mut self, mut first: Line, rest: &[u8]) -> io::Result<()> {
        let crc = record_crc(self.salt, &first.0, rest);
        first.0[4..8].copy_from_slice(&crc.to_le_bytes());
        let len = head_of_line(&first).len as usize;
        self.writer.write_all(&first.0)?;
        self.writer.write_all(rest)?;
        self.writer.write_all(&[0; LINE_BYTES][..len - LINE_BYTES - rest.len()])?;
        self.at += len;
        Ok(())
    }
}
