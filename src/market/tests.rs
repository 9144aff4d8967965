use super::agenda::TASKS_MAX;
use super::{Event, Market, Side, Terms};
use std::collections::BTreeMap;

/// The book that a listener rebuilds: price to lots, and what traded.
#[derive(Default)]
struct Listener {
    sides: [BTreeMap<i64, i64>; 2],
    at_ns: u64,
    traded_lots: i64,
}

impl Listener {
    fn hear(&mut self, event: &Event) {
        assert!(!event.changes.is_empty(), "an event without a change: {event:?}");
        assert!(event.at_ns >= self.at_ns, "time runs back to {}", event.at_ns);
        self.at_ns = event.at_ns;
        let mut taken_lots = 0;
        for change in &event.changes {
            assert!(change.qty_lots >= 0, "{event:?}");
            let side = &mut self.sides[change.side as usize];
            let before = side.insert(change.price_ticks, change.qty_lots).unwrap_or(0);
            if event.trades.iter().any(|trade| trade.taker != change.side) {
                taken_lots += before - change.qty_lots;
            }
            if change.qty_lots == 0 {
                side.remove(&change.price_ticks);
            }
        }
        assert!(event.trades.iter().all(|trade| trade.qty_lots > 0), "{event:?}");
        assert_eq!(event.trades.iter().map(|trade| trade.qty_lots).sum::<i64>(), taken_lots, "{event:?}");
        self.traded_lots += taken_lots;
        let [bids, asks] = &self.sides;
        assert!(bids.keys().next_back() < asks.keys().next(), "crossed after {event:?}");
    }

    fn assert_holds(&self, market: &Market) {
        for side in Side::BOTH {
            let book: BTreeMap<_, _> = market.levels(side).map(|(price, lots, _)| (price, lots)).collect();
            assert!(self.sides[side as usize] == book, "another {side:?} side than the engine's");
        }
    }
}

/// Other increments, precisions and prices than BTC/EUR's.
fn all_terms() -> [Terms; 4] {
    let terms = |increment_ticks, qty_precision, mid_ticks| Terms::new(increment_ticks, qty_precision, mid_ticks);
    [Ok(Terms::BTC_EUR), terms(5, 6, 540_000), terms(1, 0, 2_000_000), terms(1 << 40, 12, 100_000 << 40)]
        .map(|terms| terms.expect("valid"))
}

#[test]
fn what_is_told_is_the_engines_book_and_adds_up() {
    for (seed, terms) in (1..).zip(all_terms()) {
        let mut market = Market::new(seed, &terms);
        let mut listener = Listener::default();
        let opening = market.next().expect("it never ends");
        assert_eq!((opening.at_ns, opening.trades.len()), (0, 0));
        listener.hear(&opening);
        listener.assert_holds(&market);
        let traded_before = market.floor.book.tally().traded_lots;
        for count in 1..20_000 {
            let event = market.next().expect("it never ends");
            assert!(event.at_ns > 0);
            listener.hear(&event);
            if count % 500 == 0 {
                listener.assert_holds(&market);
            }
        }
        assert!(listener.traded_lots > 0, "seed {seed} traded nothing");
        assert_eq!(market.floor.book.tally().traded_lots - traded_before, listener.traded_lots);
    }
}

#[test]
fn no_lot_is_lost_or_made() {
    let mut market = Market::new(9, &Terms::BTC_EUR);
    market.nth(30_000);
    let tally = *market.floor.book.tally();
    let resting: i64 = Side::BOTH.iter().flat_map(|side| market.levels(*side)).map(|(_, lots, _)| lots).sum();
    let gone_lots = 2 * tally.traded_lots + tally.cancelled_lots + tally.unfilled_lots;
    assert_eq!(tally.sent_lots, gone_lots + resting);
    assert!(tally.traded_lots > 0 && tally.cancelled_lots > 0 && tally.unfilled_lots >= 0, "{tally:?}");
}

#[test]
fn every_price_is_a_multiple_of_the_increment() {
    let terms = Terms::new(5, 6, 540_000).expect("valid");
    let is_multiple = |event: Event| event.changes.iter().all(|change| change.price_ticks % 5 == 0);
    assert!(Market::new(4, &terms).take(3_000).all(is_multiple));
}

/// A day of it: the deepest published book has its thousand levels, none of the tables grows, and the price
/// does not run away.
#[test]
fn a_long_run_stays_deep_and_bounded() {
    // 15 makers with at most 24 orders in two passes and four looks each, and what recurs.
    const PLANNED_MAX: usize = TASKS_MAX + 15 * (2 * 24 + 4) + 8;
    // Those of makers and of the patient, and one for each task that ends an order.
    const ORDERS_MAX: usize = 15 * 24 + 2 * 2_000 + TASKS_MAX;
    let mut market = Market::new(77, &Terms::BTC_EUR);
    for _ in 0..600 {
        market.nth(1_000);
        assert!(market.floor.agenda.len() <= PLANNED_MAX, "{} tasks", market.floor.agenda.len());
        assert!(market.floor.book.order_count() <= ORDERS_MAX, "{} orders", market.floor.book.order_count());
        for side in Side::BOTH {
            let (best, last) = (market.levels(side).next(), market.levels(side).last());
            let reach = best.zip(last).map_or(0, |(best, last)| best.0.abs_diff(last.0));
            assert!((1_000..=2_500).contains(&market.levels(side).count()), "{} levels", market.levels(side).count());
            assert!(reach < 35_500, "a level {reach} ticks from the best");
            assert!((270_000..=1_080_000).contains(&best.map_or(0, |best| best.0)), "{best:?}");
        }
    }
    assert!(market.floor.now_ns > 4 * 3_600_000_000_000, "{} ns", market.floor.now_ns);
}

/// CRC-32 of all that was told: the same on every machine and for ever.
fn digest(seed: u64, events: usize) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for event in Market::new(seed, &Terms::BTC_EUR).take(events) {
        hasher.update(&event.at_ns.to_le_bytes());
        for change in &event.changes {
            hasher.update(&[change.side as u8]);
            hasher.update(&change.price_ticks.to_le_bytes());
            hasher.update(&change.qty_lots.to_le_bytes());
        }
        for trade in &event.trades {
            hasher.update(&[trade.taker as u8, u8::from(trade.is_market_order)]);
            hasher.update(&trade.price_ticks.to_le_bytes());
            hasher.update(&trade.qty_lots.to_le_bytes());
        }
    }
    hasher.finalize()
}

/// It changes only with a market that is another one, in a commit that says why.
#[test]
fn the_seed_decides_every_event() {
    assert_eq!([digest(1, 5_000), digest(2, 5_000)], [3_270_289_218, 2_211_634_908]);
    assert_eq!(digest(1, 5_000), digest(1, 5_000));
}
