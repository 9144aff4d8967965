use super::{Book, Limit, Tally};
use crate::market::{Change, Event, Side, Trade};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Places an order that meets nobody.
fn rest(book: &mut Book, side: Side, price: i64, lots: i64) -> u64 {
    book.place(side, price, lots, &mut Event::default()).expect("nobody is on the other side")
}

const fn trade(taker: Side, price_ticks: i64, qty_lots: i64, is_market_order: bool) -> Trade {
    Trade { taker, price_ticks, qty_lots, is_market_order }
}

const fn ask(price_ticks: i64, qty_lots: i64) -> Change {
    Change { side: Side::Ask, price_ticks, qty_lots }
}

#[test]
fn the_better_price_first_and_at_one_price_the_older_order() {
    let mut book = Book::default();
    let orders = [(101, 5), (100, 2), (100, 3)].map(|(price, lots)| rest(&mut book, Side::Ask, price, lots));
    let mut told = Event::default();
    book.take(Side::Bid, Limit::None, 6, &mut told);
    let trades = [(100, 2), (100, 3), (101, 1)].map(|(price, lots)| trade(Side::Bid, price, lots, true));
    assert_eq!(told.trades, trades);
    assert_eq!(told.changes, [ask(100, 3), ask(100, 0), ask(101, 4)], "each order that is eaten is a change");
    assert_eq!(orders.map(|id| book.resting(id).map(|order| order.qty_lots)), [Some(4), None, None]);
}

#[test]
fn a_limit_order_takes_to_its_price_and_then_rests() {
    let mut book = Book::default();
    for price in [100, 102] {
        rest(&mut book, Side::Ask, price, 2);
    }
    let mut told = Event::default();
    let id = book.place(Side::Bid, 101, 5, &mut told).expect("three lots are left");
    assert_eq!(told.trades, [trade(Side::Bid, 100, 2, false)]);
    assert_eq!(told.changes, [ask(100, 0), Change { side: Side::Bid, price_ticks: 101, qty_lots: 3 }]);
    assert_eq!((book.best(Side::Bid), book.best(Side::Ask)), (Some(101), Some(102)));
    assert!(book.cancel(id, &mut Event::default()) && !book.cancel(id, &mut Event::default()), "once");
    assert_eq!(book.best(Side::Bid), None);
}

#[test]
fn a_smaller_order_keeps_its_place_and_a_partly_filled_one_too() {
    let mut book = Book::default();
    let first = rest(&mut book, Side::Ask, 100, 9);
    rest(&mut book, Side::Ask, 100, 9);
    book.shrink(first, 4, &mut Event::default());
    book.shrink(first, 4, &mut Event::default());
    book.shrink(first, 0, &mut Event::default());
    book.take(Side::Bid, Limit::Steps(100), 3, &mut Event::default());
    let mut told = Event::default();
    book.take(Side::Bid, Limit::Steps(100), 2, &mut told);
    assert_eq!(
        told.trades.iter().map(|trade| trade.qty_lots).collect::<Vec<_>>(),
        [1, 1],
        "the first's last lot, then"
    );
    assert_eq!(book.resting(first), None);
    assert_eq!(book.levels(Side::Ask).collect::<Vec<_>>(), [(100, 8, 1)]);
}

#[test]
fn a_taker_who_finds_nobody_leaves_nothing() {
    let mut book = Book::default();
    let mut told = Event::default();
    book.take(Side::Ask, Limit::None, 7, &mut told);
    assert_eq!(told, Event::default());
    assert_eq!(*book.tally(), Tally { sent_lots: 7, unfilled_lots: 7, ..Tally::default() });
}

/// What a test does to a book.
#[derive(Clone, Copy, Debug)]
enum Command {
    Place { side: Side, price: i64, lots: i64 },
    Take { side: Side, limit: Option<i64>, lots: i64 },
    Cancel { which: usize },
    Shrink { which: usize, lots: i64 },
}

fn command() -> impl Strategy<Value = Command> {
    let side = || prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    prop_oneof![
        6 => (side(), 1..12_i64, 1..9_i64).prop_map(|(side, price, lots)| Command::Place { side, price, lots }),
        2 => (side(), proptest::option::of(1..12_i64), 1..20_i64)
            .prop_map(|(side, limit, lots)| Command::Take { side, limit, lots }),
        2 => (0..60_usize).prop_map(|which| Command::Cancel { which }),
        1 => (0..60_usize, 1..9_i64).prop_map(|(which, lots)| Command::Shrink { which, lots }),
    ]
}

/// A book as a list of orders in the order in which they came.
#[derive(Default)]
struct Naive {
    orders: Vec<(u64, Side, i64, i64)>,
    traded: Vec<Trade>,
}

impl Naive {
    /// Trades lot by lot with the best of the other side, the first of those that came.
    fn fill(&mut self, taker: Side, limit: Option<i64>, lots: i64) -> i64 {
        for done in 0..lots {
            let other = self.orders.iter_mut().filter(|order| order.1 != taker && order.3 > 0);
            let Some(best) = other.min_by_key(|order| (-taker.opposite().sign() * order.2, order.0)) else {
                return lots - done;
            };
            if limit.is_some_and(|limit| taker.sign() * (best.2 - limit) > 0) {
                return lots - done;
            }
            best.3 -= 1;
            self.traded.push(trade(taker, best.2, 1, limit.is_none()));
        }
        0
    }

    /// Levels of a side by price: lots and orders.
    fn levels(&self, side: Side) -> BTreeMap<i64, (i64, usize)> {
        let mut levels = BTreeMap::new();
        for (_, _, price, lots) in self.orders.iter().filter(|order| order.1 == side && order.3 > 0) {
            let level: &mut (i64, usize) = levels.entry(*price).or_default();
            (level.0, level.1) = (level.0 + lots, level.1 + 1);
        }
        levels
    }
}

/// A book, its twin, and the book that a listener rebuilds.
#[derive(Default)]
struct Bench {
    book: Book,
    naive: Naive,
    ids: Vec<u64>,
    heard: BTreeMap<(usize, i64), i64>,
    traded: Vec<Trade>,
}

impl Bench {
    fn id(&self, which: usize) -> u64 {
        self.ids.get(which % self.ids.len().max(1)).copied().unwrap_or(u64::MAX)
    }

    fn perform(&mut self, command: Command) -> Event {
        let mut told = Event::default();
        match command {
            Command::Place { side, price, lots } => {
                let id = self.book.place(side, price, lots, &mut told);
                let left = self.naive.fill(side, Some(price), lots);
                assert_eq!(id.is_some(), left > 0);
                self.ids.extend(id);
                self.naive.orders.extend(id.map(|id| (id, side, price, left)));
            }
            Command::Take { side, limit, lots } => {
                self.book.take(side, limit.map_or(Limit::None, Limit::Steps), lots, &mut told);
                self.naive.fill(side, limit, lots);
            }
            Command::Cancel { which } => {
                let id = self.id(which);
                let rested = self.naive.orders.iter().any(|order| order.0 == id && order.3 > 0);
                assert_eq!(self.book.cancel(id, &mut told), rested);
                self.naive.orders.retain(|order| order.0 != id);
            }
            Command::Shrink { which, lots } => {
                let id = self.id(which);
                self.book.shrink(id, lots, &mut told);
                let order = self.naive.orders.iter_mut().find(|order| order.0 == id && order.3 > lots);
                order.into_iter().for_each(|order| order.3 = lots);
            }
        }
        told
    }

    fn hear(&mut self, told: &Event) {
        for change in &told.changes {
            assert!(change.qty_lots >= 0, "{told:?}");
            self.heard.insert((change.side as usize, change.price_ticks), change.qty_lots);
        }
        for trade in &told.trades {
            assert!(trade.qty_lots > 0, "{told:?}");
            let lot_by_lot = (0..trade.qty_lots).map(|_| Trade { qty_lots: 1, ..*trade });
            self.traded.extend(lot_by_lot);
        }
    }
}

proptest! {
    /// Levels, queues and trades are those of a list that is searched lot by lot; what is told rebuilds the
    /// book; it is never crossed; no lot is lost or made.
    #[test]
    fn it_is_a_naive_book(commands in proptest::collection::vec(command(), 1..120)) {
        let mut bench = Bench::default();
        for command in commands {
            let told = bench.perform(command);
            bench.hear(&told);
            for side in Side::BOTH {
                let levels: BTreeMap<_, _> =
                    bench.book.levels(side).map(|(price, lots, orders)| (price, (lots, orders))).collect();
                prop_assert_eq!(&levels, &bench.naive.levels(side));
                prop_assert_eq!(levels.len(), bench.book.level_count(side));
                let heard = bench.heard.iter().filter(|((heard, _), lots)| *heard == side as usize && **lots > 0);
                let heard: BTreeMap<_, _> = heard.map(|((_, price), lots)| (*price, *lots)).collect();
                let lots: BTreeMap<_, _> = levels.iter().map(|(price, (lots, _))| (*price, *lots)).collect();
                prop_assert_eq!(heard, lots);
            }
            prop_assert_eq!(&bench.traded, &bench.naive.traded);
            let [bid, ask] = Side::BOTH.map(|side| bench.book.best(side));
            prop_assert!(bid.zip(ask).is_none_or(|(bid, ask)| bid < ask), "crossed: {:?} {:?}", bid, ask);
            let Tally { sent_lots, traded_lots, cancelled_lots, unfilled_lots, .. } = *bench.book.tally();
            let resting = Side::BOTH.map(|side| bench.book.levels(side).map(|level| level.1).sum::<i64>());
            let gone_lots = 2 * traded_lots + cancelled_lots + unfilled_lots;
            prop_assert_eq!(sent_lots, gone_lots + resting[0] + resting[1]);
        }
    }
}
