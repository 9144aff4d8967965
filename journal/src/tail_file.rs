//! Keeps the durable copy of the page that the writer is in: see [`crate::tail`] for what lies in the file.

use crate::error::{Error, Result};
use crate::faults;
use crate::folder::remove;
use crate::open::undo_unless;
use crate::segment::Run;
use crate::tail::TailSlot;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// The tail file of a segment that is written.
#[derive(Debug)]
pub(crate) struct TailFile {
    path: PathBuf,
    file: File,
    /// One slot under construction.
    slot: Vec<u8>,
    slot_bytes: usize,
    generation: u64,
}

impl TailFile {
    /// Creates the file with both slots on the disk, so that later writes change no length. `page_bytes`
    /// bounds what a slot holds.
    pub fn create(path: PathBuf, page_bytes: usize) -> Result<Self> {
        faults::point();
        let slot_bytes = TailSlot::room_bytes(page_bytes);
        let refused = |source| Error::io(&path, 0, "create the file", source);
        let file = File::options().create_new(true).write(true).open(&path).map_err(refused)?;
        let zeros = vec![0; 2 * slot_bytes];
        let filled = file.write_all_at(&zeros, 0).and_then(|()| file.sync_all()).map_err(refused);
        undo_unless(filled, &path)?;
        Ok(Self { path, file, slot: Vec::with_capacity(slot_bytes), slot_bytes, generation: 0 })
    }

    /// Puts the segment's `bytes` from `offset` on the disk. A write that failed is not followed by one
    /// over the other slot: the caller ends the run.
    pub fn write(&mut self, run: &Run, offset: usize, bytes: &[u8], next_seq: u64) -> Result<()> {
        let slot = TailSlot {
            run_id: run.run_id,
            segment: run.segment,
            generation: self.generation,
            offset: offset as u64,
            next_seq,
            slot_bytes: self.slot_bytes as u32,
            bytes,
        };
        slot.encode(run.salt, &mut self.slot);
        faults::point();
        let written = self.file.write_all_at(&self.slot, slot.at()).and_then(|()| self.file.sync_data());
        written.map_err(|source| Error::io(&self.path, slot.at() as usize, "write the file", source))?;
        self.generation += 1;
        Ok(())
    }

    /// Removes the file: the segment itself is on the disk.
    pub fn remove(self) -> Result<()> {
        remove(&self.path)
    }
}
