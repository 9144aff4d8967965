//! Reads a run while it grows, from segment to segment, and the runs after it in its folder.

use crate::error::{Error, Fault, Result};
use crate::folder::{segment_number, segments};
use crate::follow::{Follower, Next};
use crate::map::open_regular;
use crate::reader::Record;
use crate::segment::{Header, RECORDS_AT, segment_path};
use hotpath::record::Kind;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What [`FolderFollower::poll`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderPoll<'a> {
    /// A segment is begun, the first one too; its records come next. Another `run_id` than before is
    /// another run.
    Begun(&'a Header),
    /// The next record of that segment.
    Record(Record<'a>),
    /// Nothing more is committed yet.
    Pending,
    /// The run was closed, or halted, and sealed, and no other run is begun behind it.
    Closed,
    /// Nobody writes the segment any more, and it was never sealed. Nothing is begun behind it.
    Abandoned,
}

/// Yields the records of a folder's segments as they are committed, in the order of the file names.
///
/// It takes no lock but for the moment in which it asks whether the writer is gone, and only of a
/// segment whose header it has read: its writer has locked it by then, so the question cannot get in
/// the writer's way. A process that dies between sealing a segment and beginning the next one looks
/// like one that is slow: [`FolderPoll::Pending`].
#[derive(Debug)]
pub struct FolderFollower {
    /// Folder and number of the segment; none for a file that is named otherwise, which has no next.
    place: Option<(PathBuf, u32)>,
    follower: Follower,
    /// Whether [`FolderPoll::Begun`] was given for this segment.
    is_told: bool,
    /// Whether a `CLOSE` or a `HALT` was seen in this segment.
    is_over: bool,
}

impl FolderFollower {
    /// Starts at the file `path`, or, when it is a folder, at the newest segment that is begun there.
    ///
    /// # Errors
    /// As [`Follower::open`]; [`Error::NothingBegun`] for a folder without a segment that is begun.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            let place = segment_number(path).map(|number| (path.parent().unwrap_or(Path::new("")).to_owned(), number));
            return Ok(Self::at(place, Follower::open(path)?));
        }
        for number in numbers(path)?.into_iter().rev() {
            if let Some(follower) = begun_in(path, number)? {
                return Ok(Self::at(Some((path.to_owned(), number)), follower));
            }
        }
        Err(Error::NothingBegun { path: path.to_owned() })
    }

    /// The next record, segment or end.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when what is committed is not the next record, [`Error::Header`] when a next
    /// segment has records and no header that this version reads, [`Error::Io`].
    pub fn poll(&mut self) -> Result<FolderPoll<'_>> {
        if !self.is_told {
            self.is_told = true;
            return Ok(FolderPoll::Begun(self.follower.header()));
        }
        let mut next = self.follower.advance()?;
        let mut is_abandoned = false;
        if matches!(next, Next::Pending) && !self.follower.is_held()? {
            // What was committed between the look and the question counts still.
            next = self.follower.advance()?;
            is_abandoned = matches!(next, Next::Pending);
        }
        match next {
            Next::Record(place) => {
                self.is_over |= matches!(place.head.kind, Kind::CLOSE | Kind::HALT);
                return Ok(FolderPoll::Record(self.follower.record(place)));
            }
            Next::Pending if !is_abandoned => return Ok(FolderPoll::Pending),
            Next::Pending | Next::Sealed => {}
        }
        if let Some((number, follower)) = self.first_begun_behind()? {
            let place = self.place.take().map(|(folder, _)| (folder, number));
            *self = Self::at(place, follower);
            self.is_told = true;
            return Ok(FolderPoll::Begun(self.follower.header()));
        }
        Ok(match (is_abandoned, self.is_over || self.place.is_none()) {
            (true, _) => FolderPoll::Abandoned,
            (false, true) => FolderPoll::Closed,
            (false, false) => FolderPoll::Pending,
        })
    }

    /// The file that is being followed.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.follower.path()
    }

    /// Where its next record starts, bytes from the start of the file.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.follower.offset()
    }

    const fn at(place: Option<(PathBuf, u32)>, follower: Follower) -> Self {
        Self { place, follower, is_told: false, is_over: false }
    }

    fn first_begun_behind(&self) -> Result<Option<(u32, Follower)>> {
        let Some((folder, number)) = &self.place else { return Ok(None) };
        let first = || {
            for later in numbers(folder)?.into_iter().filter(|later| later > number) {
                if let Some(follower) = begun_in(folder, later)? {
                    return Ok(Some((later, follower)));
                }
            }
            Ok(None)
        };
        // Segments are begun in order. One that was passed over and one behind it may both have been begun
        // during the first look; the second look meets the earlier one first.
        if first()?.is_some() { first() } else { Ok(None) }
    }
}

/// The file at its first record; none when it is prepared and not begun, or gone.
fn begun(path: &Path) -> Result<Option<Follower>> {
    let has_records = match open_regular(path) {
        Ok(file) => first_word(&file).map_err(|source| Error::io(path, RECORDS_AT, "read the file", source))? != 0,
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match Follower::open(path) {
        Ok(follower) => Ok(Some(follower)),
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(Error::Header { fault, .. }) if !has_records && !matches!(fault, Fault::Version(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The length word of the first record. It is stored after the whole header: where it stands, a header that
/// is not whole is damaged, and not under way.
fn first_word(file: &File) -> io::Result<u32> {
    let mut word = [0; 4];
    match file.read_exact_at(&mut word, RECORDS_AT as u64) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
        outcome => outcome.map(|()| u32::from_le_bytes(word)),
    }
}

/// Numbers of the segments in a folder, ascending; one that is there twice, while it is being compressed,
/// counts once.
fn numbers(folder: &Path) -> Result<Vec<u32>> {
    let mut numbers: Vec<_> = segments(folder)?.into_iter().map(|(number, _)| number).collect();
    numbers.dedup();
    Ok(numbers)
}

/// A segment of a folder at its first record, compressed or not; none when it is prepared and not begun, or
/// gone.
fn begun_in(folder: &Path, number: u32) -> Result<Option<Follower>> {
    let plain = segment_path(folder, number);
    match begun(&plain)? {
        // The compressed one has its name before this one goes.
        None if !plain.exists() => begun(&plain.with_extension("bin.zst")),
        found => Ok(found),
    }
}
