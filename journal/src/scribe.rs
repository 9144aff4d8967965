//! The journaling thread: from the ring into the mapped segment. It makes no system call.

use crate::error::{Error, Result};
use crate::open::{Blank, OpenSegment, opens_segment};
use crate::segment::{Header, Run};
use crate::status::Status;
use crate::whole::head_of_line;
use hotpath::record::{LINE_BYTES, Line, Misfit, RECORD_BYTES_MAX};
use rtrb::{Consumer, Producer};
use std::sync::Arc;

/// Records of one step: after them the ring gets its lines back.
const RECORDS_PER_STEP: usize = 64;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Records were committed.
    Wrote,
    /// The ring is empty.
    Empty,
    /// A record waits until the keeper has prepared room or a segment.
    Starved,
    /// The hot side is gone and all its records are committed, as far as there was room.
    Over,
}

/// How far the journaling thread had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// All records before this sequence number were committed.
    pub seq: u64,
    /// When that was, at the latest, by the clock of whoever drives the scribe; nanoseconds.
    pub at_ns: u64,
}

/// A segment that the scribe is done with.
#[derive(Debug)]
pub(crate) struct Finished {
    pub segment: OpenSegment,
    /// Of the record that would have followed.
    pub next_seq: u64,
    /// Whether no other segment follows.
    pub is_last: bool,
}

/// Takes records from the ring, in order, and commits them.
#[derive(Debug)]
pub struct Scribe {
    lines: Consumer<Line>,
    /// A record that wraps around the end of the ring is put together here.
    wrapped: Box<[Line]>,
    commits: Producer<Commit>,
    desk: Desk,
}

impl Scribe {
    pub(crate) fn new(
        (lines, commits): (Consumer<Line>, Producer<Commit>),
        open: OpenSegment,
        blanks: Consumer<Blank>,
        finished: Producer<Finished>,
        status: Arc<Status>,
    ) -> Self {
        let next_seq = open.header().first_seq;
        let wrapped = bytemuck::zeroed_slice_box(RECORD_BYTES_MAX / LINE_BYTES);
        Self {
            lines,
            wrapped,
            commits,
            desk: Desk { open: Some(open), blanks, finished, next_seq, is_starved: false, status },
        }
    }

    pub(crate) fn status(&self) -> Arc<Status> {
        Arc::clone(&self.desk.status)
    }

    /// Commits what is there, up to 64 records.
    ///
    /// # Errors
    /// [`Error::Sequence`], [`Error::Misfit`] and [`Error::Full`] for a record that may not follow; the
    /// run is over then, and the file as after a crash.
    pub fn step(&mut self) -> Result<Step> {
        // In this order: lines that were pushed before the hot side went are not missed.
        let is_abandoned = self.lines.is_abandoned();
        let available = self.lines.slots();
        if available == 0 {
            return Ok(if is_abandoned { self.desk.finish() } else { Step::Empty });
        }
        let Self { lines, wrapped, desk, .. } = self;
        let Ok(chunk) = lines.read_chunk(available) else { return Ok(Step::Empty) };
        let (front, back) = chunk.as_slices();
        let mut taken = 0;
        let mut outcome = Ok(Step::Wrote);
        for _ in 0..RECORDS_PER_STEP {
            let Some(record) = record_at(front, back, taken, wrapped) else { break };
            match desk.take(record) {
                Ok(true) => taken += record.len(),
                Ok(false) => {
                    outcome = Ok(desk.starved());
                    break;
                }
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        chunk.commit(taken);
        outcome
    }

    /// Tells the hot side that what is committed was committed by `at_ns`. When it has not taken in what it was told before,
    /// it learns of this with the next.
    pub fn stamp(&mut self, at_ns: u64) {
        let _ = self.commits.push(Commit { seq: self.desk.next_seq, at_ns });
    }
}

/// The record whose first line has number `at` in two slices; `None` behind the last. Records are pushed
/// whole, so all of it is there, or its length is wrong, which the check of the record then says.
fn record_at<'a>(front: &'a [Line], back: &'a [Line], at: usize, wrapped: &'a mut [Line]) -> Option<&'a [Line]> {
    let first = front.get(at).or_else(|| back.get(at.checked_sub(front.len())?))?;
    let left = front.len() + back.len() - at;
    let count = (head_of_line(first).len as usize / LINE_BYTES).clamp(1, left.min(wrapped.len()));
    if at >= front.len() {
        let start = at - front.len();
        return back.get(start..start + count);
    }
    let before = &front[at..front.len().min(at + count)];
    if before.len() == count {
        return Some(before);
    }
    let whole = &mut wrapped[..count];
    let (start, end) = whole.split_at_mut(before.len());
    start.copy_from_slice(before);
    end.copy_from_slice(&back[..end.len()]);
    Some(whole)
}

/// Everything of the scribe but the ring.
#[derive(Debug)]
struct Desk {
    /// `None` once the run is over.
    open: Option<OpenSegment>,
    blanks: Consumer<Blank>,
    finished: Producer<Finished>,
    next_seq: u64,
    /// What the status says of waiting.
    is_starved: bool,
    status: Arc<Status>,
}

impl Desk {
    /// Commits one record; false when that must wait.
    fn take(&mut self, record: &[Line]) -> Result<bool> {
        let (first, rest) = record.split_first().ok_or(Error::Stopped)?;
        let (head, rest): (_, &[u8]) = (head_of_line(first), bytemuck::cast_slice(rest));
        let open = self.open.as_ref().ok_or(Error::Stopped)?;
        if head.len as usize != record.len() * LINE_BYTES {
            return Err(open.misfit(&head, Misfit::Length));
        }
        open.check(&head, first, rest, self.next_seq)?;
        if opens_segment(&head, first) && !open.is_empty() && !self.switch()? {
            return Ok(false);
        }
        let open = self.open.as_mut().ok_or(Error::Stopped)?;
        open.check_capacity(&head)?;
        if !open.has_room_for(head.len as usize) {
            return Ok(false);
        }
        open.append(&head, first, rest);
        self.next_seq += 1;
        self.status.committed_ns.publish(head.taken_ns);
        self.status.committed.publish(self.next_seq);
        self.set_starved(false);
        Ok(true)
    }

    /// Goes on in the segment that was prepared; false when there is none yet.
    fn switch(&mut self) -> Result<bool> {
        if self.finished.is_full() {
            return Ok(false);
        }
        let Ok(blank) = self.blanks.pop() else { return Ok(false) };
        let old = self.open.take().ok_or(Error::Stopped)?;
        let run = old.header().run();
        let next = Run { segment: run.segment.saturating_add(1), first_seq: self.next_seq, ..run };
        // Handed back before anything of the next segment is committed: whoever sees a record there
        // sees that this one is finished.
        let _ = self.finished.push(Finished { segment: old, next_seq: self.next_seq, is_last: false });
        self.open = Some(blank.begin(Header::new(&next)));
        Ok(true)
    }

    /// Says that a record waits. When the keeper has failed nothing will come.
    fn starved(&mut self) -> Step {
        if self.status.is_stopped() {
            return self.finish();
        }
        self.set_starved(true);
        Step::Starved
    }

    fn set_starved(&mut self, is_starved: bool) {
        if self.is_starved != is_starved {
            self.is_starved = is_starved;
            self.status.starved.publish(u64::from(is_starved));
        }
    }

    /// Hands the last segment back.
    fn finish(&mut self) -> Step {
        if let Some(segment) = self.open.take()
            && let Err(rtrb::PushError::Full(finished)) =
                self.finished.push(Finished { segment, next_seq: self.next_seq, is_last: true })
        {
            // The keeper is behind: once more on the next step.
            self.open = Some(finished.segment);
            return Step::Starved;
        }
        Step::Over
    }
}
