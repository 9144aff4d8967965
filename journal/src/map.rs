//! Files in memory: one that grows under a writer, one that only readers hold.
//!
//! The only file of this crate with `unsafe`. A growing file has two handles: the [`Pen`] stores, the
//! [`Ground`] grows, syncs and cuts. Each exists once, so two threads may hold one each. Three facts carry
//! every proof: the pen never stores beyond the frontier that the ground has published, the ground never
//! stores below it, and an advisory lock keeps a mapped reader and a writer off the same file.
#![expect(unsafe_code, reason = "mapping, allocating and publishing are not expressible without it")]

use crate::error::{Error, Fault, Result};
use crate::faults;
use crate::handover::{Counter, Handover};
use memmap2::{Advice, Mmap, MmapOptions, MmapRaw, UncheckedAdvice};
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::{Duration, UNIX_EPOCH};

/// The step by which a file grows.
pub(crate) const WINDOW_BYTES: usize = 4 * 1024 * 1024;
/// The smallest page of any supported machine.
const PAGE_BYTES: usize = 4096;
/// `f_type` of ramfs.
const RAMFS_MAGIC: libc::c_long = 0x8584_58f6;

/// A new file, locked and mapped at its full capacity. Both handles hold it.
#[derive(Debug)]
struct Growing {
    path: PathBuf,
    file: File,
    map: MmapRaw,
    /// Bytes from the start that the file system has allocated and that are populated.
    frontier: Counter,
    /// Bytes from the start that hold committed records.
    committed: Counter,
}

/// Creates `path`, which must not exist, all zero, and reserves addresses for `capacity` bytes. Nothing is
/// allocated yet.
pub(crate) fn create(path: PathBuf, capacity: usize) -> Result<(Ground, Pen)> {
    faults::point();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(|source| Error::io(&path, 0, "create the file", source))?;
    // Waits for a reader that is just finding out that the new file holds nothing.
    file.lock().map_err(|source| Error::io(&path, 0, "lock the file", source))?;
    let reserved = capacity.next_multiple_of(WINDOW_BYTES);
    let map = MmapOptions::new()
        .len(reserved)
        .map_raw(&file)
        .map_err(|source| Error::io(&path, 0, "map the file", source))?;
    // Without it the kernel reads ahead into folios of many pages, and writing one back protects the page
    // that the pen is in together with those behind it.
    map.advise(Advice::Random).map_err(|source| Error::io(&path, 0, "advise on the map", source))?;
    let zero = || Handover::new(AtomicU64::new(0));
    let growing = Arc::new(Growing { path, file, map, frontier: zero(), committed: zero() });
    Ok((Ground { growing: Arc::clone(&growing), end: 0 }, Pen { growing, frontier: 0 }))
}

/// The right to store into a growing file.
#[derive(Debug)]
pub(crate) struct Pen {
    growing: Arc<Growing>,
    /// The frontier when it was last looked at.
    frontier: usize,
}

impl Pen {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.growing.path
    }

    /// Whether the bytes up to `end` may be stored to.
    pub fn has_room(&mut self, end: usize) -> bool {
        if end > self.frontier {
            self.frontier = self.growing.frontier.observe() as usize;
        }
        end <= self.frontier
    }

    /// Copies `bytes` to `offset`.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        faults::point();
        let to = self.place(offset, bytes.len());
        // SAFETY: `place` proved that the target is allocated and mapped for writing; this pen is the only
        // one of its file and the ground stores beyond the frontier only; the source is a slice of other
        // memory, since nothing here hands out references into the map.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    }

    /// Stores the length word of a record at `offset`; whoever sees it sees everything written before.
    pub fn publish(&mut self, offset: usize, word: u32) {
        faults::point();
        assert!(offset.is_multiple_of(align_of::<AtomicU32>()), "a length word is aligned");
        let to = self.place(offset, size_of::<u32>()).cast::<u32>();
        // SAFETY: `place` proved four allocated, mapped bytes; a page-aligned base and the assert above
        // align them; `&mut self` excludes other access from Rust while the reference lives.
        let length_word = unsafe { AtomicU32::from_ptr(to) };
        Handover::<_>::new(length_word).publish(word);
    }

    /// Tells the ground that all bytes up to `end` are committed.
    pub fn commit(&mut self, end: usize) {
        self.growing.committed.publish(end as u64);
    }

    /// The address of `offset`, after proof that `len` bytes from there may be written.
    fn place(&mut self, offset: usize, len: usize) -> *mut u8 {
        let end = offset.checked_add(len);
        assert!(end.is_some_and(|end| self.has_room(end)), "a store beyond the frontier");
        self.growing.map.as_mut_ptr().wrapping_add(offset)
    }
}

/// The right to grow, sync and cut a growing file.
#[derive(Debug)]
pub(crate) struct Ground {
    growing: Arc<Growing>,
    /// The frontier: only the ground moves it.
    end: usize,
}

impl Ground {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.growing.path
    }

    /// Bytes from the start that hold committed records, as the pen told.
    pub fn committed(&self) -> usize {
        self.growing.committed.observe() as usize
    }

    /// Bytes from the start that may be stored to.
    pub const fn frontier(&self) -> usize {
        self.end
    }

    /// Bytes that addresses are reserved for.
    pub fn capacity(&self) -> usize {
        self.growing.map.len()
    }

    /// Makes the bytes up to `end` safe to store to, in whole windows.
    pub fn grow_to(&mut self, end: usize) -> Result<()> {
        while self.end < end {
            self.grow()?;
        }
        Ok(())
    }

    /// Makes pages that the kernel has protected since writable again, so that a store there does not
    /// fault; what they hold stays. Only below the frontier.
    pub fn refresh(&self, start: usize, end: usize) -> Result<()> {
        let start = start - start % PAGE_BYTES;
        let len = end.min(self.end).saturating_sub(start);
        match self.growing.map.advise_range(Advice::PopulateWrite, start, len) {
            // Kernels without the call: the next store faults, and works.
            Err(source) if source.kind() == io::ErrorKind::InvalidInput => Ok(()),
            Err(source) => Err(self.refused(start, "populate the file", source)),
            Ok(()) => Ok(()),
        }
    }

    /// Waits until committed bytes lie on the disk: `start` and `end` are multiples of a page. Other pages
    /// are left alone, so the page that the pen is in is not protected by it.
    /// Gives their number.
    pub fn sync(&self, start: usize, end: usize) -> Result<usize> {
        faults::point();
        assert!(end <= self.committed(), "only pages that the pen has left are let go");
        // SAFETY: the mapping is of a file and shared, so letting pages go loses nothing: a later access
        // finds them again. Nobody holds a reference into the map.
        let let_go = unsafe { self.growing.map.unchecked_advise_range(UncheckedAdvice::DontNeed, start, end - start) };
        // One flush of the translation caches of all cores, the hot one too, in place of one a page. Locked memory
        // (mlockall) is never let go; then the flush below write-protects page by page, and that is all.
        match let_go {
            Err(source) if source.raw_os_error() != Some(libc::EINVAL) => {
                return Err(self.refused(start, "let go of pages", source));
            }
            _ => {}
        }
        let synced = self.growing.map.flush_range(start, end - start);
        synced.map_err(|source| self.refused(start, "flush the file", source))?;
        Ok(end - start)
    }

    /// Waits until everything about the file lies on the disk.
    pub fn sync_all(&self) -> Result<()> {
        faults::point();
        self.growing.file.sync_all().map_err(|source| self.refused(self.end, "flush the file", source))
    }

    /// Copies committed bytes from `offset` into `into`.
    pub fn read(&self, offset: usize, into: &mut [u8]) {
        let end = offset.checked_add(into.len());
        assert!(end.is_some_and(|end| end <= self.committed()), "a read beyond what is committed");
        let from = self.growing.map.as_ptr().wrapping_add(offset);
        // SAFETY: the pen stored these bytes before it published `committed` beyond them and never stores
        // to them again; below `committed` lies below the frontier, so they are allocated and mapped.
        unsafe { std::ptr::copy_nonoverlapping(from, into.as_mut_ptr(), into.len()) };
    }

    /// Takes the pen back, cuts the file to `len` bytes, dates it when there is a date (UTC nanoseconds) and
    /// waits until it lies on the disk.
    pub fn close(self, pen: Pen, len: usize, date_utc_ns: Option<u64>) -> Result<()> {
        assert!(Arc::ptr_eq(&self.growing, &pen.growing), "pen and ground are of one file");
        drop(pen);
        faults::point();
        let file = &self.growing.file;
        file.set_len(len as u64).map_err(|source| self.refused(len, "cut the file", source))?;
        if let Some(utc_ns) = date_utc_ns {
            let date = UNIX_EPOCH + Duration::from_nanos(utc_ns);
            file.set_modified(date).map_err(|source| self.refused(len, "date the file", source))?;
        }
        self.sync_all()?;
        faults::point();
        // Closing alone is not enough: a child that another thread is just starting still has the file.
        file.unlock().map_err(|source| self.refused(len, "unlock the file", source))
    }

    /// Bytes that the file system has left for this process.
    pub fn disk_bytes_free(&self) -> Result<u64> {
        let facts = self.file_system()?;
        Ok(facts.f_bavail.saturating_mul(facts.f_bsize.unsigned_abs()))
    }

    /// Promises that the file system cannot keep.
    pub fn caveats(&self) -> Result<Vec<Caveat>> {
        let kind = self.file_system()?.f_type;
        let mut caveats = Vec::from_iter(Caveat::of_kind(kind));
        let end = libc::off_t::try_from(self.end).map_err(|_| Error::Stopped)?;
        // SAFETY: the call takes no address, and the descriptor is open while `self` is borrowed. The last
        // page before the frontier is allocated already, so nothing changes.
        let code = unsafe { libc::fallocate(self.growing.file.as_raw_fd(), libc::FALLOC_FL_KEEP_SIZE, end - 1, 1) };
        if code != 0 {
            caveats.push(Caveat::NoAllocation);
        }
        if self.growing.map.advise_range(Advice::PopulateWrite, 0, PAGE_BYTES).is_err() {
            caveats.push(Caveat::NoPopulation);
        }
        Ok(caveats)
    }

    fn file_system(&self) -> Result<libc::statfs> {
        let mut facts = std::mem::MaybeUninit::<libc::statfs>::uninit();
        // SAFETY: the descriptor is open while `self` is borrowed, and the address is that of a place for
        // the answer.
        let code = unsafe { libc::fstatfs(self.growing.file.as_raw_fd(), facts.as_mut_ptr()) };
        if code != 0 {
            return Err(self.refused(0, "look at the file system", io::Error::last_os_error()));
        }
        // SAFETY: the call succeeded, so it filled the place.
        Ok(unsafe { facts.assume_init() })
    }

    fn refused(&self, offset: usize, action: &'static str, source: io::Error) -> Error {
        Error::io(self.path(), offset, action, source)
    }

    fn grow(&mut self) -> Result<()> {
        let start = self.end;
        if start >= self.capacity() {
            return Err(self.refused(start, "grow the file beyond its capacity", io::ErrorKind::FileTooLarge.into()));
        }
        faults::point();
        let allocated = allocate(&self.growing.file, start, WINDOW_BYTES);
        allocated.map_err(|source| self.refused(start, "grow the file", source))?;
        self.populate(start, start + WINDOW_BYTES)?;
        faults::point();
        self.end = start + WINDOW_BYTES;
        self.growing.frontier.publish(self.end as u64);
        Ok(())
    }

    /// Faults the pages of `start..end` in, writable. They lie beyond the frontier.
    fn populate(&mut self, start: usize, end: usize) -> Result<()> {
        match self.growing.map.advise_range(Advice::PopulateWrite, start, end - start) {
            Err(source) if source.kind() == io::ErrorKind::InvalidInput => {
                self.touch(start, end);
                Ok(())
            }
            Err(source) => Err(self.refused(start, "populate the file", source)),
            Ok(()) => Ok(()),
        }
    }

    /// The same by stores, for kernels without the call: a zero over the first byte of each page.
    fn touch(&mut self, start: usize, end: usize) {
        assert!(start >= self.end && end <= self.capacity(), "only pages that the pen may not reach are touched");
        for page in (start..end).step_by(PAGE_BYTES) {
            let to = self.growing.map.as_mut_ptr().wrapping_add(page);
            // SAFETY: the page lies inside the map (assert) and was allocated just before; it lies beyond
            // the frontier, so the pen does not store there, and this ground is the only one of its file.
            unsafe { to.write_volatile(0) };
        }
    }
}

/// Something that a file system cannot do, and what that costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caveat {
    /// Files live in memory.
    Memory,
    /// Writing to allocated bytes may need new space.
    CopyOnWrite,
    /// Another machine or program holds the files.
    Remote,
    /// Disk cannot be allocated ahead.
    NoAllocation,
    /// The kernel cannot populate pages for writing.
    NoPopulation,
}

impl Caveat {
    /// What a kind of file system cannot do; `kind` is the number that `statfs` tells.
    #[must_use]
    pub const fn of_kind(kind: i64) -> Option<Self> {
        match kind {
            libc::TMPFS_MAGIC | RAMFS_MAGIC => Some(Self::Memory),
            libc::BTRFS_SUPER_MAGIC => Some(Self::CopyOnWrite),
            libc::NFS_SUPER_MAGIC | libc::FUSE_SUPER_MAGIC => Some(Self::Remote),
            _ => None,
        }
    }
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "the folder lies in memory (tmpfs): nothing survives power loss, so choose a disk",
            Self::CopyOnWrite => "the file system copies on write: a full disk can kill the writer, so choose ext4 or XFS",
            Self::Remote => "the file system is remote or a program's: locks and syncs are what it makes of them, so choose a local disk",
            Self::NoAllocation => "the file system cannot allocate ahead: growing writes zeros instead, so choose ext4 or XFS",
            Self::NoPopulation => "the kernel cannot populate pages (Linux 5.14 can): stores into new or idle pages fault",
        })
    }
}

/// Bytes of a page of this machine.
pub(crate) fn page_bytes() -> usize {
    // SAFETY: the call takes no address.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).unwrap_or(PAGE_BYTES)
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

/// Opens a file of a journal. Whatever else has its name may never answer: opening a pipe waits for a writer.
pub(crate) fn open_regular(path: &Path) -> Result<File> {
    let refused = |source| Error::io(path, 0, "open the file", source);
    let kind = std::fs::metadata(path).map_err(refused)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(Error::Header { path: path.to_owned(), fault: Fault::Irregular });
    }
    File::open(path).map_err(refused)
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
        Self::of(open_regular(path)?, path)
    }

    /// Maps the whole of an open file; errors name `path`.
    pub fn of(file: File, path: &Path) -> Result<Self> {
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
mod tests;
