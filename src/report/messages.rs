//! Messages: how many of what, and how they bunch.

use super::grid::Grid;
use hotpath::record::{Frame, Head, Kind, body_of, flag};
use std::collections::VecDeque;

const MS: u64 = 1_000_000;

/// Messages by what they were about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The book of any market.
    pub book: u64,
    /// Trades.
    pub trade: u64,
    /// Everything else: heartbeats, answers, tickers, what was refused or not used.
    pub other: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.book + self.trade + self.other
    }
}

/// Messages of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// How many of what.
    pub counts: Counts,
    /// Most messages in any 100 ms that end in this step.
    pub burst: u64,
}

/// Most messages in any window of one length.
#[derive(Clone, Debug)]
struct Window {
    length_ns: u64,
    within: VecDeque<u64>,
    most: u64,
}

impl Window {
    const fn of(length_ns: u64) -> Self {
        Self { length_ns, within: VecDeque::new(), most: 0 }
    }

    /// A message was read; returns how many were in the window that ends there.
    fn add(&mut self, recv_ns: u64) -> u64 {
        while self.within.front().is_some_and(|first| recv_ns.saturating_sub(*first) >= self.length_ns) {
            self.within.pop_front();
        }
        self.within.push_back(recv_ns);
        let now = self.within.len() as u64;
        self.most = self.most.max(now);
        now
    }
}

/// Counts the messages of a run.
#[derive(Clone, Debug)]
pub struct Messages {
    grid: Grid,
    bins: Vec<Bin>,
    short: Window,
    long: Window,
    /// When the last message was read: receive times of a recording may run back.
    recv_ns: u64,
    /// The step and subject of the message whose events come now.
    open: Option<(usize, Kind)>,
}

impl Messages {
    /// Counts by the steps of `grid`.
    #[must_use]
    pub fn by(grid: Grid) -> Self {
        let bins = vec![Bin::default(); grid.steps];
        Self { grid, bins, short: Window::of(10 * MS), long: Window::of(100 * MS), recv_ns: 0, open: None }
    }

    /// Takes in the next record.
    pub fn take(&mut self, head: &Head, record: &[u8]) {
        match (head.kind, &mut self.open) {
            (kind, _) if kind.is_input() => {
                self.settle();
                if let Some(frame) = body_of::<Frame>(record).filter(|_| !head.has(flag::CONTINUES)) {
                    self.begin(head, &frame);
                }
            }
            (Kind::BOOK_END | Kind::TRADE, Some((_, subject))) => *subject = head.kind,
            _ => {}
        }
    }

    /// Counts the last message.
    pub fn settle(&mut self) {
        let Some((step, subject)) = self.open.take() else { return };
        let Some(Bin { counts, .. }) = self.bins.get_mut(step) else { return };
        match subject {
            Kind::BOOK_END => counts.book += 1,
            Kind::TRADE => counts.trade += 1,
            _ => counts.other += 1,
        }
    }

    /// The steps.
    #[must_use]
    pub const fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Step by step.
    #[must_use]
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// Of the whole run.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.bins.iter().fold(Counts::default(), |all, Bin { counts, .. }| Counts {
            book: all.book + counts.book,
            trade: all.trade + counts.trade,
            other: all.other + counts.other,
        })
    }

    /// Most messages in any 10 ms and in any 100 ms.
    #[must_use]
    pub const fn bursts(&self) -> (u64, u64) {
        (self.short.most, self.long.most)
    }

    fn begin(&mut self, head: &Head, frame: &Frame) {
        let step = self.grid.step(head.taken_ns);
        self.open = Some((step, Kind::FRAME));
        self.recv_ns = self.recv_ns.max(frame.recv_ns);
        self.short.add(self.recv_ns);
        let within = self.long.add(self.recv_ns);
        if let Some(bin) = self.bins.get_mut(step) {
            bin.burst = bin.burst.max(within);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_window_holds_what_a_search_finds(gaps in vec(0_u64..40, 1..120), length_ns in 1_u64..100) {
            let mut window = Window::of(length_ns);
            let times: Vec<u64> = gaps.iter().scan(0, |at, gap| { *at += gap; Some(*at) }).collect();
            times.iter().for_each(|at| { window.add(*at); });
            let within = |from: &u64| times.iter().filter(|at| (*from..from + length_ns).contains(*at)).count() as u64;
            prop_assert_eq!(Some(window.most), times.iter().map(within).max());
        }
    }
}
