//! The file of `exchange --fault-log`.

use super::lines::LineFile;
use crate::exchange::{FaultLine, FaultLog};
use anyhow::Result;
use std::path::Path;

/// What a log of faults begins with.
const MARK: &[u8] = b"{\"utc_ns\":";

/// A file that grows by a line for each fault.
pub(super) struct FaultFile(LineFile);

impl FaultFile {
    /// Makes the file, or empties an older one of its kind.
    ///
    /// # Errors
    /// When it cannot be written, or is somebody's file.
    pub fn create(path: &Path) -> Result<Self> {
        LineFile::create(path, MARK).map(Self)
    }

    /// Who writes the lines.
    pub fn log(&self) -> FaultLog {
        Box::new(self.0.writer::<FaultLine>())
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// When a line could not be written.
    pub fn finish(self) -> Result<()> {
        self.0.finish()
    }
}
