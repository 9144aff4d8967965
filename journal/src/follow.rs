//! Reads a segment while it grows.
//!
//! By `pread` and not through a map: a writer that cuts its file on closing would fault a mapped
//! reader.

use crate::error::{Error, Fault, Result};
use crate::expand::decompressed;
use crate::frames::is_compressed;
use crate::map::{ReadMap, open_regular};
use crate::reader::Record;
use crate::segment::{Header, RECORDS_AT};
use crate::whole::{claimed_bytes, next_seq, whole};
use hotpath::record::{Head, Kind, LINE_BYTES, RECORD_BYTES_MAX, flag};
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes read at a time; at least one whole record fits.
const BUFFER_BYTES: usize = 4 * RECORD_BYTES_MAX;

/// What [`Follower::poll`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll<'a> {
    /// The next record.
    Record(Record<'a>),
    /// Nothing is committed behind the last record.
    Pending,
    /// The segment is closed; the run may go on in the next one.
    Sealed,
}

/// What [`Follower::advance`] found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    Record(Found),
    Pending,
    Sealed,
}

/// A record that lies in the buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub head: Head,
    from: usize,
    len: usize,
}

/// Yields the records of one segment as they are committed. Its memory is one buffer of 256 KiB.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    file: File,
    header: Header,
    buffer: Box<[u8]>,
    /// Bytes of the buffer that hold file content.
    filled: usize,
    /// Where the next record starts in the buffer.
    used: usize,
    /// Where the buffer starts in the file.
    start: usize,
    /// The next sequence number.
    expected: u64,
    sealed: bool,
}

impl Follower {
    /// Opens `path` at its first record. A compressed segment is decompressed to a file without a name.
    ///
    /// # Errors
    /// [`Error::Header`], with [`Fault::Short`] or [`Fault::Unbegun`] while the file is being created;
    /// [`Error::Compressed`], [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = open_regular(path)?;
        let mut opening = [0; RECORDS_AT];
        let refused = |source| Error::io(path, 0, "read the file", source);
        let mut got = read_at(&file, &mut opening, 0).map_err(refused)?;
        if is_compressed(&opening) {
            file = decompressed(ReadMap::open(path)?.bytes(), path)?;
            got = read_at(&file, &mut opening, 0).map_err(refused)?;
        }
        let opened = if got < RECORDS_AT { Err(Fault::Short) } else { Header::read(&opening) };
        let header = opened.map_err(|fault| Error::Header { path: path.to_owned(), fault })?.header;
        Ok(Self {
            path: path.to_owned(),
            file,
            header,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            filled: 0,
            used: 0,
            start: RECORDS_AT,
            expected: header.first_seq,
            sealed: false,
        })
    }

    /// The segment's header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The next committed record, if there is one. Records of the index are not yielded.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when what is committed is not the next record, [`Error::Io`].
    pub fn poll(&mut self) -> Result<Poll<'_>> {
        Ok(match self.advance()? {
            Next::Record(found) => Poll::Record(self.record(found)),
            Next::Pending => Poll::Pending,
            Next::Sealed => Poll::Sealed,
        })
    }

    /// As [`Follower::poll`], without the bytes; [`Follower::record`] gives them until the next call.
    pub(crate) fn advance(&mut self) -> Result<Next> {
        while !self.sealed {
            let Some((head, len)) = self.next_whole()? else {
                return Ok(Next::Pending);
            };
            let from = self.used;
            self.used += len;
            self.expected = next_seq(&head, &self.buffer[from..from + len]);
            if head.kind != Kind::INDEX {
                return Ok(Next::Record(Found { head, from, len }));
            }
            self.sealed = !head.has(flag::CONTINUES);
        }
        Ok(Next::Sealed)
    }

    /// The record that [`Follower::advance`] has just found.
    pub(crate) fn record(&self, found: Found) -> Record<'_> {
        let Found { head, from, len } = found;
        Record { offset: self.start + from, head, bytes: &self.buffer[from..from + len] }
    }

    /// Whether a writer holds the file. When none does, this takes the shared lock for a moment: only for a
    /// file whose header was read, which its writer has locked before.
    pub(crate) fn is_held(&self) -> Result<bool> {
        let refused = |action, source| Error::io(&self.path, 0, action, source);
        match self.file.try_lock_shared() {
            Ok(()) => self.file.unlock().map(|()| false).map_err(|source| refused("unlock the file", source)),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(source)) => Err(refused("lock the file", source)),
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the next record starts in the file.
    pub(crate) const fn offset(&self) -> usize {
        self.start + self.used
    }

    /// Head and length of the record at the cursor, which lies in the buffer then.
    fn next_whole(&mut self) -> Result<Option<(Head, usize)>> {
        if let Some(found) = self.standing() {
            return Ok(Some(found));
        }
        if !self.is_committed()? {
            return Ok(None);
        }
        // Read again only now: a read that began before the length word was stored may have missed
        // the bytes stored before it.
        self.refill()?;
        let offset = self.start as u64;
        self.standing().map(Some).ok_or_else(|| Error::Corrupt { path: self.path.clone(), offset })
    }

    fn standing(&self) -> Option<(Head, usize)> {
        let bytes = self.buffer.get(self.used..self.filled)?;
        let len = claimed_bytes(bytes)?;
        let (head, _) = whole(bytes, len, self.header.salt)?;
        (head.seq == self.expected).then_some((head, len))
    }

    /// Whether a length word stands at the cursor.
    fn is_committed(&self) -> Result<bool> {
        let mut line = [0; LINE_BYTES];
        let got = self.read(&mut line, self.start + self.used)?;
        Ok(got == LINE_BYTES && line[..4] != [0; 4])
    }

    /// Moves the buffer to the cursor.
    fn refill(&mut self) -> Result<()> {
        self.start += self.used;
        self.used = 0;
        self.filled = 0;
        let mut buffer = std::mem::take(&mut self.buffer);
        let got = self.read(&mut buffer, self.start);
        self.buffer = buffer;
        self.filled = got?;
        Ok(())
    }

    fn read(&self, buffer: &mut [u8], offset: usize) -> Result<usize> {
        read_at(&self.file, buffer, offset).map_err(|source| Error::io(&self.path, offset, "read the file", source))
    }
}

/// Reads until `buffer` is full or the file ends; gives the bytes read.
fn read_at(file: &File, buffer: &mut [u8], offset: usize) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], (offset + filled) as u64) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
