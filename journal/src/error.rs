//! What can go wrong, said in one sentence each: the file, the byte, what to do.

use hotpath::record::{Kind, Misfit};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The result of everything that touches a file.
pub type Result<T> = std::result::Result<T, Error>;

/// Why bytes do not open as a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Neither header copy carries the magic.
    NotAJournal,
    /// A pipe, a socket or a device: it may be waited for, and cannot be mapped.
    Irregular,
    /// Fewer bytes than the two header copies.
    Short,
    /// The magic is there, but neither copy is whole.
    Damaged,
    /// All zero where the header will be: prepared by a writer, but never begun.
    Unbegun,
    /// A whole header of another format version.
    Version(u32),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAJournal => f.write_str("not a Fathom journal (no magic at byte 0 or 128): name a segment file"),
            Self::Irregular => f.write_str("not a regular file but a pipe, a socket or a device: name a segment file, and move it out of a folder of them"),
            Self::Short => f.write_str("shorter than the 256 bytes of a segment header: it is being created or was cut, so try again or restore it"),
            Self::Damaged => f.write_str("both copies of the segment header (bytes 0 to 256) are damaged: restore the file from a copy"),
            Self::Unbegun => f.write_str("prepared by a writer but never begun (bytes 0 to 256 are zero): it holds no record, so leave it out"),
            Self::Version(found) => write!(
                f,
                "format version {found} at byte 8, and this program reads version {}: use the program that wrote it",
                hotpath::record::FORMAT_VERSION
            ),
        }
    }
}

/// What went wrong, where, and in which file.
#[derive(Debug)]
pub enum Error {
    /// The operating system refused.
    Io {
        /// The file.
        path: PathBuf,
        /// The byte offset concerned.
        offset: u64,
        /// What was tried, as in "cannot _grow the file_".
        action: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The file does not open as a segment.
    Header {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: Fault,
    },
    /// A writer holds the file.
    Live {
        /// The file.
        path: PathBuf,
    },
    /// The record does not fit in the capacity of the segment.
    Full {
        /// The file.
        path: PathBuf,
        /// Where the record would start.
        offset: u64,
        /// Bytes of the record.
        bytes: u64,
    },
    /// The record breaks the schema; nothing of it was written.
    Misfit {
        /// The file.
        path: PathBuf,
        /// Where the record would start.
        offset: u64,
        /// Its kind.
        kind: Kind,
        /// The rule that it breaks.
        misfit: Misfit,
    },
    /// The record is not the next one of the run; nothing of it was written.
    Sequence {
        /// The file.
        path: PathBuf,
        /// Where the record would start.
        offset: u64,
        /// The sequence number that is next.
        expected: u64,
        /// The one that was handed in.
        found: u64,
    },
    /// A growing file holds a committed record that is not whole.
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Where the record starts.
        offset: u64,
    },
    /// The capacity of a segment is out of bounds.
    Capacity {
        /// The capacity asked for.
        bytes: u64,
        /// The least that is possible.
        least: u64,
        /// The most.
        most: u64,
    },
    /// Another writer holds the folder.
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// No segment of the folder is begun.
    NothingBegun {
        /// The folder.
        path: PathBuf,
    },
    /// The highest segment number is taken.
    NumbersUsed {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused a thread.
    Thread {
        /// The system's answer.
        source: io::Error,
    },
    /// A compressed segment does not decompress.
    Compressed {
        /// The file.
        path: PathBuf,
        /// What the decompression said.
        source: io::Error,
    },
    /// The file is not a closed segment without damage.
    NotClosed {
        /// The file.
        path: PathBuf,
        /// Where that shows.
        offset: u64,
    },
    /// The file is compressed already.
    AlreadyCompressed {
        /// The file.
        path: PathBuf,
    },
    /// An earlier error left the run without an open segment.
    Stopped,
}

impl Error {
    /// Wraps what the system answered.
    pub(crate) fn io(path: &Path, offset: usize, action: &'static str, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), offset: offset as u64, action, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, offset, action, source } => {
                write!(f, "{}: cannot {action} at byte {offset} ({source}): {}", path.display(), remedy(source))
            }
            Self::Header { path, fault } => write!(f, "{}: {fault}", path.display()),
            Self::Live { path } => write!(
                f,
                "{}: a writer still holds it from byte 0 on: follow it, or open it after the run",
                path.display()
            ),
            Self::Full { path, offset, bytes } => {
                write!(
                    f,
                    "{}: a record of {bytes} bytes at byte {offset} exceeds the segment's capacity: raise the capacity",
                    path.display()
                )
            }
            Self::Misfit { path, offset, kind, misfit } => write!(
                f,
                "{}: the record of kind {:#06x} for byte {offset} breaks the schema ({misfit:?}): mend its producer",
                path.display(),
                kind.0
            ),
            Self::Sequence { path, offset, expected, found } => {
                write!(
                    f,
                    "{}: the record for byte {offset} has seq {found} where {expected} is next: mend its producer",
                    path.display()
                )
            }
            Self::Corrupt { path, offset } => {
                write!(
                    f,
                    "{}: the committed record at byte {offset} is damaged: stop following and recover the file",
                    path.display()
                )
            }
            Self::Capacity { bytes, least, most } => {
                write!(f, "a segment capacity of {bytes} bytes is out of bounds: choose {least} to {most}")
            }
            Self::Taken { path } => {
                write!(f, "{}: another writer holds this folder: stop it, or choose another folder", path.display())
            }
            Self::NothingBegun { path } => {
                write!(f, "{}: no segment is begun there: start a run first, or name a file", path.display())
            }
            Self::NumbersUsed { path } => {
                write!(f, "{}: a segment has the highest number there is: start a new folder", path.display())
            }
            Self::Thread { source } => write!(f, "cannot start a thread ({source}): raise the limit of tasks"),
            Self::Compressed { path, source } => {
                write!(f, "{}: does not decompress, from byte 0 on ({source}): restore it from a copy", path.display())
            }
            Self::NotClosed { path, offset } => {
                write!(f, "{}: damaged or not closed at byte {offset}: recover it first", path.display())
            }
            Self::AlreadyCompressed { path } => {
                write!(f, "{}: compressed already, from byte 0 on: leave it as it is", path.display())
            }
            Self::Stopped => f.write_str("the run has no open segment since an earlier error: start a new run"),
        }
    }
}

// The text holds the system's answer already; a source beside it would be printed twice.
impl std::error::Error for Error {}

/// What helps against the system's refusal.
fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free disk space or choose another disk",
        io::ErrorKind::AlreadyExists => "choose another name or an empty folder, a journal is never overwritten",
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => "check the owner and the mode of file and folder",
        _ => "check the disk and the file system",
    }
}
