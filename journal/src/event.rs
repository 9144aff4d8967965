//! What housekeeping has to say to people.

use std::path::PathBuf;

/// What the keeper has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A segment was closed.
    Sealed {
        /// Its file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// The clock at the start lies further beyond the newest segment than segments are kept for: none is
    /// given up for its age in this run.
    AgesDoubted,
    /// A segment was surplus and is gone.
    Removed {
        /// Its file.
        path: PathBuf,
    },
    /// The archive command failed; the segment stays.
    NotArchived {
        /// Its file.
        path: PathBuf,
        /// The command's status, or why it did not start.
        why: String,
    },
}
