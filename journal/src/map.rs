//! Files in memory: one that grows under a writer, one that only readers hold.
//!
//! The only file of this crate with `unsafe`. Two facts carry every proof: a growing map never
//! touches bytes beyond what the file system has allocated, and an advisory lock keeps a mapped
//! reader and a writer off the same file.
#![expect(unsafe_code, reason = "mapping, allocating and publishing are not expressible without it")]

use crate::error::{Error, Result};
use memmap2::{Advice, Mmap, MmapOptions, MmapRaw};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The step by which a file grows.
pub(crate) const WINDOW_BYTES: usize = 4 * 1024 * 1024;
/// How far ahead pages are made writable again: the kernel protects clean pages after a while.
const REPOPULATE_BYTES: usize = 256 * 1024;
/// The smallest page of any supported machine.
const PAGE_BYTES: usize = 4096;

/// A new file, locked, mapped at its full capacity, allocated window by window.
#[derive(Debug)]
pub(crate) struct GrowingMap {
    path: PathBuf,
    file: File,
    map: MmapRaw,
    /// Bytes from the start that the file system has allocated: stores below are safe.
    allocated: usize,
}

impl GrowingMap {
    /// Creates `path`, which must not exist, with `opening` as its first bytes (at most one page), and
    /// reserves addresses for `capacity` bytes.
    pub fn create(path: PathBuf, capacity: usize, opening: &[u8]) -> Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|source| Error::io(&path, 0, "create the file", source))?;
        lock(file.try_lock(), &path)?;
        // Before the file grows: whoever sees more than these bytes sees them.
        file.write_all_at(opening, 0).map_err(|source| Error::io(&path, 0, "write the header", source))?;
        let reserved = capacity.next_multiple_of(WINDOW_BYTES);
        let map = MmapOptions::new()
            .len(reserved)
            .map_raw(&file)
            .map_err(|source| Error::io(&path, 0, "map the file", source))?;
        Ok(Self { path, file, map, allocated: 0 })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the bytes up to `end` safe to write, in whole windows.
    pub fn ensure(&mut self, end: usize) -> Result<()> {
        while self.allocated < end {
            self.grow()?;
        }
        Ok(())
    }

    /// Keeps a whole window allocated behind `cursor` and its first pages writable without a fault.
    pub fn prepare(&mut self, cursor: usize) -> Result<()> {
        self.ensure((cursor + WINDOW_BYTES).min(self.map.len()))?;
        let start = cursor.next_multiple_of(PAGE_BYTES);
        self.populate(start, (start + REPOPULATE_BYTES).min(self.allocated))
    }

    /// Copies `bytes` to `offset`.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        let to = self.place(offset, bytes.len());
        // SAFETY: `place` proved that the target is allocated and mapped for writing; the source is a
        // slice of other memory, since nothing here hands out references into the map.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    }

    /// Stores `word` at `offset`; whoever sees it sees everything written before.
    pub fn publish(&mut self, offset: usize, word: u32) {
        assert!(offset.is_multiple_of(align_of::<AtomicU32>()), "a length word is aligned");
        let to = self.place(offset, size_of::<u32>()).cast::<u32>();
        // SAFETY: `place` proved four allocated, mapped bytes; a page-aligned base and the assert above
        // align them; `&mut self` excludes other access from Rust while the reference lives.
        let length_word = unsafe { AtomicU32::from_ptr(to) };
        length_word.store(word, Ordering::Release);
    }

    /// Cuts the file to `len` bytes and waits until it lies on the disk.
    pub fn close(self, len: usize) -> Result<()> {
        let cut = self.file.set_len(len as u64);
        cut.map_err(|source| Error::io(&self.path, len, "cut the file", source))?;
        self.file.sync_all().map_err(|source| Error::io(&self.path, len, "flush the file", source))?;
        let Self { map, file, path, .. } = self;
        drop(map);
        // Closing alone is not enough: a child that another thread is just starting still has the file.
        file.unlock().map_err(|source| Error::io(&path, len, "unlock the file", source))
    }

    /// The address of `offset`, after proof that `len` bytes from there may be written.
    fn place(&self, offset: usize, len: usize) -> *mut u8 {
        let end = offset.checked_add(len);
        assert!(end.is_some_and(|end| end <= self.allocated), "a store beyond the allocated bytes");
        self.map.as_mut_ptr().wrapping_add(offset)
    }

    fn grow(&mut self) -> Result<()> {
        let start = self.allocated;
        let refused = |action, source| Error::io(&self.path, start, action, source);
        if start >= self.map.len() {
            return Err(refused("grow the file beyond its capacity", io::ErrorKind::FileTooLarge.into()));
        }
        allocate(&self.file, start, WINDOW_BYTES).map_err(|source| refused("grow the file", source))?;
        self.allocated = start + WINDOW_BYTES;
        self.populate(start, self.allocated)
    }

    /// Faults the pages of `start..end` in, writable.
    fn populate(&mut self, start: usize, end: usize) -> Result<()> {
        if start >= end {
            return Ok(());
        }
        match self.map.advise_range(Advice::PopulateWrite, start, end - start) {
            Err(source) if source.kind() == io::ErrorKind::InvalidInput => {
                self.touch(start, end);
                Ok(())
            }
            Err(source) => Err(Error::io(&self.path, start, "populate the file", source)),
            Ok(()) => Ok(()),
        }
    }

    /// The same by stores, for kernels without the call: a zero over the last byte of each page, which
    /// nobody wrote yet (the first page holds no more than the header then, the others nothing).
    fn touch(&mut self, start: usize, end: usize) {
        (start..end).step_by(PAGE_BYTES).for_each(|page| self.write(page + PAGE_BYTES - 1, &[0]));
    }
}

/// Allocates disk for `start..start + len`, so that no later store can find the disk full.
fn allocate(file: &File, start: usize, len: usize) -> io::Result<()> {
    let offset = libc::off_t::try_from(start).map_err(io::Error::other)?;
    let bytes = libc::off_t::try_from(len).map_err(io::Error::other)?;
    loop {
        // SAFETY: the call takes no address, and the descriptor is open while `file` is borrowed.
        let code = unsafe { libc::posix_fallocate(file.as_raw_fd(), offset, bytes) };
        match code {
            0 => return Ok(()),
            libc::EINTR => {}
            code => return Err(io::Error::from_raw_os_error(code)),
        }
    }
}

/// A file mapped for reading, locked against writers.
#[derive(Debug)]
pub(crate) struct ReadMap {
    map: Mmap,
    /// Holds the shared lock as long as the map lives.
    _locked: File,
}

impl ReadMap {
    /// Maps the whole of `path`.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::io(path, 0, "open the file", source))?;
        lock(file.try_lock_shared(), path)?;
        // SAFETY: the shared lock is held as long as the map lives, and this crate writes and cuts files
        // only under the exclusive one, so the bytes neither change nor vanish under the map. Programs
        // that ignore the lock are outside this proof, as they are for every mapped file.
        let map = unsafe { Mmap::map(&file) };
        let map = map.map_err(|source| Error::io(path, 0, "map the file", source))?;
        Ok(Self { map, _locked: file })
    }

    /// The file's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }
}

fn lock(outcome: std::result::Result<(), TryLockError>, path: &Path) -> Result<()> {
    match outcome {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(Error::Live { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(Error::io(path, 0, "lock the file", source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growing(folder: &tempfile::TempDir, capacity: usize) -> GrowingMap {
        GrowingMap::create(folder.path().join("a"), capacity, b"opening").expect("a new file")
    }

    #[test]
    fn touching_pages_leaves_the_opening_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut map = growing(&folder, WINDOW_BYTES);
        map.ensure(1).expect("room");
        map.touch(0, WINDOW_BYTES);
        map.close(16).expect("closed");
        let bytes = std::fs::read(folder.path().join("a")).expect("the file");
        assert_eq!(bytes, *b"opening\0\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn grows_by_windows_up_to_its_capacity() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut map = growing(&folder, WINDOW_BYTES + 1);
        map.ensure(1).expect("room");
        assert_eq!(map.allocated, WINDOW_BYTES);
        map.prepare(64).expect("room");
        assert_eq!(map.allocated, 2 * WINDOW_BYTES);
        map.prepare(2 * WINDOW_BYTES).expect("nothing left to prepare is no error");
        let error = map.ensure(2 * WINDOW_BYTES + 1).expect_err("beyond the reserved addresses");
        assert!(error.to_string().contains("at byte 8388608"), "{error}");
    }

    #[test]
    #[should_panic(expected = "beyond the allocated bytes")]
    fn a_store_beyond_the_allocation_stops_before_it_faults() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut map = growing(&folder, WINDOW_BYTES);
        map.write(8, b"nothing is allocated yet");
    }
}
