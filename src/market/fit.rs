//! Whether the market resembles what was recorded: measured figures against bounds with a source.
//!
//! It looks at the market as a subscriber of the exchange does, at the depths of 10, 25 and 100 levels, and,
//! for the last rows, with knowledge that no subscriber has: who took. Floats are used to report, never to decide.

mod bounds;
mod client;
mod signal;
mod statistics;
mod tape;

use super::{Event, Market, Terms};
use crate::exchange::Book;
use bounds::ROWS;
use client::Client;
use signal::Signal;
use std::fmt;
use tape::Tape;

/// One figure and what it should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// What was measured, with its unit.
    pub name: &'static str,
    /// The figure.
    pub value: f64,
    /// Smallest that is accepted.
    pub low: f64,
    /// Largest that is accepted.
    pub high: f64,
    /// Where the bounds come from.
    pub source: &'static str,
}

impl Row {
    /// Whether the figure lies within its bounds; one that could not be measured does not.
    pub fn passed(&self) -> bool {
        (self.low..=self.high).contains(&self.value)
    }
}

/// All figures of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The run's seed.
    pub seed: u64,
    /// Its length, seconds of the market's time.
    pub seconds: u64,
    /// The figures.
    pub rows: Vec<Row>,
}

/// What a run is measured with.
pub(crate) struct Measured {
    seconds: f64,
    book: Book,
    depth_10: Client,
    depth_25: Client,
    depth_100: Client,
    tape: Tape,
    signal: Signal,
    cancels: u64,
}

/// Longest run that is measured, seconds: memory grows by some kilobytes with each.
pub const SECONDS_MAX: u64 = 86_400;

/// Runs the market of a seed for `seconds` of its own time, at most [`SECONDS_MAX`], and measures it.
///
/// A short run misses bounds by chance; an hour is long enough.
pub fn measure(seed: u64, seconds: u64, terms: &Terms) -> Fit {
    let seconds = seconds.min(SECONDS_MAX);
    let mut market = Market::new(seed, terms);
    let mut measured = Measured::new(seconds, terms);
    let end_ns = seconds * 1_000_000_000;
    let cancels_before = market.cancels();
    while let Some(event) = market.next().filter(|event| event.at_ns <= end_ns) {
        measured.take(&market, &event);
    }
    measured.cancels = market.cancels() - cancels_before;
    measured.finish(end_ns);
    let row = |row: &bounds::Bound| Row {
        name: row.name,
        value: (row.figure)(&measured),
        low: row.low,
        high: row.high,
        source: row.source,
    };
    Fit { seed, seconds, rows: ROWS.iter().map(row).collect() }
}

impl Measured {
    fn new(seconds: u64, terms: &Terms) -> Self {
        Self {
            seconds: seconds as f64,
            book: Book::new(),
            depth_10: Client::new(10, terms),
            depth_25: Client::new(25, terms),
            depth_100: Client::new(100, terms),
            tape: Tape::new(terms),
            signal: Signal::new(),
            cancels: 0,
        }
    }

    fn take(&mut self, market: &Market, event: &Event) {
        let seen = self.book.take(&event.changes);
        for (client, rows) in [&mut self.depth_10, &mut self.depth_25, &mut self.depth_100].into_iter().zip(seen) {
            client.take(event.at_ns, rows);
        }
        self.tape.take(event);
        self.signal.take(market, event);
    }

    fn finish(&mut self, end_ns: u64) {
        for client in [&mut self.depth_10, &mut self.depth_25, &mut self.depth_100] {
            client.finish(end_ns);
        }
    }
}

impl Fit {
    /// Whether every figure lies within its bounds.
    pub fn passed(&self) -> bool {
        self.rows.iter().all(Row::passed)
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} s of the market with seed {}", self.seconds, self.seed)?;
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        writeln!(out, "{:4}  {:width$}  {:>9}  {:>9}  {:>9}  source", "", "figure", "value", "at least", "at most")?;
        for row in &self.rows {
            let verdict = if row.passed() { "ok" } else { "FAIL" };
            let [value, low, high] = [row.value, row.low, row.high].map(digits);
            let (name, source) = (row.name, row.source);
            writeln!(out, "{verdict:4}  {name:width$}  {value:>9}  {low:>9}  {high:>9}  {source}")?;
        }
        Ok(())
    }
}

/// A figure with as many decimals as its size needs.
fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        0.0 => 0,
        ..0.01 => 5,
        ..1.0 => 3,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}
