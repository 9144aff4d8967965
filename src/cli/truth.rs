//! The file of `exchange --truth`.

use super::lines::LineFile;
use crate::exchange::{Truth, Witness};
use anyhow::Result;
use std::path::Path;

/// What a file of truths begins with.
const MARK: &[u8] = b"{\"connection\":";

/// A file that grows by a line for each message of a book.
pub(super) struct TruthFile(LineFile);

impl TruthFile {
    /// Makes the file, or empties an older one of its kind.
    ///
    /// # Errors
    /// When it cannot be written, or is somebody's file.
    pub fn create(path: &Path) -> Result<Self> {
        LineFile::create(path, MARK).map(Self)
    }

    /// Who writes the lines.
    pub fn witness(&self) -> Witness {
        Box::new(self.0.writer::<Truth>())
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// When a line could not be written.
    pub fn finish(self) -> Result<()> {
        self.0.finish()
    }
}
