//! The tail file: the page that a writer is in, beside the open segment.
//!
//! A page that is being written is not forced to the disk, since that makes the next store into it
//! wait. Its bytes up to the cursor go to a file of their own instead, into two slots in turn, so that
//! one of them is whole whenever power is lost.

use crate::segment::{CAPACITY_BYTES_MAX, Header};
use bytemuck::{Pod, Zeroable};
use crc32fast::Hasher;
use hotpath::record::LINE_BYTES;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How a slot begins.
const MAGIC: [u8; 8] = *b"FATHOMT\n";
/// Version of the layout.
const VERSION: u32 = 1;
/// Bytes of a slot's header; the segment's bytes follow.
const SLOT_HEADER_BYTES: usize = 64;
/// Where the CRC stands in a slot; it covers all other bytes.
const CRC_AT: usize = 12;
/// Most bytes of a tail file that are looked at: two slots for pages far larger than any.
const TAIL_BYTES_MAX: u64 = 8 << 20;

/// What one slot says of an open segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailSlot<'a> {
    /// The run.
    pub run_id: u64,
    /// Number of the segment in its folder.
    pub segment: u32,
    /// Counts the slots written, from 0: of two whole ones the higher is the newer.
    pub generation: u64,
    /// Byte offset of `bytes` in the segment: where the page begins.
    pub offset: u64,
    /// Sequence number of the record that will follow `bytes`.
    pub next_seq: u64,
    /// Bytes from one slot to the next: [`TailSlot::room_bytes`] of the machine's page.
    pub slot_bytes: u32,
    /// The segment's bytes from `offset` to the cursor.
    pub bytes: &'a [u8],
}

/// The first bytes of a slot, as they lie in the file.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
struct SlotHeader {
    magic: [u8; 8],
    version: u32,
    crc: u32,
    run_id: u64,
    generation: u64,
    offset: u64,
    next_seq: u64,
    segment: u32,
    bytes: u32,
    slot_bytes: u32,
    spare: u32,
}

const _: () = assert!(size_of::<SlotHeader>() == SLOT_HEADER_BYTES);

impl<'a> TailSlot<'a> {
    /// Bytes that a slot takes for pages of `page_bytes`: whole pages, so that writing one slot never
    /// touches a page of the other.
    #[must_use]
    pub const fn room_bytes(page_bytes: usize) -> usize {
        (SLOT_HEADER_BYTES + page_bytes).next_multiple_of(page_bytes)
    }

    /// Where in the tail file this slot belongs: the two places take turns.
    #[must_use]
    pub const fn at(&self) -> u64 {
        (self.generation % 2) * self.slot_bytes as u64
    }

    /// Makes `buffer` the slot's bytes for the file; `salt` is the run's. Allocates only when the buffer
    /// has no room for them.
    pub fn encode(&self, salt: u32, buffer: &mut Vec<u8>) {
        let Self { run_id, segment, generation, offset, next_seq, slot_bytes, bytes } = *self;
        let (magic, version, length) = (MAGIC, VERSION, bytes.len() as u32);
        let header = SlotHeader {
            magic,
            version,
            crc: 0,
            run_id,
            generation,
            offset,
            next_seq,
            segment,
            bytes: length,
            slot_bytes,
            spare: 0,
        };
        buffer.clear();
        buffer.extend_from_slice(bytemuck::bytes_of(&header));
        buffer.extend_from_slice(bytes);
        let crc = slot_crc(salt, buffer);
        buffer[CRC_AT..CRC_AT + size_of::<u32>()].copy_from_slice(&crc.to_le_bytes());
    }

    /// The newest whole slot of the segment with `header` in a tail file. Without a header, one that holds
    /// the segment's beginning and so the header itself.
    #[must_use]
    pub fn newest(file: &'a [u8], header: Option<&Header>) -> Option<Self> {
        // The second slot's place stands in the slots: when the first is torn, only looking for it helps.
        let places = (0..file.len()).step_by(LINE_BYTES);
        let whole = places.filter_map(|at| Self::read(file, at, header));
        whole.max_by_key(|slot| slot.generation)
    }

    /// Whether the segment already holds what the slot says.
    pub(crate) fn is_in(&self, segment: &[u8]) -> bool {
        let start = usize::try_from(self.offset).unwrap_or(usize::MAX);
        segment.get(start..).is_some_and(|rest| rest.starts_with(self.bytes))
    }

    fn read(file: &'a [u8], at: usize, header: Option<&Header>) -> Option<Self> {
        let (first, rest) = file.get(at..)?.split_at_checked(SLOT_HEADER_BYTES)?;
        let slot: SlotHeader = bytemuck::pod_read_unaligned(first);
        if slot.magic != MAGIC || slot.version != VERSION || slot.offset > CAPACITY_BYTES_MAX {
            return None;
        }
        let length = slot.bytes as usize;
        let bytes = rest.get(..length)?;
        let own = match header {
            None if slot.offset == 0 => Some(Header::read(bytes).ok()?.header),
            _ => None,
        };
        let header = header.or(own.as_ref())?;
        let whole = file.get(at..at + SLOT_HEADER_BYTES + length)?;
        let belongs = slot.run_id == header.run_id && slot.segment == header.segment;
        let stands = at == 0 || at == slot.slot_bytes as usize;
        (belongs && stands && slot_crc(header.salt, whole) == slot.crc).then_some(Self {
            run_id: slot.run_id,
            segment: slot.segment,
            generation: slot.generation,
            offset: slot.offset,
            next_seq: slot.next_seq,
            slot_bytes: slot.slot_bytes,
            bytes,
        })
    }
}

/// The tail file of a segment file: `000003.tail` beside `000003.bin`.
#[must_use]
pub fn tail_path(segment: &Path) -> PathBuf {
    segment.with_extension("tail")
}

/// The bytes of a tail file; none when there is no such file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(TAIL_BYTES_MAX).read_to_end(&mut bytes).map(|_| bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(bytes),
        Err(error) => Err(error),
    }
}

/// The CRC of a slot: CRC-32 (IEEE), started from the run's salt, over its bytes but those of the CRC.
fn slot_crc(salt: u32, slot: &[u8]) -> u32 {
    let mut hasher = Hasher::new_with_initial(salt);
    hasher.update(&slot[..CRC_AT]);
    hasher.update(&slot[CRC_AT + size_of::<u32>()..]);
    hasher.finalize()
}
