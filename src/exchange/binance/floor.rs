//! The trading floor of a market that is made up: its events become messages.

use super::book::{Book, Scale};
use super::info::Steps;
use super::section::Section;
use super::source::{Source, Step};
use super::wire::{SYMBOL, Times, Traded, Updates, Writer};
use crate::exchange::ladder::Row;
use crate::exchange::reel::{Events, Start};
use crate::market::{Change, Event, Side, Trade};
use std::collections::BTreeSet;
use std::iter::Peekable;

/// Between messages of changes, nanoseconds of the market's time.
const DEPTH_NS: u64 = 100_000_000;
/// The update of the starting book: as the real ones it does not fit into 32 bits.
const OPENING_ID: u64 = 50_000_000_000;
/// A perpetual's updates are numbered together with those of other symbols: before each event up to so many go to these.
const FOREIGN_IDS: u64 = 97;

/// Best bid and best ask.
type Touch = [Option<Row>; 2];

/// The smallest units of the wire in a unit of the market's events.
#[derive(Clone, Copy, Debug)]
struct Units {
    price: i64,
    qty: i64,
}

impl Units {
    const fn row(self, price_ticks: i64, qty_lots: i64) -> Row {
        Row { price_ticks: price_ticks.saturating_mul(self.price), qty_lots: qty_lots.saturating_mul(self.qty) }
    }
}

/// What has changed since the last message of changes.
#[derive(Debug)]
struct Pending {
    first_id: u64,
    /// When the message is due, nanoseconds of the market's time.
    due_ns: u64,
    /// When the last change happened, UNIX milliseconds.
    changed_ms: u64,
    /// Prices of bids and asks, also those that are again as they were.
    prices: [BTreeSet<i64>; 2],
}

/// The floor.
pub(super) struct Floor {
    section: Section,
    units: Units,
    writer: Writer,
    events: Peekable<Events>,
    /// How many times as fast as the market's own time.
    speed: f64,
    /// UTC at 0 of the server's clock, UNIX microseconds.
    start_us: u64,
    start: Start,
    book: Book,
    pending: Option<Pending>,
    /// The last update of the last message of changes.
    told_id: u64,
    trades: u64,
}

impl Floor {
    /// Opens a market with its starting book; `start_us` is UTC at 0 of the server's clock.
    pub fn open(section: Section, events: Events, speed: f64, start_us: u64) -> Self {
        // Spot writes eight decimals, however few there are.
        let (scale, units) = match section {
            Section::Spot => (Scale { price_decimals: 8, qty_decimals: 8 }, Units { price: 10_000_000, qty: 1_000 }),
            Section::Perpetual => (Scale { price_decimals: 1, qty_decimals: 3 }, Units { price: 1, qty: 1 }),
        };
        let (writer, book) = (Writer { section, scale }, Book::empty(scale, OPENING_ID));
        let (start, events) = (Start::default(), events.peekable());
        let (pending, told_id, trades) = (None, OPENING_ID, 0);
        let mut floor = Self { section, units, writer, events, speed, start_us, start, book, pending, told_id, trades };
        (floor.book.event_ms, floor.book.transaction_ms) = (start_us / 1_000, start_us / 1_000);
        if let Some(first) = floor.events.next_if(|event| event.at_ns == 0) {
            for change in &first.changes {
                floor.put(change);
            }
        }
        floor
    }

    /// Sets a level; gives its price in the units of the wire.
    fn put(&mut self, change: &Change) -> i64 {
        let row = self.units.row(change.price_ticks, change.qty_lots);
        self.book.put(change.side, row);
        row.price_ticks
    }

    fn touch(&self) -> Touch {
        Side::BOTH.map(|side| self.book.rows(side).next())
    }

    /// An instant of the market, UNIX milliseconds.
    fn utc_ms(&self, market_ns: u64) -> u64 {
        let at_ns = self.start.clock_ns(market_ns, self.speed).unwrap_or(0);
        self.start_us.saturating_add(at_ns / 1_000) / 1_000
    }

    /// When the next event happens and when the next message of changes is due, in the market's time.
    fn next_ns(&mut self) -> [Option<u64>; 2] {
        [self.events.peek().map(|event| event.at_ns), self.pending.as_ref().map(|pending| pending.due_ns)]
    }

    /// Changes the book and notes what has to be told.
    fn change(&mut self, event: &Event, at_ms: u64) {
        let passed_over = match self.section {
            Section::Spot => 0,
            Section::Perpetual => event.at_ns % FOREIGN_IDS,
        };
        let first_id = self.book.update_id + passed_over + 1;
        let due_ns = event.at_ns.div_ceil(DEPTH_NS).saturating_mul(DEPTH_NS);
        let mut pending = self.pending.take().unwrap_or_else(|| Pending {
            first_id,
            due_ns,
            changed_ms: at_ms,
            prices: [BTreeSet::new(), BTreeSet::new()],
        });
        for change in &event.changes {
            let price_ticks = self.put(change);
            pending.prices[usize::from(change.side == Side::Ask)].insert(price_ticks);
        }
        pending.changed_ms = at_ms;
        // Each change is an update; all of an event are one state of the book.
        self.book.update_id = first_id + (event.changes.len() as u64).saturating_sub(1);
        (self.book.event_ms, self.book.transaction_ms) = (at_ms, at_ms);
        self.pending = Some(pending);
    }

    /// An event: its trades, then the touch when it is another one.
    fn happen(&mut self, event: &Event) -> Step {
        let (before, at_ms) = (self.touch(), self.utc_ms(event.at_ns));
        let times = Times { event_ms: at_ms, transaction_ms: at_ms };
        self.change(event, at_ms);
        let mut step = Step::default();
        for Trade { taker, price_ticks, qty_lots, .. } in &event.trades {
            self.trades += 1;
            let traded = Traded { id: self.trades, row: self.units.row(*price_ticks, *qty_lots), taker: *taker };
            step.played.push(self.writer.trade(times, traded));
        }
        let after = self.touch();
        if after != before
            && let [Some(bid), Some(ask)] = after
        {
            step.played.push(self.writer.touch(times, self.book.update_id, [bid, ask]));
        }
        step
    }

    /// All changes since the message before: what rests now at each price that was touched.
    fn tell(&mut self, pending: &Pending) -> Step {
        let event_ms = self.utc_ms(pending.due_ns);
        let times = Times { event_ms, transaction_ms: pending.changed_ms };
        let last_id = self.book.update_id;
        let updates = Updates { first_id: pending.first_id, last_id, before_id: self.told_id };
        self.told_id = last_id;
        self.book.event_ms = event_ms;
        let [bids, asks] = &pending.prices;
        let bids = bids.iter().rev().map(|price_ticks| self.book.at(Side::Bid, *price_ticks)).collect();
        let asks = asks.iter().map(|price_ticks| self.book.at(Side::Ask, *price_ticks)).collect();
        Step { played: vec![self.writer.depth(times, updates, [bids, asks])], notices: Vec::new() }
    }
}

impl Source for Floor {
    fn symbol(&self) -> &str {
        SYMBOL
    }

    fn steps(&self) -> Steps {
        Steps::new(self.writer.scale, self.units.price, self.units.qty)
    }

    fn book(&self) -> Option<&Book> {
        Some(&self.book)
    }

    fn start(&mut self) -> &mut Start {
        &mut self.start
    }

    fn due_ns(&mut self) -> Option<u64> {
        let market_ns = self.next_ns().into_iter().flatten().min()?;
        self.start.clock_ns(market_ns, self.speed)
    }

    fn is_unpaced(&self) -> bool {
        false
    }

    fn step(&mut self) -> Step {
        let [event_ns, due_ns] = self.next_ns();
        // What happens at the instant of a message is in it.
        let is_told_first = due_ns.is_some_and(|due_ns| event_ns.is_none_or(|event_ns| due_ns < event_ns));
        if is_told_first && let Some(pending) = self.pending.take() {
            return self.tell(&pending);
        }
        self.events.next().map_or_else(Step::default, |event| self.happen(&event))
    }
}

#[cfg(test)]
mod tests;
