//! Markets for these tests: deep books that change without end.

use fathom::exchange::Events;
use fathom::market::{Change, Event, Side, Trade};

/// Between small events, nanoseconds.
const PAUSE_NS: u64 = 250_000;
/// Between those that change everything.
const HEAVY_PAUSE_NS: u64 = 1_000_000;
/// The price in the middle at the start, ticks.
const MID_TICKS: i64 = 540_000;

/// Linear congruences: enough chance to reach every corner.
pub struct Chance(pub u64);

impl Chance {
    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn sides() -> [Side; 2] {
    [Side::Bid, Side::Ask]
}

/// A price so many ticks behind the middle.
fn behind(side: Side, mid_ticks: i64, distance_ticks: i64) -> i64 {
    match side {
        Side::Bid => mid_ticks - distance_ticks,
        Side::Ask => mid_ticks + distance_ticks,
    }
}

/// The starting book: so many levels a side, ticks apart.
fn opening(levels: i64) -> Event {
    let level = |side| (1..=levels).map(move |place| (side, behind(side, MID_TICKS, place)));
    let changes = sides().into_iter().flat_map(level);
    let changes = changes.map(|(side, price_ticks)| Change { side, price_ticks, qty_lots: 1_000_000 + price_ticks });
    Event { changes: changes.collect(), ..Event::default() }
}

/// Small changes near the middle, levels that come and go, trades, and now and then a move through many levels.
pub fn lively(seed: u64) -> Events {
    let mut chance = Chance(seed);
    let mut mid_ticks = MID_TICKS;
    let events = (1..).map(move |number: u64| {
        let mut event = Event { at_ns: number * PAUSE_NS, ..Event::default() };
        if chance.below(100) == 0 {
            let step_ticks = 40 - chance.below(80) as i64;
            move_by(&mut event, mid_ticks, step_ticks);
            mid_ticks += step_ticks;
        }
        for _ in 0..=chance.below(3) {
            let side = sides()[chance.below(2) as usize];
            let reach = [5, 15, 120, 1_400][chance.below(4) as usize];
            let price_ticks = behind(side, mid_ticks, 1 + chance.below(reach) as i64);
            let qty_lots = if chance.below(3) == 0 { 0 } else { 1 + chance.below(900_000_000) as i64 };
            event.changes.push(Change { side, price_ticks, qty_lots });
        }
        if chance.below(4) == 0 {
            let taker = sides()[chance.below(2) as usize];
            let (price_ticks, qty_lots) = (mid_ticks, 1 + chance.below(5_000) as i64);
            event.trades.push(Trade { taker, price_ticks, qty_lots, is_market_order: chance.below(2) == 0 });
        }
        event
    });
    Box::new([opening(1_500)].into_iter().chain(events))
}

/// The price goes away: what stood on its way vanishes, what it leaves behind is filled.
fn move_by(event: &mut Event, mid_ticks: i64, step_ticks: i64) {
    let (eaten, filled) = if step_ticks > 0 { (Side::Ask, Side::Bid) } else { (Side::Bid, Side::Ask) };
    let ahead = step_ticks.signum();
    for place in 0..=step_ticks.abs() {
        let price_ticks = mid_ticks + ahead * place;
        event.changes.push(Change { side: eaten, price_ticks, qty_lots: 0 });
        if place < step_ticks.abs() {
            event.changes.push(Change { side: filled, price_ticks, qty_lots: 7_000_000 });
        }
    }
}

/// So many events of which each changes 2,000 levels: 70 kB at depth 1000.
pub fn heavy(count: u64) -> Events {
    let events = (1..=count).map(|number| {
        let mut event = opening(1_000);
        event.at_ns = number * HEAVY_PAUSE_NS;
        event.changes.iter_mut().for_each(|change| change.qty_lots += number as i64);
        event
    });
    Box::new([opening(1_000)].into_iter().chain(events))
}

/// A book and nothing more.
pub fn still() -> Events {
    Box::new([opening(20)].into_iter())
}
