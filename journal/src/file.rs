//! A segment file that nobody writes to.

use crate::error::{Error, Result};
use crate::expand::decompressed;
use crate::frames::is_compressed;
use crate::index::{Entry, Index};
use crate::map::ReadMap;
use crate::reader::Items;
use crate::segment::{Header, Opened};
use std::fs::File;
use std::path::Path;

/// A segment file that nobody writes to, mapped for reading.
#[derive(Debug)]
pub struct Segment {
    map: ReadMap,
    opened: Opened,
    /// Bytes of the compressed file, when it is one.
    compressed_bytes: Option<u64>,
}

impl Segment {
    /// Maps `path`. A compressed file is decompressed to a file without a name first, beside it or, where
    /// that cannot be written, in the system's folder for such files.
    ///
    /// # Errors
    /// [`Error::Live`] while a writer holds the file, [`Error::Header`] when it does not open as a
    /// segment, [`Error::Compressed`] when it is compressed and cut or corrupt, [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        let stored = ReadMap::open(path)?;
        if !is_compressed(stored.bytes()) {
            return Self::of(stored, path, None);
        }
        let map = ReadMap::of(decompressed(stored.bytes(), path)?, path)?;
        Self::of(map, path, Some(stored.bytes().len() as u64))
    }

    /// Maps an open file that nobody else has; errors name `path`.
    pub(crate) fn of_file(file: File, path: &Path) -> Result<Self> {
        Self::of(ReadMap::of(file, path)?, path, None)
    }

    fn of(map: ReadMap, path: &Path, compressed_bytes: Option<u64>) -> Result<Self> {
        let opened = Header::read(map.bytes()).map_err(|fault| Error::Header { path: path.to_owned(), fault })?;
        Ok(Self { map, opened, compressed_bytes })
    }

    /// Bytes that the file takes when it is compressed.
    #[must_use]
    pub const fn compressed_bytes(&self) -> Option<u64> {
        self.compressed_bytes
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.opened.header
    }

    /// Whole copies of the header, 1 or 2.
    #[must_use]
    pub const fn header_copies(&self) -> u8 {
        self.opened.copies
    }

    /// The whole file, decompressed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.map.bytes()
    }

    /// Its records.
    #[must_use]
    pub fn items(&self) -> Items<'_> {
        Items::new(self.bytes(), self.header())
    }

    /// Its records from the last indexed place that `before` holds for; from the first one when the file
    /// has no whole index or no such place. `before` holds for a start of the index and no more.
    #[must_use]
    pub fn items_from(&self, before: impl Fn(&Entry) -> bool) -> Items<'_> {
        let index = Index::find(self.bytes(), self.header()).unwrap_or_default();
        let count = index.entries.partition_point(before);
        match count.checked_sub(1).and_then(|last| index.entries.get(last)) {
            Some(entry) => Items::starting_at(self.bytes(), self.header(), entry.offset, entry.seq),
            None => self.items(),
        }
    }
}
