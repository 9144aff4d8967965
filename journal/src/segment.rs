//! The header that opens a segment, and the names of segment files.

use crate::error::Fault;
use bytemuck::{Pod, Zeroable};
use crc32fast::Hasher;
use hotpath::record::{FORMAT_VERSION, LINE_BYTES, RECORD_BYTES_MAX};
use std::path::{Path, PathBuf};

/// The first eight bytes of each header copy. The line feed shows a transfer in text mode.
pub const MAGIC: [u8; 8] = *b"FATHOMJ\n";
/// Bytes of one header copy.
pub const HEADER_BYTES: usize = 128;
/// Where the first record starts: after both copies.
pub const RECORDS_AT: usize = 2 * HEADER_BYTES;

/// Least capacity of a segment: the header and one record of any length.
pub(crate) const CAPACITY_BYTES_MIN: u64 = (RECORDS_AT + RECORD_BYTES_MAX) as u64;
/// Most capacity of a segment: the 16 GiB that a configuration may ask for, and the step that ends
/// beyond them.
pub const CAPACITY_BYTES_MAX: u64 = 17 << 30;

/// Where the CRC stands in a header copy; it covers all other bytes.
const CRC_AT: usize = 12;

/// Where the inputs of a run came from.
pub mod origin {
    /// The exchange, or a play: they came once, and the journal is the only copy.
    pub const LIVE: u16 = 0;
    /// A recording, which can be imported again.
    pub const RECORDING: u16 = 1;
}

/// What the segments of a run share, and where the run starts. All of it is an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Names the run.
    pub run_id: u64,
    /// What the CRC of every record starts from; drawn at random, or from a hash of
    /// the recording, so that no bytes from outside can pass for a record.
    pub salt: u32,
    /// UTC nanoseconds since 1970 when the run was created; 0 when not known.
    pub created_utc_ns: u64,
    /// Rows of the market table.
    pub markets: u16,
    /// Where its inputs came from: one of [`origin`].
    pub origin: u16,
    /// Number of the first segment that is written: above 0 behind other runs of the folder, or when a later
    /// one is regenerated alone.
    pub segment: u32,
    /// Sequence number of its first record.
    pub first_seq: u64,
}

/// One copy of a segment's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// [`FORMAT_VERSION`] of the writer.
    pub version: u32,
    /// CRC-32 (IEEE, started from 0) of bytes 0 to 12 and 16 to 128.
    pub crc: u32,
    /// Names the run.
    pub run_id: u64,
    /// Sequence number of the first record.
    pub first_seq: u64,
    /// UTC nanoseconds since 1970 when the run was created; 0 when not known.
    pub created_utc_ns: u64,
    /// What the CRC of every record starts from.
    pub salt: u32,
    /// Number of the segment in its folder, from 0.
    pub segment: u32,
    /// Rows of the market table.
    pub markets: u16,
    /// Where the run's inputs came from: one of [`origin`].
    pub origin: u16,
    /// Zero.
    pub spare: [u16; 38],
}

const _: () = assert!(size_of::<Header>() == HEADER_BYTES);

/// A header and how many of its two copies are whole: 1 or 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The first whole copy.
    pub header: Header,
    /// Whole copies that agree with it, itself included.
    pub copies: u8,
}

impl Header {
    /// The header of the first segment of `run`.
    #[must_use]
    pub fn new(run: &Run) -> Self {
        let mut header = Self {
            magic: MAGIC,
            version: FORMAT_VERSION,
            crc: 0,
            run_id: run.run_id,
            first_seq: run.first_seq,
            created_utc_ns: run.created_utc_ns,
            salt: run.salt,
            segment: run.segment,
            markets: run.markets,
            origin: run.origin,
            spare: [0; 38],
        };
        header.crc = header.computed_crc();
        header
    }

    /// Reads the header of a segment from whichever copy is whole.
    ///
    /// # Errors
    /// Why the bytes are not a segment that this version reads.
    pub fn read(bytes: &[u8]) -> Result<Opened, Fault> {
        let copies = [copy_at(bytes, 0), copy_at(bytes, HEADER_BYTES)];
        let Some(header) = copies.iter().flatten().copied().find(Self::is_whole) else {
            return Err(match copies {
                [Some(first), Some(second)] if is_empty(bytes) && !(first.is_begun() || second.is_begun()) => {
                    Fault::Unbegun
                }
                [Some(_), Some(_)] if copies.iter().flatten().any(|copy| copy.magic == MAGIC) => Fault::Damaged,
                [Some(_), Some(_)] => Fault::NotAJournal,
                _ => Fault::Short,
            });
        };
        if header.version != FORMAT_VERSION {
            return Err(Fault::Version(header.version));
        }
        let agreeing = copies.iter().flatten().filter(|copy| **copy == header).count();
        // A writer that dies between the two stores leaves an empty segment with its second copy only.
        let begun_last = copies[0].is_some_and(|first| !first.is_begun()) && is_empty(bytes);
        Ok(Opened { header, copies: if agreeing == 2 || begun_last { 2 } else { 1 } })
    }

    /// The run as this segment sees it: what a writer needs to regenerate this segment alone.
    #[must_use]
    pub const fn run(&self) -> Run {
        Run {
            run_id: self.run_id,
            salt: self.salt,
            created_utc_ns: self.created_utc_ns,
            markets: self.markets,
            origin: self.origin,
            segment: self.segment,
            first_seq: self.first_seq,
        }
    }

    /// Whether the first word, which is stored last, is there.
    fn is_begun(&self) -> bool {
        self.magic[..4] != [0; 4]
    }

    fn is_whole(&self) -> bool {
        self.magic == MAGIC && self.crc == self.computed_crc()
    }

    fn computed_crc(&self) -> u32 {
        let (before, rest) = bytemuck::bytes_of(self).split_at(CRC_AT);
        let mut hasher = Hasher::new();
        hasher.update(before);
        hasher.update(&rest[size_of::<u32>()..]);
        hasher.finalize()
    }
}

/// The file of segment `number` in `folder`: `000000.bin` and so on.
#[must_use]
pub fn segment_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:06}.bin"))
}

/// Whether no record stands behind the header.
fn is_empty(bytes: &[u8]) -> bool {
    bytes.get(RECORDS_AT..).is_none_or(|rest| rest.iter().take(LINE_BYTES).all(|byte| *byte == 0))
}

fn copy_at(bytes: &[u8], offset: usize) -> Option<Header> {
    bytes.get(offset..offset + HEADER_BYTES).map(bytemuck::pod_read_unaligned)
}
