//! A segment file that nobody writes to.

use crate::error::{Error, Result};
use crate::index::Index;
use crate::map::ReadMap;
use crate::reader::Items;
use crate::segment::{Header, Opened};
use std::path::Path;

/// A segment file that nobody writes to, mapped for reading.
#[derive(Debug)]
pub struct Segment {
    map: ReadMap,
    opened: Opened,
}

impl Segment {
    /// Maps `path`.
    ///
    /// # Errors
    /// [`Error::Live`] while a writer holds the file, [`Error::Header`] when it does not open as a
    /// segment, [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        let map = ReadMap::open(path)?;
        let opened = Header::read(map.bytes()).map_err(|fault| Error::Header { path: path.to_owned(), fault })?;
        Ok(Self { map, opened })
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

    /// The whole file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.map.bytes()
    }

    /// Its records.
    #[must_use]
    pub fn items(&self) -> Items<'_> {
        Items::new(self.bytes(), self.header())
    }

    /// Its index: the one in the file, or else one rebuilt from all records.
    #[must_use]
    pub fn index(&self) -> Index {
        Index::find(self.bytes(), self.header()).unwrap_or_else(|| Index::rebuild(self.bytes(), self.header()))
    }
}
