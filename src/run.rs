//! A run that writes a journal.

use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::record::Line;
use hotpath::turn::TURN_LINES_MAX;
use journal::{Feed, Refused, Writer};
use std::fmt;

/// Room beyond `segment_bytes` for the step that ends the segment: the largest frame and all it can
/// cause.
pub const STEP_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Lines of the journal ring that are kept for what must not wait: samples of load, the end of the run.
pub const RESERVED_LINES: usize = 4096;
/// The smallest ring that a configuration may ask for.
pub const RING_LINES_MIN: usize = 1 << 18;

const _: () = assert!(TURN_LINES_MAX + RESERVED_LINES <= RING_LINES_MIN);

/// The journal as a core's diary.
pub struct JournalDiary(pub Writer);

/// Why a run ended.
#[derive(Debug)]
pub enum RunError {
    /// The engine halted; its HALT record is the journal's last.
    Halt(Halt),
    /// The journal could not be written.
    Journal(journal::Error),
    /// The journal's ring took a record no more; closing the journal says why.
    Ring(Refused),
    /// Nobody takes inputs any more: the run has ended.
    Abandoned,
}

impl From<Refused> for RunError {
    fn from(refused: Refused) -> Self {
        Self::Ring(refused)
    }
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
            Self::Ring(refused) => refused.fmt(f),
            Self::Abandoned => f.write_str("the run has ended"),
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

/// The ring of a live journal as a core's diary.
#[derive(Debug)]
pub struct RingDiary {
    feed: Feed,
    uses_reserve: bool,
}

impl RingDiary {
    /// A diary over the hot side of a journal.
    #[must_use]
    pub const fn new(feed: Feed) -> Self {
        Self { feed, uses_reserve: false }
    }

    /// The hot side.
    #[must_use]
    pub const fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The hot side.
    pub const fn feed_mut(&mut self) -> &mut Feed {
        &mut self.feed
    }

    /// Gives the hot side back.
    #[must_use]
    pub fn into_feed(self) -> Feed {
        self.feed
    }

    /// Whether what comes next may use the lines that are kept free.
    pub const fn use_reserve(&mut self, uses_reserve: bool) {
        self.uses_reserve = uses_reserve;
    }

    /// Whether the journal still takes records.
    ///
    /// # Errors
    /// [`Refused::Stopped`] when not.
    pub fn ensure_running(&self) -> Result<(), RunError> {
        if self.feed.is_stopped() { Err(Refused::Stopped.into()) } else { Ok(()) }
    }
}

impl Diary for RingDiary {
    type Error = RunError;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), RunError> {
        Ok(self.feed.push(first, payload)?)
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), RunError> {
        let pushed = if self.uses_reserve { self.feed.push_reserved(lines) } else { self.feed.push_lines(lines) };
        Ok(pushed?)
    }
}
