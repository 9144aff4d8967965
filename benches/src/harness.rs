//! Runs the cases of a table in turns and keeps what their rounds took.
//!
//! Every round runs every case, so a slow second of the machine falls on all of them, and a ratio is
//! taken inside a round. Each round has two passes over the messages: one timed as a whole, which
//! lets messages overlap in the processor, and one with a clock read before and after each message.

use crate::report::{Percentiles, Report, Row};
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use std::time::Instant;

/// Longest single message that the histogram tells apart, nanoseconds.
const MESSAGE_NS_MAX: u64 = 10_000_000_000;
/// Rounds before the first that counts.
const WARM_UP_ROUNDS: usize = 2;

/// Something that takes messages, and can start again.
pub trait Case {
    /// Messages of one pass. With 1, only the whole pass is timed.
    fn messages(&self) -> usize;

    /// What a pass is divided by.
    fn units(&self) -> usize {
        self.messages()
    }

    /// Goes back to before the first message; not timed.
    fn reset(&mut self) {}

    /// The same before a pass whose messages are timed one by one.
    fn reset_each(&mut self) {
        self.reset();
    }

    /// Gets one message ready; not timed, and left out in a pass that is timed as a whole.
    fn ready(&mut self, _index: usize) {}

    /// Ends a pass; not timed.
    fn finish(&mut self) {}

    /// Takes one message. A case that cannot panics: its figures would mean nothing.
    fn take(&mut self, index: usize);
}

/// A case behind a pointer. The loops over the messages are compiled for each case, so no timed
/// message pays for the pointer.
trait Passes {
    fn units(&self) -> usize;
    fn whole_ns(&mut self) -> u64;
    fn each(&mut self, histogram: &mut Histogram<u64>);
    fn between(&mut self, stop: &mut dyn FnMut());
}

impl<C: Case> Passes for C {
    fn units(&self) -> usize {
        Case::units(self)
    }

    fn whole_ns(&mut self) -> u64 {
        self.reset();
        let start = Instant::now();
        for index in 0..self.messages() {
            self.take(index);
        }
        let ns = elapsed_ns(start);
        self.finish();
        ns
    }

    fn between(&mut self, stop: &mut dyn FnMut()) {
        // Once before, for what happens only the first time.
        self.whole_ns();
        self.reset();
        stop();
        for index in 0..self.messages() {
            self.take(index);
        }
        stop();
        self.finish();
    }

    fn each(&mut self, histogram: &mut Histogram<u64>) {
        if self.messages() == 1 {
            return;
        }
        self.reset_each();
        for index in 0..self.messages() {
            self.ready(index);
            let start = Instant::now();
            self.take(index);
            histogram.saturating_record(elapsed_ns(start));
        }
        self.finish();
    }
}

fn elapsed_ns(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

struct Entry {
    name: String,
    passes: Box<dyn Passes>,
    ns_per_unit: Vec<f64>,
    each: Histogram<u64>,
}

/// Cases that are compared with each other.
pub struct Table {
    title: String,
    unit: &'static str,
    entries: Vec<Entry>,
    /// Rows that the others are divided into.
    peers: Vec<usize>,
}

impl Table {
    /// An empty table; `unit` is what one figure is for, `message` say.
    #[must_use]
    pub fn new(title: impl Into<String>, unit: &'static str) -> Self {
        Self { title: title.into(), unit, entries: Vec::new(), peers: Vec::new() }
    }

    /// Adds a row. The first row is ours; the last one should be the first again, as a control.
    pub fn add(&mut self, name: impl Into<String>, case: impl Case + 'static) {
        let each = Histogram::new_with_bounds(1, MESSAGE_NS_MAX, 3).expect("the bounds are legal");
        self.entries.push(Entry { name: name.into(), passes: Box::new(case), ns_per_unit: Vec::new(), each });
    }

    /// Adds a row that gets a column of ratios.
    pub fn add_peer(&mut self, name: impl Into<String>, case: impl Case + 'static) {
        self.peers.push(self.entries.len());
        self.add(name, case);
    }

    /// Runs all rounds.
    ///
    /// # Errors
    /// When there is no round or no row.
    pub fn run(mut self, rounds: usize) -> Result<Report> {
        for round in 0..WARM_UP_ROUNDS + rounds {
            self.round(round, round >= WARM_UP_ROUNDS);
        }
        let rows = (0..self.entries.len()).map(|index| self.row(index));
        let rows = rows.collect::<Option<Vec<Row>>>().context("at least one round is needed")?;
        let name = |index: &usize| self.entries.get(*index).map_or(String::new(), |entry| entry.name.clone());
        let peers = self.peers.iter().map(name).collect();
        Ok(Report { title: self.title, unit: self.unit, rounds, peers, rows })
    }

    /// Runs a pass of the first case and of each peer between two calls of `stop`, then tells its name and messages.
    pub fn between(&mut self, stop: &mut dyn FnMut(), mut done: impl FnMut(&str, usize)) {
        for index in std::iter::once(0).chain(self.peers.iter().copied()) {
            let Some(entry) = self.entries.get_mut(index) else { continue };
            entry.passes.between(stop);
            done(&entry.name, entry.passes.units());
        }
    }

    /// Every case once, another one first each time.
    fn round(&mut self, round: usize, counts: bool) {
        let cases = self.entries.len().max(1);
        self.entries.rotate_left(round % cases);
        for entry in &mut self.entries {
            let ns = entry.passes.whole_ns() as f64 / entry.passes.units() as f64;
            if counts {
                entry.ns_per_unit.push(ns);
            }
        }
        for entry in &mut self.entries {
            entry.passes.each(&mut entry.each);
            if !counts {
                entry.each.reset();
            }
        }
        self.entries.rotate_right(round % cases);
    }

    fn row(&self, index: usize) -> Option<Row> {
        let entry = self.entries.get(index)?;
        let ratios = self.peers.iter().map(|peer| Some(Ratios::of(self.entries.get(*peer)?, entry)?.median));
        let p50_ratios = self.peers.iter().map(|peer| Some(p50_ratio(self.entries.get(*peer)?, entry)));
        let noise = Ratios::of(self.entries.first()?, entry)?;
        Some(Row {
            name: entry.name.clone(),
            median_ns: median(&entry.ns_per_unit)?,
            min_ns: entry.ns_per_unit.iter().copied().reduce(f64::min)?,
            ratios: ratios.collect::<Option<_>>()?,
            p50_ratios: p50_ratios.collect::<Option<_>>()?,
            to_first: [noise.low, noise.median, noise.high],
            each: (!entry.each.is_empty()).then(|| Percentiles::of(&entry.each)),
        })
    }
}

fn p50_ratio(peer: &Entry, entry: &Entry) -> f64 {
    peer.each.value_at_quantile(0.5) as f64 / entry.each.value_at_quantile(0.5).max(1) as f64
}

/// How often a case fits into another one, round by round.
struct Ratios {
    low: f64,
    median: f64,
    high: f64,
}

impl Ratios {
    fn of(peer: &Entry, entry: &Entry) -> Option<Self> {
        let pairs = peer.ns_per_unit.iter().zip(&entry.ns_per_unit);
        let mut ratios: Vec<f64> = pairs.map(|(peer, own)| peer / own).collect();
        ratios.sort_by(f64::total_cmp);
        let last = ratios.len().checked_sub(1)?;
        let at = |share: f64| ratios.get((last as f64 * share).round() as usize).copied();
        Some(Self { low: at(0.05)?, median: at(0.5)?, high: at(0.95)? })
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    struct Logging(char, Rc<RefCell<String>>);

    impl Case for Logging {
        fn messages(&self) -> usize {
            2
        }

        fn reset(&mut self) {
            self.1.borrow_mut().push(self.0);
        }

        fn take(&mut self, index: usize) {
            self.1.borrow_mut().push_str(&index.to_string());
        }
    }

    #[test]
    fn every_round_runs_every_case_and_starts_with_another() {
        let log = Rc::new(RefCell::new(String::new()));
        let mut table = Table::new("t", "message");
        table.add("a", Logging('a', Rc::clone(&log)));
        table.add_peer("b", Logging('b', Rc::clone(&log)));
        let report = table.run(1).unwrap();
        assert_eq!(*log.borrow(), "a01b01a01b01b01a01b01a01a01b01a01b01");
        let names: Vec<_> = report.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!((names, report.peers), (vec!["a", "b"], vec!["b".to_owned()]));
        assert!(report.rows.iter().all(|row| row.each.as_ref().is_some_and(|each| each.count == 2)));
    }

    #[test]
    fn no_round_is_an_error() {
        let mut table = Table::new("t", "message");
        table.add("a", Logging('a', Rc::default()));
        assert!(table.run(0).is_err());
    }
}
