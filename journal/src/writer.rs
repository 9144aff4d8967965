//! Appends the records of one run to its segments, all on one thread.

use crate::error::{Error, Result};
use crate::map::{Ground, WINDOW_BYTES};
use crate::open::{Blank, OpenSegment, opens_segment};
use crate::segment::{CAPACITY_BYTES_MAX, CAPACITY_BYTES_MIN, Header, Run, segment_path};
use crate::whole::head_of_line;
use hotpath::record::{LINE_BYTES, Line, Misfit};
use std::path::{Path, PathBuf};

/// Where segments go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `000000.bin`, `000001.bin` and so on in this folder, which exists.
    Folder(PathBuf),
    /// This one file; a switch to a next segment fails, since the file exists by then.
    File(PathBuf),
}

impl Place {
    fn path(&self, segment: u32) -> PathBuf {
        match self {
            Self::Folder(folder) => segment_path(folder, segment),
            Self::File(file) => file.clone(),
        }
    }
}

/// What a writer is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where segments go.
    pub place: Place,
    /// What the headers say.
    pub run: Run,
    /// Most bytes of header and records of one segment, 65,856 to [`CAPACITY_BYTES_MAX`]; the index
    /// comes on top. Addresses are reserved for all of it, disk is taken 4 MiB at a time.
    pub capacity_bytes: u64,
}

/// Appends records; the only writer of its files.
///
/// A record is committed by its length word, which is stored last. Dropping a writer without
/// [`Writer::close`] leaves what a crash would leave: records, then zeros.
#[derive(Debug)]
pub struct Writer {
    place: Place,
    capacity: usize,
    open: Option<(Ground, OpenSegment)>,
    next_seq: u64,
}

impl Writer {
    /// Creates the first segment.
    ///
    /// # Errors
    /// [`Error::Capacity`], or [`Error::Io`] when the file exists or cannot be created.
    pub fn create(settings: Settings) -> Result<Self> {
        let Settings { place, run, capacity_bytes } = settings;
        let capacity = checked_capacity(capacity_bytes)?;
        let (ground, blank) = Blank::prepare(place.path(run.segment), capacity)?;
        let open = Some((ground, blank.begin(Header::new(&run))));
        Ok(Self { place, capacity, open, next_seq: run.first_seq })
    }

    /// Appends one record: its first line as produced, and the bytes after it. A payload may come
    /// without its padding. Does not allocate.
    ///
    /// An opening checkpoint first switches to the next segment, unless this one is empty.
    ///
    /// # Errors
    /// [`Error::Sequence`] and [`Error::Misfit`] for a record that may not follow, [`Error::Full`] at the
    /// capacity, [`Error::Io`] when the file cannot grow: in all of these nothing of the record was
    /// written and the writer goes on. A failed switch of segments ends the run ([`Error::Stopped`]
    /// from then on).
    pub fn append(&mut self, first: &Line, rest: &[u8]) -> Result<()> {
        let head = head_of_line(first);
        let (_, segment) = self.open.as_ref().ok_or(Error::Stopped)?;
        segment.check(&head, first, rest, self.next_seq)?;
        if opens_segment(&head, first) && !segment.is_empty() {
            self.switch()?;
        }
        let (ground, segment) = self.open.as_mut().ok_or(Error::Stopped)?;
        segment.check_capacity(&head)?;
        ground.grow_to(segment.room_for(head.len as usize))?;
        segment.append(&head, first, rest);
        self.next_seq += 1;
        Ok(())
    }

    /// Appends a run of complete records, each with its padding. Does not allocate.
    ///
    /// # Errors
    /// As [`Writer::append`]; the records before the refused one are committed.
    pub fn append_lines(&mut self, lines: &[Line]) -> Result<()> {
        let mut rest = lines;
        while let Some(first) = rest.first() {
            let head = head_of_line(first);
            let count = (head.len as usize / LINE_BYTES).max(1);
            let Some((record, after)) = rest.split_at_checked(count) else {
                let (_, segment) = self.open.as_ref().ok_or(Error::Stopped)?;
                return Err(segment.misfit(&head, Misfit::Length));
            };
            self.append(first, bytemuck::cast_slice(&record[1..]))?;
            rest = after;
        }
        Ok(())
    }

    /// Takes disk for the 4 MiB after the last record, so that appending there neither calls the system
    /// nor faults. For idle moments.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot grow; the writer goes on.
    pub fn prepare(&mut self) -> Result<()> {
        let (ground, segment) = self.open.as_mut().ok_or(Error::Stopped)?;
        let end = (segment.at() + WINDOW_BYTES).min(ground.capacity());
        ground.grow_to(end)?;
        ground.refresh(segment.at(), end)
    }

    /// The sequence number that the next record must have.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Bytes committed in the open segment, its header included; 0 when the run has stopped.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.open.as_ref().map_or(0, |(_, segment)| segment.at() as u64)
    }

    /// The file of the open segment.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.open.as_ref().map(|(_, segment)| segment.path())
    }

    /// Writes the index, cuts the file to its length and waits until it lies on the disk.
    ///
    /// # Errors
    /// [`Error::Io`]; the file is then as after a crash.
    pub fn close(mut self) -> Result<()> {
        self.seal()
    }

    /// Cuts the file to its records, without an index: how the valid part of a crashed journal is
    /// regenerated.
    ///
    /// # Errors
    /// As [`Writer::close`].
    pub fn cut(mut self) -> Result<()> {
        let (ground, segment) = self.open.take().ok_or(Error::Stopped)?;
        segment.cut(ground)
    }

    fn switch(&mut self) -> Result<()> {
        let run = self.open.as_ref().ok_or(Error::Stopped)?.1.header().run();
        self.seal()?;
        let next = Run { segment: run.segment.saturating_add(1), first_seq: self.next_seq, ..run };
        let (ground, blank) = Blank::prepare(self.place.path(next.segment), self.capacity)?;
        self.open = Some((ground, blank.begin(Header::new(&next))));
        Ok(())
    }

    fn seal(&mut self) -> Result<()> {
        let (ground, segment) = self.open.take().ok_or(Error::Stopped)?;
        segment.seal(ground, self.next_seq, None)?;
        Ok(())
    }
}

/// A capacity within bounds.
pub(crate) fn checked_capacity(bytes: u64) -> Result<usize> {
    if (CAPACITY_BYTES_MIN..=CAPACITY_BYTES_MAX).contains(&bytes) {
        return Ok(bytes as usize);
    }
    Err(Error::Capacity { bytes, least: CAPACITY_BYTES_MIN, most: CAPACITY_BYTES_MAX })
}
