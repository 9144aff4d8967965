//! The hot side: pushes when it is due and spins on the commit cursor.

use super::Watched;
use super::report::{Cause, Pushed, Slow, Tally};
use crate::clock::Clock;
use crate::place::SEGMENT_BYTES;
use crate::records::Template;
use crate::report::Percentiles;
use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use hotpath::record::LINE_BYTES;
use journal::{Feed, Refused};
use std::collections::VecDeque;

/// Longest delay that is told apart.
const DELAY_NS_MAX: u64 = 10_000_000_000;
/// The slowest that are listed.
const SLOW: usize = 8;
/// Slow pushes that lie less than this apart are one stall.
const STALL_NS: u64 = 500_000_000;
/// A delay within this time after a switch of segments may be its doing.
const SWITCH_NS: u64 = 5_000_000;

/// A push that waits for its commit.
struct Waiting {
    next_seq: u64,
    pushed_ns: u64,
}

/// What is pushed, how far it came, and what it took.
pub(super) struct Pusher {
    feed: Feed,
    clock: Clock,
    template: Template,
    opening: Template,
    next_seq: u64,
    segment_bytes: u64,
    switched_ns: u64,
    waiting: VecDeque<Waiting>,
    delays: Histogram<u64>,
    slow: Vec<Slow>,
    /// Whether the threads' counts are read after every push: only when there is time for it.
    reads_each: bool,
    /// Whether something was pushed since the last reading.
    is_unread: bool,
    tally: Tally,
}

impl Pusher {
    /// Opens the first segment.
    pub fn new(feed: Feed, template: Template, reads_each: bool) -> Result<Self> {
        // Every page of it is there before the first push.
        let mut waiting: VecDeque<_> = (0..feed.lines_free()).map(|_| Waiting { next_seq: 0, pushed_ns: 0 }).collect();
        waiting.clear();
        let mut pusher = Self {
            waiting,
            feed,
            clock: Clock::start(),
            template,
            opening: Template::opening(),
            next_seq: 0,
            segment_bytes: 0,
            switched_ns: 0,
            delays: Histogram::new_with_bounds(1, DELAY_NS_MAX, 3)?,
            slow: Vec::with_capacity(SLOW + 1),
            reads_each,
            is_unread: false,
            tally: Tally::default(),
        };
        pusher.open();
        Ok(pusher)
    }

    /// Pushes at each due time; the seconds that it took.
    pub fn run(&mut self, pace: impl Iterator<Item = u64>, watched: &mut Watched) -> Result<f64> {
        let start_ns = self.clock.now_ns();
        let mut counts = watched.counts();
        for due_ns in pace {
            let at_ns = start_ns + due_ns;
            while self.clock.now_ns() < at_ns {
                self.observe();
                if self.reads_each && self.waiting.is_empty() && self.is_unread {
                    self.is_unread = false;
                    let now = watched.counts();
                    self.explain(Cause::of(now - counts));
                    counts = now;
                }
            }
            self.push(at_ns)?;
        }
        let end_ns = self.clock.now_ns();
        while !self.waiting.is_empty() {
            ensure!(!self.feed.is_stopped(), "the journal has stopped");
            self.observe();
        }
        Ok((end_ns - start_ns) as f64 / 1e9)
    }

    /// The hot side's end of the ring, and what was pushed.
    pub fn finish(self) -> (Feed, Pushed) {
        let Self { feed, delays, slow, tally, next_seq, .. } = self;
        (feed, Pushed { records: next_seq, tally, delays: Percentiles::of(&delays), slow })
    }

    fn push(&mut self, due_ns: u64) -> Result<()> {
        if self.segment_bytes >= SEGMENT_BYTES {
            self.open();
        }
        let now_ns = self.clock.now_ns();
        self.tally.late_ns_max = self.tally.late_ns_max.max(now_ns.saturating_sub(due_ns));
        let next_seq = self.template.stamp(self.next_seq, now_ns);
        let mut pushed_ns = now_ns;
        let mut is_refused = false;
        while let Err(refused) = self.feed.push_lines(self.template.lines()) {
            ensure!(refused != Refused::Stopped, "the journal has stopped");
            is_refused = true;
            self.observe();
            pushed_ns = self.clock.now_ns();
        }
        self.tally.refused += u64::from(is_refused);
        self.next_seq = next_seq;
        self.segment_bytes += (self.template.lines().len() * LINE_BYTES) as u64;
        self.tally.pushes += 1;
        self.is_unread = true;
        self.waiting.push_back(Waiting { next_seq, pushed_ns });
        Ok(())
    }

    /// Notes what has been committed since the last look.
    fn observe(&mut self) {
        let committed = self.feed.committed();
        if self.waiting.front().is_none_or(|front| committed < front.next_seq) {
            std::hint::spin_loop();
            return;
        }
        let now_ns = self.clock.now_ns();
        while let Some(front) = self.waiting.front().filter(|front| front.next_seq <= committed) {
            let (delay_ns, pushed_ns) = (now_ns - front.pushed_ns, front.pushed_ns);
            self.waiting.pop_front();
            self.delays.saturating_record(delay_ns);
            self.note(delay_ns, pushed_ns);
        }
    }

    /// Keeps the slowest of each stall, the slowest first.
    fn note(&mut self, delay_ns: u64, pushed_ns: u64) {
        let is_full = self.slow.len() == SLOW;
        if is_full && self.slow.last().is_some_and(|last| last.delay_ns >= delay_ns) {
            return;
        }
        if let Some(same) = self.slow.iter().position(|slow| slow.at_ns.abs_diff(pushed_ns) < STALL_NS) {
            if self.slow[same].delay_ns >= delay_ns {
                return;
            }
            self.slow.remove(same);
        }
        let place = self.slow.partition_point(|slow| slow.delay_ns >= delay_ns);
        let switched = self.switched_ns != 0 && pushed_ns.saturating_sub(self.switched_ns) < SWITCH_NS;
        self.slow.insert(place, Slow { delay_ns, at_ns: pushed_ns, cause: switched.then_some(Cause::Switch) });
        self.slow.truncate(SLOW);
    }

    /// Names what the counts tell of the pushes since the last reading.
    fn explain(&mut self, cause: Cause) {
        let unknown = self.slow.iter_mut().filter(|slow| slow.cause.is_none());
        unknown.for_each(|slow| slow.cause = Some(cause));
    }

    /// Begins a segment.
    fn open(&mut self) {
        self.next_seq = self.opening.stamp(self.next_seq, self.clock.now_ns());
        while self.feed.push_lines(self.opening.lines()).is_err() && !self.feed.is_stopped() {
            self.observe();
        }
        if self.segment_bytes != 0 {
            self.switched_ns = self.clock.now_ns();
        }
        self.segment_bytes = (self.opening.lines().len() * LINE_BYTES) as u64;
    }
}
