//! A segment that is being written: prepared, begun, appended to, sealed.
//!
//! It makes no system call between [`Blank::begin`] and [`OpenSegment::seal`]; growing the file is the
//! [`Ground`]'s work, on the same thread or on another.

use crate::error::{Error, Result};
use crate::index::{self, Builder};
use crate::map::{self, Ground, Pen};
use crate::segment::{HEADER_BYTES, Header, RECORDS_AT};
use crate::whole::{head_of_line, record_crc};
use hotpath::record::{Checkpoint, Head, Kind, LINE_BYTES, Line, Misfit, body_of, check_parts, flag};
use std::path::{Path, PathBuf};

/// A segment file that was made ahead: all zero, with its first window to store to.
#[derive(Debug)]
pub(crate) struct Blank {
    pen: Pen,
    index: Builder,
    capacity: usize,
}

impl Blank {
    /// Makes the file. Its header stays zero until it is begun, so readers know that it holds nothing. A
    /// disk that is full leaves no file.
    pub fn prepare(path: PathBuf, capacity: usize) -> Result<(Ground, Self)> {
        let (mut ground, pen) = map::create(path, capacity + index::bytes_max(capacity))?;
        let grown = ground.grow_to(RECORDS_AT + Builder::default().bytes_next_max());
        undo_unless(grown, ground.path())?;
        Ok((ground, Self { pen, index: Builder::with_room_for(capacity), capacity }))
    }

    /// Stores the header: the second copy first, so that a file with a whole first copy has both, and of
    /// each copy the first word last, so that a reader never takes half a copy for a damaged one.
    pub fn begin(self, header: Header) -> OpenSegment {
        let Self { mut pen, index, capacity } = self;
        let bytes = bytemuck::bytes_of(&header);
        let (first_word, rest) = bytes.split_at(size_of::<u32>());
        for offset in [HEADER_BYTES, 0] {
            pen.write(offset + first_word.len(), rest);
            pen.publish(offset, bytemuck::pod_read_unaligned(first_word));
        }
        pen.commit(RECORDS_AT);
        OpenSegment { pen, header, index, capacity, at: RECORDS_AT }
    }
}

/// The segment that records go to.
#[derive(Debug)]
pub(crate) struct OpenSegment {
    pen: Pen,
    header: Header,
    index: Builder,
    capacity: usize,
    /// Where the next record starts.
    at: usize,
}

impl OpenSegment {
    pub fn path(&self) -> &Path {
        self.pen.path()
    }

    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Where the next record starts.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Whether no record was appended.
    pub const fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Whether a record may follow here.
    pub fn check(&self, head: &Head, first: &Line, rest: &[u8], next_seq: u64) -> Result<()> {
        let fits = match head.kind {
            // File structure is this crate's own.
            Kind::INDEX | Kind::LEFT_OUT => Err(Misfit::Kind),
            _ => check_parts(&first.0, rest, self.header.markets),
        };
        fits.map_err(|misfit| self.misfit(head, misfit))?;
        if head.seq != next_seq {
            let (path, offset) = (self.path().to_owned(), self.at as u64);
            return Err(Error::Sequence { path, offset, expected: next_seq, found: head.seq });
        }
        Ok(())
    }

    /// Whether a record fits into the capacity.
    pub fn check_capacity(&self, head: &Head) -> Result<()> {
        if self.at + head.len as usize <= self.capacity {
            return Ok(());
        }
        Err(Error::Full { path: self.path().to_owned(), offset: self.at as u64, bytes: u64::from(head.len) })
    }

    /// The complaint that a record breaks the schema.
    pub fn misfit(&self, head: &Head, misfit: Misfit) -> Error {
        Error::Misfit { path: self.path().to_owned(), offset: self.at as u64, kind: head.kind, misfit }
    }

    /// Bytes that must be prepared before a record of `len` bytes: with room for the index behind it, so
    /// that a disk that fills up never prevents a clean close.
    pub fn room_for(&self, len: usize) -> usize {
        self.at + len + self.index.bytes_next_max()
    }

    /// Whether these bytes are prepared.
    pub fn has_room_for(&mut self, len: usize) -> bool {
        self.pen.has_room(self.room_for(len))
    }

    /// Appends a record that was checked and for which there is room.
    pub fn append(&mut self, head: &Head, first: &Line, rest: &[u8]) {
        let offset = self.at;
        self.put(head, first, rest);
        self.index.note(offset, head, &first.0);
        self.pen.commit(self.at);
    }

    /// Writes the index, cuts the file to its length and waits until it lies on the disk.
    /// Gives its length. The file gets the date `utc_ns`, or the clock's.
    pub fn seal(mut self, mut ground: Ground, next_seq: u64, utc_ns: Option<u64>) -> Result<usize> {
        // Kept free by every append; only an empty segment may lack it.
        ground.grow_to(self.room_for(0))?;
        let index = std::mem::take(&mut self.index);
        for (first, payload) in index.block(next_seq) {
            self.put(&head_of_line(&first), &first, payload);
        }
        ground.close(self.pen, self.at, utc_ns)?;
        Ok(self.at)
    }

    /// Cuts the file to its records, without an index.
    pub fn cut(self, ground: Ground) -> Result<()> {
        ground.close(self.pen, self.at, None)
    }

    /// Writes one record for which there is room: everything but the length word, then that. Padding is
    /// there already: the file was new, and no byte behind `at` was ever written.
    fn put(&mut self, head: &Head, first: &Line, rest: &[u8]) {
        let crc = record_crc(self.header.salt, &first.0, rest);
        if !rest.is_empty() {
            self.pen.write(self.at + LINE_BYTES, rest);
        }
        let mut line = *first;
        line.0[4..8].copy_from_slice(&crc.to_le_bytes());
        self.pen.write(self.at + 4, &line.0[4..]);
        self.pen.publish(self.at, head.len);
        self.at += head.len as usize;
    }
}

/// Removes a file that was just created, and could not be made ready: its name would be in the way.
pub(crate) fn undo_unless<T>(made: Result<T>, path: &Path) -> Result<T> {
    if made.is_err() {
        // The first error tells why; what is left of the file is cleaned up by the next run.
        let _ = std::fs::remove_file(path);
    }
    made
}

/// Whether a record is the first of a segment: the first part of an opening checkpoint.
pub(crate) fn opens_segment(head: &Head, first: &Line) -> bool {
    head.has(flag::OPENING)
        && !head.has(flag::TWIN)
        && body_of::<Checkpoint>(&first.0).is_some_and(|body| body.state_offset == 0)
}
