//! A run that writes a journal.

use hotpath::halt::Halt;
use hotpath::record::Line;
use hotpath::turn::Diary;
use journal::Writer;
use std::fmt;

/// The journal as a core's diary.
pub struct JournalDiary(pub Writer);

/// Why a run ended.
#[derive(Debug)]
pub enum RunError {
    /// The engine halted; its HALT record is the journal's last.
    Halt(Halt),
    /// The journal could not be written.
    Journal(journal::Error),
}

impl From<Halt> for RunError {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

impl From<journal::Error> for RunError {
    fn from(error: journal::Error) -> Self {
        Self::Journal(error)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Halt(halt) => write!(f, "the engine halted ({halt:?}): keep the journal and replay it to see why"),
            Self::Journal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RunError {}

impl Diary for JournalDiary {
    type Error = RunError;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), RunError> {
        Ok(self.0.append(first, payload)?)
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), RunError> {
        Ok(self.0.append_lines(lines)?)
    }
}
