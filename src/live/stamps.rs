//! When frames were decided on, pushed and committed: noted around each turn, and told to the journal when there is
//! nothing else to do.

use crate::clock::Time;
use crate::run::{RingDiary, RunError};
use hotpath::diary::Diary;
use hotpath::record::{Frame, Head, Kind, Line, STAMPED, Stamps, body_of, head_of};
use journal::Commit;
use std::collections::VecDeque;

/// Frames that wait to be committed and told of, at most.
const PAST_MAX: usize = 4096;
/// So many of them are told of even when there is something else to do.
const PRESSING: usize = PAST_MAX / 2;
/// How long a frame may wait for others to be told of with it, nanoseconds.
const WAIT_NS_MAX: u64 = 1_000_000_000;

/// A frame in the turn that takes it.
#[derive(Clone, Copy, Debug)]
pub struct Turned {
    /// Number of its first record.
    seq: u64,
    /// When the diary was handed what was decided; none when it was not yet.
    decided_ns: Option<u64>,
}

/// The diary of a live run, which looks at the clock when a step is handed to it.
pub struct StampedDiary<T> {
    ring: RingDiary,
    clock: T,
    turned: Option<Turned>,
}

impl<T: Time> StampedDiary<T> {
    /// A diary over the ring.
    #[must_use]
    pub const fn new(ring: RingDiary, clock: T) -> Self {
        Self { ring, clock, turned: None }
    }

    /// The ring.
    pub const fn ring(&self) -> &RingDiary {
        &self.ring
    }

    /// The ring.
    pub const fn ring_mut(&mut self) -> &mut RingDiary {
        &mut self.ring
    }

    /// The ring, at the end.
    pub fn into_ring(self) -> RingDiary {
        self.ring
    }

    /// The frame of the turn that has just ended, when it took one.
    pub const fn turned(&mut self) -> Option<Turned> {
        self.turned.take()
    }
}

impl<T: Time> Diary for StampedDiary<T> {
    type Error = RunError;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), RunError> {
        let is_first = body_of::<Frame>(&first.0).is_some_and(|frame| frame.chunk == 0);
        if let Some(Head { kind: Kind::FRAME, seq, .. }) = head_of(&first.0).filter(|_| is_first) {
            self.turned = Some(Turned { seq, decided_ns: None });
        }
        self.ring.append(first, payload)
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), RunError> {
        if let Some(Turned { decided_ns: decided_ns @ None, .. }) = &mut self.turned {
            *decided_ns = Some(self.clock.now_ns());
        }
        self.ring.append_lines(lines)
    }
}

/// A frame whose turn is over. Times as STAMPS has them.
#[derive(Clone, Copy, Debug)]
struct Past {
    seq: u64,
    /// The number behind its turn's last record.
    next_seq: u64,
    decided_ns: u32,
    pushed_ns: u32,
    /// When it was pushed, monotonic nanoseconds.
    pushed_at_ns: u64,
    committed_ns: u32,
}

/// Frames that wait to be told of, in order.
#[derive(Debug)]
pub struct PastFrames {
    frames: VecDeque<Past>,
    /// So many from the front are committed.
    committed: usize,
    lost: u32,
}

impl PastFrames {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self { frames: VecDeque::with_capacity(PAST_MAX), committed: 0, lost: 0 }
    }

    /// The turn of a frame, which was taken at `taken_ns`, is over; `next_seq` is the number behind it.
    pub fn add(&mut self, turned: Turned, taken_ns: u64, now_ns: u64, next_seq: u64) {
        if self.frames.len() == PAST_MAX {
            self.lost = self.lost.saturating_add(1);
            return;
        }
        let decided_at_ns = turned.decided_ns.unwrap_or(now_ns);
        self.frames.push_back(Past {
            seq: turned.seq,
            next_seq,
            decided_ns: narrow(decided_at_ns.saturating_sub(taken_ns)),
            pushed_ns: narrow(now_ns.saturating_sub(decided_at_ns)),
            pushed_at_ns: now_ns,
            committed_ns: 0,
        });
    }

    /// The journaling thread has come further.
    pub fn commit(&mut self, commit: Commit) {
        while let Some(past) = self.frames.get_mut(self.committed).filter(|past| past.next_seq <= commit.seq) {
            // It may be read before the hot thread has looked at the clock.
            past.committed_ns = narrow(commit.at_ns.saturating_sub(past.pushed_at_ns));
            self.committed += 1;
        }
    }

    /// Whether a record of them is worth its bytes at `now_ns`.
    #[must_use]
    pub fn is_ready(&self, now_ns: u64) -> bool {
        let first = self.frames.front().filter(|_| self.committed > 0);
        let waits = first.is_some_and(|past| now_ns.saturating_sub(past.pushed_at_ns) >= WAIT_NS_MAX);
        self.committed >= STAMPED || waits
    }

    /// Whether so many wait that they are told of whatever else there is to do.
    #[must_use]
    pub const fn is_pressing(&self) -> bool {
        self.committed >= PRESSING
    }

    /// Forgets those that are not committed: the run is over.
    pub fn give_up(&mut self) {
        let left = self.frames.len() - self.committed;
        self.frames.truncate(self.committed);
        self.lost = self.lost.saturating_add(narrow(left as u64));
    }

    /// The next record of them, which will have the number `seq`; none when there is nothing to tell.
    pub fn record(&mut self, seq: u64) -> Option<Stamps> {
        let count = self.committed.min(STAMPED);
        if count == 0 && self.lost == 0 {
            return None;
        }
        let nothing = [0; STAMPED];
        let lists = [nothing; 4];
        let [mut behind, mut decided_ns, mut pushed_ns, mut committed_ns] = lists;
        for (place, past) in self.frames.drain(..count).enumerate() {
            behind[place] = narrow(seq.saturating_sub(past.seq));
            decided_ns[place] = past.decided_ns;
            pushed_ns[place] = past.pushed_ns;
            committed_ns[place] = past.committed_ns;
        }
        self.committed -= count;
        let lost = std::mem::take(&mut self.lost);
        Some(Stamps { count: count as u32, lost, behind, decided_ns, pushed_ns, committed_ns })
    }
}

/// What does not fit is told as the most that does.
fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
