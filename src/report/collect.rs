//! The second walk over a run: every record adds to what the page shows.

use super::extent::Extent;
use super::grid::Grid;
use super::leaders::Leaders;
use super::market::MarketSeries;
use super::messages::Messages;
use super::regimes::Regimes;
use super::requests::Requests;
use super::rows::Rows;
use super::series::{Band, Lane, Rank, State};
use super::source::Visit;
use super::spread::Spread;
use super::stamps::{Arrival, Clocks, Measured, Stamps};
use super::told::{Granted, Told, rank_of};
use crate::delay::Differences;
use crate::memory::Memory;
use crate::proofs::Proofs;
use crate::venue::market_names;
use hotpath::checkpoint::decode_progress;
use hotpath::config::Config;
use hotpath::record::{Close, Head, Health, Host, Kind, Link, NO_CONNECTION, body_of, close, flag, link};
use std::collections::BTreeMap;

/// Steps of the plot of messages, at most.
const RATE_STEPS_MAX: u64 = 300;

/// Delays, as they lie and over time. From the exchange to our read they are what is above the least one: see
/// [`crate::delay`].
#[derive(Debug)]
pub struct Delays {
    /// Of market 0's updates, from the exchange to our read, over time.
    pub band: Band,
    /// From the exchange to our read, by market.
    pub exchange: BTreeMap<u16, Spread>,
    /// From the kernel to our read.
    pub kernel: Spread,
    /// From our read to the engine.
    pub taken: Spread,
}

/// Load as it was sampled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    /// Samples.
    pub samples: u64,
    /// Longest lag of the journal's commit cursor, nanoseconds.
    pub journal_lag_ns_max: u64,
    /// Fewest free lines of the journal ring.
    pub ring_lines_free_min: Option<u32>,
}

/// What was told of one market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Updates of the book.
    pub updates: u64,
    /// Trades since the subscription began.
    pub trades: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Not on purpose, as far as these files go.
    #[default]
    Unclosed,
    /// On purpose: one of [`close`].
    Closed(u16),
    /// An invariant broke.
    Halted,
}

/// Everything that a page shows of a run but its gaps.
pub struct Collected {
    /// The steps of the plots over time.
    pub grid: Grid,
    /// Prices, quote, trades.
    pub market: MarketSeries,
    /// Messages.
    pub messages: Messages,
    /// The other markets' prices.
    pub leaders: Leaders,
    /// Market 0's regimes.
    pub regimes: Regimes,
    /// What was told of each market.
    pub sums: BTreeMap<u16, Sums>,
    /// Proofs of the books.
    pub proofs: Proofs,
    /// Readings of the clocks.
    pub clocks: Clocks,
    /// Delays.
    pub delays: Delays,
    /// Whether connections are up, by number.
    pub connections: BTreeMap<u16, Lane>,
    /// What the feed, operators and the engine told, over time: the worst of each step.
    pub marks: BTreeMap<usize, (Rank, &'static str)>,
    /// What happened.
    pub told: Rows<Told>,
    /// What was asked of connections and exchange.
    pub requests: Requests,
    /// What was asked of the host.
    pub granted: Rows<Granted>,
    /// Load.
    pub load: Load,
    /// Messages that were refused, and that were not used.
    pub unread: (u64, u64),
    /// How the run ended.
    pub ending: Ending,
    stamps: Stamps,
    differences: BTreeMap<u16, Differences>,
    /// Sequence number and time of the last record.
    last: Option<(u64, u64)>,
    memory: Memory,
    names: Vec<String>,
}

impl Collected {
    /// Nothing yet.
    #[must_use]
    pub fn over(extent: &Extent, span: (u64, u64)) -> Self {
        let grid = Grid::fine(span.0, span.1);
        Self {
            grid,
            market: MarketSeries::over(grid),
            messages: Messages::by(Grid::round(span.0, span.1, RATE_STEPS_MAX)),
            leaders: Leaders::over(grid, extent.config.as_ref().map(Config::markets).unwrap_or_default()),
            regimes: Regimes::over(grid),
            sums: BTreeMap::new(),
            proofs: Proofs::default(),
            clocks: Clocks::default(),
            delays: Delays {
                band: Band::default(),
                exchange: BTreeMap::new(),
                kernel: Spread::above(extent.kernel_ns_min.unwrap_or(0)),
                taken: Spread::above(0),
            },
            connections: BTreeMap::new(),
            marks: BTreeMap::new(),
            told: Rows::default(),
            requests: Requests::default(),
            granted: Rows::default(),
            load: Load::default(),
            unread: (0, 0),
            ending: Ending::Unclosed,
            stamps: Stamps::default(),
            differences: extent.differences.clone(),
            last: None,
            memory: Memory::new(),
            names: market_names(extent.config.as_ref().map(Config::markets).unwrap_or_default()),
        }
    }

    /// There is no more.
    pub fn finish(&mut self) {
        let last = self.grid.steps - 1;
        self.market.finish();
        self.leaders.finish();
        self.messages.settle();
        self.regimes.finish(self.last.map_or(0, |(_, last_ns)| last_ns));
        self.delays.band.carry(last);
        self.connections.values_mut().for_each(|lane| lane.carry(last));
    }

    fn measure(&mut self, step: usize, measured: Measured) {
        if let Some(arrival) = measured.arrival {
            self.arrive(step, arrival);
        }
        measured.kernel_ns.iter().for_each(|ns| self.delays.kernel.add(*ns));
        measured.taken_ns.iter().for_each(|ns| self.delays.taken.add(*ns));
    }

    fn arrive(&mut self, step: usize, arrival: Arrival) {
        let Arrival { instrument, connection, recv_ns, difference_ns } = arrival;
        let Some(differences) = self.differences.get(&connection) else { return };
        let ns = i64::try_from(differences.delay(recv_ns, difference_ns).ns_min).unwrap_or(i64::MAX);
        self.delays.exchange.entry(instrument).or_insert_with(|| Spread::above(0)).add(ns);
        if instrument == 0 {
            self.delays.band.add(step, ns);
        }
    }

    fn sum(&mut self, head: &Head) {
        match head.kind {
            Kind::BOOK_END if !head.has(flag::SNAPSHOT) => self.sums.entry(head.instrument).or_default().updates += 1,
            Kind::TRADE if !head.has(flag::PAST) => self.sums.entry(head.instrument).or_default().trades += 1,
            _ => {}
        }
    }

    fn note(&mut self, step: usize, head: &Head, record: &[u8]) {
        match head.kind {
            Kind::LINK => self.linked(step, head, body_of(record)),
            // A connection that brings something is up, whether or not the files tell when it came up.
            Kind::FRAME if head.connection != NO_CONNECTION && !self.connections.contains_key(&head.connection) => {
                self.connections.entry(head.connection).or_default().set(step, UP);
            }
            Kind::HEALTH => self.loaded(body_of(record)),
            Kind::HOST => self.host(head, body_of(record)),
            Kind::REFUSED => self.unread.0 += 1,
            Kind::IGNORED => self.unread.1 += 1,
            Kind::CLOSE => {
                self.ending = body_of(record).map_or(Ending::Unclosed, |body: Close| Ending::Closed(body.cause))
            }
            Kind::HALT => self.ending = Ending::Halted,
            _ => {}
        }
    }

    fn linked(&mut self, step: usize, head: &Head, body: Option<Link>) {
        let Some(body) = body else { return };
        let down = State { rank: rank_of(&body), label: link::name(body.cause).unwrap_or("down") };
        self.connections.entry(head.connection).or_default().set(step, if body.up != 0 { UP } else { down });
    }

    fn loaded(&mut self, body: Option<Health>) {
        let Some(body) = body else { return };
        self.load.samples += 1;
        self.load.journal_lag_ns_max = self.load.journal_lag_ns_max.max(body.journal_lag_ns);
        let before = self.load.ring_lines_free_min.unwrap_or(u32::MAX);
        self.load.ring_lines_free_min = Some(before.min(body.ring_lines_free));
    }

    fn host(&mut self, head: &Head, body: Option<Host>) {
        let Some(body) = body else { return };
        let connection = head.connection;
        let same = |granted: &&mut Granted| granted.body == body && granted.connection == connection;
        match self.granted.kept_mut().find(same) {
            Some(granted) => granted.times += 1,
            None => self.granted.push(Granted { connection, body, times: 1 }),
        }
    }

    fn mark(&mut self, step: usize, told: &Told, kind: Kind) {
        if matches!(kind, Kind::FEED | Kind::COMMAND | Kind::HALT) {
            let mark = self.marks.entry(step).or_insert((told.rank, told.what));
            if told.rank > mark.0 {
                *mark = (told.rank, told.what);
            }
        }
    }
}

const UP: State = State { rank: Rank::Good, label: "up" };

impl Visit for Collected {
    fn state(&mut self, state: &[u8]) {
        self.stamps.resume(state);
        let Ok(progress) = decode_progress(state) else { return };
        let Ok(engine) = self.memory.load(state) else { return };
        self.proofs.resume(engine);
        self.market.resume(engine, progress.taken_ns);
        if let Some((_, last_ns)) = self.last.filter(|(seq, _)| seq.wrapping_add(1) != progress.seq) {
            self.regimes.lose(last_ns);
        }
        self.regimes.resume(engine, progress.taken_ns);
    }

    fn record(&mut self, head: &Head, record: &[u8]) {
        let step = self.grid.step(head.taken_ns);
        // What held before records that are missing may have changed in them.
        if let Some((_, last_ns)) = self.last.filter(|(seq, _)| seq.wrapping_add(1) != head.seq) {
            self.market.lose(last_ns);
            self.leaders.lose(last_ns);
        }
        self.last = Some((head.seq, head.taken_ns));
        let measured = self.stamps.take(head, record);
        self.measure(step, measured);
        self.clocks.take(record);
        self.proofs.take(head, record);
        self.sum(head);
        self.leaders.take(head, record);
        self.messages.take(head, record);
        self.market.take(head, record);
        self.regimes.take(head, record);
        self.requests.take(head, record);
        self.note(step, head, record);
        if let Some(told) = Told::of(head, record, &self.names) {
            self.mark(step, &told, head.kind);
            self.told.push(told);
        }
    }
}

impl Ending {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Unclosed => "not closed",
            Self::Closed(cause) => close::name(cause).unwrap_or("closed"),
            Self::Halted => "halted",
        }
    }
}

impl Granted {
    /// The connection it is about, if it is about one.
    #[must_use]
    pub fn connection(&self) -> Option<u16> {
        (self.connection != NO_CONNECTION).then_some(self.connection)
    }
}
