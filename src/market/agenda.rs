//! What is to happen, in the order of time.

use super::book::OrderId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Tasks that may be refused stop being taken at so many.
pub(super) const TASKS_MAX: usize = 4_096;

/// Something that somebody will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// The efficient price drifts by a little.
    Drift,
    /// News that nothing caused.
    NewsNext,
    /// News that other news caused.
    News,
    /// A maker looks of its own accord.
    Look { maker: u8 },
    /// A maker looks, because something happened.
    Review { maker: u8 },
    /// A maker takes one of its orders out.
    Withdraw { maker: u8, slot: u8 },
    /// A maker brings one of its orders to where it wants it.
    Quote { maker: u8, slot: u8 },
    /// A maker makes its first order of a side smaller.
    Shade { maker: u8, slot: u8 },
    /// Somebody comes by with a limit order whom nobody drew.
    ArriveNext,
    /// Somebody comes by whom others drew.
    Arrive,
    /// An order's time is over.
    Expire { id: OrderId },
    /// A patient order comes or goes.
    Patient,
    /// Somebody who knows nothing starts to buy or sell.
    Noise,
    /// The next part of what one of those wants.
    NoisePart { is_buyer: bool, parts: u8 },
    /// Somebody who knows the efficient price looks for quotes that are wrong.
    Strike,
}

/// Tasks by time; of those at the same time the first to be planned comes first.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    tasks: BinaryHeap<Reverse<(u64, u64, Task)>>,
    planned: u64,
}

impl Agenda {
    /// Plans a task of which there can only be a bounded number at a time.
    pub fn plan(&mut self, at_ns: u64, task: Task) {
        self.planned += 1;
        self.tasks.push(Reverse((at_ns, self.planned, task)));
    }

    /// Whether there is room for a task of which there might be any number.
    pub fn has_room(&self) -> bool {
        self.tasks.len() < TASKS_MAX
    }

    /// Tasks that are planned.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// The next task and its time.
    pub fn next(&mut self) -> Option<(u64, Task)> {
        self.tasks.pop().map(|Reverse((at_ns, _, task))| (at_ns, task))
    }
}
