//! Appends the records of one run to its segments.

use crate::error::{Error, Result};
use crate::index::{self, Builder};
use crate::map::GrowingMap;
use crate::segment::{CAPACITY_BYTES_MAX, CAPACITY_BYTES_MIN, Header, RECORDS_AT, Run, segment_path};
use crate::whole::{head_of_line, record_crc};
use hotpath::record::{Checkpoint, Head, Kind, LINE_BYTES, Line, Misfit, body_of, check_parts, flag};
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
    open: Option<OpenSegment>,
    next_seq: u64,
    index: Builder,
}

impl Writer {
    /// Creates the first segment.
    ///
    /// # Errors
    /// [`Error::Capacity`], or [`Error::Io`] when the file exists or cannot be created.
    pub fn create(settings: Settings) -> Result<Self> {
        let Settings { place, run, capacity_bytes } = settings;
        if !(CAPACITY_BYTES_MIN..=CAPACITY_BYTES_MAX).contains(&capacity_bytes) {
            let (least, most) = (CAPACITY_BYTES_MIN, CAPACITY_BYTES_MAX);
            return Err(Error::Capacity { bytes: capacity_bytes, least, most });
        }
        let capacity = capacity_bytes as usize;
        let open = OpenSegment::create(place.path(run.segment), Header::new(&run), capacity)?;
        let index = Builder::with_room_for(capacity);
        Ok(Self { place, capacity, open: Some(open), next_seq: run.first_seq, index })
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
        self.check(&head, first, rest)?;
        if opens_segment(&head, first) && !self.index.is_empty() {
            self.switch()?;
        }
        let open = self.open.as_mut().ok_or(Error::Stopped)?;
        let offset = open.at;
        if offset + head.len as usize > self.capacity {
            return Err(Error::Full {
                path: open.map.path().to_owned(),
                offset: offset as u64,
                bytes: u64::from(head.len),
            });
        }
        // With room for the index behind it: a disk that fills up then never prevents a clean close.
        open.map.ensure(offset + head.len as usize + self.index.bytes_next_max())?;
        open.put(first, rest);
        self.index.note(offset, &head, &first.0);
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
            let (record, after) = rest.split_at_checked(count).ok_or_else(|| self.misfit(&head, Misfit::Length))?;
            self.append(first, bytemuck::cast_slice(&record[1..]))?;
            rest = after;
        }
        Ok(())
    }

    /// Takes disk for the 4 MiB after the last record and makes the pages just ahead writable, so
    /// that appending there neither calls the system nor faults. For idle moments: the kernel
    /// write-protects idle pages again after about half a minute.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot grow; the writer goes on.
    pub fn prepare(&mut self) -> Result<()> {
        let open = self.open.as_mut().ok_or(Error::Stopped)?;
        open.map.prepare(open.at)
    }

    /// The sequence number that the next record must have.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Bytes committed in the open segment, its header included; 0 when the run has stopped.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.at as u64)
    }

    /// The file of the open segment.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.open.as_ref().map(|open| open.map.path())
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
        let open = self.open.take().ok_or(Error::Stopped)?;
        open.map.close(open.at)
    }

    fn check(&self, head: &Head, first: &Line, rest: &[u8]) -> Result<()> {
        let open = self.open.as_ref().ok_or(Error::Stopped)?;
        let fits = match head.kind {
            // File structure is this crate's own.
            Kind::INDEX => Err(Misfit::Kind),
            _ => check_parts(&first.0, rest, open.header.markets),
        };
        fits.map_err(|misfit| self.misfit(head, misfit))?;
        if head.seq != self.next_seq {
            let path = open.map.path().to_owned();
            return Err(Error::Sequence { path, offset: open.at as u64, expected: self.next_seq, found: head.seq });
        }
        Ok(())
    }

    fn misfit(&self, head: &Head, misfit: Misfit) -> Error {
        let path = self.path().unwrap_or(Path::new("")).to_owned();
        Error::Misfit { path, offset: self.offset(), kind: head.kind, misfit }
    }

    fn switch(&mut self) -> Result<()> {
        let run = self.open.as_ref().ok_or(Error::Stopped)?.header.run();
        self.seal()?;
        self.index.clear();
        let next = Run { segment: run.segment + 1, first_seq: self.next_seq, ..run };
        self.open = Some(OpenSegment::create(self.place.path(next.segment), Header::new(&next), self.capacity)?);
        Ok(())
    }

    fn seal(&mut self) -> Result<()> {
        let mut open = self.open.take().ok_or(Error::Stopped)?;
        for (first, payload) in self.index.block(self.next_seq) {
            open.put(&first, payload);
        }
        open.map.close(open.at)
    }
}

/// The segment that is being written.
#[derive(Debug)]
struct OpenSegment {
    map: GrowingMap,
    header: Header,
    /// Where the next record starts.
    at: usize,
}

impl OpenSegment {
    fn create(path: PathBuf, header: Header, capacity: usize) -> Result<Self> {
        let reserved = capacity + index::bytes_max(capacity);
        let mut map = GrowingMap::create(path, reserved, bytemuck::cast_slice(&header.doubled()))?;
        map.ensure(RECORDS_AT + Builder::default().bytes_next_max())?;
        Ok(Self { map, header, at: RECORDS_AT })
    }

    /// Writes one record for which there is room: everything but the length word, then that. Padding
    /// is there already: the file was new, and no byte behind `at` was ever written.
    fn put(&mut self, first: &Line, rest: &[u8]) {
        let len = head_of_line(first).len;
        let crc = record_crc(self.header.salt, &first.0, rest);
        self.map.write(self.at + LINE_BYTES, rest);
        self.map.write(self.at + 8, &first.0[8..]);
        self.map.write(self.at + 4, &crc.to_le_bytes());
        self.map.publish(self.at, len);
        self.at += len as usize;
    }
}

fn opens_segment(head: &Head, first: &Line) -> bool {
    head.has(flag::OPENING)
        && !head.has(flag::TWIN)
        && body_of::<Checkpoint>(&first.0).is_some_and(|body| body.state_offset == 0)
}
