//! A folder of runs: its segments are numbered on from run to run, and one writer holds it.

use crate::draft::sync_folder;
use crate::error::{Error, Fault, Result};
use crate::faults;
use crate::file::Segment;
use crate::index::Index;
use crate::reader::{End, Item, valid_prefix};
use crate::retention::Kept;
use crate::segment::{RECORDS_AT, segment_path};
use crate::tail::tail_path;
use hotpath::record::{Found, Kind, end};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The file whose lock a writer holds as long as it lives.
const LOCK: &str = "lock";

/// A folder that this process writes to, and no other.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Holds the lock.
    lock: File,
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Closing alone is not enough: a child that another thread is just starting still has the file.
        // When it fails, closing is all that is left.
        let _ = self.lock.unlock();
    }
}

impl Folder {
    /// Takes a folder, which exists. Files that an earlier run prepared and never began are removed, and
    /// tail files of closed segments: they hold nothing that is not elsewhere.
    ///
    /// # Errors
    /// [`Error::Taken`] when another writer has it, [`Error::Io`].
    pub fn take(path: &Path) -> Result<Self> {
        let lock_path = path.join(LOCK);
        let options = File::options().create(true).truncate(false).write(true).open(&lock_path);
        let lock = options.map_err(|source| Error::io(&lock_path, 0, "create the lock file", source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Taken { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(Error::io(&lock_path, 0, "lock the file", source)),
        }
        let folder = Self { path: path.to_owned(), lock };
        folder.clear_unbegun()?;
        folder.clear_tails()?;
        Ok(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number that the next segment gets: above all that are there.
    ///
    /// # Errors
    /// [`Error::NumbersUsed`] when the highest number is taken, [`Error::Io`] when the folder cannot be read.
    pub fn next_segment(&self) -> Result<u32> {
        match segments(&self.path)?.last() {
            None => Ok(0),
            Some((number, _)) => number.checked_add(1).ok_or_else(|| Error::NumbersUsed { path: self.path.clone() }),
        }
    }

    /// What the last run left: the body of the record with which the next one begins.
    ///
    /// # Errors
    /// [`Error::Io`]; a segment that does not open is no error but what is found.
    pub fn found(&self) -> Result<Option<Found>> {
        let Some((number, path)) = segments(&self.path)?.pop() else { return Ok(None) };
        let file_bytes = fs::metadata(&path).map_err(|source| Error::io(&path, 0, "look at the file", source))?.len();
        let none = Found { segment: number, file_bytes, end: end::UNOPENED, ..bytemuck::Zeroable::zeroed() };
        match Segment::open(&path) {
            Ok(segment) => Ok(Some(found_in(&segment, none))),
            Err(Error::Header { .. }) => Ok(Some(none)),
            Err(error) => Err(error),
        }
    }

    /// Segments that nobody writes to, below `open`, the oldest first.
    pub(crate) fn kept(&self, open: u32) -> Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for (_, path) in segments(&self.path)?.into_iter().filter(|(number, _)| *number < open) {
            let facts = fs::metadata(&path).and_then(|facts| Ok((facts.len(), facts.modified()?)));
            let (bytes, sealed) = match facts {
                // It was listed, and is gone: archived, compressed or moved by somebody else.
                Err(source) if source.kind() == io::ErrorKind::NotFound => continue,
                facts => facts.map_err(|source| Error::io(&path, 0, "look at the file", source))?,
            };
            let sealed_utc_ns = sealed.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
            kept.push(Kept { path, bytes, sealed_utc_ns });
        }
        Ok(kept)
    }

    /// Removes what a run prepared last and a crash left: files that hold nothing and for which no tail
    /// stands.
    fn clear_unbegun(&self) -> Result<()> {
        while let Some((_, path)) = segments(&self.path)?.pop() {
            if !is_unbegun(&path)? {
                break;
            }
            // The tail first: without its segment nobody would look for it, and the name would stay taken.
            let tail = tail_path(&path);
            if tail.exists() {
                remove(&tail)?;
            }
            remove(&path)?;
        }
        Ok(())
    }

    /// Removes the tail files of closed segments: a run that ended between closing the one and removing the
    /// other leaves them.
    fn clear_tails(&self) -> Result<()> {
        for (_, path) in segments(&self.path)? {
            let tail = tail_path(&path);
            if tail.exists() && Segment::open(&path).is_ok_and(|it| Index::find(it.bytes(), it.header()).is_some()) {
                remove(&tail)?;
            }
        }
        Ok(())
    }
}

/// The segment files of a folder by their numbers, compressed ones too.
///
/// # Errors
/// [`Error::Io`] when the folder cannot be read.
pub fn segments(folder: &Path) -> Result<Vec<(u32, PathBuf)>> {
    let unreadable = |source| Error::io(folder, 0, "read the folder", source);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let is_file = entry.file_type().is_ok_and(|kind| !kind.is_dir());
        let path = entry.path();
        found.extend(segment_number(&path).filter(|_| is_file).map(|number| (number, path)));
    }
    found.sort();
    Ok(found)
}

/// The number of a segment file, when the name is a segment's, compressed or not.
pub(crate) fn segment_number(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    let plain = name.strip_suffix(".zst").unwrap_or(name);
    let number = plain.strip_suffix(".bin")?.parse().ok()?;
    (segment_path(Path::new(""), number).as_os_str() == plain).then_some(number)
}

/// Whether a writer prepared a segment file and never began it: it holds nothing, and the tail file beside
/// it nothing that was lost.
///
/// # Errors
/// [`Error::Io`] when a file cannot be read.
pub fn is_unbegun(path: &Path) -> Result<bool> {
    let has_slot = || fs::read(tail_path(path)).is_ok_and(|slots| slots.iter().any(|byte| *byte != 0));
    Ok(holds_nothing(path)? && !has_slot())
}

/// Removes a file and waits until its name is gone from the disk. Somebody else may have done it.
pub(crate) fn remove(path: &Path) -> Result<()> {
    faults::point();
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::io(path, 0, "remove the file", source)),
        _ => sync_folder(path),
    }
}

/// Whether a file holds nothing: zeros, and at most what a writer stores of a header before the words that
/// begin it.
fn holds_nothing(path: &Path) -> Result<bool> {
    let header_bytes = match Segment::open(path) {
        Err(Error::Header { fault: Fault::Unbegun, .. }) => RECORDS_AT,
        Err(Error::Header { fault: Fault::Short, .. }) => 0,
        _ => return Ok(false),
    };
    let unreadable = |source: io::Error| Error::io(path, 0, "read the file", source);
    let mut file = File::open(path).map_err(unreadable)?;
    file.seek(SeekFrom::Start(header_bytes as u64)).map_err(unreadable)?;
    let mut buffer = vec![0; 1024 * 1024];
    loop {
        let got = file.read(&mut buffer).map_err(unreadable)?;
        if got == 0 || buffer[..got].iter().any(|byte| *byte != 0) {
            return Ok(got == 0);
        }
    }
}

/// What a segment holds. Of one with a whole index its records are not read.
fn found_in(segment: &Segment, none: Found) -> Found {
    let (bytes, header) = (segment.bytes(), segment.header());
    let found = Found { run_id: header.run_id, file_bytes: bytes.len() as u64, ..none };
    if let Some(index) = Index::find(bytes, header) {
        let Index { records, last_seq, .. } = index;
        return Found { records, last_seq, valid_bytes: found.file_bytes, end: end::SEALED, ..found };
    }
    let (mut records, mut last_seq, mut damaged) = (0, 0, 0);
    let mut items = segment.items();
    for item in items.by_ref() {
        match item {
            Item::Damage(_) => damaged += 1,
            Item::Record(record) if record.head.kind == Kind::INDEX => {}
            Item::Record(record) => (records, last_seq) = (records + 1, record.head.seq),
        }
    }
    let end = match items.end() {
        Some(End::Sealed) => end::SEALED,
        Some(End::Torn) => end::TORN,
        Some(End::Truncated) => end::TRUNCATED,
        Some(End::Damaged) => end::DAMAGED,
        Some(End::Unsealed) | None => end::UNSEALED,
    };
    Found { records, last_seq, damaged, valid_bytes: valid_prefix(bytes) as u64, end, ..found }
}
