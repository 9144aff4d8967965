//! The hot side of the ring: whole records in, 64-byte lines, nothing waited for.

use crate::scribe::Commit;
use crate::status::Status;
use crate::whole::head_of_line;
use hotpath::record::{Head, LINE_BYTES, Line};
use rtrb::{Consumer, Producer};
use std::fmt;
use std::sync::Arc;

/// A longer time between two records may have been an idle one, nanoseconds.
const IDLE_NS: u64 = 1_000_000;

/// Why the ring did not take a record. Nothing of it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The journaling thread lags: the record does not fit beside the lines that are kept free.
    Full {
        /// Lines of the record.
        lines: usize,
    },
    /// The journal takes no more records: closing it says why.
    Stopped,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { lines } => write!(
                f,
                "the journal ring has no room for {lines} lines: the journaling thread lags, so give it a core of its own or a larger ring"
            ),
            Self::Stopped => f.write_str("the journal has stopped: close it to learn why"),
        }
    }
}

impl std::error::Error for Refused {}

/// The hot side of a running journal. Pushing copies into the ring and does nothing else: no
/// allocation, no system call, no waiting.
#[derive(Debug)]
pub struct Feed {
    lines: Producer<Line>,
    commits: Consumer<Commit>,
    /// Lines kept free for what must not wait: halts and cancels, samples of load, the end of the run.
    reserve: usize,
    status: Arc<Status>,
    /// Since when something may wait (the first record behind an idle time), and the time of the last record pushed.
    pushed_ns: Option<(u64, u64)>,
}

impl Feed {
    pub(crate) fn new(
        (lines, commits): (Producer<Line>, Consumer<Commit>),
        reserve: usize,
        status: Arc<Status>,
    ) -> Self {
        Self { lines, commits, reserve, status, pushed_ns: None }
    }

    /// Lines that [`Feed::push`] may use now. Look before taking an input: a turn that fits here is
    /// recorded whole.
    #[must_use]
    pub fn room(&self) -> usize {
        self.lines.slots().saturating_sub(self.reserve)
    }

    /// Free lines of the ring, the reserve included.
    #[must_use]
    pub fn lines_free(&self) -> usize {
        self.lines.slots()
    }

    /// Pushes one record: its first line, and the payload after it, which may come without its padding.
    ///
    /// # Errors
    /// [`Refused`]; nothing was pushed.
    pub fn push(&mut self, first: &Line, rest: &[u8]) -> Result<(), Refused> {
        let (whole, last) = rest.as_chunks();
        let last = (!last.is_empty()).then(|| padded_line(last));
        let count = 1 + rest.len().div_ceil(LINE_BYTES);
        self.commit(count, self.reserve, std::iter::once(*first).chain(whole.iter().copied().map(Line)).chain(last))?;
        self.note(first);
        Ok(())
    }

    /// Pushes whole records that lie one after another.
    ///
    /// # Errors
    /// [`Refused`]; nothing was pushed.
    pub fn push_lines(&mut self, lines: &[Line]) -> Result<(), Refused> {
        self.commit_lines(lines, self.reserve)
    }

    /// Pushes records that must not wait. May use the reserve.
    ///
    /// # Errors
    /// [`Refused`]; nothing was pushed.
    pub fn push_reserved(&mut self, lines: &[Line]) -> Result<(), Refused> {
        self.commit_lines(lines, 0)
    }

    /// The sequence number after the last record that is in the mapped file: a process that dies now
    /// leaves everything before it.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.status.committed.observe()
    }

    /// What the journaling thread tells of how far it had come, in order; none when there is no more.
    pub fn commit_told(&mut self) -> Option<Commit> {
        self.commits.pop().ok()
    }

    /// The sequence number after the last record that lies on the disk: a machine that loses power now
    /// leaves everything before it.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.status.durable.observe()
    }

    /// How far the commit cursor lags behind the last push: nanoseconds between the times of the two
    /// records. An idle time in which everything was committed is no lag.
    #[must_use]
    pub fn lag_ns(&self) -> u64 {
        let (first_ns, last_ns) = self.pushed_ns.unwrap_or_default();
        last_ns.saturating_sub(self.status.committed_ns.observe().max(first_ns))
    }

    /// Disk that is left for journals, MiB.
    #[must_use]
    pub fn disk_mib_free(&self) -> u64 {
        self.status.disk_mib_free.observe()
    }

    /// Whether the journal takes no more records.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.status.is_stopped()
    }

    fn commit_lines(&mut self, lines: &[Line], reserve: usize) -> Result<(), Refused> {
        let Some(first) = lines.first() else { return Ok(()) };
        self.commit(lines.len(), reserve, lines.iter().copied())?;
        self.note(first);
        Ok(())
    }

    fn note(&mut self, first: &Line) {
        let Head { taken_ns, seq, .. } = head_of_line(first);
        let (mut since_ns, last_ns) = self.pushed_ns.unwrap_or((taken_ns, taken_ns));
        // The cursor is another core's: it is looked at only after a time in which the line was not written to.
        if taken_ns.saturating_sub(last_ns) >= IDLE_NS && self.status.committed.observe() >= seq {
            since_ns = taken_ns;
        }
        self.pushed_ns = Some((since_ns, taken_ns));
    }

    /// Takes all lines or none; the journaling thread sees them at once.
    fn commit(&mut self, count: usize, reserve: usize, lines: impl Iterator<Item = Line>) -> Result<(), Refused> {
        if self.status.is_stopped() {
            return Err(Refused::Stopped);
        }
        let full = Refused::Full { lines: count };
        let chunk = self.lines.write_chunk_uninit(count.saturating_add(reserve)).map_err(|_| full)?;
        chunk.fill_from_iter(lines.take(count));
        Ok(())
    }
}

fn padded_line(bytes: &[u8]) -> Line {
    let mut line = Line::ZERO;
    line.0[..bytes.len()].copy_from_slice(bytes);
    line
}
