//! The index that closes a sealed segment: where to start reading for a time or a state.
//!
//! It is a pure function of the segment's records, so a reader can rebuild it and replay can
//! regenerate it. It lies in records of its own kind: full ones with entries, then a footer of one
//! line, from which it is found at the end of the file.

use crate::reader::{Item, Items};
use crate::segment::{Header, RECORDS_AT};
use crate::whole::{next_seq, record_crc, whole};
use bytemuck::{Pod, Zeroable};
use hotpath::record::{
    Body, Checkpoint, HEAD_BYTES, Head, Kind, LINE_BYTES, Line, NO_CONNECTION, NO_INSTRUMENT, PAYLOAD_BYTES_MAX,
    body_of, flag, padded,
};

/// Most checkpoints of a segment that get an entry for being one; later ones are found by reading on.
pub const CHECKPOINTS_MAX: usize = 4096;
/// The first record at or after each multiple of this offset has an entry.
const STRIDE_BYTES: u64 = 1024 * 1024;
/// Entries of one full index record.
const ENTRIES_PER_RECORD: usize = PAYLOAD_BYTES_MAX / size_of::<Entry>();

/// A place to start reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Entry {
    /// Byte offset of the record in the file.
    pub offset: u64,
    /// Its sequence number.
    pub seq: u64,
    /// Its time, monotonic nanoseconds.
    pub taken_ns: u64,
    /// Its kind.
    pub kind: Kind,
    /// Zero.
    pub spare: [u16; 3],
}

/// The body of every index record; the payload is entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct IndexBody {
    /// Payload bytes of this record, at most 65,536; 0 in the footer.
    pub payload_bytes: u32,
    /// Entries of the whole index.
    pub entries: u32,
    /// Records of the segment, those of the index not counted.
    pub records: u64,
    /// Sequence number of the last one, or the last that it stands for; 0 when there is none.
    pub last_seq: u64,
}

impl Body for IndexBody {
    const KIND: Kind = Kind::INDEX;
}

const _: () = assert!(size_of::<Entry>() == 32);
const _: usize = <IndexBody as Body>::LINES;

/// The index of a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Places to start reading, ascending.
    pub entries: Vec<Entry>,
    /// Records of the segment, those of the index not counted.
    pub records: u64,
    /// Sequence number of the last one, or the last that it stands for; 0 when there is none.
    pub last_seq: u64,
}

impl Index {
    /// The index of a segment by reading all its records; damage is passed over.
    ///
    /// For a sealed segment without damage it equals what [`Index::find`] finds.
    #[must_use]
    pub fn rebuild(bytes: &[u8], header: &Header) -> Self {
        let mut builder = Builder::default();
        for item in Items::new(bytes, header) {
            if let Item::Record(record) = item
                && record.head.kind != Kind::INDEX
            {
                builder.note(record.offset, &record.head, record.bytes);
            }
        }
        builder.index
    }

    /// The index at the end of a sealed segment, when all of it is whole.
    #[must_use]
    pub fn find(bytes: &[u8], header: &Header) -> Option<Self> {
        let footer_at = bytes.len().checked_sub(LINE_BYTES)?;
        let (head, footer) = whole(bytes.get(footer_at..)?, LINE_BYTES, header.salt)?;
        let body = body_of::<IndexBody>(footer).filter(|_| !head.has(flag::CONTINUES))?;
        let entries = usize::try_from(body.entries).ok()?;
        let mut at = bytes.len().checked_sub(block_bytes(entries)).filter(|start| *start >= RECORDS_AT)?;
        let mut index = Self { entries: Vec::with_capacity(entries), records: body.records, last_seq: body.last_seq };
        while at < footer_at {
            let payload_bytes = (entries - index.entries.len()).min(ENTRIES_PER_RECORD) * size_of::<Entry>();
            let len = LINE_BYTES + padded(payload_bytes);
            let (head, record) = whole(bytes.get(at..footer_at)?, len, header.salt)?;
            if head.kind != Kind::INDEX {
                return None;
            }
            let payload = record.get(LINE_BYTES..LINE_BYTES + payload_bytes)?;
            index.entries.extend(payload.chunks_exact(size_of::<Entry>()).map(bytemuck::pod_read_unaligned::<Entry>));
            at += len;
        }
        Some(index)
    }
}

/// Whether the index at the end of a sealed segment is, byte for byte, the one that its records give.
/// False for a segment with damage or without an index.
#[must_use]
pub fn index_holds(bytes: &[u8], header: &Header) -> bool {
    let mut builder = Builder::default();
    let (mut next_seq, mut at) = (header.first_seq, None);
    for item in Items::new(bytes, header) {
        match item {
            Item::Damage(_) => return false,
            Item::Record(record) if record.head.kind == Kind::INDEX => _ = at.get_or_insert(record.offset),
            Item::Record(record) => {
                builder.note(record.offset, &record.head, record.bytes);
                next_seq = record.next_seq();
            }
        }
    }
    let Some(mut at) = at else { return false };
    for (mut first, payload) in builder.block(next_seq) {
        let crc = record_crc(header.salt, &first.0, payload);
        first.0[4..8].copy_from_slice(&crc.to_le_bytes());
        let mut record = first.0.to_vec();
        record.extend_from_slice(payload);
        record.resize(padded(record.len()), 0);
        if bytes.get(at..at + record.len()) != Some(&record) {
            return false;
        }
        at += record.len();
    }
    at == bytes.len()
}

/// An index under construction.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    index: Index,
    /// Time of the last record, monotonic nanoseconds.
    last_taken_ns: u64,
    /// Entries that stand for a checkpoint.
    checkpoints: usize,
    /// Where the next stride begins.
    stride_at: u64,
}

impl Builder {
    /// An empty index that takes the entries of `capacity` bytes of records without allocating.
    pub fn with_room_for(capacity: usize) -> Self {
        // Written to once, so that no page of it is new when an entry is noted.
        let mut entries = vec![Entry { spare: [1; 3], ..Entry::zeroed() }; entries_max(capacity)];
        entries.clear();
        Self { index: Index { entries, ..Index::default() }, ..Self::default() }
    }

    /// Time of the last record, monotonic nanoseconds; 0 when none was noted.
    pub const fn last_taken_ns(&self) -> u64 {
        self.last_taken_ns
    }

    /// Whether no record was noted.
    pub const fn is_empty(&self) -> bool {
        self.index.records == 0
    }

    /// Most bytes that the index takes in the file once one more record is noted.
    pub fn bytes_next_max(&self) -> usize {
        block_bytes(self.index.entries.len() + 1)
    }

    /// Takes note of a record by its place and at least its first line.
    pub fn note(&mut self, offset: usize, head: &Head, first: &[u8]) {
        let offset = offset as u64;
        let opens_state = body_of::<Checkpoint>(first).is_some_and(|body| body.state_offset == 0);
        let checkpoint = opens_state && self.checkpoints < CHECKPOINTS_MAX;
        if checkpoint || offset >= self.stride_at {
            let Head { seq, taken_ns, kind, .. } = *head;
            self.index.entries.push(Entry { offset, seq, taken_ns, kind, spare: [0; 3] });
        }
        self.checkpoints += usize::from(checkpoint);
        if offset >= self.stride_at {
            self.stride_at = (offset / STRIDE_BYTES + 1) * STRIDE_BYTES;
        }
        self.index.records += 1;
        self.index.last_seq = next_seq(head, first).saturating_sub(1).max(head.seq);
        self.last_taken_ns = head.taken_ns;
    }

    /// The records of the index, first lines and payloads, numbered on from `next_seq`.
    pub fn block(&self, next_seq: u64) -> impl Iterator<Item = (Line, &[u8])> {
        let payloads = self.index.entries.chunks(ENTRIES_PER_RECORD).map(bytemuck::cast_slice::<Entry, u8>);
        let ends = payloads.map(|payload| (payload, flag::CONTINUES)).chain([(&[][..], 0)]);
        ends.zip(0_u64..).map(move |((payload, flags), place)| {
            (self.first_line(payload.len(), flags, next_seq.wrapping_add(place)), payload)
        })
    }

    fn first_line(&self, payload_bytes: usize, flags: u16, seq: u64) -> Line {
        let head = Head {
            len: (LINE_BYTES + padded(payload_bytes)) as u32,
            crc: 0,
            seq,
            taken_ns: self.last_taken_ns,
            exch_ns: 0,
            kind: Kind::INDEX,
            instrument: NO_INSTRUMENT,
            flags,
            connection: NO_CONNECTION,
        };
        let body = IndexBody {
            payload_bytes: payload_bytes as u32,
            entries: self.index.entries.len() as u32,
            records: self.index.records,
            last_seq: self.index.last_seq,
        };
        let mut line = Line::ZERO;
        let (head_place, body_place) = line.0.split_at_mut(HEAD_BYTES);
        head_place.copy_from_slice(bytemuck::bytes_of(&head));
        body_place.copy_from_slice(bytemuck::bytes_of(&body));
        line
    }
}

/// Bytes of the index block with that many entries.
const fn block_bytes(entries: usize) -> usize {
    let full = entries / ENTRIES_PER_RECORD;
    let last = entries % ENTRIES_PER_RECORD;
    let last_bytes = if last == 0 { 0 } else { LINE_BYTES + padded(last * size_of::<Entry>()) };
    full * (LINE_BYTES + PAYLOAD_BYTES_MAX) + last_bytes + LINE_BYTES
}

/// Bytes to keep for the index of a segment whose records end by `capacity`: one entry more than it
/// can have, as [`Builder::bytes_next_max`] asks for.
pub(crate) const fn bytes_max(capacity: usize) -> usize {
    block_bytes(entries_max(capacity) + 1)
}

/// Most entries of a segment whose records end by `capacity`.
const fn entries_max(capacity: usize) -> usize {
    capacity / STRIDE_BYTES as usize + 1 + CHECKPOINTS_MAX
}
