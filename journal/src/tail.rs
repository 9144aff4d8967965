//! The tail file: the durable copy of the page that the writer is in.
//!
//! A page that is written back while records are appended to it faults the writer's next store. So the
//! last, partly filled page of a segment is never written back on purpose: its committed bytes go into a
//! file of their own, into two slots in turn, so that one is whole at any time. After power loss the
//! newest whole slot is laid over the segment.

use crate::draft::sync_folder;
use crate::error::{Error, Result};
use crate::faults;
use crate::segment::{Header, Run};
use bytemuck::{Pod, Zeroable};
use crc32fast::Hasher;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The first eight bytes of each slot.
const MAGIC: [u8; 8] = *b"FATHOMT\n";
/// Where slots may start: no two share a block of this size, so a torn write harms one only.
const BLOCK_BYTES: usize = 4096;
/// Where the CRC stands in a slot; it covers all its other bytes.
const CRC_AT: usize = 12;

/// The header of a slot; the bytes follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct TailSlot {
    /// `FATHOMT` and a line feed.
    pub magic: [u8; 8],
    /// 1.
    pub version: u32,
    /// CRC-32 (IEEE, started from 0) of bytes 0 to 12, and of 16 to the end of what follows.
    pub crc: u32,
    /// The run.
    pub run_id: u64,
    /// Counts the slots written for a segment, from 0: of two whole ones the higher is the newer.
    pub generation: u64,
    /// Where the bytes stand in the segment: the start of a page.
    pub offset: u64,
    /// Sequence number after the last record that they end with.
    pub next_seq: u64,
    /// The segment's number.
    pub segment: u32,
    /// How many bytes follow.
    pub bytes: u32,
    /// The run's salt.
    pub salt: u32,
    /// Zero.
    pub spare: u32,
}

const SLOT_HEADER_BYTES: usize = size_of::<TailSlot>();
const _: () = assert!(SLOT_HEADER_BYTES == 64);

impl TailSlot {
    /// The newest whole slot of a tail file, and its bytes.
    #[must_use]
    pub fn newest(file: &[u8]) -> Option<(Self, &[u8])> {
        let starts = (0..file.len()).step_by(BLOCK_BYTES);
        starts.filter_map(|start| Self::read(&file[start..])).max_by_key(|(slot, _)| slot.generation)
    }

    /// Whether it belongs to the segment with this header.
    #[must_use]
    pub const fn is_of(&self, header: &Header) -> bool {
        self.run_id == header.run_id && self.salt == header.salt && self.segment == header.segment
    }

    fn read(file: &[u8]) -> Option<(Self, &[u8])> {
        let slot: Self = bytemuck::pod_read_unaligned(file.get(..SLOT_HEADER_BYTES)?);
        let end = SLOT_HEADER_BYTES.checked_add(slot.bytes as usize)?;
        let bytes = file.get(SLOT_HEADER_BYTES..end)?;
        (slot.magic == MAGIC && slot.version == 1 && slot.crc == slot_crc(file.get(..end)?)).then_some((slot, bytes))
    }
}

fn slot_crc(slot: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&slot[..CRC_AT]);
    hasher.update(&slot[CRC_AT + size_of::<u32>()..]);
    hasher.finalize()
}

/// The tail file of a segment file: `000003.tail` beside `000003.bin`.
#[must_use]
pub fn tail_path(segment: &Path) -> PathBuf {
    segment.with_extension("tail")
}

/// The tail file of the segment that is written.
#[derive(Debug)]
pub(crate) struct Tail {
    path: PathBuf,
    file: File,
    /// One slot under construction.
    slot: Box<[u8]>,
    generation: u64,
}

impl Tail {
    /// Creates the file with both slots on the disk, so that later writes change no length. `page_bytes`
    /// bounds what a slot holds.
    pub fn create(path: PathBuf, page_bytes: usize) -> Result<Self> {
        faults::point();
        let slot = vec![0; (SLOT_HEADER_BYTES + page_bytes).next_multiple_of(BLOCK_BYTES)].into_boxed_slice();
        let made = File::options().create_new(true).write(true).open(&path).and_then(|file| {
            file.write_all_at(&slot, 0)?;
            file.write_all_at(&slot, slot.len() as u64)?;
            file.sync_all()?;
            Ok(file)
        });
        let file = made.map_err(|source| Error::io(&path, 0, "create the file", source))?;
        Ok(Self { path, file, slot, generation: 0 })
    }

    /// Puts the segment's bytes from `offset` on the disk; `fill` copies them, `bytes` of them, in.
    pub fn write(
        &mut self,
        run: &Run,
        offset: usize,
        bytes: usize,
        next_seq: u64,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<()> {
        let end = SLOT_HEADER_BYTES + bytes;
        fill(&mut self.slot[SLOT_HEADER_BYTES..end]);
        let head = TailSlot {
            magic: MAGIC,
            version: 1,
            crc: 0,
            run_id: run.run_id,
            generation: self.generation,
            offset: offset as u64,
            next_seq,
            segment: run.segment,
            bytes: bytes as u32,
            salt: run.salt,
            spare: 0,
        };
        self.slot[..SLOT_HEADER_BYTES].copy_from_slice(bytemuck::bytes_of(&head));
        let crc = slot_crc(&self.slot[..end]);
        self.slot[CRC_AT..CRC_AT + size_of::<u32>()].copy_from_slice(&crc.to_le_bytes());
        let start = (self.generation % 2) * self.slot.len() as u64;
        faults::point();
        let written = self.file.write_all_at(&self.slot[..end], start).and_then(|()| self.file.sync_data());
        written.map_err(|source| Error::io(&self.path, start as usize, "write the file", source))?;
        self.generation += 1;
        Ok(())
    }

    /// Removes the file: the segment itself is on the disk.
    pub fn remove(self) -> Result<()> {
        faults::point();
        std::fs::remove_file(&self.path).map_err(|source| Error::io(&self.path, 0, "remove the file", source))?;
        sync_folder(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: Run = Run { run_id: 7, salt: 9, created_utc_ns: 0, markets: 1, origin: 0, segment: 3, first_seq: 0 };

    /// A tail file in which two slots were written.
    fn twice_written() -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("000003.tail");
        let mut tail = Tail::create(path.clone(), 4096).expect("created");
        tail.write(&RUN, 0, 5, 11, |bytes| bytes.copy_from_slice(b"first")).expect("written");
        tail.write(&RUN, 4096, 6, 12, |bytes| bytes.copy_from_slice(b"second")).expect("written");
        let bytes = std::fs::read(&path).expect("the file");
        tail.remove().expect("removed");
        assert!(!path.exists());
        bytes
    }

    #[test]
    fn the_newer_slot_counts() {
        let file = twice_written();
        let (slot, bytes) = TailSlot::newest(&file).expect("a whole slot");
        assert_eq!((slot.generation, slot.offset, slot.next_seq, bytes), (1, 4096, 12, &b"second"[..]));
        assert!(slot.is_of(&Header::new(&RUN)));
        assert!(!slot.is_of(&Header::new(&Run { salt: 8, ..RUN })));
    }

    /// A slot that power loss cut short leaves the other one, whatever bit is wrong.
    #[test]
    fn a_damaged_slot_gives_way_to_the_older() {
        let file = twice_written();
        for bit in 0..(SLOT_HEADER_BYTES + 6) * 8 {
            let mut damaged = file.clone();
            damaged[2 * BLOCK_BYTES + bit / 8] ^= 1 << (bit % 8);
            let (slot, bytes) = TailSlot::newest(&damaged).expect("the other slot is whole");
            assert_eq!((slot.generation, bytes), (0, &b"first"[..]), "bit {bit}");
        }
        assert_eq!(TailSlot::newest(&file[..10]), None);
    }
}
