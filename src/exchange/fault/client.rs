//! What is remembered of one client: what was handed to it, what is held back, and what of it is not as it should be.

use super::form::Form;
use super::plan::Fault;
use crate::exchange::dialect::Sort;
use crate::exchange::truth::Truth;
use std::collections::VecDeque;

/// Something on its way to a client.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub form: Form,
    pub sort: Sort,
    /// The whole book behind it, and the place among all books that were told.
    pub truth: Option<(u64, Box<Truth>)>,
    /// What was done to it.
    pub notes: Vec<(Fault, String)>,
}

/// Why messages wait.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hold {
    /// Until an instant; heartbeats do not wait.
    Stall { until_ns: u64 },
    /// Until an instant, or until so many are there.
    Gather { until_ns: u64, messages: usize },
}

/// A client.
#[derive(Debug, Default)]
pub(super) struct Listener {
    /// Messages handed to it.
    pub messages: u64,
    pub hold: Option<Hold>,
    /// What waits, in order.
    pub backlog: VecDeque<Item>,
    /// An update that waits for the next one.
    pub swapped: Option<Item>,
    /// Updates that are late, and when they come.
    pub late: VecDeque<(u64, Item)>,
    /// Until when its stamps are moved, and by how much, milliseconds.
    pub clock: Option<(u64, i64)>,
    /// Until when the exchange is in maintenance.
    pub maintenance: Option<u64>,
    /// Until when nothing else befalls it.
    pub quiet_ns: u64,
    /// Whether it is told nothing more.
    pub is_over: bool,
    /// The newest of the books that it was told of.
    pub newest: Option<(u64, Box<Truth>)>,
}

impl Listener {
    /// Whether something is held back: then nothing else befalls it.
    pub fn is_holding(&self) -> bool {
        self.hold.is_some() || !self.backlog.is_empty() || self.swapped.is_some() || !self.late.is_empty()
    }

    /// Whether a message waits behind those that wait.
    pub const fn must_wait(&self, sort: Sort) -> bool {
        match self.hold {
            Some(Hold::Stall { .. }) => !matches!(sort, Sort::Control),
            Some(Hold::Gather { .. }) => true,
            None => false,
        }
    }

    /// Whether what waits is to come.
    pub fn is_released(&self, now_ns: u64) -> bool {
        match self.hold {
            Some(Hold::Stall { until_ns }) => until_ns <= now_ns,
            Some(Hold::Gather { until_ns, messages }) => until_ns <= now_ns || self.backlog.len() >= messages,
            None => !self.backlog.is_empty(),
        }
    }

    /// When something is to happen by itself.
    pub fn due_ns(&self) -> Option<u64> {
        let hold_ns = self.hold.map(|hold| match hold {
            Hold::Stall { until_ns } | Hold::Gather { until_ns, .. } => until_ns,
        });
        let late_ns = self.late.front().map(|(due_ns, _)| *due_ns);
        [hold_ns, late_ns, self.maintenance].into_iter().flatten().min()
    }

    /// A client must hold the newest book that it was told of, in whatever order messages came.
    pub fn newest(&mut self, truth: (u64, Box<Truth>)) -> Box<Truth> {
        if self.newest.as_ref().is_none_or(|(place, _)| *place < truth.0) {
            self.newest = Some(truth.clone());
        }
        self.newest.as_ref().map_or(truth.1, |(_, newest)| newest.clone())
    }
}
