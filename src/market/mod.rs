//! A synthetic market: order flow through a matching engine, the book its consequence.

mod agenda;
mod book;
mod event;
pub mod fit;
mod floor;
mod makers;
mod news;
mod passer;
mod patient;
mod random;
mod taker;
mod terms;

pub use event::{Change, Event, Side, Trade};
pub(crate) use random::Random;
pub use terms::{Terms, TermsError};

use agenda::Task;
use floor::{Floor, SECOND};
use makers::Makers;
use patient::Patient;

/// The market runs so long before it is shown.
const WARM_UP_NS: u64 = 30 * SECOND;
/// How many a trade draws to the book.
const DRAWN_BY_TRADE: u64 = 3;
/// How many a move of the price draws.
const DRAWN_BY_NEWS: u64 = 5;

/// A market without end; the same seed gives the same events everywhere.
///
/// The first event, at 0, carries the whole book. The book is never crossed after an event, times never run
/// back, and an event has at least one change.
#[derive(Clone, Debug)]
pub struct Market {
    floor: Floor,
    makers: Makers,
    patient: Patient,
    start_ns: u64,
    is_open: bool,
    last_taker: Option<Taker>,
}

/// Who took, which no subscriber can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taker {
    /// Somebody who knew the efficient price.
    Informed,
    /// Somebody who knew nothing.
    Noise,
}

impl Market {
    /// A market with a book that has run for a while.
    pub fn new(seed: u64, terms: &Terms) -> Self {
        let mut floor = Floor::new(seed, terms);
        let patient = Patient::start(&mut floor);
        let makers = Makers::start(&mut floor);
        news::start(&mut floor);
        passer::start(&mut floor);
        taker::start(&mut floor);
        let mut market = Self { floor, makers, patient, start_ns: 0, is_open: false, last_taker: None };
        while market.floor.now_ns < WARM_UP_NS {
            market.perform_next();
        }
        // Nothing but the whole book is told at 0.
        market.start_ns = market.floor.now_ns - 1;
        market
    }

    /// Who was the taker in the event that was given last, if there was one.
    pub const fn last_taker(&self) -> Option<Taker> {
        self.last_taker
    }

    /// Levels of a side, best first: price in ticks, lots and orders.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (i64, i64, usize)> {
        let ticks = |(price_steps, qty_lots, orders)| (self.floor.terms.ticks(price_steps), qty_lots, orders);
        self.floor.book.levels(side).map(ticks)
    }

    /// Orders cancelled so far.
    pub const fn cancels(&self) -> u64 {
        self.floor.book.tally().cancels
    }

    /// Performs the next task; what it made happen is in `floor.told`.
    fn perform_next(&mut self) {
        self.floor.told.changes.clear();
        self.floor.told.trades.clear();
        let Some((at_ns, task)) = self.floor.agenda.next() else { return };
        self.floor.now_ns = at_ns;
        self.perform(task);
        if self.floor.told.trades.is_empty() {
            self.last_taker = None;
        } else {
            self.last_taker = Some(if task == Task::Strike { Taker::Informed } else { Taker::Noise });
            self.makers.traded(&mut self.floor);
            passer::draw(&mut self.floor, DRAWN_BY_TRADE);
        }
    }

    fn perform(&mut self, task: Task) {
        let floor = &mut self.floor;
        match task {
            Task::Drift => self.price_moves(news::drift),
            Task::NewsNext => self.price_moves(news::next),
            Task::News => self.price_moves(news::arrive),
            Task::Look { maker } => self.makers.look(maker, floor),
            Task::Review { maker } => self.makers.review(maker, floor),
            Task::Withdraw { maker, slot } => self.makers.withdraw(maker, slot, floor),
            Task::Shade { maker, slot } => self.makers.shade(maker, slot, floor),
            Task::Quote { maker, slot } => self.makers.quote(maker, slot, floor),
            Task::ArriveNext => passer::next(floor),
            Task::Arrive => passer::arrive(floor),
            Task::Expire { id } => {
                floor.cancel(id);
            }
            Task::Patient => self.patient.change(floor),
            Task::Noise => taker::noise(floor),
            Task::NoisePart { is_buyer, parts } => taker::part(floor, is_buyer, parts),
            Task::Strike => taker::strike(floor),
        }
    }

    fn price_moves(&mut self, how: fn(&mut Floor)) {
        let before_steps = self.floor.fair_steps;
        how(&mut self.floor);
        if self.floor.fair_steps.abs_diff(before_steps) > news::DRIFT_STEPS_MAX as u64 {
            passer::draw(&mut self.floor, DRAWN_BY_NEWS);
            taker::price_moved(&mut self.floor);
        }
        self.makers.price_moved(&mut self.floor);
        passer::price_moved(&mut self.floor, &self.makers);
    }

    /// The book as changes, best first.
    fn opening(&self) -> Event {
        let change = |side, (price_ticks, qty_lots, _)| Change { side, price_ticks, qty_lots };
        let side = |side| self.levels(side).map(move |level| change(side, level));
        Event { at_ns: 0, changes: side(Side::Bid).chain(side(Side::Ask)).collect(), trades: Vec::new() }
    }

    /// What was told, in ticks.
    fn event(&self) -> Event {
        let mut event = self.floor.told.clone();
        event.at_ns = self.floor.now_ns - self.start_ns;
        event.changes.iter_mut().for_each(|change| change.price_ticks = self.floor.terms.ticks(change.price_ticks));
        event.trades.iter_mut().for_each(|trade| trade.price_ticks = self.floor.terms.ticks(trade.price_ticks));
        event
    }
}

impl Iterator for Market {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        if !self.is_open {
            self.is_open = true;
            return Some(self.opening());
        }
        loop {
            self.perform_next();
            if !self.floor.told.changes.is_empty() {
                return Some(self.event());
            }
        }
    }
}

#[cfg(test)]
mod tests;
