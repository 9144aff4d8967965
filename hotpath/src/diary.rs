//! What keeps records.

use crate::halt::Halt;
use crate::record::Line;

/// Where records go: a journal, a ring, a comparison, or nowhere.
pub trait Diary {
    /// Why a record could not be kept.
    type Error: From<Halt>;

    /// Keeps one record: its first line and the payload that follows it.
    ///
    /// # Errors
    /// When it cannot be kept; the engine must not act then.
    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), Self::Error>;

    /// Keeps whole records that lie one after another.
    ///
    /// # Errors
    /// As [`Diary::append`].
    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Self::Error>;
}
